"""What is known beside a return's new values: the period before, the same a year ago, and the other side's count of the same crossing.

Of the port's own figures the newest revision counts, official (or of the exercise). A counterpart point counts days; a month of them is
given only when every day is there. Its arrival is departure here (docs/collection.md).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.conf import settings

from kouan.basis import Period, PeriodKind, SubjectKind
from kouan.collection.models import Observation, Origin, Series
from kouan.collection.returns.forms import SOURCES, Form, FormItem, steps_before
from kouan.ports.models import CounterpartPoint, Port

_TURNED = {"inbound": "outbound", "outbound": "inbound", "total": "total"}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one item beside its new value. ``now``: what is recorded for the period itself already."""

    now: Decimal | None = None
    before: Decimal | None = None
    year_ago: Decimal | None = None
    counterpart: Decimal | None = None
    counterpart_name: str = ""


@dataclass(slots=True)
class History:
    """By port code and item."""

    of: dict[tuple[str, str], Known] = field(default_factory=dict)

    def at(self, port: str, item: str) -> Known:
        """What is known; empty where nothing is."""
        return self.of.get((port, item), _NOTHING)


_NOTHING = Known()


def source_of(cadence: str) -> str:
    """The source under which figures of a cadence are recorded."""
    return SOURCES.get(cadence, "port-return")


def own_origin() -> str:
    """Whose figures a return makes here."""
    return Origin.EXERCISE if settings.IS_EXERCISE else Origin.OFFICIAL


def before_and_year_ago(period: Period, cadence: str) -> tuple[Period, Period]:
    """The period before one, and the same a year ago (of a year: the year before it twice over is the year before that)."""
    before = next(steps_before(period, cadence))
    if cadence == "year":
        return before, next(steps_before(before, cadence))
    return before, period.same_last_year()


def history(form: Form, period: Period, ports: Collection[Port]) -> History:
    """What is known beside the values of a form at some ports: three queries, however many there are."""
    before, year_ago = before_and_year_ago(period, form.cadence)
    wanted = {(period.start, period.end): "now", (before.start, before.end): "before", (year_ago.start, year_ago.end): "year_ago"}
    items = list(form.items.values())
    by_key = {(each.measure.code, each.direction, each.group): each.code for each in items}
    series = {
        row[0]: (row[1], by_key[row[2:]])
        for row in Series.objects.filter(
            subject_kind=SubjectKind.PORT, subject_code__in=[each.code for each in ports], measure__in={each.measure.code for each in items},
            granularity=form.kind.value, origin=own_origin(), source=source_of(form.cadence),
        ).values_list("pk", "subject_code", "measure", "direction", "group") if row[2:] in by_key
    }
    found: dict[tuple[str, str], dict[str, Decimal]] = {}
    if series:
        starts = {start for start, _ in wanted}
        rows = Observation.objects.filter(series_id__in=list(series), period_start__in=starts).order_by("revision")
        for pk, start, end, value in rows.values_list("series_id", "period_start", "period_end", "value"):
            word = wanted.get((start, end))
            if word is not None:
                found.setdefault(series[pk], {})[word] = value
    other = _counterparts(items, period, ports)
    made: dict[tuple[str, str], Known] = {}
    for key in {*found, *other}:
        said, (counted, name) = found.get(key, {}), other.get(key, (None, ""))
        made[key] = Known(said.get("now"), said.get("before"), said.get("year_ago"), counted, name)
    return History(made)


def _counterparts(items: Iterable[FormItem], period: Period, ports: Collection[Port]) -> dict[tuple[str, str], tuple[Decimal, str]]:
    """The other side's count of a month, where a point faces the port, every day is there and the item is comparable."""
    if period.kind is not PeriodKind.MONTH:
        return {}
    wanted = {(each.measure.code, _TURNED[each.direction], "all" if each.group == "travellers" else each.group): each.code for each in items
              if each.measure.code == "person_crossings" and each.group in ("travellers", "all")}
    points: dict[str, tuple[str, str]] = {}
    for point in CounterpartPoint.objects.filter(port__in=list(ports)).select_related("port"):
        if point.port is not None:
            points[point.code] = (point.port.code, point.name_zh)
    if not wanted or not points:
        return {}
    series = {row[0]: row[1:] for row in Series.objects.filter(
        subject_kind=SubjectKind.COUNTERPART_POINT, subject_code__in=list(points), granularity=PeriodKind.DAY, origin=Origin.COUNTERPART,
        measure="person_crossings").values_list("pk", "subject_code", "measure", "direction", "group") if row[2:] in wanted}
    latest: dict[tuple[int, date], Decimal] = {}
    rows = Observation.objects.filter(series_id__in=list(series), period_start__gte=period.start, period_end__lte=period.end).order_by("revision")
    for pk, day, value in rows.values_list("series_id", "period_start", "value"):
        latest[pk, day] = value
    found: dict[tuple[str, str], tuple[Decimal, str]] = {}
    for pk, key in series.items():
        days = [value for (of, _), value in latest.items() if of == pk]
        if len(days) == period.day_count:
            port, name = points[key[0]]
            found[port, wanted[key[1:]]] = (sum(days, Decimal(0)), name)
    return found


def exempted(port_ids: Collection[int], period: Period) -> Mapping[int, frozenset[str]]:
    """The items that do not apply to ports in a period, as the national office decided (M2), by port."""
    from kouan.collection.returns.models import NotApplicable

    found: dict[int, set[str]] = {}
    rows = NotApplicable.objects.filter(port_id__in=list(port_ids), from_on__lte=period.end)
    for port, item, ended in rows.values_list("port_id", "item", "ended_on"):
        if ended is None or ended >= period.start:
            found.setdefault(port, set()).add(item)
    return {port: frozenset(items) for port, items in found.items()}
