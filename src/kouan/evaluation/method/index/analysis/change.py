"""Why a unit's score changed between two runs: its own data, the method, the others (peers).

A score is a function of three things: the unit's own row, the rows of the others, and the method (framework and recipe). Between two runs
each is old or new, which gives 2³ runs. The Shapley value (Shapley 1953; for the decomposition of differences, Shorrocks 2013) gives each
factor the mean of what it changes over the six orders in which the three can change; no order is preferred, what two do together is
shared, and the three parts add up to the difference exactly.

- ``data``: the unit's own figures, groups and denominators. Weights or treatment that are taken from the data follow the rows they come from.
- ``peers``: the rows of the others, who may also come and go: they set the scale, the fillings, the treatment, the weights from data.
- ``method``: indicators, directions, weights, targets, and every step of the recipe.

Where all means are arithmetic and nothing is missing, the score is a sum over indicators and every factor's part is shared out to them too.
A column that one run does not know counts as without data in the mixed runs. A mixed run that cannot be made, or leaves the unit without a score,
is a refusal that names it: the difference cannot be told apart then.

>>> from kouan.evaluation.method.index.analysis.examples import FRAMEWORK, TABLE
>>> later = TABLE.with_values(TABLE.values + np.array([[0, 0, 0], [0, 0, 10.0], [0, 0, -30.0], [0, 0, 0]]))
>>> plain = Recipe(recipe="example")
>>> found = decompose(State(FRAMEWORK, TABLE, plain), State(FRAMEWORK, later, plain), "C")
>>> round(found.before, 2), round(found.after, 2), {part.factor: round(part.change, 2) for part in found.parts}
(41.67, 75.0, {'data': 29.17, 'method': 0.0, 'peers': 4.17})
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from math import factorial

import numpy as np

from kouan.basis import Finding, Refused, Text
from kouan.evaluation.method.index.analysis.points import alone, several_years, unit_unknown, year_unknown
from kouan.evaluation.method.index.analysis.shares import shares_in
from kouan.evaluation.method.index.framework import Floats, Framework
from kouan.evaluation.method.index.recipe import Recipe
from kouan.evaluation.method.index.run import Result, run
from kouan.evaluation.method.index.table import Table

FACTORS = ("data", "method", "peers")
NAMES = {
    "data": Text("自身数据", "own data"),
    "method": Text("方法", "method"),
    "peers": Text("其他对象", "the others"),
}


@dataclass(frozen=True)
class State:
    """One side: a framework, data of one year, a recipe."""

    framework: Framework
    table: Table
    recipe: Recipe

    @classmethod
    def of(cls, result: Result, year: str | None = None) -> State:
        """The side of a result, in a year where it has several. Raises Refused for a result scored jointly over years: there one year's
        score hangs on all years, and no year's rows can be exchanged alone."""
        given = result.given
        if given is None:
            raise Refused.because(
                "data_not_kept", "结果不含当时的数据，不能重算。", "The result does not hold its data: it cannot be run again."
            )
        years = tuple(dict.fromkeys(given.times))
        if year is not None and year not in years:
            raise year_unknown(year, years)
        if len(years) < 2:
            return cls(result.framework, given, result.recipe)
        if year is None:
            raise several_years(years)
        if result.recipe.years == "jointly":
            raise Refused.because(
                "change_years_jointly",
                "该结果各年合在一个尺度上计算，单独一年的数据不能替换。",
                "This result scores all years on one scale: one year's rows cannot be exchanged alone.",
                remedy=(
                    "用上下界（goalposts）标准化逐年计算，再作分解。",
                    "Score year by year on goalposts, then decompose.",
                ),
            )
        table, recipe = alone(given, result.recipe, year)
        return cls(result.framework, table, recipe)


@dataclass(frozen=True, slots=True)
class Part:
    """What a factor changed: all in all, when it alone changes (``first``), and when it changes last (``last``)."""

    factor: str
    name: Text
    change: float
    first: float
    last: float


