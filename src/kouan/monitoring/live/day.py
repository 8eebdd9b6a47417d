"""The live day: what has happened at every port since midnight in Beijing, kept in a few flat tables.

Events come in blocks, in whatever order they arrive; the tables grow with the number of cases of the day and
never with the number of events, so a wall may stay open for a day. Pure NumPy: no database, no clock.

Counts are exact for what has been received. Durations lie in logarithmic buckets of ±1 % (``ERROR``), which is stated
wherever a quantile is shown; buckets of ports add up, so that a province or the nation is a sum.

>>> day = LiveDay(["luohu-rail"], midnight=0)
>>> day.feed(Block.of([("b1", "luohu-rail", "passenger_batch", "inbound", "queue_joined", 9 * HOUR, 40),
...                    ("b1", "luohu-rail", "passenger_batch", "inbound", "lane_entered", 9 * HOUR + 12 * MINUTE, 40)]))
>>> int(day.waiting[0]), round(day.quantile("person_wait", 0.5) / MINUTE)
(0, 12)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kouan.monitoring.live.vocabulary import DIRECTIONS, FLOWS, MILESTONES, STAGES, wait_limit_minutes
from kouan.monitoring.timing import buckets

SECOND = 1_000_000
MINUTE, HOUR = 60 * SECOND, 3600 * SECOND
DAY, SLOT = 24 * HOUR, 15 * MINUTE
SLOTS = 96
# The buckets of ``timing.buckets``, as columns of a table from one second to forty-five days; shorter and longer lengths lie
# in the end columns.
ERROR = buckets.RELATIVE_ERROR
_FIRST = buckets.bucket_of(SECOND)
BUCKETS = buckets.bucket_of(45 * DAY) - _FIRST + 1
# What "now" means for a duration: the last four quarter hours, the running one included.
RECENT_SLOTS = 4
# An event may lie this far ahead of its receipt: clocks of honest sources differ by seconds, not by more.
AHEAD = 10 * MINUTE

_MILESTONE = {code: index for index, code in enumerate(MILESTONES)}
_STAGE = {stage.code: index for index, stage in enumerate(STAGES)}
_WEIGHED = tuple(_MILESTONE[stage.end] for stage in STAGES if stage.by_quantity)
KINDS = ("consignment", "declaration", "container", "vehicle", "train", "vessel_call", "flight", "passenger_batch")
_KIND = {code: index for index, code in enumerate(KINDS)}

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Block:
    """Some events as columns of one length. ``cases`` are the ids as they came; the others are codes or numbers.

    ``ports`` are codes (text); kinds, directions and milestones are indices into ``KINDS``, ``DIRECTIONS`` and
    ``MILESTONES``, −1 for one that the live day does not read; ``occurred`` is µs since 1970 in UTC.
    """

    cases: Sequence[str] | npt.NDArray[np.object_]
    ports: Sequence[str] | npt.NDArray[np.object_]
    kinds: npt.NDArray[np.int8]
    directions: npt.NDArray[np.int8]
    milestones: npt.NDArray[np.int8]
    occurred: Ints
    quantities: Ints

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, str, str, str, int, int | None]]) -> Block:
        """From rows (case, port, kind, direction, milestone, occurred, quantity); no quantity counts as one."""
        listed = list(rows)
        columns = list(zip(*listed, strict=True)) if listed else [()] * 7
        return cls(
            columns[0], columns[1], _indices(columns[2], _KIND),
            _indices(columns[3], {code: index for index, code in enumerate(DIRECTIONS)}), _indices(columns[4], _MILESTONE),
            np.asarray(columns[5], dtype=np.int64), np.asarray([1 if each is None else each for each in columns[6]], dtype=np.int64),
        )

    def __len__(self) -> int:
        return len(self.occurred)

    def cut(self, start: int, end: int) -> Block:
        """The events from ``start`` up to ``end``."""
        span = slice(start, end)
        return Block(self.cases[span], self.ports[span], self.kinds[span], self.directions[span], self.milestones[span],
                     self.occurred[span], self.quantities[span])


def _indices(codes: Sequence[str], known: Mapping[str, int]) -> npt.NDArray[np.int8]:
    return np.fromiter((known.get(code, -1) for code in codes), dtype=np.int8, count=len(codes))


def bucket_of(durations: Ints) -> Ints:
    """The column of each duration in µs; below one second the first, above forty-five days the last."""
    return np.minimum(buckets.buckets_of(np.maximum(durations, SECOND)) - _FIRST, BUCKETS - 1)


# The value told for a column.
BUCKET_VALUES: Floats = np.asarray([buckets.value_of(_FIRST + column) for column in range(BUCKETS)], dtype=np.float64)


class LiveDay:
    """One day of ports. ``midnight``: µs since 1970 of 00:00 in Beijing on that day; ``wait_limit``: µs that a person may wait.

    Events before midnight are remembered for their case (a wait may begin before midnight), and counted nowhere.
    ``repeats`` counts events whose case had passed that milestone already: the first time holds, so that a message
    sent twice changes nothing. A correction takes the case back as it was counted (``forget``) and feeds it anew.
    """

    def __init__(self, ports: Sequence[str], midnight: int, *, cases: int = 4096, wait_limit: int | None = None) -> None:
        self.ports = list(ports)
        self.wait_limit = wait_limit_minutes() * MINUTE if wait_limit is None else wait_limit
        self.midnight = midnight
        self._port = {code: index for index, code in enumerate(self.ports)}
        self._case: dict[str, int] = {}
        self._passed = np.full((cases, len(MILESTONES)), np.iinfo(np.int64).min, dtype=np.int64)
        # How many persons ended each stage that is weighed by persons: the number told with its end holds, whichever end came first.
        self._persons = np.zeros((cases, len(_WEIGHED)), dtype=np.int32)
        # At which port each stage of a case was timed, -1 where it was not: what a correction takes back.
        self._timed_at = np.full((cases, len(STAGES)), -1, dtype=np.int16)
        size = len(self.ports)
        self.counts = np.zeros((size, len(FLOWS), len(DIRECTIONS), SLOTS), dtype=np.int64)
        self.waiting = np.zeros(size, dtype=np.int64)
        self.within_limit = np.zeros((size, 2), dtype=np.int64)
        self._today = np.zeros((len(STAGES), size, BUCKETS), dtype=np.int32)
        self._recent = np.zeros((RECENT_SLOTS, len(STAGES), size, BUCKETS), dtype=np.int32)
        # How many cases stand behind them: forty persons of one coach are one observation of a wait, not forty.
        self._cases_timed = np.zeros((RECENT_SLOTS, len(STAGES), size), dtype=np.int32)
        self._recent_slot = np.full(RECENT_SLOTS, -1, dtype=np.int64)
        self.last_event = np.full(size, np.iinfo(np.int64).min, dtype=np.int64)
        # Events told to lie ahead of their receipt, port by port, and by how much the last of them was: a wrong clock.
        self.ahead = np.zeros(size, dtype=np.int64)
        self.ahead_by = np.zeros(size, dtype=np.int64)
        self.now = midnight
        self.events = self.repeats = self.foreign = 0

    # ---- taking in -------------------------------------------------------------------------------------

    def feed(self, block: Block, now: int | None = None) -> None:
        """Take in one block at the instant ``now`` (its newest event if None, as with days long past).

        An event of a port or a milestone unknown here is counted in ``foreign`` and left. One that lies more than ten
        minutes ahead of ``now`` comes from a clock that is wrong: it is counted in ``ahead`` and left, so that a source whose
        clock is fast cannot carry the whole wall into the future.
        """
        if not len(block):
            self.now = max(self.now, now or self.now)
            return
        if now is not None:
            block = self._without_future(block, now)
        port = np.fromiter((self._port.get(code, -1) for code in block.ports), dtype=np.int64, count=len(block))
        keep = (port >= 0) & (block.milestones >= 0) & (block.kinds >= 0) & (block.directions >= 0)
        self.foreign += int((~keep).sum())
        self.now = max(self.now, now or self.now)
        if not keep.any():
            return
        case = self._cases_of(block.cases, keep)
        port, milestone = port[keep], block.milestones[keep].astype(np.int64)
        kind, direction = block.kinds[keep], block.directions[keep].astype(np.int64)
        occurred, quantity = block.occurred[keep], block.quantities[keep]
        fresh = self._first_of_each(case, milestone)
        self.repeats += int((~fresh).sum())
        if not fresh.any():
            return
        case, port, milestone, kind = case[fresh], port[fresh], milestone[fresh], kind[fresh]
        direction, occurred, quantity = direction[fresh], occurred[fresh], quantity[fresh]
        self._passed[case, milestone] = occurred
        for at, end in enumerate(_WEIGHED):
            ended = milestone == end
            self._persons[case[ended], at] = quantity[ended]
        self.events += len(case)
        self.now = max(self.now, int(occurred.max()) if now is None else now)
        np.maximum.at(self.last_event, port, occurred)
        self._count_flows(port, milestone, kind, direction, occurred, quantity)
        self._count_waiting(port, milestone, kind, quantity)
        for index, stage in enumerate(STAGES):
            self._time_stage(index, stage.by_quantity, case, port, milestone)

    def forget(self, block: Block) -> None:
        """Take the cases of a block back as they were counted. ``block``: their events as they stood before, in the order of the journal.

        Only what was counted is taken back: the first event of each case and milestone, at the very instant at which it was counted. The
        newest event of a port stays: that its line spoke is true whatever it said.
        """
        known = np.fromiter((self._case.get(case, -1) for case in block.cases), dtype=np.int64, count=len(block))
        port = np.fromiter((self._port.get(code, -1) for code in block.ports), dtype=np.int64, count=len(block))
        keep = (known >= 0) & (port >= 0) & (block.milestones >= 0) & (block.kinds >= 0) & (block.directions >= 0)
        keep[keep] = self._passed[known[keep], block.milestones[keep].astype(np.int64)] == block.occurred[keep]
        case, milestone = known[keep], block.milestones[keep].astype(np.int64)
        first = np.zeros(len(case), dtype=np.bool_)
        first[np.unique(case * len(MILESTONES) + milestone, return_index=True)[1]] = True
        case, milestone, port = case[first], milestone[first], port[keep][first]
        kind, direction = block.kinds[keep][first], block.directions[keep][first].astype(np.int64)
        occurred, quantity = block.occurred[keep][first], block.quantities[keep][first]
        self.events -= len(case)
        self._count_flows(port, milestone, kind, direction, occurred, -quantity, sign=-1)
        self._count_waiting(port, milestone, kind, -quantity)
        for index, stage in enumerate(STAGES):
            touched = np.unique(case[(milestone == _MILESTONE[stage.start]) | (milestone == _MILESTONE[stage.end])])
            timed = touched[self._timed_at[touched, index] >= 0]
            self._take_back(index, stage.by_quantity, timed)
            self._timed_at[timed, index] = -1
        self._passed[case, milestone] = np.iinfo(np.int64).min

    def _take_back(self, index: int, by_quantity: bool, case: Ints) -> None:
        """Take the timed stage of these cases out of its buckets."""
        stage = STAGES[index]
        began, ended = self._passed[case, _MILESTONE[stage.start]], self._passed[case, _MILESTONE[stage.end]]
        port = self._timed_at[case, index].astype(np.int64)
        weight = self._persons[case, _WEIGHED.index(_MILESTONE[stage.end])] if by_quantity else np.ones(len(case), dtype=np.int32)
        bucket = bucket_of(ended - began)
        np.subtract.at(self._today[index], (port, bucket), weight)
        if stage.code == "person_wait":
            np.subtract.at(self.within_limit, (port, 0), np.where(ended - began <= self.wait_limit, weight, 0))
            np.subtract.at(self.within_limit, (port, 1), weight)
        slot = (ended - self.midnight) // SLOT
        for each in np.unique(slot):
            place = int(each) % RECENT_SLOTS
            if self._recent_slot[place] == each:
                now = slot == each
                np.subtract.at(self._recent[place, index], (port[now], bucket[now]), weight[now])
                np.subtract.at(self._cases_timed[place, index], port[now], 1)

    def _without_future(self, block: Block, now: int) -> Block:
        wrong: list[int] = np.flatnonzero(block.occurred > now + AHEAD).tolist()
        if not len(wrong):
            return block
        for each in wrong:
            port = self._port.get(block.ports[each])
            if port is not None:
                self.ahead[port] += 1
                self.ahead_by[port] = block.occurred[each] - now
                # Its clock is wrong, its line is not dead.
                self.last_event[port] = max(self.last_event[port], now)
        keep = np.ones(len(block), dtype=np.bool_)
        keep[wrong] = False
        kept = np.flatnonzero(keep)
        left: list[int] = kept.tolist()
        return Block([block.cases[each] for each in left], [block.ports[each] for each in left], block.kinds[kept],
                     block.directions[kept], block.milestones[kept], block.occurred[kept], block.quantities[kept])

    def _cases_of(self, cases: Sequence[str] | npt.NDArray[np.object_], keep: npt.NDArray[np.bool_]) -> Ints:
        known = self._case
        found = np.fromiter((known.setdefault(case, len(known)) for case, kept in zip(cases, keep, strict=True) if kept),
                            dtype=np.int64, count=int(keep.sum()))
        if len(known) > len(self._passed):
            grown = np.full((max(len(known), 2 * len(self._passed)), len(MILESTONES)), np.iinfo(np.int64).min, dtype=np.int64)
            grown[:len(self._passed)] = self._passed
            persons = np.zeros((len(grown), len(_WEIGHED)), dtype=np.int32)
            persons[:len(self._passed)] = self._persons
            timed = np.full((len(grown), len(STAGES)), -1, dtype=np.int16)
            timed[:len(self._passed)] = self._timed_at
            self._passed, self._persons, self._timed_at = grown, persons, timed
        return found

    def _first_of_each(self, case: Ints, milestone: Ints) -> npt.NDArray[np.bool_]:
        """Which events are the first of their case and milestone, in this block and before it."""
        key = case * len(MILESTONES) + milestone
        first = np.zeros(len(key), dtype=np.bool_)
        first[np.unique(key, return_index=True)[1]] = True
        return first & (self._passed[case, milestone] == np.iinfo(np.int64).min)

    def _count_flows(self, port: Ints, milestone: Ints, kind: npt.NDArray[np.int8], direction: Ints, occurred: Ints,
                     quantity: Ints, sign: int = 1) -> None:
        slot = (occurred - self.midnight) // SLOT
        today = (slot >= 0) & (slot < SLOTS)
        for index, flow in enumerate(FLOWS):
            of_kind = np.isin(kind, [_KIND[each] for each in flow.kinds]) & today
            for side, name in enumerate(DIRECTIONS):
                here = of_kind & (direction == side) & (milestone == _MILESTONE[flow.milestone(name)])
                if here.any():
                    np.add.at(self.counts, (port[here], index, side, slot[here]), quantity[here] if flow.by_quantity else sign)

    def _count_waiting(self, port: Ints, milestone: Ints, kind: npt.NDArray[np.int8], quantity: Ints) -> None:
        persons = kind == _KIND["passenger_batch"]
        for code, sign in (("queue_joined", 1), ("lane_entered", -1)):
            here = persons & (milestone == _MILESTONE[code])
            np.add.at(self.waiting, port[here], sign * quantity[here])

    def _time_stage(self, index: int, by_quantity: bool, case: Ints, port: Ints, milestone: Ints) -> None:
        """Put into their buckets the stages that these events complete, by whichever end came last."""
        stage = STAGES[index]
        start, end = _MILESTONE[stage.start], _MILESTONE[stage.end]
        here = np.flatnonzero((milestone == start) | (milestone == end))
        if not len(here):
            return
        began, ended = self._passed[case[here], start], self._passed[case[here], end]
        whole = (began != np.iinfo(np.int64).min) & (ended != np.iinfo(np.int64).min) & (ended >= began)
        # Where both ends came in one block, the case stands there twice: count it once.
        whole &= ~_twice(case[here], whole)
        here = here[whole]
        if not len(here):
            return
        began, ended = self._passed[case[here], start], self._passed[case[here], end]
        weight = self._persons[case[here], _WEIGHED.index(end)] if by_quantity else np.ones(len(here), dtype=np.int32)
        bucket = bucket_of(ended - began)
        self._timed_at[case[here], index] = port[here]
        np.add.at(self._today[index], (port[here], bucket), weight)
        if stage.code == "person_wait":
            np.add.at(self.within_limit, (port[here], 0), np.where(ended - began <= self.wait_limit, weight, 0))
            np.add.at(self.within_limit, (port[here], 1), weight)
        slot = (ended - self.midnight) // SLOT
        for each in np.unique(slot):
            place = self._ring(int(each))
            if place is not None:
                now = slot == each
                np.add.at(self._recent[place, index], (port[here][now], bucket[now]), weight[now])
                np.add.at(self._cases_timed[place, index], port[here][now], 1)

    def _ring(self, slot: int) -> int | None:
        """Where the table of one quarter hour lies, cleared of the one that lay there before; None for one long past."""
        place = slot % RECENT_SLOTS
        if self._recent_slot[place] > slot:
            return None
        if self._recent_slot[place] < slot:
            self._recent[place] = 0
            self._cases_timed[place] = 0
            self._recent_slot[place] = slot
        return place

    def _held(self, now: int | None = None) -> list[int]:
        running = self.slot_of(self.now if now is None else now)
        return [place for place in range(RECENT_SLOTS) if running - RECENT_SLOTS < self._recent_slot[place] <= running]

    # ---- telling ---------------------------------------------------------------------------------------

    def slot_of(self, instant: int) -> int:
        """The quarter hour of the day, 0 to 95; outside the day its nearest."""
        return int(min(max((instant - self.midnight) // SLOT, 0), SLOTS - 1))

    def histogram(self, stage: str, ports: npt.ArrayLike | None = None, *, recent: bool = True, now: int | None = None) -> Ints:
        """How many durations lie in each bucket, over the ports (indices; all if None): of the last hour, or of the day."""
        index = _STAGE[stage]
        chosen = slice(None) if ports is None else np.asarray(ports, dtype=np.int64)
        if not recent:
            return self._today[index][chosen].sum(axis=0, dtype=np.int64)
        held = self._held(now)
        if not held:
            return np.zeros(BUCKETS, dtype=np.int64)
        return self._recent[held, index][:, chosen].sum(axis=(0, 1), dtype=np.int64)

    def per_port(self, stage: str, *, recent: bool = True) -> npt.NDArray[np.int32]:
        """(ports, buckets): the same, port by port."""
        index = _STAGE[stage]
        if not recent:
            return self._today[index]
        return self._recent[self._held(), index].sum(axis=0, dtype=np.int32)

    def cases_timed(self, stage: str) -> npt.NDArray[np.int32]:
        """(ports): how many cases the last hour's durations of a stage come from."""
        return self._cases_timed[self._held(), _STAGE[stage]].sum(axis=0, dtype=np.int32)

    @property
    def durations(self) -> npt.NDArray[np.int32]:
        """(stages, ports, buckets): every duration of the day."""
        return self._today

    def quantile(self, stage: str, share: float, ports: npt.ArrayLike | None = None, *, recent: bool = True) -> float | None:
        """A quantile in µs, within ±1 %; None where nothing was timed."""
        found = quantiles(self.histogram(stage, ports, recent=recent)[None, :], share)[0]
        return None if np.isnan(found) else float(found)


def quantiles(histograms: npt.NDArray[np.integer[Any]], share: float) -> Floats:
    """The quantile of each row of buckets in µs (nearest rank), NaN for an empty row."""
    told = np.full(len(histograms), np.nan)
    total = histograms.sum(axis=1, dtype=np.int64)
    filled = np.flatnonzero(total)
    rank = np.ceil(np.maximum(total[filled] * share, 1)).astype(np.int64)
    added = histograms[filled].cumsum(axis=1, dtype=np.int64)
    told[filled] = BUCKET_VALUES[(added >= rank[:, None]).argmax(axis=1)]
    return told


def _twice(case: Ints, among: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which entries repeat a case that stands earlier among those marked."""
    repeated = np.zeros(len(case), dtype=np.bool_)
    marked = np.flatnonzero(among)
    first = np.unique(case[marked], return_index=True)[1]
    again = np.ones(len(marked), dtype=np.bool_)
    again[first] = False
    repeated[marked] = again
    return repeated
