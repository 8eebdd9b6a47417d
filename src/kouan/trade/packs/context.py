"""A node of a message as the rules see it, and the functions of the expression language.

What the functions make of what is absent, empty, repeated or no number is stated nowhere by the publisher; it is derived from its labelled
cases and written down in docs/partner-packs.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from lxml import etree

Node = Any  # an element of lxml, which has no types
_SPACE = " \t\r\n"


@lru_cache(maxsize=1024)
def _steps(path: str) -> tuple[str, ...]:
    return tuple(step for step in path.split("/") if step not in ("", "."))


def nodes(node: Node, path: str) -> list[Node]:
    """The elements at a path of ``..`` and names, in the order of the message."""
    found = [node]
    for step in _steps(path):
        if step == "..":
            found = list(dict.fromkeys(parent for each in found if (parent := each.getparent()) is not None))
        else:
            found = [child for each in found for child in each.iterchildren(step)]
    return found


def text(node: Node) -> str:
    """What an element holds, comments left out."""
    return "".join(node.itertext(etree.Element)) if len(node) else node.text or ""


def _first(node: Node, path: str) -> str:
    found = nodes(node, path)
    return text(found[0]) if found else ""


def number_of(said: str) -> float:
    """A text as a number; NaN for what is none."""
    stripped = said.strip(_SPACE)
    try:
        return float(stripped) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", stripped, re.A) else math.nan
    except ValueError:
        return math.nan


def exists(node: Node, path: str, is_wanted: Callable[[Node], Any] | None = None) -> bool:
    """Whether something is there (and, of some, whether one is as wanted)."""
    found = nodes(node, path)
    return bool(found) if is_wanted is None else any(is_wanted(each) for each in found)


def count_distinct(node: Node, path: str, is_trimmed: bool) -> int:
    """How many different things stand at the end of a path, seen from what holds them: absent is one, empty another.

    ``is_trimmed``: white space around a text makes no difference.
    """
    *steps, last = path.split("/")
    said = [[text(child) for child in parent.iterchildren(last)] for parent in (nodes(node, "/".join(steps)) if steps else [node])]
    return len({tuple(each.strip(_SPACE) if is_trimmed else each for each in one) for one in said})


def are_indices(node: Node, path: str) -> bool:
    """Whether the numbers run from one without a gap, in the order of the message."""
    return [number_of(text(each)) for each in nodes(node, path)] == [float(place) for place in range(1, len(nodes(node, path)) + 1)]


@lru_cache(maxsize=256)
def _pattern(said: str) -> re.Pattern[str]:
    return re.compile(said, re.A)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exists": exists,
    "not": lambda node, path: not nodes(node, path),
    "getValue": _first,
    "trim": lambda node, path: _first(node, path).strip(_SPACE),
    "number": lambda node, path: number_of(_first(node, path)),
    "intOrElse": lambda node, path, other: _int_or(_first(node, path), other),
    "count": lambda node, path: len(nodes(node, path)),
    "countEquals": lambda node, path, said: sum(text(each).strip(_SPACE) == said for each in nodes(node, path)),
    "countDistinct": count_distinct,
    "countDistinctChildCount": lambda node, path: len({len(each) for each in nodes(node, path)}),
    "sum": lambda node, path: math.fsum(number_of(text(each)) for each in nodes(node, path)),
    "areIndices": are_indices,
    "existsForAll": lambda node, path, part, said: all(
        any(text(one).strip(_SPACE) == said for one in nodes(each, part)) for each in nodes(node, path)),
    "applyRegex": lambda node, path, said: _pattern(said).fullmatch(_first(node, path)) is not None,
    "substringAfter": lambda node, said, mark: said.partition(mark)[2],
}


def _int_or(said: str, other: float) -> float:
    found = number_of(said)
    return other if math.isnan(found) else found
