"""Following the journal: what was acknowledged reaches the panel, once, and only the panels of those who may see its port."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.monitoring.emergency_office import NOON, EmergencyOffices
from tests.monitoring.journal_factories import OTHER_PORT, PORT, a_source, an_event, sent
from tests.ports.factories import a_port

from kouan.accounts.models import User
from kouan.basis import clock
from kouan.monitoring.emergencies.actions import close_at_port, reopen_at_port
from kouan.monitoring.journal.actions import rule_on_clock
from kouan.monitoring.journal.models import Event, EventBatch, EventSource
from kouan.monitoring.live import earlier
from kouan.monitoring.live.day import HOUR, MINUTE, Block, LiveDay
from kouan.monitoring.live.hub import Hub, midnight_of
from kouan.monitoring.live.panel import Reader
from kouan.monitoring.live.vocabulary import FLOWS

pytestmark = pytest.mark.django_db
MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # nine o'clock in Beijing


@pytest.fixture
def source(settings: Any) -> EventSource:
    return a_source(ports=(PORT, OTHER_PORT))


@pytest.fixture
def sender(source: EventSource) -> User:
    return source.organisation.users.get()


@pytest.fixture(autouse=True)
def in_the_morning() -> Any:
    with clock.travel_to(MORNING):
        yield


def at(minutes: float) -> str:
    return (MORNING + timedelta(minutes=minutes)).isoformat()


def vehicles(*numbers: int, minutes: float = -5, **fields: Any) -> list[dict[str, Any]]:
    return [an_event(number, case_kind="vessel_call", occurred_at=at(minutes), **fields) for number in numbers]


def totals(hub: Hub, *ports: str) -> dict[str, int]:
    """What a reader of these ports is shown, by flow."""
    indices = tuple(index for index, each in enumerate(hub.named) if each.code in ports)
    panel = hub.panel(Reader(indices))
    assert panel is not None
    return {flow["code"]: flow["total"] for flow in panel["flows"]}


def test_what_was_acknowledged_is_on_the_panel_once(sender: User) -> None:
    hub = Hub()
    hub.step()
    sent(sender, *vehicles(1, 2, 3))
    assert hub.step() and totals(hub, PORT)["conveyances"] == 3
    sent(sender, *vehicles(3), *vehicles(4))
    hub.step()
    assert totals(hub, PORT)["conveyances"] == 4, "重复发送的事件不得再计"
    assert not hub.step() and totals(hub, PORT)["conveyances"] == 4


def test_a_process_that_starts_late_reads_the_day_so_far_and_yesterday_does_not_count(sender: User) -> None:
    with clock.travel_to(MORNING - timedelta(days=1)):
        sent(sender, *vehicles(90, minutes=-24 * 60 - 5))
    sent(sender, *vehicles(*range(1, 41)))
    hub = Hub()
    hub.step()
    assert totals(hub, PORT)["conveyances"] == 40


def test_a_batch_that_becomes_visible_late_is_not_missed(sender: User) -> None:
    """Two transactions at once: the one with the lower number may commit after the other has been read."""
    hub = Hub()
    hub.step()
    sent(sender, *vehicles(1))
    held = EventBatch.objects.get()
    accepted, held.accepted = held.accepted, 0
    held.save(update_fields=["accepted"])
    sent(sender, *vehicles(2))
    hub.step()
    assert totals(hub, PORT)["conveyances"] == 1
    held.accepted = accepted
    held.save(update_fields=["accepted"])
    hub.step()
    assert totals(hub, PORT)["conveyances"] == 2


def test_other_ports_are_on_no_panel_of_a_reader_without_them(sender: User) -> None:
    sent(sender, *vehicles(1), *[event | {"port": OTHER_PORT, "mode": "rail", "case_kind": "train"} for event in vehicles(2)])
    hub = Hub()
    hub.step()
    assert totals(hub, PORT)["conveyances"] == 1 and totals(hub, OTHER_PORT)["conveyances"] == 1
    assert totals(hub, PORT, OTHER_PORT)["conveyances"] == 2
    panel = hub.panel(Reader(tuple(index for index, each in enumerate(hub.named) if each.code == PORT)))
    assert OTHER_PORT not in str(panel)


def test_a_demonstration_never_reaches_a_wall_of_the_real_workspace() -> None:
    source = a_source(ports=(PORT,), origin="demonstration")
    sent(source.organisation.users.get(), *vehicles(1))
    hub = Hub()
    hub.step()
    assert totals(hub, PORT)["conveyances"] == 0


def test_a_ruling_on_a_clock_moves_what_is_read_after_it(sender: User, source: EventSource) -> None:
    from tests.accounts.factories import a_national_officer

    rule_on_clock(actor=a_national_officer(), source=source.code, shift_minutes=-180, since=MORNING - timedelta(hours=1), reason="来源时钟快3小时")
    sent(sender, *vehicles(1, minutes=175))
    hub = Hub()
    hub.step()
    assert totals(hub, PORT)["conveyances"] == 1 and int(hub.day.ahead.sum()) == 0


def test_at_midnight_a_new_day_begins_and_a_wait_begun_before_it_is_timed(sender: User) -> None:
    late = MORNING.replace(hour=15, minute=50)
    batch = {"case_kind": "passenger_batch", "mode": "sea", "quantity": 30}
    with clock.travel_to(late + timedelta(minutes=1)):
        hub = Hub()
        sent(sender, an_event(1, milestone="queue_joined", occurred_at=late.isoformat(), case_id="P1", **batch))
        hub.step()
    with clock.travel_to(late + timedelta(minutes=21)):
        sent(sender, an_event(2, milestone="lane_entered", occurred_at=(late + timedelta(minutes=20)).isoformat(), case_id="P1", **batch))
        hub.step()
        assert hub.day.midnight == midnight_of(clock.today()) and hub.day.quantile("person_wait", 0.5) == pytest.approx(20 * MINUTE, rel=0.011)
        assert totals(hub, PORT)["persons"] == 0


def test_the_days_before_are_read_once_and_kept_whole(sender: User, settings: Any, tmp_path: Any) -> None:
    settings.HOME.path.joinpath("live").mkdir(parents=True, exist_ok=True)
    for back in range(5, 0, -1):
        with clock.travel_to(MORNING - timedelta(days=back)):
            sent(sender, *[an_event(100 * back + number, case_kind="vessel_call", occurred_at=(clock.now() - timedelta(minutes=1)).isoformat())
                           for number in range(back + 3)])
    hub = Hub()
    hub.step()
    today, ports = clock.today(), [each.code for each in hub.named]
    assert earlier.load(today, ports) is None
    found = earlier.read(today, ports)
    assert found is not None and len(found.counts) == 5
    conveyances = [flow.code for flow in FLOWS].index("conveyances")
    assert sorted(int(day[:, conveyances].sum()) for day in found.counts) == [4, 5, 6, 7, 8]
    earlier.keep(today, ports, found)
    kept = earlier.load(today, ports)
    assert kept is not None and (kept.counts == found.counts).all()
    assert earlier.load(today, [*ports, "another"]) is None, "另一份口岸名单不得沿用"
    middle, _, _ = kept.by_now([ports.index(PORT)])
    assert middle[conveyances, -1] == 6


def test_the_place_of_an_instant_leaves_nothing_before_it(sender: User) -> None:
    for hour in range(4):
        with clock.travel_to(MORNING + timedelta(hours=hour)):
            sent(sender, *vehicles(hour, minutes=hour * 60 - 1))
    assert earlier.place_of(midnight_of(clock.today()) + 10 * HOUR) == 0


def test_an_emergency_and_its_closure_stand_above_the_ticker_of_those_who_may_see_the_port() -> None:
    offices = EmergencyOffices()
    a_port(OTHER_PORT, "rail", province_code="15")
    with clock.travel_to(NOON):
        offices.published()
    event = offices.opened()
    offices.opened(title_zh="演练泄漏", is_drill=True)
    close_at_port(actor=offices.city, event=event.pk, what="货运通道", decided_by="深圳市人民政府")
    hub = Hub()
    hub.step()
    index = {each.code: number for number, each in enumerate(hub.named)}

    def lines(*ports: str) -> list[str]:
        panel = hub.panel(Reader(tuple(index[port] for port in ports)))
        assert panel is not None
        return [line["words"].zh for line in panel["notices"]]

    told = lines("luohu-rail")
    assert len(told) == 2 and "货运通道关闭中（深圳市人民政府决定）" in told[0] and "Ⅲ级" in told[1] and "货运通道泄漏" in told[1]
    assert lines(OTHER_PORT) == [], "别的口岸的人不得看到"
    reopen_at_port(actor=offices.city, event=event.pk, closure=event.closures.get().pk)
    hub._alerts_asked = float("-inf")
    hub.step()
    assert len(lines("luohu-rail")) == 1


def batch(number: int, group: list[tuple[str, float]], **fields: Any) -> list[dict[str, Any]]:
    """A batch of travellers that passed milestones so many minutes from now."""
    return [an_event(number, case_id=f"P{number}", case_kind="passenger_batch", milestone=code, event_id=f"P{number}-{code}", quantity=40,
                     occurred_at=at(minutes), **fields) for code, minutes in group]


def measured(hub: Hub) -> dict[str, Any]:
    """All that the tables of the day tell of the port."""
    at_port = hub.day._port[PORT]
    return {"flows": hub.day.counts[at_port].sum(axis=2).tolist(), "waiting": int(hub.day.waiting[at_port]),
            "within": hub.day.within_limit[at_port].tolist(), "today": hub.day.durations[:, at_port].tolist(),
            "recent": hub.day.histogram("person_wait").tolist(), "timed": hub.day.cases_timed("person_wait").tolist(), "events": hub.day.events}


WAY = [("queue_joined", -50.0), ("lane_entered", -30.0), ("lane_cleared", -28.0)]


def test_a_withdrawn_event_leaves_open_walls_and_a_corrected_one_changes_them(sender: User) -> None:
    hub = Hub()
    hub.step()
    sent(sender, *vehicles(1, 2, 3), *batch(7, WAY), *batch(8, WAY[:1]))
    hub.step()
    assert totals(hub, PORT)["conveyances"] == 3 and hub.day.waiting[hub.day._port[PORT]] == 40
    sent(sender, *vehicles(2, revision=2, withdrawn=True))
    assert hub.step() and totals(hub, PORT)["conveyances"] == 2
    sent(sender, *vehicles(2, revision=3, minutes=-3))
    hub.step()
    assert totals(hub, PORT)["conveyances"] == 3, "a later revision brings it back"
    sent(sender, *batch(7, [("lane_cleared", -28.0)], revision=2)[:0], {**batch(7, [WAY[2]], revision=2)[0], "quantity": 15},
         {**batch(8, [WAY[0]], revision=2)[0], "withdrawn": True})
    hub.step()
    assert hub.day.waiting[hub.day._port[PORT]] == 0 and totals(hub, PORT)["persons"] == 15


@pytest.mark.parametrize("changes", [
    {"occurred_at": at(-20)}, {"quantity": 12}, {"withdrawn": True}, {"milestone": "lane_cleared", "occurred_at": at(-1)}, {"direction": "outbound"},
    {"port": OTHER_PORT}, {"occurred_at": at(-60)},
])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_the_day_is_as_if_the_correction_had_been_told_at_once(sender: User, which: int, changes: dict[str, Any]) -> None:
    hub = Hub()
    hub.step()
    sent(sender, *vehicles(1, 2), *batch(7, WAY), *batch(8, WAY))
    hub.step()
    sent(sender, {**batch(7, WAY)[which], **changes, "revision": 2})
    hub.step()
    hub.step()
    anew = Hub()
    anew.step()
    assert measured(hub) == measured(anew)
    # And as a day that was told of nothing but what stands.
    anew.day = LiveDay([each.code for each in hub.named], midnight_of(clock.today()), wait_limit=hub.day.wait_limit)
    stands = Event.objects.current().order_by("pk").values_list(
        "case_id", "port", "case_kind", "direction", "milestone", "occurred_us", "quantity")
    anew.day.feed(Block.of(stands))
    assert measured(hub) == measured(anew)
    other = Hub()
    other.step()
    assert measured(other) == measured(anew), "reading the day again changes nothing"


def test_what_was_corrected_before_it_came_is_not_counted_when_it_comes(sender: User) -> None:
    hub = Hub()
    hub.step()
    sent(sender, *vehicles(5, revision=2, withdrawn=True), *vehicles(6, revision=2, minutes=-2))
    hub.step()
    sent(sender, *vehicles(5), *vehicles(6))
    hub.step()
    assert totals(hub, PORT)["conveyances"] == 1
