"""``/returns``: forms, returns in scope with their lines and filings, filing by push, workbooks, review. For programs."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from pathlib import Path as FilePath
from pathlib import PurePath
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Path, Query, Router, Schema
from ninja.files import UploadedFile
from pydantic import BeforeValidator, Field

from kouan.accounts.action import allows, refuse
from kouan.api.idempotency import once
from kouan.api.matter_shapes import Both
from kouan.api.paging import of_rows, page
from kouan.api.reading import (
    AfterCode,
    AfterNumber,
    IdempotencyKey,
    Limit,
    Number,
    PlainText,
    PortCodeText,
    PortFilter,
)
from kouan.api.shapes import REFUSALS, WRITE_REFUSALS, FindingOut, Page
from kouan.collection.returns import actions, forms, queries
from kouan.collection.returns.cells import FOOTER
from kouan.collection.returns.reading import read_upload
from kouan.collection.returns.standing import those_that

router = Router(tags=["统计报送 / Returns"])
FormCode = Annotated[str, Path(pattern=r"^[A-Za-z]{2}-\d{2}$", description="表号，如 KA-02 / form, such as KA-02")]
PERIOD = r"^\d{4}(-(\d{2}|Q[1-4]|H[12]))?$"
ITEM = r"^[a-z0-9_]{1,48}$"


class FormItemOut(Schema):
    """A line of a form: its definition, unit, who provides and verifies it, by what evidence, of which ports it is asked."""

    code: str
    name: Both
    definition: Both
    unit: str
    unit_name: Both
    submitters: list[Both]
    verifier: Both
    cadence: str
    evidence: list[Both]
    measure: str
    direction: str
    group: str
    ports: list[str]


class FormOut(Schema):
    """A form. Without a number of approval it is an administrative return (业务报送) and no statistical survey."""

    code: str
    version: str
    name: Both
    issuer: Both
    approval_number: str | None
    approval: Both
    valid_until: Both
    kind_of_return: Both
    cadence: str
    filed_by: str
    filed_by_name: Both
    zero_report: bool
    valid_from: date
    items: list[FormItemOut]


class FormPage(Page):
    items: list[FormOut]


class ReturnLine(Schema):
    """A return as lists show it. ``marks``: 迟报, 冻结后修订, for ever. ``version`` is what a write says it saw."""

    id: int
    form: str
    form_version: str
    form_name: Both
    port: str
    port_name: str
    province: str
    period: str
    cadence: str
    office: str
    office_name: str
    due_on: date | None
    extended_to: date | None
    freeze_on: date | None
    state: str
    state_name: Both
    marks: list[Both]
    is_zero: bool
    filed_on: date | None
    signed_on: date | None
    version: int
    matter: int | None


class ReturnPage(Page):
    items: list[ReturnLine]


class ReturnLineOut(Schema):
    """A line: the value filed, what is known beside it, the reason given, what the reviewer said."""

    item: str
    name: Both
    unit: str
    value: str | None
    before: str | None
    year_ago: str | None
    counterpart: str | None
    counterpart_name: str | None
    reason: str
    note: str
    place: str
    is_exempt: bool
    reviewer_says: str
    earlier: str | None
    findings: list[FindingOut]


class FilingOut(Schema):
    number: int
    channel: str
    office: str
    by: str | None
    at: datetime
    is_zero: bool
    is_late: bool
    file: str
    sha256: str
    batch: int | None
    notes: dict[str, str]


class FiledReturnOut(ReturnLine):
    """A return with its lines and every filing."""

    lines: list[ReturnLineOut]
    people: dict[str, str]
    filings: list[FilingOut]


class FiledOut(ReturnLine):
    """A return as filed: which filing it was, whether the very same had been filed already, warnings with their reasons."""

    filing: int
    repeated: bool
    findings: list[FindingOut]


class FiledMany(Schema):
    items: list[FiledOut]


def _may(request: HttpRequest, permission: str) -> None:
    if not allows(request.user, permission):
        raise refuse(request.user, permission, "api.returns")


@router.get("/return-forms", response={200: FormPage, **REFUSALS}, summary="报表制度 / Forms", description=(
    "施行中的全部表式：表号、制定机关、批准或备案文号、有效期，各项口径、单位、核实单位、佐证。 / Every form in force, with the definition, unit, "
    "verifier and evidence of each line."))
def list_forms(request: HttpRequest, limit: Limit = 50, after: AfterCode = "") -> dict[str, Any]:
    """The forms in force."""
    _may(request, "returns.read")
    found = [each for each in forms.forms() if each.code.lower() > after]
    return of_rows([each.as_dict() for each in found[:limit]], found[limit - 1].code.lower() if len(found) > limit else None)


@router.get("/return-forms/{code}", response={200: FormOut, **REFUSALS}, summary="一张表 / One form",
    description="一张表及其各项的口径、单位和佐证。 / A form with its lines, their definitions, units and evidence.")
def one_form(request: HttpRequest, code: FormCode) -> dict[str, Any]:
    """One form."""
    _may(request, "returns.read")
    return forms.get(code).as_dict()


@router.get("/returns", response={200: ReturnPage, **REFUSALS}, summary="报表 / Returns in scope", description=(
    "范围内的报表及状态，新登记的在前。state：due、extended、late、filed、returned、signed、zero、exempt。 / Returns in scope with where they stand, "
    "newest first."))
def list_returns(
    request: HttpRequest, port: PortFilter = "",
    form: Annotated[str, Query(pattern=r"^([A-Za-z]{2}-\d{2})?$", description="表号 / form")] = "",
    period: Annotated[str, Query(pattern=rf"^({PERIOD[1:-1]})?$", description="时期，如 2026-10 / period, such as 2026-10")] = "",
    province: Annotated[str, Query(pattern=r"^(\d{2})?$", description="省级代码，如 44 / province, such as 44")] = "",
    state: Annotated[Literal["", "due", "extended", "late", "filed", "returned", "signed", "zero", "exempt"], Query(description="状态 / state")] = "",
    limit: Limit = 50, after: AfterNumber = "",
) -> dict[str, Any]:
    """The caller's returns."""
    _may(request, "returns.read")
    found = queries.returns_visible_to(request.user)
    if port:
        found = found.filter(port__code=port)
    if form:
        found = found.filter(form=form.upper())
    if province:
        found = found.filter(port__province_code=province)
    if period:
        found = found.filter(**_days(period))
    if state:
        found = those_that(found, state)
    return page(found, key="-id", limit=limit, after=after, show=queries.summary_of)


