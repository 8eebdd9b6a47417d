"""What the steps of an assessment check, each in the transaction of its step: marks of secrecy, verdicts, and days."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from kouan.basis import Place, Refused
from kouan.desk.actions import refuse_secrets
from kouan.desk.matters.facts import day_said
from kouan.desk.matters.models import Matter, MatterStep

PROCEDURES = Path(__file__).with_name("procedures")
LONGEST = timedelta(days=366)
# What may be said of each: of the reports of evaluating bodies, their own words.
LEVELS = {
    "data_risk_assessment": ("高", "中", "低"), "personal_impact_assessment": ("高", "中", "低"),
    "protection_evaluation": ("优", "良", "中", "差"), "cryptography_evaluation": ("符合", "基本符合", "不符合"),
}


def check(matter: Matter, step: MatterStep, actor: Any) -> None:
    """State secrets do not enter."""
    refuse_secrets(*(str(value) for value in step.fields.values()))


def submit_assessment(matter: Matter, step: MatterStep, actor: Any) -> None:
    """The verdict is one of the words that there are."""
    check(matter, step, actor)
    said, known = str(step.fields.get("level", "")).strip(), LEVELS[matter.procedure]
    if said not in known:
        raise Refused.because(
            "unknown_level", f"“{said[:20]}”不是可用的结论。", f"“{said[:20]}” is no verdict of this assessment.", where=Place(field="field-level"),
            measured=said[:20], required="、".join(known), remedy=(f"请填写：{'、'.join(known)}。", f"Write one of {', '.join(known)}."))


def order_rectification(matter: Matter, step: MatterStep, actor: Any) -> None:
    """The day lies ahead, within a year."""
    check(matter, step, actor)
    _within_a_year(step, "due_on")


def accept_assessment(matter: Matter, step: MatterStep, actor: Any) -> None:
    """The next is due within a year."""
    check(matter, step, actor)
    _within_a_year(step, "next_due_on")


def _within_a_year(step: MatterStep, name: str) -> None:
    day, today = day_said(f"field-{name}", step.fields.get(name)), step.taken_on
    if not today < day <= today + LONGEST:
        raise Refused.because(
            "not_within_a_year", "日期应晚于今天，且在一年之内。", "The day must lie after today and within a year.",
            where=Place(field=f"field-{name}"), measured=day.isoformat(), required=f"{today + timedelta(days=1)} … {today + LONGEST}",
            remedy=("请改正日期。", "Correct the day."))


CARRIED = {each.__name__: each for each in (check, submit_assessment, order_rectification, accept_assessment)}
