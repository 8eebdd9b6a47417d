"""规划数字: the figures that the plan itself states, each with the sentence it is quoted from."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.basis import Text
from kouan.console import plan_figures
from kouan.console.page import page
from kouan.console.tables import Column, Table
from kouan.console.words import capitalised, here
from kouan.monitoring.baseline import BaselineFigure, baseline
from kouan.ports.queries import PLAN

TITLE = Text("规划中的数字", "Figures of the plan")


def _name(one: BaselineFigure) -> SafeString:
    """The name; the row can be linked to by the figure's number."""
    return format_html('<span id="{}">{}</span>', one.id, here(capitalised(Text(one.name_zh, one.name_en))))


def _value(one: BaselineFigure) -> SafeString:
    return format_html('<data value="{}" title="{}">{}</data>', plan_figures.plain(one), here(plan_figures.exact(one)),
                       here(plan_figures.shown(one)))


def _quote(one: BaselineFigure) -> SafeString:
    return format_html('<q lang="zh-CN">{}</q>', one.quote)


FIGURES = Table(
    name="plan-figures",
    title=TITLE,
    columns=(
        Column("name", Text("事项", "Figure"), value=lambda one: Text(one.name_zh, one.name_en), show=_name, is_key=True, is_wide=True),
        Column("id", Text("编号", "Number"), keeps_line=True),
        Column("value", Text("数值", "Value"), value=plan_figures.shown, show=_value, is_number=True),
        Column("exact", Text("折合", "Exactly"), value=plan_figures.plain, only="export"),
        Column("period", Text("时期", "Period"), value=lambda one: plan_figures.period_words(one.period), keeps_line=True),
        Column("section", Text("出处", "Place"), value=lambda one: plan_figures.section_words(one.section), keeps_line=True),
        Column("quote", Text("原文", "Words of the plan"), show=_quote, is_wide=True),
    ),
    page_size=100,
    origin="official",
    source=Text(PLAN, PLAN),
)


@page("console.read")
def plan(request: HttpRequest) -> HttpResponseBase:
    """Every figure quoted from the plan, with its words."""
    view = FIGURES.read(request, list(baseline()))
    if view.wants_export:
        return view.export()
    return render(request, "console/law/plan.html", {
        "table": view, "instrument": PLAN,
        "crumbs": [{"label": Text("法规与参数", "Law and parameters"), "address": reverse("law")}, {"label": TITLE}],
    })


urlpatterns = [path("law/plan", plan, name="plan-figures")]
