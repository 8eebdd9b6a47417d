"""任务: how far one's background work has come, and where its result stands."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.basis import Finding, Text, clock
from kouan.collection.jobs import COMMIT, PREVIEW
from kouan.console import words
from kouan.console.marks import state_badge
from kouan.console.page import page
from kouan.console.tables import Column, Filter, Table
from kouan.console.views.intake import REPEATED, taken_in
from kouan.console.words import here, page_language
from kouan.desk import queries
from kouan.desk.matters.mails import MAILS
from kouan.desk.models import Job, JobState
from kouan.desk.verification import VERIFY
from kouan.evaluation.rounds.jobs import FREEZE, SCORE, STUDY
from kouan.evaluation.rounds.reports import BUNDLE
from kouan.grading.lawbook.jobs import PREVIEW_LAW
from kouan.monitoring.studies.jobs import MEASURE
from kouan.monitoring.warnings.jobs import BACKTEST

KINDS = {
    PREVIEW: Text("检查上传的文件", "Examine an uploaded file"),
    COMMIT: Text("批次入库", "Take a batch in"),
    VERIFY: Text("审计核验", "Verify the audit trail"),
    MAILS: Text("通知邮件", "Mails of notices"),
    PREVIEW_LAW: Text("预览法规变更", "Preview a change of law"),
    BACKTEST: Text("回测预警阈值", "Back-test a setting of warnings"),
    MEASURE: Text("计算放行时间研究", "Measure a time release study"),
    FREEZE: Text("冻结年度评估数据", "Freeze the figures of a round"),
    SCORE: Text("年度评估计分", "Score a round"),
    STUDY: Text("年度评估名次稳健性分析", "Study the places of a round"),
    BUNDLE: Text("生成全部口岸评估报告", "Make the reports of all ports"),
}
# By kind of a round's work the page that shows what came of it.
OF_A_ROUND = {FREEZE: "evaluation-round", SCORE: "evaluation-round", STUDY: "evaluation-results", BUNDLE: "evaluation-reports"}
ENDED = (JobState.DONE, JobState.FAILED)
WAITS_LONG_SECONDS = 15


def kind_words(kind: str) -> Text:
    """The kind of work in words; its code where a later release knows more kinds than this table."""
    return KINDS.get(kind, Text(kind, kind))


def _about(job: Job) -> str:
    arguments = job.arguments
    if "name" in arguments:
        return str(arguments["name"])
    if job.kind in OF_A_ROUND:
        return here(Text(f"{arguments['year']} 年度评估", f"Evaluation of {arguments['year']}"))
    if found_study := arguments.get("study"):
        return here(Text(f"放行时间研究 #{found_study}", f"Study #{found_study}"))
    if "batch_id" in arguments:
        return here(Text(f"批次 #{arguments['batch_id']}", f"Batch #{arguments['batch_id']}"))
    return "—"


def _number(job: Job) -> SafeString:
    return format_html('<a href="{}">#{}</a>', reverse("job", args=[job.pk]), job.pk)


JOBS = Table(
    name="jobs",
    title=Text("后台任务", "Background jobs"),
    columns=(
        Column("id", Text("任务", "Job"), value=lambda j: j.pk, show=_number, order="id", is_key=True, keeps_line=True),
        Column("kind", Text("种类", "Kind"), value=lambda j: kind_words(j.kind), order="kind"),
        Column("about", Text("内容", "About"), value=_about),
        Column("state", Text("状态", "State"), value=lambda j: words.JOB_STATES[j.state], show=lambda j: state_badge(j.state), order="state"),
        Column("created_at", Text("提交时间", "Submitted"), order="created_at", keeps_line=True),
        Column("finished_at", Text("结束时间", "Finished"), order="finished_at", keeps_line=True),
    ),
    filters=(
        Filter("kind", Text("种类", "Kind"), choices=tuple(KINDS.items())),
        Filter("state", Text("状态", "State"), choices=tuple(words.JOB_STATES.items())),
    ),
    default_order="-id",
    empty=Text("没有后台任务。", "No background jobs."),
    empty_next=Text("上传较大的文件时，检查和入库在后台进行，进度显示在这里。", "Large uploads are examined and taken in here, in the background."),
)


@page("jobs.run")
def jobs(request: HttpRequest) -> HttpResponse:
    """One's own jobs, the latest first."""
    view = JOBS.read(request, queries.jobs_visible_to(request.user).defer("result"))
    if view.wants_export:
        return view.export()
    return render(request, "console/jobs/list.html", {"table": view})


