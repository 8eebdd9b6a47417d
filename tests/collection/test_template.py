"""The workbook of the port return: written by the system, filled in, read back."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from files import somebody
from openpyxl import load_workbook

from kouan.accounts.models import OrganisationKind, Role
from kouan.basis import Refused
from kouan.collection.actions import take_in
from kouan.collection.models import Observation
from kouan.collection.template import DATA, LISTS, NOTES, write_template

pytestmark = pytest.mark.usefixtures("register")


def filled_in(folder: Path, content: bytes, rows: list[tuple[Any, ...]]) -> Path:
    """The template as a clerk sends it back."""
    book = load_workbook(BytesIO(content))
    for number, row in enumerate(rows, 5):
        for index, value in enumerate(row, 1):
            book[DATA].cell(number, index, value)
    place = folder / "报送表.xlsx"
    book.save(place)
    return place


def test_what_the_drop_downs_offer_is_what_the_system_reads(tmp_path: Path, guangdong: Any) -> None:
    content = write_template(guangdong, ports=["罗湖", "liantang-road"], measure_codes=["cargo_tonnes", "出入境人员"])
    lists = load_workbook(BytesIO(content))[LISTS]
    ports, measures, directions, units = (
        [cell.value for cell in column if cell.value is not None] for column in lists.iter_cols(1, 4)
    )
    assert ports == ["罗湖铁路口岸［luohu-rail］", "莲塘公路口岸［liantang-road］"]
    rows, periods = [], iter(f"20{year}-{month:02d}" for year in range(10, 24) for month in range(1, 13))
    for port in ports:
        for measure, fitting in zip(measures, (units[:2], units[2:]), strict=True):
            rows += [(port, measure, next(periods), direction, 3, unit) for direction in directions for unit in fitting]
    report = take_in(actor=guangdong, path=filled_in(tmp_path, content, rows), source="port-return")
    assert report.findings == [] and report.accepted == report.read == len(rows) == report.observations
    assert Observation.objects.filter(value=30_000, series__measure="cargo_tonnes").count() == 6


def test_an_untouched_template_holds_no_rows(tmp_path: Path, guangdong: Any) -> None:
    with pytest.raises(Refused) as caught:
        take_in(actor=guangdong, path=filled_in(tmp_path, write_template(guangdong), []), source="port-return")
    assert caught.value.findings[0].code == "empty_file"


def test_the_example_row_is_never_read(tmp_path: Path, guangdong: Any) -> None:
    row = ("luohu-rail", "person_crossings", "2023-03", "入境", 5, "人次")
    take_in(actor=guangdong, path=filled_in(tmp_path, write_template(guangdong), [row]), source="port-return")
    assert [figure.row for figure in Observation.objects.all()] == [5]


def test_only_ports_in_scope_are_offered_and_others_are_unknown(guangdong: Any) -> None:
    lists = load_workbook(BytesIO(write_template(guangdong)))[LISTS]
    offered = " ".join(str(cell.value) for cell in lists["A"])
    assert "luohu-rail" in offered and "manzhouli" not in offered
    for name in ("manzhouli-rail", "天涯口岸"):
        with pytest.raises(Refused) as caught:
            write_template(guangdong, ports=[name])
        assert caught.value.findings[0].code == "unknown_port"


def test_unknown_and_benchmark_measures_are_refused_together(guangdong: Any) -> None:
    with pytest.raises(Refused) as caught:
        write_template(guangdong, measure_codes=["cargo_tonne", "pedestrians"])
    assert [finding.code for finding in caught.value.findings] == ["unknown_measure", "not_for_ports"]


def test_an_office_without_ports_gets_no_template() -> None:
    nobody = somebody(Role.PORT_REPORTER, OrganisationKind.PORT_OPERATOR, port_codes=[])
    with pytest.raises(Refused):
        write_template(nobody)


def test_headings_are_locked_cells_are_open_and_nothing_is_a_formula(guangdong: Any) -> None:
    book = load_workbook(BytesIO(write_template(guangdong, ports=["luohu-rail"])))
    sheet = book[DATA]
    assert sheet.protection.sheet and sheet["A3"].protection.locked and not sheet["A5"].protection.locked
    assert sheet["C5"].number_format == "@" and sheet.freeze_panes == "A4"
    assert {str(rule.sqref).split(":")[0] for rule in sheet.data_validations.dataValidation} == {
        "A5", "B5", "C5", "D5", "E5", "F5",
    }
    assert book[LISTS].sheet_state == "hidden" and NOTES in book.sheetnames
    assert not any(cell.data_type == "f" for each in book for row in each.iter_rows() for cell in row)


def test_a_template_of_the_exercise_does_not_enter_the_real_workspace(
    tmp_path: Path, guangdong: Any, settings: Any
) -> None:
    row = ("luohu-rail", "person_crossings", "2023-03", "入境", 5, "人次")
    settings.IS_EXERCISE = True
    place = filled_in(tmp_path, write_template(guangdong), [row])
    assert load_workbook(place)[DATA]["A1"].value.endswith("（演练数据）")
    settings.IS_EXERCISE = False
    with pytest.raises(Refused) as caught:
        take_in(actor=guangdong, path=place, source="port-return")
    assert caught.value.findings[0].code == "wrong_workspace"
    settings.IS_EXERCISE = True
    assert take_in(actor=guangdong, path=place, source="port-return").observations == 1
