"""A small world for the tests of the API."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from tests.api.world import World, a_world
from tests.evaluation.rounds.round_office import few_ports  # noqa: F401 - a fixture, found here by its name


@pytest.fixture
def world(db: None) -> World:
    """Two provinces and what they reported."""
    cache.clear()
    return a_world()
