"""Does every audited row stand as the trail last recorded it?

This finds what no trigger saw: a change made while a trigger was dropped and made again, rows
deleted by ``INSERT OR REPLACE`` in a shell, entries removed from the unsealed tail. Each row's
entries are also followed in order: an insert over a living row, or an update that started from
another value than the last one recorded, means that something happened between them unrecorded.
"""

# ruff: noqa: S608 - the names of tables and columns come from the models; values are bound.

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Exists, OuterRef, Q, TextField
from django.db.models.functions import Cast

from kouan.audit.models import AuditEntry
from kouan.audit.reading import CHUNK, scalar, stream
from kouan.audit.registry import Registration, column_of
from kouan.audit.triggers import dialect

UNAVAILABLE = "digest:unavailable"
UNCHANGED = "digest:unavailable:unchanged"


@dataclass(frozen=True, slots=True)
class RowDifference:
    """One row that does not stand as recorded, or whose entries do not follow from each other.

    ``what``: altered, vanished, appeared (the row against its last entry); replaced, jumped (an
    entry against the one before it); unverifiable (only a shell without the key wrote the value);
    reshaped (the table has other columns than the entry recorded: what both know is equal).
    """

    table: str
    row_pk: str
    what: str
    entry_id: int | None
    columns: tuple[str, ...] = ()


@dataclass(slots=True)
class _Row:
    """What the entries of one row say so far. ``alive`` is None while nothing is known: the insert of a
    bulk row makes no entry of its own."""

    alive: bool | None = False
    image: dict[str, Any] | None = None
    text: str | None = None
    entry_id: int | None = None


def compare_table(
    connection: BaseDatabaseWrapper, registration: Registration, *, columns: set[str] | None = None
) -> Iterator[RowDifference]:
    """Every difference of one table, in the order of row keys as text.

    Of a bulk table only the rows that were updated or deleted after their batch are compared here;
    batches.py compares the rest. ``columns`` limits the comparison to columns that the table has (before a migration adds others).
    """
    if registration.bulk:
        yield from _opened_unrecorded(connection, registration)
        if not _is_touched(connection, registration):
            return
    truncations = [row[0] for row in stream(
        connection, "SELECT id FROM audit_entry WHERE kind = 'T' AND table_name = %s ORDER BY id",
        [registration.table],
    )]
    recorded = _recorded(connection, registration, truncations)
    standing = _standing(connection, registration, columns)
    entry, row = next(recorded, None), next(standing, None)
    while entry is not None or row is not None:
        if row is None or (entry is not None and entry[0] < row[0]):
            key, history, troubles = entry  # type: ignore[misc]
            yield from troubles
            if history.alive:
                yield RowDifference(registration.table, key, "vanished", history.entry_id)
            entry = next(recorded, None)
        elif entry is None or row[0] < entry[0]:
            yield RowDifference(registration.table, row[0], "appeared", None)
            row = next(standing, None)
        else:
            key, history, troubles = entry
            yield from troubles
            if not history.alive:
                yield RowDifference(registration.table, key, "appeared", history.entry_id)
            elif history.text != row[1]:
                yield from _image_differences(registration.table, key, history, row[1])
            entry, row = next(recorded, None), next(standing, None)


def _standing(
    connection: BaseDatabaseWrapper, registration: Registration, columns: set[str] | None
) -> Iterator[tuple[str, str]]:
    """(row key, image) of the rows as they are now, sorted by the bytes of the key."""
    quote = connection.ops.quote_name
    collation = ' COLLATE "C"' if connection.vendor == "postgresql" else ""
    image = dialect(connection).image(connection, registration, "r", columns)
    key = f"CAST(r.{quote(column_of(registration.key))} AS TEXT){collation}"
    touched = ""
    if registration.bulk:
        touched = (
            f" WHERE {key} IN (SELECT row_pk FROM audit_entry"
            f" WHERE table_name = '{registration.table}' AND kind IN ('U', 'D'))"
        )
    yield from stream(
        connection,
        f"SELECT {key} AS row_key, {image} FROM {quote(registration.table)} r{touched} ORDER BY 1",
    )


def _opened_unrecorded(connection: BaseDatabaseWrapper, registration: Registration) -> Iterator[RowDifference]:
    """Bulk rows whose open columns are not at their defaults though no entry ever changed the row."""
    for field in registration.open_fields:
        default = field.get_default()
        at_default = Q(**{f"{field.attname}__isnull": True}) if default is None else Q(**{field.attname: default})
        for (key,) in (
            registration.model._base_manager.using(connection.alias).filter(~at_default)
            .annotate(row_key=Cast("pk", TextField()))
            .exclude(Exists(AuditEntry.objects.using(connection.alias).filter(
                table_name=registration.table, kind="U", row_pk=OuterRef("row_key"),
            )))
            .order_by("pk").values_list("pk").iterator(chunk_size=CHUNK)
        ):
            yield RowDifference(registration.table, str(key), "altered", None, (column_of(field),))


