"""What can be asked of emergencies: those in scope, one with its timeline and times, a port's, plans due for a drill, yearly figures."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from kouan.basis import Text, clock
from kouan.desk.matters.queries import procedure_for
from kouan.monitoring.emergencies import codes
from kouan.monitoring.emergencies.models import (
    EmergencyEvent,
    EmergencyEventQuerySet,
    EmergencyPlan,
    EmergencyPlanQuerySet,
    EmergencyTask,
    PortClosure,
)
from kouan.monitoring.emergencies.plans import IN_FORCE
from kouan.ports.models import Port


def events_visible_to(user: Any) -> EmergencyEventQuerySet:
    """The events that a user may see, newest first."""
    return EmergencyEvent.objects.all().visible_to(user).select_related("matter__edition", "port", "lead", "superior", "plan")


def plans_visible_to(user: Any) -> EmergencyPlanQuerySet:
    """The plans that a user may see."""
    return EmergencyPlan.objects.all().visible_to(user).select_related("matter__edition", "matter__applicant", "port")


def state_of(row: EmergencyEvent | EmergencyPlan) -> Text:
    """Where an event or a plan stands, in words."""
    return procedure_for(row.matter).states[row.matter.state].label


def plans_due(user: Any, today: date | None = None) -> list[EmergencyPlan]:
    """Plans in force whose drill is overdue, longest first."""
    rows = plans_visible_to(user).filter(matter__state="in_force", next_drill_on__lt=today or clock.today())
    return list(rows.order_by("next_drill_on", "pk"))


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened: when, what, by whom, of which sort (log, task, step), how long after the opening, whether late."""

    at: datetime
    what: Text
    who: str
    sort: str
    after: timedelta
    is_late: bool = False
    corrected_by: int | None = None
    line: int | None = None


def timeline(event: EmergencyEvent) -> list[Moment]:
    """The log, and every step of the event and its tasks, in the order in which they happened."""
    found: list[Moment] = []

    def add(at: datetime, what: Text, actor: Any, sort: str, **more: Any) -> None:
        who = f"{actor.organisation.name_zh} {actor.display_name}" if actor else "系统"
        found.append(Moment(at, what, who, sort, at - event.opened_at, **more))

    lines = list(event.log.select_related("actor__organisation").prefetch_related("corrections"))
    for line in lines:
        right = next(iter(line.corrections.all()), None)
        zh, en = line.words_zh, line.words_en or line.words_zh
        if line.corrects_id:
            zh, en = f"更正#{line.corrects_id}：{zh}", f"Correction of #{line.corrects_id}: {en}"
        add(line.happened_at, Text(zh, en), line.actor, "log", corrected_by=right.pk if right else None, line=line.pk)
    procedure = procedure_for(event.matter)
    for step in event.matter.steps.select_related("actor__organisation").order_by("number"):
        # What opens, raises or ends the response writes a line of its own.
        if step.transition in procedure.transitions and step.transition not in ("change_level", "end_response", "stand_down"):
            add(step.recorded_at, procedure.transitions[step.transition].label, step.actor, "step")
    for task in event.tasks.select_related("matter__edition"):
        of_task = procedure_for(task.matter)
        head_zh, head_en = f"任务{task.number}“{task.words_zh}”", f"Task {task.number} “{task.words_en or task.words_zh}”"
        for step in task.matter.steps.select_related("actor__organisation").order_by("number"):
            known = of_task.transitions.get(step.transition)
            # That a task was given out stands in the log: by the opening, or as a further task.
            if known is None or step.transition in ("give", "give_jointly"):
                continue
            said = next((str(step.fields[name]) for name in ("measures", "reason") if step.fields.get(name)), "")
            is_done = step.state == "done"
            add(step.recorded_at, Text(f"{head_zh}{known.label.zh}{f'：{said}' if said else ''}",
                f"{head_en}: {known.label.en}{f' – {said}' if said else ''}"),
                step.actor, "task", is_late=is_done and step.recorded_at > task.due_at)
        for opinion in task.matter.opinions.select_related("actor__organisation"):
            party = of_task.parties[opinion.party].label
            add(opinion.recorded_at, Text(f"{head_zh}{party.zh}答复：{opinion.words or '—'}",
                f"{head_en}: {party.en} answered: {opinion.words or '—'}"),
                opinion.actor, "task", is_late=opinion.recorded_at > task.due_at)
    return sorted(found, key=lambda each: each.at)


@dataclass(frozen=True, slots=True)
class TaskTime:
    """A task with its times. ``late_by``: past its minute when done, or by now while it is open; None when it is not late."""

    task: EmergencyTask
    state: Text
    offices: tuple[str, ...]
    awaited: tuple[str, ...]
    took: timedelta | None
    late_by: timedelta | None


def task_times(event: EmergencyEvent) -> list[TaskTime]:
    """The tasks of an event in their order, with offices, who is still awaited, how long they took, by how much they were late."""
    found = []
    for task in event.tasks.select_related("matter__edition").prefetch_related("matter__tasks__organisation"):
        matter = task.matter
        desks = list(matter.tasks.all())
        open_desks = [each for each in desks if each.closed_at is None]
        end = matter.ended_at
        late_by = None if matter.state == "dropped" else max((end or clock.now()) - task.due_at, timedelta())
        # Whose it is: those named for it; their desks hold it from the first moment.
        offices = tuple(dict.fromkeys(each.organisation.name_zh for each in desks if each.party != "lead")) or (event.lead.name_zh,)
        found.append(TaskTime(task, procedure_for(matter).states[matter.state].label, offices,
                              tuple(dict.fromkeys(each.organisation.name_zh for each in open_desks if each.party != "lead")),
                              end - event.opened_at if end else None, late_by or None))
    return found


