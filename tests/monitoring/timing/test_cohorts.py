"""Months by release and by arrival; cases that still run; months as they were seen on a day."""

from __future__ import annotations

from tests.monitoring.timing.builders import an_import

from kouan.monitoring.timing.cohorts import BANDS, Length, by_arrival, by_release, month_of, unfinished
from kouan.monitoring.timing.events import DAY, HOUR, instant
from kouan.monitoring.timing.timeline import Status, timelines

MARCH = instant("2026-03-01T00:00:00+08:00")
APRIL = instant("2026-04-01T00:00:00+08:00")


def test_months_are_those_of_beijing() -> None:
    assert [month_of(MARCH), month_of(MARCH - 1)] == ["2026-03", "2026-02"]


def test_a_case_counts_in_one_month_of_each_kind() -> None:
    rows = [Length(MARCH - 2 * DAY, MARCH + DAY), Length(MARCH, MARCH + 2 * DAY), Length(MARCH + DAY, APRIL + DAY)]
    as_of = APRIL + 10 * DAY
    assert [(c.month, c.summary.n) for c in by_release(rows, as_of)] == [("2026-03", 2), ("2026-04", 1)]
    assert [(c.month, c.summary.n) for c in by_arrival(rows, as_of)] == [("2026-02", 1), ("2026-03", 2)]
    assert [c.is_provisional for c in by_release(rows, as_of)] == [False, True]  # April is not over
    assert not any(c.is_provisional for c in by_arrival(rows, as_of))


def test_a_running_month_is_provisional_with_its_interval() -> None:
    rows = [Length(MARCH + n * HOUR, MARCH + n * HOUR + (20 + n) * HOUR) for n in range(60)]
    rows += [Length(MARCH + n * HOUR, None, Status.RUNNING) for n in range(40)]
    (cohort,) = by_arrival(rows, MARCH + 5 * DAY)
    assert cohort.is_provisional and cohort.unfinished.n > 40 and cohort.summary.n + cohort.unfinished.n == 100
    assert cohort.provisional_median_us is None or cohort.provisional_median_us > (cohort.summary.median_us or 0)
    later = by_arrival(rows[:60], MARCH + 30 * DAY)[0]
    assert not later.is_provisional and later.provisional_median_us is None
    wide = by_arrival(rows[:60] + rows[60:70], MARCH + 10 * DAY)[0]
    assert wide.provisional_interval is not None and wide.provisional_median_us is not None
    assert wide.provisional_interval.low <= wide.provisional_median_us <= wide.provisional_interval.high
    assert wide.as_dict()["provisional_interval"]["rule"].startswith("Kaplan")


def test_a_month_can_be_seen_as_it_was() -> None:
    rows = [Length(MARCH, MARCH + 10 * DAY)]
    before, after = by_arrival(rows, MARCH + 9 * DAY)[0], by_arrival(rows, MARCH + 10 * DAY)[0]
    assert (before.summary.n, before.unfinished.n, after.summary.n, after.unfinished.n) == (0, 1, 1, 0)
    assert by_release(rows, MARCH + 9 * DAY) == []


def test_ages_stand_in_bands_whose_upper_bound_belongs_to_them() -> None:
    ages = [0, 24 * HOUR, 24 * HOUR + 1, 72 * HOUR, 168 * HOUR, 720 * HOUR, 720 * HOUR + 1]
    found = unfinished([Length(APRIL - age, None, Status.RUNNING) for age in ages], APRIL)
    assert [n for _, _, n in found.bands] == [2, 2, 1, 1, 1] and sum(n for _, _, n in found.bands) == found.n == len(ages)
    assert [(low, high) for low, high, _ in found.bands] == list(BANDS) and found.oldest_us == 720 * HOUR + 1


def test_cases_that_cannot_be_measured_are_counted_by_reason() -> None:
    cases = [an_import(), an_import(arrived=None), an_import(released=None, delivery_permitted=None), an_import(released=11, delivery_permitted=None)]
    overall = [Length.of(timelines(rows)[0]) for rows in cases]
    as_of = APRIL
    (released,) = by_release(overall, as_of)
    assert (released.summary.n, released.excluded) == (2, {"start_missing": 1})
    (arrived,) = by_arrival(overall, as_of)
    assert (arrived.summary.n, arrived.excluded, arrived.unfinished.n) == (2, {"end_missing": 1}, 0)
    full = [Length.of(timelines(an_import(gate_out=-1, picked_up=None))[2])]
    assert by_arrival(full, as_of)[0].excluded == {"contradictory": 1} and by_arrival(full, as_of)[0].summary.n == 0
