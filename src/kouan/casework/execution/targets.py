"""The plan's table of targets, and what was reached of each in a year, by which source. A year without an entry is 未报, never zero.

The plan does not say which targets are binding (约束性) and which expected (预期性); no page says it either.

>>> len(targets()), targets()["T-09"].goal.zh
(27, '2025年12月31日前')
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction

from kouan.accounts.action import action, allows
from kouan.basis import Conflict, Finding, NotFound, Place, Refused, Text, clock, numbers
from kouan.casework.execution.models import TargetActual
from kouan.casework.oversight.actions import wanting
from kouan.casework.oversight.evidence import require_proof
from kouan.casework.oversight.models import may_look
from kouan.desk.actions import refuse_secrets
from kouan.desk.models import Document

FILE = Path(__file__).parent / "data" / "targets.csv"
# The years of the plan; later ones can be entered too.
YEARS = range(2021, 2026)
LAST_YEAR = 2035
KINDS: Mapping[str, Text] = {
    "goal": Text("目标", "Goal"), "cycle": Text("周期", "Cycle"), "method": Text("方法", "Method"), "count": Text("数量", "Count"),
    "deadline": Text("期限", "Deadline"), "threshold": Text("条件", "Threshold"), "direction": Text("方向", "Direction"),
    "service": Text("服务", "Service"), "standard": Text("标准", "Standard"), "scope": Text("范围", "Scope"), "channel": Text("渠道", "Channel"),
    "cost": Text("费用", "Cost"),
}
HORIZONS: Mapping[str, Text] = {
    "2025": Text("到2025年", "by 2025"), "2035": Text("到2035年", "by 2035"), "annual": Text("每年", "every year"),
    "plan": Text("规划期", "during the plan"), "standing": Text("长期", "standing"), "as needed": Text("根据需要", "as needed"),
}
_UNITS: Mapping[str, Text] = {
    "per year": Text("次/年", "a year"), "share of weight": Text("权重比例", "of the weight"), "groups": Text("项", "groups"), "ports": Text("个口岸",
        "ports"),
    "clusters": Text("个", "clusters"), "grades": Text("级", "grades"), "km": Text("公里", "km"), "h": Text("小时", "hours"), "routes": Text("条",
        "routes"),
    "passengers/yr": Text("人次/年", "passengers a year"), "years": Text("年", "years"),
    "water port per city": Text("个水运口岸/地级市", "water port per city"), "h/week": Text("小时/周", "hours a week"),
    "ports per neighbour": Text("个/毗邻国家", "ports per neighbour"), "min": Text("分钟", "minutes"), "share of open ports": Text("的开放口岸",
        "of open ports"),
}
_BEFORE: Mapping[str, Text] = {
    "gte": Text("不少于", "at least "), "lte": Text("不超过", "at most "), "max": Text("不超过", "at most "), "ratio_gt": Text("大于", "above "),
}
NO_NUMBER = Text("见原文", "as the plan words it")


@dataclass(frozen=True, slots=True)
class Target:
    """A row of the table. ``value`` as printed there; empty where the plan gives no number."""

    code: str
    kind: str
    horizon: str
    name: Text
    operator: str
    value: str
    unit: str
    section: str
    quote: str

    @property
    def goal(self) -> Text:
        """What is to be reached, in words."""
        if self.operator == "deadline":
            day = date.fromisoformat(self.value)
            return Text(f"{day.year}年{day.month}月{day.day}日前", f"by {day.isoformat()}")
        unit = _UNITS.get(self.unit)
        if not self.value or unit is None:
            return NO_NUMBER
        try:
            said = numbers.plain(Decimal(self.value), grouped=True)
        except InvalidOperation:
            said = self.value.replace("-", "—")
        if self.operator == "coverage":
            return Text(f"{int(Decimal(self.value) * 100)}%{unit.zh}", f"{int(Decimal(self.value) * 100)}% {unit.en}")
        before = _BEFORE.get(self.operator, Text("", ""))
        return Text(f"{before.zh}{said}{unit.zh}", f"{before.en}{said} {unit.en}")


@lru_cache(maxsize=1)
def targets() -> Mapping[str, Target]:
    """The shipped table."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return {row["id"]: Target(row["id"], row["kind"], row["horizon"], Text(row["name_zh"], row["name_en"]), row["operator"], row["value"],
                                  row["unit"], row["source_section"], row["source_quote"]) for row in csv.DictReader(file)}


