"""Who is concerned with the warnings of one port, and a year and a half of its daily figures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
from tests.accounts.factories import a_national_officer, a_user, an_office
from tests.monitoring.factories import figures
from tests.ports.factories import a_port

from kouan.accounts.action import acting_system
from kouan.accounts.models import OrganisationKind, Role
from kouan.collection.models import Origin
from kouan.desk.matters.actions import take_step
from kouan.desk.matters.models import Matter
from kouan.desk.matters.registry import in_force
from kouan.desk.matters.upkeep import set_period
from kouan.monitoring.warnings.actions import Detected, detect_warnings
from kouan.monitoring.warnings.models import EarlyWarning

# A Wednesday in no holiday; yesterday is the last day with figures.
TODAY = date(2024, 5, 22)
DAYS = 500


def daily(days: int, *, seed: int = 1, level: float = 5000.0, last: date = TODAY - timedelta(days=1)) -> dict[date, int]:
    """Ordinary days: higher at week-ends, noise of 4 %."""
    rng = np.random.default_rng(seed)
    every = [last - timedelta(days=days - 1 - at) for at in range(days)]
    week = [1.0, 1.0, 1.0, 1.0, 1.05, 1.3, 1.2]
    noise = np.exp(rng.normal(0, 0.04, days))
    return {day: round(level * week[day.weekday()] * noise[at]) for at, day in enumerate(every)}


class WarningOffices:
    """罗湖 with its city, province and two agencies, the nation, a neighbour province; every period set to two working days."""

    def __init__(self, *, is_set: bool = True) -> None:
        self.port = a_port("luohu-rail", "rail", name_zh="罗湖铁路口岸", province_code="44", city_code="440300")
        self.national = a_national_officer()
        self.province = a_user(Role.PROVINCIAL_OFFICER, an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="44"))
        self.province_second = a_user(Role.PROVINCIAL_OFFICER, self.province.organisation)
        self.neighbour = a_user(Role.PROVINCIAL_OFFICER, an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="45"))
        self.city = a_user(Role.CITY_OFFICER, an_office(
            OrganisationKind.CITY_OFFICE, province_code="44", city_code="440300", port_codes=["luohu-rail"]))
        self.agency = a_user(Role.INSPECTION_OFFICER, an_office(
            OrganisationKind.INSPECTION_AGENCY, province_code="44", port_codes=["luohu-rail"]))
        self.other_agency = a_user(Role.INSPECTION_OFFICER, an_office(
            OrganisationKind.INSPECTION_AGENCY, province_code="44", port_codes=["luohu-rail"]))
        self.far_agency = a_user(Role.INSPECTION_OFFICER, an_office(
            OrganisationKind.INSPECTION_AGENCY, province_code="45", port_codes=["dongxing-road"]))
        self.enterprise = a_user(Role.ENTERPRISE_USER, an_office(OrganisationKind.ENTERPRISE))
        if is_set:
            for name in in_force("early_warning").procedure.settings:
                set_period(actor=self.national, procedure="early_warning", setting=name, count=2, reason="国家口岸办确定")

    def counted(self, changes: Mapping[date, float] | None = None, *, direction: str = "inbound", days: int = DAYS, left_out: int = 0) -> None:
        """Daily persons up to yesterday; ``changes``: factor by day; ``left_out``: last days not reported."""
        values = daily(days)
        for day, factor in (changes or {}).items():
            values[day] = round(values[day] * factor)
        kept = dict(list(values.items())[: days - left_out])
        figures("port:luohu-rail", "person_crossings", {day.isoformat(): value for day, value in kept.items()}, direction=direction,
                origin=Origin.OFFICIAL, unit="person_crossings")

    def detect(self, until: date | None = None) -> Detected:
        with acting_system("warnings") as system:
            return detect_warnings(actor=system, until=until)

    def warning(self) -> EarlyWarning:
        return EarlyWarning.objects.get()

    def take(self, warning: EarlyWarning, step: str, actor: Any, **fields: str) -> Matter:
        return take_step(actor=actor, matter=warning.matter_id, transition=step, fields=fields)


def state(warning: EarlyWarning) -> str:
    """Where it stands."""
    return Matter.objects.get(pk=warning.matter_id).state
