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


def cases(stem: str = "") -> list[dict[str, Any]]:
    """All cases of the YAML files whose name begins with `stem`."""
    return [case for file in sorted(CASES.glob(f"{stem}*.yaml")) for case in load_file(file)]


def facts_of(case: dict[str, Any]) -> PortFacts:
    """The facts that a case describes."""
    return PortFacts(code="case", year=case.get("year"), **case["port"])


def law_of(case: dict[str, Any]) -> Law:
    """The law as of the case's day, under its rulings."""
    return Law(case["as_of"], [a_ruling(**ruling) for ruling in case.get("rulings", ())])
