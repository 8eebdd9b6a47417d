"""The doors of process views: the figures of the pages, bounded, in scope."""

from __future__ import annotations

from typing import Any

import pytest
from tests.accounts.factories import a_national_officer, a_provincial_officer, an_enterprise_user
from tests.api.world import client_of
from tests.monitoring.journal_factories import PORT
from tests.monitoring.process_factories import LATER, two_months

from kouan.basis import clock

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/processes"
ADDRESSES = [f"?port={PORT}&first=2026-03", f"/cases?port={PORT}&first=2026-03", "/case?case=I0",
             f"/comparison?port={PORT}&before=2026-03&after_first=2026-04", f"/lanes?port={PORT}&first=2026-03-10"]


@pytest.fixture(autouse=True)
def told() -> Any:
    two_months()
    with clock.travel_to(LATER):
        yield


def test_a_flow_its_cases_a_case_and_two_periods_are_told() -> None:
    program = client_of(a_national_officer())
    flow, cases, case, periods, lanes = (program.get(ROOT + address).json() for address in ADDRESSES)
    assert flow["cases"] == 8 and flow["wholes"][0]["median_hours"] == 10 and flow["segments"][0]["start"] == "arrived"
    assert flow["deviations"][0]["total_hours"] == 16 and flow["conformance"]["share"] == 1
    assert cases["total"] == 8 and cases["items"][0]["case_id"] == "I0" and cases["next"] is None
    assert case["wholes"][0]["hours"] == 18
    assert periods["wholes"][0]["verdict"] == "shorter" and periods["wholes"][0]["difference_hours"] == -2
    assert lanes["batches"] == 0
    first = program.get(f"{ROOT}/cases?port={PORT}&first=2026-03&limit=5").json()
    assert first["next"] == "5" and len(program.get(f"{ROOT}/cases?port={PORT}&first=2026-03&limit=5&after=5").json()["items"]) == 3


@pytest.mark.parametrize("address", ADDRESSES)
def test_another_province_is_answered_as_if_nothing_were_there(address: str) -> None:
    assert client_of(a_provincial_officer("15")).get(ROOT + address).status_code == 404
    assert client_of(an_enterprise_user()).get(ROOT + address).status_code == 403
    assert client_of(None).get(ROOT + address).status_code == 401


@pytest.mark.parametrize("address", [f"?port={PORT}&first=2026-01&last=2026-12", f"/cases?port={PORT}&arc=declared", "?port=nowhere&first=2026-13"])
def test_what_cannot_be_asked_is_refused(address: str) -> None:
    assert client_of(a_national_officer()).get(ROOT + address).status_code == 422
