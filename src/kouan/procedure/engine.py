"""How a matter moves: what may be done next, what a step still lacks, and one step at a time.

Nothing here is stored and nothing tells the time: the caller hands in the day and keeps the answer. A refusal
names the rule, what is missing and who can mend it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from kouan.basis import Conflict, Finding, NotAllowed, Place, Refused, Text
from kouan.procedure.model import (
    Condition,
    Consultation,
    Opinion,
    Procedure,
    Running,
    Step,
    Transition,
    Unit,
)
from kouan.procedure.working_days import WorkingDays


@dataclass(frozen=True, slots=True)
class Override:
    """A decider passes a guard: who (an id as text), why, and by which paper."""

    actor: str
    reason: str
    document: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A step that one may take, and what stands against it now; papers and fields are asked for when it is taken."""

    transition: Transition
    unmet: tuple[Finding, ...]

    @property
    def is_open(self) -> bool:
        """Whether nothing stands against it."""
        return not self.unmet


@dataclass(frozen=True, slots=True)
class Moved:
    """The matter one step on, and what the caller must carry out in the same transaction."""

    running: Running
    transition: Transition
    effect: str
    overridden: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Duty:
    """Somebody's next task: to take one of some steps, or to give an opinion."""

    party: str
    label: Text
    transitions: tuple[str, ...] = ()
    consultation: str = ""

    @property
    def key(self) -> str:
        """What tells one duty of a state from another."""
        return f"{self.consultation or 'act'}:{self.party}"


def begin(procedure: Procedure, *, on: date, actor: str, calendar: WorkingDays, settings: Mapping[str, int]) -> Running:
    """Begin a matter. Refused while a setting of the procedure is not filled, or the holiday table does not reach as
    far as its periods in working days (periods in months may end in a year whose notice is not out yet)."""
    unfilled = [each for code, each in procedure.settings.items() if not isinstance(settings.get(code), int) or settings[code] < 1]
    if unfilled:
        raise Refused([Finding.error(
            "setting_unfilled",
            f"“{procedure.title.zh}”的“{each.label.zh}”尚未设定。公开文件中没有这一期限，系统不代为假定。",
            f"“{each.label.en}” of “{procedure.title.en}” has not been set. No public text states it, and the system assumes nothing.",
            where=Place(field=each.code),
            remedy=("请由国家口岸办在程序设置中填写后再办理。", "Ask the national office to fill it in, then begin."),
        ) for each in unfilled])
    working = [each.length.in_days(settings) for each in procedure.clocks.values() if each.length.unit is Unit.WORKING_DAYS]
    working += [each.length.in_days(settings) for each in procedure.consultations.values()
                if each.length is not None and each.length.unit is Unit.WORKING_DAYS]
    calendar.refuse_unknown(on, calendar.after(on, max(working, default=0)))
    return Running(procedure.code, procedure.version, (Step(procedure.first, on, "begin", actor),))


def offers(
    procedure: Procedure, running: Running, *, parties: Collection[str], facts: Mapping[str, Any], actor: str = "",
    bound: Collection[str] = (),
) -> list[Offer]:
    """The steps that these parties may take from here, in the order of the file, with what stands against each.

    ``actor``: who asks (an id as text), so that a decision on one's own proposal is shown as not for oneself.
    ``bound``: those in whose place the actor acts, or who act in the actor's.
    """
    _same(procedure, running)
    return [
        Offer(each, (*_own_proposal(procedure, running, each, {actor, *bound}), *_against(procedure, running, each, facts)))
        for each in procedure.exits(running.state) if set(each.by) & set(parties)
    ]


def blocks(procedure: Procedure, running: Running, duty: Duty, facts: Mapping[str, Any]) -> list[Finding]:
    """Why a duty cannot be done now: the guards that close every one of its steps, each once; empty where one is open.

    Opinions that are still awaited close nothing here: they stand as duties of others.
    """
    found: dict[str, Finding] = {}
    for code in duty.transitions:
        unmet = [each for guard in procedure.transitions[code].guards if (each := _unmet(procedure, guard, facts)) is not None]
        if not unmet:
            return []
        found |= {each.message.zh: each for each in unmet}
    return list(found.values())


