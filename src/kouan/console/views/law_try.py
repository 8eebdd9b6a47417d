"""Trying the volume standard on facts that are not in the register: one row in a form, or a file of many.

The form is answered at its own address (nothing is stored, and the address may be passed on); a file is
answered on the page, or as JSON to take away.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse

from kouan.audit.actions import record_event
from kouan.basis import Finding, Place, Refused, Text, clock, has_errors
from kouan.console import figures, words
from kouan.console.page import page
from kouan.console.verdict_reason import reason_of
from kouan.console.views.law import LAW, asked_law, law_address
from kouan.console.words import page_language
from kouan.grading.facts import MEASURES
from kouan.grading.facts_file import MOST_BYTES, read_facts_csv
from kouan.grading.rules import VolumeStandard
from kouan.grading.trial import COLUMNS, read_row, try_facts
from kouan.law import Law

SHOWN = 100
FIELDS: tuple[tuple[str, Text, Text | None, str], ...] = (
    ("transport_class", Text("运输类别", "Transport class"), None, "class"),
    ("is_border", Text("边境口岸", "Border port"), None, "claim"),
    ("accepted_on", Text("通过验收日期", "Accepted on"), Text("如 2012-05-01", "e.g. 2012-05-01"), "text"),
    ("year", Text("年度", "Year"), Text("如 2023", "e.g. 2023"), "text"),
    ("cargo_tonnes", Text("货运量", "Cargo"), Text("吨，或写 120万吨", "tonnes, or 120万吨"), "text"),
    ("person_crossings", Text("出入境人员", "Person-crossings"), Text("人次，或写 1.2万人次", "crossings, or 1.2万人次"), "text"),
    ("months_reported", Text("已报月数", "Months reported"), Text("0 至 12", "0 to 12"), "text"),
)
CLAIMS = (("", Text("不明", "Not known")), ("是", Text("是", "Yes")), ("否", Text("否", "No")))


@page("console.read", methods=("GET", "HEAD", "POST"))
def law_try(request: HttpRequest) -> HttpResponse:
    """The form and the answer; on POST the answers to a file."""
    law, findings = asked_law(request)
    context: dict[str, Any] = {
        "as_of": law.as_of, "columns": COLUMNS, "limit": MOST_BYTES // 1_000_000, "shown": SHOWN,
        "rule_address": law_address("law-rule", VolumeStandard.key, law),
        "crumbs": [
            {"label": LAW, "address": reverse("law")},
            {"label": VolumeStandard.title, "address": law_address("law-rule", VolumeStandard.key, law)},
            {"label": Text("试算", "Try")},
        ],
    }
    given = {name: request.GET.get(name, "").strip()[:60] for name, *_ in FIELDS}
    if request.method == "POST":
        try:
            answers = _answers(request, law)
        except Refused as error:
            findings = [finding.at(Place(field="facts")) if not finding.where.row else finding for finding in error.findings]
        else:
            if request.POST.get("format") == "json":
                return _as_file(request, answers)
            context |= _shown(answers, law)
    elif any(given.values()):
        judgement, slips = _judge(given, law)
        findings = [*findings, *slips]
        context["judgement"] = judgement
    context |= {"findings": findings, "fields": _fields(given, findings)}
    return render(request, "console/law/try.html", context, status=422 if has_errors(findings) else 200)


def _fields(given: dict[str, str], findings: list[Finding]) -> list[dict[str, Any]]:
    language = page_language()
    classes = (("", Text("未定", "Undecided")), *words.CLASSES.items())
    return [
        {
            "name": name, "label": label, "hint": hint, "value": given[name],
            "choices": {"class": classes, "claim": CLAIMS}.get(kind),
            "wrong": [finding.message.in_language(language) for finding in findings if finding.where.field == name],
        }
        for name, label, hint, kind in FIELDS
    ]


def _judge(given: dict[str, str], law: Law) -> tuple[dict[str, Any] | None, list[Finding]]:
    """The verdict on the facts of the form, as the port's page shows it; or what is wrong with a field."""
    facts, slips = read_row({name: value for name, value in given.items() if value})
    findings = [_to_field(finding) for finding in (*slips, *facts.findings(law.as_of))]
    if has_errors(findings):
        return None, findings
    outcome = VolumeStandard().judge(facts, law)
    return {
        "outcome": outcome, "law_address": law_address("law-rule", VolumeStandard.key, law),
        "margins": [
            {"name": MEASURES[name][1], "unit": figures.unit_name(MEASURES[name][0]), "margin": margin} for name, margin in outcome.margins.items()
        ],
        "reason": reason_of(outcome),
        "candidates": [(words.CLASSES[each.value], verdict) for each, verdict in outcome.candidates.items()],
    }, [finding for finding in findings if finding not in outcome.findings]


def _to_field(finding: Finding) -> Finding:
    where = finding.where
    return finding.at(Place(field=where.field or where.column)) if where.field or where.column else finding


def _answers(request: HttpRequest, law: Law) -> list[dict[str, Any]]:
    file = request.FILES.get("facts")
    if file is None:
        raise Refused.because("missing", "请选择 CSV 文件。", "Choose a CSV file.", where=Place(field="facts"))
    if (file.size or 0) > MOST_BYTES:
        raise Refused.because(
            "file_too_large", f"文件超过 {MOST_BYTES // 1_000_000} MB。", f"The file is larger than {MOST_BYTES // 1_000_000} MB.",
            where=Place(field="facts"), remedy=("请分成几个文件。", "Split it into several files."),
        )
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "facts.csv"
        with place.open("wb") as copy:
            for block in file.chunks():
                copy.write(block)
        return try_facts(read_facts_csv(place), law.as_of, law=law, file=(file.name or "facts.csv")[-120:])


def _shown(answers: list[dict[str, Any]], law: Law) -> dict[str, Any]:
    """The answers as lines of a table, the first hundred with their steps."""
    counts: dict[str, int] = {}
    for answer in answers:
        counts[answer["verdict"] or ""] = counts.get(answer["verdict"] or "", 0) + 1
    return {
        "answers": [answer | {"margin_of": [_margin(answer, name) for name in MEASURES]} for answer in answers[:SHOWN]], "total": len(answers),
        "counts": sorted(counts.items(), key=lambda pair: -pair[1]),
        "file_findings": [finding for answer in answers[:SHOWN] for finding in answer["findings"]][:50],
        "law_address": law_address("law-rule", VolumeStandard.key, law),
    }


def _margin(answer: dict[str, Any], measure: str) -> Any:
    """The margin of one measure; None where nothing was judged."""
    return (answer["margins"].get(measure) or {}).get("margin")


def _as_file(request: HttpRequest, answers: list[dict[str, Any]]) -> HttpResponse:
    record_event("export", actor_id=request.user.pk, payload={"table": "law-try", "format": "json", "rows": len(answers)})
    response = HttpResponse(json.dumps(answers, ensure_ascii=False, indent=1), content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="volume-standard-{clock.today():%Y%m%d}.json"'
    response["Cache-Control"] = "private, no-store"
    return response


urlpatterns = [path("law/try", law_try, name="law-try")]
