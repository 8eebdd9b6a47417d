"""What must hold of the rules made of conditions whatever the facts; and their code against a plain interpreter."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.grading.factories import a_ruling

from kouan.grading.case_facts import CaseFacts
from kouan.grading.case_rule import CaseRule
from kouan.grading.case_trial import CASE_RULES
from kouan.law import Fact, Law, Library
from kouan.law.conditions import AT_LEAST, in_force
from kouan.law.criteria import Choice, Condition, Group, Node

LIBRARY = Library.shipped()
DAYS = [date(2019, 6, 30), date(2021, 1, 1), date(2024, 6, 30), date(2026, 6, 30)]
LAWS = {rule.key: [Law(day) for day in DAYS] for rule in CASE_RULES.values()}
for _rule in CASE_RULES.values():
    LAWS[_rule.key] += [
        Law(DAYS[2], [a_ruling(key, choice)])
        for key in _rule.settings
        for choice in LIBRARY.questions[key].choices
        if choice != LIBRARY.questions[key].default
    ]
# Round each number of the law, where mistakes would be.
NEAR = {fact: set() for fact in LIBRARY.facts}  # type: dict[str, set[int]]
for _criterion in LIBRARY.criteria.values():
    for _version in _criterion.versions:
        _waiting: list[Any] = [_version.when]
        while _waiting:
            _node = _waiting.pop()
            if isinstance(_node, Condition) and _node.parameter:
                NEAR[_node.fact] |= {int(value.value) for value in LIBRARY.parameters[_node.parameter].values}
            _waiting += _node.parts if isinstance(_node, Group) else _node.readings.values() if isinstance(_node, Choice) else ()


def values(fact: Fact) -> st.SearchStrategy[Any]:
    if fact.kind == "claim":
        return st.booleans()
    if fact.kind == "code":
        return st.sampled_from(sorted(fact.codes or {}))
    if fact.kind == "projects":
        return st.lists(st.fixed_dictionaries({}, optional={name: values(LIBRARY.facts[name]) for name in fact.of}), max_size=3)
    near = sorted({max(0, limit + step) for limit in NEAR[fact.name] for step in (-1, 0, 1)} or {0, 1})
    return st.sampled_from(near)


def rows(rule: type[CaseRule]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={name: values(fact) for name, fact in rule.facts_read().items()})


@st.composite
def tried(draw: st.DrawFn) -> tuple[CaseRule, dict[str, Any], Law]:
    kind = draw(st.sampled_from(list(CASE_RULES.values())))
    return kind(), draw(rows(kind)), draw(st.sampled_from(LAWS[kind.key]))


def whole(rule: CaseRule, row: dict[str, Any], draw: Any) -> dict[str, Any]:
    """The row with every missing fact filled in somehow, projects included."""
    filled = dict(row)
    for name, fact in rule.facts_read().items():
        if name not in filled:
            filled[name] = draw(values(fact))
    if "projects" in filled:
        filled["projects"] = [
            {name: item[name] if name in item else draw(values(LIBRARY.facts[name])) for name in LIBRARY.facts["projects"].of}
            for item in filled["projects"]
        ]
    return filled


def plainly(node: Node, values: dict[str, Any], law: Law) -> bool | None:
    """The outcome of a tree, asked again by the shortest code that can be: None is unknown."""
    if isinstance(node, Choice):
        return plainly(node.readings[law.setting(node.setting).value], values, law)
    if isinstance(node, Condition):
        value = values.get(node.fact)
        if value is None:
            return None
        limit = law.parameter(node.parameter).value if node.parameter else node.value
        op = node.op if node.op != "at_least" else {"inclusive": ">=", "exclusive": ">"}[law.setting(AT_LEAST).value]
        return {"==": lambda: value == limit, "in": lambda: value in limit, ">=": lambda: value >= limit, ">": lambda: value > limit}[op]()
    if node.kind == "any_project":
        if "projects" not in values:
            return None
        found = [plainly(node.parts[0], item, law) for item in values["projects"]]
    else:
        found = [plainly(part, values, law) for part in node.parts]
    if node.kind == "all":
        return False if False in found else None if None in found else True
    either = True if True in found else None if None in found else False
    return either if node.kind != "none" else None if either is None else not either


@given(tried())
def test_the_compiled_code_says_what_the_trees_say(case: tuple[CaseRule, dict[str, Any], Law]) -> None:
    rule, row, law = case
    verdict = rule.judge(CaseFacts(row), law)
    for criterion, version in in_force(law, rule.criteria):
        outcome = plainly(version.when, row, law)
        assert verdict.outcome(criterion.id) == {True: "true", False: "false", None: "unknown"}[outcome]


@given(tried())
def test_every_other_reading_is_judged_as_if_it_were_in_force(case: tuple[CaseRule, dict[str, Any], Law]) -> None:
    rule, row, law = case
    verdict = rule.judge(CaseFacts(row), law)
    for other in verdict.others:
        alone = rule.judge(CaseFacts(row), law.supposing(other.reading.key, other.reading.value))
        assert (alone.verdict, sorted(alone.possible)) == (other.verdict, sorted(alone.possible))
        if alone.verdict == verdict.verdict:
            assert other.differs is False
    one, trace = rule.compiled(law).judge(row)
    assert (one, trace) == (verdict.mask, verdict.trace)


@given(tried(), st.data())
def test_a_missing_fact_never_decides(case: tuple[CaseRule, dict[str, Any], Law], data: st.DataObject) -> None:
    """However the missing facts turn out, the verdict is among those said to be possible; a decided one stays."""
    rule, row, law = case
    before = rule.judge(CaseFacts(row), law)
    after = rule.judge(CaseFacts(whole(rule, row, data.draw)), law)
    assert set(after.possible) <= set(before.possible)
    if before.verdict != "unknown":
        assert after.verdict == before.verdict
    elif before.possible:
        assert before.missing and all(each["supplied_by"] for each in before.missing)


@given(tried(), st.data())
def test_taking_a_fact_away_leaves_the_verdict_or_makes_it_unknown(
    case: tuple[CaseRule, dict[str, Any], Law], data: st.DataObject
) -> None:
    rule, row, law = case
    full = whole(rule, row, data.draw)
    name = data.draw(st.sampled_from(sorted(full)))
    before = rule.judge(CaseFacts(full), law).verdict
    after = rule.judge(CaseFacts({key: value for key, value in full.items() if key != name}), law).verdict
    assert after in (before, "unknown")


@given(tried(), st.randoms())
def test_the_order_of_facts_does_not_matter(case: tuple[CaseRule, dict[str, Any], Law], random: Any) -> None:
    rule, row, law = case
    keys = list(row)
    random.shuffle(keys)
    mixed = {key: row[key] for key in keys}
    one, two = rule.judge(CaseFacts(row), law).as_dict(), rule.judge(CaseFacts(mixed), law).as_dict()
    assert one == two
    if "projects" in row:
        turned = rule.judge(CaseFacts({**row, "projects": row["projects"][::-1]}), law)
        assert turned.verdict == one["verdict"]


STRICT = ["strict_control", "not_ready"]


@given(tried(), st.data())
def test_the_stricter_gate_wins_and_the_others_stay_in_the_trace(
    case: tuple[CaseRule, dict[str, Any], Law], data: st.DataObject
) -> None:
    rule, row, law = case
    verdict = rule.judge(CaseFacts(whole(rule, row, data.draw)), law)
    held = [d.verdict for d in rule.decisions(law) if verdict.outcome(d.criterion) == ("true" if d.is_met else "false")]
    gates = [each for each in STRICT if each in held]
    if gates and verdict.possible:
        assert verdict.verdict == gates[0]
    named = {step["rule"] for step in verdict.steps}
    assert {criterion.id for criterion, _ in in_force(law, rule.criteria)} <= named


@given(tried())
@settings(max_examples=60)
def test_the_answer_is_json_with_words_in_both_languages(case: tuple[CaseRule, dict[str, Any], Law]) -> None:
    rule, row, law = case
    answer = json.loads(json.dumps(rule.judge(CaseFacts(row), law).as_dict(), allow_nan=False))
    assert answer["verdict"] in {*rule.verdicts, "unknown", "strict_control"}
    for step in answer["steps"]:
        assert step["outcome"] in ("true", "false", "unknown") and step["citation"]["quote"]
        assert step["outcome_name"]["zh"] and not any("一" <= c <= "鿿" for c in step["outcome_name"]["en"].replace("projects", ""))
        assert (step["outcome"] == "unknown") is bool(step["missing"])
    assert [each["key"] for each in answer["readings"]] == list(rule.settings)


@pytest.mark.parametrize("name", CASE_RULES)
def test_the_code_is_made_once_for_a_law(name: str) -> None:
    rule, law = CASE_RULES[name](), Law(date(2024, 6, 30))
    assert rule.compiled(law) is CASE_RULES[name]().compiled(law) is rule.compiled(law)
