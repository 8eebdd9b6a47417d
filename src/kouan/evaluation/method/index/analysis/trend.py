"""Trends over years: compound growth, and the slope by two methods.

- Compound growth of the first and the last figure there is, (last/first)^(1/years) − 1 (COINr `CAGR`): 0 where both are equal; where one
  is zero or they differ in sign there is none (COINr gives infinite, −1 or NaN there), with a finding.
- Slope per year by least squares (two figures or more), with the two-sided p-value of t (three or more, that is one degree of freedom or more).
- Slope per year by Theil (1950) and Sen (1968): the median of the slopes between all pairs, which one odd year does not move, with the
  p-value of Kendall's τ of figure and year (Mann 1945). Under four figures no order of the years can be told from chance at 10 %:
  ``enough`` is false, and one finding says how many series that is.

Everything is in the figure's own unit; ``improves`` is the sign of the Theil–Sen slope times the indicator's direction.

>>> years = np.array([2019.0, 2020.0, 2021.0, 2022.0, 2023.0])
>>> found = slopes(years, np.array([[1.0], [2.0], [3.0], [40.0], [5.0]]))
>>> found.growth.round(3).tolist(), found.ordinary.round(2).tolist(), found.median.round(2).tolist(), found.n.tolist()
([0.495], [4.6], [1.0], [5.0])
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from warnings import catch_warnings, simplefilter

import numpy as np
from scipy import stats

from kouan.basis import Finding, Refused
from kouan.evaluation.method.index.framework import Floats, Framework
from kouan.evaluation.method.index.normalise import ranks
from kouan.evaluation.method.index.table import Table

ENOUGH = 4


@dataclass(frozen=True)
class Slopes:
    """For each series (series,): ``n`` figures, ``first`` and ``last`` year with one, compound ``growth`` a year, slopes a year
    ``ordinary`` (least squares) and ``median`` (Theil–Sen), and their p-values; NaN where there is none."""

    n: Floats
    first: Floats
    last: Floats
    growth: Floats
    ordinary: Floats
    ordinary_p: Floats
    median: Floats
    median_p: Floats


@dataclass(frozen=True, slots=True)
class Trend:
    """A unit's trend in a column. ``improves``: 1 better, −1 worse, 0 neither; ``enough``: at least four figures."""

    unit: str
    code: str
    n: int
    first: float
    last: float
    growth: float
    ordinary: float
    ordinary_p: float
    median: float
    median_p: float
    improves: int
    enough: bool


def slopes(years: Floats, values: Floats) -> Slopes:
    """Trends of series over years (years,), strictly rising: values (years, series), gaps NaN. Raises ValueError for years that do not rise."""
    if (np.diff(years) <= 0).any():
        raise ValueError("years must rise")
    there = np.isfinite(values)
    count = there.sum(axis=0).astype(float)
    width = values.shape[1]
    some = count > 0
    at_first = np.where(some, there.argmax(axis=0), 0)
    at_last = np.where(some, len(years) - 1 - there[::-1].argmax(axis=0), 0)
    nothing = np.full(width, np.nan)
    first = np.where(some, years[at_first], nothing)
    last = np.where(some, years[at_last], nothing)
    start, end = values[at_first, np.arange(width)], values[at_last, np.arange(width)]
    two = count >= 2
    with np.errstate(divide="ignore", invalid="ignore"):
        grown = np.where(start * end > 0, (end / start) ** (1.0 / (last - first)) - 1.0, np.nan)
    growth = np.where(two, np.where(start == end, 0.0, grown), np.nan)
    return Slopes(count, first, last, growth, *_ordinary(years, values, there, count), *_median(years, values, there, count))


