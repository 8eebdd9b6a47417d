"""解释与变更: rulings and new values, proposed by one officer and approved by another, each with what it changes."""

from __future__ import annotations

import re
import tempfile
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache

from kouan.accounts.permissions import may
from kouan.accounts.scope import scope_of
from kouan.basis import Finding, NotAllowed, NotFound, Place, Refused, Text, clock
from kouan.basis.strict_yaml import load_file
from kouan.console.law_changes_table import (
    CHANGES,
    answer_of,
    count_moved,
    impact,
    people,
    state_mark,
    subject_of,
)
from kouan.console.law_values import unit_text
from kouan.console.page import accept_draft, get_or_missing, missing, page
from kouan.console.words import here
from kouan.desk.models import JobState
from kouan.desk.queries import get_job
from kouan.grading.lawbook import actions
from kouan.grading.lawbook.jobs import INLINE_YEARS, PREVIEW_LAW, submit_preview
from kouan.grading.lawbook.models import ChangeState
from kouan.grading.lawbook.preview import MOST_YEARS, preview, usual_years
from kouan.grading.lawbook.queries import changes_visible_to
from kouan.grading.queries import law_as_of, rulings_of_file
from kouan.law import Law, Library
from kouan.law.changes import PARAMETER, RULING, Change, last_day, read_changes

TITLE = Text("解释与变更", "Rulings and changes")
FIELDS = ("value", "from_date", "document_title", "document_number", "issued", "article", "quote", "reason")
VERBS = {"approve": actions.approve_change, "reject": actions.reject_change, "withdraw": actions.withdraw_change}
MOST_BYTES = 256 * 1024


def _crumbs(*more: Any) -> list[dict[str, Any]]:
    return [{"label": Text("法规与参数", "Law and parameters"), "address": reverse("law")},
            {"label": TITLE, "address": reverse("law-changes")}, *({"label": each} for each in more)]


@page("console.read")
def changes(request: HttpRequest) -> HttpResponse:
    """Rulings and changes that the reader may see; the rulings of the home's file beside them."""
    rows = list(changes_visible_to(request.user))
    count_moved(request.user, rows)
    view = CHANGES.read(request, rows)
    if view.wants_export:
        return view.export()
    questions = Library.shipped().questions
    return render(request, "console/law/changes.html", {
        "table": view, "may_propose": may(request.user, "law.propose"), "is_national": scope_of(request.user).everything,
        "file_rulings": [(each, questions[each.setting], questions[each.setting].choices[each.value]) for each in rulings_of_file()],
        "crumbs": [*_crumbs()[:1], {"label": TITLE}],
    })


@never_cache
@page("console.read", methods=("GET", "HEAD", "POST"))
def change(request: HttpRequest, number: int) -> HttpResponse:
    """One change: question, answer, document, what it changes; and its decision."""
    row = get_or_missing(changes_visible_to(request.user), pk=number)
    findings: list[Finding] = []
    said, status = request.POST.get("decision", "").strip()[:1000], 200
    if request.method == "POST":
        verb = VERBS.get(request.POST.get("do", ""))
        if verb is None:
            raise missing()
        try:
            verb(actor=request.user, number=number, reason=said)
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings, status = error.findings, error.http_status
            row.refresh_from_db()
        else:
            messages.success(request, here(Text("已办理。", "Done.")))
            return redirect("law-change", number)
    user: Any = request.user
    is_national = scope_of(user).everything
    names = people(row.proposed_by, row.decided_by)
    question = Library.shipped().questions.get(row.key) if row.kind == RULING else None
    is_mine = row.proposed_by == user.pk
    return render(request, "console/law/change.html", {
        "change": row, "subject": subject_of(row), "answer": answer_of(row), "state": state_mark(row.state), "question": question,
        "proposer": names.get(row.proposed_by, "") if is_national else "",
        "decider": names.get(row.decided_by, "") if is_national and row.decided_by else "",
        "subject_address": reverse("law-parameter" if row.kind == PARAMETER else "law-setting", args=[row.key]),
        "impact": impact(user, row.preview, is_national=is_national), "findings": findings, "said": said,
        "is_open": row.state == ChangeState.PROPOSED, "may_approve": may(user, "law.approve") and not is_mine,
        "may_withdraw": may(user, "law.propose") and is_mine, "is_mine": is_mine, "is_future": row.from_date > clock.today(),
        "crumbs": _crumbs(f"#{row.pk}"),
    }, status=status)


# ---- proposing ----------------------------------------------------------------------------------------


