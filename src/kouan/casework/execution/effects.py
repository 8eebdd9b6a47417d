"""A quarterly report on the desk of who confirms it: the task is opened with the report, and its step decides the report.

The report can be decided on the project's page too, by anybody who may; then the system ends the task.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kouan.accounts.action import acting_system
from kouan.accounts.models import Organisation, OrganisationKind
from kouan.basis import Conflict, NotAllowed, Refused, clock
from kouan.casework.execution.models import ProgressReport, ProjectRun
from kouan.casework.oversight.actions import wanting
from kouan.casework.oversight.evidence import require_proof
from kouan.desk.actions import refuse_secrets
from kouan.desk.matters.actions import open_matter
from kouan.desk.matters.models import Matter, MatterStep
from kouan.desk.matters.parties import national_office

PROCEDURES = Path(__file__).parent / "procedures"


def confirmer_of(office: Organisation) -> Organisation:
    """On whose desk a report of an office lies: its own, for the port offices of nation and provinces; else its province's; else the nation's."""
    if office.kind in (OrganisationKind.NATIONAL_OFFICE, OrganisationKind.PROVINCIAL_OFFICE):
        return office
    above = Organisation.objects.filter(kind=OrganisationKind.PROVINCIAL_OFFICE, province_code=office.province_code, is_active=True)
    found = above.order_by("pk").first() if office.kind == OrganisationKind.CITY_OFFICE and office.province_code else None
    return found or national_office()


def put_on_desk(report: ProgressReport) -> Matter:
    """Open the task; the system's work for the office that reports."""
    title = f"确认季度进展：{report.run.project.project_id} {report.run.project.object_zh} {report.period.label()}"
    with acting_system("execution") as system:
        return open_matter(actor=system, procedure="quarterly_report", title=title[:200], applicant=report.office,
                           named={"confirmer": confirmer_of(report.office).code})


def settle(report: ProgressReport, actor: Any, *, confirm: bool, opinion: str) -> ProgressReport:
    """Confirm or return a report whose project and row are locked. Never by who reported; its paper is read anew.

    The finish of the project follows the last confirmed report.
    """
    if report.state != ProgressReport.State.WAITING:
        raise Conflict.because("decided_already", "这份报告已确认或退回。", "The report was confirmed or returned already.", remedy=("请刷新页面。",
            "Reload the page."))
    if actor.pk is None or report.reported_by_id == actor.pk:
        raise NotAllowed.because("own_report", "报告人不能确认自己的报告。", "Who reported does not confirm.",
                                 remedy=("请由负责人或另一名人员确认。", "Let a leader or another officer confirm it."))
    refuse_secrets(opinion)
    if not opinion.strip() or len(opinion) > 400:
        raise Refused(wanting("opinion", "确认意见（不超过400字）", "Opinion (at most 400 characters)"))
    if confirm and report.evidence is not None:
        require_proof(report.evidence)
    report.state = ProgressReport.State.CONFIRMED if confirm else ProgressReport.State.RETURNED
    report.decided_by_id, report.decided_on, report.opinion = actor.pk, clock.today(), opinion.strip()
    report.save(update_fields=["state", "decided_by", "decided_on", "opinion"])
    last = report.run.reports.filter(state="confirmed").first()
    report.run.finished_on = last.finished_on if last is not None and last.percent == 100 else None
    report.run.save(update_fields=["finished_on"])
    return report


def locked(report: int) -> ProgressReport | None:
    """A report with its project's row, both locked; the task of the desk is locked before them, at every door."""
    known = ProgressReport.objects.filter(pk=report).first()
    if known is None:
        return None
    run = ProjectRun.objects.select_for_update(of=("self",)).select_related("project").get(pk=known.run_id)
    found = ProgressReport.objects.select_for_update(of=("self",)).select_related("evidence", "office").get(pk=report)
    found.run = run
    return found


def decide(matter: Matter, step: MatterStep, actor: Any) -> None:
    """确认、退回: only what a report opened. What its own page has decided in this transaction stands."""
    known = ProgressReport.objects.filter(matter=matter).first()
    report = locked(known.pk) if known is not None else None
    if report is None:
        raise Refused.because("no_report", "此件没有对应的季度进展报告。", "There is no quarterly report behind this matter.",
                              remedy=("请到规划项目页办理。", "Go to the project's page."))
    if actor.pk is None and report.state != ProgressReport.State.WAITING:
        return
    if step.on_behalf_of_id is not None and step.on_behalf_of_id == report.reported_by_id:
        raise NotAllowed.because("own_report", "受报告人委托的人员不能代为确认。", "Nobody confirms in the name of who reported.",
                                 remedy=("请由另一名人员确认。", "Let another officer confirm it."))
    settle(report, actor, confirm=step.transition == "confirm", opinion=str(step.fields["opinion"]))


CARRIED = {"confirm_quarter": decide, "return_quarter": decide}
