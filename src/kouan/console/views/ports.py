"""口岸: the list of ports in scope, with what the register, the plan, the rule and the data say of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from html import escape
from typing import Any

from django.db.models import OuterRef, Q, Subquery
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from kouan.accounts.permissions import may
from kouan.basis import Text, codes
from kouan.collection.models import Series
from kouan.console import words
from kouan.console.marks import origin_badge, status_badge_short, verdict_badge
from kouan.console.page import page
from kouan.console.tables import Column, Filter, Table
from kouan.console.words import here, page_language
from kouan.grading.grades import GRADES, UNDECIDED, with_grade
from kouan.grading.models import VerdictRecord
from kouan.ports import queries
from kouan.ports.models import CounterpartPoint, LayoutLink, Port

RULE = "volume_standard"
NOT_JUDGED = Text("未判定", "Not judged")
_PROVINCES = tuple((one.code, one.name) for one in codes.mainland_provinces)
_PROVINCE_NAMES = dict(_PROVINCES)
_SHORT_NAMES = {one.code: one.short_name for one in codes.mainland_provinces}
# Origins in the order in which they speak for a port.
_ORIGINS = ("official", "exercise", "counterpart", "derived", "press")


def port_name(port: Port) -> str:
    """The name in the page's language."""
    return here(Text(port.name_zh, port.name_en or port.name_zh))


def place_of(port: Any) -> Text | None:
    """Province and city as one text."""
    province = _PROVINCE_NAMES.get(port.province_code)
    if province is None:
        return None
    city = port.city_name if port.city_name and port.city_name not in province.zh else ""
    return Text(f"{province.zh}{'·' if city else ''}{city}", province.en)


def _place_cell(port: Any) -> SafeString | str:
    """新疆·塔城地区: the everyday name of the province, so that no name breaks; the full one on hover."""
    place, short = place_of(port), _SHORT_NAMES.get(port.province_code)
    if place is None or short is None:
        return ""
    full = here(place)
    if page_language() == "en":
        return full
    said = full.replace(_PROVINCE_NAMES[port.province_code].zh, short.zh, 1)
    return mark_safe(f'<span title="{escape(full)}">{escape(said)}</span>') if said != full else full  # noqa: S308 - escaped here


@lru_cache(maxsize=32)
def _approval(code: str, language: str) -> SafeString:
    full, short = words.APPROVALS[code].in_language(language), words.APPROVALS_SHORT[code].in_language(language)
    return format_html('<span title="{}">{}</span>', full, short) if full != short else format_html("{}", short)


def _approval_cell(port: Any) -> SafeString:
    return _approval(port.approval, page_language())


def _layout_cell(port: Any) -> SafeString | str:
    if port.layout_words is None:
        return ""
    return mark_safe(f'<span title="{escape(here(port.layout_words))}">{escape(here(port.layout_short))}</span>')  # noqa: S308 - escaped here


def _name_cell(port: Any) -> SafeString:
    zh, en = port.name_zh, port.name_en or port.name_zh
    name, second = (zh, port.code) if page_language() == "zh" else (en, zh)
    # A code is a slug: it needs no quoting in an address, and reverse() fifty times would cost a millisecond.
    return mark_safe(  # noqa: S308 - escaped here
        f'<a href="{port.list_address}/{port.code}">{escape(name)}</a><span class="subline">{escape(second)}</span>'
    )


def _class_text(port: Port) -> Text:
    if port.transport_class:
        return words.CLASSES[port.transport_class]
    return Text("类别待定", "Class undecided")


def _data_cell(port: Any) -> SafeString | str:
    if not port.data_origins:
        return format_html('<span class="is-missing">{}</span>', here(Text("未报送", "Not reported")))
    return mark_safe(" ".join(map(origin_badge, port.data_origins)))  # noqa: S308 - badges are safe


def _verdict_cell(port: Any) -> SafeString | str:
    return verdict_badge(port.verdict) if port.verdict else here(NOT_JUDGED)


def _by_class(rows: Any, value: str) -> Any:
    return rows.filter(transport_class__isnull=True) if value == "none" else rows.filter(transport_class=value)


