"""The workbook in which ports report, written by the system and read back by it.

Drop-downs hold the ports in the user's scope, the chosen measures, their units and directions; only the
cells to be filled in are unlocked. It holds no formula, for the system takes none. The first row below
the headings is an example and is never read. The workspace is marked inside, so that an exercise
template cannot enter the real workspace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from django.conf import settings
from openpyxl import Workbook
from openpyxl.packaging.custom import StringProperty
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from kouan.basis import Finding, Measure, Period, Place, Refused, measures, nearest, units
from kouan.ports.models import Port, PortStatus

ROWS = 500
DATA, NOTES, LISTS = "填报", "说明", "选项"
HEADINGS: tuple[tuple[str, int, str], ...] = (
    ("口岸", 34, "从下拉列表选择；方括号内是口岸代码"),
    ("指标", 40, "从下拉列表选择；口径见“说明”"),
    ("时期", 14, "2023（年）、2023-Q1（季）或 2023-03（月）"),
    ("方向", 10, "进境、出境或合计；以本口岸为准"),
    ("数值", 18, "只填数字；确为零填 0，未掌握的整行不填"),
    ("单位", 14, "从下拉列表选择"),
    ("备注", 36, "可不填"),
)
DIRECTIONS = ("进境", "出境", "合计")
DEFAULT_MEASURES = ("cargo_tonnes", "person_crossings", "movements", "teu", "trade_value_cny")
_INK, _LINE = "1F2937", Side(style="thin", color="B8C0CC")
_HEAD = PatternFill("solid", fgColor="E6EDF5")
_GREY = PatternFill("solid", fgColor="F3F4F6")
_REQUIRED = {"口岸", "指标", "时期", "数值", "单位"}


@dataclass(frozen=True, slots=True)
class Choice:
    """A port that may be reported on, as the drop-down shows it."""

    code: str
    name: str

    @property
    def label(self) -> str:
        """罗湖铁路口岸［luohu-rail］"""
        return f"{self.name}［{self.code}］"


def port_choices(user: Any, codes: Sequence[str] = ()) -> list[Choice]:
    """The ports of the user's scope, or those of them that are named. Raises Refused for any other."""
    from kouan.collection.subjects import Directory
    from kouan.collection.visibility import scope_for

    scope = scope_for(user)
    mine = Port.objects.all() if scope.everything else Port.objects.visible_to(user)
    reporting = mine.filter(is_group=False).exclude(status=PortStatus.PLANNED).order_by("pinyin", "code")
    found = {port.code: Choice(port.code, port.name_zh) for port in reporting}
    if not codes:
        return list(found.values())
    chosen, faults = [], []
    directory = Directory.load(user, {"port"})
    for code in codes:
        answer = directory.port(code)
        if answer.subject is not None and answer.subject.code in found:
            chosen.append(found[answer.subject.code])
        else:
            faults += [finding.at(Place(field="ports")) for finding in answer.findings]
    if faults:
        raise Refused(faults)
    return list(dict.fromkeys(chosen))


def measure_choices(codes: Sequence[str] = ()) -> list[Measure]:
    """The measures named, by code or name, or the usual ones. Raises Refused for an unknown one."""
    chosen, faults = [], []
    for code in codes or DEFAULT_MEASURES:
        found = measures.find(code, where=Place(field="measures"))
        if isinstance(found, Finding):
            faults.append(found)
        elif found.is_benchmark:
            near = nearest(code, DEFAULT_MEASURES)
            faults.append(Finding.error(
                "not_for_ports", f"“{found.name.zh}”是对标指标，不由口岸报送。",
                f"“{found.name.en}” is a benchmark measure; ports do not report it.", where=Place(field="measures"),
                remedy=(f"可选：{'、'.join(near or DEFAULT_MEASURES)}。", f"Choose: {', '.join(near or DEFAULT_MEASURES)}."),
            ))
        else:
            chosen.append(found)
    if faults:
        raise Refused(faults)
    return list(dict.fromkeys(chosen))


