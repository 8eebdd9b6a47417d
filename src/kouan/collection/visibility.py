"""Who may see which batch, series, figure and held row (DESIGN.md, contract 7).

A figure is seen by whoever sees what it is about: a port by scope, a counterpart point through the
port it faces, a province by that province; beyond that, whoever holds a grant sees what the grant
reaches (``granted.py``). Figures of the nation, and of groups that a publisher totals, are public and
seen by everyone signed in; benchmarks by every reader of the console. A batch is seen by the office
that sent it and those above it, and by every reader when its source is open.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from kouan.accounts.action import System
from kouan.accounts.permissions import may
from kouan.accounts.scope import Scope, scope_of
from kouan.basis import SubjectKind
from kouan.desk.sharing.reach import Reach, reaches_for

if TYPE_CHECKING:
    from kouan.collection.models import Batch, Holding, Observation, Series  # noqa: F401 - named in strings below

# The name under which figures stand in the catalogue of data sets.
ROOM = "collection"
NOTED_AT_ONCE = 500


def scope_for(actor: Any) -> Scope:
    """The scope of a user; of the system, everything."""
    return Scope(everything=True) if isinstance(actor, System) else scope_of(actor)


def own_filter(user: Any, prefix: str = "") -> Q | None:
    """The condition on series in the user's own scope; None for no condition at all."""
    from kouan.ports.models import CounterpartPoint, Port

    scope = scope_for(user)
    if scope.everything:
        return None
    if user is None or not user.is_authenticated or not user.is_active:
        return Q(pk__in=[])

    def of(kind: SubjectKind, **more: Any) -> Q:
        return Q(**{f"{prefix}subject_kind": kind.value} | {prefix + name: value for name, value in more.items()})

    shown = of(SubjectKind.NATION) | of(SubjectKind.GROUP)
    if may(user, "console.read"):
        shown |= of(SubjectKind.BENCHMARK_PORT)
    if scope:
        ports = Port.objects.visible_to(user).order_by().values("code")
        points = CounterpartPoint.objects.visible_to(user).order_by().values("code")
        shown |= of(SubjectKind.PORT, subject_code__in=ports)
        shown |= of(SubjectKind.COUNTERPART_POINT, subject_code__in=points)
        shown |= of(SubjectKind.PROVINCE, subject_code__in=scope.provinces)
    return shown


def granted_filter(reach: Reach, prefix: str = "") -> Q:
    """The condition on series that a grant reaches. Its months are a condition on figures (``granted_months``)."""
    from kouan.ports.models import CounterpartPoint, Port

    covered, name = reach.coverage, f"{prefix}subject_code__in"
    condition = Q(**{f"{prefix}subject_kind": covered.subject_kind})
    if covered.fields:
        condition &= Q(**{f"{prefix}measure__in": covered.fields})
    if not covered.limits_rows:
        return condition
    rows = Q(province_code__in=[code for code in covered.provinces if code]) | Q(code__in=covered.ports)
    match covered.subject_kind:
        case SubjectKind.PORT:
            return condition & Q(**{name: Port.objects.filter(rows).order_by().values("code")})
        case SubjectKind.COUNTERPART_POINT:
            points = CounterpartPoint.objects.filter(port__in=Port.objects.filter(rows).order_by().values("pk"))
            return condition & Q(**{name: points.order_by().values("code")})
        case _:
            return condition & Q(**{name: covered.provinces})


def granted_months(reach: Reach) -> Q:
    """The condition on the periods of figures that a grant reaches: those that lie whole in its months."""
    condition = Q()
    if reach.coverage.since:
        condition &= Q(period_start__gte=reach.coverage.since)
    if reach.coverage.until:
        condition &= Q(period_end__lte=reach.coverage.until)
    return condition


class SeriesQuerySet(models.QuerySet["Series"]):
    """Series, and who may see which."""

    def visible_to(self, user: Any) -> SeriesQuerySet:
        """Only series about what is in the user's scope or in the reach of a grant. A head tells of no figure."""
        condition = own_filter(user)
        if condition is None:
            return self
        for reach in reaches_for(user, ROOM):
            condition |= granted_filter(reach)
        return self.filter(condition)


class ObservationQuerySet(models.QuerySet["Observation"]):
    """Figures, and who may see which. What is fetched through a grant is noted, by whatever door it is asked for."""

    _shared_with: Any = None

    def visible_to(self, user: Any) -> ObservationQuerySet:
        """Only figures of series in the user's scope, or in the reach of a grant."""
        condition = own_filter(user, "series__")
        if condition is None:
            return self
        reaches = reaches_for(user, ROOM)
        for reach in reaches:
            condition |= granted_filter(reach, "series__") & granted_months(reach)
        rows = self.filter(condition)
        if reaches:
            rows._shared_with = user
        return rows

    def _clone(self) -> ObservationQuerySet:
        made: ObservationQuerySet = super()._clone()  # type: ignore[misc]  # the stubs do not know it; it carries what a queryset bears
        made._shared_with = self._shared_with
        return made

    def _fetch_all(self) -> None:
        is_new = self._result_cache is None and self._shared_with is not None
        super()._fetch_all()
        if is_new:
            self._note(self._result_cache or ())

    def iterator(self, chunk_size: int | None = None) -> Iterator[Any]:
        """As everywhere; what was read is noted, some hundred rows at a time, before it is handed on."""
        rows = super().iterator(chunk_size)
        if self._shared_with is None:
            yield from rows
            return
        while some := list(islice(rows, NOTED_AT_ONCE)):
            self._note(some)
            yield from some

    def _note(self, rows: Sequence[Any]) -> None:
        from kouan.collection.granted import note_rows

        if not rows:
            return
        if isinstance(rows[0], models.Model):
            note_rows(self._shared_with, Counter(row.series_id for row in rows))
            return
        # Values and sums do not say of which series they are: the same question is asked once more, for the series alone.
        asked: Any = self._chain()  # type: ignore[attr-defined]  # nor this one
        asked._shared_with = None
        keys = asked.order_by().values("pk") if not asked.query.is_sliced else asked.values("pk")
        note_rows(self._shared_with, Counter(ObservationQuerySet(self.model, using=self.db).filter(pk__in=keys).values_list("series_id", flat=True)))


def _batches(user: Any, prefix: str = "") -> Q | None:
    scope = scope_for(user)
    if scope.everything:
        return None
    if user is None or not user.is_authenticated or not may(user, "intake.read"):
        return Q(pk__in=[])
    own = {f"{prefix}organisation_id": user.organisation_id}
    below = {f"{prefix}organisation__province_code__in": scope.provinces}
    public = {f"{prefix}is_open": True, f"{prefix}state": "committed"}
    return Q(**own) | Q(**below) | Q(**public)


class BatchQuerySet(models.QuerySet["Batch"]):
    """Batches, and who may see which."""

    def visible_to(self, user: Any) -> BatchQuerySet:
        """Those of one's own office, of offices below it, and committed ones of open sources."""
        condition = _batches(user)
        return self if condition is None else self.filter(condition)


class HoldingQuerySet(models.QuerySet["Holding"]):
    """Held and refused rows, and who may see which."""

    def visible_to(self, user: Any) -> HoldingQuerySet:
        """Rows of the batches that the user may see."""
        condition = _batches(user, "batch__")
        return self if condition is None else self.filter(condition)

    def waiting(self) -> HoldingQuerySet:
        """Held rows about which nobody has decided yet."""
        return self.filter(outcome="held", resolution="")
