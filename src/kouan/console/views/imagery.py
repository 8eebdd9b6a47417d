"""监测 → 影像源: which feed exists where, whether it lives, outages; the form to register one. No picture is shown or kept."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.models import Organisation, OrganisationKind
from kouan.accounts.permissions import may
from kouan.basis import Conflict, Finding, NotAllowed, NotFound, Refused, Text
from kouan.console import figures
from kouan.console.marks import badge
from kouan.console.page import accept_draft, page
from kouan.console.tables import Column, Filter, Table
from kouan.console.words import here
from kouan.monitoring.imagery import actions, queries
from kouan.monitoring.imagery.models import ImageFeed
from kouan.monitoring.imagery.queries import Health, health_of
from kouan.ports.models import Port

TITLE = Text("影像源", "Imagery feeds")
_MARKS = {"up": ("disc", "ok"), "fault": ("diamond", "wait"), "down": ("triangle-cross", "bad"), "never": ("ring", "wait"), "ended": ("disc-check",
    "none")}
OWNERS = (OrganisationKind.PORT_OPERATOR, OrganisationKind.INSPECTION_AGENCY, OrganisationKind.CITY_OFFICE, OrganisationKind.PROVINCIAL_OFFICE,
          OrganisationKind.CORPS_OFFICE)


def health_mark(health: Health) -> SafeString:
    """Whether a feed lives, in word and colour."""
    shape, tone = _MARKS[health.state]
    return badge(here(queries.STATES[health.state]), shape, tone)


def _health(feed: ImageFeed) -> Health:
    return health_of([feed])[feed.pk]


def _uptime(health: Health) -> str | None:
    return None if health.uptime is None else f"{health.uptime * 100:.1f}%"


FEEDS = Table(
    name="image-feeds", title=TITLE,
    columns=(
        Column("feed", TITLE, value=lambda each: each.name_zh, is_key=True, is_wide=True, show=lambda each: format_html(
            '<a href="{}">{}</a><span class="subline">{} <code>{}</code></span>', reverse("image-feed", args=[each.pk]),
            here(Text(each.name_zh, each.name_en or each.name_zh)), each.port.name_zh, each.code)),
        Column("code", Text("代码", "Code"), only="export"),
        Column("port", Text("口岸", "Port"), value=lambda each: each.port.name_zh, only="export"),
        Column("place", Text("安装位置", "Place"), is_wide=True),
        Column("kind", Text("类别", "Kind"), value=lambda each: actions.lists()["kinds"][each.kind]),
        Column("purpose", Text("用途", "Purpose"), value=lambda each: actions.lists()["purposes"][each.purpose]),
        Column("state", Text("状态", "State"), value=lambda each: queries.STATES[_health(each).state], show=lambda each: health_mark(_health(each))),
        Column("last_seen", Text("最近心跳", "Last heard"), value=lambda each: _health(each).last_seen, keeps_line=True),
        Column("uptime", Text("近30日在线率", "Up, 30 days"), value=lambda each: _uptime(_health(each)), is_number=True),
        Column("owner", Text("责任单位", "Owner"), value=lambda each: each.owner.name_zh),
    ),
    filters=(
        Filter("use", Text("在用", "In use"), choices=(("now", Text("在用", "In use")), ("ended", Text("已停用", "Out of use"))),
               apply=lambda rows, value: rows.filter(ended_at__isnull=value == "now")),
        Filter("kind", Text("类别", "Kind"), field="kind", choices=lambda: tuple(actions.lists()["kinds"].items())),
        Filter("purpose", Text("用途", "Purpose"), field="purpose", choices=lambda: tuple(actions.lists()["purposes"].items())),
        Filter("q", Text("口岸", "Port"), apply=lambda rows, value: rows.filter(port__name_zh__icontains=value)),
    ),
    default_order="code",
    empty=Text("没有符合条件的影像源。", "No feed matches."),
    empty_next=Text("市县、省级和国家口岸办登记；只登记有什么，不存图像。",
        "City, provincial and national offices register them; no picture is kept."),
)


@page("imagery.read")
def feeds(request: HttpRequest) -> HttpResponseBase:
    """The feeds in scope and their outages."""
    view = FEEDS.read(request, queries.with_health(queries.feeds_visible_to(request.user)))
    if view.wants_export:
        return view.export()
    out = [(feed, health_mark(health), health) for feed, health in queries.outages(request.user)]
    return render(request, "console/imagery/list.html", {"table": view, "out": out, "may_register": may(request.user, "imagery.register")})


@never_cache
@page("imagery.register", methods=("GET", "HEAD", "POST"))
def new(request: HttpRequest) -> HttpResponse:
    """The form by which a feed is registered."""
    user: Any = request.user
    names = ("code", "port", "name", "name_en", "place", "kind", "purpose", "protocol", "owner", "contact", "basis", "retention_days", "beat_seconds",
             "address")
    said = {name: request.POST.get(name, "").strip()[:300] for name in names}
    findings: list[Finding] = []
    if request.method == "POST":
        try:
            made = actions.register_feed(actor=user, said=actions.NewFeed(
                said["code"], said["port"], said["name"], said["place"], said["kind"], said["purpose"], said["protocol"], said["owner"],
                    said["contact"],
                said["basis"], _number(said["retention_days"]), _number(said["beat_seconds"]), said["address"], said["name_en"]))
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = error.findings
        else:
            accept_draft(request, "feed")
            messages.success(request, here(Text("已登记。", "Registered.")))
            return redirect("image-feed", made.pk)
    ports = [(each.code, Text(each.name_zh, each.name_en or each.name_zh)) for each in Port.objects.visible_to(user).order_by("pinyin", "code")]
    owners = Organisation.objects.filter(is_active=True, kind__in=OWNERS).order_by("province_code", "code")
    if user.organisation.province_code:
        owners = owners.filter(province_code=user.organisation.province_code)
    words = actions.lists()
    return render(request, "console/imagery/new.html", {
        "said": {**said, "retention_days": said["retention_days"] or "30", "beat_seconds": said["beat_seconds"] or "300"}, "findings": findings,
        "ports": ports, "owners": [(each.code, each.name) for each in owners[:500]], "kinds": list(words["kinds"].items()),
        "purposes": list(words["purposes"].items()), "protocols": list(words["protocols"].items()), "crumbs": _crumbs(Text("登记", "Register")),
    }, status=422 if findings else 200)


def _number(said: str) -> int:
    return int(said) if said.isdigit() and len(said) <= 6 else 0


def _crumbs(label: Text) -> list[dict[str, Any]]:
    return [{"label": TITLE, "address": reverse("image-feeds")}, {"label": label}]


@never_cache
@page("imagery.read", methods=("GET", "HEAD", "POST"))
def feed(request: HttpRequest, number: int) -> HttpResponse:
    """One feed: what it is, on what basis, how it lived over the last 30 days."""
    user: Any = request.user
    held = actions.get_feed(user, number)
    findings: list[Finding] = []
    if request.method == "POST":
        try:
            actions.end_feed(actor=user, feed=number)
        except Conflict as error:
            findings = error.findings
        else:
            messages.success(request, here(Text("已停用。", "Out of use.")))
            return redirect("image-feed", number)
    health, words = _health(held), actions.lists()
    knows = queries.may_see_address(user, held)
    hidden = Text("仅责任单位和有接入权限的单位可见", "only for its owner and offices that may connect")
    facts: list[tuple[Text, Any]] = [
        (Text("口岸", "Port"), format_html('<a href="{}">{}</a>', reverse("port", args=[held.port.code]), held.port.name_zh)),
        (Text("安装位置", "Place"), held.place), (Text("类别", "Kind"), here(words["kinds"][held.kind])),
        (Text("用途", "Purpose"), here(words["purposes"][held.purpose])), (Text("协议", "Protocol"), here(words["protocols"][held.protocol])),
        (Text("责任单位", "Owner"), held.owner.name_zh), (Text("法律依据", "Legal basis"), held.basis),
        (Text("图像保存", "Pictures kept"), here(Text(f"{held.retention_days}天（由责任单位保存，本系统不存图像）",
                                                   f"{held.retention_days} days, by the owner; none here"))),
        (Text("心跳间隔", "Heartbeat every"), here(Text(f"{held.beat_seconds}秒", f"{held.beat_seconds} s"))),
        (Text("联系人", "Contact"), held.contact if knows else here(hidden)),
        (Text("接入地址", "Address"), (held.address or "—") if knows else here(hidden)),
        (Text("最近心跳", "Last heard"), figures.moment(health.last_seen) if health.last_seen else "—"),
        (Text("近30日在线率", "Up, 30 days"), _uptime(health) or "—"),
    ]
    return render(request, "console/imagery/one.html", {
        "feed": held, "title": Text(held.name_zh, held.name_en or held.name_zh), "mark": health_mark(health), "health": health, "facts": facts,
        "spans": list(held.spans.order_by("-last_at")[:60]), "findings": findings,
        "may_end": held.ended_at is None and may(user, "imagery.register"), "crumbs": _crumbs(Text(held.code, held.code)),
    }, status=409 if findings else 200)


urlpatterns = [
    path("imagery", feeds, name="image-feeds"),
    path("imagery/new", new, name="image-feed-new"),
    path("imagery/<int:number>", feed, name="image-feed"),
]
