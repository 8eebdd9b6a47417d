"""Values of the law in words: as the instrument prints them in Chinese, in English with the printed form beside them.

>>> from kouan.law import Library
>>> parameters = Library.shipped().parameters
>>> value_text(parameters["volume_standard.sea.cargo"].values[-1])
Text(zh='1000万吨', en='10 million t')
>>> value_text(parameters["volume_standard.grace.years"].values[-1])
Text(zh='3年', en='3 years')
"""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from kouan.basis import Text, quantity
from kouan.console.words import page_language
from kouan.law import DatedValue
from kouan.law.values import TIMES

NOTHING = mark_safe("")


def value_text(value: DatedValue) -> Text:
    """1000万吨, or 10 million t."""
    return value.text


def unit_text(code: str) -> Text:
    """The unit of a parameter: one of the units of figures, or of time."""
    return TIMES[code] if code in TIMES else quantity.get(code).name


def printed_form(value: DatedValue) -> SafeString:
    """On an English page, what the Chinese text prints, as a quotation under the value; nothing on a Chinese page."""
    if page_language() == "zh":
        return NOTHING
    return format_html('<q class="subline" lang="zh-CN">{}</q>', value.printed_text)
