"""Every operation of the API × every role × own and another province × published and not (the table and its columns: ``test_matrix.py``)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.access.judging import STRANGER, faults_of, rows
from tests.access.world import World

PARTS = 4


@pytest.mark.long
@pytest.mark.django_db
@pytest.mark.parametrize("part", range(PARTS))
def test_everybody_is_answered_as_the_table_says(world: World, part: int) -> None:
    clients: dict[str, Any] = {}
    asked = [row for row in rows() if row["door"].startswith("/")][part::PARTS]
    assert len(asked) > 20
    faults = [fault for row in asked for fault in faults_of(world, row, [STRANGER, *world.people], clients)]
    assert not faults, "\n".join(faults)
