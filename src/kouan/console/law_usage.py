"""Who used a rule, a parameter or a setting: matters and verdicts on record in the reader's scope, as two tables of its page.

A case leads to its own page with the facts and the cells they came from; a verdict to the port's page, where sentence and
facts stand, and to the figures with file, row and column.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.basis import Text, clock
from kouan.console.addresses import address_of
from kouan.console.as_written import as_written
from kouan.console.marks import verdict_badge
from kouan.console.tables import Column, Filter, Table, TableView, put
from kouan.console.words import here
from kouan.grading.lawbook.cases import PastCase
from kouan.grading.lawbook.usage import cases_using, matters_naming, recorded_by_year, recorded_using
from kouan.grading.verdict import VERDICT_NAMES
from kouan.law import registered_rules
from kouan.ports.models import Port

KINDS = {
    "matter": Text("办件汇集的事实", "facts gathered for a matter"), "list": Text("由名单发起的办件", "matter begun from a list"),
    "grade": Text("等级决定", "decision on a grade"), "named": Text("办件写到它", "a matter that names it"),
}


def _case(row: dict[str, Any]) -> SafeString:
    return format_html('<a href="{}">{}</a><span class="subline">{}</span>', row["address"], as_written(here(row["title"])), here(KINDS[row["kind"]]))


def _rule(row: dict[str, Any]) -> Text | None:
    rule = registered_rules().get(row["rule"])
    return rule.title if rule else None


CASES = Table(
    name="law-cases",
    title=Text("用过它的办件和决定", "Matters and decisions that used it"),
    prefix="c",
    columns=(
        Column("title", Text("办件或决定", "Matter or decision"), value=lambda r: r["title"], show=_case, is_key=True, is_wide=True),
        Column("number", Text("编号", "Number"), value=lambda r: r["number"], only="export"),
        Column("kind", Text("种类", "Kind"), value=lambda r: KINDS[r["kind"]], only="export"),
        Column("rule", Text("规则", "Rule"), value=_rule),
        Column("verdict", Text("当时的结论", "Verdict then"), value=lambda r: r["said"]),
        Column("day", Text("日期", "Day"), value=lambda r: r["day"], keeps_line=True),
        Column("port", Text("口岸代码", "Port code"), value=lambda r: r["port"] or None, only="export"),
    ),
    page_size=20,
    empty=Text("您范围内没有办件或决定用过它。", "No matter or decision in your scope has used it."),
)


def _port(row: Any) -> SafeString:
    return format_html('<a href="{}?year={}#verdict">{}</a>', reverse("port", args=[row.port_code]), row.year, here(row.shown_name))


def _sources(row: Any) -> SafeString:
    address = address_of("port-figures", row.port_code, year=str(row.year))
    return format_html('<a href="{}">{}<span class="visually-hidden"> {} {}</span></a>', address, here(Text("明细与来源", "Figures and sources")),
                       here(row.shown_name), row.year)


VERDICTS = Table(
    name="law-verdicts",
    title=Text("用过它的结论", "Verdicts that used it"),
    prefix="v",
    columns=(
        Column("port", Text("口岸", "Port"), value=lambda r: r.shown_name, show=_port, is_key=True, is_wide=True),
        Column("port_code", Text("口岸代码", "Port code"), only="export"),
        Column("year", Text("年度", "Year"), order="year", show=lambda r: str(r.year), keeps_line=True),
        Column("verdict", Text("登记的结论", "Verdict on record"), value=lambda r: VERDICT_NAMES[r.verdict], show=lambda r: verdict_badge(r.verdict)),
        Column("revision", Text("版本", "Revision"), is_number=True, show=lambda r: str(r.revision)),
        Column("recorded_at", Text("登记时间", "Recorded"), keeps_line=True),
        Column("sources", Text("数据", "Figures"), only="page", show=_sources),
    ),
    filters=(Filter("verdict", Text("结论", "Verdict"), choices=tuple((code.value, name) for code, name in VERDICT_NAMES.items())),),
    page_size=20,
    default_order="-year",
    empty=Text("您范围内没有已登记的结论用过它。", "No verdict on record in your scope has used it."),
)


def _with_names(rows: list[Any]) -> None:
    names = {code: Text(zh, en or zh) for code, zh, en in
             Port.objects.filter(code__in={row.port_code for row in rows}).values_list("code", "name_zh", "name_en")}
    for row in rows:
        put(row, shown_name=names.get(row.port_code, Text(row.port_code, row.port_code)))


def usage_of(request: HttpRequest, rules: Collection[str], key: str = "", names: Collection[str] = ()) -> dict[str, Any]:
    """What a page of the law shows of its use. ``key``: the parameter or setting (all of a rule where there is none);
    ``names``: words by which the facts of other matters may name it."""
    user = request.user
    cases = [_row(case) for case in cases_using(user, rules, key)]
    shown = {row["number"] for row in cases if row["kind"] != "grade"}
    cases += [
        {"kind": "named", "title": Text(matter.title, matter.title), "address": reverse("matter", args=[matter.pk]), "number": matter.pk, "rule": "",
         "said": None, "day": clock.day_of(matter.began_at), "port": matter.port_code}
        for matter, _ in matters_naming(user, names) if matter.pk not in shown
    ]
    return {
        "by_year": recorded_by_year(user, rules, key), "cases": CASES.read(request, cases),
        "verdicts": VERDICTS.read(request, recorded_using(user, rules, key), decorate=_with_names),
    }


def asked_export(used: dict[str, Any]) -> TableView | None:
    """The table that the address bar asks to take away."""
    return next((view for view in (used["cases"], used["verdicts"]) if view.wants_export), None)


def _row(case: PastCase) -> dict[str, Any]:
    address = reverse("matter", args=[case.matter]) if case.matter else address_of("grade", case.port)
    return {"kind": case.kind, "title": case.title, "address": address, "number": case.matter or case.number, "rule": case.rule, "said": case.said,
            "day": case.day, "port": case.port}
