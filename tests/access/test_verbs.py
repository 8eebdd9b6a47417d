"""Every verb × every role: who does not hold a verb's permission is refused before anything is looked at, and the attempt is kept."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

import pytest
from tests.accounts.factories import a_user

import kouan
from kouan.accounts.models import Role
from kouan.accounts.permissions import PERMISSIONS
from kouan.audit.models import AuditEntry
from kouan.basis import NotAllowed

ROOMS = ("accounts", "audit", "casework", "collection", "desk", "evaluation", "exchange", "grading", "monitoring", "ports", "trade")


def verbs() -> dict[str, Callable[..., Any]]:
    """Every function that ``@action`` made a verb, by name."""
    found = {}
    for module in pkgutil.walk_packages(kouan.__path__, "kouan."):
        if module.name.split(".")[1] in ROOMS and ".migrations" not in module.name:
            for name, each in vars(importlib.import_module(module.name)).items():
                if callable(each) and hasattr(each, "permission") and hasattr(each, "__wrapped__") and each.__module__ == module.name:
                    found[f"{module.name}.{name}"] = each
    return found


def test_there_are_verbs_and_their_permissions_are_in_the_table() -> None:
    found = verbs()
    assert len(found) > 150
    assert {each.permission for each in found.values()} <= set(PERMISSIONS)  # type: ignore[attr-defined]


@pytest.mark.django_db
@pytest.mark.parametrize("role", list(Role))
def test_a_role_is_refused_every_verb_that_is_not_its_own(role: Role) -> None:
    user = a_user(role)
    refused = [(name, verb) for name, verb in verbs().items() if role not in PERMISSIONS[verb.permission]]  # type: ignore[attr-defined]
    assert refused or role == Role.NATIONAL_LEADER
    before = AuditEntry.objects.filter(note="refused", actor_id=user.pk).count()
    for name, verb in refused:
        with pytest.raises(NotAllowed):
            verb(actor=user)
        assert name
    assert AuditEntry.objects.filter(note="refused", actor_id=user.pk).count() == before + len(refused)
