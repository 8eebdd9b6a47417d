"""Totals of the nation, a province or one's own ports as tables and a chart, and what stands beside them.

The ports' own figures, the other side's counts and published national figures are three tables and are
never added together.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.basis import Period, PeriodKind, SubjectKind, SubjectRef, Text, codes, measures, quantity
from kouan.basis.measures import Measure
from kouan.collection import sources
from kouan.collection.models import Origin
from kouan.console import figures, words
from kouan.console.addresses import address_of
from kouan.console.charts import Chart, Series
from kouan.console.marks import origin_badge
from kouan.console.tables import Column, Table, TableView
from kouan.console.words import here
from kouan.monitoring.baseline import BaselineFigure
from kouan.monitoring.queries import flows_of
from kouan.monitoring.rollup import Changed
from kouan.monitoring.subjects import NATION
from kouan.monitoring.totals import Standing, Total, Totals
from kouan.ports.models import CounterpartPoint, Port
from kouan.ports.queries import counterpart_points_visible_to

INCOMPLETE, PEAK = Text("数据不全", "Incomplete"), Text("峰值", "peak")
REPORTED_PART = Text("已报部分 ", "part reported: ")
OWN_SOURCE = Text("各口岸自报数相加", "The ports' own returns, added up")
ON_PREVIOUS = {
    PeriodKind.MONTH: Text("环比（上月）", "On the month before"), PeriodKind.QUARTER: Text("环比（上季）", "On the quarter before"),
}
TOTAL_NOTE = Text(
    "应报口岸全部报齐一期，才给合计；否则为“数据不全”，已报部分单列，不作合计。规划中、已关闭、已整合和验收之前的口岸不计入应报。",
    "A total is given only when every port that is due has reported the whole period; otherwise the part that is there stands "
    "by itself. Planned, closed and merged ports, and ports before their acceptance, are not due.",
)
MEMBER_NOTE = Text("占比只在合计完整时给出。", "Shares are given only where the total is whole.")
FACING_NOTE = Text(
    "对侧口岸数据为对侧对同一通道的统计，方向相反、口径不尽相同；只供参考，不计入上面的合计。",
    "The other side's count of the same crossings, with its own definitions: for reference, never added into the totals above.",
)


def _percent(value: Any) -> str:
    return figures.percent(value, signed=True)


def _total_cell(total: Total) -> SafeString | str:
    if total.value is not None:
        if not total.is_peak:
            return figures.number(total.value)
        return format_html('{}<span class="subline">▲ {}</span>', figures.number(total.value), here(PEAK))
    if total.partial is None:
        return format_html('<span class="is-missing">{}</span>', here(INCOMPLETE))
    return format_html('<span class="is-missing">{}</span><span class="subline">{}{}</span>', here(INCOMPLETE), here(REPORTED_PART),
                       figures.number(total.partial))


def _reported_cell(total: Total) -> SafeString | str:
    if not total.partly:
        return f"{total.reported} / {total.due}"
    return format_html('{} / {}<span class="subline">{}</span>', total.reported, total.due,
                       here(Text(f"另 {total.partly} 个只报了一部分", f"{total.partly} more in part")))


def _changes(kind: PeriodKind, of: Any) -> tuple[Column, ...]:
    """Change on the year and, below the year, on the period before; ``of`` gives the ``Total`` of a row."""
    found = [Column("yoy", Text("同比", "On the year"), is_number=True, order=True, value=lambda row: of(row).on_year,
                    show=lambda row: _percent(of(row).on_year))]
    if kind in ON_PREVIOUS:
        found.insert(0, Column("mom", ON_PREVIOUS[kind], is_number=True, order=True, value=lambda row: of(row).on_previous,
                               show=lambda row: _percent(of(row).on_previous)))
    return tuple(found)


@lru_cache(maxsize=256)
def periods_table(measure: Measure, kind: PeriodKind) -> Table:
    """The totals, one line for each period."""
    unit = quantity.get(measure.unit).name
    return Table(
        name="flow-totals", title=Text("逐期合计", "Totals by period"), prefix="t", default_order="-period", source=OWN_SOURCE,
        columns=(
            Column("period", Text("时期", "Period"), is_key=True, order=True, keeps_line=True),
            Column("value", Text("合计", "Total"), unit=unit, is_number=True, order=True, show=_total_cell),
            Column("partial", Text("已报部分", "Part reported"), unit=unit, is_number=True, only="export", value=_part),
            Column("reported_of", Text("已报 / 应报口岸", "Ports reported / due"), value=lambda total: total.reported,
                   show=_reported_cell, only="page", is_number=True),
            Column("reported", Text("已报口岸", "Ports reported"), is_number=True, only="export"),
            Column("partly", Text("报部分的口岸", "Ports in part"), is_number=True, only="export"),
            Column("due", Text("应报口岸", "Ports due"), is_number=True, only="export"),
            *_changes(kind, lambda total: total),
            Column("is_peak", Text("峰值", "Peak"), only="export"),
        ),
    )


def chart_of(totals: Totals, view: TableView) -> Chart:
    """The whole totals as a line, a gap where one is incomplete, with the table beside it."""
    found = totals.totals
    name = words.capitalised(totals.measure.name)
    place = region_name(totals.region)
    return Chart(
        key="totals", title=Text(f"{place.zh}{name.zh}：各口岸自报数合计", f"{name.en}, {place.en}: the ports' own figures added up"),
        kind="line", unit=totals.measure.unit, origin=str(totals.origin), source=OWN_SOURCE, note=TOTAL_NOTE,
        categories=[each.period.code for each in found], table=view,
        series=[Series(Text("合计", "Total"), [each.value for each in found])],
        period=f"{figures.period(found[0].period)}—{figures.period(found[-1].period)}" if len(found) > 1 else "",
    )


def card(total: Total, totals: Totals) -> figures.Figure:
    """A whole total with its unit, period and origin."""
    return figures.Figure(total.value, totals.measure.unit, total.period, str(totals.origin))


def region_name(region: SubjectRef | None) -> Text:
    """全国, 广东, or 本范围."""
    if region is None:
        return Text("本范围", "your ports")
    if region == NATION:
        return Text("全国", "the nation")
    return codes.province(region.code).short_name


# ---- provinces or ports of one period -------------------------------------------------------------------


@lru_cache(maxsize=512)
def members_table(measure: Measure, kind: PeriodKind, by_province: bool, with_ranks: bool) -> Table:
    """The provinces of the nation, or the ports of anything smaller, in one period."""
    unit = quantity.get(measure.unit).name
    rank = (Column("rank", Text("位次", "Rank"), is_number=True, order=True, value=lambda row: row["standing"].rank,
                   show=lambda row: f"{row['standing'].rank} / {row['standing'].ranked}" if row["standing"].rank else "—"),
            ) if with_ranks else ()
    return Table(
        name="flow-members", prefix="m", default_order="-value" if with_ranks else "code", source=OWN_SOURCE,
        title=Text("各省（区、市）", "By province") if by_province else Text("各口岸", "By port"),
        columns=(
            Column("name", Text("省份", "Province") if by_province else Text("口岸", "Port"), is_key=True, order=True,
                   show=lambda row: format_html('<a href="{}">{}</a>', row["address"], row["name"])),
            Column("code", Text("代码", "Code"), only="export", order=True),
            Column("value", Text("合计", "Total") if by_province else Text("本期数", "Figure"), unit=unit, is_number=True, order=True,
                   value=lambda row: row["standing"].total.value, show=lambda row: _member_cell(row["standing"].total)),
            Column("partial", Text("已报部分", "Part reported"), unit=unit, is_number=True, only="export",
                   value=lambda row: _part(row["standing"].total)),
            Column("share", Text("占比", "Share"), is_number=True, order=True, value=lambda row: row["standing"].share,
                   show=lambda row: figures.percent(row["standing"].share)),
            *rank,
            *_changes(kind, lambda row: row["standing"].total),
            Column("reported", Text("已报口岸", "Ports reported"), is_number=True, order=True,
                   value=lambda row: row["standing"].total.reported, only="" if by_province else "export"),
            Column("due", Text("应报口岸", "Ports due"), is_number=True, value=lambda row: row["standing"].total.due,
                   only="" if by_province else "export"),
        ),
        empty=Text("这一期没有应报口岸。", "No port is due for this period."),
    )


def _part(total: Total) -> Any:
    return None if total.is_complete else total.partial


def _member_cell(total: Total) -> SafeString | str:
    if total.partial is None:
        return format_html('<span class="is-missing">{}</span>', here(figures.NOT_REPORTED))
    return _total_cell(total)


def member_rows(totals: Totals, period: Period, asked: dict[str, str]) -> list[dict[str, Any]]:
    """The members of one period, each with its name and the page where it is looked at closer."""
    ports: dict[str, Port] = {port.code: port for port in totals.ports}
    return [_member(each, ports, asked) for each in totals.members(period)]


def _member(standing: Standing, ports: dict[str, Port], asked: dict[str, str]) -> dict[str, Any]:
    code = standing.subject.code
    if standing.subject.kind is SubjectKind.PROVINCE:
        name, address = here(codes.province(code).short_name), address_of("flows", **{**asked, "province": code})
    else:
        port = ports[code]
        name, address = here(Text(port.name_zh, port.name_en or port.name_zh)), address_of("port", code)
    return {"code": code, "name": name, "address": address, "standing": standing}


# ---- beside the totals --------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def series_table(name: str, unit_code: str) -> Table:
    """Figures that others published or counted: ``name`` is ``facing`` (对侧) or ``published`` (全国公布数)."""
    unit = quantity.get(unit_code).name
    titles = {"facing": Text("对侧口岸数据（不计入合计）", "Counterpart counts (never added in)"),
              "published": Text("公开发布的全国数（不计入合计）", "Published figures of the nation (never added in)")}
    return Table(
        name=f"flow-{name}", title=titles[name], prefix="c" if name == "facing" else "n", default_order="-period", page_size=30,
        columns=(
            Column("name", Text("对侧口岸点", "Counterpart point") if name == "facing" else Text("范围", "Of"), is_key=True, order=True,
                   show=lambda row: format_html('<a href="{}">{}</a>', row["address"], row["name"]) if row["address"] else row["name"]),
            *((Column("port", Text("对应口岸", "Port"), order=True),) if name == "facing" else ()),
            Column("period", Text("时期", "Period"), order=True, keeps_line=True),
            Column("value", Text("数值", "Figure"), unit=unit, is_number=True, order=True,
                   show=lambda row: figures.number(row["value"]) if row["value"] is not None else here(INCOMPLETE)),
            Column("partial", Text("已有部分", "Part"), unit=unit, is_number=True),
            Column("yoy", Text("同比", "On the year"), is_number=True, order=True, show=lambda row: _percent(row["yoy"])),
            Column("origin", Text("性质", "Origin"), value=lambda row: words.ORIGINS[row["origin"]], keeps_line=True,
                   show=lambda row: origin_badge(row["origin"])),
            Column("source", Text("来源", "Source"), keeps_line=True, show=lambda row: format_html(
                '<a href="{}">{}</a>', address_of("source", row["source_id"]), here(row["source"]))),
        ),
    )


def _row(name: str, address: str, port: str, changed: Changed, origin: str, source: str) -> dict[str, Any]:
    flow = changed.flow
    return {
        "name": name, "address": address, "port": port, "period": flow.period, "value": flow.value,
        "partial": None if flow.is_complete else flow.partial, "yoy": changed.on_year, "origin": str(origin),
        "source": sources.get(source).name, "source_id": source,
    }


def facing_rows(user: Any, region: SubjectRef | None, measure: Measure, kind: PeriodKind, years: tuple[int, int]) -> list[dict[str, Any]]:
    """What the other side counted at the points that face the region's ports, both directions together."""
    points: dict[str, CounterpartPoint] = {
        point.code: point for point in counterpart_points_visible_to(user).filter(port__isnull=False)
        if point.port and (region is None or region == NATION or point.port.province_code == region.code)
    }
    subjects = [SubjectRef.of(SubjectKind.COUNTERPART_POINT, code) for code in points]
    rows = []
    for series in flows_of(subjects, kind=kind, measure=measure.code, origins=[Origin.COUNTERPART]):
        point = points[series.subject.code]
        if series.direction != "total" or point.port is None:
            continue
        region_words = words.REGIONS[point.region_code]
        name = here(Text(f"{point.name_zh}（{region_words.zh}）", f"{point.name_en} ({region_words.en})"))
        address = address_of("port-figures", point.port.code, origin="counterpart", measure=measure.code)
        port = here(Text(point.port.name_zh, point.port.name_en or point.port.name_zh))
        rows += [_row(name, address, port, each, series.origin, series.source)
                 for each in series.changed() if years[0] <= each.flow.period.start.year <= years[1]]
    return rows


