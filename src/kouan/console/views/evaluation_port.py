"""One port's evaluation: its ten groups beside its peers, five types, strengths, change, every indicator; and one indicator down to its source."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from kouan.basis import Text
from kouan.console import figures
from kouan.console.addresses import address_of
from kouan.console.charts import Chart, Series
from kouan.console.evaluation_card import (
    PEERS_OF,
    card_title,
    group_words,
    indicator_link,
    mark_of,
    peers_cell,
    points,
    radar,
    result_marks,
    short_group,
    signed,
    value_cell,
    weight,
)
from kouan.console.evaluation_page import TITLE, proposal_mark, round_page
from kouan.console.evaluation_points import address_of_entry, state_mark, state_of
from kouan.console.page import page
from kouan.console.tables import Column, Table
from kouan.console.words import here
from kouan.evaluation.method.scheme import english
from kouan.evaluation.rounds.models import Round
from kouan.evaluation.rounds.scorecard import Card, IndicatorLine, Line, scorecard
from kouan.evaluation.rounds.tracing import ROWS_SHOWN, FigureLine, Source, indicator_trace

RESULTS = Text("结果", "Results")
POINTS = Text("分", "points")
PORT = Text("本口岸", "This port")
MEDIAN = Text("同类中位数", "Peers' median")
# How many indicators are named that moved the total most.
MOVED = 6

GROUPS = Table(
    name="groups", title=Text("各组得分和权重", "Points and weights"), prefix="groups", stacks=False,
    columns=(
        Column("name", Text("组", "Group"), value=lambda g: Text(f"{g.code} {g.name.zh}", f"{g.code} {g.name.en}"), is_key=True),
        Column("points", Text("得分", "Points"), order=True, is_number=True, show=lambda g: points(g.points)),
        Column("before", Text("上年", "Last year"), is_number=True, show=lambda g: points(g.before)),
        Column("median", MEDIAN, value=lambda g: g.peers.median if g.peers else None, is_number=True, show=lambda g: peers_cell(g.peers)),
        Column("weight", Text("权重", "Weight"), is_number=True, show=lambda g: weight(g.weight)),
        Column("contribution", Text("计入总分", "Of the total"), is_number=True, show=lambda g: points(g.contribution, 2)),
    ),
)


def _indicators(year: int, port: str, *, with_decimals: bool) -> Table:
    """The table of a port's indicators; without decimals only their marks."""
    columns: list[Column] = [
        Column("code", Text("指标代码", "Indicator"), only="export"),
        Column("name", Text("指标", "Indicator"), is_key=True, is_wide=True, export=lambda i: i.name,
               show=lambda i: indicator_link(year, port, i.code, i.name)),
    ]
    if with_decimals:
        columns += [
            Column("value", Text("数值", "Value"), is_number=True, show=lambda i: value_cell(i.value, i.unit)),
            Column("unit", Text("单位", "Unit"), only="export"),
            Column("points", Text("得分", "Points"), order=True, is_number=True, show=lambda i: points(i.points)),
            Column("median", MEDIAN, value=lambda i: i.peers.median if i.peers else None, is_number=True, show=lambda i: peers_cell(i.peers)),
            Column("gap", Text("与中位数差", "Gap"), order=True, is_number=True, show=lambda i: signed(i.gap, 1)),
        ]
    columns += [Column("mark", Text("计分情况", "How scored"), value=lambda i: i.mark_name, show=lambda i: mark_of(i.mark, i.mark_name)),
                Column("missing_code", Text("缺失规则", "Rule"), only="export")]
    if with_decimals:
        columns += [
            Column("basis", Text("比较基准", "Against"), value=lambda i: i.basis_name, only="export"),
            Column("weight", Text("权重", "Weight"), order=True, is_number=True, show=lambda i: weight(i.weight)),
            Column("contribution", Text("计入总分", "Of the total"), order=True, is_number=True, show=lambda i: points(i.contribution, 2)),
        ]
    return Table(name="indicators", title=Text("各项指标", "Indicators"), prefix="i", page_size=100, columns=tuple(columns), stacks=False,
                 group=lambda i: i.group_name)


class _Shown:
    """An indicator of the card with the name of its group, for a table in groups."""

    def __init__(self, line: IndicatorLine, group_name: Text) -> None:
        self.line, self.group_name = line, group_name

    def __getattr__(self, name: str) -> Any:
        return getattr(self.line, name)


