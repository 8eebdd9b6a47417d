"""A server is asked to stop while it works: real processes, real requests, no traceback and no lost answer."""

from __future__ import annotations

import http.client
import re
import signal
import threading
import time
from urllib.parse import urlencode

import pytest
from tests.cli.test_installation import ask, serving
from tests.conftest import Installation

pytestmark = pytest.mark.slow


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


def test_a_second_wish_to_stop_cuts_no_running_request_off(prepared: Installation) -> None:
    """A terminal's Ctrl+C reaches ``make`` too, which passes on a signal of its own; the worker takes time to end."""
    with serving(prepared) as (server, tcp_port):
        first = http.client.HTTPConnection("127.0.0.1", tcp_port, timeout=20)
        first.request("GET", "/sign-in")
        answer = first.getresponse()
        form = re.search(r'csrfmiddlewaretoken" value="([^"]+)', answer.read().decode())
        assert form is not None
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Referer": f"http://127.0.0.1:{tcp_port}/sign-in",
                   "Cookie": str(answer.getheader("Set-Cookie")).split(";")[0]}
        body = urlencode({"csrfmiddlewaretoken": form[1], "username": "guojia", "password": "wrong"})
        statuses: list[int] = []

        def sign_in() -> None:
            # Passwords are hashed slowly on purpose, so this request is still running when the server is told to stop.
            line = http.client.HTTPConnection("127.0.0.1", tcp_port, timeout=20)
            line.request("POST", "/sign-in", body, headers)
            statuses.append(line.getresponse().status)

        people = [threading.Thread(target=sign_in) for _ in range(3)]
        for each in people:
            each.start()
        time.sleep(0.15)
        for number in (signal.SIGINT, signal.SIGTERM):
            server.send_signal(number)
            time.sleep(0.05)
        ended(server)
        for each in people:
            each.join(timeout=30)
        assert len(statuses) == 3 and set(statuses) <= {422, 429}
