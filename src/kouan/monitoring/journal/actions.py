"""All that may change in the journal: take events in, decide on held rows, register sources, rule on clocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from kouan.accounts.action import System, action, allows, refuse
from kouan.accounts.models import Organisation
from kouan.audit import acting, record_event
from kouan.basis import Conflict, Finding, NotFound, Place, Refused, clock
from kouan.monitoring.journal import shape, sources, store
from kouan.monitoring.journal.beside import judged_anew, unknown_held
from kouan.monitoring.journal.columns import HOUR, MINUTE, micros
from kouan.monitoring.journal.judge import Judged, judge
from kouan.monitoring.journal.models import (
    Channel,
    ClockRuling,
    EventOrigin,
    EventSource,
    HeldEvent,
    HeldResolution,
)
from kouan.ports.models import Port

SUBMIT = "events.submit"
_NOTE = "monitoring.journal.actions.take_in_events"


@dataclass(slots=True)
class Prepared:
    """A request that has been read and judged and waits to be written."""

    actor: Any
    channel: str
    received_at: datetime
    judged: dict[str, Judged]
    refused: list[tuple[int, Finding]]
    file: tuple[str, str] = ("", "")

    @property
    def count(self) -> int:
        """How many events would be written or held."""
        return sum(each.received for each in self.judged.values())


@dataclass(slots=True)
class Answer:
    """What became of each event of a request."""

    outcomes: list[store.Outcome] = field(default_factory=list)
    refused: list[tuple[int, Finding]] = field(default_factory=list)

    def as_dict(self, most: int = 1000) -> dict[str, Any]:
        """JSON-ready: counts, and every event that was not simply accepted, by its number."""
        told: list[dict[str, Any]] = []
        for each in self.outcomes:
            told += [{"number": number, "outcome": "repeated", "batch": batch, "findings": []} for number, batch in each.repeated]
            for name, rows in (("held", each.held), ("repeated", each.held_before)):
                told += [{"number": number, "outcome": name, "batch": each.batch if name == "held" else None,
                          "findings": [finding.as_dict() for finding in findings]} for number, findings in rows]
        told += [{"number": number, "outcome": "refused", "batch": None, "findings": [finding.as_dict()]}
                 for number, finding in self.refused]
        told.sort(key=lambda row: row["number"])
        counts = {
            "accepted": sum(len(each.accepted) for each in self.outcomes),
            "repeated": sum(len(each.repeated) + len(each.held_before) for each in self.outcomes),
            "held": sum(len(each.held) for each in self.outcomes), "refused": len(self.refused),
        }
        return {
            "received": sum(counts.values()), **counts, "corrections": sum(each.corrections for each in self.outcomes),
            "batches": [each.batch for each in self.outcomes], "events": told[:most],
            "findings": [finding.as_dict() for each in self.outcomes for finding in each.notes],
        }


def prepare(
    *, actor: Any, read: shape.Read, channel: str = Channel.HTTP, source: str = "", file: tuple[str, str] = ("", ""),
) -> Prepared:
    """Judge what was read; nothing is written yet. NotAllowed, or NotFound where no event names a source of the actor's."""
    if not allows(actor, SUBMIT):
        raise refuse(actor, SUBMIT, _NOTE)
    named = {event.source or source for event in read.events}
    named |= {raw["source"] for _, raw, _ in read.misfits if isinstance(raw, dict) and isinstance(raw.get("source"), str)}
    mine = sources.sources_of(actor, named | ({source} if source else set()))
    now = clock.now()
    judged, refused = judge(
        read, micros(now), mine, sources.known_ports(event.port for event in read.events), source)
    if refused:
        record_event("out_of_reach", actor_id=getattr(actor, "pk", None), payload={
            "kind": "event_source", "codes": sorted(named - set(mine))[:20], "rows": len(refused)})
        if not judged:
            raise NotFound([finding for _, finding in refused[:50]])
    return Prepared(actor, channel, now, judged, refused, file)


def write(prepared: Prepared) -> Answer:
    """Write one prepared request in its own transaction, in the name of its actor."""
    answer = Answer(refused=prepared.refused)
    if not prepared.judged:
        return answer
    note = f"{_NOTE} [{prepared.actor.task}]" if isinstance(prepared.actor, System) else _NOTE
    with acting(prepared.actor.pk, note=note):
        for code in sorted(prepared.judged):
            answer.outcomes.append(store.write(
                prepared.judged[code], channel=prepared.channel, sender_id=prepared.actor.pk,
                received_at=prepared.received_at, file=prepared.file))
    return answer


