"""Where an issue goes: the dated lists of codes, the rule that fits, the office it means, and who stands above an office.

>>> rule_for("time", "port").to, rule_for("policy", "port").to, rule_for("cost", "nation").to
('agency', 'province', 'national')
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from kouan.accounts.models import Organisation, OrganisationKind
from kouan.basis import Text, clock, strict_yaml
from kouan.desk.matters.parties import national_office
from kouan.ports.models import Port

FOLDER = Path(__file__).parent
PROCEDURES = FOLDER / "procedures"
PROCEDURE = "enterprise_issue"


@lru_cache(maxsize=1)
def _lists() -> Mapping[str, Mapping[str, Mapping[str, object]]]:
    read: Mapping[str, Mapping[str, Mapping[str, object]]] = strict_yaml.load_file(FOLDER / "codes.yaml")
    return read


def codes(name: str, on: date | None = None) -> dict[str, Text]:
    """The codes of a list (stages, kinds, levels, satisfactions) that hold on a day, in their order."""
    day = on or clock.today()
    return {
        code: Text(str(held["zh"]), str(held["en"])) for code, held in _lists()[name].items()
        if held["from"] <= day and (held.get("to") is None or day <= held["to"])  # type: ignore[operator]
    }


def label_of(name: str, code: str) -> Text:
    """The words of a code, also of one that has ended."""
    held = _lists()[name].get(code)
    return Text(str(held["zh"]), str(held["en"])) if held else Text(code, code)


@lru_cache(maxsize=1)
def indicators() -> dict[str, Text]:
    """The indicators of the catalogue by code (``indicators.md`` says where they come from)."""
    with (FOLDER / "indicators.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: Text(row["name_zh"], row["name_en"]) for row in csv.DictReader(file)}


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """One line of the table: which kinds and levels (empty: any) go to which level of office, and why."""

    code: str
    to: str
    why: Text
    kinds: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def rules() -> tuple[RoutingRule, ...]:
    """The table in its order; the first rule that fits counts."""
    held = strict_yaml.load_file(FOLDER / "routing.yaml")
    return tuple(RoutingRule(each["code"], each["to"], Text(**each["why"]), tuple(each.get("kinds", ())), tuple(each.get("levels", ())))
                 for each in held["rules"])


def rule_for(kind: str, level: str) -> RoutingRule:
    """The rule that fits; LookupError where none does (a test asks every kind at every level)."""
    for each in rules():
        if (not each.kinds or kind in each.kinds) and (not each.levels or level in each.levels):
            return each
    raise LookupError(f"no rule for {kind} at {level}")


@dataclass(frozen=True, slots=True)
class Route:
    """Where an issue goes first, by which rule, and why, with every step aside that was taken."""

    office: Organisation
    rule: str
    why: Text


def route(port: Port, kind: str, level: str, about: Organisation | None) -> Route:
    """The office that first receives an issue. Where the office that the rule means is missing, the next above, and why."""
    rule = rule_for(kind, level)
    said = [rule.why]
    wanted = rule.to
    if wanted == "agency":
        found = about if about is not None and about.kind == OrganisationKind.INSPECTION_AGENCY and about.is_active else None
        if found is None:
            here = agencies_at(port)
            found = here[0] if len(here) == 1 and about is None else None
        if found is not None:
            return _route(found, rule, said)
        said.append(Text("未指明所涉查验机构（或其已停用），先由口岸所在地口岸办受理",
            "no agency was named (or it is closed), so the city's office takes it in"))
        wanted = "city"
    if wanted == "city":
        city = city_office(port)
        if city is not None:
            return _route(city, rule, said)
        said.append(Text("口岸所在地没有在用的口岸办，由省级口岸办受理", "the city has no office in use, so the province takes it in"))
        wanted = "province"
    if wanted == "province":
        province = provincial_office(port.province_code)
        if province is not None:
            return _route(province, rule, said)
        said.append(Text("该省没有在用的口岸办，由国家口岸办受理", "the province has no office in use, so the national office takes it in"))
    return _route(national_office(), rule, said)


def _route(office: Organisation, rule: RoutingRule, said: list[Text]) -> Route:
    return Route(office, rule.code, Text("；".join(each.zh for each in said), "; ".join(each.en for each in said)))


def agencies_at(port: Port) -> list[Organisation]:
    """The inspection agencies in use at a port."""
    rows = Organisation.objects.filter(kind=OrganisationKind.INSPECTION_AGENCY, is_active=True).order_by("code")
    return [each for each in rows if port.code in each.port_codes]


def city_office(port: Port) -> Organisation | None:
    """The port office of a port's city: by its list of ports, else by its code of the city."""
    rows = list(Organisation.objects.filter(kind=OrganisationKind.CITY_OFFICE, is_active=True, province_code=port.province_code).order_by("code"))
    listed = [each for each in rows if port.code in each.port_codes]
    return next(iter(listed or [each for each in rows if port.city_code and each.city_code == port.city_code]), None)


def provincial_office(province_code: str) -> Organisation | None:
    """The port office of a province, where it is in use."""
    return Organisation.objects.filter(
        kind=OrganisationKind.PROVINCIAL_OFFICE, province_code=province_code, is_active=True).order_by("pk").first() if province_code else None


def superior_of(office: Organisation, port: Port) -> Organisation:
    """The port office above an office for one port: the province above city and agency, the nation above the province."""
    if office.kind in (OrganisationKind.CITY_OFFICE, OrganisationKind.INSPECTION_AGENCY, OrganisationKind.PORT_OPERATOR):
        return provincial_office(port.province_code) or national_office()
    return national_office()


def may_handle(port: Port) -> list[Organisation]:
    """The offices to which an issue of a port may be passed: those at the port, its city, its province, and the nation."""
    found = [*agencies_at(port), city_office(port), provincial_office(port.province_code), national_office()]
    return [each for each in found if each is not None]
