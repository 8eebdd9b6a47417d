"""Issues of enterprises: routed by rule, passed on once, answered with evidence, escalated level by level, looked at again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from tests.casework.issues import DAY, NAME, Offices, events_of, state

from kouan.accounts.action import acting_system
from kouan.accounts.models import OrganisationKind
from kouan.basis import Conflict, EvidenceRef, NotAllowed, NotFound, Refused, clock
from kouan.casework.bottlenecks import actions
from kouan.casework.bottlenecks.actions import (
    EvidenceFile,
    NewIssue,
    enter_issue,
    object_to_answer,
    open_from_indicator,
    rate_issue,
    withdraw_issue,
)
from kouan.casework.bottlenecks.models import Issue
from kouan.casework.bottlenecks.queries import (
    evidence_version,
    get_issue,
    issues_visible_to,
    may_know_enterprise,
    public_statistics,
    statistics,
    told,
)
from kouan.casework.bottlenecks.routing import codes, indicators, rule_for, rules
from kouan.collection.models import LineageLink
from kouan.desk.matters.actions import run_clocks, take_step
from kouan.desk.matters.models import Matter, MatterNotice, Task
from kouan.desk.matters.openers import opener
from kouan.desk.matters.queries import inbox, matters_visible_to
from kouan.desk.models import DocumentVersion

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def offices() -> Iterator[Offices]:
    with clock.travel_to(DAY.isoformat()):
        yield Offices()


def clocks_on(day: date) -> dict[str, int]:
    with clock.travel_to(day.isoformat()), acting_system("run_clocks") as system:
        return run_clocks(actor=system, today=day)


def code_of(refusal: Any) -> set[str]:
    return {each.code for each in refusal.value.findings}


def test_every_kind_at_every_level_has_a_rule() -> None:
    assert {rule_for(kind, level).to for kind in codes("kinds") for level in codes("levels")} == {"agency", "city", "province", "national"}
    assert all(each.why.zh and each.why.en for each in rules())
    assert len(indicators()) == 69


def test_it_goes_to_the_agency_with_the_reason_and_ends_answered_and_rated(offices: Offices) -> None:
    issue = offices.submitted()
    assert (issue.rule, issue.handler, state(issue)) == ("agency", offices.agency.organisation, "routed")
    assert "查验机构" in issue.why_zh and [each.step for each in issue.handovers_in_order()] == ["route"]
    assert [each.matter_id for each in inbox(offices.agency)] == [issue.matter_id] and not inbox(offices.city).exists()
    with pytest.raises(Refused) as refused:
        offices.take(issue, "accept", offices.agency)
        take_step(actor=offices.agency, matter=issue.matter_id, transition="give_answer", fields={"answer": "好", "measures": "无"}, on=DAY)
    assert "document_missing" in code_of(refused) or code_of(refused)
    assert state(issue) == "handling", "no answer without evidence"
    offices.take(issue, "give_answer", offices.agency, answer="已增开查验通道", measures="增开两条通道")
    issue = rate_issue(actor=offices.enterprise, issue=issue.pk, satisfaction="satisfied", comment="谢谢", on=DAY)
    assert (state(issue), issue.satisfaction, issue.answered_on) == ("closed", "satisfied", DAY)
    assert not Task.objects.open().filter(matter=issue.matter_id).exists()


@pytest.mark.parametrize(("said", "rule", "who"), [
    ({"kind": "cost"}, "city", "city"), ({"kind": "policy"}, "policy", "province"), ({"level": "nation"}, "nation", "national"),
    ({"about": ""}, "agency", "city"),
])
def test_routes(offices: Offices, said: dict[str, str], rule: str, who: str) -> None:
    issue = offices.submitted(**said)
    assert (issue.rule, issue.handler) == (rule, getattr(offices, who).organisation)
    if said == {"about": ""}:
        assert "未指明" in issue.why_zh, "two agencies stand at the port: the step aside is told"


def test_a_closed_city_leaves_it_to_the_province(offices: Offices) -> None:
    offices.city.organisation.is_active = False
    offices.city.organisation.save()
    issue = offices.submitted(kind="cost")
    assert issue.handler == offices.province.organisation and "没有在用的口岸办" in issue.why_zh


def test_passed_once_then_only_upward(offices: Offices) -> None:
    issue = offices.submitted()
    with pytest.raises(Refused) as refused:
        offices.take(issue, "pass_on", offices.agency, next_office=offices.agency.organisation.code, reason="不管")
    assert code_of(refused) == {"passed_to_itself"}
    with pytest.raises(Refused) as refused:
        offices.take(issue, "pass_on", offices.agency, next_office=offices.neighbour.organisation.code, reason="不管")
    assert code_of(refused) == {"unknown_office"}
    offices.take(issue, "pass_on", offices.agency, next_office=offices.other_agency.organisation.code, reason="属海关职责")
    with pytest.raises(Conflict):
        offices.take(issue, "pass_on", offices.other_agency, next_office=offices.agency.organisation.code, reason="退回")
    offices.take(issue, "pass_up", offices.other_agency, reason="也不属我单位")
    assert state(issue) == "with_superior" and {each.matter_id for each in inbox(offices.province)} == {issue.matter_id}
    offices.take(issue, "assign", offices.province, next_office=offices.agency.organisation.code, reason="由边检办理")
    with pytest.raises(Conflict):
        offices.take(issue, "pass_on", offices.agency, next_office=offices.city.organisation.code, reason="再转")
    offices.answered(issue)
    assert [each.step for each in issue.handovers_in_order()] == ["route", "pass_on", "assign"]


def test_overdue_goes_up_level_by_level_and_a_week_of_no_clock_is_made_up_once(offices: Offices) -> None:
    issue = offices.submitted()
    offices.take(issue, "accept", offices.agency)
    late = DAY + timedelta(days=8)
    first = clocks_on(late)
    assert first["lapsed"] == 1 and state(issue) == "escalated"
    assert clocks_on(late)["lapsed"] == 0, "a second run brings nothing twice"
    assert {each.matter_id for each in inbox(offices.province)} == {issue.matter_id}
    assert clocks_on(late + timedelta(days=15))["lapsed"] == 1 and state(issue) == "at_national"
    assert {each.matter_id for each in inbox(offices.national)} == {issue.matter_id}
    sent = MatterNotice.objects.filter(matter=issue.matter_id).count()
    clocks_on(late + timedelta(days=15))
    assert MatterNotice.objects.filter(matter=issue.matter_id).count() == sent
    offices.take(issue, "give_answer", offices.agency, late + timedelta(days=16), answer="已办", measures="已办")
    assert state(issue) == "answered"


def test_not_accepted_in_time_and_not_assigned_in_time(offices: Offices) -> None:
    issue = offices.submitted()
    clocks_on(DAY + timedelta(days=8))
    assert state(issue) == "with_superior"
    clocks_on(DAY + timedelta(days=22))
    assert state(issue) == "with_national"
    offices.take(issue, "take_over_by_national", offices.national, DAY + timedelta(days=22), reason="直接办理")
    issue.refresh_from_db()
    assert (state(issue), issue.handler) == ("handling", offices.national.organisation)


def test_an_objection_is_looked_at_by_the_superior_once(offices: Offices) -> None:
    issue = offices.answered(offices.submitted())
    object_to_answer(actor=offices.enterprise, issue=issue.pk, objection="通道仍未开", on=DAY)
    assert state(issue) == "under_review" and {each.matter_id for each in inbox(offices.province)} == {issue.matter_id}
    with pytest.raises(NotAllowed):
        offices.take(issue, "uphold", offices.agency, review_words="已答复")
    offices.take(issue, "send_back", offices.province, review_words="请现场核实")
    offices.take(issue, "answer_again", offices.agency, answer="通道已开", measures="现场照片")
    with pytest.raises(Conflict):
        object_to_answer(actor=offices.enterprise, issue=issue.pk, objection="还是不满意", on=DAY)
    issue = rate_issue(actor=offices.enterprise, issue=issue.pk, satisfaction="满意", on=DAY)
    assert (state(issue), issue.is_reopened, issue.satisfaction) == ("closed", True, "satisfied")


def test_whoever_answered_does_not_review_it(offices: Offices) -> None:
    issue = offices.answered(offices.submitted(level="nation"), offices.national)
    object_to_answer(actor=offices.enterprise, issue=issue.pk, objection="不解决问题", on=DAY)
    with pytest.raises(NotAllowed) as refused:
        offices.take(issue, "uphold", offices.national, review_words="维持")
    assert code_of(refused) == {"own_answer"}
    offices.take(issue, "uphold", offices.second, review_words="维持")
    assert state(issue) == "reviewed"


def test_who_sees_what(offices: Offices) -> None:
    issue = offices.submitted()
    for user, sees in ((offices.enterprise, True), (offices.rival, False), (offices.agency, True), (offices.other_agency, False),
                       (offices.city, True), (offices.province, True), (offices.neighbour, False), (offices.national, True)):
        assert issues_visible_to(user).filter(pk=issue.pk).exists() is sees, user.organisation.kind
    for user in (offices.other_agency, offices.neighbour, offices.rival):
        assert not matters_visible_to(user).filter(pk=issue.matter_id).exists()
    for user in (offices.rival, offices.neighbour):
        with pytest.raises(NotFound):
            get_issue(user, issue.pk)
        assert "out_of_scope" in events_of(user)
    for verb, known in ((rate_issue, {"satisfaction": "satisfied"}), (object_to_answer, {"objection": "不"}), (withdraw_issue, {"reason": "不"})):
        with pytest.raises(NotFound):
            verb(actor=offices.rival, issue=issue.pk, **known)
        with pytest.raises(NotAllowed):
            verb(actor=offices.agency, issue=issue.pk, **known)


def test_an_unnamed_enterprise_stays_unnamed_to_the_office_concerned(offices: Offices) -> None:
    issue = offices.submitted(is_anonymous=True)
    version = DocumentVersion.objects.get(document=issue.papers.get().document)
    for user, knows in ((offices.agency, False), (offices.city, True), (offices.province, True), (offices.enterprise, True)):
        said = told(get_issue(user, issue.pk), user)
        assert may_know_enterprise(user, issue) is knows
        assert (NAME in str(said), "李四" in str(said), "13800000000" in str(said)) == (knows, knows, knows)
    with pytest.raises(NotFound):
        evidence_version(offices.agency, issue.pk, version.pk)
    assert evidence_version(offices.city, issue.pk, version.pk) == version
    matter = Matter.objects.get(pk=issue.matter_id)
    kept = [str(each.fields) + str(each.documents) for each in matter.steps.all()]
    assert NAME not in matter.title + matter.applicant.name_zh + "".join(kept)
    assert not matter.steps.filter(actor=offices.enterprise).exists()
    offices.answered(issue)
    with pytest.raises(Refused) as refused:
        object_to_answer(actor=offices.enterprise, issue=issue.pk, objection=f"{NAME}不同意", on=DAY)
    assert code_of(refused) == {"names_the_enterprise"} and state(issue) == "answered"


def test_words_that_name_the_unnamed_are_refused_and_nothing_is_kept(offices: Offices) -> None:
    with pytest.raises(Refused) as refused:
        offices.submitted(is_anonymous=True, facts=f"我公司{NAME}的货柜等了三天")
    assert code_of(refused) == {"names_the_enterprise"}
    assert not Issue.objects.exists() and not Matter.objects.exists()


@pytest.mark.parametrize(("said", "code"), [
    ({"facts": "机密★10年 查验等候三天"}, "secrecy_mark"), ({"port": "nowhere"}, "value_required"), ({"kind": "gossip"}, "value_required"),
    ({"indicator": "I-9999"}, "value_required"), ({"files": [EvidenceFile(BytesIO(b"MZ"), "照片.exe")]}, "file_kind_not_allowed"),
    ({"files": [EvidenceFile(BytesIO(b"%PDF-1.4 x"), "机密★10年.pdf")]}, "secrecy_mark"),
])
def test_what_is_refused_leaves_nothing(offices: Offices, said: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        offices.submitted(**said)
    assert code in code_of(refused)
    assert not Issue.objects.exists() and not Matter.objects.exists()


def test_the_scanner_is_asked_of_evidence(offices: Offices) -> None:
    with override_settings(KOUAN_SCAN_COMMAND=["false"]), pytest.raises(Refused) as refused:
        offices.submitted()
    assert code_of(refused) == {"infected"} and not Issue.objects.exists()


def test_entered_by_phone_for_a_port_of_ones_own(offices: Offices) -> None:
    said = NewIssue("luohu-rail", "inspection", "cost", "port", "重复收取查验费两次。")
    issue = enter_issue(actor=offices.city, said=said, enterprise_name=NAME, on=DAY)
    assert issue.origin == "phone" and issue.entered_by_office == offices.city.organisation
    with pytest.raises(Refused) as refused:
        enter_issue(actor=offices.neighbour, said=said, enterprise_name=NAME, on=DAY)
    assert code_of(refused) == {"unknown_port"}
    with pytest.raises(NotAllowed):
        enter_issue(actor=offices.agency, said=said, enterprise_name=NAME, on=DAY)
    offices.answered(issue, offices.city)
    offices.take(issue, "rate", offices.city, satisfaction="基本满意", comment="电话回访")
    issue.refresh_from_db()
    assert issue.satisfaction == "fair"


def test_a_duplicate_is_joined_and_shows_the_leads_answer(offices: Offices) -> None:
    lead, twin = offices.submitted(), offices.submitted(actor=offices.rival)
    with pytest.raises(Refused) as refused:
        offices.take(twin, "join", offices.agency, lead_issue=str(twin.pk), reason="重复")
    assert code_of(refused) == {"no_lead"}
    offices.take(twin, "join", offices.agency, lead_issue=f"#{lead.pk}", reason="同一问题")
    twin.refresh_from_db()
    assert (twin.lead, state(twin)) == (lead, "joined")
    with pytest.raises(Conflict):
        rate_issue(actor=offices.rival, issue=twin.pk, satisfaction="satisfied", on=DAY)
    offices.answered(lead)
    said = told(get_issue(offices.rival, twin.pk), offices.rival)
    assert [each["answer"] for each in said["answers"]] == ["已增开查验通道"] and NAME not in str(said) and said["lead"] is None
    assert rate_issue(actor=offices.rival, issue=twin.pk, satisfaction="dissatisfied", on=DAY).satisfaction == "dissatisfied"
    assert state(lead) == "answered", "the other enterprise rates for itself"


def test_a_weak_indicator_opens_one_task_that_closes_with_evidence(offices: Offices) -> None:
    score = EvidenceRef("evaluation", "score", 7, 2, "a" * 64)
    known: dict[str, Any] = {"indicator": "I-0101", "port": "luohu-rail", "score": "42.5", "evidence": score, "facts": "查验场地面积达标率偏低"}
    found = opener("weak_indicator")
    assert found is open_from_indicator
    issue = open_from_indicator(actor=offices.national, on=DAY, **known)
    assert (issue.origin, issue.evidence_uri, issue.handler) == ("indicator", score.uri, offices.city.organisation)
    assert LineageLink.objects.filter(user_kind="issue", used_room="evaluation", used_id="7").count() == 1
    with pytest.raises(Conflict) as twice:
        open_from_indicator(actor=offices.national, on=DAY, **known)
    assert f"#{issue.pk}" in twice.value.findings[0].message.zh and Issue.objects.count() == 1
    with pytest.raises(NotAllowed):
        open_from_indicator(actor=offices.province, on=DAY, **known | {"score": "1"})
    offices.answered(issue, offices.city)
    assert not public_statistics(), "tasks of evaluation are no enterprises' issues"


def test_nothing_under_three_is_public_nor_to_be_had_by_subtraction(offices: Offices) -> None:
    for kind, count in (("time", 4), ("document", 3), ("cost", 1)):
        for _ in range(count):
            offices.submitted(kind=kind, files=[])
    shown = public_statistics()
    assert [(each.code, each.count) for each in shown if each.dimension == "kind"] == [("time", 4)]
    assert all(each.count >= 3 for each in shown)
    assert not [each for each in shown if each.dimension == "office"], "1 of the city and 7 of the agency: the seven would betray the one"
    assert all(each.answered is None and each.median_days is None and each.rated is None for each in shown)
    assert {each.code for each in statistics(issues_visible_to(offices.province)) if each.dimension == "kind"} == {"time", "document", "cost"}


def test_two_at_once_of_which_one_wins(offices: Offices) -> None:
    issue = offices.answered(offices.submitted())
    start, outcomes = threading.Barrier(2), []

    def act(verb: Any, **known: Any) -> None:
        try:
            start.wait(10)
            with clock.travel_to(DAY.isoformat()):
                verb(actor=offices.enterprise, issue=issue.pk, on=DAY, **known)
            outcomes.append("done")
        except Conflict:
            outcomes.append("late")
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=(rate_issue,), kwargs={"satisfaction": "satisfied"}),
               threading.Thread(target=act, args=(object_to_answer,), kwargs={"objection": "不解决问题"})]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert sorted(outcomes) == ["done", "late"] and state(issue) in ("closed", "under_review")


def test_an_office_closed_in_mid_matter_leaves_it_to_the_national_desk(offices: Offices) -> None:
    issue = offices.submitted()
    offices.take(issue, "accept", offices.agency)
    offices.agency.organisation.is_active = False
    offices.agency.organisation.save()
    clocks_on(DAY + timedelta(days=1))
    (task,) = Task.objects.open().filter(matter=issue.matter_id)
    assert task.is_stray and task.organisation.kind == OrganisationKind.NATIONAL_OFFICE
    offices.take(issue, "give_answer", offices.national, DAY + timedelta(days=1), answer="代为答复", measures="已协调")
    assert state(issue) == "answered"


@pytest.mark.parametrize("place", ["carry_step", "record_document", "refuse_identity"])
def test_cut_off_anywhere_an_issue_is_whole_or_not_there(offices: Offices, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    class PowerCut(BaseException):
        pass

    whole = getattr(actions, place)

    def cut(*given: Any, **known: Any) -> Any:
        whole(*given, **known)
        raise PowerCut

    monkeypatch.setattr(actions, place, cut)
    with pytest.raises(PowerCut):
        offices.submitted()
    monkeypatch.undo()
    assert not Issue.objects.exists() and not Matter.objects.exists() and not DocumentVersion.objects.exists()
    assert state(offices.submitted()) == "routed"
