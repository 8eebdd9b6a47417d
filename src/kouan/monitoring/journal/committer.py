"""The group committer: requests that come at the same time share one commit, and no sender crowds out another.

A commit costs a write to disk, whatever it holds. One thread of its own writes what waits, in turn by sender, at most
a thousand events at once; while it writes, the next ones gather, so a lone event waits for nobody. A request is
answered only after the commit that holds it. What a sender may have waiting is bounded: beyond it the answer is
``EventsPressed`` at once (429, or 503 when everybody's together is full), and nothing of that request is taken.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from django.db import Error as DatabaseFailure
from django.db import connection, transaction

from kouan.basis import Finding, Refused
from kouan.monitoring.journal.actions import Answer, Prepared, write
from kouan.monitoring.journal.shape import MOST

log = logging.getLogger("kouan.events")

# Events that may wait in this process, of all senders and of one; requests of one sender in hand at once.
WAITING_MOST, WAITING_OF_ONE, IN_HAND_OF_ONE = 20_000, 5_000, 3
# A declared norm may be exceeded this many times over, for so many seconds' worth of it.
OVER_NORM, BURST_SECONDS = 4.0, 10.0
# The thread ends, and its connection with it, when nothing came for so long.
IDLE_SECONDS = 5.0


class EventsPressed(Refused):
    """Too much at once. ``status`` 429: of this sender; 503: of all. ``retry_after`` in whole seconds."""

    def __init__(self, finding: Finding, status: int, retry_after: int) -> None:
        super().__init__(finding)
        self.status, self.retry_after = status, retry_after


def _pressed(status: int, retry_after: float, measured: object, required: object) -> EventsPressed:
    seconds = max(1, ceil(retry_after))
    if status == 429:
        zh, en = "该来源发送过快，本次未接收任何事件。", "This source sends too fast; none of these events was taken."
    else:
        zh, en = "系统正忙，待写入的事件已满，本次未接收任何事件。", "The system is busy and its queue is full; none of these events was taken."
    return EventsPressed(Finding.error(
        "events_too_fast" if status == 429 else "events_queue_full", zh, en, measured=measured, required=required,
        remedy=(f"请在 {seconds} 秒后原样重发；重复发送不会重复记录。",
                f"Send the same again in {seconds} s; sending twice records nothing twice.")), status, seconds)


@dataclass(slots=True)
class _Waiting:
    prepared: Prepared
    answer: Future[Answer] = field(default_factory=Future)


class Meter:
    """How much of its declared norm each source has used: a bucket that fills at ``OVER_NORM`` times the norm."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._lock = now, threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}

    def spend(self, source: str, norm: int, events: int) -> float:
        """Take ``events`` from the bucket: 0, or the seconds to wait if it holds too few (then nothing is taken)."""
        if not norm:
            return 0.0
        rate = norm * OVER_NORM
        # Never so small that one full request could not pass at all.
        most = max(rate * BURST_SECONDS, float(MOST))
        with self._lock:
            now = self._now()
            left, then = self._left.get(source, (most, now))
            left = min(most, left + (now - then) * rate)
            if left < events:
                self._left[source] = (left, now)
                return (events - left) / rate
            self._left[source] = (left - events, now)
            return 0.0


