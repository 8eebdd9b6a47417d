"""Builders for the tests of the law book: changes in field words, and ports whose verdicts they touch."""

from __future__ import annotations

from datetime import date
from itertools import count
from typing import Any

from tests.accounts.factories import a_national_officer
from tests.monitoring.factories import a_year_of_months, figures
from tests.ports.factories import a_document, a_port

from kouan.accounts.action import acting_system
from kouan.desk.models import DocumentKind
from kouan.grading.lawbook.actions import approve_change, propose_changes
from kouan.grading.lawbook.models import LawChange
from kouan.law.changes import PARAMETER, RULING, Change
from kouan.ports.actions import record_acceptance

_numbers = count(1)
ISSUED = date(2024, 6, 20)


def a_value(value: str = "2", from_date: date = date(2025, 1, 1), key: str = "volume_standard.road.cargo", **fields: Any) -> Change:
    """A new value of a parameter, invented for a test; its number says so."""
    return Change(**{
        "kind": PARAMETER, "key": key, "value": value, "from_date": from_date, "document_title": "关于测试用指标的通知",
        "document_number": "测试发〔2024〕1号", "issued": ISSUED, "reason": "测试", "article": "第四条", **fields,
    })


def an_answer(value: str = "and", from_date: date = date(2024, 7, 1), key: str = "volume_standard.combine", **fields: Any) -> Change:
    """A ruling, invented for a test."""
    return Change(**{
        "kind": RULING, "key": key, "value": value, "from_date": from_date, "document_title": "关于测试用口径的复函",
        "document_number": "测试函〔2024〕2号", "issued": ISSUED, "reason": "测试", "quote": "货运量和人员数量均应达到。", **fields,
    })


def approved(change: Change, proposer: Any = None, approver: Any = None) -> LawChange:
    """A change proposed by one officer and approved by another."""
    (row,) = propose_changes(actor=proposer or a_national_officer(), changes=[change], years=[2023])
    return approve_change(actor=approver or a_national_officer(), number=row.pk)


def a_judged_road_port(tonnes_a_month: int = 5_000, persons_a_month: int = 10, **fields: Any) -> str:
    """A road port that reaches its cargo (5 万吨 a year) and not its persons, in 2023."""
    number = next(_numbers)
    # Names of its own: where a test imports the builders of ports by two paths, each path counts for itself.
    code = a_port(f"lawbook{number}-road", is_border=False, document=a_document(reference=f"lawbook-{number}"), **fields).code
    with acting_system("tests") as system:
        record_acceptance(actor=system, code=code, document=a_document(DocumentKind.MINUTES, reference=f"accepted-{number}"),
                          accepted_on=date(2010, 5, 1))
    figures(f"port:{code}", "cargo_tonnes", a_year_of_months(2023, tonnes_a_month))
    figures(f"port:{code}", "person_crossings", a_year_of_months(2023, persons_a_month), unit="person_crossings")
    return code
