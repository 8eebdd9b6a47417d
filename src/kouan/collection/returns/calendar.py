"""The reporting calendar: when a return is due, when its figures freeze, by dated rules in working days.

>>> code_of(Period.half(2026, 2), "half_year"), code_of(Period.month(2026, 10), "month")
('2026-H2', '2026-10')
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kouan.basis import Finding, Period, Place, Refused, clock
from kouan.collection.returns.models import DueRule
from kouan.desk.matters.queries import working_days

# What is proposed where nobody has set a rule yet (the page's form begins with it); it binds nobody.
PROPOSED = {"month": (10, 20, 5), "quarter": (15, 20, 5), "half_year": (20, 20, 5), "year": (30, 30, 10)}


@dataclass(frozen=True, slots=True)
class Days:
    """The days of one period: due, frozen, told to the national office. ``is_provisional``: a year's holidays are not entered yet."""

    due_on: date
    freeze_on: date
    escalate_on: date
    is_provisional: bool


def code_of(period: Period, cadence: str) -> str:
    """A period as addresses, files and commands name it."""
    return f"{period.start.year}-H{1 if period.start.month < 7 else 2}" if cadence == "half_year" else period.code


def of_rule(cadence: str) -> str:
    """Under which rule and call a cadence goes: returns of events go with the month's."""
    return "month" if cadence == "event" else cadence


def rule_for(cadence: str, period: Period) -> DueRule | None:
    """The newest rule of a cadence that holds for a period; None while the national office has set none."""
    return DueRule.objects.filter(cadence=of_rule(cadence), valid_from__lte=period.end).order_by("-valid_from", "-id").first()


def days_for(cadence: str, period: Period, rule: DueRule | None = None) -> Days | None:
    """The days of a period; None without a rule."""
    rule = rule or rule_for(cadence, period)
    if rule is None:
        return None
    days = working_days()
    due = days.after(period.end, rule.due_days)
    freeze = days.after(due, rule.freeze_days)
    return Days(due, freeze, days.after(due, rule.escalate_days), not days.knows_through(period.end, freeze))


def escalation_after(day: date, cadence: str, period: Period) -> date:
    """The day on which the national office hears of a delay beyond ``day``."""
    rule = rule_for(cadence, period)
    return working_days().after(day, rule.escalate_days if rule else PROPOSED[of_rule(cadence)][2])


def checked_rule(cadence: str, due_days: int, freeze_days: int, escalate_days: int, valid_from: date, reason: str) -> None:
    """Raise Refused with every slip of a rule, each at its field."""
    found: list[Finding] = []

    def slip(field: str, zh: str, en: str, required: str = "") -> None:
        found.append(Finding.error("bad_due_rule", zh, en, where=Place(field=field), required=required or None, remedy=("请改正。", "Correct it.")))

    if cadence not in PROPOSED:
        slip("cadence", f"没有“{cadence[:24]}”这一周期。", f"There is no cadence “{cadence[:24]}”.", ", ".join(PROPOSED))
    for field, count in (("due_days", due_days), ("freeze_days", freeze_days), ("escalate_days", escalate_days)):
        if not 1 <= count <= 250:
            slip(field, "应为 1 至 250 个工作日。", "It is 1 to 250 working days.", "1–250")
    if not date(2000, 1, 1) <= valid_from <= date(clock.today().year + 5, 12, 31):
        slip("valid_from", "起始日期不合理。", "The first day is not a sensible one.")
    if not 0 < len(reason.strip()) <= 400:
        slip("reason", "请写明所依据的文件或理由（不超过400字）。", "Say on which paper or reason it rests (400 characters at most).")
    if found:
        raise Refused(found)
