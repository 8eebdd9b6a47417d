"""A round from its opening to the notice: tasks, freeze, scores, replay; and who reads what at which stage."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from tests.accounts.factories import (
    a_port_reporter,
    a_provincial_officer,
    a_user,
    an_administrator,
    an_auditor,
    an_enterprise_user,
)
from tests.casework.execution_office import refused
from tests.evaluation.rounds.round_office import FEW, YEAR, RoundOffice

from kouan.accounts.action import acting_system
from kouan.accounts.models import Role
from kouan.audit.models import AuditEntry
from kouan.basis import Conflict, NotAllowed, NotFound, Refused, clock
from kouan.collection.models import LineageLink
from kouan.desk import jobs
from kouan.desk.matters.actions import give_opinion, run_clocks, take_step
from kouan.desk.matters.queries import inbox
from kouan.desk.models import JobState
from kouan.evaluation.method.exercise import ports as exercise_ports
from kouan.evaluation.method.scheme import score_round as by_method
from kouan.evaluation.rounds import jobs as round_jobs
from kouan.evaluation.rounds.actions import freeze_round, open_round, score_round
from kouan.evaluation.rounds.effects import _unanswered
from kouan.evaluation.rounds.frozen import data_of
from kouan.evaluation.rounds.models import Freeze, FrozenPort, PortScore, Round, RoundReturn, Scoring
from kouan.evaluation.rounds.once import WrittenOnce
from kouan.evaluation.rounds.queries import (
    get_round,
    result_of,
    results,
    returns_visible_to,
    rounds_visible_to,
)
from kouan.evaluation.rounds.replaying import replayed

DAY = date(2026, 2, 2)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_the_exercise(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.IS_EXERCISE = True
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    with clock.travel_to(DAY):
        yield


def changed_by_hand(model: Any, pk: int, **values: Any) -> None:
    """As somebody with the database in hand would, past every verb."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        for name, value in values.items():
            cursor.execute(f"UPDATE {table} SET {name} = %s WHERE id = %s", [value, pk])


# ---- opening ----------------------------------------------------------------------------------------------


def test_opening_gives_every_office_and_its_verifier_a_task() -> None:
    office = RoundOffice()
    held = office.opened(experts=office.expert.organisation.code)
    assert (held.stage, held.scheme_version.version, held.is_exercise) == ("collecting", 1, True)
    kept = {each.office: each.ports for each in RoundReturn.objects.all()}
    assert kept == {office.guangdong.organisation: ["luohu-road"], office.hubei.organisation: ["wuhan-water"]}
    assert [task.matter for task in inbox(office.guangdong)] == [office.return_of(office.guangdong).matter]
    office.file(office.guangdong)
    assert [task.matter for task in inbox(office.customs)] == [office.return_of(office.guangdong).matter], "customs know the port"
    office.file(office.hubei)
    assert office.return_of(office.hubei).matter in [task.matter for task in inbox(office.officer)], "nobody nearer verifies"
    with refused("round_open", Conflict):
        office.opened()
    assert Round.objects.count() == 1


def test_nobody_verifies_what_he_filed_and_a_return_can_go_back() -> None:
    office = RoundOffice()
    office.opened()
    office.file(office.guangdong)
    for nobody in (office.guangdong, office.officer):
        with pytest.raises(NotAllowed):
            office.verify(office.guangdong, nobody)
    matter = office.return_of(office.guangdong).matter_id
    take_step(actor=office.customs, matter=matter, transition="give_back", fields={"reason": "缺四季度"})
    office.file(office.guangdong)
    office.verify(office.guangdong, office.customs)
    assert office.return_of(office.guangdong).matter.outcome == "concluded"
    with pytest.raises(NotFound):
        take_step(actor=office.hubei, matter=matter, transition="file", fields={"remarks": "代报"})


def test_a_round_needs_its_scheme_its_periods_its_ports_and_a_year_that_has_begun() -> None:
    office = RoundOffice(periods=False, scheme=False, ports=False)
    with refused("unknown_scheme", NotFound):
        office.opened()
    with refused("year_to_come"):
        office.opened(year=2030)
    office = RoundOffice(periods=False)
    with pytest.raises(Refused) as error:
        office.opened()
    assert "采集日数" in " ".join(each.message.zh for each in error.value.findings)
    office.set_periods()
    with refused("unknown_panel"):
        office.opened(experts="nobody")
    assert not Round.objects.exists() and not RoundReturn.objects.exists()


def test_a_real_workspace_takes_open_ports_only(settings: Any) -> None:
    settings.IS_EXERCISE = False
    office = RoundOffice()
    with pytest.raises(Refused) as error:
        office.opened()
    assert {"round_without_ports", "port_not_open"} <= {each.code for each in error.value.findings}


# ---- freeze and score -------------------------------------------------------------------------------------


