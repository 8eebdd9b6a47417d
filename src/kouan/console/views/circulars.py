"""通知通报: those that reached one's office and those it wrote; one with its receipts; the form with its preview."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Exists, OuterRef, Q
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
from kouan.basis.codes import mainland_provinces
from kouan.casework.oversight.circulars import (
    addressed,
    attachments_of,
    draft_circular,
    issue_circular,
    note_read,
    recall_circular,
    sign_circular,
)
from kouan.casework.oversight.models import Circular, CircularReceipt
from kouan.casework.oversight.queries import get_circular
from kouan.console.oversight_marks import OFFICE_KINDS, circular_badge, signed_badge
from kouan.console.page import accept_draft, missing, page
from kouan.console.tables import Column, Filter, Table
from kouan.console.views.oversight import attempt, crumbs, document_files, hand_out, needed_day
from kouan.console.words import here

TITLE = Text("通知通报", "Circulars")
KINDS = {"notice": Text("通知", "Notice"), "circular": Text("通报", "Circular")}


def _link(one: Circular) -> SafeString:
    return format_html('<a href="{}">{}</a><span class="subline">{} {}</span>', reverse("circular", args=[one.pk]), one.title, here(KINDS[one.kind]),
                       one.number)


CIRCULARS = Table(
    name="circulars", title=TITLE, default_order="-issued_on",
    columns=(
        Column("title", Text("标题", "Title"), show=lambda c: _link(c), is_key=True, is_wide=True),
        Column("number", Text("发文字号", "Number"), only="export"),
        Column("office", Text("印发单位", "From"), value=lambda c: c.office.name_zh),
        Column("issued_on", Text("成文日期", "Date"), order="issued_on", keeps_line=True),
        Column("state", Text("状态", "State"), value=lambda c: c.get_state_display(), show=lambda c: circular_badge(c.state)),
        Column("mine", Text("本单位签收", "Our receipt"), show=lambda c: signed_badge(c.is_signed) if c.is_mine else "—",
               value=lambda c: Text("已签收", "signed") if c.is_signed else Text("未签收", "not signed") if c.is_mine else None),
        Column("signed", Text("签收", "Receipts"), value=lambda c: f"{c.signed_count}/{c.receipt_count}" if c.is_ours and c.receipt_count else None),
    ),
    filters=(
        Filter("unread", Text("本单位签收", "Our receipt"), choices=(("yes", Text("未签收", "Not signed")),),
               apply=lambda rows, value: rows.filter(is_mine=True, is_signed=False, state="issued")),
        Filter("state", Text("状态", "State"), choices=(("draft", Text("草稿", "Draft")), ("issued", Text("已印发", "Issued")),
                                                      ("recalled", Text("已撤回", "Recalled")), ("superseded", Text("已被替代", "Superseded")))),
        Filter("kind", Text("文种", "Kind"), choices=tuple(KINDS.items())),
        Filter("q", Text("标题或文号", "Title or number"),
               apply=lambda rows, value: rows.filter(Q(title__icontains=value) | Q(number__icontains=value))),
    ),
    empty=Text("没有通知通报。", "There is no circular."),
    empty_next=Text("发给贵单位的会出现在这里和待办。", "Those sent to your office appear here and in the inbox."),
)


@page("oversight.read")
def circulars(request: HttpRequest) -> HttpResponseBase:
    """What reached the reader's office, and what it wrote."""
    user: Any = request.user
    mine = CircularReceipt.objects.filter(circular_id=OuterRef("pk"), office_id=user.organisation_id)
    rows = Circular.objects.visible_to(user).select_related("office").annotate(
        is_mine=Exists(mine), is_signed=Exists(mine.filter(signed_at__isnull=False)), receipt_count=Count("receipts", distinct=True),
        signed_count=Count("receipts", filter=Q(receipts__signed_at__isnull=False), distinct=True))

    view = CIRCULARS.read(request, rows.annotate(is_ours=Exists(Circular.objects.filter(pk=OuterRef("pk"), office_id=user.organisation_id))))
    if view.wants_export:
        return view.export()
    return render(request, "console/oversight/circulars.html", {
        "table": view, "may_draft": may(user, "circulars.issue"), "crumbs": crumbs(TITLE)})


