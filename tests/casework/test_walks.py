"""Random people, days and papers in every procedure: no step without right, no matter without a next action."""

from __future__ import annotations

from hypothesis import settings
from tests.casework.stories import CALENDAR
from tests.procedure.walking import walk_of

from kouan.casework.catalogue import catalogue

for _code, _versions in catalogue().items():
    for _each in _versions:
        _case = walk_of(_each, CALENDAR, dict.fromkeys(_each.settings, 3)).TestCase
        _case.settings = settings(max_examples=10, stateful_step_count=40, deadline=None)
        globals()[f"Test_{_code}_{_each.version}"] = _case


def test_every_procedure_walks() -> None:
    assert len([name for name in globals() if name.startswith("Test_")]) == sum(map(len, catalogue().values())) >= 12
