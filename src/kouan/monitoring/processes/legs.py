"""The legs of one flow at one port in some months, out of the journal, as the table ``legs`` of a connection.

Which legs: those that touched the port in the months (any actual event), measured by the first whole of their flow, and of
these the ones that ended (by release) or began (by arrival) in the months with their start at this port. By release, legs whose
begin is not known are kept and counted; by arrival, those that still run. Every figure of a view is of this one set.

The generated SQL of ``eventlog`` measures them: a page, a report and a command cannot differ in a rule.
"""

# ruff: noqa: S608 - SQL of our own names and of the plan; what users gave is bound

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kouan.basis import Place, Refused, clock
from kouan.monitoring.eventlog import engine, source, sql
from kouan.monitoring.eventlog.dialect import DUCKDB
from kouan.monitoring.eventlog.plan import STATUSES, Chain, Contents, Plan, compile_plan
from kouan.monitoring.journal.reading import Part, events_table, newest_rows
from kouan.monitoring.processes.asking import MARGIN, MOST_CASES, MOST_OPEN, Months
from kouan.monitoring.timing.cohorts import Length
from kouan.monitoring.timing.definitions import Whole, shipped, subject_of
from kouan.monitoring.timing.events import DAY, microseconds
from kouan.monitoring.timing.timeline import Status

if TYPE_CHECKING:
    import duckdb

Flow = tuple[str, str, str]  # case_kind, mode, direction
_NONE = int(np.iinfo(np.int64).min)
_STATUS = tuple(Status(each) for each in STATUSES)
_IN_SPAN = "port = ? AND NOT planned AND NOT withdrawn AND occurred_at >= make_timestamp(?) AND occurred_at < make_timestamp(?)"


@dataclass(frozen=True)
class Measured:
    """One whole on every leg: begin and end in µs (``_NONE`` where not known), place of the status in ``STATUSES``, 1 where it ended early."""

    begun: NDArray[np.int64]
    ended: NDArray[np.int64]
    status: NDArray[np.int64]
    early: NDArray[np.int64]

    def lengths_us(self, as_of: int) -> NDArray[np.int64]:
        """The lengths of the legs that had ended at an instant; a release before arrival counts as zero."""
        kept = (self.status == 0) & (self.ended <= as_of)
        return np.maximum(0, self.ended[kept] - self.begun[kept])

    def early_n(self) -> int:
        """How many legs ended before they began."""
        return int(self.early[self.status == 0].sum())

    def statuses(self) -> dict[str, int]:
        """How many legs have each status."""
        return {STATUSES[code]: int(n) for code, n in enumerate(np.bincount(self.status, minlength=len(STATUSES))) if n}

    def legs(self) -> list[Length]:
        """Each leg as cohorts read it."""
        return [Length(None if b == _NONE else b, None if e == _NONE else e, _STATUS[s])
                for b, e, s in zip(self.begun.tolist(), self.ended.tolist(), self.status.tolist(), strict=True)]  # fmt: skip


