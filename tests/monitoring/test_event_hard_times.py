"""kill -9 of the writer, of the compaction and of PostgreSQL: no acknowledged event lost, none doubled, no half month."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from select import select
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("a_killed_journal.py")


class Worker:
    """A process whose children write or compact, and may be killed."""

    def __init__(self, environment: dict[str, str], home: Path) -> None:
        self.log = home / "worker.log"
        self.process = subprocess.Popen(
            [sys.executable, str(SCRIPT)], env=environment | {"DJANGO_SETTINGS_MODULE": "kouan.settings"},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log.open("ab"))
        self.heard = b""
        self.pid = 0
        assert self.line() == "ready"

    def line(self, seconds: float = 120) -> str:
        """The next line; a worker that says nothing for two minutes is a fault of its own."""
        assert self.process.stdout is not None
        while b"\n" not in self.heard:
            is_there = select([self.process.stdout], [], [], seconds)[0]
            assert is_there, f"the worker has fallen silent\n{self.log.read_text(encoding='utf-8')[-3000:]}"
            said = os.read(self.process.stdout.fileno(), 65536)
            assert said, "the worker has ended"
            self.heard += said
        line, _, self.heard = self.heard.partition(b"\n")
        return line.decode()

    def say(self, words: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{words}\n".encode())
        self.process.stdin.flush()

    def start(self, words: str) -> None:
        self.say(f"start {words}")
        self.pid = int(self.line().removeprefix("started "))

    def until_ended(self) -> list[str]:
        """The lines that the child said up to its end."""
        self.say("wait")
        lines = []
        while (line := self.line()) != "ended":
            lines.append(line)
        return lines

    def kill(self) -> list[str]:
        """Kill the child; whatever it had said before."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        return self.until_ended()

    def ask(self, words: str) -> str:
        self.start(words)
        lines = self.until_ended()
        assert lines, f"{words}: the child broke\n{self.log.read_text(encoding='utf-8')[-3000:]}"
        return lines[-1]

    def check(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.ask("check"))
        return found

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=30)


@pytest.fixture
def worker(prepared: Any) -> Iterator[Worker]:
    found = Worker(prepared.environment, prepared.home)
    assert found.ask("prepare") == "prepared"
    yield found
    found.end()


def acknowledged(lines: list[str]) -> set[int]:
    """The numbers of the events that were acknowledged."""
    told: set[int] = set()
    for line in lines:
        if line.startswith("acked "):
            first, last = map(int, line.split()[1:])
            told |= set(range(first, last + 1))
    return told


def nothing_lost_nor_doubled(found: dict[str, Any], told: set[int]) -> None:
    ids = found["ids"]
    assert len(ids) == len(set(ids)), "an event is doubled"
    assert told <= set(ids), "an acknowledged event is lost"
    assert found["accepted"] == len(ids), "a batch is there without its rows, or rows without their batch"
    assert found["table"] == [len(ids), len(ids)], "the one table is not the journal"
    assert found["faults"] == []


def kill_writers(worker: Worker, kills: int) -> None:
    chance, told, first = random.Random(5), set[int](), 0
    for _ in range(kills):
        worker.start(f"write {first}")
        lines = [worker.line() for _ in range(chance.randrange(1, 4))]
        time.sleep(chance.uniform(0, 0.02))
        told |= acknowledged(lines + worker.kill())
        # What was not acknowledged is sent again, half a batch of what was as well.
        first = max(told) + 1 - 25
    nothing_lost_nor_doubled(worker.check(), told)


def kill_compactions(worker: Worker, folder: Path, kills: int) -> None:
    import duckdb

    chance, told, took = random.Random(6), set[int](), 1.0
    for number in range(kills):
        worker.start(f"write {max(told, default=-1) + 1}")
        lines = [worker.line() for _ in range(2)]
        told |= acknowledged(lines + worker.kill())
        began = time.monotonic()
        worker.start("compact 2026-03")
        if number % 2 == 0:
            # Past a whole one, and into the next, which replaces files that are shown already.
            assert worker.line().startswith("made ")
            took = time.monotonic() - began
        time.sleep(chance.uniform(0, took))
        worker.kill()
        shown = [str(path) for path in folder.glob("month=2026-03/part-*.parquet")]
        count, distinct = duckdb.execute(f"SELECT count(*), count(DISTINCT journal_id) FROM read_parquet({shown})").fetchone()
        assert count == distinct, "a half month is visible"
        ids = duckdb.execute(f"SELECT DISTINCT CAST(event_id AS BIGINT) FROM read_parquet({shown})").fetchall()
        found = worker.check()
        told |= set(found["ids"])
        assert {row[0] for row in ids} == set(found["ids"][:count]), "a half month is visible"
        nothing_lost_nor_doubled(found, told)


def test_a_killed_writer_loses_and_doubles_nothing(worker: Worker) -> None:
    kill_writers(worker, 3)


@pytest.mark.slow
def test_a_killed_compaction_shows_no_half_month(worker: Worker, prepared: Any) -> None:
    kill_compactions(worker, prepared.home / "events", 3)


