"""What each role may do: one table, read by every door.

A permission is a field verb with its room in front: ``intake.submit``. Nothing else grants:
no superuser, no staff flag. What somebody may *see* is scope (scope.py), not permission.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kouan.accounts.models import Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from kouan.accounts.models import User

NATIONAL = frozenset({Role.NATIONAL_OFFICER, Role.NATIONAL_LEADER})
PROVINCIAL = frozenset({Role.PROVINCIAL_OFFICER, Role.PROVINCIAL_LEADER})
# Asked in a matter and seeing no more than it: their desk, its papers, the law.
ASKED = frozenset({Role.MINISTRY_OFFICER, Role.EXPERT})
INSIDE = frozenset(Role) - {Role.ENTERPRISE_USER}

PERMISSIONS: dict[str, frozenset[Role]] = {
    "console.read": INSIDE,
    "ports.read": INSIDE - ASKED,
    "ports.change": NATIONAL,
    "documents.add": NATIONAL | PROVINCIAL | {Role.CITY_OFFICER, Role.MINISTRY_OFFICER, Role.INSPECTION_OFFICER},
    "documents.dispose": frozenset({Role.ADMINISTRATOR}),
    "intake.read": INSIDE - ASKED,
    "intake.submit": NATIONAL | PROVINCIAL | {Role.CITY_OFFICER, Role.INSPECTION_OFFICER, Role.PORT_REPORTER},
    "intake.resolve": NATIONAL | PROVINCIAL,
    "returns.read": INSIDE - ASKED,
    "returns.file": NATIONAL | PROVINCIAL | {Role.CITY_OFFICER, Role.INSPECTION_OFFICER, Role.PORT_REPORTER},
    "returns.calendar": NATIONAL,
    "checks.read": INSIDE - ASKED,
    "checks.run": NATIONAL | {Role.ADMINISTRATOR},
    "checks.rule": NATIONAL,
    "checks.explain": NATIONAL,
    "checks.answer": NATIONAL | PROVINCIAL | {Role.CITY_OFFICER, Role.INSPECTION_OFFICER, Role.PORT_REPORTER},
    "events.read": INSIDE - ASKED,
    "events.submit": NATIONAL | PROVINCIAL | {Role.CITY_OFFICER, Role.INSPECTION_OFFICER, Role.PORT_REPORTER},
    "events.resolve": NATIONAL | PROVINCIAL,
    "events.sources": NATIONAL,
    "events.compact": NATIONAL | {Role.ADMINISTRATOR},
    "norms.propose": NATIONAL,
    "norms.approve": NATIONAL,
    "studies.make": NATIONAL | PROVINCIAL | {Role.CITY_OFFICER, Role.INSPECTION_OFFICER},
    "matters.read": INSIDE,
    "matters.act": INSIDE - {Role.AUDITOR, Role.ADMINISTRATOR},
    "oversight.read": INSIDE - {Role.EXPERT},
    "oversight.assign": NATIONAL,
    "oversight.report": NATIONAL | PROVINCIAL | {Role.CITY_OFFICER, Role.MINISTRY_OFFICER, Role.INSPECTION_OFFICER},
    "execution.enter": NATIONAL | PROVINCIAL | {Role.CITY_OFFICER, Role.MINISTRY_OFFICER, Role.INSPECTION_OFFICER},
    "execution.confirm": NATIONAL | PROVINCIAL,
    "execution.targets": NATIONAL,
    "notices.draft": NATIONAL,
    "circulars.issue": NATIONAL | PROVINCIAL,
    "conferences.keep": NATIONAL | PROVINCIAL,
    "issues.read": frozenset(Role) - {Role.ADMINISTRATOR, Role.EXPERT},
    "issues.submit": frozenset({Role.ENTERPRISE_USER}),
    "issues.enter": NATIONAL | PROVINCIAL | {Role.CITY_OFFICER},
    "issues.raise": NATIONAL,
    "warnings.read": INSIDE - {Role.EXPERT},
    "warnings.detect": NATIONAL,
    "warnings.vote": NATIONAL | PROVINCIAL | {Role.CITY_OFFICER, Role.INSPECTION_OFFICER},
    "warnings.plan": NATIONAL | PROVINCIAL | {Role.CITY_OFFICER},
    "warnings.set": NATIONAL | PROVINCIAL,
    "platforms.register": NATIONAL | PROVINCIAL,
    "platforms.send": PROVINCIAL | {Role.CITY_OFFICER, Role.INSPECTION_OFFICER},
    "emergencies.read": INSIDE - ASKED,
    "emergencies.plan": NATIONAL | PROVINCIAL | {Role.CITY_OFFICER},
    "emergencies.roster": NATIONAL | PROVINCIAL | {Role.CITY_OFFICER, Role.INSPECTION_OFFICER, Role.PORT_REPORTER},
    "emergencies.open": NATIONAL | PROVINCIAL | {Role.CITY_OFFICER, Role.INSPECTION_OFFICER, Role.PORT_REPORTER},
    "emergencies.lead": NATIONAL | PROVINCIAL | {Role.CITY_OFFICER},
    "emergencies.watch": NATIONAL,
    "imagery.read": INSIDE - ASKED,
    "imagery.register": NATIONAL | PROVINCIAL | {Role.CITY_OFFICER},
    "imagery.beat": NATIONAL | PROVINCIAL | {Role.CITY_OFFICER, Role.INSPECTION_OFFICER, Role.PORT_REPORTER},
    "imagery.address": NATIONAL | PROVINCIAL | {Role.CITY_OFFICER, Role.INSPECTION_OFFICER},
    "procedures.set": NATIONAL,
    "law.propose": NATIONAL,
    "law.approve": NATIONAL,
    "verdicts.record": NATIONAL,
    "lists.read": INSIDE - ASKED,
    "lists.record": NATIONAL,
    "class_two.enter": NATIONAL | PROVINCIAL,
    "class_two.clear": NATIONAL,
    "grades.submit": NATIONAL,
    "grades.decide": NATIONAL,
    "policy.enter": NATIONAL,
    "strategy_marks.set": NATIONAL,
    "scores.record": NATIONAL,
    "scores.read_ranks": NATIONAL | {Role.AUDITOR},
    "schemes.propose": NATIONAL,
    "schemes.publish": NATIONAL,
    "rounds.read": INSIDE - ASKED,
    "rounds.run": NATIONAL,
    "rounds.file": NATIONAL | PROVINCIAL | {Role.CITY_OFFICER, Role.INSPECTION_OFFICER},
    "rounds.verify": NATIONAL | {Role.INSPECTION_OFFICER},
    "rounds.mark": frozenset({Role.EXPERT}),
    "marks.read": NATIONAL | {Role.EXPERT, Role.AUDITOR},
    "rounds.object": PROVINCIAL | {Role.CITY_OFFICER},
    "clearances.propose": NATIONAL,
    "clearances.approve": frozenset({Role.NATIONAL_LEADER}),
    "publication.publish": NATIONAL,
    "releases.read": NATIONAL | {Role.AUDITOR},
    "releases.propose": NATIONAL,
    "releases.decide": NATIONAL,
    "exchange.read": NATIONAL | {Role.AUDITOR, Role.ADMINISTRATOR},
    "exchange.send": NATIONAL,
    "exchange.receive": NATIONAL | {Role.ADMINISTRATOR},
    "exchange.keep": frozenset({Role.ADMINISTRATOR}),
    "audit.read": frozenset({Role.AUDITOR}),
    "audit.seal": frozenset({Role.AUDITOR, Role.ADMINISTRATOR}),
    "audit.watch": frozenset({Role.AUDITOR}),
    "audit.rule": frozenset({Role.AUDITOR}),
    "account.own": frozenset(Role),
    "personal.keys": frozenset({Role.ADMINISTRATOR}),
    "users.manage": frozenset({Role.ADMINISTRATOR}),
    "figures.read": INSIDE,
    "sharing.read": INSIDE,
    "data_sets.keep": NATIONAL | PROVINCIAL | {Role.CITY_OFFICER, Role.MINISTRY_OFFICER, Role.INSPECTION_OFFICER},
    "grants.request": PROVINCIAL | {Role.CITY_OFFICER, Role.MINISTRY_OFFICER, Role.INSPECTION_OFFICER},
    "grants.decide": NATIONAL | PROVINCIAL | {Role.CITY_OFFICER, Role.MINISTRY_OFFICER, Role.INSPECTION_OFFICER},
    "jobs.run": INSIDE - ASKED - {Role.AUDITOR},
}


def may(user: User | AnonymousUser, permission: str) -> bool:
    """Whether the user's role carries the permission; an unknown permission is an error."""
    roles = PERMISSIONS[permission]
    return bool(user.is_authenticated and user.is_active and getattr(user, "role", None) in roles)


def may_in_service(user: Any, permission: str) -> bool:
    """Whether somebody may, and belongs to an office in service; nobody (None) may nothing. What every list of one's own asks first."""
    return bool(user is not None and may(user, permission) and user.organisation.is_active)
