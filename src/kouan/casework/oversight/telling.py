"""Cells, supervised matters, instructions and circulars as plain data, for programs: the command line and the API tell the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kouan.basis import Text
from kouan.casework.oversight.models import CellReport, Circular, ClearanceNotice, Instruction, Supervision
from kouan.casework.oversight.queries import STATES, CellView, supervisions_of
from kouan.desk.matters.models import MatterStep
from kouan.desk.matters.queries import procedure_for


def both(said: Text) -> dict[str, str]:
    """A text in both languages."""
    return {"zh": said.zh, "en": said.en}


def cell_told(one: CellView) -> dict[str, Any]:
    """A cell. ``owner`` empty is “none stated”, which ``state`` says too; ``version`` 0: nothing on record."""
    row = one.row
    return {
        "task": one.task.code, "title": both(one.task.title), "section": one.task.section, "quote": one.task.quote, "place": one.place.code,
        "place_name": both(one.place.name), "state": one.state, "state_label": both(STATES[one.state]),
        "owner": row.owner.code if row and row.owner else None, "owner_name": one.owner_words, "due_on": one.due_on, "plan_day": one.task.by,
        "last_report_on": one.last.reported_on if one.last else None, "last_report": one.last.words if one.last else None,
        "completed_on": row.completed_on if row else None, "matter": one.supervision.matter_id if one.supervision else None,
        "version": row.version if row else 0,
    }


def report_told(one: CellReport) -> dict[str, Any]:
    """A report of progress."""
    return {"id": one.pk, "reported_on": one.reported_on, "words": one.words, "problem": one.problem, "is_complete": one.is_complete,
            "accepted": one.accepted, "evidence": one.evidence.reference if one.evidence else None, "matter": one.matter_id,
            "finding": one.finding, "verified_on": one.verified_on, "version": one.cell.version}


def supervision_told(one: Supervision) -> dict[str, Any]:
    """A supervised matter; its steps are those of its matter."""
    return {
        "id": one.pk, "matter": one.matter_id, "title": one.matter.title, "origin": "plan_task" if one.cell_id else "instruction",
        "owner": one.owner.code, "owner_name": one.owner.name_zh, "state": one.matter.state,
        "state_label": both(procedure_for(one.matter).states[one.matter.state].label), "due_on": one.due_on,
    }


def instruction_told(one: Instruction) -> dict[str, Any]:
    """An instruction with how many offices have answered."""
    held = list(one.supervisions.all())
    return {"id": one.pk, "title": one.title, "signer": one.signer, "signed_on": one.signed_on, "words": one.words, "reference": one.reference,
            "urgency": one.urgency, "due_on": one.due_on, "offices": len(held), "answered": sum(not each.is_open for each in held),
            "ended_on": one.ended_on}


def instruction_in_full(one: Instruction, user: Any) -> dict[str, Any]:
    """An instruction with the matters under it that a user may see, each with its last answer."""
    held = supervisions_of({"instruction": one}, user)
    steps: dict[int, dict[str, MatterStep]] = {}
    for step in MatterStep.objects.filter(matter__in=[each.matter_id for each in held]).order_by("number"):
        steps.setdefault(step.matter_id, {})[step.transition] = step
    return {**instruction_told(one), "scan": one.scan.reference if one.scan else None,
            "matters": [{**supervision_told(each), "version": each.matter.version, "answer": answer_told(steps.get(each.matter_id, {}))}
                        for each in held]}


def answer_told(last: Mapping[str, MatterStep]) -> dict[str, Any] | None:
    """The last answer in a matter, from the last of its steps by name: accepted, returned since, or neither yet."""
    said = last.get("report")
    if said is None:
        return None
    closed, back = last.get("close"), last.get("return_report")
    verdict = closed or (back if back is not None and back.number > said.number else None)
    return {"reported_on": said.taken_on, "progress": said.fields.get("progress", ""), "evidence": said.documents.get("evidence"),
            "accepted": None if verdict is None else verdict is closed,
            "finding": verdict.fields.get("opinion") or verdict.fields.get("reason", "") if verdict else ""}


def circular_told(one: Circular, office_id: int) -> dict[str, Any]:
    """A circular as one office sees it: its own receipt; the counts only where it is the issuing office's."""
    receipt = one.receipts.filter(office_id=office_id).first()
    ours = one.office_id == office_id
    return {
        "id": one.pk, "kind": one.kind, "title": one.title, "text": one.text, "office": one.office.name_zh, "number": one.number,
        "issued_on": one.issued_on, "state": one.state, "replaces": one.replaces_id, "is_addressed": receipt is not None,
        "signed_at": receipt.signed_at if receipt else None, "receipts": one.receipts.count() if ours else None,
        "receipts_signed": one.receipts.filter(signed_at__isnull=False).count() if ours else None, "recipients": one.recipients if ours else None,
        "attachments": one.attachments, "ended_reason": one.ended_reason, "version": one.version,
    }


def notice_told(one: ClearanceNotice) -> dict[str, Any]:
    """A clearance-time notice with its figures and where its circular stands."""
    held = one.circular
    return {"id": one.pk, "province": one.province, "month": one.month, "circular": held.pk, "state": held.state, "number": held.number,
            "issued_on": held.issued_on, "is_provisional": one.figures["is_provisional"], "figures_sha256": one.figures_sha256,
            "drafted_at": one.drafted_at, "figures": one.figures}
