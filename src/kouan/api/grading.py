"""``/grades`` and ``/lists``: grades decided and proposed, and the lists that open cases. Read-only, in the reader's scope."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router
from pydantic import AfterValidator

from kouan.accounts.action import allows, refuse
from kouan.api.law_shapes import GradePage, ListPage, OneGrade
from kouan.api.paging import of_rows
from kouan.api.reading import AfterCode, Day, Limit, PortCode, PortFilter
from kouan.api.shapes import REFUSALS
from kouan.grading.grades import (
    CRITERIA,
    GRADES,
    STAGES,
    Proposed,
    decisions_of,
    grades_of,
    policy_for,
    proposals,
)
from kouan.grading.list_facts import compile_list, running_cases
from kouan.grading.models import GradeDecision, ListKind, StrategyMark
from kouan.grading.strategy_marks import MARKS, history_of, mark_of
from kouan.ports.models import Port
from kouan.ports.queries import get_port, ports_visible_to

router = Router(tags=["分级与名单 / Grades and lists"])


def _within_reach(day: date) -> date:
    if not 1949 <= day.year <= 2199:
        raise ValueError("日期须在1949年至2199年之间 / the day must lie between 1949 and 2199")
    return day


ListDay = Annotated[
    Annotated[Day, AfterValidator(_within_reach)] | None,
    Query(description="名单截至日期，默认今天 / the list as of this day; today by default"),
]
LastYear = Annotated[
    int | None, Query(ge=1949, le=2199, description="最后判定年度，默认上一完整年度 / last year judged; the last full one by default")
]
AfterSubject = Annotated[
    str, Query(pattern=r"^[-a-z0-9:_]{0,80}$", description="上一页的 next，原样填写 / the previous answer's next")
]
Kind = Annotated[str, Path(pattern=rf"^({'|'.join(ListKind.values)})$", description="名单，如 watch / which list, such as watch")]


def _reads(request: HttpRequest, what: str) -> None:
    if not allows(request.user, "lists.read"):
        raise refuse(request.user, "lists.read", f"api.grading.{what}")


@router.get("/grades", response={200: GradePage, **REFUSALS}, summary="口岸等级 / Grades", description=(
    "可见范围内各口岸的等级决定，另列系统建议和得分；建议不是决定。 / The grade decided for each port in your scope, and apart from it what the "
    "system proposes and from which scores; a proposal is no decision."))
def list_grades(request: HttpRequest, port: PortFilter = "", limit: Limit = 50, after: AfterCode = "") -> dict[str, Any]:
    """Grades by port, in the order of codes."""
    _reads(request, "grades")
    if port:
        rows, following = [get_port(request.user, port)], None
    else:
        rows = list(ports_visible_to(request.user).filter(code__gt=after).order_by("code")[: limit + 1])
        following = rows[limit - 1].code if len(rows) > limit else None
    rows = rows[:limit]
    codes = [each.code for each in rows]
    proposed, decided = proposals(codes), grades_of(codes)
    return of_rows([_line(each, proposed[each.code], decided.get(each.code)) for each in rows], following)


@router.get("/grades/{code}", response={200: OneGrade, **REFUSALS}, summary="一个口岸的等级 / One port's grade", description=(
    "全部决定及当时的建议、现在的建议及其步骤，各环节适用的差别化政策，战略标记及其历次登记。 / "
    "Every decision with the proposal of its moment, today's proposal with its "
    "steps, the differentiated policy of each stage, and the strategy mark with its history."))
def one_grade(request: HttpRequest, code: PortCode) -> dict[str, Any]:
    """A port's grade with its history."""
    _reads(request, "grade")
    port = get_port(request.user, code)
    proposed, decided = proposals([port.code])[port.code], grades_of([port.code]).get(port.code)
    return {
        **_line(port, proposed, decided), "proposal": proposed.as_dict(), "decisions": [_decision(each) for each in decisions_of(port.code)],
        "policy": [_policy(port, stage) for stage in STAGES],
        "strategy_mark": _mark(held) if (held := mark_of(port.code)) else None, "strategy_marks": [_mark(each) for each in history_of(port.code)],
    }


def _mark(row: StrategyMark) -> dict[str, Any]:
    return {
        "is_marked": row.is_marked, "name": MARKS[row.is_marked].as_dict(), "valid_from": row.valid_from, "reason": row.reason,
        "document": row.document.reference, "recorded_at": row.recorded_at,
    }


def _line(port: Port, proposed: Proposed, decided: GradeDecision | None) -> dict[str, Any]:
    held = proposed.scores
    return {
        "port": port.code, "name_zh": port.name_zh, "name_en": port.name_en, "province_code": port.province_code,
        "transport_class": port.transport_class or None, "decided": _decision(decided) if decided else None,
        "proposed": proposed.outcome.verdict, "proposed_name": proposed.outcome.name.as_dict(),
        "scores": {"year": held.year, "revision": held.revision, "document": held.document.reference,
                   **{name: float(getattr(held, name)) for name in CRITERIA}} if held else None,
    }


def _decision(row: GradeDecision) -> dict[str, Any]:
    return {
        "grade": row.grade, "grade_name": GRADES[row.grade].as_dict(), "valid_from": row.valid_from, "reason": row.reason,
        "document": row.document.reference, "is_override": row.is_override, "override_by": row.override_by, "proposal": row.proposal,
    }


def _policy(port: Port, stage: str) -> dict[str, Any]:
    found = policy_for(port, stage)
    cell = found.cell
    return {
        "stage": stage, "stage_name": STAGES[stage].as_dict(), "text": cell.text if cell else None, "valid_from": cell.valid_from if cell else None,
        "document": cell.document.reference if cell else None, "why_none": found.why_none.as_dict() if found.why_none else None,
    }


@router.get("/lists/{kind}", response={200: ListPage, **REFUSALS}, summary="名单 / A list", description=(
    "可见范围内的名单：watch 预警、closing 航空口岸关闭候选、unaccepted 批准后三年未验收、merge 一城一口岸整合候选、class-two 待清理的原二类口岸。"
    "每条附条文、事实与来源、其他理解和在办办件；列入只是建议。watch 和 closing 可用 year 指定最后判定年度。 / "
    "A list in your scope: watch, closing (air ports), unaccepted (approved, not accepted), merge (one city, one port), class-two. Each "
    "entry with its law, facts and sources, other readings and running matters; to be listed is advice. For watch and closing “year” is the "
    "last year judged."))
def one_list(
    request: HttpRequest, kind: Kind, year: LastYear = None, as_of: ListDay = None, limit: Limit = 50, after: AfterSubject = "",
) -> dict[str, Any]:
    """A list with its entries, in the order of their subjects."""
    _reads(request, "list")
    compiled = compile_list(request.user, kind, year, as_of)
    entries = sorted((*compiled.listed, *compiled.other_only), key=lambda each: each.subject)
    beyond = [each for each in entries if each.subject > after]
    shown = beyond[:limit]
    running = running_cases(request.user, shown)
    head = {key: value for key, value in compiled.as_dict().items() if key not in ("entries", "list")} | {"kind": compiled.kind}
    items = [{**each.as_dict(), "matters": [matter.pk for matter in running.get(each.subject, ())]} for each in shown]
    return {**head, **of_rows(items, shown[-1].subject if len(beyond) > limit else None)}
