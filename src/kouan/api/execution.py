"""``/oversight/projects`` and ``/oversight/targets``: how the plan is carried out, for programs.

A project's ETag is its version (0: nothing on record); what changes it names what it saw (``If-Match``) and carries
``Idempotency-Key``. Reports are added by quarter, and confirmed or returned by a second person.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router

from kouan.accounts.action import allows, refuse
from kouan.api.errors import PreconditionFailed
from kouan.api.execution_shapes import (
    ActualIn,
    DifferencePage,
    FundingIn,
    MilestoneChange,
    MilestoneIn,
    ProjectIn,
    ProjectInFull,
    ProjectPage,
    QuarterIn,
    ReportDecisionIn,
    TargetOut,
    TargetPage,
)
from kouan.api.idempotency import once
from kouan.api.paging import of_rows
from kouan.api.ports import IfMatch, version_of
from kouan.api.reading import AfterNumber, IdempotencyKey, Limit, Number
from kouan.api.shapes import REFUSALS, WRITE_REFUSALS
from kouan.basis import Conflict
from kouan.casework.execution import actions, reports
from kouan.casework.execution.differences import differences
from kouan.casework.execution.proof import Proof
from kouan.casework.execution.queries import board, get_project
from kouan.casework.execution.targets import enter_actual, get_target, target_table
from kouan.casework.execution.telling import difference_told, project_in_full, project_told, target_told
from kouan.desk.matters.actions import documents_by_kind
from kouan.desk.queries import documents_visible_to

router = Router(tags=["规划执行 / Plan execution"])
ProjectCode = Annotated[str, Path(pattern=r"^P(7|8|9|10)-[0-9]{2}$", description="项目编号，如 P7-03 / project, such as P7-03")]
TargetCode = Annotated[str, Path(pattern=r"^T-[0-9]{2}$", description="目标编号，如 T-06 / target, such as T-06")]
KindCode = Annotated[str, Path(pattern=r"^[a-z]{1,12}$",
                               description="资金类别：central、local、enterprise、bond、other / kind of money")]
BoxFilter = Annotated[str, Query(pattern=r"^(7|8|9|10)?$", description="专栏，如 7 / box, such as 7")]
PlaceFilter = Annotated[str, Query(pattern=r"^([0-9]{2})?$", description="地区代码，如 44 / province, such as 44")]
StateFilter = Annotated[str, Query(pattern=r"^[a-z_]{0,16}$", description="状态，如 lagging、blank / state")]


@router.get("/oversight/projects", response={200: ProjectPage, **REFUSALS}, summary="规划项目 / Projects of the plan",
            description="可见范围内专栏7—10的项目：责任单位、计划日期、进度、偏差天数；未填的为空。 / "
                        "The rows of Boxes 7–10 in your scope: office, days, progress, lag in days; null where nothing was entered.")
def list_projects(request: HttpRequest, box: BoxFilter = "", province: PlaceFilter = "", state: StateFilter = "", limit: Limit = 50,
                  after: AfterNumber = "") -> dict[str, Any]:
    """Rows in the order of the plan; the cursor is a running number."""
    _may(request, "oversight.read")
    found = [each for each in board(request.user) if box in ("", each.box) and state in ("", each.standing.state)
             and (not province or province in each.provinces)]
    start = int(after or 0)
    return of_rows([project_told(each) for each in found[start : start + limit]], start + limit if len(found) > start + limit else None)


@router.get("/oversight/projects/{code}", response={200: ProjectInFull, **REFUSALS}, summary="一个项目 / One project",
            description="含节点、资金和各季度报告；应答头 ETag 是其版本。 / With milestones, money and reports; the answer's ETag is its version.")
def one_project(request: HttpRequest, code: ProjectCode, response: HttpResponse) -> dict[str, Any]:
    """One row."""
    _may(request, "oversight.read")
    said = project_in_full(get_project(request.user, code))
    response.headers["ETag"] = f'"{said["version"]}"'
    return said


@router.put("/oversight/projects/{code}", response={200: ProjectInFull, **WRITE_REFUSALS}, summary="登记责任单位和计划日期 / Set office and days",
            description="owner 为空即“未明确责任单位”。须附 If-Match 和 Idempotency-Key。 / "
                        "An empty owner says that none is stated. Needs If-Match and Idempotency-Key.")
def put_project(request: HttpRequest, code: ProjectCode, body: ProjectIn, response: HttpResponse, if_match: IfMatch,
                idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Set office and days."""
    return _change(request, response, idempotency_key, code, ["put_project", body.dict()],
                   lambda known: actions.set_project(**known, **body.dict()), if_match)


