"""``/times``: time release studies and clearance-time notices in scope, for programs. Reading only: people make and confirm them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from kouan.accounts.action import allows, refuse
from kouan.api.paging import page
from kouan.api.reading import AfterNumber, Limit, Number
from kouan.api.shapes import REFUSALS, Page
from kouan.casework.oversight.queries import get_notice, notices_visible_to
from kouan.casework.oversight.telling import notice_told
from kouan.monitoring.studies import queries

router = Router(tags=["放行时间 / Release times"])


class StudiedPort(Schema):
    """A port at which a study measures."""

    code: str
    name: str


class StudyRow(Schema):
    """A study without its figures. ``figures_sha256`` is over the frozen figures and cases, ``events_sha256`` over the events read."""

    id: int
    title: str
    purpose: str
    team: str
    office: str
    whole: str
    direction: str
    mode: str
    case_kind: str
    ports: list[StudiedPort]
    first_day: date
    last_day: date
    extent: str
    sample_size: int | None
    seed: int | None
    state: str
    version: int
    events_sha256: str
    events_read: int
    figures_sha256: str
    measured_at: datetime | None
    drafted_at: datetime
    confirmed_at: datetime | None


class StudyRemark(Schema):
    """What an officer said of a case."""

    case_id: str
    words: str
    said_at: datetime


class StudyOut(StudyRow):
    """A study with its figures (docs/time-release-study.md says what each is); none before it was measured."""

    figures: dict[str, Any] | None
    remarks: list[StudyRemark]


class StudyPage(Page):
    items: list[StudyRow]


class StudyComparedOut(Schema):
    """Two studies: the earlier, the later, the change of the whole and of each segment, in µs, with intervals."""

    before: int
    after: int
    sentence: dict[str, str]
    whole: dict[str, Any]
    segments: list[dict[str, Any]]


def _may(request: HttpRequest, verb: str) -> None:
    if not allows(request.user, "events.read"):
        raise refuse(request.user, "events.read", verb)


@router.get("/times/studies", response={200: StudyPage, **REFUSALS}, summary="放行时间研究 / Time release studies in scope", description=(
    "新的在前；国家口岸办见全部，其他单位见本单位的，以及口岸均在其范围内、已确认的。 / Newest first; the national office sees all, others "
    "their own and confirmed ones all of whose ports are in their scope."))
def list_studies(request: HttpRequest, limit: Limit = 50, after: AfterNumber = "") -> dict[str, Any]:
    """The caller's studies, newest first."""
    _may(request, "api.list_studies")
    found = queries.studies_visible_to(request.user).defer("cases")
    return page(found, key="-id", limit=limit, after=after, show=queries.told)


@router.get("/times/studies/{number}", response={200: StudyOut, **REFUSALS}, summary="一项研究及其结果 / One study with its figures",
            description="看不到的研究与不存在的同样答复 404。 / A study out of scope answers 404 as one that is not there.")
def one_study(request: HttpRequest, number: Number) -> dict[str, Any]:
    """A study in scope."""
    _may(request, "api.one_study")
    return queries.told(queries.get_study(request.user, number))


@router.get("/times/studies/{number}/compared-with/{before}", response={200: StudyComparedOut, **REFUSALS},
            summary="两项研究比较 / Two studies compared",
            description="所测时间和方向相同的两项已计算的研究。 / Two measured studies of the same time and direction.")
def compared(request: HttpRequest, number: Number, before: Number) -> dict[str, Any]:
    """The later study against an earlier one."""
    _may(request, "api.compare_studies")
    found = queries.compare_studies(request.user, before, number)
    return {"before": before, "after": number, "sentence": found.sentence().as_dict(), "whole": found.whole.as_dict(),
            "segments": [{"segment": list(key), **each.as_dict()} for key, each in found.segments]}


class NoticeRow(Schema):
    """A clearance-time notice without its figures. ``circular``: the circular that carries it, whose state is ``state``."""

    id: int
    province: str
    month: str
    circular: int
    state: str
    number: str
    issued_on: date | None
    is_provisional: bool
    figures_sha256: str
    drafted_at: datetime


class NoticeOut(NoticeRow):
    """A notice with its figures: ``rows`` by port (empty: the whole province) and direction (docs/time-release-study.md)."""

    figures: dict[str, Any]


class NoticePage(Page):
    items: list[NoticeRow]


@router.get("/times/notices", response={200: NoticePage, **REFUSALS}, summary="整体通关时间通报 / Clearance-time notices", description=(
    "新的在前；国家口岸办见全部，其他单位见已印发给本单位的。 / Newest first; the national office sees all, others those issued to them."))
def list_notices(request: HttpRequest, limit: Limit = 50, after: AfterNumber = "") -> dict[str, Any]:
    """The caller's notices, newest first."""
    _may(request, "api.list_notices")
    return page(notices_visible_to(request.user), key="-id", limit=limit, after=after, show=notice_told)


@router.get("/times/notices/{number}", response={200: NoticeOut, **REFUSALS}, summary="一份通报及其数字 / One notice with its figures",
            description="看不到的通报与不存在的同样答复 404。 / A notice out of sight answers 404 as one that is not there.")
def one_notice(request: HttpRequest, number: Number) -> dict[str, Any]:
    """A notice in sight."""
    _may(request, "api.one_notice")
    return notice_told(get_notice(request.user, number))
