"""Verbs of plans and rosters: a version drafted, corrected while a draft; who is on duty, and what is wrong with a roster.

A plan is published by a second person through the steps of its matter (``effects``); a version in force is not changed: draft the next one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Max, Q

from kouan.accounts.action import action
from kouan.accounts.models import Organisation, OrganisationKind
from kouan.audit import record_event
from kouan.basis import Conflict, Finding, NotAllowed, NotFound, Place, Refused, SubjectRef, clock
from kouan.desk.actions import refuse_secrets
from kouan.desk.matters.actions import Concerns, open_matter
from kouan.desk.matters.models import Matter
from kouan.monitoring.emergencies import codes
from kouan.monitoring.emergencies.models import DutyEntry, EmergencyPlan
from kouan.monitoring.warnings.actions import port_in_scope

# States of its matter in which a plan is in force.
IN_FORCE = ("in_force", "drilling")
MOST_ITEMS, MOST_MINUTES, MOST_DAYS = 60, 60 * 24 * 30, 92


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a checklist: what, at which desks (several: each must answer), within how many minutes of the opening."""

    zh: str
    desks: tuple[str, ...]
    minutes: int
    en: str = ""


@dataclass(frozen=True, slots=True)
class DutyRole:
    """A role of the roster; their order is that of the phone tree."""

    code: str
    zh: str
    en: str = ""


@dataclass(frozen=True, slots=True)
class PlanText:
    """What a version of a plan says."""

    title_zh: str
    words_zh: str
    items: Sequence[Item]
    roles: Sequence[DutyRole] = ()
    title_en: str = ""
    words_en: str = ""


@dataclass(frozen=True, slots=True)
class Duty:
    """Who is on duty on a day for a role, and the number to call."""

    day: date
    role: str
    person: str
    phone: str


@action("emergencies.plan")
def draft_plan(*, actor: Any, kind: str, said: PlanText, port: str = "", province: str = "") -> EmergencyPlan:
    """Draft the next version of the plan of a port in scope, or (no port) of one's own province; the nation names the province."""
    _check(said)
    if kind not in codes.kinds():
        raise Refused.because("unknown_kind", f"没有“{kind[:24]}”这一类别。", f"There is no kind “{kind[:24]}”.", where=Place(field="kind"),
                              remedy=(f"可用：{'、'.join(codes.kinds())}。", f"One of: {', '.join(codes.kinds())}."))
    held = port_in_scope(actor, port) if port else None
    code = held.province_code if held else _province(actor, province)
    known = EmergencyPlan.objects.filter(kind=kind, **_of(held, code))
    if known.filter(matter__state__in=("drafting", "to_publish")).exists():
        raise Conflict.because("draft_there", "同一类别的预案已有一份草案。", "There is a draft of this plan already.",
                               remedy=("请修改该草案，或先撤销。", "Change that draft, or drop it first."))
    number = (known.aggregate(last=Max("number"))["last"] or 0) + 1
    matter = open_matter(
        actor=actor, procedure=codes.PLAN, title=f"{said.title_zh.strip()}（第{number}版）"[:200],
        concerns=Concerns(SubjectRef.of("port", held.code) if held else None, code, held.city_code if held else "", held.code if held else ""))
    return EmergencyPlan.objects.create(matter=matter, kind=kind, number=number, drafted_by=actor, **_of(held, code, is_new=True), **_columns(said))


def _of(port: Any, province: str, *, is_new: bool = False) -> dict[str, Any]:
    """The columns that say whose plan it is: as a filter, or of a new row."""
    if port is not None:
        return {"port": port, "province_code": province} if is_new else {"port": port}
    return {"port": None, "province_code": province} if is_new else {"port__isnull": True, "province_code": province}


def _province(actor: Any, named: str) -> str:
    if actor.organisation.kind == OrganisationKind.NATIONAL_OFFICE and named.isdigit() and len(named) == 2:
        return named
    if actor.organisation.kind == OrganisationKind.PROVINCIAL_OFFICE:
        return str(actor.organisation.province_code)
    raise NotAllowed.because("port_needed", "请指定口岸：全省的预案由省级口岸办编制。", "Name a port: plans for a whole province are its office's.",
                             remedy=("请选择口岸；国家口岸办须指明省份。", "Choose a port; the national office names the province."))


