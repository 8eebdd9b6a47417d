"""A generated event log (演练): matters passing through ports, with the faults that real logs have.

Nothing here describes a real port, enterprise or day. The log is a function of its arguments alone: the same seed, cases
and ports give the same rows on any machine. What it imitates, and how:

* **who and where**: ports of four modes, busy ones far busier than the rest (weights fall as 1/rank); inbound, outbound,
  transit in the shares of ``DIRECTIONS``;
* **when**: working days busier than Saturdays and Sundays, day busier than night, a lull around the Chinese New Year;
* **how long**: every step is log-normal around a median of its mode, times a factor of the port; work that falls in the
  night waits till the morning for half of the matters;
* **advance declaration**: three in ten inbound matters are declared before they arrive;
* **faults**: events that never came (gaps), the same event told twice, a milestone told again later, times that run
  against the order of things (a clock that is wrong), corrections (the next revision), withdrawals, planned times beside
  actual ones, matters not finished when the log ends.

The layout is the one of closed months (``docs/times.md``): ``month=YYYY-MM/part-NN.parquet``, month of ``occurred_at`` in
UTC, one part per bucket of case ids, rows by (case_id, occurred_at).

>>> [step.milestone for step in STEPS["inbound"]][:4]
['manifest_accepted', 'declared', 'arrived', 'berthed']
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from kouan.monitoring.eventlog import layout
from kouan.monitoring.eventlog.dialect import DUCKDB

SOURCE = "exercise-generator"
MODES = ("sea", "river", "air", "rail", "road")
MODE_SHARES = (0.34, 0.10, 0.22, 0.10, 0.24)
DIRECTIONS = ("inbound", "outbound", "transit")
DIRECTION_SHARES = (0.55, 0.40, 0.05)
SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
SLAB = 1_000_000


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a matter: hours after the step before it, in the median, by mode; 0 where the mode has no such step.

    ``share``: how many matters have it. ``spread``: sigma of the logarithm. ``is_desk``: done by people who sleep at night.
    ``is_aside``: papers that run ahead; the goods do not wait for them.
    """

    milestone: str
    hours: tuple[float, float, float, float, float]
    share: float = 1.0
    spread: float = 0.7
    is_desk: bool = False
    is_aside: bool = False


