"""All addresses: the console at the root, the API under ``/api/v1``."""

from django.urls import include, path, re_path

from kouan.api import docs
from kouan.api.door import api

handler500 = "kouan.console.views.errors.server_error"

urlpatterns = [
    path("api/v1/docs", docs.page, name="api-docs"),
    re_path(r"^api/v1/?$", docs.door),
    path("api/v1/", api.urls),
    # Whatever else is asked for under /api/ is answered in the API's own shape.
    re_path(r"^api(?:/.*)?$", docs.missing),
    path("", include("kouan.console.urls")),
]
