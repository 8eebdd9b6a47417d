"""Sessions of people: how long, how many, and how one ends them.

A session ends after ``KOUAN_SESSION_HOURS`` whatever happens, and after ``KOUAN_SESSION_IDLE_MINUTES`` without a request. A user has
``KOUAN_SESSIONS_PER_USER`` at most: a new sign-in ends the oldest. Django's session rows say whether one still runs; ``SignInSession``
says whose it is, from where and since when.
"""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from kouan.accounts.action import action
from kouan.accounts.models import SignInSession, User
from kouan.audit import acting
from kouan.basis import Finding, NotFound, clock

_BEGAN, _SEEN = "signed_in_at", "seen_at"
# The time of the last request is written at most so often: a page that asks every second must not write every second.
_SEEN_EVERY_SECONDS = 60


def _store() -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore


def session_began(user: User, session: Any, *, address: str, browser: str) -> None:
    """Keep a session that has just been signed in to; the oldest ones above the limit end."""
    now = clock.now()
    if session.session_key is None:
        session.create()
    session[_BEGAN] = session[_SEEN] = now.timestamp()
    with acting(user.pk, "accounts.sessions.session_began"):
        SignInSession.objects.create(user=user, session_key=session.session_key, began_at=now, address=address[:45], browser=browser[:200])
        for each in running(user)[settings.KOUAN_SESSIONS_PER_USER:]:
            _end(each, "limit")


def is_over(session: Any) -> str:
    """Why a session is over: ``"idle"``, ``"long"``, or empty while it runs; a running one is noted as seen."""
    now = clock.now().timestamp()
    began, seen = session.get(_BEGAN), session.get(_SEEN)
    if began is None or seen is None:
        session[_BEGAN] = session[_SEEN] = now
        return ""
    if not 0 <= now - began <= settings.SESSION_COOKIE_AGE:
        return "long"
    if now - seen > settings.KOUAN_SESSION_IDLE_MINUTES * 60:
        return "idle"
    if now - seen >= _SEEN_EVERY_SECONDS:
        session[_SEEN] = now
    return ""


def running(user: User) -> list[SignInSession]:
    """The user's sessions that still run, the newest first."""
    kept = list(_unended(user))
    store = _store()
    alive = {each.session_key for each in kept if store().exists(each.session_key)}
    return [each for each in kept if each.session_key in alive]


def last_seen(held: SignInSession) -> datetime:
    """When a session last asked for anything, to the minute."""
    seen = _store()(held.session_key).get(_SEEN)
    return datetime.fromtimestamp(seen, tz=held.began_at.tzinfo) if seen else held.began_at


@action("account.own")
def end_session(*, actor: User, number: int) -> None:
    """End one of one's own sessions; anybody else's is not found."""
    held = _unended(actor).filter(pk=number).first()
    if held is None:
        raise NotFound(Finding.error("session_not_found", "没有这个登录会话，或者已经结束。", "There is no such session, or it has ended.",
                                     remedy=("请刷新页面。", "Load the page again.")))
    _end(held, "by_owner")


@action("account.own")
def end_other_sessions(*, actor: User, keep: str = "") -> int:
    """End all of one's sessions but the one that asks; how many."""
    others = [each for each in running(actor) if each.session_key != keep]
    for each in others:
        _end(each, "by_owner")
    return len(others)


def session_ended(session_key: str | None, reason: str) -> None:
    """Note that a session ended: signed out, too long, idle."""
    with acting(None, "accounts.sessions.session_ended"):
        SignInSession.objects.filter(session_key=session_key or "", ended_at__isnull=True).update(ended_at=clock.now(), ended_by=reason)


def end_all_sessions(user: User, reason: str) -> None:
    """End every session of somebody: a new password, a block."""
    with acting(None, "accounts.sessions.end_all_sessions"):
        for each in _unended(user):
            _end(each, reason)


def _unended(user: User) -> QuerySet[SignInSession]:
    return SignInSession.objects.filter(user_id=user.pk, ended_at__isnull=True).order_by("-began_at", "-pk")


def _end(held: SignInSession, reason: str) -> None:
    _store()(held.session_key).delete()
    held.ended_at, held.ended_by = clock.now(), reason
    held.save(update_fields=["ended_at", "ended_by"])


def limits() -> dict[str, int]:
    """The limits in force: ``hours``, ``idle_minutes``, ``per_user``."""
    return {"hours": settings.SESSION_COOKIE_AGE // 3600, "idle_minutes": settings.KOUAN_SESSION_IDLE_MINUTES,
            "per_user": settings.KOUAN_SESSIONS_PER_USER}
