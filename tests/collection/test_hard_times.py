"""kill -9, a full disk, a busy database: the batch is complete or absent, and the user is told clearly."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from select import select
from typing import Any

import pytest
from django.db import connection
from files import a_csv, a_return

from kouan.basis import Refused
from kouan.collection.actions import take_in
from kouan.collection.models import Batch, Holding, Observation

ROWS, KILLS = 5_000, 30
SCRIPT = Path(__file__).with_name("a_killed_intake.py")


def a_large_return(folder: Path, number: int) -> Path:
    """5,000 rows of which 4,990 are sound; other figures for each number, so that each file is another."""
    ports = ("luohu-rail", "liantang-road", "huanggang-road", "manzhouli-rail", "manzhouli-road")
    months = [f"{year}-{month:02d}" for year in range(1949, 2024) for month in range(1, 13)]
    rows = [
        a_return(value, port=port, period=month)
        for value, (port, month) in enumerate(((port, month) for port in ports for month in months), number * 100_000)
    ]
    rows += [a_return(1, port="gongbei-road", period=month) for month in months[: ROWS - 10 - len(rows)]]
    rows += [a_return(number, port="无此口岸", period=month) for month in months[:10]]
    assert len(rows) == ROWS
    return a_csv(folder, rows, name=f"return{number}.csv")


class Worker:
    """A process that takes files in, each in a child that may be killed."""

    def __init__(self, installation: Any, files: list[Path]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(SCRIPT), *map(str, files)],
            env=installation.environment | {"DJANGO_SETTINGS_MODULE": "kouan.settings"},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=(installation.home / "worker.log").open("wb"),
        )
        self.heard = b""
        assert self.line() == "ready"

    def line(self) -> str:
        """The next line it says; a worker that says nothing for two minutes is a fault of its own."""
        assert self.process.stdout is not None
        while b"\n" not in self.heard:
            assert select([self.process.stdout], [], [], 120)[0], "the worker has fallen silent"
            said = os.read(self.process.stdout.fileno(), 65536)
            assert said, "the worker has ended"
            self.heard += said
        line, _, self.heard = self.heard.partition(b"\n")
        return line.decode()

    def say(self, word: str) -> None:
        """One line to it."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n".encode())
        self.process.stdin.flush()

    def start(self, index: int) -> int:
        """Let a child begin with a file; its process id."""
        self.say(f"start {index}")
        return int(self.line().removeprefix("started "))

    def finish(self) -> dict[str, Any]:
        """Wait for the child's report and its end."""
        report: dict[str, Any] = json.loads(self.line().removeprefix("done "))
        self.say("wait")
        assert self.line() == "ended"
        return report

    def kill(self, child: int) -> None:
        """kill -9, and wait until it is gone."""
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        self.say("wait")
        while self.line() != "ended":
            pass

    def close(self) -> None:
        """End the process itself."""
        self.process.kill()
        self.process.wait()


def counts(installation: Any) -> list[tuple[Any, ...]]:
    """Every batch with its counts and what it really holds, read by the database's own means."""
    query = (
        "SELECT b.id, b.file_sha256, b.state, b.rows_read, b.rows_accepted, b.rows_held, b.observations + b.revisions,"
        " (SELECT count(*) FROM collection_observation o WHERE o.batch_id = b.id),"
        " (SELECT count(*) FROM collection_holding h WHERE h.batch_id = b.id),"
        " (SELECT count(*) FROM audit_entry a WHERE a.kind = 'B' AND a.table_name = 'collection_observation'"
        "   AND a.row_pk = CAST(b.id AS TEXT)) FROM collection_batch b ORDER BY b.id"
    )
    url = os.environ.get("KOUAN_DATABASE_URL")
    if url:
        import psycopg

        with psycopg.connect(installation.environment["KOUAN_DATABASE_URL"], autocommit=True) as server:
            # The server notices only after a while that its client was killed, and may still be committing.
            others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()" \
                     " AND backend_type = 'client backend'"
            for _ in range(600):
                if server.execute(others).fetchone() == (0,):
                    break
                time.sleep(0.05)
            return list(server.execute(query).fetchall())
    with closing(sqlite3.connect(installation.home / "kouan.sqlite3")) as database:
        return database.execute(query).fetchall()


