"""文件: the papers that changes rest on. Each with its versions, their checksums, and what was changed by it.

Seen by those in whose scope a paper lies: public ones, those of one's own office, those of one's province.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.views.decorators.cache import never_cache

from kouan.accounts.permissions import may
from kouan.audit import record_event
from kouan.basis import Finding, NotAllowed, NotFound, Place, Refused, Text
from kouan.console import words
from kouan.console.change_forms import difference_label, read_day, shown
from kouan.console.page import accept_draft, page
from kouan.console.tables import Column, Filter, Table
from kouan.console.views.ports import port_name
from kouan.console.words import here
from kouan.desk import queries
from kouan.desk.actions import add_version, file_document, file_place
from kouan.desk.models import Document, DocumentKind
from kouan.ports.models import Port, PortChange

MOST_CHANGES = 200
STATES = {
    "same": (Text("与登记的校验值一致", "Matches the checksum on record"), "ok"),
    "altered": (Text("内容与登记的校验值不符", "Differs from the checksum on record"), "bad"),
    "missing": (Text("文件不在档案中", "The file is not there"), "bad"),
    "disposed": (Text("保存期满，已销毁", "Disposed of after its retention"), "none"),
}


def _search(rows: Any, value: str) -> Any:
    return (rows.filter(title__icontains=value) | rows.filter(document_number__icontains=value)
            | rows.filter(reference__icontains=value) | rows.filter(issuer__icontains=value))


DOCUMENTS = Table(
    name="documents",
    title=Text("文件", "Documents"),
    columns=(
        Column("title", Text("标题", "Title"), order="title", is_key=True, is_wide=True,
               show=lambda d: format_html('<a href="{}">{}</a>', reverse("document", args=[d.pk]), d.title)),
        Column("document_number", Text("发文字号", "Document number"), order="document_number"),
        Column("kind", Text("类别", "Kind"), value=lambda d: words.DOCUMENT_KINDS[d.kind], order="kind", keeps_line=True),
        Column("issuer", Text("发文机关", "Issuer")),
        Column("issued_on", Text("成文日期", "Dated"), order="issued_on", keeps_line=True),
        Column("reference", Text("引用名", "Reference"), order="reference"),
        Column("recorded_at", Text("登记时间", "Recorded"), order="recorded_at", keeps_line=True),
    ),
    filters=(
        Filter("q", Text("标题、字号或引用名", "Title, number or reference"), apply=_search),
        Filter("kind", Text("类别", "Kind"), choices=tuple(words.DOCUMENT_KINDS.items())),
    ),
    default_order="-recorded_at",
    empty=Text("没有符合条件的文件。", "No document matches."),
    empty_next=Text("可清除筛选条件；新收到的批复、通知和纪要在此登记。", "Clear the filters. New replies, notices and minutes are registered here."),
)


@page("console.read")
def documents(request: HttpRequest) -> HttpResponse:
    """The papers in scope."""
    view = DOCUMENTS.read(request, queries.documents_visible_to(request.user))
    if view.wants_export:
        return view.export()
    return render(request, "console/documents/list.html", {"table": view, "may_add": may(request.user, "documents.add")})


@never_cache
@page("console.read", methods=("GET", "HEAD", "POST"))
def document(request: HttpRequest, number: int) -> HttpResponse:
    """One paper: its facts, its files with their checksums, and the changes that rest on it."""
    found = queries.get_document(request.user, number)
    findings: list[Finding] = []
    if request.method == "POST":
        try:
            _add_file(request, found)
        except NotAllowed:
            raise
        except Refused as error:
            findings = [each if each.where.field else each.at(Place(field="scan")) for each in error.findings]
        else:
            return redirect("document", found.pk)
    versions = list(found.versions.select_related("uploaded_by"))
    checks = [queries.check_version(each) for each in versions] if request.GET.get("verify") else []
    ports = Port.objects.visible_to(request.user)
    changes = list(PortChange.objects.filter(document=found, port__in=ports).select_related("port").order_by("-pk")[: MOST_CHANGES + 1])
    return render(request, "console/documents/one.html", {
        "document": found, "versions": versions, "checks": [(each, *STATES[each.state]) for each in checks], "findings": findings,
        "changes": [_change(each) for each in changes[:MOST_CHANGES]], "has_more": len(changes) > MOST_CHANGES, "most": MOST_CHANGES,
        "may_add": may(request.user, "documents.add") and is_own(request.user, found), "limit": settings.KOUAN_UPLOAD_LIMIT // 1024 // 1024,
        "crumbs": [{"label": Text("文件", "Documents"), "address": reverse("documents")}, {"label": found.title}],
    }, status=422 if findings else 200)


def is_own(user: Any, found: Document) -> bool:
    """Whether a paper is of the user's own office: only they add files to it. The bundled ones are nobody's."""
    return found.organisation_id is not None and found.organisation_id == user.organisation_id


def _add_file(request: HttpRequest, found: Document) -> None:
    scan = request.FILES.get("scan")
    if not is_own(request.user, found):
        raise NotAllowed.because(
            "document_not_yours", "这份文件不是本单位登记的，不能增加版本。", "The document was registered by another office.",
            remedy=("请联系登记单位。", "Ask the office that registered it."),
        )
    if scan is None or scan.file is None:
        raise Refused.because("missing", "请选择要上传的文件。", "Choose a file.", where=Place(field="scan"))
    version = add_version(actor=request.user, document=found, source=scan.file, file_name=scan.name or "file",
                          media_type=scan.content_type or "")
    messages.success(request, here(Text(f"已保存为第 {version.number} 版。", f"Kept as version {version.number}.")))


def _change(row: PortChange) -> dict[str, Any]:
    return {"port": row.port, "name": port_name(row.port), "label": difference_label(row.attribute),
            "value": shown(row.attribute, row.value), "valid_from": row.valid_from, "recorded_at": row.recorded_at}


@page("console.read")
def document_file(request: HttpRequest, number: int, version: int) -> FileResponse:
    """A file of a paper, as it came; the trail records who took it. An altered file is not handed out."""
    found = queries.get_document(request.user, number)
    row = found.versions.filter(number=version).first()
    check = queries.check_version(row) if row else None
    if row is None or check is None or check.state in ("missing", "disposed"):
        said = STATES[check.state][0] if check else Text("没有这一版。", "There is no such version.")
        raise NotFound.because("file_missing", f"不能下载：{said.zh}", f"It cannot be taken: {said.en}",
                               remedy=("请联系系统管理员从备份恢复。", "Ask your administrator to restore it from backup."))
    if check.state == "altered":
        raise Refused.because(
            "file_altered", "文件内容与登记的校验值不符，未予下载。", "The file differs from the checksum on record and is not handed out.",
            measured=check.found, required=row.sha256,
            remedy=("请联系系统管理员从备份恢复。", "Ask your administrator to restore it from backup."),
        )
    record_event("download", actor_id=request.user.pk, payload={"document": found.pk, "version": row.number, "sha256": row.sha256})
    response = FileResponse(file_place(row.sha256).open("rb"), as_attachment=True, filename=row.file_name,
                            content_type="application/octet-stream")
    response["Cache-Control"] = "private, no-store"
    return response


@never_cache
@page("documents.add", methods=("GET", "HEAD", "POST"))
def add_document(request: HttpRequest) -> HttpResponse:
    """Register a paper, with or without its scanned file."""
    said = {name: request.POST.get(name, "").strip()[:400] for name in ("kind", "title", "document_number", "issuer", "issued_on")}
    findings: list[Finding] = []
    if request.method == "POST":
        issued_on: date | None = read_day(said["issued_on"], "issued_on", findings) if said["issued_on"] else None
        scan = request.FILES.get("scan")
        if not findings:
            try:
                made = file_document(
                    actor=request.user, **{**said, "issued_on": issued_on}, source=scan.file if scan else None,
                    file_name=(scan.name if scan else "") or "", media_type=(scan.content_type if scan else "") or "")
            except NotAllowed:
                raise
            except Refused as error:
                findings = [each if each.where.field else each.at(Place(field="scan" if each.where.file else "title")) for each in error.findings]
            else:
                accept_draft(request, "document")
                messages.success(request, here(Text(f"已登记文件“{made.title}”。", f"“{made.title}” was registered.")))
                return redirect("document", made.pk)
    return render(request, "console/documents/add.html", {
        "findings": findings, "said": said, "kinds": [(kind.value, words.DOCUMENT_KINDS[kind.value]) for kind in DocumentKind],
        "crumbs": [{"label": Text("文件", "Documents"), "address": reverse("documents")}, {"label": Text("登记文件", "Register")}],
    }, status=422 if findings else 200)


urlpatterns = [
    path("documents", documents, name="documents"),
    path("documents/add", add_document, name="add-document"),
    path("documents/<int:number>", document, name="document"),
    path("documents/<int:number>/versions/<int:version>", document_file, name="document-file"),
]
