"""Faults between figures at known places: parts and sums, ratios, the two sides of a crossing, sheets sent twice, young and dead series. Pure.

As `seeding`, everything made here is 演练. The ground is made in another manner than `seeding.generated` on purpose: seasons are two
harmonics, the noise is autocorrelated with a heavy tail, a fifth of the series is rounded to tens, all ports share a holiday month
that wanders, and no setting of a check was chosen on it.

>>> panel, links = related(12, 96, seed=1)
>>> seeded, seeds = seed(panel, 1, 1, KINDS)
>>> sorted({planted.kind for planted in seeds}) == sorted(KINDS)
True
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np

from kouan.basis import Period, PeriodKind
from kouan.collection.checks.panel import Floats, Key, Panel, ordinal
from kouan.collection.checks.seeding import Seed, Sower, seed_with

MEASURES = ("person_crossings", "cargo_tonnes", "trade_value_cny")
YOUNG = "vehicles"  # a measure that some ports have begun to report lately


def second_manner(count: int, months: int, random: np.random.Generator, low: float = 400, high: float = 900_000) -> Floats:
    """Series as no other generator makes them; whole numbers."""
    at = np.arange(months)
    level = np.exp(random.uniform(np.log(low), np.log(high), (count, 1)))
    year = 2 * np.pi * (at % 12) / 12
    shape = (random.uniform(0, 0.35, (count, 1)) * np.sin(year + random.uniform(0, 6.28, (count, 1)))
             + random.uniform(0, 0.15, (count, 1)) * np.cos(2 * year))
    scatter = random.uniform(0.02, 0.13, (count, 1))
    shocks = random.laplace(0, scatter / 1.6, (count, months))
    noise = np.zeros((count, months))
    for month in range(1, months):
        noise[:, month] = 0.45 * noise[:, month - 1] + shocks[:, month]
    trend = random.normal(0, 0.003, (count, 1)) * at
    common = np.cumsum(random.normal(0, 0.02, months))
    wandering = np.array([random.integers(0, 2) for _ in range(months // 12 + 1)]).repeat(12)[:months]
    holiday = 0.25 * (at % 12 == wandering)  # in January or February, as the year has it
    values = level * np.exp(shape + noise + trend + common + holiday)
    values = np.maximum(np.round(values + random.normal(0, np.sqrt(values))), 0)
    rounded = random.random((count, 1)) < 0.2
    return np.asarray(np.where(rounded & (level > 5000), np.round(values, -1), values))


def otherwise(ports: int, months: int, seed: int) -> Panel:
    """演练: plain series of three measures, in the second manner."""
    random = np.random.default_rng(seed)
    keys = tuple(Key(f"port:y{number:03d}", measure) for number in range(ports) for measure in ("trucks", "buses", "pedestrians"))
    return Panel(keys, PeriodKind.MONTH, ordinal(Period.month(2013, 1)), second_manner(len(keys), months, random))


def related(ports: int, months: int, seed: int) -> tuple[Panel, list[tuple[Key, Key]]]:
    """演练: ports with directions and their total, values and tonnes, the count of the other side, a young and a dead series; and the links."""
    random = np.random.default_rng(seed)
    keys: list[Key] = []
    rows: list[Floats] = []
    links: list[tuple[Key, Key]] = []
    for number in range(ports):
        port = f"port:z{number:03d}"
        ways = second_manner(2, months, random, 3000)
        keys += [Key(port, "person_crossings", way) for way in ("inbound", "outbound", "total")]
        rows += [*ways, ways.sum(axis=0)]
        tonnes = second_manner(1, months, random, 3000)[0]
        price = np.exp(random.uniform(np.log(0.4), np.log(8)) + np.cumsum(random.normal(0, 0.02, months)) + random.normal(0, 0.06, months))
        keys += [Key(port, "cargo_tonnes"), Key(port, "trade_value_cny")]
        rows += [tonnes, np.round(tonnes * price)]
        other = Key(f"counterpart_point:z{number:03d}", "person_crossings", "outbound")
        coverage = random.uniform(0.88, 1.0) * np.exp(random.normal(0, 0.012, months))
        keys.append(other)
        rows.append(np.round(ways[0] * coverage))
        links.append((Key(port, "person_crossings", "inbound"), other))
        young = second_manner(1, months, random)[0]
        if number % 3 == 0:
            young[: months - 7] = np.nan
        keys.append(Key(port, YOUNG))
        rows.append(young)
        keys.append(Key(port, "ferries"))
        rows.append(np.zeros(months))
    return Panel(tuple(keys), PeriodKind.MONTH, ordinal(Period.month(2014, 1)), np.array(rows)), links


def _at(panel: Panel, random: np.random.Generator, length: int = 1) -> int:
    return int(random.integers(18, panel.width - length + 1))


def _family(panel: Panel, row: int, measures: Sequence[str]) -> list[int]:
    return [at for at, key in enumerate(panel.keys) if key.subject == panel.keys[row].subject and key.measure in measures]


def _sum(panel: Panel, values: Floats, row: int, others: list[int], random: np.random.Generator) -> Seed | None:
    if panel.keys[row].measure != "person_crossings" or panel.keys[row].kind != "port":
        return None
    family, at = _family(panel, row, ("person_crossings",)), _at(panel, random)
    if not set(family) <= {row, *others}:
        return None
    values[row, at] = np.round(values[row, at] * random.uniform(1.05, 1.6))
    return Seed("", (row, *(one for one in family if one != row)), at, at + 1, ("sum_of_parts",))


def _ratio(panel: Panel, values: Floats, row: int, others: list[int], random: np.random.Generator) -> Seed | None:
    if panel.keys[row].measure != "trade_value_cny":
        return None
    at, up = _at(panel, random), random.random() < 0.5
    values[row, at] = np.round(values[row, at] * float(random.uniform(2.0, 5.0)) ** (1 if up else -1))
    return Seed("", (row, row - 1), at, at + 1, ("ratio",))


def _counterpart(panel: Panel, values: Floats, row: int, others: list[int], random: np.random.Generator) -> Seed | None:
    if panel.keys[row].kind != "counterpart_point":
        return None
    inbound = next(at for at, key in enumerate(panel.keys) if key.subject == "port:" + panel.keys[row].subject.split(":")[1]
                   and key[1:3] == ("person_crossings", "inbound"))
    if inbound not in others:
        return None
    at, up = _at(panel, random), random.random() < 0.5
    values[row, at] = np.round(values[row, at] * float(random.uniform(1.4, 2.2)) ** (1 if up else -1))
    return Seed("", (row, inbound), at, at + 1, ("counterpart_gap",))


def _peer(panel: Panel, values: Floats, row: int, others: list[int], random: np.random.Generator) -> Seed | None:
    if panel.keys[row].measure != YOUNG or not np.isnan(values[row, 0]):
        return None
    at = int(random.integers(panel.width - 6, panel.width))
    values[row, at] = np.round(values[row, at] * float(random.uniform(4, 12)) ** (1 if random.random() < 0.5 else -1))
    return Seed("", (row,), at, at + 2, ("peer_outlier",))


def _reopened(panel: Panel, values: Floats, row: int, others: list[int], random: np.random.Generator) -> Seed | None:
    if panel.keys[row].measure != "ferries":
        return None
    at = int(random.integers(18, panel.width - 4))
    values[row, at] = float(random.integers(150, 50_000))
    return Seed("", (row,), at, at + 1, ("reopened_entity",))


def _reported(panel: Panel, values: Floats, row: int) -> list[int]:
    """The series of a subject that are reported throughout."""
    return [at for at, key in enumerate(panel.keys)
            if key.subject == panel.keys[row].subject and not np.isnan(values[at]).any() and values[at, -1] > 0]


def _sheet(panel: Panel, values: Floats, row: int, others: list[int], random: np.random.Generator) -> Seed | None:
    family = _reported(panel, values, row)
    if panel.keys[row].kind != "port" or not set(family) <= {row, *others} or len(family) < 4:
        return None
    at, lag = _at(panel, random), int(random.choice([1, 1, 1, 2, 12]))
    values[family, at] = values[family, at - lag]
    return Seed("", tuple(family), at, at + 1, ("copied_sheet",))


def _sheet_of_another(panel: Panel, values: Floats, row: int, others: list[int], random: np.random.Generator) -> Seed | None:
    mine = _reported(panel, values, row)
    if panel.keys[row].kind != "port" or not set(mine) <= {row, *others} or len(mine) < 4:
        return None
    names = [panel.keys[at][1:] for at in mine]
    for subject in {panel.keys[other].subject for other in others} - {panel.keys[row].subject}:
        theirs = {panel.keys[at][1:]: at for at in others if panel.keys[at].subject == subject and not np.isnan(values[at]).any()}
        if all(name in theirs for name in names):
            at, twins = _at(panel, random), [theirs[name] for name in names]
            values[mine, at] = values[twins, at]
            return Seed("", (*mine, *twins), at, at + 1, ("copied_sheet", "duplicate_entity"))
    return None


KINDS: dict[str, Sower] = {
    "sum of parts": _sum, "ratio": _ratio, "other side": _counterpart, "among peers": _peer, "reopened": _reopened,
    "sheet sent twice": _sheet, "sheet of another port": _sheet_of_another,
}
TABLE_KINDS = ("contradictory_figures", "duplicate_row", "future_period", "negative_value", "not_whole")


def seed(panel: Panel, per_kind: int, seed_number: int, kinds: dict[str, Sower]) -> tuple[Panel, list[Seed]]:
    """As `seeding.seed`, with these kinds: any series may be sown, for each kind looks for its own."""
    return seed_with(panel, per_kind, seed_number, kinds, list(range(len(panel.keys))))


def rows_with_faults(panel: Panel, per_kind: int, seed_number: int, today: date) -> tuple[list[tuple[Any, ...]], set[tuple[str, str, str, str]]]:
    """A long table with faults that only single rows show; and what is wrong: check, subject, measure, period."""
    random = np.random.default_rng(seed_number)
    rows = [[key.subject, panel.period(column).code, key.measure, float(panel.values[row, column]), key.direction]
            for row, key in enumerate(panel.keys) for column in range(panel.width) if panel.values[row, column] > 20]
    picked = random.choice(len(rows), per_kind * len(TABLE_KINDS), replace=False)
    wrong: set[tuple[str, str, str, str]] = set()
    for place, at in enumerate(picked.tolist()):
        check, row = TABLE_KINDS[place % len(TABLE_KINDS)], rows[at]
        if check == "contradictory_figures":
            rows.append([*row[:3], row[3] + float(random.integers(1, 500)), row[4]])
        elif check == "duplicate_row":
            rows.append(list(row))
        elif check == "future_period":
            ahead = Period.of(PeriodKind.MONTH, today + timedelta(days=40 + 30 * int(random.integers(0, 12))))
            row = [row[0], ahead.code, row[2], row[3], row[4]]
            rows.append(row)
        elif check == "negative_value":
            row[3] = -row[3]
        else:
            row[3] = row[3] / 10_000 + 0.00005
        wrong.add((check, row[0], row[2], row[1]))
    return [tuple(row) for row in rows], wrong
