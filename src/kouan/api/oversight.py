"""``/oversight``: tasks of the plan by place, supervised matters, instructions and circulars, for programs.

A cell's ETag is its version (0: nothing on record); writes name what they saw (``If-Match``) and carry ``Idempotency-Key``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Annotated, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router

from kouan.accounts.action import allows, refuse
from kouan.api.errors import PreconditionFailed
from kouan.api.idempotency import once
from kouan.api.oversight_shapes import (
    CellIn,
    CellOut,
    CellPage,
    CircularOut,
    CircularPage,
    InstructionPage,
    ReportIn,
    ReportOut,
    SupervisionPage,
)
from kouan.api.paging import of_rows, page
from kouan.api.ports import IfMatch, version_of
from kouan.api.reading import AfterNumber, IdempotencyKey, Limit, Number
from kouan.api.shapes import REFUSALS, WRITE_REFUSALS
from kouan.basis import Conflict
from kouan.casework.oversight.actions import report_progress, set_cell
from kouan.casework.oversight.circulars import sign_circular
from kouan.casework.oversight.models import Circular, Instruction, Supervision
from kouan.casework.oversight.queries import get_cell, get_circular, matrix
from kouan.casework.oversight.telling import (
    cell_told,
    circular_told,
    instruction_told,
    report_told,
    supervision_told,
)
from kouan.desk.matters.actions import documents_by_kind
from kouan.desk.queries import documents_visible_to

router = Router(tags=["督查督办 / Supervision"])
TaskCode = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,47}$", description="任务代码，如 class_two / task, such as class_two")]
PlaceCode = Annotated[str, Path(pattern=r"^[0-9]{2}$", description="地区代码，如 44 / place, such as 44")]
TaskFilter = Annotated[str, Query(pattern=r"^[a-z0-9_]{0,48}$", description="任务代码 / task")]
PlaceFilter = Annotated[str, Query(pattern=r"^([0-9]{2})?$", description="地区代码 / place")]
StateFilter = Annotated[str, Query(pattern=r"^[a-z_]{0,16}$", description="状态，如 overdue、none_stated / state")]


@router.get("/oversight/cells", response={200: CellPage, **REFUSALS}, summary="规划任务 / Tasks of the plan by place",
            description="可见范围内的任务格：责任单位、期限、状态、最近报告；未明确责任单位的也列出。 / "
                        "The cells in your scope: office, day, state, last report; those without an office too.")
def list_cells(request: HttpRequest, task: TaskFilter = "", place: PlaceFilter = "", state: StateFilter = "", limit: Limit = 50,
               after: AfterNumber = "") -> dict[str, Any]:
    """Cells task by task; the cursor is a running number."""
    _may(request, "oversight.read")
    found = [each for each in matrix(request.user) if task in ("", each.task.code) and place in ("", each.place.code) and state in ("", each.state)]
    start = int(after or 0)
    return of_rows([cell_told(each) for each in found[start : start + limit]], start + limit if len(found) > start + limit else None)


@router.get("/oversight/cells/{task}/{place}", response={200: CellOut, **REFUSALS}, summary="一项任务 / One cell",
            description="应答头 ETag 是其版本。 / The answer's ETag is its version.")
def one_cell(request: HttpRequest, task: TaskCode, place: PlaceCode, response: HttpResponse) -> dict[str, Any]:
    """One cell."""
    _may(request, "oversight.read")
    said = cell_told(get_cell(request.user, task, place))
    response.headers["ETag"] = f'"{said["version"]}"'
    return said


@router.put("/oversight/cells/{task}/{place}", response={200: CellOut, **WRITE_REFUSALS}, summary="明确责任单位和期限 / Set office and day",
            description="国家口岸办填写；owner 为空即“未明确责任单位”。须附 If-Match 和 Idempotency-Key。 / "
                        "For the national office; an empty owner says that none is stated. Needs If-Match and Idempotency-Key.")
def put_cell(request: HttpRequest, task: TaskCode, place: PlaceCode, body: CellIn, response: HttpResponse, if_match: IfMatch,
             idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Set a cell."""
    _may(request, "oversight.assign")

    def work() -> dict[str, Any]:
        try:
            set_cell(actor=request.user, task=task, place=place, version=version_of(if_match), **body.dict())
        except Conflict as conflict:
            if any(each.code == "cell_changed" for each in conflict.findings):
                raise PreconditionFailed(conflict.findings) from conflict
            raise
        return cell_told(get_cell(request.user, task, place))

    return _once(request, response, idempotency_key, ["put_cell", task, place, body.dict()], work)


