"""Progress by quarter: filed by the office in charge, confirmed or returned by a second person. A correction is a new revision."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import IntegrityError, transaction

from kouan.accounts.action import acting_system, action
from kouan.basis import Conflict, Finding, NotAllowed, NotFound, Period, Place, Refused, clock
from kouan.basis.period import PeriodKind
from kouan.casework.execution.effects import locked, put_on_desk, settle
from kouan.casework.execution.models import ProgressReport, ProjectRun
from kouan.casework.execution.proof import Proof, keep
from kouan.casework.execution.quarters import due_on, is_late
from kouan.casework.execution.queries import FIRST, get_project, may_decide, may_report
from kouan.casework.execution.thresholds import Thresholds
from kouan.casework.oversight.actions import wanting
from kouan.desk.actions import refuse_secrets
from kouan.desk.matters.actions import carry_step
from kouan.desk.matters.models import Matter

# The plan's first quarter.
FIRST_QUARTER = Period.quarter(2021, 1)


@action("execution.enter")
def file_report(
    *, actor: Any, project: str, quarter: str, percent: int, done: str, difficulties: str = "", finished_on: date | None = None,
    correction: str = "", proof: Proof | None = None,
) -> ProgressReport:
    """Report a quarter that is over (``2024-Q1``): how far in all, what was done, what stands in the way.

    100 needs the day and a paper. Less than an earlier quarter needs words. One report of a quarter waits at a time; after a
    confirmed one, a correction says why and becomes its next revision. Late is what comes after the last day; a correction of a
    confirmed report is as late as that was.
    """
    view = get_project(actor, project)
    if not may_report(actor, view):
        raise NotAllowed.because("not_in_charge", "季度进展由责任单位报告。", "Progress is reported by the office in charge.",
                                 remedy=("请由责任单位的人员报告；尚未明确责任单位的，请先明确。",
                                     "Let its officer report; name an office first if there is none.")
                                 )
    proof = proof or Proof()
    refuse_secrets(done, difficulties, correction, proof.file_name)
    findings = _said(percent, done, difficulties, finished_on, correction, proof)
    period = _quarter(quarter, findings)
    if view.run is None or view.run.start is None or view.run.finish is None:
        findings.append(Finding.error("days_missing", "该项目还没有计划开工和完成日期，进度无从比较。",
            "The project has no planned days to compare with.",
                                      where=Place(field="start"), remedy=("请先填写计划日期。", "Enter the planned days first.")))
    if findings or period is None:
        raise Refused(findings)
    run = ProjectRun.objects.select_for_update(of=("self",)).get(project=view.project)
    year, number = period.start.year, (period.start.month + 2) // 3
    before = list(run.reports.filter(year=year, quarter=number).order_by("revision"))
    confirmed = next((each for each in reversed(before) if each.state == "confirmed"), None)
    if any(each.state == "waiting" for each in before):
        raise Conflict.because("report_waiting", "该季度已有一份报告待确认。", "A report of that quarter waits to be confirmed.",
            where=Place(field="quarter"),
                               remedy=("请等确认或退回后再报。", "Wait until it is confirmed or returned."))
    if confirmed is not None and not correction.strip():
        raise Refused(wanting("correction", "更正理由（该季度报告已确认）", "Reason of the correction (the quarter's report was confirmed)"))
    earlier = run.reports.filter(state="confirmed").exclude(year__gt=year).exclude(year=year, quarter__gte=number).first()
    if earlier is not None and percent < earlier.percent and not difficulties.strip():
        raise Refused.because("progress_falls", f"累计进度低于{earlier.period.label()}的{earlier.percent}%，须在“困难和问题”中说明。",
                              f"Less than the {earlier.percent}% of {earlier.period.label('en')}; say why under difficulties.",
                              where=Place(field="difficulties"), measured=f"{percent}%", required=f"{earlier.percent}%",
                              remedy=("累计进度不应减少，减少的写明原因。", "Progress in all should not fall; where it does, say why."))
    days = Thresholds().on("report_days", period.end).count
    paper = keep(actor, view, proof, f"{project} {period.label()}进展证明材料")
    try:
        with transaction.atomic():
            made = ProgressReport.objects.create(
                run=run, year=year, quarter=number, revision=len(before) + 1, percent=percent, done=done.strip(), difficulties=difficulties.strip(),
                finished_on=finished_on, correction=correction.strip() if confirmed else "", evidence=paper, office=actor.organisation,
                reported_by_id=actor.pk, reported_on=clock.today(), due_on=due_on(period, days),
                is_late=confirmed.is_late if confirmed else is_late(period, clock.today(), days))
    except IntegrityError:
        raise Conflict.because("report_waiting", "该季度已有一份报告待确认。", "A report of that quarter waits to be confirmed.",
            where=Place(field="quarter"),
                               remedy=("请刷新页面。", "Reload the page.")) from None
    made.run = run
    made.matter = put_on_desk(made)
    made.save(update_fields=["matter"])
    return made


@action("execution.confirm")
def decide_report(*, actor: Any, project: str, report: int, confirm: bool, opinion: str) -> ProgressReport:
    """Confirm a report, or return it. Never by who reported it; a paper that it rests on is read anew against its checksum.

    The task on the desk of whoever was asked ends with it.
    """
    view = get_project(actor, project)
    known = next((each for each in view.reports if each.pk == report), None)
    if known is None:
        raise NotFound(Finding.error("unknown_report", "该项目没有这份报告。", "The project has no such report.", where=Place(field="report"),
                                     remedy=("请从项目页选择。", "Choose it from the project's page.")))
    if known.matter_id is not None:
        # The task first, then project and report, as the step of the task does: two at once wait for each other in one order.
        Matter.objects.select_for_update(of=("self",)).get(pk=known.matter_id)
    one = locked(report)
    if one is None or known.reported_by_id == actor.pk or one.state != ProgressReport.State.WAITING:
        return settle(one or known, actor, confirm=confirm, opinion=opinion)  # which says what is wrong
    if not may_decide(actor, view, one):
        raise NotAllowed.because("not_to_confirm", "该报告由责任单位、其所在省级口岸办或国家口岸办的人员确认。",
                                 "It is confirmed in the office in charge, in its province's or the national office.",
                                 remedy=("请由上述单位的人员确认。", "Leave it to them."))
    settle(one, actor, confirm=confirm, opinion=opinion)
    if one.matter_id is not None:
        with acting_system("execution") as system:
            carry_step(actor=system, matter=one.matter_id, transition="confirm" if confirm else "give_back", fields={"opinion": opinion.strip()},
                       documents={})
    return one


def _said(percent: int, done: str, difficulties: str, finished_on: date | None, correction: str, proof: Proof) -> list[Finding]:
    findings = []
    if not 0 <= percent <= 100:
        findings.append(Finding.error("percent_out_of_range", "累计进度应为 0 至 100 之间的整数。", "Progress is a whole number from 0 to 100.",
                                      where=Place(field="percent"), measured=percent, remedy=("请改正。", "Correct it.")))
    if not done.strip() or len(done) > 2000:
        findings.append(wanting("done", "本季度完成的工作（不超过2000字）", "What was done (at most 2000 characters)"))
    for name, said, most in (("difficulties", difficulties, 2000), ("correction", correction, 400)):
        if len(said) > most:
            findings.append(Finding.error("too_long", f"不得超过{most}字。", f"At most {most} characters.", where=Place(field=name),
                                          remedy=("请缩短，详情放入附件。", "Shorten it; put the rest into the file.")))
    if percent == 100 and finished_on is None:
        findings.append(wanting("finished_on", "实际完成日期", "Day of the finish"))
    if percent != 100 and finished_on is not None:
        findings.append(Finding.error("finish_without_100", "进度不足100%的不填实际完成日期。", "Less than 100 has no day of the finish.",
                                      where=Place(field="finished_on"), remedy=("请删去日期，或改正进度。",
                                          "Take out the day, or correct the progress.")))
    if finished_on is not None and not FIRST <= finished_on <= clock.today():
        findings.append(Finding.error("date_out_of_range", "实际完成日期不能晚于今天。", "The day of the finish does not lie in the future.",
                                      where=Place(field="finished_on"), measured=finished_on, remedy=("请改正。", "Correct it.")))
    if percent == 100 and not proof.is_there:
        findings.append(Finding.error("evidence_missing", "报告完成须附证明材料。", "A finish needs a file of evidence.", where=Place(field="file"),
                                      remedy=("请上传证明材料文件。", "Attach the file.")))
    return findings


def _quarter(said: str, findings: list[Finding]) -> Period | None:
    try:
        period = Period.parse(said)
    except Refused:
        period = None
    if period is None or period.kind != PeriodKind.QUARTER or period < FIRST_QUARTER:
        findings.append(Finding.error("no_quarter", f"“{said[:20]}”不是2021年以来的季度。", f"“{said[:20]}” is no quarter since 2021.",
            where=Place(field="quarter"),
                                      remedy=("写成 2024-Q1。", "Write it as 2024-Q1.")))
        return None
    if period.end >= clock.today():
        findings.append(Finding.error("quarter_not_over", f"{period.label()}尚未结束，不能报告。", f"{period.label('en')} is not over yet.",
                                      where=Place(field="quarter"), remedy=("请在季度结束后报告。", "Report once it is over.")))
    return period
