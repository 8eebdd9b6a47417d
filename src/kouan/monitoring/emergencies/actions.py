"""Verbs of events: opened (which activates the plan), logged, given further tasks, closing and reopening the port, reviewed.

The steps (tasks taken on and reported, level changed, response ended, review submitted and confirmed, measures closed) are those of the
desk: ``take_step`` and ``give_opinion``. Each verb is one transaction: an event is opened with its tasks and notices, or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from kouan.accounts.action import System, acting_system, action
from kouan.accounts.models import Organisation
from kouan.audit import record_event
from kouan.basis import Conflict, Finding, NotAllowed, NotFound, Place, Refused, SubjectRef, clock
from kouan.desk.actions import refuse_secrets
from kouan.desk.matters import mails
from kouan.desk.matters.actions import Concerns, carry_step, open_matter
from kouan.desk.matters.models import Matter, MatterNotice
from kouan.desk.matters.parties import people_of
from kouan.monitoring.emergencies import codes
from kouan.monitoring.emergencies.models import (
    EmergencyEvent,
    EmergencyTask,
    LevelChange,
    LogLine,
    PortClosure,
    ReviewMeasure,
)
from kouan.monitoring.emergencies.plans import MOST_MINUTES, plan_for
from kouan.monitoring.warnings.actions import port_in_scope, silence_closure
from kouan.monitoring.warnings.queries import get_warning

# What happened must be told within a year, and cannot lie ahead by more than a clock may be wrong.
OLDEST, AHEAD = timedelta(days=366), timedelta(minutes=15)
DRILL_ZH, DRILL_EN = "【演练】", "[Drill] "


@dataclass(frozen=True, slots=True)
class NewEvent:
    """What is known when an event is opened. ``level``: 1 (gravest) to 4; ``occurred_at`` with its time zone."""

    port: str
    kind: str
    level: int
    title_zh: str
    occurred_at: datetime
    words: str = ""
    title_en: str = ""
    is_drill: bool = False
    warning: int | None = None


@action("emergencies.open")
def open_event(*, actor: Any, said: NewEvent) -> EmergencyEvent:
    """Open an event at a port in scope and activate the plan in force: its checklist is copied and given out at once.

    A drill needs a plan; an event without one is opened all the same, with tasks given by hand.
    """
    port = port_in_scope(actor, said.port)
    _check(said)
    warning = get_warning(actor, said.warning) if said.warning is not None else None
    if warning is not None and warning.port_id != port.pk:
        raise Refused.because("other_port", "该预警不是这个口岸的。", "The warning is of another port.", where=Place(field="warning"),
                              remedy=("请选择该口岸的预警。", "Choose a warning of this port."))
    plan = plan_for(port, said.kind)
    if said.is_drill:
        if plan is None:
            raise Refused.because("no_plan", "没有施行中的预案，不能开展演练。", "There is no plan in force to be drilled.",
                where=Place(field="kind"),
                                  remedy=("请先编制并发布预案。", "Draft a plan and have it published first."))
        if Matter.objects.select_for_update().get(pk=plan.matter_id).state == "drilling":
            raise Conflict.because("drill_under_way", "该预案正在演练。", "This plan is being drilled already.", remedy=("请先结束该次演练。",
                "End that drill first."))
    lead, superior = codes.leading(port, said.level)
    mark_zh, mark_en = (DRILL_ZH, DRILL_EN) if said.is_drill else ("", "")
    with acting_system("emergencies") as system:
        matter = open_matter(
            actor=system, procedure=codes.EVENT, title=f"{mark_zh}{port.name_zh}：{said.title_zh.strip()}"[:200], applicant=lead,
            named={"lead": lead.code, "superior": superior.code}, concerns=concerns(port))
        event = EmergencyEvent.objects.create(
            matter=matter, port=port, kind=said.kind, level=said.level, is_drill=said.is_drill, title_zh=said.title_zh.strip(),
            title_en=said.title_en.strip(), words=said.words.strip(), occurred_at=said.occurred_at, opened_by=actor, plan=plan, warning=warning,
            lead=lead, superior=superior)
        LevelChange.objects.create(event=event, level=said.level, reason="启动", changed_by=actor)
        kind, level = codes.every_kind()[said.kind], codes.level_words(said.level)
        by = f"《{plan.title_zh}》第{plan.number}版" if plan else "没有施行中的预案，任务须逐项下达"
        by_en = f"plan “{plan.title_en or plan.title_zh}”, version {plan.number}" if plan else "no plan in force; tasks are given by hand"
        note(event, actor, f"{mark_zh}启动突发事件：{kind.zh}，{level.zh}；{by}", f"{mark_en}Opened: {kind.en}, {level.en}; {by_en}")
        told = {lead.pk: lead, superior.pk: superior}
        for item in plan.checklist if plan else ():
            told |= _give(system, event, item["zh"], item.get("en", ""), item["desks"], event.opened_at + timedelta(minutes=item["minutes"]))
        if said.is_drill and plan is not None:
            carry_step(actor=system, matter=plan.matter_id, transition="begin_drill", fields={"reason": f"演练#{event.pk}"}, documents={})
    tell(event, told.values(), "opened", f"{mark_zh}{port.name_zh}：{said.title_zh}（{kind.zh}，{level.zh}）",
          f"{mark_en}{port.name_en or port.name_zh}: {said.title_en or said.title_zh} ({kind.en}, {level.en})")
    mails.send_soon()
    return event


def concerns(port: Any) -> Concerns:
    """What a matter of an emergency at a port is about."""
    return Concerns(SubjectRef.of("port", port.code), port.province_code, port.city_code, port.code)


def _check(said: NewEvent) -> None:
    refuse_secrets(said.title_zh, said.words)
    findings: list[Finding] = []

    def wrong(name: str, zh: str, en: str, remedy: tuple[str, str]) -> None:
        findings.append(Finding.error("bad_event", zh, en, where=Place(field=name), remedy=remedy))

    if said.kind not in codes.kinds():
        wrong("kind", f"没有“{said.kind[:24]}”这一类别。", f"There is no kind “{said.kind[:24]}”.",
              (f"可用：{'、'.join(codes.kinds())}。", f"One of: {', '.join(codes.kinds())}."))
    if said.level not in codes.LEVELS:
        wrong("level", "等级应为1（特别重大）至4（一般）。", "The level is 1 (gravest) to 4.", ("请改正。", "Correct it."))
    if not 0 < len(said.title_zh.strip()) <= 120 or len(said.title_en) > 200:
        wrong("title", "请填写标题，不超过120字。", "Give a title of at most 120 characters.", ("请改正。", "Correct it."))
    if len(said.words) > 4000:
        wrong("words", "情况不超过4000字。", "At most 4,000 characters.", ("请缩短。", "Shorten it."))
    if timezone.is_naive(said.occurred_at):
        wrong("occurred_at", "发生时间须带时区。", "The time needs its zone.", ("如 2026-05-01T08:00:00+08:00。", "As 2026-05-01T08:00:00+08:00."))
    elif not clock.now() - OLDEST <= said.occurred_at <= clock.now() + AHEAD:
        wrong("occurred_at", "发生时间应在一年之内，且不晚于现在。", "It happened within a year, and not later than now.", ("请改正。",
            "Correct it."))
    if findings:
        raise Refused(findings)


def _give(system: System, event: EmergencyEvent, zh: str, en: str, desks: Sequence[str], due_at: datetime) -> dict[int, Organisation]:
    """Open the matter of one task at its desks, and answer whose they are. A desk without an office at the port goes to the lead."""
    names = codes.desks()
    found = {desk: codes.office_of_desk(event.port, desk) for desk in desks}
    there = {desk: office for desk, office in found.items() if office is not None}
    gone = [names[desk] for desk, office in found.items() if office is None]
    # Two desks of one office are one answer.
    members = {desk: office for at, (desk, office) in enumerate(there.items())
               if office.pk not in {each.pk for each in list(there.values())[:at]}}
    is_joint = len(members) > 1
    doer = next(iter(members.values()), event.lead)
    note_zh = note_en = ""
    if gone:
        instead = "其他承办方" if there else event.lead.name_zh
        note_zh = f"该口岸没有在用的{'、'.join(each.zh for each in gone)}，由{instead}承办"
        note_en = f"no office in use here as {', '.join(each.en for each in gone)}; {'the others take it' if there else event.lead.name.en}"
    named = {desk: office.code for desk, office in members.items()} if is_joint else {"doer": doer.code}
    number = event.tasks.count() + 1
    mark = DRILL_ZH if event.is_drill else ""
    matter = open_matter(
        actor=system, procedure=codes.TASK, title=f"{mark}{event.port.name_zh}：{zh}"[:200], applicant=event.lead, named=named,
        asked=list(members) if is_joint else [], concerns=concerns(event.port))
    EmergencyTask.objects.create(event=event, number=number, words_zh=zh.strip(), words_en=en.strip(), desks=list(desks), note_zh=note_zh[:300],
                                 note_en=note_en[:400], due_at=due_at, matter=matter)
    carry_step(actor=system, matter=matter.pk, transition="give_jointly" if is_joint else "give",
               fields={"due_on": timezone.localtime(due_at).date().isoformat()}, documents={})
    return {office.pk: office for office in members.values()} or {doer.pk: doer}


def tell(event: EmergencyEvent, offices: Any, key: str, zh: str, en: str) -> None:
    """Tell everybody of some offices who may act, once for a key."""
    for office in offices:
        for person in people_of(office, codes.ROLES):
            MatterNotice.objects.get_or_create(
                matter_id=event.matter_id, key=f"emergency:{key}", recipient=person, defaults={
                    "kind": "emergency", "text_zh": f"突发事件：{zh}"[:400], "text_en": f"Emergency: {en}"[:400]})


def note(event: EmergencyEvent, actor: Any, zh: str, en: str, happened_at: datetime | None = None) -> LogLine:
    """A line of the log that a deed writes by itself."""
    return LogLine.objects.create(event=event, words_zh=zh[:1000], words_en=en[:1000], happened_at=happened_at or clock.now(),
                                  actor=None if isinstance(actor, System) else actor)


@action("emergencies.open")
def add_log_line(
    *, actor: Any, event: int, words: str, words_en: str = "", happened_at: datetime | None = None, corrects: int | None = None,
) -> LogLine:
    """Add a line to the log of an event in scope, until it is closed; a correction is a line that names the one it puts right."""
    held = _locked(actor, event)
    refuse_secrets(words)
    if held.matter.ended_at is not None:
        raise Conflict.because("event_ended", "事件已办结，日志不再增加。", "The event has ended; its log is closed.",
            remedy=("如需说明，请另行报告。",
            "Report it otherwise."))
    if not 0 < len(words.strip()) <= 1000 or len(words_en) > 1000:
        raise Refused.because("value_required", "请填写日志内容，不超过1000字。", "Give the line, at most 1,000 characters.",
            where=Place(field="words"),
                              remedy=("写明何时、何地、何人、何事。", "Say when, where, who and what."))
    at = happened_at or clock.now()
    if timezone.is_naive(at) or at > clock.now() + AHEAD or at < held.occurred_at - OLDEST:
        raise Refused.because("bad_moment", "日志的时间不能晚于现在，且须带时区。", "A line's time is not ahead, and has its zone.",
                              where=Place(field="happened_at"), remedy=("请改正。", "Correct it."))
    wrong = held.log.filter(pk=corrects).first() if corrects is not None else None
    if corrects is not None and wrong is None:
        raise NotFound.because("unknown_line", f"日志中没有编号为 {corrects} 的记录。", f"The log has no line number {corrects}.",
                               where=Place(field="corrects"), remedy=("请从日志中选择。", "Choose it from the log."))
    return LogLine.objects.create(event=held, words_zh=words.strip(), words_en=words_en.strip(), happened_at=at, corrects=wrong, actor=actor)


@action("emergencies.lead")
def give_task(*, actor: Any, event: int, words: str, desks: Sequence[str], minutes: int, words_en: str = "") -> EmergencyTask:
    """Give a further task while the response is under way: by the leading office, due some minutes from now."""
    held = _led(actor, event, "responding")
    refuse_secrets(words)
    strange = sorted(set(desks) - set(codes.desks()))
    if not 0 < len(words.strip()) <= 300 or strange or not desks or not 0 < minutes <= MOST_MINUTES:
        raise Refused.because("bad_task", f"请填写事项（不超过300字）、承办方和1至{MOST_MINUTES}分钟的时限。",
                              f"Give what is to be done, the desks, and 1 to {MOST_MINUTES} minutes.", where=Place(field="task"),
                              remedy=(f"承办方可用：{'、'.join(codes.desks())}。", f"Desks: {', '.join(codes.desks())}."))
    with acting_system("emergencies") as system:
        told = _give(system, held, words, words_en, list(dict.fromkeys(desks)), clock.now() + timedelta(minutes=minutes))
    task = held.tasks.order_by("-number")[0]
    note(held, actor, f"增派任务{task.number}：{task.words_zh}", f"Further task {task.number}: {task.words_en or task.words_zh}")
    tell(held, told.values(), f"task-{task.number}", f"{'【演练】' if held.is_drill else ''}{task.words_zh}",
        f"{DRILL_EN if held.is_drill else ''}{task.words_en or task.words_zh}")
    mails.send_soon()
    return task


@action("emergencies.lead")
def close_at_port(*, actor: Any, event: int, what: str, decided_by: str, document_number: str = "", closed_at: datetime | None = None) -> PortClosure:
    """Enter that the event closed the port or a part of it, as decided by whoever may decide it. The register's own status changes only
    by its verbs and papers; pages of the port show the closure beside it. A drill's closure is shown with the drill alone."""
    held = _led(actor, event, "responding")
    refuse_secrets(what, decided_by)
    at = closed_at or clock.now()
    if not 0 < len(what.strip()) <= 200 or not 0 < len(decided_by.strip()) <= 120 or len(document_number) > 80:
        raise Refused.because("value_required", "请填写关闭范围和决定单位。", "Say what is closed, and who decided it.", where=Place(field="what"),
                              remedy=("如“货运通道暂停”；“省人民政府”。", "As “freight lanes”; “the provincial government”."))
    if timezone.is_naive(at) or at > clock.now() + AHEAD or at < held.occurred_at - timedelta(days=1):
        raise Refused.because("bad_moment", "关闭时间应在事件发生之后，且不晚于现在。", "It closed after the event began, and not later than now.",
                              where=Place(field="closed_at"), remedy=("请改正。", "Correct it."))
    closure = PortClosure.objects.create(event=held, what=what.strip(), decided_by=decided_by.strip(), document_number=document_number.strip(),
                                         closed_at=at, closed_by=actor)
    if not held.is_drill:
        silence_closure(actor=actor, reference=f"closure:{closure.pk}", port=held.port, first=clock.day_of(at), last=None,
                        reason=f"{closure.what}关闭（{closure.decided_by}决定），突发事件#{held.pk}")
    note(held, actor, f"关闭：{closure.what}（{closure.decided_by}决定）", f"Closed: {closure.what} (decided by {closure.decided_by})", at)
    return closure


