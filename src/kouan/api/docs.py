"""``/api/v1/docs``: the API's description as a page of our own, drawn on the server.

Nothing is loaded from elsewhere and no script runs, so it works on a closed network and under the
console's content policy. It shows the same document as ``/api/v1/openapi.json``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from kouan.api.errors import answer, no_such_address, no_such_method
from kouan.basis import Text

STATUS_SAID = {
    "200": Text("完成", "done"),
    "400": Text("请求无法读取", "the request cannot be read"),
    "401": Text("未附有效凭证", "no valid credentials"),
    "403": Text("无权进行此项操作", "your role may not do this"),
    "404": Text("没有，或不在您的查看范围内", "not there, or not in your scope"),
    "405": Text("不支持这种方法，见 Allow", "method not taken, see Allow"),
    "409": Text("同一键已用于另一内容，或与他人的更改冲突", "the key was used for other content, or a conflict"),
    "412": Text("其间已被他人修改", "somebody changed it in between"),
    "413": Text("请求过大", "too large"),
    "422": Text("参数或内容不能使用，逐条说明", "unusable arguments or content, each explained"),
    "428": Text("须附 If-Match", "If-Match is needed"),
    "429": Text("请求过于频繁，见 Retry-After", "too many requests, see Retry-After"),
    "503": Text("数据库暂时不可用", "the database is not available for the moment"),
}
EXAMPLES = {
    "get /api/v1/ports": "/api/v1/ports?province=44&mode=road&limit=20",
    "get /api/v1/ports/{code}": "/api/v1/ports/luohu-rail",
    "get /api/v1/ports/{code}/state": "/api/v1/ports/luohu-rail/state?as_of=2023-01-01",
    "get /api/v1/series": "/api/v1/series?subject=counterpart_point:lo-wu",
    "get /api/v1/observations": "/api/v1/observations?subject=counterpart_point:lo-wu&start=2023-02-06&end=2023-03-06",
    "get /api/v1/observations/{id}": "/api/v1/observations/1",
    "get /api/v1/flows": "/api/v1/flows?subject=counterpart_point:lo-wu&every=year",
    "get /api/v1/totals": "/api/v1/totals?subject=province:44&measure=person_crossings&every=month",
    "get /api/v1/evaluation/rounds/{year}": "/api/v1/evaluation/rounds/2025",
    "get /api/v1/evaluation/rounds/{year}/results": "/api/v1/evaluation/rounds/2025/results?port_class=rail",
    "get /api/v1/evaluation/rounds/{year}/results/{code}": "/api/v1/evaluation/rounds/2025/results/luohu-rail",
    "get /api/v1/evaluation/rounds/{year}/ports/{port}": "/api/v1/evaluation/rounds/2025/ports/luohu-rail",
    "get /api/v1/evaluation/rounds/{year}/ports/{port}/indicators/{indicator}":
        "/api/v1/evaluation/rounds/2025/ports/luohu-rail/indicators/I-0201",
    "get /api/v1/evaluation/rounds/{year}/filing/{code}": "/api/v1/evaluation/rounds/2025/filing/luohu-rail",
    "get /api/v1/evaluation/rounds/{year}/marks": "/api/v1/evaluation/rounds/2025/marks?limit=20",
    "get /api/v1/evaluation/rounds/{year}/rulings": "/api/v1/evaluation/rounds/2025/rulings",
    "get /api/v1/return-forms": "/api/v1/return-forms?limit=5",
    "get /api/v1/return-forms/{code}": "/api/v1/return-forms/KA-02",
    "get /api/v1/returns": "/api/v1/returns?form=KA-02&state=late&limit=20",
    "get /api/v1/returns/{number}": "/api/v1/returns/1",
    "get /api/v1/verdicts": "/api/v1/verdicts?year=2023&port=luohu-rail",
    "get /api/v1/law/rules": "/api/v1/law/rules?as_of=2024-06-30",
    "get /api/v1/law/rules/{key}": "/api/v1/law/rules/access_air",
    "get /api/v1/law/parameters": "/api/v1/law/parameters?as_of=2020-12-31",
    "get /api/v1/law/parameters/{key}": "/api/v1/law/parameters/volume_standard.sea.cargo",
    "get /api/v1/law/settings": "/api/v1/law/settings",
    "get /api/v1/law/settings/{key}": "/api/v1/law/settings/volume_standard.combine",
    "get /api/v1/law/rulings": "/api/v1/law/rulings",
    "get /api/v1/grades": "/api/v1/grades?limit=20",
    "get /api/v1/grades/{code}": "/api/v1/grades/luohu-rail",
    "get /api/v1/lists/{kind}": "/api/v1/lists/watch?year=2023&limit=20",
    "get /api/v1/scores": "/api/v1/scores?year=2023&subject=2304",
    "get /api/v1/sources": "/api/v1/sources",
    "get /api/v1/sources/{code}": "/api/v1/sources/port-return",
    "get /api/v1/batches": "/api/v1/batches?limit=10",
    "get /api/v1/batches/{id}": "/api/v1/batches/1",
    "get /api/v1/data-sets": "/api/v1/data-sets?limit=20",
    "get /api/v1/data-sets/{code}": "/api/v1/data-sets/gd-port-flows",
    "get /api/v1/data-sets/{code}/figures": "/api/v1/data-sets/gd-port-flows/figures?limit=20",
    "get /api/v1/grants": "/api/v1/grants?limit=20",
    "get /api/v1/grants/{number}": "/api/v1/grants/1",
    "get /api/v1/grants/{number}/reads": "/api/v1/grants/1/reads",
    "get /api/v1/exchange/receipts/{sender}/{message}/{digest}":
        "/api/v1/exchange/receipts/customs/00000000-0000-4000-8000-000000000001/" + "0" * 64,
    "get /api/v1/matters": "/api/v1/matters?running=true&limit=20",
    "get /api/v1/matters/{number}": "/api/v1/matters/1",
    "get /api/v1/published-data": "/api/v1/published-data",
    "get /api/v1/published-data/{code}": "/api/v1/published-data/hk-control-points-monthly",
    "get /api/v1/dictionary": "/api/v1/dictionary",
    "get /api/v1/dictionary/{code}": "/api/v1/dictionary/person_crossings",
    "get /api/v1/code-search": "/api/v1/code-search?q=罗湖",
    "get /api/v1/code-mappings": "/api/v1/code-mappings?code=CNSHK&to=customs",
    "get /api/v1/port-resolution": "/api/v1/port-resolution?text=深圳罗湖口岸",
    "get /api/v1/codes/{name}": "/api/v1/codes/customs-port?limit=20",
    "get /api/v1/codes/{name}/comparison": "/api/v1/codes/gbt2260/comparison?earlier=2006&later=2007",
    "get /api/v1/codes/{name}/{code}": "/api/v1/codes/gbt2260/440303",
    "get /api/v1/inbox": "/api/v1/inbox",
    "get /api/v1/bottlenecks": "/api/v1/bottlenecks?running=true&limit=20",
    "get /api/v1/bottlenecks/{number}": "/api/v1/bottlenecks/1",
    "get /api/v1/conferences/{number}": "/api/v1/conferences/1",
    "get /api/v1/warnings": "/api/v1/warnings?running=true&limit=20",
    "get /api/v1/warnings/{number}": "/api/v1/warnings/1",
    "get /api/v1/image-feeds": "/api/v1/image-feeds?limit=20",
    "get /api/v1/image-feeds/{number}": "/api/v1/image-feeds/1",
    "get /api/v1/emergencies": "/api/v1/emergencies?running=true&limit=20",
    "get /api/v1/emergencies/{number}": "/api/v1/emergencies/1",
    "get /api/v1/emergency-plans": "/api/v1/emergency-plans?limit=20",
    "get /api/v1/times/studies/{number}": "/api/v1/times/studies/1",
    "get /api/v1/times/notices/{number}": "/api/v1/times/notices/1",
    "get /api/v1/times/studies/{number}/compared-with/{before}": "/api/v1/times/studies/2/compared-with/1",
    "get /api/v1/oversight/cells": "/api/v1/oversight/cells?place=44&limit=20",
    "get /api/v1/oversight/cells/{task}/{place}": "/api/v1/oversight/cells/class_two/44",
    "get /api/v1/oversight/cells/{task}/{place}/reports": "/api/v1/oversight/cells/class_two/44/reports?limit=20",
    "get /api/v1/oversight/instructions/{number}": "/api/v1/oversight/instructions/1",
    "get /api/v1/oversight/circulars/{number}": "/api/v1/oversight/circulars/1",
    "get /api/v1/oversight/projects": "/api/v1/oversight/projects?state=lagging&limit=20",
    "get /api/v1/oversight/projects/{code}": "/api/v1/oversight/projects/P7-03",
    "get /api/v1/oversight/targets": "/api/v1/oversight/targets?limit=27",
    "get /api/v1/procedures": "/api/v1/procedures",
    "get /api/v1/procedures/{code}": "/api/v1/procedures/opening",
    "get /api/v1/findings": "/api/v1/findings?batch=1&outcome=held",
}


def _deed(address: str, said: str, *, version: bool = True) -> str:
    """The example of a deed in a matter."""
    seen = " -H 'If-Match: \"3\"'" if version else ""
    return (f"-X POST{seen} -H 'Idempotency-Key: 2023-matter-1' -H 'Content-Type: application/json' \\\n  "
            f"-d '{{{{{said}}}}}' \\\n  {{root}}/api/v1/{address}")


def _decision(address: str, said: str, *, version: bool = True) -> str:
    """The example of a verb of the register."""
    seen = " -H 'If-Match: \"3\"'" if version else ""
    return (f"-X POST{seen} -H 'Idempotency-Key: 2023-luohu-1' -H 'Content-Type: application/json' \\\n  "
            f"-d '{{{{{said}, \"document\": \"…\"}}}}' \\\n  {{root}}/api/v1/{address}")


BODIES = {
    "post /api/v1/exchange/inbox": "-X POST -F envelope=@envelope.json -F payload=@payload.bin \\\n  {root}/api/v1/exchange/inbox",
    "post /api/v1/grants": _deed("grants", '"data_set": "gd-port-flows", "purpose": "…", "ends_on": "2026-12-31"', version=False),
    "post /api/v1/grants/{number}/deeds": _deed("grants/1/deeds", '"deed": "approve", "reason": "…"', version=False),
    "patch /api/v1/ports/{code}": (
        "-X PATCH -H 'If-Match: \"3\"' -H 'Content-Type: application/json' \\\n  "
        "-d '{{\"attribute\": \"name_en\", \"value\": \"Luohu\", \"document\": \"…\", \"reason\": \"…\"}}' \\\n  "
        "{root}/api/v1/ports/luohu-rail"
    ),
    "post /api/v1/ports": _decision("ports", '"code": "…-road", "mode": "road", "name_zh": "…"', version=False),
    **{f"post /api/v1/ports/{{code}}/{name}": _decision(f"ports/luohu-rail/{name}", said) for name, said in (
        ("approval", '"on": "2023-01-03"'), ("acceptance", '"on": "2023-03-01"'), ("opening", '"on": "2023-04-01"'),
        ("expansion", '"on": "2023-04-01"'), ("closure", '"on": "2024-01-01"'), ("merger", '"on": "2024-01-01", "into": "futian-rail"'),
        ("codes", '"scheme": "name", "code": "…"'), ("codes/retirement", '"scheme": "name", "code": "…", "on": "2024-01-01"'),
        ("layout-links", '"layout_id": "BDR-01", "basis": "…"'),
    )},
    "post /api/v1/law/preview": (
        "-X POST -H 'Content-Type: application/json' \\\n  "
        "-d '{{\"document_title\": \"…\", \"document_number\": \"…\", \"issued\": \"2026-06-20\", \"reason\": \"…\", \"rulings\": "
        "[{{\"setting\": \"volume_standard.combine\", \"value\": \"and\", \"from_date\": \"2026-07-01\"}}]}}' \\\n  {root}/api/v1/law/preview"
    ),
    "post /api/v1/matters": _deed("matters", '"procedure": "opening", "title": "…", "port": "luohu-rail"', version=False),
    "post /api/v1/matters/{number}/steps": _deed("matters/1/steps", '"step": "submit", "documents": {{"application": "…"}}'),
    "post /api/v1/image-feed-heartbeats": (
        "-X POST -H 'Content-Type: application/json' \\\n  "
        "-d '{{\"beats\": [{{\"feed\": \"luohu-hall-01\", \"at\": \"2026-05-01T08:00:00+08:00\"}}]}}' \\\n  "
        "{root}/api/v1/image-feed-heartbeats"),
    "post /api/v1/emergencies": _deed(
        "emergencies", '"port": "luohu-rail", "kind": "dangerous_goods", "level": 3, "title": "…", "occurred_at": "2026-05-01T08:00:00+08:00"',
        version=False),
    "post /api/v1/returns": _deed(
        "returns", '"form": "KA-02", "port": "luohu-rail", "period": "2026-10", "cells": [{{"item": "pax_in", "value": "210000"}}], "head": "…", '
        '"statistician": "…", "filler": "…", "reported_on": "2026-11-10"', version=False),
    "post /api/v1/returns/{number}/review": _deed("returns/1/review", '"decision": "pass", "words": "…", "version": 3', version=False),
    "post /api/v1/emergencies/{number}/log": _deed("emergencies/1/log", '"words": "…"', version=False),
    "post /api/v1/matters/{number}/opinions": _deed(
        "matters/1/opinions", '"consultation": "views", "party": "customs", "agrees": true, "words": "…"'),
    "post /api/v1/platform-messages": _deed(
        "platform-messages", '"external_id": "GD-2026-1", "kind": "dangerous_goods", "level": 2, "port": "luohu-rail", "title": "…", '
        '"occurred_at": "2026-05-01T08:00:00+08:00"', version=False),
    "post /api/v1/bottlenecks": _deed(
        "bottlenecks", '"port": "luohu-rail", "stage": "inspection", "kind": "time", "facts": "…"', version=False),
    "post /api/v1/bottlenecks/{number}/rating": _deed("bottlenecks/1/rating", '"satisfaction": "satisfied"', version=False),
    "post /api/v1/bottlenecks/{number}/objection": _deed("bottlenecks/1/objection", '"objection": "…"', version=False),
    "put /api/v1/oversight/cells/{task}/{place}": _deed(
        "oversight/cells/class_two/44", '"owner": "gd", "due_on": "2025-12-31", "reason": "…"').replace("-X POST", "-X PUT"),
    "post /api/v1/oversight/cells/{task}/{place}/reports": _deed("oversight/cells/class_two/44/reports", '"words": "…"', version=False),
    "post /api/v1/oversight/cells/{task}/{place}/reports/{number}/decision": _deed(
        "oversight/cells/class_two/44/reports/1/decision", '"accept": true, "finding": "…"'),
    "post /api/v1/oversight/instructions": _deed(
        "oversight/instructions", '"title": "…", "signer": "…", "signed_on": "2024-03-04", "words": "…", "reference": "…", "offices": ["gd"]',
        version=False),
    "post /api/v1/oversight/instructions/{number}/answers": _deed(
        "oversight/instructions/1/answers", '"progress": "…", "evidence": "…"', version=False),
    "post /api/v1/oversight/circulars": _deed(
        "oversight/circulars", '"kind": "notice", "title": "…", "text": "…", "kinds": ["provincial_office"], "provinces": ["44"]', version=False),
    "put /api/v1/oversight/circulars/{number}": _deed(
        "oversight/circulars/1", '"kind": "notice", "title": "…", "text": "…", "offices": ["gd"]').replace("-X POST", "-X PUT"),
    "post /api/v1/oversight/circulars/{number}/issue": _deed(
        "oversight/circulars/1/issue", '"number": "国岸函〔2024〕1号", "issued_on": "2024-03-04"'),
    "post /api/v1/oversight/circulars/{number}/recall": _deed("oversight/circulars/1/recall", '"reason": "…"'),
    "post /api/v1/oversight/circulars/{number}/receipt": _deed("oversight/circulars/1/receipt", "", version=False),
    "put /api/v1/oversight/projects/{code}": _deed(
        "oversight/projects/P7-03", '"owner": "gd", "start": "2023-01-01", "finish": "2025-12-31", "reason": "…"').replace("-X POST", "-X PUT"),
    "post /api/v1/oversight/projects/{code}/milestones": _deed("oversight/projects/P7-03/milestones", '"title": "…", "planned_on": "2025-06-30"'),
    "put /api/v1/oversight/projects/{code}/milestones/{number}": _deed(
        "oversight/projects/P7-03/milestones/1", '"planned_on": "2025-06-30", "actual_on": "2025-07-02", "evidence": "…"').replace("-X POST",
            "-X PUT"),
    "put /api/v1/oversight/projects/{code}/funding/{kind}": _deed(
        "oversight/projects/P7-03/funding/central", '"planned": "1200.50", "arranged": "0"').replace("-X POST", "-X PUT"),
    "post /api/v1/oversight/projects/{code}/reports": _deed(
        "oversight/projects/P7-03/reports", '"quarter": "2024-Q1", "percent": 45, "done": "…"', version=False),
    "post /api/v1/oversight/projects/{code}/reports/{number}/decision": _deed(
        "oversight/projects/P7-03/reports/1/decision", '"confirm": true, "opinion": "…"', version=False),
    "post /api/v1/oversight/targets/{code}/actuals": _deed(
        "oversight/targets/T-06/actuals", '"year": 2024, "value": "10", "source": "…"', version=False),
    **{f"post /api/v1/evaluation/rounds/{{year}}/{name}": _deed(f"evaluation/rounds/2025/{address}", said, version=version)
       for name, address, said, version in (
        ("filing/{code}", "filing/luohu-rail", '"item": "I-0606/5G", "value": 1, "remark": "…", "documents": ["…"]', True),
        ("entries/{number}/decision", "entries/1/decision", '"accepted": true, "reason": "…"', True),
        ("marks", "marks", '"experts": ["…", "…"], "ports": ["luohu-rail"], "indicators": ["I-0606"]', False),
        ("marks/{number}", "marks/1", '"points": {{"I-0606/5G": 80}}, "reason": "…"', True),
        ("marks/{number}/release", "marks/1/release", '"reason": "…"', False),
        ("interests/{code}", "interests/luohu-rail", '"has_conflict": false, "statement": "…"', True),
        ("rulings", "rulings", '"kind": "not_applicable", "code": "I-0906", "port_class": "sea", "reason": "…"', False),
        ("rulings/{number}/withdrawal", "rulings/1/withdrawal", '"reason": "…"', False),
    )},
    "post /api/v1/batches": (
        "-X POST -H 'Idempotency-Key: 2023-03-luohu-1' \\\n  "
        "-F source=port-return -F dry_run=true -F file=@return.xlsx \\\n  {root}/api/v1/batches"
    ),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument, as the page shows it."""

    name: str
    place: str
    is_required: bool
    bounds: str
    said: Text