def duties(procedure: Procedure, running: Running) -> list[Duty]:
    """Whose turn it is: nothing for a matter that has ended, else at least one."""
    state = procedure.states[running.state]
    exits = procedure.exits(running.state)
    found = [
        Duty(consulted, each.label, consultation=each.code)
        for each in consultations_of(procedure, running)
        for consulted, opinion in opinions_of(running, each).items() if opinion is None
    ]
    for party in state.waits_for:
        mine = tuple(each.code for each in exits if party in each.by)
        if mine:
            found.append(Duty(party, state.label, mine))
    return found


def fire(
    procedure: Procedure, running: Running, code: str, *, parties: Collection[str], on: date, actor: str,
    documents: Collection[str] = (), fields: Mapping[str, Any] | None = None, facts: Mapping[str, Any] | None = None,
    override: Override | None = None, lapsed: str = "", behalf: str = "", bound: Collection[str] = (),
) -> Moved:
    """Take one step. ``parties``: those for which the actor acts; ``lapsed``: the clock for which the system acts.
    ``behalf``: the person in whose place the actor acts; ``bound``: all who act for the actor or for whom the actor acts.

    Raises ``Conflict`` where the matter stands elsewhere (somebody was faster), ``NotAllowed`` for a party that has
    no part in the step, ``Refused`` with every paper, field, guard and opinion that is missing.
    """
    _same(procedure, running)
    transition = procedure.transitions.get(code)
    if transition is None or running.state not in transition.sources:
        raise _not_from_here(procedure, running, code)
    if lapsed:
        clock = procedure.clocks.get(lapsed)
        if clock is None or clock.then != code or running.state not in clock.runs_in:
            raise ValueError(f"{lapsed} does not take {code} from {running.state}")
    elif not set(transition.by) & set(parties):
        raise _not_yours(procedure, transition)
    elif own := _own_proposal(procedure, running, transition, {actor, behalf, *bound}):
        raise NotAllowed(own)
    findings = [*_wanting(procedure, transition, on, running, set(documents), fields or {})] if not lapsed else []
    against = _against(procedure, running, transition, facts or {})
    passed, standing = _overridden(against, transition, set(parties), override)
    if findings or standing:
        raise Refused([*findings, *standing])
    step = Step(transition.target, on, code, actor, tuple(each.message.zh for each in passed), behalf)
    return Moved(running.moved(step), transition, transition.effect, tuple(passed))


def answer(
    procedure: Procedure, running: Running, consultation: str, party: str, *, parties: Collection[str], on: date,
    agrees: bool | None, reference: str = "", words: str = "",
) -> Running:
    """Record one party's opinion, or its signature. ``agrees`` None is the system noting silence.

    Raises ``Conflict`` where the round is over or the party has answered, ``NotAllowed`` for another party.
    """
    _same(procedure, running)
    asked = procedure.consultations[consultation]
    if running.state != asked.state:
        raise Conflict.because(
            "round_over", f"“{asked.label.zh}”已不在进行中，当前状态为“{procedure.states[running.state].label.zh}”。",
            f"“{asked.label.en}” is no longer open; the matter stands in “{procedure.states[running.state].label.en}”.",
            remedy=("请刷新页面；如仍需表示意见，请以来函方式提交承办处室。", "Reload the page; a later view goes to the desk in charge by letter."),
        )
    if party not in asked_of(running, asked) or (agrees is not None and party not in parties):
        raise NotAllowed.because(
            "not_asked", "本事项未征求贵单位意见，或您不能代表被征求单位答复。",
                "Your office was not asked here, or you may not answer for the office that was.",
            remedy=("请由被征求单位的人员答复。", "Let somebody of the office that was asked answer."),
        )
    if opinions_of(running, asked)[party] is not None:
        raise Conflict.because(
            "already_answered", f"“{procedure.parties[party].label.zh}”在本轮已答复。",
                f"“{procedure.parties[party].label.en}” has answered in this round.",
            remedy=("如需更改，请由承办处室退回重新征求意见。", "To change it, ask the desk in charge to open another round."),
        )
    _check_answer(asked, party, agrees, reference, words)
    opinion = Opinion(consultation, party, running.round_of(asked.state), on, agrees, reference, words)
    return replace(running, opinions=(*running.opinions, opinion))


def consultations_of(procedure: Procedure, running: Running) -> list[Consultation]:
    """The consultations that are open now."""
    return [each for each in procedure.consultations.values() if each.state == running.state]


