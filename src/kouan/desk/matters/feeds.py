"""One's open tasks as a calendar that a calendar program subscribes to (RFC 5545).

The address holds a secret in place of a sign-in, for such programs have none. It shows the days of one's own open
tasks with the matter's title and number and nothing else, and ends when it is renewed or ended, when the person may
no longer sign in, or when the role no longer acts in matters.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from icalendar import Calendar, Event

from kouan.accounts.action import action
from kouan.accounts.backends import SignInBackend
from kouan.accounts.models import User
from kouan.accounts.permissions import may
from kouan.accounts.tokens import digest_of, new_secret
from kouan.basis import clock
from kouan.desk.matters.models import CalendarFeed
from kouan.desk.matters.queries import inbox

MOST_EVENTS = 500


@action("matters.act")
def renew_feed(*, actor: User) -> str:
    """Make an address for oneself, or a new one in place of the old; the secret is answered once."""
    secret = new_secret()
    CalendarFeed.objects.update_or_create(
        owner=actor, defaults={"secret_digest": digest_of(secret), "renewed_at": clock.now(), "ended_at": None})
    return secret


@action("account.own")
def end_feed(*, actor: User) -> bool:
    """End one's address; answer whether there was one."""
    return CalendarFeed.objects.filter(owner=actor, ended_at__isnull=True).update(ended_at=clock.now()) > 0


def feed_of(user: Any) -> CalendarFeed | None:
    """The address that a user has in use."""
    return CalendarFeed.objects.filter(owner_id=user.pk, ended_at__isnull=True).first()


def owner_of(secret: str) -> User | None:
    """Whose calendar a secret opens; None for an unknown or ended one and for who may no longer read it."""
    found = CalendarFeed.objects.filter(secret_digest=digest_of(secret), ended_at__isnull=True).select_related("owner__organisation").first()
    if found is None or not SignInBackend.may_sign_in(found.owner) or not may(found.owner, "matters.act"):
        return None
    return found.owner


def calendar_of(user: User) -> bytes:
    """The days of a user's open tasks, the 500 soonest due, as an iCalendar file."""
    calendar = Calendar()
    name = "口岸待办（演练）" if settings.IS_EXERCISE else "口岸待办"
    for key, value in (("prodid", "-//Kouan//tasks//ZH"), ("version", "2.0"), ("calscale", "GREGORIAN"), ("method", "PUBLISH"),
                       ("x-wr-calname", name)):
        calendar.add(key, value)
    calendar.refresh_interval = timedelta(hours=1)
    for task in inbox(user).filter(due_on__isnull=False)[:MOST_EVENTS]:
        if task.due_on is None:
            continue
        event = Event()
        event.add("uid", f"task-{task.pk}@{settings.WORKSPACE}.kouan")
        event.add("dtstamp", task.opened_at)
        event.add("dtstart", task.due_on)
        event.add("dtend", task.due_on + timedelta(days=1))
        event.add("summary", f"{task.matter.title} #{task.matter_id}")
        event.add("status", "TENTATIVE" if task.is_provisional else "CONFIRMED")
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    return calendar.to_ical()
