"""法规与参数: pages written from the rules, parameters and settings themselves, as they stand on a day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.accounts.permissions import may
from kouan.basis import Finding, Period, Place, Text, clock
from kouan.console import figures
from kouan.console.as_written import as_written, in_brackets
from kouan.console.law_changes_table import changes_of
from kouan.console.law_search import ADDRESSES, excerpt, marked
from kouan.console.law_usage import asked_export, usage_of
from kouan.console.law_values import printed_form, unit_text, value_text
from kouan.console.marks import badge
from kouan.console.page import missing, page
from kouan.console.step_chart import step_chart
from kouan.console.tables import Column, Table
from kouan.console.words import here
from kouan.grading.lawbook.index import search
from kouan.grading.queries import law_as_of
from kouan.law import DatedValue, Law, Parameter, Rule, Setting, registered_rules
from kouan.law.bigrams import words_of
from kouan.law.criteria import STAGES, facts_of
from kouan.law.entries import KINDS
from kouan.law.pages import used_by

LAW = Text("法规与参数", "Law and parameters")
COMPARISONS = {">=": Text("不少于（含本数）", "at least (the number included)")}


def asked_law(request: HttpRequest) -> tuple[Law, list[Finding]]:
    """The law on the day of the address bar (today by default), and what is wrong with that day."""
    said = request.GET.get("as_of", "").strip()[:20]
    day, findings = clock.today(), []
    if said:
        found = Period.read(said)
        if isinstance(found, Period) and found.start == found.end:
            day = found.start
        else:
            findings.append(Finding.warning(
                "bad_date", f"“{said}”不是日期，已按今天显示。", f"“{said}” is not a day; today is shown.", where=Place(field="as_of"),
                remedy=("请按 2024-06-30 的形式填写。", "Write it as 2024-06-30."),
            ))
    return law_as_of(day), findings


def law_address(name: str, key: str, law: Law) -> str:
    """A page of the law, on the same day as this one."""
    address = reverse(name, args=[key])
    return address if law.as_of == clock.today() else f"{address}?{urlencode({'as_of': law.as_of.isoformat()})}"


def _common(request: HttpRequest, law: Law, findings: list[Finding], *crumbs: Text) -> dict[str, Any]:
    return {
        "law": law, "as_of": law.as_of, "findings": findings, "q": request.GET.get("q", "").strip()[:100],
        "is_past": law.as_of != clock.today(), "may_propose": may(request.user, "law.propose"),
        "crumbs": [{"label": LAW, "address": reverse("law")}, *({"label": each} for each in crumbs)],
    }


# ---- the index ---------------------------------------------------------------------------------------


def _parameter_link(row: dict[str, Any]) -> SafeString:
    return format_html('<a href="{}">{}</a><span class="subline">{}</span>', row["address"], here(row["parameter"].label), row["parameter"].key)


def _value(row: dict[str, Any]) -> SafeString | str:
    value: DatedValue | None = row["value"]
    if value is None:
        return here(Text("尚无数值", "no value yet"))
    return format_html("<strong>{}</strong>{}", here(value_text(value)), printed_form(value))


def _before(row: dict[str, Any]) -> str:
    older = [value for value in row["parameter"].values if row["value"] and value.in_force_from < row["value"].in_force_from]
    return here(value_text(older[-1])) if older else "—"


PARAMETERS = Table(
    name="law-parameters",
    title=Text("参数", "Parameters"),
    prefix="p",
    columns=(
        Column("label", Text("参数", "Parameter"), value=lambda r: r["parameter"].label, show=_parameter_link, is_key=True, is_wide=True),
        Column("key", Text("标识", "Key"), value=lambda r: r["parameter"].key, only="export"),
        Column("value", Text("当日数值", "Value on that day"), value=lambda r: value_text(r["value"]) if r["value"] else None, show=_value,
               keeps_line=True),
        Column("exact", Text("折合", "Exactly"), value=lambda r: r["value"].value if r["value"] else None, only="export"),
        Column("unit", Text("单位", "Unit"), value=lambda r: r["value"].unit if r["value"] else None, only="export"),
        Column("since", Text("自何日起", "From"), value=lambda r: r["value"].in_force_from if r["value"] else None, keeps_line=True),
        Column("before", Text("此前", "Before"), value=_before, keeps_line=True),
        Column("citation", Text("出处", "Source"), value=lambda r: str(r["value"].citation) if r["value"] else None, is_wide=True,
               show=lambda r: as_written(r["value"].citation) if r["value"] else "—"),
        Column("note", Text("说明", "Note"), value=lambda r: r["value"].note if r["value"] and r["value"].note else None, is_wide=True),
        Column("carried_on", Text("待新规", "New instrument pending"), only="export",
               value=lambda r: bool(r["value"] and r["value"].is_carried_on(r["as_of"]))),
    ),
    page_size=100,
)


def _setting_link(row: dict[str, Any]) -> SafeString:
    setting: Setting = row["setting"]
    below = f"{setting.ambiguity} {setting.key}"
    return format_html('<a href="{}">{}</a><span class="subline">{}</span>', row["address"], here(setting.question.label), below)


def decided_words(setting: Setting) -> str:
    """From which document the reading comes: a ruling, or our default."""
    if setting.decided_by is None:
        return here(Text("系统默认，尚无解释文件", "Default; no ruling yet"))
    return format_html("{}{}", as_written(setting.decided_by.document_title), in_brackets(setting.decided_by.document_number))


SETTINGS = Table(
    name="law-settings",
    title=Text("设定：原文有不同理解之处", "Settings: where a text can be read in several ways"),
    prefix="s",
    columns=(
        Column("label", Text("问题", "Open point"), value=lambda r: r["setting"].question.label, show=_setting_link, is_key=True, is_wide=True),
        Column("ambiguity", Text("编号", "Number"), value=lambda r: r["setting"].ambiguity, only="export"),
        Column("key", Text("标识", "Key"), value=lambda r: r["setting"].key, only="export"),
        Column("reading", Text("当日采用的理解", "Reading on that day"), value=lambda r: r["setting"].label, is_wide=True),
        Column("decided", Text("由何而定", "Decided by"), value=lambda r: decided_words(r["setting"])),
        Column("reason", Text("理由", "Reason"), value=lambda r: r["setting"].reason, is_wide=True),
        Column("citation", Text("原文", "Text"), value=lambda r: str(r["setting"].question.citation),
               show=lambda r: as_written(r["setting"].question.citation)),
    ),
)


@page("console.read")
def law(request: HttpRequest) -> HttpResponse:
    """Everything the system takes from the law, on the day asked; and what a search finds in it."""
    found, findings = asked_law(request)
    rules = registered_rules()
    catalogue = found.catalogue()
    parameters = PARAMETERS.read(request, [
        {"parameter": one, "value": in_force(found, one), "as_of": found.as_of, "address": law_address("law-parameter", one.key, found)}
        for one in catalogue.parameters
    ])
    settings = SETTINGS.read(request, [{"setting": one, "address": law_address("law-setting", one.key, found)} for one in catalogue.settings])
    for view in (parameters, settings):
        if view.wants_export:
            return view.export()
    context = _common(request, found, findings)
    words = words_of(context["q"])
    hits = search(context["q"])
    return render(request, "console/law/index.html", context | {
        # A rule that quotes one article several times names it once.
        "rules": [(one, one.sentence(), list(dict.fromkeys(map(str, one.citations))), law_address("law-rule", key, found))
                  for key, one in rules.items()],
        "parameters": parameters, "settings": settings, "rulings": catalogue.rulings, "words": words,
        "carried_on": max(
            (row["value"].covers_to for row in parameters.rows if row["value"] and row["value"].is_carried_on(found.as_of)), default=None,
        ),
        "hits": [
            {"kind": KINDS[hit.kind], "title": marked(here(hit.title), words), "address": law_address(ADDRESSES[hit.kind], hit.key, found),
             "excerpt": excerpt(hit, words), "key": hit.key}
            for hit in hits
        ],
        "is_near": bool(hits) and not hits[0].is_exact,
        "crumbs": [],
    })


def in_force(law: Law, parameter: Parameter) -> DatedValue | None:
    """The value on the law's day, with the setting that may choose an older one; None before the first."""
    return law.parameter(parameter.key) if parameter.on(law.as_of) else None


