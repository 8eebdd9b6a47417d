"""报告: the reports of a round that this reader may draw: of their ports, of a province, of the nation; each as PDF, Word or workbook."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, re_path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.basis import Finding, NotAllowed, NotFound, Refused, Text
from kouan.console.evaluation_page import PROVINCES, class_words, round_page
from kouan.console.marks import state_badge
from kouan.console.page import page
from kouan.console.tables import Column, Filter, Table
from kouan.console.words import CLASSES, here
from kouan.desk.models import Job, JobState
from kouan.evaluation.rounds.queries import PortResult, current_scoring, results
from kouan.evaluation.rounds.reports import (
    MEDIA,
    Drawn,
    bundle_later,
    bundle_of,
    bundles_of,
    drawable_provinces,
    may_draw_national,
    national_file,
    port_file,
    province_file,
)
from kouan.grading.grades import GRADES, UNDECIDED

TITLE = Text("报告", "Reports")
FORMS = {"pdf": Text("PDF", "PDF"), "docx": Text("Word", "Word"), "xlsx": Text("Excel", "Excel")}


def _links(row: PortResult) -> SafeString:
    forms = [form for form in FORMS if form != "xlsx" or "decimals" not in row.hidden]
    return format_html_join(" · ", '<a href="{}">{}</a>', (
        (reverse("evaluation-report-port", args=[row.year, row.code, form]), here(FORMS[form])) for form in forms))


PORTS = Table(
    name="port-reports", title=Text("口岸评估报告", "Reports of ports"), page_size=25, default_order="port",
    columns=(
        Column("port", Text("口岸", "Port"), value=lambda r: r.name, order=True, is_key=True,
               show=lambda r: format_html('{}<span class="subline">{}</span>', here(r.name), r.code)),
        Column("code", Text("代码", "Code"), only="export"),
        Column("class", Text("类别", "Class"), value=lambda r: class_words(r.port_class)),
        Column("grade", Text("等级", "Grade"), value=lambda r: GRADES.get(r.grade, UNDECIDED)),
        Column("band", Text("档次", "Band"), value=lambda r: r.band_name),
        Column("forms", Text("报告", "Report"), value=lambda r: None, show=_links, only="page", keeps_line=True),
    ),
    filters=(
        Filter("class", Text("类别", "Class"), choices=tuple(CLASSES.items()),
               apply=lambda rows, value: [row for row in rows if row.port_class == value]),
        Filter("q", Text("名称或代码", "Name or code"), apply=lambda rows, value: [
            row for row in rows if value.lower() in f"{row.name.zh} {row.name.en} {row.code}".lower()]),
    ),
    empty=Text("还没有可以生成的报告。", "There is no report that you may draw yet."),
    empty_next=Text("结果在同类比较和通报后按范围开放。", "Results open by scope with the comparison and the notice."),
)


@never_cache
@page("rounds.read", methods=("GET", "HEAD", "POST"))
def evaluation_reports(request: HttpRequest, year: int) -> HttpResponseBase:
    """What this reader may draw of the round; all ports at once are drawn in the background."""
    user: Any = request.user
    held, context = round_page(request, year, "evaluation-reports", TITLE)
    findings: list[Finding] = []
    if request.method == "POST":
        try:
            return redirect("job", bundle_later(actor=user, year=year, form=request.POST.get("form", "")[:16]).pk)
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = error.findings
    table = PORTS.read(request, results(user, held))
    if table.wants_export:
        return table.export()
    scoring = current_scoring(held)
    codes = drawable_provinces(user, held, scoring.freeze) if scoring is not None else []
    return render(request, "console/evaluation/reports.html", context | {
        "table": table, "national": _forms("evaluation-report-national", year) if scoring is not None and may_draw_national(user) else [],
        "provinces": [{"name": PROVINCES[code], "forms": _forms("evaluation-report-province", year, code)} for code in codes if code in PROVINCES],
        "findings": findings, "forms": FORMS.items(), "bundles": [_bundle(each) for each in bundles_of(user, year)],
    }, status=422 if findings else 200)


def _bundle(job: Job) -> dict[str, Any]:
    result = job.result or {}
    return {"job": job, "form": FORMS.get(job.arguments["form"], Text("", "")), "state": state_badge(job.state), "files": result.get("files"),
            "size": f"{result['bytes'] / 1e6:.1f} MB" if "bytes" in result else "", "number": result.get("number"),
            "address": reverse("evaluation-report-bundle", args=[job.arguments["year"], job.pk]) if job.state == JobState.DONE else ""}


@never_cache
@page("rounds.read")
def report_bundle(request: HttpRequest, year: int, number: int) -> FileResponse:
    """The ZIP that one's own job made."""
    found = bundle_of(request.user, number)
    response = FileResponse(found.place.open("rb"), content_type="application/zip")
    response["Content-Disposition"] = f"attachment; filename=\"evaluation-reports-{year}.zip\"; filename*=UTF-8''{quote(found.file_name)}"
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _forms(name: str, *arguments: Any) -> list[tuple[Text, str]]:
    return [(words, reverse(name, args=[*arguments, form])) for form, words in FORMS.items()]


@never_cache
@page("rounds.read")
def port_report(request: HttpRequest, year: str, port: str, form: str) -> HttpResponse:
    """One port's report."""
    return _handed(port_file(request.user, int(year), port, form), form)


@never_cache
@page("rounds.read")
def province_report(request: HttpRequest, year: str, province: str, form: str) -> HttpResponse:
    """The circular of one province."""
    return _handed(province_file(request.user, int(year), province, form), form)


@never_cache
@page("rounds.read")
def national_report(request: HttpRequest, year: str, form: str) -> HttpResponse:
    """The national report."""
    return _handed(national_file(request.user, int(year), form), form)


def _handed(made: Drawn, form: str) -> HttpResponse:
    response = HttpResponse(made.content, content_type=made.media_type)
    response["Content-Disposition"] = f"attachment; filename=\"evaluation-report.{form}\"; filename*=UTF-8''{quote(made.file_name)}"
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


_FORM = f"(?P<form>{'|'.join(MEDIA)})"
urlpatterns = [
    path("evaluation/<int:year>/reports", evaluation_reports, name="evaluation-reports"),
    path("evaluation/<int:year>/reports/all/<int:number>.zip", report_bundle, name="evaluation-report-bundle"),
    re_path(rf"^evaluation/(?P<year>\d{{4}})/reports/national\.{_FORM}$", national_report, name="evaluation-report-national"),
    re_path(rf"^evaluation/(?P<year>\d{{4}})/reports/province/(?P<province>\d{{2}})\.{_FORM}$", province_report, name="evaluation-report-province"),
    re_path(rf"^evaluation/(?P<year>\d{{4}})/reports/port/(?P<port>[a-z0-9-]{{1,64}})\.{_FORM}$", port_report, name="evaluation-report-port"),
]
