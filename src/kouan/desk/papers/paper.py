"""What an official paper says, apart from its form (党政机关公文格式 GB/T 9704-2012).

>>> draft = Paper(style=Style.REQUEST, issuer="某省人民政府", title="关于某某口岸扩大开放的请示", addressee="国务院",
...               blocks=[heading("一、基本情况"), paragraph("某某口岸位于……")], signed_by="某省人民政府")
>>> [block.level for block in draft.blocks]
[1, 0]
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

# How each level of a heading begins (GB/T 9704-2012, 7.3.3): 一、 （一） 1. （1）
LEVELS = (re.compile(r"^[一二三四五六七八九十]+、"), re.compile(r"^（[一二三四五六七八九十]+）"), re.compile(r"^\d+[.．]"), re.compile(r"^（\d+）"))


class Style(StrEnum):
    """What the paper is. A paper to a superior names its signer beside the number (7.2.6)."""

    REQUEST = "请示"
    REPORT = "报告"
    LETTER = "函"
    OPINION = "审核意见"
    NOTICE = "通知"
    CIRCULAR = "通报"
    MINUTES = "纪要"

    @property
    def goes_up(self) -> bool:
        """Whether it goes to a superior (上行文)."""
        return self in (Style.REQUEST, Style.REPORT)


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph, heading (``level`` 1 to 4) or table (``rows``, the first of which is the head)."""

    text: str = ""
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper. ``number``, ``signer`` and ``dated`` are as issued; empty on a draft, and shown as to be filled."""

    style: Style
    issuer: str
    title: str
    addressee: str = ""
    blocks: Sequence[Block] = ()
    signed_by: str = ""
    dated: date | None = None
    number: str = ""
    signer: str = ""
    attachments: Sequence[str] = ()
    copies_to: str = ""
    contact: str = ""
    is_draft: bool = True
    is_exercise: bool = False
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def letterhead(self) -> str:
        """发文机关标志: the office's name, with 文件 where it is no letter."""
        return self.issuer if self.style in (Style.LETTER, Style.MINUTES) else f"{self.issuer}文件"

    @property
    def printed_by(self) -> str:
        """印发机关: the office that has it printed, its general office where it is not one itself."""
        return self.issuer if self.issuer.endswith(("办公室", "办公厅", "办")) else f"{self.issuer}办公厅（室）"

    @property
    def warnings(self) -> list[str]:
        """What stands over a draft and over exercise papers, so that nobody takes them for issued."""
        said = []
        if self.is_exercise:
            said.append("演练数据生成，不得用于实际工作")
        if self.is_draft:
            said.append("系统起草稿，未经签发；发文字号、签发人和日期以正式印发为准")
        return said

    @property
    def day_words(self) -> str:
        """成文日期 in Arabic numerals, or the words of a draft."""
        return f"{self.dated.year}年{self.dated.month}月{self.dated.day}日" if self.dated else "××××年××月××日"

    @property
    def number_words(self) -> str:
        """发文字号, or the blank to be filled by the issuing office."""
        return self.number or "××〔××××〕××号"


def heading(text: str) -> Block:
    """A heading; its level is told by how it begins."""
    return Block(text, next((at for at, form in enumerate(LEVELS, 1) if form.match(text)), 1))


def paragraph(text: str) -> Block:
    """A paragraph of the body."""
    return Block(text)


def table(*rows: Sequence[str]) -> Block:
    """A table; the first row is its head."""
    return Block(rows=tuple(tuple(str(cell) for cell in row) for row in rows))


def attachment(names: Sequence[str]) -> list[str]:
    """附件说明: one without number, several numbered (7.3.4)."""
    return [f"附件：{names[0]}"] if len(names) == 1 else [f"{'附件：' if at == 1 else '　　　'}{at}. {name}" for at, name in enumerate(names, 1)]
