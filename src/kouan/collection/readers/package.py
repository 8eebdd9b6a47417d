"""The safety check of an .xlsx before anything else opens it.

A workbook is a zip of XML parts. Every part is unpacked here once, in a stream, counting the bytes
that really come out (a header may lie about its size), so that a zip bomb ends after a few
megabytes. The same pass finds which cells hold formulas and how far each sheet reaches: the fast
reader that follows lays a sheet out as a full rectangle, and a single cell in XFD1048576 would ask
it for 17 thousand million cells.

Formulas matter because a workbook stores only the last result beside them; that result is what the
clerk's machine saw, not evidence, and other workbooks may stand behind it.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import join, normpath
from xml.etree import ElementTree

from kouan.basis import Refused
from kouan.collection.readers import limits as bounds
from kouan.collection.readers.limits import MEGABYTE, Limits
from kouan.collection.readers.sheet import column_number

_CHUNK = 1 << 18
_CELLS = 8_000_000  # rectangle of one sheet; about 256 MB in the fast reader
_XML_PART = 16 * MEGABYTE  # workbook.xml and the relations are a few kB
_REF = re.compile(rb"<(?:\w+:)?c\s[^>]*?\br=[\"']([A-Z]{1,3})(\d{1,7})[\"']")
_TOKEN = re.compile(
    rb"<(?:\w+:)?(?:c\s[^>]*?\br=[\"'](?P<col>[A-Z]{1,3})(?P<row>\d{1,7})[\"'][^>]*|(?P<bare>c)\b[^>]*"
    rb"|f(?P<formula>(?:\s[^>]*)?))>"
)
# A cell of type e holds an error of the spreadsheet; its text follows, after a formula perhaps.
_ERROR = re.compile(
    rb"<(?:\w+:)?c\s(?=[^>]*\bt=[\"']e[\"'])[^>]*?\br=[\"']([A-Z]{1,3})(\d{1,7})[\"'][^>]*>"
    rb"(?:\s*<(?:\w+:)?f\b[^>]*>(?:[^<]*</(?:\w+:)?f>)?)?(?:\s*<(?:\w+:)?v>([^<]{1,20})<)?"
)
_RANGE = re.compile(rb"ref=[\"']([A-Z]{1,3})(\d{1,7})(?::([A-Z]{1,3})(\d{1,7}))?[\"']")
_HAS_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_RELATION_ID = (
    "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id",
    "{http://purl.oclc.org/ooxml/officeDocument/relationships}id",
)


@dataclass(slots=True)
class SheetPart:
    """What the scan found in one worksheet."""

    rows: int = 0
    columns: int = 0
    formulas: set[tuple[int, int]] = field(default_factory=set)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)  # #REF!, #N/A by (row, column)


@dataclass(slots=True)
class Package:
    """A workbook that passed. `sheets` by name, in the workbook's order."""

    sheets: dict[str, SheetPart]
    has_external_links: bool
    properties: bytes = b""


def check_package(path: Path, name: str, limits: Limits) -> Package:
    """Unpack every part once within the limits; find formulas. Raises Refused."""
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            entries = archive.infolist()
            names = {entry.filename for entry in entries}
            _check_kind(names, name)
            if len(entries) > limits.parts:
                raise bounds.zip_bomb(name, f"{len(entries)} 个部件 parts", len(entries), 1)
            if any(entry.flag_bits & 1 for entry in entries):
                raise bounds.encrypted(name)
            wanted = _sheet_parts(archive, name)
            parts = {part: SheetPart() for part in wanted.values()}
            total = 0
            for entry in entries:
                total = _scan(file, entry, parts.get(entry.filename), total, name, limits)
            properties = archive.read("docProps/custom.xml") if "docProps/custom.xml" in names else b""
            return Package(
                {sheet: parts[part] for sheet, part in wanted.items()},
                any(part.startswith("xl/externalLinks/") for part in names),
                properties,
            )
    except (zipfile.BadZipFile, EOFError, OSError, zlib.error, KeyError, ElementTree.ParseError) as error:
        raise bounds.truncated(name, str(error)[:200]) from error
    except (NotImplementedError, RuntimeError) as error:  # compression or encryption of other zips
        raise bounds.not_a_spreadsheet(name, str(error)[:100], str(error)[:100]) from error


def _check_kind(names: set[str], name: str) -> None:
    if any(part.lower().endswith("vbaproject.bin") for part in names):
        raise bounds.has_macros(name)
    if "xl/workbook.xml" in names:
        return
    if "xl/workbook.bin" in names:
        raise bounds.not_a_spreadsheet(name, ".xlsb 二进制工作簿", "a binary workbook, .xlsb")
    if "word/document.xml" in names:
        raise bounds.not_a_spreadsheet(name, "Word 文档", "a Word document")
    raise bounds.not_a_spreadsheet(name, "压缩包", "a zip archive")


def _small(archive: zipfile.ZipFile, part: str, name: str) -> ElementTree.Element:
    """Parse a small part. No document type: entities are how XML bombs are built."""
    with archive.open(part) as file:
        text = file.read(_XML_PART + 1)
    if len(text) > _XML_PART:
        raise bounds.zip_bomb(name, part, len(text), archive.getinfo(part).compress_size)
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise bounds.not_a_spreadsheet(name, "含有 XML 文档类型声明", "it declares an XML document type")
    return ElementTree.fromstring(text)  # noqa: S314 - entities are refused above