@action("emergencies.lead")
def reopen_at_port(*, actor: Any, event: int, closure: int, reopened_at: datetime | None = None) -> PortClosure:
    """Enter that what was closed is open again."""
    held = _led(actor, event, "responding")
    found = held.closures.select_for_update().filter(pk=closure).first()
    if found is None or found.reopened_at is not None:
        raise Conflict.because("not_closed", "没有这项关闭记录，或已恢复。", "There is no such closure, or it is over.", where=Place(field="closure"),
                               remedy=("请刷新页面。", "Reload the page."))
    at = reopened_at or clock.now()
    if timezone.is_naive(at) or not found.closed_at <= at <= clock.now() + AHEAD:
        raise Refused.because("bad_moment", "恢复时间应在关闭之后，且不晚于现在。", "It reopened after it closed, and not later than now.",
                              where=Place(field="reopened_at"), remedy=("请改正。", "Correct it."))
    found.reopened_at, found.reopened_by = at, actor
    found.save(update_fields=["reopened_at", "reopened_by"])
    if not held.is_drill:
        silence_closure(actor=actor, reference=f"closure:{found.pk}", port=held.port, first=clock.day_of(found.closed_at), last=clock.day_of(at),
                        reason=f"{found.what}关闭（{found.decided_by}决定），突发事件#{held.pk}")
    note(held, actor, f"恢复：{found.what}", f"Reopened: {found.what}", at)
    return found


