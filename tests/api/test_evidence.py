"""Evidence, marks and rulings for programs: each write with its key and what it saw, each by somebody else's user as well."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from io import BytesIO
from itertools import count
from typing import Any

import pytest
from django.core.cache import cache
from tests.accounts.factories import a_port_reporter, a_user, an_enterprise_user
from tests.api.world import client_of
from tests.evaluation.rounds.round_office import FEW, YEAR, RoundOffice
from tests.ports.factories import a_document

from kouan.accounts.models import Role, User
from kouan.basis import clock
from kouan.desk.actions import store_version
from kouan.evaluation.method.exercise import ports as exercise_ports
from kouan.evaluation.rounds.evidence.models import (
    EntryDecision,
    ExpertAsked,
    ExpertDeclaration,
    ExpertMark,
    FiledEntry,
    Ruling,
)

pytestmark = pytest.mark.django_db
ROOT = f"/api/v1/evaluation/rounds/{YEAR}"
FILING, MARKS, RULINGS = f"{ROOT}/filing/luohu-road", f"{ROOT}/marks", f"{ROOT}/rulings"
POINT = "I-0606/5G"
_keys = count()


@pytest.fixture
def office(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[RoundOffice]:
    cache.clear()
    settings.IS_EXERCISE = True
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    with clock.travel_to(date(2026, 2, 2)):
        found = RoundOffice()
        found.opened()
        yield found


def post(user: User | None, address: str, body: dict[str, Any], seen: int | None = None, key: str = "") -> Any:
    headers = {"Idempotency-Key": key or f"evidence-{next(_keys):04}"}
    if seen is not None:
        headers["If-Match"] = f'"{seen}"'
    return client_of(user).post(address, body, content_type="application/json", headers=headers)


def codes(answer: Any) -> list[str]:
    return [each["code"] for each in answer.json()["error"]["findings"]]


def entry(**known: Any) -> dict[str, Any]:
    return {"item": POINT, "value": 1, "remark": "已覆盖", "documents": []} | known


def a_paper(user: User) -> str:
    paper = a_document(organisation=user.organisation, owner=user)
    store_version(paper, BytesIO(b"%PDF-1.7 proof"), "佐证.pdf", actor=user, media_type="application/pdf")
    return str(paper.reference)


def test_an_entry_is_filed_once_for_a_key_and_only_on_what_was_seen(office: RoundOffice) -> None:
    asked = client_of(office.guangdong).get(FILING).json()["items"]
    assert {each["version"] for each in asked} == {0}
    assert next(each for each in asked if each["item"] == POINT)["name"]["en"] == "New technology use: 5G"
    proof = a_paper(office.guangdong)
    assert codes(post(office.guangdong, FILING, entry(), 0)) == ["evidence_missing"]
    assert codes(post(office.guangdong, FILING, entry(documents=[a_paper(office.hubei)]), 0)) == ["document_not_found"]
    assert post(office.guangdong, FILING, entry(documents=[proof])).status_code == 428 and not FiledEntry.objects.exists()
    made = post(office.guangdong, FILING, entry(documents=[proof]), 0, "the-same-key")
    assert made.status_code == 200 and made["ETag"] == '"1"' and made.json()["evidence"][0]["file"] == "佐证.pdf", made.json()
    assert post(office.guangdong, FILING, entry(documents=[proof]), 0, "the-same-key").json() == made.json() and FiledEntry.objects.count() == 1
    assert codes(post(office.guangdong, FILING, entry(value=0), 0, "the-same-key")) == ["key_used_before"]
    late = post(office.guangdong, FILING, entry(value=0), 0)
    assert late.status_code == 412 and codes(late) == ["evidence_changed"]
    assert post(office.guangdong, FILING, entry(value=0), 1).json()["revision"] == 2
    for other, status in ((office.hubei, 404), (office.customs, 403), (office.officer, 403), (office.expert, 403), (an_enterprise_user(), 403)):
        assert post(other, FILING, entry(documents=[]), 2).status_code in (status, 404), other.role
    for other in (office.hubei, a_port_reporter("wuhan-water")):
        assert client_of(other).get(FILING).status_code == 404
    assert client_of(office.expert).get(FILING).status_code == 403 and client_of(None).get(FILING).status_code == 401
    assert FiledEntry.objects.count() == 2


def test_who_verifies_decides_once_on_what_was_seen_and_nobody_else(office: RoundOffice) -> None:
    filed = office.entry()
    office.file(office.guangdong)
    address, yes = f"{ROOT}/entries/{filed.pk}/decision", {"accepted": True, "reason": "经核实"}
    for other in (office.guangdong, office.hubei, office.expert, a_port_reporter("luohu-road")):
        assert post(other, address, yes, 0).status_code in (403, 404), other.role
    assert not EntryDecision.objects.exists()
    assert post(office.customs, address, yes).status_code == 428
    made = post(office.customs, address, yes, 0)
    assert made["ETag"] == '"1"' and made.json()["decision"]["accepted"] is True
    assert post(office.customs, address, {"accepted": False, "reason": "有误"}, 0).status_code == 412
    assert post(office.customs, address, {"accepted": False, "reason": "有误"}, 1).json()["decisions"] == 2
    assert post(office.customs, f"{ROOT}/entries/{filed.pk + 1}/decision", yes, 0).status_code == 404


def test_experts_are_asked_declare_and_mark_within_their_own_tasks(office: RoundOffice) -> None:
    filed = office.entry()
    office.file(office.guangdong)
    office.decide(filed)
    colleague = a_user(Role.EXPERT, office.expert.organisation)
    ask = {"experts": [office.expert.username, colleague.username], "ports": ["luohu-road"], "indicators": ["I-0606"]}
    for other in (office.guangdong, office.expert, office.customs):
        assert post(other, MARKS, ask).status_code == 403, other.role
    assert codes(post(office.officer, MARKS, ask | {"experts": ["nobody"]})) == ["unknown_expert"]
    assert post(office.officer, MARKS, ask).json()["version"] == 2 and post(office.officer, MARKS, ask).json()["version"] == 0
    [mine] = client_of(office.expert).get(MARKS).json()["items"]
    assert (mine["expert"], mine["to_mark"], mine["version"], mine["has_conflict"]) == (office.expert.username, [POINT], 0, None)
    assert len(client_of(office.officer).get(MARKS).json()["items"]) == 2
    address, marks = f"{MARKS}/{mine['asked']}", {"points": {POINT: 80}, "reason": "看了材料"}
    assert codes(post(office.expert, address, marks, 0)) == ["interest_not_cleared"]
    declared = f"{ROOT}/interests/luohu-road"
    assert post(office.guangdong, declared, {"has_conflict": False, "statement": "无"}, 0).status_code == 403
    assert post(office.expert, f"{ROOT}/interests/wuhan-water", {"has_conflict": False, "statement": "无"}, 0).status_code == 404
    assert post(office.expert, declared, {"has_conflict": False, "statement": "无利益关系"}, 0)["ETag"] == '"1"'
    assert post(office.expert, declared, {"has_conflict": True, "statement": "有"}, 0).status_code == 412 and ExpertDeclaration.objects.count() == 1
    assert post(colleague, address, marks, 0).status_code == 404, "a colleague's task"
    assert codes(post(office.expert, address, marks | {"points": {POINT: 101}}, 0)) == ["mark_missing"]
    made = post(office.expert, address, marks, 0, "marks-once-only")
    assert made["ETag"] == '"1"' and made.json()["items"][0]["points"] == {POINT: 80}
    assert post(office.expert, address, marks, 0, "marks-once-only").json() == made.json() and ExpertMark.objects.count() == 1
    assert post(office.expert, address, marks, 0).status_code == 412
    released = f"{address}/release"
    assert post(office.expert, released, {"reason": "另行安排"}).status_code == 403
    assert post(office.officer, released, {"reason": "另行安排"}).json()["items"][0]["released_on"] == "2026-02-02"
    assert post(office.officer, released, {"reason": "再次"}).status_code == 409
    assert client_of(office.expert).get(MARKS).status_code == 404 and ExpertAsked.objects.filter(released_on__isnull=True).count() == 1


def test_the_national_office_rules_and_withdraws_and_offices_read_what_concerns_them(office: RoundOffice) -> None:
    of_port = {"kind": "not_applicable", "code": "I-0606", "port": "wuhan-water", "reason": "改造中"}
    for other in (office.guangdong, office.customs, office.expert):
        assert post(other, RULINGS, of_port).status_code == 403, other.role
    made = post(office.officer, RULINGS, of_port, key="ruling-once-1")
    assert made.status_code == 200 and made.json()["port"] == "wuhan-water", made.json()
    assert post(office.officer, RULINGS, of_port, key="ruling-once-1").json() == made.json() and Ruling.objects.count() == 1
    assert codes(post(office.officer, RULINGS, of_port)) == ["ruling_on_record"]
    assert codes(post(office.officer, RULINGS, of_port | {"kind": "failed_feed", "of_year": YEAR})) == ["feed_of_a_port"]
    assert [each["ruling"] for each in client_of(office.hubei).get(RULINGS).json()["items"]] == [made.json()["ruling"]]
    assert client_of(office.guangdong).get(RULINGS).json()["items"] == [] and client_of(office.expert).get(RULINGS).status_code == 403
    address = f"{RULINGS}/{made.json()['ruling']}/withdrawal"
    assert post(office.hubei, address, {"reason": "不同意"}).status_code == 403
    assert post(office.officer, address, {"reason": "已恢复"}).json()["withdraws"] == made.json()["ruling"]
    assert post(office.officer, address, {"reason": "再次"}).status_code == 409
    assert client_of(office.officer).get(RULINGS).json()["items"][1]["withdrawn_by"] is not None
