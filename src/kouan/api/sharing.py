"""``/data-sets``, ``/grants``: the catalogue, the loop of grants, what was read through them, and reading itself."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Router, Schema
from pydantic import Field

from kouan.accounts.action import allows, refuse
from kouan.api.matter_shapes import Both
from kouan.api.observations import observation_dict
from kouan.api.paging import of_rows, page
from kouan.api.reading import CODE, AfterNumber, Limit, MeasureFilter, Number, PlainText, ShortText
from kouan.api.shapes import REFUSALS, WRITE_REFUSALS, ObservationPage, Page, Reason
from kouan.basis import NotFound, Refused
from kouan.collection.queries import observations_visible_to
from kouan.collection.visibility import ROOM as FIGURES
from kouan.collection.visibility import granted_filter, granted_months
from kouan.desk.sharing import actions, queries, rooms
from kouan.desk.sharing.coverage import Coverage
from kouan.desk.sharing.coverage import read as read_coverage
from kouan.desk.sharing.models import Classification, DataGrant, DataSet, DataSetState, GrantRead, Sensitivity
from kouan.desk.sharing.reach import Reach
from kouan.ports.sharing import shared_rows

router = Router(tags=["数据共享 / Sharing"])
SetCode = Annotated[str, Path(pattern=CODE, description="数据集代码 / data set by code")]


class CoverageOut(Schema):
    """What is covered or granted; empty lists: no limit."""

    fields: list[str]
    provinces: list[str]
    ports: list[str]
    since: date | None
    until: date | None
    subject_kind: str


class DataSetOut(Schema):
    """An entry of the catalogue."""

    code: str
    name: Both
    owner: str | None
    owner_name: str | None
    classification: str
    classification_label: str
    sensitivity: str
    sensitivity_label: str
    definition: Both
    room: str
    coverage: CoverageOut
    cadence: str
    state: str


class QualityOut(Schema):
    """Worked out when asked. ``completeness``: 0–1; ``lag_days``: median days from the end of a period to its intake."""

    rows: int
    subjects: int
    completeness: float | None
    last_period: str
    lag_days: float | None
    findings_open: int


class DataSetWithQuality(DataSetOut):
    quality: QualityOut | None


class DataSetPage(Page):
    items: list[DataSetOut]


class GrantOut(Schema):
    """A grant; ``reach`` is what is granted, what was asked while nothing is decided."""

    id: int
    matter: int
    data_set: str
    grantee: str
    purpose: str
    asked: CoverageOut
    reach: CoverageOut
    starts_on: date
    ends_on: date
    state: str
    state_label: str
    requested_at: datetime
    decided_at: datetime | None
    ended_at: datetime | None
    reason: str


class GrantPage(Page):
    items: list[GrantOut]


class ReadOut(Schema):
    """A request that read through a grant."""

    id: int
    grant: int
    data_set: str
    at: datetime
    user: str
    organisation: str
    purpose: str
    door: str
    rows: int
    fields: list[str]
    subjects: list[str]


class ReadPage(Page):
    items: list[ReadOut]


class RegisterRows(Page):
    items: list[dict[str, Any]]


Codes = Annotated[PlainText, Field(max_length=4_000)]


class GrantIn(Schema):
    """A request. Codes by commas; months as 2024-01; what is left out is as in the data set."""

    data_set: ShortText = Field(description="数据集代码 / code of the data set")
    purpose: Reason = Field(description="用途；没有用途不予受理 / the purpose; refused without one")
    ends_on: date = Field(description="截止日期 / last day")
    starts_on: date | None = Field(None, description="起始日期，不填为即日 / first day; today if left out")
    fields: Codes = Field("", description="指标代码，逗号分隔 / codes of measures, by commas")
    provinces: Codes = Field("", description="省级区划代码，逗号分隔 / codes of provinces, by commas")
    ports: Codes = Field("", description="口岸代码，逗号分隔 / codes of ports, by commas")
    since: ShortText = Field("", description="自何月，如2024-01 / from which month, such as 2024-01")
    until: ShortText = Field("", description="至何月 / to which month")


class DeedIn(Schema):
    """A step: the owner's approve, narrow, refuse, revoke; the user's take_back, give_up. Narrowing: what is left out stays as asked."""

    deed: ShortText = Field(description="步骤 / the step")
    reason: Reason = Field(description="理由 / the reason")
    fields: Codes = Field("", description="指标代码，逗号分隔 / codes of measures, by commas")
    provinces: Codes = Field("", description="省级区划代码，逗号分隔 / codes of provinces, by commas")
    ports: Codes = Field("", description="口岸代码，逗号分隔 / codes of ports, by commas")
    since: ShortText = Field("", description="自何月，如2024-01 / from which month, such as 2024-01")
    until: ShortText = Field("", description="至何月 / to which month")
    term_end: ShortText = Field("", description="缩短后的截止日期 / the shortened last day")


def _may(request: HttpRequest, permission: str) -> None:
    if not allows(request.user, permission):
        raise refuse(request.user, permission, "api.sharing")


def _set_told(each: DataSet) -> dict[str, Any]:
    return {
        "code": each.code, "name": each.name.as_dict(), "owner": each.owner.code if each.owner else None,
        "owner_name": each.owner.name_zh if each.owner else None, "classification": each.classification,
        "classification_label": Classification(each.classification).label if each.classification else "",
        "sensitivity": each.sensitivity, "sensitivity_label": Sensitivity(each.sensitivity).label if each.sensitivity else "",
        "definition": {"zh": each.definition_zh, "en": each.definition_en or each.definition_zh}, "room": each.room,
        "coverage": each.covers.as_stored(), "cadence": each.cadence, "state": each.state,
    }


def _grant_told(each: DataGrant) -> dict[str, Any]:
    state = each.state_today
    return {
        "id": each.pk, "matter": each.matter_id, "data_set": each.data_set.code, "grantee": each.grantee.code, "purpose": each.purpose,
        "asked": Coverage.of(each.asked).as_stored(), "reach": each.may_read.as_stored(), "starts_on": each.starts_on, "ends_on": each.ends_on,
        "state": state.value, "state_label": str(state.label), "requested_at": each.requested_at, "decided_at": each.decided_at,
        "ended_at": each.ended_at, "reason": each.reason,
    }


def _read_told(each: GrantRead) -> dict[str, Any]:
    return {
        "id": each.pk, "grant": each.grant_id, "data_set": each.grant.data_set.code, "at": each.at, "user": each.user.display_name,
        "organisation": each.user.organisation.code, "purpose": each.purpose, "door": each.door, "rows": each.rows, "fields": each.fields,
        "subjects": each.subjects,
    }


@router.get("/data-sets", response={200: DataSetPage, **REFUSALS}, summary="数据目录 / Catalogue of data sets", description=(
    "按编目次序；已发布的全部在列，草拟的只列本单位的。 / In the order of entry; all published ones, drafts of one's own office only."))
def list_data_sets(request: HttpRequest, limit: Limit = 50, after: AfterNumber = "") -> dict[str, Any]:
    """The catalogue."""
    _may(request, "sharing.read")
    return page(queries.data_sets_visible_to(request.user), key="id", limit=limit, after=after, show=_set_told)


@router.get("/data-sets/{code}", response={200: DataSetWithQuality, **REFUSALS}, summary="一个数据集 / One data set", description=(
    "归口单位、分级、范围和即时计算的质量。 / Owner, class, coverage, and its quality worked out now."))
def one_data_set(request: HttpRequest, code: SetCode) -> dict[str, Any]:
    """An entry with its quality."""
    _may(request, "sharing.read")
    found = queries.get_data_set(request.user, code)
    room = rooms.rooms().get(found.room)
    quality = room.quality(found.covers) if room else None
    return {**_set_told(found), "quality": None if quality is None else {name: getattr(quality, name) for name in QualityOut.model_fields}}


@router.get("/data-sets/{code}/figures", response={200: ObservationPage, **REFUSALS}, summary="数据集中的数据 / Figures of a data set", description=(
    "本单位范围内的，以及授权可读的；每次读取记明用途。两者都没有时答复 404。 / Those in one's own scope and those that a grant shows; each "
    "reading is recorded with its purpose. 404 where there is neither."))
def figures_of_set(
    request: HttpRequest, code: SetCode, limit: Limit = 50, after: AfterNumber = "",
    measure: MeasureFilter = "",
) -> dict[str, Any]:
    """Figures of the data set that the caller may read."""
    _may(request, "figures.read")
    found = queries.get_data_set(request.user, code)
    if found.room != FIGURES or found.state != DataSetState.PUBLISHED:
        raise _nothing()
    reach = Reach(0, found.code, "", found.covers)
    rows = observations_visible_to(request.user).select_related("series").filter(granted_filter(reach, "series__") & granted_months(reach))
    if measure:
        rows = rows.filter(series__measure=measure)
    answer = page(rows, key="id", limit=limit, after=after, show=observation_dict)
    if not answer["items"] and not after:
        raise _nothing()
    return answer


@router.get("/shared-ports", response={200: RegisterRows, **REFUSALS}, summary="授权可读的口岸名录 / Register shown by grants", description=(
    "授权所及、不在本单位范围内的口岸，只含准许的字段。 / Ports beyond one's own scope that grants show, with the granted columns only."))
def shared_register(request: HttpRequest) -> dict[str, Any]:
    """Rows of the register read through grants."""
    _may(request, "sharing.read")
    found = shared_rows(request.user)
    if not found:
        raise _nothing()
    return of_rows(found)


def _nothing() -> Refused:
    return NotFound.because(
        "nothing_shared", "没有您可读的数据：不在本单位范围内，也没有有效授权。",
        "Nothing here that you may read: neither in your scope nor by a grant.",
        remedy=("请在数据目录中申请授权。", "Ask for a grant in the catalogue."))


@router.get("/grants", response={200: GrantPage, **REFUSALS}, summary="数据授权 / Grants", description=(
    "本单位申请的和向本单位申请的，新的在前。 / Those that one's office asked for and those asked of it, newest first."))
def list_grants(request: HttpRequest, limit: Limit = 50, after: AfterNumber = "") -> dict[str, Any]:
    """The caller's grants."""
    _may(request, "sharing.read")
    return page(queries.grants_visible_to(request.user), key="-id", limit=limit, after=after, show=_grant_told)


