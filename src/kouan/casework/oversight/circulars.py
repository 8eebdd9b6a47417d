"""通知、通报: drafted by one, issued by another, signed for by each office; what was recalled or superseded stays readable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from kouan.accounts.action import System, acting_system, action
from kouan.accounts.models import Organisation, OrganisationKind
from kouan.basis import Conflict, Finding, NotAllowed, Place, Refused, clock
from kouan.casework.oversight.actions import wanting
from kouan.casework.oversight.models import Circular, CircularReceipt
from kouan.casework.oversight.queries import get_circular
from kouan.desk.actions import refuse_secrets
from kouan.desk.matters.actions import carry_step, open_matters, take_step
from kouan.desk.models import Document
from kouan.desk.queries import documents_visible_to

MOST_OFFICES = 2000
KINDS = ("notice", "circular")


def addressed(office: Organisation, said: Mapping[str, Any]) -> list[Organisation]:
    """The offices that a choice addresses: named ones, and those of the chosen kinds in the chosen provinces.

    ``said``: ``offices`` (codes), ``kinds``, ``provinces`` (none: all). A province addresses its own offices and the
    national office; the issuing office itself and enterprises are never among them.
    """
    rows = Organisation.objects.filter(is_active=True).exclude(kind=OrganisationKind.ENTERPRISE).exclude(pk=office.pk)
    if office.kind != OrganisationKind.NATIONAL_OFFICE:
        rows = rows.filter(province_code=office.province_code) | rows.filter(kind=OrganisationKind.NATIONAL_OFFICE)
    found = {each.pk: each for each in rows.filter(code__in=said.get("offices") or [])}
    if said.get("kinds"):
        group = rows.filter(kind__in=said["kinds"])
        if said.get("provinces"):
            group = group.filter(province_code__in=said["provinces"])
        found |= {each.pk: each for each in group}
    return sorted(found.values(), key=lambda each: (each.province_code, each.code))


@action("circulars.issue")
def draft_circular(
    *, actor: Any, kind: str, title: str, text: str, offices: Sequence[str] = (), kinds: Sequence[str] = (), provinces: Sequence[str] = (),
    attachments: Sequence[str] = (), replaces: int | None = None, circular: int | None = None, version: int | None = None,
) -> Circular:
    """Draft a circular, or change one's office's draft (``circular`` with the ``version`` seen)."""
    # Whose draft it is comes first: nobody learns from a refusal what another office may address.
    held = None if circular is None else _own(actor, circular, version)
    if held is not None:
        _must_be(held, Circular.State.DRAFT)
    refuse_secrets(title, text)
    findings = []
    if kind not in KINDS:
        findings.append(wanting("kind", "文种", "Kind"))
    for name, said, zh, en, most in (("title", title, "标题", "Title", 160), ("text", text, "正文", "Text", 20000)):
        if not said.strip() or len(said) > most:
            findings.append(wanting(name, f"{zh}（不超过{most}字）", f"{en} (at most {most} characters)"))
    choice = {"offices": sorted(set(offices)), "kinds": sorted(set(kinds)), "provinces": sorted(set(provinces))}
    reached = addressed(actor.organisation, choice)
    strange = set(offices) - {each.code for each in reached}
    if strange or not reached or len(reached) > MOST_OFFICES:
        findings.append(Finding.error(
            "no_recipient", "没有可以送达的单位，或所选单位不在可印发的范围内。",
                "Nobody is addressed, or an office lies outside what may be addressed.",
            where=Place(field="offices"), measured="、".join(sorted(strange))[:200] or str(len(reached)), required=f"1–{MOST_OFFICES}",
            remedy=("请选择单位，或选择单位类别和地区。", "Choose offices, or kinds and provinces.")))
    papers = set(documents_visible_to(actor).filter(reference__in=attachments).values_list("reference", flat=True))
    for missing in sorted(set(attachments) - papers):
        findings.append(Finding.error("unknown_document", f"没有引用名为“{missing[:80]}”的文件。", f"There is no document “{missing[:80]}”.",
                                      where=Place(field="attachments"), remedy=("请先登记该文件。", "Register it first.")))
    if findings:
        raise Refused(findings)
    former = None
    if replaces is not None:
        former = get_circular(actor, replaces)
        if former.office_id != actor.organisation_id or former.state != Circular.State.ISSUED:
            raise Refused.because("cannot_replace", "只能替代本单位已印发、仍有效的通知。",
                "Only a circular of one's own office that is in force is replaced.",
                                  where=Place(field="replaces"), remedy=("请核对编号。", "Check the number."))
    values = {"kind": kind, "title": title.strip(), "text": text.strip(), "recipients": choice, "attachments": list(dict.fromkeys(attachments)),
              "replaces": former}
    if held is None:
        return Circular.objects.create(office=actor.organisation, drafted_by_id=actor.pk, **values)
    for name, value in values.items():
        setattr(held, name, value)
    # Whoever changes the words is their drafter, and so does not issue them.
    held.drafted_by_id, held.version = actor.pk, held.version + 1
    held.save()
    return held


@action("circulars.issue")
def issue_circular(*, actor: Any, circular: int, number: str, issued_on: date, version: int | None = None) -> Circular:
    """Issue a draft of one's office that somebody else drafted: a receipt for each office, all or nothing.

    The number is entered as it stands on the paper. What the draft replaces is superseded in the same transaction.
    """
    refuse_secrets(number)
    held = _own(actor, circular, version)
    _must_be(held, Circular.State.DRAFT)
    if held.drafted_by_id == actor.pk:
        raise NotAllowed.because("own_draft", "起草人不能印发自己起草的通知。", "Nobody issues what he or she drafted.",
                                 remedy=("请由本单位另一名人员印发。", "Let another officer of the office issue it."))
    findings = [] if number.strip() and len(number) <= 80 else [wanting("number", "发文字号", "Document number")]
    if number.strip() and Circular.objects.filter(office=held.office, number=number.strip()).exists():
        findings.append(Finding.error("number_taken", f"本单位已有发文字号“{number.strip()}”。", f"The number “{number.strip()}” is taken.",
                                      where=Place(field="number"), remedy=("请核对文件。", "Check the paper.")))
    if not date(1949, 10, 1) <= issued_on <= clock.today():
        findings.append(Finding.error("date_out_of_range", "成文日期不能晚于今天。", "The date does not lie in the future.",
            where=Place(field="issued_on"),
                                      remedy=("请照文件填写。", "Enter it as the paper has it.")))
    offices = addressed(held.office, held.recipients)
    if not offices:
        findings.append(Finding.error("no_recipient", "所选范围内已没有在用的单位。", "No active office is left among those chosen.",
                                      where=Place(field="offices"), remedy=("请修改收文范围。", "Change the recipients.")))
    if findings:
        raise Refused(findings)
    held.state, held.number, held.issued_on, held.issued_by_id = Circular.State.ISSUED, number.strip(), issued_on, actor.pk
    held.version += 1
    held.save()
    # The receipts are the system's work for the issuing office; who issued stands on the circular.
    with acting_system("circulars") as system:
        matters = open_matters(actor=system, procedure="circular_receipt", title=f"签收：{held.title}"[:200], applicant=held.office,
                               named=[{"recipient": office.code} for office in offices])
        CircularReceipt.objects.bulk_create([
            CircularReceipt(circular=held, office=office, matter=matter) for office, matter in zip(offices, matters, strict=True)])
        if held.replaces is not None and held.replaces.state == Circular.State.ISSUED:
            _end(system, held.replaces, Circular.State.SUPERSEDED, f"已由 {held.number} 替代")
    return held


@action("circulars.issue")
def recall_circular(*, actor: Any, circular: int, reason: str, version: int | None = None) -> Circular:
    """Recall an issued circular of one's office: it stays readable, marked; what was not signed need not be."""
    refuse_secrets(reason)
    held = _own(actor, circular, version)
    _must_be(held, Circular.State.ISSUED)
    if not reason.strip() or len(reason) > 400:
        raise Refused(wanting("reason", "撤回理由", "Reason"))
    with acting_system("circulars") as system:
        return _end(system, held, Circular.State.RECALLED, reason.strip())


