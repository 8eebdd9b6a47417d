"""Background work: progress, outcome, and what happens when a worker dies."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.accounts.factories import a_national_officer, a_provincial_officer, an_administrator

from kouan.basis import Finding, NotFound, Refused
from kouan.desk import jobs
from kouan.desk.models import Job, JobState
from kouan.desk.queries import get_job, jobs_visible_to, progress_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def kinds() -> Iterator[None]:
    """Kinds of work of this test only."""
    before = dict(jobs._kinds)

    @jobs.job_kind("test.count", is_repeatable=True)
    def count(*, owner: Any, report: Any, upto: int) -> dict[str, Any]:
        for number in range(upto):
            report(number + 1, upto, "计数")
        return {"counted": upto}

    @jobs.job_kind("test.refuse", is_repeatable=False)
    def refuse(*, owner: Any, report: Any) -> dict[str, Any]:
        raise Refused([Finding.error("no_such_thing", "没有。", "There is none.")])

    @jobs.job_kind("test.break", is_repeatable=False)
    def broken(*, owner: Any, report: Any) -> dict[str, Any]:
        raise RuntimeError("a fault of ours")

    yield
    jobs._kinds.clear()
    jobs._kinds.update(before)


def test_a_job_runs_to_its_end_with_its_result(kinds: None) -> None:
    officer = a_national_officer()
    job = jobs.submit("test.count", owner=officer, upto=4)
    assert job.state == JobState.WAITING
    ended = jobs.run(job.pk)
    assert ended is not None
    assert (ended.state, ended.result, ended.done, ended.total) == (JobState.DONE, {"counted": 4}, 4, 4)
    assert progress_of(ended) is None


def test_a_refusal_is_an_outcome_with_its_findings(kinds: None) -> None:
    ended = jobs.run(jobs.submit("test.refuse", owner=None).pk)
    assert ended is not None
    assert (ended.state, [finding["code"] for finding in ended.findings]) == (JobState.FAILED, ["no_such_thing"])


def test_a_fault_ends_the_job_and_says_that_nothing_changed(kinds: None, capsys: Any) -> None:
    ended = jobs.run(jobs.submit("test.break", owner=None).pk)
    assert ended is not None
    assert (ended.state, ended.findings[0]["code"]) == (JobState.FAILED, "job_failed")
    assert "a fault of ours" in capsys.readouterr().err, "the trace belongs in the log"


def test_a_job_is_run_once(kinds: None) -> None:
    job = jobs.submit("test.count", owner=None, upto=1)
    assert jobs.run(job.pk) is not None
    assert jobs.run(job.pk) is None


def test_a_job_whose_worker_was_killed_is_found_and_done_again(kinds: None) -> None:
    job = jobs.submit("test.count", owner=None, upto=2)
    claimed = jobs._claim(job.pk)
    assert claimed is not None
    jobs.book().write(job.pk, done=1, total=2, stage="计数")
    assert jobs.reap() == [], "a job with a fresh pulse is left alone"
    assert jobs.reap(now=time.time() + 61) == [claimed]
    job.refresh_from_db()
    assert job.state == JobState.LOST
    ended = jobs.run(job.pk)
    assert ended is not None
    assert (ended.state, ended.attempts) == (JobState.DONE, 2)


def test_only_ones_own_jobs_are_seen(kinds: None) -> None:
    mine, other = a_provincial_officer("44"), a_provincial_officer("45")
    job = jobs.submit("test.count", owner=mine, upto=1)
    assert list(jobs_visible_to(mine)) == [job]
    assert not jobs_visible_to(other).exists()
    with pytest.raises(NotFound):
        get_job(other, job.pk)
    assert list(jobs_visible_to(an_administrator())) == [job]


def test_an_unknown_kind_is_not_queued() -> None:
    with pytest.raises(KeyError):
        jobs.submit("test.nothing", owner=None)
    assert not Job.objects.exists()
