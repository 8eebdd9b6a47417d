"""Where the words of a search stand: a short piece of text with the words told apart.

>>> excerpt(["自口岸通过验收之日起"], ["验收"])
[('自口岸通过', False), ('验收', True), ('之日起', False)]
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kouan.law.bigrams import bigrams, plain

AROUND = 36  # characters shown before the first word found; twice as many after it

Pieces = list[tuple[str, bool]]


def pieces(text: str, words: Sequence[str]) -> Pieces:
    """Return a text in pieces, each with whether it is one of the words. Compared as `plain` compares."""
    if not words:
        return [(text, False)] if text else []
    found: Pieces = []
    at = 0
    for match in re.finditer("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)), plain(text)):
        if match.start() > at:
            found.append((text[at : match.start()], False))
        found.append((text[match.start() : match.end()], True))
        at = match.end()
    return [*found, (text[at:], False)] if at < len(text) else found


def excerpt(texts: Iterable[str], words: Sequence[str]) -> Pieces:
    """Return the place where a word stands, preferring the sentence that holds most of them; [] when only a title does.

    Where no word stands as it is written (a near hit), the sentence with most of their pairs is shown.
    """
    best: tuple[int, int, str] | None = None
    pairs = {gram for word in words for gram in bigrams(word)}
    held = list(texts)
    for text in held:
        small = plain(text)
        count = sum(word in small for word in words)
        if count and (best is None or count > best[0]):
            best = (count, min(at for word in words if (at := small.find(word)) >= 0), text)
    marks = list(words)
    if best is None and pairs:
        marks = sorted(pairs)
        for text in held:
            small = plain(text)
            count = sum(gram in small for gram in pairs)
            if count and (best is None or count > best[0]):
                best = (count, min(at for gram in pairs if (at := small.find(gram)) >= 0), text)
    if best is None:
        return []
    _, at, text = best
    start, end = max(0, at - AROUND), at + 2 * AROUND
    shown = pieces(text[start:end].replace("\n", " "), marks)
    return [*([("…", False)] if start else []), *shown, *([("…", False)] if end < len(text) else [])]