def trends(table: Table, framework: Framework | None = None) -> tuple[list[Trend], list[Finding]]:
    """The trend of every unit in every column of a table with years (any step's, or scores): rows by unit, then column. Directions
    are the framework's; an aggregate's is 1. Raises Refused for years that are no numbers, or none at all."""
    if not table.times:
        raise Refused.because(
            "times_missing",
            "数据没有年份（Time），不能计算趋势。",
            "The data have no Time: there are no trends.",
            remedy=("加上 Time 列，每个对象每年一行。", "Add a column Time, one row for each unit and year."),
        )
    units = tuple(dict.fromkeys(table.units))
    try:
        years = np.array(sorted({float(each) for each in table.times}))
    except ValueError as fault:
        raise Refused.because(
            "time_not_number",
            "年份（Time）须为数字。",
            "Time must be a number for a trend.",
            measured=str(fault)[:60],
        ) from fault
    place = {year: i for i, year in enumerate(years.tolist())}
    number = {unit: i for i, unit in enumerate(units)}
    cube = np.full((len(years), len(units), len(table.columns)), np.nan)
    for i, (unit, time) in enumerate(zip(table.units, table.times, strict=True)):
        cube[place[float(time)], number[unit]] = table.values[i]
    found = slopes(years, cube.reshape(len(years), -1))
    signs = np.array([framework[code].direction if framework is not None and code in framework else 1 for code in table.columns])
    better = np.nan_to_num(np.sign(found.median)) * np.tile(signs, len(units))
    rows = [
        Trend(
            unit,
            code,
            int(found.n[at]),
            float(found.first[at]),
            float(found.last[at]),
            float(found.growth[at]),
            float(found.ordinary[at]),
            float(found.ordinary_p[at]),
            float(found.median[at]),
            float(found.median_p[at]),
            int(better[at]),
            bool(found.n[at] >= ENOUGH),
        )
        for at, (unit, code) in enumerate((unit, code) for unit in units for code in table.columns)
    ]
    return rows, _told(rows)


def _ordinary(years: Floats, values: Floats, there: np.ndarray, count: Floats) -> tuple[Floats, Floats]:
    x = np.where(there, years[:, None], 0.0)
    y = np.where(there, values, 0.0)
    held = np.maximum(count, 1.0)
    x = np.where(there, x - x.sum(axis=0) / held, 0.0)
    y = np.where(there, y - y.sum(axis=0) / held, 0.0)
    across = np.square(x).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(count >= 2, (x * y).sum(axis=0) / across, np.nan)
        left = np.square(y - np.nan_to_num(slope) * x).sum(axis=0)
        freedom = count - 2
        # A line through all points leaves nothing but rounding.
        exact = left <= 1e-24 * np.maximum(np.square(y).sum(axis=0), 1e-300)
        t = np.abs(slope) / np.sqrt(left / freedom / across)
        p = 2 * stats.t.sf(t, np.maximum(freedom, 1))
    p = np.where(exact, np.where(slope == 0, 1.0, 0.0), p)
    flat = np.square(y).sum(axis=0) == 0
    return slope, np.where(count >= 3, np.where(flat, 1.0, p), np.nan)


def _median(years: Floats, values: Floats, there: np.ndarray, count: Floats) -> tuple[Floats, Floats]:
    between = [(values[j] - values[i]) / (years[j] - years[i]) for i, j in combinations(range(len(years)), 2)]
    median = np.full(values.shape[1], np.nan)
    if between:
        with catch_warnings():
            simplefilter("ignore", RuntimeWarning)  # a series without two figures has no slope, and says so by NaN
            median = np.nanmedian(np.vstack(between), axis=0)
    p = np.full(values.shape[1], np.nan)
    met: dict[tuple[float, ...], float] = {}
    ordered = ranks(values)
    for k in np.nonzero(count >= 3)[0]:
        # The years rise, so that the ranks alone decide, and thousands of short series have few orders between them.
        order = tuple(ordered[there[:, k], k].tolist())
        if order not in met:
            met[order] = 1.0 if len(set(order)) == 1 else float(stats.kendalltau(range(len(order)), order).pvalue)
        p[k] = met[order]
    return median, p


def _told(rows: list[Trend]) -> list[Finding]:
    found = []
    few = [row for row in rows if not row.enough]
    if few:
        found.append(
            Finding.warning(
                "series_too_short",
                f"{len(few)} 个序列不足 {ENOUGH} 年有数据，看不出趋势，只列数值。",
                f"{len(few)} series have fewer than {ENOUGH} years with figures: too few to tell a trend; the numbers are given as they are.",
                measured=len(few),
                required=ENOUGH,
            )
        )
    none = sum(row.n >= 2 and not np.isfinite(row.growth) for row in rows)
    if none:
        found.append(
            Finding.info(
                "growth_undefined",
                f"{none} 个序列首末值为零或正负不同，没有复合增长率。",
                f"{none} series begin or end at zero or change sign: they have no compound growth.",
                measured=none,
            )
        )
    return found
