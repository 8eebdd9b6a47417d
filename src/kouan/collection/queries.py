"""What can be asked of collection. Everything that reaches a user passes ``visible_to``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Subquery

from kouan.accounts.permissions import may
from kouan.basis import Finding, NotFound, Period, SubjectKind, SubjectRef
from kouan.collection.models import Batch, BatchState, Holding, Observation, Origin, Series
from kouan.collection.visibility import HoldingQuerySet, scope_for
from kouan.ports.models import CounterpartPoint, Port

# ---- in scope ---------------------------------------------------------------------------------------------


def series_visible_to(user: Any) -> QuerySet[Series]:
    """Series about what is in the user's scope."""
    return Series.objects.visible_to(user)


def observations_visible_to(user: Any) -> QuerySet[Observation]:
    """Figures about what is in the user's scope, every revision."""
    return Observation.objects.visible_to(user)


def batches_visible_to(user: Any) -> QuerySet[Batch]:
    """Batches that the user may see; the small ones that accepted a held row stand with their file."""
    return Batch.objects.visible_to(user)


def holdings_visible_to(user: Any) -> HoldingQuerySet:
    """Held and refused rows of the batches that the user may see."""
    return Holding.objects.visible_to(user)


def visible_subjects(user: Any, subjects: Iterable[SubjectRef]) -> list[SubjectRef]:
    """Those of the subjects whose figures the user may see, in the order given."""
    wanted = list(subjects)
    scope = scope_for(user)
    if scope.everything:
        return wanted
    if user is None or not user.is_authenticated or not user.is_active:
        return []
    codes: dict[SubjectKind, set[str]] = defaultdict(set)
    for subject in wanted:
        codes[subject.kind].add(subject.code)
    ports = set(Port.objects.visible_to(user).filter(code__in=codes[SubjectKind.PORT]).values_list("code", flat=True))
    points = set(
        CounterpartPoint.objects.visible_to(user).filter(code__in=codes[SubjectKind.COUNTERPART_POINT])
        .values_list("code", flat=True)
    )
    reads = may(user, "console.read")

    def is_visible(subject: SubjectRef) -> bool:
        match subject.kind:
            case SubjectKind.PORT:
                return subject.code in ports
            case SubjectKind.COUNTERPART_POINT:
                return subject.code in points
            case SubjectKind.PROVINCE:
                return subject.code in scope.provinces
            case SubjectKind.BENCHMARK_PORT:
                return reads
        return True

    return [subject for subject in wanted if is_visible(subject)]


def _one(found: Any, code: str, zh: str, en: str, number: int) -> Any:
    if found is None:
        raise NotFound([Finding.error(
            code, f"没有编号为 {number} 的{zh}。", f"There is no {en} numbered {number}.",
            remedy=("请从“报送”页进入。", "Start from the page of submissions."),
        )])
    return found


def get_batch(user: Any, number: int) -> Batch:
    """One batch; NotFound for anybody else's."""
    found = Batch.objects.visible_to(user).select_related("document", "submitted_by", "organisation")
    batch: Batch = _one(found.filter(pk=number).first(), "batch_not_found", "批次", "batch", number)
    return batch


def get_holding(user: Any, number: int) -> Holding:
    """One held or refused row; NotFound for anybody else's."""
    found = Holding.objects.visible_to(user).select_related("batch")
    holding: Holding = _one(found.filter(pk=number).first(), "holding_not_found", "暂存记录", "held row", number)
    return holding


def get_observation(user: Any, number: int) -> Observation:
    """One figure; NotFound for anybody else's."""
    found = Observation.objects.visible_to(user).select_related("series", "batch__submitted_by", "batch__organisation")
    figure: Observation = _one(found.filter(pk=number).first(), "observation_not_found", "数据", "figure", number)
    return figure


# ---- figures ------------------------------------------------------------------------------------------------


def current(
    series: Iterable[Series] | Iterable[int] | None = None, *, known_at: datetime | None = None,
    start: date | None = None, end: date | None = None,
) -> QuerySet[Observation]:
    """The figures without a later revision, as known now or at ``known_at``.

    ``start`` and ``end`` bound the periods (both days included). The caller has narrowed the series to
    what its user may see.
    """
    found = Observation.objects.all()
    if series is not None:
        found = found.filter(series__in=list(series) if not isinstance(series, QuerySet) else series)
    if start is not None:
        found = found.filter(period_start__gte=start)
    if end is not None:
        found = found.filter(period_end__lte=end)
    later = Observation.objects.filter(
        series_id=OuterRef("series_id"), period_start=OuterRef("period_start"), period_end=OuterRef("period_end"),
        revision__gt=OuterRef("revision"),
    )
    if known_at is not None:
        found = found.filter(batch__committed_at__lte=known_at)
        later = later.filter(batch__committed_at__lte=known_at)
    return found.filter(~Exists(later))


