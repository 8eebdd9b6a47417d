"""Sources of events as one looks after them: what each sent lately, what is held and why, what its clock does.

Counts are those of the last thirty days by when batches were received; what waits is all that waits. Every figure is within ``visible_to``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Sum

from kouan.audit import record_event
from kouan.basis import Finding, NotFound, Place, clock
from kouan.basis.clock import BEIJING
from kouan.monitoring.journal.models import ClockRuling, EventBatch, EventSource
from kouan.monitoring.journal.queries import (
    event_batches_visible_to,
    event_sources_visible_to,
    held_visible_to,
)
from kouan.monitoring.journal.skew import BATCHES, clock_findings

DAYS, RATE_DAYS = 30, 7
COUNTS = ("received", "accepted", "repeated", "held", "corrections", "withdrawals", "late", "out_of_order")
# Held rows of which the reasons are counted; more are told as such.
READ_FOR_REASONS = 5_000


@dataclass(frozen=True, slots=True)
class SourceState:
    """One source. ``counts``: of the last thirty days, by ``COUNTS``; ``rate``: events accepted a day over the last seven;
    ``skew``: what its clock is found to do, None where nothing is."""

    source: EventSource
    counts: dict[str, int]
    rate: float
    received_at: datetime | None
    last_us: int | None
    waiting: int
    skew: Finding | None
    rulings: tuple[ClockRuling, ...]


def source_states(user: Any, sources: Iterable[EventSource] | None = None) -> list[SourceState]:
    """The sources in a user's sight, by code; ``sources``: some of them."""
    rows = event_sources_visible_to(user) if sources is None else event_sources_visible_to(user).filter(pk__in=[each.pk for each in sources])
    held = list(rows.select_related("organisation").prefetch_related("rulings").order_by("code"))
    now, codes = clock.now(), [each.code for each in held]
    batches = event_batches_visible_to(user).filter(source__in=codes).order_by()
    sums = {row["source"]: row for row in batches.filter(received_at__gt=now - timedelta(days=DAYS)).values("source").annotate(
        **{f"sum_{name}": Sum(name) for name in COUNTS})}
    lately = dict(batches.filter(received_at__gt=now - timedelta(days=RATE_DAYS)).values_list("source").annotate(Sum("accepted")))
    newest = {row["source"]: row for row in batches.values("source").annotate(at=Max("received_at"), last=Max("last_us"))}
    waiting = dict(held_visible_to(user).filter(source__in=codes, resolution="").order_by().values_list("source").annotate(Count("pk")))
    return [
        SourceState(
            each, {name: sums.get(each.code, {}).get(f"sum_{name}") or 0 for name in COUNTS}, (lately.get(each.code) or 0) / RATE_DAYS,
            newest.get(each.code, {}).get("at"), newest.get(each.code, {}).get("last"), waiting.get(each.code, 0),
            next(iter(clock_findings(each)), None), tuple(ruling for ruling in each.rulings.all() if ruling.revoked_at is None))
        for each in held
    ]


def get_source(user: Any, code: str) -> EventSource:
    """A source in sight. NotFound says the same whether it is unknown or another office's; the asking leaves a trace."""
    found: EventSource | None = event_sources_visible_to(user).filter(code=code).select_related("organisation").first()
    if found is None:
        if EventSource.objects.filter(code=code).exists():
            record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "event_source", "code": code})
        raise NotFound.because("unknown_event_source", f"没有事件来源“{code[:64]}”。", f"There is no event source “{code[:64]}”.",
                               where=Place(field="source"), remedy=("请从事件来源列表中选择。", "Choose it from the list of sources."))
    return found


@dataclass(frozen=True, slots=True)
class DayOfSource:
    """What a source sent on one day of Beijing."""

    day: date
    counts: dict[str, int]


def days_of(user: Any, code: str, days: int = DAYS) -> list[DayOfSource]:
    """Day by day up to today, oldest first; days without a batch hold zeros."""
    today = clock.today()
    first = today - timedelta(days=days - 1)
    table: dict[date, Counter[str]] = {first + timedelta(days=at): Counter() for at in range(days)}
    start = datetime(first.year, first.month, first.day, tzinfo=BEIJING)
    for at, *numbers in event_batches_visible_to(user).filter(source=code, received_at__gte=start).values_list("received_at", *COUNTS).iterator():
        row = table.get(clock.day_of(at))
        if row is not None:
            row.update(dict(zip(COUNTS, numbers, strict=True)))
    return [DayOfSource(day, {name: row[name] for name in COUNTS}) for day, row in table.items()]


@dataclass(frozen=True, slots=True)
class HeldReason:
    """Why rows wait: the kind of finding, how many, and the first of them."""

    code: str
    count: int
    first: Finding


def held_reasons(user: Any, code: str) -> list[HeldReason]:
    """The reasons of the rows of a source that wait, most first; of the newest five thousand."""
    counted: Counter[str] = Counter()
    first: dict[str, Finding] = {}
    rows = held_visible_to(user).filter(source=code, resolution="").order_by("-pk").values_list("findings", flat=True)[:READ_FOR_REASONS]
    for findings in rows:
        for said in findings[:1]:
            counted[said["code"]] += 1
            first.setdefault(said["code"], Finding.from_dict(said))
    return [HeldReason(each, number, first[each]) for each, number in counted.most_common()]


def skewed_since(source: EventSource) -> datetime | None:
    """The beginning of the day on which the oldest of the batches was received that a clock is judged by: where a ruling might begin."""
    newest = EventBatch.objects.filter(source=source.code, delay_low_us__isnull=False).order_by("-pk").values_list("received_at", flat=True)
    received = list(newest[:BATCHES])
    if not received:
        return None
    day = clock.day_of(min(received))
    return datetime(day.year, day.month, day.day, tzinfo=BEIJING)
