"""The exercise round: played by the demonstration's people through every stage, once, in the exercise workspace only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from tests.casework.execution_office import refused
from tests.conftest import Installation
from tests.evaluation.rounds.round_office import FEW
from tests.ports.factories import a_port

from kouan.accounts.action import acting_system
from kouan.accounts.actions import make_demonstration_users
from kouan.accounts.models import User
from kouan.audit.models import AuditEntry
from kouan.basis import clock
from kouan.desk.matters.models import Matter, MatterNotice, MatterStep, ProcedureSetting
from kouan.desk.matters.queries import inbox
from kouan.evaluation.method.exercise import ports as exercise_ports
from kouan.evaluation.rounds import playing
from kouan.evaluation.rounds.clearing import public_of
from kouan.evaluation.rounds.evidence.models import EntryPaper
from kouan.evaluation.rounds.frozen import data_of
from kouan.evaluation.rounds.models import Freeze, Objection, PortScore, Robustness, Round, SchemeVersion
from kouan.evaluation.rounds.playing import STAGES, play, play_all
from kouan.evaluation.rounds.replaying import replayed

TODAY = date(2026, 3, 20)


def quiet(zh: str, en: str) -> None:
    """Nobody listens."""


@pytest.fixture
def demo(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The demonstration's people and a port for every office that reports."""
    settings.IS_EXERCISE = settings.DEBUG = True
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    with acting_system("test") as system:
        make_demonstration_users(actor=system)
    for code, kind, place in (("humen-water", "sea", "44"), ("luohu-rail", "rail", "44"), ("ruili-road", "road", "53"), ("yantai-water", "sea", "37"),
                              ("zhuhai-water", "sea", "44"), ("shantou-water", "sea", "44"), ("gongbei-road", "road", "44")):
        a_port(code, code.rsplit("-", 1)[1], province_code=place, city_code="440300" if code.startswith("luohu") else "", transport_class=kind,
               class_basis="测试")
    with clock.travel_to(TODAY):
        yield


def counts() -> tuple[int, ...]:
    return tuple(each.objects.count() for each in (Matter, MatterStep, SchemeVersion, Freeze, PortScore, Objection, ProcedureSetting, AuditEntry))


@pytest.mark.usefixtures("demo")
def test_one_round_is_archived_the_next_is_open_and_a_second_run_changes_nothing() -> None:
    found = play_all(quiet)
    assert [(each.year, each.stage, each.waits_until) for each in found] == [(2024, "archived", None), (2025, "collecting", None)]
    held = Round.objects.get(year=2024)
    states = {each.office.code: each.matter.state for each in held.returns.select_related("office", "matter")}
    assert states == {"gd": "verified", "npo": "verified", "sz": "verified", "yn": "not_filed"}
    # The late province was reminded twice; its ports have what central sources say, and points for nothing else.
    late = held.returns.get(office__code="yn").matter
    assert late.notices.filter(kind="reminder").values("key").distinct().count() == 2
    first, second = held.freezes.order_by("revision")
    row = second.ports.get(code="ruili-road")
    assert row.reminders and all(row.figures[item][-1] is None for item in row.reminders)
    assert row.figures["cargo_t"][-1] is not None
    # An objection was upheld: figures and scores of that port are others, everybody else's figures the same.
    objection = Objection.objects.get()
    assert (objection.matter.state, objection.office.code, objection.scoring.number) == ("upheld", "gd", 1)
    assert first.data_digest != second.data_digest
    changed = {each.code for each in first.ports.all() if each.figures != second.ports.get(code=each.code).figures
               or each.reminders != second.ports.get(code=each.code).reminders}
    assert changed == {objection.port.code}
    assert [each["code"] for each in second.findings] == [
        "generated_figures", "figures_not_filed", "figures_corrected", "entries_taken_in", "entries_rejected", "marks_far_apart"]
    replayed(held)
    # Points were filed and one rejected; experts' marks took the place of 1.
    data = data_of(second)
    at = data.ports.index("luohu-rail")
    assert [float(data.column(item)[-1, at]) for item in ("I-0606/5G", "I-0606/区块链", "I-0401/应急预案")] == [0.8, 0.0, 0.75]
    assert np.isnan(data.column("I-0606/北斗")[-1, at]) and data.column("survey_public.answers")[-1, at] == 64
    assert {each.version.document.title[:6] for each in EntryPaper.objects.select_related("version__document")} == {"演练佐证（虚"}
    # Every day lies in the past, in order; what is open is everybody's to do.
    days = list(held.matter.steps.order_by("number").values_list("taken_on", flat=True))
    assert days == sorted(days) and days[0] == date(2025, 3, 3) and days[-1] < TODAY
    assert ProcedureSetting.objects.filter(reason=playing.WHY).count() == ProcedureSetting.objects.count() > 0
    for name in ("guojia", "fuzeren", "guangdong", "yunnan", "luohu-bianjian", "zhuanjia", "zhuanjia-er"):
        assert inbox(User.objects.get(username=name)).filter(matter__title__contains="2025").exists(), name
    assert not inbox(User.objects.get(username="guojia")).filter(matter__title__contains="2024").exists()
    # Before the sign-off the places were studied, of the second scoring.
    assert [(each.scoring.number, each.runs, len(each.ports)) for each in Robustness.objects.select_related("scoring")] == [
        (2, playing.STUDIED, len(second.ports.all()))]
    # After the sign-off: two offices signed and the late one did not; its tasks wait, the others' are accepted; bands alone are public.
    assert {each.office.code: each.matter.state for each in held.receipts.all()} == {"gd": "signed", "sz": "signed", "yn": "to_sign"}
    assert held.rectifications.exists()
    assert {(each.office.code == "yn", each.matter.state) for each in held.rectifications.all()} <= {(True, "given"), (False, "accepted")}
    content = public_of(2024).content
    assert content is not None and content["fields"] == list(playing.CLEARED) and len(content["ports"]) == 7
    before = counts()
    assert play_all(quiet) == found
    assert counts() == before


