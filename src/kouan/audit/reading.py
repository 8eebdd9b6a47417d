"""Reading a whole database at one moment, row after row, in little memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from kouan.audit.registry import Registration, registrations

CHUNK = 1000


@contextmanager
def snapshot(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """One unchanging view of the database that keeps no writer waiting.

    Inside a transaction of the caller that transaction's view is used.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(using=connection.alias):
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
    else:
        # Django's own BEGIN would be IMMEDIATE (settings) and lock every writer out meanwhile.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ROLLBACK")


def stream(connection: BaseDatabaseWrapper, sql: str, parameters: Sequence[Any] | None = None) -> Iterator[Any]:
    """The rows of a query, a thousand at a time (a server-side cursor on PostgreSQL)."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, parameters)
        while rows := cursor.fetchmany(CHUNK):
            yield from rows


def scalar(connection: BaseDatabaseWrapper, sql: str, parameters: Sequence[Any] | None = None) -> Any:
    """The first column of the first row, or None."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        row = cursor.fetchone()
        return row[0] if row else None


def present(connection: BaseDatabaseWrapper) -> list[Registration]:
    """The audited tables that exist in this database (a room may not be migrated yet)."""
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
    return [registration for registration in registrations() if registration.table in tables]


def has_trail(connection: BaseDatabaseWrapper) -> bool:
    """Whether the trail's own tables exist."""
    with connection.cursor() as cursor:
        return {"audit_entry", "audit_block", "audit_context"} <= set(connection.introspection.table_names(cursor))
