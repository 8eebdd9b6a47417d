"""Names as people type them: widths, cases, suffixes, and the nearest known name.

A row with an unknown port is held with a suggestion, never skipped; the suggestion has to survive
full-width letters, the words 口岸 or Port that some write and others do not, and one wrong
character (满州里 for 满洲里).

>>> nearest("满州里公路口岸", ["满洲里", "绥芬河", "二连浩特"])
['满洲里']
>>> nearest("Shenzen Bay Port", ["Shenzhen Bay", "Lo Wu", "Man Kam To"])
['Shenzhen Bay']
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import lru_cache

# Full-width ASCII and the ideographic space only. Unicode's NFKC is not used: it would also turn
# ① into 1 and 12² into 122, and a footnote mark must not become a digit.
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x3000: 0x20,
    0xA0: 0x20,
    0xFEFF: None,
}

# 港 and 站 alone stay: they belong to 连云港 and 西九龙站.
_SUFFIX_ZH = re.compile(
    r"(?:国际|边境|对外|开放|一类|二类)*(?:公路|铁路|航空|空运|水运|海运|陆路|陆运|机场|火车站|边检站|检查站)*"
    r"(?:口岸|边境口岸)?$"
)
_SUFFIX_EN = re.compile(
    r"[ ,\-]*\b(?:(?:land|sea|river|rail|railway|road|highway|air|airport|international|border|crossing|control"
    r"|port(?: of entry)?|point|station)[ ,\-]*)+$"
)
_PUNCTUATION = re.compile(r"[\s·・．.,，、;；:：'’‘\"“”()（）\[\]【】\-‐–—_/]+")


_LONGEST = 400


def half_width(text: str) -> str:
    """Write full-width letters, digits and spaces as half-width; touch nothing else.

    >>> half_width("２０２３年　ＣＮＴＸＧ")
    '2023年 CNTXG'
    """
    return text.translate(_HALF_WIDTH)


@lru_cache(maxsize=65536)
def key(name: str) -> str:
    """Reduce a name to what two writers of it agree on.

    The mode of transport is dropped with the suffix, so 满洲里公路口岸 and 满洲里铁路口岸 share a
    key: it serves to suggest, not to identify.

    >>> key("罗湖口岸") == key("罗湖") == key(" 罗湖（铁路）口岸 ")
    True
    >>> key("Lo Wu Control Point") == key("LO WU")
    True
    """
    plain = half_width(name).strip().casefold()
    bare = re.sub(r"[（(](?:公路|铁路|航空|水运|海运|rail|road|air|water|sea)[）)]", "", plain)
    for suffix in (_SUFFIX_ZH, _SUFFIX_EN):
        # A name that is all suffix (港口) keeps it.
        bare = suffix.sub("", bare) or bare
    return _PUNCTUATION.sub("", bare) or _PUNCTUATION.sub("", plain)


def likeness(one: str, other: str) -> float:
    """Return how alike two names are, from 0 to 1 (1: equal keys)."""
    a, b = key(one), key(other)
    if a == b:
        return 1.0
    if not a or not b:
        return 0.0
    ratio = SequenceMatcher(None, a, b, autojunk=False).ratio()
    # "首都" for 北京首都 or "Wu" for Lo Wu: part of a name is a fair hint even where the lengths differ.
    if min(len(a), len(b)) >= 2 and (a in b or b in a):
        ratio = max(ratio, 0.75 + 0.2 * min(len(a), len(b)) / max(len(a), len(b)))
    return ratio


def nearest(word: str, names: Iterable[str], n: int = 3, cutoff: float | None = None) -> list[str]:
    """Return up to `n` of `names` that are most like `word`, best first; [] when none is near.

    `cutoff` is the least likeness, 0 to 1; without it 0.5 for Chinese, where one wrong character of two
    is the usual slip (罗胡), and 0.6 for other scripts. Equal keys come first, so "罗湖" finds
    "罗湖口岸". Of two equally near names the shorter wins, then the alphabet decides, so that the answer
    does not depend on the order of `names`.
    """
    # What is longer than any name resembles none; it is not compared with each of them for seconds.
    word_key = key(word) if len(word) <= _LONGEST else ""
    if not word_key:
        return []
    if cutoff is None:
        cutoff = 0.6 if word_key.isascii() else 0.5
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(word_key)
    found: list[tuple[float, int, str]] = []
    for name in dict.fromkeys(names):
        name_key = key(name)
        matcher.set_seq1(name_key)
        contained = word_key in name_key or name_key in word_key
        # The two quick ratios are upper bounds: they spare the full comparison for most of a long list.
        if not contained and (matcher.real_quick_ratio() < cutoff or matcher.quick_ratio() < cutoff):
            continue
        score = likeness(word, name)
        if score >= cutoff:
            found.append((-score, len(name), name))
    found.sort()
    return [name for _, _, name in found[:n]]
