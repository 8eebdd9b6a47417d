"""The robust seasonal detector: the weekday's usual value, the level of the last two weeks, holidays as far as they are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np

from kouan.basis import Text
from kouan.monitoring.detection.candidate import Candidate
from kouan.monitoring.detection.detector import Detector, number
from kouan.monitoring.detection.panel import DayKinds, Panel, day_kinds
from kouan.monitoring.detection.windows import before, deviation, median

# Windows of the estimate, not thresholds of judgement: twelve same weekdays, two weeks of ordinary days, a quarter of residuals.
WEEKS, LEVEL_DAYS, SCALE_DAYS = 12, 14, 91
LEAST_WEEKS, LEAST_LEVEL, LEAST_SCALE = 4, 5, 28
STEADY_DAYS, STEADY_SHARE = 28, 0.8
# A peer group smaller than this does not say what a holiday does.
LEAST_PEERS = 8
# How strongly a series follows its group is told from at least five special days that moved the group by at least a tenth.
LEAST_FOLLOWED, LEAST_MOVEMENT = 5, 0.1
# A holiday learnt from one or two years is known less well than a weekday learnt from twelve weeks.
HOLIDAY_WIDER = 1.5


@dataclass(frozen=True)
class Band:
    """What was expected of each series on each day, in logarithms of (value + 1): centre, standard deviation, ordinary level.

    Shapes (series, days); NaN where too little is known to say. ``holiday``: how the special days were learnt: 0 an ordinary day, 1 from
    the same series in earlier years, 2 from its peers on the day, 3 not at all (the centre is NaN then).
    """

    centre: np.ndarray
    scale: np.ndarray
    weekday: np.ndarray
    level: np.ndarray
    residual: np.ndarray
    holiday: np.ndarray

    def values(self, width: np.ndarray | float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Low, middle and high in the unit of the series for a half width in standard deviations."""
        reach = width * self.scale
        low, middle, high = (np.maximum(np.expm1(each), 0) for each in (self.centre - reach, self.centre, self.centre + reach))
        return low, middle, high


def expected_band(panel: Panel, kinds: DayKinds, *, noise_floor: float = 0.03) -> Band:
    """What the days before let one expect of each day.

    On ordinary days: x = log(value + 1); the weekday's effect is the median over the last twelve of that weekday of x less the mean of the seven
    days around it (all of which lie before the day judged); the level is the median of the last fourteen ordinary days less their
    effects; the scale is the MAD of a quarter's residuals, renewed each week, never below the noise of counting (1/√expected) and
    ``noise_floor``. On special days a series with peers takes the group's common movement of the day times how strongly it followed
    so far, with the peers' spread as scale; one without takes the residual of the same day in earlier years (their median).
    """
    kept = panel.worked_out.get(noise_floor)
    if kept is not None and kept[0] is kinds:
        return cast("Band", kept[1])
    x = np.log1p(panel.values)
    ordinary = kinds.is_ordinary
    rows_count, days = x.shape
    plain = np.where(ordinary, x, np.nan)
    weekday = _weekday_effect(plain)
    clean = plain - weekday
    level = _level(clean, ordinary)
    base = level + weekday
    residual = x - base
    scale = _scale(np.where(ordinary, residual, np.nan))
    centre = base.copy()
    holiday = np.zeros((rows_count, days), dtype=np.int8)
    special = np.flatnonzero(~ordinary)
    groups = np.array([key.group for key in panel.series])
    alike = [np.flatnonzero(groups == group) for group in np.unique(groups) if group]
    among_peers = np.concatenate([rows for rows in alike if rows.size >= LEAST_PEERS] or [np.zeros(0, dtype=np.int64)])
    alone = np.setdiff1d(np.arange(rows_count), among_peers)
    for rows in alike:
        if rows.size >= LEAST_PEERS:
            _learn_from_peers(rows, special, residual, centre, scale, holiday)
    if alone.size:
        kept = centre[alone], scale[alone], holiday[alone]
        seen: dict[int, list[int]] = {}
        for column in special:
            key = int(kinds.special[column])
            _learn_own(int(column), seen.get(key, []), residual[alone], *kept)
            seen.setdefault(key, []).append(int(column))
        centre[alone], scale[alone], holiday[alone] = kept
    with np.errstate(over="ignore", invalid="ignore"):
        counting = 1 / np.sqrt(np.maximum(np.expm1(centre), 1))
    scale = np.sqrt(np.maximum(scale, noise_floor) ** 2 + 0.5 * counting**2)
    band = Band(centre, scale, weekday, level, residual, holiday)
    panel.worked_out[noise_floor] = (kinds, band)
    return band


def _weekday_effect(plain: np.ndarray) -> np.ndarray:
    """Median over the last twelve of the weekday of x less the mean of the seven days around it; shape (series, days)."""
    around = _mean_around(plain, 3)
    apart = plain - around
    rows, days = apart.shape
    padded = np.concatenate([np.full((rows, 7 * WEEKS), np.nan), apart], axis=1)
    windows = np.stack([padded[:, 7 * (WEEKS - back) : 7 * (WEEKS - back) + days] for back in range(1, WEEKS + 1)], axis=-1)
    return median(windows, LEAST_WEEKS)


def _mean_around(values: np.ndarray, reach: int) -> np.ndarray:
    """Mean of the days from ``reach`` before to ``reach`` after; NaN with fewer than four of seven."""
    known = ~np.isnan(values)
    pad = ((0, 0), (reach + 1, reach))
    total = np.cumsum(np.pad(np.where(known, values, 0.0), pad), axis=1)
    count = np.cumsum(np.pad(known.astype(float), pad), axis=1)
    width = 2 * reach + 1
    sums, counts = total[:, width:] - total[:, :-width], count[:, width:] - count[:, :-width]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(counts >= 4, sums / counts, np.nan)


