"""The door of emergencies for programs and the command line: open, log, read; another province sees nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from tests.monitoring.emergency_office import NOON, EmergencyOffices
from typer.testing import CliRunner

from kouan.basis import clock
from kouan.cli import app
from kouan.monitoring.emergencies.models import EmergencyEvent
from kouan.monitoring.emergencies.plans import Duty, set_roster

pytestmark = pytest.mark.django_db


@pytest.fixture
def offices() -> Iterator[EmergencyOffices]:
    with clock.travel_to(NOON.isoformat()):
        yield EmergencyOffices()


BODY = {"port": "luohu-rail", "kind": "dangerous_goods", "level": 3, "title": "泄漏", "occurred_at": "2024-05-22T11:50:00+08:00"}


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="kouan.accounts.backends.SignInBackend")
    return client


def send(client: Client, address: str, key: str, body: dict[str, Any]) -> Any:
    return client.post(f"/api/v1{address}", json.dumps(body), content_type="application/json", headers={"Idempotency-Key": key})


def test_by_api(offices: EmergencyOffices) -> None:
    plan = offices.published()
    border, city, stranger = (client_of(each) for each in (offices.border, offices.city, offices.neighbour))
    first = send(border, "/emergencies", "k-0000001", BODY)
    assert first.status_code == 200 and first.json()["plan"] == plan.pk and first.json()["is_drill"] is False
    assert send(border, "/emergencies", "k-0000001", BODY).json() == first.json() and EmergencyEvent.objects.count() == 1
    assert send(border, "/emergencies", "k-0000002", {**BODY, "kind": "flood"}).status_code == 422
    assert send(stranger, "/emergencies", "k-0000003", BODY).status_code == 422
    number = first.json()["id"]
    line = send(border, f"/emergencies/{number}/log", "k-0000004", {"words": "已到场"})
    assert line.status_code == 200
    assert send(border, f"/emergencies/{number}/log", "k-0000005", {"words": "11:58到场", "corrects": line.json()["line"]}).status_code == 200
    assert send(stranger, f"/emergencies/{number}/log", "k-0000006", {"words": "x"}).status_code == 404
    held = city.get(f"/api/v1/emergencies/{number}").json()
    assert len(held["tasks"]) == 4 and held["tasks"][2]["awaited"] and any(each["corrected_by"] for each in held["timeline"])
    assert stranger.get(f"/api/v1/emergencies/{number}").status_code == 404
    for address in ("/emergencies", "/emergency-plans"):
        assert len(city.get(f"/api/v1{address}?port=luohu-rail").json()["items"]) == 1
        assert stranger.get(f"/api/v1{address}").json()["items"] == []
    assert city.get("/api/v1/emergencies?drill=true").json()["items"] == []


def run(*words: str) -> Any:
    return CliRunner().invoke(app, ["emergencies", *words], env={"COLUMNS": "200", "TERM": "dumb"})


def test_by_command(offices: EmergencyOffices, tmp_path: Any) -> None:
    offices.published()
    set_roster(actor=offices.city, duties=[Duty(clock.today(), "值班长", "张三", "0755-1")])
    city, stranger = offices.city.username, offices.neighbour.username
    at = "2024-05-22 11:50"
    made = json.loads(run("open", "罗湖铁路口岸", "dangerous_goods", "3", "泄漏", "--at", at, "--as", city, "--json").stdout)
    number = str(made["id"])
    assert run("log", number, "已到场", "--as", city).exit_code == 0
    assert "已到场" in run("show", number, "--as", city).stdout and "泄漏" in run("list", "--running").stdout
    assert run("show", number, "--as", stranger).exit_code == 1 and "泄漏" not in run("list", "--as", stranger).stdout
    assert run("report", number, str(tmp_path / "r.docx"), "--as", city).exit_code == 0 and (tmp_path / "r.docx").read_bytes()[:2] == b"PK"
    assert run("report", number, str(tmp_path / "r.txt")).exit_code == 2
    assert json.loads(run("plans", "--json").stdout)[0]["next_drill_on"] == "2025-05-01" and json.loads(run("plans", "--overdue",
        "--json").stdout) == []
    code = offices.city.organisation.code
    shown = json.loads(run("roster", code, "--days", "1", "--as", offices.border.username, "--json").stdout)
    assert shown["days"][0]["missing"] == ["值班员"] and [each["code"] for each in shown["findings"]] == ["duty_gap"]
    assert run("roster", code, "--as", stranger).exit_code == 1
    assert run("open", "罗湖铁路口岸", "dangerous_goods", "3", "泄漏").exit_code == 2, "a deed is a person's"
