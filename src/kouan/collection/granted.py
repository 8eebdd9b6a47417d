"""Figures read through a grant: how far each grant reaches, who is told what, and how good the shared figures are.

The filter itself stands in ``visibility.py``; here is what doors that add figures up need (``limits_of``), what is written
of each reading (``note_rows``), and what the catalogue shows of a data set of figures (``SHARED``).

Nobody without a grant in force pays for any of it: every function answers at once where the reader holds none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from statistics import median
from typing import Any

from django.db.models import Count, Max, Q

from kouan.basis import SubjectKind, SubjectRef, Text, clock, measures
from kouan.collection.models import Batch, Holding, HoldingOutcome, Observation, Series
from kouan.collection.visibility import ROOM, granted_filter, granted_months, own_filter
from kouan.desk.sharing.coverage import Coverage
from kouan.desk.sharing.reach import Reach, note_read, reaches_for
from kouan.desk.sharing.rooms import Quality, Room

Months = list[tuple[date | None, date | None]]


def is_shared(user: Any, subject: SubjectRef) -> bool:
    """Whether figures of a subject are within reach of a grant that the user's office holds."""
    reaches = reaches_for(user, ROOM)
    if not reaches:
        return False
    reached = Q(pk__in=[])
    for reach in reaches:
        reached |= granted_filter(reach)
    return Series.objects.filter(reached, subject_kind=subject.kind, subject_code=subject.code).exists()


def is_own(user: Any, series: int) -> bool:
    """Whether a series lies in the user's own scope, so that no grant is needed to read it."""
    return series in _own(user, [series])


def limits_of(user: Any, series: Collection[int]) -> dict[int, Months | None] | None:
    """For each series that the user may read: None, or the spans of months that grants reach. None alone: no grant is held."""
    reaches = reaches_for(user, ROOM)
    if not reaches or not series:
        return None
    limits: dict[int, Months | None] = dict.fromkeys(_own(user, series))
    for reach in reaches:
        for pk in _reached(reach, set(series)):
            months = limits.setdefault(pk, [])
            if months is not None:
                months.append((reach.coverage.since, reach.coverage.until))
    return limits


def note_rows(user: Any, counts: Mapping[int, int]) -> None:
    """Write down how many figures of which series were read through which grant; those in one's own scope are nobody's business."""
    reaches = reaches_for(user, ROOM)
    if not reaches or not counts:
        return
    left = set(counts) - _own(user, counts)
    for reach in reaches:
        if not left:
            return
        heads = list(Series.objects.filter(granted_filter(reach), pk__in=left).order_by()
                     .values_list("pk", "subject_kind", "subject_code", "measure"))
        if not heads:
            continue
        note_read(user, reach, sum(counts[pk] for pk, *_ in heads), fields={measure for *_, measure in heads},
                  subjects={f"{kind}:{code}" for _, kind, code, _ in heads})
        left -= {pk for pk, *_ in heads}


def _own(user: Any, series: Collection[int]) -> set[int]:
    condition = own_filter(user)
    rows = Series.objects.filter(pk__in=series) if condition is None else Series.objects.filter(condition, pk__in=series)
    return set(rows.order_by().values_list("pk", flat=True))


def _reached(reach: Reach, series: Collection[int]) -> set[int]:
    return set(Series.objects.filter(granted_filter(reach), pk__in=series).order_by().values_list("pk", flat=True))


# ---- the catalogue ---------------------------------------------------------------------------------------------


def fields() -> dict[str, Text]:
    """Every measure but those of benchmarks abroad."""
    return {code: each.name for code, each in measures.all_measures().items() if not each.is_benchmark}


def figures_of(coverage: Coverage) -> Any:
    """The figures that a coverage holds, every revision; the caller has looked at who asks."""
    reach = Reach(0, "", "", coverage)
    return Observation.objects.filter(granted_filter(reach, "series__") & granted_months(reach))


def quality_of(coverage: Coverage) -> Quality:
    """How complete, how timely, how doubtful: of the twelve whole months before this one, for series filed by month or day.

    Completeness: of every series, months with a figure among twelve. Lag: the median number of days from the end of a
    period to its intake, over batches of the last year. Open findings: held rows about the same subjects.
    """
    reach = Reach(0, "", "", coverage)
    heads = Series.objects.filter(granted_filter(reach))
    told = heads.aggregate(subjects=Count("subject_code", distinct=True))
    rows = figures_of(coverage)
    overall = rows.aggregate(rows=Count("pk"), last=Max("period_end"))
    until = clock.today().replace(day=1)
    since = (until - timedelta(days=335)).replace(day=1)
    monthly = heads.filter(granularity="month")
    expected = 12 * monthly.count()
    present = rows.filter(series__in=monthly, period_start__gte=since, period_end__lt=until, revision=1).count()
    lags: list[float] = []
    weights: dict[int, list[date]] = defaultdict(list)
    recent = rows.filter(period_start__gte=since, revision=1).order_by().values("batch_id").annotate(last=Max("period_end"))
    for row in recent[:2000]:
        weights[row["batch_id"]].append(row["last"])
    for pk, at in Batch.objects.filter(pk__in=weights, committed_at__isnull=False).values_list("pk", "committed_at"):
        if at is None:
            continue
        lags += [float((at.astimezone(clock.BEIJING).date() - last).days) for last in weights[pk]]
    held = Holding.objects.filter(outcome=HoldingOutcome.HELD, resolution="", subject_kind=coverage.subject_kind)
    if coverage.limits_rows and coverage.subject_kind == SubjectKind.PORT:
        held = held.filter(subject_code__in=heads.order_by().values("subject_code"))
    return Quality(
        rows=overall["rows"], subjects=told["subjects"], completeness=present / expected if expected else None,
        last_period=overall["last"].isoformat() if overall["last"] else "", lag_days=median(lags) if lags else None, findings_open=held.count())


SHARED = Room(Text("统计数据", "Figures"), fields, quality_of)
