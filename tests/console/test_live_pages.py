"""实时全景: who sees which ports, replays only where they belong, streams bounded, and ended when they must."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from tests.accounts.factories import a_provincial_officer, a_user, an_enterprise_user, an_office

from kouan.accounts.models import OrganisationKind, Role
from kouan.basis import Text
from kouan.console.views import live
from kouan.desk import streams
from kouan.ports.models import CounterpartPoint, Port

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ports")]


def first_panel(answer: Any) -> dict[str, Any]:
    """The first panel that a stream sends."""
    try:
        for line in answer.streaming_content:
            said = line.decode()
            if "event: panel" in said:
                return json.loads(said.split("data: ", 1)[1])
    finally:
        # The response's own close would tell Django that the request is over, and so close the test's connection.
        for close in answer._resource_closers:
            close()
    raise AssertionError("the stream ended without a panel")


@pytest.fixture
def exercise(settings: Any) -> None:
    settings.IS_EXERCISE = True
    live.national_scene.cache_clear()


REPLAY = "?replay=national&from=10:00&speed=600"


def test_the_national_office_sees_every_port_and_a_province_its_own(open_as: Any, officer: Any, guangdong: Any, exercise: None) -> None:
    everything = open_as(officer).get(f"/panorama/live{REPLAY}").content.decode()
    assert "全国" in everything and "中国台湾" in everything and 'data-province="44"' in everything
    mine = open_as(guangdong).get(f"/panorama/live{REPLAY}").content.decode()
    assert "广东" in mine and "data-province" not in mine
    whole = first_panel(open_as(officer).get(f"/panorama/stream{REPLAY}"))
    part = first_panel(open_as(guangdong).get(f"/panorama/stream{REPLAY}"))
    assert {line["code"] for line in whole["provinces"]} == {"15", "44"}
    assert {line["code"] for line in part["provinces"]} == {"44"} and "满洲里" not in json.dumps(part, ensure_ascii=False)
    assert 0 < part["flows"][0]["total"] < whole["flows"][0]["total"]


@pytest.mark.parametrize("address", ["live", "wall", "stream"])
@pytest.mark.parametrize("asked", ["province=15", "port=manzhouli-road", "port=nowhere", "province=99"])
def test_what_is_out_of_reach_is_not_there(open_as: Any, guangdong: Any, exercise: None, address: str, asked: str) -> None:
    answer = open_as(guangdong).get(f"/panorama/{address}{REPLAY}&{asked}")
    assert answer.status_code == 404 and "满洲里" not in answer.content.decode()


@pytest.mark.parametrize("address", ["live", "wall", "stream"])
def test_enterprises_experts_and_strangers_stay_outside(open_as: Any, client: Any, exercise: None, address: str) -> None:
    assert client.get(f"/panorama/{address}").status_code == 302
    expert = a_user(Role.EXPERT, an_office(OrganisationKind.EXPERT_PANEL))
    for user in (an_enterprise_user(), expert):
        assert open_as(user).get(f"/panorama/{address}").status_code == 403


def test_a_made_day_is_never_replayed_in_the_real_workspace(open_as: Any, officer: Any, settings: Any) -> None:
    assert not settings.IS_EXERCISE
    for address in ("live", "wall", "stream"):
        answer = open_as(officer).get(f"/panorama/{address}{REPLAY}")
        assert answer.status_code == 404 and "演练工作区" in answer.content.decode()
    assert "replay" not in open_as(officer).get("/panorama/live").content.decode()


def test_odd_addresses_fall_back_to_something_sensible(open_as: Any, officer: Any, exercise: None) -> None:
    for query in ("from=25:99", "from=", "speed=7", "speed=-1", "speed=600x", "from=10:00&speed=" + "9" * 400):
        assert open_as(officer).get(f"/panorama/live?replay=national&{query}").status_code == 200, query


def test_a_replay_goes_on_where_it_was_and_ends_at_midnight(open_as: Any, officer: Any, exercise: None) -> None:
    client = open_as(officer)
    later = first_panel(client.get(f"/panorama/stream{REPLAY}", headers={"Last-Event-ID": str(12 * 3_600_000_000)}))
    assert later["slot"] == 48
    last = first_panel(client.get(f"/panorama/stream{REPLAY}", headers={"Last-Event-ID": str(24 * 3_600_000_000)}))
    assert last["ended"] is True


def test_the_words_are_the_readers(open_as: Any, officer: Any, exercise: None) -> None:
    client = open_as(officer)
    client.cookies["kouan_language"] = "en"
    assert first_panel(client.get(f"/panorama/stream{REPLAY}"))["flows"][0]["name"] == "Person-crossings"


# ---- streams -------------------------------------------------------------------------------------------


def test_one_stream_too_many_is_told_to_wait_and_a_closed_one_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    monkeypatch.setattr(streams, "_free", threading.BoundedSemaphore(1))

    def never() -> Any:
        while True:
            yield None

    first = streams.stream(never, "zh")
    refused = streams.stream(never, "zh")
    assert refused.status_code == 503 and refused["Retry-After"] == "20"
    first.close()
    again = streams.stream(never, "zh")
    assert again.status_code == 200 and again["Cache-Control"] == "no-store"
    again.close()


def test_a_stream_says_its_events_and_ends_when_the_server_does(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    monkeypatch.setattr(streams, "ending", threading.Event())

    def frames() -> Any:
        yield "panel", {"id": 7, "words": Text("放行", "Released")}
        streams.ending.set()
        yield "panel", {"words": "不再发送"}

    answer: Any = streams.stream(frames, "en")
    sent = [line.decode() for line in answer.streaming_content]
    assert sent == ["retry: 3000\n\n", 'event: panel\nid: 7\ndata: {"id":7,"words":"Released"}\n\n']


# ---- real days of Hong Kong, shown again ------------------------------------------------------------------


@pytest.fixture
def facing(ports: None) -> None:
    """Lo Wu faces 罗湖; the airport faces no single port."""
    CounterpartPoint.objects.create(code="lo-wu", name_zh="罗湖", name_en="Lo Wu", region_code="HK", mode="rail", relation="one_to_one",
                                    port=Port.objects.get(code="luohu-rail"))
    CounterpartPoint.objects.create(code="airport", name_zh="机场", name_en="Airport", region_code="HK", mode="air", relation="none")


def first_day(answer: Any) -> dict[str, Any]:
    try:
        for line in answer.streaming_content:
            if "event: day" in line.decode():
                return json.loads(line.decode().split("data: ", 1)[1])
    finally:
        for close in answer._resource_closers:
            close()
    raise AssertionError("the stream ended without a day")


@pytest.mark.usefixtures("facing")
def test_real_days_are_replayed_for_the_points_in_ones_scope(open_as: Any, officer: Any, guangdong: Any) -> None:
    page = open_as(officer).get("/counterpart-checks/replay").content.decode()
    assert "演示" in page and "不评价任何管制站" in page
    asked = "/counterpart-checks/replay/stream?from=2020-02-04&speed=10"
    assert {line["code"] for line in first_day(open_as(officer).get(asked))["points"]} == {"Lo Wu", "Airport"}
    part = first_day(open_as(guangdong).get(asked))
    assert {line["code"] for line in part["points"]} == {"Lo Wu"} and part["day"] == "2020-02-04"
    after = first_day(open_as(officer).get(asked, headers={"Last-Event-ID": str(date(2020, 2, 4).toordinal())}))
    assert after["day"] == "2020-02-05"
    assert open_as(officer).get("/counterpart-checks/replay?from=never&speed=0").status_code == 200


@pytest.mark.usefixtures("facing")
@pytest.mark.parametrize("address", ["", "/stream"])
def test_real_days_are_not_replayed_to_others_nor_in_an_exercise(open_as: Any, client: Any, officer: Any, settings: Any, address: str) -> None:
    assert client.get(f"/counterpart-checks/replay{address}").status_code == 302
    assert open_as(an_enterprise_user()).get(f"/counterpart-checks/replay{address}").status_code == 403
    assert open_as(a_provincial_officer("15")).get(f"/counterpart-checks/replay{address}").status_code == 404
    reader = open_as(officer)
    settings.IS_EXERCISE = True
    assert reader.get(f"/counterpart-checks/replay{address}").status_code == 404
