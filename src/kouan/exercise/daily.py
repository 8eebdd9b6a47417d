"""Daily figures of the exercise (演练): ordinary days by a formula, and a few faults in the last week for detectors to find.

The faults, counted from the first day of the workspace: Futian's inbound persons surge on the last two days; Ruili's count of
vehicles stands still for six; Manzhouli is closed for three; Shenzhen's outbound cargo trebles on the last day.

>>> a_day(PLACES[0], "person_crossings", "inbound", date(2026, 3, 3), date(2026, 6, 1))
4465
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zlib import crc32

from django.db.models import Max

from kouan.basis import PeriodKind, clock
from kouan.collection.actions import take_in
from kouan.collection.models import Observation
from kouan.exercise.places import CLOSED, CLOSED_FOR, CODES, PLACES, Place

SOURCE = "port-daily"
# The usual band wants a quarter of a year; ten months show its seasons on a chart.
DAYS = 300
DIRECTIONS = {"inbound": "进境", "outbound": "出境"}
_WEEK = {"person_crossings": (0.94, 0.92, 0.93, 0.96, 1.08, 1.22, 1.14)}
_OF_GOODS = (1.04, 1.05, 1.04, 1.03, 1.02, 0.94, 0.88)


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong at a port in the days before the first one: ``begins`` and ``ends`` are days before it, both included.

    ``times``: the factor; None: the figure of the day before stands still.
    """

    port: str
    measure: str
    directions: tuple[str, ...]
    begins: int
    ends: int
    times: float | None


FAULTS = (
    Fault("futian-rail", "person_crossings", ("inbound",), 2, 1, 1.9),
    Fault("ruili-road", "movements", ("inbound",), 6, 1, None),
    Fault(CLOSED, "movements", ("inbound", "outbound"), CLOSED_FOR, 1, 0.0),
    Fault(CLOSED, "cargo_tonnes", ("inbound", "outbound"), CLOSED_FOR, 1, 0.0),
    Fault("shenzhen-water", "cargo_tonnes", ("outbound",), 1, 1, 3.0),
)


def _ordinary(place: Place, measure: str, direction: str, day: date) -> int:
    """Size × weekday × season × noise of about 4 %, the same each time."""
    size, _ = place.daily[measure]
    week = _WEEK.get(measure, _OF_GOODS)[day.weekday()]
    season = 1 + 0.08 * math.sin((day.timetuple().tm_yday - 60) * math.tau / 365)
    drawn = crc32(f"{place.code} {measure} {direction} {day}".encode()) / 2**32
    # The inverse of a logistic distribution: near enough to a bell, and without a state.
    noise = 1 + 0.022 * math.log((drawn + 1e-6) / (1 - drawn + 1e-6))
    return round(size * (0.53 if direction == "inbound" else 0.47) * week * season * noise)


def a_day(place: Place, measure: str, direction: str, day: date, first: date) -> int:
    """The figure of one day. ``first``: the day on which the workspace was begun."""
    for each in FAULTS:
        before = (first - day).days
        if (each.port, each.measure) == (place.code, measure) and direction in each.directions and each.ends <= before <= each.begins:
            if each.times is None:
                return _ordinary(place, measure, direction, first - timedelta(days=each.begins + 1))
            return round(_ordinary(place, measure, direction, day) * each.times)
    return _ordinary(place, measure, direction, day)


def _lines(after: date, until: date, first: date) -> Iterator[tuple[Any, ...]]:
    for offset in range((until - after).days):
        day = after + timedelta(days=offset + 1)
        for place in PLACES:
            for measure, (_, unit) in place.daily.items():
                for direction, word in DIRECTIONS.items():
                    yield place.code, measure, day.isoformat(), word, a_day(place, measure, direction, day, first), unit, "演练数据"


def fill_daily(actor: Any, first: date) -> int:
    """Take in the days up to yesterday that are not there yet; how many."""
    yesterday = clock.today() - timedelta(days=1)
    last: date | None = Observation.objects.filter(
        series__source=SOURCE, series__subject_code__in=CODES, series__granularity=PeriodKind.DAY,
    ).aggregate(last=Max("period_start"))["last"]
    after = max(last or date.min, yesterday - timedelta(days=DAYS))
    if after >= yesterday:
        return 0
    with TemporaryDirectory(prefix="kouan-exercise-") as folder:
        file = Path(folder) / f"演练-口岸日报-{yesterday}.csv"
        with file.open("w", encoding="utf-8-sig", newline="") as out:
            rows = csv.writer(out)
            rows.writerow(("口岸", "指标", "日期", "方向", "数值", "单位", "备注"))
            rows.writerows(_lines(after, yesterday, first))
        take_in(actor=actor, path=file, source=SOURCE)
    return (yesterday - after).days
