"""The key of the trail, kept outside the database, and what each connection must know of it.

One key of the installation (``audit.key`` in the home folder) gives three, each of which is of no
use for the others' work: ``seal`` signs blocks, batch entries and events, ``proof`` signs who acts
in a transaction, ``digest`` turns secrets and personal fields into keyed digests. Only the last one
ever reaches a database server, as a setting of our own connections.

The key is made with the first use and never again: when sealed blocks exist and the key does not,
a new one would only hide the loss.
"""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from kouan.basis import Refused

DIGEST_PREFIX = "digest:"


class KeyMissing(Refused):
    """The trail was sealed with a key that is not there any more."""


def key_path() -> Path:
    """Where the key lies."""
    return Path(settings.HOME.path) / "audit.key"


@lru_cache(maxsize=64)
def _derive(master: str, purpose: str) -> bytes:
    return hmac.new(master.encode(), f"kouan audit {purpose}".encode(), hashlib.sha256).digest()


@lru_cache(maxsize=8)
def _master(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip()


def forget_keys() -> None:
    """Read the key file anew with the next use (``verify`` must notice that it is gone)."""
    _master.cache_clear()


def subkey(purpose: str, *, using: str = DEFAULT_DB_ALIAS) -> bytes:
    """One of the three keys; the first use makes the installation's key. Raises ``KeyMissing``."""
    path = key_path()
    if not path.exists():
        if _has_blocks(connections[using]):
            raise KeyMissing.because(
                "audit_key_missing",
                f"审计密钥文件不存在：{path}。数据库中已有用它封存的区块，不能另造新钥。",
                f"The audit key file is missing: {path}. Blocks sealed with it exist, so no new one is made.",
                remedy=("请从备份恢复该文件后重试。", "Restore that file from its backup, then try again."),
            )
        settings.HOME.key("audit")
        forget_keys()
    return _derive(_master(path), purpose)


def fingerprint(*, using: str = DEFAULT_DB_ALIAS) -> str:
    """A name for the key that does not betray it; it also names the installation in anchors."""
    return subkey("fingerprint", using=using).hex()[:16]


def _has_blocks(connection: BaseDatabaseWrapper) -> bool:
    with connection.cursor() as cursor:
        if "audit_block" not in connection.introspection.table_names(cursor):
            return False
        cursor.execute("SELECT EXISTS (SELECT 1 FROM audit_block)")
        return bool(cursor.fetchone()[0])


def sign(*parts: object, using: str = DEFAULT_DB_ALIAS) -> str:
    """HMAC-SHA256 with the ``seal`` key over unambiguous parts (none of ours contains U+001F)."""
    text = "\x1f".join("" if part is None else str(part) for part in parts)
    return hmac.new(subkey("seal", using=using), text.encode(), hashlib.sha256).hexdigest()


def prove(txid: int | None, actor_id: int | None, note: str, *, using: str = DEFAULT_DB_ALIAS) -> str:
    """What shows that an actor was named by the application and not by hand in a shell."""
    text = f"{txid}\x1f{'' if actor_id is None else actor_id}\x1f{note}"
    return hmac.new(subkey("proof", using=using), text.encode(), hashlib.sha256).hexdigest()[:32]


def digest_of(column: str, value: object, *, using: str = DEFAULT_DB_ALIAS) -> str:
    """The keyed digest under which a secret value of ``table.column`` stands in the trail.

    The same text as ``kouan_audit_digest`` computes inside PostgreSQL.
    """
    text = f"{subkey('digest', using=using).hex()}|{column}|{value}"
    return DIGEST_PREFIX + hashlib.sha256(text.encode()).hexdigest()[:32]


def prepare_connection(sender: Any, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Give a new connection what the triggers need (signal ``connection_created``)."""
    if connection.vendor == "sqlite":
        raw: sqlite3.Connection = connection.connection
        alias = connection.alias

        def kouan_digest(column: str, value: object) -> str:
            return digest_of(column, value, using=alias)

        # The triggers call it by name. A plain sqlite3 shell has no such function, and so the
        # database itself refuses a shell's write to a table with secrets.
        raw.create_function("kouan_digest", 2, kouan_digest, deterministic=True)
        raw.execute("PRAGMA trusted_schema=ON")
        raw.execute("PRAGMA recursive_triggers=ON")
    elif connection.vendor == "postgresql" and key_path().exists():
        _set_digest_key(connection)


def _set_digest_key(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('kouan.digest_key', %s, false)",
            [subkey("digest", using=connection.alias).hex()],
        )


def ensure_key(connection: BaseDatabaseWrapper) -> None:
    """Make the key if this is its first use, and let this connection know it."""
    fresh = not key_path().exists()
    subkey("digest", using=connection.alias)
    if fresh and connection.vendor == "postgresql":
        _set_digest_key(connection)