@dataclass(frozen=True, slots=True)
class IndicatorPart:
    """An indicator's part of each factor's change; they add up to the factor's."""

    code: str
    name: str
    data: float
    method: float
    peers: float
    change: float


@dataclass(frozen=True)
class Change:
    """``after`` − ``before`` = the sum of the parts. ``runs``: the scores of the eight runs by "data method peers", o old and n new;
    ``indicators`` is empty where the score is no sum over indicators."""

    unit: str
    node: str
    before: float
    after: float
    parts: tuple[Part, ...]
    indicators: tuple[IndicatorPart, ...]
    runs: dict[str, float]
    said: Text
    findings: tuple[Finding, ...] = ()

    @property
    def difference(self) -> float:
        return self.after - self.before


def decompose(old: State, new: State, unit: str, *, node: str | None = None) -> Change:
    """Tell the difference of a unit's score on a node (the top of each side, if not named) apart. Raises Refused where the unit is
    not on both sides, the node is not in both frameworks, or a mixed run has no score."""
    for side in (old, new):
        if len(set(side.table.times)) > 1:
            raise several_years(tuple(dict.fromkeys(side.table.times)))
        if unit not in side.table.units:
            raise unit_unknown(unit, side.table.units)
        if node is not None and node not in side.framework:
            raise Refused.because(
                "node_unknown", f"指标体系没有“{node}”。", f"The framework has no “{node}”.", measured=node
            )
    # A method may ask for a column that the other side's rows do not have: there it is a gap.
    sides = (
        State(old.framework, widened(old.table, new.table), old.recipe),
        State(new.framework, widened(new.table, old.table), new.recipe),
    )
    indicators = tuple(dict.fromkeys([*old.framework.indicators, *new.framework.indicators]))
    runs: dict[tuple[int, ...], float] = {}
    sums: dict[tuple[int, ...], Floats | None] = {}
    for key in product((0, 1), repeat=3):
        data, method, peers = (sides[each] for each in key)
        runs[key], sums[key] = _score(data.table, method, peers.table, unit, node, indicators, _named(key))
    weights = {0: factorial(2) / factorial(3), 1: 1 / factorial(3), 2: factorial(2) / factorial(3)}

    def shapley(of: Callable[[tuple[int, ...]], Floats]) -> list[Floats]:
        found = []
        for at in range(3):
            total = np.zeros_like(of((0, 0, 0)))
            for key in product((0, 1), repeat=3):
                if not key[at]:
                    total = total + weights[sum(key)] * (of(tuple(1 if i == at else each for i, each in enumerate(key))) - of(key))
            found.append(total)
        return found

    changes = [float(each) for each in shapley(lambda key: np.array(runs[key]))]
    parts = tuple(
        Part(
            factor,
            NAMES[factor],
            changes[at],
            runs[tuple(int(i == at) for i in range(3))] - runs[0, 0, 0],
            runs[1, 1, 1] - runs[tuple(int(i != at) for i in range(3))],
        )
        for at, factor in enumerate(FACTORS)
    )
    by_indicator: tuple[IndicatorPart, ...] = ()
    findings: list[Finding] = []
    held = {key: each for key, each in sums.items() if each is not None}
    if len(held) == 8:
        columns = shapley(lambda key: held[key])
        by_indicator = tuple(
            IndicatorPart(
                code,
                (new.framework if code in new.framework else old.framework)[code].name,
                float(columns[0][k]),
                float(columns[1][k]),
                float(columns[2][k]),
                float(columns[0][k] + columns[1][k] + columns[2][k]),
            )
            for k, code in enumerate(indicators)
        )
    else:
        findings.append(
            Finding.info(
                "change_not_by_indicator",
                "有一步不是算术平均，变化不能逐项分到指标。",
                "A step is no arithmetic mean: the change cannot be shared out to the indicators.",
            )
        )
    before, after = runs[0, 0, 0], runs[1, 1, 1]
    return Change(
        unit,
        node or new.framework.top,
        before,
        after,
        parts,
        by_indicator,
        {"".join("on"[each] for each in key): score for key, score in runs.items()},
        _said(unit, before, after, parts),
        tuple(findings),
    )


