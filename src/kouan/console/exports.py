"""A table as a file: XLSX for offices, CSV for programs that read tables, JSON for others.

Every file carries the exact values, says under which filters and by whom it was taken, and in
the exercise workspace that it holds 演练数据. Text that a spreadsheet would run as a formula
(it begins with ``=``, ``+``, ``-``, ``@``) leaves as text (OWASP, "CSV injection").
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from kouan import __version__
from kouan.audit.actions import record_event
from kouan.basis import Period, Refused, Text, clock
from kouan.console import figures, words
from kouan.console.rates import count_export
from kouan.console.words import here, page_language, written_in

if TYPE_CHECKING:
    from kouan.console.tables import Column, TableView

XLSX_ROWS = 200_000
EXERCISE_MARK = Text("演练数据，不得用于实际工作", "Exercise data; not for real work")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json; charset=utf-8",
}


def export_table(view: TableView, kind: str) -> HttpResponse | StreamingHttpResponse:
    """The file the address asks for. Refused for an unknown format or too many rows for Excel."""
    if kind not in _TYPES:
        raise Refused.because(
            "unknown_format", f"不支持导出为“{kind[:20]}”。", f"There is no export as “{kind[:20]}”.",
            remedy=("可导出为 xlsx、csv 或 json。", "Use xlsx, csv or json."),
        )
    total = view.total
    if kind == "xlsx" and total > XLSX_ROWS:
        raise Refused.because(
            "too_many_rows", f"共 {total} 行，超过单个工作簿 {XLSX_ROWS} 行的上限。",
            f"{total} rows are more than the {XLSX_ROWS} that one workbook may hold.",
            remedy=("请缩小筛选范围，或导出 CSV。", "Narrow the filters, or take CSV."),
        )
    user: Any = view.request.user
    count_export(user.pk)
    record_event("export", actor_id=user.pk, payload={
        "table": view.table.name, "format": kind, "rows": total,
        "path": view.request.path, "filters": dict(view.chosen),
    })
    name = _file_name(view, kind)
    response: HttpResponse | StreamingHttpResponse
    if kind == "xlsx":
        response = HttpResponse(_workbook(view), content_type=_TYPES[kind])
    elif kind == "csv":
        response = StreamingHttpResponse(_in_language(_csv_lines(view)), content_type=_TYPES[kind])
    else:
        response = StreamingHttpResponse(_in_language(_json_parts(view)), content_type=_TYPES[kind])
    response["Content-Disposition"] = f"attachment; filename=\"{view.table.name}.{kind}\"; filename*=UTF-8''{quote(name)}"
    response["Cache-Control"] = "private, no-store"
    if mark := watermark(user, view):
        response["X-Kouan-Exported"] = quote(mark)
    return response


def watermark(user: Any, view: TableView) -> str:
    """Who took a table, when, and which: in the footer of every printed sheet, in the properties of the workbook and in the answer's
    head. Empty for what the public takes without signing in. A line of CSV or JSON would break the programs that read them.
    """
    if getattr(user, "pk", None) is None:
        return ""
    return f"{user.display_name}（{user.organisation.name_zh}，{user.username}） {clock.now():%Y-%m-%d %H:%M} UTC {here(view.table.title)}"


def _in_language(parts: Iterator[bytes]) -> Iterator[bytes]:
    """Stream in the language of the page: the middleware's has ended by the time the parts are written."""
    language = page_language()

    def stream() -> Iterator[bytes]:
        with written_in("zh-hans" if language == "zh" else "en"):
            yield from parts

    return stream()


def _file_name(view: TableView, kind: str) -> str:
    mark = here(Text("演练-", "exercise-")) if settings.IS_EXERCISE else ""
    return f"{mark}{here(view.table.title)}-{clock.today():%Y%m%d}.{kind}"


def _head(column: Column) -> str:
    unit = here(column.unit) if column.unit else ""
    if not unit:
        return here(column.label)
    return f"{here(column.label)}（{unit}）" if page_language() == "zh" else f"{here(column.label)} ({unit})"


