"""A database that is away, busy or full is told by a page that does not ask it for anything."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client


@pytest.mark.parametrize(("error", "words"), [
    (OperationalError("the connection is lost"), "数据库暂时不可用"),
    (OperationalError("database is locked"), "数据库暂时不可用"),
    (InterfaceError("connection already closed"), "数据库暂时不可用"),
    (OperationalError("database or disk is full"), "服务器磁盘已满"),
    (OperationalError('could not extend file: No space left on device'), "服务器磁盘已满"),
])  # fmt: skip
@pytest.mark.parametrize("where", ["page", "session"])
def test_a_page_says_that_the_database_is_away(monkeypatch: Any, error: Exception, words: str, where: str) -> None:
    def away(*arguments: Any, **options: Any) -> Any:
        raise error

    if where == "page":
        monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", away)
    else:
        monkeypatch.setattr("django.contrib.sessions.middleware.SessionMiddleware.process_request", away)
    client = Client(raise_request_exception=False)
    client.cookies["kouan_session"] = client.cookies["kouan_exercise_session"] = "x" * 32
    answer = client.get("/ports")
    page = answer.content.decode()
    assert answer.status_code == 503 and answer["Retry-After"] == "5" and words in page and "nothing was changed" in page


def test_another_fault_is_still_a_fault(monkeypatch: Any) -> None:
    def broken(*arguments: Any, **options: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr("django.contrib.sessions.middleware.SessionMiddleware.process_request", broken)
    answer = Client(raise_request_exception=False).get("/ports")
    assert answer.status_code == 500 and "系统出错" in answer.content.decode()