@dataclass(frozen=True, slots=True)
class Operation:
    """One address and method, as the page shows it."""

    anchor: str
    method: str
    path: str
    summary: Text
    said: Text
    parameters: tuple[Parameter, ...]
    statuses: tuple[tuple[str, Text], ...]
    answers: tuple[str, ...]
    example: str


@dataclass(frozen=True, slots=True)
class Group:
    """The operations under one heading."""

    name: Text
    operations: tuple[Operation, ...]


def both(text: str) -> Text:
    """``中文 / English`` as a Text; a text in one language stands for both."""
    zh, divided, en = (text or "").partition(" / ")
    return Text(zh.strip(), en.strip()) if divided else Text(text.strip() or "—", text.strip() or "—")


def bounds_of(schema: dict[str, Any], known: dict[str, Any]) -> str:
    """Type and limits of an argument in one line.

    >>> bounds_of({"type": "integer", "minimum": 1, "maximum": 200, "default": 50}, {})
    'integer 1…200 = 50'
    """
    if "$ref" in schema:
        schema = {**known.get(schema["$ref"].rsplit("/", 1)[-1], {}), **{k: v for k, v in schema.items() if k != "$ref"}}
    for name in ("anyOf", "allOf"):
        if name in schema:
            parts = [bounds_of(each, known) for each in schema[name] if each.get("type") != "null"]
            return " | ".join(parts) + _default(schema)
    said = " ".join(filter(None, (schema.get("type", ""), schema.get("format", ""))))
    if "enum" in schema:
        said = ", ".join(str(each) for each in schema["enum"])
    if "minimum" in schema or "maximum" in schema:
        said += f" {schema.get('minimum', '')}…{schema.get('maximum', schema.get('exclusiveMaximum', ''))}"
    if "maxLength" in schema:
        said += f" ≤ {schema['maxLength']}"
    for name in ("maxItems", "maxProperties"):
        if name in schema:
            said += f" ≤ {schema[name]}"
    if "pattern" in schema and "enum" not in schema:
        said += f" {schema['pattern']}"
    return said + _default(schema)