def unit_choices(chosen: Sequence[Measure]) -> list[str]:
    """Chinese names of the units in which the measures may be reported: the base and 万; 亿 for money."""
    names: dict[str, None] = {}
    for measure in chosen:
        base = measure.base_unit
        offered = [base.factor, base.factor * 10**4] + ([base.factor * 10**8] if base.top_scale == "万亿" else [])
        for unit in units.all_units().values():
            if unit.base_code == base.code and unit.factor in offered:
                names[unit.name.zh or unit.code] = None
    return list(names)


def write_template(
    user: Any, *, ports: Sequence[str] = (), measure_codes: Sequence[str] = (), example: Period | None = None
) -> bytes:
    """The workbook for the user's ports (or those named) and measures. Raises Refused."""
    choices, chosen = port_choices(user, ports), measure_choices(measure_codes)
    if not choices:
        raise Refused.because(
            "no_port_in_scope", "您的范围内没有口岸，无法生成报送表。", "There is no port in your scope.",
            where=Place(field="ports"), remedy=("请联系系统管理员核对单位信息。", "Ask your administrator."),
        )
    book = Workbook()
    sheet: Worksheet = book.active
    sheet.title = DATA
    _data_sheet(sheet, choices, chosen, example or Period.month(2023, 3))
    _notes_sheet(book.create_sheet(NOTES), chosen)
    _lists_sheet(book, choices, chosen)
    _validations(sheet)
    marks = book.custom_doc_props
    marks.append(StringProperty(name="kouan.workspace", value="exercise" if settings.IS_EXERCISE else "real"))
    marks.append(StringProperty(name="kouan.template", value="port-return/1"))
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def _data_sheet(sheet: Worksheet, choices: Sequence[Choice], chosen: Sequence[Measure], example: Period) -> None:
    title = "口岸数据报送表" + ("（演练数据）" if settings.IS_EXERCISE else "")
    sheet["A1"] = title
    sheet["A1"].font = Font(name="SimHei", size=16, bold=True, color=_INK)
    sheet["A2"] = "白色单元格可填写；带*的列必填。不要使用公式，不要增删列。涉密数据不得填入。"
    sheet["A2"].font = Font(name="SimSun", size=10, color="6B7280")
    border = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
    for index, (heading, width, _) in enumerate(HEADINGS, 1):
        cell = sheet.cell(3, index, f"{heading}*" if heading in _REQUIRED else heading)
        cell.font, cell.fill, cell.border = Font(name="SimHei", bold=True, color=_INK), _HEAD, border
        cell.alignment = Alignment(horizontal="center", vertical="center")
        sheet.column_dimensions[get_column_letter(index)].width = width
    first = chosen[0]
    row = (
        choices[0].label, _label(first), example.code, DIRECTIONS[0] if len(first.directions) > 1 else DIRECTIONS[-1],
        12345, first.base_unit.name.zh, "示例行，不读取",
    )
    for index, value in enumerate(row, 1):
        cell = sheet.cell(4, index, value)
        cell.font, cell.fill, cell.border = Font(name="SimSun", italic=True, color="6B7280"), _GREY, border
    blank = Font(name="SimSun", color=_INK)
    for number in range(5, 5 + ROWS):
        for index in range(1, len(HEADINGS) + 1):
            cell = sheet.cell(number, index)
            cell.protection, cell.border, cell.font = Protection(locked=False), border, blank
            # The period stays text: a spreadsheet would turn 2023-03 into a date.
            cell.number_format = "@" if index == 3 else "#,##0.######" if index == 5 else "General"
    sheet.freeze_panes = "A4"
    sheet.row_dimensions[1].height, sheet.row_dimensions[3].height = 26, 22
    sheet.print_title_rows = "3:3"
    sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = "landscape", 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    # No password: it keeps headings from slipping, it keeps nobody out.
    sheet.protection.sheet = True
    sheet.protection.formatColumns = sheet.protection.formatRows = sheet.protection.sort = False


