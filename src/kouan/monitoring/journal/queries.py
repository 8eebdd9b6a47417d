"""What can be asked of the journal. Everything that reaches a user passes ``visible_to``."""

from __future__ import annotations

from typing import Any

from kouan.basis import NotFound, Place
from kouan.monitoring.journal.columns import iso
from kouan.monitoring.journal.judge import shift_at
from kouan.monitoring.journal.models import Event, EventBatch, EventSource, HeldEvent
from kouan.monitoring.journal.sources import shifts
from kouan.monitoring.journal.visibility import BySourceQuerySet, EventQuerySet, SourceQuerySet


def events_visible_to(user: Any) -> EventQuerySet:
    """Events at ports in the user's scope, every revision."""
    return Event.objects.visible_to(user)


def events_of_case(user: Any, case_id: str) -> EventQuerySet:
    """Every revision of the events of one case, in the order of the journal; NotFound when none is in scope."""
    found = events_visible_to(user).filter(case_id=case_id)
    if not found.exists():
        raise NotFound.because("unknown_case", f"没有事项“{case_id}”的事件。", f"There are no events of case “{case_id}”.",
                               where=Place(field="case"), remedy=("请核对事项编号。", "Check the number of the case."))
    return found


def held_visible_to(user: Any) -> BySourceQuerySet:
    """Held rows of sources in the user's sight."""
    return HeldEvent.objects.visible_to(user)


def event_batches_visible_to(user: Any) -> BySourceQuerySet:
    """Batches of sources in the user's sight."""
    return EventBatch.objects.visible_to(user)


def event_sources_visible_to(user: Any) -> SourceQuerySet:
    """Sources in the user's sight."""
    return EventSource.objects.visible_to(user)


def events_as_dicts(events: Any) -> list[dict[str, Any]]:
    """Events as every door shows them. ``occurred_at`` follows the rulings on clocks; ``reported_at`` is as reported."""
    rows = list(events)
    ruled = shifts({row.source for row in rows})
    told = []
    for row in rows:
        shift = shift_at(ruled.get(row.source, ()), row.received_us)
        told.append({
            "id": row.pk, "case_id": row.case_id, "case_kind": row.case_kind, "milestone": row.milestone, "mode": row.mode,
            "direction": row.direction, "port": row.port, "place": row.place, "party": row.party, "planned": row.planned,
            "occurred_at": iso(row.occurred_us + shift), "reported_at": iso(row.occurred_us), "utc_offset": row.utc_offset,
            "received_at": iso(row.received_us), "source": row.source, "event_id": row.event_id, "revision": row.revision,
            "withdrawn": row.withdrawn, "quantity": row.quantity, "origin": row.origin,
            "nationality_group": row.nationality_group, "risk_channel": row.risk_channel, "goods_kind": row.goods_kind,
            "batch": row.batch_id,
        })
    return told