def _level(clean: np.ndarray, ordinary: np.ndarray) -> np.ndarray:
    """Median of the last fourteen ordinary days before each day. Special days are taken out first, else two weeks around a long holiday
    would leave nothing."""
    columns = np.flatnonzero(ordinary)
    kept = clean[:, columns]
    rows, days = clean.shape
    # One more column, for days after the last ordinary one.
    levels = median(before(np.concatenate([kept, np.full((rows, 1), np.nan)], axis=1), LEVEL_DAYS), LEAST_LEVEL)
    return levels[:, np.searchsorted(columns, np.arange(days), side="left")]


def _scale(residual: np.ndarray) -> np.ndarray:
    """MAD of the quarter before, renewed every seventh day and held in between (a seventh of the work, and never ahead)."""
    days = residual.shape[1]
    padded = np.concatenate([np.full((residual.shape[0], SCALE_DAYS), np.nan), residual], axis=1)
    starts = np.arange(0, days, 7)
    windows = np.stack([padded[:, start : start + SCALE_DAYS] for start in starts], axis=1)
    return np.repeat(deviation(windows, LEAST_SCALE), 7, axis=1)[:, :days]


def _learn_own(column: int, earlier: list[int], residual: np.ndarray, centre: np.ndarray, scale: np.ndarray, holiday: np.ndarray) -> None:
    """Move the centre of one special day by what the same day did to the same series in earlier years."""
    own = median(residual[:, earlier]) if earlier else np.full(residual.shape[0], np.nan)
    holiday[:, column] = np.where(np.isnan(own), 3, 1)
    centre[:, column] += own
    scale[:, column] *= HOLIDAY_WIDER


def _learn_from_peers(
    rows: np.ndarray, special: np.ndarray, residual: np.ndarray, centre: np.ndarray, scale: np.ndarray, holiday: np.ndarray
) -> None:
    """For a group of series whose holidays are alike: the group's common movement on the day, times how strongly the series has followed it on
    special days so far. Measured on the day itself, so nothing is looked up ahead; a fault common to the whole group on a holiday is not seen."""
    among = residual[np.ix_(rows, special)]
    common = median(among.T, LEAST_PEERS)
    with np.errstate(divide="ignore", invalid="ignore"):
        followed = np.where(np.abs(common) >= LEAST_MOVEMENT, among / common, np.nan)
    for at, column in enumerate(special):
        if np.isnan(common[at]):
            continue
        strength = median(followed[:, :at], LEAST_FOLLOWED)
        expected = np.where(np.isnan(strength), 1.0, strength) * common[at]
        spread = deviation(among[:, at] - expected)
        centre[rows, column] += expected
        scale[rows, column] = np.maximum(scale[rows, column], spread)
        holiday[rows, column] = 2


def is_steady(values: np.ndarray) -> np.ndarray:
    """Whether there was traffic on at least four in five of the 28 days before: a cruise quay with a ship now and then has no usual day."""
    recent = before(values, STEADY_DAYS)
    known = np.count_nonzero(~np.isnan(recent), axis=-1)
    return (np.count_nonzero(recent > 0, axis=-1) >= STEADY_SHARE * known) & (known > 0)


class Seasonal(Detector):
    """当日数值超出按同星期、近两周水平和节假日推算的常态区间，且偏离幅度达到下限。"""

    key: ClassVar[str] = "seasonal"
    title: ClassVar[Text] = Text("偏离常态", "Outside the usual band")
    rule_en: ClassVar[str] = (
        "The day's value lies outside the usual band of its weekday, of the level of the last two weeks and of holidays, "
        "and is off by at least the least change."
    )
    settings: ClassVar[tuple[str, ...]] = ("score", "min_change", "min_expected", "noise_floor")

    def flags(self, panel: Panel, kinds: DayKinds) -> tuple[np.ndarray, Band]:
        """Scores (1 is the threshold; 0 where not judged), shape (series, days), and the band."""
        floor = float(np.nanmax(self.grid("noise_floor", panel))) if panel.values.size else 0.0
        band = expected_band(panel, kinds, noise_floor=floor)
        _, middle, _ = band.values(0.0)
        away = np.log1p(panel.values) - band.centre
        with np.errstate(invalid="ignore", divide="ignore"):
            far = np.abs(away) / (band.scale * self.grid("score", panel))
            changed = np.abs(panel.values - middle) / np.maximum(middle, 1.0)
            judged = (changed >= self.grid("min_change", panel)) & (middle >= self.grid("min_expected", panel)) & is_steady(panel.values)
        return np.where(judged & np.isfinite(far), far, 0.0), band

    def candidates(self, panel: Panel, kinds: DayKinds | None = None, **known: Any) -> list[Candidate]:
        kinds = kinds or day_kinds(panel.first_day, panel.days)
        scores, band = self.flags(panel, kinds)
        low, middle, high = band.values(self.grid("score", panel))
        found = []
        for row, column in zip(*np.nonzero(scores >= 1), strict=True):
            value = float(panel.values[row, column])
            between = float(low[row, column]), float(high[row, column])
            change = (value / max(float(middle[row, column]), 1.0) - 1) * 100
            above = change > 0
            found.append(self.said(
                panel, row, column, measured=value, low=between[0], high=between[1], score=scores[row, column], goes="up" if above else "down",
                zh=f"实测{number(value)}，常态区间{number(between[0])}至{number(between[1])}，{'高出' if above else '低于'}常态{abs(change):.0f}%。",
                en=f"measured {number(value)}, usual {number(between[0])} to {number(between[1])}, "
                f"{abs(change):.0f} % {'above' if above else 'below'} the usual.",
            ))
        return found