@router.get("/grants/{number}", response={200: GrantOut, **REFUSALS}, summary="一项授权 / One grant",
            description="他单位之间的与不存在的同样答复 404。 / One between other offices is answered 404 like one that does not exist.")
def one_grant(request: HttpRequest, number: Number) -> dict[str, Any]:
    """A grant."""
    _may(request, "sharing.read")
    return _grant_told(queries.get_grant(request.user, number))


@router.get("/grants/{number}/reads", response={200: ReadPage, **REFUSALS}, summary="谁读了什么 / Who read what", description=(
    "经此授权的每次读取：人、时间、用途、途径、行数、字段和对象。 / Each reading through the grant: who, when, why, by which door, what."))
def reads_of_grant(request: HttpRequest, number: Number, limit: Limit = 50, after: AfterNumber = "") -> dict[str, Any]:
    """Readings through a grant."""
    _may(request, "sharing.read")
    found = queries.get_grant(request.user, number)
    return page(queries.reads_visible_to(request.user).filter(grant=found), key="-id", limit=limit, after=after, show=_read_told)


@router.post("/grants", response={200: GrantOut, **WRITE_REFUSALS}, summary="申请授权 / Ask for a grant", description=(
    "向归口单位申请；没有用途的拒绝。 / Ask the owner; refused without a purpose."))
