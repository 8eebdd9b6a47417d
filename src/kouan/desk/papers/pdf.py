"""A paper as PDF, set by typst from one template; the words travel as data, so that nothing in them is ever run.

Where a typeface of the standard is not installed, the nearest that is takes its place, and the foot of the last page
says which. Without any Chinese typeface there is no PDF: a page of empty boxes would be worse than none.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst

from kouan.basis import Refused
from kouan.desk.papers.paper import Paper, attachment

_TEMPLATE = Path(__file__).with_name("official.typ")
_SERIF, _SANS = "Noto Serif CJK SC", "Noto Sans CJK SC"
# For each part of the paper: what the standard names, then what may stand in.
FACES = {
    "title": ("方正小标宋简体", ("FZXiaoBiaoSong-B05S", "FZXiaoBiaoSong-B05", "STZhongsong", _SERIF, "Source Han Serif SC")),
    "body": ("仿宋_GB2312", ("FangSong_GB2312", "FangSong", "STFangsong", _SERIF, "Source Han Serif SC")),
    "head": ("黑体", ("SimHei", "STHeiti", _SANS, "Source Han Sans SC")),
    "second": ("楷体_GB2312", ("KaiTi_GB2312", "KaiTi", "STKaiti", "LXGW WenKai", _SERIF, "Source Han Serif SC")),
    "number": ("宋体", ("SimSun", "STSong", _SERIF, "Source Han Serif SC")),
}


@lru_cache(maxsize=1)
def faces() -> dict[str, str]:
    """The installed typeface for each part. Refused where there is none for some part."""
    installed = set(typst.Fonts().families())
    found = {part: next((face for face in stand_ins if face in installed), "") for part, (_, stand_ins) in FACES.items()}
    if not all(found.values()):
        raise Refused.because(
            "no_chinese_typeface", "本机没有可用的中文字体，无法生成 PDF。", "This machine has no Chinese typeface, so no PDF can be made.",
            remedy=("请安装中文字体（如 Debian 的 fonts-noto-cjk），或改用 Word 文件。",
                    "Install one (Debian: fonts-noto-cjk), or take the Word file."))
    return found


def substitutes() -> list[tuple[str, str]]:
    """(typeface of the standard, what stands in for it) where another had to be taken."""
    own = {"title": {"FZXiaoBiaoSong-B05S", "FZXiaoBiaoSong-B05"}, "body": {"FangSong_GB2312", "FangSong"}, "head": {"SimHei"},
           "second": {"KaiTi_GB2312", "KaiTi"}, "number": {"SimSun"}}
    return [(FACES[part][0], face) for part, face in faces().items() if face not in own[part]]


def pdf_of(paper: Paper) -> bytes:
    """The paper as PDF. Refused where this machine has no Chinese typeface."""
    held = faces()
    note = "、".join(f"{wanted}→{face}" for wanted, face in substitutes())
    said: dict[str, Any] = {
        "title": paper.title, "issuer": paper.issuer, "printed-by": paper.printed_by,
        "letterhead": paper.letterhead, "number": paper.number_words, "goes-up": paper.style.goes_up,
        "signer": paper.signer or "×××", "addressee": paper.addressee, "signed-by": paper.signed_by, "day": paper.day_words,
        "attachments": attachment(paper.attachments) if paper.attachments else [], "copies-to": paper.copies_to, "contact": paper.contact,
        "notes": list(paper.notes), "warnings": paper.warnings,
        "blocks": [{"text": block.text, "level": block.level, "rows": _even(block.rows)} for block in paper.blocks],
    }
    weight = "bold" if held["title"] in (_SERIF, "Source Han Serif SC") else "regular"
    typefaces = {**held, "title-weight": weight, "note": f"本 PDF 所用字体与标准不同：{note}。" if note else ""}
    return typst.compile(_TEMPLATE, sys_inputs={
        "paper": json.dumps(said, ensure_ascii=False), "faces": json.dumps(typefaces, ensure_ascii=False)})


def _even(rows: tuple[tuple[str, ...], ...]) -> list[list[str]]:
    """Rows of one width: a short row ends in empty cells."""
    width = max((len(row) for row in rows), default=0)
    return [[*row, *[""] * (width - len(row))] for row in rows]
