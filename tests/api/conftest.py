"""A small world for the tests of the API."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from tests.api.world import World, a_world


@pytest.fixture
def world(db: None) -> World:
    """Two provinces and what they reported."""
    cache.clear()
    return a_world()
