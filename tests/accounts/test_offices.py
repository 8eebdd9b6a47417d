"""Offices beside the provinces: the Xinjiang Corps and cities with separate plans, and what their neighbours see."""

from __future__ import annotations

import pytest
from tests.accounts.factories import a_national_officer, a_user, an_administrator, an_office
from tests.casework.cases import Offices
from tests.ports.factories import a_port

from kouan.accounts import actions, queries
from kouan.accounts.models import Organisation, OrganisationKind, Role
from kouan.accounts.offices import make_offices, missing
from kouan.accounts.permissions import PERMISSIONS, may
from kouan.accounts.scope import Scope, scope_of
from kouan.basis import NotFound, Refused
from kouan.casework.actions import begin_case
from kouan.desk.matters.models import Matter
from kouan.desk.matters.parties import office_of
from kouan.desk.matters.queries import get_matter, procedure_for
from kouan.ports.models import Port

pytestmark = pytest.mark.django_db
CITIES = {"210200", "330200", "350200", "370200", "440300"}


@pytest.fixture
def made() -> dict[str, Organisation]:
    """Every office of the list, by code."""
    administrator = an_administrator(organisation=an_office(code="npo"))
    make_offices(actor=administrator)
    return {each.code: each for each in Organisation.objects.all()}


class TestTheList:
    def test_all_thirty_seven_are_made_once(self, made: dict[str, Organisation]) -> None:
        kinds = [each.kind for each in made.values()]
        assert (kinds.count("provincial_office"), kinds.count("corps_office"), kinds.count("city_office")) == (31, 1, 5)
        assert not missing() and make_offices(actor=an_administrator()) == []
        assert {each.city_code for each in made.values() if each.kind == "city_office"} == CITIES

    def test_cities_with_separate_plans_report_to_the_centre_and_their_province(self, made: dict[str, Organisation]) -> None:
        for code, province in (("dl", "ln"), ("qd", "sd"), ("nb", "zj"), ("xm", "fj"), ("sz", "gd")):
            assert made[code].reports_to == ["npo", province]
            assert {each.kind for each in queries.superiors_of(made[code])} == {"national_office", "provincial_office"}
            assert queries.reports_to_the_centre(made[code])
        assert not queries.reports_to_the_centre(made["gd"])

    def test_what_stands_already_is_left_and_only_gets_its_superiors(self) -> None:
        home = an_office(code="npo")
        own = an_office(OrganisationKind.CITY_OFFICE, code="shenzhen-kouban", name_zh="深圳市口岸办", province_code="44", city_code="440300")
        assert "sz" not in {each.code for each in make_offices(actor=an_administrator(organisation=home))}
        own.refresh_from_db()
        assert (own.name_zh, own.reports_to) == ("深圳市口岸办", ["npo", "gd"])

    def test_an_administrator_of_a_province_makes_none_and_changes_no_scope(self, made: dict[str, Organisation]) -> None:
        provincial = a_user(Role.ADMINISTRATOR, made["xj"])
        with pytest.raises(Refused):
            make_offices(actor=provincial)
        with pytest.raises(Refused):  # its own list of ports would be its own scope
            actions.change_organisation(actor=provincial, organisation=made["xj"], port_codes=["x"], reports_to=[])
        with pytest.raises(NotFound):  # the Corps stands beside Xinjiang, not below it
            actions.change_organisation(actor=provincial, organisation=made["xjbt"], port_codes=["x"], reports_to=[])
        assert made["xjbt"] not in queries.organisations(provincial) and made["dl"] not in queries.organisations(provincial)
        with pytest.raises(Refused) as refusal:
            actions.create_organisation(actor=an_administrator(), code="xx", kind="city_office", name_zh="某", province_code="21",
                                        city_code="210200", reports_to=["no-such"])
        assert [each.code for each in refusal.value.findings] == ["unknown_superior"]


