"""A case explained out of the journal: in scope, corrected, up to now."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.accounts.factories import a_national_officer, an_enterprise_user
from tests.monitoring.case_factories import an_import_under_way
from tests.monitoring.journal_factories import NOON, OTHER_PORT, a_source, an_event, sent

from kouan.accounts.models import User
from kouan.basis import NotFound, clock
from kouan.monitoring.case_times import explain_case

pytestmark = pytest.mark.django_db

@pytest.fixture
def sender() -> User:
    return an_import_under_way()


def overall(user: Any) -> dict[str, Any]:
    return next(each for each in explain_case(user, "C00001")["wholes"] if each["code"] == "overall_clearance")


def test_a_running_case_is_told_up_to_now_and_corrections_count(sender: Any) -> None:
    with clock.travel_to(NOON + timedelta(hours=20)):
        told = overall(sender)
        assert (told["status"], told["age_us"]) == ("running", 20 * 3_600_000_000)
        assert told["so_far"][-1]["code"] == "release" and told["so_far"][-1]["hours"] == 7
        later = an_event(1, milestone="docs_checked", event_id="docs_checked", revision=2, occurred_at=(NOON + timedelta(hours=15)).isoformat())
        assert sent(sender, later).as_dict()["accepted"] == 1
        assert overall(sender)["so_far"][-1]["hours"] == 5


def test_who_may_not_see_the_port_sees_no_case(sender: Any) -> None:
    stranger = a_source("mzl-rail", ports=(OTHER_PORT,)).organisation.users.get()
    for user in (stranger, an_enterprise_user()):
        with pytest.raises(NotFound):
            explain_case(user, "C00001")
    assert overall(a_national_officer())["case_id"] == "C00001"
