"""Template tags of the console: both languages side by side, figures, periods, findings.

``{% t "口岸" "Ports" %}`` writes one of the two by the page's language. Both stand in the
template, so that neither can be missing (docs/decisions/0004).
"""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import translation

from kouan.basis import Text

register = template.Library()


def page_language() -> str:
    """``zh`` or ``en``, as the page is being written."""
    return "zh" if (translation.get_language() or "zh").startswith("zh") else "en"


@register.simple_tag
def t(zh: str, en: str) -> str:
    """One of two texts, by the page's language."""
    return zh if page_language() == "zh" else en


@register.filter
def text(value: Any) -> str:
    """A ``Text`` in the page's language; anything else as it is."""
    return value.in_language(page_language()) if isinstance(value, Text) else str(value)
