"""The files of a scheme as they are uploaded: one zip, or the files of the folder one by one.

What comes from outside is bounded before it is unpacked, and only the six files that a scheme has are read.
"""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any

from kouan.basis import Finding, Place, Refused
from kouan.evaluation.method.scheme.scheme import FILES, read_folder

LARGEST_FILE = 4_000_000


def content_of_upload(files: Mapping[str, bytes]) -> dict[str, Any]:
    """The plain data of a scheme from uploaded files by name. A zip stands for its folder.

    Refused where a file is missing, there twice, too large, or cannot be read; nothing is checked yet but that.
    """
    found: dict[str, bytes] = {}
    for name, data in files.items():
        if name.lower().endswith(".zip"):
            _unpack(name, data, found)
        else:
            _keep(PurePosixPath(name.replace("\\", "/")).name, data, found)
    lacking = [name for name in FILES.values() if name not in found]
    if lacking:
        raise Refused([Finding.error(
            "scheme_file_missing", f"缺少方案文件“{name}”。", f"The file “{name}” of the scheme is not there.", where=Place(field="files", file=name),
            remedy=("请上传方案文件夹的压缩包（.zip），或同时选中六个文件。", "Upload the folder as a zip, or choose all six files."))
            for name in lacking])
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name, data in found.items():
            (folder / name).write_bytes(data)
        try:
            return read_folder(folder)
        except UnicodeDecodeError:
            bad = next((name for name, data in found.items() if not _is_text(data)), "")
            raise Refused([Finding.error(
                "scheme_unreadable", f"方案文件“{bad}”不是 UTF-8 文本。", f"“{bad}” is no UTF-8 text.", where=Place(field="files", file=bad),
                remedy=("请另存为 UTF-8 编码后再上传。", "Save it as UTF-8 and upload it again."))]) from None


def _unpack(name: str, data: bytes, found: dict[str, bytes]) -> None:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            for entry in archive.infolist():
                inner = PurePosixPath(entry.filename).name
                if inner not in FILES.values() or entry.is_dir():
                    continue
                if entry.file_size > LARGEST_FILE:
                    raise _too_large(inner)
                # The size in the directory is what the packer claims: read one byte more than may be, and no further.
                with archive.open(entry) as stream:
                    _keep(inner, stream.read(LARGEST_FILE + 1), found)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, OSError, EOFError, ValueError, KeyError):
        raise Refused([Finding.error(
            "scheme_zip_unreadable", f"压缩包“{name[:80]}”打不开。", f"The zip “{name[:80]}” cannot be opened.", where=Place(field="files"),
            remedy=("请用不加密的 .zip 重新压缩后上传。", "Pack it again as a plain zip without a password."))]) from None


def _keep(name: str, data: bytes, found: dict[str, bytes]) -> None:
    if name not in FILES.values():
        return
    if len(data) > LARGEST_FILE:
        raise _too_large(name)
    if name in found:
        raise Refused([Finding.error("scheme_file_twice", f"方案文件“{name}”出现两次。", f"The file “{name}” is there twice.",
                                     where=Place(field="files", file=name), remedy=("请只保留一份。", "Keep one of them."))])
    found[name] = data


def _too_large(name: str) -> Refused:
    return Refused([Finding.error("scheme_file_too_large", f"方案文件“{name}”过大。", f"The file “{name}” is too large.",
                                  where=Place(field="files", file=name), required=LARGEST_FILE,
                                  remedy=("请检查是否选错文件。", "Check that it is the right file."))])


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True
