"""Hours of waiting at crossings abroad, one after another (演示): the wait of each hour, what was usual at that hour, how many booths.

Two shapes of file are read. *Airport*: hours of US Customs and Border Protection's Airport Wait Times (mean and longest wait,
passengers by class of wait, flights, booths); O'Hare's Terminal 5 is bundled, a work of the US government. *Road*: ``hour_start`` and
``avg_delay_minutes``, as Cascade Gateway publishes for Peace Arch; its terms are not clear, so whoever has the file puts it into the home
(``added``). Nothing here is judged: what is shown is what a wall would have shown.

What is usual at an hour is the median of the same hour of the same weekday in the twelve weeks before, with 3 × 1.4826 × MAD and never
less than five minutes to either side; fewer than four such hours: none. So an hour is shown with what was known then.
"""

from __future__ import annotations

import csv
import gzip
import io
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kouan.basis import Finding, Place, Refused, Text

# Hours behind the hour itself; weeks that say what is usual, and the fewest of them; half width of the band in MAD and at least in minutes.
TRAIL, WEEKS, LEAST, WIDTH, NARROWEST = 72, 12, 4, 3 * 1.4826, 5.0
# Speeds of the clock: 600 (an hour in six seconds), and hours a second.
SPEEDS = (600, 3_600, 14_400, 43_200)
# A wait of a whole day in one hour is a slip of the pen; a file of more hours than a century holds is not one of waits.
MOST_MINUTES, MOST_BYTES, MOST_HOURS = 1_440.0, 50_000_000, 900_000
_WITHIN = ("all_n_0..15", "all_n_16..30")
_CLASSES = (*_WITHIN, "all_n_31..45", "all_n_46..60", "all_n_61..90", "all_n_91..120", "all_n_120..")
_NAN = float("nan")

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Crossing:
    """The hours of one crossing, from ``first`` on without gaps; NaN where an hour has no row or no value.

    ``wait`` and ``longest`` in minutes, ``within`` the persons who waited at most thirty minutes of ``counted``.
    """

    code: str
    name: Text
    source: Text
    unit: Text
    first: datetime
    wait: Values
    longest: Values | None = None
    counted: Values | None = None
    within: Values | None = None
    flights: Values | None = None
    booths: Values | None = None
    usual: Values = field(default_factory=lambda: np.zeros(0))
    margin: Values = field(default_factory=lambda: np.zeros(0))

    @property
    def last(self) -> datetime:
        """The last hour with a row."""
        return self.first + timedelta(hours=len(self.wait) - 1)

    def as_dict(self) -> dict[str, Any]:
        """What it is and how far it reaches; without its hours."""
        return {"code": self.code, "name": self.name, "source": self.source, "first": self.first.isoformat(), "last": self.last.isoformat(),
                "hours": len(self.wait)}


def usual_of(wait: Values) -> tuple[Values, Values]:
    """The usual wait of every hour and half the width of its band, both in minutes, from the weeks before."""
    week = 24 * 7
    before = np.full((WEEKS, len(wait)), np.nan)
    for number in range(1, WEEKS + 1):
        if number * week < len(wait):
            before[number - 1, number * week:] = wait[: -number * week]
    known = (~np.isnan(before)).sum(axis=0) >= LEAST
    middle, margin = np.full(len(wait), np.nan), np.full(len(wait), np.nan)
    middle[known] = np.nanmedian(before[:, known], axis=0)
    margin[known] = np.maximum(np.nanmedian(np.abs(before[:, known] - middle[known]), axis=0) * WIDTH, NARROWEST)
    return middle, margin


