"""From a figure to its cell, for every kind of file; and forward to what was made of it."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import duckdb
import pytest
from files import RETURN, a_csv, a_return, a_workbook, lines
from openpyxl import Workbook

from kouan.audit import acting
from kouan.basis import EvidenceRef, Refused
from kouan.collection.actions import take_in
from kouan.collection.lineage import evidence_of, file_cell, record_use, trace, users_of
from kouan.collection.models import Observation
from kouan.desk.actions import file_place

pytestmark = pytest.mark.usefixtures("register")
ROWS = [a_return(11, period="2023-01"), a_return("1.25", measure="cargo_tonnes", unit="万吨", period="2023-02")]


def a_parquet(folder: Path) -> Path:
    """The rows of a return as Parquet."""
    place = folder / "a.parquet"
    source = a_csv(folder, ROWS)
    duckdb.sql(f"COPY (SELECT * FROM read_csv('{source}', all_varchar=true)) TO '{place}' (FORMAT parquet)")
    return place


def a_gzip(folder: Path) -> Path:
    """The rows of a return, gzipped in GB18030."""
    place = folder / "a.csv.gz"
    place.write_bytes(gzip.compress(lines([RETURN, *ROWS]).encode("gb18030")))
    return place


@pytest.mark.parametrize(("make", "first_row"), [
    (lambda folder: a_csv(folder, ROWS, encoding="utf-8-sig"), 2), (a_gzip, 2),
    (lambda folder: a_workbook(folder, ROWS, above=3), 5), (a_parquet, 1),
])
def test_every_kind_of_file_leads_back_to_the_cell(tmp_path: Path, national: Any, make: Any, first_row: int) -> None:
    place = make(tmp_path)
    report = take_in(actor=national, path=place, source="port-return", name="三月.csv")
    place.unlink()
    for figure in Observation.objects.select_related("series", "batch"):
        way, cell = trace(figure), file_cell(figure)
        assert (way.file, way.sha256, way.batch, way.column) == ("三月.csv", report.sha256, report.batch, 5)
        assert (way.heading, way.source, way.submitted_by) == ("数值", "port-return", str(national))
        is_first = figure.series.measure == "person_crossings"
        assert way.row == first_row + (not is_first)
        assert float(cell.text) == (11 if is_first else 1.25)
        assert cell.header == list(RETURN)
        assert set(way.as_dict()) >= {"file", "sha256", "sheet", "row", "column", "batch", "source", "submitted_by"}


def test_the_second_sheet_of_a_workbook(tmp_path: Path, national: Any) -> None:
    book = Workbook()
    for title, period in (("一月", "2023-01"), ("二月", "2023-02")):
        sheet = book.create_sheet(title)
        sheet.append(RETURN)
        sheet.append(a_return(7, period=period))
    place = tmp_path / "a.xlsx"
    book.save(place)
    take_in(actor=national, path=place, source="port-return")
    figure = Observation.objects.get(period_start="2023-02-01")
    assert (trace(figure).sheet, trace(figure).cell, file_cell(figure).text) == ("二月", "E2", "7")


def test_a_file_that_was_altered_or_lost_is_not_shown_as_evidence(tmp_path: Path, national: Any) -> None:
    report = take_in(actor=national, path=a_csv(tmp_path, ROWS[:1]), source="port-return")
    figure, place = Observation.objects.get(), file_place(report.sha256)
    content = place.read_bytes()
    place.write_bytes(content.replace(b",11,", b",99,"))
    with pytest.raises(Refused) as caught:
        file_cell(figure)
    assert caught.value.findings[0].code == "file_altered"
    place.unlink()
    with pytest.raises(Refused) as caught:
        file_cell(figure)
    assert caught.value.findings[0].code == "file_missing"


def test_what_was_made_of_a_figure_can_be_asked_from_below(national: Any) -> None:
    figure = EvidenceRef("collection", "observation", 7, 2, "ab" * 32)
    verdict = EvidenceRef("grading", "verdict", 3, 1)
    with acting(national.pk, "test"):
        assert record_use(verdict, [figure, EvidenceRef("collection", "observation", 8, 1)]) == 2
    assert [ref.uri for ref in users_of(figure)] == [verdict.uri]
    assert users_of(EvidenceRef("collection", "observation", 7, 1)) == []
    assert [ref.uri for ref in users_of(EvidenceRef("collection", "observation", 7, 1), any_revision=True)] == [verdict.uri]
    assert [ref.uri for ref in evidence_of(verdict)] == ["kouan:collection/observation/7@2", "kouan:collection/observation/8@1"]
