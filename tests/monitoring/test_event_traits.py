"""What events tell of their case in codes: taken in by every way, digested, kept in closed months, and derived from."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from django.db import connection
from tests.accounts.factories import a_national_officer
from tests.monitoring.journal_factories import NOON, PORT, a_source, an_event, read, sent
from tests.monitoring.studies.a_log import House

from kouan.audit.verify import verify
from kouan.basis import Refused, Text, clock
from kouan.collection.models import Observation, Origin
from kouan.evaluation import schemes
from kouan.evaluation.rounds.gathering import gather
from kouan.evaluation.rounds.objects import Evaluated
from kouan.exchange.epcis import read_epcis, write_epcis
from kouan.monitoring import clearance_year
from kouan.monitoring.clearance_counts import CITIZENS, SEGMENTS, citizen_waits
from kouan.monitoring.clearance_month import year_span
from kouan.monitoring.journal import compaction, reading
from kouan.monitoring.journal.compaction import compact
from kouan.monitoring.journal.exports import exported_rows
from kouan.monitoring.journal.files import rows_of, take_in_rows
from kouan.monitoring.journal.models import Event, HeldEvent
from kouan.monitoring.journal.reading import events_table
from kouan.monitoring.journal.traits import TRAITS, WORDS
from kouan.monitoring.processes.lanes import lane_view
from kouan.monitoring.timing.events import HOUR, MINUTE
from kouan.monitoring.timing.norms import Norm
from kouan.ports.models import Port

pytestmark = pytest.mark.django_db(transaction=True)
OPEN = NOON + timedelta(days=1)


@pytest.fixture
def sender(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A terminal that may speak for the port; closed months lie in a folder of their own."""
    for module in (compaction, reading):
        monkeypatch.setattr(module, "folder", lambda: tmp_path / "events")
    with clock.travel_to(OPEN):
        yield a_source(ports=("*",)).organisation.users.get()


def a_batch(number: int, wait_us: int | None, group: str | None = "citizens", persons: int = 10, **fields: Any) -> list[dict[str, Any]]:
    """A batch of travellers that joined ``number`` minutes after noon and entered a lane so long after."""
    joined = NOON + timedelta(minutes=number)
    common = {"case_id": f"P{number:04d}", "case_kind": "passenger_batch", "quantity": persons, **fields}
    told = [an_event(milestone="queue_joined", event_id=f"P{number}-1", occurred_at=joined.isoformat(), nationality_group=group, **common)]
    if wait_us is not None:
        entered = joined + timedelta(microseconds=wait_us)
        told.append(an_event(milestone="lane_entered", event_id=f"P{number}-2", place="A1", occurred_at=entered.isoformat(), **common))
    return told


def told(user: Any) -> list[tuple[Any, ...]]:
    with events_table(user) as engine:
        return engine.execute(f"SELECT event_id, {', '.join(TRAITS)} FROM events ORDER BY ALL").fetchall()


def test_the_lists_of_the_door_and_of_the_words_are_one() -> None:
    fields = {field.name: field.type for field in msgspec.structs.fields(type(read(an_event()).events[0]))}
    for name, words in WORDS.items():
        assert set(fields[name].__args__[0].__args__) == set(words)


def test_each_is_kept_where_it_fits_and_held_where_it_does_not(sender: Any) -> None:
    answer = sent(sender, an_event(1), an_event(2, risk_channel="red", goods_kind="dangerous"), an_event(3, nationality_group="citizens"),
                  *a_batch(4, MINUTE), an_event(5, risk_channel="purple"), an_event(6, case_kind="passenger_batch", goods_kind="general")).as_dict()
    assert (answer["accepted"], answer["held"]) == (4, 3)
    assert {(row.event_id, row.findings[0]["code"]) for row in HeldEvent.objects.all()} == {
        ("E3", "event_trait_unfit"), ("E5", "event_malformed"), ("E6", "event_trait_unfit")}
    assert told(a_national_officer()) == [
        ("E1", None, None, None), ("E2", None, "red", "dangerous"), ("P4-1", "citizens", None, None), ("P4-2", None, None, None)]
    again = sent(sender, an_event(2, risk_channel="red", goods_kind="dangerous"), an_event(1)).as_dict()
    assert again["repeated"] == 2
    assert sent(sender, an_event(2, risk_channel="green", goods_kind="dangerous")).as_dict()["events"][0]["findings"][0]["code"] == "event_conflict"