class Committer:
    """One of a process. ``submit`` blocks until the events are durable."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._queues: OrderedDict[Any, deque[_Waiting]] = OrderedDict()
        self._waiting = 0
        self._of_one: dict[Any, int] = {}
        self._in_hand: dict[Any, int] = {}
        self._thread: threading.Thread | None = None
        self._is_stopping = False

    # ---- the side of the door ------------------------------------------------------------------------------

    def enter(self, sender: Any) -> None:
        """Begin a request of a sender; EventsPressed when it has too many in hand. Call ``leave`` at its end."""
        with self._condition:
            if self._in_hand.get(sender, 0) >= IN_HAND_OF_ONE:
                raise _pressed(429, 1, self._in_hand[sender] + 1, f"≤ {IN_HAND_OF_ONE}")
            self._in_hand[sender] = self._in_hand.get(sender, 0) + 1

    def leave(self, sender: Any) -> None:
        """End a request of a sender."""
        with self._condition:
            left = self._in_hand.get(sender, 1) - 1
            if left:
                self._in_hand[sender] = left
            else:
                self._in_hand.pop(sender, None)

    def submit(self, prepared: Prepared, sender: Any) -> Answer:
        """Write the events in the next commit and answer after it; EventsPressed when too much waits."""
        # Whoever holds a transaction wants the events inside it (commands, tests).
        if connection.in_atomic_block:
            return write(prepared)
        waiting = _Waiting(prepared)
        with self._condition:
            mine = self._of_one.get(sender, 0)
            if self._waiting + prepared.count > WAITING_MOST:
                raise _pressed(503, 2, self._waiting + prepared.count, f"≤ {WAITING_MOST}")
            if mine and mine + prepared.count > WAITING_OF_ONE:
                raise _pressed(429, 2, mine + prepared.count, f"≤ {WAITING_OF_ONE}")
            self._queues.setdefault(sender, deque()).append(waiting)
            self._of_one[sender] = mine + prepared.count
            self._waiting += prepared.count
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="event-committer", daemon=True)
                self._thread.start()
            self._condition.notify_all()
        return waiting.answer.result()

    def stop(self) -> None:
        """Let what waits be written, then end the thread and its connection."""
        with self._condition:
            thread, self._is_stopping = self._thread, True
            self._condition.notify_all()
        if thread is not None:
            thread.join()
        self._is_stopping = False

    # ---- the writing thread ------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while group := self._next():
                self._commit(group)
        finally:
            connection.close()

    def _next(self) -> list[tuple[Any, _Waiting]]:
        """The requests of the next commit, one of each sender in turn; empty when the thread may end."""
        with self._condition:
            until = time.monotonic() + IDLE_SECONDS
            while not self._queues:
                left = until - time.monotonic()
                if self._is_stopping or left <= 0:
                    self._thread = None
                    return []
                self._condition.wait(left)
            group: list[tuple[Any, _Waiting]] = []
            count = 0
            while self._queues:
                sender, queue = next(iter(self._queues.items()))
                if group and count + queue[0].prepared.count > MOST:
                    break
                self._queues.popitem(last=False)
                waiting = queue.popleft()
                if queue:
                    self._queues[sender] = queue  # behind the others
                group.append((sender, waiting))
                count += waiting.prepared.count
            return group

    def _commit(self, group: list[tuple[Any, _Waiting]]) -> None:
        try:
            answers = self._write([waiting.prepared for _, waiting in group])
        except Exception as error:  # noqa: BLE001 (whoever waits must hear of it, whatever broke)
            if len(group) == 1:
                group[0][1].answer.set_exception(error)
            else:
                # One request must not fail for another's sake: each by itself.
                for each in group:
                    self._commit_one(each)
        else:
            for (_, waiting), answer in zip(group, answers, strict=True):
                waiting.answer.set_result(answer)
        with self._condition:
            for sender, waiting in group:
                self._waiting -= waiting.prepared.count
                left = self._of_one[sender] - waiting.prepared.count
                if left:
                    self._of_one[sender] = left
                else:
                    del self._of_one[sender]

    def _commit_one(self, each: tuple[Any, _Waiting]) -> None:
        try:
            each[1].answer.set_result(self._write([each[1].prepared])[0])
        except Exception as error:  # noqa: BLE001 (as above)
            each[1].answer.set_exception(error)

    def _write(self, group: list[Prepared]) -> list[Answer]:
        try:
            if len(group) == 1:
                return [write(group[0])]
            with transaction.atomic():
                return [write(each) for each in group]
        except DatabaseFailure as error:
            log.warning("a commit of events failed: %s", error)
            # A connection that broke is made anew for the next group; what this one sent may be sent again.
            connection.close()
            raise


_committers: dict[int, Committer] = {}
meter = Meter()


def committer() -> Committer:
    """The committer of this process; a forked one gets its own."""
    found = _committers.get(os.getpid())
    if found is None:
        found = _committers.setdefault(os.getpid(), Committer())
    return found
