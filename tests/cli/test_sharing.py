"""``kouan sharing``: the whole loop of a grant from the command line, each office with what is its own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.desk.sharing_world import Sharing, a_data_set, a_sharing_world
from typer.testing import CliRunner

from kouan.basis import clock
from kouan.cli import app
from kouan.desk.sharing.models import DataGrant

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> Any:
    with clock.travel_to("2026-03-02"):
        yield a_sharing_world()


def run(*arguments: str) -> tuple[int, Any]:
    answer = CliRunner().invoke(app, ["sharing", *arguments, "--json"])
    return answer.exit_code, json.loads(answer.stdout) if answer.exit_code == 0 else None


def test_the_loop_of_a_grant(world: Sharing) -> None:
    a_data_set(world)
    ministry, owner, stranger = world.ministry.username, world.owner.username, world.stranger.username
    assert [each["code"] for each in run("list")[1]] == ["gd-port-flows"]
    assert run("show", "gd-port-flows", "--as", ministry)[1]["quality"]["subjects"] == 2
    status, made = run("request", "gd-port-flows", "--purpose", "通关便利化评估", "--until-day", "2026-06-30", "--fields", "cargo_tonnes",
                       "--as", ministry)
    assert status == 0 and made["state"] == "requested"
    number = str(made["id"])
    # Nobody's grant but the two offices': a stranger finds nothing, and nobody decides as the machine.
    assert run("grants", "--as", stranger)[1] == [] and run("reads", number, "--as", stranger)[0] != 0
    assert run("decide", number, "approve", "--reason", "同意", "--as", stranger)[0] != 0
    assert run("decide", number, "approve", "--reason", "同意")[0] != 0
    assert run("decide", number, "approve", "--reason", "同意", "--as", ministry)[0] != 0
    assert DataGrant.objects.get().state == "requested"
    assert run("decide", number, "approve", "--reason", "职责所需", "--as", owner)[1]["state"] == "active"
    assert run("grants", "--as", owner)[1][0]["reads"] == 0 and run("reads", number, "--as", owner)[1] == []
    assert run("decide", number, "revoke", "--reason", "用途已了", "--as", owner)[1]["state"] == "revoked"
    assert run("end", number, "give_up", "--reason", "不再需要", "--as", ministry)[0] != 0


def test_tables_read_as_words(world: Sharing) -> None:
    a_data_set(world)
    shown = CliRunner().invoke(app, ["sharing", "show", "gd-port-flows"])
    assert shown.exit_code == 0 and "广东口岸客货运量" in shown.stdout and "完整率" in shown.stdout
    assert "重要" in CliRunner().invoke(app, ["sharing", "list"]).stdout
    assert CliRunner().invoke(app, ["sharing", "request", "gd-port-flows", "--purpose", "某", "--until-day", "x", "--as", "y"]).exit_code == 2
