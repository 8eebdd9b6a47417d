"""Rows that can be read and still cannot be right, marks of secrecy, error cells, and how all is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from files import (
    HONGKONG,
    PUBLISHED,
    RETURN,
    a_crossing_day,
    a_csv,
    a_published_row,
    a_return,
    a_workbook,
    changed_package,
)
from openpyxl import Workbook

from kouan.basis import Refused
from kouan.collection import tally
from kouan.collection.actions import accept_holding, take_in
from kouan.collection.models import Batch, Holding, Observation
from kouan.collection.report import IntakeReport
from kouan.desk.models import Document
from kouan.ports.models import Port

pytestmark = pytest.mark.usefixtures("register")
NOTED = (*RETURN, "备注")
EXAMPLE = "示例行，不读取"


def intake(actor: Any, place: Path, source: str = "port-return", **more: Any) -> IntakeReport:
    """Take a file in; the counts add up."""
    report = take_in(actor=actor, path=place, source=source, **more)
    assert report.accepted + report.held + report.refused == report.read
    return report


def counted(report: IntakeReport) -> dict[str, int]:
    """Findings by code."""
    counts: dict[str, int] = {}
    for each in report.findings:
        counts[each["code"]] = counts.get(each["code"], 0) + each["count"]
    return counts


# ---- the example row --------------------------------------------------------------------------------


def test_only_the_templates_own_example_row_is_left_out(tmp_path: Path, national: Any) -> None:
    rows = [
        (*a_return(12345), EXAMPLE),                                    # the template's
        (*a_return(5, period="2023-04"), "参照示例行填写"),                # a figure
        (*a_return(12345, period="2023-05"), EXAMPLE),                  # the example copied to another place
        (*a_return(6, period="2023-06"), EXAMPLE),                      # the example's note left standing
    ]
    report = intake(national, a_csv(tmp_path, rows, NOTED))
    assert (report.read, report.accepted, report.held) == (3, 1, 2)
    assert counted(report) == {"example_row_changed": 2}
    held = Holding.objects.order_by("row")
    assert [row.row for row in held] == [4, 5]
    (figure,) = accept_holding(actor=national, holding_id=held[1].pk, reason="已与报送人核实")
    assert figure.value == 6


def test_an_example_row_that_was_written_over_is_counted(tmp_path: Path, national: Any) -> None:
    report = intake(national, a_csv(tmp_path, [(*a_return(777), EXAMPLE)], NOTED))
    assert (report.read, report.held, counted(report)) == (1, 1, {"example_row_changed": 1})


# ---- figures that cannot be -------------------------------------------------------------------------


@pytest.mark.parametrize(("row", "is_held"), [
    (a_return("5.5"), True),
    (a_return("12.5", measure="vehicles", unit="辆次"), True),
    (a_return("0.00001", unit="万人次"), True),
    (a_return("5.0"), False),
    (a_return("1.5", unit="万人次"), False),
    (a_return("12.5", measure="cargo_tonnes", unit="吨"), False),
    (a_return("2.25", measure="teu", unit="标箱"), False),  # a 45-foot container
    (a_return("5.5", measure="person_crossings_daily_mean"), False),  # a mean
])
def test_what_is_counted_one_by_one_is_whole(tmp_path: Path, national: Any, row: tuple[Any, ...], is_held: bool) -> None:
    report = intake(national, a_csv(tmp_path, [row]))
    assert (report.held, counted(report)) == ((1, {"not_whole": 1}) if is_held else (0, {}))


def test_half_a_truck_does_not_enter_the_united_states(tmp_path: Path, national: Any) -> None:
    report = intake(national, a_csv(tmp_path, [a_published_row("12.5")], PUBLISHED), "us-border-crossing")
    assert counted(report) == {"not_whole": 1}


@pytest.mark.parametrize(("period", "is_held"), [("1850", True), ("1948-12", True), ("1949", False), ("1949-01", False)])
def test_a_port_has_no_figure_before_the_sources_first_year(tmp_path: Path, national: Any, period: str, is_held: bool) -> None:
    report = intake(national, a_csv(tmp_path, [a_return(5, period=period)]))
    assert counted(report) == ({"period_too_early": 1} if is_held else {})
    if is_held:
        (figure,) = accept_holding(actor=national, holding_id=Holding.objects.get().pk, reason="海关史料")
        assert figure.value == 5


def test_the_publishers_series_has_a_beginning(tmp_path: Path, national: Any) -> None:
    report = intake(national, a_csv(tmp_path, [a_published_row(when="Dec 1995")], PUBLISHED), "us-border-crossing")
    assert counted(report) == {"period_too_early": 1}


def test_a_port_that_is_only_planned_has_no_figure(tmp_path: Path, national: Any) -> None:
    planned = Port.objects.filter(status="planned", is_group=False).order_by("code")[0]
    report = intake(national, a_csv(tmp_path, [a_return(5, port=planned.code), a_return(6)]))
    assert (report.accepted, report.held, counted(report)) == (1, 1, {"port_not_open": 1})
    assert planned.name_zh in report.findings[0]["message"]["zh"]
    assert Holding.objects.get().subject_code == planned.code


def test_a_group_is_no_port_and_its_members_are_named(tmp_path: Path, national: Any) -> None:
    group = Port.objects.filter(is_group=True, members__isnull=False).order_by("code")[0]
    report = intake(national, a_csv(tmp_path, [a_return(5, port=group.code)]))
    assert counted(report) == {"is_a_group": 1}
    for member in group.members.all():
        assert member.code in report.findings[0]["remedy"]["zh"]


# ---- words that contradict the code -----------------------------------------------------------------


@pytest.mark.parametrize(("row", "code"), [
    (a_published_row(name="Nonsense", code="3801", state="Michigan"), "code_and_name_disagree"),
    (a_published_row(name="Detroit", code="3801", state="Texas"), "code_and_name_disagree"),
    (a_published_row(name="Eastport", code="2309"), "code_and_name_disagree"),
])
def test_a_name_or_state_that_is_not_the_codes_is_held(tmp_path: Path, national: Any, row: Any, code: str) -> None:
    report = intake(national, a_csv(tmp_path, [row], PUBLISHED), "us-border-crossing")
    assert (report.held, counted(report)) == (1, {code: 1})
    assert row[2] in report.findings[0]["required"]


def test_another_border_is_warned_of_and_another_spelling_is_not(tmp_path: Path, national: Any) -> None:
    wrong = list(a_published_row())
    wrong[3] = "US-Canada Border"
    rows = [wrong, a_published_row(name="PROGRESO", when="Nov 2023"), a_published_row(state="TX", when="Dec 2023")]
    report = intake(national, a_csv(tmp_path, rows, PUBLISHED), "us-border-crossing")
    assert (report.accepted, counted(report)) == (3, {"border_disagrees": 1})
    assert report.findings[0]["severity"] == "warning" and report.findings[0]["where"]["row"] == 2


# ---- how it is told -----------------------------------------------------------------------------------


def test_what_several_columns_say_of_a_row_is_said_once(tmp_path: Path, national: Any) -> None:
    report = intake(national, a_csv(tmp_path, [a_crossing_day(direction="Sideways")], HONGKONG), "hk-control-points")
    assert counted(report) == {"unknown_direction": 1}
    assert len(Holding.objects.get().findings) == 1


def test_each_rows_suggestion_is_kept(tmp_path: Path, national: Any) -> None:
    rows = [a_return(5, port="满州里公路口岸"), a_return(6, port="罗胡铁路口岸"), a_return(7, port="满州里公路口岸", period="2022")]
    report = intake(national, a_csv(tmp_path, rows))
    said = {each["measured"]: each for each in report.findings if each["code"] == "unknown_port"}
    assert {name: each["count"] for name, each in said.items()} == {"满州里公路口岸": 2, "罗胡铁路口岸": 1}
    assert "manzhouli-road" in said["满州里公路口岸"]["remedy"]["zh"]
    assert "luohu-rail" in said["罗胡铁路口岸"]["remedy"]["zh"]
    one_by_one = report.as_dict(by_row=True)
    assert [each["where"]["row"] for each in one_by_one["row_findings"]] == [2, 3, 4]
    assert one_by_one["row_findings_left"] == 0
    assert "row_findings" not in report.as_dict()


def test_the_same_file_again_lists_its_rows_too(tmp_path: Path, national: Any) -> None:
    place = a_csv(tmp_path, [a_return(5, port="无此口岸"), a_return(5, period="x")])
    first, again = intake(national, place).as_dict(by_row=True), intake(national, place).as_dict(by_row=True)
    assert again["repeated"] and again["row_findings"] == first["row_findings"] and len(first["row_findings"]) == 2


def test_the_lists_are_bounded_and_the_rest_is_counted(tmp_path: Path, national: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(tally, "LISTED", 30)
    rows = [a_return(f"x{number}", period=f"{2000 + number // 12}-{number % 12 + 1:02d}") for number in range(tally.LINES + 20)]
    report = intake(national, a_csv(tmp_path, rows))
    assert len(report.findings) == tally.LINES + 1
    assert counted(report) == {"number_unreadable": tally.LINES + 20}
    assert max(report.findings, key=lambda each: each["count"])["count"] == 20
    body = report.as_dict(by_row=True)
    assert (len(body["row_findings"]), body["row_findings_left"]) == (30, tally.LINES - 10)


@pytest.mark.parametrize(("unit", "measure", "hint"), [
    ("公斤x", "cargo_tonnes", "公斤"), ("人次数", "person_crossings", "人次"), ("万顿", "cargo_tonnes", "万吨"),
    ("蒲式耳", "cargo_tonnes", "该指标可用：吨、万吨"),
])
def test_an_unknown_unit_is_answered_with_what_the_measure_takes(
    tmp_path: Path, national: Any, unit: str, measure: str, hint: str
) -> None:
    report = intake(national, a_csv(tmp_path, [a_return(5, unit=unit, measure=measure)]))
    assert counted(report) == {"unknown_unit": 1} and hint in report.findings[0]["remedy"]["zh"]


# ---- error cells --------------------------------------------------------------------------------------


def with_errors(folder: Path, rows: list[tuple[Any, ...]]) -> Path:
    """A workbook in which texts that begin with # are the spreadsheet's errors."""
    book = Workbook()
    for row in (RETURN, *rows):
        book.active.append(list(row))
    for row in book.active.iter_rows():
        for cell in row:
            if isinstance(cell.value, str) and cell.value.startswith("#"):
                cell.data_type = "e"
    place = folder / "errors.xlsx"
    book.save(place)
    return place


