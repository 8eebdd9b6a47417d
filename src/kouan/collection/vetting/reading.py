"""From stored observations to panels of the check engine."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
from django.db.models import QuerySet

from kouan.basis import Period, PeriodKind, measures
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
    """The current figures of series, one panel for each cadence; spans of days belong to none. Days make months as well.

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
    found_panels = {cadence: Panel.build(tuple(keys[cadence]), cadence, *into) for cadence, into in read.items()}
    daily = found_panels.get(PeriodKind.DAY)
    if daily is not None and (months := _months(daily)) is not None:
        found_panels[PeriodKind.MONTH] = _joined(found_panels.get(PeriodKind.MONTH), months)
    return found_panels


def _months(daily: Panel) -> Panel | None:
    """Whole months of daily series that may be summed; a month that lacks a day is not reported."""
    summed = [row for row, key in enumerate(daily.keys) if (known := measures.all_measures().get(key.measure)) is not None and known.is_additive]
    if not summed or not daily.width:
        return None
    days = [daily.period(column).start for column in range(daily.width)]
    numbers = np.array([day.year * 12 + day.month - 1 for day in days])
    first, count = int(numbers[0]), int(numbers[-1] - numbers[0]) + 1
    lengths = np.array([Period.month((first + at) // 12, (first + at) % 12 + 1).day_count for at in range(count)])
    values = daily.values[summed]
    known_days = np.zeros((len(summed), count))
    totals = np.zeros((len(summed), count))
    for column, at in enumerate(numbers - first):
        known_days[:, at] += ~np.isnan(values[:, column])
        totals[:, at] += np.nan_to_num(values[:, column])
    return Panel(tuple(daily.keys[row] for row in summed), PeriodKind.MONTH, first, np.where(known_days == lengths, totals, np.nan))


def _joined(one: Panel | None, two: Panel) -> Panel:
    """Two panels of one cadence in one; where both have a figure, the reported one stands before the one summed here."""
    if one is None:
        return two
    keys: dict[Key, int] = {}
    rows: list[int] = []
    ordinals: list[int] = []
    values: list[float] = []
    for panel in (two, one):
        held_rows, held_columns = np.nonzero(~np.isnan(panel.values))
        rows += [keys.setdefault(panel.keys[row], len(keys)) for row in held_rows]
        ordinals += (held_columns + panel.first).tolist()
        values += panel.values[held_rows, held_columns].tolist()
    return Panel.build(tuple(keys), one.cadence, rows, ordinals, values)


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
