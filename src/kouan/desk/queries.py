"""What can be asked at the desk. Everything that reaches a user passes ``visible_to``."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db.models import Q, QuerySet

from kouan.accounts.permissions import may
from kouan.accounts.scope import scope_of
from kouan.basis import Finding, NotFound
from kouan.desk.actions import file_place
from kouan.desk.jobs import book
from kouan.desk.models import Document, DocumentVersion, Job, JobState
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


def get_document(user: Any, number: int) -> Document:
    """One paper in scope. ``NotFound`` says the same whether it is unknown or out of scope; both leave a trace."""
    found = documents_visible_to(user).select_related("owner", "organisation").filter(pk=number).first()
    if found is None:
        raise NotFound([Finding.error(
            "document_not_found", f"没有编号为 {number} 的文件。", f"There is no document numbered {number}.",
            remedy=("请从“文件”页进入。", "Start from the page of documents."),
        )])
    return found


def find_document(user: Any, said: str) -> Document | None:
    """The paper in scope that somebody means by a reference, a document number or a title, if it is but one."""
    said = said.strip()
    papers = documents_visible_to(user)
    for name in ("reference", "document_number", "title"):
        found = list(papers.filter(**{name: said})[:2]) if said and "\x00" not in said else []
        if len(found) == 1:
            return found[0]
    return None


@dataclass(frozen=True, slots=True)
class VersionCheck:
    """A version held against its checksum: ``state`` is "same", "altered", "missing" or "disposed"."""

    version: DocumentVersion
    state: str
    found: str = ""


def check_version(version: DocumentVersion) -> VersionCheck:
    """Read the file anew and compare its SHA-256 with the one on record."""
    if version.disposed_at is not None:
        return VersionCheck(version, "disposed")
    try:
        with file_place(version.sha256).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return VersionCheck(version, "missing")
    return VersionCheck(version, "same" if found == version.sha256 else "altered", found)


def quick_state(version: DocumentVersion) -> str:
    """The state of a version for a page that shows many: a file is read anew only when it has changed since.

    The time of the last change of its entry is kept by the system and cannot be set back by a program.
    """
    if version.disposed_at is not None:
        return "disposed"
    try:
        about = file_place(version.sha256).stat()
    except OSError:
        return "missing"
    return "same" if _digest_at(str(file_place(version.sha256)), about.st_ino, about.st_ctime_ns, about.st_size) == version.sha256 else "altered"


@lru_cache(maxsize=4096)
def _digest_at(place: str, inode: int, changed_ns: int, size: int) -> str:
    try:
        with Path(place).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


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