@pytest.mark.parametrize(("row", "cell"), [
    (a_return("#REF!"), "E2"), (a_return("#DIV/0!"), "E2"), (a_return(5, port="#N/A"), "A2"), (a_return(5, period="#VALUE!"), "C2"),
    (a_return(5, unit="#NAME?"), "F2"),
])
def test_an_error_cell_is_held_and_named_and_not_called_missing(tmp_path: Path, national: Any, row: Any, cell: str) -> None:
    report = intake(national, with_errors(tmp_path, [row, a_return(7)]))
    assert (report.accepted, report.held, report.refused) == (1, 1, 0)
    (found,) = report.findings
    assert (found["code"], found["where"]["cell"], found["measured"][0]) == ("error_cell", cell, "#")


def test_an_error_that_a_formula_left_is_found_across_pieces_of_the_file(tmp_path: Path, national: Any) -> None:
    sheet = (
        '<row r="2"><c r="A2" t="inlineStr"><is><t>luohu-rail</t></is></c><c r="B2" t="inlineStr"><is><t>cargo_tonnes</t></is></c>'
        '<c r="C2" t="inlineStr"><is><t>2023-03</t></is></c><c r="D2" t="inlineStr"><is><t>进境</t></is></c>'
        '<c r="E2" s="1" t="e"><f>A1/0</f><v>#DIV/0!</v></c><c r="F2" t="inlineStr"><is><t>吨</t></is></c></row></sheetData>'
    )
    plain = a_workbook(tmp_path, [])
    import zipfile

    with zipfile.ZipFile(plain) as archive:
        part = archive.read("xl/worksheets/sheet1.xml").decode()
    place = changed_package(plain, {"xl/worksheets/sheet1.xml": part.replace("</sheetData>", sheet).encode()})
    report = intake(national, place)
    assert (report.held, counted(report)) == (1, {"error_cell": 1})
    assert report.findings[0]["measured"] == "#DIV/0!"


