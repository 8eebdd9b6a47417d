"""The triggers that write the trail, generated from the models, for SQLite and PostgreSQL.

Both dialects answer the same questions (``Dialect``), so that installation, the system check and
``verify`` need not know which database they talk to.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

from django.db.backends.base.base import BaseDatabaseWrapper

from kouan.audit.registry import Registration
from kouan.basis import Text


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which the installed triggers are not those of the software."""

    table: str
    name: str
    what: str  # missing, changed, disabled, unknown

    @property
    def message(self) -> Text:
        """The difference in words."""
        return {
            "missing": Text(f"表 {self.table} 缺少审计触发器 {self.name}。",
                            f"Table {self.table} lacks the audit trigger {self.name}."),
            "changed": Text(f"表 {self.table} 的审计触发器 {self.name} 与软件不一致。",
                            f"The audit trigger {self.name} of table {self.table} differs from the software's."),
            "disabled": Text(f"表 {self.table} 的审计触发器 {self.name} 被停用。",
                             f"The audit trigger {self.name} of table {self.table} is disabled."),
            "unknown": Text(f"表 {self.table} 上有软件之外的触发器或规则 {self.name}。",
                            f"Table {self.table} carries a trigger or rule {self.name} "
                            "that is not the software's."),
        }[self.what]


def fingerprint(texts: list[str]) -> str:
    """A short digest of trigger texts, kept in the trail when they are installed."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:32]


class Dialect(Protocol):
    """What a database must be able to say and do for the audit."""

    def image(
        self, connection: BaseDatabaseWrapper, registration: Registration, row: str,
        columns: set[str] | None = None,
    ) -> str:
        """The SQL expression of a row's JSON image; ``row`` is NEW, OLD or a table alias.

        ``columns``: only these, for a table that does not have all of its model's columns yet.
        """

    def fingerprints(self, connection: BaseDatabaseWrapper) -> dict[str, str]:
        """Table → a digest of the triggers installed on it; a table without any is not listed."""

    def install(self, connection: BaseDatabaseWrapper, registrations: list[Registration]) -> None:
        """Create or replace every trigger; drop ours that are no longer wanted."""

    def lift(self, connection: BaseDatabaseWrapper, tables: set[str], *, guards: bool) -> list[str]:
        """Drop the triggers of tables about to be migrated; answer the tables that had one."""

    def compare(
        self, connection: BaseDatabaseWrapper, registrations: list[Registration]
    ) -> list[Difference]:
        """How the installed triggers differ from those expected."""


def dialect(connection: BaseDatabaseWrapper) -> Dialect:
    """The dialect of a connection; only SQLite and PostgreSQL are supported (DESIGN.md)."""
    from kouan.audit.triggers import postgresql, sqlite

    if connection.vendor == "sqlite":
        return sqlite.SQLite()
    if connection.vendor == "postgresql":
        return postgresql.PostgreSQL()
    raise NotImplementedError(
        f"审计触发器只支持 SQLite 与 PostgreSQL / the audit triggers know SQLite and PostgreSQL only, "
        f"not {connection.vendor}"
    )
