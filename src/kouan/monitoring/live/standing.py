"""What stands above the ticker until it is over: emergencies under way and closures of ports. Drills never reach a wall."""

from __future__ import annotations

from collections.abc import Iterable

from kouan.basis import Text
from kouan.monitoring.emergencies.codes import level_words
from kouan.monitoring.emergencies.models import EmergencyEvent, PortClosure
from kouan.monitoring.live.panel import Notice, PortOf
from kouan.monitoring.timing.events import microseconds


def standing_notices(ports: Iterable[PortOf]) -> tuple[Notice, ...]:
    """One line each, events before closures and older before newer: the ticker shows the last line first."""
    named = {each.code: each.name for each in ports}
    events = EmergencyEvent.objects.running().counted().order_by("opened_at").select_related("port")
    found = [
        Notice(microseconds(event.opened_at), event.port.code, Text(
            f"{named[event.port.code].zh}：突发事件{level_words(event.level).zh} {event.title_zh}",
            f"{named[event.port.code].en}: emergency, {level_words(event.level).en}, {event.title_en or event.title_zh}"), "bad")
        for event in events if event.port.code in named
    ]
    closures = PortClosure.objects.filter(reopened_at__isnull=True, event__is_drill=False).order_by("closed_at").select_related("event__port")
    found += [
        Notice(microseconds(each.closed_at), each.event.port.code, Text(
            f"{named[each.event.port.code].zh}：{each.what}关闭中（{each.decided_by}决定）",
            f"{named[each.event.port.code].en}: closed: {each.what} (by {each.decided_by})"), "bad")
        for each in closures if each.event.port.code in named
    ]
    return tuple(found)
