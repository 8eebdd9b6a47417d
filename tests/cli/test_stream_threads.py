"""Open streams take no thread from ordinary requests, and ordinary requests get no more threads than they were given."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

from kouan.cli.running import _dispatcher
from kouan.desk import streams


class Asked:
    """A connection with one request, as the server hands it over."""

    def __init__(self, path: str, work: Any) -> None:
        self.requests = [SimpleNamespace(path=path)]
        self.service = work


def test_an_ordinary_request_is_answered_beside_any_number_of_streams() -> None:
    dispatcher, ended, answered = _dispatcher(1), threading.Event(), threading.Event()
    for _ in range(5):
        dispatcher.add_task(Asked("/panorama/stream", lambda: ended.wait(20)))
    dispatcher.add_task(Asked("/ports", answered.set))
    assert answered.wait(10), "打开的实时页占住了普通请求的线程"
    assert len(dispatcher.open_streams) == 5 and len(dispatcher.threads) == 1
    ended.set()
    for thread in list(dispatcher.open_streams):
        thread.join(10)
    assert not dispatcher.open_streams
    dispatcher.shutdown(timeout=5)


def test_more_streams_than_there_may_be_open_no_threads_of_their_own(monkeypatch: Any) -> None:
    monkeypatch.setattr(streams, "STREAMS", 2)
    dispatcher, ended, refused = _dispatcher(1), threading.Event(), threading.Event()
    for _ in range(3):
        dispatcher.add_task(Asked("/panorama/stream", lambda: ended.wait(20)))
    dispatcher.add_task(Asked("/panorama/stream", refused.set))
    assert refused.wait(10) and len(dispatcher.open_streams) == 3
    ended.set()
    dispatcher.shutdown(timeout=5)


def test_a_stream_that_breaks_leaves_no_trace() -> None:
    dispatcher = _dispatcher(1)
    dispatcher.add_task(Asked("/panorama/stream", lambda: 1 / 0))
    for thread in list(dispatcher.open_streams):
        thread.join(10)
    assert not dispatcher.open_streams
    dispatcher.shutdown(timeout=5)