@dataclass(frozen=True, slots=True)
class NewMeasure:
    """A measure of a review: what, by which office (its code), by which day."""

    what: str
    owner: str
    due_on: date


@action("emergencies.lead")
def write_review(*, actor: Any, event: int, lessons: str, measures: Sequence[NewMeasure] = ()) -> EmergencyEvent:
    """The lessons and measures of an event, anew, until its superior has confirmed them."""
    held = _led(actor, event, "reviewing")
    refuse_secrets(lessons, *(each.what for each in measures))
    findings: list[Finding] = []
    if not 0 < len(lessons.strip()) <= 8000:
        findings.append(Finding.error("value_required", "请填写经验教训，不超过8000字。", "Give the lessons, at most 8,000 characters.",
                                      where=Place(field="lessons"), remedy=("请填写。", "Fill it in.")))
    offices = {each.code: each for each in Organisation.objects.filter(code__in=[one.owner for one in measures], is_active=True)}
    for at, each in enumerate(measures, 1):
        if not 0 < len(each.what.strip()) <= 400 or each.owner not in offices or each.due_on < clock.today():
            findings.append(Finding.error(
                "bad_measure", f"第{at}项措施须写明内容、责任单位（代码）和今后的期限。",
                    f"Measure {at} needs what, an office by its code, and a day ahead.",
                where=Place(field="measures"), measured=f"{each.what[:40]}；{each.owner[:40]}；{each.due_on}", remedy=("请逐条改正。",
                    "Correct each.")))
    if findings:
        raise Refused(findings)
    held.lessons, held.reviewed_by = lessons.strip(), actor
    held.save(update_fields=["lessons", "reviewed_by"])
    held.measures.all().delete()
    for each in measures:
        ReviewMeasure.objects.create(event=held, what=each.what.strip(), owner=offices[each.owner], due_on=each.due_on)
    return held


