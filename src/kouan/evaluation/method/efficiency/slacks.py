"""The second phase: how much more than the move along the orientation a unit could save or make.

With the step of the first phase fixed, the greatest weighted sum of slacks. A unit is efficient when its step is 1
and nothing is left here (Koopmans); with a step of 1 and something left it is only weakly efficient.

>>> from kouan.evaluation.method.efficiency.technology import Orientation, Returns
>>> units = Units.of([[8.0, 1.0], [10.0, 1.0]], [[1.0], [1.0]])
>>> technology = Technology(units, Returns.CONSTANT, Orientation.INPUT)
>>> second = SecondPhase(technology, np.ones(3))
>>> [left.slacks.round(9).tolist() for left in second.of(units, technology.ends(units, is_self=True))]
[[0.0, 0.0, 0.0], [2.0, 0.0, 0.0]]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from kouan.evaluation.method.cube import Floats
from kouan.evaluation.method.efficiency.batch import most_slack, solve
from kouan.evaluation.method.efficiency.program import Answer, Frontier, Places
from kouan.evaluation.method.efficiency.technology import Moved, Technology, in_chain
from kouan.evaluation.method.efficiency.units import Units

# Less than this, as a share of the unit's size, is no slack.
_NO_SLACK = 1e-9
# A unit with a figure smaller than this beside the means is asked in its own size: the solver's tolerances are absolute.
_SMALL = 1e-3


@dataclass(frozen=True)
class Left:
    """What is left to a unit: ``slacks`` (m + s + q,) in units of the data, NaN unless ``status`` is "optimal"; its ``peers``
    with their intensities ``share``."""

    status: str
    slacks: Floats
    peers: Places
    share: Floats


class SecondPhase:
    """The second phase over a technology. ``costs`` (m + s + q,): the weight of one unit of slack in the data."""

    def __init__(self, technology: Technology, costs: Floats) -> None:
        self.technology = technology
        # Rows held with equality (undesirable outputs) have no slack.
        self.weights = np.where(technology.equal, 0.0, costs * technology.scale)
        self.free = np.flatnonzero(self.weights > 0)
        self.start = np.array(technology.frontier.taken, dtype=np.intp)
        self.usual: Frontier | None = None

    def _programme(self, unit: Floats, lengths: Floats | None) -> Frontier:
        columns, convex = self.technology.columns()
        columns = columns / unit
        if lengths is not None:
            columns, convex = columns / lengths[:, None], None if convex is None else convex / lengths
        rows = np.zeros((len(self.free), len(unit)))
        rows[np.arange(len(self.free)), self.free] = -1.0
        weights = (self.weights * unit)[self.free]
        return Frontier(columns, convex=convex, equal=np.ones(len(unit), dtype=bool), extras=rows,
                        extra_costs=-weights / weights.max(), start=self.start)

    def of(self, points: Units, ends: Sequence[Moved], *, is_superior: bool = False) -> list[Left]:
        """What is left to each point after its first phase ``ends``; ``is_superior`` as for ``Technology.ends``."""
        values = points.values / self.technology.scale
        self.start = np.unique(np.concatenate([self.start, *(end.peers for end in ends)]))
        twins = {row for group in points.alike() for row in group}
        is_plain = points is self.technology.reference and not is_superior and self.technology.is_plain
        known = self._side_by_side(ends) if is_plain else {}
        found: dict[bytes, Left] = {}
        for row in in_chain(values):
            key = values[row].tobytes()
            if key not in found:
                without = self.technology.columns_of(row) if is_superior and row not in twins else ()
                found[key] = known.get(row) or self._of(values[row], ends[row], without)
        return [found[value.tobytes()] for value in values]

    def _side_by_side(self, ends: Sequence[Moved]) -> dict[int, Left]:
        """What is left to those reference units that can be solved together, both phases with their proof."""
        technology = self.technology
        points = technology.values / technology.sizes[:, None]
        smallest = np.where(points > 0, points, np.inf).min(axis=1)
        rows = np.array([row for row, end in enumerate(ends) if end.status == "optimal" and smallest[row] >= _SMALL], dtype=np.intp)
        found: dict[int, Left] = {}
        with threadpool_limits(limits=1, user_api="blas"):
            for part, sizes, asked in technology.together(rows):
                slacks, second = most_slack(asked, solve(asked), self.weights)
                slacks = np.where(slacks > _NO_SLACK, slacks, 0.0) * sizes[:, None] * technology.scale
                for place in np.flatnonzero(second.is_proved):
                    peers, held = second.of_units(int(place), len(points))
                    found[int(part[place])] = Left("optimal", slacks[place], peers, held * sizes[place] / technology.sizes[peers])
        return found

    def _of(self, value: Floats, end: Moved, without: tuple[int, ...]) -> Left:
        if end.status != "optimal":
            return Left(end.status, np.full(len(value), np.nan), end.peers, end.share)
        size = self.technology.size_of(value)
        point = value / size
        step, bound = self.technology.question(point)
        target = bound - step * end.step
        unit, lengths = np.ones(len(point)), None
        if self.usual is None:
            self.usual = self._programme(unit, None)
        programme = self.usual
        if point[point > 0].min() < _SMALL:
            unit = np.where(point > 0, point, 1.0)
            lengths = np.abs(self.technology.columns()[0] / unit).max(axis=1)
            programme = self._programme(unit, lengths)
        answer = self._asked(programme, target / unit, (np.abs(bound) + np.abs(step * end.step)) / unit, without)
        if answer.status != "optimal":
            return Left("unsolved", np.full(len(value), np.nan), end.peers, end.share)
        slacks = np.zeros(len(value))
        slacks[self.free] = np.where(answer.extra > _NO_SLACK, answer.extra, 0.0)
        share = answer.share if lengths is None else answer.share / lengths[answer.taken]
        peers = answer.taken % len(self.technology.values)
        return Left("optimal", slacks * unit * size * self.technology.scale, peers,
                    share * size / self.technology.sizes[peers])

    def _asked(self, programme: Frontier, target: Floats, width: Floats, without: tuple[int, ...]) -> Answer:
        """The first phase's step is exact to a ten-billionth: what it lacks must not make this phase infeasible."""
        for allowance in (0.0, 1e-10, 1e-9):
            answer = programme.solve(None, target - allowance * np.where(self.technology.equal, 0.0, width), without=without)
            if answer.status == "optimal":
                break
        return answer