# ---- one rule, one parameter, one setting ------------------------------------------------------------


@page("console.read")
def rule(request: HttpRequest, key: str) -> HttpResponse:
    """A rule: its sentence, sources, steps, the numbers by date, the readings it uses."""
    one: type[Rule[Any, Any]] | None = registered_rules().get(key)
    if one is None:
        raise missing()
    found, findings = asked_law(request)
    used = usage_of(request, [key], names=[key, key.replace("_", "-")])
    if (wanted := asked_export(used)) is not None:
        return wanted.export()
    parameters = [each for each in found.library.parameters.values() if any(each.key.startswith(start) for start in one.parameters)]
    dates = sorted({value.in_force_from for each in parameters for value in each.values})
    current = max((day for day in dates if day <= found.as_of), default=None)
    return render(request, "console/law/rule.html", _common(request, found, findings, one.title) | {
        "rule": one, "sentence": one.sentence(), "steps": list(one.steps.items()),
        "dates": [(day, day == current) for day in dates],
        "rows": [
            (each, law_address("law-parameter", each.key, found), [(each.on(day), day == current) for day in dates]) for each in parameters
        ],
        "settings": [
            (found.setting(name), law_address("law-setting", name, found), decided_words(found.setting(name)))
            for name in (*one.settings, *one.beside)
        ],
        "criteria": [(each, each.on(found.as_of), STAGES[each.stage]) for each in (found.library.criteria[name] for name in one.criteria)],
        "facts": [
            (fact, [found.library.roles[role] for role in fact.supplied_by])
            for fact in facts_of((found.library.criteria[name] for name in one.criteria), found.library.facts).values()
        ],
        "try_address": reverse("law-try-case", args=[one.key.replace("_", "-")]) if one.criteria else reverse("law-try"),
        "version": f"{one.key}/{one.version}", "digest": found.digest, "used": used,
    })


