"""The commands of evidence, experts and rulings: each does what its verb does, as the user named, and refuses as it does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.evaluation.rounds.round_office import FEW, YEAR, RoundOffice
from typer.testing import CliRunner

from kouan.basis import NotAllowed, NotFound, Refused, clock
from kouan.cli.rounds import app
from kouan.evaluation.method.exercise import ports as exercise_ports
from kouan.evaluation.rounds.evidence.models import EntryDecision, FiledEntry, Ruling

DAY = date(2026, 2, 2)
pytestmark = pytest.mark.django_db


@pytest.fixture
def office(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[RoundOffice]:
    settings.IS_EXERCISE = True
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    with clock.travel_to(DAY):
        found = RoundOffice()
        found.opened()
        yield found


def run(*arguments: str) -> Any:
    answer = CliRunner().invoke(app, ["round", *arguments, "--json"], catch_exceptions=False)
    return json.loads(answer.stdout)


def test_file_decide_and_list(office: RoundOffice, tmp_path: Path) -> None:
    proof = tmp_path / "佐证.pdf"
    proof.write_bytes(b"%PDF-1.7 proof")
    year, said = str(YEAR), ("luohu-road", "I-0606/5G", "1", "--remark", "已覆盖")
    with pytest.raises(Refused):
        run("file", year, *said, "--as", office.guangdong.username)
    with pytest.raises(NotFound):
        run("file", year, *said, "--evidence", str(proof), "--as", office.hubei.username)
    made = run("file", year, *said, "--evidence", str(proof), "--as", office.guangdong.username)
    assert made["revision"] == 1 and FiledEntry.objects.get().pk == made["entry"]
    office.file(office.guangdong)
    with pytest.raises(NotAllowed):
        run("decide", year, str(made["entry"]), "--accept", "--reason", "好", "--as", office.guangdong.username)
    decided = run("decide", year, str(made["entry"]), "--reject", "--reason", "照片不清", "--as", office.customs.username)
    assert decided["accepted"] is False and EntryDecision.objects.count() == 1
    told = run("evidence", year, "--as", office.guangdong.username)
    assert told["entries"][0]["decision"]["reason"] == "照片不清" and len(told["entries"][0]["evidence"][0]["sha256"]) == 64
    assert run("evidence", year, "--as", office.hubei.username)["entries"] == []


def test_ask_rule_and_withdraw(office: RoundOffice) -> None:
    year, national = str(YEAR), office.officer.username
    asked = run("ask", year, office.expert.username, "--port", "luohu-road", "--as", national)
    assert [each["indicator"] for each in asked] == ["I-0106", "I-0401", "I-0606", "I-0704"]
    made = run("rule", year, "import_time_h", "--failed-feed", "--of-year", year, "--class", "road", "--reason", "停供", "--as", national)
    assert (made["kind"], made["class"], made["withdraws"]) == ("failed_feed", "road", None)
    with pytest.raises(Refused):
        run("rule", year, "import_time_h", "--failed-feed", "--of-year", year, "--port", "luohu-road", "--reason", "停供", "--as", national)
    with pytest.raises(NotAllowed):
        run("rule", year, "I-0606", "--reason", "不适用", "--as", office.guangdong.username)
    assert run("withdraw", year, str(made["ruling"]), "--reason", "已恢复", "--as", national)["withdraws"] == made["ruling"]
    assert Ruling.objects.count() == 2
