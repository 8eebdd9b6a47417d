"""Supervision for programs: cells with versions, keys and scope; receipts; and nothing of anybody else's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from tests.api.world import client_of
from tests.casework.oversight_office import House

from kouan.basis import clock
from kouan.casework.oversight.actions import supervise_cell
from kouan.casework.oversight.circulars import draft_circular, issue_circular
from kouan.casework.oversight.models import CellReport, CircularReceipt, TaskCell

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
