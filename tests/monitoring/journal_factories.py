"""Builders of sources and events in field words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from tests.accounts.factories import a_port_reporter
from tests.ports.factories import a_port

from kouan.accounts.models import User
from kouan.monitoring.journal import shape
from kouan.monitoring.journal.actions import Answer, take_in_events
from kouan.monitoring.journal.models import EventSource

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # noon in Beijing
PORT, OTHER_PORT = "tianjin-water", "manzhouli-rail"


def a_source(code: str = "tj-terminal", *, user: User | None = None, ports: tuple[str, ...] = (PORT,), **fields: Any) -> EventSource:
    """A registered source; with its ports, and an office of its own unless a user's is meant."""
    if not EventSource.objects.exists():
        a_port(PORT, "water", province_code="12")
        a_port(OTHER_PORT, "rail", province_code="15")
    user = user or a_port_reporter(*[port for port in ports if port != "*"], username=f"reporter-{code}")
    return EventSource.objects.create(**{
        "code": code, "name_zh": f"码头系统{code}", "name_en": f"Terminal system {code}", "organisation": user.organisation,
        "port_codes": list(ports), **fields})


def an_event(number: int = 1, **fields: Any) -> dict[str, Any]:
    """One event as a sender writes it: a container that arrived ``number`` seconds after noon."""
    return {
        "case_id": f"C{number:05d}", "case_kind": "container", "milestone": "arrived", "mode": "sea", "direction": "inbound",
        "port": PORT, "occurred_at": (NOON + timedelta(seconds=number)).isoformat(), "source": "tj-terminal",
        "event_id": f"E{number}", **fields,
    }


def read(*events: Any) -> shape.Read:
    """Events as the door reads them."""
    return shape.read(msgspec.json.encode(list(events)))


def sent(actor: Any, *events: Any, **options: Any) -> Answer:
    """Events taken in."""
    return take_in_events(actor=actor, read=read(*events), **options)
