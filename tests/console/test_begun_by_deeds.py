"""Procedures whose matters only their own room opens: no door begins them by a bare form."""

from __future__ import annotations

import pytest

from kouan.basis import Refused
from kouan.desk.matters.registry import begun_by_form, procedures, refuse_if_begun_by_deeds


def test_what_its_own_room_opens_is_begun_at_no_other_door():
    apart = {each.procedure.code for each in procedures()} - {each.procedure.code for each in begun_by_form()}
    assert {"supervision", "circular_receipt", "joint_conference", "conference_action", "conference_invitation"} <= apart
    for code in apart:
        with pytest.raises(Refused) as refusal:
            refuse_if_begun_by_deeds(code)
        assert refusal.value.findings[0].code == "procedure_begun_by_deeds"
    refuse_if_begun_by_deeds("opening")


@pytest.mark.django_db
def test_the_form_of_such_a_procedure_is_refused(open_as):
    from accounts.factories import a_national_officer

    client = open_as(a_national_officer())
    page = client.get("/matters/begin/supervision")
    assert page.status_code == 422
    assert "由专门的操作开出" in page.content.decode()
