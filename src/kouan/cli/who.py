"""Who runs a command.

Whoever can run the command line in an installation's home already holds its keys: without
``--as`` the national scope is read and the system acts, named in the trail after the command.
``--as NAME`` runs with that user's scope and permissions, which is how an operator sees what
a province sees.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Operator:
    """The person at the machine: national scope for reading."""

    pk = None
    username = "operator"
    is_authenticated = True
    is_active = True

    def __init__(self) -> None:
        from kouan.accounts.models import Organisation, OrganisationKind, Role

        self.role = Role.NATIONAL_OFFICER
        self.organisation = Organisation(kind=OrganisationKind.NATIONAL_OFFICE, name_zh="本机操作员", is_active=True)
        self.organisation_id = None


def reader(name: str = "") -> Any:
    """The user named by ``--as``, or the operator."""
    if not name:
        return Operator()
    from kouan.accounts.models import User

    user = User.objects.select_related("organisation").filter(username__iexact=name, is_active=True).first()
    if user is None:
        from kouan.basis import Finding, NotFound

        raise NotFound([Finding.error(
            "unknown_user", f"没有登录名为“{name}”的在用用户。", f"There is no active user “{name}”.",
            remedy=("用 kouan accounts list 查看。", "See kouan accounts list."),
        )])
    return user


@contextmanager
def acting_for(user: Any, task: str) -> Iterator[Any]:
    """The actor for verbs: the named user, else the system for the length of one command."""
    if isinstance(user, Operator):
        from kouan.accounts.action import acting_system

        with acting_system(task) as system:
            yield system
    else:
        yield user