@action("matters.act")
def sign_circular(*, actor: Any, circular: int) -> CircularReceipt:
    """签收 for one's office: the step of the receipt's matter, by whoever may take it."""
    held = get_circular(actor, circular)
    receipt = held.receipts.filter(office_id=actor.organisation_id).first()
    if receipt is None:
        raise NotAllowed.because("not_addressed", "这份通知不是发给贵单位的。", "It was not addressed to your office.",
                                 remedy=("签收由收文单位办理。", "The offices addressed sign."))
    take_step(actor=actor, matter=receipt.matter_id, transition="sign")
    receipt.refresh_from_db()
    return receipt


@action("oversight.read")
def note_read(*, actor: Any, circular: int) -> None:
    """Keep when somebody of an office first opened a circular; that is no receipt."""
    get_circular(actor, circular)
    CircularReceipt.objects.filter(circular_id=circular, office_id=actor.organisation_id,
        first_read_at__isnull=True).update(first_read_at=clock.now())


def attachments_of(held: Circular) -> list[Document]:
    """The papers that go with a circular: whoever may read it may read them."""
    found = {each.reference: each for each in Document.objects.filter(reference__in=held.attachments).prefetch_related("versions")}
    return [found[reference] for reference in held.attachments if reference in found]


# ---- the parts ---------------------------------------------------------------------------------------------


def _own(actor: Any, number: int, version: int | None) -> Circular:
    """A circular of one's own office, locked."""
    get_circular(actor, number)
    held = Circular.objects.select_for_update(of=("self",)).select_related("office", "replaces").get(pk=number)
    if held.office_id != actor.organisation_id:
        raise NotAllowed.because("not_your_circular", "这不是贵单位的通知。", "It is another office's circular.", remedy=("请由印发单位办理。",
            "Its issuing office does that."))
    if version is not None and held.version != version:
        raise Conflict.because("circular_changed", "您打开本页之后，他人已更改此通知。", "Somebody has changed the circular since you opened it.",
                               measured=str(held.version), required=str(version), remedy=("请刷新页面，核对后再办理。",
                                   "Reload, look again, then go on."))
    return held


def _must_be(held: Circular, state: str) -> None:
    if held.state != state:
        raise Conflict.because("circular_moved", f"这份通知现为“{held.get_state_display()}”，不能办理此项。",
            f"The circular stands as “{held.state}”.",
                               remedy=("请刷新页面。", "Reload the page."))


def _end(system: System, held: Circular, state: str, reason: str) -> Circular:
    held = Circular.objects.select_for_update(of=("self",)).get(pk=held.pk)
    _must_be(held, Circular.State.ISSUED)
    held.state, held.ended_reason, held.version = state, reason, held.version + 1
    held.save(update_fields=["state", "ended_reason", "version"])
    for receipt in held.receipts.filter(matter__ended_at__isnull=True):
        carry_step(actor=system, matter=receipt.matter_id, transition="recall", fields={"reason": reason}, documents={})
    return held
