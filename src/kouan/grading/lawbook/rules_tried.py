"""A change of law tried with every rule but the volume standard (that is ``preview.py``): on ports, provinces, cities and past cases.

A port: its rung of the withdrawal ladder, its proposed grade, whether it stands among those approved and not accepted.
A province: what its air ports say of the next airport (AC-A1). A city: whether its water ports are to be merged. Access
itself is asked of applications, so of past cases alone, each with the facts it was frozen with.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from kouan.basis import Refused, codes
from kouan.grading import lists
from kouan.grading.access import AccessAir
from kouan.grading.facts import PortFacts
from kouan.grading.grades import newest_scores, proposals
from kouan.grading.lawbook.cases import (
    LawOf,
    PastCase,
    Said,
    difference,
    past_cases,
    said_of_case,
    said_of_entry,
)
from kouan.grading.list_facts import WINDOW, lines_of, window_facts
from kouan.grading.province_gates import province_gates
from kouan.grading.queries import verdict_of
from kouan.grading.verdict import VERDICT_NAMES, Verdict
from kouan.grading.withdrawing import Rungs, run_of
from kouan.law import Law, registered_rules
from kouan.ports.models import Port, TransportMode

MOST_ROWS = 500
AIR_GATE = ("access.air_gate.", "access.gate_scope", "access.at_least", "access.unaccepted_until", "access.after_plan")


@dataclass
class Laws:
    """The law without the change, with it, and as if a later value had been in force in a year (None: as with it)."""

    before: Law
    after: Law
    as_if: Callable[[int], Law | None]
    _trials: dict[int, Law | None] = field(default_factory=dict)

    def trial(self, year: int | None) -> Law:
        """The law of the trial for a year."""
        if year is None:
            return self.after
        if year not in self._trials:
            self._trials[year] = self.as_if(year)
        return self._trials[year] or self.after

    @cached_property
    def three(self) -> tuple[LawOf, LawOf, LawOf]:
        return (lambda _: self.before), (lambda _: self.after), self.trial


def concerned_by(rules: Collection[str]) -> set[str]:
    """The rules that may come out otherwise: those that use what is changed, and the ladder, which counts volume verdicts."""
    return {*rules, *(("withdrawal_ladder",) if "volume_standard" in rules else ())}


def tried(
    user: Any, ports: Sequence[Port], laws: Laws, last: int, rules: Collection[str], keys: Collection[str],
) -> dict[str, Any]:
    """JSON-ready: ``by_rule`` (how many were tried, how many change), ``others`` and ``cases`` (who changes, and at which step).

    ``last``: the year at whose end the ladder is asked. ``rules``: those concerned, by key.
    """
    counts = {rule: {"ports": 0, "moved": 0, "cases": 0, "cases_moved": 0, "cannot": 0} for rule in registered_rules()}
    others: list[dict[str, Any]] = []
    for rule, row in _subjects(user, ports, laws, last, rules, keys):
        counts[rule]["ports"] += 1
        if row is not None:
            counts[rule]["moved"] += row["applies"]
            others.append(row)
    cases: list[dict[str, Any]] = []
    for case in past_cases(user, rules):
        counts[case.rule]["cases"] += 1
        try:
            found = _row({**_case_head(case), "rule": case.rule}, *(case.judge(each) for each in laws.three))
        except Refused:
            counts[case.rule]["cannot"] += 1  # facts of an earlier release that this one cannot read
            continue
        if found is not None:
            counts[case.rule]["cases_moved"] += found["applies"]
            cases.append(found)
    return {
        "by_rule": [{"rule": rule, "title": kind.title.as_dict(), "is_concerned": rule in rules, **counts[rule]}
                    for rule, kind in registered_rules().items()],
        "others": others[:MOST_ROWS], "cases": cases[:MOST_ROWS],
        "left_off": max(0, len(others) - MOST_ROWS) + max(0, len(cases) - MOST_ROWS),
    }


def _row(head: Mapping[str, Any], old: Said, new: Said, supposed: Said) -> dict[str, Any] | None:
    if old.verdict == new.verdict == supposed.verdict:
        return None
    applies = old.verdict != new.verdict
    return {
        **head, "before": _say(old), "after": _say(new), "supposed": _say(supposed), "applies": applies,
        "step": difference(old, new if applies else supposed),
    }


def _say(said: Said) -> dict[str, Any]:
    return {"verdict": said.verdict, "name": said.name.as_dict()}


def _case_head(case: PastCase) -> dict[str, Any]:
    return {
        "kind": case.kind, "number": case.number, "matter": case.matter, "title": case.title.as_dict(), "day": case.day.isoformat(),
        "port": case.port, "province_code": case.province, "recorded": {"verdict": case.verdict, "name": case.said.as_dict()},
    }


def _subjects(
    user: Any, ports: Sequence[Port], laws: Laws, last: int, rules: Collection[str], keys: Collection[str],
) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Everything of the register that a rule speaks of today: the rule, and the row where it comes out otherwise."""
    single = [port for port in ports if not port.is_group]
    if "withdrawal_ladder" in rules:
        yield from _ladder(single, laws, last)
    if "grade_proposal" in rules:
        yield from _grades(single, laws)
    if {"access_air", "access_water"} & set(rules):
        yield from _lists(single, laws, rules)
    if any(key.startswith(AIR_GATE) for key in keys):
        yield from _provinces(user, single, laws)


