"""The clock: the one place that tells the time.

Law is dated, deadlines run, and a test must be able to stand on any day. So nothing else in the
house calls `datetime.now()` or `date.today()`.

Two questions, two answers: `now()` is an instant, aware, in UTC (what the database stores);
`today()` is the calendar day in Beijing time, because deadlines and effective dates are counted
there (a decree in force from 1 January binds from midnight in Beijing, 16:00 UTC the day before).

>>> from datetime import datetime, timezone
>>> with travel_to(datetime(2020, 12, 31, 16, 0, tzinfo=timezone.utc)):
...     today()
datetime.date(2021, 1, 1)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta, timezone

# China keeps one time zone without summer time (the one of 1986-1991 lies before any data of ours).
# A fixed offset needs no time-zone database on a closed server.
BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")

# A context variable, not a module global: travelling then binds only the thread or asynchronous task
# that travels, so that parallel tests, and a request served while another is being replayed "as it
# was on that day", never see each other's date. It also comes back by itself at the end of the
# context, even after an exception. The price, which a test that starts its own thread must know: a
# new thread begins with an empty context and tells the real time, unless the thread is started with
# `contextvars.copy_context().run`.
_travelled: ContextVar[datetime | None] = ContextVar("kouan_clock", default=None)


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return _travelled.get() or machine_time()


def machine_time() -> datetime:
    """Return what the machine's own clock shows. A name of its own: tests in which days pass for every thread replace it, and `now`, which
    columns hold as their default, follows."""
    return datetime.now(UTC)


def today() -> date:
    """Return the calendar day in Beijing time."""
    return now().astimezone(BEIJING).date()


def day_of(instant: datetime) -> date:
    """Return the Beijing calendar day of an aware instant (ValueError when it is naive)."""
    if instant.tzinfo is None:
        raise ValueError("an instant without time zone has no certain day; give an aware datetime")
    return instant.astimezone(BEIJING).date()


@contextmanager
def travel_to(when: datetime | date | str) -> Iterator[datetime]:
    """Stand at another moment for the length of a `with` block (tests, replays).

    `when` is an aware datetime, a naive one (read as Beijing time), a date (its noon in Beijing, so
    that both clocks show the same day) or ISO text of one of these.

    >>> with travel_to("2023-03-06"):
    ...     today().isoformat()
    '2023-03-06'
    """
    token = _travelled.set(_instant(when))
    try:
        yield now()
    finally:
        _travelled.reset(token)


def _instant(when: datetime | date | str) -> datetime:
    if isinstance(when, str):
        when = date.fromisoformat(when) if len(when) == 10 else datetime.fromisoformat(when)
    if not isinstance(when, datetime):
        when = datetime.combine(when, time(12), BEIJING)
    if when.tzinfo is None:
        when = when.replace(tzinfo=BEIJING)
    return when.astimezone(UTC)
