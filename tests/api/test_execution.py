"""The plan's execution for programs: rows with versions, keys and scope; reports that another confirms; nothing of anybody else's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from django.core.cache import cache
from tests.accounts.factories import an_enterprise_user
from tests.api.world import client_of
from tests.casework.execution_office import PDF, Works

from kouan.basis import clock
from kouan.casework.execution.models import ProgressReport, ProjectRun, TargetActual
from kouan.desk.actions import file_document

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/oversight"
ONE = f"{ROOT}/projects/P7-03"


@pytest.fixture
def works() -> Iterator[Works]:
    cache.clear()
    with clock.travel_to(date(2024, 5, 6)):
        yield Works()


def send(program: Any, verb: str, address: str, body: Any = None, *, key: str = "key-00000001", seen: str | None = None) -> Any:
    headers = {"idempotency-key": key, **({"if-match": seen} if seen else {})}
    return getattr(program, verb)(address, json.dumps(body), content_type="application/json", headers=headers)


def test_rows_page_by_cursor_within_scope(works: Works) -> None:
    program, seen, after = client_of(works.national), [], ""
    while after is not None:
        answer = program.get(f"{ROOT}/projects?limit=2&after={after}").json()
        seen += [each["project"] for each in answer["items"]]
        after = answer["next"]
    assert seen == ["P7-03", "P7-56", "P9-01"]
    assert [each["project"] for each in client_of(works.guangdong).get(f"{ROOT}/projects").json()["items"]] == ["P7-03"]
    assert [each["project"] for each in program.get(f"{ROOT}/projects?box=9&state=blank").json()["items"]] == ["P9-01"]
    assert [each["project"] for each in program.get(f"{ROOT}/projects?province=42").json()["items"]] == ["P7-56"]
    assert program.get(f"{ROOT}/projects?colour=red").status_code == 422
    assert client_of(an_enterprise_user()).get(f"{ROOT}/projects").status_code == 403


def test_a_row_is_set_once_for_a_key_and_never_over_anothers_change(works: Works) -> None:
    program = client_of(works.national)
    empty = program.get(ONE)
    assert empty.headers["ETag"] == '"0"' and empty.json()["owner"] is None and empty.json()["owner_name"] == "未明确责任单位"
    assert {each["planned"] for each in empty.json()["funding"]} == {None} and empty.json()["percent"] is None
    body = {"owner": works.guangdong.organisation.code, "start": "2023-01-01", "finish": "2024-12-31", "reason": "会议确定"}
    assert send(program, "put", ONE, body).status_code == 428
    first = send(program, "put", ONE, body, seen='"0"')
    assert first.status_code == 200 and first.headers["ETag"] == '"1"' and first.json()["state"] == "lagging"
    assert send(program, "put", ONE, body, seen='"0"').json() == first.json() and ProjectRun.objects.get().version == 1
    assert send(program, "put", ONE, body | {"reason": "改"}, key="key-00000002", seen='"0"').status_code == 412
    assert send(client_of(works.hubei), "put", ONE, body, key="key-00000003", seen='"1"').status_code == 404
    assert client_of(works.hubei).get(ONE).status_code == 404


def test_milestones_and_money(works: Works) -> None:
    works.planned()
    program = client_of(works.guangdong)
    made = send(program, "post", f"{ONE}/milestones", {"title": "批复", "planned_on": "2024-03-01"}, seen='"1"').json()
    address = f"{ONE}/milestones/{made['milestones'][0]['id']}"
    body = {"planned_on": "2024-03-01", "actual_on": "2024-03-11"}
    wrong = send(program, "put", address, body, key="key-00000002", seen='"2"')
    assert wrong.status_code == 422 and wrong.json()["error"]["findings"][0]["code"] == "evidence_missing"
    assert send(program, "put", address, body | {"evidence": "nothing"}, key="key-00000003", seen='"2"').status_code == 422
    paper = file_document(actor=works.guangdong, kind="other", title="批复", source=BytesIO(PDF), file_name="批复.pdf", media_type="application/pdf")
    reached = send(program, "put", address, body | {"evidence": paper.reference}, key="key-00000004", seen='"2"')
    assert reached.status_code == 200 and reached.json()["milestones"][0]["slip_days"] == 10
    money = send(program, "put", f"{ONE}/funding/bond", {"planned": "12.5", "arranged": "0"}, key="key-00000005", seen='"3"')
    held = {each["kind"]: each for each in money.json()["funding"]}
    assert (held["bond"]["planned"], held["bond"]["arranged"], held["bond"]["paid"], held["local"]["paid"]) == ("12.50", "0.00", None, None)
    assert send(program, "put", f"{ONE}/funding/bond", {"planned": "-1"}, key="key-00000006", seen='"4"').status_code == 422
    assert send(program, "put", f"{ONE}/funding/gift", {}, key="key-00000007", seen='"4"').status_code == 422
    assert send(client_of(works.hubei), "put", f"{ONE}/funding/bond", {}, seen='"4"').status_code == 404


def test_a_quarter_is_reported_and_confirmed_by_another(works: Works) -> None:
    works.planned()
    program = client_of(works.guangdong)
    body = {"quarter": "2024-Q1", "percent": 40, "done": "主体施工"}
    assert send(client_of(works.national), "post", f"{ONE}/reports", body).status_code == 403
    assert send(client_of(works.hubei), "post", f"{ONE}/reports", body).status_code == 404
    made = send(program, "post", f"{ONE}/reports", body)
    assert made.status_code == 200 and made.json()["is_waiting"] and made.json()["percent"] is None
    assert send(program, "post", f"{ONE}/reports", body).json() == made.json() and ProgressReport.objects.count() == 1
    assert send(program, "post", f"{ONE}/reports", body, key="key-00000002").status_code == 409
    decision = f"{ONE}/reports/{made.json()['reports'][0]['id']}/decision"
    said = {"confirm": True, "opinion": "属实"}
    assert send(program, "post", decision, said, key="key-00000003").status_code == 403
    assert send(client_of(works.city), "post", decision, said).status_code == 403
    done = send(client_of(works.other), "post", decision, said)
    assert done.status_code == 200 and done.json()["percent"] == 40 and done.json()["reports"][0]["is_late"]
    assert send(client_of(works.national), "post", f"{ONE}/reports/999999/decision", said).status_code == 404


def test_targets_and_differences(works: Works) -> None:
    program = client_of(works.national)
    rows = client_of(works.hubei).get(f"{ROOT}/targets").json()["items"]
    assert len(rows) == 27 and {year["revision"] for each in rows for year in each["years"]} == {0}
    body = {"year": 2023, "value": "9.5", "source": "国家口岸办统计"}
    assert send(client_of(works.guangdong), "post", f"{ROOT}/targets/T-06/actuals", body).status_code == 403
    made = send(program, "post", f"{ROOT}/targets/T-06/actuals", body)
    assert made.status_code == 200 and [each["value"] for each in made.json()["years"]] == [None, None, "9.5", None, None]
    assert send(program, "post", f"{ROOT}/targets/T-06/actuals", body, key="key-00000002").status_code == 409
    assert send(program, "post", f"{ROOT}/targets/T-06/actuals", body | {"revision": 1}, key="key-00000003").status_code == 422
    assert send(program, "post", f"{ROOT}/targets/T-99/actuals", body, key="key-00000004").status_code == 404
    assert TargetActual.objects.count() == 1
    assert [each["projects"] for each in program.get(f"{ROOT}/differences").json()["items"]] == [["P7-56"]]
