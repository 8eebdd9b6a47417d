"""The WSGI application that servers load."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kouan.settings")
application = get_wsgi_application()
