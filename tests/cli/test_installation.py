"""Setting up, upgrading and serving, as an operator does it: in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.conftest import Installation

pytestmark = pytest.mark.slow


def codes_of(run: subprocess.CompletedProcess[str]) -> list[str]:
    return [finding["code"] for finding in json.loads(run.stdout)["error"]["findings"]]


def sql(installation: Installation, statement: str) -> None:
    """Change the installation's database past the system."""
    url = installation.environment.get("KOUAN_DATABASE_URL", "")
    if url:
        import psycopg

        with psycopg.connect(url, autocommit=True) as database:
            database.execute(statement)
        return
    import sqlite3

    with sqlite3.connect(installation.home / "kouan.sqlite3") as database:
        database.execute(statement)
    database.close()


def a_free_tcp_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(tcp_port: int, path: str) -> tuple[int, str]:
    """Status and body of an address on loopback."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{tcp_port}{path}", timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@contextmanager
def serving(installation: Installation, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server that has answered once; killed if the test leaves it running."""
    tcp_port = a_free_tcp_port()
    server = installation.start(
        "serve", "--port", str(tcp_port), *arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        for _ in range(240):
            assert server.poll() is None, server.stdout.read() if server.stdout else ""
            try:
                ask(tcp_port, "/sign-in")
                break
            except OSError:
                time.sleep(0.25)
        else:
            pytest.fail("the server did not answer within a minute")
        yield server, tcp_port
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def members_of(session: int) -> list[int]:
    """Processes of a session that still run."""
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdecimal():
            try:
                state, _, _, of_session, *_ = (place / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue  # it has just ended
            if int(of_session) == session and state != "Z":
                found.append(int(place.name))
    return found


@pytest.mark.parametrize("arguments", [
    ("verdict", "--year", "2023"), ("ports", "list"), ("audit", "verify"), ("accounts", "list"), ("counterpart",),
])
def test_an_empty_home_says_what_to_run_and_stays_empty(installation: Installation, arguments: tuple[str, ...]) -> None:
    run = installation.kouan(*arguments, "--json")
    assert run.returncode == 1 and codes_of(run) == ["not_set_up"]
    assert "kouan setup" in run.stdout
    assert not (installation.home / "kouan.sqlite3").exists()


def test_an_unusable_setting_is_said_in_words(installation: Installation) -> None:
    installation.environment["KOUAN_DATABASE_URL"] = "mysql://somewhere/kouan"
    run = installation.kouan("ports", "list", "--json")
    assert run.returncode == 1 and codes_of(run) == ["unusable_settings"]


def test_a_database_that_is_not_there_is_said_in_words(installation: Installation) -> None:
    installation.environment["KOUAN_DATABASE_URL"] = f"postgresql://nobody:x@127.0.0.1:{a_free_tcp_port()}/kouan"
    run = installation.kouan("ports", "list", "--json")
    assert run.returncode == 1 and codes_of(run) == ["database_unavailable"]


def test_the_life_of_an_installation(installation: Installation) -> None:
    """Set up, set up again, one migration behind, upgraded, too new."""
    first = installation.kouan("setup", "--no-data")
    assert first.returncode == 0 and "新建数据库" in first.stderr and "升级数据库" not in first.stderr
    again = installation.kouan("setup", "--no-data")
    assert again.returncode == 0 and "就绪" in again.stderr
    listed = installation.kouan("ports", "list", "--json")
    assert listed.returncode == 0 and len(json.loads(listed.stdout)) > 150

    last = "collection", "0002_batch_preview"
    sql(installation, f"DELETE FROM django_migrations WHERE app = '{last[0]}' AND name = '{last[1]}'")
    for arguments in (("verdict", "--year", "2023"), ("intake", __file__, "--source", "port-return"), ("audit", "verify")):
        behind = installation.kouan(*arguments, "--json")
        assert behind.returncode == 1 and codes_of(behind) == ["database_behind"], arguments
        assert "kouan upgrade" in behind.stdout and ".".join(last) in behind.stdout
    for arguments in (("serve", "--port", str(a_free_tcp_port())), ("worker", "--once")):
        behind = installation.kouan(*arguments)
        assert behind.returncode == 1 and "database_behind" in behind.stderr, arguments
    wsgi = subprocess.run(
        [sys.executable, "-c", "import kouan.wsgi"], env=installation.environment, capture_output=True, text=True, check=False
    )
    assert wsgi.returncode != 0 and "kouan upgrade" in wsgi.stderr
    assert installation.kouan("law", "show").returncode == 0, "the law needs no database"

    sql(installation, f"INSERT INTO django_migrations (app, name, applied) VALUES ('{last[0]}', '{last[1]}', '2026-01-01')")
    done = installation.kouan("upgrade")
    assert done.returncode == 0 and "0 项" in done.stdout

    sql(installation, "INSERT INTO django_migrations (app, name, applied) VALUES ('ports', '9999_later', '2099-01-01')")
    for arguments in (("ports", "list", "--json"), ("upgrade",), ("setup", "--no-data")):
        newer = installation.kouan(*arguments)
        assert newer.returncode == 1 and "database_newer" in newer.stdout + newer.stderr, arguments


def test_serving_answers_and_ends_when_asked(prepared: Installation) -> None:
    with serving(prepared) as (server, tcp_port):
        status, page = ask(tcp_port, "/sign-in")
        assert status == 200 and "口岸综合管理系统" in page
        status, body = ask(tcp_port, "/api/v1/ports")
        assert status == 401 and json.loads(body)["error"]["status"] == 401
        assert ask(tcp_port, "/api/v1/docs")[0] == 200

        occupied = prepared.kouan("serve", "--port", str(tcp_port), "--no-worker")
        assert occupied.returncode == 1
        assert f"{tcp_port}" in occupied.stderr and f"--port {tcp_port + 1}" in occupied.stderr

        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=30) == 0
        assert server.stdout is not None
        said = server.stdout.read()
        assert f"http://127.0.0.1:{tcp_port}/" in said and "guojia" in said and "Traceback" not in said
        for _ in range(40):
            if not members_of(server.pid):
                break
            time.sleep(0.25)
        assert members_of(server.pid) == [], "the worker ends with its server"


@pytest.mark.parametrize("ask_to_end", [signal.SIGTERM, signal.SIGINT])
def test_the_worker_ends_when_asked(prepared: Installation, ask_to_end: signal.Signals) -> None:
    worker = prepared.start("worker", stderr=subprocess.PIPE)
    try:
        assert worker.stderr is not None and "后台任务进程已启动" in worker.stderr.readline()
        worker.send_signal(ask_to_end)
        assert worker.wait(timeout=60) in (0, 130)
        assert "Traceback" not in worker.stderr.read()
    finally:
        if worker.poll() is None:
            worker.kill()
            worker.wait()


def test_ctrl_c_ends_a_server_without_a_traceback(prepared: Installation) -> None:
    with serving(prepared, "--no-worker") as (server, _):
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=30) == 0
        assert server.stdout is not None and "Traceback" not in server.stdout.read()


@pytest.mark.long
def test_the_demonstration_is_closed_on_a_real_installation(installation: Installation) -> None:
    installation.environment.pop("KOUAN_DEBUG")
    assert installation.kouan("setup", "--no-data").returncode == 0
    assert json.loads(installation.kouan("accounts", "list", "--json").stdout) == []

