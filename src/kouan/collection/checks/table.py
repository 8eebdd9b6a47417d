"""Any long table of figures examined as it stands: no database, no register. Pure.

>>> months = [f"{2018 + n // 12}-{n % 12 + 1:02d}" for n in range(60)]
>>> rows = [{"lane": "A", "month": month, "count": 5000 + 40 * (n % 12) + n * 37 % 101} for n, month in enumerate(months)]
>>> for row in rows[24:36]:
...     row["count"] = 1
>>> found = examine_table(rows, subject="lane", period="month", value="count")
>>> [(one.check, one.first.code, one.last.code) for one in found.suspicions]
[('all_ones', '2020-01', '2020-12')]
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from kouan.basis import Finding, Period, PeriodKind, Place
from kouan.collection.checks.causes import causes
from kouan.collection.checks.columns import (
    Asked,
    Columns,
    columns_of,
    is_empty,
    number_of,
    order_of,
    period_of,
    shaped,
)
from kouan.collection.checks.engine import ALARM, Explained, examine
from kouan.collection.checks.panel import Key, Panel, ordinal
from kouan.collection.checks.suspicion import Suspicion

MOST_FINDINGS = 1000


@dataclass
class Examined:
    """What a table holds that is hardly right. ``findings``: cells that could not be read; ``cells``: figures that could.

    ``causes``: by the code of a suspicion, the number of what it shares with others.
    """

    suspicions: list[Suspicion] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    causes: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    cells: int = 0
    series: int = 0

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"rows": self.rows, "cells": self.cells, "series": self.series,
                "suspicions": [{**one.as_dict(), "cause": self.causes.get(one.code, "")} for one in self.suspicions],
                "findings": [one.as_dict() for one in self.findings]}


def examine_table(
    table: Any, *, subject: Asked = None, period: Asked = None, measure: Asked = None, value: Asked = None,
    direction: Asked = None, group: Asked = None, explained: Iterable[Explained] = (),
    links: Sequence[tuple[Key, Key]] = (), today: date | None = None, least: float = ALARM,
) -> Examined:
    """Examine a long table: one row for each figure.

    ``table``: rows as mappings, rows as tuples (subject, period, measure, value), or columns by name (a mapping of lists or
    a data frame). The names of columns may be given; otherwise they are found by their headings. ``measure`` may be absent:
    then all figures are of one. ``today``: figures of periods that had not ended then are suspect. Refused when there is no
    column of subjects, periods or values.
    """
    long = shaped(columns_of(table), {"subject": subject, "period": period, "measure": measure, "value": value,
                                      "direction": direction, "group": group})
    return _examine(long, explained, links, today, least)


def _examine(said: Columns, explained: Iterable[Explained], links: Sequence[tuple[Key, Key]], today: date | None, least: float) -> Examined:
    told = Examined()
    told.rows = len(said["value"])
    periods: dict[Any, Period | None] = {}
    keys: dict[Key, int] = {}
    cells: dict[PeriodKind, dict[tuple[int, int], float]] = {}
    twice: list[tuple[Key, Period, float, float]] = []
    plain = (None,) * told.rows
    order = order_of(said["period"])
    for line, (who, when, what, figure, way, part) in enumerate(zip(
            said["subject"], said["period"], said.get("measure", plain), said["value"], said.get("direction", plain),
            said.get("group", plain), strict=True), start=2):
        number = number_of(figure)
        if number is None:
            if not is_empty(figure):
                _note(told, "unreadable_number", f"“{figure}”不是数字。", f"“{figure}” is no number.", line, "value")
            continue
        if when not in periods:
            periods[when] = period_of(when, order)
        period = periods[when]
        if period is None or period.kind is PeriodKind.SPAN:
            _note(told, "unreadable_period", f"“{when}”不是可识别的时期。", f"“{when}” is no period.", line, "period")
            continue
        key = Key(str(who).strip(), str(what).strip() if what is not None else "value",
                  str(way).strip() if way is not None else "total", str(part).strip() if part is not None else "all")
        row = keys.setdefault(key, len(keys))
        grid = cells.setdefault(period.kind, {})
        place = (row, ordinal(period))
        if place in grid:
            twice.append((key, period, grid[place], number))
        grid[place] = number
    _months_of_days(cells)
    twice = [(key, period if period.kind in cells else Period.of("month", period.start), one, two) for key, period, one, two in twice]
    told.cells, told.series = sum(map(len, cells.values())), len(keys)
    names = list(keys)
    for cadence, grid in cells.items():
        rows, numbers_of = np.array([row for row, _ in grid]), np.array([number for _, number in grid])
        used, inverse = np.unique(rows, return_inverse=True)
        try:
            panel = Panel.build(tuple(names[row] for row in used), cadence, inverse, numbers_of, np.array(list(grid.values())))
        except ValueError as error:
            _note(told, "periods_too_far", "时期跨度过大，请检查是否有年份填错。", str(error), 0, "period")
            continue
        told.suspicions += cellwise(panel, twice, today)
        told.suspicions += examine(panel, explained=explained, links=links, least=least)
    told.suspicions.sort(key=lambda one: (-one.rank, one.code))
    told.causes = causes(told.suspicions)
    return told


def cellwise(panel: Panel, twice: Iterable[tuple[Key, Period, float, float]] = (), today: date | None = None) -> list[Suspicion]:
    """What single cells cannot be: two figures of one period, a period to come, a negative flow, a count with a fraction."""
    found: list[Suspicion] = []
    rows = {key: row for row, key in enumerate(panel.keys)}

    def tell(check: str, row: int, column: int, measured: float, expected: float | None, likelihood: float) -> None:
        period = panel.period(column)
        found.append(Suspicion(check, panel.keys[row], row, column, column + 1, period, period, measured, expected, likelihood))

    for key, period, one, two in twice:
        if period.kind is panel.cadence and key in rows:
            check = "duplicate_row" if one == two else "contradictory_figures"
            tell(check, rows[key], panel.column(period), two, None if one == two else one, 0.99)
    for row, column in zip(*np.nonzero(panel.values < 0), strict=True):
        tell("negative_value", int(row), int(column), float(panel.values[row, column]), None, 0.9)
    known = ~np.isnan(panel.values)
    fraction = known & (panel.values != np.floor(panel.values))
    lone = (fraction.sum(axis=1) <= np.maximum(2, 0.03 * known.sum(axis=1))) & (known.sum(axis=1) >= 12)
    for row, column in zip(*np.nonzero(fraction & lone[:, None]), strict=True):
        tell("not_whole", int(row), int(column), float(panel.values[row, column]), None, 0.9)
    if today is not None:
        for column in range(panel.width - 1, -1, -1):
            if panel.period(column).start <= today:
                break
            for row in np.nonzero(known[:, column])[0]:
                tell("future_period", int(row), column, float(panel.values[row, column]), None, 0.99)
    return found


def _note(told: Examined, code: str, zh: str, en: str, line: int, column: str | None) -> None:
    if len(told.findings) < MOST_FINDINGS:
        told.findings.append(Finding.error(code, zh, en, where=Place(row=line or None, column=column)))


def _months_of_days(cells: dict[PeriodKind, dict[tuple[int, int], float]]) -> None:
    """Dates that are all the first (or last) of a month are months in disguise: a spreadsheet made them days."""
    grid = cells.get(PeriodKind.DAY)
    if not grid:
        return
    days = {number: date.fromordinal(number) for _, number in grid}
    firsts = all(day.day == 1 for day in days.values())
    lasts = all(date.fromordinal(number + 1).day == 1 for number in days)
    if firsts or lasts:
        months = cells.setdefault(PeriodKind.MONTH, {})
        for (row, number), value in cells.pop(PeriodKind.DAY).items():
            months.setdefault((row, ordinal(Period.month(days[number].year, days[number].month))), value)
