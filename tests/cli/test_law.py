"""``kouan law try`` and ``law show``."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.django_db

CASES = [
    case
    for place in sorted((Path(__file__).parents[1] / "grading" / "cases").glob("volume_standard_*.yaml"))
    for case in yaml.safe_load(place.read_text(encoding="utf-8"))
]
COLUMNS = ["transport_class", "is_border", "accepted_on", "year", "cargo_tonnes", "person_crossings", "months_reported"]
PLAIN = [
    case for case in CASES
    if isinstance(case.get("expect"), str) and set(case["port"]) <= set(COLUMNS)
    and not isinstance(case["port"].get("months_reported"), dict) and set(case) <= {"name", "year", "as_of", "port", "expect", "differs", "flags"}
]


def a_facts_file(folder: Path, cases: list[dict[str, Any]]) -> str:
    """The cases as an office would save them: one row each, an empty cell for a missing fact."""
    place = folder / "facts.csv"
    with place.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for case in cases:
            row = {**case["port"], "year": case.get("year")}
            writer.writerow({name: str(value).lower() if isinstance(value, bool) else value for name, value in row.items()
                             if value is not None})
    return str(place)


DAYS = sorted({str(case["as_of"]) for case in PLAIN})


@pytest.mark.parametrize("day", DAYS)
def test_hand_cases_give_their_verdicts_row_by_row(kouan: Any, tmp_path: Path, day: str) -> None:
    cases = [case for case in PLAIN if str(case["as_of"]) == day]
    ran = kouan("law", "try", "volume-standard", "--facts", a_facts_file(tmp_path, cases), "--as-of", day, "--json")
    answers = ran.json
    assert isinstance(answers, list)
    assert [(case["name"], answer["verdict"]) for case, answer in zip(cases, answers, strict=True)] == [
        (case["name"], case["expect"]) for case in cases
    ]
    for answer in answers:
        assert {"verdict", "margins", "steps", "readings", "flags", "citation"} <= set(answer)
        assert answer["steps"] and answer["readings"]


def test_there_are_cases_on_every_verdict() -> None:
    assert {case["expect"] for case in PLAIN} >= {"meets", "fails", "in_grace", "monitored", "incomplete", "unclassified"}


def test_the_table_says_the_same_in_words(kouan: Any, tmp_path: Path) -> None:
    cases = [case for case in PLAIN if case["expect"] in ("meets", "fails")][:6]
    ran = kouan("law", "try", "volume-standard", "--facts", a_facts_file(tmp_path, cases), "--as-of", "2024-06-30")
    assert ran.status == 0
    assert "达标" in ran.out and "结论" in ran.out
    ran = kouan("-l", "en", "law", "try", "volume-standard", "--facts", a_facts_file(tmp_path, cases), "--as-of", "2024-06-30")
    assert "meets the standard" in ran.out


def test_a_cell_that_cannot_be_read_gives_no_verdict_and_status_1(kouan: Any, tmp_path: Path) -> None:
    place = tmp_path / "facts.csv"
    place.write_text("transport_class,year,cargo_tonnes\nsea,2023,许多\nrail,2023,100\n", encoding="utf-8")
    ran = kouan("law", "try", "volume-standard", "--facts", str(place), "--as-of", "2024-06-30", "--json")
    assert ran.status == 1
    assert ran.json[0]["verdict"] is None and ran.json[1]["verdict"] is not None
    assert any(finding["where"].get("row") == 2 for finding in ran.json[0]["findings"])


@pytest.mark.parametrize("arguments", [
    ("law", "try", "other-rule", "--facts", "FILE", "--as-of", "2024-06-30"),
    ("law", "try", "volume-standard", "--facts", "FILE", "--as-of", "soon"),
    ("law", "try", "volume-standard", "--facts", "nowhere.csv", "--as-of", "2024-06-30"),
    ("law", "try", "volume-standard", "--facts", "FILE"),
])
def test_arguments_that_cannot_be_used(kouan: Any, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    facts = a_facts_file(tmp_path, PLAIN[:1])
    assert kouan(*(facts if each == "FILE" else each for each in arguments), "--json").status == 2


@pytest.mark.parametrize("as_of", ["1949-10-01", "2016-12-31", "2020-12-31", "2026-01-01"])
def test_the_law_is_shown_for_any_day(kouan: Any, as_of: str) -> None:
    ran = kouan("law", "show", "--as-of", as_of)
    assert ran.status == 0 and "volume_standard.sea.cargo" in ran.out
    [line] = [line for line in ran.out.splitlines() if line.startswith("volume_standard.sea.cargo ")]
    assert ("尚未施行" in line) == (as_of < "2017")
    assert kouan("law", "show", "--as-of", as_of, "--json").json["parameters"]
    assert kouan("law", "show", "volume_standard.sea.cargo", "--as-of", as_of).status == 0


def test_one_parameter_one_setting_and_none(kouan: Any) -> None:
    one = kouan("law", "show", "volume_standard.sea.cargo", "--json").json
    assert [each["key"] for each in one["parameters"]] == ["volume_standard.sea.cargo"] and one["settings"] == []
    assert "A-02" in kouan("law", "show", "volume_standard.combine").out
    missing = kouan("law", "show", "volume_standard.see.cargo", "--json")
    assert missing.status == 1 and missing.codes == ["unknown_law_key"]


def test_pages_of_the_law_are_written(kouan: Any, tmp_path: Path) -> None:
    assert kouan("law", "docs", str(tmp_path / "law")).status == 0
    assert (tmp_path / "law" / "parameters.md").exists()


AIRPORT = {
    "projects": [], "air_ports_that_should_withdraw": 0, "air_ports_approved_unaccepted_years_max": 0, "air_ports_below_volume_standard": 0,
    "civil_military_airport": False, "listed_in_14fyp_plan": True, "distance_km_to_nearest_open_air_port": 199.9,
    "driving_hours_to_nearest_open_air_port": 2, "region_class": "inland", "fixed_direct_routes": 10, "domestic_fixed_direct_routes": 8,
    "peak_annual_passengers": 1_500_000, "freight_hub_airport": False, "hub_airport": False, "real_need_shown": False,
    "full_demonstration_done": False,
}


def a_jsonl_file(folder: Path, *rows: dict[str, Any]) -> str:
    place = folder / "facts.jsonl"
    place.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n", encoding="utf-8")
    return str(place)


def test_an_airport_is_tried_from_a_file_of_json_lines(kouan: Any, tmp_path: Path) -> None:
    file = a_jsonl_file(tmp_path, AIRPORT, {**AIRPORT, "civil_military_airport": True, "code": "某机场"}, {})
    ran = kouan("law", "try", "access-air", "--facts", file, "--as-of", "2024-06-30", "--json")
    assert ran.status == 0
    assert [answer["verdict"] for answer in ran.json] == ["eligible", "strict_control", "unknown"]
    assert {"verdict", "steps", "readings", "flags", "citation", "findings"} <= set(ran.json[0])
    ran = kouan("law", "try", "access-air", "--facts", file, "--as-of", "2024-06-30")
    assert ran.status == 0 and "从严控制" in ran.out and "某机场" in ran.out and "AC-A2" in ran.out and "省级口岸管理部门" in ran.out
    ran = kouan("-l", "en", "law", "try", "access-air", "--facts", file, "--as-of", "2024-06-30")
    assert "strict control" in ran.out and "provincial port office" in ran.out


@pytest.mark.parametrize(("rule", "row", "verdict"), [
    ("access-border", {"projects": [], "in_bilateral_border_port_agreement": False}, "not_ready"),
    ("access-water", {"projects": [], "open_water_ports_in_city": 1}, "redirect"),
    ("province-gate", {"projects": []}, "eligible"),
    ("withdrawal-ladder", {"years_below": 2, "is_border": False, "strategy_mark": False}, "rectify"),
    ("grade-proposal", {"strategy": 95, "benefit": 95, "reach": 95}, "hub"),
])
def test_every_rule_is_tried_by_its_name(kouan: Any, tmp_path: Path, rule: str, row: dict[str, Any], verdict: str) -> None:
    ran = kouan("law", "try", rule, "--facts", a_jsonl_file(tmp_path, row), "--as-of", "2024-06-30", "--json")
    assert (ran.status, ran.json[0]["verdict"]) == (0, verdict)


def test_a_ruling_from_a_file_changes_the_reading(kouan: Any, tmp_path: Path) -> None:
    rulings = tmp_path / "rulings.yaml"
    rulings.write_text("- setting: access.distance_or_hours\n  value: both\n  from_date: 2024-01-01\n  document_number: 测试函〔2023〕1号\n"
                       "  document_title: 关于测试用解释的函\n  issued: 2023-12-01\n", encoding="utf-8")
    file = a_jsonl_file(tmp_path, AIRPORT)
    for day, verdict in (("2023-12-31", "eligible"), ("2024-01-01", "exception_track")):
        ran = kouan("law", "try", "access-air", "--facts", file, "--as-of", day, "--rulings", str(rulings), "--json")
        assert ran.json[0]["verdict"] == verdict


def test_facts_that_cannot_be_end_with_status_1_and_name_line_and_key(kouan: Any, tmp_path: Path) -> None:
    file = a_jsonl_file(tmp_path, AIRPORT, {**AIRPORT, "fixed_direct_routes": -1, "weather": "fine"})
    ran = kouan("law", "try", "access-air", "--facts", file, "--as-of", "2024-06-30", "--json")
    assert ran.status == 1 and [answer["verdict"] for answer in ran.json] == ["eligible", None]
    places = {(finding["code"], finding["where"]["row"], finding["where"]["field"]) for finding in ran.json[1]["findings"]}
    assert places == {("negative_figure", 2, "fixed_direct_routes"), ("unknown_key", 2, "weather")}
    ran = kouan("law", "try", "access-air", "--facts", file, "--as-of", "2024-06-30")
    assert ran.status == 1 and "第2行" in ran.err and "fixed_direct_routes" in ran.err
