"""Queue and lanes at a port: the wait, the thirty minutes by batch and by quarter of an hour, Little's law, capacity.

The limit of thirty minutes is for Chinese citizens. Batches whose events tell a nationality group are chosen by it (``group``); where
events do not tell, whoever asks may name the lanes that are theirs (``lanes``). Without either the figures are of all travellers, and the
page says so.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import numpy as np

from kouan.basis import Place, Refused, clock
from kouan.basis.clock import BEIJING
from kouan.monitoring.journal.reading import Part, events_table, newest_rows
from kouan.monitoring.journal.traits import NATIONALITY_GROUPS
from kouan.monitoring.processes.asking import MOST_OPEN, port_for
from kouan.monitoring.timing import parameters
from kouan.monitoring.timing.events import DAY, MINUTE, Event, microseconds
from kouan.monitoring.timing.queues import (
    SLOT,
    Capacity,
    Little,
    QueueLog,
    Slot,
    WaitingRule,
    capacity,
    littles_law,
    slots,
    waiting_rule,
)
from kouan.monitoring.timing.statistics import Summary, summarise

# A view of queues is of so many days, and of so many events: more of either is another question.
MOST_DAYS = 7
MOST_EVENTS = 150_000
KINDS = ("passenger_batch", "vehicle")
_ROWS = """
SELECT case_id, case_kind, milestone, mode, direction, port, place, planned, epoch_us(occurred_at), epoch_us(received_at), source, event_id,
       revision, withdrawn, quantity, origin, nationality_group
FROM events WHERE port = ? AND case_kind = ? AND direction = ? AND milestone IN ('queue_joined', 'lane_entered', 'lane_cleared')
  AND occurred_at >= make_timestamp(?) AND occurred_at < make_timestamp(?) ORDER BY occurred_at LIMIT ?
"""


@dataclass(frozen=True)
class LaneView:
    """The queue of one kind and direction from ``first`` to ``last``. ``persons``: of batches (vehicles count 1 each).

    ``group``: the nationality group asked for; ``groups``: how many of the ``joined`` batches of these days told each.
    ``is_cut``: there were more events than a view reads, and it ends where they ended. ``unread``: rows of the journal left out.
    """

    port: str
    kind: str
    direction: str
    first: date
    last: date
    lanes: tuple[str, ...]
    since: int
    until: int
    batches: int = 0
    persons: int = 0
    waits: Summary | None = None
    by_lane: tuple[tuple[str, int, Summary], ...] = ()
    rule: WaitingRule | None = None
    little: Little | None = None
    capacity: Capacity | None = None
    slots: tuple[Slot, ...] = ()
    findings: tuple[Any, ...] = ()
    origins: tuple[str, ...] = ()
    is_provisional: bool = False
    is_cut: bool = False
    unread: int = 0
    group: str = ""
    groups: tuple[tuple[str, int], ...] = ()
    joined: int = 0


def lane_view(
    user: Any, port: str, first: date, last: date | None = None, *, kind: str = "passenger_batch", direction: str = "inbound",
    lanes: tuple[str, ...] = (), group: str = "",
) -> LaneView:
    """Measure the queue at a port in scope over some days of Beijing time (NotFound out of scope, Refused for too many days)."""
    last = last or first
    if last < first or (last - first).days >= MOST_DAYS:
        raise Refused.because(
            "too_many_days", f"须为先后顺序正确的至多 {MOST_DAYS} 天。", f"At most {MOST_DAYS} days, in their order.", where=Place(field="last"),
            remedy=("缩短时段。", "Ask for fewer days."))
    if kind not in KINDS or direction not in ("inbound", "outbound"):
        raise Refused.because("no_such_queue", "排队只有人员和车辆的进境、出境。", "Queues are of persons and vehicles, in and out.",
                              where=Place(field="kind"), remedy=("从列表中选择。", "Choose from the list."))
    if group and (kind != "passenger_batch" or group not in NATIONALITY_GROUPS):
        raise Refused.because("no_such_group", "人员分组只有中国公民和其他人员。", "Groups are of travellers: citizens and others.",
                              where=Place(field="group"), remedy=("从列表中选择。", "Choose from the list."))
    found_port = port_for(user, port)
    since, end = (microseconds(datetime.combine(day, time(), BEIJING)) for day in (first, last))
    until = min(end + DAY, max(since, microseconds(clock.now())))
    is_provisional = until < end + DAY
    above, unread = newest_rows(MOST_OPEN)
    part = Part(found_port.code, (since - DAY, until), (since - DAY, until), above)
    with events_table(user, of=part) as connection:
        rows = connection.execute(_ROWS, [found_port.code, kind, direction, since - DAY // 2, until, MOST_EVENTS + 1]).fetchall()
    is_cut = len(rows) > MOST_EVENTS
    if is_cut:
        until = max(since, rows[-1][8])
    events = [Event(case_id=r[0], case_kind=r[1], milestone=r[2], mode=r[3], direction=r[4], port=r[5], place=r[6], planned=r[7], occurred_at=r[8],
                    received_at=r[9], source=r[10], event_id=r[11], revision=r[12], withdrawn=r[13], quantity=r[14], origin=r[15],
                    nationality_group=r[16])
              for r in rows[:MOST_EVENTS]]  # fmt: skip
    whole = QueueLog.of_events(events)
    there = tuple(sorted({lane for lane in whole.lanes if lane}))
    log = whole if not lanes else whole.of(np.array([lane in lanes for lane in whole.lanes], bool))  # who still waits has no lane yet
    within = (whole.joined >= since) & (whole.joined < until)
    told = Counter(each for each, is_in in zip(whole.groups, within.tolist(), strict=False) if is_in and each)
    if group:
        log = log.of(np.array([each == group for each in log.groups], bool))
    seen = LaneView(found_port.code, kind, direction, first, last, there, since, until, group=group, groups=tuple(sorted(told.items())),
                    joined=int(within.sum()), origins=tuple(sorted({event.origin for event in events})),
                    findings=whole.findings, is_provisional=is_provisional, is_cut=is_cut, unread=unread)
    inside = (log.joined >= since) & (log.joined < until)
    if not inside.any():
        return seen
    return _measured(seen, log, inside, since, until)


def _measured(seen: LaneView, log: QueueLog, inside: Any, since: int, until: int) -> LaneView:
    chosen = log.of(inside)
    entered = chosen.entered < until
    waits = chosen.entered[entered] - chosen.joined[entered]
    first_limit = parameters.shipped()["waiting_limit_minutes"][0].in_force_from
    limit = int(parameters.on("waiting_limit_minutes", max(seen.last, first_limit)).number("minutes")) * MINUTE
    lane_of = np.array(chosen.lanes, dtype=object)[entered]
    counts = Counter(lane_of.tolist())
    by_lane = tuple(
        (lane, int(chosen.persons[entered][lane_of == lane].sum()), summarise(waits[lane_of == lane], norm_us=limit))
        for lane, _ in counts.most_common(40)
    )  # fmt: skip
    end = since + -(-(until - since) // SLOT) * SLOT
    return LaneView(**{name: getattr(seen, name) for name in LaneView.__dataclass_fields__} | {
        "batches": int(inside.sum()), "persons": int(chosen.persons.sum()), "waits": summarise(waits, norm_us=limit), "by_lane": by_lane,
        "rule": waiting_rule(chosen, limit, until), "little": littles_law(log, since, until), "capacity": capacity(log, since, until),
        "slots": tuple(slots(log, since, min(end, until))),
    })
