"""规划目标 by year and source, 正文与专栏 where the plan's text and boxes differ, and 阈值 by which a lag is told."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.permissions import may
from kouan.basis import Finding, Place, Refused, Text, clock, numbers
from kouan.casework.execution.differences import counts_of_box_seven, differences, remarks
from kouan.casework.execution.models import TargetActual
from kouan.casework.execution.queries import projects_visible_to
from kouan.casework.execution.targets import (
    HORIZONS,
    KINDS,
    YEARS,
    TargetView,
    enter_actual,
    get_target,
    target_table,
)
from kouan.casework.execution.thresholds import Thresholds, proposals, set_threshold
from kouan.console.page import accept_draft, page
from kouan.console.tables import Column, Filter, Table
from kouan.console.views.execution_project import read_amount, read_whole
from kouan.console.views.oversight import attempt, crumbs, needed_day
from kouan.console.words import MODES, REGIONS, here
from kouan.desk.queries import documents_visible_to
from kouan.ports.queries import PLAN

TARGETS = Text("规划目标", "Targets of the plan")
NOT_REPORTED = Text("未报", "Not reported")
NO_NATURE = Text("规划未标明", "The plan does not say")


def actual_words(held: TargetActual | None) -> Text:
    """What was reached in a year; 未报 where nothing is on record."""
    if held is None:
        return NOT_REPORTED
    if held.value is None:
        return Text(held.words, held.words)
    said = numbers.plain(held.value.normalize(), grouped=True)
    return Text(f"{said}（{held.words}）", f"{said} ({held.words})") if held.words else Text(said, said)


def _target(one: TargetView) -> SafeString:
    return format_html('<a href="{}">{}</a><span class="subline">{}</span>', reverse("plan-target", args=[one.target.code]), here(one.target.name),
                       one.target.code)


def _year(year: int) -> Column:
    return Column(f"y{year}", Text(f"{year}年", str(year)), value=lambda one: actual_words(one.actuals.get(year)),
                  export=lambda one: held.value if (held := one.actuals.get(year)) is not None and held.value is not None
                  else here(actual_words(held)), keeps_line=True)


TABLE = Table(
    name="plan-targets", title=TARGETS,
    columns=(
        Column("name", Text("目标", "Target"), value=lambda one: one.target.name, show=_target, is_key=True, is_wide=True),
        Column("code", Text("编号", "Number"), value=lambda one: one.target.code, only="export"),
        Column("kind", Text("类别", "Kind"), value=lambda one: KINDS[one.target.kind]),
        Column("nature", Text("约束性或预期性", "Binding or expected"), value=lambda one: NO_NATURE, only="export"),
        Column("horizon", Text("时限", "By when"), value=lambda one: HORIZONS[one.target.horizon]),
        Column("goal", Text("目标值", "Goal"), value=lambda one: one.target.goal),
        Column("section", Text("出处", "Place"), value=lambda one: one.target.section, keeps_line=True),
        Column("quote", Text("规划原文", "Words of the plan"), value=lambda one: one.target.quote, only="export"),
        *(_year(year) for year in YEARS),
    ),
    filters=(
        Filter("kind", Text("类别", "Kind"), choices=tuple(KINDS.items()), apply=lambda rows,
            value: [one for one in rows if one.target.kind == value]),
        Filter("horizon", Text("时限", "By when"), choices=tuple(HORIZONS.items()),
               apply=lambda rows, value: [one for one in rows if one.target.horizon == value]),
    ),
    source=Text(f"{PLAN}；各年完成情况由国家口岸办登记，来源见各目标页",
        "The plan; each year as the national office entered it, with its source on the target's page"),
)


@page("oversight.read")
def targets(request: HttpRequest) -> HttpResponseBase:
    """Every target with the years of the plan."""
    view = TABLE.read(request, target_table(request.user))
    if view.wants_export:
        return view.export()
    return render(request, "console/execution/targets.html", {"table": view, "crumbs": crumbs(TARGETS)})


SAID = ("year", "value", "words", "source", "document", "correction", "revision", "name", "count", "from_day", "reason")


@never_cache
@page("oversight.read", methods=("GET", "HEAD", "POST"))
def target(request: HttpRequest, code: str) -> HttpResponse:
    """One target: the plan's words, each year with its source, every revision; and the form of the national office."""
    one = get_target(request.user, code)
    said = {name: request.POST.get(name, "").strip()[:600] for name in SAID}
    findings: list[Finding] = []
    status = 200
    if request.method == "POST":
        def act() -> None:
            year = read_whole(said["year"], "year")
            enter_actual(actor=request.user, target=code, year=year, value=read_amount(said["value"], "value"), words=said["words"],
                         source=said["source"], document=_document(request.user, said["document"]), correction=said["correction"],
                         revision=read_whole(said["revision"] or "0", "revision"))

        findings, status = attempt(request, act, Text("已登记。", "Entered."))
        if not findings:
            accept_draft(request, "actual")
            return redirect("plan-target", code)
        one = get_target(request.user, code)
    seen = documents_visible_to(request.user)
    asked = request.GET.get("year", "")
    chosen = int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 4 else None
    shown = int(said["year"]) if said["year"].isascii() and said["year"].isdigit() else chosen
    return render(request, "console/execution/target.html", {
        "one": one, "target": one.target, "kind": KINDS[one.target.kind], "horizon": HORIZONS[one.target.horizon], "nature": NO_NATURE,
        "years": [(year, one.actuals.get(year), actual_words(one.actuals.get(year))) for year in one.years],
        "history": [(each, actual_words(each), each.document is not None and seen.filter(pk=each.document.pk).exists()) for each in one.history],
        "may_enter": may(request.user, "execution.targets"), "said": said, "findings": findings,
        "years_open": [(str(year), Text(f"{year}年", str(year))) for year in range(YEARS.start, clock.today().year + 1)],
        "year": str(shown or ""), "revision": one.revision(shown) if shown else 0,
        "crumbs": crumbs({"label": TARGETS, "address": reverse("plan-targets")}, code),
    }, status=status)


