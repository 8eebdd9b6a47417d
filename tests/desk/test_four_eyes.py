"""A decision is for another than who proposed it: neither that person's delegate, nor whoever that person stands for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.accounts.factories import a_user
from tests.casework.cases import Offices
from tests.ports.factories import a_port

from kouan.accounts.models import Role, User
from kouan.basis import NotAllowed, Refused, clock
from kouan.desk.matters.actions import reassign
from kouan.desk.matters.models import Matter, MatterStep, Task
from kouan.desk.matters.queries import inbox
from kouan.desk.matters.upkeep import delegate, end_delegation

pytestmark = pytest.mark.django_db


@pytest.fixture
def offices() -> Offices:
    return Offices(day=clock.today())


GOOD = {"evaluation_score": 91, "evaluation_version": "1", "is_result_signed_off": True, "meets_criteria": True}


@pytest.fixture
def drafted(offices: Offices) -> Matter:
    """A port nominated as a demonstration port, put to public notice by the national officer: the head decides."""
    a_port("xintang-water", "water", name_zh="新塘水运口岸", province_code="44")
    with clock.travel_to("2024-03-04"):
        offices.day = clock.today()
        matter = offices.begun("demonstration_selection", {"port": "xintang-water"})
        offices.go(matter, "submit")
        offices.take(matter, "consult", actor=offices.national, facts=GOOD)
        return offices.go(matter, "agree", "publicise")


def away(giver: User, taker: User) -> int:
    """Somebody is away and another acts."""
    return delegate(actor=giver, to=taker, starts_on=clock.today(), ends_on=clock.today() + timedelta(days=5), reason="年休假").pk


def decide(offices: Offices, matter: Matter, actor: User) -> MatterStep:
    """Not to select: a decision of the head."""
    offices.take(matter, "refuse", actor=actor)
    return matter.steps.last()


def test_a_head_decides_what_an_officer_proposed_and_no_officer_does(offices: Offices, drafted: Matter) -> None:
    with clock.travel_to("2024-03-04"):
        for officer in (offices.national, a_user(Role.NATIONAL_OFFICER, offices.national.organisation)):
            with pytest.raises(NotAllowed):
                decide(offices, drafted, officer)
        step = decide(offices, drafted, offices.leader)
    assert (step.actor, step.on_behalf_of) == (offices.leader, None)


def test_the_drafter_standing_for_the_head_does_not_approve_the_own_paper(offices: Offices, drafted: Matter) -> None:
    with clock.travel_to("2024-03-04"):
        away(offices.leader, offices.national)
        assert inbox(offices.national).filter(matter=drafted, party="leader").exists()
        with pytest.raises(NotAllowed) as refusal:
            decide(offices, drafted, offices.national)
        assert [each.code for each in refusal.value.findings] == ["own_proposal"]


def test_a_head_who_delegated_to_the_drafter_does_not_approve_until_that_ends(offices: Offices, drafted: Matter) -> None:
    with clock.travel_to("2024-03-04"):
        delegation = away(offices.leader, offices.national)
        with pytest.raises(NotAllowed) as refusal:
            decide(offices, drafted, offices.leader)
        assert "委托" in str(refusal.value.findings[0].remedy)
        end_delegation(actor=offices.leader, delegation=delegation)
        assert decide(offices, drafted, offices.leader).state == "refused"


def test_who_stands_for_the_head_says_so_in_the_step(offices: Offices, drafted: Matter) -> None:
    colleague = a_user(Role.NATIONAL_OFFICER, offices.national.organisation)
    with clock.travel_to("2024-03-04"):
        away(offices.leader, colleague)
        step = decide(offices, drafted, colleague)
    assert (step.actor, step.on_behalf_of) == (colleague, offices.leader)


def test_a_delegate_of_the_drafter_does_not_approve(offices: Offices) -> None:
    """Two heads: one proposes for want of an officer, and is then away; the other stands for that one."""
    a_port("xintang-water", "water", name_zh="新塘水运口岸", province_code="44")
    with clock.travel_to("2024-03-04"):
        offices.day = clock.today()
        second, third = (a_user(Role.NATIONAL_LEADER, offices.national.organisation) for _ in range(2))
        matter = offices.begun("demonstration_selection", {"port": "xintang-water"})
        offices.go(matter, "submit")
        offices.take(matter, "consult", actor=offices.leader, facts=GOOD)
        away(offices.leader, second)
        for person in (offices.leader, second):
            with pytest.raises(NotAllowed):
                decide(offices, matter, person)
        assert decide(offices, matter, third).actor == third


def test_who_drafted_in_anothers_place_binds_that_person_too(offices: Offices) -> None:
    a_port("xintang-water", "water", name_zh="新塘水运口岸", province_code="44")
    with clock.travel_to("2024-03-04"):
        offices.day = clock.today()
        second, third = (a_user(Role.NATIONAL_LEADER, offices.national.organisation) for _ in range(2))
        matter = offices.begun("demonstration_selection", {"port": "xintang-water"})
        offices.go(matter, "submit")
        reassign(actor=offices.leader, task=Task.objects.open().get(matter=matter, party="leader").pk, to=offices.leader)
        delegation = away(offices.leader, second)
        step = offices.take(matter, "consult", actor=second, facts=GOOD).steps.last()
        assert step is not None and (step.actor, step.on_behalf_of) == (second, offices.leader)
        end_delegation(actor=offices.leader, delegation=delegation)
        for person in (offices.leader, second):
            with pytest.raises(NotAllowed):
                decide(offices, matter, person)
        assert decide(offices, matter, third).actor == third


def test_what_lies_with_a_colleague_by_name_is_done_in_that_persons_place(offices: Offices) -> None:
    a_port("xintang-water", "water", name_zh="新塘水运口岸", province_code="44")
    colleague = a_user(Role.NATIONAL_OFFICER, offices.national.organisation)
    with clock.travel_to("2024-03-04"):
        offices.day = clock.today()
        matter = offices.begun("change_of_facts", {"port": "xintang-water"})
        offices.go(matter, "submit")
        task = Task.objects.open().get(matter=matter, party="national")
        reassign(actor=offices.national, task=task.pk, to=offices.national)
        away(offices.national, colleague)
        step = offices.take(matter, "consult", actor=colleague).steps.last()
    assert (step.actor, step.on_behalf_of) == (colleague, offices.national)


def test_an_officer_delegates_to_no_head_and_to_nobody_elsewhere(offices: Offices) -> None:
    for taker in (offices.leader, offices.province):
        with pytest.raises(Refused):
            away(offices.national, taker)
