"""A code list as text: found by scanning bytes, parsed line by line, so that 116,000 rows cost what one asks of them.

UN/LOCODE made into objects takes half a second and 100 MB. Kept as the bytes of its file it takes some 20 ms to open and a
millisecond to look up; only lines that answer a question are ever split into cells.

>>> sheet = Sheet(b"code\\tname_en\\nCNSHA\\tShanghai\\nCNSHK\\tShekou\\n")
>>> sheet.get("cnshk")["name_en"], len(sheet), sheet.row(0)["code"]
('Shekou', 2, 'CNSHA')
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import overload

from kouan.basis.finding import Place, Refused

Row = dict[str, str]
# The widest list has 116,000 rows; one of ten times as many is no code list.
MOST_BYTES = 64 * 1024 * 1024
# What stands before and behind the text: a cell is the text, begins with it, has a word that begins with it, holds it.
_NEARNESS = ((b"\n\t", b"\t\n"), (b"\n\t", b""), (b" (/", b""), (b"", b""))
# A text that stands at fewer places than this is looked for once, and its places are sorted afterwards.
_FEW = 2000


def _each(letters: bytes) -> tuple[bytes, ...]:
    return tuple(letters[at : at + 1] for at in range(len(letters))) or (b"",)


class Sheet(Sequence[Row]):
    """Rows of cells in the order of the file. The first column is `code`; cells are text, empty where nothing is known."""

    def __init__(self, data: bytes) -> None:
        head, _, body = data.partition(b"\n")
        self.columns: tuple[str, ...] = tuple(head.decode().split("\t"))
        # A line break in front, so that every line can be found by the break before it.
        self._body = b"\n" + body.strip(b"\n") + b"\n"
        self._count = self._body.count(b"\n") - 1 if body.strip() else 0

    @cached_property
    def _lower(self) -> bytes:
        # Letters of ASCII only: the offsets stay those of the body.
        return self._body.lower()

    @cached_property
    def _lines(self) -> list[bytes]:
        return self._body[1:-1].split(b"\n") if self._count else []

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> list[Row]: ...
    def __getitem__(self, at: int | slice) -> Row | list[Row]:
        if isinstance(at, slice):
            return [self._parsed(line) for line in self._lines[at]]
        return self._parsed(self._lines[at])

    def row(self, at: int) -> Row:
        """One row by its place, from 0."""
        return self._parsed(self._lines[at])

    def __iter__(self) -> Iterator[Row]:
        for line in self._lines:
            yield self._parsed(line)

    def codes(self) -> list[str]:
        """All codes in the order of the file."""
        return [line.partition(b"\t")[0].decode() for line in self._lines]

    def get(self, code: str) -> Row | None:
        """The row of a code, whatever its case; None where there is none."""
        wanted = code.encode().lower()
        if not wanted or b"\t" in wanted or b"\n" in wanted:
            return None
        at = self._lower.find(b"\n" + wanted + (b"\t" if len(self.columns) > 1 else b"\n"))
        return None if at < 0 else self._parsed(self._line_at(at + 1))

    def after(self, code: str) -> int:
        """The place of the first row behind `code` in the order of codes: what a cursor needs."""
        low, high = 0, self._count
        while low < high:
            middle = (low + high) // 2
            if self._lines[middle].partition(b"\t")[0].decode() <= code:
                low = middle + 1
            else:
                high = middle
        return low

    def matching(self, text: str, most: int = 150) -> Iterator[Row]:
        """Rows in which a cell is, begins with, has a word that begins with, or holds `text`; the nearer kinds first.

        Up to `most` of each kind are looked at, so a two-letter word costs no more than a long one. Case of Latin letters apart.
        """
        wanted = text.encode().lower()
        if not wanted or b"\t" in wanted or b"\n" in wanted:
            return
        found: list[int] = []
        at = self._lower.find(wanted)
        while at >= 0 and len(found) < _FEW:
            found.append(at)
            at = self._lower.find(wanted, at + 1)
        seen: set[int] = set()
        for before, behind in _NEARNESS:
            taken = 0
            places = (at for at in found if self._is_near(at, len(wanted), before, behind)) if len(found) < _FEW else self._near(wanted, before,
                behind)
            for at in places:
                start = self._lower.rfind(b"\n", 0, at) + 1
                if start in seen:
                    continue
                seen.add(start)
                yield self._parsed(self._line_at(start))
                taken += 1
                if taken >= most:
                    break

    def _is_near(self, at: int, length: int, before: bytes, behind: bytes) -> bool:
        return ((not before or self._lower[at - 1 : at] in _each(before))
                and (not behind or self._lower[at + length : at + length + 1] in _each(behind)))

    def _near(self, wanted: bytes, before: bytes, behind: bytes) -> Iterator[int]:
        """Where a frequent text stands between such neighbours. `find` runs at memory speed; a regular expression takes ten times as long."""
        for front in _each(before):
            for back in _each(behind):
                at = self._lower.find(front + wanted + back)
                while at >= 0:
                    yield at + len(front)
                    at = self._lower.find(front + wanted + back, at + 1)

    def _line_at(self, start: int) -> bytes:
        return self._body[start : self._body.index(b"\n", start)]

    def _parsed(self, line: bytes) -> Row:
        cells = line.decode().split("\t")
        return dict(zip(self.columns, cells + [""] * (len(self.columns) - len(cells)), strict=False))


def read_sheet(path: Path, sha256: str = "", first: str = "code") -> Sheet:
    """Open a list: `.tsv.gz` as shipped, or `.csv` (UTF-8, any order of rows) as a user supplies it.

    Raises Refused where the file is not the one whose `sha256` was registered, is too large, or does not begin with the column `first`.
    """
    packed = path.read_bytes()
    if sha256 and hashlib.sha256(packed).hexdigest() != sha256:
        raise Refused.because(
            "code_list_altered", f"代码表文件 {path.name} 与登记的校验值不符，不能使用。",
            f"The file {path.name} is not the one registered: its checksum differs.", where=Place(file=path.name),
            remedy=("请恢复原文件，或按新版本重新登记。", "Restore the file, or register it as a new edition."))
    if path.suffix == ".gz":
        try:
            with gzip.open(path) as stream:
                data = stream.read(MOST_BYTES + 1)
        except (OSError, EOFError, zlib.error):
            raise _unreadable(path, "压缩文件已损坏", "is damaged: it does not unpack") from None
    else:
        data = packed
    if len(data) > MOST_BYTES:
        raise _unreadable(path, "超过 64 MB", "is larger than 64 MB")
    if ".csv" in path.suffixes:
        data = _from_csv(path, data)
    if data.partition(b"\n")[0].split(b"\t")[0] != first.encode():
        raise _unreadable(path, f"第一列不是 {first}", f"does not begin with the column “{first}”")
    try:
        data.decode()
    except UnicodeDecodeError:
        raise _unreadable(path, "不是 UTF-8 编码", "is not UTF-8") from None
    return Sheet(data)


def _from_csv(path: Path, data: bytes) -> bytes:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unreadable(path, "不是 UTF-8 编码", "is not UTF-8") from None
    try:
        rows = [[re.sub(r"\s+", " ", cell).strip() for cell in row] for row in csv.reader(io.StringIO(text, newline="")) if any(row)]
    except csv.Error:
        raise _unreadable(path, "不是 CSV", "is not CSV") from None
    head, body = (rows[0], rows[1:]) if rows else ([], [])
    if len(head) < 2:
        raise _unreadable(path, "至少要有代码、名称两列", "needs a column of codes and one of names")
    codes = [row[0] for row in body]
    twice = sorted(code for code, count in Counter(codes).items() if count > 1)
    if twice or "" in codes:
        raise _unreadable(path, f"代码重复或空缺（{'、'.join(twice[:5])}）", f"has codes that stand twice or are empty ({', '.join(twice[:5])})")
    return "\n".join("\t".join(row) for row in (head, *sorted(body))).encode() + b"\n"


def _unreadable(path: Path, zh: str, en: str) -> Refused:
    return Refused.because(
        "unreadable_code_list", f"代码表 {path.name} 不能使用：{zh}。", f"The code list {path.name} cannot be used: it {en}.",
            where=Place(file=path.name),
        remedy=("用 UTF-8 的 CSV，第一行为列名，第一列为 code，其后 name_zh、name_en；代码不重复。",
                "Give CSV in UTF-8 with a line of heads: code first, then name_zh, name_en; each code once."))
