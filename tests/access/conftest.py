"""One world for each file of the matrix, in which thousands of questions a minute are no abuse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from tests.access.world import World

from kouan.api.rate import PerUser


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Two provinces with one of everything: every question is taken back after it was asked."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield World()
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def no_counting(monkeypatch: pytest.MonkeyPatch) -> None:
    """No limit of requests."""
    monkeypatch.setattr(PerUser, "allow_request", lambda self, request: True)
