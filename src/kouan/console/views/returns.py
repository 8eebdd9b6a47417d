"""报送 → 统计报送: what I must file and review, one return with its history and review, the form to fill in, workbooks taken and sent."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.models import OrganisationKind
from kouan.accounts.permissions import may
from kouan.audit import record_event
from kouan.basis import Conflict, Finding, NotAllowed, NotFound, Place, Refused, Text, measures, numbers
from kouan.collection.returns import actions, calls, forms, queries
from kouan.collection.returns.calendar import code_of
from kouan.collection.returns.cells import FOOTER, Filled
from kouan.collection.returns.models import FILED, Channel, Return, ReturnState, ReturnVersion
from kouan.collection.returns.reading import ALL_BYTES, read_upload
from kouan.collection.returns.standing import WORDS, marks_of, word_of
from kouan.console.marks import badge
from kouan.console.page import accept_draft, page
from kouan.console.tables import Column, Filter, Table
from kouan.console.words import here, page_language
from kouan.desk.actions import file_place
from kouan.desk.matters.parties import standing_of
from kouan.desk.matters.queries import procedure_for

TITLE = Text("统计报送", "Returns")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MARKS = {"due": ("ring", "none"), "extended": ("clock", "wait"), "late": ("triangle-cross", "bad"), "filed": ("half", "info"),
          "returned": ("diamond", "wait"), "signed": ("disc-check", "ok"), "zero": ("disc-check", "ok"), "exempt": ("bars", "none"),
          "not_due": ("ring", "none"), "blank": ("diamond", "wait")}
BLANK = Text("已报，本项未填", "filed, this line blank")
LABELS = {"head": Text("单位负责人", "Head of the unit"), "statistician": Text("统计负责人", "In charge of statistics"),
          "filler": Text("填表人", "Filled in by"), "reported_on": Text("报出日期", "Reported on")}
CHANNELS = {Channel.WORKBOOK: Text("Excel 模板", "workbook"), Channel.PAGE: Text("网页填报", "page"), Channel.API: Text("接口", "program")}


def word_mark(word: str) -> SafeString:
    """Where a return stands, in word and shape."""
    shape, tone = _MARKS[word]
    return badge(here(BLANK if word == "blank" else WORDS[word]), shape, tone)


def standing_mark(held: Return) -> SafeString:
    """Where a return stands, with the marks it bears for ever."""
    marks = [word_mark(word_of(held)), *(badge(here(each), "diamond", "wait") for each in marks_of(held))]
    return format_html_join(" ", "{}", ((mark,) for mark in marks))


def return_link(held: Return) -> SafeString:
    """A return by its form, port and period."""
    return format_html('<a href="{}">{} {}</a><span class="subline">{}{}{}</span>', reverse("return", args=[held.pk]), held.form,
                       here(held.form_of.name), held.port.name_zh, here(Text("，", ", ")), held.period.label(page_language()))


COLUMNS = (
    Column("return", TITLE, value=lambda each: f"{each.form} {each.form_of.name.zh}", show=return_link, is_key=True, is_wide=True),
    Column("port", Text("口岸", "Port"), value=lambda each: each.port.name_zh, only="export"),
    Column("period", Text("时期", "Period"), value=lambda each: code_of(each.period, each.cadence), only="export"),
    Column("office", Text("填报单位", "Filed by"), value=lambda each: each.organisation.name_zh),
    Column("due", Text("到期日", "Due"), order="due_on", value=lambda each: each.last_day, keeps_line=True),
    Column("state", Text("状态", "State"), value=lambda each: WORDS[word_of(each)], show=standing_mark),
    Column("filed_on", Text("报出日期", "Filed"), order="filed_on", keeps_line=True),
    Column("marks", Text("标记", "Marks"), value=lambda each: "、".join(one.zh for one in marks_of(each)), only="export"),
)
_FORM_FILTER = Filter("form", Text("表号", "Form"), field="form",
                      choices=lambda: tuple((each.code, Text(f"{each.code} {each.name.zh}",
                          f"{each.code} {each.name.en}")) for each in forms.forms()))
TO_FILE = Table(
    name="returns-to-file", title=Text("待我报送", "To be filed by me"), columns=COLUMNS, filters=(_FORM_FILTER,), prefix="file", page_size=20,
    empty=Text("没有待报送的报表。", "Nothing is to be filed."),
    empty_next=Text("到期的报表按报送日历出现在这里；也可先下载模板。",
        "Returns appear here as the calendar brings them; templates may be taken before."))
TO_REVIEW = Table(
    name="returns-to-review", title=Text("待我审核", "To be reviewed by me"), columns=COLUMNS, filters=(_FORM_FILTER,), prefix="review", page_size=20,
    empty=Text("没有待审核的报表。", "Nothing is to be reviewed."))


def crumbs(*labels: Text) -> list[dict[str, Any]]:
    """Where one is under 统计报送."""
    return [{"label": TITLE, "address": reverse("returns")}, *({"label": each} for each in labels)]


@page("returns.read")
def work(request: HttpRequest) -> Any:
    """What lies on one's desk: returns to be filed or corrected, and to be reviewed; calls with their days."""
    user: Any = request.user
    mine = TO_FILE.read(request, queries.to_file(user))
    review = TO_REVIEW.read(request, queries.to_review(user))
    for view in (mine, review):
        if view.wants_export:
            return view.export()
    running = list(queries.calls_visible_to(user).filter(matter__ended_at__isnull=True)[:20])
    return render(request, "console/returns/work.html", {
        "mine": mine, "review": review, "may_file": may(user, "returns.file"), "may_set": may(user, "returns.calendar"),
        "calls": [(each, calls_title(each), each.organisation_id == user.organisation_id) for each in running],
        "reviews": user.organisation.kind in (OrganisationKind.NATIONAL_OFFICE, OrganisationKind.PROVINCIAL_OFFICE, OrganisationKind.CORPS_OFFICE),
        "forms": _own_forms(user),
    })


