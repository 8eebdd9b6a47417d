"""对侧核对: what the press printed of mainland border inspection, beside the other side's daily counts."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.basis import Period, Text, numbers
from kouan.collection import sources
from kouan.console import figures, words
from kouan.console.addresses import address_of
from kouan.console.axis_words import axis_word
from kouan.console.charts import Chart, Series
from kouan.console.page import page
from kouan.console.tables import Column, Table
from kouan.console.views.ports import port_name
from kouan.console.words import here, page_language
from kouan.monitoring.counterpart import CLOSE, CounterpartCheck, counterpart_checks
from kouan.monitoring.facing import daily_counts, facing_months
from kouan.ports.models import CounterpartPoint
from kouan.ports.queries import counterpart_points_visible_to

SOURCE = "hk-control-points"
PRESS_BASIS = Text("转载的内地边检机关新闻数字，原文待核",
                   "Republished press figures of mainland border inspection; the originals are to be verified")


def point_name(point: CounterpartPoint) -> Text:
    """中国香港 罗湖: the region is always named."""
    region = words.REGIONS[point.region_code]
    return Text(f"{point.name_zh}（{region.zh}）", f"{point.name_en} ({region.en})")


def key_of(check: CounterpartCheck) -> str:
    """The check's name in the address bar."""
    return f"{check.point.code}-{check.figure.period.start:%Y%m%d}"


def _port(check: Any) -> SafeString | str:
    port = check.point.port
    return format_html('<a href="{}">{}</a>', address_of("port", port.code), port_name(port)) if port else ""


def _number(value: Any) -> SafeString | str:
    return figures.number(value)


def _press(check: CounterpartCheck) -> SafeString:
    return format_html('{}<span class="subline">{}</span>', _number(check.figure.value), here(check.precision))


def _counted(check: CounterpartCheck) -> SafeString | str:
    if not check.is_complete:
        return format_html('<span class="is-missing">{}</span>', here(Text("缺日，不比较", "Days missing")))
    return _linked_counts(check.point, _number(check.counted))


def _linked_counts(point: CounterpartPoint, label: Any) -> SafeString | str:
    address = address_of("port-figures", point.port.code, origin="counterpart", measure="person_crossings") if point.port else ""
    return format_html('<a href="{}">{}</a>', address, label) if address else label


def _difference(value: float | None) -> SafeString | str:
    if value is None:
        return "—"
    close = abs(value) <= CLOSE
    return format_html(
        '<strong>{}</strong><span class="subline">{}</span>', figures.percent(value, 1, signed=True),
        here(Text("1% 以内", "within 1 %") if close else Text("口径不同", "coverage differs")),
    )


def _span(check: CounterpartCheck) -> SafeString:
    days = check.figure.period.day_count
    return format_html('{}<span class="subline">{}</span>', check.figure.period.label(page_language()),
                       here(Text(f"{days} 天", f"{days} days")))


def _explained(check: CounterpartCheck) -> SafeString:
    return format_html('<div class="wide-cell">{}<a class="line-link" href="?check={}#daily">{}</a></div>', here(check.explanation),
                       key_of(check), here(Text("看逐日数据", "Day by day")))


CHECKS = Table(
    name="counterpart-checks",
    title=Text("逐项核对", "The checks"),
    columns=(
        Column("port", Text("口岸", "Port"), is_key=True, order=True, value=lambda c: port_name(c.point.port) if c.point.port else "", show=_port),
        Column("point", Text("对侧口岸点", "Counterpart point"), value=lambda c: point_name(c.point)),
        Column("period", Text("时期", "Period"), value=lambda c: c.figure.period, show=_span, order=True),
        Column("press", Text("内地口径（新闻报道）", "Mainland figure (press)"), unit=Text("人次", "person-crossings"), is_number=True,
               value=lambda c: c.figure.value, show=_press, order=True),
        Column("precision", Text("精度", "Precision"), value=lambda c: c.precision, only="export"),
        Column("counted", Text("对侧口径（逐日合计）", "Counterpart (sum of days)"), unit=Text("人次", "person-crossings"), is_number=True,
               value=lambda c: c.counted if c.is_complete else None, show=_counted, order=True),
        Column("days_present", Text("已有日×方向", "Day-directions present"), is_number=True, only="export"),
        Column("days_expected", Text("应有日×方向", "Day-directions expected"), is_number=True, only="export"),
        Column("difference", Text("差异", "Difference"), is_number=True, order=True, show=lambda c: _difference(c.difference)),
        Column("explanation", Text("说明", "Explanation"), show=_explained, export=lambda c: c.explanation),
    ),
    source=Text("新闻报道；中国香港入境事务处每日统计", "Press reports; daily counts of the Immigration Department, Hong Kong, China"),
    empty=Text("您的查看范围内没有可以核对的口岸。", "No port in your scope can be held against a counterpart."),
    empty_next=Text("目前只有面向中国香港的陆路口岸有对侧逐日统计。", "Daily counterpart counts exist for the land ports facing Hong Kong, China."),
)

