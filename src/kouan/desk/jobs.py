"""Background jobs: one registered function for each kind of work, run by ``kouan worker``.

django-tasks carries the queue; the ``Job`` row beside it says what officials ask: how far,
since when, with what outcome. A worker that was killed leaves a job without a heartbeat:
``reap`` marks it lost, and starts it anew where its kind is safe to repeat.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django_tasks import task

from kouan.accounts.models import User
from kouan.audit import acting
from kouan.basis import Finding, Refused, clock
from kouan.desk.models import Job, JobState
from kouan.desk.progress import ProgressBook, Report, throttled

if TYPE_CHECKING:
    from collections.abc import Iterator

HEARTBEAT_SECONDS = 5
LOST_AFTER = timedelta(seconds=60)
ATTEMPTS = 3

Work = Callable[..., dict[str, Any]]


@dataclass(frozen=True, slots=True)
class JobKind:
    """A kind of work. ``is_repeatable``: running it again after a crash does no harm."""

    name: str
    work: Work
    is_repeatable: bool


_kinds: dict[str, JobKind] = {}


def job_kind(name: str, *, is_repeatable: bool) -> Callable[[Work], Work]:
    """Register ``work(owner=…, report=…, **arguments) -> result`` under a name (in a room's apps.py)."""

    def register(work: Work) -> Work:
        if name in _kinds and _kinds[name].work is not work:
            raise ValueError(f"job kind registered twice: {name}")
        _kinds[name] = JobKind(name, work, is_repeatable)
        return work

    return register


def book() -> ProgressBook:
    """The home's book of progress."""
    return ProgressBook(settings.HOME.path / "progress")


def submit(kind: str, *, owner: User | None, **arguments: Any) -> Job:
    """Queue work for the worker and answer its row; the caller has checked that ``owner`` may."""
    if kind not in _kinds:
        raise KeyError(f"unknown kind of job: {kind}")
    with acting(owner.pk if owner else None, note=f"desk.submit {kind}"):
        job = Job.objects.create(kind=kind, owner=owner, arguments=arguments)
        transaction.on_commit(partial(run_job.enqueue, job.pk))
    return job


@task()
def run_job(job_id: int) -> None:
    """What the worker calls: run one job to its end, whatever the end is."""
    run(job_id)


@contextmanager
def _heartbeat(job_id: int) -> Iterator[Report]:
    """A reporter for the work, and a pulse beside it for stretches that report nothing."""
    state: dict[str, Any] = {"done": 0, "total": None, "stage": ""}
    ended = threading.Event()
    pages = book()

    def write() -> None:
        pages.write(job_id, **state)

    def report(done: int, total: int | None, stage: str) -> None:
        state.update(done=done, total=total, stage=stage)
        write()

    def pulse() -> None:
        while not ended.wait(HEARTBEAT_SECONDS):
            write()

    write()
    thread = threading.Thread(target=pulse, name=f"job-{job_id}-pulse", daemon=True)
    thread.start()
    try:
        yield throttled(report)
    finally:
        ended.set()
        thread.join()


def _claim(job_id: int) -> Job | None:
    """Take a waiting or lost job; None when another worker has it or it is over."""
    with acting(None, note="desk.claim_job"):
        now = clock.now()
        taken = Job.objects.filter(pk=job_id, state__in=[JobState.WAITING, JobState.LOST]).update(
            state=JobState.RUNNING, started_at=now, heartbeat_at=now
        )
        if not taken:
            return None
        job = Job.objects.select_related("owner__organisation").get(pk=job_id)
        job.attempts += 1
        job.save(update_fields=["attempts"])
        return job


def _finish(job: Job, state: JobState, *, result: dict[str, Any] | None, findings: list[Finding]) -> None:
    last = book().read(job.pk)
    with acting(job.owner_id, note=f"desk.finish_job {job.kind}"):
        Job.objects.filter(pk=job.pk).update(
            state=state, result=result, findings=[finding.as_dict() for finding in findings],
            done=last.done if last else 0, total=last.total if last else None,
            stage=last.stage if last else "", finished_at=clock.now(),
        )
    book().forget(job.pk)


def run(job_id: int) -> Job | None:
    """Run a job here and now. A refusal is an outcome with findings; a fault keeps its trace in the log."""
    job = _claim(job_id)
    if job is None:
        return None
    kind = _kinds[job.kind]
    try:
        with _heartbeat(job.pk) as report:
            result = kind.work(owner=job.owner, report=report, **job.arguments)
    except Refused as refusal:
        _finish(job, JobState.FAILED, result=None, findings=list(refusal.findings))
    except Exception as fault:  # noqa: BLE001 (a job must end with an outcome, whatever broke)
        traceback.print_exc()
        _finish(job, JobState.FAILED, result=None, findings=[Finding.error(
            "job_failed",
            f"任务未能完成：{type(fault).__name__}。数据未改动。",
            f"The job did not finish: {type(fault).__name__}. No data was changed.",
            remedy=("请重试；仍不成功时，把任务编号告知系统管理员。",
                    "Try again; if it fails again, give the job's number to your administrator."),
        )])
    else:
        _finish(job, JobState.DONE, result=result, findings=[])
    job.refresh_from_db()
    return job


def reap(now: float | None = None) -> list[Job]:
    """Mark running jobs without a heartbeat as lost; queue anew those that are safe to repeat.

    ``now`` is epoch seconds: the pulse is a fact of the machine, not of the house's clock.
    """
    lost: list[Job] = []
    now = time.time() if now is None else now
    for job in Job.objects.filter(state=JobState.RUNNING):
        last = book().read(job.pk)
        heard = last.heard_at if last else (job.heartbeat_at or job.created_at).timestamp()
        if now - heard < LOST_AFTER.total_seconds():
            continue
        with acting(None, note="desk.reap"):
            if Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(state=JobState.LOST):
                lost.append(job)
                kind = _kinds.get(job.kind)
                if kind and kind.is_repeatable and job.attempts < ATTEMPTS:
                    transaction.on_commit(partial(run_job.enqueue, job.pk))
    return lost
