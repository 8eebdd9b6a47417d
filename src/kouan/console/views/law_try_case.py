"""Trying a rule made of conditions: its facts as a form, answered at its own address. Nothing is stored.

The fields are those of the facts that the rule reads; `projects` is one project in the form (a file of facts, with
several, is tried by `kouan law try`).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse

from kouan.basis import Finding, Place, Text, has_errors, numbers
from kouan.console.page import missing, page
from kouan.console.views.law import LAW, asked_law, law_address
from kouan.grading.case_facts import read_case
from kouan.grading.case_rule import CaseRule
from kouan.grading.case_trial import CASE_RULES
from kouan.law import Fact, Law

CLAIMS = (("", Text("不明", "Not known")), ("true", Text("是", "Yes")), ("false", Text("否", "No")))
PROJECTS = (
    ("", Text("不明", "Not known")), ("none", Text("没有这类项目", "There are none")), ("one", Text("有一个，情况如下", "One, as follows")),
)  # fmt: skip


@page("console.read")
def law_try_case(request: HttpRequest, name: str) -> HttpResponse:
    """The form of one rule, and the verdict on what it holds."""
    kind = CASE_RULES.get(name)
    if kind is None:
        raise missing()
    rule = kind()
    law, findings = asked_law(request)
    facts = _asked(rule, law)
    given = {fact.name: request.GET.get(fact.name, "").strip()[:60] for fact in facts}
    verdict = None
    if any(given.values()):
        row, slips = _row(rule, law, given)
        read, doubts = read_case(row, law.library, rule.facts_read(law.library), law.as_of)
        findings = [*findings, *slips, *(doubt.at(Place(field=doubt.where.field)) for doubt in doubts)]
        if not has_errors(findings):
            verdict = rule.judge(read, law)
    address = law_address("law-rule", rule.key, law)
    return render(request, "console/law/try_case.html", {
        "rule": rule, "verdict": verdict, "findings": findings, "as_of": law.as_of, "rule_address": address, "name": name,
        "facts_address": f"{reverse('access-facts')}?{urlencode({'as_of': law.as_of.isoformat()})}" if name == "access-air" else None,
        "fields": [_field(fact, given[fact.name], findings) for fact in facts],
        "crumbs": [{"label": LAW, "address": reverse("law")}, {"label": rule.title, "address": address}, {"label": Text("试算", "Try")}],
    }, status=422 if has_errors(findings) else 200)  # fmt: skip


def _asked(rule: CaseRule, law: Law) -> list[Fact]:
    """The facts of the form, those of a project below `projects`; what only other readings ask for stands last."""
    found: list[Fact] = []
    for fact in rule.facts_read(law.library).values():
        found += [fact, *(law.library.facts[name] for name in fact.of)]
    return sorted(found, key=lambda fact: fact.only_under is not None)


def _field(fact: Fact, value: str, findings: list[Finding]) -> dict[str, Any]:
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


def _row(rule: CaseRule, law: Law, given: dict[str, str]) -> tuple[dict[str, Any], list[Finding]]:
    """What the form says, as a line of a file would say it; an empty field is a missing fact."""
    slips: list[Finding] = []
    row: dict[str, Any] = {}
    for fact in rule.facts_read(law.library).values():
        if fact.kind != "projects":
            row |= _value(fact, given[fact.name], slips)
        elif given[fact.name] == "one":
            project: dict[str, Any] = {}
            for name in fact.of:
                project |= _value(law.library.facts[name], given[name], slips)
            row[fact.name] = [project]
        elif given[fact.name] == "none":
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


urlpatterns = [path("law/try/<slug:name>", law_try_case, name="law-try-case")]
