"""Flows and totals as JSON-ready mappings: the same words at the API and on the command line.

``mom`` is the change on the period before (the quarter or year before for those), ``yoy`` on the same
period a year before, both relative; ``share`` and ``rank`` are within ``within``; ``peak`` marks the
largest whole figure. Ranks are null for whoever may not read them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kouan.basis import SubjectKind, SubjectRef, measures
from kouan.monitoring.queries import FlowSeries
from kouan.monitoring.subjects import NATION
from kouan.monitoring.totals import (
    OWN,
    Standing,
    Total,
    Totals,
    may_total,
    sees_ranks,
    totals_of,
    widest_region,
)


def series_told(user: Any, series: Iterable[FlowSeries]) -> list[dict[str, Any]]:
    """Series with the changes, share, rank and peak of every figure.

    Shares and ranks exist for the own figures of ports, both directions together: within all ports of the
    widest region that the user sees whole.
    """
    region = widest_region(user)
    with_ranks = sees_ranks(user)
    held: dict[str, Totals] = {}
    return [_series(user, each, region, with_ranks, held) for each in series]


def _series(
    user: Any, series: FlowSeries, region: SubjectRef | None, with_ranks: bool, held: dict[str, Totals],
) -> dict[str, Any]:
    totals = None
    if series.subject.kind is SubjectKind.PORT and series.origin in OWN and series.group == "all" and _adds_up(series):
        key = f"{series.measure}/{series.kind}"
        # Figures that a grant shows are no part of the reader's own ports: they have no share and no rank among them.
        if key not in held and may_total(user, region):
            held[key] = totals_of(user, region, series.measure, series.kind)
        among = held.get(key)
        is_among = among is not None and series.subject.code in {port.code for port in among.ports}
        totals = among if among is not None and is_among and series.direction == among.direction else None
    top = series.peak
    flows = []
    for changed in series.changed():
        flow = changed.flow
        share, rank = totals.place_of(series.subject.code, flow.period) if totals and flow.is_complete else (None, None)
        flows.append({
            "period": flow.period.code, "value": flow.value, "partial": flow.partial, "present": flow.present,
            "expected": flow.expected, "mom": changed.on_previous, "yoy": changed.on_year, "share": share,
            "rank": rank if with_ranks else None, "peak": top is not None and flow.period == top.period,
        })
    return {
        "subject": str(series.subject), "measure": series.measure, "direction": series.direction, "group": series.group,
        "unit": series.unit, "origin": series.origin, "source": series.source, "definition": series.definition,
        "within": (str(region) if region else "scope") if totals else None,
        "peak": top.period.code if top else None, "flows": flows,
    }


def _adds_up(series: FlowSeries) -> bool:
    measure = measures.get(series.measure)
    return measure.is_additive and not measure.is_benchmark


def totals_told(user: Any, totals: Totals, *, with_members: bool = False) -> dict[str, Any]:
    """The totals of a region; ``with_members`` adds the provinces or ports of every period.

    A province's ``share`` and ``rank`` among the provinces are told to whoever sees the nation.
    """
    with_ranks = sees_ranks(user)
    nation = _nation_of(user, totals)
    periods = []
    for total in totals.totals:
        place = nation.standing(totals.region, total.period) if nation and totals.region else None
        periods.append({
            **_total(total), "share": place.share if place else None,
            "rank": place.rank if place and with_ranks else None, "peak": total.is_peak,
            **({"members": members_told(totals, total, with_ranks=with_ranks)} if with_members else {}),
        })
    return {
        "subject": str(totals.region) if totals.region else "scope", "measure": totals.measure.code,
        "direction": totals.direction, "group": "all", "unit": totals.measure.unit, "origin": str(totals.origin),
        "source": "sum-of-ports", "definition": totals.measure.definition.zh, "within": str(NATION) if nation else None,
        "ports_due": totals.due_now, "peak": totals.peak.period.code if totals.peak else None, "flows": periods,
    }


def _nation_of(user: Any, totals: Totals) -> Totals | None:
    if totals.region is None or totals.region.kind is not SubjectKind.PROVINCE or widest_region(user) != NATION:
        return None
    return totals_of(user, NATION, totals.measure.code, totals.kind)


def _total(total: Total) -> dict[str, Any]:
    return {
        "period": total.period.code, "value": total.value, "partial": total.partial,
        "reported": total.reported, "partly": total.partly, "due": total.due,
        "mom": total.on_previous, "yoy": total.on_year,
    }


def members_told(totals: Totals, total: Total, *, with_ranks: bool) -> list[dict[str, Any]]:
    """The provinces or ports behind one total, by code."""
    return [_member(each, with_ranks) for each in sorted(totals.members(total.period), key=lambda one: one.subject)]


def _member(standing: Standing, with_ranks: bool) -> dict[str, Any]:
    return {
        "subject": str(standing.subject), **_total(standing.total), "share": standing.share,
        "rank": standing.rank if with_ranks else None, "ranked": standing.ranked if with_ranks else None,
    }