@dataclass(frozen=True, slots=True)
class TargetView:
    """A target with what is on record of each year: the last revision. ``version``: how many entries there are."""

    target: Target
    actuals: Mapping[int, TargetActual]
    history: tuple[TargetActual, ...]

    @property
    def years(self) -> list[int]:
        """The years shown: those of the plan, and any later one with an entry."""
        return sorted({*YEARS, *self.actuals})

    def revision(self, year: int) -> int:
        """The revision on record for a year; 0 for none."""
        return self.actuals[year].revision if year in self.actuals else 0


def target_table(user: Any) -> list[TargetView]:
    """Every target, for whoever may read supervision; what was reached is the nation's and no province's secret."""
    if not may_look(user) or not allows(user, "oversight.read"):
        return []
    held: dict[str, list[TargetActual]] = {}
    for each in TargetActual.objects.select_related("document", "entered_by").order_by("target", "year", "revision"):
        held.setdefault(each.target, []).append(each)
    return [TargetView(one, {each.year: each for each in held.get(one.code, [])}, tuple(reversed(held.get(one.code, []))))
            for one in targets().values()]


def get_target(user: Any, code: str) -> TargetView:
    """One target. NotFound where there is none, or for somebody who may not read them."""
    found = next((each for each in target_table(user) if each.target.code == code), None)
    if found is None:
        raise NotFound(Finding.error("unknown_target", f"没有编号为“{code[:8]}”的规划目标。", f"There is no target “{code[:8]}”.",
            where=Place(field="target"),
                                     remedy=("请从规划目标表中选择。", "Choose it from the table.")))
    return found


@action("execution.targets")
def enter_actual(
    *, actor: Any, target: str, year: int, value: Decimal | None = None, words: str = "", source: str, document: Document | None = None,
    correction: str = "", revision: int = 0,
) -> TargetActual:
    """Enter what was reached of a target in a year: a number, or words, and by which source. It is only ever added.

    ``revision``: what was seen (0: nothing on record); Conflict where somebody was faster. A correction says why.
    """
    if target not in targets():
        raise NotFound(Finding.error("unknown_target", f"没有编号为“{target[:8]}”的规划目标。", f"There is no target “{target[:8]}”.",
            where=Place(field="target"),
                                     remedy=("请从规划目标表中选择。", "Choose it from the table.")))
    refuse_secrets(words, source, correction)
    findings = []
    if not YEARS.start <= year <= min(clock.today().year, LAST_YEAR):
        findings.append(Finding.error("year_out_of_range", f"年度应在 {YEARS.start} 至今年之间。",
            f"The year lies between {YEARS.start} and this one.",
                                      where=Place(field="year"), measured=year, remedy=("请改正。", "Correct it.")))
    if value is None and not words.strip():
        findings.append(Finding.error("nothing_said", "请填写实际值或完成情况。", "Give a number, or words.", where=Place(field="value"),
                                      remedy=("没有数据的年度不必填写，页面显示“未报”。",
                                          "A year without figures stays empty and is shown as not reported.")))
    if value is not None and not (value.is_finite() and abs(value) < Decimal("1e15") and value == round(value, 4)):
        findings.append(Finding.error("amount_out_of_range", "实际值至多四位小数。", "At most four decimals.", where=Place(field="value"),
            measured=value,
                                      remedy=("请改正。", "Correct it.")))
    if len(words) > 400:
        findings.append(wanting("words", "完成情况（不超过400字）", "How far (at most 400 characters)"))
    if not source.strip() or len(source) > 200:
        findings.append(wanting("source", "来源（不超过200字）", "Source (at most 200 characters)"))
    if revision and (not correction.strip() or len(correction) > 400):
        findings.append(wanting("correction", "更正理由（不超过400字）", "Reason of the correction (at most 400 characters)"))
    if findings:
        raise Refused(findings)
    if document is not None:
        require_proof(document, "document")
    last = TargetActual.objects.filter(target=target, year=year).order_by("-revision").first()
    if (last.revision if last else 0) != revision:
        raise _changed()
    try:
        with transaction.atomic():
            return TargetActual.objects.create(
                target=target, year=year, revision=revision + 1, value=value, words=words.strip(), source=source.strip(), document=document,
                correction=correction.strip() if revision else "", entered_by_id=actor.pk, entered_on=clock.today())
    except IntegrityError:
        raise _changed() from None


def _changed() -> Conflict:
    return Conflict(Finding.error(
        "actual_changed", "您打开本页之后，他人已登记或更正这一年度。您填写的内容仍保留。",
        "Somebody has entered or corrected that year since you opened the page. What you typed is kept.",
        remedy=("请刷新页面，核对后再办理。", "Reload the page, look at it again, then go on.")))