def _days(said: str) -> dict[str, date]:
    from kouan.basis import Finding, Period, Place, Refused

    read = Period.read(said)
    if isinstance(read, Finding):
        raise Refused([read.at(Place(field="period"))])
    return {"period_start": read.start, "period_end": read.end}


@router.get("/returns/{number}", response={200: FiledReturnOut, **REFUSALS}, summary="一张报表 / One return", description=(
    "各项本期、上期、去年同期、对侧数、原因和审核意见，历次报送。他人的与不存在的同样答复 404，并留痕。 / "
    "Its lines beside what is known, and every filing. "
    "Somebody else's answers 404 like one that does not exist."))
def one_return(request: HttpRequest, number: Number, response: HttpResponse) -> dict[str, Any]:
    """A return in scope."""
    _may(request, "returns.read")
    held = actions.get_return(request.user, number)
    response.headers["ETag"] = f'"{held.version}"'
    return queries.told(held)


def _written(value: Any) -> Any:
    # A program sends numbers as numbers; they are read as a person would have written them.
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


class ReturnCellIn(Schema):
    """A line as filed. An empty value is not reported and wants a reason."""

    item: Annotated[str, Field(pattern=ITEM, description="数据项，如 pax_in / item, such as pax_in")]
    value: Annotated[str, BeforeValidator(_written), Field(max_length=60, description="数值，确为零填 0 / the figure; 0 for zero")] = ""
    reason: Annotated[PlainText, Field(max_length=400, description="原因 / reason")] = ""
    note: Annotated[PlainText, Field(max_length=400, description="备注 / note")] = ""


class ReturnIn(Schema):
    """A filled return. ``version``: that of the return as it was seen, so that nobody's work is overwritten; without it the state decides."""

    form: Annotated[str, Field(pattern=r"^[A-Za-z]{2}-\d{2}$", description="表号，如 KA-02 / form, such as KA-02")]
    port: Annotated[PortCodeText, Field(description="口岸代码 / port by code")]
    period: Annotated[str, Field(pattern=PERIOD, description="时期，如 2026-10 / period, such as 2026-10")]
    cells: Annotated[list[ReturnCellIn], Field(max_length=60, description="各项 / the lines")]
    head: Annotated[PlainText, Field(max_length=40, description="单位负责人 / head of the unit")]
    statistician: Annotated[PlainText, Field(max_length=40, description="统计负责人 / in charge of statistics")]
    filler: Annotated[PlainText, Field(max_length=40, description="填表人 / filled in by")]
    reported_on: Annotated[PlainText, Field(max_length=10, description="报出日期，如 2026-11-10 / reported on")]
    is_zero: Annotated[bool, Field(description="零报告 / a zero report")] = False
    reason: Annotated[PlainText, Field(max_length=400, description="已审定报表的修订原因 / why a signed return is filed again")] = ""
    version: Annotated[int | None, Field(ge=1, lt=2**31, description="所见版本 / the version seen")] = None


def _filed(done: actions.Filing) -> dict[str, Any]:
    return queries.summary_of(done.held) | {"filing": done.version.number, "repeated": done.is_repeated,
                                            "findings": [each.as_dict() for each in done.findings]}


