"""Where the time of many cases goes adds up to all of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitoring.timing.builders import MONDAY, an_import, legs

from kouan.monitoring.timing.breakdown import breakdown
from kouan.monitoring.timing.events import HOUR, Event
from kouan.monitoring.timing.timeline import Status, Timeline, timelines


def overall(**hours: float | None) -> Timeline:
    return timelines(an_import(**hours), as_of=MONDAY + 60 * HOUR)[0]


@settings(max_examples=60, deadline=None)
@given(st.lists(legs(), min_size=1, max_size=6))
def test_segments_owners_and_natures_each_add_up_to_all_the_time(cases: list[list[Event]]) -> None:
    found: dict[str, list[Timeline]] = {}
    for number, leg in enumerate(cases):
        for each in timelines([event._replace(case_id=f"C{number}") for event in leg]):
            found.setdefault(each.whole.key, []).append(each)
    for rows in found.values():
        told = breakdown(rows)
        assert told.total_us == sum(each.us or 0 for each in rows) == sum(row.total_us for row in told.segments)
        assert told.total_us == sum(told.by_owner.values()) == sum(told.by_nature.values())
        assert sum(told.statuses.values()) == len(rows) and told.n == told.statuses.get(Status.COMPLETE.value, 0)
        if told.total_us:
            assert sum(row.share for row in told.segments) == pytest.approx(1)


def test_a_merged_segment_and_one_after_an_inspection_stand_apart() -> None:
    told = breakdown([overall(), overall(berthed=None), overall(inspection_ordered=13.5, inspection_started=14, inspection_ended=14.5)])
    rows = {(row.pair, row.absorbed): row.summary.n for row in told.segments}
    assert rows[("arrived", "unloaded"), ("berthing",)] == 1 and rows[("arrived", "berthed"), ()] == 2
    assert rows[("docs_checked", "released"), ()] == 2 and rows[("inspection_ended", "released"), ()] == 1
    assert [row.pair[1] for row in told.segments][:3] == ["berthed", "unloaded", "unloaded"]


def test_what_unfinished_cases_wait_for() -> None:
    late = {"released": None, "delivery_permitted": None, "picked_up": None, "gate_out": None}
    told = breakdown([overall(), overall(**late), overall(**late), overall(**late, docs_checked=None), overall(arrived=None)])
    assert [(row.code, row.n, row.owners) for row in told.standing] == [("release", 2, ("customs",)), ("docs_check", 1, ("customs",))]
    assert told.standing[0].since.median_us == 47 * HOUR and told.standing[0].age.median_us == 60 * HOUR
    assert told.statuses == {"complete": 1, "running": 3, "start_missing": 1}
    assert told.as_dict()["standing"][0]["since"]["p95_reason"] is not None


def test_times_of_several_wholes_do_not_add() -> None:
    with pytest.raises(ValueError):
        breakdown(timelines(an_import()))
    assert breakdown([]).n == 0
