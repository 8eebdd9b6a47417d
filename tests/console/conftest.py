"""People who open pages, and a small register for them to look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.factories import (
    PASSWORD,
    a_national_officer,
    a_port_reporter,
    a_provincial_officer,
    an_administrator,
)
from ports.factories import a_port


@pytest.fixture(autouse=True)
def sessions_that_last(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests travel through days and sign in as often as they like; what ends a session has tests of its own."""
    if request.module.__name__.rpartition(".")[2] != "test_second_factor_pages":
        monkeypatch.setattr("kouan.accounts.sessions.is_over", lambda session: "")
        monkeypatch.setattr("django.conf.settings.KOUAN_SESSIONS_PER_USER", 1_000)


@pytest.fixture
def open_as(db: None) -> Callable[[Any], Client]:
    """``open_as(user)``: a browser in which the user is signed in."""

    def sign_in(user: Any) -> Client:
        client = Client()
        answer = client.post("/sign-in", {"username": user.username, "password": PASSWORD})
        assert answer.status_code == 302, answer.content.decode()[:400]
        return client

    return sign_in


@pytest.fixture
def officer(db: None) -> Any:
    """Of the national office."""
    return a_national_officer()


@pytest.fixture
def guangdong(db: None) -> Any:
    """Of the port office of Guangdong."""
    return a_provincial_officer("44")


@pytest.fixture
def reporter(db: None) -> Any:
    """Who reports for 罗湖."""
    return a_port_reporter("luohu-rail")


@pytest.fixture
def administrator(db: None) -> Any:
    """Of the national office; manages users."""
    return an_administrator()


@pytest.fixture
def ports(db: None) -> None:
    """罗湖 in Guangdong and 满洲里 in Inner Mongolia."""
    a_port("luohu-rail", "rail", name_zh="罗湖铁路口岸", short_name_zh="罗湖", pinyin="luohu", initials="lh",
           province_code="44", city_code="440300", transport_class="rail", class_basis="按运输方式：铁路")
    a_port("manzhouli-road", "road", name_zh="满洲里公路口岸", short_name_zh="满洲里", pinyin="manzhouli", initials="mzl",
           province_code="15", transport_class="road", class_basis="按运输方式：公路")