@page("rounds.read")
def evaluation_port(request: HttpRequest, year: int, code: str) -> HttpResponseBase:
    """A port's result as its reader may read it; else the 404 of every result that is not there, with a trace."""
    held, context = round_page(request, year, "evaluation-results", TITLE)
    card = scorecard(request.user, held, code)
    groups = GROUPS.read(request, list(card.groups), period=str(year), origin="exercise" if held.is_exercise else None)
    names = {each.code: Text(f"{each.code} {each.name.zh}", f"{each.code} {each.name.en}") for each in card.groups}
    indicators = _indicators(year, code, with_decimals=card.shows_decimals).read(
        request, [_Shown(each, names[each.group]) for each in card.indicators], period=str(year), origin="exercise" if held.is_exercise else None)
    for view in (groups, indicators):
        if view.wants_export:
            return view.export()
    return render(request, "console/evaluation/port.html", context | _head(held, card) | {
        "groups_chart": _groups_chart(card) if card.shows_decimals else None,
        "types_chart": _types_chart(card) if card.shows_decimals else None,
        "groups": groups, "figures": _figures(card), "indicators": indicators, "change": _change(year, card),
        "strengths": _apart(year, card, card.strengths), "weaknesses": _apart(year, card, card.weaknesses), "has_peers": card.total.peers is not None,
        "peers_of": PEERS_OF[card.total.peers.of] if card.total.peers else None, "peers": card.total.peers,
    })


def _head(held: Round, card: Card) -> dict[str, Any]:
    """What both pages show above everything else."""
    result = card.result
    results = address_of("evaluation-results", held.year)
    crumbs = [{"label": TITLE, "address": reverse("evaluation")}, {"label": Text(f"{held.year} 年", str(held.year)),
                                                                  "address": address_of("evaluation-round", held.year)}]
    if results:
        crumbs.append({"label": RESULTS, "address": results})
    return {
        "card": card, "title": card_title(card), "marks": result_marks(result, card.band_place), "group": group_words(card.peer_group),
        "proposal": proposal_mark(card.is_proposal), "crumbs": [*crumbs, {"label": result.name}], "shows": card.shows_decimals,
        "port_address": address_of("port", result.code), "compare_address": address_of("evaluation-compare", held.year, ports=result.code),
    }


def _figures(card: Card) -> list[tuple[Text, str, Text | None]]:
    """The figures at the top: (label, value, note)."""
    if not card.shows_decimals:
        return []
    result, found = card.result, []
    total = result.total
    peers = card.total.peers
    found.append((Text("总分", "Total"), points(total, 2), None if peers is None else Text(
        f"同类中位数 {peers.median:.1f}", f"peers' median {peers.median:.1f}")))
    if result.rank is not None:
        found.append((Text("组内名次", "Place in its group"), str(result.rank), Text(f"共 {card.peer_ports} 个口岸", f"of {card.peer_ports} ports")))
    if card.change is not None:
        found.append((Text("比上年", "Since last year"), signed(card.change.of_year.change), Text(
            f"上年 {card.change.of_year.before:.2f}（按本方案）", f"last year {card.change.of_year.before:.2f} (by this scheme)")))
    share = result.counted_share
    found.append((Text("计分权重", "Weight counted"), "—" if share is None else figures.percent(share), Text(
        "方案权重中有数据可计的部分", "the part of the scheme's weight that counts")))
    return found


def _groups_chart(card: Card) -> Chart:
    names = [here(short_group(each.name)) for each in card.groups]
    series: list[tuple[str, list[float | None]]] = [(here(PORT), [each.points for each in card.groups])]
    if any(each.peers for each in card.groups):
        series.append((here(MEDIAN), [each.peers.median if each.peers else None for each in card.groups]))
    return Chart("groups", Text("十组得分", "The ten groups"), kind="option", option=radar(names, series), height=420,
                 origin="exercise" if card.result.is_exercise else None, period=str(card.result.year),
                 note=_hollow(card.groups))


def _hollow(lines: tuple[Line, ...]) -> Text | None:
    """What the radar cannot show: a group in which nothing counts."""
    names = [each.name for each in lines if each.points is None]
    if not names:
        return None
    return Text(f"{'、'.join(each.zh for each in names)}没有可计分的指标，权重由其他组承担；图中画在 0 处。",
                f"Nothing counts in {', '.join(each.en for each in names)}: the weight went to the other groups; the drawing has 0 there.")


