"""Taking files in: each row accepted, held with findings, or refused; nothing dropped in silence."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
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
    somebody,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from kouan.accounts.models import OrganisationKind, Role
from kouan.audit.models import AuditEntry as Entry
from kouan.basis import NotAllowed, NotFound, Refused, clock
from kouan.collection.actions import commit_preview, discard_preview, preview, take_in
from kouan.collection.models import Batch, Holding, Observation, Series
from kouan.collection.queries import current, history
from kouan.collection.readers import Limits
from kouan.collection.report import IntakeReport
from kouan.desk.models import Document

pytestmark = pytest.mark.usefixtures("register")
KEYS = {"read", "accepted", "held", "refused", "observations", "revisions", "unchanged", "findings"}


def intake(actor: Any, place: Path, source: str = "port-return", **more: Any) -> IntakeReport:
    """Take a file in; whatever it holds, the counts add up."""
    report = take_in(actor=actor, path=place, source=source, **more)
    assert report.accepted + report.held + report.refused == report.read
    assert set(report.as_dict()) >= KEYS
    return report


def codes(report: IntakeReport) -> dict[str, int]:
    """Findings by code with their count, over all lines of the summary."""
    counts: dict[str, int] = {}
    for each in report.findings:
        counts[each["code"]] = counts.get(each["code"], 0) + each["count"]
    return counts


def finding(report: IntakeReport, code: str) -> dict[str, Any]:
    """One finding of the summary."""
    return next(each for each in report.findings if each["code"] == code)


def values() -> list[Decimal]:
    """All figures, in the order in which they were written."""
    return list(Observation.objects.order_by("pk").values_list("value", flat=True))


# ---- the plain case ---------------------------------------------------------------------------------


def test_a_return_becomes_observations_in_the_base_unit(tmp_path: Path, national: Any) -> None:
    place = a_csv(tmp_path, [
        a_return(12), a_return("1,5".replace(",", "."), measure="cargo_tonnes", unit="万吨", period="2023年第1季度"),
        a_return(0, measure="进出境货运量", direction="", unit="t", period="2022"),
    ])
    report = intake(national, place)
    assert (report.read, report.accepted, report.observations) == (3, 3, 3)
    assert sorted(values()) == [0, 12, 15000]
    series = Series.objects.get(granularity="quarter")
    assert (series.subject_code, series.measure, series.direction, series.unit) == (
        "luohu-rail", "cargo_tonnes", "inbound", "t"
    )
    assert (series.origin, series.source, series.definition) == ("official", "port-return", "registry-v1")
    assert Series.objects.get(granularity="year").direction == "total"


def test_zero_is_a_figure_and_an_empty_cell_is_not(tmp_path: Path, national: Any) -> None:
    report = intake(national, a_csv(tmp_path, [a_return(0), a_return("", period="2023-04"), a_return("—", period="2023-05")]))
    assert (report.accepted, report.refused) == (1, 2)
    assert codes(report) == {"value_missing": 2}


@pytest.mark.parametrize(("text", "value"), [
    ("1,234", 1234), ("１２３４", 1234), ("1 234 567", 1234567), ("12.50", Decimal("12.5")), ("3万", 30000),
])
def test_thousand_separators_and_widths(tmp_path: Path, national: Any, text: str, value: Any) -> None:
    place = tmp_path / "a.csv"
    place.write_text(f'{",".join(RETURN)}\nluohu-rail,cargo_tonnes,2023-03,进境,"{text}",吨\n', encoding="utf-8")
    intake(national, place)
    assert values() == [value]


def test_an_unquoted_thousands_comma_is_reported_by_row_not_read_as_another_column(tmp_path: Path, national: Any) -> None:
    place = a_csv(tmp_path, [a_return("1,234"), a_return(5)])
    report = intake(national, place)
    assert (report.accepted, report.held) == (1, 1)
    assert finding(report, "ragged_row")["where"]["row"] == 2


def test_trailing_commas_are_no_fault(tmp_path: Path, national: Any) -> None:
    place = tmp_path / "a.csv"
    place.write_text(",".join(RETURN) + ",\n" + ",".join(map(str, a_return())) + ",,,\n,,,,,,\n", encoding="gb18030")
    report = intake(national, place)
    assert (report.read, report.accepted, report.findings) == (1, 1, [])


def test_a_workbook_with_titles_above_its_header_and_a_foreign_sheet(tmp_path: Path, national: Any) -> None:
    book = Workbook()
    book.active.title = "封面"
    book.active["A1"] = "三月报表"
    sheet = book.create_sheet("数据")
    for row in (["口岸运行数据"], [], [*RETURN, "旧编号"], [*a_return(), "x9"]):
        sheet.append(row)
    place = tmp_path / "a.xlsx"
    book.save(place)
    report = intake(national, place)
    assert (report.read, report.accepted) == (1, 1)
    assert codes(report) == {"sheet_not_read": 1, "column_not_read": 1}
    assert not report.has_errors
    figure = Observation.objects.get()
    assert (figure.sheet, figure.row, figure.column) == (1, 4, 5)


# ---- what is held, with a suggestion ----------------------------------------------------------------


@pytest.mark.parametrize(("row", "code", "hint"), [
    (a_return(port="满州里公路口岸"), "unknown_port", "manzhouli-road"),
    (a_return(port="满洲里"), "ambiguous_port", "manzhouli-rail"),
    (a_return(measure="出入境人数"), "unknown_measure", "出入境人员"),
    (a_return(unit="万人吨"), "unknown_unit", "万吨"),
    (a_return(unit="吨"), "units_incompatible", ""),
    (a_return(direction="过境"), "unknown_direction", "进境"),
    (a_return(period="2023年13月"), "no_such_date", ""),
    (a_return(period="2199-01"), "future_period", ""),
    (a_return(period="2023-03-06"), "period_not_of_source", "月"),
    (a_return(-5), "negative_value", ""),
    (a_return("约500"), "number_approximate", ""),
    (a_return(9_999_999_999), "absurd_value", ""),
    (a_return(measure="truck_containers_empty", unit="箱"), "unknown_measure", ""),
])
def test_a_row_that_cannot_be_placed_is_held_with_what_to_do(
    tmp_path: Path, national: Any, row: tuple[Any, ...], code: str, hint: str
) -> None:
    report = intake(national, a_workbook(tmp_path, [a_return(1, period="2023-01"), row]))
    assert (report.accepted, report.held) == (1, 1)
    found = finding(report, code)
    assert found["where"]["row"] == 3 and found["where"]["sheet"] == "一月" and found["where"]["cell"]
    assert hint in (found["remedy"] or {"zh": ""})["zh"]
    held = Holding.objects.get()
    assert held.raw == [str(cell) for cell in row]
    assert held.findings[0]["code"] == code


def test_numbers_that_cannot_be_kept_exactly_are_refused(tmp_path: Path, national: Any) -> None:
    report = intake(national, a_csv(tmp_path, [
        a_return("1234567890123456"), a_return("0.1234567", measure="cargo_tonnes", unit="吨"),
    ]))
    assert report.refused == 2
    assert codes(report) == {"too_many_digits": 1, "too_many_decimals": 1}


def test_a_multiple_in_figure_and_unit_is_not_guessed(tmp_path: Path, national: Any) -> None:
    report = intake(national, a_csv(tmp_path, [a_return("3万", unit="万人次")]))
    assert codes(report) == {"scaled_twice": 1}


def test_all_faults_of_a_row_are_named_at_once(tmp_path: Path, national: Any) -> None:
    intake(national, a_csv(tmp_path, [a_return("x", port="无此口岸", period="昨天")]))
    found = {each["code"] for each in Holding.objects.get().findings}
    assert found == {"unknown_port", "unreadable_period", "number_unreadable"}


def test_days_whose_order_is_not_certain_are_held_and_certain_ones_read(tmp_path: Path, national: Any) -> None:
    header = ("Date", "Control Point", "Arrival / Departure", "Hong Kong Residents", "Mainland Visitors", "Other Visitors", "Total")
    published = a_csv(tmp_path, [
        ("06-02-2023", "Lo Wu", "Arrival", 1, 2, 3, 6, ""), ("31/12/2023", "Lo Wu", "Departure", 1, 2, 3, 6, ""),
    ], (*header, ""))
    intake(national, published, "hk-control-points")
    assert set(Observation.objects.values_list("period_start", flat=True)) == {date(2023, 2, 6), date(2023, 12, 31)}
    unclear = a_csv(tmp_path, [("03/04/2023", "Lo Wu", "Arrival", 1, 2, 3, 6)], HONGKONG)
    assert codes(intake(national, unclear, "hk-control-points")) == {"date_order_ambiguous": 1}


def test_a_month_that_a_spreadsheet_turned_into_a_date(tmp_path: Path, national: Any) -> None:
    intake(national, a_workbook(tmp_path, [a_return(period=datetime(2023, 3, 1)), a_return(period="2022-12")]))
    assert set(Observation.objects.values_list("period_start", "period_end")) == {
        (date(2023, 3, 1), date(2023, 3, 31)), (date(2022, 12, 1), date(2022, 12, 31)),
    }


def test_formula_cells_are_held_with_the_cell(tmp_path: Path, national: Any) -> None:
    report = intake(national, a_workbook(tmp_path, [a_return("=1+1"), a_return(5)]))
    assert (report.accepted, report.held) == (1, 1)
    assert finding(report, "formula_cell")["where"]["cell"] == "E2"


# ---- repeats ----------------------------------------------------------------------------------------


def test_an_exact_double_is_refused_and_names_the_first(tmp_path: Path, national: Any) -> None:
    report = intake(national, a_csv(tmp_path, [a_return(5), a_return(6, period="2023-04"), a_return(5), a_return("5.0")]))
    assert (report.accepted, report.refused) == (2, 2)
    double = finding(report, "duplicate_row")
    assert "第2行" in double["message"]["zh"] and double["where"]["row"] == 4 and not double.get("required")
    assert list(Holding.objects.values_list("row", "outcome")) == [(4, "refused"), (5, "refused")]


def test_a_file_of_another_source_names_that_source(tmp_path: Path, national: Any) -> None:
    with pytest.raises(Refused) as refusal:
        intake(national, a_csv(tmp_path, [("2606", "2021-02", "Trucks", 5)], ("port_code", "month", "measure", "value")))
    remedy = refusal.value.findings[0].remedy
    assert "美国陆路口岸入境数据" in remedy.zh and "us-border-crossing" in remedy.en and "kouan sources" not in remedy.zh


def test_both_rows_of_a_conflict_are_held(tmp_path: Path, national: Any) -> None:
    report = intake(national, a_csv(tmp_path, [a_return(0), a_return(2175), a_return(0), a_return(1, period="2022-01")]))
    assert (report.accepted, report.held, report.refused) == (1, 2, 1)
    conflict = finding(report, "conflicting_rows")
    # The other row's figure is not what the law requires: it stands in the message, with its row.
    assert conflict["message"]["zh"] == "与第3行对象、指标和时期相同而数值不同（本行：0；第3行：2175），均暂存。"
    assert "row 3: 2175" in conflict["message"]["en"] and conflict["measured"] == "0" and not conflict.get("required")
    assert values() == [1]


def test_rows_with_several_figures_are_compared_as_a_whole(tmp_path: Path, national: Any) -> None:
    report = intake(national, a_csv(tmp_path, [
        a_crossing_day(1, 2, 3), a_crossing_day(1, 2, 3), a_crossing_day(1, 2, 3, day="2023-02-07"),
        a_crossing_day(1, 2, 4, day="2023-02-07"),
    ], HONGKONG), "hk-control-points")
    assert (report.accepted, report.held, report.refused, report.observations) == (1, 2, 1, 4)


# ---- the same again, and revisions --------------------------------------------------------------------


def test_the_same_file_again_changes_nothing(tmp_path: Path, national: Any) -> None:
    place = a_csv(tmp_path, [a_return(5), a_return("x", period="2023-04")])
    first = intake(national, place)
    batches, entries = Batch.objects.count(), Entry.objects.count()
    again = intake(national, place)
    assert again.repeated and again.batch == first.batch
    assert (again.read, again.accepted, again.held, again.refused) == (2, 1, 1, 0)
    assert (again.observations, again.revisions, again.unchanged) == (0, 0, 1)
    assert again.findings == first.findings
    assert (Batch.objects.count(), Entry.objects.count()) == (batches, entries)


def test_an_overlapping_file_writes_only_what_is_new_or_changed(tmp_path: Path, national: Any) -> None:
    intake(national, a_csv(tmp_path, [a_return(5), a_return(6, period="2023-04"), a_return(7, period="2023-05")]))
    with clock.travel_to(clock.now() + timedelta(days=36)):
        report = intake(national, a_csv(tmp_path, [
            a_return(5), a_return(60, period="2023-04"), a_return(8, period="2023-06"),
        ]))
    assert (report.observations, report.revisions, report.unchanged) == (1, 1, 1)
    changed = Observation.objects.get(value=60)
    assert [(version.revision, version.value) for version in history(changed)] == [(1, 6), (2, 60)]
    assert sorted(current().values_list("value", flat=True)) == [5, 7, 8, 60]
    first = Batch.objects.order_by("pk")[0]
    assert sorted(current(known_at=first.committed_at).values_list("value", flat=True)) == [5, 6, 7]


def test_a_return_to_the_first_figure_is_a_third_revision(tmp_path: Path, national: Any) -> None:
    for value in ("0.1", "0.2", "0.10"):
        intake(national, a_csv(tmp_path, [a_return(value, measure="cargo_tonnes", unit="吨")]))
    assert list(Observation.objects.order_by("revision").values_list("revision", "value")) == [
        (1, Decimal("0.1")), (2, Decimal("0.2")), (3, Decimal("0.1")),
    ]


def test_a_dry_run_counts_and_writes_nothing(tmp_path: Path, national: Any) -> None:
    before = (Batch.objects.count(), Document.objects.count(), Entry.objects.count())
    report = intake(national, a_csv(tmp_path, [a_return(5), a_return("x")]), dry_run=True)
    assert (report.observations, report.held, report.batch, report.dry_run) == (1, 1, None, True)
    assert (Batch.objects.count(), Document.objects.count(), Entry.objects.count()) == before


def test_reading_the_very_file_anew_closes_what_the_first_reading_held(tmp_path: Path, national: Any) -> None:
    place = a_csv(tmp_path, [a_return(5), a_return("x", period="2023-04")])
    intake(national, place)
    report = intake(national, place, again=True)
    assert (report.unchanged, report.observations, report.held) == (1, 0, 1)
    assert list(Holding.objects.order_by("pk").values_list("resolution", flat=True)) == ["superseded", ""]


# ---- preview ----------------------------------------------------------------------------------------


def test_a_preview_waits_and_is_then_taken_in(tmp_path: Path, national: Any) -> None:
    place = a_csv(tmp_path, [a_return(5), a_return("x", period="2023-04")])
    report = preview(actor=national, path=place, source="port-return")
    assert not Observation.objects.exists()
    assert Batch.objects.get().state == "previewed"
    place.unlink()
    done = commit_preview(actor=national, batch_id=report.batch)
    assert (done.batch, done.observations, done.held) == (report.batch, 1, 1)
    batch = Batch.objects.get()
    assert (batch.state, batch.rows_read, batch.observations) == ("committed", 2, 1)
    with pytest.raises(Refused) as caught:
        commit_preview(actor=national, batch_id=report.batch)
    assert caught.value.findings[0].code == "batch_already_decided"


def test_a_preview_may_be_dropped(tmp_path: Path, national: Any, guangdong: Any) -> None:
    report = preview(actor=national, path=a_csv(tmp_path, [a_return(5)]), source="port-return")
    with pytest.raises(NotFound):
        discard_preview(actor=guangdong, batch_id=report.batch)
    assert discard_preview(actor=national, batch_id=report.batch).state == "discarded"
    with pytest.raises(Refused):
        commit_preview(actor=national, batch_id=report.batch)


def test_a_preview_that_was_overtaken_is_closed(tmp_path: Path, national: Any) -> None:
    place = a_csv(tmp_path, [a_return(5)])
    waiting = preview(actor=national, path=place, source="port-return")
    done = intake(national, place)
    late = commit_preview(actor=national, batch_id=waiting.batch)
    assert late.repeated and late.batch == done.batch
    assert Batch.objects.get(pk=waiting.batch).state == "discarded"


def test_a_preview_is_committed_by_its_own_office_only(tmp_path: Path, national: Any, guangdong: Any) -> None:
    report = preview(actor=guangdong, path=a_csv(tmp_path, [a_return(5), a_return(6, port="manzhouli-rail")]), source="port-return")
    for verb in (commit_preview, discard_preview):
        with pytest.raises(NotAllowed):
            verb(actor=national, batch_id=report.batch)
    assert commit_preview(actor=guangdong, batch_id=report.batch).held == 1


# ---- who may, and for what --------------------------------------------------------------------------


def test_another_provinces_port_is_answered_as_one_that_does_not_exist(tmp_path: Path, guangdong: Any) -> None:
    rows = [a_return(5), a_return(6, port="满洲里铁路口岸"), a_return(7, port="manzhouli-road"), a_return(8, port="天涯口岸")]
    report = intake(guangdong, a_csv(tmp_path, rows))
    assert (report.accepted, report.held) == (1, 3)
    assert codes(report) == {"unknown_port": 3}
    foreign, _, nowhere = (holding.findings[0] for holding in Holding.objects.order_by("row"))
    for each in (foreign, nowhere):
        assert "15" not in str(each["remedy"]) and "manzhouli" not in str(each["remedy"])
        assert {key for key in each if each[key] is not None} == {key for key in nowhere if nowhere[key] is not None}
    attempt = Entry.objects.filter(note="intake.out_of_scope").get()
    assert "满洲里铁路口岸" in str(attempt.after) and "天涯" not in str(attempt.after)


def test_suggestions_come_from_the_submitters_scope_only(tmp_path: Path, guangdong: Any, inner_mongolia: Any) -> None:
    place = a_csv(tmp_path, [a_return(port="满州里铁路口岸")])
    assert "manzhouli-rail" in str(finding(intake(inner_mongolia, place), "unknown_port")["remedy"])
    assert "manzhouli" not in str(finding(intake(guangdong, place, dry_run=True), "unknown_port"))


def test_the_same_file_of_another_office_is_read_for_that_office(
    tmp_path: Path, guangdong: Any, inner_mongolia: Any, national: Any
) -> None:
    place = a_csv(tmp_path, [a_return(5), a_return(6, port="manzhouli-rail")])
    assert intake(guangdong, place).accepted == 1
    assert intake(inner_mongolia, place).accepted == 1
    report = intake(national, place)
    assert (report.accepted, report.observations, report.unchanged) == (2, 0, 2)


def test_open_sources_come_from_the_national_office_only(tmp_path: Path, guangdong: Any) -> None:
    place = a_csv(tmp_path, [a_crossing_day()], HONGKONG)
    with pytest.raises(NotAllowed) as caught:
        intake(guangdong, place, "hk-control-points")
    assert caught.value.findings[0].code == "source_not_yours"
    assert Entry.objects.filter(note="refused").exists()
    assert not Batch.objects.exists()


def test_auditors_and_enterprises_submit_nothing(tmp_path: Path) -> None:
    place = a_csv(tmp_path, [a_return()])
    for role, kind in ((Role.AUDITOR, OrganisationKind.NATIONAL_OFFICE), (Role.ENTERPRISE_USER, OrganisationKind.ENTERPRISE)):
        with pytest.raises(NotAllowed):
            intake(somebody(role, kind), place)


def test_an_unknown_source_names_the_nearest(tmp_path: Path, national: Any) -> None:
    with pytest.raises(NotFound) as caught:
        intake(national, a_csv(tmp_path, [a_return()]), "port-retrun")
    assert "port-return" in caught.value.findings[0].remedy.zh


def test_exercise_and_real_data_never_mix(tmp_path: Path, national: Any, settings: Any) -> None:
    settings.IS_EXERCISE = True
    with pytest.raises(Refused) as caught:
        intake(national, a_csv(tmp_path, [a_crossing_day()], HONGKONG), "hk-control-points")
    assert caught.value.findings[0].code == "wrong_workspace"
    intake(national, a_csv(tmp_path, [a_return()]))
    assert Series.objects.get().origin == "exercise"


def test_a_file_whose_name_bears_a_secrecy_mark_is_refused_whole(tmp_path: Path, national: Any) -> None:
    place = a_csv(tmp_path, [a_return()], name="机密★10年 口岸.csv")
    with pytest.raises(Refused):
        intake(national, place)
    assert not Observation.objects.exists() and not Batch.objects.exists()


# ---- files that are refused whole ---------------------------------------------------------------------


@pytest.mark.parametrize(("content", "code"), [
    ("", "empty_file"),
    (",".join(RETURN) + "\n", "empty_file"),
    ("名称,数量\n罗湖,3\n", "header_not_recognised"),
    (",".join([*RETURN, "数值"]) + "\nluohu-rail,cargo_tonnes,2023,进境,1,吨,2\n", "doubled_heading"),
])
def test_a_file_that_cannot_be_read_leaves_nothing_behind(tmp_path: Path, national: Any, content: str, code: str) -> None:
    place = tmp_path / "a.csv"
    place.write_text(content, encoding="utf-8")
    with pytest.raises(Refused) as caught:
        intake(national, place)
    assert caught.value.findings[0].code == code
    assert not Batch.objects.exists() and not Document.objects.filter(reference__startswith="intake:").exists()


def test_a_file_most_of_whose_rows_are_faulty_is_refused_with_the_reasons(tmp_path: Path, national: Any) -> None:
    place = a_csv(tmp_path, [a_return(n, port="无此口岸") for n in range(50)])
    with pytest.raises(Refused) as caught:
        intake(national, place, limits=Limits(faults=20))
    assert [each.code for each in caught.value.findings] == ["too_many_faults", "unknown_port"]
    assert not Batch.objects.exists()


def test_a_file_full_of_unknown_words_is_refused_before_hours_of_guessing(tmp_path: Path, national: Any) -> None:
    rows = [a_return(1, port=f"无此口岸{number}", unit="不明单位") for number in range(40)]
    with pytest.raises(Refused) as caught:
        intake(national, a_csv(tmp_path, rows), limits=Limits(unknown_words=20))
    assert [each.code for each in caught.value.findings] == ["too_many_unknown_words", "unknown_port"]
    assert intake(national, a_csv(tmp_path, rows[:10]), limits=Limits(unknown_words=20)).held == 10


def test_a_missing_file_is_a_refusal(tmp_path: Path, national: Any) -> None:
    with pytest.raises(Refused) as caught:
        intake(national, tmp_path / "nowhere.csv")
    assert caught.value.findings[0].code == "no_such_file"


# ---- the publisher's own layout of US border crossings ---------------------------------------------------


def published(actor: Any, folder: Path, *rows: tuple[Any, ...], header: Any = PUBLISHED) -> IntakeReport:
    """Take rows of the publisher's own layout in."""
    return intake(actor, a_csv(folder, rows, header), "us-border-crossing")


