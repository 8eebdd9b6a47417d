"""Verbs of norms: one officer of the national office proposes, another approves or rejects; the proposer may withdraw.

A value never changes once it is approved: the next one is another record from its day on.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from kouan.accounts.action import System, action
from kouan.basis import Conflict, Finding, NotAllowed, Place, Refused, clock
from kouan.desk.actions import refuse_secrets
from kouan.monitoring.norms.models import NormState, OperationNorm
from kouan.monitoring.norms.queries import get_norm
from kouan.monitoring.timing.definitions import shipped
from kouan.monitoring.timing.events import DIRECTIONS, HOUR, MODES
from kouan.monitoring.timing.norms import CLOCKS, read_norms
from kouan.ports.models import Port, TransportClass

LONGEST = {"name_zh": 80, "name_en": 120, "document": 200, "document_number": 80, "article": 80, "reason": 400}
# A year of hours: a longer norm of a port's work is a slip of the unit.
MOST_HOURS = Decimal(8760)


@dataclass(frozen=True, slots=True)
class NewNorm:
    """A norm as it is proposed. ``first`` and ``last``: both or neither; ``port``: the code of one port."""

    name_zh: str
    name_en: str
    whole: str
    direction: str
    hours: Decimal | None
    valid_from: date | None
    document: str
    article: str
    reason: str
    first: str = ""
    last: str = ""
    mode: str = ""
    port_type: str = ""
    port: str = ""
    clock_kind: str = "around"
    valid_to: date | None = None
    document_number: str = ""
    issued: date | None = None


@action("norms.propose")
def propose_norm(*, actor: Any, said: NewNorm) -> OperationNorm:
    """Propose a norm, to be approved by a second person. Refused with every slip at once, and where the same stands or waits already."""
    _a_person(actor)
    refuse_secrets(said.name_zh, said.name_en, said.reason)
    port = Port.objects.visible_to(actor).filter(code=said.port).first() if said.port else None
    findings = _slips(said, port)
    if findings:
        raise Refused(findings)
    values = {each.name: getattr(said, each.name) for each in fields(said)} | {"port": port}
    values |= {name: values[name].strip() for name in LONGEST}
    subject = ("whole", "first", "last", "direction", "mode", "port_type", "port", "clock_kind", "valid_from")
    same = OperationNorm.objects.filter(state__in=(NormState.WAITING, NormState.APPROVED), **{
        f"{name}__isnull" if values[name] is None else name: True if values[name] is None else values[name] for name in subject}).first()
    if same is not None:
        raise Conflict([Finding.error(
            "norm_stands", f"同一分段自同一日起的规范已有第 {same.pk} 号。", f"Number {same.pk} is of the same subject from the same day.",
            where=Place(field="valid_from"), measured=same.pk,
            remedy=("请另定施行日期，或先撤回前一件。", "Choose another day, or have it withdrawn."))])
    return OperationNorm.objects.create(**values, proposed_by=actor)


def _slips(said: NewNorm, port: Port | None) -> list[Finding]:
    known, found = shipped(), []

    def slip(field: str, zh: str, en: str, code: str = "bad_norm") -> None:
        found.append(Finding.error(code, zh, en, where=Place(field=field), remedy=("请改正。", "Correct it.")))

    for name, most in LONGEST.items():
        text = getattr(said, name).strip()
        if len(text) > most or (not text and name != "document_number"):
            slip(name, f"请填写，不超过{most}字。", f"Fill it in, at most {most} characters.", "value_required")
    if said.whole not in {each.code for each in known.wholes}:
        slip("whole", "请选择全程。", "Choose a whole.")
    if bool(said.first) != bool(said.last) or said.first == said.last != "" or {said.first, said.last} - {"", *known.milestones}:
        slip("first", "起止节点须为两个不同的节点，或都不填。", "Two different milestones, or none.")
    elif said.first and not _within(said):
        slip("first", "所选全程里没有先后相接的这两个节点。", "The chosen whole has no such two milestones in this order.")
    for name, codes in (("direction", DIRECTIONS), ("mode", ("", *MODES)), ("clock_kind", CLOCKS), ("port_type", ("", *TransportClass.values))):
        if getattr(said, name) not in codes:
            slip(name, "请从列表中选择。", "Choose from the list.")
    if said.port and port is None:
        slip("port", "没有这个口岸。", "There is no such port.", "unknown_port")
    if said.port and said.port_type:
        slip("port_type", "口岸和口岸类型只选一项。", "Choose a port or a type of ports, not both.")
    if said.hours is None or not said.hours.is_finite() or not 0 < said.hours <= MOST_HOURS or said.hours != round(said.hours, 3):
        slip("hours", "时限应大于0，不超过8760小时，至多三位小数。", "Above 0, at most 8,760 hours, with three decimals at most.")
    if said.valid_from is None:
        slip("valid_from", "请填写施行日期。", "Give the day from which it holds.", "value_required")
    elif said.valid_to is not None and said.valid_to < said.valid_from:
        slip("valid_to", "止日不早于施行日期。", "It ends no earlier than it begins.")
    return found


def _within(said: NewNorm) -> bool:
    """Whether some version of the whole has both milestones, the first of them before the last."""
    for whole in shipped().wholes:
        if whole.code == said.whole:
            cuts = [*whole.start, *(part.to for part in whole.parts)]
            if said.first in cuts and said.last in cuts and cuts.index(said.first) < cuts.index(said.last):
                return True
    return False


def _a_person(actor: Any) -> None:
    if isinstance(actor, System):
        raise NotAllowed.because("a_person", "规范由人提出和批准，系统不能代办。", "Norms are proposed and decided by people, not by the system.")


def _waiting(actor: Any, number: int) -> OperationNorm:
    get_norm(actor, number)
    row = OperationNorm.objects.select_for_update().get(pk=number)
    if row.state != NormState.WAITING:
        raise Conflict([Finding.error("norm_decided", f"第 {number} 号已有结果。", f"Number {number} has been decided.",
                                      remedy=("请查看办理结果。", "See the decision."))])
    return row


def _decide(row: OperationNorm, actor: Any, state: NormState, reason: str) -> OperationNorm:
    row.state, row.decided_by, row.decided_at, row.decision = state, actor, clock.now(), reason.strip()[:400]
    row.save(update_fields=["state", "decided_by", "decided_at", "decision"])
    return row


@action("norms.approve")
def decide_norm(*, actor: Any, number: int, is_approved: bool, reason: str) -> OperationNorm:
    """Approve a norm from its day on, or reject it. Refused to its proposer."""
    _a_person(actor)
    row = _waiting(actor, number)
    if row.proposed_by_id == actor.pk:
        raise NotAllowed.because("four_eyes", "提出人不能批准或不予批准自己提出的规范。", "Nobody decides on a norm that he or she proposed.",
                                 where=Place(field="reason"), remedy=("请由另一位同事办理。", "Let a colleague decide."))
    if not reason.strip():
        raise Refused.because("reason_missing", "请写明理由。", "Give the reason.", where=Place(field="reason"))
    return _decide(row, actor, NormState.APPROVED if is_approved else NormState.REJECTED, reason)


@action("norms.propose")
def withdraw_norm(*, actor: Any, number: int, reason: str = "") -> OperationNorm:
    """Take a proposal back; only who made it may. It stays readable."""
    row = _waiting(actor, number)
    if row.proposed_by_id != actor.pk:
        raise NotAllowed.because("not_the_proposer", "只有提出人可以撤回。", "Only the proposer may withdraw it.", where=Place(field="reason"),
                                 remedy=("请批准或不予批准。", "Approve or reject it instead."))
    return _decide(row, actor, NormState.WITHDRAWN, reason)


@action("norms.propose")
def import_norms(*, actor: Any, path: Path, reason: str) -> tuple[list[OperationNorm], int]:
    """Propose every value of a file of norms (``timing.norms.read_norms``); (proposals, values that stand or wait already).

    A value for several ports or modes becomes a record for each. Refused with every slip, and then nothing is proposed.
    """
    made: list[OperationNorm] = []
    before = 0
    for norm in read_norms(path):
        cited = norm.citation
        for mode in norm.modes or ("",):
            for port in norm.ports or ("",):
                try:
                    made.append(propose_norm(actor=actor, said=NewNorm(
                        norm.name.zh, norm.name.en, norm.whole, norm.direction, Decimal(norm.limit_us) / HOUR, norm.in_force_from,
                        cited.instrument if cited else "", cited.article or "" if cited else "", reason, *(norm.between or ("", "")), mode=mode,
                        port=port, clock_kind=norm.clock, issued=cited.issued if cited else None)))
                except Conflict:
                    before += 1
    return made, before
