"""What a change would do, shown without doing it."""

from __future__ import annotations

from datetime import date

import pytest
from tests.accounts.factories import a_national_officer, a_provincial_officer
from tests.ports.factories import a_document, a_port, a_reply, a_sea_port

from kouan.audit.models import AuditEntry
from kouan.basis import NotAllowed, Refused, clock
from kouan.desk.actions import record_document
from kouan.desk.models import Document
from kouan.ports.kinds import KINDS, REGISTRATION, Request
from kouan.ports.models import Port, PortChange, PortCode, PortEvent
from kouan.ports.preview import perform, preview

pytestmark = pytest.mark.django_db


def asked(actor, port, document, **more):
    return Request(actor, port.code if port else "", more.pop("values", {}), document, **more)


def counts():
    return [table.objects.count() for table in (Port, PortChange, PortCode, PortEvent, Document)], AuditEntry.objects.count()


def test_a_preview_shows_old_and_new_and_writes_nothing():
    officer, port, paper = a_national_officer(), a_port(city_name="甲县"), a_document()
    before, version = counts(), Port.objects.get(pk=port.pk).version
    request = asked(officer, port, paper, values={"city_name": "乙县"}, day=date(2021, 1, 1))
    shown = preview(KINDS["place"], request)
    assert [(each.what, each.old, each.new, each.valid_from, each.effect) for each in shown] == [
        ("city_name", "甲县", "乙县", date(2021, 1, 1), "now")]
    assert counts() == before and Port.objects.get(pk=port.pk).version == version
    assert perform(KINDS["place"], request) == shown
    assert Port.objects.get(pk=port.pk).city_name == "乙县"
    assert preview(KINDS["place"], request) == []


def test_a_preview_says_when_a_change_shows():
    officer, port = a_national_officer(), a_sea_port()
    perform(KINDS["place"], asked(officer, port, a_document(), values={"city_name": "丙县"}, day=date(2020, 1, 1)))
    with clock.travel_to("2024-03-01"):
        later = preview(KINDS["opening"], asked(officer, port, a_reply(issued_on=date(2024, 2, 1)), day=date(2024, 7, 1)))
        assert {each.effect for each in later} == {"later"}
        assert ("event", "opening") in [(each.what, each.new) for each in later]
        past = preview(KINDS["place"], asked(officer, port, a_document(), values={"city_name": "甲县"}, day=date(2015, 1, 1)))
        assert [each.effect for each in past] == ["past"]


def test_each_kind_shows_what_it_writes():
    officer, port, other = a_national_officer(), a_sea_port(), a_sea_port()
    merged = preview(KINDS["merger"], asked(officer, port, a_reply(), values={"into": other.code, "with": []}, day=date(2020, 1, 1)))
    assert {(each.port, each.what, each.new) for each in merged} == {(port.code, "status", "merged"), (port.code, "event", "merger")}
    code = asked(officer, port, a_document(), values={"scheme": "name", "code": "别名"})
    assert [(each.old, each.new) for each in perform(KINDS["code"], code)] == [(None, "name 别名")]
    retired = preview(KINDS["code-retirement"], asked(
        officer, port, a_document(), values={"scheme": "name", "code": "别名"}, day=date(2024, 1, 1)))
    assert [(each.old, each.new, each.valid_from) for each in retired] == [("name 别名", None, date(2024, 1, 1))]
    new = preview(REGISTRATION, asked(officer, None, a_document(), values={"code": "ceshi-road", "mode": "road", "name_zh": "测试公路口岸"}))
    assert ("name_zh", None, "测试公路口岸") in [(each.what, each.old, each.new) for each in new]
    assert not Port.objects.filter(code="ceshi-road").exists()


def test_a_preview_refuses_what_the_verb_refuses_and_the_trail_keeps_the_attempt():
    port = a_port()
    with pytest.raises(Refused, check=lambda refusal: refusal.findings[0].code == "reply_required"):
        preview(KINDS["opening"], asked(a_national_officer(), port, a_document(), day=date(2020, 1, 1)))
    officer = a_provincial_officer("44")
    with pytest.raises(NotAllowed):
        preview(KINDS["opening"], asked(officer, port, a_reply(), day=date(2020, 1, 1)))
    assert AuditEntry.objects.filter(note="refused", actor_id=officer.pk).exists()
    with pytest.raises(Refused, check=lambda refusal: refusal.findings[0].code == "date_required"):
        preview(KINDS["opening"], asked(a_national_officer(), port, a_reply()))


def test_a_new_document_is_tried_with_the_change_and_taken_back():
    officer, port = a_national_officer(), a_port()
    before = counts()
    shown = preview(KINDS["opening"], asked(officer, port, None, day=date(2020, 1, 1)),
                    before=lambda: record_document(actor=officer, kind="reply", title="批复", document_number="国函〔2019〕1号"))
    assert ("status", "open") in [(each.what, each.new) for each in shown]
    assert counts() == before
