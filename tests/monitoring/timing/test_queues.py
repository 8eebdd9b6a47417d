"""Queues: against a count of every moment, a simulated hall, and the thirty minutes to the microsecond."""

from __future__ import annotations

import heapq

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitoring.timing.builders import reached

from kouan.monitoring.timing import parameters
from kouan.monitoring.timing.events import HOUR, MINUTE, SECOND, Event
from kouan.monitoring.timing.queues import SLOT, QueueLog, capacity, littles_law, slots, waiting_rule

LIMIT = 30 * MINUTE


def a_hall(lanes: int, per_hour: float, hours: float, seed: int = 1, service: int = 60) -> QueueLog:
    """A hall with some lanes, a minute of service each by default: who joins goes to the lane that is free first."""
    chance = np.random.default_rng(seed)
    free = [(0, lane) for lane in range(lanes)]
    rows, now, placed = [], 0, []
    while now < hours * HOUR:
        now += int(chance.exponential(HOUR / per_hour))
        at, lane = heapq.heappop(free)
        entered = max(now, at)
        cleared = entered + service * SECOND
        heapq.heappush(free, (cleared, lane))
        rows.append((now, entered, cleared))
        placed.append(f"L{lane}")
    log = QueueLog.of_rows(rows)
    return QueueLog(log.joined, log.entered, log.cleared, log.persons, placed)


ROWS = st.lists(st.tuples(st.integers(0, 90), st.integers(0, 60), st.integers(1, 5)), min_size=1, max_size=20)


@given(ROWS)
def test_the_length_of_the_queue_counts_every_moment(rows: list[tuple[int, int, int]]) -> None:
    log = QueueLog.of_rows([(joined, joined + wait, None) for joined, wait, _ in rows], [persons for _, _, persons in rows])
    lengths = [sum(persons for joined, wait, persons in rows if joined <= moment < joined + wait) for moment in range(120)]
    assert log.waiting_at(np.arange(120)).tolist() == lengths
    for each in slots(log, 0, 120, 15):
        inside = lengths[each.begins : each.begins + 15]
        assert each.mean_waiting == pytest.approx(sum(inside) / 15) and (each.most_waiting, each.least_waiting) == (max(inside), min(inside))
        assert each.joined == sum(persons for joined, _, persons in rows if each.begins <= joined < each.begins + 15)


@given(ROWS)
def test_littles_law_is_exact_where_the_queue_is_empty_at_both_ends(rows: list[tuple[int, int, int]]) -> None:
    log = QueueLog.of_rows([(joined, joined + wait, None) for joined, wait, _ in rows], [persons for _, _, persons in rows])
    found = littles_law(log, 0, 200)
    assert found.waiting_at_ends == (0, 0) and found.is_sound
    assert found.mean_waiting == pytest.approx(found.expected_waiting)


def test_a_log_that_loses_entries_is_found() -> None:
    whole = a_hall(4, 200, 6)
    end = 8 * HOUR
    assert littles_law(whole, 0, end).is_sound and littles_law(whole, 0, end).finding is None
    entered = whole.entered.copy()
    entered[::10] = np.iinfo(np.int64).max  # every tenth reader at the lanes failed
    found = littles_law(QueueLog(whole.joined, entered, whole.cleared, whole.persons, whole.lanes), 0, end)
    assert found.is_sound is False and found.finding is not None and found.finding.code == "queue_log_incomplete"


def test_a_counter_that_disagrees_with_the_waits_is_found() -> None:
    log = a_hall(4, 230, 6)
    end = 8 * HOUR
    times = np.unique(np.concatenate([[0], log.joined, log.entered]))
    true = list(zip(times.tolist(), log.waiting_at(times).tolist(), strict=True))
    assert littles_law(log, 0, end, true).is_sound
    half = [(when, length / 2) for when, length in true]
    assert littles_law(log, 0, end, half).is_sound is False  # type: ignore[arg-type]


def test_a_stretch_that_begins_or_ends_in_a_queue_is_not_judged() -> None:
    log = QueueLog.of_rows([(0, 100, None), (50, 300, None)])
    assert littles_law(log, 10, 400).is_sound is None and littles_law(log, 10, 400).waiting_at_ends == (1, 0)
    assert littles_law(log, 0, 200).waiting_at_ends == (0, 1) and littles_law(log, 0, 200).is_sound is None


