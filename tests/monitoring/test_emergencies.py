"""Emergencies end to end: plan, event, tasks at every desk, log, closure, review, measures, drill (R-159, R-042, R-021)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from tests.casework.stories import CALENDAR
from tests.monitoring.emergency_office import (
    NEXT_DRILL,
    NOON,
    PLAN,
    EmergencyOffices,
    state,
    step,
)
from tests.procedure.walking import walk_of

from kouan.accounts.action import acting_system
from kouan.accounts.models import Role
from kouan.basis import Conflict, NotAllowed, NotFound, Refused, clock
from kouan.desk.matters.actions import give_opinion, run_clocks
from kouan.desk.matters.models import Matter, MatterNotice
from kouan.desk.matters.queries import inbox
from kouan.desk.papers.report_pdf import report_pdf
from kouan.desk.papers.report_word import report_docx
from kouan.monitoring.emergencies import actions, codes
from kouan.monitoring.emergencies.actions import (
    NewMeasure,
    add_log_line,
    close_at_port,
    give_task,
    reopen_at_port,
    tell_late_tasks,
    write_review,
)
from kouan.monitoring.emergencies.models import EmergencyEvent, EmergencyPlan, LogLine
from kouan.monitoring.emergencies.plans import (
    Duty,
    Item,
    change_draft,
    conflicts,
    draft_plan,
    get_plan,
    phone_tree,
    set_roster,
)
from kouan.monitoring.emergencies.queries import (
    closed_at,
    events_visible_to,
    plans_due,
    plans_visible_to,
    task_times,
    timeline,
    told,
    year_figures,
)
from kouan.monitoring.emergencies.report import after_action
from kouan.procedure import read_text

for _path in sorted(codes.PROCEDURES.glob("*.yaml")):
    _procedure = read_text(_path.read_text(encoding="utf-8"), roles=[role.value for role in Role], name=_path.name)
    _case = walk_of(_procedure, CALENDAR, {}).TestCase
    _case.settings = settings(max_examples=6, stateful_step_count=30, deadline=None)
    globals()[f"Test_{_procedure.code}"] = _case


@pytest.fixture
def offices(db: None) -> Iterator[EmergencyOffices]:
    with clock.travel_to(NOON.isoformat()):
        yield EmergencyOffices()


def at(minutes: float) -> Any:
    """That many minutes after noon."""
    return clock.travel_to((NOON + timedelta(minutes=minutes)).isoformat())


def code_of(refusal: Any) -> set[str]:
    return {each.code for each in refusal.value.findings}


def test_a_plan_is_published_by_a_second_person_and_the_next_version_takes_its_place(offices: EmergencyOffices) -> None:
    plan = offices.draft()
    with pytest.raises(Conflict):
        offices.draft()
    change_draft(actor=offices.city, plan=plan.pk, said=replace(PLAN, title_zh="危险货物事故应急预案"))
    step(plan, "submit", offices.city)
    for actor in (offices.city, offices.province, offices.neighbour):
        with pytest.raises((NotAllowed, NotFound)):
            step(plan, "publish", actor, next_drill_on=NEXT_DRILL.isoformat())
    with pytest.raises(Refused) as refused:
        step(plan, "publish", offices.city_second, next_drill_on="2026-01-01")
    assert code_of(refused) == {"bad_drill_day"} and state(plan) == "to_publish"
    step(plan, "publish", offices.city_second, next_drill_on=NEXT_DRILL.isoformat())
    plan.refresh_from_db()
    assert (plan.published_by, plan.next_drill_on, plan.title_zh) == (offices.city_second, NEXT_DRILL, "危险货物事故应急预案")
    with pytest.raises(Conflict):
        change_draft(actor=offices.city, plan=plan.pk, said=PLAN)
    second = offices.published()
    assert second.number == 2 and (state(plan), state(second)) == ("replaced", "in_force")


@pytest.mark.parametrize(("changes", "field"), [
    ({"title_zh": " "}, "title"), ({"words_zh": ""}, "words"), ({"items": ()}, "checklist"), ({"items": (Item("x", ("nobody",), 5),)}, "checklist"),
    ({"items": (Item("x", ("customs",), 0),)}, "checklist"), ({"roles": (*PLAN.roles, PLAN.roles[0])}, "roles"),
])
def test_a_plan_that_says_too_little_is_refused_at_its_field(offices: EmergencyOffices, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        offices.draft(said=replace(PLAN, **changes))
    assert {each.where.field for each in refused.value.findings} == {field} and not EmergencyPlan.objects.exists()


def test_the_plan_of_the_province_serves_a_port_without_one(offices: EmergencyOffices) -> None:
    with pytest.raises(NotAllowed):
        offices.draft(port="")
    with pytest.raises(Refused):
        offices.draft(kind="flood")
    plan = draft_plan(actor=offices.province, kind="dangerous_goods", said=PLAN)
    assert (plan.port, plan.province_code) == (None, "44")
    step(plan, "submit", offices.province)
    other = type(offices.province).objects.create_user("p2", "x", display_name="李四", role=Role.PROVINCIAL_LEADER,
                                                       organisation=offices.province.organisation)
    step(plan, "publish", other, next_drill_on=NEXT_DRILL.isoformat())
    assert offices.opened().plan == plan
    own = offices.published()
    assert offices.opened().plan == own


def test_an_event_copies_the_checklist_and_reaches_the_desk_of_every_agency(offices: EmergencyOffices) -> None:
    plan = offices.published()
    event = offices.opened()
    assert (event.plan, event.lead, event.superior) == (plan, offices.city.organisation, offices.province.organisation)
    first, second, joint, gone = event.tasks.order_by("number")
    assert [each.matter_id for each in inbox(offices.operator)] == [first.matter_id]
    assert {each.matter_id for each in inbox(offices.border)} == {second.matter_id, joint.matter_id}
    assert {each.matter_id for each in inbox(offices.customs)} == {joint.matter_id} and not inbox(offices.far)
    assert first.due_at == NOON + timedelta(minutes=15) and "海事机构" in gone.note_zh and "深圳市口岸办" in gone.note_zh
    told_to = set(MatterNotice.objects.filter(key="emergency:opened").values_list("recipient_id", flat=True))
    assert {each.pk for each in (offices.operator, offices.border, offices.customs, offices.city, offices.province)} <= told_to
    assert offices.far.pk not in told_to and offices.neighbour.pk not in told_to
    # A later version changes nothing of what was copied.
    offices.published(said=replace(PLAN, items=(Item("另一项", ("customs",), 5),)))
    assert event.tasks.count() == 4 and EmergencyEvent.objects.get().plan == plan
    give_opinion(actor=offices.customs, matter=joint.matter_id, consultation="answers", party="customs", agrees=True, words="同意")
    with pytest.raises(Refused):
        step(joint, "finish", offices.city, measures="尚缺")
    waiting = next(each for each in task_times(event) if each.task == joint)
    assert set(waiting.awaited) == {"罗湖边检站", "深圳市口岸办"}


def test_the_whole_way_to_the_last_measure(offices: EmergencyOffices) -> None:
    offices.published()
    event = offices.opened()
    with pytest.raises(Refused) as refused:
        step(event, "end_response", offices.city, summary="x", review_due_on="2024-06-22")
    assert code_of(refused) == {"task_open"} and len(refused.value.findings) == 4
    with at(5):
        step(event, "change_level", offices.city, level="2", reason="泄漏扩大")
        line = add_log_line(actor=offices.operator, event=event.pk, words="抽排开始", happened_at=NOON + timedelta(minutes=3))
        add_log_line(actor=offices.operator, event=event.pk, words="抽排12:04开始", corrects=line.pk)
        closure = close_at_port(actor=offices.city, event=event.pk, what="货运通道", decided_by="深圳市人民政府", document_number="深府〔2024〕1号")
    assert [each.what for each in closed_at(offices.national, offices.port)] == ["货运通道"] and not closed_at(offices.neighbour, offices.port)
    with at(20):
        assert give_task(actor=offices.city, event=event.pk, words="通报对方口岸", desks=["provincial_office"], minutes=30).number == 5
        step(event.tasks.get(number=5), "report", offices.province, measures="已通报")
    with at(45):
        offices.done(event)
        with pytest.raises(Refused) as refused:
            step(event, "end_response", offices.city, summary="已处置", review_due_on="2024-06-22")
        assert code_of(refused) == {"still_closed"}
        reopen_at_port(actor=offices.city, event=event.pk, closure=closure.pk)
        step(event, "end_response", offices.city, summary="泄漏已清除", review_due_on="2024-06-22")
    assert state(event) == "reviewing" and not closed_at(offices.national, offices.port)
    with pytest.raises(Refused):
        step(event, "submit_review", offices.city)
    owner = offices.operator.organisation.code
    with pytest.raises(Refused) as refused:
        write_review(actor=offices.city, event=event.pk, lessons="通道标识不清", measures=[NewMeasure("更换标识", "nobody", date(2024, 7, 1))])
    assert code_of(refused) == {"bad_measure"}
    write_review(actor=offices.city, event=event.pk, lessons="通道标识不清", measures=[NewMeasure("更换标识", owner, date(2024, 7, 1))])
    step(event, "submit_review", offices.city)
    with pytest.raises(NotAllowed):
        step(event, "confirm_review", offices.city_second)
    step(event, "confirm_review", offices.province)
    measure = event.measures.get()
    with pytest.raises(Refused) as refused:
        step(event, "close", offices.city)
    assert code_of(refused) == {"measure_open"}
    step(measure, "report", offices.operator, progress="已更换")
    step(measure, "verify", offices.city)
    step(event, "close", offices.city)
    assert state(event) == "closed"
    with pytest.raises(Conflict):
        add_log_line(actor=offices.city, event=event.pk, words="再记一笔")
    # The report tells it all: the correction, the late tasks, who did what.
    event.refresh_from_db()
    held = told(event)
    assert [each["level"] for each in held["levels"]] == [3, 2] and held["measures"][0]["is_closed"]
    late = {each.task.number: each.late_by for each in task_times(event)}
    assert late[1] == timedelta(minutes=30) and late[2] == timedelta(minutes=15) and late[3] is None and late[4] is None
    words = [each.what.zh for each in timeline(event)]
    assert all(any(said in each for each in words) for said in ("更正#", "海关答复：同意", "恢复：货运通道"))
    assert [each.at for each in timeline(event)] == sorted(each.at for each in timeline(event))
    made = after_action(event)
    assert made.labels == [] and report_docx(made)[:2] == b"PK" and report_pdf(made)[:4] == b"%PDF"


def test_the_log_is_only_added_to(offices: EmergencyOffices) -> None:
    line = LogLine.objects.filter(event=offices.opened()).get()
    line.words_zh = "改写"
    with pytest.raises(ValueError, match="never changed"):
        line.save()
    for wrong in ({"words": " "}, {"words": "x", "happened_at": NOON + timedelta(hours=1)}, {"words": "x", "happened_at": datetime(2024, 5, 22)}):
        with pytest.raises(Refused):
            add_log_line(actor=offices.city, event=line.event_id, **wrong)
    with pytest.raises(NotFound):
        add_log_line(actor=offices.city, event=line.event_id, words="x", corrects=999999)


def test_a_task_past_its_minute_is_told_once_to_doer_lead_and_superior(offices: EmergencyOffices) -> None:
    offices.published()
    event = offices.opened()
    with acting_system("emergencies") as system:
        assert tell_late_tasks(actor=system) == 0
        with at(16):
            assert (tell_late_tasks(actor=system), tell_late_tasks(actor=system)) == (1, 0)
    told_to = set(MatterNotice.objects.filter(key="emergency:late-1").values_list("recipient_id", flat=True))
    assert told_to == {each.pk for each in (offices.operator, offices.city, offices.city_second, offices.province)}
    assert event.log.filter(words_zh__contains="任务1逾期").count() == 1


def test_a_drill_is_labelled_and_counted_in_no_statistic(offices: EmergencyOffices) -> None:
    with pytest.raises(Refused) as refused:
        offices.opened(is_drill=True)
    assert code_of(refused) == {"no_plan"}
    plan = offices.published()
    drill = offices.opened(actor=offices.city, is_drill=True)
    titles = [drill.matter.title, *drill.tasks.values_list("matter__title", flat=True)]
    assert state(plan) == "drilling" and len(titles) == 5 and all(each.startswith("【演练】") for each in titles)
    with pytest.raises(Conflict):
        offices.opened(is_drill=True)
    real = offices.opened()
    assert real.plan == plan, "a plan that is being drilled is in force"
    close_at_port(actor=offices.city, event=drill.pk, what="旅客通道", decided_by="演练总指挥")
    assert not closed_at(offices.national, offices.port)
    figures = year_figures(offices.city, 2024)
    assert (figures.events, figures.drills, figures.by_kind, figures.tasks) == (1, 1, {"dangerous_goods": 1}, 4)
    reopen_at_port(actor=offices.city, event=drill.pk, closure=drill.closures.get().pk)
    offices.done(drill)
    step(drill, "end_response", offices.city, summary="演练完成", review_due_on="2024-06-01")
    plan.refresh_from_db()
    assert state(plan) == "in_force" and plan.next_drill_on == date(2025, 5, 22)
    drill.refresh_from_db()
    assert after_action(drill).labels[0] == "演练" and "演练" in after_action(drill).kind
    with pytest.raises(NotAllowed):
        step(plan, "begin_drill", offices.city, reason="手工")


def test_an_overdue_drill_is_reminded_of_each_year_anew(offices: EmergencyOffices) -> None:
    plan = offices.published(said=replace(PLAN, items=PLAN.items[:1]))
    for day in (date(2025, 5, 20), date(2026, 5, 25)):
        with clock.travel_to(f"{day}T12:00:00+08:00"), acting_system("clocks") as system:
            before = MatterNotice.objects.filter(matter=plan.matter_id, kind="overdue").count()
            run_clocks(actor=system, only=[plan.matter_id])
            assert [each.pk for each in plans_due(offices.city)] == [plan.pk] and not plans_due(offices.neighbour)
            assert MatterNotice.objects.filter(matter=plan.matter_id, kind="overdue").count() > before
            drill = offices.opened(actor=offices.city, is_drill=True)
            step(drill.tasks.get(), "report", offices.operator, measures="已封闭")
            step(drill, "end_response", offices.city, summary="演练完成", review_due_on=f"{day + timedelta(days=9)}")
            plan.refresh_from_db()
            assert plan.next_drill_on == day.replace(year=day.year + 1) and not plans_due(offices.city)


def test_a_false_alarm_drops_its_tasks_and_is_not_counted(offices: EmergencyOffices) -> None:
    offices.published()
    event = offices.opened()
    step(event, "stand_down", offices.city, reason="误触警报")
    assert state(event) == "false_alarm" and {state(each) for each in event.tasks.all()} == {"dropped"}
    assert year_figures(offices.national, 2024).events == 0 and not inbox(offices.operator)


def test_a_power_cut_leaves_no_half_of_an_event(offices: EmergencyOffices, monkeypatch: pytest.MonkeyPatch) -> None:
    offices.published()
    before = Matter.objects.count(), MatterNotice.objects.count()

    def cut(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(actions, "tell", cut)
    with pytest.raises(KeyboardInterrupt):
        offices.opened()
    assert (Matter.objects.count(), MatterNotice.objects.count()) == before
    assert not EmergencyEvent.objects.exists() and not LogLine.objects.exists()


def test_rosters_find_gaps_and_one_person_twice_and_make_the_phone_tree(offices: EmergencyOffices) -> None:
    offices.published()
    day = date(2024, 5, 23)
    found = set_roster(actor=offices.city, duties=[Duty(day, "值班员", "张三", "1"), Duty(day, "head", "张三", "2"), Duty(day + timedelta(1), "head",
        "李四", "3")])
    assert sorted(each.code for each in found) == ["duty_double", "duty_gap"]
    assert [each.phone for each in phone_tree(offices.city.organisation, day)] == ["2", "1"], "in the order of the plan's roles"
    set_roster(actor=offices.city, duties=[Duty(day, "值班员", "王五", "4")])
    assert {each.code for each in conflicts(offices.city.organisation, day, day)} == set()
    assert [each.person for each in phone_tree(offices.city.organisation, day)] == ["张三", "王五"]
    for wrong in ([], [Duty(day, "", "x", "1")], [Duty(day, "head", "x", "1"), Duty(day, "head", "y", "1")]):
        with pytest.raises(Refused):
            set_roster(actor=offices.city, duties=wrong)


@pytest.mark.parametrize(("wrong", "where"), [
    ({"kind": "flood"}, "kind"), ({"level": 5}, "level"), ({"title_zh": " "}, "title"), ({"occurred_at": datetime(2024, 5, 22, 8)}, "occurred_at"),
    ({"occurred_at": NOON + timedelta(minutes=16)}, "occurred_at"), ({"words": "x" * 4001}, "words"),
])
def test_an_event_that_says_too_little_is_refused_at_its_field(offices: EmergencyOffices, wrong: dict[str, Any], where: str) -> None:
    with pytest.raises(Refused) as refused:
        offices.opened(**wrong)
    assert {each.where.field for each in refused.value.findings} == {where} and not EmergencyEvent.objects.exists()


def test_another_province_sees_and_does_nothing(offices: EmergencyOffices) -> None:
    plan = offices.published()
    event = offices.opened()
    for stranger in (offices.neighbour, offices.far):
        assert not events_visible_to(stranger).exists() and not plans_visible_to(stranger).exists()
        for deed in (lambda who: get_plan(who, plan.pk), lambda who: actions.get_event(who, event.pk),
                     lambda who: add_log_line(actor=who, event=event.pk, words="x")):
            with pytest.raises(NotFound):
                deed(stranger)
        with pytest.raises(Refused):
            offices.opened(actor=stranger)
    with pytest.raises(NotFound):
        give_task(actor=offices.neighbour, event=event.pk, words="x", desks=["customs"], minutes=5)
    for seen in (offices.operator, offices.customs, offices.city, offices.province, offices.national):
        assert events_visible_to(seen).count() == 1 and plans_visible_to(seen).count() == 1
    with pytest.raises(NotAllowed):
        give_task(actor=offices.province, event=event.pk, words="x", desks=["customs"], minutes=5)
    with pytest.raises(NotAllowed):
        close_at_port(actor=offices.operator, event=event.pk, what="x", decided_by="y")
