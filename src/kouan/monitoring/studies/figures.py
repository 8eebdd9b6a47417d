"""The figures of a study from its timelines: the whole, strata, segments, owners, causes, and which cases no figure holds.

Pure: what it answers is JSON, the same for the same cases, and is frozen as it is. Lengths are hours; nothing is rounded and nothing trimmed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kouan.monitoring.studies.selection import Asked, Leg
from kouan.monitoring.timing.breakdown import breakdown
from kouan.monitoring.timing.causes import RULES, causes
from kouan.monitoring.timing.compare import Comparison, compare
from kouan.monitoring.timing.events import HOUR
from kouan.monitoring.timing.explain import STATUS
from kouan.monitoring.timing.norms import Norm, judge
from kouan.monitoring.timing.statistics import base_2017, summarise
from kouan.monitoring.timing.survival import kaplan_meier
from kouan.monitoring.timing.timeline import Status, Timeline

# Cases named in the figures; all of them stand among the frozen cases.
MOST_NAMED = 200
_LegKey = tuple[str, str, str]


@dataclass(frozen=True)
class Measured:
    """The figures of a study, and its cases one by one (both JSON)."""

    figures: dict[str, Any]
    cases: dict[str, Any]


def measured(
    asked: Asked, everything: Sequence[Leg], drawn: Sequence[Leg], timelines: Sequence[Timeline], norms: Sequence[Norm], as_of: int,
) -> Measured:
    """Figures and cases. ``everything``: the population; ``drawn``: the cases measured; ``as_of``: up to when running cases are told (µs)."""
    legs: dict[_LegKey, Leg] = {(leg.case_id, leg.case_kind, leg.mode): leg for leg in drawn}
    own = [each for each in timelines if each.whole.code == asked.whole and (each.case_id, each.case_kind, each.mode) in legs]
    own.sort(key=lambda each: (each.case_id, each.case_kind, each.mode))
    done = [each for each in own if each.status is Status.COMPLETE]
    told = breakdown(own).as_dict()
    base = base_2017(asked.whole, asked.direction, asked.last_day)
    found = causes(own, norms)
    figures = {
        "whole": told["whole"] or asked.whole, "as_of_us": as_of,
        "overall": summarise([each.us or 0 for each in done], base_hours=base, on=asked.last_day).as_dict(),
        "provisional": _provisional(own, as_of), "coverage": _coverage(everything, drawn, own),
        "strata": _strata(everything, own, legs), "segments": told["segments"],
        "by_owner": _shares(told["by_owner"]), "by_nature": _shares(told["by_nature"]), "standing": told["standing"],
        "declared_ahead": _declared_ahead(done),
        "norms": _norms(own, norms),
        "causes": {
            "judged": found.judged, "is_enough": found.is_enough, "long": len(found.cases), "by_cause": found.by_cause(),
            "rules": {code: RULES[code].as_dict() for code in sorted({each.rule for each in found.cases})},
            "cases": [each.as_dict() for each in found.cases[:MOST_NAMED]],
        },
    }  # fmt: skip
    return Measured(figures, _cases(own, legs))


def lengths(cases: dict[str, Any]) -> list[int]:
    """The lengths (µs) of the complete cases of a study."""
    return [row[6] for row in cases["cases"] if row[6] is not None]


def segment_lengths(cases: dict[str, Any]) -> dict[tuple[str, str, str], list[int]]:
    """The lengths (µs) by segment: the two milestones, and the parts that a missing one hides."""
    found: dict[tuple[str, str, str], list[int]] = {}
    for row in cases["cases"]:
        for place, us in row[7]:
            found.setdefault(tuple(cases["pairs"][place]), []).append(us)
    return found


def compared(before: dict[str, Any], after: dict[str, Any]) -> tuple[Comparison, list[tuple[tuple[str, str, str], Comparison]]]:
    """Two studies' cases: the whole, and each segment that both have, in the order of the later one."""
    old, new = segment_lengths(before), segment_lengths(after)
    return compare(lengths(before), lengths(after)), [(key, compare(old[key], held)) for key, held in new.items() if key in old]


