"""Which ports a round is about (the scheme's 评估对象), and which office reports for each.

In a real workspace: ports of the register that are open at the end of the year and whose transport class is decided. In the
exercise: every registered port with a class, and invented ones up to the plan's number (``method.exercise``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from kouan.accounts.models import Organisation, OrganisationKind, Role
from kouan.accounts.queries import reports_to_the_centre
from kouan.basis import Finding, Text, clock
from kouan.desk.matters.parties import national_office, people_of
from kouan.evaluation.method.exercise import national_exercise, registered_ports
from kouan.evaluation.method.scheme import Scheme
from kouan.evaluation.method.scheme.naming import called, listed
from kouan.grading.grades import grades_of
from kouan.ports.models import Port, PortStatus
from kouan.ports.queries import PortState, states_of


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A port of the round as it was at the end of the year. ``grade`` empty: none was decided."""

    code: str
    name_zh: str
    name_en: str
    port_class: str
    grade: str = ""
    province_code: str = ""
    city_code: str = ""
    is_invented: bool = False


@dataclass(frozen=True, slots=True)
class Reporter:
    """An office, the ports it reports for, and the office that verifies. ``is_stray``: nobody nearer was found."""

    office: Organisation
    ports: tuple[str, ...]
    verifier: Organisation
    is_stray: bool = False


def evaluated(scheme: Scheme, year: int, *, is_exercise: bool, known_at: datetime | None = None) -> tuple[list[Evaluated], list[Finding]]:
    """The ports of a round by code, and what is to be said of those left out."""
    day = min(date(year, 12, 31), clock.today())
    states = states_of(Port.objects.all(), day, known_at)
    grades = {code: each.grade for code, each in grades_of(states, day, known_at).items()}
    single = [each for each in states.values() if not each.is_group]
    classed = [each for each in single if each.transport_class in scheme.shape.classes]
    found = [_of(each, grades.get(each.code, "")) for each in classed if is_exercise or each.status == PortStatus.OPEN]
    findings = [*_left_out(
        "port_without_class", [_called(each) for each in single if each.transport_class not in scheme.shape.classes and (
            is_exercise or each.status == PortStatus.OPEN)],
        "个口岸的运输类别未定，不列入本轮", "ports have no decided transport class and are left out",
        ("请在口岸名录中认定类别。", "Decide their class in the register."))]
    if is_exercise:
        known = {each.code for each in found}
        registered = registered_ports((each.code, each.name_zh, each.name_en, each.port_class) for each in found)
        found += [Evaluated(each.code, each.name.zh, each.name.en, each.port_class, is_invented=True)
                  for each in national_exercise(registered) if each.code not in known]
    else:
        findings += _left_out(
            "port_not_open", [_called(each) for each in single if each.status != PortStatus.OPEN],
            "个口岸在年末未登记为开放运行，不属评估对象", "ports are not registered as open at the end of the year and are no objects",
            ("已开放的，请先在名录中登记开放和验收。", "Register opening and acceptance of those that are open."))
    return sorted(found, key=lambda each: each.code), findings


def reporters(ports: Sequence[Evaluated]) -> tuple[list[Reporter], list[Finding]]:
    """The offices that report: the Corps for the ports of its list, a city that reports to the centre for its own, else the province.

    Whoever has none is the national office's, with a finding. Verified by the inspection agency that knows most of the ports,
    else by the national office.
    """
    active = Organisation.objects.filter(is_active=True).order_by("code")
    corps = list(active.filter(kind=OrganisationKind.CORPS_OFFICE))
    cities = [each for each in active.filter(kind=OrganisationKind.CITY_OFFICE) if reports_to_the_centre(each)
              and people_of(each, (Role.CITY_OFFICER,)).exists()]
    provinces = {each.province_code: each for each in active.filter(kind=OrganisationKind.PROVINCIAL_OFFICE)}
    agencies = [each for each in active.filter(kind=OrganisationKind.INSPECTION_AGENCY)
                if people_of(each, (Role.INSPECTION_OFFICER,)).exists()]
    home = national_office()
    known = {port.code: _called(port) for port in ports}
    held: dict[int, list[str]] = defaultdict(list)
    offices: dict[int, Organisation] = {}
    for port in ports:
        if port.is_invented:
            continue
        office = next((each for each in corps if port.code in each.port_codes), None) \
            or next((each for each in cities if _lies_in(port, each)), None) or provinces.get(port.province_code) or home
        offices[office.pk] = office
        held[office.pk].append(port.code)
    found = [Reporter(office, tuple(held[key]), _verifier(held[key], agencies) or home, office.pk == home.pk) for key, office in offices.items()]
    stray = [known[code] for each in found if each.is_stray for code in each.ports]
    return sorted(found, key=lambda each: each.office.code), _left_out(
        "port_without_office", stray, "个口岸没有报送单位，由国家口岸办代收",
        "ports have no office to report for them; the national office takes them in",
        ("请登记所在地的口岸管理部门。", "Register the port office of the place."))


def _lies_in(port: Evaluated, city: Organisation) -> bool:
    code = city.city_code
    return bool(code) and (port.city_code.startswith(code[:4]) if code.endswith("00") else port.city_code == code)


def _verifier(ports: Sequence[str], agencies: Sequence[Organisation]) -> Organisation | None:
    known = [(len(set(ports) & set(each.port_codes)), each) for each in agencies]
    best = max(known, key=lambda one: one[0], default=None)
    return best[1] if best is not None and best[0] else None


def _of(state: PortState, grade: str) -> Evaluated:
    return Evaluated(state.code, state.name_zh, state.name_en, str(state.transport_class), grade, state.province_code, state.city_code)


def _called(port: PortState | Evaluated) -> Text:
    return called(port.code, Text(port.name_zh, port.name_en))


def _left_out(code: str, ports: Sequence[Text], zh: str, en: str, remedy: Any) -> list[Finding]:
    if not ports:
        return []
    named = listed(sorted(ports, key=lambda each: each.en))
    return [Finding.warning(code, f"{len(ports)} {zh}：{named.zh}。", f"{len(ports)} {en}: {named.en}.",
                            measured=len(ports), remedy=remedy)]
