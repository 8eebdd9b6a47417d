"""``/oversight/circulars``: drafting, issuing, recalling and signing for circulars, for programs.

A circular's ETag is its version; writes of the issuing office name what they saw (``If-Match``), all carry ``Idempotency-Key``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from ninja import Router

from kouan.accounts.action import allows, refuse
from kouan.api.circular_shapes import CircularIn, CircularIssueIn, CircularOut, CircularPage, RecallIn
from kouan.api.errors import PreconditionFailed
from kouan.api.idempotency import once
from kouan.api.paging import page
from kouan.api.ports import IfMatch, version_of
from kouan.api.reading import AfterNumber, IdempotencyKey, Limit, Number
from kouan.api.shapes import REFUSALS, WRITE_REFUSALS
from kouan.basis import Conflict
from kouan.casework.oversight.circulars import (
    draft_circular,
    issue_circular,
    note_read,
    recall_circular,
    sign_circular,
)
from kouan.casework.oversight.models import Circular
from kouan.casework.oversight.queries import get_circular
from kouan.casework.oversight.telling import circular_told

router = Router(tags=["督查督办 / Supervision"])


@router.get("/oversight/circulars", response={200: CircularPage, **REFUSALS}, summary="通知通报 / Circulars",
            description="发给本单位的和本单位的，新的在前。 / Those sent to your office and those of your office, newest first.")
def list_circulars(request: HttpRequest, limit: Limit = 50, after: AfterNumber = "") -> dict[str, Any]:
    """Circulars."""
    _may(request, "oversight.read")
    user: Any = request.user
    rows = Circular.objects.visible_to(user).select_related("office")
    return page(rows, key="-id", limit=limit, after=after, show=lambda one: circular_told(one, user.organisation_id))


@router.get("/oversight/circulars/{number}", response={200: CircularOut, **REFUSALS}, summary="一份通知通报 / One circular",
            description="记下本单位首次查阅的时间，不等于签收；应答头 ETag 是其版本。 / "
                        "Notes when your office first read it, which is no receipt; the answer's ETag is its version.")
def one_circular(request: HttpRequest, number: Number, response: HttpResponse) -> dict[str, Any]:
    """One circular, noted as read as on its page."""
    _may(request, "oversight.read")
    note_read(actor=request.user, circular=number)
    said = _told(request, number)
    response.headers["ETag"] = f'"{said["version"]}"'
    return said


@router.post("/oversight/circulars", response={200: CircularOut, **WRITE_REFUSALS}, summary="起草通知通报 / Draft a circular",
             description="收文单位写代码，或写类别和地区；附件写已登记文件的引用名。须附 Idempotency-Key。 / "
                         "Name offices by code, or kinds and provinces; attachments by the reference of recorded documents. "
                         "Needs Idempotency-Key.")
def post_circular(request: HttpRequest, body: CircularIn, response: HttpResponse, idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Draft a circular."""
    _may(request, "circulars.issue")

    def work() -> dict[str, Any]:
        return _told(request, draft_circular(actor=request.user, **body.dict()).pk)

    return _once(request, response, idempotency_key, ["draft", body.dict()], work)


@router.put("/oversight/circulars/{number}", response={200: CircularOut, **WRITE_REFUSALS}, summary="修改草稿 / Change a draft",
            description="只能修改本单位的草稿；修改人即为起草人，不能再由其印发。须附 If-Match 和 Idempotency-Key。 / "
                        "A draft of your own office; who changes it is its drafter and does not issue it. Needs If-Match and Idempotency-Key.")
def put_circular(request: HttpRequest, number: Number, body: CircularIn, response: HttpResponse, if_match: IfMatch,
                 idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Change a draft."""
    return _change(request, response, idempotency_key, number, ["put", body.dict()],
                   lambda known: draft_circular(**known, **body.dict()), if_match)


@router.post("/oversight/circulars/{number}/issue", response={200: CircularOut, **WRITE_REFUSALS}, summary="印发 / Issue a circular",
             description="由本单位起草人以外的人员印发，为每个收文单位立一件签收，全部成功或全部不办。须附 If-Match 和 Idempotency-Key。 / "
                         "By somebody of the office who did not draft it: a receipt for each office, all or none. "
                         "Needs If-Match and Idempotency-Key.")
def post_issue(request: HttpRequest, number: Number, body: CircularIssueIn, response: HttpResponse, if_match: IfMatch,
               idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Issue a draft."""
    return _change(request, response, idempotency_key, number, ["issue", body.dict()],
                   lambda known: issue_circular(**known, **body.dict()), if_match)


@router.post("/oversight/circulars/{number}/recall", response={200: CircularOut, **WRITE_REFUSALS}, summary="撤回 / Recall a circular",
             description="撤回的通知仍可查阅并标明，未签收的不再签收。须附 If-Match 和 Idempotency-Key。 / "
                         "It stays readable, marked, and nobody need sign for it any more. Needs If-Match and Idempotency-Key.")
def post_recall(request: HttpRequest, number: Number, body: RecallIn, response: HttpResponse, if_match: IfMatch,
                idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Recall an issued circular."""
    return _change(request, response, idempotency_key, number, ["recall", body.dict()],
                   lambda known: recall_circular(**known, **body.dict()), if_match)


@router.post("/oversight/circulars/{number}/receipt", response={200: CircularOut, **WRITE_REFUSALS}, summary="签收 / Sign for a circular",
             description="代表本单位签收，一次。须附 Idempotency-Key。 / Sign for your office, once. Needs Idempotency-Key.")
def sign(request: HttpRequest, number: Number, response: HttpResponse, idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Sign for a circular."""
    return _change(request, response, idempotency_key, number, ["sign"], lambda known: sign_circular(**known), permission="matters.act")


def _may(request: HttpRequest, permission: str) -> None:
    # Asked before a key is looked up: a kept answer must not outlive the right to it.
    if not allows(request.user, permission):
        raise refuse(request.user, permission, "api.circulars")


def _told(request: HttpRequest, number: int) -> dict[str, Any]:
    user: Any = request.user
    return circular_told(get_circular(user, number), user.organisation_id)


def _change(request: HttpRequest, response: HttpResponse, key: str, number: int, content: list[Any], deed: Callable[[dict[str, Any]], Any],
            if_match: str | None = None, *, permission: str = "circulars.issue") -> dict[str, Any]:
    """Do one thing to a circular in scope and answer it; a version that is no longer its own is 412."""
    _may(request, permission)
    get_circular(request.user, number)
    known: dict[str, Any] = {"actor": request.user, "circular": number}

    def work() -> dict[str, Any]:
        try:
            deed(known if if_match is None else {**known, "version": version_of(if_match)})
        except Conflict as conflict:
            if any(each.code == "circular_changed" for each in conflict.findings):
                raise PreconditionFailed(conflict.findings) from conflict
            raise
        return _told(request, number)

    return _once(request, response, key, [number, *content], work)


def _once(request: HttpRequest, response: HttpResponse, key: str, content: list[Any], work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    digest = hashlib.sha256(json.dumps(["circulars", *content], cls=DjangoJSONEncoder, sort_keys=True).encode()).hexdigest()
    answer = once(request.user, key, digest, work)
    response.headers["ETag"] = f'"{answer["version"]}"'
    return answer
