"""One batch: its preview before it is taken in, its result afterwards, its file and its figures."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.action import refuse
from kouan.audit.actions import record_event
from kouan.basis import Finding, NotFound, Period, Place, Text, measures
from kouan.collection import actions, jobs, queries
from kouan.collection.models import Batch, BatchState, Observation
from kouan.collection.readers import column_letters
from kouan.console import figures, words
from kouan.console.long_tables import LongTable
from kouan.console.marks import origin_badge, severity_badge
from kouan.console.page import page
from kouan.console.subject_names import SubjectNames, direction_text
from kouan.console.tables import Column, Filter, put
from kouan.console.views.holdings import HOLDINGS_OF_BATCH, with_names
from kouan.console.views.intake import source_name, submitter_name, taken_in
from kouan.console.words import here, page_language
from kouan.desk.actions import file_place


def get_batch(request: HttpRequest, number: int) -> Batch:
    """The batch, or 404 (and a trace) when it is not the user's to see."""
    return queries.get_batch(request.user, number)


@never_cache
@page("intake.read")
def batch(request: HttpRequest, number: int) -> HttpResponse:
    """The preview of a batch that waits, the result of one that was taken in."""
    found = get_batch(request, number)
    context = {
        "batch": found, "crumbs": crumbs_to(found), "source_words": source_name(found.source),
        "submitter": submitter_name(found), "size": size_words(found.file_size), "is_mine": is_mine(request.user, found),
        "adds_up": found.rows_read == found.rows_accepted + found.rows_held + found.rows_refused,
    }
    if found.state == BatchState.COMMITTED:
        rows = queries.holdings_visible_to(request.user).filter(batch=found).select_related("resolved_by")
        held = HOLDINGS_OF_BATCH.read(request, rows, decorate=lambda some: _of_batch(found, some))
        if held.wants_export:
            return held.export()
        waiting = rows.waiting().count()
        return render(request, "console/intake/batch.html", context | {
            "groups": _groups(found, _holding_pages(rows, found)), "held": held, "waiting": waiting,
            "corrections": found.resolves, "figures": found.observations + found.revisions,
        })
    shown = found.preview or {}
    return render(request, "console/intake/preview.html", context | {
        "groups": _groups(found, {(f["sheet"], f["row"]): f"#row-{f['sheet']}-{f['row']}" for f in shown.get("faults", [])}),
        "faults": _faults(found, shown), "revised": _changes(shown.get("revised", [])), "new": _changes(shown.get("new", [])),
        "outcome": _outcome(found), "may_commit": bool(found.rows_accepted or found.rows_held),
    })


def _of_batch(found: Batch, rows: list[Any]) -> None:
    for row in rows:
        row.batch = found
    with_names(rows)


def is_mine(user: Any, found: Batch) -> bool:
    """Whether the user may commit or drop the preview: it belongs to the office that sent it."""
    return bool(found.organisation_id == user.organisation_id)


def crumbs_to(found: Batch, *more: dict[str, Any]) -> list[dict[str, Any]]:
    """The way to a batch and below it."""
    label = Text(f"批次 #{found.pk}", f"Batch #{found.pk}")
    last = {"label": label, "address": reverse("batch", args=[found.pk])} if more else {"label": label}
    return [{"label": Text("报送", "Collection"), "address": reverse("intake")}, last, *more]


def size_words(size: int) -> str:
    """A file's size in words; the exact bytes where they are few."""
    if size < 1024:
        return here(Text(f"{size} 字节", f"{size} bytes"))
    return f"{size / 1024:,.1f} KB" if size < 1024 * 1024 else f"{size / 1024 / 1024:,.1f} MB"


# ---- findings -----------------------------------------------------------------------------------


def _holding_pages(rows: Any, found: Batch) -> dict[tuple[int, int], str]:
    """The page of each row that the summary names."""
    named = {place["row"] for each in found.findings for place in each.get("places", []) if place.get("row")}
    held = rows.filter(row__in=named).values_list("sheet", "row", "pk")
    return {(sheet, row): reverse("holding", args=[pk]) for sheet, row, pk in held}


