"""Looking through all lists at once: Chinese, pinyin, English or a code, the likeliest first.

>>> [(hit.entry.list_id, hit.entry.code) for hit in find("罗湖区")][:1]
[('gbt2260', '440303')]
>>> find("cnsha")[0].entry.name.en
'Shanghai Hongqiao International Apt'
>>> find("xiamen", lists=["gbt2260"])[0].why.en
'the name in pinyin'
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kouan.basis.codelists.registry import Entry, Registry, names_of, registry
from kouan.basis.names import half_width
from kouan.basis.text import Text

CODE, NAME, BEGINS, PINYIN, WORD, HOLDS = range(6)
WHY = {
    CODE: Text("代码相同", "the code"),
    NAME: Text("名称相同", "the name"),
    BEGINS: Text("名称以此开头", "the name begins so"),
    PINYIN: Text("拼音相同", "the name in pinyin"),
    WORD: Text("名称中的词", "a word of the name"),
    HOLDS: Text("名称含此", "the name holds it"),
}
# A division is named whole by its kind: 罗湖 means 罗湖区 as well.
_KIND = re.compile(r"(?:特别行政区|(?:壮族|回族|维吾尔)?自治区|省|市|区|县|自治县)$")


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry and how near it is: 0 (the code itself) to 5 (the name holds the words)."""

    entry: Entry
    rank: int

    @property
    def why(self) -> Text:
        """Why it was found."""
        return WHY[self.rank]

    def as_dict(self) -> dict[str, object]:
        """The shape every door gives out."""
        return {**self.entry.as_dict(), "rank": self.rank, "why": self.why.as_dict()}


def find(text: str, *, lists: Sequence[str] = (), most: int = 50, within: Registry | None = None) -> list[Hit]:
    """Entries of the current editions that `text` may mean, nearest first; [] for one Latin letter, unless it is a code.

    Of equally near ones those of the list that stands first in the registry come first, then the shorter name.
    """
    known = within or registry()
    wanted = half_width(text).strip()
    chosen = [known.get(name) for name in lists] or [each for each in known.lists.values() if each.editions]
    hits: list[tuple[int, int, int, str, Hit]] = []
    for order, each in enumerate(chosen):
        edition = each.current
        exact = edition.entry(wanted.replace(" ", "")) if wanted else None
        if exact is not None:
            hits.append((CODE, order, 0, exact.code, Hit(exact, CODE)))
        if len(wanted) < 2 and wanted.isascii():
            continue
        for row in edition.sheet.matching(wanted):
            rank = rank_of(row, wanted)
            if rank is not None and (exact is None or row["code"] != exact.code):
                hits.append((rank, order, len(row.get("name_zh") or row.get("name_en", "")), row["code"], Hit(edition.made(row), rank)))
    hits.sort(key=lambda each: each[:4])
    return [hit for *_, hit in hits[:most]]


def rank_of(row: Mapping[str, str], text: str) -> int | None:
    """How near a row is to a text; None where only something beside its names holds it."""
    wanted = text.casefold()
    best: int | None = None
    for name in names_of(row):
        folded = name.casefold()
        bare = re.sub(r"[（(].*?[）)]|,.*$", "", folded).strip()
        if wanted in (folded, bare, _KIND.sub("", bare)):
            return NAME
        rank = BEGINS if folded.startswith(wanted) else WORD if re.search(rf"[ (/,]{re.escape(wanted)}",
            folded) else HOLDS if wanted in folded else None
        best = rank if best is None else best if rank is None else min(best, rank)
    pinyin, initials = row.get("pinyin", ""), row.get("initials", "")
    joined = wanted.replace(" ", "")
    if pinyin and (joined in (pinyin, initials) or (len(joined) > 3 and pinyin.startswith(joined))):
        best = PINYIN if best is None else min(best, PINYIN)
    if best is None and row["code"].casefold().startswith(wanted):
        best = WORD
    return best