def published_rows(measure: Measure, kind: PeriodKind, years: tuple[int, int]) -> list[dict[str, Any]]:
    """What was published of the whole nation, by whom it was published."""
    return [
        _row(here(Text("全国", "The nation")), "", "", each, series.origin, series.source)
        for series in flows_of([NATION], kind=kind, measure=measure.code) if series.direction == "total"
        for each in series.changed() if years[0] <= each.flow.period.start.year <= years[1]
    ]


PLAN = Table(
    name="plan-headlines", prefix="b", title=Text("“十三五”时期全国口岸（规划所列）", "The nation's ports in 2016–2020, as the plan states"),
    columns=(
        Column("name", Text("指标", "Measure"), is_key=True, value=lambda one: Text(one.name_zh, one.name_en)),
        Column("value", Text("数值", "Figure"), is_number=True, show=lambda one: one.value),
        Column("unit", Text("单位", "Unit"), value=lambda one: Text(one.unit_zh, one.unit_en), keeps_line=True),
        Column("quote", Text("原文", "As printed"), value=lambda one: one.quote, is_wide=True),
    ),
    origin="official", period="2016—2020", source=Text("国家“十四五”口岸发展规划 一", "The 14th five-year plan for ports, part 1"),
)


def plan_view(request: Any, headlines: tuple[BaselineFigure, ...]) -> TableView:
    """The plan's own sums: quoted, never computed here."""
    return PLAN.read(request, list(headlines))


def measure_words(code: str) -> Text:
    """The name of a measure for a list of choices."""
    return words.capitalised(measures.get(code).name)
