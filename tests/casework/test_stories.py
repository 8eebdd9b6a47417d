"""Each procedure is told in six ways at least: good, refused, suspended, overridden, re-checked, withdrawn."""

from __future__ import annotations

from typing import Any

import pytest
from tests.casework.stories import KINDS, Story, tables

from kouan.casework.catalogue import catalogue

TABLES = tables()
STORIES = [pytest.param(table, path, id=f"{code}-{path['name']}") for code, table in TABLES.items() for path in table["paths"]]


@pytest.mark.parametrize(("table", "path"), STORIES)
def test_it_goes_as_the_table_says(table: dict[str, Any], path: dict[str, Any]) -> None:
    Story(table, path).tell()


def test_every_procedure_has_its_table_with_every_kind_of_path() -> None:
    assert set(TABLES) == set(catalogue()) == {table["procedure"] for table in TABLES.values()}
    for code, table in TABLES.items():
        assert {path["kind"] for path in table["paths"]} >= set(KINDS), code


def test_every_effect_and_every_step_but_a_few_is_taken_somewhere() -> None:
    taken: dict[str, set[str]] = {code: set() for code in TABLES}
    effects = set()
    for code, table in TABLES.items():
        for path in table["paths"]:
            story = Story(table, path)
            story.tell()
            taken[code] |= {step.by for step in story.running.steps}
            effects |= set(story.effects)
    every = {step.effect for versions in catalogue().values() for each in versions for step in each.transitions.values() if step.effect}
    assert effects == every
    for code, versions in catalogue().items():
        steps = set(versions[-1].transitions)
        assert len(taken[code] & steps) >= len(steps) * 0.6, f"{code}: {sorted(steps - taken[code])}"
