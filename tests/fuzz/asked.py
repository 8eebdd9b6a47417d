# ruff: noqa: E501 - seeds and words are data
"""What is asked of pages and of the API: queries, headers and forms, spoilt. No answer may be a fault of the server, and none may hang.

A case is text of lines ``name=value``, the first line the method and address: an address that was spoilt is mended to one that is there.
"""

from __future__ import annotations

import re
import tempfile
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

from tests.fuzz.mutations import zipped
from tests.fuzz.parsers import Parser
from tests.fuzz.stored import HalfDone, _client, _example, _schema, somebody, undone

# Tokens, codes of the second factor, cursors, versions and keys come by these.
HEADERS = ("Authorization", "If-Match", "If-None-Match", "Idempotency-Key", "Accept-Language", "Cookie", "Content-Type", "Accept", "Range", "X-Forwarded-For")


@cache
def _browser() -> Any:
    """A browser of the national office; forms need no token here, for each is made anew."""
    from django.test import Client

    client = Client(raise_request_exception=False, SERVER_NAME="localhost")
    client.force_login(somebody("guojia"), "kouan.accounts.backends.SignInBackend")
    return client


def _reads() -> list[tuple[str, list[str]]]:
    """(address, parameters) of every reading operation."""
    found = []
    for path, item in sorted(_schema()["paths"].items()):
        if "get" in item:
            names = []
            for each in item["get"].get("parameters", []):
                if each["in"] == "path":
                    path = path.replace(f"{{{each['name']}}}", str(_example(each["schema"])))
                elif each["in"] == "query":
                    names.append(f"{each['name']}={_example(each['schema'])}")
            found.append((path, names))
    return found


def _queries() -> list[bytes]:
    heads = ["If-Match: \"1\"", "Idempotency-Key: k", "Authorization: Bearer x", "Cookie: kouan=x"]
    return ["\n".join([f"get {path}", *names, *heads[number % 5: number % 5 + 1]]).encode() for number, (path, names) in enumerate(_reads())]


PAGES = ("year=2025", "month=2024-01", "page=1", "sort=-name", "q=罗湖", "province=44", "subject=port:luohu-rail", "measure=cargo_tonnes", "from=2023-01", "to=2024-01", "export=csv", "state=open")


@cache
def _doors() -> tuple[Any, ...]:
    """Every page that any address of letters and numbers reaches, streams left out: they end only when somebody goes."""
    from tests.access.doors import pages, parts_of

    words = {"number": "1", "code": "luohu-rail", "year": "2025", "form": "xlsx", "version": "1", "kind": "below", "port": "luohu-rail", "province": "44", "task": "T1", "place": "44"}
    return tuple((each.method.lower(), each.template.format_map({part: words.get(part, "1") for part in parts_of(each.template)}))
                 for each in pages() if "stream" not in each.name)


def _page_queries() -> list[bytes]:
    return ["\n".join([f"get {address}", *PAGES[number % 4:]]).encode() for number, (method, address) in enumerate(_doors()) if method == "get"]


FORM = ("act=save", "action=submit", "version=1", "reason=理由", "name_zh=甲", "name_en=A", "code=x-1", "year=2025", "value=1.5", "day=2024-01-01", "from=2024-01-01",
        "port=luohu-rail", "number=1", "words=请办", "title=标题", "text=正文", "username=guojia", "password=x", "secret=123456", "cells=a01", "kind=names", "numbers=1")


@cache
def _fields() -> dict[str, list[str]]:
    """The fields of each form as the page itself shows them; of one that shows none, the common ones."""
    found: dict[str, list[str]] = {}
    for method, address in _doors():
        if method == "post":
            with undone():
                page = _browser().get(address)
                shown = "" if page.streaming else page.content.decode("utf-8", "replace")
            names = [name for name in dict.fromkeys(re.findall(r'<(?:input|select|textarea)[^>]* name="([^"]+)"', shown)) if name != "csrfmiddlewaretoken"]
            found[address] = [f"{name}=1" for name in names[:40]] or list(FORM)
    return found


