"""Whose data a user sees, and what a role may do."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from tests.accounts.factories import (
    a_national_officer,
    a_port_reporter,
    a_provincial_officer,
    a_user,
    an_auditor,
    an_enterprise_user,
    an_office,
)

from kouan.accounts.action import System, acting_system, action
from kouan.accounts.models import OrganisationKind, Role
from kouan.accounts.permissions import PERMISSIONS, may
from kouan.accounts.scope import Scope, scope_of
from kouan.audit.models import AuditEntry
from kouan.basis import NotAllowed

pytestmark = pytest.mark.django_db


def test_the_national_office_sees_all() -> None:
    assert scope_of(a_national_officer()).everything


def test_a_province_sees_its_own() -> None:
    scope = scope_of(a_provincial_officer("45"))
    assert scope.covers_province("45")
    assert not scope.covers_province("44")


def test_a_city_and_an_agency_see_their_ports() -> None:
    city = an_office(OrganisationKind.CITY_OFFICE, city_code="440300", port_codes=["futian-rail"])
    assert scope_of(a_user(Role.CITY_OFFICER, city)).ports == {"futian-rail"}
    assert scope_of(a_port_reporter("luohu-rail")) == Scope(ports=frozenset({"luohu-rail"}))


@pytest.mark.parametrize("nobody", [None, AnonymousUser()])
def test_nobody_signed_in_sees_only_what_is_published(nobody: object) -> None:
    assert not scope_of(nobody)


def test_enterprises_and_closed_offices_have_no_scope() -> None:
    assert not scope_of(an_enterprise_user())
    closed = an_office(is_active=False)
    assert not scope_of(a_user(Role.NATIONAL_OFFICER, closed))
    assert not scope_of(a_user(is_active=False))


def test_permission_comes_from_the_role_alone() -> None:
    assert may(an_auditor(), "audit.read")
    assert not may(a_national_officer(), "audit.read")
    assert not may(an_auditor(), "intake.submit"), "an auditor changes nothing"
    assert not may(AnonymousUser(), "ports.read")
    with pytest.raises(KeyError):
        may(an_auditor(), "no.such.permission")


def test_every_permission_is_held_by_somebody() -> None:
    assert all(roles for roles in PERMISSIONS.values())


@action("ports.change")
def a_verb(*, actor: object) -> str:
    return "done"


def test_a_refused_verb_leaves_a_trace() -> None:
    clerk = a_provincial_officer()
    with pytest.raises(NotAllowed):
        a_verb(actor=clerk)
    last = AuditEntry.objects.order_by("-id").first()
    assert last is not None
    assert (last.kind, last.actor_id) == ("E", clerk.pk)
    assert "ports.change" in (last.after or "")


def test_the_system_acts_only_inside_its_task() -> None:
    with acting_system("test") as system:
        assert a_verb(actor=system) == "done"
    with pytest.raises(NotAllowed):
        a_verb(actor=system)
    with pytest.raises(NotAllowed):
        a_verb(actor=System("test"))


def test_a_verb_without_an_actor_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="actor must be given"):
        a_verb()
