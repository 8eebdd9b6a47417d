"""One submitted return held against the recorded history of its series."""

from __future__ import annotations

import math
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from files import a_csv, a_return

from kouan.basis import Period, Place, SubjectRef
from kouan.collection.actions import take_in
from kouan.collection.checks import Explained
from kouan.collection.models import Batch
from kouan.collection.vetting import examine

pytestmark = pytest.mark.usefixtures("register")
LUOHU = SubjectRef.of("port", "luohu-rail")
NOW = datetime(2023, 3, 9, tzinfo=UTC)
MEASURES = {"person_crossings": ("人次", 90_000), "cargo_tonnes": ("吨", 41_000), "trains": ("列次", 700)}


def usual(measure: str, at: int) -> int:
    """The figure of month ``at``: a level, a summer, a little noise that is always the same."""
    size = MEASURES[measure][1]
    return int(size * (1 + 0.2 * math.sin(at * math.pi / 6) + 0.03 * math.sin(at * 7.3 + len(measure))))


@pytest.fixture
def history(tmp_path: Path, national: Any) -> None:
    """Five years of three measures of 罗湖."""
    rows = [a_return(usual(measure, at), measure=measure, unit=unit, period=f"{2018 + at // 12}-{at % 12 + 1:02d}")
            for measure, (unit, _) in MEASURES.items() for at in range(60)]
    taken = take_in(actor=national, path=a_csv(tmp_path, rows), source="port-return")
    assert Batch.objects.get(pk=taken.batch).rows_accepted == 180


def cell(value: float, measure: str = "person_crossings", month: int = 61, row: int = 2) -> examine.Cell:
    return (LUOHU, measure, "inbound", "all", Period.month(2018 + (month - 1) // 12, (month - 1) % 12 + 1), Decimal(value), Place(row=row))


@pytest.mark.usefixtures("history")
def test_a_figure_as_usual_is_not_doubted() -> None:
    cells = [cell(usual(measure, 60), measure, row=row) for row, measure in enumerate(MEASURES, start=2)]
    assert examine.findings_for(cells, now=NOW) == []


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(("times", "code"), [(10, "unit_slip"), (1000, "unit_slip"), (0.0001, "unit_slip"), (4, "spike"), (0.2, "dip")])
def test_a_figure_out_of_line_is_told_with_its_place(times: float, code: str) -> None:
    wrong = cell(max(int(usual("person_crossings", 60) * times), 1), row=7)
    found = examine.findings_for([wrong, cell(usual("trains", 60), "trains", row=8)], now=NOW)
    assert [(told, finding.code, finding.where.row) for told, finding in found] == [(wrong, code, 7)]
    finding = found[0][1]
    assert "2023年1月" in finding.message.zh and "January 2023" in finding.message.en and finding.remedy is not None


@pytest.mark.usefixtures("history")
def test_zero_last_month_again_and_the_future() -> None:
    assert [finding.code for _, finding in examine.findings_for([cell(0)], now=NOW)] == ["zero_run"]
    repeated = examine.findings_for([cell(usual("person_crossings", 59))], now=NOW)
    assert [finding.code for _, finding in repeated] in ([], ["stuck_value"])  # one repetition alone proves little
    future = examine.findings_for([cell(usual("person_crossings", 66), month=67)], now=NOW)
    assert [finding.code for _, finding in future] == ["future_period"]


@pytest.mark.usefixtures("history")
def test_a_room_above_may_explain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examine, "_hooks", {})
    assert examine.findings_for([cell(0)], now=NOW)
    examine.explain_with("tests", lambda subjects, first, last: [Explained(date(2023, 1, 1), date(2023, 1, 31), tuple(map(str, subjects)))])
    assert examine.findings_for([cell(0)], now=NOW) == []
    # A closure does not make a wrong unit right.
    assert [finding.code for _, finding in examine.findings_for([cell(90_000_000)], now=NOW)] == ["unit_slip"]


def test_without_history_nothing_is_known() -> None:
    assert examine.findings_for([cell(12_345)], now=NOW) == []
    assert examine.findings_for([]) == []


@pytest.mark.usefixtures("history")
def test_forty_items_take_less_than_a_second() -> None:
    cells = [cell(usual(measure, 60 + at), measure, month=61 + at) for measure in MEASURES for at in range(14)]
    began = time.perf_counter()
    examine.findings_for(cells, now=datetime(2024, 6, 1, tzinfo=UTC))
    assert time.perf_counter() - began < 1.0