@pytest.mark.parametrize(("wait", "met"), [(LIMIT - 1, 1), (LIMIT, 1), (LIMIT + 1, 0)])
def test_exactly_thirty_minutes_meet_the_limit(wait: int, met: int) -> None:
    """R-027."""
    found = waiting_rule(QueueLog.of_rows([(0, wait, None)], [40]), LIMIT, 2 * HOUR)
    assert (found.batches.met, found.persons.met, found.persons.judged, found.slots.met) == (met, met * 40, 40, met)


def test_the_limit_is_the_dated_parameter() -> None:
    from datetime import date

    assert int(parameters.on("waiting_limit_minutes", date(2026, 1, 1)).number("minutes")) * MINUTE == LIMIT


def test_who_still_waits_is_undecided_until_the_limit_is_over() -> None:
    log = QueueLog.of_rows([(0, None, None), (0, 5 * MINUTE, None)], [3, 1])
    early, late = waiting_rule(log, LIMIT, LIMIT), waiting_rule(log, LIMIT, LIMIT + 1)
    assert (early.undecided, early.batches.judged, early.slots.met, early.slots.judged) == (1, 1, 1, 1)
    assert (late.undecided, late.batches.judged, late.batches.met, late.persons.met, late.persons.judged) == (0, 2, 1, 1, 4)
    assert late.slots_not_met == (0,) and late.as_dict()["slots_not_met"] == ["1970-01-01T00:00:00Z"]
    # As it was seen before the second batch entered.
    assert waiting_rule(log, LIMIT, 4 * MINUTE).undecided == 2


def test_a_slot_is_met_when_all_its_batches_are() -> None:
    rows = [(SLOT - 1, SLOT + LIMIT, None), (SLOT, SLOT + LIMIT, None), (2 * SLOT - 1, 2 * SLOT, None)]
    found = waiting_rule(QueueLog.of_rows(rows), LIMIT, 5 * HOUR)
    assert (found.slots.met, found.slots.judged, found.batches.met, found.slots_not_met) == (1, 2, 2, (0,))


def test_capacity_is_read_from_loaded_hours_only() -> None:
    """Four lanes of a minute each take 240 an hour, whatever the crowd; an idle hall tells nothing."""
    busy = capacity(a_hall(4, 400, 4), 0, 4 * HOUR)
    assert busy.persons_per_hour == pytest.approx(240, rel=0.03) and busy.per_lane_hour == pytest.approx(60, rel=0.03)
    assert busy.low_per_hour is not None and busy.low_per_hour <= 240 <= (busy.high_per_hour or 0) + 1e-9
    idle = capacity(a_hall(4, 60, 4), 0, 4 * HOUR)
    assert idle.persons_per_hour is None and idle.reason is not None and "不能推算" in idle.reason.zh


def test_a_log_from_events() -> None:
    def row(code: str, hours: float, case: str, **more: object) -> Event:
        return reached(code, hours, case=case, case_kind="passenger_batch", mode="road", **more)

    log = QueueLog.of_events([
        row("queue_joined", 0, "A", quantity=40), row("lane_entered", 0.5, "A", place="L1"), row("lane_cleared", 0.6, "A"),
        row("queue_joined", 1, "B"), row("lane_entered", 0.9, "B"),
        row("lane_entered", 2, "C"), row("queue_joined", 3, "D"), row("lane_cleared", 4, "D"),
        row("queue_joined", 5, "E", planned=True), row("queue_joined", 6, "F"),
    ])  # fmt: skip
    assert log.persons.tolist() == [40, 1] and list(log.lanes) == ["L1", ""]
    assert {(f.code, f.where.path) for f in log.findings} == {
        ("entered_before_joined", "B"), ("queue_start_missing", "C"), ("queue_entry_missing", "D"),
    }  # fmt: skip
    assert all(f.remedy for f in log.findings)
    assert QueueLog.of_events([]).waiting_at(0) == 0
