"""突发事件 → 预案与值班: plans in scope, one drafted or changed, rosters with what is wrong with them."""

from __future__ import annotations

from datetime import timedelta
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
from kouan.basis import Finding, NotAllowed, NotFound, Refused, Text, clock
from kouan.basis import codes as regions
from kouan.console.marks import badge
from kouan.console.page import accept_draft, missing, page
from kouan.console.tables import Column, Filter, Table
from kouan.console.views.emergencies import crumbs
from kouan.console.words import here
from kouan.desk.matters.parties import standing_of
from kouan.desk.matters.queries import procedure_for
from kouan.monitoring.emergencies import codes, plans, typed
from kouan.monitoring.emergencies.models import DutyEntry, EmergencyPlan
from kouan.monitoring.emergencies.plans import IN_FORCE, PlanText
from kouan.monitoring.emergencies.queries import plans_visible_to, state_of
from kouan.ports.models import Port

TITLE = Text("应急预案", "Emergency plans")


def _whose(plan: EmergencyPlan) -> Text:
    if plan.port is not None:
        return Text(plan.port.name_zh, plan.port.name_en or plan.port.name_zh)
    place = regions.province(plan.province_code).name
    return Text(f"{place.zh}各口岸", f"Ports of {place.en}")


def _is_overdue(plan: EmergencyPlan) -> bool:
    return plan.matter.state == "in_force" and plan.next_drill_on is not None and plan.next_drill_on < clock.today()


def _mark(plan: EmergencyPlan) -> SafeString:
    in_force = plan.matter.state in IN_FORCE
    return badge(here(state_of(plan)), "disc" if in_force else "half", "ok" if in_force else "info" if plan.matter.ended_at is None else "none")


def _drill(plan: EmergencyPlan) -> SafeString | str:
    if plan.next_drill_on is None:
        return "—"
    late = badge(here(Text("已逾期", "Overdue")), "clock", "bad") if _is_overdue(plan) else SafeString("")
    return format_html("{} {}", f"{plan.next_drill_on:%Y-%m-%d}", late)


PLANS = Table(
    name="emergency-plans", title=TITLE,
    columns=(
        Column("plan", Text("预案", "Plan"), value=lambda each: each.title_zh, is_key=True, is_wide=True, show=lambda each: format_html(
            '<a href="{}">{}</a><span class="subline">{}</span>', reverse("emergency-plan", args=[each.pk]),
            here(Text(each.title_zh, each.title_en or each.title_zh)), here(_whose(each)))),
        Column("whose", Text("适用", "For"), value=_whose, only="export"),
        Column("kind", Text("类别", "Kind"), value=lambda each: codes.every_kind()[each.kind]),
        Column("number", Text("版本", "Version"), order="number", is_number=True),
        Column("state", Text("状态", "State"), value=state_of, show=_mark),
        Column("next_drill_on", Text("下次演练不晚于", "Next drill by"), order="next_drill_on", show=_drill, keeps_line=True),
        Column("office", Text("编制单位", "Office"), value=lambda each: each.matter.applicant.name_zh),
    ),
    filters=(
        Filter("state", Text("状态", "State"), choices=(("in_force", Text("施行中", "In force")), ("draft", Text("草案", "Drafts")),
                                                      ("overdue", Text("演练逾期", "Drill overdue")), ("ended", Text("已失效", "Ended"))),
               apply=lambda rows, value: {
                   "in_force": lambda: rows.filter(matter__state__in=IN_FORCE), "draft": lambda: rows.filter(matter__state__in=("drafting",
                       "to_publish")),
                   "overdue": lambda: rows.filter(matter__state="in_force", next_drill_on__lt=clock.today()),
                   "ended": lambda: rows.filter(matter__ended_at__isnull=False)}[value]()),
        Filter("kind", Text("类别", "Kind"), field="kind", choices=lambda: tuple(codes.every_kind().items())),
        Filter("q", Text("名称", "Name"), apply=lambda rows, value: rows.filter(title_zh__icontains=value)),
    ),
    default_order="-number",
    empty=Text("没有符合条件的预案。", "No plan matches."),
    empty_next=Text("市县、省级和国家口岸办可起草预案。", "City, provincial and national offices draft plans."),
)


@page("emergencies.read")
def all_plans(request: HttpRequest) -> HttpResponseBase:
    """The plans in scope."""
    view = PLANS.read(request, plans_visible_to(request.user))
    if view.wants_export:
        return view.export()
    return render(request, "console/emergencies/plans.html", {"table": view, "may_plan": may(request.user, "emergencies.plan"),
                                                              "crumbs": crumbs(TITLE)})


_NAMES = ("port", "province", "kind", "title", "title_en", "words", "words_en", "checklist", "roles")


def _said(request: HttpRequest) -> dict[str, str]:
    return {name: request.POST.get(name, "").strip()[:20_000] for name in _NAMES}


def _text(said: dict[str, str]) -> PlanText:
    return PlanText(said["title"], said["words"], typed.items_said(said["checklist"]), typed.roles_said(said["roles"]), said["title_en"],
                    said["words_en"])


