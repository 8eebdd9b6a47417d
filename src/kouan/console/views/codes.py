"""代码表: search over all lists, one page for each list and edition, one for a code, comparison of editions, the port meant."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html

from kouan.accounts.permissions import may
from kouan.basis import Refused, Text
from kouan.basis.codelists import (
    RELATIONS,
    CodeList,
    Edition,
    Registry,
    compare,
    find,
    registry,
    what_changed,
)
from kouan.console.page import page
from kouan.console.tables import Column, Filter, Table
from kouan.console.words import here
from kouan.ports.models import TransportMode
from kouan.ports.resolving import PORT_LIST, port_links, resolve_port

TITLE = Text("代码表", "Code lists")
ATTRIBUTES = {
    "parent": Text("上级", "Parent"), "old_code": Text("2018年前海关代码", "Customs code before 2018"),
    "ciq_code": Text("2018年前检验检疫代码", "Inspection code before 2018"), "alpha3": Text("三字母", "Three letters"), "numeric": Text("数字",
        "Numeric"),
    "division": Text("区划代码", "Division"), "subdivision": Text("省（州）", "Subdivision"), "functions": Text("功能", "Functions"),
    "status": Text("状态", "Status"), "airport": Text("机场", "Airport"), "name_local": Text("当地名称", "Local name"), "city": Text("城市", "City"),
    "country": Text("国家（地区）", "Country or region"), "icao": Text("ICAO", "ICAO"), "iata": Text("IATA", "IATA"),
}
MOST_HITS = 100


def known() -> Registry:
    """The shipped lists and the operator's."""
    return registry(settings.HOME.path / "code-lists")


def _editions(held: CodeList) -> str:
    names = list(held.editions)
    return "、".join(names) if len(names) < 4 else f"{names[0]} … {names[-1]}"


LISTS = Table(
    name="code-lists", title=TITLE,
    columns=(
        Column("list", TITLE, value=lambda each: each.name, is_key=True, is_wide=True, show=lambda each: format_html(
            '<a href="{}">{}</a><span class="subline"><code>{}</code></span>',
            reverse("ports") if each.id == PORT_LIST else reverse("code-list", args=[each.id]), here(each.name), each.id)),
        Column("id", Text("代号", "List"), only="export"),
        Column("body", Text("维护机构", "Kept by"), value=lambda each: each.body, is_wide=True),
        Column("instrument", Text("依据的标准或文件", "Standard or document"), value=lambda each: each.instrument or each.related, is_wide=True),
        Column("editions", Text("版本", "Editions"), value=_editions, keeps_line=True),
        Column("rows", Text("条数", "Rows"), value=lambda each: each.current.rows if each.editions else None, is_number=True),
    ),
    filters=(Filter("here", Text("内容", "Content"), choices=(("yes", Text("系统附有", "in the box")), ("no", Text("只作对照目标", "target only"))),
                    apply=lambda rows, value: [each for each in rows if bool(each.editions) is (value == "yes")]),),
    source=Text("各表的来源、许可和校验值见其页面", "Source, licence and checksum of each stand on its page"),
)


def _entry_table(held: CodeList, edition: Edition) -> Table:
    shown = [column for column in edition.sheet.columns if column in ATTRIBUTES]
    has_both = {"name_zh", "name_en"} <= set(edition.sheet.columns)
    name = "name_zh" if "name_zh" in edition.sheet.columns else "name_en"
    columns = [
        Column("code", Text("代码", "Code"), is_key=True, keeps_line=True, show=lambda row: format_html(
            '<a href="{}"><code>{}</code></a>', reverse("code", args=[held.id, row["code"]]) + (f"?edition={edition.id}"
                if edition != held.current else ""),
            row["code"])),
        Column(name, Text("名称", "Name"), is_wide=True),
        *([Column("name_en", Text("英文名称", "English name"), is_wide=True)] if has_both else []),
        *[Column(column, ATTRIBUTES[column]) for column in shown],
    ]
    return Table(
        name=f"codes-{held.id}-{edition.id}", title=held.name, columns=columns, source=edition.source.name, period=edition.id,
        filters=(Filter("q", Text("代码或名称", "Code or name"), apply=lambda rows, value: _narrowed(held, edition, value)),))


def _narrowed(held: CodeList, edition: Edition, words: str) -> list[dict[str, str]]:
    from kouan.basis.codelists.search import rank_of

    found = [(rank, row["code"], row) for row in edition.sheet.matching(words, 1000) if (rank := rank_of(row, words)) is not None]
    exact = edition.sheet.get(words)
    return ([exact] if exact else []) + [row for _, code, row in sorted(found, key=lambda each: each[:2]) if exact is None or code != exact["code"]]


