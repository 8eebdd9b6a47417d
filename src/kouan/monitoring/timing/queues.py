"""Queues at lanes (候检): their length, the wait, the thirty minutes, and what the lanes can do.

A batch joins the queue, enters a lane, clears it; it counts `persons` (1 for a vehicle). The length of the queue is the number
that has joined and not yet entered. Little's law (1961) checks the log: over a stretch at whose ends the queue is empty, the
mean length equals arrivals a second times the mean wait exactly; where it does not, events are missing.

The limit of thirty minutes (R-027) runs from joining to entering; exactly thirty minutes meet it.

>>> from kouan.monitoring.timing.events import MINUTE
>>> rule = waiting_rule(QueueLog.of_rows([(0, 30 * MINUTE, 31 * MINUTE), (0, 30 * MINUTE + 1, 32 * MINUTE)]), 30 * MINUTE, 60 * MINUTE)
>>> rule.batches.met, rule.batches.judged, rule.slots.met, rule.slots.judged
(1, 2, 0, 1)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kouan.basis import Finding, Place, Text
from kouan.monitoring.timing.events import HOUR, MINUTE, Event, current, text_of
from kouan.monitoring.timing.statistics import quantile

SLOT = 15 * MINUTE
# A log whose two sides of Little's law differ by more than this has lost events.
LITTLE_TOLERANCE = 0.02
# Fewer loaded quarters of an hour than an hour's worth say little of what lanes can do.
FEWEST_LOADED = 4
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class QueueLog:
    """Batches in the order in which they joined. Times in µs; `_NEVER` in `entered` and `cleared` where it has not happened.

    `findings`: what the events left open. `lanes`: where each batch entered, "" where that is not known. `groups`: of which nationality
    group each batch is told to be ("citizens", "others"), "" where none is; empty for a log that never asks.
    """

    joined: NDArray[np.int64]
    entered: NDArray[np.int64]
    cleared: NDArray[np.int64]
    persons: NDArray[np.int64]
    lanes: Sequence[str]
    findings: tuple[Finding, ...] = field(default=())
    groups: Sequence[str] = ()

    @classmethod
    def of_rows(cls, rows: Iterable[tuple[int, int | None, int | None]], persons: Sequence[int] | None = None) -> QueueLog:
        """A log of (joined, entered, cleared), one person each unless told."""
        held = [(j, _NEVER if e is None else e, _NEVER if c is None else c) for j, e, c in rows]
        return cls._sorted(held, list(persons) if persons is not None else [1] * len(held), [""] * len(held), [])

    @classmethod
    def of_events(cls, events: Iterable[Event]) -> QueueLog:
        """A log of milestone events queue_joined, lane_entered, lane_cleared (current and actual).

        First joining, first entering, last clearing stand. A batch without a beginning, or that entered before it joined, is left
        out and told; `quantity` is that of the joining (1 where none is given); the group is the first that any of them tells.
        """
        batches: dict[tuple[str, str], dict[str, list[Event]]] = {}
        for event in current(events):
            if not event.planned and event.milestone in ("queue_joined", "lane_entered", "lane_cleared"):
                batches.setdefault((event.case_id, event.port), {}).setdefault(event.milestone, []).append(event)
        rows, persons, lanes, groups, findings = [], [], [], [], []
        for (case, _), seen in batches.items():
            if "queue_joined" not in seen:
                findings.append(Finding.warning(
                    "queue_start_missing", "进入通道而没有进入排队的时间，不计入候检。",
                    "It entered the lane, but when it joined the queue is not known: left out of the wait.", where=Place(path=case),
                    remedy=("补报进入排队的时间。", "Report when it joined the queue.")))  # fmt: skip
                continue
            join = min(seen["queue_joined"], key=lambda event: event.occurred_at)
            enter = min(seen.get("lane_entered", ()), key=lambda event: event.occurred_at, default=None)
            clear = max(seen.get("lane_cleared", ()), key=lambda event: event.occurred_at, default=None)
            if enter is None and clear is not None:
                findings.append(Finding.warning(
                    "queue_entry_missing", "已通过通道而没有进入通道的时间，不计入候检。",
                    "It cleared the lane, but when it entered is not known: left out of the wait.", where=Place(path=case),
                    remedy=("补报进入通道的时间。", "Report when it entered the lane.")))  # fmt: skip
                continue
            if enter is not None and enter.occurred_at < join.occurred_at:
                findings.append(Finding.error(
                    "entered_before_joined", f"进入通道（{text_of(enter.occurred_at)}）早于进入排队（{text_of(join.occurred_at)}）。",
                    f"It entered the lane ({text_of(enter.occurred_at)}) before it joined the queue ({text_of(join.occurred_at)}).",
                    where=Place(path=case), remedy=("核对两个设备的时钟。", "Check the clocks of both devices.")))  # fmt: skip
                continue
            rows.append((join.occurred_at, enter.occurred_at if enter else _NEVER, clear.occurred_at if clear else _NEVER))
            persons.append(1 if join.quantity is None else join.quantity)
            lanes.append(enter.place if enter else "")
            told = sorted((event for each in seen.values() for event in each if event.nationality_group), key=lambda event: event.occurred_at)
            groups.append(told[0].nationality_group or "" if told else "")
        return cls._sorted(rows, persons, lanes, findings, groups)

    @classmethod
    def _sorted(
        cls, rows: list[tuple[int, int, int]], persons: list[int], lanes: list[str], findings: list[Finding], groups: Sequence[str] = (),
    ) -> QueueLog:
        table = np.array(rows, dtype=np.int64).reshape(-1, 3)
        order = np.argsort(table[:, 0], kind="stable")
        table = table[order]
        return cls(
            table[:, 0], table[:, 1], table[:, 2], np.array(persons, dtype=np.int64)[order], [lanes[i] for i in order], tuple(findings),
            [groups[i] for i in order] if groups else (),
        )  # fmt: skip

    def of(self, chosen: NDArray[np.bool_]) -> QueueLog:
        """The chosen batches alone, in their order; what was found stays."""
        kept = chosen.tolist()
        return QueueLog(
            self.joined[chosen], self.entered[chosen], self.cleared[chosen], self.persons[chosen],
            [lane for lane, is_in in zip(self.lanes, kept, strict=True) if is_in], self.findings,
            [group for group, is_in in zip(self.groups, kept, strict=True) if is_in] if self.groups else (),
        )  # fmt: skip

    def waiting_at(self, when: int | NDArray[np.int64]) -> NDArray[np.int64]:
        """How many persons wait at instants: joined by then, not yet entered."""
        joined, entries, entered = self._running
        at = np.asarray(when, dtype=np.int64)
        found = joined[np.searchsorted(self.joined, at, side="right")] - entered[np.searchsorted(entries, at, side="right")]
        return np.asarray(found, dtype=np.int64)

    @cached_property
    def _running(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Persons joined before each batch; the instants of entering in order; persons entered before each of these."""
        order = np.argsort(self.entered, kind="stable")
        zero = np.zeros(1, dtype=np.int64)
        return np.concatenate([zero, np.cumsum(self.persons)]), self.entered[order], np.concatenate([zero, np.cumsum(self.persons[order])])


