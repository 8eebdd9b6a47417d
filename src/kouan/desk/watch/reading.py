"""Traces read from the trail (events of somebody, changes of roles) and from what was read through grants."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from kouan.audit.models import AuditEntry
from kouan.basis.clock import BEIJING
from kouan.desk.sharing.models import GrantRead
from kouan.desk.watch.detectors import USUAL_DAYS, Trace

EVENTS = ("export", "download", "refused", "out_of_reach", "out_of_scope", "intake.out_of_scope", "sign_in", "sign_in_failed")
MOST = 500_000


def span(first: date, last: date) -> tuple[datetime, datetime]:
    """The instants that whole days in Beijing begin and end at."""
    return (datetime.combine(first, time(), BEIJING).astimezone(UTC),
            datetime.combine(last + timedelta(days=1), time(), BEIJING).astimezone(UTC))


def _text(instant: datetime) -> str:
    """As the trail writes instants: UTC, sorted as text."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _moment(said: str) -> datetime:
    return datetime.fromisoformat(said.replace(" ", "T").rstrip("Z")[:23]).replace(tzinfo=UTC)


def traces(first: date, last: date, *, kinds: tuple[str, ...] = EVENTS) -> Iterator[Trace]:
    """Everything on days in Beijing, as far as it is kept; at most half a million events of a span."""
    begin, end = span(first, last)
    events = AuditEntry.objects.filter(kind="E", note__in=kinds, at__gte=_text(begin), at__lt=_text(end)).order_by("id")
    for at, note, actor, after in events.values_list("at", "note", "actor_id", "after")[:MOST].iterator(chunk_size=2_000):
        said = _payload(after)
        yield Trace(_moment(at), note, actor, _rows(said), str(said.get("name", ""))[:64], str(said.get("address", ""))[:45])
    if "export" in kinds:
        reads = GrantRead.objects.filter(at__gte=begin, at__lt=end).order_by("pk")
        for when, user, rows in reads.values_list("at", "user_id", "rows")[:MOST].iterator(chunk_size=2_000):
            yield Trace(when, "grant_read", user, rows)
        changed = AuditEntry.objects.filter(kind="U", table_name="accounts_user", at__gte=_text(begin), at__lt=_text(end)).order_by("id")
        for at, actor, row, before, after in changed.values_list("at", "actor_id", "row_pk", "before", "after").iterator(chunk_size=500):
            old, new = _payload(before), _payload(after)
            if row.isdigit() and any(name in new and new[name] != old.get(name) for name in ("role", "organisation_id")):
                yield Trace(_moment(at), "granted", actor, subject=int(row))


def before(day: date, dormant_days: int) -> list[Trace]:
    """What a day is held against: four weeks of everything, and sign-ins further back."""
    first = day - timedelta(days=USUAL_DAYS)
    far = traces(day - timedelta(days=max(400, dormant_days * 2)), first - timedelta(days=1), kinds=("sign_in",))
    return [*far, *traces(first, day - timedelta(days=1))]


def _payload(said: str | None) -> dict[str, Any]:
    found = json.loads(said) if said else {}
    return found if isinstance(found, dict) else {}


def _rows(said: dict[str, Any]) -> int:
    rows = said.get("rows", 0)
    return rows if isinstance(rows, int) and rows > 0 else 0
