"""A sheet of users: the template the system writes, and the reader that names every wrong cell.

Offices hand over lists of people as workbooks. The sheet is read whole, checked whole, and
shown; nothing is written before somebody has seen the preview and confirmed it.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from kouan.accounts import queries
from kouan.accounts.actions import NewUser, role_mismatch
from kouan.accounts.models import Organisation, Role, User
from kouan.basis import Finding, Place, Text, has_errors, nearest

LINES = 500
FILE_BYTES = 2 * 1024 * 1024
UNPACKED_BYTES = 32 * 1024 * 1024
USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,63}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """One column of the sheet."""

    key: str
    label: Text
    is_required: bool
    note: Text
    longest: int


COLUMNS: tuple[SheetColumn, ...] = (
    SheetColumn("username", Text("登录名", "Sign-in name"), True, Text("字母、数字、点、横线，3至64位", "letters, digits, dot, hyphen; 3 to 64"), 64),
    SheetColumn("display_name", Text("姓名", "Name"), True, Text("", ""), 64),
    SheetColumn("organisation_code", Text("所属单位代码", "Organisation code"), True, Text("见“单位”表", "see the sheet “单位”"), 64),
    SheetColumn("role", Text("角色", "Role"), True, Text("从下拉列表选择", "choose from the list"), 64),
    SheetColumn("email", Text("电子邮箱", "E-mail"), False, Text("用于重设密码", "for a forgotten password"), 254),
    SheetColumn("phone", Text("电话", "Telephone"), False, Text("", ""), 32),
)


@dataclass
class Sheet:
    """What was read: lines that could be made, and everything found wrong, by cell."""

    file_name: str
    lines: list[NewUser] = field(default_factory=list)
    rows: list[dict[str, str]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def may_be_committed(self) -> bool:
        """Whether every row is right: a sheet is taken whole or not at all."""
        return bool(self.lines) and not has_errors(self.findings)


def template(viewer: Any) -> bytes:
    """An empty sheet with drop-down lists, and the codes of the organisations in the viewer's scope."""
    book = Workbook()
    sheet = book.active
    sheet.title = "用户"
    for at, column in enumerate(COLUMNS, start=1):
        cell = sheet.cell(1, at, f"{column.label.zh}{'*' if column.is_required else ''}")
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="E8EEF5")
        note = sheet.cell(2, at, f"（{column.note.zh or '必填' if column.is_required else column.note.zh or '可不填'}）")
        note.font, note.alignment = Font(italic=True, color="5F6C7A"), Alignment(wrap_text=True)
        sheet.column_dimensions[get_column_letter(at)].width = 24
    sheet.freeze_panes = "A3"
    homes = list(queries.organisations(viewer).filter(is_active=True))
    listing = book.create_sheet("单位")
    listing.append(["代码", "名称", "类别"])
    for home in homes:
        listing.append([home.code, home.name_zh, home.get_kind_display()])
    listing.column_dimensions["B"].width = 40
    roles = book.create_sheet("角色")
    for role in Role:
        roles.append([role.label])
    for letter, source in (("C", f"单位!$A$2:$A${len(homes) + 1}"), ("D", f"角色!$A$1:$A${len(Role)}")):
        rule = DataValidation(type="list", formula1=source, allow_blank=True)
        sheet.add_data_validation(rule)
        rule.add(f"{letter}3:{letter}{LINES + 2}")
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def read(content: bytes, file_name: str, viewer: Any) -> Sheet:
    """Read and check a filled sheet. Findings name the cell; a file that is no workbook is one finding."""
    found = Sheet(file_name)
    try:
        values = list(_values(content))
    except _Unreadable as error:
        found.findings.append(error.finding)
        return found
    heads, start = _heads(values)
    missing = [c.label.zh for c in COLUMNS if c.is_required and c.key not in heads]
    if missing:
        found.findings.append(Finding.error(
            "missing_columns", f"第一张表缺少列：{'、'.join(missing)}。", f"The first sheet lacks columns: {', '.join(missing)}.",
            where=Place(file=file_name, row=1), remedy=("请下载模板，按模板填写。", "Fill in the template."),
        ))
        return found
    _check_rows(found, values[start:], start, heads, viewer)
    if not found.rows and not found.findings:
        found.findings.append(Finding.error("empty_sheet", "表中没有填写任何用户。", "The sheet names no user.", where=Place(file=file_name)))
    return found


class _Unreadable(Exception):
    def __init__(self, code: str, zh: str, en: str) -> None:
        self.finding = Finding.error(code, zh, en, remedy=("请用模板另存为 .xlsx 后重新上传。", "Save the template as .xlsx and upload it again."))
        super().__init__(code)


