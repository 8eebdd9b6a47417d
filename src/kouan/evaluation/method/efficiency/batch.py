"""Many small programmes with one set of columns, solved side by side and each with its proof.

A plain score asks the same of every unit, and the bootstrap asks it a thousand times over. The programmes
of one set of units differ only in their step and bounds, have as many rows as there are columns of data, and
each knows a feasible start (the unit's own column); so all of them take their simplex steps together as array
operations, each on a basis inverse of its own. Nothing is believed that is not proved: an optimum counts only
when its solution keeps every row, its multipliers let no column gain, and both give the same value. What is not
proved in time (cycling, bad pivots) is left to HiGHS.

>>> asked = Programmes(np.array([[-2.0, 1.0], [-4.0, 2.0], [-6.0, 2.0]]), steps=np.array([[6.0, 0.0]]),
...                    bounds=np.array([[0.0, 2.0]]), own=np.array([2]), kept=np.array([[0, 1]]))
>>> solved = solve(asked)
>>> solved.values.round(12).tolist(), solved.is_proved.tolist()
([0.666666666667], [True])
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kouan.evaluation.method.cube import Floats
from kouan.evaluation.method.efficiency.program import GAIN, Flags, Places

# A column enters when it gains more than this; a pivot is no smaller than that.
_ENTERS, _PIVOT = 1e-11, 1e-9
# Far more steps than a programme of this kind takes; those still under way go to HiGHS.
_STEPS_FOR_A_ROW = 12
# A row may miss its bound by this share of what stands in it.
_SOUND = 1e-10
# In the second phase: what counts as free, what as fair, and the most of the first multipliers that a proof may use.
_FREE, _FAIR, _MOST = 1e-9, 1e-8, 1e8


@dataclass(frozen=True)
class Programmes:
    """The least cost · t with Σ λ_j column_j + t · step ≥ bound, λ ≥ 0, and Σ λ = 1 if ``convex``, for p points.

    ``columns`` is (units, rows), ``steps`` and ``bounds`` (p, rows). ``own`` (p,) names the column that with the step
    makes each start feasible when its rows ``kept`` (p, 1 or 2) hold with equality: one row for the step and, unless
    ``convex``, one for the column.
    """

    columns: Floats
    steps: Floats
    bounds: Floats
    own: Places
    kept: Places
    cost: float = 1.0
    convex: bool = False

    def with_sum(self) -> tuple[Floats, Floats, Floats]:
        """Columns, steps and bounds with the row Σ λ = 1 behind the others, where there is one."""
        if not self.convex:
            return self.columns, self.steps, self.bounds
        points = len(self.steps)
        return (np.hstack([self.columns, np.ones((len(self.columns), 1))]), np.hstack([self.steps, np.zeros((points, 1))]),
                np.hstack([self.bounds, np.ones((points, 1))]))


@dataclass(frozen=True)
class Solved:
    """Values (p,) of t, and which of them are proved (p,): the others are meaningless, as is their row in the rest.

    ``names`` (p, size) says what stands in each basis (a unit's column, else -1 or a number beyond the units) and ``held``
    (p, size) how much of it; ``duals`` (p, size) are the multipliers of the rows; ``inverse`` (p, size, size) is the
    inverse of each basis.
    """

    values: Floats
    is_proved: Flags
    names: Places
    held: Floats
    duals: Floats
    inverse: Floats

    def of_units(self, place: int, units: int) -> tuple[Places, Floats]:
        """The units' columns in one solution and how much there is of each."""
        used = (self.names[place] >= 0) & (self.names[place] < units) & (self.held[place] > 0)
        return self.names[place][used], self.held[place][used]


def solve(asked: Programmes) -> Solved:
    """The optimum of every programme, as far as it could be proved."""
    points, rows = asked.steps.shape
    size = rows + asked.convex
    columns, steps, bounds = asked.with_sum()
    own, kept, cost = asked.own, asked.kept, asked.cost
    resting = np.ones((points, rows), dtype=bool)
    np.put_along_axis(resting, kept, False, axis=1)
    slacks = np.nonzero(resting)[1].reshape(points, -1)
    basis = _start(columns, steps, own, slacks)
    inverse = np.asarray(np.linalg.inv(basis), dtype=np.float64)
    # Place 0 of the basis is the step, which is free and never leaves; place 1 the unit's own column.
    names = np.empty((points, size), dtype=np.intp)
    names[:, 0], names[:, 1] = -1, own
    names[:, 2:] = len(columns) + slacks
    held: Floats = np.einsum("pij,pj->pi", inverse, bounds)
    lengths = np.sqrt((columns**2).sum(axis=1))
    live = np.arange(points)
    for _ in range(_STEPS_FOR_A_ROW * size):
        duals = cost * inverse[live, 0]
        gains = np.hstack([(duals @ columns.T) / lengths, -duals[:, :rows]])
        entering = gains.argmax(axis=1)
        is_moving = gains[np.arange(len(live)), entering] > _ENTERS
        live, entering = live[is_moving], entering[is_moving]
        if not len(live):
            break
        left = _pivot(inverse, held, names, live, entering, columns, rows)
        live = live[left]
    duals = cost * inverse[:, 0]
    is_proved = _proved(columns, steps, bounds, names, held, duals, rows, cost)
    return Solved(held[:, 0], is_proved, names, held, duals, inverse)


def _start(columns: Floats, steps: Floats, own: Places, slacks: Places) -> Floats:
    points, size = steps.shape
    basis = np.zeros((points, size, size))
    basis[:, :, 0], basis[:, :, 1] = steps, columns[own]
    for place in range(slacks.shape[1]):
        basis[np.arange(points), slacks[:, place], 2 + place] = -1.0
    return basis


def _pivot(inverse: Floats, held: Floats, names: Places, live: Places, entering: Places, columns: Floats, rows: int) -> Flags:
    """One step of each live programme, in place; False for those that cannot take one."""
    is_column = entering < len(columns)
    coming = np.zeros((len(live), inverse.shape[1]))
    coming[is_column] = columns[entering[is_column]]
    slack = np.flatnonzero(~is_column)
    coming[slack, entering[slack] - len(columns)] = -1.0
    mine = inverse[live]
    along = np.einsum("pij,pj->pi", mine, coming)
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.where(along > _PIVOT, np.maximum(held[live], 0.0) / along, np.inf)
    reach[:, 0] = np.inf
    least = reach.min(axis=1)
    # Among equal reaches the largest pivot: steadier, and it seldom goes in circles.
    tied = reach <= (least * (1 + 1e-12) + 1e-14)[:, None]
    leaving = np.where(tied, along, -np.inf).argmax(axis=1)
    can = np.isfinite(least)
    at = np.arange(len(live))
    pivot = np.where(can, along[at, leaving], 1.0)
    row = mine[at, leaving] / pivot[:, None]
    share = held[live][at, leaving] / pivot
    fresh = mine - along[:, :, None] * row[:, None, :]
    fresh[at, leaving] = row
    amounts = held[live] - along * share[:, None]
    amounts[at, leaving] = share
    taking = live[can]
    inverse[taking], held[taking], names[taking, leaving[can]] = fresh[can], amounts[can], entering[can]
    return can


def _proved(columns: Floats, steps: Floats, bounds: Floats, names: Places, held: Floats, duals: Floats, rows: int, cost: float) -> Flags:
    """Which answers have a feasible solution, feasible multipliers, and one value."""
    value = held[:, 0]
    amounts = np.where((names >= 0) & (names < len(columns)), held, 0.0)
    amounts = np.maximum(amounts, 0.0)
    reached = np.einsum("pk,pkr->pr", amounts, columns[np.where(names < len(columns), names, 0)])
    over = reached + value[:, None] * steps - bounds
    width = np.abs(bounds) + np.abs(value[:, None] * steps) + 1e-300
    keeps = (over[:, :rows] >= -_SOUND * width[:, :rows]).all(axis=1)
    keeps &= (np.abs(over[:, rows:]) <= _SOUND).all(axis=1)
    priced = duals.copy()
    priced[:, :rows] = np.maximum(priced[:, :rows], 0.0)
    gains = priced @ columns.T
    outlay = np.abs(priced) @ np.abs(columns).T
    prices = (gains <= GAIN * outlay).all(axis=1) & (np.abs((priced * steps).sum(axis=1) - cost) <= _SOUND)
    worth, amounts = (priced * bounds).sum(axis=1), np.abs(priced * bounds).sum(axis=1)
    with np.errstate(invalid="ignore"):
        return np.asarray(keeps & prices & (np.abs(worth - cost * value) <= _SOUND * np.maximum(amounts, np.abs(value))))


def most_slack(asked: Programmes, solved: Solved, weights: Floats) -> tuple[Floats, Solved]:
    """The second phase: among the optima of ``solved`` the one with the greatest Σ weights · slack.

    Only columns that cost the first phase nothing may enter, so that t stays as it is. ``weights`` (rows,) are above
    zero. Returns slacks (p, rows) and the bases with ``is_proved`` of this phase: multipliers y = those of this basis plus
    K times those of the first phase, with y · column ≤ 0 for every unit, y ≥ weights, and y · what is left = Σ weights · slack.
    """
    points, rows = asked.steps.shape
    columns, steps, bounds = asked.with_sum()
    weights = weights / weights.max()
    worth = np.concatenate([np.zeros(len(columns)), weights])
    inverse, held, names = solved.inverse.copy(), solved.held.copy(), solved.names.copy()
    first = solved.duals
    costs_nothing = np.hstack([
        np.abs(first @ columns.T) <= _FREE * (np.abs(first) @ np.abs(columns).T), np.abs(first[:, :rows]) <= _FREE,
    ])
    lengths = np.concatenate([np.sqrt((columns**2).sum(axis=1)), np.ones(rows)])
    live = np.flatnonzero(solved.is_proved)
    for _ in range(_STEPS_FOR_A_ROW * held.shape[1]):
        duals = _priced_slack(inverse[live], names[live], worth)
        gains = np.hstack([duals @ columns.T, weights - duals[:, :rows]]) / lengths
        gains[~costs_nothing[live]] = -np.inf
        entering = gains.argmax(axis=1)
        is_moving = gains[np.arange(len(live)), entering] > _ENTERS
        live, entering = live[is_moving], entering[is_moving]
        if not len(live):
            break
        live = live[_pivot(inverse, held, names, live, entering, columns, rows)]
    slacks = np.zeros((points, rows))
    at, place = np.nonzero(names >= len(columns))
    slacks[at, names[at, place] - len(columns)] = np.maximum(held[at, place], 0.0)
    duals = _priced_slack(inverse, names, worth)
    is_proved = solved.is_proved & _slack_proved(columns, bounds - held[:, :1] * steps, first, duals, slacks, weights)
    is_proved &= np.abs(held[:, 0] - solved.values) <= _SOUND * np.maximum(1.0, np.abs(solved.values))
    return slacks, Solved(held[:, 0], is_proved, names, held, duals, inverse)


def _priced_slack(inverse: Floats, names: Places, worth: Floats) -> Floats:
    """The multipliers of bases when only slack has a worth."""
    return np.einsum("pi,pij->pj", np.where(names >= 0, -worth[names], 0.0), inverse)


def _slack_proved(columns: Floats, left: Floats, first: Floats, duals: Floats, slacks: Floats, weights: Floats) -> Flags:
    rows = len(weights)
    over, against = duals @ columns.T, first @ columns.T
    # As much of the first phase's multipliers as it takes to hold down what would gain but costs the first phase dearly.
    with np.errstate(divide="ignore", invalid="ignore"):
        by_column = np.where((over > 0) & (against < 0), over / -against, 0.0)
        by_slack = np.where((weights > duals[:, :rows]) & (first[:, :rows] > 0), (weights - duals[:, :rows]) / first[:, :rows], 0.0)
    outlay = np.abs(duals) @ np.abs(columns).T
    by_column = np.where(over <= _FAIR * outlay, 0.0, by_column)
    by_slack = np.where(weights - duals[:, :rows] <= _FAIR, 0.0, by_slack)
    factor = np.maximum(by_column.max(axis=1), by_slack.max(axis=1))
    whole = duals + factor[:, None] * first
    outlay = np.abs(whole) @ np.abs(columns).T
    prices = (whole @ columns.T <= _FAIR * outlay).all(axis=1) & (whole[:, :rows] >= weights - _FAIR).all(axis=1) & (factor < _MOST)
    asked, given = (whole * left).sum(axis=1), -(slacks * weights).sum(axis=1)
    width = np.abs(whole * left).sum(axis=1) - given
    return np.asarray(prices & (np.abs(asked - given) <= _FAIR * width + 1e-12))