def _is_touched(connection: BaseDatabaseWrapper, registration: Registration) -> bool:
    return bool(scalar(
        connection,
        "SELECT EXISTS (SELECT 1 FROM audit_entry WHERE table_name = %s AND kind IN ('U', 'D'))",
        [registration.table],
    ))


def _recorded(
    connection: BaseDatabaseWrapper, registration: Registration, truncations: list[int]
) -> Iterator[tuple[str, _Row, list[RowDifference]]]:
    """(row key, where its entries leave it, what is wrong between them), sorted by the bytes of the key."""
    collation = ' COLLATE "C"' if connection.vendor == "postgresql" else ""
    rows = stream(
        connection,
        'SELECT id, kind, row_pk, "before", "after" FROM audit_entry'
        " WHERE table_name = %s AND kind IN ('I', 'U', 'D', 'M')"
        f" ORDER BY row_pk{collation}, id",
        [registration.table],
    )
    key: str | None = None
    history, troubles = _Row(), list[RowDifference]()
    for entry_id, kind, row_pk, before, after in rows:
        if row_pk != key:
            if key is not None:
                yield key, _truncated(history, truncations), troubles
            key, history, troubles = row_pk, _Row(alive=None if registration.bulk else False), []
        _truncated(history, truncations, before=entry_id)
        if kind == "I" and history.alive:
            troubles.append(RowDifference(registration.table, row_pk, "replaced", entry_id))
        elif kind in "UD" and history.alive is False:
            troubles.append(RowDifference(registration.table, row_pk, "jumped", entry_id))
        elif kind in "UD" and history.alive and before != history.text:
            columns = tuple(different_columns(history.image or _parse(history.text), _parse(before)))
            if columns:
                troubles.append(RowDifference(registration.table, row_pk, "jumped", entry_id, columns))
        _follow(history, entry_id, kind, after)
    if key is not None:
        yield key, _truncated(history, truncations), troubles


def _truncated(history: _Row, truncations: list[int], before: int | None = None) -> _Row:
    """A TRUNCATE after the row's last entry (and before the next) ended its life."""
    if history.alive and history.entry_id is not None and truncations:
        if any(history.entry_id < cut and (before is None or cut < before) for cut in truncations):
            history.alive, history.image, history.text = False, None, None
    return history


def _follow(history: _Row, entry_id: int, kind: str, after: str | None) -> None:
    """Take one entry into account. Images are parsed only where a digest was not available."""
    history.entry_id, history.alive = entry_id, kind != "D" and after is not None
    previous = history.image if history.image is not None else history.text
    history.text, history.image = after, None
    if after is not None and UNCHANGED in after:
        known = previous if isinstance(previous, dict) else _parse(previous)
        history.image = {
            column: known.get(column, UNAVAILABLE) if value == UNCHANGED else value
            for column, value in _parse(after).items()
        }


def _image_differences(table: str, key: str, history: _Row, current: str) -> Iterator[RowDifference]:
    recorded = history.image if history.image is not None else _parse(history.text)
    standing = _parse(current)
    columns = tuple(different_columns(recorded, standing))
    if columns:
        yield RowDifference(table, key, "altered", history.entry_id, columns)
    elif recorded.keys() != standing.keys():
        yield RowDifference(table, key, "reshaped", history.entry_id)
    unknown = tuple(
        column for column, value in recorded.items()
        if isinstance(value, str) and value.startswith(UNAVAILABLE) and column in standing
    )
    if unknown:
        yield RowDifference(table, key, "unverifiable", history.entry_id, unknown)


def different_columns(recorded: dict[str, Any], standing: dict[str, Any]) -> list[str]:
    """The columns, known to both images, whose values differ; unavailable digests are passed over."""
    return [
        column for column in recorded.keys() & standing.keys()
        if recorded[column] != standing[column]
        and not any(
            isinstance(value, str) and value.startswith(UNAVAILABLE)
            for value in (recorded[column], standing[column])
        )
    ]


def _parse(image: str | None) -> dict[str, Any]:
    """An image as a dictionary; numbers keep their exact value."""
    if not image:
        return {}
    try:
        found = json.loads(image, parse_float=Decimal)
    except ValueError:
        # An entry that was tampered with: the chain check names it; here nothing can be compared.
        return {}
    return found if isinstance(found, dict) else {}
