"""Forecasts per port and flow with intervals, and how far they miss beside the plainest rule there is.

The forecast of a day: the level of the last two weeks, the effect of its weekday, and on special days what the same day did in earlier years.
Its interval holds the share of past misses that is asked for, horizon by horizon, so it grows as wide as this series really is. The base to beat
is the seasonal-naive rule: the same weekday of last week.

Source of the error measure: R. J. Hyndman, A. B. Koehler, “Another look at measures of forecast accuracy”, International Journal of Forecasting 22
(2006): MASE, the mean absolute error divided by that of the seasonal-naive rule one season ahead within the history.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from kouan.monitoring.detection.panel import DayKinds, Panel
from kouan.monitoring.detection.seasonal import HOLIDAY_WIDER, expected_band
from kouan.monitoring.detection.windows import median

SEASON = 7
# Half a year of misses says how wide the interval must be; fewer than eight weeks say nothing.
MISS_DAYS, LEAST_MISSES = 182, 56
LEAST_SPECIAL = 10


@dataclass(frozen=True)
class Forecast:
    """Middle, low and high for the days that follow the panel, in the unit of each series; shape (series, horizon). NaN: too little is known."""

    first_day: date
    share: float
    middle: np.ndarray
    low: np.ndarray
    high: np.ndarray
    naive: np.ndarray


def forecast(panel: Panel, kinds: DayKinds, horizon: int, share: float = 0.95) -> Forecast:
    """Forecast the ``horizon`` days after the panel. ``kinds`` covers panel and horizon: calendars are known ahead."""
    rows, days = panel.values.shape
    if kinds.weekday.size < days + horizon:
        raise ValueError("the calendar must reach over the horizon")
    longer = np.concatenate([panel.values, np.full((rows, horizon), np.nan)], axis=1)
    band = expected_band(Panel(panel.series, panel.first_day, longer), _alone(kinds, days + horizon))
    x = np.log1p(longer)
    level = band.level[:, days]
    middle = np.full((rows, horizon), np.nan)
    low, high = middle.copy(), middle.copy()
    ordinary = kinds.is_ordinary[: days + horizon]
    tail = (1 - share) / 2
    for ahead in range(1, horizon + 1):
        column = days + ahead - 1
        # The weekday's effect of the first week ahead rests on history alone; later weeks repeat it.
        effect = band.weekday[:, days + (ahead - 1) % SEASON]
        below, above = _misses(x, band.weekday, band.level, ordinary, days, ahead, tail)
        centre, wider = level + effect, 1.0
        if not ordinary[column]:
            centre, below, above, wider = _special(band.residual, kinds, column, days, centre, below, above, tail)
        middle[:, ahead - 1] = centre
        low[:, ahead - 1], high[:, ahead - 1] = centre + wider * below, centre + wider * above
    last_week = panel.values[:, -SEASON:]
    naive = np.tile(last_week, (1, -(-horizon // SEASON)))[:, :horizon]
    counts = [np.maximum(np.expm1(each), 0) for each in (middle, low, high)]
    return Forecast(panel.day(days), share, counts[0], counts[1], counts[2], naive)


def one_day_ahead(panel: Panel, kinds: DayKinds, first: int, share: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """(low, high) for every cell from column ``first`` on, each as ``forecast`` would have given it on the evening before; NaN elsewhere.

    The usual band of a day rests on the days before it, so one band serves every day (a test compares with forecasts made one by one).
    """
    band = expected_band(panel, _alone(kinds, panel.days))
    x, ordinary, tail = np.log1p(panel.values), kinds.is_ordinary[: panel.days], (1 - share) / 2
    low, high = np.full(panel.values.shape, np.nan), np.full(panel.values.shape, np.nan)
    for column in range(max(first, 1), panel.days):
        centre, wider = band.level[:, column] + band.weekday[:, column], 1.0
        below, above = _misses(x, band.weekday, band.level, ordinary, column, 1, tail)
        if not ordinary[column]:
            centre, below, above, wider = _special(band.residual, kinds, column, column, centre, below, above, tail)
        low[:, column] = np.maximum(np.expm1(centre + wider * below), 0)
        high[:, column] = np.maximum(np.expm1(centre + wider * above), 0)
    return low, high


def _alone(kinds: DayKinds, days: int) -> DayKinds:
    return DayKinds(kinds.weekday[:days], kinds.special[:days], kinds.names)


def _misses(
    x: np.ndarray, weekday: np.ndarray, level: np.ndarray, ordinary: np.ndarray, days: int, ahead: int, tail: float
) -> tuple[np.ndarray, np.ndarray]:
    """How far forecasts so many days ahead missed in the last half year: lower and upper quantile for each series, in logarithms."""
    first = max(days - MISS_DAYS, ahead)
    then = np.arange(first, days)
    then = then[ordinary[then]]
    missed = x[:, then] - weekday[:, then] - level[:, then - ahead + 1]
    return _quantiles(missed, tail, LEAST_MISSES)


def _quantiles(values: np.ndarray, tail: float, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Outer quantiles by rank, a little outward as split conformal intervals take them: rank (n + 1)·share."""
    ordered = np.sort(values, axis=1)
    count = np.count_nonzero(~np.isnan(ordered), axis=1)
    if ordered.shape[1] == 0:
        return np.full(values.shape[0], np.nan), np.full(values.shape[0], np.nan)
    down = np.clip(np.floor((count + 1) * tail).astype(int) - 1, 0, None)
    up = np.clip(np.ceil((count + 1) * (1 - tail)).astype(int) - 1, 0, np.maximum(count - 1, 0))
    known = count >= least
    pick = [np.take_along_axis(ordered, each[:, None], axis=1)[:, 0] for each in (down, up)]
    return np.where(known, pick[0], np.nan), np.where(known, pick[1], np.nan)


