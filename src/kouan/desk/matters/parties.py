"""Who stands for which party of a matter: which office, and which of its people.

A party that nobody can stand for (its office is gone, its role was taken away) comes to the national office's
desk, marked as taken in for another: a matter never lies nowhere.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kouan.accounts.models import LEADS, Organisation, OrganisationKind, Role, User
from kouan.accounts.permissions import PERMISSIONS
from kouan.accounts.queries import reports_to_the_centre
from kouan.basis import clock
from kouan.desk.matters.models import Delegation, Matter, Task
from kouan.desk.matters.registry import procedure_of
from kouan.procedure import Party, Procedure


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a party's work lies. ``is_stray``: taken in by the national office for want of anybody there."""

    organisation: Organisation
    roles: tuple[str, ...]
    is_stray: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """For whom a user acts: the parties, and for each the colleague in whose place (None: in one's own). ``bound``: ids
    of everybody who acts for the user, or for whom the user acts, by a delegation that runs."""

    parties: dict[str, User | None]
    bound: frozenset[str] = frozenset()


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
            return _office_of_subject(party, matter)


def _office_of_subject(party: Party, matter: Matter) -> Organisation | None:
    """The office whose scope holds the subject: the Corps where the port stands in its list; the city itself where it
    reports to the centre and its people may act; else the province."""
    active = Organisation.objects.filter(is_active=True).order_by("pk")
    if matter.port_code:
        for each in active.filter(kind=OrganisationKind.CORPS_OFFICE):
            if matter.port_code in each.port_codes:
                return each
    if Role.CITY_OFFICER in party.roles and matter.city_code:
        # A district (440303) lies in its city (440300).
        cities = active.filter(kind=OrganisationKind.CITY_OFFICE, city_code__in={matter.city_code, f"{matter.city_code[:4]}00"})
        for each in cities:
            if reports_to_the_centre(each) and people_of(each, (Role.CITY_OFFICER,)).exists():
                return each
    if not matter.province_code:
        return matter.applicant if matter.applicant.kind == OrganisationKind.CORPS_OFFICE else None
    return active.filter(kind=OrganisationKind.PROVINCIAL_OFFICE, province_code=matter.province_code).first()


# Editions before 2026-11 had their decisions taken by officers; where an office has heads now, they may take them too.
_HEADS = {officer: leader for leader, officer in LEADS.items()}


def desk_of(party: Party, matter: Matter) -> Desk:
    """The desk of a party: its own office while somebody there has one of its roles, else the national office."""
    office, able = office_of(party, matter), _able(party, matter)
    if office is not None and office.is_active and people_of(office, able).exists():
        return Desk(office, able)
    return _stray(party, office)


def desks_of(party: Party, matters: Sequence[Matter]) -> list[Desk]:
    """``desk_of`` for many matters of one edition that differ in the offices named for them and in nothing else.

    As many queries for two hundred as for two: an office named is looked up with the others, any other once.
    """
    if party.office != "named":
        return [desk_of(party, matters[0])] * len(matters)
    able = _able(party, matters[0])
    codes = {each.named.get(party.code, "") for each in matters}
    offices = {each.code: each for each in Organisation.objects.filter(code__in=codes, is_active=True)}
    staffed = set(User.objects.filter(organisation__in=offices.values(), role__in=able, is_active=True).values_list("organisation_id", flat=True))
    stray: dict[int | None, Desk] = {}
    found = []
    for each in matters:
        office = offices.get(each.named.get(party.code, ""))
        if office is not None and office.pk in staffed:
            found.append(Desk(office, able))
            continue
        # Taken in: the national office itself is told apart, any other office with nobody there is like the next.
        kind = office.pk if office is not None and office.kind == OrganisationKind.NATIONAL_OFFICE else None
        if kind not in stray:
            stray[kind] = _stray(party, office)
        found.append(stray[kind])
    return found


def _able(party: Party, matter: Matter) -> tuple[str, ...]:
    """The roles of a party whose people may act for it."""
    # A role that may take no step of a matter (an enterprise, so far) leaves it to the national office. One that this
    # release no longer knows does too.
    able = tuple(role for role in party.roles if role in PERMISSIONS["matters.act"])
    if party.code in procedure_of(matter.edition).four_eyes:
        able += tuple(_HEADS[Role(role)].value for role in able if role in _HEADS and _HEADS[Role(role)] not in able)
    return able


def _stray(party: Party, office: Organisation | None) -> Desk:
    """The national office's desk, for a party whose own office has nobody who may act."""
    home = national_office()
    there = set(people_of(home, (Role.NATIONAL_OFFICER, Role.NATIONAL_LEADER)).values_list("role", flat=True))
    taking = Role.NATIONAL_LEADER if there == {Role.NATIONAL_LEADER} else Role.NATIONAL_OFFICER
    # With nobody in the national office either, it waits there as taken in, and is looked at anew when somebody comes.
    return Desk(home, (taking.value,), is_stray=not there or office is None or office.pk != home.pk or taking not in party.roles)


def people_of(office: Organisation, roles: Collection[str]) -> Any:
    """The active people of an office who have one of the roles."""
    return User.objects.filter(organisation=office, role__in=list(roles), is_active=True)


def standing_of(user: Any, procedure: Procedure, matter: Matter, on: date | None = None) -> Standing:
    """The parties for which a user may act in a matter, by office and role, or by a colleague's delegation."""
    found: dict[str, User | None] = {}
    if user is None or not user.is_authenticated or not user.is_active:
        return Standing(found)
    day = on or clock.today()
    absent = [each.giver for each in delegations_to(user, day)]
    # What lies on a colleague's desk by name is done in that colleague's place, whatever one's own role.
    given = dict(Task.objects.open().filter(matter_id=matter.pk, assignee__in=absent).values_list("party", "assignee_id")) if absent else {}
    for party in procedure.parties.values():
        desk = desk_of(party, matter)
        able = [person for person in (user, *absent)
                if person.is_active and person.organisation_id == desk.organisation.pk and person.role in desk.roles]
        named = [person for person in able if person.pk == given.get(party.code)]
        if able:
            chosen = (named or able)[0]
            found[party.code] = None if chosen is user else chosen
    takers = delegations_from(user, day).values_list("taker_id", flat=True)
    return Standing(found, frozenset(map(str, [*(each.pk for each in absent), *takers])))


def delegations_to(user: Any, day: date) -> Any:
    """The delegations by which a user acts for others on a day."""
    return Delegation.objects.filter(
        taker_id=user.pk, starts_on__lte=day, ends_on__gte=day, ended_at__isnull=True, giver__is_active=True
    ).select_related("giver", "giver__organisation").order_by("id")


def delegations_from(user: Any, day: date) -> Any:
    """The delegations by which others act for a user on a day."""
    return Delegation.objects.filter(giver_id=user.pk, starts_on__lte=day, ends_on__gte=day, ended_at__isnull=True)
