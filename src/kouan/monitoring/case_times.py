"""The times of a case out of the journal: what a user may see of its events, measured and explained.

The bridge between the journal (rows, scope, rulings on clocks) and ``monitoring.timing`` (pure). A case that passes a port beyond
the user's scope is explained from the events within it: nothing here tells that there are others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from kouan.basis import clock
from kouan.monitoring.journal.queries import events_as_dicts, events_of_case
from kouan.monitoring.norms.queries import norms_in_force
from kouan.monitoring.timing.clocks import OpeningHours
from kouan.monitoring.timing.events import Event, instant, microseconds
from kouan.monitoring.timing.explain import explain
from kouan.monitoring.timing.norms import Norm


def as_events(told: Iterable[Mapping[str, Any]]) -> list[Event]:
    """Events as the journal tells them (``events_as_dicts``), in the form that timing reads."""
    return [
        Event._make(instant(row[name]) if name in ("occurred_at", "received_at") else row[name] for name in Event._fields) for row in told
    ]


def events_for(user: Any, case_id: str) -> list[Event]:
    """Every revision of a case's events in the user's scope, times corrected by the rulings on clocks; NotFound for none."""
    return as_events(events_as_dicts(events_of_case(user, case_id)))


def explain_case(
    user: Any, case_id: str, *, on: date | None = None, hours: Mapping[str, OpeningHours] | None = None, norms: Sequence[Norm] | None = None,
) -> dict[str, Any]:
    """A case segment by segment (``timing.explain``), a running one up to now; NotFound when none of it is in scope.

    ``norms``: those held against it, without a word those in force.
    """
    held = norms_in_force() if norms is None else norms
    return explain(events_for(user, case_id), as_of=microseconds(clock.now()), on=on, hours=hours, norms=held)
