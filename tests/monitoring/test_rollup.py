"""Small periods make large ones, and no gap is ever hidden."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kouan.basis import Period, PeriodKind
from kouan.monitoring.rollup import (
    Cell,
    Flow,
    Rollup,
    add,
    change,
    choose_total,
    cover,
    peak,
    ranks,
    roll_up,
    shares,
    with_changes,
)


def months(year: int, values: dict[int, int]) -> list[Cell]:
    return [Cell(Period.month(year, month), Decimal(value)) for month, value in values.items()]


def a_whole(period: Period, value: int | None, partial: int | None = None) -> Flow:
    known = value if partial is None else partial
    return Flow(period, None if value is None else Decimal(value), None if known is None else Decimal(known), 1, 1)


def test_twelve_months_make_a_year() -> None:
    (year,) = roll_up(months(2023, dict.fromkeys(range(1, 13), 10)), PeriodKind.YEAR)
    assert (year.value, year.is_complete, year.completeness, year.missing) == (Decimal(120), True, 1.0, ())


def test_a_missing_month_makes_the_year_incomplete_never_lower() -> None:
    (year,) = roll_up(months(2023, dict.fromkeys(range(1, 12), 10)), PeriodKind.YEAR)
    assert year.value is None, "eleven months must not pass as a year"
    assert (year.partial, [gap.code for gap in year.missing]) == (Decimal(110), ["2023-12"])


def test_a_month_of_days_counts_as_missing_while_a_day_is_missing() -> None:
    cells = months(2023, dict.fromkeys(range(1, 12), 10))
    cells.append(Cell(Period.month(2023, 12), Decimal(9), present=30, expected=31))
    (year,) = roll_up(cells, PeriodKind.YEAR)
    assert (year.value, year.present, year.expected) == (None, 11, 12)


def test_zero_is_a_figure_and_not_a_gap() -> None:
    (quarter,) = roll_up(months(2023, {1: 0, 2: 0, 3: 0}), PeriodKind.QUARTER)
    assert quarter.value == 0
    assert quarter.is_complete


@pytest.mark.parametrize(("how", "expected"), [
    (Rollup.SUM, 60), (Rollup.MEAN, 20), (Rollup.MAX, 30), (Rollup.LAST, 30),
])
def test_each_measure_says_how_its_parts_make_a_whole(how: Rollup, expected: int) -> None:
    (quarter,) = roll_up(months(2023, {1: 10, 2: 20, 3: 30}), PeriodKind.QUARTER, how)
    assert quarter.value == expected


def test_a_measure_whose_parts_make_no_whole_is_not_summed() -> None:
    assert roll_up(months(2023, {1: 10, 2: 20, 3: 30}), PeriodKind.QUARTER, Rollup.NONE) == []


def test_years_do_not_fall_apart_into_months() -> None:
    with pytest.raises(ValueError, match="cannot make month"):
        roll_up([Cell(Period.year(2023), Decimal(5))], PeriodKind.MONTH)


def test_a_total_is_complete_only_where_every_member_reported() -> None:
    january, february = Period.month(2023, 1), Period.month(2023, 2)
    one = [a_whole(january, 5), a_whole(february, 6)]
    other = [a_whole(january, 7)]
    first, second = add([one, other])
    assert (first.value, second.value, second.partial) == (Decimal(12), None, Decimal(6))


def test_a_member_that_reported_nothing_leaves_every_total_incomplete() -> None:
    (only,) = add([[a_whole(Period.month(2023, 1), 5)]], members=2)
    assert (only.value, only.partial) == (None, Decimal(5))


def test_change_needs_two_complete_figures_and_a_base() -> None:
    january = Period.month(2023, 1)
    assert change(a_whole(january, 112), a_whole(january, 100)) == pytest.approx(0.12)
    assert change(a_whole(january, 112), a_whole(january, 0)) is None
    assert change(a_whole(january, None, partial=50), a_whole(january, 100)) is None
    assert change(a_whole(january, 1), None) is None


def test_changes_find_the_month_before_and_the_year_before() -> None:
    flows = [a_whole(Period.month(2022, 2), 100), a_whole(Period.month(2023, 1), 80), a_whole(Period.month(2023, 2), 120)]
    last = with_changes(flows)[-1]
    assert (last.on_previous, last.on_year) == (pytest.approx(0.5), pytest.approx(0.2))


def test_the_peak_is_the_earliest_of_the_largest_complete_figures() -> None:
    flows = [a_whole(Period.month(2023, 1), 5), a_whole(Period.month(2023, 2), 9),
             a_whole(Period.month(2023, 3), 9), a_whole(Period.month(2023, 4), None, partial=50)]
    found = peak(flows)
    assert found is not None
    assert found.period.code == "2023-02"


def test_shares_and_ranks() -> None:
    values = {"a": Decimal(30), "b": Decimal(10), "c": Decimal(10)}
    assert shares(values) == {"a": 0.6, "b": 0.2, "c": 0.2}
    assert ranks(values) == {"a": 1, "b": 2, "c": 2}
    assert shares({"a": Decimal(0)}) == {}


def quarters(year: int, values: dict[int, int]) -> list[Cell]:
    return [Cell(Period.quarter(year, quarter), Decimal(value)) for quarter, value in values.items()]


def test_a_year_is_covered_by_months_and_by_quarters_where_a_month_is_missing() -> None:
    cells = [*months(2023, dict.fromkeys(range(1, 6), 10)), *quarters(2023, {2: 33, 3: 40, 4: 50})]
    (year,) = cover(cells, PeriodKind.YEAR)
    assert year.value == 30 + 33 + 40 + 50, "June is missing, so the second quarter speaks for itself"
    assert (year.present, year.expected, year.discrepancies) == (12, 12, ())


def test_what_is_still_missing_is_told_in_the_finest_periods_at_hand() -> None:
    (year,) = cover([*months(2023, dict.fromkeys(range(1, 6), 10)), *quarters(2023, {3: 40})], PeriodKind.YEAR)
    assert (year.value, year.partial, year.present, year.expected) == (None, 90, 8, 12)
    assert [gap.code for gap in year.missing] == ["2023-06", "2023-10", "2023-11", "2023-12"]


def test_a_year_filed_as_such_stands_against_its_months_and_says_so() -> None:
    cells = [*months(2023, dict.fromkeys(range(1, 13), 10)), Cell(Period.year(2023), Decimal(125))]
    (year,) = cover(cells, PeriodKind.YEAR)
    assert year.value == 125
    (told,) = year.discrepancies
    assert (told.against, told.stands, told.other) == ("parts", 125, 120)


@pytest.mark.parametrize(("own", "told"), [(109, 1), (110, 0), (200, 0)])
def test_fewer_months_contradict_their_year_only_where_they_are_more_than_it(own: int, told: int) -> None:
    (year,) = cover([*months(2023, dict.fromkeys(range(1, 12), 10)), Cell(Period.year(2023), Decimal(own))], PeriodKind.YEAR)
    assert (year.value, len(year.discrepancies)) == (own, told)


def test_a_quarter_that_contradicts_its_months_is_told_with_the_year() -> None:
    cells = [*months(2023, dict.fromkeys(range(1, 10), 10)), *quarters(2023, {1: 31, 4: 50})]
    (year,) = cover(cells, PeriodKind.YEAR)
    assert (year.value, [told.period.code for told in year.discrepancies]) == (140, ["2023-Q1"])


@pytest.mark.parametrize(("how", "expected"), [(Rollup.MEAN, 25), (Rollup.MAX, 40), (Rollup.LAST, 40)])
def test_levels_peaks_and_stocks_of_unlike_lengths(how: Rollup, expected: int) -> None:
    (year,) = cover([*months(2023, dict.fromkeys(range(1, 7), 10)), *quarters(2023, {3: 40, 4: 40})], PeriodKind.YEAR, how)
    assert year.value == expected


def test_what_makes_no_whole_is_answered_only_as_reported() -> None:
    cells = [*months(2023, {1: 10}), Cell(Period.year(2023), Decimal(9))]
    (year,) = cover(cells, PeriodKind.YEAR, Rollup.NONE)
    assert (year.value, year.discrepancies) == (9, ())


def test_of_two_incomplete_accounts_of_a_period_the_larger_part_is_shown() -> None:
    year = Period.year(2023)
    (found,) = choose_total([a_whole(year, None, 5)], [a_whole(year, None, 7)])
    assert (found.value, found.partial) == (None, 7)


@given(st.dictionaries(st.integers(1, 12), st.integers(0, 10**6)), st.dictionaries(st.integers(1, 4), st.integers(0, 10**6)))
def test_nothing_is_counted_twice_and_nothing_that_was_filed_is_left_out(by_month: dict[int, int], by_quarter: dict[int, int]) -> None:
    found = cover([*months(2023, by_month), *quarters(2023, by_quarter)], PeriodKind.YEAR)
    expected = 0
    for quarter in range(1, 5):
        of_quarter = [by_month[month] for month in range(quarter * 3 - 2, quarter * 3 + 1) if month in by_month]
        expected += sum(of_quarter) if len(of_quarter) == 3 else by_quarter.get(quarter, sum(of_quarter))
    assert [flow.partial for flow in found] == ([expected] if by_month or by_quarter else [])


@given(st.dictionaries(st.integers(1, 12), st.integers(0, 10**9), min_size=1))
def test_the_reported_part_is_always_the_sum_of_what_was_reported(reported: dict[int, int]) -> None:
    (year,) = roll_up(months(2023, reported), PeriodKind.YEAR)
    assert year.partial == sum(reported.values())
    assert (year.value is not None) == (len(reported) == 12)
    assert year.present + len(year.missing) == 12
