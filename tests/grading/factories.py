"""Builders of facts in field words."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from kouan.basis.strict_yaml import load_file
from kouan.grading import PortFacts
from kouan.law import Law, Ruling

CASES = Path(__file__).parent / "cases"
AS_OF = date(2024, 6, 30)


def a_port(**facts: Any) -> PortFacts:
    """A railway port inside the country, accepted long ago, with a whole year reported: 2023."""
    whole: dict[str, Any] = {
        "code": "somewhere-rail",
        "year": 2023,
        "transport_class": "rail",
        "is_border": False,
        "accepted_on": date(2005, 1, 1),
        "months_reported": 12,
        "cargo_tonnes": 0,
        "person_crossings": 0,
    }
    return PortFacts(**{**whole, **facts})


def a_ruling(setting: str, value: str, from_date: date = date(2024, 1, 1), **fields: Any) -> Ruling:
    """A ruling invented for a test; its number says so."""
    return Ruling(
        setting=setting,
        value=value,
        from_date=from_date,
        document_number=fields.get("document_number", "测试函〔2023〕1号"),
        document_title=fields.get("document_title", "关于测试用解释的函"),
        issued=fields.get("issued", date(2023, 12, 1)),
    )


def law(*rulings: Ruling, as_of: date = AS_OF) -> Law:
    return Law(as_of, rulings)


def cases(stem: str = "volume_standard") -> list[dict[str, Any]]:
    """All cases of the YAML files whose name begins with `stem`."""
    return [case for file in sorted(CASES.glob(f"{stem}*.yaml")) for case in load_file(file)]


def facts_of(case: dict[str, Any]) -> PortFacts:
    """The facts that a case describes."""
    return PortFacts(code="case", year=case.get("year"), **case["port"])


def law_of(case: dict[str, Any]) -> Law:
    """The law as of the case's day, under its rulings."""
    return Law(case["as_of"], [a_ruling(**ruling) for ruling in case.get("rulings", ())])


# -- cases of the rules made of conditions

RULE_FILES = ("access_air", "access_border", "access_water", "province_gate", "withdrawal_ladder", "grade_proposal")
# An inland airport that meets everything, from a province without anything outstanding.
AIRPORT: dict[str, Any] = {
    "projects": [],
    "air_ports_that_should_withdraw": 0,
    "air_ports_approved_unaccepted_years_max": 0,
    "air_ports_below_volume_standard": 0,
    "civil_military_airport": False,
    "listed_in_14fyp_plan": True,
    "distance_km_to_nearest_open_air_port": 250,
    "driving_hours_to_nearest_open_air_port": 3,
    "region_class": "inland",
    "fixed_direct_routes": 12,
    "domestic_fixed_direct_routes": 11,
    "peak_annual_passengers": 1_600_000,
    "freight_hub_airport": False,
    "hub_airport": False,
    "real_need_shown": False,
    "full_demonstration_done": False,
}
# A border port with its agreement and all three points of consensus, without a claim to priority.
CROSSING: dict[str, Any] = {
    "projects": [],
    "in_bilateral_border_port_agreement": True,
    "diplomatic_consensus_opening": True,
    "diplomatic_consensus_domestic_procedures_in_step": True,
    "diplomatic_consensus_infrastructure": True,
    "promotes_local_economy_and_border_stability": False,
    "named_major_project_of_bri_or_regional_strategy": False,
    "serves_zone": None,
    "border_prefecture_city_or_county_without_border_port": False,
}
PROJECT: dict[str, Any] = {
    "listed_in_13fyp_plan": True,
    "applied_to_state_council_in_13fyp": False,
    "excuse_code": "none",
    "reasonable_justification_accepted": False,
}
BASES: dict[str, dict[str, Any]] = {
    "access_air": AIRPORT,
    "access_border": CROSSING,
    "access_water": {"projects": [], "open_water_ports_in_city": 0},
    "province_gate": {},
    "withdrawal_ladder": {"is_border": False, "strategy_mark": False},
    "grade_proposal": {},
}


def a_row(rule: str, case: dict[str, Any]) -> dict[str, Any]:
    """The facts of a case as a line of a file gives them: the base of the rule, `with` its own, `without` some."""
    row = {**BASES[rule], **case.get("with", {})}
    if "projects" in case:
        row["projects"] = [
            {key: value for key, value in (PROJECT | project).items() if value != "MISSING"} for project in case["projects"]
        ]
    return {key: value for key, value in row.items() if key not in case.get("without", ())}


def law_of_case(case: dict[str, Any]) -> Law:
    """The law as of the case's day (AS_OF where it gives none), under its rulings."""
    return Law(case.get("as_of", AS_OF), [a_ruling(**ruling) for ruling in case.get("rulings", ())])
