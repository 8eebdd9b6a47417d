"""报送 → 运行事件来源: the sources of operation events, what each sent, what is held and why, and the rulings on their clocks."""

from __future__ import annotations

from datetime import datetime
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
from kouan.basis import Finding, NotAllowed, NotFound, Place, Refused, Text
from kouan.basis.clock import BEIJING
from kouan.console.charts import Chart, Series
from kouan.console.marks import badge, origin_badge
from kouan.console.page import accept_draft, page
from kouan.console.tables import Column, Table
from kouan.console.words import here
from kouan.monitoring.journal import actions
from kouan.monitoring.journal.columns import MINUTE, instant
from kouan.monitoring.journal.models import EventOrigin, EventSource
from kouan.monitoring.journal.overview import (
    COUNTS,
    SourceState,
    days_of,
    get_source,
    held_reasons,
    skewed_since,
    source_states,
)
from kouan.ports.models import Port

TITLE = Text("运行事件来源", "Event sources")
BEGIN = Text("报送", "Collection")
COUNT_NAMES = {
    "received": Text("收到", "Received"), "accepted": Text("接受", "Accepted"), "repeated": Text("重复", "Repeated"), "held": Text("暂存", "Held"),
    "corrections": Text("更正", "Corrections"), "withdrawals": Text("撤销", "Withdrawals"), "late": Text("迟到", "Late"),
    "out_of_order": Text("乱序", "Out of turn"),
}
_MONTH = Text("近30天", "last 30 days")


def _name(source: EventSource) -> Text:
    return source.name


def _link(state: SourceState) -> SafeString:
    return format_html('<a href="{}">{}</a><span class="subline">{}</span>', reverse("event-source", args=[state.source.code]),
                       here(_name(state.source)), state.source.code)


def _office(state: SourceState) -> Text:
    office = state.source.organisation
    return Text(office.name_zh, office.name_en or office.name_zh)


def clock_words(state: SourceState) -> Text:
    """What is to be said of its clock in few words."""
    if state.skew is not None:
        return Text("疑有偏差，待裁定", "seems wrong, not ruled on")
    if state.rulings:
        return Text("已裁定校正", "corrected by a ruling")
    return Text("未发现偏差", "nothing found")


def clock_mark(state: SourceState) -> SafeString:
    """The same with its mark."""
    return badge(here(clock_words(state)), "clock" if state.skew else "disc-check", "wait" if state.skew else "info" if state.rulings else "none")


def _waiting(state: SourceState) -> SafeString | str:
    if not state.waiting:
        return "0"
    return format_html('<a href="{}?source={}&amp;state=waiting">{}</a>', reverse("held-events"), state.source.code, state.waiting)


def _count(name: str, **more: Any) -> Column:
    return Column(name, COUNT_NAMES[name], value=lambda state: state.counts[name], is_number=True, order=True, **more)


SOURCES = Table(
    name="event-sources", title=TITLE,
    columns=(
        Column("name", Text("来源", "Source"), value=lambda state: _name(state.source), show=_link, is_key=True, order=True, is_wide=True),
        Column("code", Text("代码", "Code"), value=lambda state: state.source.code, only="export"),
        Column("office", Text("报送单位", "Office"), value=_office, order=True),
        Column("origin", Text("数据性质", "Origin"), value=lambda state: EventOrigin(state.source.origin).label,
               show=lambda state: _origin(state.source)),
        Column("last", Text("最近事件", "Newest event"), value=lambda state: instant(state.last_us) if state.last_us is not None else None,
               order=True, keeps_line=True),
        Column("received_at", Text("最近接收", "Last received"), only="export"),
        Column("rate", Text("日均", "A day"), unit=Text("条，近7天", "events, last 7 days"), value=lambda state: round(state.rate), is_number=True,
               order=True),
        _count("received", note=_MONTH), _count("repeated", note=_MONTH), _count("late", note=_MONTH), _count("out_of_order", only="export"),
        _count("corrections", only="export"), _count("withdrawals", only="export"),
        Column("waiting", Text("待处理暂存", "Held, waiting"), is_number=True, show=_waiting, order=True),
        Column("clock", Text("时钟", "Clock"), value=clock_words, show=clock_mark),
    ),
    default_order="name",
    empty=Text("您的范围内没有运行事件来源。", "No source of events is in your sight."),
    empty_next=Text("来源由国家口岸办登记：kouan events add-source。", "The national office registers sources: kouan events add-source."),
)


def _origin(source: EventSource) -> SafeString | str:
    return EventOrigin(source.origin).label if source.origin == EventOrigin.DEMONSTRATION else origin_badge(source.origin)


def crumbs_to(*labels: Text) -> list[dict[str, Any]]:
    """The way to a page about the journal's sources."""
    return [{"label": BEGIN, "address": reverse("intake")}, {"label": TITLE, "address": reverse("event-sources")},
            *({"label": each} for each in labels)]


