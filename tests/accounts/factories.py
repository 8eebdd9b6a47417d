"""Builders in field words: people and the offices they work in."""

from __future__ import annotations

from itertools import count
from typing import Any

from kouan.accounts.models import Organisation, OrganisationKind, Role, User

# The file is imported under two names, by `tests.accounts.factories` as well: each counts in a range of its own.
_numbers = count(1 if __name__ == "accounts.factories" else 100_001)
PASSWORD = "correct-horse-battery"


def an_office(kind: str = OrganisationKind.NATIONAL_OFFICE, **fields: Any) -> Organisation:
    """An organisation; a provincial one is of Guangdong unless said otherwise."""
    number = next(_numbers)
    if kind == OrganisationKind.PROVINCIAL_OFFICE:
        fields.setdefault("province_code", "44")
    return Organisation.objects.create(**{
        "code": f"office-{number}", "kind": kind, "name_zh": f"单位{number}", **fields,
    })


def a_user(role: str = Role.NATIONAL_OFFICER, organisation: Organisation | None = None, **fields: Any) -> User:
    """Somebody who can sign in with ``PASSWORD``."""
    number = next(_numbers)
    return User.objects.create_user(
        fields.pop("username", f"user{number}"), fields.pop("password", PASSWORD),
        display_name=fields.pop("display_name", f"张三{number}"), role=role,
        organisation=organisation or an_office(), **fields,
    )


def a_national_officer(**fields: Any) -> User:
    """Sees and does what the national office does."""
    return a_user(Role.NATIONAL_OFFICER, **fields)


def a_provincial_officer(province_code: str = "44", **fields: Any) -> User:
    """Of the provincial office; sees that province only."""
    office = an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code=province_code)
    return a_user(Role.PROVINCIAL_OFFICER, office, **fields)


def a_port_reporter(*port_codes: str, **fields: Any) -> User:
    """Of a port's operator; sees those ports only."""
    office = an_office(OrganisationKind.PORT_OPERATOR, port_codes=list(port_codes))
    return a_user(Role.PORT_REPORTER, office, **fields)


def an_auditor(**fields: Any) -> User:
    """Of the national office; reads the trail."""
    return a_user(Role.AUDITOR, **fields)


def an_administrator(**fields: Any) -> User:
    """Manages users; sees what the national office sees."""
    return a_user(Role.ADMINISTRATOR, **fields)


def an_enterprise_user(**fields: Any) -> User:
    """Of an enterprise; sees only what is published."""
    return a_user(Role.ENTERPRISE_USER, an_office(OrganisationKind.ENTERPRISE), **fields)
