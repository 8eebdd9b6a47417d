"""From how many days on something counts: the shipped proposals (建议值) and what the national office set in their place.

A number holds from its day on and judges nothing that was judged before: whether a report was late stays as it was kept.

>>> {name: one.values[0].count for name, one in proposals().items()}
{'milestone_days': 30, 'linear_days': 90, 'report_days': 15}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from kouan.accounts.action import action
from kouan.basis import Finding, NotFound, Place, Refused, Text, clock
from kouan.basis.strict_yaml import load_file
from kouan.casework.execution.models import Threshold
from kouan.desk.actions import refuse_secrets

FILE = Path(__file__).parent / "data" / "thresholds.yaml"
MOST_DAYS = 3660


@dataclass(frozen=True, slots=True)
class Value:
    """A number in force from a day on, with its reason. A proposal is nobody's decision."""

    count: int
    from_day: date
    reason: Text
    is_proposed: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """A threshold as it ships."""

    name: str
    label: Text
    unit: Text
    values: tuple[Value, ...]


@lru_cache(maxsize=1)
def proposals() -> Mapping[str, Proposal]:
    """The shipped file. KeyError where it is not as it should be: a test reads it."""
    return {
        name: Proposal(name, _text(one["label"]), _text(one["unit"]),
                       tuple(Value(each["count"], each["from"], _text(each["reason"]), True) for each in one["values"]))
        for name, one in load_file(FILE, FILE.name).items()
    }


@dataclass(frozen=True, slots=True)
class Thresholds:
    """All thresholds, read once; ``on`` says which value holds on a day."""

    entered: tuple[Threshold, ...] = field(default_factory=lambda: tuple(Threshold.objects.select_related("set_by")))

    def on(self, name: str, day: date) -> Value:
        """The value in force on a day: what the national office set last, else the proposal. KeyError for an unknown name."""
        found = [each for each in self.entered if each.name == name and each.from_day <= day]
        if found:
            last = max(found, key=lambda each: (each.from_day, each.pk))
            return Value(last.count, last.from_day, Text(last.reason, last.reason), False)
        shipped = proposals()[name].values
        return max((each for each in shipped if each.from_day <= day), key=lambda each: each.from_day, default=shipped[0])


@action("procedures.set")
def set_threshold(*, actor: Any, name: str, count: int, from_day: date, reason: str) -> Threshold:
    """Set a number in the place of the proposal, from today or a later day on; with its reason."""
    if name not in proposals():
        raise NotFound(Finding.error("unknown_threshold", f"没有名为“{name[:40]}”的阈值。", f"There is no threshold “{name[:40]}”.",
                                     where=Place(field="name"), remedy=(f"可设置：{'、'.join(proposals())}。",
                                         f"It is one of {', '.join(proposals())}.")))
    refuse_secrets(reason)
    findings = []
    if not 1 <= count <= MOST_DAYS:
        findings.append(Finding.error("count_out_of_range", f"天数应为 1 至 {MOST_DAYS} 之间的整数。", f"A whole number of days, 1 to {MOST_DAYS}.",
                                      where=Place(field="count"), measured=count, remedy=("请改正。", "Correct it.")))
    if from_day < clock.today():
        findings.append(Finding.error("from_in_the_past", "起用日期不能早于今天，已作的认定不改写。",
            "It holds from today or later; nothing past is rewritten.",
                                      where=Place(field="from_day"), remedy=("请改为今天或以后的日期。", "Name today or a later day.")))
    if not reason.strip() or len(reason) > 400:
        findings.append(Finding.error("value_required", "请填写“依据或理由”（不超过400字）。", "Fill in the reason (at most 400 characters).",
                                      where=Place(field="reason"), remedy=("写明所依据的文件或理由。", "Name the paper or the reason.")))
    if findings:
        raise Refused(findings)
    return Threshold.objects.create(name=name, count=count, from_day=from_day, reason=reason.strip(), set_by_id=actor.pk)


def _text(both: Mapping[str, str]) -> Text:
    return Text(both["zh"], both["en"])
