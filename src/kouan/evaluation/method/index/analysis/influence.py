"""Weights as they are meant, and as they work: the effective weight of every node and its influence on the index.

The effective weight is the product of a node's share among its siblings and of those above it (COINr `get_eff_weights`): on each level
they sum to 1. A weight is not an importance, for a column that hardly varies, or that goes with others, moves the index less or more
than its weight says (Paruolo, Saisana and Saltelli 2013). Two measures of how much of the index's variance goes with a node:

- the squared Pearson correlation, the share that a straight line tells;
- the correlation ratio η² (Pearson 1905) = variance of the index's mean given the node / variance of the index, over classes of equal
  numbers of units (units of equal value in one class), less what chance would give: ε² = 1 − (n − 1)/(n − k)·within/total (Kelley 1935), not
  under 0. Classes: n/6, at least 2, at most 8. Paruolo and others smooth instead; classes need no bandwidth and can be checked by hand.

Both are also given as shares among siblings, to be read beside the weights' shares.

>>> x = np.arange(12.0)
>>> round(correlation_ratio(x, (x - 5.5) ** 2), 3), round(correlation_ratio(x, 3 - x), 3)
(0.0, 0.731)
>>> round(correlation_ratio(np.tile([1.0, 2.0, 3.0], 6), np.tile([5.0, 0.0, 5.0], 6)), 3)
1.0
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kouan.basis import Finding
from kouan.evaluation.method.index.analysis.correlations import correlate
from kouan.evaluation.method.index.analysis.points import Points
from kouan.evaluation.method.index.framework import Floats, Framework
from kouan.evaluation.method.index.run import Result

LEAST_UNITS = 6


@dataclass(frozen=True, slots=True)
class Influence:
    """``weight``: among siblings, as in force; ``share``: that over the sum of the siblings'; ``effective``: in the index.
    ``correlation``, ``squared``, ``ratio``: with the index; ``squared_share``, ``ratio_share``: of the siblings' sum; ``pull``:
    squared share over weight share, 1 where the node works as it is meant to. NaN where there is none."""

    code: str
    name: str
    level: int
    parent: str
    weight: float
    share: float
    effective: float
    correlation: float
    squared: float
    ratio: float
    squared_share: float
    ratio_share: float
    pull: float


def effective(framework: Framework, weights: Mapping[str, float]) -> dict[str, float]:
    """The share of every node in the index under arithmetic means without gaps; the top's is 1, children of no weight have 0."""
    found = {framework.top: 1.0}
    for code in reversed(framework.aggregates):
        total = sum(weights[child] for child in framework.children(code))
        for child in framework.children(code):
            found[child] = found[code] * (weights[child] / total if total else 0.0)
    return found


def correlation_ratio(x: Floats, y: Floats) -> float:
    """ε² of y (n,) given x (n,), 0 … 1, over the rows that have both; NaN where y does not vary or there are fewer than six."""
    both = np.isfinite(x) & np.isfinite(y)
    x, y = x[both], y[both]
    n = len(x)
    if n < LEAST_UNITS or np.ptp(y) <= 1e-12 * np.abs(y).max():
        return float("nan")
    if np.ptp(x) <= 1e-12 * np.abs(x).max():
        return float("nan")
    classes = int(np.clip(n // 6, 2, 8))
    distinct, at = np.unique(x, return_inverse=True)
    if len(distinct) <= classes:
        number = at
    else:
        # The middle of a value's ranks decides its class, so that equal values never part.
        counts = np.bincount(at)
        middle = np.cumsum(counts) - (counts + 1) / 2
        number = np.minimum((middle * classes / n).astype(int), classes - 1)[at]
    held = np.unique(number)
    if len(held) < 2 or n <= len(held):
        return float("nan")
    total = float(np.square(y - y.mean()).sum())
    within = sum(float(np.square(y[number == one] - y[number == one].mean()).sum()) for one in held)
    return float(np.clip(1.0 - (n - 1) / (n - len(held)) * within / total, 0.0, 1.0))


def influences(result: Result) -> tuple[list[Influence], list[Finding]]:
    """Every node below the top, in the order of the framework. Findings: nodes of no weight, nodes that work against the index,
    and nodes that pull more than twice or less than half of what their weight says. Raises Refused for several years."""
    points = Points.of(result)
    framework = points.framework
    shares = effective(framework, result.weights)
    index = points.columns[framework.top]
    linear = {code: correlate(points.columns[code], index).r for code in points.columns if code != framework.top}
    ratios = {code: correlation_ratio(points.columns[code], index) for code in linear}
    rows: list[Influence] = []
    for node in framework.nodes:
        if node.parent is None:
            continue
        siblings = framework.children(node.parent)
        total = sum(result.weights[each] for each in siblings)
        share = result.weights[node.code] / total if total else 0.0
        squared_share = _part(linear[node.code] ** 2, [linear[each] ** 2 for each in siblings])
        rows.append(
            Influence(
                node.code,
                node.name,
                node.level,
                node.parent,
                float(result.weights[node.code]),
                share,
                shares[node.code],
                linear[node.code],
                linear[node.code] ** 2,
                ratios[node.code],
                squared_share,
                _part(ratios[node.code], [ratios[each] for each in siblings]),
                squared_share / share if share else np.nan,
            )
        )
    return rows, _told(framework, rows)


def _part(one: float, all_of_them: list[float]) -> float:
    whole = float(np.nansum(all_of_them))
    return one / whole if whole > 0 else float("nan")


def _told(framework: Framework, rows: list[Influence]) -> list[Finding]:
    found = []
    for row in rows:
        if row.weight == 0:
            found.append(
                Finding.info("weight_zero", f"“{row.name}”权重为零。", f"“{row.name}” weighs nothing.")
            )
        elif np.isfinite(row.correlation) and row.correlation < 0:
            found.append(
                Finding.warning(
                    "works_against_index",
                    f"“{row.name}”与总指数负相关（{row.correlation:.3f}）：权重 {row.share:.0%}，实际作用相反。",
                    f"“{row.name}” goes against the index ({row.correlation:.3f}), although it weighs {row.share:.0%} of its group.",
                    measured=f"{row.correlation:.4f}",
                )
            )
        elif np.isfinite(row.pull) and not 0.5 <= row.pull <= 2 and len(framework.children(row.parent)) > 1:
            found.append(
                Finding.info(
                    "pull_unlike_weight",
                    f"“{row.name}”在同组中权重占 {row.share:.0%}，对总指数的影响占 {row.squared_share:.0%}。",
                    f"“{row.name}” weighs {row.share:.0%} of its group and has {row.squared_share:.0%} of its influence on the index.",
                    measured=f"{row.pull:.3f}",
                )
            )
    return found
