"""口岸等级: the scores submitted, what the rule proposes, what the national office decided, and the policy that follows.

Proposal and decision are two things, stored apart (A-14); the hub tier of a layout row is neither (A-15). Decisions
stand on two clocks: from which day the grade holds, and since when we know.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery, prefetch_related_objects

from kouan.basis import Text, clock
from kouan.grading.case_verdict import CaseVerdict
from kouan.grading.evaluation_results import NOTE, newest_results
from kouan.grading.facts import CLASS_NAMES, TransportClass
from kouan.grading.ladder import NAMED_LISTS
from kouan.grading.models import (
    CriterionScores,
    EvaluationResult,
    GradeDecision,
    PolicyCell,
    PortGrade,
    Stage,
)
from kouan.grading.named_lists import NamedIn, judged, named_in
from kouan.grading.queries import digest_of, law_as_of
from kouan.law import Law, Setting
from kouan.ports.models import Port

CRITERIA = {
    "strategy": Text("战略地位", "Strategic position"),
    "benefit": Text("经济社会效益", "Economic and social benefit"),
    "reach": Text("辐射带动作用", "Reach"),
}
GRADES = {
    PortGrade.HUB.value: Text("国际枢纽口岸", "International hub"),
    PortGrade.IMPORTANT.value: Text("国家重要口岸", "Nationally important"),
    PortGrade.REGIONAL.value: Text("地区普通口岸", "Regional"),
}
STAGES = {
    Stage.ACCESS.value: Text("准入", "Access"),
    Stage.WITHDRAWAL.value: Text("退出", "Withdrawal"),
    Stage.BUILDING.value: Text("建设", "Building"),
    Stage.RUNNING.value: Text("运行", "Running"),
}
UNDECIDED = Text("未定级", "Not graded")
NO_POLICY = Text("未制定", "None yet")


@dataclass(frozen=True)
class Proposed:
    """What the rule says of the newest scores of a port; without scores it is unknown, and says what is missing.

    ``lists``: those of the plan that name the port; ``under``: what the other reading of what a list does would give.
    ``evaluation``: the newest yearly result signed off, evidence beside the proposal and no part of its rule.
    """

    port_code: str
    scores: CriterionScores | None
    outcome: CaseVerdict
    lists: tuple[NamedIn, ...] = ()
    under: tuple[tuple[Setting, CaseVerdict], ...] = ()
    evaluation: EvaluationResult | None = None

    @property
    def grade(self) -> str | None:
        """The grade proposed; None while it cannot be told."""
        return self.outcome.verdict if self.outcome.verdict in GRADES else None

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, as a decision keeps it: verdict, scores with revision and paper, readings, steps, digest."""
        held = self.scores
        said = self.outcome.as_dict()
        others = [
            {
                "value": reading.value,
                "label": reading.label.as_dict(),
                "verdict": other.verdict,
                "verdict_name": other.name.as_dict(),
                "differs": other.verdict != self.outcome.verdict,
                "missing": [each["fact"] for each in other.missing],
            }
            for reading, other in self.under
        ]
        setting = self.outcome.law.setting(NAMED_LISTS)
        content = {
            "verdict": said["verdict"],
            "verdict_name": said["verdict_name"],
            "as_of": said["as_of"],
            "readings": [*said["readings"], {**setting.as_dict(), "others": others}],
            "differs_under": [
                *said["differs_under"],
                *({"setting": setting.key, "ambiguity": setting.ambiguity, **each} for each in others if each["differs"]),
            ],
            "lists": [each.as_dict() for each in self.lists],
            "steps": said["steps"],
            "law_digest": said["law_digest"],
            "rule_version": said["rule_version"],
            "missing": said["missing"],
            "scores": None
            if held is None
            else {
                "year": held.year,
                "revision": held.revision,
                "document": held.document_id,
                **{name: str(getattr(held, name)) for name in CRITERIA},
            },
        }
        if self.evaluation is not None:
            # The reference alone: decimals and bands are read where evaluation decides who reads them.
            content["evaluation"] = {"year": self.evaluation.year, "evidence": self.evaluation.evidence_uri,
                                     "evidence_digest": self.evaluation.evidence_digest, "note": NOTE.as_dict()}
        return {**content, "digest": digest_of(content)}


def newest_scores(codes: Iterable[str], year: int | None = None, known_at: datetime | None = None) -> dict[str, CriterionScores]:
    """By port, the last revision of the newest year's scores (or of one year), as known at a moment (now)."""
    rows = CriterionScores.objects.filter(port_code__in=list(codes)).select_related("document").order_by("year", "revision")
    if year is not None:
        rows = rows.filter(year=year)
    if known_at is not None:
        rows = rows.filter(recorded_at__lte=known_at)
    return {each.port_code: each for each in rows}


