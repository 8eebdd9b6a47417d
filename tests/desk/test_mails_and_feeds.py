"""Notices by mail, once for several; what does not go stops nothing. One's tasks as a calendar."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar
from tests.desk.matters import DAY, People, begun, consulting, submitted, the_sample

from kouan.accounts.action import acting_system
from kouan.accounts.models import Role
from kouan.audit.models import AuditEntry
from kouan.basis import NotAllowed, clock
from kouan.desk.matters import mails
from kouan.desk.matters.actions import run_clocks, take_step
from kouan.desk.matters.feeds import calendar_of, end_feed, feed_of, owner_of, renew_feed
from kouan.desk.matters.models import CalendarFeed, MatterNotice, NoticeMail

pytestmark = pytest.mark.django_db
LATE = date(2024, 4, 10)


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    with the_sample(tmp_path), clock.travel_to("2024-03-04"):
        found = People()
        found.settle()
        for number, person in enumerate((found.national, found.colleague)):
            person.email = f"officer{number}@example.cn"
            person.save()
        yield found


def tell(day: date = LATE) -> dict[str, int]:
    with acting_system("run_clocks") as system:
        counts: dict[str, int] = run_clocks(actor=system, today=day)
    return counts


class TestMails:
    def test_several_notices_are_one_mail_to_each(self, people: People, mailoutbox: Any) -> None:
        first, second = submitted(people), submitted(people)
        tell()
        assert mails.send_due() == {"sent": 2, "failed": 0}
        assert sorted(each.to[0] for each in mailoutbox) == ["officer0@example.cn", "officer1@example.cn"]
        mail = mailoutbox[0]
        assert mail.subject == "口岸综合管理系统：4 条办件提醒" and mail.body.count(first.title) >= 4 and second.title in mail.body
        assert mails.send_due() == {"sent": 0, "failed": 0} and NoticeMail.objects.count() == 2

    def test_one_notice_is_named_in_the_subject(self, people: People, mailoutbox: Any) -> None:
        submitted(people)
        tell(date(2024, 3, 29))
        mails.send_due()
        assert "将于2024-04-01到期" in mailoutbox[0].subject

    def test_those_without_an_address_and_those_who_have_read_get_none(self, people: People, mailoutbox: Any) -> None:
        submitted(people)
        tell()
        MatterNotice.objects.filter(recipient=people.national).update(read_at=clock.now())
        people.colleague.email = ""
        people.colleague.save()
        assert mails.send_due() == {"sent": 0, "failed": 0} and not mailoutbox

    def test_a_refused_address_is_recorded_and_stops_nobody_else(self, people: People, monkeypatch: pytest.MonkeyPatch, mailoutbox: Any) -> None:
        submitted(people)
        tell()
        whole = mails.EmailMessage.send

        def send(mail: Any, **known: Any) -> Any:
            if mail.to == ["officer0@example.cn"]:
                raise smtplib.SMTPRecipientsRefused({"officer0@example.cn": (550, b"no such user")})
            return whole(mail, **known)

        monkeypatch.setattr(mails.EmailMessage, "send", send)
        assert mails.send_due() == {"sent": 1, "failed": 1}
        failed = mails.last_failure(people.national)
        assert failed is not None and failed.failure == "SMTPRecipientsRefused 550" and mails.last_failure(people.colleague) is None
        assert "example.cn" not in str(list(NoticeMail.objects.values())), "no address in the record"
        monkeypatch.setattr(mails.EmailMessage, "send", whole)
        assert mails.send_due() == {"sent": 1, "failed": 0} and mails.last_failure(people.national) is None

    def test_a_server_that_is_down_is_asked_once_and_again_the_next_day_but_not_for_ever(
        self, people: People, monkeypatch: pytest.MonkeyPatch, mailoutbox: Any
    ) -> None:
        submitted(people)
        asked: list[int] = []

        class Dead:
            def open(self) -> None:
                asked.append(1)
                raise ConnectionRefusedError

        monkeypatch.setattr(mails, "get_connection", Dead)
        assert tell()["notices"] >= 2
        assert mails.send_due() == {"sent": 0, "failed": 2} and len(asked) == 1
        assert {each.failure for each in NoticeMail.objects.all()} == {"ConnectionRefusedError"}
        monkeypatch.undo()
        with clock.travel_to("2024-03-08"):
            assert mails.send_due() == {"sent": 0, "failed": 0}, "three days later the notice in the application is enough"
        assert mails.send_due() == {"sent": 2, "failed": 0}

    def test_they_go_only_once_the_transaction_is_done(self, people: People, mailoutbox: Any, django_capture_on_commit_callbacks: Any) -> None:
        submitted(people)
        with django_capture_on_commit_callbacks(execute=True):
            tell()
            assert not mailoutbox
        assert len(mailoutbox) == 2


def events(person: Any) -> list[Any]:
    return list(Calendar.from_ical(calendar_of(person)).walk("VEVENT"))


class TestFeed:
    def test_the_days_of_ones_own_tasks_by_title_and_number_only(self, people: People) -> None:
        matter = submitted(people)
        begun(people, title="起草中的另一件")
        (event,) = events(people.national)
        assert str(event["summary"]) == f"{matter.title} #{matter.pk}"
        assert (event["dtstart"].dt, event["dtend"].dt) == (date(2024, 4, 1), date(2024, 4, 2))
        assert {name.lower() for name in event} == {"uid", "dtstamp", "dtstart", "dtend", "summary", "status", "transp"}
        text = calendar_of(people.national).decode()
        assert people.national.display_name not in text and people.shandong.organisation.name_zh not in text
        assert text.startswith("BEGIN:VCALENDAR\r\n") and all(len(line.encode()) <= 75 for line in text.split("\r\n")) and "VERSION:2.0" in text
        assert events(people.shandong) == [] and events(people.guangdong) == []

    def test_a_task_that_is_done_is_gone(self, people: People) -> None:
        matter = submitted(people)
        take_step(actor=people.national, matter=matter.pk, transition="ask_supplement", fields={"reason": "缺图"}, on=DAY)
        assert events(people.national) == [] and len(events(people.shandong)) == 1
        consulting(people)
        assert str(events(people.customs)[0]["summary"]).startswith("董家口")

    def test_it_is_bounded(self, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("kouan.desk.matters.feeds.MOST_EVENTS", 2)
        for _ in range(3):
            submitted(people)
        assert len(events(people.national)) == 2

    def test_the_secret_is_kept_as_a_digest_and_renewed(self, people: People) -> None:
        first = renew_feed(actor=people.national)
        assert owner_of(first) == people.national and CalendarFeed.objects.get().secret_digest != first
        second = renew_feed(actor=people.national)
        assert owner_of(first) is None and owner_of(second) == people.national and CalendarFeed.objects.count() == 1
        assert not any(secret in str(vars(entry)) for entry in AuditEntry.objects.all() for secret in (first, second))
        assert end_feed(actor=people.national) and owner_of(second) is None and feed_of(people.national) is None
        assert not end_feed(actor=people.national)

    def test_it_ends_with_the_person_and_the_role(self, people: People) -> None:
        secret = renew_feed(actor=people.national)
        people.national.role = Role.AUDITOR
        people.national.save()
        assert owner_of(secret) is None
        people.national.role, people.national.is_active = Role.NATIONAL_OFFICER, False
        people.national.save()
        assert owner_of(secret) is None

    def test_who_does_not_act_gets_none(self, people: People) -> None:
        people.guangdong.role = Role.AUDITOR
        people.guangdong.save()
        with pytest.raises(NotAllowed):
            renew_feed(actor=people.guangdong)
