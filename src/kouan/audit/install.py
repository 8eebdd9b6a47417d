"""Installing the triggers after every migration, and noticing when somebody else has taken them off.

A migration may rebuild a table, and SQLite drops its triggers with it. So the triggers of the rooms
about to be migrated are lifted before (``pre_migrate``) and built again after (``post_migrate``); what
the migration did to rows meanwhile is recorded as entries of kind M. Both steps are signed events
that name the tables and the texts. Triggers that were missing or different without such an event
are built again too, but their tables get no M entries: whatever happened to their rows stays a
difference for ``verify`` to find.
"""

# ruff: noqa: S608 - the names of tables and columns come from the models; values are bound.

from __future__ import annotations

import json
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from kouan.audit import keys, state
from kouan.audit.actions import canonical_json, signature, write_entry
from kouan.audit.reading import has_trail, present, scalar, stream
from kouan.audit.registry import Registration, column_of
from kouan.audit.triggers import Difference, dialect

LIFTED, INSTALLED = "audit.triggers_lifted", "audit.triggers_installed"
# Rows named in a lifting event; more are only counted.
NAMED = 20


def compare(using: str = DEFAULT_DB_ALIAS) -> list[Difference]:
    """How the installed triggers differ from those of the software; empty when there is no trail yet."""
    connection = connections[using]
    return dialect(connection).compare(connection, present(connection)) if has_trail(connection) else []


def before_migrations(sender: Any, using: str = DEFAULT_DB_ALIAS, plan: Any = None, **_: Any) -> None:
    """Lift the triggers of the rooms that a migration plan touches (signal ``pre_migrate``)."""
    connection = connections[using]
    if not plan or not has_trail(connection):
        return
    rooms = {migration.app_label for migration, _backwards in plan}
    own = "audit" in rooms
    touched = [
        registration for registration in present(connection)
        if own or registration.model._meta.app_label in rooms
    ]
    with transaction.atomic(using=using):
        keys.ensure_key(connection)
        wrong = _rows_already_wrong(connection, touched)
        lifted = dialect(connection).lift(
            connection, {registration.table for registration in touched}, guards=own
        )
        if lifted:
            payload = {"tables": lifted, "plan": sorted(f"{m.app_label}.{m.name}" for m, _ in plan), **wrong}
            write_entry(connection, "E", actor_id=None, note=LIFTED, after=canonical_json(payload))


def _rows_already_wrong(connection: BaseDatabaseWrapper, touched: list[Registration]) -> dict[str, Any]:
    """Rows that differ from the trail before the migration: afterwards nobody could tell."""
    wrong = []
    for registration in touched:
        if registration.bulk:
            continue
        # The models already know columns that the tables are about to get.
        with connection.cursor() as cursor:
            columns = {
                column.name for column in connection.introspection.get_table_description(cursor, registration.table)
            }
        wrong += [
            f"{found.table}/{found.row_pk}"
            for found in state.compare_table(connection, registration, columns=columns)
            if found.what in ("altered", "vanished", "appeared")
        ]
    return {"differing": wrong[:NAMED], "differing_count": len(wrong)} if wrong else {}


def after_migrations(sender: Any = None, using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """Bring the triggers to the software's text; do nothing when they are (signal ``post_migrate``)."""
    connection = connections[using]
    if not has_trail(connection):
        return
    with transaction.atomic(using=using):
        registrations = present(connection)
        speech = dialect(connection)
        differences = speech.compare(connection, registrations)
        if not differences:
            return
        keys.ensure_key(connection)
        affected = {difference.table for difference in differences}
        expected = _expected_by_the_trail(connection, affected)
        speech.install(connection, registrations)
        fingerprints = speech.fingerprints(connection)
        payload: dict[str, Any] = {
            "tables": {table: fingerprints.get(table, "") for table in sorted(affected)},
            "found": sorted({f"{d.table}/{d.name}: {d.what}" for d in differences if d.table not in expected}),
        }
        write_entry(connection, "E", actor_id=None, note=INSTALLED, after=canonical_json(payload))
        for registration in registrations:
            if registration.table in expected and not registration.bulk:
                record_baseline(connection, registration)


def _expected_by_the_trail(connection: BaseDatabaseWrapper, affected: set[str]) -> set[str]:
    """The tables whose difference is honest: never had triggers, lifted by us, or of an older software."""
    last: dict[str, str | None] = {}
    for actor_id, note, before, after, proof in stream(
        connection,
        "SELECT actor_id, note, \"before\", \"after\", proof FROM audit_entry"
        " WHERE kind = 'E' AND note IN (%s, %s) ORDER BY id",
        [LIFTED, INSTALLED],
    ):
        if proof != signature("E", actor_id, note, "", "", before, after, using=connection.alias):
            continue
        tables = json.loads(after)["tables"]
        for table in tables:
            last[table] = None if note == LIFTED else tables[table]
    fingerprints = dialect(connection).fingerprints(connection)
    return {
        table for table in affected
        if last.get(table) is None or (table in fingerprints and fingerprints[table] == last[table])
    }


def record_baseline(connection: BaseDatabaseWrapper, registration: Registration) -> None:
    """Write an M entry for each row that stands otherwise than the trail says, with both images."""
    quote = connection.ops.quote_name
    image = dialect(connection).image(connection, registration, "r")
    key = registration.key
    for found in list(state.compare_table(connection, registration)):
        if found.what not in ("altered", "vanished", "appeared", "reshaped"):
            continue
        after = scalar(
            connection,
            # By the key itself, not by its text: only so is each row one step into the index and not a scan.
            f"SELECT {image} FROM {quote(registration.table)} r WHERE r.{quote(column_of(key))} = %s",
            [key.get_db_prep_value(key.to_python(found.row_pk), connection)],
        )
        before = scalar(connection, 'SELECT "after" FROM audit_entry WHERE id = %s', [found.entry_id])
        write_entry(
            connection, "M", actor_id=None, note="audit.migrated", table=registration.table,
            row_pk=found.row_pk, before=before, after=after,
        )
