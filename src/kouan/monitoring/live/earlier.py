"""The days before today, read once a day and kept as a file in the home: what ``Usual`` is made of.

Reading seven days of a nation takes minutes of one core beside the pages, so it runs in a thread of its own, writes one file
(whole or not at all) and is not done again that day by any process that shares the home.
"""

from __future__ import annotations

import logging
import os
import threading
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection

from kouan.monitoring.journal.models import Event
from kouan.monitoring.live.day import DAY, Block, LiveDay
from kouan.monitoring.live.usual import Usual

log = logging.getLogger("kouan.live")
DAYS = 7
_ROWS = 20_000
_busy = threading.Lock()
_tried: set[date] = set()


def _file(today: date) -> Path:
    return Path(settings.HOME.path) / "live" / f"usual-{today.isoformat()}.npz"


def load(today: date, ports: Sequence[str]) -> Usual | None:
    """What was kept for this day, for these ports; None if there is none, or it is of other ports or cannot be read."""
    try:
        with np.load(_file(today), allow_pickle=False) as kept:
            if list(kept["ports"]) != list(ports):
                return None
            return Usual(kept["counts"], kept["stages"])
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None


def prepare(today: date, ports: Sequence[str], ready: Callable[[Usual | None], None]) -> None:
    """Read the earlier days in the background, once a day; ``ready`` is called with the result, from that thread."""
    if today in _tried or not _busy.acquire(blocking=False):
        return
    _tried.add(today)
    if load(today, ports) is not None:
        _busy.release()
        return

    def work() -> None:
        try:
            found = read(today, ports)
            if found is not None:
                keep(today, ports, found)
            ready(found)
        except Exception:
            log.exception("the days before %s could not be read; the panel shows no usual band today", today)
        finally:
            connection.close()
            _busy.release()

    threading.Thread(target=work, name="live-earlier", daemon=True).start()


def read(today: date, ports: Sequence[str], days: int = DAYS) -> Usual | None:
    """The whole days before ``today`` on which anything is recorded; None if they are fewer than four. One walk of the journal."""
    from kouan.monitoring.live.hub import midnight_of

    made = {midnight_of(today - timedelta(days=back)): LiveDay(ports, midnight_of(today - timedelta(days=back))) for back in range(1, days + 1)}
    last = midnight_of(today)
    rows = Event.objects.filter(pk__gt=place_of(min(made)), planned=False, withdrawn=False).order_by("pk").values_list(
        "case_id", "port", "case_kind", "direction", "milestone", "occurred_us", "quantity")
    waiting: dict[int, list[Any]] = {midnight: [] for midnight in made}
    for row in rows.iterator(_ROWS):
        midnight = last - ((last - row[5] - 1) // DAY + 1) * DAY
        if (chunk := waiting.get(midnight)) is not None:
            chunk.append(row)
            if len(chunk) == _ROWS:
                made[midnight].feed(Block.of(chunk))
                chunk.clear()
    for midnight, chunk in waiting.items():
        made[midnight].feed(Block.of(chunk))
    return Usual.of([day for day in made.values() if day.events])


def place_of(received_us: int) -> int:
    """A row number of the journal with nothing received at or after that instant before it: rows are numbered about in the
    order of receipt, so a search by halves finds the place, and 50,000 rows are left for those that are not."""
    low, high = 0, Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    while low < high:
        middle = (low + high) // 2
        row = Event.objects.filter(pk__gte=middle).order_by("pk").values_list("pk", "received_us").first()
        if row is None or row[1] >= received_us:
            high = middle
        else:
            low = row[0] + 1 if row[0] >= middle else middle + 1
    return max(low - 50_000, 0)


def keep(today: date, ports: Sequence[str], usual: Usual) -> None:
    """Write the file whole, then remove those of earlier days."""
    place = _file(today)
    place.parent.mkdir(parents=True, exist_ok=True)
    half = place.with_suffix(f".{os.getpid()}.part")
    with half.open("wb") as target:
        np.savez_compressed(target, ports=np.asarray(ports), counts=usual.counts, stages=usual.stages)
    os.replace(half, place)
    for old in place.parent.glob("usual-*.npz"):
        if old != place:
            old.unlink(missing_ok=True)
