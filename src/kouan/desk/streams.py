"""Pages that stay open: server-sent events, within a bounded number of streams.

A stream holds one thread of the server for as long as its page is open. So their number is bounded (``STREAMS``); one more
is answered 503 with Retry-After, and its page says that it will try again. Each stream ends by itself after ``LIFETIME``
(browsers open the next one at once), so that a right that was taken away, or an account that was closed, ends there too.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from kouan.basis import Text

STREAMS = 48
# Seconds: how long one stream lasts; the most between two signs of life (proxies cut silent connections after 30 to 60).
LIFETIME, HEARTBEAT = 300.0, 15.0
_free = threading.BoundedSemaphore(STREAMS)
# Set when the server winds up: open pages must not hold it.
ending = threading.Event()

# What a stream sends: (kind, data) for an event, None for nothing new.
Frames = Iterator[tuple[str, Mapping[str, Any]] | None]


def stream(frames: Callable[[], Frames], language: str) -> HttpResponseBase:
    """Answer with what ``frames`` yields, one event each; ``None`` is a turn without news.

    ``frames`` is called in the thread that sends, and should yield about once a second; it ends the stream by ending.
    """
    if ending.is_set() or not _free.acquire(blocking=False):
        return HttpResponse("stream limit", status=503, headers={"Retry-After": "20"}, content_type="text/plain")
    response = StreamingHttpResponse(_sent(frames, language), content_type="text/event-stream; charset=utf-8")
    response["Cache-Control"], response["X-Accel-Buffering"] = "no-store", "no"
    return response


class _sent:
    """The bytes of one stream. A class, so that its place is given back also when nothing was ever read from it."""

    def __init__(self, frames: Callable[[], Frames], language: str) -> None:
        self._lines = self._write(frames, language)
        self._held = True

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._lines)

    def close(self) -> None:
        """Django and the server both call this; the place is given back once."""
        self._lines.close()
        if self._held:
            self._held = False
            _free.release()

    @staticmethod
    def _write(frames: Callable[[], Frames], language: str) -> Any:
        import time

        began = heard = time.monotonic()
        # The request is answered; its database connection would otherwise stay open with the page.
        if not connection.in_atomic_block:
            connection.close()
        yield b"retry: 3000\n\n"
        for frame in frames():
            now = time.monotonic()
            if ending.is_set() or now - began > LIFETIME:
                return
            if frame is not None:
                heard = now
                kind, data = frame
                # The browser sends the id back when it opens the next stream: a replay then goes on where it was.
                mark = f"id: {data['id']}\n" if "id" in data else ""
                yield f"event: {kind}\n{mark}data: {as_json(data, language)}\n\n".encode()
            elif now - heard > HEARTBEAT:
                heard = now
                yield b": \n\n"


def as_json(data: Any, language: str) -> str:
    """JSON on one line, each ``Text`` in one language."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=lambda value: _worded(value, language))


def _worded(value: Any, language: str) -> str:
    if isinstance(value, Text):
        return value.in_language(language)
    raise TypeError(f"{type(value).__name__} has no place in a stream")
