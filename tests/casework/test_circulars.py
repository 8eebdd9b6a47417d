"""Circulars with receipts, and superiors' instructions answered by several offices."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from tests.accounts.factories import a_user, an_office
from tests.casework.oversight_office import PDF, House
from tests.casework.test_oversight import clocks, refused

from kouan.accounts.models import OrganisationKind, Role
from kouan.audit.models import AuditEntry
from kouan.basis import Conflict, NotFound, clock
from kouan.casework.oversight import circulars
from kouan.casework.oversight.circulars import (
    addressed,
    draft_circular,
    issue_circular,
    note_read,
    recall_circular,
    sign_circular,
)
from kouan.casework.oversight.instructions import record_instruction
from kouan.casework.oversight.models import Circular, CircularReceipt, Instruction, Supervision
from kouan.casework.oversight.queries import get_circular, get_instruction
from kouan.desk.matters.models import Matter, MatterNotice, Task
from kouan.desk.matters.queries import inbox

DAY = date(2024, 3, 4)
WORDS = {"kind": "notice", "title": "关于报送口岸运行情况的通知", "text": "请于月底前报送。"}


@pytest.fixture(autouse=True)
def on_the_day() -> Any:
    with clock.travel_to(DAY):
        yield


@pytest.fixture
def house(db: None) -> House:
    return House()


def issued(house: House, **known: Any) -> Circular:
    draft = draft_circular(**{"actor": house.national, "kinds": ["provincial_office"], **WORDS} | known)
    return issue_circular(actor=house.other, circular=draft.pk, number=f"国岸函〔2024〕{draft.pk}号", issued_on=DAY)


def test_a_circular_is_signed_for_by_each_office(house: House) -> None:
    held = issued(house)
    assert {each.office for each in held.receipts.all()} == {house.guangdong.organisation, house.hubei.organisation}
    assert [each.label_zh for each in inbox(house.guangdong)] == ["待签收"]
    note_read(actor=house.guangdong, circular=held.pk)
    receipt = held.receipts.get(office=house.guangdong.organisation)
    assert receipt.first_read_at is not None and receipt.signed_at is None
    signed = sign_circular(actor=house.guangdong, circular=held.pk)
    assert signed.signed_by == house.guangdong and not inbox(house.guangdong)
    with refused("not_from_here"):
        sign_circular(actor=house.guangdong, circular=held.pk)
    assert held.receipts.get(office=house.hubei.organisation).signed_at is None


def test_who_is_not_addressed_finds_nothing(house: House) -> None:
    held = issued(house, kinds=[], offices=[house.guangdong.organisation.code])
    entries = AuditEntry.objects.count()
    with pytest.raises(NotFound):
        get_circular(house.hubei, held.pk)
    assert AuditEntry.objects.count() == entries + 1
    with pytest.raises(NotFound):
        sign_circular(actor=house.hubei, circular=held.pk)
    city = a_user(Role.CITY_OFFICER, an_office(OrganisationKind.CITY_OFFICE, province_code="44", city_code="440300"))
    with pytest.raises(NotFound):
        get_circular(city, held.pk)
    assert not Matter.objects.visible_to(house.hubei).exists() and Matter.objects.visible_to(house.guangdong).count() == 1


def test_a_draft_is_seen_by_its_office_alone(house: House) -> None:
    draft = draft_circular(actor=house.national, kinds=["provincial_office"], **WORDS)
    with pytest.raises(NotFound):
        get_circular(house.guangdong, draft.pk)
    assert get_circular(house.other, draft.pk) == draft


def test_who_drafted_does_not_issue(house: House) -> None:
    draft = draft_circular(actor=house.national, kinds=["provincial_office"], **WORDS)
    with refused("own_draft"):
        issue_circular(actor=house.national, circular=draft.pk, number="国岸函〔2024〕1号", issued_on=DAY)
    draft_circular(actor=house.other, circular=draft.pk, version=1, kinds=["provincial_office"], **WORDS)
    with refused("own_draft"):
        issue_circular(actor=house.other, circular=draft.pk, number="国岸函〔2024〕1号", issued_on=DAY)
    with refused("circular_changed"):
        issue_circular(actor=house.national, circular=draft.pk, number="国岸函〔2024〕1号", issued_on=DAY, version=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Circular.objects.filter(pk=draft.pk).update(issued_by=house.other)


@pytest.mark.parametrize(("given", "code"), [
    ({"title": ""}, "value_required"), ({"kinds": []}, "no_recipient"), ({"offices": ["nobody"]}, "no_recipient"),
    ({"title": "秘密★通知"}, "secrecy_mark"), ({"attachments": ["nothing"]}, "unknown_document"), ({"kind": "letter"}, "value_required"),
])
def test_a_draft_is_refused_with_what_is_wrong(house: House, given: dict[str, Any], code: str) -> None:
    with refused(code):
        draft_circular(**{"actor": house.national, "kinds": ["provincial_office"], **WORDS} | given)


def test_a_province_addresses_its_own_and_the_nation(house: House) -> None:
    city = an_office(OrganisationKind.CITY_OFFICE, province_code="44", city_code="440300")
    an_office(OrganisationKind.CITY_OFFICE, province_code="42", city_code="420100")
    reached = addressed(house.guangdong.organisation, {"kinds": ["city_office", "national_office", "provincial_office"]})
    assert set(reached) == {city, house.national.organisation}
    with refused("no_recipient"):
        draft_circular(actor=house.guangdong, offices=[house.hubei.organisation.code], **WORDS)


def test_a_number_is_given_once(house: House) -> None:
    issued(house)
    draft = draft_circular(actor=house.national, kinds=["provincial_office"], **WORDS)
    with refused("number_taken"):
        issue_circular(actor=house.other, circular=draft.pk, number=Circular.objects.get(state="issued").number, issued_on=DAY)


def test_a_receipt_is_asked_for_again_once(house: House) -> None:
    held = issued(house)
    sign_circular(actor=house.guangdong, circular=held.pk)
    for days in (5, 12, 13, 14, 15):
        clocks(DAY + timedelta(days))
    assert [each.recipient for each in MatterNotice.objects.filter(kind="overdue")] == [house.hubei]


def test_what_is_recalled_stays_readable_and_asks_nothing_more(house: House) -> None:
    held = issued(house)
    sign_circular(actor=house.guangdong, circular=held.pk)
    recall_circular(actor=house.other, circular=held.pk, reason="内容有误")
    assert get_circular(house.hubei, held.pk).state == "recalled" and not inbox(house.hubei)
    with refused("not_from_here"):
        sign_circular(actor=house.hubei, circular=held.pk)
    assert held.receipts.filter(signed_at__isnull=False).count() == 1
    with refused("circular_moved"):
        recall_circular(actor=house.other, circular=held.pk, reason="再次")


def test_what_replaces_another_supersedes_it(house: House) -> None:
    former = issued(house)
    later = issued(house, replaces=former.pk, title="关于更正口岸运行情况报送的通知")
    former.refresh_from_db()
    assert (former.state, later.state) == ("superseded", "issued") and later.number in former.ended_reason
    assert [each.matter.circular_receipt.circular for each in inbox(house.hubei)] == [later]


def test_an_office_closed_meanwhile_is_signed_for_at_the_national_desk(house: House) -> None:
    held = issued(house)
    office = house.hubei.organisation
    office.is_active = False
    office.save()
    clocks(DAY + timedelta(1))
    task = Task.objects.open().get(matter=held.receipts.get(office=office).matter)
    assert task.is_stray and task.organisation == house.national.organisation


def receivers(first: int, last: int) -> None:
    """Cities of Guangdong; every third has somebody to sign."""
    for number in range(first, last):
        office = an_office(OrganisationKind.CITY_OFFICE, province_code="44", city_code=f"44{number:04}")
        if number % 3 == 0:
            a_user(Role.CITY_OFFICER, office)


def test_two_hundred_recipients_take_hardly_more_queries_than_twenty(house: House) -> None:
    receivers(0, 20)
    with CaptureQueriesContext(connection) as few:
        issued(house, kinds=["city_office"])
    receivers(20, 200)
    entries = AuditEntry.objects.count()
    with CaptureQueriesContext(connection) as many:
        held = issued(house, kinds=["city_office"])
    assert held.receipts.count() == 200 == Task.objects.open().filter(matter__circular_receipt__circular=held).count()
    assert Task.objects.open().filter(matter__circular_receipt__circular=held, is_stray=True).count() == 200 - 67
    # A write holds some dozens of rows at once; nothing is asked or written office by office.
    assert len(many) - len(few) <= (200 - 20) // 5, (len(few), len(many))
    assert AuditEntry.objects.count() - entries >= 4 * 200, "each matter, step, task and receipt stands in the trail by itself"


def test_matters_opened_together_are_as_if_opened_one_by_one(house: House) -> None:
    from kouan.accounts.action import acting_system
    from kouan.desk.matters.actions import open_matter, open_matters

    receivers(0, 3)
    codes = [each.code for each in addressed(house.national.organisation, {"kinds": ["city_office", "provincial_office"]})]
    codes.append(house.national.organisation.code)
    known = {"procedure": "circular_receipt", "title": "签收：通知", "applicant": house.national.organisation}
    with acting_system("test") as system:
        together = open_matters(actor=system, named=[{"recipient": code} for code in codes], **known)
        singly = [open_matter(actor=system, named={"recipient": code}, **known) for code in codes]
        with refused("unknown_office"):
            open_matters(actor=system, named=[{"recipient": codes[0]}, {"recipient": "nobody"}], **known)
    assert Matter.objects.count() == 2 * len(codes) == 12

    def rows(matter: Matter) -> list[dict[str, Any]]:
        own = {"id", "matter_id", "recorded_at", "opened_at", "begun_at"}
        found = [Matter.objects.filter(pk=matter.pk), matter.steps.all(), matter.tasks.all()]
        return [{name: value for name, value in row.items() if name not in own} for each in found for row in each.values()]

    for one, other in zip(together, singly, strict=True):
        assert rows(one) == rows(other) and len(rows(one)) == 3


@pytest.mark.django_db(transaction=True)
def test_cut_off_in_the_middle_nobody_was_addressed(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    draft = draft_circular(actor=house.national, kinds=["provincial_office"], **WORDS)
    whole = circulars.open_matters

    class PowerCut(BaseException):
        pass

    def cut(**known: Any) -> Any:
        assert len(whole(**known)) == 2
        raise PowerCut

    monkeypatch.setattr(circulars, "open_matters", cut)
    with pytest.raises(PowerCut):
        issue_circular(actor=house.other, circular=draft.pk, number="国岸函〔2024〕1号", issued_on=DAY)
    monkeypatch.undo()
    draft.refresh_from_db()
    assert draft.state == "draft" and not CircularReceipt.objects.exists() and not Matter.objects.exists()
    assert issue_circular(actor=house.other, circular=draft.pk, number="国岸函〔2024〕1号", issued_on=DAY).receipts.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_who_issue_at_once_one_does() -> None:
    house = House()
    third = a_user(Role.NATIONAL_OFFICER, house.national.organisation)
    draft = draft_circular(actor=house.national, kinds=["provincial_office"], **WORDS)
    start, outcomes = threading.Barrier(2), []

    def act(actor: Any, number: str) -> None:
        try:
            with clock.travel_to(DAY):
                start.wait(10)
                issue_circular(actor=actor, circular=draft.pk, number=number, issued_on=DAY)
            outcomes.append("done")
        except Conflict as conflict:
            outcomes.append(conflict.findings[0].code)
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=pair) for pair in ((house.other, "国岸函〔2024〕1号"), (third, "国岸函〔2024〕2号"))]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert sorted(outcomes) == ["circular_moved", "done"] and CircularReceipt.objects.count() == 2


# ---- instructions ----------------------------------------------------------------------------------------


def instructed(house: House, **known: Any) -> Instruction:
    return record_instruction(**{
        "actor": house.national, "title": "口岸拥堵问题", "signer": "某领导", "signed_on": DAY, "words": "请研究解决。",
            "reference": "署办收〔2024〕9号",
        "offices": [house.guangdong.organisation.code, house.hubei.organisation.code], "due_on": DAY + timedelta(10)} | known)


def answered(house: House, held: Instruction, who: Any) -> None:
    from kouan.desk.matters.actions import take_step

    one = held.supervisions.get(owner=who.organisation)
    take_step(actor=who, matter=one.matter_id, transition="acknowledge")
    house.report(one, actor=who)
    house.close(one)


def test_an_instruction_ends_only_when_every_office_has_answered(house: House) -> None:
    held = instructed(house)
    assert {each.due_on for each in held.supervisions.all()} == {DAY + timedelta(10)}
    assert [each.due_on for each in inbox(house.hubei)] == [date(2024, 3, 11)], "to be acknowledged within five working days"
    answered(house, held, house.guangdong)
    held.refresh_from_db()
    assert held.ended_on is None
    answered(house, held, house.hubei)
    held.refresh_from_db()
    assert held.ended_on == DAY


def test_without_a_day_the_setting_gives_one(house: House) -> None:
    held = instructed(house, due_on=None)
    assert {each.due_on for each in held.supervisions.all()} == {date(2024, 3, 11)}


def test_an_instruction_is_seen_by_those_who_answer_it(house: House) -> None:
    held = instructed(house, offices=[house.guangdong.organisation.code])
    assert get_instruction(house.guangdong, held.pk) == held
    with pytest.raises(NotFound):
        get_instruction(house.hubei, held.pk)
    assert not Supervision.objects.visible_to(house.hubei).exists()


@pytest.mark.parametrize(("given", "code"), [
    ({"words": "机密★5年 请办"}, "secrecy_mark"), ({"reference": ""}, "scan_or_reference"), ({"offices": []}, "unknown_office"),
    ({"offices": ["nobody"]}, "unknown_office"), ({"signed_on": DAY + timedelta(1)}, "date_out_of_range"), ({"signer": " "}, "value_required"),
    ({"due_on": DAY - timedelta(1)}, "due_in_the_past"), ({"urgency": "now"}, "value_required"),
    ({"source": BytesIO(b"MZ"), "file_name": "批示.exe"}, "file_kind_not_allowed"),
])
def test_an_instruction_is_refused_whole(house: House, given: dict[str, Any], code: str) -> None:
    with refused(code):
        instructed(house, **given)
    assert not Instruction.objects.exists() and not Matter.objects.exists()


def test_a_scan_is_kept_with_it(house: House) -> None:
    held = instructed(house, reference="", source=BytesIO(PDF), file_name="批示.pdf", urgency="urgent")
    assert held.scan is not None and held.scan.versions.count() == 1