def as_text(value: Any) -> str:
    """Text that no spreadsheet runs: a leading apostrophe where it looks like a formula.

    >>> as_text("=1+1"), as_text("罗湖"), as_text("-")
    ("'=1+1", '罗湖', '-')
    """
    plain = ILLEGAL_CHARACTERS_RE.sub("", str(value))
    return f"'{plain}" if len(plain) > 1 and plain.startswith(_FORMULA_STARTS) else plain


def _said(value: Any) -> Any:
    """A value for files: numbers and dates stay what they are, the rest becomes words."""
    if value is None or isinstance(value, bool | int | float | Decimal | date | datetime):
        return value
    if isinstance(value, Text):
        return here(value)
    if isinstance(value, Period):
        return value.code
    return str(value)


# ---- XLSX ----------------------------------------------------------------------------------------

_LINE = Side(style="thin", color="BFC7D1")
_HEAD_FILL = PatternFill("solid", fgColor="E8EEF5")


def _workbook(view: TableView) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(here(Text("数据", "Data")))
    columns = view.export_columns()
    for at, column in enumerate(columns, start=1):
        width = 14 if column.is_number else 24 if column.is_key else 18
        sheet.column_dimensions[get_column_letter(at)].width = max(width, min(40, 2 * len(_head(column)) + 2))
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{view.total + 1}"
    sheet.append([_cell(sheet, _head(column), head=True) for column in columns])
    for row in view.all_rows():
        sheet.append([_cell(sheet, _said(column.export_of(row)), number=column.is_number) for column in columns])
    if settings.IS_EXERCISE:
        sheet.oddHeader.center.text = here(EXERCISE_MARK)
        sheet.oddHeader.center.color = "7A4B00"
    sheet.print_title_rows = "1:1"
    if mark := watermark(view.request.user, view):
        # Excel reads & as the start of a code.
        sheet.oddFooter.center.text = mark.replace("&", "&&")[:200]
        book.properties.creator, book.properties.description = mark, mark
    note = book.create_sheet(here(Text("说明", "Notes")))
    note.column_dimensions["A"].width, note.column_dimensions["B"].width = 18, 90
    for label, value in _notes(view):
        note.append([_cell(note, label, head=True), _cell(note, value, wrap=True)])
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def _cell(sheet: Any, value: Any, *, head: bool = False, number: bool = False, wrap: bool = False) -> WriteOnlyCell:
    if isinstance(value, str):
        value = ILLEGAL_CHARACTERS_RE.sub("", value)[:32_000]
    if isinstance(value, datetime):
        value = value.astimezone(clock.BEIJING).replace(tzinfo=None)
    cell = WriteOnlyCell(sheet, value=value)
    if isinstance(value, str):
        cell.data_type = "s"  # never a formula, whatever it begins with
        if value.startswith(_FORMULA_STARTS):
            cell.quotePrefix = True
    elif isinstance(value, int | Decimal | float) and not isinstance(value, bool):
        cell.number_format = "#,##0" if value == int(value) else "#,##0.######"
    elif isinstance(value, datetime):
        cell.number_format = "yyyy-mm-dd hh:mm"
    elif isinstance(value, date):
        cell.number_format = "yyyy-mm-dd"
    if head:
        cell.font, cell.fill = Font(bold=True), _HEAD_FILL
        cell.border = Border(bottom=_LINE)
        cell.alignment = Alignment(wrap_text=True, vertical="center")
    elif wrap:
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    elif number:
        cell.alignment = Alignment(horizontal="right")
    return cell


