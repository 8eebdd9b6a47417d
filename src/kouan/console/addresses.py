"""Addresses of pages that another installation may not serve: empty instead of an error."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse


def address_of(name: str, *arguments: Any, **query: str) -> str:
    """The address of a named page with a query, or "" where it is not served."""
    try:
        address = reverse(name, args=arguments)
    except NoReverseMatch:
        return ""
    return f"{address}?{urlencode(query)}" if query else address
