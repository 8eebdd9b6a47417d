"""What can be asked of running matters: where one stands, what lies on a desk, what the calendar says."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from datetime import date
from typing import Any

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from kouan.audit import record_event
from kouan.basis import Citation, NotFound, Place, clock
from kouan.desk.matters.facts import days_of
from kouan.desk.matters.models import (
    HolidayTable,
    Matter,
    MatterNotice,
    MatterQuerySet,
    MatterStep,
    ProcedureSetting,
    Task,
    TaskQuerySet,
)
from kouan.desk.matters.parties import delegations_to
from kouan.desk.matters.registry import procedure_of
from kouan.desk.models import Document
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


MOST_PAPERS = 200


def search_matters(rows: MatterQuerySet, words: str, *, ports: Collection[str] = ()) -> MatterQuerySet:
    """Of some matters those that the words name: title, number (12, #12), subject, or title or number of a paper.

    ``ports``: codes of the ports that the words name, from the caller, for the desk lies below the register. ``rows``
    have passed ``visible_to``: whoever sees a matter may read its papers, and no other is looked at. Papers are matched
    among the latest 200 that carry the words.
    """
    said = words.replace("\x00", "").strip()
    if not said:
        return rows
    wanted = Q(title__icontains=said) | Q(subject__icontains=said) | Q(port_code__in=list(ports))
    number = said.lstrip("#")
    if number.isascii() and number.isdigit() and len(number) < 12:
        wanted |= Q(pk=int(number))
    named = Q()
    references = Document.objects.filter(Q(title__icontains=said) | Q(document_number__icontains=said)).order_by("-pk")
    for reference in references.values_list("reference", flat=True)[:MOST_PAPERS]:
        own = re.fullmatch(r"matter-(\d{1,12})-.*", reference)
        if own is not None:
            wanted |= Q(pk=int(own[1]))
        else:
            # As it stands in the kept JSON, which one database escapes and the other does not.
            named |= Q(papers__contains=json.dumps(reference)) | Q(papers__contains=json.dumps(reference, ensure_ascii=False))
    if named:
        steps = MatterStep.objects.annotate(papers=Cast("documents", TextField())).filter(named)
        wanted |= Q(pk__in=steps.values("matter_id"))
    return rows.filter(wanted)


def procedure_for(matter: Matter) -> Procedure:
    """The procedure that a matter runs under: the edition it began with."""
    return procedure_of(matter.edition)


def running_of(matter: Matter) -> Running:
    """What the engine needs to know of a matter, from its recorded steps and opinions."""
    steps = tuple(
        Step(each.state, each.taken_on, each.transition, str(each.actor_id or ""), tuple(each.overridden),
             str(each.on_behalf_of_id or ""))
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
