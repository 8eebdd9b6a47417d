"""Keeping the months of daily series in step with the observations."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection, transaction

CURRENT = """NOT EXISTS (SELECT 1 FROM collection_observation later WHERE later.series_id = o.series_id
    AND later.period_start = o.period_start AND later.period_end = o.period_end
    AND later.revision > o.revision)"""


def refresh_months(series_ids: Iterable[int] | None = None) -> int:
    """Add up the months of the named daily series (all of them if None); answer how many months.

    Called inside the intake's own transaction, so that pages never see days without months.
    """
    month = ("date_trunc('month', o.period_start)::date" if connection.vendor == "postgresql"
             else "date(o.period_start, 'start of month')")
    wanted, parameters = "", []
    if series_ids is not None:
        parameters = sorted(set(series_ids))
        if not parameters:
            return 0
        wanted = f" AND s.id IN ({','.join(['%s'] * len(parameters))})"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM monitoring_monthofdays WHERE series_id IN "
            f"(SELECT s.id FROM collection_series s WHERE s.granularity = 'day'{wanted})", parameters,
        )
        cursor.execute(
            "INSERT INTO monitoring_monthofdays (series_id, month, value, days) "
            f"SELECT o.series_id, {month}, SUM(o.value), COUNT(*) FROM collection_observation o "
            f"JOIN collection_series s ON s.id = o.series_id WHERE s.granularity = 'day'{wanted} "
            f"AND {CURRENT} GROUP BY o.series_id, {month}", parameters,
        )
        return max(cursor.rowcount, 0)
