"""Two provinces with figures of their own, a catalogue entry of one of them, and offices that would like to read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tests.accounts.factories import a_national_officer, a_provincial_officer, a_user, an_office
from tests.monitoring.factories import a_batch, a_year_of_months, figures
from tests.ports.factories import a_port

from kouan.accounts.models import OrganisationKind, Role, User
from kouan.basis import clock
from kouan.collection.models import Observation
from kouan.desk.sharing.actions import NewDataSet, catalogue, decide_grant, publish_data_set, request_grant
from kouan.desk.sharing.coverage import WHOLE, Coverage
from kouan.desk.sharing.models import DataGrant

PORT, OTHER_PORT, FOREIGN_PORT = "luohu-rail", "huanggang-road", "manzhouli-road"
# Values that stand nowhere else on any page: cargo and persons of the port shared, cargo of one not shared.
CARGO, PERSONS, OTHER_CARGO = 7_654_321, 8_765_432, 6_543_217
PURPOSE = "研判跨境货运通道能力"
# A day from which every period of the loop ends within a year whose holidays are known.
DAY = date(2026, 3, 2)


@dataclass
class Sharing:
    """Who owns, who asks, and the figures in question (January 2023 of each series)."""

    national: User
    owner: User
    ministry: User
    colleague: User
    stranger: User
    neighbour: User
    cargo: Observation
    late_cargo: Observation
    persons: Observation
    other_cargo: Observation


def a_sharing_world() -> Sharing:
    """Guangdong owns; a ministry and Inner Mongolia ask."""
    a_port(PORT, "rail", name_zh="罗湖铁路口岸", province_code="44", accepted_on=date(2010, 1, 1), is_border=False)
    a_port(OTHER_PORT, "road", name_zh="皇岗公路口岸", province_code="44", accepted_on=date(2010, 1, 1), is_border=False)
    a_port(FOREIGN_PORT, "road", name_zh="满洲里公路口岸", province_code="15", accepted_on=date(2010, 1, 1), is_border=True, neighbour_code="RU")
    national, owner = a_national_officer(), a_provincial_officer("44")
    office = an_office(OrganisationKind.MINISTRY)
    batch = a_batch()
    batch.organisation, batch.submitted_by, batch.sheets, batch.columns = owner.organisation, owner, ["填报"], [["口岸", "数值"]]
    batch.save()
    found = {}
    for name, port, measure, value in (("cargo", PORT, "cargo_tonnes", CARGO), ("persons", PORT, "person_crossings", PERSONS),
                                       ("other_cargo", OTHER_PORT, "cargo_tonnes", OTHER_CARGO)):
        series = figures(f"port:{port}", measure, a_year_of_months(2023, value), batch=batch)
        found[name] = series.observations.get(period_start=date(2023, 1, 1))
        if name == "cargo":
            found["late_cargo"] = series.observations.get(period_start=date(2023, 12, 1))
    figures(f"port:{FOREIGN_PORT}", "cargo_tonnes", a_year_of_months(2023, 12), batch=a_batch())
    return Sharing(
        national=national, owner=owner, ministry=a_user(Role.MINISTRY_OFFICER, office), colleague=a_user(Role.MINISTRY_OFFICER, office),
        stranger=a_user(Role.MINISTRY_OFFICER, an_office(OrganisationKind.MINISTRY)), neighbour=a_provincial_officer("15"), **found)


def a_data_set(world: Sharing, code: str = "gd-port-flows", **more: Any) -> str:
    """A published set of the figures of Guangdong's ports."""
    said = {"code": code, "name_zh": "广东口岸客货运量", "room": "collection", "definition_zh": "各口岸自报的月度客货运量",
            "owner": world.owner.organisation.code,
            "classification": "important", "sensitivity": "none", "coverage": Coverage(provinces=("44",))} | more
    catalogue(actor=world.owner, said=NewDataSet(**said))
    publish_data_set(actor=world.owner, code=code)
    return code


def a_request(world: Sharing, asker: User, data_set: str, coverage: Coverage = WHOLE, *, days: int = 30) -> DataGrant:
    """A request of somebody's office, for a month unless said otherwise."""
    return request_grant(actor=asker, data_set=data_set, purpose=PURPOSE, coverage=coverage, ends_on=clock.today() + timedelta(days=days))


def a_grant(world: Sharing, asker: User, data_set: str, coverage: Coverage = WHOLE, *, days: int = 30) -> DataGrant:
    """A request that its owner approved."""
    made = a_request(world, asker, data_set, coverage, days=days)
    return decide_grant(actor=world.owner, grant=made.pk, deed="approve", reason="职责所需")