@action("emergencies.plan")
def change_draft(*, actor: Any, plan: int, said: PlanText) -> EmergencyPlan:
    """What a draft says, anew. Who writes it last is its drafter, and so may not publish it."""
    _check(said)
    held = get_plan(actor, plan)
    held = EmergencyPlan.objects.select_for_update(of=("self",)).select_related("matter").get(pk=held.pk)
    if held.matter.applicant_id != actor.organisation_id:
        raise NotAllowed.because("not_your_plan", "只有编制单位可以修改预案草案。", "Only the office that drafts a plan changes it.",
                                 remedy=("请联系编制单位。", "Ask that office."))
    if Matter.objects.select_for_update().get(pk=held.matter_id).state != "drafting":
        raise Conflict.because("not_a_draft", "预案已送发布或已施行，不能修改。", "The plan is submitted or in force and is not changed.",
                               remedy=("请退回草案，或起草下一版本。", "Send it back, or draft the next version."))
    for name, value in {**_columns(said), "drafted_by": actor}.items():
        setattr(held, name, value)
    held.save()
    return held


def _columns(said: PlanText) -> dict[str, Any]:
    items = [{**asdict(each), "desks": list(each.desks)} for each in said.items]
    return {"title_zh": said.title_zh.strip(), "title_en": said.title_en.strip(), "words_zh": said.words_zh.strip(),
            "words_en": said.words_en.strip(), "checklist": items, "roles": [asdict(each) for each in said.roles]}


def _check(said: PlanText) -> None:
    refuse_secrets(said.title_zh, said.words_zh, *(each.zh for each in said.items))
    findings: list[Finding] = []

    def wrong(name: str, zh: str, en: str, remedy: tuple[str, str] = ("请改正。", "Correct it.")) -> None:
        findings.append(Finding.error("bad_plan", zh, en, where=Place(field=name), remedy=remedy))

    if not 0 < len(said.title_zh.strip()) <= 120 or len(said.title_en) > 200:
        wrong("title", "请填写预案名称，不超过120字。", "Give the plan's name, of at most 120 characters.")
    if not said.words_zh.strip():
        wrong("words", "请填写预案正文。", "Give the text of the plan.")
    if not 0 < len(said.items) <= MOST_ITEMS:
        wrong("checklist", f"处置清单应有1至{MOST_ITEMS}项。", f"A checklist has 1 to {MOST_ITEMS} items.")
    for at, each in enumerate(said.items, 1):
        if not 0 < len(each.zh.strip()) <= 300 or len(each.en) > 400:
            wrong("checklist", f"第{at}项没有写明事项，或超过300字。", f"Item {at} says nothing, or more than 300 characters.")
        strange = sorted(set(each.desks) - set(codes.desks()))
        if strange or not each.desks:
            wrong("checklist", f"第{at}项的承办方“{'、'.join(strange) or '（空）'}”不可用。", f"Item {at}: no such desk “{', '.join(strange)}”.",
                  (f"可用：{'、'.join(codes.desks())}。", f"One of: {', '.join(codes.desks())}."))
        if not 0 < each.minutes <= MOST_MINUTES:
            wrong("checklist", f"第{at}项的时限应为1至{MOST_MINUTES}分钟。", f"Item {at}: within 1 to {MOST_MINUTES} minutes.")
    if len({each.code for each in said.roles}) != len(said.roles) or any(not each.code or not each.zh.strip() for each in said.roles):
        wrong("roles", "岗位应各有不同的代码和名称。", "Each role has a code of its own and a name.")
    if findings:
        raise Refused(findings)


def get_plan(user: Any, number: int) -> EmergencyPlan:
    """A plan in scope. NotFound says the same whether it is unknown or somebody else's; the asking leaves a trace."""
    found = EmergencyPlan.objects.visible_to(user).select_related("matter__edition", "port").filter(pk=number).first()
    if found is not None:
        return found
    if EmergencyPlan.objects.filter(pk=number).exists():
        record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "emergency_plan", "id": number})
    raise NotFound.because("unknown_plan", f"没有编号为 {number} 的预案。", f"There is no plan number {number}.", where=Place(field="plan"),
                           remedy=("请从预案列表中选择。", "Choose it from the list."))


def plan_for(port: Any, kind: str) -> EmergencyPlan | None:
    """The plan in force for a kind at a port: its own, else its province's."""
    rows = EmergencyPlan.objects.filter(kind=kind, matter__state__in=IN_FORCE).order_by("-number")
    return rows.filter(port=port).first() or rows.filter(port__isnull=True, province_code=port.province_code).first()


# ---- rosters -----------------------------------------------------------------------------------------------------


