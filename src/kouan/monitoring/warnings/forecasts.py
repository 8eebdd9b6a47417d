"""Forecasts on record: made on the evening of a day for the days after it, and held against what came.

A miss is judged by what had been forecast the day before, never by a forecast made later. A back-test forecasts each past day anew from
what was known the evening before it.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from kouan.desk.matters.queries import working_days
from kouan.monitoring.detection import DayKinds, Panel
from kouan.monitoring.detection.calendar import national_kinds
from kouan.monitoring.detection.forecast import forecast, one_day_ahead
from kouan.monitoring.warnings.models import StoredForecast

HORIZON, SHARE = 7, 0.95


def kinds_ahead(panel: Panel, horizon: int = HORIZON) -> DayKinds:
    """The national calendar over a panel and the days after it."""
    return national_kinds(panel.first_day, panel.days + horizon, working_days())


def store_forecasts(panel: Panel, origin: date) -> int:
    """Keep the forecast of each series for the week after a day, once; how many were kept. A series too short for one gets none."""
    if not panel.series or StoredForecast.objects.filter(origin_day=origin, port_code__in=[key.port for key in panel.series]).exists():
        return 0
    made = forecast(panel.until(origin), kinds_ahead(panel.until(origin)), HORIZON, SHARE)
    rows = [
        StoredForecast(port_code=key.port, measure=key.measure, direction=key.direction, origin_day=origin, share=SHARE,
                       **{name: _listed(values[row]) for name, values in (("low", made.low), ("middle", made.middle), ("high", made.high))})
        for row, key in enumerate(panel.series) if np.isfinite(made.low[row, 0]) and np.isfinite(made.high[row, 0])
    ]
    return len(StoredForecast.objects.bulk_create(rows))


def _listed(values: np.ndarray) -> list[float | None]:
    return [round(float(each), 1) if np.isfinite(each) else None for each in values]


def stored_bands(panel: Panel, first: date) -> tuple[np.ndarray, np.ndarray]:
    """(low, high) for each cell of a panel from ``first`` on, as forecast the day before; NaN where nothing was."""
    low, high = np.full(panel.values.shape, np.nan), np.full(panel.values.shape, np.nan)
    row_of = {(key.port, key.measure, key.direction): at for at, key in enumerate(panel.series)}
    found = StoredForecast.objects.filter(origin_day__gte=first - timedelta(days=1), origin_day__lt=panel.day(panel.days - 1))
    for each in found:
        row, column = row_of.get((each.port_code, each.measure, each.direction)), panel.column(each.origin_day) + 1
        if row is not None and each.low and each.low[0] is not None and each.high[0] is not None:
            low[row, column], high[row, column] = each.low[0], each.high[0]
    return low, high


def past_bands(panel: Panel, first: date) -> tuple[np.ndarray, np.ndarray]:
    """(low, high) for each cell from ``first`` on, each day forecast anew from what was known the evening before."""
    return one_day_ahead(panel, kinds_ahead(panel, 1), panel.column(first), SHARE)
