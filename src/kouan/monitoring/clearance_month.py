"""Overall clearance times (整体通关时间) of the ports of a province in one month, out of the journal: figures for a notice.

A case counts in the month in which it ended (delivery permitted, or released), as the figures that customs publishes do. Beside each figure
stand its change on the month before and on the same month of the year before, with the interval of the difference of medians, and the
cut from the base of 2017, which is a national mean. Cases are measured by the generated SQL of ``monitoring/eventlog``, so a month of a
big port is read in seconds. Ports stand in the order of the register: this is no ranking.

>>> before("2026-01"), year_before("2026-01"), span_of("2026-02")[1] - span_of("2026-02")[0] == 28 * 24 * HOUR
('2025-12', '2025-01', True)
"""

# ruff: noqa: S608 - SQL of our own definitions and codes out of the journal, quoted by the dialect

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from kouan.basis import Finding, Place, Refused, clock
from kouan.basis.clock import BEIJING
from kouan.monitoring.eventlog import sql
from kouan.monitoring.eventlog.dialect import DUCKDB
from kouan.monitoring.eventlog.plan import STATUSES, Contents, Plan, compile_plan
from kouan.monitoring.journal.reading import events_table
from kouan.monitoring.norms.queries import norms_in_force
from kouan.monitoring.timing.compare import compare
from kouan.monitoring.timing.definitions import shipped
from kouan.monitoring.timing.events import HOUR, SUBJECT_OF_KIND, microseconds
from kouan.monitoring.timing.norms import Norm, norm_of_whole
from kouan.monitoring.timing.statistics import base_2017, summarise
from kouan.ports.models import Port

if TYPE_CHECKING:
    import duckdb

WHOLE = "overall_clearance"
DIRECTIONS = ("inbound", "outbound")
_MONTH = re.compile(r"20\d{2}-(0[1-9]|1[0-2])")
_COMPLETE, _RUNNING = STATUSES.index("complete"), STATUSES.index("running")
_UNMEASURED = {STATUSES.index(name): name for name in ("start_missing", "end_missing", "contradictory")}


@dataclass(frozen=True, slots=True)
class Case:
    """One case: port, direction, kind, status (place in STATUSES), beginning and end in µs (None where not known)."""

    port: str
    direction: str
    kind: str
    status: int
    begun: int | None
    ended: int | None

    def ended_in(self, span: tuple[int, int]) -> bool:
        """Whether it was completed in a month."""
        return self.status == _COMPLETE and self.ended is not None and span[0] <= self.ended < span[1]


