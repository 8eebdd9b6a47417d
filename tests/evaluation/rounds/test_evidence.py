"""Points and figures filed with evidence, decided by another office, and what becomes of them in the scores."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.accounts.factories import a_port_reporter, a_user, an_enterprise_user, an_office
from tests.casework.execution_office import refused
from tests.evaluation.rounds.round_office import FEW, YEAR, RoundOffice
from tests.ports.factories import a_document

from kouan.accounts.models import OrganisationKind, Role
from kouan.basis import Conflict, NotAllowed, NotFound, clock
from kouan.collection.models import LineageLink
from kouan.desk.actions import file_place
from kouan.desk.matters.actions import take_step
from kouan.evaluation import schemes
from kouan.evaluation.method.exercise import ports as exercise_ports
from kouan.evaluation.rounds.actions import freeze_round, score_round
from kouan.evaluation.rounds.evidence.asking import asked_of, for_experts
from kouan.evaluation.rounds.evidence.filing import Upload
from kouan.evaluation.rounds.evidence.models import EntryDecision, FiledEntry
from kouan.evaluation.rounds.evidence.seeing import entries_of, evidence_file
from kouan.evaluation.rounds.frozen import data_of
from kouan.evaluation.rounds.models import Freeze, PortScore, Round
from kouan.evaluation.rounds.once import WrittenOnce
from kouan.evaluation.rounds.replaying import replayed

DAY = date(2026, 2, 2)
POINT = "I-0606/5G"
pytestmark = pytest.mark.django_db


@pytest.fixture
def office(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[RoundOffice]:
    settings.IS_EXERCISE = True
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    with clock.travel_to(DAY):
        found = RoundOffice()
        found.opened()
        yield found


def on_to_scores(office: RoundOffice) -> None:
    office.file(office.hubei)
    office.verify(office.hubei)
    office.step("close_collection")
    freeze_round(actor=office.officer, year=YEAR)
    score_round(actor=office.officer, year=YEAR)


def cell(indicator: str = "I-0606", port: str = "luohu-road") -> dict[str, Any]:
    found: dict[str, Any] = PortScore.objects.filter(port__code=port).order_by("-scoring__number")[0].cells[indicator]
    return found


def frozen(item: str, port: str = "luohu-road") -> float:
    data = data_of(Freeze.objects.order_by("-revision")[0])
    return float(data.column(item)[-1, data.ports.index(port)])


def test_what_is_asked_is_read_off_the_scheme_by_class() -> None:
    scheme = schemes.get("national-first")
    asked = {each.item: each for each in asked_of(scheme, "road")}
    assert len(asked) == 31 and sum(each.is_point for each in asked.values()) == 23
    assert asked[POINT].indicators == ("I-0606",) and asked["survey_public.answers"].kind == "answers"
    assert asked["incident_score.concealed"].is_of_inspection and not asked["incident_score.self_reported_closed"].is_of_inspection
    assert [each.code for each in for_experts(scheme)] == ["I-0106", "I-0401", "I-0606", "I-0704"]
    assert asked_of(scheme, "unheard-of") == ()


def test_a_point_said_to_be_met_needs_a_file_and_each_wording_stays(office: RoundOffice) -> None:
    with refused("evidence_missing"):
        office.entry(evidence="")
    with refused("evidence_without_file"):
        office.entry(evidence="", documents=[a_document(organisation=office.guangdong.organisation).pk])
    for content, name, code in (
        (b"MZ", "run.exe", "file_kind_not_allowed"), (b"not a pdf", "a.pdf", "file_is_not_that"), (b"", "a.pdf", "file_is_not_that"),
    ):
        with refused(code):
            office.entry(uploads=[Upload(BytesIO(content), name)])
    others = office.entry(office.hubei, port="wuhan-water").papers.get().version.document
    with refused("evidence_without_file"):
        office.entry(evidence="", documents=[others.pk])
    with refused("value_unusable"):
        office.entry(value=0.5)
    with refused("remark_missing"):
        office.entry(remark=" ")
    with refused("secrecy_mark"):
        office.entry(remark="机密★10年")
    with refused("item_not_asked"):
        office.entry(item="teu", value=5)
    assert not FiledEntry.objects.filter(port="luohu-road").exists(), "what was refused left nothing"
    first = office.entry(evidence="一")
    again = office.entry(evidence="", documents=[first.papers.get().version.document_id])
    no = office.entry(value=0, evidence="")
    assert [each.revision for each in (first, again, no)] == [1, 2, 3] and first.papers.get().version_id == again.papers.get().version_id
    assert [each.pk for each in entries_of(office.return_of(office.guangdong))] == [no.pk]
    with pytest.raises(WrittenOnce):
        FiledEntry.objects.filter(pk=first.pk).update(value=0)
    assert file_place(first.papers.get().version.sha256).read_bytes() == "%PDF-1.7 一".encode()


def test_only_the_reporting_office_files_and_only_while_its_return_is_open(office: RoundOffice) -> None:
    # The verifying office sees a return once it is filed, not what is still being written.
    city = a_user(Role.CITY_OFFICER, an_office(OrganisationKind.CITY_OFFICE, province_code="42", city_code="420100"))
    for stranger in (office.hubei, office.customs, city):
        with refused("port_not_in_return", NotFound):
            office.entry(stranger)
    for nobody in (office.expert, an_enterprise_user(), a_port_reporter("luohu-road")):
        with refused("not_allowed", NotAllowed):
            office.entry(nobody)
    with refused("not_the_reporter", NotAllowed):
        office.entry(office.officer)
    office.file(office.guangdong)
    with refused("not_the_reporter", NotAllowed):
        office.entry(office.customs)
    with refused("return_not_open", Conflict):
        office.entry()
    take_step(actor=office.customs, matter=office.return_of(office.guangdong).matter_id, transition="give_back", fields={"reason": "请补"})
    assert office.entry().revision == 1


def test_whoever_filed_decides_nothing_and_the_return_waits_for_every_claim(office: RoundOffice) -> None:
    entry, no = office.entry(), office.entry(item="I-0606/北斗", value=0, evidence="")
    with refused("port_not_in_return", NotFound):
        office.decide(entry)
    with refused("not_the_time_to_verify", Conflict):
        office.decide(entry, actor=office.officer)
    office.file(office.guangdong)
    colleague = a_user(Role.NATIONAL_OFFICER, office.officer.organisation)
    stranger = a_user(Role.INSPECTION_OFFICER, an_office(OrganisationKind.INSPECTION_AGENCY, port_codes=["wuhan-water"]))
    with refused("port_not_in_return", NotFound):
        office.decide(entry, actor=stranger)
    for nobody in (office.guangdong, office.hubei, office.expert, an_enterprise_user()):
        with refused("not_allowed", NotAllowed):
            office.decide(entry, actor=nobody)
    with refused("nothing_claimed"):
        office.decide(no)
    with refused("entries_undecided"):
        office.verify(office.guangdong, office.customs)
    assert office.return_of(office.guangdong).matter.state == "filed"
    first = office.decide(entry, accepted=False)
    second = office.decide(entry, actor=colleague)
    assert (first.number, second.number) == (1, 2) and EntryDecision.objects.count() == 2
    office.verify(office.guangdong, office.customs)
    with refused("not_the_time_to_verify", Conflict):
        office.decide(entry)


def test_an_entry_decided_and_filed_anew_is_decided_anew(office: RoundOffice) -> None:
    first = office.entry()
    office.file(office.guangdong)
    office.decide(first, accepted=False)
    take_step(actor=office.customs, matter=office.return_of(office.guangdong).matter_id, transition="give_back", fields={"reason": "佐证不清"})
    second = office.entry(evidence="更清楚的材料")
    office.file(office.guangdong)
    with refused("entry_filed_anew", Conflict):
        office.decide(first)
    with refused("entries_undecided"):
        office.verify(office.guangdong, office.customs)
    office.decide(second)
    office.verify(office.guangdong, office.customs)


def test_where_the_national_office_files_for_a_port_a_second_person_of_it_decides(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.IS_EXERCISE = True
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    with clock.travel_to(DAY):
        office = RoundOffice(ports=False)
        from tests.ports.factories import a_port

        a_port("far-road", "road", province_code="23", transport_class="road", class_basis="测试")
        office.opened()
        mine = office.entry(office.officer, port="far-road")
        take_step(actor=office.officer, matter=office.return_of(office.officer).matter_id, transition="file", fields={"remarks": "代报"})
        with refused("not_yours_to_verify", NotAllowed):
            office.decide(mine, actor=office.officer)
        assert office.decide(mine, actor=a_user(Role.NATIONAL_OFFICER, office.officer.organisation)).accepted


@pytest.mark.parametrize(("said", "accepted", "mark"), [(1, True, 1.0), (1, False, None), (0, None, 0.0)])
def test_a_point_is_laid_over_the_generated_figure_and_moves_the_score(
    office: RoundOffice, said: int, accepted: bool | None, mark: float | None,
) -> None:
    points = [f"I-0606/{name}" for name in ("5G", "物联网", "北斗", "人工智能", "区块链", "无人机遥感", "超痕量检测")]
    others = [office.entry(item=each) for each in points[1:]]
    entry = office.entry(value=said, evidence="材料" if said else "")
    office.file(office.guangdong)
    for each in others:
        office.decide(each)
    if accepted is not None:
        office.decide(entry, accepted=accepted)
    office.verify(office.guangdong, office.customs)
    on_to_scores(office)
    value = frozen(POINT)
    assert (value != value) if mark is None else value == mark
    found = cell()
    assert found["points"] == pytest.approx(100.0 if mark == 1.0 else 600 / 7)
    assert found["mark"] == ("no_evidence" if mark is None else "scored")
    kept = Freeze.objects.get()
    assert LineageLink.objects.filter(user_kind="freeze", user_id=str(kept.pk), used_kind="filed_entry").count() == 7
    assert ("entries_rejected" in [each["code"] for each in kept.findings]) is (mark is None)
    assert replayed(Round.objects.get()).data.digest == kept.data_digest


def test_answers_and_what_was_closed_or_concealed_enter_as_figures(office: RoundOffice) -> None:
    with refused("value_unusable"):
        office.entry(item="survey_public.answers", value=29.5, evidence="")
    with refused("not_for_the_reporter", NotAllowed):
        office.entry(item="incident_score.concealed", value=1)
    few = office.entry(item="survey_public.answers", value=29, evidence="")
    closed = office.entry(item="incident_score.self_reported_closed", value=2)
    office.file(office.guangdong)
    hidden = office.entry(office.customs, item="epid_gap_major.concealed", value=1)
    office.decide(few)
    office.decide(closed, accepted=False)
    with refused("not_yours_to_verify", NotAllowed):
        office.decide(hidden)
    with refused("entries_undecided"):
        office.verify(office.guangdong, office.customs)
    office.decide(hidden, actor=office.officer)
    office.verify(office.guangdong, office.customs)
    on_to_scores(office)
    assert frozen("survey_public.answers") == 29 and cell("I-0706")["mark"] == "peer_median", "fewer than thirty answers: M6"
    assert frozen("incident_score.self_reported_closed") != frozen("incident_score.self_reported_closed"), "rejected"
    assert frozen("epid_gap_major.concealed") == 1 and cell("I-0407")["points"] == 0
    assert PortScore.objects.get(port__code="luohu-road").red_line


def test_after_an_objection_the_national_office_decides_anew_and_the_point_counts(office: RoundOffice) -> None:
    entry = office.entry()
    office.file(office.guangdong)
    office.decide(entry, accepted=False)
    office.verify(office.guangdong, office.customs)
    on_to_scores(office)
    assert cell()["mark"] == "no_evidence"
    before = cell()["points"]
    with refused("not_the_time_to_verify", Conflict):
        office.decide(entry, actor=office.officer)
    office.step("reopen", office.leader, reason="异议成立，佐证应予采信")
    with refused("not_the_time_to_verify", Conflict):
        office.decide(entry)
    office.decide(entry, actor=office.officer)
    freeze_round(actor=office.officer, year=YEAR)
    score_round(actor=office.officer, year=YEAR)
    assert cell()["points"] == pytest.approx(before + 100 / 7) and Freeze.objects.count() == 2
    assert replayed(Round.objects.get()).digest


def test_evidence_is_read_by_whoever_sees_the_return(office: RoundOffice) -> None:
    paper = office.entry().papers.get()
    with refused("evidence_not_found", NotFound):
        evidence_file(office.customs, paper.entry_id, paper.version_id)
    office.file(office.guangdong)
    for reader in (office.guangdong, office.customs, office.officer):
        assert evidence_file(reader, paper.entry_id, paper.version_id).pk == paper.version_id
    for stranger in (office.hubei, office.expert, an_enterprise_user()):
        with refused("evidence_not_found", NotFound):
            evidence_file(stranger, paper.entry_id, paper.version_id)
    with refused("evidence_not_found", NotFound):
        evidence_file(office.officer, paper.entry_id + 1, paper.version_id)


@hypothesis_settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.lists(st.tuples(st.sampled_from(["5G", "物联网", "北斗"]), st.booleans(), st.sampled_from([True, False, None])), max_size=5))
def test_whatever_is_filed_and_decided_a_replay_gives_the_same_scores(office: RoundOffice, said: list[tuple[str, bool, bool | None]]) -> None:
    """Each example goes on from the one before: entries add up, the round is sent back and frozen anew."""
    held = Round.objects.select_related("matter").get()
    filed_in = office.return_of(office.guangdong)
    if held.stage == "collecting":
        for name, met, _ in said:
            office.entry(item=f"I-0606/{name}", value=int(met), evidence="材料" if met else "")
        office.file(office.guangdong)
        for entry in entries_of(filed_in):
            if entry.is_claim:
                office.decide(entry, accepted=True)
        office.verify(office.guangdong, office.customs)
        on_to_scores(office)
    else:
        office.step("reopen", office.leader, reason="再核")
        claims = {each.item: each for each in entries_of(filed_in) if each.is_claim}
        for name, _, accepted in said:
            if f"I-0606/{name}" in claims and accepted is not None:
                office.decide(claims[f"I-0606/{name}"], accepted=accepted, actor=office.officer)
        freeze_round(actor=office.officer, year=YEAR)
        score_round(actor=office.officer, year=YEAR)
    again = Round.objects.get()
    newest = again.scorings.order_by("-number")[0]
    assert replayed(again).digest == newest.result_digest and data_of(newest.freeze).digest == newest.data_digest
