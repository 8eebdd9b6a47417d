"""The triggers in PostgreSQL's words: one function and two triggers for each table.

The functions run with their owner's rights, so that a role which may write a table but not the
trail is recorded all the same, and with a fixed search path, so that nobody can slip in a function
of his own. The triggers fire ALWAYS, also under ``session_replication_role = replica``.

Values that depend on settings of the session (time zone, interval style, bytea output) are written
out by explicit expressions: the same row gives the same text in psql and in the application.
"""

# ruff: noqa: S608 - the names of tables and columns come from the models; values are bound.

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BinaryField, DateTimeField, DurationField, Field

from kouan.audit.registry import Registration, column_of
from kouan.audit.triggers import Difference, fingerprint

PREFIX = "kouan_audit_"
GUARDED = ("audit_entry", "audit_block")

# Bits of pg_trigger.tgtype (src/include/catalog/pg_trigger.h).
ROW, BEFORE, INSERT, DELETE, UPDATE, TRUNCATE = 1, 2, 4, 8, 16, 32

_CONTEXT = (
    "nullif(current_setting('kouan.actor', true), '')::bigint,"
    " coalesce(current_setting('kouan.note', true), ''), coalesce(current_setting('kouan.proof', true), '')"
)

# A psql session has no key: what it writes to a secret field is recorded as changed or unchanged.
_DIGEST = """
BEGIN
  IF value IS NULL THEN RETURN NULL; END IF;
  IF coalesce(current_setting('kouan.digest_key', true), '') = '' THEN
    RETURN CASE WHEN compared AND value IS NOT DISTINCT FROM other THEN 'digest:unavailable:unchanged'
                WHEN compared THEN 'digest:unavailable:changed' ELSE 'digest:unavailable' END;
  END IF;
  RETURN 'digest:' || substr(encode(sha256(convert_to(
    current_setting('kouan.digest_key') || '|' || name || '|' || value, 'UTF8')), 'hex'), 1, 32);
END
"""

_GUARD = """
BEGIN
  RAISE EXCEPTION '审计记录只能追加，不能修改、删除或清空 / the audit trail is append only'
    USING ERRCODE = 'restrict_violation';
END
"""

# Whoever inserts an entry, its time, transaction and database user are the database's own.
_STAMP = """
BEGIN
  NEW.at := to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
  NEW.txid := pg_current_xact_id()::text::bigint;
  NEW.db_user := session_user;
  RETURN NEW;
END
"""


