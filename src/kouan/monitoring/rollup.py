"""From small periods to large ones without ever hiding a gap. Pure.

A year of months is complete only when all twelve are there; otherwise its value is unknown and
the sum of what was reported is shown beside it as a part, never as a lower total.

>>> months = [Cell(Period.month(2023, m), Decimal(10), 1, 1) for m in (1, 2)]
>>> first = roll_up(months, PeriodKind.QUARTER)[0]
>>> first.value, first.partial, [period.code for period in first.missing]
(None, Decimal('20'), ['2023-03'])
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Literal, NamedTuple

from kouan.basis import Period, PeriodKind

_ORDER = (PeriodKind.DAY, PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR)


class Rollup(StrEnum):
    """How parts make a whole (the measure registry says which)."""

    SUM = "sum"
    MEAN = "mean"
    MAX = "max"
    LAST = "last"
    NONE = "none"


class Used(NamedTuple):
    """A recorded figure that a rolled-up one rests on: its series, its own id and revision, its value."""

    series: int
    observation: int
    revision: int
    value: Decimal


@dataclass(frozen=True, slots=True)
class Cell:
    """What is known of one small period: its value, and how many of its own parts it rests on."""

    period: Period
    value: Decimal
    present: int = 1
    expected: int = 1
    used: tuple[Used, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether every part of this period was reported."""
        return self.present >= self.expected


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """Two accepted figures of one period that do not agree: the one that stands, and the sum it was held against.

    ``against``: the sum of both ``directions``, or of the smaller periods (``parts``).
    """

    period: Period
    against: Literal["directions", "parts"]
    stands: Decimal
    other: Decimal


