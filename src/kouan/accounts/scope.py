"""Whose data a user may see (DESIGN.md, contract 7; R-236).

The national office sees all; a province its own; a port its own; the public only what is
published. Scope holds plain codes, so that rooms above turn it into their own filters.

>>> Scope.nothing().covers_province("44")
False
>>> Scope(provinces=frozenset({"44"})).covers_province("44")
True
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kouan.accounts.models import OrganisationKind, Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from kouan.accounts.models import User


@dataclass(frozen=True, slots=True)
class Scope:
    """All, or the listed provinces, cities and ports. Anything not listed is out of scope."""

    everything: bool = False
    provinces: frozenset[str] = field(default_factory=frozenset)
    cities: frozenset[str] = field(default_factory=frozenset)
    ports: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def nothing(cls) -> Scope:
        """The public and enterprises: only what is published."""
        return cls()

    def covers_province(self, code: str) -> bool:
        """Whether the whole province is in scope."""
        return self.everything or code in self.provinces

    def __bool__(self) -> bool:
        return self.everything or bool(self.provinces or self.cities or self.ports)


def scope_of(user: User | AnonymousUser | None) -> Scope:
    """The scope that a user's organisation gives; nobody signed in has none.

    Auditors and administrators of the national office read what it reads; those of a
    province stay in their province. An inspection agency, an operator and the office of the Xinjiang Corps see
    the ports listed for them. Ministries and experts have no scope: they see the matters in which they are asked.
    """
    if user is None or not user.is_authenticated or not user.is_active:
        return Scope.nothing()
    organisation = user.organisation
    if not organisation.is_active or user.role == Role.ENTERPRISE_USER:
        return Scope.nothing()
    match organisation.kind:
        case OrganisationKind.NATIONAL_OFFICE:
            return Scope(everything=True)
        case OrganisationKind.PROVINCIAL_OFFICE:
            return Scope(provinces=frozenset({organisation.province_code}))
        case OrganisationKind.CITY_OFFICE:
            return Scope(cities=frozenset({organisation.city_code}), ports=frozenset(organisation.port_codes))
        case OrganisationKind.INSPECTION_AGENCY | OrganisationKind.PORT_OPERATOR | OrganisationKind.CORPS_OFFICE:
            return Scope(ports=frozenset(organisation.port_codes))
        case _:
            return Scope.nothing()
