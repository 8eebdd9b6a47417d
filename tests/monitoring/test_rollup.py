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


@given(st.dictionaries(st.integers(1, 12), st.integers(0, 10**9), min_size=1))
def test_the_reported_part_is_always_the_sum_of_what_was_reported(reported: dict[int, int]) -> None:
    (year,) = roll_up(months(2023, reported), PeriodKind.YEAR)
    assert year.partial == sum(reported.values())
    assert (year.value is not None) == (len(reported) == 12)
    assert year.present + len(year.missing) == 12
