"""Measuring a study as background work: reading a big journal takes longer than a page should. May be repeated: one transaction writes."""

from __future__ import annotations

from typing import Any

from kouan.accounts.action import allows, refuse
from kouan.desk.jobs import job_kind, submit
from kouan.desk.models import Job
from kouan.desk.progress import Report
from kouan.monitoring.studies.actions import measure_study
from kouan.monitoring.studies.queries import get_study

MEASURE = "studies.measure"


def measure_later(*, actor: Any, study: int) -> Job:
    """Queue the measuring; whether it may be is asked again when it runs."""
    if not allows(actor, "studies.make"):
        raise refuse(actor, "studies.make", MEASURE)
    get_study(actor, study)
    return submit(MEASURE, owner=actor, study=study)


@job_kind(MEASURE, is_repeatable=True)
def run_measure(*, owner: Any, report: Report, study: int) -> dict[str, Any]:
    """Measure the study."""
    report(0, None, "读取节点事件并逐件计算 / reading events, measuring case by case")
    held = measure_study(actor=owner, study=study)
    coverage = (held.figures or {})["coverage"]
    return {"study": held.pk, "population": coverage["population"], "measured": coverage["measured"], "events": held.events_read}
