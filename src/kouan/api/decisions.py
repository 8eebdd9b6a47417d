"""``POST /ports`` and below: the verbs of the register that are no change of an attribute.

Each names the version it saw (``If-Match``) and carries a key (``Idempotency-Key``): the same key with the
same content is answered alike and done once, also when the first answer never arrived.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from ninja import Schema

from kouan.accounts.action import allows, refuse
from kouan.api.errors import PreconditionFailed
from kouan.api.idempotency import once
from kouan.api.ports import IfMatch, port_dict, router, version_of
from kouan.api.reading import IdempotencyKey, PortCode
from kouan.api.shapes import (
    WRITE_REFUSALS,
    CodeEndIn,
    CodeIn,
    DecisionIn,
    LayoutLinkIn,
    MergerIn,
    NewPortIn,
    PortOut,
)
from kouan.basis import Conflict
from kouan.ports.kinds import KINDS, REGISTRATION, Kind, Request
from kouan.ports.models import Port
from kouan.ports.queries import get_port

ANSWERS: dict[int, Any] = {200: PortOut, **WRITE_REFUSALS}
_KEYS = ("须附 If-Match（读取时的 ETag：未附 428，其间被修改 412）和 Idempotency-Key（同一键同一内容只办一次）；只限国家口岸办。",
         "Needs If-Match (the ETag as read: 428 without it, 412 when somebody changed the port in between) and Idempotency-Key "
         "(the same key with the same content is done once); national office only.")


def _said(zh: str, en: str) -> str:
    return f"{zh}{_KEYS[0]} / {en} {_KEYS[1]}"


def _decide(
    request: HttpRequest, response: HttpResponse, kind: Kind, code: str, if_match: str, key: str, body: Schema, *,
    day: date | None = None, **values: Any,
) -> dict[str, Any]:
    """Do it once for this key, and answer the port as it stands after it."""
    port = get_port(request.user, code)
    _may(request, kind)
    said = body.dict()
    for other in (values.get("into"), *values.get("with", ())):
        if other:
            get_port(request.user, other)

    def work() -> dict[str, Any]:
        asked = Request(request.user, port.code, values or said, said.get("document") or None, day, said.get("reason", ""),
                        version_of(if_match))
        try:
            kind.run(asked)
        except Conflict as conflict:
            raise PreconditionFailed(conflict.findings) from conflict
        return port_dict(Port.objects.prefetch_related("codes").get(pk=port.pk))

    return _once(request, response, kind, code, key, said, work)


def _may(request: HttpRequest, kind: Kind) -> None:
    # Asked before the key is looked up: a kept answer must not outlive the right to it.
    if not allows(request.user, "ports.change"):
        raise refuse(request.user, "ports.change", f"api.decisions.{kind.code}")


def _once(request: HttpRequest, response: HttpResponse, kind: Kind, code: str, key: str, said: Any, work: Any) -> dict[str, Any]:
    content = json.dumps([kind.code, code, said], cls=DjangoJSONEncoder, sort_keys=True)
    body = once(request.user, key, hashlib.sha256(content.encode()).hexdigest(), work)
    response.headers["ETag"] = f'"{body["version"]}"'
    return body


@router.post("/ports", response=ANSWERS, summary="登记新口岸 / Register a port", description=(
    "一个国务院批复、一种运输方式为一个口岸；批准、验收、开放在登记后另行办理。须附 Idempotency-Key；只限国家口岸办。 / "
    "One State Council approval and one mode is one port; approval, acceptance and opening follow. Needs Idempotency-Key; "
    "national office only."))
def register(request: HttpRequest, body: NewPortIn, response: HttpResponse, idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Enter a new port."""
    _may(request, REGISTRATION)
    said = body.dict()

    def work() -> dict[str, Any]:
        values = {**body.values, "code": body.code, "mode": body.mode.value, "name_zh": body.name_zh}
        made = REGISTRATION.run(Request(request.user, "", values, body.document, body.valid_from, body.reason))
        return port_dict(Port.objects.prefetch_related("codes").get(pk=made.pk))

    return _once(request, response, REGISTRATION, body.code, idempotency_key, said, work)


