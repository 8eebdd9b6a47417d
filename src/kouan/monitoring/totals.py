"""Totals of the nation, of a province, or of the ports in one's scope: the ports' own figures added up.

A total is given only where every port that should report has reported the whole period. Otherwise it is
数据不全: how many of how many reported, and the part that is there, never as a lower total. Counterpart
and press figures, and what the plan states, enter no total; doors show them beside it.

A port should report a period when it was in operation in any part of it: planned, closed and merged ports
need not, nor a port before its acceptance. A port that reports all the same is counted with the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from kouan.accounts.permissions import may
from kouan.audit import record_event
from kouan.basis import (
    Finding,
    NotFound,
    Period,
    PeriodKind,
    Refused,
    SubjectKind,
    SubjectRef,
    clock,
    measures,
)
from kouan.basis.measures import Direction, Measure
from kouan.collection.models import Origin, Series
from kouan.collection.visibility import scope_for
from kouan.monitoring.queries import FlowSeries, best, flows_of
from kouan.monitoring.rollup import Flow, add, peak, ranks, shares, with_changes
from kouan.monitoring.subjects import NATION
from kouan.ports.folding import COLUMNS, Change, fold
from kouan.ports.models import Port, PortChange, PortStatus
from kouan.ports.queries import OUT, ports_visible_to

OWN = (Origin.OFFICIAL, Origin.EXERCISE)
# What goes through ports: the measures that pages offer. Any other that adds up can be asked for by code.
FLOW_MEASURES = (
    "person_crossings", "cargo_tonnes", "movements", "vessels", "aircraft", "trains", "vehicles",
    "trade_value_cny", "trade_value_usd", "teu", "containers",
)
# A port that comes into one of these states was not in operation before.
_BEGINNINGS = frozenset({PortStatus.PLANNED, PortStatus.APPROVED, PortStatus.OPEN})


@dataclass(frozen=True, slots=True)
class Total:
    """One period. ``value`` is None while any port that should report is missing; ``partial`` is the part
    that is there. ``due``, ``reported``, ``partly``: how many ports should report, reported the whole, a part.
    Changes are relative (0.12 is 12 % more) and need both figures whole.
    """

    period: Period
    value: Decimal | None
    partial: Decimal | None
    due: int
    reported: int
    partly: int
    on_previous: float | None = None
    on_year: float | None = None
    is_peak: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether it may be quoted as the total."""
        return self.value is not None


@dataclass(frozen=True, slots=True)
class Standing:
    """A member of a total in one period. ``share`` of the total (None unless that is whole); ``rank`` among
    the ``ranked`` members whose figure is whole."""

    subject: SubjectRef
    total: Total
    share: float | None
    rank: int | None
    ranked: int


