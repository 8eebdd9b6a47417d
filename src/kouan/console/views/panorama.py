"""全景: the ports in one's scope at a glance — how many, where, judged how, what flowed, what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.accounts.permissions import may
from kouan.accounts.scope import scope_of
from kouan.basis import Finding, Text, clock, codes, measures
from kouan.collection import sources
from kouan.collection.queries import SourceState, observations_visible_to, source_states
from kouan.console import base_map, figures, plan_figures, tilegrid, words
from kouan.console.addresses import address_of, count_address
from kouan.console.composition import PortCounts, blocks, count_ports, layout_block
from kouan.console.figures import Figure
from kouan.console.marks import origin_badge, status_badge, verdict_badge
from kouan.console.page import missing, page
from kouan.console.sparklines import sparkline
from kouan.console.tables import Column, Table
from kouan.console.views.lineage import change_reference, figure_reference
from kouan.console.views.ports import NOT_JUDGED, judged_years, port_name, with_verdict
from kouan.console.waiting import OFFICES, decides, elsewhere_words, waiting_rows
from kouan.console.words import here
from kouan.monitoring import baseline
from kouan.monitoring.overview import (
    LatestFlow,
    Reporting,
    first_of_trail,
    latest_flows,
    national_figures,
    reporting,
)
from kouan.ports.queries import APPROVED_TOTAL_CITATION, plan_counts, ports_visible_to

REGISTER = Text("口岸名录", "Register of ports")


def _linked(address: str, label: Any) -> SafeString | str:
    return format_html('<a href="{}">{}</a>', address, label) if address else label


# ---- provinces ---------------------------------------------------------------------------------------


def _mode_column(mode: str) -> Column:
    return Column(mode, words.MODES[mode], is_number=True, order=True, value=lambda row: row["modes"].get(mode, 0),
                  show=lambda row: _linked(count_address("mode", mode, row["code"]), row["modes"].get(mode, 0)))


PROVINCES = Table(
    name="provinces",
    title=Text("各省（区、市）已登记口岸", "Registered ports by province"),
    columns=(
        Column("name", Text("省份", "Province"), order=True, is_key=True, keeps_line=True,
               show=lambda row: _linked(address_of("ports", province=row["code"]), here(row["name"]))),
        Column("code", Text("区划代码", "GB/T 2260"), only="export"),
        Column("registered", Text("已登记", "Registered"), is_number=True, order=True,
               show=lambda row: _linked(count_address("province", row["code"]), row["registered"])),
        *(_mode_column(mode) for mode in words.MODES),
        Column("reported", Text("有报送", "Reported"), is_number=True, order=True,
               show=lambda row: _linked(count_address("reported", row["year"], row["code"]), row["reported"])),
    ),
    prefix="p",
    stacks=False,
    page_size=40,
    default_order="-registered",
    source=REGISTER,
)


def province_rows(counts: PortCounts, states: Reporting) -> list[dict[str, Any]]:
    """One row for each of the 31 provinces, autonomous regions and municipalities."""
    return [
        {
            "code": one.code, "name": one.short_name, "modes": counts.by_province.get(one.code, {}),
            "registered": sum(counts.by_province.get(one.code, {}).values()),
            "reported": states.by_province.get(one.code, (0, 0))[0], "year": states.year,
        }
        for one in codes.mainland_provinces
    ]


# ---- one's own ports, for whoever does not see the nation ------------------------------------------------

MINE = Table(
    name="my-ports",
    title=Text("本范围口岸", "Ports in your scope"),
    columns=(
        Column("name", Text("口岸", "Port"), value=port_name, order="pinyin", is_key=True,
               show=lambda port: _linked(reverse("port", args=[port.code]), port_name(port))),
        Column("code", Text("口岸代码", "Port code"), only="export"),
        Column("mode", Text("方式", "Mode"), value=lambda port: words.MODES[port.mode], order="mode", keeps_line=True),
        Column("city", Text("所在市县", "Place"), value=lambda port: port.city_name, order="city_code"),
        Column("status", Text("运行状态", "Status"), value=lambda port: words.STATUSES[port.status], order="status",
               show=lambda port: status_badge(port.status)),
        Column("verdict", Text("客货运量标准", "Volume standard"),
               value=lambda port: words.VERDICTS[port.verdict] if port.verdict else NOT_JUDGED,
               show=lambda port: verdict_badge(port.verdict) if port.verdict else here(NOT_JUDGED), order="verdict"),
    ),
    prefix="p",
    page_size=30,
    default_order="name",
    source=REGISTER,
)


# ---- flows -------------------------------------------------------------------------------------------


def _flow_lineage(flow: LatestFlow, first: date | None = None) -> str:
    return address_of("lineage", of=figure_reference(flow.subject, flow.measure, flow.origin, flow.source, first or flow.period.start,
                                                     flow.period.end))


def _flow_value(flow: LatestFlow) -> SafeString:
    figure = Figure(flow.value, flow.unit)
    zh = words.page_language()
    return format_html('<a href="{}"><data value="{}" title="{}">{}</data></a>', _flow_lineage(flow), flow.value.normalize(),
                       figure.exact(zh), figure.short(zh))


def _flow_change(flow: LatestFlow) -> SafeString | str:
    said = figures.percent(flow.on_year, signed=True)
    if flow.on_year is None:
        return said
    reference = change_reference(flow.subject, flow.measure, flow.origin, flow.source, flow.period.start, flow.period.end)
    return _linked(address_of("lineage", of=reference), said)


def _flow_trail(flow: LatestFlow) -> SafeString:
    """The line of two years, leading to the figures that it draws."""
    drawn = sparkline(flow.trail)
    if not drawn:
        return drawn
    whole = here(Text("近24个月各月数据的来处", "Where the figures of the last 24 months are from"))
    return format_html('<a href="{}" title="{}" aria-label="{}">{}</a>', _flow_lineage(flow, first_of_trail(flow.period)), whole, whole, drawn)


def _flow_source(flow: LatestFlow) -> str:
    return address_of("port-figures", flow.port.code, origin=str(flow.origin), measure=flow.measure)


FLOWS = Table(
    name="latest-flows",
    title=Text("各口岸最新流量", "Latest flows of the ports"),
    columns=(
        Column("port", Text("口岸", "Port"), value=lambda flow: port_name(flow.port), is_key=True, order=True,
               show=lambda flow: _linked(reverse("port", args=[flow.port.code]), port_name(flow.port))),
        Column("code", Text("口岸代码", "Port code"), value=lambda flow: flow.port.code, only="export"),
        Column("measure", Text("指标", "Measure"), value=lambda flow: measures.get(flow.measure).name),
        Column("period", Text("时期", "Period"), value=lambda flow: flow.period, order=True),
        Column("value", Text("数值", "Figure"), is_number=True, order=True, show=_flow_value),
        Column("unit", Text("单位", "Unit"), value=lambda flow: figures.unit_name(flow.unit), only="export"),
        Column("on_year", Text("同比", "On the year"), is_number=True, order=True,
               show=_flow_change),
        Column("trail", Text("近24个月", "Last 24 months"), show=_flow_trail, only="page",
               value=lambda flow: None),
        Column("origin", Text("性质", "Origin"), value=lambda flow: words.ORIGINS[flow.origin],
               show=lambda flow: _linked(_flow_source(flow), origin_badge(flow.origin)), keeps_line=True),
    ),
    prefix="f",
    page_size=24,
    source=Text("各口岸报送、对侧口岸统计与公开报道", "Returns, counterpart counts and press reports"),
    empty=Text("范围内的口岸尚无任何流量数据。", "No flow is on record for the ports in your scope."),
    empty_next=Text("口岸报送员或主管的口岸办可在“报送”页下载模板、填报并上传。",
                    "The port's reporter or its port office can fill in and upload the template under Collection."),
)
FLOW_NOTES = (
    Text("对侧口岸数据为对侧对同一通道的统计，新闻报道数据未经报送核实；两者只供参考，不用于判定，也不计入任何合计。"
         "点“性质”可查每个数字的文件、行、列。",
         "Counterpart figures are the other side's count of the same crossing; press figures are not confirmed by a return. "
         "Neither is judged or added into any total. The origin leads to file, row and column."),
)


# ---- the sources ---------------------------------------------------------------------------------------


SOURCES = Table(
    name="source-states",
    title=Text("数据来源与时效", "Sources and how fresh they are"),
    columns=(
        Column("name", Text("来源", "Source"), is_key=True, show=lambda row: _linked(row["address"], here(row["name"]))),
        Column("origin", Text("性质", "Origin"), value=lambda row: words.ORIGINS[row["origin"]], keeps_line=True,
               show=lambda row: origin_badge(row["origin"])),
        Column("last_day", Text("数据截至", "Figures up to"), keeps_line=True),
        Column("last_committed_at", Text("最近入库", "Last intake"), keeps_line=True, show=lambda row: figures.day(row["last_committed_at"])),
        Column("batches", Text("批次", "Batches"), is_number=True,
               show=lambda row: _linked(count_address("batches", row["id"]), row["batches"])),
        Column("waiting", Text("暂存", "Held"), is_number=True, show=lambda row: _held(row)),
        Column("decided_by", Text("由谁处理", "Decided by"), only="export"),
    ),
    prefix="s",
)


def source_rows(states: Mapping[str, SourceState], waiting: Mapping[str, int]) -> list[dict[str, Any]]:
    """Every known source with its state, also one from which nothing has come in. ``waiting``: rows of ``waiting_rows``."""
    rows = []
    for source in sources.all_sources():
        state = states.get(source.id)
        rows.append({
            "id": source.id, "name": source.name, "address": address_of("source", source.id),
            "origin": next(iter(source.origins.values())),
            "batches": state.batches if state else 0,
            "last_day": state.last_day if state else None,
            "last_committed_at": state.last_committed_at if state else None,
            "waiting": waiting.get(source.id, 0), "decided_by": OFFICES[source.submitter],
        })
    return rows


def _held(row: dict[str, Any]) -> SafeString | str:
    number = _linked(count_address("held", row["id"]), row["waiting"])
    if not row["waiting"]:
        return number
    return format_html('{}<span class="subline">{}</span>', number,
                       here(Text(f"由{row['decided_by'].zh}处理", f"for {row['decided_by'].en}")))


def nation_rows(user: Any) -> list[dict[str, Any]]:
    """The nation's last yearly figures as printed, in words, each with its page."""
    language = words.page_language()
    found = national_figures(user)
    wanted = Q(pk=None)
    for one in found:
        wanted |= Q(series__measure=one.measure, series__origin=one.origin, series__source=one.source, period_start=one.period.start,
                    period_end=one.period.end)
    rows = observations_visible_to(user).filter(
        wanted, series__subject_kind="nation", series__granularity="year", series__group="all", series__direction="total",
    ).order_by("revision").values_list("series__measure", "pk")
    pages = {measure: address_of("lineage", of=f"observation:{pk}") for measure, pk in rows}
    return [
        {
            "name": here(measures.get(one.measure).name), "origin": one.origin, "period": one.period, "on_year": one.on_year,
            "shown": (figure := Figure(one.value, one.unit)).short(language), "exact": figure.exact(language),
            "plain": f"{one.value:f}", "address": pages.get(one.measure, ""), "change": address_of("lineage", of=change_reference(
                "nation:CN", one.measure, one.origin, one.source, one.period.start, one.period.end)),
        }
        for one in found
    ]


