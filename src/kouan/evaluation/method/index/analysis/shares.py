"""The weights in force for one unit, and what each node gives to the one above it and to the index.

What is missing has no weight: the others share it. Under an arithmetic mean a child gives its weight in force times its points, and
these add up to the parent. Under any other rule there is no such sum; what remains to be said is how far the parent would be from
what it is without the child (`removal.without`).

>>> from kouan.evaluation.method.index.analysis.examples import ports
>>> {code: round(each, 3) for code, each in in_force(ports(), 3, "speed").items()}
{'hours': 0.667, 'lanes': 0.333}
>>> {code: round(each, 2) for code, each in shares_in(ports(), 3, "index").items()}
{'hours': 25.0, 'lanes': 4.17, 'cost': 37.5}
"""

from __future__ import annotations

import numpy as np

from kouan.evaluation.method.index.run import Result

_MEANS = ("arithmetic", "geometric", "harmonic", "power")


def points_of(result: Result, row: int, code: str) -> float:
    """Points of a unit (row of the result) in a node; NaN where it has none."""
    table = result.normalised if result.framework[code].level == 1 else result.scores
    return float(table.column(code)[row])


def rule_of(result: Result, code: str) -> str:
    """The name of the rule that joins a node's children; a power mean of 1 is the arithmetic mean."""
    rule = result.recipe.aggregate.rules().at(code, result.framework[code].level)
    return "arithmetic" if rule.name == "power" and rule.power == 1.0 else rule.name


def in_force(result: Result, row: int, code: str) -> dict[str, float]:
    """For each child of a node its weight among the children that the unit has; 0 for one that is missing, all 0 where nothing is left.

    Copeland counts for each pair what both have, and TOPSIS needs all: their weights are those of the recipe, made to sum to 1.
    """
    children = result.framework.children(code)
    points = np.array([points_of(result, row, child) for child in children])
    weights = np.array([result.weights[child] for child in children], dtype=float)
    if rule_of(result, code) in (*_MEANS, "median", "minimum"):
        weights = np.where(np.isfinite(points), weights, 0.0)
    total = weights.sum()
    return {
        child: float(each / total) if total else 0.0 for child, each in zip(children, weights.tolist(), strict=True)
    }


def shares_in(result: Result, row: int, code: str) -> dict[str, float] | None:
    """What each indicator below a node gives to a unit's points in it; they add up to them. None where a mean on the way is not
    arithmetic, or the node has no points. An indicator that is missing gives 0."""
    found = {code: 1.0}
    leaves: dict[str, float] = {}
    waiting = [code]
    while waiting:
        node = waiting.pop()
        if result.framework[node].level == 1:
            points = points_of(result, row, node)
            leaves[node] = found[node] * points if np.isfinite(points) else 0.0
            continue
        if not np.isfinite(points_of(result, row, node)):
            if node == code:
                return None
            leaves |= dict.fromkeys(result.framework.leaves(node), 0.0)
            continue
        if rule_of(result, node) != "arithmetic":
            return None
        for child, weight in in_force(result, row, node).items():
            found[child] = found[node] * weight
            waiting.append(child)
    return {leaf: leaves[leaf] for leaf in result.framework.leaves(code)}
