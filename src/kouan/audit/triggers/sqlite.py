"""The triggers in SQLite's words.

Traps: ``INSERT OR REPLACE`` deletes rows without their delete trigger unless ``recursive_triggers``
is on, which a plain shell has off: the guard on the trail's own tables therefore refuses an insert
over an existing id, and ``verify`` notices an insert over a living row. ``kouan_digest`` exists on
our own connections only: a shell's write to a table with secrets ends in "no such function".
"""

# ruff: noqa: S608 - the names of tables and columns come from the models; values are bound.

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BinaryField, Field

from kouan.audit.registry import Registration, column_of
from kouan.audit.triggers import Difference, fingerprint

PREFIX = "kouan_audit_"
GUARDED = ("audit_entry", "audit_block")
_REFUSED = "审计记录只能追加，不能修改或删除 / the audit trail is append only"


class SQLite:
    """See ``Dialect``."""

    def image(
        self, connection: BaseDatabaseWrapper, registration: Registration, row: str,
        columns: set[str] | None = None,
    ) -> str:
        """``json_object`` over the recorded columns."""
        secret = registration.digested
        parts = []
        for field in registration.recorded:
            if columns is not None and field.column not in columns:
                continue
            value = f"{row}.{connection.ops.quote_name(column_of(field))}"
            if field in secret:
                value = _digest(registration, field, value)
            elif isinstance(field, BinaryField):
                value = f"hex({value})"
            parts.append(f"'{field.column}', {value}")
        return f"json_object({', '.join(parts)})"

    def _row_triggers(self, connection: BaseDatabaseWrapper, registration: Registration) -> dict[str, str]:
        quote = connection.ops.quote_name
        table, key = registration.table, quote(column_of(registration.key))
        old, new = self.image(connection, registration, "OLD"), self.image(connection, registration, "NEW")
        changed = " OR ".join(
            f"OLD.{quote(column_of(field))} IS NOT NEW.{quote(column_of(field))}" for field in registration.recorded
        )

        def trigger(letter: str, event: str, row: str, before: str, after: str, when: str = "") -> tuple[str, str]:
            name = f"{PREFIX}{table}_{letter.lower()}"
            return name, (
                f"CREATE TRIGGER {quote(name)} AFTER {event} ON {quote(table)} FOR EACH ROW{when} BEGIN "
                'INSERT INTO audit_entry (at, txid, actor_id, note, proof, db_user, kind, table_name, row_pk,'
                ' "before", "after")'
                " SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), c.txid, c.actor_id, coalesce(c.note, ''),"
                f" coalesce(c.proof, ''), '', '{letter}', '{table}', CAST({row}.{key} AS TEXT), {before}, {after}"
                # A missing context row must not silence the trigger, hence the outer join.
                " FROM (SELECT 1) LEFT JOIN audit_context c ON c.id = 1; END"
            )

        triggers = [
            trigger("U", "UPDATE", "NEW", old, new, f" WHEN {changed}"),
            trigger("D", "DELETE", "OLD", old, "NULL"),
        ]
        if not registration.bulk:
            triggers.append(trigger("I", "INSERT", "NEW", "NULL", new))
        return dict(triggers)

    def _guards(self) -> dict[str, str]:
        triggers = {}
        for table in GUARDED:
            key = "id" if table == "audit_entry" else "number"
            for letter, event, when in (
                ("u", "UPDATE", ""),
                ("d", "DELETE", ""),
                ("i", "INSERT", f" WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"),
            ):
                name = f"{PREFIX}guard_{table}_{letter}"
                triggers[name] = (
                    f'CREATE TRIGGER "{name}" BEFORE {event} ON "{table}" FOR EACH ROW{when} BEGIN '
                    f"SELECT RAISE(ABORT, '{_REFUSED}'); END"
                )
        return triggers

    def _expected(
        self, connection: BaseDatabaseWrapper, registrations: list[Registration]
    ) -> dict[str, tuple[str, str]]:
        """Trigger name → (table, text)."""
        expected = {
            name: ("audit_block" if "audit_block" in name else "audit_entry", text)
            for name, text in self._guards().items()
        }
        for registration in registrations:
            for name, text in self._row_triggers(connection, registration).items():
                expected[name] = (registration.table, text)
        return expected

    def _installed(self, connection: BaseDatabaseWrapper) -> dict[str, tuple[str, str]]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")
            return {name: (table, text) for name, table, text in cursor.fetchall()}

    def fingerprints(self, connection: BaseDatabaseWrapper) -> dict[str, str]:
        """A digest of the installed trigger texts of each table."""
        parts: dict[str, list[str]] = {}
        for name, (table, text) in sorted(self._installed(connection).items()):
            if name.startswith(PREFIX):
                parts.setdefault(table, []).append(text)
        return {table: fingerprint(texts) for table, texts in parts.items()}

    def install(self, connection: BaseDatabaseWrapper, registrations: list[Registration]) -> None:
        """Create what is missing, rebuild what differs, drop what is not wanted any more."""
        expected, installed = self._expected(connection, registrations), self._installed(connection)
        with connection.cursor() as cursor:
            for name in installed:
                if name.startswith(PREFIX) and installed[name] != expected.get(name):
                    cursor.execute(f"DROP TRIGGER {connection.ops.quote_name(name)}")
            for name, (_table, text) in expected.items():
                if installed.get(name) != expected[name]:
                    # No parameters: the text holds % signs of its own.
                    cursor.execute(text)

    def lift(self, connection: BaseDatabaseWrapper, tables: set[str], *, guards: bool) -> list[str]:
        """Drop the triggers of some tables; with ``guards`` every trigger of ours, for the trail's own
        tables can only be rebuilt when no trigger names them."""
        lifted = []
        with connection.cursor() as cursor:
            for name, (table, _text) in self._installed(connection).items():
                if name.startswith(PREFIX) and (guards or table in tables):
                    cursor.execute(f"DROP TRIGGER {connection.ops.quote_name(name)}")
                    lifted.append(table)
        return sorted(set(lifted))

    def compare(
        self, connection: BaseDatabaseWrapper, registrations: list[Registration]
    ) -> list[Difference]:
        """Texts are compared as SQLite keeps them: letter by letter."""
        expected, installed = self._expected(connection, registrations), self._installed(connection)
        tables = {registration.table for registration in registrations} | {*GUARDED, "audit_context"}
        differences = [
            Difference(table, name, "missing" if name not in installed else "changed")
            for name, (table, _text) in expected.items()
            if installed.get(name) != expected[name]
        ]
        differences += [
            Difference(table, name, "unknown")
            for name, (table, _text) in installed.items()
            if name not in expected and (table in tables or name.startswith(PREFIX))
        ]
        return sorted(differences, key=lambda found: (found.table, found.name))


def _digest(registration: Registration, field: Field[Any, Any], value: str) -> str:
    return (
        f"CASE WHEN {value} IS NULL THEN NULL"
        f" ELSE kouan_digest('{registration.table}.{field.column}', {value}) END"
    )
