"""试算: what the round would say under other weights, means or methods. All of it in the address bar; nothing is stored."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.basis import Finding, Place, Refused, Text
from kouan.console.evaluation_card import group_words, points, signed
from kouan.console.evaluation_page import band_mark, class_words, round_page, types_of
from kouan.console.page import page
from kouan.console.tables import Column, Table
from kouan.console.words import here
from kouan.evaluation.method.scheme import RoundResult
from kouan.evaluation.method.scheme.catalogue import peer_groups
from kouan.evaluation.method.scheme.what_if import WhatIf, own_weights
from kouan.evaluation.rounds.comparing import Tried, may_try, try_out
from kouan.evaluation.rounds.queries import scoring_in_force
from kouan.evaluation.rounds.replaying import in_memory

TITLE = Text("试算", "What if")
MEANS = [("arithmetic", Text("算术平均", "arithmetic mean")), ("geometric", Text("几何平均", "geometric mean"))]
METHODS = [("scheme", Text("评估方案", "the scheme")), ("statistical", Text("统计法（第二方法）", "statistical (second method)"))]
NAMED = 5


@dataclass(frozen=True, slots=True)
class Row:
    """One port: as the round has it, and as it would be."""

    code: str
    name: Text
    year: int
    peer_group: str
    stood: float | None
    total: float | None
    stood_rank: int | None
    rank: int | None
    moved: int
    stood_band: tuple[int, Text] | None
    band: tuple[int, Text] | None

    @property
    def difference(self) -> float | None:
        return None if self.total is None or self.stood is None else self.total - self.stood


def _moved_cell(row: Row) -> str:
    if row.rank is None or row.stood_rank is None:
        return "—"
    return "0" if not row.moved else f"{'▲' if row.moved > 0 else '▼'} {abs(row.moved)}"


def _bands_cell(row: Row) -> SafeString | str:
    if row.band is None:
        return "—"
    new = band_mark(*row.band)
    if row.stood_band is None or row.stood_band == row.band:
        return new
    return format_html('{}<span class="subline">{}{}</span>', new, here(Text("原为", "was ")), here(row.stood_band[1]))


TRIAL = Table(
    name="trial", title=Text("试算结果（非评估结果）", "Trial, not a result of the evaluation"), prefix="t", page_size=100, stacks=False,
    group=lambda row: group_words(row.peer_group),
    columns=(
        Column("name", Text("口岸", "Port"), is_key=True, export=lambda r: r.name, show=lambda r: format_html(
            '<a href="{}">{}</a>', reverse("evaluation-port", args=[r.year, r.code]), here(r.name))),
        Column("code", Text("口岸代码", "Code"), only="export"),
        Column("peer_group", Text("同类组", "Peer group"), value=lambda r: group_words(r.peer_group), only="export"),
        Column("stood", Text("本轮总分", "Total of the round"), order=True, is_number=True, show=lambda r: points(r.stood, 2)),
        Column("total", Text("试算得分", "Trial"), order=True, is_number=True, show=lambda r: points(r.total, 2)),
        Column("difference", Text("相差", "Difference"), order=True, is_number=True, show=lambda r: signed(r.difference)),
        Column("stood_rank", Text("本轮名次", "Place"), order=True, is_number=True),
        Column("rank", Text("试算名次", "Trial place"), order=True, is_number=True),
        Column("moved", Text("名次变动", "Moved"), order=True, is_number=True, show=_moved_cell),
        Column("band", Text("档次", "Band"), value=lambda r: r.band[1] if r.band else None, show=_bands_cell),
        Column("stood_band", Text("本轮档次", "Band of the round"), value=lambda r: r.stood_band[1] if r.stood_band else None, only="export"),
    ),
)


@page("scores.read_ranks")
def evaluation_what_if(request: HttpRequest, year: int) -> HttpResponseBase:
    """Other weights, means, indicators or the second method, beside the round's own result."""
    held, context = round_page(request, year, "evaluation-what-if", TITLE)
    user: Any = request.user
    may_try(user)
    scoring_in_force(held)
    result = in_memory(held)
    asked, said, findings = _asked(request, result)
    tried: Tried | None = None
    if not findings:
        try:
            tried = try_out(user, held, asked)
        except Refused as refused:
            findings = list(refused.findings)
    table = None
    if tried is not None:
        table = TRIAL.read(request, _rows(year, tried), period=str(year), origin="exercise" if held.is_exercise else None)
        if table.wants_export:
            return table.export()
    return render(request, "console/evaluation/what_if.html", context | {
        "problems": [*findings, *(tried.trial.findings if tried else ())], "table": table, "said": said, "asked": asked,
        "summary": _summary(table.rows) if table is not None else None, "version": tried.version if tried else "",
        "types": [(each, class_words(each)) for each in types_of(result.scheme) if each in result.data.types(result.scheme)],
        "means": MEANS, "methods": METHODS, "is_statistical": asked.method == "statistical", "own_address": f"?type={asked.port_type}",
        "indicators": [{"code": code, "name": group.name.text, "members": [
            {"code": each.code, "name": each.name, "out": each.code in asked.left_out} for each in result.scheme.of_group(code)
            if asked.port_type in each.ports]} for code, group in result.scheme.groups.items()],
    }, status=422 if findings and not getattr(request, "htmx", False) else 200)


