"""Rows in conflict: which belong together, and taking one of them as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from files import a_csv, a_return

from accounts.factories import a_port_reporter, a_provincial_officer
from kouan.audit.models import AuditEntry
from kouan.basis import NotAllowed, NotFound, Refused
from kouan.collection import conflicts
from kouan.collection.actions import take_in
from kouan.collection.models import Holding, Observation

pytestmark = pytest.mark.usefixtures("register")


def held_rows(actor: Any, place: Path) -> list[Holding]:
    """The rows that a file leaves held."""
    take_in(actor=actor, path=place, source="port-return")
    return list(Holding.objects.filter(outcome="held").order_by("row"))


def test_the_rows_of_one_conflict_know_each_other_and_no_more(tmp_path: Path, national: Any) -> None:
    rows = held_rows(national, a_csv(tmp_path, [
        a_return(0), a_return(2175), a_return(3), a_return(5, period="2023-04"),
        a_return(6, period="2023-04"), a_return("约三百万", period="2023-05"),
    ]))
    known = {row.row: [other.row for other in conflicts.others_of(national, row)] for row in rows}
    assert known == {2: [3, 4], 3: [2, 4], 4: [2, 3], 5: [6], 6: [5], 7: []}
    stranger = a_provincial_officer("15")
    assert conflicts.others_of(stranger, rows[0]) == []


def test_lines_say_where_the_rows_differ(tmp_path: Path, national: Any) -> None:
    rows = held_rows(national, a_csv(tmp_path, [a_return(0), a_return(2175)]))
    lines = conflicts.lines_of(rows)
    assert [line["said"] for line in lines if line["differs"]] == [["0", "2175"]]
    assert {line["heading"] for line in lines} >= {"口岸", "数值"}


def test_one_is_taken_and_the_rest_are_set_aside_or_nothing_happens(tmp_path: Path, national: Any) -> None:
    first, second, third = held_rows(national, a_csv(tmp_path, [a_return(0), a_return(2175), a_return(3)]))
    others = [first.pk, third.pk]
    with pytest.raises(Refused):
        conflicts.take_row(actor=national, holding_id=second.pk, instead_of=others, reason="")
    assert not Holding.objects.exclude(resolution="").exists() and not Observation.objects.exists()
    (figure,) = conflicts.take_row(actor=national, holding_id=second.pk, instead_of=others, reason="与边检核对")
    assert figure.value == 2175
    assert list(Holding.objects.order_by("row").values_list("resolution", flat=True)) == ["discarded", "accepted", "discarded"]
    assert set(AuditEntry.objects.filter(table_name="collection_holding", kind="U").values_list("note", flat=True)) == {
        "collection.actions.accept_holding", "collection.actions.discard_holding"}
    with pytest.raises(Refused):
        conflicts.take_row(actor=national, holding_id=first.pk, instead_of=[second.pk], reason="反悔")


def test_only_who_decides_takes_and_only_in_scope(tmp_path: Path, national: Any) -> None:
    first, second = held_rows(national, a_csv(tmp_path, [a_return(0), a_return(2175)]))
    with pytest.raises(NotAllowed):
        conflicts.take_row(actor=a_port_reporter("luohu-rail"), holding_id=first.pk, instead_of=[second.pk], reason="x")
    with pytest.raises(NotFound):
        conflicts.take_row(actor=a_provincial_officer("15"), holding_id=first.pk, instead_of=[second.pk], reason="x")
    assert not Holding.objects.exclude(resolution="").exists()
