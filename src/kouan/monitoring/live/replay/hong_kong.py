"""The real days of Hong Kong's control points, one after another (演示): what was counted, what was to be expected, what our detectors
would have told on the day, and what is known to have happened.

The figures are the other side's (对侧口岸数据) and are never judged; what is looked at here are our own detectors. Each day is shown
with what was known on it: the band and the alerts of a day come from the days before it (``monitoring/detection``).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kouan.basis import Text
from kouan.monitoring.detection import BackTest, Panel, expected_band
from kouan.monitoring.detection.calendar import national_spans
from kouan.monitoring.detection.replay import events, kinds_of, read_passengers, replay

# Days shown behind the day itself; half width of the band in standard deviations, as the shipped threshold of the seasonal rule.
TRAIL, WIDTH = 90, 5.0
SPEEDS = (1, 2, 5, 10)


@dataclass(frozen=True)
class Days:
    """All days with their expectations. ``low``, ``middle`` and ``high``: (series, days), NaN where too little is known."""

    panel: Panel
    low: npt.NDArray[np.float64]
    middle: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    told: BackTest

    @property
    def first(self) -> date:
        """The first day with figures."""
        return self.panel.first_day

    @property
    def last(self) -> date:
        """The last day with figures."""
        return self.panel.first_day + timedelta(days=self.panel.days - 1)


@lru_cache(maxsize=1)
def days_of(file: Path, names: tuple[tuple[str, str], ...] = ()) -> Days:
    """Read the bundled file and run the detectors over all its days, once in a process: under a second.

    ``names``: pairs of English and Chinese names of points, in which alerts are worded.
    """
    panel = read_passengers(file, dict(names))
    kinds = kinds_of(panel, national_spans())
    low, middle, high = expected_band(panel, kinds).values(WIDTH)
    last = panel.first_day + timedelta(days=panel.days - 1)
    return Days(panel, low, middle, high, replay(panel, kinds, first=panel.first_day, last=last))


def frame(days: Days, day: date, points: Mapping[str, Text]) -> dict[str, Any]:
    """What one day shows of the named points (English name as in the file → name)."""
    at = (day - days.first).days
    lines, chosen = [], []
    for point, name in points.items():
        rows = {key.direction: index for index, key in enumerate(days.panel.series) if key.port == point}
        if not rows:
            continue
        chosen += list(rows.values())
        line: dict[str, Any] = {"code": point, "name": name, "alert": False}
        for direction in ("inbound", "outbound"):
            value, expected = _cell(days.panel.values, rows.get(direction), at), _cell(days.middle, rows.get(direction), at)
            line[direction], line[f"{direction}_usual"] = value, expected
        told = [value for value in (line["inbound"], line["outbound"]) if value is not None]
        usual = [value for value in (line["inbound_usual"], line["outbound_usual"]) if value is not None]
        line["total"] = sum(told) if told else None
        line["change"] = sum(told) / sum(usual) - 1 if len(told) == 2 and len(usual) == 2 and sum(usual) >= 1 else None
        lines.append(line)
    alerts = []
    for judged in days.told.alerts:
        episode = judged.episode
        if episode.port in points and episode.first == day:
            first = max((each for each in episode.candidates if each.day == day), key=lambda each: each.score)
            alerts.append({"code": episode.port, "name": points[episode.port], "words": first.message, "known": judged.useful is True})
    running = {judged.episode.port for judged in days.told.alerts if judged.episode.first <= day <= judged.episode.last}
    for line in lines:
        line["alert"] = line["code"] in running
    happened = [
        {"title": each.title, "source": each.source if each.source.startswith("http") else ""}
        for each in events() if each.first <= day <= each.last and (not each.ports or each.ports & points.keys())
    ]
    start = max(at - TRAIL + 1, 0)
    span = slice(start, at + 1)
    return {
        "day": day.isoformat(), "id": day.toordinal(), "points": sorted(lines, key=lambda line: -(line["total"] or -1)), "alerts": alerts,
        "events": happened, "missing": not any(line["total"] is not None for line in lines),
        "days": [(days.first + timedelta(days=each)).isoformat() for each in range(start, at + 1)],
        "total": _sums(days.panel.values, chosen, span), "usual": _sums(days.middle, chosen, span),
        "ended": day >= days.last,
    }


def run(days: Days, points: Mapping[str, Text], *, start: date, speed: int) -> Iterator[tuple[str, dict[str, Any]] | None]:
    """Frames from ``start`` on, ``speed`` days a second, to the last day."""
    day = min(max(start, days.first), days.last)
    while True:
        yield "day", frame(days, day, points)
        if day >= days.last:
            return
        time.sleep(1 / speed)
        day += timedelta(days=1)


def _cell(table: npt.NDArray[np.float64], row: int | None, at: int) -> float | None:
    if row is None or np.isnan(table[row, at]):
        return None
    return float(round(table[row, at]))


def _sums(table: npt.NDArray[np.float64], rows: list[int], span: slice) -> list[float | None]:
    """The sum of the rows on each day; None on a day on which none of them has a figure."""
    part = table[rows, span]
    known: list[bool] = np.asarray(~np.isnan(part).all(axis=0)).tolist()
    sums: list[float] = np.nansum(part, axis=0).tolist()
    return [float(round(value)) if there else None for value, there in zip(sums, known, strict=True)]
