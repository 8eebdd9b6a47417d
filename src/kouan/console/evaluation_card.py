"""What pages about one port's evaluation share: marks, points and weights as printed, the radar, the head of a card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.basis import Text
from kouan.console import figures
from kouan.console.evaluation_page import band_mark, class_words
from kouan.console.marks import badge
from kouan.console.words import here
from kouan.evaluation.rounds.queries import PortResult
from kouan.evaluation.rounds.scorecard import Card, Peers
from kouan.grading.grades import GRADES, UNDECIDED

# Short words of the marks for a column; the full ones stand on the page of the indicator.
MARKS: dict[str, tuple[Text, str, str]] = {
    "scored": (Text("按数据", "by figures"), "disc-check", "ok"),
    "unreported": (Text("未报计零", "unreported: 0"), "triangle-cross", "bad"),
    "not_applicable": (Text("不适用", "not applicable"), "dash-ring", "none"),
    "carried": (Text("沿用上年", "carried over"), "arrows", "wait"),
    "suspended": (Text("全类暂停", "suspended"), "bars", "none"),
    "no_evidence": (Text("部分无佐证", "part unproved"), "half", "wait"),
    "peer_median": (Text("同类中位数", "peers' median"), "ring", "info"),
    "awaited": (Text("待补报", "awaited"), "clock", "wait"),
}
PEERS_OF = {"group": Text("同类组", "peer group"), "class": Text("全类", "class")}
_DASHES = ("solid", "dashed", "dotted", [8, 3, 2, 3], [2, 2], [12, 4])
_SYMBOLS = ("circle", "rect", "triangle", "diamond", "roundRect", "pin")


def mark_of(code: str, name: Text | None = None) -> SafeString:
    """How points came about, as a badge."""
    words, shape, tone = MARKS.get(code, (name or Text(code, code), "ring", "none"))
    return badge(here(words), shape, tone)


def points(value: float | None, places: int = 1) -> str:
    """Points with one decimal, a dash for none."""
    return "—" if value is None else f"{value:.{places}f}"


def signed(value: float | None, places: int = 2) -> str:
    """A difference with its sign; what rounds to nothing is 0.

    >>> signed(1.234), signed(-0.001), signed(-3.0, 1), signed(None)
    ('+1.23', '0.00', '−3.0', '—')
    """
    if value is None:
        return "—"
    said = f"{abs(value):.{places}f}"
    return said if float(said) == 0 else ("+" if value > 0 else "−") + said


def weight(value: float | None) -> str:
    """A weight in force in per cent."""
    return "—" if value is None else f"{value:.2%}"


def value_cell(value: float | None, unit: Text) -> SafeString | str:
    """A value with its unit."""
    if value is None:
        return "—"
    shown = figures.number(value, places=2 if abs(value) >= 1 else 4)
    return format_html('{}<span class="head-unit">{}</span>', shown, here(unit))


def peers_cell(peers: Peers | None) -> SafeString | str:
    """The median of the peers with its quartiles under it."""
    if peers is None:
        return "—"
    return format_html('{}<span class="subline">{}–{}</span>', points(peers.median), points(peers.lower), points(peers.upper))


def group_words(peer_group: str) -> Text:
    """A peer group ("road/hub") in words."""
    port_class, _, grade = peer_group.partition("/")
    kind, said = class_words(port_class), GRADES.get(grade, UNDECIDED)
    return Text(f"{kind.zh}·{said.zh}", f"{kind.en}, {said.en.lower()}")


def short_group(name: Text) -> Text:
    """The name of one of the ten groups without the word that all of them have."""
    return Text(name.zh.removesuffix("指标"), name.en)


def result_marks(result: PortResult, band_place: int | None) -> list[SafeString | str]:
    """Band, and what a reader must know with it."""
    found: list[SafeString | str] = [band_mark(band_place or 0, result.band_name) if result.band_name else here(Text("不出总分", "no total"))]
    if result.provisional:
        found.append(badge(here(Text("暂定", "Provisional")), "clock", "wait"))
    if result.red_line:
        found.append(badge(here(Text("触及红线", "Red line crossed")), "triangle-cross", "bad"))
    return found


def indicator_link(year: int, port: str, code: str, name: Text) -> SafeString:
    """An indicator with the way to its trace."""
    return format_html('<a href="{}">{} {}</a>', reverse("evaluation-indicator", args=[year, port, code]), code, here(name))


def radar(names: Sequence[str], series: Sequence[tuple[str, Sequence[float | None]]]) -> dict[str, Any]:
    """A radar of 0–100 points; lines differ by dash and symbol too. A spoke without points stands at 0 in the drawing, and is said in the table."""
    return {
        "animation": False, "aria": {"enabled": False}, "tooltip": {"confine": True},
        "legend": {"top": 0, "left": 0, "type": "scroll"},
        "radar": {"center": ["50%", "56%"], "radius": "58%", "splitNumber": 4, "axisName": {"color": "#1c2733", "fontSize": 12, "lineHeight": 16},
                  "indicator": [{"name": _folded(name), "max": 100} for name in names]},
        "series": [{"type": "radar", "data": [
            {"name": name, "value": [0 if value is None else round(value, 1) for value in values], "symbol": _SYMBOLS[at % 6], "symbolSize": 6,
             "lineStyle": {"type": _DASHES[at % 6], "width": 2}, **({"areaStyle": {"opacity": 0.12}} if at == 0 else {})}
            for at, (name, values) in enumerate(series)]}],
    }


def _folded(name: str) -> str:
    """A name in two lines where it is long, so that the radar fits a phone."""
    if name.isascii():
        at = next((at for at, letter in enumerate(name) if letter in " -"), -1)
        return f"{name[:at + 1].rstrip()}\n{name[at + 1:]}" if at >= 0 and len(name) > 11 else name
    return f"{name[:4]}\n{name[4:]}" if len(name) > 5 else name


def card_title(card: Card) -> Text:
    """The port and the year."""
    name = card.result.name
    return Text(f"{name.zh} {card.result.year} 年度评估", f"{name.en}: evaluation of {card.result.year}")
