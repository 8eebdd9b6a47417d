"""Every procedure on the desk, driven by random people: no step without right, no matter without a next action, nothing unrecorded."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.casework.machine import machine_of

from kouan.casework.catalogue import catalogue

pytestmark = pytest.mark.django_db
# Without shrinking: a failure of a recorded matter would be shrunk for minutes. The blob that is printed replays it.
SHORT = settings(max_examples=3, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True,
                 phases=(Phase.explicit, Phase.reuse, Phase.generate))
LONG = settings(SHORT, max_examples=30, stateful_step_count=40)


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_whoever_does_what(code: str) -> None:
    run_state_machine_as_test(machine_of(code), settings=SHORT)


@pytest.mark.long
@pytest.mark.parametrize("code", sorted(catalogue()))
def test_whoever_does_what_for_long(code: str) -> None:
    run_state_machine_as_test(machine_of(code), settings=LONG)
