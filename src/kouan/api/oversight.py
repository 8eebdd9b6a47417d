"""``/oversight``: tasks of the plan by place, their reports, supervised matters and instructions, for programs.

A cell's ETag is its version (0: nothing on record); writes name what they saw (``If-Match``) and carry ``Idempotency-Key``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router

from kouan.accounts.action import allows, refuse
from kouan.api.errors import PreconditionFailed
from kouan.api.idempotency import once
from kouan.api.oversight_shapes import (
    AnswerIn,
    CellIn,
    CellOut,
    CellPage,
    InstructionIn,
    InstructionInFull,
    InstructionPage,
    ReportIn,
    ReportOut,
    ReportPage,
    SupervisionPage,
    VerificationIn,
)
from kouan.api.paging import of_rows, page
from kouan.api.ports import IfMatch, version_of
from kouan.api.reading import AfterNumber, IdempotencyKey, Limit, Number
from kouan.api.shapes import REFUSALS, WRITE_REFUSALS
from kouan.basis import Conflict
from kouan.casework.oversight.actions import report_progress, set_cell, verify_completion
from kouan.casework.oversight.instructions import answer_instruction, record_instruction
from kouan.casework.oversight.models import CellReport, Instruction, Supervision
from kouan.casework.oversight.queries import get_cell, get_instruction, get_report, matrix
from kouan.casework.oversight.telling import (
    cell_told,
    instruction_in_full,
    instruction_told,
    report_told,
    supervision_told,
)
from kouan.desk.matters.actions import documents_by_kind
from kouan.desk.models import Document
from kouan.desk.queries import documents_visible_to

T = TypeVar("T")
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
        _or_late(lambda: set_cell(actor=request.user, task=task, place=place, version=version_of(if_match), **body.dict()))
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
        made = report_progress(actor=user, task=task, place=place, words=body.words, problem=body.problem, is_complete=body.is_complete,
                               evidence=_document(user, "evidence", body.evidence))
        return report_told(made)

    return _once(request, response, idempotency_key, ["post_report", task, place, body.dict()], work)


@router.get("/oversight/cells/{task}/{place}/reports", response={200: ReportPage, **REFUSALS}, summary="进展报告 / Reports of progress",
            description="一项任务的进展报告及核实结论，新的在前；accepted 为空即尚未核实。 / "
                        "The reports of one task with what the verifier found, newest first; accepted is null until one is verified.")
def list_reports(request: HttpRequest, task: TaskCode, place: PlaceCode, limit: Limit = 50, after: AfterNumber = "") -> dict[str, Any]:
    """Reports of one cell."""
    _may(request, "oversight.read")
    get_cell(request.user, task, place)
    rows = CellReport.objects.filter(cell__task=task, cell__place=place).select_related("cell", "evidence")
    return page(rows, key="-id", limit=limit, after=after, show=report_told)


@router.post("/oversight/cells/{task}/{place}/reports/{number}/decision", response={200: ReportOut, **WRITE_REFUSALS},
             summary="核实或退回完成报告 / Verify or return a completion",
             description="国家口岸办核实，报告人不能核实自己的报告；督办件中的报告在办件中核实。须附 If-Match（任务的 ETag）和 Idempotency-Key。 / "
                         "For the national office, never by who reported; what was reported in a supervised matter is verified there. "
                         "Needs If-Match (the ETag of the task) and Idempotency-Key.")
def post_verification(request: HttpRequest, task: TaskCode, place: PlaceCode, number: Number, body: VerificationIn, response: HttpResponse,
                      if_match: IfMatch, idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Verify a reported completion."""
    _may(request, "oversight.assign")
    get_report(request.user, task, place, number)

    def work() -> dict[str, Any]:
        done = _or_late(lambda: verify_completion(actor=request.user, report=number, version=version_of(if_match), **body.dict()))
        return report_told(done)

    return _once(request, response, idempotency_key, ["verify", task, place, number, body.dict()], work)


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


@router.get("/oversight/instructions/{number}", response={200: InstructionInFull, **REFUSALS}, summary="一件批示 / One instruction",
            description="各承办单位的办件和答复；国家口岸办看全部，承办单位只看本单位的。 / "
                        "The matter and answer of each office: all for the national office, its own for an office.")
def one_instruction(request: HttpRequest, number: Number) -> dict[str, Any]:
    """One instruction."""
    _may(request, "oversight.read")
    return instruction_in_full(get_instruction(request.user, number), request.user)


@router.post("/oversight/instructions", response={200: InstructionInFull, **WRITE_REFUSALS}, summary="登记领导批示 / Record an instruction",
             description="为每个承办单位立一件，全部成功或全部不办；扫描件写已登记文件的引用名。须附 Idempotency-Key。 / "
                         "One matter for each office, all or none; the scan is the reference of a recorded document. Needs Idempotency-Key.")
def post_instruction(request: HttpRequest, body: InstructionIn, response: HttpResponse, idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Record an instruction."""
    _may(request, "oversight.assign")
    user: Any = request.user

    def work() -> dict[str, Any]:
        made = record_instruction(actor=user, scan=_document(user, "scan", body.scan), **body.dict(exclude={"scan"}))
        return instruction_in_full(get_instruction(user, made.pk), user)

    return _once(request, response, idempotency_key, ["instruct", body.dict()], work)


@router.post("/oversight/instructions/{number}/answers", response={200: InstructionInFull, **WRITE_REFUSALS},
             summary="答复批示 / Answer an instruction",
             description="承办单位报告落实情况，附证明材料的引用名；尚未签收的同时签收。由国家口岸办另一人在办件中核实。须附 Idempotency-Key。 / "
                         "An office reports what was done, with the reference of the paper that proves it, and acknowledges what it has not yet. "
                         "The national office verifies it in the matter. Needs Idempotency-Key.")
def post_answer(request: HttpRequest, number: Number, body: AnswerIn, response: HttpResponse, idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Answer for one's office."""
    _may(request, "matters.act")
    user: Any = request.user
    get_instruction(user, number)

    def work() -> dict[str, Any]:
        answer_instruction(actor=user, instruction=number, progress=body.progress, evidence=_document(user, "evidence", body.evidence))
        return instruction_in_full(get_instruction(user, number), user)

    return _once(request, response, idempotency_key, ["answer", number, body.dict()], work)


def _may(request: HttpRequest, permission: str) -> None:
    # Asked before a key is looked up: a kept answer must not outlive the right to it.
    if not allows(request.user, permission):
        raise refuse(request.user, permission, "api.oversight")


def _document(user: Any, field: str, reference: str) -> Document | None:
    """The recorded document that a body names, of those the caller may see."""
    wanted = {field: reference} if reference else {}
    return documents_by_kind(user, wanted, documents_visible_to(user).filter(reference__in=wanted.values())).get(field)


def _or_late(work: Callable[[], T]) -> T:
    """Do it; that somebody was faster is answered as a failed precondition."""
    try:
        return work()
    except Conflict as conflict:
        if any(each.code == "cell_changed" for each in conflict.findings):
            raise PreconditionFailed(conflict.findings) from conflict
        raise


def _once(request: HttpRequest, response: HttpResponse, key: str, content: list[Any], work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    digest = hashlib.sha256(json.dumps(["oversight", *content], cls=DjangoJSONEncoder, sort_keys=True).encode()).hexdigest()
    answer = once(request.user, key, digest, work)
    if "version" in answer:
        response.headers["ETag"] = f'"{answer["version"]}"'
    return answer
