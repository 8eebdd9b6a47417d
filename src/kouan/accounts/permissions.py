"""What each role may do: one table, read by every door.

A permission is a field verb with its room in front: ``intake.submit``. Nothing else grants:
no superuser, no staff flag. What somebody may *see* is scope (scope.py), not permission.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kouan.accounts.models import Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from kouan.accounts.models import User

PERMISSIONS: dict[str, frozenset[Role]] = {
    "console.read": frozenset(Role) - {Role.ENTERPRISE_USER},
    "ports.read": frozenset(Role) - {Role.ENTERPRISE_USER},
    "ports.change": frozenset({Role.NATIONAL_OFFICER}),
    "documents.add": frozenset({Role.NATIONAL_OFFICER, Role.PROVINCIAL_OFFICER, Role.CITY_OFFICER, Role.INSPECTION_OFFICER}),
    "documents.dispose": frozenset({Role.ADMINISTRATOR}),
    "intake.read": frozenset(Role) - {Role.ENTERPRISE_USER},
    "intake.submit": frozenset({
        Role.NATIONAL_OFFICER, Role.PROVINCIAL_OFFICER, Role.CITY_OFFICER,
        Role.INSPECTION_OFFICER, Role.PORT_REPORTER,
    }),
    "intake.resolve": frozenset({Role.NATIONAL_OFFICER, Role.PROVINCIAL_OFFICER}),
    "matters.read": frozenset(Role) - {Role.ENTERPRISE_USER},
    "matters.act": frozenset(Role) - {Role.AUDITOR, Role.ADMINISTRATOR, Role.ENTERPRISE_USER},
    "oversight.read": frozenset(Role) - {Role.ENTERPRISE_USER},
    "oversight.assign": frozenset({Role.NATIONAL_OFFICER}),
    "oversight.report": frozenset({Role.NATIONAL_OFFICER, Role.PROVINCIAL_OFFICER, Role.CITY_OFFICER, Role.INSPECTION_OFFICER}),
    "circulars.issue": frozenset({Role.NATIONAL_OFFICER, Role.PROVINCIAL_OFFICER}),
    "conferences.keep": frozenset({Role.NATIONAL_OFFICER, Role.PROVINCIAL_OFFICER}),
    "issues.read": frozenset(Role) - {Role.ADMINISTRATOR},
    "issues.submit": frozenset({Role.ENTERPRISE_USER}),
    "issues.enter": frozenset({Role.NATIONAL_OFFICER, Role.PROVINCIAL_OFFICER, Role.CITY_OFFICER}),
    "issues.raise": frozenset({Role.NATIONAL_OFFICER}),
    "procedures.set": frozenset({Role.NATIONAL_OFFICER}),
    "law.propose": frozenset({Role.NATIONAL_OFFICER}),
    "law.approve": frozenset({Role.NATIONAL_OFFICER}),
    "verdicts.record": frozenset({Role.NATIONAL_OFFICER}),
    "lists.read": frozenset(Role) - {Role.ENTERPRISE_USER},
    "lists.record": frozenset({Role.NATIONAL_OFFICER}),
    "class_two.enter": frozenset({Role.NATIONAL_OFFICER, Role.PROVINCIAL_OFFICER}),
    "class_two.clear": frozenset({Role.NATIONAL_OFFICER}),
    "grades.submit": frozenset({Role.NATIONAL_OFFICER}),
    "grades.decide": frozenset({Role.NATIONAL_OFFICER}),
    "policy.enter": frozenset({Role.NATIONAL_OFFICER}),
    "scores.record": frozenset({Role.NATIONAL_OFFICER}),
    "scores.read_ranks": frozenset({Role.NATIONAL_OFFICER, Role.AUDITOR}),
    "audit.read": frozenset({Role.AUDITOR}),
    "audit.seal": frozenset({Role.AUDITOR, Role.ADMINISTRATOR}),
    "account.own": frozenset(Role),
    "users.manage": frozenset({Role.ADMINISTRATOR}),
    "jobs.run": frozenset(Role) - {Role.ENTERPRISE_USER, Role.AUDITOR},
}


def may(user: User | AnonymousUser, permission: str) -> bool:
    """Whether the user's role carries the permission; an unknown permission is an error."""
    roles = PERMISSIONS[permission]
    return bool(user.is_authenticated and user.is_active and getattr(user, "role", None) in roles)
