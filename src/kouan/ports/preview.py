"""What a change would do, shown before it is done: old → new, from which day, and whether it shows today.

The verb itself runs, in a transaction that is taken back. So a preview refuses what the verb refuses,
and shows what the verb writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Max, Q

from kouan.audit import acting
from kouan.basis import clock
from kouan.ports.folding import COLUMNS, Change, fold
from kouan.ports.kinds import Kind, Request
from kouan.ports.models import LayoutLink, Port, PortChange, PortCode, PortEvent


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that changes. ``what``: an attribute, ``event``, ``code`` or ``layout_link``.

    ``effect``: "now", "later" (dated ahead: it shows on its day) or "past" (a later entry holds today).
    """

    port: str
    port_name: str
    what: str
    old: Any
    new: Any
    valid_from: date | None
    effect: str = "now"

    def as_dict(self) -> dict[str, Any]:
        """The JSON shape."""
        return {
            "port": self.port, "what": self.what, "old": self.old, "new": self.new,
            "valid_from": self.valid_from.isoformat() if self.valid_from else None, "effect": self.effect,
        }


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the tables went before a change, and which codes were in use."""

    last: dict[type, int]
    retired: frozenset[int]

    @classmethod
    def now(cls) -> Mark:
        """Where the tables stand."""
        tables = (PortChange, PortEvent, PortCode, LayoutLink)
        return cls(
            {table: table._default_manager.aggregate(last=Max("pk"))["last"] or 0 for table in tables},
            frozenset(PortCode.objects.filter(valid_to__isnull=False).values_list("pk", flat=True)),
        )


def perform(kind: Kind, request: Request) -> list[Difference]:
    """Do it, and say what changed."""
    # `acting` writes first and so takes SQLite's lock; a transaction that begins by reading could lose it.
    with acting(request.actor.pk, note="ports.perform"):
        mark = Mark.now()
        kind.run(request)
        return _differences(mark, request)


def preview(kind: Kind, request: Request, before: Callable[[], Any] | None = None) -> list[Difference]:
    """What ``perform`` would change; nothing is written. Raises whatever the verb refuses.

    ``before`` is done first and taken back as well: a door records a new document with it, and what it
    answers becomes the request's document.
    """
    # Refusals are events of the trail: `acting` writes them although everything else is taken back.
    with acting(request.actor.pk, note="ports.preview"):
        if before is not None:
            request = replace(request, document=before())
        found = perform(kind, request)
        transaction.set_rollback(True)
    return found


def _differences(mark: Mark, request: Request) -> list[Difference]:
    mine = _involved(request)
    return [*_of_attributes(mark, mine), *_of_events(mark, mine), *_of_codes(mark, mine), *_of_links(mark, mine)]


def _involved(request: Request) -> list[int]:
    said = request.values
    named = [request.port, str(said.get("code") or ""), str(said.get("into") or ""), *said.get("with", ())]
    return list(Port.objects.filter(code__in=[each for each in named if each]).values_list("pk", flat=True))


def _of_attributes(mark: Mark, ports: list[int]) -> list[Difference]:
    last, today = mark.last[PortChange], clock.today()
    found = []
    fresh = PortChange.objects.filter(port_id__in=ports, pk__gt=last).select_related("port").order_by("pk")
    rows: dict[int, list[Change]] = {}
    for change in fresh:
        if change.port_id not in rows:
            rows[change.port_id] = [Change(*row) for row in change.port.changes.order_by().values_list(*COLUMNS)]
        all_rows = rows[change.port_id]
        old = fold((row for row in all_rows if row.id <= last), change.valid_from or today).get(change.attribute)
        held = fold(all_rows, today).get(change.attribute)
        effect = "now" if held and held.id == change.pk else "later" if change.valid_from and change.valid_from > today else "past"
        found.append(Difference(change.port.code, change.port.name_zh, change.attribute, old.value if old else None,
                                change.value, change.valid_from, effect))
    return found


def _of_events(mark: Mark, ports: list[int]) -> Iterable[Difference]:
    fresh = PortEvent.objects.filter(port_id__in=ports, pk__gt=mark.last[PortEvent]).select_related("port", "into")
    return [Difference(row.port.code, row.port.name_zh, "event", None, row.kind, row.happened_on,
                       "later" if row.happened_on > clock.today() else "now") for row in fresh]


def _of_codes(mark: Mark, ports: list[int]) -> Iterable[Difference]:
    fresh = PortCode.objects.filter(port_id__in=ports).filter(
        Q(pk__gt=mark.last[PortCode]) | Q(valid_to__isnull=False)).exclude(pk__in=mark.retired).select_related("port")
    return [
        Difference(row.port.code, row.port.name_zh, "code", f"{row.scheme} {row.code}" if row.valid_to else None,
                   None if row.valid_to else f"{row.scheme} {row.code}", row.valid_to or row.valid_from)
        for row in fresh
    ]


def _of_links(mark: Mark, ports: list[int]) -> Iterable[Difference]:
    fresh = LayoutLink.objects.filter(port_id__in=ports, pk__gt=mark.last[LayoutLink]).select_related("port", "entry")
    return [Difference(row.port.code, row.port.name_zh, "layout_link", None, row.entry.layout_id, None) for row in fresh]
