"""Roles that go in mid-case, editions of an earlier release, papers that changed: no case is left alone by any of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.accounts.factories import a_user, an_administrator
from tests.casework.cases import Offices
from tests.desk.test_four_eyes import GOOD
from tests.ports.factories import a_port

from kouan.accounts.actions import change_role, deactivate_user, set_active
from kouan.accounts.models import Role, User
from kouan.basis import NotAllowed, clock
from kouan.desk.matters.actions import reassign
from kouan.desk.matters.models import Matter, ProcedureEdition, Task
from kouan.desk.matters.queries import inbox, procedure_for
from kouan.desk.matters.registry import in_force
from kouan.procedure import read_text

pytestmark = pytest.mark.django_db
EDITIONS = Path(__file__).parent / "editions"


@pytest.fixture
def offices() -> Offices:
    a_port("xintang-water", "water", name_zh="新塘水运口岸", province_code="44")
    return Offices()


@pytest.fixture
def submitted(offices: Offices) -> Matter:
    """A nomination that lies with the national office: its officers and its head."""
    return offices.go(offices.begun("demonstration_selection", {"port": "xintang-water"}), "submit")


def administrator(offices: Offices) -> User:
    return an_administrator(organisation=offices.national.organisation)


class TestARoleThatGoes:
    def test_its_tasks_are_on_the_national_desk_at_once_and_come_back(self, offices: Offices, submitted: Matter) -> None:
        offices.take(submitted, "consult", actor=offices.national, facts=GOOD)
        asked = Task.objects.open().get(matter=submitted, party="experts")
        assert asked.organisation == offices.expert.organisation and not asked.is_stray
        by = administrator(offices)
        deactivate_user(actor=by, user=offices.expert)  # no nightly job runs in this test
        taken = Task.objects.open().get(matter=submitted, party="experts")
        assert taken.is_stray and inbox(offices.national).filter(pk=taken.pk).exists()
        set_active(actor=by, user=offices.expert, is_active=True)
        back = Task.objects.open().get(matter=submitted, party="experts")
        assert not back.is_stray and inbox(offices.expert).filter(pk=back.pk).exists()

    def test_the_last_head_who_goes_leaves_the_decision_to_an_officer_who_did_not_propose(self, offices: Offices, submitted: Matter) -> None:
        colleague = a_user(Role.NATIONAL_OFFICER, offices.national.organisation)
        offices.take(submitted, "consult", actor=offices.national, facts=GOOD)
        offices.go(submitted, "agree")
        offices.take(submitted, "publicise", actor=offices.national)
        change_role(actor=administrator(offices), user=offices.leader, role=Role.AUDITOR)
        task = Task.objects.open().get(matter=submitted, party="leader")
        assert task.is_stray and inbox(colleague).filter(pk=task.pk).exists()
        with pytest.raises(NotAllowed):
            offices.take(submitted, "refuse", actor=offices.national)
        assert offices.take(submitted, "refuse", actor=colleague).state == "refused"

    def test_what_lay_with_somebody_by_name_goes_back_to_the_office(self, offices: Offices, submitted: Matter) -> None:
        colleague = a_user(Role.NATIONAL_OFFICER, offices.national.organisation)
        task = Task.objects.open().get(matter=submitted, party="national")
        reassign(actor=offices.national, task=task.pk, to=colleague)
        assert not inbox(offices.national).filter(pk=task.pk).exists()
        deactivate_user(actor=administrator(offices), user=colleague)
        assert inbox(offices.national).filter(pk=task.pk).exists()

    def test_an_office_that_closes_leaves_its_desk(self, offices: Offices, submitted: Matter) -> None:
        offices.take(submitted, "consult", actor=offices.national, facts=GOOD)
        office = offices.ministry.organisation
        office.is_active = False
        office.save()
        assert set(Task.objects.open().filter(matter=submitted, party__in=("customs", "transport")).values_list("is_stray", flat=True)) == {True}

    def test_who_comes_or_writes_a_profile_moves_nothing(self, offices: Offices, submitted: Matter, django_assert_max_num_queries: Any) -> None:
        with django_assert_max_num_queries(4):
            offices.national.language = "en"
            offices.national.save(update_fields=["language"])


class TestAnEarlierEdition:
    """Version 0.3.0 had officers in the places of heads and ministries; what began under it runs on under its text."""

    @pytest.fixture
    def old(self, offices: Offices) -> Matter:
        matter = offices.begun("demonstration_selection", {"port": "xintang-water"})
        text = (EDITIONS / "demonstration_selection-2021.yaml").read_text(encoding="utf-8")
        found = read_text(text, roles=None, name="old")
        assert found.version == "2021" != in_force("demonstration_selection").procedure.version
        matter.edition = ProcedureEdition.objects.create(code=found.code, version=found.version, digest=found.digest, text=text)
        matter.named = dict.fromkeys(("customs", "border_inspection", "transport"), offices.agency.organisation.code)
        matter.save()
        return matter

    def test_it_runs_on_with_the_people_it_began_with(self, offices: Offices, old: Matter) -> None:
        officer = a_user(Role.NATIONAL_OFFICER, offices.national.organisation)
        offices.go(old, "submit")
        offices.take(old, "consult", actor=offices.national, facts=GOOD)
        assert set(Task.objects.open().filter(matter=old).values_list("party", flat=True)) >= {"customs", "transport", "border_inspection"}
        assert not Task.objects.open().filter(matter=old, party="experts").exists()
        offices.go(old, "agree")
        offices.take(old, "publicise", actor=offices.national)
        assert inbox(officer).filter(matter=old, party="leader").exists()
        with pytest.raises(NotAllowed):
            offices.take(old, "refuse", actor=offices.national)
        assert offices.take(old, "refuse", actor=officer).state == "refused"
        assert procedure_for(Matter.objects.get(pk=old.pk)).version == "2021"

    def test_a_head_named_since_may_decide_it(self, offices: Offices, old: Matter) -> None:
        offices.go(old, "submit")
        offices.take(old, "consult", actor=offices.national, facts=GOOD)
        assert inbox(offices.leader).filter(matter=old, party="leader").exists()
        assert offices.take(old, "refuse", actor=offices.leader).state == "refused"

    def test_what_begins_now_begins_under_the_newer(self, offices: Offices, old: Matter) -> None:
        fresh = offices.begun("demonstration_selection", {"port": "xintang-water"})
        assert (procedure_for(old).version, procedure_for(fresh).version) == ("2021", "2021.2")


def test_who_acts_for_a_head_of_another_office_is_nobody(offices: Offices, submitted: Matter) -> None:
    """A neighbour province's head has no part in the case, whatever the role's name."""
    from tests.accounts.factories import an_office

    neighbour = a_user(Role.PROVINCIAL_LEADER, an_office("provincial_office", province_code="45"))
    with clock.travel_to("2024-03-04"):
        assert not inbox(neighbour).exists() and not Matter.objects.visible_to(neighbour).exists()
