"""The list of class-II ports knows the cases of clearance that run, however they were begun."""

from __future__ import annotations

from typing import Any

import pytest
from tests.casework.cases import Offices
from tests.casework.test_effects import a_class_two_port
from tests.ports.factories import a_document

from kouan.basis import Conflict
from kouan.grading.class_two import NewClassTwo, enter_class_two
from kouan.grading.list_actions import open_case
from kouan.grading.list_facts import compile_list, running_cases

pytestmark = pytest.mark.django_db


@pytest.fixture
def offices() -> Offices:
    return Offices()


def running(user: Any) -> dict[str, list[int]]:
    compiled = compile_list(user, "class-two")
    return {subject: [matter.pk for matter in found] for subject, found in running_cases(user, compiled.listed).items()}


def test_a_case_begun_by_the_form_stands_beside_its_entry_and_beside_no_other(offices: Offices) -> None:
    row = a_class_two_port(offices)
    (other,) = enter_class_two(actor=offices.national, lines=[NewClassTwo("另一装卸点", "water", "44")], document=a_document())
    matter = offices.begun("class_two_clearance", {"class_two": row.code})
    assert running(offices.national) == running(offices.province) == {f"class-two:{row.code}": [matter.pk]}
    matter.refresh_from_db()
    assert matter.port_code == "" and f"class-two:{other.code}" not in running(offices.national)


def test_a_case_begun_from_the_list_and_one_begun_by_the_form_stand_together(offices: Offices) -> None:
    row = a_class_two_port(offices)
    subject = f"class-two:{row.code}"
    offices.settle("class_two_clearance")
    first = open_case(actor=offices.national, kind="class-two", subject=subject)
    second = offices.begun("class_two_clearance", {"class_two": row.code})
    assert running(offices.national) == {subject: [first.pk, second.pk]}


def test_the_list_opens_no_second_case_beside_one_begun_by_the_form(offices: Offices) -> None:
    row = a_class_two_port(offices)
    matter = offices.begun("class_two_clearance", {"class_two": row.code})
    with pytest.raises(Conflict) as refusal:
        open_case(actor=offices.national, kind="class-two", subject=f"class-two:{row.code}")
    assert refusal.value.findings[0].code == "case_runs_already" and refusal.value.findings[0].measured == str(matter.pk)


def test_what_is_out_of_scope_stays_so(offices: Offices) -> None:
    row = a_class_two_port(offices)
    offices.begun("class_two_clearance", {"class_two": row.code})
    elsewhere = Offices(national=offices.national).expert
    assert compile_list(elsewhere, "class-two").listed == ()
    entries = compile_list(offices.national, "class-two").listed
    assert running_cases(elsewhere, entries) == {}
