"""What is asked of the changes on record: those that are law, and those a user may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from kouan.audit.actions import record_event
from kouan.basis import NotFound, Place, Text, clock
from kouan.grading.lawbook.models import ChangeState, LawChange, LawChangeQuerySet
from kouan.law import DatedValue, Library, Ruling
from kouan.law.changes import PARAMETER, RULING, Change

STATES: Mapping[str, Text] = {
    ChangeState.PROPOSED: Text("待批准", "waiting for approval"), ChangeState.APPROVED: Text("已批准", "approved"),
    ChangeState.REJECTED: Text("未批准", "rejected"), ChangeState.WITHDRAWN: Text("已撤回", "withdrawn"),
}


def approved_changes(known_at: date | None = None) -> list[LawChange]:
    """Every change approved here, oldest first, in one query; with ``known_at`` those issued and approved by that day."""
    rows = LawChange.objects.approved().order_by("id")
    if known_at is not None:
        # The whole day in Beijing counts as known.
        next_day = datetime.combine(known_at + timedelta(days=1), time(), tzinfo=clock.BEIJING)
        rows = rows.filter(decided_at__lt=next_day, issued__lte=known_at)
    return list(rows)


def approved_rulings(approved: Iterable[LawChange]) -> tuple[Ruling, ...]:
    """The rulings among approved changes."""
    questions = Library.shipped().questions
    rulings = (row.change().ruling() for row in approved if row.kind == RULING)
    # A point that a later release no longer leaves open needs no ruling.
    return tuple(each for each in rulings if each.setting in questions and each.value in questions[each.setting].choices)


def approved_parameters(day: date, approved: Iterable[LawChange]) -> tuple[Change, ...]:
    """The values of parameters among approved changes that hold from ``day`` or before."""
    return tuple(row.change() for row in approved if row.kind == PARAMETER and row.from_date <= day)


def approved_values(day: date, approved: Iterable[LawChange]) -> tuple[DatedValue, ...]:
    """The same as values of the library. A parameter that a later release no longer has is left out."""
    library = Library.shipped()
    return tuple(each.dated_value(library) for each in approved_parameters(day, approved) if each.key in library.parameters)


def changes_visible_to(user: Any) -> LawChangeQuerySet:
    """The changes a user may see, the newest first."""
    return LawChange.objects.visible_to(user)


def get_change(user: Any, number: int) -> LawChange:
    """One change; NotFound, with an entry in the trail, where there is none or it is not the user's to see."""
    found = changes_visible_to(user).filter(pk=number).first()
    if found is None:
        record_event("out_of_reach", actor_id=getattr(user, "pk", None), payload={"kind": "law_change", "number": number})
        raise NotFound.because(
            "unknown_law_change", f"没有第{number}号法规变更，或它不在您的查看范围内。",
            f"There is no change of law number {number}, or it lies outside what you may see.", where=Place(field="number"),
            remedy=("kouan law changes 列出可见的各项。", "kouan law changes lists those you may see."))
    return found
