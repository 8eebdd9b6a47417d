"""Objections: by whom, when, to what; decided by another than who proposed the answer; and what they hold up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from tests.accounts.factories import a_port_reporter
from tests.casework.execution_office import refused
from tests.evaluation.rounds.round_office import FEW, YEAR, RoundOffice

from kouan.accounts.action import acting_system
from kouan.basis import Conflict, NotAllowed, NotFound, clock
from kouan.desk.matters.actions import run_clocks, take_step
from kouan.evaluation.method.exercise import ports as exercise_ports
from kouan.evaluation.rounds.actions import freeze_round, score_round
from kouan.evaluation.rounds.models import Objection, Round
from kouan.evaluation.rounds.objections import objections_visible_to, raise_objection

DAY = date(2026, 2, 2)
pytestmark = pytest.mark.django_db


@pytest.fixture
def office(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[RoundOffice]:
    settings.IS_EXERCISE = True
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    with clock.travel_to(DAY):
        found = RoundOffice()
        found.scored()
        found.step("open_peer_view")
        yield found


def pass_days(days: int) -> None:
    with clock.travel_to(DAY + timedelta(days=days)), acting_system("run_clocks") as system:
        run_clocks(actor=system)


def objection(office: RoundOffice, **known: Any) -> Objection:
    said = {"actor": office.guangdong, "year": YEAR, "port": "luohu-road", "grounds": "查验场地面积有误", "indicator": "I-0101"}
    return raise_objection(**said | known)


def test_only_in_its_time_by_the_reporting_office_once_and_for_a_reason(office: RoundOffice) -> None:
    with refused("not_the_time", Conflict):
        objection(office)
    pass_days(11)
    with clock.travel_to(DAY + timedelta(days=12)):
        with refused("unknown_result", NotFound):
            objection(office, actor=office.hubei)
        for nobody in (office.customs, office.officer, office.expert, a_port_reporter("luohu-road")):
            with refused("not_allowed", NotAllowed):
                objection(office, actor=nobody)
        with refused("grounds_missing"):
            objection(office, grounds=" ")
        with refused("unknown_indicator"):
            objection(office, indicator="I-9999")
        assert not Objection.objects.exists()
        made = objection(office)
        assert (made.port.code, made.scoring.number, made.matter.state) == ("luohu-road", 1, "raised")
        with refused("objection_on_record", Conflict):
            objection(office)
        objection(office, indicator="")
        held = Round.objects.get()
        assert objections_visible_to(office.guangdong, held).count() == objections_visible_to(office.officer, held).count() == 2
        assert not objections_visible_to(office.hubei, held).exists() and not objections_visible_to(office.expert, held).exists()
        with pytest.raises(NotFound):
            take_step(actor=office.hubei, matter=made.matter_id, transition="withdraw", fields={"reason": "不是我的"})
    pass_days(40)
    with clock.travel_to(DAY + timedelta(days=41)), refused("not_the_time", Conflict):
        objection(office, indicator="I-0102")


@pytest.mark.parametrize("decision", ["uphold", "dismiss"])
def test_the_round_waits_for_the_decision_and_for_new_scores_after_one_upheld(office: RoundOffice, decision: str) -> None:
    pass_days(11)
    with clock.travel_to(DAY + timedelta(days=12)):
        made = objection(office)
    pass_days(40)
    with clock.travel_to(DAY + timedelta(days=41)):
        with refused("objections_open"):
            office.step("submit_for_signing", None, "comments_and_answers")
        with pytest.raises(NotAllowed):
            take_step(actor=office.guangdong, matter=made.matter_id, transition="propose_answer", fields={"answer": "同意"})
        take_step(actor=office.officer, matter=made.matter_id, transition="propose_answer", fields={"answer": "经核实"})
        with pytest.raises(NotAllowed):
            take_step(actor=office.officer, matter=made.matter_id, transition=decision, fields={"reason": "核实"})
        take_step(actor=office.leader, matter=made.matter_id, transition=decision, fields={"reason": "核实"})
        if decision == "uphold":
            with refused("objections_upheld"):
                office.step("submit_for_signing", None, "comments_and_answers")
            office.step("reopen", office.leader, reason="异议成立")
            freeze_round(actor=office.officer, year=YEAR)
            assert score_round(actor=office.officer, year=YEAR)[0].number == 2
            office.step("open_peer_view")
            assert Round.objects.get().stage == "peer_view"
        else:
            office.step("submit_for_signing", None, "comments_and_answers")
            assert Round.objects.get().stage == "signing"
