"""The one linear programme behind every efficiency score: a HiGHS model that is kept warm from unit to unit.

    least    cost · t + costs · r
    such that   Σ λ_j column_j + Σ r_k extra_k + t · step  ≥ bound   (or =)
                Σ λ_j = 1   (variable returns only)
                λ ≥ 0, r ≥ 0, t free

A unit's question is put by changing bounds and the one column of ``step``; the basis of the unit before is
the start for the next. Reference units come in as columns only when they price out (column generation,
Dantzig and Wolfe 1960): a frontier rests on few units, and before an answer is given *every* unit of
the reference set has been priced against it, so that the answer is the optimum over all of them.

>>> import numpy as np
>>> frontier = Frontier(np.array([[-2.0, 1.0], [-4.0, 2.0], [-6.0, 2.0]]))   # inputs below zero, outputs above
>>> answer = frontier.solve(step=np.array([6.0, 0.0]), bound=np.array([0.0, 2.0]))
>>> round(answer.value, 12), answer.status
(0.666666666667, 'optimal')
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from kouan.evaluation.method.cube import Floats

# HiGHS accepts no tolerance below 1e-10. A column prices out when it gains more than this share.
TOLERANCE = 1e-10
GAIN = 1e-10
# How many columns one round of pricing takes in.
TAKEN_AT_ONCE = 4
_SAID = {
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnboundedOrInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnbounded: "unbounded",
}

Flags = NDArray[np.bool_]
Places = NDArray[np.intp]


@dataclass(frozen=True)
class Answer:
    """The optimum of one unit: ``value`` of the objective, ``duals`` of the rows (the multipliers), ``share``
    (λ of the columns ``taken``), ``extra`` (r). With another status than "optimal" ("infeasible",
    "unbounded", "unsolved") the arrays are empty and the value is NaN."""

    status: str
    value: float
    duals: Floats
    taken: Places
    share: Floats
    extra: Floats


_NOTHING = np.empty(0)


class Frontier:
    """A reference technology to which questions are put.

    ``columns`` is (units, rows), already scaled. ``convex`` holds each column's entry in the row that must sum
    to one, or is None for constant returns. Rows flagged in ``equal`` hold with equality. ``extras`` is
    (k, rows) with ``extra_costs`` (k,). ``start`` names columns that are likely on the frontier.
    """

    def __init__(
        self, columns: Floats, *, convex: Floats | None = None, equal: Flags | None = None,
        extras: Floats | None = None, extra_costs: Floats | None = None, cost: float = 1.0,
        start: Places | None = None,
    ) -> None:
        self.units, self.rows = columns.shape
        self.columns = columns if convex is None else np.hstack([columns, convex[:, None]])
        self.lengths = np.abs(self.columns)
        self.is_convex = convex is not None
        self.equal = np.zeros(self.rows, dtype=bool) if equal is None else equal
        self.extras = np.zeros((0, self.rows)) if extras is None else np.array(extras)
        self.count = len(self.extras)
        self.taken: list[int] = []
        self.place = np.full(self.units, -1)
        self.step, self.bound = np.full(self.rows, np.nan), np.full(self.rows, np.nan)
        self.iterations = 0
        self.highs = self._model(np.zeros(self.count) if extra_costs is None else extra_costs, cost)
        self.take(self._likely() if start is None else start)

    def _model(self, extra_costs: Floats, cost: float) -> Any:
        # The solver itself: `highspy.Highs` wraps it with call-backs that print a banner and slow every run.
        highs: Any = highspy._Highs()  # type: ignore[attr-defined]
        for option, setting in (
            ("output_flag", False), ("threads", 1), ("presolve", "off"), ("solver", "simplex"),
            # Columns come scaled; 0 lets HiGHS go on with primal or dual simplex as the basis allows.
            ("simplex_scale_strategy", 0), ("simplex_strategy", 0),
            ("primal_feasibility_tolerance", TOLERANCE), ("dual_feasibility_tolerance", TOLERANCE),
            ("small_matrix_value", 1e-12),
        ):
            highs.setOptionValue(option, setting)
        rows = self.rows + self.is_convex
        highs.addRows(rows, np.full(rows, -np.inf), np.full(rows, np.inf), 0, np.zeros(rows, dtype=np.int32),
                      np.zeros(0, dtype=np.int32), np.zeros(0))
        if self.is_convex:
            highs.changeRowBounds(self.rows, 1.0, 1.0)
        everything = np.arange(self.rows, dtype=np.int32)
        # Zeros would be left out and could not be changed later at no cost; they are set per unit.
        highs.addCol(cost, -np.inf, np.inf, self.rows, everything, np.ones(self.rows))
        self.step[:] = 1.0
        for k in range(self.count):
            highs.addCol(float(extra_costs[k]), 0.0, np.inf, self.rows, everything, self.extras[k])
        return highs

    def _likely(self) -> Places:
        """The unit with the largest entry of each row, and of their sum: a cheap first guess."""
        best = {int(place) for place in self.columns[:, : self.rows].argmax(axis=0)}
        return np.array(sorted(best | {int(self.columns.sum(axis=1).argmax())}), dtype=np.intp)

    def take(self, units: Places | list[int]) -> bool:
        """Let units in as columns; False when all of them were in already."""
        fresh = [int(unit) for unit in units if self.place[unit] < 0]
        for unit in fresh:
            entries = np.flatnonzero(self.columns[unit]).astype(np.int32)
            self.highs.addCol(0.0, 0.0, np.inf, len(entries), entries, self.columns[unit][entries])
            self.place[unit] = len(self.taken)
            self.taken.append(unit)
        return bool(fresh)

    def solve(
        self, step: Floats | None, bound: Floats, *, extras: Floats | None = None, without: tuple[int, ...] = (), own: int = -1
    ) -> Answer:
        """Put one unit's question.

        ``step`` (rows,) is the column of t, None fixes t at zero; ``bound`` (rows,). ``extras`` (k, rows)
        replaces the extra columns. The columns ``without`` are left out of the reference set; ``own`` names
        one that makes the question feasible and which is let in when it is needed.
        """
        self._put(step, bound, extras)
        shut = [1 + self.count + int(self.place[unit]) for unit in without if self.place[unit] >= 0]
        for column in shut:
            self.highs.changeColBounds(column, 0.0, 0.0)
        answer = self._priced(without, own)
        for column in shut:
            self.highs.changeColBounds(column, 0.0, np.inf)
        return answer

    def _put(self, step: Floats | None, bound: Floats, extras: Floats | None) -> None:
        if step is None:
            self.highs.changeColBounds(0, 0.0, 0.0)
        else:
            for row in np.flatnonzero(step != self.step).tolist():
                self.highs.changeCoeff(row, 0, float(step[row]))
            self.step = step
        for row in np.flatnonzero(bound != self.bound).tolist():
            self.highs.changeRowBounds(row, float(bound[row]), float(bound[row]) if self.equal[row] else np.inf)
        self.bound = bound
        if extras is not None:
            for k, row in zip(*np.nonzero(extras != self.extras), strict=True):
                self.highs.changeCoeff(int(row), 1 + int(k), float(extras[k, row]))
            self.extras = extras

    def _priced(self, without: tuple[int, ...], own: int) -> Answer:
        """Solve, price every unit, let in those that gain, and again until none does."""
        while True:
            status = self._run()
            if status != highspy.HighsModelStatus.kOptimal:
                if status != highspy.HighsModelStatus.kUnbounded and self._let_in_all(without, own):
                    continue
                # The basis of a failed question is no good start for the next.
                self.highs.clearSolver()
                return Answer(_SAID.get(status, "unsolved"), np.nan, _NOTHING, np.empty(0, dtype=np.intp), _NOTHING, _NOTHING)
            solution = self.highs.getSolution()
            duals = np.array(solution.row_dual)
            # The worth of a column at these multipliers: above zero it gains. Measured against its outlay.
            worth = self.columns @ duals
            gain = worth - GAIN * (self.lengths @ np.abs(duals))
            gain[self.taken] = -1.0
            gain[list(without)] = -1.0
            gainers = np.flatnonzero(gain > 0)
            if len(gainers) == 0:
                return self._answer(solution, duals)
            if len(gainers) > TAKEN_AT_ONCE:
                gainers = gainers[np.argsort(-worth[gainers], kind="stable")[:TAKEN_AT_ONCE]]
            self.take(gainers)

    def _run(self) -> Any:
        """Solve with the columns that are in; the status that HiGHS gives."""
        self.highs.run()
        self.iterations += max(self.highs.getInfo().simplex_iteration_count, 0)
        status = self.highs.getModelStatus()
        if status in _SAID or status == highspy.HighsModelStatus.kOptimal:
            return status
        # The dual simplex at times cannot prove what it suspects; the primal one, begun afresh, can.
        self.highs.clearSolver()
        self.highs.setOptionValue("simplex_strategy", 4)
        self.highs.run()
        self.highs.setOptionValue("simplex_strategy", 0)
        return self.highs.getModelStatus()

    def _let_in_all(self, without: tuple[int, ...], own: int) -> bool:
        """What may make a question feasible: its own column, then every column. False when all are in."""
        if own >= 0 and own not in without and self.take([own]):
            return True
        return self.take([unit for unit in range(self.units) if unit not in without])

    def _answer(self, solution: Any, duals: Floats) -> Answer:
        values = np.array(solution.col_value)
        share = values[1 + self.count :]
        used = np.flatnonzero(share > TOLERANCE)
        taken = np.array(self.taken, dtype=np.intp)[used]
        return Answer("optimal", self.highs.getObjectiveValue(), duals, taken, share[used], values[1 : 1 + self.count])
