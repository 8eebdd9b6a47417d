"""What may be done with a running matter. Each verb is one transaction: before or after, never between.

A step locks its matter, so that of two people at once one wins and the other is told. What a step does elsewhere
(its effect) happens in the same transaction, and a refusal there takes the step back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db import transaction

from kouan.accounts.action import System, action
from kouan.accounts.models import Organisation, User
from kouan.audit import record_event
from kouan.basis import Conflict, Finding, NotAllowed, Place, Refused, SubjectRef, clock
from kouan.desk.actions import refuse_secrets
from kouan.desk.matters import mails, tasks
from kouan.desk.matters.facts import asks_for_day, checked, day_said, days_of, known, stored
from kouan.desk.matters.models import Matter, MatterOpinion, MatterStep, ProcedureEdition, Task
from kouan.desk.matters.parties import standing_of
from kouan.desk.matters.queries import get_matter, procedure_for, running_of, settings_of, working_days
from kouan.desk.matters.registry import effect_of, follower_of, in_force
from kouan.desk.models import Document
from kouan.procedure import Moved, Override, Procedure, Running, answer, begin, due, fire

# The kind under which a step keeps the paper by which a condition was passed.
OVERRIDE = "override"


@dataclass(frozen=True, slots=True)
class Concerns:
    """What a matter is about, and where: codes only, for the desk lies below the register."""

    subject: SubjectRef | None = None
    province_code: str = ""
    city_code: str = ""
    port_code: str = ""


@action("matters.act")
def open_matter(
    *, actor: Any, procedure: str, title: str, concerns: Concerns = Concerns(), facts: Mapping[str, Any] | None = None,
    named: Mapping[str, str] | None = None, asked: Collection[str] | None = None, applicant: Organisation | None = None,
    on: date | None = None,
) -> Matter:
    """Begin a matter under the version of the procedure that is in force.

    ``named``: organisation codes by party, for parties that the procedure leaves to be named. ``asked``: the
    parties to be asked, where a consultation asks only those chosen (None: everybody). Refused while a
    setting is not filled, the holiday table is too short, or the actor stands for no party that may act first.
    """
    refuse_secrets(title)
    if not title.strip():
        raise Refused.because("title_missing", "请填写办件标题。", "Give the matter a title.", where=Place(field="title"),
                              remedy=("如“某某口岸扩大开放”。", "As “Expanded opening of …”."))
    found = in_force(procedure, on)
    given = checked(found.procedure, facts or {})
    running = begin(found.procedure, on=on or clock.today(), actor=str(actor.pk or ""), calendar=working_days(), settings=settings_of(procedure))
    organisation = applicant if isinstance(actor, System) and applicant is not None else actor.organisation
    matter = Matter(
        edition=_edition(found.procedure, found.text), procedure=procedure, room=found.room, title=title.strip(), state=running.state,
        subject=str(concerns.subject or ""), province_code=concerns.province_code, city_code=concerns.city_code,
        port_code=concerns.port_code, applicant=organisation, named=_named(found.procedure, named or {}), facts=stored(given),
        asked=_asked(found.procedure, asked),
    )
    first = found.procedure.states[found.procedure.first]
    if not isinstance(actor, System) and not set(first.waits_for) & set(standing_of(actor, found.procedure, matter).parties):
        labels = [found.procedure.parties[party].label for party in first.waits_for]
        raise NotAllowed.because(
            "not_yours_to_begin", f"“{found.procedure.title.zh}”由{'、'.join(each.zh for each in labels)}发起。",
            f"“{found.procedure.title.en}” is begun by: {', '.join(each.en for each in labels)}.",
            remedy=("请由该方人员发起。", "Let somebody of that party begin it."))
    matter.save()
    running = replace(running, asked=None if matter.asked is None else frozenset(matter.asked))
    step = running.steps[0]
    MatterStep.objects.create(
        matter=matter, number=1, transition=step.by, state=step.state, taken_on=step.on, actor_id=actor.pk, facts=stored(given))
    tasks.bring_in_step(matter, found.procedure, running)
    return matter


@action("matters.act")
def open_matters(
    *, actor: System, procedure: str, title: str, applicant: Organisation, named: Sequence[Mapping[str, str]],
) -> list[Matter]:
    """Begin one matter for each of ``named``, alike but for the offices named: by the system, for ``applicant``.

    What ``open_matter`` would record of each, all or nothing, in a number of queries that hardly grows with theirs:
    two hundred receipts of a circular are written in one request.
    """
    if not named:
        return []
    refuse_secrets(title)
    found = in_force(procedure)
    running = begin(found.procedure, on=clock.today(), actor="", calendar=working_days(), settings=settings_of(procedure))
    offices = set(Organisation.objects.filter(code__in={code for each in named for code in each.values()}, is_active=True)
                  .values_list("code", flat=True))
    edition = _edition(found.procedure, found.text)
    facts = stored(checked(found.procedure, {}))
    matters = Matter.objects.bulk_create([
        Matter(edition=edition, procedure=procedure, room=found.room, title=title.strip(), state=running.state, applicant=applicant,
               named=_named(found.procedure, each, offices), facts=facts)
        for each in named
    ])
    step = running.steps[0]
    MatterStep.objects.bulk_create([
        MatterStep(matter=each, number=1, transition=step.by, state=step.state, taken_on=step.on, facts=facts) for each in matters])
    tasks.open_first(matters, found.procedure, running)
    return matters


@action("matters.act")
def take_step(
    *, actor: Any, matter: int, transition: str, version: int | None = None, fields: Mapping[str, Any] | None = None,
    documents: Mapping[str, Document] | None = None, facts: Mapping[str, Any] | None = None, override_reason: str = "",
    override_document: Document | None = None, on: date | None = None,
) -> Matter:
    """Take one step of a matter. ``documents`` by their kind in the procedure; ``facts`` join those already known.

    Raises ``Conflict`` where somebody was faster (``version`` is what the actor saw), ``NotFound`` out of scope,
    ``NotAllowed`` for a step of another party, ``Refused`` with everything that is missing.
    """
    held = _locked(actor, matter)
    _refuse_stale(held, version)
    procedure = procedure_for(held)
    running = running_of(held)
    standing = standing_of(actor, procedure, held, on)
    every = {**known(procedure, held.facts), **_typed_over(held, procedure, checked(procedure, facts or {}))}
    _check_days(procedure, transition, fields or {})
    papers = dict(documents or {})
    override = None
    if override_reason or override_document is not None:
        override = Override(str(actor.pk), override_reason, override_document.reference if override_document else "")
    wanted = procedure.transitions.get(transition)
    party = next((each for each in wanted.by if each in standing.parties), None) if wanted else None
    behalf = standing.parties[party] if party else None
    try:
        moved = fire(procedure, running, transition, parties=set(standing.parties), on=on or clock.today(), actor=str(actor.pk),
                     documents=set(papers), fields=fields or {}, facts=every, override=override,
                     behalf=str(behalf.pk) if behalf is not None else "", bound=standing.bound)
    except NotAllowed:
        record_event("refused", actor_id=actor.pk, payload={"matter": held.pk, "transition": transition})
        raise
    step = _record(held, moved.running, actor_id=actor.pk, behalf=behalf, fields=fields or {}, facts=every,
                   documents={kind: paper.reference for kind, paper in (papers | _passed_by(moved, override_document)).items()},
                   override_reason=override_reason if moved.overridden else "")
    _carry_out(held, procedure, moved.effect, step, actor)
    tasks.bring_in_step(held, procedure, replace(moved.running, days={**moved.running.days, **days_of(fields or {})}))
    return held


@action("matters.act")
def carry_step(
    *, actor: System, matter: int, transition: str, fields: Mapping[str, Any], documents: Mapping[str, Document], on: date | None = None,
) -> Matter:
    """Take a step of a matter because another matter decided it (an extension granted): by the system, for the step's party.

    Guards, papers and fields hold as for anybody; a refusal takes the other matter's step back too.
    """
    held = _locked(actor, matter)
    procedure = procedure_for(held)
    wanted = procedure.transitions[transition]
    facts = known(procedure, held.facts)
    moved = fire(procedure, running_of(held), transition, parties=set(wanted.by), on=on or clock.today(), actor="",
                 documents=set(documents), fields=fields, facts=facts)
    step = _record(held, moved.running, actor_id=None, behalf=None, fields=fields, facts=facts,
                   documents={kind: paper.reference for kind, paper in documents.items()}, override_reason="")
    _carry_out(held, procedure, moved.effect, step, actor)
    tasks.bring_in_step(held, procedure, running_of(held))
    return held


@action("matters.act")
def freeze_facts(*, actor: Any, matter: int, facts: Mapping[str, Any], on: date | None = None) -> Matter:
    """Keep facts that the system gathered with the matter: known from now on, and typed over by nobody.

    Facts gathered before that are gathered no more become unknown again. For whom the matter waits, and for the
    national office; a matter that has ended keeps what it had.
    """
    held = _locked(actor, matter)
    procedure = procedure_for(held)
    if held.ended_at is not None:
        raise Conflict.because("matter_ended", "此件已办结，事实不再更新。", "The matter has ended; its facts stay as they were.",
                               remedy=("如需更正，请另行发起。", "Begin another matter to put it right."))
    standing = standing_of(actor, procedure, held, on)
    if not ({*procedure.states[held.state].waits_for} | _of_national(procedure)) & set(standing.parties):
        raise NotAllowed.because("not_your_facts", "此时不由您更新本件的事实。", "It is not for you to gather the facts of this matter now.",
                                 remedy=("请由正在办理的一方或国家口岸办更新。", "Let the party in turn, or the national office, do it."))
    given = checked(procedure, facts)
    kept = {name: value for name, value in held.facts.items() if name not in held.gathered}
    held.facts, held.gathered, held.version = {**kept, **stored(given)}, sorted(given), held.version + 1
    held.save(update_fields=["facts", "gathered", "version"])
    tasks.bring_in_step(held, procedure, running_of(held))
    return held


@action("matters.act")
def give_opinion(
    *, actor: Any, matter: int, consultation: str, party: str, agrees: bool, reference: str = "", words: str = "",
    version: int | None = None, on: date | None = None,
) -> MatterOpinion:
    """Answer for an office that was asked. Of a bare party (the military) only number and yes or no are taken."""
    refuse_secrets(words, reference)
    held = _locked(actor, matter)
    _refuse_stale(held, version)
    procedure = procedure_for(held)
    if consultation not in procedure.consultations:
        raise Refused.because(
            "unknown_consultation", f"本程序没有“{consultation[:48]}”这项征求意见。", f"The procedure has no consultation “{consultation[:48]}”.",
            where=Place(field="consultation"), remedy=(f"可答复：{'、'.join(procedure.consultations) or '无'}。",
                                                       f"It has: {', '.join(procedure.consultations) or 'none'}."))
    standing = standing_of(actor, procedure, held, on)
    running = answer(procedure, running_of(held), consultation, party, parties=set(standing.parties), on=on or clock.today(), agrees=agrees,
                     reference=reference, words=words)
    return _keep_opinion(held, procedure, running, actor_id=actor.pk, behalf=standing.parties.get(party))


@action("matters.act")
def reassign(*, actor: Any, task: int, to: User | None) -> Task:
    """Give a task of one's own office to one of its people, or (None) back to the office."""
    found = Task.objects.open().select_for_update().filter(pk=task).select_related("matter", "organisation").first()
    if found is None or found.organisation_id != actor.organisation_id:
        get_matter(actor, found.matter_id if found is not None else 0)  # the same 404, and its trace
        raise NotAllowed.because("not_your_desk", "这项待办不在贵单位。", "This task does not lie on your office's desk.",
                                 remedy=("请由承办单位分派。", "Let the office in charge hand it out."))
    if to is not None and (to.organisation_id != found.organisation_id or f" {to.role} " not in found.roles or not to.is_active):
        raise Refused.because("cannot_take_it", f"{to.display_name}不能承办此事项（单位或角色不符，或已停用）。",
                              f"{to.display_name} cannot take this: another office or role, or not active.", where=Place(field="to"),
                              remedy=("请从列表中选择本单位的承办人员。", "Choose somebody of this office from the list."))
    found.assignee = to
    found.save(update_fields=["assignee"])
    return found