@action("emergencies.roster")
def set_roster(*, actor: Any, duties: Sequence[Duty]) -> list[Finding]:
    """Enter who is on duty in one's own office; a later entry of a day and role takes the place of the one before.

    Answers what is wrong with the roster now (``conflicts``) over the days entered: warnings, for a roster with a gap is better than none.
    """
    refuse_secrets(*(each.person for each in duties))
    findings = [Finding.error("bad_duty", f"第{at}行须有岗位、姓名和电话。", f"Line {at} needs role, name and number.", where=Place(field="duties"),
                              remedy=("如：2024-05-01；值班长；张三；010-12345678。", "As: 2024-05-01；head；Zhang San；010-12345678."))
                for at, each in enumerate(duties, 1)
                if not (0 < len(each.role.strip()) <= 40 and 0 < len(each.person.strip()) <= 64 and 0 < len(each.phone.strip()) <= 32)]
    if not duties or len(duties) > 1000:
        findings.append(Finding.error("bad_duty", "请填写值班表，每次不超过1000行。", "Give the roster, at most 1,000 lines.",
            where=Place(field="duties"),
                                      remedy=("请改正。", "Correct it.")))
    if len({(each.day, each.role.strip()) for each in duties}) != len(duties):
        findings.append(Finding.error("duty_twice", "同一日同一岗位填写了两次。", "One role of one day is given twice.", where=Place(field="duties"),
                                      remedy=("每日每岗位只填一行。", "One line for each day and role.")))
    if findings:
        raise Refused(findings)
    office = Organisation.objects.select_for_update().get(pk=actor.organisation_id)
    for each in duties:
        DutyEntry.objects.filter(organisation=office, day=each.day, role=each.role.strip(), ended_at__isnull=True).update(ended_at=clock.now())
        DutyEntry.objects.create(organisation=office, day=each.day, role=each.role.strip(), person=each.person.strip(), phone=each.phone.strip(),
                                 entered_by=actor)
    days = [each.day for each in duties]
    return conflicts(office, min(days), max(days))


@dataclass(frozen=True, slots=True)
class DutyDay:
    """A day of a roster: by role who is on duty, and the roles of nobody."""

    day: date
    entries: Mapping[str, DutyEntry] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


def roles_of_office(office: Organisation) -> list[DutyRole]:
    """The roles that an office must fill, in their order, each once: of the plans in force that it drafted, and, for a city's office, which
    leads by them, of those of its whole province."""
    theirs = Q(matter__applicant=office)
    if office.kind == OrganisationKind.CITY_OFFICE and office.province_code:
        theirs |= Q(port__isnull=True, province_code=office.province_code)
    rows = EmergencyPlan.objects.filter(theirs, matter__state__in=IN_FORCE).order_by("pk").values_list("roles", flat=True)
    found: dict[str, DutyRole] = {}
    for roles in rows:
        for each in roles:
            found.setdefault(each["code"], DutyRole(**each))
    return list(found.values())


def roster(office: Organisation, first: date, last: date) -> list[DutyDay]:
    """The roster of an office day by day (at most three months), with what is missing."""
    last = min(last, first + timedelta(days=MOST_DAYS - 1))
    by_day: dict[date, dict[str, DutyEntry]] = {}
    for each in DutyEntry.objects.filter(organisation=office, day__range=(first, last), ended_at__isnull=True):
        by_day.setdefault(each.day, {})[each.role] = each
    wanted = roles_of_office(office)
    days = [first + timedelta(days=at) for at in range((last - first).days + 1)]
    return [DutyDay(day, by_day.get(day, {}), tuple(each.zh for each in wanted if not {each.code, each.zh} & set(by_day.get(day, {}))))
            for day in days]


def conflicts(office: Organisation, first: date, last: date) -> list[Finding]:
    """What is wrong with a roster: a role of nobody on a day, one person in two roles of one day."""
    findings = []
    for each in roster(office, first, last):
        for role in each.missing:
            findings.append(Finding.warning(
                "duty_gap", f"{each.day}：“{role}”无人值班。", f"{each.day}: nobody is on duty as “{role}”.", where=Place(field=f"{each.day}"),
                remedy=("请补排。", "Enter somebody.")))
        of: dict[str, list[str]] = {}
        for role, entry in each.entries.items():
            of.setdefault(entry.person, []).append(role)
        for person, held in of.items():
            if len(held) > 1:
                findings.append(Finding.warning(
                    "duty_double", f"{each.day}：{person}同时担任{'、'.join(held)}。",
                        f"{each.day}: {person} is on duty as {', '.join(held)} at once.",
                    where=Place(field=f"{each.day}"), remedy=("请调整为不同人员。", "Enter another person.")))
    return findings


def phone_tree(office: Organisation, day: date) -> list[DutyEntry]:
    """Whom to call on a day, in the order of the plan's roles; others after them."""
    order = {name: at for at, each in enumerate(roles_of_office(office)) for name in (each.code, each.zh)}
    rows = DutyEntry.objects.filter(organisation=office, day=day, ended_at__isnull=True)
    return sorted(rows, key=lambda each: (order.get(each.role, len(order)), each.pk))
