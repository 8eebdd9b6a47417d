"""领导批示: all in scope with how far each office has come, one of them, and the form that records one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.models import Organisation
from kouan.accounts.permissions import may
from kouan.basis import Finding, NotAllowed, NotFound, Refused, Text
from kouan.casework.oversight.instructions import record_instruction
from kouan.casework.oversight.models import Instruction
from kouan.casework.oversight.queries import get_instruction, supervisions_of
from kouan.console.marks import badge
from kouan.console.oversight_marks import URGENCY
from kouan.console.page import accept_draft, page
from kouan.console.tables import Column, Filter, Table
from kouan.console.views.matters import state_mark
from kouan.console.views.oversight import crumbs, document_files, hand_out, needed_day, read_day
from kouan.console.words import here
from kouan.desk.matters.paper_files import ACCEPT, ALLOWED

TITLE = Text("领导批示", "Instructions")
SAID = ("title", "signer", "signed_on", "words", "reference", "urgency", "due_on")


def _link(one: Instruction) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse("instruction", args=[one.pk]), one.title)


def _state(one: Instruction) -> SafeString:
    if one.ended_on:
        return badge(here(Text("已办结", "Ended")), "disc-check", "none")
    return badge(here(Text("办理中", "Under way")), "half", "info")


def _answered(one: Instruction) -> str:
    held = list(one.supervisions.all())
    return f"{sum(not each.is_open for each in held)}/{len(held)}"


INSTRUCTIONS = Table(
    name="instructions", title=TITLE, default_order="-signed_on",
    columns=(
        Column("title", Text("批示事项", "Matter"), show=lambda i: _link(i), is_key=True, is_wide=True),
        Column("signer", Text("批示人", "Signed by")),
        Column("signed_on", Text("批示日期", "Signed on"), order="signed_on", keeps_line=True),
        Column("urgency", Text("缓急", "Urgency"), value=lambda i: URGENCY[i.urgency]),
        Column("due_on", Text("期限", "Due"), order="due_on", keeps_line=True),
        Column("answered", Text("已办单位", "Answered"), value=_answered),
        Column("state", Text("状态", "State"), value=lambda i: Text("已办结", "Ended") if i.ended_on else Text("办理中", "Under way"),
               show=lambda i: _state(i)),
        Column("words", Text("批示内容", "Words"), only="export"),
    ),
    filters=(
        Filter("state", Text("状态", "State"), choices=(("open", Text("办理中", "Under way")), ("ended", Text("已办结", "Ended"))),
               apply=lambda rows, value: rows.filter(ended_on__isnull=value == "open")),
        Filter("urgency", Text("缓急", "Urgency"), choices=tuple(URGENCY.items())),
        Filter("q", Text("事项或批示人", "Matter or signer"),
               apply=lambda rows, value: rows.filter(title__icontains=value) | rows.filter(signer__icontains=value)),
    ),
    empty=Text("没有批示。", "There is no instruction."),
    empty_next=Text("由国家口岸办登记；交贵单位办理的会出现在待办。", "The national office records them; yours appear in your inbox."),
)


@page("oversight.read")
def instructions(request: HttpRequest) -> HttpResponseBase:
    """Every instruction in scope."""
    user: Any = request.user
    rows = Instruction.objects.visible_to(user)
    view = INSTRUCTIONS.read(request, rows.prefetch_related("supervisions"))
    if view.wants_export:
        return view.export()
    return render(request, "console/oversight/instructions.html", {
        "table": view, "may_record": may(user, "oversight.assign"), "crumbs": crumbs(TITLE)})


@page("oversight.read")
def instruction(request: HttpRequest, number: int) -> HttpResponse:
    """One instruction, and the matters of it that the reader may see."""
    held = get_instruction(request.user, number)
    return render(request, "console/oversight/instruction.html", {
        "held": held, "urgency": URGENCY[held.urgency], "state": _state(held),
        "offices": [(each, state_mark(each.matter)) for each in supervisions_of({"instruction": held}, request.user)],
        "scans": document_files([held.scan]) if held.scan else [],
        "crumbs": crumbs({"label": TITLE, "address": reverse("instructions")}, held.title),
    })


@page("oversight.read")
def scan(request: HttpRequest, number: int, version: int) -> HttpResponseBase:
    """The scan, for whoever sees the instruction."""
    held = get_instruction(request.user, number)
    return hand_out(request, held.scan.versions.filter(pk=version).first() if held.scan else None, {"instruction": held.pk})


@never_cache
@page("oversight.assign", methods=("GET", "HEAD", "POST"))
def record(request: HttpRequest) -> HttpResponse:
    """The form that records an instruction and opens a matter for each office."""
    said = {name: request.POST.get(name, "").strip()[:4000] for name in SAID}
    chosen = request.POST.getlist("offices")
    findings: list[Finding] = []
    if request.method == "POST":
        upload = request.FILES.get("file")
        file: dict[str, Any] = {"source": upload.file, "file_name": upload.name or ""} if upload is not None and upload.file is not None else {}
        try:
            signed_on = needed_day(said["signed_on"], "signed_on")
            made = record_instruction(
                actor=request.user, title=said["title"], signer=said["signer"], signed_on=signed_on, words=said["words"], offices=chosen,
                reference=said["reference"], urgency=said["urgency"] or "routine", due_on=read_day(said["due_on"], "due_on"), **file)
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = error.findings
        else:
            accept_draft(request, "instruction")
            messages.success(request, here(Text("已登记，并交各单位办理。", "Recorded; each office has its matter.")))
            return redirect("instruction", made.pk)
    offices = Organisation.objects.filter(is_active=True).exclude(kind="enterprise").order_by("kind", "province_code", "code")
    return render(request, "console/oversight/record_instruction.html", {
        "said": said, "findings": findings, "urgencies": list(URGENCY.items()), "accept": ACCEPT, "allowed": ALLOWED,
        "offices": [(each.code, each.name_zh, each.code in chosen) for each in offices],
        "crumbs": crumbs({"label": TITLE, "address": reverse("instructions")}, Text("登记批示", "Record one")),
    }, status=422 if findings else 200)


urlpatterns = [
    path("oversight/instructions", instructions, name="instructions"),
    path("oversight/instructions/new", record, name="record-instruction"),
    path("oversight/instructions/<int:number>", instruction, name="instruction"),
    path("oversight/instructions/<int:number>/scan/<int:version>", scan, name="instruction-scan"),
]
