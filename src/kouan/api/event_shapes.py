"""The shapes of the door for milestone events, as the API's description shows them."""

from __future__ import annotations

from typing import Any

from ninja import Schema

from kouan.api.shapes import FindingOut
from kouan.monitoring.journal.traits import GOODS_KINDS, NATIONALITY_GROUPS, RISK_CHANNELS


class EventOut(Schema):
    """A milestone event. ``occurred_at`` follows the rulings on clocks, ``reported_at`` is what the source said."""

    id: int
    case_id: str
    case_kind: str
    milestone: str
    mode: str
    direction: str
    port: str
    place: str
    party: str
    planned: bool
    occurred_at: str
    reported_at: str
    utc_offset: int | None
    received_at: str
    source: str
    event_id: str
    revision: int
    withdrawn: bool
    quantity: int | None
    origin: str
    nationality_group: str | None
    risk_channel: str | None
    goods_kind: str | None
    batch: int


class EventPage(Schema):
    """Events, oldest first."""

    items: list[EventOut]
    next: str | None
    workspace: str


class EventOutcome(Schema):
    """What became of one event that was not simply accepted; ``number`` counts from 1 in the request."""

    number: int
    outcome: str
    batch: int | None
    findings: list[FindingOut]


class EventsOut(Schema):
    """received = accepted + repeated + held + refused; ``events`` names all that were not simply accepted."""

    received: int
    accepted: int
    repeated: int
    held: int
    refused: int
    corrections: int
    batches: list[int]
    events: list[EventOutcome]
    findings: list[FindingOut]


class HeldEventOut(Schema):
    """A row that was not accepted, as it was sent, with the reasons."""

    id: int
    batch: int
    number: int
    source: str
    event_id: str
    port: str
    raw: Any
    findings: list[FindingOut]
    resolution: str | None
    reason: str | None


class HeldEventPage(Schema):
    """Held rows."""

    items: list[HeldEventOut]
    next: str | None
    workspace: str


class EventCounts(Schema):
    """What a source sent in the last thirty days, by when it was received."""

    received: int
    accepted: int
    repeated: int
    held: int
    corrections: int
    withdrawals: int
    late: int
    out_of_order: int


class EventSourceOut(Schema):
    """A source, what it sent lately, what waits, and what its clock is found to do. ``accepted_a_day``: over the last seven days."""

    code: str
    name: dict[str, str]
    organisation: str
    ports: list[str]
    origin: str
    late_after_minutes: int
    ahead_allowed_minutes: int
    norm_per_second: int
    known_faults: list[dict[str, str]]
    rulings: list[dict[str, Any]]
    findings: list[FindingOut]
    last_30_days: EventCounts
    accepted_a_day: float
    held_waiting: int
    last_received_at: str | None
    last_occurred_at: str | None


class EventSourcePage(Schema):
    """Sources."""

    items: list[EventSourceOut]
    next: str | None
    workspace: str


_TEXT = {"type": "string", "maxLength": 80}
_MOMENT = {"oneOf": [{"type": "string", "format": "date-time"}, {"type": "integer", "minimum": -(2**53), "maximum": 2**53}]}
EVENT_SCHEMA: dict[str, Any] = {
    "type": "object", "additionalProperties": False,
    "required": ["case_id", "case_kind", "milestone", "mode", "direction", "port", "occurred_at", "event_id"],
    "properties": {
        "case_id": {**_TEXT, "minLength": 1}, "milestone": {"type": "string", "minLength": 1, "maxLength": 48},
        "case_kind": {"enum": ["consignment", "declaration", "container", "vehicle", "train", "vessel_call", "flight", "passenger_batch"]},
        "mode": {"enum": ["sea", "river", "air", "rail", "road"]}, "direction": {"enum": ["inbound", "outbound", "transit"]},
        "port": {"type": "string", "minLength": 1, "maxLength": 64}, "place": _TEXT, "party": _TEXT, "planned": {"type": "boolean"},
        "occurred_at": {**_MOMENT, "description": "ISO 8601 含时区，或自 1970 年起的微秒数 / ISO 8601 with offset, or µs since 1970 (UTC)"},
        "received_at": {**_MOMENT, "description": "仅演练、演示来源采用 / kept for exercises and demonstrations only"},
        "utc_offset": {"type": ["integer", "null"], "minimum": -840, "maximum": 840},
        "source": {"type": "string", "maxLength": 64}, "event_id": {**_TEXT, "minLength": 1},
        "revision": {"type": "integer", "minimum": 1, "maximum": 1_000_000}, "withdrawn": {"type": "boolean"},
        "quantity": {"type": ["integer", "null"], "minimum": 0, "maximum": 2**53},
        "origin": {"enum": ["official", "exercise", "demonstration", ""]},
        "nationality_group": {"enum": [*NATIONALITY_GROUPS, None], "description": "仅旅客批次 / of passenger batches only"},
        "risk_channel": {"enum": [*RISK_CHANNELS, None], "description": "仅货物 / of goods only"},
        "goods_kind": {"enum": [*GOODS_KINDS, None], "description": "仅货物 / of goods only"},
    },
}
EVENTS_BODY: dict[str, Any] = {"requestBody": {"required": True, "content": {
    "application/json": {"schema": {"type": "array", "minItems": 1, "maxItems": 1000, "items": EVENT_SCHEMA}},
    "application/x-ndjson": {"schema": {"type": "string", "description": "每行一个事件对象 / one event object a line"}},
}}}