@never_cache
@page("emergencies.plan", methods=("GET", "HEAD", "POST"))
def new_plan(request: HttpRequest) -> HttpResponse:
    """The form of a new plan, or (``?of=``) of the next version of one."""
    user: Any = request.user
    said, findings, status = _said(request), list[Finding](), 200
    if request.method == "POST":
        try:
            made = plans.draft_plan(actor=user, kind=said["kind"][:24], said=_text(said), port=said["port"][:64], province=said["province"][:2])
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings, status = error.findings, error.http_status
        else:
            accept_draft(request, "plan")
            messages.success(request, here(Text("草案已登记。", "The draft was entered.")))
            return redirect("emergency-plan", made.pk)
    elif request.GET.get("of", "").isdigit():
        said = _of(plans.get_plan(user, int(request.GET["of"][:18])))
    return render(request, "console/emergencies/plan_form.html", {
        **_choices(user), "said": said, "findings": findings, "is_new": True, "crumbs": crumbs(TITLE, Text("起草", "Draft"))}, status=status)


def _of(plan: EmergencyPlan) -> dict[str, str]:
    return {"port": plan.port.code if plan.port else "", "province": plan.province_code, "kind": plan.kind, "title": plan.title_zh,
            "title_en": plan.title_en, "words": plan.words_zh, "words_en": plan.words_en, "checklist": typed.items_typed(plan.checklist),
            "roles": typed.roles_typed(plan.roles)}


def _choices(user: Any) -> dict[str, Any]:
    ports = [(each.code, Text(each.name_zh, each.name_en or each.name_zh)) for each in Port.objects.visible_to(user).order_by("pinyin", "code")]
    return {"ports": ports, "kinds": list(codes.kinds().items()), "desks": list(codes.desks().values()),
            "is_national": user.organisation.kind == OrganisationKind.NATIONAL_OFFICE}


@never_cache
@page("emergencies.read", methods=("GET", "HEAD", "POST"))
def plan(request: HttpRequest, number: int) -> HttpResponse:
    """One version of a plan; its draft may be changed by its office."""
    user: Any = request.user
    held = plans.get_plan(user, number)
    findings: list[Finding] = []
    status = 200
    if request.method == "POST":
        try:
            plans.change_draft(actor=user, plan=number, said=_text(_said(request)))
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings, status = error.findings, error.http_status
        else:
            accept_draft(request, "plan")
            messages.success(request, here(Text("草案已修改。", "The draft was changed.")))
            return redirect("emergency-plan", number)
    procedure = procedure_for(held.matter)
    waits = procedure.states[held.matter.state].waits_for
    names = codes.desks()
    return render(request, "console/emergencies/plan.html", {
        **_choices(user), "plan": held, "title": Text(held.title_zh, held.title_en or held.title_zh), "whose": _whose(held), "mark": _mark(held),
        "kind": codes.every_kind()[held.kind], "is_overdue": _is_overdue(held), "findings": findings,
        "items": [(each, [names[desk] for desk in each["desks"]]) for each in held.checklist], "said": _said(request) if findings else _of(held),
        "is_my_turn": bool(set(waits) & set(standing_of(user, procedure, held.matter).parties)) and held.matter.ended_at is None,
        "may_change": held.matter.state == "drafting" and held.matter.applicant_id == user.organisation_id and may(user, "emergencies.plan"),
        "may_next": held.matter.state in IN_FORCE and held.matter.applicant_id == user.organisation_id and may(user, "emergencies.plan"),
        "may_drill": held.matter.state == "in_force" and may(user, "emergencies.open"), "in_force": held.matter.state in IN_FORCE,
        "drills": list(held.events.visible_to(user).filter(is_drill=True)[:10]), "crumbs": crumbs(TITLE, Text(f"#{held.pk}", f"#{held.pk}")),
    }, status=status)


DAYS_SHOWN = 14


@never_cache
@page("emergencies.read", methods=("GET", "HEAD", "POST"))
def roster(request: HttpRequest) -> HttpResponse:
    """The roster of one's own office, or of another that one may call; gaps and doubles; the phone tree of today."""
    user: Any = request.user
    findings: list[Finding] = []
    status = 200
    duties = request.POST.get("duties", "").strip()[:60_000]
    if request.method == "POST":
        try:
            plans.set_roster(actor=user, duties=typed.duties_said(duties))
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings, status = error.findings, 422
        else:
            accept_draft(request, "roster")
            messages.success(request, here(Text("值班表已登记。", "The roster was entered.")))
            return redirect("emergency-roster")
    office = user.organisation
    others = list(Organisation.objects.filter(pk__in=DutyEntry.objects.visible_to(user).values("organisation_id")).exclude(pk=office.pk)
                  .order_by("province_code", "code")[:200])
    asked = request.GET.get("office", "")
    if asked:
        office = next((each for each in [office, *others] if each.code == asked), None)
        if office is None:
            raise missing()
    first = clock.today()
    last = first + timedelta(days=DAYS_SHOWN - 1)
    days = plans.roster(office, first, last)
    return render(request, "console/emergencies/roster.html", {
        "office": office, "others": others, "days": days, "conflicts": plans.conflicts(office, first, last), "findings": findings, "duties": duties,
        "tree": plans.phone_tree(office, first), "names": {each.code: Text(each.zh, each.en or each.zh) for each in plans.roles_of_office(office)},
        "may_enter": may(user, "emergencies.roster") and office.pk == user.organisation_id, "crumbs": crumbs(Text("值班表",
            "Roster"))}, status=status)


urlpatterns = [
    path("emergencies/plans", all_plans, name="emergency-plans"),
    path("emergencies/plans/new", new_plan, name="emergency-plan-new"),
    path("emergencies/plans/<int:number>", plan, name="emergency-plan"),
    path("emergencies/roster", roster, name="emergency-roster"),
]