# Times of sea, river, air, rail, road. The first step of a direction is at the matter's own beginning.
STEPS: dict[str, tuple[Step, ...]] = {
    "inbound": (
        Step("manifest_accepted", (0.1, 0.1, 0.1, 0.1, 0.1), share=0.93),
        Step("declared", (1.0, 1.0, 0.6, 0.8, 0.4), share=0.30, is_aside=True),  # in advance; the others after unloading
        Step("arrived", (14.0, 9.0, 3.0, 6.0, 1.5)),
        Step("berthed", (4.0, 3.0, 0, 0, 0), share=0.97),
        Step("unloaded", (9.0, 7.0, 1.5, 0, 0), share=0.95),
        Step("transferred", (0, 0, 0, 6.0, 0), share=0.95),
        Step("declared", (8.0, 8.0, 4.0, 6.0, 2.0), is_desk=True),
        Step("docs_checked", (0.3, 0.3, 0.2, 0.3, 0.2), spread=1.1, is_desk=True),
        Step("inspection_ordered", (0.2, 0.2, 0.2, 0.2, 0.1), share=0.07),
        Step("inspection_started", (5.0, 5.0, 2.0, 4.0, 1.5), is_desk=True),
        Step("inspection_ended", (1.5, 1.5, 0.8, 1.5, 0.7)),
        Step("quarantine_started", (2.0, 2.0, 1.0, 2.0, 0.8), share=0.04, is_desk=True),
        Step("quarantine_ended", (6.0, 6.0, 2.0, 4.0, 2.0)),
        Step("tax_paid", (3.0, 3.0, 1.5, 3.0, 1.0), share=0.62, spread=1.0, is_desk=True),
        Step("released", (0.6, 0.6, 0.4, 0.6, 0.3), spread=0.9),
        Step("delivery_permitted", (0.5, 0.5, 0.3, 0.5, 0.1), share=0.55),
        Step("picked_up", (16.0, 12.0, 3.0, 8.0, 0), share=0.6),
        Step("gate_out", (0.5, 0.4, 0.3, 0, 0.2), share=0.97),
        Step("departed", (0, 0, 0, 2.0, 0), share=0.97),
    ),
    "outbound": (
        Step("declared", (0.1, 0.1, 0.1, 0.1, 0.1)),
        Step("docs_checked", (0.2, 0.2, 0.15, 0.2, 0.15), spread=1.1, is_desk=True),
        Step("queue_joined", (0, 0, 0, 0, 1.0), share=0.9),
        Step("arrived", (6.0, 5.0, 2.0, 4.0, 1.0), share=0.98),
        Step("tallied", (1.0, 1.0, 0.5, 1.0, 0), share=0.85),
        Step("inspection_ordered", (0.2, 0.2, 0.2, 0.2, 0.1), share=0.05),
        Step("inspection_started", (4.0, 4.0, 1.5, 3.0, 1.2), is_desk=True),
        Step("inspection_ended", (1.2, 1.2, 0.7, 1.2, 0.6)),
        Step("tax_paid", (1.0, 1.0, 1.0, 1.0, 0.8), share=0.45, is_desk=True),
        Step("released", (0.3, 0.3, 0.2, 0.3, 0.2), spread=0.9),
        Step("manifest_accepted", (2.0, 2.0, 1.0, 2.0, 0), share=0.9),
        Step("loaded", (10.0, 8.0, 2.5, 6.0, 0), share=0.97),
        Step("departed", (6.0, 5.0, 1.0, 2.0, 0.3)),
    ),
    "transit": (
        Step("manifest_accepted", (0.1, 0.1, 0.1, 0.1, 0.1)),
        Step("arrived", (12.0, 8.0, 3.0, 5.0, 1.5)),
        Step("unloaded", (9.0, 7.0, 1.5, 4.0, 0.7), share=0.95),
        Step("declared", (4.0, 4.0, 2.0, 3.0, 1.0), is_desk=True),
        Step("docs_checked", (0.3, 0.3, 0.2, 0.3, 0.2), spread=1.1, is_desk=True),
        Step("released", (0.6, 0.6, 0.4, 0.6, 0.3), spread=0.9),
        Step("loaded", (20.0, 16.0, 5.0, 10.0, 1.5), share=0.97),
        Step("departed", (6.0, 5.0, 1.0, 2.0, 0.3)),
    ),
}
# Steps that only a matter with the step before them has.
_FOLLOWS = {
    "inspection_started": "inspection_ordered", "inspection_ended": "inspection_ordered", "quarantine_ended": "quarantine_started",
}
MILESTONES = tuple(dict.fromkeys(step.milestone for steps in STEPS.values() for step in steps))


