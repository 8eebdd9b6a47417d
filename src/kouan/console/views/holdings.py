"""暂存区: rows that somebody must decide about, and what was decided.

A held row is accepted with a reason, as it stands or corrected, or it is not used, with a reason. Who
sees the rows sees the decisions; who decides is a matter of role (``intake.resolve``) and office.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import never_cache

from kouan.accounts.permissions import may
from kouan.basis import Finding, NotFound, Place, Refused, Text
from kouan.collection import actions, conflicts, queries, sources
from kouan.collection.holding import cells_by_column, layout_of
from kouan.collection.models import Holding, HoldingOutcome, Observation
from kouan.collection.readers import column_letters
from kouan.console import figures
from kouan.console.long_tables import LongTable
from kouan.console.marks import badge
from kouan.console.page import missing, page
from kouan.console.subject_names import SubjectNames
from kouan.console.tables import Column, Filter
from kouan.console.views.intake import source_choices, source_name
from kouan.console.views.sources import column_meanings
from kouan.console.words import here, page_language

BREAK = mark_safe("<br>")
STANDINGS = {
    "waiting": Text("待处理", "Waiting"),
    "accepted": Text("核准入库", "Accepted"),
    "discarded": Text("不予采用", "Not used"),
    "superseded": Text("已重新读取", "Read anew"),
    "refused": Text("拒收", "Refused"),
}
_MARKS = {
    "waiting": ("clock", "wait"), "accepted": ("disc-check", "ok"), "discarded": ("cross", "none"),
    "superseded": ("arrows", "none"), "refused": ("triangle-cross", "bad"),
}


def standing_of(row: Holding) -> str:
    """Where a row stands: waiting, decided, or refused."""
    if row.outcome == HoldingOutcome.REFUSED:
        return "refused"
    return row.resolution or "waiting"


def standing_badge(row: Holding) -> SafeString:
    """The standing in word and shape."""
    code = standing_of(row)
    return badge(here(STANDINGS[code]), *_MARKS[code])


def _by_standing(rows: Any, value: str) -> Any:
    if value == "waiting":
        return rows.waiting()
    return rows.filter(outcome="refused") if value == "refused" else rows.filter(resolution=value)


def messages_of(row: Holding) -> list[str]:
    """What is wrong with the row, in the page's language."""
    language = page_language()
    return [str(data["message"][language]) for data in row.findings]


def _problems(row: Holding) -> SafeString:
    return format_html_join(BREAK, "{}", ((said,) for said in messages_of(row)))


def _place(row: Holding) -> str:
    sheet = row.batch.sheets[row.sheet] if row.sheet < len(row.batch.sheets) else ""
    number = here(Text(f"第{row.row}行", f"row {row.row}"))
    return f"{sheet} {number}" if sheet else number


def _row_link(row: Holding) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse("holding", args=[row.pk]), _place(row))


def _content(row: Holding) -> str:
    said = "｜".join(cell for cell in row.raw if cell)
    return said if len(said) <= 90 else said[:89] + "…"


def _decision(row: Holding) -> SafeString | str:
    if not row.resolution:
        return "—"
    who = row.resolved_by.display_name if row.resolved_by else here(Text("系统", "The system"))
    return format_html('{}<span class="subline">{} {}</span>', row.reason, who, figures.moment(row.resolved_at))


def _subject(row: Any) -> Any:
    return row.names.link(row.subject_kind, row.subject_code) if row.subject_code else "—"


_ROW = Column("row", Text("行", "Row"), order="row", value=_place, show=_row_link, is_key=True, keeps_line=True)
_STANDING = Column("standing", Text("状态", "State"), value=lambda h: STANDINGS[standing_of(h)], show=standing_badge)
_SUBJECT = Column("subject", Text("对象", "Subject"), value=lambda h: h.names.name(h.subject_kind, h.subject_code) if h.subject_code else None,
                  show=_subject)
_PROBLEM = Column("problem", Text("问题", "What is wrong"), value=lambda h: "；".join(messages_of(h)), show=_problems, is_wide=True)
_CONTENT = Column("content", Text("原始内容", "As it stood"), value=_content, export=lambda h: "｜".join(h.raw), is_wide=True)
_DECISION = Column("decision", Text("处理", "Decision"), show=lambda h: _decision(h), value=lambda h: h.reason, only="page")
_REASON = Column("reason", Text("处理理由", "Reason"), only="export")
_BY = Column("resolved_by", Text("处理人", "Decided by"), value=lambda h: h.resolved_by.display_name if h.resolved_by else None, only="export")
_WHEN = Column("resolved_at", Text("处理时间", "Decided at"), only="export")
_STANDING_FILTER = Filter("standing", Text("状态", "State"), choices=tuple(STANDINGS.items()), apply=_by_standing)

