"""``/bottlenecks`` and ``/conferences``: issues of enterprises and joint conferences for programs.

Steps of offices go through ``/matters/{number}/steps``; here is what a matter does not tell, and what an enterprise does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from kouan.accounts.action import allows, refuse
from kouan.accounts.models import Role
from kouan.api.idempotency import once
from kouan.api.matter_shapes import Both
from kouan.api.paging import of_rows, page
from kouan.api.reading import AfterNumber, IdempotencyKey, Limit, Number, PlainText, PortCodeText, PortFilter
from kouan.api.shapes import REFUSALS, WRITE_REFUSALS, Page
from kouan.casework.bottlenecks import actions, queries
from kouan.casework.bottlenecks.actions import NewIssue
from kouan.casework.conference import queries as conferences

router = Router(tags=["协同 / Collaboration"])
Code = Annotated[str, Field(pattern=r"^[a-z_]{1,24}$")]
Long = Annotated[PlainText, Field(max_length=4000)]


class AnswerOut(Schema):
    """An answer of an office, with the titles of its evidence."""

    office: str
    on: date
    answer: str
    measures: str
    papers: list[str]


class IssueOut(Schema):
    """An issue as one reader may know it: null where the enterprise stays unnamed."""

    id: int
    matter: int
    origin: str
    port: str
    port_name: str
    stage: str
    kind: str
    level: str
    state: str
    state_label: Both
    facts: str
    wanted: str
    is_anonymous: bool
    enterprise: str | None
    contact_name: str | None
    contact_phone: str | None
    handler: str
    routed_by: str
    why: Both
    indicator: str | None
    score: str | None
    evidence: str | None
    lead: int | None
    is_joined: bool
    submitted_on: date
    answered_on: date | None
    is_reopened: bool
    satisfaction: str | None
    version: int
    answers: list[AnswerOut]


class IssuePage(Page):
    items: list[IssueOut]


class IssueIn(Schema):
    """What an enterprise reports; files are added on the page."""

    port: PortCodeText = Field(description="所涉口岸代码 / port that it is about")
    stage: Code = Field(description="环节代码，如 inspection / stage, such as inspection")
    kind: Code = Field(description="类别代码，如 time、cost / kind, such as time, cost")
    level: Code = Field("port", description="影响范围：port、province、nation / how far it reaches: port, province, nation")
    facts: Long = Field(description="事实：何时、何处、遇到什么 / what happened: when, where, what")
    wanted: Annotated[PlainText, Field(max_length=1000)] = Field("", description="期望结果 / what is wanted")
    about: Annotated[str, Field(pattern=r"^[-A-Za-z0-9_]{0,64}$")] = Field("", description="所涉单位代码 / code of the office concerned")
    is_anonymous: bool = Field(False, description="对所涉单位匿名 / unnamed to the office concerned")
    contact_name: Annotated[PlainText, Field(max_length=64)] = Field("", description="联系人 / contact")
    contact_phone: Annotated[PlainText, Field(max_length=32)] = Field("", description="联系电话 / phone")


class RatingIn(Schema):
    """A rating that closes the issue."""

    satisfaction: Literal["satisfied", "fair", "dissatisfied"] = Field(description="评价 / rating")
    comment: Annotated[PlainText, Field(max_length=1000)] = Field("", description="说明 / comment")


class ObjectionIn(Schema):
    """Why the enterprise does not accept the answer."""

    objection: Annotated[PlainText, Field(min_length=1, max_length=2000)] = Field(description="不认可的理由 / why the answer is not accepted")


class GroupOut(Schema):
    """Figures of one group; null where fewer than three would show."""

    dimension: str
    code: str
    label: Both
    count: int
    answered: int | None
    median_days: float | None
    reopened: int | None
    rated: int | None
    satisfied: int | None


class GroupList(Page):
    items: list[GroupOut]


class ConferenceSummary(Schema):
    """A conference as a line of a list."""

    id: int
    level: str
    province: str | None
    title: str
    held_on: date
    place: str
    secretary: str
    state: str
    state_label: Both
    version: int


class ConferenceMemberOut(Schema):
    """A member, and whether it has said that it has the agenda."""

    name: str
    has_received: bool
    attendee: str | None


class ReasonOut(Both):
    """Why a case is on the agenda."""

    code: str


class ActionOut(Schema):
    """An action item, and whether it is closed."""

    what: str
    owner: str
    due_on: date
    matter: int | None
    is_closed: bool


class ItemOut(Schema):
    """An item; its minutes are null until confirmed, but to the secretary's office. ``case`` null: none that the caller may see."""

    id: int
    number: int
    title: str
    case: int | None
    reasons: list[ReasonOut]
    note: str
    decision: str | None
    dissent: str | None
    words: str | None
    actions: list[ActionOut]


