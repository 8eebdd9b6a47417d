"""Deciding about held rows: accepted with a reason, corrected, or discarded; always with lineage."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from files import HONGKONG, RETURN, a_crossing_day, a_csv, a_return, a_workbook, somebody

from kouan.accounts.models import OrganisationKind, Role
from kouan.basis import Conflict, NotAllowed, NotFound, Refused
from kouan.collection.actions import accept_holding, discard_holding, take_in
from kouan.collection.holding import cells_by_column
from kouan.collection.lineage import file_cell, trace
from kouan.collection.models import Batch, Holding, Observation

pytestmark = pytest.mark.usefixtures("register")


def held_rows(actor: Any, place: Path, source: str = "port-return") -> list[Holding]:
    """The rows that a file leaves held."""
    take_in(actor=actor, path=place, source=source)
    return list(Holding.objects.filter(outcome="held").order_by("row"))


def test_a_corrected_row_becomes_a_figure_that_leads_back_to_the_held_cell(tmp_path: Path, national: Any) -> None:
    (row,) = held_rows(national, a_workbook(tmp_path, [a_return(1, period="2023-01"), a_return(50, port="罗湖火车站X")]))
    assert cells_by_column(row)["port"] == "罗湖火车站X"
    (figure,) = accept_holding(
        actor=national, holding_id=row.pk, corrections={"port": "luohu-rail"}, reason="电话核实：即罗湖铁路口岸"
    )
    assert (figure.value, figure.row, figure.column, figure.series.subject_code) == (50, 3, 5, "luohu-rail")
    assert figure.batch.resolves == row and figure.batch.rows_read == 1
    way = trace(figure)
    assert (way.cell, way.heading, way.accepted_with) == ("E3", "数值", "电话核实：即罗湖铁路口岸")
    assert file_cell(figure).cells[0] == "罗湖火车站X"
    row.refresh_from_db()
    assert (row.resolution, row.resolved_by, row.is_open) == ("accepted", national, False)


def test_one_of_two_conflicting_rows_is_chosen(tmp_path: Path, national: Any) -> None:
    first, second = held_rows(national, a_csv(tmp_path, [a_return(0), a_return(2175)]))
    accept_holding(actor=national, holding_id=second.pk, reason="与边检核对")
    discard_holding(actor=national, holding_id=first.pk, reason="误报")
    assert list(Observation.objects.values_list("value", "revision")) == [(2175, 1)]


def test_what_is_beyond_belief_may_be_vouched_for(tmp_path: Path, national: Any) -> None:
    (row,) = held_rows(national, a_csv(tmp_path, [a_return(9_999_999_999)]))
    (figure,) = accept_holding(actor=national, holding_id=row.pk, reason="核实无误")
    assert figure.value == 9_999_999_999


def test_what_a_source_holds_may_be_overruled_but_not_what_cannot_be_read(tmp_path: Path, national: Any) -> None:
    header = ("scope", "port", "mode", "period_start", "period_end", "indicator", "direction", "value", "unit", "note")
    rows = held_rows(national, a_csv(tmp_path, [
        ("port", "二连浩特", "rail", "2017-01-01", "2017-12-30", "cargo", "import", "1003.3", "10k t", "conflicts"),
        ("port", "满洲里", "rail", "", "2023-12-31", "cargo_cumulative", "both", "5", "10k t", ""),
    ], header), "press-facts")
    (figure,) = accept_holding(actor=national, holding_id=rows[0].pk, reason="经国铁呼和浩特局核实")
    assert figure.value == 10_033_000
    with pytest.raises(Refused) as caught:
        accept_holding(actor=national, holding_id=rows[1].pk, reason="试一试")
    assert {finding.code for finding in caught.value.findings} >= {"period_missing"}
    corrected = {"indicator": "cargo", "start": "2023-01-01"}
    (figure,) = accept_holding(actor=national, holding_id=rows[1].pk, corrections=corrected, reason="按年计")
    assert figure.period_start == date(2023, 1, 1) and figure.period.code == "2023"


def test_a_row_with_several_figures_gives_them_all(tmp_path: Path, national: Any) -> None:
    (row,) = held_rows(national, a_csv(tmp_path, [a_crossing_day(1, 2, 3, 7)], HONGKONG), "hk-control-points")
    assert len(accept_holding(actor=national, holding_id=row.pk, corrections={"total": "6"}, reason="合计有误")) == 4


def test_a_decision_needs_a_reason_and_is_made_once(tmp_path: Path, national: Any) -> None:
    (row,) = held_rows(national, a_csv(tmp_path, [a_return(port="无此口岸")]))
    for reason in ("", "   ", "长" * 401):
        with pytest.raises(Refused) as caught:
            discard_holding(actor=national, holding_id=row.pk, reason=reason)
        assert caught.value.findings[0].code == "reason_needed"
    discard_holding(actor=national, holding_id=row.pk, reason="查无此口岸")
    with pytest.raises(Conflict):
        accept_holding(actor=national, holding_id=row.pk, corrections={"port": "luohu-rail"}, reason="再想想")


def test_unknown_columns_of_a_correction_are_named(tmp_path: Path, national: Any) -> None:
    (row,) = held_rows(national, a_csv(tmp_path, [a_return(port="无此口岸")]))
    with pytest.raises(Refused) as caught:
        accept_holding(actor=national, holding_id=row.pk, corrections={"harbour": "x"}, reason="试")
    assert caught.value.findings[0].code == "unknown_column"


def test_a_refused_row_cannot_be_accepted(tmp_path: Path, national: Any) -> None:
    take_in(actor=national, path=a_csv(tmp_path, [a_return(5), a_return(5)]), source="port-return")
    with pytest.raises(Refused) as caught:
        accept_holding(actor=national, holding_id=Holding.objects.get().pk, reason="试")
    assert caught.value.findings[0].code == "row_was_refused"


def test_nobody_decides_about_another_offices_rows(tmp_path: Path, guangdong: Any, inner_mongolia: Any) -> None:
    (row,) = held_rows(guangdong, a_csv(tmp_path, [a_return(port="无此口岸")]))
    for verb in (accept_holding, discard_holding):
        with pytest.raises(NotFound):
            verb(actor=inner_mongolia, holding_id=row.pk, reason="试")
    with pytest.raises(Refused) as caught:
        accept_holding(actor=guangdong, holding_id=row.pk, corrections={"port": "manzhouli-rail"}, reason="越权")
    assert caught.value.findings[0].code == "unknown_port"
    reporter = somebody(Role.PORT_REPORTER, OrganisationKind.PORT_OPERATOR, province_code="44", port_codes=["luohu-rail"])
    with pytest.raises(NotAllowed):
        discard_holding(actor=reporter, holding_id=row.pk, reason="无权")


def test_a_province_does_not_decide_about_rows_of_open_sources(tmp_path: Path, national: Any, guangdong: Any) -> None:
    (row,) = held_rows(national, a_csv(tmp_path, [a_crossing_day(point="Lo Wo")], HONGKONG), "hk-control-points")
    with pytest.raises(NotAllowed):
        accept_holding(actor=guangdong, holding_id=row.pk, corrections={"point": "Lo Wu"}, reason="试")


def test_a_column_that_the_file_lacked_may_be_supplied(tmp_path: Path, national: Any) -> None:
    (row,) = held_rows(national, a_csv(tmp_path, [a_return(port="满洲里")], RETURN))
    (figure,) = accept_holding(actor=national, holding_id=row.pk, corrections={"mode": "铁路"}, reason="补充运输方式")
    assert figure.series.subject_code == "manzhouli-rail"
    assert Batch.objects.filter(resolves=row).count() == 1