HOLDINGS_OF_BATCH = LongTable(
    name="held-rows",
    title=Text("暂存与拒收的行", "Rows held and refused"),
    prefix="held",
    columns=(_ROW, _STANDING, _SUBJECT, _PROBLEM, _CONTENT, _DECISION, _REASON, _BY, _WHEN),
    filters=(_STANDING_FILTER,),
    default_order="row",
    empty=Text("没有暂存或拒收的行。", "No row was held or refused."),
)
HOLDINGS = LongTable(
    name="holdings",
    title=Text("暂存与拒收的行", "Rows held and refused"),
    columns=(
        _ROW,
        Column("batch", Text("批次", "Batch"), value=lambda h: h.batch_id, order="batch_id", keeps_line=True,
               show=lambda h: format_html('<a href="{}">#{}</a>', reverse("batch", args=[h.batch_id]), h.batch_id)),
        Column("source", Text("数据来源", "Source"), value=lambda h: source_name(h.batch.source)),
        _STANDING, _SUBJECT, _PROBLEM, _CONTENT, _DECISION, _REASON, _BY, _WHEN,
    ),
    filters=(
        Filter("standing", _STANDING_FILTER.label, choices=tuple(STANDINGS.items()), apply=_by_standing, default="waiting"),
        Filter("source", Text("数据来源", "Source"), choices=source_choices, field="batch__source"),
    ),
    default_order="-batch",
    empty=Text("没有符合条件的行。", "No row matches."),
    empty_next=Text("待处理的行已全部处理完毕；新的暂存行在报送后出现在这里。",
                    "Every waiting row has been decided. New ones appear here after an intake."),
)


def with_names(rows: list[Any]) -> None:
    """Attach the names of the subjects to a page of rows."""
    names = SubjectNames((row.subject_kind, row.subject_code) for row in rows if row.subject_code)
    for row in rows:
        row.names = names


@page("intake.read")
def holdings(request: HttpRequest) -> HttpResponse:
    """Rows that wait, of all batches in scope."""
    rows = queries.holdings_visible_to(request.user).select_related("batch", "resolved_by").defer(
        "batch__preview", "batch__findings"
    )
    view = HOLDINGS.read(request, rows, decorate=with_names)
    if view.wants_export:
        return view.export()
    return render(request, "console/intake/holdings.html", {
        "table": view, "may_resolve": may(request.user, "intake.resolve"),
        "crumbs": [{"label": Text("报送", "Collection"), "address": reverse("intake")}, {"label": Text("暂存区", "Holding area")}],
    })


@never_cache
@page("intake.read", methods=("GET", "HEAD", "POST"))
def holding(request: HttpRequest, number: int) -> HttpResponse:
    """One row: what it said, what is wrong, and the decision about it."""
    row = queries.get_holding(request.user, number)
    findings: list[Finding] = []
    others = conflicts.others_of(request.user, row)
    if request.method == "POST":
        try:
            return _take(request, row, others) if request.POST.get("deed") == "take" else _decide(request, row)
        except Refused as error:
            is_gone = isinstance(error, NotFound) and request.POST.get("deed") == "take"
            if is_gone or any(finding.code in ("not_allowed", "holding_already_decided") for finding in error.findings):
                raise
            fields = _fields(request, row)
            field = "take-reason" if request.POST.get("deed") == "take" else "reason"
            findings = [_to_field(finding, fields, field) for finding in error.findings]
    with_names([row])
    return render(request, "console/intake/holding.html", {
        "row": row, "place": _place(row), "standing_code": standing_of(row), "standing": standing_badge(row),
        "said": [Finding.from_dict(each) for each in row.findings], "conflict": _conflict(row, others),
        "cells": _cells(row), "fields": _fields(request, row) if row.is_open else [], "findings": findings, "subject": _subject(row),
        "may_resolve": row.is_open and may(request.user, "intake.resolve")
        and actions.may_submit(request.user, sources.get(row.batch.source)),
        "reason": request.POST.get("reason", ""), "written": _written(request, row), "source_words": source_name(row.batch.source),
        "crumbs": [
            {"label": Text("报送", "Collection"), "address": reverse("intake")},
            {"label": Text(f"批次 #{row.batch_id}", f"Batch #{row.batch_id}"), "address": reverse("batch", args=[row.batch_id])},
            {"label": _place(row)},
        ],
    }, status=422 if findings else 200)


def _decide(request: HttpRequest, row: Holding) -> HttpResponse:
    reason = request.POST.get("reason", "")
    if request.POST.get("deed") == "discard":
        actions.discard_holding(actor=request.user, holding_id=row.pk, reason=reason)
        messages.info(request, here(Text("已记录：该行不予采用，原始内容仍可查阅。", "Recorded: the row is not used; it stays readable.")))
    else:
        before = cells_by_column(row)
        corrections = {
            name: said for name in layout_of(row).columns
            if (said := request.POST.get(f"cell-{name}")) is not None and said.strip() != before.get(name, "")
        }
        written = actions.accept_holding(actor=request.user, holding_id=row.pk, reason=reason,
                                         corrections={name: said.strip() for name, said in corrections.items()})
        messages.success(request, here(Text(
            f"已核准入库，写入 {len(written)} 项数据。" if written else "已核准；数值与已入库的相同，没有新的数据。",
            f"Accepted; {len(written)} figures written." if written else "Accepted; the figures were known already.",
        )))
    return redirect("holding", row.pk)