def _asked(request: HttpRequest, result: RoundResult) -> tuple[WhatIf, dict[str, Any], list[Finding]]:
    """What the address bar asks: the question, what its fields show, and what could not be read.

    A weight left as it is printed counts as the scheme's own, every digit of it.
    """
    scheme, query = result.scheme, request.GET
    there = dict.fromkeys(result.data.types(scheme))
    kind = query.get("type", "")[:40] or next((each for each in types_of(scheme) if each in there), "")
    own = own_weights(result, kind) if kind in scheme.weights else dict.fromkeys(scheme.groups, 0.0)
    printed = {code: f"{100 * each:.2f}" for code, each in own.items()}
    # Weights typed for one class are no weights of another that was chosen since.
    typed = query if query.get("of", kind) == kind else {}
    fields = {code: str(typed.get(code, printed[code])).strip()[:20] for code in scheme.groups}
    findings, given = [], {}
    for code, text in fields.items():
        try:
            given[code] = 100 * own[code] if text == printed[code] else float(text)
        except ValueError:
            given[code] = math.nan
        if not 0 <= given[code] <= 1000:
            findings.append(Finding.error("weight_unusable", f"{code} 的权重“{text}”不能使用。", f"The weight “{text}” of {code} cannot be used.",
                                          where=Place(field=code), remedy=("请填写 0 到 1000 之间的数。", "Give a number from 0 to 1000.")))
    changed = any(fields[code] != printed[code] for code in scheme.groups)
    asked = WhatIf(kind, given if changed else {}, query.get("within", "arithmetic")[:20], query.get("across", "arithmetic")[:20],
                   frozenset(each[:16] for each in query.getlist("without")[:len(scheme.indicators)]), query.get("method", "scheme")[:20])
    total = math.fsum(given.values())
    return asked, {
        "weights": [{"code": code, "name": group.name.text, "value": fields[code], "own": printed[code], "changed": fields[code] != printed[code]}
                    for code, group in scheme.groups.items()],
        "sum": f"{total:.2f}" if math.isfinite(total) else "—", "is_whole": abs(total - 100) < 0.005, "within": asked.within, "across": asked.across,
        "method": asked.method, "type": kind}, findings


def _rows(year: int, tried: Tried) -> list[Row]:
    trial, result = tried.trial, tried.result
    groups = peer_groups(result.data)
    places = {each.code: (at, each.name) for at, each in enumerate(result.scheme.shape.bands)}
    rows = []
    for n, p in enumerate(trial.ports):
        code, total, stood = result.data.ports[p], float(trial.total[n]), float(trial.stood[n])
        rows.append(Row(
            code, tried.names[code], year, groups[p], stood if math.isfinite(stood) else None, total if math.isfinite(total) else None,
            int(trial.stood_rank[n]) or None, int(trial.rank[n]) or None, int(trial.moved[n]), places.get(trial.stood_bands[n] or ""),
            places.get(trial.bands[n] or "")))
    return sorted(rows, key=lambda row: (row.peer_group, row.rank or 10**6, row.code))


def _summary(rows: list[Row]) -> dict[str, Any]:
    """Who moves most, and how many move at all."""
    movers = sorted((row for row in rows if row.moved), key=lambda row: (-abs(row.moved), row.code))
    return {"ports": len(rows), "moved": len(movers), "bands": sum(row.band is not None and row.band != row.stood_band for row in rows),
            "largest": abs(movers[0].moved) if movers else 0,
            "up": [row for row in movers if row.moved > 0][:NAMED], "down": [row for row in movers if row.moved < 0][:NAMED]}


urlpatterns = [path("evaluation/<int:year>/what-if", evaluation_what_if, name="evaluation-what-if")]