@action("matters.act")
def run_clocks(*, actor: System, today: date | None = None, only: Collection[int] | None = None) -> dict[str, int]:
    """What the passing of days brings, for every running matter (or ``only`` these): reminders, overdue notices, silence, lapses.

    Each thing happens once however often this runs, and however long it did not run. A matter that cannot be
    moved (its room is gone) stops no other; the count says how many.
    """
    day = today or clock.today()
    counts = {"matters": 0, "notices": 0, "lapsed": 0, "silent": 0, "stuck": 0}
    calendar = working_days()
    running = Matter.objects.running() if only is None else Matter.objects.running().filter(pk__in=only)
    for pk in running.order_by("pk").values_list("pk", flat=True):
        counts["matters"] += 1
        try:
            with transaction.atomic():
                _run_one(actor, pk, day, calendar, counts)
        except Refused:
            counts["stuck"] += 1
    transaction.on_commit(mails.send_due, robust=True)
    return counts


def _run_one(actor: System, pk: int, day: date, calendar: Any, counts: dict[str, int]) -> None:
    held = Matter.objects.select_for_update().select_related("edition", "applicant").get(pk=pk)
    procedure, settings = procedure_for(held), settings_of(held.procedure)
    running = running_of(held)
    # The keys of what was told stand in the notices themselves; a lapse moves the matter and so cannot come twice.
    done = set(held.notices.values_list("key", flat=True))
    for each in due(procedure, running, calendar=calendar, settings=settings, today=day, done=done):
        if each.kind == "lapse":
            moved = fire(procedure, running, each.transition, parties=(), on=day, actor="", facts=known(procedure, held.facts), lapsed=each.clock)
            step = _record(held, moved.running, actor_id=None, behalf=None, fields={}, facts=known(procedure, held.facts), documents={},
                           override_reason="")
            _carry_out(held, procedure, moved.effect, step, actor)
            running = moved.running
            counts["lapsed"] += 1
            break
        if each.kind == "silence":
            (party,) = each.parties
            running = answer(procedure, running, each.consultation, party, parties=(), on=day, agrees=None)
            _keep_opinion(held, procedure, running, actor_id=None, behalf=None)
            counts["silent"] += 1
            continue
        counts["notices"] += tasks.tell(held, procedure, each)
    tasks.bring_in_step(held, procedure, running, today=day)


