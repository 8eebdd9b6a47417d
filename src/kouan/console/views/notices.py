"""放行时间 → 通报: the clearance-time notices in one's sight, one with its ports, the draft of the national office."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, re_path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.permissions import may
from kouan.basis import Finding, NotAllowed, NotFound, Refused, Text
from kouan.basis.codes import mainland_provinces
from kouan.casework.oversight.clearance_notices import MEDIA, draft_notice
from kouan.casework.oversight.models import Circular, ClearanceNotice
from kouan.casework.oversight.notice_files import notice_file
from kouan.casework.oversight.notice_report import (
    DIRECTIONS,
    VERDICTS,
    cut_of,
    labels_of,
    port_name,
    province_name,
    summary_lines,
)
from kouan.casework.oversight.queries import get_notice, notices_visible_to
from kouan.console.marks import badge
from kouan.console.page import accept_draft, page
from kouan.console.tables import Column, Filter, Table
from kouan.console.views.studies import handed
from kouan.console.words import here
from kouan.monitoring.studies.words import hours, interval, percent

TITLE = Text("整体通关时间通报", "Clearance-time notices")
STATES = {"draft": (Text("待印发", "To be issued"), "half", "wait"), "issued": (Text("已印发", "Issued"), "disc-check", "ok"),
          "recalled": (Text("已撤回", "Recalled"), "clock", "bad"), "superseded": (Text("已被替代", "Superseded"), "clock", "none")}
PROVINCES = [(each.code, Text(each.short_zh, each.en)) for each in mainland_provinces]
HOURS = Text("小时", "hours")


def _state(notice: ClearanceNotice) -> SafeString:
    words, shape, tone = STATES[notice.circular.state]
    return badge(here(words), shape, tone)


NOTICES = Table(
    name="clearance-notices", title=TITLE,
    columns=(
        Column("notice", Text("通报", "Notice"), value=lambda n: province_name(n.province), is_key=True, is_wide=True, show=lambda n: format_html(
            '<a href="{}">{} {}</a><span class="subline">#{}</span>', reverse("clearance-notice", args=[n.pk]), here(province_name(n.province)),
            n.month, n.pk)),
        Column("month", Text("月份", "Month"), order="month", keeps_line=True),
        Column("number", Text("发文字号", "Number"), value=lambda n: n.circular.number),
        Column("issued_on", Text("成文日期", "Date"), value=lambda n: n.circular.issued_on, keeps_line=True),
        Column("provisional", Text("暂定", "Provisional"), value=lambda n: bool(n.figures["is_provisional"])),
        Column("state", Text("状态", "State"), value=lambda n: STATES[n.circular.state][0], show=_state),
    ),
    filters=(Filter("province", Text("省份", "Province"), choices=tuple(PROVINCES), field="province"),
             Filter("state", Text("状态", "State"), choices=tuple((code, words) for code, (words, _, _) in STATES.items()), field="circular__state")),
    empty=Text("还没有通报。", "There is no notice."),
    empty_next=Text("国家口岸办按省、按月起草，另一人印发后送达省级口岸办。",
                    "The national office drafts one for a province and month; once another person issues it, it reaches the province's desk."),
)


def _hours(key: str, label: Text) -> Column:
    return Column(key, label, value=lambda r: r["summary"][f"{key}_hours"], show=lambda r: hours(r["summary"][f"{key}_hours"]), unit=HOURS,
                  is_number=True)


def _changed(key: str, label: Text) -> tuple[Column, Column]:
    def said(row: dict[str, Any]) -> Text | None:
        found = row[key]
        return None if found is None else VERDICTS[found["verdict"]]

    return (Column(key, label, value=lambda r: None if r[key] is None else r[key]["median_hours"], unit=HOURS, is_number=True,
                   show=lambda r: "—" if r[key] is None else f"{r[key]['median_hours']:+.2f}"),
            Column(f"{key}_verdict", Text("判断", "Certain?"), value=said))


ROWS = Table(
    name="notice-rows", title=Text("各口岸", "Ports"), stacks=False, columns=(
        Column("port", Text("口岸", "Port"), value=lambda r: r["name"], is_key=True),
        Column("direction", Text("方向", "Direction"), value=lambda r: DIRECTIONS[r["direction"]]),
        Column("n", Text("件数", "Cases"), value=lambda r: r["summary"]["n"], is_number=True), _hours("mean", Text("平均", "Mean")),
        _hours("median", Text("中位数", "Median")),
        Column("interval", Text("中位数95%区间", "95% interval of the median"), value=lambda r: interval(r["summary"]["median_interval"]),
               is_number=True, unit=HOURS),
        _hours("p90", Text("P90", "P90")), _hours("p95", Text("P95", "P95")),
        Column("cut", Text("较2017年", "From 2017"), value=lambda r: percent(cut_of(r)), is_number=True),
        *_changed("month_before", Text("比上月", "On last month")), *_changed("year_before", Text("比上年同月", "On last year")),
        Column("running", Text("在办", "Running"), is_number=True),
    ),
    filters=(Filter("direction", Text("方向", "Direction"), choices=tuple(DIRECTIONS.items())),),
)


@never_cache
@page("events.read", methods=("GET", "HEAD", "POST"))
def notices(request: HttpRequest) -> HttpResponseBase:
    """The notices in sight; the national office drafts one from here."""
    user: Any = request.user
    findings: list[Finding] = []
    said = {name: request.POST.get(name, "").strip() for name in ("province", "month")}
    if request.method == "POST":
        try:
            made = draft_notice(actor=user, **said)
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = list(error.findings)
        else:
            accept_draft(request, "clearance-notice")
            return redirect("clearance-notice", made.pk)
    view = NOTICES.read(request, notices_visible_to(user))
    if view.wants_export:
        return view.export()
    return render(request, "console/times/notices.html", {
        "table": view, "may_draft": may(user, "notices.draft"), "said": said, "findings": findings, "provinces": PROVINCES,
    }, status=422 if findings else 200)


@never_cache
@page("events.read")
def notice(request: HttpRequest, number: int) -> HttpResponseBase:
    """One notice."""
    user: Any = request.user
    held = get_notice(user, number)
    figures: dict[str, Any] = held.figures
    view = ROWS.read(request, [row | {"name": port_name(figures, row["port"])} for row in figures["rows"]])
    if view.wants_export:
        return view.export()
    return render(request, "console/times/notice.html", {
        "notice": held, "state": _state(held), "labels": labels_of(held), "province": province_name(held.province), "table": view,
        "lines": summary_lines(figures), "figures": figures, "sees_circular": Circular.objects.visible_to(user).filter(pk=held.circular_id).exists(),
        "forms": [(name, reverse("clearance-notice-file", args=[held.pk, form])) for form, name in (("pdf", "PDF"), ("docx", "Word"))],
        "crumbs": [{"label": TITLE, "address": reverse("clearance-notices")}, {"label": province_name(held.province)}],
    })


@never_cache
@page("events.read")
def notice_paper(request: HttpRequest, number: str, form: str) -> HttpResponse:
    """A notice as PDF or Word."""
    return handed(notice_file(request.user, int(number), form), f"clearance-notice-{number}.{form}")


urlpatterns = [
    path("times/notices", notices, name="clearance-notices"), path("times/notices/<int:number>", notice, name="clearance-notice"),
    re_path(rf"^times/notices/(?P<number>\d{{1,12}})/notice\.(?P<form>{'|'.join(MEDIA)})$", notice_paper, name="clearance-notice-file"),
]
