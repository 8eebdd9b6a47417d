"""The WSGI application that servers load; it refuses to start on a database that does not fit,
and in a dangerous configuration."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kouan.settings")
application = get_wsgi_application()

from kouan.installation import refuse_unless_current  # noqa: E402 (Django must be set up first)
from kouan.safety import refuse_if_dangerous  # noqa: E402

refuse_if_dangerous()
refuse_unless_current()
