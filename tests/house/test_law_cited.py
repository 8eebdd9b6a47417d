"""Every figure of the law is cited, in both languages, in units and measures the house knows."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from kouan.law import Library
from kouan.law.criteria import Condition, walk

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


@pytest.mark.parametrize("key", LIBRARY.criteria)
def test_every_criterion_is_cited(key: str) -> None:
    criterion = LIBRARY.criteria[key]
    assert _CHINESE.search(criterion.label.zh) and not _CHINESE.search(criterion.label.en)
    assert _CHINESE.search(criterion.means.zh) and not _CHINESE.search(criterion.means.en)
    assert criterion.versions
    for version in criterion.versions:
        citation = version.citation
        assert citation.instrument and citation.article and citation.quote
        assert (citation.issued, citation.in_force_from) == (version.issued, version.in_force_from)
        assert abs((version.issued - version.in_force_from).days) < 366


@pytest.mark.parametrize("key", LIBRARY.facts)
def test_every_fact_says_who_can_supply_it(key: str) -> None:
    fact = LIBRARY.facts[key]
    assert fact.supplied_by and set(fact.supplied_by) <= set(LIBRARY.roles)
    assert _CHINESE.search(fact.label.zh) and not _CHINESE.search(fact.label.en)
    assert (fact.only_under is None) or fact.only_under in LIBRARY.questions


def test_every_fact_is_read_by_a_criterion() -> None:
    read = {
        node.fact for c in LIBRARY.criteria.values() for v in c.versions for node in walk(v.when) if isinstance(node, Condition)
    }  # fmt: skip
    assert read | {"projects"} == set(LIBRARY.facts)


def test_the_numbers_of_access_are_those_of_the_box() -> None:
    """专栏5, written out here a second time by hand: (before the plan, the plan)."""
    box = {
        "distance.km": (None, 200), "distance.driving_hours": (None, 2), "inland_border.routes": (10, 10),
        "inland_border.passengers": (None, 1_500_000), "coastal.domestic_routes": (15, 20),
        "coastal.passengers": (None, 3_000_000), "air_gate.unaccepted_years": (None, 3), "air_gate.below_standard": (None, 1),
        "air_gate.should_withdraw": (None, 1), "one_city.open_ports": (None, 1),
    }  # fmt: skip
    assert {f"access.{key}" for key in box} == {key for key in LIBRARY.parameters if key.startswith("access.")}
    for key, cells in box.items():
        found = [LIBRARY.parameters[f"access.{key}"].on(day) for day in (date(2020, 12, 31), date(2021, 1, 1))]
        assert tuple(value.value if value else None for value in found) == cells


def test_the_ambiguities_that_touch_access_withdrawal_and_grades_are_settings() -> None:
    named = {q.ambiguity for key, q in LIBRARY.questions.items() if key.split(".")[0] in ("access", "withdrawal_ladder", "grade_proposal")}
    assert named == {
        "A-05", "A-06", "A-07", "A-08", "A-09", "A-10", "A-11", "A-12", "A-13", "A-14", "A-15", "A-22", "A-30", "A-31",
    }  # fmt: skip


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
    for name in ("rules.py", "standard.py", "verdict.py", "words.py", "grace.py", "access.py", "ladder.py", "case_rule.py"):
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
    read |= {c.file for c in LIBRARY.criteria.values()}
    assert files == read | {"criteria/facts.yaml"}


def test_every_measure_is_in_the_registry() -> None:
    measures = pytest.importorskip("kouan.basis.measures")
    for parameter in LIBRARY.parameters.values():
        if parameter.measure:
            assert measures.get(parameter.measure).unit in (parameter.unit, parameter.unit.upper())
