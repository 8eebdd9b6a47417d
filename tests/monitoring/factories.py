"""Builders in field words: figures as an intake would have written them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from itertools import count

from kouan.basis import Period, PeriodKind, SubjectRef, clock
from kouan.collection.models import Batch, BatchState, Observation, Origin, Series
from kouan.monitoring.actions import refresh_months

_rows = count(1)


def a_batch(committed_at: datetime | None = None, source: str = "port-return") -> Batch:
    """A batch that was taken in."""
    return Batch.objects.create(
        source=source, file_name="报送.xlsx", file_sha256="0" * 64, file_size=1, state=BatchState.COMMITTED,
        committed_at=committed_at or clock.now(),
    )


def figures(
    subject: str, measure: str, values: Mapping[str, int], *, direction: str = "total", group: str = "all",
    origin: str = Origin.OFFICIAL, source: str = "port-return", unit: str = "t", batch: Batch | None = None,
    revision: int = 1,
) -> Series:
    """Figures of one series by period code: ``figures("port:luohu-rail", "cargo_tonnes", {"2023-01": 5})``."""
    reference = SubjectRef.parse(subject)
    periods = {Period.parse(code): value for code, value in values.items()}
    kind = next(iter(periods)).kind
    series, _ = Series.objects.get_or_create(
        subject_kind=reference.kind, subject_code=reference.code, measure=measure, direction=direction, group=group,
        granularity=kind, unit=unit, definition="test/1", origin=origin, source=source,
    )
    taken = batch or a_batch(source=source)
    Observation.objects.bulk_create([
        Observation(series=series, period_start=period.start, period_end=period.end, revision=revision,
                    value=Decimal(value), batch=taken, row=next(_rows), column=1)
        for period, value in periods.items()
    ])
    if kind == PeriodKind.DAY:
        refresh_months([series.pk])
    return series


def a_year_of_months(year: int, value: int) -> dict[str, int]:
    """The same figure in each month of a year."""
    return {f"{year}-{month:02d}": value for month in range(1, 13)}
