"""Weighting and aggregation: from points per indicator to one score per port and year, and its rank.

The weight of an absent indicator goes to the others of its group in proportion (M2); the weight of a
group with nothing in it to the other groups. What was absent because it *lacks* (and not because it does
not apply) lowers `availability`, and below the framework's limit the port is not scored at all.

>>> import numpy as np
>>> points = np.array([[80.0, np.nan], [80.0, 40.0]])
>>> [float(x) for x in weighted_mean(points, np.array([0.6, 0.4]), "arithmetic")]
[80.0, 64.0]
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from kouan.evaluation.method.cube import Floats
from kouan.evaluation.method.framework import Framework
from kouan.evaluation.method.peers import same_group

Flags = NDArray[np.bool_]


def weighted_mean(points: Floats, weights: Floats, rule: str) -> Floats:
    """Mean over the last axis with the weights of what is present; NaN where nothing is.

    "geometric" needs points above zero: `lift` sees to that.
    """
    present = np.isfinite(points)
    share = weights * present
    total = share.sum(axis=-1)
    filled = np.where(present, points, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        if rule == "geometric":
            return np.where(total > 0, np.exp((share * np.log(filled)).sum(axis=-1) / total), np.nan)
        return np.where(total > 0, (share * filled).sum(axis=-1) / total, np.nan)


def lift(points: Floats) -> Floats:
    """Map 0..100 onto 1..100, so that a geometric mean of a port with one zero is not zero (JRC practice).

    >>> lift(np.array([0.0, 100.0])).tolist()
    [1.0, 100.0]
    """
    return 1.0 + points * 0.99


def aggregate(points: Floats, framework: Framework, rules: Mapping[str, str]) -> dict[str, Floats]:
    """Points of every aggregate node, lowest level first: code -> (years, ports).

    `points` is (years, ports, indicators); `rules` names the mean of each aggregate.
    """
    if "geometric" in rules.values():
        points = lift(points)
    found = {node.code: points[:, :, i] for i, node in enumerate(framework.indicators)}
    for node in framework.aggregates:
        children = framework.children(node.code)
        parts = np.stack([found[child.code] for child in children], axis=-1)
        found[node.code] = weighted_mean(parts, np.array([c.weight for c in children]), rules[node.code])
    return {node.code: found[node.code] for node in framework.aggregates}


def weights_in_force(present: Flags, framework: Framework) -> Floats:
    """The share of each indicator in the top score after redistribution (years, ports, indicators).

    Sums to 1 for every port and year with anything present, else 0.
    """
    filled = {node.code: present[:, :, i] for i, node in enumerate(framework.indicators)}
    for node in framework.aggregates:
        filled[node.code] = np.logical_or.reduce([filled[c.code] for c in framework.children(node.code)])
    shares = {framework.top.code: filled[framework.top.code].astype(float)}
    for node in reversed(framework.aggregates):
        children = framework.children(node.code)
        parts = np.stack([c.weight * filled[c.code] for c in children], axis=-1)
        total = parts.sum(axis=-1, keepdims=True)
        parts = np.divide(parts, total, out=np.zeros(parts.shape), where=total > 0)
        for i, child in enumerate(children):
            shares[child.code] = shares[node.code] * parts[..., i]
    return np.stack([shares[node.code] for node in framework.indicators], axis=-1)


def availability(present: Flags, lacking: Flags, framework: Framework) -> Floats:
    """Weight of the indicators present ÷ weight of those present or lacking (years, ports).

    Indicators that do not apply are outside; 0 where nothing applies.
    """
    weights = np.array([framework.overall_weight(node.code) for node in framework.indicators])
    here, due = (present * weights).sum(axis=-1), ((present | lacking) * weights).sum(axis=-1)
    return np.divide(here, due, out=np.zeros(here.shape), where=due > 0)


def ranks(scores: Floats, codes: NDArray[np.intp]) -> NDArray[np.int_]:
    """Rank of each port within its code, 1 the best, equal scores the same rank; 0 where there is no score.

    >>> ranks(np.array([[90.0, 80.0, 90.0, np.nan]]), np.zeros(4, dtype=int)).tolist()
    [[1, 3, 1, 0]]
    """
    with np.errstate(invalid="ignore"):
        better = (scores[:, None, :] > scores[:, :, None]) & same_group(codes)
    return np.where(np.isfinite(scores), 1 + better.sum(axis=2), 0)
