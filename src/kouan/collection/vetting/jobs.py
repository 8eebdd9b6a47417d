"""Checks as background work: everything recorded takes seconds."""

from __future__ import annotations

from typing import Any

from kouan.collection.vetting import actions
from kouan.desk.jobs import job_kind, submit
from kouan.desk.models import Job
from kouan.desk.progress import Report

RUN = "checks.run"


def run_later(*, actor: Any, benchmarks: bool = False) -> Job:
    """Queue a run."""
    return submit(RUN, owner=actor, benchmarks=benchmarks)


@job_kind(RUN, is_repeatable=True)
def run_job(*, owner: Any, report: Report, benchmarks: bool = False) -> dict[str, Any]:
    """Run the checks; once more does no harm."""
    run = actions.run_checks(actor=owner, benchmarks=benchmarks, progress=report)
    return {"run": run.pk, "found": run.found, "fresh": run.fresh, "cleared": run.cleared, "seconds": run.seconds}
