"""Intake as background work: examining a large file, and committing what was previewed.

An uploaded file waits in the home's folder ``incoming`` until its job has ended; the worker finds it
there by name. Both kinds of job may be repeated after a crash: a preview writes one waiting batch at
its very end, and a commit is one transaction that is complete or absent.
"""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from kouan.basis import Refused
from kouan.collection import actions
from kouan.collection.models import Batch, BatchState
from kouan.collection.report import IntakeReport
from kouan.desk.actions import refuse_secrets
from kouan.desk.jobs import job_kind, submit
from kouan.desk.models import Job
from kouan.desk.progress import Report

PREVIEW, COMMIT = "intake.preview", "intake.commit"
# A file of this size is examined in about half a second; a larger one is worth a progress bar.
INLINE_BYTES = 128 * 1024
_FORGOTTEN_AFTER = 7 * 24 * 3600


def incoming() -> Path:
    """The folder in which uploads wait for the worker; shared by all machines of one installation."""
    return Path(settings.HOME.path) / "incoming"


def keep_upload(source: IO[bytes]) -> str:
    """Put an upload where the worker finds it; answer its name there."""
    folder = incoming()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _sweep(folder)
    token = secrets.token_hex(16)
    place = folder / token
    try:
        with place.open("xb") as copy:
            while block := source.read(1 << 20):
                copy.write(block)
    except BaseException:
        place.unlink(missing_ok=True)
        raise
    return token


def _sweep(folder: Path) -> None:
    """Drop files whose job was given up long ago."""
    for left in folder.iterdir():
        if time.time() - left.stat().st_mtime > _FORGOTTEN_AFTER:
            left.unlink(missing_ok=True)


def preview_later(*, actor: Any, upload: IO[bytes], source: str, name: str) -> Job:
    """Queue the examination of an upload. Raises Refused when the actor may not submit for the source."""
    actions.allowed_source(actor, source, "collection.preview")
    refuse_secrets(name)
    return submit(PREVIEW, owner=actor, token=keep_upload(upload), source=source, name=name)


def commit_later(*, actor: Any, batch_id: int) -> Job:
    """Queue the commit of a previewed batch; it is checked again when it runs."""
    return submit(COMMIT, owner=actor, batch_id=batch_id)


@job_kind(PREVIEW, is_repeatable=True)
def run_preview(*, owner: Any, report: Report, token: str, source: str, name: str) -> dict[str, Any]:
    """Examine an upload. Repeated after a crash it answers the preview that the first run had kept."""
    place = incoming() / Path(token).name
    kept = Batch.objects.filter(
        submitted_by=owner, state=BatchState.PREVIEWED, source=source, file_name=name[-255:],
    ).order_by("-pk").first()
    if not place.exists() and kept is not None:
        return IntakeReport.of_batch(kept).as_dict()
    try:
        answer = actions.preview(actor=owner, path=place, source=source, name=name, progress=report)
    except Refused:
        place.unlink(missing_ok=True)
        raise
    # Only now: a crash before this line leaves the file for the next attempt.
    place.unlink(missing_ok=True)
    return answer.as_dict()


@job_kind(COMMIT, is_repeatable=True)
def run_commit(*, owner: Any, report: Report, batch_id: int) -> dict[str, Any]:
    """Commit a preview. A run that was killed after its transaction finds the work done."""
    done = Batch.objects.filter(pk=batch_id, state=BatchState.COMMITTED, submitted_by=owner).first()
    if done is not None:
        return IntakeReport.of_batch(done).as_dict()
    return actions.commit_preview(actor=owner, batch_id=batch_id, progress=report).as_dict()
