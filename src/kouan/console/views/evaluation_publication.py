"""公布内容: one person proposes which fields of which ports are public, the head approves, and may withdraw what was approved."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.action import refuse
from kouan.accounts.permissions import may
from kouan.basis import Finding, Text
from kouan.console import figures
from kouan.console.evaluation_page import proposal_mark, round_page
from kouan.console.marks import badge
from kouan.console.page import accept_draft, missing, page
from kouan.console.tables import Column, Table
from kouan.console.views.oversight import attempt
from kouan.console.words import here
from kouan.evaluation.rounds.clearing import (
    FIELDS,
    clearances_visible_to,
    decide_clearance,
    propose_clearance,
    public_years,
    withdraw_clearance,
)
from kouan.evaluation.rounds.models import Clearance, ClearanceState, Round
from kouan.evaluation.rounds.queries import WITH_DECIMALS, is_national

TITLE = Text("公布内容", "Publication")
STATES = {
    "proposed": Text("待核准", "To be decided"), "approved": Text("已核准", "Approved"), "refused": Text("不予核准", "Refused"),
    "withdrawn": Text("已撤回", "Withdrawn"),
}
_MARKS = {"proposed": ("dotted-ring", "wait"), "approved": ("disc-check", "ok"), "refused": ("triangle-cross", "bad"), "withdrawn": ("disc", "none")}
DONE = {
    "propose": Text("已提出，请负责人核准。", "Proposed; the head decides."), "approve": Text("已核准。", "Approved."),
    "refuse": Text("已记为不予核准。", "Refused."), "withdraw": Text("已撤回，公开页不再显示。", "Withdrawn; the public page shows it no more."),
}


def _fields(row: Clearance) -> SafeString:
    return format_html_join("", "<div>{}</div>", ((here(FIELDS[each].label),) for each in row.fields if each in FIELDS))


def _who(person: Any, day: Any, said: str) -> SafeString | str:
    if person is None:
        return "—"
    return format_html('{} <span class="keep">{}</span><span class="subline">{}</span>', person.display_name, figures.day(day), said)


VERSIONS = Table(
    name="clearances", title=Text("各版公开内容", "Versions"),
    columns=(
        Column("version", Text("版本", "Version"), is_key=True),
        Column("state", Text("状态", "State"), value=lambda r: STATES[r.state], show=lambda r: badge(here(STATES[r.state]), *_MARKS[r.state])),
        Column("fields", Text("公开的内容", "What is public"), value=lambda r: "、".join(r.fields), show=_fields),
        Column("port_count", Text("口岸数", "Ports"), is_number=True),
        Column("proposed", Text("提出", "Proposed"), value=lambda r: r.proposed_on, show=lambda r: _who(r.proposed_by, r.proposed_on, r.reason)),
        Column("decided", Text("核准", "Decided"), value=lambda r: r.decided_on, show=lambda r: _who(r.decided_by, r.decided_on, r.opinion)),
        Column("withdrawn", Text("撤回", "Withdrawn"), value=lambda r: r.withdrawn_on,
               show=lambda r: _who(r.withdrawn_by, r.withdrawn_on, r.withdrawn_reason)),
        Column("digest", Text("公开文本校验值", "Digest of the public text"),
               show=lambda r: format_html('<code title="{}">{}…</code>', r.digest, r.digest[:16])),
    ),
    empty=Text("还没有提出公开内容。", "Nothing was proposed yet."),
    empty_next=Text("结果通报后，由国家口岸办一人提出、负责人核准；公布后公众只能看到核准的内容。",
                    "Once the results are notified, one person proposes and the head approves; the public then reads that and nothing else."),
)


@never_cache
@page("rounds.read", methods=("GET", "HEAD", "POST"))
def evaluation_publication(request: HttpRequest, year: int) -> HttpResponseBase:
    """What is cleared of a round. For the national office: to others the same 403 as for any page that is not theirs."""
    user: Any = request.user
    held, context = round_page(request, year, "evaluation-publication", TITLE)
    if not is_national(user):
        raise refuse(user, "clearances.propose", "evaluation.publication")
    findings: list[Finding] = []
    status = 200
    deed = request.POST.get("do", "")
    said = {name: request.POST.get(name, "").strip()[:400] for name in ("reason", "opinion", "withdrawal")}
    fields = request.POST.getlist("fields")[:20]
    if request.method == "POST":
        if deed not in DONE:
            raise missing()
        findings, status = attempt(request, lambda: _do(request, held, deed, said, fields), DONE[deed])
        if not findings:
            accept_draft(request, f"clearance-{deed}")
            return redirect("evaluation-publication", year)
    rows = clearances_visible_to(user, held)
    view = VERSIONS.read(request, rows)
    if view.wants_export:
        return view.export()
    waiting = rows.filter(state=ClearanceState.PROPOSED).first()
    approved = rows.filter(state=ClearanceState.APPROVED).order_by("-version").first()
    newest = rows.exclude(state__in=(ClearanceState.PROPOSED, ClearanceState.REFUSED)).order_by("-version").first()
    can_approve = may(user, "clearances.approve")
    return render(request, "console/evaluation/publication.html", context | {
        "proposal": proposal_mark(held.scheme_version.is_proposal), "table": view, "findings": findings, "deed": deed, "said": said,
        "waiting": waiting, "approved": approved if newest is not None and approved == newest else None,
        "is_mine": waiting is not None and waiting.proposed_by_id == user.pk,
        "waiting_fields": [FIELDS[each].label for each in waiting.fields] if waiting else [],
        "has_decimals": waiting is not None and any(FIELDS[each].is_decimal for each in waiting.fields),
        "may_propose": may(user, "clearances.propose") and held.stage in WITH_DECIMALS and waiting is None, "is_time": held.stage in WITH_DECIMALS,
        "may_decide": can_approve and waiting is not None and waiting.proposed_by_id != user.pk, "may_withdraw": can_approve,
        "choices": [(code, each.label, each.is_decimal, code in (fields if request.method == "POST" else ("band", "class"))) for code, each in
                    FIELDS.items()],
        "public_address": reverse("evaluation-public", args=[year]) if year in public_years() else "",
    }, status=status)


def _do(request: HttpRequest, held: Round, deed: str, said: dict[str, str], fields: list[str]) -> Clearance:
    user: Any = request.user
    if deed == "propose":
        return propose_clearance(actor=user, year=held.year, fields=fields, reason=said["reason"])
    number = request.POST.get("version", "")
    version = int(number) if number.isascii() and number.isdigit() and len(number) < 5 else 0
    if deed == "withdraw":
        return withdraw_clearance(actor=user, year=held.year, version=version, reason=said["withdrawal"])
    return decide_clearance(actor=user, year=held.year, version=version, approves=deed == "approve", opinion=said["opinion"],
                            with_decimals=request.POST.get("with_decimals") == "yes")


urlpatterns = [path("evaluation/<int:year>/publication", evaluation_publication, name="evaluation-publication")]
