"""口岸比较: two to six ports of a round side by side, chosen in the address bar, only those whose results the reader may see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.basis import Finding, Refused, Text
from kouan.console.charts import Chart
from kouan.console.evaluation_card import (
    group_words,
    mark_of,
    points,
    radar,
    result_marks,
    short_group,
    value_cell,
)
from kouan.console.evaluation_page import class_words, round_page
from kouan.console.page import page
from kouan.console.tables import Column, Table, TableView
from kouan.console.words import here
from kouan.evaluation.rounds.comparing import FEWEST, MOST, Comparison, Difference, compare
from kouan.evaluation.rounds.queries import results
from kouan.evaluation.rounds.scorecard import Card, Line

TITLE = Text("口岸比较", "Compare ports")
SHOWN = 15


@page("rounds.read")
def evaluation_compare(request: HttpRequest, year: int) -> HttpResponseBase:
    """Ports side by side; without two of them the page asks which."""
    held, context = round_page(request, year, "evaluation-compare", TITLE)
    asked = [code.strip()[:64] for code in request.GET.get("ports", "")[:600].split(",") if code.strip()]
    if added := request.GET.get("add", "").strip()[:64]:
        return redirect(_address(year, list(dict.fromkeys([*asked, added]))))
    findings: list[Finding] = []
    try:
        found = compare(request.user, held, asked)
    except Refused as refused:
        findings = list(refused.findings)
        found = compare(request.user, held, list(dict.fromkeys(asked))[:MOST])
    cards = found.cards
    tables: dict[str, TableView] = {}
    if len(cards) >= FEWEST:
        origin = "exercise" if held.is_exercise else None
        if found.shows_decimals:
            tables["groups"] = _lines_table("groups", Text("十组得分", "The ten groups"), cards).read(
                request, _rows(cards, lambda card: (card.total, *card.groups)), period=str(year), origin=origin)
            tables["types"] = _lines_table("types", Text("五型得分", "The five types"), cards).read(
                request, _rows(cards, lambda card: card.five_types), period=str(year), origin=origin)
        tables["indicators"] = _indicators(year, found).read(request, list(found.differences), period=str(year), origin=origin)
        for view in tables.values():
            if view.wants_export:
                return view.export()
    codes = [card.result.code for card in cards]
    return render(request, "console/evaluation/compare.html", context | tables | {
        "problems": [*findings, *found.findings], "cards": [_shown(year, card, codes) for card in cards], "is_enough": len(cards) >= FEWEST,
        "shows": found.shows_decimals, "chart": _chart(found) if found.shows_decimals and len(cards) >= FEWEST else None, "most": MOST,
        "asked": ",".join(codes), "may_add": len(cards) < MOST,
        "options": [(each.code, Text(f"{each.name.zh}（{class_words(each.port_class).zh}）", f"{each.name.en} ({class_words(each.port_class).en})"))
                    for each in results(request.user, held, brief=True) if each.code not in codes],
    })


def _address(year: int, codes: Sequence[str]) -> str:
    address = reverse("evaluation-compare", args=[year])
    return f"{address}?{urlencode({'ports': ','.join(codes)}, safe=',')}" if codes else address


def _shown(year: int, card: Card, codes: list[str]) -> dict[str, Any]:
    """The head of one port: name, band, total, and the way to take it off."""
    return {"name": card.result.name, "address": reverse("evaluation-port", args=[year, card.result.code]), "group": group_words(card.peer_group),
            "marks": result_marks(card.result, card.band_place), "total": points(card.result.total, 2) if card.shows_decimals else "",
            "rank": card.result.rank, "of": card.peer_ports, "without": _address(year, [code for code in codes if code != card.result.code])}


def _chart(found: Comparison) -> Chart:
    cards = found.cards
    names = [here(short_group(each.name)) for each in cards[0].groups]
    option = radar(names, [(here(card.result.name), [each.points for each in card.groups]) for card in cards])
    for one in option["series"][0]["data"]:
        one.pop("areaStyle", None)
    return Chart("compare", Text("十组对照", "The ten groups side by side"), kind="option", option=option, height=440,
                 period=str(cards[0].result.year), origin="exercise" if cards[0].result.is_exercise else None)


def _rows(cards: Sequence[Card], lines: Callable[[Card], Sequence[Line]]) -> list[tuple[Line, ...]]:
    """For each group or type the line of every port."""
    return list(zip(*(lines(card) for card in cards), strict=True))


def _lines_table(name: str, title: Text, cards: Sequence[Card]) -> Table:
    columns = [Column("name", Text("项目", "What"), value=lambda row: short_group(row[0].name), is_key=True)]
    columns += [Column(f"p{at}", card.result.name, value=_nth(at), is_number=True, show=_nth_shown(at)) for at, card in enumerate(cards)]
    columns.append(Column("spread", Text("相差", "Apart"), value=_spread, is_number=True, show=lambda row: points(_spread(row))))
    return Table(name=name, title=title, prefix=name, columns=tuple(columns), stacks=False)


def _nth(at: int) -> Callable[[tuple[Line, ...]], float | None]:
    return lambda row: row[at].points


def _nth_shown(at: int) -> Callable[[tuple[Line, ...]], str]:
    return lambda row: points(row[at].points)


def _spread(row: tuple[Line, ...]) -> float | None:
    there = [each.points for each in row if each.points is not None]
    return max(there) - min(there) if len(there) > 1 else None


def _indicators(year: int, found: Comparison) -> Table:
    """The indicators, those that differ most first; without decimals their marks."""
    columns = [Column("code", Text("指标代码", "Indicator"), only="export"),
               Column("name", Text("指标", "Indicator"), is_key=True, is_wide=True, show=lambda row: format_html("{} {}", row.code, here(row.name)))]
    for at, card in enumerate(found.cards):
        columns += [
            Column(f"p{at}", card.result.name, value=_points_of(at) if found.shows_decimals else _mark_of(at), is_number=found.shows_decimals,
                   show=_cell_of(at, year, card.result.code, found.shows_decimals)),
            *([Column(f"v{at}", Text(f"{card.result.name.zh} 数值", f"{card.result.name.en}: value"), value=_value_of(at), only="export")]
              if found.shows_decimals else []),
        ]
    if found.shows_decimals:
        columns.append(Column("spread", Text("相差", "Apart"), order=True, is_number=True, show=lambda row: points(row.spread)))
    title = Text("差别最大的指标", "Where they differ most") if found.shows_decimals else Text("各项指标", "Indicators")
    return Table(name="differences", title=title, prefix="i", page_size=SHOWN, columns=tuple(columns), stacks=False)


def _points_of(at: int) -> Callable[[Difference], float | None]:
    return lambda row: None if (line := row.lines[at]) is None else line.points


def _value_of(at: int) -> Callable[[Difference], float | None]:
    return lambda row: None if (line := row.lines[at]) is None else line.value


def _mark_of(at: int) -> Callable[[Difference], Text | None]:
    return lambda row: None if (line := row.lines[at]) is None else line.mark_name


def _cell_of(at: int, year: int, port: str, with_decimals: bool) -> Callable[[Difference], SafeString | str]:
    """A cell: points over the value, or the mark; it leads to the trace."""
    def cell(row: Difference) -> SafeString | str:
        line = row.lines[at]
        if line is None:
            return here(Text("不评", "not for it"))
        if not with_decimals:
            return mark_of(line.mark, line.mark_name)
        address = reverse("evaluation-indicator", args=[year, port, row.code])
        below = value_cell(line.value, line.unit) if line.value is not None else mark_of(line.mark, line.mark_name)
        return format_html('<a href="{}">{}</a><span class="subline">{}</span>', address, points(line.points), below)

    return cell


urlpatterns = [path("evaluation/<int:year>/compare", evaluation_compare, name="evaluation-compare")]
