"""The engines agree with a slow independent reference in every cell, on a log with every fault that the generator knows."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.monitoring.eventlog import reference
from tests.monitoring.eventlog.named import named

from kouan.monitoring.eventlog import engine, generate, source
from kouan.monitoring.timing.events import COLUMNS, Event
from kouan.monitoring.timing.timeline import Status, timelines

TWO = ("duckdb", "duckdb-sql")
PLAN = generate.Plan(
    cases=1500, ports=tuple(f"P{n}" for n in range(9)), months=3, buckets=3, gaps=0.04, doubled=0.03, repeated=0.03, disordered=0.03,
    corrected=0.03, withdrawn=0.01, planned=0.05, chunk=400, begin=dt.datetime(2025, 11, 1, tzinfo=dt.UTC),
)  # fmt: skip


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("log") / "events"
    generate.write(PLAN, folder)
    return folder


@pytest.fixture(scope="module")
def rows(log: Path) -> list[dict[str, Any]]:
    return reference.rows_of(sorted(log.rglob("*.parquet")))


def same(found: dict[str, Any], expected: dict[str, Any], tables: tuple[str, ...] = ()) -> None:
    """Every cell; the first that differs is told."""
    for name in tables or expected:
        assert len(found[name]) == len(expected[name]), f"{name}: {set(found[name]) ^ set(expected[name])}"
        for key, value in expected[name].items():
            assert found[name].get(key) == value, f"{name} {key}"


@pytest.mark.parametrize("name", TWO)
def test_every_cell_is_that_of_the_slow_reference(log: Path, rows: list[dict[str, Any]], name: str) -> None:
    expected = reference.report(rows)
    same(named(engine.run([log], engine=name)), expected)
    assert len(expected["segments"]) > 400 and len(expected["variants"]) > 300 and len(expected["status"]) > 60
    assert any(row[-1] for row in expected["overall"].values()), "the log must hold wholes that ended before they began"
    assert {key[-1] for key in expected["status"]} >= {"complete", "running", "start_missing", "end_missing", "contradictory"}


@pytest.mark.parametrize("name", TWO)
def test_other_groupings_wholes_and_cohorts(log: Path, rows: list[dict[str, Any]], name: str) -> None:
    asked: dict[str, Any] = {"by": ("mode", "month"), "wholes": ("all",), "cohort": "start"}
    same(named(engine.run([log], engine=name, **asked)), reference.report(rows, **asked))
    same(named(engine.run([log], engine=name, by=())), reference.report(rows, by=()))


def test_the_parts_are_those_of_the_timeline(log: Path, rows: list[dict[str, Any]]) -> None:
    """The engine and ``kouan times explain`` tell the same story: counts and sums of every stage pair."""
    found = named(engine.run([log], by=("port",), wholes=("all",)))
    # A log may lack the columns that an event can do without; Event itself asks for the others.
    events = [Event(**{name: row[name] for name in COLUMNS if name in row}) for row in rows]
    told: dict[Any, list[int]] = defaultdict(list)
    status: Counter[Any] = Counter()
    for each in timelines(events):
        status[each.case_kind, each.mode, each.direction, each.whole.key, each.status.value] += 1
        if each.status is Status.COMPLETE:
            for part in each.parts:
                absorbed = "+".join(lacking.code for lacking in part.absorbed)
                told[each.port, each.whole.key, part.part.code, part.start, part.end, absorbed].append(part.us)
    assert found["status"] == dict(status)
    same(found, {"segments": {key: reference.statistics(times) for key, times in told.items()}})


def test_a_case_that_crosses_months_and_files_out_of_order_is_one_case(tmp_path: Path, log: Path, rows: list[dict[str, Any]]) -> None:
    """Nothing relies on the layout: the same rows shuffled into files without a promise give the same figures."""
    files = sorted(log.rglob("*.parquet"))
    listed = ", ".join(f"'{path}'" for path in files)
    month = tmp_path / "loose" / "month=2025-11"
    month.mkdir(parents=True)
    for part in range(2):
        duckdb.sql(f"SELECT * FROM read_parquet([{listed}]) WHERE hash(event_id, revision) % 2 = {part} ORDER BY hash(event_id)").write_parquet(
            str(month / f"part-{part:02d}.parquet"))  # fmt: skip
    with duckdb.connect() as connection:
        assert len(source.open_log(connection, [tmp_path / "loose"]).groups) == 1
        assert len(source.open_log(connection, [log]).groups) == 3
    same(named(engine.run([tmp_path / "loose"])), reference.report(rows))


BASE = {
    "case_id": "C1", "case_kind": "container", "milestone": "arrived", "mode": "sea", "direction": "inbound", "port": "P1", "planned": "false",
    "occurred_at": "2026-01-01T08:00:00+08:00", "received_at": "2026-01-01T00:00:00Z", "source": "s", "event_id": "", "revision": "1",
    "withdrawn": "false", "origin": "exercise",
}  # fmt: skip


def written(folder: Path, *events: dict[str, str], name: str = "events.csv") -> Path:
    """A CSV of events, each as what differs from ``BASE``."""
    path = folder / name
    lines = [",".join(BASE)] + [",".join({**BASE, **event}.values()) for event in events]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("name", TWO)
def test_in_files_not_from_the_journal_an_event_told_twice_stands_once(tmp_path: Path, name: str) -> None:
    path = written(
        tmp_path,
        {"event_id": "a"},
        {"event_id": "a", "occurred_at": "2026-01-01T09:00:00+08:00", "received_at": "2026-01-01T00:00:01Z"},  # the same revision, received later
        {"event_id": "b", "milestone": "released", "occurred_at": "2026-01-01T12:00:00+08:00"},
        {"event_id": "b", "milestone": "released", "occurred_at": "2026-01-01T11:00:00+08:00", "revision": "2"},
        {"event_id": "c", "milestone": "berthed", "occurred_at": "2026-01-01T10:00:00+08:00", "withdrawn": "true"},
        {"event_id": "d", "milestone": "arrived", "occurred_at": "2026-01-01T01:00:00+08:00", "planned": "true"},
        {"event_id": "e", "milestone": "declared", "occurred_at": "2026-01-01T01:00:00+08:00"},
        {"event_id": "e", "milestone": "declared", "occurred_at": "2026-01-01T01:00:00+08:00", "revision": "2", "withdrawn": "true"},
    )  # fmt: skip
    result = engine.run([path], engine=name)
    whole = named(result)["overall"]["P1", 202601, "inbound", "overall_clearance@1"]
    assert whole[:3] == (1, 20_000, 20_000), "arrived 09:00 (received last), released 11:00 (second revision): two hours"
    assert [result.plan.milestones[code] for code in result.paths[0]] == ["arrived", "released"]


@pytest.mark.parametrize("other", ["s", "another"])
@pytest.mark.parametrize("name", TWO)
def test_a_correction_that_moves_an_event_to_another_case_takes_it_from_the_first(tmp_path: Path, name: str, other: str) -> None:
    """The earlier revision lies in another bucket than the later one; an event of another source with the same id stays."""
    from kouan.monitoring.eventlog import layout

    folder = tmp_path / "month=2026-01"
    folder.mkdir()
    first, second = ("C1", "C2") if layout.bucket_of("C1", 2) != layout.bucket_of("C2", 2) else ("C1", "C4")
    assert layout.bucket_of(first, 2) != layout.bucket_of(second, 2)
    events = [
        {"event_id": "a", "case_id": first}, {"event_id": "r", "case_id": first, "milestone": "released", "occurred_at": "2026-01-01T09:00:00+08:00"},
        {"event_id": "b", "case_id": second}, {"event_id": "r", "case_id": second, "milestone": "released", "revision": "2",
                                                "occurred_at": "2026-01-01T10:00:00+08:00"},
        {"event_id": "r" if other != "s" else "x", "source": other, "case_id": first, "milestone": "berthed"},
    ]  # fmt: skip
    for bucket in range(2):
        chosen = [event for event in events if layout.bucket_of(event["case_id"], 2) == bucket]
        path = written(tmp_path, *chosen, name=f"{bucket}.csv")
        duckdb.sql(f"SELECT * REPLACE (CAST(CAST(occurred_at AS TIMESTAMPTZ) AS TIMESTAMP) AS occurred_at, CAST(planned AS BOOLEAN) AS planned, "
                   f"CAST(withdrawn AS BOOLEAN) AS withdrawn, CAST(revision AS INTEGER) AS revision) FROM read_csv('{path}', all_varchar=true)"
                   ).write_parquet(str(folder / layout.part_name(bucket)))  # fmt: skip
        path.unlink()
    layout.declare(tmp_path, 2)
    result = named(engine.run([tmp_path], engine=name))
    assert result["status"]["container", "sea", "inbound", "overall_clearance@1", "running"] == 1, f"{first} lost its release"
    assert result["overall"]["P1", 202601, "inbound", "overall_clearance@1"][:2] == (1, 20_000)
    assert result["dfg"]["container", "sea", "inbound", "arrived", "berthed"][:2] == (1, 0)