def _take(request: HttpRequest, row: Holding, others: list[Holding]) -> HttpResponse:
    """Take one of the rows in conflict; the others are not used."""
    all_rows = {str(one.pk): one for one in (row, *others)}
    chosen = all_rows.get(request.POST.get("row", ""))
    if chosen is None:
        raise missing()
    written = conflicts.take_row(
        actor=request.user, holding_id=chosen.pk, instead_of=[one.pk for one in all_rows.values() if one is not chosen],
        reason=request.POST.get("reason", ""),
    )
    messages.success(request, here(Text(
        f"已采用第{chosen.row}行，写入 {len(written)} 项数据；其余各行不予采用，原始内容仍可查阅。",
        f"Row {chosen.row} was taken, {len(written)} figures written; the other rows are not used and stay readable.",
    )))
    return redirect("holding", chosen.pk)


def _conflict(row: Holding, others: list[Holding]) -> dict[str, Any] | None:
    """The rows in conflict side by side, in the order of the file; None where the row stands alone."""
    if not others:
        return None
    labels = _column_labels(row)
    rows = sorted((row, *others), key=lambda one: (one.sheet, one.row))
    return {
        "rows": [
            {"pk": one.pk, "place": _place(one), "address": "" if one.pk == row.pk else reverse("holding", args=[one.pk]),
             "standing": standing_badge(one), "is_open": one.is_open}
            for one in rows
        ],
        "lines": [line | {"label": labels.get(line["heading"], line["heading"])} for line in conflicts.lines_of(rows)],
    }


def _to_field(finding: Finding, fields: list[dict[str, Any]], otherwise: str = "reason") -> Finding:
    """Errors of a cell lead to its field in the form; others to the reason, the one field that is always there."""
    where = finding.where
    if where.field:
        return finding if where.field != "reason" else finding.at(Place(field=otherwise))
    named = next((each["name"] for each in fields if where.column and each["heading"] == where.column.rstrip("*")), "")
    return finding.at(Place(field=named or otherwise))


def _fields(request: HttpRequest, row: Holding) -> list[dict[str, Any]]:
    """The cells as fields: those at fault first, each with its heading as the file had it."""
    try:
        before, layout = cells_by_column(row), layout_of(row)
    except Refused:
        return []
    header = row.batch.columns[row.sheet] if row.sheet < len(row.batch.columns) else []
    faulty = {data.get("where", {}).get("column") for data in row.findings}
    labels = _column_labels(row)
    fields = []
    for name in layout.columns:
        if name not in before and name not in layout.optional:
            continue
        heading = next((title for title in header if sources.heading(title) in layout.columns[name]), layout.titles[name][0])
        fields.append({
            "name": f"cell-{name}", "heading": heading.rstrip("*"), "label": labels.get(heading, heading.rstrip("*")),
            "value": request.POST.get(f"cell-{name}", before.get(name, "")),
            "is_faulty": heading in faulty, "before": before.get(name, ""),
        })
    return fields


def _column_labels(row: Holding) -> dict[str, str]:
    """Words for the headings of the row's file that are in another language than the page; the rest speak for themselves."""
    try:
        layout = layout_of(row)
    except Refused:
        return {}
    meanings = column_meanings(layout)
    header = row.batch.columns[row.sheet] if row.sheet < len(row.batch.columns) else []
    wants_ascii = page_language() == "en"
    labels = {}
    for heading in {*header, *(titles[0] for titles in layout.titles.values())}:
        name = next((name for name, aliases in layout.columns.items() if sources.heading(heading) in aliases), "")
        if name in meanings and heading.isascii() != wants_ascii:
            labels[heading] = here(meanings[name])
    return labels


def _cells(row: Holding) -> list[dict[str, Any]]:
    """The row as it stood: letter, heading, content and what is wrong with each cell."""
    language = page_language()
    header = row.batch.columns[row.sheet] if row.sheet < len(row.batch.columns) else []
    said: dict[str, list[str]] = {}
    for data in row.findings:
        said.setdefault(data.get("where", {}).get("column") or "", []).append(data["message"][language])
    width = max(len(header), len(row.raw))
    return [
        {"letter": column_letters(at + 1), "heading": header[at] if at < len(header) else "",
         "text": row.raw[at] if at < len(row.raw) else "",
         "messages": said.get(header[at], []) if at < len(header) and header[at] else []}
        for at in range(width)
    ]


def _written(request: HttpRequest, row: Holding) -> list[Observation]:
    """The figures that its acceptance wrote."""
    return list(queries.observations_visible_to(request.user).filter(batch__resolves=row).select_related("series", "batch"))


urlpatterns = [
    path("intake/holdings", holdings, name="holdings"),
    path("intake/holdings/<int:number>", holding, name="holding"),
]
