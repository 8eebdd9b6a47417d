"""Reading a small sheet by its heads: XLSX or CSV, checked whole, every wrong cell named. Nothing is written here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from kouan.basis import Finding, Place, Refused, Text, codes, has_errors, names, nearest
from kouan.collection.readers import Limits, open_file
from kouan.desk.actions import bears_stamp, secrecy_refusal

FILE_BYTES = 4 * 1024 * 1024
ROWS = 5000
_LIMITS = Limits(file_bytes=FILE_BYTES, unpacked_bytes=64 * 1024 * 1024, rows=ROWS + 40, columns=64)
_MODES = {
    "水运": "water",
    "铁路": "rail",
    "公路": "road",
    "航空": "air",
    "空运": "air",
    "water": "water",
    "rail": "rail",
    "road": "road",
    "air": "air",
}


@dataclass(frozen=True, slots=True)
class SheetHead:
    """One column that is asked for: its key, its heads in both languages and other names, whether each row needs it."""

    key: str
    label: Text
    is_required: bool = True
    also: tuple[str, ...] = ()


@dataclass
class ReadSheet:
    """What was read: rows by key with their number, and everything wrong by cell. Taken whole or not at all."""

    file_name: str
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Whether every row may be taken."""
        return bool(self.rows) and not has_errors(self.findings)

    def wrong(self, row: int, head: SheetHead, code: str, zh: str, en: str, remedy: tuple[str, str] | None = None, measured: Any = None) -> None:
        """Note what is wrong with a cell."""
        self.findings.append(
            Finding.error(
                code,
                f"第{row}行“{head.label.zh}”：{zh}",
                f"Row {row}, “{head.label.en}”: {en}",
                measured=measured,
                where=Place(file=self.file_name, row=row, column=head.label.zh),
                remedy=remedy,
            )
        )


def read_sheet(content: bytes, file_name: str, heads: Sequence[SheetHead]) -> ReadSheet:
    """Read the first sheet of a file by its heads; a file that is no table is one finding."""
    found = ReadSheet(file_name)
    with NamedTemporaryFile(suffix=Path(file_name).suffix[:8]) as kept:
        kept.write(content)
        kept.flush()
        try:
            opened = open_file(Path(kept.name), file_name, _LIMITS)
            lines = [(number, [_plain(cell) for cell in cells]) for number, cells in opened.sheets[0].rows] if opened.sheets else []
        except Refused as refusal:
            found.findings.extend(refusal.findings)
            return found
    if any(bears_stamp(cell) for _, cells in lines for cell in cells):
        found.findings.extend(secrecy_refusal("表格", "The table", Place(file=file_name)).findings)
        return found
    places, start = _places(lines, heads)
    missing = [head.label for head in heads if head.is_required and head.key not in places]
    if missing:
        found.findings.append(
            Finding.error(
                "missing_columns",
                f"第一张表缺少列：{'、'.join(each.zh for each in missing)}。",
                f"The first sheet lacks columns: {', '.join(each.en for each in missing)}.",
                where=Place(file=file_name),
                remedy=(f"表头应为：{'、'.join(head.label.zh for head in heads)}。", f"Heads: {', '.join(head.label.en for head in heads)}."),
            )
        )
        return found
    for number, cells in lines[start:]:
        row = {key: cells[at] if at < len(cells) else "" for key, at in places.items()}
        if not any(row.values()):
            continue
        found.rows.append((number, row))
        for head in heads:
            if head.is_required and not row.get(head.key):
                found.wrong(number, head, "missing_cell", "不能为空。", "must not be empty.", ("请补填。", "Fill it in."))
    if not found.rows and not found.findings:
        found.findings.append(
            Finding.error(
                "empty_sheet",
                "表中没有任何数据行。",
                "The sheet holds no rows.",
                where=Place(file=file_name),
                remedy=("请在表头下逐行填写。", "Fill in rows under the heads."),
            )
        )
    return found


def _plain(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return names.half_width(str(cell)).strip()


def _places(lines: Sequence[tuple[int, list[str]]], heads: Sequence[SheetHead]) -> tuple[dict[str, int], int]:
    """Where each column stands and the first row below the heads; heads are looked for in the first lines."""
    known = {_bare(name): head.key for head in heads for name in (head.label.zh, head.label.en, head.key, *head.also)}
    best: dict[str, int] = {}
    start = 0
    for at, (_, cells) in enumerate(lines[:10]):
        places: dict[str, int] = {}
        for place, cell in enumerate(cells):
            key = known.get(_bare(cell))
            if key is not None:
                places.setdefault(key, place)
        if len(places) > len(best):
            best, start = places, at + 1
    return best, start


def _bare(name: str) -> str:
    return names.half_width(name).split("(")[0].strip(" *").lower()


def province_named(said: str) -> str | None:
    """The two-digit code of a province by code, full or short name."""
    for one in codes.mainland_provinces:
        if said in (one.code, f"{one.code}0000", one.name.zh, one.short_name.zh, one.name.en):
            return str(one.code)
    return None


def province_hint(said: str) -> tuple[str, str]:
    """What to write instead of an unknown province."""
    near = nearest(said, [one.short_name.zh for one in codes.mainland_provinces], 1)
    return (
        (f"是否为“{near[0]}”？", f"Did you mean “{near[0]}”?")
        if near
        else ("请填写省级行政区的名称或两位代码。", "Give the province's name or two-digit code.")
    )


def mode_named(said: str) -> str | None:
    """The code of a mode by its word."""
    return _MODES.get(said.removesuffix("口岸").lower())


def score_of(said: str) -> Decimal | None:
    """A score from 0 to 100 with at most three decimals; None where it is none.

    A comma has no place in a score: taken for one between thousands, a mistyped 7,9 would pass as 79.

    >>> score_of("79.5"), score_of("101"), score_of("八十"), score_of("NaN"), score_of("7，9")
    (Decimal('79.5'), None, None, None, None)
    """
    try:
        value = Decimal(said.strip())
    except InvalidOperation:
        return None
    if not value.is_finite() or not 0 <= value <= 100 or value != round(value, 3):
        return None
    return value