@dataclass(frozen=True, slots=True)
class Version:
    """One revision of a figure: what it was, since when we know it, and by which file."""

    observation: int
    revision: int
    value: Decimal
    batch: int
    file_name: str
    recorded_at: datetime | None


def history(observation: Observation) -> list[Version]:
    """Every revision of a figure, first to last: nothing recorded is overwritten."""
    rows = Observation.objects.filter(
        series_id=observation.series_id, period_start=observation.period_start, period_end=observation.period_end
    ).select_related("batch").order_by("revision")
    return [
        Version(row.pk, row.revision, row.value, row.batch_id, row.batch.file_name, row.batch.committed_at)
        for row in rows
    ]


# ---- completeness -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Completeness:
    """Which periods a subject has reported of one measure, and which it has not."""

    subject: SubjectRef
    measure: str
    reported: tuple[Period, ...]
    missing: tuple[Period, ...]

    @property
    def share(self) -> float:
        """Reported of expected, 0…1."""
        expected = len(self.reported) + len(self.missing)
        return len(self.reported) / expected if expected else 0.0


def completeness(
    subjects: Sequence[SubjectRef], measures: Sequence[str], periods: Sequence[Period],
    *, origins: Sequence[str] = (Origin.OFFICIAL, Origin.EXERCISE), known_at: datetime | None = None,
) -> list[Completeness]:
    """For each subject and measure the periods (of one kind) that have a figure of the given origins.

    Counterpart and press figures are no report of the port's own, so by default they do not count.
    """
    if not subjects or not measures or not periods:
        return []
    kinds = {period.kind for period in periods}
    if len(kinds) != 1:
        raise ValueError("completeness compares periods of one kind")
    series = Series.objects.filter(
        subject_kind__in={subject.kind for subject in subjects}, subject_code__in={s.code for s in subjects},
        measure__in=measures, granularity=kinds.pop(), origin__in=origins,
    )
    rows = current(
        series, known_at=known_at, start=min(p.start for p in periods), end=max(p.end for p in periods)
    ).values_list("series__subject_kind", "series__subject_code", "series__measure", "period_start").distinct()
    there = {(SubjectRef.of(kind, code), measure, start) for kind, code, measure, start in rows}
    answer = []
    for subject in subjects:
        for measure in measures:
            has = [period for period in periods if (subject, measure, period.start) in there]
            answer.append(Completeness(
                subject, measure, tuple(has), tuple(period for period in periods if period not in has)
            ))
    return answer


# ---- batches ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SourceState:
    """How fresh a source is: files taken in, the last one, its last period, rows that wait."""

    source: str
    batches: int
    last_committed_at: datetime | None
    last_day: date | None
    waiting: int


def source_states(user: Any) -> dict[str, SourceState]:
    """By source, what the user may see of its state; sources without any batch are not in it."""
    batches = Batch.objects.visible_to(user).filter(state=BatchState.COMMITTED).order_by()
    counts = {
        row["source"]: row
        for row in batches.values("source").annotate(n=Count("pk", filter=Q(resolves=None)), last=Max("committed_at"))
    }
    waiting = dict(
        Holding.objects.visible_to(user).waiting().order_by().values_list("batch__source")
        .annotate(n=Count("pk")).values_list("batch__source", "n")
    )
    days = _last_days(user, counts)
    return {
        source: SourceState(source, row["n"], row["last"], days.get(source), waiting.get(source, 0))
        for source, row in counts.items()
    }


def _last_days(user: Any, wanted: Iterable[str]) -> dict[str, date]:
    """The last day of any figure, by source: one step into the index for each series."""
    last = Observation.objects.filter(series=OuterRef("pk")).order_by("-period_start", "-period_end")
    rows = Series.objects.visible_to(user).filter(source__in=list(wanted)).order_by().values_list(
        "source", Subquery(last.values("period_end")[:1])
    )
    days: dict[str, date] = {}
    for source, day in rows:
        if day is not None and (source not in days or day > days[source]):
            days[source] = day
    return days
