"""What can be asked about organisations and users, within the asker's own scope.

An administrator of a province sees the organisations of that province; one of the national
office sees all (contract 7 of DESIGN.md).
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from kouan.accounts import demonstration
from kouan.accounts.action import System
from kouan.accounts.models import Organisation, OrganisationKind, User
from kouan.accounts.scope import scope_of


def organisations(viewer: Any) -> QuerySet[Organisation]:
    """The organisations a user may see: own scope, and always one's own."""
    rows = Organisation.objects.select_related("parent")
    if isinstance(viewer, System):
        return rows
    scope = scope_of(viewer)
    if scope.everything:
        return rows
    if not getattr(viewer, "is_authenticated", False):
        return rows.none()
    return rows.filter(
        Q(province_code__in=scope.provinces) | Q(city_code__in=scope.cities - {""}) | Q(pk=viewer.organisation_id)
    )


def users(viewer: Any) -> QuerySet[User]:
    """The users of the organisations a user may see."""
    return User.objects.select_related("organisation").filter(organisation__in=organisations(viewer))


def demonstration_users() -> list[User]:
    """The demonstration sign-ins, in the order of the roles; none on a real installation."""
    if not settings.DEBUG:
        return []
    found = User.objects.select_related("organisation").filter(is_demonstration=True, is_active=True)
    return sorted(found, key=lambda user: (ORDER.get(user.username, 99), user.username))



ORDER = {row[0]: at for at, row in enumerate(demonstration.USERS)}


def superiors_of(organisation: Organisation) -> QuerySet[Organisation]:
    """The offices that an office reports to; none for most, whose place in the house says it."""
    return Organisation.objects.filter(code__in=organisation.reports_to, is_active=True)


def reports_to_the_centre(organisation: Organisation) -> bool:
    """Whether an office reports to the national office itself (a city with a separate plan, the Corps)."""
    return superiors_of(organisation).filter(kind=OrganisationKind.NATIONAL_OFFICE).exists()
