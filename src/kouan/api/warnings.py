"""``/warnings``: early warnings in scope, for programs. Steps go through ``/matters/{number}/steps``."""

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
from kouan.api.reading import AfterNumber, IdempotencyKey, Limit, Number, PlainText, PortCodeText, PortFilter
from kouan.api.shapes import REFUSALS, WRITE_REFUSALS, Page
from kouan.basis import Place, Refused
from kouan.monitoring.warnings import platforms, queries

router = Router(tags=["预警 / Early warnings"])


class TimedStepOut(Schema):
    """A step of a warning, with the hours since the one before."""

    label: Both
    office: str
    at: datetime
    hours_after: float | None


class WarningOut(Schema):
    """One warning: what was seen, at whose desk it lies, how it ended. ``score`` 1 is the threshold."""

    id: int
    matter: int
    port: str
    port_name: str
    origin: str
    detector: str
    measure: str
    direction: str
    first_day: date
    last_day: date
    peak_day: date
    measured: float | None
    low: float | None
    high: float | None
    score: float
    goes: str
    message: Both
    state: str
    state_label: Both
    is_open: bool
    handler: str
    why: Both
    is_joint: bool
    cause: str | None
    cause_label: Both | None
    cause_words: str
    useful_votes: int
    votes: int
    raised_at: datetime
    steps: list[TimedStepOut]


class WarningPage(Page):
    items: list[WarningOut]


def _may(request: HttpRequest) -> None:
    if not allows(request.user, "warnings.read"):
        raise refuse(request.user, "warnings.read", "api.warnings")


@router.get("/warnings", response={200: WarningPage, **REFUSALS}, summary="预警列表 / Early warnings in scope", description=(
    "新的在前；省市口岸办和查验机构只见所辖口岸的，或交其办理、请其答复的。 / Newest first; offices and agencies see those of their ports, and "
    "those in which they were asked."))
def list_warnings(
    request: HttpRequest, port: PortFilter = "",
    detector: Annotated[str, Query(pattern=r"^[a-z_]{0,24}$", description="检测规则，如 seasonal / detector, such as seasonal")] = "",
    running: Annotated[bool | None, Query(description="true 办理中，false 已办结 / true: under way, false: ended")] = None,
    limit: Limit = 50, after: AfterNumber = "",
) -> dict[str, Any]:
    """The caller's warnings, newest first."""
    _may(request)
    found = queries.warnings_visible_to(request.user)
    for name, value in (("port__code", port), ("detector", detector)):
        if value:
            found = found.filter(**{name: value})
    if running is not None:
        found = found.filter(matter__ended_at__isnull=running)
    return page(found, key="-id", limit=limit, after=after, show=queries.told)


@router.get("/warnings/{number}", response={200: WarningOut, **REFUSALS}, summary="一次预警 / One early warning",
            description="实测、常态区间、分送理由、各步骤及用时。他人的预警与不存在的同样答复 404，并留痕。 / What was seen, "
                        "where it went and why, its timed steps.")
def one_warning(request: HttpRequest, number: Number, response: HttpResponse) -> dict[str, Any]:
    """A warning in scope."""
    _may(request)
    found = queries.get_warning(request.user, number)
    response.headers["ETag"] = f'"{found.matter.version}"'
    return queries.told(found)


class MessageIn(Schema):
    """A risk message of a local joint-prevention platform."""

    external_id: Annotated[PlainText, Field(min_length=1, max_length=80, description="平台消息编号 / the platform's own number")]
    kind: Annotated[str, Field(pattern=r"^[a-z_]{1,24}$", description="类别，如 dangerous_goods、crowd / kind, such as dangerous_goods, crowd")]
    level: Annotated[int, Field(ge=1, le=4, description="等级，1最重 / level, 1 the gravest")]
    port: Annotated[PortCodeText, Field(description="口岸代码 / port by code")]
    title: Annotated[PlainText, Field(min_length=1, max_length=120, description="标题 / title")]
    occurred_at: Annotated[str, Field(max_length=40, description="发生时间，带时区 / when it happened, with its time zone",
                                      json_schema_extra={"format": "date-time"})]
    words: Annotated[PlainText, Field(max_length=4000, description="内容 / words")] = ""


class PlatformReceiptOut(Schema):
    """The message's number here, the warning it raised, the offices it reached."""

    id: int
    external_id: str
    platform: str
    warning: int
    matter: int
    received_at: datetime
    reached: list[str]
    version: int


@router.post(
    "/platform-messages", response={200: PlatformReceiptOut, **WRITE_REFUSALS}, summary="平台消息 / A message of a local platform", description=(
    "登记在册的平台发送风险消息，得到所发预警的回执；同一编号重发得到同一回执，内容不同则拒收。须附 Idempotency-Key。 / "
    "A registered platform sends a risk message and is answered with the warning it raised; the same number again gives the same "
    "receipt, another content is refused. Needs Idempotency-Key."))
def take_message(request: HttpRequest, body: MessageIn, response: HttpResponse, idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Take in a message."""
    if not allows(request.user, "platforms.send"):
        raise refuse(request.user, "platforms.send", "api.warnings")
    user: Any = request.user
    said = body.dict()
    digest = hashlib.sha256(json.dumps(["warnings", "message", said], sort_keys=True).encode()).hexdigest()
    message = platforms.NewMessage(**{**said, "occurred_at": _moment(said["occurred_at"])})
    answer = once(user, idempotency_key, digest, lambda: platforms.receipt(platforms.receive_message(actor=user, said=message)))
    response.headers["ETag"] = f'"{answer["version"]}"'
    return answer


def _moment(said: str) -> datetime:
    try:
        return datetime.fromisoformat(said)
    except ValueError:
        raise Refused.because("bad_message", f"“{said[:40]}”不是时间。", f"“{said[:40]}” is no time.", where=Place(field="occurred_at"),
                              remedy=("如 2026-05-01T08:00:00+08:00。", "As 2026-05-01T08:00:00+08:00."))
