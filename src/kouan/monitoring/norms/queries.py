"""What can be asked of norms: those in force for judging, the records in sight."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings

from kouan.audit import record_event
from kouan.basis import Citation, NotFound, Place
from kouan.monitoring.norms.models import NormQuerySet, NormState, OperationNorm
from kouan.monitoring.timing.events import HOUR
from kouan.monitoring.timing.norms import Norm, read_norms
from kouan.ports.models import Port


def norms_visible_to(user: Any) -> NormQuerySet:
    """The records in sight."""
    return OperationNorm.objects.all().visible_to(user)


def get_norm(user: Any, number: int) -> OperationNorm:
    """A record in sight. NotFound says the same whether there is none or it is of a port out of sight; the asking leaves a trace."""
    found = norms_visible_to(user).select_related("port", "proposed_by__organisation", "decided_by__organisation").filter(pk=number).first()
    if found is None:
        if OperationNorm.objects.filter(pk=number).exists():
            record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "operation_norm", "id": number})
        raise NotFound.because("unknown_norm", f"没有第 {number} 号作业时间规范。", f"There is no norm number {number}.", where=Place(field="norm"),
                               remedy=("请从列表中选择。", "Choose it from the list."))
    return found


def norms_in_force() -> list[Norm]:
    """Every norm by which cases are judged, each with its days: the approved records, and those of the home's file.

    Refused with every slip where the file is wrong. Which of them holds for a case is ``timing.norms.judge``'s to say.
    """
    path = settings.HOME.path / "norms.yaml"
    recorded = as_norms(OperationNorm.objects.filter(state=NormState.APPROVED).select_related("port").order_by("pk"))
    return [*(read_norms(path) if path.is_file() else []), *recorded]


def as_norms(rows: Iterable[OperationNorm]) -> list[Norm]:
    """Records in the form that timing judges by. A type of ports becomes its ports of today; a type without ports limits nothing."""
    held = list(rows)
    of_type: dict[str, list[str]] = {}
    wanted = {row.port_type for row in held if row.port_type}
    for code, kind in Port.objects.filter(transport_class__in=wanted).order_by("code").values_list("code", "transport_class"):
        of_type.setdefault(str(kind), []).append(code)
    found = []
    for row in held:
        ports = (row.port.code,) if row.port is not None else tuple(of_type.get(row.port_type, ())) if row.port_type else ()
        if row.port_type and not ports:
            continue
        found.append(Norm(
            row.name, row.whole, (row.first, row.last) if row.first else None, row.direction, (row.mode,) if row.mode else (), ports,
            row.valid_from, int(row.hours * HOUR), row.clock_kind,
            Citation(" ".join(filter(None, (row.document, row.document_number))), row.article, issued=row.issued, in_force_from=row.valid_from),
            row.valid_to))
    return found
