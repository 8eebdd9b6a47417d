"""The bundled register, loaded once for each file of tests that asks for it.

Loading takes a second or two, so it stands in one transaction around all tests of a file; each
test still runs in a transaction of its own inside it and leaves the register as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from kouan.accounts.action import acting_system
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
    """The register as it ships; what a test changes is gone after it."""