def _types_chart(card: Card) -> Chart:
    def rounded(value: float | None) -> Decimal | None:
        return None if value is None else Decimal(str(round(value, 1)))

    series = [Series(PORT, [rounded(each.points) for each in card.five_types])]
    if any(each.peers for each in card.five_types):
        series.append(Series(MEDIAN, [rounded(each.peers.median) if each.peers else None for each in card.five_types]))
    return Chart("types", Text("五型口岸", "Five types of port"), [here(each.name) for each in card.five_types], series, kind="rows", height=260,
                 category_label=Text("类型", "Type"), period=str(card.result.year), origin="exercise" if card.result.is_exercise else None,
                 note=Text("每型取对应各组得分按现权重的平均；哪组对应哪型是评估方案的规定。",
                           "Each type is the mean of the groups that feed it, by weights in force; which group feeds which is the scheme's."))


def _apart(year: int, card: Card, lines: tuple[IndicatorLine, ...]) -> list[dict[str, Any]]:
    return [{"link": indicator_link(year, card.result.code, each.code, each.name), "points": points(each.points),
             "median": points(each.peers.median) if each.peers else "—", "effect": signed(each.effect)} for each in lines]


def _change(year: int, card: Card) -> dict[str, Any] | None:
    """The steps from last year's total to this one's, and the indicators that moved it most."""
    if card.change is None:
        return None
    found, change = card.change.of_year, card.change
    steps: list[tuple[Text, str, bool]] = []
    if change.published is not None:
        steps += [(Text(f"{year - 1} 年公布的总分", f"Total as notified for {year - 1}"), points(change.published, 2), True),
                  (Text("方案不同和数据更正", "Scheme and corrections"), signed(change.restated), False)]
    steps += [
        (Text(f"{year - 1} 年总分（按本方案重算）", f"Total of {year - 1}, by this scheme"), points(found.before, 2), True),
        (Text("自身数据变化", "Own figures"), signed(found.own), False), (Text("同类口岸变化", "The peers"), signed(found.peers), False),
        (Text(f"{year} 年总分", f"Total of {year}"), points(found.after, 2), True)]
    names = {each.code: each.name for each in card.indicators}
    moved = sorted((each for each in found.indicators if each.code in names and abs(each.change) >= 0.005),
                   key=lambda each: (-abs(each.change), each.code))[:MOVED]
    return {"steps": steps, "moved": [{"link": indicator_link(year, card.result.code, each.code, names[each.code]), "change": signed(each.change),
                                       "own": signed(each.own), "peers": signed(each.peers)} for each in moved]}


# ---- one indicator ----------------------------------------------------------------------------------------


FIGURES = Table(
    name="figures", title=Text("所用数据", "Figures used"), prefix="f", page_size=60,
    columns=(
        Column("name", Text("数据项", "Item"), is_key=True, is_wide=True, export=lambda f: f.name, show=lambda f: _item_cell(f)),
        Column("item", Text("代码", "Code"), only="export"),
        Column("year", Text("年度", "Year"), keeps_line=True, show=lambda f: str(f.year)),
        Column("value", Text("数值", "Value"), is_number=True, show=lambda f: _figure_cell(f)),
        Column("unit", Text("单位", "Unit"), only="export"),
        Column("source", Text("来源", "Source"), value=lambda f: f.source.words, show=lambda f: _source_cell(f), is_wide=True),
    ),
)


def _item_cell(figure: FigureLine) -> SafeString:
    below = format_html('<span class="subline">{}</span>', here(Text("上一项的组成", "part of the item above"))) if figure.depth else ""
    return format_html("{}{}", here(figure.name), below)


def _figure_cell(figure: FigureLine) -> SafeString | str:
    if figure.value is None:
        return format_html('<span class="is-missing">{}</span>', here(Text("无数据", "none")))
    return format_html('{}<span class="head-unit">{}</span>', figures.number(figure.value, shorten=False, places=6), here(figure.unit))