def _default(schema: dict[str, Any]) -> str:
    default = schema.get("default")
    return "" if default in (None, "") else f" = {str(default).lower() if isinstance(default, bool) else default}"


def _parameters(operation: dict[str, Any], known: dict[str, Any]) -> list[Parameter]:
    found = [
        Parameter(each["name"], each["in"], bool(each.get("required")), bounds_of(each["schema"], known),
                  both(each.get("description") or each["schema"].get("description", "")))
        for each in operation.get("parameters", ())
    ]
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        schema = content["schema"]
        schema = known.get(schema.get("$ref", "").rsplit("/", 1)[-1], schema)
        for name, each in schema.get("properties", {}).items():
            found.append(Parameter(
                name, kind.removeprefix("application/"), name in schema.get("required", ()), bounds_of(each, known),
                both(each.get("description", "")),
            ))
    return found


def _answers(operation: dict[str, Any]) -> tuple[str, ...]:
    schema = operation["responses"].get(200, operation["responses"].get("200", {}))
    name = schema.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")
    return (name.rsplit("/", 1)[-1],) if name else ()


@lru_cache(maxsize=1)
def contents() -> tuple[Group, ...]:
    """The operations by heading, from the OpenAPI document."""
    from kouan.api.door import api

    schema: dict[str, Any] = api.get_openapi_schema()
    known = schema["components"]["schemas"]
    groups: dict[str, list[Operation]] = {}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            key = f"{method} {path}"
            example = BODIES.get(key) or "'{root}" + EXAMPLES.get(key, path) + "'"
            groups.setdefault(operation["tags"][0], []).append(Operation(
                anchor=operation["operationId"].rsplit("_", 1)[-1] + "-" + method + path.replace("/", "-").replace("{", "").replace("}", ""),
                method=method.upper(), path=path, summary=both(operation["summary"]),
                said=both(operation.get("description", "")), parameters=tuple(_parameters(operation, known)),
                statuses=tuple((str(each), STATUS_SAID.get(str(each), Text("—", "—"))) for each in sorted(operation["responses"], key=str)),
                answers=_answers(operation), example="curl -H 'Authorization: Bearer kouan_…' " + example,
            ))
    return tuple(Group(both(name), tuple(found)) for name, found in groups.items())


