"""All addresses: the console at the root, the API under ``/api/v1``."""

from django.urls import include, path

from kouan.api.door import api

urlpatterns = [
    path("api/v1/", api.urls),
    path("", include("kouan.console.urls")),
]