def _head(rule: str, port: Port, **more: Any) -> dict[str, Any]:
    return {"rule": rule, "kind": "port", "port": port.code, "name_zh": port.name_zh, "name_en": port.name_en,
            "province_code": port.province_code, **more}


def _ladder(ports: Sequence[Port], laws: Laws, last: int) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """The rung of every port at the end of a year, from ten yearly verdicts under each law."""
    held: dict[str, list[PortFacts]] = {}
    by_code = {port.code: port for port in ports}
    for port, facts, _ in window_facts(ports, last):
        held.setdefault(port.code, []).append(facts)
    rungs = {id(law): Rungs(law) for law in (laws.before, laws.after)}
    before, after, trial = laws.three
    for code, years in held.items():
        if years[-1].year != last:
            continue  # planned, closed or merged by then: there is nothing to withdraw
        verdicts = [{each.year or 0: verdict_of(each, law(each.year)).value for each in years} for law in (before, after, trial)]
        runs = [run_of(each, last, last - WINDOW + 1) for each in verdicts]
        under = (laws.before, laws.after, laws.after)
        rung = [rungs[id(law)].judge(run, years[-1].is_border) for run, law in zip(runs, under, strict=True)]
        if len({each.verdict for each in rung}) == 1:
            yield "withdrawal_ladder", None
            continue
        row = _row(_head("withdrawal_ladder", by_code[code], year=last), *(said_of_case(each) for each in rung))
        if row is not None:
            other = verdicts[1] if row["applies"] else verdicts[2]
            row["years"] = [
                {"year": year, "before": _name(was), "after": _name(other[year])} for year, was in verdicts[0].items() if other[year] != was
            ]
        yield "withdrawal_ladder", row


def _name(verdict: str) -> dict[str, Any]:
    return {"verdict": verdict, "name": VERDICT_NAMES[Verdict(verdict)].as_dict()}


def _grades(ports: Sequence[Port], laws: Laws) -> Iterator[tuple[str, dict[str, Any] | None]]:
    scores = newest_scores([port.code for port in ports])
    old, new = proposals(scores, law=laws.before), proposals(scores, law=laws.after)
    for port in ports:
        if port.code in scores:
            said = said_of_case(old[port.code].outcome), said_of_case(new[port.code].outcome)
            yield "grade_proposal", _row(_head("grade_proposal", port, year=scores[port.code].year), *said, said[1])


def _lists(ports: Sequence[Port], laws: Laws, rules: Collection[str]) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Ports approved and not accepted, and cities with several water ports: the two lists that rest on rules of access."""
    lines = lines_of(ports, laws.before.as_of)
    by_code = {port.code: port for port in ports}
    if "access_air" in rules:
        for line in lines:
            pair = [lists.unaccepted_entry(line, law) for law in (laws.before, laws.after)]
            if any(pair):
                old, new = map(said_of_entry, pair)
                yield "access_air", _row(_head("access_air", by_code[line.code]) | {"kind": "unaccepted"}, old, new, new)
    if "access_water" in rules:
        cities = [{entry.subject: entry for entry in lists.merge_entries(lines, law)} for law in (laws.before, laws.after)]
        for subject, entry in sorted((cities[0] | cities[1]).items()):
            old, new = (said_of_entry(each.get(subject)) for each in cities)
            head = {"rule": "access_water", "kind": "city", "port": "", "subject": subject, "name_zh": entry.name.zh, "name_en": entry.name.en,
                    "province_code": entry.province_code}
            yield "access_water", _row(head, old, new, new)


def _provinces(user: Any, ports: Sequence[Port], laws: Laws) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """What the air ports of a province say of its next airport: the first gate of airports alone, nothing else is known."""
    rule = AccessAir()
    for province in sorted({port.province_code for port in ports if port.mode == TransportMode.AIR and port.province_code}):
        said = []
        for law in (laws.before, laws.after):
            facts, _ = province_gates(user, province, law)
            said.append(said_of_case(rule.judge_row({name: each.value for name, each in facts.items()}, law)))
        name = codes.province(province).name
        head = {"rule": rule.key, "kind": "province", "port": "", "subject": f"province:{province}", "name_zh": name.zh, "name_en": name.en,
                "province_code": province}
        yield rule.key, _row(head, said[0], said[1], said[1])
