"""How a change is written: put on the record, folded into the columns, version raised.

The private half of ``actions.py``: no verb stands here, every function expects to run inside one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from kouan.accounts.action import System
from kouan.basis import NotFound, Place, clock
from kouan.desk.models import Document
from kouan.ports.folding import COLUMNS, Change, as_stored, fold
from kouan.ports.loading import set_columns
from kouan.ports.meanwhile import changed_meanwhile
from kouan.ports.models import Port, PortChange

# Where nothing is recorded these are unknown, and "no" is news.
NULLABLE_FLAGS = frozenset({"is_border"})


def locked(code: str, actor: Any, version: int | None = None) -> Port:
    """The port, locked for this transaction, in the actor's scope, at the version the actor saw.

    Two people who edit one port: the second is told who changed what and when (``Conflict``).
    """
    query = Port.objects.visible_to(actor).select_for_update()
    port = query.filter(code=code).first()
    if port is None:
        raise NotFound.because(
            "unknown_port", f"没有“{code}”这个口岸。", f"There is no port “{code}”.", where=Place(field="port"),
        )
    if version is not None and port.version != version:
        raise changed_meanwhile(port, version)
    return port


def record(
    port: Port, values: Mapping[str, Any], document: Document, actor: Any, *,
    valid_from: date | None, reason: str = "", always: bool = False,
) -> list[PortChange]:
    """Put values on the record and bring the columns to what holds today.

    A value that already holds on ``valid_from`` is not recorded twice, unless ``always``.
    """
    held = fold(changes_of(port), valid_from or clock.today())
    now = clock.now()
    fresh = []
    for name, value in values.items():
        stored = as_stored(name, value)
        before = held.get(name)
        if not always and before is not None and before.value == stored:
            continue
        if not always and before is None and (stored in (None, "") or (stored is False and name not in NULLABLE_FLAGS)):
            continue
        fresh.append(PortChange(
            port=port, attribute=name, value=stored, valid_from=valid_from, document=document, reason=reason,
            actor_id_recorded=None if isinstance(actor, System) else actor.pk, recorded_at=now,
        ))
    PortChange.objects.bulk_create(fresh)
    if fresh:
        bring_up_to_date(port, clock.today(), raise_version=True)
    return fresh


def changes_of(port: Port) -> list[Change]:
    """All changes of one port, as the fold reads them."""
    return [Change(*row) for row in port.changes.order_by().values_list(*COLUMNS)]


def bring_up_to_date(port: Port, today: date, *, raise_version: bool = False) -> list[str]:
    """Set the columns to what holds today; name those that changed."""
    held = fold(changes_of(port), today)
    parents = {}
    if "parent" in held and held["parent"].value:
        parents = {each.code: each for each in Port.objects.filter(code=held["parent"].value)}
    names = set_columns(port, held, parents)
    if names or raise_version:
        port.version += 1
        port.save(update_fields=[*names, "version"])
    return names


def touch(port: Port) -> None:
    """Raise the version after a change that is not an attribute (a code, a link)."""
    port.version += 1
    port.save(update_fields=["version"])
