"""What can be asked of running matters: where one stands, what lies on a desk, what the calendar says."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Q

from kouan.audit import record_event
from kouan.basis import Citation, NotFound, Place, clock
from kouan.desk.matters.facts import days_of
from kouan.desk.matters.models import (
    HolidayTable,
    Matter,
    MatterNotice,
    MatterQuerySet,
    ProcedureSetting,
    Task,
    TaskQuerySet,
)
from kouan.desk.matters.parties import delegations_to
from kouan.desk.matters.registry import procedure_of
from kouan.procedure import Opinion, Procedure, Running, Standing, Step, WorkingDays, bundled_tables, standing
from kouan.procedure.working_days import YearTable


def get_matter(user: Any, pk: int) -> Matter:
    """A matter in scope. NotFound says the same whether it is unknown or somebody else's; the asking leaves a trace."""
    found = matters_visible_to(user).filter(pk=pk).select_related("edition", "applicant").first()
    if found is not None:
        return found
    if Matter.objects.filter(pk=pk).exists():
        record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "matter", "id": pk})
    raise NotFound.because("unknown_matter", f"没有编号为 {pk} 的办件。", f"There is no matter number {pk}.", where=Place(field="matter"),
                           remedy=("请从办件列表中选择。", "Choose it from the list of matters."))


def matters_visible_to(user: Any) -> MatterQuerySet:
    """The matters that a user may see."""
    return Matter.objects.visible_to(user)


def procedure_for(matter: Matter) -> Procedure:
    """The procedure that a matter runs under: the edition it began with."""
    return procedure_of(matter.edition)


def running_of(matter: Matter) -> Running:
    """What the engine needs to know of a matter, from its recorded steps and opinions."""
    steps = tuple(
        Step(each.state, each.taken_on, each.transition, str(each.actor_id or ""), tuple(each.overridden))
        for each in matter.steps.order_by("number")
    )
    opinions = tuple(
        Opinion(each.consultation, each.party, each.round, each.given_on, each.agrees, each.reference, each.words)
        for each in matter.opinions.order_by("id")
    )
    days = {name: day for fields in matter.steps.order_by("number").values_list("fields", flat=True) for name, day in days_of(fields).items()}
    return Running(matter.procedure, matter.edition.version, steps, opinions, days, None if matter.asked is None else frozenset(matter.asked))


def settings_of(procedure: str) -> dict[str, int]:
    """The periods that the national office has set for a procedure; the newest of each name."""
    rows = ProcedureSetting.objects.filter(procedure=procedure).order_by("id").values_list("setting", "count")
    return dict(rows)


def working_days() -> WorkingDays:
    """The calendar: the tables that are shipped, and over them those that the national office entered."""
    entered = [
        YearTable(each.year, frozenset(map(date.fromisoformat, each.holidays)), frozenset(map(date.fromisoformat, each.worked)),
                  Citation(each.notice, each.number))
        for each in HolidayTable.objects.order_by("id")
    ]
    return WorkingDays([*bundled_tables(), *entered])


def clocks_of(matter: Matter, today: date | None = None, calendar: WorkingDays | None = None) -> list[Standing]:
    """How each clock of a matter stands today."""
    return standing(procedure_for(matter), running_of(matter), calendar=calendar or working_days(),
                    settings=settings_of(matter.procedure), today=today or clock.today())


def inbox(user: Any, today: date | None = None) -> TaskQuerySet:
    """The open tasks on a user's desk, soonest due first: those of the office for the user's role, of colleagues who
    delegated, and not those given to somebody else by name."""
    if user is None or not user.is_authenticated or not user.is_active:
        return Task.objects.none()
    mine = _desk_of(user)
    for each in delegations_to(user, today or clock.today()):
        mine |= _desk_of(each.giver)
    return Task.objects.open().filter(mine).select_related("matter", "matter__edition", "organisation", "assignee").order_by("due_on", "id")


def _desk_of(person: Any) -> Q:
    of_role = Q(organisation_id=person.organisation_id, roles__contains=f" {person.role} ")
    return of_role & (Q(assignee__isnull=True) | Q(assignee_id=person.pk))


def unread(user: Any) -> Any:
    """The notices to a user that have not been read, newest first."""
    return MatterNotice.objects.visible_to(user).filter(read_at__isnull=True).select_related("matter")
