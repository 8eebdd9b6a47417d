# ruff: noqa: E501 - seeds and words are data
"""The doors that write: files taken in, sheets of users and scores, and the body of every request of the API.

Each case runs inside a transaction that is rolled back afterwards. A refusal must have left every counted table as it was.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.parsers import EVENT, Parser, a_csv, a_workbook, parquets, returns, workbooks

from kouan.basis import Refused


class HalfDone(AssertionError):
    """A refusal has left rows behind, or counts that do not add up."""


@contextmanager
def undone() -> Any:
    """What happens here is taken back."""
    from django.db import transaction

    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def somebody(name: str) -> Any:
    """A sign-in of the demonstration."""
    from kouan.accounts.models import User

    return User.objects.get(username=name)


def _counts() -> tuple[int, ...]:
    from kouan.collection.models import Batch, Holding, Observation, Series
    from kouan.desk.models import Document, DocumentVersion

    return tuple(model.objects.count() for model in (Batch, Holding, Observation, Series, Document, DocumentVersion))


def _taken_in(name: str) -> Callable[[bytes], Any]:
    def parse(data: bytes) -> Any:
        from kouan.collection.actions import take_in
        from kouan.collection.models import Batch, Holding

        with tempfile.TemporaryDirectory() as folder, undone():
            path = Path(folder) / name
            path.write_bytes(data)
            before = _counts()
            try:
                report = take_in(actor=somebody("guojia"), path=path, source="port-return")
            except Refused:
                if _counts() != before:
                    raise HalfDone(f"{before} → {_counts()}") from None
                raise
            if report.read != report.accepted + report.held + report.refused:
                raise HalfDone(f"{report.read} ≠ {report.accepted} + {report.held} + {report.refused}")
            held = Holding.objects.filter(batch_id=report.batch).count()
            if report.batch and (Batch.objects.filter(pk=report.batch).count(), held) != (1, report.held + report.refused):
                raise HalfDone(f"{held} rows held on record, {report.held} + {report.refused} told")
            return report.as_dict()

    return parse


def _users(data: bytes) -> Any:
    from kouan.accounts.provisioning import read

    found = read(data, "用户.xlsx", somebody("guanli"))
    return [*found.findings, found.rows]


def _class_two(data: bytes) -> Any:
    from kouan.grading.class_two import read_class_two

    return read_class_two(data, "名册.xlsx")[0].findings


def _scores(data: bytes) -> Any:
    from kouan.grading.grade_actions import read_scores

    return read_scores(data, "得分.xlsx", somebody("guojia"))[0].findings


USERS = [("登录名*", "姓名*", "所属单位代码*", "角色*", "电子邮箱", "电话"), ("zhangsan", "张三", "gd", "省级口岸办工作人员", "z@example.cn", "010-1"), ("lisi", "李四", "无", "x", "", "")]
CLASS_TWO = [("名称", "运输方式", "省份", "城市代码", "城市", "备注"), ("某二类口岸", "公路", "广东", "440300", "深圳", ""), ("另一个", "海运", "44", "", "", "")]
SCORES = [("口岸", "年度", "战略", "效益", "辐射", "备注"), ("罗湖铁路口岸", "2023", "80", "79.5", "60", ""), ("满洲里", 2022, 1, 2, 3, "")]


# ---- the bodies of the API ------------------------------------------------------------------------------


@cache
def _client() -> Any:
    from datetime import timedelta

    from django.test import Client

    from kouan.accounts.models import ApiToken
    from kouan.accounts.tokens import digest_of, new_secret
    from kouan.api.rate import PerUser
    from kouan.basis import clock

    PerUser.allow_request = lambda self, request: True  # type: ignore[method-assign]
    secret = new_secret()
    ApiToken.objects.create(user=somebody("guojia"), name="fuzz", secret_digest=digest_of(secret), expires_at=clock.now() + timedelta(days=30))
    return Client(headers={"authorization": f"Bearer {secret}"}, SERVER_NAME="localhost")  # a host that is served


@cache
def _schema() -> dict[str, Any]:
    found: dict[str, Any] = _client().get("/api/v1/openapi.json").json()
    return found


def _example(schema: dict[str, Any], depth: int = 0) -> Any:
    """A value that a schema of OpenAPI allows, near enough to get behind the first check."""
    if "$ref" in schema:
        schema = _schema()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    for key in ("example", "default", "const"):
        if schema.get(key) is not None:
            return schema[key]
    if schema.get("enum"):
        return schema["enum"][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return _example(schema[key][0], depth)
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        return {name: _example(each, depth + 1) for name, each in schema.get("properties", {}).items()} if depth < 6 else {}
    if kind == "array":
        return [_example(schema.get("items", {}), depth + 1)] if depth < 6 else []
    return {"integer": 1, "number": 1.5, "boolean": True}.get(str(kind), {"date": "2024-01-01", "date-time": "2024-01-01T00:00:00Z"}.get(schema.get("format", ""), "luohu-rail"))


@cache
def operations() -> tuple[tuple[str, str, bytes], ...]:
    """(method, path, a body) of every write of the API that takes JSON, as its own description says."""
    found = []
    for path, item in sorted(_schema()["paths"].items()):
        for method in ("post", "put", "patch"):
            said = item.get(method)
            if said is None:
                continue
            for each in said.get("parameters", []):
                if each["in"] == "path":
                    path = path.replace(f"{{{each['name']}}}", str(_example(each["schema"])))
            body = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            found.append((method, path, json.dumps([EVENT] if path.endswith("/events") else _example(body) if body else {}).encode()))
    return tuple(found)


def _bodies() -> Sequence[bytes]:
    """Method and address stand before the body, so that one case says all."""
    return [f"{method} {path}\n".encode() + body for method, path, body in operations()]


def _sent(data: bytes) -> Any:
    head, _, body = data.partition(b"\n")
    words = head.decode("latin-1").split(" ", 1)
    method = words[0] if words[0] in ("post", "put", "patch") else "post"
    # An address that was spoilt too is mended to one of the API's: which one, the bytes decide.
    path = words[1] if len(words) == 2 and words[1] in {each[1] for each in operations()} else Random(head).choice(operations())[1]
    with undone():
        answer = getattr(_client(), method)(path, body, content_type="application/json", headers={"If-Match": '"1"', "Idempotency-Key": "k"})
        if answer.status_code >= 500 and answer.status_code != 503:
            raise HalfDone(f"{method} {path}: {answer.status_code}")
        return answer.content.decode()[:2_000]


STORED: tuple[Parser, ...] = (
    Parser("intake-csv", "csv", returns, _taken_in("return.csv"), is_stored=True),
    Parser("intake-xlsx", "zip", workbooks, _taken_in("return.xlsx"), is_stored=True),
    Parser("intake-parquet", "bytes", parquets, _taken_in("return.parquet"), is_stored=True),
    Parser("sheet-of-users", "zip", lambda: [a_workbook(USERS)], _users, is_stored=True),
    Parser("sheet-of-class-two", "zip", lambda: [a_workbook(CLASS_TWO)], _class_two, is_stored=True),
    Parser("sheet-of-scores", "zip", lambda: [a_workbook(SCORES), a_csv(SCORES)], _scores, is_stored=True),
    Parser("api-bodies", "json", _bodies, _sent, is_stored=True),
)
