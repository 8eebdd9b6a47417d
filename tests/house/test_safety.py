"""Dangerous configurations are refused before anybody is let in, and named in both languages."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.test import override_settings

from kouan.accounts.passwords import LONGEST, HouseWords, NotEndless
from kouan.basis.log_line import OneLine
from kouan.safety import dangers

ROOT = Path(__file__).resolve().parents[2]
POSTGRES = {"ENGINE": "django.db.backends.postgresql", "USER": "kouan", "PASSWORD": "", "HOST": ""}
SAFE = {"DEBUG": False, "KOUAN_HTTPS": True, "ALLOWED_HOSTS": ["ports.example.cn"]}


def codes(host: str | None = None, **changed: Any) -> set[str]:
    """The dangers of a safe installation with something changed."""
    with override_settings(**{**SAFE, **changed}):
        found = dangers(host)
    assert all(each.message.zh and each.message.en and each.remedy for each in found)
    return {each.code.removeprefix("dangerous_") for each in found}


def test_a_safe_installation_is_served() -> None:
    assert codes() == codes("10.0.0.1") == codes("127.0.0.1", KOUAN_HTTPS=False) == set()
    assert codes("0.0.0.0", KOUAN_HTTPS=False, KOUAN_PLAIN_HTTP=True) == set()


def test_a_demonstration_on_this_machine_alone_is_served() -> None:
    assert codes("127.0.0.1", DEBUG=True, KOUAN_HTTPS=False, ALLOWED_HOSTS=["127.0.0.1", "localhost", "[::1]"]) == set()


@pytest.mark.parametrize(("host", "changed", "code"), [
    (None, {"DEBUG": True, "KOUAN_HTTPS": False}, "debug_reachable"),
    ("0.0.0.0", {"DEBUG": True, "KOUAN_HTTPS": False, "ALLOWED_HOSTS": ["localhost"]}, "debug_reachable"),
    (None, {"DEBUG": True, "ALLOWED_HOSTS": ["localhost"]}, "debug_behind_proxy"),
    (None, {"ALLOWED_HOSTS": ["*"]}, "any_host"),
    ("0.0.0.0", {"KOUAN_HTTPS": False}, "plain_http"),
    (None, {"SECRET_KEY": "short"}, "short_key"),
    (None, {"SECRET_KEY": "a" * 80}, "short_key"),
    (None, {"DATABASES": {"default": {**POSTGRES, "PASSWORD": "kouan"}}}, "database_password"),
    (None, {"DATABASES": {"default": {**POSTGRES, "HOST": "10.0.0.2"}}}, "database_open"),
])
@pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
def test_each_danger_is_named(host: str | None, changed: dict[str, Any], code: str) -> None:
    assert codes(host, **changed) == {code}


def test_a_key_file_open_to_others_is_named(tmp_path: Path) -> None:
    (tmp_path / "audit.key").write_text("k")
    (tmp_path / "audit.key").chmod(0o640)
    home = SimpleNamespace(path=tmp_path)
    assert codes(HOME=home) == {"open_key_files"}
    (tmp_path / "audit.key").chmod(0o600)
    assert codes(HOME=home) == set()


@pytest.mark.parametrize(("language", "words"), [("zh", "不得对外服务"), ("en", "nothing may be served beyond this machine")])
def test_the_command_refuses_to_serve_and_says_why(tmp_path: Path, language: str, words: str) -> None:
    environment = {**os.environ, "KOUAN_HOME": str(tmp_path / "home"), "KOUAN_DEBUG": "1", "KOUAN_LANGUAGE": language, "COLUMNS": "300"}
    done = subprocess.run([sys.executable, "-m", "kouan", "serve", "--host", "0.0.0.0", "--port", "1"], cwd=ROOT, env=environment,
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1 and words in done.stdout + done.stderr, done.stdout + done.stderr


def test_no_name_of_the_test_machinery_is_served() -> None:
    environment = {**os.environ, "KOUAN_DEBUG": "", "DJANGO_SETTINGS_MODULE": "kouan.settings"}
    environment.pop("KOUAN_HOSTS", None)
    asked = "from kouan import settings as s; print(s.DEBUG, s.ALLOWED_HOSTS, s.KOUAN_SECOND_FACTOR != frozenset())"
    said = subprocess.run([sys.executable, "-c", asked],
                          cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True).stdout
    assert said.strip() == "False ['127.0.0.1', 'localhost', '[::1]'] True"


def test_cookies_bear_the_prefix_of_their_host_under_https() -> None:
    environment = {**os.environ, "KOUAN_HTTPS": "1", "DJANGO_SETTINGS_MODULE": "kouan.settings"}
    asked = "from kouan import settings as s; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.LANGUAGE_COOKIE_NAME, s.SESSION_COOKIE_SECURE)"
    said = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True).stdout
    assert said.split() == ["__Host-kouan_session", "__Host-kouan_csrf", "__Host-kouan_language", "True"]


def test_a_password_is_never_cut_off() -> None:
    NotEndless().validate("ä" * LONGEST)
    with pytest.raises(ValidationError):
        NotEndless().validate("ä" * (LONGEST + 1))


def test_a_stranger_cannot_write_lines_of_the_log() -> None:
    handler = settings.LOGGING["formatters"]["plain"]
    assert handler["()"] == "kouan.basis.log_line.OneLine"
    formatter = OneLine("{asctime} {levelname} {message}", style="{")
    record = logging.LogRecord("kouan", logging.WARNING, "", 0, "no user %s", ("x\r\n2026-01-01 ERROR forged\u2028\x1b[2J",), None)
    said = formatter.format(record)
    assert "\n" not in said and "\r" not in said and "\x1b" not in said and "\u2028" not in said
    assert said.split()[0].endswith("+00:00")
    try:
        raise ValueError("one\n2026-01-01 ERROR forged")
    except ValueError:
        record.exc_info = sys.exc_info()
    lines = formatter.format(record).splitlines()
    assert len(lines) > 2 and all(line.startswith("    ") for line in lines[1:])


@pytest.mark.parametrize("password", ["kouan-admin-2026", "Guojia@Kouan123456", "海关口岸密码2026", "portport2025port"])
def test_words_of_the_house_make_no_password(password: str) -> None:
    with pytest.raises(ValidationError):
        HouseWords().validate(password)


@pytest.mark.parametrize("password", ["quiet heron by the weir", "portable-lantern-71", "a" * 64, "七月流火九月授衣一之日"])
def test_others_do_and_may_be_long(password: str) -> None:
    HouseWords().validate(password)
