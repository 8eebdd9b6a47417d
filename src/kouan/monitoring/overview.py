"""What the first page of the console asks: the latest flows of the ports in scope, and who reported.

Everything here passes ``visible_to`` itself and costs a few queries however many ports there are.
Counterpart and press figures are shown beside the ports' own, never instead of a return: a port
with none of its own is 未报送.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Exists, Max, OuterRef, QuerySet, Subquery

from kouan.basis import Period, SubjectRef
from kouan.collection.models import Observation, Origin, Series
from kouan.monitoring.models import MonthOfDays
from kouan.monitoring.queries import PREFERENCE, current
from kouan.ports.models import CounterpartPoint, Port
from kouan.ports.queries import OUT, counterpart_points_visible_to, ports_visible_to

OWN = (Origin.OFFICIAL, Origin.EXERCISE)
HEADLINE = ("person_crossings", "cargo_tonnes")
TRAIL = 24


@dataclass(frozen=True, slots=True)
class LatestFlow:
    """The last figure of one port and measure from one source.

    ``on_year`` is the relative change on the same period a year before (None where that is not
    whole). ``trail``: the months up to it, oldest first, None where a month is not whole.
    """

    port: Port
    subject: SubjectRef
    measure: str
    direction: str
    origin: str
    source: str
    unit: str
    period: Period
    value: Decimal
    on_year: float | None = None
    trail: tuple[Decimal | None, ...] = field(default=())
    point: CounterpartPoint | None = None


def latest_flows(user: Any, *, limit: int = 12, press_limit: int = 6) -> list[LatestFlow]:
    """The latest figures of the ports that the user sees: own ones first, then counterpart, then press.

    At most ``limit`` of each origin (``press_limit`` of the press), the most recent and largest first.
    """
    visible = ports_visible_to(user)
    codes = visible.order_by().values("code")
    found = [*_own(codes, limit), *_press(codes, press_limit)]
    # Only the ports shown are read, not the register.
    ports = {port.code: port for port in visible.filter(code__in={made["subject"].code for made in found})}
    answer = [LatestFlow(port=ports[made["subject"].code], **made) for made in found]
    answer += _counterpart(user, limit)
    answer.sort(key=lambda each: PREFERENCE.index(Origin(each.origin)))
    return answer


def _with_last(series: QuerySet[Series]) -> QuerySet[Series]:
    """Each series with its last period and figure: one step into the index for each."""
    last = Observation.objects.filter(series=OuterRef("pk")).order_by("-period_start", "-period_end", "-revision")
    return series.annotate(
        last_start=Subquery(last.values("period_start")[:1]), last_end=Subquery(last.values("period_end")[:1]),
        last_value=Subquery(last.values("value")[:1]),
    ).filter(last_start__isnull=False)


def _before(end: date, months: int) -> date:
    """The first day of the month that lies ``months`` months before the one of ``end``."""
    at = end.year * 12 + end.month - 1 - months
    return date(at // 12, at % 12 + 1, 1)


def first_of_trail(period: Period) -> date:
    """The first day that the trail of a figure draws: its own period, or the first of the months up to its end."""
    return min(period.start, _before(period.end, TRAIL - 1))


def _change(now: Decimal | None, before: Decimal | None) -> float | None:
    return None if now is None or not before else float(now / before) - 1


@dataclass(frozen=True, slots=True)
class _Head:
    """The newest period of one port and measure that has a total, and the series by direction that speak of it.

    ``value`` is None where the figures of the period are still to be read.
    """

    members: dict[str, Any]
    period: Period
    value: Decimal | None


def _own(codes: QuerySet[Any, Any], limit: int) -> list[dict[str, Any]]:
    """Own figures: of each period the total where one was filed, else both directions added."""
    rows = _with_last(Series.objects.filter(
        subject_kind="port", subject_code__in=codes, measure__in=HEADLINE, group="all", origin__in=OWN,
    ).exclude(granularity__in=("day", "span")).order_by())
    families: dict[tuple[str, ...], dict[str, Any]] = defaultdict(dict)
    for row in rows:
        key = (row.subject_code, row.measure, row.origin, row.source, row.definition, row.granularity)
        families[key][row.direction] = row
    heads = [made for family in families.values() if (made := _last_of(family)) is not None]
    heads.sort(key=lambda made: (made.period.end, made.value or Decimal(0)), reverse=True)
    heads = heads[:limit]
    history = _history([(each, made.period) for made in heads for each in made.members.values()])
    answer = []
    for made in heads:

        def total(when: Period, members: dict[str, Any] = made.members) -> Decimal | None:
            held = {side: history.get((each.pk, when.start)) for side, each in members.items()}
            if held.get("total") is not None:
                return held["total"]
            there, back = held.get("inbound"), held.get("outbound")
            return None if there is None or back is None else there + back

        period, value = made.period, made.value if made.value is not None else total(made.period)
        if value is None:
            continue
        first = next(iter(made.members.values()))
        months = _back(period, TRAIL) if period.kind == "month" else []
        answer.append({
            "subject": first.subject, "measure": first.measure, "direction": "total",
            "origin": first.origin, "source": first.source, "unit": first.unit, "period": period, "value": value,
            "on_year": _change(value, total(period.same_last_year())), "trail": tuple(total(month) for month in months),
        })
    return answer


def _last_of(family: dict[str, Any]) -> _Head | None:
    """The newer of the last total and the last period that both directions may share."""
    found = []
    if "total" in family:
        row = family["total"]
        found.append(_Head(family, row.period(row.last_start, row.last_end), row.last_value))
    if {"inbound", "outbound"} <= family.keys():
        there, back = family["inbound"], family["outbound"]
        first = min(there, back, key=lambda each: each.last_start)
        same = there.last_start == back.last_start
        found.append(_Head(family, first.period(first.last_start, first.last_end),
                           there.last_value + back.last_value if same else None))
    # Of equals the total: it was put first.
    return max(found, key=lambda made: made.period.end, default=None)


def _history(wanted: Iterable[tuple[Any, Period]]) -> dict[tuple[int, date], Decimal]:
    """Figures of the series in the two years before the period of each."""
    pairs = list(wanted)
    if not pairs:
        return {}
    since = min(_before(period.start, TRAIL) for _, period in pairs)
    rows = current(Observation.objects.filter(
        series_id__in=[each.pk for each, _ in pairs], period_start__gte=since
    )).values_list("series_id", "period_start", "value")
    return {(pk, start): value for pk, start, value in rows}


def _back(period: Period, count: int) -> list[Period]:
    """``count`` periods up to this one, oldest first."""
    found = [period]
    while len(found) < count:
        found.append(found[-1].previous())
    return found[::-1]


def _counterpart(user: Any, limit: int) -> list[LatestFlow]:
    """The last whole month of the points that face a port, both directions added."""
    points = {point.code: point for point in counterpart_points_visible_to(user).filter(port__isnull=False)}
    if not points:
        return []
    series = {
        row.pk: row for row in Series.objects.filter(
            subject_kind="counterpart_point", subject_code__in=list(points), measure="person_crossings",
            group="all", granularity="day", direction__in=("inbound", "outbound"),
        )
    }
    held = MonthOfDays.objects.filter(series_id__in=list(series))
    last = held.aggregate(last=Max("month"))["last"]
    if last is None:
        return []
    months: dict[tuple[str, str], dict[date, list[Decimal | None]]] = defaultdict(lambda: defaultdict(list))
    for pk, month, value, days in held.filter(month__gte=_before(last, TRAIL + 1)).values_list(
        "series_id", "month", "value", "days"
    ):
        row = series[pk]
        whole = days == Period.month(month.year, month.month).day_count
        months[row.subject_code, row.source][month].append(value if whole else None)
    answer = []
    for (code, source), held_months in months.items():
        totals: dict[date, Decimal | None] = {
            month: sum((p for p in parts if p is not None), Decimal(0)) if len(parts) == 2 and None not in parts else None
            for month, parts in held_months.items()
        }
        whole_months = [month for month, value in totals.items() if value is not None]
        if not whole_months:
            continue
        end = max(whole_months)
        period = Period.month(end.year, end.month)
        latest, point = totals[end], points[code]
        if latest is None or point.port is None:
            continue
        any_series = next(row for row in series.values() if row.subject_code == code)
        answer.append(LatestFlow(
            port=point.port, subject=any_series.subject, measure="person_crossings", direction="total",
            origin=Origin.COUNTERPART, source=source, unit=any_series.unit, period=period, value=latest,
            on_year=_change(latest, totals.get(period.same_last_year().start)),
            trail=tuple(totals.get(month.start) for month in _back(period, TRAIL)), point=point,
        ))
    answer.sort(key=lambda each: (each.period.end, each.value), reverse=True)
    return answer[:limit]


def _press(codes: QuerySet[Any, Any], limit: int) -> list[dict[str, Any]]:
    """The last figure that the press printed of each port and measure."""
    rows: Any = _with_last(Series.objects.filter(
        subject_kind="port", subject_code__in=codes, origin=Origin.PRESS, group="all",
    ).exclude(measure__endswith="_seconds").exclude(measure__endswith="_hours").order_by())
    newest: dict[tuple[str, str], Any] = {}
    for row in rows:
        key = (row.subject_code, row.measure)
        other = newest.get(key)
        if other is None or (row.direction == "total", row.last_end) > (other.direction == "total", other.last_end):
            newest[key] = row
    found = [
        {
            "subject": row.subject, "measure": row.measure, "direction": row.direction,
            "origin": Origin.PRESS, "source": row.source, "unit": row.unit,
            "period": row.period(row.last_start, row.last_end), "value": row.last_value,
        }
        for row in newest.values()
    ]
    found.sort(key=lambda made: (made["period"].end, made["value"]), reverse=True)
    return found[:limit]


@dataclass(frozen=True, slots=True)
class Reporting:
    """How many ports reported any figure of a year themselves, of those that should."""

    year: int
    expected: int
    reported: int
    by_province: dict[str, tuple[int, int]]

    @property
    def silent(self) -> int:
        """Ports without any figure of their own: 未报送."""
        return self.expected - self.reported


def own_series_of(year: int) -> QuerySet[Series]:
    """The series in which a port itself said anything of a year; whose ports they are is the caller's to narrow."""
    period = Period.year(year)
    of_year = Observation.objects.filter(series=OuterRef("pk"), period_start__lte=period.end, period_end__gte=period.start)
    return Series.objects.filter(Exists(of_year), subject_kind="port", origin__in=OWN).order_by()


