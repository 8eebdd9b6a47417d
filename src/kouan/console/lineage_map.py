"""The picture of a figure's lineage: files, figures, and what was made of them, in columns from left to right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from kouan.basis import Text
from kouan.console.words import here

WIDTH, HEIGHT, GAP, LANE, EDGE = 200, 44, 14, 64, 8
MOST = 7  # boxes of a column; the table beside the picture has all of them
_TITLE = Text("数据血缘图：文件、数据、由此作出的结论（全部见下表）", "Lineage: files, figures, and what was made of them (all in the tables below)")


@dataclass(frozen=True, slots=True)
class Box:
    """One box: a line above, a smaller one below, and where it leads."""

    title: str
    note: str = ""
    address: str = ""


def lineage_map(columns: Sequence[Sequence[Box]], totals: Sequence[int] = ()) -> SafeString:
    """Draw the columns; each box of a column is joined to each of the next. ``totals``: how many there are of a column of which only the
    first are given."""
    shown = [list(column[:MOST]) for column in columns if column]
    counts = [max(len(column), *totals[at:at + 1], 0) for at, column in enumerate(columns) if column]
    for boxes, count in zip(shown, counts, strict=True):
        if left := count - len(boxes):
            boxes.append(Box(here(Text(f"另有 {left} 项", f"and {left} more"))))
    tallest = max((len(column) for column in shown), default=1)
    height = tallest * (HEIGHT + GAP) - GAP + 2 * EDGE
    width = len(shown) * WIDTH + (len(shown) - 1) * LANE + 2 * EDGE
    parts: list[str] = []
    middles: list[list[tuple[int, float]]] = []
    for at, column in enumerate(shown):
        x = EDGE + at * (WIDTH + LANE)
        top = EDGE + (height - 2 * EDGE - (len(column) * (HEIGHT + GAP) - GAP)) / 2
        middles.append([(x, top + number * (HEIGHT + GAP) + HEIGHT / 2) for number in range(len(column))])
        for number, box in enumerate(column):
            y = top + number * (HEIGHT + GAP)
            words = f'<text x="{x + 10}" y="{y + (18 if box.note else 27):.0f}" class="lineage-title">{conditional_escape(_short(box.title))}</text>'
            if box.note:
                words += f'<text x="{x + 10}" y="{y + 35:.0f}" class="lineage-note">{conditional_escape(_short(box.note))}</text>'
            drawn = f'<rect x="{x}" y="{y:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="4" class="lineage-box"/>{words}'
            parts.append(f'<a href="{conditional_escape(box.address)}">{drawn}</a>' if box.address else drawn)
    lines: list[str] = []
    for near, far in pairwise(middles):
        for x1, y1 in near:
            for x2, y2 in far:
                start, end = x1 + WIDTH, x2
                curve = f"M{start},{y1:.0f} C{start + LANE / 2:.0f},{y1:.0f} {end - LANE / 2:.0f},{y2:.0f} {end},{y2:.0f}"
                lines.append(f'<path d="{curve}" class="lineage-line"/>')
    title = conditional_escape(here(_TITLE))
    return mark_safe(  # noqa: S308 - every text in it was escaped above
        f'<svg viewBox="0 0 {width} {height:.0f}" width="{width}" height="{height:.0f}" class="lineage-map" role="group" aria-label="{title}">'
        f'<title>{title}</title>{"".join(lines)}{"".join(parts)}</svg>')


def _short(text: str, most: int = 26) -> str:
    """A line that fits a box: a Chinese character counts double."""
    length = 0
    for at, letter in enumerate(text):
        length += 2 if ord(letter) > 0x2E80 else 1
        if length > most:
            return text[:at] + "…"
    return text
