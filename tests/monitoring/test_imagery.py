"""The register of imagery feeds: heartbeats, outages, uptime, secrets, and who sees what (R-163)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from tests.monitoring.emergency_office import NOON, EmergencyOffices
from typer.testing import CliRunner

from kouan.accounts.action import acting_system
from kouan.accounts.actions import make_demonstration_users
from kouan.basis import Conflict, NotAllowed, NotFound, Refused, clock
from kouan.cli import app
from kouan.monitoring.imagery.actions import Beat, NewFeed, end_feed, register_feed, take_beats
from kouan.monitoring.imagery.models import FeedSpan, ImageFeed
from kouan.monitoring.imagery.playing import play
from kouan.monitoring.imagery.queries import feeds_visible_to, health_of, outages, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def offices() -> Iterator[EmergencyOffices]:
    with clock.travel_to(NOON.isoformat()):
        yield EmergencyOffices()


def new(offices: EmergencyOffices, **changes: Any) -> NewFeed:
    return replace(NewFeed("luohu-hall-01", "luohu-rail", "旅检大厅", "一层", "video", "passenger_hall", "gb28181",
                           offices.operator.organisation.code, "张三 0755-1", "公共安全视频图像信息系统管理条例", 30, 600, "rtsp://10.0.0.8/live"),
                               **changes)


def registered(offices: EmergencyOffices, **changes: Any) -> ImageFeed:
    return register_feed(actor=offices.city, said=new(offices, **changes))


def beat(offices: EmergencyOffices, minutes: float, fault: str = "", feed: str = "luohu-hall-01") -> int:
    return take_beats(actor=offices.operator, beats=[Beat(feed, NOON + timedelta(minutes=minutes), fault)])


@pytest.mark.parametrize(("wrong", "field"), [
    ({"code": "旅检"}, "code"), ({"name_zh": " "}, "name"), ({"basis": ""}, "basis"), ({"kind": "eye"}, "kind"), ({"retention_days": 0},
        "retention_days"),
    ({"beat_seconds": 1}, "beat_seconds"), ({"owner": "nobody"}, "owner"), ({"address": "rtsp://admin:1@10.0.0.8/live"}, "address"),
    ({"address": "https://a.example/live?token=1"}, "address"),
])
def test_a_feed_that_says_too_little_or_a_secret_is_refused_at_its_field(offices: EmergencyOffices, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        registered(offices, **wrong)
    assert {each.where.field for each in refused.value.findings} == {field} and not ImageFeed.objects.exists()


def test_beats_join_into_spans_and_tell_health_and_uptime(offices: EmergencyOffices) -> None:
    feed = registered(offices)
    assert health_of([feed])[feed.pk].state == "never" and [each.pk for each, _ in outages(offices.city)] == [feed.pk]
    for minutes in (0, 10, 20):
        with clock.travel_to((NOON + timedelta(minutes=minutes)).isoformat()):
            beat(offices, minutes)
    with clock.travel_to((NOON + timedelta(minutes=25)).isoformat()):
        assert beat(offices, 10) == 1, "late and repeated beats change nothing"
        held = health_of([ImageFeed.objects.get()])[feed.pk]
        assert (held.state, held.uptime) == ("up", 1.0) and FeedSpan.objects.count() == 1 and not outages(offices.city)
    with clock.travel_to((NOON + timedelta(minutes=60)).isoformat()):
        held = health_of([ImageFeed.objects.get()])[feed.pk]
        assert held.state == "down" and held.last_seen == NOON + timedelta(minutes=20) and held.uptime == pytest.approx(0.5)
        beat(offices, 60, "镜头被遮挡")
        held = health_of([ImageFeed.objects.get()])[feed.pk]
        assert (held.state, held.fault, FeedSpan.objects.count()) == ("fault", "镜头被遮挡", 2)
    with clock.travel_to((NOON + timedelta(days=90)).isoformat()):
        held = health_of([ImageFeed.objects.get()])[feed.pk]
        assert (held.state, held.uptime) == ("down", 0.0) and held.last_seen == NOON + timedelta(minutes=60)


def test_beats_are_taken_all_or_none_from_the_owner_alone(offices: EmergencyOffices) -> None:
    registered(offices)
    good = Beat("luohu-hall-01", NOON)
    for actor, beats in ((offices.city, [good]), (offices.operator, [good, Beat("other", NOON)]), (offices.operator, []),
                         (offices.operator, [replace(good, at=datetime(2024, 5, 22))]), (offices.operator, [replace(good,
                             at=NOON + timedelta(hours=1))])):
        with pytest.raises(Refused):
            take_beats(actor=actor, beats=beats)
    assert not FeedSpan.objects.exists()
    feed = end_feed(actor=offices.city, feed=ImageFeed.objects.get().pk)
    with pytest.raises(Refused):
        beat(offices, 0)
    with pytest.raises(Conflict):
        end_feed(actor=offices.city, feed=feed.pk)


def test_another_province_sees_nothing_and_only_who_may_connect_sees_the_address(offices: EmergencyOffices) -> None:
    feed = registered(offices)
    for stranger in (offices.neighbour, offices.far):
        assert not feeds_visible_to(stranger).exists() and not outages(stranger)
    with pytest.raises(NotFound):
        end_feed(actor=offices.neighbour, feed=feed.pk)
    with pytest.raises(Refused):
        register_feed(actor=offices.neighbour, said=new(offices, code="luohu-hall-02"))
    with pytest.raises(NotAllowed):
        register_feed(actor=offices.operator, said=new(offices, code="luohu-hall-02"))
    health = health_of([feed])[feed.pk]
    other = type(offices.operator).objects.create_user("op2", "x", display_name="李四", role="port_reporter", organisation=_another(offices))
    assert told(feed, health, offices.operator)["address"] and told(feed, health, offices.border)["contact"]
    assert told(feed, health, other)["address"] is None and told(feed, health, other)["contact"] is None
    assert "10.0.0.8" not in _client(other).get(f"/imagery/{feed.pk}").content.decode()


def _another(offices: EmergencyOffices) -> Any:
    office = offices.operator.organisation
    return type(office).objects.create(code="op-two", kind=office.kind, name_zh="另一经营单位", province_code="44", port_codes=["luohu-rail"])


def _client(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="kouan.accounts.backends.SignInBackend")
    return client


def test_pages_api_and_command(offices: EmergencyOffices, django_assert_max_num_queries: Any) -> None:
    city, operator, stranger = (_client(each) for each in (offices.city, offices.operator, offices.neighbour))
    said = new(offices)
    form = {"code": said.code, "port": said.port, "name": said.name_zh, "place": said.place, "kind": said.kind, "purpose": said.purpose,
            "protocol": said.protocol, "owner": said.owner, "contact": said.contact, "basis": said.basis, "retention_days": "30",
                "beat_seconds": "600",
            "address": said.address}
    assert city.post("/imagery/new", {**form, "address": "rtsp://a:b@c/d"}).status_code == 422 and operator.get("/imagery/new").status_code == 403
    assert city.post("/imagery/new", form).status_code == 302
    feed = ImageFeed.objects.get()
    sent = {"beats": [{"feed": feed.code, "at": NOON.isoformat()}]}
    door = "/api/v1/image-feed-heartbeats"
    assert operator.post(door, json.dumps(sent), content_type="application/json").json() == {"taken": 1}
    assert city.post(door, json.dumps(sent), content_type="application/json").status_code == 422
    assert "10.0.0.8" in city.get(f"/imagery/{feed.pk}").content.decode() and stranger.get(f"/imagery/{feed.pk}").status_code == 404
    assert city.get("/api/v1/image-feeds?port=luohu-rail").json()["items"][0]["state"] == "up"
    assert stranger.get("/api/v1/image-feeds").json()["items"] == [] and stranger.get(f"/api/v1/image-feeds/{feed.pk}").status_code == 404
    for number in range(20):
        registered(offices, code=f"luohu-hall-{number + 10}")
    with django_assert_max_num_queries(30):
        shown = city.get("/imagery").content.decode()
    assert "从未上报" in shown and "luohu-hall" not in stranger.get("/imagery").content.decode()
    listed = CliRunner().invoke(app, ["imagery", "list", "--outages", "--as", offices.city.username, "--json"])
    assert len(json.loads(listed.stdout)) == 20
    assert json.loads(CliRunner().invoke(app, ["imagery", "list", "--as", offices.neighbour.username, "--json"]).stdout) == []
    assert city.post(f"/imagery/{feed.pk}").status_code == 302 and stranger.post(f"/imagery/{feed.pk}").status_code in (403, 404)


def test_the_exercise_shows_one_silent_and_one_faulty_feed(db: None, settings: Any) -> None:
    from tests.ports.factories import a_port

    settings.DEBUG, settings.IS_EXERCISE = True, True
    a_port("luohu-rail", "rail", name_zh="罗湖铁路口岸", province_code="44", city_code="440300")
    with acting_system("setup") as system:
        make_demonstration_users(actor=system)
    play(lambda zh, en: None)
    play(lambda zh, en: None)
    assert sorted(each.state for each in health_of(ImageFeed.objects.all()).values()) == ["down", "fault", "up", "up"]
