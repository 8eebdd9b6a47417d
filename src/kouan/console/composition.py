"""How the ports in scope divide: by mode, layout, status, approval and verdict, as lines with bars.

One pass over the ports and two queries for the layout; every line leads to the list of the ports
it counts. Groups (苏州) are headings and count nowhere, as in ``ports.queries.register_counts``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from kouan.accounts.scope import scope_of
from kouan.basis import Text
from kouan.console import words
from kouan.console.addresses import address_of, count_address
from kouan.console.marks import status_badge, verdict_badge
from kouan.console.views.ports import NOT_JUDGED, with_verdict
from kouan.console.words import here
from kouan.grading.verdict import Verdict
from kouan.ports.models import LayoutEntry, LayoutLink
from kouan.ports.queries import OUT, ports_visible_to


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what, how many, how much of the longest line (0–100), the list behind it and where the number is from."""

    label: SafeString | str
    number: int
    share: int
    address: str = ""
    note: SafeString | str = ""
    lineage: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """Some lines under a heading."""

    key: str
    title: Text
    lines: Sequence[Line]
    unit: Text
    note: Text | None = None


@dataclass(frozen=True)
class PortCounts:
    """The ports in scope, counted every way the first page needs."""

    year: int | None
    registered: int
    by_mode: Mapping[str, int]
    by_status: Mapping[str, int]
    by_approval: Mapping[str, int]
    by_verdict: Mapping[str, int]
    by_province: Mapping[str, Mapping[str, int]]


def count_ports(user: Any, year: int | None) -> PortCounts:
    """Count in one query. Planned, closed and merged ports stand in ``by_status`` only."""
    rows = with_verdict(ports_visible_to(user).counted(), year).order_by().values_list(
        "mode", "province_code", "status", "approval", "verdict"
    )
    modes: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    approvals: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    provinces: dict[str, Counter[str]] = defaultdict(Counter)
    for mode, province, status, approval, verdict in rows:
        statuses[status] += 1
        if status in OUT:
            continue
        modes[mode] += 1
        approvals[approval] += 1
        verdicts[verdict or ""] += 1
        provinces[province][mode] += 1
    return PortCounts(year, sum(modes.values()), modes, statuses, approvals, verdicts, provinces)


def _lines(counts: Mapping[str, int], labels: Mapping[str, Any], counted: str, key: str, *, keep_zeros: bool = False,
           query: Mapping[str, str] | None = None) -> list[Line]:
    """``counted``: what the numbers are called in the address of their lineage; ``key``: in the address of the list."""
    longest = max(counts.values(), default=0) or 1
    return [
        Line(label, counts.get(code, 0), round(100 * counts.get(code, 0) / longest),
             address_of("ports", **{key: code}, **(query or {})) if key and code and counts.get(code) else "",
             lineage=count_address(counted, code or "none", *(query or {}).values()))
        for code, label in labels.items() if keep_zeros or counts.get(code)
    ]


PORTS = Text("个", "ports")


def blocks(counts: PortCounts) -> list[Block]:
    """Mode, status and approval, verdict."""
    verdicts = {each.value: verdict_badge(each.value) for each in Verdict} | {"": here(NOT_JUDGED)}
    year = {"year": str(counts.year)} if counts.year else {}
    made = [
        Block("mode", Text("运输方式", "Mode"), _lines(
            counts.by_mode, {code: here(name) for code, name in words.MODES.items()}, "mode", "mode", keep_zeros=True), PORTS),
        Block("status", Text("运行状态", "Operating status"), _lines(
            counts.by_status, {code: status_badge(code) for code in words.STATUSES}, "status", "status"), PORTS,
            Text("规划建设、已关闭和已整合的不计入已登记数。", "Planned, closed and merged ports are not counted as registered.")),
        Block("approval", Text("批准情况", "Approval"), _lines(
            counts.by_approval, {code: here(name) for code, name in words.APPROVALS.items()}, "approval", ""), PORTS),
    ]
    if counts.year:
        made.insert(1, Block(
            "verdict", Text(f"客货运量标准（{counts.year}年度）", f"Volume standard, {counts.year}"),
            _lines(counts.by_verdict, verdicts, "verdict", "verdict", query=year), PORTS,
            Text("按专栏6判定，为附理由的建议；未报送的口岸不判不达标。",
                 "Judged by Box 6, as advice with reasons. A port that has not reported is never judged to fail."),
        ))
    return made


LAYOUT_LINES: Sequence[tuple[str, Text, str]] = (
    ("main", words.LAYOUT_ROLES["main"], "main"),
    ("regional", words.LAYOUT_ROLES["regional"], "regional"),
    ("border", words.LAYOUT_ROLES["border"], "border"),
    ("international_hub", words.LAYOUT_ROLES["international_hub"], "international_hub"),
    ("regional_hub", words.LAYOUT_ROLES["regional_hub"], "regional_hub"),
)


@dataclass(frozen=True, slots=True)
class LayoutRow:
    """A row of 专栏2–4 that concerns the reader: under which line it counts, and the ports in sight behind it."""

    pk: int
    key: str
    is_planned: bool
    ports: frozenset[int]


def layout_rows(user: Any) -> list[LayoutRow]:
    """The rows of the plan's layout; of a province those that concern it."""
    links: dict[int, set[int]] = defaultdict(set)
    for entry, port in LayoutLink.objects.filter(port__in=ports_visible_to(user).order_by().values("pk")).values_list("entry_id", "port_id"):
        links[entry].add(port)
    scope = scope_of(user)
    entries = LayoutEntry.objects.visible_to(user).order_by().values_list("pk", "role", "hub_tier", "is_planned", "province_code")
    return [
        LayoutRow(pk, tier or role or "border", is_planned, frozenset(links.get(pk, ())))
        for pk, role, tier, is_planned, province in entries if scope.everything or pk in links or province in scope.provinces
    ]


def layout_block(user: Any) -> Block:
    """The rows of 专栏2–4 and the ports behind them; of a province, the rows that concern it."""
    rows: Counter[str] = Counter()
    planned: Counter[str] = Counter()
    ports: dict[str, set[int]] = defaultdict(set)
    for row in layout_rows(user):
        rows[row.key] += 1
        planned[row.key] += row.is_planned
        ports[row.key] |= row.ports
    longest = max(rows.values(), default=0) or 1
    lines = [
        Line(here(label), rows[key], round(100 * rows[key] / longest), address_of("ports", role=role),
             _layout_note(key, len(ports[key]), planned[key]), count_address("layout", key))
        for key, label, role in LAYOUT_LINES if rows[key]
    ]
    return Block(
        "layout", Text("规划布局（专栏2—4）", "Layout of the plan (Boxes 2–4)"), lines, Text("条", "rows"),
        Text("条目不等于口岸：一条可对应多个口岸，一个口岸也可列入多条。",
             "A row is not a port: one row may stand for several ports, and a port may stand in several rows."),
    )


def _layout_note(key: str, ports: int, planned: int) -> SafeString:
    counted = ("layout-ports", ports, Text("对应", ""), Text("个口岸", "ports behind them"))
    parts = [counted] + ([("layout-planned", planned, Text("其中规划", ""), Text("条", "rows planned"))] if planned else [])
    said = format_html_join(here(Text("，", "; ")), '{} <a href="{}">{}</a> {}', (
        (here(before), count_address(name, key), number, here(after)) for name, number, before, after in parts))
    return SafeString(said.strip())
