"""The papers of a matter: taken as they came, looked at page by page, and replaced by a better file.

A file that no longer fits its checksum is neither handed out nor shown. The preview shows drawings that were made
apart from the server: nothing of the file itself runs in a reader's browser, and the content policy stays as it is.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache

from kouan.accounts.permissions import may
from kouan.audit import record_event
from kouan.basis import Finding, NotAllowed, NotFound, Place, Refused, Text
from kouan.console.page import accept_draft, missing, page
from kouan.console.words import here
from kouan.desk.actions import file_place
from kouan.desk.matters.models import Matter
from kouan.desk.matters.paper_files import ACCEPT, ALLOWED, kind_of
from kouan.desk.matters.papers import add_paper_version
from kouan.desk.matters.queries import get_matter
from kouan.desk.models import DocumentVersion
from kouan.desk.papers.preview import page_count, page_picture
from kouan.desk.queries import check_version, quick_state

STATE_WORDS = {
    "same": Text("与登记的校验值一致", "Matches the checksum on record"),
    "altered": Text("内容与登记的校验值不符，不予下载", "Differs from the checksum on record; not handed out"),
    "missing": Text("文件不在档案中", "The file is not there"), "disposed": Text("保存期满，已销毁", "Disposed of after its retention"),
}


def _version(request: HttpRequest, number: int, version: int) -> tuple[Matter, DocumentVersion]:
    """A file of a paper that a step of the matter names; whoever sees the matter may read its papers."""
    held = get_matter(request.user, number)
    references = {reference for documents in held.steps.values_list("documents", flat=True) for reference in documents.values()}
    found = DocumentVersion.objects.filter(pk=version, document__reference__in=references).select_related("document").first()
    if found is None:
        raise missing()
    return held, found


def refuse_unfit(found: DocumentVersion) -> None:
    """Refuse a file that is gone or is no longer what was registered."""
    check = check_version(found)
    if check.state == "altered":
        raise Refused.because(
            "file_altered", f"“{found.file_name}”的内容与登记的校验值不符，未予提供。",
            f"“{found.file_name}” differs from the checksum on record and is not handed out.", where=Place(file=found.file_name),
            measured=check.found, required=found.sha256,
            remedy=("请联系系统管理员从备份恢复。", "Ask your administrator to restore it from backup."))
    if check.state != "same":
        said = STATE_WORDS[check.state]
        raise NotFound.because("file_missing", f"不能提供：{said.zh}", f"It cannot be had: {said.en}", where=Place(file=found.file_name),
                               remedy=("请联系系统管理员从备份恢复。", "Ask your administrator to restore it from backup."))


@page("matters.read")
def paper(request: HttpRequest, number: int, version: int) -> HttpResponseBase:
    """A file as it came; the trail records who took it."""
    held, found = _version(request, number, version)
    refuse_unfit(found)
    record_event("download", actor_id=request.user.pk, payload={"matter": held.pk, "document": found.document_id, "version": found.number,
                                                                "sha256": found.sha256})
    response = FileResponse(file_place(found.sha256).open("rb"), as_attachment=True, filename=found.file_name,
                            content_type="application/octet-stream")
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@never_cache
@page("matters.read", methods=("GET", "HEAD", "POST"))
def look(request: HttpRequest, number: int, version: int) -> HttpResponse:
    """A paper: its facts, its versions, and one page of it drawn; a better file is added here."""
    held, found = _version(request, number, version)
    user: Any = request.user
    findings: list[Finding] = []
    if request.method == "POST":
        upload = request.FILES.get("file")
        try:
            if upload is None or upload.file is None:
                raise Refused.because("missing", "请选择要上传的文件。", "Choose a file.", where=Place(field="file"))
            added = add_paper_version(actor=user, matter=held.pk, document=found.document_id, source=upload.file, file_name=upload.name or "")
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = [each if each.where.field else each.at(Place(field="file")) for each in error.findings]
        else:
            accept_draft(request, "paper")
            messages.success(request, here(Text(f"已保存为第 {added.number} 版。", f"Kept as version {added.number}.")))
            return redirect("matter-paper-look", held.pk, added.pk)
    versions = [{"version": each, "state": state, "words": STATE_WORDS[state]}
                for each in found.document.versions.order_by("-number") for state in [quick_state(each)]]
    state = quick_state(found)
    kind = kind_of(found.file_name)
    pages, why = 0, None
    if state == "same" and kind is not None and kind.drawn_as:
        try:
            pages = page_count(file_place(found.sha256), kind.drawn_as)
            record_event("preview", actor_id=user.pk, payload={"matter": held.pk, "document": found.document_id, "version": found.number})
        except Refused as error:
            why = error.findings[0]
    asked = request.GET.get("page", "1")
    shown = min(max(int(asked), 1), max(pages, 1)) if asked.isascii() and asked.isdigit() and len(asked) < 5 else 1
    own = found.document.organisation_id is not None and found.document.organisation_id == user.organisation_id
    return render(request, "console/matters/paper.html", {
        "matter": held, "version": found, "document": found.document, "versions": versions, "state": state, "words": STATE_WORDS[state],
        "pages": pages, "shown": shown, "why": why, "is_drawn": bool(kind and kind.drawn_as), "findings": findings, "accept": ACCEPT,
        "allowed": ALLOWED, "limit": settings.KOUAN_PAPER_LIMIT // 1024 // 1024,
        "may_add": own and held.ended_at is None and may(user, "matters.act"),
        "crumbs": [{"label": Text("办件", "Matters"), "address": reverse("matters")},
                   {"label": f"#{held.pk}", "address": reverse("matter", args=[held.pk])}, {"label": found.document.title}],
    }, status=422 if findings else 200)


@page("matters.read")
def picture(request: HttpRequest, number: int, version: int, shown: int) -> HttpResponse:
    """One page of a file as a drawing, under a policy that lets it be nothing else."""
    _, found = _version(request, number, version)
    refuse_unfit(found)
    kind = kind_of(found.file_name)
    drawn = page_picture(file_place(found.sha256), kind.drawn_as, shown) if kind is not None and kind.drawn_as and 0 < shown < 10_000 else b""
    if not drawn:
        raise missing()
    response = HttpResponse(drawn, content_type="image/png")
    response["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


urlpatterns = [
    path("matters/<int:number>/papers/<int:version>", paper, name="matter-paper"),
    path("matters/<int:number>/papers/<int:version>/look", look, name="matter-paper-look"),
    path("matters/<int:number>/papers/<int:version>/look/<int:shown>.png", picture, name="matter-paper-picture"),
]
