"""报送 → 暂存事件: events that were not accepted, one opened with what it is held against, and the decision about one or many.

Who sees the source sees its held events; who decides is a matter of role (``events.resolve``).
"""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.permissions import may
from kouan.basis import Finding, Refused, Text
from kouan.console.long_tables import LongTable
from kouan.console.marks import badge
from kouan.console.page import accept_draft, page
from kouan.console.tables import Column, Filter, put
from kouan.console.views.event_sources import crumbs_to, port_words
from kouan.console.words import here, page_language
from kouan.monitoring.journal import actions
from kouan.monitoring.journal.beside import beside, get_held, verdict_now
from kouan.monitoring.journal.models import EventSource, HeldEvent
from kouan.monitoring.journal.queries import held_visible_to
from kouan.ports.models import Port

TITLE = Text("暂存事件", "Held events")
STATES = {"waiting": Text("待处理", "Waiting"), "accepted": Text("复核后接受", "Accepted on review"), "discarded": Text("不予采用", "Not used")}
_MARKS = {"waiting": ("clock", "wait"), "accepted": ("disc-check", "ok"), "discarded": ("cross", "none")}
# Findings that say the page is out of date or not for this reader: no form can answer them.
_NOT_HERE = frozenset({"not_allowed", "held_event_decided", "unknown_held_event"})


def _state(row: HeldEvent) -> Text:
    return STATES[row.resolution or "waiting"]


def _mark(row: HeldEvent) -> SafeString:
    return badge(here(_state(row)), *_MARKS[row.resolution or "waiting"])


def _reasons(row: HeldEvent) -> str:
    language = page_language()
    return "；".join(str(each["message"][language]) for each in row.findings)


def _sent(row: HeldEvent) -> str:
    text = json.dumps(row.raw, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:119]}…"


def _number(row: Any) -> SafeString:
    link = format_html('<a href="{}">{}</a>', reverse("held-event", args=[row.pk]), row.pk)
    if not row.may_be_chosen:
        return link
    return format_html('<label class="form-check"><input class="form-check-input" type="checkbox" name="held" value="{}" form="decide-many"'
                       ' aria-label="{}"{}> {}</label>', row.pk, here(Text(f"选择第 {row.pk} 号", f"Choose number {row.pk}")),
                       " checked" if row.is_chosen else "", link)


HELD = LongTable(
    name="held-events", title=TITLE,
    columns=(
        Column("id", Text("编号", "Number"), value=lambda row: row.pk, show=_number, order="id", is_key=True, keeps_line=True),
        Column("source", Text("来源", "Source")),
        Column("received_at", Text("接收时间", "Received"), value=lambda row: row.batch.received_at, keeps_line=True),
        Column("event_id", Text("来源编号", "Event id")),
        Column("port", Text("口岸", "Port"), value=lambda row: row.port_words),
        Column("why", Text("问题", "What is wrong"), value=_reasons, is_wide=True),
        Column("raw", Text("原文", "As it was sent"), value=_sent, export=lambda row: json.dumps(row.raw, ensure_ascii=False), only="export"),
        Column("state", Text("处理", "Decision"), value=_state, show=_mark),
        Column("reason", Text("处理理由", "Reason"), only="export"),
    ),
    filters=(
        Filter("source", Text("来源代码", "Source, by code"), field="source"),
        Filter("state", Text("处理", "Decision"), apply=lambda rows, value: rows.filter(resolution="" if value == "waiting" else value),
               choices=tuple(STATES.items())),
        Filter("q", Text("来源编号", "Event id"), apply=lambda rows, value: rows.filter(event_id__icontains=value)),
    ),
    default_order="-id",
    empty=Text("没有符合条件的暂存事件。", "No held event matches."),
    empty_next=Text("未能接受的事件逐条保留在这里，写明原因。", "Events that could not be accepted are kept here, each with the reason."),
)


def _chosen(request: HttpRequest) -> list[int]:
    return [int(each) for each in request.POST.getlist("held")[: actions.MOST_AT_ONCE + 1] if each.isascii() and each.isdigit() and len(each) < 16]


def _still_held(found: actions.ManyDecided) -> list[Finding]:
    """Of the rows that do not pass, the first finding of each, with the number of the row."""
    told = []
    for number, findings in found.still_held[:20]:
        first = findings[0]
        told.append(Finding.warning(
            "held_event_still_held", f"第 {number} 号仍未通过：{first.message.zh}", f"Number {number} still does not pass: {first.message.en}",
            measured=first.measured, required=first.required))
    return told