def _notes(view: TableView) -> list[tuple[str, Any]]:
    """What a reader of the file must know, in the order in which it is asked."""
    user: Any = view.request.user
    lines: list[tuple[Text, Any]] = [(Text("表名", "Table"), here(view.table.title))]
    if settings.IS_EXERCISE:
        lines.append((Text("数据性质", "Nature of the data"), here(EXERCISE_MARK)))
    if view.period:
        lines.append((Text("时期", "Period"), figures.period(view.period)))
    if view.origin:
        lines.append((Text("来源性质", "Origin"),
                      f"{words.words_for(words.ORIGINS, view.origin)}：{words.words_for(words.ORIGIN_NOTES, view.origin)}"))
    if view.source:
        lines.append((Text("数据来源", "Source"), here(view.source)))
    units = "；".join(f"{here(c.label)}：{here(c.unit)}" for c in view.export_columns() if c.unit)
    if units:
        lines.append((Text("单位", "Units"), units))
    lines += [(Text("附注", "Note"), here(note)) for note in view.notes]
    chosen = "；".join(f"{here(one.label)} = {view.chosen[one.key]}" for one in view.table.filters if one.key in view.chosen)
    lines += [
        (Text("筛选条件", "Filters"), chosen or here(Text("无（全部可见记录）", "None (every visible record)"))),
        (Text("行数", "Rows"), view.total),
        (Text("空白单元格", "Empty cells"), here(Text("未报送或无此项，不等于零。", "Not reported or not applicable; never zero."))),
        (Text("导出单位", "Taken by"), here(Text(str(user.organisation.name_zh), user.organisation.name_en or user.organisation.name_zh))),
        (Text("导出时间", "Taken at"), figures.moment(clock.now())),
        (Text("系统版本", "Software"), f"Kouan 口岸 {__version__}"),
    ]
    return [(here(label), value) for label, value in lines]


# ---- CSV and JSON --------------------------------------------------------------------------------


class _Echo:
    """A file that hands back what it is given, so that csv can stream."""

    @staticmethod
    def write(value: str) -> str:
        return value


def _csv_value(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(clock.BEIJING).isoformat(timespec="seconds")
    if isinstance(value, str):
        return as_text(value)
    return f"{value:f}" if isinstance(value, Decimal) else value


def _csv_lines(view: TableView) -> Iterator[bytes]:
    """UTF-8 with a byte order mark, which Excel needs; one head line; the workspace as last column."""
    writer = csv.writer(_Echo())
    columns = view.export_columns()
    mark = [here(Text("数据性质", "Nature of the data"))] if settings.IS_EXERCISE else []
    yield b"\xef\xbb\xbf" + writer.writerow([_head(c) for c in columns] + mark).encode()
    extra = [here(EXERCISE_MARK)] if settings.IS_EXERCISE else []
    for row in view.all_rows():
        yield writer.writerow([_csv_value(_said(c.export_of(row))) for c in columns] + extra).encode()


def _json_value(value: Any) -> Any:
    """Exact: a decimal that a double cannot hold leaves as text."""
    if isinstance(value, Decimal):
        if value == value.to_integral_value():
            return int(value)
        return float(value) if Decimal(repr(float(value))) == value else f"{value:f}"
    if isinstance(value, datetime):
        return value.astimezone(clock.BEIJING).isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, date) else value


def _json_parts(view: TableView) -> Iterator[bytes]:
    columns = view.export_columns()
    opening = {
        "table": view.table.name,
        "title": view.table.title.as_dict(),
        "workspace": settings.WORKSPACE,
        "notice": EXERCISE_MARK.as_dict() if settings.IS_EXERCISE else None,
        "period": view.period or None,
        "origin": view.origin,
        "source": view.source.as_dict() if view.source else None,
        "filters": dict(view.chosen),
        "total": view.total,
        "taken_at": clock.now().astimezone(clock.BEIJING).isoformat(timespec="seconds"),
        "columns": [
            {"key": c.key, "label": c.label.as_dict(), "unit": c.unit.as_dict() if c.unit else None} for c in columns
        ],
    }
    text = json.dumps(opening, ensure_ascii=False)
    yield (text[:-1] + ', "rows": [').encode()
    for at, row in enumerate(view.all_rows()):
        line = {c.key: _json_value(_said(c.export_of(row))) for c in columns}
        yield (("," if at else "") + "\n" + json.dumps(line, ensure_ascii=False)).encode()
    yield b"\n]}\n"


