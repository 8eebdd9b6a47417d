"""How often one user may ask: KOUAN_API_RATE requests, per user and server process."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from ninja.throttling import SimpleRateThrottle


class PerUser(SimpleRateThrottle):
    """Counts by user, so that one busy program cannot slow everybody else down."""

    scope = "user"

    def __init__(self) -> None:
        super().__init__(settings.KOUAN_API_RATE)

    def get_cache_key(self, request: HttpRequest) -> str | None:
        """One count for each user, whatever key or session is used."""
        return f"kouan-api-rate-{request.user.pk}"
