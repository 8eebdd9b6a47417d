"""演练数据: a plan, a roster, a past event and a drill, played by the demonstration's people through the verbs that anybody uses.

Only in the exercise workspace, once; every word is invented. What happened bears its day of the past, the trail the moment at which it
was really written.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from kouan.accounts.models import User
from kouan.audit import acting
from kouan.basis import clock
from kouan.desk.matters.actions import give_opinion, take_step
from kouan.desk.matters.models import MatterNotice
from kouan.monitoring.emergencies.actions import (
    NewEvent,
    NewMeasure,
    add_log_line,
    close_at_port,
    open_event,
    reopen_at_port,
    write_review,
)
from kouan.monitoring.emergencies.effects import months_after
from kouan.monitoring.emergencies.models import EmergencyEvent, EmergencyPlan
from kouan.monitoring.emergencies.plans import (
    Duty,
    DutyRole,
    Item,
    PlanText,
    draft_plan,
    set_roster,
)

PORT = "luohu-rail"
PEOPLE = ("guangdong", "guangdong-fuzeren", "shenzhen", "luohu-bianjian", "luohu", "guojia")
PLAN = PlanText(
    "口岸危险货物事故应急预案（演练虚构）",
    "一、适用：口岸限定区域内危险货物泄漏、燃烧。\n二、原则：先控制，后处置；人员安全第一。\n三、信息：半小时内报所在地口岸办和省级口岸办。",
    (Item("封闭事故通道，停止作业", ("port_operator",), 15, "Close the lane of the accident, stop work"),
     Item("疏散旅客，维持秩序", ("border_inspection",), 30, "Lead travellers out, keep order"),
     Item("联合研判处置方案", ("border_inspection", "local_office", "port_operator"), 60, "Agree on what to do"),
     Item("通报省级口岸办", ("local_office",), 30, "Report to the province")),
    (DutyRole("head", "值班领导", "head of the watch"), DutyRole("watch", "值班员", "watch"), DutyRole("contact", "联络员", "contact")),
    "Plan for accidents with dangerous goods at ports (invented)", "Contain first, then dispose; people come first. Report within half an hour.")


def play(say: Callable[[str, str], None]) -> None:
    """Play the story, all of it or nothing; left alone where it has been played, or where its people are not there."""
    people = {each.username: each for each in User.objects.filter(username__in=PEOPLE, is_active=True)}
    if not settings.IS_EXERCISE or EmergencyPlan.objects.exists() or len(people) != len(PEOPLE):
        return
    say("演练：应急预案、一次突发事件和一次演练", "Exercise: an emergency plan, an event and a drill")
    now = clock.now()
    with transaction.atomic():
        _publish(people, now - timedelta(days=40))
        _past_event(people, now - timedelta(days=24))
        _drill(people, now - timedelta(days=9))
        today = clock.today()
        set_roster(actor=people["shenzhen"], duties=[
            *(Duty(today + timedelta(days=at), role, f"演练人员{'甲乙丙丁'[at % 4]}", f"0755-0000{at:04d}") for at in range(7) for role in ("值班员",
                )),
            *(Duty(today + timedelta(days=at), "值班领导", "演练人员戊", "0755-00001000") for at in range(5))])


def _take(people: dict[str, User], who: str, row: Any, transition: str, **fields: str) -> None:
    take_step(actor=people[who], matter=row.matter_id, transition=transition, fields=fields)


def _publish(people: dict[str, User], at: datetime) -> None:
    with clock.travel_to(at):
        plan = draft_plan(actor=people["guangdong"], kind="dangerous_goods", said=PLAN)
        _take(people, "guangdong", plan, "submit")
        _take(people, "guangdong-fuzeren", plan, "publish", next_drill_on=months_after(clock.today(), 6).isoformat())


def _respond(people: dict[str, User], event: EmergencyEvent, at: datetime, minutes: tuple[int, ...]) -> None:
    """The four tasks, each done that many minutes after the opening."""
    closed, led_out, joint, told = event.tasks.order_by("number")
    for task, who, after, words in ((closed, "luohu", minutes[0], "三号通道已封闭"), (led_out, "luohu-bianjian", minutes[1], "旅客已引导至一号通道"),
                                    (told, "shenzhen", minutes[2], "已电话并书面通报")):
        with clock.travel_to(at + timedelta(minutes=after)):
            _take(people, who, task, "report", measures=words)
    for who, party, after in (("luohu-bianjian", "border_inspection", 35), ("shenzhen", "local_office", 40), ("luohu", "port_operator", 50)):
        with clock.travel_to(at + timedelta(minutes=after)):
            give_opinion(actor=people[who], matter=joint.matter_id, consultation="answers", party=party, agrees=True, words="同意现场方案")
    with clock.travel_to(at + timedelta(minutes=minutes[3])):
        _take(people, "shenzhen", joint, "finish", measures="按现场方案抽排、清洗")


def _past_event(people: dict[str, User], at: datetime) -> None:
    with clock.travel_to(at):
        event = open_event(actor=people["luohu-bianjian"], said=NewEvent(
            PORT, "dangerous_goods", 3, "货运通道少量油料泄漏（演练虚构）", at - timedelta(minutes=6),
            "三号通道一辆货车油箱破损，约20升，无人员伤亡。", "Small fuel leak in a freight lane (invented)"))
    with clock.travel_to(at + timedelta(minutes=12)):
        closure = close_at_port(actor=people["shenzhen"], event=event.pk, what="三号货运通道", decided_by="现场指挥部（演练虚构）")
        line = add_log_line(actor=people["luohu"], event=event.pk, words="吸附材料14包送达现场", words_en="14 packs of absorbent on site")
    with clock.travel_to(at + timedelta(minutes=20)):
        add_log_line(actor=people["luohu"], event=event.pk, words="吸附材料实为12包", words_en="12 packs in fact", corrects=line.pk)
    _respond(people, event, at, (14, 41, 25, 55))
    with clock.travel_to(at + timedelta(minutes=130)):
        reopen_at_port(actor=people["shenzhen"], event=event.pk, closure=closure.pk)
        due = clock.today() + timedelta(days=10)
        _take(people, "shenzhen", event, "end_response", summary="油料已清除，通道恢复，无人员伤亡。", review_due_on=due.isoformat())
    with clock.travel_to(at + timedelta(days=3)):
        write_review(actor=people["shenzhen"], event=event.pk, lessons="疏散用时超出预案11分钟：三号通道没有备用引导标识。", measures=[
            NewMeasure("在货运通道增设应急引导标识", "lh", (clock.today() + timedelta(days=60)))])
        _take(people, "shenzhen", event, "submit_review")
    with clock.travel_to(at + timedelta(days=5)):
        _take(people, "guangdong", event, "confirm_review")
    # What was told weeks ago has been read long since.
    with acting(None, "exercise"):
        MatterNotice.objects.filter(matter__emergency_event=event).update(read_at=at + timedelta(days=6))


def _drill(people: dict[str, User], at: datetime) -> None:
    with clock.travel_to(at):
        drill = open_event(actor=people["shenzhen"], said=NewEvent(
            PORT, "dangerous_goods", 3, "危险货物泄漏桌面推演", at, "桌面推演，不影响通行。", "Table-top drill of a leak", is_drill=True))
    _respond(people, drill, at, (10, 22, 24, 53))
    with clock.travel_to(at + timedelta(minutes=75)):
        due = clock.today() + timedelta(days=20)
        _take(people, "shenzhen", drill, "end_response", summary="演练完成，各项任务均在时限内。", review_due_on=due.isoformat())
    with acting(None, "exercise"):
        MatterNotice.objects.filter(matter__emergency_event=drill).update(read_at=at + timedelta(days=1))
