"""One matter: where it stands, what may be done next and what that still lacks, opinions, clocks, facts, history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, re_path, reverse
from django.views.decorators.cache import never_cache

from kouan.accounts.models import User
from kouan.audit import record_event
from kouan.basis import Conflict, Finding, NotAllowed, NotFound, Place, Refused, Text, clock
from kouan.casework.effects import REPLY
from kouan.console.case_page import case_context, gather_from
from kouan.console.grading_page import LISTS
from kouan.console.linked import linked_of
from kouan.console.marks import badge
from kouan.console.page import accept_draft, missing, page
from kouan.console.views.matters import due_cell, state_mark
from kouan.console.words import here
from kouan.desk.matters import facts as held_facts
from kouan.desk.matters.actions import OVERRIDE, give_opinion, reassign
from kouan.desk.matters.drafts import KINDS, draft_of
from kouan.desk.matters.models import Matter, Task
from kouan.desk.matters.paper_files import ACCEPT
from kouan.desk.matters.papers import Paper, papers_of, take_step_with_papers
from kouan.desk.matters.parties import people_of, standing_of
from kouan.desk.matters.queries import clocks_of, get_matter, procedure_for, running_of, working_days
from kouan.desk.models import Document
from kouan.desk.papers import docx_of, pdf_of
from kouan.desk.queries import quick_state
from kouan.grading.list_facts import case_behind
from kouan.procedure import Offer, Procedure, Transition, offers
from kouan.procedure.engine import asked_of, consultations_of
from kouan.procedure.model import FactKind


@never_cache
@page("matters.read", methods=("GET", "HEAD", "POST"))
def matter(request: HttpRequest, number: int) -> HttpResponse:
    """A matter in scope; a step, an opinion or a handing over comes back to the same page."""
    held = get_matter(request.user, number)
    findings: list[Finding] = []
    status = 200
    deed = request.POST.get("deed", "") if request.method == "POST" else ""
    if deed:
        try:
            said = _act(request, held, deed)
        except (Conflict, NotAllowed, Refused) as error:
            if isinstance(error, NotFound):
                raise
            findings, status = error.findings, error.http_status
            held = get_matter(request.user, number)
        else:
            accept_draft(request, deed)
            messages.success(request, here(said))
            return redirect("matter", number)
    return render(request, "console/matters/one.html", _context(request, held, findings, deed), status=status)


def _act(request: HttpRequest, held: Matter, deed: str) -> Text:
    version = request.POST.get("version", "")
    if deed == "opinion":
        give_opinion(actor=request.user, matter=held.pk, consultation=request.POST.get("consultation", ""), party=request.POST.get("party", ""),
                     agrees=request.POST.get("agrees") == "yes", reference=request.POST.get("reference", "").strip()[:80],
                     words=request.POST.get("words", "").strip()[:4000])
        return Text("已答复。", "Answered.")
    if deed == "gather":
        return gather_from(request, held)
    if deed == "reassign":
        person = request.POST.get("to", "")
        to = User.objects.filter(pk=int(person)).first() if person.isdigit() else None
        task = request.POST.get("task", "")
        reassign(actor=request.user, task=int(task) if task.isdigit() else 0, to=to)
        return Text("已分派。", "Handed over.")
    procedure = procedure_for(held)
    transition = procedure.transitions.get(deed)
    if transition is None:
        raise missing()
    reason = request.POST.get("override_reason", "").strip()[:400]
    override = _paper(request, "override") if reason else None
    take_step_with_papers(
        actor=request.user, matter=held.pk, transition=deed, version=int(version) if version.isdigit() else None,
        fields={name: request.POST.get(f"field-{name}", "").strip()[:4000] for name in transition.fields},
        facts=held_facts.read_typed(procedure, {name: request.POST.get(f"fact-{name}", "") for name in _facts_asked(transition)}),
        papers=[paper for kind in transition.documents if (paper := _paper(request, kind)) is not None],
        override_reason=reason, override_paper=override)
    return Text(f"已办理：{transition.label.zh}。", f"Done: {transition.label.en}.")


def _paper(request: HttpRequest, kind: str) -> Paper | None:
    """A paper of the form; None when its fields are empty, so that the step says it is missing."""
    said = {name: request.POST.get(f"paper-{kind}-{name}", "").strip()[:300] for name in ("title", "number", "issuer", "issued_on")}
    upload = request.FILES.get(f"paper-{kind}-file")
    if not any(said.values()) and upload is None:
        return None
    if kind == REPLY:
        # Entered once on the form, as issued: the paper is the reply whose number and date the step names.
        said["number"] = said["number"] or request.POST.get("field-reply_number", "").strip()[:80]
        said["issued_on"] = said["issued_on"] or request.POST.get("field-reply_date", "").strip()[:10]
    issued = None
    if said["issued_on"]:
        try:
            issued = date.fromisoformat(said["issued_on"])
        except ValueError:
            raise Refused.because("bad_date", f"“{said['issued_on']}”不是日期。", f"“{said['issued_on']}” is not a date.",
                                  where=Place(field=f"paper-{kind}-issued_on"), remedy=("请按 2024-03-19 的形式填写。", "Write it as 2024-03-19."))
    title = said["title"] or (upload.name or "").rpartition(".")[0] if upload else said["title"]
    return Paper(kind, title, said["number"], said["issuer"], issued, upload.file if upload else None, (upload.name or "") if upload else "",
                 (upload.content_type or "") if upload else "")


def _facts_asked(transition: Transition) -> list[str]:
    return sorted({name for guard in transition.guards for name in guard.facts_used()})


# ---- what the page shows -------------------------------------------------------------------------------------


def _list_case(held: Matter) -> dict[str, Any] | None:
    """The entry of a list that the matter began with."""
    case = case_behind(held)
    return None if case is None else {"title": LISTS[case.kind], "year": case.year, "content": case.content, "digest": case.digest}


def _context(request: HttpRequest, held: Matter, findings: list[Finding], deed: str) -> dict[str, Any]:
    procedure, running = procedure_for(held), running_of(held)
    standing = standing_of(request.user, procedure, held)
    facts = held_facts.known(procedure, held.facts)
    today, calendar = clock.today(), working_days()
    ways = offers(procedure, running, parties=set(standing.parties), facts={**facts, **_typed(held, procedure, request.POST)},
                  actor=str(request.user.pk), bound=standing.bound)
    said_before = {name: value for step in held.steps.order_by("number") for name, value in step.fields.items()}
    return {
        "list_case": _list_case(held), "linked": linked_of(held, request.user),
        "case": case_context(request, held, procedure, standing.parties), "not_asked": _not_asked(procedure, running),
        "matter": held, "procedure": procedure, "state": procedure.states[held.state], "mark": state_mark(held), "findings": findings,
        "crumbs": [{"label": Text("办件", "Matters"), "address": reverse("matters")}, {"label": f"#{held.pk}"}],
        "ways": [_way(held, procedure, each, facts, request.POST if deed == each.transition.code else {}, standing.parties, said_before)
            for each in ways],
        "waits_for": [procedure.parties[party].label for party in procedure.states[held.state].waits_for],
        "opinions": _opinions(held, procedure, running, set(standing.parties)), "past_opinions": _past_opinions(held, procedure, running),
        "clocks": [
            {"label": each.label, "party": procedure.parties[each.party].label if each.party else None, "used": each.used, "state": each.state,
             "unit": _UNITS[each.length.unit.value], "due": due_cell(each.due, each.is_provisional, today, calendar), "citation": each.citation}
            for each in clocks_of(held, today, calendar)
        ],
        "tasks": [_task(request, procedure, each, today, calendar)
                  for each in held.tasks.filter(closed_at__isnull=True).select_related("organisation", "assignee")],
        "facts": [{"label": fact.label, "value": _fact_words(held_facts.in_words(code, facts.get(code))), "is_gathered": code in held.gathered,
                   "by": procedure.parties[fact.supplied_by].label if fact.supplied_by else None}
                  for code, fact in procedure.facts.items()],
        "steps": _steps(held, procedure), "deed": deed, "drafts": KINDS.values(), "accept": ACCEPT,
        "subject_address": reverse("port", args=[held.port_code]) if held.port_code else "",
    }


def _not_asked(procedure: Procedure, running: Any) -> list[Text]:
    """The parties that an open consultation could have asked and was not told to: noted, and no silence."""
    names = [party for each in consultations_of(procedure, running) for party in each.parties if party not in asked_of(running, each)]
    return [procedure.parties[party].label for party in dict.fromkeys(names)]


def _typed(held: Matter, procedure: Procedure, said: Any) -> dict[str, Any]:
    """The facts just typed in a form that was refused, so that the page answers to them; unreadable ones are left out."""
    found: dict[str, Any] = {}
    for name in procedure.facts:
        if name in held.gathered:
            continue
        try:
            found |= held_facts.read_typed(procedure, {name: said.get(f"fact-{name}", "")})
        except Refused:
            continue
    return found


_UNITS = {"working_days": Text("个工作日", "working days"), "calendar_days": Text("天", "days"), "months": Text("个月", "months")}


def _way(
    held: Matter, procedure: Procedure, offer: Offer, facts: Mapping[str, Any], said: Any, parties: Mapping[str, Any], before: Mapping[str, Any],
) -> dict[str, Any]:
    one = offer.transition
    overriders = {guard.may_override for guard in one.guards if guard.may_override} & set(parties)
    return {
        "transition": one, "unmet": offer.unmet, "is_open": offer.is_open,
        "needs_facts": bool([each for each in offer.unmet if each.code in ("fact_unknown", "guard_unmet")]),
        "fields": [{"name": f"field-{name}", "label": procedure.fields[name], "is_day": held_facts.asks_for_day(name),
                    "value": said.get(f"field-{name}", before.get(name, "") if name not in _ANEW else "")} for name in one.fields],
        "papers": [{"kind": kind, "label": procedure.documents[kind], **_said_of_paper(kind, said)} for kind in one.documents],
        "facts": [_fact_field(procedure, name, facts, said) for name in _facts_asked(one) if name not in held.gathered],
        "may_override": bool(overriders) and any(each.code == "guard_unmet" for each in offer.unmet),
        "override": _said_of_paper("override", said) | {"reason": said.get("override_reason", "")}, "was_sent": bool(said),
    }


# Filled in anew at each step; other fields come back as they were last said.
_ANEW = ("reason",)


def _said_of_paper(kind: str, said: Any) -> dict[str, str]:
    return {name: said.get(f"paper-{kind}-{name}", "") for name in ("title", "number", "issuer", "issued_on")}


def _fact_field(procedure: Procedure, name: str, facts: Mapping[str, Any], said: Any) -> dict[str, Any]:
    fact, value = procedure.facts[name], facts.get(name)
    typed = {True: "yes", False: "no", None: ""}[value] if fact.kind is FactKind.BOOL else "" if value is None else str(value)
    return {"name": f"fact-{name}", "label": fact.label, "kind": fact.kind.value, "value": said.get(f"fact-{name}", typed),
            "by": procedure.parties[fact.supplied_by].label if fact.supplied_by else None}


def _fact_words(value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, bool):
        return here(Text("是", "Yes") if value else Text("否", "No"))
    return here(value) if isinstance(value, Text) else value


def answer_mark(agrees: bool | None) -> Any:
    """Agreed, objected, or no answer in time."""
    if agrees is None:
        return badge(here(Text("逾期未答复", "No answer in time")), "dotted-ring", "none")
    return badge(here(Text("同意", "Agrees")), "disc-check", "ok") if agrees else badge(here(Text("不同意", "Objects")), "triangle-cross", "bad")


def _opinions(held: Matter, procedure: Procedure, running: Any, parties: set[str]) -> list[dict[str, Any]]:
    given = {(each.consultation, each.party, each.round): each for each in held.opinions.select_related("actor")}
    found = []
    for asked in consultations_of(procedure, running):
        turn = running.round_of(asked.state)
        for party in asked_of(running, asked):
            kept = given.get((asked.code, party, turn))
            found.append({"consultation": asked, "party": procedure.parties[party], "kept": kept, "mark": answer_mark(kept.agrees) if kept else None,
                          "is_mine": kept is None and party in parties, "is_bare": party in asked.bare})
    return found


def _past_opinions(held: Matter, procedure: Procedure, running: Any) -> list[dict[str, Any]]:
    now = {(each.code, running.round_of(each.state)) for each in consultations_of(procedure, running)}
    return [
        {"consultation": procedure.consultations[each.consultation], "party": procedure.parties[each.party], "kept": each,
         "mark": answer_mark(each.agrees)}
        for each in held.opinions.select_related("actor") if (each.consultation, each.round) not in now
    ]


def _task(request: HttpRequest, procedure: Procedure, task: Task, today: date, calendar: Any) -> dict[str, Any]:
    user: Any = request.user
    party = procedure.parties[task.party].label
    doing = Text("办理", "to act") if ":act:" in task.key else Text("答复", "to answer")
    mine = task.organisation_id == user.organisation_id and f" {user.role} " in task.roles
    label = Text(f"{party.zh}{doing.zh}：{task.label_zh}", f"{party.en} {doing.en}: {task.label_en}")
    return {"task": task, "label": label, "due": due_cell(task.due_on, task.is_provisional, today, calendar), "is_mine": mine,
            "people": list(people_of(task.organisation, task.roles.split())) if mine else []}


def _paper_of(procedure: Procedure, kind: str, document: Document) -> dict[str, Any]:
    """A paper of a step with its files; those that no longer fit their checksum are marked."""
    label = Text("越过条件所依文件", "Paper by which a condition was passed") if kind == OVERRIDE else procedure.documents.get(kind, Text(kind, kind))
    return {"label": label, "document": document, "files": [(each, quick_state(each)) for each in document.versions.all()]}


def _steps(held: Matter, procedure: Procedure) -> list[dict[str, Any]]:
    found = []
    for step in held.steps.select_related("actor", "actor__organisation", "on_behalf_of").order_by("-number"):
        transition = procedure.transitions.get(step.transition)
        found.append({
            "step": step, "label": transition.label if transition else Text("发起", "Begun"), "state": procedure.states[step.state].label,
            "citation": transition.citation if transition else procedure.citation,
            # A way that nobody may take is a clock's; the others the system takes for somebody: begun or decided elsewhere.
            "is_by_clock": transition is not None and not transition.by,
            "fields": [(procedure.fields[name], value) for name, value in step.fields.items() if name in procedure.fields and value],
            "papers": [_paper_of(procedure, kind, paper) for kind, paper in papers_of(step.documents).items()],
        })
    return found


@page("matters.read")
def draft(request: HttpRequest, number: int, kind: str, form: str) -> HttpResponse:
    """A draft written from the record, as Word to go on with or as PDF to look at; the trail records who took it."""
    held = get_matter(request.user, int(number))
    paper = draft_of(held, kind)
    content = docx_of(paper) if form == "docx" else pdf_of(paper)
    record_event("export", actor_id=request.user.pk, payload={"matter": held.pk, "draft": kind, "format": form})
    response = HttpResponse(content, content_type=_FORMS[form])
    name = quote(f"{paper.title}（草稿）.{form}")
    response["Content-Disposition"] = f"attachment; filename=\"{kind}-{held.pk}.{form}\"; filename*=UTF-8''{name}"
    response["Cache-Control"] = "private, no-store"
    return response


_FORMS = {"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "pdf": "application/pdf"}

urlpatterns = [
    path("matters/<int:number>", matter, name="matter"),
    re_path(r"^matters/(?P<number>\d{1,12})/draft/(?P<kind>[a-z]+)\.(?P<form>docx|pdf)$", draft, name="matter-draft"),
]
