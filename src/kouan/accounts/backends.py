"""Signing in with a name and a password.

Demonstration users are refused unless ``DEBUG`` is on, whatever their password says.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from kouan.accounts.models import User


class SignInBackend(BaseBackend):
    """Checks a password in constant time, whether or not the name exists."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> User | None:
        """The user, or None. An unknown name costs as much time as a wrong password."""
        if username is None or password is None:
            return None
        user = User.objects.select_related("organisation").filter(username__iexact=username).first()
        if user is None:
            User().set_password(password)
            return None
        if not user.check_password(password) or not self.may_sign_in(user):
            return None
        return user

    @staticmethod
    def may_sign_in(user: User) -> bool:
        """Active, of an active organisation, and no demonstration user on a real installation."""
        if user.is_demonstration and not settings.DEBUG:
            return False
        return user.is_active and user.organisation.is_active

    def get_user(self, user_id: int) -> User | None:
        """Read the session's user anew at every request, so that a block takes effect at once."""
        user = User.objects.select_related("organisation").filter(pk=user_id).first()
        return user if user is not None and self.may_sign_in(user) else None
