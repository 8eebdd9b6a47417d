"""The exercise workspace: real doors, generated figures, and no way into the real one."""

from __future__ import annotations

import json

import pytest
from tests.conftest import Installation

from kouan.accounts.action import acting_system
from kouan.basis import Refused
from kouan.exercise import PUPILS, fill_exercise
from kouan.home import WrongWorkspace


@pytest.mark.django_db
def test_generated_figures_are_refused_in_a_real_workspace() -> None:
    with acting_system("tests") as system, pytest.raises(Refused) as refusal:
        fill_exercise(system, lambda zh, en: None)
    assert refusal.value.findings[0].code == "not_an_exercise"


@pytest.mark.long
def test_the_exercise_workspace_is_filled_once_and_judged(installation: Installation) -> None:
    installation.environment["KOUAN_WORKSPACE"] = "exercise"
    assert installation.kouan("setup", "--workspace", "exercise").returncode == 0
    again = installation.kouan("setup", "--workspace", "exercise")
    assert again.returncode == 0, again.stderr
    answer = json.loads(installation.kouan("verdict", "--year", "2025", "--json").stdout)
    found = {each["port"]: each["verdict"] for each in answer["verdicts"]}
    assert {found[pupil.code] for pupil in PUPILS} == {"meets", "fails", "in_grace"}
    series = json.loads(installation.kouan("flows", "xian-air", "--json").stdout)
    assert {each["origin"] for each in series} == {"exercise"}, "every generated figure is marked as such"
    wrong = installation.kouan("setup", "--workspace", "real")
    assert wrong.returncode == 1
    assert "exercise" in wrong.stderr


def test_a_home_belongs_to_one_workspace(tmp_path: object) -> None:
    from pathlib import Path

    from kouan.home import Home

    home = Home(Path(str(tmp_path)) / "home")
    home.open_as("exercise")
    home.open_as("exercise")
    with pytest.raises(WrongWorkspace):
        home.open_as("real")
    with pytest.raises(WrongWorkspace):
        home.open_as("演练")
