"""The facts of a rule made of conditions as fields of a form, and back: for trying a rule, and for a case under it.

`projects` is one project in the form; a file of facts, with several, is tried by `kouan law try`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from kouan.basis import Finding, Place, Text, numbers
from kouan.grading.case_rule import CaseRule
from kouan.law import Fact, Law

CLAIMS = (("", Text("不明", "Not known")), ("true", Text("是", "Yes")), ("false", Text("否", "No")))
PROJECTS = (
    ("", Text("不明", "Not known")), ("none", Text("没有这类项目", "There are none")), ("one", Text("有一个，情况如下", "One, as follows")),
)  # fmt: skip


def asked_facts(rule: CaseRule, law: Law) -> list[Fact]:
    """The facts of the form, those of a project below `projects`; what only other readings ask for stands last."""
    found: list[Fact] = []
    for fact in rule.facts_read(law.library).values():
        found += [fact, *(law.library.facts[name] for name in fact.of)]
    return sorted(found, key=lambda fact: fact.only_under is not None)


def field_of(fact: Fact, value: str, findings: Sequence[Finding] = ()) -> dict[str, Any]:
    """One field: the fact, what was typed, what may be chosen, what is wrong with it."""
    choices: Any = None
    if fact.kind == "claim":
        choices = CLAIMS
    elif fact.kind == "projects":
        choices = PROJECTS
    elif fact.codes:
        choices = (("", Text("不明", "Not known")), *fact.codes.items())
    return {
        "fact": fact, "value": value, "choices": choices,
        "wrong": [finding.message for finding in findings if finding.where.field == fact.name],
    }  # fmt: skip


def fields_of(rule: CaseRule, law: Law, said: Mapping[str, str]) -> list[dict[str, Any]]:
    """Every field of a rule with what was typed."""
    return [field_of(fact, said.get(fact.name, "")) for fact in asked_facts(rule, law)]


def row_of(rule: CaseRule, law: Law, given: Mapping[str, str]) -> tuple[dict[str, Any], list[Finding]]:
    """What the form says, as a line of a file would say it; an empty field is a missing fact."""
    slips: list[Finding] = []
    row: dict[str, Any] = {}
    for fact in rule.facts_read(law.library).values():
        if fact.kind != "projects":
            row |= _value(fact, given.get(fact.name, ""), slips)
        elif given.get(fact.name) == "one":
            project: dict[str, Any] = {}
            for name in fact.of:
                project |= _value(law.library.facts[name], given.get(name, ""), slips)
            row[fact.name] = [project]
        elif given.get(fact.name) == "none":
            row[fact.name] = []
    return row, slips


def _value(fact: Fact, said: str, slips: list[Finding]) -> dict[str, Any]:
    if not said:
        return {}
    if fact.kind == "claim":
        return {fact.name: {"true": True, "false": False}.get(said, said)}
    if fact.kind == "code":
        return {fact.name: said}
    number = numbers.parse(said)
    if isinstance(number, Decimal):
        return {fact.name: number}
    if isinstance(number, Finding):
        slips.append(number.at(Place(field=fact.name)))
    return {}