class CorrigendumOut(Schema):
    """What confirmed minutes should say instead."""

    words: str
    confirmed_at: datetime


class ConferenceOut(ConferenceSummary):
    """Everything of a conference that the caller may know."""

    matter: int
    chair: str
    minutes_number: str | None
    members: list[ConferenceMemberOut]
    items: list[ItemOut]
    followed_up: list[ActionOut]
    corrigenda: list[CorrigendumOut]


class ConferencePage(Page):
    items: list[ConferenceSummary]


@router.get("/bottlenecks", response={200: IssuePage, **REFUSALS}, summary="诉求列表 / Issues in scope", description=(
    "企业只见自己的，查验机构只见交其办理的，省市口岸办见本地的。 / An enterprise sees its own, an agency those given to it, a province and a "
    "city those of their ports."))
def list_issues(
    request: HttpRequest, kind: Annotated[str, Query(pattern=r"^[a-z_]{0,24}$", description="类别代码 / kind")] = "", port: PortFilter = "",
    running: Annotated[bool | None, Query(description="true 办理中，false 已办结 / true: under way, false: ended")] = None,
    limit: Limit = 50, after: AfterNumber = "",
) -> dict[str, Any]:
    """The caller's issues, newest first."""
    _may(request, "issues.read")
    found = queries.issues_visible_to(request.user)
    for name, value in (("kind", kind), ("port__code", port)):
        if value:
            found = found.filter(**{name: value})
    if running is not None:
        found = found.filter(matter__ended_at__isnull=running)
    return page(found, key="-id", limit=limit, after=after, show=lambda each: queries.told(each, request.user))


@router.get("/bottlenecks/statistics", response={200: GroupList, **REFUSALS}, summary="堵点难点统计 / Figures on bottlenecks", description=(
    "public=true 或企业用户：只给可公布的分组（不少于3件）。 / With public=true, and to enterprises: only what may be published."))
def figures(
    request: HttpRequest, public: Annotated[bool, Query(description="只给可公布的 / only what may be published")] = False,
) -> dict[str, Any]:
    """Figures by port, kind and office."""
    _may(request, "issues.read")
    user: Any = request.user
    is_public = public or user.role == Role.ENTERPRISE_USER
    groups = queries.public_statistics() if is_public else queries.statistics(queries.issues_visible_to(user))
    return of_rows([asdict(each) for each in groups[:1000]])


@router.get("/bottlenecks/{number}", response={200: IssueOut, **REFUSALS}, summary="一件诉求 / One issue",
            description="内容、送往何处及理由、答复。他人的诉求与不存在的同样答复 404，并留痕。 / What was said, where it went and why, the answers.")
def one_issue(request: HttpRequest, number: Number, response: HttpResponse) -> dict[str, Any]:
    """An issue in scope."""
    _may(request, "issues.read")
    told = queries.told(queries.get_issue(request.user, number), request.user)
    response.headers["ETag"] = f'"{told["version"]}"'
    return told


