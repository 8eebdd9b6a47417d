"""对标 of one port: its standing over the years, why this score, and its monthly entries."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.basis import Period, PeriodKind, SubjectKind, SubjectRef, Text, measures, numbers
from kouan.collection import sources
from kouan.console import figures
from kouan.console.addresses import address_of
from kouan.console.axis_words import axis_word
from kouan.console.charts import Chart, Series
from kouan.console.page import get_or_missing, page
from kouan.console.tables import Column, Table
from kouan.console.views.benchmark import (
    STATEMENT,
    asked_year,
    border_words,
    quarter_badge,
    recipe_of,
    sees_ranks,
    state_words,
    unit_words,
    years_of,
)
from kouan.console.words import here, page_language
from kouan.evaluation.benchmarks import (
    PartLine,
    framework_of,
    medians,
    part_lines,
    peer_parts,
    quartile,
    stretches,
)
from kouan.evaluation.models import Score, ScoreRun
from kouan.evaluation.queries import BENCHMARK_SOURCE, latest_run, scores, why_not_scored
from kouan.monitoring.queries import flows_of
from kouan.ports.models import BenchmarkPort
from kouan.ports.queries import benchmark_ports

MEASURES = (
    "trucks", "personal_vehicles", "buses", "trains", "personal_vehicle_passengers", "bus_passengers", "train_passengers",
    "pedestrians", "truck_containers_loaded", "truck_containers_empty", "rail_containers_loaded", "rail_containers_empty",
)
KINDS = {"month": Text("按月", "By month"), "year": Text("按年", "By year")}
_DECIMALS = {"percent": 1, "ratio": 2}


def _label(line: PartLine) -> SafeString:
    name = here(line.node.name)
    if not line.node.is_indicator:
        return format_html("<strong>{}</strong>", name)
    return format_html('<span class="indented">{}<span class="subline">{}</span></span>', name,
                       here(line.node.definition) if line.node.definition else "")


def _raw(line: PartLine) -> SafeString | str:
    if not line.node.is_indicator:
        return SafeString("")
    if line.raw is None:
        return format_html('<span class="is-missing">{}</span>', here(line.missing) if line.missing else "—")
    places = _DECIMALS.get(line.node.unit, 0)
    shown = numbers.plain(numbers.round_half_up(Decimal(str(line.raw)), places), grouped=True)
    notes = []
    if line.estimated_share and line.estimated_share >= 0.0005:
        notes.append(here(Text(f"其中估计 {figures.percent(line.estimated_share)}", f"{figures.percent(line.estimated_share)} estimated")))
    if line.winsorised:
        notes.append(here(Text("极端值已缩尾", "winsorised")))
    return format_html('{}<span class="head-unit">{}</span>{}', shown, here(unit_words(line.node.unit)),
                       format_html('<span class="subline">{}</span>', here(Text("；", "; ")).join(notes)) if notes else "")


def _points(value: float | None) -> str:
    return "—" if value is None else f"{value:.1f}"


def _parts_table(*, with_ranks: bool) -> Table:
    head = (
        Column("name", Text("指标", "Indicator"), value=lambda line: line.node.name, show=_label, is_key=True),
        Column("code", Text("编号", "Code"), value=lambda line: line.node.code, only="export"),
        Column("raw", Text("数值", "Figure"), is_number=True, show=_raw),
        Column("unit", Text("单位", "Unit"), value=lambda line: unit_words(line.node.unit), only="export"),
        Column("weight", Text("权重", "Weight"), is_number=True, show=lambda line: figures.percent(line.weight)),
    )
    decimals = (
        Column("points", Text("得分", "Points"), unit=Text("0—100", "0–100"), is_number=True, show=lambda line: _points(line.points)),
        Column("typical", Text("同类中位数", "Median of peers"), is_number=True, show=lambda line: _points(line.typical)),
        Column("contribution", Text("贡献", "Brings"), unit=Text("分", "points"), is_number=True, show=lambda line: _points(line.contribution)),
    ) if with_ranks else ()
    return Table(
        name="benchmark-parts", title=Text("为什么是这个结果", "Why this result"),
        columns=(*head, *decimals, Column(
            "quarter", Text("组内分位", "Quarter of the group"), keeps_line=True,
            show=lambda line: quarter_badge(line.quarter) if line.quarter else "—")),
        prefix="w", page_size=60,
    )


RANKED, BANDED = _parts_table(with_ranks=True), _parts_table(with_ranks=False)


def history_chart(run: ScoreRun, port: BenchmarkPort, held: list[Score]) -> Chart:
    """Scores over the years beside the median of the peers."""
    by_year = {score.year: score for score in held}
    years = list(range(run.first_year, run.last_year + 1))
    middle = medians(run, port.border)

    def rounded(value: float | None) -> Decimal | None:
        return None if value is None else Decimal(f"{value:.1f}")

    def rank(year: int) -> str:
        score = by_year.get(year)
        return f"{score.rank} / {score.peers}" if score and score.rank else "—"

    return Chart(
        key="scores", title=Text("历年得分", "Scores over the years"), kind="line", unit="points", origin="derived",
        categories=[str(year) for year in years],
        series=[
            Series(Text(port.name, port.name), [rounded(by_year[year].value) if year in by_year else None for year in years]),
            Series(Text("同类中位数", "Median of peers"), [rounded(middle.get(year)) for year in years]),
        ],
        extras=[(Text("名次", "Rank"), [rank(year) for year in years])],
        category_label=Text("年度", "Year"),
        note=Text("得分是当年同类组内的相对值。2020年的断崖在增长率中延续到2023年；1996—1998年尚无增长率与稳定性。",
                  "A score is relative to the group of its year. The break of 2020 stays in growth until 2023; "
                  "1996–1998 have no growth and stability yet."),
    )


def flow_chart(port: BenchmarkPort, measure: str, kind: PeriodKind) -> Chart | None:
    """The publisher's own entries of one measure."""
    found = [
        series for series in flows_of([SubjectRef.of(SubjectKind.BENCHMARK_PORT, port.code)], kind=kind, measure=measure)
        if series.source == BENCHMARK_SOURCE
    ]
    if not found or not found[0].flows:
        return None
    series = found[0]
    values = {flow.period: flow.value for flow in series.flows}
    periods = _every(min(values), max(values))
    name = _capitalised(measures.get(measure).name)
    source = sources.get(BENCHMARK_SOURCE)
    return Chart(
        key="entries", title=Text(f"{name.zh}：{KINDS[str(kind)].zh}", f"{name.en}: {KINDS[str(kind)].en.lower()}"), kind="line",
        unit=series.unit, origin=series.origin, categories=[axis_word(period, page_language()) for period in periods],
        row_names=[period.label(page_language()) for period in periods],
        series=[Series(Text("入境", "Entering"), [values.get(period) for period in periods])],
        source=source.name, source_url=address_of("source", source.id),
        note=Text("2016年前后起，发布机构不再列出多数零值，缺的月份可能是零，也可能是未发布；图中留空，不作零处理。年度数只在十二个月齐全时给出。",
                  "Since about 2016 the publisher leaves out most zero rows: a missing month may be zero or unpublished. It stays a gap, never a "
                  "zero; a year is given only when all twelve months are there."),
    )


