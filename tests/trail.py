"""Emptying the audit trail between tests, which the database itself refuses to everybody else.

Tests that run real transactions end in Django's ``flush``; the guards of the trail stand in its way.
A fixture of the root conftest.py calls ``allow_flush`` once for all tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

TRAIL = ("audit_entry", "audit_block", "audit_context")


@contextmanager
def guards_down(connection: Any) -> Iterator[None]:
    """Take the guards off the trail's own tables, and put them back as they were."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%guard%'")
            guards = cursor.fetchall()
            for name, _text in guards:
                cursor.execute(f'DROP TRIGGER "{name}"')
            yield
            for _name, text in guards:
                cursor.execute(text)
        else:
            cursor.execute(
                "SELECT tgrelid::regclass::text, tgname FROM pg_trigger"
                " WHERE tgname LIKE 'kouan_audit_guard%%' AND tgrelid IN (%s::regclass, %s::regclass)", TRAIL[:2],
            )
            guards = cursor.fetchall()
            for table, name in guards:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
            yield
            for table, name in guards:
                cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")


def allow_flush() -> None:
    """Let Django's ``flush`` empty the trail too, and quickly.

    On PostgreSQL one TRUNCATE of all tables takes half a second, most of it for tables that hold nothing:
    only those that hold rows are emptied, in one transaction at whose end foreign keys are checked.
    """
    from django.db import transaction
    from django.db.backends.base.operations import BaseDatabaseOperations

    flush: Callable[..., None] = BaseDatabaseOperations.execute_sql_flush

    def execute_sql_flush(self: Any, sql_list: list[str]) -> None:
        connection, quote = self.connection, self.quote_name
        with connection.cursor() as cursor:
            existing = set(connection.introspection.table_names(cursor))
        if not existing >= set(TRAIL):
            flush(self, sql_list)
            return
        tables = [
            table for table in connection.introspection.django_table_names(only_existing=True, include_views=False)
            if table not in TRAIL
        ]
        with transaction.atomic(using=connection.alias), guards_down(connection), connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA defer_foreign_keys = ON")
            cursor.execute(" UNION ALL ".join(
                f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {quote(table)})" for table in tables
            ))
            for (table,) in cursor.fetchall():
                cursor.execute(f"DELETE FROM {quote(table)}")
            # Emptying the tables has just been recorded: the trail goes last.
            for table in TRAIL:
                cursor.execute(f"DELETE FROM {table}")
            if connection.vendor == "sqlite":
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = 'audit_entry'")

    BaseDatabaseOperations.execute_sql_flush = execute_sql_flush
