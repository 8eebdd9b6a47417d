"""Who is concerned with an emergency at one port, a plan in force, and an event opened under it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from tests.accounts.factories import a_national_officer, a_user, an_office
from tests.ports.factories import a_port

from kouan.accounts.models import OrganisationKind, Role
from kouan.basis import clock
from kouan.desk.matters.actions import give_opinion, take_step
from kouan.desk.matters.models import Matter
from kouan.monitoring.emergencies.actions import NewEvent, open_event
from kouan.monitoring.emergencies.models import EmergencyEvent, EmergencyPlan
from kouan.monitoring.emergencies.plans import DutyRole, Item, PlanText, draft_plan

NOON = datetime.fromisoformat("2024-05-22T12:00:00+08:00")
NEXT_DRILL = date(2025, 5, 1)
PLAN = PlanText(
    "危险货物泄漏应急预案", "一、先控制，后处置。", (
        Item("封闭货运通道", ("port_operator",), 15, "Close the freight lanes"),
        Item("疏散人员", ("border_inspection",), 30, "Lead people out"),
        Item("联合研判处置方案", ("customs", "border_inspection", "local_office"), 60, "Agree on what to do"),
        Item("海上警戒", ("maritime_safety",), 60)),
    roles=(DutyRole("head", "值班长", "head"), DutyRole("watch", "值班员", "watch")), title_en="Plan for leaks", words_en="First contain.")


class EmergencyOffices:
    """罗湖 with operator, two agencies, city, province and nation; the agencies of a neighbour province."""

    def __init__(self) -> None:
        self.port = a_port("luohu-rail", "rail", name_zh="罗湖铁路口岸", province_code="44", city_code="440300")
        self.national = a_national_officer()
        at_port: dict[str, Any] = {"province_code": "44", "port_codes": ["luohu-rail"]}
        self.province = a_user(Role.PROVINCIAL_OFFICER, an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="44"))
        self.city = a_user(Role.CITY_OFFICER, an_office(OrganisationKind.CITY_OFFICE, name_zh="深圳市口岸办", city_code="440300", **at_port))
        self.city_second = a_user(Role.CITY_OFFICER, self.city.organisation)
        self.operator = a_user(Role.PORT_REPORTER, an_office(OrganisationKind.PORT_OPERATOR, name_zh="罗湖口岸公司", **at_port))
        self.border = a_user(Role.INSPECTION_OFFICER, an_office(OrganisationKind.INSPECTION_AGENCY, name_zh="罗湖边检站", **at_port))
        self.customs = a_user(Role.INSPECTION_OFFICER, an_office(OrganisationKind.INSPECTION_AGENCY, name_zh="罗湖海关", **at_port))
        self.neighbour = a_user(Role.PROVINCIAL_OFFICER, an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="45"))
        self.far = a_user(Role.INSPECTION_OFFICER, an_office(
            OrganisationKind.INSPECTION_AGENCY, name_zh="东兴边检站", province_code="45", port_codes=["dongxing-road"]))

    def draft(self, **changes: Any) -> EmergencyPlan:
        return draft_plan(actor=self.city, **{"kind": "dangerous_goods", "said": PLAN, "port": "luohu-rail", **changes})

    def published(self, **changes: Any) -> EmergencyPlan:
        """A plan that the second officer of the city published."""
        plan = self.draft(**changes)
        step(plan, "submit", self.city)
        step(plan, "publish", self.city_second, next_drill_on=NEXT_DRILL.isoformat())
        plan.refresh_from_db()
        return plan

    def opened(self, *, actor: Any = None, **changes: Any) -> EmergencyEvent:
        said = NewEvent(**{"port": "luohu-rail", "kind": "dangerous_goods", "level": 3, "title_zh": "货运通道泄漏",
                           "occurred_at": clock.now() - timedelta(minutes=10), "title_en": "Leak in a freight lane", "words": "三号通道", **changes})
        return open_event(actor=actor or self.border, said=said)

    def done(self, event: EmergencyEvent) -> None:
        """Every task of an event done by whom it went to."""
        tasks = list(event.tasks.order_by("number"))
        step(tasks[0], "take_on", self.operator)
        step(tasks[0], "report", self.operator, measures="已封闭")
        step(tasks[1], "report", self.border, measures="已疏散")
        for actor, party in ((self.customs, "customs"), (self.border, "border_inspection"), (self.city, "local_office")):
            give_opinion(actor=actor, matter=tasks[2].matter_id, consultation="answers", party=party, agrees=True, words="同意")
        step(tasks[2], "finish", self.city, measures="一致同意")
        step(tasks[3], "drop", self.city, reason="无水域")


def step(row: Any, transition: str, actor: Any, **fields: str) -> Matter:
    """Take a step of the matter of a plan, event, task or measure."""
    return take_step(actor=actor, matter=row.matter_id, transition=transition, fields=fields)


def state(row: Any) -> str:
    """Where it stands."""
    return Matter.objects.get(pk=row.matter_id).state
