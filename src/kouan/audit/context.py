"""Who acts: the transaction in which the database itself knows the actor.

Triggers cannot see Python. On PostgreSQL the actor is a setting of the transaction; on SQLite it is
the one row of ``audit_context``, set after BEGIN and emptied before COMMIT, so that no committed
state ever names an actor and a write from a shell shows as what it is, a direct one.

A shell could set the same setting by hand. So each transaction also carries a proof: an HMAC over
its number, the actor and the note, with a key that no database holds. ``verify`` reports an entry
that names an actor without it. The number is the transaction id on PostgreSQL; on SQLite, where
writers are serialised, it is the id which the next entry will have: it never falls.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db import Error as DatabaseFailure
from django.db.backends.base.base import BaseDatabaseWrapper

from kouan.audit import keys

NOTE_LENGTH = 255

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Frame:
    """One ``acting`` block: who, why, in which transaction, and the events that must outlive it."""

    actor_id: int | None
    note: str
    txid: int | None = None
    proof: str = ""
    events: list[Callable[[], None]] = field(default_factory=list)


def _frames(connection: BaseDatabaseWrapper) -> list[Frame]:
    """The stack of frames of this connection (a connection belongs to one thread)."""
    frames: list[Frame] | None = getattr(connection, "kouan_audit_frames", None)
    if frames is None:
        frames = []
        connection.kouan_audit_frames = frames  # type: ignore[attr-defined]
    return frames


def current(connection: BaseDatabaseWrapper) -> Frame | None:
    """The innermost ``acting`` block of a connection."""
    frames = _frames(connection)
    return frames[-1] if frames else None


@contextmanager
def acting(actor_id: int | None, note: str = "", *, using: str = DEFAULT_DB_ALIAS) -> Iterator[Frame]:
    """Run a block in one transaction whose every change is recorded as this actor's.

    ``actor_id`` is the user's key, None for the system itself; ``note`` is the verb, kept in each
    entry. Blocks nest: the inner actor holds inside, the outer one again after it. An exception
    rolls back what the block did; events recorded inside it (refusals) are written all the same.
    """
    connection = connections[using]
    frame = Frame(actor_id, (note or ("" if actor_id is not None else "system"))[:NOTE_LENGTH])
    kept = False
    try:
        with transaction.atomic(using=using):
            outer = current(connection)
            _begin(connection, frame)
            _frames(connection).append(frame)
            try:
                yield frame
            finally:
                _frames(connection).remove(frame)
            # A block that asked for its own rollback takes the context back with it.
            stands = not connection.needs_rollback
            if stands:
                _show(connection, outer)
        kept = stands
    finally:
        if frame.events:
            _carry_over(connection, frame, kept)


def _begin(connection: BaseDatabaseWrapper, frame: Frame) -> None:
    keys.ensure_key(connection)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A connection pooler may have wiped the session's settings; the digest key is said again.
            cursor.execute(
                "SELECT pg_current_xact_id()::text, set_config('kouan.digest_key', %s, true)",
                [keys.subkey("digest", using=connection.alias).hex()],
            )
            frame.txid = int(cursor.fetchone()[0])
        else:
            # The write comes first: it takes the lock, whatever kind of BEGIN there was.
            cursor.execute(
                "INSERT INTO audit_context (id, note, proof) VALUES (1, '', '') ON CONFLICT (id) DO NOTHING"
            )
            cursor.execute("UPDATE audit_context SET id = 1 WHERE id = 1")
            cursor.execute(
                "SELECT coalesce(c.txid, (SELECT coalesce(max(id), 0) + 1 FROM audit_entry))"
                " FROM audit_context c WHERE c.id = 1"
            )
            frame.txid = int(cursor.fetchone()[0])
    frame.proof = keys.prove(frame.txid, frame.actor_id, frame.note, using=connection.alias)
    _show(connection, frame)


def _show(connection: BaseDatabaseWrapper, frame: Frame | None) -> None:
    """Let the triggers of the running transaction see this frame, or nobody."""
    actor_id = frame.actor_id if frame else None
    note, proof = (frame.note, frame.proof) if frame else ("", "")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT set_config('kouan.actor', %s, true), set_config('kouan.note', %s, true),"
                " set_config('kouan.proof', %s, true)",
                ["" if actor_id is None else str(actor_id), note, proof],
            )
        else:
            cursor.execute(
                "UPDATE audit_context SET actor_id = %s, note = %s, proof = %s, txid = %s WHERE id = 1",
                [actor_id, note, proof, frame.txid if frame else None],
            )


def _carry_over(connection: BaseDatabaseWrapper, frame: Frame, kept: bool) -> None:
    """Hand events to the enclosing block; write anew those that a rollback has taken."""
    outer = current(connection)
    if not kept:
        for write in frame.events:
            try:
                if not connection.needs_rollback:
                    with transaction.atomic(using=connection.alias):
                        write()
            except DatabaseFailure:
                # The caller's own error must not be replaced by this one.
                logger.exception("审计事件未能写入 / an audit event could not be written")
    if outer is not None:
        outer.events.extend(frame.events)


def context_values(connection: BaseDatabaseWrapper) -> dict[str, Any]:
    """What entries written now by the application itself carry."""
    frame = current(connection)
    return {"actor_id": frame.actor_id if frame else None, "txid": frame.txid if frame else None}
