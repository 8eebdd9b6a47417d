"""What can be asked at the desk. Everything that reaches a user passes ``visible_to``."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from kouan.accounts.permissions import may
from kouan.accounts.scope import scope_of
from kouan.basis import Finding, NotFound
from kouan.desk.jobs import book
from kouan.desk.models import Document, Job, JobState
from kouan.desk.progress import Progress


def documents_visible_to(user: Any) -> QuerySet[Document]:
    """Public papers, those of one's own organisation, and those of the provinces in scope."""
    scope = scope_of(user)
    if scope.everything:
        return Document.objects.all()
    if not scope:
        return Document.objects.filter(is_public=True)
    return Document.objects.filter(
        Q(is_public=True) | Q(organisation_id=user.organisation_id) | Q(province_code__in=scope.provinces)
    )


def jobs_visible_to(user: Any) -> QuerySet[Job]:
    """One's own jobs; administrators see that others ran, as their own job list is empty otherwise."""
    if not user.is_authenticated:
        return Job.objects.none()
    if may(user, "users.manage"):
        return Job.objects.all()
    return Job.objects.filter(owner_id=user.pk)


def get_job(user: Any, job_id: int) -> Job:
    """One job of the user's; anybody else's is not found."""
    job = jobs_visible_to(user).filter(pk=job_id).first()
    if job is None:
        raise NotFound([Finding.error(
            "job_not_found", f"没有编号为 {job_id} 的任务。", f"There is no job numbered {job_id}.",
            remedy=("请从“任务”页进入。", "Start from the page of jobs."),
        )])
    return job


def progress_of(job: Job) -> Progress | None:
    """How far a running job has come; None once it has ended."""
    return book().read(job.pk) if job.state == JobState.RUNNING else None
