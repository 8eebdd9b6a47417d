"""Events from a broker: confirmed after the commit alone; whatever breaks, nothing is lost and nothing doubled."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.db import OperationalError
from tests.monitoring.journal_factories import a_source, an_event

from kouan.accounts.action import acting_system
from kouan.accounts.models import User
from kouan.basis import Refused
from kouan.monitoring.journal import shape
from kouan.monitoring.journal.brokers import Followed, Message, broker_of, follow
from kouan.monitoring.journal.brokers.following import Away, chunks
from kouan.monitoring.journal.models import Event, EventBatch, HeldEvent

NO_SERVER = "" if shutil.which("nats-server") else "no nats-server here: scripts/bootstrap-debian nats"


class Shaky:
    """A broker in memory: tells again what was not confirmed, and breaks where it is told to."""

    name = "shaky"

    def __init__(self, bodies: Sequence[bytes], breaks: Sequence[str] = ()) -> None:
        self.waiting = [Message(body, number) for number, body in enumerate(bodies)]
        self.breaks = list(breaks)

    def _may_break(self, where: str) -> None:
        if self.breaks and self.breaks[0] == where:
            self.breaks.pop(0)
            raise Away(where)

    def fetch(self, most: int, seconds: float) -> Sequence[Message]:
        self._may_break("fetch")
        return self.waiting[:most]

    def confirm(self, messages: Sequence[Message]) -> None:
        self._may_break("confirm")
        gone = {each.token for each in messages}
        self.waiting = [each for each in self.waiting if each.token not in gone]

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kouan.monitoring.journal.brokers.following.PAUSES", (0.0,))


def followed(broker: Any, source: str = "tj-terminal", **options: Any) -> Followed:
    with acting_system("test") as system:
        return follow(broker, actor=system, source=source, stop=threading.Event(), until_empty=True, **options)


def body(*numbers: int, **fields: Any) -> bytes:
    return msgspec.json.encode([an_event(number, **fields) for number in numbers])


@pytest.mark.django_db
def test_what_was_not_confirmed_is_told_again_and_repeated() -> None:
    a_source()
    broker = Shaky([body(1, 2), body(3), body(4, 5)], ["fetch", "confirm", "fetch", "confirm"])
    done = followed(broker)
    assert sorted(Event.objects.values_list("event_id", flat=True)) == ["E1", "E2", "E3", "E4", "E5"]
    assert (done.accepted, done.repeated, done.broken, broker.waiting) == (5, 10, 4, [])
    assert set(EventBatch.objects.values_list("channel", flat=True)) == {"stream"}


@pytest.mark.django_db
def test_the_source_of_the_follower_speaks_and_no_other() -> None:
    a_source()
    a_source("other-terminal")
    followed(Shaky([body(1, source="other-terminal", origin="official")]))
    event = Event.objects.get()
    assert event.source == "tj-terminal"


@pytest.mark.django_db
def test_a_message_that_is_no_event_is_held_as_it_was_sent() -> None:
    a_source()
    broker = Shaky([b"\xff{not json", b"", b'{"case_id": 7}', body(1)])
    done = followed(broker)
    assert (done.accepted, done.held, broker.waiting) == (1, 3, [])
    assert any("not json" in json.dumps(row.raw, ensure_ascii=False) for row in HeldEvent.objects.all())


@pytest.mark.django_db
def test_a_database_that_is_away_makes_the_messages_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    a_source()
    from kouan.monitoring.journal.brokers import following as module

    real, faults = module.take_in_events, iter([True, True, False])

    def sometimes(**options: Any) -> Any:
        if next(faults, False):
            raise OperationalError("server closed the connection")
        return real(**options)

    monkeypatch.setattr(module, "take_in_events", sometimes)
    monkeypatch.setattr(module, "close_old_connections", lambda: None)  # the test's own transaction lives in it
    done = followed(Shaky([body(1)]))
    assert done.broken == 2 and done.accepted == 1 and Event.objects.count() == 1


@pytest.mark.django_db
def test_somebody_else_s_source_is_not_followed() -> None:
    a_source()
    a_source("other-terminal", ports=("manzhouli-rail",))
    stranger = User.objects.get(username="reporter-other-terminal")
    broker = Shaky([body(1)])
    with pytest.raises(Refused):
        follow(broker, actor=stranger, source="tj-terminal", stop=threading.Event(), until_empty=True)
    assert len(broker.waiting) == 1 and not Event.objects.exists() and not HeldEvent.objects.exists()


def test_messages_are_put_together_up_to_a_thousand_events_and_never_cut() -> None:
    messages = [Message(body(*range(first, first + 300)), first) for first in range(0, 1500, 300)]
    made = list(chunks(messages, "tj-terminal"))
    assert [len(taken) for taken, _ in made] == [3, 2] and all(read.count <= shape.MOST for _, read in made)
    assert made[0][1].numbers == list(range(1, 901))


def test_an_address_that_names_no_broker_is_refused() -> None:
    with pytest.raises(Refused):
        broker_of("amqp://127.0.0.1", stream="events", subject="", durable="kouan", credentials=None)


# ---- a real server ------------------------------------------------------------------------------------------------


class Server:
    """Debian's nats-server with JetStream, its files in a folder."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.folder, self.address = folder, f"nats://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["nats-server", "-js", "-sd", str(self.folder), "-a", "127.0.0.1", "-p", str(self.port)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.1)
        pytest.fail("nats-server does not answer")

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=30)
            self.process = None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    if NO_SERVER:
        pytest.skip(NO_SERVER)
    found = Server(tmp_path / "jetstream")
    found.start()
    yield found
    found.stop()


