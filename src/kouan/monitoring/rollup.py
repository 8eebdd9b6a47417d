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
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from kouan.basis import Period, PeriodKind

_ORDER = (PeriodKind.DAY, PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR)


class Rollup(StrEnum):
    """How parts make a whole (the measure registry says which)."""

    SUM = "sum"
    MEAN = "mean"
    MAX = "max"
    LAST = "last"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Cell:
    """What is known of one small period: its value, and how many of its own parts it rests on."""

    period: Period
    value: Decimal
    present: int = 1
    expected: int = 1

    @property
    def is_complete(self) -> bool:
        """Whether every part of this period was reported."""
        return self.present >= self.expected


@dataclass(frozen=True, slots=True)
class Flow:
    """One figure of a series. ``value`` is None while anything is missing; ``partial`` is what is there."""

    period: Period
    value: Decimal | None
    partial: Decimal | None
    present: int
    expected: int
    missing: tuple[Period, ...] = field(default=())

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
            Flow(cell.period, cell.value if cell.is_complete else None, cell.value, cell.present, cell.expected)
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
    return Flow(whole, None if missing else value, value, len(wanted) - len(missing), len(wanted), missing)


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
        partial = sum((part.partial for part in parts if part.partial is not None), Decimal(0))
        whole = len(parts) == expected_members and all(part.is_complete for part in parts)
        each = max(part.expected for part in parts)
        missing = tuple(sorted({gap for part in parts for gap in part.missing}))
        totals.append(Flow(
            period, partial if whole else None, partial,
            sum(part.present for part in parts), each * expected_members, missing,
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
