"""Readers: a file of any kind becomes sheets of numbered rows, or one clear finding.

What a file is, is told by its first bytes, never by its name.
"""

from __future__ import annotations

from pathlib import Path

from kouan.collection.readers import limits as bounds
from kouan.collection.readers.limits import Limits
from kouan.collection.readers.sheet import OpenFile, Row, Sheet, column_letters, column_number

__all__ = ["Limits", "OpenFile", "Row", "Sheet", "column_letters", "column_number", "open_file"]

_OTHERS = {
    b"%PDF": ("PDF 文件", "a PDF"),
    b"\x89PNG": ("图片", "a picture"),
    b"\xff\xd8\xff": ("图片", "a picture"),
    b"Rar!": ("压缩包", "an archive"),
    b"7z\xbc\xaf": ("压缩包", "an archive"),
    b"{\\rt": ("RTF 文档", "an RTF document"),
}


def open_file(path: Path, name: str = "", limits: Limits | None = None) -> OpenFile:
    """Open a file for reading. `name` is what the user calls it. Raises Refused, never anything else
    about the file's content; OSError when the file cannot be opened at all."""
    limits = limits or Limits()
    name = name or path.name
    size = path.stat().st_size
    if size == 0:
        raise bounds.empty(name)
    if size > limits.file_bytes:
        raise bounds.too_large(name, size, limits.file_bytes)
    with path.open("rb") as file:
        head = file.read(8192)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        from kouan.collection.readers.workbook import open_workbook

        return open_workbook(path, name, limits)
    if head.startswith(b"PAR1"):
        from kouan.collection.readers.columnar import open_parquet

        return open_parquet(path, name, limits)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in path.read_bytes():
            raise bounds.encrypted(name)
        raise bounds.old_excel(name)
    for magic, (zh, en) in _OTHERS.items():
        if head.startswith(magic):
            raise bounds.not_a_spreadsheet(name, zh, en)
    if head.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html", b"<?xml", b"<table")):
        raise bounds.not_a_spreadsheet(name, "网页", "a web page")
    from kouan.collection.readers.delimited import open_delimited

    return open_delimited(path, name, limits, packed=head.startswith(b"\x1f\x8b"))
