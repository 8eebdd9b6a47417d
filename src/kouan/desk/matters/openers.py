"""Ways by which one room lets another open a matter without knowing it: by a word of the desk.

A room registers in its apps.py: ``register_opener("weak_indicator", open_from_indicator)``; another room calls
``opener("weak_indicator")(actor=…, …)``. The verb behind it checks permission and scope as for any actor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_openers: dict[str, Callable[..., Any]] = {}


def register_opener(word: str, verb: Callable[..., Any]) -> None:
    """Let others open a matter of this room by a word. ValueError where another verb has the word."""
    if _openers.get(word, verb) is not verb:
        raise ValueError(f"opener registered twice: {word}")
    _openers[word] = verb


def opener(word: str) -> Callable[..., Any] | None:
    """The verb behind a word; None where no installed room has it."""
    return _openers.get(word)
