"""Sources, and the rulings on their clocks: what the judge must know of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from kouan.accounts.action import System
from kouan.monitoring.journal.judge import Shift, SourceFacts
from kouan.monitoring.journal.models import ClockRuling, EventSource
from kouan.ports.models import Port


def shifts(codes: Iterable[str] | None = None) -> dict[str, tuple[Shift, ...]]:
    """The rulings in force, by source."""
    rows = ClockRuling.objects.filter(revoked_at__isnull=True).order_by("from_us", "pk")
    if codes is not None:
        rows = rows.filter(source__code__in=set(codes))
    found: dict[str, list[Shift]] = defaultdict(list)
    for code, start, end, shift in rows.values_list("source__code", "from_us", "to_us", "shift_us"):
        found[code].append(Shift(start, end, shift))
    return {code: tuple(each) for code, each in found.items()}


def facts_of(code: str) -> SourceFacts | None:
    """What the judge must know of one source, whoever asks; None where there is no such source."""
    return sources_of(System("judging"), [code]).get(code)


def sources_of(actor: Any, codes: Iterable[str]) -> dict[str, SourceFacts]:
    """Of the named sources, those for which the actor may speak: its organisation's own; the system for all."""
    rows = EventSource.objects.filter(code__in=_sayable(codes), is_active=True)
    if not isinstance(actor, System):
        rows = rows.filter(organisation_id=actor.organisation_id, organisation__is_active=True)
    found = list(rows)
    ruled = shifts([each.code for each in found]) if found else {}
    return {
        each.code: SourceFacts(
            each.code, each.origin, frozenset(each.port_codes), each.late_after, each.ahead_allowed, ruled.get(each.code, ()))
        for each in found
    }


def _sayable(codes: Iterable[str]) -> set[str]:
    """Those that could be a code at all: events that have not the shape of one may name anything, NULs and half characters too."""
    return {code for code in codes if code.isprintable()}


def known_ports(codes: Iterable[str]) -> frozenset[str]:
    """Those of the codes that the register of ports holds."""
    return frozenset(Port.objects.filter(code__in=_sayable(codes)).values_list("code", flat=True))
