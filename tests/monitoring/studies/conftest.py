"""The log of 天津 that studies read, a week after it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.monitoring.journal_factories import NOON
from tests.monitoring.studies.a_log import House

from kouan.basis import clock


@pytest.fixture(autouse=True)
def on_the_day() -> Any:
    with clock.travel_to(NOON + timedelta(days=7)):
        yield


@pytest.fixture
def house() -> House:
    made = House()
    made.log()
    return made
