"""排队与通道: the wait at a port's lanes, the thirty minutes by batch and by quarter of an hour, Little's law, capacity."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse

from kouan.basis import NotFound, Place, Refused, Text, clock
from kouan.console import figures
from kouan.console.charts import Chart, Series
from kouan.console.page import page
from kouan.console.process_page import chosen_port
from kouan.console.tables import Column, Table, TableView
from kouan.console.words import here
from kouan.monitoring.journal.traits import NATIONALITY_GROUPS
from kouan.monitoring.processes.asking import port_for
from kouan.monitoring.processes.kept import kept
from kouan.monitoring.processes.lanes import MOST_DAYS, LaneView, lane_view
from kouan.monitoring.timing.events import MINUTE, moment
from kouan.ports.queries import ports_visible_to

KINDS = {"passenger_batch": Text("人员", "Persons"), "vehicle": Text("车辆", "Vehicles")}
WAYS = {"inbound": Text("入境", "Inbound"), "outbound": Text("出境", "Outbound")}
_MINUTES = Text("分钟", "min")


def _m(value: float | None) -> float | None:
    return None if value is None else round(value / MINUTE, 2)


def _minutes(value: float | None) -> str:
    return "—" if value is None else f"{value / MINUTE:,.1f}"


def _statistic(name: str, label: Text) -> Column:
    return Column(name, label, unit=_MINUTES, value=lambda row: _m(getattr(row[2], name)), is_number=True,
                  show=lambda row: _minutes(getattr(row[2], name)))


BY_LANE = Table(
    name="lanes", title=Text("各通道候检时间", "Wait by lane"), prefix="l",
    columns=(
        Column("lane", Text("通道", "Lane"), value=lambda row: row[0] or here(Text("未报", "not told")), is_key=True),
        Column("persons", Text("人（辆）次", "Persons or vehicles"), value=lambda row: row[1], is_number=True, show=lambda row: f"{row[1]:,}"),
        Column("n", Text("批次", "Batches"), value=lambda row: row[2].n, is_number=True, show=lambda row: f"{row[2].n:,}"),
        *(_statistic(name, label) for name, label in (
            ("median_us", Text("中位数", "Median")), ("p90_us", Text("第90百分位", "p90")), ("p95_us", Text("第95百分位", "p95")))),
        Column("within", Text("时限内比例（批次）", "Within the limit, of batches"), value=lambda row: row[2].share_within_norm, is_number=True,
               show=lambda row: figures.percent(row[2].share_within_norm)),
    ),
)  # fmt: skip
BY_SLOT = Table(
    name="slots", title=Text("每15分钟", "By quarter of an hour"), prefix="q", page_size=48,
    columns=(
        Column("begins", Text("时段起点", "Begins"), value=lambda row: moment(row.begins), is_key=True, keeps_line=True),
        Column("joined", Text("进入排队", "Joined"), is_number=True, show=lambda row: f"{row.joined:,}"),
        Column("entered", Text("进入通道", "Entered lanes"), is_number=True, show=lambda row: f"{row.entered:,}"),
        Column("mean_waiting", Text("平均排队人数", "Mean queue"), value=lambda row: round(row.mean_waiting, 2), is_number=True,
               show=lambda row: f"{row.mean_waiting:,.1f}"),
        Column("most_waiting", Text("最多", "Most"), is_number=True, show=lambda row: f"{row.most_waiting:,}"),
        Column("lanes", Text("开通通道", "Lanes serving"), is_number=True),
    ),
)


@page("events.read")
def lanes(request: HttpRequest) -> HttpResponseBase:
    """The page of queues; without a day yesterday."""
    user: Any = request.user
    given = request.GET
    kind = given.get("kind", "") if given.get("kind") in KINDS else "passenger_batch"
    way = given.get("direction", "") if given.get("direction") in WAYS else "inbound"
    group = given.get("group", "") if given.get("group") in NATIONALITY_GROUPS and kind == "passenger_batch" else ""
    chosen = tuple(sorted({each[:80] for each in given.getlist("lane")[:40] if each}))
    context: dict[str, Any] = {
        "ports": [(each.code, Text(each.name_zh, each.name_en or each.name_zh)) for each in ports_visible_to(user).order_by("pinyin", "code")],
        "kinds": KINDS.items(), "ways": WAYS.items(), "kind": kind, "way": way, "most_days": MOST_DAYS, "crumbs": [], "chosen": chosen,
        "groups": NATIONALITY_GROUPS.items(), "group": group,
    }  # fmt: skip
    try:
        first = _day(given.get("first", ""), "first") or clock.today() - timedelta(days=1)
        last = _day(given.get("last", ""), "last") or first
        port = chosen_port(request)
        context |= {"first": first, "last": last, "port": port}
        if port is None:
            return render(request, "console/processes/lanes.html", context)
        found = port_for(user, port.code)
        view: LaneView = kept(user, ("lanes", found.code, first, last, kind, way, chosen, group),
                              lambda: lane_view(user, found.code, first, last, kind=kind, direction=way, lanes=chosen, group=group))
    except NotFound:
        raise
    except Refused as error:
        return render(request, "console/processes/lanes.html", {**context, "findings": error.findings})
    by_lane, by_slot = BY_LANE.read(request, list(view.by_lane)), BY_SLOT.read(request, list(view.slots))
    for each in (by_lane, by_slot):
        if each.wants_export:
            return each.export()
    rule = view.rule
    return render(request, "console/processes/lanes.html", {
        **context, "view": view, "by_lane": by_lane, "chart": _chart(view, by_slot), "until": moment(view.until),
        "limit": rule.limit_us // MINUTE if rule else None, "longest": _minutes(rule.longest_us) if rule else "",
        "median": _minutes(view.waits.median_us) if view.waits else "—", "p90": _minutes(view.waits.p90_us) if view.waits else "—",
        "mean_wait": _minutes(view.little.mean_wait_us) if view.little else "—",
        "broken": [_clock(each, view) for each in (rule.slots_not_met[:24] if rule else ())],
        "more_broken": max(0, len(rule.slots_not_met) - 24) if rule else 0, "findings_n": len(view.findings),
        "untold": view.joined - sum(number for _, number in view.groups), "of_group": dict(view.groups).get(group, 0),
        "crumbs": [{"label": Text("口岸", "Ports"), "address": reverse("ports")},
                   {"label": Text(found.name_zh, found.name_en or found.name_zh), "address": reverse("port", args=[found.code])},
                   {"label": Text("作业流程", "Process views"), "address": f"{reverse('processes')}?port={found.code}"}],
    })  # fmt: skip


def _day(text: str, field: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise Refused.because("bad_date", f"“{text[:20]}”不是有效日期。", f"“{text[:20]}” is not a date.", where=Place(field=field),
                              remedy=("按 2026-03-01 填写。", "Write it as 2026-03-01."))


def _clock(us: int, view: LaneView) -> str:
    """The time of day, with the day where the view has several."""
    return f"{moment(us).astimezone(clock.BEIJING):{'%H:%M' if view.first == view.last else '%m-%d %H:%M'}}"


def _chart(view: LaneView, table: TableView) -> Chart | None:
    if not view.slots:
        return None
    labels = [_clock(each.begins, view) for each in view.slots]
    return Chart("queue", Text("排队人数与通行", "Queue and passage, by quarter of an hour"), labels, [
        Series(Text("平均排队", "Mean queue"), [round(each.mean_waiting) for each in view.slots]),
        Series(Text("进入排队", "Joined"), [each.joined for each in view.slots]),
        Series(Text("进入通道", "Entered lanes"), [each.entered for each in view.slots]),
    ], unit="person_crossings", table=table, origin="exercise" if "exercise" in view.origins else None)


urlpatterns = [path("processes/lanes", lanes, name="lanes")]