@router.post("/returns", response={200: FiledOut, **WRITE_REFUSALS}, summary="报出一张报表 / File a return", description=(
    "与网页、模板同样检查；有错误或未说明的提示则不写入（422），逐项指出。须附 Idempotency-Key，重发得到同一答复。 / "
    "Checked as on the page; with errors, or warnings "
    "without a reason, nothing is written (422) and each is named. Needs Idempotency-Key; sent again it gets the same answer."))
def file_one(request: HttpRequest, body: ReturnIn, response: HttpResponse, idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """File a return."""
    _may(request, "returns.file")
    user: Any = request.user
    said = body.dict()
    digest = hashlib.sha256(json.dumps(["returns", said], sort_keys=True, default=str).encode()).hexdigest()

    def work() -> dict[str, Any]:
        held = actions.owed(actor=user, form=said["form"], port=said["port"], period=said["period"])
        people = {name: said[name] for name in FOOTER}
        filled = actions.filled_from({each["item"]: (each["value"], each["reason"], each["note"]) for each in said["cells"]}, people, said["is_zero"])
        return _filed(actions.file_return(actor=user, number=held.pk, filled=filled, channel="api", version=said["version"], reason=said["reason"]))

    answer = once(user, idempotency_key, digest, work)
    response.headers["ETag"] = f'"{answer["version"]}"'
    return answer


@router.post("/return-workbooks", response={200: FiledMany, **WRITE_REFUSALS}, summary="报出工作簿 / File workbooks", description=(
    "系统模板（.xlsx，可一表多口岸），或含多个模板的 .zip：要么全部写入，要么一点不写，问题逐格说明。须附 Idempotency-Key。 / "
    "The system's template, of one or many "
    "ports, or a .zip of several: all or nothing, each problem at its cell. Needs Idempotency-Key."))
def file_workbooks(
    request: HttpRequest, file: Annotated[UploadedFile, File(description=".xlsx 或 .zip / .xlsx or .zip")], idempotency_key: IdempotencyKey,
    reason: Annotated[str, Form(max_length=400, pattern=r"^[^\x00]*$", description="修订原因 / why a signed return is filed again")] = "",
) -> dict[str, Any]:
    """File workbooks."""
    _may(request, "returns.file")
    user: Any = request.user
    name = PurePath((file.name or "upload").replace("\\", "/")).name[-200:] or "upload"
    with TemporaryDirectory(prefix="kouan-returns-") as folder:
        place = FilePath(folder) / "upload"
        digest = hashlib.sha256(f"returns\0{name}\0{reason}\0".encode())
        with place.open("wb") as copy:
            for chunk in file.chunks():
                digest.update(chunk)
                copy.write(chunk)

        def work() -> dict[str, Any]:
            return {"items": [_filed(each) for each in actions.file_sheets(actor=user, sheets=read_upload(place, name), reason=reason)]}

        return once(user, idempotency_key, digest.hexdigest(), work)


class NoteIn(Schema):
    """What is wrong with one line."""

    item: Annotated[str, Field(pattern=ITEM, description="数据项 / item")]
    words: Annotated[PlainText, Field(min_length=1, max_length=400, description="意见 / note")]


class ReviewIn(Schema):
    """A decision: pass (province), sign (nation), return with notes by item, recall (whoever filed it)."""

    decision: Annotated[Literal["pass", "sign", "return", "recall"], Field(
        description="pass 通过、sign 审定、return 退回、recall 撤回 / pass on, sign off, return, take back")]
    words: Annotated[PlainText, Field(min_length=1, max_length=400, description="意见或退回原因 / opinion, or why it is returned")]
    notes: Annotated[list[NoteIn], Field(max_length=60, description="退回时的逐项意见 / notes at lines, with a return")] = []
    version: Annotated[int, Field(ge=1, lt=2**31, description="所见版本，其间有变则 409 / the version seen; 409 if it changed")]


@router.post("/returns/{number}/review", response={200: ReturnLine, **WRITE_REFUSALS}, summary="审核一张报表 / Review a return", description=(
    "省级通过、国家审定、退回（可逐项说明）、撤回。须附 Idempotency-Key。 / "
    "Pass on, sign off, return with notes at lines, take back. Needs Idempotency-Key."))
def review_one(request: HttpRequest, number: Number, body: ReviewIn, response: HttpResponse, idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Review a return."""
    _may(request, "matters.act")
    user: Any = request.user
    said = body.dict()
    digest = hashlib.sha256(json.dumps(["returns", "review", number, said], sort_keys=True).encode()).hexdigest()
    answer = once(user, idempotency_key, digest, lambda: queries.summary_of(actions.review(
        actor=user, number=number, decision=said["decision"], words=said["words"], version=said["version"],
        notes={each["item"]: each["words"] for each in said["notes"]})))
    response.headers["ETag"] = f'"{answer["version"]}"'
    return answer
