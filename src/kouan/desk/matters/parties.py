"""Who stands for which party of a matter: which office, and which of its people.

A party that nobody can stand for (its office is gone, its role was taken away) comes to the national office's
desk, marked as taken in for another: a matter never lies nowhere.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from kouan.accounts.models import Organisation, OrganisationKind, Role, User
from kouan.accounts.permissions import PERMISSIONS
from kouan.basis import clock
from kouan.desk.matters.models import Delegation, Matter
from kouan.procedure import Party, Procedure


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a party's work lies. ``is_stray``: taken in by the national office for want of anybody there."""

    organisation: Organisation
    roles: tuple[str, ...]
    is_stray: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """For whom a user acts: the parties, and for each the colleague in whose place (None: in one's own)."""

    parties: dict[str, User | None]


def national_office() -> Organisation:
    """The national office; there is always one (setup makes it)."""
    return Organisation.objects.filter(kind=OrganisationKind.NATIONAL_OFFICE, is_active=True).order_by("pk").first() \
        or Organisation.objects.filter(kind=OrganisationKind.NATIONAL_OFFICE).order_by("pk")[0]


def office_of(party: Party, matter: Matter) -> Organisation | None:
    """The office that a party is, whether or not anybody works there; None where none is known."""
    match party.office:
        case "national":
            return national_office()
        case "applicant":
            return matter.applicant
        case "named":
            return Organisation.objects.filter(code=matter.named.get(party.code, ""), is_active=True).first()
        case _:
            return Organisation.objects.filter(
                kind=OrganisationKind.PROVINCIAL_OFFICE, province_code=matter.province_code, is_active=True
            ).order_by("pk").first() if matter.province_code else None


def desk_of(party: Party, matter: Matter) -> Desk:
    """The desk of a party: its own office while somebody there has one of its roles, else the national office."""
    office = office_of(party, matter)
    # A role that may take no step of a matter (an enterprise, so far) leaves it to the national office.
    able = tuple(role for role in party.roles if Role(role) in PERMISSIONS["matters.act"])
    if office is not None and office.is_active and people_of(office, able).exists():
        return Desk(office, able)
    home = national_office()
    return Desk(home, (Role.NATIONAL_OFFICER.value,), is_stray=office is None or office.pk != home.pk or Role.NATIONAL_OFFICER not in party.roles)


def people_of(office: Organisation, roles: Collection[str]) -> Any:
    """The active people of an office who have one of the roles."""
    return User.objects.filter(organisation=office, role__in=list(roles), is_active=True)


def standing_of(user: Any, procedure: Procedure, matter: Matter, on: date | None = None) -> Standing:
    """The parties for which a user may act in a matter, by office and role, or by a colleague's delegation."""
    found: dict[str, User | None] = {}
    if user is None or not user.is_authenticated or not user.is_active:
        return Standing(found)
    absent = [each.giver for each in delegations_to(user, on or clock.today())]
    for party in procedure.parties.values():
        desk = desk_of(party, matter)
        for person in (user, *absent):
            if person.is_active and person.organisation_id == desk.organisation.pk and person.role in desk.roles:
                found[party.code] = None if person is user else person
                break
    return Standing(found)


def delegations_to(user: Any, day: date) -> Any:
    """The delegations by which a user acts for others on a day."""
    return Delegation.objects.filter(
        taker_id=user.pk, starts_on__lte=day, ends_on__gte=day, ended_at__isnull=True, giver__is_active=True
    ).select_related("giver", "giver__organisation")
