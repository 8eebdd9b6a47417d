"""Entries that no trigger can make: batches of bulk rows, and events that change no row.

Each is signed with the installation's key, so that a row inserted by hand cannot pass for one.
"""

# ruff: noqa: S608 - the names of tables and columns come from the models; values are bound.

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, Error, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from kouan.audit import context, keys

# The database's own clock, not basis.clock: the trail tells when the database was written,
# whatever the application believes, and a test that travels in time must not bend it.
NOW = {
    "sqlite": "strftime('%%Y-%%m-%%dT%%H:%%M:%%fZ', 'now')",
    "postgresql": "to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')",
}
DB_USER = {"sqlite": "''", "postgresql": "session_user"}
TXID = {
    "sqlite": "(SELECT txid FROM audit_context WHERE id = 1)",
    "postgresql": "pg_current_xact_id()::text::bigint",
}


def canonical_json(value: Any) -> str:
    """JSON text as the trail keeps it: sorted keys, no spaces, text in clear; dates and decimals as text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def signature(
    kind: str, actor_id: int | None, note: str, table: str, row_pk: str, before: str | None, after: str | None,
    *, using: str = DEFAULT_DB_ALIAS,
) -> str:
    """The signature of an entry that the application writes itself (kinds B, E and M)."""
    return keys.sign(kind, actor_id, note, table, row_pk, before, after, using=using)


def write_entry(
    connection: BaseDatabaseWrapper, kind: str, *, actor_id: int | None, note: str, table: str = "",
    row_pk: str = "", before: str | None = None, after: str | None = None,
) -> None:
    """Insert one signed entry in the running transaction (autocommit if there is none)."""
    proof = signature(kind, actor_id, note, table, row_pk, before, after, using=connection.alias)
    vendor = connection.vendor
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO audit_entry (at, txid, db_user, actor_id, note, proof, kind, table_name, row_pk,'
            ' "before", "after")'
            f" VALUES ({NOW[vendor]}, {TXID[vendor]}, {DB_USER[vendor]}, %s, %s, %s, %s, %s, %s, %s, %s)",
            [actor_id, note, proof, kind, table, row_pk, before, after],
        )


def record_batch(
    table: str, batch_key: object, rows: int, sha256: str, *, marks: Sequence[str] = (),
    using: str = DEFAULT_DB_ALIAS,
) -> None:
    """Record the insert of ``rows`` rows of a bulk table into one batch, in the same transaction.

    ``sha256`` and ``marks`` come from the ``RowsDigest`` that saw the rows in the order in which they
    were written. A batch may be recorded in several parts; each part covers the rows after the
    part before it, by id. Call it inside ``acting``, else RuntimeError: rows and entry must stand
    or fall together.
    """
    connection = connections[using]
    frame = context.current(connection)
    if frame is None:
        raise RuntimeError("record_batch must be called inside kouan.audit.acting")
    after = canonical_json({"rows": rows, "sha256": sha256, "marks": list(marks)})
    write_entry(
        connection, "B", actor_id=frame.actor_id, note=frame.note, table=table, row_pk=str(batch_key), after=after,
    )


def record_event(
    kind: str, *, actor_id: int | None = None, payload: Any = None, using: str = DEFAULT_DB_ALIAS,
) -> None:
    """Record something that changes no row: ``refused``, ``export``, ``sign_in`` …

    Inside ``acting`` the event is written at once and, should the block be rolled back, once more
    after the rollback: an attempt leaves its trace though what it attempted does not happen.
    """
    connection = connections[using]
    frame = context.current(connection)
    if actor_id is None and frame is not None:
        actor_id = frame.actor_id
    note = kind[: context.NOTE_LENGTH]
    after = None if payload is None else canonical_json(payload)

    def write() -> None:
        write_entry(connection, "E", actor_id=actor_id, note=note, after=after)

    keys.ensure_key(connection)
    if frame is None:
        write()
        return
    frame.events.append(write)
    if connection.needs_rollback:
        return
    try:
        with transaction.atomic(using=using):
            write()
    except Error:
        # PostgreSQL refuses everything after an error; the rollback that must follow writes it.
        if connection.vendor != "postgresql":
            raise
