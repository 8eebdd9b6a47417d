"""Both sides of one crossing beside each other: day by day for a span, month by month where a port reports.

Directions are those of the mainland port: arrival on the other side is departure here. Nothing in
this room judges either side.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from kouan.basis import Period, PeriodKind, SubjectKind, SubjectRef
from kouan.collection.models import Observation, Origin, Series
from kouan.monitoring.overview import OWN
from kouan.monitoring.queries import current, flows_of
from kouan.ports.models import CounterpartPoint
from kouan.ports.queries import counterpart_points_visible_to

PERSONS = "person_crossings"


@dataclass(frozen=True, slots=True)
class Day:
    """One day as the other side counted it, in the directions of the mainland port; None where it has no figure."""

    day: date
    inbound: Decimal | None
    outbound: Decimal | None

    @property
    def total(self) -> Decimal | None:
        """Both directions; None unless both are there."""
        return None if self.inbound is None or self.outbound is None else self.inbound + self.outbound


def daily_counts(point: CounterpartPoint, first: date, last: date, measure: str = PERSONS) -> list[Day]:
    """Every day of a span, also those without a figure."""
    series = dict(Series.objects.filter(
        subject_kind=SubjectKind.COUNTERPART_POINT, subject_code=point.code, measure=measure, group="all",
        granularity=PeriodKind.DAY, direction__in=("inbound", "outbound"),
    ).values_list("pk", "direction"))
    held: dict[tuple[str, date], Decimal] = {}
    rows = current(Observation.objects.filter(series_id__in=list(series), period_start__gte=first, period_end__lte=last))
    for pk, day, value in rows.values_list("series_id", "period_start", "value"):
        held[series[pk], day] = value
    days = [first + timedelta(days=at) for at in range((last - first).days + 1)]
    # Arrival there is departure here (docs/collection.md, "Directions of counterpart figures").
    return [Day(day, held.get(("outbound", day)), held.get(("inbound", day))) for day in days]


@dataclass(frozen=True, slots=True)
class FacingMonth:
    """One whole month counted on both sides; ``difference`` is (counterpart − own) / own."""

    point: CounterpartPoint
    month: Period
    own: Decimal
    own_origin: str
    counted: Decimal

    @property
    def difference(self) -> float | None:
        """Relative difference; None where the own figure is zero."""
        return float(self.counted / self.own) - 1 if self.own else None


def facing_months(user: Any, *, limit: int = 12) -> list[FacingMonth]:
    """The last months that a port reported and its counterpart counted; empty until ports report."""
    points = {each.port.code: each for each in counterpart_points_visible_to(user).filter(port__isnull=False) if each.port}
    own = [
        series for series in flows_of(
            [SubjectRef.of(SubjectKind.PORT, code) for code in points], kind=PeriodKind.MONTH, measure=PERSONS, origins=OWN,
        ) if series.direction == "total"
    ]
    if not own:
        return []
    wanted = [SubjectRef.of(SubjectKind.COUNTERPART_POINT, points[each.subject.code].code) for each in own]
    counted: dict[str, dict[Period, Decimal]] = defaultdict(dict)
    for series in flows_of(wanted, kind=PeriodKind.MONTH, measure=PERSONS, origins=[Origin.COUNTERPART]):
        if series.direction == "total":
            counted[series.subject.code] |= {flow.period: flow.value for flow in series.flows if flow.value is not None}
    found = []
    for series in own:
        point = points[series.subject.code]
        pairs = [
            FacingMonth(point, flow.period, flow.value, series.origin, counted[point.code][flow.period])
            for flow in series.flows if flow.value is not None and flow.period in counted[point.code]
        ]
        found += pairs[-limit:][::-1]
    return found
