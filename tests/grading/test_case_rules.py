"""The rules made of conditions, judged by hand: every case of their files, and files of facts."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.grading.factories import AIRPORT, AS_OF, CROSSING, RULE_FILES, a_row, cases, law_of_case

from kouan.basis import Refused
from kouan.grading.access import AccessAir, AccessBorder
from kouan.grading.case_facts import CaseFacts
from kouan.grading.case_trial import CASE_RULES, parse_facts_jsonl, read_facts_jsonl, try_cases
from kouan.grading.ladder import WithdrawalLadder
from kouan.law import Law, Library

CASES = [(rule, case) for rule in RULE_FILES for case in cases(rule)]
LAW = Law(AS_OF)
_KEYS = {
    "name", "as_of", "with", "without", "projects", "rulings", "expect", "possible", "outcomes", "missing", "flags", "differs",
}  # fmt: skip


def rule_of(key: str) -> Any:
    return CASE_RULES[key.replace("_", "-")]()


def answers_of(rule: str, *rows: dict[str, Any], law: Law = LAW, file: str | None = None) -> list[dict[str, Any]]:
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    return try_cases(rule, parse_facts_jsonl(text), law, file=file)


def codes(answer: dict[str, Any]) -> list[str]:
    return [finding["code"] for finding in answer["findings"]]


@pytest.mark.parametrize(("rule", "case"), CASES, ids=[f"{rule}-{case['name']}" for rule, case in CASES])
def test_verdict_by_hand(rule: str, case: dict[str, Any]) -> None:
    assert set(case) <= _KEYS
    verdict = rule_of(rule).judge_row(a_row(rule, case), law_of_case(case))
    assert verdict.verdict == case["expect"], verdict.possible
    if "possible" in case:
        assert list(verdict.possible) == case["possible"]
    if "missing" in case:
        assert [each["fact"] for each in verdict.missing] == case["missing"]
    if "flags" in case:
        assert [flag.code for flag in verdict.flags] == case["flags"]
    if "differs" in case:
        assert {f"{o.reading.ambiguity} {o.reading.value}": o.verdict for o in verdict.differs_under} == case["differs"]
    steps = {step["rule"]: step["outcome"] for step in verdict.steps}
    assert steps | case.get("outcomes", {}) == steps


def test_there_are_enough_cases_and_their_names_are_unique_and_chinese() -> None:
    names = [f"{rule} {case['name']}" for rule, case in CASES]
    assert len(set(names)) == len(names) >= 120
    assert all(any("一" <= character <= "鿿" for character in case["name"]) for _, case in CASES)


@pytest.mark.parametrize("rule", RULE_FILES)
def test_every_verdict_of_the_rule_has_a_case(rule: str) -> None:
    kind = CASE_RULES[rule.replace("_", "-")]
    assert {case["expect"] for key, case in CASES if key == rule} == {*kind.verdicts, "unknown"}


@pytest.mark.parametrize("rule", RULE_FILES)
def test_every_criterion_has_cases_of_each_outcome(rule: str) -> None:
    """Each criterion is met, not met, and left open by some case."""
    seen: dict[str, set[str]] = {name: set() for name in CASE_RULES[rule.replace("_", "-")].criteria}
    for key, case in CASES:
        if key == rule:
            verdict = rule_of(rule).judge_row(a_row(rule, case), law_of_case(case))
            for name, outcomes in seen.items():
                outcomes.add(verdict.outcome(name) or "not in force")
    assert all({"true", "false", "unknown"} <= outcomes for outcomes in seen.values()), seen


def _limits() -> list[tuple[str, Any, Any]]:
    from kouan.law.criteria import Condition, walk

    found = {}
    for rule in CASE_RULES.values():
        for name in rule.criteria:
            for version in Library.shipped().criteria[name].versions:
                for node in walk(version.when):
                    if isinstance(node, Condition) and node.parameter:
                        value = Library.shipped().parameters[node.parameter].on(version.in_force_from)
                        assert value is not None
                        found[rule.key, node.fact, node.parameter, value.value] = (rule.key, node.fact, value)
    return list(found.values())


@pytest.mark.parametrize(("rule", "fact", "value"), _limits(), ids=lambda each: getattr(each, "key", str(each)))
def test_both_sides_of_every_number(rule: str, fact: str, value: Any) -> None:
    """For every number of a tree some case lies exactly on it and some case just below."""
    given = [Decimal(str(row[fact])) for key, case in CASES if key == rule and (row := a_row(rule, case)).get(fact) is not None]
    below = [each for each in given if each < value.value]
    assert value.value in given, f"{value.key}: no case at {value.value}"
    step = max(Decimal(1), value.value * Decimal("0.05"))
    assert any(value.value - each <= step for each in below), f"{value.key}: no case just below {value.value}"


# -- the answer


def test_a_step_carries_fact_value_required_and_citation() -> None:
    [answer] = answers_of("access-air", {**AIRPORT, "fixed_direct_routes": 9, "domestic_fixed_direct_routes": 9})
    step = next(step for step in answer["steps"] if step["rule"] == "AC-A3")
    assert (step["outcome"], step["fact"], step["value"], step["required"]) == ("false", "fixed_direct_routes", 9, 10)
    assert step["citation"]["article"] == "专栏5" and step["effect"] == "exception_track" and step["stage"] == "numeric"
    assert [step["rule"] for step in answer["steps"]] == [
        "AC-G1", "AC-A1", "AC-A1a", "AC-A1b", "AC-A1c", "AC-A2", "AC-A6", "AC-A3", "AC-A3-distance", "AC-A3-inland-border",
        "AC-A3-coastal", "AC-A4", "AC-A5",
    ]  # fmt: skip


def test_a_missing_fact_says_who_can_supply_it() -> None:
    row = {key: value for key, value in CROSSING.items() if key != "diplomatic_consensus_opening"}
    [answer] = answers_of("access-border", row)
    assert answer["verdict"] == "unknown"
    [missing] = answer["missing"]
    assert missing["fact"] == "diplomatic_consensus_opening" and missing["supplied_by"][0]["role"] == "MFA"
    step = next(step for step in answer["steps"] if step["rule"] == "AC-B1")
    assert step["outcome"] == "unknown" and step["missing"] == [missing]


def test_readings_list_every_setting_with_what_the_others_give() -> None:
    [answer] = answers_of("access-air", {**AIRPORT, "fixed_direct_routes": 10})
    assert [each["key"] for each in answer["readings"]] == list(AccessAir.settings)
    by_key = {each["key"]: each for each in answer["readings"]}
    [other] = by_key["access.at_least"]["others"]
    assert (other["value"], other["verdict"], other["differs"]) == ("exclusive", "exception_track", True)
    # Another reading that asks for a fact nobody gave is not said to differ: it cannot be told.
    [other] = by_key["access.peak_window"]["others"]
    assert (other["verdict"], other["differs"]) == ("unknown", None)
    assert other["missing"] == ["peak_annual_passengers_in_five_years"]


def test_the_coastal_number_cites_its_own_instrument_by_date() -> None:
    row = {**AIRPORT, "region_class": "coastal", "domestic_fixed_direct_routes": 15, "fixed_direct_routes": 15}
    [early] = answers_of("access-air", row, law=Law(date(2019, 6, 30)))
    step = next(step for step in early["steps"] if step["rule"] == "AC-A3-coastal")
    assert step["outcome"] == "true" and "暂行" in step["citation"]["instrument"]
    assert [part["required"] for part in step["parts"]] == ["coastal", 15]


def test_check_reports_what_holds_a_case_up() -> None:
    rule = AccessBorder()
    finding = rule.check(CaseFacts({**CROSSING, "serves_zone": "none", "diplomatic_consensus_opening": False}), LAW)
    assert finding is not None and finding.code == "access_border" and "共识" in str(finding.measured)
    assert rule.check(CaseFacts({**CROSSING, "serves_zone": "none"}), LAW) is None
    assert WithdrawalLadder().check(CaseFacts({"years_below": 0}), LAW) is None


# -- bad facts


@pytest.mark.parametrize(
    ("change", "code", "key"),
    [
        ({"fixed_direct_route": 12}, "unknown_key", "fixed_direct_route"),
        ({"天气": "晴"}, "unknown_key", "天气"),
        ({"fixed_direct_routes": -1}, "negative_figure", "fixed_direct_routes"),
        ({"distance_km_to_nearest_open_air_port": -0.1}, "negative_figure", "distance_km_to_nearest_open_air_port"),
        ({"fixed_direct_routes": 10.5}, "not_whole", "fixed_direct_routes"),
        ({"fixed_direct_routes": "10"}, "wrong_type", "fixed_direct_routes"),
        ({"fixed_direct_routes": True}, "wrong_type", "fixed_direct_routes"),
        ({"civil_military_airport": 0}, "wrong_type", "civil_military_airport"),
        ({"civil_military_airport": "false"}, "wrong_type", "civil_military_airport"),
        ({"region_class": "seaside"}, "unknown_code", "region_class"),
        ({"region_class": 1}, "wrong_type", "region_class"),
        ({"peak_annual_passengers": 10**12}, "impossible_figure", "peak_annual_passengers"),
        ({"driving_hours_to_nearest_open_air_port": 1000}, "impossible_figure", "driving_hours_to_nearest_open_air_port"),
        ({"filed_on": "2024-07-01"}, "date_in_future", "filed_on"),
        ({"filed_on": "2024-02-30"}, "not_a_date", "filed_on"),
        ({"projects": {}}, "wrong_type", "projects"),
        ({"projects": [1]}, "wrong_type", "projects"),
        ({"projects": [{"listed": True}]}, "unknown_key", "listed"),
        ({"projects": [{"listed_in_13fyp_plan": "yes"}]}, "wrong_type", "listed_in_13fyp_plan"),
        ({"projects": [{"excuse_code": "neighbor_country"}]}, "unknown_code", "excuse_code"),
        ({"peak_annual_passengers_in_five_years": 1_600_001}, "facts_contradict", "peak_annual_passengers_in_five_years"),
    ],
)
def test_what_cannot_be_is_a_finding_with_line_and_key(change: dict[str, Any], code: str, key: str) -> None:
    good, bad = answers_of("access-air", AIRPORT, {**AIRPORT, **change}, file="facts.jsonl")
    assert good["verdict"] == "eligible" and not good["findings"]
    assert bad["verdict"] is None and set(bad) == set(good)
    [finding] = bad["findings"]
    assert (finding["code"], finding["severity"]) == (code, "error")
    assert finding["where"]["row"] == 2 and finding["where"]["field"] == key and finding["where"]["file"] == "facts.jsonl"
    assert key in finding["message"]["zh"] and key in finding["message"]["en"]
    assert finding["remedy"]["zh"] and finding["remedy"]["en"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{", "not_json"), ("years_below,1", "not_json"), ("[1]", "not_an_object"), ("3", "not_an_object"),
        ('{"years_below": NaN}', "not_a_number"), ('{"years_below": 1, "years_below": 2}', "duplicate_key"),
        ('{"years_below": 1e400}', "impossible_figure"), ("[" * 100_000, "not_json"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_read_leaves_the_others_judged(line: str, code: str) -> None:
    text = f'{{"years_below": 1, "is_border": false, "strategy_mark": false}}\n\n{line}\n{{"years_below": 0}}\n'
    found = try_cases("withdrawal-ladder", parse_facts_jsonl(text), LAW)
    assert [each["verdict"] for each in found] == ["notice", None, "none"]
    assert [(each["row"], each["line"]) for each in found] == [(1, 1), (2, 3), (3, 4)]
    assert codes(found[1]) == [code] and found[1]["findings"][0]["where"]["row"] == 3


def test_facts_of_other_rules_and_other_codes_are_told_but_do_not_stop() -> None:
    [found] = answers_of("access-border", {**CROSSING, "freight_hub_airport": True, "serves_zone": "综合保税区"})
    assert found["verdict"] == "eligible" and codes(found) == ["code_not_listed", "fact_not_used"]
    [found] = answers_of("access-air", {**AIRPORT, "fixed_direct_routes": 10, "domestic_fixed_direct_routes": 11})
    assert found["verdict"] == "eligible" and codes(found) == ["part_above_whole"]


def test_null_is_a_missing_fact_but_for_codes_that_may_be_none() -> None:
    [found] = answers_of("access-air", {**AIRPORT, "civil_military_airport": None})
    assert found["verdict"] == "unknown"
    [found] = answers_of("access-border", {**CROSSING, "serves_zone": None, "promotes_local_economy_and_border_stability": True})
    assert found["verdict"] == "eligible"


@pytest.mark.parametrize(("content", "code"), [(b"", "empty_file"), (b"\n \n", "empty_file"), (b"PK\x03\x04x", "is_spreadsheet")])
def test_a_file_without_facts_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    file = tmp_path / "facts.jsonl"
    file.write_bytes(content)
    with pytest.raises(Refused) as refusal:
        read_facts_jsonl(file)
    assert refusal.value.findings[0].code == code


def test_a_file_saved_by_an_office_is_read(tmp_path: Path) -> None:
    file = tmp_path / "facts.jsonl"
    for encoding in ("utf-8-sig", "gb18030", "utf-16"):
        file.write_bytes('{"serves_zone": "边境经济合作区", "code": "某口岸"}\r\n'.encode(encoding))
        [line] = read_facts_jsonl(file)
        assert line.given == {"serves_zone": "边境经济合作区", "code": "某口岸"}


def test_facts_that_cannot_be_are_refused_by_the_rule_itself() -> None:
    with pytest.raises(Refused):
        AccessAir().judge_row({"fixed_direct_routes": -1}, LAW)
