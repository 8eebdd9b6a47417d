"""ETag, If-None-Match, If-Match, Idempotency-Key, CSRF, sizes, rates and methods."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.api.world import GUANGDONG, INNER_MONGOLIA, World, client_of

from kouan.api.models import KeptAnswer
from kouan.api.rate import PerUser
from kouan.collection.models import Batch, Observation
from kouan.ports.models import Port

ROOT = "/api/v1"
RETURN = "口岸,指标,时期,方向,数值,单位\n罗湖铁路口岸,cargo_tonnes,2022-{month:02d},合计,{value},吨\n"


def a_return(month: int = 1, value: int = 5, port: str = "") -> SimpleUploadedFile:
    text = RETURN.format(month=month, value=value)
    return SimpleUploadedFile("return.csv", (text.replace("罗湖铁路口岸", port) if port else text).encode())


def post(program: Any, file: Any, key: str | None = "key-00000001", **fields: Any) -> Any:
    headers = {"idempotency-key": key} if key else {}
    return program.post(f"{ROOT}/batches", {"source": "port-return", "file": file, **fields}, headers=headers)


def patch(program: Any, code: str, body: Any, **headers: str) -> Any:
    return program.patch(f"{ROOT}/ports/{code}", json.dumps(body), content_type="application/json", headers=headers)


def codes_of(answer: Any) -> list[str]:
    return [finding["code"] for finding in answer.json()["error"]["findings"]]


# ---- reading ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/ports", f"/ports/{GUANGDONG}", "/sources", "/verdicts?year=2023", "/openapi.json"])
def test_an_unchanged_answer_is_not_sent_again(world: World, address: str) -> None:
    program = client_of(world.national)
    first = program.get(ROOT + address)
    again = program.get(ROOT + address, headers={"if-none-match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    other = program.get(ROOT + address, headers={"if-none-match": '"other"'})
    assert other.status_code == 200 and other.content == first.content
    assert "Authorization" in first.headers["Vary"] and "private" in first.headers["Cache-Control"]


def test_head_answers_like_get_without_a_body(world: World) -> None:
    program = client_of(world.national)
    answer = program.head(f"{ROOT}/ports")
    assert answer.status_code == 200 and answer.content == b""
    assert answer.headers["ETag"] == program.get(f"{ROOT}/ports").headers["ETag"]


# ---- changing a port --------------------------------------------------------------------------------------


def test_a_change_names_the_version_it_saw(world: World) -> None:
    program = client_of(world.national)
    seen = program.get(f"{ROOT}/ports/{GUANGDONG}").headers["ETag"]
    body = {"attribute": "name_en", "value": "Luohu Railway Port", "document": world.document, "reason": "更正英文名称"}
    assert codes_of(missing := patch(program, GUANGDONG, body)) == ["version_required"]
    assert missing.status_code == 428
    done = patch(program, GUANGDONG, body, if_match=seen)
    assert done.status_code == 200 and done.json()["name_en"] == "Luohu Railway Port"
    assert done.headers["ETag"] != seen
    late = patch(program, GUANGDONG, {**body, "value": "Lowu"}, if_match=seen)
    assert late.status_code == 412 and codes_of(late) == ["changed_meanwhile"]
    for text in ("*", 'W/"1"', "1", '"x"'):
        assert patch(program, GUANGDONG, body, if_match=text).status_code == 412
    assert Port.objects.get(code=GUANGDONG).name_en == "Luohu Railway Port"


def test_only_the_national_office_changes_and_only_what_is_in_scope(world: World) -> None:
    body = {"attribute": "name_en", "value": "x", "document": world.document}
    own = patch(client_of(world.guangdong), GUANGDONG, body, if_match='"1"')
    assert own.status_code == 403 and codes_of(own) == ["not_allowed"]
    others = patch(client_of(world.guangdong), INNER_MONGOLIA, body, if_match='"1"')
    assert others.status_code == 404


@pytest.mark.parametrize("change", [
    {"attribute": "code"}, {"attribute": "version"}, {"value": "\x00"}, {"value": "\ud800"}, {"value": ["x"]},
    {"document": ""}, {"document": "no-such-paper"}, {"valid_from": "3"}, {"reason": "长" * 401}, {"extra": 1},
])
def test_a_change_that_cannot_be_is_refused_whole(world: World, change: dict[str, Any]) -> None:
    program = client_of(world.national)
    seen = program.get(f"{ROOT}/ports/{GUANGDONG}")
    body = {"attribute": "name_en", "value": "x", "document": world.document, **change}
    assert patch(program, GUANGDONG, body, if_match=seen.headers["ETag"]).status_code == 422
    assert program.get(f"{ROOT}/ports/{GUANGDONG}").json() == seen.json()


# ---- taking a file in -------------------------------------------------------------------------------------


def test_a_file_is_taken_in_once_for_one_key(world: World) -> None:
    program = client_of(world.guangdong)
    before = Observation.objects.count()
    first = post(program, a_return())
    assert first.status_code == 200, first.content
    body = first.json()
    assert (body["read"], body["accepted"], body["held"], body["refused"]) == (1, 1, 0, 0)
    assert Observation.objects.count() == before + 1
    again = post(program, a_return())
    assert again.status_code == 200 and again.json() == body
    assert Observation.objects.count() == before + 1
    other = post(program, a_return(value=6))
    assert other.status_code == 409 and codes_of(other) == ["key_used_before"]
    fresh = post(program, a_return(value=6), key="key-00000002")
    assert fresh.json()["revisions"] == 1
    assert KeptAnswer.objects.count() == 2


def test_a_key_belongs_to_its_user(world: World) -> None:
    post(client_of(world.guangdong), a_return())
    answer = post(client_of(world.national), a_return(value=9))
    assert answer.status_code == 200


def test_a_dry_run_writes_nothing(world: World) -> None:
    before = (Batch.objects.count(), Observation.objects.count())
    body = post(client_of(world.guangdong), a_return(), dry_run="true").json()
    assert body["dry_run"] is True and body["accepted"] == 1 and body["batch"] is None
    assert (Batch.objects.count(), Observation.objects.count()) == before


def test_another_provinces_port_in_a_file_is_held_and_recorded(world: World) -> None:
    from kouan.audit.models import AuditEntry as Entry

    before = Observation.objects.count()
    body = post(client_of(world.guangdong), a_return(port="满洲里公路口岸")).json()
    assert (body["accepted"], body["held"] + body["refused"]) == (0, 1)
    assert Observation.objects.count() == before
    assert Entry.objects.filter(note="intake.out_of_scope", actor_id=world.guangdong.pk).count() == 1


def test_who_may_not_submit_is_refused(world: World) -> None:
    assert post(client_of(world.enterprise), a_return()).status_code == 403
    assert post(client_of(world.administrator), a_return()).status_code == 403
    assert post(client_of(None), a_return()).status_code == 401
    foreign = post(client_of(world.guangdong), a_return(), source="us-border-crossing")
    assert foreign.status_code == 403 and codes_of(foreign) == ["source_not_yours"]


@pytest.mark.parametrize("file,fields,key,status", [
    (None, {}, "key-00000001", 422), ("ok", {"source": "nowhere"}, "key-00000001", 404),
    ("ok", {}, None, 422), ("ok", {}, "short", 422), ("ok", {"source": "../x"}, "key-00000001", 422),
    ("png", {}, "key-00000001", 422), ("empty", {}, "key-00000001", 422),
])
def test_what_cannot_be_taken_in_changes_nothing(
    world: World, file: str | None, fields: dict[str, str], key: str | None, status: int
) -> None:
    files = {"ok": a_return(), "png": SimpleUploadedFile("x.xlsx", b"\x89PNG\r\n\x1a\n"), "empty": SimpleUploadedFile("x.csv", b"")}
    before = Batch.objects.count()
    answer = post(client_of(world.guangdong), files[file] if file else "no file", key, **fields)
    assert answer.status_code == status, answer.content
    assert answer.json()["error"]["findings"]
    assert (Batch.objects.count(), KeptAnswer.objects.count()) == (before, 0)


def test_a_name_with_folders_in_it_stays_a_name(world: World, tmp_path: Path) -> None:
    file = SimpleUploadedFile("x", a_return().read())
    file._name = "..\\..\\etc\\return.csv"
    assert post(client_of(world.guangdong), file).json()["file"] == "return.csv"


# ---- sessions -------------------------------------------------------------------------------------------


def test_a_session_reads_but_writes_only_with_the_forms_token(world: World) -> None:
    page = Client(enforce_csrf_checks=True)
    page.force_login(world.guangdong, backend="kouan.accounts.backends.SignInBackend")
    assert page.get(f"{ROOT}/ports").status_code == 200
    refused = post(page, a_return())
    assert refused.status_code == 403 and codes_of(refused) == ["form_token_missing"]
    page.get("/account")
    value = page.cookies[settings.CSRF_COOKIE_NAME].value
    done = page.post(
        f"{ROOT}/batches", {"source": "port-return", "file": a_return()},
        headers={"idempotency-key": "key-00000001", "x-csrftoken": value},
    )
    assert done.status_code == 200, done.content


def test_an_initial_password_must_be_changed_first(world: World) -> None:
    world.guangdong.must_change_password = True
    world.guangdong.save()
    page = Client()
    page.force_login(world.guangdong, backend="kouan.accounts.backends.SignInBackend")
    assert codes_of(page.get(f"{ROOT}/ports")) == ["password_must_change"]


# ---- sizes, rates, methods ------------------------------------------------------------------------------


def test_what_is_too_large_is_refused_unread(world: World, settings: Any) -> None:
    settings.KOUAN_UPLOAD_LIMIT = 1000
    program = client_of(world.guangdong)
    big = SimpleUploadedFile("x.csv", b"x" * (2**20 + 2000))
    answer = post(program, big)
    assert answer.status_code == 413 and codes_of(answer) == ["too_large"]
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = patch(client_of(world.national), GUANGDONG, {"attribute": "name_en", "value": "x" * 200}, if_match='"1"')
    assert answer.status_code == 413 and codes_of(answer) == ["too_large"]


def test_too_many_requests_are_told_when_to_come_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PerUser, "parse_rate", lambda self, rate: (2, 60))
    slow = PerUser()
    for operation in _operations():
        monkeypatch.setattr(operation, "throttle_objects", [slow])
    program = client_of(world.national)
    statuses = [program.get(f"{ROOT}/sources").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    answer = program.get(f"{ROOT}/sources")
    assert codes_of(answer) == ["too_often"] and int(answer.headers["Retry-After"]) > 0
    assert client_of(world.guangdong).get(f"{ROOT}/sources").status_code == 200


def _operations() -> list[Any]:
    """What ninja runs for /sources."""
    from django.urls import resolve

    cells = resolve(f"{ROOT}/sources").func.__closure__ or ()
    return next(list(cell.cell_contents.operations) for cell in cells if hasattr(cell.cell_contents, "operations"))


@pytest.mark.parametrize("method,address,allow", [
    ("put", "/ports", "GET, HEAD, POST"), ("delete", f"/ports/{GUANGDONG}", "GET, HEAD, PATCH"), ("put", "/batches", "GET, HEAD, POST"),
    ("options", "/sources", "GET, HEAD"), ("post", "/docs", "GET, HEAD"),
])
def test_other_methods_are_told_which_there_are(world: World, method: str, address: str, allow: str) -> None:
    answer = getattr(client_of(world.national), method)(ROOT + address)
    assert answer.status_code == 405 and answer.headers["Allow"] == allow
    assert codes_of(answer) == ["method_not_allowed"]


def test_exercise_answers_say_so(world: World, settings: Any) -> None:
    settings.WORKSPACE = "exercise"
    answer = client_of(world.national).get(f"{ROOT}/ports")
    assert answer.headers["Kouan-Workspace"] == "exercise" and answer.json()["workspace"] == "exercise"
