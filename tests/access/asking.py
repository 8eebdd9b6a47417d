"""Asking a door: its address filled in, its form empty or its body the plainest that its schema allows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from copy import copy
from typing import Any

from django.core.signals import request_finished
from django.db import close_old_connections, transaction
from django.http.response import HttpResponseBase
from django.test import Client
from hypothesis import HealthCheck, Phase, Verbosity, find, settings
from hypothesis import strategies as st
from tests.access.doors import Door, parts_of

from kouan.accounts.models import User
from kouan.api.door import api


def address_of(door: Door, keys: dict[str, Any], query: str = "") -> str:
    """The address with its parts filled in; KeyError names a part that no key fills."""
    filled = door.template
    for part in parts_of(door.template):
        filled = filled.replace(f"{{{part}}}", str(keys[part]))
    return filled + (f"?{query.format_map(keys)}" if query else "")


def ask(client: Client, door: Door, address: str, keys: dict[str, Any]) -> tuple[int, str]:
    """Ask once, taking back whatever the asking wrote: the status, and what was said."""
    cookies = copy(client.cookies)  # the door may be the one that goes out
    with transaction.atomic():
        answer = _send(client, door, address, keys)
        said = "" if answer.streaming else answer.content.decode(errors="replace")
        _leave(answer)
        transaction.set_rollback(True)
    client.cookies = cookies
    return answer.status_code, said


def _leave(answer: HttpResponseBase) -> None:
    """Go before the stream has ended, so that its seat is free again; without closing the connection, and the world with it."""
    if answer.streaming:
        request_finished.disconnect(close_old_connections)
        answer.close()
        request_finished.connect(close_old_connections)


def _send(client: Client, door: Door, address: str, keys: dict[str, Any]) -> HttpResponseBase:
    if door.operation is None:
        return client.get(address) if door.method == "GET" else client.post(address, {})
    if door.method == "GET":
        return client.get(address)
    headers = {"If-Match": '"0"', "Idempotency-Key": "access-matrix-0001"}
    content = door.operation.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        from django.core.files.uploadedfile import SimpleUploadedFile

        body = {"file": SimpleUploadedFile("x.csv", b"a,b\n1,2\n"), "source": "port-return"}
        return client.generic(door.method, address, *_multipart(client, body), headers=headers)
    schema = next(iter(content.values()), {}).get("schema", {})
    return client.generic(door.method, address, json.dumps(plainest(schema, keys)), "application/json", headers=headers)


def _multipart(client: Client, body: dict[str, Any]) -> tuple[bytes, str]:
    from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

    return encode_multipart(BOUNDARY, body), MULTIPART_CONTENT


def plainest(schema: dict[str, Any], keys: dict[str, Any]) -> Any:
    """The plainest value of a JSON schema: required members only, the first choice, the shortest text that fits.

    >>> plainest({"type": "object", "required": ["a"], "properties": {"a": {"type": "integer", "minimum": 3}, "b": {}}}, {})
    {'a': 3}
    """
    if "$ref" in schema:
        schema = api.get_openapi_schema()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    for name in ("anyOf", "oneOf", "allOf"):
        if schema.get(name):
            return plainest(schema[name][0], keys)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    match schema.get("type"):
        case "object":
            parts = schema.get("properties", {})
            return {each: keys[each] if each in ("port", "subject") else plainest(parts[each], keys) for each in schema.get("required", ())}
        case "array":
            return [plainest(schema["items"], keys) for _ in range(schema.get("minItems", 0))]
        case "integer" | "number":
            return max(schema.get("minimum", 1), schema.get("exclusiveMinimum", 0) + 1)
        case "boolean":
            return False
        case "string":
            return _text(schema)
    return {}


def _text(schema: dict[str, Any]) -> str:
    match schema.get("format"):
        case "date":
            return "2025-03-06"
        case "date-time":
            return "2025-03-06T08:00:00+08:00"
    if pattern := schema.get("pattern"):
        return _shortest(pattern, schema.get("minLength", 0))
    return "某" * max(1, schema.get("minLength", 1))


def _shortest(pattern: str, at_least: int, _kept: dict[tuple[str, int], str] = {}) -> str:  # noqa: B006 - kept on purpose
    """A short text that the pattern takes."""
    for plain in ("a", "1", "2025", "44", "x-1", "2025-03", "某"):
        if len(plain) >= at_least and re.search(pattern, plain):
            return plain
    if (pattern, at_least) not in _kept:
        fits: Callable[[str], bool] = lambda text: len(text) >= at_least  # noqa: E731
        _kept[pattern, at_least] = find(st.from_regex(pattern), fits, settings=settings(
            derandomize=True, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), verbosity=Verbosity.quiet))
    return _kept[pattern, at_least]


def client_of(user: User | None) -> Client:
    """A browser in which the user is signed in (nobody: a stranger's)."""
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user, "kouan.accounts.backends.SignInBackend")
    return client
