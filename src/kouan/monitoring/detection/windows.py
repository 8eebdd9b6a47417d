"""Medians over windows of the past, missing values left out, a whole panel at once.

NumPy's own nanmedian walks row by row over short windows; sorting puts NaN last and lets the middle be picked
by count, which is a good ten times faster on the windows used here (9 to 91 values).

>>> import numpy as np
>>> float(median(np.array([3.0, np.nan, 1.0, 2.0])))
2.0
>>> before(np.array([[1.0, 2.0, 3.0, 4.0]]), 2)[0].tolist()
[[nan, nan], [nan, 1.0], [1.0, 2.0], [2.0, 3.0]]
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

Floats = np.ndarray

# Makes the median of absolute deviations an estimate of the standard deviation under the normal distribution.
MAD_TO_DEVIATION = 1.4826


def median(values: Floats, least: int = 1) -> Floats:
    """The median along the last axis without NaN; NaN where fewer than ``least`` values stand. Shape (…, n) to (…)."""
    if values.shape[-1] == 0:
        return np.full(values.shape[:-1], np.nan)
    ordered = np.sort(values, axis=-1)
    count = np.count_nonzero(~np.isnan(ordered), axis=-1)
    low = np.maximum((count - 1) // 2, 0)
    high = np.minimum(count // 2, values.shape[-1] - 1)
    low_value = np.take_along_axis(ordered, low[..., None], axis=-1)[..., 0]
    high_value = np.take_along_axis(ordered, high[..., None], axis=-1)[..., 0]
    return np.where(count >= max(least, 1), (low_value + high_value) / 2, np.nan)


def deviation(values: Floats, least: int = 1) -> Floats:
    """The robust standard deviation along the last axis: 1.4826 times the median distance from the median."""
    return MAD_TO_DEVIATION * median(np.abs(values - median(values)[..., None]), least)


def before(values: Floats, length: int) -> Floats:
    """The ``length`` values before each column, never the column itself: shape (s, d) to (s, d, length), NaN before the start."""
    padded = np.concatenate([np.full((values.shape[0], length), np.nan), values[:, :-1]], axis=1)
    return sliding_window_view(padded, length, axis=1)


def through(values: Floats, length: int) -> Floats:
    """The ``length`` values up to and with each column: shape (s, d) to (s, d, length), NaN before the start."""
    padded = np.concatenate([np.full((values.shape[0], length - 1), np.nan), values], axis=1)
    return sliding_window_view(padded, length, axis=1)


def run_lengths(claims: np.ndarray) -> np.ndarray:
    """For each column how many columns in a row, itself the last, hold the claim. Shape (s, d), whole numbers.

    >>> run_lengths(np.array([[True, True, False, True]]))[0].tolist()
    [1, 2, 0, 1]
    """
    place = np.arange(claims.shape[1])
    last_failed = np.maximum.accumulate(np.where(claims, -1, place), axis=1)
    return np.where(claims, place - last_failed, 0)
