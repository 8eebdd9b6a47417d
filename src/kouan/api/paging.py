"""Bounded lists by cursor: ``?limit=`` (1–200) and ``?after=`` (the last answer's ``next``).

A cursor is the key of the last row shown, so a page is one step into an index however far it lies,
and rows that arrive meanwhile neither repeat nor hide others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

FURTHEST = 2**63 - 1


def page(
    rows: QuerySet[Any], *, key: str, limit: int, after: str, show: Callable[[Any], Any]
) -> dict[str, Any]:
    """One page of a queryset in the order of a unique ``key`` (a leading ``-`` turns it round)."""
    name = key.lstrip("-")
    if after:
        beyond = "lt" if key.startswith("-") else "gt"
        value = min(int(after), FURTHEST) if name == "id" else after
        rows = rows.filter(**{f"{name}__{beyond}": value})
    found = list(rows.order_by(key)[: limit + 1])
    return of_rows([show(row) for row in found[:limit]], getattr(found[limit - 1], name) if len(found) > limit else None)


def of_rows(items: list[Any], following: Any = None) -> dict[str, Any]:
    """What every list answers: its items, the next cursor, and the workspace they belong to."""
    return {
        "items": items, "next": None if following is None else str(following), "workspace": settings.WORKSPACE,
    }
