"""Upload: choose a source and a file; a small file is examined at once, a large one by the worker."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache

from kouan.basis import Finding, Place, Refused, Text
from kouan.collection import actions, jobs, sources
from kouan.collection.readers import Limits, open_file
from kouan.collection.recognise import match_sheets
from kouan.collection.report import IntakeReport
from kouan.collection.sources import Source
from kouan.console.page import is_from_script, page
from kouan.console.views.intake import REPEATED
from kouan.console.words import here
from kouan.desk.actions import refuse_secrets

ACCEPTED = ".xlsx,.csv,.gz,.parquet"


@never_cache
@page("intake.submit", methods=("GET", "HEAD", "POST"))
def upload(request: HttpRequest) -> HttpResponse:
    """The form; on POST the way to the preview, or what is wrong with the file."""
    user: Any = request.user
    choices = [source for source in sources.all_sources() if actions.may_submit(user, source)]
    # The port's own return is what most people send; what was posted is never replaced.
    chosen = request.POST.get("source", "") if request.method == "POST" else request.GET.get("source") or "port-return"
    findings: list[Finding] = []
    wrong_source: dict[str, Any] | None = None
    if request.method == "POST":
        try:
            return _go(request, _take(request, chosen))
        except NotOfThatSource as error:
            wrong_source = {"chosen": error.chosen, "fitting": [one for one in choices if one in error.fitting]}
            findings = [_by_field(finding) for finding in error.findings]
        except Refused as error:
            findings = [_by_field(finding) for finding in error.findings]
    context = {
        "wrong_source": wrong_source,
        "choices": choices, "chosen": chosen, "findings": findings, "accepted": ACCEPTED,
        "limit_bytes": settings.KOUAN_UPLOAD_LIMIT, "limit": settings.KOUAN_UPLOAD_LIMIT // 1024 // 1024,
        "crumbs": [{"label": Text("报送", "Collection"), "address": reverse("intake")}, {"label": Text("上传文件", "Upload")}],
    }
    return render(request, "console/intake/upload.html", context, status=422 if findings else 200)


def _take(request: HttpRequest, source: str) -> str:
    """Examine the upload, or queue it; answer the address to go to."""
    file = request.FILES.get("file")
    missing = [
        Finding.error("missing", zh, en, where=Place(field=field))
        for field, there, zh, en in (
            ("source", source, "请选择数据来源。", "Choose a source."),
            ("file", file, "请选择要上传的文件。", "Choose a file."),
        )
        if not there
    ]
    if missing or file is None:
        raise Refused(missing)
    name = Path((file.name or "file").replace("\\", "/")).name
    refuse_secrets(name)
    _refuse_large(file, name)
    if (file.size or 0) > jobs.INLINE_BYTES:
        job = jobs.preview_later(actor=request.user, upload=file.file or file, source=source, name=name)
        return reverse("job", args=[job.pk])
    report = _examine(request.user, file, source, name)
    return address_of_report(request, report)


def _examine(user: Any, file: UploadedFile, source: str, name: str) -> IntakeReport:
    with tempfile.NamedTemporaryFile(suffix=Path(name).suffix) as copy:
        for block in file.chunks():
            copy.write(block)
        copy.flush()
        try:
            return actions.preview(actor=user, path=Path(copy.name), source=source, name=name)
        except Refused as error:
            if not any(finding.code == "header_not_recognised" for finding in error.findings):
                raise
            raise NotOfThatSource(error.findings, sources.get(source), Path(copy.name), name) from error


class NotOfThatSource(Refused):
    """The file's headings are not those of the source chosen. ``fitting``: the sources whose headings they are.

    Its remedies are words for the page, which leads to the source's own page instead of a command.
    """

    def __init__(self, findings: list[Finding], chosen: Source, path: Path, name: str) -> None:
        self.chosen = chosen
        self.fitting = [one for one in sources.all_sources() if one != chosen and _is_of(one, path, name)]
        names = Text("”“".join(one.name.zh for one in self.fitting), "”, “".join(one.name.en for one in self.fitting))
        remedy = Text(f"列标题与来源“{names.zh}”相符，请改选该来源。", f"The headings are those of “{names.en}”: choose that source.") \
            if self.fitting else Text("请核对是否选错来源，或按来源说明中列出的列标题改正文件。",
                                      "Check that the source is the right one, or give the file the headings that its page lists.")
        super().__init__([
            replace(finding, remedy=remedy) if finding.code == "header_not_recognised" else finding for finding in findings
        ])


def _is_of(source: Source, path: Path, name: str) -> bool:
    limits = Limits()
    try:
        return bool(match_sheets(open_file(path, name, limits), source, name, limits.header_search)[0])
    except Refused:
        return False


def _refuse_large(file: UploadedFile, name: str) -> None:
    limit = settings.KOUAN_UPLOAD_LIMIT
    if (file.size or 0) > limit:
        raise Refused.because(
            "file_too_large", f"文件“{name}”超过 {limit // 1024 // 1024} MB，未接收。",
            f"“{name}” is larger than {limit // 1024 // 1024} MB and was not taken in.", where=Place(field="file"),
            remedy=("请按时期或口岸拆分后分批上传。", "Split it by period or by port and upload the parts."),
        )


def address_of_report(request: HttpRequest, report: IntakeReport) -> str:
    """Where the outcome of an examination is shown; says so when the very file was taken in before."""
    if report.repeated:
        messages.info(request, here(REPEATED))
    return reverse("batch", args=[report.batch])


def _go(request: HttpRequest, address: str) -> HttpResponse:
    """Send the browser on; upload.js reads the address from JSON, as a script cannot see a redirect."""
    if is_from_script(request):
        return JsonResponse({"address": address})
    response = HttpResponse(status=303)
    response["Location"] = address
    return response


def _by_field(finding: Finding) -> Finding:
    """A finding about the file as a whole leads to the field where another file can be chosen."""
    where = finding.where
    if where.field or where.row or where.cell:
        return finding
    return finding.at(Place(field="file"))


urlpatterns = [path("intake/upload", upload, name="upload")]
