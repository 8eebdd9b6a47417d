"""Two clocks, one fold: which value of each attribute held on a day, as far as was known then.

Of the changes known at ``known_at`` and valid on ``as_of``, the one with the latest ``valid_from``
holds; among equals the one recorded last, which is how a mistake is corrected without editing it.
An empty ``valid_from`` means "since before our records" and so yields to any dated change.

>>> rows = [Change("status", "planned", None, 1, 1), Change("status", "open", date(2024, 5, 1), 2, 2)]
>>> fold(rows, date(2024, 4, 30))["status"].value, fold(rows, date(2024, 5, 1))["status"].value
('planned', 'open')
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

DATES = frozenset({"approved_on", "accepted_on"})
DECIMALS = frozenset({"latitude", "longitude"})


class Change(NamedTuple):
    """What the fold needs of a ``PortChange``, in the order in which queries read it."""

    attribute: str
    value: Any
    valid_from: date | None
    recorded_at: Any
    id: int


COLUMNS = Change._fields


def fold(changes: Iterable[Change], as_of: date, known_at: datetime | None = None) -> dict[str, Change]:
    """The change that holds for each attribute; attributes of which nothing was true or known are absent."""
    held: dict[str, Change] = {}
    for change in changes:
        if known_at is not None and change.recorded_at > known_at:
            continue
        if change.valid_from is not None and change.valid_from > as_of:
            continue
        before = held.get(change.attribute)
        if before is None or _order(change) > _order(before):
            held[change.attribute] = change
    return held


def _order(change: Change) -> tuple[date, Any, int]:
    return (change.valid_from or date.min, change.recorded_at, change.id)


def as_value(attribute: str, stored: Any) -> Any:
    """A stored JSON value as the type of its column."""
    if stored is None:
        return None
    if attribute in DATES:
        return date.fromisoformat(stored)
    if attribute in DECIMALS:
        return Decimal(stored)
    return stored


def as_stored(attribute: str, value: Any) -> Any:
    """A column value as JSON keeps it: dates as ISO text, decimals as text with five places."""
    if value is None:
        return None
    if attribute in DATES:
        return value.isoformat() if isinstance(value, date) else date.fromisoformat(value).isoformat()
    if attribute in DECIMALS:
        return str(Decimal(str(value)).quantize(Decimal("0.00001")))
    return value
