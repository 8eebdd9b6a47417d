"""After the sign-off: notices and receipts, what is cleared for the public, rectification tasks, results handed to grading."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from tests.accounts.factories import a_port_reporter, an_enterprise_user
from tests.casework.execution_office import refused
from tests.evaluation.rounds.round_office import FEW, YEAR, RoundOffice
from tests.ports.factories import a_document

from kouan.accounts.action import acting_system
from kouan.basis import Conflict, NotAllowed, NotFound, Refused, clock
from kouan.desk.matters.actions import run_clocks, take_step
from kouan.desk.matters.models import MatterNotice
from kouan.desk.matters.queries import inbox
from kouan.evaluation.method.exercise import ports as exercise_ports
from kouan.evaluation.method.scheme.shape import Rectification
from kouan.evaluation.rounds import clearing, rectifying
from kouan.evaluation.rounds.actions import freeze_round, score_round
from kouan.evaluation.rounds.clearing import (
    clearances_visible_to,
    decide_clearance,
    propose_clearance,
    public_of,
    public_years,
    withdraw_clearance,
)
from kouan.evaluation.rounds.models import Clearance, NoticeReceipt, PortScore, RectificationTask, Round
from kouan.evaluation.rounds.notices import digest_of, receipts_visible_to, signed_by
from kouan.evaluation.rounds.once import WrittenOnce
from kouan.evaluation.rounds.rectifying import candidates, give_tasks, tasks_visible_to
from kouan.grading.grades import proposals
from kouan.grading.models import EvaluationResult

DAY = date(2026, 2, 2)
AFTER = DAY + timedelta(days=90)
pytestmark = pytest.mark.django_db


@pytest.fixture
def office(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[RoundOffice]:
    """A round whose results are notified; it is the day after."""
    settings.IS_EXERCISE = True
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    with clock.travel_to(DAY):
        found = RoundOffice()
        found.scored()
        found.on_to_notice()
    with clock.travel_to(AFTER):
        yield found


def held() -> Round:
    return Round.objects.get(year=YEAR)


def outsiders(office: RoundOffice) -> list[Any]:
    return [office.customs, office.expert, a_port_reporter("luohu-road"), an_enterprise_user()]


# ---- notice and receipt -----------------------------------------------------------------------------------


def test_every_reporting_office_is_told_of_its_own_ports_and_signs_once(office: RoundOffice) -> None:
    rows = {each.office_id: each for each in NoticeReceipt.objects.all()}
    assert set(rows) == {office.guangdong.organisation_id, office.hubei.organisation_id}
    mine = rows[office.guangdong.organisation_id]
    assert [each["port"] for each in mine.lines] == ["luohu-road"]
    score = PortScore.objects.get(port__code="luohu-road")
    assert (mine.lines[0]["band"], mine.lines[0]["total"]) == (score.band, score.total)
    assert mine.digest == digest_of(score.scoring.result_digest, mine.lines)
    assert "rank" not in json.dumps(mine.lines)
    assert inbox(office.guangdong).filter(matter=mine.matter).exists() and not inbox(office.hubei).filter(matter=mine.matter).exists()
    assert set(receipts_visible_to(office.officer, held())) == set(rows.values())
    assert list(receipts_visible_to(office.guangdong, held())) == [mine]
    for nobody in outsiders(office):
        assert not receipts_visible_to(nobody, held()).exists(), nobody
    with pytest.raises(NotFound):
        take_step(actor=office.hubei, matter=mine.matter_id, transition="sign")
    assert signed_by(mine) is None
    take_step(actor=office.guangdong, matter=mine.matter_id, transition="sign")
    signed = signed_by(NoticeReceipt.objects.get(pk=mine.pk))
    assert signed is not None and (signed.actor, signed.taken_on) == (office.guangdong, AFTER)
    with pytest.raises(WrittenOnce):
        mine.lines = []
        mine.save()


def test_who_does_not_sign_is_reminded_and_the_national_office_told(office: RoundOffice) -> None:
    late = NoticeReceipt.objects.get(office=office.hubei.organisation)
    for days in (78, 82, 85, 96):
        with clock.travel_to(DAY + timedelta(days=80) + timedelta(days=days - 70)), acting_system("run_clocks") as system:
            run_clocks(actor=system)
    told = MatterNotice.objects.filter(matter=late.matter)
    assert told.filter(recipient=office.hubei, kind="reminder").exists() and told.filter(recipient=office.officer, kind="escalation").exists()


def test_a_notice_waits_for_the_period_to_be_set(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from kouan.desk.matters.models import ProcedureSetting

    settings.IS_EXERCISE = True
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    with clock.travel_to(DAY):
        found = RoundOffice()
        ProcedureSetting.objects.filter(procedure="evaluation_receipt").delete()
        found.scored()
        with refused("setting_unfilled"):
            found.on_to_notice()
    assert held().stage == "signed" and not NoticeReceipt.objects.exists()


# ---- cleared fields ---------------------------------------------------------------------------------------


def cleared(office: RoundOffice, *fields: str, **known: Any) -> Clearance:
    made = propose_clearance(actor=office.officer, year=YEAR, fields=fields or ("band",), reason="公开档次", **known)
    return decide_clearance(actor=office.leader, year=YEAR, version=made.version, approves=True, opinion="同意",
                            with_decimals=any(clearing.FIELDS[each].is_decimal for each in fields))


def test_the_public_reads_what_was_cleared_and_nothing_else(office: RoundOffice) -> None:
    made = cleared(office, "band", "group_bands")
    with refused("nothing_public", NotFound):
        public_of(YEAR)  # cleared is not yet published
    assert public_years() == []
    office.step("publish", office.leader, "cleared_fields")
    found = public_of(YEAR)
    assert (found.version, found.digest, found.published_on) == (1, made.digest, AFTER) and public_years() == [YEAR]
    content = found.content
    assert content is not None and content["is_exercise"] and content["notice"]
    # Invented ports are left out unless they are named; each line holds the two fields and no more.
    assert [each["port"] for each in content["ports"]] == ["luohu-road", "wuhan-water"]
    assert all(set(each) == {"port", "name", "band", "group_bands"} for each in content["ports"])
    score = PortScore.objects.get(port__code="luohu-road")
    assert content["ports"][0]["band"] == score.band
    scheme = held().scheme_version.scheme()
    assert content["ports"][0]["group_bands"] == {code: None if points is None else scheme.band(points).code for code, points in score.groups.items()}
    assert "rank" not in found.text and str(score.total) not in found.text and f"{score.total:.2f}" not in found.text


@pytest.mark.parametrize("fields", [("rank",), ("total", "rank"), ("cells",), ()])
def test_what_may_never_be_public_cannot_be_proposed(office: RoundOffice, fields: tuple[str, ...]) -> None:
    with refused("field_not_for_the_public"):
        propose_clearance(actor=office.officer, year=YEAR, fields=fields, reason="公开")
    assert not Clearance.objects.exists()


def test_decimals_need_the_heads_own_word(office: RoundOffice) -> None:
    made = propose_clearance(actor=office.officer, year=YEAR, fields=("band", "total"), reason="公开总分")
    with refused("decimals_need_a_word"):
        decide_clearance(actor=office.leader, year=YEAR, version=made.version, approves=True, opinion="同意")
    decide_clearance(actor=office.leader, year=YEAR, version=made.version, approves=True, opinion="同意", with_decimals=True)
    office.step("publish", office.leader, "cleared_fields")
    content = public_of(YEAR).content
    assert content is not None
    assert content["ports"][0]["total"] == round(PortScore.objects.get(port__code="luohu-road").total, 2)


def test_one_proposes_another_approves_and_others_may_do_neither(office: RoundOffice) -> None:
    for nobody in (office.guangdong, office.hubei, *outsiders(office)):
        with pytest.raises((NotAllowed, NotFound)):
            propose_clearance(actor=nobody, year=YEAR, fields=("band",), reason="公开")
    made = propose_clearance(actor=office.leader, year=YEAR, fields=("band",), reason="公开")
    with refused("clearance_waits", Conflict):
        propose_clearance(actor=office.officer, year=YEAR, fields=("class",), reason="公开")
    with refused("four_eyes"):
        decide_clearance(actor=office.leader, year=YEAR, version=1, approves=True, opinion="同意")
    for nobody in (office.officer, office.guangdong, *outsiders(office)):
        with pytest.raises((NotAllowed, NotFound)):
            decide_clearance(actor=nobody, year=YEAR, version=1, approves=True, opinion="同意")
        with pytest.raises((NotAllowed, NotFound)):
            withdraw_clearance(actor=nobody, year=YEAR, version=1, reason="撤")
    assert Clearance.objects.get().state == "proposed"
    with pytest.raises(IntegrityError), transaction.atomic():
        Clearance.objects.filter(pk=made.pk).update(state="approved", decided_by=office.leader, decided_on=AFTER)
    assert not clearances_visible_to(office.guangdong, held()).exists() and clearances_visible_to(office.officer, held()).count() == 1
    with refused("nothing_cleared"):
        office.step("publish", office.leader, "cleared_fields")
    assert held().stage == "notified"


def test_the_newest_decision_holds_and_a_withdrawal_brings_no_earlier_version_back(office: RoundOffice) -> None:
    cleared(office, "band", "class")
    office.step("publish", office.leader, "cleared_fields")
    office.step("archive")
    cleared(office, "band")
    content = public_of(YEAR).content
    assert content is not None and content["version"] == 2 and set(content["ports"][0]) == {"port", "name", "band"}
    refusal = propose_clearance(actor=office.officer, year=YEAR, fields=("red_line",), reason="公开红线")
    decide_clearance(actor=office.leader, year=YEAR, version=refusal.version, approves=False, opinion="不宜公开")
    assert public_of(YEAR).version == 2
    with refused("clearance_not_approved", Conflict):
        withdraw_clearance(actor=office.leader, year=YEAR, version=3, reason="撤")
    withdraw_clearance(actor=office.leader, year=YEAR, version=2, reason="有误")
    found = public_of(YEAR)
    assert (found.version, found.content, found.text, found.withdrawn_on) == (2, None, "", AFTER) and public_years() == []


def test_an_altered_public_text_is_not_shown(office: RoundOffice) -> None:
    made = cleared(office)
    with pytest.raises(WrittenOnce):
        Clearance.objects.update(content="{}")
    office.step("publish", office.leader, "cleared_fields")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE rounds_clearance SET content = %s WHERE id = %s", [made.content.replace("unqualified", "excellent") + " ", made.pk])
    with refused("clearance_altered"):
        public_of(YEAR)


def test_a_year_without_publication_says_the_same_as_no_year(office: RoundOffice) -> None:
    cleared(office)
    office.step("archive_unpublished", reason="不公布")
    for year in (YEAR, 2021):
        with pytest.raises(NotFound) as refusal:
            public_of(year)
        assert [each.code for each in refusal.value.findings] == ["nothing_public"]
    assert public_years() == []


# ---- rectification ----------------------------------------------------------------------------------------


@pytest.fixture
def poor(office: RoundOffice, monkeypatch: pytest.MonkeyPatch) -> RoundOffice:
    """Both ports have a reason: Guangdong's by a red line, Hubei's by nothing but a group."""
    real = rectifying.grounds_of

    def grounds(scheme: Any, score: PortScore) -> Any:
        known = {"luohu-road": ({"kind": "red_line", "code": "", "zh": "触及红线", "en": "a red line was crossed"},),
                 "wuhan-water": ({"kind": "group", "code": "G01", "zh": "低", "en": "low"},)}
        return known.get(score.port.code) or real(scheme, score)

    monkeypatch.setattr(rectifying, "grounds_of", grounds)
    return office


def test_reasons_are_the_lowest_band_a_red_line_and_groups_under_the_limit(office: RoundOffice) -> None:
    scheme = held().scheme_version.scheme()
    score = PortScore.objects.get(port__code="luohu-road")
    score.band, score.red_line, score.groups = "qualified", False, {"G01": 45.0, "G02": None, "G03": 60.0}
    assert rectifying.grounds_of(scheme, score) == ()
    score.groups["G01"] = 44.9
    score.red_line, score.band = True, "unqualified"
    assert [(each["kind"], each["code"]) for each in rectifying.grounds_of(scheme, score)] == [
        ("band", "unqualified"), ("red_line", ""), ("group", "G01")]
    # The bound is the scheme's; one that says nothing has the limit of its lowest band but one.
    for said, limit, told in (({"group_points": 30}, 30, False), ({"group_points": 44.95}, 44.95, True), ({}, 45, True)):
        other = replace(scheme, shape=scheme.shape.model_copy(update={"rectification": Rectification(**said)}))
        assert other.shape.rectify_under == limit
        assert any(each["kind"] == "group" for each in rectifying.grounds_of(other, score)) is told


def test_a_task_goes_from_plan_to_acceptance_and_back_where_it_is_not_done(poor: RoundOffice) -> None:
    assert {each.code for each in candidates(poor.officer, held())} == {"luohu-road", "wuhan-water"}
    (task,) = give_tasks(actor=poor.officer, year=YEAR, ports=["luohu-road"], requirement="限期整改")
    assert (task.office, task.grounds[0]["kind"], task.matter.state) == (poor.guangdong.organisation, "red_line", "given")
    assert inbox(poor.guangdong).filter(matter=task.matter).exists()

    def act(who: Any, name: str, papers: dict[str, Any] | None = None, **fields: str) -> None:
        take_step(actor=who, matter=task.matter_id, transition=name, fields=fields, documents=papers or {})

    act(poor.guangdong, "file_plan", plan="三个月内完成")
    act(poor.officer, "return_plan", reason="措施不具体")
    act(poor.guangdong, "file_plan", plan="明确到人，三个月内完成")
    with pytest.raises(Refused):
        act(poor.guangdong, "report", result="已完成")
    act(poor.guangdong, "report", {"evidence": a_document(title="佐证")}, result="已完成")
    with pytest.raises(NotAllowed):
        act(poor.guangdong, "accept", opinion="同意")
    act(poor.officer, "give_back", reason="佐证不足")
    act(poor.guangdong, "report", {"evidence": a_document(title="补充佐证")}, result="已完成")
    act(poor.officer, "accept", opinion="同意")
    assert RectificationTask.objects.get().matter.state == "accepted"
    with refused("task_given", Conflict):
        give_tasks(actor=poor.officer, year=YEAR, ports=["wuhan-water", "luohu-road"], requirement="再整改")
    assert RectificationTask.objects.count() == 1, "all or none"


def test_tasks_are_the_national_offices_to_give_and_each_offices_own_to_see(poor: RoundOffice) -> None:
    for nobody in (poor.guangdong, *outsiders(poor)):
        with pytest.raises((NotAllowed, NotFound)):
            give_tasks(actor=nobody, year=YEAR, ports=["luohu-road"], requirement="整改")
        assert candidates(nobody, held()) == []
    with refused("no_ground"):
        give_tasks(actor=poor.officer, year=YEAR, ports=["exercise-road-01"], requirement="整改")
    with refused("requirement_missing"):
        give_tasks(actor=poor.officer, year=YEAR, ports=["luohu-road"], requirement=" ")
    with refused("ports_missing"):
        give_tasks(actor=poor.officer, year=YEAR, ports=[], requirement="整改")
    both = give_tasks(actor=poor.officer, year=YEAR, ports=["luohu-road", "wuhan-water"], requirement="整改")
    assert tasks_visible_to(poor.officer, held()).count() == 2
    assert [each.port_code for each in tasks_visible_to(poor.hubei, held())] == ["wuhan-water"]
    for nobody in outsiders(poor):
        assert not tasks_visible_to(nobody, held()).exists()
    with pytest.raises(NotFound):
        take_step(actor=poor.hubei, matter=both[0].matter_id, transition="file_plan", fields={"plan": "不是我的"})


def test_no_task_before_the_notice(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.IS_EXERCISE = True
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    with clock.travel_to(DAY):
        found = RoundOffice()
        found.scored()
        assert candidates(found.officer, held()) == []
        with refused("not_notified", Conflict):
            give_tasks(actor=found.officer, year=YEAR, ports=["luohu-road"], requirement="整改")
        with refused("not_notified", Conflict):
            propose_clearance(actor=found.officer, year=YEAR, fields=("band",), reason="公开")


# ---- results beside grades --------------------------------------------------------------------------------


def test_the_sign_off_hands_results_to_grading_with_the_row_they_come_from(office: RoundOffice) -> None:
    rows = {each.port_code: each for each in EvaluationResult.objects.all()}
    assert set(rows) == {"luohu-road", "wuhan-water"}, "no invented port"
    score = PortScore.objects.get(port__code="luohu-road")
    one = rows["luohu-road"]
    assert (one.year, one.revision, one.band, one.red_line) == (YEAR, 1, score.band, score.red_line)
    assert one.total == Decimal(str(round(score.total, 6)))
    assert (one.evidence.room, one.evidence.kind, one.evidence.id, one.evidence.digest) == (
        "evaluation", "port_score", score.pk, score.scoring.result_digest)
    proposed = proposals(["luohu-road", "unknown-port"])
    said = proposed["luohu-road"].as_dict()
    assert said["verdict"] == "unknown", "the plan's three criteria decide, and there are no scores for them"
    assert said["evaluation"]["evidence"] == one.evidence_uri and said["evaluation"]["year"] == YEAR
    assert score.band not in json.dumps(said["evaluation"]) and "total" not in said["evaluation"]
    assert "evaluation" not in proposed["unknown-port"].as_dict()


def test_nothing_is_handed_down_before_the_sign_off_and_only_by_who_may(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from kouan.grading.evaluation_results import record_evaluation_results

    settings.IS_EXERCISE = True
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    with clock.travel_to(DAY):
        found = RoundOffice()
        found.scored()
        found.step("reopen", found.leader, reason="复核")
        freeze_round(actor=found.officer, year=YEAR)
        score_round(actor=found.officer, year=YEAR)
        assert not EvaluationResult.objects.exists()
        found.on_to_notice()
    assert {each.evidence.revision for each in EvaluationResult.objects.all()} == {2}
    with pytest.raises(NotAllowed):
        record_evaluation_results(actor=found.guangdong, lines=[])
