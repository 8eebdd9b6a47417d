"""The page of event sources: what each sent, what is held and why, its clock; one sees what one may see, and the API tells the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from tests.accounts.factories import a_national_officer, a_provincial_officer
from tests.monitoring.journal_factories import NOON, a_source, an_event, sent

from kouan.audit.models import AuditEntry
from kouan.basis import clock
from kouan.monitoring.journal.models import ClockRuling, EventSource

pytestmark = pytest.mark.django_db


@pytest.fixture
def source() -> Iterator[EventSource]:
    """A terminal of Tianjin whose clock runs three hours behind; two of its events are held, one comes twice."""
    with clock.travel_to(NOON + timedelta(hours=3, minutes=1)):
        found = a_source(known_faults=[{"zh": "夜间停机", "en": "Down at night"}])
        found.organisation.province_code = "12"
        found.organisation.save()
        user = found.organisation.users.get()
        sent(user, *[an_event(number) for number in range(1, 41)], an_event(41, milestone="arived"), an_event(42, port="nowhere"))
        sent(user, an_event(1))
        yield found


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="kouan.accounts.backends.SignInBackend")
    return client


def rows_of(client: Client, address: str) -> list[dict[str, Any]]:
    """The rows of an export."""
    found: list[dict[str, Any]] = json.loads(b"".join(client.get(address).streaming_content))["rows"]
    return found


def test_the_list_tells_counts_the_clock_and_what_is_held_to_those_in_whose_sight_it_is(source: EventSource) -> None:
    national, stranger = client_of(a_national_officer()), client_of(a_provincial_officer("44"))
    row = rows_of(national, "/events/sources?format=json")[0]
    assert (row["code"], row["received"], row["repeated"], row["waiting"], row["clock"]) == ("tj-terminal", 43, 1, 2, "疑有偏差，待裁定")
    assert "码头系统tj-terminal" in client_of(a_provincial_officer("12")).get("/events/sources").content.decode()
    assert "tj-terminal" not in stranger.get("/events/sources").content.decode()
    assert stranger.get("/events/sources/tj-terminal").status_code == 404
    assert AuditEntry.objects.filter(note="out_of_scope", after__contains="tj-terminal").exists(), "the asking leaves a trace"
    assert rows_of(stranger, "/events/held?format=json") == []


def test_one_source_says_why_events_are_held_and_they_can_be_taken_away(source: EventSource) -> None:
    national = client_of(a_national_officer())
    shown = national.get("/events/sources/tj-terminal").content.decode()
    assert "event_milestone_unknown" in shown and "event_port_unknown" in shown and "固定偏慢约 180 分钟" in shown and "夜间停机" in shown
    assert 'value="+180"' in shown and 'id="chart-source-days-data"' in shown
    rows = rows_of(national, "/events/held?source=tj-terminal&state=waiting&format=json")
    assert {row["event_id"] for row in rows} == {"E41", "E42"} and all("已暂存" in row["why"] for row in rows)
    assert national.get("/events/held?format=xlsx").status_code == 200
    assert "E41" in national.get("/events/held").content.decode()


def test_who_may_rules_on_the_clock_and_takes_it_back(source: EventSource) -> None:
    national, province = client_of(a_national_officer()), client_of(a_provincial_officer("12"))
    address, said = "/events/sources/tj-terminal", {"shift_minutes": "180", "since": "2026-03-01T00:00", "reason": "经核实，时区设置有误"}
    assert "裁定校正" not in province.get(address).content.decode() and province.post(address, said).status_code == 403
    assert national.post(address, {**said, "since": "三月"}).status_code == 422
    assert national.post(address, {**said, "reason": ""}).status_code == 422
    assert not ClockRuling.objects.exists()
    assert national.post(address, said).status_code == 302
    ruling = ClockRuling.objects.get()
    assert ruling.shift_us == 180 * 60_000_000
    shown = national.get(address).content.decode()
    assert "已裁定校正" in shown and "经核实，时区设置有误" in shown and "固定偏慢" not in shown
    assert national.post(address, said).status_code == 409, "one period has one ruling"
    assert national.post(address, {"revoke": ruling.pk}).status_code == 302
    assert "待裁定" in national.get(address).content.decode()


def test_the_api_tells_the_same(source: EventSource) -> None:
    told = client_of(a_national_officer()).get("/api/v1/events/sources").json()["items"]
    assert [(each["code"], each["last_30_days"]["received"], each["held_waiting"], each["findings"][0]["code"]) for each in told] == [
        ("tj-terminal", 43, 2, "clock_skewed")]
    assert told[0]["last_occurred_at"] == "2026-03-02T04:00:40Z" and told[0]["accepted_a_day"] == pytest.approx(40 / 7, abs=0.01)
    assert client_of(a_provincial_officer("44")).get("/api/v1/events/sources").json()["items"] == []