def take_in_events(
    *, actor: Any, read: shape.Read, channel: str = Channel.HTTP, source: str = "", file: tuple[str, str] = ("", ""),
) -> Answer:
    """Take events in and answer when they are durable: each is accepted, repeated, held or refused."""
    return write(prepare(actor=actor, read=read, channel=channel, source=source, file=file))


# ---- held rows ------------------------------------------------------------------------------------------------


def _waiting(actor: Any, held_id: int) -> HeldEvent:
    row = HeldEvent.objects.visible_to(actor).select_for_update().filter(pk=held_id).first()
    if row is None:
        raise unknown_held(held_id)
    if row.resolution:
        raise Conflict([Finding.error(
            "held_event_decided", f"第 {held_id} 号暂存事件已处理。", f"Held event {held_id} has been decided.",
            remedy=("无需再次处理。", "There is nothing left to do."))])
    held: HeldEvent = row
    return held


def _decide(row: HeldEvent, actor: Any, resolution: HeldResolution, reason: str) -> None:
    row.resolution, row.reason, row.resolved_by_id, row.resolved_at = resolution, reason[:400], actor.pk, clock.now()
    row.save(update_fields=["resolution", "reason", "resolved_by", "resolved_at"])


def _accept(row: HeldEvent, actor: Any, reason: str) -> Answer:
    judged = judged_anew(row)
    if isinstance(judged, list):
        raise Refused(judged)
    outcome = store.write(judged, channel=Channel.HELD, sender_id=actor.pk, received_at=row.batch.received_at)
    if outcome.held or outcome.held_before:
        raise Refused([finding for _, findings in (*outcome.held, *outcome.held_before) for finding in findings])
    _decide(row, actor, HeldResolution.ACCEPTED, reason)
    return Answer([outcome])


def _reason(said: str) -> str:
    reason = said.strip()
    if not reason:
        raise Refused.because("reason_missing", "请写明理由。", "Give the reason.", where=Place(field="reason"))
    return reason


@action("events.resolve")
def accept_held_event(*, actor: Any, held_id: int, reason: str) -> Answer:
    """Judge a held row anew (the register, the code list or a ruling may have changed) and take it in if it passes."""
    return _accept(_waiting(actor, held_id), actor, reason)


@action("events.resolve")
def discard_held_event(*, actor: Any, held_id: int, reason: str) -> HeldEvent:
    """Decide that a held row is not used; it stays in the journal with the reason."""
    row = _waiting(actor, held_id)
    _decide(row, actor, HeldResolution.DISCARDED, _reason(reason))
    return row


MOST_AT_ONCE = 200


@dataclass(slots=True)
class ManyDecided:
    """What became of several held rows: numbers of those decided, and of those that still do not pass with the reasons."""

    decided: list[int] = field(default_factory=list)
    still_held: list[tuple[int, list[Finding]]] = field(default_factory=list)


@action("events.resolve")
def decide_held_events(*, actor: Any, held_ids: Sequence[int], is_accepted: bool, reason: str) -> ManyDecided:
    """Decide on several held rows alike, in one transaction: judge each anew, or use none of them.

    A row that still does not pass stays held and is told with its reasons; the others are decided. A row that is not in the
    actor's sight (NotFound) or has been decided (Conflict) ends the whole: the list on the page was no longer true.
    """
    chosen = sorted(set(held_ids))
    if not chosen or len(chosen) > MOST_AT_ONCE:
        raise Refused.because(
            "held_none_chosen" if not chosen else "held_too_many", f"请选择 1 至 {MOST_AT_ONCE} 条暂存事件。",
            f"Choose between 1 and {MOST_AT_ONCE} held events.", where=Place(field="held"), measured=len(chosen))
    said = _reason(reason)
    found = ManyDecided()
    for row in [_waiting(actor, each) for each in chosen]:
        if not is_accepted:
            _decide(row, actor, HeldResolution.DISCARDED, said)
            found.decided.append(row.pk)
            continue
        try:
            with transaction.atomic():
                _accept(row, actor, said)
            found.decided.append(row.pk)
        except Refused as refused:
            found.still_held.append((row.pk, refused.findings))
    return found


# ---- sources and clocks ------------------------------------------------------------------------------------------