def _groups(found: Batch, pages: dict[tuple[int, int], str]) -> list[dict[str, Any]]:
    """The summary by code: how often, where (each place leads to its row), what to do."""
    language = page_language()
    groups = []
    for each in found.findings:
        finding = Finding.from_dict({key: each[key] for key in each if key not in ("count", "places")})
        places = []
        for data in each.get("places", []):
            place = Place.from_dict(data)
            sheet = found.sheets.index(place.sheet) if place.sheet in found.sheets else 0
            address = pages.get((sheet, place.row or 0), "")
            header = found.columns[sheet] if sheet < len(found.columns) else []
            if address.startswith("#") and place.column in header:
                # The cell itself: on a phone it may lie sideways of the row's beginning.
                address = f"#cell-{column_letters(header.index(place.column) + 1)}{place.row}"
            places.append((_short_place(place, language), address))
        groups.append({
            "badge": severity_badge(finding.severity.value), "message": finding.message, "remedy": finding.remedy,
            "count": each.get("count", 1), "places": [one for one in places if one[0]], "code": finding.code,
            "more": max(0, each.get("count", 1) - len(places)), "citation": finding.citation,
        })
    return groups


def _short_place(place: Place, language: str) -> str:
    if place.cell:
        return place.cell if not place.sheet else f"{place.sheet}!{place.cell}"
    if place.row:
        return f"第{place.row}行" if language == "zh" else f"row {place.row}"
    return ""


def _outcome(found: Batch) -> Text:
    """What taking a preview in would do, in one sentence."""
    if not found.rows_accepted and not found.rows_held:
        return Text("没有一行可以入库。请改正文件后重新上传。", "No row can be taken in. Correct the file and upload it again.")
    zh, en = [], []
    if found.observations:
        zh.append(f"新增 {found.observations:,} 项数据")
        en.append(f"add {found.observations:,} new {_plural(found.observations, 'figure')}")
    if found.revisions:
        zh.append(f"修订 {found.revisions:,} 项（旧值保留可查）")
        en.append(f"revise {found.revisions:,} {_plural(found.revisions, 'figure')} (old values stay readable)")
    if found.rows_held:
        zh.append(f"{found.rows_held:,} 行进入暂存区，由省级或国家口岸办处理")
        en.append(f"put {found.rows_held:,} {_plural(found.rows_held, 'row')} into the holding area for the provincial or national office")
    if not zh:
        return Text("文件中的数据与已入库的完全相同；入库不会改变任何数据。", "Its figures are all known already; taking it in would change nothing.")
    after = Text("", "")
    if found.rows_held or found.rows_refused:
        after = Text("也可以放弃，改正文件后重新上传。", " You may also drop it, correct the file and upload it again.")
    return Text(f"入库后：{'；'.join(zh)}。{after.zh}", f"Taking it in will {'; '.join(en)}.{after.en}")


def _plural(number: int, noun: str) -> str:
    return noun if number == 1 else f"{noun}s"


