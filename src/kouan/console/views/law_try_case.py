"""Trying a rule made of conditions: its facts as a form, answered at its own address. Nothing is stored.

The fields are those of the facts that the rule reads; `projects` is one project in the form (a file of facts, with
several, is tried by `kouan law try`).
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse

from kouan.basis import Place, Text, has_errors
from kouan.console.law_facts import asked_facts, field_of, row_of
from kouan.console.page import missing, page
from kouan.console.views.law import LAW, asked_law, law_address
from kouan.grading.case_facts import read_case
from kouan.grading.case_trial import CASE_RULES


@page("console.read")
def law_try_case(request: HttpRequest, name: str) -> HttpResponse:
    """The form of one rule, and the verdict on what it holds."""
    kind = CASE_RULES.get(name)
    if kind is None:
        raise missing()
    rule = kind()
    law, findings = asked_law(request)
    facts = asked_facts(rule, law)
    given = {fact.name: request.GET.get(fact.name, "").strip()[:60] for fact in facts}
    verdict = None
    if any(given.values()):
        row, slips = row_of(rule, law, given)
        read, doubts = read_case(row, law.library, rule.facts_read(law.library), law.as_of)
        findings = [*findings, *slips, *(doubt.at(Place(field=doubt.where.field)) for doubt in doubts)]
        if not has_errors(findings):
            verdict = rule.judge(read, law)
    address = law_address("law-rule", rule.key, law)
    return render(request, "console/law/try_case.html", {
        "rule": rule, "verdict": verdict, "findings": findings, "as_of": law.as_of, "rule_address": address, "name": name,
        "facts_address": f"{reverse('access-facts')}?{urlencode({'as_of': law.as_of.isoformat()})}" if name == "access-air" else None,
        "fields": [field_of(fact, given[fact.name], findings) for fact in facts],
        "crumbs": [{"label": LAW, "address": reverse("law")}, {"label": rule.title, "address": address}, {"label": Text("试算", "Try")}],
    }, status=422 if has_errors(findings) else 200)  # fmt: skip


urlpatterns = [path("law/try/<slug:name>", law_try_case, name="law-try-case")]
