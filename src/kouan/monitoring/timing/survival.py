"""Cases not yet finished count too: Kaplan–Meier for the month that is still running.

Leaving out unfinished cases makes a running month look fast, for its slow cases are the unfinished ones. Kaplan and Meier
(1958) take each of them as "longer than its age". What comes out is *provisional*: it changes as the cases end.
The variance is Greenwood's, intervals of the curve are on the log(−log) scale (they stay inside 0 and 1), the interval of a
median is that of Brookmeyer and Crowley (1982): the times at which the curve's interval holds one half.

>>> found = kaplan_meier([2, 4, 4, 6, 9], [True, True, False, True, False])
>>> [round(float(p), 4) for p in found.survival], found.at_risk.tolist(), found.quantile(0.5)
([0.8, 0.6, 0.3], [5, 4, 2], 6.0)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from kouan.monitoring.timing.statistics import Interval

# Products of fractions such as 4/5 · 3/4 miss 0.5 by the last bit; the curve is compared within this.
_SAME = 1e-12


@dataclass(frozen=True)
class Curve:
    """The curve after each time at which a case ended. `survival`: the share that takes longer than that time.

    `ended`, `unfinished`: how many cases of each kind it rests on. `is_provisional`: some are unfinished.
    """

    times: NDArray[np.float64]
    at_risk: NDArray[np.int64]
    events: NDArray[np.int64]
    survival: NDArray[np.float64]
    ended: int
    unfinished: int

    @property
    def is_provisional(self) -> bool:
        """Whether it will still change."""
        return self.unfinished > 0

    def variance(self) -> NDArray[np.float64]:
        """Greenwood's variance of the curve at each time; where the curve is zero it has none (nan)."""
        return self.survival**2 * self._greenwood()

    def interval(self, confidence: float = 0.95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Low and high of the curve at each time on the log(−log) scale; nan where the curve is zero."""
        z = float(ndtri((1 + confidence) / 2))
        with np.errstate(divide="ignore", invalid="ignore"):
            log = np.log(self.survival)
            half = z * np.sqrt(self._greenwood()) / np.abs(log)
            middle = np.log(-log)
            low, high = np.exp(-np.exp(middle + half)), np.exp(-np.exp(middle - half))
        return low, high

    def quantile(self, q: float) -> float | None:
        """The time by which the share q has ended; None while fewer have.

        Where the curve lies exactly at 1 − q it is the middle of that stretch, so that without unfinished cases the
        median is the ordinary one.
        """
        level = 1 - q
        reached = np.flatnonzero(self.survival <= level + _SAME)
        if not reached.size:
            return None
        first = int(reached[0])
        if abs(self.survival[first] - level) <= _SAME and first + 1 < self.times.size:
            return float(self.times[first] + self.times[first + 1]) / 2
        return float(self.times[first])

    def median_interval(self, confidence: float = 0.95) -> tuple[float | None, float | None]:
        """Low and high of the median; None for a bound that the cases so far do not give."""
        low, high = self.interval(confidence)
        return _first_at_most(self.times, low, 0.5, self.survival), _first_at_most(self.times, high, 0.5, self.survival)

    def interval_of_median(self, confidence: float = 0.95) -> Interval | None:
        """The same as an interval; None where a bound is not known."""
        low, high = self.median_interval(confidence)
        if low is None or high is None:
            return None
        return Interval(low, high, confidence, "Kaplan–Meier, Greenwood, log(−log)")

    def _greenwood(self) -> NDArray[np.float64]:
        left = (self.at_risk - self.events).astype(np.float64)
        with np.errstate(divide="ignore"):
            return np.cumsum(np.where(left > 0, self.events / (self.at_risk * np.where(left > 0, left, 1)), np.nan))


def _first_at_most(times: NDArray[np.float64], bound: NDArray[np.float64], level: float, survival: NDArray[np.float64]) -> float | None:
    # Where the curve is zero its interval is nan; it certainly lies at most at the level.
    found = np.flatnonzero((bound <= level + _SAME) | (survival <= _SAME))
    return float(times[found[0]]) if found.size else None


def kaplan_meier(lengths: Sequence[float] | NDArray[np.float64], has_ended: Sequence[bool] | NDArray[np.bool_]) -> Curve:
    """The curve of lengths (any unit, not negative) of which some are ages of unfinished cases.

    A case that ended and one that was last seen unfinished at the same length: the first ended before the second was seen.
    ValueError for lengths below zero or lists of different size.
    """
    values, ended = np.asarray(lengths, dtype=np.float64), np.asarray(has_ended, dtype=bool)
    if values.shape != ended.shape or values.ndim != 1:
        raise ValueError("as many answers are needed as lengths")
    if values.size and (not np.isfinite(values).all() or values.min() < 0):
        raise ValueError("a length is a finite number and not below zero")
    times, events = np.unique(values[ended], return_counts=True)
    at_risk = values.size - np.searchsorted(np.sort(values), times, side="left")
    survival: NDArray[np.float64] = np.cumprod(1 - events / at_risk, dtype=np.float64)
    return Curve(times, at_risk.astype(np.int64), events.astype(np.int64), survival, int(ended.sum()), int((~ended).sum()))
