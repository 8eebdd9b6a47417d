"""What every request passes: language, the end of a session, and the one error shape."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kouan.accounts import sessions
from kouan.audit.actions import record_event
from kouan.basis import Refused
from kouan.console.views.errors import is_away, unavailable
from kouan.console.words import written_in

Respond = Callable[[HttpRequest], HttpResponse]


class LanguageMiddleware:
    """Pins the language by cookie; never by Accept-Language, which would surprise a reader of Chinese."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        wanted = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, settings.LANGUAGE_CODE)
        language = wanted if wanted in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        with written_in(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers["Content-Language"] = "zh-CN" if language.startswith("zh") else "en"
        return response


class SessionLimitMiddleware:
    """Ends a session that is idle or too long (``accounts/sessions.py``); the visitor is a stranger from then on."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Asked by the cookie first: who has none is no concern of ours, and reads no table.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated and (why := sessions.is_over(request.session)):
            record_event("session_over", actor_id=request.user.pk, payload={"why": why})
            sessions.session_ended(request.session.session_key, why)
            logout(request)
        return self.get_response(request)


class RefusalMiddleware:
    """Renders what a verb refused: 403, 404, 409 or 422, with its findings."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 404 and settings.DEBUG and request.resolver_match is None:
            # In debug mode Django would list every address of the site instead.
            return render(request, "404.html", status=404)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A ``Refused`` becomes a page that says what, where and what to do.

        Asking for a record that is not there, or not in scope, leaves a trace: guessed numbers
        of another province's data must show.
        """
        if is_away(error):
            return unavailable(request, error)
        if not isinstance(error, Refused):
            return None
        if error.http_status == 404 and request.user.is_authenticated:
            record_event("out_of_reach", actor_id=request.user.pk,
                         payload={"path": request.path[:300], "method": request.method})
        return render(request, "console/refused.html", {
            # Where to look instead, as (words, address), from a page that knows.
            "findings": error.findings, "status": error.http_status, "links": getattr(error, "links", []),
        }, status=error.http_status)