def opinions_of(running: Running, consultation: Consultation) -> dict[str, Opinion | None]:
    """The answers of the present round by party; None while there is none."""
    turn = running.round_of(consultation.state)
    given = {each.party: each for each in running.opinions if each.consultation == consultation.code and each.round == turn}
    return {party: given.get(party) for party in asked_of(running, consultation)}


def asked_of(running: Running, consultation: Consultation) -> tuple[str, ...]:
    """The parties that a consultation asks in this matter: all of its list, or those of them that were chosen."""
    if consultation.asks == "all" or running.asked is None:
        return consultation.parties
    return tuple(party for party in consultation.parties if party in running.asked)


# ---- what stands against a step --------------------------------------------------------------------------


def _same(procedure: Procedure, running: Running) -> None:
    if (procedure.code, procedure.version) != (running.procedure, running.version):
        raise ValueError(f"a matter under {running.procedure} {running.version} is not one of {procedure.code} {procedure.version}")


def _not_from_here(procedure: Procedure, running: Running, code: str) -> Refused:
    state = procedure.states[running.state]
    ways = [each.label for each in procedure.exits(running.state) if each.by]
    wanted = procedure.transitions[code].label if code in procedure.transitions else Text(code, code)
    open_zh, open_en = "、".join(each.zh for each in ways) or "无", ", ".join(each.en for each in ways) or "none"
    return Conflict.because(
        "not_from_here", f"当前状态为“{state.label.zh}”，不能“{wanted.zh}”。",
            f"The matter stands in “{state.label.en}”; “{wanted.en}” does not start there.",
        measured=state.label.zh, remedy=(f"可能已有人先行办理，请刷新页面。此时可以：{open_zh}。",
                                         f"Somebody may have been faster; reload the page. Possible now: {open_en}."),
    )


def _own_proposal(procedure: Procedure, running: Running, transition: Transition, persons: Collection[str]) -> list[Finding]:
    """Against a decision by whoever took the step before it, or by somebody who stands in that person's place."""
    if not procedure.decides(transition) or not (set(persons) - {""}) & proposers(procedure, running):
        return []
    return [Finding.error(
        "own_proposal", f"“{transition.label.zh}”是决定，须由提出意见（办理上一步骤）的人员及其委托人、受托人之外的人员办理。",
        f"“{transition.label.en}” is a decision; it is for somebody other than who took the step before it, or acts for that person.",
        citation=transition.citation,
        remedy=("请由本单位另一名负责人办理；如因委托关系受限，请先收回委托。",
                "Let another head of the office decide; where a delegation stands in the way, end it first."),
    )]


def proposers(procedure: Procedure, running: Running) -> set[str]:
    """Who took the last preparing step, and in whose place (ids as text); the system and earlier decisions propose nothing."""
    for step in reversed(running.steps):
        taken = procedure.transitions.get(step.by)
        if step.actor and not (taken and procedure.decides(taken)):
            return {step.actor, step.behalf} - {""}
    return set()


def _not_yours(procedure: Procedure, transition: Transition) -> Refused:
    zh = "、".join(procedure.parties[each].label.zh for each in transition.by) or "系统"
    en = ", ".join(procedure.parties[each].label.en for each in transition.by) or "the system"
    return NotAllowed.because(
        "not_your_step", f"“{transition.label.zh}”由{zh}办理。", f"“{transition.label.en}” is taken by: {en}.",
        citation=transition.citation, remedy=("请由该方人员办理，或由其委托。", "Let somebody of that party do it, or be delegated by it."),
    )


def _wanting(
    procedure: Procedure, transition: Transition, on: date, running: Running, documents: set[str], fields: Mapping[str, Any]
) -> list[Finding]:
    found = []
    for kind in transition.documents:
        if kind not in documents:
            label = procedure.documents[kind]
            found.append(Finding.error(
                "document_missing", f"办理“{transition.label.zh}”须附“{label.zh}”。", f"“{transition.label.en}” needs the paper “{label.en}”.",
                where=Place(field=kind), citation=transition.citation, remedy=("请上传或登记该文件后再办理。", "Attach or register it, then go on.")))
    for name in transition.fields:
        value = fields.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            label = procedure.fields[name]
            found.append(Finding.error(
                "field_missing", f"请填写“{label.zh}”。", f"Fill in “{label.en}”.", where=Place(field=name), remedy=("此项为必填项。",
                    "It is required.")))
    if on < running.steps[-1].on:
        found.append(Finding.error(
            "before_last_step", f"办理日期 {on} 早于上一步骤的日期 {running.steps[-1].on}。",
            f"The day {on} lies before that of the step before, {running.steps[-1].on}.",
            remedy=("请核对日期。", "Check the day.")))
    return found


