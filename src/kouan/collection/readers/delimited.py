"""CSV and its kin, plain or gzipped, in the encodings that offices really send.

UTF-8 (with or without a mark), UTF-16 with its mark, else GB18030, which holds GBK and GB2312. The
whole file is decoded once before the first row is used, so that a broken character in the last
line cannot surprise a half-finished intake; the same pass counts the lines.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from kouan.collection.readers import limits as bounds
from kouan.collection.readers.limits import Limits
from kouan.collection.readers.sheet import OpenFile, Row, Sheet

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DELIMITERS = ",\t;|"
_CHUNK = 1 << 20
csv.field_size_limit(64 * 1024)  # a longer cell is an unclosed quotation mark


def open_delimited(path: Path, name: str, limits: Limits, *, packed: bool) -> OpenFile:
    """Check encoding and size, find the delimiter. Raises Refused."""
    encoding, lines = _encoding_of(path, name, limits, packed)
    # One line more than rows, for the header; some publishers add blank lines.
    if lines > limits.rows + 1000:
        raise bounds.too_many_rows(name, limits.rows, lines)
    delimiter = _delimiter_of(path, encoding, packed)
    sheet = Sheet(0, "", _rows(path, name, encoding, delimiter, packed, limits), total=lines)
    return OpenFile("csv", encoding, [sheet])


def _binary(path: Path, packed: bool) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb")) if packed else path.open("rb")


def _encoding_of(path: Path, name: str, limits: Limits, packed: bool) -> tuple[str, int]:
    """The encoding that the whole file obeys, and its number of lines."""
    with _binary(path, packed) as file:
        try:
            head = file.read(65536)
        except (EOFError, OSError, zlib.error) as error:
            raise bounds.truncated(name, str(error)) from error
    if not head.strip():
        raise bounds.empty(name)
    marked = [encoding for mark, encoding in _MARKS if head.startswith(mark)]
    if not marked and b"\0" in head:
        raise bounds.not_a_spreadsheet(name, "二进制文件", "a binary file")
    for encoding in marked or ("utf-8", "gb18030"):
        try:
            return encoding, _lines(path, name, encoding, packed, limits)
        except UnicodeDecodeError:
            continue
    raise bounds.unreadable_text(
        name,
        "文字编码无法识别（不是 UTF-8、UTF-16 或 GB18030）。",
        "The text encoding cannot be recognised (not UTF-8, UTF-16 or GB18030).",
    )


def _lines(path: Path, name: str, encoding: str, packed: bool, limits: Limits) -> int:
    """Decode everything once; UnicodeDecodeError when the encoding does not fit."""
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = size = 0
    last = ""
    with _binary(path, packed) as file:
        while True:
            try:
                chunk = file.read(_CHUNK)
            except (EOFError, OSError, zlib.error) as error:
                raise bounds.truncated(name, str(error)) from error
            size += len(chunk)
            if (size > limits.unpacked_bytes and packed) or size > limits.file_bytes:
                raise bounds.too_large(name, size, limits.unpacked_bytes if packed else limits.file_bytes)
            text = decoder.decode(chunk, final=not chunk)
            if "\0" in text:
                raise bounds.not_a_spreadsheet(name, "二进制文件", "a binary file")
            lines += text.count("\n") or text.count("\r")
            last = text[-1:] or last
            if not chunk:
                return lines + (last not in "\r\n")


def _delimiter_of(path: Path, encoding: str, packed: bool) -> str:
    """The delimiter that the first lines agree on: the one found most often outside quotes."""
    with io.TextIOWrapper(_binary(path, packed), encoding=encoding, newline="") as text:
        sample = [line for line, _ in zip(text, range(30), strict=False)]
    counts = {mark: sum("".join(line.split('"')[::2]).count(mark) for line in sample) for mark in _DELIMITERS}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] else ","


def _rows(
    path: Path, name: str, encoding: str, delimiter: str, packed: bool, limits: Limits
) -> Iterator[Row]:
    """Numbered rows of text. The number is that of the first line of the record."""
    with io.TextIOWrapper(_binary(path, packed), encoding=encoding, newline="") as text:
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        before = count = 0
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise bounds.unreadable_text(
                    name,
                    "引号没有成对，从此行起无法分列。",
                    "Quotation marks do not pair from here on, so columns cannot be told apart.",
                    row=before + 1,
                ) from error
            if cells:
                count += 1
                if count > limits.rows + 1:
                    raise bounds.too_many_rows(name, limits.rows)
                if len(cells) > limits.columns:
                    raise bounds.too_many_columns(name, limits.columns, len(cells))
                yield before + 1, cells
            before = reader.line_num
