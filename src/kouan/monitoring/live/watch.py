"""The ticker: what changed for the worse, or for the better, at a port, told once.

Not an early warning (``monitoring/warnings`` has those, with an owner and an end): a line that passes. A state must hold
for two looks, a minute apart, before it is told, and be clearly over before it is told to have ended, so that a wall
does not flicker around a limit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from kouan.basis import Text
from kouan.monitoring.live.day import MINUTE, LiveDay, quantiles
from kouan.monitoring.live.panel import FEWEST_TIMED, Notice, PortOf
from kouan.monitoring.live.usual import Usual
from kouan.monitoring.live.vocabulary import STAGES

KEPT = 200
# (begins at, ends below): minutes of p90 wait; the queue as minutes of the usual traffic (or of the last
# hour's, if larger: Little's law), which shows closed lanes while their victims are still waiting; times the usual median; minutes without any event.
# The first two as parts of the limit of waiting.
WAIT = (1.0, 0.8)
QUEUE = (1.5, 0.8)
# A queue of fewer persons, or a usual wait doubled from three minutes to six, is no news.
FEWEST_WAITING, SHORTEST_WAIT = 200, 15 * MINUTE
SLOW = (2.0, 1.4)
SILENT = (60.0, 15.0)
# Minutes by which a port's clock is ahead; whether it is right again only its source's page can tell.
CLOCK = (10.0, -1.0)
# A port is missed only where the last hour usually brings so much that nothing at all is no chance: twelve cases
# (as Poisson events, none in an hour once in 160,000 hours).
FEWEST_USUAL = 12

Words = Callable[[str, PortOf, float, bool], Text]


class Watch:
    """Looks at the day once a minute of its time and keeps the newest notices."""

    def __init__(self, ports: Sequence[PortOf]) -> None:
        self.ports = list(ports)
        self.notices: deque[Notice] = deque(maxlen=KEPT)
        self._holds: dict[tuple[str, int], int] = {}
        self._told: dict[tuple[str, int], float] = {}
        self._looked = -1
        self._limit = 0.0

    def look(self, day: LiveDay, usual: Usual | None, now: int) -> None:
        """Look if a minute has passed since the last look."""
        minute = now // MINUTE
        if minute == self._looked:
            return
        self._looked = minute
        self._limit = day.wait_limit / MINUTE
        limit = self._limit
        self._follow("wait", self._recent(day, "person_wait", 0.9, FEWEST_TIMED) / MINUTE, _times(WAIT, limit), now, self._wait_words, "bad")
        self._follow("clock", np.where(day.ahead > 0, day.ahead_by / MINUTE, 0.0), CLOCK, now, self._clock_words, "warn")
        if usual is not None:
            hourly = np.maximum(day.per_port("person_wait").sum(axis=1), usual.persons_of_hour(day.slot_of(now)))
            queue = np.where(day.waiting >= FEWEST_WAITING, 60 * day.waiting / np.maximum(hourly, 1), 0.0)
            self._follow("queue", queue, _times(QUEUE, limit), now, self._queue_words, "bad")
            before = usual.stage_median_by_port
            for index, stage in enumerate(STAGES):
                median = self._recent(day, stage.code, 0.5, FEWEST_TIMED)
                ratio = np.where(stage.by_quantity & (median < SHORTEST_WAIT), 1.0, median / np.where(before[index] > 0, before[index], np.nan))
                self._follow(f"slow:{index}", ratio, SLOW, now, self._slow_words, "warn")
            awaited = usual.cases_of_last_hour(day.slot_of(now)) >= FEWEST_USUAL
            age = np.where(awaited, (now - day.last_event.clip(min=day.midnight)) / MINUTE, 0.0)
            self._follow("silent", age, SILENT, now, self._silent_words, "warn")

    @staticmethod
    def _recent(day: LiveDay, stage: str, share: float, fewest: int) -> npt.NDArray[np.float64]:
        """(ports): a quantile of the last hour in µs; NaN (neither begun nor over) where fewer cases than ``fewest`` were timed."""
        told = np.full(len(day.ports), np.nan)
        enough = day.cases_timed(stage) >= fewest
        told[enough] = quantiles(day.per_port(stage)[enough], share)
        return told

    def _follow(self, state: str, values: npt.NDArray[np.float64], limits: tuple[float, float], now: int, words: Words, weight: str) -> None:
        begins, ends = limits
        for index in np.flatnonzero(values >= begins):
            key = (state, int(index))
            self._holds[key] = self._holds.get(key, 0) + 1
            if self._holds[key] == 2 and key not in self._told:
                self._told[key] = float(values[index])
                self._say(now, key, words, float(values[index]), begun=True, weight=weight)
        for key in [key for key in self._holds if key[0] == state and values[key[1]] < begins]:
            del self._holds[key]
        for key in [key for key in self._told if key[0] == state and values[key[1]] < ends]:
            del self._told[key]
            self._say(now, key, words, float(values[key[1]]), begun=False, weight="info")

    def _say(self, now: int, key: tuple[str, int], words: Words, value: float, *, begun: bool, weight: str) -> None:
        port = self.ports[key[1]]
        self.notices.append(Notice(now, port.code, words(key[0], port, value, begun), weight))

    def _wait_words(self, _: str, port: PortOf, value: float, begun: bool) -> Text:
        if begun:
            return Text(f"{port.name.zh}：近1小时九成旅客候检时间达{value:.0f}分钟（限{self._limit:.0f}分钟）",
                        f"{port.name.en}: the wait of nine in ten reaches {value:.0f} min in the last hour (limit {self._limit:.0f})")
        return Text(f"{port.name.zh}：候检时间恢复至{self._limit:.0f}分钟以内", f"{port.name.en}: waits are back under {self._limit:.0f} min")

    @staticmethod
    def _queue_words(_: str, port: PortOf, value: float, begun: bool) -> Text:
        if begun:
            return Text(f"{port.name.zh}：排队人数相当于平常{value:.0f}分钟的客流",
                        f"{port.name.en}: the queue holds {value:.0f} min of the usual traffic")
        return Text(f"{port.name.zh}：排队已消化", f"{port.name.en}: the queue is worked off")

    @staticmethod
    def _slow_words(state: str, port: PortOf, value: float, begun: bool) -> Text:
        stage = STAGES[int(state.split(":")[1])].name
        if begun:
            return Text(f"{port.name.zh}：{stage.zh}用时为往日同环节的{value:.1f}倍",
                        f"{port.name.en}: {stage.en} takes {value:.1f} times as long as usual")
        return Text(f"{port.name.zh}：{stage.zh}用时恢复平常", f"{port.name.en}: {stage.en} is back to its usual time")

    @staticmethod
    def _clock_words(_: str, port: PortOf, value: float, begun: bool) -> Text:
        return Text(f"{port.name.zh}：所报时间比收到时间晚约{_span(value).zh}，疑为来源时钟错误，未计入",
                    f"{port.name.en}: times lie about {_span(value).en} ahead of receipt; a wrong clock is suspected, not counted")

    @staticmethod
    def _silent_words(_: str, port: PortOf, value: float, begun: bool) -> Text:
        if begun:
            return Text(f"{port.name.zh}：已{value:.0f}分钟没有收到任何数据", f"{port.name.en}: nothing received for {value:.0f} min")
        return Text(f"{port.name.zh}：数据恢复接收", f"{port.name.en}: data arrive again")


def _times(limits: tuple[float, float], by: float) -> tuple[float, float]:
    return limits[0] * by, limits[1] * by


def _span(minutes: float) -> Text:
    if minutes < 90:
        return Text(f"{minutes:.0f}分钟", f"{minutes:.0f} min")
    return Text(f"{minutes / 60:.1f}小时", f"{minutes / 60:.1f} h")
