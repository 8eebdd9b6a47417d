"""Studies through the API and the command line, with somebody else's user."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.api.test_oversight import client_of
from tests.monitoring.journal_factories import PORT
from tests.monitoring.studies.a_log import House
from tests.monitoring.studies.test_studies import a_study
from typer.testing import CliRunner

from kouan.cli import app
from kouan.monitoring.studies.actions import measure_study

pytestmark = pytest.mark.django_db


def test_programs_read_what_their_users_may(house: House) -> None:
    old, new = (measure_study(actor=house.tianjin, study=a_study(house.tianjin).pk) for _ in range(2))
    mine, stranger = client_of(house.tianjin), client_of(house.inner_mongolia)
    root = "/api/v1/times/studies"
    assert [each["id"] for each in mine.get(root).json()["items"]] == [new.pk, old.pk] and stranger.get(root).json()["items"] == []
    assert mine.get(f"{root}/{new.pk}").json()["figures"]["overall"]["n"] == 22
    assert mine.get(f"{root}/{new.pk}/compared-with/{old.pk}").json()["whole"]["verdict"] == "unclear"
    assert mine.get(f"{root}/{new.pk}/compared-with/{new.pk}").status_code == 422
    for address in ("", f"/compared-with/{old.pk}"):
        assert stranger.get(f"{root}/{new.pk}{address}").status_code == 404


def test_the_command_line_makes_shows_checks_and_writes(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kouan.installation.refuse_unless_current", lambda *_, **__: None)

    def kouan(*arguments: str) -> Any:
        return CliRunner().invoke(app, ["times", "study", *arguments], env={"COLUMNS": "220", "TERM": "dumb"})

    made = kouan("new", "进口研究", "--port", PORT, "--from", "2026-03-02", "--to", "2026-03-06", "--purpose", "查明瓶颈", "--team", "口岸办",
                 "--as", house.tianjin.username)
    assert made.exit_code == 0 and "审单" in made.output and "未计入：在办 1 件" in made.output, made.output
    [row] = json.loads(kouan("list", "--json", "--as", house.tianjin.username).stdout)
    number, file = str(row["id"]), tmp_path / "study.xlsx"
    assert kouan("check", number, "--as", house.tianjin.username).exit_code == 0
    assert kouan("report", number, "--out", str(file), "--as", house.tianjin.username).exit_code == 0 and file.read_bytes()[:2] == b"PK"
    assert kouan("show", number, "--as", house.inner_mongolia.username).exit_code == 1
    assert kouan("confirm", number, "--version", "2", "--as", house.tianjin.username).exit_code == 1
    assert kouan("confirm", number, "--version", "2", "--as", house.second.username).exit_code == 0