def _own_forms(user: Any) -> list[forms.Form]:
    """The forms that somebody's office owes; all of them where nothing has come due yet."""
    owing = set(queries.returns_visible_to(user).filter(organisation_id=user.organisation_id).order_by().values_list("form", flat=True).distinct())
    return [each for each in forms.forms() if not owing or each.code in owing]


def calls_title(call: Any) -> Text:
    """A call in words."""
    cadence = forms.CADENCES[call.cadence]
    first = call.returns.first()
    period = first.period if first is not None else None
    return Text(f"{period.label('zh') if period else call.period_start}{cadence.zh}",
        f"{period.label('en') if period else call.period_start} {cadence.en}")


# ---- one return --------------------------------------------------------------------------------------------


@never_cache
@page("returns.read", methods=("GET", "HEAD", "POST"))
def one(request: HttpRequest, number: int) -> HttpResponse:
    """A return: each line beside last period, a year ago and the other side's count; what to do next; every filing."""
    user: Any = request.user
    held = actions.get_return(user, number)
    findings: list[Finding] = []
    status = 200
    if request.method == "POST":
        try:
            said = _decide(request, number)
        except (NotFound, NotAllowed):
            raise
        except Refused as error:
            findings, status = error.findings, 409 if isinstance(error, Conflict) else 422
        else:
            accept_draft(request, "review")
            messages.success(request, here(said))
            return redirect("return", number)
    held = actions.get_return(user, number)
    asked = request.GET.get("filing", "")
    version = queries.get_version(user, number, int(asked)) if asked.isdigit() and len(asked) < 6 else None
    return render(request, "console/returns/one.html", _context(request, held, version, findings), status=status)


def _decide(request: HttpRequest, number: int) -> Text:
    said = {name: request.POST.get(name, "").strip()[:2000] for name in request.POST}
    decision = said.get("decision", "")
    notes = {name[2:]: text for name, text in said.items() if name.startswith("c-")} if decision == "return" else {}
    version = int(said["version"]) if said.get("version", "").isdigit() and len(said["version"]) < 10 else None
    actions.review(actor=request.user, number=number, decision=decision, words=said.get("words", ""), notes=notes, version=version)
    return {"pass": Text("已通过，报国家口岸办。", "Passed on to the national office."), "sign": Text("已审定，数据已入库。",
        "Signed off; its figures are recorded."),
            "return": Text("已退回填报单位。", "Returned to the office that filed it."), "recall": Text("已撤回，可以改正后重新报出。",
                "Taken back; correct and file it again."),
            }.get(decision, Text("已办理。", "Done."))


