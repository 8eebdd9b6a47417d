"""A master and two workers on loopback give the tables that DuckDB gives, cell by cell."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.monitoring.eventlog.named import named

from kouan.monitoring.eventlog import engine, generate

pyspark = pytest.importorskip("pyspark", reason="scripts/bootstrap spark installs Apache Spark")
pytestmark = pytest.mark.long
CASES = int(os.environ.get("KOUAN_TEST_SPARK_CASES", "2000"))


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


def wait_for(log: Path, words: str, times: int, seconds: int = 120) -> None:
    """Until a log says some words so often."""
    for _ in range(seconds * 2):
        if log.exists() and log.read_text(encoding="utf-8", errors="replace").count(words) >= times:
            return
        time.sleep(0.5)
    raise AssertionError(f"no “{words}” × {times} in {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


@pytest.fixture
def master(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    home = Path(pyspark.__file__).parent
    said = {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"}
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    port, log = free_port(), tmp_path / "master.log"
    address = f"spark://127.0.0.1:{port}"
    started = []
    try:
        begin = [str(home / "bin" / "spark-class")]
        with log.open("w") as out:
            what = ["org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0"]
            started.append(subprocess.Popen(begin + what, env=said, stdout=out, stderr=out))
        wait_for(log, "I have been elected leader", 1)
        for number in (1, 2):
            what = ["org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1", "--cores", "1", "--memory", "1536m", "--webui-port", "0",
                    "--work-dir", str(tmp_path / f"work{number}"), address]  # fmt: skip
            with (tmp_path / f"worker{number}.log").open("w") as out:
                started.append(subprocess.Popen(begin + what, env=said, stdout=out, stderr=out))
        wait_for(log, "Registering worker", 2)
        yield address
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(timeout=30)


def test_two_workers_give_the_tables_of_one_machine(master: str, tmp_path: Path) -> None:
    log = tmp_path / "events"
    generate.write(generate.Plan(cases=CASES, months=3, ports=(*(f"P{n}" for n in range(20)), "O'Hare")), log)
    one = engine.run([log])
    many = engine.run([log], engine="spark", master=master)
    assert one.cases > 0.99 * CASES
    expected, found = named(one), named(many)
    for table in expected:
        assert found[table] == expected[table], table
    for number in (1, 2):
        assert "Launching ExecutorRunner" in (tmp_path / f"worker{number}.log").read_text() or any((tmp_path / f"work{number}").iterdir()), (
            f"worker {number} did no work")  # fmt: skip