VALUES = Table(
    name="law-values",
    title=Text("历次数值", "Values over time"),
    columns=(
        Column("printed", Text("印载", "Value"), value=lambda r: value_text(r["value"]), is_key=True, keeps_line=True,
               show=lambda r: _printed(r)),
        Column("as_printed", Text("印载原文", "As printed"), value=lambda r: r["value"].printed_text, only="export"),
        Column("exact", Text("折合", "Exactly"), value=lambda r: r["value"].value, is_number=True,
               show=lambda r: f"{figures.number(r['value'].value, shorten=False, places=6)} {r['unit']}"),
        Column("from", Text("自", "From"), value=lambda r: r["value"].in_force_from, keeps_line=True),
        Column("to", Text("至", "To"), value=lambda r: _until(r["value"]), show=lambda r: _until_html(r["value"]), keeps_line=True),
        Column("issued", Text("印发", "Issued"), value=lambda r: r["value"].issued, keeps_line=True),
        Column("citation", Text("出处", "Source"), value=lambda r: str(r["value"].citation), show=lambda r: _cited(r["value"]), is_wide=True),
        Column("quote", Text("原文", "Words of the text"), value=lambda r: r["value"].citation.quote, only="export"),
        Column("note", Text("说明", "Note"), value=lambda r: r["value"].note, is_wide=True),
    ),
)


def _printed(row: Mapping[str, Any]) -> SafeString:
    current = badge(here(Text("当日适用", "In force")), "disc", "ok") if row["is_current"] else ""
    return format_html("{} {}{}", here(value_text(row["value"])), current, printed_form(row["value"]))