def _context(request: HttpRequest, held: Return, version: ReturnVersion | None, findings: list[Finding]) -> dict[str, Any]:
    user: Any = request.user
    form = held.form_of
    versions = list(held.versions.select_related("submitted_by", "organisation", "canonical", "original", "batch").order_by("-number"))
    shown = version or (versions[0] if versions else None)
    lines = queries.lines_of(held, shown)
    parties = standing_of(user, procedure_for(held.matter), held.matter).parties if held.matter is not None and held.matter.ended_at is None else {}
    reviews = may(user, "matters.act") and ((held.state == ReturnState.AT_PROVINCE and "province" in parties) or
                                            (held.state == ReturnState.AT_NATIONAL and "national" in parties))
    fills = may(user, "returns.file") and held.state in (ReturnState.DUE, ReturnState.RETURNED, ReturnState.SIGNED) and actions.may_file(user, held)
    steps = []
    if held.matter is not None:
        procedure = procedure_for(held.matter)
        for each in held.matter.steps.select_related("actor", "actor__organisation").order_by("number"):
            made = procedure.transitions.get(each.transition)
            steps.append((each, made.label if made else procedure.states[each.state].label,
                each.fields.get("reason") or each.fields.get("opinion") or ""))
    return {
        "held": held, "form": form, "title": Text(f"{held.form} {form.name.zh}", f"{held.form} {form.name.en}"), "mark": standing_mark(held),
        "period": held.period.label(page_language()), "lines": [_line(each, findings, request) for each in lines] if shown is not None else [],
        "totals": _totals(form, lines) if shown is not None else [], "shown": shown, "versions": [(each,
            CHANNELS[Channel(each.channel)]) for each in versions],
        "is_newest": shown is not None and shown == versions[0], "people": [(LABELS[name], shown.people.get(name,
            "—")) for name in FOOTER] if shown else [],
        "findings": findings, "said": request.POST if findings else {}, "reviews": reviews and version is None, "decision": "pass" if held.state ==
        ReturnState.AT_PROVINCE else "sign", "fills": fills, "recalls": held.state == ReturnState.AT_PROVINCE and "filer" in parties,
        "is_filed": held.state in FILED, "steps": steps, "own": any(each.submitted_by_id == user.pk for each in versions[:1]),
        "code": code_of(held.period, held.cadence), "crumbs": crumbs(Text(f"{held.form} #{held.pk}", f"{held.form} #{held.pk}")),
        "has_counterpart": any(each.known.counterpart is not None for each in lines),
        "exempt_all": held.state == ReturnState.NOT_APPLICABLE,
    }


def _line(line: queries.Line, findings: list[Finding], request: HttpRequest) -> dict[str, Any]:
    name = f"c-{line.item.code}"
    return {
        "line": line, "name": line.item.name, "unit": line.item.unit.name, "value": exact(line.value), "before": exact(line.known.before),
        "year_ago": exact(line.known.year_ago), "counterpart": exact(line.known.counterpart), "on_before": line.change(line.known.before),
        "on_year": line.change(line.known.year_ago), "on_counterpart": line.change(line.known.counterpart),
        "earlier": exact(line.earlier) if line.earlier is not None and line.earlier != line.value else "", "field": name,
        "note_said": request.POST.get(name, "") if findings else "", "wrong": [each for each in findings if each.where.field == name],
        "findings": line.findings, "is_blank": line.value is None and not line.is_exempt,
    }


def exact(value: Any) -> str:
    """A figure in full, as it was filed."""
    return "—" if value is None else numbers.plain(value, grouped=True)


def _totals(form: Any, lines: list[queries.Line]) -> list[dict[str, Any]]:
    """The items that the system computes from the lines: a sum only when every part is there."""
    by_code = {each.item.code: each for each in lines}
    found = []
    for code, parts in form.totals.items():
        item = measures.data_items()[code]

        def added(pick: Any, parts: Any = parts) -> str:
            values = [pick(by_code[each]) for each in parts if each in by_code]
            return exact(sum(values)) if values and None not in values else "—"

        found.append({"name": item.name, "value": added(lambda each: each.value), "before": added(lambda each: each.known.before),
                      "year_ago": added(lambda each: each.known.year_ago)})
    return found


# ---- filling in --------------------------------------------------------------------------------------------


