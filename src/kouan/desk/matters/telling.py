"""A matter as data, for the doors that programs use: command line and API tell it in the same words.

Texts are in both languages; a day is a ``date``. What is told of persons is what the page shows: office and name of
who acted. Callers have found the matter by ``get_matter``.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from kouan.basis import Text, clock
from kouan.desk.matters.facts import known
from kouan.desk.matters.models import Matter, MatterStep, Task
from kouan.desk.matters.papers import papers_of
from kouan.desk.matters.parties import office_of, standing_of
from kouan.desk.matters.queries import clocks_of, procedure_for, running_of, settings_of, working_days
from kouan.desk.matters.registry import Registered
from kouan.desk.models import Document
from kouan.desk.queries import quick_state
from kouan.procedure import Offer, Procedure, Running, offers
from kouan.procedure.engine import consultations_of


def both(text: Text) -> dict[str, str]:
    """A text in both languages."""
    return {"zh": text.zh, "en": text.en}


def summary_of(matter: Matter) -> dict[str, Any]:
    """A matter as a line of a list."""
    procedure = procedure_for(matter)
    return {
        "id": matter.pk, "title": matter.title, "procedure": matter.procedure, "procedure_version": matter.edition.version,
        "state": matter.state, "state_label": both(procedure.states[matter.state].label), "outcome": matter.outcome or None,
        "subject": matter.subject or None, "port": matter.port_code or None, "province": matter.province_code or None,
        "applicant": matter.applicant.name_zh, "began_at": matter.began_at, "ended_at": matter.ended_at, "version": matter.version,
    }


def told(matter: Matter, user: Any, today: date | None = None) -> dict[str, Any]:
    """Everything of a matter: where it stands, what the user may do next and what that lacks, opinions, clocks, steps."""
    procedure, running = procedure_for(matter), running_of(matter)
    mine = standing_of(user, procedure, matter, today) if user.pk is not None else None
    facts = known(procedure, matter.facts)
    # Whoever stands for nobody here (the operator, an auditor) is shown the steps of all, marked as not theirs.
    parties = set(mine.parties) if mine is not None else set()
    ways = offers(procedure, running, parties=set(procedure.parties), facts=facts, actor=str(user.pk or ""),
                  bound=mine.bound if mine is not None else ())
    return {
        **summary_of(matter), "procedure_title": both(procedure.title),
        "waits_for": [_party(procedure, matter, code) for code in procedure.states[matter.state].waits_for],
        "next_steps": [_way(procedure, each, parties) for each in ways],
        "facts": [{"code": code, "label": both(fact.label), "kind": fact.kind.value, "value": facts.get(code),
                   "supplied_by": fact.supplied_by or None} for code, fact in procedure.facts.items()],
        "opinions": _opinions(matter, procedure, running), "clocks": [
            {"code": each.code, "label": both(each.label), "party": each.party or None, "state": each.state, "used": each.used,
             "unit": each.length.unit.value, "due": each.due, "working_days_left": each.left, "is_provisional": each.is_provisional}
            for each in clocks_of(matter, today or clock.today())],
        "tasks": [task_of(each) for each in matter.tasks.filter(closed_at__isnull=True).select_related("organisation", "assignee", "matter")],
        "steps": [_step(procedure, each) for each in
                  matter.steps.select_related("actor__organisation", "on_behalf_of").order_by("number")],
    }


def task_of(task: Task) -> dict[str, Any]:
    """A task on a desk."""
    return {
        "id": task.pk, "matter": task.matter_id, "title": task.matter.title, "procedure": task.matter.procedure, "party": task.party,
        "what": {"zh": task.label_zh, "en": task.label_en}, "office": task.organisation.name_zh,
        "assignee": task.assignee.username if task.assignee else None, "due": task.due_on, "is_provisional": task.is_provisional,
        "is_stray": task.is_stray, "since": task.opened_at,
    }


def _party(procedure: Procedure, matter: Matter, code: str) -> dict[str, Any]:
    party = procedure.parties[code]
    office = office_of(party, matter)
    return {"code": code, "label": both(party.label), "office": office.name_zh if office else None}


def _way(procedure: Procedure, offer: Offer, parties: set[str]) -> dict[str, Any]:
    one = offer.transition
    asked = sorted({name for guard in one.guards for name in guard.facts_used()})
    return {
        "code": one.code, "label": both(one.label), "to": one.target, "by": list(one.by), "is_yours": bool(set(one.by) & parties),
        "is_open": offer.is_open, "unmet": [each.as_dict() for each in offer.unmet],
        "papers": [{"kind": kind, "label": both(procedure.documents[kind])} for kind in one.documents],
        "fields": [{"name": name, "label": both(procedure.fields[name])} for name in one.fields], "facts": asked,
        "may_be_overridden_by": sorted({guard.may_override for guard in one.guards if guard.may_override}),
        "citation": str(one.citation) if one.citation else None,
    }


def _opinions(matter: Matter, procedure: Procedure, running: Running) -> list[dict[str, Any]]:
    found = [
        {"consultation": each.consultation, "party": each.party, "party_label": both(procedure.parties[each.party].label), "round": each.round,
         "is_awaited": False, "agrees": each.agrees, "reference": each.reference, "words": each.words, "given_on": each.given_on}
        for each in matter.opinions.all() if each.party in procedure.parties
    ]
    given = {(each["consultation"], each["party"], each["round"]) for each in found}
    for asked in consultations_of(procedure, running):
        turn = running.round_of(asked.state)
        found += [
            {"consultation": asked.code, "party": party, "party_label": both(procedure.parties[party].label), "round": turn, "is_awaited": True,
             "agrees": None, "reference": "", "words": "", "given_on": None}
            for party in asked.parties if (asked.code, party, turn) not in given]
    return found


def _step(procedure: Procedure, step: MatterStep) -> dict[str, Any]:
    transition = procedure.transitions.get(step.transition)
    return {
        "number": step.number, "code": step.transition, "label": both(transition.label if transition else Text("发起", "Begun")),
        "state": step.state, "on": step.taken_on, "office": step.actor.organisation.name_zh if step.actor else None,
        "actor": step.actor.display_name if step.actor else None,
        "on_behalf_of": step.on_behalf_of.display_name if step.on_behalf_of else None, "fields": step.fields,
        "papers": [_paper(kind, each) for kind, each in papers_of(step.documents).items()],
        "overridden": list(step.overridden), "override_reason": step.override_reason,
    }


def _paper(kind: str, paper: Document) -> dict[str, Any]:
    return {
        "kind": kind, "reference": paper.reference, "title": paper.title, "number": paper.document_number, "issuer": paper.issuer,
        "issued_on": paper.issued_on, "files": [
            {"version": each.number, "name": each.file_name, "size_bytes": each.size_bytes, "sha256": each.sha256, "state": quick_state(each)}
            for each in paper.versions.order_by("number")],
    }


def procedure_summary(held: Registered) -> dict[str, Any]:
    """A procedure as a line of a list; ``unfilled``: periods that the national office has still to set."""
    one, filled = held.procedure, settings_of(held.procedure.code)
    return {"code": one.code, "version": one.version, "title": both(one.title), "in_force_from": one.in_force_from, "subject": one.subject,
            "citation": str(one.citation) if one.citation else None, "unfilled": [code for code in one.settings if code not in filled]}


def procedure_told(held: Registered) -> dict[str, Any]:
    """Everything of a procedure."""
    one, filled = held.procedure, settings_of(held.procedure.code)
    return {
        **procedure_summary(held),
        "parties": [{"code": each.code, "label": both(each.label), "roles": list(each.roles), "office": each.office}
                    for each in one.parties.values()],
        "states": [{"code": each.code, "label": both(each.label), "waits_for": list(each.waits_for), "outcome": each.outcome or None}
                   for each in one.states.values()],
        "steps": [{"code": each.code, "label": both(each.label), "from": list(each.sources), "to": each.target, "by": list(each.by),
                   "papers": list(each.documents), "fields": list(each.fields), "facts": sorted({n for g in each.guards for n in g.facts_used()}),
                   "citation": str(each.citation) if each.citation else None} for each in one.transitions.values()],
        "papers": [{"kind": kind, "label": both(label)} for kind, label in one.documents.items()],
        "facts": [{"code": code, "label": both(fact.label), "kind": fact.kind.value, "supplied_by": fact.supplied_by or None}
                  for code, fact in one.facts.items()],
        "settings": [{"code": code, "label": both(each.label), "unit": each.unit.value, "count": filled.get(code), "note": both(each.note)}
                     for code, each in one.settings.items()],
        "clocks": [{"code": each.code, "label": both(each.label), "unit": each.length.unit.value, "count": each.length.count,
                    "setting": each.length.setting or None, "until": each.length.until, "runs_in": list(each.runs_in), "then": each.then or None}
                   for each in one.clocks.values()],
        "consultations": [{"code": each.code, "label": both(each.label), "kind": each.kind, "state": each.state, "parties": list(each.parties),
                           "silence": each.silence} for each in one.consultations.values()],
    }


def holidays_told() -> list[dict[str, Any]]:
    """Each year's days off and weekends worked, newest first."""
    return [{"year": each.year, "holidays": sorted(each.holidays), "worked": sorted(each.worked), "citation": str(each.citation)}
            for each in sorted(working_days().tables.values(), key=lambda table: -table.year)]
