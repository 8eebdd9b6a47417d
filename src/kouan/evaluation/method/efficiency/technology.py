"""A reference technology in the form that the programme wants, and points measured against it.

Rows are inputs (entered below zero), outputs, undesirable outputs (below zero, holding with equality). Each
column is divided by its mean; with constant returns each unit is divided by its own size as well, which changes
no score and keeps a small port as exact as a large one.

=============  ===============================================================================
input          least θ: inputs θ·x, outputs kept (Charnes, Cooper and Rhodes 1978; variable returns:
               Banker, Charnes and Cooper 1984)
output         greatest φ: outputs φ·y, inputs kept
directional    greatest β: inputs (1 − β)·x, outputs (1 + β)·y (Chambers, Chung and Färe 1998, with the
               unit's own figures as the direction); with undesirable outputs b: inputs kept,
               (1 + β)·y and (1 − β)·b (Chung, Färe and Grosskopf 1997)
=============  ===============================================================================
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from kouan.evaluation.method.cube import Floats
from kouan.evaluation.method.efficiency.limits import Ratio, Share, ratio_columns, share_columns
from kouan.evaluation.method.efficiency.program import Answer, Frontier, Places
from kouan.evaluation.method.efficiency.units import Units

# A row may miss its bound by this share before the unit is solved again in units of its own.
SOUND = 1e-9


class Returns(StrEnum):
    """Returns to scale."""

    CONSTANT = "crs"
    VARIABLE = "vrs"


class Orientation(StrEnum):
    """In which direction a unit is moved to the frontier."""

    INPUT = "input"
    OUTPUT = "output"
    DIRECTIONAL = "directional"


@dataclass(frozen=True)
class Moved:
    """Where one point ends: ``step`` (θ, φ or β; NaN unless ``status`` is "optimal"), the reference units
    ``peers`` with their intensities ``share`` (λ), and the multipliers (m + s + q,) per unit of the data,
    with ``free`` the multiplier of the convexity row (0 for constant returns)."""

    status: str
    step: float
    peers: Places
    share: Floats
    multipliers: Floats
    free: float


class Technology:
    """Everything that reference units could do, under returns to scale and weight limits."""

    def __init__(
        self, reference: Units, returns: Returns, orientation: Orientation, *, ratios: Sequence[Ratio] = (),
        shares: Sequence[Share] = (), start: Places | None = None,
    ) -> None:
        self.reference, self.returns, self.orientation = reference, returns, orientation
        self.ratios, self.shares = tuple(ratios), tuple(shares)
        self.inputs, self.outputs = len(reference.input_names), len(reference.output_names)
        self.undesirable = len(reference.undesirable_names)
        rows = self.inputs + self.outputs + self.undesirable
        self.signs = np.where((np.arange(rows) >= self.inputs) & (np.arange(rows) < self.inputs + self.outputs), 1.0, -1.0)
        self.equal = np.arange(rows) >= self.inputs + self.outputs
        self.scale = reference.values.mean(axis=0)
        self.scale[self.scale == 0] = 1.0
        self.values = reference.values / self.scale
        self.sizes = self._sizes(self.values)
        self.cost = 1.0 if orientation is Orientation.INPUT else -1.0
        self.frontier = self._frontier(np.ones(rows), start)

    def _sizes(self, values: Floats) -> Floats:
        return values.mean(axis=1) if self.returns is Returns.CONSTANT else np.ones(len(values))

    def columns(self) -> tuple[Floats, Floats | None]:
        """Columns (units, rows) as the programme takes them, and their entries in the convexity row."""
        columns = self.signs * self.values / self.sizes[:, None]
        if self.returns is Returns.CONSTANT:
            return columns, None
        if not self.undesirable:
            return columns, np.ones(len(columns))
        # Weak disposability with variable returns: every unit may abate by a factor of its own, so its
        # inputs may also be kept without its outputs (Kuosmanen 2005).
        idle = np.where(np.arange(len(self.signs)) < self.inputs, columns, 0.0)
        return np.vstack([columns, idle]), np.ones(2 * len(columns))

    def _frontier(self, unit: Floats, start: Places | None) -> Frontier:
        """A programme in rows divided by ``unit``; the usual one has ones."""
        columns, convex = self.columns()
        return Frontier(columns / unit, convex=convex, equal=self.equal, extras=self._extras(np.ones(len(unit)), unit),
                        cost=self.cost, start=start)

    def _extras(self, amounts: Floats, unit: Floats) -> Floats | None:
        if not self.ratios and not self.shares:
            return None
        limited = self.inputs + self.outputs
        rows = np.vstack([
            ratio_columns(self.ratios, self.reference, self.scale[:limited]),
            share_columns(self.shares, self.reference, amounts[:limited]),
        ])
        return np.hstack([rows, np.zeros((len(rows), self.undesirable))]) / unit

    def question(self, point: Floats) -> tuple[Floats, Floats]:
        """The step column and the bounds of a point in scaled figures."""
        signed = self.signs * point
        kinds = np.arange(len(point))
        is_input, is_output = kinds < self.inputs, (kinds >= self.inputs) & ~self.equal
        if self.orientation is Orientation.INPUT:
            return np.where(is_input, point, 0.0), np.where(is_input, 0.0, signed)
        if self.orientation is Orientation.OUTPUT:
            return np.where(is_output, -point, 0.0), np.where(is_output, 0.0, signed)
        moves = ~is_input if self.undesirable else np.ones(len(point), dtype=bool)
        return np.where(moves, -point, 0.0), signed

    def ends(self, points: Units, *, is_self: bool = False, is_superior: bool = False) -> list[Moved]:
        """Where each point ends, in the order of ``points``.

        ``is_self`` says that the points are the reference units themselves; with ``is_superior`` each is
        measured against the others only (a unit that has a twin still meets the twin).
        """
        values = points.values / self.scale
        found: list[Moved | None] = [None] * len(values)
        _, first, group = np.unique(points.values, axis=0, return_index=True, return_inverse=True)
        group = group.reshape(-1)
        twins = np.bincount(group) > 1
        for place in in_chain(values[first]):
            row = int(first[place])
            without = self._columns_of(row) if is_superior and not twins[place] else ()
            moved = self._end(values[row], without, row if is_self else -1)
            for same in np.flatnonzero(group == place):
                found[same] = moved
        return [moved for moved in found if moved is not None]

    def _columns_of(self, row: int) -> tuple[int, ...]:
        """The columns that belong to a reference unit: one, or two where it may also stand idle."""
        return (row,) if self.frontier.units == len(self.values) else (row, row + len(self.values))

    def _end(self, value: Floats, without: tuple[int, ...], own: int) -> Moved:
        size = float(self._sizes(value[None, :])[0])
        point = value / size
        step, bound = self.question(point)
        extras = self._extras(point, np.ones(len(point))) if self.shares else None
        answer = self.frontier.solve(step, bound, extras=extras, without=without, own=own)
        if answer.status == "optimal" and not self._is_sound(answer, self.frontier, step, bound):
            # A point of very uneven figures: the same question in rows of its own size, from a cold start.
            unit = np.where(point > 0, point, 1.0)
            alone = self._frontier(unit, np.array(self.frontier.taken, dtype=np.intp))
            extras = self._extras(point, unit) if self.shares else None
            answer = alone.solve(step / unit, bound / unit, extras=extras, without=without, own=own)
            if answer.status == "optimal":
                duals = answer.duals.copy()
                duals[: len(unit)] /= unit
                answer = Answer(answer.status, answer.value, duals, answer.taken, answer.share, answer.extra)
        return self._moved(answer, size)

    def _is_sound(self, answer: Answer, frontier: Frontier, step: Floats, bound: Floats) -> bool:
        """Whether every row keeps its bound and the multipliers give the same value, to a billionth."""
        reached = answer.share @ frontier.columns[answer.taken]
        left = reached[: self.frontier.rows] + answer.extra @ frontier.extras + self.cost * answer.value * step - bound
        width = np.maximum(np.abs(bound), np.abs(answer.value * step))
        short = (left < -SOUND * width) | (self.equal & (left > SOUND * width))
        worth = bound @ answer.duals[: len(bound)] + (answer.duals[-1] if frontier.is_convex else 0.0)
        return bool(not short.any() and abs(worth - answer.value) <= SOUND * max(1.0, abs(answer.value)))

    def _moved(self, answer: Answer, size: float) -> Moved:
        rows = len(self.scale)
        if answer.status != "optimal":
            return Moved(answer.status, np.nan, answer.taken, answer.share, np.full(rows, np.nan), np.nan)
        # Without the size of the point the multipliers of the data add to one on the side that is kept to one.
        multipliers = answer.duals[:rows] / self.scale / size
        peers = answer.taken % len(self.values)
        share = answer.share * size / self.sizes[peers]
        free = float(answer.duals[rows]) if self.frontier.is_convex else 0.0
        return Moved("optimal", self.cost * answer.value, peers, share, multipliers, free)

    def slacks(self, points: Units, ends: Sequence[Moved], costs: Floats, *, is_superior: bool = False) -> Iterator[Moved]:
        """The second phase: with the step of each point fixed, the greatest weighted sum of slacks.

        ``costs`` (m + s + q,) is the weight of one unit of slack in the data; rows held with equality have none.
        Yields for each point a ``Moved`` whose ``multipliers`` are the slacks in units of the data.
        """
        weights = np.where(self.equal, 0.0, costs * self.scale)
        free = np.flatnonzero(weights > 0)
        columns, convex = self.columns()
        rows = np.zeros((len(free), len(self.scale)))
        rows[np.arange(len(free)), free] = -1.0
        programme = Frontier(
            columns, convex=convex, equal=np.ones(len(self.scale), dtype=bool), extras=rows,
            extra_costs=-weights[free] / weights.max(), start=np.array(self.frontier.taken, dtype=np.intp),
        )
        values = points.values / self.scale
        found: dict[bytes, Moved] = {}
        twins = {values[row].tobytes() for group in points.alike() for row in group}
        for row in in_chain(values):
            key = values[row].tobytes()
            if key not in found:
                without = self._columns_of(row) if is_superior and key not in twins else ()
                found[key] = self._slack(programme, values[row], ends[row], free, without)
        for row in range(len(values)):
            yield found[values[row].tobytes()]

    def _slack(self, programme: Frontier, value: Floats, end: Moved, free: Places, without: tuple[int, ...]) -> Moved:
        if end.status != "optimal":
            return end
        size = float(self._sizes(value[None, :])[0])
        step, bound = self.question(value / size)
        target = bound - step * end.step
        # The step was found to a ten-billionth: what it lacks must not make the second phase infeasible.
        for allowance in (0.0, 1e-10, 1e-9, 1e-8):
            answer = programme.solve(None, target - allowance * np.where(self.equal, 0.0, np.abs(target)), without=without)
            if answer.status == "optimal":
                break
        if answer.status != "optimal":
            return Moved(answer.status, end.step, end.peers, end.share, np.full(len(value), np.nan), np.nan)
        slack = np.zeros(len(value))
        slack[free] = np.where(answer.extra > 1e-9, answer.extra, 0.0) * size
        peers = answer.taken % len(self.values)
        return Moved("optimal", end.step, peers, answer.share * size / self.sizes[peers], slack * self.scale, 0.0)


def in_chain(values: Floats) -> list[int]:
    """An order in which each row is near the one before it, in proportions: a warm start is worth more so.

    >>> in_chain(np.array([[1.0], [100.0], [2.0], [90.0]]))
    [0, 2, 3, 1]
    """
    if not len(values):
        return []
    logs = np.log(np.maximum(values, 1e-6))
    logs -= logs.mean(axis=1, keepdims=True) if values.shape[1] > 1 else 0.0
    order, left = [0], np.ones(len(values), dtype=bool)
    left[0] = False
    for _ in range(len(values) - 1):
        gaps = ((logs - logs[order[-1]]) ** 2).sum(axis=1)
        gaps[~left] = np.inf
        nearest = int(gaps.argmin())
        order.append(nearest)
        left[nearest] = False
    return order
