"""Rows of one file that give different figures for the same thing: found for each other, shown side by side, one taken.

The finding of each row names the others (``collection/intake.py``); no row is what the law requires.
"""

from __future__ import annotations

import re
from typing import Any

from django.db import transaction

from kouan.basis import Text
from kouan.collection import actions, queries
from kouan.collection.models import Holding
from kouan.console.words import here

CODE = "conflicting_rows"
MOST = 6  # rows shown beside each other; more do not fit a page, and a file that bad is sent again


def others_of(user: Any, row: Holding) -> list[Holding]:
    """The rows that the row's finding names, in scope, in the order of the file; empty where it names none."""
    named = {place for data in row.findings if data["code"] == CODE for place in _named(data["message"]["zh"])}
    numbers = {int(place.rpartition("!")[2]) for place in named}
    if not named:
        return []
    found = queries.holdings_visible_to(user).filter(batch_id=row.batch_id, row__in=numbers).exclude(pk=row.pk)
    held = found.select_related("batch", "resolved_by").order_by("sheet", "row")
    return [one for one in held if {str(one.row), f"{_sheet(one)}!{one.row}"} & named][: MOST - 1]


def _named(message: str) -> list[str]:
    """The places between 与第 and 行 of the finding's message: ``12`` or ``货运!12``."""
    match = re.match(r"与第(.+?)行对象", message)
    return [place for place in match[1].split("、") if place.rpartition("!")[2].isdecimal()] if match else []


def _sheet(row: Holding) -> str:
    sheets = row.batch.sheets
    return sheets[row.sheet] if row.sheet < len(sheets) else ""


def lines_of(rows: list[Holding]) -> list[dict[str, Any]]:
    """One line for each column of the file: its heading, what each row says, and whether they differ."""
    headers = [row.batch.columns[row.sheet] if row.sheet < len(row.batch.columns) else [] for row in rows]
    width = max((len(row.raw) for row in rows), default=0)
    lines = []
    for at in range(width):
        said = [row.raw[at] if at < len(row.raw) else "" for row in rows]
        heading = next((header[at] for header in headers if at < len(header) and header[at]), "")
        lines.append({"heading": heading, "said": said, "differs": len({text.strip() for text in said}) > 1})
    return lines


def take(user: Any, chosen: Holding, others: list[Holding], reason: str) -> int:
    """Accept one row and set the others that still wait aside, for one reason; answers how many figures were written.

    All or nothing. Raises what ``accept_holding`` and ``discard_holding`` raise.
    """
    with transaction.atomic():
        written = actions.accept_holding(actor=user, holding_id=chosen.pk, reason=reason)
        why = here(Text(f"采用第{chosen.row}行：{reason}", f"Row {chosen.row} was taken: {reason}"))
        for other in others:
            if other.is_open:
                actions.discard_holding(actor=user, holding_id=other.pk, reason=why[:400])
    return len(written)
