"""The door for events: answered when durable, one shape of errors, back-pressure that harms nobody else, scope kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from tests.accounts.factories import a_national_officer, a_provincial_officer
from tests.api.world import client_of
from tests.monitoring.journal_factories import NOON, OTHER_PORT, a_source, an_event

from kouan.audit.models import AuditEntry
from kouan.basis import clock
from kouan.monitoring.journal import committer as committing
from kouan.monitoring.journal.committer import EventsPressed, Meter, committer
from kouan.monitoring.journal.models import Event, EventSource, HeldEvent

ADDRESS = "/api/v1/events"
pytestmark = pytest.mark.django_db


@pytest.fixture
def source() -> EventSource:
    return a_source()


@pytest.fixture
def terminal(source: EventSource) -> Iterator[Client]:
    with clock.travel_to(NOON + timedelta(hours=1)):
        yield client_of(source.organisation.users.get())


def post(program: Client, body: Any, address: str = ADDRESS) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return program.post(address, content, content_type="application/json")


def test_an_array_and_lines_are_taken_and_the_answer_counts_every_event(terminal: Client) -> None:
    answer = post(terminal, [an_event(1), an_event(2, milestone="x")])
    assert answer.status_code == 200
    said = answer.json()
    assert (said["received"], said["accepted"], said["held"]) == (2, 1, 1)
    assert [(each["number"], each["outcome"]) for each in said["events"]] == [(2, "held")]
    lines = b"\n".join(json.dumps(an_event(number)).encode() for number in (3, 4)) + b"\n{not json\n"
    assert post(terminal, lines).json()["held"] == 1
    assert Event.objects.count() == 3 and HeldEvent.objects.count() == 2


def test_the_source_may_stand_in_the_address(terminal: Client) -> None:
    event = an_event(1)
    del event["source"]
    assert post(terminal, [event], f"{ADDRESS}?source=tj-terminal").json()["accepted"] == 1
    assert post(terminal, [event]).status_code == 404


@pytest.mark.parametrize(("body", "code", "status"), [
    (b"", "no_events", 422), (b" [] ", "no_events", 422), (b"[{]", "unreadable_events", 422), (b"[" + b"[" * 5000, "unreadable_events", 422),
    ([{}] * 1001, "too_many_events", 422),
])
def test_what_is_no_request_for_events_is_refused_whole(terminal: Client, body: Any, code: str, status: int) -> None:
    answer = post(terminal, body)
    assert answer.status_code == status and answer.json()["error"]["findings"][0]["code"] == code
    assert not HeldEvent.objects.exists()


@pytest.mark.parametrize("event", [
    {"source": "\x00", "port": 1}, {"source": "tj\x00terminal", "quantity": {}}, an_event(1, port="CN\x00"), an_event(1, source="\x00"),
], ids=["no-shape", "no-shape-either", "port", "source"])
def test_codes_that_no_database_can_hold_are_no_codes(terminal: Client, event: dict[str, Any]) -> None:
    answer = post(terminal, [event])
    assert answer.status_code in (200, 404), answer.content
    assert not Event.objects.exists()


def test_a_body_beyond_the_bound_is_not_read(terminal: Client) -> None:
    assert post(terminal, b"[" + b" " * (5 * 2**20) + b"]").status_code == 413


def test_a_thousand_events_pass_and_one_more_does_not(terminal: Client) -> None:
    assert post(terminal, [an_event(number) for number in range(1000)]).json()["accepted"] == 1000


def test_another_offices_program_can_neither_send_under_a_source_nor_read_its_events(terminal: Client, source: EventSource) -> None:
    post(terminal, [an_event(1), an_event(2, milestone="x")])
    stranger = a_source("mzl", ports=(OTHER_PORT,)).organisation.users.get()
    program = client_of(stranger)
    assert post(program, [an_event(5)]).status_code == 404
    assert program.get(f"{ADDRESS}?case=C00001").status_code == 404
    assert program.get(f"{ADDRESS}/held").json()["items"] == []
    assert [each["code"] for each in program.get(f"{ADDRESS}/sources").json()["items"]] == ["mzl"]
    assert AuditEntry.objects.filter(kind="E", note="out_of_reach", actor_id=stranger.pk).count() >= 2
    assert client_of(a_provincial_officer("15")).get(f"{ADDRESS}?case=C00001").status_code == 404
    assert client_of(None).get(f"{ADDRESS}?case=C00001").status_code == 401


def test_whoever_sees_the_port_sees_the_case(terminal: Client) -> None:
    post(terminal, [an_event(1), an_event(1, revision=2, withdrawn=True)])
    for program in (terminal, client_of(a_national_officer()), client_of(a_provincial_officer("12"))):
        items = program.get(f"{ADDRESS}?case=C00001").json()["items"]
        assert [(each["revision"], each["withdrawn"]) for each in items] == [(1, False), (2, True)]
        assert items[0]["occurred_at"] == "2026-03-02T04:00:01Z"


# ---- too much at once ------------------------------------------------------------------------------------------


def test_a_source_at_twenty_times_its_norm_is_asked_to_wait_and_another_is_not(terminal: Client, source: EventSource) -> None:
    EventSource.objects.filter(pk=source.pk).update(norm_per_second=25)
    other = a_source("other", user=source.organisation.users.get(), norm_per_second=25)
    committing.meter._left.clear()
    statuses = [post(terminal, [an_event(batch * 250 + n) for n in range(250)]) for batch in range(8)]
    # 4 × 25 a second for ten seconds are 1,000 events; what is sent beyond waits.
    assert [each.status_code for each in statuses] == [200] * 4 + [429] * 4
    refused = statuses[-1]
    assert 1 <= int(refused.headers["Retry-After"]) <= 3
    finding = refused.json()["error"]["findings"][0]
    assert finding["code"] == "events_too_fast" and "原样重发" in finding["remedy"]["zh"]
    assert Event.objects.count() == 1000
    assert post(terminal, [an_event(9999, source=other.code)]).status_code == 200


def test_the_meter_fills_again_at_four_times_the_norm() -> None:
    now = [0.0]
    meter = Meter(lambda: now[0])
    assert meter.spend("s", 1000, 40_000) == 0
    assert meter.spend("s", 1000, 1000) == pytest.approx(0.25)
    now[0] = 0.25
    assert meter.spend("s", 1000, 1000) == 0
    assert meter.spend("undeclared", 0, 10**9) == 0
    assert meter.spend("slow", 1, 1000) == 0, "one full request always passes"


def test_one_sender_has_three_requests_in_hand_at_most() -> None:
    queue = committing.Committer()
    for _ in range(committing.IN_HAND_OF_ONE):
        queue.enter("flood")
    with pytest.raises(EventsPressed) as pressed:
        queue.enter("flood")
    assert pressed.value.status == 429
    queue.enter("other")
    queue.leave("flood")
    queue.enter("flood")


@pytest.mark.django_db(transaction=True)
def test_requests_that_come_together_share_commits_and_each_gets_its_own_answer() -> None:
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection

    from kouan.monitoring.journal.actions import prepare
    from kouan.monitoring.journal.models import EventBatch
    from kouan.monitoring.journal.shape import read

    source = a_source()
    user = source.organisation.users.get()
    bodies = [json.dumps([an_event(number * 10 + n, milestone="arrived" if n or number else "x") for n in range(3)]).encode()
              for number in range(24)]
    queue = committer()

    def one(number: int) -> dict[str, Any]:
        try:
            with clock.travel_to(NOON + timedelta(hours=1)):
                prepared = prepare(actor=user, read=read(bodies[number]))
            return queue.submit(prepared, number % 5).as_dict()
        finally:
            connection.close()

    try:
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(one, range(24)))
    finally:
        queue.stop()
    assert [each["accepted"] for each in answers] == [2] + [3] * 23
    assert answers[0]["held"] == 1
    assert Event.objects.count() == 71 and EventBatch.objects.count() == 24


@pytest.mark.django_db(transaction=True)
def test_a_request_that_fails_takes_no_other_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = committing.Committer()
    written: list[int] = []

    def write(prepared: Any) -> Any:
        if prepared.count == 13:
            raise RuntimeError("broken")
        written.append(prepared.count)
        return prepared.count

    class Some:
        def __init__(self, count: int) -> None:
            self.count = count

    monkeypatch.setattr(committing, "write", write)
    group = [(number, committing._Waiting(Some(number))) for number in (12, 13, 14)]  # type: ignore[arg-type]
    queue._of_one, queue._waiting = {12: 12, 13: 13, 14: 14}, 39
    queue._commit(group)
    assert [group[0][1].answer.result(), group[2][1].answer.result()] == [12, 14]
    with pytest.raises(RuntimeError):
        group[1][1].answer.result()
    assert queue._waiting == 0 and queue._of_one == {}
