"""What a warning rests on: the daily series and the months of events in which its detectors saw it."""

from __future__ import annotations

from collections.abc import Iterable

from kouan.basis import EvidenceRef, PeriodKind
from kouan.collection.lineage import evidence_of, record_use
from kouan.collection.models import Series
from kouan.monitoring.detection import Candidate
from kouan.monitoring.journal.evidence import port_months
from kouan.monitoring.warnings.models import EarlyWarning
from kouan.monitoring.warnings.operations import OPERATION_DETECTORS


def record_evidence(warning: EarlyWarning, candidates: Iterable[Candidate]) -> None:
    """Write down what these candidates were seen in, each once however often the warning is prolonged."""
    held = {(each.kind, str(each.id)) for each in evidence_of(reference(warning))}
    used: dict[tuple[str, str], EvidenceRef] = {}
    for each in candidates:
        if each.detector in OPERATION_DETECTORS:
            found = port_months([each.series.port], each.day, each.day)
        else:
            found = [EvidenceRef("collection", "series", pk) for pk in Series.objects.filter(
                subject_kind="port", subject_code=each.series.port, measure=each.series.measure, direction=each.series.direction,
                granularity=PeriodKind.DAY, group="all", origin=warning.origin).order_by().values_list("pk", flat=True)]
        used |= {(one.kind, str(one.id)): one for one in found}
    record_use(reference(warning), [one for key, one in used.items() if key not in held])


def reference(warning: EarlyWarning) -> EvidenceRef:
    """A warning as evidence of its matter, and as a user of figures."""
    return EvidenceRef("monitoring", "warning", warning.pk)
