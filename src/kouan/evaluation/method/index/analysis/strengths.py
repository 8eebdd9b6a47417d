"""Strengths and weaknesses of a unit: the indicators in which it stands best and worst among the others.

Two rules:

``coinr`` is what `get_str_weak` of COINr 1.1.14 does: places among all units that have the figure (ties take the best place), ordered
upwards, equal places by the code of the parent, then in the order of the framework (COINr sorts its table so). Indicators without a
figure are left out; with ``discard_last`` (its `min_discard`, on) also those in which the unit's place is the last one given, from both
lists; ``least_unique`` (its `unq_discard`) leaves out indicators of few distinct values. The first N are strengths, the last N
weaknesses, best first in both.

``own`` is ours, because the first hides a unit's plain last place and cannot compare places out of 10 with places out of 50:

- a strength: fewer than half of the others stand better or level; a weakness: more than half of the others stand better. So a place shared
  with half the units (all at zero, say) is neither, no indicator is both, and a list may be short;
- strengths are ordered by the share of the others that stand better or level, weaknesses by the share that stand better, the worst first;
- equal shares: the greater distance from the middle (median) in points goes first; then the greater effective weight; then the
  framework's order;
- a figure that was filled in is neither strength nor weakness.

>>> from kouan.evaluation.method.index.analysis.examples import ports
>>> best, worst = strengths(ports(), "C", top=1, bottom=1)
>>> best[0].code, best[0].place, worst[0].code, worst[0].place
('hours', 1, 'cost', 4)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from kouan.basis import Refused
from kouan.evaluation.method.index.analysis.influence import effective
from kouan.evaluation.method.index.analysis.points import Points
from kouan.evaluation.method.index.framework import Floats
from kouan.evaluation.method.index.normalise import ranks
from kouan.evaluation.method.index.run import Result
from kouan.evaluation.method.index.table import Table

STEPS = ("raw", "denominated", "imputed", "treated", "normalised")


@dataclass(frozen=True, slots=True)
class Standing:
    """An indicator as a strength or weakness. ``value``: the figure at the step; ``points``: normalised; ``place`` of ``among``."""

    code: str
    name: str
    group: str
    unit_of_measure: str
    value: float
    points: float
    place: int
    among: int


def strengths(
    result: Result,
    unit: str,
    *,
    top: int = 5,
    bottom: int = 5,
    step: str = "normalised",
    rule: Literal["own", "coinr"] = "own",
    discard_last: bool = True,
    least_unique: float | None = None,
) -> tuple[list[Standing], list[Standing]]:
    """The strengths and the weaknesses of a unit, at a step of the run ("raw" … "normalised"); before normalising, values are
    turned by their directions first. Raises Refused for an unknown unit or step, several years, and numbers under zero."""
    places, turned = _places(result, step, top, bottom)
    row = Points.of(result).at(unit)
    return _of_row(result, places, turned, row, top, bottom, step, rule, discard_last, least_unique)


def all_units(
    result: Result, *, top: int = 5, bottom: int = 5, step: str = "normalised", rule: Literal["own", "coinr"] = "own"
) -> dict[str, tuple[list[Standing], list[Standing]]]:
    """Strengths and weaknesses of every unit by code; arguments and errors as for `strengths`."""
    places, turned = _places(result, step, top, bottom)
    return {
        unit: _of_row(result, places, turned, row, top, bottom, step, rule, True, None)
        for row, unit in enumerate(result.scores.units)
    }


def _places(result: Result, step: str, top: int, bottom: int) -> tuple[Floats, Floats]:
    if step not in STEPS or top < 0 or bottom < 0:
        raise Refused.because(
            "strengths_arguments",
            f"步骤须为 {'、'.join(STEPS)} 之一，项数不能为负。",
            f"The step must be one of {', '.join(STEPS)}, the numbers not negative.",
            measured=step,
        )
    points = Points.of(result)
    table: Table = getattr(result, step)
    if step == "normalised":
        # Points that only rounding parts are level.
        return points.places_of(result.framework.indicators), table.values
    turned = table.values * result.framework.directions
    return ranks(-turned), turned


def _of_row(
    result: Result,
    places: Floats,
    turned: Floats,
    row: int,
    top: int,
    bottom: int,
    step: str,
    rule: str,
    discard_last: bool,
    least_unique: float | None,
) -> tuple[list[Standing], list[Standing]]:
    if rule == "coinr":
        parents = [result.framework[code].parent or "" for code in result.framework.indicators]
        best, worst = _as_coinr(parents, places, turned, row, top, bottom, discard_last, least_unique)
    else:
        best, worst = _own(result, places, row, top, bottom, least_unique)
    table: Table = getattr(result, step)

    def standing(k: int) -> Standing:
        code = result.framework.indicators[k]
        node = result.framework[code]
        return Standing(
            code,
            node.name,
            node.parent or "",
            node.unit,
            float(table.values[row, k]),
            float(result.normalised.values[row, k]),
            int(places[row, k]),
            int(np.isfinite(places[:, k]).sum()),
        )

    return [standing(k) for k in best], [standing(k) for k in worst]


def _as_coinr(
    parents: list[str],
    places: Floats,
    turned: Floats,
    row: int,
    top: int,
    bottom: int,
    discard_last: bool,
    least_unique: float | None,
) -> tuple[list[int], list[int]]:
    kept = [k for k in range(places.shape[1]) if np.isfinite(places[row, k])]
    if least_unique is not None:
        kept = [k for k in kept if _distinct(turned[:, k]) > least_unique]
    if discard_last:
        kept = [k for k in kept if places[row, k] != np.nanmax(places[:, k])]
    # R sorts words without regard to capitals.
    kept.sort(key=lambda k: (float(places[row, k]), parents[k].casefold()))
    best = kept[:top]
    # COINr's lists overlap where there are too few; here none stands in both.
    rest = kept[len(best) :]
    return best, rest[max(len(rest) - bottom, 0) :]


def _own(
    result: Result, places: Floats, row: int, top: int, bottom: int, least_unique: float | None
) -> tuple[list[int], list[int]]:
    x = result.normalised.values
    weights = effective(result.framework, result.weights)
    better: list[tuple[float, float, float, int]] = []
    worse: list[tuple[float, float, float, int]] = []
    for k, code in enumerate(result.framework.indicators):
        column, place = places[:, k], places[row, k]
        others = int(np.isfinite(column).sum()) - 1
        if not np.isfinite(place) or others < 1 or result.filled[row, k]:
            continue
        if least_unique is not None and _distinct(x[:, k]) <= least_unique:
            continue
        level = int((column == place).sum()) - 1
        ahead, ahead_or_level = (place - 1) / others, (place - 1 + level) / others
        away = float(x[row, k] - np.nanmedian(x[:, k]))
        if ahead_or_level < 0.5:
            better.append((ahead_or_level, -away, -weights[code], k))
        elif ahead > 0.5:
            worse.append((-ahead, away, -weights[code], k))
    return [each[3] for each in sorted(better)[:top]], [each[3] for each in sorted(worse)[:bottom]]


def _distinct(column: Floats) -> float:
    """COINr counts a gap as one more distinct value, and over all rows."""
    known = column[np.isfinite(column)]
    return (len(np.unique(known)) + (len(known) < len(column))) / len(column) if len(column) else 0.0
