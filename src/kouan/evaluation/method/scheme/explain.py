"""Why a port has its score: each cell down to its reported figures, as plain data and as sentences.

>>> from kouan.evaluation.method.scheme.formula import parse
>>> used(parse("(cpv / prev3(cpv) - 1) * staff_insp"))
(('cpv', 0), ('cpv', 3), ('staff_insp', 0))
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from kouan.basis import Text
from kouan.evaluation.method.peers import BASIS_TEXT, Basis
from kouan.evaluation.method.scheme.catalogue import MARK_CODE, MARK_TEXT, Mark, peer_groups
from kouan.evaluation.method.scheme.formula import (
    LAGS,
    WHY_TEXT,
    Call,
    Checklist,
    Item,
    Negative,
    Node,
    Operation,
    Why,
)
from kouan.evaluation.method.scheme.score import RoundResult


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that a value rests on. ``made_of``: the items it was computed from, none if it was reported."""

    item: str
    name: Text
    unit: str
    year: int
    value: float | None
    made_of: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {"item": self.item, "name": self.name.as_dict(), "unit": self.unit, "year": self.year, "value": self.value,
                "made_of": list(self.made_of)}


@dataclass(frozen=True, slots=True)
class Trace:
    """One cell explained. Numbers are None where there is none; ``code`` is M1 … M6 or empty."""

    indicator: str
    name: Text
    port: str
    year: int
    formula: str
    figures: tuple[Figure, ...]
    raw: float | None
    why: Why
    unit: str
    rule: str
    basis: Basis
    low: float | None
    high: float | None
    peers: int
    mark: Mark
    points: float | None
    weight: float
    contribution: float

    @property
    def code(self) -> str:
        return MARK_CODE.get(self.mark, "")

    def as_dict(self) -> dict[str, Any]:
        """Plain data for a page, an export or an answer of the API."""
        return {
            "indicator": self.indicator, "name": self.name.as_dict(), "port": self.port, "year": self.year,
            "formula": self.formula, "figures": [each.as_dict() for each in self.figures], "raw": self.raw,
            "why": self.why.name.lower(), "unit": self.unit, "rule": self.rule, "basis": self.basis.name.lower(), "low": self.low,
            "high": self.high, "peers": self.peers, "mark": self.mark.name.lower(), "code": self.code, "points": self.points,
            "weight": self.weight, "contribution": self.contribution,
        }

    def sentence(self) -> Text:
        """Say the cell in one sentence."""
        zh, en = f"{self.indicator} {self.name.zh}：", f"{self.indicator} {self.name.en}: "
        said = MARK_TEXT[self.mark]
        if self.mark in (Mark.SCORED, Mark.NO_EVIDENCE) and self.raw is not None:
            value = _figure(self.raw) + ("" if self.unit in _PLAIN_UNITS else f" {self.unit}")
            zh += f"{value}，得 {self.points:.1f} 分"
            en += f"{value}, {self.points:.1f} points"
            if self.low is not None and self.high is not None:
                basis = BASIS_TEXT[self.basis]
                zh += f"（{self.rule}，{basis.zh}，{self.peers} 个，标尺 {_figure(self.low)}–{_figure(self.high)}）"
                en += f" ({self.rule}, {basis.en}, {self.peers} ports, scale {_figure(self.low)}–{_figure(self.high)})"
            else:
                zh, en = f"{zh}（{self.rule}）", f"{en} ({self.rule})"
            if self.mark is Mark.NO_EVIDENCE:
                zh, en = f"{zh}；{said.zh}", f"{en}; {said.en}"
        else:
            zh, en = zh + said.zh, en + said.en
            if self.mark is Mark.AWAITED:
                zh, en = f"{zh}（{WHY_TEXT[self.why].zh}）", f"{en} ({WHY_TEXT[self.why].en})"
            elif self.points is not None:
                zh, en = f"{zh}，得 {self.points:.1f} 分", f"{en}, {self.points:.1f} points"
        if self.weight > 0:
            zh += f"；现权重 {self.weight:.2%}，计入总分 {self.contribution:.2f}"
            en += f"; weight in force {self.weight:.2%}, {self.contribution:.2f} of the total"
        return Text(f"{zh}。", f"{en}.")


def used(node: Node, back: int = 0) -> tuple[tuple[str, int], ...]:
    """The items of a formula with the years looked back, each once, in the order of the text."""
    found: dict[tuple[str, int], None] = {}
    if isinstance(node, Item):
        found[node.code, back] = None
    else:
        parts: tuple[Node, ...] = ()
        if isinstance(node, Negative):
            parts = (node.of,)
        elif isinstance(node, Operation):
            parts = (node.left, node.right)
        elif isinstance(node, Call):
            parts = node.arguments
            back += LAGS.get(node.name, 0)
        for part in parts:
            found |= dict.fromkeys(used(part, back))
    return tuple(found)


def trace(result: RoundResult, port: str, year: int, indicator: str) -> Trace:
    """Explain one cell. Raises Refused for a port or year not in the round, KeyError for no such indicator."""
    y, p = result.at(port, year)
    each = result.scheme.indicator(indicator)
    k = result.scheme.indicators.index(each)
    wanted = used(each.formula)
    if isinstance(each.formula, Checklist):
        wanted = tuple((code, 0) for code in each.points)
    return Trace(
        indicator, each.name, port, year, str(each.formula),
        tuple(figure for code, back in wanted for figure in _figures(result, y, p, code, back)),
        _plain(result.raw[y, p, k]), Why(int(result.why[y, p, k])), each.unit, str(each.rule),
        Basis(int(result.placed.basis[y, p, k])), _plain(result.placed.low[y, p, k]), _plain(result.placed.high[y, p, k]),
        int(result.placed.peers[y, p, k]), Mark(int(result.mark[y, p, k])), _plain(result.points[y, p, k]),
        float(result.weight[y, p, k]), float(result.contribution[y, p, k]),
    )