def plan_rows() -> list[dict[str, Any]]:
    """The plan's sums of 2016–2020 in words, each leading to its lineage and from there to the sentence it is quoted from."""
    return [
        {
            "name": here(Text(one.name_zh, one.name_en)), "shown": here(plan_figures.shown(one)), "exact": here(plan_figures.exact(one)),
            "plain": plan_figures.plain(one), "address": address_of("lineage", of=f"quoted:{one.id}"), "quote": one.quote,
        }
        for one in baseline.headlines()
    ]


def next_steps(user: Any, states: Reporting, waiting: int) -> list[dict[str, str]]:
    """What this user should do next, most pressing first: a sentence and the page for it.

    ``waiting``: the held rows that this user's office submitted and so decides about.
    """
    steps = []
    if waiting and may(user, "intake.resolve"):
        steps.append({
            "icon": "inbox", "lineage": count_address("held"), "address": address_of("holdings") or address_of("intake"),
            "text": here(Text(f"{waiting} 行数据暂存待处理：请核准、改正或不予采用。",
                              f"{waiting} rows are held: accept, correct or discard them.")),
            "action": here(Text("处理暂存", "Decide")),
        })
    if states.silent and may(user, "intake.submit"):
        steps.append({
            "icon": "file-import", "lineage": count_address("silent", states.year), "address": address_of("intake"),
            "text": here(Text(f"{states.silent} 个口岸未报送{states.year}年数据，无法判定客货运量标准。由口岸报送员或主管的口岸办填报。",
                              f"{states.silent} ports have not reported {states.year} and cannot be judged. "
                              "Their reporters or port offices file the return.")),
            "action": here(Text("去报送", "Report")),
        })
    return [step for step in steps if step["address"]]


