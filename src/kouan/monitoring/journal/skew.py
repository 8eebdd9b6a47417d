"""A clock that is wrong, found by rule from how long events take to reach us.

A right clock has delays that begin near zero. One that is constantly wrong shifts them all: the 5th percentile and the
median lie far from zero and close to each other. The shift is named in quarters of an hour, for that is how zones and
settings are mistaken; whether to correct it is for somebody to rule.
"""

from __future__ import annotations

from statistics import median

from kouan.basis import Finding, Place, clock
from kouan.monitoring.journal.columns import MINUTE, micros
from kouan.monitoring.journal.judge import Shift, SourceFacts
from kouan.monitoring.journal.models import EventBatch, EventSource

BATCHES, LEAST_EVENTS = 50, 30
# How far median and 5th percentile may lie apart for a shift to count as constant.
SPREAD = 20 * MINUTE
QUARTER = 15 * MINUTE


def constant_shift(delays: list[tuple[int, int, int]], skew_after: int) -> int | None:
    """Minutes by which a clock runs ahead (positive) or behind, in quarters of an hour; None where none is found.

    ``delays``: (5th percentile, median, number of events) of received − occurred, in µs, by batch.

    >>> constant_shift([(180 * MINUTE + 1, 181 * MINUTE, 40)], 30), constant_shift([(-178 * MINUTE, -177 * MINUTE, 40)], 30)
    (-180, 180)
    >>> constant_shift([(MINUTE, 200 * MINUTE, 40)], 30), constant_shift([(2 * MINUTE, 4 * MINUTE, 400)], 30)
    (None, None)
    """
    if sum(count for _, _, count in delays) < LEAST_EVENTS:
        return None
    low, middle = median(each[0] for each in delays), median(each[1] for each in delays)
    if min(abs(low), abs(middle)) < skew_after * MINUTE or middle - low > SPREAD or (low < 0) != (middle < 0):
        return None
    return -round(low / QUARTER) * 15


def clock_findings(source: EventSource) -> list[Finding]:
    """What the newest batches say of a source's clock, as it stands under the rulings in force."""
    facts = SourceFacts(source.code, source.origin, frozenset(), shifts=tuple(
        Shift(each.from_us, each.to_us, each.shift_us) for each in source.rulings.all() if each.revoked_at is None))
    rows = EventBatch.objects.filter(source=source.code, delay_low_us__isnull=False).order_by("-pk")[:BATCHES]
    delays = []
    for low, middle, count, received in rows.values_list("delay_low_us", "delay_mid_us", "actual", "received_at"):
        if low is None or middle is None:
            continue
        ruled = facts.shift_at(micros(received))
        delays.append((low - ruled, middle - ruled, count))
    found = constant_shift(delays, source.skew_after)
    if found is None:
        return []
    way_zh, way_en = ("快", "ahead") if found > 0 else ("慢", "behind")
    return [Finding.warning(
        "clock_skewed",
        f"来源“{source.code}”的时钟看来固定偏{way_zh}约 {abs(found)} 分钟（最近 {len(delays)} 批，截至 {clock.today().isoformat()}）。",
        f"The clock of “{source.code}” seems to run {abs(found)} minutes {way_en} all the time (newest {len(delays)} batches, "
        f"{clock.today().isoformat()}).",
        where=Place(field="occurred_at"), measured=f"{found:+d} min", required=f"± {source.skew_after} min",
        remedy=(f"核实后裁定校正：kouan events rule {source.code} --shift {-found:+d}。原报时刻保留。",
                f"Check it, then rule: kouan events rule {source.code} --shift {-found:+d}. What was reported is kept."))]
