"""The yearly evaluation for programs: scorecard and trace by scope and stage, in the one error shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.accounts.factories import a_port_reporter, an_enterprise_user
from tests.api.world import client_of
from tests.evaluation.rounds.round_office import FEW, YEAR, RoundOffice

from kouan.basis import clock
from kouan.evaluation.method.exercise import ports as exercise_ports
from kouan.evaluation.rounds.models import PortScore

CARD = f"/api/v1/evaluation/rounds/{YEAR}/ports/luohu-road"

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[RoundOffice]:
    settings.IS_EXERCISE = True
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    with clock.travel_to("2026-02-02"):
        found = RoundOffice()
        found.scored()
        yield found


def test_a_card_and_a_trace_hold_what_their_reader_may_read(office: RoundOffice) -> None:
    national = client_of(office.officer)
    card = national.get(CARD).json()["scorecard"]
    score = PortScore.objects.get(port__code="luohu-road")
    assert (card["total"], card["rank"], card["band"], card["is_exercise"], card["is_proposal"]) == (score.total, score.rank, score.band, True, True)
    assert abs(sum(each["contribution"] for each in card["indicators"]) - score.total) < 1e-6
    trace = national.get(f"{CARD}/indicators/I-0301").json()["trace"]
    assert trace["formula"] == "cargo_t / staff_insp" and {each["source"]["kind"] for each in trace["figures"]} <= {
        "computed", "generated", "not_reported"}
    own = client_of(office.guangdong)
    assert own.get(CARD).status_code == 404
    office.step("open_peer_view")
    card = own.get(CARD).json()["scorecard"]
    assert card["band"] and not {"total", "rank", "groups", "change"} & card.keys() and "points" not in card["indicators"][0]
    assert not {"points", "value", "low", "sentence"} & own.get(f"{CARD}/indicators/I-0301").json()["trace"].keys()
    office.from_peer_view_to_notice()
    card = own.get(CARD).json()["scorecard"]
    assert card["total"] == score.total and "rank" not in card


def test_nobody_else_finds_them_and_errors_have_the_one_shape(office: RoundOffice) -> None:
    office.step("open_peer_view")
    for user in (office.hubei, a_port_reporter("wuhan-water"), office.expert, an_enterprise_user()):
        for address in (CARD, f"{CARD}/indicators/I-0301"):
            answer = client_of(user).get(address)
            assert answer.status_code in (403, 404) and answer.json()["error"]["findings"][0]["message"]["zh"]
            assert PortScore.objects.get(port__code="luohu-road").band not in answer.content.decode()
    national = client_of(office.officer)
    for address, status, code in (
        ("/api/v1/evaluation/rounds/2024/ports/luohu-road", 404, "unknown_round"),
        (f"/api/v1/evaluation/rounds/{YEAR}/ports/nowhere-road", 404, "unknown_result"), (f"{CARD}/indicators/I-9999", 404, "unknown_indicator"),
    ):
        answer = national.get(address)
        assert answer.status_code == status and answer.json()["error"]["findings"][0]["code"] == code
    assert national.get("/api/v1/evaluation/rounds/1/ports/luohu-road").status_code == 422
    assert client_of(None).get(CARD).status_code == 401
