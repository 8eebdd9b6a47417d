"""Facts gathered by the system: from the register and the figures, with evidence, frozen, and never guessed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.accounts.factories import a_user, an_office
from tests.casework.cases import DAY, Offices
from tests.monitoring.factories import a_year_of_months, figures
from tests.ports.factories import a_document, a_port, a_sea_port

from kouan.accounts.action import acting_system
from kouan.accounts.models import OrganisationKind, Role
from kouan.basis import Conflict, EvidenceRef, NotAllowed, NotFound, Refused
from kouan.casework.actions import begin_case, gather_facts
from kouan.casework.models import Gathering
from kouan.casework.queries import at_port, newest_gathering
from kouan.collection.lineage import evidence_of, users_of
from kouan.desk.matters.models import Matter, Task
from kouan.desk.matters.queries import inbox
from kouan.grading.class_two import NewClassTwo, clear_class_two, enter_class_two
from kouan.grading.strategy_marks import set_strategy_mark
from kouan.ports.actions import change_port

pytestmark = pytest.mark.django_db
PORT = "beihai-water"


def codes(error: Refused) -> set[str]:
    return {each.code for each in error.findings}


@pytest.fixture
def offices() -> Offices:
    return Offices()


def a_port_below(*years: int, met: tuple[int, ...] = ()) -> None:
    """A sea port accepted long ago, below the standard in some years and above it in others."""
    a_sea_port(PORT, open_since=date(2005, 1, 1), accepted_on=date(2006, 1, 1))
    for measure, unit, high in (("cargo_tonnes", "t", 1_000_000), ("person_crossings", "person_crossings", 100_000)):
        months: dict[str, int] = {}
        for year in years:
            months |= a_year_of_months(year, 1)
        for year in met:
            months |= a_year_of_months(year, high)
        if months:
            figures(f"port:{PORT}", measure, months, unit=unit)


def gathered(matter: Matter) -> Gathering:
    found = newest_gathering(matter)
    assert found is not None
    return found


class TestTheLadder:
    @pytest.mark.parametrize(("below", "met", "verdict"), [
        ((2023,), (2022,), "notice"), ((2022, 2023), (2021,), "rectify"), ((2021, 2022, 2023), (2020,), "review"), ((), (2023,), "none"),
    ])
    def test_years_in_a_row_give_the_step(self, offices: Offices, below: tuple[int, ...], met: tuple[int, ...], verdict: str) -> None:
        a_port_below(*below, met=met)
        matter = offices.begun("withdrawal", {"port": PORT}, offices.national)
        assert matter.facts["ladder_verdict"] == verdict and "ladder_verdict" in matter.gathered
        assert matter.facts["meets_volume"] is (not below)
        kept = gathered(matter)
        assert kept.record["years_below"] == {"count": len(below), "is_definite": True}
        assert kept.verdict["verdict"] == verdict and kept.verdict["steps"] and kept.verdict["citation"]["quote"]

    def test_the_strategy_mark_comes_from_its_register_and_is_unknown_where_nobody_recorded_it(self, offices: Offices) -> None:
        a_port_below(2022, 2023, met=(2021,))
        before = offices.begun("withdrawal", {"port": PORT}, offices.national)
        assert "strategy_mark" not in before.facts and "strategy_mark" not in gathered(before).record
        paper = a_document()
        for is_marked, day in ((False, date(2020, 1, 1)), (True, date(2021, 1, 1))):
            set_strategy_mark(actor=offices.national, port=PORT, is_marked=is_marked, valid_from=day, reason="按来文", document=paper)
            matter = gather_facts(actor=offices.national, matter=before.pk, on=DAY)
            kept = gathered(matter)
            assert matter.facts["strategy_mark"] is is_marked and "strategy_mark" in matter.gathered
            assert (kept.record["strategy_mark"]["from"], kept.record["strategy_mark"]["document"]) == (day.isoformat(), paper.reference)
            assert kept.record["ladder_facts"]["strategy_mark"] is is_marked

    def test_a_year_that_was_not_reported_is_unknown_and_nobody_is_below(self, offices: Offices) -> None:
        a_port_below()
        matter = offices.begun("withdrawal", {"port": PORT}, offices.national)
        assert not {"ladder_verdict", "meets_volume"} & matter.facts.keys()
        assert gathered(matter).verdict["verdict"] == "unknown"

    def test_what_came_before_is_not_assumed_but_three_years_are_enough(self, offices: Offices) -> None:
        a_port_below(2022, 2023)
        matter = offices.begun("withdrawal", {"port": PORT}, offices.national)
        assert gathered(matter).record["years_below"] == {"count": 2, "is_definite": False} and "ladder_verdict" not in matter.facts

    def test_the_evidence_is_found_from_both_ends(self, offices: Offices) -> None:
        a_port_below(2023, met=(2022,))
        kept = gathered(offices.begun("withdrawal", {"port": PORT}, offices.national))
        me = EvidenceRef("casework", "gathering", kept.pk, kept.revision)
        used = evidence_of(me)
        assert used and [(each.uri, each.digest) for each in used] == [(EvidenceRef.from_dict(each).uri, each["digest"]) for each in kept.evidence]
        assert me.uri in {each.uri for each in users_of(used[0])}

    def test_the_other_side_stands_apart_and_no_score_is_invented(self, offices: Offices) -> None:
        a_port_below(2023, met=(2022,))
        figures(f"port:{PORT}", "cargo_tonnes", a_year_of_months(2023, 7), origin="counterpart", source="hk-control-points")
        record = gathered(offices.begun("withdrawal", {"port": PORT}, offices.national)).record
        assert {each["origin"] for each in record["flows"]["own"]} == {"official"}
        assert [each["value"] for each in record["flows"]["counterpart"]] == ["84.000000"]
        assert record["score"] is None and all(each["observations"] for each in record["flows"]["own"])


class TestFreezing:
    def test_nobody_types_over_what_was_gathered(self, offices: Offices) -> None:
        a_port_below(2023, met=(2022,))
        matter = offices.begun("withdrawal", {"port": PORT}, offices.national)
        with pytest.raises(Refused) as refusal:
            offices.take(matter, "notice_by_national", actor=offices.national, facts={"ladder_verdict": "review"})
        assert codes(refusal.value) == {"fact_gathered"}
        offices.take(matter, "notice_by_national", actor=offices.national, facts={"ladder_verdict": "notice"})

    def test_facts_stay_as_they_were_until_gathered_anew_and_both_revisions_are_kept(self, offices: Offices) -> None:
        a_port_below(2023, met=(2022,))
        matter = offices.begun("withdrawal", {"port": PORT}, offices.national)
        figures(f"port:{PORT}", "cargo_tonnes", a_year_of_months(2023, 2_000_000), revision=2)
        matter.refresh_from_db()
        assert matter.facts["ladder_verdict"] == "notice"
        matter = gather_facts(actor=offices.national, matter=matter.pk, on=DAY)
        assert matter.facts["ladder_verdict"] == "none"
        first, second = Gathering.objects.filter(matter=matter).order_by("revision")
        assert first.facts["ladder_verdict"] == "notice" and first.digest != second.digest

    def test_who_has_no_part_gathers_nothing_and_a_neighbour_finds_nothing(self, offices: Offices) -> None:
        a_port("xintang-air", "air")
        matter = offices.begun("expansion", {"port": "xintang-air"})
        offices.take(matter, "submit")
        with pytest.raises(NotAllowed):
            gather_facts(actor=offices.province, matter=matter.pk, on=DAY)
        neighbour = a_user(Role.PROVINCIAL_OFFICER, an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="37"))
        with pytest.raises(NotFound):
            gather_facts(actor=neighbour, matter=matter.pk, on=DAY)
        gather_facts(actor=offices.national, matter=matter.pk, on=DAY)

    def test_a_matter_that_ended_keeps_its_facts(self, offices: Offices) -> None:
        a_port("xintang-air", "air")
        matter = offices.begun("expansion", {"port": "xintang-air"})
        offices.take(matter, "withdraw")
        with pytest.raises(Conflict):
            gather_facts(actor=offices.national, matter=matter.pk, on=DAY)


class TestAccess:
    NEW = {"new_name": "新塘水运口岸", "new_mode": "water", "new_code": "xintang-water"}

    def test_the_verdict_comes_from_the_facts_entered_with_its_trace(self, offices: Offices) -> None:
        matter = offices.begun("opening", self.NEW)
        assert "access_verdict" not in matter.facts and matter.facts["port_mode"] == "water"
        matter = gather_facts(actor=offices.province, matter=matter.pk, access_facts={"projects": [], "open_water_ports_in_city": 1}, on=DAY)
        kept = gathered(matter)
        assert matter.facts["access_verdict"] == kept.verdict["verdict"] == "redirect"
        assert {"AC-G1", "AC-W1"} <= {each["rule"] for each in kept.verdict["steps"]} and kept.verdict["readings"]
        matter = gather_facts(actor=offices.province, matter=matter.pk, access_facts={"projects": [], "open_water_ports_in_city": 0}, on=DAY)
        assert matter.facts["access_verdict"] == "eligible"

    def test_facts_that_cannot_be_are_refused_and_nothing_is_kept(self, offices: Offices) -> None:
        matter = offices.begun("opening", self.NEW)
        with pytest.raises(Refused) as refusal:
            gather_facts(actor=offices.province, matter=matter.pk, access_facts={"open_water_ports_in_city": -1}, on=DAY)
        assert codes(refusal.value) == {"negative_figure"} and Gathering.objects.filter(matter=matter).count() == 1

    def test_other_procedures_have_no_rule_of_access(self, offices: Offices) -> None:
        a_port("xintang-air", "air")
        matter = offices.begun("expansion", {"port": "xintang-air"})
        with pytest.raises(Refused) as refusal:
            gather_facts(actor=offices.province, matter=matter.pk, access_facts={}, on=DAY)
        assert codes(refusal.value) == {"no_access_rule"}


class TestTheForm:
    @pytest.mark.parametrize(("procedure", "answers", "fields"), [
        ("opening", {}, {"new_name", "new_mode", "new_code"}), ("merge", {"port": PORT}, {"target"}), ("merge", {"port": PORT, "target": PORT},
            {"target"}),
        ("merge", {"port": PORT, "target": "不存在"}, {"target"}), ("withdrawal", {}, {"port"}), ("temporary_extension", {"opening": "99"},
            {"opening"}),
        ("temporary_opening", {"place_kind": "airport", "ground": "trial_operation"}, {"place_name"}),
        ("temporary_opening", {"place_name": "某机场", "place_kind": "moon", "ground": "trial_operation"}, {"place_kind"}),
        ("class_two_clearance", {}, {"class_two"}), ("supervision_site", {"port": PORT}, {"site_name"}),
    ])
    def test_what_is_missing_stands_at_its_field(self, offices: Offices, procedure: str, answers: dict[str, str], fields: set[str]) -> None:
        a_sea_port(PORT)
        with pytest.raises(Refused) as refusal:
            offices.begun(procedure, answers, offices.national if procedure == "withdrawal" else None)
        assert {each.where.field for each in refusal.value.findings} == fields and not Matter.objects.exists()

    def test_a_port_of_another_province_is_no_port(self, offices: Offices) -> None:
        a_sea_port(PORT, province_code="45")
        with pytest.raises(Refused) as refusal:
            offices.begun("expansion", {"port": PORT})
        assert codes(refusal.value) == {"unknown_port"}

    def test_a_merger_knows_what_the_register_knows(self, offices: Offices) -> None:
        a_sea_port(PORT, city_code="440100")
        a_sea_port("humen-water", city_code="441900")
        matter = offices.begun("merge", {"port": PORT, "target": "humen-water"})
        assert matter.facts == {"is_same_mode": True, "is_same_city": False, "is_border": False}

    def test_only_the_offices_chosen_are_asked(self, offices: Offices) -> None:
        offices.settle("agency_matter")
        matter = begin_case(actor=offices.province, procedure="agency_matter", title="协同事项", answers={},
            named={"customs": offices.agency.organisation.code},
                            asked=["customs"], on=DAY)
        offices.go(matter, "submit", "consult")
        assert {task.party for task in Task.objects.open().filter(matter=matter)} == {"customs", "national"}
        offices.agree(matter)
        assert [(each.party, each.agrees) for each in matter.opinions.all()] == [("customs", True)]
        offices.go(matter, "conclude", "start_countersign", "agree")
        assert offices.take(matter, "issue", facts={"is_major_decision": False}).outcome == "concluded"
        with pytest.raises(Refused) as refusal:
            begin_case(actor=offices.province, procedure="agency_matter", title="协同事项", answers={}, asked=["leader"], on=DAY)
        assert codes(refusal.value) == {"not_to_be_asked"}

    def test_marks_of_secrecy_do_not_enter_by_the_form(self, offices: Offices) -> None:
        offices.settle("opening")
        with pytest.raises(Refused) as refusal:
            begin_case(actor=offices.province, procedure="opening", title="x", answers={"new_name": "机密★10年"})
        assert codes(refusal.value) == {"secrecy_mark"}


def test_a_duty_that_conditions_close_says_why_in_the_inbox(offices: Offices) -> None:
    a_sea_port(PORT, is_border=True, transport_class="boundary_river", neighbour_code="VN")
    matter = offices.begun("withdrawal", {"port": PORT}, offices.national)
    task = inbox(offices.province, DAY).get(matter=matter)
    assert "只能由国家口岸办启动" in task.blocked_zh and "national office only" in task.blocked_en
    assert Task.objects.get(matter=matter, party="leader").blocked_zh == "", "the head may revoke the matter"


def test_the_port_shows_what_cases_left_to_those_in_scope(offices: Offices) -> None:
    port = a_sea_port(PORT)
    matter = offices.begun("expansion", {"port": PORT})
    assert [each.pk for each in at_port(offices.province, port).running] == [matter.pk]
    neighbour = a_user(Role.PROVINCIAL_OFFICER, an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="37"))
    assert not at_port(neighbour, port)


def test_a_class_two_port_is_one_of_the_register_in_scope(offices: Offices) -> None:
    lines = [NewClassTwo("某二类口岸", "water", "44", "441900"), NewClassTwo("鲁二类口岸", "water", "37")]
    mine, other = enter_class_two(actor=offices.national, lines=lines, document=a_document())
    for said in (other.code, "c2-44-999", str(mine.pk)):
        with pytest.raises(Refused) as refusal:
            offices.begun("class_two_clearance", {"class_two": said})
        assert {each.where.field for each in refusal.value.findings} == {"class_two"} and not Matter.objects.exists()
    matter = offices.begun("class_two_clearance", {"class_two": mine.code})
    assert (matter.facts, matter.province_code, matter.city_code) == ({"is_on_class_two_list": True}, "44", "441900")


def test_the_port_shows_the_class_two_ports_that_went_into_it(offices: Offices) -> None:
    port = a_sea_port(PORT)
    (row,) = enter_class_two(actor=offices.national, lines=[NewClassTwo("某二类口岸", "water", "44")], document=a_document())
    clear_class_two(actor=offices.national, code=row.code, outcome="merged", cleared_on=DAY, document=a_document("reply"), into=PORT)
    assert [each.port for each in at_port(offices.province, port).class_two] == [row]
    assert not at_port(offices.province, a_sea_port("humen-water")).class_two
    neighbour = a_user(Role.PROVINCIAL_OFFICER, an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="37"))
    assert not at_port(neighbour, port).class_two


def test_a_case_that_changed_its_port_itself_does_not_stop_itself(offices: Offices) -> None:
    port = a_port("xintang-air", "air")
    matter = offices.begun("expansion", {"port": "xintang-air"})
    seen: dict[str, Any] = matter.case_form.versions
    assert seen == {"xintang-air": port.version}
    with acting_system("tests") as system:
        change_port(actor=system, code="xintang-air", values={"city_name": "别处市"}, document=a_document())
    gather_facts(actor=offices.province, matter=matter.pk, on=DAY)
    matter.case_form.refresh_from_db()
    assert matter.case_form.versions["xintang-air"] == port.version + 1
