"""``/events``: milestone events in, up to a thousand a request, answered when they are durable; and out, by case."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from ninja.throttling import BaseThrottle

from kouan.api import errors
from kouan.api.event_shapes import EVENTS_BODY, EventPage, EventSourcePage, EventsOut, HeldEventPage
from kouan.api.paging import of_rows, page
from kouan.api.reading import AfterCode, AfterNumber, Limit
from kouan.api.shapes import REFUSALS, WRITE_REFUSALS, ErrorOut
from kouan.monitoring.journal import shape
from kouan.monitoring.journal.actions import prepare
from kouan.monitoring.journal.columns import iso
from kouan.monitoring.journal.committer import EventsPressed, committer
from kouan.monitoring.journal.models import HeldEvent
from kouan.monitoring.journal.overview import SourceState, source_states
from kouan.monitoring.journal.pressing import press
from kouan.monitoring.journal.queries import (
    event_sources_visible_to,
    events_as_dicts,
    events_of_case,
    held_visible_to,
)

router = Router(tags=["事件 / Events"])
_SOURCE = Annotated[str, Query(pattern=r"^[-a-zA-Z0-9_]{0,64}$", description="来源代码 / source")]
_CASE = Annotated[str, Query(min_length=1, max_length=80, pattern=r"^[^\x00]*$", description="事项编号 / number of the case")]


class _OwnPressure(BaseThrottle):
    """Senders of events are held back by source (journal.committer), not by the number of their requests."""

    def allow_request(self, request: HttpRequest) -> bool:
        return True


@router.post(
    "/events", response={200: EventsOut, **WRITE_REFUSALS, 429: ErrorOut, 503: ErrorOut}, openapi_extra=EVENTS_BODY,
    throttle=[_OwnPressure()], summary="报送事件 / Take in events",
    description="JSON 数组或每行一个 JSON 对象，一次最多 1,000 条。事件写入磁盘后才应答；同一来源、编号和修订号重复发送不会重复记录，"
                "内容不同则暂存。发送过快回答 429 或 503 和 Retry-After，未接收任何事件。 / "
                "A JSON array or one JSON object a line, up to 1,000 events. Answered only when the events are durable; the same "
                "source, event id and revision again records nothing twice, and is held if its content differs. Too fast is "
                "answered 429 or 503 with Retry-After, and nothing of the request is taken.",
)
def take_in(request: HttpRequest, source: _SOURCE = "") -> Any:
    """Take in events; each is accepted, repeated, held or refused, with its reason."""
    queue, sender = committer(), request.user.pk
    try:
        queue.enter(sender)
    except EventsPressed as pressed:
        return _pressed(pressed)
    try:
        prepared = prepare(actor=request.user, read=shape.read(request.body), source=source)
        press(prepared)
        answer = queue.submit(prepared, sender)
    except EventsPressed as pressed:
        return _pressed(pressed)
    finally:
        queue.leave(sender)
    return HttpResponse(msgspec.json.encode(answer.as_dict()), content_type="application/json; charset=utf-8")


def _pressed(pressed: EventsPressed) -> HttpResponse:
    response = errors.answer(pressed.status, *pressed.findings)
    response.headers["Retry-After"] = str(pressed.retry_after)
    return response


@router.get(
    "/events", response={200: EventPage, **REFUSALS}, summary="一个事项的事件 / Events of one case",
    description="一个事项的全部事件和修订，按入库先后。 / Every event of one case, with its revisions, in the order of the journal.",
)
def list_events(request: HttpRequest, case: _CASE, limit: Limit = 50, after: AfterNumber = "") -> dict[str, Any]:
    """The events of one case at ports in scope."""
    found = page(events_of_case(request.user, case), key="id", limit=limit, after=after, show=lambda row: row)
    return {**found, "items": events_as_dicts(found["items"])}


def held_dict(row: HeldEvent) -> dict[str, Any]:
    """A held row as the API shows it."""
    return {
        "id": row.pk, "batch": row.batch_id, "number": row.number, "source": row.source, "event_id": row.event_id,
        "port": row.port, "raw": row.raw, "findings": row.findings, "resolution": row.resolution or None, "reason": row.reason or None,
    }


@router.get(
    "/events/held", response={200: HeldEventPage, **REFUSALS}, summary="暂存事件 / Held events",
    description="未能接受的事件原文和原因；open=true 只列待处理的。 / Events that were not accepted, as sent, with the reasons; "
                "open=true lists those that wait.",
)
def list_held(
    request: HttpRequest, source: _SOURCE = "", open: Annotated[bool, Query(description="只列待处理的 / only those that wait")] = False,
    limit: Limit = 50, after: AfterNumber = "",
) -> dict[str, Any]:
    """Held rows of the sources in sight."""
    rows = held_visible_to(request.user)
    if source:
        rows = rows.filter(source=source)
    if open:
        rows = rows.filter(resolution="")
    return page(rows, key="id", limit=limit, after=after, show=held_dict)


def source_dict(state: SourceState) -> dict[str, Any]:
    """A source as the API shows it."""
    source = state.source
    return {
        "code": source.code, "name": source.name.as_dict(), "organisation": source.organisation.code, "ports": source.port_codes,
        "origin": source.origin, "late_after_minutes": source.late_after, "ahead_allowed_minutes": source.ahead_allowed,
        "norm_per_second": source.norm_per_second, "known_faults": source.known_faults,
        "rulings": [
            {"id": each.pk, "shift_minutes": each.shift_us // 60_000_000, "from": iso(each.from_us),
             "to": iso(each.to_us) if each.to_us is not None else None, "reason": each.reason}
            for each in state.rulings
        ],
        "findings": [state.skew.as_dict()] if state.skew else [],
        "last_30_days": state.counts, "accepted_a_day": round(state.rate, 2), "held_waiting": state.waiting,
        "last_received_at": state.received_at.isoformat() if state.received_at else None,
        "last_occurred_at": iso(state.last_us) if state.last_us is not None else None,
    }


@router.get(
    "/events/sources", response={200: EventSourcePage, **REFUSALS}, summary="事件来源 / Event sources",
    description="事件来源、可报口岸、近30天收到和暂存情况、最近事件、时钟裁定和发现的问题。 / Sources, their ports, what they sent in "
                "thirty days and what waits, their newest event, rulings on their clocks and what was found.",
)
def list_sources(request: HttpRequest, limit: Limit = 50, after: AfterCode = "") -> dict[str, Any]:
    """Sources in sight."""
    found = list(event_sources_visible_to(request.user).filter(code__gt=after).order_by("code")[: limit + 1])
    return of_rows([source_dict(each) for each in source_states(request.user, found[:limit])], found[limit - 1].code if len(found) > limit else None)
