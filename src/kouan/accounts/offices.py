"""The offices every installation needs: one of each province, the Xinjiang Corps, five cities with separate plans.

``offices.yaml`` holds those beside the provinces. What is registered already is left as its administrators made it, but
for the offices it reports to, where none is entered.

>>> [row.code for row in rows() if len(row.reports_to) == 2]
['dl', 'nb', 'xm', 'qd', 'sz']
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from kouan.accounts.action import System, action
from kouan.accounts.models import Organisation, OrganisationKind
from kouan.accounts.scope import scope_of
from kouan.basis import Place, Refused, codes
from kouan.basis.strict_yaml import load_file


@dataclass(frozen=True, slots=True)
class Row:
    """One office to be. ``reports_to``: “national” and “province”, not yet codes."""

    code: str
    kind: str
    name_zh: str
    name_en: str
    province_code: str = ""
    city_code: str = ""
    reports_to: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def rows() -> tuple[Row, ...]:
    """The offices, provinces first."""
    held = load_file(Path(__file__).parent / "offices.yaml")
    provinces = [
        Row(each.letters.lower(), OrganisationKind.PROVINCIAL_OFFICE, f"{each.zh}口岸管理部门", f"{each.en} port office", each.code)
        for each in codes.mainland_provinces
    ]
    corps = Row(**{**held["corps"], "kind": OrganisationKind.CORPS_OFFICE, "reports_to": tuple(held["corps"]["reports_to"])})
    cities = [Row(**{**each, "kind": OrganisationKind.CITY_OFFICE, "reports_to": tuple(each["reports_to"])}) for each in held["cities"]]
    return (*provinces, corps, *cities)


def office_as_registered(row: Row) -> Organisation | None:
    """The office of a row where there is one already, whatever its code."""
    found = Organisation.objects.filter(kind=row.kind)
    if row.kind != OrganisationKind.CORPS_OFFICE:
        found = found.filter(province_code=row.province_code, city_code=row.city_code)
    return found.order_by("-is_active", "pk").first()


def missing() -> list[Row]:
    """The offices that are not registered yet."""
    return [row for row in rows() if office_as_registered(row) is None]


@action("users.manage")
def make_offices(*, actor: Any) -> list[Organisation]:
    """Register the offices that are missing; answer those made. Safe to repeat. For national administrators alone."""
    if not isinstance(actor, System) and not scope_of(actor).everything:
        raise Refused.because("out_of_scope", "这些单位由国家口岸办的系统管理员登记。", "The national administrators register these offices.",
                              where=Place(field="code"), remedy=("请向国家口岸办提出。", "Ask the national office."))
    home = Organisation.objects.filter(kind=OrganisationKind.NATIONAL_OFFICE, is_active=True).order_by("pk").first()
    if home is None:
        raise Refused.because("no_national_office", "尚未登记国家口岸管理办公室。", "The national office is not registered yet.",
                              remedy=("请先建立首位系统管理员（kouan accounts administrator）。", "Make the first administrator first."))
    made = []
    for row in rows():
        held = office_as_registered(row)
        superiors = _superiors(row, home)
        if held is None:
            taken = Organisation.objects.filter(code=row.code).exists()
            held = Organisation.objects.create(
                code=f"{row.code}-port-office" if taken else row.code, kind=row.kind, name_zh=row.name_zh, name_en=row.name_en,
                province_code=row.province_code, city_code=row.city_code, parent=home, reports_to=superiors)
            made.append(held)
        elif superiors and not held.reports_to:
            held.reports_to = superiors
            held.save(update_fields=["reports_to"])
    return made


def _superiors(row: Row, home: Organisation) -> list[str]:
    found = [home.code] if "national" in row.reports_to else []
    if "province" in row.reports_to:
        provinces = Organisation.objects.filter(kind=OrganisationKind.PROVINCIAL_OFFICE, province_code=row.province_code, is_active=True)
        found += provinces.order_by("pk").values_list("code", flat=True)[:1]
    return found
