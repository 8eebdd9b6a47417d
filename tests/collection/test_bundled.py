"""The data sets that ship, taken in whole: the faults their notes describe are found, nothing else."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from django.db import connection, transaction
from django.db.models import Sum

from kouan.accounts.action import acting_system
from kouan.audit import RowsDigest
from kouan.audit.models import AuditEntry
from kouan.collection import sources
from kouan.collection.actions import take_in
from kouan.collection.lineage import file_cell, trace
from kouan.collection.models import Batch, Holding, Observation, Series
from kouan.collection.queries import current
from kouan.collection.report import IntakeReport

FILES = {(file.source, file.path.name): file for file in sources.bundled(seeds_only=False)}
HONGKONG = FILES["hk-control-points", "daily_passengers_2020_2025.csv.gz"]
CROSSINGS = FILES["us-border-crossing", "monthly_1996_2023.parquet"]
PUBLISHED = FILES["us-border-crossing", "as_published_2023.csv.gz"]
PRESS = FILES["press-facts", "facts.csv"]


def taken_in(file: sources.BundledFile) -> IntakeReport:
    """Take one bundled file in as the setup does."""
    with acting_system("setup") as system:
        return take_in(actor=system, path=file.path, source=file.source)


def counted(report: IntakeReport) -> dict[str, int]:
    """Findings by code, over all lines of the summary."""
    counts: Counter[str] = Counter()
    for each in report.findings:
        counts[each["code"]] += each["count"]
    return dict(counts)


@pytest.fixture(scope="module")
def reports(loaded_register: None, django_db_blocker: Any) -> Iterator[dict[str, IntakeReport]]:
    """All three data sets, once for this file of tests."""
    with django_db_blocker.unblock(), transaction.atomic():
        taken = {file.path.name: taken_in(file) for file in (HONGKONG, CROSSINGS, PRESS)}
        # PostgreSQL keeps 1.3 million foreign keys to check until the commit that never comes; once is enough.
        connection.check_constraints()
        yield taken
        transaction.set_rollback(True)


@pytest.mark.parametrize("file", FILES.values(), ids=lambda file: file.path.name)
def test_the_files_are_those_of_their_notes(file: sources.BundledFile) -> None:
    assert hashlib.sha256(file.path.read_bytes()).hexdigest() == file.sha256
    note = (file.path.parent.parent / "README.md").read_text(encoding="utf-8")
    assert file.path.name in note and file.sha256 in note


@pytest.mark.usefixtures("db")
class TestBundled:
    """Counts, faults and figures of the bundled data."""

    def test_border_crossings_hold_the_faults_of_their_note(self, reports: dict[str, IntakeReport]) -> None:
        report = reports["monthly_1996_2023.parquet"]
        assert (report.read, report.accepted, report.held, report.refused) == (388_822, 388_810, 2, 10)
        assert (report.observations, report.revisions, report.unchanged) == (388_810, 0, 0)
        assert counted(report) == {"duplicate_row": 10, "conflicting_rows": 2}
        faults = Holding.objects.filter(batch_id=report.batch)
        assert {row.raw[0] for row in faults.filter(outcome="refused")} == {"0110", "2302", "2310", "2408", "3801"}
        assert {row.raw[1] for row in faults.filter(outcome="refused")} == {"2019-06"}
        assert [(row.raw[0], row.raw[1], row.raw[2]) for row in faults.filter(outcome="held")] == [
            ("2606", "2021-02", "Bus Passengers")
        ] * 2
        assert {row.raw[3] for row in faults.filter(outcome="held")} == {"0", "2175"}

    def test_two_ports_share_a_name_and_stay_two(self, reports: dict[str, IntakeReport]) -> None:
        counts = dict(
            Series.objects.filter(subject_code__in=("0103", "3302"), measure="trucks").values_list("subject_code", "pk")
        )
        assert set(counts) == {"0103", "3302"}

    def test_crossings_equal_a_sum_over_the_file(self, reports: dict[str, IntakeReport]) -> None:
        wanted = duckdb.sql(
            f"SELECT sum(value) FROM read_parquet('{CROSSINGS.path}') WHERE measure = 'Trucks' AND month LIKE '2019-%'"
        ).fetchall()[0]
        found = current(Series.objects.filter(measure="trucks"), start=date(2019, 1, 1), end=date(2019, 12, 31))
        assert found.aggregate(total=Sum("value"))["total"] == wanted[0]

    def test_passengers_hold_no_fault_and_equal_a_sum_over_the_file(self, reports: dict[str, IntakeReport]) -> None:
        report = reports["daily_passengers_2020_2025.csv.gz"]
        assert (report.read, report.accepted, report.observations, report.findings) == (63_592, 63_592, 254_368, [])
        with gzip.open(HONGKONG.path, "rt", encoding="utf-8") as file:
            wanted = sum(
                int(row["total"]) for row in csv.DictReader(file)
                if row["control_point"] == "Lo Wu" and row["date"].startswith("2023")
            )
        series = Series.objects.filter(subject_code="lo-wu", group="all")
        found = current(series, start=date(2023, 1, 1), end=date(2023, 12, 31)).aggregate(total=Sum("value"))
        assert found["total"] == wanted

    def test_press_facts_that_are_no_figures_of_one_port_are_held_with_the_reason(
        self, reports: dict[str, IntakeReport]
    ) -> None:
        report = reports["facts.csv"]
        assert (report.read, report.accepted, report.held, report.refused) == (205, 156, 49, 0)
        assert counted(report) == {
            "harbour_not_a_port": 20, "several_ports": 10, "station_not_a_port": 10, "not_cross_border": 3,
            "cumulative_without_start": 3, "period_missing": 3, "conflicting_releases": 2, "other_period": 1,
        }
        held = Holding.objects.filter(batch_id=report.batch)
        conflicting = [row for row in held if row.findings[0]["code"] == "conflicting_releases"]
        assert {(row.raw[1], row.raw[3][:4], row.raw[7]) for row in conflicting} == {
            ("二连浩特", "2017", "1000.42"), ("二连浩特", "2017", "1003.3"),
        }

    def test_press_figures_are_converted_exactly_and_keep_their_span(self, reports: dict[str, IntakeReport]) -> None:
        figure = Observation.objects.select_related("series").get(
            series__subject_code="huoerguosi-rail", series__measure="cargo_tonnes", series__direction="inbound",
            period_start=date(2019, 10, 1),
        )
        assert (figure.value, figure.period.code, figure.series.unit) == (Decimal(6549), "2019-10-01/2019-10-07", "t")
        seconds = Observation.objects.get(series__measure="vehicle_clearance_seconds")
        assert seconds.value == 30
        nation = Observation.objects.get(
            series__subject_kind="nation", series__measure="person_crossings", series__group="all",
            series__granularity="year", period_start=date(2024, 1, 1),
        )
        assert nation.value == 610_000_000
        usd = Observation.objects.get(series__measure="trade_value_usd")
        assert usd.value == 13_682_000_000

    def test_nothing_of_the_other_side_or_the_press_is_official(self, reports: dict[str, IntakeReport]) -> None:
        assert set(Series.objects.values_list("subject_kind", "origin").distinct()) == {
            ("counterpart_point", "counterpart"), ("benchmark_port", "official"), ("port", "press"), ("nation", "press"),
            ("province", "press"), ("group", "press"),
        }

    def test_a_second_run_changes_nothing(self, reports: dict[str, IntakeReport]) -> None:
        batches, figures = Batch.objects.count(), Observation.objects.count()
        for file in (HONGKONG, CROSSINGS, PRESS):
            first, again = reports[file.path.name], taken_in(file)
            assert again.repeated
            assert (again.read, again.accepted, again.held, again.refused) == (
                first.read, first.accepted, first.held, first.refused
            )
            assert (again.observations, again.revisions, again.unchanged) == (0, 0, first.observations)
        assert (Batch.objects.count(), Observation.objects.count()) == (batches, figures)

    def test_the_publishers_own_layout_of_2023_holds_the_same_figures(self, reports: dict[str, IntakeReport]) -> None:
        report = taken_in(PUBLISHED)
        assert (report.read, report.accepted, report.unchanged) == (9087, 9087, 9087)
        assert (report.observations, report.revisions, report.held, report.refused) == (0, 0, 0, 0)

    @pytest.mark.parametrize(("code", "text"), [("lo-wu", None), ("2309", None), ("manzhouli-rail", None)])
    def test_every_figure_leads_back_to_its_cell(
        self, reports: dict[str, IntakeReport], code: str, text: str | None
    ) -> None:
        figures = Observation.objects.filter(series__subject_code=code).select_related("series", "batch").order_by("-pk")
        figure = figures[0]
        way = trace(figure)
        assert way.sha256 == figure.batch.file_sha256 and way.row == figure.row
        cell = file_cell(figure)
        assert way.heading in ("hk_residents", "mainland_visitors", "other_visitors", "total", "value")
        number = Decimal(cell.text)
        assert figure.value in (number, number * 10_000)

    def test_the_trail_vouches_for_every_batch(self, reports: dict[str, IntakeReport]) -> None:
        columns = RowsDigest.columns_of(Observation)
        for name in ("daily_passengers_2020_2025.csv.gz", "facts.csv"):
            batch = Batch.objects.get(pk=reports[name].batch)
            entry = AuditEntry.objects.get(kind="B", table_name="collection_observation", row_pk=str(batch.pk))
            digest = RowsDigest.of(Observation)
            digest.add_many(batch.rows.order_by("pk").values_list(*columns).iterator(10_000))
            recorded = json.loads(entry.after)
            assert (recorded["rows"], recorded["sha256"]) == (batch.observations, digest.hexdigest())
            assert batch.rows_digest == recorded["sha256"]
