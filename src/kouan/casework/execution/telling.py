"""Projects, reports and targets as plain data, for programs: the command line and the API tell the same."""

from __future__ import annotations

from typing import Any

from kouan.basis import Text, clock
from kouan.casework.execution.differences import Difference
from kouan.casework.execution.models import FundingKind, ProgressReport
from kouan.casework.execution.queries import MONEY, ProjectView
from kouan.casework.execution.slippage import STATES, milestone_slip
from kouan.casework.execution.targets import TargetView
from kouan.casework.oversight.telling import both


def project_told(one: ProjectView) -> dict[str, Any]:
    """A row of the board. ``owner`` null: none stated; a date or percentage that is null: 未填."""
    row, run, latest = one.project, one.run, one.latest
    return {
        "project": one.code, "box": one.box, "section": row.box, "is_prose_only": one.is_prose_only,
        "programme": both(Text(row.programme_zh, row.programme_en)), "object": row.object_zh, "kind": both(Text(row.kind, row.kind_en)),
        "provinces": list(one.provinces), "owner": one.owner.code if one.owner else None, "owner_name": one.owner_words,
        "state": one.standing.state, "state_label": both(STATES[one.standing.state]),
        "reasons": [both(each.words) for each in one.standing.reasons],
        "start": run.start if run else None, "finish": run.finish if run else None,
        "first_start": run.first_start if run else None, "first_finish": run.first_finish if run else None,
        "started_on": run.started_on if run else None, "finished_on": run.finished_on if run else None,
        "percent": latest.percent if latest else None, "percent_quarter": latest.period.code if latest else None,
        "worst_milestone_days": one.standing.worst_milestone, "linear_days": one.standing.linear, "overrun_days": one.standing.overrun,
        "quarters_owed": [each.code for each in one.owed], "is_waiting": one.waiting is not None, "version": one.version,
    }


def project_in_full(one: ProjectView) -> dict[str, Any]:
    """A row with its milestones, money and reports. Money is a string of 万元; null is 未填 and is never zero."""
    today = clock.today()
    return {
        **project_told(one), "quote": one.project.quote, "note": both(Text(one.project.note, one.project.note_en)),
        "reason": one.run.reason if one.run else "",
        "milestones": [{
            "id": each.pk, "title": each.title, "first_planned_on": each.first_planned_on, "planned_on": each.planned_on,
            "actual_on": each.actual_on, "slip_days": milestone_slip(each.first_planned_on, each.actual_on, today),
            "document": each.document.reference if each.document else None} for each in one.milestones],
        "funding": [{
            "kind": kind.value, "kind_label": kind.label,
            **{name: _wan(getattr(one.funding[kind.value], name)) if kind.value in one.funding else None for name in MONEY}}
            for kind in FundingKind],
        "reports": [report_told(each) for each in one.reports],
    }


def report_told(one: ProgressReport) -> dict[str, Any]:
    """A report of a quarter, one revision of it."""
    return {
        "id": one.pk, "quarter": one.period.code, "revision": one.revision, "percent": one.percent, "done": one.done,
        "difficulties": one.difficulties, "finished_on": one.finished_on, "correction": one.correction, "reported_on": one.reported_on,
        "due_on": one.due_on, "is_late": one.is_late, "state": one.state, "decided_on": one.decided_on, "opinion": one.opinion,
        "evidence": one.evidence.reference if one.evidence else None, "matter": one.matter_id,
    }


def target_told(one: TargetView) -> dict[str, Any]:
    """A target with each year of the plan; a year that is not reported has ``revision`` 0 and nulls."""
    return {
        "target": one.target.code, "kind": one.target.kind, "horizon": one.target.horizon, "name": both(one.target.name),
            "goal": both(one.target.goal),
        "section": one.target.section, "quote": one.target.quote,
        "years": [{
            "year": year, "value": format(held.value.normalize(), "f") if held and held.value is not None else None,
            "words": held.words if held else None, "source": held.source if held else None,
            "entered_on": held.entered_on if held else None, "revision": one.revision(year)}
            for year in one.years for held in (one.actuals.get(year),)],
    }


def difference_told(one: Difference) -> dict[str, Any]:
    """A difference between text and box."""
    return {"ambiguity": one.ambiguity, "kind": one.kind, "message": both(one.finding.message),
        "projects": [each.project_id for each in one.projects]}


def _wan(value: Any) -> str | None:
    return None if value is None else f"{value:.2f}"
