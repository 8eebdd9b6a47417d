"""Random people, days and papers in the procedures of a round: no step without right, no matter without a next action."""

from __future__ import annotations

from hypothesis import settings
from tests.casework.stories import CALENDAR
from tests.procedure.walking import walk_of

from kouan.accounts.models import Role
from kouan.evaluation.rounds.effects import CARRIED, PROCEDURES
from kouan.procedure import read_text

for _path in sorted(PROCEDURES.glob("*.yaml")):
    _procedure = read_text(_path.read_text(encoding="utf-8"), roles=Role.values, effects=CARRIED, name=_path.name)
    _case = walk_of(_procedure, CALENDAR, dict.fromkeys(_procedure.settings, 3)).TestCase
    _case.settings = settings(max_examples=10, stateful_step_count=40, deadline=None)
    globals()[f"Test_{_procedure.code}"] = _case


def test_every_procedure_of_a_round_walks() -> None:
    assert {"Test_yearly_evaluation", "Test_evaluation_return", "Test_evaluation_objection", "Test_evaluation_receipt",
            "Test_evaluation_rectification", "Test_evaluation_marking"} <= globals().keys()
