"""演练数据: a few invented feeds at one port, one of them silent and one with a fault. Only in the exercise workspace, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings

from kouan.accounts.models import User
from kouan.audit import acting
from kouan.basis import clock
from kouan.monitoring.imagery.actions import NewFeed, register_feed
from kouan.monitoring.imagery.models import FeedSpan, ImageFeed

BASIS = "《公共安全视频图像信息系统管理条例》（条款待核；演练虚构）"
# Code, name, place, kind, purpose, days and hours of each span up to now, its fault.
FEEDS = (
    ("luohu-hall-01", "旅检大厅入境侧", "一层入境大厅", "video", "passenger_hall", ((20, 0),), ""),
    ("luohu-hall-02", "旅检大厅出境侧", "二层出境大厅", "video", "passenger_hall", ((20, 6), (5, 0)), ""),
    ("luohu-lane-01", "货运通道一号", "三号货运通道入口", "snapshot", "freight_lane", ((20, 30),), ""),
    ("luohu-scan-01", "车体检查图像", "查验场", "inspection", "yard", ((20, 0),), "磁盘将满（演练虚构）"),
)


def play(say: Callable[[str, str], None]) -> None:
    """Register the feeds and give them a history; left alone where there are feeds, or where the demonstration's people are not there."""
    people = {each.username: each for each in User.objects.filter(username__in=("shenzhen", "luohu"), is_active=True)}
    if not settings.IS_EXERCISE or ImageFeed.objects.exists() or len(people) != 2:
        return
    say("演练：影像源登记", "Exercise: the register of feeds")
    now = clock.now()
    with acting(None, "exercise"):
        for code, name, place, kind, purpose, spans, fault in FEEDS:
            with clock.travel_to(now - timedelta(days=20)):
                feed = register_feed(actor=people["shenzhen"], said=NewFeed(
                    code, "luohu-rail", f"{name}（演练虚构）", place, kind, purpose, "gb28181", people["luohu"].organisation.code,
                    "演练人员，0755-00000000", BASIS, 30, 86_400, f"gb28181://video.example/{code}"))
            for days, hours in spans:
                began = now - timedelta(days=days)
                FeedSpan.objects.create(feed=feed, began_at=began, last_at=max(began, now - timedelta(days=2.2 if code == "luohu-lane-01" else 0,
                    hours=hours)),
                                        fault=fault)
