"""Supervision for programs: cells with versions, keys and scope; receipts; and nothing of anybody else's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.cache import cache
from tests.api.world import client_of
from tests.casework.oversight_office import PDF, House

from kouan.basis import clock
from kouan.casework.oversight.actions import report_progress, supervise_cell
from kouan.casework.oversight.circulars import draft_circular, issue_circular
from kouan.casework.oversight.models import (
    CellReport,
    Circular,
    CircularReceipt,
    Instruction,
    Supervision,
    TaskCell,
)
from kouan.desk.actions import file_document
from kouan.desk.models import Document

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/oversight"
CELL = f"{ROOT}/cells/class_two/44"
DAY = date(2024, 3, 4)


@pytest.fixture
def house() -> Iterator[House]:
    cache.clear()
    with clock.travel_to(DAY):
        yield House()


def send(program: Any, verb: str, address: str, body: Any = None, *, key: str = "key-00000001", seen: str | None = None) -> Any:
    headers = {"idempotency-key": key, **({"if-match": seen} if seen else {})}
    return getattr(program, verb)(address, json.dumps(body), content_type="application/json", headers=headers)


def test_cells_page_by_cursor_within_scope(house: House) -> None:
    program, seen, after = client_of(house.guangdong), [], ""
    while after is not None:
        answer = program.get(f"{ROOT}/cells?limit=20&after={after}").json()
        seen += [each["task"] for each in answer["items"]]
        assert {each["place"] for each in answer["items"]} == {"44"}
        after = answer["next"]
    assert len(seen) == len(set(seen)) == 32
    assert client_of(house.national).get(f"{ROOT}/cells?state=none_stated&place=44&limit=1").json()["items"][0]["owner"] is None
    assert program.get(f"{ROOT}/cells?limit=201").status_code == 422 and program.get(f"{ROOT}/cells?colour=red").status_code == 422


def test_a_cell_is_set_once_for_a_key_and_never_over_anothers_change(house: House) -> None:
    program = client_of(house.national)
    assert program.get(CELL).headers["ETag"] == '"0"'
    body = {"owner": house.guangdong.organisation.code, "due_on": "2024-04-01", "reason": "会议确定"}
    assert send(program, "put", CELL, body).status_code == 428
    first = send(program, "put", CELL, body, seen='"0"')
    assert first.status_code == 200 and first.headers["ETag"] == '"1"' and first.json()["state"] == "unreported"
    assert send(program, "put", CELL, body, seen='"0"').json() == first.json() and TaskCell.objects.get().version == 1
    assert send(program, "put", CELL, body | {"reason": "改"}, key="key-00000002", seen='"0"').status_code == 412
    assert send(client_of(house.guangdong), "put", CELL, body, key="key-00000003", seen='"1"').status_code == 403
    assert client_of(house.hubei).get(CELL).status_code == 404


def test_a_report_by_its_own_office_only(house: House) -> None:
    house.owned(DAY + timedelta(9))
    body = {"words": "已摸底"}
    assert send(client_of(house.hubei), "post", f"{CELL}/reports", body).status_code == 404
    program = client_of(house.guangdong)
    assert send(program, "post", f"{CELL}/reports", body).status_code == 200
    assert send(program, "post", f"{CELL}/reports", body).status_code == 200 and CellReport.objects.count() == 1
    wrong = send(program, "post", f"{CELL}/reports", {"words": "完成", "is_complete": True}, key="key-00000002")
    assert wrong.status_code == 422 and wrong.json()["error"]["findings"][0]["code"] == "evidence_missing"
    wrong = send(program, "post", f"{CELL}/reports", {"words": "完成", "evidence": "nothing"}, key="key-00000004")
    assert wrong.status_code == 422


def test_supervised_matters_in_scope(house: House) -> None:
    house.owned(DAY + timedelta(9))
    held = supervise_cell(actor=house.national, task="class_two", place="44", reason="缓慢")
    assert [each["matter"] for each in client_of(house.guangdong).get(f"{ROOT}/supervised").json()["items"]] == [held.matter_id]
    assert client_of(house.hubei).get(f"{ROOT}/supervised").json()["items"] == []
    assert client_of(house.hubei).get(f"{ROOT}/instructions").json()["items"] == []


def test_a_circular_is_signed_for_by_its_office(house: House) -> None:
    draft = draft_circular(actor=house.national, kind="notice", title="通知", text="请报送。", offices=[house.guangdong.organisation.code])
    issue_circular(actor=house.other, circular=draft.pk, number="国岸函〔2024〕1号", issued_on=DAY)
    address = f"{ROOT}/circulars/{draft.pk}/receipt"
    assert send(client_of(house.hubei), "post", address).status_code == 404
    assert client_of(house.hubei).get(f"{ROOT}/circulars").json()["items"] == []
    program = client_of(house.guangdong)
    assert program.get(f"{ROOT}/circulars").json()["items"][0]["receipts"] is None
    answer = send(program, "post", address)
    assert answer.status_code == 200 and answer.json()["signed_at"] is not None
    assert CircularReceipt.objects.get().signed_by == house.guangdong
    assert client_of(house.national).get(f"{ROOT}/circulars").json()["items"][0]["receipts_signed"] == 1


# ---- drafting and issuing --------------------------------------------------------------------------------

DRAFT = {"kind": "notice", "title": "关于报送运行情况的通知", "text": "请于月底前报送。", "kinds": ["provincial_office"], "provinces": ["44"]}
ISSUE = {"number": "国岸函〔2024〕1号", "issued_on": "2024-03-04"}


def codes(answer: Any) -> list[str]:
    return [each["code"] for each in answer.json()["error"]["findings"]]


def test_a_circular_is_drafted_by_one_and_issued_by_another(house: House) -> None:
    drafter, issuer, address = client_of(house.national), client_of(house.other), f"{ROOT}/circulars"
    first = send(drafter, "post", address, DRAFT)
    assert first.status_code == 200 and first.headers["ETag"] == '"1"' and first.json()["state"] == "draft"
    assert first.json()["recipients"] == {"offices": [], "kinds": ["provincial_office"], "provinces": ["44"]}
    assert send(drafter, "post", address, DRAFT).json() == first.json() and Circular.objects.count() == 1
    own = f"{address}/{first.json()['id']}"
    assert client_of(house.guangdong).get(own).status_code == 404, "a draft is its own office's"
    assert send(drafter, "put", own, DRAFT | {"title": "通知"}, key="key-00000002").status_code == 428
    assert send(drafter, "put", own, DRAFT | {"title": "通知"}, key="key-00000002", seen='"1"').headers["ETag"] == '"2"'
    assert send(drafter, "put", own, DRAFT, key="key-00000003", seen='"1"').status_code == 412
    refused = send(drafter, "post", f"{own}/issue", ISSUE, key="key-00000004", seen='"2"')
    assert refused.status_code == 403 and codes(refused) == ["own_draft"]
    assert send(issuer, "post", f"{own}/issue", ISSUE, seen='"1"').status_code == 412 and not CircularReceipt.objects.exists()
    done = send(issuer, "post", f"{own}/issue", ISSUE, seen='"2"')
    assert done.status_code == 200 and (done.json()["state"], done.json()["receipts"]) == ("issued", 1)
    assert send(issuer, "post", f"{own}/issue", ISSUE, seen='"2"').json() == done.json() and CircularReceipt.objects.count() == 1
    late = send(issuer, "post", f"{own}/issue", ISSUE | {"number": "2"}, key="key-00000005", seen='"3"')
    assert late.status_code == 409 and codes(late) == ["circular_moved"]


def test_only_the_issuing_office_changes_and_recalls(house: House) -> None:
    draft = draft_circular(actor=house.national, kind="notice", title="通知", text="请报送。", offices=[house.guangdong.organisation.code])
    issue_circular(actor=house.other, circular=draft.pk, number="国岸函〔2024〕1号", issued_on=DAY)
    own, reason = f"{ROOT}/circulars/{draft.pk}", {"reason": "内容有误"}
    for verb, address, body in (("put", own, DRAFT), ("post", f"{own}/issue", ISSUE), ("post", f"{own}/recall", reason)):
        assert send(client_of(house.hubei), verb, address, body, seen='"2"').status_code == 404
        assert send(client_of(house.guangdong), verb, address, body, seen='"2"').status_code == 403
    seen = client_of(house.guangdong).get(own)
    assert seen.headers["ETag"] == '"2"' and seen.json()["recipients"] is None
    assert CircularReceipt.objects.get().first_read_at is not None and CircularReceipt.objects.get().signed_at is None
    assert send(client_of(house.other), "post", f"{own}/recall", reason, seen='"1"').status_code == 412
    assert send(client_of(house.other), "post", f"{own}/recall", reason, seen='"2"').json()["ended_reason"] == "内容有误"
    assert client_of(house.guangdong).get(own).json()["state"] == "recalled"


def test_who_may_not_issue_is_refused_before_anything_else(house: House) -> None:
    from tests.accounts.factories import a_user, an_office

    from kouan.accounts.models import OrganisationKind, Role

    city = a_user(Role.CITY_OFFICER, an_office(OrganisationKind.CITY_OFFICE, province_code="44", city_code="440300"))
    assert send(client_of(city), "post", f"{ROOT}/circulars", DRAFT).status_code == 403
    wrong = send(client_of(house.guangdong), "post", f"{ROOT}/circulars", DRAFT | {"kinds": [], "offices": [house.hubei.organisation.code]})
    assert wrong.status_code == 422 and codes(wrong) == ["no_recipient"] and not Circular.objects.exists()


# ---- instructions and their answers ----------------------------------------------------------------------


def proof(who: Any) -> Document:
    return file_document(actor=who, kind="other", title="落实情况证明", source=BytesIO(PDF), file_name="证明.pdf", media_type="application/pdf",
                         province_code="44")


def test_an_instruction_is_recorded_and_answered_by_each_office(house: House) -> None:
    offices = [house.guangdong.organisation.code, house.hubei.organisation.code]
    body = {"title": "口岸拥堵问题", "signer": "某领导", "signed_on": "2024-03-04", "words": "请研究解决。", "reference": "署办收〔2024〕9号",
            "offices": offices, "due_on": "2024-03-14"}
    assert send(client_of(house.guangdong), "post", f"{ROOT}/instructions", body).status_code == 403
    wrong = send(client_of(house.national), "post", f"{ROOT}/instructions", body | {"offices": [offices[0], "nobody"]})
    assert wrong.status_code == 422 and codes(wrong) == ["unknown_office"] and not Instruction.objects.exists()
    made = send(client_of(house.national), "post", f"{ROOT}/instructions", body)
    assert made.status_code == 200 and {each["owner"] for each in made.json()["matters"]} == set(offices)
    assert send(client_of(house.national), "post", f"{ROOT}/instructions", body).json() == made.json() and Supervision.objects.count() == 2

    own, program = f"{ROOT}/instructions/{made.json()['id']}", client_of(house.guangdong)
    assert [each["owner"] for each in program.get(own).json()["matters"]] == [offices[0]]
    answer = {"progress": "已疏导", "evidence": "nothing"}
    refused = send(program, "post", f"{own}/answers", answer)
    assert refused.status_code == 422 and codes(refused) == ["unknown_document"]
    assert program.get(own).json()["matters"][0]["state"] == "assigned", "nothing was done by halves"
    paper = proof(house.guangdong).reference
    refused = send(client_of(house.national), "post", f"{own}/answers", answer | {"evidence": paper}, key="key-00000002")
    assert refused.status_code == 403 and codes(refused) == ["not_instructed"]
    told = send(program, "post", f"{own}/answers", answer | {"evidence": paper}, key="key-00000002").json()["matters"][0]
    assert told["state"] == "reported" and told["answer"] == {
        "reported_on": "2024-03-04", "progress": "已疏导", "evidence": paper, "accepted": None, "finding": ""}

    matter = f"/api/v1/matters/{told['matter']}/steps"
    body = {"step": "return_report", "fields": {"due_on": "2024-03-20", "reason": "请补充数据"}}
    assert send(client_of(house.other), "post", matter, body, seen=f'"{told["version"]}"').status_code == 200
    told = program.get(own).json()["matters"][0]
    assert (told["answer"]["accepted"], told["answer"]["finding"], told["due_on"]) == (False, "请补充数据", "2024-03-20")
    told = send(program, "post", f"{own}/answers", {"progress": "已补充", "evidence": paper}, key="key-00000003").json()["matters"][0]
    assert told["answer"]["accepted"] is None and told["answer"]["progress"] == "已补充"
    house.close(Supervision.objects.get(matter=told["matter"]))
    told = program.get(own).json()
    assert told["matters"][0]["answer"]["accepted"] is True and (told["answered"], told["ended_on"]) == (1, None)


def test_an_instruction_to_others_is_not_found(house: House) -> None:
    made = send(client_of(house.national), "post", f"{ROOT}/instructions", {
        "title": "事项", "signer": "某领导", "signed_on": "2024-03-04", "words": "请办。", "reference": "1",
        "offices": [house.hubei.organisation.code]})
    own = f"{ROOT}/instructions/{made.json()['id']}"
    assert client_of(house.guangdong).get(own).status_code == 404
    body = {"progress": "已办", "evidence": proof(house.guangdong).reference}
    assert send(client_of(house.guangdong), "post", f"{own}/answers", body).status_code == 404


# ---- verifying -------------------------------------------------------------------------------------------


def test_a_completion_is_verified_by_another_on_what_was_seen(house: House) -> None:
    house.owned(DAY + timedelta(9))
    report_progress(actor=house.guangdong, task="class_two", place="44", words="已完成", is_complete=True, evidence=proof(house.guangdong))
    mine = report_progress(actor=house.national, task="class_two", place="44", words="已完成", is_complete=True, evidence=proof(house.national))
    program, body = client_of(house.national), {"accept": True, "finding": "材料属实"}
    rows = program.get(f"{CELL}/reports").json()["items"]
    assert [each["accepted"] for each in rows] == [None, None] and rows[0]["version"] == 1
    assert client_of(house.hubei).get(f"{CELL}/reports").status_code == 404
    address = f"{CELL}/reports/{rows[1]['id']}/decision"
    assert send(client_of(house.guangdong), "post", address, body, seen='"1"').status_code == 403
    assert send(program, "post", f"{ROOT}/cells/class_two/42/reports/{rows[1]['id']}/decision", body, seen='"1"').status_code == 404
    own = send(program, "post", f"{CELL}/reports/{mine.pk}/decision", body, seen='"1"')
    assert own.status_code == 403 and codes(own) == ["own_report"]
    assert send(program, "post", address, body).status_code == 428 and send(program, "post", address, body, seen='"9"').status_code == 412
    done = send(program, "post", address, body, seen='"1"')
    assert done.status_code == 200 and done.json()["accepted"] is True and done.headers["ETag"] == '"2"'
    assert send(program, "post", address, body, seen='"1"').json() == done.json() and program.get(CELL).json()["state"] == "done"
    again = send(program, "post", address, body, key="key-00000002", seen='"2"')
    assert again.status_code == 409 and codes(again) == ["not_to_verify"]
