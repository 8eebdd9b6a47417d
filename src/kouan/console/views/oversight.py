"""督查督办: the matrix of tasks and provinces, one cell, what is supervised, and the papers drafted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, re_path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.permissions import may
from kouan.accounts.scope import scope_of
from kouan.audit import record_event
from kouan.basis import Finding, NotAllowed, NotFound, Place, Refused, Text
from kouan.casework.oversight import actions
from kouan.casework.oversight.drafts import paper_of
from kouan.casework.oversight.models import OversightPaper, Supervision
from kouan.casework.oversight.plan_tasks import plan
from kouan.casework.oversight.queries import (
    STATES,
    CellView,
    get_cell,
    get_paper,
    matrix,
    offices_for,
    supervisions_of,
)
from kouan.console.oversight_marks import CELL_MARKS, cell_badge, cell_mark
from kouan.console.page import accept_draft, page
from kouan.console.tables import Column, Filter, Table
from kouan.console.views.matters import state_mark
from kouan.console.words import here
from kouan.desk.actions import file_place
from kouan.desk.matters.paper_files import ACCEPT, ALLOWED
from kouan.desk.models import Document
from kouan.desk.papers import docx_of, pdf_of
from kouan.desk.queries import check_version, quick_state

TITLE = Text("督查督办", "Supervision")
FORMS = {"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "pdf": "application/pdf"}


def crumbs(*more: Any) -> list[dict[str, Any]]:
    """The way back to the matrix."""
    return [{"label": TITLE, "address": reverse("oversight")}, *({"label": each} if not isinstance(each, dict) else each for each in more)]


def read_day(said: str, field: str) -> date | None:
    """A day of a form that may be left empty."""
    return needed_day(said, field) if said else None


def needed_day(said: str, field: str) -> date:
    """A day of a form; Refused at its field where it is none."""
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise Refused.because("not_a_date", "请填写日期。", "Enter a day.", where=Place(field=field), remedy=("写成 2027-01-01。",
            "Write it as 2027-01-01.")
                              ) from None


def attempt(request: HttpRequest, deed: Callable[[], Any], done: Text) -> tuple[list[Finding], int]:
    """Do one thing that a form asks for; its findings and the status of the page where it was refused."""
    try:
        deed()
    except (NotAllowed, NotFound):
        raise
    except Refused as error:
        return error.findings, error.http_status
    messages.success(request, here(done))
    return [], 200


# ---- the matrix -----------------------------------------------------------------------------------------


def _cell_link(one: CellView) -> SafeString:
    return format_html('<a href="{}">{}</a><span class="subline">{} {}</span>', reverse("oversight-cell", args=[one.task.code, one.place.code]),
                       here(one.task.title), one.task.section, one.task.requirement)


def _owner(one: CellView) -> Text | str:
    if one.state == "exempt":
        return STATES["exempt"]
    return one.row.owner.name_zh if one.row is not None and one.row.owner is not None else STATES["none_stated"]


CELLS = Table(
    name="plan-tasks", title=Text("规划任务", "Tasks of the plan"), default_order="due_on",
    columns=(
        Column("task", Text("任务", "Task"), value=lambda c: c.task.title, show=lambda c: _cell_link(c), is_key=True, is_wide=True),
        Column("code", Text("任务代码", "Task code"), value=lambda c: c.task.code, only="export"),
        Column("section", Text("规划章节", "Section"), value=lambda c: c.task.section, only="export"),
        Column("quote", Text("规划原文", "Words of the plan"), value=lambda c: c.task.quote, only="export"),
        Column("place", Text("地区", "Place"), value=lambda c: c.place.name, order=True, keeps_line=True),
        Column("owner", Text("责任单位", "Office in charge"), value=_owner),
        Column("state", Text("状态", "State"), value=lambda c: STATES[c.state], show=lambda c: cell_badge(c.state)),
        Column("due_on", Text("期限", "Due"), value=lambda c: c.due_on, order=True, keeps_line=True),
        Column("plan_day", Text("规划所定日期", "The plan's day"), value=lambda c: c.task.by, keeps_line=True),
        Column("last", Text("最近报告", "Last report"), value=lambda c: c.last.reported_on if c.last else None, order=True, keeps_line=True),
        Column("supervised", Text("督办", "Supervised"), value=lambda c: f"#{c.supervision.matter_id}" if c.supervision else None),
    ),
    filters=(
        Filter("state", Text("状态", "State"), choices=tuple(STATES.items()), apply=lambda rows, value: [c for c in rows if c.state == value]),
        Filter("place", Text("地区", "Place"), choices=lambda: [(each.code, each.name) for each in plan().places.values()],
               apply=lambda rows, value: [c for c in rows if c.place.code == value]),
        Filter("task", Text("任务", "Task"), choices=lambda: [(each.code, each.title) for each in plan().tasks.values()],
               apply=lambda rows, value: [c for c in rows if c.task.code == value]),
        Filter("supervised", Text("督办", "Supervised"), choices=(("yes", Text("正在督办", "Under supervision")),),
               apply=lambda rows, value: [c for c in rows if c.supervision is not None]),
        Filter("q", Text("责任单位", "Office"), apply=lambda rows, value: [c for c in rows if value in c.owner_words]),
    ),
    source=Text("国家“十四五”口岸发展规划；责任单位、期限由国家口岸办填写", "The plan; offices and days as the national office entered them"),
    empty=Text("没有符合条件的任务。", "No task matches."), empty_next=Text("请放宽筛选条件。", "Widen the filters."),
)


@page("oversight.read")
def tasks(request: HttpRequest) -> HttpResponseBase:
    """The matrix with its list: what the address bar filters, both show."""
    cells = matrix(request.user)
    view = CELLS.read(request, cells)
    if view.wants_export:
        return view.export()
    shown = {(each.task.code, each.place.code): each for each in view.rows}
    places = [each for each in plan().places.values() if any(key[1] == each.code for key in shown)]
    lines = [{"task": task, "cells": [_matrix_cell(shown.get((task.code, place.code)), place) for place in places]}
             for task in plan().tasks.values() if any(key[0] == task.code for key in shown)]
    counts = [(code, cell_badge(code), sum(each.state == code for each in view.rows)) for code in CELL_MARKS]
    return render(request, "console/oversight/matrix.html", {
        "table": view, "places": places, "lines": lines, "counts": counts, "is_national": scope_of(request.user).everything,
        "has_cells": bool(cells), "may_assign": may(request.user, "oversight.assign"), "source": plan().source, "dated": plan().dated,
        "not_tasks": sorted(plan().not_tasks.items()),
    })


def _matrix_cell(one: CellView | None, place: Any) -> SafeString:
    if one is None:
        return format_html("<td></td>")
    flag = format_html('<span class="flag">{}</span>', here(Text("督", "S"))) if one.supervision else ""
    said = f"{here(one.task.title)} {here(place.name)} {here(STATES[one.state])}"
    said += here(Text("，督办中", ", supervised")) if one.supervision else ""
    return format_html('<td><a href="{}" title="{}">{}{}<span class="visually-hidden"> {}</span></a></td>',
                       reverse("oversight-cell", args=[one.task.code, place.code]), one.owner_words, cell_mark(one.state), flag, said)


# ---- one cell -------------------------------------------------------------------------------------------

SAID = ("owner", "due_on", "reason", "label", "milestone_on", "words", "problem", "sha256", "finding", "supervise_reason", "version", "milestone")


@never_cache
@page("oversight.read", methods=("GET", "HEAD", "POST"))
def cell(request: HttpRequest, task: str, place: str) -> HttpResponse:
    """One task in one place: who, by when, what was reported; and what the reader may do now."""
    user: Any = request.user
    one = get_cell(user, task, place)
    said = {name: request.POST.get(name, "").strip()[:4000] for name in SAID}
    findings: list[Finding] = []
    status, deed = 200, request.POST.get("do", "")
    if request.method == "POST":
        findings, status = _do(request, one, deed, said)
        if not findings:
            accept_draft(request, deed)
            return redirect("oversight-cell", task, place)
        one = get_cell(user, task, place)
    row = one.row
    if deed != "set":
        said |= {"owner": row.owner.code if row and row.owner else "", "due_on": row.due_on.isoformat() if row and row.due_on else "",
                 "reason": row.reason if row else ""}
    reports = list(row.reports.select_related("reported_by", "reported_by__organisation", "verified_by", "evidence")) if row else []
    may_assign, own = may(user, "oversight.assign"), row is not None and row.owner_id == user.organisation_id
    return render(request, "console/oversight/cell.html", {
        "one": one, "row": row, "mark": cell_badge(one.state), "said": said, "findings": findings, "deed": deed, "version": row.version if row else 0,
        "offices": [(each.code, Text(each.name_zh, each.name_en or each.name_zh)) for each in offices_for(place)] if may_assign else [],
        "may_assign": may_assign, "accept": ACCEPT, "allowed": ALLOWED,
        "may_report": may(user, "oversight.report") and row is not None and row.owner_id is not None and one.state not in ("done", "exempt")
                      and (own or not may_assign),
        "may_supervise": may_assign and row is not None and row.owner_id is not None and row.due_on is not None and one.supervision is None
                         and one.state not in ("done", "exempt"),
        "milestones": list(row.milestones.all()) if row else [],
        "reports": [{"report": each, "files": [(file, quick_state(file)) for file in each.evidence.versions.all()] if each.evidence else [],
                     "may_verify": may_assign and each.is_complete and each.accepted is None and each.matter_id is None
                                   and each.reported_by_id != user.pk} for each in reports],
        "supervisions": [(each, state_mark(each.matter)) for each in (supervisions_of({"cell": row}, user) if row else [])],
        "papers": _papers(OversightPaper.objects.visible_to(user).filter(supervision__cell=row) | OversightPaper.objects.visible_to(user).filter(
            report__cell=row)) if row else [],
        "crumbs": crumbs(f"{here(one.place.short)} {here(one.task.title)}"),
    }, status=status)


def _do(request: HttpRequest, one: CellView, deed: str, said: dict[str, str]) -> tuple[list[Finding], int]:
    known: dict[str, Any] = {"actor": request.user, "task": one.task.code, "place": one.place.code}
    upload = request.FILES.get("file")
    file: dict[str, Any] = {"source": upload.file, "file_name": upload.name or ""} if upload is not None and upload.file is not None else {}
    version = int(said["version"]) if said["version"].isdigit() else 0
    number = request.POST.get("report", "")

    def act() -> None:
        match deed:
            case "set":
                actions.set_cell(**known, owner=said["owner"], due_on=read_day(said["due_on"], "due_on"), reason=said["reason"], version=version,
                                 is_exempt=request.POST.get("is_exempt") == "yes")
            case "milestone":
                day = needed_day(said["milestone_on"], "milestone_on")
                actions.add_milestone(**known, label=said["label"], due_on=day)
            case "report":
                actions.report_progress(**known, words=said["words"], problem=said["problem"], is_complete=request.POST.get("is_complete") == "yes",
                                        milestone=int(said["milestone"]) if said["milestone"].isdigit() else None, sha256=said["sha256"], **file)
            case "accept" | "return" if number.isdigit():
                actions.verify_completion(actor=request.user, report=int(number), accept=deed == "accept", finding=said["finding"])
            case "supervise":
                actions.supervise_cell(**known, reason=said["supervise_reason"])
            case _:
                raise Refused.because("unknown_deed", "没有这项操作。", "There is no such deed.", remedy=("请使用页面上的按钮。",
                    "Use the page's buttons."))

    findings, status = attempt(request, act, Text("已办理。", "Done."))
    return [each.at(field="supervise_reason") if deed == "supervise" and each.where.field == "reason" else each for each in findings], status


def _papers(rows: Any) -> list[OversightPaper]:
    return list(rows.distinct().order_by("-pk"))


@page("oversight.read")
def evidence(request: HttpRequest, task: str, place: str, report: int, version: int) -> HttpResponseBase:
    """A file of evidence, for whoever sees the cell; one that no longer fits its checksum is not handed out."""
    one = get_cell(request.user, task, place)
    found = one.row.reports.filter(pk=report).first() if one.row else None
    file = found.evidence.versions.filter(pk=version).first() if found is not None and found.evidence is not None else None
    return hand_out(request, file, {"task": task, "place": place})


def hand_out(request: HttpRequest, file: Any, what: dict[str, Any]) -> HttpResponseBase:
    """A file as it came; refused where it is gone or altered, and the trail records who took it."""
    if file is None or check_version(file).state != "same":
        raise NotFound.because("file_missing", "没有这份文件，或其内容与登记的校验值不符，不予提供。",
                               "There is no such file, or it differs from its checksum and is not handed out.",
                               remedy=("请联系系统管理员从备份恢复。", "Ask your administrator to restore it from backup."))
    record_event("download", actor_id=request.user.pk, payload={**what, "sha256": file.sha256})
    response = FileResponse(file_place(file.sha256).open("rb"), as_attachment=True, filename=file.file_name, content_type="application/octet-stream")
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


# ---- what is supervised, and its papers ------------------------------------------------------------------


def _matter(one: Supervision) -> SafeString:
    return format_html('<a href="{}">{}</a><span class="subline">#{}</span>', reverse("matter", args=[one.matter_id]), one.matter.title,
        one.matter_id)


def _origin(one: Supervision) -> SafeString:
    if one.cell is not None:
        return format_html('<a href="{}">{}</a>', reverse("oversight-cell", args=[one.cell.task, one.cell.place]), here(Text("规划任务",
            "Plan task")))
    return format_html('<a href="{}">{}</a>', reverse("instruction", args=[one.instruction_id]), here(Text("领导批示", "Instruction")))


SUPERVISED = Table(
    name="supervised", title=Text("督办件", "Supervised matters"), default_order="due_on",
    columns=(
        Column("matter", Text("督办件", "Matter"), value=lambda s: s.matter.title, show=lambda s: _matter(s), is_key=True, is_wide=True),
        Column("origin", Text("来源", "From"), value=lambda s: Text("规划任务", "Plan task") if s.cell_id else Text("领导批示", "Instruction"),
               show=lambda s: _origin(s)),
        Column("owner", Text("承办单位", "Office in charge"), value=lambda s: s.owner.name_zh),
        Column("state", Text("状态", "State"), value=lambda s: s.matter.state, show=lambda s: state_mark(s.matter)),
        Column("due_on", Text("期限", "Due"), order="due_on", keeps_line=True),
    ),
    filters=(
        Filter("state", Text("状态", "State"), field="matter__state", choices=(
            ("assigned", Text("待签收", "To be acknowledged")), ("acknowledged", Text("办理中", "Under way")),
            ("extension_asked", Text("申请延期", "Extension asked")), ("overdue", Text("逾期", "Overdue")),
            ("reported", Text("已报告待核实", "To be verified")), ("closed", Text("已核实办结", "Closed")), ("dropped", Text("已撤销", "Dropped")))),
        Filter("origin", Text("来源", "From"), choices=(("cell", Text("规划任务", "Plan task")), ("instruction", Text("领导批示", "Instruction"))),
               apply=lambda rows, value: rows.filter(**{f"{value}__isnull": False})),
    ),
    empty=Text("没有督办件。", "Nothing is supervised."),
    empty_next=Text("国家口岸办可从任务页立项督办，或登记领导批示。", "The national office opens one from a task, or records an instruction."),
)


@page("oversight.read")
def supervised(request: HttpRequest) -> HttpResponseBase:
    """Every supervised matter in scope, and the papers drafted."""
    rows = Supervision.objects.visible_to(request.user).select_related("matter", "matter__edition", "owner", "cell", "instruction")
    view = SUPERVISED.read(request, rows)
    if view.wants_export:
        return view.export()
    return render(request, "console/oversight/supervised.html", {
        "table": view, "papers": _papers(OversightPaper.objects.visible_to(request.user))[:50],
        "crumbs": crumbs(Text("督办件", "Supervised matters"))})


@never_cache
@page("oversight.read", methods=("GET", "HEAD", "POST"))
def paper(request: HttpRequest, number: int) -> HttpResponse:
    """One drafted paper: what it says, as Word and PDF, and the number under which it was issued."""
    held = get_paper(request.user, number)
    said = {name: request.POST.get(name, "").strip()[:200] for name in ("number", "issued_on")}
    findings: list[Finding] = []
    status = 200
    if request.method == "POST":
        def act() -> None:
            day = needed_day(said["issued_on"], "issued_on")
            actions.enter_issued(actor=request.user, paper=number, number=said["number"], issued_on=day)

        findings, status = attempt(request, act, Text("已登记印发。", "Entered as issued."))
        if not findings:
            return redirect("oversight-paper", number)
    return render(request, "console/oversight/paper.html", {
        "held": held, "written": paper_of(held), "findings": findings, "said": said,
        "may_enter": may(request.user, "oversight.assign") and held.issued_on is None,
        "crumbs": crumbs({"label": Text("督办件", "Supervised matters"), "address": reverse("supervised")}, held.get_kind_display()),
    }, status=status)


@page("oversight.read")
def paper_file(request: HttpRequest, number: str, form: str) -> HttpResponse:
    """The paper as Word to go on with, or as PDF; the trail records who took it."""
    held = get_paper(request.user, int(number))
    written = paper_of(held)
    content = docx_of(written) if form == "docx" else pdf_of(written)
    record_event("export", actor_id=request.user.pk, payload={"oversight_paper": held.pk, "format": form})
    response = HttpResponse(content, content_type=FORMS[form])
    response["Content-Disposition"] = f"attachment; filename=\"{held.kind}-{held.pk}.{form}\"; filename*=UTF-8''{quote(f'{held.title}.{form}')}"
    response["Cache-Control"] = "private, no-store"
    return response


def document_files(papers: list[Document]) -> list[tuple[Document, list[tuple[Any, str]]]]:
    """Papers with their files and whether each still fits its checksum."""
    return [(each, [(file, quick_state(file)) for file in each.versions.all()]) for each in papers]


urlpatterns = [
    path("oversight", tasks, name="oversight"),
    path("oversight/tasks/<slug:task>/<slug:place>", cell, name="oversight-cell"),
    path("oversight/tasks/<slug:task>/<slug:place>/evidence/<int:report>/<int:version>", evidence, name="oversight-evidence"),
    path("oversight/supervised", supervised, name="supervised"),
    path("oversight/papers/<int:number>", paper, name="oversight-paper"),
    re_path(r"^oversight/papers/(?P<number>\d{1,12})\.(?P<form>docx|pdf)$", paper_file, name="oversight-paper-file"),
]
