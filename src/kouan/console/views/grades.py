"""口岸等级: every port's grade with its scores and what is proposed; one port's history; the differentiated policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.permissions import may
from kouan.basis import Finding, NotAllowed, NotFound, Place, Refused, Text, clock, codes
from kouan.console import words
from kouan.console.grading_page import (
    crumbs,
    day_typed,
    grade_badge,
    paper_link,
    paper_named,
    papers,
    require,
    sheet_of,
    tabs,
)
from kouan.console.page import accept_draft, page
from kouan.console.tables import Column, Filter, Table, put
from kouan.console.views.ports import port_name
from kouan.console.words import here
from kouan.grading import sheets
from kouan.grading.case_verdict import CASE_VERDICTS
from kouan.grading.evaluation_results import NOTE
from kouan.grading.grade_actions import (
    HEADS,
    NewScores,
    decide_grade,
    enter_policy,
    read_scores,
    submit_scores,
)
from kouan.grading.grades import (
    CRITERIA,
    GRADES,
    NO_POLICY,
    STAGES,
    UNDECIDED,
    decisions_of,
    grades_of,
    policy_cells,
    policy_for,
    proposals,
    with_grade,
)
from kouan.grading.ladder import NAMED_LISTS
from kouan.grading.models import CriterionScores, PolicyCell
from kouan.grading.strategy_marks import MARKS, history_of, mark_name, mark_of, set_strategy_mark
from kouan.ports import queries

_PROVINCES = tuple((one.code, one.name) for one in codes.mainland_provinces)
_NO_SCORES = Text("无得分", "No scores")
_NEEDS = {"scores": "grades.submit", "mark": "strategy_marks.set"}
_MARK_FIELDS = ("is_marked", "marked_from", "mark_reason")


def _proposal(row: Any) -> Text:
    return CASE_VERDICTS[row.proposed.outcome.verdict] if row.proposed.scores else _NO_SCORES


def _score(name: str) -> Column:
    return Column(name, CRITERIA[name], unit=Text("分", "points"), is_number=True, value=lambda r: getattr(r.proposed.scores, name, None))


def _by_grade(rows: Any, value: str) -> Any:
    return rows.filter(grade__isnull=True) if value == "none" else rows.filter(grade=value)


GRADE_CHOICES = (*GRADES.items(), ("none", UNDECIDED))
PORTS = Table(
    name="grades",
    title=Text("口岸等级", "Grades of ports"),
    columns=(
        Column(
            "name",
            Text("口岸", "Port"),
            value=port_name,
            order="pinyin",
            is_key=True,
            show=lambda p: format_html('<a href="{}">{}</a><span class="subline">{}</span>', reverse("grade", args=[p.code]), port_name(p), p.code),
        ),
        Column("code", Text("口岸代码", "Port code"), only="export"),
        Column(
            "transport_class",
            Text("运输类别", "Class"),
            value=lambda p: words.CLASSES[p.transport_class] if p.transport_class else None,
            keeps_line=True,
        ),
        Column(
            "grade",
            Text("等级（决定）", "Grade (decided)"),
            value=lambda p: GRADES[p.grade] if p.grade else UNDECIDED,
            show=lambda p: grade_badge(p.grade),
        ),
        Column("valid_from", Text("自何日起", "From"), value=lambda p: p.decided.valid_from if p.decided else None, keeps_line=True),
        Column("proposal", Text("系统建议", "Proposal"), value=_proposal),
        Column("year", Text("得分年度", "Year of the scores"), value=lambda p: str(p.proposed.scores.year) if p.proposed.scores else None),
        _score("strategy"),
        _score("benefit"),
        _score("reach"),
    ),
    filters=(
        Filter("q", Text("名称、拼音或代码", "Name, pinyin or code"), apply=queries.search),
        Filter("province", Text("省份", "Province"), choices=_PROVINCES, field="province_code"),
        Filter("grade", Text("等级", "Grade"), choices=GRADE_CHOICES, apply=_by_grade),
        Filter("class", Text("运输类别", "Class"), choices=tuple(words.CLASSES.items()), field="transport_class"),
    ),
    default_order="name",
    source=Text("口岸名录；等级由国家口岸办决定", "Register of ports; grades are decided by the national office"),
)


@page("lists.read")
def grade_table(request: HttpRequest) -> HttpResponseBase:
    """Every port in scope with its decided grade and, apart from it, what is proposed."""

    def decorate(rows: list[Any]) -> None:
        wanted = [row.code for row in rows]
        proposed, decided = proposals(wanted), grades_of(wanted)
        for row in rows:
            row.proposed, row.decided = proposed[row.code], decided.get(row.code)

    notes = [
        Text(
            "系统建议只依据已提交的三项得分，不是决定；未定级的口岸不因没有得分而视为地区普通口岸。"
            "布局中的枢纽层级不是口岸等级（A-15）。",
            "A proposal follows from submitted scores alone and is no decision; a port without a decision has no grade. "
            "A hub tier of the layout is never a grade (A-15).",
        )
    ]
    view = PORTS.read(request, with_grade(queries.ports_visible_to(request.user).filter(is_group=False)), decorate=decorate, notes=notes)
    if view.wants_export:
        return view.export()
    return render(request, "console/grading/grades.html", {"table": view, "tabs": tabs("grades"), "may_submit": may(request.user, "grades.submit")})


@never_cache
@page("lists.read", methods=("GET", "HEAD", "POST"))
def one_grade(request: HttpRequest, code: str) -> HttpResponse:
    """One port: scores with their papers, the proposal with its steps, every decision, the policy that follows."""
    port = queries.get_port(request.user, code)
    findings: list[Finding] = []
    said = {
        name: request.POST.get(name, "").strip()[:1000]
        for name in ("grade", "valid_from", "reason", "document", "override_by", "year", *CRITERIA, "note", *_MARK_FIELDS)
    }
    deed = request.POST.get("deed", "")
    if request.method == "POST":
        require(request, _NEEDS.get(deed, "grades.decide"), "console.views.grades.one_grade")
        try:
            if deed == "mark":
                set_strategy_mark(
                    actor=request.user,
                    port=code,
                    is_marked={"yes": True, "none": False}.get(said["is_marked"]),
                    valid_from=day_typed(request, "marked_from"),
                    reason=said["mark_reason"],
                    document=paper_named(request),
                )
            elif deed == "scores":
                submit_scores(actor=request.user, lines=[_typed(code, said)], document=paper_named(request))
            else:
                decide_grade(
                    actor=request.user,
                    port=code,
                    grade=said["grade"],
                    valid_from=day_typed(request, "valid_from"),
                    reason=said["reason"],
                    document=paper_named(request),
                    override_by=said["override_by"],
                )
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = [_of_mark(each) for each in error.findings] if deed == "mark" else error.findings
        else:
            accept_draft(request, deed or "decide")
            messages.success(request, here(Text("已登记。", "Recorded.")))
            return redirect("grade", code)
    proposed, decisions = proposals([code])[code], decisions_of(code)
    for each in decisions:
        put(each, mark=grade_badge(each.grade), paper=paper_link(each.document, request.user),
            proposed_name=CASE_VERDICTS[each.proposal["verdict"]])
    marks = history_of(code)
    for mark in marks:
        put(mark, paper=paper_link(mark.document, request.user), said=mark_name(mark))
    holding = grades_of([code]).get(code)
    scores = list(CriterionScores.objects.filter(port_code=code).select_related("document"))
    for row in scores:
        put(row, paper=paper_link(row.document, request.user))
    verdict = proposed.as_dict()
    return render(
        request,
        "console/grading/grade.html",
        {
            "port": port,
            "name": port_name(port),
            "tabs": tabs("grades"),
            "proposed": proposed,
            # Decimals of the evaluation are read by whoever reads its ranks; others see the evaluation's own pages.
            "evaluation": proposed.evaluation if may(request.user, "scores.read_ranks") else None,
            "evaluation_note": NOTE,
            "verdict": verdict,
            "lists_reading": proposed.outcome.law.setting(NAMED_LISTS),
            "lists_address": reverse("law-setting", args=[NAMED_LISTS]),
            "decisions": decisions,
            "holding": holding,
            "mark": grade_badge(holding.grade if holding else None),
            "scores": scores,
            "findings": findings,
            "said": said,
            "deed": deed,
            "may_submit": may(request.user, "grades.submit"),
            "may_decide": may(request.user, "grades.decide"),
            "may_mark": may(request.user, "strategy_marks.set"),
            "marks": marks,
            "marked": mark_name(mark_of(code)),
            "mark_options": [("yes", MARKS[True]), ("none", MARKS[False])],
            "papers": papers(request.user),
            "grade_options": list(GRADES.items()),
            "criteria": [(name, label, said[name]) for name, label in CRITERIA.items()],
            "policies": [(label, policy_for(port, stage)) for stage, label in STAGES.items()],
            "crumbs": crumbs((Text("口岸等级", "Grades"), reverse("grades")), (Text(port.name_zh, port.name_en or port.name_zh), "")),
        },
        status=422 if findings else 200,
    )


def _of_mark(finding: Finding) -> Finding:
    """A finding of the verb at the field of its form: two other forms of the page have a day and a reason as well."""
    field = {"valid_from": "marked_from", "reason": "mark_reason"}.get(finding.where.field or "")
    return replace(finding, where=Place(field=field)) if field else finding


def _typed(code: str, said: dict[str, str]) -> NewScores:
    findings = []
    values = {name: score for name in CRITERIA if (score := sheets.score_of(said[name])) is not None}
    for name, label in CRITERIA.items():
        if name not in values:
            findings.append(
                Finding.error(
                    "bad_score",
                    f"{label.zh}应为0至100之间的数（最多三位小数）。",
                    f"{label.en} is a number from 0 to 100 with at most three decimals.",
                    where=Place(field=name),
                    measured=said[name] or None,
                    remedy=("请改正。", "Correct it."),
                )
            )
    if not (said["year"].isascii() and said["year"].isdigit() and len(said["year"]) == 4):
        findings.append(
            Finding.error(
                "year_out_of_range",
                "请填写四位数的年度。",
                "Give a year of four digits.",
                where=Place(field="year"),
                remedy=("如 2023。", "As 2023."),
            )
        )
    if findings:
        raise Refused(findings)
    return NewScores(code, int(said["year"]), **values, note=said["note"][:200])


@never_cache
@page("grades.submit", methods=("GET", "HEAD", "POST"))
def scores_sheet(request: HttpRequest) -> HttpResponse:
    """Scores by sheet: taken whole, with one paper, or not at all."""
    findings: list[Finding] = []
    if request.method == "POST":
        try:
            content, name = sheet_of(request, sheets.FILE_BYTES)
            paper = paper_named(request)
            sheet, lines = read_scores(content, name, request.user)
            if not sheet.is_sound:
                raise Refused(sheet.findings)
            recorded, unchanged = submit_scores(actor=request.user, lines=lines, document=paper)
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = error.findings
        else:
            messages.success(request, here(Text(f"登记 {recorded} 项，{unchanged} 项不变。", f"{recorded} recorded, {unchanged} unchanged.")))
            return redirect("grades")
    return render(
        request,
        "console/grading/scores.html",
        {
            "tabs": tabs("grades"),
            "findings": findings,
            "heads": HEADS,
            "papers": papers(request.user),
            "said": request.POST.get("document", "")[:300],
            "crumbs": crumbs((Text("口岸等级", "Grades"), reverse("grades")), (Text("批量提交得分", "Scores by sheet"), "")),
        },
        status=422 if findings else 200,
    )


# ---- the differentiated policy --------------------------------------------------------------------------------------


def _cell(stage: str) -> Column:
    def show(row: Any) -> SafeString | str:
        held: PolicyCell | None = row["cells"].get(stage)
        if held is None or not held.text:
            return format_html('<span class="is-missing">{}</span>', here(NO_POLICY))
        said = here(Text(f"第{held.version}版，自{held.valid_from.isoformat()}", f"version {held.version}, from {held.valid_from.isoformat()}"))
        paper = paper_link(held.document, row["reader"])
        return format_html('{}<span class="subline">{}</span><span class="subline">{}</span>', held.text, said, paper)

    def value(row: Any) -> Any:
        held = row["cells"].get(stage)
        return held.text if held and held.text else NO_POLICY

    return Column(stage, STAGES[stage], value=value, show=show, is_wide=True)


POLICY = Table(
    name="policy",
    title=Text("差别化政策", "Differentiated policy"),
    columns=(
        Column("class", Text("运输类别", "Class"), value=lambda r: words.CLASSES[r["class"]], is_key=True, keeps_line=True),
        Column("grade", Text("等级", "Grade"), value=lambda r: GRADES[r["grade"]], only="export"),
        *(_cell(stage) for stage in STAGES),
    ),
    filters=(
        Filter("grade", Text("等级", "Grade"), choices=tuple(GRADES.items())),
        Filter("class", Text("运输类别", "Class"), choices=tuple(words.CLASSES.items())),
    ),
    group=lambda row: GRADES[row["grade"]],
    source=Text("国家口岸办录入，附依据文件", "Entered by the national office, with its documents"),
)
VERSIONS = Table(
    name="policy-versions",
    prefix="versions",
    title=Text("各版本", "Versions"),
    columns=(
        Column("grade", Text("等级", "Grade"), value=lambda c: GRADES[c.grade], order="grade", is_key=True),
        Column("transport_class", Text("运输类别", "Class"), value=lambda c: words.CLASSES[c.transport_class], order="transport_class"),
        Column("stage", Text("环节", "Stage"), value=lambda c: STAGES[c.stage], order="stage"),
        Column("version", Text("版本", "Version"), is_number=True, order="version", show=lambda c: str(c.version)),
        Column("text", Text("条件和标准", "Conditions"), value=lambda c: c.text or Text("停止适用", "ended"), is_wide=True),
        Column("valid_from", Text("自何日起", "From"), order="valid_from", keeps_line=True),
        Column("document", Text("依据文件", "Document"), value=lambda c: c.document.title),
        Column("reason", Text("说明", "Reason")),
        Column("recorded_at", Text("登记时间", "Recorded"), order="recorded_at"),
    ),
    default_order="-recorded_at",
    empty=Text("尚未录入任何政策。", "No policy has been entered."),
)


@never_cache
@page("lists.read", methods=("GET", "HEAD", "POST"))
def policy(request: HttpRequest) -> HttpResponseBase:
    """Grade × class × stage as it holds on a day (today), with every version below; the national office enters cells."""
    findings: list[Finding] = []
    said = {
        name: request.POST.get(name, "").strip()[:4001] for name in ("grade", "transport_class", "stage", "text", "valid_from", "document", "reason")
    }
    if request.method == "POST":
        require(request, "policy.enter", "console.views.grades.policy")
        try:
            enter_policy(
                actor=request.user,
                grade=said["grade"],
                transport_class=said["transport_class"],
                stage=said["stage"],
                text=said["text"],
                valid_from=day_typed(request, "valid_from"),
                document=paper_named(request),
                reason=said["reason"],
            )
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = error.findings
        else:
            accept_draft(request, "policy")
            messages.success(request, here(Text("已录入。", "Entered.")))
            return redirect("policy")
    day = _day_asked(request)
    cells = policy_cells(day)
    rows = [
        {"grade": grade, "class": kind, "reader": request.user, "cells": {stage: cells.get((grade, kind, stage)) for stage in STAGES}}
        for grade in GRADES
        for kind in words.CLASSES
    ]
    view = POLICY.read(request, rows)
    versions = VERSIONS.read(request, PolicyCell.objects.select_related("document"))
    for one in (view, versions):
        if one.wants_export:
            return one.export()
    return render(
        request,
        "console/grading/policy.html",
        {
            "table": view,
            "versions": versions,
            "tabs": tabs("policy"),
            "findings": findings,
            "said": said,
            "may_enter": may(request.user, "policy.enter"),
            "grades": list(GRADES.items()),
            "classes": list(words.CLASSES.items()),
            "stages": list(STAGES.items()),
            "papers": papers(request.user),
            "day": day,
        },
        status=422 if findings else 200,
    )


def _day_asked(request: HttpRequest) -> date:
    try:
        return date.fromisoformat(request.GET.get("as_of", ""))
    except ValueError:
        return clock.today()


urlpatterns = [
    path("grading/grades", grade_table, name="grades"),
    path("grading/grades/scores", scores_sheet, name="scores-sheet"),
    path("grading/grades/<slug:code>", one_grade, name="grade"),
    path("grading/policy", policy, name="policy"),
]
