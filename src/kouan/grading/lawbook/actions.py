"""Verbs of the law book: one officer proposes, another approves or rejects; the proposer may withdraw.

Every change is previewed when it is proposed and again when it is approved; the newest preview is kept with it, the one
before in the trail. A change holds from its day on; no verdict on record is touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import IntegrityError, transaction

from kouan.accounts.action import System, action, allows, refuse
from kouan.basis import Conflict, Finding, Place, Refused, clock
from kouan.grading.lawbook.index import refresh
from kouan.grading.lawbook.models import ChangeState, LawChange
from kouan.grading.lawbook.preview import preview
from kouan.grading.lawbook.queries import get_change
from kouan.grading.queries import law_as_of
from kouan.law.changes import Change, check_changes

LONGEST = {"key": 80, "value": 64, "document_title": 200, "document_number": 80, "article": 80, "quote": 2000, "reason": 400}


def propose_changes(*, actor: Any, changes: Sequence[Change], years: Iterable[int] | None = None) -> list[LawChange]:
    """Propose changes, each to be approved by a second person; the preview of each is kept with it.

    The previews are worked out before the transaction, so that nobody waits for them.
    """
    if not allows(actor, "law.propose"):
        raise refuse(actor, "law.propose", "grading.lawbook.actions.propose_changes")
    _a_person(actor)
    _must_fit(changes)
    chosen = list(years) if years is not None else None
    return _keep_proposals(actor=actor, changes=changes, previews=[preview(actor, [each], chosen) for each in changes])


@action("law.propose")
def _keep_proposals(*, actor: Any, changes: Sequence[Change], previews: Sequence[dict[str, Any]]) -> list[LawChange]:
    _must_fit(changes)
    return [
        LawChange.objects.create(
            kind=each.kind, key=each.key, value=each.value, from_date=each.from_date, document_title=each.document_title.strip(),
            document_number=each.document_number.strip(), issued=each.issued, article=each.article, quote=each.quote,
            reason=each.reason.strip(), preview=found, proposed_by=actor.pk,
        ) for each, found in zip(changes, previews, strict=True)
    ]


@action("law.propose")
def withdraw_change(*, actor: Any, number: int, reason: str) -> LawChange:
    """Take a proposal back; only who made it may. It stays readable."""
    _a_person(actor)
    row = _waiting(actor, number)
    if row.proposed_by != actor.pk:
        raise Refused.because(
            "not_the_proposer", "只有提出人可以撤回；其他人请批准或不予批准。",
            "Only the proposer may withdraw it; approve or reject it instead.",
            where=Place(field="decision"), remedy=("请与提出人联系。", "Ask the proposer."))
    return _decide(row, actor, ChangeState.WITHDRAWN, reason)


def approve_change(*, actor: Any, number: int, reason: str = "") -> LawChange:
    """Make a proposal law from its day. Refused to its proposer, and where the law has changed so that it no longer fits."""
    if not allows(actor, "law.approve"):
        raise refuse(actor, "law.approve", "grading.lawbook.actions.approve_change")
    _a_person(actor)
    row = get_change(actor, number)
    _must_be_open(row)
    _must_be_second(row, actor)
    return _approve(actor=actor, number=number, reason=reason, found=preview(actor, [row.change()], row.preview["years"]))


@action("law.approve")
def _approve(*, actor: Any, number: int, reason: str, found: dict[str, Any]) -> LawChange:
    row = _second_person(actor, number)
    # The law may have changed while the preview was worked out.
    _must_fit([row.change()])
    row.preview = found
    row = _decide(row, actor, ChangeState.APPROVED, reason or "同意")
    refresh()
    return row


@action("law.approve")
def reject_change(*, actor: Any, number: int, reason: str) -> LawChange:
    """Refuse a proposal, with the reason. It stays readable."""
    return _decide(_second_person(actor, number), actor, ChangeState.REJECTED, reason)


def _a_person(actor: Any) -> None:
    if isinstance(actor, System) or actor.pk is None:
        raise Refused.because(
            "needs_a_person", "法规变更须由本人提出或办理，系统不能代办。",
            "A change of law is proposed and decided by people, not by the system.",
            remedy=("命令行请用 --as 写明登录名。", "On the command line, name yourself with --as."))


def _waiting(actor: Any, number: int) -> LawChange:
    """The proposal, locked; refused when somebody has decided it meanwhile."""
    get_change(actor, number)
    row = LawChange.objects.select_for_update().get(pk=number)
    _must_be_open(row)
    return row


def _must_be_open(row: LawChange) -> None:
    if row.state != ChangeState.PROPOSED:
        raise Conflict.because(
            "already_decided", f"第{row.pk}号法规变更已办理：{row.get_state_display()}。",
            f"Change of law number {row.pk} has been decided: {row.state}.",
            where=Place(field="decision"),
            remedy=("请查看办理结果；需要另作改动的，另行提出。", "See the decision; propose another change if one is needed."))


def _second_person(actor: Any, number: int) -> LawChange:
    _a_person(actor)
    row = _waiting(actor, number)
    _must_be_second(row, actor)
    return row


def _must_be_second(row: LawChange, actor: Any) -> None:
    if row.proposed_by == actor.pk:
        raise Refused.because(
            "four_eyes", "提出人不能批准或不予批准自己提出的变更。", "Nobody decides on a change that he or she proposed.",
            where=Place(field="decision"), remedy=("请由另一位同事办理；自己可以撤回。", "Ask a colleague to decide; you may withdraw it."))


def _must_fit(changes: Sequence[Change]) -> None:
    """Refuse changes that do not fit the law as it stands on the last of their days."""
    if not changes:
        raise Refused([_nothing()])
    law = law_as_of(max([clock.today(), *(each.from_date for each in changes)]))
    wrong = [*_too_long(changes), *(each for each in check_changes(changes, law) if each.is_error)]
    if wrong:
        raise Refused(wrong)


def _decide(row: LawChange, actor: Any, state: ChangeState, reason: str) -> LawChange:
    said = reason.strip()
    if not said or len(said) > 400:
        raise Refused.because(
            "reason_needed", "请写明理由，不超过400字。", "Give the reason, in at most 400 characters.", where=Place(field="decision"),
            remedy=("请填写办理意见。", "Write why."))
    row.state, row.decided_by, row.decided_at, row.decision = state, actor.pk, clock.now(), said
    try:
        with transaction.atomic():
            row.save(update_fields=["state", "decided_by", "decided_at", "decision", "preview"])
    except IntegrityError:
        # Two officers approved two changes of one day at once: the database let one of them win.
        raise Refused.because(
            "change_of_that_day", "另一项同日的变更刚被批准，两项不能并存。",
            "Another change of the same day was approved just now; both cannot stand.",
            where=Place(field="decision"), remedy=("请查看已批准的各项后再办理。", "Look at what was approved, then decide."))
    return row


def _too_long(changes: Sequence[Change]) -> list[Finding]:
    return [
        Finding.error("too_long", f"不得超过{most}字。", f"At most {most} characters.", where=Place(field=field), remedy=("请缩短。", "Shorten it."))
        for each in changes for field, most in LONGEST.items() if len(getattr(each, field)) > most
    ]


def _nothing() -> Finding:
    return Finding.error("empty", "没有要提出的变更。", "There is nothing to propose.",
                         remedy=("请填写参数取值或解释口径。", "Give a value or a ruling."))
