"""Process views as JSON-ready mappings, for programs: hours with their unit in the name, texts in both languages."""

from __future__ import annotations

from typing import Any

from kouan.basis import Text
from kouan.monitoring.processes.asking import Months
from kouan.monitoring.processes.cases import Case
from kouan.monitoring.processes.comparison import Line, PeriodsCompared
from kouan.monitoring.processes.lanes import LaneView
from kouan.monitoring.processes.legs import Flow
from kouan.monitoring.processes.view import Arc, ProcessView, milestone_name
from kouan.monitoring.timing.events import HOUR, MINUTE, text_of
from kouan.monitoring.timing.statistics import Summary

# Paths and deviations told at most; there are as many paths as there are ways to err.
MOST_PATHS = 200


def flow_told(flow: Flow | None) -> dict[str, str] | None:
    """Kind, mode and direction."""
    return None if flow is None else {"case_kind": flow[0], "mode": flow[1], "direction": flow[2]}


def months_told(months: Months) -> dict[str, str]:
    """The first and the last month."""
    return {"first": months.first, "last": months.last}


def summary_told(summary: Summary, unit: str = "hours", us: int = HOUR) -> dict[str, Any]:
    """The figures in hours (or minutes); p95 None with its reason below 30 cases."""
    def told(value: float | None) -> float | None:
        return None if value is None else round(value / us, 4)

    interval = summary.median_interval
    return {
        "n": summary.n, **{f"{name}_{unit}": told(getattr(summary, f"{name}_us")) for name in ("mean", "median", "p75", "p90", "p95")},
        "p95_reason": summary.p95_reason.as_dict() if summary.p95_reason else None,
        f"median_interval_{unit}": [told(interval.low), told(interval.high)] if interval else None,
        "share_within_norm": summary.share_within_norm, "cuts": {cut.of: round(cut.ratio, 4) for cut in summary.cuts},
    }


def view_told(view: ProcessView) -> dict[str, Any]:
    """One flow at one port over some months."""
    direction = view.flow[2] if view.flow else ""
    return {
        "port": view.port, "months": months_told(view.months), "by": view.by, "flow": flow_told(view.flow),
        "flows": [{**(flow_told(flow) or {}), "cases": n} for flow, n in view.flows], "cases": view.n, "cases_found": view.found,
        "cases_read": view.read, "events_unread": view.unread, "events": view.events, "origins": list(view.origins),
        "is_provisional": view.is_provisional, "notes": [note.as_dict() for note in view.notes],
        "wholes": [{"whole": each.whole.key, "name": each.whole.name.as_dict(), "statuses": dict(each.statuses), "early": each.early,
                    **summary_told(each.summary)} for each in view.wholes],
        "by_month": [{"month": each.month, "is_provisional": each.is_provisional, "running": each.unfinished.n,
                      "provisional_median_hours": None if each.provisional_median_us is None else round(each.provisional_median_us / HOUR, 4),
                      **summary_told(each.summary)} for each in view.cohorts],
        "whole": view.whole.key if view.whole else None,
        "segments": [{"start": each.start, "end": each.end, "name": each.name.as_dict(), "owners": list(each.owners), "nature": each.nature,
                      "absorbed": [name.as_dict() for name in each.absorbed], "share": round(each.share, 6), **summary_told(each.summary)}
                     for each in view.segments],
        "hours_by_owner": {name: round(value, 4) for name, value in view.by_owner},
        "hours_by_nature": {name: round(value, 4) for name, value in view.by_nature},
        "arcs": [_arc(arc) for arc in view.arcs], "begins": dict(view.begins), "ends": dict(view.ends),
        "milestones": {code: milestone_name(code, direction).as_dict()
                       for code in sorted({code for arc in view.arcs for code in (arc.start, arc.end)} | {*view.begins, *view.ends})},
        "paths": [{"path": list(each.milestones), "cases": each.n, "median_hours": each.median_hours} for each in view.variants[:MOST_PATHS]],
        "paths_in_all": len(view.variants),
        "deviations": [{"path": list(each.path.milestones), "cases": each.path.n, "skipped": list(each.skipped), "added": list(each.added),
                        "swapped": [list(pair) for pair in each.swapped], "repeated": list(each.repeated), "extra_hours": each.extra_hours,
                        "total_hours": each.total_hours} for each in view.deviations[:MOST_PATHS]],
        "conformance": None if view.conformance is None else {
            "cases": view.conformance.n, "conforming": view.conformance.conforming_n, "share": round(view.conformance.share, 6),
            "breaches": [{"before": a, "after": b, "cases": n} for a, b, n in view.conformance.breaches],
            "foreign": [{"milestone": code, "cases": n} for code, n in view.conformance.foreign],
        },
    }  # fmt: skip


