"""From recorded figures to the panel that detectors read, and the thresholds and silences in force.

Daily figures of ports only, official or exercise. Counterpart figures (对侧) are never judged here: Hong Kong control points have a replay of
their own, labelled 演示.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np
from django.db.models import FloatField
from django.db.models.functions import Cast

from kouan.basis import PeriodKind, SubjectKind, Text, measures
from kouan.collection.models import Observation, Origin, Series
from kouan.desk.matters.queries import working_days
from kouan.monitoring.detection import DayKinds, Panel, SeriesKey, Silence, Thresholds, shipped
from kouan.monitoring.detection.calendar import national_kinds
from kouan.monitoring.queries import current
from kouan.monitoring.warnings.models import PlannedSilence, ThresholdChange
from kouan.ports.models import Port

# Two years and a quarter: the holiday of two years ago, and what its band needs before it.
DAYS_READ = 820
_DIRECTIONS = {"inbound": Text("入境", "inbound"), "outbound": Text("出境", "outbound"), "total": Text("合计", "total")}
_PREFERENCE = (Origin.OFFICIAL, Origin.EXERCISE)


def panel_of(ports: Iterable[Port], until: date, days: int = DAYS_READ) -> tuple[Panel, dict[str, str]]:
    """The daily series of some ports up to a day, and by port whether its figures are official or exercise.

    One series speaks for a port, measure and direction: an official one before an exercise one. Directions are taken apart where both are
    reported, else their total.
    """
    held = {port.code: port for port in ports}
    rows = Series.objects.filter(
        subject_kind=SubjectKind.PORT, subject_code__in=list(held), granularity=PeriodKind.DAY, group="all", origin__in=_PREFERENCE,
        direction__in=list(_DIRECTIONS),
    ).order_by("pk")
    chosen: dict[tuple[str, str, str], Series] = {}
    for series in rows:
        key = (series.subject_code, series.measure, series.direction)
        if key not in chosen or _PREFERENCE.index(Origin(series.origin)) < _PREFERENCE.index(Origin(chosen[key].origin)):
            chosen[key] = series
    apart = {(port, measure) for port, measure, direction in chosen if direction != "total"}
    kept = sorted((key, series) for key, series in chosen.items() if key[2] != "total" or key[:2] not in apart)
    first = until - timedelta(days=days - 1)
    values = np.full((len(kept), days), np.nan)
    row_of = {series.pk: at for at, (_, series) in enumerate(kept)}
    found = Observation.objects.filter(series_id__in=list(row_of), period_start__gte=first, period_start__lte=until)
    # As floats from the database: three hundred thousand decimals would cost most of a page's time.
    rows_found = current(found).order_by().annotate(number=Cast("value", FloatField())).values_list("series_id", "period_start", "number")
    at = [(row_of[pk], (day - first).days, number) for pk, day, number in rows_found.iterator(chunk_size=20_000)]
    if at:
        row, column, number = np.array(at).T
        values[row.astype(int), column.astype(int)] = np.maximum(number, 0.0)
    keys = tuple(SeriesKey(port, measure, direction, measure, _label(held[port], measure, direction)) for (port, measure, direction), _ in kept)
    return Panel(keys, first, values), {key[0]: series.origin for key, series in kept}


def _label(port: Port, measure: str, direction: str) -> Text:
    what, way = measures.get(measure).name, _DIRECTIONS[direction]
    return Text(f"{port.name_zh}{what.zh}（{way.zh}）", f"{port.name_en or port.name_zh}, {what.en} ({way.en})")


def kinds_of(panel: Panel) -> DayKinds:
    """The national calendar over a panel, with the tables that the national office entered."""
    return national_kinds(panel.first_day, panel.days, working_days())


def thresholds() -> Thresholds:
    """The shipped thresholds with every recorded change over them, oldest first."""
    held = shipped()
    for change in ThresholdChange.objects.select_related("port").order_by("since", "id"):
        held = held.changed(change.detector, Text(change.reason, change.reason), change.since, change.port.code if change.port else "",
                            **{change.name: change.value})
    return held


def silences_between(first: date, last: date) -> list[tuple[PlannedSilence, Silence]]:
    """The planned silences of a span with what they cover."""
    rows = PlannedSilence.objects.running(first, last).select_related("port").order_by("first_day", "id")
    found = []
    for row in rows:
        if row.port is not None:
            ports = frozenset({row.port.code})
        elif row.province_code:
            ports = frozenset(Port.objects.filter(province_code=row.province_code).values_list("code", flat=True)) or frozenset({"-"})
        else:
            ports = frozenset()
        found.append((row, Silence(row.first_day, row.last_day or last, Text(row.reason, row.reason), ports, detectors=frozenset(row.detectors))))
    return found