@router.post("/oversight/projects/{code}/milestones", response={200: ProjectInFull, **WRITE_REFUSALS}, summary="增加节点 / Add a milestone",
             description="须附 If-Match 和 Idempotency-Key。 / Needs If-Match and Idempotency-Key.")
def post_milestone(request: HttpRequest, code: ProjectCode, body: MilestoneIn, response: HttpResponse, if_match: IfMatch,
                   idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Add a milestone."""
    return _change(request, response, idempotency_key, code, ["post_milestone", body.dict()],
                   lambda known: actions.add_milestone(**known, **body.dict()), if_match)


@router.put("/oversight/projects/{code}/milestones/{number}", response={200: ProjectInFull, **WRITE_REFUSALS},
            summary="节点完成或改期 / A milestone reached or planned anew",
            description="完成须附证明材料的引用名；首次计划日期不变，偏差按它计算。须附 If-Match 和 Idempotency-Key。 / "
                        "Reached on a recorded paper; the day first planned stays and is what a lag is measured from. "
                        "Needs If-Match and Idempotency-Key.")
def put_milestone(request: HttpRequest, code: ProjectCode, number: Number, body: MilestoneChange, response: HttpResponse, if_match: IfMatch,
                  idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Reach or replan a milestone."""
    def deed(known: dict[str, Any]) -> None:
        actions.set_milestone(**known, milestone=number, planned_on=body.planned_on, actual_on=body.actual_on, reason=body.reason,
                              proof=_proof(request, body.evidence))

    return _change(request, response, idempotency_key, code, ["put_milestone", number, body.dict()], deed, if_match)


@router.put("/oversight/projects/{code}/funding/{kind}", response={200: ProjectInFull, **WRITE_REFUSALS}, summary="填写资金 / Enter money",
            description="万元，至多两位小数；空为“未填”，0 为没有。三项都按所填为准。须附 If-Match 和 Idempotency-Key。 / "
                        "In 万元 (10,000 yuan), two decimals; null is not filled in, 0 is none. All three are as sent. "
                        "Needs If-Match and Idempotency-Key.")
def put_funding(request: HttpRequest, code: ProjectCode, kind: KindCode, body: FundingIn, response: HttpResponse, if_match: IfMatch,
                idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Enter money of one kind."""
    def deed(known: dict[str, Any]) -> None:
        actions.set_funding(**known, kind=kind, planned=_number(body.planned), arranged=_number(body.arranged), paid=_number(body.paid),
            note=body.note)

    return _change(request, response, idempotency_key, code, ["put_funding", kind, body.dict()], deed, if_match)


@router.post("/oversight/projects/{code}/reports", response={200: ProjectInFull, **WRITE_REFUSALS}, summary="报告季度进展 / Report a quarter",
             description="由责任单位报告，另一人确认后才计入；已确认的再报即为更正。须附 Idempotency-Key。 / "
                         "By the office in charge; it counts once another person has confirmed it. Again after that, it is a correction. "
                         "Needs Idempotency-Key.")
def post_report(request: HttpRequest, code: ProjectCode, body: QuarterIn, response: HttpResponse,
                idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Report a quarter."""
    def deed(known: dict[str, Any]) -> None:
        reports.file_report(**known, **body.dict(exclude={"evidence"}), proof=_proof(request, body.evidence))

    return _change(request, response, idempotency_key, code, ["post_report", body.dict()], deed)


@router.post("/oversight/projects/{code}/reports/{number}/decision", response={200: ProjectInFull, **WRITE_REFUSALS},
             summary="确认或退回季度进展 / Confirm or return a report",
             description="报告人不能确认自己的报告。须附 Idempotency-Key。 / Never by who reported. Needs Idempotency-Key.")
def post_decision(request: HttpRequest, code: ProjectCode, number: Number, body: ReportDecisionIn, response: HttpResponse,
                  idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Confirm or return a report."""
    return _change(request, response, idempotency_key, code, ["post_decision", number, body.dict()],
                   lambda known: reports.decide_report(**known, report=number, **body.dict()), permission="execution.confirm")


@router.get("/oversight/targets", response={200: TargetPage, **REFUSALS}, summary="规划目标 / Targets of the plan",
            description="27项目标及逐年完成情况；revision 为 0 的年度未报。 / The 27 targets, year by year; revision 0 is not reported.")
def list_targets(request: HttpRequest, limit: Limit = 50, after: AfterNumber = "") -> dict[str, Any]:
    """Targets; the cursor is a running number."""
    _may(request, "oversight.read")
    found, start = target_table(request.user), int(after or 0)
    return of_rows([target_told(each) for each in found[start : start + limit]], start + limit if len(found) > start + limit else None)


@router.post("/oversight/targets/{code}/actuals", response={200: TargetOut, **WRITE_REFUSALS}, summary="登记年度完成情况 / Enter a year of a target",
             description="国家口岸办登记，须写来源；revision 填所见的版次，已登记的再登记即为更正。须附 Idempotency-Key。 / "
                         "For the national office, with its source; revision is the one you saw, and an entry after another is a correction. "
                         "Needs Idempotency-Key.")
def post_actual(request: HttpRequest, code: TargetCode, body: ActualIn, response: HttpResponse,
                idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Enter what was reached of a target in a year."""
    _may(request, "execution.targets")

    def work() -> dict[str, Any]:
        enter_actual(actor=request.user, target=code, **body.dict(exclude={"document", "value"}), value=_number(body.value),
                     document=_proof(request, body.document).document)
        return target_told(get_target(request.user, code))

    return once(request.user, idempotency_key, _digest(["post_actual", code, body.dict()]), work)


@router.get("/oversight/differences", response={200: DifferencePage, **REFUSALS}, summary="正文与专栏的差异 / Where text and boxes differ",
            description="A-20、A-21：以专栏为准，只作提示。 / A-20, A-21: the boxes stand; these are remarks.")
def list_differences(request: HttpRequest) -> dict[str, Any]:
    """Differences."""
    _may(request, "oversight.read")
    return of_rows([difference_told(each) for each in differences()])


def _may(request: HttpRequest, permission: str) -> None:
    # Asked before a key is looked up: a kept answer must not outlive the right to it.
    if not allows(request.user, permission):
        raise refuse(request.user, permission, "api.execution")


def _number(said: str | None) -> Decimal | None:
    return None if said is None else Decimal(said)


def _proof(request: HttpRequest, reference: str) -> Proof:
    wanted = {"evidence": reference} if reference else {}
    papers = documents_by_kind(request.user, wanted, documents_visible_to(request.user).filter(reference__in=wanted.values()))
    return Proof(document=papers.get("evidence"))


def _change(request: HttpRequest, response: HttpResponse, key: str, code: str, content: list[Any], deed: Callable[[dict[str, Any]], Any],
            if_match: str | None = None, *, permission: str = "execution.enter") -> dict[str, Any]:
    """Do one thing to a row in scope and answer the row; a version that is no longer the row's is 412."""
    _may(request, permission)
    get_project(request.user, code)
    known: dict[str, Any] = {"actor": request.user, "project": code}

    def work() -> dict[str, Any]:
        try:
            deed(known if if_match is None else {**known, "version": version_of(if_match)})
        except Conflict as conflict:
            if any(each.code == "project_changed" for each in conflict.findings):
                raise PreconditionFailed(conflict.findings) from conflict
            raise
        return project_in_full(get_project(request.user, code))

    answer = once(request.user, key, _digest([code, *content]), work)
    response.headers["ETag"] = f'"{answer["version"]}"'
    return answer


def _digest(content: list[Any]) -> str:
    return hashlib.sha256(json.dumps(["execution", *content], cls=DjangoJSONEncoder, sort_keys=True).encode()).hexdigest()
