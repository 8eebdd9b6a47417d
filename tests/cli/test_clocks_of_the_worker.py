"""The worker lets the clocks run once a day; what breaks there ends neither it nor the sealing of the trail."""

from __future__ import annotations

import logging
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.desk.matters import People, submitted, the_sample

from kouan.basis import clock
from kouan.cli import running
from kouan.desk.matters.models import MatterNotice

pytestmark = pytest.mark.django_db


class Minutes:
    """An end that comes after some minutes; it may change the day on the way."""

    def __init__(self, count: int) -> None:
        self.left = count

    def is_set(self) -> bool:
        return self.left <= 0

    def wait(self, _: float) -> None:
        self.left -= 1


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sealing waits for transactions to end, and the test is one, on one connection."""
    monkeypatch.setattr("kouan.audit.sealer.seal", lambda: None)
    monkeypatch.setattr("django.db.close_old_connections", lambda: None)


def test_once_a_day_and_caught_up_after_a_week(tmp_path: Path, quiet: None, monkeypatch: pytest.MonkeyPatch) -> None:
    days: list[date] = []
    with the_sample(tmp_path), clock.travel_to("2024-03-04"):
        people = People()
        people.settle()
        submitted(people)
        from kouan.desk.matters import actions

        whole = actions.run_clocks
        monkeypatch.setattr(actions, "run_clocks", lambda **known: days.append(known["today"]) or whole(**known))
        running._keep_house(Minutes(3))
        assert days == [date(2024, 3, 4)] and not MatterNotice.objects.exists()
        with clock.travel_to("2024-04-10"):
            running._keep_house(Minutes(1))
            told = MatterNotice.objects.count()
            running._keep_house(Minutes(1))
        assert told >= 2 and MatterNotice.objects.count() == told


def test_a_fault_is_said_and_tried_again(quiet: None, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    tried: list[int] = []

    def broken(**_: Any) -> None:
        tried.append(1)
        raise KeyError("a setting that is gone")

    monkeypatch.setattr("kouan.desk.matters.actions.run_clocks", broken)
    with caplog.at_level(logging.ERROR, "kouan.worker"):
        running._keep_house(Minutes(2))
    assert len(tried) == 2 and "tried again" in caplog.text
