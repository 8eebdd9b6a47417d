"""``/warnings``: early warnings in scope, for programs. Steps go through ``/matters/{number}/steps``."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema

from kouan.accounts.action import allows, refuse
from kouan.api.matter_shapes import Both
from kouan.api.paging import page
from kouan.api.reading import AfterNumber, Limit, Number, PortFilter
from kouan.api.shapes import REFUSALS, Page
from kouan.monitoring.warnings import queries

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
