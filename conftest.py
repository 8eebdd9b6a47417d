"""Before anything else is imported: give the tests a home folder of their own, then start Django.

The settings read ``KOUAN_HOME`` when they are loaded, so it is turned to a temporary folder here, in the
one file that pytest loads first; a developer's own ``.kouan`` is never opened. Each pytest-xdist worker
loads this file in a process of its own and so gets its own home. ``KOUAN_DATABASE_URL`` is left as it is:
``make test-pg`` sets it, and without it the tests run on a SQLite file (WAL) in the home.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import pytest

HOME = Path(tempfile.mkdtemp(prefix="kouan-test-home-"))
(HOME / "static").mkdir()  # WhiteNoise warns where it is missing
atexit.register(shutil.rmtree, HOME, ignore_errors=True)

os.environ["KOUAN_HOME"] = str(HOME)
os.environ["DJANGO_SETTINGS_MODULE"] = "kouan.settings"
os.environ["KOUAN_DEBUG"] = "1"
for name in ("KOUAN_WORKSPACE", "KOUAN_HOSTS", "KOUAN_BASE_MAP", "KOUAN_HTTPS", "KOUAN_EMAIL_BACKEND"):
    os.environ.pop(name, None)

import django  # noqa: E402  the environment above must stand first

# conftest files of single rooms import models at their head, so the apps must be ready before them.
django.setup()

from django.conf import settings  # noqa: E402

# Passwords are hashed slowly on purpose; hundreds of test users need not wait for it.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """Put the SQLite test database into a file: WAL, locks and other processes then behave as in service."""
    from django.db import connections

    settings = connections["default"].settings_dict
    if settings["ENGINE"].endswith("sqlite3"):
        settings["TEST"]["NAME"] = str(HOME / "test.sqlite3")


@pytest.fixture(scope="session", autouse=True)
def flush_past_the_guards() -> None:
    """Let Django empty the tables after a test with real transactions: the trail's guards refuse every DELETE."""
    from tests.trail import allow_flush

    allow_flush()