BOARD = Table(
    name="receipts", title=Text("签收情况", "Receipts"), default_order="province", prefix="board",
    columns=(
        Column("office", Text("收文单位", "Office"), value=lambda r: r.office.name_zh, is_key=True, is_wide=True),
        Column("province", Text("地区代码", "Province code"), value=lambda r: r.office.province_code or None, order="office__province_code"),
        Column("state", Text("签收", "Receipt"), value=lambda r: Text("已签收", "signed") if r.signed_at else Text("未签收", "not signed"),
               show=lambda r: signed_badge(r.signed_at is not None, r.first_read_at is not None)),
        Column("signed_by", Text("签收人", "Signed by"), value=lambda r: r.signed_by.display_name if r.signed_by else None),
        Column("signed_at", Text("签收时间", "Signed at"), order="signed_at", keeps_line=True),
        Column("first_read_at", Text("首次查阅", "First opened"), order="first_read_at", keeps_line=True),
    ),
    filters=(
        Filter("signed", Text("签收", "Receipt"), choices=(("yes", Text("已签收", "Signed")), ("no", Text("未签收", "Not signed"))),
               apply=lambda rows, value: rows.filter(signed_at__isnull=value == "no")),
        Filter("kind", Text("单位类别", "Kind of office"), choices=tuple(OFFICE_KINDS.items()), field="office__kind"),
    ),
)


@never_cache
@page("oversight.read", methods=("GET", "HEAD", "POST"))
def circular(request: HttpRequest, number: int) -> HttpResponseBase:
    """One circular: its words, its papers; for its office the receipts; what the reader may do now."""
    user: Any = request.user
    held = get_circular(user, number)
    said = {name: request.POST.get(name, "").strip()[:400] for name in ("number", "issued_on", "reason", "version")}
    findings: list[Finding] = []
    status = 200
    if request.method == "POST":
        findings, status = _do(request, held, said)
        if not findings:
            return redirect("circular", number)
        held.refresh_from_db()
    ours = held.office_id == user.organisation_id
    receipt = held.receipts.filter(office_id=user.organisation_id).select_related("signed_by", "matter").first()
    if receipt is not None and receipt.first_read_at is None and request.method == "GET":
        note_read(actor=user, circular=number)
    board = BOARD.read(request, held.receipts.select_related("office", "signed_by")) if ours and held.state != "draft" else None
    if board is not None and board.wants_export:
        return board.export()
    issuing = ours and may(user, "circulars.issue")
    return render(request, "console/oversight/circular.html", {
        "held": held, "kind": KINDS[held.kind], "state": circular_badge(held.state), "receipt": receipt, "board": board, "findings": findings,
        "said": said, "papers": document_files(attachments_of(held)), "drafter": held.drafted_by.display_name if ours else "",
        "may_sign": receipt is not None and receipt.signed_at is None and held.state == "issued" and may(user, "matters.act"),
        "may_edit": issuing and held.state == "draft", "may_issue": issuing and held.state == "draft" and held.drafted_by_id != user.pk,
        "may_recall": issuing and held.state == "issued", "later": held.replaced_by.filter(state="issued").first(),
        "reached": addressed(held.office, held.recipients) if ours and held.state == "draft" else [],
        "signed": held.receipts.filter(signed_at__isnull=False).count() if ours else 0, "total": held.receipts.count() if ours else 0,
        "crumbs": crumbs({"label": TITLE, "address": reverse("circulars")}, held.title),
    }, status=status)


