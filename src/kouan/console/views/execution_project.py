"""One project of the plan: what the plan says, how it stands, days, milestones, money, progress by quarter; and what the reader may do."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, re_path, reverse
from django.views.decorators.cache import never_cache

from kouan.basis import Finding, Place, Refused, Text, clock
from kouan.basis.period import Period, PeriodKind
from kouan.casework.execution import actions, reports
from kouan.casework.execution.models import FundingKind, ProjectMilestone
from kouan.casework.execution.proof import Proof
from kouan.casework.execution.queries import (
    BOXES,
    MONEY,
    ProjectView,
    get_project,
    is_steward,
    may_decide,
    may_edit,
    may_report,
    offices_for,
)
from kouan.casework.execution.slippage import linear_percent, milestone_slip
from kouan.console.execution_marks import (
    FUNDING,
    lag_words,
    percent_words,
    report_badge,
    state_badge,
    total_words,
    wan,
)
from kouan.console.page import accept_draft, page
from kouan.console.views.execution import MONEY_WORDS, TITLE
from kouan.console.views.oversight import attempt, crumbs, hand_out, needed_day, read_day
from kouan.console.words import REGIONS
from kouan.desk.matters.paper_files import ACCEPT, ALLOWED
from kouan.desk.queries import quick_state
from kouan.ports.queries import ports_visible_to

SAID = ("owner", "start", "finish", "started_on", "reason", "title", "planned_on", "kind", "planned", "arranged", "paid", "note", "quarter",
    "percent",
        "done", "difficulties", "finished_on", "correction", "sha256", "opinion", "new_day", "actual_on", "why", "version")
# Fields of two forms of the page that bear one name in the verbs.
RENAMED = {"reach": {"planned_on": "new_day", "reason": "why", "file": "reached_file"}}
# As far back as a report is taken; the plan's first quarter.
MOST_QUARTERS = 24


def read_amount(said: str, field: str) -> Decimal | None:
    """Money of a form: empty is 未填. Refused at its field where it is no number."""
    if not said:
        return None
    try:
        return Decimal(said.replace(",", "").replace("，", ""))
    except InvalidOperation:
        raise Refused.because("not_a_number", "请填写数字，以万元计。", "Enter a number of 万元 (10,000 yuan).", where=Place(field=field),
                              remedy=("不清楚的请留空，空即“未填”。", "Leave empty what is not known.")) from None


def read_whole(said: str, field: str) -> int:
    """A whole number of a form; Refused at its field where it is none."""
    if not (said.isascii() and said.isdigit() and len(said) < 6):
        raise Refused.because("not_a_number", "请填写整数。", "Enter a whole number.", where=Place(field=field), remedy=("写成 45。",
            "Write it as 45."))
    return int(said)


@never_cache
@page("oversight.read", methods=("GET", "HEAD", "POST"))
def project(request: HttpRequest, code: str) -> HttpResponse:
    """One row of the plan with all that is on record of it."""
    user: Any = request.user
    one = get_project(user, code)
    said = {name: request.POST.get(name, "").strip()[:4000] for name in SAID}
    findings: list[Finding] = []
    status, deed, number = 200, request.POST.get("do", ""), request.POST.get("number", "")
    if request.method == "POST":
        findings, status = attempt(request, _deed(request, one, deed, said), Text("已办理。", "Done."))
        if not findings:
            accept_draft(request, deed)
            return redirect("plan-project", code)
        findings = [each.at(field=RENAMED.get(deed, {}).get(each.where.field or "", each.where.field)) for each in findings]
        one = get_project(user, code)
    run = one.run
    if deed != "set":
        said |= {"owner": one.owner.code if one.owner else "", "reason": run.reason if run else ""}
        said |= {name: getattr(run, name).isoformat() if run and getattr(run, name) else "" for name in ("start", "finish", "started_on")}
    if deed != "report" and one.owed:
        said["quarter"] = one.owed[0].code
    today = clock.today()
    edits, named = may_edit(user, one), [("", Text("", ""))]
    if edits:
        offices = offices_for(user, one) if is_steward(user, one) else [one.owner] if one.owner else []
        named = [(each.code, Text(each.name_zh, each.name_en or each.name_zh)) for each in offices]
    seen = ports_visible_to(user).filter(project_links__project=one.project)
    return render(request, "console/execution/project.html", {
        "one": one, "row": one.project, "run": run, "said": said, "findings": findings, "deed": deed,
            "refused_number": int(number) if deed == "reach" and number.isascii() and number.isdigit() else None, "version": one.version,
        "box": BOXES[one.box], "mark": state_badge(one.standing.state), "percent": percent_words(one), "ports": list(seen),
        "counterpart": REGIONS.get(one.project.counterpart_code), "even": linear_percent(run.first_start, run.first_finish, today)
        if run and run.first_start and run.first_finish else None,
        "lags": [(Text("比匀速进度", "Against an even progress"), lag_words(one.standing.linear)),
                 (Text("节点最大偏差", "Worst milestone"), lag_words(one.standing.worst_milestone)),
                 (Text("对计划完成日", "Against the planned finish"), lag_words(one.standing.overrun))],
        "milestones": [(each, _slip(each, today), _files(each.document)) for each in one.milestones],
        "money": [(FUNDING[kind], [wan(getattr(one.funding[kind], name)) if kind in one.funding else wan(None) for name in MONEY],
                   one.funding[kind].note if kind in one.funding else "") for kind in FundingKind],
        "totals": [total_words(one.total(name)) for name in MONEY], "money_words": [MONEY_WORDS[name] for name in MONEY],
        "money_remark": _remark(one), "kinds": list(FUNDING.items()),
        "reports": [(each, report_badge(each), _files(each.evidence), may_decide(user, one,
            each) and each.state == "waiting") for each in one.reports],
        "quarters": _quarters(today), "offices": named, "accept": ACCEPT, "allowed": ALLOWED,
        "may_edit": edits, "may_report": may_report(user, one) and run is not None and run.start is not None and run.finish is not None,
        "needs_days": may_report(user, one) and (run is None or run.start is None or run.finish is None),
        "crumbs": crumbs({"label": TITLE, "address": reverse("plan-projects")}, f"{one.code} {one.project.object_zh}"),
    }, status=status)


def _deed(request: HttpRequest, one: ProjectView, deed: str, said: dict[str, str]) -> Callable[[], Any]:
    known: dict[str, Any] = {"actor": request.user, "project": one.code}
    upload = request.FILES.get("file")
    proof = Proof(upload.file if upload is not None else None, (upload.name or "") if upload is not None else "", sha256=said["sha256"])
    version = int(said["version"]) if said["version"].isascii() and said["version"].isdigit() else 0
    number = request.POST.get("number", "")

    def act() -> None:
        match deed:
            case "set":
                actions.set_project(**known, owner=said["owner"], start=read_day(said["start"], "start"), finish=read_day(said["finish"], "finish"),
                                    started_on=read_day(said["started_on"], "started_on"), reason=said["reason"], version=version)
            case "milestone":
                actions.add_milestone(**known, title=said["title"], planned_on=needed_day(said["planned_on"], "planned_on"), version=version)
            case "reach" if number.isascii() and number.isdigit():
                actions.set_milestone(**known, milestone=int(number), planned_on=needed_day(said["new_day"], "planned_on"),
                                      actual_on=read_day(said["actual_on"], "actual_on"), reason=said["why"], proof=proof, version=version)
            case "money":
                amounts: dict[str, Any] = {name: read_amount(said[name], name) for name in MONEY}
                actions.set_funding(**known, kind=said["kind"], **amounts, note=said["note"], version=version)
            case "report":
                reports.file_report(
                    **known, quarter=said["quarter"], percent=read_whole(said["percent"], "percent"), done=said["done"],
                    difficulties=said["difficulties"], finished_on=read_day(said["finished_on"], "finished_on"), correction=said["correction"],
                    proof=proof)
            case "confirm" | "return" if number.isascii() and number.isdigit():
                reports.decide_report(**known, report=int(number), confirm=deed == "confirm", opinion=said["opinion"])
            case _:
                raise Refused.because("unknown_deed", "没有这项操作。", "There is no such deed.", remedy=("请使用页面上的按钮。",
                    "Use the page's buttons."))

    return act


@page("oversight.read")
def evidence(request: HttpRequest, code: str, kind: str, number: str, version: str) -> HttpResponseBase:
    """A file that shows a milestone or a report, for whoever sees the project; an altered one is not handed out."""
    one = get_project(request.user, code)
    rows: Any = one.milestones if kind == "milestones" else one.reports
    found = next((each for each in rows if each.pk == int(number)), None)
    paper = None if found is None else found.document if kind == "milestones" else found.evidence
    return hand_out(request, paper.versions.filter(pk=int(version)).first() if paper is not None else None, {"project": code})


def _slip(milestone: ProjectMilestone, today: Any) -> str | None:
    days = milestone_slip(milestone.first_planned_on, milestone.actual_on, today)
    return None if days is None else lag_words(days)


def _files(paper: Any) -> list[tuple[Any, str]]:
    return [(file, quick_state(file)) for file in paper.versions.all()] if paper is not None else []


def _remark(one: ProjectView) -> Text | None:
    arranged, paid = one.total("arranged"), one.total("paid")
    if arranged.value is not None and paid.value is not None and paid.value > arranged.value:
        return Text("支付合计大于落实合计，请核对。", "More is paid than arranged: please check.")
    return None


def _quarters(today: Any) -> list[tuple[str, Text]]:
    quarter = Period.of(PeriodKind.QUARTER, today).previous()
    found: list[tuple[str, Text]] = []
    while len(found) < MOST_QUARTERS and quarter >= reports.FIRST_QUARTER:
        found.append((quarter.code, Text(quarter.label(), quarter.label("en"))))
        quarter = quarter.previous()
    return found


urlpatterns = [
    path("oversight/projects/<slug:code>", project, name="plan-project"),
    re_path(r"^oversight/projects/(?P<code>P\d{1,2}-\d{2})/(?P<kind>milestones|reports)/(?P<number>\d{1,12})/(?P<version>\d{1,12})$", evidence,
            name="plan-project-evidence"),
]
