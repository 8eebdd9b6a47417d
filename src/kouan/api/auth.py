"""Who asks: a program by its key, or a person by the console's session (with CSRF on writes)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.security import HttpBearer, SessionAuth

from kouan.accounts.models import ApiToken, User
from kouan.accounts.permissions import may
from kouan.accounts.backends import SignInBackend
from kouan.accounts.tokens import digest_of
from kouan.basis import clock


class KeyAuth(HttpBearer):
    """``Authorization: Bearer kouan_…``."""

    openapi_bearerFormat = "kouan_…"

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        """The key's user, unless the key has ended or the user may no longer sign in."""
        now = clock.now()
        found = (
            ApiToken.objects.select_related("user__organisation")
            .filter(secret_digest=digest_of(token), revoked_at__isnull=True, expires_at__gt=now).first()
        )
        if found is None or not SignInBackend.may_sign_in(found.user) or not may(found.user, "console.read"):
            return None
        today = clock.today()
        if found.last_used_on != today:
            ApiToken.objects.filter(pk=found.pk).update(last_used_on=today)
        request.user = found.user
        return found.user


class PageAuth(SessionAuth):
    """The session of somebody signed in to the console."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """The signed-in user, if the role reads the console."""
        user = request.user
        return user if user.is_authenticated and may(user, "console.read") else None


AUTH = [KeyAuth(), PageAuth()]