@dataclass(frozen=True, slots=True)
class Slot:
    """A quarter of an hour: mean and greatest length of the queue (persons), persons that joined and entered, lanes that served."""

    begins: int
    mean_waiting: float
    most_waiting: int
    least_waiting: int
    joined: int
    entered: int
    lanes: int


def slots(log: QueueLog, start: int, end: int, slot: int = SLOT) -> list[Slot]:
    """Cut a stretch into slots (the stretch should be whole slots). The mean is over time, exact between events."""
    if end <= start or slot <= 0:
        return []
    changes = np.concatenate([log.joined, log.entered[log.entered != _NEVER]])
    found = []
    for begins in range(start, end, slot):
        ends = min(begins + slot, end)
        inside = np.unique(changes[(changes > begins) & (changes < ends)])
        edges = np.concatenate([[begins], inside, [ends]])
        waiting = log.waiting_at(edges[:-1])
        served = (log.entered >= begins) & (log.entered < ends)
        lanes = {log.lanes[int(i)] for i in np.flatnonzero(served)} - {""}
        joined = (log.joined >= begins) & (log.joined < ends)
        found.append(Slot(
            begins, float((waiting * np.diff(edges)).sum() / (ends - begins)), int(waiting.max()), int(waiting.min()),
            int(log.persons[joined].sum()), int(log.persons[served].sum()), len(lanes),
        ))  # fmt: skip
    return found


