"""实时全景: the running day on a wall and on a working page, and the replay of a made day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse

from kouan.accounts.scope import scope_of
from kouan.basis import NotFound, Place, Text, clock, codes
from kouan.console import tilegrid, words
from kouan.console.event_lineage import events_address
from kouan.console.page import page
from kouan.console.words import here, page_language
from kouan.desk import streams
from kouan.monitoring.live.day import HOUR, MINUTE
from kouan.monitoring.live.hub import hub, midnight_of
from kouan.monitoring.live.panel import PortOf, Reader
from kouan.monitoring.live.places import followed_ports
from kouan.monitoring.live.replay.session import SPEEDS, national_scene, run
from kouan.monitoring.live.vocabulary import FLOWS, STAGES, wait_limit_minutes
from kouan.ports.queries import ports_visible_to

SCOPE_OF_ALL = Text("全国", "All ports")
_SEED = 20250901


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: a province or a port within one's scope, and a replay with its start and speed."""

    province: str = ""
    port: str = ""
    replay: str = ""
    start: int = 8 * HOUR
    speed: int = 60

    def query(self, **changed: Any) -> str:
        """The address bar again with something changed; empty and usual values are left out."""
        parts = {"province": self.province, "port": self.port}
        if self.replay:
            parts |= {"replay": self.replay, "from": f"{self.start // HOUR:02d}:{self.start % HOUR // MINUTE:02d}", "speed": str(self.speed)}
        parts |= changed
        kept = {name: value for name, value in parts.items() if value}
        return f"?{urlencode(kept)}" if kept else ""


def asked_of(request: HttpRequest) -> Asked:
    """Read the address; what cannot be used is refused with what to do."""
    given = request.GET
    replay = given.get("replay", "")
    if replay not in ("", "national") or (replay and not settings.IS_EXERCISE):
        raise NotFound.because(
            "live_no_such_replay", "没有这个回放，或它只在演练工作区提供。", "There is no such replay, or only in the exercise workspace.",
            where=Place(field="replay"), remedy=("打开“实时全景”页，从“回放”中选择。", "Open the live page and choose under Replay."))
    try:
        begins = time.fromisoformat(given.get("from", "08:00"))
    except ValueError:
        begins = time(8)
    speed = int(given["speed"]) if given.get("speed", "").isdigit() else 60
    return Asked(given.get("province", "")[:2], given.get("port", "")[:64], replay, begins.hour * HOUR + begins.minute * MINUTE,
                 speed if speed in SPEEDS else 60)


def reader_of(user: Any, asked: Asked, named: list[PortOf]) -> Reader:
    """The ports that this user may see among those followed, narrowed to the province or port asked for."""
    ports = ports_visible_to(user)
    if asked.province:
        ports = ports.filter(province_code=asked.province)
    if asked.port:
        ports = ports.filter(code=asked.port)
    mine = set(ports.order_by().values_list("code", flat=True))
    found = tuple(index for index, each in enumerate(named) if each.code in mine)
    if not found and (asked.province or asked.port):
        raise NotFound.because(
            "live_out_of_reach", "没有这个口岸或省份，或不在您的查看范围内。", "There is no such port or province, or it is out of your scope.",
            where=Place(field="port" if asked.port else "province"))
    return Reader(found)


def _title_of(user: Any, asked: Asked, named: list[PortOf]) -> Text:
    if asked.port:
        return next(each.name for each in named if each.code == asked.port)
    if asked.province:
        return codes.province(asked.province).short_name
    scope = scope_of(user)
    if scope.everything:
        return SCOPE_OF_ALL
    if len(scope.provinces) == 1:
        return codes.province(next(iter(scope.provinces))).short_name
    home = user.organisation
    return Text(home.name_zh, home.name_en or home.name_zh)


def _shown(request: HttpRequest, template: str) -> HttpResponse:
    asked = asked_of(request)
    named = followed_ports()
    reader = reader_of(request.user, asked, named)
    everything = scope_of(request.user).everything and not (asked.province or asked.port)
    query = asked.query()
    return render(request, template, {
        "asked": asked, "wait_limit": wait_limit_minutes(clock.today()),
        "title": _title_of(request.user, asked, named), "query": query, "stream": reverse("live-stream") + query,
        "tiles": _tiles(asked) if everything else [], "flows": FLOWS, "stages": STAGES, "number": len(reader.ports),
        "replay": asked.replay, "speeds": SPEEDS, "hours": [f"{hour:02d}:00" for hour in range(24)],
        "start": f"{asked.start // HOUR:02d}:00",
        "may_replay": settings.IS_EXERCISE, "wall": reverse("live-wall") + query, "page": reverse("live") + query,
        "up": reverse("live") + asked.query(port="", province=_province_of(asked, named)) if asked.port else
              reverse("live") + asked.query(province="") if asked.province and scope_of(request.user).everything else "",
        "lineage": "" if asked.replay else events_address(clock.today(), asked.province, asked.port),
        "live_words": {
            "port_page": reverse("live") + asked.query(port="CODE", province=""),
            "zh": page_language() == "zh",
        },
    })


def _province_of(asked: Asked, named: list[PortOf]) -> str:
    return next((each.province for each in named if each.code == asked.port), "")


def _tiles(asked: Asked) -> list[dict[str, Any]]:
    made = []
    for one in codes.provinces:
        column, row = tilegrid.PLACES[one.code]
        made.append({"code": one.code, "name": here(one.short_name if one.is_mainland else words.REGIONS[one.letters]),
                     "column": column, "row": row, "counted": one.is_mainland, "address": reverse("live") + asked.query(province=one.code)})
    return sorted(made, key=lambda tile: (tile["row"], tile["column"]))


@page("events.read")
def live(request: HttpRequest) -> HttpResponseBase:
    """The working page: the panel with tables and ways down to a province and a port."""
    return _shown(request, "console/live/live.html")


@page("events.read")
def wall(request: HttpRequest) -> HttpResponseBase:
    """The same panel for a wall of 1920 × 1080; it scales to others and may stay open for days."""
    return _shown(request, "console/live/wall.html")


@page("events.read")
def live_stream(request: HttpRequest) -> HttpResponseBase:
    """The panel as server-sent events; what one sees is what one may see."""
    asked = asked_of(request)
    named = followed_ports()
    reader = reader_of(request.user, asked, named)
    if asked.replay:
        # A browser that opens the stream again says how far it had come.
        resumed = request.headers.get("Last-Event-ID", "")
        start = int(resumed) if resumed.isdigit() and len(resumed) < 13 else asked.start
        ports, modes = tuple(each.code for each in named), tuple(each.mode for each in named)

        def replayed() -> streams.Frames:
            yield "state", {"words": Text("正在生成演练日数据…", "Making the day to replay…")}
            yield from run(national_scene(ports, modes, _SEED, midnight_of(clock.today())), named, reader, start=start, speed=asked.speed)

        return streams.stream(replayed, page_language())
    return streams.stream(lambda: hub.frames(reader), page_language())


urlpatterns = [
    path("panorama/live", live, name="live"),
    path("panorama/wall", wall, name="live-wall"),
    path("panorama/stream", live_stream, name="live-stream"),
]