@router.post("/oversight/cells/{task}/{place}/reports", response={200: ReportOut, **WRITE_REFUSALS}, summary="报告进展 / Report progress",
             description="证明材料写已登记文件的引用名；报告完成须附材料。须附 Idempotency-Key。 / "
                         "Evidence is the reference of a recorded document; a completion needs it. Needs Idempotency-Key.")
def post_report(request: HttpRequest, task: TaskCode, place: PlaceCode, body: ReportIn, response: HttpResponse,
                idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Report how a task goes."""
    _may(request, "oversight.report")
    user: Any = request.user
    get_cell(user, task, place)

    def work() -> dict[str, Any]:
        wanted = {"evidence": body.evidence} if body.evidence else {}
        papers = documents_by_kind(user, wanted, documents_visible_to(user).filter(reference__in=wanted.values()))
        made = report_progress(actor=user, task=task, place=place, words=body.words, problem=body.problem, is_complete=body.is_complete,
                               evidence=papers.get("evidence"))
        return {**report_told(made), "version": made.cell.version}

    return _once(request, response, idempotency_key, ["post_report", task, place, body.dict()], work)


@router.get("/oversight/supervised", response={200: SupervisionPage, **REFUSALS}, summary="督办件 / Supervised matters",
            description="可见的督办件，新的在前；办理用 /matters。 / Supervised matters in scope, newest first; steps are taken at /matters.")
def list_supervised(request: HttpRequest, limit: Limit = 50, after: AfterNumber = "") -> dict[str, Any]:
    """Supervised matters."""
    _may(request, "oversight.read")
    rows = Supervision.objects.visible_to(request.user).select_related("matter", "matter__edition", "owner")
    return page(rows, key="-id", limit=limit, after=after, show=supervision_told)


@router.get("/oversight/instructions", response={200: InstructionPage, **REFUSALS}, summary="领导批示 / Instructions",
            description="可见的批示及已答复的单位数，新的在前。 / Instructions in scope with how many offices have answered, newest first.")
def list_instructions(request: HttpRequest, limit: Limit = 50, after: AfterNumber = "") -> dict[str, Any]:
    """Instructions."""
    _may(request, "oversight.read")
    rows = Instruction.objects.visible_to(request.user).prefetch_related("supervisions")
    return page(rows, key="-id", limit=limit, after=after, show=instruction_told)


@router.get("/oversight/circulars", response={200: CircularPage, **REFUSALS}, summary="通知通报 / Circulars",
            description="发给本单位的和本单位的，新的在前。 / Those sent to your office and those of your office, newest first.")
def list_circulars(request: HttpRequest, limit: Limit = 50, after: AfterNumber = "") -> dict[str, Any]:
    """Circulars."""
    _may(request, "oversight.read")
    user: Any = request.user
    rows = Circular.objects.visible_to(user).select_related("office")
    return page(rows, key="-id", limit=limit, after=after, show=lambda one: circular_told(one, user.organisation_id))


@router.post("/oversight/circulars/{number}/receipt", response={200: CircularOut, **WRITE_REFUSALS}, summary="签收 / Sign for a circular",
             description="代表本单位签收，一次。须附 Idempotency-Key。 / Sign for your office, once. Needs Idempotency-Key.")
def sign(request: HttpRequest, number: Number, response: HttpResponse, idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Sign for a circular."""
    _may(request, "matters.act")
    user: Any = request.user
    get_circular(user, number)

    def work() -> dict[str, Any]:
        sign_circular(actor=user, circular=number)
        return circular_told(get_circular(user, number), user.organisation_id)

    return _once(request, response, idempotency_key, ["sign", number], work)


def _may(request: HttpRequest, permission: str) -> None:
    # Asked before a key is looked up: a kept answer must not outlive the right to it.
    if not allows(request.user, permission):
        raise refuse(request.user, permission, "api.oversight")


def _once(request: HttpRequest, response: HttpResponse, key: str, content: list[Any], work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    digest = hashlib.sha256(json.dumps(["oversight", *content], cls=DjangoJSONEncoder, sort_keys=True).encode()).hexdigest()
    answer = once(request.user, key, digest, work)
    response.headers["ETag"] = f'"{answer["version"]}"'
    return answer
