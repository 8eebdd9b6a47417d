"""``kouan oversight``: what the pages do, from the command line, with its refusals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.casework.oversight_office import PDF, House

from kouan.basis import clock
from kouan.casework.oversight.circulars import draft_circular, issue_circular
from kouan.casework.oversight.models import Instruction, TaskCell

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> Iterator[House]:
    with clock.travel_to("2024-03-04"):
        found = House()
        for name in ("national", "other", "guangdong", "hubei"):
            user = getattr(found, name)
            user.username = name
            user.save()
        yield found


def test_a_task_is_assigned_reported_and_supervised(house: House, kouan: Any, tmp_path: Path) -> None:
    assert {each["state"] for each in kouan("oversight", "tasks", "--place", "44", "--json").json} == {"none_stated", "exempt"}
    office = house.guangdong.organisation.code
    assigned = kouan("oversight", "assign", "class_two", "44", "--owner", office, "--due", "2024-04-01", "--reason", "会议确定", "--as", "national",
        "--json")
    assert assigned.json["owner"] == office
    assert kouan("oversight", "assign", "class_two", "44", "--reason", "会议确定", "--as", "other").status == 1
    assert kouan("oversight", "report", "class_two", "44", "--words", "代报", "--as", "hubei").status == 1
    file = tmp_path / "证明.pdf"
    file.write_bytes(PDF)
    assert kouan("oversight", "report", "class_two", "44", "--words", "已摸底", "--file", str(file), "--sha256", "0" * 64, "--as",
        "guangdong").status == 1
    told = kouan("oversight", "report", "class_two", "44", "--words", "已摸底", "--file", str(file), "--as", "guangdong", "--json").json
    assert (told["state"], told["last_report"]) == ("in_progress", "已摸底")
    assert kouan("oversight", "supervise", "class_two", "44", "--reason", "缓慢", "--as", "national", "--json").json["matter"] is not None
    assert [each["state"] for each in kouan("oversight", "supervised", "--as", "guangdong", "--json").json] == ["assigned"]
    assert kouan("oversight", "supervised", "--as", "hubei", "--json").json == []
    assert TaskCell.objects.get().due_on == date(2024, 4, 1)


def test_an_instruction_and_a_circular(house: House, kouan: Any) -> None:
    office = house.guangdong.organisation.code
    assert kouan("oversight", "instruct", "口岸拥堵", "--signer", "某领导", "--signed", "2024-03-01", "--words", "机密★1年", "--office", office,
                 "--reference", "9号", "--as", "national").status == 1
    kouan("oversight", "instruct", "口岸拥堵", "--signer", "某领导", "--signed", "2024-03-01", "--words", "请研究", "--office", office,
          "--reference", "9号", "--as", "national")
    assert Instruction.objects.get().supervisions.count() == 1
    assert [each["answered"] for each in kouan("oversight", "instructions", "--json").json] == [0]
    draft = draft_circular(actor=house.national, kind="notice", title="通知", text="请报送。", offices=[office])
    issue_circular(actor=house.other, circular=draft.pk, number="国岸函〔2024〕1号", issued_on=date(2024, 3, 4))
    assert [each["id"] for each in kouan("oversight", "circulars", "--unsigned", "--as", "guangdong", "--json").json] == [draft.pk]
    kouan("oversight", "sign", str(draft.pk), "--as", "guangdong")
    assert kouan("oversight", "circulars", "--unsigned", "--as", "guangdong", "--json").json == []
    assert kouan("oversight", "sign", str(draft.pk), "--as", "hubei").status == 1
