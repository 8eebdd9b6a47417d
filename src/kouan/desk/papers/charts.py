"""Charts for papers as SVG text: radar, bars with the peers behind them, shares stacked in a bar, spreads. Print first: few colours, no script.

Sizes are in millimetres on paper (one unit of the drawing is one millimetre), so that a chart's type has the size of the text beside it.
What is not there is not drawn as zero: it is left out and said so.

>>> bars([Bar("通关便利化", 71.2)], face="Sans").svg.count("<rect")
1
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from kouan.desk.papers.report import Figure

INK, QUIET, RULE, OWN, OTHER, WARN = "#1f2a37", "#5b6775", "#c5ced8", "#1d4f91", "#b26a00", "#a03b00"
# From the best to the worst; told apart in grey print too.
SHADES = ("#1d4f91", "#6f9bd1", "#d9c48a", "#a03b00", "#8a8f98", "#444a52")
_LIGHT = ("#6f9bd1", "#d9c48a")
MISSING = "未计分"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: ``value`` 0–100 (None: nothing counted); of the peers the quartiles (lower, median, upper); ``before``: last year's value."""

    label: str
    value: float | None
    peers: tuple[float, float, float] | None = None
    before: float | None = None


@dataclass(frozen=True, slots=True)
class Spread:
    """How values of a group lie: least, lower quartile, median, upper quartile, greatest."""

    label: str
    values: tuple[float, float, float, float, float]


def radar(labels: Sequence[str], own: Sequence[float | None], peers: Sequence[float | None], *, names: tuple[str, str], face: str,
          caption: str = "") -> Figure:
    """Own values and the peers' on as many axes as labels, 0–100. An axis without an own value is named as such and has no corner."""
    width, height, middle, reach = 92.0, 72.0, (46.0, 35.0), 23.5
    count = len(labels)

    def at(place: int, value: float) -> tuple[float, float]:
        turn = 2 * math.pi * place / count - math.pi / 2
        return middle[0] + reach * value / 100 * math.cos(turn), middle[1] + reach * value / 100 * math.sin(turn)

    drawn = []
    for ring in (20, 40, 60, 80, 100):
        drawn.append(f'<polygon points="{_path(at(n, ring) for n in range(count))}" fill="none" stroke="{RULE}" stroke-width="0.2"/>')
    drawn += [f'<line x1="{middle[0]}" y1="{middle[1]}" x2="{x:.2f}" y2="{y:.2f}" stroke="{RULE}" stroke-width="0.2"/>'
              for x, y in (at(n, 100) for n in range(count))]
    drawn += [_words(middle[0] + 0.8, at(0, ring)[1] + 0.8, f"{ring}", 2.1, QUIET, face) for ring in (20, 60, 100)]
    for values, colour, dash, fill in ((peers, OTHER, ' stroke-dasharray="1.4 0.9"', "none"), (own, OWN, "", OWN)):
        corners = [at(n, value) for n, value in enumerate(values) if value is not None]
        if len(corners) > 2:
            drawn.append(f'<polygon points="{_path(corners)}" fill="{fill}" fill-opacity="0.14" stroke="{colour}" stroke-width="0.55"{dash}/>')
        drawn += [f'<circle cx="{x:.2f}" cy="{y:.2f}" r="0.7" fill="{colour}"/>' for x, y in corners]
    for n, label in enumerate(labels):
        x, y = at(n, 112)
        # Name and value stand over each other: above the top corner they need room for both.
        y += -3.2 if y < middle[1] - reach else 0.4 if y < middle[1] + reach else 1.0
        side = "middle" if abs(x - middle[0]) < 3 else "start" if x > middle[0] else "end"
        value = own[n]
        drawn.append(_words(x, y, label, 2.75, INK, face, side))
        drawn.append(_words(x, y + 3.1, MISSING if value is None else f"{value:.1f}", 2.6, WARN if value is None else OWN, face, side))
    drawn += _legend([(names[0], OWN, False), (names[1], OTHER, True)], 22.0, height - 2.5, face)
    said = "；".join(f"{label} {_said(one)}（{names[1]} {_said(other)}）" for label, one, other in zip(labels, own, peers, strict=True))
    return Figure(_svg(width, height, drawn), width, height, said, caption)


