"""What the rooms above tell of their data: its fields, whether a coverage exists, how good it is.

Each registers itself in its apps.py, so that the catalogue knows none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kouan.basis import Finding, Text
from kouan.desk.sharing.coverage import Coverage


@dataclass(frozen=True, slots=True)
class Quality:
    """Figures of a data set, worked out when asked. ``completeness`` 0–1 or None; ``lag_days``: from the end of a period until we knew."""

    rows: int
    subjects: int
    completeness: float | None
    last_period: str
    lag_days: float | None
    findings_open: int


@dataclass(frozen=True, slots=True)
class Room:
    """A kind of data that can be shared."""

    label: Text
    fields: Callable[[], Mapping[str, Text]]
    quality: Callable[[Coverage], Quality]


_rooms: dict[str, Room] = {}
_places: list[Callable[[Sequence[str]], Mapping[str, str]]] = []
_scopes: list[Callable[[Any, Coverage], list[Finding]]] = []


def register_room(name: str, room: Room) -> None:
    """Let data of a room be catalogued (from apps.py)."""
    _rooms[name] = room


def register_places(provinces_of: Callable[[Sequence[str]], Mapping[str, str]], own: Callable[[Any, Coverage], list[Finding]]) -> None:
    """The register says in which province a port lies, and what of a coverage lies beyond a user's own scope."""
    _places[:] = [provinces_of]
    _scopes[:] = [own]


def rooms() -> Mapping[str, Room]:
    """The rooms whose data can be shared, by name."""
    return _rooms


def provinces_of(ports: Sequence[str]) -> Mapping[str, str]:
    """The province of each port that there is."""
    return _places[0](ports) if _places else {}


def beyond_scope(user: Any, coverage: Coverage) -> list[Finding]:
    """What of a coverage lies beyond a user's own scope: nobody offers what is not theirs."""
    return _scopes[0](user, coverage) if _scopes else []
