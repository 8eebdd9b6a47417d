"""An enterprise is told by mail what became of its issue: its own people, once, and not what the answer says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.accounts.factories import a_user
from tests.casework.issues import DAY, NAME, Offices

from kouan.accounts.action import acting_system
from kouan.accounts.models import Role
from kouan.basis import Refused, clock
from kouan.casework.bottlenecks.actions import (
    NewIssue,
    enter_issue,
    object_to_answer,
    rate_issue,
    withdraw_issue,
)
from kouan.desk import jobs
from kouan.desk.matters.actions import run_clocks
from kouan.desk.matters.mails import MAILS
from kouan.desk.matters.models import MatterNotice, NoticeMail
from kouan.desk.models import Job

pytestmark = pytest.mark.django_db


@pytest.fixture
def offices() -> Iterator[Offices]:
    with clock.travel_to(DAY):
        found = Offices()
        for number, person in enumerate((found.enterprise, found.rival)):
            person.email = f"firm{number}@example.cn"
            person.save()
        yield found


def told() -> list[tuple[str, Any]]:
    return [(each.kind, each.recipient) for each in MatterNotice.objects.filter(kind__in=("answered", "joined", "closed")).order_by("pk")]


def run_jobs() -> None:
    for each in Job.objects.filter(kind=MAILS, state="waiting").order_by("pk"):
        jobs.run(each.pk)


def test_it_is_told_when_answered_and_when_closed(offices: Offices, mailoutbox: Any) -> None:
    issue = offices.submitted()
    assert told() == [] and not Job.objects.filter(kind=MAILS).exists()
    offices.answered(issue)
    assert told() == [("answered", offices.enterprise)] and mailoutbox == [], "nobody waits for a mail server in the step"
    run_jobs()
    (mail,) = mailoutbox
    assert mail.to == ["firm0@example.cn"] and f"#{issue.pk}" in mail.subject and "罗湖铁路口岸" in mail.body and "堵点难点" in mail.body
    assert "is answered" in mail.body and "待办" not in mail.body
    assert "已增开查验通道" not in mail.body and NAME not in mail.body and "李四" not in mail.body
    rate_issue(actor=offices.enterprise, issue=issue.pk, satisfaction="satisfied", comment="")
    run_jobs()
    assert told()[1:] == [("closed", offices.enterprise)] and [each.to for each in mailoutbox] == [["firm0@example.cn"]] * 2
    assert NoticeMail.objects.filter(recipient=offices.enterprise, failure="").count() == 2


def test_each_answer_and_review_is_told_once(offices: Offices) -> None:
    issue = offices.answered(offices.submitted())
    object_to_answer(actor=offices.enterprise, issue=issue.pk, objection="仍等候三天")
    offices.take(issue, "uphold", offices.province, review_words="答复适当")
    kinds = MatterNotice.objects.filter(recipient=offices.enterprise).order_by("pk").values_list("text_zh", flat=True)
    assert len(kinds) == 2 and "已答复" in kinds[0] and "维持原答复" in kinds[1]


def test_those_joined_are_told_of_the_leads_answer_by_their_own_number(offices: Offices) -> None:
    lead, other = offices.submitted(), offices.submitted(actor=offices.rival)
    offices.take(other, "join", offices.agency, lead_issue=str(lead.pk), reason="同一事项")
    assert told() == [("joined", offices.rival)]
    offices.answered(lead)
    assert told()[1:] == [("answered", offices.enterprise), ("answered", offices.rival)]
    said = MatterNotice.objects.get(kind="answered", recipient=offices.rival).text_zh
    assert f"#{other.pk}" in said and f"#{lead.pk}（" not in said
    rate_issue(actor=offices.enterprise, issue=lead.pk, satisfaction="satisfied", comment="")
    assert told()[3:] == [("closed", offices.enterprise)]


def test_what_lapses_is_told_by_the_clocks_and_mailed_at_their_end(
        offices: Offices, mailoutbox: Any, django_capture_on_commit_callbacks: Any) -> None:
    offices.answered(offices.submitted())
    Job.objects.filter(kind=MAILS).delete()
    MatterNotice.objects.update(read_at=clock.now())
    with django_capture_on_commit_callbacks(execute=True), acting_system("run_clocks") as system:
        run_clocks(actor=system, today=DAY + timedelta(20))
    assert told()[1:] == [("closed", offices.enterprise)] and not Job.objects.filter(kind=MAILS).exists()
    assert [each.to for each in mailoutbox if "已办结" in each.body] == [["firm0@example.cn"]]


def test_only_people_of_the_enterprise_who_may_sign_in(offices: Offices) -> None:
    colleague, gone = (a_user(Role.ENTERPRISE_USER, offices.enterprise.organisation) for _ in range(2))
    gone.is_active = False
    gone.save()
    offices.answered(offices.submitted())
    assert {person for _, person in told()} == {offices.enterprise, colleague}


def test_a_refused_answer_a_withdrawal_and_a_call_by_phone_tell_nobody(offices: Offices) -> None:
    issue = offices.submitted()
    offices.take(issue, "accept", offices.agency)
    with pytest.raises(Refused):
        offices.take(issue, "give_answer", offices.agency, answer="", measures="")
    withdraw_issue(actor=offices.enterprise, issue=issue.pk, reason="已自行解决")
    said = NewIssue(port="luohu-rail", stage="inspection", kind="time", level="port", facts="来电反映查验等候三天。", wanted="",
                    about=offices.agency.organisation.code, contact_name="王五", contact_phone="13900000000")
    offices.answered(enter_issue(actor=offices.city, said=said, enterprise_name="来电企业", files=[]))
    assert told() == [] and not Job.objects.filter(kind=MAILS).exists()