@never_cache
@page("law.propose", methods=("GET", "HEAD", "POST"))
def propose(request: HttpRequest) -> HttpResponse:
    """The form of one change; its first button shows what it would do, its second proposes it."""
    library = law_as_of().library
    key = (request.POST.get("key") or request.GET.get("key") or "").strip()[:80]
    parameter, question = library.parameters.get(key), library.questions.get(key)
    if key and parameter is None and question is None:
        raise missing()
    said = {name: request.POST.get(name, "").strip() for name in FIELDS}
    findings: list[Finding] = []
    shown: dict[str, Any] | None = None
    if request.method == "POST" and key:
        try:
            one = _change(PARAMETER if parameter else RULING, key, said)
            if request.POST.get("do") == "propose":
                (row,) = actions.propose_changes(actor=request.user, changes=[one])
                accept_draft(request, "law-change")
                messages.success(request, here(Text("已提出，待另一人批准。", "Proposed; another person decides.")))
                return redirect("law-change", row.pk)
            shown = impact(request.user, preview(request.user, [one]), is_national=True)
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = error.findings
    return render(request, "console/law/propose.html", {
        "key": key, "parameter": parameter, "question": question, "said": said, "findings": findings, "impact": shown,
        "unit": here(unit_text(parameter.unit)) if parameter else "", "years": usual_years(),
        "values": list(reversed(parameter.values))[:3] if parameter else [],
        "reading": law_as_of().setting(key) if question else None, "choices": list(question.choices.items()) if question else [],
        "parameters": [(each.key, each.label) for each in library.parameters.values()],
        "questions": [(each.key, Text(f"{each.ambiguity} {each.label.zh}", f"{each.ambiguity} {each.label.en}"))
                      for each in library.questions.values()],
        "crumbs": _crumbs(Text("提出变更", "Propose a change")),
    }, status=422 if findings else 200)


def _change(kind: str, key: str, said: dict[str, str]) -> Change:
    findings: list[Finding] = []
    days: dict[str, date] = {}
    for name in ("from_date", "issued"):
        try:
            days[name] = date.fromisoformat(said[name])
        except ValueError:
            findings.append(Finding.error("not_a_date", "请填写日期。", "Enter a day.", where=Place(field=name),
                                          remedy=("写成 2027-01-01。", "Write it as 2027-01-01.")))
    value = said["value"]
    if kind == PARAMETER:
        try:
            value = f"{Decimal(value.replace(',', '')):f}" if re.fullmatch(r"[\d,]{1,20}(\.\d{1,6})?", value) else value
        except InvalidOperation:
            value = said["value"]
    if findings:
        raise Refused(findings)
    return Change(kind, key, value, days["from_date"], said["document_title"], said["document_number"], days["issued"], said["reason"],
                  article=said["article"], quote=said["quote"])


# ---- previewing a file --------------------------------------------------------------------------------


@never_cache
@page("law.propose", methods=("GET", "HEAD", "POST"))
def preview_file(request: HttpRequest) -> HttpResponse:
    """What a file of changes would do in the chosen years. Nothing is written; many years run as a job."""
    findings: list[Finding] = []
    shown: dict[str, Any] | None = None
    years = [int(each) for each in request.POST.getlist("years") if re.fullmatch(r"\d{4}", each)] or usual_years()
    if request.method == "POST":
        try:
            read = _read(request)
            if request.POST.get("do") == "propose":
                # A page does not wait for many years; what was chosen is for the preview.
                rows = actions.propose_changes(actor=request.user, changes=read, years=years if len(years) <= INLINE_YEARS else None)
                messages.success(request, here(Text(f"提出 {len(rows)} 项，待另一人批准。", f"{len(rows)} proposed; another person decides.")))
                return redirect("law-changes")
            if len(years) > INLINE_YEARS:
                return redirect("job", submit_preview(request.user, read, years).pk)
            shown = impact(request.user, preview(request.user, read, years), is_national=True)
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = error.findings
    this = clock.today().year
    return render(request, "console/law/preview.html", {
        "findings": findings, "impact": shown, "choices": [(year, year in years) for year in range(this, this - MOST_YEARS, -1)],
        "crumbs": _crumbs(Text("预览变更文件", "Preview a file of changes")),
    }, status=422 if findings else 200)


def _read(request: HttpRequest) -> list[Change]:
    upload = request.FILES.get("file")
    if upload is None or not upload.size or upload.size > MOST_BYTES:
        raise Refused.because(
            "file_missing", "请选择变更文件（YAML），不超过256 KB。", "Choose a file of changes (YAML), at most 256 KB.", where=Place(field="file"),
            remedy=("格式见说明。", "See the form below."))
    with tempfile.NamedTemporaryFile(suffix=".yaml") as copy:
        copy.write(upload.read())
        copy.flush()
        data = load_file(Path(copy.name), upload.name)
    law: Law = law_as_of(max(clock.today(), last_day(data) or clock.today()))
    return read_changes(data, upload.name or "changes.yaml", law)


@never_cache
@page("law.propose")
def preview_result(request: HttpRequest, number: int) -> HttpResponse:
    """What a preview that ran in the background found; for its owner."""
    job = get_job(request.user, number)
    if job.kind != PREVIEW_LAW or job.state != JobState.DONE or job.owner_id != request.user.pk:
        raise missing()
    return render(request, "console/law/preview_result.html", {
        "impact": impact(request.user, job.result or {}, is_national=True), "job": job,
        "crumbs": _crumbs(Text("预览结果", "What it would change")),
    })


urlpatterns = [
    path("law/changes", changes, name="law-changes"),
    path("law/changes/new", propose, name="propose-law-change"),
    path("law/changes/preview", preview_file, name="law-preview"),
    path("law/changes/preview/<int:number>", preview_result, name="law-preview-result"),
    path("law/changes/<int:number>", change, name="law-change"),
]
