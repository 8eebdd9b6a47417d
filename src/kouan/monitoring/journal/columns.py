"""The columns of a milestone event, the same in the journal, in CSV, Parquet and the API.

Inside, an instant is a whole number of microseconds since 1970 in UTC: sums and differences are then exact.

>>> micros(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)), instant(1_000_000).isoformat()
(1000000, '1970-01-01T00:00:01+00:00')
>>> month_of(micros(datetime(2026, 1, 31, 23, 59, tzinfo=UTC)))
'2026-01'
>>> span_of("2025-12") == (micros(datetime(2025, 12, 1, tzinfo=UTC)), micros(datetime(2026, 1, 1, tzinfo=UTC)))
True
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

# In the order of the contract; `occurred_us` and `received_us` are `occurred_at` and `received_at` elsewhere.
COLUMNS = (
    "case_id", "case_kind", "milestone", "mode", "direction", "port", "place", "party", "planned", "occurred_us",
    "utc_offset", "received_us", "source", "event_id", "revision", "withdrawn", "quantity", "origin",
    "nationality_group", "risk_channel", "goods_kind",
)
CASE_KINDS = (
    "consignment", "declaration", "container", "vehicle", "train", "vessel_call", "flight", "passenger_batch",
)
MODES = ("sea", "river", "air", "rail", "road")
DIRECTIONS = ("inbound", "outbound", "transit")
ORIGINS = ("official", "exercise", "demonstration")
# Nothing that this system follows happened before; what is planned lies within two years.
FIRST_US = 946_684_800 * SECOND  # 2000-01-01
PLAN_AHEAD_US = 730 * DAY


def micros(moment: datetime) -> int:
    """Microseconds since 1970 of an aware moment, exact."""
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * SECOND + delta.microseconds


def instant(value: int) -> datetime:
    """The moment, in UTC, of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=value)


def iso(value: int, utc_offset: int | None = None) -> str:
    """ISO 8601 text of microseconds since 1970, in UTC or at an offset in minutes.

    >>> iso(0), iso(1_500_000, 480)
    ('1970-01-01T00:00:00Z', '1970-01-01T08:00:01.500000+08:00')
    """
    text = (instant(value) + timedelta(minutes=utc_offset or 0)).replace(tzinfo=None).isoformat()
    if not utc_offset:
        return f"{text}Z"
    sign, minutes = ("-" if utc_offset < 0 else "+"), abs(utc_offset)
    return f"{text}{sign}{minutes // 60:02d}:{minutes % 60:02d}"


def month_of(value: int) -> str:
    """The month, in UTC, in which an instant lies: ``2026-01``."""
    return instant(value).strftime("%Y-%m")


def span_of(month: str) -> tuple[int, int]:
    """First instant of a month in UTC, and the first one after it."""
    year, number = int(month[:4]), int(month[5:])
    after = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
    return micros(datetime(year, number, 1, tzinfo=UTC)), micros(after)