@dataclass(frozen=True)
class Legs:
    """What was read. ``found``: cases of the flow; ``read``: how many were measured; ``unread``: rows of the journal left out."""

    connection: duckdb.DuckDBPyConnection
    months: Months
    by: str
    flows: tuple[tuple[Flow, int], ...]
    flow: Flow | None
    plan: Plan | None
    wholes: tuple[Whole, ...]
    whole: Whole | None
    found: int
    read: int
    unread: int
    origins: tuple[str, ...]
    as_of: int

    @property
    def compiled(self) -> Plan:
        """The plan of the flow; ValueError where no flow was found, which ``is_measured`` tells before."""
        if self.plan is None:
            raise ValueError("no flow was found: ask is_measured first")
        return self.plan

    @property
    def chain(self) -> Chain:
        """The chain of the first whole of the flow, which decides the month of a case."""
        return self.compiled.flows[0].chains[0]

    @property
    def is_measured(self) -> bool:
        """Whether there are legs, and a whole that measures them."""
        return self.plan is not None and bool(self.plan.flows[0].chains)

    def result(self) -> engine.Result:
        """The tables of a report over these legs."""
        return engine.of_legs(self.connection, self.compiled, source.Log((), True, {}, False, True, ()))

    def measured(self, whole: Whole) -> Measured:
        """What one whole comes to on every leg."""
        place = self.compiled.wholes.index(whole.key)
        told = self.connection.execute(
            f"SELECT coalesce(b, {_NONE}) AS b, coalesce(e, {_NONE}) AS e, status, early FROM ({sql.wholes(self.compiled, 'legs', DUCKDB)}) w "
            f"WHERE w = {place}").fetchnumpy()
        return Measured(*(np.ma.filled(told[name], 0).astype(np.int64) for name in ("b", "e", "status", "early")))

    def parts(self) -> dict[int, NDArray[np.int64]]:
        """The times (µs) of each stage pair of the chosen whole, by the pair's position in the plan."""
        told = self.connection.execute(f"SELECT pair, dur FROM ({sql.parts(self.compiled, 'legs', DUCKDB)}) p ORDER BY pair").fetchnumpy()
        pairs, times = np.asarray(told["pair"], np.int64), np.asarray(told["dur"], np.int64)
        edges = np.flatnonzero(np.diff(pairs)) + 1
        return {int(group[0]): rows for group, rows in zip(np.split(pairs, edges), np.split(times, edges), strict=True) if len(group)}


@contextlib.contextmanager
def chosen_legs(user: Any, port: str, months: Months, *, flow: Flow | None = None, by: str = "release", whole: str = "") -> Iterator[Legs]:
    """Read the legs of a flow; where parts of its name are empty, of the matching flow with most cases that a whole measures.

    ``whole``: the code of the whole that is told in parts, by default the first of the flow.
    """
    above, unread = newest_rows(MOST_OPEN)
    as_of = microseconds(clock.now())
    # A ruling on a clock may move an event over the edge of a month. A case that arrived in the months may be open to this day.
    last = months.until + (DAY if by == "release" else MARGIN)
    part = Part(port, (months.since - MARGIN, months.until + MARGIN), (months.since - DAY, last), above)
    with events_table(user, of=part) as connection:
        span = [port, months.since, min(months.until, as_of + 1)]
        flows = tuple(
            ((kind, mode, direction), n) for kind, mode, direction, n in connection.execute(
                f"SELECT case_kind, mode, direction, count(DISTINCT case_id) AS n FROM events WHERE {_IN_SPAN} "
                "GROUP BY ALL ORDER BY n DESC, case_kind, mode, direction", span).fetchall()
        )  # fmt: skip
        chosen = flow if flow and all(flow) else _usual(flows, flow or ("", "", ""))
        found, read, origins = _pick(connection, chosen, span) if chosen else (0, 0, ())
        plan: Plan | None = None
        wholes: tuple[Whole, ...] = ()
        told: Whole | None = None
        if chosen and read:
            plan, wholes, told = _plan(connection, chosen, whole)
            connection.execute(
                "CREATE TEMP TABLE all_legs AS "
                + sql.cases(plan, "SELECT case_id, milestone, t, port, case_kind, mode, direction FROM told", DUCKDB))
            connection.execute(f"CREATE TEMP TABLE legs AS SELECT * FROM all_legs WHERE {_belongs(plan, by)}",
                               _bound(plan, port, months))
        yield Legs(connection, months, by, flows, chosen, plan, wholes, told, found, read, unread, origins, as_of)


def _usual(flows: Sequence[tuple[Flow, int]], asked: Flow) -> Flow | None:
    """The flow with most cases that a whole measures, else the one with most cases, among those that are as asked."""
    known = shipped()
    matching = [flow for flow, _ in flows if all(want in ("", has) for want, has in zip(asked, flow, strict=True))]
    measured = [flow for flow in matching if known.of_flow(subject_of(flow[0]), flow[2], flow[1])]
    return next(iter([*measured, *matching]), None)


