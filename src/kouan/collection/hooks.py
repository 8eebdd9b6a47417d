"""What rooms above do inside the intake's own transaction, without this room knowing them.

Monitoring keeps the months of daily series in step here, so that pages never see days without months.
"""

from __future__ import annotations

from collections.abc import Callable, Set

Follower = Callable[[Set[int]], object]
_followers: dict[str, Follower] = {}


def follow(name: str, follower: Follower) -> None:
    """Register ``follower(series_ids)``, called before every commit that wrote figures (from apps.py)."""
    _followers[name] = follower


def tell(series_ids: Set[int]) -> None:
    """Tell every follower which series have new figures."""
    for follower in _followers.values():
        follower(series_ids)