def _sheet_parts(archive: zipfile.ZipFile, name: str) -> dict[str, str]:
    """Sheet name → part, in order. Chart sheets have no cells and are left out by the reader."""
    relations = {
        item.get("Id", ""): item.get("Target", "")
        for item in _small(archive, "xl/_rels/workbook.xml.rels", name)
    }
    found: dict[str, str] = {}
    book = _small(archive, "xl/workbook.xml", name)
    for space in (_MAIN, _STRICT):
        for sheet in book.iter(f"{space}sheet"):
            relation = next((sheet.get(key) for key in _RELATION_ID if sheet.get(key)), "")
            target = relations.get(relation or "", "")
            part = target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))
            found[sheet.get("name", "")] = part
    return found


def _unpack(file: object, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The part's real bytes, straight from the deflate stream, whatever its header promises."""
    file.seek(entry.header_offset)  # type: ignore[attr-defined]
    header = file.read(30)  # type: ignore[attr-defined]
    if header[:4] != b"PK\x03\x04":
        raise zipfile.BadZipFile(f"no local header for {entry.filename}")
    skip = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    file.seek(skip, 1)  # type: ignore[attr-defined]
    left = entry.compress_size
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise NotImplementedError(f"compression method {entry.compress_type}")
    inflate = zlib.decompressobj(-15) if entry.compress_type == zipfile.ZIP_DEFLATED else None
    while left > 0:
        packed = file.read(min(_CHUNK, left))  # type: ignore[attr-defined]
        if not packed:
            raise EOFError(entry.filename)
        left -= len(packed)
        if inflate is None:
            yield packed
            continue
        while packed:
            yield inflate.decompress(packed, _CHUNK * 4)
            packed = inflate.unconsumed_tail
    if inflate is not None:
        if not inflate.eof:
            raise EOFError(entry.filename)
        yield inflate.flush()


def _scan(
    file: object, entry: zipfile.ZipInfo, part: SheetPart | None, total: int, name: str, limits: Limits
) -> int:
    """Count one part's bytes and, in a worksheet, look for cells and formulas. The new total."""
    size = 0
    carry = b""
    cell: list[tuple[int, int] | None] = [None]
    for chunk in _unpack(file, entry):
        size += len(chunk)
        if size > 20 * MEGABYTE and size > limits.ratio * max(entry.compress_size, 1):
            raise bounds.zip_bomb(name, entry.filename, size, entry.compress_size)
        if total + size > limits.unpacked_bytes:
            raise bounds.too_large(name, total + size, limits.unpacked_bytes)
        if part is None:
            continue
        text = carry + chunk
        # Keep the last, perhaps unfinished, cell for the next round: its error stands some tags behind it.
        cut = max(text.rfind(b"<c "), text.rfind(b":c ") - 16)
        cut = cut if cut > len(text) - 512 else text.rfind(b"<")
        cut = cut if cut > len(text) - 8192 else len(text)
        carry = text[cut:]
        _read_cells(text[:cut], part, cell, name)
        _check_reach(part, name, limits)
    if part is not None:
        _read_cells(carry, part, cell, name)
        _check_reach(part, name, limits)
    return total + size


def _check_reach(part: SheetPart, name: str, limits: Limits) -> None:
    """Refuse a sheet that the fast reader would lay out over too many cells."""
    if part.rows * part.columns > _CELLS or part.rows > limits.rows + 1000:
        raise bounds.too_many_rows(name, limits.rows, part.rows)
    if part.columns > limits.columns:
        raise bounds.too_many_columns(name, limits.columns, part.columns)


def _read_cells(text: bytes, part: SheetPart, cell: list[tuple[int, int] | None], name: str) -> None:
    """Extend the sheet's reach by the cells in `text` and note those with a formula.

    `cell` holds the cell that is open at the end of the piece before.
    """
    refs = _REF.findall(text)
    if refs:
        part.columns = max(part.columns, max(column_number(col.decode()) for col in {ref[0] for ref in refs}))
        part.rows = max(part.rows, max(int(ref[1]) for ref in refs))
        if b't="e"' in text or b"t='e'" in text:
            for col, row, said in _ERROR.findall(text):
                part.errors[int(row), column_number(col.decode())] = said.decode("ascii", "replace") or "#ERROR!"
    if not _HAS_FORMULA.search(text):
        if refs:
            cell[0] = (int(refs[-1][1]), column_number(refs[-1][0].decode()))
        return
    for token in _TOKEN.finditer(text):
        if token["col"]:
            cell[0] = (int(token["row"]), column_number(token["col"].decode()))
        elif token["bare"]:
            cell[0] = None
        else:
            _note_formula(token["formula"], part, cell[0], name)


def _note_formula(attributes: bytes, part: SheetPart, cell: tuple[int, int] | None, name: str) -> None:
    if cell is None:
        raise Refused(bounds.Finding.error(
            "formula_cell",
            "工作表含有公式，且无法定位到单元格；公式的缓存结果不作为数据依据。",
            "A sheet holds formulas that cannot be placed; a formula's stored result is not evidence.",
            where=bounds.Place(file=name),
            remedy=("请将公式“选择性粘贴为数值”，另存后再提交。", "Paste the formulas as values and save it again."),
        ))
    part.formulas.add(cell)
    # An array formula stands in its first cell only, but the cells of its range show its results.
    found = _RANGE.search(attributes)
    if found and (b"array" in attributes or b"dataTable" in attributes) and found[3]:
        top, bottom = int(found[2]), min(int(found[4]), part.rows + 100_000)
        left, right = column_number(found[1].decode()), column_number(found[3].decode())
        if (bottom - top + 1) * (right - left + 1) <= 1_000_000:
            part.formulas.update((r, c) for r in range(top, bottom + 1) for c in range(left, right + 1))
