"""Which quarters are to be reported on, by when, and whether a report is late. Pure.

>>> from datetime import date
>>> due_on(Period.quarter(2024, 1), 15), is_late(Period.quarter(2024, 1), date(2024, 4, 15), 15)
(datetime.date(2024, 4, 15), False)
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from kouan.basis import Period
from kouan.basis.period import PeriodKind


def due_on(quarter: Period, days: int) -> date:
    """The last day in time: so many calendar days after the quarter's end."""
    return quarter.end + timedelta(days=days)


def is_late(quarter: Period, reported_on: date, days: int) -> bool:
    """Whether a report came after its last day; on that day it is in time."""
    return reported_on > due_on(quarter, days)


def quarters_owed(first: date, last: date | None, today: date, days_of: Callable[[date], int]) -> list[Period]:
    """The quarters whose report is owed and whose last day has passed: from that of ``first`` to that of ``last`` (the finish), if any.

    ``days_of``: the days after the end, in force on the day the quarter ends.
    """
    found = []
    quarter = Period.of(PeriodKind.QUARTER, first)
    while quarter.end < today and (last is None or quarter.start <= last):
        if is_late(quarter, today, days_of(quarter.end)):
            found.append(quarter)
        quarter = quarter.next()
    return found
