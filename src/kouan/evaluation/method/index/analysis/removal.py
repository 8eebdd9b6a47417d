"""The effect of each element: what becomes of the places when an indicator or an aggregate is left out.

COINr's `remove_elements`: the element's weight becomes zero, the others keep theirs, nothing else is done again, neither treatment nor data
weights. Here the element leaves the framework, which is the same under every rule and also right with a data threshold, which
must not count an element that is gone. An aggregate left without children goes too. Shifts are place before − place after: positive
is better without the element.

>>> from kouan.evaluation.method.index.analysis.examples import ports
>>> for each in removals(ports())[0][:3]:
...     print(each.code, round(each.mean_shift, 2), each.largest_shift, round(each.spearman, 2))
hours 0.75 1.0 0.63
lanes 0.75 2.0 0.77
cost 1.5 3.0 -0.4
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kouan.basis import Finding, Refused
from kouan.evaluation.method.index.aggregate import aggregate, placed
from kouan.evaluation.method.index.analysis.correlations import correlate
from kouan.evaluation.method.index.analysis.points import several_years, years_of
from kouan.evaluation.method.index.framework import Floats
from kouan.evaluation.method.index.run import Result


@dataclass(frozen=True, slots=True)
class Removal:
    """What leaving out a node does to the node looked at (the index). Shifts in places; ``moved``: how many units change place;
    correlations of the scores with and without. NaN where the node is all there is."""

    code: str
    name: str
    level: int
    mean_shift: float
    largest_shift: float
    largest_unit: str
    moved: int
    pearson: float
    spearman: float


def without(result: Result, code: str, *, of: str | None = None) -> Floats:
    """Points of a node (the index) for every unit (units,) with an element left out, weights in force. Raises Refused where nothing
    would be left of it, or ``code`` is not below it."""
    framework = result.framework
    node = of or framework.top
    if code not in framework or node not in framework or not set(framework.leaves(code)) < set(framework.leaves(node)):
        raise Refused.because(
            "element_is_all",
            f"去掉“{code}”后“{node}”没有内容，或前者不在后者之下。",
            f"Without “{code}” nothing is left of “{node}”, or it is not below it.",
        )
    less = framework.without(code)
    block = np.column_stack([result.normalised.column(each) for each in less.indicators])
    weights = {each.code: result.weights[each.code] for each in less.nodes}
    return aggregate(less, block, weights, result.recipe.aggregate.rules())[node]


def removals(
    result: Result, *, levels: Sequence[int] | None = None, of: str | None = None
) -> tuple[list[Removal], dict[str, Floats], list[Finding]]:
    """Leave out each node below one (the index), in turn. Answers rows, lowest level first; for each node left out the places of all
    units (units,); findings. ``levels``: only these. Raises Refused for a result of several years."""
    years = years_of(result)
    if len(years) > 1:
        raise several_years(years)
    framework = result.framework
    node = of or framework.top
    below = set(framework.leaves(node))
    before = result.scores.column(node)
    places_before = placed(before, result.recipe.decimals)
    rows: list[Removal] = []
    places: dict[str, Floats] = {}
    findings: list[Finding] = []
    for each in sorted(framework.nodes, key=lambda one: one.level):
        leaves = set(framework.leaves(each.code))
        if each.code == node or not leaves <= below or (levels is not None and each.level not in levels):
            continue
        if each.level > framework[node].level:
            continue
        try:
            after = without(result, each.code, of=node)
        except Refused:
            findings.append(
                Finding.info(
                    "element_is_all",
                    f"“{each.name}”之外没有其他内容，无从比较。",
                    f"There is nothing beside “{each.name}”: leaving it out leaves nothing.",
                )
            )
            continue
        places_after = placed(after, result.recipe.decimals)
        places[each.code] = places_after
        rows.append(_row(result, each.code, before, after, places_before, places_after))
    return rows, places, findings


def _row(
    result: Result, code: str, before: Floats, after: Floats, places_before: Floats, places_after: Floats
) -> Removal:
    node = result.framework[code]
    shift = places_before - places_after
    known = np.isfinite(shift)
    if not known.any():
        return Removal(code, node.name, node.level, np.nan, np.nan, "", 0, np.nan, np.nan)
    at = int(np.argmax(np.where(known, np.abs(shift), -1.0)))
    return Removal(
        code,
        node.name,
        node.level,
        float(np.abs(shift[known]).mean()),
        float(abs(shift[at])),
        result.scores.units[at] if shift[at] else "",
        int((shift[known] != 0).sum()),
        correlate(before, after, "pearson").r,
        correlate(np.round(before, result.recipe.decimals), np.round(after, result.recipe.decimals), "spearman").r,
    )
