"""Eight provinces submitting at once while the national office reads."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from many_at_once import (
    FILES,
    MONTHS,
    PROVINCES,
    people,
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
