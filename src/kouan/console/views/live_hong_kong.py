"""对侧回放（演示）: Hong Kong's real days one after another, with what our detectors would have told on each."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse

import kouan.collection
from kouan.basis import NotFound, Place, Text
from kouan.console.page import page
from kouan.console.words import page_language
from kouan.desk import streams
from kouan.monitoring.live.replay import hong_kong
from kouan.ports.models import CounterpartPoint

FILE = Path(kouan.collection.__file__).parent / "data" / "hk-control-points" / "daily_passengers_2020_2025.csv.gz"
# The day before the first closures; the reader may choose another.
BEGINS = date(2020, 1, 25)
CHOICES = (
    (date(2020, 1, 28), Text("2020年1月：各管制站关闭", "January 2020: control points close")),
    (date(2023, 1, 5), Text("2023年1月：恢复通关", "January 2023: travel resumes")),
    (date(2023, 8, 28), Text("2023年9月：台风苏拉、黑雨", "September 2023: Saola and black rain")),
    (date(2024, 2, 5), Text("2024年2月：春节", "February 2024: Spring Festival")),
    (date(2025, 9, 18), Text("2025年9月：台风桦加沙", "September 2025: Ragasa")),
)


def _points(user: Any) -> dict[str, Text]:
    """The points in scope by the name that the file gives them. None in an exercise: real figures stay out of it."""
    if settings.IS_EXERCISE:
        return {}
    rows = CounterpartPoint.objects.visible_to(user).filter(region_code="HK").order_by("code")
    return {name_en: Text(name_zh, name_en) for name_en, name_zh in rows.values_list("name_en", "name_zh")}


def _asked(request: HttpRequest) -> tuple[date, int, dict[str, Text]]:
    points = _points(request.user)
    if not points:
        raise NotFound.because(
            "replay_no_points", "您的查看范围内没有可回放的对侧管制站；演练工作区不提供真实数据的回放。",
            "There is no control point to replay in your scope; an exercise workspace replays no real figures.", where=Place(field="points"))
    try:
        start = date.fromisoformat(request.GET.get("from", ""))
    except ValueError:
        start = CHOICES[0][0]
    speed = request.GET.get("speed", "")
    return start, int(speed) if speed in {str(each) for each in hong_kong.SPEEDS} else 2, points


@page("console.read")
def replay_page(request: HttpRequest) -> HttpResponseBase:
    """The page; its days come by the stream."""
    start, speed, points = _asked(request)
    return render(request, "console/live/hong_kong.html", {
        "start": start, "speed": speed, "speeds": hong_kong.SPEEDS, "choices": CHOICES, "number": len(points),
        "first": BEGINS, "last": date(2025, 12, 31),
        "stream": f"{reverse('live-hong-kong-stream')}?from={start.isoformat()}&speed={speed}",
        "live_words": {"zh": page_language() == "zh"},
    })


@page("console.read")
def replay_stream(request: HttpRequest) -> HttpResponseBase:
    """The days as server-sent events; a browser that opens the stream again says how far it had come."""
    start, speed, points = _asked(request)
    resumed = request.headers.get("Last-Event-ID", "")
    if resumed.isdigit() and 0 < int(resumed[:9]) < date.max.toordinal():
        start = date.fromordinal(int(resumed[:9]) + 1)

    names = tuple(CounterpartPoint.objects.filter(region_code="HK").order_by("code").values_list("name_en", "name_zh"))

    def frames() -> streams.Frames:
        yield "state", {"words": Text("正在读取各日数据…", "Reading the days…")}
        yield from hong_kong.run(hong_kong.days_of(FILE, names), points, start=start, speed=speed)

    return streams.stream(frames, page_language())


urlpatterns = [
    path("counterpart-checks/replay", replay_page, name="live-hong-kong"),
    path("counterpart-checks/replay/stream", replay_stream, name="live-hong-kong-stream"),
]
