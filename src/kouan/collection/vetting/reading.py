"""From stored observations to panels of the check engine."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
from django.db.models import QuerySet

from kouan.basis import Period, PeriodKind
from kouan.collection.checks import Key, Panel
from kouan.collection.checks.panel import LONGEST, ordinal
from kouan.collection.models import Origin, Series
from kouan.collection.queries import current

# Several origins of one figure are several statements: each is a series of its own to the engine.
OWN = (Origin.OFFICIAL, Origin.EXERCISE)


def key_of(series: Series) -> Key:
    """How the engine names a stored series."""
    return Key(f"{series.subject_kind}:{series.subject_code}", series.measure, series.direction, series.group)


def panels(found: QuerySet[Series] | Iterable[Series], *, start: date | None = None, end: date | None = None) -> dict[PeriodKind, Panel]:
    """The current figures of series, one panel for each cadence; spans of days belong to none.

    Two series with the same key (two sources of one figure) stand in one row; where both have a figure, the later series stands.
    """
    by_id = {series.pk: series for series in found}
    read: dict[PeriodKind, tuple[list[int], list[int], list[float]]] = {}
    keys: dict[PeriodKind, dict[Key, int]] = {}
    columns: dict[tuple[PeriodKind, date], int] = {}
    ids = list(by_id)
    for begin in range(0, len(ids), 400):
        rows = current(ids[begin : begin + 400], start=start, end=end).order_by("series_id").values_list(
            "series_id", "period_start", "value")
        for number, first, value in rows.iterator(5000):
            series = by_id[number]
            cadence = PeriodKind(series.granularity)
            if cadence not in LONGEST:
                continue
            at = columns.get((cadence, first))
            if at is None:
                at = columns[cadence, first] = ordinal(Period.of(cadence, first))
            mine = keys.setdefault(cadence, {})
            into = read.setdefault(cadence, ([], [], []))
            into[0].append(mine.setdefault(key_of(series), len(mine)))
            into[1].append(at)
            into[2].append(float(value))
    return {cadence: Panel.build(tuple(keys[cadence]), cadence, *into) for cadence, into in read.items()}


def with_cells(
    panel: Panel | None, cadence: PeriodKind, cells: Iterable[tuple[Key, Period, Decimal]],
) -> tuple[Panel, dict[tuple[int, int], list[int]]]:
    """A panel with further figures put in, and where each came to stand: (row, column) → numbers of the cells."""
    said = list(cells)
    keys: dict[Key, int] = {key: row for row, key in enumerate(panel.keys)} if panel is not None else {}
    rows: list[Any] = []
    ordinals: list[Any] = []
    values: list[Any] = []
    if panel is not None:
        known_rows, known_columns = np.nonzero(~np.isnan(panel.values))
        rows += known_rows.tolist()
        ordinals += (known_columns + panel.first).tolist()
        values += panel.values[known_rows, known_columns].tolist()
    for key, period, value in said:
        rows.append(keys.setdefault(key, len(keys)))
        ordinals.append(ordinal(period))
        values.append(float(value))
    built = Panel.build(tuple(keys), cadence, rows, ordinals, values)
    places: dict[tuple[int, int], list[int]] = {}
    for number, (key, period, _) in enumerate(said):
        places.setdefault((keys[key], built.column(period)), []).append(number)
    return built, places
