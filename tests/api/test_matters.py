"""Running matters for programs: lists, steps with what is unmet, versions, keys, and nothing of anybody else's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from tests.api.world import client_of
from tests.desk.matters import DAY, GOOD, People, a_paper, begun, consulting, submitted, the_sample
from tests.ports.factories import a_port

from kouan.accounts.models import Role
from kouan.audit.models import AuditEntry
from kouan.basis import clock
from kouan.desk.matters.actions import take_step
from kouan.desk.matters.models import Matter, MatterOpinion, MatterStep
from kouan.desk.models import Document

pytestmark = pytest.mark.django_db
ROOT = "/api/v1"


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    cache.clear()
    with the_sample(tmp_path), clock.travel_to("2024-03-04"):
        found = People()
        found.settle()
        yield found


def post(program: Any, address: str, body: Any, *, key: str | None = "key-00000001", seen: str | None = None) -> Any:
    headers = {name: value for name, value in (("idempotency-key", key), ("if-match", seen)) if value}
    return program.post(f"{ROOT}{address}", json.dumps(body), content_type="application/json", headers=headers)


def codes_of(answer: Any) -> set[str]:
    return {finding["code"] for finding in answer.json()["error"]["findings"]}



class TestReading:
    def test_a_list_is_bounded_and_pages_by_cursor(self, people: People) -> None:
        numbers = [begun(people, title=f"第{number}件").pk for number in range(5)]
        program, seen, after = client_of(people.national), [], ""
        while True:
            answer = program.get(f"{ROOT}/matters?limit=2&after={after}").json()
            assert len(answer["items"]) <= 2
            seen += [each["id"] for each in answer["items"]]
            after = answer["next"]
            if after is None:
                break
        assert seen == sorted(numbers, reverse=True)
        assert program.get(f"{ROOT}/matters?limit=201").status_code == 422 and program.get(f"{ROOT}/matters?colour=red").status_code == 422

    def test_filters_and_search(self, people: People) -> None:
        first, other = submitted(people), begun(people, title="另一件")
        program = client_of(people.national)
        paper = Document.objects.get(reference=first.steps.get(number=2).documents["application"])
        Document.objects.filter(pk=paper.pk).update(title="关于董家口的请示", document_number="鲁政字〔2024〕7号")

        def found(**asked: str) -> set[int]:
            return {each["id"] for each in program.get(f"{ROOT}/matters", asked).json()["items"]}

        assert found() == {first.pk, other.pk} and found(state="draft") == {other.pk} and found(procedure="opening") == set()
        assert found(running="false") == set() and found(port="qingdao-water") == {first.pk, other.pk}
        for words in ("董家口的请示", "鲁政字〔2024〕7号", f"#{first.pk}"):
            assert found(q=words) == {first.pk}, words
        assert found(q="另一") == {other.pk}

    def test_one_matter_says_what_is_next_and_what_it_lacks(self, people: People) -> None:
        matter = submitted(people)
        answer = client_of(people.national).get(f"{ROOT}/matters/{matter.pk}")
        body = answer.json()
        assert answer.headers["ETag"] == f'"{matter.version}"' and body["state"] == "submitted"
        ways = {each["code"]: each for each in body["next_steps"]}
        assert not ways["admit"]["is_open"] and ways["admit"]["is_yours"] and not ways["withdraw"]["is_yours"]
        unmet = ways["admit"]["unmet"][0]
        assert unmet["code"] == "fact_unknown" and "海关" in str([each["remedy"]["zh"] for each in ways["admit"]["unmet"]])
        assert body["waits_for"][0]["office"] == people.national.organisation.name_zh
        assert [each["code"] for each in body["clocks"]] == ["decide"] and body["clocks"][0]["due"] == "2024-04-01"
        paper = body["steps"][1]["papers"][0]
        assert paper["kind"] == "application" and paper["files"][0]["state"] == "same" and len(paper["files"][0]["sha256"]) == 64

    def test_awaited_and_given_opinions(self, people: People) -> None:
        matter = consulting(people)
        body = client_of(people.customs).get(f"{ROOT}/matters/{matter.pk}").json()
        assert {(each["party"], each["is_awaited"]) for each in body["opinions"]} == {("customs", True), ("military", True)}
        assert {each["party"] for each in body["tasks"]} >= {"customs", "military"}

    def test_the_inbox_is_ones_own(self, people: People) -> None:
        matter = submitted(people)
        assert [each["matter"] for each in client_of(people.national).get(f"{ROOT}/inbox").json()["items"]] == [matter.pk]
        assert client_of(people.shandong).get(f"{ROOT}/inbox").json()["items"] == []

    def test_procedures(self, people: People) -> None:
        program = client_of(people.shandong)
        items = {each["code"]: each for each in program.get(f"{ROOT}/procedures").json()["items"]}
        assert items["wharf_use"]["unfilled"] == [] and items["wharf_use"]["title"]["en"] == "Temporary use of a wharf"
        one = program.get(f"{ROOT}/procedures/wharf_use").json()
        assert {each["code"] for each in one["steps"]} >= {"submit", "admit"} and one["settings"][0]["count"] == 6
        assert program.get(f"{ROOT}/procedures/wharf_uses").status_code == 404


class TestWriting:
    def test_a_matter_is_begun_once_for_one_key(self, people: People) -> None:
        a_port("qingdao-water", "water", name_zh="青岛水运口岸", province_code="37")
        body = {"procedure": "wharf_use", "title": "董家口临时启用", "port": "qingdao-water",
                "named": {"customs": people.customs.organisation.code}, "facts": {"has_berth": True, "depth_metres": 12.5}}
        program = client_of(people.shandong)
        made = post(program, "/matters", body)
        assert made.status_code == 200, made.content
        assert made.json()["subject"] == "port:qingdao-water" and {each["code"]: each["value"] for each in made.json()["facts"]}["has_berth"] is True
        assert post(program, "/matters", body).json()["id"] == made.json()["id"] and Matter.objects.count() == 1
        assert post(program, "/matters", body | {"title": "又一件"}).status_code == 409
        assert post(program, "/matters", body, key=None).status_code == 422
        wrong = post(program, "/matters", body | {"facts": {"depth_metres": "深", "colour": True}}, key="key-00000002")
        assert wrong.status_code == 422 and codes_of(wrong) == {"wrong_kind_of_fact", "unknown_fact"}
        assert post(client_of(people.guangdong), "/matters", body).status_code == 404, "somebody else's port"
        assert post(client_of(people.customs), "/matters", body | {"port": None}).status_code == 403

    def test_a_step_says_everything_that_is_unmet_and_changes_nothing(self, people: People) -> None:
        matter = begun(people)
        program = client_of(people.shandong)
        missing = post(program, f"/matters/{matter.pk}/steps", {"step": "submit"}, seen='"1"')
        assert missing.status_code == 422 and codes_of(missing) == {"document_missing"}
        finding = missing.json()["error"]["findings"][0]
        assert finding["remedy"]["zh"] and finding["where"]["field"] == "application"
        unknown = post(program, f"/matters/{matter.pk}/steps", {"step": "submit", "documents": {"application": "none"}}, seen='"1"')
        assert codes_of(unknown) == {"unknown_document"} and MatterStep.objects.count() == 1

    def test_steps_with_recorded_and_new_papers(self, people: People) -> None:
        matter = begun(people)
        program = client_of(people.shandong)
        body = {"step": "submit", "documents": {"application": a_paper(people.shandong).reference}}
        done = post(program, f"/matters/{matter.pk}/steps", body, seen='"1"')
        assert done.status_code == 200 and done.headers["ETag"] == '"2"' and done.json()["state"] == "submitted"
        assert post(program, f"/matters/{matter.pk}/steps", body, seen='"1"').json() == done.json()
        assert MatterStep.objects.filter(matter=matter).count() == 2
        national = client_of(people.national)
        letter = {"title": "不予同意的函", "number": "署函1号", "issued_on": "2024-03-01"}
        refused = post(national, f"/matters/{matter.pk}/steps", {"step": "refuse", "fields": {"reason": "不符合布局"}, "papers": {"letter": letter}},
                       seen='"2"')
        assert refused.status_code == 200 and refused.json()["outcome"] == "refused"
        paper = Document.objects.get(document_number="署函1号")
        assert paper.issued_on == date(2024, 3, 1)

    def test_a_condition_is_passed_with_reason_and_paper_and_both_are_kept(self, people: People) -> None:
        matter, program = submitted(people), client_of(people.national)
        body: dict[str, Any] = {"step": "admit", "facts": {"has_berth": True, "depth_metres": 8}}
        seen = f'"{matter.version}"'
        assert codes_of(post(program, f"/matters/{matter.pk}/steps", body, seen=seen)) == {"guard_unmet"}
        paper = a_paper(people.national)
        done = post(program, f"/matters/{matter.pk}/steps", body | {"override_reason": "应急", "override_document": paper.reference}, seen=seen)
        assert done.status_code == 200, done.content
        step = done.json()["steps"][-1]
        assert step["override_reason"] == "应急" and [each["kind"] for each in step["papers"]] == ["override"]

    def test_of_two_at_once_the_second_is_told(self, people: People) -> None:
        matter, seen = submitted(people), '"2"'
        take_step(actor=people.colleague, matter=matter.pk, transition="admit", facts=GOOD, on=DAY)
        program = client_of(people.national)
        late = post(program, f"/matters/{matter.pk}/steps", {"step": "ask_supplement", "fields": {"reason": "缺图"}}, seen=seen)
        assert late.status_code == 412 and codes_of(late) == {"matter_changed"}
        assert post(program, f"/matters/{matter.pk}/steps", {"step": "admit"}).status_code == 428
        assert post(program, f"/matters/{matter.pk}/steps", {"step": "admit"}, seen="*").status_code == 412
        gone = post(program, f"/matters/{matter.pk}/steps", {"step": "admit"}, seen='"3"')
        assert gone.status_code == 409 and codes_of(gone) == {"not_from_here"}

    def test_opinions(self, people: People) -> None:
        matter = consulting(people)
        program, seen = client_of(people.customs), f'"{matter.version}"'
        body = {"consultation": "views", "party": "customs", "agrees": True, "words": "具备条件"}
        assert codes_of(post(program, f"/matters/{matter.pk}/opinions", body | {"consultation": "nothing"}, seen=seen)) == {"unknown_consultation"}
        assert post(program, f"/matters/{matter.pk}/opinions", body | {"party": "military"}, seen=seen).status_code == 403
        done = post(program, f"/matters/{matter.pk}/opinions", body, seen=seen)
        assert done.status_code == 200 and MatterOpinion.objects.get().words == "具备条件"
        assert post(program, f"/matters/{matter.pk}/opinions", body, seen=seen).json() == done.json()
        again = post(program, f"/matters/{matter.pk}/opinions", body, seen=done.headers["ETag"], key="key-00000002")
        assert again.status_code == 409 and codes_of(again) == {"already_answered"}
        officer = client_of(people.national)
        more = {"consultation": "views", "party": "military", "agrees": True, "reference": "军函1号", "words": "密"}
        assert codes_of(post(officer, f"/matters/{matter.pk}/opinions", more, seen=done.headers["ETag"])) == {"reference_and_answer_only"}


class TestOthers:
    def test_a_neighbour_finds_nothing_anywhere_and_the_asking_is_kept(self, people: People) -> None:
        matter, program = consulting(people), client_of(people.guangdong)
        for answer in (
            program.get(f"{ROOT}/matters/{matter.pk}"), post(program, f"/matters/{matter.pk}/steps", {"step": "admit"}, seen='"1"'),
            post(program, f"/matters/{matter.pk}/opinions", {"consultation": "views", "party": "customs", "agrees": True}, seen='"1"'),
        ):
            assert answer.status_code == 404 and matter.title not in answer.content.decode()
        assert program.get(f"{ROOT}/matters/99999").status_code == 404
        assert program.get(f"{ROOT}/matters", {"q": matter.title}).json()["items"] == []
        kept = AuditEntry.objects.filter(note="out_of_scope", actor_id=people.guangdong.pk)
        assert kept.count() == 3, "guessing leaves a trace"

    def test_enterprises_read_none_and_auditors_do_not_act(self, people: People) -> None:
        from tests.accounts.factories import a_user, an_enterprise_user

        matter = submitted(people)
        trader = client_of(an_enterprise_user())
        assert trader.get(f"{ROOT}/matters").status_code == 403 and trader.get(f"{ROOT}/procedures").status_code == 403
        auditor = client_of(a_user(Role.AUDITOR))
        assert auditor.get(f"{ROOT}/matters/{matter.pk}").status_code == 200
        assert post(auditor, f"/matters/{matter.pk}/steps", {"step": "admit"}, seen='"2"').status_code == 403
        assert auditor.get(f"{ROOT}/inbox").status_code == 403