def bars(rows: Sequence[Bar], *, face: str, width: float = 160.0, label_width: float = 34.0,
         names: tuple[str, str, str] = ("本口岸", "同类中位数", "上年"), caption: str = "") -> Figure:
    """Horizontal bars 0–100; behind each the peers' middle half as a grey band with the median as a line, last year as a ring."""
    step, top = 7.2, 4.0
    height = top + step * len(rows) + 8.5
    left, wide = label_width, width - label_width - 13.0

    def along(value: float) -> float:
        return left + wide * value / 100

    drawn = []
    for tick in (0, 25, 50, 75, 100):
        drawn.append(_line(along(tick), top - 1, along(tick), top + step * len(rows), RULE, 0.2))
        drawn.append(_words(along(tick), top - 1.8, f"{tick}", 2.2, QUIET, face, "middle"))
    for n, row in enumerate(rows):
        y = top + step * n
        drawn.append(_words(left - 2, y + 4.7, row.label, 2.9, INK, face, "end"))
        if row.peers is not None:
            lower, _, upper = row.peers
            wide_half = max(along(upper) - along(lower), 0.3)
            drawn.append(f'<rect x="{along(lower):.2f}" y="{y + 0.7:.2f}" width="{wide_half:.2f}" height="{step - 1.4:.2f}" fill="#e3e8ee"/>')
        drawn.append(f'<rect x="{left}" y="{y + 2:.2f}" width="{wide * (row.value or 0) / 100:.2f}" height="{step - 4:.2f}" fill="{OWN}"/>')
        if row.peers is not None:
            drawn.append(_line(along(row.peers[1]), y + 0.7, along(row.peers[1]), y + step - 0.7, OTHER, 0.6))
        if row.before is not None:
            drawn.append(f'<circle cx="{along(row.before):.2f}" cy="{y + step / 2:.2f}" r="1.05" fill="#ffffff" stroke="{INK}" stroke-width="0.4"/>')
        drawn.append(_words(width - 11, y + 4.7, MISSING if row.value is None else f"{row.value:.1f}", 2.9, WARN if row.value is None else OWN, face))
    y = top + step * len(rows) + 4.5
    shown: list[tuple[str, str, bool]] = [(names[0], OWN, False)]
    x = left + _legend_into(drawn, shown[0], left, y, face)
    if any(row.peers for row in rows):
        drawn.append(f'<rect x="{x}" y="{y - 1.9}" width="5" height="2.4" fill="#e3e8ee"/>')
        drawn.append(_line(x + 2.5, y - 2.2, x + 2.5, y + 0.8, OTHER, 0.6))
        drawn.append(_words(x + 6, y + 0.3, f"{names[1]}及中间一半", 2.5, QUIET, face))
        x += 6 + 2.5 * (len(names[1]) + 5) + 5
    if any(row.before is not None for row in rows):
        drawn.append(f'<circle cx="{x + 1.2:.2f}" cy="{y - 0.7:.2f}" r="1.05" fill="#ffffff" stroke="{INK}" stroke-width="0.4"/>')
        drawn.append(_words(x + 3.2, y + 0.3, names[2], 2.5, QUIET, face))
    said = "；".join(f"{row.label} {_said(row.value)}" + (f"（{names[1]} {row.peers[1]:.1f}）" if row.peers else "") for row in rows)
    return Figure(_svg(width, height, drawn), width, height, said, caption)


def effects(rows: Sequence[tuple[str, float]], *, face: str, width: float = 160.0, label_width: float = 62.0, caption: str = "") -> Figure:
    """Bars to the right for what raises and to the left for what lowers, each with its value."""
    step, top = 6.0, 2.0
    height = top + step * len(rows) + 2
    most = max((abs(value) for _, value in rows), default=1.0) or 1.0
    left, half = label_width, (width - label_width - 26.0) / 2
    middle = left + 12 + half
    drawn = [_line(middle, top - 1, middle, top + step * len(rows), INK, 0.3)]
    for n, (label, value) in enumerate(rows):
        y, long = top + step * n, half * abs(value) / most
        x = middle if value >= 0 else middle - long
        drawn.append(_words(left - 1, y + 4.0, label, 2.7, INK, face, "end"))
        drawn.append(f'<rect x="{x:.2f}" y="{y + 1.2:.2f}" width="{long:.2f}" height="{step - 2.4:.2f}" fill="{OWN if value >= 0 else WARN}"/>')
        end = middle + long + 1 if value >= 0 else middle - long - 1
        drawn.append(_words(end, y + 4.0, f"{value:+.2f}", 2.6, INK, face, "start" if value >= 0 else "end"))
    return Figure(_svg(width, height, drawn), width, height, "；".join(f"{label} {value:+.2f}" for label, value in rows), caption)


