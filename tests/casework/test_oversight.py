"""Supervision of the plan's tasks: cells, the supervised matter from assignment to close, papers, and hard cases."""

from __future__ import annotations

import hashlib
import threading
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from tests.accounts.factories import a_user, an_enterprise_user, an_office
from tests.casework.oversight_office import PDF, House

from kouan.accounts.action import acting_system
from kouan.accounts.models import OrganisationKind, Role
from kouan.audit.models import AuditEntry
from kouan.basis import Conflict, NotAllowed, NotFound, Refused, clock
from kouan.casework.oversight import actions, effects
from kouan.casework.oversight.drafts import paper_of
from kouan.casework.oversight.models import CellReport, OversightPaper, Supervision, TaskCell
from kouan.casework.oversight.plan_tasks import plan
from kouan.casework.oversight.queries import get_cell, get_paper, matrix
from kouan.desk.actions import file_place
from kouan.desk.matters.actions import run_clocks, take_step
from kouan.desk.matters.models import Matter, MatterNotice, Task
from kouan.desk.matters.queries import inbox
from kouan.desk.papers import docx_of, pdf_of

DAY = date(2024, 3, 4)


@pytest.fixture(autouse=True)
def on_the_day() -> Any:
    with clock.travel_to(DAY):
        yield


@pytest.fixture
def house(db: None) -> House:
    return House()


def clocks(day: date) -> dict[str, int]:
    with clock.travel_to(day), acting_system("run_clocks") as system:
        return run_clocks(actor=system)