def _label(measure: Measure) -> str:
    return f"{measure.name.zh}［{measure.code}］"


def _notes_sheet(sheet: Worksheet, chosen: Sequence[Measure]) -> None:
    lines = [
        ("填写说明 / Notes", ""),
        *((heading, note) for heading, _, note in HEADINGS),
        ("", ""),
        ("空值", "未掌握的数据不要填写；系统把缺行记为“未报送”，不记为零。"),
        ("修订", "更正以前的数，按同一口岸、指标和时期重新填报即可；旧数保留可查。"),
        ("English", "White cells are to be filled in. Leave out what is not known: a missing row is “not reported”, never zero. "
                    "To correct a figure, report the same port, measure and period again; the old figure stays readable. "
                    "No formulas."),
        ("", ""),
        ("指标口径 / Definitions", ""),
        *((_label(measure), f"{measure.definition.zh}（{measure.base_unit.name.zh}）{measure.definition.en}") for measure in chosen),
    ]
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 36, 100
    for number, (name, note) in enumerate(lines, 1):
        is_heading = bool(name) and not note
        sheet.cell(number, 1, name).font = Font(name="SimHei" if is_heading else "SimSun", bold=is_heading, color=_INK)
        cell = sheet.cell(number, 2, note)
        cell.font, cell.alignment = Font(name="SimSun", color=_INK), Alignment(wrap_text=True, vertical="top")
        sheet.cell(number, 1).alignment = Alignment(vertical="top", wrap_text=True)
    sheet.protection.sheet = True


def _lists_sheet(book: Workbook, choices: Sequence[Choice], chosen: Sequence[Measure]) -> None:
    sheet = book.create_sheet(LISTS)
    columns = {
        "kouan_ports": [choice.label for choice in choices],
        "kouan_measures": [_label(measure) for measure in chosen],
        "kouan_directions": list(DIRECTIONS),
        "kouan_units": unit_choices(chosen),
    }
    for index, (name, values) in enumerate(columns.items(), 1):
        letter = get_column_letter(index)
        for number, value in enumerate(values, 1):
            sheet.cell(number, index, value)
        # A list in another sheet needs a name: Excel and WPS accept no plain range of 255 letters and more.
        book.defined_names[name] = DefinedName(name, attr_text=f"'{LISTS}'!${letter}$1:${letter}${len(values)}")
    sheet.sheet_state = "hidden"
    sheet.protection.sheet = True


def _validations(sheet: Worksheet) -> None:
    last = 4 + ROWS
    for letter, name, what in (
        ("A", "kouan_ports", "口岸"), ("B", "kouan_measures", "指标"), ("D", "kouan_directions", "方向"), ("F", "kouan_units", "单位"),
    ):
        choice = DataValidation(type="list", formula1=f"={name}", allow_blank=True, showErrorMessage=True)
        choice.errorTitle, choice.error = f"{what}不在列表中", f"请从下拉列表选择{what}。"
        choice.add(f"{letter}5:{letter}{last}")
        sheet.add_data_validation(choice)
    number = DataValidation(type="decimal", operator="greaterThanOrEqual", formula1="0", allow_blank=True, showErrorMessage=True)
    number.errorTitle, number.error = "数值有误", "请填写不小于零的数字。"
    number.add(f"E5:E{last}")
    sheet.add_data_validation(number)
    period = DataValidation(type="textLength", operator="between", formula1="4", formula2="10", allow_blank=True,
                            showInputMessage=True, showErrorMessage=True)
    period.promptTitle, period.prompt = "时期", "2023、2023-Q1 或 2023-03"
    period.errorTitle, period.error = "时期有误", "请写成 2023、2023-Q1 或 2023-03。"
    period.add(f"C5:C{last}")
    sheet.add_data_validation(period)


