"""The yearly evaluation for programs: rounds by cursor, results within scope and stage, and what one may not read left out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from tests.accounts.factories import an_auditor, an_enterprise_user
from tests.api.world import client_of
from tests.evaluation.rounds.round_office import FEW, YEAR, RoundOffice

from kouan.basis import clock
from kouan.evaluation.method.exercise import ports as exercise_ports
from kouan.evaluation.rounds.models import PortScore

pytestmark = pytest.mark.django_db
DAY = date(2026, 2, 2)
ROOT = "/api/v1/evaluation/rounds"


@pytest.fixture
def office(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[RoundOffice]:
    cache.clear()
    settings.IS_EXERCISE = True
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    with clock.travel_to(DAY):
        found = RoundOffice()
        found.scored()
        yield found


def test_results_page_by_cursor_and_open_by_stage_and_scope(office: RoundOffice) -> None:
    national = client_of(office.officer)
    seen: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        answer = national.get(f"{ROOT}/{YEAR}/results?limit=4&after={after}").json()
        seen += answer["items"]
        after = answer["next"]
    kept = dict(PortScore.objects.values_list("port__code", "rank"))
    assert [each["port"] for each in seen] == sorted(kept) and {each["port"]: each["rank"] for each in seen} == kept
    assert all(each["is_exercise"] and isinstance(each["total"], float) for each in seen) and "indicators" not in seen[0]
    assert {each["port_class"] for each in national.get(f"{ROOT}/{YEAR}/results?port_class=sea").json()["items"]} == {"sea"}
    band = seen[0]["band"]
    assert {each["band"] for each in national.get(f"{ROOT}/{YEAR}/results?band={band}").json()["items"]} == {band}
    for user in (office.guangdong, office.customs):
        assert client_of(user).get(f"{ROOT}/{YEAR}/results").json()["items"] == []
        assert client_of(user).get(f"{ROOT}/{YEAR}/results/luohu-road").status_code == 404
    office.step("open_peer_view")
    own = client_of(office.guangdong)
    [line] = own.get(f"{ROOT}/{YEAR}/results").json()["items"]
    assert line["port"] == "luohu-road" and line["band"] and not {"total", "rank", "counted_share"} & line.keys()
    whole = own.get(f"{ROOT}/{YEAR}/results/luohu-road").json()
    assert whole["marks"] and not {"total", "rank", "groups", "five_types", "indicators"} & whole.keys()
    assert own.get(f"{ROOT}/{YEAR}/results/wuhan-water").status_code == 404
    assert own.get(f"{ROOT}/{YEAR}/results/nowhere").status_code == 404


def test_after_the_notice_programs_of_an_office_read_decimals_and_never_places(office: RoundOffice) -> None:
    office.on_to_notice()
    with clock.travel_to(DAY + timedelta(days=90)):
        whole = client_of(office.guangdong).get(f"{ROOT}/{YEAR}/results/luohu-road").json()
        assert whole["total"] == pytest.approx(PortScore.objects.get(port__code="luohu-road").total) and "rank" not in whole
        assert whole["groups"] and whole["indicators"]
        assert client_of(an_auditor()).get(f"{ROOT}/{YEAR}/results/luohu-road").json()["rank"]


def test_rounds_are_told_as_far_as_the_caller_may_know(office: RoundOffice) -> None:
    [line] = client_of(office.guangdong).get(ROOT).json()["items"]
    assert (line["year"], line["stage"], line["is_proposal"]) == (YEAR, "scored", True)
    assert client_of(office.guangdong).get(f"{ROOT}?after={YEAR}").json()["items"] == []
    assert client_of(office.guangdong).get(f"{ROOT}?after=999999999999999999").json()["items"] == [line]
    national, own = (client_of(user).get(f"{ROOT}/{YEAR}").json() for user in (office.officer, office.guangdong))
    assert len(national["returns"]) == 2 and national["scoring"]["number"] == 1 and national["freeze"]["data_digest"]
    assert [each["office"] for each in own["returns"]] == [office.guangdong.organisation.code]
    assert not {"findings", "freeze", "scoring"} & own.keys()
    assert client_of(office.officer).get(f"{ROOT}/2024").status_code == 404
    assert client_of(office.officer).get(f"{ROOT}/1999").status_code == 422
    for user in (office.expert, an_enterprise_user()):
        for address in (ROOT, f"{ROOT}/{YEAR}", f"{ROOT}/{YEAR}/results", f"{ROOT}/{YEAR}/results/luohu-road"):
            assert client_of(user).get(address).status_code == 403, address
    assert client_of(None).get(ROOT).status_code == 401
