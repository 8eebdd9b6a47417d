"""Every figure of the law is cited, in both languages, in units and measures the house knows."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from kouan.law import Library

LIBRARY = Library.shipped()
ROOM = Path(__file__).resolve().parents[2] / "src" / "kouan" / "law"
_CHINESE = re.compile(r"[一-鿿]")


@pytest.mark.parametrize("key", LIBRARY.parameters)
def test_every_value_is_cited(key: str) -> None:
    parameter = LIBRARY.parameters[key]
    assert _CHINESE.search(parameter.label.zh) and parameter.label.en
    assert parameter.values
    for value in parameter.values:
        citation = value.citation
        assert citation.instrument and citation.article and citation.quote
        assert citation.issued == value.issued
        assert citation.in_force_from == value.in_force_from
        # A value that holds before it was issued needs a plan or decree that says so; none is issued years late.
        assert abs((value.issued - value.in_force_from).days) < 366


@pytest.mark.parametrize("key", LIBRARY.questions)
def test_every_setting_is_cited(key: str) -> None:
    question = LIBRARY.questions[key]
    assert re.fullmatch(r"A-\d\d", question.ambiguity)
    assert question.citation.instrument and question.citation.article and question.citation.quote
    assert _CHINESE.search(question.question.zh) and question.question.en
    assert _CHINESE.search(question.reason.zh) and question.reason.en
    assert question.default in question.choices and len(question.choices) >= 2
    for label in question.choices.values():
        assert _CHINESE.search(label.zh) and not _CHINESE.search(label.en.replace("万吨", ""))


def test_the_ambiguities_of_the_first_issue_are_settings() -> None:
    assert {q.ambiguity for q in LIBRARY.questions.values()} >= {
        "A-01",
        "A-02",
        "A-03",
        "A-17",
        "A-18",
        "A-31",
    }


def test_no_number_of_a_decree_stands_in_the_code_of_rules() -> None:
    """A threshold in a rule file would be a constant that no decree can change."""
    for name in ("rules.py", "standard.py", "verdict.py", "words.py", "grace.py"):
        code = (ROOM.parent / "grading" / name).read_text(encoding="utf-8")
        without_text = re.sub(r'"""[\s\S]*?"""|"[^"\n]*"|#.*', "", code)
        numbers = {int(n.replace("_", "")) for n in re.findall(r"(?<![\w.])\d[\d_]*(?![\w.])", without_text)}
        limits = {int(v.value) for p in LIBRARY.parameters.values() if p.measure for v in p.values}
        assert not numbers & limits, f"{name} holds {numbers & limits}"


def test_the_values_are_those_of_the_box() -> None:
    """The fourteen cells of 专栏6, written out here a second time by hand, with the 2017 values beside."""
    box = {
        "sea": (1000, 1, 100, 1),
        "inland_river": (20, 1, 20, 1),
        "boundary_river": (5, 1, 5, 1),
        "rail": (10, 10, 10, 10),
        "road": (5, 5, 5, 5),
        "air_coastal": (3, 10, 3, 10),
        "air_other": (3, 5, 3, 5),
    }
    for subject, cells in box.items():
        found = [
            LIBRARY.parameters[f"volume_standard.{subject}.{part}"].on(day)
            for day in (date(2021, 1, 1), date(2017, 1, 1))
            for part in ("cargo", "persons")
        ]
        assert [v and v.printed for v in found] == list(cells)
        assert [v and v.value for v in found] == [cell * 10_000 for cell in cells]


def test_every_yaml_file_is_read() -> None:
    files = {file.relative_to(ROOM).as_posix() for file in ROOM.rglob("*.yaml")}
    read = {p.file for p in LIBRARY.parameters.values()} | {q.file for q in LIBRARY.questions.values()}
    assert files == read


def test_every_measure_is_in_the_registry() -> None:
    measures = pytest.importorskip("kouan.basis.measures")
    for parameter in LIBRARY.parameters.values():
        if parameter.measure:
            assert measures.get(parameter.measure).unit in (parameter.unit, parameter.unit.upper())