def ask_for_grant(request: HttpRequest, said: GrantIn) -> dict[str, Any]:
    """A request."""
    coverage = read_coverage(fields=said.fields, provinces=said.provinces, ports=said.ports, since=said.since, until=said.until)
    made = actions.request_grant(actor=request.user, data_set=said.data_set, purpose=said.purpose, coverage=coverage, ends_on=said.ends_on,
                                 starts_on=said.starts_on)
    return _grant_told(queries.get_grant(request.user, made.pk))


@router.post("/grants/{number}/deeds", response={200: GrantOut, **WRITE_REFUSALS}, summary="办理授权 / A step of a grant", description=(
    "归口单位：approve、narrow、refuse、revoke；使用单位：take_back、give_up。收回立即生效。 / The owner's and the user's steps; a "
    "revocation holds from the next request."))
def step_of_grant(request: HttpRequest, number: Number, said: DeedIn) -> dict[str, Any]:
    """A step."""
    narrowed = {name: getattr(said, name) for name in ("fields", "provinces", "ports", "since", "until", "term_end")}
    if said.deed in ("take_back", "give_up"):
        done = actions.end_own_grant(actor=request.user, grant=number, deed=said.deed, reason=said.reason)
    elif said.deed in actions.DEEDS:
        done = actions.decide_grant(actor=request.user, grant=number, deed=said.deed, reason=said.reason, narrowed=narrowed)
    else:
        raise Refused.because("unknown_deed", f"没有“{said.deed[:24]}”这种办理。", f"There is no deed “{said.deed[:24]}”.",
                              remedy=(f"可用：{'、'.join(actions.DEEDS)}。", f"One of: {', '.join(actions.DEEDS)}."))
    return _grant_told(done)
