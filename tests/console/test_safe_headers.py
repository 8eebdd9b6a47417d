"""Every answer carries the headers: all doors, for a stranger and for somebody signed in, found or not, refused or broken."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path
from tests.access.asking import address_of
from tests.access.doors import operations, pages, parts_of
from tests.accounts.factories import an_administrator

from kouan.console.safe_headers import ALWAYS, HSTS
from kouan.urls import urlpatterns as house

pytestmark = pytest.mark.django_db


def broken(request: HttpRequest) -> HttpResponse:
    """A page with a fault in it."""
    raise RuntimeError("the secret of the trace")


urlpatterns = [path("broken-for-a-test", broken), *house]
handler500 = "kouan.console.views.errors.server_error"


def faults(answer: Any, address: str) -> list[str]:
    """The headers that an answer lacks."""
    return [f"{address} ({answer.status_code}): {name}" for name in [*ALWAYS, "Cache-Control"] if not answer.headers.get(name)]


def addresses() -> list[str]:
    """Every address there is, its parts filled with what need not exist."""
    found = {each.template: each for each in [*pages(), *operations()] if each.method == "GET"}
    return [address_of(each, dict.fromkeys(parts_of(template), "1")) for template, each in sorted(found.items())]


def test_every_door_carries_them_for_a_stranger_and_for_somebody_signed_in() -> None:
    stranger, known = Client(raise_request_exception=False), Client(raise_request_exception=False)
    known.force_login(an_administrator(), "kouan.accounts.backends.SignInBackend")
    asked = addresses()
    assert len(asked) > 150
    lacking = []
    for client in (stranger, known):
        for address in asked:
            if address.endswith("/stream"):
                continue  # tried by tests/console/test_live_pages.py; it is never at its end
            answer = client.get(address)
            lacking += faults(answer, address)
            assert "unsafe-eval" not in answer["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in answer["Content-Security-Policy"], address
    assert not lacking


@pytest.mark.parametrize("address", ["/no/such/page", "/api/v1/nothing", "/static/nothing.css"])
def test_what_is_not_there_carries_them_too(address: str) -> None:
    answer = Client().get(address)
    assert answer.status_code == 404
    assert not [each for each in faults(answer, address) if not (address.startswith("/static") and "Cache-Control" in each)]


def test_a_file_of_ours_carries_them_and_may_be_kept() -> None:
    answer = Client().get("/static/console/drafts.js")
    assert answer.status_code == 200 and "no-store" not in answer.get("Cache-Control", "")
    assert not [each for each in faults(answer, "") if "Cache-Control" not in each]


def test_a_wrong_host_is_refused_with_them() -> None:
    answer = Client(headers={"host": "evil.example"}).get("/sign-in")
    assert answer.status_code == 400
    assert not faults(answer, "/sign-in")


@override_settings(ROOT_URLCONF="tests.console.test_safe_headers", DEBUG=False)
def test_a_fault_shows_no_trace_and_carries_them() -> None:
    answer = Client(raise_request_exception=False).get("/broken-for-a-test")
    assert answer.status_code == 500
    said = answer.content.decode()
    assert "the secret of the trace" not in said and "Traceback" not in said and "RuntimeError" not in said
    assert not faults(answer, "/broken-for-a-test")


def test_https_is_made_to_last_when_the_operator_says_so() -> None:
    assert "Strict-Transport-Security" not in Client().get("/sign-in").headers
    with override_settings(KOUAN_HTTPS=True):
        assert Client().get("/sign-in")["Strict-Transport-Security"] == HSTS
        assert Client().get("/api/v1/nothing")["Strict-Transport-Security"] == HSTS


def test_cookies_are_kept_from_scripts_other_sites_and_plain_lines() -> None:
    with override_settings(SESSION_COOKIE_SECURE=True, CSRF_COOKIE_SECURE=True):
        client = Client()
        client.get("/sign-in", secure=True)
        client.post("/language", {"language": "en"}, secure=True)
        assert {settings.CSRF_COOKIE_NAME, settings.LANGUAGE_COOKIE_NAME} <= set(client.cookies)
        for name, cookie in client.cookies.items():
            assert cookie["samesite"] == "Lax" and cookie["secure"] and cookie["path"] == "/" and not cookie["domain"], name
        assert client.cookies[settings.LANGUAGE_COOKIE_NAME]["httponly"]
    assert settings.SESSION_COOKIE_HTTPONLY and settings.SESSION_COOKIE_SAMESITE == "Lax"


@pytest.mark.parametrize("method", ["TRACE", "TRACK"])
@pytest.mark.parametrize("address", ["/", "/sign-in", "/api/v1/ports"])
def test_nobody_gets_a_request_echoed(method: str, address: str) -> None:
    assert Client().generic(method, address).status_code == 405


def test_signing_out_clears_what_the_browser_keeps() -> None:
    client = Client()
    client.force_login(an_administrator(), "kouan.accounts.backends.SignInBackend")
    assert client.post("/sign-out")["Clear-Site-Data"] == '"storage"'


def test_texts_say_their_encoding() -> None:
    for address in ("/sign-in", "/no/such/page", "/api/v1/nothing", "/api/v1/openapi.json"):
        kind = Client().get(address)["Content-Type"]
        assert "charset=utf-8" in kind or kind == "application/json", (address, kind)


@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:evil.example"])
def test_no_form_sends_anybody_elsewhere(away: str) -> None:
    answer = Client().post("/language", {"language": "en", "next": away})
    assert answer.status_code == 302 and answer["Location"].startswith("/") and "evil" not in answer["Location"]
