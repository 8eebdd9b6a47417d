"""Down to the cases behind a path or an arc: a page of them, longest first."""

# ruff: noqa: S608 - SQL of our own names and of the plan; what users gave is bound

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kouan.basis import Place, Refused
from kouan.monitoring.eventlog import sql
from kouan.monitoring.eventlog.dialect import DUCKDB
from kouan.monitoring.processes.asking import Months, port_for
from kouan.monitoring.processes.legs import Flow, chosen_legs, ends_of
from kouan.monitoring.timing.events import HOUR


@dataclass(frozen=True, slots=True)
class Case:
    """One leg: when it began and ended (µs, None where not known), hours of the first whole of its flow, its path."""

    case_id: str
    begun: int | None
    ended: int | None
    path: tuple[str, ...]

    @property
    def hours(self) -> float | None:
        """The time from begin to end; a release before arrival counts as zero."""
        return None if self.begun is None or self.ended is None else max(0, self.ended - self.begun) / HOUR


@dataclass(frozen=True, slots=True)
class CasePage:
    """Some of ``total`` cases; ``following``: after how many the next page begins, None at the end."""

    flow: Flow | None
    items: tuple[Case, ...]
    total: int
    following: int | None


def cases_along(
    user: Any, port: str, months: Months, *, flow: Flow | None = None, by: str = "release", path: tuple[str, ...] = (),
    arc: tuple[str, str] | None = None, limit: int = 50, after: int = 0,
) -> CasePage:
    """Cases of a flow with exactly this path, or in which one milestone came directly after another; longest first."""
    found_port = port_for(user, port)
    with chosen_legs(user, found_port.code, months, flow=flow, by=by) as legs:
        plan = legs.plan
        if plan is None:
            return CasePage(legs.flow, (), 0, None)
        for name in (*path, *(arc or ())):
            if name not in plan.milestones:
                raise Refused.because("unknown_milestone", f"没有节点“{name[:48]}”。", f"There is no milestone “{name[:48]}”.",
                                      where=Place(field="path"), remedy=("从图或表中点选。", "Choose from the map or the table."))
        where = "true"
        given: list[Any] = []
        if path:
            where, given = "path = ?", [[plan.milestones.index(name) for name in path]]
        if arc:
            where += " AND contains(concat(',', array_to_string(path, ','), ','), ?)"
            given.append(f",{plan.milestones.index(arc[0])},{plan.milestones.index(arc[1])},")
        begin, end, _ = ends_of(plan)
        source = (f"SELECT case_id, path, began, ended FROM ({sql.legs(plan, 'legs', DUCKDB)}) p "
                  f"JOIN (SELECT case_id, {begin} AS began, {end} AS ended FROM legs) t USING (case_id) WHERE {where}")
        counted = legs.connection.execute(f"SELECT count(*) FROM ({source})", given).fetchall()
        rows = legs.connection.execute(
            f"SELECT case_id, began, ended, path FROM ({source}) ORDER BY ended - began DESC NULLS LAST, case_id "
            f"LIMIT {int(limit) + 1} OFFSET {int(after)}", given).fetchall()
        items = tuple(Case(case, b, e, tuple(plan.milestones[code] for code in told)) for case, b, e, told in rows[:limit])
        return CasePage(legs.flow, items, int(counted[0][0]), after + limit if len(rows) > limit else None)