def test_what_is_frozen_is_read_back_whole_and_never_changes() -> None:
    office = RoundOffice()
    office.opened()
    for user, verifier in ((office.guangdong, office.customs), (office.hubei, office.officer)):
        office.file(user)
        if user is office.hubei:
            office.step("close_collection")
            with refused("returns_open"):
                freeze_round(actor=office.officer, year=YEAR)
        office.verify(user, verifier)
    assert not Freeze.objects.exists()
    freeze = freeze_round(actor=office.officer, year=YEAR)
    data = data_of(freeze)
    assert data.digest == freeze.data_digest and data.is_exercise and freeze.is_exercise
    assert (len(data.ports), data.years) == (11, (2021, 2022, 2023, 2024, 2025))
    assert freeze.ports.get(code="luohu-road").province_code == "44" and freeze.ports.filter(is_invented=True).count() == 9
    assert "generated_figures" in [each["code"] for each in freeze.findings]
    row = freeze.ports.all()[0]
    for change in (row.save, row.delete, freeze.save, lambda: FrozenPort.objects.update(grade=""), lambda: Freeze.objects.filter(pk=1).delete()):
        with pytest.raises(WrittenOnce):
            change()
    with pytest.raises(Conflict):
        freeze_round(actor=office.officer, year=YEAR)
    assert AuditEntry.objects.filter(table_name="rounds_freeze", after__contains=freeze.data_digest).count() == 1


def test_scores_are_those_of_the_method_and_a_replay_makes_them_again() -> None:
    office = RoundOffice()
    scoring = office.scored()
    result = by_method(scoring.round.scheme_version.scheme(), data_of(scoring.freeze))
    assert scoring.result_digest == result.digest == replayed(scoring.round).digest
    assert scoring.scores.count() == 11
    y, p = result.at("luohu-road", YEAR)
    kept = PortScore.objects.get(port__code="luohu-road")
    assert (kept.total, kept.rank, kept.band) == (float(result.total[y, p]), int(result.rank[y, p]), result.bands[y][p])
    cell = kept.cells["I-0101"]
    assert set(cell) == {"raw", "points", "mark", "basis", "weight", "contribution"}
    assert abs(sum(each["weight"] for each in kept.cells.values()) - 1) < 1e-9
    assert "scheme" not in scoring.record and scoring.record["result_digest"] == result.digest
    assert score_round(actor=office.officer, year=YEAR) == (scoring, False)
    assert LineageLink.objects.filter(user_kind="scoring", used_kind="freeze", used_digest=scoring.data_digest).count() == 1


@pytest.mark.parametrize("what", ["figure", "row", "score", "record", "scheme"])
def test_a_replay_refuses_whatever_was_altered(what: str) -> None:
    office = RoundOffice()
    scoring = office.scored()
    port = FrozenPort.objects.filter(is_invented=True)[0]
    score = PortScore.objects.get(port=port)
    version = scoring.round.scheme_version
    alterations: dict[str, tuple[Any, int, dict[str, Any], str]] = {
        "figure": (FrozenPort, port.pk, {"figures": '{"jobs": [1, 2, 3, 4, 5]}'}, "freeze_altered"),
        "row": (FrozenPort, port.pk, {"grade": "hub" if port.grade != "hub" else ""}, "freeze_altered"),
        "score": (PortScore, score.pk, {"total": 99.0}, "stored_scores_differ"),
        "record": (Scoring, scoring.pk, {"result_digest": "0" * 64}, "replay_result_differs"),
        "scheme": (type(version), version.pk, {"content": version.content.replace('"from":75', '"from":70')}, "scheme_altered"),
    }
    model, pk, values, code = alterations[what]
    changed_by_hand(model, pk, **values)
    with refused(code):
        replayed(get_round(office.officer, YEAR))


def test_a_round_sent_back_is_frozen_anew_and_the_first_stays() -> None:
    office = RoundOffice()
    first = office.scored()
    with pytest.raises(NotAllowed):
        office.step("reopen", office.officer, reason="发现错报")
    office.step("reopen", office.leader, reason="发现错报")
    held = get_round(office.officer, YEAR)
    assert not results(office.officer, held), "what was taken back is no result"
    second = freeze_round(actor=office.officer, year=YEAR)
    assert (second.revision, second.data_digest) == (2, first.data_digest), "the same figures have the same digest"
    again, is_new = score_round(actor=office.officer, year=YEAR)
    assert is_new and (again.number, again.result_digest) == (2, first.result_digest)
    assert replayed(held, first).digest == first.result_digest


