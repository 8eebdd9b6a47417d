"""Verifying the trail on request: a job that anybody who reads the trail may start from a page.

Verification only reads, so a run that was cut off may simply be repeated. Its report is kept on the
job's row and so stands in the trail itself.
"""

from __future__ import annotations

from typing import Any

from kouan.accounts.action import allows, refuse
from kouan.audit.verify import verify
from kouan.desk.jobs import job_kind, submit
from kouan.desk.models import Job, JobState
from kouan.desk.progress import Report

VERIFY = "audit.verify"
PERMISSION = "audit.read"


@job_kind(VERIFY, is_repeatable=True)
def run_verify(*, owner: Any, report: Report) -> dict[str, Any]:
    """Verify chain, rows and batches; the answer is the report's JSON shape."""
    return verify(progress=report).as_dict()


def verify_later(*, actor: Any) -> Job:
    """Queue a verification; one that waits or runs already is answered instead of a second one."""
    if not allows(actor, PERMISSION):
        raise refuse(actor, PERMISSION, "desk.verify_later")
    running = Job.objects.filter(kind=VERIFY, owner=actor, state__in=[JobState.WAITING, JobState.RUNNING])
    return running.order_by("-pk").first() or submit(VERIFY, owner=actor)


def last_verification() -> Job | None:
    """The last verification that came to an answer, whoever asked for it."""
    return Job.objects.filter(kind=VERIFY, state=JobState.DONE).select_related("owner").order_by("-pk").first()
