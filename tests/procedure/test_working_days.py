"""Working days, held against the words of the State Council's notices and against the Civil Code's way of counting."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kouan.basis import Refused
from kouan.procedure import WorkingDays, bundled_tables
from kouan.procedure.working_days import read_table

DAYS = WorkingDays(bundled_tables())


def span(first: str, last: str) -> list[date]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


# As the notices read: days off, then weekends worked.
NOTICES = {
    2020: ([*span("2020-01-01", "2020-01-01"), *span("2020-01-24", "2020-02-02"), *span("2020-04-04", "2020-04-06"),
            *span("2020-05-01", "2020-05-05"), *span("2020-06-25", "2020-06-27"), *span("2020-10-01", "2020-10-08")],
           ["2020-01-19", "2020-04-26", "2020-05-09", "2020-06-28", "2020-09-27", "2020-10-10"]),
    2022: ([*span("2022-01-01", "2022-01-03"), *span("2022-01-31", "2022-02-06"), *span("2022-04-03", "2022-04-05"),
            *span("2022-04-30", "2022-05-04"), *span("2022-06-03", "2022-06-05"), *span("2022-09-10", "2022-09-12"),
            *span("2022-10-01", "2022-10-07")],
           ["2022-01-29", "2022-01-30", "2022-04-02", "2022-04-24", "2022-05-07", "2022-10-08", "2022-10-09"]),
    2024: ([*span("2024-01-01", "2024-01-01"), *span("2024-02-10", "2024-02-17"), *span("2024-04-04", "2024-04-06"),
            *span("2024-05-01", "2024-05-05"), *span("2024-06-10", "2024-06-10"), *span("2024-09-15", "2024-09-17"),
            *span("2024-10-01", "2024-10-07")],
           ["2024-02-04", "2024-02-18", "2024-04-07", "2024-04-28", "2024-05-11", "2024-09-14", "2024-09-29", "2024-10-12"]),
    2025: ([*span("2025-01-01", "2025-01-01"), *span("2025-01-28", "2025-02-04"), *span("2025-04-04", "2025-04-06"),
            *span("2025-05-01", "2025-05-05"), *span("2025-05-31", "2025-06-02"), *span("2025-10-01", "2025-10-08")],
           ["2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11"]),
    2026: ([*span("2026-01-01", "2026-01-03"), *span("2026-02-15", "2026-02-23"), *span("2026-04-04", "2026-04-06"),
            *span("2026-05-01", "2026-05-05"), *span("2026-06-19", "2026-06-21"), *span("2026-09-25", "2026-09-27"),
            *span("2026-10-01", "2026-10-07")],
           ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"]),
}


@pytest.mark.parametrize("year", NOTICES)
def test_a_year_is_what_its_notice_says(year: int) -> None:
    table = DAYS.tables[year]
    off, worked = NOTICES[year]
    assert table.is_checked
    assert table.worked == {date.fromisoformat(each) for each in worked}
    # A notice that joins a holiday to a weekend need not list the weekend: what counts is whether offices work.
    for day in span(f"{year}-01-01", f"{year}-12-31"):
        expected = day in table.worked or (day.weekday() < 5 and day not in off)
        assert DAYS.is_working(day) is expected, f"{day}：{'上班' if expected else '放假'}"


def test_years_whose_notice_was_not_seen_say_so() -> None:
    assert {table.year for table in bundled_tables() if not table.is_checked} == {2017, 2018, 2019, 2021, 2023}
    assert all("待核" in table.citation.article for table in bundled_tables() if not table.is_checked)


@pytest.mark.parametrize(("first", "count", "last"), [
    ("2024-02-07", 3, "2024-02-18"),   # 除夕 worked; the festival off; Sunday 18 February worked in exchange
    ("2024-09-27", 1, "2024-09-29"),   # Friday; Sunday 29 September is worked
    ("2024-09-30", 1, "2024-10-08"),
    ("2025-12-31", 1, "2026-01-04"),   # over the year's end; Sunday 4 January 2026 is worked
    ("2026-11-25", 0, "2026-11-25"),
    ("2026-11-28", 1, "2026-11-30"),   # counted from a Saturday
])
def test_the_first_day_is_the_one_after(first: str, count: int, last: str) -> None:
    assert DAYS.after(date.fromisoformat(first), count).isoformat() == last


def test_a_period_that_ends_on_a_holiday_ends_on_the_next_working_day() -> None:
    assert DAYS.or_next(date(2024, 10, 3)) == date(2024, 10, 8)
    assert DAYS.or_next(date(2024, 10, 8)) == date(2024, 10, 8)


@given(st.dates(date(2017, 1, 1), date(2026, 6, 1)), st.integers(0, 60))
def test_counting_forward_and_back_agree(day: date, count: int) -> None:
    last = DAYS.after(day, count)
    assert DAYS.between(day, last) == count
    assert count == 0 or DAYS.is_working(last)


def test_a_year_without_a_table_is_refused_by_name() -> None:
    with pytest.raises(Refused) as refusal:
        DAYS.refuse_unknown(date(2026, 12, 28), date(2027, 1, 8))
    (finding,) = refusal.value.findings
    assert finding.code == "holiday_table_missing" and "2027" in finding.message.zh and "2026" not in finding.message.zh
    DAYS.refuse_unknown(date(2026, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize(("wrong", "code"), [
    ("worked_weekends: [2024-02-05]", "bad_holiday_table"),                   # a Monday
    ("worked_weekends: [2024-02-11]", "bad_holiday_table"),                   # off and worked
    ("worked_weekends: [2023-02-11]", "bad_holiday_table"),                   # another year's
    ("worked_weekends: [2024-02-18]\nholliday: []", "unknown_key"),
])
def test_slips_in_a_table_are_found(tmp_path: Path, wrong: str, code: str) -> None:
    file = tmp_path / "2024.yaml"
    head = "year: 2024\nnotice: 通知\nnumber: x\nchecked: true\nholidays: [{from: 2024-02-10, to: 2024-02-17}]\n"
    file.write_text(head + wrong, encoding="utf-8")
    with pytest.raises(Refused) as refusal:
        read_table(file)
    assert {finding.code for finding in refusal.value.findings} == {code}
