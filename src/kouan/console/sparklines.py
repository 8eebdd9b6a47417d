"""A line the size of a word: how a figure moved over its last periods. Decoration beside the figures.

>>> "polyline" in sparkline([1, 2, None, 4, 3])
True
>>> sparkline([None, None])
''
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

WIDTH, HEIGHT, EDGE = 96, 22, 2


def sparkline(values: Sequence[Decimal | float | int | None], marked: Sequence[int] = ()) -> SafeString:
    """An inline SVG of 96 × 22; a missing value breaks the line; the last known value carries a dot.

    ``marked``: numbers of values with a ring of their own in place of that dot, and a band behind them; missing ones have the band alone.
    """
    known = [float(value) for value in values if value is not None]
    if len(known) < 2:
        return SafeString("")
    low, high = min(known), max(known)
    span = (high - low) or 1.0
    step = (WIDTH - 2 * EDGE) / max(1, len(values) - 1)
    runs: list[list[tuple[float, float]]] = [[]]
    for at, value in enumerate(values):
        if value is None:
            runs.append([])
            continue
        y = HEIGHT - EDGE - (float(value) - low) / span * (HEIGHT - 2 * EDGE)
        runs[-1].append((round(EDGE + at * step, 1), round(y, 1)))
    lines = [run for run in runs if run]
    if marked:
        return _marked(values, marked, lines, low, span, step)
    parts = [
        format_html('<polyline points="{}"/>', " ".join(f"{x},{y}" for x, y in run)) for run in lines if len(run) > 1
    ]
    x, y = lines[-1][-1]
    return format_html(
        '<svg class="sparkline" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">{}<circle cx="{}" cy="{}" r="2"/></svg>',
        WIDTH, HEIGHT, mark_safe("".join(parts)), x, y,  # noqa: S308 - numbers only
    )


def _marked(values: Sequence[Decimal | float | int | None], marked: Sequence[int], lines: list[list[tuple[float, float]]], low: float,
            span: float, step: float) -> SafeString:
    parts = [format_html('<rect class="sparkline-band" x="{}" y="0" width="{}" height="{}"/>', round(EDGE + (min(marked) - 0.5) * step, 1),
                         round((max(marked) - min(marked) + 1) * step, 1), HEIGHT)]
    parts += [format_html('<polyline points="{}"/>', " ".join(f"{x},{y}" for x, y in run)) for run in lines if len(run) > 1]
    for at in marked[:12]:
        value = values[at]
        if value is not None:
            y = HEIGHT - EDGE - (float(value) - low) / span * (HEIGHT - 2 * EDGE)
            parts.append(format_html('<circle class="sparkline-mark" cx="{}" cy="{}" r="2.4"/>', round(EDGE + at * step, 1), round(y, 1)))
    return format_html('<svg class="sparkline" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">{}</svg>', WIDTH, HEIGHT,
                       mark_safe("".join(parts)))  # noqa: S308 - numbers only