def _do(request: HttpRequest, held: Circular, said: dict[str, str]) -> tuple[list[Finding], int]:
    deed = request.POST.get("do", "")

    def act() -> None:
        match deed:
            case "sign":
                sign_circular(actor=request.user, circular=held.pk)
            case "issue":
                day = needed_day(said["issued_on"], "issued_on")
                issue_circular(actor=request.user, circular=held.pk, number=said["number"], issued_on=day,
                               version=int(said["version"]) if said["version"].isdigit() else None)
            case "recall":
                recall_circular(actor=request.user, circular=held.pk, reason=said["reason"])
            case _:
                raise missing()

    return attempt(request, act, {"sign": Text("已签收。", "Signed for."), "issue": Text("已印发。", "Issued.")}.get(deed, Text("已撤回。",
        "Recalled.")))


@page("oversight.read")
def attachment(request: HttpRequest, number: int, version: int) -> HttpResponseBase:
    """A paper of a circular, for whoever may read it."""
    held = get_circular(request.user, number)
    files = {file.pk: file for paper in attachments_of(held) for file in paper.versions.all()}
    return hand_out(request, files.get(version), {"circular": held.pk})


@never_cache
@page("circulars.issue", methods=("GET", "HEAD", "POST"))
def write(request: HttpRequest, number: int = 0) -> HttpResponse:
    """The form of a draft; its first button shows who would get it."""
    user: Any = request.user
    held = get_circular(user, number) if number else None
    if held is not None and (held.office_id != user.organisation_id or held.state != "draft"):
        raise missing()
    said: dict[str, Any] = {name: request.POST.get(name, "").strip() for name in ("kind", "title", "text", "attachments", "replaces", "version")}
    chosen = {name: request.POST.getlist(name) for name in ("offices", "kinds", "provinces")}
    if request.method != "POST" and held is not None:
        said = {"kind": held.kind, "title": held.title, "text": held.text, "attachments": "\n".join(held.attachments),
                "replaces": held.replaces_id or "", "version": held.version}
        chosen = {name: held.recipients.get(name, []) for name in chosen}
    findings: list[Finding] = []
    reached: list[Organisation] | None = None
    if request.method == "POST" and request.POST.get("do") == "preview":
        reached = addressed(user.organisation, chosen)
    elif request.method == "POST":
        try:
            made = draft_circular(
                actor=user, kind=said["kind"], title=said["title"], text=said["text"], **chosen,
                attachments=[each.strip() for each in said["attachments"].splitlines() if each.strip()],
                replaces=int(said["replaces"]) if said["replaces"].isdigit() else None, circular=number or None,
                version=int(said["version"]) if number and said["version"].isdigit() else None)
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = error.findings
        else:
            accept_draft(request, "circular")
            messages.success(request, here(Text("已保存草稿，请由本单位另一人印发。", "Kept as a draft; another person of the office issues it.")))
            return redirect("circular", made.pk)
    near = addressed(user.organisation, {"kinds": list(OFFICE_KINDS)})
    return render(request, "console/oversight/write_circular.html", {
        "held": held, "said": said, "findings": findings, "reached": reached, "kinds": list(KINDS.items()),
        "office_kinds": [(code, words, code in chosen["kinds"]) for code, words in OFFICE_KINDS.items()],
        "provinces": [(each.code, Text(each.short_zh, each.en), each.code in chosen["provinces"]) for each in mainland_provinces],
        "offices": [(each.code, each.name_zh, each.code in chosen["offices"]) for each in near],
        "crumbs": crumbs({"label": TITLE, "address": reverse("circulars")}, Text("起草", "Draft")),
    }, status=422 if findings else 200)


urlpatterns = [
    path("oversight/circulars", circulars, name="circulars"),
    path("oversight/circulars/new", write, name="write-circular"),
    path("oversight/circulars/<int:number>", circular, name="circular"),
    path("oversight/circulars/<int:number>/edit", write, name="edit-circular"),
    path("oversight/circulars/<int:number>/papers/<int:version>", attachment, name="circular-paper"),
]