def reporting(user: Any, year: int) -> Reporting:
    """Ports in scope that reported anything of the year; planned, closed and merged ones need not.

    ``by_province``: province code → (reported, expected).
    """
    ports = ports_visible_to(user).counted().exclude(status__in=OUT)
    reported = set(own_series_of(year).values_list("subject_code", flat=True).distinct())
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for code, province in ports.order_by().values_list("code", "province_code"):
        counts[province][1] += 1
        counts[province][0] += code in reported
    return Reporting(
        year, sum(held[1] for held in counts.values()), sum(held[0] for held in counts.values()),
        {province: (held[0], held[1]) for province, held in counts.items()},
    )


NATIONAL = ("person_crossings", "movements", "vehicles", "aircraft", "vessels", "trains")


@dataclass(frozen=True, slots=True)
class NationalFigure:
    """A figure of the whole nation for a year, and its change on the year before."""

    measure: str
    unit: str
    origin: str
    source: str
    period: Period
    value: Decimal
    on_year: float | None


def national_figures(user: Any) -> list[NationalFigure]:
    """The last yearly figure of the nation by measure, whoever printed it; every reader may see these."""
    series = {
        row.pk: row for row in Series.objects.visible_to(user).filter(
            subject_kind="nation", granularity="year", group="all", direction="total", measure__in=NATIONAL,
        ).order_by()
    }
    years: dict[int, dict[int, Decimal]] = defaultdict(dict)
    for pk, start, value in current(Observation.objects.filter(series_id__in=list(series))).values_list(
        "series_id", "period_start", "value"
    ):
        years[pk][start.year] = value
    newest: dict[str, NationalFigure] = {}
    for pk, held in years.items():
        row, last = series[pk], max(held)
        made = NationalFigure(row.measure, row.unit, row.origin, row.source, Period.year(last), held[last],
                              _change(held[last], held.get(last - 1)))
        other = newest.get(row.measure)
        if other is None or (made.period.end, -PREFERENCE.index(Origin(made.origin))) > (
            other.period.end, -PREFERENCE.index(Origin(other.origin))
        ):
            newest[row.measure] = made
    return [newest[measure] for measure in NATIONAL if measure in newest]
