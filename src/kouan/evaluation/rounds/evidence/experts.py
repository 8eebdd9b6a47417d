"""专家评分: the national office asks experts to mark an indicator of a port; each declares first whether he or she has an interest in it.

Marks go in between filing and the freeze, for what enters a score must be there before it. The experts' review in the round's own
procedure comes after the scores and changes none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Max

from kouan.accounts.action import action
from kouan.accounts.models import Role, User
from kouan.audit import record_event
from kouan.basis import Conflict, Finding, NotAllowed, NotFound, Place, Refused, clock
from kouan.desk.actions import refuse_secrets
from kouan.desk.matters.models import Matter
from kouan.evaluation.rounds.evidence.asking import for_experts, point_name, point_words
from kouan.evaluation.rounds.evidence.marking import keep_desks
from kouan.evaluation.rounds.evidence.models import ExpertAsked, ExpertDeclaration, ExpertMark, FiledEntry
from kouan.evaluation.rounds.evidence.seeing import (
    BEFORE_FREEZE,
    asked_visible_to,
    conflicts_of,
    decision_of,
    newest,
    refuse_stale,
    return_for,
)
from kouan.evaluation.rounds.models import Round
from kouan.evaluation.rounds.queries import get_round

MOST_AT_ONCE = 2000


@action("rounds.run")
def ask_experts(*, actor: Any, year: int, experts: Sequence[str], ports: Sequence[str], indicators: Sequence[str] = ()) -> list[ExpertAsked]:
    """Ask experts (by sign-in name) to mark indicators (none: all that the scheme leaves to experts) of ports; answers what is new.

    Whoever is asked already stays asked. Refused for somebody who is no active expert, for one with a declared interest in a
    port, and for an indicator that the scheme does not leave to experts.
    """
    held = get_round(actor, year)
    _lock(held)
    known = {each.code for each in for_experts(held.scheme_version.scheme())}
    findings = [Finding.error("not_for_experts", f"指标“{each[:16]}”不由专家评分。", f"The indicator “{each[:16]}” is not for experts to mark.",
                              where=Place(field="indicators"),
                              remedy=(f"可选：{'、'.join(sorted(known))}。", f"Choose of {', '.join(sorted(known))}."))
                for each in indicators if each not in known]
    people = {each.username: each for each in User.objects.filter(username__in=list(experts), role=Role.EXPERT, is_active=True)}
    findings += [Finding.error("unknown_expert", f"没有登录名为“{each[:64]}”的在用专家。", f"There is no active expert “{each[:64]}”.",
                               where=Place(field="experts"), remedy=("请核对，或先登记专家。", "Check the name, or register the expert."))
                 for each in experts if each not in people]
    if not experts or not ports:
        findings.append(Finding.error("nobody_asked", "请选择专家和口岸。", "Choose experts and ports.", where=Place(field="experts"),
                                      remedy=("每个口岸至少指派两名专家。", "Ask two experts at least for each port.")))
    interests = conflicts_of(held)
    findings += [Finding.error("expert_has_interest", f"{each.display_name} 已声明与口岸“{port[:64]}”有利益关系。",
                               f"{each.display_name} declared an interest in “{port[:64]}”.", where=Place(field="experts"),
                               remedy=("请另行指派。", "Ask somebody else."))
                 for each in people.values() for port in ports if interests.get((port, each.pk))]
    if len(experts) * len(ports) * (len(indicators) or len(known)) > MOST_AT_ONCE:
        findings.append(Finding.error("too_many_at_once", f"一次最多指派 {MOST_AT_ONCE} 项。", f"At most {MOST_AT_ONCE} at once.",
                                      where=Place(field="ports"), remedy=("请分批指派。", "Do it in parts.")))
    if findings:
        raise Refused(findings)
    for port in ports:
        return_for(actor, held, port)
    there = set(ExpertAsked.objects.filter(round=held, released_on__isnull=True).values_list("indicator", "port", "expert_id"))
    made = [ExpertAsked(round=held, indicator=indicator, port=port, expert=person, asked_by_id=actor.pk, asked_on=clock.today())
            for port in dict.fromkeys(ports) for indicator in (dict.fromkeys(indicators) or sorted(known)) for person in people.values()
            if (indicator, port, person.pk) not in there]
    for each in made:
        each.save()
    keep_desks(held, (person.pk for person in people.values()), asks=True)
    return made


@action("rounds.run")
def release_expert(*, actor: Any, year: int, asked: int, reason: str) -> ExpertAsked:
    """Ask an expert no more; the marks given so far stay on record and count no more. Conflict where that was done already."""
    held = get_round(actor, year)
    _lock(held)
    row = ExpertAsked.objects.filter(pk=asked, round=held).first()
    if row is None:
        raise _not_asked()
    if row.released_on is not None:
        raise Conflict.because("expert_released", "该指派已撤回。", "That was withdrawn already.", remedy=("请刷新页面。", "Load the page again."))
    row.release_reason = _said("reason", reason, "撤回理由", "Reason")
    row.released_by_id, row.released_on = actor.pk, clock.today()
    row.save(update_fields=["released_by", "released_on", "release_reason"])
    keep_desks(held, [row.expert_id])
    return row


@action("rounds.mark")
def declare_interest(*, actor: Any, year: int, port: str, has_conflict: bool, statement: str, seen: int | None = None) -> ExpertDeclaration:
    """Declare before marking whether one has an interest in a port; later declarations replace earlier ones, which stay on record.

    ``seen``: the number of the declaration that this one follows (0: none). NotFound for a port about which one is not asked.
    """
    held = round_asked(actor, year)
    if not asked_visible_to(actor, held).filter(port=port).exists():
        record_event("out_of_scope", actor_id=actor.pk, payload={"kind": "expert_asked", "code": f"{year}/{port}"[:120]})
        raise _not_asked()
    _lock(held)
    last = ExpertDeclaration.objects.filter(round=held, port=port, expert_id=actor.pk).aggregate(last=Max("number"))["last"] or 0
    refuse_stale(seen, last)
    said = _said("statement", statement, "利益关系说明", "Statement")
    made = ExpertDeclaration.objects.create(round=held, port=port, expert_id=actor.pk, number=last + 1, has_conflict=has_conflict,
                                            statement=said, declared_on=clock.today())
    keep_desks(held, [actor.pk])
    return made


@action("rounds.mark")
def mark_points(*, actor: Any, year: int, asked: int, points: Mapping[str, int], reason: str, seen: int | None = None) -> ExpertMark:
    """Mark every claimed point of the indicator and port that one is asked about, 0–100 each; as the next revision.

    NotFound for what one is not asked; NotAllowed without a declaration, or with an interest; Conflict before the return is filed
    and after the freeze; Refused for a mark missing or out of range, and for a point that nobody claims. ``seen``: the revision of
    the marks that these replace (0: none).
    """
    held = round_asked(actor, year)
    row = asked_visible_to(actor, held).filter(pk=asked).first()
    if row is None:
        record_event("out_of_scope", actor_id=actor.pk, payload={"kind": "expert_asked", "code": f"{year}/{asked}"})
        raise _not_asked()
    _lock(held)
    interest = conflicts_of(held).get((row.port, actor.pk))
    if interest is not False:
        raise NotAllowed.because(
            "interest_not_cleared",
            "请先声明与该口岸无利益关系；有利益关系的不得评分。" if interest is None else "您已声明与该口岸有利益关系，不得评分。",
            "Declare first that you have no interest in the port; whoever has one does not mark it.", where=Place(field="port"),
            remedy=("请先作出声明；有利益关系的，由国家口岸办另行指派。", "Declare first; where there is an interest somebody else is asked."))
    last = row.marks.aggregate(last=Max("revision"))["last"] or 0
    refuse_stale(seen, last)
    claimed = to_mark(row)
    if not claimed:
        raise Conflict.because("nothing_to_mark", "该口岸的这项指标尚无可评分的检查点：报送未完成，或均填报为不符合。",
                               "There is no point to mark: the return is not filed, or none is said to be met.",
                               remedy=("请待报送完毕后评分。", "Mark once the return is filed."))
    findings = [Finding.error("mark_missing", f"“{point_name(item)}”须评 0–100 的整数分。",
                              f"“{point_words(item).en}” needs a whole mark of 0 to 100.",
                              where=Place(field=item), measured=points.get(item), required="0–100",
                              remedy=("请补全或改正。", "Complete or correct it."))
                for item in claimed if not _is_mark(points.get(item))]
    findings += [Finding.error("mark_not_asked", f"“{item[:64]}”不在您应评的检查点中。", f"“{item[:64]}” is not among the points that you mark.",
                               where=Place(field=item[:64]), remedy=("请只评所列检查点。", "Mark only those listed."))
                 for item in points if item not in claimed]
    if findings:
        raise Refused(findings)
    said = _said("reason", reason, "评分理由", "Reason")
    made = ExpertMark.objects.create(asked=row, revision=last + 1, reason=said, marked_on=clock.today(), points={
        item: {"mark": int(points[item]), "entry": entry.pk} for item, entry in claimed.items()})
    keep_desks(held, [actor.pk])
    return made


def to_mark(asked: ExpertAsked) -> dict[str, FiledEntry]:
    """The points that an expert marks: said to be met and not rejected, once the return is filed."""
    rows = FiledEntry.objects.filter(filed_in__round_id=asked.round_id, port=asked.port, item__startswith=f"{asked.indicator}/", is_point=True)
    return {each.item: each for each in newest(rows.exclude(filed_in__matter__state__in=("to_file", "not_filed")))
            if each.is_claim and ((decided := decision_of(each)) is None or decided.accepted)}


def round_asked(user: Any, year: int) -> Round:
    """The round of a year for an expert who is asked in it; the same NotFound where there is none and where one is not asked."""
    held = Round.objects.select_related("scheme_version", "matter__edition").filter(year=year).first()
    if held is not None and asked_visible_to(user, held).exists():
        return held
    if held is not None:
        record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "evaluation_round", "code": str(year)})
    raise NotFound(Finding.error("unknown_round", f"没有请您评分的 {year} 年度评估。", f"You are asked to mark nothing of {year}.",
                                 where=Place(field="year"), remedy=("请核对年度。", "Check the year.")))


def _is_mark(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 100


def _lock(held: Round) -> None:
    Matter.objects.select_for_update(of=("self",)).get(pk=held.matter_id)
    held.matter.refresh_from_db()
    if held.stage not in BEFORE_FREEZE:
        raise Conflict.because("round_frozen", "本轮数据已冻结，不能再指派、声明或评分。",
                               "The figures are frozen; nothing is asked, declared or marked now.",
                               remedy=("退回核验后方可办理。", "It can be done once the round is sent back to verification."))


def _not_asked() -> NotFound:
    return NotFound(Finding.error("not_asked", "没有这项专家评分任务，或者不是请您办理的。", "There is no such task, or it is not yours.",
                                  remedy=("请从专家评分页进入。", "Start from the page of experts' marks.")))


def _said(field: str, words: str, zh: str, en: str) -> str:
    refuse_secrets(words)
    if not words.strip() or len(words) > 400:
        raise Refused.because("words_missing", f"请填写{zh}（不超过400字）。", f"{en}: give it in at most 400 characters.", where=Place(field=field),
                              remedy=("请填写后再提交。", "Fill it in first."))
    return words.strip()