def _special(
    residual: np.ndarray, kinds: DayKinds, column: int, days: int, centre: np.ndarray, below: np.ndarray, above: np.ndarray, tail: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """A special day ahead: moved by what the same day did before; where it never was, as wide as special days have been."""
    earlier = np.flatnonzero(kinds.special[:days] == kinds.special[column])
    own = median(residual[:, earlier]) if earlier.size else np.full(residual.shape[0], np.nan)
    other = np.flatnonzero(~kinds.is_ordinary[:days])
    wide_below, wide_above = _quantiles(residual[:, other], tail, LEAST_SPECIAL)
    known = ~np.isnan(own)
    return (
        np.where(known, centre + own, centre), np.where(known, HOLIDAY_WIDER * below, np.minimum(wide_below, below)),
        np.where(known, HOLIDAY_WIDER * above, np.maximum(wide_above, above)), 1.0,
    )


@dataclass(frozen=True)
class Accuracy:
    """Errors of a rolling evaluation: MASE of the forecast and of the base over all series, share of actual values inside the interval."""

    forecasts: int
    mase: float
    naive_mase: float
    coverage: float
    share: float
    by_series: tuple[float, ...]


def evaluate(panel: Panel, kinds: DayKinds, origins: Sequence[int], horizon: int, share: float = 0.95) -> Accuracy:
    """Forecast from each origin (the last column known) with what was known then, and compare with what came."""
    errors, bases, inside, judged = [], [], 0, 0
    for origin in origins:
        known = panel.until(panel.day(origin))
        made = forecast(known, kinds, horizon, share)
        actual = panel.values[:, origin + 1 : origin + 1 + horizon]
        scale = np.nanmean(np.abs(known.values[:, SEASON:] - known.values[:, :-SEASON])[:, -364:], axis=1)[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            errors.append(np.abs(made.middle[:, : actual.shape[1]] - actual) / scale)
            bases.append(np.abs(made.naive[:, : actual.shape[1]] - actual) / scale)
        fits = ~np.isnan(actual) & ~np.isnan(made.low[:, : actual.shape[1]])
        inside += int(((actual >= made.low[:, : actual.shape[1]]) & (actual <= made.high[:, : actual.shape[1]]) & fits).sum())
        judged += int(fits.sum())
    error, base = np.concatenate(errors, axis=1), np.concatenate(bases, axis=1)
    both = np.isfinite(error) & np.isfinite(base)
    by_series = tuple(float(np.mean(row[ok])) if ok.any() else float("nan") for row, ok in zip(error, both, strict=True))
    return Accuracy(judged, float(error[both].mean()), float(base[both].mean()), inside / max(judged, 1), share, by_series)
