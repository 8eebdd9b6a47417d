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
    held = _Measured(result, step, top, bottom)
    row = Points.of(result).at(unit)
    return held.lists(row, top, bottom, rule, discard_last, least_unique)


def all_units(
    result: Result, *, top: int = 5, bottom: int = 5, step: str = "normalised", rule: Literal["own", "coinr"] = "own"
) -> dict[str, tuple[list[Standing], list[Standing]]]:
    """Strengths and weaknesses of every unit by code; arguments and errors as for `strengths`."""
    held = _Measured(result, step, top, bottom)
    return {
        unit: held.lists(row, top, bottom, rule, True, None) for row, unit in enumerate(result.scores.units)
    }


class _Measured:
    """Where all units stand in all indicators, (units, indicators) each, found once for all lists."""

    def __init__(self, result: Result, step: str, top: int, bottom: int) -> None:
        if step not in STEPS or top < 0 or bottom < 0:
            raise Refused.because(
                "strengths_arguments",
                f"步骤须为 {'、'.join(STEPS)} 之一，项数不能为负。",
                f"The step must be one of {', '.join(STEPS)}, the numbers not negative.",
                measured=step,
            )
        self.result = result
        points = Points.of(result)
        table: Table = getattr(result, step)
        self.values = table.values
        codes = result.framework.indicators
        self.turned = table.values if step == "normalised" else table.values * result.framework.directions
        # Points that only rounding parts are level.
        self.places = points.places_of(codes) if step == "normalised" else ranks(-self.turned)
        self.among = np.isfinite(self.places).sum(axis=0)
        self.last = np.where(np.isnan(self.places), 0.0, self.places).max(axis=0, initial=0.0)
        self.distinct = np.array([_distinct(column) for column in self.turned.T])
        others = np.maximum(self.among - 1, 1)
        self.ahead = (self.places - 1) / others
        # As many stand behind a unit as stand ahead of it when the order is turned.
        self.ahead_or_level = 1 - (ranks(-self.places) - 1) / others
        x = result.normalised.values
        self.away = np.column_stack(
            [column - (np.median(known) if (known := column[np.isfinite(column)]).size else np.nan) for column in x.T]
        )
        shares = effective(result.framework, result.weights)
        self.weights = [shares[code] for code in codes]
        self.parents = [(result.framework[code].parent or "").casefold() for code in codes]

    def lists(
        self, row: int, top: int, bottom: int, rule: str, discard_last: bool, least_unique: float | None
    ) -> tuple[list[Standing], list[Standing]]:
        """The strengths and weaknesses of a row."""
        kept = [
            k
            for k in range(self.places.shape[1])
            if np.isfinite(self.places[row, k]) and (least_unique is None or self.distinct[k] > least_unique)
        ]
        if rule == "coinr":
            best, worst = self._coinr(row, kept, top, bottom, discard_last)
        else:
            best, worst = self._own(row, kept, top, bottom)
        return [self._standing(row, k) for k in best], [self._standing(row, k) for k in worst]

    def _coinr(
        self, row: int, kept: list[int], top: int, bottom: int, discard_last: bool
    ) -> tuple[list[int], list[int]]:
        if discard_last:
            kept = [k for k in kept if self.places[row, k] != self.last[k]]
        # R sorts words without regard to capitals.
        kept = sorted(kept, key=lambda k: (float(self.places[row, k]), self.parents[k]))
        best = kept[:top]
        # COINr's lists overlap where there are too few; here none stands in both.
        rest = kept[len(best) :]
        return best, rest[max(len(rest) - bottom, 0) :]

    def _own(self, row: int, kept: list[int], top: int, bottom: int) -> tuple[list[int], list[int]]:
        kept = [k for k in kept if self.among[k] > 1 and not self.result.filled[row, k]]
        level, ahead, away = self.ahead_or_level[row], self.ahead[row], self.away[row]
        better = sorted((level[k], -away[k], -self.weights[k], k) for k in kept if level[k] < 0.5)
        worse = sorted((-ahead[k], away[k], -self.weights[k], k) for k in kept if ahead[k] > 0.5)
        return [each[3] for each in better[:top]], [each[3] for each in worse[:bottom]]

    def _standing(self, row: int, k: int) -> Standing:
        code = self.result.framework.indicators[k]
        node = self.result.framework[code]
        return Standing(
            code,
            node.name,
            node.parent or "",
            node.unit,
            float(self.values[row, k]),
            float(self.result.normalised.values[row, k]),
            int(self.places[row, k]),
            int(self.among[k]),
        )


def _distinct(column: Floats) -> float:
    """COINr counts a gap as one more distinct value, and over all rows."""
    known = column[np.isfinite(column)]
    return (len(np.unique(known)) + (len(known) < len(column))) / len(column) if len(column) else 0.0