def _by_role(rows: Any, value: str) -> Any:
    if value == "none":
        return rows.filter(layout_links__isnull=True)
    if value == "border":
        of_role = Q(entry__box="专栏3")
    elif value in ("main", "regional"):
        of_role = Q(entry__box="专栏2", entry__role=value)
    else:
        of_role = Q(entry__hub_tier=value)
    return rows.filter(pk__in=LayoutLink.objects.filter(of_role).values("port_id"))


def _by_grade(rows: Any, value: str) -> Any:
    return rows.filter(grade__isnull=True) if value == "none" else rows.filter(grade=value)


PORTS = Table(
    name="ports",
    title=Text("口岸", "Ports"),
    columns=(
        Column("name", Text("口岸", "Port"), value=port_name, show=_name_cell, order="pinyin", is_key=True, is_wide=True),
        Column("code", Text("口岸代码", "Port code"), only="export"),
        Column("place", Text("所在地", "Place"), value=place_of, show=_place_cell, order="province_code", keeps_line=True),
        Column("mode", Text("方式", "Mode"), value=lambda p: words.MODES[p.mode], order="mode", keeps_line=True),
        Column("transport_class", Text("运输类别", "Class"), value=_class_text, order="transport_class", keeps_line=True),
        Column("layout", Text("布局", "Layout"), value=lambda p: p.layout_words, show=_layout_cell),
        Column("status", Text("运行状态", "Status"), value=lambda p: words.STATUSES[p.status],
               show=lambda p: status_badge_short(p.status), order="status"),
        Column("approval", Text("批准情况", "Approval"), value=lambda p: words.APPROVALS[p.approval], show=_approval_cell, keeps_line=True),
        Column("verdict", Text("客货运量标准", "Volume standard"), value=lambda p: words.VERDICTS[p.verdict] if p.verdict else NOT_JUDGED,
               show=_verdict_cell, order="verdict"),
        Column("grade", Text("等级", "Grade"), value=lambda p: GRADES[p.grade] if p.grade else UNDECIDED, only="export"),
        Column("data", Text("数据", "Data"), show=_data_cell,
               value=lambda p: "、".join(here(words.ORIGINS[each]) for each in p.data_origins)),
    ),
    filters=(
        Filter("q", Text("名称、拼音或代码", "Name, pinyin or code"), apply=queries.search,
               hint=Text("如 满洲里、mzl、CNDLC", "e.g. Manzhouli, mzl, CNDLC")),
        Filter("province", Text("省份", "Province"), choices=_PROVINCES, field="province_code"),
        Filter("mode", Text("方式", "Mode"), choices=tuple(words.MODES.items())),
        Filter("class", Text("运输类别", "Class"), choices=(*words.CLASSES.items(), ("none", Text("类别待定", "Class undecided"))), apply=_by_class),
        Filter("role", Text("布局角色", "Layout role"), choices=tuple(words.LAYOUT_ROLES.items()), apply=_by_role),
        Filter("status", Text("运行状态", "Status"), choices=tuple(words.STATUSES.items())),
        Filter("verdict", Text("判定", "Verdict"), choices=tuple(words.VERDICTS.items())),
        Filter("grade", Text("等级", "Grade"), choices=(*GRADES.items(), ("none", UNDECIDED)), apply=_by_grade),
    ),
    default_order="name",
    source=Text("口岸名录", "Register of ports"),
    empty=Text("没有符合条件的口岸。", "No port matches."),
    empty_next=Text("可放宽筛选条件。名录由国家口岸管理办公室登记；认为有遗漏的，请附批复文件联系该办公室。",
                    "Widen the filters. The register is kept by the national port office; send it the reply that a missing port rests on."),
)


LISTED = ("code", "name_zh", "name_en", "pinyin", "province_code", "city_name", "mode", "transport_class", "status", "approval")


def judged_years() -> list[int]:
    """The years for which verdicts are on record, the latest first."""
    return sorted(VerdictRecord.objects.order_by().values_list("year", flat=True).distinct(), reverse=True)


