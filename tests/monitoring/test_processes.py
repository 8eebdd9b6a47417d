"""Process views out of the journal: counted by hand, the same from closed months, in scope only, bounded and saying so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.accounts.factories import a_national_officer, a_provincial_officer, an_enterprise_user
from tests.monitoring.journal_factories import OTHER_PORT, PORT, an_event, sent
from tests.monitoring.process_factories import APRIL, LATER, MARCH, USUAL, a_queue, steps, two_months

from kouan.accounts.action import acting_system
from kouan.basis import NotFound, Refused, clock
from kouan.monitoring.journal import compaction, reading
from kouan.monitoring.journal.compaction import compact
from kouan.monitoring.processes import kept as keeping
from kouan.monitoring.processes import legs, view
from kouan.monitoring.processes.asking import Months, latest_months
from kouan.monitoring.processes.cases import cases_along
from kouan.monitoring.processes.comparison import compare_periods
from kouan.monitoring.processes.kept import kept
from kouan.monitoring.processes.lanes import lane_view
from kouan.monitoring.processes.view import ProcessView, process_view

pytestmark = pytest.mark.django_db
HOUR = 3_600_000_000
BOTH = Months("2026-03", "2026-04")


@pytest.fixture
def sender(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for module in (compaction, reading):
        monkeypatch.setattr(module, "folder", lambda: tmp_path)
    user = two_months()
    with clock.travel_to(LATER):
        yield user


def march(user: Any, **asked: Any) -> ProcessView:
    return process_view(user, PORT, Months.of("2026-03"), **asked)


def test_a_month_is_counted_as_by_hand(sender: Any) -> None:
    found = march(sender, limit_hours=12)
    assert found.flow == ("container", "sea", "inbound") and (found.n, found.found, found.is_provisional) == (8, 8, False)
    overall = found.wholes[0]
    assert overall.whole.code == "overall_clearance" and overall.summary.n == 8 and overall.summary.median_us == 10 * HOUR
    assert overall.summary.share_within_norm == 6 / 8 and overall.summary.p95_us is None and overall.summary.p95_reason is not None
    assert found.total_hours == 6 * 10 + 2 * 18 and sum(hours for _, hours in found.by_owner) == pytest.approx(96)
    assert sum(hours for _, hours in found.by_nature) == pytest.approx(96)
    by_ends = {(row.start, row.end): row for row in found.segments}
    assert by_ends["docs_checked", "released"].summary.n == 6 and by_ends["docs_checked", "released"].owners == ("customs",)
    assert {(arc.start, arc.end): (arc.n, arc.median_hours) for arc in found.arcs}["arrived", "declared"] == (8, 4.0)
    assert found.usual is not None and found.usual.milestones == tuple(USUAL)
    away = found.deviations[0]
    assert (away.path.n, away.extra_hours, away.total_hours) == (2, 8.0, 16.0) and "inspection_ordered" in away.added
    assert found.conformance is not None and found.conformance.share == 1.0


def test_by_arrival_running_cases_make_a_month_provisional_and_advance_declarations_break_the_order(sender: Any) -> None:
    by_release, by_arrival = (process_view(sender, PORT, Months.of("2026-04"), by=by) for by in ("release", "arrival"))
    assert (by_release.n, by_release.is_provisional) == (7, False) and (by_arrival.n, by_arrival.is_provisional) == (8, True)
    assert by_arrival.cohorts[0].unfinished.n == 1 and by_arrival.wholes[0].statuses["running"] == 1
    assert by_release.conformance is not None and by_release.conformance.breaches == (("declared", "arrived", 1),)


def test_closed_months_give_the_same_and_corrections_count(sender: Any) -> None:
    before = march(sender)
    with acting_system("tests") as system:
        compact(actor=system)
    assert march(sender) == before
    later = an_event(1, case_id="M0", milestone="released", event_id="M0-released", revision=2, occurred_at=(MARCH + timedelta(hours=40)).isoformat())
    assert sent(sender, later).as_dict()["accepted"] == 1
    assert march(sender).total_hours == before.total_hours + 30


def test_events_at_another_port_belong_where_the_case_arrived(sender: Any) -> None:
    sent(sender, *steps("ELSEWHERE", MARCH, {"arrived": 0, "released": 9}, OTHER_PORT), *steps("ELSEWHERE", MARCH, {"declared": 5}))
    officer = a_national_officer()
    assert march(officer).n == 8 and process_view(officer, OTHER_PORT, Months.of("2026-03")).n == 1


def test_out_of_scope_is_as_if_it_were_not_there(sender: Any) -> None:
    stranger = a_provincial_officer("15")
    for user in (stranger, an_enterprise_user()):
        for ask in (lambda user=user: march(user), lambda user=user: cases_along(user, PORT, BOTH), lambda user=user: compare_periods(
                user, PORT, Months.of("2026-03"), Months.of("2026-04")), lambda user=user: lane_view(user, PORT, date(2026, 3, 2))):
            with pytest.raises(NotFound):
                ask()
    assert march(a_provincial_officer("12")).n == 8


def test_what_is_kept_is_not_shown_to_whoever_may_see_less_and_ends_with_a_new_event(sender: Any) -> None:
    keeping._held.clear()
    made: list[str] = []

    def ask(user: Any, name: str) -> str:
        return kept(user, "question", lambda: made.append(name) or name)

    officer = a_national_officer()
    assert [ask(officer, "a"), ask(officer, "b"), ask(a_provincial_officer("15"), "c")] == ["a", "a", "c"]
    sent(sender, an_event(77))
    assert ask(officer, "d") == "d" and made == ["a", "c", "d"]


def test_a_read_is_bounded_and_says_what_it_left_out(sender: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(legs, "MOST_CASES", 3)
    found = march(sender)
    assert (found.found, found.read, found.n) == (8, 3, 3) and "抽取 3 件" in found.notes[0].zh
    monkeypatch.setattr(legs, "MOST_OPEN", 5)
    cut = march(sender)
    assert cut.unread > 0 and "尚未按月归档" in view.process_view(sender, PORT, Months.of("2026-03")).notes[0].zh
    for first, last in (("2026-3", ""), ("2026-03", "2026-01"), ("2026-01", "2026-12")):
        with pytest.raises(Refused):
            Months.of(first, last)
    assert latest_months() == Months.of("2026-04")


def test_two_periods_are_compared_with_an_interval(sender: Any) -> None:
    found = compare_periods(sender, PORT, Months.of("2026-03"), Months.of("2026-04"))
    overall = found.wholes[0].comparison
    assert (overall.n_before, overall.n_after, overall.difference_us) == (8, 7, -2 * HOUR) and overall.verdict == "shorter"
    assert {line.ends for line in found.segments} >= {("arrived", "declared"), ("declared", "docs_checked")}


def test_down_to_the_cases_of_a_path_and_of_an_arc(sender: Any) -> None:
    usual = cases_along(sender, PORT, Months.of("2026-03"), path=tuple(USUAL), limit=4)
    assert usual.total == 6 and len(usual.items) == 4 and usual.following == 4 and usual.items[0].hours == 10
    inspected = cases_along(sender, PORT, BOTH, arc=("inspection_started", "inspection_ended"))
    assert [each.case_id for each in inspected.items] == ["I0", "I1"] and inspected.items[0].hours == 18
    ahead = cases_along(sender, PORT, BOTH, arc=("declared", "arrived"))
    assert [each.begun for each in ahead.items] == [int(APRIL.timestamp()) * 1_000_000]
    with pytest.raises(Refused):
        cases_along(sender, PORT, BOTH, arc=("declared", "nowhere"))


def test_the_queue_of_a_day_is_counted_as_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "folder", lambda: tmp_path)
    user = a_queue()
    with clock.travel_to(LATER):
        found = lane_view(user, PORT, date(2026, 3, 2))
        assert (found.batches, found.persons, found.lanes, found.is_provisional) == (100, 200, ("A",), False)
        assert found.rule is not None and (found.rule.batches.met, found.rule.batches.judged) == (31, 100)  # waits 0, 1 … 30 minutes
        assert (found.rule.slots.met, found.rule.slots.judged) == (2, 7)
        assert found.little is not None and found.little.is_sound and found.capacity is not None and found.capacity.persons_per_hour == 60
        assert lane_view(user, PORT, date(2026, 3, 2), lanes=("B",)).batches == 0
        with pytest.raises(Refused):
            lane_view(user, PORT, date(2026, 3, 1), date(2026, 3, 9))