@pytest.mark.long
def test_kill_9_at_any_moment_leaves_the_batch_complete_or_absent(tmp_path: Path, installation: Any) -> None:
    done = installation.kouan("setup", "--no-data")
    assert done.returncode == 0, done.stderr
    files = [a_large_return(tmp_path, number) for number in range(KILLS + 1)]
    worker = Worker(installation, files)
    began = time.monotonic()
    worker.start(KILLS)
    worker.finish()
    delay = lasts = time.monotonic() - began
    dice, absent, complete = random.Random(20231123), 0, 0
    known = len(counts(installation))
    for number in range(KILLS):
        # Half of the kills fall anywhere; the others close in on the moment of the commit.
        anywhere = number % 2 == 0
        child = worker.start(number)
        time.sleep(lasts * 1.2 * dice.random() if anywhere else delay)
        worker.kill(child)
        batches = counts(installation)
        for _, _, state, read, accepted, held, figures, observed, holdings, entries in batches:
            assert (state, read, accepted, held) == ("committed", ROWS, ROWS - 10, 10)
            assert (figures, holdings, entries) == (observed, 10, 1)
        assert len(batches) - known in (0, 1)
        is_absent = len(batches) == known
        absent, complete = absent + is_absent, complete + (not is_absent)
        if not anywhere:
            delay *= 1.15 if is_absent else 0.87
        known = len(batches)
    assert absent >= 5 and complete >= 1, "the kills came too late or too early to prove anything"
    # What was absent goes in whole afterwards, what was complete is not taken in twice, and the trail is sound.
    for number in range(KILLS):
        worker.start(number)
        report = worker.finish()
        assert (report["read"], report["accepted"], report["held"]) == (ROWS, ROWS - 10, 10)
    worker.close()
    assert len(counts(installation)) == KILLS + 1
    verified = installation.kouan("audit", "verify", "--json")
    assert verified.returncode == 0, verified.stdout
    print(f"absent {absent}, complete {complete}, an intake lasts {lasts:.2f} s")


@pytest.fixture
def small_database(transactional_db: None) -> Iterator[None]:
    """A SQLite database that may grow by a few pages only: a full disk."""
    if connection.vendor != "sqlite":
        pytest.skip("max_page_count is SQLite's; PostgreSQL's full disk is the same refusal (test below)")
    with connection.cursor() as cursor:
        # Tests before this one may have left more empty pages in the file than the rows below need.
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA page_count")
        cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0] + 40}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA max_page_count = 1073741823")


@pytest.fixture
def a_port(transactional_db: None) -> None:
    """A register of one port: transactional tests begin with empty tables."""
    from kouan.ports.models import Port

    for code, name in (("luohu-rail", "罗湖铁路口岸"),):
        Port.objects.create(code=code, mode="rail", name_zh=name, short_name_zh="罗湖", pinyin="luohu", initials="lh",
                            province_code="44")


def many_rows(folder: Path) -> Path:
    """A return whose figures do not fit into forty pages."""
    months = [f"{year}-{month:02d}" for year in range(1949, 2024) for month in range(1, 13)]
    return a_csv(folder, [
        a_return(value, period=month, measure=measure, unit=unit, direction=direction)
        for measure, unit in (("person_crossings", "人次"), ("cargo_tonnes", "吨"), ("teu", "标箱"), ("trains", "列次"))
        for direction in ("入境", "出境")
        for value, month in enumerate(months)
    ])


