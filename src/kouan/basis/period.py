"""Period: the stretch of calendar days a figure is about.

A day, month, quarter or year of the Gregorian calendar, or a span of days for what fits none of
them (a holiday, January to August, a fiscal year that does not begin in January). Periods are
exact, ordered by their first day, cheap to make, and have one code each, by which they are stored.

China's budget year is the calendar year (预算法 第十八条); Hong Kong's begins on 1 April, the
United States' on 1 October: `fiscal_year` serves these.

>>> march = Period.month(2023, 3)
>>> march.code, march.label("zh"), march.label("en")
('2023-03', '2023年3月', 'March 2023')
>>> march.same_last_year().code, march.next().code
('2022-03', '2023-04')
>>> [quarter.code for quarter in Period.year(2023).quarters()]
['2023-Q1', '2023-Q2', '2023-Q3', '2023-Q4']

Reading what people type is in `period_reading`; `Period.parse` and `Period.read` lead there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from types import ModuleType

from kouan.basis.finding import Finding, Place, Refused

# Figures before the first modern customs returns or far in the future are typing errors.
FIRST_YEAR, LAST_YEAR = 1840, 2199

MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_ONE_DAY = timedelta(days=1)


class PeriodKind(StrEnum):
    """The kinds of period; a plain string compares equal ("month")."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    SPAN = "span"


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A period by first day, last day (inclusive) and kind. Use the named makers, not the class.

    Order: by first day, then by last day; so the month of January stands before the year it opens.
    """

    start: date
    end: date
    kind: PeriodKind
    code: str = field(compare=False)

    # ---- makers ---------------------------------------------------------------------------------
    # Each keeps what it has made: an intake of 400,000 rows holds a few hundred different months.

    @staticmethod
    @lru_cache(maxsize=1024)
    def year(year: int) -> Period:
        """Return the calendar year. ValueError outside FIRST_YEAR…LAST_YEAR."""
        _check_year(year)
        return Period(date(year, 1, 1), date(year, 12, 31), PeriodKind.YEAR, f"{year:04d}")

    @staticmethod
    @lru_cache(maxsize=2048)
    def quarter(year: int, quarter: int) -> Period:
        """Return a calendar quarter, 1 to 4. ValueError otherwise."""
        _check_year(year)
        if not 1 <= quarter <= 4:
            raise ValueError(f"no quarter {quarter} in a year")
        first = quarter * 3 - 2
        return Period(
            date(year, first, 1), _month_end(year, first + 2), PeriodKind.QUARTER, f"{year:04d}-Q{quarter}"
        )

    @staticmethod
    @lru_cache(maxsize=8192)
    def month(year: int, month: int) -> Period:
        """Return a calendar month, 1 to 12. ValueError otherwise."""
        _check_year(year)
        return Period(
            date(year, month, 1), _month_end(year, month), PeriodKind.MONTH, f"{year:04d}-{month:02d}"
        )

    @staticmethod
    @lru_cache(maxsize=16384)
    def day(day: date) -> Period:
        """Return one day. A datetime is refused (TypeError): its day depends on the time zone."""
        if type(day) is not date:
            raise TypeError(f"a plain date is needed, not {day!r}; see clock.day_of for instants")
        _check_year(day.year)
        return Period(day, day, PeriodKind.DAY, day.isoformat())

    @staticmethod
    def span(start: date, end: date) -> Period:
        """Return the period from `start` to `end`, both included.

        A span that is exactly a day, month, quarter or year becomes that kind, because one period
        must have one code: otherwise the same figure could be stored twice.

        >>> Period.span(date(2020, 1, 1), date(2020, 3, 31)).code
        '2020-Q1'
        >>> Period.span(date(2024, 2, 9), date(2024, 2, 17)).code
        '2024-02-09/2024-02-17'
        """
        if end < start:
            raise ValueError(f"a period cannot end ({end}) before it begins ({start})")
        for kind in (PeriodKind.DAY, PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR):
            candidate = Period.of(kind, start)
            if candidate.start == start and candidate.end == end:
                return candidate
        _check_year(start.year)
        _check_year(end.year)
        return Period(start, end, PeriodKind.SPAN, f"{start.isoformat()}/{end.isoformat()}")

    @staticmethod
    def of(kind: PeriodKind | str, day: date) -> Period:
        """Return the day, month, quarter or year that `day` lies in (a span has no such rule).

        >>> Period.of("quarter", date(2023, 8, 15)).code
        '2023-Q3'
        """
        match PeriodKind(kind):
            case PeriodKind.DAY:
                return Period.day(day)
            case PeriodKind.MONTH:
                return Period.month(day.year, day.month)
            case PeriodKind.QUARTER:
                return Period.quarter(day.year, (day.month + 2) // 3)
            case PeriodKind.YEAR:
                return Period.year(day.year)
        raise ValueError("a span needs two days; use Period.span")

    @staticmethod
    def half(year: int, half: int) -> Period:
        """Return the first (上半年) or second (下半年) half of a year, as a span."""
        if half not in (1, 2):
            raise ValueError(f"no half {half} in a year")
        return Period.months_of(year, half * 6 - 5, half * 6)

    @staticmethod
    def months_of(year: int, first: int, last: int) -> Period:
        """Return months `first` to `last` of a year: the cumulative periods of monthly bulletins.

        >>> Period.months_of(2023, 1, 8).label()
        '2023年1—8月'
        """
        return Period.span(Period.month(year, first).start, Period.month(year, last).end)

    @staticmethod
    def fiscal_year(year: int, begins: int = 1, *, named_by: str = "start") -> Period:
        """Return the fiscal year `year` that begins on the first of month `begins`.

        `named_by` "start": the year is named by its first day (Hong Kong, begins=4: FY2023 runs from
        2023-04-01); "end": by its last (United States, begins=10: FY2023 runs from 2022-10-01).

        >>> Period.fiscal_year(2023, 10, named_by="end").code
        '2022-10-01/2023-09-30'
        """
        if named_by not in ("start", "end"):
            raise ValueError(f"named_by is 'start' or 'end', not {named_by!r}")
        first_year = year - 1 if named_by == "end" and begins > 1 else year
        start = Period.month(first_year, begins)
        return Period.span(start.start, start.shift(11).end)

    # ---- reading --------------------------------------------------------------------------------

    @staticmethod
    def parse(text: object, *, dayfirst: bool = False, monthfirst: bool = False) -> Period:
        """Read a code or a period as people write it; raise Refused with the finding if it cannot be.

        >>> Period.parse("2023年第1季度").code, Period.parse("Jan 2023").code
        ('2023-Q1', '2023-01')
        """
        answer = _reading().read_period(text, dayfirst=dayfirst, monthfirst=monthfirst)
        if isinstance(answer, Period):
            return answer
        raise Refused(answer)

    @staticmethod
    def read(
        text: object, *, dayfirst: bool = False, monthfirst: bool = False,
        fiscal: tuple[int, str] | None = None, where: Place | None = None,
    ) -> Period | Finding:
        """As `parse`, but hand the finding back: for readers that go on with the next row. `fiscal`: first
        month of the source's fiscal year and the end that names it, for FY2023."""
        return _reading().read_period(text, dayfirst=dayfirst, monthfirst=monthfirst, fiscal=fiscal, where=where)

    # ---- arithmetic -----------------------------------------------------------------------------

    @property
    def day_count(self) -> int:
        """The number of days, both ends included."""
        return (self.end - self.start).days + 1

    @property
    def calendar_year(self) -> int | None:
        """The calendar year it lies in, or None if it lies in two."""
        return self.start.year if self.start.year == self.end.year else None

    @property
    def is_whole_months(self) -> bool:
        """Whether it begins on a first and ends on a last of a month."""
        return self.start.day == 1 and (self.end + _ONE_DAY).day == 1

    def next(self) -> Period:
        """Return the period of the same length that follows (see `shift`)."""
        return self.shift(1)

    def previous(self) -> Period:
        """Return the period of the same length before."""
        return self.shift(-1)

    def shift(self, steps: int) -> Period:
        """Move by `steps` lengths of itself; a year by years, a month by months.

        A span of whole months moves by that many months, any other by its number of days.
        (A span of days can land exactly on a month and then is that month.)
        """
        if self.kind is PeriodKind.DAY:
            return Period.day(self.start + steps * _ONE_DAY)
        if self.kind is PeriodKind.SPAN and not self.is_whole_months:
            by = timedelta(days=self.day_count * steps)
            return Period.span(self.start + by, self.end + by)
        length = _months_between(self.start, self.end) + 1
        start = _add_months(self.start, length * steps)
        if self.kind is PeriodKind.SPAN:
            last = _add_months(start, length - 1)
            return Period.span(start, _month_end(last.year, last.month))
        return Period.of(self.kind, start)

    def same_last_year(self) -> Period:
        """Return the same period one year before (同期).

        29 February answers 28 February; a span that ends a February ends it in both years.
        """
        if self.kind is PeriodKind.SPAN:
            start = _year_before(self.start)
            if self.is_whole_months:
                return Period.span(start, _month_end(self.end.year - 1, self.end.month))
            return Period.span(start, _year_before(self.end))
        return Period.of(self.kind, _year_before(self.start))

    def contains(self, other: Period | date) -> bool:
        """Whether every day of `other` lies in this period."""
        if isinstance(other, Period):
            return self.start <= other.start and other.end <= self.end
        return self.start <= other <= self.end

    def overlaps(self, other: Period) -> bool:
        """Whether they share a day."""
        return self.start <= other.end and other.start <= self.end

    def split(self, kind: PeriodKind | str) -> tuple[Period, ...]:
        """Cut into days, months, quarters or years without remainder.

        ValueError when the edges do not fit: months of a holiday are not a thing.
        """
        parts = tuple(self._walk(PeriodKind(kind)))
        if parts[0].start != self.start or parts[-1].end != self.end:
            raise ValueError(f"{self.code} cannot be cut into whole {kind}s")
        return parts

    def _walk(self, kind: PeriodKind) -> Iterator[Period]:
        part = Period.of(kind, self.start)
        while part.start <= self.end:
            yield part
            part = Period.of(kind, part.end + _ONE_DAY)

    def days(self) -> tuple[Period, ...]:
        """Return its days in order."""
        return self.split(PeriodKind.DAY)

    def months(self) -> tuple[Period, ...]:
        """Return its months in order (ValueError when it is not made of whole months)."""
        return self.split(PeriodKind.MONTH)

    def quarters(self) -> tuple[Period, ...]:
        """Return its quarters in order (ValueError when it is not made of whole quarters)."""
        return self.split(PeriodKind.QUARTER)

    def covering(self, kind: PeriodKind | str) -> Period:
        """Return the larger period it belongs to. ValueError when it lies across two.

        >>> Period.month(2023, 8).covering("quarter").code
        '2023-Q3'
        """
        larger = Period.of(kind, self.start)
        if not larger.contains(self):
            raise ValueError(f"{self.code} does not lie in one {kind}")
        return larger

    # ---- words ----------------------------------------------------------------------------------

    def label(self, language: str = "zh") -> str:
        """Say the period as an official would write it.

        >>> Period.parse("2024-02-09/2024-02-17").label(), Period.quarter(2023, 1).label("en")
        ('2024年2月9日至17日', 'Q1 2023')
        """
        return self._label_en() if language[:2].lower() == "en" else self._label_zh()

    def _label_zh(self) -> str:
        start, end = self.start, self.end
        match self.kind:
            case PeriodKind.YEAR:
                return f"{start.year}年"
            case PeriodKind.QUARTER:
                return f"{start.year}年第{(start.month + 2) // 3}季度"
            case PeriodKind.MONTH:
                return f"{start.year}年{start.month}月"
            case PeriodKind.DAY:
                return _day_zh(start)
        if self.is_whole_months:
            if start.year != end.year:
                return f"{start.year}年{start.month}月至{end.year}年{end.month}月"
            half = {(1, 6): "上半年", (7, 12): "下半年"}.get((start.month, end.month))
            return f"{start.year}年{half or f'{start.month}—{end.month}月'}"
        if start.year != end.year:
            return f"{_day_zh(start)}至{_day_zh(end)}"
        if start.month != end.month:
            return f"{_day_zh(start)}至{end.month}月{end.day}日"
        return f"{_day_zh(start)}至{end.day}日"

    def _label_en(self) -> str:
        start, end = self.start, self.end
        match self.kind:
            case PeriodKind.YEAR:
                return str(start.year)
            case PeriodKind.QUARTER:
                return f"Q{(start.month + 2) // 3} {start.year}"
            case PeriodKind.MONTH:
                return _month_en(start)
            case PeriodKind.DAY:
                return f"{start.day} {_month_en(start)}"
        if self.is_whole_months:
            if start.year != end.year:
                return f"{_month_en(start)} to {_month_en(end)}"
            return f"{MONTH_NAMES[start.month - 1]} to {_month_en(end)}"
        if start.year != end.year:
            return f"{start.day} {_month_en(start)} to {end.day} {_month_en(end)}"
        if start.month != end.month:
            return f"{start.day} {MONTH_NAMES[start.month - 1]} to {end.day} {_month_en(end)}"
        return f"{start.day} to {end.day} {_month_en(end)}"

    def __str__(self) -> str:
        return self.code


@lru_cache(maxsize=1)
def _reading() -> ModuleType:
    # The reader builds periods and so imports this module; asked for only when something is read.
    from kouan.basis import period_reading

    return period_reading


def _check_year(year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"year {year} lies outside {FIRST_YEAR} to {LAST_YEAR}")


def _month_end(year: int, month: int) -> date:
    return (date(year + 1, 1, 1) if month == 12 else date(year, month + 1, 1)) - _ONE_DAY


def _months_between(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month


def _add_months(first: date, months: int) -> date:
    index = first.year * 12 + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def _year_before(day: date) -> date:
    if (day.month, day.day) == (2, 29):
        return date(day.year - 1, 2, 28)
    return day.replace(year=day.year - 1)


def _day_zh(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _month_en(day: date) -> str:
    return f"{MONTH_NAMES[day.month - 1]} {day.year}"
