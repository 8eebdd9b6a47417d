"""A text cut into segments, elements, components and repetitions. Nothing is judged here but the cut itself.

>>> [segment.tag for segment in segments("BGM+961'FTX+AAI+++It?'s 3?+4'", Separators())]
['BGM', 'FTX']
>>> list(segments("FTX+AAI+++It?'s 3?+4'", Separators()))[0].value(3)
"It's 3+4"
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

from kouan.exchange.edifact.separators import Separators

BLANK = " \t\r\n"
_NONE: Mapping[int, tuple[tuple[str, ...], ...]] = MappingProxyType({})

Element = tuple[str, ...]  # its components; tuples of text, which the garbage collector need not follow


class Segment:
    """One segment. ``elements[0]`` is the first data element after the tag; each is a tuple of its components, released.

    ``start``       where it begins in the text, in characters from 0; ``end`` where its terminator ends
    ``repeats``     further repetitions (syntax 4) by element: ``{2: (("A",), ("B",))}`` are the second and third of ``elements[2]``
    ``nesting``     explicit indication of repetition and nesting in the tag (syntax 1 to 3): ``TAG:1:2``
    ``has_breaks``  line breaks inside it were taken out
    ``dangling``    a release character stood at its end and released nothing
    ``is_closed``   it ended with a terminator
    """

    __slots__ = ("dangling", "elements", "end", "has_breaks", "is_closed", "nesting", "repeats", "start", "tag")

    def __init__(self, tag: str, elements: tuple[Element, ...], start: int = 0) -> None:
        self.tag, self.elements, self.start, self.end = tag, elements, start, start
        self.repeats: Mapping[int, tuple[Element, ...]] = _NONE
        self.nesting: tuple[str, ...] = ()
        self.has_breaks = self.dangling = False
        self.is_closed = True

    def value(self, element: int, component: int = 0) -> str:
        """One component, "" where it was left out."""
        if element >= len(self.elements):
            return ""
        found = self.elements[element]
        return found[component] if component < len(found) else ""

    def occurrences(self, element: int) -> tuple[Element, ...]:
        """An element with all its repetitions; empty where it was left out."""
        if element >= len(self.elements):
            return ()
        return (self.elements[element], *self.repeats.get(element, ()))

    def __repr__(self) -> str:
        return f"Segment({self.tag!r}, {self.elements!r})"


def segments(text: str, separators: Separators, start: int = 0) -> Iterator[Segment]:
    """Cut the text from ``start`` on, as far as it is asked for. Line breaks between segments are no part of them.

    A segment of nothing but blanks is passed over. What follows the last terminator comes as a segment that is not closed.
    """
    terminator, release = separators.terminator, separators.release
    element, component, repetition = separators.element, separators.component, separators.repetition
    at, length = start, len(text)
    while at < length:
        end = text.find(terminator, at)
        while end > at and release is not None and text[end - 1] == release and _is_released(text, end, at, release):
            end = text.find(terminator, end + 1)
        piece = text[at:end] if end >= 0 else text[at:]
        here, at = at, (end + 1 if end >= 0 else length)
        trimmed = piece.lstrip(BLANK)
        if not trimmed or trimmed.isspace():
            continue
        here += len(piece) - len(trimmed)
        has_breaks = "\n" in trimmed or "\r" in trimmed
        if has_breaks:
            trimmed = trimmed.replace("\r", "").replace("\n", "")
        if release is not None and release in trimmed:
            made = _with_release(trimmed, separators, here)
        else:
            parts = trimmed.split(element)
            made = Segment(parts[0], tuple([tuple(each.split(component)) for each in parts[1:]]), here)
            if repetition is not None and repetition in trimmed:
                made.elements, made.repeats = _repeated(parts[1:], repetition, component)
            if component in parts[0]:
                made.tag, *nesting = parts[0].split(component)
                made.nesting = tuple(nesting)
        made.end, made.has_breaks, made.is_closed = at, has_breaks, end >= 0
        yield made


def _is_released(text: str, end: int, begin: int, release: str) -> bool:
    """Whether the character at ``end`` is released: an odd number of release characters before it."""
    first = end
    while first > begin and text[first - 1] == release:
        first -= 1
    return (end - first) % 2 == 1


def _ends_released(piece: str, release: str) -> bool:
    """Whether what comes after it is released."""
    return piece.endswith(release) and (len(piece) - len(piece.rstrip(release))) % 2 == 1


def _split(text: str, separator: str, release: str) -> list[str]:
    """Split at separators that are not released; the parts keep their release characters."""
    parts = text.split(separator)
    if release not in text or len(parts) == 1:
        return parts
    whole: list[str] = []
    held = ""
    for number, part in enumerate(parts):
        part = held + part
        if number < len(parts) - 1 and _ends_released(part, release):
            held = part + separator
        else:
            whole.append(part)
            held = ""
    return whole


@lru_cache(maxsize=16)
def _releasing(release: str) -> re.Pattern[str]:
    return re.compile(f"{re.escape(release)}(.?)", re.DOTALL)


def _with_release(text: str, separators: Separators, start: int) -> Segment:
    release, repetition = separators.release or "", separators.repetition
    plain = _releasing(release)

    def components(raw: str) -> Element:
        return tuple([plain.sub(r"\1", each) if release in each else each for each in _split(raw, separators.component, release)])

    tag, *raw = _split(text, separators.element, release)
    occurrences = [[components(each) for each in (_split(element, repetition, release) if repetition else [element])] for element in raw]
    made = Segment(tag, tuple([each[0] for each in occurrences]), start)
    made.repeats = {index: tuple(each[1:]) for index, each in enumerate(occurrences) if len(each) > 1} or _NONE
    if separators.component in tag:
        made.tag, *nesting = tag.split(separators.component)
        made.nesting = tuple(nesting)
    made.dangling = _ends_released(text, release)
    return made


def _repeated(raw: list[str], repetition: str, component: str) -> tuple[tuple[Element, ...], Mapping[int, tuple[Element, ...]]]:
    """Elements and repetitions where no release character is about."""
    occurrences = [[tuple(each.split(component)) for each in element.split(repetition)] for element in raw]
    return tuple([each[0] for each in occurrences]), {index: tuple(each[1:]) for index, each in enumerate(occurrences) if len(each) > 1}
