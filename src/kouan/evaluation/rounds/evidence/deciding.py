"""核验: the verifying office accepts or rejects what was filed, each with a reason; never the person or office that filed it.

Open while the return is being verified. Once it has ended and until the freeze, the national office may decide anew (an objection
was upheld, say). A return is not verified while a claim waits.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Max

from kouan.accounts.action import action
from kouan.accounts.models import OrganisationKind
from kouan.basis import Conflict, Finding, NotAllowed, NotFound, Place, Refused, Text, clock
from kouan.desk.actions import refuse_secrets
from kouan.desk.matters.models import Matter, MatterStep
from kouan.evaluation.method.scheme.naming import called, listed
from kouan.evaluation.rounds.evidence.asking import point_name, point_words, ports_of
from kouan.evaluation.rounds.evidence.marking import keep_desks_of
from kouan.evaluation.rounds.evidence.models import EntryDecision, FiledEntry
from kouan.evaluation.rounds.evidence.seeing import (
    BEFORE_FREEZE,
    Standing,
    decision_of,
    entries_of,
    refuse_stale,
    return_for,
    standing_at,
)
from kouan.evaluation.rounds.models import RoundReturn
from kouan.evaluation.rounds.queries import get_round


@action("rounds.verify")
def decide_entry(*, actor: Any, year: int, entry: int, accepted: bool, reason: str, seen: int | None = None) -> EntryDecision:
    """Accept or reject an entry. NotFound out of scope; NotAllowed for who filed it or does not verify; Conflict for an entry that
    was filed anew since, and outside the time for it. ``seen``: the number of the decision that this one follows (0: none)."""
    held = get_round(actor, year)
    row = FiledEntry.objects.filter(pk=entry, filed_in__round=held).first()
    if row is None:
        raise NotFound(Finding.error("unknown_entry", "没有这项填报。", "There is no such entry.", where=Place(field="entry"),
                                     remedy=("请从核验页进入。", "Start from the page of verification.")))
    filed_in = return_for(actor, held, row.port)
    Matter.objects.select_for_update(of=("self",)).get(pk=filed_in.matter_id)
    # A freeze holds the round's matter: what it reads is not decided anew meanwhile.
    Matter.objects.select_for_update(of=("self",)).get(pk=held.matter_id)
    held.matter.refresh_from_db()
    filed_in.matter.refresh_from_db()
    refuse_four_eyes(actor, filed_in, row, stage=held.stage)
    if filed_in.entries.filter(port=row.port, item=row.item, revision__gt=row.revision).exists():
        raise Conflict.because("entry_filed_anew", "该项已有新的填报，请按新的一版核验。", "The entry was filed anew; decide on the newer one.",
                               remedy=("请刷新页面。", "Load the page again."))
    if not row.is_claim:
        raise Refused.because("nothing_claimed", "填报为不符合的检查点无需核验。", "A point said not to be met needs no decision.",
                              where=Place(field="entry"), remedy=("请核验其他项。", "Go on with the others."))
    last = row.decisions.aggregate(last=Max("number"))["last"] or 0
    refuse_stale(seen, last)
    refuse_secrets(reason)
    if not reason.strip() or len(reason) > 400:
        raise Refused.because("reason_missing", "请填写核验理由（不超过400字）。", "Give the reason, in at most 400 characters.",
                              where=Place(field="reason"), remedy=("请写明核验依据。", "Say what it rests on."))
    made = EntryDecision.objects.create(entry=row, number=last + 1, accepted=accepted, reason=reason.strip(), office_id=actor.organisation_id,
                                        decided_by_id=actor.pk, decided_on=clock.today())
    keep_desks_of(held, [row.port])
    return made


def refuse_four_eyes(actor: Any, filed_in: RoundReturn, entry: FiledEntry, *, stage: str, standing: Standing | None = None) -> None:
    """NotAllowed or Conflict where it is not for the actor to decide on this entry now. ``standing``: where it is known already."""
    standing, state = standing or standing_at(actor, filed_in), filed_in.matter.state
    if entry.filed_by_id == actor.pk or str(entry.filed_by_id) in standing.bound:
        raise _not_yours("填报人不能核验自己填报的项目。", "Nobody decides on what he or she filed.")
    # The national office files for ports without an office of their own: there a second person of it decides.
    is_home = actor.organisation.kind == OrganisationKind.NATIONAL_OFFICE
    if entry.office_id == actor.organisation_id and not is_home:
        raise _not_yours("填报单位不能核验本单位填报的项目。", "No office decides on what it filed itself.")
    if state == "filed" and standing.parties & {"verifier", "national"}:
        return
    if "national" in standing.parties and filed_in.matter.ended_at is not None and stage in BEFORE_FREEZE:
        return
    if not standing.parties & {"verifier", "national"}:
        raise _not_yours("填报项由该报送的核验单位核验。", "The verifying office of the return decides.")
    raise Conflict.because("not_the_time_to_verify", "该报送现在不在核验阶段。", "The return is not being verified now.",
                           remedy=("报送提请核验后办理；核验结束后、冻结前由国家口岸办办理。",
                                   "Decide once it is filed; after that and before the freeze the national office may."))


def waiting_in(filed_in: RoundReturn) -> list[FiledEntry]:
    """The claims of a return on which nobody decided yet."""
    return [each for each in entries_of(filed_in) if each.is_claim and decision_of(each) is None]


def check_entries(matter: Matter, step: MatterStep, actor: Any) -> None:
    """核验通过: every claim of the return is decided."""
    filed_in = RoundReturn.objects.select_related("round").get(matter=matter)
    waiting = waiting_in(filed_in)
    if waiting:
        known = ports_of({each.port for each in waiting}, filed_in.round.year)
        ports = {each.port: called(each.port, known[each.port].name if each.port in known else None) for each in waiting}
        named = listed([Text(f"{ports[each.port].zh} {point_name(each.item)}", f"{ports[each.port].en} {point_words(each.item).en}")
                        for each in waiting])
        raise Refused([Finding.error(
            "entries_undecided", f"{len(waiting)} 项填报尚未核验：{named.zh}。",
            f"{len(waiting)} entries are not decided: {named.en}.", measured=len(waiting), required=0,
            remedy=("请在检查点佐证页逐项采信或不予采信。", "Accept or reject each on the page of evidence first."))])
    keep_desks_of(filed_in.round, filed_in.ports)


def _not_yours(zh: str, en: str) -> Refused:
    return NotAllowed.because("not_yours_to_verify", zh, en,
                              remedy=("请由核验单位的其他人员办理。", "Let somebody else of the verifying office do it."))
