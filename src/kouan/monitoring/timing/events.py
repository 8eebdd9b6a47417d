"""A milestone event: what every door, file and engine of operation times reads and writes.

The columns, their order and their meaning are one contract for the journal, CSV, Parquet, the API and reports. Times
are whole microseconds since 1970-01-01 UTC, so that no sum of segments ever loses one to rounding.

>>> arrival = Event("C1", "container", "arrived", "sea", "inbound", "CNSHA", occurred_at=instant("2026-03-01T08:00:00+08:00"))
>>> arrival.occurred_at, text_of(arrival.occurred_at)
(1772323200000000, '2026-03-01T00:00:00Z')
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

CASE_KINDS = ("consignment", "declaration", "container", "vehicle", "train", "vessel_call", "flight", "passenger_batch")
MODES = ("sea", "river", "air", "rail", "road")
DIRECTIONS = ("inbound", "outbound", "transit")
ORIGINS = ("official", "exercise", "demonstration")

# What is timed. A case kind belongs to one subject, and a subject has its own flows and wholes.
SUBJECTS = ("goods", "conveyances", "vehicles", "persons")
SUBJECT_OF_KIND = {
    "consignment": "goods", "declaration": "goods", "container": "goods", "vehicle": "vehicles", "train": "conveyances",
    "vessel_call": "conveyances", "flight": "conveyances", "passenger_batch": "persons",
}  # fmt: skip

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Event(NamedTuple):
    """One report that a case reached a milestone. `occurred_at`, `received_at`: µs since 1970-01-01 UTC."""

    case_id: str
    case_kind: str
    milestone: str
    mode: str
    direction: str
    port: str
    place: str = ""
    party: str = ""
    planned: bool = False
    occurred_at: int = 0
    utc_offset: int | None = None
    received_at: int = 0
    source: str = ""
    event_id: str = ""
    revision: int = 1
    withdrawn: bool = False
    quantity: int | None = None
    origin: str = "official"
    nationality_group: str | None = None
    risk_channel: str | None = None
    goods_kind: str | None = None


COLUMNS: tuple[str, ...] = Event._fields


def instant(text: str) -> int:
    """Microseconds since 1970-01-01 UTC of ISO text with an offset (ValueError without one: no certain instant)."""
    return microseconds(datetime.fromisoformat(text))


def microseconds(when: datetime) -> int:
    """Microseconds since 1970-01-01 UTC of an aware datetime, exact (`timestamp()` is a binary fraction and is not)."""
    if when.tzinfo is None:
        raise ValueError("an instant without time zone is no certain instant; give an aware datetime")
    return (when - _EPOCH) // _MICROSECOND


def moment(occurred_at: int) -> datetime:
    """The aware UTC datetime of microseconds since 1970-01-01 UTC."""
    return _EPOCH + timedelta(microseconds=occurred_at)


def text_of(occurred_at: int) -> str:
    """ISO text in UTC, with microseconds only where there are any."""
    return moment(occurred_at).isoformat().replace("+00:00", "Z")


def current(events: Iterable[Event]) -> list[Event]:
    """The events that stand: of each (source, event_id) the highest revision, unless it is withdrawn.

    A withdrawal voids the event, not only its revision: an earlier one does not come back. Of two rows with the same
    revision the one received last stands, then the later in the order given. An event without an id stands alone,
    for nothing can correct it. The order given is kept.
    """
    newest: dict[tuple[str, str], tuple[int, int, int]] = {}
    rows = list(events)
    for place, event in enumerate(rows):
        if event.event_id:
            rank = (event.revision, event.received_at, place)
            key = (event.source, event.event_id)
            if key not in newest or rank > newest[key]:
                newest[key] = rank
    return [
        event for place, event in enumerate(rows)
        if not event.withdrawn and (not event.event_id or newest[event.source, event.event_id][2] == place)
    ]