def _passed_by(moved: Moved, paper: Document | None) -> dict[str, Document]:
    """The paper by which a condition was passed, kept with the step beside those that the step asks for."""
    return {OVERRIDE: paper} if moved.overridden and paper is not None else {}


# ---- the parts ---------------------------------------------------------------------------------------------


def _edition(procedure: Procedure, text: str) -> ProcedureEdition:
    return ProcedureEdition.objects.get_or_create(
        code=procedure.code, version=procedure.version, digest=procedure.digest, defaults={"text": text})[0]


def _named(procedure: Procedure, named: Mapping[str, str], offices: Collection[str] | None = None) -> dict[str, str]:
    """The offices named for parties: they must be parties to be named, and offices that exist (``offices``: those known to)."""
    wanted = {code for code, party in procedure.parties.items() if party.office == "named"}
    known = offices
    if known is None:
        known = set(Organisation.objects.filter(code__in=named.values(), is_active=True).values_list("code", flat=True))
    findings = [
        Finding.error("unknown_office", f"“{office}”不是可以参与的单位，或“{party}”无须指定单位。",
                      f"“{office}” is no office that can take part, or “{party}” needs none.", where=Place(field=party),
                      remedy=("请从单位列表中选择。", "Choose one from the list of offices."))
        for party, office in named.items() if party not in wanted or office not in known
    ]
    if findings:
        raise Refused(findings)
    return dict(named)


