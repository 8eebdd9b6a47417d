"""Returns by page, program and command: the same verbs, the same findings, and nothing for another province."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook
from tests.collection.returns.office import PEOPLE, TODAY, VALUES, ReturnOffices, a_filled, a_workbook, row_of
from typer.testing import CliRunner

from kouan.basis import clock
from kouan.cli import app
from kouan.collection.models import Observation
from kouan.collection.returns import actions
from kouan.collection.returns.models import Return, ReturnVersion

pytestmark = pytest.mark.django_db
NUMBERS: list[str] = []


@pytest.fixture
def offices() -> Iterator[ReturnOffices]:
    with clock.travel_to(TODAY):
        yield ReturnOffices()


def as_(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="kouan.accounts.backends.SignInBackend")
    return client


def typed(version: int, **values: Any) -> dict[str, Any]:
    said = {f"v-{code}": str(value) for code, value in {**VALUES, **values}.items()}
    return {**said, **{f"p-{name}": text for name, text in PEOPLE.items()}, "version": str(version), "deed": "file"}


def test_filled_in_on_the_page_reviewed_on_the_page(offices: ReturnOffices) -> None:
    held = offices.owed()
    border = as_(offices.border)
    page = border.get(f"/returns/{held.pk}/fill")
    assert page.status_code == 200 and "业务报送" in page.content.decode() and "统计调查）" in page.content.decode()
    wrong = border.post(f"/returns/{held.pk}/fill", typed(held.version, pax_in=-1, conv="7.5"))
    assert wrong.status_code == 422 and wrong.content.decode().count('aria-invalid="true"') == 2
    assert 'href="#field-v-pax_in"' in wrong.content.decode()
    assert border.post(f"/returns/{held.pk}/fill", typed(held.version)).status_code == 302
    page = as_(offices.province).get(f"/returns/{held.pk}")
    assert "通过，报国家口岸办" in page.content.decode() and "2,100,000" in page.content.decode()
    version = Return.objects.get(pk=held.pk).version
    done = as_(offices.province).post(f"/returns/{held.pk}", {"decision": "return", "words": "请核对", "c-pax_in": "与日报不符", "version": version})
    assert done.status_code == 302
    again = border.get(f"/returns/{held.pk}/fill").content.decode()
    assert "与日报不符" in again
    assert border.post(f"/returns/{held.pk}/fill", typed(held.version, pax_in=2_110_000)).status_code == 409  # what was seen is old
    held.refresh_from_db()
    assert border.post(f"/returns/{held.pk}/fill", typed(held.version, pax_in=2_110_000)).status_code == 302
    for user, decision in ((offices.province, "pass"), (offices.national, "sign")):
        assert as_(user).post(f"/returns/{held.pk}", {"decision": decision, "words": "相符"}).status_code == 302
    figure = Observation.objects.get(series__direction="inbound")
    page = as_(offices.border).get(f"/intake/figures/{figure.pk}").content.decode()
    assert f"（D{row_of('pax_in', offices.port)}）" in page and "2110000" in page


def test_a_draft_is_kept_and_a_second_person_is_told(offices: ReturnOffices) -> None:
    held = offices.owed()
    assert as_(offices.border).post(f"/returns/{held.pk}/fill", {**typed(held.version, pax_in=5), "deed": "draft"}).status_code == 302
    other = as_(offices.border_second).post(f"/returns/{held.pk}/fill", {**typed(held.version, pax_in=6), "deed": "draft"})
    assert other.status_code == 409 and offices.border.display_name in other.content.decode() and 'value="6"' in other.content.decode()
    assert 'value="5"' in as_(offices.border_second).get(f"/returns/{held.pk}/fill").content.decode()


def test_every_page_answers_and_somebody_elses_is_not_there(offices: ReturnOffices, tmp_path: Path) -> None:
    offices.calendar()
    held = offices.file().held
    offices.run()
    for user in (offices.border, offices.province, offices.national, offices.city, offices.neighbour):
        for address in ("/returns", "/returns/board", "/returns/board?cadence=year", "/returns/board?item=pax_in&state=filed", "/returns/forms",
                        "/returns/forms/KA-02", "/returns/rules"):
            assert as_(user).get(address).status_code == 200, address
    board = as_(offices.national).get("/returns/board").content.decode()
    assert "罗湖铁路口岸" in board and "东兴公路口岸" in board
    exported = json.loads(b"".join(as_(offices.neighbour).get("/returns/board?format=json").streaming_content))  # type: ignore[attr-defined]
    assert "东兴" in json.dumps(exported, ensure_ascii=False) and "罗湖" not in json.dumps(exported, ensure_ascii=False)
    stranger = as_(offices.neighbour)
    for address in (f"/returns/{held.pk}", f"/returns/{held.pk}/fill", f"/returns/{held.pk}/filings/1.xlsx",
                    f"/returns/template.xlsx?return={held.pk}", "/returns/template.xlsx?form=KA-02&period=2024-10&port=luohu-rail",
                    f"/api/v1/returns/{held.pk}"):
        assert stranger.get(address).status_code == 404, address
    assert stranger.post(f"/returns/{held.pk}", {"decision": "pass", "words": "x"}).status_code == 404
    assert stranger.post(f"/returns/{held.pk}/fill", typed(1)).status_code == 404
    place = a_workbook(offices.border, tmp_path, values={**VALUES, "crew": 1})
    assert stranger.post("/returns/upload", {"file": SimpleUploadedFile("报表.xlsx", place.read_bytes())}).status_code == 404
    assert ReturnVersion.objects.count() == 1
    kept = as_(offices.province).get(f"/returns/{held.pk}/filings/1.xlsx")
    assert load_workbook(BytesIO(kept.content))["KA-02"][f"D{row_of('pax_in', offices.port)}"].value == 2_100_000


def test_a_workbook_sent_with_faults_is_answered_by_cell(offices: ReturnOffices, tmp_path: Path) -> None:
    row = row_of("pax_in", offices.port)
    taken = as_(offices.border).get("/returns/template.xlsx?form=KA-02&period=2024-10")
    sheet = load_workbook(BytesIO(taken.content))["KA-02"]
    assert sheet["A1"].value == "出入境人员和交通运输工具月报表" and "批准/备案文号：无" in sheet["H4"].value
    assert sheet.protection.sheet and not sheet[f"D{row}"].protection.locked and sheet[f"B{row}"].protection.locked
    assert sheet[f"H{row}"].value.startswith("=IF(") and sheet.data_validations.count >= 3
    place = a_workbook(offices.border, tmp_path, values={**VALUES, "pax_in": -1})
    answer = as_(offices.border).post("/returns/upload", {"file": SimpleUploadedFile("报表.xlsx", place.read_bytes())})
    assert answer.status_code == 422 and f'id="cell-D{row}"' in answer.content.decode()
    right = a_workbook(offices.border, tmp_path)
    assert as_(offices.border).post("/returns/upload", {"file": SimpleUploadedFile("报表.xlsx", right.read_bytes())}).status_code == 302


def pushed(**changes: Any) -> dict[str, Any]:
    return {"form": "KA-02", "port": "luohu-rail", "period": "2024-10", "cells": [{"item": code, "value": value} for code, value in VALUES.items()],
            **PEOPLE, **changes}


def push(user: Any, body: Any, key: str = "october-2024", address: str = "/api/v1/returns") -> Any:
    return as_(user).post(address, json.dumps(body), content_type="application/json", headers={"Idempotency-Key": key})


def test_pushed_once_however_often_it_is_sent(offices: ReturnOffices) -> None:
    first = push(offices.border, pushed())
    assert first.status_code == 200, first.content
    assert first.json()["state"] == "filed" and first.json()["filing"] == 1
    assert push(offices.border, pushed()).json() == first.json()
    assert push(offices.border, pushed(is_zero=True)).status_code == 409  # the key was used for other content
    again = push(offices.border, pushed(), key="another-key-1")
    assert again.json()["repeated"] and ReturnVersion.objects.count() == 1
    number = first.json()["id"]
    held = as_(offices.province).get(f"/api/v1/returns/{number}").json()
    assert {each["item"]: each["value"] for each in held["lines"]}["pax_in"] == "2100000" and held["filings"][0]["channel"] == "api"
    body = {"decision": "pass", "words": "相符", "version": held["version"]}
    assert push(offices.neighbour, body, "review-key-1", f"/api/v1/returns/{number}/review").status_code == 404
    assert push(offices.province, body, "review-key-2", f"/api/v1/returns/{number}/review").status_code == 200
    assert push(offices.national, {**body, "decision": "sign"}, "review-key-3", f"/api/v1/returns/{number}/review").status_code == 409
    newest = Return.objects.get(pk=number).version
    signed = push(offices.national, {**body, "decision": "sign", "version": newest}, "review-key-4", f"/api/v1/returns/{number}/review")
    assert signed.json()["state"] == "signed" and Observation.objects.exists()


def test_a_push_that_is_wrong_names_its_cells_and_keeps_nothing(offices: ReturnOffices) -> None:
    body = pushed()
    body["cells"][0]["value"] = "-3"
    body["cells"].append({"item": "nonsense", "value": 1})
    answer = push(offices.border, body)
    assert answer.status_code == 422
    found = {(each["code"], each["where"]["field"]) for each in answer.json()["error"]["findings"]}
    assert {("negative_value", "v-pax_in"), ("item_not_of_form", "v-nonsense")} <= found and not ReturnVersion.objects.exists()
    assert push(offices.neighbour, pushed(), "far-away-key").status_code == 404
    assert push(offices.operator, pushed(), "operator-key").status_code in (403, 404)
    assert as_(offices.border).get("/api/v1/returns?state=due&form=KA-02&period=2024-10").status_code == 200
    assert len(as_(offices.border).get("/api/v1/return-forms").json()["items"]) == 16
    assert as_(offices.border).get("/api/v1/return-forms/KA-02").json()["approval_number"] is None


def test_workbooks_are_pushed_too(offices: ReturnOffices, tmp_path: Path) -> None:
    place = a_workbook(offices.border, tmp_path)
    for _ in range(2):
        answer = as_(offices.border).post("/api/v1/return-workbooks", {"file": SimpleUploadedFile("报表.xlsx", place.read_bytes())},
                                          headers={"Idempotency-Key": "workbook-1"})
        assert answer.status_code == 200 and len(answer.json()["items"]) == 1, answer.content
    assert ReturnVersion.objects.count() == 1


def run(*arguments: str, status: int = 0) -> Any:
    done = CliRunner().invoke(app, ["returns", *arguments])
    assert done.exit_code == status, done.output
    return json.loads(done.stdout) if "--json" in arguments and not status else done.output


def test_the_commands_do_what_the_pages_do(offices: ReturnOffices, tmp_path: Path) -> None:
    assert len(run("forms", "--json")) == 16 and "入境旅客" in run("forms", "KA-02")
    nation, border, province = offices.national.username, offices.border.username, offices.province.username
    run("calendar", "month", "--due-days", "10", "--freeze-days", "20", "--escalate-days", "5", "--valid-from", "2024-10-01", "--reason", "通知",
        "--as", nation)
    assert run("open", "--json")["calls"] >= 3
    run("template", "KA-02", str(tmp_path / "空表.xlsx"), "--period", "2024-10", "--as", border)
    assert (tmp_path / "空表.xlsx").stat().st_size > 5_000
    run("template", "KA-02", str(tmp_path / "x.xlsx"), "--period", "2024-10", "--port", "luohu-rail", "--as", offices.neighbour.username, status=1)
    run("submit", str(a_workbook(offices.border, tmp_path, values={**VALUES, "conv": -1}, name="错.xlsx")), "--as", border, status=1)
    filed = run("submit", str(a_workbook(offices.border, tmp_path, name="对.xlsx")), "--as", border, "--json")
    number = str(filed[0]["id"])
    run("review", number, "return", "请核对", "--note", "pax_in=与日报不符", "--as", province)
    assert "与日报不符" in run("status", number, "--as", border)
    run("status", number, "--as", offices.neighbour.username, status=1)
    actions.file_return(actor=offices.border, number=int(number), filled=a_filled(pax_in=2_110_000), channel="page")
    run("review", number, "pass", "相符", "--as", province)
    run("review", number, "sign", "同意", "--as", nation)
    assert [each["id"] for each in run("due", "--state", "signed", "--json")] == [int(number)]
    run("exempt", "luohu-rail", "teu", "不经营货运", "--from", "2024-10-01", "--as", nation)
    run("exempt", "luohu-rail", "teu", "不经营货运", "--from", "2024-10-01", "--as", province, status=1)
    call = str(Return.objects.get(form="KA-03", port=offices.port).call_id)
    run("extend", call, "设备检修", "--until", "2024-11-25", "--as", offices.operator.username)
    assert run("extend", call, "同意", "--grant", "--as", province, "--json")["extended_to"] == "2024-11-25"
    assert Return.objects.get(form="KA-03", port=offices.port).extended_to == date(2024, 11, 25)
