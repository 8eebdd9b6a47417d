"""What a search of the law shows: hits of the stored index with their words marked.

>>> marked("界河<口岸", ["口岸"])
'界河&lt;<mark>口岸</mark>'
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from kouan.grading.lawbook.index import Hit
from kouan.law import excerpts

ADDRESSES = {"rule": "law-rule", "parameter": "law-parameter", "setting": "law-setting", "change": "law-change"}


def excerpt(hit: Hit, words: Sequence[str]) -> SafeString:
    """The place where the words stand, with every one marked; empty when only the title holds them."""
    return _html(excerpts.excerpt(hit.texts, words))


def marked(text: str, words: Sequence[str]) -> SafeString:
    """A text with the words marked; everything else escaped."""
    return _html(excerpts.pieces(text, words))


def _html(pieces: excerpts.Pieces) -> SafeString:
    return mark_safe("".join(  # noqa: S308 - every piece is escaped
        f"<mark>{conditional_escape(piece)}</mark>" if is_word else str(conditional_escape(piece)) for piece, is_word in pieces
    ))
