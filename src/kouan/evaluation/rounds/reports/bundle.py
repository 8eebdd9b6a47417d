"""All the ports' reports that somebody may read as one ZIP, made in the background and handed to that person alone.

A ZIP is a copy of what could be drawn again: it lies in the home folder for a week, and is handed out only while its reader may still read
every port in it.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from kouan.accounts.action import allows, refuse
from kouan.audit import record_event
from kouan.basis import Conflict, Finding, NotFound, Place, Refused, clock
from kouan.desk.jobs import job_kind, submit
from kouan.desk.models import Job, JobState
from kouan.desk.progress import Report
from kouan.desk.queries import get_job
from kouan.evaluation.rounds.queries import get_round, results, scoring_in_force
from kouan.evaluation.rounds.reports.making import Drawn, check_form
from kouan.evaluation.rounds.reports.many import port_files

BUNDLE = "rounds.reports"
KEPT_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A ZIP to be handed out."""

    place: Path
    file_name: str
    sha256: str


def bundle_later(*, actor: Any, year: int, form: str = "pdf") -> Job:
    """Queue the reports of every port that somebody may read. NotFound where there is none; Conflict while the same is being made."""
    if not allows(actor, "rounds.read"):
        raise refuse(actor, "rounds.read", BUNDLE)
    check_form(form)
    found = results(actor, get_round(actor, year), brief=True)
    if form == "xlsx" and found and all("decimals" in each.hidden for each in found):
        raise Refused.because("figures_not_open", "得分表在通报后开放，现在只能生成 PDF 或 Word 报告。",
                              "The workbook opens with the notice; until then there is the report as PDF or Word.", where=Place(field="format"),
                              remedy=("请选用 pdf 或 docx。", "Use pdf or docx."))
    if not found:
        raise NotFound(Finding.error(
            "unknown_result", f"没有可供查看的 {year} 年度评估结果。", f"There are no results of {year} that you may read.",
            where=Place(field="year"), remedy=("结果在同类比较和通报后按范围开放。", "Results open by scope with the comparison and the notice.")))
    if Job.objects.filter(kind=BUNDLE, owner=actor, arguments={"year": year, "form": form}, state__in=(JobState.WAITING, JobState.RUNNING)).exists():
        raise Conflict.because("bundle_running", "同样的报告正在生成。", "The same reports are being made.", where=Place(field="format"),
                               remedy=("请在任务页查看进度。", "See its progress on the page of jobs."))
    return submit(BUNDLE, owner=actor, year=year, form=form)


@job_kind(BUNDLE, is_repeatable=True)
def run_bundle(*, owner: Any, report: Report, year: int, form: str) -> dict[str, Any]:
    """Draw and pack; a run that was killed leaves nothing that is handed out."""
    held = get_round(owner, year)
    folder = _folder()
    _forget_old(folder)
    token = secrets.token_hex(16)
    partly = folder / f"{token}.part"
    codes = [each.code for each in results(owner, held)]
    try:
        written = _pack(partly, port_files(owner, year, form, report))
        digest = hashlib.sha256(partly.read_bytes()).hexdigest()
        # Dated by the one clock of the house, by which it is removed.
        os.utime(partly, (clock.now().timestamp(),) * 2)
        os.replace(partly, folder / f"{token}.zip")
    finally:
        partly.unlink(missing_ok=True)
    return {"file": token, "year": year, "form": form, "files": written, "ports": codes, "sha256": digest,
            "bytes": (folder / f"{token}.zip").stat().st_size, "number": scoring_in_force(held).number, "is_exercise": held.is_exercise}


def bundle_of(user: Any, number: int) -> Bundle:
    """The ZIP that a job of one's own made. NotFound for anybody else's, for one that has ended its week, and where a port left one's scope."""
    job = get_job(user, number)
    result = job.result or {}
    place = _folder() / f"{result.get('file', '')}.zip"
    if job.kind == BUNDLE and job.owner_id == user.pk and _is_there(job):
        held = get_round(user, result["year"])
        if {each.code for each in results(user, held, brief=True)} >= set(result["ports"]):
            record_event("download", actor_id=user.pk, payload={"report": "all_ports", "year": held.year, "format": result["form"], "job": job.pk,
                                                                "sha256": result["sha256"]})
            mark = "演练-" if result["is_exercise"] else ""
            return Bundle(place, f"{mark}{held.year}年度口岸综合绩效评估-口岸报告-{result['form']}.zip", result["sha256"])
        record_event("out_of_scope", actor_id=user.pk, payload={"kind": "report_bundle", "code": str(job.pk)})
    raise NotFound(Finding.error(
        "bundle_not_found", "没有这个报告压缩包，或者已过保存期。", "There is no such file of reports, or its time has ended.",
        remedy=("请在报告页重新生成。", "Make it anew on the page of reports.")))


def bundles_of(user: Any, year: int) -> list[Job]:
    """One's own jobs of this kind for a round that can still be told of, the newest first."""
    since = clock.now() - KEPT_FOR
    rows = Job.objects.filter(kind=BUNDLE, owner=user, arguments__year=year, created_at__gte=since)
    return [each for each in rows.order_by("-pk")[:20] if each.state != JobState.DONE or _is_there(each)]


def _is_there(job: Job) -> bool:
    """Whether what a job made can still be handed out."""
    done = job.state == JobState.DONE and job.finished_at is not None and clock.now() - job.finished_at <= KEPT_FOR
    return done and (_folder() / f"{(job.result or {}).get('file', '')}.zip").exists()


def _pack(place: Path, files: Iterator[Drawn]) -> int:
    written = 0
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as pack:
        for each in files:
            pack.writestr(each.file_name, each.content)
            written += 1
    return written


def _folder() -> Path:
    found = Path(settings.HOME.path / "reports")
    found.mkdir(parents=True, exist_ok=True, mode=0o700)
    return found


def _forget_old(folder: Path) -> None:
    """What is past its week, and what a killed run left."""
    limit = (clock.now() - KEPT_FOR).timestamp()
    for each in (*folder.glob("*.zip"), *folder.glob("*.part")):
        if each.stat().st_mtime < limit:
            each.unlink(missing_ok=True)
