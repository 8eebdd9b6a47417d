"""What may be done with cells of the matrix and with what is supervised. Each verb is one transaction."""

from __future__ import annotations

from datetime import date
from typing import IO, Any

from django.db import IntegrityError, transaction

from kouan.accounts.action import action
from kouan.accounts.models import Organisation
from kouan.basis import Conflict, Finding, NotAllowed, Place, Refused, SubjectRef, clock
from kouan.casework.oversight.drafts import report_content
from kouan.casework.oversight.evidence import require_proof
from kouan.casework.oversight.models import CellReport, Milestone, OversightPaper, Supervision, TaskCell
from kouan.casework.oversight.plan_tasks import PlanTask, plan
from kouan.casework.oversight.queries import get_cell, get_paper, offices_for
from kouan.desk.actions import file_document, refuse_secrets
from kouan.desk.matters import tasks
from kouan.desk.matters.actions import Concerns, open_matter, take_step
from kouan.desk.matters.models import Matter
from kouan.desk.matters.paper_files import check_file, kind_of
from kouan.desk.matters.parties import national_office
from kouan.desk.matters.queries import procedure_for, running_of, settings_of, working_days
from kouan.desk.models import Document

FIRST, LAST = date(2021, 1, 1), date(2049, 12, 31)


def wanting(field: str, zh: str, en: str) -> Finding:
    """A field that was left empty."""
    return Finding.error("value_required", f"请填写“{zh}”。", f"Fill in “{en}”.", where=Place(field=field), remedy=("此项为必填项。",
        "It is required."))


@action("oversight.assign")
def set_cell(
    *, actor: Any, task: str, place: str, owner: str = "", due_on: date | None = None, is_exempt: bool = False, reason: str, version: int = 0,
) -> TaskCell:
    """Say who is in charge of a task in a place and by when; no owner says openly that none is stated.

    ``version``: what was seen (0: nothing on record yet). Conflict where somebody was faster. While the task is
    supervised its day moves only by an extension; another owner takes the running matter over.
    """
    seen = get_cell(actor, task, place)
    refuse_secrets(reason)
    office = _office(place, owner) if owner else None
    findings = [] if reason.strip() else [wanting("reason", "依据或理由", "Reason")]
    if is_exempt and (office is not None or due_on is not None):
        findings.append(Finding.error("exempt_and_owned", "不适用的任务没有责任单位和期限。", "A task that does not apply has no office and no day.",
                                      where=Place(field="is_exempt"), remedy=("请只选其一。", "Choose one of the two.")))
    if due_on is not None and office is None and not is_exempt:
        findings.append(Finding.error("due_without_owner", "未明确责任单位的任务不能单独定期限。", "A day needs an office in charge.",
                                      where=Place(field="owner"), remedy=("请先选择责任单位。", "Choose the office first.")))
    if due_on is not None and not FIRST <= due_on <= LAST:
        findings.append(Finding.error("date_out_of_range", f"期限应在 {FIRST} 至 {LAST} 之间。", f"The day lies between {FIRST} and {LAST}.",
                                      where=Place(field="due_on"), remedy=("请改正。", "Correct it.")))
    if findings:
        raise Refused(findings)
    row = _locked(seen.task.code, place)
    if (row.version if row else 0) != version:
        raise changed()
    if row is None:
        try:
            with transaction.atomic():
                return TaskCell.objects.create(task=task, place=place, owner=office, due_on=due_on, is_exempt=is_exempt, reason=reason.strip(),
                                               set_by_id=actor.pk)
        except IntegrityError:
            raise changed() from None
    held = row.supervisions.select_for_update().filter(is_open=True).first()
    if held is not None:
        if due_on != row.due_on or office is None or is_exempt:
            raise Refused.because("under_supervision", "该任务正在督办，期限和责任单位不能在此取消或改期。",
                                  "The task is supervised; its day is not moved here, and its office is not taken away.", where=Place(field="due_on"),
                                  remedy=("请在督办件中批准延期或撤销督办。", "Grant an extension in the matter, or drop it."))
        _hand_over(held, office)
    row.owner, row.due_on, row.is_exempt, row.reason, row.set_by_id = office, due_on, is_exempt, reason.strip(), actor.pk
    row.version += 1
    row.save(update_fields=["owner", "due_on", "is_exempt", "reason", "set_by", "version"])
    return row


