"""A small step chart of a parameter over time, drawn on the server: it prints, and needs no script.

The table beside it holds the same values. Past the period for which an instrument was made the line is
dashed: the value is carried on until a new instrument is loaded (待新规).
"""

from __future__ import annotations

from datetime import date, timedelta

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from kouan.basis import Text
from kouan.console.law_values import value_text
from kouan.console.words import here
from kouan.law import DatedValue, Parameter

WIDTH, HEIGHT = 560, 190
LEFT, RIGHT, TOP, BOTTOM = 12, 24, 34, 30


def step_chart(parameter: Parameter, as_of: date) -> SafeString:
    """The SVG of a parameter's values, with the as-of day marked."""
    values = parameter.values
    first = values[0].in_force_from
    last = max(as_of, values[-1].covers_to or values[-1].in_force_from) + timedelta(days=366)
    top = max(value.printed for value in values)

    def x(day: date) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (day - first).days / max(1, (last - first).days)

    def y(value: DatedValue) -> float:
        share = float(value.printed / top) if top else 0.0
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share)

    base = HEIGHT - BOTTOM
    parts = [f'<line x1="{LEFT}" y1="{base}" x2="{WIDTH - RIGHT}" y2="{base}" stroke="#8e9aa7"/>']
    for at, value in enumerate(values):
        end = values[at + 1].in_force_from if at + 1 < len(values) else last
        firm = min(end, value.covers_to + timedelta(days=1)) if value.covers_to else end
        level = y(value)
        start = x(value.in_force_from)
        parts.append(f'<rect x="{start:.1f}" y="{level:.1f}" width="{x(end) - start:.1f}" height="{base - level:.1f}" fill="#e9f0f8"/>')
        parts.append(_line(start, level, x(firm), level, 2.5))
        if firm < end:
            parts.append(_line(x(firm), level, x(end), level, 2.5, "5 4"))
        if at:
            parts.append(_line(start, y(values[at - 1]), start, level, 1.2))
        parts.append(f'<text class="value-label" x="{start + 6:.1f}" y="{level - 7:.1f}">{conditional_escape(here(value_text(value)))}</text>')
        parts.append(f'<text x="{start:.1f}" y="{HEIGHT - 10}">{value.in_force_from.year}</text>')
    if first <= as_of <= last:
        parts.append(_line(x(as_of), TOP - 14, x(as_of), base, 1, "2 3", "#754800"))
        said = conditional_escape(here(Text("截至 ", "as of ")) + as_of.isoformat())
        parts.append(f'<text x="{x(as_of):.1f}" y="{TOP - 20}" text-anchor="{"end" if x(as_of) > WIDTH / 2 else "start"}">{said}</text>')
    title = conditional_escape(f"{here(parameter.label)}{here(Text('（数值见下表）', ' (values in the table)'))}")
    return mark_safe(  # noqa: S308 - numbers, constants and escaped text only
        f'<svg class="step-chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">{"".join(parts)}</svg>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, width: float, dashes: str = "", colour: str = "#1b4b82") -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"{dashed}/>'
