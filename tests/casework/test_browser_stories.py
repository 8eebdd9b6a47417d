"""Without a browser: each procedure has its stories for the browser, and in them every role that may act acts."""

from __future__ import annotations

import pytest
from tests.browser.stories import STORIES, Story

from kouan.accounts.permissions import PERMISSIONS
from kouan.casework.catalogue import catalogue
from kouan.casework.effects import EFFECTS


@pytest.mark.parametrize("story", STORIES, ids=lambda one: one.name)
def test_it_can_go_as_it_is_told(story: Story) -> None:
    assert len(list(story.parts())) > 1


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_every_role_of_a_procedure_acts_in_its_stories(code: str) -> None:
    procedure = catalogue()[code][-1]
    parts = [part for each in STORIES if each.procedure == code for part in each.parts()]
    roles = {role for party in procedure.parties.values() for role in party.roles if role in PERMISSIONS["matters.act"]}
    assert roles <= {role for role, _, _ in parts}, f"从不出场：{sorted(roles - {role for role, _, _ in parts})}"
    deciding = {party for step in procedure.transitions.values() for party in step.by}
    assert deciding <= {party for _, party, _ in parts}, f"从不办理：{sorted(deciding - {party for _, party, _ in parts})}"


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_each_is_carried_to_what_it_changes(code: str) -> None:
    steps = catalogue()[code][-1].transitions
    changing = {name for name, step in steps.items() if step.effect in EFFECTS}
    taken = {act.what for each in STORIES if each.procedure == code for act in each.acts if not act.refused}
    assert not changing or changing & taken


def test_one_is_refused_one_suspended_one_overridden_one_rechecked() -> None:
    assert {each.kind for each in STORIES} >= {"good", "refused", "suspended", "overridden", "rechecked"}
    assert all(any(act.refused for act in each.acts) for each in STORIES if each.kind == "refused")
    assert all(any(act.override for act in each.acts) for each in STORIES if each.kind == "overridden")
