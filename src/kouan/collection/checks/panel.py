"""What checks read: many series side by side, one row each, one column for each period. Pure.

>>> panel = Panel.of({Key("port:a", "trucks"): {Period.month(2024, 1): 10, Period.month(2024, 3): 30}})
>>> panel.values.tolist(), panel.period(1).code
([[10.0, nan, 30.0]], '2024-02')
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kouan.basis import Period, PeriodKind

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

# Periods of one round of the seasons: a year of months or quarters, a week of days; a year has none.
SEASON = {PeriodKind.DAY: 7, PeriodKind.MONTH: 12, PeriodKind.QUARTER: 4, PeriodKind.YEAR: 1}
LONGEST = {PeriodKind.DAY: 40_000, PeriodKind.MONTH: 4_320, PeriodKind.QUARTER: 1_440, PeriodKind.YEAR: 360}


class Key(NamedTuple):
    """One series: whose figures, of what, which way across the border, which part. Subjects as ``port:luohu-rail``."""

    subject: str
    measure: str
    direction: str = "total"
    group: str = "all"

    @property
    def code(self) -> str:
        """The same in one word."""
        return "|".join(self)

    @property
    def kind(self) -> str:
        """The kind of its subject; empty where subjects are plain names."""
        kind, colon, _ = self.subject.partition(":")
        return kind if colon else ""


def ordinal(period: Period) -> int:
    """The number of a period among those of its kind; neighbours differ by one. ValueError for a span."""
    start = period.start
    match period.kind:
        case PeriodKind.DAY:
            return start.toordinal()
        case PeriodKind.MONTH:
            return start.year * 12 + start.month - 1
        case PeriodKind.QUARTER:
            return start.year * 4 + (start.month - 1) // 3
        case PeriodKind.YEAR:
            return start.year
    raise ValueError("a span of days has no place in a row of periods")


def period_at(cadence: PeriodKind, number: int) -> Period:
    """The period with that number."""
    match cadence:
        case PeriodKind.DAY:
            return Period.day(date.fromordinal(number))
        case PeriodKind.MONTH:
            return Period.month(number // 12, number % 12 + 1)
        case PeriodKind.QUARTER:
            return Period.quarter(number // 4, number % 4 + 1)
    return Period.year(number)


@dataclass(frozen=True)
class Panel:
    """Series (rows) by consecutive periods (columns). NaN: not reported, which is not zero.

    ``peers``: per row, the number of the set of series it is compared with; by default those of the same kind of
    subject, measure, direction and group.
    """

    keys: tuple[Key, ...]
    cadence: PeriodKind
    first: int
    values: Floats
    peers: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[0] != len(self.keys):
            raise ValueError(f"{len(self.keys)} series need as many rows, not {self.values.shape}")
        if np.isinf(self.values).any():
            raise ValueError("a figure is finite; what is not known is NaN")
        if self.peers.shape != (len(self.keys),):
            sets: dict[tuple[str, ...], int] = {}
            numbers = [sets.setdefault((key.kind, *key[1:]), len(sets)) for key in self.keys]
            object.__setattr__(self, "peers", np.array(numbers, dtype=np.int64))

    @classmethod
    def of(cls, figures: Mapping[Key, Mapping[Period, Any]]) -> Panel:
        """A panel from figures by series and period, all of one cadence."""
        keys = tuple(figures)
        rows, columns, values = [], [], []
        cadence = next((period.kind for row in figures.values() for period in row), PeriodKind.MONTH)
        for at, key in enumerate(keys):
            for period, value in figures[key].items():
                rows.append(at)
                columns.append(ordinal(period))
                values.append(float(value))
        return cls.build(keys, cadence, rows, columns, values)

    @classmethod
    def build(cls, keys: Sequence[Key], cadence: PeriodKind, rows: Any, ordinals: Any, values: Any) -> Panel:
        """A panel from parallel arrays; the last of two figures for one cell stands. ValueError beyond LONGEST periods."""
        at, numbers = np.asarray(rows, dtype=np.int64), np.asarray(ordinals, dtype=np.int64)
        first, last = (int(numbers.min()), int(numbers.max())) if numbers.size else (0, -1)
        if last - first >= LONGEST[cadence]:
            raise ValueError(f"periods from {first} to {last} are more than a table can hold; look for a mistyped year")
        cells = np.full((len(keys), last - first + 1), np.nan)
        cells[at, numbers - first] = np.asarray(values, dtype=np.float64)
        return cls(tuple(keys), cadence, first, cells)

    @property
    def season(self) -> int:
        """Periods of one round of the seasons."""
        return SEASON[self.cadence]

    @property
    def width(self) -> int:
        """How many periods."""
        return int(self.values.shape[1])

    def period(self, column: int) -> Period:
        """The period of a column."""
        return period_at(self.cadence, self.first + int(column))

    def column(self, period: Period) -> int:
        """The column of a period; may lie outside."""
        return ordinal(period) - self.first

    def columns_between(self, start: date | None, end: date | None) -> slice:
        """The columns of periods that share a day with the span; open ends reach to the edge."""
        low = 0 if start is None else self.column(Period.of(self.cadence, start))
        high = self.width if end is None else self.column(Period.of(self.cadence, end)) + 1
        return slice(min(max(low, 0), self.width), min(max(high, 0), self.width))

    def only(self, rows: Iterable[int]) -> Panel:
        """The panel of some of its series."""
        keep = list(rows)
        return Panel(tuple(self.keys[at] for at in keep), self.cadence, self.first, self.values[keep], self.peers[keep])


@dataclass(frozen=True)
class Run:
    """Consecutive cells of one row: ``start`` to ``stop`` (not included)."""

    row: int
    start: int
    stop: int

    @property
    def length(self) -> int:
        """How many cells."""
        return self.stop - self.start


def runs(flags: Bools, least: int = 1) -> list[Run]:
    """Every run of true cells of at least that length, row by row.

    >>> runs(np.array([[False, True, True, False, True]]), 2)
    [Run(row=0, start=1, stop=3)]
    """
    if not flags.size:
        return []
    padded = np.zeros((flags.shape[0], flags.shape[1] + 2), dtype=np.int8)
    padded[:, 1:-1] = flags
    steps = np.diff(padded, axis=1)
    rows, starts = np.nonzero(steps == 1)
    _, stops = np.nonzero(steps == -1)
    long = stops - starts >= least
    return [Run(int(r), int(a), int(b)) for r, a, b in zip(rows[long], starts[long], stops[long], strict=True)]


def median_of(stack: Floats) -> tuple[Floats, Ints]:
    """The median over the last axis, leaving out NaN, and of how many values. NaN where there is none.

    Sorting is several times faster than ``np.nanmedian`` for short axes, which is all that checks ask for.
    """
    ordered = np.sort(stack, axis=-1)  # NaN goes last
    known = (~np.isnan(ordered)).sum(axis=-1)
    low = np.maximum((known - 1) // 2, 0)[..., None]
    high = np.minimum(known // 2, stack.shape[-1] - 1)[..., None]
    middle = (np.take_along_axis(ordered, low, -1)[..., 0] + np.take_along_axis(ordered, high, -1)[..., 0]) / 2
    return np.where(known > 0, middle, np.nan), known


def running_median(values: Floats, offsets: Sequence[int]) -> tuple[Floats, Ints]:
    """For each cell the median of the cells at these distances in its row, and of how many. Rows in slices: little memory."""
    rows, width = values.shape
    middle, known = np.full((rows, width), np.nan), np.zeros((rows, width), dtype=np.int64)
    if not offsets or not width:
        return middle, known
    reach = max(abs(offset) for offset in offsets)
    step = max(1, 4_000_000 // (width * len(offsets)))
    for begin in range(0, rows, step):
        part = values[begin : begin + step]
        wide = np.full((part.shape[0], width + 2 * reach), np.nan)
        wide[:, reach : reach + width] = part
        stack = np.stack([wide[:, reach + offset : reach + offset + width] for offset in offsets], axis=-1)
        middle[begin : begin + step], known[begin : begin + step] = median_of(stack)
    return middle, known
