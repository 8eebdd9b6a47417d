"""The national calendar for detectors: days off and weekends worked, from the tables of the State Council's notices in `procedure`."""

from __future__ import annotations

from datetime import date

from kouan.monitoring.detection.panel import DayKinds, HolidaySpan, day_kinds, spans_of_days
from kouan.procedure.working_days import WorkingDays, bundled_tables


def national_spans(calendar: WorkingDays | None = None) -> list[HolidaySpan]:
    """Every holiday of the tables, oldest first."""
    days = calendar or WorkingDays(bundled_tables())
    return spans_of_days(day for table in days.tables.values() for day in table.holidays)


def national_kinds(first_day: date, days: int, calendar: WorkingDays | None = None) -> DayKinds:
    """The kinds of a span of days under the national calendar. A year without a table has weekdays only.

    >>> kinds = national_kinds(date(2024, 2, 9), 3)
    >>> [kinds.names[k] for k in kinds.special.tolist()]
    [('spring_festival', -1), ('spring_festival', 0), ('spring_festival', 1)]
    """
    known = calendar or WorkingDays(bundled_tables())
    worked = [day for table in known.tables.values() for day in table.worked]
    return day_kinds(first_day, days, national_spans(known), worked)