def _cited(value: DatedValue) -> SafeString | str:
    quote = value.citation.quote
    return format_html('{}<span class="subline">“{}”</span>', as_written(value.citation), as_written(quote)) if quote else as_written(value.citation)


def _until_html(value: DatedValue) -> SafeString | str:
    if value.in_force_to or not value.covers_to:
        return _until(value)
    after = here(Text("其后沿用，待新规", "then carried on"))
    return format_html('{}<span class="subline">{}</span>', figures.day(value.covers_to), after)


def _until(value: DatedValue) -> str:
    if value.in_force_to:
        return figures.day(value.in_force_to)
    if value.covers_to:
        day = figures.day(value.covers_to)
        return here(Text(f"{day}，其后沿用待新规", f"{day}, then carried on"))
    return "—"


@page("console.read")
def parameter(request: HttpRequest, key: str) -> HttpResponse:
    """A parameter: every value with its day and source, a step chart, the rules that use it."""
    found, findings = asked_law(request)
    one = found.library.parameters.get(key)
    if one is None:
        raise missing()
    value = in_force(found, one)
    view = VALUES.read(request, [
        {"value": each, "unit": here(unit_text(each.unit)),
         "is_current": value is not None and (each.printed, each.citation) == (value.printed, value.citation)}
        for each in reversed(one.values)
    ])
    rules = registered_rules()
    used = usage_of(request, used_by(rules, key), key, [key])
    wanted = view if view.wants_export else asked_export(used)
    if wanted is not None:
        return wanted.export()
    others = sorted({each.other_reading.setting for each in one.values if each.other_reading})
    return render(request, "console/law/parameter.html", _common(request, found, findings, one.label) | {
        "parameter": one, "value": value, "is_carried_on": bool(value and value.is_carried_on(found.as_of)), "table": view,
        "chart": step_chart(one, found.as_of), "exact": figures.number(value.value, shorten=False, places=6) if value else "",
        "unit": here(unit_text(one.unit)), "comparison": COMPARISONS.get(one.comparison, Text(one.comparison, one.comparison)),
        "rules": [(rules[name], law_address("law-rule", name, found)) for name in used_by(rules, key)],
        "settings": [(found.setting(name), law_address("law-setting", name, found)) for name in others],
        "changes": changes_of(request.user, key), "used": used,
    })


@page("console.read")
def setting(request: HttpRequest, key: str) -> HttpResponse:
    """A setting: the open point, the readings, which is in force and why, the rulings on record."""
    found, findings = asked_law(request)
    if key not in found.library.questions:
        raise missing()
    one = found.setting(key)
    rules = registered_rules()
    used = usage_of(request, used_by(rules, key), key, [key])
    if (wanted := asked_export(used)) is not None:
        return wanted.export()
    affected = [
        each for each in found.library.parameters.values()
        if any(value.other_reading and value.other_reading.setting == key for value in each.values)
    ]
    return render(request, "console/law/setting.html", _common(request, found, findings, one.question.label) | {
        "setting": one, "question": one.question, "decided": decided_words(one),
        "choices": [(code, label, code == one.value, code == one.question.default) for code, label in one.choices.items()],
        "rulings": [(each, one.choices[each.value], each.from_date <= found.as_of) for each in found.rulings if each.setting == key],
        "changes": changes_of(request.user, key), "used": used,
        "rules": [(rules[name], law_address("law-rule", name, found)) for name in used_by(rules, key)],
        "parameters": [(each, law_address("law-parameter", each.key, found)) for each in affected],
    })


urlpatterns = [
    path("law", law, name="law"),
    path("law/rules/<slug:key>", rule, name="law-rule"),
    path("law/parameters/<str:key>", parameter, name="law-parameter"),
    path("law/settings/<str:key>", setting, name="law-setting"),
]
