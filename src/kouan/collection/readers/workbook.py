"""Workbooks (.xlsx), read by calamine after the safety check of `package`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from kouan.collection.readers import limits as bounds
from kouan.collection.readers.limits import Limits
from kouan.collection.readers.package import check_package
from kouan.collection.readers.sheet import OpenFile, Row, Sheet

_MARK = re.compile(r"kouan\.[a-z_.]+")


def open_workbook(path: Path, name: str, limits: Limits) -> OpenFile:
    """Check the package, then open its worksheets in order. Raises Refused."""
    package = check_package(path, name, limits)
    try:
        book = CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError, ValueError) as error:
        raise bounds.truncated(name, str(error)[:200]) from error
    sheets = []
    for index, (title, part) in enumerate(package.sheets.items()):
        if not part.rows:
            continue
        rows = _rows(book, title, name, limits, part.errors)
        sheets.append(Sheet(index, title, rows, part.rows, frozenset(part.formulas), has_letters=True))
    if not sheets:
        raise bounds.empty(name)
    return OpenFile("xlsx", "", sheets, _marks(package.properties))


def _rows(
    book: CalamineWorkbook, title: str, name: str, limits: Limits, errors: dict[tuple[int, int], str]
) -> Iterator[Row]:
    """Rows from the top of the sheet, cells from column A; wholly empty rows are left out.

    `errors` by (row, column): the fast reader shows a failed formula (#REF!) as an empty cell, which
    would pass for not reported; here it keeps its text.
    """
    failed: dict[int, list[tuple[int, str]]] = {}
    for (row, column), text in errors.items():
        failed.setdefault(row, []).append((column - 1, text))
    try:
        sheet: CalamineSheet = book.get_sheet_by_name(title)
        start = sheet.start
        if start is None:
            return
        pad = [""] * start[1]
        count = 0
        for number, cells in enumerate(sheet.to_python(skip_empty_area=True), start[0] + 1):
            for column, text in failed.get(number, ()):
                if start[1] <= column < start[1] + len(cells):
                    cells[column - start[1]] = text
            if any(cell != "" for cell in cells):
                count += 1
                if count > limits.rows + limits.header_search:
                    raise bounds.too_many_rows(name, limits.rows)
                yield number, pad + cells if pad else cells
    except (CalamineError, ValueError) as error:
        raise bounds.truncated(name, str(error)[:200]) from error


def _marks(properties: bytes) -> dict[str, str]:
    """What our own template wrote into the workbook's custom properties, such as its workspace."""
    if not properties or b"<!" in properties:
        return {}
    try:
        root = ElementTree.fromstring(properties)  # noqa: S314 - document types are refused above
    except ElementTree.ParseError:
        return {}
    found = {}
    for item in root:
        key = item.get("name", "")
        if _MARK.fullmatch(key):
            found[key.removeprefix("kouan.")] = "".join(item.itertext())
    return found