@dataclass(frozen=True, slots=True)
class Little:
    """Both sides of Little's law over a stretch: the mean length of the queue, and arrivals a second × mean wait.

    `waiting_at_ends`: persons waiting at its beginning and end; the law is exact only where both are zero. `is_sound`: both sides
    agree within 2 %, None where the ends are not empty enough to tell.
    """

    mean_waiting: float
    arrivals_per_hour: float
    mean_wait_us: float | None
    expected_waiting: float | None
    waiting_at_ends: tuple[int, int]
    is_sound: bool | None
    finding: Finding | None


def littles_law(log: QueueLog, start: int, end: int, counted: Sequence[tuple[int, int]] | None = None) -> Little:
    """Check a log, or lengths counted by somebody else, against its waits.

    `counted`: (instant, persons waiting) as a camera or a counter gives them, each holding until the next; without it the lengths
    come from the log itself, and the check finds batches that join and never enter. Waits are those of batches that joined
    in the stretch; one that still waits counts up to its end.
    """
    span = end - start
    chosen = (log.joined >= start) & (log.joined < end)
    persons = log.persons[chosen]
    arrived = int(persons.sum())
    waits = np.minimum(log.entered[chosen], end) - log.joined[chosen]
    mean_wait = float((waits * persons).sum() / arrived) if arrived else None
    if counted:
        times = np.clip(np.array([when for when, _ in counted], dtype=np.int64), start, end)
        lengths = np.array([length for _, length in counted], dtype=np.float64)
        mean_length = float((lengths * np.diff(np.concatenate([times, [end]]))).sum() / span)
    else:
        mean_length = sum(each.mean_waiting * (min(each.begins + span, end) - each.begins) for each in slots(log, start, end, span)) / span
    expected = None if mean_wait is None else arrived / span * mean_wait
    at_start = int(log.persons[(log.joined < start) & (log.entered > start)].sum())
    ends = (at_start, int(log.waiting_at(end - 1)))
    sound, finding = None, None
    if expected is not None and ends == (0, 0):
        sound = abs(mean_length - expected) <= LITTLE_TOLERANCE * max(mean_length, expected)
    elif ends[1] and not counted and _stuck(log, end):
        sound = False
    if sound is False:
        finding = Finding.warning(
            "queue_log_incomplete",
            f"排队长度（平均 {mean_length:.1f} 人）与到达率×平均候检时间（{expected or 0:.1f} 人）不符，日志缺事件。",
            f"The length of the queue ({mean_length:.1f} on average) and arrivals × mean wait ({expected or 0:.1f}) disagree: events are missing.",
            measured=f"{mean_length:.2f}", required=f"{expected or 0:.2f} ± {LITTLE_TOLERANCE:.0%}",
            remedy=("核对排队和通道设备是否断报。", "Check whether the devices at the queue or the lanes stopped reporting."),
        )  # fmt: skip
    return Little(mean_length, arrived * HOUR / span, mean_wait, expected, ends, sound, finding)


def _stuck(log: QueueLog, end: int) -> bool:
    """Whether someone still waits who joined before three others that entered since: a queue does not forget one, a log does."""
    waiting = log.joined[(log.entered >= end) & (log.joined < end)]
    if not waiting.size:
        return False
    overtaken = (log.joined > waiting.min()) & (log.entered < end)
    return int(overtaken.sum()) >= 3


