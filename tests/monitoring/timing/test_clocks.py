"""The clock of opening hours against one that walks minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kouan.basis import Refused
from kouan.monitoring.timing import clocks
from kouan.monitoring.timing.clocks import OpeningHours, Weekly, read_hours, spans, week
from kouan.monitoring.timing.events import DAY, HOUR, MINUTE, instant, microseconds, moment

ZONES = ("Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia")


def hours_in(zone: str, weekly: str, **given: object) -> OpeningHours:
    return OpeningHours("P", ZoneInfo(zone), [Weekly(date(2025, 1, 1), week(weekly))], **given)  # type: ignore[arg-type]


def walked(hours: OpeningHours, start: int, end: int) -> int:
    """Open minutes, by asking of each minute what the wall clock shows. Right where no span begins or ends in a repeated hour."""
    total = 0
    for minute in range(start, end, MINUTE):
        wall = moment(minute).astimezone(hours.zone)
        today, yesterday = wall.date(), wall.date() - timedelta(days=1)
        at = wall.hour * 60 + wall.minute
        total += any(a <= at < b for a, b in hours.spans_on(today)) or any(a <= at + 1440 < b for a, b in hours.spans_on(yesterday))
    return total


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.sampled_from(["mon-fri 08:30-12:00 13:30-17:30; sun 22:00-05:00", "daily 24h", "sat 09:00-12:00", "daily 06:00-00:30"]),
    st.integers(0, 700), st.integers(0, 4 * 1440), st.sets(st.integers(0, 730), max_size=20),
)
def test_it_agrees_with_a_clock_that_walks(zone: str, weekly: str, day: int, minutes: int, shut: set[int]) -> None:
    closed = frozenset(date(2025, 1, 1) + timedelta(days=each) for each in shut)
    hours = hours_in(zone, weekly, closed=closed)
    start = hours.known_from + day * DAY + minutes * MINUTE // 2 // MINUTE * MINUTE
    end = start + minutes * MINUTE
    assert hours.between(start, end) == walked(hours, start, end) * MINUTE


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(ZONES), st.lists(st.integers(0, 900 * DAY), min_size=3, max_size=3))
def test_open_time_adds_up_to_the_microsecond(zone: str, offsets: list[int]) -> None:
    hours = hours_in(zone, "mon-fri 08:30-12:00 13:30-17:30; sun 22:00-05:00")
    a, b, c = (hours.known_from + each for each in sorted(offsets))
    first, second, both = hours.between(a, b), hours.between(b, c), hours.between(a, c)
    assert first is not None and second is not None and first + second == both
    assert hours.between(c, a) == -both and 0 <= first <= b - a


def test_days_of_23_and_25_hours() -> None:
    hours = hours_in("America/New_York", "daily 24h")
    for day, length in (("2026-03-08", 23), ("2026-11-01", 25), ("2026-11-02", 24)):
        midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("America/New_York"))
        after = (datetime.fromisoformat(day) + timedelta(days=1)).replace(tzinfo=ZoneInfo("America/New_York"))
        assert hours.between(microseconds(midnight.astimezone(UTC)), microseconds(after.astimezone(UTC))) == length * HOUR


def test_wall_times_that_occur_twice_or_never_follow_the_rule_of_calendars() -> None:
    """RFC 5545, 3.3.5: the first of two; the offset before a gap."""
    hours = hours_in("America/New_York", "sun 01:30-06:00; mon-sat 09:00-10:00")
    assert hours.between(instant("2026-11-01T00:00:00-04:00"), instant("2026-11-01T12:00:00-05:00")) == 5.5 * HOUR  # 01:30 EDT to 06:00 EST
    hours = hours_in("America/New_York", "sun 02:15-06:00")
    assert hours.between(instant("2026-03-08T00:00:00-05:00"), instant("2026-03-08T12:00:00-04:00")) == 2.75 * HOUR  # 02:15 is 03:15 EDT


def test_both_ends_of_a_span_and_a_lunch_break() -> None:
    hours = hours_in("Asia/Shanghai", "mon 09:00-12:00 13:30-18:00")
    nine = instant("2026-03-02T09:00:00+08:00")
    assert [hours.is_open(nine + each) for each in (-1, 0, 3 * HOUR - 1, 3 * HOUR)] == [False, True, True, False]
    assert hours.between(nine, nine + 5 * HOUR) == 3.5 * HOUR


def test_versions_special_days_and_what_is_not_known() -> None:
    hours = OpeningHours(
        "P", ZoneInfo("Asia/Shanghai"), [Weekly(date(2026, 1, 1), week("daily 08:00-20:00")), Weekly(date(2025, 1, 1), week("daily 09:00-17:00"))],
        closed=frozenset({date(2025, 5, 1), date(2025, 5, 2)}), special={date(2025, 5, 2): spans(["10:00-11:00"])},
    )  # fmt: skip

    def on(day: str) -> float | None:
        start = instant(f"{day}T00:00:00+08:00")
        found = hours.between(start, start + DAY)
        return None if found is None else found / HOUR

    assert [on(day) for day in ("2025-12-31", "2026-01-01", "2025-05-01", "2025-05-02", "2024-12-31")] == [8, 12, 0, 1, None]
    assert hours.between(instant("2024-12-31T23:59:59+08:00"), instant("2025-01-02T00:00:00+08:00")) is None
    assert hours.opened(instant("9000-01-01T00:00:00+08:00")) is None  # a slip of the pen builds no tables of millennia


@pytest.mark.parametrize("text", ["mon 9-17", "mon 09:00-25:00", "mon 09:60-10:00", "fri-mon 09:00-10:00", "someday 09:00-10:00", "mon 09:00-09:00"])
def test_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        week(text)


def test_a_file_of_hours(tmp_path: Path) -> None:
    file = tmp_path / "hours.yaml"
    file.write_text(
        "ports:\n  - port: CNERC\n    zone: Asia/Shanghai\n    hours: [{from: 2025-01-01, week: 'mon-fri 09:00-18:00'}]\n"
        "    closed: [2025-02-03]\n    special: {2025-02-04: '10:00-11:00'}\n    closed_on_holidays: true\n", encoding="utf-8")  # fmt: skip
    hours = read_hours(file, frozenset({date(2025, 1, 28)}))["CNERC"]
    assert [len(hours.spans_on(date(2025, 1, 27))), hours.spans_on(date(2025, 1, 28)), hours.spans_on(date(2025, 2, 3))] == [1, (), ()]
    assert hours.spans_on(date(2025, 2, 4)) == ((600, 660),)
    file.write_text("ports:\n  - port: X\n    zone: Mars/Olympus\n    hours: [{from: 2025-01-01, week: 'mon 9-18'}]\n"
                    "  - port: Y\n    zone: +08:00\n    hours: [{from: 2025-01-01, week: 'mon 9-18'}]\n", encoding="utf-8")  # fmt: skip
    with pytest.raises(Refused) as refused:
        read_hours(file)
    assert [(f.code, f.where.path) for f in refused.value.findings] == [("unknown_zone", "/ports/0/zone"), ("not_hours", "/ports/1/hours/0/week")]
    assert all(each.remedy for each in refused.value.findings)
    assert clocks.zone_named("-03:30").utcoffset(None) == timedelta(hours=-3, minutes=-30)
