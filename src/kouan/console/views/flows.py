"""流量: what went through the ports of the nation, of a province, or of one's own scope, period by period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse

from kouan.accounts.permissions import may
from kouan.basis import Finding, Period, PeriodKind, Place, SubjectRef, Text, clock, codes, measures
from kouan.basis.measures import Measure
from kouan.console import figures
from kouan.console import national_flows as parts
from kouan.console.page import page
from kouan.console.words import here
from kouan.monitoring import baseline
from kouan.monitoring.subjects import NATION, subject_for
from kouan.monitoring.totals import FLOW_MEASURES, Totals, sees_ranks, totals_of, widest_region

FIRST_YEAR = 2016
KINDS = {"year": Text("按年", "By year"), "quarter": Text("按季", "By quarter"), "month": Text("按月", "By month")}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address bar asks for, and what of it could not be used."""

    measure: Measure
    kind: PeriodKind
    years: tuple[int, int]
    region: SubjectRef | None
    findings: tuple[Finding, ...]

    def parameters(self) -> dict[str, str]:
        """The address bar again, without the period that is looked at."""
        found = {"measure": self.measure.code, "every": self.kind.value, "from": str(self.years[0]), "to": str(self.years[1])}
        return found if self.region in (None, NATION) else {**found, "province": self.region.code}


def read(request: HttpRequest) -> Asked:
    """The address bar, with what cannot be used replaced and said. NotFound for a province out of scope."""
    findings: list[Finding] = []

    def one_of(key: str, choices: Any, otherwise: str) -> str:
        value = request.GET.get(key, "").strip()[:60]
        if value and value not in choices:
            findings.append(Finding.warning(
                "unknown_filter_value", f"“{key}”没有“{value}”这一选项，已改用“{otherwise}”。",
                f"“{value}” is not an option of “{key}”; “{otherwise}” is shown.", where=Place(field=key),
                remedy=("请从下拉列表中选择。", "Choose one from the list."),
            ))
        return value if value in choices else otherwise

    this_year = clock.today().year
    years = [str(year) for year in range(FIRST_YEAR, this_year + 1)]
    first, last = int(one_of("from", years, str(max(FIRST_YEAR, this_year - 5)))), int(one_of("to", years, str(this_year)))
    region = widest_region(request.user)
    province = request.GET.get("province", "").strip()[:20]
    if province:
        region = subject_for(request.user, f"province:{province}")
    return Asked(measures.get(one_of("measure", FLOW_MEASURES, FLOW_MEASURES[0])), PeriodKind(one_of("every", KINDS, "year")),
                 (min(first, last), max(first, last)), region, tuple(findings))


def asked_period(request: HttpRequest, totals: Totals) -> Period | None:
    """The period whose members are listed: the one asked for, else the last one that is whole, else the last."""
    code = request.GET.get("period", "")
    found = next((each for each in totals.totals if each.period.code == code), None)
    whole = next((each for each in reversed(totals.totals) if each.is_complete), None)
    chosen = found or whole or totals.latest
    return chosen.period if chosen else None


def province_choices(user: Any) -> list[tuple[str, Text]]:
    """The provinces to choose from: all for whoever sees the nation; nobody else has a choice."""
    if widest_region(user) != NATION:
        return []
    return [(one.code, one.short_name) for one in codes.mainland_provinces]


@page("console.read")
def flows(request: HttpRequest) -> HttpResponseBase:
    """Totals with their members, and beside them what others counted and what the plan states."""
    user: Any = request.user
    asked = read(request)
    totals = totals_of(user, asked.region, asked.measure.code, asked.kind, first_year=asked.years[0], last_year=asked.years[1])
    period = asked_period(request, totals)
    by_period = members = None
    if period is not None:
        by_period = parts.periods_table(asked.measure, asked.kind).read(request, totals.totals, origin=str(totals.origin))
        table = parts.members_table(asked.measure, asked.kind, asked.region == NATION, sees_ranks(user))
        members = table.read(request, parts.member_rows(totals, period, asked.parameters()), period=period.code,
                             origin=str(totals.origin), notes=(parts.MEMBER_NOTE,))
    facing = published = None
    if rows := parts.facing_rows(user, asked.region, asked.measure, asked.kind, asked.years):
        facing = parts.series_table("facing", asked.measure.unit).read(request, rows, notes=(parts.FACING_NOTE,))
    if rows := parts.published_rows(asked.measure, asked.kind, asked.years):
        published = parts.series_table("published", asked.measure.unit).read(request, rows)
    plan = parts.plan_view(request, baseline.headlines())
    for view in (by_period, members, facing, published, plan):
        if view is not None and view.wants_export:
            return view.export()
    this_year = clock.today().year
    return render(request, "console/flows/totals.html", {
        "asked": asked, "region": here(parts.region_name(asked.region)), "totals": totals,
        "latest": totals.latest, "peak": totals.peak, "period": period,
        "latest_figure": parts.card(totals.latest, totals) if totals.latest else None,
        "part_figure": figures.Figure(totals.latest.partial, asked.measure.unit) if totals.latest else None,
        "peak_figure": parts.card(totals.peak, totals) if totals.peak else None, "findings": asked.findings,
        "chart": parts.chart_of(totals, by_period) if by_period else None, "members": members, "facing": facing,
        "published": published, "plan": plan, "may_submit": may(user, "intake.submit"), "intake": reverse("intake"),
        "choices": {
            "measure": [(code, here(parts.measure_words(code)), code == asked.measure.code) for code in FLOW_MEASURES],
            "every": [(code, here(name), code == asked.kind.value) for code, name in KINDS.items()],
            "from": [(year, year, year == asked.years[0]) for year in range(this_year, FIRST_YEAR - 1, -1)],
            "to": [(year, year, year == asked.years[1]) for year in range(this_year, FIRST_YEAR - 1, -1)],
        },
        "provinces": [(code, here(name), asked.region is not None and code == asked.region.code)
                      for code, name in province_choices(user)],
        "periods": [(each.period.code, each.period, each.period == period) for each in reversed(totals.totals)],
        "kept": asked.parameters(),
    })


urlpatterns = [path("flows", flows, name="flows")]
