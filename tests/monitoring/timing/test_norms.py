"""Norms: both sides of the limit, the most particular one, the day of the case."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.monitoring.timing.builders import an_import

from kouan.basis import Refused
from kouan.monitoring.timing.clocks import OpeningHours, Weekly, read_hours, week
from kouan.monitoring.timing.events import HOUR
from kouan.monitoring.timing.explain import explain
from kouan.monitoring.timing.norms import judge, read_norms, span_us
from kouan.monitoring.timing.timeline import timelines

NORMS = """
norms:
  - {zh: 审单, en: check of documents, whole: overall_clearance, between: [declared, docs_checked], direction: inbound, values: [
      {from: 2020-01-01, hours: 4, instrument: 试用规范, article: 一}, {from: 2026-01-01, hours: 1, instrument: 试用规范（修订）, article: 一}]}
  - {zh: 审单, en: check of documents, whole: overall_clearance, between: [declared, docs_checked], direction: inbound, ports: [CNNGB], values: [
      {from: 2020-01-01, hours: 0.5, instrument: 宁波规范, article: 二}]}
  - {zh: 审放, en: documents to release, whole: overall_clearance, between: [declared, released],
     direction: inbound, modes: [sea], clock: open, values: [
      {from: 2020-01-01, hours: 3, instrument: 试用规范, article: 三}]}
  - {zh: 整体通关, en: overall clearance, whole: overall_clearance, direction: inbound, values: [
      {from: 2020-01-01, hours: 16, instrument: 试用规范, article: 四}]}
"""


@pytest.fixture
def norms(tmp_path: Path):
    (tmp_path / "norms.yaml").write_text(NORMS, encoding="utf-8")
    return read_norms(tmp_path / "norms.yaml")


@pytest.mark.parametrize(("late_us", "is_met"), [(0, True), (1, False)])
def test_exactly_the_norm_meets_it(norms, late_us: int, is_met: bool) -> None:
    rows = [e._replace(occurred_at=e.occurred_at + late_us) if e.milestone == "docs_checked" else e for e in an_import()]
    checks = {check.norm.name.zh: check for check in judge(timelines(rows)[0], norms)}
    assert checks["审单"].is_met is is_met and checks["审单"].norm.limit_us == HOUR
    finding = checks["审单"].finding("C1")
    assert (finding is None) is is_met
    if finding:
        assert "超过规范 1 小时" in finding.message.zh and finding.citation is not None and finding.citation.instrument == "试用规范（修订）"
    assert checks["整体通关"].is_met and checks["整体通关"].us == 16 * HOUR


def test_the_norm_of_the_port_holds_before_that_of_all_ports(norms) -> None:
    rows = [event._replace(port="CNNGB") for event in an_import()]
    check = next(c for c in judge(timelines(rows)[0], norms) if c.norm.name.zh == "审单")
    assert check.norm.citation is not None and check.norm.citation.instrument == "宁波规范" and check.is_met is False


def test_a_case_is_judged_by_the_norm_of_its_first_day(norms) -> None:
    rows = [event._replace(occurred_at=event.occurred_at - 365 * 24 * HOUR) for event in an_import()]
    check = next(c for c in judge(timelines(rows)[0], norms) if c.norm.name.zh == "审单")
    assert check.norm.in_force_from == date(2020, 1, 1) and check.is_met


def test_opening_hours_and_missing_milestones(norms) -> None:
    # Declared Monday 20:00, released 23:00: no open hour between.
    hours = {"CNSHA": OpeningHours("CNSHA", ZoneInfo("Asia/Shanghai"), [Weekly(date(2025, 1, 1), week("mon-fri 09:00-17:00"))])}
    overall = timelines(an_import(), hours=hours)[0]
    assert {c.norm.name.zh: c.us for c in judge(overall, norms)}["审放"] == 0
    assert {c.norm.name.zh: c.us for c in judge(timelines(an_import())[0], norms)}["审放"] is None
    assert {c.norm.name.zh: c.is_met for c in judge(timelines(an_import(declared=None))[0], norms)}["审单"] is None
    assert judge(timelines(an_import(arrived=None))[0], norms) == []
    assert span_us(overall, ("released", "declared")) is None and span_us(overall, ("arrived", "unloaded")) == 10 * HOUR


def test_explain_tells_what_is_over_its_norm(norms) -> None:
    told = explain(an_import(docs_checked=14), norms=norms)
    assert [(f["code"], f["severity"]) for f in told["findings"]] == [("over_norm", "warning")]
    judged = [(whole["code"], norm["name"]["zh"]) for whole in told["wholes"] for norm in whole["norms"]]
    assert judged == [("overall_clearance", "审单"), ("overall_clearance", "审放"), ("overall_clearance", "整体通关")]


def test_a_slip_in_a_norm_is_named(tmp_path: Path) -> None:
    file = tmp_path / "n.yaml"
    file.write_text(
        "norms:\n  - {zh: 甲, en: a, between: [declared, relased], whole: x, direction: inward, clock: moon,"
        " values: [{from: soon, hours: -1, instrument: x, article: y}]}\n", encoding="utf-8")  # fmt: skip
    with pytest.raises(Refused) as refused:
        read_norms(file)
    assert {f.code for f in refused.value.findings} == {"unknown_code", "not_a_date", "not_a_number"}


def test_the_files_shown_in_the_documents_can_be_read(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "operation-times.md").read_text(encoding="utf-8")
    shown = {block.split("\n", 1)[0].split(",")[0].removeprefix("# "): block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)}
    for name, block in shown.items():
        (tmp_path / name).write_text(block, encoding="utf-8")
    assert read_hours(tmp_path / "hours.yaml")["CNERC"].spans_on(date(2025, 5, 2)) == ((600, 720),)
    (norm,) = read_norms(tmp_path / "norms.yaml")
    assert (norm.limit_us, norm.clock, norm.modes) == (8 * HOUR, "open", ("sea",))
