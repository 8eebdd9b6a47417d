"""Proof that the tables of cases (tests/grading/cases/*.yaml) reach all of 专栏5 and 专栏6.

What must be reached is worked out from the rule base itself: every step and every single condition with each outcome, both sides of
every number, the day on which each version begins and ends, every reading of every setting, and every pair of decisions of which
the stricter comes first. A new rule, value or reading fails here until a case stands for it; the message names what is missing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from types import CodeType, FrameType
from typing import Any

import pytest
from tests.grading.factories import RULE_FILES, a_row, cases, facts_of, law_of, law_of_case

from kouan.basis import Refused
from kouan.grading import VolumeStandard
from kouan.grading.case_rule import CaseRule
from kouan.grading.case_trial import CASE_RULES
from kouan.grading.case_verdict import CaseVerdict
from kouan.grading.standard import pick_standard
from kouan.grading.verdict import FlagCode, Verdict
from kouan.law import Law, Library, Question
from kouan.law.conditions import OUTCOMES, Asked
from kouan.law.criteria import Choice, Condition, Group, Node

LIBRARY = Library.shipped()
VOLUME = VolumeStandard()
LEAST_CASES = 249
DAY = timedelta(days=1)


def rule_of(key: str) -> CaseRule:
    return CASE_RULES[key.replace("_", "-")]()


@cache
def judged(rule: str) -> tuple[tuple[dict[str, Any], CaseVerdict], ...]:
    """Every case of a rule with its verdict and trace."""
    return tuple((case, rule_of(rule).judge_row(a_row(rule, case), law_of_case(case))) for case in cases(rule))


def missing(wanted: set[Any], seen: set[Any]) -> list[Any]:
    return sorted(wanted - seen, key=str)


def test_there_are_no_fewer_cases_than_before() -> None:
    assert sum(len(cases(rule)) for rule in RULE_FILES) + len(cases()) >= LEAST_CASES


# ---- 专栏5, the ladder and the grades: rules made of conditions ------------------------------------------------------


def leaves(node: Node) -> Iterator[Condition]:
    """The single conditions of a tree, of every reading."""
    if isinstance(node, Choice):
        for reading in node.readings.values():
            yield from leaves(reading)
    elif isinstance(node, Group):
        for part in node.parts:
            yield from leaves(part)
    else:
        yield node


def outcomes_of(tree: Asked, trace: tuple[Any, ...]) -> Iterator[tuple[Asked, str, tuple[Any, ...]]]:
    """Every node below a tree with its outcome; of a list of projects, of each project."""
    yield tree, OUTCOMES[trace[tree.at]], trace
    if tree.kind == "any_project":
        for item in trace[tree.projects_at][1]:
            yield from outcomes_of(tree.parts[0], item)
    else:
        for part in tree.parts:
            yield from outcomes_of(part, trace)


def named_steps(node: Node, above: str) -> Iterator[str]:
    """The ids of the steps that a tree shows, under every reading."""
    own = getattr(node, "id", None)
    if own:
        yield own
    below = node.readings.values() if isinstance(node, Choice) else node.parts if isinstance(node, Group) and node.kind != "any_project" else ()
    for each in below:
        yield from named_steps(each, own or above)


@pytest.mark.parametrize("rule", RULE_FILES)
def test_every_step_is_reached_with_every_outcome_in_every_version(rule: str) -> None:
    criteria = [LIBRARY.criteria[name] for name in rule_of(rule).criteria]
    wanted = {
        (step, version.in_force_from, outcome)
        for one in criteria for version in one.versions for step in {one.id, *named_steps(version.when, one.id)} for outcome in OUTCOMES
    }
    seen = {(step["rule"], date.fromisoformat(step["in_force_from"]), step["outcome"]) for _, verdict in judged(rule) for step in verdict.steps}
    assert not missing(wanted, seen), f"{rule}: no case reaches {missing(wanted, seen)}"


@pytest.mark.parametrize("criterion", sorted({name for rule in RULE_FILES for name in rule_of(rule).criteria}))
def test_every_single_condition_holds_fails_and_is_unknown_in_some_case(criterion: str) -> None:
    """Of every reading; a criterion that several rules ask (AC-G1) is one condition, proved by the cases of any of them."""
    wanted = {
        (leaf.fact, leaf.parameter or str(leaf.value), outcome)
        for version in LIBRARY.criteria[criterion].versions for leaf in leaves(version.when) for outcome in OUTCOMES
    }
    seen = set()
    for rule in RULE_FILES:
        for _, verdict in judged(rule):
            for one, _, tree in verdict.compiled.asked:
                if one.id == criterion:
                    seen |= {(node.fact, node.limit.key if node.limit else str(node.required), outcome)
                             for node, outcome, _ in outcomes_of(tree, verdict.trace) if node.kind == "test"}
    assert not missing(wanted, seen), f"{criterion}: no case reaches {missing(wanted, seen)}"


def limits(rule: str) -> set[tuple[str, date, str]]:
    """Every dated value that a tree asks for, and the fact held against it."""
    return {
        (leaf.parameter, value.in_force_from, leaf.fact)
        for name in rule_of(rule).criteria for version in LIBRARY.criteria[name].versions for leaf in leaves(version.when) if leaf.parameter
        for value in LIBRARY.parameters[leaf.parameter].values
    }


@pytest.mark.parametrize("rule", RULE_FILES)
def test_both_sides_of_every_number_decide_otherwise(rule: str) -> None:
    """A case exactly on the number and one just below it, each traced through the condition itself, with the outcomes that differ."""
    wanted = {(*limit, side) for limit in limits(rule) for side in ("at", "below")}
    seen = set()
    for case, verdict in judged(rule):
        row = a_row(rule, case)
        for _, _, tree in verdict.compiled.asked:
            for node, outcome, _ in outcomes_of(tree, verdict.trace):
                if node.limit is None or row.get(node.fact) is None:
                    continue
                given, limit = Decimal(str(row[node.fact])), node.limit.value
                place = (node.limit.key, node.limit.in_force_from, node.fact)
                if given == limit and outcome == ("true" if node.op == ">=" else "false"):
                    seen.add((*place, "at"))
                if 0 < limit - given <= max(Decimal(1), limit / 20) and outcome == "false":
                    seen.add((*place, "below"))
    assert not missing(wanted, seen), f"{rule}: no case stands at {missing(wanted, seen)}"


@pytest.mark.parametrize("rule", RULE_FILES)
def test_the_day_before_and_the_day_of_each_version_and_its_end(rule: str) -> None:
    asked_on = {verdict.as_of for _, verdict in judged(rule)}
    versions = [version for name in rule_of(rule).criteria for version in LIBRARY.criteria[name].versions]
    wanted = {day for version in versions for day in (version.in_force_from, version.in_force_from - DAY)}
    wanted |= {day for version in versions if version.covers_to for day in (version.covers_to, version.covers_to + DAY)}
    assert not missing(wanted, asked_on), f"{rule}: no case as of {missing(wanted, asked_on)}"


@pytest.mark.parametrize("rule", RULE_FILES)
def test_every_reading_holds_in_some_case_and_makes_the_difference_in_some_case(rule: str) -> None:
    wanted = {(key, choice, how) for key in rule_of(rule).settings for choice in LIBRARY.questions[key].choices for how in ("in force", "differs")}
    seen = set()
    for _, verdict in judged(rule):
        for key in rule_of(rule).settings:
            seen.add((key, verdict.law.setting(key).value, "in force"))
        for other in verdict.differs_under:
            # The two readings differ on these facts, so the case tells them apart whichever is in force.
            key = other.reading.key
            seen |= {(key, other.reading.value, "differs"), (key, verdict.law.setting(key).value, "differs")}
    assert not missing(wanted, seen), f"{rule}: no case for {missing(wanted, seen)}"


@pytest.mark.parametrize("rule", RULE_FILES)
def test_of_two_decisions_that_both_hold_the_earlier_gives_the_verdict(rule: str) -> None:
    """For every pair of decisions, under every order that a reading gives, a case in which both hold and the earlier one decides."""
    kind, laws = rule_of(rule), [Law(date(2024, 6, 30))]
    laws += [laws[0].supposing(key, choice) for key in kind.settings for choice in LIBRARY.questions[key].choices]
    wanted = {
        (first.criterion, first.verdict, later.criterion, later.verdict)
        for law in laws for place, first in enumerate(kind.decisions(law)) for later in kind.decisions(law)[place + 1:]
        if first.criterion != later.criterion and first.verdict != later.verdict
    }
    seen = set()
    for _, verdict in judged(rule):
        held = [each for each in kind.decisions(verdict.law) if verdict.outcome(each.criterion) == ("true" if each.is_met else "false")]
        if held and verdict.verdict == held[0].verdict:
            seen |= {(held[0].criterion, held[0].verdict, later.criterion, later.verdict) for later in held[1:]}
    assert not missing(wanted, seen), f"{rule}: no case in which both hold: {missing(wanted, seen)}"


# ---- 专栏6: the volume standard --------------------------------------------------------------------------------------


def lines_of(code: CodeType) -> set[int]:
    return {line for _, _, line in code.co_lines() if line is not None and line != code.co_firstlineno}


def run_all(judge: Callable[[dict[str, Any]], Any], codes: set[CodeType]) -> set[tuple[str, int]]:
    """The lines of some functions that the cases run."""
    reached: set[tuple[str, int]] = set()

    def local(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            reached.add((frame.f_code.co_qualname, frame.f_lineno))
        return local

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        return local if frame.f_code in codes else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        for case in cases():
            judge(case)
    finally:
        sys.settrace(before)
    return reached


def test_the_cases_run_every_line_of_the_walk() -> None:
    """The walk of the volume standard is code: every line of its questions, of the choice of values and of its flags."""
    codes = {
        each.__code__ for each in (
            VolumeStandard._walk, VolumeStandard._ask_border, VolumeStandard._ask_grace, VolumeStandard._ask_volume,
            VolumeStandard._value_flag, VolumeStandard._flags, VolumeStandard._other_verdicts, pick_standard)
    }

    def judge(case: dict[str, Any]) -> None:
        try:
            VOLUME.judge(facts_of(case), law_of(case))
        except Refused:
            assert "refused" in case

    reached = run_all(judge, codes)
    wanted = {(code.co_qualname, line) for code in codes for line in lines_of(code)}
    assert not missing(wanted, reached), f"no case runs {missing(wanted, reached)}"


@cache
def by_year() -> tuple[tuple[dict[str, Any], Any], ...]:
    return tuple((case, VOLUME.judge(facts_of(case), law_of(case))) for case in cases() if "refused" not in case)


def test_each_class_meets_and_fails_under_each_instrument() -> None:
    values = [(key, value) for key, parameter in LIBRARY.parameters.items() if key.startswith("volume_standard.") for value in parameter.values
              if not key.startswith("volume_standard.grace.")]
    wanted = {(key, value.in_force_from, side) for key, value in values for side in ("at", "below")}
    seen = set()
    for _, verdict in by_year():
        for margin in verdict.margins.values():
            if margin.margin is not None and margin.margin <= 0:
                side = "at" if margin.margin == 0 else "below"
                decides = verdict.verdict is (Verdict.MEETS if side == "at" else Verdict.FAILS)
                if decides and margin.margin >= -1:
                    seen.add((margin.limit.key, margin.limit.in_force_from, side))
    assert not missing(wanted, seen), f"no case stands at {missing(wanted, seen)}"


def test_the_years_on_both_sides_of_each_date() -> None:
    values = [value for key, parameter in LIBRARY.parameters.items() if key.startswith("volume_standard.") for value in parameter.values]
    wanted = {year for value in values for year in (value.in_force_from.year - 1, value.in_force_from.year)}
    wanted |= {year for value in values if value.covers_to for year in (value.covers_to.year, value.covers_to.year + 1)}
    seen = {verdict.year for _, verdict in by_year()}
    assert not missing(wanted, seen), f"no case of {missing(wanted, seen)}"


def test_grace_ends_with_the_first_full_year() -> None:
    """For some port the last year in grace and the first one judged, and an anniversary on the first day of a year and on the second."""
    pairs: dict[tuple[Any, ...], set[tuple[int, bool]]] = {}
    for case, verdict in by_year():
        if (accepted := case["port"].get("accepted_on")) and verdict.year and not case["port"].get("is_border") and "rulings" not in case:
            pairs.setdefault((accepted, case["port"].get("transport_class")), set()).add((verdict.year, verdict.verdict is Verdict.IN_GRACE))
    both = [accepted for (accepted, _), years in pairs.items() if any((year, True) in years and (year + 1, False) in years for year, _ in years)]
    assert both, "no port stands in the last year of grace and in the first after it"
    anniversaries = {(accepted.month, accepted.day) for accepted, _ in pairs}
    assert {(1, 1), (1, 2), (2, 29)} <= anniversaries, f"no acceptance on the days around the new year, or on 29 February: {anniversaries}"


def test_every_verdict_and_every_flag_has_a_case() -> None:
    assert not missing({each.value for each in Verdict}, {verdict.verdict.value for _, verdict in by_year()})
    assert not missing({each.value for each in FlagCode}, {flag.code.value for _, verdict in by_year() for flag in verdict.flags})


def test_every_reading_of_the_standard_holds_and_makes_the_difference() -> None:
    wanted = {(key, choice, how) for key in VOLUME.settings for choice in _choices(LIBRARY.questions[key]) for how in ("in force", "differs")}
    seen = set()
    for _, verdict in by_year():
        seen |= {(reading.key, reading.value, "in force") for reading in verdict.readings}
        held = {reading.key: reading.value for reading in verdict.readings}
        for other in verdict.differs_under:
            seen |= {(other.reading.key, other.reading.value, "differs"), (other.reading.key, held[other.reading.key], "differs")}
    assert not missing(wanted, seen), f"no case for {missing(wanted, seen)}"


def _choices(question: Question) -> tuple[str, ...]:
    return tuple(question.choices)


def test_the_questions_are_put_in_their_order() -> None:
    """For each pair of questions a case in which both would decide, and otherwise, and the earlier one does."""
    seen = set()
    for case, verdict in by_year():
        facts, law = facts_of(case), law_of(case)
        if facts.transport_class is None:
            if any(other.verdict is not Verdict.UNCLASSIFIED for other in verdict.candidates.values()):
                seen.add(("class", "the rest"))
            continue
        standard = pick_standard(facts, law)
        answers = {"border": VOLUME._ask_border(facts, law, None), "grace": VOLUME._ask_grace(facts, law, standard, None),
                   "volume": VOLUME._ask_volume(facts, law, standard, None) if standard else None}
        held = [(name, answer) for name, answer in answers.items() if answer is not None]
        for later, answer in held[1:]:
            if held[0][1] is verdict.verdict is not answer:
                seen.add((held[0][0], later))
        if verdict.verdict is Verdict.MEETS and any(margin.months != 12 for margin in verdict.margins.values()):
            seen.add(("reached", "months missing"))
    wanted = {("class", "the rest"), ("border", "grace"), ("border", "volume"), ("grace", "volume"), ("reached", "months missing")}
    assert not missing(wanted, seen), f"no case in which the earlier question decides: {missing(wanted, seen)}"
