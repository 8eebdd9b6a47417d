"""Treatment of extreme values: winsorising, by the skewness-and-kurtosis rule.

An indicator column of one peer group is treated when |skewness| ≥ 2 and excess kurtosis ≥ 3.5 (OECD/JRC
practice; both bias-corrected, "type 2", as spreadsheets compute them). One step sets the extreme value
on the side of the skew to the next one inwards; steps go on until the rule is met or at most `points`
values have been moved. (The R package COINr counts likewise but lets ties run past the limit; here a
step that would pass it is not taken.) The order of ports never changes: values can only become equal.

>>> import numpy as np
>>> column = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 30, 100.0])[:, None]
>>> treated, moved = winsorise(column, points=2, skew=2.0, kurtosis=3.5)
>>> treated[-3:, 0].tolist(), moved[-3:, 0].tolist()
([10.0, 30.0, 30.0], [0, 0, 1])
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kouan.evaluation.method.cube import Floats

Flags = NDArray[np.bool_]
# Deviations below this share of the largest absolute value are rounding noise of a constant column.
_NOISE = 1e-12


def skewness(columns: Floats) -> Floats:
    """Bias-corrected sample skewness of each column (n, k), NaN ignored; NaN for n < 3 or a constant column.

    >>> round(float(skewness(np.array([[1.0], [2.0], [3.0], [10.0]]))[0]), 4)
    1.7636
    """
    return _moments(columns)[0]


def excess_kurtosis(columns: Floats) -> Floats:
    """Bias-corrected excess kurtosis of each column; NaN for n < 4 or a constant column.

    >>> round(float(excess_kurtosis(np.array([[1.0], [2.0], [3.0], [10.0]]))[0]), 4)
    3.228
    """
    return _moments(columns)[1]


def fails_rule(columns: Floats, *, skew: float, kurtosis: float) -> Flags:
    """Whether each column is both too skewed and too heavy-tailed. Too few values, or a constant: no."""
    skews, kurts = _moments(columns)
    return (np.abs(np.nan_to_num(skews)) >= skew) & (np.nan_to_num(kurts) >= kurtosis)


def winsorise(
    columns: Floats, *, points: int, skew: float, kurtosis: float
) -> tuple[Floats, NDArray[np.int8]]:
    """Winsorise each column (n, k) by the rule. Returns the treated columns and what moved: 1 down from the
    top, -1 up from the bottom, 0 not."""
    treated = columns.copy()
    moved = np.zeros(columns.shape, dtype=np.int8)
    present = np.isfinite(columns)
    blocked = np.zeros(columns.shape[1], dtype=bool)
    # Each step moves at least one value of every column still at work, so this ends.
    while (work := fails_rule(treated, skew=skew, kurtosis=kurtosis) & ~blocked).any():
        # Turn the columns so that the tail to cut is always at the top.
        sign = np.where(np.nan_to_num(skewness(treated)) >= 0, 1.0, -1.0)
        turned = np.where(present, treated * sign, -np.inf)
        top = turned.max(axis=0)
        extreme = (turned == top) & work
        inner = np.where(turned == top, -np.inf, turned).max(axis=0)
        too_many = ((moved != 0) | extreme).sum(axis=0) > points
        blocked |= work & (too_many | ~np.isfinite(inner))
        extreme &= ~blocked
        treated = np.where(extreme, inner * sign, treated)
        moved = np.where(extreme, sign, moved).astype(np.int8)
    return treated, moved


def _moments(columns: Floats) -> tuple[Floats, Floats]:
    """Skewness and excess kurtosis, type 2 (Joanes and Gill 1998), of each column."""
    present = np.isfinite(columns)
    count = present.sum(axis=0).astype(float)
    filled = np.where(present, columns, 0.0)
    mean = np.divide(filled.sum(axis=0), count, out=np.zeros(count.shape), where=count > 0)
    centred = np.where(present, columns - mean, 0.0)
    # Divide by the largest deviation first: fourth powers of tonnes overflow no double, but lose no digit either.
    scale = np.abs(centred).max(axis=0, initial=0.0)
    varies = scale > _NOISE * np.abs(filled).max(axis=0, initial=0.0)
    unit = np.divide(centred, scale, out=np.zeros(columns.shape), where=varies & present)
    second, third, fourth = ((unit**power).sum(axis=0) for power in (2, 3, 4))
    with np.errstate(divide="ignore", invalid="ignore"):
        skews = np.sqrt(count) * third / second**1.5 * np.sqrt(count * (count - 1)) / (count - 2)
        flat = count * fourth / second**2 - 3
        kurts = ((count + 1) * flat + 6) * (count - 1) / ((count - 2) * (count - 3))
    return np.where(varies & (count >= 3), skews, np.nan), np.where(varies & (count >= 4), kurts, np.nan)
