"""Every request: grants are looked up once, and what was read through them is written when the answer is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse

from kouan.desk.sharing.reach import by_door, one_request


class GrantReadsMiddleware:
    """Stands inside sign-in; an answer whose reading cannot be written down is not given."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        door = f"{request.method} {request.path}"
        with one_request(door):
            response = self.get_response(request)
        streamed: Any = response
        if streamed.streaming and not streamed.is_async:
            streamed.streaming_content = _named(door, streamed.streaming_content)
        return response


def _named(door: str, parts: Iterable[bytes]) -> Iterator[bytes]:
    """A file still being sent reads after its request has ended: grants are then looked up anew, and reads written as they happen."""
    with by_door(door):
        yield from parts
