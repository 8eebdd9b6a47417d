"""Short words for periods on the axis of a chart; the table beside it says them in full.

>>> from kouan.basis import Period
>>> axis_word(Period.parse("2023-03-06"), "zh"), axis_word(Period.month(2023, 3), "en")
('3月6日', 'Mar 2023')
"""

from __future__ import annotations

from kouan.basis import Period, PeriodKind

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def axis_word(period: Period, language: str) -> str:
    """A day without its year (the chart names the span), a month and a year as they are written, shortened in English."""
    start = period.start
    if period.kind is PeriodKind.DAY:
        return f"{start.month}月{start.day}日" if language == "zh" else f"{start.day} {_MONTHS[start.month - 1]}"
    if period.kind is PeriodKind.MONTH and language != "zh":
        return f"{_MONTHS[start.month - 1]} {start.year}"
    return period.label(language)
