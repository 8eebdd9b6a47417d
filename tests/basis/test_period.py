"""Periods: exact, ordered, one code each; the parts of a period make it up without gap or overlap."""

import pickle
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kouan.basis import Period, PeriodKind
from kouan.basis.period import FIRST_YEAR, LAST_YEAR

years = st.integers(FIRST_YEAR + 2, LAST_YEAR - 2)
dates = st.dates(date(FIRST_YEAR + 2, 1, 1), date(LAST_YEAR - 2, 12, 31))
calendar = st.one_of(
    st.builds(Period.year, years),
    st.builds(Period.quarter, years, st.integers(1, 4)),
    st.builds(Period.month, years, st.integers(1, 12)),
    st.builds(Period.day, dates),
)
whole_months = st.builds(
    lambda year, month, length: Period.span(
        Period.month(year, month).start, Period.month(year, month).shift(length).end
    ),
    st.integers(1900, 2100),
    st.integers(1, 12),
    st.integers(0, 40),
)
spans = st.builds(
    lambda start, days: Period.span(start, start + timedelta(days=days)), dates, st.integers(0, 400)
)
periods = calendar | whole_months | spans


@given(periods)
def test_a_period_comes_back_from_its_code(period: Period) -> None:
    again = Period.parse(period.code)
    assert again == period
    assert hash(again) == hash(period)
    assert again.code == period.code == str(period)
    assert again.kind == period.kind


@given(calendar)
def test_a_calendar_period_comes_back_from_its_chinese_and_english_label(period: Period) -> None:
    assert Period.parse(period.label("zh")) == period
    assert Period.parse(period.label("en")) == period


@given(periods)
def test_a_period_survives_pickling(period: Period) -> None:
    assert pickle.loads(pickle.dumps(period)) == period


@given(years, st.sampled_from(["month", "quarter", "day"]))
def test_parts_make_up_the_year(year: int, kind: str) -> None:
    whole = Period.year(year)
    parts = whole.split(kind)
    assert len(parts) == {"month": 12, "quarter": 4, "day": whole.day_count}[kind]
    assert parts[0].start == whole.start
    assert parts[-1].end == whole.end
    for before, after in pairwise(parts):
        assert after.start - before.end == timedelta(days=1)
        assert before < after
    assert sum(part.day_count for part in parts) == whole.day_count


@given(periods)
def test_one_period_has_one_code(period: Period) -> None:
    assert Period.span(period.start, period.end) == period


@given(calendar | whole_months)
def test_next_and_previous_undo_each_other(period: Period) -> None:
    assert period.next().previous() == period
    assert period.previous().next() == period
    assert period.next().start == period.end + timedelta(days=1)
    assert period.next().kind == period.kind


@given(spans)
def test_the_next_span_of_days_is_as_long_and_joins(period: Period) -> None:
    if period.kind == "span" and not period.is_whole_months:
        assert period.next().day_count == period.day_count
        assert period.next().start == period.end + timedelta(days=1)
        assert period.previous().end == period.start - timedelta(days=1)


@given(periods, st.integers(-30, 30))
def test_shifting_by_steps_is_stepping(period: Period, steps: int) -> None:
    if period.kind == "span" and not period.is_whole_months:
        return
    if not 1900 < period.start.year < 2100:
        return
    one_by_one = period
    for _ in range(abs(steps)):
        one_by_one = one_by_one.next() if steps > 0 else one_by_one.previous()
    assert period.shift(steps) == one_by_one


@given(periods)
def test_the_same_period_last_year_is_of_the_same_kind(period: Period) -> None:
    last_year = period.same_last_year()
    assert (last_year.start.year, last_year.end.year) == (period.start.year - 1, period.end.year - 1)
    if period.kind != "span":
        assert last_year.kind == period.kind


@pytest.mark.parametrize(
    ("code", "last_year"),
    [
        ("2024-02-29", "2023-02-28"),
        ("2024-02", "2023-02"),
        ("2024", "2023"),
        ("2024-Q3", "2023-Q3"),
        ("2024-02-09/2024-02-17", "2023-02-09/2023-02-17"),
        ("2024-01-01/2024-02-29", "2023-01-01/2023-02-28"),
        ("2025-01-01/2025-02-28", "2024-01-01/2024-02-29"),
    ],
)
def test_leap_years_and_the_same_period(code: str, last_year: str) -> None:
    assert Period.parse(code).same_last_year().code == last_year


