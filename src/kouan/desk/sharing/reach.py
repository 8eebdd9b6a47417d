"""Which grants a reader holds, and what is read through them: asked by the querysets of the rooms above.

One indexed look-up per request and kind of data; none for the national office and for the system, which see all.
Within one request the answer is kept; the next request asks anew, so that a revocation holds from then on.
What is read through a grant is gathered while a request runs and written as one entry per grant at its end; outside
a request (a command, a job, a stream still being sent) it is written at once. Where it cannot be written, nothing is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from kouan.accounts.action import System
from kouan.accounts.models import Role
from kouan.accounts.scope import scope_of
from kouan.audit import acting
from kouan.desk.sharing.coverage import Coverage

MOST_NAMED = 50


@dataclass(frozen=True, slots=True)
class Reach:
    """A grant in force, as the querysets need it."""

    grant: int
    data_set: str
    purpose: str
    coverage: Coverage


@dataclass(slots=True)
class _Read:
    rows: int = 0
    fields: set[str] = field(default_factory=set)
    subjects: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Request:
    door: str
    reaches: dict[tuple[int, str], tuple[Reach, ...]] = field(default_factory=dict)
    reads: dict[tuple[int, int, str], _Read] = field(default_factory=dict)


_request: ContextVar[_Request | None] = ContextVar("kouan_sharing_request", default=None)
_door: ContextVar[str] = ContextVar("kouan_sharing_door", default="")


def reaches_for(user: Any, room: str) -> tuple[Reach, ...]:
    """The grants by which a user's office may read data of a room today, oldest first."""
    if isinstance(user, System) or getattr(user, "pk", None) is None:
        return ()
    if not user.is_authenticated or not user.is_active or not user.organisation.is_active or user.role == Role.ENTERPRISE_USER:
        return ()
    if scope_of(user).everything:
        return ()
    held = _request.get()
    if held is not None and (user.pk, room) in held.reaches:
        return held.reaches[user.pk, room]
    from kouan.desk.sharing.models import DataGrant

    rows = DataGrant.objects.in_force().filter(grantee_id=user.organisation_id, data_set__room=room).order_by("pk")
    found = tuple(Reach(pk, code, purpose, Coverage.of(reach))
                  for pk, code, purpose, reach in rows.values_list("pk", "data_set__code", "purpose", "reach"))
    if held is not None:
        held.reaches[user.pk, room] = found
    return found


def note_read(user: Any, reach: Reach, rows: int, *, fields: set[str], subjects: set[str]) -> None:
    """Something was read through a grant: remembered until the request ends, or written at once outside one."""
    if rows <= 0:
        return
    held = _request.get()
    key = (user.pk, reach.grant, reach.purpose)
    if held is None:
        _write({key: _Read(rows, set(fields), set(subjects))}, _door.get() or "command")
        return
    read = held.reads.setdefault(key, _Read())
    read.rows += rows
    read.fields |= fields
    read.subjects |= subjects


@contextmanager
def one_request(door: str) -> Iterator[None]:
    """While it lasts the look-ups are kept and the reads gathered; they are written when it ends, whole or in error."""
    token = _request.set(_Request(door))
    try:
        yield
    finally:
        held = _request.get()
        _request.reset(token)
        if held is not None and held.reads:
            _write(held.reads, held.door)


@contextmanager
def by_door(door: str) -> Iterator[None]:
    """Name the door for reads outside a request: a command, a job."""
    token = _door.set(door[:160])
    try:
        yield
    finally:
        _door.reset(token)


def _write(reads: dict[tuple[int, int, str], _Read], door: str) -> None:
    from kouan.desk.sharing.models import GrantRead

    by_user: dict[int, list[GrantRead]] = {}
    for (user, grant, purpose), read in reads.items():
        by_user.setdefault(user, []).append(GrantRead(
            grant_id=grant, user_id=user, purpose=purpose, door=door[:160], rows=read.rows, fields=sorted(read.fields)[:MOST_NAMED],
            subjects=sorted(read.subjects)[:MOST_NAMED]))
    for user, rows in by_user.items():
        with acting(user, note="desk.sharing.read"):
            GrantRead.objects.bulk_create(rows)
