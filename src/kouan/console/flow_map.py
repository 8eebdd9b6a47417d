"""The map of a flow: milestones in a column, what directly follows what as arrows with cases and median times, drawn on the server.

Steps to the next milestone run down the column, leaps over others down the right-hand lanes, steps back up the left-hand
lanes, dashed. The most frequent arcs that fit are drawn; the table beside the map has all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from kouan.basis import Text
from kouan.console.words import here
from kouan.monitoring.processes.view import Arc

ROW, BOX_WIDTH, BOX_HEIGHT, LANE, EDGE = 66, 172, 38, 82, 12
MOST_ARCS, MOST_RIGHT, MOST_LEFT = 24, 5, 2
LEAST_SHARE = 0.01  # arcs of fewer legs are left to the table


_TITLE = Text("流程图：各节点先后、件数和中位用时（数值见下表）", "Map of the flow: order, cases and median times (all in the table below)")


@dataclass(frozen=True, slots=True)
class Drawn:
    """The picture, and how many arcs it leaves to the table."""

    svg: SafeString
    left_out: int


def hours_text(hours: float | None) -> Text:
    """A time for the eye: minutes below an hour, days from four days on.

    >>> hours_text(0.2).zh, hours_text(5.26).zh, hours_text(120).en, hours_text(None).zh
    ('12 分钟', '5.3 小时', '5.0 d', '—')
    """
    if hours is None:
        return Text("—", "—")
    if abs(hours) < 1:
        return Text(f"{hours * 60:.0f} 分钟", f"{hours * 60:.0f} min")
    if abs(hours) < 96:
        return Text(f"{hours:.1f} 小时", f"{hours:.1f} h")
    return Text(f"{hours / 24:.1f} 天", f"{hours / 24:.1f} d")


def flow_map(
    arcs: Sequence[Arc], begins: Mapping[str, int], order: Sequence[str], legs: int, name: Callable[[str], str], address: Callable[[Arc], str],
) -> Drawn:
    """Draw arcs (most frequent first). ``order``: the published order of milestones; others stand behind those that they follow."""
    worth = [arc for arc in arcs if arc.n >= max(1, legs * LEAST_SHARE) and arc.start != arc.end][:MOST_ARCS]
    places = {code: at for at, code in enumerate(_column(worth, order))}
    lanes: dict[str, list[list[tuple[int, int]]]] = {"right": [], "left": []}
    placed: list[tuple[Arc, str, int]] = []
    for arc in worth:
        first, last = places[arc.start], places[arc.end]
        if last == first + 1:
            placed.append((arc, "down", 0))
            continue
        side = "right" if last > first else "left"
        lane = _lane(lanes[side], min(first, last), max(first, last), MOST_RIGHT if side == "right" else MOST_LEFT)
        if lane is not None:
            placed.append((arc, side, lane))
    left = EDGE + len(lanes["left"]) * LANE
    width = left + BOX_WIDTH + len(lanes["right"]) * LANE + EDGE + 76
    height = len(places) * ROW + 2 * EDGE
    passed = {code: begins.get(code, 0) + sum(arc.n for arc in arcs if arc.end == code and arc.start != code) for code in places}
    most = max((arc.n for arc in worth), default=1)
    parts = [_defs()]
    labels = []
    for arc, side, lane in placed:
        line, label = _arc(arc, side, lane, places, left, most, name, address)
        parts.append(line)
        labels.append(label)
    parts += labels
    parts += [_box(code, at, left, passed[code], name) for code, at in places.items()]
    title = conditional_escape(here(_TITLE))
    return Drawn(mark_safe(  # noqa: S308 - numbers, constants and escaped text only
        f'<svg class="flow-map" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="group" aria-label="{title}">'
        f'{"".join(parts)}</svg>'), len([arc for arc in arcs if arc.start != arc.end]) - len(placed))  # fmt: skip


def _column(arcs: Sequence[Arc], order: Sequence[str]) -> list[str]:
    """The milestones of the arcs from top to bottom."""
    there = dict.fromkeys(code for arc in arcs for code in (arc.start, arc.end))
    column = [code for code in order if code in there]
    for arc in arcs:  # what the published order does not know: behind what it most often follows
        for code in (arc.start, arc.end):
            if code not in column:
                before = next((each.start for each in arcs if each.end == code and each.start in column), None)
                column.insert(column.index(before) + 1 if before else len(column), code)
    return column


def _lane(lanes: list[list[tuple[int, int]]], first: int, last: int, most: int) -> int | None:
    for at, taken in enumerate(lanes):
        if all(last <= begin or first >= end for begin, end in taken):
            taken.append((first, last))
            return at
    if len(lanes) < most:
        lanes.append([(first, last)])
        return len(lanes) - 1
    return None


def _defs() -> str:
    marks = (("map-head", "#1b4b82"), ("map-back", "#754800"))
    return "<defs>" + "".join(
        f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">'
        f'<path d="M0 0 8 4 0 8z" fill="{colour}"/></marker>' for name, colour in marks) + "</defs>"  # fmt: skip


def _middle(at: int) -> float:
    return EDGE + at * ROW + BOX_HEIGHT / 2


def _arc(
    arc: Arc, side: str, lane: int, places: Mapping[str, int], left: float, most: int, name: Callable[[str], str], address: Callable[[Arc], str],
) -> tuple[str, str]:
    first, last = places[arc.start], places[arc.end]
    width = 1.2 + 5 * sqrt(arc.n / most)
    if side == "down":
        x, top, bottom = left + BOX_WIDTH / 2, _middle(first) + BOX_HEIGHT / 2, _middle(last) - BOX_HEIGHT / 2
        line = f'<path class="map-arc" d="M{x:.0f} {top:.0f}V{bottom:.0f}" stroke-width="{width:.1f}" marker-end="url(#map-head)"/>'
        return line, _label(arc, x + 8, (top + bottom) / 2, "start", name, address, is_flat=True)
    out, into = _middle(first) + 8, _middle(last) - 8
    if side == "right":
        edge = left + BOX_WIDTH
        x = edge + 24 + lane * LANE + LANE / 2
        line = (f'<path class="map-arc" d="M{edge:.0f} {out:.0f}H{x:.0f}V{into:.0f}H{edge + 2:.0f}" stroke-width="{width:.1f}" '
                'marker-end="url(#map-head)"/>')
    else:
        out, into = _middle(first) - 8, _middle(last) + 8
        edge = left
        x = edge - lane * LANE - LANE / 2
        line = (f'<path class="map-arc is-back" d="M{edge:.0f} {out:.0f}H{x:.0f}V{into:.0f}H{edge - 2:.0f}" stroke-width="{width:.1f}" '
                'marker-end="url(#map-back)"/>')
    return line, _label(arc, x, (out + into) / 2, "middle", name, address)


def _label(
    arc: Arc, x: float, y: float, anchor: str, name: Callable[[str], str], address: Callable[[Arc], str], *, is_flat: bool = False,
) -> str:
    cases, time = here(Text(f"{arc.n:,} 次", f"{arc.n:,}")), here(hours_text(arc.median_hours))
    said = conditional_escape(f"{name(arc.start)} → {name(arc.end)}{here(Text('：', ': '))}{cases}{here(Text('，', ', '))}{time}")
    if is_flat:
        text = f'<text x="{x:.0f}" y="{y + 4:.0f}" text-anchor="{anchor}">{conditional_escape(f"{cases} · {time}")}</text>'
    else:
        text = (f'<rect class="map-paper" x="{x - LANE / 2 + 3:.0f}" y="{y - 17:.0f}" width="{LANE - 6}" height="34" rx="3"/>'
                f'<text x="{x:.0f}" y="{y - 3:.0f}" text-anchor="{anchor}">{conditional_escape(cases)}</text>'
                f'<text x="{x:.0f}" y="{y + 12:.0f}" text-anchor="{anchor}">{conditional_escape(time)}</text>')
    return f'<a href="{conditional_escape(address(arc))}" aria-label="{said}">{text}</a>'


def _box(code: str, at: int, left: float, passed: int, name: Callable[[str], str]) -> str:
    top = EDGE + at * ROW
    return (
        f'<g><rect class="map-box" x="{left:.0f}" y="{top}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="4"/>'
        f'<text class="map-name" x="{left + BOX_WIDTH / 2:.0f}" y="{top + 16}" text-anchor="middle">{conditional_escape(name(code))}</text>'
        f'<text class="map-count" x="{left + BOX_WIDTH / 2:.0f}" y="{top + 31}" text-anchor="middle">'
        f'{conditional_escape(here(Text(f"{passed:,} 次", f"{passed:,} times")))}</text></g>'
    )  # fmt: skip
