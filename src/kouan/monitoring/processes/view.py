"""The figures of one flow at one port over some months: the wholes, the segments, the map, the paths, what leaves them.

``process_view`` answers plain data in which every number has its unit in its name. Nothing is trimmed; fewer than 30 cases
show no 95th percentile (``timing.statistics``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from kouan.basis import Place, Refused, Text
from kouan.basis.clock import day_of
from kouan.monitoring.eventlog import views
from kouan.monitoring.eventlog.engine import Result
from kouan.monitoring.eventlog.plan import LEAST_FOR_P95
from kouan.monitoring.processes.asking import BY, Months, port_for
from kouan.monitoring.processes.legs import Flow, Legs, chosen_legs
from kouan.monitoring.timing import parameters
from kouan.monitoring.timing.cohorts import Cohort, by_arrival, by_release
from kouan.monitoring.timing.definitions import OWNERS, Whole, shipped
from kouan.monitoring.timing.events import HOUR, moment
from kouan.monitoring.timing.norms import Norm, norm_of_whole
from kouan.monitoring.timing.statistics import Summary, base_2017, summarise

_TEN_THOUSANDTHS = 10_000  # the engine's hours
_FIRST_BASE = parameters.shipped()["base_2017_hours"][0].in_force_from


@dataclass(frozen=True, slots=True)
class WholeTimes:
    """One whole over the legs chosen. ``early``: ended before they began; ``statuses`` counts every leg."""

    whole: Whole
    summary: Summary
    statuses: Mapping[str, int]
    early: int


@dataclass(frozen=True, slots=True)
class SegmentTimes:
    """One stage pair of the whole told in parts. ``share`` of all its time; ``absorbed``: parts that a missing milestone hides in it."""

    start: str
    end: str
    name: Text
    owners: tuple[str, ...]
    nature: str
    absorbed: tuple[Text, ...]
    share: float
    summary: Summary


@dataclass(frozen=True, slots=True)
class Arc:
    """``end`` came directly after ``start`` so many times; hours between them (p95 None below 30)."""

    start: str
    end: str
    n: int
    mean_hours: float
    median_hours: float
    p90_hours: float
    p95_hours: float | None


@dataclass(frozen=True)
class ProcessView:
    """All figures of a view. ``found`` cases touched the port, ``read`` were looked at, ``n`` belong to the months."""

    port: str
    months: Months
    by: str
    flow: Flow | None
    flows: tuple[tuple[Flow, int], ...]
    found: int
    read: int
    unread: int
    origins: tuple[str, ...]
    n: int = 0
    events: int = 0
    is_provisional: bool = False
    wholes: tuple[WholeTimes, ...] = ()
    cohorts: tuple[Cohort, ...] = ()
    whole: Whole | None = None
    segments: tuple[SegmentTimes, ...] = ()
    by_owner: tuple[tuple[str, float], ...] = ()
    by_nature: tuple[tuple[str, float], ...] = ()
    total_hours: float = 0.0
    arcs: tuple[Arc, ...] = ()
    begins: Mapping[str, int] = field(default_factory=dict)
    ends: Mapping[str, int] = field(default_factory=dict)
    variants: tuple[views.Path_, ...] = ()
    deviations: tuple[views.Deviation, ...] = ()
    conformance: views.Conformance | None = None
    notes: tuple[Text, ...] = ()
    norms: tuple[Norm, ...] = ()

    @property
    def usual(self) -> views.Path_ | None:
        """The most frequent path."""
        return self.variants[0] if self.variants else None


def process_view(
    user: Any, port: str, months: Months, *, flow: Flow | None = None, by: str = "release", whole: str = "", limit_hours: Decimal | None = None,
    norms: Sequence[Norm] = (),
) -> ProcessView:
    """Measure one flow at a port in the user's scope (NotFound else). ``limit_hours``: a norm of the whole told in parts; ``norms``: those
    of wholes that are held against the cases where no limit is given, the one in force at the end of the months."""
    if by not in BY:
        raise Refused.because("unknown_cohort", f"“{by[:20]}”不是可用的归月方式。", f"“{by[:20]}” is no way to count by months.",
                              where=Place(field="by"), remedy=("用 release 或 arrival。", "Use release or arrival."))
    found_port = port_for(user, port)
    with chosen_legs(user, found_port.code, months, flow=flow, by=by, whole=whole) as legs:
        seen = ProcessView(found_port.code, months, by, legs.flow, legs.flows, legs.found, legs.read, legs.unread, legs.origins, notes=_notes(legs))
        if legs.plan is None:
            return seen
        return _filled(seen, legs, limit_hours, norms)


def _filled(seen: ProcessView, legs: Legs, limit_hours: Decimal | None, norms: Sequence[Norm]) -> ProcessView:
    result = legs.result()
    variants = views.paths(result)
    flows = views.conformance(result)
    arcs, begins, ends = _map(result)
    told: dict[str, Any] = {
        "n": result.cases, "events": result.events, "arcs": arcs, "begins": begins, "ends": ends, "variants": tuple(variants),
        "deviations": tuple(views.deviations(result)), "conformance": flows[0] if flows else None,
    }
    if legs.is_measured:
        told |= _times(legs, limit_hours, norms, seen.port)
    return ProcessView(**{name: getattr(seen, name) for name in ProcessView.__dataclass_fields__} | told)


def _times(legs: Legs, limit_hours: Decimal | None, norms: Sequence[Norm], port: str) -> dict[str, Any]:
    on = day_of(moment(legs.months.since))
    last = day_of(moment(legs.months.until - 1))
    mode = legs.flow[1] if legs.flow else ""
    used: dict[str, Norm] = {}
    direction = legs.flow[2] if legs.flow else ""
    wholes: list[WholeTimes] = []
    cohorts: tuple[Cohort, ...] = ()
    for place, whole in enumerate(legs.wholes):
        measured = legs.measured(whole)
        base = base_2017(whole.code, direction, on) if on >= _FIRST_BASE else None
        norm = int(limit_hours * HOUR) if limit_hours is not None and whole is legs.whole else None
        held = None if limit_hours is not None else norm_of_whole(norms, whole.code, direction, mode, port, last)
        if held is not None:
            norm, used[whole.code] = held.limit_us, held
        summary = summarise(measured.lengths_us(legs.as_of), norm_us=norm, base_hours=base)
        wholes.append(WholeTimes(whole, summary, measured.statuses(), measured.early_n()))
        if not place:
            made = (by_release if legs.by == "release" else by_arrival)(measured.legs(), legs.as_of, norm_us=norm, base_hours=base)
            cohorts = tuple(each for each in made if each.month in legs.months.all)
    segments, owners, natures, total = _segments(legs)
    return {
        "wholes": tuple(wholes), "norms": tuple(used.values()), "cohorts": cohorts, "whole": legs.whole, "segments": segments,
        "by_owner": owners, "by_nature": natures,
        "total_hours": total, "is_provisional": any(each.is_provisional for each in cohorts) or not legs.months.is_over,
    }


def _segments(legs: Legs) -> tuple[tuple[SegmentTimes, ...], tuple[tuple[str, float], ...], tuple[tuple[str, float], ...], float]:
    """The segments in the order of the chain; hours by owner and by nature, most first; all hours together."""
    parts = legs.parts()
    total = sum(int(times.sum()) for times in parts.values())
    owners: Counter[str] = Counter()
    natures: Counter[str] = Counter()
    rows = []
    order = {step.part.to: place for chain in legs.compiled.flows[0].chains if chain.has_segments for place, step in enumerate(chain.steps)}
    for place, times in parts.items():
        pair = legs.compiled.pairs[place]
        held = {pair.part.owner, *(each.owner for each in pair.absorbed)}
        whose = tuple(owner for owner in OWNERS if owner in held)
        kinds = {pair.part.nature, *(each.nature for each in pair.absorbed)}
        nature = kinds.pop() if len(kinds) == 1 else "undivided"
        took = int(times.sum())
        owners["+".join(whose)] += took
        natures[nature] += took
        start, end = legs.compiled.milestones[pair.since], legs.compiled.milestones[pair.to]
        rows.append(SegmentTimes(start, end, pair.part.name, whose, nature, tuple(each.name for each in pair.absorbed),
                                 took / total if total else 0.0, summarise(times)))
    rows.sort(key=lambda row: (order.get(row.end, 99), order.get(row.start, -1)))
    return (tuple(rows), tuple((name, us / HOUR) for name, us in owners.most_common()),
            tuple((name, us / HOUR) for name, us in natures.most_common()), total / HOUR)


def _map(result: Result) -> tuple[tuple[Arc, ...], dict[str, int], dict[str, int]]:
    """The arcs, most frequent first; with which milestones legs begin and end."""
    names, table, ends = result.plan.milestones, result.tables["dfg"], result.tables["ends"]
    arcs = [
        Arc(names[a], names[b], n, mean / _TEN_THOUSANDTHS, median / _TEN_THOUSANDTHS, p90 / _TEN_THOUSANDTHS,
            p95 / _TEN_THOUSANDTHS if n >= LEAST_FOR_P95 else None)
        for a, b, n, mean, median, p90, p95 in zip(*(table[key].tolist() for key in ("a", "b", "n", "mean", "median", "p90", "p95")), strict=True)
    ]
    first: Counter[str] = Counter()
    last: Counter[str] = Counter()
    for a, b, n in zip(*(ends[key].tolist() for key in ("a", "b", "n")), strict=True):
        first[names[a]] += n
        last[names[b]] += n
    return tuple(sorted(arcs, key=lambda arc: (-arc.n, arc.start, arc.end))), dict(first), dict(last)


def _notes(legs: Legs) -> tuple[Text, ...]:
    """What the figures leave out, in words."""
    notes = []
    if legs.unread:
        notes.append(Text(
            f"日志中有 {legs.unread:,} 条较早的事件尚未按月归档，超出页面可读的范围，本页未计；归档（kouan events compact）后即计入。",
            f"{legs.unread:,} older events of the journal stand in no closed month, more than a page may read: not counted here until the "
            "months are compacted (kouan events compact)."))
    if legs.found > legs.read:
        notes.append(Text(
            f"共 {legs.found:,} 件，按编号散列抽取 {legs.read:,} 件计算；全部用 kouan times report。",
            f"{legs.read:,} of {legs.found:,} cases are measured, drawn by a hash of their numbers; kouan times report measures all."))
    return tuple(notes)


def milestone_name(code: str, direction: str) -> Text:
    """The name of a milestone in a direction; its code where the list does not have it."""
    known = shipped().milestones.get(code)
    return known.name_in(direction) if known else Text(code, code)