@action("oversight.assign")
def add_milestone(*, actor: Any, task: str, place: str, label: str, due_on: date) -> Milestone:
    """Add a step on the way of a cell."""
    row = _row(actor, task, place)
    refuse_secrets(label)
    if not label.strip() or len(label) > 120:
        raise Refused(wanting("label", "节点", "Milestone"))
    if row.milestones.filter(label=label.strip()).exists():
        raise Refused.because("milestone_exists", "该任务已有同名节点。", "There is a milestone of that name.", where=Place(field="label"),
                              remedy=("请另拟名称。", "Choose another name."))
    return Milestone.objects.create(cell=row, label=label.strip(), due_on=due_on, set_by_id=actor.pk)


@action("oversight.report")
def report_progress(
    *, actor: Any, task: str, place: str, words: str, milestone: int | None = None, is_complete: bool = False, problem: str = "",
    source: IO[bytes] | None = None, file_name: str = "", evidence: Document | None = None, sha256: str = "",
) -> CellReport:
    """Report how a task goes, with evidence: a new file, or a document on record. A completion needs one.

    ``sha256``: what the sender says of the file; another content is refused. A major problem drafts the report
    upward. While the task is supervised it is reported in its matter, with its clock.
    """
    row = _row(actor, task, place)
    refuse_secrets(words, problem, file_name)
    findings = [] if words.strip() else [wanting("words", "进展情况", "Progress")]
    findings += [Finding.error("too_long", "不得超过2000字。", "At most 2000 characters.", where=Place(field=name), remedy=("请缩短，详情放入附件。",
                 "Shorten it; put the rest into the file.")) for name, said in (("words", words), ("problem", problem)) if len(said) > 2000]
    if row.owner_id is None:
        findings.append(Finding.error("no_owner", "该任务尚未明确责任单位，不能报告。", "The task has no office in charge yet.",
                                      remedy=("请先由国家口岸办明确责任单位。", "The national office names one first.")))
    if source is not None:
        findings += check_file(source, file_name, "file")
    if findings:
        raise Refused(findings)
    if is_complete and row.supervisions.filter(is_open=True).exists():
        raise Refused.because("report_in_matter", "该任务正在督办，完成情况请在督办件中报告。",
            "The task is supervised: report its completion in the matter.",
                              where=Place(field="is_complete"), remedy=("请从待办进入督办件。", "Open the matter from your inbox."))
    paper = evidence
    if source is not None:
        known = kind_of(file_name)
        paper = file_document(actor=actor, kind="other", title=f"{plan().tasks[task].title.zh}进展证明材料", source=source, file_name=file_name,
                              media_type=known.media_type if known else "", province_code=place if plan().places[place].is_province else "")
        found = paper.versions.get().sha256
        if sha256 and sha256.strip().lower() != found:
            raise Refused.because("checksum_differs", "文件的校验值与所填的不符，未接收。",
                "The file differs from the checksum given; nothing was taken in.",
                                  where=Place(field="sha256"), measured=found, required=sha256.strip().lower()[:64],
                                  remedy=("请重新传送文件，或核对校验值。", "Send the file again, or check the checksum."))
    if is_complete or paper is not None:
        require_proof(paper, "file")
    made = CellReport.objects.create(cell=row, words=words.strip(), problem=problem.strip(), is_complete=is_complete, evidence=paper,
                                     reported_by_id=actor.pk, reported_on=clock.today())
    if milestone is not None:
        reached = row.milestones.filter(pk=milestone, reached_on__isnull=True).update(reached_on=clock.today())
        if not reached:
            raise Refused.because("unknown_milestone", "没有这个未完成的节点。", "There is no such milestone still to be reached.",
                                  where=Place(field="milestone"), remedy=("请从列表中选择。", "Choose it from the list."))
    if made.problem:
        OversightPaper.objects.create(
            kind="report", report=made, title=f"关于规划实施中有关重大问题的情况报告（{plan().places[place].name.zh}）", addressee="国务院",
            content=report_content(made), drafted_on=made.reported_on)
    return made


