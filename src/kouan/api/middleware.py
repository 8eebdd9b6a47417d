"""What every address under ``/api/`` shares: size limit, HEAD, one error shape, conditional answers.

A GET answers with an ``ETag``; the same request with ``If-None-Match`` is answered 304 without a
body while nothing has changed. Nothing of it may be kept by a shared cache: answers depend on who asks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers

from kouan.api.errors import TOO_LARGE, UNREADABLE, answer, no_such_address, no_such_method

Respond = Callable[[HttpRequest], HttpResponse]
ROOT = "/api/"


class ApiMiddleware:
    """Passes everything but ``/api/`` through untouched."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(ROOT):
            return self.get_response(request)
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > settings.KOUAN_UPLOAD_LIMIT + 2**20:
            return answer(413 if length.isdecimal() else 400, TOO_LARGE if length.isdecimal() else UNREADABLE)
        asked = request.method or "GET"
        if asked == "HEAD":
            # The answer to a HEAD is that of the GET; the server leaves its body out.
            request.method = "GET"
        response = self._in_shape(request, asked, self.get_response(request))
        request.method = asked
        response.headers["Kouan-Workspace"] = settings.WORKSPACE
        patch_vary_headers(response, ("Authorization", "Cookie"))
        response.headers.setdefault("Cache-Control", "private, no-cache")
        if asked in ("GET", "HEAD") and response.status_code == 200 and not response.streaming:
            if not response.has_header("ETag"):
                response.headers["ETag"] = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
            return get_conditional_response(request, etag=response["ETag"], response=response) or response
        return response

    @staticmethod
    def _in_shape(request: HttpRequest, asked: str, response: HttpResponse) -> HttpResponse:
        """Answers that Django or ninja gave before any of our handlers was asked."""
        if response.status_code == 405:
            allowed = {each.strip() for each in response.get("Allow", "").split(",") if each.strip()}
            if "GET" in allowed:
                allowed.add("HEAD")
            said = ", ".join(sorted(allowed))
            shaped = answer(405, no_such_method(asked, said))
            shaped.headers["Allow"] = said
            return shaped
        if response.get("Content-Type", "").startswith("application/json"):
            return response
        match response.status_code:
            case 404:
                return answer(404, no_such_address(request.path))
            case 413:
                return answer(413, TOO_LARGE)
            case 400:
                return answer(400, UNREADABLE)
        return response
