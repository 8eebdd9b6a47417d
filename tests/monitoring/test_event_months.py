"""Closed months as Parquet: one table with the journal, nothing lost or doubled, and nothing half made is ever seen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.accounts.factories import a_national_officer, a_provincial_officer
from tests.monitoring.journal_factories import NOON, OTHER_PORT, a_source, an_event, sent

from kouan.accounts.action import acting_system
from kouan.accounts.models import User
from kouan.basis import Conflict, NotAllowed, Refused, clock
from kouan.monitoring.eventlog.source import open_log
from kouan.monitoring.journal import compaction, reading
from kouan.monitoring.journal.actions import rule_on_clock
from kouan.monitoring.journal.compaction import compact, current_months, waiting_months
from kouan.monitoring.journal.models import Event, EventMonth, EventSource
from kouan.monitoring.journal.reading import check_files, events_table

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOON + timedelta(days=70)


@pytest.fixture
def sender(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[User]:
    """February, March and May of 2026, one event corrected in May, one withdrawn; the months lie in a folder of their own."""
    for module in (compaction, reading):
        monkeypatch.setattr(module, "folder", lambda: tmp_path)
    user = a_source(ports=("*",)).organisation.users.get()
    with clock.travel_to(LATER):
        sent(user, *[an_event(n, occurred_at=(NOON + timedelta(days=days, seconds=n)).isoformat())
                     for n, days in ((1, -25), (2, -25), (3, 0), (4, 0), (5, 0), (6, 69))], an_event(7, port=OTHER_PORT))
        sent(user, an_event(3, revision=2, occurred_at=(NOON + timedelta(minutes=9)).isoformat()), an_event(4, revision=2, withdrawn=True))
        yield user


def run(**options: Any) -> list[compaction.Compacted]:
    with acting_system("tests") as system:
        return compact(actor=system, **options)


def table(user: Any, view: str = "events", columns: str = "event_id, revision, occurred_at") -> list[tuple[Any, ...]]:
    with events_table(user) as engine:
        return engine.execute(f"SELECT {columns} FROM {view} ORDER BY ALL").fetchall()


def test_months_become_parquet_and_are_read_with_the_journal_as_one_table(sender: User) -> None:
    officer = a_national_officer()
    before, current = table(officer), table(officer, "events_current")
    assert len(before) == 9 and [row[0] for row in current] == ["E1", "E2", "E3", "E5", "E6", "E7"]
    assert waiting_months() == ["2026-02", "2026-03"]
    assert [(each.month, each.generation, each.rows) for each in run()] == [("2026-02", 1, 2), ("2026-03", 1, 6)]
    assert table(officer) == before and table(officer, "events_current") == current
    with CaptureQueriesContext(connection):  # the cursors of debugging take COPY otherwise
        assert table(officer) == before
    assert run() == [] and waiting_months() == []
    assert {path.name for path in compaction.folder().glob("month=*")} == {"month=2026-02", "month=2026-03"}
    assert check_files() == []


def test_a_late_event_of_a_closed_month_is_read_at_once_and_taken_in_by_the_next_compaction(sender: User) -> None:
    officer = a_national_officer()
    run()
    sent(sender, an_event(8), an_event(1, revision=2, occurred_at=(NOON - timedelta(days=25)).isoformat()))
    merged = table(officer)
    assert len(merged) == 11 and len(set(merged)) == 11
    assert [(each.month, each.generation) for each in run()] == [("2026-02", 2), ("2026-03", 2)]
    assert table(officer) == merged


def test_the_files_hold_the_columns_of_the_contract_sorted_and_by_case(sender: User) -> None:
    import duckdb

    run()
    files = sorted(map(str, compaction.folder().glob("month=*/part-*.parquet")))
    described = {row[0]: row[1] for row in duckdb.execute(f"DESCRIBE SELECT * FROM read_parquet({files})").fetchall()}
    assert list(described)[:18] == [
        "case_id", "case_kind", "milestone", "mode", "direction", "port", "place", "party", "planned", "occurred_at",
        "utc_offset", "received_at", "source", "event_id", "revision", "withdrawn", "quantity", "origin"]
    assert described["occurred_at"] == described["received_at"] == "TIMESTAMP"
    (row,) = duckdb.execute(f"SELECT occurred_at, place, quantity FROM read_parquet({files}) WHERE event_id = 'E5'").fetchall()
    assert row == (datetime(2026, 3, 2, 4, 0, 5), "", None)
    of_case = duckdb.execute(f"SELECT case_id, count(DISTINCT parse_filename(filename)) FROM read_parquet({files}, filename = true) GROUP BY 1")
    assert {count for _, count in of_case.fetchall()} == {1}
    with duckdb.connect() as engine:
        log = open_log(engine, [compaction.folder()])
    assert log.is_admitted and not log.is_foreign and sorted(map(str, log.files)) == files
    assert sorted(path for group in log.groups for path in group) == sorted(log.files) and len(log.groups) > 1


def test_a_ruling_on_a_clock_holds_in_the_table_at_once_and_in_the_files_after_the_next_compaction(sender: User) -> None:
    officer = a_national_officer()
    run()
    rule_on_clock(actor=officer, source="tj-terminal", shift_minutes=-180, since=NOON, reason="时区设置错误")
    corrected = table(officer, columns="event_id, revision, occurred_at, reported_at")
    assert all(row[3] - row[2] == timedelta(hours=3) for row in corrected) and len(corrected) == 9
    assert waiting_months() == ["2026-02", "2026-03"]
    run()
    assert table(officer, columns="event_id, revision, occurred_at, reported_at") == corrected


def test_the_table_holds_what_the_user_may_see_whether_compacted_or_not(sender: User) -> None:
    tianjin, mongolia = a_provincial_officer("12"), a_provincial_officer("15")
    for _ in range(2):
        assert {row[0] for row in table(mongolia)} == {"E7"}
        assert {row[0] for row in table(tianjin)} == {"E1", "E2", "E3", "E4", "E5", "E6"}
        assert table(a_provincial_officer("65")) == [] and table(None) == []
        run()
    with pytest.raises(NotAllowed):
        compact(actor=tianjin, months=["2026-02"])


def test_a_month_is_closed_three_days_after_its_end(sender: User) -> None:
    for day, months in ((datetime(2026, 4, 3, 23, 59, 59, tzinfo=UTC), ["2026-02"]), (datetime(2026, 4, 4, tzinfo=UTC), ["2026-02", "2026-03"])):
        with clock.travel_to(day):
            assert waiting_months() == months


@pytest.mark.parametrize("step", ["_kept", "_sync", "record_month", "_show", "_exchange"])
def test_a_compaction_that_breaks_anywhere_shows_no_half_month_and_the_next_one_mends_it(
    sender: User, monkeypatch: pytest.MonkeyPatch, step: str,
) -> None:
    officer = a_national_officer()
    run()
    sent(sender, an_event(8))
    merged = table(officer)
    whole = [sorted((path.name, path.stat().st_ino) for path in compaction.folder().glob("month=2026-03/*"))]

    def broken(*_: Any, **__: Any) -> Any:
        raise SystemExit("killed")

    with monkeypatch.context() as patch:
        patch.setattr(compaction, step, broken)
        with pytest.raises(SystemExit):
            run()
    assert table(officer) == merged
    assert sorted((path.name, path.stat().st_ino) for path in compaction.folder().glob("month=2026-03/*")) in whole
    run()
    assert table(officer) == merged and check_files() == []
    row = current_months()["2026-03"]
    assert row.generation == 2 and sum(each["rows"] for each in row.files) == 7
    shown, kept = compaction.folder() / "month=2026-03", compaction.folder() / ".generations" / row.folder
    assert all((shown / each["name"]).samefile(kept / each["name"]) for each in row.files)
    assert not list(compaction.folder().glob(".tmp-*"))


def test_two_compactions_at_once_are_refused_and_a_damaged_file_is_found(sender: User) -> None:
    run()
    with compaction._alone(), pytest.raises(Conflict):
        run()
    row = current_months()["2026-03"]
    path = compaction.folder() / ".generations" / row.folder / row.files[0]["name"]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    assert [finding.code for finding in check_files()] == ["event_month_damaged"]
    path.write_bytes(b"")
    with pytest.raises(Refused, match="重新归档"):
        table(a_national_officer())
    assert run(months=["2026-03"])[0].generation == 2 and check_files() == []
    assert Event.objects.count() == 9 and EventMonth.objects.count() == 3 and EventSource.objects.count() == 1
