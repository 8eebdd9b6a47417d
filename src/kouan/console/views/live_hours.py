"""逐时回放（演示）: hours of waiting at crossings abroad, one after another."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.http import urlencode

from kouan.basis import NotFound, Place, Text
from kouan.console.page import page
from kouan.console.words import page_language
from kouan.desk import streams
from kouan.monitoring.live.replay import added, hourly

# A summer holiday, when the file that is bundled shows its longest waits.
BEGINS = datetime.fromisoformat("2018-07-01T06:00")  # local time of the crossing, as published
SPEEDS = (
    (600, Text("600倍（6秒一小时）", "600× (an hour in 6 seconds)")), (3_600, Text("1小时/秒", "1 hour/s")),
    (14_400, Text("4小时/秒", "4 hours/s")), (43_200, Text("12小时/秒", "12 hours/s")),
)


def _asked(request: HttpRequest) -> tuple[hourly.Crossing, datetime, int]:
    """Which crossing, from when, how fast. Real figures, foreign ones too, stay out of an exercise."""
    code = request.GET.get("of") or "ohare"
    found = None if settings.IS_EXERCISE else added.crossing(code)
    if found is None:
        raise NotFound.because(
            "no_such_crossing", "没有这个可回放的口岸；演练工作区不提供真实数据的回放。",
            "There is no such crossing to replay; an exercise workspace replays no real figures.", where=Place(field="of"), measured=code[:40],
            remedy=("从“逐时回放”页的列表中选择；新的文件用 kouan events replay-add 加入。",
                    "Choose from the list on the page; add a new file by kouan events replay-add."))
    try:
        start = datetime.fromisoformat(request.GET.get("from", "")).replace(tzinfo=None)
    except ValueError:
        start = BEGINS
    if not found.first <= start <= found.last:
        start = BEGINS if found.first <= BEGINS <= found.last else found.first
    speed = request.GET.get("speed", "")
    return found, start, int(speed) if speed in {str(each) for each, _ in SPEEDS} else 3_600


@page("console.read")
def replay_page(request: HttpRequest) -> HttpResponseBase:
    """The page; its hours come by the stream."""
    found, start, speed = _asked(request)
    asked = urlencode({"of": found.code, "from": start.isoformat(timespec="minutes"), "speed": str(speed)})
    return render(request, "console/live/hours.html", {
        "of": found, "start": start, "speed": speed, "speeds": SPEEDS, "crossings": added.crossings().items(), "has_booths": found.booths is not None,
        "stream": f"{reverse('live-hours-stream')}?{asked}", "live_words": {"zh": page_language() == "zh"},
    })


@page("console.read")
def replay_stream(request: HttpRequest) -> HttpResponseBase:
    """The hours as server-sent events; a browser that opens the stream again says how far it had come."""
    found, start, speed = _asked(request)

    return streams.stream(lambda: hourly.run(found, start=start, speed=speed), page_language())


urlpatterns = [
    path("counterpart-checks/replay/hours", replay_page, name="live-hours"),
    path("counterpart-checks/replay/hours/stream", replay_stream, name="live-hours-stream"),
]