def proposals(codes: Iterable[str], year: int | None = None, law: Law | None = None) -> dict[str, Proposed]:
    """What the rule proposes for each port; a port without scores is unknown, never regional."""
    wanted = list(codes)
    scores, now, lists = newest_scores(wanted, year), law or law_as_of(), named_in(wanted)
    held_reading = now.setting(NAMED_LISTS)
    other_readings = [now.supposing(NAMED_LISTS, each) for each in held_reading.choices if each != held_reading.value]
    results = newest_results(wanted)
    found = {}
    for code in wanted:
        held = scores.get(code)
        row = {"code": code, **({} if held is None else {name: getattr(held, name) for name in CRITERIA})}
        rows = lists.get(code, ())
        bands = [each.list.band for each in rows]
        under = tuple((each.setting(NAMED_LISTS), judged(row, bands, each)) for each in other_readings) if rows else ()
        found[code] = Proposed(code, held, judged(row, bands, now), rows, under, results.get(code))
    return found


def proposed_verdict(code: str) -> str:
    """What the rule proposes for one port, as a word of ``CASE_VERDICTS``; without scores there is nothing to judge."""
    return proposals([code])[code].outcome.verdict if CriterionScores.objects.filter(port_code=code).exists() else "unknown"


def decisions_of(code: str) -> list[GradeDecision]:
    """Every decision on a port's grade, the one recorded last first."""
    return list(GradeDecision.objects.filter(port_code=code).select_related("document").order_by("-recorded_at", "-id"))


def grade_of(code: str, as_of: date | None = None, known_at: datetime | None = None) -> GradeDecision | None:
    """The decision that holds for a port on a day (today), as known at a moment (now)."""
    return grades_of([code], as_of, known_at).get(code)


def grades_of(codes: Iterable[str], as_of: date | None = None, known_at: datetime | None = None) -> dict[str, GradeDecision]:
    """By port, the decision that holds on a day: of those that have begun the latest, and of two from one day the later recorded."""
    rows = GradeDecision.objects.filter(port_code__in=list(codes), valid_from__lte=as_of or clock.today())
    if known_at is not None:
        rows = rows.filter(recorded_at__lte=known_at)
    held = {each.port_code: each for each in rows.order_by("valid_from", "recorded_at", "id")}
    if held:  # a port without a decision, as most are, needs no second table
        prefetch_related_objects(list(held.values()), "document")
    return held


def with_grade(rows: QuerySet[Port], as_of: date | None = None) -> QuerySet[Port]:
    """Ports with the grade that holds on a day as ``grade``; None where none was decided."""
    held = GradeDecision.objects.filter(port_code=OuterRef("code"), valid_from__lte=as_of or clock.today()).order_by(
        "-valid_from", "-recorded_at", "-id"
    )
    return rows.annotate(grade=Subquery(held.values("grade")[:1]))


# ---- the policy that follows from a grade ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PolicyFor:
    """The policy that applies to a port in a stage on a day. ``cell`` None: none was made, and ``why_none`` says for what."""

    port_code: str
    stage: str
    grade: str | None
    transport_class: str | None
    cell: PolicyCell | None
    why_none: Text | None


def policy_for(port: Port, stage: str, as_of: date | None = None, known_at: datetime | None = None) -> PolicyFor:
    """The one cell of the policy for a port's grade and class in a stage (R-089). Other rooms ask this and nothing else.

    Raises ``ValueError`` for a stage that is none of ``Stage``.
    """
    wanted = Stage(stage)
    decided = grade_of(port.code, as_of, known_at)
    held = _class_of(port, as_of, known_at)
    grade = decided.grade if decided else None
    if grade is None or held is None:
        lacking = Text("等级未定", "no grade was decided") if grade is None else Text("运输类别未定", "no transport class is decided")
        return PolicyFor(
            port.code, wanted.value, grade, held, None, Text(f"{lacking.zh}，不能确定适用的政策。", f"The policy cannot be told: {lacking.en}.")
        )
    cell = policy_cells(as_of, known_at).get((grade, held, wanted.value))
    if cell is None or not cell.text:
        kind = CLASS_NAMES[TransportClass(held)]
        return PolicyFor(
            port.code,
            wanted.value,
            grade,
            held,
            None,
            Text(
                f"“{GRADES[grade].zh}”中{kind.zh}类口岸在“{STAGES[wanted.value].zh}”环节的差别化政策未制定。",
                f"No differentiated policy was made for the grade “{GRADES[grade].en}”, class {kind.en}, in the stage “{STAGES[wanted.value].en}”.",
            ),
        )
    return PolicyFor(port.code, wanted.value, grade, held, cell, None)


def _class_of(port: Port, as_of: date | None, known_at: datetime | None) -> str | None:
    if as_of is None and known_at is None:
        return port.transport_class or None
    from kouan.ports.queries import state_of

    state = state_of(port, as_of, known_at)
    return (state.transport_class or None) if state else None


def policy_cells(as_of: date | None = None, known_at: datetime | None = None) -> dict[tuple[str, str, str], PolicyCell]:
    """The version of each cell that holds on a day, by grade, class and stage; cells nobody wrote are not there."""
    rows = PolicyCell.objects.filter(valid_from__lte=as_of or clock.today()).select_related("document")
    if known_at is not None:
        rows = rows.filter(recorded_at__lte=known_at)
    return {(each.grade, each.transport_class, each.stage): each for each in rows.order_by("valid_from", "version")}
