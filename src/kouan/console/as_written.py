"""Texts that stay as they were written: marked as Chinese on English pages, so that they are read out and set as Chinese."""

from __future__ import annotations

import re
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.console.words import page_language

_HAN = re.compile(r"[\u3400-\u9fff]")


def as_written(text: Any) -> SafeString | str:
    """A text in the language it was written in; on an English page Chinese stands in ``lang="zh-CN"``.

    >>> from django.utils import translation
    >>> with translation.override("en"): as_written("国家“十四五”口岸发展规划"), as_written("Luohu")
    ('<span lang="zh-CN">国家“十四五”口岸发展规划</span>', 'Luohu')
    """
    said = text if isinstance(text, SafeString) else str(text)
    if isinstance(text, SafeString) or page_language() == "zh" or not _HAN.search(said):
        return said
    return format_html('<span lang="zh-CN">{}</span>', said)


def in_brackets(text: Any) -> SafeString:
    """A text in brackets, full-width in Chinese, half-width with a space before them in English."""
    return format_html("（{}）" if page_language() == "zh" else " ({})", as_written(text))