def _asked(procedure: Procedure, asked: Collection[str] | None) -> list[str] | None:
    """The parties chosen to be asked: each one that some consultation may ask."""
    if asked is None:
        return None
    may_be = {party for each in procedure.consultations.values() if each.asks == "chosen" for party in each.parties}
    strange = sorted(set(asked) - may_be)
    if strange:
        raise Refused([Finding.error("not_to_be_asked", f"“{party}”不是可以选择的征求对象。", f"“{party}” cannot be chosen to be asked.",
                                     where=Place(field=f"asked-{party}"), remedy=("请从列表中选择。", "Choose from the list.")) for party in strange])
    return sorted(set(asked))


def _typed_over(held: Matter, procedure: Procedure, given: Mapping[str, Any]) -> dict[str, Any]:
    """Facts as typed, without those that the system gathered; refused where one of them is typed otherwise."""
    findings = []
    for name in held.gathered:
        if name in given and stored({name: given[name]})[name] != held.facts.get(name):
            label = procedure.facts[name].label
            findings.append(Finding.error(
                "fact_gathered", f"“{label.zh}”由系统汇集（{held.facts.get(name)}），不能手工改写。",
                f"“{label.en}” was gathered by the system ({held.facts.get(name)}) and is not typed over.", where=Place(field=f"fact-{name}"),
                measured=str(given[name])[:80], remedy=("请更正来源数据后重新汇集；确应不同处理的，由负责人越过条件并说明理由。",
                                                        "Correct the source and gather anew; or decide against the condition, with a reason.")))
    if findings:
        raise Refused(findings)
    return {name: value for name, value in given.items() if name not in held.gathered}


