"""What single cells say: words, conditions on words, spans of days, and the column a finding points to.

>>> word_of(101.0), word_of(None), without_code("进出境货运量［cargo_tonnes］")
('101', '', 'cargo_tonnes')
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from kouan.basis import Finding, Period, PeriodKind, nearest
from kouan.collection.recognise import Match


def word_of(cell: Any) -> str:
    """The text of a cell as its user sees it: 101.0 is 101, an instant at midnight is a day."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, float):
        return f"{cell:.15g}"
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ").removesuffix(" 00:00:00")
    return str(cell)


def holds(condition: Any, words: dict[str, str]) -> bool:
    """Whether a row's words meet a condition of the source's description."""
    for column, wanted in condition.items():
        word = words.get(column, "")
        if isinstance(wanted, dict):
            if wanted["contains"] not in word:
                return False
        elif word not in (wanted if isinstance(wanted, list) else [wanted]):
            return False
    return True


def without_code(word: str) -> str:
    """A name without the code behind it: our own template writes 进出境货运量［cargo_tonnes］."""
    plain = word.replace("［", "[").replace("］", "]").strip()
    return plain[:-1].rpartition("[")[2].strip() if plain.endswith("]") and "[" in plain else plain


def unknown_word(code: str, zh: str, en: str, word: str, known: Any) -> Finding:
    """The finding that a word is none of those that the source knows, with the nearest; or that it is missing."""
    near = nearest(word, known) if word else []
    return Finding.error(
        code, f"来源没有登记{zh}“{word}”。" if word else f"没有写明{zh}。",
        f"The source has no {en} “{word}”." if word else f"The {en} is not given.",
        measured=word or None,
        remedy=(f"是否为：{'、'.join(near)}？" if near else f"请核对{zh}。",
                f"Did you mean {', '.join(near)}?" if near else f"Check the {en}."),
    )


def between(start: Any, end: Any) -> Period | Finding:
    """The period from one cell's day to another's."""
    days: list[date] = []
    for cell, zh, en in ((start, "起始", "first"), (end, "终止", "last")):
        cell = cell.date() if isinstance(cell, datetime) else cell
        period = Period.read(cell.strip() if isinstance(cell, str) else cell)
        if isinstance(period, Finding) or period.kind is not PeriodKind.DAY:
            missing = cell in ("", None)
            return Finding.error(
                "period_missing" if missing else "unreadable_period",
                f"{zh}日期{'缺失' if missing else f'“{cell}”无法识别'}。",
                f"The {en} day {'is missing' if missing else f'“{cell}” cannot be read'}.",
                measured=None if missing else str(cell),
                remedy=("请写成 2023-03-06 的形式。", "Write it as 2023-03-06."),
            )
        days.append(period.start)
    try:
        return Period.span(days[0], days[1])
    except ValueError:
        return Finding.error(
            "period_reversed", "终止日期早于起始日期。", "The last day lies before the first.",
            measured=f"{days[0]} / {days[1]}", remedy=("请核对日期。", "Check the days."),
        )


_PLACE_OF = {
    "unknown_measure": "measure", "unknown_unit": "unit", "unit_missing": "unit", "units_incompatible": "unit",
    "unknown_direction": "direction", "unknown_group": "group",
}


def column_of(finding: Finding, match: Match) -> int | None:
    """The column that a finding about the row's words points to."""
    layout, positions = match.layout, match.positions
    role = _PLACE_OF.get(finding.code)
    columns = {
        "measure": layout.measure_column, "unit": layout.unit_column, "direction": layout.direction_column,
        "group": layout.group_column,
    }
    if role:
        return positions.get(columns[role] or "")
    if finding.code == "unknown_scope":
        return positions.get(layout.subject.get("scope", ""))
    subject = layout.subject.get("code") if layout.subject.get("code") in positions else layout.subject.get("name")
    return positions.get(subject or "")
