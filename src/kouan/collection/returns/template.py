"""The form as a workbook: one sheet per form and port, filled in by people in Excel or WPS and read back by ``reading.py``.

Lines are indicators; columns are this period, the last, the same a year ago, change, check, reason, note. Only input cells are unlocked.
The checks of a line are formulas beside it, so that a slip shows before the file is sent. A hidden sheet keeps form, version, port,
period and how many filings there were when it was written. The same writer keeps each filing as a canonical file: a figure's lineage leads
to the cell in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.conf import settings
from openpyxl import Workbook
from openpyxl.formatting.rule import FormulaRule
from openpyxl.packaging.custom import StringProperty
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from kouan.basis import Period, Refused, measures
from kouan.collection.returns.calendar import code_of
from kouan.collection.returns.cells import FOOTER, Filled
from kouan.collection.returns.forms import Form
from kouan.collection.returns.history import History
from kouan.ports.models import Port

KEY = "kouan"
MARK = "return/1"
HEAD_ROW = 7
FIRST_ROW = 8
HEADINGS = (("序号", 6), ("指标", 34), ("计量单位", 11), ("本期*", 16), ("上期", 15), ("去年同期", 15), ("比上期", 9), ("核对", 24), ("原因", 30),
            ("备注", 20), ("代码", 4))
MOST_SHEETS = 200
ZERO_CELL = "D5"
EXEMPT = "不适用"
GUIDANCE = "只填浅黄色单元格；确为零填 0，不掌握的留空并在“原因”中说明；不要使用公式，不要增删行列；涉密数据不得填入。"
_INK, _LINE = "1F2937", Side(style="thin", color="B8C0CC")
_BOX = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_HEAD = PatternFill("solid", fgColor="E6EDF5")
_GREY = PatternFill("solid", fgColor="F3F4F6")
_INPUT = PatternFill("solid", fgColor="FFFBEB")
_RED = PatternFill("solid", bgColor="FEE2E2")
_SONG, _HEI = "SimSun", "SimHei"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One form of one port and period to be written. ``after``: filings there are already; ``filled``: what stands in it."""

    form: Form
    port: Port
    period: Period
    known: History
    office: str
    exempt: frozenset[str] = frozenset()
    after: int = 0
    filled: Filled | None = None
    values: dict[str, Decimal | None] | None = None


def write_book(sheets: Sequence[Sheet]) -> bytes:
    """The workbook. Raises Refused when there is nothing to write, or too much for one file."""
    if not sheets or len(sheets) > MOST_SHEETS:
        raise Refused.because(
            "no_sheet" if not sheets else "too_many_sheets",
            "没有需要填报的报表。" if not sheets else f"一个工作簿最多 {MOST_SHEETS} 张表，这里有 {len(sheets)} 张。",
            "There is nothing to fill in." if not sheets else f"A workbook holds at most {MOST_SHEETS} sheets; these are {len(sheets)}.",
            measured=len(sheets), required=f"1–{MOST_SHEETS}", remedy=("请按表号或口岸分别下载。", "Take it form by form, or for fewer ports."))
    book = Workbook()
    book.remove(book.active)
    names: set[str] = set()
    rows = []
    for each in sheets:
        name = _sheet_name(each, names, len(sheets) == 1)
        names.add(name)
        _write_sheet(book.create_sheet(name), each)
        rows.append((name, each.form.code, each.form.version, each.port.code, code_of(each.period, each.form.cadence), each.after))
    key = book.create_sheet(KEY)
    key.sheet_state = "veryHidden"
    for row in (("sheet", "form", "version", "port", "period", "after"), *rows):
        key.append(row)
    key.protection.sheet = True
    book.custom_doc_props.append(StringProperty(name="kouan.workspace", value="exercise" if settings.IS_EXERCISE else "real"))
    book.custom_doc_props.append(StringProperty(name="kouan.template", value=MARK))
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def _sheet_name(sheet: Sheet, taken: set[str], is_alone: bool) -> str:
    plain = re.sub(r"[\\/*?:\[\]'（）()]", "", sheet.port.short_name_zh or sheet.port.name_zh)
    name = sheet.form.code if is_alone else f"{sheet.form.code} {plain}"[:31]
    number = 2
    while name in taken:
        name, number = f"{name[:27]}~{number}", number + 1
    return name


