"""Kendall's τ-b of all pairs of columns at once, where there are no gaps.

S counts pairs of units in the same order less those in the opposite; τ-b = S/√((N − Tx)(N − Ty)) with N pairs, of which Tx (Ty) are level in x
(y). For more than 33 units the p-value is the normal one with the variance for ties (Kendall 1970, 4.4); that is what SciPy's `kendalltau`
answers there, which the tests compare. For fewer units, or orders that all but agree, SciPy's exact p is asked instead, by the caller.

>>> x = np.column_stack([np.arange(40.0), np.arange(40.0) % 7])
>>> tau, p = taus(x)
>>> round(float(tau[0, 1]), 6), round(float(p[0, 1]), 6)
(0.088924, 0.443393)
"""

from __future__ import annotations

import numpy as np
from scipy import special

from kouan.evaluation.method.index.framework import Floats

MOST_EXACT = 33


def taus(block: Floats) -> tuple[Floats, Floats]:
    """τ-b and two-sided p (k, k) of columns (units, k) without gaps, more than 33 units; NaN for p where an exact one is wanted, and for
    both where a column does not vary."""
    units, width = block.shape
    agree = np.zeros((width, width))
    for i in range(units - 1):
        step = np.sign(block[i + 1 :] - block[i])
        agree += step.T @ step
    pairs = units * (units - 1) / 2
    counts = [np.unique(column, return_counts=True)[1].astype(float) for column in block.T]
    level = np.array([(t * (t - 1)).sum() / 2 for t in counts])
    cubes = np.array([(t * (t - 1) * (t - 2)).sum() for t in counts])
    weighted = np.array([(t * (t - 1) * (2 * t + 5)).sum() for t in counts])
    with np.errstate(divide="ignore", invalid="ignore"):
        tau = agree / np.sqrt(np.outer(pairs - level, pairs - level))
        double = 2 * pairs
        variance = (
            (double * (2 * units + 5) - weighted[:, None] - weighted[None, :]) / 18
            + 2 * np.outer(level, level) / double
            + np.outer(cubes, cubes) / (9 * double * (units - 2))
        )
        p = 2 * special.ndtr(-np.abs(agree) / np.sqrt(variance))
    # Without ties, an order that is the other's but for one pair has an exact p.
    whole = (level[:, None] == 0) & (level[None, :] == 0)
    opposite = (pairs - agree) / 2
    p[whole & (np.minimum(opposite, pairs - opposite) <= 1)] = np.nan
    flat = level >= pairs
    tau[flat, :] = tau[:, flat] = p[flat, :] = p[:, flat] = np.nan
    return np.clip(tau, -1.0, 1.0), p
