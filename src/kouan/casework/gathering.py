"""The facts that the system itself can say of a case, with where each came from.

Nothing is written here. A fact that the register or the figures do not hold is left out: missing is unknown, never
false. Verdicts are advice; each keeps its trace, its sentence of law and what another reading would give.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from kouan.basis import EvidenceRef, PeriodKind, SubjectKind, SubjectRef
from kouan.casework.models import CaseForm, TemporaryOpening
from kouan.desk.matters.facts import days_of
from kouan.desk.matters.models import Matter
from kouan.desk.matters.queries import procedure_for
from kouan.grading.access import AccessAir, AccessBorder, AccessWater
from kouan.grading.case_facts import read_case
from kouan.grading.case_rule import CaseRule
from kouan.grading.case_verdict import UNDECIDED
from kouan.grading.list_facts import case_behind
from kouan.grading.models import ClassTwoPort, ListKind
from kouan.grading.queries import evidence_of, judge, law_as_of
from kouan.grading.strategy_marks import mark_of
from kouan.grading.verdict import Verdict
from kouan.grading.withdrawing import counted_back
from kouan.law import Law
from kouan.monitoring.queries import flows_in, series_of
from kouan.ports.models import EventKind, Port, PortStatus, TransportClass, TransportMode
from kouan.ports.queries import counterpart_points_of

YEARS_BACK, YEARS_OF_FLOWS = 10, 3


@dataclass
class Gathered:
    """Facts by the procedure's names, the verdict with its trace, what was seen beside it, and the evidence."""

    facts: dict[str, Any] = field(default_factory=dict)
    verdict: dict[str, Any] | None = None
    record: dict[str, Any] = field(default_factory=dict)
    evidence: list[EvidenceRef] = field(default_factory=list)


def access_rule(mode: str, transport_class: str | None = None) -> CaseRule | None:
    """The rule of access for a mode: boundary rivers, rail and road by that of border ports."""
    if mode == TransportMode.AIR:
        return AccessAir()
    if mode == TransportMode.WATER and transport_class != TransportClass.BOUNDARY_RIVER:
        return AccessWater()
    return AccessBorder() if mode in (TransportMode.WATER, TransportMode.RAIL, TransportMode.ROAD) else None


def mode_of(matter: Matter, answers: Mapping[str, Any]) -> str:
    """The mode of transport that a case is about; empty where nothing says it."""
    port = port_of(matter)
    return port.mode if port else str(answers.get("new_mode", ""))


def port_of(matter: Matter) -> Port | None:
    """The port that a case is about, if it is on the register."""
    return Port.objects.filter(code=matter.port_code).first() if matter.port_code else None


def class_two_of(matter: Matter, answers: Mapping[str, Any]) -> ClassTwoPort | None:
    """The class-II port that a case is to clear: the one its form names, or the entry of the list that it began from."""
    code = str(answers.get("class_two", ""))
    case = None if code else case_behind(matter)
    if case is not None and case.kind == ListKind.CLASS_TWO:
        code = case.subject.removeprefix(f"{ListKind.CLASS_TWO.value}:")
    return ClassTwoPort.objects.select_related("clearance").filter(code=code).first() if code else None


def subjects_of(numbers: Collection[int]) -> dict[int, str]:
    """Of matters, by number, the class-II port that the form of each names, as the list of them calls it."""
    rows = CaseForm.objects.filter(matter__in=numbers, answers__has_key="class_two").values_list("matter_id", "answers__class_two")
    return {pk: f"{ListKind.CLASS_TWO.value}:{code}" for pk, code in rows}