def _capitalised(name: Text) -> Text:
    return Text(name.zh, name.en[:1].upper() + name.en[1:])


def _every(first: Period, last: Period) -> list[Period]:
    found = [first]
    while found[-1] < last:
        found.append(found[-1].next())
    return found


@page("console.read")
def benchmark_port(request: HttpRequest, code: str) -> HttpResponse:
    """One benchmark port and one year of it."""
    user: Any = request.user
    found: Any = get_or_missing(benchmark_ports(user), code=code)
    port: BenchmarkPort = found
    run = latest_run()
    context: dict[str, Any] = {
        "port": port, "state": state_words(port.state), "border": border_words(port.border), "statement": STATEMENT,
        "crumbs": [{"label": Text("对标", "Benchmark"), "address": reverse("benchmark")}, {"label": Text(port.name, port.name)}],
        "with_ranks": sees_ranks(user),
    }
    if run is not None:
        held = list(scores(run, subject=code).order_by("year").defer("parts"))
        year = asked_year(request, run)
        score = scores(run, year=year, subject=code).first()
        context |= {"run": run, "recipe": recipe_of(run), "year": year, "years": years_of(run), "score": score,
                    "stretches": [(each, quarter_badge(each.quarter)) for each in stretches(held)][::-1]}
        if score is not None:
            parts = (RANKED if context["with_ranks"] else BANDED).read(
                request, part_lines(score, framework_of(run), peer_parts(run, year, score.peer_group)),
                period=str(year), origin="derived", fresh_at=run.recorded_at, notes=(STATEMENT,),
            )
            if parts.wants_export:
                return parts.export()
            context |= {
                "parts": parts, "quarter": quarter_badge(quartile(score.rank, score.peers), why_not_scored(score)),
                "why_not": why_not_scored(score), "availability": score.parts.get("availability"),
                "middle": medians(run, score.peer_group).get(year) if context["with_ranks"] else None,
            }
        if context["with_ranks"]:
            context["history"] = history_chart(run, port, held)
    measure = request.GET.get("measure", "")
    measure = measure if measure in MEASURES else MEASURES[0]
    kind = PeriodKind.YEAR if request.GET.get("by") == "year" else PeriodKind.MONTH
    context |= {
        "flows": flow_chart(port, measure, kind), "measure": measure, "kind": str(kind), "kinds": list(KINDS.items()),
        "measures": [(one, _capitalised(measures.get(one).name)) for one in MEASURES],
    }
    return render(request, "console/benchmark/port.html", context)


urlpatterns = [path("benchmark/<slug:code>", benchmark_port, name="benchmark-port")]
