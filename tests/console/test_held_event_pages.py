"""Held events on their pages: opened with what they are held against, decided one by one or many at once, by those who may."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.accounts.factories import a_national_officer, a_port_reporter, a_provincial_officer
from tests.console.test_event_source_pages import client_of
from tests.monitoring.journal_factories import NOON, OTHER_PORT, a_source, an_event, sent
from tests.ports.factories import a_port

from kouan.audit.models import AuditEntry
from kouan.basis import Refused, clock
from kouan.monitoring.journal import actions
from kouan.monitoring.journal.models import Event, EventSource, HeldEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def source() -> Iterator[EventSource]:
    """Of five events of a terminal of Tianjin one stands; held are a milestone that is none, two ports, and one that says otherwise."""
    with clock.travel_to(NOON + timedelta(minutes=2)):
        found = a_source()
        found.organisation.province_code = "12"
        found.organisation.save()
        user = found.organisation.users.get()
        sent(user, an_event(1), an_event(2, milestone="arived"), an_event(3, port="tianjinxi-water"), an_event(4, port=OTHER_PORT))
        sent(user, an_event(1, case_id="C99999"))
        yield found


def held(event_id: str) -> HeldEvent:
    """The held row of this event."""
    return HeldEvent.objects.get(event_id=event_id)


def test_one_row_stands_beside_the_register_and_the_other_revision(source: EventSource) -> None:
    officer = client_of(a_provincial_officer("12"))
    shown = officer.get(f"/events/held/{held('E1').pk}").content.decode()
    assert "C99999" in shown and "C00001" in shown and "日志第 1 次修订" in shown and "仍不能接受" in shown
    assert shown.count("不同</span>") + shown.count("有问题</span>") == 1, "only the number of the case differs"
    shown = officer.get(f"/events/held/{held('E2').pk}").content.decode()
    assert "arived" in shown and "相近的有 arrived" in shown and "日志里没有同一来源" in shown
    assert "该来源不能代报" in officer.get(f"/events/held/{held('E4').pk}").content.decode()


def test_a_row_is_judged_again_once_the_register_knows_its_port(source: EventSource) -> None:
    officer, address = client_of(a_provincial_officer("12")), f"/events/held/{held('E3').pk}"
    answer = officer.post(address, {"deed": "accept", "reason": "已核"})
    assert answer.status_code == 422 and "没有口岸“tianjinxi-water”" in answer.content.decode() and not held("E3").resolution
    a_port("tianjinxi-water", "water", province_code="12")
    source.port_codes = [*source.port_codes, "tianjinxi-water"]
    source.save()
    assert "现在重新判断可以接受" in officer.get(address).content.decode()
    assert officer.post(address, {"deed": "accept", "reason": ""}).status_code == 422, "a decision gives its reason"
    assert not Event.objects.filter(event_id="E3").exists()
    assert officer.post(address, {"deed": "accept", "reason": "名录已登记"}).status_code == 302
    assert Event.objects.get(event_id="E3").port == "tianjinxi-water" and held("E3").reason == "名录已登记"
    shown = officer.get(address).content.decode()
    assert "复核后接受" in shown and 'name="deed"' not in shown
    assert officer.post(address, {"deed": "discard", "reason": "x"}).status_code == 409


def test_several_are_decided_alike_and_those_that_do_not_pass_stay(source: EventSource) -> None:
    officer = client_of(a_provincial_officer("12"))
    source.port_codes = [*source.port_codes, OTHER_PORT]
    source.save()
    chosen = [held("E2").pk, held("E4").pk]
    answer = officer.post("/events/held", {"held": chosen, "deed": "accept", "reason": "来源已可报该口岸"})
    shown = answer.content.decode()
    assert answer.status_code == 200 and "已接受 1 条" in shown and f"第 {held('E2').pk} 号仍未通过" in shown
    assert held("E4").resolution == "accepted" and not held("E2").resolution and Event.objects.filter(event_id="E4").count() == 1
    assert officer.post("/events/held", {"held": [], "deed": "discard", "reason": "误报"}).status_code == 422
    assert officer.post("/events/held", {"held": [held("E2").pk], "deed": "discard", "reason": " "}).status_code == 422
    assert officer.post("/events/held", {"held": [held("E1").pk, held("E2").pk], "deed": "discard", "reason": "误报"}).status_code == 302
    assert {each.resolution for each in HeldEvent.objects.filter(event_id__in=["E1", "E2"])} == {"discarded"}


def test_another_provinces_officer_finds_none_of_it_and_who_may_only_read_decides_nothing(source: EventSource) -> None:
    stranger, reporter = client_of(a_provincial_officer("44")), client_of(source.organisation.users.get())
    address, said = f"/events/held/{held('E2').pk}", {"deed": "discard", "reason": "误报"}
    assert stranger.get(address).status_code == 404 == stranger.post(address, said).status_code == stranger.get("/events/held/999999").status_code
    assert AuditEntry.objects.filter(note="out_of_scope", after__contains="held_event").exists(), "the asking leaves a trace"
    assert stranger.post("/events/held", {"held": [held("E2").pk], **said}).status_code == 404
    shown = reporter.get(address).content.decode()
    assert "arived" in shown and 'name="deed"' not in shown
    assert reporter.post(address, said).status_code == 403 == reporter.post("/events/held", {"held": [held("E2").pk], **said}).status_code
    assert client_of(a_port_reporter("manzhouli-rail", username="elsewhere")).get(address).status_code == 404
    assert not held("E2").resolution


def test_one_row_out_of_sight_or_decided_ends_the_whole(source: EventSource) -> None:
    national: Any = a_national_officer()
    actions.discard_held_event(actor=national, held_id=held("E1").pk, reason="误报")
    for ids in ([held("E2").pk, held("E1").pk], [held("E2").pk, 999_999], range(1, actions.MOST_AT_ONCE + 2)):
        with pytest.raises(Refused):
            actions.decide_held_events(actor=national, held_ids=list(ids), is_accepted=False, reason="误报")
    assert not held("E2").resolution


def test_what_is_no_event_is_shown_as_it_came(source: EventSource) -> None:
    user = source.organisation.users.get()
    sent(user, an_event(7, occurred_at="yesterday", port=["a"]), source="tj-terminal")
    sent(user, 5, source="tj-terminal")
    officer = client_of(a_provincial_officer("12"))
    for row in HeldEvent.objects.order_by("-pk")[:2]:
        answer = officer.get(f"/events/held/{row.pk}")
        assert answer.status_code == 200 and "仍不能接受" in answer.content.decode()
