"""Sources: who publishes what under which terms, how fresh it is; and the template in which ports report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.audit.actions import record_event
from kouan.basis import Finding, NotFound, Period, Place, Refused, Text, clock, measures
from kouan.collection import actions, queries, sources
from kouan.collection.models import BatchState
from kouan.collection.sources import Layout, Source
from kouan.collection.template import DEFAULT_MEASURES, measure_choices, port_choices, write_template
from kouan.console import words
from kouan.console.marks import origin_badge
from kouan.console.page import missing, page
from kouan.console.subject_names import KINDS
from kouan.console.tables import Column, Table
from kouan.console.views.users import XLSX
from kouan.console.words import here, page_language

CADENCES = {
    "day": Text("每日", "Daily"), "month": Text("每月", "Monthly"), "quarter": Text("每季", "Quarterly"),
    "year": Text("每年", "Yearly"), "event": Text("不定期", "As published"), "irregular": Text("不定期", "As published"),
}
SUBMITTERS = {
    "national": Text("国家口岸管理办公室", "The national office"),
    "scope": Text("各单位在所辖口岸范围内", "Each office, for its own ports"),
}
BEGIN = Text("报送", "Collection")


def _workspace(source: Source) -> str:
    return source.origin_in("exercise" if settings.IS_EXERCISE else "real") or "exercise"


def _cadence(source: Source) -> Text:
    return CADENCES.get(source.cadence, Text(source.cadence, source.cadence))


def _link(row: dict[str, Any]) -> SafeString:
    source: Source = row["source"]
    return format_html('<a href="{}">{}</a><span class="subline">{}</span>', reverse("source", args=[source.id]), here(source.name), source.id)


def _waiting(row: dict[str, Any]) -> SafeString | str:
    if not row["waiting"]:
        return "0"
    return format_html('<a href="{}?source={}">{}</a>', reverse("holdings"), row["source"].id, row["waiting"])


SOURCES = Table(
    name="sources",
    title=Text("数据来源", "Sources"),
    columns=(
        Column("name", Text("来源", "Source"), value=lambda r: r["source"].name, show=_link, is_key=True, order=True, is_wide=True),
        Column("id", Text("标识", "Identifier"), value=lambda r: r["source"].id, only="export"),
        Column("producer", Text("发布单位", "Producer"), value=lambda r: r["source"].producer, order=True),
        Column("origin", Text("来源性质", "Origin"), value=lambda r: words.ORIGINS[r["origin"]], show=lambda r: origin_badge(r["origin"])),
        Column("cadence", Text("周期", "Cadence"), value=lambda r: _cadence(r["source"]), keeps_line=True),
        Column("submitter", Text("由谁报送", "Submitted by"), value=lambda r: SUBMITTERS[r["source"].submitter]),
        Column("batches", Text("批次", "Batches"), is_number=True, order=True),
        Column("waiting", Text("待处理", "Waiting"), unit=Text("行", "rows"), is_number=True, show=_waiting, order=True),
        Column("last_day", Text("数据截至", "Figures up to"), order=True, keeps_line=True),
        Column("last_at", Text("最近入库", "Last taken in"), order=True, keeps_line=True),
        Column("licence", Text("使用条款", "Licence"), value=lambda r: r["source"].licence, only="export"),
    ),
    default_order="name",
)


@page("intake.read")
def source_list(request: HttpRequest) -> HttpResponse:
    """Every source with its freshness, as far as the user may see it."""
    states = queries.source_states(request.user)
    rows = []
    for source in sources.all_sources():
        state = states.get(source.id)
        rows.append({
            "source": source, "origin": _workspace(source), "batches": state.batches if state else 0,
            "waiting": state.waiting if state else 0, "last_day": state.last_day if state else None,
            "last_at": state.last_committed_at if state else None,
        })
    view = SOURCES.read(request, rows)
    if view.wants_export:
        return view.export()
    return render(request, "console/intake/sources.html", {
        "table": view, "crumbs": [{"label": BEGIN, "address": reverse("intake")}, {"label": SOURCES.title}],
    })


@page("intake.read")
def source(request: HttpRequest, source_id: str) -> HttpResponse:
    """One source: producer, licence, definition, the columns it reads, its known faults."""
    try:
        found = sources.get(source_id)
    except NotFound:
        raise missing()
    rows = queries.batches_visible_to(request.user).filter(source=found.id, state=BatchState.COMMITTED)
    state = queries.source_states(request.user).get(found.id)
    return render(request, "console/intake/source.html", {
        "source": found, "cadence": _cadence(found), "submitter": SUBMITTERS[found.submitter], "origin": _workspace(found),
        "origin_note": words.ORIGIN_NOTES[_workspace(found)], "state": state,
        "layouts": [_layout(layout) for layout in found.layouts], "latest": rows.filter(resolves=None).order_by("-pk")[:10],
        "may_submit": actions.may_submit(request.user, found), "is_return": found.id == "port-return",
        "crumbs": [{"label": BEGIN, "address": reverse("intake")}, {"label": SOURCES.title, "address": reverse("sources")}, {"label": found.name}],
    })


_SUBJECT_KEYS: Mapping[str, Text] = {
    "name": Text("名称", "name"), "code": Text("代码", "code"), "mode": Text("运输方式", "mode"), "state": Text("所在州", "state"),
    "scope": Text("范围", "scope"),
}


def column_meanings(layout: Layout) -> dict[str, Text]:
    """What each column of a layout holds, by the layout's name of it; columns that are only carried along are left out."""
    meanings: dict[str, Text] = {}
    for name in layout.period_columns:
        meanings[name] = Text("时期", "Period")
    kind = KINDS.get(layout.subject["kind"], Text("对象", "Subject"))
    for key, words_of_key in _SUBJECT_KEYS.items():
        column = layout.subject.get(key)
        if isinstance(column, str) and column in layout.columns:
            is_told = key in ("name", "code")
            meanings.setdefault(column, Text(f"{kind.zh}{words_of_key.zh}", f"{kind.en}: {words_of_key.en}") if is_told
                                else words.capitalised(words_of_key))
    meanings |= {
        name: text for name, text in (
            (layout.measure_column, Text("指标", "Measure")), (layout.direction_column, Text("方向", "Direction")),
            (layout.group_column, Text("分组", "Group")), (layout.unit_column, Text("单位", "Unit")),
        ) if name
    }
    for value in layout.values:
        if value.measure:
            measure = measures.get(value.measure)
            group = measures.groups()[value.group].name
            meanings[value.column] = measure.name if value.group == measures.ALL else Text(
                f"{measure.name.zh}：{group.zh}", f"{measure.name.en}: {group.en}"
            )
        else:
            meanings[value.column] = Text("数值", "Figure")
    return meanings


