"""What the figures of the running day rest on: the batches of events that came in, and what else read the same months.

``events:all/2026-03-06``, ``events:province-44/…``, ``events:port-luohu-rail/…``. The live panorama works its counts, waits and stages out
of these events and keeps none of them, so its figures have no record of their own to lead to.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q

from kouan.accounts.permissions import may
from kouan.basis import Text, clock, codes
from kouan.console.addresses import address_of
from kouan.console.counted import SHOWN, Counted, Part
from kouan.console.views.ports import port_name
from kouan.monitoring.journal.evidence import port_months
from kouan.monitoring.journal.models import EventBatch, EventSource
from kouan.monitoring.live.day import DAY
from kouan.monitoring.live.hub import midnight_of
from kouan.ports.queries import ports_visible_to

# A source's clock may run ahead of ours: an event of just after midnight, received just before.
AHEAD = timedelta(minutes=10)
EVENTS = re.compile(r"^events:(all|province-\d\d|port-[a-z0-9][a-z0-9-]{0,63})/(\d{4}-\d\d-\d\d)$")


def events_address(day: date, province: str = "", port: str = "") -> str:
    """The lineage of the figures of a day, of a province or a port."""
    scope = f"port-{port}" if port else f"province-{province}" if province else "all"
    return address_of("lineage", of=f"events:{scope}/{day.isoformat()}")


def events_counted(user: Any, said: str) -> Counted | None:
    """The batches with events of a day about the ports asked for; None where no such port is in sight."""
    found = EVENTS.match(said)
    if found is None or not may(user, "events.read"):
        return None
    scope, _, code = found[1].partition("-")
    ports = ports_visible_to(user)
    if scope != "all":
        ports = ports.filter(**{"province_code" if scope == "province" else "code": code})
    held = {port.code: port for port in ports}
    try:
        day = date.fromisoformat(found[2])
    except ValueError:
        return None
    if not held or day > clock.today():
        return None
    about = [each.code for each in EventSource.objects.all() if "*" in each.port_codes or not held.keys().isdisjoint(each.port_codes)]
    begins = midnight_of(day)
    rows = EventBatch.objects.filter(
        Q(first_us__lt=begins + DAY, last_us__gte=begins), source__in=about,
        received_at__gte=datetime.combine(day, time.min, clock.BEIJING) - AHEAD)
    seen = rows.visible_to(user).order_by("-pk")
    total = seen.count()
    parts = [Part(f"{each.source} #{each.pk}", f"{each.accepted} · {each.file_name or each.get_channel_display()}",
                  address_of("event-source", each.source)) for each in seen[:SHOWN]]
    return Counted(
        _title(scope, code, held, day), str(total), Text("个事件批次", "batches of events"),
        Text("实时全景的计数、候检和环节用时由这些批次的节点事件推算，当日为暂计；引用以“口岸、月”为单位，列出读过这些月份事件的研究和预警。",
             "Counts, waits and stages of the live panorama are worked out of the events in these batches and are provisional. Use is kept by "
             "port and month: studies and warnings that read these months are listed."),
        parts, total, port_months(sorted(held), day, day), [], rows.count() - total)


def _title(scope: str, code: str, held: dict[str, Any], day: date) -> Text:
    when = Text(f"{day.year}年{day.month}月{day.day}日", f"{day:%d %B %Y}")
    if scope == "port":
        return Text(f"{port_name(held[code])}：{when.zh}节点事件", f"{port_name(held[code])}: events of {when.en}")
    name = codes.province(code).short_name if scope == "province" else Text("查看范围内口岸", "ports in your scope")
    return Text(f"{name.zh}：{when.zh}节点事件", f"{name.en}: events of {when.en}")