@dataclass(frozen=True, slots=True)
class Function:
    """A function of ours; ``definer`` runs with its owner's rights."""

    name: str
    body: str
    arguments: str = ""
    returns: str = "trigger"
    definer: bool = True


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger of ours; ``type_bits`` as PostgreSQL keeps them."""

    name: str
    table: str
    function: str
    type_bits: int

    @property
    def clause(self) -> str:
        """``AFTER INSERT OR UPDATE ON … FOR EACH ROW`` without the table."""
        events = [
            word for bit, word in ((INSERT, "INSERT"), (DELETE, "DELETE"), (UPDATE, "UPDATE"), (TRUNCATE, "TRUNCATE"))
            if self.type_bits & bit
        ]
        return f"{'BEFORE' if self.type_bits & BEFORE else 'AFTER'} {' OR '.join(events)}"


class PostgreSQL:
    """See ``Dialect``."""

    def image(
        self, connection: BaseDatabaseWrapper, registration: Registration, row: str,
        columns: set[str] | None = None,
    ) -> str:
        """``json_build_object`` over the recorded columns."""
        return self._image(connection, registration, row, "", columns)

    def _image(
        self, connection: BaseDatabaseWrapper, registration: Registration, row: str, other: str,
        columns: set[str] | None = None,
    ) -> str:
        quote = connection.ops.quote_name
        secret = registration.digested
        parts = []
        for field in registration.recorded:
            if columns is not None and field.column not in columns:
                continue
            value = f"{row}.{quote(column_of(field))}"
            if field in secret:
                compared = f"{other}.{quote(column_of(field))}::text, true" if other else "NULL, false"
                value = f"{self._schema(connection)}.kouan_audit_digest('{registration.table}.{field.column}', " \
                        f"{value}::text, {compared})"
            else:
                value = _stable(field, value)
            parts.append(f"'{field.column}', {value}")
        return f"json_build_object({', '.join(parts)})::text"

    def _schema(self, connection: BaseDatabaseWrapper) -> str:
        """The schema in which Django makes its tables, quoted."""
        schema = getattr(connection, "kouan_audit_schema", None)
        if schema is None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT current_schema()")
                schema = connection.ops.quote_name(cursor.fetchone()[0])
            connection.kouan_audit_schema = schema  # type: ignore[attr-defined]
        return schema

    def _functions(self, connection: BaseDatabaseWrapper, registrations: list[Registration]) -> dict[str, Function]:
        schema = self._schema(connection)
        functions = [
            Function("kouan_audit_digest", _DIGEST, "name text, value text, other text, compared boolean",
                     "text", definer=False),
            Function("kouan_audit_guard", _GUARD),
            # session_user, unlike current_user, is not changed by the owner's rights.
            Function("kouan_audit_stamp", _STAMP),
            Function("kouan_audit_truncated", (
                "\nBEGIN\n"
                f"  INSERT INTO {schema}.audit_entry (actor_id, note, proof, kind, table_name, row_pk)\n"
                f"  VALUES ({_CONTEXT}, 'T', TG_TABLE_NAME, '');\n"
                "  RETURN NULL;\nEND\n"
            )),
        ]
        for registration in registrations:
            functions.append(Function(_named(f"{PREFIX}row_{registration.table}"), self._row_body(
                connection, registration
            )))
        return {function.name: function for function in functions}

    def _row_body(self, connection: BaseDatabaseWrapper, registration: Registration) -> str:
        key = connection.ops.quote_name(column_of(registration.key))
        return (
            "\nDECLARE\n  row_pk text; old_image text; new_image text;\nBEGIN\n"
            "  IF TG_OP = 'UPDATE' THEN\n"
            f"    old_image := {self._image(connection, registration, 'OLD', '')};\n"
            f"    new_image := {self._image(connection, registration, 'NEW', 'OLD')};\n"
            f"    IF NOT ({_changed(connection, registration)}) THEN RETURN NULL; END IF;\n"
            f"    row_pk := NEW.{key}::text;\n"
            "  ELSIF TG_OP = 'INSERT' THEN\n"
            f"    new_image := {self._image(connection, registration, 'NEW', '')};\n"
            f"    row_pk := NEW.{key}::text;\n"
            "  ELSE\n"
            f"    old_image := {self._image(connection, registration, 'OLD', '')};\n"
            f"    row_pk := OLD.{key}::text;\n"
            "  END IF;\n"
            f"  INSERT INTO {self._schema(connection)}.audit_entry"
            ' (actor_id, note, proof, kind, table_name, row_pk, "before", "after")\n'
            f"  VALUES ({_CONTEXT}, substr(TG_OP, 1, 1), '{registration.table}', row_pk, old_image, new_image);\n"
            "  RETURN NULL;\nEND\n"
        )

    def _triggers(self, registrations: list[Registration]) -> dict[tuple[str, str], Trigger]:
        triggers = [
            Trigger("kouan_audit_stamp", "audit_entry", "kouan_audit_stamp", ROW | BEFORE | INSERT),
        ]
        for table in GUARDED:
            triggers += [
                Trigger("kouan_audit_guard", table, "kouan_audit_guard", ROW | BEFORE | UPDATE | DELETE),
                Trigger("kouan_audit_guard_all", table, "kouan_audit_guard", BEFORE | TRUNCATE),
            ]
        for registration in registrations:
            events = UPDATE | DELETE if registration.bulk else INSERT | UPDATE | DELETE
            triggers += [
                Trigger("kouan_audit_row", registration.table, _named(f"{PREFIX}row_{registration.table}"),
                        ROW | events),
                Trigger("kouan_audit_truncated", registration.table, "kouan_audit_truncated", TRUNCATE),
            ]
        return {(trigger.table, trigger.name): trigger for trigger in triggers}

    # What is installed -------------------------------------------------------------------------

    def _config(self, connection: BaseDatabaseWrapper) -> list[str]:
        schema = self._schema(connection)
        # PostgreSQL keeps a name without quotes wherever it can.
        plain = schema.strip('"')
        return [f"search_path=pg_catalog, {plain if re.fullmatch('[a-z_][a-z0-9_]*', plain) else schema}, pg_temp"]

    def fingerprints(self, connection: BaseDatabaseWrapper) -> dict[str, str]:
        """A digest of what is installed for each table: triggers and the functions they call."""
        there = self._installed_functions(connection)
        parts: dict[str, list[str]] = {}
        for (table, name), found in sorted(self._installed_triggers(connection).items()):
            if name.startswith(PREFIX):
                parts.setdefault(table, []).append(repr((name, found, there.get(found[0]))))
        return {table: fingerprint(texts) for table, texts in parts.items()}

    def _installed_functions(self, connection: BaseDatabaseWrapper) -> dict[str, tuple[str, bool, list[str] | None]]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT proname, prosrc, prosecdef, proconfig FROM pg_proc"
                " WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'kouan\\_audit\\_%'"
            )
            return {name: (source, definer, config) for name, source, definer, config in cursor.fetchall()}

    def _installed_triggers(self, connection: BaseDatabaseWrapper) -> dict[tuple[str, str], tuple[str, int, str, bool]]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT c.relname, t.tgname, p.proname, t.tgtype, t.tgenabled,"
                " t.tgqual IS NULL AND t.tgattr::text = '' AND p.pronamespace = c.relnamespace"
                " FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
                " WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace"
            )
            return {
                (table, name): (function, type_bits, enabled, plain)
                for table, name, function, type_bits, enabled, plain in cursor.fetchall()
            }

    def install(self, connection: BaseDatabaseWrapper, registrations: list[Registration]) -> None:
        """Create what is missing, rebuild what differs, drop what is not wanted any more."""
        functions, triggers = self._functions(connection, registrations), self._triggers(registrations)
        there, fired = self._installed_functions(connection), self._installed_triggers(connection)
        config, schema, quote = self._config(connection), self._schema(connection), connection.ops.quote_name
        with connection.cursor() as cursor:
            for table, name in fired:
                if name.startswith(PREFIX) and (table, name) not in triggers:
                    cursor.execute(f"DROP TRIGGER {quote(name)} ON {schema}.{quote(table)}")
            for name in set(there) - set(functions):
                cursor.execute(f"DROP FUNCTION {schema}.{quote(name)} CASCADE")
            for function in functions.values():
                if there.get(function.name) != (function.body, function.definer, config):
                    cursor.execute(
                        f"CREATE OR REPLACE FUNCTION {schema}.{quote(function.name)}({function.arguments})"
                        f" RETURNS {function.returns} LANGUAGE plpgsql"
                        f" {'SECURITY DEFINER' if function.definer else 'STABLE'}"
                        f" SET search_path = pg_catalog, {schema}, pg_temp AS $kouan${function.body}$kouan$"
                    )
            for (table, name), trigger in triggers.items():
                if fired.get((table, name)) != (trigger.function, trigger.type_bits, "A", True):
                    each = " FOR EACH ROW" if trigger.type_bits & ROW else ""
                    cursor.execute(f"DROP TRIGGER IF EXISTS {quote(name)} ON {schema}.{quote(table)}")
                    cursor.execute(
                        f"CREATE TRIGGER {quote(name)} {trigger.clause} ON {schema}.{quote(table)}{each}"
                        f" EXECUTE FUNCTION {schema}.{quote(trigger.function)}()"
                    )
                    cursor.execute(f"ALTER TABLE {schema}.{quote(table)} ENABLE ALWAYS TRIGGER {quote(name)}")

    def lift(self, connection: BaseDatabaseWrapper, tables: set[str], *, guards: bool) -> list[str]:
        """Drop the triggers of some tables; with ``guards`` those of the trail itself too."""
        lifted = []
        with connection.cursor() as cursor:
            for table, name in self._installed_triggers(connection):
                if name.startswith(PREFIX) and (table in tables or (guards and table in GUARDED)):
                    cursor.execute(
                        f"DROP TRIGGER {connection.ops.quote_name(name)}"
                        f" ON {self._schema(connection)}.{connection.ops.quote_name(table)}"
                    )
                    lifted.append(table)
        return sorted(set(lifted))

    def compare(
        self, connection: BaseDatabaseWrapper, registrations: list[Registration]
    ) -> list[Difference]:
        """Function bodies are compared as PostgreSQL keeps them; triggers by event, function and state."""
        functions, triggers = self._functions(connection, registrations), self._triggers(registrations)
        there, fired = self._installed_functions(connection), self._installed_triggers(connection)
        config = self._config(connection)
        differences = []
        for (table, name), trigger in triggers.items():
            if (table, name) not in fired:
                differences.append(Difference(table, name, "missing"))
                continue
            function, type_bits, enabled, plain = fired[table, name]
            wanted = functions[trigger.function]
            if (function, type_bits, plain) != (trigger.function, trigger.type_bits, True) or there.get(function) != (
                wanted.body, wanted.definer, config,
            ):
                differences.append(Difference(table, name, "changed"))
            elif enabled != "A":
                differences.append(Difference(table, name, "disabled"))
        digest = functions["kouan_audit_digest"]
        if there.get(digest.name) != (digest.body, digest.definer, config):
            differences.append(Difference("audit_entry", digest.name, "changed"))
        tables = {registration.table for registration in registrations} | set(GUARDED)
        differences += [
            Difference(table, name, "unknown")
            for table, name in fired
            if (table, name) not in triggers and (table in tables or name.startswith(PREFIX))
        ]
        with connection.cursor() as cursor:
            cursor.execute("SELECT tablename, rulename FROM pg_rules WHERE schemaname = current_schema()")
            differences += [
                Difference(table, rule, "unknown") for table, rule in cursor.fetchall() if table in tables
            ]
        return sorted(differences, key=lambda found: (found.table, found.name))


def _stable(field: Field[Any, Any], value: str) -> str:
    """An expression whose JSON does not depend on the session's settings."""
    if isinstance(field, DateTimeField):
        return f"to_char({value} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
    if isinstance(field, DurationField):
        return f"extract(epoch FROM {value})"
    if isinstance(field, BinaryField):
        return f"encode({value}, 'hex')"
    return value


def _changed(connection: BaseDatabaseWrapper, registration: Registration) -> str:
    quote = connection.ops.quote_name
    return " OR ".join(
        f"OLD.{quote(column_of(field))} IS DISTINCT FROM NEW.{quote(column_of(field))}" for field in registration.recorded
    )


def _named(name: str) -> str:
    """PostgreSQL cuts names at 63 bytes; a long one ends in a digest instead."""
    if len(name) <= 63:
        return name
    return f"{name[:50]}_{hashlib.sha256(name.encode()).hexdigest()[:12]}"
