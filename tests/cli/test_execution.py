"""``kouan execution``: what the pages do, from the command line, with its refusals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.casework.execution_office import PDF, Works

from kouan.basis import clock
from kouan.casework.execution.models import Threshold

pytestmark = pytest.mark.django_db


@pytest.fixture
def works() -> Iterator[Works]:
    with clock.travel_to("2024-05-06"):
        found = Works()
        for name in ("national", "guangdong", "other", "hubei"):
            user = getattr(found, name)
            user.username = name
            user.save()
        yield found


def test_a_project_from_its_office_to_a_confirmed_quarter(works: Works, kouan: Any, tmp_path: Path) -> None:
    assert {each["state"] for each in kouan("execution", "board", "--json").json} == {"blank"}
    assert "未明确责任单位" in kouan("execution", "board", "--box", "9").out
    office = works.guangdong.organisation.code
    made = kouan("execution", "set", "P7-03", "--owner", office, "--start", "2023-01-01", "--finish", "2024-12-31", "--reason", "会议确定", "--as",
                 "national", "--json").json
    assert (made["owner"], made["version"]) == (office, 1)
    assert kouan("execution", "set", "P7-03", "--reason", "会议确定", "--as", "national").status == 1, "an old version"
    assert kouan("execution", "project", "P7-03", "--as", "hubei").status == 1
    file = tmp_path / "证明.pdf"
    file.write_bytes(PDF)
    one = kouan("execution", "milestone", "P7-03", "--title", "批复", "--planned", "2024-03-01", "--version", "1", "--as", "guangdong", "--json").json
    number = str(one["milestones"][0]["id"])
    known = ("execution", "milestone", "P7-03", "--number", number, "--planned", "2024-03-01", "--reached", "2024-03-11", "--file", str(file))
    assert kouan(*known, "--sha256", "0" * 64, "--version", "2", "--as", "guangdong").status == 1
    assert kouan(*known, "--version", "2", "--as", "guangdong", "--json").json["milestones"][0]["slip_days"] == 10
    assert kouan("execution", "milestone", "P7-03", "--planned", "2024-03-01", "--as", "guangdong").status == 2
    assert kouan("execution", "fund", "P7-03", "central", "--planned", "一千", "--version", "3", "--as", "guangdong").status == 2
    kouan("execution", "fund", "P7-03", "central", "--planned", "1,200.5", "--paid", "0", "--version", "3", "--as", "guangdong")
    report = kouan("execution", "report", "P7-03", "--quarter", "2024-Q1", "--percent", "40", "--done", "主体施工", "--as", "guangdong",
        "--json").json
    held = str(report["reports"][0]["id"])
    assert kouan("execution", "decide", "P7-03", held, "--opinion", "属实", "--as", "guangdong").status == 1
    assert kouan("execution", "decide", "P7-03", held, "--opinion", "属实", "--as", "other", "--json").json["percent"] == 40
    shown = kouan("execution", "project", "P7-03").out
    assert "1200.50" in shown and "未填" in shown and "2024-Q1" in shown and "滞后" in shown
    assert [each["project"] for each in kouan("execution", "board", "--as", "guangdong", "--json").json] == ["P7-03"]
    assert kouan("execution", "board", "--as", "hubei", "--json").json[0]["project"] == "P7-56"


def test_targets_differences_and_thresholds(works: Works, kouan: Any) -> None:
    assert kouan("execution", "targets").out.count("未报") >= 27
    assert kouan("execution", "reach", "T-06", "--year", "2023", "--value", "10", "--source", "统计", "--as", "guangdong").status == 1
    told = kouan("execution", "reach", "T-06", "--year", "2023", "--value", "10", "--source", "统计", "--as", "national", "--json").json
    assert [each["value"] for each in told["years"]] == [None, None, "10", None, None]
    assert kouan("execution", "reach", "T-06", "--year", "2023", "--value", "9", "--source", "统计", "--as", "national").status == 1
    assert [each["ambiguity"] for each in kouan("execution", "differences", "--json").json] == ["A-21"]
    assert "武汉" in kouan("execution", "differences").out
    assert "建议值" in kouan("execution", "thresholds").out
    assert kouan("execution", "thresholds", "linear_days", "--count", "60", "--reason", "确定", "--as", "guangdong").status == 1
    kouan("execution", "thresholds", "linear_days", "--count", "60", "--reason", "确定", "--as", "national")
    assert Threshold.objects.get().count == 60
    assert [each["is_proposed"] for each in kouan("execution", "thresholds", "--json").json] == [True, False, True]
