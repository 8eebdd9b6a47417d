"""All addresses: the console at the root, the API under ``/api/v1``."""

from django.urls import include, path

urlpatterns = [
    path("", include("kouan.console.urls")),
]