@action("emergencies.watch")
def tell_late_tasks(*, actor: System) -> int:
    """Tell, once each, of tasks whose minute has passed: doer, leading office and its superior; answer how many. Safe to repeat."""
    late = EmergencyTask.objects.select_for_update(of=("self",)).filter(
        late_told_at__isnull=True, due_at__lt=clock.now(), matter__ended_at__isnull=True,
    ).select_related("event__port", "event__lead", "event__superior", "matter")
    count = 0
    for task in late:
        event = task.event
        task.late_told_at = clock.now()
        task.save(update_fields=["late_told_at"])
        mark_zh, mark_en = (DRILL_ZH, DRILL_EN) if event.is_drill else ("", "")
        zh = f"任务{task.number}逾期：{task.words_zh}（应于{timezone.localtime(task.due_at):%m-%d %H:%M}前完成）"
        en = f"Task {task.number} is late: {task.words_en or task.words_zh} (due {timezone.localtime(task.due_at):%m-%d %H:%M})"
        note(event, actor, zh, en)
        offices = {each.pk: each for each in Organisation.objects.filter(code__in=task.matter.named.values())}
        tell(event, (offices | {event.lead_id: event.lead, event.superior_id: event.superior}).values(), f"late-{task.number}",
              f"{mark_zh}{event.port.name_zh}：{zh}", f"{mark_en}{event.port.name_en or event.port.name_zh}: {en}")
        count += 1
    if count:
        mails.send_soon()
    return count