def _coverage(everything: Sequence[Leg], drawn: Sequence[Leg], own: Sequence[Timeline]) -> dict[str, Any]:
    """How many cases there were, how many were looked at, how many have a length, and the others with the reason."""
    held: dict[Status, list[str]] = {}
    for each in own:
        held.setdefault(each.status, []).append(each.case_id)
    flows = len(drawn) - len(own)
    out = [
        {"status": status.value, "words": STATUS[status].as_dict(), "n": len(ids), "cases": ids[:MOST_NAMED]}
        for status, ids in sorted(held.items(), key=lambda row: -len(row[1])) if status is not Status.COMPLETE
    ]  # fmt: skip
    if flows:
        words = {"zh": "所测时间没有适用的定义", "en": "no definition of the whole fits"}
        out.append({"status": "no_definition", "words": words, "n": flows, "cases": []})
    return {"population": len(everything), "drawn": len(drawn), "measured": len(held.get(Status.COMPLETE, [])), "left_out": out}


def _strata(everything: Sequence[Leg], own: Sequence[Timeline], legs: dict[_LegKey, Leg]) -> list[dict[str, Any]]:
    of: dict[tuple[str, str], list[int]] = {}
    for each in own:
        if each.status is Status.COMPLETE:
            of.setdefault(legs[each.case_id, each.case_kind, each.mode].stratum, []).append(each.us or 0)
    chosen = Counter(leg.stratum for leg in legs.values())
    return [
        {"port": stratum[0], "channel": stratum[1], "population": n, "drawn": chosen[stratum], "summary": summarise(of.get(stratum, [])).as_dict()}
        for stratum, n in sorted(Counter(leg.stratum for leg in everything).items())
    ]


def _provisional(own: Sequence[Timeline], as_of: int) -> dict[str, Any] | None:
    """The median with the running cases counted as “longer than their age”; None where none runs."""
    ended = [each.us or 0 for each in own if each.status is Status.COMPLETE]
    ages = [age for each in own if (age := each.age_us(as_of)) is not None and age >= 0]
    if not ages:
        return None
    curve = kaplan_meier(ended + ages, [True] * len(ended) + [False] * len(ages))
    median, interval = curve.quantile(0.5), curve.interval_of_median()
    return {"running": len(ages), "median_hours": None if median is None else median / HOUR, "interval": None if interval is None else {
        "low_hours": interval.low / HOUR, "high_hours": interval.high / HOUR, "confidence": interval.confidence, "rule": interval.rule}}  # fmt: skip


def _shares(of: dict[str, int]) -> list[dict[str, Any]]:
    total = sum(of.values())
    return [{"code": code, "hours": us / HOUR, "share": us / total if total else 0.0} for code, us in of.items()]


def _declared_ahead(done: Sequence[Timeline]) -> dict[str, Any]:
    """Declarations before the goods arrived (提前申报): how many, and how long before as a median."""
    ahead = [-early.us for each in done for early in each.before_start if early.milestone == "declared"]
    return {"n": len(ahead), "share": len(ahead) / len(done) if done else None, "lead": summarise(ahead).as_dict()}


def _norms(own: Sequence[Timeline], norms: Sequence[Norm]) -> list[dict[str, Any]]:
    """Each norm held against the cases: how many met it, how many not, of how many it cannot be said."""
    found: dict[tuple[str, ...], tuple[Norm, Counter[bool | None]]] = {}
    for each in own:
        for check in judge(each, norms):
            found.setdefault((*check.norm.subject, check.norm.name.zh), (check.norm, Counter()))[1][check.is_met] += 1
    return [
        {"name": norm.name.as_dict(), "subject": list(norm.subject), "limit_hours": norm.limit_us / HOUR, "clock": norm.clock,
         "met": count[True], "over": count[False], "unknown": count[None],
         "citation": norm.citation.as_dict() if norm.citation else None}
        for norm, count in found.values()
    ]  # fmt: skip


def _cases(own: Sequence[Timeline], legs: dict[_LegKey, Leg]) -> dict[str, Any]:
    """Case by case: id, kind, mode, port, channel, status, µs (None unless complete), segments as (place in ``pairs``, µs), start, end."""
    pairs: dict[tuple[str, str, str], int] = {}
    rows = []
    for each in own:
        leg = legs[each.case_id, each.case_kind, each.mode]
        parts = [
            [pairs.setdefault((piece.start, piece.end, "+".join(part.code for part in piece.absorbed)), len(pairs)), piece.us] for piece in each.parts
        ]
        rows.append([each.case_id, each.case_kind, each.mode, leg.port, leg.channel, each.status.value,
                     each.us if each.status is Status.COMPLETE else None, parts if each.status is Status.COMPLETE else [],
                     each.start.occurred_at if each.start else None, each.end.occurred_at if each.end else None])  # fmt: skip
    return {"pairs": [list(pair) for pair in pairs], "cases": rows}
