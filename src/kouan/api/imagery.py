"""``/image-feeds``: the register of feeds with their health, and the door by which owners send heartbeats. No pictures."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from kouan.accounts.action import allows, refuse
from kouan.api.matter_shapes import Both
from kouan.api.paging import page
from kouan.api.reading import AfterNumber, Limit, Moment, Number, PlainText, PortFilter
from kouan.api.shapes import REFUSALS, WRITE_REFUSALS, Page
from kouan.monitoring.imagery import actions, queries
from kouan.monitoring.imagery.models import ImageFeed

router = Router(tags=["影像源 / Imagery feeds"])


class FeedOut(Schema):
    """A feed. ``uptime``: share of the last 30 days; ``contact`` and ``address`` only for those who may connect."""

    id: int
    code: str
    port: str
    port_name: str
    name: Both
    place: str
    kind: str
    kind_label: Both
    purpose: str
    purpose_label: Both
    protocol: str
    owner: str
    basis: str
    retention_days: int
    beat_seconds: int
    contact: str | None
    address: str | None
    state: str
    state_label: Both
    fault: str
    last_seen: datetime | None
    uptime: float | None
    registered_at: datetime
    ended_at: datetime | None


class FeedPage(Page):
    items: list[FeedOut]


def _may(request: HttpRequest, permission: str) -> None:
    if not allows(request.user, permission):
        raise refuse(request.user, permission, "api.imagery")


@router.get("/image-feeds", response={200: FeedPage, **REFUSALS}, summary="影像源登记 / Register of feeds", description=(
    "新登记的在前；状态 up 在线、fault 故障、down 中断、never 从未上报、ended 已停用。 / Newest first; states up, fault, down, never heard, ended."))
def list_feeds(request: HttpRequest, port: PortFilter = "", limit: Limit = 50, after: AfterNumber = "") -> dict[str, Any]:
    """The caller's feeds."""
    _may(request, "imagery.read")
    found = queries.with_health(queries.feeds_visible_to(request.user))
    if port:
        found = found.filter(port__code=port)
    return page(found, key="-id", limit=limit, after=after, show=lambda feed: _told(feed, request.user))


def _told(feed: ImageFeed, user: Any) -> dict[str, Any]:
    return queries.told(feed, queries.health_of([feed])[feed.pk], user)


@router.get("/image-feeds/{number}", response={200: FeedOut, **REFUSALS}, summary="一个影像源 / One feed",
            description="他人的与不存在的同样答复 404，并留痕。 / Somebody else's is answered 404 like one that does not exist.")
def one_feed(request: HttpRequest, number: Number) -> dict[str, Any]:
    """A feed in scope."""
    _may(request, "imagery.read")
    return _told(actions.get_feed(request.user, number), request.user)


class BeatIn(Schema):
    """A feed lives, or cannot do what ``fault`` says."""

    feed: Annotated[str, Field(pattern=r"^[-a-z0-9]{2,64}$", description="影像源代码 / the feed by its code")]
    at: Annotated[Moment, Field(description="时间，带时区 / when, with its time zone")]
    fault: Annotated[PlainText, Field(max_length=120, description="故障，正常则不填 / fault; empty when well")] = ""


class BeatsIn(Schema):
    beats: Annotated[list[BeatIn], Field(min_length=1, max_length=actions.MOST_BEATS, description="心跳，一次最多500条 / heartbeats, up to 500")]


class BeatsOut(Schema):
    taken: int


@router.post("/image-feed-heartbeats", response={200: BeatsOut, **WRITE_REFUSALS}, summary="影像源心跳 / Heartbeats", description=(
    "责任单位报送本单位影像源的心跳，一次最多500条，全收或全不收；重发不重复计。不接收图像。 / The owner's office sends heartbeats of its feeds, up "
    "to 500, all or none; sent again they count once. No pictures are taken."))
def take_beats(request: HttpRequest, body: BeatsIn) -> dict[str, Any]:
    """Take heartbeats."""
    _may(request, "imagery.beat")
    user: Any = request.user
    return {"taken": actions.take_beats(actor=user, beats=[actions.Beat(each.feed, each.at, each.fault) for each in body.beats])}