@page("console.read")
def lists(request: HttpRequest) -> HttpResponseBase:
    """The search, what it found, and all lists."""
    held = known()
    view = LISTS.read(request, list(held.lists.values()))
    if view.wants_export:
        return view.export()
    words = request.GET.get("q", "").strip()[:120].replace("\x00", "")
    mode = request.GET.get("mode", "")
    mode = mode if mode in TransportMode.values else ""
    user: Any = request.user
    resolution = resolve_port(words, user, mode=mode) if words and may(user, "ports.read") else None
    hits = find(words, most=MOST_HITS, within=held) if words else []
    return render(request, "console/codes/list.html", {
        "table": view, "words": words, "mode": mode, "modes": [("", here(Text("不限", "any"))), *((m.value, m.label) for m in TransportMode)],
        "resolution": resolution, "hits": [(held.lists[hit.entry.list_id], hit) for hit in hits], "most": MOST_HITS,
    })


@page("console.read")
def one_list(request: HttpRequest, name: str, edition: str = "") -> HttpResponseBase:
    """An edition of a list."""
    held = known().get(name)
    if held.id == PORT_LIST:
        return redirect("ports")
    if not held.editions:
        return render(request, "console/codes/one.html", {"held": held, "edition": None})
    chosen = held.edition(edition)
    view = _entry_table(held, chosen).read(request, chosen.sheet)
    if view.wants_export:
        return view.export()
    names = list(held.editions)
    before = names[names.index(chosen.id) - 1] if names.index(chosen.id) else ""
    return render(request, "console/codes/one.html", {
        "held": held, "edition": chosen, "table": view, "editions": list(held.editions.values())[::-1], "before": before,
        "mappings": [(each, known().lists[each.to_list if each.from_list == held.id else each.from_list]) for each in known().mappings
                     if held.id in (each.from_list, each.to_list)],
    })


@page("console.read")
def comparison(request: HttpRequest, name: str) -> HttpResponse:
    """Two editions held against each other."""
    held = known().get(name)
    names = list(held.editions)
    earlier, later = request.GET.get("from", ""), request.GET.get("to", "")
    found, findings = None, []
    if not earlier and len(names) > 1:
        earlier, later = names[-2], names[-1]
    if earlier and later:
        try:
            found = compare(held.id, earlier, later, within=known())
        except Refused as error:
            findings = error.findings
    parts: list[tuple[Text, list[tuple[Any, Any]]]] = []
    if found is not None:
        pairs = ((Text("代码改指他物", "Codes reused for something else"), found.reused), (Text("名称迥异，待核",
            "Unlike names, to be looked at"), found.unlike),
                 (Text("改名", "Renamed"), found.renamed), (Text("原名改用新代码", "Names moved to a new code"), found.moved))
        parts = [(title, [(each.before, each.after) for each in rows]) for title, rows in pairs]
        parts += [(Text("取消", "Gone"), [(each, None) for each in found.gone]), (Text("新增", "Added"), [(None, each) for each in found.added])]
    return render(request, "console/codes/compare.html", {
        "held": held, "found": found, "said": what_changed(found) if found else None, "findings": findings, "earlier": earlier, "later": later,
        "options": [(each, each) for each in names], "parts": [(title, rows) for title, rows in parts if rows]}, status=422 if findings else 200)


@page("console.read")
def one_code(request: HttpRequest, name: str, code: str) -> HttpResponse:
    """One code: names over the editions, attributes, where it leads."""
    held = known().get(name)
    entry = held.entry(code, request.GET.get("edition", "")[:24])
    user: Any = request.user
    targets = port_links(user, within=known()).reach(held.id, entry.code)
    return render(request, "console/codes/code.html", {
        "held": held, "entry": entry, "history": held.history(entry.code),
        "attributes": [(ATTRIBUTES.get(key, Text(key, key)), value) for key, value in entry.attributes.items()],
        "parent": held.edition(entry.edition).entry(entry.row["parent"]) if entry.row.get("parent") else None,
        "targets": [(each, known().lists[each.list_id], RELATIONS[each.relation], _address(each)) for each in targets],
        "search": "?" + urlencode({"q": entry.shown.zh}),
    })


def _address(target: Any) -> str:
    if target.list_id == PORT_LIST:
        return reverse("port", args=[target.code])
    return reverse("code", args=[target.list_id, target.code]) if target.entry is not None else ""


urlpatterns = [
    path("codes", lists, name="codes"),
    path("codes/<slug:name>", one_list, name="code-list"),
    path("codes/<slug:name>/compare", comparison, name="code-compare"),
    path("codes/<slug:name>/editions/<str:edition>", one_list, name="code-edition"),
    path("codes/<slug:name>/<slug:code>", one_code, name="code"),
]
