"""Who may see what of the qualitative side: entries by the returns that one sees, an expert only what he or she is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet

from kouan.accounts.action import allows
from kouan.audit import record_event
from kouan.basis import Conflict, Finding, NotFound, Place
from kouan.desk.matters.parties import standing_of
from kouan.desk.matters.queries import procedure_for
from kouan.desk.models import DocumentVersion
from kouan.evaluation.rounds.evidence.models import (
    EntryDecision,
    EntryPaper,
    ExpertAsked,
    ExpertDeclaration,
    FiledEntry,
)
from kouan.evaluation.rounds.models import Round, RoundReturn
from kouan.evaluation.rounds.queries import is_national, returns_visible_to

BEFORE_FREEZE = ("collecting", "verifying")


@dataclass(frozen=True, slots=True)
class Standing:
    """As what somebody stands to a return: ``reporter``, ``verifier``, ``national``; and whom a delegation binds to him or her."""

    parties: frozenset[str]
    bound: frozenset[str]


def standing_at(user: Any, filed_in: RoundReturn) -> Standing:
    """The parties of a return's matter for which a user acts."""
    found = standing_of(user, procedure_for(filed_in.matter), filed_in.matter)
    return Standing(frozenset(found.parties), found.bound)


def return_for(user: Any, held: Round, port: str) -> RoundReturn:
    """The return that a port belongs to. NotFound says the same for a port in no return and for one out of sight."""
    found = next((each for each in returns_visible_to(user, held) if port in each.ports), None)
    if found is not None:
        return found
    if any(port in each.ports for each in held.returns.all()):
        record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "round_return", "code": f"{held.year}/{port}"[:120]})
    raise NotFound(Finding.error(
        "port_not_in_return", f"您能办理的报送中没有口岸“{port[:64]}”。", f"No return of yours has the port “{port[:64]}”.",
        where=Place(field="port"),
        remedy=("请核对口岸代码。", "Check the code of the port.")))


def entries_of(filed_in: RoundReturn, port: str = "") -> list[FiledEntry]:
    """The entries in force of a return: the newest of each port and item, decisions and papers at hand."""
    rows = filed_in.entries.all() if not port else filed_in.entries.filter(port=port)
    return newest(rows)


def newest(rows: QuerySet[FiledEntry]) -> list[FiledEntry]:
    """Of entries the newest revision of each return, port and item."""
    decisions = EntryDecision.objects.select_related("office", "decided_by").order_by("-number")
    found: dict[tuple[int, str, str], FiledEntry] = {}
    for each in rows.select_related("office", "filed_by").order_by("port", "item", "-revision").prefetch_related(
            Prefetch("decisions", queryset=decisions), Prefetch("papers", queryset=EntryPaper.objects.select_related("version__document"))):
        found.setdefault((each.filed_in_id, each.port, each.item), each)
    return list(found.values())


def decision_of(entry: FiledEntry) -> EntryDecision | None:
    """The decision in force on an entry, if there is one."""
    return next(iter(entry.decisions.all()), None)


def asked_visible_to(user: Any, held: Round) -> QuerySet[ExpertAsked]:
    """The national office all that experts were asked; an expert his or her own, while it stands; nobody else any."""
    rows = ExpertAsked.objects.filter(round=held).select_related("expert__organisation", "asked_by", "released_by")
    if is_national(user):
        return rows
    if not allows(user, "rounds.mark"):
        return rows.none()
    return rows.filter(expert_id=user.pk, released_on__isnull=True)


def conflicts_of(held: Round) -> dict[tuple[str, int], bool]:
    """By port and expert whether an interest was declared, by the newest declaration; who declared nothing is not in it."""
    rows = ExpertDeclaration.objects.filter(round=held).order_by("number")
    return {(each.port, each.expert_id): each.has_conflict for each in rows}


def evidence_file(user: Any, entry: int, version: int) -> DocumentVersion:
    """A file behind an entry: for whoever sees the return, and for an expert asked about its point without an interest in the port."""
    paper = EntryPaper.objects.select_related("version__document", "entry__filed_in__round").filter(entry_id=entry, version_id=version).first()
    if paper is not None and _may_read(user, paper.entry):
        return paper.version
    if paper is not None:
        record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "entry_paper", "code": f"{entry}/{version}"})
    raise NotFound(Finding.error("evidence_not_found", "没有这份佐证材料，或者它不在您的查看范围内。",
                                 "There is no such paper, or it lies outside what you may see.",
                                 remedy=("请从佐证页面进入。", "Start from the page of evidence.")))


def _may_read(user: Any, entry: FiledEntry) -> bool:
    held = entry.filed_in.round
    if returns_visible_to(user, held).filter(pk=entry.filed_in_id).exists():
        return True
    if not allows(user, "rounds.mark") or conflicts_of(held).get((entry.port, user.pk), True):
        return False
    return asked_visible_to(user, held).filter(port=entry.port, indicator=entry.item.partition("/")[0]).exists()


def refuse_stale(seen: int | None, now: int) -> None:
    """Conflict where what a writer saw (a revision, a number of decisions; None: not asked) is not what stands now."""
    if seen is not None and seen != now:
        raise Conflict.because("evidence_changed", "该项已有新的填报、核验或评分，本次未办理。",
                               "It was filed, decided or marked anew meanwhile; nothing was done.",
                               measured=now, required=seen, remedy=("请重新读取后再办理。", "Read it again first."))
