"""The pages of supervision: whose cells, whose circulars, what a form answers; with somebody else's user each time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.casework.oversight_office import PDF, House
from tests.casework.test_oversight import clocks

from kouan.basis import clock
from kouan.casework.oversight.models import (
    Circular,
    CircularReceipt,
    Instruction,
    OversightPaper,
    Supervision,
    TaskCell,
)

DAY = date(2024, 3, 4)
Opens = Callable[[Any], Client]


@pytest.fixture(autouse=True)
def on_the_day() -> Any:
    with clock.travel_to(DAY):
        yield


@pytest.fixture
def house(db: None) -> House:
    return House()


def test_the_matrix_shows_a_province_its_own_column(house: House, open_as: Opens) -> None:
    house.owned(DAY + timedelta(9))
    page = open_as(house.guangdong).get("/oversight").content.decode()
    assert "未明确责任单位" in page and "/oversight/tasks/class_two/44" in page and "/42\"" not in page
    whole = open_as(house.national).get("/oversight?state=unreported").content.decode()
    assert "/oversight/tasks/class_two/44" in whole and "/oversight/tasks/class_two/42" not in whole
    taken = b"".join(open_as(house.guangdong).get("/oversight?format=json")).decode()
    assert "广东省" in taken and "湖北省" not in taken
    assert open_as(house.hubei).get("/oversight/tasks/class_two/44").status_code == 404
    assert open_as(house.hubei).post("/oversight/tasks/class_two/44", {"do": "report", "words": "代报"}).status_code == 404


def test_the_national_office_fills_a_cell_and_a_stale_form_is_told(house: House, open_as: Opens) -> None:
    client = open_as(house.national)
    form = {"do": "set", "owner": house.guangdong.organisation.code, "due_on": "2024-04-01", "reason": "国家口岸办确定", "version": "0"}
    assert client.post("/oversight/tasks/class_two/44", form).status_code == 302
    late = client.post("/oversight/tasks/class_two/44", form)
    assert late.status_code == 409 and "他人已更改" in late.content.decode()
    wrong = client.post("/oversight/tasks/class_two/44", form | {"due_on": "四月", "version": "1"})
    assert wrong.status_code == 422 and "请填写日期" in wrong.content.decode()
    assert open_as(house.guangdong).post("/oversight/tasks/class_two/44", form | {"version": "1"}).status_code == 403
    assert TaskCell.objects.get().due_on == date(2024, 4, 1)


def test_a_report_with_its_evidence_is_verified_by_another(house: House, open_as: Opens) -> None:
    house.owned(DAY + timedelta(9))
    province = open_as(house.guangdong)
    answer = province.post("/oversight/tasks/class_two/44", {
        "do": "report", "words": "已完成", "is_complete": "yes", "file": SimpleUploadedFile("证明.pdf", PDF)})
    assert answer.status_code == 302
    report = TaskCell.objects.get().reports.get()
    place = f"/oversight/tasks/class_two/44/evidence/{report.pk}/{report.evidence.versions.get().pk}"
    assert b"".join(province.get(place)) == PDF
    assert open_as(house.hubei).get(place).status_code == 404
    done = open_as(house.national).post("/oversight/tasks/class_two/44", {"do": "accept", "report": report.pk, "finding": "属实"})
    assert done.status_code == 302 and TaskCell.objects.get().completed_on == DAY


def test_supervised_matters_and_papers_keep_to_their_offices(house: House, open_as: Opens) -> None:
    house.owned(DAY + timedelta(1))
    client = open_as(house.national)
    assert client.post("/oversight/tasks/class_two/44", {"do": "supervise", "supervise_reason": "缓慢"}).status_code == 302
    held = Supervision.objects.get()
    assert f"#{held.matter_id}" in open_as(house.guangdong).get("/oversight/supervised").content.decode()
    assert f"#{held.matter_id}" not in open_as(house.hubei).get("/oversight/supervised").content.decode()
    clocks(DAY + timedelta(5))
    paper = OversightPaper.objects.get()
    assert open_as(house.guangdong).get(f"/oversight/papers/{paper.pk}").status_code == 404
    with clock.travel_to(DAY + timedelta(6)):
        assert client.post(f"/oversight/papers/{paper.pk}", {"number": "国岸督〔2024〕1号", "issued_on": "2024-03-10"}).status_code == 302
    assert open_as(house.guangdong).get(f"/oversight/papers/{paper.pk}.docx").content[:2] == b"PK"
    assert open_as(house.hubei).get(f"/oversight/papers/{paper.pk}.docx").status_code == 404
    assert client.get(f"/oversight/papers/{paper.pk}.pdf").content[:5] == b"%PDF-"


def test_an_instruction_by_its_form(house: House, open_as: Opens) -> None:
    client = open_as(house.national)
    form = {"title": "口岸拥堵问题", "signer": "某领导", "signed_on": "2024-03-01", "words": "请研究解决。", "urgency": "urgent",
            "offices": [house.guangdong.organisation.code]}
    refused = client.post("/oversight/instructions/new", form)
    assert refused.status_code == 422 and "扫描件" in refused.content.decode()
    assert client.post("/oversight/instructions/new", form | {"file": SimpleUploadedFile("批示.pdf", PDF)}).status_code == 302
    held = Instruction.objects.get()
    page = f"/oversight/instructions/{held.pk}"
    assert "请研究解决" in open_as(house.guangdong).get(page).content.decode()
    assert open_as(house.hubei).get(page).status_code == 404
    scan = f"{page}/scan/{held.scan.versions.get().pk}"
    assert b"".join(open_as(house.guangdong).get(scan)) == PDF and open_as(house.hubei).get(scan).status_code == 404
    assert open_as(house.guangdong).get("/oversight/instructions/new").status_code == 403
    assert "0/1" in client.get("/oversight/instructions").content.decode()


def test_a_circular_from_preview_to_receipt_and_recall(house: House, open_as: Opens) -> None:
    client = open_as(house.national)
    form = {"kind": "notice", "title": "关于报送情况的通知", "text": "请报送。", "kinds": ["provincial_office"], "provinces": ["44"]}
    preview = client.post("/oversight/circulars/new", form | {"do": "preview"}).content.decode()
    assert house.guangdong.organisation.name_zh in preview.split('id="reached"')[1].split("</div>")[0] and not Circular.objects.exists()
    assert client.post("/oversight/circulars/new", form | {"do": "draft"}).status_code == 302
    held = Circular.objects.get()
    page = f"/oversight/circulars/{held.pk}"
    issue = {"do": "issue", "number": "国岸函〔2024〕1号", "issued_on": "2024-03-04", "version": "1"}
    assert client.post(page, issue).status_code == 403
    assert open_as(house.guangdong).get(page).status_code == 404
    assert open_as(house.other).post(page, issue).status_code == 302
    province = open_as(house.guangdong)
    assert "签收" in province.get(page).content.decode() and CircularReceipt.objects.get().first_read_at is not None
    assert province.get("/oversight/circulars?unread=yes").content.decode().count(page) == 1
    assert open_as(house.hubei).get(page).status_code == 404
    assert province.post(page, {"do": "sign"}).status_code == 302
    assert province.get("/oversight/circulars?unread=yes").content.decode().count(page) == 0
    assert not province.get(f"{page}?board.format=csv").streaming, "the board is the issuing office's"
    assert house.guangdong.display_name in b"".join(client.get(f"{page}?board.format=csv")).decode("utf-8-sig")
    assert client.post(page, {"do": "recall", "reason": "内容有误"}).status_code == 302
    assert "已撤回" in province.get(page).content.decode()


def test_their_procedures_are_begun_by_no_form(house: House, open_as: Opens) -> None:
    assert '/matters/begin/supervision"' not in open_as(house.national).get("/matters/begin").content.decode()


def test_an_enterprise_finds_no_door(open_as: Opens, house: House) -> None:
    from tests.accounts.factories import an_enterprise_user

    client = open_as(an_enterprise_user())
    assert {client.get(f"/oversight{each}").status_code for each in ("", "/supervised", "/instructions", "/circulars")} == {403}
