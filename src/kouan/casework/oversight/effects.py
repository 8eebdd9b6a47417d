"""What steps of supervised matters and receipts do here, in the transaction of the step.

A refusal takes the step back. A matter that was begun past the verbs of this part has nothing here, and is refused.
"""

from __future__ import annotations

from typing import Any

from kouan.basis import NotAllowed, Place, Refused, clock
from kouan.casework.oversight.drafts import notice_content, subject_of
from kouan.casework.oversight.evidence import require_proof
from kouan.casework.oversight.models import CellReport, CircularReceipt, OversightPaper, Supervision
from kouan.desk.matters.facts import day_said
from kouan.desk.matters.models import Matter, MatterStep
from kouan.desk.models import Document


def _held(matter: Matter) -> Supervision:
    found = Supervision.objects.select_for_update().filter(matter=matter).first()
    if found is None:
        raise Refused.because(
            "not_supervised", "督办件须从规划任务表立项，或由领导批示登记产生。",
                "A supervised matter is opened from the matrix or by an instruction.",
            remedy=("请到“督查督办”页办理。", "Go to the page of supervision."))
    return found


def assign(matter: Matter, step: MatterStep, actor: Any) -> None:
    """交办: only what this part opened."""
    _held(matter)


def move(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Another day: an extension granted, or a report returned."""
    held = _held(matter)
    held.due_on = day_said("due_on", step.fields["due_on"])
    if held.due_on < step.taken_on:
        raise Refused.because("due_in_the_past", "新的期限不能早于今天。", "The new day cannot lie before today.", where=Place(field="field-due_on"),
                              remedy=("请改为今天或以后的日期。", "Name today or a later day."))
    held.save(update_fields=["due_on"])
    if held.cell is not None:
        held.cell.due_on, held.cell.version = held.due_on, held.cell.version + 1
        held.cell.save(update_fields=["due_on", "version"])


def draft_notice(matter: Matter, step: MatterStep, actor: Any) -> None:
    """到期未报: the notice is drafted, once for one day that was missed."""
    held = _held(matter)
    OversightPaper.objects.get_or_create(supervision=held, due_on=held.due_on, defaults={
        "kind": "notice", "title": f"关于督办{subject_of(held)}的通知"[:200], "addressee": held.owner.name_zh, "content": notice_content(held),
        "drafted_on": step.taken_on})


def keep_report(matter: Matter, step: MatterStep, actor: Any) -> None:
    """报告: needs a file of evidence; the cell keeps the report too."""
    held = _held(matter)
    paper = evidence_of(step)
    require_proof(paper, "paper-evidence-file")
    held.reported_by_id = actor.pk
    held.save(update_fields=["reported_by"])
    if held.cell is not None:
        CellReport.objects.create(cell=held.cell, words=str(step.fields["progress"])[:2000], is_complete=True, evidence=paper, matter=matter,
                                  reported_by_id=actor.pk, reported_on=step.taken_on)


def close(matter: Matter, step: MatterStep, actor: Any) -> None:
    """核实办结: by another than who reported, on evidence that is still what it was."""
    held = _held(matter)
    if actor.pk is None or actor.pk == held.reported_by_id or step.on_behalf_of_id == held.reported_by_id:
        raise NotAllowed.because("own_report", "报告人不能核实自己的报告。", "Who reported does not verify.",
                                 remedy=("请由另一名人员核实。", "Let another officer verify it."))
    reported = matter.steps.filter(transition="report").order_by("-number").first()
    require_proof(evidence_of(reported) if reported else None)
    held.verified_by_id, held.is_open = actor.pk, False
    held.save(update_fields=["verified_by", "is_open"])
    if held.cell is not None:
        held.cell.completed_on, held.cell.version = step.taken_on, held.cell.version + 1
        held.cell.save(update_fields=["completed_on", "version"])
        held.cell.reports.filter(matter=matter, accepted__isnull=True).exclude(reported_by_id=actor.pk).update(
            accepted=True, verified_by_id=actor.pk, verified_on=step.taken_on, finding=str(step.fields["opinion"])[:400])
    _end_instruction(held, step)


def drop(matter: Matter, step: MatterStep, actor: Any) -> None:
    """撤销督办."""
    held = _held(matter)
    held.is_open = False
    held.save(update_fields=["is_open"])
    _end_instruction(held, step)


def sign(matter: Matter, step: MatterStep, actor: Any) -> None:
    """签收: who and when."""
    held = _receipt(matter)
    held.signed_by_id, held.signed_at = actor.pk, clock.now()
    held.first_read_at = held.first_read_at or held.signed_at
    held.save(update_fields=["signed_by", "signed_at", "first_read_at"])


def end_receipt(matter: Matter, step: MatterStep, actor: Any) -> None:
    """撤回: the receipt stays as it is."""
    _receipt(matter)


def evidence_of(step: MatterStep) -> Document | None:
    """The paper of evidence of a step."""
    return Document.objects.filter(reference=step.documents.get("evidence", "")).first()


def _receipt(matter: Matter) -> CircularReceipt:
    found = CircularReceipt.objects.select_for_update().filter(matter=matter).first()
    if found is None:
        raise Refused.because("no_circular", "签收件由印发通知产生，不能单独发起。", "A receipt comes with a circular.",
                              remedy=("请到“通知通报”页办理。", "Go to the page of circulars."))
    return found


def _end_instruction(held: Supervision, step: MatterStep) -> None:
    """An instruction ends with the last of its matters; its row is locked, so that of two closings one is the last."""
    from kouan.casework.oversight.models import Instruction

    if held.instruction_id is None:
        return
    one = Instruction.objects.select_for_update().get(pk=held.instruction_id)
    if not one.supervisions.filter(is_open=True).exists():
        one.ended_on = step.taken_on
        one.save(update_fields=["ended_on"])


CARRIED = {
    "assign_supervision": assign, "move_supervision": move, "draft_notice": draft_notice, "keep_report": keep_report,
    "close_supervision": close, "drop_supervision": drop, "sign_circular": sign, "end_receipt": end_receipt,
}
