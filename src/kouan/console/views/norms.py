"""作业流程 → 作业时间规范: the norms on record, one with its paper and decision, the form to propose; two persons put one in force."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.permissions import may
from kouan.basis import Finding, NotAllowed, NotFound, Place, Refused, Text, clock
from kouan.console.marks import badge
from kouan.console.page import accept_draft, page
from kouan.console.tables import Column, Filter, Table
from kouan.console.words import here
from kouan.monitoring.norms import actions
from kouan.monitoring.norms.models import NormState, OperationNorm
from kouan.monitoring.norms.queries import get_norm, norms_visible_to
from kouan.monitoring.timing.definitions import shipped
from kouan.ports.models import Port, TransportClass

TITLE = Text("作业时间规范", "Norms of operation times")
STATES = {"waiting": Text("待批准", "Waiting"), "approved": Text("已批准", "Approved"), "rejected": Text("不予批准", "Rejected"),
          "withdrawn": Text("已撤回", "Withdrawn")}
_MARKS = {"waiting": ("clock", "wait"), "approved": ("disc-check", "ok"), "rejected": ("cross", "bad"), "withdrawn": ("cross", "none")}
WAYS = {"inbound": Text("进境", "inbound"), "outbound": Text("出境", "outbound"), "transit": Text("过境", "transit")}
MODES = {"sea": Text("海运", "sea"), "river": Text("内河", "river"), "air": Text("空运", "air"), "rail": Text("铁路", "rail"),
         "road": Text("公路", "road")}
CLOCKS = {"around": Text("历时（24×7）", "elapsed, 24×7"), "open": Text("只计开放时间", "opening hours only")}
TYPES = {"sea": Text("海运口岸", "sea ports"), "inland_river": Text("内河口岸", "inland river ports"),
         "boundary_river": Text("界河口岸", "boundary river ports"), "rail": Text("铁路口岸", "railway ports"),
         "road": Text("公路口岸", "highway ports"),
         "air_coastal": Text("沿海航空口岸", "coastal air ports"), "air_other": Text("其他航空口岸", "other air ports")}
FIELDS = ("name_zh", "name_en", "whole", "first", "last", "direction", "mode", "port_type", "port", "clock_kind", "hours", "valid_from", "valid_to",
          "document", "document_number", "article", "issued", "reason")


def _wholes() -> dict[str, Text]:
    return {each.code: each.name for each in shipped().wholes}


def _milestones() -> dict[str, Text]:
    return {each.code: each.name for each in shipped().milestones.values()}


def subject_words(row: OperationNorm) -> Text:
    """What the norm limits: the whole, or the span between two milestones in it."""
    whole = _wholes().get(row.whole, Text(row.whole, row.whole))
    if not row.first:
        return whole
    first, last = (_milestones().get(code, Text(code, code)) for code in (row.first, row.last))
    return Text(f"{whole.zh}：{first.zh}至{last.zh}", f"{whole.en}: {first.en} to {last.en}")


def where_words(row: OperationNorm) -> Text:
    """For which ports, direction and mode it holds."""
    what = (Text(row.port.name_zh, row.port.name_en or row.port.name_zh) if row.port is not None
            else TYPES[row.port_type] if row.port_type else Text("全部口岸", "all ports"))
    ways = [WAYS[row.direction], *([MODES[row.mode]] if row.mode else [])]
    return Text(f"{what.zh}，{'、'.join(each.zh for each in ways)}", f"{what.en}, {', '.join(each.en for each in ways)}")


def _mark(row: OperationNorm) -> SafeString:
    return badge(here(STATES[row.state]), *_MARKS[row.state])


def _is_in_force(row: OperationNorm) -> bool:
    today = clock.today()
    return row.state == NormState.APPROVED and row.valid_from <= today and (row.valid_to is None or today <= row.valid_to)


NORMS = Table(
    name="norms", title=TITLE,
    columns=(
        Column("name", Text("规范", "Norm"), value=lambda row: row.name, is_key=True, is_wide=True,
               show=lambda row: format_html('<a href="{}">{}</a>', reverse("norm", args=[row.pk]), here(row.name))),
        Column("subject", Text("分段", "Segment"), value=subject_words, is_wide=True),
        Column("where", Text("适用", "Where"), value=where_words, is_wide=True),
        Column("hours", Text("时限", "Limit"), unit=Text("小时", "hours"), value=lambda row: row.hours.normalize(), is_number=True,
               show=lambda row: f"{row.hours.normalize():f}"),
        Column("valid_from", Text("自", "From"), order="valid_from", keeps_line=True),
        Column("valid_to", Text("至", "To"), keeps_line=True),
        Column("document", Text("文件", "Paper"), is_wide=True,
               value=lambda row: " ".join(filter(None, (row.document, row.document_number, row.article)))),
        Column("state", Text("状态", "State"), value=lambda row: STATES[row.state], show=_mark),
    ),
    filters=(Filter("state", Text("状态", "State"), field="state", choices=tuple(STATES.items())),),
    default_order="-valid_from",
    empty=Text("没有登记作业时间规范。", "No norm is on record."),
    empty_next=Text("国家没有公布作业时间规范；由国家口岸办一人提出、另一人批准后施行。",
                    "No national norm is public; one officer of the national office proposes, another approves."),
)


def _options(user: Any) -> dict[str, Any]:
    ports = Port.objects.visible_to(user).order_by("pinyin", "code")
    return {
        "wholes": _wholes().items(), "milestones": _milestones().items(), "ways": WAYS.items(), "modes": MODES.items(), "clocks": CLOCKS.items(),
        "types": [(code, TYPES[code]) for code in TransportClass.values],
        "ports": [(each.code, Text(each.name_zh, each.name_en or each.name_zh)) for each in ports],
    }


def _day(said: dict[str, str], name: str, findings: list[Finding]) -> date | None:
    if not said[name]:
        return None
    try:
        return date.fromisoformat(said[name])
    except ValueError:
        findings.append(Finding.error("bad_date", "请填写日期。", "Give a day.", where=Place(field=name),
                                      remedy=("如 2026-01-01。", "As 2026-01-01.")))
        return None


def _propose(request: HttpRequest, said: dict[str, str]) -> OperationNorm:
    findings: list[Finding] = []
    days = {name: _day(said, name, findings) for name in ("valid_from", "valid_to", "issued")}
    try:
        hours: Decimal | None = Decimal(said["hours"])
    except InvalidOperation:
        hours = None
    texts = {name: said[name] for name in FIELDS if name not in (*days, "hours")}
    if findings:
        raise Refused(findings)
    return actions.propose_norm(actor=request.user, said=actions.NewNorm(
        **{**texts, "clock_kind": texts["clock_kind"] or "around"}, hours=hours, **days))  # type: ignore[arg-type]


@never_cache
@page("events.read", methods=("GET", "HEAD", "POST"))
def norms(request: HttpRequest) -> HttpResponseBase:
    """The norms on record, and the form to propose one."""
    said = {name: request.POST.get(name, "").strip()[:400] for name in FIELDS}
    findings: list[Finding] = []
    status = 200
    if request.method == "POST":
        try:
            made = _propose(request, said)
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings, status = error.findings, error.http_status
        else:
            accept_draft(request, "norm")
            messages.success(request, here(Text("已提出，待另一位同事批准。", "Proposed; a colleague is to approve it.")))
            return redirect("norm", made.pk)
    view = NORMS.read(request, norms_visible_to(request.user).select_related("port"))
    if view.wants_export:
        return view.export()
    may_propose = may(request.user, "norms.propose")
    return render(request, "console/processes/norms.html", {
        "table": view, "findings": findings, "said": said, "may_propose": may_propose, **(_options(request.user) if may_propose else {}),
        "crumbs": [{"label": Text("作业流程", "Process views"), "address": reverse("processes")}, {"label": TITLE}]}, status=status)


@never_cache
@page("events.read", methods=("GET", "HEAD", "POST"))
def norm(request: HttpRequest, number: int) -> HttpResponse:
    """One norm: its subject, value and days, its paper, who proposed and who decided; the decision."""
    user: Any = request.user
    row = get_norm(user, number)
    findings: list[Finding] = []
    status, reason, deed = 200, request.POST.get("reason", "")[:400], request.POST.get("deed", "")
    if request.method == "POST":
        try:
            if deed == "withdraw":
                actions.withdraw_norm(actor=user, number=row.pk, reason=reason)
            else:
                actions.decide_norm(actor=user, number=row.pk, is_approved=deed == "approve", reason=reason)
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings, status = error.findings, error.http_status
        else:
            accept_draft(request, "norm-decision")
            messages.success(request, here(Text("已登记决定。", "The decision is recorded.")))
            return redirect("norm", row.pk)
    is_mine = row.proposed_by_id == user.pk
    return render(request, "console/processes/norm.html", {
        "row": row, "mark": _mark(row), "subject": subject_words(row), "where": where_words(row), "clock": CLOCKS[row.clock_kind],
        "hours": f"{row.hours.normalize():f}", "is_in_force": _is_in_force(row), "findings": findings, "said": {"reason": reason},
        "may_withdraw": row.state == NormState.WAITING and is_mine and may(user, "norms.propose"),
        "may_decide": row.state == NormState.WAITING and not is_mine and may(user, "norms.approve"),
        "crumbs": [{"label": Text("作业流程", "Process views"), "address": reverse("processes")}, {"label": TITLE, "address": reverse("norms")},
                   {"label": row.name}],
    }, status=status)


urlpatterns = [path("processes/norms", norms, name="norms"), path("processes/norms/<int:number>", norm, name="norm")]
