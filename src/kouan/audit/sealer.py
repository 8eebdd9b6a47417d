"""The sealer: chains committed entries into signed blocks.

A block lists its members by id and SHA-256, so that no entry is ever updated to be sealed. Chaining
each row inside its writer's transaction would hold all writers in one queue (DESIGN.md, contract 6);
here only the sealers queue, and only with each other.

On PostgreSQL an entry may become visible after one with a higher id. So a block takes only entries
of transactions below the oldest one still running in this database and keeps that border as its
horizon: an entry below it that is in no block did not come there honestly.
"""

# ruff: noqa: S608 - the names of tables and columns come from the models; values are bound.

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from kouan import __version__
from kouan.audit import keys
from kouan.audit.actions import NOW, canonical_json
from kouan.audit.models import AuditBlock

BLOCK_SIZE = 1000
MEMBER = struct.Struct(">q32s")
COLUMNS = (
    'id, at, txid, actor_id, note, proof, db_user, kind, table_name, row_pk, "before", "after"'
)
# "kouan" and 1 in ASCII: the advisory lock that sealers share.
_LOCK = 0x6B6F75616E31


def entry_hash(row: Sequence[Any]) -> bytes:
    """SHA-256 of one entry: its columns in the order of ``COLUMNS`` as a JSON list.

    >>> entry_hash((1, "2023-03-06T00:00:00.000Z", None, 7, "", "", "", "I", "t", "1", None, "{}")).hex()[:12]
    '729e3ba12bfe'
    """
    return hashlib.sha256(canonical_json(list(row)).encode()).digest()


def members_of(packed: bytes | memoryview) -> Iterator[tuple[int, bytes]]:
    """(id, SHA-256) of each member of a block; a list that was cut short ends before the cut."""
    whole = len(packed) - len(packed) % MEMBER.size
    return MEMBER.iter_unpack(bytes(packed[:whole]))


def block_digest(block: AuditBlock) -> str:
    """SHA-256 over a block's header and the list of its members."""
    header = canonical_json([
        block.number, block.horizon, block.top_id, block.count, block.previous_hash,
        block.key_name, block.sealed_at, block.version,
    ])
    return hashlib.sha256(header.encode() + b"\x1e" + bytes(block.entries)).hexdigest()


def block_mac(digest: str, *, using: str = DEFAULT_DB_ALIAS) -> str:
    """The signature of a block."""
    return hmac.new(keys.subkey("seal", using=using), digest.encode(), hashlib.sha256).hexdigest()


def last_block(using: str = DEFAULT_DB_ALIAS) -> AuditBlock | None:
    """The head of the chain, without its members; None before the first sealing."""
    return AuditBlock.objects.using(using).defer("entries").order_by("-number").first()


def seal(using: str = DEFAULT_DB_ALIAS) -> int:
    """Seal every committed entry that can be sealed; answer how many. Raises ``KeyMissing``.

    Called every minute by the worker, after each intake, by ``kouan setup`` and ``kouan audit seal``.
    """
    connection = connections[using]
    keys.ensure_key(connection)
    with transaction.atomic(using=using):
        _queue(connection)
        previous = last_block(using)
        horizon, condition, parameters = _sealable(connection, previous)
        sealed, last_id = 0, -1
        while rows := _next(connection, condition, parameters, last_id):
            last_id = rows[-1][0]
            is_last = len(rows) < BLOCK_SIZE
            # Until the last block of this run is written, its horizon is not yet true.
            border = horizon if is_last else (previous.horizon if previous else 0)
            previous = _write(connection, previous, rows, border)
            sealed += len(rows)
            if is_last:
                break
        else:
            if sealed and previous is not None and previous.horizon != horizon:
                previous = _write(connection, previous, [], horizon)
        return sealed


def _queue(connection: BaseDatabaseWrapper) -> None:
    """Wait until no other sealer works."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        else:
            # The write lock is taken by any write; this one changes nothing.
            cursor.execute("UPDATE audit_context SET id = 1 WHERE id = 1")


# Transaction numbers are given out by the whole cluster, so pg_snapshot_xmin waits for the transactions of
# other databases as well. Here only those count that are known to run in this one, and those of which
# nobody knows where they run (prepared ones, and the instant before a transaction shows its lock). Our own
# is a border too: it may still write.
OLDEST_HERE = """
    SELECT least(
        coalesce(min(running.id::text::bigint), pg_snapshot_xmax(pg_current_snapshot())::text::bigint),
        pg_current_xact_id_if_assigned()::text::bigint
    )
    FROM (SELECT pg_snapshot_xip(pg_current_snapshot()) AS id) AS running
    LEFT JOIN pg_locks AS held ON held.locktype = 'transactionid' AND held.mode = 'ExclusiveLock'
        AND held.granted AND held.transactionid = running.id::xid
    LEFT JOIN pg_stat_activity AS backend ON backend.pid = held.pid
    WHERE backend.datname IS NULL OR backend.datname = current_database()
"""


def _sealable(connection: BaseDatabaseWrapper, previous: AuditBlock | None) -> tuple[int, str, list[int]]:
    """(horizon, condition, parameters) of the entries that may be sealed now and are not yet."""
    top = previous.top_id if previous else 0
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute("SELECT coalesce(max(id), 0) FROM audit_entry")
            return int(cursor.fetchone()[0]), "id > %s", [top]
        cursor.execute(OLDEST_HERE)
        oldest = int(cursor.fetchone()[0])
    # A number that this cluster has not given out yet came with a dump of another cluster: that
    # transaction is over. It is compared with the snapshot of the reading statement itself, for a
    # transaction may begin and commit between two statements; our own lies ahead of it too.
    return oldest, (
        "((txid < %s AND (txid >= %s OR id > %s))"
        " OR (txid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint AND id > %s"
        " AND txid IS DISTINCT FROM pg_current_xact_id_if_assigned()::text::bigint))"
    ), [oldest, previous.horizon if previous else 0, top, top]


def _next(connection: BaseDatabaseWrapper, condition: str, parameters: list[int], last_id: int) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {COLUMNS} FROM audit_entry WHERE {condition} AND id > %s ORDER BY id LIMIT {BLOCK_SIZE}",
            [*parameters, last_id],
        )
        return cursor.fetchall()


def _write(
    connection: BaseDatabaseWrapper, previous: AuditBlock | None, rows: list[Any], horizon: int
) -> AuditBlock:
    with connection.cursor() as cursor:
        # As a query without parameters the doubled percent signs would stay doubled.
        cursor.execute(f"SELECT {NOW[connection.vendor]}", [])
        sealed_at = cursor.fetchone()[0]
    block = AuditBlock(
        number=previous.number + 1 if previous else 1,
        horizon=horizon,
        top_id=max([previous.top_id if previous else 0, *(row[0] for row in rows)]),
        count=len(rows),
        entries=b"".join(MEMBER.pack(row[0], entry_hash(row)) for row in rows),
        previous_hash=previous.digest if previous else "",
        key_name=keys.fingerprint(using=connection.alias),
        sealed_at=sealed_at,
        version=__version__,
    )
    block.digest = block_digest(block)
    block.mac = block_mac(block.digest, using=connection.alias)
    block.save(force_insert=True, using=connection.alias)
    return block
