"""对标: land ports abroad, scored by a method of which this page also says how it works.

Benchmarks compare methods; no port of China is scored, ranked or judged here. The national office
and auditors see scores and ranks; everybody else sees quarters of the peer group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.accounts.permissions import may
from kouan.basis import Text
from kouan.collection import sources
from kouan.console import figures
from kouan.console.addresses import address_of
from kouan.console.marks import badge
from kouan.console.page import page
from kouan.console.sparklines import sparkline
from kouan.console.tables import Column, Filter, Table
from kouan.console.words import here
from kouan.evaluation.benchmarks import framework_of, quartile
from kouan.evaluation.models import ScoreRun
from kouan.evaluation.queries import BENCHMARK_SOURCE, latest_run, scores, why_not_scored
from kouan.ports.models import BenchmarkPort
from kouan.ports.queries import benchmark_ports

STATEMENT = Text(
    "对标数据仅供方法比较，不涉及我国口岸评价。",
    "Benchmarks compare methods only; they say nothing about the ports of China.",
)
NOT_COMPARABLE = Text(
    "两条边界是两个同类组，分别评分、分别排名：不同组的得分不可比。",
    "The two borders are two peer groups, scored and ranked apart: scores of different groups are not comparable.",
)
BORDERS: Mapping[str, Text] = {
    "US-Canada Border": Text("美加边界", "US–Canada border"),
    "US-Mexico Border": Text("美墨边界", "US–Mexico border"),
}
STATES: Mapping[str, Text] = {
    name: Text(zh, name) for name, zh in {
        "Alaska": "阿拉斯加州", "Arizona": "亚利桑那州", "California": "加利福尼亚州", "Idaho": "爱达荷州", "Maine": "缅因州",
        "Michigan": "密歇根州", "Minnesota": "明尼苏达州", "Montana": "蒙大拿州", "New Mexico": "新墨西哥州",
        "New York": "纽约州", "North Dakota": "北达科他州", "Texas": "得克萨斯州", "Vermont": "佛蒙特州", "Washington": "华盛顿州",
    }.items()
}
QUARTERS: Mapping[str, Text] = {
    "1": Text("第一四分位", "First quarter"),
    "2": Text("第二四分位", "Second quarter"),
    "3": Text("第三四分位", "Third quarter"),
    "4": Text("第四四分位", "Fourth quarter"),
}
STEPS: Mapping[str, Text] = {
    "derive": Text("推导", "derive"), "screen": Text("筛选", "screen"), "peers": Text("分组", "peers"), "treat": Text("极端值处理", "treat"),
    "normalise": Text("标准化", "normalise"), "weight": Text("加权", "weight"), "aggregate": Text("合成", "aggregate"),
}
UNSCORED = Text("未评分", "Not scored")
_SHAPES = {1: "disc", 2: "half", 3: "ring", 4: "dotted-ring"}
# Freight units are the framework's own unit: trucks and rail containers, one each.
_OWN_UNITS = {"freight_units": Text("单元", "units")}
VOLUMES = (("persons", "G02-A1"), ("freight", "G02-A2"), ("conveyances", "G02-A3"))


def state_words(state: str) -> Text:
    """A state of the United States in both languages; its English name where it is not in the table."""
    return STATES.get(state, Text(state, state))


def border_words(border: str) -> Text:
    """The border, which is the peer group."""
    return BORDERS.get(border, Text(border, border))


def unit_words(unit: str) -> Text:
    """The printed unit of an indicator."""
    return _OWN_UNITS[unit] if unit in _OWN_UNITS else Text(figures.unit_name(unit), figures.unit_name(unit))


def quarter_badge(quarter: int | None, why: Text | None = None) -> SafeString:
    """第一四分位 … in word and shape; 未评分 with its reason on hover."""
    if quarter is None:
        return badge(here(UNSCORED), "dash-ring", "none", here(why) if why else "")
    return badge(here(QUARTERS[str(quarter)]), _SHAPES[quarter], "info" if quarter <= 2 else "none")


def sees_ranks(user: Any) -> bool:
    """Whether scores and ranks may be shown: the national office and auditors."""
    return may(user, "scores.read_ranks")


# ---- the table, in two forms --------------------------------------------------------------------------


def _name(row: dict[str, Any]) -> SafeString:
    return format_html('<a href="{}?year={}">{}</a><span class="subline">{}</span>', reverse("benchmark-port", args=[row["code"]]),
                       row["year"], row["name"], row["code"])


def _search(rows: list[dict[str, Any]], value: str) -> list[dict[str, Any]]:
    wanted = value.casefold()
    return [row for row in rows if wanted in row["name"].casefold() or wanted in row["code"]
            or wanted in row["state"].zh or wanted in row["state"].en.casefold()]


def _table(*, with_ranks: bool) -> Table:
    """With ranks: score, rank and trend. Without: only the quarter, by which alone the rows can be ordered."""
    head = (
        Column("name", Text("口岸", "Port"), is_key=True, order=True, show=_name),
        Column("code", Text("代码", "Code"), only="export"),
        Column("state", Text("州", "State"), order=True, keeps_line=True),
        Column("border", Text("边界（同类组）", "Border (peer group)"), order=True, keeps_line=True),
        Column("year", Text("年度", "Year"), only="export"),
        Column("quarter", Text("组内分位", "Quarter of the group"), order=True, keeps_line=True,
               show=lambda row: quarter_badge(row["quarter"], row["why_not"]),
               export=lambda row: QUARTERS[str(row["quarter"])] if row["quarter"] else UNSCORED),
    )
    ranks = (
        Column("score", Text("得分", "Score"), unit=Text("0—100", "0–100"), is_number=True, order=True,
               show=lambda row: "—" if row["score"] is None else f"{row['score']:.1f}"),
        Column("rank", Text("组内名次", "Rank in group"), is_number=True, order=True,
               show=lambda row: f"{row['rank']} / {row['peers']}" if row["rank"] else "—"),
        Column("peers", Text("组内对象数", "Scored in group"), is_number=True, only="export"),
        Column("trend", Text("1996年以来", "Since 1996"), only="page", value=lambda row: None,
               show=lambda row: sparkline(row.get("trend", ()))),
    ) if with_ranks else ()
    tail = (
        Column("persons", Text("入境人员", "Persons entering"), unit=Text("人次", "person-crossings"), is_number=True, order=True),
        Column("freight", Text("货运单元", "Freight units"), unit=Text("单元", "units"), is_number=True, order=True),
        Column("conveyances", Text("入境运输工具", "Conveyances entering"), unit=Text("辆、列次", "movements"), is_number=True, order=True),
        Column("availability", Text("数据可得率", "Data available"), is_number=True, order=True,
               show=lambda row: figures.percent(row["availability"], 0)),
        Column("not_scored", Text("未评分原因", "Why not scored"), only="export", value=lambda row: row["why_not"]),
    )
    return Table(
        name="benchmark", title=Text("对标口岸", "Benchmark ports"), columns=head + ranks + tail,
        filters=(
            Filter("q", Text("名称、代码或州", "Name, code or state"), apply=_search,
                   hint=Text("如 Laredo、2304、得克萨斯", "e.g. Laredo, 2304, Texas")),
            Filter("border", Text("边界", "Border"), choices=tuple(BORDERS.items()),
                   apply=lambda rows, value: [row for row in rows if row["border_code"] == value]),
            Filter("quarter", Text("分位", "Quarter"), choices=(*QUARTERS.items(), ("none", UNSCORED)),
                   apply=lambda rows, value: [row for row in rows if str(row["quarter"] or "none") == value]),
        ),
        default_order="rank" if with_ranks else "quarter",
        group=lambda row: Text(f"同类组：{row['border'].zh}", f"Peer group: {row['border'].en}"),
        origin="official",
        empty=Text("没有符合条件的对标口岸。", "No benchmark port matches."),
        empty_next=Text("可放宽筛选条件或改选年度。", "Widen the filters or choose another year."),
    )


RANKED, BANDED = _table(with_ranks=True), _table(with_ranks=False)


def rows_of(run: ScoreRun, year: int, user: Any) -> list[dict[str, Any]]:
    """Every benchmark port with its stored score of a year, by name. Two queries."""
    found: Iterable[Any] = benchmark_ports(user, run.set_code)
    ports: dict[str, BenchmarkPort] = {port.code: port for port in found}
    rows = []
    for score in scores(run, year=year):
        port = ports.get(score.subject_code)
        if port is None:
            continue
        indicators = score.parts.get("indicators", {})
        rows.append({
            "code": port.code, "name": port.name, "state": state_words(port.state), "year": year,
            "border": border_words(port.border), "border_code": port.border,
            "quarter": quartile(score.rank, score.peers), "score": score.value, "rank": score.rank, "peers": score.peers,
            "availability": score.parts.get("availability"), "why_not": why_not_scored(score),
            **{name: _whole(indicators.get(code, {}).get("raw")) for name, code in VOLUMES},
        })
    return sorted(rows, key=lambda row: row["name"])


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def add_trends(run: ScoreRun, rows: list[dict[str, Any]]) -> None:
    """Put the scores of all years on the rows of one page, in one query."""
    held: dict[str, dict[int, float | None]] = defaultdict(dict)
    found = run.scores.filter(subject_code__in=[row["code"] for row in rows]).order_by()
    for code, year, value in found.values_list("subject_code", "year", "value"):
        held[code][year] = value
    for row in rows:
        row["trend"] = [held[row["code"]].get(year) for year in range(run.first_year, run.last_year + 1)]


def asked_year(request: HttpRequest, run: ScoreRun) -> int:
    """The year of the address bar where the run has it, else its last."""
    asked = request.GET.get("year", "")
    year = int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 4 else run.last_year
    return year if run.first_year <= year <= run.last_year else run.last_year


def years_of(run: ScoreRun) -> list[int]:
    """The years of a run, the latest first."""
    return list(range(run.last_year, run.first_year - 1, -1))


def recipe_of(run: ScoreRun) -> dict[str, Any]:
    """What a reader needs to replay a run: versions and digests."""
    held = run.recipe
    return {
        "framework": framework_of(run).name, "framework_code": run.framework, "framework_digest": run.framework_digest,
        "data_digest": run.data_digest, "result_digest": run.result_digest, "years": (run.first_year, run.last_year),
        "software": ", ".join(f"{name} {version}" for name, version in held.get("software", {}).items()),
        "recorded_at": run.recorded_at, "number": run.pk,
        "steps": " → ".join(here(STEPS.get(step["name"], Text(step["name"], step["name"]))) for step in held.get("steps", ())),
    }


@page("console.read")
def benchmark(request: HttpRequest) -> HttpResponse:
    """The 117 land ports of one year."""
    run = latest_run()
    if run is None:
        return render(request, "console/benchmark/list.html", {"statement": STATEMENT})
    year = asked_year(request, run)
    with_ranks = sees_ranks(request.user)
    source = sources.get(BENCHMARK_SOURCE)
    view = (RANKED if with_ranks else BANDED).read(
        request, rows_of(run, year, request.user), period=str(year), source=source.name,
        source_url=address_of("source", source.id), fresh_at=run.recorded_at,
        decorate=partial(add_trends, run) if with_ranks else None,
        notes=(STATEMENT, NOT_COMPARABLE, Text(
            "只统计入境方向；得分是同类组内的相对值，不同年度之间不能直接比较高低。",
            "Entries only. A score is relative to the group of its year; levels of different years are not comparable.",
        )),
    )
    if view.wants_export:
        return view.export()
    return render(request, "console/benchmark/list.html", {
        "statement": STATEMENT, "table": view, "year": year, "years": years_of(run), "with_ranks": with_ranks,
        "before": year - 1 if year > run.first_year else None, "after": year + 1 if year < run.last_year else None,
        "kept": [(key, value) for key, value in request.GET.items() if key not in ("year", "page", "format")],
    })


@page("console.read")
def method(request: HttpRequest) -> HttpResponse:
    """How a score is made, what it cannot say, and the recipe of the stored run."""
    run = latest_run()
    framework = framework_of(run) if run else None
    lines: list[dict[str, Any]] = [
        {"node": node, "weight": framework.overall_weight(node.code), "unit": unit_words(node.unit) if node.is_indicator else Text("", ""),
         "is_group": not node.is_indicator}
        for node in framework.nodes if node.parent is not None
    ] if framework else []
    if framework:
        # The file lists groups first; a reader wants each group with its indicators under it.
        lines.sort(key=lambda line: (line["node"].code if line["is_group"] else line["node"].parent, not line["is_group"]))
    return render(request, "console/benchmark/method.html", {
        "statement": STATEMENT, "framework": framework, "lines": lines, "recipe": recipe_of(run) if run else None,
        "crumbs": [{"label": Text("对标", "Benchmark"), "address": reverse("benchmark")}, {"label": Text("方法说明", "Method")}],
    })


urlpatterns = [
    path("benchmark", benchmark, name="benchmark"),
    path("benchmark/method", method, name="benchmark-method"),
]
