"""Two installations with a home, a database and processes of their own: messages both ways over HTTP and by folder, killed in between."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Installation, _database, _environment

pytestmark = [pytest.mark.long, pytest.mark.slow]


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found


class Side:
    """One installation of the two."""

    def __init__(self, installation: Installation, code: str) -> None:
        self.it, self.code, self.tcp_port = installation, code, _free()
        self.server: subprocess.Popen[str] | None = None

    def run(self, *arguments: str, status: int = 0) -> Any:
        """``kouan exchange ARGUMENT … --json``, and what it says."""
        done = self.it.kouan("exchange", *arguments, "--json")
        assert done.returncode == status, done.stdout + done.stderr
        return json.loads(done.stdout)

    def begin(self, suite: str) -> None:
        self.run("begin", self.code, "--name", f"单位{self.code}", "--address", f"http://127.0.0.1:{self.tcp_port}", "--suite", suite)
        self.run("card", str(self.it.home / "card.json"))

    def know(self, other: Side, route: str = "http") -> None:
        from kouan.exchange.ledger.actions import fingerprint_of

        card = other.it.home / "card.json"
        self.run("partners", "add", str(card), "--fingerprint", fingerprint_of(json.loads(card.read_text())), "--route", route,
                 "--accept", "published-figures/1")

    def serve(self) -> None:
        self.server = self.it.start("serve", "--port", str(self.tcp_port), "--no-worker", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                    start_new_session=True)
        for _ in range(240):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.tcp_port}/api/v1/openapi.json", timeout=5).close()
                return
            except OSError:
                time.sleep(0.25)
        raise AssertionError("the server did not come up")

    def kill(self) -> None:
        if self.server is not None:
            os.killpg(self.server.pid, signal.SIGKILL)
            self.server.wait()
            self.server = None

    def send(self, other: Side, number: int) -> str:
        place = self.it.home / f"figures-{number}.json"
        place.write_text(json.dumps({"figures": [number]}), encoding="utf-8")
        return str(self.run("send", other.code, str(place), "--service", "published-figures/1")["message"])

    def entries(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.run("list", "--kind", kind, "--limit", "500")
        return found


@pytest.fixture
def two(_set_up_once: tuple[Path, str], tmp_path: Path) -> Iterator[tuple[Side, Side]]:
    """The management side with the national suite, the single window with the other one; neither sees the other's home."""
    model, name = _set_up_once
    with ExitStack() as stack:
        sides = []
        for code in ("npo", "sw"):
            home = Path(shutil.copytree(model, tmp_path / code))
            environment = _environment(home) | {"KOUAN_KEY_SECRET": f"a secret of {code} in its environment"}
            stack.enter_context(_database(environment, name))
            sides.append(Side(Installation(home, environment), code))
        sides[0].begin("sm")
        sides[1].begin("es256")
        yield sides[0], sides[1]
        for each in sides:
            each.kill()


def both_sound(one: Side, other: Side) -> None:
    """Each verifies alone, and against what the other holds."""
    for mine, theirs in ((one, other), (other, one)):
        place = theirs.it.home / "evidence.jsonl"
        theirs.run("evidence", mine.code, str(place))
        report = mine.run("verify", "--evidence", str(place))
        assert report["is_sound"], report
        assert report["counts"]["evidence"] > 0


def test_messages_go_both_ways_over_http_and_survive_kills(two: tuple[Side, Side]) -> None:
    npo, sw = two
    npo.know(sw)
    sw.know(npo)
    first = npo.send(sw, 0)
    assert npo.run("deliver") == {"waiting": 1}, "nobody listens yet"
    sw.serve()
    assert npo.run("deliver") == {"acknowledged": 1}
    assert sw.entries("received")[0]["message"] == first
    # Killed hard while messages come in; started again, they go on. Each is there once.
    sent = {npo.send(sw, number) for number in range(1, 7)}
    for pause in (0.2, 0.6, 1.1):
        carrier = npo.it.start("exchange", "deliver", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(2.0 + pause)
        sw.kill()
        os.killpg(carrier.pid, signal.SIGKILL)
        carrier.wait()
        sw.serve()
    for _ in range(4):
        npo.run("deliver")
    received = [each["message"] for each in sw.entries("received")]
    assert len(received) == len(set(received))
    assert set(received) == sent | {first}
    assert {each["state"] for each in npo.entries("sent")} == {"对方已签收"}
    # The other way, and with a key changed in between.
    npo.serve()
    sw.send(npo, 20)
    sw.run("keys", "rotate", "--suite", "sm", "--lead-days", "0", "--overlap-days", "3")
    time.sleep(2)
    sw.send(npo, 21)
    assert sw.run("deliver") == {"acknowledged": 3}
    assert len(npo.entries("received")) == 3
    both_sound(npo, sw)


def test_two_zones_by_folder_with_lost_cut_and_repeated_copies(two: tuple[Side, Side], tmp_path: Path) -> None:
    npo, sw = two
    npo.know(sw, "folder")
    sw.know(npo, "folder")
    usb = tmp_path / "usb"
    for number in range(3):
        npo.send(sw, number)
    # The export is killed at some moment; the next one brings the whole.
    killed = npo.it.start("exchange", "export", "sw", "--to", str(usb), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    time.sleep(2.2)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    npo.run("export", "sw", "--to", str(usb))
    cut = tmp_path / "cut"
    shutil.copytree(usb, cut)
    next(cut.rglob("000003.payload")).unlink()
    assert sw.run("import", str(cut), status=1)[0]["state"] == "refused"
    assert not sw.entries("received")
    assert [(each["state"], each["taken"]) for each in sw.run("import", str(usb))] == [("taken", 3)]
    assert [each["state"] for each in sw.run("import", str(usb))] == ["already"]
    # The first way back is lost; the second carries the receipts again, with a message.
    sw.run("export", "npo", "--to", str(tmp_path / "lost"))
    sw.send(npo, 9)
    sw.run("export", "npo", "--to", str(tmp_path / "back"))
    only_second = tmp_path / "gap"
    only_second.mkdir()
    shutil.copytree(tmp_path / "back" / "sw_to_npo_00000002", only_second / "sw_to_npo_00000002")
    assert npo.run("import", str(only_second), status=1)[0]["findings"][0]["code"] == "exchange_batch_gap"
    assert [each["state"] for each in npo.run("import", str(tmp_path / "back"))] == ["taken", "taken"]
    assert {each["state"] for each in npo.entries("sent")} == {"对方已签收"}
    assert len(npo.entries("received")) == 1
    npo.run("export", "sw", "--to", str(usb))
    sw.run("import", str(usb))
    assert {each["state"] for each in sw.entries("sent")} == {"对方已签收"}
    both_sound(npo, sw)
