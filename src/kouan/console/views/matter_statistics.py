"""办理用时: how long each step and each opinion took by office, and each period against its clock; in scope."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse

from kouan.basis import Text, clock
from kouan.console import figures
from kouan.console.page import page
from kouan.console.tables import Column, Filter, Table
from kouan.console.views.matters import procedure_title
from kouan.desk.matters.queries import matters_visible_to
from kouan.desk.matters.registry import procedures
from kouan.desk.matters.statistics import FEWEST_FOR_P90, MOST_MATTERS, durations

DAYS = Text("天", "days")
UNITS = {"working_days": Text("工作日", "working days"), "calendar_days": Text("天", "days"), "months": Text("月", "months")}
KINDS = {"state": Text("环节", "Step"), "opinion": Text("征求意见", "Opinion")}
FEWER = Text(f"不足{FEWEST_FOR_P90}件", f"fewer than {FEWEST_FOR_P90}")
FIRST_YEAR = 2020


def _titles() -> tuple[tuple[str, Text], ...]:
    return tuple((each.procedure.code, each.procedure.title) for each in procedures())


def _years() -> tuple[tuple[str, Text], ...]:
    return tuple((str(year), Text(f"{year}年发起", f"Begun in {year}")) for year in range(clock.today().year, FIRST_YEAR - 1, -1))


def _of_year(rows: Any, value: str) -> Any:
    return rows  # the matters themselves are narrowed before anything is worked out


def _ninth(row: Any, value: int | None) -> Any:
    return value if value is not None or not row.count else FEWER


def _share(value: float | None) -> str:
    return figures.percent(value)


STEPS = Table(
    name="durations",
    title=Text("各环节用时", "Time in each step"),
    columns=(
        Column("procedure", Text("程序", "Procedure"), value=lambda r: r.procedure_title, only="export"),
        Column("step", Text("环节", "Step"), order=True, is_key=True, is_wide=True),
        Column("kind", Text("类别", "Kind"), value=lambda r: KINDS[r.kind], only="export"),
        Column("office", Text("单位", "Office"), order=True, is_wide=True),
        Column("count", Text("已办", "Done"), unit=Text("件次", "cases"), order=True, is_number=True),
        Column("median_days", Text("中位数", "Median"), unit=DAYS, order=True, is_number=True),
        Column("p90_days", Text("九成不超过", "Nine in ten within"), unit=DAYS, value=lambda r: _ninth(r, r.p90_days), is_number=True,
               export=lambda r: r.p90_days),
        Column("share_in_time", Text("按期", "In time"), show=lambda r: _share(r.share_in_time), order=True, is_number=True),
        Column("timed", Text("有期限的件次", "Cases with a period"), is_number=True, only="export"),
        Column("open_count", Text("未办", "Open"), unit=Text("件次", "cases"), order=True, is_number=True),
        Column("open_median_days", Text("未办已历（中位数）", "Open for (median)"), unit=DAYS, is_number=True, only="export"),
        Column("open_oldest_days", Text("未办最久", "Oldest open"), unit=DAYS, order=True, is_number=True),
    ),
    filters=(
        Filter("procedure", Text("程序", "Procedure"), choices=_titles),
        Filter("kind", Text("类别", "Kind"), choices=tuple(KINDS.items())),
        Filter("year", Text("发起年份", "Begun in"), choices=_years, apply=_of_year),
        Filter("office", Text("单位", "Office"), apply=lambda rows, value: [row for row in rows if value in row.office.zh]),
    ),
    group=lambda row: row.procedure_title,
    empty=Text("还没有办件可供统计。", "There is no matter to count yet."),
    empty_next=Text("办件发起并办理后，此处按环节和单位列出用时。", "Once matters run, their times stand here by step and office."),
)
CLOCKS = Table(
    name="periods",
    title=Text("期限使用情况", "Periods used"),
    prefix="c",
    columns=(
        Column("procedure", Text("程序", "Procedure"), value=lambda r: r.procedure_title, only="export"),
        Column("clock", Text("期限", "Clock"), order=True, is_key=True, is_wide=True),
        Column("unit", Text("单位", "Unit"), value=lambda r: UNITS[r.unit], keeps_line=True),
        Column("allowed", Text("规定", "Allowed"), order=True, is_number=True),
        Column("count", Text("已办", "Done"), unit=Text("件次", "cases"), order=True, is_number=True),
        Column("median_used", Text("用时中位数", "Median used"), order=True, is_number=True),
        Column("p90_used", Text("九成不超过", "Nine in ten within"), value=lambda r: _ninth(r, r.p90_used), is_number=True,
               export=lambda r: r.p90_used),
        Column("share_in_time", Text("按期", "In time"), show=lambda r: _share(r.share_in_time), order=True, is_number=True),
        Column("open_count", Text("计时中", "Running"), unit=Text("件次", "cases"), order=True, is_number=True),
        Column("open_overdue", Text("其中逾期", "of these overdue"), unit=Text("件次", "cases"), order=True, is_number=True),
    ),
    filters=(Filter("procedure", Text("程序", "Procedure"), choices=_titles),),
    group=lambda row: row.procedure_title,
    empty=Text("还没有计时的期限。", "No clock has run yet."),
)


@page("matters.read")
def statistics(request: HttpRequest) -> HttpResponseBase:
    """Durations of the matters in scope; a year narrows to those begun in it."""
    rows = matters_visible_to(request.user)
    procedure, year = request.GET.get("procedure", ""), request.GET.get("year", "")
    if procedure in dict(_titles()):
        rows = rows.filter(procedure=procedure)
    if year in dict(_years()):
        rows = rows.filter(began_at__year=int(year))
    found = durations(rows)
    notes = [Text("环节用时按自然日计，自进入该环节至办出；归于办出该环节的单位。未办结的只计件次和已历天数，不计入中位数。",
                  "Days in a step are calendar days from entering to leaving it, counted for the office that left it. What is open is "
                  "counted and aged apart and is in no median.")]
    if found.left_out:
        notes.append(Text(f"只统计最近的 {MOST_MATTERS} 件，另有较早的 {found.left_out} 件未计入；可按程序或年份分别查看。",
                          f"Only the newest {MOST_MATTERS} are counted, {found.left_out} older ones are not; look by procedure or year."))
    steps = STEPS.read(request, found.steps, notes=notes)
    clocks = CLOCKS.read(request, found.clocks)
    for view in (steps, clocks):
        if view.wants_export:
            return view.export()
    return render(request, "console/matters/statistics.html", {
        "steps": steps, "clocks": clocks, "matters": found.matters,
        "lede": procedure_title(procedure) if procedure in dict(_titles()) else None,
        "crumbs": [{"label": Text("办件", "Matters"), "address": reverse("matters")}, {"label": Text("办理用时", "Durations")}],
    })


urlpatterns = [path("matters/statistics", statistics, name="matter-statistics")]
