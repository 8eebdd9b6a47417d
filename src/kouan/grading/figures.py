"""The year's figures of ports as facts for a rule: the total under each reading, the months it covers, doubts.

A figure that is not whole is given as the part that is known, with fewer than twelve months: a lower bound,
which may show that the standard is reached and never that it is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from kouan.basis import Finding, Period, PeriodKind, Place, Quantity, Text
from kouan.basis.period import FIRST_YEAR, LAST_YEAR
from kouan.collection.models import Series
from kouan.grading.definitions import REGISTERED, WAYS, Term
from kouan.grading.facts import MEASURES
from kouan.grading.standard import DEFINED_BY
from kouan.monitoring.queries import FlowSeries, flows_in
from kouan.monitoring.rollup import Flow, Used

_DIRECTIONS = {"inbound": Text("进境", "inbound"), "outbound": Text("出境", "outbound")}
_OTHER_WAY = {"inbound": "outbound", "outbound": "inbound"}


@dataclass(frozen=True, slots=True)
class YearFigure:
    """A total of one year, or the part of it that is known; ``months`` is 12 only for a whole year."""

    value: Decimal
    months: int
    used: tuple[Used, ...]

    @property
    def is_whole(self) -> bool:
        """Whether the year's twelve months are in it."""
        return self.months == 12


@dataclass(slots=True)
class MeasureFigures:
    """The figures of one port and measure by the choice of its definition, and what must be told of them."""

    by_choice: dict[str, YearFigure] = field(default_factory=dict)
    remarks: list[Finding] = field(default_factory=list)


def figures_of_year(heads: Sequence[Series], year: int) -> dict[tuple[str, str], MeasureFigures]:
    """By port code and measure the year's figures under every reading that the series can answer.

    Figures are never put together across sources; of several sources the one with the fullest year speaks,
    official before exercise. One query, and none without series.
    """
    if not heads or not FIRST_YEAR <= year <= LAST_YEAR:
        return {}
    period = Period.year(year)
    directions = {each.pk: each.direction for each in heads}
    sources: dict[tuple[str, str], dict[tuple[str, str, str], dict[str, Flow]]] = {}
    for each in flows_in(heads, kind=PeriodKind.YEAR, within=period, is_traced=True):
        flow = each.at(period)
        if flow is not None:
            by_source = sources.setdefault((each.subject.code, each.measure), {})
            by_source.setdefault(_source_of(each), {})[each.group] = flow
    return {key: _of_measure(key[1], by_source, directions) for key, by_source in sources.items()}


def _source_of(series: FlowSeries) -> tuple[str, str, str]:
    return series.origin, series.source, series.definition


def _of_measure(
    measure: str, by_source: Mapping[tuple[str, str, str], dict[str, Flow]], directions: Mapping[int, str]
) -> MeasureFigures:
    found, key = MeasureFigures(), DEFINED_BY[measure]
    for (setting, choice), ways in WAYS.items():
        if setting != key:
            continue
        # max() keeps the first of equals: official sources and plain ways come first.
        answers = [(figure, flows) for flows in by_source.values() for way in ways if (figure := _by_way(way, flows))]
        if not answers:
            continue
        figure, flows = max(answers, key=lambda answer: answer[0].months)
        found.by_choice[choice] = figure
        if choice == REGISTERED[key]:
            found.remarks.extend(_remarks(measure, flows["all"], directions))
    return found


def _by_way(way: tuple[Term, ...], flows: Mapping[str, Flow]) -> YearFigure | None:
    """The figure that the terms make; None where it cannot be told, not even as a part."""
    total, months, is_there = Decimal(0), 12, False
    used: list[Used] = []
    for term in way:
        flow = flows.get(term.group)
        if term.is_added:
            months = min(months, months_of(flow))
            if flow is not None and flow.partial is not None:
                is_there, total = True, total + flow.partial
        elif flow is None or flow.value is None:
            return None  # what is taken off must be known whole: else the rest is no lower bound
        else:
            total -= flow.value
        used.extend(flow.used if flow else ())
    return YearFigure(total, months, tuple(used)) if is_there and total >= 0 else None


def months_of(flow: Flow | None) -> int:
    """How many months of its year a flow covers in full; a figure filed for the whole year covers twelve.

    A month of which one direction, or a day, is missing is not covered.
    """
    if flow is None:
        return 0
    if flow.is_complete:
        return 12
    gaps = {month for gap in flow.missing for month in range(gap.start.month, gap.end.month + 1)}
    return 12 - len(gaps) if gaps else min(11, flow.present * 12 // flow.expected)


def _remarks(measure: str, flow: Flow, directions: Mapping[int, str]) -> Iterable[Finding]:
    """What an official must be told of the figure: one direction alone, and figures that contradict it."""
    (unit, name), where = MEASURES[measure], Place(field=measure)
    sides = {directions.get(each.series) for each in flow.used}
    if not flow.is_complete and len(sides) == 1 and (side := sides.pop()) in _OTHER_WAY:
        there, other = _DIRECTIONS[side], _DIRECTIONS[_OTHER_WAY[side]]
        yield Finding.warning(
            "one_direction_only", f"{name.zh}只报了{there.zh}，没有{other.zh}：现有数只是全年的一部分，不能判为不达标。",
            f"For {name.en} only the {there.en} direction is reported, the {other.en} is not: the figure is a part of the "
            "year and can show no shortfall.", where=where,
            remedy=(f"请补报{other.zh}数据，或报送合计。", f"Report the {other.en} figures, or a total."),
        )
    for told in flow.discrepancies:
        zh, en = told.period.label("zh"), told.period.label("en")
        stands, other_sum = Quantity.of(told.stands, unit), Quantity.of(told.other, unit)
        details: dict[str, Any] = {"where": where, "measured": stands.exact("zh"), "required": other_sum.exact("zh"), "remedy": (
            "请核对原始报表，并更正有误的一项。", "Check the original returns and correct the one that is wrong.")}
        first, second = Text(stands.exact("zh"), stands.exact("en")), Text(other_sum.exact("zh"), other_sum.exact("en"))
        stands_zh, stands_en = ("，采用前者", "; the former stands") if told.period == flow.period else ("", "")
        if told.against == "directions":
            yield Finding.warning(
                "total_and_directions_disagree", f"{zh}{name.zh}的合计（{first.zh}）与进、出境之和（{second.zh}）不符{stands_zh}。",
                f"For {name.en} of {en} the total ({first.en}) and the sum of both directions ({second.en}) disagree{stands_en}.", **details)
        else:
            yield Finding.warning(
                "whole_and_parts_disagree", f"{name.zh}{zh}自报的数（{first.zh}）与其中各期之和（{second.zh}）不符{stands_zh}。",
                f"For {name.en} the figure filed for {en} ({first.en}) and the sum of its parts ({second.en}) disagree{stands_en}.", **details)