def with_verdict(rows: Any, year: int | None) -> Any:
    """Ports with the newest recorded verdict of a year as ``verdict``; None where there is none."""
    newest = VerdictRecord.objects.filter(port_code=OuterRef("code"), year=year or 0, rule=RULE).order_by("-revision")
    return rows.annotate(verdict=Subquery(newest.values("verdict")[:1]))


def decorate(rows: list[Any]) -> None:
    """Put layout roles, kinds of data and the address of the list on the ports of one page, in two or three queries."""
    keys = {row.pk: row.code for row in rows}
    roles: dict[int, dict[Text, Text]] = defaultdict(dict)
    links = LayoutLink.objects.filter(port_id__in=keys).order_by("entry__layout_id")
    for key, box, role, tier, is_planned in links.values_list(
        "port_id", "entry__box", "entry__role", "entry__hub_tier", "entry__is_planned"
    ):
        code = tier or role or "border"
        name, short = words.LAYOUT_ROLES[code], words.LAYOUT_ROLES_SHORT[code]
        if is_planned and box == "专栏3":
            name, short = Text(f"{name.zh}（规划）", f"{name.en} (planned)"), Text(f"{short.zh}（规划）", f"{short.en} (planned)")
        roles[key][name] = short
    origins = _origins_of(keys)
    list_address = reverse("ports")
    for row in rows:
        row.list_address = list_address
        row.layout_words = _joined(roles[row.pk]) if row.pk in roles else None
        row.layout_short = _joined(roles[row.pk].values()) if row.pk in roles else None
        row.data_origins = [each for each in _ORIGINS if each in origins[row.code]]


def _joined(texts: Iterable[Text]) -> Text:
    return Text("、".join(t.zh for t in texts), "; ".join(t.en for t in texts))


def _origins_of(ports: dict[int, str]) -> dict[str, set[str]]:
    """The kinds of figures held of each port (by code) and of the points that face it."""
    facing = {f"counterpart_point:{code}": ports[key]
              for code, key in CounterpartPoint.objects.filter(port_id__in=ports).order_by().values_list("code", "port_id")}
    owners = {f"port:{code}": code for code in ports.values()} | facing
    points = Q(subject_kind="counterpart_point", subject_code__in=[name.split(":", 1)[1] for name in facing])
    origins: dict[str, set[str]] = defaultdict(set)
    wanted = Q(subject_kind="port", subject_code__in=list(ports.values()))
    series = Series.objects.filter(wanted | points if facing else wanted).order_by()
    for kind, code, origin in series.values_list("subject_kind", "subject_code", "origin").distinct():
        origins[owners[f"{kind}:{code}"]].add(origin)
    return origins


def asked_year(request: HttpRequest, years: list[int]) -> int | None:
    """The year of the address bar where it is on record, else the latest."""
    asked = request.GET.get("year", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 4 and int(asked) in years else next(iter(years), None)


@page("ports.read")
def ports(request: HttpRequest) -> HttpResponseBase:
    """The ports in scope, 50 to a page."""
    years = judged_years()
    year = asked_year(request, years)
    # What no column shows stays in the database: half of a port's columns are for its own page.
    rows = with_grade(with_verdict(queries.ports_visible_to(request.user), year)).only(*LISTED)
    notes = [Text("“批准情况待核”的口岸只见于公开名录或报道，尚未登记批复文件，不计入国家口岸总数。",
                  "“Approval to be verified”: known from lists or the press only, without a registered reply; not part of the national total.")]
    if year is not None:
        notes.insert(0, Text(f"判定为{year}年度、按专栏6客货运量标准的建议性结论，理由见各口岸页面。",
                             f"Verdicts are advice for {year} under the volume standard of Box 6; each port's page gives the reasons."))
    view = PORTS.read(request, rows, notes=notes, decorate=decorate)
    if view.wants_export:
        return view.export()
    return render(request, "console/ports/list.html", {
        "table": view, "years": years, "year": year, "may_register": may(request.user, "ports.change"),
    })


urlpatterns = [path("ports", ports, name="ports")]
