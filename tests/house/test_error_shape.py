"""One shape for everything that is wrong, at every door: API, command line, console."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpRequest
from django.test import Client, RequestFactory
from tests.api.world import GUANGDONG, World, a_world, client_of
from typer.testing import CliRunner

from kouan.api import errors
from kouan.basis import Citation, Conflict, Finding, NotAllowed, NotFound, Place, Refused

FINDING_KEYS = {"code", "severity", "where", "message", "measured", "required", "citation", "remedy"}
ROOT = "/api/v1"


@pytest.fixture
def world(db: None) -> World:
    """Two provinces and what they reported."""
    cache.clear()
    return a_world()


def check_findings(findings: Any) -> None:
    """What every finding looks like, wherever it is shown."""
    assert isinstance(findings, list) and findings
    for finding in findings:
        assert set(finding) >= FINDING_KEYS
        assert finding["severity"] in ("error", "warning", "info")
        assert set(finding["message"]) == {"zh", "en"} and all(finding["message"].values())
        assert isinstance(finding["where"], dict)
        assert Finding.from_dict(finding).as_dict() == {key: finding[key] for key in FINDING_KEYS}


def check_body(body: Any, status: int) -> None:
    """The one error shape."""
    assert set(body) == {"error"} and set(body["error"]) == {"status", "findings"}
    assert body["error"]["status"] == status
    check_findings(body["error"]["findings"])


Ask = Callable[[World], Any]


def _as(who: str, method: str, address: str, *more: Any, **others: Any) -> Ask:
    def ask(world: World) -> Any:
        user = getattr(world, who) if who else None
        return getattr(client_of(user), method)(ROOT + address, *more, **others)

    return ask


JSON = "application/json"
MATCH = {"if-match": '"1"'}
WRONG: dict[str, tuple[int, Ask]] = {
    "no credentials": (401, _as("", "get", "/ports")),
    "a key that is none": (401, lambda world: Client(headers={"authorization": "Bearer nonsense"}).get(f"{ROOT}/ports")),
    "a role that may not": (403, _as("enterprise", "get", "/ports")),
    "a verb that is not theirs": (403, _as("guangdong", "patch", f"/ports/{GUANGDONG}", json.dumps(
        {"attribute": "name_en", "value": "x", "document": "paper-for-changes"}), content_type=JSON, headers=MATCH)),
    "an address that is none": (404, _as("national", "get", "/nowhere")),
    "an address that is none, for nobody": (404, _as("", "post", "/nowhere/at/all")),
    "another version": (404, lambda world: client_of(world.national).get("/api/v2/ports")),
    "the bare root": (404, lambda world: client_of(world.national).get("/api/")),
    "an address with a slash too many": (404, _as("national", "get", "/ports/")),
    "a port that is none": (404, _as("national", "get", "/ports/nowhere-road")),
    "a number that is none": (404, _as("national", "get", "/batches/999999")),
    "a method that is none": (405, _as("national", "delete", "/ports")),
    "an argument out of bounds": (422, _as("national", "get", "/ports?limit=0")),
    "an unknown argument": (422, _as("national", "get", "/ports?colour=red")),
    "JSON that is none": (400, _as("national", "patch", f"/ports/{GUANGDONG}", "{", content_type=JSON, headers=MATCH)),
    "a body that is no text": (400, _as("national", "patch", f"/ports/{GUANGDONG}", b"\xff\xfe", content_type=JSON, headers=MATCH)),
    "a body of another kind": (422, _as("national", "patch", f"/ports/{GUANGDONG}", "[]", content_type=JSON, headers=MATCH)),
    "no version named": (428, _as("national", "patch", f"/ports/{GUANGDONG}", json.dumps(
        {"attribute": "name_en", "value": "x", "document": "paper-for-changes"}), content_type=JSON)),
    "an old version": (412, _as("national", "patch", f"/ports/{GUANGDONG}", json.dumps(
        {"attribute": "name_en", "value": "x", "document": "paper-for-changes"}), content_type=JSON, headers={"if-match": '"0"'})),
    "a form that breaks off": (400, _as("guangdong", "post", "/batches", b"--x\r\nContent-Disposition: form-data",
                                        content_type="multipart/form-data; boundary=" + "x" * 300)),
    "a form without a file": (422, _as("guangdong", "post", "/batches", {"source": "port-return"})),
    "a length that is none": (400, _as("national", "get", "/ports", headers={"content-length": "many"})),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_api_answers_every_fault_in_one_shape(world: World, name: str) -> None:
    status, ask = WRONG[name]
    answer = ask(world)
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"].startswith("application/json")
    check_body(answer.json(), status)


def test_a_fault_of_our_own_keeps_the_shape_and_tells_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("kouan.api.ports.get_port", broken)
    program = client_of(world.national)
    program.raise_request_exception = False
    answer = program.get(f"{ROOT}/ports/{GUANGDONG}")
    check_body(answer.json(), 500)
    assert "secret" not in answer.content.decode()


def test_a_busy_database_is_not_a_fault_of_the_request(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    def locked(*_: Any, **__: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr("kouan.api.ports.get_port", locked)
    check_body(client_of(world.national).get(f"{ROOT}/ports/{GUANGDONG}").json(), 503)


@pytest.mark.parametrize("kind,status", [
    (Refused, 422), (NotFound, 404), (NotAllowed, 403), (Conflict, 409), (errors.PreconditionFailed, 412),
])
def test_each_refusal_has_its_status(kind: type[Refused], status: int) -> None:
    finding = Finding.error("x", "某", "some", where=Place(row=1), citation=Citation("甲", "一"), remedy=("做", "do"))
    assert kind(finding).http_status == status
    check_body(errors.body_of(status, [finding]), status)


# ---- the command line -------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments,status", [
    (["verdict", "--year", "2023", "--port", "nowhere-road", "--json"], 1),
    (["verdict", "--year", "2023", "--as", "nobody", "--json"], 1),
    (["ports", "show", "nowhere-road", "--json"], 1),
    (["flows", "nowhere", "--json"], 1),
    (["sources", "show", "nowhere", "--json"], 1),
    (["verdict", "--json"], 2),
    (["verdict", "--year", "soon", "--json"], 2),
    (["ports", "list", "--mode", "space", "--json"], 2),
    (["nowhere", "--json"], 2),
    (["law", "try", "volume-standard", "--json"], 2),
])
def test_the_command_line_writes_the_same_shape(world: World, arguments: list[str], status: int) -> None:
    from kouan.cli import app

    run = CliRunner().invoke(app, arguments)
    assert run.exit_code == status, run.output
    check_body(json.loads(run.stdout), status)


# ---- the console ------------------------------------------------------------------------------------------


def test_the_console_shows_the_same_findings_on_its_page(world: World) -> None:
    page = Client()
    page.force_login(world.national, backend="kouan.accounts.backends.SignInBackend")
    answer = page.get("/ports/nowhere-road")
    finding = client_of(world.national).get(f"{ROOT}/ports/nowhere-road").json()["error"]["findings"][0]
    assert answer.status_code == 404
    assert finding["message"]["zh"] in answer.content.decode()


@pytest.mark.parametrize("kind,status", [(Refused, 422), (NotFound, 404), (NotAllowed, 403), (Conflict, 409)])
def test_the_console_gives_refusals_the_statuses_of_the_api(world: World, kind: type[Refused], status: int) -> None:
    from kouan.console.middleware import RefusalMiddleware

    request: HttpRequest = RequestFactory().get("/x")
    request.user = world.national
    request.session = {}  # type: ignore[assignment]
    finding = Finding.error("x", "这里有问题。", "Something is wrong here.", remedy=("这样做。", "Do this."))
    answer = RefusalMiddleware(lambda _: None).process_exception(request, kind(finding))  # type: ignore[arg-type, return-value]
    assert answer is not None and answer.status_code == status == kind(finding).http_status
    said = answer.content.decode()
    assert "这里有问题。" in said and "这样做。" in said