@never_cache
@page("returns.file", methods=("GET", "HEAD", "POST"))
def fill(request: HttpRequest, number: int) -> HttpResponse:
    """The form as a page: the cells and the checks of the workbook."""
    user: Any = request.user
    held = actions.get_return(user, number)
    if not actions.may_file(user, held):
        actions.refuse_stranger(user, held)
    findings: list[Finding] = []
    status = 200
    filled = queries.filled_of(held) or actions.filled_from({}, {}, False)
    seen = str(held.version)
    reason = ""
    if request.method == "POST":
        filled, seen, reason = _typed(request, held), request.POST.get("version", "")[:9], request.POST.get("reason", "")[:400]
        version = int(seen) if seen.isdigit() else 0
        try:
            if request.POST.get("deed") == "draft":
                actions.save_draft(actor=user, number=number, filled=filled, version=version)
                said = Text("草稿已保存，尚未报出。", "The draft is kept; nothing is filed yet.")
            else:
                done = actions.file_return(actor=user, number=number, filled=filled, channel=Channel.PAGE, version=version, reason=reason)
                said = Text("内容与已报出的相同，没有变化。", "The same has been filed already; nothing changed.") if done.is_repeated else \
                    Text("已报出，等待审核。", "Filed; it is with its reviewers.")
        except (NotFound, NotAllowed):
            raise
        except Refused as error:
            findings, status = error.findings, 409 if isinstance(error, Conflict) else 422
        else:
            accept_draft(request, "fill")
            messages.success(request, here(said))
            return redirect("return-fill" if request.POST.get("deed") == "draft" else "return", number)
    return render(request, "console/returns/fill.html", _fill_context(request, held, filled, findings, seen, reason), status=status)


def _typed(request: HttpRequest, held: Return) -> Filled:
    posted = request.POST
    codes = held.form_of.items_for(held.port)
    return actions.filled_from(
        {code: (posted.get(f"v-{code}", "").strip()[:60], posted.get(f"r-{code}", "").strip()[:500], posted.get(f"n-{code}", "").strip()[:500])
         for code in codes},
        {name: posted.get(f"p-{name}", "").strip()[:60] for name in FOOTER}, posted.get("zero") == "yes")


def _fill_context(request: HttpRequest, held: Return, filled: Filled, findings: list[Finding], seen: str, reason: str) -> dict[str, Any]:
    form = held.form_of
    lines = []
    for each in queries.lines_of(held):
        cell = filled.cell(each.item.code)
        lines.append({
            "item": each.item, "is_exempt": each.is_exempt, "value": _as_typed(cell.raw), "reason": cell.reason, "note": cell.note,
            "before": exact(each.known.before), "year_ago": exact(each.known.year_ago), "said": each.said,
            "wrong": [one for one in findings if one.where.field in (f"v-{each.item.code}", f"r-{each.item.code}", f"n-{each.item.code}")],
        })
    return {
        "held": held, "form": form, "title": Text(f"{held.form} {form.name.zh}", f"{held.form} {form.name.en}"), "lines": lines, "findings": findings,
        "period": held.period.label(page_language()), "seen": seen, "is_zero": filled.is_zero, "reason": reason, "mark": standing_mark(held),
        "people": [(f"p-{name}", LABELS[name], filled.people.get(name, ""), "date" if name == "reported_on" else "text") for name in FOOTER],
        "is_revision": held.state == ReturnState.SIGNED, "draft": held.draft_at if held.draft else None, "draft_by": held.draft_by,
        "crumbs": [*crumbs(), {"label": Text(f"{held.form} #{held.pk}", f"{held.form} #{held.pk}"), "address": reverse("return", args=[held.pk])},
                   {"label": Text("填报", "Fill in")}],
        "code": code_of(held.period, held.cadence),
    }


def _as_typed(raw: Any) -> str:
    return str(raw) if raw is not None else ""


# ---- workbooks ---------------------------------------------------------------------------------------------


@page("returns.file")
def template(request: HttpRequest) -> HttpResponse:
    """The workbook to fill in: one return (``return=``), one form for all of my ports, or everything that is mine to file (``mine=1``)."""
    asked = request.GET
    numbers_asked = [int(each) for each in asked.getlist("return")[:200] if each.isdigit() and len(each) < 18]
    if asked.get("mine"):
        numbers_asked = list(queries.to_file(request.user).values_list("pk", flat=True)[:200])
    content = queries.template_for(request.user, form=asked.get("form", "")[:24], period=asked.get("period", "")[:24],
                                   ports=[each[:64] for each in asked.getlist("port")[:200]], returns=numbers_asked)
    record_event("template", actor_id=request.user.pk, payload={"form": asked.get("form", "")[:24], "returns": numbers_asked[:50]})
    return attachment(content, f"报表模板-{asked.get('form', '') or '我的报表'}.xlsx")


