"""堵点难点: issues in one's scope, the form to enter one, one issue with its answers, and figures that betray nobody."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.models import Role
from kouan.accounts.permissions import may
from kouan.audit import record_event
from kouan.basis import EvidenceRef, Finding, NotAllowed, NotFound, Place, Refused, Text
from kouan.casework.bottlenecks import actions, routing
from kouan.casework.bottlenecks.actions import EvidenceFile, NewIssue
from kouan.casework.bottlenecks.models import Issue
from kouan.casework.bottlenecks.queries import (
    DIMENSIONS,
    answers_of,
    evidence_version,
    get_issue,
    issues_visible_to,
    may_know_enterprise,
    public_statistics,
    statistics,
)
from kouan.console.marks import badge
from kouan.console.page import accept_draft, page
from kouan.console.tables import Column, Filter, Table
from kouan.console.views.matter_paper import refuse_unfit
from kouan.console.words import here
from kouan.desk.actions import file_place
from kouan.desk.matters.paper_files import ACCEPT
from kouan.desk.matters.parties import standing_of
from kouan.desk.matters.queries import procedure_for, settings_of
from kouan.desk.matters.registry import in_force
from kouan.desk.queries import quick_state
from kouan.ports.models import Port

TITLE = Text("堵点难点", "Bottlenecks")


def _state(issue: Issue) -> Text:
    return procedure_for(issue.matter).states[issue.matter.state].label


def _mark(issue: Issue) -> SafeString:
    late = issue.matter.state in ("escalated", "at_national", "with_superior", "with_national", "under_review")
    tone = "none" if issue.matter.ended_at else "wait" if late else "info"
    return badge(here(_state(issue)), "disc-check" if issue.matter.ended_at else "clock" if late else "half", tone)


def _link(issue: Issue) -> SafeString:
    return format_html('<a href="{}">#{} {}</a><span class="subline">{}</span>', reverse("bottleneck", args=[issue.pk]), issue.pk,
                       issue.port.name_zh, here(routing.label_of("kinds", issue.kind)))


def _choices(name: str) -> Any:
    return lambda: tuple(routing.codes(name).items())


def _progress(rows: Any, value: str) -> Any:
    return rows.filter(matter__ended_at__isnull=value == "running")


ISSUES = Table(
    name="issues", title=TITLE,
    columns=(
        Column("issue", Text("诉求", "Issue"), value=lambda each: f"#{each.pk}", show=_link, is_key=True, is_wide=True),
        Column("port", Text("口岸", "Port"), value=lambda each: each.port.name_zh, only="export"),
        Column("kind", Text("类别", "Kind"), value=lambda each: routing.label_of("kinds", each.kind), only="export"),
        Column("stage", Text("环节", "Stage"), value=lambda each: routing.label_of("stages", each.stage)),
        Column("state", Text("状态", "State"), value=_state, show=_mark),
        Column("handler", Text("办理单位", "Office"), value=lambda each: each.handler.name_zh),
        Column("submitted_on", Text("提交", "Submitted"), order="submitted_on", keeps_line=True),
        Column("answered_on", Text("首次答复", "First answer"), order="answered_on", keeps_line=True),
        Column("satisfaction", Text("评价", "Rating"),
               value=lambda each: routing.label_of("satisfactions", each.satisfaction) if each.satisfaction else None),
    ),
    filters=(
        Filter("kind", Text("类别", "Kind"), choices=_choices("kinds"), field="kind"),
        Filter("progress", Text("进度", "Progress"), apply=_progress,
               choices=(("running", Text("办理中", "Under way")), ("ended", Text("已办结", "Ended")))),
        Filter("q", Text("口岸", "Port"), apply=lambda rows, value: rows.filter(port__name_zh__icontains=value)),
    ),
    default_order="-submitted_on",
    empty=Text("没有符合条件的诉求。", "No issue matches."),
    empty_next=Text("企业可从“提交诉求”反映问题；口岸办可代录来电来访。",
                    "An enterprise reports one by “Report an issue”; a port office enters what it was told by phone."),
)


def _crumbs(*labels: Text) -> list[dict[str, Any]]:
    return [{"label": TITLE, "address": reverse("bottlenecks")}, *({"label": each} for each in labels)]


@page("issues.read")
def issues(request: HttpRequest) -> HttpResponseBase:
    """The issues in scope."""
    view = ISSUES.read(request, issues_visible_to(request.user))
    if view.wants_export:
        return view.export()
    user: Any = request.user
    return render(request, "console/bottlenecks/list.html", {
        "table": view, "may_submit": may(user, "issues.submit"), "may_enter": may(user, "issues.enter"), "may_raise": may(user, "issues.raise")})


def _ports(user: Any) -> list[tuple[str, Text]]:
    rows = Port.objects.all() if user.role == Role.ENTERPRISE_USER else Port.objects.visible_to(user)
    return [(each.code, Text(each.name_zh, each.name_en or each.name_zh)) for each in rows.order_by("pinyin", "code")]


FIELDS = ("port", "stage", "kind", "level", "facts", "wanted", "about", "indicator", "contact_name", "contact_phone")


@never_cache
@page("issues.read", methods=("GET", "HEAD", "POST"))
def new(request: HttpRequest) -> HttpResponse:
    """The form of an issue: by an enterprise for itself, or by a port office for one that called."""
    user: Any = request.user
    is_own = may(user, "issues.submit")
    if not is_own and not may(user, "issues.enter"):
        raise NotAllowed.because("not_allowed", "诉求由企业提交，或由口岸办代录。", "Issues come from enterprises, or are entered by port offices.",
                                 remedy=("请由口岸办代录。", "Let a port office enter it."))
    said = {name: request.POST.get(name, request.GET.get(name, "")).strip()[:4001] for name in (*FIELDS, "enterprise_name")}
    anonymous = request.POST.get("is_anonymous") == "yes"
    findings: list[Finding] = []
    if request.method == "POST" and "choose" not in request.POST:
        files = [EvidenceFile(each.file, each.name or "") for each in request.FILES.getlist("evidence") if each.file is not None]
        issue = NewIssue(**{name: said[name] for name in FIELDS}, is_anonymous=anonymous)
        try:
            if is_own:
                made = actions.submit_issue(actor=user, said=issue, files=files)
            else:
                made = actions.enter_issue(actor=user, said=issue, enterprise_name=said["enterprise_name"], files=files)
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = error.findings
        else:
            accept_draft(request, "issue")
            messages.success(request, here(Text(f"已提交，编号#{made.pk}，已送{made.handler.name_zh}。",
                f"Submitted as #{made.pk}; sent to {made.handler.name_zh}.")))
            return redirect("bottleneck", made.pk)
    port = Port.objects.filter(code=said["port"]).first()
    # Who may be concerned is asked once the port is known; before, every agency of the nation would stand in the list.
    concerned = [(each.code, Text(each.name_zh, each.name_en or each.name_zh)) for each in (routing.may_handle(port) if port else ())]
    filled = settings_of(routing.PROCEDURE)
    return render(request, "console/bottlenecks/new.html", {
        "is_own": is_own, "said": said, "is_anonymous": anonymous, "ports": _ports(user), "concerned": concerned, "has_port": port is not None,
        "unfilled": [each.label for code, each in in_force(routing.PROCEDURE).procedure.settings.items() if code not in filled],
        "stages": routing.codes("stages").items(), "kinds": routing.codes("kinds").items(), "levels": routing.codes("levels").items(),
        "indicators": [(code, Text(f"{code} {text.zh}", f"{code} {text.en}")) for code, text in routing.indicators().items()],
        "findings": findings, "accept": ACCEPT, "crumbs": _crumbs(Text("提交诉求", "Report an issue")),
    }, status=422 if findings else 200)


@never_cache
@page("issues.raise", methods=("GET", "HEAD", "POST"))
def weak(request: HttpRequest) -> HttpResponse:
    """A national officer opens a task for a weak indicator, with the submitted score as evidence."""
    names = ("indicator", "port", "score", "evidence", "kind", "stage", "facts", "wanted")
    said = {name: request.POST.get(name, request.GET.get(name, "")).strip()[:4000] for name in names}
    findings: list[Finding] = []
    if request.method == "POST":
        try:
            made = actions.open_from_indicator(
                actor=request.user, indicator=said["indicator"], port=said["port"], score=said["score"], evidence=evidence_said(said["evidence"]),
                facts=said["facts"], wanted=said["wanted"], kind=said["kind"] or "other", stage=said["stage"] or "other")
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = error.findings
        else:
            accept_draft(request, "weak")
            messages.success(request, here(Text(f"已开出任务#{made.pk}，送{made.handler.name_zh}。",
                f"Task #{made.pk} opened for {made.handler.name_zh}.")))
            return redirect("bottleneck", made.pk)
    return render(request, "console/bottlenecks/weak.html", {
        "said": said, "findings": findings, "ports": _ports(request.user), "stages": routing.codes("stages").items(),
        "kinds": routing.codes("kinds").items(),
        "indicators": [(code, Text(f"{code} {text.zh}", f"{code} {text.en}")) for code, text in routing.indicators().items()],
        "crumbs": _crumbs(Text("因指标偏弱开出任务", "Task for a weak indicator")),
    }, status=422 if findings else 200)


def evidence_said(said: str) -> EvidenceRef:
    """The reference of a record, as people and programs write it."""
    try:
        return EvidenceRef.from_uri(said.strip())
    except ValueError:
        raise Refused.because("bad_evidence", "请填写评估得分的引用，如 kouan:evaluation/score/7@2。",
            "Give the reference of the score, as kouan:evaluation/score/7@2.",
                              where=Place(field="evidence"), remedy=("从评估得分页复制。", "Copy it from the page of the score."))


@never_cache
@page("issues.read", methods=("GET", "HEAD", "POST"))
def one(request: HttpRequest, number: int) -> HttpResponse:
    """One issue: what was said, where it went and why, the answers with their evidence; rated or objected to by its enterprise."""
    user: Any = request.user
    issue = get_issue(user, number)
    findings: list[Finding] = []
    status = 200
    if request.method == "POST":
        words = request.POST.get("words", "").strip()
        deeds = {
            "rate": lambda: actions.rate_issue(actor=user, issue=number, satisfaction=request.POST.get("satisfaction", ""), comment=words),
            "object": lambda: actions.object_to_answer(actor=user, issue=number, objection=words),
            "withdraw": lambda: actions.withdraw_issue(actor=user, issue=number, reason=words),
        }
        try:
            deeds.get(request.POST.get("deed", ""), lambda: None)()
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings, status = error.findings, error.http_status
        else:
            messages.success(request, here(Text("已登记。", "Recorded.")))
            return redirect("bottleneck", number)
        issue = get_issue(user, number)
    procedure = procedure_for(issue.matter)
    is_own = user.role == Role.ENTERPRISE_USER
    knows = may_know_enterprise(user, issue)
    state = issue.matter.state
    standing = {} if is_own else standing_of(user, procedure, issue.matter).parties
    open_now = set(procedure.states[state].waits_for) & set(standing)
    answers = answers_of(issue)
    return render(request, "console/bottlenecks/one.html", {
        "issue": issue, "mark": _mark(issue), "state": _state(issue), "is_own": is_own, "knows": knows, "findings": findings,
        "words": {name: routing.label_of(f"{name}s", getattr(issue, name)) for name in ("stage", "kind", "level")},
        "indicator": routing.indicators().get(issue.indicator), "why": Text(issue.why_zh, issue.why_en),
        "handovers": [{"row": each, "step": procedure.transitions[each.step].label} for each in issue.handovers_in_order()],
        "papers": [version for paper in issue.papers.select_related("document") for version in paper.document.versions.all()] if knows else [],
        "answers": [{"row": each, "versions": [(version, quick_state(version)) for paper in each.papers for version in paper.versions.all()]}
                    for each in answers],
        "may_rate": is_own and (state in ("answered", "reviewed") or (issue.lead_id and answers and not issue.satisfaction)),
        "may_object": is_own and state == "answered", "may_withdraw": is_own and issue.matter.ended_at is None,
        "is_my_turn": bool(open_now), "waits_for": [procedure.parties[each].label for each in procedure.states[state].waits_for],
        "rating": routing.label_of("satisfactions", issue.satisfaction) if issue.satisfaction else None,
        "ratings": routing.codes("satisfactions").items(),
        "lead": issue.lead if issue.lead_id and issues_visible_to(user).filter(pk=issue.lead_id).exists() else None,
        "joined": list(issues_visible_to(user).filter(lead=issue)) if not is_own else [],
        "crumbs": _crumbs(Text(f"#{issue.pk}", f"#{issue.pk}")),
    }, status=status)


@page("issues.read")
def evidence(request: HttpRequest, number: int, version: int) -> HttpResponseBase:
    """A file of an issue as it came; the trail records who took it."""
    found = evidence_version(request.user, number, version)
    refuse_unfit(found)
    record_event("download", actor_id=request.user.pk, payload={"issue": number, "document": found.document_id, "version": found.number,
                                                                "sha256": found.sha256})
    response = FileResponse(file_place(found.sha256).open("rb"), content_type="application/octet-stream")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.file_name)}"
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _hidden(name: str) -> Any:
    return lambda each: getattr(each, name)


GROUPS = Table(
    name="issue-statistics", title=Text("堵点难点统计", "Figures on bottlenecks"),
    columns=(
        Column("dimension", Text("分组", "By"), value=lambda each: DIMENSIONS[each.dimension][0], only="export"),
        Column("label", Text("名称", "Name"), is_key=True, is_wide=True),
        Column("count", Text("件数", "Issues"), is_number=True),
        Column("answered", Text("已答复", "Answered"), is_number=True, value=_hidden("answered")),
        Column("median_days", Text("答复天数中位数", "Median days to the answer"), is_number=True, value=_hidden("median_days")),
        Column("reopened", Text("企业曾不认可", "Objected to"), is_number=True, value=_hidden("reopened")),
        Column("rated", Text("已评价", "Rated"), is_number=True, value=_hidden("rated")),
        Column("satisfied", Text("满意和基本满意", "Satisfied or fairly"), is_number=True, value=_hidden("satisfied")),
    ),
    group=lambda each: DIMENSIONS[each.dimension][0], default_order="",
    empty=Text("还没有可以公布的统计。", "There are no figures to show yet."),
    empty_next=Text("少于3件的分组不公布，以免他人推知企业。",
        "Groups of fewer than three issues are not shown, so that nobody can tell the enterprise."),
)


@page("issues.read")
def figures(request: HttpRequest) -> HttpResponseBase:
    """Figures: to enterprises what is public, to offices those of their scope, or (``?public``) what the public sees."""
    is_public = getattr(request.user, "role", "") == Role.ENTERPRISE_USER or "public" in request.GET
    rows = public_statistics() if is_public else statistics(issues_visible_to(request.user))
    view = GROUPS.read(request, rows)
    if view.wants_export:
        return view.export()
    return render(request, "console/bottlenecks/figures.html", {
        "table": view, "is_public": is_public, "may_switch": getattr(request.user, "role", "") != Role.ENTERPRISE_USER,
        "crumbs": _crumbs(Text("统计", "Figures"))})


urlpatterns = [
    path("bottlenecks", issues, name="bottlenecks"),
    path("bottlenecks/new", new, name="bottleneck-new"),
    path("bottlenecks/weak-indicator", weak, name="bottleneck-weak"),
    path("bottlenecks/statistics", figures, name="bottleneck-figures"),
    path("bottlenecks/<int:number>", one, name="bottleneck"),
    path("bottlenecks/<int:number>/evidence/<int:version>", evidence, name="bottleneck-evidence"),
]