def test_freeze_and_score_run_as_jobs_with_progress_and_may_be_repeated() -> None:
    office = RoundOffice()
    office.collected()
    done = [jobs.run(later(actor=office.officer, year=YEAR).pk) for later in (round_jobs.freeze_later, round_jobs.score_later)]
    assert [each.state for each in done if each] == [JobState.DONE, JobState.DONE]
    assert done[1] is not None and done[1].result["ports"] == 11 and (done[1].done, done[1].total) == (3, 3)
    again = jobs.run(round_jobs.score_later(actor=office.officer, year=YEAR).pk)
    assert again is not None and again.result["result_digest"] == done[1].result["result_digest"] and Scoring.objects.count() == 1
    for later in (round_jobs.freeze_later, round_jobs.score_later):
        with refused("not_allowed", NotAllowed):
            later(actor=office.guangdong, year=YEAR)


# ---- who reads what ---------------------------------------------------------------------------------------


def test_a_province_reads_bands_at_the_comparison_and_decimals_after_the_notice() -> None:
    office = RoundOffice()
    office.scored()
    held = get_round(office.guangdong, YEAR)
    assert results(office.guangdong, held) == []
    with refused("unknown_result", NotFound):
        result_of(office.guangdong, held, "luohu-road")
    office.step("open_peer_view")
    held = get_round(office.guangdong, YEAR)
    (own,) = results(office.guangdong, held)
    assert (own.code, own.total, own.rank, own.cells) == ("luohu-road", None, None, None) and own.band_name is not None
    assert not {"total", "rank", "groups", "indicators"} & own.as_dict().keys() and own.marks
    reporter = a_port_reporter("luohu-road")
    assert [each.code for each in results(reporter, held)] == ["luohu-road"]
    invented = FrozenPort.objects.filter(is_invented=True)[0].code
    for user, code in ((office.hubei, "luohu-road"), (office.guangdong, invented), (reporter, "wuhan-water"), (office.guangdong, "nowhere")):
        with refused("unknown_result", NotFound):
            result_of(user, held, code)
    assert AuditEntry.objects.filter(after__contains='"port_score"').count() == 4, "three of others, and one too early"


def test_after_the_notice_own_decimals_and_never_ranks() -> None:
    office = RoundOffice()
    office.scored()
    office.on_to_notice()
    held = get_round(office.guangdong, YEAR)
    assert held.stage == "notified"
    own = result_of(office.guangdong, held, "luohu-road")
    assert own.total is not None and own.cells and own.rank is None and "rank" not in own.as_dict()
    assert len(results(office.guangdong, held)) == 1
    nation = {each.code: each for each in results(office.officer, held)}
    assert len(nation) == 11 and nation["luohu-road"].rank and nation["luohu-road"].total == own.total
    assert results(an_auditor(organisation=office.officer.organisation), held)[0].rank is not None
    few = results(an_administrator(organisation=office.officer.organisation), held)[0]
    assert few.total is None and few.rank is None and few.band is not None


def test_outsiders_find_no_round_and_nobody_else_runs_one() -> None:
    office = RoundOffice()
    office.scored(experts=office.expert.organisation.code)
    for user in (office.expert, an_enterprise_user(), a_user(Role.MINISTRY_OFFICER, office.expert.organisation)):
        assert not rounds_visible_to(user).exists()
        with refused("unknown_round", NotFound):
            get_round(user, YEAR)
        assert not results(user, Round.objects.get())
    for user in (office.guangdong, an_auditor(), an_enterprise_user()):
        for verb in (open_round, freeze_round, score_round):
            with refused("not_allowed", NotAllowed):
                verb(actor=user, year=YEAR)
    with acting_system("tests") as system, refused("needs_a_person"):
        open_round(actor=system, year=2024)
    held = Round.objects.get()
    assert [each.office for each in returns_visible_to(office.guangdong, held)] == [office.guangdong.organisation]
    assert [each.office for each in returns_visible_to(office.customs, held)] == [office.guangdong.organisation]
    assert returns_visible_to(office.officer, held).count() == 2
    assert not returns_visible_to(a_provincial_officer("31"), held).exists()


def test_experts_are_asked_and_waited_for() -> None:
    office = RoundOffice()
    office.scored(experts=office.expert.organisation.code)
    with refused("opinions_outstanding"):
        office.step("open_peer_view")
    give_opinion(actor=office.expert, matter=Round.objects.get().matter_id, consultation="review", party="experts", agrees=True, words="同意")
    office.step("open_peer_view")
    assert Round.objects.get().stage == "peer_view"


def test_a_late_province_is_closed_and_the_round_goes_on() -> None:
    office = RoundOffice()
    office.opened()
    office.file(office.hubei)
    office.verify(office.hubei)
    office.step("close_collection")
    for days in (31, 38, 45):
        with clock.travel_to(DAY + timedelta(days=days)), acting_system("run_clocks") as system:
            run_clocks(actor=system)
    with clock.travel_to(DAY + timedelta(days=46)):
        take_step(actor=office.officer, matter=office.return_of(office.guangdong).matter_id, transition="close_unfiled", fields={"reason": "逾期"})
        freeze = freeze_round(actor=office.officer, year=YEAR)
    assert freeze.ports.count() == 11
    assert _unanswered(freeze.round, 2) == {"luohu-road"}
