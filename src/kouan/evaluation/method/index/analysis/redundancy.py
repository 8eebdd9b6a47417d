"""Which indicators say what others say already.

An indicator is on the list where a sibling (an indicator of the same parent) is collinear with it, Pearson r ≥ 0.9 in points, or where its
siblings together tell it: variance inflation 1/(1 − R²) ≥ 10, that is R² ≥ 0.9 (Marquardt 1970). Beside it stands what leaving it out
does to the places. Whether one goes is for people to say: a law may ask for both.

>>> x = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 2.0], [4.0, 5.0]])
>>> round(told_by(x[:, 0], x[:, 1:]), 4)
0.8
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kouan.evaluation.method.index.analysis.correlations import COLLINEAR, matrix
from kouan.evaluation.method.index.analysis.points import Points
from kouan.evaluation.method.index.analysis.removal import Removal
from kouan.evaluation.method.index.framework import Floats


@dataclass(frozen=True, slots=True)
class Redundant:
    """``partner``: the sibling nearest to it and their ``r``; ``told``: R² on all siblings (NaN with too few units), ``inflation`` of
    variance (NaN where the siblings tell it whole);
    ``mean_shift``, ``largest_shift``: places moved when it is left out (NaN where that was not looked at)."""

    code: str
    name: str
    group: str
    partner: str
    r: float
    told: float
    inflation: float
    mean_shift: float
    largest_shift: float


def told_by(y: Floats, others: Floats) -> float:
    """R² of y (n,) on others (n, k) by least squares with a constant, over whole rows; NaN unless there are k + 3 of them and y varies."""
    whole = np.isfinite(y) & np.isfinite(others).all(axis=1)
    y, others = y[whole], others[whole]
    if len(y) < others.shape[1] + 3 or not others.shape[1] or np.ptp(y) <= 1e-12 * np.abs(y).max():
        return float("nan")
    x = others - others.mean(axis=0)
    spread = np.sqrt(np.square(x).sum(axis=0))
    x = x[:, spread > 1e-12 * np.abs(others).max(axis=0)] / spread[spread > 1e-12 * np.abs(others).max(axis=0)]
    y = y - y.mean()
    if not x.shape[1]:
        return 0.0
    left = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    return float(np.clip(1.0 - (left @ left) / (y @ y), 0.0, 1.0))


def redundancy(
    points: Points, removed: Mapping[str, Removal] | None = None, *, collinear: float = COLLINEAR
) -> list[Redundant]:
    """The list, the most redundant first (by R², then r). ``removed``: rows of `removals` by code, where they are at hand."""
    framework = points.framework
    rows: list[Redundant] = []
    for parent in framework.aggregates:
        siblings = tuple(code for code in framework.children(parent) if framework[code].level == 1)
        if len(siblings) < 2:
            continue
        block = points.block(siblings)
        related = matrix(block)
        np.fill_diagonal(related, np.nan)
        for k, code in enumerate(siblings):
            told = told_by(block[:, k], np.delete(block, k, axis=1))
            known = np.isfinite(related[k])
            nearest = int(np.argmax(np.where(known, related[k], -2.0)))
            r = float(related[k, nearest])
            if not ((np.isfinite(r) and r >= collinear) or (np.isfinite(told) and told >= 0.9)):
                continue
            effect = (removed or {}).get(code)
            rows.append(
                Redundant(
                    code,
                    framework[code].name,
                    parent,
                    siblings[nearest] if np.isfinite(r) else "",
                    r,
                    told,
                    1.0 / (1.0 - told) if told < 1.0 - 1e-12 else np.nan,
                    effect.mean_shift if effect else np.nan,
                    effect.largest_shift if effect else np.nan,
                )
            )
    return sorted(rows, key=lambda row: (-np.nan_to_num(row.told), -np.nan_to_num(row.r)))
