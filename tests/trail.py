"""Emptying the audit trail between tests, which the database itself refuses to everybody else.

Tests that run real transactions end in Django's ``flush``; the guards of the trail stand in its way.
A fixture of conftest.py calls ``allow_flush`` once for all tests.
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
    """Let Django's ``flush`` empty the trail too."""
    from django.db import transaction
    from django.db.backends.base.operations import BaseDatabaseOperations

    flush: Callable[..., None] = BaseDatabaseOperations.execute_sql_flush

    def execute_sql_flush(self: Any, sql_list: list[str]) -> None:
        with self.connection.cursor() as cursor:
            tables = set(self.connection.introspection.table_names(cursor))
        if not tables >= set(TRAIL):
            flush(self, sql_list)
            return
        with transaction.atomic(using=self.connection.alias), guards_down(self.connection):
            flush(self, sql_list)
            # Emptying the other tables has just been recorded.
            with self.connection.cursor() as cursor:
                for table in TRAIL:
                    cursor.execute(f"DELETE FROM {table}")
                if self.connection.vendor == "sqlite":
                    cursor.execute("DELETE FROM sqlite_sequence WHERE name = 'audit_entry'")

    BaseDatabaseOperations.execute_sql_flush = execute_sql_flush
