"""Returns filed by page and workbook, reviewed at two levels, signed into figures that lead back to their cells."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.collection.returns.office import (
    OCTOBER,
    PEOPLE,
    TODAY,
    VALUES,
    ReturnOffices,
    a_filled,
    a_workbook,
    row_of,
)

from kouan.basis import Conflict, NotAllowed, NotFound, Period, Refused, clock
from kouan.collection import lineage
from kouan.collection.models import Batch, Observation
from kouan.collection.returns import actions, forms, reading
from kouan.collection.returns.cells import Cell, Filled
from kouan.collection.returns.models import FigureMark, Return, ReturnState, ReturnVersion
from kouan.collection.returns.queries import get_version, lines_of, to_file, to_review, told
from kouan.desk.matters.actions import take_step
from kouan.desk.matters.models import Matter

pytestmark = pytest.mark.django_db


@pytest.fixture
def offices() -> Iterator[ReturnOffices]:
    with clock.travel_to(TODAY):
        yield ReturnOffices()


def codes(refused: pytest.ExceptionInfo[Any]) -> set[str]:
    return {each.code for each in refused.value.findings}


def test_every_item_of_the_scheme_stands_in_one_form_or_is_not_filed() -> None:
    from kouan.basis import measures

    asked = [code for form in forms.forms() for code in form.items]
    assert len(asked) == len(set(asked))
    assert sorted([*asked, *forms.not_filed()]) == sorted(measures.data_items()) and len(measures.data_items()) == 106
    for form in forms.forms():
        assert {each.item.cadence for each in form.items.values()} == {form.cadence}
        for part, whole in form.parts:
            assert part in form.items and whole in form.items
        for item in form.items.values():
            assert item.definition.zh and item.definition.en and item.verifier.zh and item.evidence and item.item.submitters
            assert item.unit.code == item.measure.base_unit.code and item.measure.check(item.direction, item.group) is None


def test_without_an_approval_number_a_form_is_no_statistical_survey() -> None:
    assert {form.kind_of_return.zh for form in forms.forms()} == {"业务报送"}
    assert "统计调查" not in forms.get("KA-01").kind_of_return.zh and "无" in forms.get("KA-01").approval_words.zh


def test_a_return_goes_from_port_to_province_to_nation_and_its_figures_lead_to_their_cells(offices: ReturnOffices) -> None:
    held = offices.file().held
    assert held.state == ReturnState.AT_PROVINCE and [each.pk for each in to_review(offices.province)] == [held.pk]
    assert not to_review(offices.national) and not to_review(offices.neighbour) and not Observation.objects.exists()
    actions.review(actor=offices.province, number=held.pk, decision="pass", words="相符")
    signed = actions.review(actor=offices.national, number=held.pk, decision="sign", words="同意")
    assert signed.state == ReturnState.SIGNED
    every = Observation.objects.filter(series__subject_code="luohu-rail")
    figure = every.get(series__measure="person_crossings", series__direction="inbound")
    assert every.get(series__measure="person_crossings", series__direction="total", series__group="all").value == 4_153_000
    assert (figure.value, figure.series.group, figure.series.source, figure.period_start) == (Decimal(2_100_000), "travellers", "port-return",
                                                                                             date(2024, 10, 1))
    trace, cell = lineage.trace(figure), lineage.file_cell(figure)
    assert trace.cell == f"D{row_of('pax_in', offices.port)}" and trace.heading == "本期*" and cell.text == "2100000"
    assert trace.submitted_by.startswith(offices.border.display_name) and trace.organisation == "罗湖边检站"
    batch = Batch.objects.get()
    assert batch.observations == len(VALUES) + 1 and signed.versions.get().batch == batch


def test_three_faults_in_a_workbook_are_told_by_cell_and_nothing_is_kept(offices: ReturnOffices, tmp_path: Path) -> None:
    rows = {item: row_of(item, offices.port) for item in VALUES}
    place = a_workbook(offices.border, tmp_path, values={**VALUES, "pax_in": -5, "conv": 7.5, "citizen_batches_30": 41})
    with pytest.raises(Refused) as refused:
        actions.file_sheets(actor=offices.border, sheets=reading.read_upload(place, "报表.xlsx"))
    assert {(each.code, each.where.sheet, each.where.cell) for each in refused.value.findings} == {
        ("negative_value", "KA-02", f"D{rows['pax_in']}"), ("not_whole", "KA-02", f"D{rows['conv']}"),
        ("part_exceeds_whole", "KA-02", f"D{rows['citizen_batches_30']}")}
    assert not ReturnVersion.objects.exists() and not Matter.objects.filter(procedure="return_review").exists()
    filings = actions.file_sheets(actor=offices.border, sheets=reading.read_upload(a_workbook(offices.border, tmp_path), "报表.xlsx"))
    version = filings[0].version
    assert version.cells["pax_in"] == {"value": "2100000", "reason": "", "note": "", "place": f"KA-02!D{rows['pax_in']}"}
    assert version.original is not None and version.people == PEOPLE


@pytest.mark.parametrize(("changes", "code"), [
    ({"values": {**VALUES, "pax_in": "=1+1"}}, "formula_cell"), ({"values": {**VALUES, "pax_in": "很多"}}, "not_a_number"),
    ({"values": {**VALUES, "pax_in": 10**12}}, "absurd_value"), ({"values": {k: v for k, v in VALUES.items() if k != "crew"}}, "value_missing"),
    ({"people": {"head": ""}}, "footer_missing"), ({"people": {"reported_on": "2030-01-01"}}, "bad_reported_on"),
])
def test_a_cell_that_cannot_be_right_stops_the_filing(offices: ReturnOffices, tmp_path: Path, changes: dict[str, Any], code: str) -> None:
    place = a_workbook(offices.border, tmp_path, **changes)
    with pytest.raises(Refused) as refused:
        actions.file_sheets(actor=offices.border, sheets=reading.read_upload(place, "报表.xlsx"))
    assert code in {"not_a_number" if each.startswith("number") or each == "unreadable_number" else each for each in codes(refused)}
    assert all(each.where.cell for each in refused.value.findings)


def test_a_blank_and_a_jump_ask_for_a_reason_and_take_one(offices: ReturnOffices) -> None:
    offices.signed(period=Period.month(2024, 9), filled=a_filled(pax_in=1_000_000))
    with pytest.raises(Refused) as refused:
        offices.file(filled=a_filled(crew=""))
    assert {(each.code, each.where.field) for each in refused.value.findings} == {("value_missing", "v-crew"), ("jump_from_last_period", "v-pax_in")}
    held = offices.file(filled=a_filled({"crew": "班列停运，无员工数据", "pax_in": "国庆假期"}, crew="")).held
    lines = {each.item.code: each for each in lines_of(held)}
    assert lines["crew"].value is None and lines["crew"].reason == "班列停运，无员工数据"
    assert lines["pax_in"].known.before == 1_000_000 and lines["pax_in"].findings[0].code == "jump_from_last_period"
    assert round(lines["pax_in"].change(lines["pax_in"].known.before) or 0, 2) == 1.1


def test_zero_is_said_and_not_left_blank(offices: ReturnOffices) -> None:
    zero = Filled({"lane_capacity_hour": Cell("", "口岸暂停通关")}, people=PEOPLE, is_zero=True)
    held = offices.file(filled=zero).held
    assert held.versions.get().cells["pax_in"]["value"] == "0" and held.versions.get().cells["lane_capacity_hour"]["value"] == ""
    with pytest.raises(Refused) as refused:
        actions.file_return(actor=offices.city, number=offices.owed("KA-04", actor=offices.city).pk, channel="page",
                            filled=Filled({}, people=PEOPLE, is_zero=True))
    assert "no_zero_report" in codes(refused)


def test_returned_for_correction_with_notes_at_cells_and_filed_again(offices: ReturnOffices) -> None:
    held = offices.file().held
    actions.review(actor=offices.province, number=held.pk, decision="return", words="与日报不符", notes={"pax_in": "请核对10月7日"})
    assert [each.pk for each in to_file(offices.border)] == [held.pk] and not to_file(offices.city).filter(pk=held.pk)
    assert {each.item.code: each.said for each in lines_of(Return.objects.get(pk=held.pk)) if each.said} == {"pax_in": "请核对10月7日"}
    again = offices.file(filled=a_filled(pax_in=2_110_000))
    assert again.version.number == 2 and again.held.state == ReturnState.AT_PROVINCE
    assert {each.item.code: each.earlier for each in lines_of(again.held) if each.earlier != each.value} == {"pax_in": Decimal(2_100_000)}
    assert [each["number"] for each in told(again.held)["filings"]] == [1, 2]


def test_nobody_reviews_what_he_filed_nor_signs_what_he_passed(offices: ReturnOffices) -> None:
    held = offices.file(actor=offices.province).held
    assert held.state == ReturnState.AT_NATIONAL  # what a province files itself goes to the nation
    with pytest.raises((NotAllowed, Conflict)):
        actions.review(actor=offices.province, number=held.pk, decision="pass", words="自审")
    with pytest.raises(NotAllowed):
        take_step(actor=offices.border, matter=held.matter_id or 0, transition="sign", fields={"opinion": "同意"})
    assert actions.review(actor=offices.national, number=held.pk, decision="sign", words="同意").state == ReturnState.SIGNED


def test_where_nobody_works_the_national_office_files_and_another_of_it_signs(offices: ReturnOffices) -> None:
    offices.neighbour.is_active = offices.far.is_active = False
    offices.neighbour.save()
    offices.far.save()
    held = offices.owed(actor=offices.national, port="dongxing-road")
    filed = actions.file_return(actor=offices.national, number=held.pk, filled=a_filled(), channel="page").held
    assert filed.state == ReturnState.AT_NATIONAL
    with pytest.raises(NotAllowed):
        actions.review(actor=offices.national, number=held.pk, decision="sign", words="自审")
    assert actions.review(actor=offices.leader, number=held.pk, decision="sign", words="同意").state == ReturnState.SIGNED


def test_a_filing_step_is_not_taken_by_a_bare_form_of_the_desk(offices: ReturnOffices) -> None:
    held = offices.file().held
    actions.review(actor=offices.province, number=held.pk, decision="return", words="请核对")
    with pytest.raises(NotAllowed) as refused:
        take_step(actor=offices.border, matter=held.matter_id or 0, transition="file")
    assert codes(refused) == {"by_filing"}


def test_another_province_sees_nothing_at_any_verb(offices: ReturnOffices) -> None:
    held = offices.file().held
    for stranger in (offices.neighbour, offices.far):
        asked = (
            partial(actions.get_return, stranger, held.pk), partial(offices.owed, actor=stranger),
            partial(actions.file_return, actor=stranger, number=held.pk, filled=a_filled(), channel="page"),
            partial(actions.save_draft, actor=stranger, number=held.pk, filled=a_filled(), version=1),
            partial(actions.review, actor=stranger, number=held.pk, decision="pass", words="x"),
            partial(get_version, stranger, held.pk, 1), partial(a_workbook, stranger, Path("/nowhere")))
        for ask in asked:
            with pytest.raises(NotFound):
                ask()
        assert not Return.objects.visible_to(stranger).exists() and not to_review(stranger)
    # The operator works at the port and sees its own returns only; the city sees those of its port and files its own.
    assert not Return.objects.visible_to(offices.operator).exists() and Return.objects.visible_to(offices.city).exists()
    with pytest.raises(NotAllowed):
        actions.file_return(actor=offices.city, number=held.pk, filled=a_filled(), channel="page")


def test_two_people_at_once_lose_nothing(offices: ReturnOffices) -> None:
    held = offices.owed()
    seen = held.version
    actions.save_draft(actor=offices.border, number=held.pk, filled=a_filled(pax_in=1), version=seen)
    with pytest.raises(Conflict) as refused:
        actions.save_draft(actor=offices.border_second, number=held.pk, filled=a_filled(pax_in=2), version=seen)
    assert codes(refused) == {"return_changed"} and offices.border.display_name in refused.value.findings[0].message.zh
    with pytest.raises(Conflict):
        offices.file(actor=offices.border_second, version=seen)
    assert Return.objects.get(pk=held.pk).draft["cells"]["pax_in"][0] == "1"


def test_a_template_taken_before_another_filing_is_outdated(offices: ReturnOffices, tmp_path: Path) -> None:
    place = a_workbook(offices.border, tmp_path, values={**VALUES, "pax_in": 2_000_001})
    held = offices.file().held
    actions.review(actor=offices.province, number=held.pk, decision="return", words="请核对")
    with pytest.raises(Conflict) as refused:
        actions.file_sheets(actor=offices.border, sheets=reading.read_upload(place, "报表.xlsx"))
    assert codes(refused) == {"template_outdated"}


def test_the_same_content_again_changes_nothing(offices: ReturnOffices) -> None:
    first = offices.file()
    again = offices.file()
    assert again.is_repeated and again.version.pk == first.version.pk and ReturnVersion.objects.count() == 1
    with pytest.raises(Conflict):
        offices.file(filled=a_filled(crew=3_001))


def test_taken_back_before_the_province_has_looked(offices: ReturnOffices) -> None:
    held = offices.file().held
    taken = actions.review(actor=offices.border, number=held.pk, decision="recall", words="漏报一列")
    assert taken.state == ReturnState.RETURNED
    assert offices.file(filled=a_filled(conv=901)).version.number == 2


def test_late_and_revised_figures_bear_their_marks_for_ever(offices: ReturnOffices) -> None:
    offices.calendar()
    held = offices.owed()
    assert held.due_on == date(2024, 11, 14) and held.freeze_on == date(2024, 12, 12)
    with clock.travel_to("2024-11-18T09:00:00+08:00"):
        signed = offices.signed()
    assert signed.is_late and {each.kind for each in FigureMark.objects.all()} == {"late"} and FigureMark.objects.count() == len(VALUES) + 1
    assert FigureMark.objects.order_by("pk")[0].days == 4
    with clock.travel_to("2024-12-20T09:00:00+08:00"):
        with pytest.raises(Refused) as refused:
            offices.file(filled=a_filled(pax_in=2_200_000))
        assert codes(refused) == {"revision_reason_needed"}
        again = offices.signed(filled=a_filled(pax_in=2_200_000), reason="闸机重复计数")
    assert again.is_revised and again.versions.count() == 2
    revised = Observation.objects.get(revision=2, series__direction="inbound")
    assert revised.value == 2_200_000 and FigureMark.objects.get(observation=revised).kind == "revised"
    assert Observation.objects.filter(series=revised.series, revision=1).get().value == 2_100_000


def test_a_signed_figure_cannot_become_blank(offices: ReturnOffices) -> None:
    offices.signed()
    with pytest.raises(Refused) as refused:
        offices.file(filled=a_filled({"crew": "撤回"}, crew=""), reason="更正")
    assert codes(refused) == {"signed_value_blank"}


def test_one_workbook_of_many_ports_and_a_zip_are_filed_whole_or_not_at_all(offices: ReturnOffices, tmp_path: Path) -> None:
    from tests.ports.factories import a_port

    for code, name in (("futian-rail", "福田"), ("xijiulong-rail", "西九龙")):
        a_port(code, "rail", name_zh=f"{name}铁路口岸", province_code="44", transport_class="rail", class_basis="测试")
    # Border inspection owes 罗湖, nobody works at the other two: the province may file all three.
    place = a_workbook(offices.province, tmp_path, ports=("luohu-rail", "futian-rail", "xijiulong-rail"))
    sheets = reading.read_upload(place, "广东.xlsx")
    assert len(sheets) == 3
    sheets[1].filled.cells["pax_in"] = Cell(-1, row=8)  # type: ignore[index]
    with pytest.raises(Refused) as refused:
        actions.file_sheets(actor=offices.province, sheets=sheets)
    assert codes(refused) == {"negative_value"} and refused.value.findings[0].where.sheet == sheets[1].filled.sheet
    assert not ReturnVersion.objects.exists()
    packed = tmp_path / "广东.zip"
    with zipfile.ZipFile(packed, "w") as out:
        out.write(place, "广东.xlsx")
        out.write(a_workbook(offices.province, tmp_path, form="KB-01", period=Period.quarter(2024, 3), values={"lanes_total": 60, "lanes_self": 40},
                             name="通道.xlsx"), "通道.xlsx")
    filings = actions.file_sheets(actor=offices.province, sheets=reading.read_upload(packed, "广东.zip"))
    assert len(filings) == 4 and {each.held.state for each in filings} == {ReturnState.AT_NATIONAL}


def test_one_filing_takes_less_than_a_second(offices: ReturnOffices) -> None:
    offices.signed(period=Period.month(2024, 9), filled=a_filled(pax_in=2_000_100, pax_out=2_011_000, crew=2_800, conv=870))
    held, filled = offices.owed(), a_filled()
    began = time.perf_counter()
    actions.file_return(actor=offices.border, number=held.pk, filled=filled, channel="page")
    assert time.perf_counter() - began < 1


def test_what_is_not_the_systems_template_is_refused(offices: ReturnOffices, tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active["A1"] = "随便"
    book.save(tmp_path / "x.xlsx")
    with pytest.raises(Refused) as refused:
        reading.read_upload(tmp_path / "x.xlsx", "x.xlsx")
    assert codes(refused) == {"not_our_template"}
    with pytest.raises(Refused) as refused:
        actions.file_sheets(actor=offices.border, sheets=reading.read_upload(
            a_workbook(offices.border, tmp_path, reasons={"crew": "机密★10年"}), "报表.xlsx"))
    assert codes(refused) == {"secrecy_mark"}


def test_october_is_not_filed_in_october(offices: ReturnOffices) -> None:
    with pytest.raises(Refused) as refused:
        offices.owed(period=Period.month(2024, 11))
    assert codes(refused) == {"future_period"}
    with pytest.raises(Refused) as refused:
        actions.owed(actor=offices.border, form="KB-01", port="luohu-rail", period="2024-10")
    assert codes(refused) == {"wrong_cadence"}
    assert OCTOBER.end < clock.today()
