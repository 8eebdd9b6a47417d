"""Which files a paper of a matter may be: scans, office papers and pictures, told by what is in them.

Allowed are PDF, OFD (GB/T 33190), Word and Excel without macros, JPEG, PNG and TIFF. Archives are not: what lies in
them can neither be shown nor looked through for marks of secrecy, so their papers are attached one by one. The name
must say what the content is, so that nobody opens something else than he was shown.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO

from django.conf import settings

from kouan.basis import Finding, Place, Text


@dataclass(frozen=True, slots=True)
class FileKind:
    """One kind of file: how its name ends, what it is called, and how it is told from its first bytes."""

    endings: tuple[str, ...]
    label: Text
    media_type: str
    is_it: Callable[[bytes, IO[bytes]], bool]
    # What the preview draws it as; empty: it can only be taken.
    drawn_as: str = ""


def _begins(*marks: bytes) -> Callable[[bytes, IO[bytes]], bool]:
    return lambda head, _: head.startswith(marks)


def _holds(part: str) -> Callable[[bytes, IO[bytes]], bool]:
    def look(head: bytes, source: IO[bytes]) -> bool:
        if not head.startswith(b"PK\x03\x04"):
            return False
        try:
            with zipfile.ZipFile(source) as packed:
                names = packed.namelist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            return False
        return part in names and not any(name.endswith("vbaProject.bin") for name in names)

    return look


_OFFICE = "application/vnd.openxmlformats-officedocument"
KINDS: tuple[FileKind, ...] = (
    FileKind((".pdf",), Text("PDF", "PDF"), "application/pdf", lambda head, _: b"%PDF-" in head, "pdf"),
    FileKind((".ofd",), Text("OFD 版式文件", "OFD"), "application/ofd", _holds("OFD.xml")),
    FileKind((".docx",), Text("Word（无宏）", "Word without macros"), f"{_OFFICE}.wordprocessingml.document", _holds("word/document.xml")),
    FileKind((".xlsx",), Text("Excel（无宏）", "Excel without macros"), f"{_OFFICE}.spreadsheetml.sheet", _holds("xl/workbook.xml")),
    FileKind((".jpg", ".jpeg"), Text("JPEG 图片", "JPEG"), "image/jpeg", _begins(b"\xff\xd8\xff"), "image"),
    FileKind((".png",), Text("PNG 图片", "PNG"), "image/png", _begins(b"\x89PNG\r\n\x1a\n"), "image"),
    FileKind((".tif", ".tiff"), Text("TIFF 图片", "TIFF"), "image/tiff", _begins(b"II*\x00", b"MM\x00*"), "image"),
)
BY_ENDING: Mapping[str, FileKind] = {ending: kind for kind in KINDS for ending in kind.endings}
ALLOWED = Text("、".join(kind.label.zh for kind in KINDS), ", ".join(kind.label.en for kind in KINDS))
ACCEPT = ",".join(BY_ENDING)


def kind_of(file_name: str) -> FileKind | None:
    """The kind that a name promises.

    >>> kind_of("请示.PDF").media_type, kind_of("附件.zip")
    ('application/pdf', None)
    """
    return BY_ENDING.get(PurePath(file_name.replace("\\", "/")).suffix.lower())


def check_file(source: IO[bytes], file_name: str, field: str) -> list[Finding]:
    """What is wrong with a file that comes as a paper; the stream is left at its beginning."""
    kind = kind_of(file_name)
    if kind is None:
        return [Finding.error(
            "file_kind_not_allowed", f"“{file_name}”不是可以附的文件类型。", f"“{file_name}” is no kind of file that can be attached.",
            where=Place(field=field, file=file_name), required=", ".join(BY_ENDING),
            remedy=(f"可附：{ALLOWED.zh}。压缩包请解开后逐个附上。", f"Attach {ALLOWED.en}. Unpack archives and attach what they hold."))]
    size = source.seek(0, 2)
    limit = settings.KOUAN_PAPER_LIMIT
    source.seek(0)
    head = source.read(1024)
    source.seek(0)
    is_it = size > 0 and kind.is_it(head, source)
    source.seek(0)
    if size > limit:
        return [Finding.error(
            "file_too_large", f"文件“{file_name}”超过 {limit // 1024 // 1024} MB，未接收。",
            f"“{file_name}” is larger than {limit // 1024 // 1024} MB and was not taken in.", where=Place(field=field, file=file_name),
            measured=f"{size} B", required=f"≤ {limit} B", remedy=("请降低扫描分辨率，或分成几份。", "Scan it coarser, or split it."))]
    if not is_it:
        return [Finding.error(
            "file_is_not_that", f"“{file_name}”的内容不是{kind.label.zh}，文件未接收。",
            f"The content of “{file_name}” is not {kind.label.en}; it was not taken in.", where=Place(field=field, file=file_name),
            remedy=("请核对文件：是否损坏、为空、带宏，或改过扩展名。", "Look at the file: damaged, empty, with macros, or renamed?"))]
    return []
