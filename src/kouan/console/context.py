"""What every page knows about the house."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from kouan import __version__
from kouan.basis import clock
from kouan.console.navigation import menu_for


def house(request: HttpRequest) -> dict[str, Any]:
    """Workspace, version, language, menu and the moment of printing, for the base template."""
    return {
        "is_exercise": settings.IS_EXERCISE,
        "kouan_version": __version__,
        "is_debug": settings.DEBUG,
        "lang": "zh" if getattr(request, "LANGUAGE_CODE", "zh").startswith("zh") else "en",
        "menu": SimpleLazyObject(lambda: menu_for(request)),
        "printed_at": clock.now(),
        "drafts_done": SimpleLazyObject(lambda: _drafts_done(request)),
    }


def _drafts_done(request: HttpRequest) -> list[str]:
    """The forms accepted since the last page, once (see ``page.accept_draft``)."""
    session = getattr(request, "session", None)
    return session.pop("drafts_done", []) if session is not None and "drafts_done" in session else []