class Totals:
    """The totals of a set of ports for one measure and kind of period, oldest first."""

    def __init__(
        self, region: SubjectRef | None, measure: Measure, kind: PeriodKind, ports: Sequence[Port],
        first_year: int | None = None, last_year: int | None = None,
    ) -> None:
        self.region, self.measure, self.kind, self.ports = region, measure, kind, ports
        self._first, self._last = first_year, last_year
        self.direction = str(Direction.TOTAL if Direction.TOTAL in measure.directions else measure.default_direction)
        series = _own([port.code for port in ports], measure, kind, self.direction)
        self._held = {each.subject.code: {flow.period: flow for flow in each.flows} for each in series}
        self.origin = next((each.origin for each in series if each.flows), Origin.OFFICIAL)
        self._is_due = _duty(ports)

    @cached_property
    def _periods(self) -> list[Period]:
        """From the first to the last period of which anything was reported, without a gap."""
        known = {period for flows in self._held.values() for period in flows}
        if not known:
            return []
        found = [min(known, key=lambda each: each.start)]
        last = max(each.start for each in known)
        while found[-1].start < last:
            found.append(found[-1].next())
        return found

    @cached_property
    def totals(self) -> list[Total]:
        """Every period of the years asked for."""
        inside = [each for each in self._series(self.ports) if self._is_asked(each.period)]
        highest = peak([_as_flow(each) for each in inside])
        top = highest.period if highest is not None else None
        return [replace(each, is_peak=each.period == top) for each in inside]

    @property
    def peak(self) -> Total | None:
        """The largest whole total of the years asked for."""
        return next((each for each in self.totals if each.is_peak), None)

    @property
    def latest(self) -> Total | None:
        """The last period of which anything was reported."""
        return self.totals[-1] if self.totals else None

    @property
    def due_now(self) -> int:
        """How many ports should report the period that today lies in."""
        now = Period.of(self.kind, clock.today())
        return sum(self._is_due(port, now) for port in self.ports)

    def at(self, period: Period) -> Total | None:
        """The total of one period of the years asked for."""
        return next((each for each in self.totals if each.period == period), None)

    def members(self, period: Period, *, by_port: bool = False) -> list[Standing]:
        """The provinces of the nation, or the ports of anything smaller (``by_port``: always the ports)."""
        groups: dict[SubjectRef, list[Port]] = defaultdict(list)
        for port in self.ports:
            if self.region == NATION and not by_port:
                groups[SubjectRef.of(SubjectKind.PROVINCE, port.province_code)].append(port)
            else:
                groups[SubjectRef.of(SubjectKind.PORT, port.code)].append(port)
        found = {subject: self._changed(ports, period) for subject, ports in groups.items()}
        # Whose ports were all closed or not yet open, and reported nothing, has no part in the period.
        found = {subject: total for subject, total in found.items() if total.due}
        values = {str(subject): total.value for subject, total in found.items() if total.value is not None}
        whole = self._total(self.ports, period)
        share_of = shares(values) if whole.is_complete else {}
        rank_of = ranks(values)
        return [
            Standing(subject, total, share_of.get(str(subject)), rank_of.get(str(subject)), len(values))
            for subject, total in found.items()
        ]

    def standing(self, province: SubjectRef, period: Period) -> Standing | None:
        """Where a province of the nation stands in a period; None where none of its ports has a part in it."""
        return next((each for each in self.members(period) if each.subject == province), None)

    def place_of(self, code: str, period: Period) -> tuple[float | None, int | None]:
        """(share, rank) of one port among all ports of the region, as in ``members``."""
        values = {
            each: flow.value for each, flows in self._held.items()
            if (flow := flows.get(period)) is not None and flow.value is not None
        }
        if code not in values:
            return None, None
        share = shares(values).get(code) if self._total(self.ports, period).is_complete else None
        return share, ranks(values)[code]

    # ---- the arithmetic -------------------------------------------------------------------------------

    def _is_asked(self, period: Period) -> bool:
        return (self._first is None or period.start.year >= self._first) and (
            self._last is None or period.start.year <= self._last)

    def _total(self, ports: Iterable[Port], period: Period) -> Total:
        parts = []
        due = 0
        for port in ports:
            flow = self._held.get(port.code, {}).get(period)
            if flow is not None:
                parts.append(flow)
            due += flow is not None or self._is_due(port, period)
        if not parts:
            return Total(period, None, None, due, 0, 0)
        [added] = add([[flow] for flow in parts], members=due)
        reported = sum(flow.is_complete for flow in parts)
        return Total(period, added.value, added.partial, due, reported, len(parts) - reported)

    def _series(self, ports: Sequence[Port]) -> list[Total]:
        return _with_changes([self._total(ports, period) for period in self._periods])

    def _changed(self, ports: Sequence[Port], period: Period) -> Total:
        around = dict.fromkeys([period.same_last_year(), period.previous(), period])
        return _with_changes([self._total(ports, each) for each in around])[-1]


def _as_flow(total: Total) -> Flow:
    return Flow(total.period, total.value, total.partial, total.reported, total.due)


def _with_changes(found: list[Total]) -> list[Total]:
    changed = with_changes([_as_flow(each) for each in found])
    return [replace(each, on_previous=one.on_previous, on_year=one.on_year)
            for each, one in zip(found, changed, strict=True)]


def _own(codes: Sequence[str], measure: Measure, kind: PeriodKind, direction: str) -> list[FlowSeries]:
    """The figures that speak for each port: its own, both directions together; one alone is a part only."""
    subjects = [SubjectRef.of(SubjectKind.PORT, code) for code in codes]
    found = flows_of(subjects, kind=kind, measure=measure.code, origins=OWN)
    whole = [each if each.direction == direction else _half(each) for each in found]
    return list(best(whole).values())


def _half(series: FlowSeries) -> FlowSeries:
    """One direction without the other is no total, whatever it holds."""
    flows = tuple(replace(flow, value=None, expected=2 * flow.expected) for flow in series.flows)
    return replace(series, direction=Direction.TOTAL.value, flows=flows)