def test_an_error_text_in_a_csv_is_an_error_too(tmp_path: Path, national: Any) -> None:
    report = intake(national, a_csv(tmp_path, [a_return("#N/A"), a_return("#REF!", period="2022")]))
    assert (report.held, counted(report)) == (2, {"error_cell": 2})


# ---- marks of secrecy ---------------------------------------------------------------------------------


def nothing_stored() -> bool:
    """Whether neither batch nor figure nor file remains."""
    return not (Batch.objects.exists() or Observation.objects.exists() or Document.objects.filter(reference__startswith="intake:").exists())


@pytest.mark.parametrize("name", ["机密-报表.csv", "mi_秘密.csv", "绝密.csv", "报表(机密).csv", "机密★10年 口岸.csv", "2023 秘密 三月.csv"])
@pytest.mark.parametrize("dry_run", [False, True])
def test_a_mark_in_the_name_refuses_the_file(tmp_path: Path, national: Any, name: str, dry_run: bool) -> None:
    with pytest.raises(Refused) as caught:
        intake(national, a_csv(tmp_path, [a_return(5)], name=name), dry_run=dry_run)
    assert caught.value.findings[0].code == "secrecy_mark" and nothing_stored()


@pytest.mark.parametrize("name", ["商业秘密保护.csv", "保守国家秘密法宣传.csv", "秘密花园口岸.csv", "保密.csv"])
def test_a_name_that_speaks_of_secrets_passes(tmp_path: Path, national: Any, name: str) -> None:
    assert intake(national, a_csv(tmp_path, [a_return(5)], name=name)).accepted == 1