def _figures(result: RoundResult, y: int, p: int, code: str, back: int) -> Iterator[Figure]:
    """A figure, and below it what it was made of."""
    if y - back < 0:
        return
    item = result.scheme.items[code]
    cells = result.figures.read(code)
    if code == result.scheme.shape.volume.item:
        below = tuple(result.scheme.shape.volume.parts)
    else:
        tree = result.scheme.derived.get(code)
        parts = tuple(sorted(tree.items())) if tree is not None else ()
        # Where a part is missing the reported total stood in, and nothing is below it.
        below = parts if all(result.figures.read(part).why[y - back, p] != Why.MISSING for part in parts) else ()
    yield Figure(code, item.name, item.unit, result.data.years[y - back], _plain(cells.values[y - back, p]), below)
    for part in below:
        yield from _figures(result, y, p, part, back)


def explain(result: RoundResult, port: str, year: int) -> list[Text]:
    """Say in sentences why the port has its score: the total, the groups, then each indicator that is for its type."""
    y, p = result.at(port, year)
    total, label = float(result.total[y, p]), ""
    label_en = ""
    if result.data.is_exercise:
        label, label_en = "【演练：生成数据】", "[exercise: generated figures] "
    if not np.isfinite(total):
        return [Text(f"{label}{port} {year} 年没有可计分的数据，不出总分。", f"{label_en}{port} {year}: nothing counts; no total.")]
    group = peer_groups(result.data)[p]
    among = sum(name == group and bool(np.isfinite(result.total[y, at])) for at, name in enumerate(peer_groups(result.data)))
    band = result.scheme.band(total).name
    head = Text(
        f"{label}{port} {year} 年总分 {total:.2f}，{band.zh}；在“{group}”{among} 个口岸中列第 {result.rank[y, p]}"
        f"{'；有待补数据，得分为暂定' if result.provisional[y, p] else ''}"
        f"{'；触及红线，等级建议不得上调' if result.red[y, p] else ''}。",
        f"{label_en}{port} {year}: {total:.2f} points, {band.en}; rank {result.rank[y, p]} of {among} in “{group}”"
        f"{'; provisional, figures are awaited' if result.provisional[y, p] else ''}"
        f"{'; a red line was crossed, the grade proposal cannot rise' if result.red[y, p] else ''}.",
    )
    lines = [head]
    for g, (code, each) in enumerate(result.scheme.groups.items()):
        points, weight = result.group_points[y, p, g], result.group_weight[y, p, g]
        if np.isfinite(points):
            lines.append(Text(f"{code} {each.name.zh}：{points:.1f} 分，权重 {weight:.2%}。",
                              f"{code} {each.name.en}: {points:.1f} points, weight {weight:.2%}."))
        else:
            lines.append(Text(f"{code} {each.name.zh}：没有可计分的指标，权重由其他组承担。",
                              f"{code} {each.name.en}: nothing counts; its weight went to the other groups."))
    for k, indicator in enumerate(result.scheme.indicators):
        if result.mark[y, p, k] != Mark.OUTSIDE:
            lines.append(trace(result, port, year, indicator.code).sentence())
    return lines


def records(result: RoundResult) -> Iterator[dict[str, Any]]:
    """One line for each port and year to be stored: total, band, rank, groups, five types, and every cell in short."""
    groups = peer_groups(result.data)
    codes = [each.code for each in result.scheme.indicators]
    for y, year in enumerate(result.data.years):
        raw, points, weight, given, marks, basis = (
            table[y].tolist() for table in (result.raw, result.points, result.weight, result.contribution, result.mark, result.placed.basis)
        )
        for p, port in enumerate(result.data.ports):
            yield {
                "port": port, "year": year, "peer_group": groups[p], "total": _plain(result.total[y, p]),
                "band": result.bands[y][p], "rank": int(result.rank[y, p]) or None,
                "provisional": bool(result.provisional[y, p]), "red_line": bool(result.red[y, p]),
                "counted_share": float(result.counted_share[y, p]), "is_exercise": result.data.is_exercise,
                "groups": {code: _plain(result.group_points[y, p, g]) for g, code in enumerate(result.scheme.groups)},
                "five_types": {code: _plain(result.five[y, p, t]) for t, code in enumerate(result.scheme.shape.five_types)},
                "indicators": {
                    code: {"raw": _plain(raw[p][k]), "points": _plain(points[p][k]), "mark": _MARKS[marks[p][k]],
                           "basis": _BASES[basis[p][k]], "weight": weight[p][k], "contribution": given[p][k]}
                    for k, code in enumerate(codes) if marks[p][k] != Mark.OUTSIDE
                },
            }


# Scores are said without their range.
_PLAIN_UNITS = ("0-100", "points")
_MARKS = {int(mark): mark.name.lower() for mark in Mark}
_BASES = {int(basis): basis.name.lower() for basis in Basis}


def _plain(value: Any) -> float | None:
    """A JSON number, None for NaN."""
    number = float(value)
    return number if number - number == 0 else None


def _figure(value: float) -> str:
    """A figure for a sentence.

    >>> _figure(2400.0), _figure(-5.376), _figure(0.00123)
    ('2,400', '-5.38', '0.00123')
    """
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:,.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.3g}"