@router.post("/bottlenecks", response={200: IssueOut, **WRITE_REFUSALS}, summary="提交诉求 / Report an issue",
             description="只限企业用户。须附 Idempotency-Key。 / Enterprises only. Needs Idempotency-Key.")
def submit(request: HttpRequest, body: IssueIn, response: HttpResponse, idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Report an issue."""
    _may(request, "issues.submit")
    user: Any = request.user
    return _once(request, response, idempotency_key, "submit", body,
                 lambda: queries.told(queries.get_issue(user, actions.submit_issue(actor=user, said=NewIssue(**body.dict())).pk), user))


@router.post("/bottlenecks/{number}/rating", response={200: IssueOut, **WRITE_REFUSALS}, summary="评价答复 / Rate the answer",
             description="只限提交诉求的企业；诉求办结。须附 Idempotency-Key。 / The enterprise only; the issue closes. Needs Idempotency-Key.")
def rate(request: HttpRequest, number: Number, body: RatingIn, response: HttpResponse, idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Rate the answer."""
    _may(request, "issues.submit")
    user: Any = request.user

    def work() -> dict[str, Any]:
        actions.rate_issue(actor=user, issue=number, satisfaction=body.satisfaction, comment=body.comment)
        return queries.told(queries.get_issue(user, number), user)

    return _once(request, response, idempotency_key, f"rate {number}", body, work)


@router.post("/bottlenecks/{number}/objection", response={200: IssueOut, **WRITE_REFUSALS}, summary="不认可答复 / Object to the answer",
             description="只限提交诉求的企业，一次；由上级审看。须附 Idempotency-Key。 / The enterprise only, once; a superior looks. "
                         "Needs Idempotency-Key.")
def object_to(request: HttpRequest, number: Number, body: ObjectionIn, response: HttpResponse, idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Object to the answer."""
    _may(request, "issues.submit")
    user: Any = request.user

    def work() -> dict[str, Any]:
        actions.object_to_answer(actor=user, issue=number, objection=body.objection)
        return queries.told(queries.get_issue(user, number), user)

    return _once(request, response, idempotency_key, f"object {number}", body, work)


@router.get("/conferences", response={200: ConferencePage, **REFUSALS}, summary="联席会议列表 / Conferences in scope",
            description="本单位召集的，和送达议程的成员单位可见的。 / Those of one's own office, and those whose agenda one was sent.")
def list_conferences(request: HttpRequest, limit: Limit = 50, after: AfterNumber = "") -> dict[str, Any]:
    """Conferences that the caller may see, newest first."""
    _may(request, "matters.read")
    return page(conferences.conferences_visible_to(request.user), key="-id", limit=limit, after=after, show=conferences.summary_of)


@router.get("/conferences/{number}", response={200: ConferenceOut, **REFUSALS}, summary="一次联席会议 / One conference",
            description="议程、回执、议定意见、议定事项落实情况。步骤经 /matters 办理。 / Agenda, receipts, decisions, action "
                        "items. Steps go through /matters.")
def one_conference(request: HttpRequest, number: Number, response: HttpResponse) -> dict[str, Any]:
    """A conference in scope."""
    _may(request, "matters.read")
    told = conferences.told(conferences.get_conference(request.user, number), request.user)
    response.headers["ETag"] = f'"{told["version"]}"'
    return told


def _may(request: HttpRequest, permission: str) -> None:
    # Asked before the key is looked up: a kept answer must not outlive the right to it.
    if not allows(request.user, permission):
        raise refuse(request.user, permission, "api.collaboration")


def _once(request: HttpRequest, response: HttpResponse, key: str, deed: str, body: Schema, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    content = json.dumps(["bottlenecks", deed, body.dict()], cls=DjangoJSONEncoder, sort_keys=True)
    answer = once(request.user, key, hashlib.sha256(content.encode()).hexdigest(), work)
    response.headers["ETag"] = f'"{answer["version"]}"'
    return answer