def test_the_trail_covers_them_and_verifies_what_was_recorded_before_they_were_there(sender: Any) -> None:
    sent(sender, *[an_event(n) for n in range(1, 1001)])
    sent(sender, *[an_event(n, **({"risk_channel": "red"} if n % 3 == 0 else {})) for n in range(1001, 2001)])
    assert verify().is_sound, [str(each) for each in verify().findings]
    with connection.cursor() as cursor:
        # Past the triggers a shell would have to go; the digest alone must tell.
        for row in (Event.objects.get(event_id="E1002"), Event.objects.get(event_id="E1")):
            table = Event._meta.db_table
            was = row.risk_channel
            if connection.vendor == "postgresql":
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER kouan_audit_row")
            else:
                cursor.execute(f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{table}'")
                triggers = cursor.fetchall()
                for name, _ in triggers:
                    cursor.execute(f'DROP TRIGGER "{name}"')
            cursor.execute(f"UPDATE {table} SET risk_channel = 'green' WHERE id = %s", [row.pk])
            found = {each.code for each in verify().findings}
            cursor.execute(f"UPDATE {table} SET risk_channel = %s WHERE id = %s", [was, row.pk])
            if connection.vendor == "postgresql":
                cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER kouan_audit_row")
            else:
                for _, sql in triggers:
                    cursor.execute(sql)
            assert "audit_batch_altered" in found
    assert verify().is_sound


def test_files_of_every_kind_bring_and_take_them(sender: Any, tmp_path: Path) -> None:
    events = [*a_batch(1, MINUTE), an_event(2, risk_channel="yellow", goods_kind="perishable")]
    sent(sender, *events)
    officer = a_national_officer()
    rows = list(exported_rows(officer))
    (tmp_path / "out.json").write_bytes(b"".join(write_epcis(rows, "2026-03-03T00:00:00+00:00")))
    back = [values for _, values in read_epcis((tmp_path / "out.json").read_bytes())]
    assert [{name: each[name] for name in TRAITS if each.get(name)} for each in back] == [
        {"risk_channel": "yellow", "goods_kind": "perishable"}, {"nationality_group": "citizens"}, {}]
    with (tmp_path / "in.csv").open("w", newline="") as out:
        names = sorted({name for each in events for name in each})
        writer = csv.DictWriter(out, names)
        writer.writeheader()
        writer.writerows([{**each, "event_id": f"CSV-{each['event_id']}"} for each in events])
    with duckdb.connect() as engine:
        engine.execute(f"COPY (SELECT * REPLACE (replace(event_id, 'CSV', 'PQ') AS event_id) FROM read_csv('{tmp_path / 'in.csv'}')) "
                       f"TO '{tmp_path / 'in.parquet'}'")
    for name in ("in.csv", "in.parquet"):
        report = take_in_rows(rows_of(tmp_path / name), actor=sender, source="tj-terminal", name=name)
        assert (report.accepted, report.held) == (3, 0), report.as_dict()
    kept = {row[0]: row[1:] for row in told(officer)}
    assert kept["CSV-E2"] == kept["PQ-E2"] == kept["E2"] and kept["CSV-P1-1"] == kept["PQ-P1-1"] == ("citizens", None, None)


def test_closed_months_hold_them_and_those_closed_before_read_as_not_told(sender: Any, tmp_path: Path) -> None:
    sent(sender, an_event(1, risk_channel="red"))
    officer = a_national_officer()
    with clock.travel_to(NOON + timedelta(days=70)):
        sent(sender, an_event(2, risk_channel="green", occurred_at=(NOON + timedelta(days=69)).isoformat()))
        from kouan.accounts.action import acting_system
        with acting_system("tests") as system:
            compact(actor=system)
        assert told(officer) == [("E1", None, "red", None), ("E2", None, "green", None)]
        month = compaction.current_months()["2026-03"]
        with duckdb.connect() as engine:  # as a month was written before events told anything of this
            for each in month.files:
                path = tmp_path / "events" / ".generations" / month.folder / each["name"]
                engine.execute(f"COPY (SELECT * EXCLUDE ({', '.join(TRAITS)}) FROM read_parquet('{path}')) TO '{path}.new' (FORMAT parquet)")
                Path(f"{path}.new").replace(path)
                each["bytes"] = path.stat().st_size
        month.save()
        assert told(officer) == [("E1", None, None, None), ("E2", None, "green", None)]


def test_thirty_minutes_hold_for_citizens_exactly_thirty_being_met(sender: Any) -> None:
    sent(sender, *a_batch(1, 30 * MINUTE), *a_batch(2, 30 * MINUTE + 1), *a_batch(3, 5 * MINUTE, persons=4), *a_batch(4, None),
         *a_batch(5, 90 * MINUTE, "others"), *a_batch(6, MINUTE, None))
    officer = a_national_officer()
    found = lane_view(officer, PORT, date(2026, 3, 2), group="citizens")
    assert found.rule is not None and (found.batches, found.rule.batches.met, found.rule.batches.judged) == (4, 2, 4)
    assert found.groups == (("citizens", 4), ("others", 1)) and found.joined == 6 and found.persons == 34
    assert lane_view(officer, PORT, date(2026, 3, 2)).batches == 6
    others = lane_view(officer, PORT, date(2026, 3, 2), group="others").rule
    assert others is not None and others.batches.met == 0
    for wrong in ({"group": "martians"}, {"group": "citizens", "kind": "vehicle"}):
        with pytest.raises(Refused):
            lane_view(officer, PORT, date(2026, 3, 2), **wrong)
    with events_table(officer) as engine:
        counts = citizen_waits(engine, [PORT], 2026, year_span(2026), "")
    assert [(row.judged, row.found) for row in counts] == [(4, 2)], "the year counts as the page does"


def test_the_year_enters_as_derived_figures_that_a_round_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    house.log()
    with clock.travel_to(OPEN):
        sent(house.terminal, *[event for n in range(40) for event in a_batch(n, 30 * MINUTE + (n < 10), case_id=f"P{n}")])
    norm = Norm(Text("审单", "documents"), "overall_clearance", ("declared", "docs_checked"), "inbound", (), (), date(2021, 1, 1), 2 * HOUR)
    with clock.travel_to(date(2027, 2, 1)):
        counts = clearance_year.counted(house.national, 2026, [norm, replace(norm, between=("arrived", "berthed"), limit_us=4 * HOUR)])
        assert [(row.port, row.judged, row.found) for row in counts[CITIZENS]] == [(PORT, 40, 30)]
        # 22 imports at Tianjin, two spans each: the slow one's papers are late; of the others those that berthed after four hours.
        assert [(row.judged, row.found) for row in counts[SEGMENTS] if row.port == PORT] == [(44, 1 + 20)]
        monkeypatch.setattr(clearance_year, "norms_in_force", lambda: [norm])
        done = clearance_year.hand_over_year(actor=house.national, year=2026)
        assert done.counts_intake is not None and done.counts_intake.accepted == 2, json.dumps(done.counts_intake.as_dict(), ensure_ascii=False)
        held = {row.series.measure: (row.value, row.series.origin) for row in Observation.objects.select_related("series")}
        assert held == {CITIZENS[0]: (40, Origin.DERIVED), CITIZENS[1]: (30, Origin.DERIVED)}, "22 checks of a segment are too few"
        port, scheme = Port.objects.get(code=PORT), schemes.get("national-first")
        one = Evaluated(PORT, port.name_zh, port.name_en, "sea", province_code=port.province_code)
        data = gather(scheme, 2026, [one], clock.now()).data
        assert [data.values[-1, 0, data.items.index(name)] for name in ("citizen_batches", "citizen_batches_30")] == [40, 30]
