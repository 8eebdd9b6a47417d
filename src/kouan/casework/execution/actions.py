"""What may be entered of a project: office and days, milestones, money. Each verb is one transaction and names what was seen."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from kouan.accounts.action import action
from kouan.accounts.models import Organisation
from kouan.basis import Conflict, Finding, NotAllowed, Place, Refused, clock
from kouan.casework.execution.models import FundingKind, ProjectFunding, ProjectMilestone, ProjectRun
from kouan.casework.execution.proof import Proof, keep
from kouan.casework.execution.queries import (
    FIRST,
    LAST,
    MONEY,
    ProjectView,
    get_project,
    is_steward,
    may_edit,
    offices_for,
)
from kouan.casework.oversight.actions import wanting
from kouan.desk.actions import refuse_secrets

MOST_WAN = Decimal("9999999999.99")
MOST_MILESTONES = 60


@action("execution.enter")
def set_project(
    *, actor: Any, project: str, owner: str = "", start: date | None = None, finish: date | None = None, started_on: date | None = None,
    reason: str, version: int = 0,
) -> ProjectRun:
    """Say who is in charge of a project and on which days it is to begin and to end; no owner says openly that none is stated.

    ``version``: what was seen (0: nothing on record yet); Conflict where somebody was faster. The days first entered are kept
    and stay what a lag is measured from. Who is in charge is named by the national office or the project's province alone.
    """
    view = _mine(actor, project)
    refuse_secrets(reason)
    office = _office(actor, view, owner) if owner else None
    findings = _reason(reason)
    for name, day, last in (("start", start, LAST), ("finish", finish, LAST), ("started_on", started_on, clock.today())):
        if day is not None and not FIRST <= day <= last:
            findings.append(Finding.error("date_out_of_range", f"日期应在 {FIRST} 至 {last} 之间。", f"The day lies between {FIRST} and {last}.",
                                          where=Place(field=name), measured=day, remedy=("请改正。", "Correct it.")))
    if start is not None and finish is not None and finish < start:
        findings.append(Finding.error("finish_before_start", "计划完成日期早于计划开工日期。", "It would end before it begins.",
                                      where=Place(field="finish"), remedy=("请改正其中一个日期。", "Correct one of the two.")))
    if findings:
        raise Refused(findings)
    if not is_steward(actor, view) and (office.pk if office else None) != (view.owner.pk if view.owner else None):
        raise NotAllowed.because("owner_by_steward", "责任单位由国家口岸办或项目所在地省级口岸办明确。",
                                 "The national office or the project's province says who is in charge.",
                                 where=Place(field="owner"), remedy=("请保持责任单位不变，或请上级办理。", "Leave it as it is, or ask them."))
    run = _locked(view, version)
    is_other = run is None or run.owner_id != (office.pk if office else None)
    if run is None:
        try:
            with transaction.atomic():
                return ProjectRun.objects.create(
                    project=view.project, owner=office, owner_since=clock.today() if office else None, start=start, finish=finish,
                    first_start=start, first_finish=finish, started_on=started_on, reason=reason.strip(), set_by_id=actor.pk)
        except IntegrityError:
            raise changed() from None
    if is_other:
        run.owner, run.owner_since = office, clock.today() if office else None
    run.start, run.finish, run.started_on, run.reason, run.set_by_id = start, finish, started_on, reason.strip(), actor.pk
    run.first_start, run.first_finish = run.first_start or start, run.first_finish or finish
    return _kept(run, "owner", "owner_since", "start", "finish", "first_start", "first_finish", "started_on", "reason", "set_by")


@action("execution.enter")
def add_milestone(*, actor: Any, project: str, title: str, planned_on: date, version: int) -> ProjectMilestone:
    """Add a step on the way of a project, with the day planned for it."""
    run = _run(actor, project, version)
    refuse_secrets(title)
    findings = [] if title.strip() and len(title) <= 120 else [wanting("title", "节点（不超过120字）", "Milestone (at most 120 characters)")]
    findings += _day("planned_on", planned_on, LAST)
    if run.milestones.filter(title=title.strip()).exists():
        findings.append(Finding.error("milestone_exists", "该项目已有同名节点。", "There is a milestone of that name.", where=Place(field="title"),
                                      remedy=("请另拟名称。", "Choose another name.")))
    if run.milestones.count() >= MOST_MILESTONES:
        findings.append(Finding.error("too_many", f"一个项目不超过{MOST_MILESTONES}个节点。", f"A project has at most {MOST_MILESTONES} milestones.",
                                      where=Place(field="title"), remedy=("请合并较小的节点。", "Join the smaller ones.")))
    if findings:
        raise Refused(findings)
    _kept(run)
    return ProjectMilestone.objects.create(run=run, title=title.strip(), first_planned_on=planned_on, planned_on=planned_on, set_by_id=actor.pk)


@action("execution.enter")
def set_milestone(
    *, actor: Any, project: str, milestone: int, planned_on: date, actual_on: date | None = None, reason: str = "", proof: Proof | None = None,
    version: int,
) -> ProjectMilestone:
    """Plan a milestone anew, with the reason, or say on which day it was reached, with the paper that shows it.

    The day first planned stays. A day reached that was wrong is taken back with the reason.
    """
    run = _run(actor, project, version)
    proof = proof or Proof()
    one = run.milestones.select_for_update().filter(pk=milestone).first()
    if one is None:
        raise Refused.because("unknown_milestone", "该项目没有这个节点。", "The project has no such milestone.", where=Place(field="milestone"),
                              remedy=("请从列表中选择。", "Choose it from the list."))
    refuse_secrets(reason, proof.file_name)
    findings = _day("planned_on", planned_on, LAST) + (_day("actual_on", actual_on, clock.today()) if actual_on else [])
    is_mended = one.actual_on is not None and actual_on != one.actual_on
    if (planned_on != one.planned_on or is_mended) and not reason.strip():
        findings.append(wanting("reason", "改期或更正的理由", "Reason of the change"))
    if len(reason) > 400:
        findings.append(wanting("reason", "改期或更正的理由（不超过400字）", "Reason (at most 400 characters)"))
    if findings:
        raise Refused(findings)
    paper = keep(actor, get_project(actor, project), proof, f"{project} {one.title}完成证明") or one.document
    if actual_on is not None and paper is None:
        raise Refused.because("evidence_missing", "登记节点完成须附证明材料。", "A milestone is reached on a paper that shows it.",
            where=Place(field="file"),
                              remedy=("请上传证明材料文件。", "Attach the file."))
    one.planned_on, one.actual_on, one.document, one.set_by_id = planned_on, actual_on, paper, actor.pk
    one.reason = reason.strip() or one.reason
    one.save(update_fields=["planned_on", "actual_on", "document", "set_by", "reason"])
    _kept(run)
    return one


@action("execution.enter")
def set_funding(
    *, actor: Any, project: str, kind: str, planned: Decimal | None = None, arranged: Decimal | None = None, paid: Decimal | None = None,
    note: str = "", version: int,
) -> ProjectFunding:
    """Enter money of one kind, 万元 to two decimals. None is 未填 and stays so; zero says that there is none."""
    run = _run(actor, project, version)
    refuse_secrets(note)
    findings = []
    if kind not in FundingKind.values:
        findings.append(Finding.error("unknown_kind", f"没有“{kind[:20]}”这类资金。", f"There is no money of the kind “{kind[:20]}”.",
            where=Place(field="kind"),
                                      remedy=(f"可选：{'、'.join(FundingKind.labels)}。", f"It is one of {', '.join(FundingKind.values)}.")))
    given = dict(zip(MONEY, (planned, arranged, paid), strict=True))
    for name, value in given.items():
        if value is not None and not (value.is_finite() and 0 <= value <= MOST_WAN and value == round(value, 2)):
            findings.append(Finding.error("amount_out_of_range", "金额以万元计，不小于零，至多两位小数。",
                "万元 (10,000 yuan), not below zero, two decimals at most.",
                                          where=Place(field=name), measured=value, remedy=("不清楚的请留空，空即“未填”。",
                                              "Leave empty what is not known.")))
    if len(note) > 200:
        findings.append(wanting("note", "依据（不超过200字）", "Basis (at most 200 characters)"))
    if findings:
        raise Refused(findings)
    line, _ = ProjectFunding.objects.update_or_create(run=run, kind=kind, defaults={**given, "note": note.strip(), "set_by_id": actor.pk})
    _kept(run)
    return line


# ---- the parts ------------------------------------------------------------------------------------------


def changed() -> Conflict:
    """Somebody was faster."""
    return Conflict(Finding.error(
        "project_changed", "您打开本页之后，他人已更改此项目。您填写的内容仍保留。",
        "Somebody has changed this project since you opened the page. What you typed is kept.",
        remedy=("请刷新页面，核对后再办理。", "Reload the page, look at it again, then go on.")))


def _mine(actor: Any, project: str) -> ProjectView:
    view = get_project(actor, project)
    if not may_edit(actor, view):
        raise NotAllowed.because("not_in_charge", "该项目由其他单位负责，您可以查看，不能填写。",
            "Another office has the project: you may look, not enter.",
                                 remedy=("请由责任单位或国家口岸办填写。", "The office in charge or the national office enters it."))
    return view


def _locked(view: ProjectView, version: int) -> ProjectRun | None:
    run = ProjectRun.objects.select_for_update(of=("self",)).filter(project=view.project).first()
    if (run.version if run else 0) != version:
        raise changed()
    return run


def _run(actor: Any, project: str, version: int) -> ProjectRun:
    run = _locked(_mine(actor, project), version)
    if run is None:
        raise Refused.because("nothing_on_record", "该项目还没有登记责任单位和计划日期。", "Nothing is on record of the project yet.",
                              where=Place(field="owner"), remedy=("请先填写责任单位和计划日期。", "Enter office and days first."))
    return run


def _kept(run: ProjectRun, *fields: str) -> ProjectRun:
    run.version += 1
    run.save(update_fields=[*fields, "version"])
    return run


def _office(actor: Any, view: ProjectView, code: str) -> Organisation:
    # An office in charge that keeps what it is enters its own code again.
    found = next((each for each in [*offices_for(actor, view), *([view.owner] if view.owner else [])] if each.code == code), None)
    if found is None or not found.is_active:
        raise Refused.because("unknown_office", f"“{code[:64]}”不是可以承担该项目的单位。", f"“{code[:64]}” is no office that can be in charge.",
                              where=Place(field="owner"), remedy=("请从列表中选择在用的单位。", "Choose an active office from the list."))
    return found


def _reason(reason: str) -> list[Finding]:
    return [] if reason.strip() and len(reason) <= 400 else [wanting("reason", "依据或理由（不超过400字）", "Reason (at most 400 characters)")]


def _day(name: str, day: date, last: date) -> list[Finding]:
    if FIRST <= day <= last:
        return []
    return [Finding.error("date_out_of_range", f"日期应在 {FIRST} 至 {last} 之间。", f"The day lies between {FIRST} and {last}.",
        where=Place(field=name),
                          measured=day, remedy=("请改正。", "Correct it."))]
