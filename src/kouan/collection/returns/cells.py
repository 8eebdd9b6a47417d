"""A form as somebody filled it in: by item what was written, why, a note; and where each stands, whatever the door.

>>> filled = Filled({"crew": Cell("12")})
>>> filled.place("crew", "value").field, filled.cell("conv").is_empty
('v-crew', True)
>>> Filled({"crew": Cell("12", row=9)}, "月报.xlsx", "KA-02").place("crew", "reason").cell
'I9'
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kouan.basis import Place

# The workbook's columns (template.py writes them, reading.py reads them back).
COLUMNS = {"number": "A", "name": "B", "unit": "C", "value": "D", "before": "E", "year_ago": "F", "change": "G", "check": "H", "reason": "I",
           "note": "J", "code": "K"}
TITLES = {"value": "本期", "reason": "原因", "note": "备注"}
LONGEST = 400
FOOTER = {"head": "单位负责人", "statistician": "统计负责人", "filler": "填表人", "reported_on": "报出日期"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One line as it was filled in. ``raw``: as it stood, a number or text; ``row``: of the sheet it was read from."""

    raw: Any = ""
    reason: str = ""
    note: str = ""
    row: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether no value was written. Zero is a value."""
        return self.raw is None or (isinstance(self.raw, str) and not self.raw.strip())


_EMPTY = Cell()


@dataclass(slots=True)
class Filled:
    """A filled form. With ``sheet`` its places are cells of a workbook, else fields of a page or of JSON. ``formulas``: (row, letter)."""

    cells: Mapping[str, Cell]
    file: str = ""
    sheet: str = ""
    people: Mapping[str, str] = field(default_factory=dict)
    people_rows: Mapping[str, str] = field(default_factory=dict)
    formulas: frozenset[str] = frozenset()
    is_zero: bool = False
    unknown: tuple[str, ...] = ()

    def cell(self, item: str) -> Cell:
        """What was written for an item."""
        return self.cells.get(item, _EMPTY)

    def place(self, item: str, part: str = "value") -> Place:
        """Where a part of an item's line stands."""
        cell = self.cell(item)
        if self.sheet and cell.row:
            return Place(self.file, self.sheet, cell.row, TITLES[part], f"{COLUMNS[part]}{cell.row}")
        return Place(field=f"{part[0]}-{item}")

    def footer_place(self, name: str) -> Place:
        """Where an entry of the footer stands."""
        if self.sheet and name in self.people_rows:
            return Place(self.file, self.sheet, cell=self.people_rows[name])
        return Place(field=f"p-{name}")
