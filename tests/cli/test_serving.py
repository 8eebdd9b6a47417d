"""A server is asked to stop while it works: real processes, real requests, no traceback and no lost answer."""

from __future__ import annotations

import http.client
import signal
import threading
import time

import pytest
from tests.cli.test_installation import ask, serving
from tests.conftest import Installation

pytestmark = pytest.mark.slow


@pytest.fixture
def prepared(installation: Installation) -> Installation:
    """Set up without data."""
    assert installation.kouan("setup", "--no-data").returncode == 0
    return installation


def ended(server: object) -> str:
    """What the server wrote until it ended, which it must do by itself and well."""
    said, _ = server.communicate(timeout=30)  # type: ignore[attr-defined]
    assert server.returncode == 0  # type: ignore[attr-defined]
    assert "Traceback" not in said and "Bad file descriptor" not in said, said
    return str(said)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopping_right_after_a_request(prepared: Installation, number: signal.Signals) -> None:
    with serving(prepared, "--no-worker") as (server, tcp_port):
        kept = http.client.HTTPConnection("127.0.0.1", tcp_port, timeout=20)
        kept.request("GET", "/sign-in")
        assert kept.getresponse().read()
        # The connection stays open, as a browser's does.
        server.send_signal(number)
        assert "正在停止" in ended(server)
        kept.close()


def test_stopping_while_many_ask(prepared: Installation) -> None:
    with serving(prepared, "--no-worker", "--threads", "2") as (server, tcp_port):
        stop = threading.Event()
        answered: list[int] = []

        def keep_asking() -> None:
            while not stop.is_set():
                try:
                    answered.append(ask(tcp_port, "/sign-in")[0])
                except (OSError, http.client.HTTPException):
                    return

        people = [threading.Thread(target=keep_asking) for _ in range(6)]
        for each in people:
            each.start()
        time.sleep(1)
        server.send_signal(signal.SIGTERM)
        said = ended(server)
        stop.set()
        for each in people:
            each.join(timeout=30)
        assert "正在停止" in said and set(answered) == {200}


def test_a_second_wish_to_stop_changes_nothing(prepared: Installation) -> None:
    with serving(prepared) as (server, _):
        for _ in range(3):
            server.send_signal(signal.SIGINT)
            time.sleep(0.05)
        ended(server)
