"""The Hong Kong replay (演示): detectors run day by day over real daily passengers, held against events that one can read about.

Hong Kong control points are a data source and a counterpart: nothing here scores, ranks or judges them; what is tested is our detectors. The
bundled file is read as it is; days that it lacks are missing, not zero.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np

from kouan.basis import Place, Refused, Text
from kouan.basis.form import Form
from kouan.basis.strict_yaml import load_file
from kouan.monitoring.detection.backtest import BackTest, KnownEvent, backtest
from kouan.monitoring.detection.episodes import Silence
from kouan.monitoring.detection.panel import DayKinds, HolidaySpan, Panel, SeriesKey, day_kinds
from kouan.monitoring.detection.thresholds import Thresholds, shipped

_FOLDER = Path(__file__).parent / "data"
MOST_DAYS, MOST_SERIES = 20_000, 2_000
_DIRECTIONS = {"Arrival": ("inbound", "入境"), "Departure": ("outbound", "出境")}


def read_passengers(file: Path, names: dict[str, str] | None = None) -> Panel:
    """Read a file of the bundled one's shape: one series per control point and direction, all travellers. Refused where it is none.

    ``names``: Chinese names by English name.
    """
    cells: dict[tuple[str, str], dict[date, int]] = {}
    row_number = 1
    try:
        with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                row_number += 1
                day, count = date.fromisoformat(row["date"]), int(row["total"])
                if row["direction"] not in _DIRECTIONS or not 0 <= count < 2**53 or len(cells) > MOST_SERIES:
                    raise ValueError(row["direction"])
                cells.setdefault((row["control_point"], row["direction"]), {})[day] = count
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error, ValueError, KeyError, TypeError) as error:
        raise Refused.because(
            "not_daily_passengers", "文件不是逐日旅客数据，或这一行读不懂。", "The file holds no daily passengers, or this row cannot be read.",
            where=Place(file=file.name, row=row_number), measured=error, required="date, control_point, direction, total",
            remedy=("应为 gzip 压缩的 CSV，列名和写法同随附的香港逐日旅客文件。",
                    "Give a gzipped CSV with the columns of the bundled file of Hong Kong.")) from error
    if not cells:
        raise Refused.because("no_days", "文件里没有一行数据。", "The file has no rows.", where=Place(file=file.name),
                              remedy=("请核对文件。", "Check the file."))
    first = min(min(days) for days in cells.values())
    length = (max(max(days) for days in cells.values()) - first).days + 1
    if length > MOST_DAYS:
        raise Refused.because(
            "days_too_far_apart", f"首末日相距{length}天，疑有年份写错。", f"First and last day lie {length} days apart: a year may be wrong.",
            where=Place(file=file.name), required=f"≤ {MOST_DAYS}", remedy=("请改正日期。", "Correct the date."))
    values = np.full((len(cells), length), np.nan)
    series = []
    for at, ((point, direction), days) in enumerate(sorted(cells.items())):
        code, zh = _DIRECTIONS[direction]
        label = Text(f"{(names or {}).get(point, point)}{zh}旅客", f"{point} {code} travellers")
        series.append(SeriesKey(point, "persons", code, "hong_kong", label))
        for day, total in days.items():
            values[at, (day - first).days] = total
    return Panel(tuple(series), first, values)


@lru_cache(maxsize=1)
def events() -> tuple[KnownEvent, ...]:
    """What is known to have happened, with its source."""
    form = Form("hk_events.yaml")
    found = []
    for at, raw in enumerate(load_file(_FOLDER / "hk_events.yaml")):
        where = f"/{at}"
        keys = form.mapping(raw, where, {"code", "title", "first", "last", "source"}, {"points", "goes", "late_days"})
        found.append(KnownEvent(
            form.word(keys.get("code"), f"{where}/code"), form.text(keys.get("title"), f"{where}/title"),
            form.day(keys.get("first"), f"{where}/first"), form.day(keys.get("last"), f"{where}/last"),
            frozenset(keys.get("points") or ()), str(keys.get("goes") or ""),
            int(keys.get("late_days", 1)), form.word(keys.get("source"), f"{where}/source"),
        ))
    if form.findings:
        raise Refused(form.findings)
    return tuple(found)


@lru_cache(maxsize=1)
def holidays() -> tuple[HolidaySpan, ...]:
    """Hong Kong's general holidays, put together by name and year; the mainland's come from its own calendar."""
    raw = load_file(_FOLDER / "hk_holidays.yaml")
    return tuple(
        HolidaySpan(name, *(span if isinstance(span, list) else (span, span))) for name, spans in raw["holidays"].items() for span in spans
    )


def kinds_of(panel: Panel, mainland: Sequence[HolidaySpan], worked: Sequence[date] = (), *, calendar: bool = True) -> DayKinds:
    """The calendar of the replay: Hong Kong's holidays and, where both have one, the mainland's; or weekdays alone."""
    spans = (*holidays(), *mainland) if calendar else ()
    return day_kinds(panel.first_day, panel.days, spans, worked if calendar else (), beside=1)


def spring_festivals() -> tuple[Silence, ...]:
    """The silences one would plan for: the Spring Festival as the events list dates it."""
    return tuple(Silence(each.first, each.last, each.title) for each in events() if each.code.startswith("spring-festival"))


def replay(
    panel: Panel, kinds: DayKinds, *, first: date, last: date, thresholds: Thresholds | None = None, silences: Sequence[Silence] = ()
) -> BackTest:
    """Run all detectors of flows over the panel and judge them by the known events alone: nobody voted."""
    return backtest(panel, kinds, thresholds or shipped(), first=first, last=last, silences=silences, events=events())
