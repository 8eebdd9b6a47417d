"""The JSON door: ``/api/v1`` (django-ninja), with one error shape and bounded lists."""

from __future__ import annotations

from ninja import NinjaAPI

api = NinjaAPI(title="Kouan 口岸", version="1")