def attachment(content: bytes, name: str) -> HttpResponse:
    """A workbook to be kept, never cached on the way."""
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = f"attachment; filename=\"return.xlsx\"; filename*=UTF-8''{quote(name)}"
    response["Cache-Control"] = "private, no-store"
    return response


@page("returns.read")
def filing_file(request: HttpRequest, number: int, filing: int) -> HttpResponse:
    """The form as it was filed. The trail records who took it."""
    found = queries.get_version(request.user, number, filing)
    place = file_place(found.canonical.sha256)
    if not place.is_file():
        raise NotFound.because("file_missing", "原始文件已不在档案中。", "The file is no longer kept.", measured=found.canonical.sha256,
                               remedy=("请从备份恢复该文件。", "Restore it from backup."))
    record_event("download", actor_id=request.user.pk, payload={"return": number, "filing": filing, "sha256": found.canonical.sha256})
    return attachment(place.read_bytes(), found.canonical.file_name)


@never_cache
@page("returns.file", methods=("GET", "HEAD", "POST"))
def upload(request: HttpRequest) -> HttpResponse:
    """File filled workbooks: one, one of many ports, or a zip. All or nothing, each problem at its cell."""
    findings: list[Finding] = []
    status = 200
    if request.method == "POST":
        try:
            filings = _take(request)
        except (NotAllowed, NotFound) as error:
            findings, status = error.findings, 403 if isinstance(error, NotAllowed) else 404
        except Refused as error:
            findings, status = error.findings, 409 if isinstance(error, Conflict) else 422
        else:
            count = len(filings)
            messages.success(request, here(Text(f"已报出 {count} 张报表，等待审核。", f"Filed {count} returns; they are with their reviewers.")))
            return redirect("return", filings[0].held.pk) if count == 1 else redirect("returns")
    # What is wrong with the file as a whole leads to the field where another can be chosen.
    shown = [each if each.where.field or each.where.cell else each.at(Place(field="file")) for each in findings]
    return render(request, "console/returns/upload.html", {
        "findings": shown, "cells": [each for each in findings if each.where.cell], "reason": request.POST.get("reason", "")[:400],
        "limit": ALL_BYTES >> 20, "crumbs": crumbs(Text("上传报表", "Send workbooks"))}, status=status)


def _take(request: HttpRequest) -> list[actions.Filing]:
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        raise Refused.because("missing", "请选择填好的工作簿。", "Choose the filled workbook.", where=Place(field="file"),
                              remedy=("可选一个 .xlsx，或含多个 .xlsx 的 .zip。", "One .xlsx, or a .zip of several."))
    name = Path((file.name or "file").replace("\\", "/")).name[-200:]
    if (file.size or 0) > ALL_BYTES:
        raise Refused.because("file_too_large", f"文件超过 {ALL_BYTES >> 20} MB。", f"The file is larger than {ALL_BYTES >> 20} MB.",
            where=Place(field="file"),
                              remedy=("请分批上传。", "Send it in parts."))
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as copy:
        for block in file.chunks():
            copy.write(block)
        copy.flush()
        sheets = read_upload(Path(copy.name), name)
    return actions.file_sheets(actor=request.user, sheets=sheets, reason=request.POST.get("reason", "").strip()[:400])


@page("matters.act", methods=("POST",))
def extension(request: HttpRequest, number: int) -> HttpResponse:
    """Ask for another day for a call."""
    from kouan.desk.matters.facts import day_said

    calls.ask_extension(actor=request.user, call=number, until=day_said("until", request.POST.get("until", "")[:10]),
                        reason=request.POST.get("reason", "")[:400])
    messages.success(request, here(Text("延期申请已送上级口岸办。", "The office above has been asked for an extension.")))
    return redirect("returns")


urlpatterns = [
    path("returns", work, name="returns"),
    path("returns/template.xlsx", template, name="return-template"),
    path("returns/upload", upload, name="return-upload"),
    path("returns/calls/<int:number>/extension", extension, name="return-extension"),
    path("returns/<int:number>", one, name="return"),
    path("returns/<int:number>/fill", fill, name="return-fill"),
    path("returns/<int:number>/filings/<int:filing>.xlsx", filing_file, name="return-filing"),
]
