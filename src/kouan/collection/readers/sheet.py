"""What a reader hands on: sheets of numbered rows, whatever the file was.

Rows are counted as the user counts them: the first line of a sheet is 1. A Parquet file has no
header line, so its header is row 0 and its first row of data is 1.

>>> column_letters(1), column_letters(27)
('A', 'AA')
>>> column_number("AA")
27
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = tuple[int, Sequence[Any]]


@dataclass(slots=True)
class Sheet:
    """One table. `rows` is read once, from the top. `formulas` are (row, column) of cells that hold a
    formula; `has_letters` tells whether users name its cells B7 (a worksheet) or by column name."""

    index: int
    name: str
    rows: Iterator[Row]
    total: int | None = None
    formulas: frozenset[tuple[int, int]] = frozenset()
    has_letters: bool = False


@dataclass(slots=True)
class OpenFile:
    """A file that passed the checks and is ready to be read."""

    kind: str  # csv, xlsx, parquet
    encoding: str
    sheets: list[Sheet] = field(default_factory=list)
    marks: dict[str, str] = field(default_factory=dict)  # what our own template wrote into the workbook


def column_letters(number: int) -> str:
    """The letters of a column, 1 for A."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """The number of a column, A for 1."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
