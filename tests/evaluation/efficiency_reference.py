"""The same questions put to SciPy, one dense programme for each unit, written apart from the engine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

Floats = NDArray[np.float64]
_EXACT = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


def envelopment(x: Floats, y: Floats, o: int, *, orientation: str = "input", is_variable: bool = False, is_superior: bool = False) -> float:
    """θ, φ or β of unit ``o``; NaN where infeasible. Rows are divided by the unit's own figures."""
    others = [j for j in range(len(x)) if not (is_superior and j == o)]
    own = np.where(y[o] > 0, y[o], 1.0)
    left = np.vstack([x[others].T / x[o][:, None], -y[others].T / own[:, None]])
    inputs, outputs = x.shape[1], y.shape[1]
    ones, zeros = np.ones(inputs), np.zeros(outputs)
    made = y[o] / own
    if orientation == "input":
        step, bound, cost = np.r_[-ones, zeros], np.r_[np.zeros(inputs), -made], 1.0
    elif orientation == "output":
        step, bound, cost = np.r_[np.zeros(inputs), made], np.r_[ones, zeros], -1.0
    else:
        step, bound, cost = np.r_[ones, made], np.r_[ones, -made], -1.0
    more = {"A_eq": np.r_[0.0, np.ones(len(others))][None, :], "b_eq": [1.0]} if is_variable else {}
    found = linprog(np.r_[cost, np.zeros(len(others))], A_ub=np.hstack([step[:, None], left]), b_ub=bound,
                    bounds=[(None, None)] + [(0, None)] * len(others), method="highs-ds", options=_EXACT, **more)
    return cost * found.fun if found.status == 0 else np.nan


def multiplier(x: Floats, y: Floats, o: int, limits: Floats | None = None, *, is_variable: bool = False) -> float:
    """Input efficiency of unit ``o`` from its weights (v, u): the dual form, with rows ``limits`` · (v, u) ≤ 0."""
    inputs, outputs = x.shape[1], y.shape[1]
    rows = np.hstack([-x, y, np.ones((len(x), 1))])
    if limits is not None:
        rows = np.vstack([rows, np.hstack([limits, np.zeros((len(limits), 1))])])
    free = (None, None) if is_variable else (0, 0)
    found = linprog(-np.r_[np.zeros(inputs), y[o], 1.0], A_ub=rows, b_ub=np.zeros(len(rows)),
                    A_eq=np.r_[x[o], np.zeros(outputs + 1)][None, :], b_eq=[1.0],
                    bounds=[(0, None)] * (inputs + outputs) + [free], method="highs-ds", options=_EXACT)
    return -found.fun if found.status == 0 else np.nan