def _pick(connection: duckdb.DuckDBPyConnection, flow: Flow, span: list[Any]) -> tuple[int, int, tuple[str, ...]]:
    """The tables ``picked`` (cases) and ``told`` (their events that count); how many cases there are, how many are read, whose figures."""
    of_flow = "case_kind = ? AND mode = ? AND direction = ?"
    connection.execute(f"CREATE TEMP TABLE seen_cases AS SELECT DISTINCT case_id FROM events WHERE {of_flow} AND {_IN_SPAN}", [*flow, *span])
    counted = connection.execute("SELECT count(*) FROM seen_cases").fetchall()
    found = int(counted[0][0])
    connection.execute(f"CREATE TEMP TABLE picked AS SELECT case_id FROM seen_cases ORDER BY hash(case_id) LIMIT {MOST_CASES}")
    # A correction may lie in any month that is read, and be of another flow: judged after all revisions are there.
    connection.execute(
        "CREATE TEMP TABLE told AS WITH corrected AS "
        "(SELECT source, event_id, max(revision) AS newest FROM events WHERE revision > 1 GROUP BY ALL) "
        "SELECT e.case_id, e.milestone, epoch_us(e.occurred_at) AS t, e.port, e.case_kind, e.mode, e.direction, e.origin "
        "FROM (SELECT * FROM events WHERE case_id IN (SELECT case_id FROM picked)) e LEFT JOIN corrected c USING (source, event_id) "
        f"WHERE NOT e.withdrawn AND NOT e.planned AND (c.newest IS NULL OR e.revision = c.newest) AND {of_flow}", list(flow))
    origins = tuple(row[0] for row in connection.execute("SELECT DISTINCT origin FROM told ORDER BY 1").fetchall())
    return found, min(found, MOST_CASES), origins


def _plan(connection: duckdb.DuckDBPyConnection, flow: Flow, whole: str) -> tuple[Plan, tuple[Whole, ...], Whole | None]:
    def distinct(name: str) -> tuple[str, ...]:
        return tuple(row[0] for row in connection.execute(f"SELECT DISTINCT {name} FROM told ORDER BY 1").fetchall())

    wholes = shipped().of_flow(subject_of(flow[0]), flow[2], flow[1])
    told = next((each for each in wholes if each.code == whole), None) if whole else (wholes[0] if wholes else None)
    if whole and told is None:
        raise Refused.because(
            "whole_not_of_flow", "这个流程没有所选的全程。", "This flow has no such whole.", where=Place(field="whole"),
            remedy=(f"可用：{'、'.join(each.name.zh for each in wholes) or '无'}。",
                    f"Use one of: {', '.join(each.code for each in wholes) or 'none'}."))
    contents = Contents(distinct("milestone"), distinct("port"), (flow,))
    return compile_plan(contents, by=(), wholes=(told.code,) if told else ()), wholes, told


def ends_of(plan: Plan) -> tuple[str, str, str]:
    """SQL over ``legs``: begin, end and port of the first whole (of a flow without wholes the first and last event, and no port)."""
    if not plan.flows[0].chains:
        return "(l[1] >> 8)", "(l[len(l)] >> 8)", "NULL"
    chain = plan.flows[0].chains[0]

    def first(codes: Sequence[int], name: str) -> str:
        return f"coalesce({', '.join([*(f'{name}{m}' for m in codes), 'NULL'])})"

    port = "CASE " + " ".join(f"WHEN m{m} IS NOT NULL THEN port{m}" for m in chain.start) + " END"
    return first(chain.start, "m"), first(chain.ends, "m"), port


def _belongs(plan: Plan, by: str) -> str:
    begin, end, port = ends_of(plan)
    # A release before arrival counts in the month of arrival, as in the reports; greatest() passes over what is not known.
    counts_at = f"CASE WHEN {end} IS NOT NULL THEN greatest({begin}, {end}) END" if by == "release" else begin
    return f"{counts_at} >= ? AND {counts_at} < ? AND ({port} IS NULL OR {port} = ?)"


def _bound(plan: Plan, port: str, months: Months) -> list[int]:
    return [months.since, months.until, plan.ports.index(port) if port in plan.ports else -1]