def _source_cell(figure: FigureLine) -> SafeString | str:
    """The way from a figure to where it was read: observations, the law, or what was filed."""
    source = figure.source
    if source.kind == "observations":
        return _rows_cell(figure)
    if source.kind == "law":
        address = address_of("law-parameter", source.parameter)
        return format_html('<a href="{}">{}</a>', address, here(source.words)) if address else here(source.words)
    if source.kind == "filed" and source.entry is not None:
        entry = source.entry
        papers = format_html_join(here(Text("、", ", ")), '<a href="{}" download hx-boost="false">{}</a>', (
            (reverse("evaluation-evidence", args=[entry.filed_in.round.year, entry.pk, paper.version_id]), paper.version.file_name)
            for paper in entry.papers.all()))
        return format_html('<a href="{}">{}</a> {}<span class="subline">{}</span>{}', address_of_entry(entry), here(source.words),
                           state_mark(state_of(entry)), here(Text(
                               f"{entry.office.name_zh}，第 {entry.revision} 版：{entry.remark}",
                               f"{entry.office.name.en}, revision {entry.revision}: {entry.remark}")),
                           format_html('<span class="subline">{}{}</span>', here(Text("佐证：", "Evidence: ")), papers) if papers else "")
    if source.kind == "generated":
        return format_html('<span class="subline">{}</span>', here(source.words))
    return here(source.words)


def _rows_cell(figure: FigureLine) -> SafeString:
    source: Source = figure.source
    links = [(address_of("observation", row.pk), figures.period(row.period)) for row in source.rows]
    shown = format_html_join(here(Text("、", ", ")), '<a href="{}">{}</a>', links)
    port = source.rows[0].series.subject_code if source.rows else ""
    if source.count <= ROWS_SHOWN or not port:
        return format_html("{}", shown) if links else format_html("{}", here(Text("您的范围内没有可看的明细", "no rows that you may see")))
    more = address_of("port-figures", port, measure=source.measure, year=str(figure.year))
    return format_html('{} <a href="{}">{}</a>', shown, more, here(Text(f"共 {source.count} 条", f"all {source.count}")))


@page("rounds.read")
def evaluation_indicator(request: HttpRequest, year: int, code: str, indicator: str) -> HttpResponseBase:
    """One indicator of a port: rule, scale, mark, weight, and every figure with the way to its source."""
    held, context = round_page(request, year, "evaluation-results", TITLE)
    told = indicator_trace(request.user, held, code, indicator)
    table = FIGURES.read(request, list(told.figures), origin="exercise" if held.is_exercise else None)
    if table.wants_export:
        return table.export()
    card, line, trace = told.card, told.line, told.told
    group = next(each for each in card.groups if each.code == line.group)
    head = _head(held, card)
    crumbs = [*head["crumbs"][:-1], {"label": card.result.name, "address": reverse("evaluation-port", args=[year, code])}, {"label": line.name}]
    scale = "" if trace is None or trace.low is None or trace.high is None else " – ".join(
        str(figures.number(each, shorten=False, places=4)) for each in (trace.low, trace.high))
    return render(request, "console/evaluation/indicator.html", context | head | {
        "crumbs": crumbs, "told": told, "line": line, "trace": trace, "table": table, "mark": mark_of(line.mark, line.mark_name),
        "value": value_cell(line.value, line.unit), "points": points(line.points, 2), "peers": line.peers, "group_line": group,
        "quartiles": peers_cell(line.peers), "weight": weight(line.weight), "contribution": points(line.contribution, 3), "scale": scale,
        "before": points(line.before, 2), "sentence": trace.sentence() if trace else None,
        "neighbours": _neighbours(year, card, indicator),
        "by": {name: english.told(getattr(told, name)) for name in ("source", "submitter", "verifier", "evidence")},
    })


def _neighbours(year: int, card: Card, indicator: str) -> list[tuple[Text, str]]:
    """The ways to the indicator before and after this one."""
    codes = [each.code for each in card.indicators]
    at = codes.index(indicator)
    return [(label, reverse("evaluation-indicator", args=[year, card.result.code, codes[to]]))
            for label, to in ((Text("上一项", "Previous"), at - 1), (Text("下一项", "Next"), at + 1)) if 0 <= to < len(codes)]


urlpatterns = [
    path("evaluation/<int:year>/ports/<str:code>", evaluation_port, name="evaluation-port"),
    path("evaluation/<int:year>/ports/<str:code>/<str:indicator>", evaluation_indicator, name="evaluation-indicator"),
]