@pytest.mark.usefixtures("a_port", "small_database")
def test_a_full_disk_is_told_and_leaves_nothing_half_done(tmp_path: Path, national_alone: Any) -> None:
    with pytest.raises(Refused) as caught:
        take_in(actor=national_alone, path=many_rows(tmp_path), source="port-return")
    finding = caught.value.findings[0]
    assert finding.code == "disk_full" and "磁盘" in finding.message.zh and finding.remedy
    assert (Batch.objects.count(), Observation.objects.count(), Holding.objects.count()) == (0, 0, 0)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA max_page_count = 1073741823")
    assert take_in(actor=national_alone, path=many_rows(tmp_path), source="port-return").observations == 7200


@pytest.mark.usefixtures("a_port")
def test_a_full_disk_under_the_documents_is_told_too(tmp_path: Path, national_alone: Any, monkeypatch: Any) -> None:
    def no_space(*arguments: Any, **options: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kouan.collection.actions.store_version", no_space)
    with pytest.raises(Refused) as caught:
        take_in(actor=national_alone, path=many_rows(tmp_path), source="port-return")
    assert caught.value.findings[0].code == "disk_full"
    assert not Batch.objects.exists()


@pytest.mark.usefixtures("a_port")
def test_a_busy_database_is_told(tmp_path: Path, national_alone: Any) -> None:
    place = many_rows(tmp_path)
    if connection.vendor == "sqlite":
        other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 50")
    else:
        import psycopg

        connection.ensure_connection()
        other = psycopg.connect(**{
            key: value for key, value in connection.get_connection_params().items()
            if key in ("dbname", "user", "password", "host", "port")
        })
        other.execute("SELECT pg_advisory_xact_lock(hashtext('kouan.collection.intake'))")
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
    try:
        with pytest.raises(Refused) as caught:
            take_in(actor=national_alone, path=place, source="port-return")
        assert caught.value.findings[0].code == "database_busy"
    finally:
        other.close()
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 30000" if connection.vendor == "sqlite" else "RESET lock_timeout")
    assert not Batch.objects.exists()
    assert take_in(actor=national_alone, path=place, source="port-return").observations == 7200


@pytest.fixture
def national_alone(transactional_db: None) -> Any:
    """An officer of the national office, in tables that are emptied afterwards."""
    from files import somebody

    from kouan.accounts.models import OrganisationKind, Role

    return somebody(Role.NATIONAL_OFFICER, OrganisationKind.NATIONAL_OFFICE)


@pytest.mark.long
def test_a_full_disk_on_a_small_tmpfs(tmp_path: Path, installation: Any) -> None:
    """The whole home on a file system with 2 MB left, where mounting is allowed."""
    if os.environ.get("KOUAN_DATABASE_URL"):
        pytest.skip("the home holds no database on PostgreSQL")
    mount = shutil.which("mount")
    small = tmp_path / "small"
    small.mkdir()
    if os.geteuid() or subprocess.run([mount or "false", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(small)], check=False).returncode:
        pytest.skip("mounting a tmpfs needs root")
    try:
        installation.environment["KOUAN_HOME"] = str(small / "home")
        assert installation.kouan("setup", "--no-data").returncode == 0
        room = os.statvfs(small)
        taken = (room.f_blocks - room.f_bfree) * room.f_frsize // 2**20
        subprocess.run([mount or "false", "-o", f"remount,size={taken + 2}m", str(small)], check=True)
        from kouan.collection import sources

        file = next(each for each in sources.bundled() if each.source == "us-border-crossing")
        told = installation.kouan("intake", str(file.path), "--source", file.source, "--json")
        assert told.returncode == 1
        assert json.loads(told.stdout)["findings"][0]["code"] == "disk_full"
        with closing(sqlite3.connect(small / "home/kouan.sqlite3")) as database:
            assert database.execute("SELECT count(*) FROM collection_batch").fetchone() == (0,)
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    finally:
        subprocess.run(["umount", "-l", str(small)], check=False)
