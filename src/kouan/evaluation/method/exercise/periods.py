"""A generated yearly figure in the months or quarters in which its item is reported.

The parts make the year's figure again by the rule of the item's measure (sum, mean, greatest, last). What cannot be made
of parts (medians, shares, scores) stays a figure of the year. The course of the parts is a function of port, item and year.

>>> parts = in_periods("exercise-road-01", "conv", 2025, 1201.0)
>>> len(parts), parts[0][0], sum(value for _, value in parts)
(12, '2025-01', 1201.0)
>>> in_periods("exercise-road-01", "survey_public", 2025, 76.5)
(('2025', 76.5),)
"""

from __future__ import annotations

import hashlib
import math

import numpy as np

from kouan.basis import measures
from kouan.basis.measures import Rollup

# Period codes as `basis.Period` reads them.
_NAMES = {
    "month": tuple(f"-{number:02d}" for number in range(1, 13)),
    "quarter": tuple(f"-Q{number}" for number in range(1, 5)),
}


def in_periods(port: str, item: str, year: int, value: float) -> tuple[tuple[str, float], ...]:
    """Return (period code, value) of each part; one part, the year, where parts do not make the year.

    Raises UnknownDataItem for an item that the registry lacks; a missing value (NaN) has no parts.
    """
    known = measures.data_item(item)
    if math.isnan(value):
        return ()
    names = _NAMES.get(known.cadence, ())
    rollup = measures.get(known.measure).rollup if known.measure else Rollup.NONE
    if not names or rollup is Rollup.NONE:
        return ((str(year), value),)
    stream = np.random.default_rng(
        int.from_bytes(hashlib.sha256(f"{port}:{item}:{year}".encode()).digest()[:16], "big")
    )
    count = len(names)
    season = 1 + 0.2 * np.sin((np.arange(count) / count - 0.2) * 2 * np.pi) + 0.05 * stream.standard_normal(count)
    season = np.maximum(season, 0.2)
    if rollup is Rollup.SUM:
        values = _summing(value, season / season.sum())
    elif rollup is Rollup.MEAN:
        values = value * season / season.mean()
    elif rollup is Rollup.MAX:
        values = _rounded(value * season / season.max(), value)
        values[int(np.argmax(season))] = value
    else:
        values = _rounded(value * (1 - 0.03 * np.arange(count)[::-1] / count), value)
        values[-1] = value
    return tuple((f"{year}{name}", float(each)) for name, each in zip(names, values, strict=True))


def _summing(value: float, shares: np.ndarray) -> np.ndarray:
    """Parts that sum to the value: whole numbers if it is one (largest remainders), else tenths and a rest."""
    if value != round(value):
        parts = np.floor(value * shares * 10) / 10
        parts[-1] = value - math.fsum(parts[:-1])
        return parts
    parts = np.floor(value * shares)
    rest = round(value - parts.sum())
    parts[np.argsort(-(value * shares - parts), kind="stable")[:rest]] += 1
    return parts


def _rounded(parts: np.ndarray, value: float) -> np.ndarray:
    return np.floor(parts) if value == round(value) else np.floor(parts * 100) / 100
