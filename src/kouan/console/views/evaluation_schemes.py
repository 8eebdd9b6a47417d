"""评估方案: the versions by year, a version proposed (the bundled one or an upload), read, and published by a second person."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.permissions import may
from kouan.basis import Finding, Place, Refused, Text, clock
from kouan.console.evaluation_method_words import method_of
from kouan.console.evaluation_page import SCHEMES, TITLE, proposal_mark, version_words
from kouan.console.marks import badge
from kouan.console.page import accept_draft, page
from kouan.console.tables import Column, Filter, Table
from kouan.console.views.oversight import attempt
from kouan.console.words import here
from kouan.evaluation import schemes
from kouan.evaluation.rounds.models import SchemeState, SchemeVersion
from kouan.evaluation.rounds.queries import get_scheme, is_national, schemes_visible_to
from kouan.evaluation.rounds.scheme_actions import propose_scheme, publish_scheme
from kouan.evaluation.rounds.scheme_files import LARGEST_FILE, content_of_upload

STATES = {"draft": Text("拟稿，待发布", "Draft, to be published"), "published": Text("已发布", "Published")}
# Six files of a scheme, or one zip, with a little room for what does not belong to it.
MOST_FILES = 20


def state_badge(row: SchemeVersion) -> SafeString:
    """拟稿 or 已发布."""
    is_out = row.state == SchemeState.PUBLISHED
    return badge(here(STATES[row.state]), "disc-check" if is_out else "dotted-ring", "ok" if is_out else "wait")


def _link(row: SchemeVersion) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse("evaluation-scheme", args=[row.year, row.version]),
                       here(Text(f"{row.year} 年第 {row.version} 版", f"{row.year}, version {row.version}")))


VERSIONS = Table(
    name="schemes", title=Text("各版方案", "Versions"),
    columns=(
        Column("which", Text("年度和版本", "Year and version"), value=lambda r: f"{r.year}/{r.version}", show=_link, is_key=True, keeps_line=True),
        Column("name", Text("方案", "Scheme"), value=lambda r: Text(r.name_zh, r.name_en),
               show=lambda r: format_html("{} {}", here(Text(r.name_zh, r.name_en)), proposal_mark(r.is_proposal)), is_wide=True),
        Column("is_proposal", Text("建议稿", "Proposal"), only="export"),
        Column("state", Text("状态", "State"), value=lambda r: STATES[r.state], show=state_badge),
        Column("proposed_by", Text("提出", "Proposed by"), value=lambda r: r.proposed_by.display_name),
        Column("proposed_on", Text("提出日期", "Proposed on"), order="proposed_on", keeps_line=True),
        Column("published_by", Text("发布", "Published by"), value=lambda r: r.published_by.display_name if r.published_by else None),
        Column("published_on", Text("发布日期", "Published on"), order="published_on", keeps_line=True),
        Column("digest", Text("校验值", "Digest"), only="export"),
        Column("reason", Text("说明", "What it is"), only="export"),
    ),
    filters=(
        Filter("year", Text("年度", "Year"), apply=lambda rows, value: rows.filter(year=int(value)) if value.isascii() and value.isdigit()
               and len(value) == 4 else rows.none()),
        Filter("state", Text("状态", "State"), choices=tuple(STATES.items())),
    ),
    empty=Text("没有可查看的评估方案。", "There is no scheme that you may see."),
    empty_next=Text("由国家口岸办一人提出、另一人发布。", "One person of the national office proposes it, another publishes it."),
)


@never_cache
@page("rounds.read", methods=("GET", "HEAD", "POST"))
def scheme_list(request: HttpRequest) -> HttpResponseBase:
    """The versions; whoever may propose finds the form."""
    user: Any = request.user
    findings: list[Finding] = []
    status = 200
    said = {name: request.POST.get(name, "").strip()[:400] for name in ("year", "origin", "reason")}
    made: list[SchemeVersion] = []
    if request.method == "POST":
        findings, status = attempt(request, lambda: made.append(_propose(request, said)),
                                   Text("已登记为新的一版，请由另一人发布。", "Kept as the next version; another person publishes it."))
        if not findings:
            accept_draft(request, "propose-scheme")
            return redirect("evaluation-scheme", made[0].year, made[0].version)
    view = VERSIONS.read(request, schemes_visible_to(user).defer("content").select_related("proposed_by", "published_by"))
    if view.wants_export:
        return view.export()
    return render(request, "console/evaluation/schemes.html", {
        "title": SCHEMES, "table": view, "findings": findings, "said": said if request.method == "POST" else {"year": clock.today().year},
        "may_propose": may(user, "schemes.propose"), "limit_mb": LARGEST_FILE // 1_000_000,
        "origins": [*((f"bundled:{code}", Text(f"随附方案：{schemes.get(code).name.zh}", f"Bundled: {schemes.get(code).name.en}"))
                      for code in schemes.available()), ("upload", Text("上传的文件", "Uploaded files"))],
        "crumbs": [{"label": TITLE, "address": reverse("evaluation")}, {"label": SCHEMES}],
    }, status=status)


def _propose(request: HttpRequest, said: dict[str, str]) -> SchemeVersion:
    if not said["year"].isascii() or not said["year"].isdigit() or len(said["year"]) > 4:
        raise Refused.because("year_missing", "请填写年度。", "Give the year.", where=Place(field="year"),
                              remedy=("写成 2025。", "Write it as 2025."))
    known = {f"bundled:{code}": code for code in schemes.available()}
    if said["origin"] in known:
        content = schemes.get(known[said["origin"]]).as_dict()
    elif said["origin"] == "upload":
        content = content_of_upload(_read(request.FILES.getlist("files")))
    else:
        raise Refused.because("origin_missing", "请选择方案的来源。", "Choose where the scheme comes from.", where=Place(field="origin"),
                              remedy=("请选随附方案，或上传文件。", "Choose the bundled one, or upload files."))
    return propose_scheme(actor=request.user, year=int(said["year"]), content=content, reason=said["reason"])


def _read(files: list[UploadedFile]) -> dict[str, bytes]:
    if not files or len(files) > MOST_FILES:
        raise Refused.because("files_missing", "请选择方案的压缩包或六个文件。", "Choose the zip or the six files of the scheme.",
                              where=Place(field="files"), measured=len(files), remedy=("文件名见说明。", "The names stand beside the field."))
    found: dict[str, bytes] = {}
    for each in files:
        name = (each.name or "file")[:200]
        found[name] = each.read(LARGEST_FILE + 1)
    return found


@never_cache
@page("rounds.read", methods=("GET", "HEAD", "POST"))
def scheme_page(request: HttpRequest, year: int, version: int) -> HttpResponseBase:
    """One version; a second person publishes it here."""
    user: Any = request.user
    row = get_scheme(user, year, version)
    findings: list[Finding] = []
    status = 200
    opinion = request.POST.get("opinion", "").strip()[:400]
    if request.method == "POST":
        findings, status = attempt(request, lambda: publish_scheme(actor=user, year=year, version=version, opinion=opinion),
                                   Text("已发布，此后不再变动。", "Published; it changes no more."))
        if not findings:
            return redirect("evaluation-scheme", year, version)
        row = get_scheme(user, year, version)
    scheme = row.scheme()
    is_draft = row.state == SchemeState.DRAFT
    return render(request, "console/evaluation/scheme.html", {
        "row": row, "scheme": scheme, "state": state_badge(row), "proposal": proposal_mark(row.is_proposal), "findings": findings,
        "opinion": opinion, "is_national": is_national(user), "is_draft": is_draft,
        "may_publish": is_draft and may(user, "schemes.publish") and row.proposed_by_id != user.pk,
        "waits_for_another": is_draft and row.proposed_by_id == user.pk,
        "method": method_of(scheme),
        "crumbs": [{"label": TITLE, "address": reverse("evaluation")}, {"label": SCHEMES, "address": reverse("evaluation-schemes")},
                   {"label": Text(f"{year} 年{version_words(row).zh}", f"{year}, version {version}")}],
    }, status=status)


urlpatterns = [
    path("evaluation/schemes", scheme_list, name="evaluation-schemes"),
    path("evaluation/schemes/<int:year>/<int:version>", scheme_page, name="evaluation-scheme"),
]
