"""What can be asked about organisations and users, within the asker's own scope.

An administrator of a province sees the organisations of that province; one of the national
office sees all (contract 7 of DESIGN.md).
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from kouan.accounts.action import System
from kouan.accounts.models import Organisation, User
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


# National office first, then down the house, then those beside it.
ORDER = {
    name: at
    for at, name in enumerate(
        ("guojia", "guangdong", "shenzhen", "luohu-bianjian", "luohu", "qiye", "shenji", "guanli")
    )
}