def read(path: Path, *, code: str, name: Text, source: Text) -> Crossing:
    """Read a file of either shape. Refused with its first five faults when a row cannot be read; nothing is guessed."""
    rows, columns = _rows(path)
    is_road = {"hour_start", "avg_delay_minutes"} <= set(columns)
    if not is_road and not {"date", "hour", "all_avg_wait", "all_booths", "all_flights", *_CLASSES} <= set(columns):
        raise Refused.because(
            "not_hourly_waits", "文件不是逐时候检数据：缺少所需的列。", "The file holds no hourly waits: columns are missing.",
            where=Place(file=path.name), measured="、".join(columns[:20]),
            remedy=("公路口岸文件需有 hour_start、avg_delay_minutes 两列；航空口岸文件用美国海关与边境保护局的列名。",
                    "A road file needs hour_start and avg_delay_minutes; an airport file the columns of US Customs and Border Protection."))
    faults: list[Finding] = []
    found: dict[datetime, dict[str, float]] = {}
    for number, row in enumerate(_lines(rows, path), 2):
        try:
            hour, told = _road(row) if is_road else _airport(row)
            if hour in found:
                raise ValueError("hour twice")
            found[hour] = told
        except (ValueError, KeyError, TypeError, AttributeError):
            faults.append(Finding.error(
                "hour_unreadable", "这一行的时刻重复，或时刻、分钟数读不懂。",
                "The hour of this row stands twice, or hour or minutes cannot be read.",
                where=Place(file=path.name, row=number), measured=",".join(str(each) for each in list(row.values())[:4]),
                remedy=("时刻写作 2018-07-01 14:00:00（整点、当地时间），每小时一行；候检时间为0至1440分钟，没有数据留空。",
                        "Write the hour as 2018-07-01 14:00:00 (local), one row an hour; waits from 0 to 1,440 minutes, empty where there "
                    "is none.")))
            if len(faults) == 5:
                break
    if faults:
        raise Refused(faults)
    if not found:
        raise Refused.because("no_hours", "文件里没有一行数据。", "The file has no rows.", where=Place(file=path.name))
    return _crossing(found, code, name, source, is_road)