@router.post("/ports/{code}/approval", response=ANSWERS, summary="登记国务院批复 / Record the approval",
             description=_said("批准口岸的国务院批复及日期。", "The State Council's reply that approved the port, and its day."))
def approval(request: HttpRequest, code: PortCode, body: DecisionIn, response: HttpResponse, if_match: IfMatch,
             idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Record the approval."""
    return _decide(request, response, KINDS["approval"], code, if_match, idempotency_key, body, day=body.on)


@router.post("/ports/{code}/acceptance", response=ANSWERS, summary="登记验收 / Record the acceptance",
             description=_said("通过验收的日期，以验收纪要、通知或批复为依据。", "The day of acceptance, by minutes, a notice or a reply."))
def acceptance(request: HttpRequest, code: PortCode, body: DecisionIn, response: HttpResponse, if_match: IfMatch,
               idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Record the acceptance."""
    return _decide(request, response, KINDS["acceptance"], code, if_match, idempotency_key, body, day=body.on)


@router.post("/ports/{code}/opening", response=ANSWERS, summary="新增开放 / Open a port",
             description=_said("按国务院批复开放，日期可以在今后。", "By the State Council's reply; the day may lie ahead."))
def opening(request: HttpRequest, code: PortCode, body: DecisionIn, response: HttpResponse, if_match: IfMatch,
            idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Open a port."""
    return _decide(request, response, KINDS["opening"], code, if_match, idempotency_key, body, day=body.on)


@router.post("/ports/{code}/expansion", response=ANSWERS, summary="扩大开放 / Expand a port",
             description=_said("按国务院批复扩大开放。", "An expanded opening by the State Council's reply."))
def expansion(request: HttpRequest, code: PortCode, body: DecisionIn, response: HttpResponse, if_match: IfMatch,
              idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Expand a port."""
    return _decide(request, response, KINDS["expansion"], code, if_match, idempotency_key, body, day=body.on)


@router.post("/ports/{code}/closure", response=ANSWERS, summary="关闭 / Close a port",
             description=_said("按国务院批复关闭，历史保留。", "By the State Council's reply; its history stays."))
def closure(request: HttpRequest, code: PortCode, body: DecisionIn, response: HttpResponse, if_match: IfMatch,
            idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Close a port."""
    return _decide(request, response, KINDS["closure"], code, if_match, idempotency_key, body, day=body.on)


@router.post("/ports/{code}/merger", response=ANSWERS, summary="优化整合 / Merge a port into another",
             description=_said("按国务院批复并入另一口岸。", "Into another port, by the State Council's reply."))
def merger(request: HttpRequest, code: PortCode, body: MergerIn, response: HttpResponse, if_match: IfMatch,
           idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Merge a port into another."""
    return _decide(request, response, KINDS["merger"], code, if_match, idempotency_key, body, day=body.on,
                   **{"into": body.into, "with": body.together_with})


@router.post("/ports/{code}/codes", response=ANSWERS, summary="增加代码或别名 / Add a code or name",
             description=_said("口岸级代码一时只指一个口岸。", "A port-level code names one port at a time."))
def add_code(request: HttpRequest, code: PortCode, body: CodeIn, response: HttpResponse, if_match: IfMatch,
             idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Give the port a code or another name."""
    return _decide(request, response, KINDS["code"], code, if_match, idempotency_key, body, day=body.valid_from)


@router.post("/ports/{code}/codes/retirement", response=ANSWERS, summary="停用代码或别名 / Retire a code or name",
             description=_said("自停用之日起不再指向本口岸。", "From that day on it no longer names the port."))
def retire_code(request: HttpRequest, code: PortCode, body: CodeEndIn, response: HttpResponse, if_match: IfMatch,
                idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """End the use of a code or name."""
    return _decide(request, response, KINDS["code-retirement"], code, if_match, idempotency_key, body, day=body.on)


@router.post("/ports/{code}/layout-links", response=ANSWERS, summary="关联布局条目 / Link a layout entry",
             description=_said("注明依据文件，或没有文件的理由。", "With its document, or why there is none."))
def link_layout(request: HttpRequest, code: PortCode, body: LayoutLinkIn, response: HttpResponse, if_match: IfMatch,
                idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Say which row of the layout the port stands behind."""
    return _decide(request, response, KINDS["layout-link"], code, if_match, idempotency_key, body)
