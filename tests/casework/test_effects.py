"""What cases do to the register: each by its step, its paper and its day, all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from tests.casework.cases import DAY, NO_MAJOR, REPLY, Offices
from tests.ports.factories import a_document, a_port

from kouan.accounts.action import acting_system
from kouan.basis import Conflict, Refused, clock
from kouan.casework import carrying
from kouan.casework.actions import gather_facts
from kouan.casework.models import (
    DemonstrationPort,
    SupervisionSite,
    TemporaryExtension,
    TemporaryOpening,
)
from kouan.desk.matters.actions import run_clocks
from kouan.desk.matters.models import Matter, MatterStep
from kouan.desk.matters.papers import Paper
from kouan.desk.matters.queries import clocks_of
from kouan.desk.matters.registry import effect_of
from kouan.desk.models import Document
from kouan.grading.class_two import NewClassTwo, enter_class_two
from kouan.grading.list_actions import open_case
from kouan.grading.models import ClassTwoClearance, ClassTwoPort
from kouan.ports.actions import change_port
from kouan.ports.models import Port, PortChange, PortEvent

pytestmark = pytest.mark.django_db
GOOD_OPENING = {"access_verdict": "eligible", "is_in_annual_review_list": True, "is_listed_in_plan": False, **NO_MAJOR, "uses_new_land": False,
                "uses_sea": False, "environment_approval": "环审1号"}
GOOD_TEMPORARY = {"is_region_open_to_foreigners": True, "has_basic_inspection": True, "meets_safe_production": True, "term_within_longest": True}
GOOD_ACCEPTANCE = {"approval_reply_number": REPLY, "uses_new_land": False, "uses_sea": False, "environment_approval": "环审1号",
                   "environment_works_in_step": True, "planned_together": True, "designed_together": True, "funded_together": True,
                   "built_together": True}


def codes(error: Refused) -> set[str]:
    return {each.code for each in error.findings}


@pytest.fixture
def offices() -> Offices:
    return Offices()


# ---- each case up to the step that changes something: (matter, transition, what the step is given) ------------------


def to_approval(offices: Offices) -> tuple[Matter, str, dict[str, Any]]:
    matter = offices.begun("opening", {"new_name": "新塘航空口岸", "new_mode": "air", "new_code": "xintang-air"})
    offices.take(matter, "submit")
    offices.take(matter, "admit_air", facts=GOOD_OPENING)
    return offices.go(matter, "agree", "conclude_air", "start_countersign", "agree", "report"), "record_reply", {}


def to_opening(offices: Offices) -> tuple[Matter, str, dict[str, Any]]:
    matter, step, _ = to_approval(offices)
    offices.take(matter, step)
    a = offices.begun("acceptance", {"port": "xintang-air"})
    accept(offices, a)
    gather_facts(actor=offices.national, matter=matter.pk, on=DAY)
    return offices.take(matter, "confirm_acceptance"), "open", {"opened_on": "2024-03-04"}


def accept(offices: Offices, matter: Matter) -> Matter:
    offices.go(matter, "ask_provincial_round", "agree", "apply")
    offices.take(matter, "arrange_air", facts=GOOD_ACCEPTANCE)
    return offices.go(matter, "agree", "pass_air", "agree", "accept")


def to_expansion(offices: Offices) -> tuple[Matter, str, dict[str, Any]]:
    a_port("xintang-air", "air", open_since=date(2010, 1, 1))
    matter = offices.begun("expansion", {"port": "xintang-air"})
    offices.take(matter, "submit")
    offices.take(matter, "admit_air", actor=offices.leader, facts={**GOOD_OPENING_EXPANSION, "latest_evaluation": "2023年度，第1版"})
    offices.go(matter, "agree", "conclude_air", "start_countersign", "agree", "report", "record_reply")
    accept(offices, offices.begun("acceptance", {"port": "xintang-air"}))
    gather_facts(actor=offices.national, matter=matter.pk, on=DAY)
    return offices.take(matter, "confirm_acceptance"), "expand", {}


GOOD_OPENING_EXPANSION = {name: value for name, value in GOOD_OPENING.items()
                          if name not in ("access_verdict", "is_in_annual_review_list", "is_listed_in_plan")}


def to_acceptance(offices: Offices) -> tuple[Matter, str, dict[str, Any]]:
    a_port("xintang-air", "air")
    matter = offices.begun("acceptance", {"port": "xintang-air"})
    offices.go(matter, "ask_provincial_round", "agree", "apply")
    offices.take(matter, "arrange_air", facts=GOOD_ACCEPTANCE)
    return offices.go(matter, "agree", "pass_air", "agree"), "accept", {}


def to_decision(offices: Offices) -> Matter:
    a_port("yantai-water", "water", open_since=date(2010, 1, 1), transport_class="sea", class_basis="测试", is_border=False)
    a_port("yantaixin-water", "water", open_since=date(2010, 1, 1), transport_class="sea", class_basis="测试", is_border=False)
    matter = offices.begun("withdrawal", {"port": "yantai-water"}, offices.national)
    offices.take(matter, "notice_by_national", actor=offices.national, facts={"ladder_verdict": "review"})
    offices.take(matter, "order_by_national", actor=offices.national)
    offices.take(matter, "report_rectified")
    offices.take(matter, "review_by_national", actor=offices.national, facts={"latest_evaluation": "2023年度，第1版"})
    return offices.go(matter, "agree", "conclude_review")


def to_suspension(offices: Offices) -> tuple[Matter, str, dict[str, Any]]:
    return to_decision(offices), "suspend", {}


def to_resumption(offices: Offices) -> tuple[Matter, str, dict[str, Any]]:
    return offices.take(to_decision(offices), "suspend", suspended_on="2024-03-01"), "resume", {}


def to_closing(offices: Offices) -> tuple[Matter, str, dict[str, Any]]:
    return offices.take(to_decision(offices), "propose_closing", facts=NO_MAJOR), "record_closing", {}


def to_withdrawing_merger(offices: Offices) -> tuple[Matter, str, dict[str, Any]]:
    return offices.take(to_decision(offices), "propose_merger", facts=NO_MAJOR), "record_merger", {"merged_into": "yantaixin-water"}


def to_merger(offices: Offices) -> tuple[Matter, str, dict[str, Any]]:
    for code in ("dongguan-water", "humen-water"):
        a_port(code, "water", open_since=date(2010, 1, 1), transport_class="sea", class_basis="测试", is_border=False, city_code="441900")
    matter = offices.begun("merge", {"port": "dongguan-water", "target": "humen-water"})
    offices.go(matter, "submit", "admit", "agree", "conclude", "start_countersign", "agree")
    return offices.take(matter, "report", facts=NO_MAJOR), "record_merger", {"merged_into": "humen-water"}


def to_change(offices: Offices) -> tuple[Matter, str, dict[str, Any]]:
    a_port("xintang-air", "air")
    matter = offices.begun("change_of_facts", {"port": "xintang-air"})
    offices.take(matter, "submit", what_changes="英文名称：Xintang Airport")
    matter.refresh_from_db()
    matter = offices.take(matter, "consult")
    offices.agree(matter)
    offices.take(matter, "consult_again")
    with_facts = {"touches_opening": False, "agrees_with_central": True}
    return matter, "change", {"what_changes": "英文名称：Xintang Airport", "facts": with_facts, "actor": offices.leader}


def to_temporary(offices: Offices) -> tuple[Matter, str, dict[str, Any]]:
    a_port("xintang-air", "air")
    matter = offices.begun("temporary_opening", {"port": "xintang-air", "place_kind": "airport", "ground": "international_event"})
    offices.take(matter, "submit_to_national")
    offices.take(matter, "admit_air", facts=GOOD_TEMPORARY)
    return offices.agree(matter), "permit_air", {"opened_from": "2024-02-10", "opened_to": "2024-08-10"}


def to_extension(offices: Offices) -> tuple[Matter, str, dict[str, Any]]:
    matter, step, given = to_temporary(offices)
    offices.take(matter, step, **given)
    extension = offices.begun("temporary_extension", {"opening": str(TemporaryOpening.objects.get().pk)})
    offices.take(extension, "submit_to_national")
    offices.take(extension, "consult", facts={"term_within_longest": True})
    return offices.agree(extension), "extend", {"extended_to": "2024-10-10"}


def to_ending(offices: Offices) -> tuple[Matter, str, dict[str, Any]]:
    matter, step, given = to_temporary(offices)
    return offices.take(matter, step, **given), "end_early", {"actor": offices.province}


def to_site_approval(offices: Offices) -> tuple[Matter, str, dict[str, Any]]:
    a_port("humen-water", "water", open_since=date(2010, 1, 1))
    matter = offices.begun("supervision_site", {"port": "humen-water", "site_name": "虎门进境粮食指定监管场地", "site_kinds": "粮食"})
    offices.take(matter, "submit", facts={"has_joint_control": True, "uses_new_land": False, "uses_sea": False, "environment_approval": "环审1号"})
    return offices.take(matter, "assess", facts={"is_in_port_of_entry": True}), "approve_project", {}


def to_site(offices: Offices) -> tuple[Matter, str, dict[str, Any]]:
    matter, step, given = to_site_approval(offices)
    offices.take(matter, step, **given)
    return offices.go(matter, "ask_acceptance", "pre_accept", "agree"), "accept", {}


def to_site_use(offices: Offices) -> tuple[Matter, str, dict[str, Any]]:
    matter, step, given = to_site(offices)
    return offices.take(matter, step, **given), "put_in_use", {"site_kinds": "粮食、肉类"}


def a_class_two_port(offices: Offices) -> ClassTwoPort:
    (row,) = enter_class_two(actor=offices.national, lines=[NewClassTwo("某二类口岸", "water", "44")], document=a_document())
    return row


def to_clearance(offices: Offices) -> tuple[Matter, str, dict[str, Any]]:
    row = a_class_two_port(offices)
    matter = offices.begun("class_two_clearance", {"class_two": row.code})
    return offices.go(matter, "propose", "consult", "agree", "approve_plan"), "record_closing", {}


def to_upgrade(offices: Offices) -> tuple[Matter, str, dict[str, Any]]:
    matter, _, _ = to_clearance(offices)
    return matter, "record_upgrade", {}


def to_selection(offices: Offices) -> tuple[Matter, str, dict[str, Any]]:
    a_port("xintang-air", "air")
    matter = offices.begun("demonstration_selection", {"port": "xintang-air"})
    offices.take(matter, "submit")
    evaluated = {"evaluation_score": 91, "evaluation_version": "2023年度，第1版", "is_result_signed_off": True, "meets_criteria": True, **NO_MAJOR}
    offices.take(matter, "consult", facts=evaluated)
    offices.agree(matter)
    offices.take(matter, "publicise", actor=offices.national)
    return matter, "select", {"facts": {"is_notice_over": True, "has_open_objection": False}}


WAYS: dict[str, Callable[[Offices], tuple[Matter, str, dict[str, Any]]]] = {
    "record_approval": to_approval, "open_port": to_opening, "expand_port": to_expansion, "record_acceptance": to_acceptance,
    "suspend_port": to_suspension, "resume_port": to_resumption, "close_port": to_closing, "merge_ports": to_merger,
    "merge_ports (withdrawal)": to_withdrawing_merger, "change_port": to_change, "record_temporary_opening": to_temporary,
    "extend_temporary_opening": to_extension, "end_temporary_opening": to_ending, "record_site_approval": to_site_approval, "record_site": to_site,
    "record_site_use": to_site_use, "record_class_two_clearance": to_clearance, "record_class_two_clearance (upgrade)": to_upgrade,
    "select_demonstration": to_selection,
}
OF_THE_REGISTER = [name for name in WAYS if name.split()[0] in (
    "open_port", "expand_port", "record_acceptance", "suspend_port", "resume_port", "close_port", "merge_ports", "change_port")]
BY_REPLY = ["record_approval", "open_port", "expand_port", "close_port", "merge_ports", "merge_ports (withdrawal)",
            "record_class_two_clearance (upgrade)"]


def everything() -> dict[str, Any]:
    """What stands in the register and beside it."""
    tables = (Port, PortChange, PortEvent, TemporaryOpening, TemporaryExtension, SupervisionSite, ClassTwoPort, ClassTwoClearance, DemonstrationPort,
        Document, MatterStep)
    return {each.__name__: list(each.objects.order_by("pk").values()) for each in tables}


def test_every_effect_is_carried_out_and_tried_here() -> None:
    assert {name.split()[0] for name in WAYS} == set(carrying.CARRIED)
    assert all(effect_of("casework", name) for name in carrying.CARRIED)


@pytest.mark.parametrize("effect", WAYS)
def test_cut_off_in_the_middle_nothing_is_left(effect: str, offices: Offices, monkeypatch: pytest.MonkeyPatch) -> None:
    matter, step, given = WAYS[effect](offices)
    before = everything()

    class PowerCut(BaseException):
        pass

    def cut(*_: Any, **__: Any) -> None:
        raise PowerCut

    with monkeypatch.context() as patch, pytest.raises(PowerCut):
        patch.setattr("kouan.desk.matters.tasks.bring_in_step", cut)
        offices.take(matter, step, **given)
    assert everything() == before
    offices.take(matter, step, **given)
    assert everything() != before


@pytest.mark.parametrize("effect", OF_THE_REGISTER)
def test_a_port_that_changed_meanwhile_stops_the_step_until_it_is_looked_at_again(effect: str, offices: Offices) -> None:
    matter, step, given = WAYS[effect](offices)
    matter.refresh_from_db()
    with acting_system("tests") as system:
        change_port(actor=system, code=matter.port_code, values={"city_name": "别处市"}, document=a_document())
    before = everything()
    with pytest.raises(Conflict) as refusal:
        offices.take(matter, step, **given)
    assert "gather_again" in codes(refusal.value) and everything() == before
    gather_facts(actor=offices.national, matter=matter.pk, on=DAY)
    offices.take(matter, step, **given)
    assert everything()["PortChange"] != before["PortChange"] or everything()["PortEvent"] != before["PortEvent"]


@pytest.mark.parametrize("effect", BY_REPLY)
def test_only_the_reply_as_issued_carries_it(effect: str, offices: Offices) -> None:
    matter, step, given = WAYS[effect](offices)
    before = everything()
    for paper, code in (
        (None, "document_missing"),
        (Paper("reply", "批复", "国函〔2024〕35号", "国务院", DAY), "reply_differs"),
        (Paper("reply", "批复", REPLY, "国务院", date(2024, 3, 1)), "reply_differs"),
    ):
        with pytest.raises(Refused) as refusal:
            offices.take(matter, step, papers={"reply": paper}, **given)
        assert code in codes(refusal.value) and everything() == before


@pytest.mark.parametrize(("effect", "kind"), [
    ("record_acceptance", "acceptance_minutes"), ("suspend_port", "suspension_decision"), ("resume_port", "resumption_decision"),
    ("change_port", "supporting_paper"), ("record_temporary_opening", "temporary_permit"), ("extend_temporary_opening", "extension_permit"),
    ("end_temporary_opening", "ending_notice"), ("record_site_approval", "project_approval"), ("record_site", "acceptance_conclusion"),
    ("record_site_use", "published_list"), ("record_class_two_clearance", "provincial_decision"), ("select_demonstration", "selection_decision"),
])
def test_without_its_paper_nothing_happens(effect: str, kind: str, offices: Offices) -> None:
    matter, step, given = WAYS[effect](offices)
    before = everything()
    with pytest.raises(Refused) as refusal:
        offices.take(matter, step, papers={kind: None}, **given)
    assert codes(refusal.value) == {"document_missing"} and everything() == before


def test_a_paper_of_another_kind_under_the_name_of_a_reply_opens_nothing(offices: Offices) -> None:
    from kouan.desk.matters.actions import take_step

    matter, step, _ = to_closing(offices)
    false = a_document(document_number=REPLY, issued_on=DAY)
    with pytest.raises(Refused) as refusal:
        take_step(actor=offices.national, matter=matter.pk, transition=step, documents={"reply": false}, on=DAY,
                  fields={"reply_number": REPLY, "reply_date": "2024-03-04", "closed_on": "2024-03-04"})
    assert codes(refusal.value) == {"reply_required"} and Port.objects.get(code="yantai-water").status == "open"


class TestWhatTheyDo:
    def test_an_opening_registers_approves_accepts_and_opens(self, offices: Offices) -> None:
        matter, step, given = to_opening(offices)
        done = offices.take(matter, step, **given)
        port = Port.objects.get(code="xintang-air")
        assert (done.outcome, port.status, port.approval, port.approved_on, port.accepted_on) == ("opened", "open", "state_council", DAY, DAY)
        change = PortChange.objects.get(port=port, attribute="status", value="open")
        assert f"办件 #{matter.pk}" in change.reason and REPLY in change.reason and change.document.document_number == REPLY

    def test_a_merger_names_its_successor(self, offices: Offices) -> None:
        matter, step, given = to_merger(offices)
        offices.take(matter, step, **given)
        assert PortEvent.objects.get(kind="merger").into.code == "humen-water" and Port.objects.get(code="dongguan-water").status == "merged"

    def test_a_target_that_is_no_port_is_refused_at_its_field(self, offices: Offices) -> None:
        matter, step, _ = to_merger(offices)
        with pytest.raises(Refused) as refusal:
            offices.take(matter, step, merged_into="不存在的口岸")
        assert refusal.value.findings[0].where.field == "field-merged_into"

    def test_another_target_than_was_applied_for_is_another_case(self, offices: Offices) -> None:
        matter, step, _ = to_merger(offices)
        a_port("zhuhai-water", "water", open_since=date(2010, 1, 1), transport_class="sea", class_basis="测试", is_border=False)
        with pytest.raises(Refused) as refusal:
            offices.take(matter, step, merged_into="zhuhai-water")
        assert codes(refusal.value) == {"other_target"} and Port.objects.get(code="dongguan-water").status == "open"

    def test_a_suspension_ends_in_the_state_before_it(self, offices: Offices) -> None:
        matter, step, given = to_resumption(offices)
        assert Port.objects.get(code="yantai-water").status == "suspended"
        assert offices.take(matter, step, **given).outcome == "kept"
        assert Port.objects.get(code="yantai-water").status == "open"

    def test_a_change_of_what_the_state_council_decides_is_refused(self, offices: Offices) -> None:
        matter, step, given = to_change(offices)
        for said in ("运行状态：开放运行", "改名", ""):
            with pytest.raises(Refused):
                offices.take(matter, step, **{**given, "what_changes": said})
        offices.take(matter, step, **given)
        assert Port.objects.get(code="xintang-air").name_en == "Xintang Airport"

    def test_a_term_of_its_own_drives_the_clock_and_an_extension_moves_it(self, offices: Offices) -> None:
        extension, step, given = to_extension(offices)
        opening = TemporaryOpening.objects.get()
        matter = opening.matter
        assert [each.due for each in clocks_of(matter, DAY) if each.code == "stay"] == [date(2024, 8, 10)]
        offices.take(extension, step, **given)
        matter.refresh_from_db()
        assert (matter.state, opening.last_day) == ("in_extended_use", date(2024, 10, 10))
        assert [each.due for each in clocks_of(matter, DAY) if each.code == "extended_stay"] == [date(2024, 10, 10)]
        assert matter.steps.get(transition="note_extension").actor is None
        with acting_system("run_clocks") as system:
            run_clocks(actor=system, today=date(2024, 10, 10))
            matter.refresh_from_db()
            assert matter.state == "in_extended_use", "its last day is still a day of it"
            run_clocks(actor=system, today=date(2024, 10, 12))
        matter.refresh_from_db()
        assert (matter.outcome, TemporaryOpening.objects.get().ended_on) == ("ended", date(2024, 10, 10))

    def test_days_in_the_wrong_order_are_refused(self, offices: Offices) -> None:
        matter, step, given = to_temporary(offices)
        with pytest.raises(Refused) as refusal:
            offices.take(matter, step, **{**given, "opened_to": "2024-02-09"})
        assert codes(refusal.value) == {"dates_reversed"}
        with pytest.raises(Refused) as refusal:
            offices.take(matter, step, **{**given, "opened_to": "八月"})
        assert codes(refusal.value) == {"bad_date"}

    def test_a_site_is_approved_accepted_and_in_use(self, offices: Offices) -> None:
        matter, step, given = to_site_use(offices)
        offices.take(matter, step, **given)
        site = SupervisionSite.objects.get()
        assert (site.kinds, site.port.code, site.approved_on, site.accepted_on, site.in_use_from) == ("粮食、肉类", "humen-water", DAY, DAY, DAY)
        assert site.approval != site.acceptance != site.published

    def test_a_class_two_port_is_cleared_once(self, offices: Offices) -> None:
        matter, step, given = to_clearance(offices)
        twin = offices.begun("class_two_clearance", {"class_two": ClassTwoPort.objects.get().code})
        offices.go(twin, "propose", "consult", "agree", "approve_plan")
        offices.take(matter, step, **given)
        row = ClassTwoClearance.objects.get()
        assert (row.port, row.outcome, row.cleared_on, row.matter_id_recorded) == (ClassTwoPort.objects.get(), "closed", DAY, matter.pk)
        assert (row.into_code, row.document.title, row.actor_id_recorded) == ("", "provincial_decision文件", offices.national.pk)
        with pytest.raises(Refused) as refusal:
            offices.take(twin, step, **given)
        assert codes(refusal.value) == {"already_cleared"}
        gather_facts(actor=offices.national, matter=twin.pk, on=DAY)
        twin.refresh_from_db()
        assert twin.facts["is_on_class_two_list"] is False
        with pytest.raises(Refused) as refusal:
            offices.begun("class_two_clearance", {"class_two": row.port.code})
        assert codes(refusal.value) == {"value_required"}

    @pytest.mark.parametrize(("step", "outcome", "given", "into"), [
        ("record_upgrade", "upgraded", {}, ""), ("record_merger", "merged", {"merged_into": "虎门水运口岸"}, "humen-water"),
    ])
    def test_a_class_two_port_is_upgraded_or_merged_by_the_reply(
        self, offices: Offices, step: str, outcome: str, given: dict[str, str], into: str,
    ) -> None:
        a_port("humen-water", "water", name_zh="虎门水运口岸", open_since=date(2010, 1, 1))
        matter, _, _ = to_clearance(offices)
        offices.take(matter, step, **given)
        row = ClassTwoClearance.objects.get()
        assert (row.outcome, row.into_code, row.document.document_number, row.matter_id_recorded) == (outcome, into, REPLY, matter.pk)

    def test_a_case_begun_from_the_list_clears_the_port_of_its_entry(self, offices: Offices) -> None:
        row = a_class_two_port(offices)
        offices.settle("class_two_clearance")
        with clock.travel_to(DAY):
            matter = open_case(actor=offices.province, kind="class-two", subject=f"class-two:{row.code}")
            Matter.objects.filter(pk=matter.pk).update(named=offices.named("class_two_clearance"))
            gather_facts(actor=offices.province, matter=matter.pk)
            matter.refresh_from_db()
            assert matter.facts["is_on_class_two_list"] is True
            offices.go(matter, "propose", "consult", "agree", "approve_plan", "record_closing")
        held = ClassTwoClearance.objects.get()
        assert (held.port, held.outcome, held.cleared_on) == (row, "closed", DAY)

    def test_a_demonstration_port_keeps_the_score_it_rested_on(self, offices: Offices) -> None:
        matter, step, given = to_selection(offices)
        offices.take(matter, step, **given)
        row = DemonstrationPort.objects.get()
        assert (row.port.code, row.evaluation_score, row.evaluation_version) == ("xintang-air", "91", "2023年度，第1版")