@never_cache
@page(None)
def job(request: HttpRequest, number: int) -> HttpResponse:
    """One job. While it runs its part of the page asks again each second; once done it leads to the result."""
    found = queries.get_job(request.user, number)
    part = bool(getattr(request, "htmx", False))
    address = result_address(found)
    if found.state == JobState.DONE and address and found.owner_id == request.user.pk and "stay" not in request.GET:
        _announce(request, found)
        if part:
            response = HttpResponse(status=200)
            response["HX-Redirect"] = address
            return response
        return redirect(address)
    context = {**progress(found), "crumbs": _crumbs(found)}
    return render(request, "console/jobs/part.html" if part else "console/jobs/one.html", context)


def _announce(request: HttpRequest, found: Job) -> None:
    """Say on the next page what came of it."""
    result = found.result or {}
    if result.get("repeated"):
        messages.info(request, here(REPEATED))
    elif found.kind in OF_A_ROUND:
        messages.success(request, here(Text(f"{kind_words(found.kind).zh}：已完成。", f"{kind_words(found.kind).en}: done.")))
    elif found.kind == COMMIT:
        messages.success(request, here(taken_in(result["accepted"], result["observations"], result["revisions"])))


def progress(found: Job) -> dict[str, Any]:
    """What the progress bar shows."""
    heard = queries.progress_of(found)
    share = heard.share if heard else None
    age = (clock.now() - found.created_at).total_seconds()
    return {
        "job": found, "kind": kind_words(found.kind), "about": _about(found), "share": share,
        "percent": round(share * 100) if share is not None else None, "stage": stage_words(heard.stage) if heard else "",
        "done": heard.done if heard else 0, "total": heard.total if heard else None,
        "has_ended": found.state in ENDED, "waits_long": found.state == JobState.WAITING and age > WAITS_LONG_SECONDS,
        "findings": [Finding.from_dict(each) for each in found.findings], "result_address": result_address(found),
        "again_address": reverse("upload") if found.kind == PREVIEW else "",
    }


def stage_words(stage: str) -> str:
    """A step as its room names it, 中文 English in one line, in the page's language.

    >>> from django.utils import translation
    >>> with translation.override("zh-hans"): stage_words("查重 repeats")
    '查重'
    """
    chinese, _, english = stage.partition(" ")
    english = english.lstrip("/ ")
    return (english or chinese) if page_language() == "en" else chinese


def result_address(found: Job) -> str:
    """The page that shows what a finished job made; empty while there is none."""
    result = found.result or {}
    if found.kind in (PREVIEW, COMMIT) and result.get("batch"):
        return reverse("batch", args=[result["batch"]])
    if found.kind == VERIFY and found.state == JobState.DONE:
        return reverse("audit-verification")
    if found.kind == PREVIEW_LAW and found.state == JobState.DONE:
        return reverse("law-preview-result", args=[found.pk])
    if found.kind == BACKTEST and found.state == JobState.DONE:
        return f"{reverse('warning-backtest')}?job={found.pk}"
    if found.kind == MEASURE and found.state == JobState.DONE:
        return reverse("time-study", args=[found.arguments["study"]])
    if found.kind in OF_A_ROUND and found.state == JobState.DONE:
        return reverse(OF_A_ROUND[found.kind], args=[found.arguments["year"]])
    return ""


def _crumbs(found: Job) -> list[dict[str, Any]]:
    if found.kind in (PREVIEW, COMMIT):
        return [{"label": Text("报送", "Collection"), "address": reverse("intake")}, {"label": kind_words(found.kind)}]
    if found.kind == VERIFY:
        return [{"label": Text("审计", "Audit"), "address": reverse("audit")}, {"label": kind_words(found.kind)}]
    if found.kind == MEASURE:
        return [{"label": Text("放行时间研究", "Time release studies"), "address": reverse("time-studies")}, {"label": kind_words(found.kind)}]
    if found.kind == PREVIEW_LAW:
        return [{"label": Text("法规与参数", "Law and parameters"), "address": reverse("law")}, {"label": kind_words(found.kind)}]
    if found.kind == BACKTEST:
        return [{"label": Text("预警", "Early warnings"), "address": reverse("warnings")}, {"label": kind_words(found.kind)}]
    if found.kind in OF_A_ROUND:
        year = found.arguments["year"]
        return [{"label": Text("年度评估", "Yearly evaluation"), "address": reverse("evaluation")},
                {"label": Text(f"{year} 年", str(year)), "address": reverse("evaluation-round", args=[year])}, {"label": kind_words(found.kind)}]
    return [{"label": JOBS.title, "address": reverse("jobs")}, {"label": f"#{found.pk}"}]


urlpatterns = [
    path("jobs", jobs, name="jobs"),
    path("jobs/<int:number>", job, name="job"),
]
