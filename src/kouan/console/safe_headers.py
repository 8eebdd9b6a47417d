"""The headers that every answer carries, whoever gave it: a page, the API, a file, a refusal, an error.

The outermost middleware, so that nothing answers past it. What a view has set itself stays (a preview is sandboxed,
a public page may be kept by caches).

Sources: OWASP ASVS 5.0 V3.4 and V14.3.2; RFC 6797 (HSTS); W3C Content Security Policy Level 3, Permissions Policy.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Respond = Callable[[HttpRequest], HttpResponse]

# Only our own scripts and fonts; charts set inline styles; nothing may frame us, no form goes elsewhere.
CONTENT_SECURITY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self'; "
    "font-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
ALWAYS = {
    "Content-Security-Policy": CONTENT_SECURITY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HSTS = "max-age=31536000; includeSubDomains"


class SafeHeadersMiddleware:
    """Adds what is lacking; what is not a file of ours may be kept by nobody unless its view says otherwise."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        if settings.KOUAN_HTTPS:
            # Said by the operator: behind a proxy the request itself need not look secure.
            response.headers.setdefault("Strict-Transport-Security", HSTS)
        if not request.path.startswith(f"/{settings.STATIC_URL.lstrip('/')}"):
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response
