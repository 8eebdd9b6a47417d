"""The journal: nothing lost, nothing doubled, every odd event held or told with its reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from tests.accounts.factories import a_national_officer, an_enterprise_user
from tests.monitoring.journal_factories import NOON, OTHER_PORT, PORT, a_source, an_event, sent

from kouan.accounts.models import User
from kouan.audit.verify import verify
from kouan.basis import Conflict, NotAllowed, NotFound, Refused, clock
from kouan.monitoring.journal import store
from kouan.monitoring.journal.actions import (
    accept_held_event,
    discard_held_event,
    register_event_source,
    rule_on_clock,
)
from kouan.monitoring.journal.columns import micros
from kouan.monitoring.journal.judge import _micros_of
from kouan.monitoring.journal.models import Event, EventBatch, EventSource, HeldEvent
from kouan.monitoring.journal.queries import events_as_dicts
from kouan.monitoring.journal.skew import clock_findings

pytestmark = pytest.mark.django_db


@pytest.fixture
def source() -> EventSource:
    return a_source()


@pytest.fixture
def sender(source: EventSource) -> User:
    return source.organisation.users.get()


@pytest.fixture(autouse=True)
def soon_after() -> Any:
    with clock.travel_to(NOON + timedelta(hours=1)):
        yield


def codes(answer: Any) -> list[str]:
    return [finding["code"] for each in answer.as_dict()["events"] for finding in each["findings"]]


def test_events_are_kept_as_reported_to_the_microsecond_with_their_offset(sender: User) -> None:
    answer = sent(sender, an_event(1, occurred_at="2026-03-02T12:00:00.123457+08:00", place="3号泊位", quantity=7), an_event(2))
    assert answer.as_dict()["accepted"] == 2 and answer.as_dict()["events"] == []
    row = Event.objects.get(event_id="E1")
    assert row.occurred_us == 1_772_424_000_123_457 and row.utc_offset == 480
    assert (row.place, row.quantity, row.origin, row.revision, row.planned) == ("3号泊位", 7, "official", 1, False)
    assert row.received_us == 1_772_427_600_000_000


def test_the_same_events_again_change_nothing_and_name_the_batch_that_took_them(sender: User) -> None:
    events = [an_event(number) for number in range(1, 6)]
    first = sent(sender, *events)
    again = sent(sender, *events[:3], an_event(9))
    said = again.as_dict()
    assert (said["accepted"], said["repeated"], said["held"]) == (1, 3, 0)
    assert [each["batch"] for each in said["events"]] == [first.outcomes[0].batch] * 3
    assert Event.objects.count() == 6


def test_the_same_twice_within_one_request_is_kept_once(sender: User) -> None:
    said = sent(sender, an_event(1), an_event(1), an_event(2)).as_dict()
    assert (said["accepted"], said["repeated"]) == (2, 1)


def test_the_same_key_with_other_content_is_held_with_what_differs(sender: User) -> None:
    sent(sender, an_event(1))
    answer = sent(sender, an_event(1, place="2号泊位"), an_event(2))
    assert codes(answer) == ["event_conflict"]
    held = HeldEvent.objects.get()
    assert held.raw["place"] == "2号泊位" and held.findings[0]["where"]["column"] == "place"
    assert Event.objects.get(event_id="E1").place == ""
    again = sent(sender, an_event(1, place="2号泊位")).as_dict()
    assert (again["repeated"], again["held"]) == (1, 0) and HeldEvent.objects.count() == 1


def test_a_correction_is_the_next_revision_and_a_withdrawal_voids_the_event(sender: User) -> None:
    sent(sender, an_event(1), an_event(2))
    later = an_event(1, occurred_at=(NOON + timedelta(minutes=5)).isoformat(), revision=2)
    said = sent(sender, later, an_event(2, revision=3, withdrawn=True)).as_dict()
    assert (said["accepted"], said["corrections"]) == (2, 2)
    assert Event.objects.count() == 4
    assert list(Event.objects.current().values_list("event_id", "revision")) == [("E1", 2)]


def test_revision_one_that_comes_after_revision_two_does_not_count(sender: User) -> None:
    sent(sender, an_event(1, revision=2, place="新"))
    sent(sender, an_event(1, place="旧"))
    assert Event.objects.current().get().place == "新"


@pytest.mark.parametrize(("fields", "code"), [
    ({"milestone": "arived"}, "event_milestone_unknown"),
    ({"port": "atlantis-water"}, "event_port_unknown"),
    ({"port": OTHER_PORT}, "event_port_not_yours"),
    ({"occurred_at": (NOON + timedelta(hours=1, minutes=5, microseconds=1)).isoformat()}, "event_in_future"),
    ({"occurred_at": "1999-12-31T23:59:59Z"}, "event_time_impossible"),
    ({"occurred_at": (NOON + timedelta(days=731, hours=1)).isoformat(), "planned": True}, "event_time_impossible"),
    ({"occurred_at": "2026-03-02T12:00:00"}, "event_malformed"),
    ({"occurred_at": "2026-02-30T12:00:00Z"}, "event_malformed"),
    ({"occurred_at": 2**60}, "event_malformed"),
    ({"occurred_at": 2**53}, "event_time_impossible"),
    ({"quantity": -1}, "event_malformed"),
    ({"revision": 0}, "event_malformed"),
    ({"mode": "space"}, "event_malformed"),
    ({"case_id": "C" * 81}, "event_malformed"),
    ({"colour": "red"}, "event_malformed"),
    ({"place": "a\tb"}, "event_text"),
    ({"case_id": "C\u202e1"}, "event_text"),
    ({"origin": "exercise"}, "event_origin"),
])
def test_a_bad_event_is_held_with_its_reason_and_the_others_are_accepted(sender: User, fields: dict[str, Any], code: str) -> None:
    answer = sent(sender, an_event(1), an_event(2, **fields), an_event(3))
    said = answer.as_dict()
    assert (said["accepted"], said["held"]) == (2, 1), said
    assert codes(answer) == [code]
    (told,) = said["events"]
    assert told["number"] == 2 and told["findings"][0]["message"]["zh"] and "第" not in told["findings"][0]["message"]["en"]
    held = HeldEvent.objects.get()
    assert held.number == 2 and held.raw["event_id"] == "E2"
    assert sent(sender, an_event(2, **fields)).as_dict()["repeated"] == 1
    assert HeldEvent.objects.count() == 1


@pytest.mark.parametrize("fields", [
    {"occurred_at": (NOON + timedelta(hours=1, minutes=5)).isoformat()},
    {"occurred_at": (NOON + timedelta(days=729)).isoformat(), "planned": True},
    {"occurred_at": "2000-01-01T00:00:00Z"}, {"case_id": "C" * 80}, {"quantity": 0}, {"place": "\\N 反斜杠 \\"},
])
def test_what_lies_just_inside_the_bounds_is_accepted(sender: User, fields: dict[str, Any]) -> None:
    assert sent(sender, an_event(1, **fields)).as_dict()["accepted"] == 1
    assert Event.objects.get().place == fields.get("place", "")


def test_late_and_out_of_order_events_are_accepted_and_told(sender: User) -> None:
    sent(sender, an_event(1))
    on_time = NOON + timedelta(hours=1) - timedelta(minutes=1440)
    answer = sent(sender, an_event(2, occurred_at=on_time.isoformat()),
                  an_event(3, occurred_at=(on_time - timedelta(microseconds=1)).isoformat()))
    assert answer.as_dict()["accepted"] == 2
    told = {finding["code"]: finding for finding in answer.as_dict()["findings"]}
    assert told["events_late"]["message"]["en"].startswith("1 events came")
    assert told["events_out_of_order"]["message"]["en"].startswith("2 events lie")
    batch = EventBatch.objects.order_by("-pk")[0]
    assert (batch.late, batch.out_of_order) == (1, 2)


def test_an_exercise_brings_its_own_time_of_receipt_and_an_official_source_does_not(sender: User) -> None:
    drill = a_source("drill", user=sender, origin="exercise")
    said = "2026-03-02T12:00:30+08:00"
    sent(sender, an_event(1, received_at=said), an_event(1, source=drill.code, received_at=said))
    by_source = dict(Event.objects.values_list("source", "received_us"))
    assert by_source["drill"] == 1_772_424_030_000_000 and by_source["tj-terminal"] == 1_772_427_600_000_000


# ---- clocks -----------------------------------------------------------------------------------------------------


def live(sender: User, first: int, shift: timedelta) -> Any:
    """Twenty events, each received a minute after it happened, from a clock that is wrong by ``shift``."""
    events = [an_event(first + n, occurred_at=(clock.now() - timedelta(minutes=1, seconds=n) + shift).isoformat()) for n in range(20)]
    return sent(sender, *events).as_dict()


def test_a_clock_three_hours_ahead_is_found_shown_and_corrected_by_a_ruling(source: EventSource, sender: User) -> None:
    for first in (100, 200):
        assert live(sender, first, timedelta(hours=3))["held"] == 20
    (finding,) = clock_findings(source)
    assert finding.code == "clock_skewed" and finding.measured == "+180 min"
    officer = a_national_officer()
    rule_on_clock(actor=officer, source=source.code, shift_minutes=-180, since=NOON, reason="现场核对，时区设置错误")
    assert clock_findings(EventSource.objects.get()) == []
    assert live(sender, 300, timedelta(hours=3))["accepted"] == 20
    row = Event.objects.get(event_id="E300")
    (shown,) = events_as_dicts([row])
    assert shown["reported_at"] == "2026-03-02T07:59:00Z" and shown["occurred_at"] == "2026-03-02T04:59:00Z"
    held = HeldEvent.objects.filter(resolution="").first()
    assert held is not None
    accept_held_event(actor=officer, held_id=held.pk, reason="时钟已裁定")
    assert Event.objects.filter(event_id=held.event_id).exists()
    with pytest.raises(Conflict):
        discard_held_event(actor=officer, held_id=held.pk, reason="再次")


def test_a_clock_three_hours_behind_is_found_and_a_merely_slow_sender_is_not(source: EventSource, sender: User) -> None:
    for first in (100, 200):
        assert live(sender, first, timedelta(hours=-3))["accepted"] == 20
    assert clock_findings(source)[0].measured == "-180 min"
    slow = a_source("slow", user=sender)
    sent(sender, *[an_event(n, source="slow", occurred_at=(NOON - timedelta(minutes=10 * n)).isoformat()) for n in range(1, 41)])
    assert clock_findings(slow) == []


def test_two_rulings_for_one_time_are_refused(source: EventSource) -> None:
    officer = a_national_officer()
    rule_on_clock(actor=officer, source=source.code, shift_minutes=-180, since=NOON, until=NOON + timedelta(hours=2), reason="错")
    with pytest.raises(Conflict):
        rule_on_clock(actor=officer, source=source.code, shift_minutes=60, since=NOON + timedelta(hours=1), reason="错")
    rule_on_clock(actor=officer, source=source.code, shift_minutes=60, since=NOON + timedelta(hours=2), reason="错")


# ---- who may ---------------------------------------------------------------------------------------------------


def test_nobody_speaks_for_another_offices_source(source: EventSource) -> None:
    other = a_source("mzl", ports=(OTHER_PORT,)).organisation.users.get()
    with pytest.raises(NotFound):
        sent(other, an_event(1))
    answer = sent(other, an_event(1), an_event(2, source="mzl", port=OTHER_PORT)).as_dict()
    assert (answer["accepted"], answer["refused"]) == (1, 1)
    assert answer["events"][0]["findings"][0]["code"] == "event_source_unknown"
    assert not Event.objects.filter(source="tj-terminal").exists() and not HeldEvent.objects.exists()


def test_roles_without_the_right_may_do_nothing(source: EventSource, sender: User) -> None:
    with pytest.raises(NotAllowed):
        sent(an_enterprise_user(), an_event(1))
    with pytest.raises(NotAllowed):
        rule_on_clock(actor=sender, source=source.code, shift_minutes=1, since=NOON, reason="x")
    with pytest.raises(NotAllowed):
        register_event_source(actor=sender, code="x", name_zh="x", name_en="x", organisation="x", ports=[])


def test_a_held_event_of_another_office_is_not_there(source: EventSource, sender: User) -> None:
    from tests.accounts.factories import a_provincial_officer

    sent(sender, an_event(1, milestone="x"))
    held = HeldEvent.objects.get()
    with pytest.raises(NotFound):
        discard_held_event(actor=a_provincial_officer("15"), held_id=held.pk, reason="不采用")
    with pytest.raises(Refused):
        accept_held_event(actor=a_national_officer(), held_id=held.pk, reason="仍无此代码")
    assert HeldEvent.objects.get().resolution == ""


def test_a_source_is_registered_with_known_ports_only(source: EventSource) -> None:
    officer = a_national_officer()
    office = source.organisation.code
    with pytest.raises(NotFound):
        register_event_source(actor=officer, code="n", name_zh="新", name_en="new", organisation=office, ports=["atlantis"])
    made = register_event_source(actor=officer, code="n", name_zh="新", name_en="new", organisation=office, ports=[PORT])
    assert made.speaks_for(PORT) and not made.speaks_for(OTHER_PORT)


# ---- the trail ---------------------------------------------------------------------------------------------------


def test_the_trail_covers_every_batch_and_finds_a_changed_event(sender: User) -> None:
    sent(sender, *[an_event(number, quantity=number if number % 2 else None, planned=False) for number in range(1, 1001)])
    sent(sender, *[an_event(number) for number in range(2001, 2006)], an_event(3001, milestone="x"))
    assert not [finding for finding in verify().findings if finding.is_error]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE monitoring_event SET place = 'x' WHERE event_id = 'E700'")
    found = [finding.code for finding in verify().findings if finding.is_error]
    assert "audit_batch_altered" in found


def test_a_fault_in_the_middle_leaves_nothing_half_done(sender: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise IntegrityError("broken")

    monkeypatch.setattr(store, "_hold", broken)
    with pytest.raises(IntegrityError), transaction.atomic():
        sent(sender, an_event(1), an_event(2, milestone="x"))
    assert not Event.objects.exists() and not EventBatch.objects.exists()


@given(st.lists(st.datetimes(datetime(1995, 1, 1), datetime(2105, 1, 1), timezones=st.sampled_from(
    [UTC, timezone(timedelta(hours=8)), timezone(-timedelta(hours=3, minutes=30))])) | st.integers(-(2**53), 2**53), min_size=1, max_size=30))
def test_times_read_together_are_exact_to_the_microsecond(moments: list[Any]) -> None:
    occurred, offsets = _micros_of(moments)
    assert occurred == [moment if isinstance(moment, int) else micros(moment) for moment in moments]
    assert offsets == [None if isinstance(moment, int) else moment.utcoffset() // timedelta(minutes=1) for moment in moments]
