"""The running day of this process: one thread follows the journal, every open page reads what it has made.

The thread begins with the first page that opens and ends when none has been open for ten minutes. It reads the batches that
have come in since its last look, twice a second, whatever number of pages is open. A batch may become visible after one
with a higher number (two transactions at once), so it looks back over the last minutes and keeps the numbers it has read.

Followed are events of the workspace's own origin: official ones in the real workspace; a 演示 source never reaches a wall there.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from datetime import time as time_of_day
from typing import Any

import numpy as np
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from django.db.models import Count

from kouan.basis import Text, clock
from kouan.monitoring.journal.judge import shift_at
from kouan.monitoring.journal.models import Event, EventBatch, EventOrigin, EventSource
from kouan.monitoring.journal.sources import shifts
from kouan.monitoring.live import earlier
from kouan.monitoring.live.day import HOUR, MINUTE, Block, LiveDay
from kouan.monitoring.live.panel import Notice, PortOf, Reader, build
from kouan.monitoring.live.places import followed_ports
from kouan.monitoring.live.standing import standing_notices
from kouan.monitoring.live.usual import Usual
from kouan.monitoring.live.vocabulary import wait_limit_minutes
from kouan.monitoring.live.watch import Watch
from kouan.monitoring.timing.events import microseconds
from kouan.monitoring.warnings.models import EarlyWarning

log = logging.getLogger("kouan.live")
# Seconds between looks at the journal; of idleness after which the thread ends; for which batches may arrive out of order.
LOOK, IDLE, LATE_COMMIT = 0.5, 600.0, 300
# Seconds between two looks at the open early warnings, emergencies and closures.
ALERTS = 10.0
# Cases under way at midnight began before it; their waits and stages end today.
BEFORE_MIDNIGHT = 6 * HOUR
_ROWS = 20_000
# Rows of the journal before its end among which the newest batches lie, unless a transaction took long.
NEAR_THE_END = 50_000
COLUMNS = ("case_id", "port", "case_kind", "direction", "milestone", "occurred_us", "quantity", "source", "received_us",
           "event_id", "revision")
_EVENT_ID, _REVISION, _PLANNED, _WITHDRAWN = 9, 10, 11, 12
# Cases whose corrections are worked in at once.
_CASES = 500


def midnight_of(day: Any) -> int:
    """µs since 1970 of 00:00 in Beijing on that day."""
    return int(datetime.combine(day, time_of_day(), clock.BEIJING).timestamp()) * 1_000_000


def now_us() -> int:
    """This instant in µs since 1970."""
    return microseconds(clock.now())


class Hub:
    """The day, who is looking at it, and how far the journal has been read. ``step`` is one turn; ``run`` keeps turning."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.version = 0
        self.state: Text | None = Text("正在读取今日事件…", "Reading today's events…")
        self._readers = 0
        self._stopped = False
        self._idle_since = time.monotonic()
        self._thread: threading.Thread | None = None
        self._panels: dict[tuple[int, int], dict[str, Any]] = {}
        self.named: list[PortOf] = []
        self.day = LiveDay([], 0)
        self.usual: Usual | None = None
        self._watch = Watch([])
        self._of_day: Any = None
        self._alerts: dict[str, int] = {}
        self._standing: tuple[Notice, ...] = ()
        self._alerts_asked = float("-inf")
        self._seen: set[int] = set()
        self._corrected: set[tuple[str, str]] = set()
        self._worked_in: set[int] = set()
        self._floor = self._first = self._newest = 0

    # ---- following the journal -----------------------------------------------------------------------

    def step(self) -> bool:
        """Take in what has come since the last turn; whether anything has changed."""
        today = clock.today()
        with self.changed:
            if self._of_day != today:
                self._begin(today)
        if (asked := time.monotonic()) - self._alerts_asked > ALERTS:
            self._alerts, self._standing, self._alerts_asked = _open_warnings(), standing_notices(self.named), asked
        fresh = self._fresh_batches()
        now = now_us()
        taken = 0
        for start in range(0, len(fresh), 200):
            taken += self._take(fresh[start:start + 200], now)
        with self.changed:
            self.day.feed(Block.of(()), now)
            self._watch.look(self.day, self.usual, now)
            self._seen.update(fresh)
            self.state = None
            self.version += 1
            self._panels.clear()
            self.changed.notify_all()
        return taken > 0

    def _begin(self, today: Any) -> None:
        self.named = followed_ports()
        self.day = LiveDay([each.code for each in self.named], midnight_of(today), wait_limit=wait_limit_minutes(today) * MINUTE)
        self._watch = Watch(self.named)
        self.usual = earlier.load(today, [each.code for each in self.named])
        self._of_day = today
        self._seen = set()
        # What was corrected or withdrawn before it came itself is not counted when it comes; no correction is worked in twice.
        self._corrected, self._worked_in = set(), set()
        since = datetime.fromtimestamp((midnight_of(today) - BEFORE_MIDNIGHT) / 1_000_000, clock.BEIJING)
        first = EventBatch.objects.filter(received_at__gte=since).order_by("pk").values_list("pk", flat=True).first()
        last = EventBatch.objects.order_by("-pk").values_list("pk", flat=True).first()
        self._floor = (first - 1) if first is not None else (last or 0)
        self._first = self._newest = earlier.place_of(midnight_of(today) - BEFORE_MIDNIGHT)

    def _fresh_batches(self) -> list[int]:
        recent = EventBatch.objects.filter(pk__gt=self._floor, accepted__gt=0, source__in=_followed_sources())
        found = [pk for pk in recent.order_by("pk").values_list("pk", flat=True) if pk not in self._seen]
        settled = clock.now() - timedelta(seconds=LATE_COMMIT)
        old = EventBatch.objects.filter(pk__gt=self._floor, received_at__lt=settled).order_by("-pk").values_list("pk", flat=True).first()
        if old is not None:
            # What lies below has been read in this turn at the latest.
            self._floor = old
            self._seen = {pk for pk in self._seen if pk > old}
        return found

    def _take(self, batches: list[int], now: int) -> int:
        """Read the events of these batches. The journal has no index by batch: they are looked for near its end, and a batch
        that is not whole there (its transaction was long) is looked for from the beginning of the day."""
        expected = dict(EventBatch.objects.filter(pk__in=batches).values_list("pk", "accepted"))
        found = self._feed(batches, self._newest - NEAR_THE_END, now)
        late = [pk for pk in batches if found.get(pk, 0) < expected.get(pk, 0)]
        if late:
            self._feed(late, self._first, now)
        return sum(expected.values())

    def _feed(self, batches: list[int], beyond: int, now: int) -> dict[int, int]:
        rows = Event.objects.filter(pk__gt=max(beyond, self._first), batch_id__in=batches).order_by("pk").values_list(
            *COLUMNS, "planned", "withdrawn", "batch_id", "pk")
        ruled = shifts()
        found: dict[int, int] = defaultdict(int)
        for chunk in _chunks(rows.iterator(_ROWS)):
            for row in chunk:
                found[row[-2]] += 1
            self._newest = max(self._newest, chunk[-1][-1])
            corrections = [row for row in chunk if _is_correction(row) and row[-1] not in self._worked_in]
            self._corrected.update((row[7], row[_EVENT_ID]) for row in corrections)
            told = _told((row for row in chunk if not (row[_PLANNED] or _is_correction(row))
                          and not (self._corrected and (row[7], row[_EVENT_ID]) in self._corrected)), ruled)
            with self.changed:
                self.day.feed(told, now)
            if corrections:
                self._correct(corrections, now, ruled)
        return found

    def _correct(self, corrections: list[Any], now: int, ruled: Any) -> None:
        """Count the cases of corrected and withdrawn events anew: taken back as they stood before, fed as they stand."""
        new, known = {row[-1] for row in corrections}, frozenset(self._worked_in)
        self._worked_in |= new
        cases = list(dict.fromkeys(row[0] for row in corrections))
        sources = _followed_sources()
        for start in range(0, len(cases), _CASES):
            rows = list(Event.objects.filter(case_id__in=cases[start:start + _CASES], pk__gt=self._first, source__in=sources).order_by(
                "pk").values_list(*COLUMNS, "planned", "withdrawn", "batch_id", "pk"))
            # A correction that is in the journal and was not read yet belongs to neither: its own turn comes.
            before = _told(_standing(row for row in rows if not _is_correction(row) or row[-1] in known), ruled)
            after = _told(_standing(row for row in rows if not _is_correction(row) or row[-1] in known or row[-1] in new), ruled)
            with self.changed:
                self.day.forget(before)
                self.day.feed(after, now)

    # ---- telling --------------------------------------------------------------------------------------

    def panel(self, reader: Reader) -> dict[str, Any] | None:
        """The newest panel of this reader; None until the day has been read."""
        with self.changed:
            if self.state is not None:
                return None
            key = (self.version, reader.key())
            if key not in self._panels:
                now = now_us()
                self._panels[key] = build(self.day, self.named, reader, self.usual, (*self._watch.notices, *self._standing), now=now,
                                          alerts=self._alerts)
            return self._panels[key]

    def frames(self, reader: Reader) -> Iterator[tuple[str, dict[str, Any]] | None]:
        """One panel a second for as long as it is read; first what is being waited for, if anything is."""
        self._enter()
        try:
            seen, told = -1, None
            while True:
                with self.changed:
                    if self.version == seen:
                        self.changed.wait(1.0)
                    version, state = self.version, self.state
                if state is not None:
                    yield ("state", {"words": state}) if told != state else None
                    told = state
                elif version == seen:
                    yield None
                else:
                    seen = version
                    found = self.panel(reader)
                    yield ("panel", found) if found is not None else None
                time.sleep(1.0 if state is None else LOOK)
        finally:
            self._leave()

    def _enter(self) -> None:
        with self.changed:
            self._readers += 1
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self.run, name="live", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it; the next reader begins anew."""
        with self.changed:
            thread = self._thread
            self._stopped = thread is not None and thread.is_alive()
        if thread is not None:
            thread.join(10)

    def _leave(self) -> None:
        with self.changed:
            self._readers -= 1
            self._idle_since = time.monotonic()

    def run(self) -> None:
        """Turn until nobody has looked for a while; a database that is away is asked again."""
        while True:
            with self.changed:
                if self._stopped or (not self._readers and time.monotonic() - self._idle_since > IDLE):
                    self._stopped = False
                    self.day, self._of_day, self._thread = LiveDay([], 0), None, None
                    self.state = Text("正在读取今日事件…", "Reading today's events…")
                    break
            close_old_connections()
            try:
                self.step()
                earlier.prepare(clock.today(), [each.code for each in self.named], self._earlier_ready)
            except DatabaseError as error:
                log.warning("the live day will be read again: %s", error)
                with self.changed:
                    self.state = Text("数据库暂时不可用，正在重试；画面为此前数据",
                                      "The database is away; trying again. What is shown is from before")
                    self.changed.notify_all()
            time.sleep(LOOK)
        connection.close()

    def _earlier_ready(self, usual: Usual | None) -> None:
        with self.changed:
            self.usual = usual


def _followed_sources() -> list[str]:
    wanted = [EventOrigin.EXERCISE, EventOrigin.DEMONSTRATION] if settings.IS_EXERCISE else [EventOrigin.OFFICIAL]
    return list(EventSource.objects.filter(origin__in=wanted).values_list("code", flat=True))


def _open_warnings() -> dict[str, int]:
    """How many early warnings are open at each port."""
    rows = EarlyWarning.objects.filter(matter__ended_at__isnull=True).order_by().values_list("port__code")
    return dict(rows.annotate(number=Count("pk")))


def _chunks(rows: Iterator[Any]) -> Iterator[list[Any]]:
    chunk = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == _ROWS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _is_correction(row: Any) -> bool:
    return bool(row[_REVISION] > 1 or row[_WITHDRAWN])


def _standing(rows: Iterable[Any]) -> list[Any]:
    """The actual events that stand, in the order of the journal: of each the highest revision, none that is withdrawn."""
    newest: dict[tuple[str, str], Any] = {}
    for row in rows:
        key = (row[7], row[_EVENT_ID])
        if key not in newest or row[_REVISION] > newest[key][_REVISION]:
            newest[key] = row
    return sorted((row for row in newest.values() if not (row[_PLANNED] or row[_WITHDRAWN])), key=lambda row: row[-1])


def _told(rows: Iterable[Any], ruled: Any) -> Block:
    """Rows of the journal as a block, at the times that rulings on clocks give them."""
    actual = list(rows)
    told = Block.of(row[:7] for row in actual)
    moved = _moved(actual, ruled)
    if moved is None:
        return told
    return Block(told.cases, told.ports, told.kinds, told.directions, told.milestones, told.occurred + moved, told.quantities)


def _moved(rows: list[Any], ruled: Any) -> Any:
    """µs to add to each row for the rulings on its source's clock; None where no source has one."""
    if not ruled:
        return None
    return np.asarray([shift_at(ruled.get(row[7], ()), row[8]) for row in rows], dtype=np.int64)


# The one of this process.
hub = Hub()