def before(month: str) -> str:
    """The month before."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year - 1}-12" if number == 1 else f"{year}-{number - 1:02d}"


def year_before(month: str) -> str:
    """The same month of the year before."""
    return f"{int(month[:4]) - 1}{month[4:]}"


def year_span(year: int) -> tuple[int, int]:
    """A year from (included) and to (not included) in µs, Beijing time."""
    return _midnight(date(year, 1, 1)), _midnight(date(year + 1, 1, 1))


def span_of(month: str) -> tuple[int, int]:
    """From (included) and to (not included) in µs, Beijing time."""
    first = date(int(month[:4]), int(month[5:]), 1)
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return _midnight(first), _midnight(after)


def _midnight(day: date) -> int:
    return microseconds(datetime(day.year, day.month, day.day, tzinfo=BEIJING))


def month_figures(user: Any, province: str, month: str) -> dict[str, Any]:
    """The figures as JSON, with the digest of the cases read. Refused for a month to come, and where no port has a case."""
    now = microseconds(clock.now())
    if not _MONTH.fullmatch(month) or span_of(month)[0] > now:
        raise Refused.because("unusable_month", f"“{month[:16]}”不是可以通报的月份。", f"“{month[:16]}” is no month to report on.",
                              where=Place(field="month"), remedy=("写作 2026-03，不晚于本月。", "Write 2026-03; not after this month."))
    ports = list(Port.objects.visible_to(user).counted().filter(province_code=province).order_by("pinyin", "code"))
    with events_table(user) as engine:
        cases, origins = measured_cases(engine, [port.code for port in ports])
    span = span_of(month)
    months = {name: span_of(name) for name in (month, before(month), year_before(month))}
    used = [case for case in cases if any(case.ended_in(each) for each in months.values()) or _ran(case, span[1]) or _lacks(case, span)]
    is_open, norms = span[1] > now, norms_in_force()
    rows = [
        _row(code, direction, [case for case in used if case.direction == direction and code in ("", case.port)], month, months, is_open, norms)
        for direction in DIRECTIONS for code in ("", *(port.code for port in ports))
    ]  # fmt: skip
    rows = [row for row in rows if row["summary"]["n"] or row["running"] or row["unmeasured"]]
    if not any(row["summary"]["n"] for row in rows):
        raise Refused(Finding.error(
            "no_cases", f"{month} 该省口岸没有办结的案例，无从通报。", f"No case ended at the ports of the province in {month}.",
            where=Place(field="month"), remedy=("请核对省份和月份，或先接收节点事件。", "Check province and month, or take events in first.")))
    return {
        "province": province, "month": month, "as_of_us": now, "is_provisional": is_open, "whole": _whole(month).key, "definitions": shipped().digest,
        "ports": [{"code": port.code, "name": port.name_zh, "name_en": port.name_en} for port in ports], "rows": rows, "origins": origins,
        "kinds": dict(sorted(Counter(case.kind for case in used if case.ended_in(span)).items())),
        "cases": len(used), "cases_sha256": digest_of_cases(used),
    }  # fmt: skip


def _whole(month: str) -> Any:
    day = date(int(month[:4]), int(month[5:]), 28)
    return next(whole for whole in shipped().of_flow("goods", "inbound", "sea", day) if whole.code == WHOLE)


def measured_cases(engine: duckdb.DuckDBPyConnection, ports: Sequence[str], origin: str = "") -> tuple[list[Case], list[str]]:
    """Every case of goods that began at the ports, measured by the whole; and whose figures they are. ``origin``: of these events alone."""
    kinds = [kind for kind, subject in SUBJECT_OF_KIND.items() if subject == "goods"]
    rows = (f"FROM events_current WHERE NOT planned AND case_kind IN ({DUCKDB.literals(kinds)[1:-1]}) "
            f"AND direction IN ({DUCKDB.literals(DIRECTIONS)[1:-1]})" + (f" AND origin = {DUCKDB.quoted(origin)}" if origin else ""))
    seen = {name: sorted(row[0] for row in engine.execute(f"SELECT DISTINCT {name} {rows}").fetchall()) for name in ("milestone", "port", "origin")}
    flows = tuple(sorted(engine.execute(f"SELECT DISTINCT case_kind, mode, direction {rows}").fetchall()))
    if not flows:
        return [], []
    plan = compile_plan(Contents(tuple(seen["milestone"]), tuple(seen["port"]), flows), by=("port", "direction"), wholes=(WHOLE,))
    told = f"SELECT case_id, milestone, epoch_us(occurred_at) AS t, port, case_kind, mode, direction {rows}"
    engine.execute(f"CREATE OR REPLACE TEMP TABLE legs AS SELECT * EXCLUDE (l) FROM ({sql.cases(plan, told, DUCKDB)})")
    wanted = [place for place, key in enumerate(plan.wholes) if key.partition("@")[0] == WHOLE]
    found = engine.execute(
        f"SELECT f, port, status, b, e FROM ({sql.wholes(plan, 'legs', DUCKDB)}) w WHERE w IN ({', '.join(map(str, wanted))}) "
        "ORDER BY ALL").fetchall()
    found += _without_beginning(engine, plan, told)
    by_code = dict(zip(sql.flow_codes(plan), plan.flows, strict=True))
    mine = set(ports)
    return [
        Case(plan.ports[port], by_code[f].direction, by_code[f].case_kind, status, begun, ended)
        for f, port, status, begun, ended in found if port is not None and plan.ports[port] in mine
    ], seen["origin"]


def _without_beginning(engine: duckdb.DuckDBPyConnection, plan: Plan, told: str) -> list[tuple[int, int, int, None, int]]:
    """The cases that ended without a beginning, at the port of their first event: the generated SQL knows a port by the beginning alone."""
    status, found = STATUSES.index("start_missing"), []
    engine.execute("CREATE OR REPLACE TEMP TABLE first_seen AS SELECT case_id, f, arg_min(port, t) AS port "
                   f"FROM ({sql.coded(plan, told, DUCKDB)}) coded GROUP BY case_id, f")
    for chain, flows in sql.chains_of(plan):
        if chain.whole.partition("@")[0] == WHOLE:
            end = f"coalesce({', '.join(f'm{m}' for m in chain.ends)})"
            begun = " AND ".join(f"m{m} IS NULL" for m in chain.start)
            found += [(f, port, status, None, ended) for f, port, ended in engine.execute(
                f"SELECT f, first_seen.port, {end} FROM legs JOIN first_seen USING (case_id, f) "
                f"WHERE f IN ({', '.join(map(str, flows))}) AND {begun} AND {end} IS NOT NULL ORDER BY ALL").fetchall()]
    return found


def _ran(case: Case, at: int) -> bool:
    """Whether it had begun and not ended at an instant."""
    return case.begun is not None and case.begun < at and (
        case.status == _RUNNING or (case.status == _COMPLETE and case.ended is not None and case.ended >= at))


def _lacks(case: Case, span: tuple[int, int]) -> bool:
    """Whether it belongs to the month and has no length: its end lies in it, or its beginning where the end is what is missing."""
    when = case.ended if case.ended is not None else case.begun
    return case.status in _UNMEASURED and when is not None and span[0] <= when < span[1]


def _row(
    port: str, direction: str, cases: Sequence[Case], month: str, months: dict[str, tuple[int, int]], is_open: bool,
    norms: Sequence[Norm],
) -> dict[str, Any]:
    """One port (empty: the province) and direction."""
    lengths = {name: [max(0, case.ended - case.begun) for case in cases  # a release before arrival counts as zero, as in the timeline
                      if case.ended_in(span) and case.ended is not None and case.begun is not None] for name, span in months.items()}
    day = date(int(month[:4]), int(month[5:]), 28)
    # Cases of a notice are of all modes together: a norm of one mode cannot be held against them.
    norm = norm_of_whole(norms, WHOLE, direction, "", port, day)
    summary = summarise(lengths[month], norm_us=norm.limit_us if norm else None, base_hours=base_2017(WHOLE, direction, day), on=day).as_dict()
    return {
        "port": port, "direction": direction, "summary": summary, "is_provisional": is_open,
        "running": sum(_ran(case, months[month][1]) for case in cases),
        "unmeasured": dict(sorted(Counter(_UNMEASURED[case.status] for case in cases if _lacks(case, months[month])).items())),
        "norm": None if norm is None else {
            "name": norm.name.as_dict(), "hours": norm.limit_us / HOUR, "citation": norm.citation.as_dict() if norm.citation else None},
        "month_before": _change(lengths[before(month)], lengths[month]), "year_before": _change(lengths[year_before(month)], lengths[month]),
    }  # fmt: skip


def _change(old: list[int], new: list[int]) -> dict[str, Any] | None:
    """The change of mean and median in hours, with the interval of the medians' difference; None where either month has no case."""
    if not old or not new:
        return None
    found = compare(old, new)
    span = found.difference_interval
    return {
        "n_before": len(old), "mean_before_hours": sum(old) / len(old) / HOUR, "mean_hours": (sum(new) / len(new) - sum(old) / len(old)) / HOUR,
        "median_before_hours": (found.before_us or 0) / HOUR, "median_hours": (found.difference_us or 0) / HOUR,
        "interval": None if span is None else {"low_hours": span.low / HOUR, "high_hours": span.high / HOUR, "confidence": span.confidence},
        "verdict": found.verdict,
    }  # fmt: skip


def digest_of_cases(cases: Iterable[Case]) -> str:
    """SHA-256 over the cases, sorted: port, direction, kind, status, beginning, end, joined by the unit separator, a line each."""
    running = hashlib.sha256()
    lines = sorted("\x1f".join((case.port, case.direction, case.kind, STATUSES[case.status], str(case.begun or ""), str(case.ended or "")))
                   for case in cases)
    for line in lines:
        running.update(line.encode() + b"\n")
    return running.hexdigest()
