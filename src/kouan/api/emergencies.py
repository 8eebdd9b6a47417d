"""``/emergencies``: events, drills and plans in scope, for programs. Steps go through ``/matters/{number}/steps``."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from kouan.accounts.action import allows, refuse
from kouan.api.idempotency import once
from kouan.api.matter_shapes import Both
from kouan.api.paging import page
from kouan.api.reading import (
    AfterNumber,
    IdempotencyKey,
    Limit,
    Moment,
    Number,
    PlainText,
    PortCodeText,
    PortFilter,
)
from kouan.api.shapes import REFUSALS, WRITE_REFUSALS, Page
from kouan.monitoring.emergencies import actions, queries

router = Router(tags=["突发事件 / Emergencies"])


class EventLine(Schema):
    """One event or drill. ``level`` 1 is the gravest; ``version`` is that of its matter."""

    id: int
    matter: int
    port: str
    port_name: str
    kind: str
    kind_label: Both
    level: int
    level_label: Both
    is_drill: bool
    title: Both
    occurred_at: datetime
    opened_at: datetime
    response_ended_at: datetime | None
    state: str
    state_label: Both
    lead: str
    plan: int | None
    warning: int | None
    version: int


class EmergencyEventPage(Page):
    items: list[EventLine]


class LevelOut(Schema):
    level: int
    reason: str
    changed_at: datetime


class EmergencyTaskOut(Schema):
    """A task: whose it is, who is still awaited, minutes taken since the opening, minutes late."""

    number: int
    matter: int
    words: Both
    desks: list[str]
    offices: list[str]
    awaited: list[str]
    due_at: datetime
    state: str
    state_label: Both
    took_minutes: float | None
    late_minutes: float | None


class MomentOut(Schema):
    """One thing that happened. ``line``: its number in the log, where it is a line of it."""

    at: datetime
    what: Both
    who: str
    sort: str
    minutes_after: float | None
    is_late: bool
    line: int | None
    corrected_by: int | None


class ClosureOut(Schema):
    id: int
    what: str
    decided_by: str
    document_number: str | None
    closed_at: datetime
    reopened_at: datetime | None


class MeasureOut(Schema):
    what: str
    owner: str
    due_on: date
    matter: int | None
    is_closed: bool


class EmergencyEventOut(EventLine):
    """An event with everything that the after-action report rests on."""

    words: str
    superior: str
    summary: str
    lessons: str
    levels: list[LevelOut]
    tasks: list[EmergencyTaskOut]
    timeline: list[MomentOut]
    closures: list[ClosureOut]
    measures: list[MeasureOut]


class EmergencyItemOut(Schema):
    zh: str
    en: str
    desks: list[str]
    minutes: int


class RoleOut(Schema):
    code: str
    zh: str
    en: str


class PlanOut(Schema):
    """A version of a plan. ``port`` empty: for every port of the province without its own."""

    id: int
    matter: int
    port: str | None
    province: str
    kind: str
    kind_label: Both
    number: int
    title: Both
    words: Both
    checklist: list[EmergencyItemOut]
    roles: list[RoleOut]
    state: str
    state_label: Both
    published_at: datetime | None
    next_drill_on: date | None
    version: int


class PlanPage(Page):
    items: list[PlanOut]


def _may(request: HttpRequest, permission: str) -> None:
    if not allows(request.user, permission):
        raise refuse(request.user, permission, "api.emergencies")


@router.get("/emergencies", response={200: EmergencyEventPage, **REFUSALS}, summary="突发事件列表 / Emergencies in scope", description=(
    "新的在前，含演练（is_drill）；只列所辖口岸的，或交本单位办理的。 / Newest first, drills among them (is_drill); those of ports in scope, and "
    "those in which one's office has a task."))
def list_events(
    request: HttpRequest, port: PortFilter = "",
    drill: Annotated[bool | None, Query(description="true 演练，false 突发事件 / true: drills, false: events")] = None,
    running: Annotated[bool | None, Query(description="true 处置中，false 已结束处置 / true: response under way, false: ended")] = None,
    limit: Limit = 50, after: AfterNumber = "",
) -> dict[str, Any]:
    """The caller's events, newest first."""
    _may(request, "emergencies.read")
    found = queries.events_visible_to(request.user)
    if port:
        found = found.filter(port__code=port)
    if drill is not None:
        found = found.filter(is_drill=drill)
    if running is not None:
        found = found.filter(response_ended_at__isnull=running)
    return page(found, key="-id", limit=limit, after=after, show=queries.summary_of)


@router.get("/emergencies/{number}", response={200: EmergencyEventOut, **REFUSALS}, summary="一次突发事件 / One emergency",
            description="任务及用时、经过、关闭、措施。他人的与不存在的同样答复 404，并留痕。 / Tasks with times, what happened, closures, "
                        "measures.")