@action("oversight.assign")
def verify_completion(*, actor: Any, report: int, accept: bool, finding: str, version: int | None = None) -> CellReport:
    """Accept or return a reported completion. Never by who reported it; accepted only on evidence that is still sound.

    ``version``: the cell's, as seen; Conflict where somebody has changed it since.
    """
    one = CellReport.objects.select_for_update(of=("self",)).select_related("cell").filter(pk=report).first()
    if one is None:
        raise Refused.because("unknown_report", "没有这份报告。", "There is no such report.", remedy=("请从任务页选择。", "Choose it from the task."))
    get_cell(actor, one.cell.task, one.cell.place)
    cell = TaskCell.objects.select_for_update().get(pk=one.cell_id)
    if version is not None and cell.version != version:
        raise changed()
    if not one.is_complete or one.accepted is not None or one.matter_id is not None:
        raise Conflict.because("not_to_verify", "这份报告无须核实，或已核实。", "The report needs no verifying, or has been verified.",
                               remedy=("请刷新页面。", "Reload the page."))
    if actor.pk is None or one.reported_by_id == actor.pk:
        raise NotAllowed.because("own_report", "报告人不能核实自己的报告。", "Who reported does not verify.",
                                 remedy=("请由另一名人员核实。", "Let another officer verify it."))
    if not finding.strip() or len(finding) > 400:
        raise Refused(wanting("finding", "核实意见", "Finding"))
    if accept:
        require_proof(one.evidence)
        cell.completed_on, cell.version = clock.today(), cell.version + 1
        cell.save(update_fields=["completed_on", "version"])
    one.cell = cell
    one.accepted, one.verified_by_id, one.verified_on, one.finding = accept, actor.pk, clock.today(), finding.strip()
    one.save(update_fields=["accepted", "verified_by", "verified_on", "finding"])
    return one


@action("oversight.assign")
def supervise_cell(*, actor: Any, task: str, place: str, reason: str) -> Supervision:
    """立项督办: open a supervised matter on a cell that has an owner and a day, and assign it at once."""
    row = _row(actor, task, place)
    if row.owner is None or row.due_on is None:
        raise Refused.because("owner_and_day_needed", "立项督办须先明确责任单位和期限。", "Supervision needs an office in charge and a day.",
                              where=Place(field="reason"), remedy=("请先填写责任单位和期限。", "Enter both first."))
    if row.completed_on is not None or row.is_exempt:
        raise Refused.because("nothing_to_supervise", "该任务已核实完成或不适用。", "The task is done, or does not apply.",
            where=Place(field="reason"),
                              remedy=("无须督办。", "There is nothing to supervise."))
    if row.supervisions.filter(is_open=True).exists():
        raise Conflict.because("supervised_already", "该任务已在督办。", "The task is supervised already.", remedy=("请打开督办件。",
            "Open its matter."))
    one: PlanTask = plan().tasks[task]
    where = plan().places[place]
    return open_supervision(
        actor=actor, title=f"督办：{where.name.zh}“{one.title.zh}”", owner=row.owner, due_on=row.due_on, reason=reason, cell=row,
        concerns=Concerns(SubjectRef.of("province", place), province_code=place) if where.is_province else Concerns())


def open_supervision(
    *, actor: Any, title: str, owner: Organisation, due_on: date | None, reason: str, concerns: Concerns, **origin: Any,
) -> Supervision:
    """Open and assign one supervised matter; the part of the verbs above and of ``instructions`` inside their transaction.

    A day that was not named is worked out from the setting, so that every matter has one.
    """
    if not reason.strip():
        raise Refused(wanting("reason", "事由", "Reason"))
    superior = owner.parent if owner.parent is not None and owner.parent.is_active else national_office()
    matter = open_matter(actor=actor, procedure="supervision", title=title[:200], concerns=concerns,
                         named={"owner": owner.code, "superior": superior.code})
    day = due_on or working_days().after(clock.today(), settings_of("supervision")["handling_days"])
    held = Supervision.objects.create(matter=matter, owner=owner, due_on=day, **origin)
    take_step(actor=actor, matter=matter.pk, transition="assign", fields={"reason": reason.strip()[:400], "due_on": day.isoformat()})
    return held


