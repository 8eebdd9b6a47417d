"""The replay of Hong Kong days: the figures are the file's, the band knows nothing of the day, closures are told and named."""

from __future__ import annotations

import csv
import gzip
from datetime import date, timedelta
from itertools import islice
from typing import Any

import pytest

from kouan.basis import Text
from kouan.console.views.live_hong_kong import BEGINS, FILE
from kouan.monitoring.live.replay.hong_kong import TRAIL, Days, days_of, frame, run

POINTS = {"Lo Wu": Text("罗湖", "Lo Wu"), "Lok Ma Chau": Text("落马洲", "Lok Ma Chau"), "Airport": Text("机场", "Airport")}


@pytest.fixture(scope="module")
def days() -> Days:
    return days_of(FILE)


def counted(day: str) -> dict[tuple[str, str], int]:
    with gzip.open(FILE, "rt", encoding="utf-8") as lines:
        return {(row["control_point"], row["direction"]): int(row["total"]) for row in csv.DictReader(lines) if row["date"] == day}


def test_a_day_shows_what_the_file_says_of_the_points_asked_for_and_no_other(days: Days) -> None:
    by_hand = counted("2023-02-10")
    shown = frame(days, date(2023, 2, 10), POINTS)
    assert {line["code"] for line in shown["points"]} == set(POINTS)
    for line in shown["points"]:
        assert (line["inbound"], line["outbound"]) == (by_hand[line["code"], "Arrival"], by_hand[line["code"], "Departure"])
    assert shown["total"][-1] == sum(by_hand[point, way] for point in POINTS for way in ("Arrival", "Departure"))
    assert len(shown["days"]) == len(shown["total"]) == len(shown["usual"]) == TRAIL and shown["days"][-1] == "2023-02-10"
    assert "Shenzhen Bay" not in str(shown)


def test_a_closure_is_told_on_its_day_beside_the_event_that_explains_it(days: Days) -> None:
    shown = frame(days, date(2020, 2, 4), POINTS)
    assert {alert["code"] for alert in shown["alerts"]} >= {"Lo Wu", "Lok Ma Chau"} and all(alert["known"] for alert in shown["alerts"])
    assert any("关闭" in event["title"].zh and event["source"].startswith("http") for event in shown["events"])
    lo_wu = next(line for line in shown["points"] if line["code"] == "Lo Wu")
    # Ten days of figures are too few to say what was usual.
    assert lo_wu["alert"] and lo_wu["total"] == 0 and lo_wu["change"] is None


def test_days_that_nobody_published_are_gaps_and_not_zero(days: Days) -> None:
    shown = frame(days, date(2020, 12, 1), POINTS)
    assert shown["missing"] and shown["total"][-1] is None and all(line["total"] is None for line in shown["points"])


def test_it_runs_from_the_day_asked_for_within_the_days_there_are(days: Days) -> None:
    assert days.first == BEGINS and days.last == date(2025, 12, 31)
    first = [told[1]["day"] for told in islice(run(days, POINTS, start=date(1999, 1, 1), speed=1000), 3) if told]
    assert first == [(BEGINS + timedelta(days=each)).isoformat() for each in range(3)]
    ending: list[Any] = list(run(days, POINTS, start=days.last - timedelta(days=1), speed=1000))
    assert [told[1]["ended"] for told in ending] == [False, True]