@pytest.mark.usefixtures("demo")
@pytest.mark.long
def test_it_stops_where_it_is_told_goes_on_from_there_and_never_into_days_to_come() -> None:
    assert play(2023, to="commenting").stage == "commenting"
    assert play(2023, to="scored").stage == "commenting", "a round is not played backwards"
    assert play(2023).stage == "archived"
    # The round of this year begins today: what its clock must end, stays until then.
    found = play(2025)
    assert (found.stage, found.waits_until) == ("peer_view", TODAY + timedelta(days=11))
    assert play(2025) == found
    assert not MatterStep.objects.filter(taken_on__gt=TODAY).exists()
    assert not MatterNotice.objects.filter(created_at__gt=clock.now()).exists()
    with clock.travel_to(TODAY + timedelta(days=11)):
        assert play(2025, to="commenting").stage == "commenting"
    assert STAGES.index("commenting") < STAGES.index("archived")


@pytest.mark.usefixtures("demo")
def test_other_matters_are_left_alone_by_the_days_that_pass_in_it() -> None:
    play(2025, to="collecting")
    open_now = {each.pk: (each.state, each.version) for each in Matter.objects.running()}
    notices = MatterNotice.objects.count()
    play(2024, to="verifying")
    assert {each.pk: (each.state, each.version) for each in Matter.objects.filter(pk__in=open_now)} == open_now
    assert MatterNotice.objects.filter(matter__in=open_now).count() == notices


@pytest.mark.usefixtures("demo")
def test_a_stage_that_there_is_not_and_people_that_there_are_not_are_refused() -> None:
    with refused("unknown_stage"):
        play(2024, to="finished")
    User.objects.filter(username="fuzeren").update(is_active=False)
    with refused("no_demonstration"):
        play(2024)
    assert not Round.objects.exists() and not ProcedureSetting.objects.exists()


@pytest.mark.django_db
def test_a_real_workspace_has_no_exercise(settings: Any) -> None:
    settings.IS_EXERCISE = False
    with refused("not_an_exercise"):
        play_all(quiet)
    assert not Round.objects.exists()


@pytest.mark.long
def test_make_demo_plays_the_nation_s_round_once(installation: Installation) -> None:
    installation.environment.update({"KOUAN_WORKSPACE": "exercise", "KOUAN_DEBUG": "1"})
    assert installation.kouan("setup", "--workspace", "exercise").returncode == 0
    told = [json.loads(installation.kouan("evaluation", "round", "show", year, "--json").stdout) for year in ("2024", "2025")]
    assert [each["stage"] for each in told] == ["archived", "collecting"]
    assert len(told[0]["results"]) >= 313 and told[0]["is_exercise"] and told[0]["scoring"]["number"] == 2
    again = installation.kouan("setup", "--workspace", "exercise")
    assert again.returncode == 0 and "演练" not in again.stdout + again.stderr
    assert [json.loads(installation.kouan("evaluation", "round", "show", year, "--json").stdout) for year in ("2024", "2025")] == told
    assert installation.kouan("evaluation", "replay", "2024").returncode == 0
