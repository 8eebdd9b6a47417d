"""数据字典: every measure with its definition, items, sources, checks, uses and known traps; read from the registries."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html

from kouan.basis import Text, measures
from kouan.console.page import page
from kouan.console.tables import Column, Filter, Table
from kouan.console.words import here
from kouan.publication.dictionary import CADENCES, DIRECTIONS, ROLLUPS, Word, word, words
from kouan.publication.queries import published

TITLE = Text("数据字典", "Data dictionary")


def _narrow(rows: list[Word], text: str) -> list[Word]:
    wanted = text.casefold()
    return [each for each in rows if wanted in f"{each.measure.code} {each.measure.name.zh} {each.measure.name.en}".casefold()]


WORDS = Table(
    name="dictionary", title=TITLE,
    columns=(
        Column("name", Text("指标", "Measure"), value=lambda each: each.measure.name, is_key=True, is_wide=True, show=lambda each: format_html(
            '<a href="{}">{}</a><span class="subline"><code>{}</code></span>', reverse("dictionary-word", args=[each.measure.code]),
            here(each.measure.name), each.measure.code)),
        Column("code", Text("代码", "Code"), value=lambda each: each.measure.code, only="export"),
        Column("unit", Text("单位", "Unit"), value=lambda each: each.measure.base_unit.name),
        Column("definition", Text("定义", "Definition"), value=lambda each: each.measure.definition, only="export"),
        Column("items", Text("报送项", "Items"), value=lambda each: len(each.items), is_number=True),
        Column("sources", Text("来源", "Sources"), value=lambda each: len(each.sources), is_number=True),
        Column("uses", Text("用途", "Uses"), value=lambda each: len(each.uses), is_number=True),
        Column("published", Text("已定义的发布", "Published sets"), value=lambda each: len(each.published), is_number=True),
    ),
    filters=(
        Filter("q", Text("名称或代码", "Name or code"), apply=_narrow),
        Filter("use", Text("用途", "Use"), choices=(("parameter", Text("法规标准", "law")), ("indicator", Text("评估指标", "indicators"))),
               apply=lambda rows, value: [each for each in rows if any(use.kind == value for use in each.uses)]),
    ),
    source=Text("指标、数据项、来源、法规参数和评估方案的登记", "the registries of measures, items, sources, parameters and schemes"),
)


@page("console.read")
def dictionary(request: HttpRequest) -> HttpResponseBase:
    """All measures."""
    view = WORDS.read(request, list(words()))
    return view.export() if view.wants_export else render(request, "console/publication/dictionary.html", {"table": view})


@page("console.read")
def dictionary_word(request: HttpRequest, code: str) -> HttpResponse:
    """One measure."""
    found = word(code)
    out = {each.definition.code for each in published()}
    return render(request, "console/publication/word.html", {
        "word": found, "measure": found.measure, "rollup": ROLLUPS[found.measure.rollup.value],
        "directions": [DIRECTIONS[each.value] for each in found.measure.directions],
        "groups": [measures.groups()[each].name for each in found.measure.dimension_groups],
        "items": [(each, CADENCES.get(each.cadence, Text(each.cadence, each.cadence)), found.forms.get(each.code)) for each in found.items],
        "sources": [(each, CADENCES.get(each.cadence, Text(each.cadence, each.cadence))) for each in found.sources],
        "indicators": [each for each in found.uses if each.kind == "indicator"], "parameters": [each for each in found.uses
            if each.kind == "parameter"],
        "published": [(code, name, code in out) for code, name in found.published]})


urlpatterns = [
    path("dictionary", dictionary, name="dictionary"),
    path("dictionary/<slug:code>", dictionary_word, name="dictionary-word"),
]
