"""Who may see which event, source and held row (DESIGN.md, contract 7).

An event is seen by whoever sees its port; what its sender's office sent is seen by that office too. Held rows and
batches go by the office that sends: its own, those of the province above it, the national office.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from kouan.accounts.action import System
from kouan.accounts.permissions import may
from kouan.collection.visibility import scope_for

if TYPE_CHECKING:
    from kouan.monitoring.journal.models import Event, EventBatch, EventSource, HeldEvent  # noqa: F401 - named in strings


def _may_read(user: Any) -> bool:
    return isinstance(user, System) or bool(user is not None and user.is_authenticated and may(user, "events.read"))


def ports_for(user: Any) -> list[str] | None:
    """The codes of the ports whose events a user may see; None for every port."""
    if not _may_read(user):
        return []
    if scope_for(user).everything:
        return None
    from kouan.ports.models import Port

    return list(Port.objects.visible_to(user).order_by("code").values_list("code", flat=True))


def _sources(user: Any, prefix: str = "") -> Q | None:
    """The condition on sources; None for no condition."""
    if not _may_read(user):
        return Q(pk__in=[])
    scope = scope_for(user)
    if scope.everything:
        return None
    return Q(**{f"{prefix}organisation_id": user.organisation_id}) | Q(
        **{f"{prefix}organisation__province_code__in": scope.provinces - {""}})


def source_codes_for(user: Any) -> list[str] | None:
    """The codes of the sources that a user may see; None for every source."""
    condition = _sources(user)
    if condition is None:
        return None
    from kouan.monitoring.journal.models import EventSource

    return list(EventSource.objects.filter(condition).values_list("code", flat=True))


class SourceQuerySet(models.QuerySet["EventSource"]):
    """Sources, and who may see which."""

    def visible_to(self, user: Any) -> SourceQuerySet:
        """Those of one's own office and of offices of one's province."""
        condition = _sources(user)
        return self if condition is None else self.filter(condition)


class EventQuerySet(models.QuerySet["Event"]):
    """Events, and who may see which."""

    def visible_to(self, user: Any) -> EventQuerySet:
        """Only events at ports in the user's scope."""
        ports = ports_for(user)
        return self if ports is None else self.filter(port__in=ports)

    def current(self) -> EventQuerySet:
        """The highest revision of each event, without those withdrawn."""
        later = self.model.objects.filter(
            source=models.OuterRef("source"), event_id=models.OuterRef("event_id"), revision__gt=models.OuterRef("revision"))
        return self.filter(~models.Exists(later), withdrawn=False)


class BySourceQuerySet(models.QuerySet[Any]):
    """Batches and held rows, which follow the source that sent them."""

    def visible_to(self, user: Any) -> BySourceQuerySet:
        """Only what sources in the user's sight sent."""
        codes = source_codes_for(user)
        return self if codes is None else self.filter(source__in=codes)