@page("events.read")
def event_sources(request: HttpRequest) -> HttpResponseBase:
    """The sources in sight: newest event, rate, what is held, late or repeated, clocks."""
    view = SOURCES.read(request, source_states(request.user))
    if view.wants_export:
        return view.export()
    return render(request, "console/events/sources.html", {
        "table": view, "crumbs": [{"label": BEGIN, "address": reverse("intake")}, {"label": TITLE}]})


def _chart(source: EventSource, days: list[Any]) -> Chart:
    return Chart(
        "source-days", Text("每日接受的事件", "Events accepted a day"), [f"{each.day:%Y-%m-%d}" for each in days],
        [Series(COUNT_NAMES[name], [each.counts[name] for each in days]) for name in ("accepted", "held", "late", "repeated")],
        kind="line", category_label=Text("日期（北京时间）", "Day (Beijing)"),
        origin=None if source.origin == EventOrigin.DEMONSTRATION else source.origin,
        note=Text("按接收批次的日期计；没有批次的日子为零。", "By the day on which batches were received; a day without any is zero."))


def _moment(text: str, field: str, findings: list[Finding], *, is_needed: bool) -> datetime | None:
    if not text and not is_needed:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        findings.append(Finding.error("bad_moment", "请填写日期和时刻。", "Give a day and a time.", where=Place(field=field),
                                      remedy=("如 2026-03-01 08:00，按北京时间。", "As 2026-03-01 08:00, Beijing time.")))
        return None
    return found if found.tzinfo else found.replace(tzinfo=BEIJING)


def _rule(request: HttpRequest, code: str) -> list[Finding]:
    """Rule on the clock of a source, or take a ruling back, as the form asks; what is wrong with it."""
    findings: list[Finding] = []
    revoked = request.POST.get("revoke", "")[:18]
    if revoked.isdigit():
        actions.revoke_clock_ruling(actor=request.user, ruling_id=int(revoked))
        return findings
    said = request.POST.get("shift_minutes", "").strip()[:8]
    try:
        shift = int(said)
    except ValueError:
        shift = 0
    since = _moment(request.POST.get("since", "").strip()[:32], "since", findings, is_needed=True)
    until = _moment(request.POST.get("until", "").strip()[:32], "until", findings, is_needed=False)
    if since is not None and not findings:
        actions.rule_on_clock(actor=request.user, source=code, shift_minutes=shift, since=since, until=until,
                              reason=request.POST.get("reason", "")[:400])
    return findings


@never_cache
@page("events.read", methods=("GET", "HEAD", "POST"))
def event_source(request: HttpRequest, code: str) -> HttpResponse:
    """One source: who sends and for which ports, day by day, why rows are held, its clock and the rulings on it."""
    user: Any = request.user
    found = get_source(user, code)
    findings: list[Finding] = []
    status = 200
    if request.method == "POST":
        try:
            findings = _rule(request, code)
            status = 422 if findings else 200
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings, status = error.findings, error.http_status
        if not findings:
            accept_draft(request, "ruling")
            messages.success(request, here(Text("已登记裁定；原报时刻保留。", "The ruling is recorded; what was reported is kept.")))
            return redirect("event-source", code)
    state = source_states(user, [found])[0]
    days = days_of(user, code)
    ahead = str(state.skew.measured).split()[0] if state.skew else ""
    since = skewed_since(found)
    said = {name: request.POST.get(name, "")[:400] for name in ("shift_minutes", "since", "until", "reason")}
    if request.method != "POST":
        said["shift_minutes"] = f"{-int(ahead):+d}" if ahead else ""
        said["since"] = f"{since:%Y-%m-%dT%H:%M}" if since is not None and state.skew else ""
    ports = [] if "*" in found.port_codes else list(Port.objects.filter(code__in=found.port_codes).order_by("pinyin", "code"))
    return render(request, "console/events/source.html", {
        "source": found, "state": state, "name": _name(found), "office": _office(state), "ports": [port_words(each) for each in ports],
        "origin": _origin(found), "chart": _chart(found, days), "counts": [(COUNT_NAMES[name], state.counts[name]) for name in COUNTS],
        "rate": round(state.rate), "last": instant(state.last_us) if state.last_us is not None else None, "mark": clock_mark(state),
        "reasons": held_reasons(user, code), "faults": [Text(each.get("zh", ""), each.get("en", "")) for each in found.known_faults],
        "rulings": [(each, each.shift_us // MINUTE, instant(each.from_us), instant(each.to_us) if each.to_us is not None else None)
                    for each in found.rulings.select_related("decided_by__organisation").order_by("-pk")],
        "said": said, "findings": findings, "may_rule": may(user, "events.sources"), "crumbs": crumbs_to(_name(found)),
    }, status=status)


def port_words(port: Port) -> Text:
    """The name of a port in both languages, the Chinese one where it has no other."""
    return Text(port.name_zh, port.name_en or port.name_zh)


urlpatterns = [
    path("events/sources", event_sources, name="event-sources"),
    path("events/sources/<slug:code>", event_source, name="event-source"),
]
