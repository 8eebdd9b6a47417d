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
    # Numbers of the cases that the user may open.
    readable: set[int]

    def __bool__(self) -> bool:
        return any((self.openings, self.sites, self.demonstrations, self.class_two, self.running))


def at_port(user: Any, port: Port) -> AtPort:
    """What a user may see of one port. What cases left names its case, so a port without cases has left nothing."""
    of_port = {"port": port}
    openings: list[TemporaryOpening] = []
    sites: list[SupervisionSite] = []
    demonstrations: list[DemonstrationPort] = []
    # Most ports have no case at all: what is asked first is cheap, and the rest is asked only where there is one.
    numbers = list(Matter.objects.filter(port_code=port.code).order_by().values_list("pk", flat=True))
    if numbers:
        openings = list(TemporaryOpening.objects.visible_to(user).filter(**of_port).select_related("document", "matter")
                        .prefetch_related("extensions__document"))
        sites = list(SupervisionSite.objects.visible_to(user).filter(**of_port)
                     .select_related("approval", "acceptance", "published", "matter"))
        demonstrations = list(DemonstrationPort.objects.visible_to(user).filter(**of_port).select_related("document", "matter"))
    class_two: list[ClassTwoClearance] = []
    if ClassTwoClearance.objects.filter(into_code=port.code).exists():
        class_two = list(ClassTwoClearance.objects.filter(into_code=port.code, port__in=ClassTwoPort.objects.all().visible_to(user))
                         .select_related("port", "document"))
    # A case of clearance names no port of the register, so it is looked up by its number.
    numbers += [each.matter_id_recorded for each in class_two if each.matter_id_recorded]
    seen = list(matters_visible_to(user).filter(pk__in=numbers)) if numbers else []
    readable = {each.pk for each in seen}
    running = [each for each in seen if each.port_code == port.code and each.ended_at is None]
    return AtPort(openings, sites, demonstrations, class_two, running, readable)


def newest_gathering(matter: Matter) -> Gathering | None:
    """The facts of a case as last gathered."""
    return Gathering.objects.filter(matter=matter).order_by("-revision").select_related("actor").first()


def form_of(matter: Matter) -> CaseForm | None:
    """What the first form of a case asked for."""
    return CaseForm.objects.filter(matter=matter).first()