def _against(procedure: Procedure, running: Running, transition: Transition, facts: Mapping[str, Any]) -> list[Finding]:
    found = [finding for guard in transition.guards if (finding := _unmet(procedure, guard, facts)) is not None]
    for name, need in transition.opinions.items():
        consultation = procedure.consultations[name]
        given = opinions_of(running, consultation)
        waiting = [procedure.parties[party].label for party, opinion in given.items() if opinion is None]
        if waiting:
            found.append(Finding.error(
                "opinions_outstanding", f"“{consultation.label.zh}”尚有未答复的单位：{'、'.join(each.zh for each in waiting)}。",
                f"“{consultation.label.en}”: no answer yet from {', '.join(each.en for each in waiting)}.",
                remedy=("请催办，或待其答复。", "Remind them, or wait.")))
        against = [procedure.parties[party].label for party, opinion in given.items() if opinion is not None and opinion.agrees is False]
        if need == "none_objects" and against:
            found.append(Finding.error(
                "opinions_object", f"“{consultation.label.zh}”中有不同意的单位：{'、'.join(each.zh for each in against)}。",
                f"“{consultation.label.en}”: against it {', '.join(each.en for each in against)}.",
                remedy=("请协商一致后重新征求意见，或作出不予同意的决定。", "Agree with them and ask again, or decide against.")))
    return found


def _unmet(procedure: Procedure, guard: Condition, facts: Mapping[str, Any]) -> Finding | None:
    holds = guard.holds(facts)
    if holds:
        return None
    if holds is None:
        missing = [procedure.facts[name] for name in guard.missing(facts)]
        said_by = {procedure.parties[each.supplied_by].label for each in missing if each.supplied_by}
        who_zh = "、".join(sorted(each.zh for each in said_by)) or "承办方"
        who_en = ", ".join(sorted(each.en for each in said_by)) or "the party in charge"
        return Finding.error(
            "fact_unknown", f"尚不能判断：{guard.otherwise.zh}缺少：{'、'.join(each.label.zh for each in missing)}。",
            f"It cannot be told yet: {guard.otherwise.en} Missing: {', '.join(each.label.en for each in missing)}.",
            where=Place(field=missing[0].code if missing else None), citation=guard.citation,
            remedy=(f"请由{who_zh}补充。", f"To be supplied by {who_en}."))
    measured = "、".join(f"{procedure.facts[name].label.zh}：{facts.get(name)}" for name in sorted(guard.facts_used()))
    return Finding.error("guard_unmet", guard.otherwise.zh, guard.otherwise.en, where=Place(field=guard.fact or None),
                         measured=measured, citation=guard.citation, remedy=guard.remedy)


def _overridden(
    against: list[Finding], transition: Transition, parties: set[str], override: Override | None
) -> tuple[list[Finding], list[Finding]]:
    """What a decider passes, and what stands all the same."""
    if override is None or not against:
        return [], against
    if not (override.actor and override.reason.strip() and override.document):
        return [], [*against, Finding.error(
            "override_incomplete", "越过条件作出决定，须写明决定人、理由并附文件。",
                "To decide against a condition, give the name, the reason and the paper.",
            remedy=("请补充后再办理。", "Complete it, then go on."))]
    may = {guard.otherwise.zh for guard in transition.guards if guard.may_override and guard.may_override in parties}
    passed = [each for each in against if each.code == "guard_unmet" and each.message.zh in may]
    return passed, [each for each in against if each not in passed]


def _check_answer(asked: Consultation, party: str, agrees: bool | None, reference: str, words: str) -> None:
    if agrees is None:
        return
    if party in asked.bare and (words.strip() or not reference.strip()):
        raise Refused.because(
            "reference_and_answer_only", "此项意见只登记来文编号和“同意／不同意”，不得录入其他内容。",
            "Of this opinion only its reference number and yes or no are kept; nothing else may be entered.",
            remedy=("请只填编号并选择结论。", "Give the number and the answer only."))
    if asked.kind == "consultation" and agrees is False and party not in asked.bare and not words.strip():
        raise Refused.because(
            "reason_missing", "不同意的，请写明理由。", "Who objects gives the reason.", where=Place(field="words"),
            remedy=("请填写理由后再提交。", "Write the reason, then submit."))
