"""Eight provinces submitting at once while the national office reads, and a database that goes away in mid-request."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from many_at_once import (
    FILES,
    MONTHS,
    PROVINCES,
    a_file,
    ask,
    people,
    send,
    served,
    submit_and_read,
    tcp_port,
)


def rows(installation: Any, query: str) -> list[tuple[Any, ...]]:
    """Read by the database's own means."""
    if os.environ.get("KOUAN_DATABASE_URL"):
        import psycopg

        with psycopg.connect(installation.environment["KOUAN_DATABASE_URL"], autocommit=True) as server:
            return list(server.execute(query).fetchall())
    with closing(sqlite3.connect(installation.home / "kouan.sqlite3")) as database:
        return database.execute(query).fetchall()


@pytest.mark.long
def test_eight_provinces_at_once_lose_nothing(prepared: Any, tmp_path: Path) -> None:
    made = people(prepared.environment)
    assert len(made["provinces"]) == PROVINCES
    with served(prepared.command(), prepared.environment, tcp_port(), tmp_path / "log") as address:
        told = submit_and_read(address, made)
    assert not told.refused, told.refused[:3]
    assert len(told.acknowledged) == PROVINCES * FILES * 2 and all(status == 200 for _, status, _ in told.pages) and len(told.pages) >= 8
    # The same key again was answered alike and not done twice.
    batches = {said["batch"] for said in told.acknowledged}
    assert len(batches) == PROVINCES * FILES
    assert rows(prepared, "SELECT count(*) FROM collection_batch WHERE state = 'committed' AND file_name LIKE '%-%.csv'") == [(len(batches),)]
    # Every edition of every figure is there once, in the order in which it was acknowledged: no update was lost.
    found = rows(prepared, "SELECT s.subject_code, s.measure, s.direction, o.period_start, o.revision, o.value FROM collection_observation o "
                           "JOIN collection_series s ON s.id = o.series_id WHERE s.source = 'port-return' ORDER BY 1, 2, 3, 4, 5")
    held: dict[tuple[Any, ...], list[tuple[int, int]]] = {}
    for *which, revision, value in found:
        held.setdefault(tuple(which), []).append((int(revision), round(float(value))))
    assert len(held) == PROVINCES * MONTHS * 3
    for (_, measure, _, start), editions in held.items():
        month = int(str(start)[5:7])
        step = 1_000 if measure == "person_crossings" else 100
        assert editions == [(number, step * number + month) for number in range(1, FILES + 1)]
    verified = prepared.kouan("audit", "verify", "--json")
    assert verified.returncode == 0, verified.stdout
    print(f"{told.seconds:.1f} s, pages {len(told.pages)}, p50 {told.page_percentile(0.5):.2f} s, p99 {told.page_percentile(0.99):.2f} s")


@pytest.mark.long
@pytest.mark.postgres
def test_a_database_that_goes_away_is_told_and_comes_back_without_a_restart(prepared: Any, tmp_path: Path) -> None:
    import psycopg
    from psycopg import sql

    made = people(prepared.environment)
    port, secret = made["provinces"][0]
    own, name = os.environ["KOUAN_DATABASE_URL"], urlsplit(prepared.environment["KOUAN_DATABASE_URL"]).path[1:]
    environment = {**prepared.environment, "KOUAN_DEBUG": ""}
    with served(prepared.command(), environment, tcp_port(), tmp_path / "log") as address, psycopg.connect(own, autocommit=True) as server:
        reads = {"Cookie": made["cookie"]}
        answers: list[tuple[int, bytes]] = []
        ended = threading.Event()

        def read() -> None:
            while not ended.is_set():
                answers.append(ask(f"{address}/ports", reads))

        def away(is_away: bool) -> None:
            server.execute(sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS {}").format(
                sql.Identifier(name), sql.SQL("false" if is_away else "true")))
            if is_away:
                server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])

        assert ask(f"{address}/ports", reads)[0] == 200
        reading = [threading.Thread(target=read) for _ in range(3)]
        for each in reading:
            each.start()
        acknowledged = 0
        for edition in range(1, 7):
            away(True)
            time.sleep(0.4)
            status, page = ask(f"{address}/ports", reads)
            assert status == 503 and "数据库暂时不可用".encode() in page and b"not available for the moment" in page, (status, page[:300])
            status, said = send(address, secret, a_file(port, edition), f"{edition}.csv", f"away-{edition}")
            assert status == 503 and said["error"]["findings"][0]["code"] == "database_busy"
            away(False)
            # In mid-request: the connections of a submission are cut while it runs.
            sent: list[tuple[int, dict[str, Any]]] = []
            sending = threading.Thread(target=lambda edition=edition, sent=sent: sent.append(
                send(address, secret, a_file(port, edition), f"{edition}.csv", f"away-{edition}")))
            sending.start()
            time.sleep(0.05 * edition)
            away(True)
            away(False)
            sending.join()
            if sent[0][0] != 200:
                assert sent[0][0] == 503, sent
                status, said = send(address, secret, a_file(port, edition), f"{edition}.csv", f"away-{edition}")
                assert status == 200, (status, said)
            acknowledged += 1
            assert ask(f"{address}/ports", reads)[0] == 200
        ended.set()
        for each in reading:
            each.join()
    assert {status for status, _ in answers} <= {200, 503} and len(answers) > 20
    found = rows(prepared, "SELECT max(revision), count(*) FROM collection_observation o JOIN collection_series s ON s.id = o.series_id "
                           "WHERE s.source = 'port-return'")
    assert found == [(acknowledged, acknowledged * MONTHS * 3)]