class refused:
    """``with refused("code")``: a refusal whose first finding carries the code."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        assert isinstance(error, Refused), f"nothing was refused; expected {self.code}"
        assert self.code in [each.code for each in error.findings]
        return True


# ---- the file of tasks ---------------------------------------------------------------------------------


def test_every_target_is_a_task_or_says_why_it_is_none() -> None:
    targets = {f"T-{number:02}" for number in range(1, 28)}
    tasks = {each.target for each in plan().tasks.values() if each.target}
    assert tasks | set(plan().not_tasks) == targets
    assert not tasks & set(plan().not_tasks)


def test_every_task_cites_its_place_and_words() -> None:
    assert len(plan().places) == 32 and sum(each.is_province for each in plan().places.values()) == 31
    for each in plan().tasks.values():
        assert each.quote and each.section and each.requirement.startswith("R-") and each.places <= set(plan().places), each.code
    assert set(plan().source["checksums"]) == {"requirements.md", "key_targets.csv"}


# ---- cells ---------------------------------------------------------------------------------------------


def test_a_cell_without_an_owner_says_so(house: House) -> None:
    cells = matrix(house.national)
    assert len(cells) == len(plan().tasks) * 32
    assert {each.state for each in cells} == {"none_stated", "exempt"}
    assert all(each.owner_words in ("未明确责任单位", "不适用") for each in cells)
    bare = actions.set_cell(actor=house.national, task="class_two", place="44", reason="省里尚未明确")
    assert get_cell(house.national, "class_two", "44").owner_words == "未明确责任单位" and bare.owner is None


def test_a_province_sees_its_own_column_and_nothing_else(house: House) -> None:
    house.owned(DAY + timedelta(9))
    assert {each.place.code for each in matrix(house.guangdong)} == {"44"}
    assert {each.place.code for each in matrix(house.hubei)} == {"42"}
    assert matrix(an_enterprise_user()) == []
    entries = AuditEntry.objects.count()
    for task, place in (("class_two", "44"), ("class_two", "99"), ("nothing", "42")):
        with pytest.raises(NotFound):
            get_cell(house.hubei, task, place)
    assert AuditEntry.objects.count() == entries + 1
    with pytest.raises(NotFound):
        actions.report_progress(actor=house.hubei, task="class_two", place="44", words="代报")
    with pytest.raises(NotAllowed):
        actions.set_cell(actor=house.guangdong, task="class_two", place="44", reason="自行确定")


def test_a_city_office_sees_the_one_cell_it_is_in_charge_of(house: House) -> None:
    city = a_user(Role.CITY_OFFICER, an_office(OrganisationKind.CITY_OFFICE, province_code="44", city_code="440300"))
    assert matrix(city) == []
    house.owned(DAY + timedelta(9), owner=city)
    assert [(each.task.code, each.place.code) for each in matrix(city)] == [("class_two", "44")]


def test_the_corps_has_a_column_of_its_own(house: House) -> None:
    office = an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="65")
    corps = a_user(Role.PROVINCIAL_OFFICER, office)
    actions.set_cell(actor=house.national, task="measures", place="66", owner=office.code, due_on=DAY, reason="兵团口岸办")
    assert ("measures", "66") in {(each.task.code, each.place.code) for each in matrix(corps)}
    assert get_cell(house.national, "class_two", "66").state == "exempt"


@pytest.mark.parametrize(("given", "code"), [
    ({"reason": " "}, "value_required"), ({"due_on": date(1990, 1, 1)}, "date_out_of_range"), ({"owner_code": "nobody"}, "unknown_office"),
    ({"owner_code": ""}, "due_without_owner"), ({"is_exempt": True}, "exempt_and_owned"), ({"reason": "机密★10年"}, "secrecy_mark"),
    ({"version": 7}, "cell_changed"),
])
def test_a_cell_is_refused_with_what_is_wrong(house: House, given: dict[str, Any], code: str) -> None:
    with refused(code):
        house.owned(**{"due_on": DAY + timedelta(9)} | given)
    assert not TaskCell.objects.exists()


def test_another_provinces_office_is_not_put_in_charge(house: House) -> None:
    with refused("unknown_office"):
        house.owned(DAY + timedelta(9), owner=house.hubei)


def test_the_states_follow_the_day_and_the_reports(house: House) -> None:
    def state() -> str:
        return get_cell(house.national, "class_two", "44").state

    cell = house.owned(None)
    assert state() == "undated"
    house.owned(DAY + timedelta(3), version=cell.version)
    assert state() == "unreported"
    actions.report_progress(actor=house.guangdong, task="class_two", place="44", words="已摸底")
    assert state() == "in_progress"
    with clock.travel_to(DAY + timedelta(3)):
        assert state() == "in_progress"
    with clock.travel_to(DAY + timedelta(4)):
        assert state() == "overdue"
    made = actions.report_progress(actor=house.guangdong, task="class_two", place="44", words="已完成", is_complete=True, source=BytesIO(PDF),
                                   file_name="证明.pdf", sha256=hashlib.sha256(PDF).hexdigest())
    assert state() == "to_verify"
    actions.verify_completion(actor=house.national, report=made.pk, accept=True, finding="属实")
    assert state() == "done"


def test_a_completion_needs_evidence_and_another_pair_of_eyes(house: House) -> None:
    national = house.national.organisation
    actions.set_cell(actor=house.national, task="measures", place="44", owner=national.code, due_on=DAY, reason="国家口岸办承办")
    report = {"actor": house.national, "task": "measures", "place": "44", "words": "完成", "is_complete": True}
    with refused("evidence_missing"):
        actions.report_progress(**report)
    with refused("checksum_differs"):
        actions.report_progress(**report, source=BytesIO(PDF), file_name="证明.pdf", sha256="0" * 64)
    assert not CellReport.objects.exists()
    made = actions.report_progress(**report, source=BytesIO(PDF), file_name="证明.pdf")
    with refused("own_report"):
        actions.verify_completion(actor=house.national, report=made.pk, accept=True, finding="属实")
    with pytest.raises(IntegrityError), transaction.atomic():
        CellReport.objects.filter(pk=made.pk).update(verified_by=house.national)
    place = file_place(made.evidence.versions.get().sha256)
    place.chmod(0o600)
    place.write_bytes(PDF + b"x")
    with refused("evidence_altered"):
        actions.verify_completion(actor=house.other, report=made.pk, accept=True, finding="属实")
    place.write_bytes(PDF)
    assert actions.verify_completion(actor=house.other, report=made.pk, accept=True, finding="属实").accepted
    with refused("not_to_verify"):
        actions.verify_completion(actor=house.other, report=made.pk, accept=False, finding="再看")


def test_milestones_are_reached_by_a_report(house: House) -> None:
    house.owned(DAY + timedelta(9))
    one = actions.add_milestone(actor=house.national, task="class_two", place="44", label="完成摸底", due_on=DAY)
    actions.report_progress(actor=house.guangdong, task="class_two", place="44", words="已摸底", milestone=one.pk)
    one.refresh_from_db()
    assert one.reached_on == DAY
    with refused("unknown_milestone"):
        actions.report_progress(actor=house.guangdong, task="class_two", place="44", words="再报", milestone=one.pk)
    with refused("milestone_exists"):
        actions.add_milestone(actor=house.national, task="class_two", place="44", label="完成摸底", due_on=DAY)


def test_a_major_problem_drafts_a_report_upward_that_only_the_nation_sees(house: House) -> None:
    house.owned(DAY + timedelta(9))
    actions.report_progress(actor=house.guangdong, task="class_two", place="44", words="受阻", problem="涉及跨省岸线权属，省内难以协调。")
    paper = OversightPaper.objects.get()
    written = paper_of(paper)
    assert written.style.goes_up and written.is_draft and "岸线权属" in "".join(each.text for each in written.blocks)
    assert get_paper(house.national, paper.pk) == paper
    with pytest.raises(NotFound):
        get_paper(house.guangdong, paper.pk)
    with refused("date_out_of_range"):
        actions.enter_issued(actor=house.national, paper=paper.pk, number="署岸报〔2024〕1号", issued_on=DAY + timedelta(1))
    issued = actions.enter_issued(actor=house.national, paper=paper.pk, number="署岸报〔2024〕1号", issued_on=DAY)
    assert not paper_of(issued).is_draft
    with refused("issued_already"):
        actions.enter_issued(actor=house.other, paper=paper.pk, number="署岸报〔2024〕2号", issued_on=DAY)


# ---- the supervised matter -------------------------------------------------------------------------------


def test_from_assignment_to_close(house: House) -> None:
    held = house.supervised(DAY + timedelta(30))
    assert [each.matter_id for each in inbox(house.guangdong)] == [held.matter_id]
    assert inbox(house.guangdong)[0].due_on == DAY + timedelta(30)
    house.report(held)
    with refused("not_your_step"):
        take_step(actor=house.guangdong, matter=held.matter_id, transition="close", fields={"opinion": "自己核实"})
    take_step(actor=house.other, matter=held.matter_id, transition="return_report",
              fields={"due_on": (DAY + timedelta(40)).isoformat(), "reason": "材料不全"})
    assert TaskCell.objects.get().due_on == DAY + timedelta(40)
    house.report(held)
    house.close(held)
    cell = get_cell(house.guangdong, "class_two", "44")
    assert (cell.state, cell.row.completed_on, cell.last.verified_by) == ("done", DAY, house.other)
    held.refresh_from_db()
    assert not held.is_open and held.matter.outcome == "concluded"


def test_who_reported_does_not_verify(house: House) -> None:
    office = house.national.organisation
    actions.set_cell(actor=house.other, task="measures", place="44", owner=office.code, due_on=DAY + timedelta(30), reason="国家口岸办承办")
    held = actions.supervise_cell(actor=house.other, task="measures", place="44", reason="进展缓慢")
    take_step(actor=house.national, matter=held.matter_id, transition="acknowledge")
    house.report(held, actor=house.national)
    with refused("own_proposal"):
        house.close(held, actor=house.national)
    with pytest.raises(IntegrityError), transaction.atomic():
        Supervision.objects.filter(pk=held.pk).update(verified_by=house.national)
    assert house.close(held).outcome == "concluded"


def test_a_report_needs_a_file_and_a_close_the_same_file(house: House) -> None:
    from kouan.desk.matters.papers import Paper, take_step_with_papers

    held = house.supervised(DAY + timedelta(30))
    with refused("evidence_missing"):
        take_step_with_papers(actor=house.guangdong, matter=held.matter_id, transition="report", fields={"progress": "完成"},
                              papers=[Paper("evidence", "口头说明")])
    content = PDF + b"% closing\n"
    house.report(held, content=content)
    place = file_place(hashlib.sha256(content).hexdigest())
    place.chmod(0o600)
    place.write_bytes(b"%PDF-1.4 other")
    with refused("evidence_altered"):
        house.close(held)
    assert Matter.objects.get(pk=held.matter_id).state == "reported"


def test_a_job_that_did_not_run_for_a_week_catches_up_once(house: House) -> None:
    held = house.supervised(DAY + timedelta(3))
    late = DAY + timedelta(11)
    assert clocks(late)["lapsed"] == 1
    for days in range(1, 4):
        assert clocks(late + timedelta(days))["notices"] == 0
    told = MatterNotice.objects.filter(matter=held.matter_id, kind="overdue")
    assert [each.recipient for each in told] == [house.guangdong]
    assert set(MatterNotice.objects.filter(matter=held.matter_id, kind="escalation").values_list("recipient", flat=True)) == {
        house.national.pk, house.other.pk}
    paper = OversightPaper.objects.get()
    assert (paper.kind, paper.addressee, paper.due_on, paper.drafted_on) == ("notice", house.guangdong.organisation.name_zh, DAY + timedelta(3), late)
    assert Matter.objects.get(pk=held.matter_id).state == "overdue"
    assert docx_of(paper_of(paper))[:2] == b"PK" and pdf_of(paper_of(paper))[:5] == b"%PDF-"
    with pytest.raises(NotFound):
        get_paper(house.guangdong, paper.pk)
    with clock.travel_to(late + timedelta(1)):
        actions.enter_issued(actor=house.national, paper=paper.pk, number="国岸督〔2024〕1号", issued_on=late)
    assert get_paper(house.guangdong, paper.pk).number == "国岸督〔2024〕1号"
    with pytest.raises(NotFound):
        get_paper(house.hubei, paper.pk)


def test_the_superior_of_a_city_is_its_province(house: House) -> None:
    office = an_office(OrganisationKind.CITY_OFFICE, province_code="44", city_code="440300", parent=house.guangdong.organisation)
    city = a_user(Role.CITY_OFFICER, office)
    held = house.supervised(DAY + timedelta(1), owner=city)
    clocks(DAY + timedelta(5))
    told = {each.recipient: each.kind for each in MatterNotice.objects.filter(matter=held.matter_id).exclude(kind="reminder")}
    assert told == {city: "overdue", house.guangdong: "escalation"}


def test_an_extension_is_asked_and_granted_and_the_old_day_holds_meanwhile(house: House) -> None:
    held = house.supervised(DAY + timedelta(3))
    asked = {"asked_until": (DAY + timedelta(20)).isoformat(), "reason": "岸线论证未完成"}
    take_step(actor=house.guangdong, matter=held.matter_id, transition="ask_extension", fields=asked)
    with refused("due_in_the_past"):
        take_step(actor=house.other, matter=held.matter_id, transition="grant_extension", fields={"due_on": "2024-03-01", "reason": "同意"})
    take_step(actor=house.other, matter=held.matter_id, transition="grant_extension",
              fields={"due_on": (DAY + timedelta(20)).isoformat(), "reason": "同意"})
    assert clocks(DAY + timedelta(10))["lapsed"] == 0
    assert clocks(DAY + timedelta(21))["lapsed"] == 1
    with clock.travel_to(DAY + timedelta(22)):
        take_step(actor=house.other, matter=held.matter_id, transition="grant_extension",
                  fields={"due_on": (DAY + timedelta(30)).isoformat(), "reason": "再予宽限"})
    assert clocks(DAY + timedelta(31))["lapsed"] == 1
    assert OversightPaper.objects.count() == 2
    assert MatterNotice.objects.filter(kind="overdue", recipient=house.guangdong).count() == 2


def test_a_request_left_lying_does_not_stop_the_day(house: House) -> None:
    held = house.supervised(DAY + timedelta(3))
    take_step(actor=house.guangdong, matter=held.matter_id, transition="ask_extension",
              fields={"asked_until": (DAY + timedelta(20)).isoformat(), "reason": "请延"})
    assert clocks(DAY + timedelta(4))["lapsed"] == 1
    assert Task.objects.open().get(matter=held.matter_id).organisation == house.guangdong.organisation


def test_a_closed_office_leaves_no_matter_without_a_desk(house: House) -> None:
    held = house.supervised(DAY + timedelta(30))
    office = house.guangdong.organisation
    office.is_active = False
    office.save()
    clocks(DAY + timedelta(1))
    task = Task.objects.open().get(matter=held.matter_id)
    assert task.is_stray and task.organisation == house.national.organisation
    heir = a_user(Role.PROVINCIAL_OFFICER, an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="44"))
    actions.change_owner(actor=house.national, supervision=held.pk, owner=heir.organisation.code, reason="机构改革，职责划转")
    task = Task.objects.open().get(matter=held.matter_id)
    assert not task.is_stray and [each.pk for each in inbox(heir)] == [task.pk]
    assert TaskCell.objects.get().owner == heir.organisation
    house.report(held, actor=heir)
    assert house.close(held).outcome == "concluded"


def test_another_owner_of_the_cell_takes_the_running_matter(house: House) -> None:
    held = house.supervised(DAY + timedelta(30))
    heir = a_user(Role.PROVINCIAL_OFFICER, an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="44"))
    cell = TaskCell.objects.get()
    with refused("under_supervision"):
        house.owned(DAY + timedelta(60), version=cell.version)
    house.owned(DAY + timedelta(30), owner=heir, version=cell.version)
    assert [each.matter_id for each in inbox(heir)] == [held.matter_id] and not inbox(house.guangdong)


def test_supervision_asks_for_owner_and_day_and_comes_once(house: House) -> None:
    with refused("no_owner"):
        actions.supervise_cell(actor=house.national, task="class_two", place="44", reason="缓慢")
    cell = house.owned(None)
    with refused("owner_and_day_needed"):
        actions.supervise_cell(actor=house.national, task="class_two", place="44", reason="缓慢")
    house.owned(DAY, version=cell.version)
    actions.supervise_cell(actor=house.national, task="class_two", place="44", reason="缓慢")
    with refused("supervised_already"):
        actions.supervise_cell(actor=house.other, task="class_two", place="44", reason="缓慢")
    with refused("report_in_matter"):
        actions.report_progress(actor=house.guangdong, task="class_two", place="44", words="完成", is_complete=True)


def test_a_matter_begun_past_these_verbs_goes_nowhere(house: House) -> None:
    from kouan.desk.matters.actions import open_matter

    stray = open_matter(actor=house.national, procedure="supervision", title="自行发起")
    with refused("not_supervised"):
        take_step(actor=house.national, matter=stray.pk, transition="assign", fields={"reason": "试"})
    own = open_matter(actor=house.guangdong, procedure="circular_receipt", title="自行发起",
                      named={"recipient": house.guangdong.organisation.code})
    with refused("no_circular"):
        take_step(actor=house.guangdong, matter=own.pk, transition="sign")


# ---- two at once, and a power cut --------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_two_officers_at_once_one_wins_and_the_other_is_told() -> None:
    house = House()
    start, outcomes = threading.Barrier(2), []

    def act(actor: Any) -> None:
        try:
            with clock.travel_to(DAY):
                start.wait(10)
                house.owned(DAY + timedelta(9), actor=actor, reason=actor.username)
            outcomes.append("done")
        except Conflict as conflict:
            outcomes.append(conflict.findings[0].code)
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=(each,)) for each in (house.national, house.other)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert sorted(outcomes) == ["cell_changed", "done"] and TaskCell.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("place", ["open_matter", "take_step"])
def test_cut_off_anywhere_supervision_is_opened_or_not(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    house.owned(DAY + timedelta(9))
    whole = getattr(actions, place)

    class PowerCut(BaseException):
        pass

    def cut(**known: Any) -> Any:
        whole(**known)
        raise PowerCut

    monkeypatch.setattr(actions, place, cut)
    with pytest.raises(PowerCut):
        actions.supervise_cell(actor=house.national, task="class_two", place="44", reason="缓慢")
    monkeypatch.undo()
    assert not Supervision.objects.exists() and not Matter.objects.exists() and not Task.objects.exists()
    assert actions.supervise_cell(actor=house.national, task="class_two", place="44", reason="缓慢").is_open


@pytest.mark.django_db(transaction=True)
def test_cut_off_in_the_lapse_the_notice_comes_with_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    held = house.supervised(DAY + timedelta(3))

    class PowerCut(BaseException):
        pass

    whole = effects.notice_content

    def cut(*given: Any) -> Any:
        whole(*given)
        raise PowerCut

    monkeypatch.setattr(effects, "notice_content", cut)
    with pytest.raises(PowerCut):
        clocks(DAY + timedelta(5))
    monkeypatch.undo()
    assert Matter.objects.get(pk=held.matter_id).state == "acknowledged" and not OversightPaper.objects.exists()
    clocks(DAY + timedelta(6))
    assert OversightPaper.objects.count() == 1 and MatterNotice.objects.filter(kind="overdue").count() == 1


def test_the_targets_named_are_those_of_the_list() -> None:
    assert {each.target for each in plan().tasks.values() if each.by == date(2025, 12, 31)} == {"T-01", "T-09"}
