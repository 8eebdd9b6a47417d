"""Every rule has cases on both sides of each of its thresholds, for each dated value, and of each setting."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import kouan.grading.rules  # noqa: F401 - registers its rules
from kouan.basis.strict_yaml import load_file
from kouan.grading.lists import CLEARING_YEARS
from kouan.law import Library, Parameter, registered_rules

TESTS = Path(__file__).resolve().parents[1]
LIBRARY = Library.shipped()


def _cases(rule: str) -> list[dict[str, Any]]:
    return [case for file in sorted(TESTS.glob(f"*/cases/{rule}*.yaml")) for case in load_file(file)]


def _used(prefixes: tuple[str, ...]) -> list[Parameter]:
    return [p for key, p in LIBRARY.parameters.items() if any(key.startswith(prefix) for prefix in prefixes)]


RULES = registered_rules()
THRESHOLDS = [
    (rule, parameter, value)
    for rule, kind in RULES.items()
    for parameter in _used(kind.parameters)
    if parameter.measure
    for value in parameter.values
]


def test_there_are_rules() -> None:
    assert "volume_standard" in RULES
    # 7 classes, 2 measures, 2 instruments
    assert len([t for t in THRESHOLDS if t[0] == "volume_standard"]) == 28


@pytest.mark.parametrize("rule", RULES)
def test_the_sentence_is_chinese_and_cited(rule: str) -> None:
    sentence = RULES[rule].sentence()
    assert any("一" <= character <= "鿿" for character in sentence.zh)
    assert sentence.zh.endswith("。") and sentence.en.endswith(".")
    for citation in RULES[rule].citations:
        assert citation.instrument and citation.article and citation.quote


@pytest.mark.parametrize(
    ("rule", "parameter", "value"), THRESHOLDS, ids=[f"{p.key}-{v.in_force_from}" for _, p, v in THRESHOLDS]
)
def test_both_sides_of_the_threshold(rule: str, parameter: Parameter, value: Any) -> None:
    """One case exactly at the limit that meets by this measure alone, one a single unit below that fails."""
    subject = parameter.key.split(".")[-2]
    other = {"cargo_tonnes": "person_crossings", "person_crossings": "cargo_tonnes"}[parameter.measure or ""]
    other_limits = {
        p.measure: p for p in LIBRARY.parameters.values() if p.key.startswith(f"{rule}.{subject}.")
    }
    met, missed = [], []
    for case in _cases(rule):
        port, year = case["port"], case.get("year")
        if port.get("transport_class") != subject or "rulings" in case or year is None:
            continue
        used = parameter.on(date(year, 1, 1))
        if used != value or port.get(other) is None:
            continue
        limit_of_other = other_limits[other].on(date(year, 1, 1))
        assert limit_of_other is not None
        if Decimal(port[other]) >= limit_of_other.value:
            continue
        if port.get(parameter.measure) == value.value and case.get("expect") == "meets":
            met.append(case["name"])
        if port.get(parameter.measure) == value.value - 1 and case.get("expect") == "fails":
            missed.append(case["name"])
    assert met, f"no case at {parameter.key} = {value.printed_text} from {value.in_force_from}"
    assert missed, f"no case one below {parameter.key} = {value.printed_text} from {value.in_force_from}"


@pytest.mark.parametrize("rule", RULES)
def test_every_setting_has_a_case_under_another_reading(rule: str) -> None:
    ruled = {ruling["setting"] for case in _cases(rule) for ruling in case.get("rulings", ())}
    assert set(RULES[rule].settings) <= ruled


@pytest.mark.parametrize("rule", RULES)
def test_every_key_a_rule_names_exists(rule: str) -> None:
    assert set(RULES[rule].settings) <= set(LIBRARY.questions)
    for prefix in RULES[rule].parameters:
        assert _used((prefix,)), f"{rule} uses {prefix}, which no parameter has"


def test_every_parameter_and_setting_is_used_by_a_rule() -> None:
    used = {p.key for kind in RULES.values() for p in _used(kind.parameters)}
    # The list of class-II ports counts days to one of them; no rule judges facts by it.
    assert set(LIBRARY.parameters) == used | {CLEARING_YEARS}
    assert set(LIBRARY.questions) == {key for kind in RULES.values() for key in (*kind.settings, *kind.beside)}


def test_every_verdict_of_the_volume_standard_has_a_case() -> None:
    from kouan.grading import Verdict

    assert {case["expect"] for case in _cases("volume_standard") if "expect" in case} == {
        v.value for v in Verdict
    }