def gather(matter: Matter, answers: Mapping[str, Any], access_facts: Mapping[str, Any], day: date) -> Gathered:
    """Everything that can be said on a day, restricted to the facts that the procedure asks."""
    procedure, port, found = procedure_for(matter), port_of(matter), Gathered()
    wanted, law = procedure.facts, law_as_of(day)
    mode = mode_of(matter, answers)
    if mode:
        found.facts["port_mode"] = mode
    found.facts |= {name: answers[name] for name in ("place_kind", "ground") if answers.get(name)}
    if port is not None:
        _of_register(found, matter, port, day)
        if {"ladder_verdict", "meets_volume"} & wanted.keys():
            _of_ladder(found, port, day, law)
        _seen_of(found, port, day)
    if "access_verdict" in wanted:
        _of_access(found, mode, port, access_facts, law)
    _of_others(found, matter, port, answers, day)
    found.facts = {name: value for name, value in found.facts.items() if name in wanted and value is not None}
    found.record["score"] = None  # 未评估: no round of evaluation has been signed off in this installation
    return found


def _of_register(found: Gathered, matter: Matter, port: Port, day: date) -> None:
    steps = list(matter.steps.order_by("number"))
    replied = next((each for each in reversed(steps) if each.transition == "record_reply"), None)
    replied_on = days_of(replied.fields).get("reply_date") if replied else None
    approved = replied_on or (port.approved_on if matter.procedure != "expansion" else None)
    if approved is not None and approved <= day:
        found.facts["years_since_approval"] = day.year - approved.year - ((day.month, day.day) < (approved.month, approved.day))
        accepted = port.events.filter(kind=EventKind.ACCEPTANCE, happened_on__gte=approved, happened_on__lte=day).exists()
        if accepted:
            found.facts["acceptance_passed"] = True
        elif port.status == PortStatus.APPROVED:
            found.facts["acceptance_passed"] = False
    if port.status != PortStatus.UNKNOWN:
        found.facts["is_open_port"] = port.status == PortStatus.OPEN
    found.facts["is_border"] = port.is_border
    mark = mark_of(port.code, day)
    if mark is not None:  # what nobody recorded is unknown, never unmarked
        found.facts["strategy_mark"] = mark.is_marked
        found.record["strategy_mark"] = {
            "is_marked": mark.is_marked, "from": mark.valid_from.isoformat(), "recorded_at": mark.recorded_at.isoformat(),
            "document": mark.document.reference, "reason": mark.reason,
        }
    if port.layout_links.exists():
        found.facts["is_listed_in_plan"] = True
    reply = port.changes.filter(attribute="approved_on").select_related("document").order_by("-recorded_at", "-id").first()
    if reply is not None and reply.document.document_number:
        found.facts["approval_reply_number"] = reply.document.document_number
    found.record["port"] = {
        "code": port.code, "version": port.version, "status": port.status, "approved_on": _iso(port.approved_on),
            "accepted_on": _iso(port.accepted_on),
    }


def _of_ladder(found: Gathered, port: Port, day: date, law: Law) -> None:
    """Years in a row below the standard, counted back from the last whole year, and what the ladder says of them."""
    rows = []
    for year in range(day.year - 1, day.year - 1 - YEARS_BACK, -1):
        judged = judge([port], year, law)[0]
        outcome = judged.outcome.as_dict()
        rows.append({
            "year": year, "verdict": outcome["verdict"], "verdict_name": outcome["verdict_name"], "margins": outcome["margins"],
            "citation": outcome["citation"], "evidence": [each.as_dict() for each in judged.evidence],
            "differs_under": outcome["differs_under"], "facts": judged.facts.as_dict(),
        })
        if year == day.year - 1 and judged.outcome.verdict in (Verdict.MEETS, Verdict.FAILS):
            found.facts["meets_volume"] = judged.outcome.verdict == Verdict.MEETS
        # The run of years below rests on its own years and on the one that ends it.
        if all(each["verdict"] == Verdict.FAILS for each in rows[:-1]):
            found.evidence += [each for each in judged.evidence if each not in found.evidence]
    counted = counted_back([each["verdict"] for each in rows], day.year - 1, port.is_border, law, found.facts.get("strategy_mark"))
    found.verdict = _plain(counted.ladder.as_dict())
    found.record["years"] = _plain(rows)
    found.record["years_below"] = {"count": counted.count, "is_definite": counted.is_definite}
    # A case judged again under another law rests on what it knew then.
    found.record["ladder_facts"] = {"is_border": port.is_border, "strategy_mark": found.facts.get("strategy_mark")}
    if counted.ladder.verdict != UNDECIDED:
        found.facts["ladder_verdict"] = counted.ladder.verdict


