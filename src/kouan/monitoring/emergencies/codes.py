"""The lists of emergencies: kinds (dated), levels, desks and how the office of a desk is found at a port.

>>> kinds(date(2024, 5, 1))["epidemic"].zh, level_words(1).zh
('传染病疫情', 'Ⅰ级（特别重大）')
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from kouan.accounts.models import Organisation, OrganisationKind
from kouan.basis import Text, clock, strict_yaml
from kouan.desk.matters.parties import national_office, people_of
from kouan.monitoring.warnings.routing import agencies_at, city_office, provincial_office
from kouan.ports.models import Port

FOLDER = Path(__file__).parent
PROCEDURES = FOLDER / "procedures"
PLAN, EVENT, TASK, MEASURE = "emergency_plan", "emergency_event", "emergency_task", "emergency_measure"
LEVELS = (1, 2, 3, 4)
# From this level on (1 the gravest) the province leads, as for a warning that several must answer.
PROVINCE_LEADS = 2
ROLES = ("national_officer", "national_leader", "provincial_officer", "provincial_leader", "city_officer", "inspection_officer", "port_reporter")


@lru_cache(maxsize=1)
def _lists() -> Mapping[str, Any]:
    read: Mapping[str, Any] = strict_yaml.load_file(FOLDER / "codes.yaml")
    return read


def kinds(on: date | None = None) -> dict[str, Text]:
    """The kinds that may be chosen on a day (today), in their order; ``every_kind`` also knows those of before."""
    day = on or clock.today()
    return {code: Text(each["zh"], each["en"]) for code, each in _lists()["kinds"].items()
            if each["since"] <= day and (each.get("until") is None or day <= each["until"])}


def every_kind() -> dict[str, Text]:
    """All kinds that ever were: what is on record keeps its words."""
    return {code: Text(each["zh"], each["en"]) for code, each in _lists()["kinds"].items()}


def level_words(level: int) -> Text:
    """A level in words; KeyError for none."""
    return Text(**_lists()["levels"][level])


def desks() -> dict[str, Text]:
    """The desks to which an item of a checklist may go."""
    return {code: Text(each["zh"], each["en"]) for code, each in _lists()["desks"].items()}


def drill_months() -> int:
    """Months within which a plan in force is to be drilled."""
    return int(_lists()["drill_months"])


def office_of_desk(port: Port, desk: str) -> Organisation | None:
    """The office of a desk at a port with somebody who may act; None where there is none."""
    of = _lists()["desks"][desk]
    match of["kind"]:
        case "city_office":
            return city_office(port)
        case "provincial_office":
            return provincial_office(port)
        case "inspection_agency":
            return next((each for each in agencies_at(port) if any(word in each.name_zh for word in of["named"])), None)
        case _:
            rows = Organisation.objects.filter(kind=OrganisationKind.PORT_OPERATOR, is_active=True).order_by("code")
            return next((each for each in rows if port.code in each.port_codes and people_of(each, ROLES).exists()), None)


def leading(port: Port, level: int) -> tuple[Organisation, Organisation]:
    """(who leads the response, its superior): the local office, from level II on the province; above the province the nation."""
    nation = national_office()
    city, province = city_office(port), provincial_office(port)
    lead = (province or city if level <= PROVINCE_LEADS else city or province) or nation
    above = province if city is not None and lead.pk == city.pk and province is not None and province.pk != lead.pk else nation
    return lead, above
