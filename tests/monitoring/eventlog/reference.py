"""The figures of a report computed the slow way: plain Python, one case at a time, exact fractions. It imports nothing of the engine.

Written from the definition (``kouan.monitoring.timing.definitions``, points 0 to 5) and from nothing else. Answers dictionaries
whose keys are names; times are ten-thousandths of an hour, rounded half up.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb

from kouan.monitoring.timing.definitions import shipped, subject_of

Row = dict[str, Any]
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def rows_of(paths: Iterable[Path]) -> list[Row]:
    """The rows of Parquet files, instants as microseconds."""
    found = []
    for path in paths:
        result = duckdb.sql(f"SELECT * REPLACE (epoch_us(occurred_at) AS occurred_at, epoch_us(received_at) AS received_at) FROM '{path}'")
        found += [dict(zip(result.columns, row, strict=True)) for row in result.fetchall()]
    return found


def rounded(microseconds: Fraction) -> int:
    value = microseconds / 360_000 + Fraction(1, 2)
    return value.numerator // value.denominator


def quantile(times: list[int], q: Fraction) -> Fraction:
    place = (len(times) - 1) * q
    low = place.numerator // place.denominator
    if low + 1 >= len(times):
        return Fraction(times[-1])
    return times[low] + (times[low + 1] - times[low]) * (place - low)


def statistics(times: list[int]) -> tuple[int, ...]:
    """n, mean, median, p75, p90, p95."""
    ordered = sorted(times)
    quantiles = [rounded(quantile(ordered, Fraction(q, 100))) for q in (50, 75, 90, 95)]
    return (len(times), rounded(Fraction(sum(times), len(times))), *quantiles)


def month(instant: int, minutes: int = 480) -> int:
    when = EPOCH + dt.timedelta(microseconds=instant + minutes * 60_000_000)
    return when.year * 100 + when.month


def current(rows: list[Row]) -> list[Row]:
    """Of each (source, event_id) the highest revision, of equal ones the one received last; neither void nor planned."""
    newest: dict[Any, Row] = {}
    for place, row in enumerate(rows):
        key = (row["source"], row["event_id"]) if row["event_id"] else place
        rank = (row["revision"], row["received_at"], place)
        if key not in newest or rank > newest[key]["rank"]:
            newest[key] = {**row, "rank": rank}
    return [row for row in newest.values() if not row["withdrawn"] and not row["planned"]]


def legs_of(rows: list[Row]) -> dict[tuple[str, str, str, str], list[Row]]:
    legs: dict[tuple[str, str, str, str], list[Row]] = defaultdict(list)
    for row in current(rows):
        legs[row["case_id"], row["case_kind"], row["mode"], row["direction"]].append(row)
    return legs


def path_of(leg: list[Row], order: dict[str, int]) -> list[tuple[int, str]]:
    """Instants and milestones in order, each once."""
    return sorted({(row["occurred_at"], row["milestone"]) for row in leg}, key=lambda event: (event[0], order[event[1]]))


def report(
    rows: list[Row], *, by: tuple[str, ...] = ("port", "month", "direction"), wholes: tuple[str, ...] = (), cohort: str = "end"
) -> dict[str, Any]:
    """segments, overall, status, dfg, ends, variants."""
    known = shipped()
    strange = sorted({row["milestone"] for row in rows} - set(known.milestones))
    order = {name: place for place, name in enumerate((*known.milestones, *strange))}
    segments: dict[Any, list[int]] = defaultdict(list)
    overall: dict[Any, list[int]] = defaultdict(list)
    early: Counter[Any] = Counter()
    status: Counter[Any] = Counter()
    dfg: dict[Any, list[int]] = defaultdict(list)
    ends: Counter[Any] = Counter()
    variants: dict[Any, list[int]] = defaultdict(list)
    examples: dict[Any, tuple[int, str]] = {}
    for (case, kind, mode, direction), leg in legs_of(rows).items():
        flow = (kind, mode, direction)
        path = path_of(leg, order)
        names = tuple(name for _, name in path)
        for (t, a), (u, b) in itertools.pairwise(path):
            dfg[*flow, a, b].append(u - t)
        ends[*flow, names[0], names[-1]] += 1
        variants[*flow, names].append(path[-1][0] - path[0][0])
        examples[*flow, names] = min(examples.get((*flow, names), (path[0][0], case)), (path[0][0], case))
        measured = known.of_flow(subject_of(kind), direction, mode)
        for place, whole in enumerate(measured):
            state, begin, end, port, parts, is_early = measure(leg, whole, known, mode)
            status[*flow, whole.key, state] += 1
            if state != "complete":
                continue
            columns = {"port": port, "month": month(end if cohort == "end" else begin), "direction": direction, "mode": mode, "case_kind": kind}
            group = tuple(columns[name] for name in by)
            overall[*group, whole.key].append(end - begin)
            early[*group, whole.key] += is_early
            if (not wholes and place == 0) or whole.code in wholes or "all" in wholes:
                for pair, took in parts:
                    segments[*group, whole.key, *pair].append(took)
                assert sum(took for _, took in parts) == end - begin
    return {
        "segments": {key: statistics(times) for key, times in segments.items()},
        "overall": {key: (*statistics(times), early[key]) for key, times in overall.items()},
        "status": dict(status), "dfg": {key: statistics(times) for key, times in dfg.items()}, "ends": dict(ends),
        "variants": {key: (*statistics(times), examples[key][1]) for key, times in variants.items()},
    }  # fmt: skip


def measure(leg: list[Row], whole: Any, known: Any, mode: str) -> tuple[str, int, int, str, list[tuple[tuple[str, ...], int]], bool]:
    """The status of one whole; and where complete its begin, end, port, (part, from, to, absorbed) with times, and whether it ended early."""
    stands: dict[str, Row] = {}
    for row in leg:
        name = row["milestone"]
        is_last = name in known.milestones and known.milestones[name].repeat == "last"
        before = stands.get(name)
        if before is None or (row["occurred_at"] > before["occurred_at"] if is_last else row["occurred_at"] < before["occurred_at"]):
            stands[name] = row
    at = {name: row["occurred_at"] for name, row in stands.items()}
    start = next((name for name in whole.start if name in at), None)
    end = next((name for name in whole.end if name in at), None)
    if start is None or end is None:
        if end is not None:
            return "start_missing", 0, 0, "", [], False
        if start is None:
            return "not_begun", 0, 0, "", [], False
        order = known.flow(whole.subject, whole.direction, mode).order
        behind = order[max(order.index(name) for name in whole.end if name in order) + 1 :]
        proved = any(at[name] >= at[start] for name in behind if name in at)
        return ("end_missing" if proved else "running"), 0, 0, "", [], False
    is_early = at[end] < at[start]
    if is_early and any((p.first, p.then) == (start, end) and p.severity.value == "error" for p in known.impossible):
        return "contradictory", 0, 0, "", [], False
    begin, finish = at[start], max(at[start], at[end])
    cut, since, absorbed, parts = begin, start, [], []
    for part in whole.parts:
        if part.to not in at:
            if not part.is_optional:
                absorbed.append(part.code)
            continue
        if part.only_after_start and at[part.to] <= begin:
            continue
        here = finish if part.to == end else min(max(cut, at[part.to]), finish)
        parts.append(((part.code, since, part.to, "+".join(absorbed)), here - cut))
        cut, since, absorbed = here, part.to, []
        if part.to == end:
            break
    return "complete", begin, finish, stands[start]["port"], parts, is_early


def foreign(events: list[tuple[str, str, int]], minutes: int = 480) -> dict[str, Any]:
    """dfg and variants of a log of (case, activity, instant) in the order of the file, which also breaks ties."""
    cases: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for place, (case, activity, instant) in enumerate(events):
        cases[case].append((instant, place, activity))
    dfg: dict[Any, list[int]] = defaultdict(list)
    months: dict[Any, list[int]] = defaultdict(list)
    variants: dict[Any, list[int]] = defaultdict(list)
    examples: dict[Any, tuple[int, str]] = {}
    ends: Counter[Any] = Counter()
    for case, told in cases.items():
        told.sort()
        names = tuple(activity for _, _, activity in told)
        for (t, _, a), (u, _, b) in itertools.pairwise(told):
            dfg[a, b].append(u - t)
            months["", month(u, minutes), "", a, b].append(u - t)
        variants[names].append(told[-1][0] - told[0][0])
        ends[names[0], names[-1]] += 1
        examples[names] = min(examples.get(names, (told[0][0], case)), (told[0][0], case))
    return {
        "dfg": {key: statistics(times) for key, times in dfg.items()}, "ends": dict(ends),
        "segments": {key: statistics(times) for key, times in months.items()},
        "variants": {key: (*statistics(times), examples[key][1]) for key, times in variants.items()},
    }  # fmt: skip
