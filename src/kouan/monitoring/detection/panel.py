"""What detectors read: daily series side by side, and what kind of day each day is.

>>> panel = Panel((SeriesKey("demo", "persons", "inbound"),), date(2024, 1, 1), np.array([[10.0, np.nan]]))
>>> panel.day(1).isoformat(), panel.column(date(2024, 1, 2))
('2024-01-02', 1)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from kouan.basis import Text

_DAY = timedelta(days=1)


@dataclass(frozen=True, order=True)
class SeriesKey:
    """One series: of which port or point, which measure, which direction. ``group``: series whose holidays are alike."""

    port: str
    measure: str
    direction: str = ""
    group: str = ""
    label: Text | None = field(default=None, compare=False)

    @property
    def words(self) -> Text:
        """How messages name it."""
        return self.label or Text(*(" ".join(part for part in (self.port, self.measure, self.direction) if part),) * 2)

    @property
    def code(self) -> str:
        """The same in one word, for addresses and keys."""
        return f"{self.port}|{self.measure}|{self.direction}"


@dataclass(frozen=True)
class Panel:
    """Series (rows) by consecutive days (columns). NaN: not reported, which is not zero.

    ``slots``: columns of one day, where a day is cut into parts (96: quarters of an hour).

    >>> quarters = Panel((SeriesKey("demo", "waiting"),), date(2024, 1, 1), np.zeros((1, 192)), slots=96)
    >>> quarters.day(97).isoformat(), quarters.time(97), quarters.column(date(2024, 1, 2))
    ('2024-01-02', '00:15', 96)
    """

    series: tuple[SeriesKey, ...]
    first_day: date
    values: np.ndarray
    slots: int = 1
    # What was worked out of the values already, for they do not change: the usual band serves several detectors and settings.
    worked_out: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[0] != len(self.series):
            raise ValueError(f"{len(self.series)} series need as many rows, not {self.values.shape}")
        if np.isinf(self.values).any() or (self.values < 0).any():
            raise ValueError("a count is a finite number of at least zero; what is not known is NaN")

    @property
    def days(self) -> int:
        """How many days (columns, where days are cut)."""
        return int(self.values.shape[1])

    def day(self, column: int) -> date:
        """The day of a column."""
        return self.first_day + _DAY * (int(column) // self.slots)

    def time(self, column: int) -> str:
        """When in its day a column begins, as ``16:45``; empty where days are not cut."""
        if self.slots == 1:
            return ""
        minutes = int(column) % self.slots * 1440 // self.slots
        return f"{minutes // 60:02d}:{minutes % 60:02d}"

    def column(self, day: date) -> int:
        """The (first) column of a day; may lie outside."""
        return (day - self.first_day).days * self.slots

    def until(self, day: date) -> Panel:
        """The panel as one had it on the evening of a day."""
        return replace(self, values=self.values[:, : max(self.column(day) + self.slots, 0)])


@dataclass(frozen=True)
class HolidaySpan:
    """One holiday as the calendar announces it beforehand; the same ``name`` every year."""

    name: str
    first: date
    last: date


@dataclass(frozen=True)
class DayKinds:
    """For each day of a panel its weekday (Monday 0) and, if it is not an ordinary one, which special day: ``special`` is the index
    of ``names`` or -1. A special day is told apart by the holiday's name and its place in it (春节, third day), so that it can be
    compared with the same day of another year."""

    weekday: np.ndarray
    special: np.ndarray
    names: tuple[tuple[str, int], ...]

    @property
    def is_ordinary(self) -> np.ndarray:
        """Which days are neither in nor beside a holiday."""
        return self.special < 0


def day_kinds(
    first_day: date, days: int, holidays: Iterable[HolidaySpan] = (), worked: Iterable[date] = (), beside: int = 2
) -> DayKinds:
    """Say of each day what it is. ``beside``: days before and after a holiday that are special as well, since people leave early and
    return late. ``worked``: weekends worked in exchange. Calendars are published before their year begins, so this is no look-ahead.

    >>> kinds = day_kinds(date(2024, 9, 29), 4, [HolidaySpan("national_day", date(2024, 10, 1), date(2024, 10, 7))], beside=1)
    >>> [kinds.names[k] if k >= 0 else None for k in kinds.special.tolist()]
    [None, ('national_day', -1), ('national_day', 0), ('national_day', 1)]
    """
    keys: dict[date, tuple[str, int]] = {day: ("worked_weekend", day.weekday()) for day in worked}
    spans = sorted(holidays, key=lambda span: span.first)
    for span in spans:
        length = (span.last - span.first).days
        for step in range(-beside, length + beside + 1):
            day = span.first + _DAY * step
            # Days after are counted from the end, for a holiday is not equally long every year.
            key = (span.name, step if step <= length else 1000 + step - length)
            if 0 <= step <= length or day not in keys:
                keys[day] = key
    names: dict[tuple[str, int], int] = {}
    special = np.full(days, -1, dtype=np.int32)
    for column in range(days):
        known = keys.get(first_day + _DAY * column)
        if known is not None:
            special[column] = names.setdefault(known, len(names))
    weekday = (first_day.weekday() + np.arange(days)) % 7
    return DayKinds(weekday.astype(np.int8), special, tuple(names))


# By which day a holiday of the national table is told, first that fits: the tables hold dates only.
_TOLD_BY: Mapping[str, tuple[tuple[int, int], tuple[int, int]]] = {
    "national_day": ((10, 1), (10, 3)),
    "labour_day": ((5, 1), (5, 1)),
    "qingming": ((4, 4), (4, 6)),
    "new_year": ((12, 30), (12, 31)),
    "new_year_": ((1, 1), (1, 3)),
    "spring_festival": ((1, 21), (2, 21)),
    "dragon_boat": ((5, 25), (6, 30)),
    "mid_autumn": ((9, 7), (9, 30)),
}


def spans_of_days(off: Iterable[date]) -> list[HolidaySpan]:
    """Put the days off of the national tables together into named holidays.

    >>> [(span.name, span.first.isoformat()) for span in spans_of_days([date(2023, 12, 31), date(2024, 1, 1), date(2024, 6, 10)])]
    [('new_year', '2023-12-31'), ('dragon_boat', '2024-06-10')]
    """
    spans: list[list[date]] = []
    for day in sorted(set(off)):
        if spans and day - spans[-1][-1] == _DAY:
            spans[-1].append(day)
        else:
            spans.append([day])
    return [HolidaySpan(_name(days), days[0], days[-1]) for days in spans]


def _name(days: list[date]) -> str:
    for name, (low, high) in _TOLD_BY.items():
        if any(low <= (day.month, day.day) <= high for day in days):
            return name.rstrip("_")
    return "other"
