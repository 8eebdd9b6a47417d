"""数据交换: partners and their keys, what waits, what was refused, and the ledger entry by entry. Payloads are taken out by command."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.basis import Finding, NotFound, Text
from kouan.console import figures
from kouan.console.marks import badge
from kouan.console.page import page
from kouan.console.tables import Column, Filter, Table
from kouan.console.words import here
from kouan.exchange.envelope import read
from kouan.exchange.ledger import queries
from kouan.exchange.ledger.models import EntryKind, LedgerEntry
from kouan.exchange.services import services

TITLE = Text("数据交换", "Exchange")
_KIND_MARKS = {"sent": ("half", "info"), "received": ("disc", "ok"), "receipt_sent": ("ring", "none"), "receipt_received": ("disc-check", "ok"),
               "refused": ("triangle-cross", "bad")}
_STATE_MARKS = {"waiting": ("half", "wait"), "acknowledged": ("disc-check", "ok"), "refused": ("triangle-cross", "bad"), "expired": ("cross", "bad")}
_KEY_MARKS = {"ahead": ("half", "info"), "active": ("disc", "ok"), "retired": ("ring", "none"), "revoked": ("cross", "bad")}


def _kind(entry: LedgerEntry) -> SafeString:
    shape, tone = _KIND_MARKS[entry.kind]
    return badge(here(queries.KINDS[EntryKind(entry.kind)]), shape, tone)


def _state(entry: LedgerEntry) -> SafeString | str:
    outgoing = getattr(entry, "outgoing", None)
    if outgoing is None:
        return "—"
    shape, tone = _STATE_MARKS[outgoing.state]
    return badge(here(queries.STATES[outgoing.state]), shape, tone)


def _service(entry: LedgerEntry) -> str:
    found = services().get(entry.service)
    return here(found.name) if found else entry.service or "—"


ENTRIES = Table(
    name="exchange-ledger", title=Text("台账", "Ledger"),
    columns=(
        Column("number", Text("序号", "Number"), order="number", is_key=True, keeps_line=True, show=lambda each: format_html(
            '<a href="{}">{}</a>', reverse("exchange-entry", args=[each.number]), each.number)),
        Column("at", Text("时间", "At"), keeps_line=True),
        Column("kind", Text("类别", "Kind"), value=lambda each: queries.KINDS[each.kind], show=_kind),
        Column("partner", Text("对方", "Partner"), value=lambda each: each.partner_code or "—"),
        Column("service", Text("服务", "Service"), value=_service, export=lambda each: each.service),
        Column("message", Text("报文标识", "Message"), value=lambda each: str(each.message_id or ""), only="export"),
        Column("payload_bytes", Text("大小", "Size"), unit=Text("字节", "bytes"), is_number=True),
        Column("state", Text("送达", "Delivered"), value=lambda each: getattr(getattr(each, "outgoing", None), "state", ""), show=_state),
        Column("digest", Text("本条摘要", "Digest"), only="export"),
    ),
    filters=(
        Filter("kind", Text("类别", "Kind"), field="kind", choices=tuple((key.value, said) for key, said in queries.KINDS.items())),
        Filter("partner", Text("对方代码", "Partner"), apply=lambda rows, value: rows.filter(partner_code=value)),
        Filter("state", Text("送达", "Delivered"), choices=tuple((key.value, said) for key, said in queries.STATES.items()),
               apply=lambda rows, value: rows.filter(outgoing__state=value)),
    ),
    default_order="-number",
    empty=Text("台账中没有符合条件的条目。", "No entry of the ledger matches."),
    empty_next=Text("报文由业务人员用 kouan exchange send 签发，或由其他单位发来。",
                    "Messages are issued with kouan exchange send, or come from other agencies."),
)


@never_cache
@page("exchange.read")
def overview(request: HttpRequest) -> HttpResponseBase:
    """Partners, keys and the ledger. Whoever has not the nation in scope sees none of it."""
    user: Any = request.user
    view = ENTRIES.read(request, LedgerEntry.objects.visible_to(user).select_related("outgoing"))
    if view.wants_export:
        return view.export()
    keys = [{**each, "mark": badge(here(queries.KEY_STATES[each["state"]]), *_KEY_MARKS[each["state"]])} for each in queries.keys_told(user)]
    known = services()
    partners = [{**each, "said": [known[code].name for code in each["services"] if code in known]} for each in queries.partners_told(user)]
    return render(request, "console/exchange/overview.html", {"table": view, "partners": partners, "keys": keys})


@never_cache
@page("exchange.read")
def entry(request: HttpRequest, number: int) -> HttpResponse:
    """One entry: what its envelope says, where it stands in the chain, what was wrong with it."""
    held = LedgerEntry.objects.visible_to(request.user).select_related("outgoing").filter(number=number).first()
    if held is None:
        raise NotFound(Finding.error("not_found", "没有这条台账，或者不在您的范围内。", "There is no such entry, or not in your scope."))
    outgoing = getattr(held, "outgoing", None)
    facts: list[tuple[Text, Any]] = [
        (Text("时间", "At"), figures.moment(held.at)), (Text("对方", "Partner"), held.partner_code or here(Text("不明", "unknown"))),
        (Text("服务", "Service"), _service(held)), (Text("报文标识", "Message"), held.message_id or "—"),
    ]
    if held.envelope:
        said = read(held.envelope.encode())
        facts += [
            (Text("签发", "Created"), figures.moment(said.created)), (Text("时间戳", "Time token"), figures.moment(said.stamped_at)),
            (Text("有效期至", "Expires"), figures.moment(said.expires)), (Text("文件名", "File"), said.header["file_name"] or "—"),
            (Text("格式与大小", "Format and size"), f"{said.header['media_type']}, {held.payload_bytes} B"),
            (Text("算法", "Suite"), said.header["suite"]), (Text("密钥", "Key"), format_html("<code>{}…</code>", said.header["key"][:16])),
            (Text("内容摘要", "Digest of the payload"), format_html("<code>{}</code>", held.payload_digest)),
        ]
    facts += [(Text("上一条摘要", "Entry before"), format_html("<code>{}</code>", held.previous or "—")),
              (Text("本条摘要", "This entry"), format_html("<code>{}</code>", held.digest))]
    findings = [Finding.from_dict(each) for each in (held.findings or (outgoing.problem if outgoing else []))]
    title = Text(f"台账第 {held.number} 条", f"Entry {held.number} of the ledger")
    return render(request, "console/exchange/entry.html", {
        "title": title, "mark": _kind(held), "state": _state(held) if outgoing else "", "facts": facts, "findings": findings, "answers": held.answers,
        "crumbs": [{"label": TITLE, "address": reverse("exchange")}, {"label": title}]})


urlpatterns = [
    path("exchange", overview, name="exchange"),
    path("exchange/<int:number>", entry, name="exchange-entry"),
]
