"""How far a project lags: both sides of each threshold, of each day, and what is not known."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kouan.basis import Period
from kouan.casework.execution.quarters import due_on, is_late, quarters_owed
from kouan.casework.execution.slippage import (
    Course,
    Step,
    linear_percent,
    linear_slip,
    milestone_slip,
    standing,
)

DAY = date(2024, 6, 30)
START, FINISH = date(2024, 1, 1), date(2024, 12, 31)
LIMITS = {"milestone_days": 30, "linear_days": 90}
DAYS = st.dates(date(2021, 1, 1), date(2030, 12, 31))


@pytest.mark.parametrize(("planned", "actual", "expected"), [
    (DAY, None, None), (DAY - timedelta(1), None, 1), (DAY + timedelta(1), None, None),
    (DAY, DAY, 0), (DAY, DAY + timedelta(5), 5), (DAY, DAY - timedelta(5), -5),
])
def test_a_milestone_is_late_from_the_day_after_its_own(planned: date, actual: date | None, expected: int | None) -> None:
    assert milestone_slip(planned, actual, DAY) == expected


def test_an_even_progress_counts_its_first_and_its_last_day() -> None:
    assert linear_percent(START, FINISH, date(2023, 12, 31)) == 0
    assert linear_percent(START, FINISH, START) == Decimal("0.3")
    assert linear_percent(START, FINISH, FINISH) == 100
    assert linear_percent(START, FINISH, date(2025, 3, 1)) == 100
    assert linear_percent(DAY, DAY, DAY) == 100
    with pytest.raises(ValueError, match="end"):
        linear_percent(FINISH, START, DAY)


def test_the_lag_against_an_even_progress_in_days() -> None:
    assert linear_slip(START, FINISH, FINISH, 100) == 0
    assert linear_slip(START, FINISH, FINISH, 0) == 366
    assert linear_slip(START, FINISH, FINISH + timedelta(10), 50) == 366 + 10 - 183
    assert linear_slip(START, FINISH, FINISH + timedelta(10), 100) == 0
    assert linear_slip(START, FINISH, START - timedelta(1), 0) == 0
    assert linear_slip(START, FINISH, START, 100) == 1 - 366
    with pytest.raises(ValueError, match="percentage"):
        linear_slip(START, FINISH, DAY, 101)


@given(DAYS, st.integers(0, 2000), DAYS, st.integers(0, 99))
def test_more_progress_is_never_a_longer_lag(start: date, length: int, day: date, percent: int) -> None:
    finish = start + timedelta(length)
    assert linear_slip(start, finish, day, percent + 1) <= linear_slip(start, finish, day, percent)
    assert 0 <= linear_percent(start, finish, day) <= linear_percent(start, finish, day + timedelta(1)) <= 100


@pytest.mark.parametrize(("missed", "state"), [(29, "not_started"), (30, "lagging"), (31, "lagging")])
def test_a_missed_milestone_is_a_lag_from_the_threshold_on(missed: int, state: str) -> None:
    course = Course(DAY, FINISH, steps=(Step("批复", DAY - timedelta(missed)),))
    found = standing(course, DAY, **LIMITS)
    assert (found.state, found.worst_milestone) == (state, missed)
    assert [(each.kind, each.days, each.title) for each in found.reasons] == ([("milestone", missed, "批复")] if state == "lagging" else [])


def test_a_milestone_that_was_reached_late_no_longer_holds_up() -> None:
    found = standing(Course(DAY, FINISH, steps=(Step("批复", DAY - timedelta(200), DAY - timedelta(2)),)), DAY, **LIMITS)
    assert (found.state, found.worst_milestone) == ("not_started", 198)


@pytest.mark.parametrize(("percent", "lag", "state"), [(26, 87, "under_way"), (25, 90, "lagging"), (24, 94, "lagging")])
def test_a_slow_progress_is_a_lag_from_the_threshold_on(percent: int, lag: int, state: str) -> None:
    found = standing(Course(START, FINISH, percent=percent, percent_on=DAY), DAY, **LIMITS)
    assert (found.state, found.linear) == (state, lag)


@pytest.mark.parametrize(("after", "state", "overrun"), [(0, "under_way", None), (89, "under_way", 89), (90, "lagging", 90)])
def test_a_finish_that_passed_is_a_lag_from_the_threshold_on(after: int, state: str, overrun: int | None) -> None:
    found = standing(Course(START, FINISH, started_on=START), FINISH + timedelta(after), **LIMITS)
    assert (found.state, found.overrun) == (state, overrun)


@pytest.mark.parametrize(("missed", "state"), [(29, "not_started"), (30, "lagging")])
def test_a_start_that_passed_without_a_word_is_a_lag_from_the_threshold_on(missed: int, state: str) -> None:
    start = DAY - timedelta(missed)
    found = standing(Course(start, FINISH, percent=0, percent_on=start), DAY, **LIMITS)
    assert found.state == state and [each.days for each in found.reasons if each.kind == "start"] == ([missed] if state == "lagging" else [])
    assert standing(Course(start, FINISH, started_on=start), DAY, **LIMITS).state == "under_way"
    assert standing(Course(start, FINISH, percent=1, percent_on=start), DAY, **LIMITS).state == "under_way"


def test_the_columns_of_the_board() -> None:
    assert standing(Course(None, None), DAY, **LIMITS).state == "blank"
    assert standing(Course(START, None, percent=10, percent_on=DAY), DAY, **LIMITS).state == "blank", "no last day, nothing to compare with"
    assert standing(Course(DAY, FINISH), DAY, **LIMITS).state == "not_started"
    assert standing(Course(START, FINISH, started_on=START), DAY, **LIMITS).state == "under_way"
    late = Course(START, FINISH, percent=100, percent_on=FINISH, finished_on=date(2025, 6, 30), steps=(Step("批复", START),))
    found = standing(late, date(2026, 1, 1), **LIMITS)
    assert (found.state, found.overrun, found.reasons) == ("done", 181, ()), "done late is done, and says how late"


def test_the_reasons_are_said_in_both_languages() -> None:
    course = Course(START, FINISH, percent=1, percent_on=DAY, steps=(Step("批复", START),))
    every = (*standing(course, date(2026, 1, 1), **LIMITS).reasons, *standing(Course(START, FINISH), DAY, **LIMITS).reasons)
    assert {each.kind for each in every} == {"start", "milestone", "linear", "finish"}
    for each in every:
        assert str(each.days) in each.words.zh and str(each.days) in each.words.en and str(each.threshold) in each.words.zh


def test_a_report_is_late_from_the_day_after_its_last() -> None:
    quarter = Period.quarter(2024, 1)
    assert due_on(quarter, 15) == date(2024, 4, 15)
    assert not is_late(quarter, date(2024, 4, 15), 15) and is_late(quarter, date(2024, 4, 16), 15)


def test_quarters_are_owed_from_the_first_to_the_finish_once_their_day_has_passed() -> None:
    def codes(first: date, last: date | None, today: date) -> list[str]:
        return [each.code for each in quarters_owed(first, last, today, lambda day: 15)]

    assert codes(date(2024, 2, 1), None, date(2024, 4, 15)) == []
    assert codes(date(2024, 2, 1), None, date(2024, 4, 16)) == ["2024-Q1"]
    assert codes(date(2024, 2, 1), date(2024, 7, 1), date(2025, 6, 1)) == ["2024-Q1", "2024-Q2", "2024-Q3"]
    assert codes(date(2024, 2, 1), date(2024, 6, 30), date(2025, 6, 1)) == ["2024-Q1", "2024-Q2"]
    assert codes(date(2024, 5, 1), None, date(2024, 4, 30)) == []
