"""办理程序: what each procedure asks, the periods the national office must set, holidays, absences."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache

from kouan.accounts.models import User
from kouan.accounts.permissions import may
from kouan.basis import Finding, NotAllowed, NotFound, Place, Refused, Text, clock
from kouan.console.page import accept_draft, page
from kouan.console.words import here
from kouan.desk.matters import upkeep
from kouan.desk.matters.models import Delegation, ProcedureSetting
from kouan.desk.matters.queries import settings_of, working_days
from kouan.desk.matters.registry import in_force, procedures

_CRUMB = {"label": Text("办理程序", "Procedures")}
UNITS = {"working_days": Text("个工作日", "working days"), "calendar_days": Text("天", "days"), "months": Text("个月", "months")}


@page("matters.read")
def procedure_list(request: HttpRequest) -> HttpResponse:
    """The procedures in force, with what still has to be set."""
    held = [{"procedure": each.procedure, "unfilled": [s.label for code, s in each.procedure.settings.items() if code not in filled]}
            for each in procedures() for filled in [settings_of(each.procedure.code)]]
    return render(request, "console/procedures/list.html", {"held": held, "next_year": clock.today().year + 1, "calendar": working_days().tables})


@never_cache
@page("matters.read", methods=("GET", "HEAD", "POST"))
def procedure_page(request: HttpRequest, code: str) -> HttpResponse:
    """One procedure in words, with its settings."""
    procedure = in_force(code).procedure
    findings: list[Finding] = []
    if request.method == "POST":
        name, count = request.POST.get("setting", ""), request.POST.get("count", "").strip()
        try:
            if not count.isascii() or not count.isdigit() or len(count) > 5:
                raise Refused.because("count_out_of_range", "期限应为正整数。", "The period is a whole number of one or more.",
                                      where=Place(field=f"count-{name}"), remedy=("请改正。", "Correct it."))
            upkeep.set_period(actor=request.user, procedure=code, setting=name, count=int(count), reason=request.POST.get("reason", "")[:400])
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = error.findings
        else:
            messages.success(request, here(Text("已设定。", "Set.")))
            return redirect("procedure", code)
    rows = {each.setting: each for each in ProcedureSetting.objects.filter(procedure=code).select_related("set_by").order_by("id")}
    return render(request, "console/procedures/one.html", {
        "procedure": procedure, "findings": findings, "may_set": may(request.user, "procedures.set"),
        "settings": [{"setting": each, "unit": UNITS[each.unit.value], "held": rows.get(name), "is_open": request.POST.get("setting") == name,
                      "count": request.POST.get("count", "")} for name, each in procedure.settings.items()],
        "states": [{"state": each, "waits_for": [procedure.parties[party].label for party in each.waits_for]} for each in procedure.states.values()],
        "ways": [{
            "transition": each, "sources": [procedure.states[name].label for name in each.sources], "target": procedure.states[each.target].label,
            "by": [procedure.parties[party].label for party in each.by], "documents": [procedure.documents[kind] for kind in each.documents],
        } for each in procedure.transitions.values()],
        "clocks": [{"clock": each, "unit": UNITS[each.length.unit.value], "states": [procedure.states[name].label for name in each.runs_in],
                    "setting": procedure.settings[each.length.setting].label if each.length.setting else None} for each in procedure.clocks.values()],
        "consultations": [{"consultation": each, "parties": [procedure.parties[party].label for party in each.parties]}
                          for each in procedure.consultations.values()],
        "crumbs": [{**_CRUMB, "address": reverse("procedures")}, {"label": procedure.title}],
    }, status=422 if findings else 200)


@never_cache
@page("matters.read", methods=("GET", "HEAD", "POST"))
def holidays(request: HttpRequest) -> HttpResponse:
    """Each year's days off and weekends worked; the national office enters a new year from the State Council's notice."""
    findings: list[Finding] = []
    said = {name: request.POST.get(name, "").strip()[:2000] for name in ("year", "holidays", "worked", "notice", "number")}
    if request.method == "POST":
        try:
            year = int(said["year"]) if re.fullmatch(r"\d{4}", said["year"]) else 0
            upkeep.enter_holidays(actor=request.user, year=year, holidays=_days(said["holidays"], "holidays"),
                                  worked=_days(said["worked"], "worked"), notice=said["notice"][:200], number=said["number"][:80])
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = error.findings
        else:
            accept_draft(request, "holidays")
            messages.success(request, here(Text(f"{said['year']} 年的节假日安排已录入。", f"The holidays of {said['year']} were entered.")))
            return redirect("holidays")
    tables = sorted(working_days().tables.values(), key=lambda table: -table.year)
    return render(request, "console/procedures/holidays.html", {
        "tables": [{"table": each, "holidays": _spans(each.holidays), "worked": sorted(each.worked)} for each in tables], "said": said,
        "findings": findings, "may_set": may(request.user, "procedures.set"),
        "crumbs": [{**_CRUMB, "address": reverse("procedures")}, {"label": Text("节假日安排", "Holidays")}],
    }, status=422 if findings else 200)


def _days(said: str, field: str) -> set[date]:
    """Days and spans as people write them: ``2027-10-01 2027-10-03~2027-10-07``."""
    found: set[date] = set()
    for part in re.split(r"[\s,，、;；]+", said):
        if not part:
            continue
        first, _, last = part.partition("~")
        try:
            start, end = date.fromisoformat(first), date.fromisoformat(last or first)
        except ValueError:
            start, end = date.max, date.min
        if not 0 <= (end - start).days <= 30:
            raise Refused.because("bad_date", f"“{part[:40]}”不是日期或起止日期。", f"“{part[:40]}” is no day or span of days.",
                                  where=Place(field=field),
                                  remedy=("请写成 2027-10-01 或 2027-10-01~2027-10-07。", "Write 2027-10-01, or 2027-10-01~2027-10-07."))
        found |= {date.fromordinal(n) for n in range(start.toordinal(), end.toordinal() + 1)}
    return found


def _spans(days: Any) -> list[tuple[date, date]]:
    found: list[tuple[date, date]] = []
    for day in sorted(days):
        if found and day.toordinal() - found[-1][1].toordinal() == 1:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


@never_cache
@page("matters.act", methods=("GET", "HEAD", "POST"))
def delegations(request: HttpRequest) -> HttpResponse:
    """Who acts for me while I am away, and for whom I act."""
    user: Any = request.user
    findings: list[Finding] = []
    said = {name: request.POST.get(name, "").strip()[:200] for name in ("to", "starts_on", "ends_on", "reason")}
    if request.method == "POST":
        try:
            if "end" in request.POST:
                number = request.POST["end"]
                upkeep.end_delegation(actor=user, delegation=int(number) if number.isdigit() else 0)
                return redirect("delegations")
            to = User.objects.filter(pk=int(said["to"])).first() if said["to"].isdigit() else None
            days = [_day(said[name], name) for name in ("starts_on", "ends_on")]
            if to is None:
                raise Refused.because("not_a_colleague", "请选择受托人。", "Choose who is to act.", where=Place(field="to"),
                                      remedy=("请从列表中选择。", "Choose one from the list."))
            upkeep.delegate(actor=user, to=to, starts_on=days[0], ends_on=days[1], reason=said["reason"])
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = error.findings
        else:
            accept_draft(request, "delegation")
            messages.success(request, here(Text("已委托。", "Delegated.")))
            return redirect("delegations")
    colleagues = upkeep.may_stand_for(user)
    return render(request, "console/procedures/delegations.html", {
        "given": Delegation.objects.filter(giver=user).select_related("taker")[:20],
            "taken": Delegation.objects.filter(taker=user).select_related("giver")[:20],
        "colleagues": [(str(each.pk), Text(each.display_name, each.display_name)) for each in colleagues], "said": said, "findings": findings,
        "today": clock.today(), "crumbs": [{"label": Text("待办", "To do"), "address": reverse("inbox")}, {"label": Text("委托", "Delegation")}],
    }, status=422 if findings else 200)


def _day(said: str, field: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise Refused.because("bad_date", "请填写日期。", "Give a date.", where=Place(field=field), remedy=("如 2027-03-01。", "As 2027-03-01."))


urlpatterns = [
    path("procedures", procedure_list, name="procedures"),
    path("procedures/holidays", holidays, name="holidays"),
    path("procedures/<slug:code>", procedure_page, name="procedure"),
    path("inbox/delegations", delegations, name="delegations"),
]