@page("console.read")
def panorama(request: HttpRequest) -> HttpResponse:
    """The first page: everything on it is in the user's scope."""
    user: Any = request.user
    scope = scope_of(user)
    last_year = clock.today().year - 1
    years = judged_years()
    year = last_year if last_year in years else next(iter(years), None)
    counts = count_ports(user, year)
    states = reporting(user, last_year)
    arrived = source_states(user)
    waiting = waiting_rows(user)
    mine = sum(count for source, count in waiting.items() if decides(user, source))
    if scope.everything:
        places = PROVINCES.read(request, province_rows(counts, states))
    else:
        places = MINE.read(request, with_verdict(ports_visible_to(user).counted(), year))
    drawn = base_map.load(settings.BASE_MAP) if scope.everything else None
    if isinstance(drawn, base_map.BaseMap):
        places.notes = [*places.notes, Text(f"底图审图号：{drawn.number}", f"Base map approval number: {drawn.number}")]
    flows = FLOWS.read(request, latest_flows(user), notes=FLOW_NOTES)
    origins = SOURCES.read(request, source_rows(arrived, waiting))
    for view in (places, flows, origins):
        if view.wants_export:
            return view.export()
    return render(request, "console/panorama/panorama.html", {
        "sees_all": scope.everything, "scope_words": scope_words(user), "counts": counts, "states": states,
        "approved_total": plan_counts()["approved_total"], "approved_citation": APPROVED_TOTAL_CITATION,
        "blocks": [each for each in (*blocks(counts), layout_block(user)) if each.lines], "places": places, "flows": flows,
        "tiles": tilegrid.tiles(counts.by_province, reverse("ports")) if scope.everything else [],
        "legend": tilegrid.shade_legend(), "mode_marks": [(here(mark), here(words.MODES[mode])) for mode, mark in tilegrid.MODE_MARKS.items()],
        "sources": origins, "waiting": mine, "elsewhere": elsewhere_words(user, waiting),
        "fresh_at": max((s.last_committed_at for s in arrived.values() if s.last_committed_at), default=None),
        "headlines": plan_rows(), "nation": nation_rows(user), "plan": APPROVED_TOTAL_CITATION.instrument,
        "plan_part": here(plan_figures.section_words(APPROVED_TOTAL_CITATION.article)),
        "approved_address": address_of("lineage", of=f"quoted:{baseline.APPROVED_PORTS}"),
        "of": {
            "registered": count_address("registered"), "reported": count_address("reported", last_year), "due": count_address("due", last_year),
            "silent": count_address("silent", last_year), "held": count_address("held"),
            **{verdict: count_address("verdict", verdict, year) for verdict in ("meets", "fails", "incomplete") if year},
        },
        "steps": next_steps(user, states, mine), "sees_live": may(user, "events.read"),
        "base_map": drawn if isinstance(drawn, base_map.BaseMap) else None,
        "findings": [drawn] if isinstance(drawn, Finding) else [],
        "map_data": map_data(counts) if isinstance(drawn, base_map.BaseMap) else None,
    })


