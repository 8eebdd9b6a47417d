"""Rows of one file that give different figures for the same thing: found for each other, shown side by side, one taken.

The finding of each row names the others (``collection/intake.py``); no row is what the law requires.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from kouan.accounts.action import action
from kouan.collection import actions, queries
from kouan.collection.models import Holding, Observation

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


@action("intake.resolve")
def take_row(*, actor: Any, holding_id: int, instead_of: Sequence[int], reason: str) -> list[Observation]:
    """Accept one row and set the others that still wait aside, for one reason; answers the figures written.

    All or nothing. Raises what ``accept_holding`` and ``discard_holding`` raise.
    """
    chosen = Holding.objects.visible_to(actor).filter(pk=holding_id).first()
    written = actions.accept_holding(actor=actor, holding_id=holding_id, reason=reason)
    why = f"采用第{chosen.row}行：{reason.strip()}" if chosen else reason
    for pk in Holding.objects.visible_to(actor).waiting().filter(pk__in=instead_of).order_by("pk").values_list("pk", flat=True):
        actions.discard_holding(actor=actor, holding_id=pk, reason=why[:400])
    return written
