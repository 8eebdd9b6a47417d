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
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from threadpoolctl import threadpool_limits

from kouan.evaluation.method.cube import Floats
from kouan.evaluation.method.efficiency.batch import Programmes, solve
from kouan.evaluation.method.efficiency.limits import Ratio, Share, ratio_columns, share_columns
from kouan.evaluation.method.efficiency.program import Answer, Frontier, Places
from kouan.evaluation.method.efficiency.units import Units

# A row may miss its bound, and a column gain, by this share of what stands in it; else the answer is not believed.
SOUND, FAIR = 1e-9, 1e-8
# How many units are solved side by side: the arrays grow with it.
_TOGETHER = 512


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
        self.frontier = self._frontier(np.ones(rows), None, start)

    def _sizes(self, values: Floats) -> Floats:
        return values.mean(axis=1) if self.returns is Returns.CONSTANT else np.ones(len(values))

    def size_of(self, value: Floats) -> float:
        """What a point in scaled figures is divided by: its own size, or 1 with variable returns."""
        return float(self._sizes(value[None, :])[0])

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

    def _frontier(self, unit: Floats, lengths: Floats | None, start: Places | None) -> Frontier:
        """A programme in rows divided by ``unit`` and columns divided by ``lengths``; the usual one has ones."""
        columns, convex = self.columns()
        columns = columns / unit
        if lengths is not None:
            columns, convex = columns / lengths[:, None], None if convex is None else convex / lengths
        return Frontier(columns, convex=convex, equal=self.equal, extras=self._extras(np.ones(len(unit)), unit),
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
        known = self._side_by_side(first) if is_self and not is_superior and self.is_plain else {}
        for place in in_chain(values[first]):
            row = int(first[place])
            without = self.columns_of(row) if is_superior and not twins[place] else ()
            moved = known.get(row) or self._end(values[row], without, row if is_self else -1)
            for same in np.flatnonzero(group == place):
                found[same] = moved
        return [moved for moved in found if moved is not None]

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing but reference units: no limits, no undesirable outputs."""
        return not (self.ratios or self.shares or self.undesirable)

    def programmes(self, points: Floats, own: Places) -> Programmes:
        """The questions of points (p, rows), divided by their sizes, each of which is a reference unit: ``own`` says which."""
        columns, convex = self.columns()
        steps, bounds = (np.array(each) for each in zip(*(self.question(point) for point in points), strict=True))
        row_in = np.zeros(len(points), dtype=np.intp)
        # An output that the unit does not make fixes nothing: its largest one does.
        row_out = self.inputs + points[:, self.inputs :].argmax(axis=1)
        if self.returns is Returns.CONSTANT:
            kept = np.stack([row_in, row_out], axis=1)
        else:
            kept = (row_out if self.orientation is Orientation.OUTPUT else row_in)[:, None]
        return Programmes(columns, steps, bounds, own, kept, self.cost, convex is not None)

    def together(self, rows: Places) -> Iterator[tuple[Places, Floats, Programmes]]:
        """Reference units in bundles: which rows, their sizes, and their questions."""
        for begin in range(0, len(rows), _TOGETHER):
            part = rows[begin : begin + _TOGETHER]
            yield part, self.sizes[part], self.programmes(self.values[part] / self.sizes[part, None], part)

    def _side_by_side(self, rows: Places) -> dict[int, Moved]:
        """Where those units end that can be solved together; those without a proof are left to HiGHS, one by one."""
        found: dict[int, Moved] = {}
        # The arrays are small: threads of the matrix library would spend their time waiting for one another.
        with threadpool_limits(limits=1, user_api="blas"):
            for part, sizes, asked in self.together(rows):
                solved = solve(asked)
                for place in np.flatnonzero(solved.is_proved):
                    names, held = solved.of_units(int(place), len(self.values))
                    answer = Answer("optimal", self.cost * float(solved.values[place]), solved.duals[place], names, held, np.empty(0))
                    found[int(part[place])] = self._moved(answer, float(sizes[place]))
        return found

    def columns_of(self, row: int) -> tuple[int, ...]:
        """The columns that belong to a reference unit: one, or two where it may also stand idle."""
        return (row,) if self.frontier.units == len(self.values) else (row, row + len(self.values))

    def _end(self, value: Floats, without: tuple[int, ...], own: int) -> Moved:
        size = self.size_of(value)
        point = value / size
        step, bound = self.question(point)
        extras = self._extras(point, np.ones(len(point))) if self.shares else None
        answer = self.frontier.solve(step, bound, extras=extras, without=without, own=own)
        if answer.status == "unsolved" or (answer.status == "optimal" and not self._is_sound(answer, step, bound, extras, without)):
            answer = self._alone(point, step, bound, without, own)
            if answer.status == "optimal" and not self._is_sound(answer, step, bound, extras, without):
                answer = replace(answer, status="unsolved")
        return self._moved(answer, size)

    def _alone(self, point: Floats, step: Floats, bound: Floats, without: tuple[int, ...], own: int) -> Answer:
        """The same question from a cold start for very uneven figures: rows in the size that the unit will have
        after the move, columns of length one, so that the solver's absolute tolerances are relative ones."""
        guess = self._guess(point, without)
        unit = np.where(point > 0, point * np.where(bound == 0, guess, 1.0), 1.0)
        lengths = np.abs(self.columns()[0] / unit).max(axis=1)
        alone = self._frontier(unit, lengths, np.array(self.frontier.taken, dtype=np.intp))
        extras = self._extras(point, unit) if self.shares else None
        answer = alone.solve(step * guess / unit, bound / unit, extras=extras, without=without, own=own)
        if answer.status != "optimal":
            return answer
        duals = answer.duals * guess
        duals[: len(unit)] /= unit
        return replace(answer, value=answer.value * guess, duals=duals, share=answer.share / lengths[answer.taken])

    def _guess(self, point: Floats, without: tuple[int, ...]) -> float:
        """The step that the best single unit allows: the right order of magnitude; 1 for a direction."""
        if self.orientation is Orientation.DIRECTIONAL:
            return 1.0
        kinds = np.arange(len(point))
        values = np.delete(self.values / self.sizes[:, None], [unit % len(self.values) for unit in without], axis=0)
        inputs = (values / np.where(point > 0, point, 1.0))[:, kinds < self.inputs].max(axis=1, initial=0.0)
        made = (kinds >= self.inputs) & ~self.equal & (point > 0)
        outputs = (values / np.where(point > 0, point, 1.0))[:, made].min(axis=1, initial=np.inf)
        if self.returns is Returns.CONSTANT:
            with np.errstate(divide="ignore"):
                reached = inputs / outputs
        elif self.orientation is Orientation.INPUT:
            reached = np.where(outputs >= 1, inputs, np.inf)
        else:
            with np.errstate(divide="ignore"):
                reached = np.where(inputs <= 1, 1.0 / outputs, np.inf)
        least = reached.min(initial=np.inf)
        if not 0 < least < np.inf:
            return 1.0
        return float(least if self.orientation is Orientation.INPUT else 1.0 / least)

    def _is_sound(self, answer: Answer, step: Floats, bound: Floats, extras: Floats | None, without: tuple[int, ...]) -> bool:
        """Whether the solution keeps every row, the multipliers let no column gain, and both give the same value."""
        columns, rows, value = self.frontier.columns, self.frontier.rows, self.cost * answer.value
        reached, spent = answer.share @ columns[answer.taken], answer.share @ self.frontier.lengths[answer.taken]
        limits = self.frontier.extras if extras is None else extras
        left = reached[:rows] + answer.extra @ limits + value * step - bound
        width = spent[:rows] + np.abs(bound) + np.abs(value * step) + answer.extra @ np.abs(limits)
        if (left < -SOUND * width).any() or (self.equal & (left > SOUND * width)).any():
            return False
        duals, own = answer.duals, answer.duals[:rows]
        worth, outlay = columns @ duals, self.frontier.lengths @ np.abs(duals)
        worth[list(without)] = 0.0
        if (worth > FAIR * outlay).any() or (limits @ own > FAIR * (np.abs(limits) @ np.abs(own))).any():
            return False
        if (~self.equal & (own * np.maximum(np.abs(bound), np.abs(step)) < -SOUND)).any() or abs(own @ step - self.cost) > SOUND:
            return False
        total = bound @ own
        if self.frontier.is_convex:
            if abs(reached[rows] - 1.0) > SOUND:
                return False
            total += duals[rows]
        return bool(abs(total - answer.value) <= SOUND * max(1.0, abs(answer.value)))

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
