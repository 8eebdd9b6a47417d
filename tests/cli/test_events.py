"""``kouan events``: files in and out, months, sources, clocks."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.monitoring.journal_factories import NOON, OTHER_PORT, a_source, an_event
from typer.testing import CliRunner

from kouan.basis import clock
from kouan.cli import app
from kouan.monitoring.journal import compaction, reading
from kouan.monitoring.journal.models import Event, EventBatch, HeldEvent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    for module in (compaction, reading):
        monkeypatch.setattr(module, "folder", lambda: tmp_path / "events")
    a_source(ports=("*",))
    with clock.travel_to(NOON + timedelta(days=70)):
        yield


def kouan(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["events", *arguments], catch_exceptions=False)


def a_csv(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_table_comes_in_goes_out_as_epcis_and_xes_and_comes_back_the_same(tmp_path: Path) -> None:
    rows = [an_event(number, place="", quantity="" if number % 2 else number) for number in range(2500)]
    rows.append(an_event(9000, milestone="x", place="", quantity=1))
    file = a_csv(tmp_path / "day.csv", rows)
    done = kouan("import", str(file), "--source", "tj-terminal", "--json")
    (report,) = json.loads(done.stdout)
    assert done.exit_code == 1 and (report["received"], report["accepted"], report["held"]) == (2501, 2500, 1)
    told = {each["code"]: each for each in report["findings"]}
    assert told["event_milestone_unknown"]["where"] == {"file": "day.csv", "row": 2501, "column": "milestone"}
    assert told["events_late"]["count"] == 3
    (again,) = json.loads(kouan("import", str(file), "--source", "tj-terminal", "--json").stdout)
    assert (again["accepted"], again["repeated"]) == (0, 2501) and Event.objects.count() == 2500 and HeldEvent.objects.count() == 1
    assert EventBatch.objects.filter(file_name="day.csv").count() == 6 and len(EventBatch.objects.first().file_sha256) == 64
    assert json.loads(kouan("compact", "--json").stdout)[0]["rows"] == 2500
    exported = tmp_path / "out.json"
    assert json.loads(kouan("export", str(exported), "--month", "2026-03", "--json").stdout)["events"] == 2500
    back = kouan("import", str(exported), "--source", "tj-terminal", "--json")
    assert json.loads(back.stdout)[0]["repeated"] == 2500, "the very same events, by another way"
    log = tmp_path / "out.xes"
    assert kouan("export", str(log), "--port", OTHER_PORT).exit_code == 0 and b"<trace>" not in log.read_bytes()
    assert kouan("export", str(log)).exit_code == 0 and log.read_bytes().count(b"<trace>") == 2500
    shown = json.loads(kouan("status", "--files", "--json").stdout)
    assert shown["sources"][0]["waiting"] == 1 and shown["months"][0]["month"] == "2026-03" and shown["months_waiting"] == []


def test_parquet_of_a_month_can_be_taken_in_elsewhere(tmp_path: Path) -> None:
    kouan("import", str(a_csv(tmp_path / "day.csv", [an_event(number) for number in range(5)])), "--source", "tj-terminal")
    kouan("compact")
    for code, origin in (("copy", "demonstration"), ("again", "official")):
        a_source(code, ports=("*",), origin=origin)
    files = sorted(map(str, (tmp_path / "events").glob("month=*/part-*.parquet")))
    done = kouan("import", *files, "--source", "copy", "--json")
    assert done.exit_code == 0 and sum(each["accepted"] for each in json.loads(done.stdout)) == 5
    copies = Event.objects.filter(source="copy")
    assert {row.origin for row in copies} == {"demonstration"}
    first = Event.objects.filter(source="tj-terminal")
    assert set(copies.values_list("event_id", "occurred_us")) == set(first.values_list("event_id", "occurred_us"))
    drill = a_csv(tmp_path / "drill.csv", [an_event(1, origin="exercise")])
    assert json.loads(kouan("import", str(drill), "--source", "again", "--json").stdout)[0]["held"] == 1


@pytest.mark.parametrize(("arguments", "status"), [
    (("import", "nowhere.csv", "--source", "tj-terminal"), 2), (("import", "FILE", "--source", "nobody"), 1),
    (("import", "FILE", "--source", "tj-terminal", "--set", "colour=red"), 2), (("export", "out.pdf"), 2),
    (("compact", "--month", "2031-01"), 2), (("rule", "tj-terminal", "--shift", "-180", "--since", "2026-03-01", "--reason", "x"), 2),
    (("rule", "nobody", "--shift", "-180", "--since", "2026-03-01T00:00:00+08:00", "--reason", "x"), 1),
])
def test_what_cannot_be_done_is_said_with_its_status(tmp_path: Path, arguments: tuple[str, ...], status: int) -> None:
    file = a_csv(tmp_path / "day.csv", [an_event(1)])
    assert kouan(*[str(file) if each == "FILE" else each for each in arguments]).exit_code == status
    assert not Event.objects.exists()


def test_a_ruling_and_a_decision_by_command() -> None:
    assert kouan("rule", "tj-terminal", "--shift", "-180", "--since", "2026-03-01T00:00:00+08:00", "--reason", "时区").exit_code == 0
    assert kouan("sources").exit_code == kouan("held").exit_code == kouan("status").exit_code == 0