def common_statuses() -> frozenset[str]:
    """The statuses that every operation may answer: said once, so that each one's own stand out."""
    answered = [{status for status, _ in operation.statuses} for group in contents() for operation in group.operations]
    return frozenset(set.intersection(*answered))


def shapes() -> list[tuple[str, str, list[tuple[str, str, bool]]]]:
    """Every shape that answers are made of: name, what it is, its fields."""
    from kouan.api.door import api

    known: dict[str, Any] = api.get_openapi_schema()["components"]["schemas"]
    return [
        (name, schema.get("description", ""), [
            (field, bounds_of(each, known) or _reference(each), field in schema.get("required", ()))
            for field, each in schema.get("properties", {}).items()
        ])
        for name, schema in sorted(known.items()) if schema.get("properties")
    ]


def _reference(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref", "")).rsplit("/", 1)[-1]


def page(request: HttpRequest) -> HttpResponse:
    """The page. It describes only; no figure stands on it, so no sign-in is asked for."""
    if request.method not in ("GET", "HEAD"):
        response = answer(405, no_such_method(request.method or "", "GET, HEAD"))
        response.headers["Allow"] = "GET, HEAD"
        return response
    root = request.build_absolute_uri("/").rstrip("/")
    common = common_statuses()
    groups = [
        (group, [
            (operation, operation.example.format(root=root), [each for each in operation.statuses if each[0] not in common])
            for operation in group.operations
        ])
        for group in contents()
    ]
    return render(request, "api/docs.html", {
        "groups": groups, "common": [(status, STATUS_SAID[status]) for status in sorted(common)],
        "shapes": shapes(), "root": root, "schema_address": reverse("api-v1:openapi-json"),
    })


def door(request: HttpRequest) -> HttpResponse:
    """``/api/v1`` itself: whoever types the address of the door finds what stands behind it."""
    if request.method in ("GET", "HEAD"):
        return redirect("api-docs")
    return missing(request)


@csrf_exempt
def missing(request: HttpRequest) -> HttpResponse:
    """Whatever else is asked for under ``/api/``."""
    return answer(404, no_such_address(request.path))