def _score(
    own: Table, method: State, others: Table, unit: str, node: str | None, indicators: tuple[str, ...], named: Text
) -> tuple[float, Floats | None]:
    """The unit's score, and its shares by indicator where it is a sum over them."""
    code = node or method.framework.top
    try:
        result = run(method.framework, mixed(own, others, unit), method.recipe)
    except Refused as refused:
        raise Refused([each.at(path=f"{named.zh} / {named.en}") for each in refused.findings]) from refused
    score = np.nan
    if unit in result.scores.units:
        row = result.scores.units.index(unit)
        score = float((result.normalised if method.framework[code].level == 1 else result.scores).column(code)[row])
    if not np.isfinite(score):
        raise Refused.because(
            "change_not_decomposable",
            f"“{unit}”在这种组合下没有得分，变化无法分解：{named.zh}。",
            f"“{unit}” has no score in one of the mixed runs, so the change cannot be told apart: {named.en}.",
            remedy=("先使两次计算的指标和数据可以互换。", "Let the two runs share indicators and data first."),
        )
    shares = shares_in(result, row, code)
    if shares is None:
        return score, None
    known = np.array([shares.get(each, 0.0) for each in indicators])
    # Adding up by branch rounds otherwise than adding up all at once; what is left goes where it weighs least.
    if known.size:
        known[int(np.argmax(np.abs(known)))] += score - known.sum()
    return score, known


def widened(table: Table, other: Table) -> Table:
    """The table with the columns, groups and denominators of another beside its own: gaps, and a group without a name."""
    lacking = tuple(code for code in other.columns if code not in table.columns)
    gaps = np.full((len(table.units), len(lacking)), np.nan)
    return Table(
        table.units,
        table.columns + lacking,
        np.hstack([table.values, gaps]),
        table.names,
        {name: table.groups.get(name, ("",) * len(table.units)) for name in dict.fromkeys([*table.groups, *other.groups])},
        {
            code: table.denominators.get(code, np.full(len(table.units), np.nan))
            for code in dict.fromkeys([*table.denominators, *other.denominators])
        },
    )


def mixed(own: Table, others: Table, unit: str) -> Table:
    """The rows of ``others`` with the unit's row from ``own``; the unit must be in both."""
    own, others = widened(own, others), widened(others, own)
    row, at = own.units.index(unit), others.units.index(unit)
    order = [own.columns.index(code) for code in others.columns]
    values = others.values.copy()
    values[at] = own.values[row, order]
    denominators = {code: column.copy() for code, column in others.denominators.items()}
    for code, column in denominators.items():
        column[at] = own.denominators[code][row]
    groups = {
        name: (*each[:at], own.groups[name][row], *each[at + 1 :]) for name, each in others.groups.items()
    }
    return Table(others.units, others.columns, values, others.names, groups, denominators)


def _named(key: tuple[int, ...]) -> Text:
    zh, en = ("旧", "新"), ("old", "new")
    return Text(
        f"{zh[key[0]]}数据、{zh[key[1]]}方法、{zh[key[2]]}同伴",
        f"{en[key[0]]} data, {en[key[1]]} method, {en[key[2]]} peers",
    )


def _said(unit: str, before: float, after: float, parts: tuple[Part, ...]) -> Text:
    return Text(
        f"“{unit}”由 {before:.2f} 变为 {after:.2f}（{after - before:+.2f}）："
        + "，".join(f"{part.name.zh} {part.change:+.2f}" for part in parts)
        + "。",
        f"“{unit}” went from {before:.2f} to {after:.2f} ({after - before:+.2f}): "
        + ", ".join(f"{part.name.en} {part.change:+.2f}" for part in parts)
        + ".",
    )