def _arc(arc: Arc) -> dict[str, Any]:
    return {"start": arc.start, "end": arc.end, "n": arc.n, "mean_hours": arc.mean_hours, "median_hours": arc.median_hours,
            "p90_hours": arc.p90_hours, "p95_hours": arc.p95_hours}  # fmt: skip


def case_told(case: Case) -> dict[str, Any]:
    """One case: begin, end, hours, path."""
    return {
        "case_id": case.case_id, "begun": None if case.begun is None else text_of(case.begun),
        "ended": None if case.ended is None else text_of(case.ended), "hours": None if case.hours is None else round(case.hours, 4),
        "path": list(case.path),
    }  # fmt: skip


def compared_told(found: PeriodsCompared) -> dict[str, Any]:
    """Two periods: wholes and segments."""
    return {
        "port": found.port, "flow": flow_told(found.flow), "before": months_told(found.before), "after": months_told(found.after),
        "is_provisional": found.is_provisional, "notes": [note.as_dict() for note in found.notes],
        "wholes": [_line(line, found) for line in found.wholes], "segments": [_line(line, found) for line in found.segments],
    }


def _line(line: Line, found: PeriodsCompared) -> dict[str, Any]:
    before, after = (Text(each.name.zh, f"in {each.name.en}") for each in (found.before, found.after))
    made, interval = line.comparison, line.comparison.difference_interval

    def told(value: float | None) -> float | None:
        return None if value is None else round(value / HOUR, 4)

    return {
        "name": line.name.as_dict(), "start": line.ends[0] if line.ends else None, "end": line.ends[1] if line.ends else None,
        "n_before": made.n_before, "n_after": made.n_after, "before_hours": told(made.before_us), "after_hours": told(made.after_us),
        "difference_hours": told(made.difference_us), "interval_hours": [told(interval.low), told(interval.high)] if interval else None,
        "shift_hours": told(made.shift_us), "ratio": made.ratio, "verdict": made.verdict,
        "sentence": made.sentence(before, after, line.name).as_dict(),
    }


def lanes_told(view: LaneView) -> dict[str, Any]:
    """Queue and lanes: the wait in minutes, the rule, Little's law, capacity, quarters of an hour."""
    rule, little, able = view.rule, view.little, view.capacity
    return {
        "port": view.port, "kind": view.kind, "direction": view.direction, "first": view.first, "last": view.last, "lanes": list(view.lanes),
        "since": text_of(view.since), "until": text_of(view.until), "batches": view.batches, "persons": view.persons,
        "is_provisional": view.is_provisional, "is_cut": view.is_cut, "events_unread": view.unread, "origins": list(view.origins),
        "wait": summary_told(view.waits, "minutes", MINUTE) if view.waits else None,
        "by_lane": [{"lane": lane, "persons": persons, **summary_told(summary, "minutes", MINUTE)} for lane, persons, summary in view.by_lane],
        "rule": rule.as_dict() if rule else None,
        "little": None if little is None else {
            "mean_waiting": little.mean_waiting, "arrivals_per_hour": little.arrivals_per_hour,
            "mean_wait_minutes": None if little.mean_wait_us is None else round(little.mean_wait_us / MINUTE, 4),
            "expected_waiting": little.expected_waiting, "waiting_at_ends": list(little.waiting_at_ends), "is_sound": little.is_sound,
        },
        "capacity": None if able is None else {
            "loaded_slots": able.loaded_slots, "per_hour": able.persons_per_hour, "low_per_hour": able.low_per_hour,
            "high_per_hour": able.high_per_hour, "per_lane_hour": able.per_lane_hour, "reason": able.reason.as_dict() if able.reason else None,
        },
        "slots": [{"begins": text_of(each.begins), "mean_waiting": round(each.mean_waiting, 4), "most_waiting": each.most_waiting,
                   "joined": each.joined, "entered": each.entered, "lanes": each.lanes} for each in view.slots],
    }  # fmt: skip
