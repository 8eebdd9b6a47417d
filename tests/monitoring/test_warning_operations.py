"""Warnings out of the journal: queues, backlogs, segments over their norm, silent sources; forecasts kept and missed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.monitoring.journal_factories import read
from tests.monitoring.warning_office import TODAY, WarningOffices

from kouan.accounts.action import acting_system
from kouan.basis import Text, clock
from kouan.monitoring.journal.actions import take_in_events
from kouan.monitoring.journal.models import EventSource
from kouan.monitoring.timing.events import HOUR
from kouan.monitoring.timing.norms import Norm
from kouan.monitoring.warnings import operations
from kouan.monitoring.warnings.models import EarlyWarning, StoredForecast
from kouan.monitoring.warnings.queries import try_settings, warnings_visible_to

pytestmark = pytest.mark.django_db
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def offices() -> Iterator[WarningOffices]:
    with clock.travel_to(TODAY.isoformat()):
        held = WarningOffices()
        EventSource.objects.create(code="lh", name_zh="罗湖系统", name_en="Luohu system", port_codes=["luohu-rail"],
                                   organisation=held.city.organisation)
        yield held


def at(day: date, hour: float) -> str:
    """An instant of a day in Beijing."""
    return (datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour - 8)).isoformat()


def an_event(number: int, milestone: str, when: str, kind: str = "consignment", **more: Any) -> dict[str, Any]:
    return {"case_id": f"K{number}", "case_kind": kind, "milestone": milestone, "mode": "rail", "direction": "inbound", "port": "luohu-rail",
            "occurred_at": when, "source": "lh", "event_id": f"K{number}-{milestone}", **more}


def told(*events: dict[str, Any]) -> None:
    """Sent by the system; each thousand at once."""
    with acting_system("test") as system:
        for start in range(0, len(events), 1000):
            answer = take_in_events(actor=system, read=read(*events[start:start + 1000]))
            assert answer.as_dict()["accepted"] == len(events[start:start + 1000])


def queue() -> list[dict[str, Any]]:
    """Nine batches of fifty join within two hours; two of them enter a lane."""
    joined = [an_event(n, "queue_joined", at(YESTERDAY, 9 + n / 5), "passenger_batch", quantity=50) for n in range(9)]
    return [*joined, *(an_event(n, "lane_entered", at(YESTERDAY, 9.5 + n), "passenger_batch", quantity=50) for n in range(2))]


def test_a_queue_goes_to_those_at_the_port_and_nobody_else_sees_it(offices: WarningOffices) -> None:
    told(*queue())
    assert len(offices.detect().opened) == 1 and offices.detect().opened == ()
    warning = offices.warning()
    assert (warning.detector, warning.rule, warning.first_day) == ("queue_growth", "times", YESTERDAY) and warning.measured >= 300
    assert "候检人（车）数（入境）" in warning.message_zh and "10:" in warning.message_zh
    assert warning.handler == offices.city.organisation, "two agencies stand there, so the office of the place takes it"
    assert not warnings_visible_to(offices.neighbour).exists()
    tried = try_settings(offices.city, last=YESTERDAY, settings=[[], [("queue_growth", "min_queue", 2000.0)]], detectors=["queue_growth"], days=30)
    assert [len(each.alerts) for each in tried] == [1, 0]
    assert try_settings(offices.neighbour, last=YESTERDAY, settings=[[]], detectors=["queue_growth"], days=30)[0].alerts == ()


def test_a_backlog_is_more_open_than_three_days_of_work(offices: WarningOffices) -> None:
    done = [an_event(100 * back + n, code, at(TODAY - timedelta(days=back), 10 + n), "declaration")
            for back in range(2, 30) for n in range(3) for code in ("declared", "released")]
    told(*done, *(an_event(9000 + n, "declared", at(YESTERDAY, 9 + n / 10), "declaration") for n in range(40)))
    offices.detect()
    warning = offices.warning()
    assert (warning.detector, warning.measured) == ("backlog", 40.0) and "未办结40" in warning.message_zh


def test_segments_are_held_to_the_norms_of_the_home(offices: WarningOffices, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = [an_event(n, code, at(YESTERDAY, hour)) for n in range(40) for code, hour in (("declared", 8), ("released", 9 if n < 12 else 15))]
    told(*slow)
    assert offices.detect().opened == (), "without a norm there is nothing to judge"
    norm = Norm(Text("放行", "release"), "customs_time", None, "inbound", (), (), date(2020, 1, 1), 2 * HOUR)
    monkeypatch.setattr(operations, "norms_in_force", lambda: [norm])
    offices.detect()
    warning = offices.warning()
    assert (warning.detector, warning.measured) == ("segment_over_norm", 0.3) and "40件中30%在标准时限内" in warning.message_zh


def test_a_source_that_stops_is_asked_about_and_demonstrations_are_not_judged(offices: WarningOffices) -> None:
    for back in range(12, 1, -1):
        with clock.travel_to(TODAY - timedelta(days=back)):
            told(an_event(back, "arrived", at(TODAY - timedelta(days=back), 10)))
    offices.detect()
    warning = offices.warning()
    assert (warning.detector, warning.rule, warning.handler) == ("silent_source", "silence", offices.city.organisation)
    EventSource.objects.update(is_active=False)
    EarlyWarning.objects.all().delete()
    assert offices.detect().opened == (), "a source that was ended is not missed"


def test_forecasts_are_kept_the_evening_before_and_missed_two_days_running(offices: WarningOffices) -> None:
    offices.counted({YESTERDAY - timedelta(days=1): 0.8, YESTERDAY: 0.8})
    assert not try_settings(offices.city, last=YESTERDAY, settings=[[]], days=5)[0].alerts, "inside the usual band"
    for back in (2, 1, 0):
        offices.detect(until=YESTERDAY - timedelta(days=back))
    assert StoredForecast.objects.filter(measure="person_crossings").count() == 3
    first = StoredForecast.objects.order_by("origin_day")[0]
    assert len(first.low) == len(first.high) == 7 and first.low[0] < first.middle[0] < first.high[0]
    assert offices.warning().detector == "forecast_miss" and "预测" in offices.warning().message_zh
    past = try_settings(offices.city, last=YESTERDAY, settings=[[]], detectors=["forecast_miss"], days=5)[0]
    assert [each.episode.first for each in past.alerts] == [YESTERDAY], "a back-test forecasts anew from what was known the evening before"
