"""核验台: what is missing, late or doubtful in a round, per office and port, each line with the way to the place where it is mended."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.permissions import may
from kouan.basis import Text
from kouan.console import figures
from kouan.console.addresses import address_of
from kouan.console.evaluation_page import card_address, proposal_mark, round_page
from kouan.console.marks import badge
from kouan.console.page import page
from kouan.console.tables import Column, Filter, Table
from kouan.console.words import here
from kouan.evaluation.method.scheme import Scheme
from kouan.evaluation.rounds.queries import is_national
from kouan.evaluation.rounds.workbench import (
    CONTRADICTION,
    HELD,
    KINDS,
    MARKED,
    RETURN_LATE,
    Doubt,
    doubtful,
)

TITLE = Text("核验台", "Workbench")
_MARKS = {
    RETURN_LATE: ("triangle-cross", "bad"), HELD: ("clock", "wait"), "awaited": ("dotted-ring", "wait"), "unreported": ("triangle-cross", "bad"),
    "no_evidence": ("diamond", "wait"), "peer_median": ("half", "info"), "carried": ("arrows", "info"), "suspended": ("bars", "wait"),
    CONTRADICTION: ("cross", "bad"),
}
_BY_RETURN = ("awaited", "unreported", "carried", RETURN_LATE)


class Line:
    """One line as its page shows it: the doubt, the indicator in words, and where it is mended."""

    def __init__(self, doubt: Doubt, year: int, scheme: Scheme, way: tuple[str, Text]) -> None:
        self.doubt, self.year, self.way = doubt, year, way
        self.kind, self.office, self.port, self.since = doubt.kind, doubt.office, doubt.port, doubt.since
        self.indicator = doubt.indicator
        name = scheme.indicator(doubt.indicator).name if doubt.indicator else None
        self.about = Text(f"{doubt.indicator} {name.zh}", f"{doubt.indicator} {name.en}") if name else None
        self.group = scheme.indicator(doubt.indicator).group if doubt.indicator else ""


def way_of(user: Any, doubt: Doubt, year: int) -> tuple[str, Text]:
    """Where a doubt is mended by this reader: an address and its words; empty where another has to act."""
    if doubt.kind == HELD:
        return reverse("holding", args=[doubt.holding]), Text("处理暂存行", "Decide the row")
    if doubt.kind == CONTRADICTION:
        return f"{reverse('evaluation-round', args=[year])}?findings.source=scoring#found", Text("查看计分问题", "See the findings")
    if doubt.kind in ("no_evidence", "peer_median"):
        return address_of("evaluation-filing-port", year, doubt.port), Text("补充佐证或答卷数", "File evidence or answers")
    if doubt.kind == "suspended":
        return (address_of("evaluation-rulings", year) if may(user, "rounds.run") else ""), Text("数据源认定", "Rulings on sources")
    if doubt.matter is not None and doubt.kind in _BY_RETURN:
        return reverse("matter", args=[doubt.matter]), Text("打开报送件", "Open the return")
    return (reverse("upload") if may(user, "intake.submit") else ""), Text("补报数据", "File the figures")


def _kind(line: Line) -> SafeString:
    return badge(here(KINDS[line.kind]), *_MARKS[line.kind])


def _port(line: Line) -> SafeString | str:
    if not line.port or line.doubt.port_name is None:
        return line.port or "—"
    return format_html('<a href="{}">{}</a><span class="subline">{}</span>', card_address(line.year, line.port), here(line.doubt.port_name),
                       line.port)


def _about(line: Line) -> SafeString | str:
    if line.about is None:
        return "—"
    address = address_of("evaluation-indicator", line.year, line.port, line.indicator)
    return format_html('<a href="{}">{}</a>', address, here(line.about)) if address else here(line.about)


def _way(line: Line) -> SafeString | str:
    address, words = line.way
    return format_html('<a href="{}">{}</a>', address, here(words)) if address else "—"


DOUBTS = Table(
    name="doubts", title=Text("待处理事项", "What is in doubt"),
    columns=(
        Column("kind", Text("问题", "What is wrong"), value=lambda r: KINDS[r.kind], show=_kind, keeps_line=True),
        Column("port", Text("口岸", "Port"), value=lambda r: r.doubt.port_name, show=_port, is_key=True),
        Column("code", Text("代码", "Code"), value=lambda r: r.port, only="export"),
        Column("indicator", Text("指标", "Indicator"), value=lambda r: r.about, show=_about),
        Column("what", Text("说明", "What is said"), value=lambda r: r.doubt.what, is_wide=True),
        Column("since", Text("期限", "Was due"), order=True, keeps_line=True, show=lambda r: figures.day(r.since) if r.since else "—"),
        Column("office", Text("报送单位", "Office"), value=lambda r: r.office if r.office.zh else None, order=True),
        Column("way", Text("去处理", "Where it is mended"), value=lambda r: None, show=_way, only="page", keeps_line=True),
    ),
    filters=(
        Filter("kind", Text("问题", "What is wrong"), choices=tuple(KINDS.items()),
               apply=lambda rows, value: [row for row in rows if row.kind == value]),
        Filter("group", Text("指标组", "Group"), apply=lambda rows, value: [row for row in rows if row.group == value]),
        Filter("office", Text("报送单位", "Office"), apply=lambda rows, value: [
            row for row in rows if value.lower() in f"{row.office.zh} {row.office.en}".lower()]),
        Filter("q", Text("口岸或指标", "Port or indicator"), apply=lambda rows, value: [
            row for row in rows if value.lower() in f"{row.port} {row.doubt.port_name or ''} {row.about or ''}".lower()]),
    ),
    empty=Text("没有待处理的事项。", "Nothing is in doubt."),
    empty_next=Text("报送逾期、暂存数据和计分标记会出现在这里。", "Late returns, held rows and marks of the scoring appear here."),
)

OFFICES = Table(
    name="by-office", title=Text("按报送单位汇总", "By office"), prefix="offices", default_order="-all",
    columns=(
        Column("office", Text("报送单位", "Office"), is_key=True),
        Column("ports", Text("涉及口岸", "Ports concerned"), is_number=True, order=True),
        *(Column(code, KINDS[code], is_number=True, order=True) for code in (RETURN_LATE, HELD, *MARKED)),
        Column("all", Text("合计", "All"), is_number=True, order=True),
    ),
)


@never_cache
@page("rounds.read")
def evaluation_workbench(request: HttpRequest, year: int) -> HttpResponseBase:
    """Everything in doubt that the reader may see, with how much of each kind and, for the nation, of each office."""
    user: Any = request.user
    held, context = round_page(request, year, "evaluation-workbench", TITLE)
    scheme = held.scheme_version.scheme()
    lines = [Line(each, year, scheme, way_of(user, each, year)) for each in doubtful(user, held)]
    groups = [(code, Text(f"{code} {group.name.zh}", f"{code} {group.name.en}")) for code, group in scheme.groups.items()]
    view = replace(DOUBTS, filters=tuple(replace(each, choices=groups) if each.key == "group" else each for each in DOUBTS.filters)).read(
        request, lines)
    if view.wants_export:
        return view.export()
    national = is_national(user)
    offices = OFFICES.read(request, _by_office(lines)) if national else None
    if offices is not None and offices.wants_export:
        return offices.export()
    counts = Counter(line.kind for line in lines)
    return render(request, "console/evaluation/workbench.html", context | {
        "table": view, "offices": offices, "proposal": proposal_mark(held.scheme_version.is_proposal),
        "counts": [(words, counts[code], view.address(kind=code, page=None)) for code, words in KINDS.items()
                   if national or code != CONTRADICTION], "is_frozen": held.stage not in ("collecting", "verifying"),
    })


def _by_office(lines: list[Line]) -> list[dict[str, Any]]:
    nobody = Text("（演练口岸或无报送单位）", "(exercise ports, or no office)")
    counts: dict[Text, Counter[str]] = defaultdict(Counter)
    ports: dict[Text, set[str]] = defaultdict(set)
    for line in lines:
        if line.kind != CONTRADICTION:
            office = line.office if line.office.zh else nobody
            counts[office][line.kind] += 1
            ports[office].add(line.port)
    return [{"office": office, "ports": len(ports[office] - {""}), "all": sum(found.values()),
             **{code: found[code] for code in (RETURN_LATE, HELD, *MARKED)}} for office, found in counts.items()]


urlpatterns = [path("evaluation/<int:year>/workbench", evaluation_workbench, name="evaluation-workbench")]
