"""Figures that cannot all be right: held within a file, warned of against what is recorded; rounding is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from files import HONGKONG, a_crossing_day, a_csv, a_return, a_workbook

from kouan.collection.actions import accept_holding, take_in
from kouan.collection.models import Holding, Observation
from kouan.collection.report import IntakeReport

pytestmark = pytest.mark.usefixtures("register")
CODES = {"total_not_sum", "part_exceeds_total", "part_exceeds_period"}


def intake(actor: Any, place: Path, **more: Any) -> IntakeReport:
    """Take a return in; the counts add up."""
    report = take_in(actor=actor, path=place, source="port-return", **more)
    assert report.accepted + report.held + report.refused == report.read
    return report


def clashes(report: IntakeReport) -> list[dict[str, Any]]:
    """The findings about figures that contradict each other."""
    return [each for each in report.findings if each["code"] in CODES]


def three(inbound: Any, outbound: Any, total: Any, **more: Any) -> list[tuple[Any, ...]]:
    """Rows of one month: both directions, then the total."""
    return [a_return(inbound, **more), a_return(outbound, direction="出境", **more), a_return(total, direction="合计", **more)]


def test_a_total_that_is_not_the_sum_is_held_with_every_figure_and_cell(tmp_path: Path, national: Any) -> None:
    report = intake(national, a_workbook(tmp_path, three(100, 200, 350)))
    assert (report.accepted, report.held, report.observations) == (2, 1, 2)
    (found,) = clashes(report)
    assert (found["code"], found["severity"], found["where"]["cell"]) == ("total_not_sum", "error", "E4")
    for language in ("zh", "en"):
        assert all(word in found["message"][language] for word in ("100", "200", "350", "300", "E2", "E3", "E4"))
    assert Holding.objects.get().findings[0]["code"] == "total_not_sum"


def test_whichever_row_comes_last_is_held(tmp_path: Path, national: Any) -> None:
    rows = three(100, 200, 350)
    report = intake(national, a_csv(tmp_path, [rows[2], rows[0], rows[1]]))
    assert report.held == 1 and clashes(report)[0]["where"]["row"] == 4
    assert sorted(Observation.objects.values_list("series__direction", flat=True)) == ["inbound", "total"]


@pytest.mark.parametrize(("rows", "held"), [
    (three(100, 200, 300), 0),
    (three(100, 200, 301), 1),
    (three("1.2", "2.3", "3.6", unit="万人次"), 0),  # each may be off by 500
    (three("1.2", "2.3", "3.7", unit="万人次"), 1),
    (three("1.2万", "2.3万", "3.6万"), 0),
    (three(10, 10, 21, measure="cargo_tonnes", unit="吨"), 0),  # each tonne is rounded
    (three(10, 10, 22, measure="cargo_tonnes", unit="吨"), 1),
    (three("10.4", "10.4", "20.8", measure="cargo_tonnes", unit="吨"), 0),
    (three("10.4", "10.4", "21.1", measure="cargo_tonnes", unit="吨"), 1),
    (three(5, 6, 2, measure="clearance_hours", unit="小时"), 0),  # times are not summed
])
def test_rounding_is_no_contradiction(tmp_path: Path, national: Any, rows: list[Any], held: int) -> None:
    assert intake(national, a_csv(tmp_path, rows)).held == held


def test_a_direction_above_the_total(tmp_path: Path, national: Any) -> None:
    report = intake(national, a_csv(tmp_path, [a_return(300, direction="合计"), a_return(301)]))
    assert (report.held, clashes(report)[0]["code"]) == (1, "part_exceeds_total")


@pytest.mark.parametrize(("part", "whole"), [("2023-03", "2023"), ("2023-03", "2023-Q1"), ("2023-Q4", "2023")])
def test_a_part_above_its_whole_is_held_in_either_order(tmp_path: Path, national: Any, part: str, whole: str) -> None:
    rows = [a_return(500, period=whole), a_return(501, period=part), a_return(499, period="2022-03"), a_return(3, period="2022")]
    report = intake(national, a_csv(tmp_path, rows))
    assert (report.accepted, report.held) == (2, 2)
    assert {(each["code"], each["where"]["row"]) for each in clashes(report)} == {
        ("part_exceeds_period", 3), ("part_exceeds_period", 5),
    }
    assert all("500" in each["message"]["zh"] or "499" in each["message"]["zh"] for each in clashes(report))


def test_months_that_fit_their_year_pass(tmp_path: Path, national: Any) -> None:
    rows = [a_return(100, period=f"2023-{month:02d}") for month in range(1, 13)]
    report = intake(national, a_csv(tmp_path, [*rows, a_return(1200, period="2023"), a_return(300, period="2023-Q1")]))
    assert (report.held, report.findings) == (0, [])


def test_against_what_is_recorded_a_row_is_accepted_with_a_warning(tmp_path: Path, national: Any) -> None:
    intake(national, a_csv(tmp_path, [a_return(350, direction="合计"), a_return(90, period="2022")]))
    report = intake(national, a_csv(tmp_path, [*three(100, 200, 0)[:2], a_return(91, period="2022-05"), a_return(90, period="2022-06")]))
    assert (report.accepted, report.held, report.observations) == (4, 0, 4)
    found = {each["code"]: each for each in clashes(report)}
    assert set(found) == {"total_not_sum", "part_exceeds_period"}
    assert all(each["severity"] == "warning" and each["count"] == 1 for each in found.values())
    assert "已入库" in found["total_not_sum"]["message"]["zh"] and "350" in found["total_not_sum"]["message"]["zh"]
    assert "recorded" in found["part_exceeds_period"]["message"]["en"] and found["part_exceeds_period"]["where"]["row"] == 4
    assert not report.has_errors


def test_a_revision_that_makes_the_figures_fit_says_nothing(tmp_path: Path, national: Any) -> None:
    intake(national, a_csv(tmp_path, three(100, 200, 300)))
    assert clashes(intake(national, a_csv(tmp_path, three(100, 250, 350)))) == []
    assert [each["code"] for each in clashes(intake(national, a_csv(tmp_path, [a_return(101)])))] == ["total_not_sum"]


def test_a_dry_run_warns_alike_and_the_same_figures_again_are_silent(tmp_path: Path, national: Any) -> None:
    intake(national, a_csv(tmp_path, [a_return(350, direction="合计")]))
    rows = three(100, 200, 0)[:2]
    assert len(clashes(intake(national, a_csv(tmp_path, rows), dry_run=True))) == 1
    intake(national, a_csv(tmp_path, rows))
    assert clashes(intake(national, a_csv(tmp_path, [*rows, a_return(1, period="2020-01")]))) == []


def test_ports_and_groups_are_kept_apart(tmp_path: Path, national: Any) -> None:
    rows = [*three(100, 200, 300), a_return(999, port="liantang-road"), a_return(999, period="2023-04")]
    assert intake(national, a_csv(tmp_path, rows)).held == 0


def test_a_held_row_may_be_vouched_for(tmp_path: Path, national: Any) -> None:
    intake(national, a_csv(tmp_path, three(100, 200, 350)))
    (figure,) = accept_holding(actor=national, holding_id=Holding.objects.get().pk, reason="合计含未分方向的人员")
    assert figure.value == 350


def test_sources_without_totals_are_not_touched(tmp_path: Path, national: Any) -> None:
    rows = [a_crossing_day(1, 2, 3), a_crossing_day(9, 9, 9, direction="Departure")]
    report = take_in(actor=national, path=a_csv(tmp_path, rows, HONGKONG), source="hk-control-points")
    assert (report.accepted, report.findings) == (2, [])
