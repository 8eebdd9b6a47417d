"""What the register says of ports over a stretch of days: the state at its end, and whether they were there.

For whoever judges a year. One query for all ports; none where the changes are at hand already.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from kouan.basis import clock
from kouan.ports.folding import COLUMNS, Change, fold
from kouan.ports.models import Port, PortChange
from kouan.ports.queries import OUT

ATTRIBUTES = ("status", "transport_class", "is_border", "is_group")


@dataclass(frozen=True, slots=True)
class HeldDuring:
    """What held for one port at the end of a stretch, and every status it had on any day of it."""

    status: str
    transport_class: str | None
    is_border: bool | None
    is_group: bool
    statuses: frozenset[str]

    @property
    def was_out(self) -> bool:
        """Whether it was planned, closed or merged on every day of the stretch."""
        return self.statuses <= OUT


def year_until_today(year: int) -> tuple[date, date]:
    """The days of a calendar year that have come; today alone for a year still to come or out of range."""
    today = clock.today()
    if not 1 <= year <= today.year:
        return today, today
    return date(year, 1, 1), min(date(year, 12, 31), today)


def held_during(
    ports: Iterable[Port], first: date, last: date, *, known_at: datetime | None = None,
    changes: Iterable[PortChange] | None = None,
) -> dict[str, HeldDuring]:
    """By code what held from ``first`` to ``last``, both included, as known at a moment (now).

    ``changes``: those of the ports, where the caller has read them. Ports that were not yet on record on
    ``last`` are left out.
    """
    wanted = {port.pk: port for port in ports}
    rows: dict[int, list[Change]] = defaultdict(list)
    if changes is not None:
        for each in changes:
            if each.attribute in ATTRIBUTES:
                rows[each.port_id].append(Change(each.attribute, each.value, each.valid_from, each.recorded_at, each.pk))
    else:
        query = PortChange.objects.filter(attribute__in=ATTRIBUTES).order_by().values_list("port_id", *COLUMNS)
        if len(wanted) <= 50:
            query = query.filter(port_id__in=list(wanted))
        for key, *columns in query.iterator():
            rows[key].append(Change(*columns))
    return {
        port.code: found for key, port in wanted.items()
        if (found := _held(rows.get(key, ()), first, last, known_at)) is not None
    }


def _held(changes: Iterable[Change], first: date, last: date, known_at: datetime | None) -> HeldDuring | None:
    known = list(changes)
    at_end = fold(known, last, known_at)
    if not at_end:
        return None
    turns = {first, *(
        each.valid_from for each in known
        if each.attribute == "status" and each.valid_from is not None and first < each.valid_from <= last
    )}
    statuses = {held["status"].value for day in turns if "status" in (held := fold(known, day, known_at))}
    value = {name: change.value for name, change in at_end.items()}
    return HeldDuring(
        status=value.get("status") or "unknown", transport_class=value.get("transport_class") or None,
        is_border=value.get("is_border"), is_group=bool(value.get("is_group")),
        statuses=frozenset(statuses or {"unknown"}),
    )
