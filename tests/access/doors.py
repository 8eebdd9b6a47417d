"""Every door there is: pages from the table of addresses, operations from the API's description."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from kouan.api.door import api

API = "/api/v1"
_PART = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^()]*(?:\([^()]*\)[^()]*)*\)")


@dataclass(frozen=True, slots=True)
class Door:
    """One address and one way of asking. ``name`` is what the table calls it."""

    name: str
    method: str
    template: str
    permission: str | None
    operation: Any = None


def _walk(patterns: Any, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from _walk(each.url_patterns, before + str(each.pattern))
        else:
            yield before + str(each.pattern), each


def pages() -> list[Door]:
    """Every page, once for each method that it takes; ``permission`` as its decorator says, "—" without one."""
    found = []
    for template, pattern in _walk(get_resolver().url_patterns):
        if template.startswith("api/v1/") or pattern.name is None:
            continue
        view = pattern.callback
        permission = getattr(view, "permission", "—")
        plain = _PART.sub(lambda part: f"{{{part[1] or part[2]}}}", template.removeprefix("^").removesuffix("$")).replace("\\.", ".")
        found += [Door(pattern.name, method, "/" + plain, permission) for method in _methods_of(view)]
    return found


def _methods_of(view: Any) -> tuple[str, ...]:
    """Which ways of asking a page takes: what its decorator closed over; both where none says."""
    while view is not None:
        for name in ("methods", "request_method_list"):
            if name in view.__code__.co_freevars:
                said = view.__closure__[view.__code__.co_freevars.index(name)].cell_contents
                return tuple(each for each in ("GET", "POST") if each in said)
        view = getattr(view, "__wrapped__", None)
    return ("GET", "POST")


def operations() -> list[Door]:
    """Every operation of the API."""
    return [
        Door(f"{method.upper()} {path.removeprefix(API)}", method.upper(), path, None, operation)
        for path, item in api.get_openapi_schema()["paths"].items()
        for method, operation in item.items()
    ]


def parts_of(template: str) -> list[str]:
    """The names in braces of an address."""
    return re.findall(r"\{(\w+)\}", template)