def _crossing(found: dict[datetime, dict[str, float]], code: str, name: Text, source: Text, is_road: bool) -> Crossing:
    first, last = min(found), max(found)
    hours = int((last - first).total_seconds()) // 3600 + 1
    if hours > MOST_HOURS:
        raise Refused.because(
            "hours_too_far_apart", f"首末时刻相距{hours}小时，疑有年份写错。", f"First and last hour lie {hours} hours apart: a year may be wrong.",
            measured=f"{first:%Y-%m-%d} – {last:%Y-%m-%d}")
    at = np.array([int((hour - first).total_seconds()) // 3600 for hour in found])

    def column(key: str) -> Values:
        values = np.full(hours, np.nan)
        values[at] = [told[key] for told in found.values()]
        return values

    wait = column("wait")
    usual, margin = usual_of(wait)
    if is_road:
        return Crossing(code, name, source, Text("分钟，通过延误平均", "minutes of delay, mean"), first, wait, usual=usual, margin=margin)
    return Crossing(
        code, name, source, Text("分钟，候检平均", "minutes of waiting, mean"), first, wait, column("longest"), column("counted"), column("within"),
        column("flights"), column("booths"), usual, margin,
    )


def _rows(path: Path) -> tuple[Iterator[dict[str, Any]], Sequence[str]]:
    try:
        raw = path.read_bytes()
        if raw[:2] == b"\x1f\x8b":
            with gzip.open(io.BytesIO(raw)) as packed:
                raw = packed.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise Refused.because(
                "file_too_large", f"文件超过{MOST_BYTES // 1_000_000}MB。", f"The file is larger than {MOST_BYTES // 1_000_000} MB.",
                where=Place(file=path.name))
        reader = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
        return iter(reader), list(reader.fieldnames or ())
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(path, error) from error


def _lines(rows: Iterator[dict[str, Any]], path: Path) -> Iterator[dict[str, Any]]:
    try:
        yield from rows
    except csv.Error as error:  # a cell without end
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> Refused:
    return Refused.because(
        "unreadable_file", "文件读不出来。", "The file cannot be read.", where=Place(file=path.name), measured=str(error)[:120],
        remedy=("应为 UTF-8 编码的 CSV，或其 gzip 压缩。", "Give a CSV in UTF-8, or one compressed by gzip."))


def _minutes(text: str) -> float:
    if not text.strip():
        return _NAN
    value = float(text)
    if not 0 <= value <= MOST_MINUTES:
        raise ValueError(text)
    return value


def _number(text: str) -> float:
    value = float(text) if text.strip() else _NAN
    if value < 0 or value == float("inf"):
        raise ValueError(text)
    return value


def _road(row: dict[str, str]) -> tuple[datetime, dict[str, float]]:
    hour = datetime.fromisoformat(row["hour_start"].strip())
    if hour.minute or hour.second or hour.tzinfo is not None:
        raise ValueError("not a full hour")
    return hour, {"wait": _minutes(row["avg_delay_minutes"])}


def _airport(row: dict[str, str]) -> tuple[datetime, dict[str, float]]:
    hour = datetime.fromisoformat(row["date"].strip()) + timedelta(hours=int(row["hour"][:2]))
    classes = [_number(row[name]) for name in _CLASSES]
    return hour, {
        "wait": _minutes(row["all_avg_wait"]), "longest": _minutes(row.get("all_max_wait") or ""), "counted": sum(classes),
        "within": sum(classes[: len(_WITHIN)]), "flights": _number(row["all_flights"]), "booths": _number(row["all_booths"]),
    }


def frame(of: Crossing, hour: datetime) -> dict[str, Any]:
    """What one hour shows. Absent values are None; ``per_booth`` in persons for each open booth in the hour."""
    at = int((hour - of.first).total_seconds()) // 3600
    counted, within, booths = (_at(each, at) for each in (of.counted, of.within, of.booths))
    wait, usual, margin = _at(of.wait, at), _at(of.usual, at), _at(of.margin, at)
    low, high = (max(usual - margin, 0.0), usual + margin) if usual is not None and margin is not None else (None, None)
    span = range(max(at - TRAIL + 1, 0), at + 1)
    return {
        "hour": hour.isoformat(timespec="minutes"), "id": at, "wait": wait, "longest": _at(of.longest, at), "usual": usual, "low": low, "high": high,
        "counted": counted, "share": within / counted if counted and within is not None else None, "flights": _at(of.flights, at),
        "booths": booths, "per_booth": _load(of, at), "told": _told(wait, usual, high, counted, within),
        "hours": [(of.first + timedelta(hours=each)).isoformat(timespec="minutes") for each in span],
        "waits": [_at(of.wait, each) for each in span], "usuals": [_at(of.usual, each) for each in span],
        "loads": [_load(of, each) for each in span] if of.booths is not None else None, "ended": at >= len(of.wait) - 1,
    }


def _load(of: Crossing, at: int) -> float | None:
    """Persons for each open booth in an hour."""
    counted, booths = _at(of.counted, at), _at(of.booths, at)
    return round(counted / booths, 1) if counted is not None and booths else None


def _told(wait: float | None, usual: float | None, high: float | None, counted: float | None, within: float | None) -> list[Text]:
    """What a wall would say of the hour; the thirty minutes are the rule for our own ports and only a mark here."""
    told = []
    if wait is not None and usual is not None and high is not None and wait > high:
        told.append(Text(f"候检平均{wait:.0f}分钟，高于同星期同时段常态（{usual:.0f}分钟）",
                         f"Mean wait {wait:.0f} minutes, above the usual {usual:.0f} of this weekday and hour"))
    if counted and within is not None and within / counted < 0.5:
        over = 100 * (1 - within / counted)
        told.append(Text(f"过半旅客候检超过30分钟（{over:.0f}%）", f"More than half waited over 30 minutes ({over:.0f} %)"))
    elif counted is None and wait is not None and wait > 30:
        told.append(Text(f"平均延误{wait:.0f}分钟，超过30分钟", f"Mean delay {wait:.0f} minutes, over 30"))
    return told


def _at(values: Values | None, at: int) -> float | None:
    if values is None or not 0 <= at < len(values) or np.isnan(values[at]):
        return None
    return round(float(values[at]), 2)


def run(of: Crossing, *, start: datetime, speed: int) -> Iterator[tuple[str, dict[str, Any]] | None]:
    """Frames from ``start`` on, the clock running ``speed`` times as fast, to the last hour."""
    hour = min(max(start.replace(minute=0, second=0, microsecond=0), of.first), of.last)
    while True:
        yield "hour", frame(of, hour)
        if hour >= of.last:
            return
        left = 3600 / speed
        while left > 0:
            time.sleep(min(left, 1.0))
            left -= 1.0
            if left > 0:
                yield None
        hour += timedelta(hours=1)
