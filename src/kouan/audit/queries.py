"""Reading the trail. Who may read it (permission ``audit.read``) is for the doors to check.

This room lies below accounts: actors are plain numbers here, and doors add the names.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q, QuerySet

from kouan.audit.models import AuditBlock, AuditEntry
from kouan.audit.registry import registrations
from kouan.audit.sealer import last_block, members_of

__all__ = [
    "Change", "blocks", "changes_of", "entries", "entries_of_block", "history_of", "standing", "tables",
]
DIRECT = Q(actor_id=None, proof="")


@dataclass(frozen=True, slots=True)
class Change:
    """One column of one entry: what stood there before, what after."""

    column: str
    before: Any
    after: Any


def entries(
    *, table: str = "", row: str = "", actor_ids: Collection[int] | None = None, kinds: str = "", since: str = "",
    until: str = "", note: str = "", direct: bool = False, before_id: int | None = None,
    using: str = DEFAULT_DB_ALIAS,
) -> QuerySet[AuditEntry]:
    """Entries, newest first, narrowed by what is given. The caller bounds them (``[:50]``).

    ``actor_ids``: only these actors (an empty collection: nobody's). ``kinds``: letters of
    ``EntryKind``. ``since``/``until``: UTC as ISO text of any length ("2023-03", "2023-03-06T08:00");
    ``until`` includes everything that begins with it. ``note``: the verb or event begins so.
    ``direct``: only writes that no action made. ``before_id``: the page after this entry.
    """
    found = AuditEntry.objects.using(using).order_by("-id")
    if table:
        found = found.filter(table_name=table)
    if row:
        found = found.filter(row_pk=row)
    if actor_ids is not None:
        found = found.filter(actor_id__in=actor_ids)
    if kinds:
        found = found.filter(kind__in=list(kinds))
    if since:
        found = found.filter(at__gte=since)
    if until:
        # "~" sorts after every character of an ISO instant.
        found = found.filter(at__lt=until + "~")
    if note:
        found = found.filter(note__startswith=note)
    if direct:
        found = found.filter(DIRECT).exclude(kind="E")
    if before_id is not None:
        found = found.filter(id__lt=before_id)
    return found


def history_of(table: str, row: object, *, using: str = DEFAULT_DB_ALIAS) -> QuerySet[AuditEntry]:
    """Everything recorded about one row, oldest first."""
    return AuditEntry.objects.using(using).filter(table_name=table, row_pk=str(row)).order_by("id")


def changes_of(entry: AuditEntry) -> list[Change]:
    """The columns that an entry changed, in the order of the table; for a batch or event its content."""
    before, after = _image(entry.before), _image(entry.after)
    columns = list(after) + [column for column in before if column not in after]
    return [
        Change(column, before.get(column), after.get(column))
        for column in columns
        if entry.kind != "U" or before.get(column) != after.get(column)
    ]


def _image(text: str | None) -> dict[str, Any]:
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        return {"?": text}
    return found if isinstance(found, dict) else {"": found}


def blocks(*, using: str = DEFAULT_DB_ALIAS) -> QuerySet[AuditBlock]:
    """The sealed blocks, newest first, without their lists of members."""
    return AuditBlock.objects.using(using).defer("entries").order_by("-number")


def entries_of_block(number: int, *, using: str = DEFAULT_DB_ALIAS) -> QuerySet[AuditEntry]:
    """The entries that a block seals, oldest first; empty when there is no such block."""
    block = AuditBlock.objects.using(using).filter(number=number).first()
    ids = [member for member, _hash in members_of(block.entries)] if block else []
    if not ids:
        return AuditEntry.objects.none()
    found = AuditEntry.objects.using(using).filter(id__range=(min(ids), max(ids))).order_by("id")
    # On SQLite, and nearly always on PostgreSQL, a block is a range without holes.
    return found if len(ids) == max(ids) - min(ids) + 1 else found.filter(id__in=ids)


def tables() -> list[str]:
    """The audited tables, for a filter's choices."""
    return [registration.table for registration in registrations()]


def standing(*, using: str = DEFAULT_DB_ALIAS) -> dict[str, Any]:
    """Where the trail stands, cheaply: the head, the highest ids, how much waits to be sealed.

    Keys: ``head`` (AuditBlock or None), ``last_id``, ``last_at``, ``unsealed`` (about: entries above
    the highest sealed id), ``direct`` (writes past the system, ever).
    """
    head = last_block(using)
    newest = AuditEntry.objects.using(using).order_by("-id").values("id", "at").first()
    top = head.top_id if head else 0
    return {
        "head": head,
        "last_id": newest["id"] if newest else None,
        "last_at": newest["at"] if newest else None,
        "unsealed": AuditEntry.objects.using(using).filter(id__gt=top).count(),
        "direct": AuditEntry.objects.using(using).filter(DIRECT).exclude(kind="E").count(),
    }