@action("oversight.assign")
def change_owner(*, actor: Any, supervision: int, owner: str, reason: str) -> Supervision:
    """Another office takes a running matter over (merged, closed or named wrongly); the matter keeps its day and its history."""
    held = Supervision.objects.select_for_update(of=("self",)).select_related("matter", "cell").filter(pk=supervision, is_open=True).first()
    if held is None:
        raise Conflict.because("not_running", "该督办件不在办理中。", "The matter is not running.", remedy=("请刷新页面。", "Reload the page."))
    office = _office(held.cell.place if held.cell else "", owner)
    if not reason.strip():
        raise Refused(wanting("reason", "事由", "Reason"))
    _hand_over(held, office)
    if held.cell is not None:
        held.cell.owner, held.cell.reason, held.cell.version = office, reason.strip()[:400], held.cell.version + 1
        held.cell.save(update_fields=["owner", "reason", "version"])
    return held


@action("oversight.assign")
def enter_issued(*, actor: Any, paper: int, number: str, issued_on: date) -> OversightPaper:
    """Enter that a drafted paper was issued: its number and day as they stand on it. Once."""
    get_paper(actor, paper)
    refuse_secrets(number)
    held = OversightPaper.objects.select_for_update().get(pk=paper)
    if held.issued_on is not None:
        raise Conflict.because("issued_already", f"该文书已登记印发：{held.number}。", f"The paper was entered as issued: {held.number}.",
                               remedy=("如登记有误，请联系系统管理员。", "If that is wrong, ask your administrator."))
    if not number.strip() or len(number) > 80:
        raise Refused(wanting("number", "发文字号", "Document number"))
    if not held.drafted_on <= issued_on <= clock.today():
        raise Refused.because("date_out_of_range", "成文日期应在起草日至今天之间。", "The day lies between the drafting and today.",
                              where=Place(field="issued_on"), remedy=("请照文件填写。", "Enter it as the paper has it."))
    held.number, held.issued_on, held.issued_by_id = number.strip(), issued_on, actor.pk
    held.save(update_fields=["number", "issued_on", "issued_by"])
    return held


# ---- the parts ---------------------------------------------------------------------------------------------


def changed() -> Conflict:
    """Somebody was faster."""
    return Conflict(Finding.error(
        "cell_changed", "您打开本页之后，他人已更改此项任务。您填写的内容仍保留。",
        "Somebody has changed this since you opened the page. What you typed is kept.",
        remedy=("请刷新页面，核对后再办理。", "Reload the page, look at it again, then go on.")))


def _locked(task: str, place: str) -> TaskCell | None:
    return TaskCell.objects.select_for_update(of=("self",)).select_related("owner", "owner__parent").filter(task=task, place=place).first()


def _row(actor: Any, task: str, place: str) -> TaskCell:
    get_cell(actor, task, place)
    row = _locked(task, place)
    if row is None:
        raise Refused.because("no_owner", "该任务尚未明确责任单位。", "The task has no office in charge yet.", where=Place(field="owner"),
                              remedy=("请先由国家口岸办明确责任单位。", "The national office names one first."))
    return row


def _office(place: str, code: str) -> Organisation:
    found = Organisation.objects.filter(code=code, is_active=True).exclude(kind="enterprise").first()
    if found is None or (place and found.pk not in {each.pk for each in offices_for(place)}):
        raise Refused.because("unknown_office", f"“{code[:64]}”不是可以承办的单位。", f"“{code[:64]}” is no office that can be in charge.",
                              where=Place(field="owner"), remedy=("请从列表中选择在用的单位。", "Choose an active office from the list."))
    return found


def _hand_over(held: Supervision, office: Organisation) -> None:
    if held.owner_id == office.pk:
        return
    superior = office.parent if office.parent is not None and office.parent.is_active else national_office()
    matter = Matter.objects.select_for_update(of=("self",)).select_related("edition", "applicant").get(pk=held.matter_id)
    matter.named = {**matter.named, "owner": office.code, "superior": superior.code}
    matter.version += 1
    matter.save(update_fields=["named", "version"])
    held.owner = office
    held.save(update_fields=["owner"])
    tasks.bring_in_step(matter, procedure_for(matter), running_of(matter))


