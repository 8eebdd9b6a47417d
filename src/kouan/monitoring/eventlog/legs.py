"""From coded rows to legs: the events of each case and flow together and in order, as columns of numbers.

Rows that do not count are left out here: planned and withdrawn ones, revisions that a later one supersedes, a milestone told
twice for one instant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kouan.monitoring.eventlog import sql
from kouan.monitoring.eventlog.dialect import DUCKDB
from kouan.monitoring.eventlog.plan import Plan
from kouan.monitoring.eventlog.source import Log, events_sql

Array = np.ndarray[Any, Any]
NONE = np.iinfo(np.int64).min
PRIME = np.uint64(0x9E3779B97F4A7C15)


@dataclass
class Legs:
    """The events of some legs: t and m (and port) in the order of each leg, ``starts`` where each begins, ``leg`` of each event."""

    hash: Array
    flow: Array
    starts: Array
    lengths: Array
    leg: Array
    t: Array
    m: Array
    port: Array

    @property
    def count(self) -> int:
        return len(self.starts)


def reading(plan: Plan, log: Log, files: Sequence[Path], has_corrections: bool, is_one_source: bool = False) -> str:
    """SQL of the coded events of some files, in their order.

    A log from the journal is read without any condition: then DuckDB codes each text once per dictionary entry instead of
    once per row, and void rows are left out here afterwards. Other logs are ranked by the generated SQL first.
    """
    kinds, modes, directions = sql.kinds_of(plan)
    d = DUCKDB
    if not log.is_admitted or log.is_foreign or not log.has_ids:
        order = " ORDER BY o" if plan.is_foreign else ""
        return (
            "SELECT hash(case_id) AS h, CAST(f AS SMALLINT) AS f, CAST(m AS USMALLINT) AS m, CAST(port AS USMALLINT) AS port, t "
            f"FROM ({sql.coded(plan, events_sql(log, files, d), d)}) coded{order}"
        )
    c = {ours: d.named(theirs) for ours, theirs in log.columns.items()}
    small = "UTINYINT" if plan.codes <= 256 else "USMALLINT"
    columns = [
        f"hash({c['case_id']}) AS h", f"{d.instant(c['occurred_at'], log.types['occurred_at'])} AS t",
        f"CAST({d.position(plan.milestones, c['milestone'])} - 1 AS {small}) AS m",
        f"CAST({d.position(plan.ports, c['port'])} - 1 AS USMALLINT) AS port", f"({c['planned']} OR {c['withdrawn']}) AS void",
    ]  # fmt: skip
    for name, column, values in (("kind", "case_kind", kinds), ("mode", "mode", modes), ("direction", "direction", directions)):
        if len(values) > 1:
            columns.append(f"CAST({d.position(values, c[column])} - 1 AS UTINYINT) AS {name}")
    if has_corrections:
        columns.append(f"CAST({c['revision']} AS USMALLINT) AS revision")
        columns.append(f"hash({c['event_id']}) AS event")
        if not is_one_source:
            columns.append(f"hash({c['source']}) AS source")
    return f"SELECT {', '.join(columns)} FROM {d.relation(files, log.is_parquet)}"


def standing(columns: dict[str, Array], plan: Plan, elsewhere: Array | None = None) -> tuple[dict[str, Array], Array]:
    """The columns without void rows, with f (flow) put together; and events of which an earlier revision is missing here.

    ``elsewhere``: events (hash) corrected in another bucket, with the newest revision there.
    """
    if "void" not in columns:
        return columns, np.zeros(0, np.uint64)
    keep = ~columns.pop("void")
    missing = np.zeros(0, np.uint64)
    if "event" in columns:
        event = columns.pop("event")
        if "source" in columns:
            event = event ^ (columns.pop("source") * PRIME)
        missing = _drop_superseded(keep, event, columns.pop("revision"), elsewhere)
    _, modes, directions = sql.kinds_of(plan)
    flow = np.zeros(len(keep), np.int16)
    for name, size in (("kind", 1), ("mode", len(modes)), ("direction", len(directions))):
        flow *= size
        if name in columns:
            flow += columns.pop(name)
    columns["f"] = flow
    return {name: column[keep] for name, column in columns.items()}, missing


def _drop_superseded(keep: Array, event: Array, revision: Array, elsewhere: Array | None) -> Array:
    """Strike the rows of which a later revision exists. Revisions count 1, 2, 3 …: a gap means that the rest lies elsewhere."""
    again = np.flatnonzero(revision > 1)
    keys, newest = event[again], revision[again].astype(np.int64)
    if elsewhere is not None and len(elsewhere):
        keys, newest = np.concatenate([keys, elsewhere["event"]]), np.concatenate([newest, elsewhere["revision"]])
    if not len(keys):
        return np.zeros(0, np.uint64)
    order = np.lexsort((newest, keys))
    keys, newest = keys[order], newest[order]
    is_last = np.concatenate((keys[1:] != keys[:-1], [True]))
    keys, newest = keys[is_last], newest[is_last]
    shift = np.uint64(44)
    looks_like = np.zeros(1 << 20, bool)  # one in a million by the highest bits; the few that pass are looked up
    looks_like[(keys >> shift).astype(np.int64)] = True
    rows = np.flatnonzero(looks_like[(event >> shift).astype(np.int64)])
    place = np.minimum(np.searchsorted(keys, event[rows]), len(keys) - 1)
    is_it = keys[place] == event[rows]
    rows, place = rows[is_it], place[is_it]
    keep[rows[revision[rows] < newest[place]]] = False
    seen = np.bincount(place, minlength=len(keys))
    return np.asarray(keys[seen < newest])


def arrange(columns: dict[str, Array], plan: Plan) -> Legs:
    """Put the events of each leg together and in order: by instant, then by milestone (of a foreign log: as they came)."""
    h, f, m, port, t = (np.asarray(columns[name]) for name in ("h", "f", "m", "port", "t"))
    count = len(t)
    heads = np.flatnonzero(np.concatenate(([True], (h[1:] != h[:-1]) | (f[1:] != f[:-1])))) if count else np.zeros(0, np.int64)
    lengths = np.diff(heads, append=count)
    order, is_new = _order_of_runs(f[heads], h[heads], t[heads])
    run_length = lengths[order]
    placed = np.cumsum(run_length) - run_length
    rows = np.repeat(heads[order] - placed, run_length)
    rows += np.arange(count)
    t, m, port = t[rows], m[rows], port[rows]
    starts = placed[is_new]
    first_rows = heads[order][is_new]
    leg_lengths = np.diff(starts, append=count)
    legs = Legs(h[first_rows], f[first_rows], starts, leg_lengths, np.repeat(np.arange(len(starts), dtype=np.int32), leg_lengths), t, m, port)
    _sort_the_unsorted(legs, plan)
    return legs if plan.is_foreign else _told_once(legs)


def _order_of_runs(flow: Array, key: Array, begun: Array) -> tuple[Array, Array]:
    """Runs by flow, then leg, then time; and which of them begin a leg. Sorting one number each is several times faster than three."""
    count = len(key)
    bits = max(1, count.bit_length())
    mask = np.uint64((1 << bits) - 1)
    packed = (flow.astype(np.uint64) << np.uint64(52)) | ((key >> np.uint64(12)) & ~mask) | np.arange(count, dtype=np.uint64)
    packed.sort()
    order = (packed & mask).astype(np.int64)
    key, flow, begun = key[order], flow[order], begun[order]
    differs = (key[1:] != key[:-1]) | (flow[1:] != flow[:-1])
    packed >>= np.uint64(bits)
    is_mixed = (differs & (packed[1:] == packed[:-1])).any() or (~differs & (begun[1:] < begun[:-1])).any() or (flow >= 1 << 12).any()
    if is_mixed:  # two legs share the bits that were kept, or the files do not come in the order of time
        again = np.lexsort((begun, key, flow))
        order, key, flow = order[again], key[again], flow[again]
        differs = (key[1:] != key[:-1]) | (flow[1:] != flow[:-1])
    return order, np.concatenate(([True], differs)) if count else np.zeros(0, bool)


def _sort_the_unsorted(legs: Legs, plan: Plan) -> None:
    if not len(legs.t):
        return
    t, m = legs.t, legs.m
    goes_back = t[1:] < t[:-1]
    if not plan.is_foreign:
        goes_back |= (t[1:] == t[:-1]) & (m[1:] < m[:-1])
    goes_back &= legs.leg[1:] == legs.leg[:-1]
    found = np.flatnonzero(goes_back)
    if not len(found):
        return
    is_unsorted = np.zeros(legs.count, bool)
    is_unsorted[legs.leg[found]] = True
    rows = np.flatnonzero(is_unsorted[legs.leg])
    keys = (t[rows], legs.leg[rows]) if plan.is_foreign else (m[rows], t[rows], legs.leg[rows])
    order = rows[np.lexsort(keys)]  # stable: what is equal stays as it came
    for column in (legs.t, legs.m, legs.port):
        column[rows] = column[order]


def _told_once(legs: Legs) -> Legs:
    """Without a milestone told again for the same instant: that is one fact from two messages."""
    again = (legs.t[1:] == legs.t[:-1]) & (legs.m[1:] == legs.m[:-1]) & (legs.leg[1:] == legs.leg[:-1])
    if not again.any():
        return legs
    keep = np.concatenate(([True], ~again))
    lengths = np.add.reduceat(keep.astype(np.int64), legs.starts)
    return Legs(
        legs.hash, legs.flow, np.cumsum(lengths) - lengths, lengths, legs.leg[keep], legs.t[keep], legs.m[keep], legs.port[keep],
    )  # fmt: skip