def _layout(layout: Layout) -> dict[str, Any]:
    """The columns of a layout as people read them: heading, what it holds, whether it must be there."""
    meanings = column_meanings(layout)
    return {
        "id": layout.id,
        "columns": [
            {"names": titles, "meaning": meanings.get(name, Text("不作统计", "Not counted")), "is_optional": name in layout.optional}
            for name, titles in layout.titles.items()
        ],
        "kinds": [words.GRANULARITIES[kind.value] for kind in sorted(layout.period_kinds) if kind.value in words.GRANULARITIES],
    }


# ---- the template ----------------------------------------------------------------------------------


@page("intake.submit")
def template(request: HttpRequest) -> HttpResponse:
    """Choose ports, measures and the period; the address of the file carries the choice."""
    ports = port_choices(request.user)
    available = [each for each in measures.all_measures().values() if not each.is_benchmark]
    return render(request, "console/intake/template.html", {
        "ports": ports, "measures": available, "usual": DEFAULT_MEASURES, "period": Period.month(*_last_month()).code,
        "few": len(ports) <= 12, "findings": [],
        "crumbs": [{"label": BEGIN, "address": reverse("intake")}, {"label": Text("报送模板", "Template")}],
    })


def _last_month() -> tuple[int, int]:
    today = clock.today()
    return (today.year, today.month - 1) if today.month > 1 else (today.year - 1, 12)


@page("intake.submit")
def template_file(request: HttpRequest) -> HttpResponse:
    """The workbook, for ports in the user's scope only."""
    said = request.GET.get("period", "").strip()[:20]
    example = None
    if said:
        found = Period.read(said)
        if isinstance(found, Finding):
            raise Refused([found.at(Place(field="period"))])
        example = found
    chosen = measure_choices(request.GET.getlist("measure")[:50])
    ports = request.GET.getlist("port")[:400]
    content = write_template(request.user, ports=ports, measure_codes=[each.code for each in chosen], example=example)
    record_event("template", actor_id=request.user.pk, payload={"ports": ports[:50], "measures": [each.code for each in chosen]})
    response = HttpResponse(content, content_type=XLSX)
    name = "port-return" if page_language() == "en" else "口岸数据报送表"
    response["Content-Disposition"] = f"attachment; filename=\"port-return.xlsx\"; filename*=UTF-8''{_quoted(name)}.xlsx"
    response["Cache-Control"] = "private, no-store"
    return response


def _quoted(name: str) -> str:
    return quote(f"{name}-{clock.today():%Y%m%d}")


urlpatterns = [
    path("intake/sources", source_list, name="sources"),
    path("intake/sources/<slug:source_id>", source, name="source"),
    path("intake/template", template, name="template"),
    path("intake/template.xlsx", template_file, name="template-file"),
]
