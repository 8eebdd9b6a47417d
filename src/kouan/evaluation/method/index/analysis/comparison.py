"""Two indices beside each other: who moves, and how far the two agree.

Shifts are place in the first less place in the second, as COINr's `compare_coins` gives them: positive is better in the second. Places are
those of each run, among all its units; the summary is over the units that both have scored. Two scores that are equal after the recipe's
decimals are level. ``ordered_alike``: of all pairs of units that neither index has level, the share that both put in the same order;
``level_in_one``: of all pairs, the share that exactly one has level.

>>> from kouan.evaluation.method.index.analysis.examples import ports
>>> found = compare(ports(), ports())
>>> found.spearman, found.ordered_alike, found.mean_shift, found.moved
(1.0, 1.0, 0.0, 0)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kouan.basis import Finding, Refused
from kouan.evaluation.method.index.aggregate import placed
from kouan.evaluation.method.index.analysis.correlations import correlate
from kouan.evaluation.method.index.analysis.points import Points
from kouan.evaluation.method.index.framework import Floats
from kouan.evaluation.method.index.run import Result


@dataclass(frozen=True, slots=True)
class Shift:
    """One unit. NaN where an index has not scored it."""

    unit: str
    name: str
    score_first: float
    score_second: float
    place_first: float
    place_second: float
    shift: float
    shift_size: float


@dataclass(frozen=True)
class Comparison:
    """How far two indices agree on a node, over ``n`` units scored by both. NaN where n is too small or scores do not vary."""

    node: str
    n: int
    pearson: float
    spearman: float
    kendall: float
    ordered_alike: float
    level_in_one: float
    mean_shift: float
    largest_shift: float
    largest_unit: str
    moved: int
    same_top: int
    rows: tuple[Shift, ...]
    findings: tuple[Finding, ...] = ()


def compare(first: Result, second: Result, *, node: str | None = None, second_node: str | None = None) -> Comparison:
    """Compare two results of one year on a node (the top of each, if not named). ``same_top``: of the first ten places, how many units
    are the same. Raises Refused for a node that is not there, several years, and where no unit is in both."""
    one, two = Points.of(first), Points.of(second)
    code = _node(one, node or one.framework.top)
    other = _node(two, second_node or node or two.framework.top)
    units = tuple(dict.fromkeys([*one.units, *two.units]))
    at_one = {unit: i for i, unit in enumerate(one.units)}
    at_two = {unit: i for i, unit in enumerate(two.units)}
    if not any(unit in at_two for unit in one.units):
        raise Refused.because(
            "nothing_in_common",
            "两个结果没有相同的评价对象。",
            "The two results have no unit in common.",
            remedy=("核对两次计算所用的代码。", "Look at the codes of both runs."),
        )

    def taken(column: Floats, at: dict[str, int]) -> Floats:
        return np.array([column[at[unit]] if unit in at else np.nan for unit in units])

    # Rounded as each recipe rounds before it ranks: order and ties are then those of the places.
    x = np.round(taken(one.columns[code], at_one), first.recipe.decimals)
    y = np.round(taken(two.columns[other], at_two), second.recipe.decimals)
    place_x = taken(placed(one.columns[code], first.recipe.decimals), at_one)
    place_y = taken(placed(two.columns[other], second.recipe.decimals), at_two)
    shift = place_x - place_y
    names = {unit: name for held in (two, one) for unit, name in zip(held.units, held.names, strict=True)}
    rows = tuple(
        Shift(
            unit,
            names[unit],
            float(x[i]),
            float(y[i]),
            float(place_x[i]),
            float(place_y[i]),
            float(shift[i]),
            float(abs(shift[i])),
        )
        for i, unit in enumerate(units)
    )
    both = np.isfinite(shift)
    alike, level = order_shares(x[both], y[both])
    size = np.abs(shift)
    largest = int(np.argmax(np.where(both, size, -1.0)))
    return Comparison(
        code,
        int(both.sum()),
        correlate(x, y, "pearson").r,
        correlate(x, y, "spearman").r,
        correlate(x, y, "kendall").r,
        alike,
        level,
        float(size[both].mean()) if both.any() else np.nan,
        float(size[largest]) if both.any() else np.nan,
        units[largest] if both.any() and size[largest] else "",
        int((size[both] != 0).sum()),
        int(((place_x <= 10) & (place_y <= 10)).sum()),
        rows,
        tuple(_told(units, x, y, int(both.sum()))),
    )


def order_shares(x: Floats, y: Floats) -> tuple[float, float]:
    """Of pairs level in neither of x and y (n,), the share in the same order; and of all pairs the share level in exactly one. NaN
    where there are no such pairs.

    >>> order_shares(np.array([1.0, 2.0, 3.0, 3.0]), np.array([1.0, 3.0, 2.0, 4.0]))
    (0.8, 0.16666666666666666)
    """
    upper = np.triu_indices(len(x), 1)
    one = np.sign(x[:, None] - x[None, :])[upper]
    two = np.sign(y[:, None] - y[None, :])[upper]
    strict = (one != 0) & (two != 0)
    alike = float((one == two)[strict].mean()) if strict.any() else float("nan")
    return alike, float(((one == 0) != (two == 0)).mean()) if one.size else float("nan")


def _node(points: Points, code: str) -> str:
    if code not in points.columns:
        raise Refused.because(
            "node_unknown",
            f"指标体系没有“{code}”。",
            f"The framework has no “{code}”.",
            measured=code,
            remedy=("用 --node 写两个体系都有的代码。", "Name a code that both frameworks have (--node)."),
        )
    return code


def _told(units: tuple[str, ...], x: Floats, y: Floats, n: int) -> list[Finding]:
    found = []
    for zh, en, gone in (("第一个", "first", np.isnan(x)), ("第二个", "second", np.isnan(y))):
        lacking = [unit for unit, is_gone in zip(units, gone, strict=True) if is_gone]
        if lacking:
            found.append(
                Finding.info(
                    "unit_in_one_only",
                    f"{len(lacking)} 个对象在{zh}结果中没有得分，不参加比较：{'、'.join(lacking[:8])}。",
                    f"{len(lacking)} unit(s) have no score in the {en} result and are not compared: {', '.join(lacking[:8])}.",
                    measured=len(lacking),
                )
            )
    if n < 3:
        found.append(
            Finding.warning(
                "comparison_too_small",
                f"两个结果共同的对象只有 {n} 个，无相关系数。",
                f"Only {n} unit(s) are scored in both: no correlations.",
                measured=n,
                required=3,
            )
        )
    return found
