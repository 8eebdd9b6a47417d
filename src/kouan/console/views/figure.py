"""One figure: its value and definition, every revision, the cell it was read from, what was made of it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse

from kouan.accounts.permissions import may
from kouan.basis import EvidenceRef, Refused, Text, measures
from kouan.collection import lineage, queries, sources
from kouan.collection.models import Observation
from kouan.collection.readers import column_letters
from kouan.collection.returns.queries import mark_of
from kouan.console import figures
from kouan.console.addresses import address_of
from kouan.console.figures import Figure
from kouan.console.page import page
from kouan.console.subject_names import KINDS, SubjectNames, direction_text
from kouan.console.views.batch import size_words, submitter_name
from kouan.console.views.intake import source_name
from kouan.console.words import here

USERS_SHOWN = 50
# A larger file takes longer to open than a page may; its cell follows by a request of its own.
OPEN_AT_ONCE_BYTES = 128 * 1024
ROOMS = {
    "grading/verdict": Text("客货运量标准结论", "Verdict of the volume standard"),
    "evaluation/score_run": Text("绩效评估得分", "Evaluation scores"),
}


@page("figures.read")
def observation(request: HttpRequest, number: int) -> HttpResponse:
    """Everything that can be said about one figure; 404 and a trace when its subject is out of scope."""
    found = queries.get_observation(request.user, number)
    series, batch = found.series, found.batch
    measure = measures.get(series.measure)
    names = SubjectNames([(series.subject_kind, series.subject_code)])
    versions = queries.history(found)
    current = versions[-1]
    may_see_batch = queries.batches_visible_to(request.user).filter(pk=batch.pk).exists()
    source = {one.id: one for one in sources.all_sources()}.get(series.source)
    at_once = may_see_batch and batch.file_size <= OPEN_AT_ONCE_BYTES
    cell, cell_findings = _cell(found) if at_once else (None, [])
    return render(request, "console/intake/figure.html", {
        "figure": Figure(found.value, series.unit, found.period, series.origin, label=measure.name),
        "observation": found, "series": series, "measure": measure, "exact": figures.number(found.value, shorten=False, places=6),
        "unit": figures.unit_name(series.unit), "direction": direction_text(
            series.measure, series.direction, names.region(series.subject_kind, series.subject_code)),
        "group": measures.groups()[series.group].name, "subject": names.link(series.subject_kind, series.subject_code),
        "subject_name": names.name(series.subject_kind, series.subject_code), "kind": KINDS[series.subject_kind],
        "versions": _versions(request, versions), "is_current": current.observation == found.pk, "current": current,
        "marks": marks_of_figure(found),
        "trace": lineage.trace(found), "cell": cell, "cell_findings": cell_findings, "may_see_batch": may_see_batch, "at_once": at_once,
        "size": size_words(batch.file_size), "submitter": submitter_name(batch), "source": source,
        "source_words": source_name(series.source), "place": _place(found), "users": _users(found),
        "crumbs": [
            {"label": Text("报送", "Collection"), "address": reverse("intake") if may(request.user, "intake.read") else ""},
            {"label": Text(f"批次 #{batch.pk}", f"Batch #{batch.pk}"), "address": reverse("batch-figures", args=[batch.pk]) if may_see_batch else ""},
            {"label": Text("数据", "Figure")},
        ],
    })


def marks_of_figure(found: Observation) -> list[tuple[str, Text]]:
    """迟报 and 修订 of a figure that came by a return, with the return's address."""
    words = {"late": Text("迟报", "filed late"), "revised": Text("冻结后修订", "revised after the freeze")}
    return [(reverse("return", args=[each.version.owner_id]), words[each.kind]) for each in mark_of(found)]


@page("intake.read")
def source_cell(request: HttpRequest, number: int) -> HttpResponse:
    """The cell as it stands in the kept file; a page of its own, and a part of the figure's page."""
    found = queries.get_observation(request.user, number)
    batch = queries.get_batch(request.user, found.batch_id)
    found.batch = batch
    cell, findings = _cell(found)
    part = bool(getattr(request, "htmx", False))
    return render(request, "console/intake/cell_part.html" if part else "console/intake/cell.html", {
        "observation": found, "cell": cell, "cell_findings": findings, "place": _place(found), "batch": batch,
        "crumbs": [
            {"label": Text("报送", "Collection"), "address": reverse("intake")},
            {"label": Text("数据", "Figure"), "address": reverse("observation", args=[found.pk])},
            {"label": Text("原始单元格", "Source cell")},
        ],
    })


def _place(found: Observation) -> str:
    letters = column_letters(found.column)
    sheets = found.batch.sheets
    if found.sheet < len(sheets) and sheets[found.sheet]:
        return f"{sheets[found.sheet]}!{letters}{found.row}"
    return here(Text(f"第{found.row}行 {letters}列", f"row {found.row}, column {letters}"))


def _cell(found: Observation) -> tuple[dict[str, Any] | None, list[Any]]:
    """The row of the kept file with the cell marked; the finding where the file cannot answer any more."""
    try:
        row = lineage.file_cell(found)
    except Refused as error:
        return None, error.findings
    width = max(len(row.header), len(row.cells))
    return {
        "text": row.text,
        "cells": [
            {"letter": column_letters(at + 1), "heading": row.header[at] if at < len(row.header) else "",
             "text": row.cells[at] if at < len(row.cells) else "", "is_it": at == row.index}
            for at in range(width)
        ],
    }, []


def _versions(request: HttpRequest, versions: list[queries.Version]) -> list[dict[str, Any]]:
    """Revisions, the latest first, with who sent each."""
    batches = queries.batches_visible_to(request.user).select_related("organisation", "submitted_by").defer("preview", "findings").in_bulk(
        [version.batch for version in versions]
    )
    lines = []
    for version in reversed(versions):
        batch = batches.get(version.batch)
        lines.append({
            "version": version, "value": figures.number(version.value, shorten=False, places=6),
            "address": reverse("observation", args=[version.observation]),
            "batch_address": reverse("batch", args=[version.batch]) if batch else "",
            "submitter": submitter_name(batch) if batch else here(Text("其他单位", "Another office")),
            "person": batch.submitted_by.display_name if batch and batch.submitted_by else "",
        })
    return lines


def _users(found: Observation) -> dict[str, Any]:
    """What was made with this figure, or with the series it stands in: verdicts and scores."""
    own = lineage.users_of(EvidenceRef("collection", "observation", found.pk), any_revision=True)
    of_series = lineage.users_of(EvidenceRef("collection", "series", found.series_id), any_revision=True)
    lines = [(reference, here(Text("本数据", "this figure"))) for reference in own]
    lines += [(reference, here(Text("所在序列", "its series"))) for reference in of_series]
    return {
        "total": len(lines),
        "lines": [
            {"name": ROOMS.get(f"{reference.room}/{reference.kind}", f"{reference.room}/{reference.kind}"),
             "id": reference.id, "revision": reference.revision, "by": by, "address": address_of(reference.kind, reference.id)}
            for reference, by in lines[:USERS_SHOWN]
        ],
        "more": max(0, len(lines) - USERS_SHOWN),
    }


urlpatterns = [
    path("intake/figures/<int:number>", observation, name="observation"),
    path("intake/figures/<int:number>/cell", source_cell, name="source-cell"),
]