@dataclass(frozen=True, slots=True)
class Flow:
    """One figure of a series. ``value`` is None while anything is missing; ``partial`` is what is there.

    ``present`` of ``expected`` parts were reported; ``missing`` are the smaller periods without a whole
    figure. ``discrepancies`` are accepted figures that contradict the one given; ``used`` the recorded
    figures it rests on (only where the query was asked to trace them).
    """

    period: Period
    value: Decimal | None
    partial: Decimal | None
    present: int
    expected: int
    missing: tuple[Period, ...] = field(default=())
    discrepancies: tuple[Discrepancy, ...] = ()
    used: tuple[Used, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether the figure may be quoted as the period's total."""
        return self.value is not None

    @property
    def completeness(self) -> float:
        """Share of the parts that were reported, 0…1."""
        return self.present / self.expected if self.expected else 0.0


def _joined(values: Sequence[Decimal], how: Rollup) -> Decimal:
    match how:
        case Rollup.SUM:
            return sum(values, Decimal(0))
        case Rollup.MEAN:
            return sum(values, Decimal(0)) / len(values)
        case Rollup.MAX:
            return max(values)
        case _:
            return values[-1]


def roll_up(cells: Iterable[Cell], kind: PeriodKind, how: Rollup = Rollup.SUM) -> list[Flow]:
    """Gather cells of one smaller kind into periods of ``kind``, oldest first.

    Cells must not overlap; of a measure whose parts make no whole (``NONE``) only periods that
    were reported at ``kind`` itself are answered.
    """
    known = sorted(cells, key=lambda cell: cell.period.start)
    if not known:
        return []
    native = known[0].period.kind
    if native == kind or how == Rollup.NONE:
        return [
            Flow(cell.period, cell.value if cell.is_complete else None, cell.value, cell.present, cell.expected, used=cell.used)
            for cell in known if cell.period.kind == kind
        ]
    if PeriodKind.SPAN in (native, kind) or _ORDER.index(native) > _ORDER.index(kind):
        raise ValueError(f"cannot make {kind} of {native}")
    gathered: dict[Period, list[Cell]] = {}
    for cell in known:
        gathered.setdefault(cell.period.covering(kind), []).append(cell)
    return [_whole(whole, parts, native, how) for whole, parts in gathered.items()]


def _whole(whole: Period, parts: list[Cell], native: PeriodKind, how: Rollup) -> Flow:
    complete = {part.period for part in parts if part.is_complete}
    wanted = whole.split(native)
    missing = tuple(period for period in wanted if period not in complete)
    value = _joined([part.value for part in parts], how)
    used = tuple(each for part in parts for each in part.used)
    return Flow(whole, None if missing else value, value, len(wanted) - len(missing), len(wanted), missing, used=used)


def cover(cells: Iterable[Cell], kind: PeriodKind, how: Rollup = Rollup.SUM) -> list[Flow]:
    """As ``roll_up``, for cells of several kinds (months and quarters of one return, say).

    A figure of the wanted period itself stands. Where there is none, the period is covered by the finest
    complete cells that do not overlap: three months before their quarter, the quarter where a month is
    missing. Figures that contradict the finer ones are told in ``discrepancies``. ``present`` and
    ``expected`` count periods of the finest kind at hand.
    """
    by_kind: dict[PeriodKind, dict[Period, Cell]] = {}
    for cell in cells:
        by_kind.setdefault(cell.period.kind, {})[cell.period] = cell
    if len(by_kind) <= 1 or how == Rollup.NONE:
        only = by_kind.get(kind, {}) if how == Rollup.NONE else next(iter(by_kind.values()), {})
        return roll_up(only.values(), kind, how)
    kinds = sorted(by_kind, key=_ORDER.index, reverse=True)
    wholes = {cell.period.covering(kind) for held in by_kind.values() for cell in held.values()}
    return [_covered(whole, kinds, by_kind, how) for whole in sorted(wholes)]


class _Cover(NamedTuple):
    """Cells that cover a period without overlap, the gaps left, and the contradictions met."""

    cells: list[Cell]
    gaps: list[Period]
    discrepancies: list[Discrepancy]


def _covered(whole: Period, kinds: Sequence[PeriodKind], by_kind: dict[PeriodKind, dict[Period, Cell]], how: Rollup) -> Flow:
    own = by_kind.get(whole.kind, {}).get(whole)
    finer = [kind for kind in kinds if kind != whole.kind]
    found = _finest(whole, finer, by_kind, how)
    discrepancies = found.discrepancies
    if own is not None and own.is_complete:
        discrepancies = [*_contradiction(own, found, finer[-1], how), *discrepancies]
        return Flow(whole, own.value, own.value, own.present, own.expected, (), tuple(discrepancies), own.used)
    if own is not None and not found.cells:
        return Flow(whole, None, own.value, own.present, own.expected, used=own.used)
    finest = finer[-1]
    expected = len(whole.split(finest))
    missing = tuple(part for gap in found.gaps for part in gap.split(finest))
    value = _weighed(found.cells, finest, how)
    return Flow(
        whole, None if missing else value, value, expected - len(missing), expected, missing, tuple(discrepancies),
        tuple(each for cell in found.cells for each in cell.used),
    )


def _finest(
    period: Period, kinds: Sequence[PeriodKind], by_kind: dict[PeriodKind, dict[Period, Cell]], how: Rollup
) -> _Cover:
    """Cover a period by cells of ``kinds`` (coarsest first), the finest that are complete."""
    found = _Cover([], [], [])
    for part in period.split(kinds[0]):
        own = by_kind[kinds[0]].get(part)
        if len(kinds) == 1:
            if own is None or not own.is_complete:
                found.gaps.append(part)
            if own is not None:
                found.cells.append(own)
            continue
        inner = _finest(part, kinds[1:], by_kind, how)
        found.discrepancies.extend(inner.discrepancies)
        if own is not None and own.is_complete:
            found.discrepancies.extend(_contradiction(own, inner, kinds[-1], how))
            if inner.gaps:
                inner = _Cover([own], [], [])
        found.cells.extend(inner.cells)
        found.gaps.extend(inner.gaps)
    return found


def _contradiction(own: Cell, parts: _Cover, finest: PeriodKind, how: Rollup) -> list[Discrepancy]:
    """What is wrong between a period's own figure and its parts: another sum, or a part above the whole."""
    if not parts.cells or how == Rollup.MEAN:  # a published mean is rounded
        return []
    other = _weighed(parts.cells, finest, how)
    is_wrong = other > own.value and how in (Rollup.SUM, Rollup.MAX) if parts.gaps else other != own.value
    return [Discrepancy(own.period, "parts", own.value, other)] if is_wrong else []


def _weighed(cells: Sequence[Cell], finest: PeriodKind, how: Rollup) -> Decimal:
    """Join cells of unlike length: a mean counts a quarter as its three months."""
    if how != Rollup.MEAN:
        return _joined([cell.value for cell in cells], how) if cells else Decimal(0)
    weights = [len(cell.period.split(finest)) for cell in cells]
    return sum((cell.value * weight for cell, weight in zip(cells, weights, strict=True)), Decimal(0)) / sum(weights)


def choose_total(total: Sequence[Flow], both: Sequence[Flow]) -> list[Flow]:
    """One figure for each period that was reported as a total, by direction, or both; no period is dropped.

    The reported total where it is complete, else both directions where they are, else whichever part is
    larger (each is a lower bound). Where both are complete and do not agree, the total stands and says so.
    """
    totals = {flow.period: flow for flow in total}
    sums = {flow.period: flow for flow in both}
    return [
        _chosen(totals[period], sums[period]) if period in totals and period in sums else totals.get(period) or sums[period]
        for period in sorted({*totals, *sums})
    ]


def _chosen(total: Flow, both: Flow) -> Flow:
    part = both.partial or Decimal(0)
    if total.value is None:
        return both if both.is_complete or part > (total.partial or 0) else total
    if part > total.value or (both.is_complete and part != total.value):
        told = Discrepancy(total.period, "directions", total.value, part)
        if told.other not in {each.other for each in total.discrepancies if each.period == told.period}:
            return replace(total, discrepancies=(told, *total.discrepancies))
    return total


def add(flows: Sequence[Sequence[Flow]], members: int | None = None) -> list[Flow]:
    """Add series period by period (directions, groups, or the ports of a province).

    A total is complete only where every member reported the whole period; ``members`` is how
    many there should be, when that is more than those given.
    """
    expected_members = max(members or 0, len(flows))
    by_period: dict[Period, list[Flow]] = {}
    for series in flows:
        for flow in series:
            by_period.setdefault(flow.period, []).append(flow)
    totals = []
    for period in sorted(by_period, key=lambda each: each.start):
        parts = by_period[period]
        is_whole, partial, most = len(parts) == expected_members, Decimal(0), 0
        for part in parts:
            is_whole = is_whole and part.value is not None
            partial += part.partial or 0
            most = max(most, part.expected)
        if is_whole:
            missing: tuple[Period, ...] = ()
        elif len(parts) < expected_members:
            missing = (period,)  # a member that is not there at all lacks the whole period
        else:
            missing = tuple(sorted({gap for part in parts for gap in part.missing}))
        totals.append(Flow(
            period, partial if is_whole else None, partial,
            # A member that filed one figure for the year has filed its twelve months.
            sum([part.present * most // part.expected for part in parts]), most * expected_members, missing,
            tuple([told for part in parts for told in part.discrepancies]), tuple([used for part in parts for used in part.used]),
        ))
    return totals


def change(now: Flow | None, before: Flow | None) -> float | None:
    """Relative change (0.12 is 12 % more); None unless both are complete and the base is not zero."""
    if now is None or before is None or now.value is None or not before.value:
        return None
    return float((now.value - before.value) / before.value)


@dataclass(frozen=True, slots=True)
class Changed:
    """A figure beside the one before it and the one a year before."""

    flow: Flow
    on_previous: float | None
    on_year: float | None


def with_changes(flows: Sequence[Flow]) -> list[Changed]:
    """Month-on-month (or quarter, year) and year-on-year change of every figure."""
    known = {flow.period: flow for flow in flows}
    return [
        Changed(flow, change(flow, known.get(flow.period.previous())),
                change(flow, known.get(flow.period.same_last_year())))
        for flow in flows
    ]


def peak(flows: Sequence[Flow]) -> Flow | None:
    """The largest complete figure; the earliest of equals."""
    complete = [flow for flow in flows if flow.value is not None]
    return max(complete, key=lambda flow: flow.value or Decimal(0)) if complete else None


def shares(values: dict[str, Decimal]) -> dict[str, float]:
    """Each member's share of the sum; empty when the sum is zero."""
    total = sum(values.values(), Decimal(0))
    return {name: float(value / total) for name, value in values.items()} if total else {}


def ranks(values: dict[str, Decimal]) -> dict[str, int]:
    """1 for the largest; equal values share the better rank."""
    ordered = sorted(values.values(), reverse=True)
    return {name: ordered.index(value) + 1 for name, value in values.items()}
