"""Computes the formulas of a workbook as a spreadsheet would: the few functions that our workbooks use, so that tests need no office program."""

from __future__ import annotations

import math
import re
from io import BytesIO
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import range_boundaries

_TOKEN = re.compile(
    r'\s*(?:(?P<text>"[^"]*")|(?P<ref>(?:[^\W\d]\w*!)?\$?[A-Z]{1,3}\$?\d+(?::\$?[A-Z]{1,3}\$?\d+)?)|(?P<name>[A-Z]+)(?=\()'
    r"|(?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)|(?P<sign><=|>=|<>|[-+*/<>=&(),]))")


class Sheets:
    """A workbook whose formulas are computed when they are asked for. Empty cells are None."""

    def __init__(self, content: bytes) -> None:
        self.book = load_workbook(BytesIO(content))
        self.known: dict[tuple[str, str], Any] = {}

    def value(self, sheet: str, cell: str) -> Any:
        key = (sheet, cell)
        if key not in self.known:
            held = self.book[sheet][cell]
            self.known[key] = _Reading(self, sheet, held.value[1:]).whole() if held.data_type == "f" else held.value
        return self.known[key]

    def formulas(self, sheet: str) -> dict[str, str]:
        return {cell.coordinate: cell.value for row in self.book[sheet].iter_rows() for cell in row if cell.data_type == "f"}

    def area(self, sheet: str, text: str) -> list[Any]:
        left, top, right, bottom = range_boundaries(text)
        return [self.value(sheet, self.book[sheet].cell(row, column).coordinate)
                for row in range(top, bottom + 1) for column in range(left, right + 1)]


class _Reading:
    def __init__(self, sheets: Sheets, sheet: str, text: str) -> None:
        self.sheets, self.sheet, self.at = sheets, sheet, 0
        self.tokens: list[tuple[str, str]] = []
        place = 0
        while place < len(text):
            found = _TOKEN.match(text, place)
            assert found and found.lastgroup, (text, text[place:])
            self.tokens.append((found.lastgroup, found[found.lastgroup]))
            place = found.end()

    def whole(self) -> Any:
        found = self.compared()
        assert self.at == len(self.tokens), self.tokens[self.at:]
        return found

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, *wanted: str) -> str | None:
        if self.peek() in wanted and self.tokens[self.at][0] == "sign":
            self.at += 1
            return self.tokens[self.at - 1][1]
        return None

    def compared(self) -> Any:
        left = self.joined()
        while sign := self.take("=", "<>", "<", ">", "<=", ">="):
            right = self.joined()
            left, right = ("" if left is None and isinstance(right, str) else left), ("" if right is None and isinstance(left, str) else right)
            if isinstance(left, str) != isinstance(right, str):
                # Text is greater than any number, and never equal to one.
                left, right = (1, 0) if isinstance(left, str) else (0, 1)
            left, right = left or 0 if left != "" else "", right or 0 if right != "" else ""
            left = {"=": left == right, "<>": left != right, "<": left < right, ">": left > right, "<=": left <= right, ">=": left >= right}[sign]
        return left

    def joined(self) -> Any:
        left = self.summed()
        while self.take("&"):
            left = f"{left}{self.summed()!r}"
        return left

    def summed(self) -> Any:
        left = self.product()
        while sign := self.take("+", "-"):
            right = self.product()
            left = (left or 0) + (right or 0) if sign == "+" else (left or 0) - (right or 0)
        return left

    def product(self) -> Any:
        left = self.single()
        while sign := self.take("*", "/"):
            right = self.single()
            left = (left or 0) * (right or 0) if sign == "*" else (left or 0) / right
        return left

    def single(self) -> Any:
        if self.take("-"):
            return -self.single()
        if self.take("("):
            found = self.compared()
            assert self.take(")")
            return found
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            return float(text)
        if kind == "text":
            return text[1:-1]
        if kind == "ref":
            sheet, _, cells = text.rpartition("!")
            cells = cells.replace("$", "")
            return self.sheets.area(sheet or self.sheet, cells) if ":" in cells else self.sheets.value(sheet or self.sheet, cells)
        assert kind == "name", (kind, text)
        return self.call(text)

    def call(self, name: str) -> Any:
        assert self.take("(")
        if name == "IF":
            asked = self.compared()
            self.take(",")
            start = self.at
            found = self.chosen(bool(asked))
            assert self.at > start
            return found
        given = [self.compared()]
        while self.take(","):
            given.append(self.compared())
        assert self.take(")")
        return _FUNCTIONS[name](*given)

    def chosen(self, first: bool) -> Any:
        """The part of an IF that holds; the other is passed over and never computed, as it may divide by zero."""
        found = self.compared() if first else self.passed()
        assert self.take(",")
        found = self.passed() or found if first else self.compared()
        assert self.take(")")
        return found

    def passed(self) -> None:
        depth = 0
        while depth or self.peek() not in (",", ")"):
            depth += {"(": 1, ")": -1}.get(self.peek(), 0) if self.tokens[self.at][0] == "sign" else 0
            self.at += 1


def _numbers(*given: Any) -> list[float]:
    flat = [each for one in given for each in (one if isinstance(one, list) else [one])]
    return [float(each) for each in flat if isinstance(each, int | float)]


def _holds(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, str) and wanted[:1] == ">":
        return isinstance(value, int | float) and value > float(wanted[1:])
    return bool(value == wanted)


def _sumproduct(*columns: list[Any]) -> float:
    return math.fsum(math.prod(each if isinstance(each, int | float) else 0.0 for each in row) for row in zip(*columns, strict=True))


def _countifs(*given: Any) -> int:
    pairs = [(given[at], given[at + 1]) for at in range(0, len(given), 2)]
    return sum(all(_holds(column[n], wanted) for column, wanted in pairs) for n in range(len(given[0])))


_FUNCTIONS: dict[str, Any] = {
    "MIN": lambda *given: min(_numbers(*given)), "MAX": lambda *given: max(_numbers(*given)), "LN": math.log,
    "ROUND": lambda value, digits: round(value, int(digits)), "SUM": lambda *given: math.fsum(_numbers(*given)), "SUMPRODUCT": _sumproduct,
    "SUMIF": lambda column, wanted, over: math.fsum(b for a, b in zip(column, over, strict=True) if _holds(a, wanted)),
    "COUNTIFS": _countifs, "AND": lambda *given: all(given), "OR": lambda *given: any(given),
    "N": lambda value: value if isinstance(value, int | float) else 0.0,
}
