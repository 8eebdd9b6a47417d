"""What can be asked of feeds: those in scope with their health, outages, who may see an address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Prefetch, prefetch_related_objects

from kouan.accounts.permissions import may
from kouan.basis import Text, clock
from kouan.monitoring.imagery.actions import MISSED, lists
from kouan.monitoring.imagery.models import FeedSpan, ImageFeed, ImageFeedQuerySet

WINDOW = timedelta(days=30)
STATES = {
    "up": Text("在线", "up"), "fault": Text("故障", "fault"), "down": Text("中断", "down"), "never": Text("从未上报", "never heard"),
    "ended": Text("已停用", "out of use")}


def feeds_visible_to(user: Any) -> ImageFeedQuerySet:
    """The feeds that a user may see."""
    return ImageFeed.objects.all().visible_to(user).select_related("port", "owner")


def may_see_address(user: Any, feed: ImageFeed) -> bool:
    """Whether a user may know where a feed is served: its owner's people, and offices that may connect to it within their scope."""
    return bool(may(user, "imagery.address")) or getattr(user, "organisation_id", None) == feed.owner_id


@dataclass(frozen=True, slots=True)
class Health:
    """How a feed stands: its state, when last heard, its fault, the share of the last 30 days (or since registered) it was up."""

    state: str
    last_seen: datetime | None
    fault: str
    uptime: float | None

    @property
    def is_out(self) -> bool:
        """Whether somebody should look: silent, or with a fault."""
        return self.state in ("down", "fault", "never")


def _recent_spans() -> Prefetch[str]:
    return Prefetch("spans", FeedSpan.objects.filter(last_at__gte=clock.now() - WINDOW).order_by("began_at", "pk"), to_attr="recent")


def with_health(feeds: ImageFeedQuerySet) -> ImageFeedQuerySet:
    """The same feeds with what their health needs, for a list whose health is asked row by row: one query more for all."""
    return feeds.annotate(heard=Max("spans__last_at")).prefetch_related(_recent_spans())


def health_of(feeds: Iterable[ImageFeed]) -> dict[int, Health]:
    """The health of feeds, in one query for all. A beat stands for the interval after it; the present one counts as far as it has gone."""
    rows = list(feeds)
    now = clock.now()
    prefetch_related_objects(rows, _recent_spans())
    spans: dict[int, list[FeedSpan]] = {each.pk: getattr(each, "recent", []) for each in rows}
    quiet = {each.pk for each in rows if not spans[each.pk] and not hasattr(each, "heard")}
    last_before = dict(FeedSpan.objects.filter(feed__in=quiet).order_by("last_at").values_list("feed_id", "last_at")) if quiet else {}
    last_before |= {each.pk: heard for each in rows if (heard := getattr(each, "heard", None)) is not None}
    return {each.pk: _health(each, spans[each.pk], last_before.get(each.pk), now) for each in rows}


def _health(feed: ImageFeed, spans: list[FeedSpan], last_before: datetime | None, now: datetime) -> Health:
    interval = timedelta(seconds=feed.beat_seconds)
    newest = max(spans, key=lambda each: each.last_at, default=None)
    last = newest.last_at if newest else last_before
    since = max(now - WINDOW, feed.registered_at)
    until = feed.ended_at or now
    covered, reached = timedelta(), since
    for each in spans:
        if each.fault:
            continue
        begin, end = max(each.began_at, reached), min(each.last_at + interval, until)
        if end > begin:
            covered, reached = covered + (end - begin), end
    uptime = covered / (until - since) if until - since >= interval else None
    if feed.ended_at is not None:
        state = "ended"
    elif last is None:
        state = "never"
    elif now - last > MISSED * interval:
        state = "down"
    else:
        state = "fault" if newest and newest.fault else "up"
    return Health(state, last, newest.fault if newest else "", None if uptime is None else min(uptime, 1.0))


def outages(user: Any) -> list[tuple[ImageFeed, Health]]:
    """The feeds in use that are silent or report a fault, longest silent first."""
    rows = list(feeds_visible_to(user).filter(ended_at__isnull=True))
    health = health_of(rows)
    out = [(each, health[each.pk]) for each in rows if health[each.pk].is_out]
    return sorted(out, key=lambda pair: (pair[1].last_seen or pair[0].registered_at, pair[0].pk))


def told(feed: ImageFeed, health: Health, user: Any) -> dict[str, Any]:
    """A feed as data. Contact and address only for those who may connect."""
    known = may_see_address(user, feed)
    words = lists()
    return {
        "id": feed.pk, "code": feed.code, "port": feed.port.code, "port_name": feed.port.name_zh,
        "name": {"zh": feed.name_zh, "en": feed.name_en or feed.name_zh}, "place": feed.place, "kind": feed.kind,
        "kind_label": words["kinds"][feed.kind].as_dict(), "purpose": feed.purpose, "purpose_label": words["purposes"][feed.purpose].as_dict(),
        "protocol": feed.protocol, "owner": feed.owner.name_zh, "basis": feed.basis, "retention_days": feed.retention_days,
        "beat_seconds": feed.beat_seconds, "contact": feed.contact if known else None, "address": (feed.address or None) if known else None,
        "state": health.state, "state_label": STATES[health.state].as_dict(), "fault": health.fault, "last_seen": health.last_seen,
        "uptime": None if health.uptime is None else round(health.uptime, 4), "registered_at": feed.registered_at, "ended_at": feed.ended_at,
    }