def one_event(request: HttpRequest, number: Number, response: HttpResponse) -> dict[str, Any]:
    """An event in scope."""
    _may(request, "emergencies.read")
    found = actions.get_event(request.user, number)
    response.headers["ETag"] = f'"{found.matter.version}"'
    return queries.told(found)


@router.get("/emergency-plans", response={200: PlanPage, **REFUSALS}, summary="应急预案 / Emergency plans", description=(
    "各版本，新登记的在前；下次演练日期见 next_drill_on。 / Every version, newest first; next_drill_on is the day of the next drill."))
def list_plans(request: HttpRequest, port: PortFilter = "", limit: Limit = 50, after: AfterNumber = "") -> dict[str, Any]:
    """The caller's plans."""
    _may(request, "emergencies.read")
    found = queries.plans_visible_to(request.user)
    if port:
        found = found.filter(port__code=port)
    return page(found, key="-id", limit=limit, after=after, show=queries.plan_told)


class EventIn(Schema):
    """What is known when an event is opened."""

    port: Annotated[PortCodeText, Field(description="口岸代码 / port by code")]
    kind: Annotated[str, Field(pattern=r"^[a-z_]{1,24}$", description="类别，如 dangerous_goods / kind, such as dangerous_goods")]
    level: Annotated[int, Field(ge=1, le=4, description="等级，1最重 / level, 1 the gravest")]
    title: Annotated[PlainText, Field(min_length=1, max_length=120, description="标题 / title")]
    title_en: Annotated[PlainText, Field(max_length=200, description="标题的英文 / the title in English")] = ""
    occurred_at: Annotated[Moment, Field(description="发生时间，带时区 / when it happened, with its time zone")]
    words: Annotated[PlainText, Field(max_length=4000, description="情况 / what is known")] = ""
    is_drill: Annotated[bool, Field(description="是否演练 / whether it is a drill")] = False
    warning: Annotated[int | None, Field(ge=1, lt=2**63, description="由哪次预警启动 / the warning it comes from")] = None


@router.post("/emergencies", response={200: EventLine, **WRITE_REFUSALS}, summary="启动突发事件 / Open an emergency", description=(
    "启动即激活施行中的预案，任务送到各单位待办。须附 Idempotency-Key，重发得到同一答复。 / Opening activates the plan in force and gives out its "
    "tasks. Needs Idempotency-Key; sent again it gets the same answer."))
def open_one(request: HttpRequest, body: EventIn, response: HttpResponse, idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Open an event or a drill."""
    _may(request, "emergencies.open")
    user: Any = request.user
    said = body.dict()
    digest = hashlib.sha256(json.dumps(["emergencies", "open", said], sort_keys=True, default=str).encode()).hexdigest()
    new = actions.NewEvent(said["port"], said["kind"], said["level"], said["title"], said["occurred_at"], said["words"], said["title_en"],
                           said["is_drill"], said["warning"])
    answer = once(user, idempotency_key, digest, lambda: queries.summary_of(actions.open_event(actor=user, said=new)))
    response.headers["ETag"] = f'"{answer["version"]}"'
    return answer


class LineIn(Schema):
    """A line of the log; ``corrects`` is the number of the line that it puts right."""

    words: Annotated[PlainText, Field(min_length=1, max_length=1000, description="内容 / the line")]
    words_en: Annotated[PlainText, Field(max_length=1000, description="英文 / in English")] = ""
    happened_at: Annotated[Moment | None, Field(description="发生时间，默认现在 / when it happened; now if not given")] = None
    corrects: Annotated[int | None, Field(ge=1, lt=2**63, description="更正第几行 / the line it corrects")] = None


class EmergencyLineOut(Schema):
    """The line as kept."""

    line: int
    event: int
    happened_at: datetime
    recorded_at: datetime


@router.post("/emergencies/{number}/log", response={200: EmergencyLineOut, **WRITE_REFUSALS}, summary="记日志 / Add to the log", description=(
    "日志只增不改，更正另记一行。须附 Idempotency-Key。 / The log is only added to; a correction is another line. Needs Idempotency-Key."))
def add_line(request: HttpRequest, number: Number, body: LineIn, idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Add a line."""
    _may(request, "emergencies.open")
    user: Any = request.user
    said = body.dict()
    digest = hashlib.sha256(json.dumps(["emergencies", "log", number, said], sort_keys=True, default=str).encode()).hexdigest()

    def add() -> dict[str, Any]:
        line = actions.add_log_line(actor=user, event=number, **said)
        return {"line": line.pk, "event": line.event_id, "happened_at": line.happened_at, "recorded_at": line.recorded_at}

    return once(user, idempotency_key, digest, add)