def _faults(found: Batch, shown: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows held or refused as they stand in the file, sheet by sheet, the cells at fault marked."""
    language = page_language()
    sheets: dict[int, dict[str, Any]] = {}
    for fault in shown.get("faults", []):
        number = fault["sheet"]
        header = found.columns[number] if number < len(found.columns) else []
        sheet = sheets.setdefault(number, {
            "name": found.sheets[number] if number < len(found.sheets) else "", "header": header, "rows": [],
        })
        said: dict[int, list[str]] = {}
        general: list[str] = []
        for data in fault["findings"]:
            finding = Finding.from_dict(data)
            words_of = finding.message.in_language(language)
            index = _index(finding.where, header)
            (general if index is None else said.setdefault(index, [])).append(words_of)
        width = max(len(header), len(fault["raw"]))
        cells = [
            {"text": fault["raw"][at] if at < len(fault["raw"]) else "", "messages": said.get(at, []),
             "id": f"cell-{column_letters(at + 1)}{fault['row']}"}
            for at in range(width)
        ]
        sheet["rows"].append({"number": fault["row"], "id": f"row-{number}-{fault['row']}", "cells": cells,
                              "outcome": fault["outcome"], "general": general})
    return list(sheets.values())


def _index(where: Place, header: list[str]) -> int | None:
    return header.index(where.column) if where.column in header else None


# ---- what would change -----------------------------------------------------------------------------


def _changes(kept: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """New and revised figures of a preview, in words."""
    names = SubjectNames((each["subject_kind"], each["subject_code"]) for each in kept)
    said = []
    for each in kept:
        measure = measures.get(each["measure"])
        value, old = Decimal(each["value"]), each.get("old")
        before = Decimal(old) if old is not None else None
        said.append({
            "subject": names.link(each["subject_kind"], each["subject_code"]), "measure": measure.name,
            "direction": direction_text(each["measure"], each["direction"], names.region(each["subject_kind"], each["subject_code"])),
            "period": Period.parse(each["period"]),
            "group": measures.groups()[each["group"]].name if each["group"] != measures.ALL else None,
            "value": value, "old": before, "unit": figures.unit_name(each["unit"]),
            "change": (value - before) / before if before else None, "difference": _signed(value - before) if before is not None else "",
            "place": each["cell"] or here(Text(f"第{each['row']}行", f"row {each['row']}")),
        })
    return said


def _signed(value: Decimal) -> str:
    """A difference with its sign, every digit."""
    said = figures.number(abs(value), shorten=False, places=6)
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{said}"


# ---- verbs -----------------------------------------------------------------------------------------


@page("intake.submit", methods=("POST",))
def commit(request: HttpRequest, number: int) -> HttpResponse:
    """Take a previewed batch in: at once when small, else by the worker."""
    found = _own_batch(request, number, "commit_preview")
    if found.file_size > jobs.INLINE_BYTES:
        return redirect("job", jobs.commit_later(actor=request.user, batch_id=found.pk).pk)
    report = actions.commit_preview(actor=request.user, batch_id=found.pk)
    messages.success(request, here(taken_in(report.accepted, report.observations, report.revisions)))
    return redirect("batch", report.batch)


@page("intake.submit", methods=("POST",))
def discard(request: HttpRequest, number: int) -> HttpResponse:
    """Drop a preview; nothing of it was taken in."""
    found = _own_batch(request, number, "discard_preview")
    actions.discard_preview(actor=request.user, batch_id=found.pk)
    messages.info(request, here(Text("已放弃，数据没有改变。", "Dropped; no figure was changed.")))
    return redirect("intake")


def _own_batch(request: HttpRequest, number: int, verb: str) -> Batch:
    found = get_batch(request, number)
    if not is_mine(request.user, found):
        raise refuse(request.user, "intake.submit", f"collection.actions.{verb}")
    return found


@page("intake.read")
def batch_file(request: HttpRequest, number: int) -> FileResponse:
    """The file as it came; the trail records who took it."""
    found = get_batch(request, number)
    place = file_place(found.file_sha256)
    if not place.is_file():
        raise NotFound([Finding.error(
            "file_missing", "原始文件已不在档案中。", "The original file is no longer kept.", measured=found.file_sha256,
            remedy=("请联系系统管理员从备份恢复。", "Ask your administrator to restore it from backup."),
        )])
    record_event("download", actor_id=request.user.pk, payload={"batch": found.pk, "sha256": found.file_sha256})
    response = FileResponse(place.open("rb"), as_attachment=True, filename=found.file_name, content_type="application/octet-stream")
    response["Cache-Control"] = "private, no-store"
    return response


# ---- the figures of a batch ------------------------------------------------------------------------


def _value(row: Observation) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse("observation", args=[row.pk]), figures.number(row.value, shorten=False, places=6))


def _cell_name(row: Observation) -> str:
    in_workbook = row.sheet < len(row.batch.sheets) and bool(row.batch.sheets[row.sheet])
    letters = column_letters(row.column)
    return f"{letters}{row.row}" if in_workbook else here(Text(f"第{row.row}行 {letters}列", f"row {row.row}, column {letters}"))


def _by_measure(rows: Any, value: str) -> Any:
    return rows.filter(series__measure=value)


def _direction(row: Any) -> Text:
    series = row.series
    return direction_text(series.measure, series.direction, row.names.region(series.subject_kind, series.subject_code))


BATCH_FIGURES = LongTable(
    name="batch-figures",
    title=Text("本批次写入的数据", "Figures written by this batch"),
    columns=(
        Column("subject", Text("对象", "Subject"), value=lambda o: o.names.name(o.series.subject_kind, o.series.subject_code),
               show=lambda o: o.names.link(o.series.subject_kind, o.series.subject_code), is_key=True),
        Column("subject_code", Text("对象代码", "Code"), value=lambda o: o.series.subject_code, only="export"),
        Column("measure", Text("指标", "Measure"), value=lambda o: measures.get(o.series.measure).name),
        Column("direction", Text("方向（发布方）", "Direction (publisher's)"), keeps_line=True,
               value=lambda o: _direction(o)),
        Column("group", Text("分组", "Group"), value=lambda o: measures.groups()[o.series.group].name),
        Column("period", Text("时期", "Period"), value=lambda o: o.period, keeps_line=True),
        Column("value", Text("数值", "Value"), is_number=True, show=_value),
        Column("unit", Text("单位", "Unit"), value=lambda o: figures.unit_name(o.series.unit), keeps_line=True),
        Column("origin", Text("来源性质", "Origin"), value=lambda o: words.ORIGINS[o.series.origin], show=lambda o: origin_badge(o.series.origin)),
        Column("cell", Text("原始位置", "Place in the file"), value=_cell_name, keeps_line=True),
        Column("revision", Text("修订号", "Revision"), is_number=True, show=lambda o: str(o.revision)),
    ),
    filters=(
        Filter("code", Text("对象代码", "Subject code"), apply=lambda rows, value: rows.filter(series__subject_code=value)),
        Filter("measure", Text("指标", "Measure"), apply=_by_measure,
               choices=lambda: tuple((code, one.name) for code, one in measures.all_measures().items())),
        Filter("revised", Text("修订", "Revisions"), choices=(("yes", Text("仅修订", "Revisions only")),),
               apply=lambda rows, value: rows.filter(revision__gt=1)),
    ),
    empty=Text("本批次没有写入数据。", "This batch wrote no figure."),
    empty_next=Text("文件中的数据与已入库的相同，或各行均被暂存、拒收。", "Its figures were known already, or its rows were held or refused."),
)


def _named(rows: list[Observation]) -> None:
    names = SubjectNames((row.series.subject_kind, row.series.subject_code) for row in rows)
    for row in rows:
        put(row, names=names)


@page("intake.read")
def batch_figures(request: HttpRequest, number: int) -> HttpResponse:
    """Every figure that a batch wrote, each leading to its cell; only those about subjects in scope."""
    found = get_batch(request, number)
    rows = queries.observations_visible_to(request.user).filter(batch=found).select_related("series").order_by("pk")
    for_all = BATCH_FIGURES.read(request, rows.prefetch_related(None), decorate=lambda some: _attach(found, some))
    if for_all.wants_export:
        return for_all.export()
    return render(request, "console/intake/figures.html", {
        "batch": found, "table": for_all, "crumbs": crumbs_to(found, {"label": Text("数据", "Figures")}),
    })


def _attach(found: Batch, rows: list[Observation]) -> None:
    for row in rows:
        row.batch = found
    _named(rows)


urlpatterns = [
    path("intake/batches/<int:number>", batch, name="batch"),
    path("intake/batches/<int:number>/commit", commit, name="commit-batch"),
    path("intake/batches/<int:number>/discard", discard, name="discard-batch"),
    path("intake/batches/<int:number>/file", batch_file, name="batch-file"),
    path("intake/batches/<int:number>/figures", batch_figures, name="batch-figures"),
]
