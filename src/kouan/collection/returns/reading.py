"""Reading filled workbooks back: one, one with many sheets, or a zip of them; each value with its cell.

What each sheet is, the hidden key sheet says; lines are found by the code in their last column, so a sheet that was sorted still reads.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings

from kouan.basis import Place, Refused
from kouan.collection.cells import word_of
from kouan.collection.readers import Limits, column_letters, open_file
from kouan.collection.returns.cells import FOOTER, Cell, Filled
from kouan.collection.returns.template import KEY, MARK, ZERO_CELL
from kouan.desk.actions import bears_stamp, refuse_secrets, secrecy_refusal

MOST_FILES, FILE_BYTES, ALL_BYTES = 400, 8 << 20, 64 << 20
# What a zip says that is cut, altered, or packed in a way that nobody reads.
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError, RuntimeError)
_CODE, _VALUE, _REASON, _NOTE = 10, 3, 8, 9


@dataclass(frozen=True, slots=True)
class Key:
    """Which form of which port and period a sheet is. ``after``: filings there were when the template was written."""

    form: str
    version: str
    port: str
    period: str
    after: int


@dataclass(slots=True)
class ReadSheet:
    """One filled sheet, and the bytes of the workbook that it came in."""

    key: Key
    filled: Filled
    name: str
    content: bytes


def read_upload(path: Path, name: str) -> list[ReadSheet]:
    """Every filled sheet of a workbook, or of a zip of workbooks. Raises Refused where a file is none of ours."""
    refuse_secrets(name)
    if path.stat().st_size > ALL_BYTES:
        raise _refused("file_too_large", f"文件超过 {ALL_BYTES >> 20} MB。", f"The file is larger than {ALL_BYTES >> 20} MB.", name)
    if not _is_plain_zip(path):
        return _read_book(path, name)
    found: list[ReadSheet] = []
    with TemporaryDirectory(prefix="kouan-returns-") as folder:
        for inner, content in _whole(_members(path, name), name):
            place = Path(folder) / "book"
            place.write_bytes(content)
            found += _read_book(place, inner)
    if not found:
        raise _refused("zip_is_empty", "压缩包里没有报表工作簿（.xlsx）。", "The zip holds no workbook (.xlsx).", name)
    return found


def _is_plain_zip(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as packed:
            return "[Content_Types].xml" not in packed.namelist()
    except _DAMAGED:
        return False  # the reader of workbooks says what is wrong with it


def _whole(members: Iterator[tuple[str, bytes]], name: str) -> Iterator[tuple[str, bytes]]:
    """The members as they unpack; what does not is refused."""
    while True:
        try:
            member = next(members, None)
        except _DAMAGED:
            raise _refused("zip_damaged", "压缩包已损坏，无法完整解开。", "The zip is damaged and does not unpack.", name) from None
        if member is None:
            return
        yield member


def _members(path: Path, name: str) -> Iterator[tuple[str, bytes]]:
    total = 0
    with zipfile.ZipFile(path) as packed:
        entries = [each for each in packed.infolist() if not each.is_dir() and each.filename.lower().endswith(".xlsx")]
        if len(entries) > MOST_FILES:
            raise _refused("too_many_files", f"压缩包里有 {len(entries)} 个工作簿，最多 {MOST_FILES} 个。",
                           f"The zip holds {len(entries)} workbooks; at most {MOST_FILES}.", name)
        for each in entries:
            if each.flag_bits & 1:
                raise _refused("zip_encrypted", "压缩包有密码，无法读取。", "The zip has a password.", name)
            with packed.open(each) as stream:
                # Bounded by what comes out, whatever the directory of the zip claims.
                content = stream.read(FILE_BYTES + 1)
            total += len(content)
            if len(content) > FILE_BYTES or total > ALL_BYTES:
                raise _refused("zip_too_large", f"“{each.filename[-80:]}”解开后过大。", f"“{each.filename[-80:]}” is too large unpacked.", name)
            yield Path(_decoded(each)).name[-200:], content


def _decoded(entry: zipfile.ZipInfo) -> str:
    """The name of a file in a zip: Chinese Windows writes GBK where the standard would have CP437."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("gbk")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return entry.filename


def _refused(code: str, zh: str, en: str, name: str) -> Refused:
    return Refused.because(code, zh, en, where=Place(file=name), remedy=("请用系统下载的模板填报，多个文件可打成不加密的 zip。",
                                                                       "Use the system's template; several files may go in one plain zip."))


def _read_book(path: Path, name: str) -> list[ReadSheet]:
    refuse_secrets(name)
    file = open_file(path, name, Limits(rows=20_000))
    workspace = "exercise" if settings.IS_EXERCISE else "real"
    if file.marks.get("template") != MARK:
        raise _refused("not_our_template", "这不是本系统下载的报表模板。", "This is no template of this system.", name)
    if file.marks.get("workspace") != workspace:
        raise Refused.because("wrong_workspace", "真实数据与演练数据不得混用。", "Real and exercise returns never mix.", where=Place(file=name),
                              measured=file.marks.get("workspace"), required=workspace, remedy=("请在对应的工作区提交。",
                                  "Submit it where it belongs."))
    sheets = {each.name: each for each in file.sheets}
    key = sheets.get(KEY)
    if key is None:
        raise _refused("key_missing", "模板的标识页已丢失，无法确认是哪张表。", "The template's key sheet is gone.", name)
    content = path.read_bytes()
    found = []
    for number, cells in key.rows:
        if number < 2:
            continue
        words = [word_of(each) for each in [*cells, *[""] * 6][:6]]
        sheet = sheets.get(words[0])
        if sheet is None or not words[5].isdigit():
            raise _refused("sheet_missing", f"工作表“{words[0][:40]}”已被删除或改名。", f"The sheet “{words[0][:40]}” was deleted or renamed.", name)
        found.append(ReadSheet(Key(words[1], words[2], words[3], words[4], int(words[5])), _read_sheet(sheet, name), name, content))
    if not found:
        raise _refused("key_missing", "模板的标识页是空的。", "The template's key sheet is empty.", name)
    return found


def _read_sheet(sheet: Any, name: str) -> Filled:
    cells: dict[str, Cell] = {}
    people: dict[str, str] = {}
    rows: dict[str, str] = {"zero": ZERO_CELL}
    is_zero = False
    for number, row in sheet.rows:
        padded = [*row, *[""] * (_CODE + 1 - len(row))]
        for at, each in enumerate(padded):
            if isinstance(each, str) and "密" in each and bears_stamp(each):
                raise secrecy_refusal(f"文件“{name}”的单元格", f"A cell of “{name}”",
                                      Place(name, sheet.name, number, None, f"{column_letters(at + 1)}{number}"))
        code = word_of(padded[_CODE])
        if f"D{number}" == ZERO_CELL:
            is_zero = word_of(padded[_VALUE]) == "是"
        elif code.startswith("footer:") and code[7:] in FOOTER:
            people[code[7:]], rows[code[7:]] = word_of(padded[_VALUE])[:60], f"D{number}"
        elif code and ":" not in code and number > 7:
            cells.setdefault(code[:48], Cell(padded[_VALUE], word_of(padded[_REASON]), word_of(padded[_NOTE]), number))
    formulas = frozenset(f"{column_letters(column)}{row}" for row, column in sheet.formulas)
    return Filled(cells, name, sheet.name, people, rows, formulas, is_zero)
