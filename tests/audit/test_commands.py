"""``kouan audit`` on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from typer.testing import CliRunner, Result

from kouan.audit import acting, record_event
from kouan.audit.models import AuditEntry


def kouan(*arguments: str) -> Result:
    """Run ``kouan audit …`` in this process, on the test database."""
    from kouan.cli import app

    return CliRunner().invoke(app, ["audit", *arguments])


@pytest.fixture
def busy(trial: Any) -> Any:
    """A trail with a few entries."""
    with acting(7, "berths.open"):
        trial.Berth.objects.create(name="罗湖泊位", tonnes=5)
        trial.Berth.objects.update(tonnes=6)
    record_event("export", actor_id=7, payload={"rows": 3})
    return trial


def test_seal_then_verify(busy: Any) -> None:
    sealed = kouan("seal", "--json")
    assert sealed.exit_code == 0 and json.loads(sealed.stdout)["sealed"] >= 3
    again = kouan("seal")
    assert again.exit_code == 0 and "封存 0 条" in again.stdout
    verified = kouan("verify", "--json")
    answer = json.loads(verified.stdout)
    assert verified.exit_code == 0 and answer["sound"] is True and answer["counts"]["unsealed_entries"] == 0
    told = kouan("verify")
    assert told.exit_code == 0 and "审计记录完好" in told.stdout


def test_verify_ends_with_1_and_names_the_place(busy: Any) -> None:
    from tests.trail import guards_down

    kouan("seal")
    victim = AuditEntry.objects.get(kind="U")
    with guards_down(connection), connection.cursor() as cursor:
        cursor.execute("UPDATE audit_entry SET note = 'x' WHERE id = %s", [victim.pk])
    verified = kouan("verify", "--json")
    answer = json.loads(verified.stdout)
    assert verified.exit_code == 1 and answer["sound"] is False
    assert answer["findings"][0]["where"]["path"] == f"audit_entry/{victim.pk}"
    told = kouan("verify")
    assert told.exit_code == 1 and str(victim.pk) in told.output and "未通过" in told.stdout


def test_an_anchor_to_a_file_and_to_the_screen(busy: Any, tmp_path: Path) -> None:
    file = tmp_path / "anchor.json"
    assert kouan("anchor", str(file)).exit_code == 0
    held = json.loads(file.read_text(encoding="utf-8"))
    assert held["number"] >= 1 and held["entries"] == AuditEntry.objects.count()
    shown = kouan("anchor")
    assert json.loads(shown.stdout)["digest"] == held["digest"]
    assert kouan("verify", "--anchor", str(file)).exit_code == 0


@pytest.mark.parametrize("arguments", [
    ("verify", "--anchor", "/no/such/file"), ("entries", "--kind", "Q"), ("entries", "--limit", "0"), ("nothing",),
    ("anchor", "/no/such/folder/anchor.json"),
])
def test_unusable_arguments_end_with_2(busy: Any, arguments: tuple[str, ...]) -> None:
    assert kouan(*arguments).exit_code == 2


def test_a_file_that_is_no_anchor_is_refused(busy: Any, tmp_path: Path) -> None:
    from kouan.basis import Refused

    file = tmp_path / "anchor.json"
    file.write_text("{}", encoding="utf-8")
    ended = kouan("verify", "--anchor", str(file))
    # The outermost door turns the refusal into findings; the runner may stand inside of it.
    assert ended.exit_code == 1
    assert isinstance(ended.exception, Refused) or "锚点" in ended.output


def test_entries_narrow_and_show(busy: Any) -> None:
    answer = json.loads(kouan("entries", "--table", "trial_berth", "--json").stdout)
    assert [entry["kind"] for entry in answer["entries"]] == ["U", "I"]
    (change,) = answer["entries"][0]["changes"]
    assert (change["column"], float(change["before"]), float(change["after"])) == ("tonnes", 5, 6)
    assert answer["entries"][0]["actor_id"] == 7 and answer["entries"][0]["direct"] is False
    assert json.loads(kouan("entries", "--actor", "7", "--kind", "e", "--json").stdout)["count"] == 1
    assert json.loads(kouan("entries", "--actor", "nobody", "--json").stdout)["count"] == 0
    told = kouan("entries", "--limit", "2")
    assert told.exit_code == 0 and "export" in told.stdout


@pytest.mark.parametrize("command", ["verify", "anchor", "seal", "entries"])
def test_help_gives_an_example(command: str) -> None:
    told = kouan(command, "--help")
    assert told.exit_code == 0 and f"kouan audit {command}" in told.stdout
