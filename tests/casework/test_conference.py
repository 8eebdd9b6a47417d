"""Conferences: an agenda from open cases, minutes confirmed by another person, action items followed up at the next one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from tests.accounts.factories import a_user
from tests.casework.issues import DAY, Offices, events_of
from tests.desk.files import a_pdf

from kouan.accounts.action import acting_system
from kouan.accounts.models import OrganisationKind, Role
from kouan.basis import Conflict, NotAllowed, NotFound, Refused, clock
from kouan.casework.conference import effects
from kouan.casework.conference.actions import (
    NewAction,
    PaperFile,
    add_case,
    add_cases,
    add_free_item,
    attach_paper,
    call_conference,
    confirm_corrigendum,
    draft_corrigendum,
    drop_item,
    note_receipt,
    write_minutes,
)
from kouan.casework.conference.models import ActionItem, AgendaItem, Conference
from kouan.casework.conference.papers import agenda_of, minutes_of
from kouan.casework.conference.queries import (
    conferences_visible_to,
    decisions_on,
    followed_up,
    get_conference,
    told,
)
from kouan.casework.conference.reasons import reasons_of, suggestions
from kouan.desk.matters.actions import run_clocks, take_step
from kouan.desk.matters.models import Matter, MatterNotice, MatterStep, Task
from kouan.desk.matters.papers import Paper, take_step_with_papers
from kouan.desk.matters.queries import inbox, matters_visible_to
from kouan.desk.papers import docx_of, pdf_of

pytestmark = pytest.mark.django_db(transaction=True)
DUE = DAY + timedelta(days=60)


class Meeting(Offices):
    """The national office with two people, its members, and an issue that is overdue."""

    def __init__(self) -> None:
        super().__init__()
        self.third = a_user(Role.NATIONAL_OFFICER, self.national.organisation)
        self.colleague = a_user(Role.PROVINCIAL_OFFICER, self.province.organisation)

    def called(self, actor: Any = None, title: str = "部际联席会议第一次会议", days: int = 10, members: list[str] | None = None) -> Conference:
        return call_conference(actor=actor or self.national, title=title, held_on=DAY + timedelta(days=days), place="北京", chair="某主任", on=DAY,
                               members=[self.province.organisation.code, "某部"] if members is None else members)

    def step(self, held: Conference, transition: str, actor: Any = None, on: date = DAY, **fields: str) -> Matter:
        papers = [Paper("issued_minutes", "会议纪要", "国口联纪〔2024〕1号", source=BytesIO(a_pdf()),
            file_name="纪要.pdf")] if transition == "issue" else []
        return take_step_with_papers(actor=actor or self.national, matter=held.matter_id, transition=transition, fields=fields, papers=papers, on=on)

    def minuted(self, held: Conference, owner: str = "", decision: str = "同意由广东负责整改") -> AgendaItem:
        """Sent, held and its one item minuted."""
        item = add_free_item(actor=self.national, conference=held.pk, title="研究口岸查验等候问题")
        self.step(held, "send_agenda")
        with clock.travel_to(held.held_on.isoformat()):
            self.step(held, "hold", on=held.held_on, held_on=held.held_on.isoformat())
            return write_minutes(actor=self.national, conference=held.pk, item=item.pk, decision=decision, dissent="某部建议缓办",
                words="会议听取汇报",
                                 actions=[NewAction("完成查验通道改造", owner or self.province.organisation.code, DUE)])

    def confirmed(self, held: Conference, **known: Any) -> AgendaItem:
        item = self.minuted(held, **known)
        self.step(held, "submit_minutes", self.third, held.held_on)
        self.step(held, "confirm", self.second, held.held_on)
        return item


@pytest.fixture
def meeting() -> Iterator[Meeting]:
    with clock.travel_to(DAY.isoformat()):
        yield Meeting()


def code_of(refusal: Any) -> set[str]:
    return {each.code for each in refusal.value.findings}


def state_of(held: Conference) -> str:
    return Matter.objects.get(pk=held.matter_id).state


def test_cases_are_suggested_with_their_reasons(meeting: Meeting) -> None:
    issue = meeting.submitted()
    held = meeting.called()
    assert not suggestions(meeting.national), "a case in time is no matter for a conference"
    with pytest.raises(Refused) as refused:
        add_case(actor=meeting.national, conference=held.pk, matter=issue.matter_id)
    assert code_of(refused) == {"reason_needed"}
    Task.objects.filter(matter=issue.matter_id).update(due_on=DAY - timedelta(days=1))
    Matter.objects.filter(pk=issue.matter_id).update(facts={"is_major_decision": True, "is_major_problem": True})
    ((case, reasons),) = suggestions(meeting.national)
    assert case.pk == issue.matter_id and [each.code for each in reasons] == ["overdue", "major_decision", "major_problem"]
    assert all(each.said.zh and each.said.en for each in reasons) and "逾期" in reasons[0].said.zh
    (item,) = add_cases(actor=meeting.national, conference=held.pk, matters=[issue.matter_id])
    assert [each["code"] for each in item.reasons] == ["overdue", "major_decision", "major_problem"]
    with pytest.raises(Conflict):
        add_case(actor=meeting.national, conference=held.pk, matter=issue.matter_id)
    assert reasons_of([held.matter_id])[held.matter_id] == []


def test_a_province_puts_on_only_cases_that_it_sees(meeting: Meeting) -> None:
    issue = meeting.submitted()
    held = call_conference(actor=meeting.neighbour, title="广西联席会议", held_on=DUE, place="南宁", chair="某主任", members=[], on=DAY)
    with pytest.raises(NotFound):
        add_case(actor=meeting.neighbour, conference=held.pk, matter=issue.matter_id, note="研究")
    assert held.province_code == "45" and not suggestions(meeting.neighbour)
    with pytest.raises(NotAllowed):
        call_conference(actor=meeting.city, title="市里的会议", held_on=DUE, place="深圳", chair="某人", members=[], on=DAY)


def test_the_agenda_goes_to_members_who_send_receipts(meeting: Meeting) -> None:
    held = meeting.called()
    with pytest.raises(Refused) as refused:
        meeting.step(held, "send_agenda")
    assert code_of(refused) == {"no_item"}
    add_free_item(actor=meeting.national, conference=held.pk, title="研究口岸布局", paper=PaperFile(BytesIO(a_pdf()), "材料.pdf"))
    assert not conferences_visible_to(meeting.province).exists(), "nobody sees an agenda before it is sent"
    meeting.step(held, "send_agenda")
    (task,) = inbox(meeting.province)
    assert task.matter.procedure == "conference_invitation" and conferences_visible_to(meeting.province).get() == held
    take_step(actor=meeting.province, matter=task.matter_id, transition="receive", fields={"attendee": "王五"}, on=DAY)
    member, ministry = held.members.all()
    assert (member.attendee, member.received_at is not None, inbox(meeting.province).exists()) == ("王五", True, False)
    with pytest.raises(Refused):
        note_receipt(actor=meeting.national, conference=held.pk, member=member.pk, attendee="赵六")
    assert note_receipt(actor=meeting.national, conference=held.pk, member=ministry.pk, attendee="赵六").attendee == "赵六"
    with pytest.raises(NotAllowed):
        attach_paper(actor=meeting.province, conference=held.pk, item=held.items.get().pk, paper=PaperFile(BytesIO(a_pdf()), "x.pdf"))
    for user in (meeting.neighbour, meeting.agency):
        with pytest.raises(NotFound):
            get_conference(user, held.pk)
        assert "out_of_scope" in events_of(user)


def test_postponed_and_cancelled(meeting: Meeting) -> None:
    held = meeting.called()
    add_free_item(actor=meeting.national, conference=held.pk, title="研究口岸布局")
    meeting.step(held, "send_agenda")
    later = DAY + timedelta(days=30)
    with pytest.raises(Refused) as refused:
        meeting.step(held, "postpone", held_on="2024-01-01", reason="改期")
    assert code_of(refused) == {"day_over"}
    meeting.step(held, "postpone", held_on=later.isoformat(), reason="主持人出差")
    held.refresh_from_db()
    assert (held.held_on, state_of(held), inbox(meeting.province).exists()) == (later, "preparing", False)
    meeting.step(held, "send_agenda")
    assert inbox(meeting.province).get().matter.procedure == "conference_invitation"
    meeting.step(held, "cancel", reason="合并召开")
    assert state_of(held) == "cancelled" and not inbox(meeting.province).exists() and not inbox(meeting.national).exists()


def test_minutes_are_confirmed_by_another_and_then_only_corrected(meeting: Meeting) -> None:
    held = meeting.called()
    item = meeting.minuted(held)
    with clock.travel_to(held.held_on.isoformat()):
        assert told(held, meeting.province)["items"][0]["decision"] is None, "a draft is not for members"
        meeting.step(held, "submit_minutes", meeting.third, held.held_on)
        with pytest.raises(NotAllowed) as refused:
            meeting.step(held, "confirm", meeting.national, held.held_on)
        assert code_of(refused) == {"own_minutes"}
        with pytest.raises(NotAllowed):
            meeting.step(held, "confirm", meeting.third, held.held_on)
        assert not Matter.objects.filter(procedure="conference_action").exists()
        meeting.step(held, "confirm", meeting.second, held.held_on)
        with pytest.raises(Conflict) as late:
            write_minutes(actor=meeting.national, conference=held.pk, item=item.pk, decision="改写")
        assert code_of(late) == {"not_now"}
        assert told(get_conference(meeting.province, held.pk), meeting.province)["items"][0]["decision"] == "同意由广东负责整改"
        wrong = draft_corrigendum(actor=meeting.national, conference=held.pk, words="“广东”应为“广东省”", item=item.pk)
        with pytest.raises(NotAllowed):
            confirm_corrigendum(actor=meeting.national, conference=held.pk, corrigendum=wrong.pk)
        confirm_corrigendum(actor=meeting.second, conference=held.pk, corrigendum=wrong.pk)
        meeting.step(held, "issue", minutes_number="国口联纪〔2024〕1号", on=held.held_on)
        held.refresh_from_db()
        paper = minutes_of(held)
    assert (held.minutes_number, state_of(held), paper.is_draft, paper.number) == ("国口联纪〔2024〕1号", "issued", False, "国口联纪〔2024〕1号")
    said = "".join(block.text + "".join("".join(row) for row in block.rows) for block in paper.blocks)
    assert all(each in said for each in ("同意由广东负责整改", "某部建议缓办", "完成查验通道改造", "更正1：“广东”应为“广东省”"))
    assert docx_of(paper)[:2] == b"PK" and pdf_of(agenda_of(held))[:4] == b"%PDF"
    item.refresh_from_db()
    assert item.decision == "同意由广东负责整改"


def test_every_item_needs_its_decision(meeting: Meeting) -> None:
    held = meeting.called()
    add_free_item(actor=meeting.national, conference=held.pk, title="研究另一事项")
    meeting.minuted(held)
    with pytest.raises(Refused) as refused:
        meeting.step(held, "submit_minutes", on=held.held_on)
    assert code_of(refused) == {"no_decision"} and len(refused.value.findings) == 1


def test_an_action_item_is_followed_until_closed_and_shown_at_the_next(meeting: Meeting) -> None:
    held = meeting.called()
    meeting.confirmed(held)
    action = ActionItem.objects.get()
    assert action.matter is not None and {each.matter_id for each in inbox(meeting.province)} >= {action.matter_id}
    assert Task.objects.open().get(matter=action.matter).due_on == DUE
    with clock.travel_to((DAY + timedelta(days=20)).isoformat()):
        following = call_conference(actor=meeting.second, title="第二次会议", held_on=DAY + timedelta(days=90), place="北京", chair="某主任",
                                    members=[meeting.province.organisation.code])
        assert followed_up(following) == [action] and not followed_up(held)
        assert "完成查验通道改造" in str(agenda_of(following).blocks)
    late = DUE + timedelta(days=7)
    with clock.travel_to(late.isoformat()), acting_system("run_clocks") as system:
        told_once = run_clocks(actor=system, today=late)["notices"]
        assert told_once >= 2 and run_clocks(actor=system, today=late)["notices"] == 0, "a week without the job is made up once"
    assert MatterNotice.objects.filter(matter=action.matter, kind="escalation", recipient=meeting.national).count() == 1
    with clock.travel_to(late.isoformat()):
        with pytest.raises(Refused):
            take_step(actor=meeting.province, matter=action.matter.pk, transition="report", fields={"progress": "已改造"}, on=late)
        take_step_with_papers(actor=meeting.province, matter=action.matter.pk, transition="report", fields={"progress": "已改造"}, on=late,
                              papers=[Paper("evidence", "竣工照片", source=BytesIO(a_pdf()), file_name="竣工.pdf")])
        take_step(actor=meeting.national, matter=action.matter.pk, transition="verify", on=late)
        assert Matter.objects.get(pk=action.matter.pk).ended_at is not None
        assert followed_up(following) == [action], "the conference that comes next is still told that it was done"
        third = call_conference(actor=meeting.second, title="第三次会议", held_on=late + timedelta(days=60), place="北京", chair="某主任",
            members=["某部"])
    assert followed_up(third) == [action]


def test_a_ministry_without_users_is_followed_by_the_secretarys_own_office(meeting: Meeting) -> None:
    meeting.confirmed(meeting.called(), owner="某部")
    action = ActionItem.objects.get()
    assert (action.owner, action.owner_name) == (None, "某部")
    (task,) = Task.objects.open().filter(matter=action.matter)
    assert task.organisation.kind == OrganisationKind.NATIONAL_OFFICE and not task.is_stray


def test_the_decision_stands_by_the_case_and_does_not_move_it(meeting: Meeting) -> None:
    issue = meeting.submitted()
    held = meeting.called()
    item = add_case(actor=meeting.national, conference=held.pk, matter=issue.matter_id, note="多省均有反映")
    before = Matter.objects.get(pk=issue.matter_id)
    meeting.step(held, "send_agenda")
    with clock.travel_to(held.held_on.isoformat()):
        meeting.step(held, "hold", on=held.held_on, held_on=held.held_on.isoformat())
        write_minutes(actor=meeting.national, conference=held.pk, item=item.pk, decision="请边检机关一个月内解决")
        assert decisions_on(before, meeting.province) == []
        meeting.step(held, "submit_minutes", meeting.third, held.held_on)
        meeting.step(held, "confirm", meeting.second, held.held_on)
    after = Matter.objects.get(pk=issue.matter_id)
    assert [each.decision for each in decisions_on(after, meeting.province)] == ["请边检机关一个月内解决"]
    assert decisions_on(after, meeting.agency) == [], "an office that is no member does not read the conference"
    assert (after.state, after.version) == (before.state, before.version)
    assert not matters_visible_to(meeting.neighbour).filter(pk=issue.matter_id).exists()


@pytest.mark.parametrize("field", ["title", "place", "chair"])
def test_marks_of_secrecy_are_refused(meeting: Meeting, field: str) -> None:
    said = {"title": "会议", "place": "北京", "chair": "某人", field: "机密★10年"}
    with pytest.raises(Refused) as refused:
        call_conference(actor=meeting.national, held_on=DUE, members=[], on=DAY, **said)
    assert code_of(refused) == {"secrecy_mark"} and not Conference.objects.exists()


def test_of_two_secretaries_at_once_the_second_is_told(meeting: Meeting) -> None:
    held = meeting.called()
    start, outcomes = threading.Barrier(2), []

    def add(actor: Any, title: str) -> None:
        try:
            start.wait(10)
            with clock.travel_to(DAY.isoformat()):
                add_free_item(actor=actor, conference=held.pk, title=title, version=held.version)
            outcomes.append("done")
        except Conflict as conflict:
            outcomes.append(conflict.findings[0].code)
        finally:
            connection.close()

    threads = [threading.Thread(target=add, args=(meeting.national, "甲")), threading.Thread(target=add, args=(meeting.second, "乙"))]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert sorted(outcomes) == ["conference_changed", "done"] and held.items.count() == 1


def test_items_close_up_when_one_is_taken_off(meeting: Meeting) -> None:
    held = meeting.called()
    items = [add_free_item(actor=meeting.national, conference=held.pk, title=title) for title in "甲乙丙"]
    drop_item(actor=meeting.national, conference=held.pk, item=items[0].pk)
    assert [(each.number, each.title) for each in held.items.all()] == [(1, "乙"), (2, "丙")]


@pytest.mark.parametrize("place", ["open_matter", "carry_step"])
def test_cut_off_while_action_items_are_opened_the_minutes_are_unconfirmed(meeting: Meeting, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    held = meeting.called()
    meeting.minuted(held)
    meeting.step(held, "submit_minutes", meeting.third, held.held_on)

    class PowerCut(BaseException):
        pass

    whole = getattr(effects, place)

    def cut(*given: Any, **known: Any) -> Any:
        whole(*given, **known)
        raise PowerCut

    monkeypatch.setattr(effects, place, cut)
    with pytest.raises(PowerCut):
        meeting.step(held, "confirm", meeting.second, held.held_on)
    monkeypatch.undo()
    assert state_of(held) == "to_confirm" and not Matter.objects.filter(procedure="conference_action").exists()
    assert not MatterStep.objects.filter(transition="confirm").exists()
    meeting.step(held, "confirm", meeting.second, held.held_on)
    assert Matter.objects.filter(procedure="conference_action").count() == 1


def test_bad_action_lines_are_each_told(meeting: Meeting) -> None:
    held = meeting.called()
    item = meeting.minuted(held)
    with pytest.raises(Refused) as refused:
        write_minutes(actor=meeting.national, conference=held.pk, item=item.pk, decision="同意",
                      actions=[NewAction("", "某部", DUE), NewAction("做", "某部", DAY - timedelta(days=400))])
    assert len(refused.value.findings) == 2 and ActionItem.objects.count() == 1