@pytest.mark.parametrize("when", ["Jan 1996", "01/01/1996 12:00:00 AM", "1996-01", "1/1/1996"])
def test_the_publishers_forms_of_a_month(tmp_path: Path, national: Any, when: str) -> None:
    assert published(national, tmp_path, a_published_row(when=when)).accepted == 1
    assert Observation.objects.get().period.code == "1996-01"


def test_a_day_that_is_not_the_first_is_no_month(tmp_path: Path, national: Any) -> None:
    assert codes(published(national, tmp_path, a_published_row(when="01/15/1996"))) == {"period_not_of_source": 1}


def test_a_lost_leading_zero_is_restored_with_a_warning(tmp_path: Path, national: Any) -> None:
    report = published(
        national, tmp_path, a_published_row(name="Portland", state="Maine", code="101"),
        a_published_row(name="Eastport", state="Maine", code="103"), a_published_row(name="Nowhere", code="999"),
    )
    assert (report.accepted, report.held) == (2, 1)
    assert codes(report) == {"unknown_port": 1, "leading_zero_restored": 2}
    assert set(Series.objects.values_list("subject_code", flat=True)) == {"0101", "0103"}


def test_names_are_not_keys(tmp_path: Path, national: Any) -> None:
    header = tuple(title for title in PUBLISHED if title != "Port Code")
    rows = [
        tuple(cell for index, cell in enumerate(row) if index != 2)
        for row in (a_published_row(name="Eastport", state="Idaho"), a_published_row(), a_published_row(name="Progresso"))
    ]
    report = published(national, tmp_path, *rows, header=header)
    assert (report.accepted, report.held) == (1, 2)
    assert codes(report) == {"ambiguous_port": 1, "unknown_port": 1, "matched_by_name": 1}
    remedy = finding(report, "ambiguous_port")["remedy"]["zh"]
    assert remedy.index("3302") < remedy.index("0103")
    assert "2309" in finding(report, "unknown_port")["remedy"]["zh"]


