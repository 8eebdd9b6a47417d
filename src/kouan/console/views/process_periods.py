"""前后对比: two periods of one flow at one port, the difference of medians with its interval."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.basis import NotFound, Refused, Text
from kouan.console import figures
from kouan.console.page import page
from kouan.console.process_page import KINDS, flow_name, form_of, hours, question_of
from kouan.console.tables import Column, Table
from kouan.console.words import here
from kouan.monitoring.processes.asking import Months, port_for
from kouan.monitoring.processes.comparison import Line, PeriodsCompared, compare_periods
from kouan.monitoring.processes.kept import kept
from kouan.monitoring.timing.events import HOUR

_HOURS = Text("小时", "h")
VERDICTS = {
    "shorter": Text("明确缩短", "clearly shorter"), "longer": Text("明确延长", "clearly longer"),
    "unclear": Text("变化尚不能确定", "not certain"), "too_few": Text("件数太少，不比较", "too few cases to compare"),
}
# Segments with fewer cases on a side are left out of the page.
_FEWEST = 30


def _h(value: float | None) -> float | None:
    return None if value is None else round(value / HOUR, 4)


def _interval(line: Line) -> SafeString | str:
    interval = line.comparison.difference_interval
    if interval is None:
        return "—"
    return format_html("{:s}{}{:s}", f"{interval.low / HOUR:+,.2f}", here(Text(" 至 ", " to ")), f"{interval.high / HOUR:+,.2f}")


def _table(name: str, title: Text, prefix: str) -> Table:
    return Table(
        name=name, title=title, prefix=prefix, page_size=60,
        columns=(
            Column("name", Text("时间", "Time"), is_key=True, is_wide=True),
            Column("n_before", Text("前期件数", "Cases before"), value=lambda row: row.comparison.n_before, is_number=True,
                   show=lambda row: f"{row.comparison.n_before:,}"),
            Column("before", Text("前期中位数", "Median before"), unit=_HOURS, value=lambda row: _h(row.comparison.before_us), is_number=True,
                   show=lambda row: hours(_h(row.comparison.before_us))),
            Column("n_after", Text("后期件数", "Cases after"), value=lambda row: row.comparison.n_after, is_number=True,
                   show=lambda row: f"{row.comparison.n_after:,}"),
            Column("after", Text("后期中位数", "Median after"), unit=_HOURS, value=lambda row: _h(row.comparison.after_us), is_number=True,
                   show=lambda row: hours(_h(row.comparison.after_us))),
            Column("difference", Text("变化", "Change"), unit=_HOURS, value=lambda row: _h(row.comparison.difference_us), is_number=True, order=True,
                   show=lambda row: "—" if row.comparison.difference_us is None else f"{row.comparison.difference_us / HOUR:+,.2f}"),
            Column("interval", Text("变化的95%区间", "95 % interval of the change"), unit=_HOURS, value=_interval, is_number=True, keeps_line=True),
            Column("ratio", Text("变化率", "Rate"), value=lambda row: row.comparison.ratio, is_number=True,
                   show=lambda row: "—" if row.comparison.ratio is None else figures.percent(row.comparison.ratio, signed=True)),
            Column("verdict", Text("结论", "Verdict"), value=lambda row: VERDICTS[row.comparison.verdict]),
        ),
    )  # fmt: skip


WHOLES = _table("compared-wholes", Text("整体时间", "Overall times"), "w")
SEGMENTS = _table("compared-segments", Text("分段", "Segments"), "s")


@page("events.read")
def process_periods(request: HttpRequest) -> HttpResponseBase:
    """Before and after; without periods the last two months that are over."""
    context: dict[str, Any] = {**form_of(request), "case_kinds": KINDS.items(), "crumbs": []}
    try:
        asked = question_of(request)
        after = asked.months
        before = Months.of(request.GET.get("before", "")[:20] or _month_before(after.first), request.GET.get("before_last", "")[:20])
        context |= {"asked": asked, "before": before, "after": after}
        found = _compared(request.user, asked, before) if asked.port is not None else None
    except NotFound:
        raise
    except Refused as error:
        return render(request, "console/processes/periods.html", {**context, "findings": error.findings})
    if found is None or asked.port is None:
        return render(request, "console/processes/periods.html", context)
    kept_lines = [line for line in found.segments if min(line.comparison.n_before, line.comparison.n_after) >= _FEWEST]
    wholes, segments = WHOLES.read(request, list(found.wholes)), SEGMENTS.read(request, kept_lines)
    for each in (wholes, segments):
        if each.wants_export:
            return each.export()
    before_words, after_words = (Text(each.name.zh, f"in {each.name.en}") for each in (before, after))
    return render(request, "console/processes/periods.html", {
        **context, "found": found, "wholes": wholes, "segments": segments, "flow_name": flow_name(found.flow) if found.flow else None,
        "sentences": [line.comparison.sentence(before_words, after_words, line.name) for line in found.wholes],
        "left_out": len(found.segments) - len(kept_lines),
        "crumbs": [{"label": Text("口岸", "Ports"), "address": reverse("ports")},
                   {"label": Text(asked.port.name_zh, asked.port.name_en or asked.port.name_zh), "address": reverse("port", args=[asked.port.code])},
                   {"label": Text("作业流程", "Process views"), "address": reverse("processes") + asked.query()}],
    })  # fmt: skip


def _compared(user: Any, asked: Any, before: Months) -> PeriodsCompared:
    port = port_for(user, asked.port.code)
    return kept(user, ("compare", port.code, before, asked.months, asked.flow, asked.by),
                lambda: compare_periods(user, port.code, before, asked.months, flow=asked.flow, by=asked.by))


def _month_before(month: str) -> str:
    number = int(month[:4]) * 12 + int(month[5:]) - 2
    return f"{number // 12}-{number % 12 + 1:02d}"


urlpatterns = [path("processes/compare", process_periods, name="process-periods")]