def _check_days(procedure: Procedure, transition: str, fields: Mapping[str, Any]) -> None:
    """Fields of a step that ask for a day hold one."""
    wanted = procedure.transitions.get(transition)
    findings = []
    for name in wanted.fields if wanted else ():
        if asks_for_day(name) and fields.get(name):
            try:
                day_said(name, fields[name])
            except Refused as refusal:
                findings += [each.at(field=f"field-{name}") for each in refusal.findings]
    if findings:
        raise Refused(findings)


def _of_national(procedure: Procedure) -> set[str]:
    return {code for code, party in procedure.parties.items() if party.office == "national"}


def _locked(actor: Any, pk: int) -> Matter:
    """The matter, in scope and locked until the end of the transaction."""
    found = get_matter(actor, pk)
    return Matter.objects.select_for_update().select_related("edition", "applicant").get(pk=found.pk)


def _refuse_stale(held: Matter, version: int | None) -> None:
    if version is None or held.version == version:
        return
    last = held.steps.order_by("-number").select_related("actor").first()
    who = last.actor.display_name if last and last.actor else "系统"
    raise Conflict.because(
        "matter_changed", f"您打开本页之后，{who}已办理了此件，当前内容已更新。您填写的内容仍保留在本页草稿中。",
        f"Since you opened this page, {who} has moved this matter. What you typed is kept as a draft.",
        measured=str(held.version), required=str(version),
        remedy=("请刷新页面，核对后再办理。", "Reload the page, look at it again, then go on."))


def _record(
    held: Matter, running: Running, *, actor_id: int | None, behalf: User | None, fields: Mapping[str, Any], facts: Mapping[str, Any],
    documents: Mapping[str, str], override_reason: str,
) -> MatterStep:
    step = running.steps[-1]
    recorded = MatterStep.objects.create(
        matter=held, number=len(running.steps), transition=step.by, state=step.state, taken_on=step.on, actor_id=actor_id, on_behalf_of=behalf,
        fields=stored(fields), facts=stored(facts), documents=dict(documents), overridden=list(step.overridden), override_reason=override_reason)
    held.state, held.facts, held.version = step.state, stored(facts), held.version + 1
    state = procedure_for(held).states[step.state]
    if state.is_terminal:
        held.outcome, held.ended_at = state.outcome, clock.now()
    held.save()
    return recorded


def _carry_out(held: Matter, procedure: Procedure, effect: str, step: MatterStep, actor: Any) -> None:
    carried = effect_of(held.room, effect) if effect else None
    if effect and carried is None:
        raise Refused.because(
            "effect_gone", f"系统中已没有“{effect}”这一执行动作，本步骤未办理。",
                f"The system no longer has the effect “{effect}”; the step was not taken.",
            remedy=("请联系系统管理员。", "Ask your administrator."))
    if carried is not None:
        carried(held, step, actor)
    follow = follower_of(held.room)
    if follow is not None:
        follow(held, step, actor)


def _keep_opinion(held: Matter, procedure: Procedure, running: Running, *, actor_id: int | None, behalf: User | None) -> MatterOpinion:
    given = running.opinions[-1]
    kept = MatterOpinion.objects.create(
        matter=held, consultation=given.consultation, party=given.party, round=given.round, given_on=given.on, agrees=given.agrees,
        reference=given.reference, words=given.words, actor_id=actor_id, on_behalf_of=behalf)
    held.version += 1
    held.save(update_fields=["version"])
    tasks.bring_in_step(held, procedure, running)
    return kept


def documents_by_kind(actor: Any, references: Mapping[str, str], visible: Iterable[Document]) -> dict[str, Document]:
    """The papers that a form names by reference, of those the actor may see; Refused naming each that is not there."""
    known = {each.reference: each for each in visible}
    findings = [
        Finding.error("unknown_document", f"没有引用名为“{reference}”的文件。", f"There is no document “{reference}”.", where=Place(field=kind),
                      remedy=("请先登记该文件。", "Register it first."))
        for kind, reference in references.items() if reference not in known
    ]
    if findings:
        raise Refused(findings)
    return {kind: known[reference] for kind, reference in references.items()}
