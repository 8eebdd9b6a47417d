"""What flowed where: series by subject, measure, direction, group and period.

Doors pass only subjects that their user may see (ports.queries, collection.queries); this room
does the arithmetic. ``known_at`` answers with what was known at that moment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from kouan.basis import Period, PeriodKind, SubjectKind, SubjectRef, measures
from kouan.collection.granted import limits_of, note_rows
from kouan.collection.models import Batch, Observation, Origin, Series
from kouan.monitoring.models import MonthOfDays
from kouan.monitoring.rollup import (
    Cell,
    Changed,
    Discrepancy,
    Flow,
    Rollup,
    Used,
    add,
    choose_total,
    cover,
    peak,
    roll_up,
    with_changes,
)

# Which figure speaks for a subject when several sources count it.
PREFERENCE = (Origin.OFFICIAL, Origin.EXERCISE, Origin.COUNTERPART, Origin.DERIVED, Origin.PRESS)
_FINEST_FIRST = (PeriodKind.DAY, PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR)


@dataclass(frozen=True, slots=True)
class FlowSeries:
    """Figures of one subject and measure, oldest first, with all that a reader must be told of them."""

    subject: SubjectRef
    measure: str
    direction: str
    group: str
    kind: PeriodKind
    unit: str
    origin: str
    source: str
    definition: str
    series_ids: tuple[int, ...]
    flows: tuple[Flow, ...]

    def changed(self) -> list[Changed]:
        """Each figure with its change on the period before and on the year."""
        return with_changes(self.flows)

    def at(self, period: Period) -> Flow | None:
        """The figure of one period."""
        return next((flow for flow in self.flows if flow.period == period), None)

    @property
    def latest(self) -> Flow | None:
        """The last complete figure."""
        return next((flow for flow in reversed(self.flows) if flow.is_complete), None)

    @property
    def discrepancies(self) -> list[Discrepancy]:
        """Where accepted figures of one period contradict each other, oldest first."""
        return [told for flow in self.flows for told in flow.discrepancies]

    @property
    def peak(self) -> Flow | None:
        """The largest complete figure."""
        return peak(self.flows)


def current(
    observations: QuerySet[Observation], known_at: datetime | None = None, told_in: QuerySet[Batch] | None = None,
) -> QuerySet[Observation]:
    """The figures without a later revision (known by ``known_at``; among those of some batches)."""
    later = Observation.objects.filter(
        series_id=OuterRef("series_id"), period_start=OuterRef("period_start"),
        period_end=OuterRef("period_end"), revision__gt=OuterRef("revision"),
    )
    if known_at is not None:
        later = later.filter(batch__committed_at__lte=known_at)
        observations = observations.filter(batch__committed_at__lte=known_at)
    if told_in is not None:
        later = later.filter(batch__in=told_in)
        observations = observations.filter(batch__in=told_in)
    return observations.filter(~Exists(later))


def _cells(
    series: Sequence[Series], kind: PeriodKind, known_at: datetime | None, within: Period | None, is_traced: bool,
    told_in: QuerySet[Batch] | None = None,
) -> dict[int, list[Cell]]:
    """The cells of every series, in two queries however many series there are.

    Days come as months unless days themselves are wanted: kept ones, or (of the past, or traced) added up anew.
    """
    by_id = {each.pk: each for each in series}
    in_months = {
        each.pk for each in series
        if each.granularity == PeriodKind.DAY and kind != PeriodKind.DAY and _how(each.measure) == Rollup.SUM
    }
    kept = in_months if known_at is None and not is_traced and told_in is None else set()
    cells: dict[int, list[Cell]] = {pk: [] for pk in by_id}
    if kept:
        months = MonthOfDays.objects.filter(series_id__in=kept).order_by()
        if within is not None:
            months = months.filter(month__gte=within.start, month__lte=within.end)
        for pk, month, value, days in months.values_list("series_id", "month", "value", "days"):
            period = Period.month(month.year, month.month)
            cells[pk].append(Cell(period, value, days, period.day_count))
    others = set(by_id) - kept
    if others:
        found = Observation.objects.filter(series_id__in=others).order_by()
        if within is not None:
            found = found.filter(period_start__gte=within.start, period_end__lte=within.end)
        columns = ("series_id", "period_start", "period_end", "value", *(("id", "revision") if is_traced else ()))
        for pk, start, end, value, *trace in current(found, known_at, told_in).values_list(*columns):
            used = (Used(pk, trace[0], trace[1], value),) if trace else ()
            cells[pk].append(Cell(_period(by_id[pk].granularity, start, end), value, used=used))
        for pk in in_months - kept:
            cells[pk] = _months_of_days(cells[pk])
    return cells


def _reaches(months: list[tuple[date | None, date | None]] | None, period: Period) -> bool:
    """Whether a period lies whole in one of the spans of months that a grant reaches; None for no limit."""
    return months is None or any(
        (since is None or since <= period.start) and (until is None or period.end <= until) for since, until in months)


def _months_of_days(days: Iterable[Cell]) -> list[Cell]:
    """Days as months, each with the number of days it rests on."""
    return [
        Cell(flow.period, flow.partial, flow.present, flow.expected, flow.used)
        for flow in roll_up(days, PeriodKind.MONTH) if flow.partial is not None
    ]


def _period(granularity: str, start: date, end: date) -> Period:
    kind = PeriodKind(granularity)
    return Period.span(start, end) if kind == PeriodKind.SPAN else Period.of(kind, start)


def _how(measure: str) -> Rollup:
    return Rollup(str(measures.get(measure).rollup))


def _usable(series: Series, kind: PeriodKind) -> bool:
    native = PeriodKind(series.granularity)
    if PeriodKind.SPAN in (native, kind):
        return native == kind
    return _FINEST_FIRST.index(native) <= _FINEST_FIRST.index(kind)


def series_of(
    subjects: Iterable[SubjectRef],
    *,
    measures: Collection[str] | None = None,
    group: str | None = "all",
    origins: Collection[str] | None = None,
) -> list[Series]:
    """The heads of every series of the subjects, in one query: what is counted of them, by whom, how often."""
    wanted = set(subjects)
    if not wanted:
        return []
    query = Series.objects.filter(
        subject_kind__in={subject.kind for subject in wanted},
        subject_code__in={subject.code for subject in wanted},
    )
    if measures is not None:
        query = query.filter(measure__in=measures)
    if group:
        query = query.filter(group=group)
    if origins is not None:
        query = query.filter(origin__in=origins)
    return [each for each in query if SubjectRef.of(each.subject_kind, each.subject_code) in wanted]


def flows_of(
    subjects: Iterable[SubjectRef],
    *,
    kind: PeriodKind | str = PeriodKind.MONTH,
    measure: str | None = None,
    group: str | None = "all",
    origins: Sequence[str] | None = None,
    known_at: datetime | None = None,
    by_direction: bool = False,
    reader: Any = None,
) -> list[FlowSeries]:
    """Every series of the subjects rolled up to ``kind``; both directions added unless kept apart.

    Each source stands for itself: nothing is mixed between origins, sources or definitions. Of each period
    the reported total is given, else both directions added; one direction alone is a part and no total.
    ``reader``: who asks, where a subject may be seen by a grant only: no more than the grant reaches, and it is noted.
    """
    found = series_of(subjects, measures=[measure] if measure else None, group=group, origins=origins or None)
    return flows_in(found, kind=kind, known_at=known_at, by_direction=by_direction, reader=reader)


def flows_in(
    series: Iterable[Series],
    *,
    kind: PeriodKind | str = PeriodKind.MONTH,
    known_at: datetime | None = None,
    by_direction: bool = False,
    with_total: bool = False,
    within: Period | None = None,
    is_traced: bool = False,
    told_in: QuerySet[Batch] | None = None,
    reader: Any = None,
) -> list[FlowSeries]:
    """``flows_of`` for series already at hand (``series_of``); those coarser than ``kind`` are left out.

    Months, quarters and years of one source, definition, group and direction are put together
    (``rollup.cover``). ``with_total``: beside the directions kept apart also the total of each period.
    ``within``: only figures of periods that lie in this one. ``is_traced``: each flow names the recorded
    figures that it rests on. ``told_in``: only what came in with these batches, as if nobody else had said anything.
    """
    kind = PeriodKind(kind)
    found = [each for each in series if _usable(each, kind)]
    limits = limits_of(reader, {each.pk for each in found}) if reader is not None else None
    if limits is not None:
        found = [each for each in found if each.pk in limits]
    cells = _cells(found, kind, known_at, within, is_traced, told_in)
    if limits is not None:
        cells = {pk: [cell for cell in each if _reaches(limits[pk], cell.period)] for pk, each in cells.items()}
        note_rows(reader, Counter({pk: len(each) for pk, each in cells.items() if each}))
    families: dict[tuple[str, ...], list[Series]] = {}
    for each in found:
        key = (each.subject_kind, each.subject_code, each.measure, each.group,
               each.origin, each.source, each.definition)
        families.setdefault(key, []).append(each)
    answer = []
    for family in families.values():
        answer.extend(_family(family, cells, kind, by_direction, with_total))
    answer.sort(key=lambda each: (each.subject, each.measure, PREFERENCE.index(Origin(each.origin)), each.direction))
    return answer


def _family(
    family: list[Series], cells: dict[int, list[Cell]], kind: PeriodKind, by_direction: bool, with_total: bool
) -> list[FlowSeries]:
    """Series that differ in direction and granularity only: kept apart by direction, or as one total."""
    first, how = family[0], _how(family[0].measure)
    members: dict[str, list[Series]] = {}
    for each in family:
        members.setdefault(each.direction, []).append(each)
    rolled = {direction: _rolled(each, cells, kind, how) for direction, each in members.items()}
    ids = {direction: tuple(each.pk for each in held) for direction, held in members.items()}

    def made(direction: str, flows: Iterable[Flow], series_ids: tuple[int, ...]) -> FlowSeries:
        return FlowSeries(
            SubjectRef.of(first.subject_kind, first.subject_code), first.measure, direction, first.group, kind,
            first.unit, first.origin, first.source, first.definition, series_ids, tuple(flows),
        )

    apart = [made(direction, flows, ids[direction]) for direction, flows in rolled.items()]
    # What does not add up has no total but a reported one; entries into another country have no way out.
    if how != Rollup.SUM or first.subject_kind == SubjectKind.BENCHMARK_PORT or (by_direction and not with_total):
        return apart
    total = made("total", _total(members, rolled, cells, kind), tuple(each.pk for each in family))
    return [*(each for each in apart if each.direction != "total"), total] if by_direction else [total]


def _rolled(members: list[Series], cells: dict[int, list[Cell]], kind: PeriodKind, how: Rollup) -> list[Flow]:
    if len(members) == 1:
        return roll_up(cells[members[0].pk], kind, how)
    return cover((cell for each in members for cell in cells[each.pk]), kind, how)


def _total(
    members: dict[str, list[Series]], rolled: dict[str, list[Flow]], cells: dict[int, list[Cell]], kind: PeriodKind
) -> list[Flow]:
    """Of each period the reported total where it is whole, else both directions; one of them alone is a part."""
    sides = [rolled[side] for side in ("inbound", "outbound") if side in rolled]
    if "total" not in rolled:
        return add(sides, members=2)
    if not sides:
        return rolled["total"]
    # A year may be filed as totals until June and by direction from July: put together month by month.
    held = {cell.period: cell for each in members["total"] for cell in cells[each.pk]}
    both = _both_ways(members, cells)
    mixed = [cell for period, cell in both.items() if period not in held or not held[period].is_complete]
    whole = [cell for cell in held.values() if cell.is_complete or cell.period not in both]
    total = cover([*whole, *mixed], kind) if mixed else rolled["total"]
    return choose_total(total, add(sides, members=2))


def _both_ways(members: dict[str, list[Series]], cells: dict[int, list[Cell]]) -> dict[Period, Cell]:
    """The sum of both directions for each period that both filed whole, at the granularity they were filed in."""
    there, back = (
        {cell.period: cell for each in members.get(side, ()) for cell in cells[each.pk] if cell.is_complete}
        for side in ("inbound", "outbound")
    )
    return {
        period: Cell(period, there[period].value + back[period].value, used=(*there[period].used, *back[period].used))
        for period in there.keys() & back.keys()
    }


def best(series: Iterable[FlowSeries]) -> dict[tuple[SubjectRef, str], FlowSeries]:
    """For each subject and measure the series that speaks first: official before counterpart before press.

    Among sources of equal standing the one with more complete figures.
    """
    chosen: dict[tuple[SubjectRef, str], FlowSeries] = {}
    for each in series:
        key = (each.subject, each.measure)
        other = chosen.get(key)
        if other is None or _standing(each) > _standing(other):
            chosen[key] = each
    return chosen


def _standing(series: FlowSeries) -> tuple[int, bool, int]:
    return (-PREFERENCE.index(Origin(series.origin)), series.direction == "total",
            sum(flow.is_complete for flow in series.flows))


def sum_between(
    subject: SubjectRef, measure: str, first: date, last: date, *, group: str = "all",
    known_at: datetime | None = None,
) -> tuple[Decimal, int, int]:
    """Sum of the daily figures of both directions: (sum, days × directions present, expected).

    Used to hold a press figure of odd dates against the daily counts of the same days.
    """
    series = Series.objects.filter(
        subject_kind=subject.kind, subject_code=subject.code, measure=measure, group=group,
        granularity=PeriodKind.DAY, direction__in=["inbound", "outbound"],
    )
    rows = current(
        Observation.objects.filter(series__in=series, period_start__gte=first, period_end__lte=last), known_at
    ).values_list("value", flat=True)
    values = list(rows)
    return sum(values, Decimal(0)), len(values), 2 * ((last - first).days + 1)