def publish(server: Server, numbers: range, port: str) -> None:
    """Put events into the stream, each confirmed by the broker's own disk."""
    import nats

    async def work() -> None:
        line = await nats.connect(server.address)
        stream = line.jetstream()
        await stream.add_stream(name="events", subjects=["events.>"])
        for number in numbers:
            event = an_event(number, port=port, source="killed", event_id=str(number), case_id=f"K{number // 4}")
            await stream.publish("events.port", msgspec.json.encode(event))
        await line.close()

    # In a thread of its own: the browser's driver keeps a loop running in the one of the tests.
    with ThreadPoolExecutor(1) as beside:
        beside.submit(asyncio.run, work()).result()


@pytest.mark.long
def test_a_broker_and_a_follower_that_are_killed_lose_and_double_nothing(server: Server, prepared: Any) -> None:
    from tests.monitoring.test_event_hard_times import Worker, nothing_lost_nor_doubled

    worker = Worker(prepared.environment, prepared.home)
    assert worker.ask("prepare") == "prepared"
    listed = subprocess.run([sys.executable, "-m", "kouan", "ports", "list", "--json"], env=prepared.environment, capture_output=True, check=True)
    port = sorted(each["code"] for each in json.loads(listed.stdout))[0]
    publish(server, range(1_500), port)
    command = [sys.executable, "-m", "kouan", "events", "follow", server.address, "--source", "killed"]

    def started() -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, env=prepared.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def count() -> int:
        return len(worker.check()["ids"])

    def until(number: int) -> None:
        limit = time.monotonic() + 180
        while count() < number:
            assert time.monotonic() < limit, f"{count()} of {number} events after three minutes"
            time.sleep(0.5)

    try:
        follower = started()
        time.sleep(4)
        os.kill(follower.pid, signal.SIGKILL)
        follower.wait()
        follower = started()
        until(1_500)
        server.stop(signal.SIGKILL)
        time.sleep(3)
        assert follower.poll() is None, "the follower ended when the broker was away"
        server.start()
        publish(server, range(1_500, 3_000), port)
        until(3_000)
        follower.terminate()
        assert follower.wait(timeout=60) == 0
        nothing_lost_nor_doubled(worker.check(), set(range(3_000)))
        assert count() == 3_000
    finally:
        worker.end()