@dataclass(frozen=True, slots=True)
class Met:
    """How many of those judged met the limit."""

    met: int
    judged: int

    @property
    def share(self) -> float | None:
        """The share that met it; None of nothing."""
        return self.met / self.judged if self.judged else None


@dataclass(frozen=True, slots=True)
class WaitingRule:
    """The limit of waiting by batch, by person, and by quarter of an hour in which batches joined.

    A slot meets it when every batch that joined in it did. Whoever still waits has not met it once the limit is over, and is
    `undecided` before. `slots_not_met`: where to look.
    """

    limit_us: int
    batches: Met
    persons: Met
    slots: Met
    slots_not_met: tuple[int, ...]
    undecided: int
    longest_us: int | None

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        return {
            "limit_us": self.limit_us, "undecided": self.undecided, "longest_us": self.longest_us,
            "slots_not_met": [text_of(each) for each in self.slots_not_met],
            **{name: {"met": met.met, "judged": met.judged, "share": met.share}
               for name, met in (("batches", self.batches), ("persons", self.persons), ("slots", self.slots))},
        }  # fmt: skip


def waiting_rule(log: QueueLog, limit_us: int, as_of: int, slot: int = SLOT) -> WaitingRule:
    """Judge every wait that began by `as_of`. Which travellers a log holds (citizens, by lane) is the caller's choice."""
    seen = log.joined <= as_of
    joined, persons = log.joined[seen], log.persons[seen]
    entered = log.entered[seen]
    waits = np.minimum(entered, as_of) - joined
    is_waiting = entered > as_of
    undecided = is_waiting & (waits <= limit_us)
    judged, met = ~undecided, ~is_waiting & (waits <= limit_us)
    quarter = joined // slot * slot
    quarters = np.unique(quarter[judged])
    broken = np.unique(quarter[judged & ~met])
    return WaitingRule(
        limit_us, Met(int(met.sum()), int(judged.sum())), Met(int(persons[met].sum()), int(persons[judged].sum())),
        Met(int(quarters.size - broken.size), int(quarters.size)), tuple(int(each) for each in broken), int(undecided.sum()),
        int(waits.max()) if waits.size else None,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Capacity:
    """What lanes can do, from quarters of an hour in which somebody waited all the time. Persons an hour; None with a reason."""

    loaded_slots: int
    persons_per_hour: float | None
    low_per_hour: float | None
    high_per_hour: float | None
    per_lane_hour: float | None
    reason: Text | None


def capacity(log: QueueLog, start: int, end: int, slot: int = SLOT, fewest: int = FEWEST_LOADED) -> Capacity:
    """The capacity in a stretch: the median of what entered in loaded slots, with its quarters (25 % and 75 %).

    In a slot in which the queue was never empty the lanes, not the arrivals, set the pace; all other slots say nothing of capacity.
    A lane counts where it served in that slot.
    """
    loaded = [each for each in slots(log, start, end, slot) if each.least_waiting > 0 and each.begins + slot <= end]
    if len(loaded) < fewest:
        return Capacity(len(loaded), None, None, None, None, Text(
            f"整刻都有人等候的时段仅 {len(loaded)} 个，少于 {fewest} 个，不能推算通行能力",
            f"only {len(loaded)} slots in which somebody waited all the time, fewer than {fewest}: capacity cannot be told"))  # fmt: skip
    rate = HOUR / slot
    entered = [each.entered for each in loaded]
    low, middle, high = (quantile(entered, q) or 0.0 for q in (0.25, 0.5, 0.75))
    if not middle:
        # People wait and nobody goes in: a device that fell silent, or one lost batch; not lanes that can do nothing.
        return Capacity(len(loaded), None, None, None, None, Text(
            f"{len(loaded)} 个整刻都有人等候的时段里，多半没有人进入通道的记录，不能推算通行能力",
            f"in most of {len(loaded)} slots in which somebody waited all the time nobody is recorded to enter: capacity is not told"))  # fmt: skip
    lanes = sum(each.lanes for each in loaded)
    return Capacity(len(loaded), middle * rate, low * rate, high * rate, sum(entered) * rate / lanes if lanes else None, None)