def scope_words(user: Any) -> str:
    """Whose ports the page counts, in words."""
    scope = scope_of(user)
    if scope.everything:
        return here(Text("全国31个省（区、市）", "all 31 provinces, autonomous regions and municipalities"))
    if scope.provinces:
        named = [codes.province(code).name for code in sorted(scope.provinces)]
        return here(Text("、".join(name.zh for name in named), ", ".join(name.en for name in named)))
    home = user.organisation
    return here(Text(home.name_zh, home.name_en or home.name_zh))


def map_data(counts: PortCounts) -> dict[str, Any]:
    """What base-map.js colours: code, name and number of each province counted here."""
    return {
        "address": reverse("base-map"), "ports": reverse("ports"), "unit": here(Text("个已登记口岸", "registered ports")),
        "provinces": [
            {"name": one.code, "words": here(one.short_name), "value": sum(counts.by_province.get(one.code, {}).values())}
            for one in codes.mainland_provinces
        ],
        "elsewhere": {one.code: here(words.REGIONS[one.letters]) for one in codes.provinces if not one.is_mainland},
        "not_counted": here(tilegrid.NOT_COUNTED),
    }


@page("console.read")
def base_map_file(request: HttpRequest) -> HttpResponse:
    """The operator's map as GeoJSON; 404 while there is none that may be shown."""
    drawn = base_map.load(settings.BASE_MAP)
    if not isinstance(drawn, base_map.BaseMap):
        raise missing()
    tag = f'"{drawn.digest}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified()
    return HttpResponse(drawn.content, content_type="application/geo+json", headers={"ETag": tag, "Cache-Control": "private, no-cache"})


urlpatterns = [
    path("", panorama, name="panorama"),
    path("panorama/base-map", base_map_file, name="base-map"),
]