# ---- the parts ---------------------------------------------------------------------------------------------------


def get_event(user: Any, number: int) -> EmergencyEvent:
    """An event in scope. NotFound says the same whether it is unknown or somebody else's; the asking leaves a trace."""
    found = EmergencyEvent.objects.visible_to(user).select_related("matter__edition", "port", "lead", "superior", "plan").filter(pk=number).first()
    if found is not None:
        return found
    if EmergencyEvent.objects.filter(pk=number).exists():
        record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "emergency", "id": number})
    raise NotFound.because("unknown_emergency", f"没有编号为 {number} 的突发事件。", f"There is no emergency number {number}.",
                           where=Place(field="event"), remedy=("请从列表中选择。", "Choose it from the list."))


def _locked(actor: Any, number: int) -> EmergencyEvent:
    get_event(actor, number)
    return EmergencyEvent.objects.select_for_update(of=("self",)).select_related("matter", "port", "lead", "superior").get(pk=number)


def _led(actor: Any, number: int, *states: str) -> EmergencyEvent:
    """The event, locked, where one's own office leads it and it stands in one of the states."""
    held = _locked(actor, number)
    if held.lead_id != actor.organisation_id:
        raise NotAllowed.because("not_the_lead", "只有牵头处置单位可以办理。", "Only the leading office may do this.",
                                 remedy=(f"请联系{held.lead.name_zh}。", f"Ask {held.lead.name.en}."))
    if Matter.objects.select_for_update().get(pk=held.matter_id).state not in states:
        raise Conflict.because("not_now", "事件目前所处的阶段不能这样办理。", "The event stands where this cannot be done.", remedy=("请刷新页面。",
            "Reload the page."))
    return held
