"""Bounded lists by cursor: ``?limit=`` (1–200) and ``?after=`` (the last answer's ``next``)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from django.db.models import QuerySet
from ninja import Query

from kouan.basis import Finding, Place, Refused

MOST = 200
Limit = Annotated[int, Query(ge=1, le=MOST, description="每页条数 / rows in the answer, 1–200")]
After = Annotated[str, Query(max_length=200, description="上一页的 next / the previous answer's next")]

T = TypeVar("T")


def cursor_of(value: Any) -> str:
    """An opaque cursor."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def read_cursor(text: str, kind: type[T]) -> T:
    """What a cursor holds; a mangled one is refused, never ignored."""
    try:
        padded = text + "=" * (-len(text) % 4)
        value = json.loads(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, UnicodeError, RecursionError):
        value = None
    if type(value) is not kind or (isinstance(value, int) and not 0 <= value < 2**63):
        raise Refused([Finding.error(
            "unreadable_cursor", "翻页标记 after 无法识别。", "The cursor “after” cannot be read.",
            where=Place(field="after"),
            remedy=("请原样使用上一页返回的 next。", "Send the previous answer's “next” as it was."),
        )])
    return value


def page(
    rows: QuerySet[Any], *, key: str, limit: int, after: str, kind: type, show: Callable[[Any], Any]
) -> dict[str, Any]:
    """One page of a queryset in the order of a unique ``key`` (a leading ``-`` turns it round)."""
    name = key.lstrip("-")
    if after:
        beyond = "lt" if key.startswith("-") else "gt"
        rows = rows.filter(**{f"{name}__{beyond}": read_cursor(after, kind)})
    found = list(rows.order_by(key)[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    return {
        "items": [show(row) for row in found],
        "next": cursor_of(getattr(found[-1], name)) if more else None,
    }


def page_of_list(rows: Sequence[Any], *, limit: int, after: str, show: Callable[[Any], Any]) -> dict[str, Any]:
    """One page of a list that had to be computed whole; the cursor is a position."""
    first = read_cursor(after, int) if after else 0
    found = rows[first : first + limit]
    more = first + limit < len(rows)
    return {"items": [show(row) for row in found], "next": cursor_of(first + limit) if more else None}