@pytest.mark.parametrize("mark", ["机密★10年", "绝密★", "本表为秘密 ★ 5年", "密级：机密", "秘密"])
def test_a_mark_in_a_note_refuses_the_file_with_its_row(tmp_path: Path, national: Any, mark: str) -> None:
    rows = [(*a_return(5), ""), (*a_return(6, period="2022"), mark)]
    with pytest.raises(Refused) as caught:
        intake(national, a_csv(tmp_path, rows, NOTED))
    found = caught.value.findings[0]
    assert (found.code, found.where.row) == ("secrecy_mark", 3) and nothing_stored()


def test_a_mark_over_the_header_or_on_another_sheet_refuses_the_file(tmp_path: Path, national: Any) -> None:
    for sheet, cell in (("数据", "A1"), ("附件", "C60")):
        book = Workbook()
        book.active.title = "数据"
        for row in (["口岸数据表"], RETURN, a_return(5)):
            book.active.append(list(row))
        book.create_sheet("附件")["A1"] = "说明"
        book[sheet][cell] = "机密★长期"
        place = tmp_path / f"{cell}.xlsx"
        book.save(place)
        with pytest.raises(Refused) as caught:
            intake(national, place)
        where = caught.value.findings[0].where
        assert (where.sheet, where.cell) == (sheet, cell) and nothing_stored()


@pytest.mark.parametrize("note", ["商业秘密保护", "依保守国家秘密法处理", "机密级会议的接待车辆", "涉密数据未填"])
def test_prose_about_secrets_passes(tmp_path: Path, national: Any, note: str) -> None:
    assert intake(national, a_csv(tmp_path, [(*a_return(5), note)], NOTED)).accepted == 1
