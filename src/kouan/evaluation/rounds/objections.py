"""异议复核: within the time for comments a reporting office objects to a result of its own port; the head decides with a reason.

Nobody signs off a round while an objection waits, or after one was upheld and the scores are still those objected to.
"""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from kouan.accounts.action import action, allows
from kouan.basis import Conflict, Finding, NotAllowed, Place, Refused, SubjectKind, SubjectRef, clock
from kouan.desk.actions import refuse_secrets
from kouan.desk.matters.actions import Concerns, open_matter
from kouan.desk.matters.models import Matter, MatterStep
from kouan.evaluation.rounds.models import FrozenPort, Objection, Round, Scoring
from kouan.evaluation.rounds.queries import get_round, is_national, result_of

PROCEDURE = "evaluation_objection"


@action("rounds.object")
def raise_objection(*, actor: Any, year: int, port: str, grounds: str, indicator: str = "") -> Objection:
    """Object to a port's result, or to one indicator of it. Once each; by the office that reports for the port, while comments are open.

    NotFound for a port whose result the actor may not read, NotAllowed for another office's, Conflict outside the time for comments.
    """
    held = get_round(actor, year)
    Matter.objects.select_for_update(of=("self",)).get(pk=held.matter_id)
    held.matter.refresh_from_db()
    found = result_of(actor, held, port)
    if not any(port in each.ports for each in held.returns.filter(office_id=actor.organisation_id)):
        raise NotAllowed.because("not_the_reporter", "异议由该口岸的报送单位提出。", "The office that reports for the port objects.",
                                 where=Place(field="port"), remedy=("请报请该口岸的报送单位提出。", "Ask that office."))
    if held.stage != "commenting":
        raise Conflict.because("not_the_time", "现在不在意见和异议期内。", "It is not the time for comments and objections.",
                               remedy=("异议在同类比较期满后的异议期内提出。", "Object once the comparison is over, within that time."))
    refuse_secrets(grounds)
    if not grounds.strip() or len(grounds) > 2000:
        raise Refused.because("grounds_missing", "请填写异议理由（不超过2000字）。", "Give the grounds, in at most 2000 characters.",
                              where=Place(field="grounds"), remedy=("请写明事实和依据。", "State facts and sources."))
    if indicator and indicator not in found.marks:
        raise Refused.because("unknown_indicator", f"该口岸的结果中没有指标“{indicator[:16]}”。", f"The result has no indicator “{indicator[:16]}”.",
                              where=Place(field="indicator"), remedy=("请核对指标代码，或不填。", "Check its code, or leave it out."))
    scoring = Scoring.objects.filter(round=held).order_by("-number")[0]  # comments are open: it is scored
    row = FrozenPort.objects.get(freeze_id=scoring.freeze_id, code=port)
    matter = open_matter(
        actor=actor, procedure=PROCEDURE, title=f"{year} 年度评估异议：{row.name_zh}{' ' + indicator if indicator else ''}"[:200],
        concerns=Concerns(SubjectRef(SubjectKind.PORT, port), row.province_code, row.city_code, port))
    try:
        with transaction.atomic():
            return Objection.objects.create(scoring=scoring, port=row, indicator=indicator, grounds=grounds.strip(), office=actor.organisation,
                                            matter=matter, raised_by_id=actor.pk, raised_on=clock.today())
    except IntegrityError:
        raise Conflict.because("objection_on_record", "对该结果（或该指标）已提出过异议。", "There is an objection to this on record already.",
                               remedy=("请在原异议件中补充。", "Go on with that one.")) from None


def objections_visible_to(user: Any, held: Round) -> QuerySet[Objection]:
    """The objections of a round: the national office all, an office its own."""
    rows = Objection.objects.filter(scoring__round=held).select_related("port", "office", "matter__edition", "scoring__round")
    if is_national(user):
        return rows
    return rows.filter(office_id=user.organisation_id) if allows(user, "rounds.read") else rows.none()


def check_objections(matter: Matter, step: MatterStep, actor: Any) -> None:
    """报请审签: every objection is decided, and what was upheld has led to new scores."""
    held = Round.objects.get(matter=matter)
    rows = list(Objection.objects.filter(scoring__round=held).select_related("port", "matter"))
    waiting = [each for each in rows if each.matter.ended_at is None]
    newest = held.scorings.order_by("-number").first()
    upheld = [each for each in rows if each.matter.state == "upheld" and each.scoring_id == (newest.pk if newest else None)]
    findings = [Finding.error(
        code, f"{len(held_back)} 件异议{zh}：{'、'.join(each.port.name_zh for each in held_back[:5])}。", f"{len(held_back)} objections {en}.",
        measured=len(held_back), required=0, remedy=remedy) for code, held_back, zh, en, remedy in (
        ("objections_open", waiting, "尚未决定", "are not decided", ("请先答复并决定。", "Answer and decide them first.")),
        ("objections_upheld", upheld, "已采纳而尚未重新计分", "were upheld and nothing was scored anew",
         ("请由负责人退回核验，更正后重新冻结和计分。", "Let the head send the round back; correct, freeze and score anew.")),
    ) if held_back]
    if findings:
        raise Refused(findings)
