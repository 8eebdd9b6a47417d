"""How much one file may hold, and the findings about files that cannot be read at all.

The limits protect the machine: a file is refused before it can fill memory or disk. They are set
for the largest return that anybody sends on purpose (a million rows) with room to spare.

>>> Limits().rows
1000000
>>> not_a_spreadsheet("a.docx").findings[0].code
'not_a_spreadsheet'
"""

from __future__ import annotations

from dataclasses import dataclass

from kouan.basis import Finding, Place, Refused

MEGABYTE = 1024 * 1024
_RESEND = (
    "请用 WPS 或 Excel 重新打开核对，另存为 .xlsx 或 .csv 后再提交。",
    "Open it again in WPS or Excel, save it as .xlsx or .csv, and submit it again.",
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one file. Sizes in bytes; `faults` counts rows held or refused."""

    file_bytes: int = 256 * MEGABYTE
    unpacked_bytes: int = 160 * MEGABYTE  # all parts of a workbook, or the text inside a .gz
    ratio: int = 200  # unpacked : packed, checked above 20 MB; honest sheets reach 10 to 40
    parts: int = 2_000  # entries of a workbook's zip
    rows: int = 1_000_000
    columns: int = 512
    faults: int = 50_000
    unknown_words: int = 500  # different names, measures or units that nobody knows
    header_search: int = 30  # rows in which a header is looked for


def _refused(code: str, file: str, zh: str, en: str, **details: object) -> Refused:
    details.setdefault("remedy", _RESEND)
    return Refused(Finding.error(code, zh, en, where=Place(file=file), **details))


def not_a_spreadsheet(file: str, seen_zh: str = "", seen_en: str = "") -> Refused:
    """The bytes are no table of a kind we read."""
    return _refused(
        "not_a_spreadsheet",
        file,
        f"文件不是可识别的表格{f'（{seen_zh}）' if seen_zh else ''}；可接收 .xlsx、.csv、.csv.gz、.parquet。",
        f"The file is not a table we can read{f' ({seen_en})' if seen_en else ''}; .xlsx, .csv, .csv.gz and "
        ".parquet are.",
    )


def truncated(file: str, detail: str = "") -> Refused:
    """The file stops before its own end."""
    return _refused(
        "truncated_file",
        file,
        "文件不完整或已损坏，可能在传输中被截断。",
        "The file is incomplete or damaged; it may have been cut off on its way.",
        measured=detail or None,
    )


def empty(file: str) -> Refused:
    """There is nothing in it."""
    return _refused("empty_file", file, "文件是空的，没有任何数据行。", "The file is empty: it has no rows.")


def encrypted(file: str) -> Refused:
    """A workbook with a password."""
    return _refused(
        "encrypted_file",
        file,
        "工作簿设有打开密码，系统无法读取。",
        "The workbook is protected by a password and cannot be read.",
        remedy=("请取消密码后另存再提交；涉密文件不得上传。",
                "Remove the password and save it again. Papers that hold state secrets must not be uploaded."),
    )


def old_excel(file: str) -> Refused:
    """An .xls of the years before 2007."""
    return _refused(
        "old_excel_format",
        file,
        "文件是旧版 Excel（.xls）格式，系统不接收。",
        "The file is in the old Excel format (.xls), which is not accepted.",
        remedy=("请在 WPS 或 Excel 中另存为 .xlsx 后再提交。", "Save it as .xlsx in WPS or Excel and submit it again."),
    )


def has_macros(file: str) -> Refused:
    """A workbook that carries program code."""
    return _refused(
        "workbook_with_macros",
        file,
        "工作簿含有宏（程序代码），系统不接收。",
        "The workbook holds macros (program code) and is not accepted.",
        remedy=("请另存为不含宏的 .xlsx 后再提交。", "Save it as .xlsx without macros and submit it again."),
    )


def too_large(file: str, measured: int, limit: int) -> Refused:
    """The file, or what it unpacks to, passes the bound."""
    return _refused(
        "file_too_large",
        file,
        f"文件（展开后）超过 {limit // MEGABYTE} MB，未读入。",
        f"The file (unpacked) is larger than {limit // MEGABYTE} MB and was not read.",
        measured=f"{measured / MEGABYTE:.1f} MB",
        required=f"≤ {limit // MEGABYTE} MB",
        remedy=("请按年份或口岸分成几个文件提交。", "Split it by year or by port into several files."),
    )


def zip_bomb(file: str, part: str, unpacked: int, packed: int) -> Refused:
    """A few packed bytes that unpack to very many: no honest workbook does that."""
    return _refused(
        "zip_bomb",
        file,
        f"工作簿中的“{part}”展开后大得异常，疑似压缩炸弹，未读入。",
        f"“{part}” in the workbook unpacks to an abnormal size (a zip bomb); it was not read.",
        measured=f"{unpacked / MEGABYTE:.0f} MB : {max(packed, 1) / MEGABYTE:.2f} MB",
        remedy=("请删除空白的格式化行列，另存后再提交；如文件来历不明，请联系系统管理员。",
                "Delete empty formatted rows and columns and save it again; if you do not know where the file "
                "comes from, tell your administrator."),
    )


def too_many_rows(file: str, limit: int, measured: int | None = None) -> Refused:
    """More rows than one file may hold."""
    return _refused(
        "too_many_rows",
        file,
        f"文件超过 {limit:,} 行，未入库。",
        f"The file has more than {limit:,} rows; nothing was taken in.",
        measured=f"{measured:,}" if measured else None,
        required=f"≤ {limit:,}",
        remedy=("请按年份或口岸分成几个文件提交。", "Split it by year or by port into several files."),
    )


def too_many_columns(file: str, limit: int, measured: int) -> Refused:
    """A row wider than any return."""
    return _refused(
        "too_many_columns",
        file,
        f"表格超过 {limit} 列，不像是数据报表。",
        f"The table has more than {limit} columns and does not look like a return.",
        measured=str(measured),
        required=f"≤ {limit}",
    )


def unreadable_text(file: str, zh: str, en: str, row: int | None = None) -> Refused:
    """Text whose encoding or quoting cannot be followed."""
    refusal = _refused("unreadable_text", file, zh, en)
    return Refused([finding.at(row=row, file=file) for finding in refusal.findings]) if row else refusal
