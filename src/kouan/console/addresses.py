"""Addresses of pages that another installation may not serve: empty instead of an error."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.templatetags.static import static
from django.urls import NoReverseMatch, get_script_prefix, reverse


def address_of(name: str, *arguments: Any, **query: str) -> str:
    """The address of a named page with a query, or "" where it is not served."""
    address = _address(name, arguments, get_script_prefix(), settings.ROOT_URLCONF)
    return f"{address}?{urlencode(query)}" if query and address else address


@lru_cache(maxsize=4096)
def _address(name: str, arguments: tuple[Any, ...], prefix: str, urls: str) -> str:
    """Worked out once: a page asks for some forty addresses, most of them the same ones each time."""
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return ""


def static_address(path: str) -> str:
    """The address of a file of ours or of a library that every page loads."""
    return _static(path, get_script_prefix())


@lru_cache(maxsize=256)
def _static(path: str, prefix: str) -> str:
    return static(path)


def count_address(*parts: Any) -> str:
    """The lineage of a figure that was counted: ``count_address("reported", 2025, "44")``."""
    return address_of("lineage", of=f"count:{'/'.join(str(part) for part in parts)}")