def test_a_code_and_a_name_that_disagree_are_held(tmp_path: Path, national: Any) -> None:
    assert codes(published(national, tmp_path, a_published_row(name="Eastport", code="2309"))) == {"code_and_name_disagree": 1}


def test_an_unknown_measure_of_the_publisher_is_held_with_the_nearest(tmp_path: Path, national: Any) -> None:
    report = published(national, tmp_path, a_published_row(measure="Personal Vehicle"))
    assert "Personal Vehicles" in finding(report, "unknown_measure")["remedy"]["en"]


# ---- Hong Kong ----------------------------------------------------------------------------------------


def test_one_row_of_passengers_yields_four_figures(tmp_path: Path, national: Any) -> None:
    report = intake(national, a_csv(tmp_path, [a_crossing_day(10, 20, 30)], HONGKONG), "hk-control-points")
    assert (report.read, report.accepted, report.observations) == (1, 1, 4)
    found = {
        series.group: (series.direction, series.origin, series.observations.get().value, series.observations.get().column)
        for series in Series.objects.filter(subject_kind="counterpart_point", subject_code="lo-wu")
    }
    assert found == {
        "hk_residents": ("inbound", "counterpart", 10, 4), "mainland_visitors": ("inbound", "counterpart", 20, 5),
        "other_visitors": ("inbound", "counterpart", 30, 6), "all": ("inbound", "counterpart", 60, 7),
    }


