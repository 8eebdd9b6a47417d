"""The law, grades and lists for programs: what holds on a day, who used it in scope, what a change would do; nothing is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from tests.accounts.factories import a_user, an_office
from tests.api.world import GUANGDONG, INNER_MONGOLIA, World, client_of
from tests.grading.lawbook import a_judged_road_port, an_answer, approved
from tests.grading.worlds import an_air_port
from tests.ports.factories import a_document, a_sea_port

from kouan.accounts.action import acting_system
from kouan.accounts.models import OrganisationKind, Role
from kouan.audit.models import AuditEntry
from kouan.basis import clock
from kouan.grading.actions import record_verdicts
from kouan.grading.class_two import NewClassTwo, enter_class_two
from kouan.grading.grade_actions import NewScores, decide_grade, submit_scores
from kouan.grading.strategy_marks import set_strategy_mark
from kouan.law import Library, registered_rules

ROOT = "/api/v1"
READS = ["/law/rules", "/law/rules/access_air", "/law/parameters", "/law/parameters/volume_standard.sea.cargo", "/law/settings",
         "/law/settings/volume_standard.combine", "/law/rulings", "/grades", f"/grades/{GUANGDONG}", "/lists/watch", "/lists/class-two"]
CHANGE: dict[str, Any] = {
    "document_title": "关于测试用口径的复函", "document_number": "测试函〔2024〕2号", "issued": "2024-06-20", "reason": "测试",
    "rulings": [{"setting": "volume_standard.combine", "value": "and", "from_date": "2024-07-01"}], "years": [2023],
}


@pytest.fixture(autouse=True)
def in_summer() -> Iterator[None]:
    cache.clear()
    with clock.travel_to("2024-06-30"):
        yield


def read(user: Any, address: str, status: int = 200) -> Any:
    answer = client_of(user).get(ROOT + address)
    assert answer.status_code == status, (address, answer.content)
    return answer.json()


def send(user: Any, body: Any) -> Any:
    return client_of(user).post(f"{ROOT}/law/preview", json.dumps(body), content_type="application/json")


def codes(answer: Any) -> list[str]:
    return [each["code"] for each in answer.json()["error"]["findings"]]


class TestTheLaw:
    def test_everything_of_the_law_is_there_with_what_holds_on_the_day(self, world: World) -> None:
        library = Library.shipped()
        assert [each["key"] for each in read(world.national, "/law/rules")["items"]] == list(registered_rules())
        then = {each["key"]: each for each in read(world.national, "/law/parameters?as_of=2020-12-31")["items"]}
        now = {each["key"]: each for each in read(world.national, "/law/parameters")["items"]}
        assert set(then) == set(library.parameters)
        key = "volume_standard.sea.cargo"
        assert (then[key]["in_force"]["printed"], now[key]["in_force"]["printed"]) == ("100万吨", "1000万吨")
        assert then["access.distance.km"]["in_force"] is None and now[key]["values"][-1]["citation"]["quote"]
        settings = read(world.national, "/law/settings")["items"]
        assert {each["key"] for each in settings} == set(library.questions) and all(each["reason"]["zh"] for each in settings)

    def test_one_rule_with_sentence_conditions_and_uses(self, world: World) -> None:
        found = read(world.guangdong, "/law/rules/access_air")
        assert "200公里" in found["sentence"]["zh"] and "AC-A3" in {each["key"] for each in found["criteria"]}
        assert found["uses"] == {"verdicts_by_year": [], "cases": [], "cases_in_all": 0}

    def test_uses_are_those_of_the_readers_scope(self, world: World) -> None:
        with acting_system("tests") as system:
            record_verdicts(actor=system, year=2023)
        for user, ports in ((world.national, 2), (world.guangdong, 1)):
            for address in ("/law/rules/volume_standard", "/law/settings/volume_standard.combine"):
                assert read(user, address)["uses"]["verdicts_by_year"] == [{"year": 2023, "ports": ports}]

    def test_rulings_name_the_change_that_gave_them_and_whether_they_hold(self, world: World) -> None:
        row = approved(an_answer())
        (found,) = read(world.guangdong, "/law/rulings?as_of=2024-07-01")["items"]
        assert (found["change"], found["is_in_force"], found["reading"]["zh"]) == (row.pk, True, "两项均须达到")
        assert [each["is_in_force"] for each in read(world.guangdong, "/law/rulings")["items"]] == [False], "it holds from tomorrow"

    @pytest.mark.parametrize("address", ["/law/rules/none", "/law/parameters/volume_standard.combine", "/law/settings/volume_standard.sea.cargo"])
    def test_what_is_not_there_says_what_is_near(self, world: World, address: str) -> None:
        (finding,) = read(world.national, address, 404)["error"]["findings"]
        assert finding["code"] == "unknown_law_key" and finding["remedy"]["zh"]


class TestThePreview:
    def test_it_says_who_changes_and_writes_nothing(self, world: World) -> None:
        code = a_judged_road_port()
        program = client_of(world.national)
        program.get(f"{ROOT}/law/rulings")  # the first use of a key on a day is noted
        before = AuditEntry.objects.count()
        found = program.post(f"{ROOT}/law/preview", json.dumps(CHANGE), content_type="application/json").json()
        moved = {row["port"]: (row["before"]["verdict"], row["after"]["verdict"]) for row in found["moved"]}
        assert moved[code] == ("meets", "fails") and found["years"] == [2023]
        assert [row["rule"] for row in found["by_rule"]] == list(registered_rules())
        assert {"withdrawal_ladder"} == {row["rule"] for row in found["others"] if row["port"] == code}
        assert AuditEntry.objects.count() == before

    def test_it_is_for_those_who_may_propose(self, world: World) -> None:
        for user in (world.guangdong, world.reporter, world.administrator, world.enterprise):
            assert send(user, CHANGE).status_code == 403
        assert send(None, CHANGE).status_code == 401

    @pytest.mark.parametrize(("wrong", "code"), [
        ({"rulings": []}, "empty"), ({"years": [2001, 2002, 2003]}, ""), ({"years": [2030]}, "years_out_of_reach"),
        ({"rulings": [{"setting": "no.such", "value": "and", "from_date": "2024-07-01"}]}, "unknown_law_key"),
        ({"rulings": [{"setting": "volume_standard.combine", "value": "xor", "from_date": "2024-07-01"}]}, "unknown_choice"),
        ({"rulings": [{"setting": "volume_standard.combine", "value": "and", "from_date": "9999-07-01"}]}, "day_out_of_reach"),
        ({"parameters": [{"parameter": "volume_standard.sea.cargo", "value": "1", "from_date": "2021-01-01", "article": "一"}]}, "value_of_that_day"),
    ])
    def test_what_cannot_be_is_refused(self, world: World, wrong: Any, code: str) -> None:
        answer = send(world.national, CHANGE | wrong)
        assert answer.status_code == 422 and (not code or code in codes(answer)), answer.content


class TestGrades:
    def test_decided_and_proposed_stand_apart_in_scope(self, world: World) -> None:
        a_document(reference="scores-paper")
        submit_scores(actor=world.national, lines=[NewScores(GUANGDONG, 2023, Decimal(90), Decimal(90), Decimal(90))], document="scores-paper")
        decide_grade(actor=world.national, port=GUANGDONG, grade="important", valid_from=date(2024, 1, 1), reason="统筹", document="scores-paper",
                     override_by="李四")
        (mine,) = read(world.guangdong, "/grades")["items"]
        assert (mine["port"], mine["decided"]["grade"], mine["proposed"], mine["scores"]["reach"]) == (GUANGDONG, "important", "hub", 90.0)
        whole = read(world.guangdong, f"/grades/{GUANGDONG}")
        assert whole["decisions"][0]["is_override"] and whole["decisions"][0]["proposal"]["verdict"] == "hub"
        assert whole["proposal"]["steps"] and {each["stage"] for each in whole["policy"]} == {"access", "withdrawal", "building", "running"}
        assert all(each["text"] is None and each["why_none"]["zh"] for each in whole["policy"])
        unknown = read(world.inner_mongolia, f"/grades/{INNER_MONGOLIA}")
        assert (unknown["decided"], unknown["proposed"], unknown["scores"]) == (None, "unknown", None)
        assert (unknown["strategy_mark"], unknown["strategy_marks"]) == (None, [])
        set_strategy_mark(actor=world.national, port=GUANGDONG, is_marked=False, valid_from=date(2024, 1, 1), reason="经核", document="scores-paper")
        known = read(world.guangdong, f"/grades/{GUANGDONG}")
        assert known["strategy_mark"]["is_marked"] is False and known["strategy_marks"][0]["document"] == "scores-paper"

    def test_pages_by_cursor(self, world: World) -> None:
        seen, after = [], ""
        while after is not None:
            answer = read(world.national, f"/grades?limit=1&after={after}")
            seen += [each["port"] for each in answer["items"]]
            after = answer["next"]
        assert seen == [GUANGDONG, INNER_MONGOLIA]


class TestLists:
    @pytest.fixture
    def full(self, world: World) -> World:
        an_air_port("di-air", below=(2022, 2023), above=(2021,), province_code="44")
        for code in ("a-water", "b-water"):
            a_sea_port(code, province_code="44", city_code="440500", city_name="汕头市")
        enter_class_two(actor=world.national, lines=[NewClassTwo("甲装卸点", "water", "44"), NewClassTwo("乙装卸点", "water", "15")],
                        document=a_document(reference="class-two").reference)
        return world

    def test_each_list_in_scope_with_law_facts_and_what_it_opens(self, full: World) -> None:
        watch = read(full.guangdong, "/lists/watch?year=2023")
        (entry,) = (each for each in watch["items"] if each["subject"] == "port:di-air")
        assert (entry["verdict"], entry["opens"], entry["matters"]) == ("rectify", ["withdrawal"], [])
        assert entry["citations"] and entry["steps"] and len(entry["years"]) >= 3 and watch["kind"] == "watch" and watch["readings"]
        assert [each["subject"] for each in read(full.guangdong, "/lists/merge")["items"]] == ["city:440500"]
        assert [each["name"]["zh"] for each in read(full.guangdong, "/lists/class-two")["items"]] == ["甲装卸点"]
        for kind in ("watch", "merge", "class-two"):
            said = json.dumps(read(full.inner_mongolia, f"/lists/{kind}"), ensure_ascii=False)
            assert "di-air" not in said and "440500" not in said and "甲装卸点" not in said

    def test_pages_by_cursor(self, full: World) -> None:
        first = read(full.national, "/lists/class-two?limit=1")
        second = read(full.national, f"/lists/class-two?limit=1&after={first['next']}")
        assert second["next"] is None and first["items"][0]["subject"] < second["items"][0]["subject"]

    def test_kinds_and_days_that_are_none(self, full: World) -> None:
        assert read(full.national, "/lists/none", 422) and read(full.national, "/lists/watch?as_of=1800-01-01", 422)
        assert read(full.national, "/lists/watch?year=2025", 422)["error"]["findings"][0]["code"] == "year_out_of_range"


def test_somebody_elses_grade_is_not_there_and_the_attempt_is_recorded(world: World) -> None:
    for number, address in enumerate((f"/grades/{INNER_MONGOLIA}", f"/grades?port={INNER_MONGOLIA}"), 1):
        assert "满洲里" not in json.dumps(read(world.guangdong, address, 404), ensure_ascii=False)
        assert AuditEntry.objects.filter(note="out_of_reach", actor_id=world.guangdong.pk).count() == number


def test_strangers_enterprises_and_those_asked_in_a_matter(world: World) -> None:
    expert = a_user(Role.EXPERT, an_office(OrganisationKind.EXPERT_PANEL))
    for address in READS:
        assert client_of(None).get(ROOT + address).status_code == 401
        assert client_of(world.enterprise).get(ROOT + address).status_code == 403
        expected = 403 if address.startswith(("/grades", "/lists")) else 200
        assert client_of(expert).get(ROOT + address).status_code == expected, address
