"""To whom a warning goes: the dated list of causes, the table of rules, the offices at a port and above it.

>>> rule_for(["missing_data"], 9.0).code, rule_for(["seasonal"], 1.2).to, rule_for(["seasonal", "fell_silent"], 1.2).is_joint
('data', 'city', True)
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from kouan.accounts.models import Organisation, OrganisationKind
from kouan.basis import Text, strict_yaml
from kouan.desk.matters.parties import national_office, people_of
from kouan.ports.models import Port

FOLDER = Path(__file__).parent
PROCEDURES = FOLDER / "procedures"
PROCEDURE = "early_warning"
AGENCY_PARTIES = ("agency_one", "agency_two", "agency_three")
_ROLES: Mapping[str, tuple[str, ...]] = {
    OrganisationKind.CITY_OFFICE: ("city_officer",), OrganisationKind.PROVINCIAL_OFFICE: ("provincial_officer", "provincial_leader"),
    OrganisationKind.CORPS_OFFICE: ("provincial_officer", "provincial_leader"), OrganisationKind.INSPECTION_AGENCY: ("inspection_officer",),
}


@lru_cache(maxsize=1)
def _lists() -> Mapping[str, Any]:
    read: Mapping[str, Any] = strict_yaml.load_file(FOLDER / "codes.yaml")
    return read


def causes() -> dict[str, Text]:
    """The causes by which a warning may be closed, in their order."""
    return {code: Text(**words) for code, words in _lists()["causes"].items()}


def message_kinds() -> dict[str, Text]:
    """The kinds of messages of local platforms, in their order."""
    return {code: Text(**words) for code, words in _lists()["message_kinds"].items()}


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """Which detectors (empty: any), from which score on, go to which level of office, alone or jointly, and why."""

    code: str
    to: str
    why: Text
    detectors: tuple[str, ...] = ()
    from_score: float = 0.0
    is_joint: bool = False


@lru_cache(maxsize=1)
def rules() -> tuple[RoutingRule, ...]:
    """The table in its order; the first rule that fits counts."""
    return tuple(
        RoutingRule(each["code"], each["to"], Text(**each["why"]), tuple(each.get("detectors", ())), float(each.get("from_score", 0)),
                    bool(each.get("joint", False)))
        for each in _lists()["rules"]
    )


def rule_for(detectors: Collection[str], score: float) -> RoutingRule:
    """The first rule that fits any of the detectors; LookupError where none does (a test asks every detector)."""
    for each in rules():
        if (not each.detectors or set(each.detectors) & set(detectors)) and score >= each.from_score:
            return each
    raise LookupError(f"no rule for {', '.join(detectors)}")


@dataclass(frozen=True, slots=True)
class Route:
    """The office in charge, who verifies, which parties must answer (party to office), by which rule and why."""

    handler: Organisation
    verifier: Organisation
    members: Mapping[str, Organisation]
    rule: RoutingRule
    why: Text


def route(port: Port, detectors: Collection[str], score: float) -> Route:
    """Where a warning of a port goes. An office with nobody who may act is stepped over, and the reason says so."""
    rule = rule_for(detectors, score)
    said = [rule.why]
    agencies, city, province = agencies_at(port), city_office(port), provincial_office(port)
    handler: Organisation | None = None
    wanted = rule.to
    if wanted == "agency":
        handler = agencies[0] if len(agencies) == 1 else None
        if handler is None:
            said.append(Text("该口岸在用的查验机构不是唯一的，先由口岸所在地口岸办受理",
                "no single agency is in use at the port, so the office of its place takes it in"))
            wanted = "city"
    if handler is None and wanted == "city":
        handler = city
        if handler is None:
            said.append(Text("口岸所在地没有在用的口岸办，由省级口岸办受理", "its place has no office in use, so the province takes it in"))
    if handler is None and province is not None:
        handler = province
    if handler is None:
        said.append(Text("该省没有在用的口岸办，由国家口岸办受理", "the province has no office in use, so the national office takes it in"))
        handler = national_office()
    below = handler.kind in (OrganisationKind.CITY_OFFICE, OrganisationKind.INSPECTION_AGENCY)
    verifier = province if below and province is not None else national_office()
    members: dict[str, Organisation] = {}
    if rule.is_joint:
        members = {party: office for party, office in (("province", province), ("city", city)) if office is not None and office.pk != handler.pk}
        members |= dict(zip(AGENCY_PARTIES, (each for each in agencies if each.pk != handler.pk), strict=False))
    return Route(handler, verifier, members, rule, Text("；".join(each.zh for each in said), "; ".join(each.en for each in said)))


def roles_of(office: Organisation) -> tuple[str, ...]:
    """The roles of an office whose people are told of a warning."""
    return _ROLES.get(office.kind, ("national_officer", "national_leader"))


def _staffed(office: Organisation) -> bool:
    return people_of(office, roles_of(office)).exists()


def agencies_at(port: Port) -> list[Organisation]:
    """The inspection agencies at a port with somebody who may act."""
    rows = Organisation.objects.filter(kind=OrganisationKind.INSPECTION_AGENCY, is_active=True).order_by("code")
    return [each for each in rows if port.code in each.port_codes and _staffed(each)]


def city_office(port: Port) -> Organisation | None:
    """The office of a port's city with somebody who may act: by its list of ports, else by its code."""
    rows = list(Organisation.objects.filter(kind=OrganisationKind.CITY_OFFICE, is_active=True, province_code=port.province_code).order_by("code"))
    listed = [each for each in rows if port.code in each.port_codes]
    of_place = [each for each in rows if port.city_code and each.city_code == port.city_code]
    return next((each for each in (*listed, *of_place) if _staffed(each)), None)


def provincial_office(port: Port) -> Organisation | None:
    """The Corps' office where the port stands in its list, else the office of the province, with somebody who may act."""
    active = Organisation.objects.filter(is_active=True).order_by("pk")
    corps = [each for each in active.filter(kind=OrganisationKind.CORPS_OFFICE) if port.code in each.port_codes]
    of_province = active.filter(kind=OrganisationKind.PROVINCIAL_OFFICE, province_code=port.province_code) if port.province_code else ()
    return next((each for each in (*corps, *of_province) if _staffed(each)), None)
