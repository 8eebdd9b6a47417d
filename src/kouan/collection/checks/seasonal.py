"""What each series usually does: level, season and scatter, told by medians so that faults do not bend it. Pure.

On the logarithm of the figures, for each cell of the panel:

1. the common movement of its peers is taken out: the running total of the median step of all large series of the set, so
   that a pandemic or a holiday which moves everybody is nobody's fault;
2. the effect of the calendar month (quarter, weekday): the median of the same month in the four years before and after,
   the year itself left out, as the ratio to a running level of two years;
3. the level: the median of the neighbours to the left, to the right and on both sides;
4. the scatter: 1.4826 × the median absolute deviation, over the series and around the cell, never below what counting by
   chance gives (Poisson: a count around λ scatters by √λ).

Robust location and scale: Rousseeuw and Croux, Alternatives to the Median Absolute Deviation, JASA 88 (1993).

>>> import numpy as np
>>> from kouan.basis import Period
>>> months = [Period.month(2018 + n // 12, n % 12 + 1) for n in range(60)]
>>> figures = {month: 1000 + 500 * (month.start.month == 7) + n % 7 for n, month in enumerate(months)}
>>> model = Seasonal.fit(Panel.of({Key("port:a", "trucks"): figures}))
>>> round(float(model.expected[0, 18]), -1)     # July 2019
1500.0
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kouan.collection.checks.panel import Bools, Floats, Ints, Key, Panel, median_of, running_median, runs

__all__ = ["Key", "Seasonal"]

MAD_TO_SD = 1.4826
YEARS = 4  # how many years each way tell the season
LARGE = 30.0  # a series of this usual size has a say in the common movement
FEWEST_PEERS = 6
UNPROVEN = float(np.log(4))
BLIP = float(np.log(1.5))
_FLOOR_SHARE = 1e-3  # what stands for zero where figures are not counted one by one


@dataclass(frozen=True)
class Seasonal:
    """The usual behaviour of every series. All arrays series × periods; logarithms are natural.

    ``adjusted``: logarithm without common movement and season. ``offset``: what was taken out. ``left``, ``right``,
    ``around``: the level as neighbours give it. ``scale``: scatter of one cell. ``known``: how many neighbours.
    """

    logs: Floats
    adjusted: Floats
    offset: Floats
    left: Floats
    right: Floats
    around: Floats
    scale: Floats
    known: Ints
    is_count: Bools
    floor: Floats

    @classmethod
    def fit(cls, panel: Panel, hidden: Bools | None = None, season: int | None = None) -> Seasonal:
        """Learn the usual behaviour; ``hidden`` cells are judged but not learned from."""
        values, span = panel.values, season or panel.season
        learned = np.where(hidden, np.nan, values) if hidden is not None else values
        is_count = _counted(learned)
        floor = np.where(is_count, 0.5, np.maximum(_FLOOR_SHARE * _typical(learned), 1e-9))[:, None]
        logs = np.log(np.maximum(values, floor))
        lessons = np.where(np.isnan(learned), np.nan, logs)
        common = np.zeros(values.shape)
        effect = np.zeros(values.shape)
        for _ in range(2):  # the season hides the common movement and the other way round
            if span > 1:
                effect = _season(lessons - common, span)
            common = _common(lessons - effect, lessons, panel.peers)
        offset = common + effect
        adjusted, known = logs - offset, lessons - offset
        near = max(3, min(6, span))
        left, left_known = running_median(known, range(-near - 2, 0))
        right, right_known = running_median(known, range(1, near + 3))
        long = 18 if span in (4, 12) else 21 if span == 7 else 5
        around, around_known = running_median(known, [step for step in range(-long, long + 1) if step])
        level, _ = running_median(known, [step for step in range(-near, near + 1) if step])
        scale = _scale(known - level, span, np.exp(np.where(np.isnan(around), 0, around) + offset), is_count)
        left = np.where(left_known >= 3, left, np.nan)
        right = np.where(right_known >= 3, right, np.nan)
        return cls(logs, adjusted, offset, left, right, around, scale, around_known, is_count, floor)

    @cached_property
    def deviation(self) -> Floats:
        """Logarithm of figure to expectation, from the neighbours on both sides."""
        return self.adjusted - self.around

    @cached_property
    def lonely(self) -> Floats:
        """The same against the nearer neighbours of each side: the smaller of the two where both agree, else nought.

        At a lasting change of level a figure agrees with one of its sides, and so does not stand out.
        """
        before, after = self.adjusted - self.left, self.adjusted - self.right
        both = np.where(np.sign(before) == np.sign(after), np.sign(before) * np.minimum(np.abs(before), np.abs(after)), 0.0)
        return np.where(np.isnan(before), after, np.where(np.isnan(after), before, both))

    @cached_property
    def expected(self) -> Floats:
        """The figure that neighbours, season and peers let expect; never below the floor. NaN where nothing is known."""
        return np.exp(np.clip(self.around + self.offset, -30, 60))

    @cached_property
    def score(self) -> Floats:
        """Deviation in units of scatter."""
        return self.deviation / self.scale

    @cached_property
    def tail(self) -> Floats:
        """How far the series strays anyway: the 97th part of a hundred of its scores, per row; bursty series have much."""
        scores = np.abs(np.where(np.isnan(self.score), np.nan, np.abs(self.lonely) / self.scale))
        return _quiet_quantile(scores, 0.97)


def _quiet_quantile(values: Floats, share: float) -> Floats:
    with warnings.catch_warnings():  # a row of NaN alone is no matter
        warnings.simplefilter("ignore", RuntimeWarning)
        found = np.nanquantile(values, share, axis=1) if values.size else np.zeros(values.shape[0])
    return np.where(np.isnan(found), 0.0, found)


def _typical(values: Floats) -> Floats:
    """The usual size of each series: median of its figures above nought."""
    middle, _ = median_of(np.where(values > 0, values, np.nan))
    return np.where(np.isnan(middle), 1.0, middle)


def _counted(values: Floats) -> Bools:
    """Whether a series holds whole numbers, as what is counted does (nearly all: a fault may be a fraction)."""
    known = ~np.isnan(values)
    whole = known & (values == np.floor(values))
    return np.asarray(whole.sum(axis=1) >= 0.9 * np.maximum(known.sum(axis=1), 1))


def _season(logs: Floats, span: int) -> Floats:
    level, known = running_median(logs, range(-span, span + 1))
    ratio = np.where(known >= max(3, span // 2), logs - level, np.nan)
    reach = YEARS if span != 7 else 6
    turns = [turn * span for turn in range(-reach, reach + 1) if turn]
    effect, years = running_median(ratio, turns)
    effect = np.where(np.isnan(effect), 0.0, effect)
    # Years that contradict each other know no season: one was shut, the next was not.
    spread, _ = running_median(np.abs(ratio - effect), turns)
    effect = np.where(np.nan_to_num(spread) <= np.maximum(0.5 * np.abs(effect), 0.25), effect, 0.0)
    # One other year is half a proof, and two may both be the year of a closure.
    return np.where(years <= 2, np.clip(effect, -UNPROVEN, UNPROVEN), effect) * np.where(years == 1, 0.7, 1.0)


def _common(calm: Floats, logs: Floats, peers: Ints) -> Floats:
    """The movement that most large series of a set share, centred."""
    found = np.zeros(calm.shape)
    if calm.shape[1] < 3:
        return found
    size, _ = median_of(logs)
    steps = np.diff(calm, axis=1)
    for number in np.unique(peers):
        rows = np.nonzero((peers == number) & (size >= np.log(LARGE)))[0]
        if rows.size < FEWEST_PEERS:
            continue
        middle, known = median_of(steps[rows].T)
        path = _without_blips(np.concatenate([[0.0], np.cumsum(np.where(known >= FEWEST_PEERS, middle, 0.0))]))
        found[peers == number] = path - np.median(path)
    return found


def _without_blips(path: Floats) -> Floats:
    """A jump of everybody that is undone within three periods is a fault of the whole publication, not a movement to follow."""
    level, _ = running_median(path[None, :], range(-4, 5))
    blip = np.abs(path - level[0]) >= BLIP
    long = [run for run in runs(blip[None, :]) if run.length <= 3]
    smooth = path.copy()
    for run in long:
        if run.start >= 4 and run.stop <= path.size - 4:  # at the edges nobody knows yet whether it is undone
            smooth[run.start : run.stop] = level[0, run.start : run.stop]
    return smooth


def _scale(rest: Floats, span: int, expected: Floats, is_count: Bools) -> Floats:
    size = np.abs(rest)
    whole, _ = median_of(size)
    whole = np.where(np.isnan(whole), 0.3, whole)[:, None]
    near, known = running_median(size, range(-24, 25) if span != 7 else range(-42, 43, 2))
    near = np.where(known >= 8, near, whole)
    same, years = running_median(size, [turn * span for turn in range(-YEARS, YEARS + 1) if turn]) if span > 1 else (near, known)
    same = np.where(years >= 4, same, near)
    spread = MAD_TO_SD * np.sqrt((whole**2 + near**2 + np.minimum(same, 3 * near) ** 2) / 3)
    chance = np.where(is_count[:, None], 1.3 / (expected + 0.5), 0.0)
    return np.asarray(np.sqrt(spread**2 + chance + 0.02**2))
