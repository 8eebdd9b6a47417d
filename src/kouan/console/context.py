"""What every page knows about the house."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from kouan import __version__


def house(request: HttpRequest) -> dict[str, Any]:
    """Workspace, version and language for the base template."""
    return {
        "is_exercise": settings.IS_EXERCISE,
        "kouan_version": __version__,
        "is_debug": settings.DEBUG,
        "lang": "zh" if getattr(request, "LANGUAGE_CODE", "zh").startswith("zh") else "en",
    }
