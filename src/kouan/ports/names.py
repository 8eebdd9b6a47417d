"""Names of ports in pinyin: how they sort, and how people type them (mzl for 满洲里).

Polyphones of place names are read as the place reads them; the bundled register carries pinyin
that was proofread by eye, so this serves ports entered later, and searches.

>>> pinyin_of("满洲里"), pinyin_of("重庆")
(('manzhouli', 'mzl'), ('chongqing', 'cq'))
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from kouan.basis.names import half_width

# Readings that the general dictionary gets wrong in place names.
PLACES = {
    "都拉塔": [["dū"], ["lā"], ["tǎ"]],
    "满都拉": [["mǎn"], ["dū"], ["lā"]],
    "伊尔克什坦": [["yī"], ["ěr"], ["kè"], ["shí"], ["tǎn"]],
    "甘其毛都": [["gān"], ["qí"], ["máo"], ["dū"]],
    "额布都格": [["é"], ["bù"], ["dū"], ["gé"]],
    "塔克什肯": [["tǎ"], ["kè"], ["shí"], ["kěn"]],
    "畹町": [["wǎn"], ["dīng"]],
    "珲春": [["hún"], ["chūn"]],
    "琿春": [["hún"], ["chūn"]],
    "东莞": [["dōng"], ["guǎn"]],
    "厦门": [["xià"], ["mén"]],
    "长白": [["cháng"], ["bái"]],
    "六安": [["lù"], ["ān"]],
    "大栅": [["dà"], ["zhà"]],
}
_SPACES = re.compile(r"[\s·・\-–—_（）()“”\"'’‘、，,]+")
# Control characters and lone surrogates: no name holds them, and PostgreSQL stores neither NUL nor surrogates.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_LATIN = re.compile(r"[a-z0-9]+")


@cache
def _dictionary() -> Callable[[str], list[str]]:
    """The general dictionary with our places; read when first asked, for half a second of every start is its."""
    from pypinyin import lazy_pinyin, load_phrases_dict

    load_phrases_dict(PLACES)
    return lazy_pinyin


@cache
def pinyin_of(name: str) -> tuple[str, str]:
    """Pinyin without tones or spaces, and its initials. Latin letters and digits stay as they are."""
    syllables = [part for syllable in _dictionary()(half_width(name).casefold()) for part in _LATIN.findall(syllable)]
    return "".join(syllables), "".join(syllable[0] for syllable in syllables)


def plain(name: str) -> str:
    """A name as two writers of it agree: width, case, spaces, brackets and the word 口岸 apart.

    Unlike ``basis.names.key`` it keeps the mode: 满洲里铁路 is one port, 满洲里 a place with two.

    >>> plain(" 满洲里（铁路）口岸 ") == plain("满洲里铁路口岸")
    True
    """
    bare = _SPACES.sub("", half_width(name).casefold())
    return bare.removesuffix("口岸") or bare


def unprintable(text: str) -> bool:
    """Whether a text holds characters that no entry of the register may hold.

    >>> unprintable("罗湖"), unprintable("罗\\x00湖")
    (False, True)
    """
    return bool(_UNPRINTABLE.search(text))