def _duty(ports: Sequence[Port]) -> Callable[[Port, Period], bool]:
    """``is_due(port, period)``, from the history of each port's status; one query."""
    histories: dict[int, list[Change]] = defaultdict(list)
    rows = PortChange.objects.filter(port__in=[port.pk for port in ports], attribute="status").order_by()
    for key, *columns in rows.values_list("port_id", *COLUMNS):
        histories[key].append(Change(*columns))
    dated = {key: changes for key, changes in histories.items() if any(each.valid_from for each in changes)}

    def is_due(port: Port, period: Period) -> bool:
        if port.accepted_on is not None and port.accepted_on > period.end:
            return False
        changes = dated.get(port.pk)
        if changes is None:
            return port.status not in OUT
        return any(_operates(changes, day) for day in (period.start, period.end))

    return is_due


def _operates(changes: Sequence[Change], day: date) -> bool:
    held = fold(changes, day).get("status")
    if held is not None and held.value != PortStatus.UNKNOWN:
        return held.value not in OUT
    # What is not on record for the day is told by what came next: a port that opens later was not open before.
    later = [each for each in changes if each.valid_from is not None and each.valid_from > day]
    return not later or min(later, key=lambda each: each.valid_from or date.max).value not in _BEGINNINGS


# ---- asking -------------------------------------------------------------------------------------------


def additive(code: str) -> Measure:
    """A measure that ports add up to; Refused with the nearest names, or because its parts make no sum."""
    found = measures.find(code)
    if isinstance(found, Finding):
        raise Refused(found)
    if not found.is_additive or found.is_benchmark:
        raise Refused.because(
            "not_additive", f"指标“{found.name.zh}”（{found.code}）不能由各口岸相加得出全国或省级合计。",
            f"“{found.name.en}” ({found.code}) of the ports does not add up to a national or provincial total.",
            measured=found.code,
            remedy=(f"可用的流量指标：{'、'.join(FLOW_MEASURES)}。", f"Flows that add up: {', '.join(FLOW_MEASURES)}."),
        )
    return found


def may_total(user: Any, region: SubjectRef | None) -> bool:
    """Whether the user sees every port of the region (None: one's own scope, which is always so)."""
    scope = scope_for(user)
    if region is None:
        return bool(scope)
    return scope.everything if region == NATION else scope.covers_province(region.code)


def sees_ranks(user: Any) -> bool:
    """Ranks are for the national office and its auditors (DESIGN.md, "Results")."""
    return scope_for(user).everything and may(user, "scores.read_ranks")


def widest_region(user: Any) -> SubjectRef | None:
    """The largest region whose ports the user sees all of: the nation, a province, or (None) the own ports."""
    scope = scope_for(user)
    if scope.everything:
        return NATION
    return SubjectRef.of(SubjectKind.PROVINCE, min(scope.provinces)) if len(scope.provinces) == 1 else None


def totals_of(
    user: Any, region: SubjectRef | None, measure: str, kind: PeriodKind | str = PeriodKind.YEAR, *,
    first_year: int | None = None, last_year: int | None = None,
) -> Totals:
    """The totals of a region for one measure. ``region``: the nation, a province, or None for the own ports.

    Raises NotFound, with the audit entry ``out_of_scope``, where the user does not see all its ports, and
    Refused for a measure that does not add up.
    """
    found = additive(measure)
    if not may_total(user, region):
        said = str(region) if region else "own"
        record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "total", "code": said})
        raise NotFound.because(
            "unknown_total", f"没有“{said}”的口岸合计，或者它不在您的查看范围内。",
            f"There is no total of the ports of “{said}”, or not in your scope.",
            remedy=("请查询本省或本范围的合计。", "Ask for the total of your own province or scope."),
        )
    return Totals(region, found, PeriodKind(kind), ports_of(user, region), first_year, last_year)


def ports_of(user: Any, region: SubjectRef | None) -> list[Port]:
    """The ports of a region that are in scope; groups (苏州) are headings, their members are the ports."""
    ports = ports_visible_to(user).counted().order_by("code")
    if region is not None and region.kind is SubjectKind.PROVINCE:
        ports = ports.filter(province_code=region.code)
    return list(ports.only("code", "name_zh", "name_en", "province_code", "status", "accepted_on"))


def reported_measures(user: Any, region: SubjectRef | None) -> list[str]:
    """The additive measures of which any port of the region reported a figure itself, flows first."""
    codes = [port.code for port in ports_of(user, region)]
    found = set(Series.objects.filter(subject_kind=SubjectKind.PORT, subject_code__in=codes, origin__in=OWN, group="all")
                .order_by().values_list("measure", flat=True).distinct())
    known: Mapping[str, Measure] = measures.all_measures()
    usable = [code for code, measure in known.items() if code in found and measure.is_additive and not measure.is_benchmark]
    return sorted(usable, key=lambda code: FLOW_MEASURES.index(code) if code in FLOW_MEASURES else len(FLOW_MEASURES))
