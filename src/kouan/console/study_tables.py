"""The tables of time release studies: the list, and of one study its segments, strata, causes, long cases, cases left out, a comparison."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.basis import Text
from kouan.console.marks import badge
from kouan.console.tables import Column, Filter, Table
from kouan.console.words import here
from kouan.monitoring.studies.models import TimeStudy
from kouan.monitoring.studies.queries import shipped_name
from kouan.monitoring.studies.words import (
    CHANNELS,
    direction_name,
    hours,
    interval,
    nature_name,
    owners_name,
    part_name,
    percent,
    segment_of,
)

TITLE = Text("放行时间研究", "Time release studies")
STATES = {"draft": Text("草稿", "Draft"), "confirmed": Text("已确认", "Confirmed")}
HOURS = Text("小时", "hours")
BY_NORM, BY_MEDIAN = Text("规范", "norm"), Text("本研究中位数", "median of the study")


def _state(study: TimeStudy) -> Text:
    return STATES[study.state]


def state_mark(study: TimeStudy) -> SafeString:
    return badge(here(_state(study)), *(("disc-check", "ok") if study.is_confirmed else ("half", "wait")))


def ports_of(study: TimeStudy) -> str:
    return "、".join(each.port.name_zh for each in study.ports.all())


def _overall(study: TimeStudy, name: str) -> Any:
    return None if study.figures is None else study.figures["overall"][name]


def _hours(key: str, label: Text, value: Callable[[Any], float | None] | None = None) -> Column:
    """A length in hours: two decimals on the page, exact in exports."""
    of = value or (lambda r: r[key])
    return Column(key, label, value=of, show=lambda r: hours(of(r)), is_number=True, unit=HOURS)


STUDIES = Table(
    name="time-studies", title=TITLE, default_order="-id",
    columns=(
        Column("title", Text("研究", "Study"), value=lambda s: s.title, is_key=True, is_wide=True, show=lambda s: format_html(
            '<a href="{}">{}</a><span class="subline">#{} {}</span>', reverse("time-study", args=[s.pk]), s.title, s.pk, s.office.name_zh)),
        Column("ports", Text("口岸", "Ports"), value=ports_of),
        Column("first_day", Text("自", "From"), order="first_day", keeps_line=True), Column("last_day", Text("至", "To"), keeps_line=True),
        Column("whole", Text("所测时间", "Time"), value=lambda s: shipped_name(s.whole)),
        Column("direction", Text("方向", "Direction"), value=lambda s: direction_name(s.direction)),
        Column("n", Text("件数", "Cases"), value=lambda s: _overall(s, "n"), is_number=True),
        _hours("median", Text("中位数", "Median"), lambda s: _overall(s, "median_hours")),
        Column("state", Text("状态", "State"), value=_state, show=state_mark),
    ),
    filters=(Filter("state", Text("状态", "State"), choices=tuple(STATES.items()), field="state"),
             Filter("q", Text("标题", "Title"), apply=lambda rows, value: rows.filter(title__icontains=value))),
    empty=Text("还没有放行时间研究。", "There is no study yet."),
    empty_next=Text("口岸办、查验机构可立项：选口岸和时间，由节点事件计算，另一人确认。",
                    "Offices and agencies begin one: choose ports and days; it is computed from events, and another person confirms it."),
)


def _figure(key: str, label: Text) -> Column:
    return _hours(key, label, lambda r: r["summary"][f"{key}_hours"])


_FIGURES = (
    Column("n", Text("件数", "Cases"), value=lambda r: r["summary"]["n"], is_number=True),
    _figure("mean", Text("平均", "Mean")), _figure("median", Text("中位数", "Median")),
    Column("interval", Text("中位数95%区间", "95% interval of the median"), value=lambda r: interval(r["summary"]["median_interval"]), is_number=True,
           unit=HOURS),
    _figure("p75", Text("P75", "P75")), _figure("p90", Text("P90", "P90")), _figure("p95", Text("P95", "P95")),
)
SEGMENTS = Table(
    name="study-segments", stacks=False, prefix="segments", title=Text("各分段", "Segments"), columns=(
        Column("segment", Text("分段", "Segment"), value=segment_of, is_key=True, is_wide=True),
        Column("owner", Text("责任方", "Owner"), value=lambda r: owners_name(r["owners"])),
        Column("nature", Text("性质", "Nature"), value=lambda r: nature_name(r["nature"])), *_FIGURES,
        Column("share", Text("占全程", "Of the whole"), value=lambda r: percent(r["share"]), is_number=True)))
STRATA = Table(
    name="study-strata", stacks=False, prefix="strata", title=Text("分口岸、分是否查验", "By port and inspection"), columns=(
        Column("port", Text("口岸", "Port"), value=lambda r: r["name"], is_key=True),
        Column("channel", Text("查验", "Inspection"), value=lambda r: CHANNELS[r["channel"]]),
        Column("population", Text("案例", "Cases"), is_number=True), Column("drawn", Text("计入", "Measured"), is_number=True), *_FIGURES))
CAUSES = Table(
    name="study-causes", prefix="causes", title=Text("长案例的原因", "Causes of long cases"), columns=(
        Column("cause", Text("原因（分段）", "Cause (segment)"), value=lambda r: part_name(r["cause"]), is_key=True),
        Column("owner", Text("责任方", "Owner"), value=lambda r: owners_name(r["owners"])),
        Column("nature", Text("性质", "Nature"), value=lambda r: nature_name(r["nature"])),
        Column("n", Text("案例", "Cases"), is_number=True), Column("share", Text("占长案例", "Of the long"), value=lambda r: percent(r["share"]),
                                                                 is_number=True),
        _hours("excess_hours", Text("超出合计", "Excess in all"))))
LONG = Table(
    name="study-long", prefix="long", title=Text("长案例", "Long cases"), page_size=15, columns=(
        Column("case_id", Text("案例", "Case"), is_key=True), Column("port", Text("口岸", "Port"), value=lambda r: r["name"]),
        _hours("hours", Text("全程", "Whole")),
        Column("cause", Text("原因", "Cause"), value=lambda r: part_name(r["cause"])),
        Column("owner", Text("责任方", "Owner"), value=lambda r: owners_name(r["owners"])),
        _hours("excess_hours", Text("超出", "Excess")),
        Column("yardstick", Text("参照", "Yardstick"), value=lambda r: BY_NORM if r["by_norm"] else BY_MEDIAN),
        Column("remarks", Text("经办说明", "Remarks"), value=lambda r: "；".join(r["remarks"]), is_wide=True)))
LEFT_OUT = Table(
    name="study-left-out", prefix="out", title=Text("未计入数字的案例", "Cases that no figure holds"), stacks=False, columns=(
        Column("status", Text("情形", "Why"), value=lambda r: Text(r["words"]["zh"], r["words"]["en"]), is_key=True),
        Column("n", Text("件数", "Cases"), is_number=True),
        Column("cases", Text("案例", "Cases"), value=lambda r: "、".join(r["cases"][:8]) + ("……" if r["n"] > 8 else ""), is_wide=True)),
    empty=Text("没有：所取案例全部有结果。", "None: every case has a length."))
COMPARED = Table(
    name="study-compared", stacks=False, prefix="compared", title=Text("各分段的变化", "Change of each segment"), columns=(
        Column("segment", Text("分段", "Segment"), value=lambda r: r["name"], is_key=True, is_wide=True),
        Column("n_before", Text("前次件数", "Cases before"), is_number=True),
        _hours("before", Text("前次中位数", "Median before")),
        Column("n_after", Text("本次件数", "Cases now"), is_number=True),
        _hours("after", Text("本次中位数", "Median now")),
        Column("difference", Text("差", "Difference"), unit=HOURS, is_number=True),
        Column("interval", Text("差的95%区间", "95% interval"), unit=HOURS, is_number=True)))
TABLES = (SEGMENTS, STRATA, CAUSES, LONG, LEFT_OUT)
