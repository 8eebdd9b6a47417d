"""异议: those that the reader may see, and the form by which a reporting office objects while comments are open."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.permissions import may
from kouan.basis import Finding, Text, clock
from kouan.console.evaluation_page import card_address, proposal_mark, round_page
from kouan.console.marks import badge
from kouan.console.page import accept_draft, page
from kouan.console.tables import Column, Filter, Table, put
from kouan.console.views.matters import due_cell
from kouan.console.views.oversight import attempt
from kouan.console.words import here
from kouan.desk.matters.queries import clocks_of, procedure_for, working_days
from kouan.evaluation.method.scheme import Scheme
from kouan.evaluation.rounds.models import Objection, Round
from kouan.evaluation.rounds.objections import objections_visible_to, raise_objection
from kouan.evaluation.rounds.queries import results

TITLE = Text("异议", "Objections")
_MARKS = {"upheld": ("disc-check", "ok"), "dismissed": ("cross", "bad"), "withdrawn": ("dash-ring", "none")}
WHOLE = Text("整个结果", "The result as a whole")


def _label(row: Objection) -> Text:
    return procedure_for(row.matter).states[row.matter.state].label


def _state(row: Objection) -> SafeString:
    return badge(here(_label(row)), *_MARKS.get(row.matter.state, ("half", "info")))


def _matter(row: Objection) -> SafeString:
    return format_html('<a href="{}">#{}</a>', reverse("matter", args=[row.matter_id]), row.matter_id)


def _port(row: Objection) -> SafeString:
    name = here(Text(row.port.name_zh, row.port.name_en or row.port.name_zh))
    address = card_address(row.scoring.round.year, row.port.code)
    return format_html('<a href="{}">{}</a><span class="subline">{}</span>', address, name, row.port.code)


OBJECTIONS = Table(
    name="objections", title=Text("异议", "Objections"), default_order="-raised_on",
    columns=(
        Column("port", Text("口岸", "Port"), value=lambda r: Text(r.port.name_zh, r.port.name_en or r.port.name_zh), show=_port, is_key=True),
        Column("code", Text("代码", "Code"), value=lambda r: r.port.code, only="export"),
        Column("indicator", Text("针对", "Against"), value=lambda r: r.against),
        Column("grounds", Text("理由", "Grounds"), is_wide=True),
        Column("office", Text("提出单位", "Raised by"), value=lambda r: r.office.name),
        Column("raised_on", Text("提出日期", "Raised on"), order=True, keeps_line=True),
        Column("version", Text("结果版本", "Version of the result"), value=lambda r: r.scoring.number, only="export"),
        Column("state", Text("状态", "State"), value=_label, show=_state),
        Column("matter", Text("办件", "Matter"), value=lambda r: r.matter_id, show=_matter, keeps_line=True),
    ),
    filters=(
        Filter("open", Text("状态", "State"), choices=(("yes", Text("未决定", "Not decided")), ("no", Text("已办结", "Ended"))),
               apply=lambda rows, value: [row for row in rows if (row.matter.ended_at is None) is (value == "yes")]),
        Filter("q", Text("口岸或单位", "Port or office"), apply=lambda rows, value: [
            row for row in rows if value.lower() in " ".join((row.port.name_zh, row.port.name_en, row.port.code, *row.office.name)).lower()]),
    ),
    empty=Text("没有异议。", "There is no objection."),
    empty_next=Text("意见和异议期内，由口岸的报送单位对本辖区口岸的结果或某项指标提出。",
                    "While comments are open the office that reports for a port objects to its result, or to one indicator."),
)


@never_cache
@page("rounds.read", methods=("GET", "HEAD", "POST"))
def evaluation_objections(request: HttpRequest, year: int) -> HttpResponseBase:
    """The objections of a round; who reports for ports raises one here."""
    user: Any = request.user
    held, context = round_page(request, year, "evaluation-objections", TITLE)
    scheme = held.scheme_version.scheme()
    findings: list[Finding] = []
    status = 200
    said = {name: request.POST.get(name, "").strip()[:2000 if name == "grounds" else 64] for name in ("port", "indicator", "grounds")}
    if request.method == "POST":
        made: list[Objection] = []
        findings, status = attempt(request, lambda: made.append(raise_objection(actor=user, year=year, **said)),
                                   Text("已提出，由国家口岸办答复并由其负责人决定。", "Raised; the national office answers and its head decides."))
        if not findings:
            accept_draft(request, "objection")
            return redirect("evaluation-objections", year)
    rows = list(objections_visible_to(user, held))
    for each in rows:
        put(each, against=_against(scheme, each.indicator))
    view = OBJECTIONS.read(request, rows)
    if view.wants_export:
        return view.export()
    return render(request, "console/evaluation/objections.html", context | {
        "table": view, "findings": findings, "said": said, "proposal": proposal_mark(held.scheme_version.is_proposal),
        "may_object": may(user, "rounds.object"), "is_open": held.stage == "commenting", "until": _until(held),
        "ports": _own_ports(user, held) if may(user, "rounds.object") and held.stage == "commenting" else [],
        "indicators": [(each.code, Text(f"{each.code} {each.name.zh}", f"{each.code} {each.name.en}")) for each in scheme.indicators],
    }, status=status)


def _against(scheme: Scheme, indicator: str) -> Text:
    if not indicator:
        return WHOLE
    name = scheme.indicator(indicator).name
    return Text(f"{indicator} {name.zh}", f"{indicator} {name.en}")


def _own_ports(user: Any, held: Round) -> list[tuple[str, Text]]:
    """The ports that the reader's office reports for and whose result it may read."""
    own = {code for each in held.returns.filter(office_id=user.organisation_id) for code in each.ports}
    return [(each.code, each.name) for each in results(user, held, brief=True) if each.code in own]


def _until(held: Round) -> Any:
    """The last day for objections, while they are open."""
    today, calendar = clock.today(), working_days()
    found = next((each for each in clocks_of(held.matter, today, calendar) if each.code == "comment" and each.state == "running"), None)
    return due_cell(found.due, found.is_provisional, today, calendar) if found else None


urlpatterns = [path("evaluation/<int:year>/objections", evaluation_objections, name="evaluation-objections")]