def _of_access(found: Gathered, mode: str, port: Port | None, access_facts: Mapping[str, Any], law: Law) -> None:
    rule = access_rule(mode, port.transport_class if port else None)
    if rule is None:
        return
    facts, _ = read_case(access_facts, law.library, rule.facts_read(law.library), law.as_of)
    verdict = rule.judge(facts, law)
    found.verdict = _plain(verdict.as_dict())
    found.record["access_facts"] = _plain(dict(access_facts))
    if verdict.verdict != UNDECIDED and facts.values:
        found.facts["access_verdict"] = verdict.verdict


def _of_others(found: Gathered, matter: Matter, port: Port | None, answers: Mapping[str, Any], day: date) -> None:
    target = Port.objects.filter(code=answers.get("target", "")).first() if answers.get("target") else None
    if port is not None and target is not None:
        found.facts["is_same_mode"] = port.mode == target.mode
        if port.city_code and target.city_code:
            found.facts["is_same_city"] = port.city_code[:4] == target.city_code[:4]
        if port.is_border is not None and target.is_border is not None:
            found.facts["is_border"] = port.is_border or target.is_border
        found.record["target"] = {"code": target.code, "version": target.version}
    listed = class_two_of(matter, answers)
    if listed is not None:
        found.facts["is_on_class_two_list"] = not hasattr(listed, "clearance")
    if answers.get("opening"):
        opening = TemporaryOpening.objects.filter(pk=answers["opening"]).first()
        if opening is not None:
            found.facts |= {"place_kind": opening.place_kind or None, "is_in_temporary_use": opening.is_in_use(day),
                            "asked_before_end": _began_on(matter, day) <= opening.last_day}
            found.record["opening"] = {"from": opening.opened_from.isoformat(), "to": opening.last_day.isoformat()}


def _seen_of(found: Gathered, port: Port, day: date) -> None:
    """Projects of the plan that name the port, and the flows of the last years; the other side's counts apart."""
    found.record["projects"] = list(port.projects.values("project_id", "box", "programme_zh", "programme_en", "object_zh", "quote"))
    points = counterpart_points_of(port)
    subjects = [SubjectRef.of(SubjectKind.PORT, port.code), *(SubjectRef.of(SubjectKind.COUNTERPART_POINT, each.code) for each in points)]
    rows: dict[str, list[dict[str, Any]]] = {"own": [], "counterpart": [], "press": []}
    used = []
    for series in flows_in(series_of(subjects), kind=PeriodKind.YEAR, is_traced=True):
        of = "counterpart" if series.subject.kind is SubjectKind.COUNTERPART_POINT or series.origin == "counterpart" else \
            "press" if series.origin == "press" else "own"
        for flow in series.flows:
            if not day.year - YEARS_OF_FLOWS <= flow.period.start.year <= day.year:
                continue
            rows[of].append({
                "subject": str(series.subject), "measure": series.measure, "year": flow.period.start.year, "unit": series.unit,
                "origin": series.origin, "source": series.source, "value": None if flow.value is None else f"{flow.value:f}",
                "partial": None if flow.partial is None else f"{flow.partial:f}", "present": flow.present, "expected": flow.expected,
                "observations": sorted(each.observation for each in flow.used)[:12],
            })
            used += list(flow.used)
    found.record["flows"] = rows
    found.evidence += [each for each in evidence_of(used) if each not in found.evidence]


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, ensure_ascii=False, default=str))


def _began_on(matter: Matter, day: date) -> date:
    first = matter.steps.order_by("number").first()
    return first.taken_on if first else day
