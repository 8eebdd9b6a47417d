"""A preview of many years as background work, with progress; it writes nothing but its own result, so it may be repeated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kouan.accounts.action import allows, refuse
from kouan.desk.jobs import job_kind, submit
from kouan.desk.models import Job
from kouan.desk.progress import Report
from kouan.grading.lawbook.preview import preview
from kouan.law.changes import Change

PREVIEW_LAW = "law.preview"
# A year of all ports takes well under a second; more than two are worth a progress bar.
INLINE_YEARS = 2


@job_kind(PREVIEW_LAW, is_repeatable=True)
def work(*, owner: Any, report: Report, changes: list[dict[str, Any]], years: list[int]) -> dict[str, Any]:
    """What the worker runs; the owner's permission is asked again, since it may have been taken back meanwhile."""
    if not allows(owner, "law.propose"):
        raise refuse(owner, "law.propose", PREVIEW_LAW)
    return preview(owner, [Change.from_dict(each) for each in changes], years, report)


def submit_preview(owner: Any, changes: Sequence[Change], years: Sequence[int]) -> Job:
    """Queue a preview of the years."""
    if not allows(owner, "law.propose"):
        raise refuse(owner, "law.propose", PREVIEW_LAW)
    return submit(PREVIEW_LAW, owner=owner, changes=[each.as_dict() for each in changes], years=list(years))