@given(dates, st.sampled_from(["day", "month", "quarter", "year"]))
def test_the_period_of_a_day_contains_it(day: date, kind: str) -> None:
    period = Period.of(kind, day)
    assert period.kind == kind
    assert period.contains(day)
    assert period.contains(Period.day(day))
    assert not period.contains(period.start - timedelta(days=1))
    assert not period.contains(period.end + timedelta(days=1))
    assert Period.day(day).covering(kind) == period


@given(periods, periods)
def test_overlap_is_mutual_and_containment_implies_it(one: Period, other: Period) -> None:
    assert one.overlaps(other) == other.overlaps(one)
    if one.contains(other):
        assert one.overlaps(other)


def test_order_is_by_first_day_then_by_last() -> None:
    shuffled = ["2023", "2023-01", "2022-12", "2023-Q1", "2023-01-01", "2023-02"]
    assert [p.code for p in sorted(map(Period.parse, shuffled))] == [
        "2022-12", "2023-01-01", "2023-01", "2023-Q1", "2023", "2023-02",
    ]  # fmt: skip


def test_makers_give_the_same_object_again() -> None:
    assert Period.month(2023, 3) is Period.month(2023, 3)
    assert Period.day(date(2023, 3, 6)) is Period.day(date(2023, 3, 6))


@pytest.mark.parametrize(
    ("year", "begins", "named_by", "code"),
    [
        (2023, 1, "start", "2023"),  # China: 预算法 第十八条
        (2023, 1, "end", "2023"),
        (2023, 4, "start", "2023-04-01/2024-03-31"),  # Hong Kong
        (2023, 10, "end", "2022-10-01/2023-09-30"),  # United States
    ],
)
def test_fiscal_years(year: int, begins: int, named_by: str, code: str) -> None:
    fiscal = Period.fiscal_year(year, begins, named_by=named_by)
    assert fiscal.code == code
    assert len(fiscal.months()) == 12
    assert fiscal.next() == Period.fiscal_year(year + 1, begins, named_by=named_by)


@pytest.mark.parametrize(
    ("code", "zh", "en"),
    [
        ("2023", "2023年", "2023"),
        ("2023-Q1", "2023年第1季度", "Q1 2023"),
        ("2023-03", "2023年3月", "March 2023"),
        ("2023-03-06", "2023年3月6日", "6 March 2023"),
        ("2024-02-09/2024-02-17", "2024年2月9日至17日", "9 to 17 February 2024"),
        ("2024-01-30/2024-02-03", "2024年1月30日至2月3日", "30 January to 3 February 2024"),
        ("2023-12-30/2024-01-02", "2023年12月30日至2024年1月2日", "30 December 2023 to 2 January 2024"),
        ("2023-01-01/2023-06-30", "2023年上半年", "January to June 2023"),
        ("2023-01-01/2023-08-31", "2023年1—8月", "January to August 2023"),
        ("2016-01-01/2020-12-31", "2016年1月至2020年12月", "January 2016 to December 2020"),
    ],
)
def test_labels(code: str, zh: str, en: str) -> None:
    period = Period.parse(code)
    assert (period.label(), period.label("zh"), period.label("en")) == (zh, zh, en)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Period.month(2023, 13),
        lambda: Period.month(2023, 0),
        lambda: Period.quarter(2023, 5),
        lambda: Period.half(2023, 3),
        lambda: Period.year(FIRST_YEAR - 1),
        lambda: Period.year(LAST_YEAR + 1),
        lambda: Period.span(date(2023, 2, 1), date(2023, 1, 1)),
        lambda: Period.of("span", date(2023, 1, 1)),
        lambda: Period.of("week", date(2023, 1, 1)),
        lambda: Period.fiscal_year(2023, 4, named_by="middle"),
        lambda: Period.parse("2024-02-09/2024-02-17").months(),
        lambda: Period.month(2023, 2).quarters(),
        lambda: Period.parse("2023-01-01/2023-04-30").covering("quarter"),
    ],
)
def test_what_the_calendar_does_not_have_is_an_error(make) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=r"."):
        make()


def test_an_instant_is_not_a_day() -> None:
    from datetime import datetime

    with pytest.raises(TypeError, match="plain date"):
        Period.day(datetime(2023, 1, 1))


def test_the_calendar_year_of_a_period() -> None:
    assert Period.month(2023, 3).calendar_year == 2023
    assert Period.fiscal_year(2023, 4).calendar_year is None


def test_kinds_compare_with_plain_words() -> None:
    assert Period.month(2023, 3).kind == "month"
    assert Period.month(2023, 3).kind is PeriodKind.MONTH
