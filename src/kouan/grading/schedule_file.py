"""Read a schedule file (CSV or XLSX, UTF-8 or GB18030) into the rows that `routes.count_routes` counts.

The readers of collection open the file, so that what is no table, is packed to burst, or is too large is refused
there; a file that bears a mark of secrecy is too. Columns are found by name, in Chinese or English, in any order;
the first row that has all the required ones is the header.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from kouan.basis import Finding, Place, Refused, Text, names
from kouan.collection.readers import Limits, Sheet, open_file
from kouan.desk.actions import bears_stamp, secrecy_refusal
from kouan.grading.routes import OPTIONAL, REQUIRED, RouteCount, count_routes

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 20_000
_MOST_COLUMNS = 60
_HEADER_SEARCH = 10
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "origin": ("origin", "from", "始发机场", "起飞机场", "出发机场", "始发"),
    "destination": ("destination", "to", "目的机场", "到达机场", "降落机场", "目的地"),
    "carrier": ("carrier", "airline", "承运人", "航空公司"),
    "flight": ("flight", "flight number", "flight_number", "航班号"),
    "operating_flight": ("operating flight", "operating_flight", "实际承运航班号", "实际承运航班"),
    "stops": ("stops", "经停次数", "经停数", "经停"),
    "weekdays": ("weekdays", "days", "班期"),
    "season": ("season", "航季"),
    "valid_from": ("valid from", "valid_from", "start", "开始日期", "起始日期"),
    "valid_to": ("valid to", "valid_to", "end", "结束日期", "截止日期"),
    "scope": ("scope", "domestic/international", "航线性质", "国内国际", "国内/国际"),
}
NAMES_ZH: Mapping[str, str] = {column: next(word for word in words if not word.isascii()) for column, words in COLUMNS.items()}
_BY_WORD = {word: column for column, words in COLUMNS.items() for word in words}


def routes_in_file(path: Path, airport: str, name: str = "") -> RouteCount:
    """Count the routes of an airport (IATA) from the file at `path`; `name` is what its sender calls it.

    Raises Refused for a file that cannot be read, is too large, or has no header with the required columns. Findings
    and rows are numbered as the sender counts them.
    """
    name = name or path.name
    limits = Limits(file_bytes=MOST_BYTES, unpacked_bytes=4 * MOST_BYTES, rows=MOST_ROWS, columns=_MOST_COLUMNS)
    opened = open_file(path, name, limits)
    seen: list[str] = []
    for sheet in opened.sheets:
        header, rows = _header(sheet, seen)
        if header is not None:
            counted = count_routes(_cells(header, rows), airport)
            findings = tuple(finding.at(file=name, sheet=sheet.name if sheet.has_letters else None) for finding in counted.findings)
            return RouteCount(counted.airport, counted.routes, counted.rows, findings, counted.seasons, counted.doubtful,
                              counted.doubtful_domestic)  # fmt: skip
    lacking = [column for column in REQUIRED if column not in seen]
    shown = Text("、".join(NAMES_ZH[column] for column in lacking) or "同一行内的各列", ", ".join(lacking) or "one row with all columns")
    raise Refused(Finding.error(
        "schedule_header_missing", f"找不到航班时刻表的表头，缺少：{shown.zh}。",
        f"No header of a schedule was found; missing: {shown.en}.",
        where=Place(file=name), required=", ".join(REQUIRED),
        remedy=("表头须有：始发机场、目的机场、航班号、经停次数、班期、航线性质；可有：承运人、实际承运航班号、航季、开始日期、结束日期。",
                f"The header needs {', '.join(REQUIRED)}; it may have {', '.join(OPTIONAL)}."),
    ))  # fmt: skip


def _header(sheet: Sheet, seen: list[str]) -> tuple[dict[str, int] | None, Iterator[tuple[int, Sequence[Any]]]]:
    for count, (_, cells) in enumerate(sheet.rows, 1):
        _refuse_stamped(cells)
        words = [names.half_width(str(cell or "")).strip().lower() for cell in cells]
        found: dict[str, int] = {}
        for place, word in enumerate(words):
            if word in _BY_WORD:
                found.setdefault(_BY_WORD[word], place)
        seen += [column for column in found if column not in seen]
        if all(column in found for column in REQUIRED):
            return found, sheet.rows
        if count >= _HEADER_SEARCH:
            break
    return None, sheet.rows


def _cells(header: Mapping[str, int], rows: Iterator[tuple[int, Sequence[Any]]]) -> Iterator[tuple[int, dict[str, str]]]:
    for number, cells in rows:
        if any(cell not in (None, "") for cell in cells):
            _refuse_stamped(cells)
            yield number, {column: _text(cells[place]) if place < len(cells) else "" for column, place in header.items()}


def _refuse_stamped(cells: Sequence[Any]) -> None:
    if any(isinstance(cell, str) and bears_stamp(cell) for cell in cells):
        raise secrecy_refusal("文件", "The file")


def _text(cell: Any) -> str:
    """Write a cell of a worksheet as its sender sees it: a day as a day, a whole number without a point."""
    if cell is None:
        return ""
    if isinstance(cell, datetime | date):
        return cell.isoformat()[:10]
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