@pytest.mark.long
def test_thirty_killed_writers_lose_and_double_nothing(worker: Worker) -> None:
    kill_writers(worker, 30)


@pytest.mark.long
def test_thirty_killed_compactions_show_no_half_month(worker: Worker, prepared: Any) -> None:
    kill_compactions(worker, prepared.home / "events", 30)


# ---- PostgreSQL itself ---------------------------------------------------------------------------------------------


def the_script(name: str) -> Any:
    """A script of ours as a module."""
    loader = SourceFileLoader(name.replace("-", "_"), str(ROOT / "scripts" / name))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.mark.long
@pytest.mark.postgres
def test_postgres_killed_thirty_times_loses_no_acknowledged_event(tmp_path: Path) -> None:
    kill_postgres(tmp_path, 30)


def kill_postgres(tmp_path: Path, kills: int) -> None:
    server = the_script("with-postgres").Server(True)
    with server as url:
        tcp_port = url.rpartition(":")[2].partition("/")[0]
        home = tmp_path / "home"
        home.mkdir()
        environment = {**os.environ, "KOUAN_HOME": str(home), "KOUAN_DEBUG": "1", "KOUAN_DATABASE_URL": url}
        subprocess.run([str(Path(sys.executable).with_name("kouan")), "setup", "--no-data"], env=environment, check=True, capture_output=True)
        worker = Worker(environment, home)
        assert worker.ask("prepare") == "prepared"
        chance, told, first = random.Random(7), set[int](), 0
        for _ in range(kills):
            worker.start(f"write {first}")
            lines = [worker.line() for _ in range(chance.randrange(1, 4))]
            time.sleep(chance.uniform(0, 0.05))
            postmaster = int((server.data / "postmaster.pid").read_text().split()[0])
            children = subprocess.run(["pgrep", "-P", str(postmaster)], capture_output=True, text=True, check=False).stdout.split()
            for pid in (postmaster, *map(int, children)):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            told |= acknowledged(lines + worker.until_ended())
            first = max(told) + 1 - 25
            (server.data / "postmaster.pid").unlink(missing_ok=True)
            for _ in range(50):
                started = server.as_user("pg_ctl", "start", "-w", "-t", "60", "-D", str(server.data),
                                         "-l", str(server.folder / "log"), "-o", f"-p {tcp_port}")
                if started.returncode == 0:
                    break
                time.sleep(0.2)
            assert started.returncode == 0, started.stdout
        nothing_lost_nor_doubled(worker.check(), told)
        worker.end()


# ---- a flood ----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_flood_from_one_source_leaves_another_unharmed(prepared: Any) -> None:
    import http.client

    bench = the_script("bench-journal")
    code = bench.PREPARE.replace("origin='exercise')", "origin='exercise', norm_per_second=50)").replace(
        "print(secret,", "calm_office = Organisation.objects.create(code='calm', kind=OrganisationKind.PORT_OPERATOR, name_zh='另一单位')\n"
        "calm_user = User.objects.create_user('calm', None, display_name='另', organisation=calm_office, role=Role.PORT_REPORTER)\n"
        "calm = new_secret()\n"
        "ApiToken.objects.create(user=calm_user, name='calm', secret_digest=digest_of(calm), expires_at=clock.now() + timedelta(days=1))\n"
        "EventSource.objects.create(code='calm', name_zh='另', name_en='calm', organisation=calm_office, port_codes=['*'], norm_per_second=50,"
        " origin='exercise')\nprint(secret, calm,")
    environment = prepared.environment | {"DJANGO_SETTINGS_MODULE": "kouan.settings"}
    loud, calm, *ports = bench.python(environment, code).split()
    server, tcp_port = bench.serve(environment)
    statuses: list[int] = []
    ended = threading.Event()

    def flood() -> None:
        """Twenty times the norm and more, from eight connections, without heeding Retry-After."""
        line, number = http.client.HTTPConnection("127.0.0.1", tcp_port, timeout=60), id(threading.current_thread()) % 10**9
        headers = {"Authorization": f"Bearer {loud}", "Content-Type": "application/json"}
        body = bench.body_of(number, 1000, ports)
        while not ended.is_set():
            line.request("POST", "/api/v1/events", body, headers)
            answer = line.getresponse()
            answer.read()
            statuses.append(answer.status)
            assert answer.status == 200 or int(answer.headers["Retry-After"]) >= 1

    try:
        first = bench.send(tcp_port, calm, [bench.body_of(0, 20, ports, "calm")], 1)
        assert first["accepted"] == 20
        threads = [threading.Thread(target=flood) for _ in range(8)]
        for thread in threads:
            thread.start()
        bodies = [bench.body_of(100 + 20 * number, 20, ports, "calm") for number in range(40)]
        found = bench.send(tcp_port, calm, bodies, 1)
        ended.set()
        for thread in threads:
            thread.join()
    finally:
        ended.set()
        server.terminate()
        server.wait(timeout=30)
    assert (found["accepted"], found["pressed"]) == (800, 0), "the calm source was pressed back"
    assert found["p95_ms"] < 3000, found
    assert statuses.count(429) > len(statuses) / 2 and set(statuses) <= {200, 429, 503}
