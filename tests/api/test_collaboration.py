"""Issues and conferences for programs: bounded lists, keys, and nothing of anybody else's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from tests.api.world import client_of
from tests.casework.issues import DAY, NAME, Offices, events_of

from kouan.basis import clock
from kouan.casework.bottlenecks.models import Issue
from kouan.casework.conference.actions import call_conference

pytestmark = pytest.mark.django_db
ROOT = "/api/v1"
BODY = {"port": "luohu-rail", "stage": "inspection", "kind": "time", "facts": "查验等候三天，未告知原因"}


@pytest.fixture
def offices() -> Iterator[Offices]:
    cache.clear()
    with clock.travel_to(DAY.isoformat()):
        yield Offices()


def post(program: Any, address: str, body: Any, key: str = "key-00000001") -> Any:
    return program.post(f"{ROOT}{address}", json.dumps(body), content_type="application/json", headers={"idempotency-key": key})


def test_an_enterprise_reports_once_for_a_key_and_rates(offices: Offices) -> None:
    program = client_of(offices.enterprise)
    first, again = post(program, "/bottlenecks", BODY), post(program, "/bottlenecks", BODY)
    assert first.status_code == 200 and first.json() == again.json() and Issue.objects.count() == 1
    issue = Issue.objects.get()
    assert first.json()["enterprise"] == NAME and first.headers["ETag"]
    assert post(program, "/bottlenecks", {**BODY, "kind": "nothing"}, "key-00000002").status_code == 422
    offices.answered(issue, offices.city)
    told = program.get(f"{ROOT}/bottlenecks/{issue.pk}").json()
    assert told["answers"][0]["answer"] == "已增开查验通道" and told["state"] == "answered"
    assert post(program, f"/bottlenecks/{issue.pk}/rating", {"satisfaction": "satisfied"}, "key-00000003").json()["state"] == "closed"
    assert post(program, f"/bottlenecks/{issue.pk}/objection", {"objection": "不"}, "key-00000004").status_code == 409


def test_nobody_elses_issue_is_read_or_rated(offices: Offices) -> None:
    issue = offices.submitted(is_anonymous=True)
    for user in (offices.rival, offices.neighbour, offices.other_agency):
        program = client_of(user)
        assert program.get(f"{ROOT}/bottlenecks/{issue.pk}").status_code == 404
        assert program.get(f"{ROOT}/bottlenecks").json()["items"] == []
        assert "out_of_scope" in events_of(user)
    assert post(client_of(offices.rival), f"/bottlenecks/{issue.pk}/rating", {"satisfaction": "fair"}).status_code == 404
    assert post(client_of(offices.agency), f"/bottlenecks/{issue.pk}/rating", {"satisfaction": "fair"}).status_code == 403
    seen = client_of(offices.agency).get(f"{ROOT}/bottlenecks").json()["items"][0]
    assert (seen["enterprise"], seen["contact_name"], seen["contact_phone"]) == (None, None, None)


def test_lists_are_bounded_and_page_by_cursor(offices: Offices) -> None:
    numbers = [offices.submitted(files=[]).pk for _ in range(3)]
    program = client_of(offices.city)
    first = program.get(f"{ROOT}/bottlenecks?limit=2").json()
    rest = program.get(f"{ROOT}/bottlenecks?limit=2&after={first['next']}").json()
    assert [each["id"] for each in first["items"] + rest["items"]] == numbers[::-1] and rest["next"] is None
    assert program.get(f"{ROOT}/bottlenecks?limit=999").status_code == 422
    public = client_of(offices.enterprise).get(f"{ROOT}/bottlenecks/statistics").json()["items"]
    assert public and all(each["count"] >= 3 and each["answered"] is None for each in public)


def test_conferences_of_ones_own_office_only(offices: Offices) -> None:
    held = call_conference(actor=offices.province, title="广东省联席会议", held_on=DAY + timedelta(days=9), place="广州", chair="某省长",
        members=["某厅"], on=DAY)
    own = client_of(offices.province)
    assert [each["id"] for each in own.get(f"{ROOT}/conferences").json()["items"]] == [held.pk]
    assert own.get(f"{ROOT}/conferences/{held.pk}").json()["members"] == [{"name": "某厅", "has_received": False, "attendee": None}]
    other = client_of(offices.neighbour)
    assert other.get(f"{ROOT}/conferences").json()["items"] == [] and other.get(f"{ROOT}/conferences/{held.pk}").status_code == 404
    assert client_of(offices.enterprise).get(f"{ROOT}/conferences").status_code == 403
