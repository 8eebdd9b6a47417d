"""The engine on real figures: faults that somebody labelled, the pandemic as an exception; and seeds of every kind in a held-out manner."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date
from pathlib import Path

import duckdb
import pytest

from kouan.basis import Period, PeriodKind
from kouan.collection.checks import Explained, Key, Panel, examine, examine_table, seeding_related
from kouan.collection.checks.seeding import measure

DATA = Path(__file__).parents[3] / "src/kouan/collection/data"
LABELS = Path(__file__).with_name("real_faults.csv")
CLOSED = ("Lo Wu", "Lok Ma Chau", "Lok Ma Chau Spur Line")


def control_points() -> Panel:
    """Hong Kong's control points by month."""
    read = duckdb.sql(  # our own file
        f"SELECT control_point, direction, year(date) * 12 + month(date) - 1 AS month, sum(total)::DOUBLE AS n "
        f"FROM '{DATA / 'hk-control-points/daily_passengers_2020_2025.csv.gz'}' GROUP BY ALL").fetchnumpy()
    keys: dict[Key, int] = {}
    rows = [keys.setdefault(Key(f"counterpart_point:{point}", "person_crossings", str(way)), len(keys))
            for point, way in zip(read["control_point"], read["direction"], strict=True)]
    return Panel.build(tuple(keys), PeriodKind.MONTH, rows, read["month"], read["n"])


def test_the_closure_of_the_pandemic_is_told_once_and_explained_for_good() -> None:
    panel = control_points()
    closed = {f"counterpart_point:{point}" for point in CLOSED}
    told = [one for one in examine(panel) if one.key.subject in closed and one.check == "zero_run" and one.count > 6]
    assert {one.key.subject for one in told} == closed
    assert len(told) <= 4 * len(closed)  # a direction's closure is one matter, not one a month
    pandemic = Explained(date(2020, 1, 25), date(2023, 2, 6), ("counterpart_point:*",), reference="口岸暂停服务公告")
    after = [one for one in examine(panel, explained=[pandemic]) if one.key.subject in closed and one.last.start < date(2023, 2, 1)]
    # Arrivals that equal departures to the man are a copy, which no closure explains.
    assert {one.check for one in after} <= {"copied_column"}


def test_labels_can_be_used() -> None:
    with LABELS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 180 and {row["set"] for row in rows} == {"tuning", "held-out"} and all(row["reason"] for row in rows)
    assert all(Period.parse(row["first"]).start <= Period.parse(row["last"]).start for row in rows)


@pytest.mark.long
def test_real_faults_that_somebody_labelled() -> None:
    read = duckdb.sql(f"SELECT port_code, measure, month, value FROM '{DATA / 'us-border-crossing/monthly_1996_2023.parquet'}'").fetchnumpy()
    keys: dict[Key, int] = {}
    rows = [keys.setdefault(Key(str(port), str(what)), len(keys)) for port, what in zip(read["port_code"], read["measure"], strict=True)]
    panel = Panel.build(tuple(keys), PeriodKind.MONTH, rows, [int(month[:4]) * 12 + int(month[5:]) - 1 for month in read["month"]],
                        read["value"].astype(float))
    found = examine(panel, explained=[Explained(date(2020, 3, 1), date(2022, 6, 30), reference="COVID-19")])
    told: dict[str, list[bool]] = defaultdict(list)
    with LABELS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            first, last = panel.column(Period.parse(row["first"])), panel.column(Period.parse(row["last"]))
            told[row["kind"]].append(any(
                one.start <= last and one.stop > first and any(
                    key is not None and key.subject == row["entity"] and row["measure"] in ("*", key.measure) for key in (one.key, one.other))
                for one in found))
    for kind in ("sheet sent twice", "sheet of another port", "copied column", "duplicated entity", "stuck", "zero block", "closure"):
        assert all(told[kind]), kind
    faults = [hit for kind, hits in told.items() if kind != "as it is" for hit in hits]
    assert sum(faults) / len(faults) >= 0.8
    assert sum(told["as it is"]) <= 2


@pytest.mark.parametrize("kind", list(seeding_related.KINDS))
def test_faults_between_figures_are_found(kind: str) -> None:
    panel, links = seeding_related.related(16, 96, seed=9001)
    sown, seeds = seeding_related.seed(panel, 2, 9002, {kind: seeding_related.KINDS[kind]})
    told = measure(sown, seeds, examine(sown, links=links))[kind]
    assert told.sown == 2 and told.found == 2


def test_what_single_rows_show_is_found_and_nothing_else() -> None:
    today = date(2026, 1, 1)
    rows, wrong = seeding_related.rows_with_faults(seeding_related.related(4, 60, 9003)[0], 5, 9004, today)
    assert {(one.check, one.key.subject, one.key.measure, one.first.code) for one in examine_table(rows, today=today).suspicions
            if one.check in seeding_related.TABLE_KINDS} == wrong