def test_parts_that_do_not_add_up_are_held(tmp_path: Path, national: Any) -> None:
    report = intake(national, a_csv(tmp_path, [a_crossing_day(10, 20, 30, 61)], HONGKONG), "hk-control-points")
    assert (report.held, finding(report, "parts_do_not_sum")["required"]) == (1, "61")


def test_an_unknown_control_point_is_held_with_the_nearest(tmp_path: Path, national: Any) -> None:
    report = intake(national, a_csv(tmp_path, [a_crossing_day(point="Lo Wo")], HONGKONG), "hk-control-points")
    assert "Lo Wu" in finding(report, "unknown_counterpart_point")["remedy"]["zh"]


# ---- properties ---------------------------------------------------------------------------------------

_cell = st.one_of(
    st.sampled_from(["luohu-rail", "罗湖", "person_crossings", "2023-03", "入境", "人次", "万人次", "5", "0", "-1", "", "1,2", "\t", "=1"]),
    st.text(st.characters(blacklist_categories=["Cs"]), max_size=8), st.integers(-5, 10**16).map(str),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(*[_cell] * 6), min_size=1, max_size=8))
def test_whatever_the_cells_say_the_counts_add_up(tmp_path: Path, national: Any, rows: list[tuple[str, ...]]) -> None:
    import csv
    import io

    text = io.StringIO()
    csv.writer(text).writerows([RETURN, *rows])
    place = tmp_path / "any.csv"
    place.write_text(text.getvalue(), encoding="utf-8", newline="")
    try:
        report = intake(national, place, dry_run=True)
    except Refused as refused:
        assert refused.findings[0].code in ("empty_file", "not_a_spreadsheet", "unreadable_text", "truncated_file")
        return
    assert report.read <= len(rows)
    assert report.accepted == report.observations + report.unchanged
