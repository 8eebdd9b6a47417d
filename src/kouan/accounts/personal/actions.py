"""What changes the keys of personal data: rotating the master key, destroying a person's."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

from kouan.accounts.action import action
from kouan.accounts.personal import keys
from kouan.accounts.personal.fields import PersonalIndex, PersonalRow, personal_models
from kouan.accounts.personal.models import SubjectKey
from kouan.basis import Finding, NotFound, Place, Refused, clock

BATCH = 500


@action("personal.keys")
def new_master(*, actor: Any) -> int:
    """Make the next master key; what is new is wrapped by it. Answers its number."""
    return keys.next_master()


def rotate(*, actor: Any, progress: Callable[[int, int | None, str], None] | None = None, again: bool = False) -> dict[str, int]:
    """Make the next master key and wrap every person's key by it. ``again``: go on with one that was cut short, making none.

    The old file stays until ``forget_old``: what was wrapped by it is in older backups.
    """
    number = keys.current_master() if again else new_master(actor=actor)
    done, total = 0, SubjectKey.objects.exclude(master=number).filter(destroyed_at__isnull=True).count()
    while moved := _rewrap(actor=actor, number=number):
        done += moved
        if progress is not None:
            progress(done, total, "")
    return {"master": number, "rewrapped": done}


@action("personal.keys")
def _rewrap(*, actor: Any, number: int) -> int:
    rows = list(SubjectKey.objects.select_for_update().filter(destroyed_at__isnull=True).exclude(master=number).order_by("pk")[:BATCH])
    for row in rows:
        row.wrapped = keys.wrap(keys.unwrap(row.wrapped, row.subject, row.master), row.subject, number)
        row.master = number
        row.save(update_fields=["wrapped", "master"])
    return len(rows)


@action("personal.keys")
def forget_old(*, actor: Any) -> list[int]:
    """Delete the master keys that wrap nothing any more. From then on backups of before the rotation cannot be read."""
    now = keys.current_master()
    in_use = set(SubjectKey.objects.filter(destroyed_at__isnull=True).values_list("master", flat=True).distinct()) | {now}
    gone = [number for number in keys.masters() if number not in in_use]
    for number in gone:
        keys.masters()[number].unlink()
    return gone


@action("personal.keys")
def destroy(*, actor: Any, subject: uuid.UUID, why: str) -> SubjectKey:
    """Destroy a person's key: the personal fields of that row cannot be read any more, here or in the trail. There is no way back.

    The row itself stays, for it is evidence; its keyed index is emptied. A user who may still sign in must be blocked first.
    """
    if not why.strip():
        raise Refused.because("missing", "请写明依据或原因。", "Say on what ground.", where=Place(field="why"))
    held = SubjectKey.objects.select_for_update().filter(subject=subject).first()
    row = row_of(subject)
    if held is None or row is None:
        raise NotFound(Finding.error("personal_no_subject", "没有这个主体。", "There is no such person.", measured=str(subject)))
    if getattr(row, "is_active", False):
        raise Refused.because("personal_still_active", "该用户仍在用，请先停用。", "This user may still sign in; block the user first.",
                              remedy=("请先在“用户”页停用。", "Block the user on the page of users first."))
    if held.destroyed_at is not None:
        return held
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA secure_delete=ON")  # the old bytes are overwritten and do not wait in a free page
    held.wrapped, held.destroyed_at, held.destroyed_why = "", clock.now(), why.strip()[:200]
    held.save(update_fields=["wrapped", "destroyed_at", "destroyed_why"])
    indexes = {each.name: "" for each in row._meta.local_fields if isinstance(each, PersonalIndex)}
    if indexes:
        type(row)._default_manager.filter(pk=row.pk).update(**indexes)
    # Outside the database as well, or a restored backup would bring the person back. Before the commit: a key too many on the list
    # is an honest refusal, a key too few a broken promise.
    keys.bury(subject)
    transaction.on_commit(_after_destroying)
    return held


def _after_destroying() -> None:
    """On SQLite the log of writes still holds the old page: bring it in and empty it."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def row_of(subject: uuid.UUID) -> PersonalRow | None:
    """The row whose person this is."""
    for model in personal_models():
        found = model._default_manager.filter(personal_subject=subject).first()
        if found is not None:
            return found
    return None
