"""Clearance-time notices through pages, the API and the command line: only to whom they were issued."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.api.test_oversight import client_of
from tests.casework.test_clearance_notices import APRIL, a_house
from typer.testing import CliRunner

from kouan.basis import clock
from kouan.cli import app

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_the_day() -> Any:
    with clock.travel_to(APRIL):
        yield


def test_pages_api_and_commands_keep_to_whom_it_was_issued(
    open_as: Callable[[Any], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = a_house()
    national, mine, stranger = open_as(house.national), open_as(house.tianjin), open_as(house.inner_mongolia)
    assert national.post("/times/notices", {"province": "12", "month": "2030-01"}).status_code == 422
    assert mine.post("/times/notices", {"province": "12", "month": "2026-03"}).status_code == 403
    made = national.post("/times/notices", {"province": "12", "month": "2026-03"})
    address = made.headers["Location"]
    page = national.get(address).content.decode()
    assert "去印发" in page and "22" in page and "天津" in page
    assert mine.get(address).status_code == stranger.get(address).status_code == 404
    monkeypatch.setattr("kouan.installation.refuse_unless_current", lambda *_, **__: None)

    def kouan(*arguments: str) -> Any:
        return CliRunner().invoke(app, ["times", "notice", *arguments], env={"COLUMNS": "220", "TERM": "dumb"})

    number = address.rsplit("/", 1)[-1]
    assert kouan("show", number, "--as", house.tianjin.username).exit_code == 1
    issued = kouan("issue", number, "--number", "国岸函〔2026〕8号", "--date", "2026-04-07", "--as", house.second.username)
    assert issued.exit_code == 0, issued.output
    assert mine.get(address).status_code == 200 and mine.get(f"{address}/notice.pdf").content.startswith(b"%PDF")
    assert stranger.get(address).status_code == stranger.get(f"{address}/notice.pdf").status_code == 404
    assert "缩短" in kouan("show", number, "--as", house.tianjin.username).output
    assert kouan("report", number, "--out", str(tmp_path / "n.docx"), "--as", house.tianjin.username).exit_code == 0
    root = "/api/v1/times/notices"
    assert [each["month"] for each in client_of(house.tianjin).get(root).json()["items"]] == ["2026-03"]
    assert client_of(house.inner_mongolia).get(root).json()["items"] == []
    assert client_of(house.tianjin).get(f"{root}/{number}").json()["figures"]["cases"] == 44
    assert client_of(house.inner_mongolia).get(f"{root}/{number}").status_code == 404
