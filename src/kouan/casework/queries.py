"""What can be asked of casework: what was gathered for a case, and what cases left at a port."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kouan.casework.models import (
    CaseForm,
    DemonstrationPort,
    Gathering,
    SupervisionSite,
    TemporaryOpening,
)
from kouan.desk.matters.models import Matter
from kouan.desk.matters.queries import matters_visible_to
from kouan.grading.models import ClassTwoClearance, ClassTwoPort
from kouan.ports.models import Port


@dataclass(frozen=True)
class AtPort:
    """What cases left at one port, and those that run."""

    openings: list[TemporaryOpening]
    sites: list[SupervisionSite]
    demonstrations: list[DemonstrationPort]
    class_two: list[ClassTwoClearance]
    running: list[Matter]

    def __bool__(self) -> bool:
        return any((self.openings, self.sites, self.demonstrations, self.class_two, self.running))


def at_port(user: Any, port: Port) -> AtPort:
    """What a user may see of one port."""
    return AtPort(
        list(TemporaryOpening.objects.visible_to(user).filter(port=port).select_related("document",
            "matter").prefetch_related("extensions__document")),
        list(SupervisionSite.objects.visible_to(user).filter(port=port).select_related("approval", "acceptance", "published", "matter")),
        list(DemonstrationPort.objects.visible_to(user).filter(port=port).select_related("document", "matter")),
        list(ClassTwoClearance.objects.filter(into_code=port.code, port__in=ClassTwoPort.objects.all().visible_to(user)).select_related("port",
            "document")),
        list(matters_visible_to(user).filter(port_code=port.code, ended_at__isnull=True)),
    )


def newest_gathering(matter: Matter) -> Gathering | None:
    """The facts of a case as last gathered."""
    return Gathering.objects.filter(matter=matter).order_by("-revision").select_related("actor").first()


def form_of(matter: Matter) -> CaseForm | None:
    """What the first form of a case asked for."""
    return CaseForm.objects.filter(matter=matter).first()
