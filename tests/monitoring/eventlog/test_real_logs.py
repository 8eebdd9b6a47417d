"""Directly-follows graph and variants of three real logs agree with the slow reference in every cell.

The logs are other people's (4TU.ResearchData) and not copied here: they are read where KOUAN_CONFORMANCE says.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import os
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from tests.monitoring.eventlog import reference
from tests.monitoring.eventlog.named import named

from kouan.monitoring.eventlog import engine

FOLDER = Path(os.environ.get("KOUAN_CONFORMANCE", "/nowhere")) / "data" / "event-logs"
pytestmark = [
    pytest.mark.conformance, pytest.mark.skipif(not FOLDER.is_dir(), reason="KOUAN_CONFORMANCE names no folder with data/event-logs"),
]  # fmt: skip
NAMES = {"case_id": "case:concept:name", "milestone": "concept:name", "occurred_at": "time:timestamp"}
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def from_csv(path: Path) -> tuple[Path, list[tuple[str, str, str]]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") if path.suffix == ".gz" else path.open(encoding="utf-8", newline="") as file:
        return path, [(row[NAMES["case_id"]], row[NAMES["milestone"]], row[NAMES["occurred_at"]]) for row in csv.DictReader(file)]


def from_xes(path: Path, folder: Path) -> tuple[Path, list[tuple[str, str, str]]]:
    """XES is XML: traces with a name, events with a name and a timestamp."""

    def value(element: ET.Element, key: str) -> str:
        return next(each.get("value", "") for each in element if each.get("key") == key)

    with gzip.open(path) as file:
        root = ET.parse(file).getroot()
    rows = [
        (value(trace, "concept:name"), value(event, "concept:name"), value(event, "time:timestamp"))
        for trace in root.findall("{*}trace") for event in trace.findall("{*}event")
    ]  # fmt: skip
    written = folder / "log.csv"
    with written.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([tuple(NAMES.values()), *rows])
    return written, rows


@pytest.mark.parametrize(("name", "cases", "events", "activities"), [
    ("receipt_permit_2010_2012.csv.gz", 1434, 8577, 27), ("helpdesk.xes.gz", 4580, 21348, 14), ("road_traffic_fines_100_cases.csv", 100, 369, 0),
])  # fmt: skip
@pytest.mark.parametrize("which", ["duckdb", "duckdb-sql"])
def test_graph_and_variants_of_a_real_log(tmp_path: Path, name: str, cases: int, events: int, activities: int, which: str) -> None:
    path, rows = from_xes(FOLDER / name, tmp_path) if ".xes" in name else from_csv(FOLDER / name)
    assert len({case for case, _, _ in rows}) == cases
    told = [
        (case, activity, int((dt.datetime.fromisoformat(when) - EPOCH) / dt.timedelta(microseconds=1))) for case, activity, when in rows
    ]  # fmt: skip
    expected = reference.foreign(told)
    result = engine.run([path], columns=NAMES, engine=which)
    found = named(result)
    assert result.cases == cases and result.events == len(rows)
    assert {key[3:]: value for key, value in found["dfg"].items()} == expected["dfg"]
    assert {key[3:]: value for key, value in found["ends"].items()} == expected["ends"]
    assert {key[3]: value for key, value in found["variants"].items()} == expected["variants"]
    assert found["segments"] == expected["segments"]
    if activities:
        assert len(rows) == events and len(result.plan.milestones) == activities
