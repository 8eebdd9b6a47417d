"""Segments written: what must be released is released, and what is empty at the end is left out (ISO 9735-1, 8.6 and 8.7).

>>> write_segment("FTX", ["AAI", "", "", "It's 3+4"], Separators())
"FTX+AAI+++It?'s 3?+4'"
>>> write_segment("NAD", ["MS", ["", "", ""], ["A", "B"], ""], Separators())
"NAD+MS++A:B'"
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from kouan.exchange.edifact.separators import Separators
from kouan.exchange.edifact.tokens import Segment

Value = str | Sequence[str]  # one component, or a composite's components


@lru_cache(maxsize=16)
def _table(separators: Separators) -> dict[int, str]:
    """What is written for each service character: the same after a release character. ValueError is left to ``_safe``."""
    release = separators.release
    used = (separators.component, separators.element, separators.terminator, separators.repetition, release)
    return {ord(each): f"{release or ''}{each}" for each in used if each is not None}


def _safe(text: str, separators: Separators) -> str:
    if separators.release is None and any(ord(each) in _table(separators) for each in text):
        raise ValueError(f"{text!r} holds a service character and there is no release character")
    return text.translate(_table(separators))


def _element(value: Value, separators: Separators) -> str:
    components = [value] if isinstance(value, str) else list(value)
    while components and not components[-1]:
        components.pop()
    return separators.component.join(_safe(each, separators) for each in components)


def write_segment(tag: str, elements: Iterable[Value], separators: Separators, repeats: Mapping[int, Sequence[Value]] | None = None) -> str:
    """One segment with its terminator. ValueError where a text cannot be written with these separators."""
    written = []
    for index, each in enumerate(elements):
        text = _element(each, separators)
        for other in (repeats or {}).get(index, ()):
            if separators.repetition is None:
                raise ValueError("a repeated element needs a repetition separator")
            text += separators.repetition + _element(other, separators)
        written.append(text)
    while written and not written[-1]:
        written.pop()
    return separators.element.join([tag, *written]) + separators.terminator


def write_segments(found: Iterable[Segment], separators: Separators) -> str:
    """Many of them, one after the other. Reading them again gives the same tags and values."""
    return "".join(
        write_segment(separators.component.join([each.tag, *each.nesting]), each.elements, separators, each.repeats) for each in found
    )
