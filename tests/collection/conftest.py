"""The bundled register, loaded once for each file of tests that asks for it, and who submits."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

sys.path.insert(0, str(Path(__file__).parent))

from kouan.accounts.action import acting_system
from kouan.accounts.models import OrganisationKind, Role, User
from kouan.ports.actions import load_register


@pytest.fixture(scope="module")
def loaded_register(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The register as it ships, for the tests of one file."""
    with django_db_blocker.unblock(), transaction.atomic():
        with acting_system("tests") as system:
            load_register(actor=system)
        django_db_blocker.block()
        try:
            yield
        finally:
            django_db_blocker.restore()
            transaction.set_rollback(True)


@pytest.fixture
def register(loaded_register: None, db: None) -> None:
    """The bundled register, in a transaction of the test's own."""


@pytest.fixture
def national(db: None) -> User:
    """An officer of the national office."""
    from files import somebody

    return somebody(Role.NATIONAL_OFFICER, OrganisationKind.NATIONAL_OFFICE)


@pytest.fixture
def guangdong(db: None) -> User:
    """An officer of the Guangdong office."""
    from files import somebody

    return somebody(Role.PROVINCIAL_OFFICER, OrganisationKind.PROVINCIAL_OFFICE, province_code="44")


@pytest.fixture
def inner_mongolia(db: None) -> User:
    """An officer of the Inner Mongolia office."""
    from files import somebody

    return somebody(Role.PROVINCIAL_OFFICER, OrganisationKind.PROVINCIAL_OFFICE, province_code="15")
