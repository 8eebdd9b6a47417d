"""Django settings, derived from the environment. Four variables decide what an installation is:

``KOUAN_HOME``          the home folder (default ``.kouan`` in the working folder)
``KOUAN_WORKSPACE``     ``real`` (default) or ``exercise`` for a new home
``KOUAN_DATABASE_URL``  ``postgresql://user:password@host:port/name``; empty means SQLite in the home
``KOUAN_DEBUG``         ``1`` allows the demonstration sign-ins; never set it on a real installation

The others are for operators; docs/operations.md lists every one (a house test holds it to that).
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from kouan.home import Home

HOME = Home.from_environment()
if os.environ.get("KOUAN_WORKSPACE"):
    HOME.open_as(os.environ["KOUAN_WORKSPACE"])
WORKSPACE = HOME.workspace
IS_EXERCISE = WORKSPACE == "exercise"

DEBUG = os.environ.get("KOUAN_DEBUG") == "1"
# The operator's own, or one that the home makes at the first start; never one of the code.
SECRET_KEY = os.environ.get("KOUAN_SECRET_KEY") or HOME.key("django")
# A proxy in front speaks HTTPS. KOUAN_PLAIN_HTTP: something else encrypts (``kouan/safety.py``).
KOUAN_HTTPS = os.environ.get("KOUAN_HTTPS") == "1"
KOUAN_PLAIN_HTTP = os.environ.get("KOUAN_PLAIN_HTTP") == "1"
ALLOWED_HOSTS = [
    host.strip()
    for host in os.environ.get("KOUAN_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
    if host.strip()
]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "axes",
    "django_tasks",
    "django_tasks_db",
    "kouan.audit",
    "kouan.accounts.personal",
    "kouan.accounts",
    "kouan.desk",
    "kouan.desk.sharing",
    "kouan.desk.watch",
    "kouan.ports",
    "kouan.collection",
    "kouan.collection.vetting",
    "kouan.collection.returns",
    "kouan.monitoring",
    "kouan.monitoring.warnings",
    "kouan.monitoring.studies",
    "kouan.monitoring.emergencies",
    "kouan.monitoring.imagery",
    "kouan.grading",
    "kouan.grading.lawbook",
    "kouan.evaluation",
    "kouan.evaluation.rounds",
    "kouan.casework",
    "kouan.casework.oversight",
    "kouan.casework.bottlenecks",
    "kouan.casework.conference",
    "kouan.casework.assessments",
    "kouan.casework.execution",
    "kouan.publication",
    "kouan.exchange.ledger",
    "kouan.console",
    "kouan.api",
]

MIDDLEWARE = [
    # The outermost: whatever answers further in, files and refusals too, carries the headers.
    "kouan.console.safe_headers.SafeHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "kouan.api.middleware.ApiMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "kouan.console.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "kouan.desk.sharing.middleware.GrantReadsMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "kouan.console.middleware.SessionLimitMiddleware",
    "kouan.console.middleware.RefusalMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "kouan.urls"
WSGI_APPLICATION = "kouan.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "kouan.console.context.house",
            ],
            "builtins": ["kouan.console.templatetags.kouan"],
        },
    }
]


def database_from(url: str) -> dict[str, Any]:
    """The Django database entry for a URL; an empty one means SQLite in the home."""
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(HOME.database),
            "OPTIONS": {
                "timeout": 30,
                # Writers queue at BEGIN instead of failing at their first write.
                "transaction_mode": "IMMEDIATE",
                # recursive_triggers: without it INSERT OR REPLACE deletes rows behind the
                # triggers' back (DESIGN.md, contract 6). FULL: a power cut loses nothing.
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                    "PRAGMA recursive_triggers=ON; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-65536"
                ),
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ValueError(f"KOUAN_DATABASE_URL 只支持 postgresql:// / only postgresql:// is known: {url}")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        # A connection kept from before the database was restarted is noticed before it is used.
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = {"default": database_from(os.environ.get("KOUAN_DATABASE_URL", ""))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "kouan.accounts.backends.SignInBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
     "OPTIONS": {"user_attributes": ("username", "display_name", "email", "phone")}},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "kouan.accounts.passwords.NotEndless"},
    {"NAME": "kouan.accounts.passwords.HouseWords"},
]
# The operator's own list of passwords that are refused, one to a line.
if os.environ.get("KOUAN_PASSWORD_LIST"):
    AUTH_PASSWORD_VALIDATORS.append(
        {"NAME": "kouan.accounts.passwords.OperatorsList", "OPTIONS": {"path": os.environ["KOUAN_PASSWORD_LIST"]}})
KOUAN_PASSWORDS_REMEMBERED = int(os.environ.get("KOUAN_PASSWORDS_REMEMBERED", "5"))
KOUAN_PASSWORD_DAYS = int(os.environ.get("KOUAN_PASSWORD_DAYS", "0"))
# The roles that must have a second factor; empty: nobody must, everybody may.
KOUAN_SECOND_FACTOR = frozenset(filter(None, os.environ.get(
    "KOUAN_SECOND_FACTOR", "" if DEBUG else "national_officer,national_leader,auditor,administrator").replace(" ", "").split(",")))
# Sign-in attempts from one address, whatever the names, per server process: number / s, m or h.
KOUAN_SIGN_IN_RATE = os.environ.get("KOUAN_SIGN_IN_RATE", "60/m")
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
# A name under attack is locked at the address that attacks it, so that nobody can lock a colleague out.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "console/accounts/locked.html"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address"]

LOGIN_URL = "sign-in"
CSRF_FAILURE_VIEW = "kouan.console.views.errors.csrf_failure"
PASSWORD_RESET_TIMEOUT = 60 * 60
LOGIN_REDIRECT_URL = "panorama"
LOGOUT_REDIRECT_URL = "sign-in"
SESSION_COOKIE_AGE = int(os.environ.get("KOUAN_SESSION_HOURS", "8")) * 60 * 60  # one working day
KOUAN_SESSION_IDLE_MINUTES = int(os.environ.get("KOUAN_SESSION_IDLE_MINUTES", "60"))
KOUAN_SESSIONS_PER_USER = int(os.environ.get("KOUAN_SESSIONS_PER_USER", "5"))
# With __Host- a browser takes a cookie from this very host over HTTPS only (RFC 6265bis).
_COOKIES = ("__Host-" if KOUAN_HTTPS else "") + ("kouan_exercise_" if IS_EXERCISE else "kouan_")
SESSION_COOKIE_NAME = f"{_COOKIES}session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# Not HttpOnly: upload.js reads it, for a sign-in in another window changes the token of a page that is open.
CSRF_COOKIE_NAME = f"{_COOKIES}csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = KOUAN_HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Without a mail server, mails are files in the home's outbox. A server is a relay of the own network, without sign-in.
EMAIL_HOST = os.environ.get("KOUAN_EMAIL_HOST", "")
EMAIL_PORT = int(os.environ.get("KOUAN_EMAIL_PORT", "25"))
EMAIL_TIMEOUT = 10
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'filebased'}.EmailBackend"
EMAIL_FILE_PATH = str(HOME.path / "outbox")
DEFAULT_FROM_EMAIL = os.environ.get("KOUAN_EMAIL_FROM", "kouan@localhost")

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LANGUAGE_COOKIE_NAME = ("__Host-" if KOUAN_HTTPS else "") + "kouan_language"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = str(HOME.path / "static")
NODE_MODULES = Path(os.environ.get("KOUAN_NODE_MODULES") or Path(__file__).resolve().parents[2] / "node_modules")
# Third-party assets are installed by a locked step and served as they are (docs/decisions).
STATICFILES_DIRS = [
    (f"vendor/{name}", str(NODE_MODULES / package / "dist"))
    for name, package in (
        ("tabler", "@tabler/core"),
        ("tabler-icons", "@tabler/icons-webfont"),
        ("echarts", "echarts"),
        ("htmx", "htmx.org"),
    )
    if (NODE_MODULES / package / "dist").is_dir()
]
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 0 if DEBUG else 3600

MEDIA_ROOT = str(HOME.documents)
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
KOUAN_UPLOAD_LIMIT = 64 * 1024 * 1024
# Papers of matters are scans and drafts; figures come in through collection.
KOUAN_PAPER_LIMIT = 32 * 1024 * 1024
# A virus scanner that reads a file on standard input: 0 clean, 1 infected, anything else not scanned.
KOUAN_SCAN_COMMAND = shlex.split(os.environ.get("KOUAN_SCAN_COMMAND", ""))
# Requests to the API per user and server process: number / s, m or h.
KOUAN_API_RATE = os.environ.get("KOUAN_API_RATE", "600/m")
# Files taken out by one user (tables, papers, reports), per server process.
KOUAN_EXPORT_RATE = os.environ.get("KOUAN_EXPORT_RATE", "120/m")
for _name, _rate in (("KOUAN_API_RATE", KOUAN_API_RATE), ("KOUAN_EXPORT_RATE", KOUAN_EXPORT_RATE), ("KOUAN_SIGN_IN_RATE", KOUAN_SIGN_IN_RATE)):
    if not re.fullmatch(r"[1-9]\d{0,8}/[smh]", _rate):
        raise ValueError(f"{_name} 应写作 600/m / is written 600/m: {_rate}")

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}

BASE_MAP = os.environ.get("KOUAN_BASE_MAP", "")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"()": "kouan.basis.log_line.OneLine", "fmt": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": os.environ.get("KOUAN_LOG_LEVEL", "WARNING")},
    "loggers": {"axes": {"level": "ERROR"}},
}