def _put(sheet: Worksheet, place: str, value: Any, *, bold: bool = False, size: int = 10, fill: PatternFill | None = None, box: bool = False,
         align: str = "", is_input: bool = False) -> Any:
    cell = sheet[place]
    if isinstance(value, str) and value[:1] == "=" and not is_input:
        cell.value = value
    else:
        cell.value = float(value) if isinstance(value, Decimal) and value != int(value) else int(value) if isinstance(value, Decimal) else value
        if isinstance(value, str) and is_input:
            cell.data_type = "s"  # a text that begins with = is what somebody typed, and no formula
    cell.font = Font(name=_HEI if bold else _SONG, bold=bold, size=size, color=_INK)
    if fill is not None:
        cell.fill = fill
    if box:
        cell.border = _BOX
    cell.alignment = Alignment(horizontal=align or None, vertical="center", wrap_text=True)
    if is_input:
        cell.protection = Protection(locked=False)
        cell.fill = _INPUT
    return cell


def rows_of(form: Form, port: Port) -> dict[str, int]:
    """In which row each item of a form stands for a port."""
    return {code: FIRST_ROW + at for at, code in enumerate(form.items_for(port))}


def _write_sheet(sheet: Worksheet, of: Sheet) -> None:
    form, port, filled = of.form, of.port, of.filled
    for (_, width), letter in zip(HEADINGS, "ABCDEFGHIJK", strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.column_dimensions["K"].hidden = True
    sheet.merge_cells("A1:J1")
    _put(sheet, "A1", form.name.zh + ("（演练数据）" if settings.IS_EXERCISE else ""), bold=True, size=16, align="center")
    sheet.row_dimensions[1].height = 30
    left = (("口　　岸：", f"{port.name_zh}［{port.code}］"), ("时　　期：", of.period.label("zh")), ("填报单位：", of.office),
            ("零 报 告：", "是" if filled is not None and filled.is_zero else "否"))
    right = (f"表　　号：{form.code}", f"制定机关：{form.issuer.zh}", f"批准/备案文号：{form.approval_words.zh}", f"有效期至：{form.until_words.zh}")
    for at, ((label, said), other) in enumerate(zip(left, right, strict=True), 2):
        _put(sheet, f"A{at}", label)
        sheet.merge_cells(f"A{at}:B{at}")
        is_zero = f"D{at}" == ZERO_CELL
        if is_zero:
            _put(sheet, ZERO_CELL, said, box=True, is_input=form.zero_report, align="center")
        else:
            sheet.merge_cells(f"C{at}:F{at}")
            _put(sheet, f"C{at}", said)
        sheet.merge_cells(f"H{at}:J{at}")
        _put(sheet, f"H{at}", other)
    sheet.merge_cells("A6:J6")
    _put(sheet, "A6", f"{form.kind_of_return.zh}。{GUIDANCE}", size=9)
    for (heading, _), letter in zip(HEADINGS, "ABCDEFGHIJK", strict=True):
        _put(sheet, f"{letter}{HEAD_ROW}", heading, bold=True, fill=_HEAD, box=True, align="center")
    rows = rows_of(form, port)
    parts = {part: whole for part, whole in form.parts if part in rows and whole in rows}
    for number, (code, row) in enumerate(rows.items(), 1):
        _write_item(sheet, of, code, number, row, rows.get(parts.get(code, "")))
    row = FIRST_ROW + len(rows)
    for total, made_of in form.totals.items():
        _write_total(sheet, total, [rows[each] for each in made_of if each in rows], row, total_of(of.values, made_of) if of.values else None)
        row += 1
    _validations(sheet, of, rows)
    for at, (name, label) in enumerate(FOOTER.items(), row + 1):
        _put(sheet, f"B{at}", f"{label}：", align="right")
        said = filled.people.get(name, "") if filled is not None else ""
        _put(sheet, f"D{at}", said, box=True, is_input=True).number_format = "@"
        sheet[f"K{at}"] = f"footer:{name}"
    sheet.conditional_formatting.add(f"D{FIRST_ROW}:D{row - 1}", FormulaRule(formula=[f'AND($H{FIRST_ROW}<>"",$H{FIRST_ROW}<>"未填")'], fill=_RED))
    sheet.freeze_panes = f"D{FIRST_ROW}"
    sheet.print_title_rows = f"{HEAD_ROW}:{HEAD_ROW}"
    sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = "landscape", 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    # No password: it keeps lines from slipping, it keeps nobody out.
    sheet.protection.sheet = True
    sheet.protection.formatColumns = sheet.protection.formatRows = False


def _write_item(sheet: Worksheet, of: Sheet, code: str, number: int, row: int, whole_row: int | None) -> None:
    item, known = of.form.items[code], of.known.at(of.port.code, code)
    _put(sheet, f"A{row}", number, box=True, align="center")
    _put(sheet, f"B{row}", item.name.zh, box=True)
    _put(sheet, f"C{row}", item.unit.name.zh or item.unit.code, box=True, align="center")
    is_exempt = code in of.exempt
    value: Any = EXEMPT if is_exempt else None
    cell = of.filled.cell(code) if of.filled is not None else None
    if not is_exempt and of.values is not None:
        value = of.values.get(code)
    elif not is_exempt and cell is not None and not cell.is_empty:
        value = cell.raw
    _put(sheet, f"D{row}", value, box=True, is_input=not is_exempt, fill=_GREY if is_exempt else None, align="right").number_format = \
        "#,##0" if item.is_whole else "#,##0.######"
    for letter, figure in (("E", known.before), ("F", known.year_ago)):
        _put(sheet, f"{letter}{row}", figure, box=True, fill=_GREY, align="right").number_format = "#,##0.######"
    _put(sheet, f"G{row}", f'=IF(AND(ISNUMBER(D{row}),ISNUMBER(E{row})),IF(E{row}=0,"",D{row}/E{row}-1),"")', box=True, fill=_GREY,
         align="right").number_format = "0.0%"
    whole = f'IF(AND(ISNUMBER(D{whole_row}),D{row}>D{whole_row}),"大于第{whole_row - FIRST_ROW + 1}项",' if whole_row else ""
    counted = f'IF(D{row}<>INT(D{row}),"应为整数",' if item.is_whole else ""
    jump = f'IF(AND(ISNUMBER(E{row}),I{row}=""),IF(E{row}>0,IF(ABS(D{row}/E{row}-1)>0.5,"变动超过50%，请填原因",""),""),"")'
    closing = ")" * (bool(whole) + bool(counted))
    formula = f'=IF(D{row}="",IF(I{row}="","未填",""),IF(NOT(ISNUMBER(D{row})),"不是数字",IF(D{row}<0,"不能为负",{counted}{whole}{jump}{closing})))'
    _put(sheet, f"H{row}", "" if is_exempt else formula, box=True, fill=_GREY)
    for letter, said in (("I", cell.reason if cell else ""), ("J", cell.note if cell else "")):
        _put(sheet, f"{letter}{row}", said or None, box=True, is_input=not is_exempt)
    sheet[f"K{row}"] = code
    sheet.row_dimensions[row].height = 30 if len(item.name.zh) > 17 else 20


def total_of(values: Mapping[str, Decimal | None], parts: Sequence[str]) -> Decimal | None:
    """The sum of some lines; None unless every one of them is there."""
    found = [values.get(each) for each in parts]
    return None if None in found else sum((each for each in found if each is not None), Decimal(0))


def total_rows(form: Form, port: Port) -> dict[str, int]:
    """In which row each computed total of a form stands for a port."""
    first = FIRST_ROW + len(form.items_for(port))
    return {code: first + at for at, code in enumerate(form.totals)}


def _write_total(sheet: Worksheet, code: str, parts: Sequence[int], row: int, value: Decimal | None) -> None:
    item = measures.data_items()[code]
    _put(sheet, f"B{row}", f"{item.name.zh}（系统计算，不填）", box=True, fill=_GREY)
    for letter in "DEF":
        cells = ",".join(f"{letter}{each}" for each in parts)
        if letter == "D" and value is not None:
            _put(sheet, f"D{row}", value, box=True, fill=_GREY, align="right").number_format = "#,##0.######"
            continue
        _put(sheet, f"{letter}{row}", f'=IF(COUNT({cells})={len(parts)},SUM({cells}),"")', box=True, fill=_GREY, align="right").number_format = \
            "#,##0.######"
    sheet[f"K{row}"] = f"total:{code}"


def _validations(sheet: Worksheet, of: Sheet, rows: dict[str, int]) -> None:
    for is_whole, what in ((True, "请填写不小于零的整数。"), (False, "请填写不小于零的数字。")):
        cells = [f"D{row}" for code, row in rows.items() if of.form.items[code].is_whole is is_whole and code not in of.exempt]
        if cells:
            rule = DataValidation(type="whole" if is_whole else "decimal", operator="greaterThanOrEqual", formula1="0", allow_blank=True,
                                  showErrorMessage=True)
            rule.errorTitle, rule.error = "数值有误", what
            for each in cells:
                rule.add(each)
            sheet.add_data_validation(rule)
    if of.form.zero_report:
        choice = DataValidation(type="list", formula1='"是,否"', allow_blank=False, showErrorMessage=True)
        choice.add(ZERO_CELL)
        sheet.add_data_validation(choice)