@dataclass(frozen=True, slots=True)
class Plan:
    """What to generate. ``cases`` matters that begin in ``months`` months from ``begin`` (UTC); faults as shares of events."""

    cases: int = 1_000_000
    seed: int = 20_260_101
    ports: tuple[str, ...] = ()
    begin: datetime = datetime(2025, 1, 1, tzinfo=UTC)
    months: int = 12
    buckets: int = 8
    gaps: float = 0.010
    doubled: float = 0.004
    repeated: float = 0.004
    disordered: float = 0.003
    corrected: float = 0.003
    withdrawn: float = 0.0005
    planned: float = 0.03
    chunk: int = 100_000
    # The mode of each port, where the ports are of a register and have one; drawn where none is given.
    modes: tuple[str, ...] = ()
    first_case: int = 0
    # Days after the last month in which what has begun still goes on.
    runs_on: int = 0

    def port_codes(self) -> tuple[str, ...]:
        """The given codes, or 300 made-up ones that no register holds."""
        return self.ports or tuple(f"EX{number:03d}" for number in range(1, 301))

    def end(self) -> datetime:
        """The first instant after the last month: events after it have not happened yet."""
        month = self.begin.month - 1 + self.months
        return self.begin.replace(year=self.begin.year + month // 12, month=month % 12 + 1)

    def horizon(self) -> datetime:
        """The first instant of which the log knows nothing."""
        return self.end() + timedelta(days=self.runs_on)


def micros(moment: datetime) -> int:
    """Microseconds since 1970 UTC, exactly."""
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * SECOND + delta.microseconds


@dataclass(frozen=True, slots=True)
class _Ports:
    """Per port: its mode, its weight, its own slowness."""

    mode: np.ndarray
    weight: np.ndarray
    factor: np.ndarray

    @classmethod
    def of(cls, plan: Plan) -> _Ports:
        rng = np.random.default_rng([plan.seed, 0])
        count = len(plan.port_codes())
        weight = 1 / (3.0 + rng.permutation(count))
        mode = rng.choice(len(MODES), count, p=MODE_SHARES)
        if plan.modes:
            mode = np.array([MODES.index(each) for each in plan.modes])
        return cls(mode.astype(np.int16), weight / weight.sum(), np.exp(rng.normal(0, 0.25, count)))


def chunks(plan: Plan) -> Iterator[dict[str, np.ndarray]]:
    """The events chunk by chunk as columns of numbers: codes are positions in the lists above; times in microseconds."""
    ports = _Ports.of(plan)
    for number, first in enumerate(range(0, plan.cases, plan.chunk)):
        yield _chunk(plan, ports, first, min(plan.chunk, plan.cases - first), np.random.default_rng([plan.seed, 1, number]))


def _beginnings(plan: Plan, count: int, rng: np.random.Generator) -> np.ndarray:
    """Microseconds at which matters begin: weekly, daily and yearly rhythm."""
    begin = micros(plan.begin)
    days = (micros(plan.end()) - begin) // DAY
    day = np.arange(days)
    weekday = (plan.begin.weekday() + day) % 7
    weight = np.array([1.0, 1.03, 1.02, 1.01, 1.0, 0.62, 0.45])[weekday]
    of_year = (plan.begin.timetuple().tm_yday - 1 + day) % 365
    weight = weight * np.where((of_year >= 27) & (of_year < 36), 0.35, 1.0) * (1 + 0.08 * np.sin(2 * np.pi * of_year / 365))
    chosen = rng.choice(days, count, p=weight / weight.sum())
    # Hours of China (UTC+8): 9–17 busiest.
    hours = np.array([2, 1, 1, 1, 1, 2, 3, 5, 8, 10, 10, 9, 7, 9, 10, 10, 9, 7, 5, 4, 4, 3, 3, 2], dtype=float)
    hour = (rng.choice(24, count, p=hours / hours.sum()) - 8) % 24
    return begin + chosen * DAY + hour * HOUR + rng.integers(0, HOUR, count)


def _chunk(plan: Plan, ports: _Ports, first: int, count: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    port = rng.choice(len(ports.weight), count, p=ports.weight).astype(np.int32)
    mode = ports.mode[port]
    direction = rng.choice(3, count, p=DIRECTION_SHARES).astype(np.int16)
    begin = _beginnings(plan, count, rng)
    width = max(map(len, STEPS.values()))
    times = np.zeros((count, width), np.int64)
    has = np.zeros((count, width), bool)
    code = np.zeros((count, width), np.int16)
    for index, name in enumerate(DIRECTIONS):
        rows = np.flatnonzero(direction == index)
        _walk(STEPS[name], rows, mode[rows], ports.factor[port[rows]], begin[rows], times, has, code, rng)
    # A milestone told against the order of things: the clock of one message is up to three hours wrong.
    wrong = has & (rng.random((count, width)) < plan.disordered)
    times[wrong] += (rng.uniform(-3, 3, int(wrong.sum())) * HOUR).astype(np.int64)
    has &= rng.random((count, width)) >= plan.gaps
    has &= times < micros(plan.horizon())
    row, column = np.nonzero(has)
    events: dict[str, np.ndarray] = {
        "case": (plan.first_case + first + row).astype(np.int64), "milestone": code[row, column], "mode": mode[row], "direction": direction[row],
        "port": port[row], "occurred": times[row, column], "number": column.astype(np.int16),
        "revision": np.ones(len(row), np.int16), "withdrawn": np.zeros(len(row), bool), "planned": np.zeros(len(row), bool),
    }
    return _faults(plan, events, rng)


def _walk(
    steps: Sequence[Step], rows: np.ndarray, mode: np.ndarray, factor: np.ndarray, begin: np.ndarray,
    times: np.ndarray, has: np.ndarray, code: np.ndarray, rng: np.random.Generator,
) -> None:
    """Fill times, presence and codes of the matters of one direction, step by step."""
    clock = begin.copy()
    present: dict[str, np.ndarray] = {}
    for column, step in enumerate(steps):
        median = np.array(step.hours)[mode]
        took = median * factor * np.exp(rng.normal(0, step.spread, len(rows))) * HOUR
        clock_here = clock + took.astype(np.int64)
        if step.is_desk:
            local = (clock_here + 8 * HOUR) % DAY
            waits = ((local >= 20 * HOUR) | (local < 8 * HOUR)) & (rng.random(len(rows)) < 0.5)
            clock_here = np.where(waits, clock_here + (8 * HOUR - local) % DAY + rng.integers(0, HOUR, len(rows)), clock_here)
        here = (rng.random(len(rows)) < step.share) & (median > 0)
        if step.milestone in _FOLLOWS:
            here &= present[_FOLLOWS[step.milestone]]
        if step.milestone in present:  # it came earlier, in advance
            here &= ~present[step.milestone]
        present[step.milestone] = here | present.get(step.milestone, False)
        if not step.is_aside:
            clock = np.where(here, clock_here, clock)
        times[rows, column] = clock_here
        has[rows, column] = here
        code[rows, column] = MILESTONES.index(step.milestone)


def _faults(plan: Plan, events: dict[str, np.ndarray], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Add what else comes in: told twice, told again, corrections, withdrawals, planned times."""
    count = len(events["case"])

    def drawn(share: float) -> dict[str, np.ndarray]:
        chosen = np.flatnonzero(rng.random(count) < share)
        return {name: column[chosen].copy() for name, column in events.items()}

    twice = drawn(plan.doubled)
    twice["number"] += 300  # another message of the same instant; the same message twice never passes the journal's door
    again = drawn(plan.repeated)
    again["occurred"] += (rng.uniform(0.1, 4, len(again["case"])) * HOUR).astype(np.int64)
    again["number"] += 100
    corrected = drawn(plan.corrected)
    corrected["occurred"] += (rng.normal(0, 1, len(corrected["case"])) * HOUR).astype(np.int64)
    corrected["revision"] += 1
    voided = drawn(plan.withdrawn)
    is_corrected = np.isin(voided["case"] * 1000 + voided["number"], corrected["case"] * 1000 + corrected["number"])
    voided["revision"] += 1 + is_corrected
    voided["withdrawn"][:] = True
    planned = drawn(plan.planned)
    planned["occurred"] += (rng.normal(0, 2, len(planned["case"])) * HOUR).astype(np.int64)
    planned["number"] += 200
    planned["planned"][:] = True
    joined = {name: np.concatenate([each[name] for each in (events, twice, again, corrected, voided, planned)]) for name in events}
    order = np.lexsort((joined["number"], joined["revision"], joined["occurred"], joined["case"]))
    joined = {name: column[order] for name, column in joined.items()}
    late = np.exp(rng.normal(3.0, 1.2, len(order))) * SECOND  # median 20 s
    late[rng.random(len(order)) < 0.01] += 2 * DAY
    joined["received"] = joined["occurred"] + late.astype(np.int64)
    return joined


def rows(plan: Plan) -> Iterator[dict[str, Any]]:
    """The events one by one as they are sent to the journal, in the order of receipt; instants in microseconds. Of small logs."""
    import duckdb

    with duckdb.connect(config={"threads": 1}) as connection:
        generated = list(chunks(plan))
        connection.register("generated", {name: np.concatenate([each[name] for each in generated]) for name in generated[0]})
        found = connection.execute(
            f"SELECT * REPLACE (epoch_us(occurred_at) AS occurred_at, epoch_us(received_at) AS received_at) FROM ({_as_events(plan)})"
            " ORDER BY received_at, event_id, revision")
        names = [each[0] for each in found.description]
        while some := found.fetchmany(5_000):
            for row in some:
                yield {name: value for name, value in zip(names, row, strict=True) if value not in (None, "")}


def write(plan: Plan, folder: Path) -> int:
    """Write the log below ``folder`` in the layout of closed months; answer the number of rows (not of current events).

    Rows come out of the chunks in the order of their case ids already, so that a part is put together without sorting.
    A million matters at a time are held in memory (about 0.5 GB); each such slab makes files of its own.
    """
    import duckdb

    folder.mkdir(parents=True, exist_ok=True)
    total, slab, held, slabs = 0, 0, 0, -(-plan.cases // SLAB)
    parts: dict[tuple[int, int], list[dict[str, np.ndarray]]] = {}
    with duckdb.connect(config={"threads": 2}) as connection:
        for columns in chunks(plan):
            total += len(columns["case"])
            _deal(columns, plan, parts)
            held += plan.chunk
            if held >= SLAB or total == 0:
                _write_slab(connection, plan, folder, parts, slab if slabs > 1 else None)
                parts, held, slab = {}, 0, slab + 1
        _write_slab(connection, plan, folder, parts, slab if slabs > 1 else None)
    layout.declare(folder, plan.buckets, about=summary(plan))
    return total


def _deal(columns: dict[str, np.ndarray], plan: Plan, parts: dict[tuple[int, int], list[dict[str, np.ndarray]]]) -> None:
    """Put the rows of a chunk on the piles of their month and bucket; the order within each pile stays."""
    months = columns["occurred"].astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    first, last = int(columns["case"].min()), int(columns["case"].max())
    bucket = np.array([layout.bucket_of(case_id(number), plan.buckets) for number in range(first, last + 1)])
    pile = months * plan.buckets + bucket[columns["case"] - first]
    order = np.argsort(pile, kind="stable")
    starts = np.flatnonzero(np.diff(pile[order], prepend=-(10**9)))
    for begin, end in zip(starts, [*starts[1:], len(order)], strict=True):
        rows = order[begin:end]
        month, number = divmod(int(pile[rows[0]]), plan.buckets)
        parts.setdefault((month, number), []).append({name: column[rows] for name, column in columns.items()})


def _write_slab(
    connection: Any, plan: Plan, folder: Path, parts: dict[tuple[int, int], list[dict[str, np.ndarray]]], slab: int | None
) -> None:
    for (month, bucket), piles in sorted(parts.items()):
        rows = {name: np.concatenate([pile[name] for pile in piles]) for name in piles[0]}
        connection.register("generated", rows)
        path = folder / f"month={np.datetime64(month, 'M')}" / layout.part_name(bucket, slab)
        path.parent.mkdir(exist_ok=True)
        connection.execute(f"COPY ({_as_events(plan)}) TO {DUCKDB.quoted(str(path))} ({layout.PARQUET})")
        connection.unregister("generated")


def case_id(number: int) -> str:
    """The id of the n-th matter."""
    return f"EX{number:09d}"


def _as_events(plan: Plan) -> str:
    """SQL that turns the numbers into the columns of milestone events."""

    def words(column: str, names: Sequence[str]) -> str:
        return f"({DUCKDB.literals(names)})[{column} + 1]"

    return f"""
        SELECT case_id, 'consignment' AS case_kind, {words("milestone", MILESTONES)} AS milestone, {words("mode", MODES)} AS mode,
            {words("direction", DIRECTIONS)} AS direction, {words("port", plan.port_codes())} AS port, '' AS place, '' AS party,
            planned, make_timestamp(occurred) AS occurred_at, CAST(480 AS INTEGER) AS utc_offset,
            make_timestamp(received) AS received_at, '{SOURCE}' AS source, case_id || '-' || "number" AS event_id,
            CAST(revision AS INTEGER) AS revision, withdrawn, CAST(NULL AS BIGINT) AS quantity, 'exercise' AS origin
        FROM (SELECT *, printf('EX%09d', "case") AS case_id FROM generated)
    """


def summary(plan: Plan) -> dict[str, Any]:
    """What a log says of itself, in ``_layout.json`` beside it."""
    return {
        "origin": "exercise", "zh": "演练：由程序生成，与任何真实口岸、企业、日期无关。",
        "en": "Exercise: generated; of no real port, enterprise or day.",
        "cases": plan.cases, "seed": plan.seed, "begin": plan.begin.isoformat(), "months": plan.months, "ports": len(plan.port_codes()),
    }  # fmt: skip
