"""What a report says, apart from its form: facts, text, tables, charts, a place to sign, and what it may be cited by.

A letter is a ``Paper`` in the form of GB/T 9704; a report carries charts and wide tables and is read at a desk, so it has a form of its
own. A room builds one ``Report`` from what its reader may read; ``report_pdf`` and ``report_docx`` give it its form.

>>> one = Report(kind="评估报告", title="2024 年度报告", issuer="某办", blocks=[heading("一、概况"), text("全年……")])
>>> [(block.kind, block.level) for block in one.blocks]
[('heading', 1), ('text', 0)]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

SIGNATURES = ("签发", "审核", "编制")


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart: SVG text, its size on paper, what it shows in words (for who cannot see it), a caption."""

    svg: str
    width_mm: float
    height_mm: float
    words: str
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """One part of a report. ``kind``: heading, text, note, points, facts, table, figures, break.

    ``rows``: of a table the first is its head; of facts each is (label, value). ``widths``: shares of the width, 0 for as wide as its text.
    ``numbers``: the columns that hold numbers, set flush right.
    """

    kind: str
    text: str = ""
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()
    widths: tuple[float, ...] = ()
    numbers: tuple[int, ...] = ()
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """One report. ``labels`` stand over the title and at the head of every page: 演练, 建议稿, what is not final.

    ``mark`` is a short verdict beside the title (a band); ``cited_as`` is how the report names its own sources, at its end.
    """

    kind: str
    title: str
    issuer: str
    subtitle: str = ""
    labels: Sequence[str] = ()
    mark: str = ""
    mark_label: str = ""
    addressee: str = ""
    blocks: Sequence[Block] = ()
    annexes: Sequence[Block] = ()
    cited_as: str = ""
    has_contents: bool = False
    signatures: Sequence[str] = field(default=SIGNATURES)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for the template."""
        return {
            "kind": self.kind, "title": self.title, "issuer": self.issuer, "subtitle": self.subtitle, "labels": list(self.labels),
            "mark": self.mark, "mark-label": self.mark_label, "addressee": self.addressee, "cited-as": self.cited_as,
            "has-contents": self.has_contents, "signatures": list(self.signatures),
            "blocks": [_plain(each) for each in self.blocks], "annexes": [_plain(each) for each in self.annexes]}


def heading(words: str, level: int = 1) -> Block:
    """A heading of the first or second level."""
    return Block("heading", words, level)


def text(words: str) -> Block:
    """A paragraph."""
    return Block("text", words)


def note(words: str) -> Block:
    """Small print under a table or chart."""
    return Block("note", words)


def points(*lines: str) -> Block:
    """A list."""
    return Block("points", rows=tuple((line,) for line in lines))


def facts(*pairs: tuple[str, str]) -> Block:
    """Labels and values, two pairs a line."""
    return Block("facts", rows=tuple(pairs))


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, widths: Sequence[float] = (), numbers: Sequence[int] = (), caption: str = "",
) -> Block:
    """A table; its head is repeated on every page."""
    return Block("table", caption, rows=(tuple(head), *(tuple(row) for row in rows)), widths=tuple(widths), numbers=tuple(numbers))


def figures(*shown: Figure) -> Block:
    """One chart, or several beside each other."""
    return Block("figures", figures=shown)


def new_page() -> Block:
    """What follows begins a page."""
    return Block("break")


def _plain(block: Block) -> dict[str, Any]:
    return {
        "kind": block.kind, "text": block.text, "level": block.level, "rows": [list(row) for row in block.rows], "widths": list(block.widths),
        "numbers": list(block.numbers),
        "figures": [{"svg": each.svg, "width": each.width_mm, "height": each.height_mm, "words": each.words, "caption": each.caption}
                    for each in block.figures]}