MONTHS = Table(
    name="facing-months",
    title=Text("口岸报送与对侧统计（逐月）", "Returns and counterpart counts, month by month"),
    columns=(
        Column("port", Text("口岸", "Port"), is_key=True, value=lambda m: port_name(m.point.port), show=_port),
        Column("month", Text("月份", "Month"), order=True, keeps_line=True),
        Column("own", Text("口岸报送", "Return"), unit=Text("人次", "person-crossings"), is_number=True, order=True),
        Column("own_origin", Text("性质", "Origin"), value=lambda m: words.ORIGINS[m.own_origin], keeps_line=True),
        Column("counted", Text("对侧统计", "Counterpart"), unit=Text("人次", "person-crossings"), is_number=True, order=True),
        Column("difference", Text("差异", "Difference"), is_number=True, order=True, show=lambda m: _difference(m.difference)),
        Column("coverage", Text("口径说明", "Coverage"),
               value=lambda m: Text(m.point.coverage_note_zh or "—", m.point.coverage_note_en or "—")),
    ),
    prefix="m",
)


def daily_chart(check: CounterpartCheck) -> Chart:
    """The other side's days of one span, with the printed figure as a daily mean."""
    period = check.figure.period
    days = daily_counts(check.point, period.start, period.end)
    mean = check.figure.value / period.day_count
    point = point_name(check.point)
    port = check.point.port
    name = Text(port.name_zh, port.name_en or port.name_zh) if port else point
    said = numbers.plain(numbers.round_half_up(check.counted, 0), grouped=True)
    printed = f"{check.figure.value:,}"
    return Chart(
        key="daily", kind="line", unit="person_crossings", origin="counterpart", period=period.code,
        title=Text(f"{name.zh}：{point.zh}逐日统计", f"{name.en}: day by day at {point.en}"),
        source=sources.get(SOURCE).name,
        source_url=address_of("port-figures", port.code, origin="counterpart", measure="person_crossings") if port else "",
        categories=[axis_word(Period.day(day.day), page_language()) for day in days], row_names=[figures.day(day.day) for day in days],
        series=[
            Series(words.DIRECTIONS["total"], [day.total for day in days]),
            Series(words.DIRECTIONS["inbound"], [day.inbound for day in days]),
            Series(words.DIRECTIONS["outbound"], [day.outbound for day in days]),
        ],
        annotations=[{"value": round(mean), "text": Text("内地口径日均", "Mainland figure, daily mean")}],
        category_label=Text("日期", "Day"),
        summary=Text(
            f"对侧逐日合计 {said} 人次，内地新闻公布{check.precision.zh} {printed} 人次。红色虚线为后者的日均数。",
            f"The days add up to {said} person-crossings; the press printed {printed} ({check.precision.en}). "
            "The dashed red line is the daily mean of the latter.",
        ),
        note=Text(
            f"方向已按内地口岸换算：对侧入境即本口岸出境。{check.point.coverage_note_zh}",
            f"Directions are the mainland port's: arrival there is departure here. {check.point.coverage_note_en}",
        ),
    )


@page("console.read")
def checks(request: HttpRequest) -> HttpResponse:
    """Every pair of figures that the user may see, and one of them day by day."""
    points = {point.name_en: point for point in counterpart_points_visible_to(request.user)}
    found = counterpart_checks(points)
    view = CHECKS.read(request, found)
    months = facing_months(request.user)
    facing = MONTHS.read(request, months) if months else None
    for each in (view, facing):
        if each is not None and each.wants_export:
            return each.export()
    asked = request.GET.get("check", "")
    chosen = next((check for check in found if key_of(check) == asked), found[0] if found else None)
    return render(request, "console/counterpart/checks.html", {
        "table": view, "facing": facing, "chart": daily_chart(chosen) if chosen else None,
        "choices": [(key_of(check), here(point_name(check.point)), check is chosen) for check in found],
        "press_basis": PRESS_BASIS,
    })


urlpatterns = [path("counterpart-checks", checks, name="counterpart-checks")]