class TestCuriousNeighbours:
    @pytest.fixture
    def ports(self, made: dict[str, Organisation]) -> dict[str, Organisation]:
        """Two ports in Xinjiang of which one is the Corps', one in Dalian, one elsewhere in Liaoning, one in Qingdao."""
        for code, province, city in (("tielieke-road", "65", "659001"), ("horgos-road", "65", "654004"), ("dalian-water", "21", "210213"),
                                     ("dandong-road", "21", "210600"), ("qingdao-water", "37", "370211")):
            a_port(code, code.rpartition("-")[2], name_zh=code, province_code=province, city_code=city)
        actions.change_organisation(actor=an_administrator(), organisation=made["xjbt"], port_codes=["tielieke-road"], reports_to=["npo"])
        return {each.code: each for each in Organisation.objects.all()}

    @pytest.mark.parametrize(("office", "role", "sees"), [
        ("xjbt", Role.PROVINCIAL_OFFICER, {"tielieke-road"}),
        ("xjbt", Role.PROVINCIAL_LEADER, {"tielieke-road"}),
        ("xj", Role.PROVINCIAL_OFFICER, {"tielieke-road", "horgos-road"}),
        ("dl", Role.CITY_OFFICER, {"dalian-water"}),
        ("ln", Role.PROVINCIAL_LEADER, {"dalian-water", "dandong-road"}),
        ("qd", Role.CITY_OFFICER, {"qingdao-water"}),
        ("sz", Role.CITY_OFFICER, set()),
    ])
    def test_each_sees_its_own(self, ports: dict[str, Organisation], office: str, role: str, sees: set[str]) -> None:
        assert set(Port.objects.visible_to(a_user(role, ports[office])).values_list("code", flat=True)) == sees

    def test_the_corps_begins_for_its_own_port_and_its_desk_is_its_own(self, ports: dict[str, Organisation]) -> None:
        corps = a_user(Role.PROVINCIAL_OFFICER, ports["xjbt"])
        held = Offices(province=corps, national=a_user(Role.NATIONAL_OFFICER, ports["npo"]))
        matter = held.begun("change_of_facts", {"port": "tielieke-road"})
        assert matter.applicant == corps.organisation
        with pytest.raises(Refused):
            held.begun("change_of_facts", {"port": "horgos-road"})
        for stranger in (a_user(Role.CITY_OFFICER, ports["dl"]), a_user(Role.PROVINCIAL_OFFICER, ports["ln"])):
            with pytest.raises(NotFound):
                get_matter(stranger, matter.pk)
        withdrawal = held.begun("withdrawal", {"port": "tielieke-road"}, actor=held.national)
        assert office_of(procedure_for(withdrawal).parties["province"], withdrawal) == ports["xjbt"]
        elsewhere = held.begun("withdrawal", {"port": "horgos-road"}, actor=held.national)
        assert office_of(procedure_for(elsewhere).parties["province"], elsewhere) == ports["xj"]
        with pytest.raises(NotFound):
            get_matter(corps, elsewhere.pk)

    def test_a_city_that_reports_to_the_centre_has_its_own_desk_and_its_province_sees_it(self, ports: dict[str, Organisation]) -> None:
        held = Offices(province=a_user(Role.PROVINCIAL_OFFICER, ports["ln"]), national=a_user(Role.NATIONAL_OFFICER, ports["npo"]))
        dalian = a_user(Role.CITY_OFFICER, ports["dl"])
        notice = held.begun("withdrawal", {"port": "dalian-water"}, actor=held.national)
        party = procedure_for(notice).parties["locality"]
        assert office_of(party, notice) == ports["dl"]
        assert get_matter(dalian, notice.pk) == get_matter(held.province, notice.pk) == notice
        # Another city of the province goes by the province.
        through = held.begun("withdrawal", {"port": "dandong-road"}, actor=held.national)
        assert office_of(procedure_for(through).parties["locality"], through) == ports["ln"]
        with pytest.raises(NotFound):
            get_matter(dalian, through.pk)


class TestThoseWhoAreAsked:
    def test_ministries_and_experts_see_the_matters_in_which_they_are_asked_and_nothing_else(self) -> None:
        held = Offices()
        a_port("xintang-water", "water", name_zh="新塘水运口岸", province_code="44")
        for person in (held.ministry, held.expert):
            assert scope_of(person) == Scope.nothing() and not Port.objects.visible_to(person).exists()
            assert not may(person, "ports.read") and not may(person, "intake.read") and may(person, "matters.act")
        matter = begun = held.begun("demonstration_selection", {"port": "xintang-water"})
        assert not Matter.objects.visible_to(held.ministry).exists() and not Matter.objects.visible_to(held.expert).exists()
        held.take(matter, "submit")
        held.take(matter, "consult", facts={"evaluation_score": 91, "evaluation_version": "1", "is_result_signed_off": True, "meets_criteria": True})
        other = a_user(Role.EXPERT, an_office(OrganisationKind.EXPERT_PANEL))
        assert list(Matter.objects.visible_to(held.expert)) == list(Matter.objects.visible_to(held.ministry)) == [begun]
        assert not Matter.objects.visible_to(other).exists()
        for person in (held.ministry, held.expert):
            with pytest.raises(Refused):
                begin_case(actor=person, procedure="opening", title="某", answers={"port": "xintang-water"})

    def test_a_head_may_what_the_officers_of_the_office_may(self) -> None:
        for name, roles in PERMISSIONS.items():
            # What becomes public is for the head alone to approve.
            assert (Role.NATIONAL_LEADER in roles) == (Role.NATIONAL_OFFICER in roles) or name == "clearances.approve"
            assert (Role.PROVINCIAL_LEADER in roles) == (Role.PROVINCIAL_OFFICER in roles)

    def test_a_role_is_changed_to_one_that_fits_and_not_ones_own(self) -> None:
        administrator, officer = an_administrator(), a_national_officer()
        assert actions.change_role(actor=administrator, user=officer, role=Role.NATIONAL_LEADER).role == "national_leader"
        for role, code in ((Role.PROVINCIAL_OFFICER, "role_does_not_fit"), ("boss", "unknown_role")):
            with pytest.raises(Refused) as refusal:
                actions.change_role(actor=administrator, user=officer, role=role)
            assert [each.code for each in refusal.value.findings] == [code]
        with pytest.raises(Refused):
            actions.change_role(actor=administrator, user=administrator, role=Role.NATIONAL_OFFICER)
        with pytest.raises(NotFound):
            actions.change_role(actor=a_user(Role.ADMINISTRATOR, an_office(OrganisationKind.PROVINCIAL_OFFICE)), user=officer, role=Role.AUDITOR)