def shares(rows: Sequence[tuple[str, Sequence[int]]], *, names: Sequence[str], face: str, width: float = 160.0, label_width: float = 34.0,
           caption: str = "") -> Figure:
    """One stacked bar a row, each as long as all of it: how many of it fall into each of ``names``."""
    step, top = 7.0, 1.0
    height = top + step * len(rows) + 7.5
    left, wide = label_width, width - label_width - 14.0
    drawn = []
    for n, (label, counts) in enumerate(rows):
        y, x, whole = top + step * n, left, sum(counts)
        drawn.append(_words(left - 2, y + 4.6, label, 2.9, INK, face, "end"))
        for place, count in enumerate(counts):
            long = wide * count / whole if whole else 0
            shade = SHADES[place % len(SHADES)]
            if count:
                drawn.append(f'<rect x="{x:.2f}" y="{y + 1:.2f}" width="{long:.2f}" height="{step - 2:.2f}" fill="{shade}"/>')
                if long > 4:
                    drawn.append(_words(x + long / 2, y + 4.5, f"{count}", 2.6, INK if shade in _LIGHT else "#ffffff", face, "middle"))
            x += long
        drawn.append(_words(width - 12, y + 4.6, f"共 {whole}", 2.6, QUIET, face))
    x = left
    for place, name in enumerate(names):
        drawn.append(f'<rect x="{x:.2f}" y="{height - 5.2:.2f}" width="3" height="3" fill="{SHADES[place % len(SHADES)]}"/>')
        drawn.append(_words(x + 4, height - 2.6, name, 2.6, QUIET, face))
        x += 4 + 2.6 * len(name) + 6
    said = "；".join(f"{label}：" + "、".join(f"{name} {count}" for name, count in zip(names, counts, strict=True)) for label, counts in rows)
    return Figure(_svg(width, height, drawn), width, height, said, caption)


def spreads(rows: Sequence[Spread], *, face: str, cuts: Sequence[tuple[str, float]] = (), width: float = 160.0, label_width: float = 34.0,
            caption: str = "") -> Figure:
    """Least to greatest as a line, the middle half as a box, the median as a stroke, 0–100; ``cuts``: named limits across."""
    step, top = 7.0, 5.0
    height = top + step * len(rows) + 5.0
    left, wide = label_width, width - label_width - 8.0

    def along(value: float) -> float:
        return left + wide * value / 100

    bottom = top + step * len(rows)
    drawn = [_line(along(tick), top, along(tick), bottom, RULE, 0.2) for tick in (0, 20, 40, 60, 80, 100)]
    drawn += [_words(along(tick), bottom + 3.4, f"{tick}", 2.3, QUIET, face, "middle") for tick in (0, 20, 40, 60, 80, 100)]
    for name, cut in cuts:
        drawn.append(f'<line x1="{along(cut):.2f}" y1="{top - 0.6}" x2="{along(cut):.2f}" y2="{bottom:.2f}" stroke="{WARN}" stroke-width="0.3" '
                     'stroke-dasharray="1.2 0.8"/>')
        drawn.append(_words(along(cut), top - 1.4, name, 2.3, WARN, face, "middle"))
    for n, row in enumerate(rows):
        y = top + step * n + step / 2
        least, lower, median, upper, most = (along(each) for each in row.values)
        drawn.append(_words(left - 2, y + 1, row.label, 2.9, INK, face, "end"))
        drawn.append(_line(least, y, most, y, OWN, 0.4))
        drawn.append(f'<rect x="{lower:.2f}" y="{y - 1.8:.2f}" width="{max(upper - lower, 0.3):.2f}" height="3.6" fill="#9dbce3" stroke="{OWN}" '
                     'stroke-width="0.3"/>')
        drawn.append(_line(median, y - 1.8, median, y + 1.8, INK, 0.7))
    said = "；".join(f"{row.label} 最低 {row.values[0]:.1f}、中位数 {row.values[2]:.1f}、最高 {row.values[4]:.1f}" for row in rows)
    return Figure(_svg(width, height, drawn), width, height, said, caption)


def _said(value: float | None) -> str:
    return MISSING if value is None else f"{value:.1f}"


def _svg(width: float, height: float, drawn: Sequence[str]) -> str:
    size = f'viewBox="0 0 {width:g} {height:g}" width="{width:g}mm" height="{height:g}mm"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(drawn)}</svg>'


def _path(corners: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in corners)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, thick: float) -> str:
    return f'<line x1="{x1:.2f}" y1="{y1:.2f}" x2="{x2:.2f}" y2="{y2:.2f}" stroke="{colour}" stroke-width="{thick}"/>'


def _words(x: float, y: float, words: str, size: float, colour: str, face: str, anchor: str = "start") -> str:
    return (f'<text x="{x:.2f}" y="{y:.2f}" font-family="{escape(face)}" font-size="{size}" fill="{colour}" text-anchor="{anchor}">'
            f"{escape(words)}</text>")


def _legend(entries: Sequence[tuple[str, str, bool]], x: float, y: float, face: str) -> list[str]:
    drawn: list[str] = []
    for entry in entries:
        x += _legend_into(drawn, entry, x, y, face)
    return drawn


def _legend_into(drawn: list[str], entry: tuple[str, str, bool], x: float, y: float, face: str) -> float:
    """Draw one entry; how far the next one stands."""
    name, colour, dashed = entry
    dash = ' stroke-dasharray="1.4 0.9"' if dashed else ""
    drawn.append(f'<line x1="{x:.2f}" y1="{y - 0.6:.2f}" x2="{x + 5:.2f}" y2="{y - 0.6:.2f}" stroke="{colour}" stroke-width="1"{dash}/>')
    drawn.append(_words(x + 6, y + 0.3, name, 2.5, QUIET, face))
    return 6 + 2.5 * len(name) + 5
