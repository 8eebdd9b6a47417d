"""Badges: a word and a shape, so that colour never speaks alone.

The shapes are drawn here (16 × 16, one stroke width) and print in black and white. Each badge
is decided once and used by template tags and by table cells alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from kouan.basis import Text
from kouan.console import words

# Paths of the shapes; `fill` ones are solid.
_SHAPES: Mapping[str, str] = {
    "disc-check": '<circle cx="8" cy="8" r="7" fill="currentColor"/><path d="M4.8 8.2l2.2 2.2 4.2-4.6" stroke="#fff"/>',
    "triangle-cross": '<path d="M8 1.2 15.2 14.4H.8z" fill="currentColor" stroke="none"/>'
                      '<path d="M6.2 8.2l3.6 3.6m0-3.6-3.6 3.6" stroke="#fff"/>',
    "clock": '<circle cx="8" cy="8" r="6.4"/><path d="M8 4.4V8l2.6 1.6"/>',
    "eye": '<path d="M1 8c2-3.6 4.4-5 7-5s5 1.4 7 5c-2 3.6-4.4 5-7 5s-5-1.4-7-5z"/><circle cx="8" cy="8" r="2"/>',
    "dash-ring": '<circle cx="8" cy="8" r="6.4"/><path d="M5 8h6"/>',
    "dotted-ring": '<circle cx="8" cy="8" r="6.4" stroke-dasharray="2.4 2.4"/>',
    "diamond": '<path d="M8 1.4 14.6 8 8 14.6 1.4 8z"/>'
               '<path d="M6.6 6.5c0-1 .7-1.6 1.5-1.6s1.5.6 1.5 1.4c0 1-1.5 1.2-1.5 2.3"/>'
               '<circle cx="8.1" cy="10.9" r=".3" fill="currentColor"/>',
    "square": '<rect x="2" y="2" width="12" height="12" fill="currentColor" stroke="none"/>',
    "arrows": '<path d="M2 5.2h11M10 2.2l3 3-3 3M14 10.8H3m3-3-3 3 3 3"/>',
    "lines": '<rect x="1.8" y="2.5" width="12.4" height="11"/><path d="M4.5 6h7M4.5 8.5h7M4.5 11h4"/>',
    "function": '<path d="M12.5 3H4.5l4 5-4 5h8"/>',
    "hatch": '<rect x="1.8" y="1.8" width="12.4" height="12.4"/><path d="M2 9.5 9.5 2M2 14 14 2M6.5 14 14 6.5"/>',
    "ring": '<circle cx="8" cy="8" r="6.4"/>',
    "disc": '<circle cx="8" cy="8" r="6.4" fill="currentColor"/>',
    "half": '<circle cx="8" cy="8" r="6.4"/><path d="M8 1.6a6.4 6.4 0 0 1 0 12.8z" fill="currentColor" stroke="none"/>',
    "bars": '<path d="M5.5 3v10M10.5 3v10" stroke-width="2.4"/>',
    "cross": '<circle cx="8" cy="8" r="6.4"/><path d="M5.7 5.7l4.6 4.6m0-4.6-4.6 4.6"/>',
    "merge": '<path d="M3 2v3l5 4 5-4V2M8 9v5"/>',
}
_VERDICT_MARKS: Mapping[str, tuple[str, str]] = {
    "meets": ("disc-check", "ok"),
    "fails": ("triangle-cross", "bad"),
    "in_grace": ("clock", "wait"),
    "monitored": ("eye", "info"),
    "exempt": ("dash-ring", "none"),
    "incomplete": ("dotted-ring", "wait"),
    "unclassified": ("diamond", "none"),
}
_ORIGIN_MARKS: Mapping[str, str] = {
    "official": "square", "counterpart": "arrows", "press": "lines", "derived": "function", "exercise": "hatch",
}
_STATUS_MARKS: Mapping[str, tuple[str, str]] = {
    "unknown": ("dotted-ring", "none"),
    "planned": ("ring", "none"),
    "approved": ("half", "info"),
    "open": ("disc", "ok"),
    "suspended": ("bars", "wait"),
    "merged": ("merge", "none"),
    "closed": ("cross", "bad"),
}
_SEVERITY_MARKS: Mapping[str, tuple[str, str]] = {
    "error": ("triangle-cross", "bad"), "warning": ("diamond", "wait"), "info": ("ring", "info"),
}
_JOB_MARKS: Mapping[str, tuple[str, str]] = {
    "waiting": ("dotted-ring", "none"), "running": ("half", "info"), "done": ("disc-check", "ok"),
    "failed": ("triangle-cross", "bad"), "lost": ("cross", "wait"),
    "previewed": ("half", "info"), "committed": ("disc-check", "ok"), "discarded": ("cross", "none"),
}


@lru_cache(maxsize=64)
def shape(name: str) -> SafeString:
    """One of our shapes as inline SVG, hidden from screen readers: the word beside it speaks."""
    return mark_safe(  # noqa: S308 - our own constants only
        f'<svg class="shape" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5" '
        f'aria-hidden="true" focusable="false">{_SHAPES[name]}</svg>'
    )


def badge(word: str, shape_name: str, tone: str, title: str = "") -> SafeString:
    """A badge of word and shape. Tones: ok, bad, wait, info, none."""
    hover = format_html(' title="{}"', title) if title else ""
    return format_html('<span class="mark mark-{}"{}>{}{}</span>', tone, hover, shape(shape_name), word)


_FAMILIES: Mapping[str, tuple[Mapping[str, Text], Mapping[str, tuple[str, str]]]] = {
    "verdict": (words.VERDICTS, _VERDICT_MARKS),
    "status": (words.STATUSES, _STATUS_MARKS),
    "severity": (words.SEVERITIES, _SEVERITY_MARKS),
    "state": ({**words.JOB_STATES, **words.BATCH_STATES}, _JOB_MARKS),
}


@lru_cache(maxsize=256)
def _known(family: str, code: str, language: str) -> SafeString:
    """Written once for each code and language: a list shows hundreds of them."""
    table, marks = _FAMILIES[family]
    shape_name, tone = marks[code]
    return badge(table[code].in_language(language), shape_name, tone)


def verdict_badge(code: object) -> SafeString:
    """达标, 不达标, 宽限期内 … with its shape."""
    return _known("verdict", str(code), words.page_language())


def status_badge(code: object) -> SafeString:
    """The operating status of a port."""
    return _known("status", str(code), words.page_language())


@lru_cache(maxsize=32)
def _short_status(code: str, language: str) -> SafeString:
    full, short = words.STATUSES[code].in_language(language), words.STATUSES_SHORT[code].in_language(language)
    shape_name, tone = _STATUS_MARKS[code]
    return badge(short, shape_name, tone, full if full != short else "")


def status_badge_short(code: object) -> SafeString:
    """The operating status in the few words a column has room for, the full ones on hover."""
    return _short_status(str(code), words.page_language())


def severity_badge(code: object) -> SafeString:
    """错误, 注意, 提示."""
    return _known("severity", str(code), words.page_language())


def state_badge(code: object) -> SafeString:
    """The state of a job or of a batch."""
    return _known("state", str(code), words.page_language())


def origin_badge(code: object) -> SafeString:
    """官方数据, 对侧口岸数据, 新闻报道数据, 推算数据, 演练数据: whose figure it is."""
    return _origin(str(code), words.page_language())


@lru_cache(maxsize=16)
def _origin(code: str, language: str) -> SafeString:
    return format_html(
        '<span class="origin origin-{}" title="{}">{}{}</span>',
        code, words.ORIGIN_NOTES[code].in_language(language), shape(_ORIGIN_MARKS[code]), words.ORIGINS[code].in_language(language),
    )