def _values(content: bytes) -> Iterator[list[str]]:
    if len(content) > FILE_BYTES:
        raise _Unreadable("file_too_big", "文件超过2 MB。", "The file is larger than 2 MB.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > UNPACKED_BYTES:
                raise _Unreadable("file_unpacks_too_big", "文件解压后过大，已拒绝读取。", "The file unpacks to far too much; it was not read.")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        for at, row in enumerate(book.worksheets[0].iter_rows(max_col=len(COLUMNS) + 6, values_only=True)):
            if at > LINES + 3:
                raise _Unreadable("too_many_rows", f"超过{LINES}行，请分批上传。", f"More than {LINES} rows; upload them in parts.")
            yield ["" if value is None else str(value).strip() for value in row]
    except _Unreadable:
        raise
    except Exception as error:  # openpyxl lets through whatever zlib, the XML reader and its own descriptors raise
        raise _Unreadable("not_a_workbook", "这不是可读取的 Excel 工作簿（.xlsx）。", "This is not a readable workbook (.xlsx).") from error


def _heads(values: list[list[str]]) -> tuple[dict[str, int], int]:
    """Where each column stands, by its Chinese or English head; and the first row of data."""
    names = {name.lower(): column.key for column in COLUMNS for name in (column.label.zh, column.label.en, column.key)}
    heads: dict[str, int] = {}
    for at, value in enumerate(values[0] if values else []):
        key = names.get(value.rstrip("*＊ ").lower())
        if key is not None:
            heads.setdefault(key, at)
    has_notes = len(values) > 1 and any(value.startswith("（") for value in values[1])
    return heads, 2 if has_notes else 1


def _check_rows(found: Sheet, values: list[list[str]], start: int, heads: dict[str, int], viewer: Any) -> None:
    homes = {home.code: home for home in queries.organisations(viewer).filter(is_active=True)}
    taken = {name.lower() for name in User.objects.values_list("username", flat=True)}
    seen: dict[str, str] = {}
    for at, row in enumerate(values, start=start + 1):
        known = {key: row[place] if place < len(row) else "" for key, place in heads.items()}
        if not any(known.values()):
            continue
        line = _Line(found, at, heads, {column.key: known.get(column.key, "") for column in COLUMNS})
        line.check(homes, taken, seen)
        found.rows.append(line.known)


@dataclass
class _Line:
    """One row under examination."""

    sheet: Sheet
    row: int
    heads: dict[str, int]
    known: dict[str, str]

    def check(self, homes: dict[str, Organisation], taken: set[str], seen: dict[str, str]) -> None:
        """Append the row to the sheet's lines, or its faults to the findings."""
        before = len(self.sheet.findings)
        for column in COLUMNS:
            value = self.known[column.key]
            if column.is_required and not value:
                self._wrong(column.key, "missing", f"{column.label.zh}不能为空。", f"{column.label.en} is missing.")
            elif len(value) > column.longest:
                self._wrong(column.key, "too_long", f"{column.label.zh}超过{column.longest}个字符。",
                            f"{column.label.en} is longer than {column.longest}.")
            elif value.startswith("="):
                self._wrong(column.key, "formula", "单元格是公式，不能读取。", "The cell is a formula.", ("请改为文字。", "Write it as text."))
        self._check_name(taken, seen)
        role = self._role()
        home = self._home(homes)
        if role and home and (wrong := role_mismatch(role, home.kind)):
            self._wrong("role", "role_does_not_fit", wrong.zh, wrong.en)
        if self.known["email"]:
            try:
                validate_email(self.known["email"])
            except ValidationError:
                self._wrong("email", "not_an_email", "电子邮箱格式不正确。", "This is not an e-mail address.")
        if len(self.sheet.findings) == before:
            self.sheet.lines.append(NewUser(**{**self.known, "role": role}))

    def _check_name(self, taken: set[str], seen: dict[str, str]) -> None:
        name = self.known["username"]
        if not name:
            return
        if not USERNAME.fullmatch(name):
            self._wrong("username", "bad_username", "登录名只能用字母、数字、点、横线、下划线，3至64位。",
                        "A sign-in name has letters, digits, dot, hyphen or underscore, 3 to 64 of them.")
        elif name.lower() in taken:
            self._wrong("username", "username_taken", f"登录名“{name}”已被使用。", f"The sign-in name “{name}” is taken.",
                        ("如系同一人，请删除本行；否则换一个登录名。", "If it is the same person, delete the row; else choose another name."))
        elif name.lower() in seen:
            self._wrong("username", "username_twice", f"登录名“{name}”与{seen[name.lower()]}重复。", f"“{name}” stands in {seen[name.lower()]} too.")
        else:
            seen[name.lower()] = self._cell("username")

    def _role(self) -> str:
        said = self.known["role"]
        for role in Role:
            if said in (role.label, role.value):
                return role.value
        if said:
            near = nearest(said, [role.label for role in Role], n=1)
            self._wrong("role", "unknown_role", f"没有“{said}”这一角色。", f"There is no role “{said}”.",
                        (f"是否为“{near[0]}”？", f"Did you mean “{near[0]}”?") if near else None)
        return ""

    def _home(self, homes: dict[str, Organisation]) -> Organisation | None:
        said = self.known["organisation_code"]
        if said and said not in homes:
            near = nearest(said, list(homes), n=1)
            self._wrong("organisation_code", "unknown_organisation", f"您管理的单位中没有代码“{said}”。",
                        f"No organisation you manage has the code “{said}”.",
                        (f"是否为“{near[0]}”（{homes[near[0]].name_zh}）？", f"Did you mean “{near[0]}”?") if near else None)
        return homes.get(said)

    def _cell(self, key: str) -> str:
        return f"{get_column_letter(self.heads.get(key, 0) + 1)}{self.row}"

    def _wrong(self, key: str, code: str, zh: str, en: str, remedy: tuple[str, str] | None = None) -> None:
        self.sheet.findings.append(Finding.error(code, zh, en, where=Place(cell=self._cell(key)), remedy=remedy))