def _forms() -> list[bytes]:
    return ["\n".join([f"post {address}", *fields, *FORM[number % 7::7]]).encode() for number, (address, fields) in enumerate(_fields().items())]


def _split(data: bytes, addresses: tuple[str, ...]) -> tuple[str, list[tuple[str, str]], dict[str, str]]:
    """Address, pairs and headers of a case."""
    head, *lines = data[:200_000].decode("utf-8", "surrogateescape").split("\n")
    address = head.partition(" ")[2]
    if address not in addresses:
        address = Random(head.encode("utf-8", "surrogateescape")).choice(addresses)
    pairs, headers = [], {}
    for line in lines[:200]:
        name, colon, value = line.partition(": ")
        if colon and name in HEADERS:
            headers[name] = value.replace("\r", " ").replace("\n", " ")[:8_000]
        else:
            name, _, value = line.partition("=")
            pairs.append((name, value))
    return address, pairs, headers


def _answered(address: str, answer: Any) -> Any:
    if answer.status_code >= 500 and answer.status_code != 503:
        raise HalfDone(f"{address}: {answer.status_code} {answer.content[:300]!r}")
    if answer.streaming:
        answer.close()
        return str(answer.status_code)
    return answer.content.decode("utf-8", "replace")[:500]


def _query(pairs: list[tuple[str, str]]) -> str:
    return urlencode(pairs, errors="surrogateescape", quote_via=quote)[:60_000]


def _asked(data: bytes) -> Any:
    address, pairs, headers = _split(data, tuple(path for path, _ in _reads()))
    with undone():
        return _answered(address, _client().get(f"{address}?{_query(pairs)}", headers=headers))


def _looked(data: bytes) -> Any:
    address, pairs, headers = _split(data, tuple(path for method, path in _doors() if method == "get"))
    headers.pop("Cookie", None)  # stay signed in
    with undone():
        return _answered(address, _browser().get(f"{address}?{_query(pairs)}", headers=headers))


def _posted(data: bytes) -> Any:
    address, pairs, headers = _split(data, tuple(_fields()))
    headers.pop("Cookie", None)
    headers.pop("Content-Type", None)
    if address in ("/accounts/sign-out", "/account/password"):
        return None
    with undone():
        return _answered(address, _browser().generic("POST", address, _query(pairs).encode(), "application/x-www-form-urlencoded", headers=headers))


def _return_books() -> list[bytes]:
    """The system's own template, filled in."""
    from tests.collection.returns.office import a_workbook

    from kouan.basis import Period

    with tempfile.TemporaryDirectory() as place, undone():
        path = a_workbook(somebody("luohu-bianjian"), Path(place), period=Period.month(2024, 10))
        return [path.read_bytes(), zipped([("a.xlsx", path.read_bytes()), ("b.txt", b"x")])]


def _return_book(data: bytes) -> Any:
    from kouan.basis import Refused
    from kouan.collection.returns.actions import file_sheets
    from kouan.collection.returns.models import ReturnVersion
    from kouan.collection.returns.reading import read_upload

    with tempfile.TemporaryDirectory() as place, undone():
        path = Path(place) / "报表.xlsx"
        path.write_bytes(data)
        before = ReturnVersion.objects.count()
        try:
            return [str(each) for each in file_sheets(actor=somebody("luohu-bianjian"), sheets=read_upload(path, path.name))]
        except Refused:
            if ReturnVersion.objects.count() != before:
                raise HalfDone("a refused workbook left a return") from None
            raise


ASKED: tuple[Parser, ...] = (
    Parser("return-workbook", "zip", _return_books, _return_book, is_stored=True),
    Parser("api-queries", "text", _queries, _asked, is_stored=True, seconds=10.0),
    Parser("page-queries", "text", _page_queries, _looked, is_stored=True, seconds=10.0),
    Parser("page-forms", "text", _forms, _posted, is_stored=True, seconds=10.0),
)
