"""Who asks: a program by its key, or a person by the console's session (with CSRF on writes).

A session's cookie travels with any page's request, so its writes must prove that they come from our
own pages (``X-CSRFToken``). A key is put there by the program itself, so it needs no such proof.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja.security import HttpBearer
from ninja.security.apikey import APIKeyCookie
from ninja.utils import check_csrf

from kouan.accounts.action import refuse
from kouan.accounts.backends import SignInBackend
from kouan.accounts.models import ApiToken, User
from kouan.accounts.permissions import may
from kouan.accounts.tokens import digest_of
from kouan.basis import NotAllowed, clock

# What an enterprise may ask for: its own issues, and nothing else of the system.
FOR_ENTERPRISES = "/bottlenecks"


def admitted(request: HttpRequest, user: User) -> User:
    """The user, if the role reads the system at all, or an enterprise its issues; NotAllowed otherwise, with a trace."""
    asked = request.path.partition("/api/v1")[2]
    is_for_enterprises = asked == FOR_ENTERPRISES or asked.startswith(f"{FOR_ENTERPRISES}/")
    if not may(user, "console.read") and not (is_for_enterprises and may(user, "issues.submit")):
        raise refuse(user, "console.read", "api")
    return user


class KeyAuth(HttpBearer):
    """``Authorization: Bearer kouan_…``."""

    openapi_bearerFormat = "kouan_…"
    openapi_description = "程序用的接口密钥，由系统管理员建立 / a program's key, made by the administrator"

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        """The key's user, unless the key has ended or the user may no longer sign in."""
        now = clock.now()
        found = (
            ApiToken.objects.select_related("user__organisation")
            .filter(secret_digest=digest_of(token), revoked_at__isnull=True, expires_at__gt=now).first()
        )
        if found is None or not SignInBackend.may_sign_in(found.user):
            return None
        today = clock.today()
        if found.last_used_on != today:
            ApiToken.objects.filter(pk=found.pk).update(last_used_on=today)
        request.user = found.user
        return admitted(request, found.user)


class PageAuth(APIKeyCookie):
    """The session of somebody signed in to the console."""

    param_name = settings.SESSION_COOKIE_NAME
    openapi_description = "控制台登录会话；写操作须附 X-CSRFToken / the console's session; writes need X-CSRFToken"

    def _get_key(self, request: HttpRequest) -> str | None:
        return request.COOKIES.get(self.param_name)

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """The signed-in user. Without a session nobody; with one, a write must carry the form's token."""
        user = request.user
        if key is None or not user.is_authenticated:
            return None
        if check_csrf(request) is not None:
            raise NotAllowed.because(
                "form_token_missing", "写操作缺少或附错 X-CSRFToken，未作任何更改。",
                "The write lacks the right X-CSRFToken; nothing was changed.",
                remedy=("请从控制台页面操作，或改用接口密钥。", "Use the console's pages, or an API key."),
            )
        if user.must_change_password:
            raise NotAllowed.because(
                "password_must_change", "请先在控制台更改初始密码。", "Change the initial password in the console first.",
            )
        if request.session.get("second_factor_owed"):
            raise NotAllowed.because(
                "second_factor_owed", "请先在控制台设置动态口令。", "Set up the second factor in the console first.",
            )
        return admitted(request, user)


AUTH = [KeyAuth(), PageAuth()]