@never_cache
@page("events.read", methods=("GET", "HEAD", "POST"))
def held_events(request: HttpRequest) -> HttpResponseBase:
    """Events that were not accepted, as they were sent, with the reasons; several decided alike; taken away as XLSX, CSV or JSON."""
    findings: list[Finding] = []
    status, chosen, said = 200, _chosen(request), request.POST.get("reason", "")[:400]
    if request.method == "POST":
        is_accepted = request.POST.get("deed") != "discard"
        try:
            found = actions.decide_held_events(actor=request.user, held_ids=chosen, is_accepted=is_accepted, reason=said)
        except Refused as error:
            if any(each.code in _NOT_HERE for each in error.findings):
                raise
            findings, status = error.findings, error.http_status
        else:
            accept_draft(request, "decide-many")
            messages.success(request, here(_told(len(found.decided), is_accepted=is_accepted)))
            if not found.still_held:
                return redirect(request.get_full_path())
            findings, chosen, said = _still_held(found), [number for number, _ in found.still_held], ""
    may_decide = may(request.user, "events.resolve")

    def decorate(rows: list[Any]) -> None:
        named = {each.code: port_words(each) for each in Port.objects.filter(code__in={row.port for row in rows})}
        for row in rows:
            put(row, port_words=named.get(row.port, Text(row.port, row.port)), may_be_chosen=may_decide and not row.resolution,
                is_chosen=row.pk in chosen)

    view = HELD.read(request, held_visible_to(request.user).select_related("batch"), decorate=decorate)
    if view.wants_export:
        return view.export()
    return render(request, "console/events/held.html", {
        "table": view, "findings": findings, "said": {"reason": said}, "may_decide": may_decide, "most": actions.MOST_AT_ONCE,
        "crumbs": crumbs_to(TITLE)}, status=status)


def _told(count: int, *, is_accepted: bool) -> Text:
    if not count:
        return Text("已重新判断，没有一条通过。", "Judged again; none passed.")
    if is_accepted:
        return Text(f"已接受 {count} 条，记入日志。", f"{count} accepted and entered in the journal.")
    return Text(f"已决定不采用 {count} 条，原文仍可查阅。", f"{count} will not be used; what was sent stays readable.")


@never_cache
@page("events.read", methods=("GET", "HEAD", "POST"))
def held_event(request: HttpRequest, number: int) -> HttpResponse:
    """One held event: the reasons, what was sent beside the register and the other revisions, and the decision."""
    row = get_held(request.user, number)
    findings: list[Finding] = []
    status = 200
    deed, said = request.POST.get("deed", ""), request.POST.get("reason", "")[:400]
    if request.method == "POST":
        try:
            found = actions.decide_held_events(actor=request.user, held_ids=[row.pk], is_accepted=deed != "discard", reason=said)
        except Refused as error:
            if any(each.code in _NOT_HERE for each in error.findings):
                raise
            findings, status = error.findings, error.http_status
        else:
            if found.decided:
                accept_draft(request, "decide")
                messages.success(request, here(_told(1, is_accepted=deed != "discard")))
                return redirect("held-event", row.pk)
            findings, status = found.still_held[0][1], 422
    told = beside(request.user, row)
    now = [] if row.resolution else verdict_now(row)
    waiting = held_visible_to(request.user).filter(source=row.source, resolution="").exclude(pk=row.pk).order_by("-pk").values_list("pk", flat=True)
    source = EventSource.objects.visible_to(request.user).filter(code=row.source).first()
    return render(request, "console/events/held_one.html", {
        "row": row, "mark": _mark(row), "reasons": [Finding.from_dict(each) for each in row.findings], "beside": told, "now": now,
        "source": source, "findings": findings, "said": {"reason": said}, "is_open": not row.resolution,
        "may_decide": not row.resolution and may(request.user, "events.resolve"),
        "text": "" if isinstance(row.raw, dict) else str(row.raw), "next": next(iter(waiting.filter(pk__lt=row.pk)[:1]), None),
        "crumbs": [*crumbs_to()[:2], {"label": TITLE, "address": reverse("held-events")}, {"label": Text(f"第 {row.pk} 号", f"No. {row.pk}")}],
    }, status=status)


urlpatterns = [
    path("events/held", held_events, name="held-events"),
    path("events/held/<int:number>", held_event, name="held-event"),
]
