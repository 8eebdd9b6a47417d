"""The verbs of the register for programs: papers, versions, keys, scope."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from tests.api.world import GUANGDONG, INNER_MONGOLIA, World, client_of
from tests.ports.factories import a_document, a_port, a_reply

from kouan.audit.models import AuditEntry
from kouan.ports.models import LayoutEntry, Port, PortChange, PortEvent

ROOT = "/api/v1"
VERBS: dict[str, dict[str, Any]] = {
    "approval": {"on": "2016-02-01"}, "acceptance": {"on": "2018-05-01"}, "opening": {"on": "2018-06-01"},
    "expansion": {"on": "2020-01-01"}, "closure": {"on": "2022-01-01"}, "merger": {"on": "2022-01-01", "into": "futian-rail"},
    "codes": {"scheme": "name", "code": "罗湖桥"}, "codes/retirement": {"scheme": "name", "code": "罗湖", "on": "2022-01-01"},
    "layout-links": {"layout_id": "BDR-99", "basis": "同名"},
}


@pytest.fixture
def reply(world: World) -> str:
    """A reply, another rail port and a layout row of that mode."""
    a_port("futian-rail", "rail", name_zh="福田铁路口岸", province_code="44")
    LayoutEntry.objects.create(layout_id="BDR-99", box="专栏3", name_zh="罗湖", mode="rail")
    return a_reply().reference


def post(program: Any, address: str, body: Any, *, key: str | None = "key-00000001", seen: str | None = None) -> Any:
    headers = {name: value for name, value in (("idempotency-key", key), ("if-match", seen)) if value}
    return program.post(f"{ROOT}/ports{address}", json.dumps(body), content_type="application/json", headers=headers)


def codes_of(answer: Any) -> list[str]:
    return [finding["code"] for finding in answer.json()["error"]["findings"]]


def seen_by(program: Any, code: str = GUANGDONG) -> str:
    return str(program.get(f"{ROOT}/ports/{code}").headers["ETag"])


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_is_done_once_for_one_key(world: World, reply: str, verb: str) -> None:
    program = client_of(world.national)
    seen, body = seen_by(program), {**VERBS[verb], "document": reply}
    done = post(program, f"/{GUANGDONG}/{verb}", body, seen=seen)
    assert done.status_code == 200, done.content
    assert done.headers["ETag"] == seen_by(program) != seen
    counts = PortChange.objects.count(), PortEvent.objects.count()
    again = post(program, f"/{GUANGDONG}/{verb}", body, seen=seen)
    assert again.status_code == 200 and again.json() == done.json() and again.headers["ETag"] == done.headers["ETag"]
    assert (PortChange.objects.count(), PortEvent.objects.count()) == counts
    other = post(program, f"/{GUANGDONG}/{verb}", {**body, "document": a_reply().reference}, seen=seen)
    assert other.status_code == 409 and codes_of(other) == ["key_used_before"]


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_names_the_version_it_saw(world: World, reply: str, verb: str) -> None:
    program = client_of(world.national)
    body = {**VERBS[verb], "document": reply}
    missing = post(program, f"/{GUANGDONG}/{verb}", body)
    assert missing.status_code == 428 and codes_of(missing) == ["version_required"]
    seen = seen_by(program)
    first = {**VERBS["expansion"], "document": a_reply().reference}
    assert post(program, f"/{GUANGDONG}/expansion", first, key="key-other", seen=seen).status_code == 200
    late = post(program, f"/{GUANGDONG}/{verb}", body, seen=seen)
    assert late.status_code == 412 and codes_of(late) == ["changed_meanwhile"]
    assert "扩大开放" in late.json()["error"]["findings"][0]["message"]["zh"], "the second is told what the first did"
    for text in ("*", 'W/"1"', "1"):
        assert post(program, f"/{GUANGDONG}/{verb}", body, key="key-third", seen=text).status_code == 412
    assert post(program, f"/{GUANGDONG}/{verb}", body, key=None, seen=seen).status_code == 422


@pytest.mark.parametrize("verb", VERBS)
def test_a_province_decides_nothing_and_the_attempt_is_kept(world: World, reply: str, verb: str) -> None:
    program = client_of(world.guangdong)
    before = PortChange.objects.count(), PortEvent.objects.count()
    own = post(program, f"/{GUANGDONG}/{verb}", {**VERBS[verb], "document": reply}, seen=seen_by(program))
    assert own.status_code == 403 and codes_of(own) == ["not_allowed"]
    assert AuditEntry.objects.filter(note="refused", actor_id=world.guangdong.pk).count() == 1
    others = post(program, f"/{INNER_MONGOLIA}/{verb}", {**VERBS[verb], "document": reply}, seen='"1"')
    assert others.status_code == 404 and "满洲里" not in others.content.decode()
    assert AuditEntry.objects.filter(note="out_of_reach", actor_id=world.guangdong.pk).count() == 1
    for who in (world.reporter, world.inner_mongolia, world.enterprise, None):
        assert post(client_of(who), f"/{GUANGDONG}/{verb}", {**VERBS[verb], "document": reply}, seen='"1"').status_code in (401, 403, 404)
    assert (PortChange.objects.count(), PortEvent.objects.count()) == before


@pytest.mark.parametrize("verb", ["approval", "opening", "expansion", "closure", "merger"])
@pytest.mark.parametrize("kind", ["plan", "notice", "minutes", "other"])
def test_wrong_papers(world: World, reply: str, verb: str, kind: str) -> None:
    program = client_of(world.national)
    answer = post(program, f"/{GUANGDONG}/{verb}", {**VERBS[verb], "document": a_document(kind).reference}, seen=seen_by(program))
    assert answer.status_code == 422 and codes_of(answer) == ["reply_required"]
    nothing = post(program, f"/{GUANGDONG}/{verb}", {**VERBS[verb], "document": "nothing"}, seen=seen_by(program))
    assert codes_of(nothing) == ["unknown_document"]


def test_a_refused_verb_keeps_no_answer(world: World, reply: str) -> None:
    program = client_of(world.national)
    body = {**VERBS["opening"], "document": a_document().reference}
    assert post(program, f"/{GUANGDONG}/opening", body, seen=seen_by(program)).status_code == 422
    assert post(program, f"/{GUANGDONG}/opening", {**body, "document": reply}, seen=seen_by(program)).status_code == 200


def test_a_kept_answer_does_not_outlive_the_right_to_it(world: World, reply: str) -> None:
    program = client_of(world.national)
    body = {**VERBS["opening"], "document": reply}
    seen = seen_by(program)
    assert post(program, f"/{GUANGDONG}/opening", body, seen=seen).status_code == 200
    world.national.role = "auditor"
    world.national.save()
    assert post(program, f"/{GUANGDONG}/opening", body, seen=seen).status_code == 403


@pytest.mark.parametrize(("values", "codes"), [
    ({"approval": "state_council"}, ["needs_its_verb"]), ({"accepted_on": "2019-05-01"}, ["needs_its_verb"]),
    ({"status": "open"}, ["needs_its_verb"]), ({"status": "closed"}, ["needs_its_verb"]), ({"province_code": "81"}, ["not_mainland_province"]),
])
def test_a_patch_is_no_way_around_the_verbs(world: World, values: dict[str, Any], codes: list[str]) -> None:
    program = client_of(world.national)
    plan = a_document("plan").reference
    name, value = next(iter(values.items()))
    for body in ({"attribute": name, "value": value}, {"values": values}):
        answer = program.patch(f"{ROOT}/ports/{GUANGDONG}", json.dumps({**body, "document": plan}), content_type="application/json",
                               headers={"if-match": seen_by(program)})
        assert answer.status_code == 422 and codes_of(answer) == codes


def test_attributes_that_go_together_are_changed_in_one_go(world: World) -> None:
    a_port("beihai-water", "water", name_zh="北海水运口岸", province_code="45")
    program = client_of(world.national)

    def patch(body: Any) -> Any:
        return program.patch(f"{ROOT}/ports/beihai-water", json.dumps({**body, "document": world.document, "valid_from": "2021-01-01"}),
                             content_type="application/json", headers={"if-match": seen_by(program, "beihai-water")})

    assert codes_of(patch({"attribute": "transport_class", "value": "sea"})) == ["class_basis_required"]
    done = patch({"values": {"transport_class": "sea", "class_basis": "专栏2"}})
    assert done.status_code == 200 and done.json()["transport_class"] == "sea"
    for body in ({}, {"values": {}}, {"attribute": "name_en", "value": "x", "values": {"name_en": "x"}}, {"values": {"colour": "red"}}):
        assert patch(body).status_code == 422


def test_a_merger_into_a_port_that_is_none(world: World, reply: str) -> None:
    program = client_of(world.national)
    answer = post(program, f"/{GUANGDONG}/merger", {"on": "2022-01-01", "into": "nowhere-rail", "document": reply}, seen=seen_by(program))
    assert answer.status_code == 404
    answer = post(program, f"/{GUANGDONG}/merger", {"on": "2022-01-01", "into": INNER_MONGOLIA, "document": reply}, seen=seen_by(program))
    assert codes_of(answer) == ["other_mode"]


def test_a_layout_link_needs_its_document_or_a_reason(world: World, reply: str) -> None:
    program = client_of(world.national)
    body = VERBS["layout-links"]
    assert codes_of(post(program, f"/{GUANGDONG}/layout-links", body, seen=seen_by(program))) == ["document_required"]
    assert post(program, f"/{GUANGDONG}/layout-links", {**body, "why_no_document": "名称一致"}, seen=seen_by(program)).status_code == 200


def test_a_port_is_registered_once(world: World) -> None:
    program = client_of(world.national)
    body = {"code": "ceshi-road", "mode": "road", "name_zh": "测试公路口岸", "document": world.document, "valid_from": "2020-01-01",
            "values": {"province_code": "23", "neighbour_code": "RU", "is_border": True}}
    assert post(client_of(world.guangdong), "", body).status_code == 403
    done = post(program, "", body)
    assert done.status_code == 200 and done.json()["name_zh"] == "测试公路口岸"
    assert post(program, "", body).json() == done.json()
    assert codes_of(post(program, "", body, key="key-00000002")) == ["port_exists", "port_name_taken"]
    assert Port.objects.get(code="ceshi-road").changes.filter(attribute="province_code", valid_from=date(2020, 1, 1)).count() == 1
    for values in ({"status": "open"}, {"approval": "state_council"}, {"accepted_on": "2019-01-01"}):
        other = {**body, "code": "ceshi2-road", "name_zh": "测试二公路口岸", "values": values}
        assert codes_of(post(program, "", other, key="key-00000003")) == ["needs_its_verb"]
    assert post(program, "", {**body, "values": {"document": "x"}}, key="key-00000004").status_code == 422
