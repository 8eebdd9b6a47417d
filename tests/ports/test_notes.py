"""English for the notes of the register: all of ours, none of others'."""

from __future__ import annotations

import csv
from importlib.resources import files

import pytest

from kouan.ports.notes import english, note_text


def test_every_note_of_the_bundled_register_has_english() -> None:
    with (files("kouan.ports") / "register" / "ports.csv").open(encoding="utf-8") as file:
        notes = {row[name] for row in csv.DictReader(file) for name in ("class_basis", "source_note", "position_source") if row[name]}
    assert len(notes) > 150
    assert {note for note in notes if english(note) is None} == set()


@pytest.mark.parametrize(("note", "said"), [
    ("按运输方式：铁路", "by mode: rail"),
    ("建议值，待国家口岸办确认（A-09）", "suggested, to be confirmed by the national office (A-09)"),
    ("对侧口岸点 Lo Wu 逐日有通关人数；最近一期截至 2025-12-31。据此登记为运行，不代表开放日期。",
     "counterpart point Lo Wu: persons cleared day by day; the latest up to 2025-12-31; "
     "registered as open on this ground; that is not its day of opening"),
])
def test_clauses(note: str, said: str) -> None:
    assert english(note) == said


def test_what_an_officer_wrote_stays_as_a_whole() -> None:
    assert english("规划专栏3 BDR-12；由当地口岸办补正") is None
    kept = note_text("规划专栏3 BDR-12；由当地口岸办补正")
    assert kept is not None and kept.zh == kept.en
    assert note_text("") is None
