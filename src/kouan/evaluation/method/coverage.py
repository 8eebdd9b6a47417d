"""Coverage: how much of a series was published, and what the unpublished part is likely to be.

A missing figure may be zero or may not have been reported. Neither is assumed. Each unpublished cell
gets an *expected* value from the port's own published history of that calendar month, and the series
says what share of it rests on such expectation:

* share small (at most `largest_estimated_share`): the figure is published + expected, and says so;
* share large: the figure is missing.

So a month of a busy port that failed to be published (the US set has Otay Mesa, November 2021) makes
its year an estimate or a missing one, never a lower total; and a month in which the publisher's own
earlier years say zero (no bus in January) costs nothing.

The expected value of a cell = mean of the `look_back` most recent published values of the same calendar
month in earlier years × the level of the traffic published for that month beside it (this year against the same
history); without such history, the mean of what that measure published this year. A measure that the port has not published above
zero for `carried_years` years is one it does not carry: nothing is expected of it.

>>> import numpy as np
>>> cars = np.full((1, 1, 2, 12), 100.0)
>>> cars[0, 0, 1, 10] = np.nan                       # November of the second year was not published
>>> found = cover(cars, largest_estimated_share=0.1, look_back=3)
>>> float(found.annual[0, 1]), float(found.published[0, 1]), round(float(found.estimated_share[0, 1]), 4)
(1200.0, 1100.0, 0.0833)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kouan.evaluation.method.cube import Floats

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Coverage:
    """One series of all ports. Axes: ports, years (and 12 months)."""

    monthly: Floats
    """(P, Y, 12): the month's figure; NaN when too much of it is unpublished."""
    annual: Floats
    """(P, Y): the year's figure, expected part included; NaN when too much is unpublished."""
    published: Floats
    """(P, Y): the plain sum of what was published; NaN when nothing was."""
    estimated_share: Floats
    """(P, Y): expected part ÷ (published + expected); 0 for a year that is zero throughout, NaN for an empty one."""
    active: Flags
    """(P, Y): at least one figure above zero was published in the year."""
    carried: Flags
    """(P, Y): the same for the year or one of the `carried_years` - 1 before it."""
    months: NDArray[np.int_]
    """(P, Y): months for which at least one figure was published."""


def cover(
    cells: Floats, *, largest_estimated_share: float, look_back: int, carried_years: int = 3
) -> Coverage:
    """Join the measures of one series. `cells` has shape (ports, measures, years, 12), NaN = not published."""
    ports, measures, years, _ = cells.shape
    history = np.full((look_back, ports, measures, 12), np.nan)
    sums = np.zeros((ports, years, 12))
    guesses = np.zeros((ports, years, 12))
    active = np.logical_or.reduce(np.nan_to_num(cells) > 0, axis=3)
    carried = carried_within(active, carried_years)
    for year in range(years):
        now = cells[:, :, year]
        seen = np.isfinite(now)
        sums[:, year] = np.where(seen, now, 0.0).sum(axis=1)
        due = ~seen & carried[:, :, year, None]
        guesses[:, year] = np.where(due, _expected(now, seen, _mean(history)), 0.0).sum(axis=1)
        # Newest first; a cell without a figure keeps its older ones.
        moved = np.concatenate([now[None], history[:-1]])
        history = np.where(seen[None], moved, history)
    any_seen = np.logical_or.reduce(np.isfinite(cells), axis=1)
    months = any_seen.sum(axis=2)
    published = np.where(months > 0, sums.sum(axis=2), np.nan)
    month_share = _share(guesses, sums)
    year_share = np.where(months > 0, _share(guesses.sum(axis=2), sums.sum(axis=2)), np.nan)
    with np.errstate(invalid="ignore"):
        monthly = np.where(any_seen & (month_share <= largest_estimated_share), sums + guesses, np.nan)
        annual = np.where(year_share <= largest_estimated_share, (sums + guesses).sum(axis=2), np.nan)
    any_active, any_carried = (np.logical_or.reduce(flags, axis=1) for flags in (active, carried))
    return Coverage(monthly, annual, published, year_share, any_active, any_carried, months)


def carried_within(active: Flags, years: int) -> Flags:
    """Whether the last axis (years) shows anything in the year or the `years` - 1 before.

    >>> carried_within(np.array([True, False, False, False]), 3).tolist()
    [True, True, True, False]
    """
    carried = active.copy()
    for back in range(1, years):
        carried[..., back:] |= active[..., :-back]
    return carried


def _expected(now: Floats, seen: Flags, usual: Floats) -> Floats:
    """Expected value of every cell of one year (ports, measures, 12); `usual` is the history of the month."""
    known = seen & np.isfinite(usual)
    month_level = _ratio(np.where(known, now, 0.0).sum(axis=1), np.where(known, usual, 0.0).sum(axis=1))
    year_level = _ratio(
        np.where(known, now, 0.0).sum(axis=(1, 2)), np.where(known, usual, 0.0).sum(axis=(1, 2))
    )[:, None]
    level = np.where(
        np.isfinite(month_level), month_level, np.where(np.isfinite(year_level), year_level, 1.0)
    )
    expected = usual * level[:, None, :]
    this_year = _nan_mean(now)[:, :, None]
    other_months = _nan_mean(usual)[:, :, None] * level[:, None, :]
    expected = np.where(np.isfinite(expected), expected, this_year)
    expected = np.where(np.isfinite(expected), expected, other_months)
    # Never published by this port, in any year: it does not carry this traffic, and nothing is expected.
    return np.where(np.isfinite(expected), expected, 0.0)


def _mean(history: Floats) -> Floats:
    """Mean over the first axis, NaN where it holds nothing (NumPy's own warns)."""
    count = np.isfinite(history).sum(axis=0)
    return _ratio(np.nan_to_num(history).sum(axis=0), count)


def _nan_mean(block: Floats) -> Floats:
    count = np.isfinite(block).sum(axis=-1)
    return _ratio(np.nan_to_num(block).sum(axis=-1), count)


def _ratio(above: Floats, below: Floats | NDArray[np.int_]) -> Floats:
    """above ÷ below, NaN where below is zero."""
    return np.divide(above, below, out=np.full(np.shape(above), np.nan), where=np.asarray(below) > 0)


def _share(part: Floats, rest: Floats) -> Floats:
    """part ÷ (part + rest), 0 where both are zero."""
    whole = part + rest
    return np.divide(part, whole, out=np.zeros(np.shape(part)), where=whole > 0)
