"""Who may see which batch, series, figure and held row (DESIGN.md, contract 7).

A figure is seen by whoever sees what it is about: a port by scope, a counterpart point through the
port it faces, a province by that province. Figures of the nation, and of groups that a publisher
totals, are public and seen by everyone signed in; benchmarks by every reader of the console. A batch
is seen by the office that sent it and those above it, and by every reader when its source is open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from kouan.accounts.action import System
from kouan.accounts.permissions import may
from kouan.accounts.scope import Scope, scope_of
from kouan.basis import SubjectKind

if TYPE_CHECKING:
    from kouan.collection.models import Batch, Holding, Observation, Series  # noqa: F401 - named in strings below


def scope_for(actor: Any) -> Scope:
    """The scope of a user; of the system, everything."""
    return Scope(everything=True) if isinstance(actor, System) else scope_of(actor)


def series_filter(user: Any, prefix: str = "") -> Q | None:
    """The condition on series that the user may see; None for no condition at all."""
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


class SeriesQuerySet(models.QuerySet["Series"]):
    """Series, and who may see which."""

    def visible_to(self, user: Any) -> SeriesQuerySet:
        """Only series about what is in the user's scope."""
        condition = series_filter(user)
        return self if condition is None else self.filter(condition)


class ObservationQuerySet(models.QuerySet["Observation"]):
    """Figures, and who may see which."""

    def visible_to(self, user: Any) -> ObservationQuerySet:
        """Only figures of series in the user's scope."""
        condition = series_filter(user, "series__")
        return self if condition is None else self.filter(condition)


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
