"""A change of law tried with every rule: ports, provinces, cities, and past cases on the facts they were frozen with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from tests.accounts.factories import PASSWORD, a_national_officer, a_provincial_officer
from tests.casework.cases import DAY, Offices
from tests.grading.factories import AIRPORT
from tests.grading.lawbook import a_value, an_answer, approved
from tests.grading.worlds import an_air_port
from tests.monitoring.factories import a_year_of_months, figures
from tests.ports.factories import a_document, a_port, a_reply, a_sea_port

from kouan.accounts.action import acting_system
from kouan.audit.models import AuditEntry
from kouan.basis import clock
from kouan.casework.actions import gather_facts
from kouan.casework.models import Gathering
from kouan.cli.law_changes import tell_preview
from kouan.desk.matters.models import Matter
from kouan.grading.grade_actions import NewScores, decide_grade, submit_scores
from kouan.grading.lawbook.preview import preview, seen_by
from kouan.grading.lawbook.usage import cases_using
from kouan.grading.list_actions import open_case
from kouan.law import registered_rules
from kouan.ports.actions import record_approval

pytestmark = pytest.mark.django_db
NEW_AIRPORT = {"new_name": "测试航空口岸", "new_mode": "air", "new_code": "ceshi-air"}


@pytest.fixture(autouse=True)
def in_summer() -> Iterator[None]:
    with clock.travel_to("2024-06-30"):
        yield


@pytest.fixture
def offices() -> Offices:
    return Offices()


def of(found: dict[str, Any], rule: str) -> dict[str, Any]:
    (row,) = (each for each in found["by_rule"] if each["rule"] == rule)
    return row


def changes(rows: list[dict[str, Any]], rule: str) -> list[tuple[str, str, bool]]:
    return [(row["before"]["verdict"], row["after"]["verdict"], row["applies"]) for row in rows if row["rule"] == rule]


def an_airport_case(offices: Offices, **facts: Any) -> Matter:
    """An application for an airport, judged on its own facts."""
    matter = offices.begun("opening", NEW_AIRPORT, offices.national)
    return gather_facts(actor=offices.national, matter=matter.pk, access_facts={**AIRPORT, **facts}, on=DAY)


class TestAccess:
    def test_a_past_application_is_tried_on_its_frozen_facts_and_the_step_is_named(self, offices: Offices) -> None:
        matter = an_airport_case(offices, fixed_direct_routes=12, domestic_fixed_direct_routes=9)
        before = AuditEntry.objects.count(), list(Gathering.objects.values_list("verdict", flat=True))
        found = preview(offices.national, [a_value("15", date(2024, 6, 1), "access.inland_border.routes")])
        (row,) = found["cases"]
        assert (row["rule"], row["matter"], row["recorded"]["verdict"]) == ("access_air", matter.pk, "eligible")
        assert changes(found["cases"], "access_air") == [("eligible", "exception_track", True)]
        assert row["step"] == {
            "rule": "AC-A3",
            "before": {"zh": "AC-A3 距离、航线和旅客吞吐量条件：固定直达航线数（不含中转经停）：12条，条件为不少于10条航线；成立→符合条件",
                       "en": row["step"]["before"]["en"]},
            "after": {"zh": "AC-A3 距离、航线和旅客吞吐量条件：固定直达航线数（不含中转经停）：12条，条件为不少于15条航线；不成立→转入例外论证",
                      "en": row["step"]["after"]["en"]},
        }
        assert row["step"]["after"]["en"].endswith("does not hold → exception track")
        assert of(found, "access_air")["cases_moved"] == 1 and [each["matter"] for each in found["cited_by"]["matters"]] == [matter.pk]
        assert (AuditEntry.objects.count(), list(Gathering.objects.values_list("verdict", flat=True))) == before

    def test_a_ruling_that_only_moves_which_step_decides_names_that_step(self, offices: Offices) -> None:
        an_airport_case(offices, freight_hub_airport=True)
        (row,) = preview(offices.national, [an_answer("numbers_first", key="access.track_order")])["cases"]
        assert (row["before"]["verdict"], row["after"]["verdict"]) == ("conditional", "eligible")
        assert row["step"]["before"]["zh"].startswith("AC-A4") and row["step"]["after"]["zh"].startswith("AC-A3")

    @pytest.mark.parametrize(("mode", "facts", "answer", "moves"), [
        ("road", {"projects": [], "in_bilateral_border_port_agreement": True}, an_answer("any", key="access.border_priority"), ("access_border", ())),
        ("water", {"projects": [], "open_water_ports_in_city": 0, "open_water_ports_in_city_with_border": 1},
         an_answer("with_border", key="access.one_city_border"), ("access_water", ("eligible", "redirect"))),
    ])
    def test_border_and_water_ports_too(self, offices: Offices, mode: str, facts: Any, answer: Any, moves: Any) -> None:
        matter = offices.begun("opening", {"new_name": "测试口岸", "new_mode": mode, "new_code": f"ceshi-{mode}"}, offices.national)
        gather_facts(actor=offices.national, matter=matter.pk, access_facts=facts, on=DAY)
        found = preview(offices.national, [answer])
        assert of(found, moves[0])["cases"] == 1
        assert [each[:2] for each in changes(found["cases"], moves[0])] == ([moves[1]] if moves[1] else [])

    def test_the_province_gate_and_the_ports_approved_and_not_accepted(self) -> None:
        a_port("weiyan-air", "air", province_code="51", transport_class="air_other", class_basis="测试")
        with acting_system("test") as system:
            record_approval(actor=system, code="weiyan-air", document=a_reply(issued_on=date(2020, 1, 1)), approved_on=date(2020, 1, 1))
        found = preview(a_national_officer(), [a_value("6", date(2024, 6, 1), "access.air_gate.unaccepted_years")])
        rows = {row["kind"]: row for row in found["others"]}
        assert (rows["unaccepted"]["port"], rows["unaccepted"]["before"]["verdict"], rows["unaccepted"]["after"]["verdict"]) == (
            "weiyan-air", "unaccepted", "none")
        assert (rows["province"]["province_code"], rows["province"]["before"]["verdict"], rows["province"]["after"]["verdict"]) == (
            "51", "strict_control", "unknown")
        assert rows["province"]["step"]["rule"].startswith("AC-A1") and "2026" in rows["unaccepted"]["step"]["after"]["zh"]

    def test_a_city_whose_ports_are_counted_otherwise(self) -> None:
        for code, border in (("a-water", False), ("b-water", True)):
            a_sea_port(code, province_code="44", city_code="440500", city_name="汕头市", is_border=border)
        found = preview(a_national_officer(), [an_answer("with_border", key="access.one_city_border")])
        assert [(row["kind"], row["subject"]) for row in found["others"]] == [("city", "city:440500")]
        assert changes(found["others"], "access_water") == [("other_only", "merge", True)]


class TestTheLadder:
    def a_case(self, offices: Offices, tonnes: int) -> Matter:
        a_sea_port("beihai-water", open_since=date(2005, 1, 1), accepted_on=date(2006, 1, 1), province_code="45")
        figures("port:beihai-water", "cargo_tonnes", {**a_year_of_months(2022, 2_000_000), **a_year_of_months(2023, tonnes)})
        figures("port:beihai-water", "person_crossings", {**a_year_of_months(2022, 1), **a_year_of_months(2023, 1)}, unit="person_crossings")
        return offices.begun("withdrawal", {"port": "beihai-water"}, offices.national)

    def test_a_ruling_on_the_standard_moves_the_ladder_of_the_port_and_of_its_past_case(self, offices: Offices) -> None:
        matter = self.a_case(offices, 100_000)  # 120 万吨: below 1000 万吨, above the 100 万吨 of 2017
        found = preview(offices.national, [an_answer("measures_2017", key="volume_standard.sea_cargo")])
        assert [(row["before"]["verdict"], row["after"]["verdict"]) for row in found["moved"]] == [("fails", "meets")]
        (port,) = found["others"]
        assert (port["rule"], port["port"], port["year"]) == ("withdrawal_ladder", "beihai-water", 2023)
        assert (port["before"]["verdict"], port["after"]["verdict"]) == ("notice", "none")
        assert [(each["year"], each["before"]["verdict"], each["after"]["verdict"]) for each in port["years"]] == [(2023, "fails", "meets")]
        assert changes(found["cases"], "withdrawal_ladder") == [("notice", "none", True)]
        assert changes(found["cases"], "volume_standard") == [("fails", "meets", True)]
        assert {row["matter"] for row in found["cases"]} == {matter.pk}

    def test_what_was_corrected_since_does_not_change_what_the_case_knew(self, offices: Offices) -> None:
        self.a_case(offices, 100_000)
        figures("port:beihai-water", "cargo_tonnes", a_year_of_months(2023, 2_000_000), revision=2)
        found = preview(offices.national, [an_answer("measures_2017", key="volume_standard.sea_cargo")])
        assert found["moved"] == [] and changes(found["cases"], "withdrawal_ladder") == [("notice", "none", True)]

    def test_a_later_value_changes_no_case_and_the_trial_says_what_it_would_do(self, offices: Offices) -> None:
        self.a_case(offices, 100_000)
        found = preview(offices.national, [a_value("100", date(2025, 1, 1), "volume_standard.sea.cargo")])
        (case,) = (row for row in found["cases"] if row["rule"] == "withdrawal_ladder")
        assert (case["after"]["verdict"], case["supposed"]["verdict"], case["applies"]) == ("notice", "none", False)
        (port,) = found["others"]
        assert (port["after"]["verdict"], port["supposed"]["verdict"]) == ("notice", "none") and of(found, "withdrawal_ladder")["moved"] == 0

    def test_a_case_frozen_by_an_earlier_version_keeps_its_years(self, offices: Offices) -> None:
        matter = self.a_case(offices, 100_000)
        kept = Gathering.objects.get(matter=matter)
        for year in kept.record["years"]:
            del year["facts"]
        Gathering.objects.filter(pk=kept.pk).update(record=kept.record)
        assert preview(offices.national, [an_answer("measures_2017", key="volume_standard.sea_cargo")])["cases"] == []
        longer = preview(offices.national, [a_value("2", date(2024, 6, 1), "withdrawal_ladder.years.notice")])
        assert changes(longer["cases"], "withdrawal_ladder") == [("notice", "none", True)]


class TestGradesAndLists:
    def test_proposed_grades_and_the_decisions_taken_on_them(self) -> None:
        an_air_port("di-air")
        a_document(reference="scores-paper")
        officer = a_national_officer()
        submit_scores(actor=officer, lines=[NewScores("di-air", 2023, Decimal(81), Decimal(82), Decimal(83))], document="scores-paper")
        decide_grade(actor=officer, port="di-air", grade="hub", valid_from=date(2024, 1, 1), reason="按建议", document="scores-paper")
        found = preview(officer, [a_value("95", date(2024, 6, 1), "grade_proposal.bands.top")])
        assert changes(found["others"], "grade_proposal") == [("hub", "important", True)]
        (case,) = found["cases"]
        assert (case["kind"], case["recorded"]["verdict"], case["after"]["verdict"], case["step"]["rule"]) == ("grade", "hub", "important", "GP-hub")

    def test_a_matter_opened_from_a_list_is_tried_on_the_entry_it_began_with(self, offices: Offices) -> None:
        an_air_port("di-air", below=(2021, 2022, 2023), above=(2020,))
        offices.settle("withdrawal")
        open_case(actor=offices.national, kind="watch", subject="port:di-air")
        found = preview(offices.national, [an_answer("five_years", key="withdrawal_ladder.long_term")])
        assert [(row["kind"], *each) for row, each in zip(found["cases"], changes(found["cases"], "withdrawal_ladder"), strict=True)] == [
            ("list", "review", "rectify", True)]


def test_every_rule_is_named_and_those_not_concerned_try_nothing(offices: Offices) -> None:
    an_airport_case(offices)
    found = preview(offices.national, [an_answer("exempt", key="volume_standard.border_mode")])
    assert [row["rule"] for row in found["by_rule"]] == list(registered_rules())
    assert {row["rule"] for row in found["by_rule"] if row["is_concerned"]} == {"volume_standard", "withdrawal_ladder"}
    assert of(found, "access_air")["cases"] == 0


def test_what_a_province_sees_of_an_approved_change_names_its_own_ports_and_no_case(offices: Offices) -> None:
    TestTheLadder().a_case(offices, 100_000)
    row = approved(an_answer("measures_2017", key="volume_standard.sea_cargo"))
    assert row.preview["others"] and row.preview["cases"]
    assert seen_by(row.preview, {"beihai-water"})["others"] == row.preview["others"]
    theirs = seen_by(row.preview, {"elsewhere-air"})
    assert theirs["others"] == theirs["cases"] == [] and "beihai" not in str(theirs)


def test_cases_are_found_by_rule_and_key_within_scope(offices: Offices) -> None:
    matter = an_airport_case(offices)
    assert [case.matter for case in cases_using(offices.national, ["access_air"], "access.inland_border.routes")] == [matter.pk]
    assert cases_using(offices.national, ["access_air"], "access.one_city_border") == []
    assert cases_using(a_provincial_officer("15"), ["access_air"]) == []


def test_the_page_shows_each_rule_the_case_and_the_step(offices: Offices) -> None:
    matter = an_airport_case(offices, fixed_direct_routes=12, domestic_fixed_direct_routes=9)
    browser = Client()
    assert browser.post("/sign-in", {"username": offices.national.username, "password": PASSWORD}).status_code == 302
    form = {"key": "access.inland_border.routes", "value": "15", "from_date": "2024-06-01", "document_title": "关于测试用指标的通知",
            "document_number": "测试发〔2024〕1号", "issued": "2024-06-20", "article": "第四条", "quote": "", "reason": "测试", "do": "preview"}
    page = browser.post("/law/changes/new", form).content.decode()
    assert f'href="/matters/{matter.pk}"' in page and "以往案件 1 项会变" in page and "当时：符合条件" in page
    assert "条件为不少于15条航线；不成立→转入例外论证" in page and "原为：" in page and 'href="/law/rules/access_air"' in page


def test_the_command_tells_the_case_and_the_step(offices: Offices, capsys: pytest.CaptureFixture[str]) -> None:
    an_airport_case(offices, fixed_direct_routes=12, domestic_fixed_direct_routes=9)
    tell_preview(preview(offices.national, [a_value("15", date(2024, 6, 1), "access.inland_border.routes")]))
    said = "".join(capsys.readouterr().out.split())
    assert "以往案件按当时固定的事实重新试判" in said and "关于办理口岸事项的申请" in said and "转入例外论证" in said