def _document(user: Any, reference: str) -> Any:
    if not reference:
        return None
    found = documents_visible_to(user).filter(reference=reference).first()
    if found is None:
        raise Refused.because("unknown_document", f"没有引用名为“{reference[:80]}”的文件。", f"There is no document “{reference[:80]}”.",
                              where=Place(field="document"), remedy=("请先在“文件”页登记，再填引用名。", "Record it under Documents first."))
    return found


@page("oversight.read")
def text_and_boxes(request: HttpRequest) -> HttpResponse:
    """Where the plan's text and boxes differ (A-20, A-21), and the remarks of whoever copied them."""
    seen = set(projects_visible_to(request.user).values_list("project_id", flat=True))
    return render(request, "console/execution/differences.html", {
        "differences": [(each, REGIONS.get(each.neighbour), [(row, row.project_id in seen) for row in each.projects]) for each in differences()],
        "remarks": [(row, row.project_id in seen) for row in remarks()],
        "counts": [(MODES[mode], number) for mode, number in sorted(counts_of_box_seven().items()) if mode in MODES],
        "crumbs": crumbs(Text("正文与专栏", "Text and boxes")),
    })


@never_cache
@page("oversight.read", methods=("GET", "HEAD", "POST"))
def limits(request: HttpRequest) -> HttpResponse:
    """The thresholds in force today, proposed or set, with every number that was set."""
    said = {name: request.POST.get(name, "").strip()[:600] for name in SAID}
    findings: list[Finding] = []
    status = 200
    if request.method == "POST":
        def act() -> None:
            set_threshold(actor=request.user, name=said["name"], count=read_whole(said["count"], "count"),
                          from_day=needed_day(said["from_day"], "from_day"), reason=said["reason"])

        findings, status = attempt(request, act, Text("已设置。", "Set."))
        if not findings:
            return redirect("plan-thresholds")
    held = Thresholds()
    return render(request, "console/execution/thresholds.html", {
        "rows": [(one, held.on(one.name, clock.today()), [each for each in held.entered if each.name == one.name]) for one in proposals().values()],
        "may_set": may(request.user, "procedures.set"), "said": said, "findings": findings,
        "names": [(one.name, one.label) for one in proposals().values()], "crumbs": crumbs(Text("进度阈值", "Thresholds")),
    }, status=status)


urlpatterns = [
    path("oversight/targets", targets, name="plan-targets"),
    path("oversight/targets/<slug:code>", target, name="plan-target"),
    path("oversight/differences", text_and_boxes, name="plan-differences"),
    path("oversight/thresholds", limits, name="plan-thresholds"),
]