@action("events.sources")
def register_event_source(
    *, actor: Any, code: str, name_zh: str, name_en: str, organisation: str, ports: Sequence[str],
    origin: str = EventOrigin.OFFICIAL, late_after: int = 1440, ahead_allowed: int = 5, norm_per_second: int = 0,
    known_faults: Iterable[dict[str, str]] = (),
) -> EventSource:
    """Register a source: who may send under it, and for which ports (``["*"]``: every port)."""
    office = Organisation.objects.filter(code=organisation, is_active=True).first()
    if office is None:
        raise NotFound.because("unknown_organisation", f"没有单位“{organisation}”。", f"There is no organisation “{organisation}”.",
                               where=Place(field="organisation"))
    if EventSource.objects.filter(code=code).exists():
        raise Conflict([Finding.error("event_source_exists", f"来源“{code}”已登记。", f"Source “{code}” is registered already.",
                                      where=Place(field="code"), remedy=("请用别的代码。", "Use another code."))])
    _check_ports(ports)
    if origin not in EventOrigin.values:
        raise Refused.because("event_origin", f"没有数据性质“{origin}”。", f"There is no origin “{origin}”.",
                              where=Place(field="origin"), required="official, exercise, demonstration")
    return EventSource.objects.create(
        code=code, name_zh=name_zh, name_en=name_en, organisation=office, port_codes=list(ports), origin=origin,
        late_after=late_after, ahead_allowed=ahead_allowed, norm_per_second=norm_per_second, known_faults=list(known_faults))


def _check_ports(ports: Sequence[str]) -> None:
    wanted = set(ports) - {"*"}
    unknown = sorted(wanted - set(Port.objects.filter(code__in=wanted).values_list("code", flat=True)))
    if unknown:
        raise NotFound.because("unknown_port", f"没有口岸“{'、'.join(unknown[:5])}”。", f"There is no port “{', '.join(unknown[:5])}”.",
                               where=Place(field="ports"), remedy=("请用口岸名录中的代码。", "Use codes of the register of ports."))


def _source(code: str) -> EventSource:
    found = EventSource.objects.select_for_update().filter(code=code).first()
    if found is None:
        raise NotFound.because("unknown_event_source", f"没有事件来源“{code}”。", f"There is no event source “{code}”.",
                               where=Place(field="source"), remedy=("用 kouan events sources 查看。", "See kouan events sources."))
    return found


@action("events.sources")
def rule_on_clock(
    *, actor: Any, source: str, shift_minutes: int, since: datetime, until: datetime | None = None, reason: str,
) -> ClockRuling:
    """Rule that a source's clock was wrong: ``shift_minutes`` is added to the times of events received in the period.

    A clock that ran three hours ahead is put right by −180. What was reported stays as it was.
    """
    found = _source(source)
    if not reason.strip():
        raise Refused.because("reason_missing", "请写明理由。", "Give the reason.", where=Place(field="reason"))
    if not shift_minutes or abs(shift_minutes) * MINUTE > 26 * HOUR:
        raise Refused.because("clock_shift", "校正量应在 ±26 小时之内，且不为零。", "A shift lies within ±26 hours and is not zero.",
                              where=Place(field="shift_minutes"), measured=shift_minutes)
    start, end = micros(since), micros(until) if until else None
    if end is not None and end <= start:
        raise Refused.because("clock_period", "终止时刻应晚于起始时刻。", "The end lies after the beginning.", where=Place(field="until"))
    for other in found.rulings.filter(revoked_at__isnull=True):
        if (end is None or other.from_us < end) and (other.to_us is None or start < other.to_us):
            raise Conflict([Finding.error(
                "clock_ruling_overlaps", "同一时段已有裁定，请先撤销。", "There is a ruling for part of this period; revoke it first.",
                where=Place(field="since"), measured=other.pk)])
    return ClockRuling.objects.create(
        source=found, shift_us=shift_minutes * MINUTE, from_us=start, to_us=end, reason=reason.strip(), decided_by_id=actor.pk)


@action("events.sources")
def revoke_clock_ruling(*, actor: Any, ruling_id: int) -> ClockRuling:
    """Take a ruling on a clock back; what was reported then counts again as it was reported."""
    ruling = ClockRuling.objects.select_for_update().filter(pk=ruling_id, revoked_at__isnull=True).first()
    if ruling is None:
        raise NotFound.because("unknown_clock_ruling", f"没有第 {ruling_id} 号在用裁定。", f"There is no ruling {ruling_id} in force.")
    ruling.revoked_at = clock.now()
    ruling.save(update_fields=["revoked_at"])
    return ruling
