"""Read a file of facts (CSV) as offices save it: any of the usual encodings, any width of digit.

UTF-8 with or without a byte order mark, UTF-16 as Excel's "Unicode text", or GB18030; comma, semicolon or
tab. What is not such a file is refused with what to do.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from kouan.basis import Place, Refused, names

MOST_BYTES = 20_000_000
MOST_ROWS = 100_000
_MOST_COLUMNS = 200


class Row(dict[str, str]):
    """One row: column to cell, with the line of the file on which it ends."""

    line: int = 0


def read_facts_csv(path: Path) -> list[Row]:
    """Return the rows of the CSV file at `path` as mappings from column to cell, both as text.

    Blank lines are left out. Cells beyond the header are kept under the column "". Raises Refused for a
    file that cannot be read, has no header, or has two columns of one name.
    """
    where = Place(file=path.name)
    return parse_facts_csv(decode(read_bytes(path, where), where), path.name)


def read_bytes(path: Path, where: Place) -> bytes:
    """Return the bytes of a file of facts. Refused when it cannot be read or is too large."""
    try:
        size = path.stat().st_size
        raw = path.read_bytes() if size <= MOST_BYTES else b""
    except OSError as error:
        raise Refused.because(
            "unreadable_file",
            f"无法读取文件：{error.strerror}。",
            f"The file cannot be read: {error.strerror}.",
            where=where,
            remedy=("请检查路径与读取权限。", "Check the path and the permission to read."),
        )
    if size > MOST_BYTES:
        raise Refused.because(
            "file_too_large",
            f"文件有{size}字节，超过{MOST_BYTES}字节的上限。",
            f"The file has {size} bytes; the limit is {MOST_BYTES}.",
            where=where,
            remedy=("请分成几个文件。", "Split it into several files."),
        )
    return raw


def parse_facts_csv(text: str, file: str | None = None) -> list[Row]:
    """Return the rows of a CSV text; see `read_facts_csv`."""
    where = Place(file=file)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    rows: list[Row] = []
    header: list[str] | None = None
    try:
        for cells in lines:
            if header is None:
                if any(cell.strip() for cell in cells):
                    header = _header(cells, where)
                continue
            if not cells or cells == [""]:
                continue
            if len(rows) >= MOST_ROWS:
                raise Refused.because(
                    "too_many_rows",
                    f"文件超过{MOST_ROWS}行。",
                    f"The file has more than {MOST_ROWS} rows.",
                    where=where,
                    remedy=("请分成几个文件。", "Split it into several files."),
                )
            row = Row(zip(header, cells, strict=False))
            row.line = lines.line_num
            beyond = [cell for cell in cells[len(header) :] if cell.strip()]
            if beyond:
                row[""] = " ".join(beyond)
            rows.append(row)
    except csv.Error as error:
        raise Refused.because(
            "not_csv",
            f"第{lines.line_num}行不符合 CSV 格式：{error}。",
            f"Line {lines.line_num} is not valid CSV: {error}.",
            where=Place(file=file, row=lines.line_num),
            remedy=("请检查该行的引号是否成对。", "Check that quotation marks on the line come in pairs."),
        )
    if header is None:
        raise Refused.because(
            "empty_file",
            "文件是空的，没有表头。",
            "The file is empty: there is no header.",
            where=where,
            remedy=(
                "首行应为列名，如 transport_class,is_border,accepted_on,year。",
                "The first line names the columns, such as transport_class,is_border,accepted_on,year.",
            ),
        )
    return rows


def _header(cells: list[str], where: Place) -> list[str]:
    header = [names.half_width(cell).strip() for cell in cells]
    while header and not header[-1]:
        header.pop()  # a trailing comma is no column
    if len(header) > _MOST_COLUMNS:
        raise Refused.because(
            "too_many_columns",
            f"表头有{len(header)}列，不像是事实表。",
            f"The header has {len(header)} columns; this does not look like a file of facts.",
            where=where,
            remedy=("请确认选对了文件。", "Check that this is the right file."),
        )
    for name in header:
        if header.count(name) > 1:
            raise Refused.because(
                "duplicate_column",
                f"列名“{name}”出现了两次。",
                f"The column “{name}” stands twice.",
                where=Place(file=where.file, row=1, column=name),
                remedy=("请删除或改名其中一列。", "Delete or rename one of them."),
            )
    return header


def decode(raw: bytes, where: Place) -> str:
    """Return the text of a file in any of the usual encodings. Refused for a workbook or no text."""
    if raw[:4] == b"PK\x03\x04" or raw[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise Refused.because(
            "is_spreadsheet",
            "这是 Excel 文件，不是文本文件。",
            "This is an Excel file, not a text file.",
            where=where,
            remedy=("请在 Excel 中另存为“CSV UTF-8（逗号分隔）”。", "In Excel, save it as “CSV UTF-8”."),
        )
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    else:
        # GB18030 last: it accepts almost any bytes, so it can only be the second guess.
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Refused.because(
        "unknown_encoding",
        "无法识别文件的编码，或者它不是文本文件。",
        "The encoding is not known, or this is no text file.",
        where=where,
        remedy=("请另存为 UTF-8 编码的 CSV 文件。", "Save it as CSV in UTF-8."),
    )


def _delimiter(text: str) -> str:
    """Take the separator that the header uses; a comma unless another is clearly meant."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    if "," in first:
        return ","
    return max("\t;，", key=first.count) if any(mark in first for mark in "\t;，") else ","
