"""领导批示: a superior's written words become a supervised matter for each office that has to answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import IO, Any

from kouan.accounts.action import action
from kouan.accounts.models import Organisation
from kouan.basis import Finding, NotAllowed, Place, Refused, clock
from kouan.casework.oversight.actions import open_supervision, wanting
from kouan.casework.oversight.models import Instruction
from kouan.casework.oversight.queries import get_instruction
from kouan.desk.actions import file_document, refuse_secrets
from kouan.desk.matters.actions import Concerns, take_step
from kouan.desk.matters.paper_files import check_file, kind_of
from kouan.desk.models import Document

MOST_OFFICES = 60


@action("oversight.assign")
def record_instruction(
    *, actor: Any, title: str, signer: str, signed_on: date, words: str, offices: Sequence[str], reference: str = "",
    urgency: str = Instruction.Urgency.ROUTINE, due_on: date | None = None, scan: Document | None = None, source: IO[bytes] | None = None,
    file_name: str = "",
) -> Instruction:
    """Record an instruction and open one supervised matter for each office, all or nothing.

    It rests on a scan or on the number of the paper that it was written on. A mark of secrecy is refused.
    """
    refuse_secrets(title, signer, words, reference, file_name)
    findings: list[Finding] = []
    for name, said, zh, en, most in (("title", title, "批示事项", "Matter", 160), ("signer", signer, "批示人", "Signed by", 80),
                                     ("words", words, "批示内容", "Words", 2000)):
        if not said.strip() or len(said) > most:
            findings.append(wanting(name, f"{zh}（不超过{most}字）", f"{en} (at most {most} characters)"))
    if len(reference) > 80:
        findings.append(wanting("reference", "来文编号（不超过80字）", "Reference (at most 80 characters)"))
    if not reference.strip() and scan is None and source is None:
        findings.append(Finding.error("scan_or_reference", "请附批示扫描件，或填写来文编号。", "Attach the scan, or give the reference.",
                                      where=Place(field="reference"), remedy=("二者至少其一。", "One of the two is needed.")))
    if not date(1949, 10, 1) <= signed_on <= clock.today():
        findings.append(Finding.error("date_out_of_range", "批示日期不能晚于今天。", "The day of signing does not lie in the future.",
                                      where=Place(field="signed_on"), remedy=("请照原件填写。", "Enter it as it stands.")))
    if due_on is not None and due_on < clock.today():
        findings.append(Finding.error("due_in_the_past", "办理期限不能早于今天。", "The day cannot lie before today.", where=Place(field="due_on"),
                                      remedy=("请改正。", "Correct it.")))
    if urgency not in Instruction.Urgency.values:
        findings.append(wanting("urgency", "缓急", "Urgency"))
    chosen = {each.code: each for each in Organisation.objects.filter(code__in=offices,
        is_active=True).exclude(kind="enterprise").select_related("parent")}
    if not chosen or set(offices) - set(chosen) or len(chosen) > MOST_OFFICES:
        findings.append(Finding.error("unknown_office", f"请选择1至{MOST_OFFICES}个在用的承办单位。", f"Choose 1 to {MOST_OFFICES} active offices.",
                                      where=Place(field="offices"), measured="、".join(sorted(set(offices) - set(chosen)))[:200],
                                      remedy=("请从列表中选择。", "Choose them from the list.")))
    if source is not None:
        findings += check_file(source, file_name, "file")
    if findings:
        raise Refused(findings)
    paper = scan
    if source is not None:
        known = kind_of(file_name)
        paper = file_document(actor=actor, kind="other", title=f"批示：{title.strip()}", source=source, file_name=file_name,
                              media_type=known.media_type if known else "")
    made = Instruction.objects.create(
        title=title.strip(), signer=signer.strip(), signed_on=signed_on, words=words.strip(), reference=reference.strip(), scan=paper,
        urgency=urgency, due_on=due_on, recorded_by_id=actor.pk)
    for office in sorted(chosen.values(), key=lambda each: each.code):
        # Only the office itself sees the matter: what was instructed is no news for the whole province.
        open_supervision(actor=actor, title=f"批示办理：{made.title}", owner=office, due_on=due_on, reason=f"{made.signer}批示：{made.words}"[:400],
                         concerns=Concerns(), instruction=made)
    return made


@action("matters.act")
def answer_instruction(*, actor: Any, instruction: int, progress: str, evidence: Document | None) -> Instruction:
    """Answer for one's office, on evidence: its matter is reported, and acknowledged first where it was not yet.

    NotFound out of scope, NotAllowed for who sees the instruction without having to answer it; the step says what else is missing.
    """
    held = get_instruction(actor, instruction)
    refuse_secrets(progress)
    ours = held.supervisions.filter(owner_id=actor.organisation_id, is_open=True).select_related("matter").first()
    if ours is None:
        raise NotAllowed.because("not_instructed", "这件批示没有待贵单位答复的办件。", "No matter of the instruction waits for your office.",
                                 remedy=("答复由承办单位报告，每单位一件。", "The offices in charge answer, each its own matter."))
    if not progress.strip() or len(progress) > 2000:
        raise Refused(wanting("progress", "落实情况（不超过2000字）", "What was done (at most 2000 characters)"))
    if ours.matter.state == "assigned":
        # Who answers has received it; both steps stand in the record.
        take_step(actor=actor, matter=ours.matter_id, transition="acknowledge")
    take_step(actor=actor, matter=ours.matter_id, transition="report", fields={"progress": progress.strip()},
              documents={"evidence": evidence} if evidence is not None else {})
    return held