def at_port(user: Any, port: Port) -> list[EmergencyEvent]:
    """The events of a port that a user may see and whose response is under way; drills among them are marked as such."""
    return list(events_visible_to(user).running().filter(port=port))


def closed_at(user: Any, port: Port) -> list[PortClosure]:
    """What is closed at a port now by an event that is no drill."""
    rows = PortClosure.objects.filter(event__in=events_visible_to(user).filter(port=port, is_drill=False), reopened_at__isnull=True)
    return list(rows.select_related("event"))


@dataclass(frozen=True, slots=True)
class YearFigures:
    """Of one year: events by (kind, level), median hours of the response, share of tasks done in time; drills apart, never among them."""

    year: int
    events: int
    by_kind: dict[str, int]
    by_level: dict[int, int]
    median_hours: float | None
    tasks: int
    tasks_in_time: int
    drills: int
    plans_in_force: int
    drills_overdue: int


def year_figures(user: Any, year: int) -> YearFigures:
    """The figures of a year over what a user may see. A drill is counted as a drill alone."""
    of_year = events_visible_to(user).filter(opened_at__gte=datetime(year, 1, 1, tzinfo=clock.BEIJING),
                                             opened_at__lt=datetime(year + 1, 1, 1, tzinfo=clock.BEIJING))
    rows = list(of_year.counted())
    hours = [(each.response_ended_at - each.opened_at).total_seconds() / 3600 for each in rows if each.response_ended_at]
    tasks = list(EmergencyTask.objects.filter(event__in=rows).exclude(matter__state="dropped").values_list("due_at", "matter__ended_at"))
    plans = plans_visible_to(user).filter(matter__state__in=IN_FORCE)
    return YearFigures(
        year, len(rows), dict(Counter(each.kind for each in rows)), dict(Counter(each.level for each in rows)), round(median(hours),
            2) if hours else None,
        len(tasks), sum(end is not None and end <= due for due, end in tasks), of_year.filter(is_drill=True).count(), plans.count(),
        len(plans_due(user)))


def summary_of(event: EmergencyEvent) -> dict[str, Any]:
    """An event as a line of a list."""
    return {
        "id": event.pk, "matter": event.matter_id, "port": event.port.code, "port_name": event.port.name_zh, "kind": event.kind,
        "kind_label": codes.every_kind()[event.kind].as_dict(), "level": event.level, "level_label": codes.level_words(event.level).as_dict(),
        "is_drill": event.is_drill, "title": {"zh": event.title_zh, "en": event.title_en or event.title_zh}, "occurred_at": event.occurred_at,
        "opened_at": event.opened_at, "response_ended_at": event.response_ended_at, "state": event.matter.state,
        "state_label": state_of(event).as_dict(), "lead": event.lead.name_zh, "plan": event.plan_id, "warning": event.warning_id,
        "version": event.matter.version,
    }


def told(event: EmergencyEvent) -> dict[str, Any]:
    """An event as data, with tasks, timeline, closures and measures."""
    return {
        **summary_of(event), "words": event.words, "superior": event.superior.name_zh, "summary": event.summary, "lessons": event.lessons,
        "levels": [{"level": each.level, "reason": each.reason, "changed_at": each.changed_at} for each in event.levels.all()],
        "tasks": [{
            "number": each.task.number, "matter": each.task.matter_id, "words": {"zh": each.task.words_zh,
                "en": each.task.words_en or each.task.words_zh},
            "desks": each.task.desks, "offices": list(each.offices), "awaited": list(each.awaited), "due_at": each.task.due_at,
            "state": each.task.matter.state, "state_label": each.state.as_dict(), "took_minutes": minutes(each.took),
                "late_minutes": minutes(each.late_by),
        } for each in task_times(event)],
        "timeline": [{"at": each.at, "what": each.what.as_dict(), "who": each.who, "sort": each.sort, "minutes_after": minutes(each.after),
                      "is_late": each.is_late, "line": each.line, "corrected_by": each.corrected_by} for each in timeline(event)],
        "closures": [{"id": each.pk, "what": each.what, "decided_by": each.decided_by, "document_number": each.document_number or None,
                      "closed_at": each.closed_at, "reopened_at": each.reopened_at} for each in event.closures.all()],
        "measures": [{"what": each.what, "owner": each.owner.name_zh, "due_on": each.due_on, "matter": each.matter_id,
                      "is_closed": bool(each.matter and each.matter.ended_at)} for each in event.measures.select_related("owner", "matter")],
    }


def minutes(span: timedelta | None) -> float | None:
    """A span in minutes."""
    return None if span is None else round(span.total_seconds() / 60, 1)


def plan_told(plan: EmergencyPlan) -> dict[str, Any]:
    """A plan as data."""
    return {
        "id": plan.pk, "matter": plan.matter_id, "port": plan.port.code if plan.port else None, "province": plan.province_code, "kind": plan.kind,
        "kind_label": codes.every_kind()[plan.kind].as_dict(), "number": plan.number,
        "title": {"zh": plan.title_zh, "en": plan.title_en or plan.title_zh}, "words": {"zh": plan.words_zh, "en": plan.words_en},
        "checklist": plan.checklist, "roles": plan.roles, "state": plan.matter.state, "state_label": state_of(plan).as_dict(),
        "published_at": plan.published_at, "next_drill_on": plan.next_drill_on, "version": plan.matter.version,
    }
