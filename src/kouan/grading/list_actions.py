"""Recording a list, and opening a matter from an entry of one.

A recorded list is frozen with its recipe: the facts of every entry, the readings in force, the software. What was
recorded is never edited; a later record is the next revision.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from kouan import __version__
from kouan.accounts.action import action
from kouan.accounts.models import Role
from kouan.basis import Conflict, EvidenceRef, NotFound, Place, Refused, SubjectRef, Text
from kouan.collection.models import LineageLink
from kouan.desk.matters.actions import Concerns, open_matter
from kouan.desk.matters.models import Matter
from kouan.desk.matters.registry import in_force
from kouan.grading.list_facts import compile_list, entry_of, running_cases
from kouan.grading.lists import Entry
from kouan.grading.models import ListCase, ListEntry, ListRecord
from kouan.grading.queries import digest_of


@dataclass(frozen=True, slots=True)
class Recorded:
    """The list on record; ``is_new`` False where nothing differed from the last revision."""

    record: ListRecord
    is_new: bool


def frozen(entry: Entry) -> dict[str, Any]:
    """An entry as it is kept: plain JSON."""
    found: dict[str, Any] = json.loads(json.dumps(entry.as_dict(), ensure_ascii=False, default=str))
    return found


@action("lists.record")
def record_list(*, actor: Any, kind: str, year: int | None = None, as_of: date | None = None) -> Recorded:
    """Keep a list of the whole nation as it stands: entries, counts and recipe. The same list again writes nothing."""
    compiled = compile_list(actor, kind, year, as_of)
    contents = [frozen(each) for each in (*compiled.listed, *compiled.other_only)]
    readings = [each.as_dict() for each in compiled.readings]
    digest = digest_of([contents, compiled.counts, [each["value"] for each in readings]])
    before = ListRecord.objects.filter(kind=kind, year=compiled.year).order_by("-revision").first()
    if before is not None and before.digest == digest:
        return Recorded(before, False)
    record = ListRecord.objects.create(
        kind=kind,
        year=compiled.year,
        revision=before.revision + 1 if before else 1,
        as_of=compiled.as_of,
        counts=compiled.counts,
        digest=digest,
        recipe={
            "list": kind,
            "year": compiled.year,
            "as_of": compiled.as_of.isoformat(),
            "readings": readings,
            "law_digest": compiled.law.digest,
            "software": __version__,
        },
        actor_id_recorded=actor.pk,
    )
    ListEntry.objects.bulk_create(
        [
            ListEntry(
                record=record,
                subject=said["subject"],
                port_code=said["port"] or "",
                province_code=said["province_code"],
                city_code=said["city_code"],
                content=said,
                digest=digest_of(said),
            )
            for said in contents
        ]
    )
    _link("list", str(record.pk), record.revision, compiled.listed)
    return Recorded(record, True)


@action("matters.act")
def open_case(
    *,
    actor: Any,
    kind: str,
    subject: str,
    procedure: str = "",
    port: str = "",
    year: int | None = None,
    record: ListRecord | None = None,
) -> Matter:
    """Begin the matter that an entry leads to, with the facts that the list knows and the entry itself as evidence.

    ``procedure``: one of those that the entry opens (the first by default). ``port``: of a set of ports, which one the
    matter is about. ``record``: the recorded list that it is opened from. Raises ``Conflict`` where one runs already.
    """
    compiled, entry = entry_of(actor, kind, subject, year)
    code = procedure or (entry.opens[0] if entry.opens else "")
    if code not in entry.opens:
        raise Refused.because(
            "opens_nothing",
            "这一条目前不需要办件。",
            "This entry asks for no matter at present.",
            where=Place(field="procedure"),
            remedy=("请核对判定。", "Look at the verdict again."),
        )
    about = dict(entry.about)
    chosen = port or (next(iter(about)) if len(about) == 1 else "")
    if about and chosen not in about:
        raise Refused.because(
            "which_port",
            "请选择由哪个口岸并入其他口岸。",
            "Choose which of the ports is to be merged into another.",
            where=Place(field="port"),
            remedy=(f"可选：{'、'.join(about.values())}。", f"Choose one of {', '.join(about)}."),
        )
    running = [each for each in running_cases(actor, [entry]).get(subject, ()) if each.procedure == code and chosen in ("", each.port_code)]
    if running:
        raise Conflict.because(
            "case_runs_already",
            f"已有在办的办件 #{running[0].pk}“{running[0].title}”。",
            f"Matter #{running[0].pk} “{running[0].title}” is running already.",
            measured=str(running[0].pk),
            remedy=("请打开该办件继续办理。", "Open that one and go on."),
        )
    found = in_force(code).procedure
    facts = {name: value for name, value in entry.case_facts.items() if name in found.facts}
    concerns = Concerns(SubjectRef.of("port", chosen) if chosen else None, entry.province_code, entry.city_code, chosen)
    matter: Matter = open_matter(
        actor=actor, procedure=code, title=_title(found.title, about.get(chosen) or entry.name.zh), concerns=concerns, facts=facts
    )
    said = frozen(entry)
    held = None if record is None else ListEntry.objects.filter(record=record, subject=subject).first()
    case = ListCase.objects.create(
        kind=kind,
        year=compiled.year,
        subject=subject,
        port_code=chosen,
        matter=matter,
        entry=held,
        content=said,
        digest=digest_of(said),
        actor_id_recorded=actor.pk,
    )
    used = [EvidenceRef("grading", "list_case", case.pk, 1, case.digest)]
    if held is not None:
        used.append(EvidenceRef("grading", "list_entry", held.pk, held.record.revision, held.digest))
    LineageLink.objects.bulk_create([_lineage("desk", "matter", str(matter.pk), 1, each) for each in used])
    _link("list_case", str(case.pk), 1, (entry,))
    return matter


def _title(procedure: Text, name: str) -> str:
    return f"{name}：{procedure.zh}"[:200]


def _link(kind: str, pk: str, revision: int, entries: Any) -> None:
    """Write down the series that the entries' yearly verdicts were read from, each once (contract 5)."""
    used = {(ref.uri, ref.digest): ref for entry in entries for year in entry.years for ref in year.evidence}
    LineageLink.objects.bulk_create([_lineage("grading", kind, pk, revision, used[key]) for key in sorted(used)])


def _lineage(room: str, kind: str, pk: str, revision: int, used: EvidenceRef) -> LineageLink:
    return LineageLink(
        user_room=room,
        user_kind=kind,
        user_id=pk,
        user_revision=revision,
        used_room=used.room,
        used_kind=used.kind,
        used_id=str(used.id),
        used_revision=used.revision,
        used_digest=used.digest or "",
    )


def may_open(actor: Any, entry: Entry) -> list[tuple[str, Text]]:
    """The procedures of an entry that are in force and whose first step waits for somebody like the actor: (code, title)."""
    found = []
    for code in entry.opens:
        try:
            procedure = in_force(code).procedure
        except NotFound:
            continue
        roles = {role for party in procedure.states[procedure.first].waits_for for role in procedure.parties[party].roles}
        # Where nobody of its own stands for a party, the national office takes its desk in; so it may begin for one.
        if getattr(actor, "role", "") in {*roles, Role.NATIONAL_OFFICER}:
            found.append((code, procedure.title))
    return found
