"""Results of a round: bands for whoever may see them; decimals, places, intervals and the second method where the queries give them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.permissions import may
from kouan.basis import Text
from kouan.console.addresses import address_of
from kouan.console.evaluation_charts import bands_chart, intervals_chart
from kouan.console.evaluation_page import (
    PROVINCES,
    as_findings,
    band_mark,
    card_address,
    class_words,
    peer_group_words,
    proposal_mark,
    round_page,
)
from kouan.console.marks import badge
from kouan.console.page import missing, page
from kouan.console.tables import Column, Filter, Table
from kouan.console.words import CLASSES, here
from kouan.desk.models import JobState
from kouan.desk.queries import jobs_visible_to
from kouan.evaluation.method.scheme.doubts import RUNS, VARIED
from kouan.evaluation.rounds.jobs import STUDY, study_later
from kouan.evaluation.rounds.models import Robustness
from kouan.evaluation.rounds.queries import (
    PortResult,
    bands_of,
    current_scoring,
    hidden_from,
    is_national,
    results,
)
from kouan.evaluation.rounds.robustness import study_of
from kouan.grading.grades import GRADES, UNDECIDED

TITLE = Text("结果", "Results")
_GRADES = {**GRADES, "": UNDECIDED}


class Row:
    """One line of the table: a result as its reader may have it, and what the study says of its place."""

    def __init__(self, result: PortResult, bands: list[str], doubt: Mapping[str, Any] | None, tied: int) -> None:
        self.result, self.doubt, self.tied = result, doubt, tied
        self.code, self.total, self.rank = result.code, result.total, result.rank
        self.band_at = bands.index(result.band) if result.band in bands else len(bands)
        self.order = (list(CLASSES).index(result.port_class) if result.port_class in CLASSES else 99,
                      list(_GRADES).index(result.grade) if result.grade in _GRADES else 99,
                      result.rank if result.rank is not None else self.band_at, result.code)

    def of_study(self, name: str) -> Any:
        """What the study says; None without one, or for a port without a total."""
        return None if self.doubt is None else self.doubt[name]


def _port(row: Row) -> SafeString:
    return format_html('<a href="{}">{}</a><span class="subline">{}</span>', card_address(row.result.year, row.code), here(row.result.name), row.code)


def _flags(row: Row) -> SafeString | str:
    said = []
    if row.result.red_line:
        said.append(badge(here(Text("触及红线", "Red line")), "triangle-cross", "bad"))
    if row.result.provisional:
        said.append(badge(here(Text("暂定", "Provisional")), "dotted-ring", "wait"))
    return format_html("{} {}", *said) if len(said) == 2 else said[0] if said else "—"


def _interval(row: Row) -> str:
    if row.doubt is None:
        return "—"
    low, high = round(row.doubt["low"]), round(row.doubt["high"])
    return str(low) if low == high else f"{low}–{high}"


def _tie(row: Row) -> str:
    if row.doubt is None:
        return "—"
    return here(Text(f"第{row.doubt['tie']}段，{row.tied}个", f"{row.doubt['tie']}: {row.tied} ports") if row.tied > 1
                else Text(f"第{row.doubt['tie']}段", str(row.doubt["tie"])))


KEY = (
    Column("port", Text("口岸", "Port"), value=lambda r: r.result.name, show=_port, order=True, is_key=True),
    Column("code", Text("代码", "Code"), only="export"),
    Column("class", Text("类别", "Class"), value=lambda r: class_words(r.result.port_class)),
    Column("grade", Text("等级", "Grade"), value=lambda r: _GRADES.get(r.result.grade, UNDECIDED)),
    Column("province", Text("省份", "Province"), value=lambda r: PROVINCES.get(r.result.province_code), order=True, keeps_line=True),
    Column("band", Text("档次", "Band"), value=lambda r: r.result.band_name, show=lambda r: band_mark(r.band_at, r.result.band_name)),
)
DECIMALS = (Column("total", Text("总分", "Total"), order=True, is_number=True,
                   show=lambda r: "—" if r.total is None else f"{r.total:.2f}", export=lambda r: r.total),)
PLACES = (Column("rank", Text("组内名次", "Place in group"), order=True, is_number=True),)
STUDIED = (
    Column("interval", Text("90% 区间", "90 % interval"), value=lambda r: r.of_study("low"), show=_interval, is_number=True, only="page"),
    Column("low", Text("名次 5%", "Place, 5 %"), value=lambda r: r.of_study("low"), only="export"),
    Column("median", Text("名次 50%", "Place, 50 %"), value=lambda r: r.of_study("median"), only="export"),
    Column("high", Text("名次 95%", "Place, 95 %"), value=lambda r: r.of_study("high"), only="export"),
    Column("tie", Text("名次段", "Tie band"), value=lambda r: r.of_study("tie"), show=_tie, keeps_line=True),
    Column("second", Text("统计法名次", "Place, statistical"), value=lambda r: r.of_study("second_place"), order=True, is_number=True),
    Column("second_score", Text("统计法得分", "Score, statistical"), value=lambda r: r.of_study("second_score"), only="export"),
)
LAST = (
    Column("flags", Text("提示", "Notes"), value=lambda r: None, show=_flags, only="page"),
    Column("red_line", Text("触及红线", "Red line"), value=lambda r: r.result.red_line, only="export"),
    Column("provisional", Text("暂定", "Provisional"), value=lambda r: r.result.provisional, only="export"),
    Column("version", Text("结果版本", "Version"), value=lambda r: r.result.version, only="export"),
)

RESULTS = Table(
    name="results", title=Text("各口岸结果", "Results by port"), columns=(),
    filters=(
        Filter("class", Text("类别", "Class"), choices=tuple(CLASSES.items()),
               apply=lambda rows, value: [row for row in rows if row.result.port_class == value]),
        Filter("grade", Text("等级", "Grade"), choices=(*GRADES.items(), ("none", UNDECIDED)),
               apply=lambda rows, value: [row for row in rows if (row.result.grade or "none") == value]),
        Filter("province", Text("省份", "Province"), choices=tuple(PROVINCES.items()),
               apply=lambda rows, value: [row for row in rows if row.result.province_code == value]),
        Filter("band", Text("档次", "Band"), apply=lambda rows, value: [row for row in rows if row.result.band == value]),
        Filter("flag", Text("提示", "Notes"), choices=(("red", Text("触及红线", "Red line")), ("provisional", Text("暂定", "Provisional"))),
               apply=lambda rows, value: [row for row in rows if (row.result.red_line if value == "red" else row.result.provisional)]),
        Filter("q", Text("名称或代码", "Name or code"), apply=lambda rows, value: [
            row for row in rows if value.lower() in f"{row.result.name.zh} {row.result.name.en} {row.code}".lower()]),
    ),
)


@never_cache
@page("rounds.read", methods=("GET", "HEAD", "POST"))
def evaluation_results(request: HttpRequest, year: int) -> HttpResponseBase:
    """The results that this user may read; whoever runs rounds has the places studied in the background."""
    user: Any = request.user
    held, context = round_page(request, year, "evaluation-results", TITLE)
    if request.method == "POST":
        if request.POST.get("do") != "study":
            raise missing()
        return redirect("job", study_later(actor=user, year=year).pk)
    bands, hidden = bands_of(held), hidden_from(user, held)
    found, study = results(user, held, brief=True), study_of(user, held)
    ties = Counter((each["peer_group"], each["tie"]) for each in study.ports.values()) if study else Counter()
    rows = []
    for each in found:
        doubt = study.ports.get(each.code) if study else None
        rows.append(Row(each, list(bands), doubt, ties[doubt["peer_group"], doubt["tie"]] if doubt else 0))
    rows.sort(key=lambda row: row.order)
    view = _table(bands, hidden, rows, study).read(request, rows)
    view.origin = "exercise" if held.is_exercise else None
    if view.wants_export:
        return view.export()
    national = is_national(user)
    scoring = current_scoring(held) if national else None
    return render(request, "console/evaluation/results.html", context | {
        "table": view, "rows": rows, "proposal": proposal_mark(held.scheme_version.is_proposal), "hidden": hidden,
        "counts": [(band_mark(at, name), sum(row.result.band == code for row in rows)) for at, (code, name) in enumerate(bands.items())],
        "charts": _charts(request, rows, bands, national), "study": study, "varied": VARIED, "runs": RUNS,
        "may_study": scoring is not None and study is None and may(user, "rounds.run"), "job": _job(user, year) if national else None,
        **(_places(request, rows, study) if study else {}), "scoring": scoring,
        "method_address": address_of("evaluation-method", year),
    })


def _table(bands: Mapping[str, Text], hidden: tuple[str, ...], rows: list[Row], study: Robustness | None) -> Table:
    """The table with the columns that this reader may have."""
    shows_ranks = "rank" not in hidden
    sizes = Counter(row.result.peer_group for row in rows)
    return replace(
        RESULTS,
        columns=(*KEY, *(DECIMALS if "decimals" not in hidden else ()), *(PLACES if shows_ranks else ()), *(STUDIED if study else ()), *LAST),
        filters=tuple(replace(each, choices=tuple(bands.items())) if each.key == "band" else each for each in RESULTS.filters),
        group=(lambda row: peer_group_words(row.result.peer_group, sizes[row.result.peer_group])) if shows_ranks else None)


def _charts(request: HttpRequest, rows: list[Row], bands: Mapping[str, Text], national: bool) -> list[Any]:
    if not rows:
        return []
    found = [each.result for each in rows]
    charts = [bands_chart(request, "by-class", Text("各类口岸的档次", "Bands by class"), Text("类别", "Class"), found, bands,
                          lambda each: (each.port_class, class_words(each.port_class)), list(CLASSES))]
    if national:
        placed = [each for each in found if each.province_code in PROVINCES]
        charts.append(bands_chart(request, "by-province", Text("各省份口岸的档次", "Bands by province"), Text("省份", "Province"), placed, bands,
                                  lambda each: (each.province_code, PROVINCES[each.province_code]), list(PROVINCES)))
    return charts


def _places(request: HttpRequest, rows: list[Row], study: Robustness) -> dict[str, Any]:
    """The intervals of one peer group, and how the two methods agree."""
    groups = [each["group"] for each in study.groups]
    asked = request.GET.get("group", "")
    largest = max(study.groups, key=lambda each: each["ports"])["group"]
    chosen = asked if asked in groups else largest
    members = [row for row in rows if row.doubt is not None and row.doubt["peer_group"] == chosen]
    names = {row.code: row.result.name for row in rows}
    agreed = [{**each, "name": class_words(each["group"]), "furthest": [
        {**one, "name": names.get(one["port"], Text(one["port"], one["port"])), "address": card_address(rows[0].result.year, one["port"])}
        for one in each["furthest"][:3]]} for each in sorted(study.agreement["class"], key=lambda one: list(CLASSES).index(one["group"]))]
    return {
        "chart": intervals_chart(Text(f"{peer_group_words(chosen, len(members)).zh}：名次区间",
                                      f"{peer_group_words(chosen, len(members)).en}: intervals of places"), members),
        "groups": [(each["group"], peer_group_words(each["group"], each["ports"]), each["group"] == chosen) for each in study.groups],
        "agreed": agreed, "study_findings": as_findings(study.findings)}


def _job(user: Any, year: int) -> Any:
    return jobs_visible_to(user).filter(kind=STUDY, arguments__year=year, state__in=(JobState.WAITING, JobState.RUNNING, JobState.LOST)).defer(
        "result").order_by("-pk").first()


urlpatterns = [path("evaluation/<int:year>/results", evaluation_results, name="evaluation-results")]
