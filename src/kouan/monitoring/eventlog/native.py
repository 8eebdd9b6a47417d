"""The same tables by columns of numbers: DuckDB reads and codes the events, NumPy follows each leg. One machine, no SQL joins.

It reads the same ``Plan`` as the generated SQL and must give the same numbers; ``tests/monitoring`` compares every cell, and
both with a slow independent reference. What makes it fast:

* events of a part lie by (case_id, occurred_at), so a leg is found as a run of equal hashes; only the heads of runs are
  sorted (a leg that crosses the end of a month has two), never the events. Nothing relies on that order: legs whose events
  turn out unsorted are sorted;
* a stage pair of a port and month and the time it took are packed into one 64-bit number: sorting these (NumPy has a
  vectorised sort) puts the times of every group in order at once, and quantiles are read off by position;
* parts of one bucket are measured without the others, two at a time.

Legs are told apart by a 64-bit hash of the case id: among a million cases two share one with probability 3 × 10⁻⁸. The
generated SQL (``--engine duckdb-sql``) groups by the id itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from kouan.monitoring.eventlog import sql
from kouan.monitoring.eventlog.dialect import DUCKDB
from kouan.monitoring.eventlog.grouping import group, month_numbers, ungroup
from kouan.monitoring.eventlog.legs import NONE, PRIME, Legs, arrange, reading, standing
from kouan.monitoring.eventlog.plan import Chain, Plan
from kouan.monitoring.eventlog.source import Log
from kouan.monitoring.eventlog.tabulate import Piece, tabulate

Array = np.ndarray[Any, Any]


@dataclass
class Found:
    """What one bucket contributes: groups and times of each table, and its paths."""

    segments: list[Piece] = field(default_factory=list)
    overall: list[Piece] = field(default_factory=list)
    dfg: list[Piece] = field(default_factory=list)
    early: list[Array] = field(default_factory=list)
    status: list[Array] = field(default_factory=list)
    ends: list[Array] = field(default_factory=list)
    paths: dict[int, bytes] = field(default_factory=dict)  # hash of a path and its flow → flow and milestones
    path_of: list[Array] = field(default_factory=list)
    lasted: list[Array] = field(default_factory=list)
    begun: list[Array] = field(default_factory=list)
    case_hash: list[Array] = field(default_factory=list)
    events: int = 0

    def add(self, other: Found) -> None:
        """Take in what another bucket found."""
        for name in ("segments", "overall", "dfg", "early", "status", "ends", "path_of", "lasted", "begun", "case_hash"):
            getattr(self, name).extend(getattr(other, name))
        for key, path in other.paths.items():
            if self.paths.setdefault(key, path) != path:
                raise HashesMeet
        self.events += other.events


@dataclass
class Prepared:
    """What every bucket needs of a plan, worked out once: milestones asked for, those at which wholes start, chains, stage pairs."""

    plan: Plan
    used: list[int]
    starts: list[int]
    chains: list[tuple[Chain, list[int]]]
    pairs: list[list[Array]]  # of each chain and step: the stage pair by the milestone that came before

    @classmethod
    def of(cls, plan: Plan) -> Prepared:
        """Work it out; of a foreign log there is nothing to know."""
        chains = sql.chains_of(plan)
        return cls(plan, *sql.codes_used(plan), chains, [
            [_pairs_before(plan, chain, place) for place in range(len(chain.steps))] if chain.has_segments else [] for chain, _ in chains
        ])  # fmt: skip


def _pairs_before(plan: Plan, chain: Chain, place: int) -> Array:
    pairs = np.zeros(plan.codes, np.int64)
    for earlier in (*chain.start, *(each.to for each in chain.steps[:place])):
        if earlier != chain.steps[place].to:
            pairs[earlier] = plan.pair(chain, earlier, place)
    return pairs


class HashesMeet(Exception):
    """Two different paths have one hash: the run is done again with another multiplier."""


def measure(legs: Legs, known: Prepared, multiplier: int = 1) -> Found:
    """Everything that some legs contribute."""
    plan = known.plan
    found = Found(events=len(legs.t))
    if not legs.count:
        return found
    _follow(legs, plan, found)
    _paths(legs, plan, found, multiplier)
    if plan.is_foreign:
        _foreign(legs, plan, found)
    else:
        _wholes(legs, known, found)
    return found


def _follow(legs: Legs, plan: Plan, found: Found) -> None:
    """Pairs of events that directly follow each other."""
    k = plan.codes
    follows = legs.leg[1:] == legs.leg[:-1]
    pair = np.repeat(legs.flow.astype(np.int32) * (k * k), legs.lengths - 1)
    pair += (legs.m[:-1].astype(np.int32) * k + legs.m[1:])[follows]
    found.dfg.append(Piece(pair, np.diff(legs.t)[follows]))


def _paths(legs: Legs, plan: Plan, found: Found, multiplier: int) -> None:
    """The path of each leg as a hash, proved: legs of one hash have the same milestones in the same order."""
    place = np.arange(len(legs.t), dtype=np.int32)
    place -= legs.starts.astype(np.int32)[legs.leg]
    # A random number for each milestone at each place of a path (Zobrist 1970); the hash of a path is their sum.
    numbers = np.random.default_rng(multiplier).integers(0, 2**64, (int(legs.lengths.max()), plan.codes), dtype=np.uint64).reshape(-1)
    hashed = np.add.reduceat(numbers[place * np.int32(plan.codes) + legs.m], legs.starts)
    hashed ^= (legs.flow.astype(np.uint64) + np.uint64(1)) * np.uint64(0xD6E8FEB86659FD93)
    different, example, which = _alike(hashed)
    same_length = legs.lengths == legs.lengths[example][which]
    begins = legs.starts[example]
    if not (same_length.all() and (legs.flow == legs.flow[example][which]).all()
            and (legs.m == legs.m[begins.astype(np.int32)[which][legs.leg] + place]).all()):  # fmt: skip
        raise HashesMeet
    codes = legs.m.astype(np.uint16)
    for key, leg in zip(different.tolist(), example.tolist(), strict=True):
        begin = legs.starts[leg]
        found.paths[key] = int(legs.flow[leg]).to_bytes(2, "little") + codes[begin : begin + legs.lengths[leg]].tobytes()
    first, last = legs.starts, legs.starts + legs.lengths - 1
    found.path_of.append(hashed)
    found.begun.append(legs.t[first])
    found.lasted.append(legs.t[last] - legs.t[first])
    found.case_hash.append(legs.hash)
    k = plan.codes
    pair, n = np.unique((legs.flow.astype(np.int64) * k + legs.m[first]) * k + legs.m[last], return_counts=True)
    found.ends.append(np.stack([pair // (k * k), pair // k % k, pair % k, n]))


def _alike(hashed: Array) -> tuple[Array, Array, Array]:
    """The different hashes, the first place of each, and which of them stands at each place: ``np.unique`` by one sort of plain numbers."""
    count = len(hashed)
    mask = np.uint64((1 << max(1, count.bit_length())) - 1)
    packed = (hashed & ~mask) | np.arange(count, dtype=np.uint64)
    packed.sort()
    order = (packed & mask).astype(np.int64)
    packed &= ~mask
    sorted_ = hashed[order]
    is_new = np.concatenate(([True], packed[1:] != packed[:-1]))
    if (sorted_[1:] != sorted_[:-1]).sum() + 1 != is_new.sum():
        raise HashesMeet  # two hashes differ only in the bits that gave way to the place
    which = np.empty(count, np.int64)
    which[order] = np.cumsum(is_new) - 1
    return sorted_[is_new], order[is_new], which


def _foreign(legs: Legs, plan: Plan, found: Found) -> None:
    """Stage pairs of a log of other activities are what directly follows; the whole is from first to last event."""
    k = plan.codes
    follows = np.flatnonzero(legs.leg[1:] == legs.leg[:-1])
    then = follows + 1
    inner = legs.m[follows].astype(np.int64) * k + legs.m[then]
    months = month_numbers(legs.t[then], plan.offset_minutes)
    found.segments.append(Piece(group(plan, legs.port[then], months, legs.flow[legs.leg[then]]) * (k * k) + inner, legs.t[then] - legs.t[follows]))
    first, last = legs.starts, legs.starts + legs.lengths - 1
    months = month_numbers(legs.t[last if plan.cohort == "end" else first], plan.offset_minutes)
    found.overall.append(Piece(group(plan, legs.port[last], months, legs.flow), legs.t[last] - legs.t[first]))


def _wholes(legs: Legs, known: Prepared, found: Found) -> None:
    plan = known.plan
    stands = _standing_instants(legs, plan, known.used)
    ports = _ports_of_starts(legs, plan, known.starts)
    at = {code: row for row, code in enumerate(known.used)}
    edges = np.searchsorted(legs.flow, np.arange(int(legs.flow[-1]) + 2))  # legs stand by flow
    for (chain, flows), pairs in zip(known.chains, known.pairs, strict=True):
        for flow in flows:
            if flow + 1 < len(edges) and edges[flow] < edges[flow + 1]:
                _chain(chain, pairs, slice(int(edges[flow]), int(edges[flow + 1])), flow, plan, found, stands, ports, at)


def _standing_instants(legs: Legs, plan: Plan, used: Sequence[int]) -> Array:
    """For each milestone that a chain asks for and each leg the instant that stands: the last, or the first of those told first."""
    row_of = np.full(plan.codes, len(used), np.int64)  # milestones that nobody asks for go to a row of their own
    row_of[used] = np.arange(len(used))
    stands = np.full((len(used) + 1, legs.count), NONE, np.int64)
    flat = stands.reshape(-1)
    place = (row_of * legs.count)[legs.m]
    place += legs.leg
    flat[place] = legs.t  # of equal places the one written last stays, as NumPy promises
    again = np.flatnonzero(flat[place] != legs.t)
    again = again[~np.array(plan.takes_last)[legs.m[again]]]
    np.minimum.at(flat, place[again], legs.t[again])
    return stands


def _ports_of_starts(legs: Legs, plan: Plan, starts: Sequence[int]) -> dict[int, Array]:
    """For each milestone that may start a whole the port of the event that stands for it."""
    ports = legs.port[legs.starts]
    if (ports[legs.leg] == legs.port).all():  # nearly always: a leg has one port
        return dict.fromkeys(starts, ports)
    made = {}
    for code in starts:
        rows = np.flatnonzero(legs.m == code)
        if not plan.takes_last[code]:
            rows = rows[::-1]
        made[code] = ports.copy()
        made[code][legs.leg[rows]] = legs.port[rows]
    return made


def _first_of(rows: Sequence[Array]) -> tuple[Array, Array]:
    """The first value that is there, and which it was (-1: none)."""
    value, which = rows[-1].copy(), np.where(rows[-1] == NONE, -1, len(rows) - 1)
    for number in range(len(rows) - 2, -1, -1):
        there = rows[number] != NONE
        value[there], which[there] = rows[number][there], number
    return value, which


def _chain(
    chain: Chain, pairs: list[Array], span: slice, flow: int, plan: Plan, found: Found, stands: Array, ports: dict[int, Array], at: dict[int, int],
) -> None:
    """One whole of the legs of a flow: status, time, and its parts if wanted. The rules: ``timing.definitions``."""
    begin, which_start = _first_of([stands[at[code]][span] for code in chain.start])
    end, which_end = _first_of([stands[at[code]][span] for code in chain.ends])
    is_begun, is_ended = which_start >= 0, which_end >= 0
    is_early = is_begun & is_ended & (end < begin)
    impossible = np.zeros((len(chain.start), len(chain.ends)), bool)
    for s, e in chain.impossible:
        impossible[chain.start.index(s), chain.ends.index(e)] = True
    status = np.where(is_begun, np.where(is_ended, 0, 1), np.where(is_ended, 3, 2))
    if chain.impossible:
        status[is_early & impossible[which_start, which_end]] = 5
    running = np.flatnonzero(status == 1)
    if len(running) and chain.after:
        proved = np.zeros(len(running), bool)
        for code in chain.after:
            proved |= stands[at[code]][span][running] >= begin[running]
        status[running[proved]] = 4
    whole = plan.wholes.index(chain.whole)
    counts = np.bincount(status, minlength=6)
    found.status.append(np.stack([np.full(6, flow), np.full(6, whole), np.arange(6), counts]))
    done = status == 0
    begin, end, which_start, which_end = begin[done], np.maximum(end, begin)[done], which_start[done], which_end[done]
    if not len(begin):
        return
    port = ports[chain.start[0]][span][done]
    for number, code in enumerate(chain.start[1:], 1):
        port = np.where(which_start == number, ports[code][span][done], port)
    month = month_numbers(end if plan.cohort == "end" else begin, plan.offset_minutes)
    base = group(plan, port, month, np.full(len(port), flow))
    found.overall.append(Piece(base * len(plan.wholes) + whole, end - begin))
    found.early.append(found.overall[-1].group[is_early[done]])
    if chain.has_segments:
        instants = [stands[at[step.to]][span][done] for step in chain.steps]
        found.segments += _tile(chain, pairs, begin, end, which_start, which_end, base * len(plan.pairs), instants)


def _tile(
    chain: Chain, pairs: list[Array], begin: Array, end: Array, which_start: Array, which_end: Array, base: Array, instants: list[Array],
) -> Iterator[Piece]:
    """The parts of complete wholes, step by step. Each cut is at max(earlier cuts, its own instant), never after the end."""
    before = begin
    since = np.array(chain.start)[which_start]  # the milestone that ended the part before
    for place, (step, instant) in enumerate(zip(chain.steps, instants, strict=True)):
        has = instant != NONE
        if step.only_after_start:
            has &= instant > begin
        for number, code in enumerate(chain.ends):
            if chain.place_of(code) < place:
                has &= which_end != number
        cut = np.minimum(np.maximum(before, instant), end)  # NONE is below everything
        if step.to in chain.ends:
            cut = np.where(which_end == chain.ends.index(step.to), end, cut)
        rows = np.flatnonzero(has)
        if len(rows):
            yield Piece(base[rows] + pairs[place][since[rows]], cut[rows] - before[rows])
            since[rows] = step.to
        before = np.where(has, cut, before)


def run(
    log: Log, plan: Plan, *, has_corrections: bool, is_one_source: bool = False, workers: int = 2, multiplier: int = 1,
) -> Found:
    """Measure every bucket of a log, ``workers`` at a time."""
    import duckdb

    def one(files: Sequence[Path], elsewhere: Array | None = None) -> tuple[Found, Array]:
        with shared.cursor() as connection:
            columns = connection.execute(reading(plan, log, files, has_corrections, is_one_source)).fetchnumpy()
        columns, missing = standing({name: np.asarray(column) for name, column in columns.items()}, plan, elsewhere)
        return measure(arrange(columns, plan), known, multiplier), missing

    known = Prepared.of(plan)
    # One engine for all buckets (each costs 28 ms to start); a thread of ours reads its own bucket, so the engine needs none beside it.
    shared = duckdb.connect(config={"threads": 1 if len(log.groups) > 1 else workers})
    try:
        with ThreadPoolExecutor(min(workers, len(log.groups))) as pool:
            found = list(pool.map(one, log.groups))
        moved = np.unique(np.concatenate([missing for _, missing in found]))
        if len(moved) and len(log.groups) > 1:
            # An event was corrected into another case: the buckets that hold an earlier revision are measured again.
            elsewhere, holders = _moved(log, moved, is_one_source)
            for place in holders:
                found[place] = one(log.groups[place], elsewhere)
    except HashesMeet:
        if multiplier > 8:
            raise
        return run(log, plan, has_corrections=has_corrections, is_one_source=is_one_source, workers=workers, multiplier=multiplier + 1)
    finally:
        shared.close()
    total = Found()
    for each, _ in found:
        total.add(each)
    return total


def _moved(log: Log, events: Array, is_one_source: bool) -> tuple[Array, list[int]]:
    """The newest revision of some events anywhere, and the buckets that hold any of them."""
    import duckdb

    c = {ours: DUCKDB.named(theirs) for ours, theirs in log.columns.items()}
    # The same number as in ``standing``; a product beyond 64 bits is cut by the remainder.
    key = f"hash({c['event_id']})" if is_one_source else (
        f"xor(hash({c['event_id']}), CAST((CAST(hash({c['source']}) AS UHUGEINT) * {int(PRIME)}) % 18446744073709551616 AS UBIGINT))")
    newest: dict[int, int] = {}
    holders = []
    with duckdb.connect() as connection:
        connection.register("wanted", {"event": events})
        for place, files in enumerate(log.groups):
            rows = connection.execute(
                f"SELECT event, max(revision) FROM (SELECT {key} AS event, "
                f"CAST({c['revision']} AS BIGINT) AS revision FROM {DUCKDB.relation(files, log.is_parquet)}) e "
                "WHERE event IN (SELECT event FROM wanted) GROUP BY 1"
            ).fetchall()
            if rows:
                holders.append(place)
            for event, revision in rows:
                newest[event] = max(revision, newest.get(event, 0))
    table = np.array(sorted(newest.items()), dtype=[("event", np.uint64), ("revision", np.int64)])
    return table, holders


def tables(plan: Plan, found: Found, workers: int = 2) -> dict[str, dict[str, Array]]:
    """The tables of ``sql.statements``, with the same columns (paths by their hash, examples as hashes: see ``engine``)."""
    made: dict[str, dict[str, Array]] = {}
    k = plan.codes
    with ThreadPoolExecutor(workers) as pool:  # NumPy sorts without holding the interpreter
        dfg, segments = pool.submit(tabulate, found.dfg), pool.submit(tabulate, found.segments)
        overall, variants = pool.submit(tabulate, found.overall), pool.submit(_variants, found)
    shown = segments.result()
    by, inner = ungroup(plan, shown.pop("group"), k * k if plan.is_foreign else len(plan.pairs))
    made["segments"] = {**by, **({"a": inner // k, "b": inner % k} if plan.is_foreign else {"pair": inner}), **shown}
    shown = overall.result()
    groups = shown.pop("group")
    by, inner = ungroup(plan, groups, len(plan.wholes))
    made["overall"] = {**by, "w": inner, **shown}
    if not plan.is_foreign:
        early = np.concatenate(found.early) if found.early else np.zeros(0, np.int64)
        made["overall"]["early"] = np.bincount(np.searchsorted(groups, early), minlength=len(groups))
        made["status"] = _counted(found.status, ("f", "w", "status"))
    shown = dfg.result()
    pair = shown.pop("group")
    made["dfg"] = {"f": pair // (k * k), "a": pair // k % k, "b": pair % k, **shown}
    made["ends"] = _counted(found.ends, ("f", "a", "b"))
    made["variants"] = variants.result()
    return made


def _counted(pieces: list[Array], names: tuple[str, ...]) -> dict[str, Array]:
    """Rows of keys and a count, added up over the buckets."""
    if not pieces:
        return {name: np.zeros(0, np.int64) for name in (*names, "n")}
    joined = np.concatenate(pieces, axis=1)
    keys, place = np.unique(joined[:-1], axis=1, return_inverse=True)
    n = np.zeros(keys.shape[1], np.int64)
    np.add.at(n, place.reshape(-1), joined[-1])
    keep = n > 0
    return {**{name: row[keep] for name, row in zip(names, keys, strict=True)}, "n": n[keep]}


def _variants(found: Found) -> dict[str, Array]:
    """Paths with their counts and times; ``example``: rows (variant, hash) of the cases that began first."""
    if not found.path_of:
        empty = np.zeros(0, np.int64)
        return {"key": empty, **dict.fromkeys(sql.STATISTICS, empty), "example_of": empty, "example_hash": empty}
    path = np.concatenate(found.path_of)
    keys, _, which = _alike(path)
    shown = tabulate([Piece(which, np.concatenate(found.lasted))])
    shown.pop("group")
    begun = np.concatenate(found.begun)
    earliest = np.full(len(keys), np.iinfo(np.int64).max)
    np.minimum.at(earliest, which, begun)
    candidates = np.flatnonzero(begun == earliest[which])
    return {"key": keys, **shown, "example_of": which[candidates], "example_hash": np.concatenate(found.case_hash)[candidates]}
