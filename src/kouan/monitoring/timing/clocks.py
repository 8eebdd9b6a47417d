"""Two clocks: the 24×7 clock, which is subtraction, and the published opening hours of a port (公布的开放时间).

Opening hours are local: weekly hours in a time zone, in dated versions, with days closed (holidays, closures) and days
with hours of their own. All answers are whole microseconds, and open time adds up: from a to b and from b to c is from
a to c. Where daylight time changes, a wall time that occurs twice is its first occurrence, and one that does not occur
counts with the offset before the gap (RFC 5545, 3.3.5); so a day open around the clock has 23 or 25 hours on those days.

>>> from zoneinfo import ZoneInfo
>>> hours = OpeningHours("CNXXX", ZoneInfo("Asia/Shanghai"), [Weekly(date(2025, 1, 1), week("mon-fri 09:00-12:00 13:30-18:00"))])
>>> from kouan.monitoring.timing.events import HOUR, instant
>>> hours.between(instant("2025-03-07T11:00:00+08:00"), instant("2025-03-10T10:00:00+08:00")) / HOUR   # Friday to Monday
6.5
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kouan.basis import Place, Refused
from kouan.basis.form import Form
from kouan.basis.strict_yaml import load_file
from kouan.monitoring.timing.events import microseconds, moment

# Minutes of local wall time since midnight of the day on which the span begins; an end beyond 1440 is the next day.
Span = tuple[int, int]
Week = tuple[tuple[Span, ...], ...]
PUBLISHED = range(1900, 2201)  # years in which hours of today's ports begin
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)")
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Weekly:
    """The hours of a week, Monday first, that hold from a local day on."""

    from_day: date
    week: Week


@dataclass
class OpeningHours:
    """The published hours of one port. `closed`: whole days shut; `special`: days with hours of their own (they win)."""

    port: str
    zone: tzinfo
    versions: Sequence[Weekly]
    closed: frozenset[date] = frozenset()
    special: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)
    known_from: int = field(init=False)
    known_until: int = field(init=False)
    # Starts and ends of the open spans built so far, and the open µs before each; UTC years from the first version on.
    _starts: list[int] = field(default_factory=list, repr=False)
    _ends: list[int] = field(default_factory=list, repr=False)
    _before: list[int] = field(default_factory=list, repr=False)
    _next_year: int = field(init=False, repr=False)
    _built_to: int = field(init=False, repr=False)
    _building: Lock = field(default_factory=Lock, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.versions = sorted(self.versions, key=lambda version: version.from_day)
        if not self.versions:
            raise ValueError("opening hours need a version")
        first = self.versions[0].from_day
        self.known_from = self._instant(first, 0)
        # Nobody publishes hours for a century; a date typed with the year 9999 must not build eight thousand tables.
        self.known_until = _start_of(first.year + 100)
        self._next_year = moment(self.known_from).year
        self._built_to = self.known_from

    def spans_on(self, day: date) -> tuple[Span, ...]:
        """The spans that begin on a local day."""
        if day in self.special:
            return self.special[day]
        if day in self.closed:
            return ()
        found: Week | None = None
        for version in self.versions:
            if version.from_day > day:
                break
            found = version.week
        return found[day.weekday()] if found else ()

    def opened(self, when: int) -> int | None:
        """Open µs from the first published hour to an instant; None where the hours are not known."""
        if not self.known_from <= when <= self.known_until:
            return None
        if when >= self._built_to:
            with self._building:  # one object may serve many threads
                while when >= self._built_to:
                    self._build()
        place = bisect_right(self._starts, when) - 1
        return 0 if place < 0 else self._before[place] + min(when, self._ends[place]) - self._starts[place]

    def between(self, start: int, end: int) -> int | None:
        """Open time from start to end in µs (negative where end is earlier); None where the hours are not known."""
        first, last = self.opened(start), self.opened(end)
        return None if first is None or last is None else last - first

    def is_open(self, when: int) -> bool | None:
        """Whether the port is open at an instant (µs); a span holds its first instant and not its last. None: not known."""
        if self.opened(when) is None:
            return None
        place = bisect_right(self._starts, when) - 1
        return place >= 0 and when < self._ends[place]

    def _build(self) -> None:
        """Add the open spans of the next UTC year."""
        year = self._next_year
        first, last = max(_start_of(year), self.known_from), _start_of(year + 1)
        # Local days reach into the neighbouring UTC years, and a span may run past midnight.
        day, until = date(year, 1, 1) - 3 * _ONE_DAY, date(year, 12, 31) + 2 * _ONE_DAY
        spans = []
        while day <= until:
            spans += [(self._instant(day, opens), self._instant(day, closes)) for opens, closes in self.spans_on(day)]
            day += _ONE_DAY
        starts, ends, before = self._starts, self._ends, self._before
        for opens, closes in sorted(spans):
            opens, closes = max(opens, first), min(closes, last)
            if opens >= closes:
                continue
            if ends and opens <= ends[-1]:  # touching or overlapping spans are one
                ends[-1] = max(ends[-1], closes)
            else:
                before.append(before[-1] + ends[-1] - starts[-1] if starts else 0)
                starts.append(opens)
                ends.append(closes)
        self._next_year, self._built_to = year + 1, last

    def _instant(self, day: date, minutes: int) -> int:
        wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)  # noqa: DTZ001 - wall time, zoned below
        return microseconds(wall.replace(tzinfo=self.zone))


def _start_of(year: int) -> int:
    return microseconds(datetime(year, 1, 1, tzinfo=UTC))


def around_the_clock(port: str, zone: tzinfo, from_day: date) -> OpeningHours:
    """A port that never closes."""
    return OpeningHours(port, zone, [Weekly(from_day, (((0, 1440),),) * 7)])


def week(text: str) -> Week:
    """Read hours as they are written: days, then spans; parts with semicolons. ValueError for anything else.

    >>> week("mon-fri 09:00-12:00 13:30-18:00; sat 09:00-12:00")[5], week("daily 24h")[6], week("fri 22:00-02:00")[4]
    (((540, 720),), ((0, 1440),), ((1320, 1560),))
    """
    days: list[tuple[Span, ...]] = [()] * 7
    for part in text.split(";"):
        words = part.split()
        if not words:
            continue
        first, _, last = words[0].partition("-")
        chosen = range(7) if words[0] == "daily" else range(_DAYS.index(first), _DAYS.index(last or first) + 1)
        if not len(chosen):
            raise ValueError(f"the days {words[0]!r} run backwards")
        for day in chosen:
            days[day] = spans(words[1:])
    return tuple(days)


def spans(words: Iterable[str]) -> tuple[Span, ...]:
    """Spans as written: 09:00-18:00; 22:00-02:00 runs past midnight; 24h. ValueError for anything else."""
    found = []
    for word in words:
        match = _SPAN.fullmatch("00:00-24:00" if word == "24h" else word)
        if not match:
            raise ValueError(f"not a span of hours: {word!r}")
        a, b, c, d = map(int, match.groups())
        opens, closes = a * 60 + b, c * 60 + d
        if max(b, d) > 59 or opens >= 1440 or closes > 1440 or opens == closes:
            raise ValueError(f"not a span of hours: {word!r}")
        found.append((opens, closes if closes > opens else closes + 1440))
    return tuple(sorted(found))


def zone_named(name: str) -> tzinfo:
    """An IANA zone, or a fixed offset written +08:00. Refused for one that this machine does not know."""
    if match := re.fullmatch(r"([+-])(\d\d):(\d\d)", name):
        sign, hours, minutes = match.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        if offset < _ONE_DAY:
            return timezone(offset if sign == "+" else -offset)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused.because(
            "unknown_zone", f"没有时区“{name}”。", f"There is no time zone “{name}”.",
            remedy=("写作 Asia/Shanghai 或 +08:00。", "Write it as Asia/Shanghai or +08:00."),
        )


def read_hours(path: Path, holidays: frozenset[date] = frozenset()) -> dict[str, OpeningHours]:
    """Opening hours by port from a YAML file; `holidays`: the public holidays of ports that close on them.

    ``ports: [{port: CNXXX, zone: Asia/Shanghai, hours: [{from: 2025-01-01, week: "mon-fri 09:00-18:00"}], closed: [2025-05-01],
    special: {2025-05-02: "10:00-12:00"}, closed_on_holidays: true}]``. Refused with every slip at once.
    """
    form = Form(path.name)
    content = form.mapping(load_file(path), "", {"ports"})
    found: dict[str, OpeningHours] = {}
    for place, row in enumerate(form.rows(content.get("ports"), "/ports")):
        at = f"/ports/{place}"
        data = form.mapping(row, at, {"port", "zone", "hours"}, {"closed", "special", "closed_on_holidays"})
        port = form.word(data.get("port"), f"{at}/port")
        try:
            zone = zone_named(str(data.get("zone", "")))
        except Refused as refusal:
            form.findings += [each.at(Place(file=path.name, path=f"{at}/zone")) for each in refusal.findings]
            continue
        versions = []
        for number, version in enumerate(form.rows(data.get("hours"), f"{at}/hours")):
            held = form.mapping(version, f"{at}/hours/{number}", {"from", "week"})
            hours = _written(form, f"{at}/hours/{number}/week", week, held.get("week"))
            first = form.day(held.get("from"), f"{at}/hours/{number}/from")
            if first.year not in PUBLISHED:
                form.slip(f"{at}/hours/{number}/from", "date_out_of_range", f"“{first}”不会是公布开放时间的日期。",
                          f"No hours were published from {first} on.", ("请改正年份。", "Correct the year."))
            versions.append(Weekly(first, hours or ((),) * 7))
        special = {
            form.day(day, f"{at}/special"): _written(form, f"{at}/special/{day}", lambda text: spans(text.split()), text) or ()
            for day, text in _mapped(form, data.get("special"), f"{at}/special").items()
        }
        closed = frozenset(form.day(day, f"{at}/closed") for day in form.rows(data.get("closed"), f"{at}/closed"))
        if data.get("closed_on_holidays") is True:
            closed |= holidays
        if not versions:
            form.slip(f"{at}/hours", "empty", "没有开放时间。", "There are no hours here.", ("补充每周时间。", "Add the weekly hours."))
            continue
        if not form.findings:
            found[port] = OpeningHours(port, zone, versions, closed, special)
    if form.findings:
        raise Refused(form.findings)
    return found


def _mapped(form: Form, value: Any, path: str) -> Mapping[Any, Any]:
    if value is None or isinstance(value, Mapping):
        return value or {}
    form.slip(path, "wrong_form", "此处应为“日期: 时间”的键值表。", "A mapping of days to hours belongs here.",
              ("写作 {2025-05-02: \"10:00-12:00\"}。", "Write it as {2025-05-02: \"10:00-12:00\"}."))
    return {}


def _written(form: Form, path: str, read: Any, text: Any) -> Any:
    try:
        return read(text if isinstance(text, str) else "")
    except ValueError:
        form.slip(path, "not_hours", f"“{text}”不是开放时间。", f"“{text}” are no opening hours.",
                  ("写作 mon-fri 09:00-12:00 13:30-18:00; sat 09:00-12:00，或 daily 24h。",
                   "Write them as mon-fri 09:00-12:00 13:30-18:00; sat 09:00-12:00, or daily 24h."))
        return None
