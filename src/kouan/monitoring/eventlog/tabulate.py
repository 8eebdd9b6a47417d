"""Exact statistics of very many times in groups, by one sort.

Group and time are packed into one 64-bit number, group above; sorted, the times of each group stand together and in
order. Results are ten-thousandths of an hour, rounded half up from exact fractions, like those of the generated SQL.

>>> shown = tabulate([Piece(np.array([7, 7, 9]), np.array([3_600_000_000, 7_200_000_000, 0]))])
>>> shown["group"].tolist(), shown["n"].tolist(), shown["mean"].tolist(), shown["p90"].tolist()
([7, 9], [2, 1], [15000, 0], [19000, 0])
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kouan.monitoring.eventlog.sql import QUANTILES, RESULT, STATISTICS

Array = np.ndarray[Any, Any]
_DENSE = 60_000_000  # group numbers up to so far apart are renumbered by a table, further apart by sorting


@dataclass
class Piece:
    """Groups (any whole numbers ≥ 0) and times (µs ≥ 0), side by side."""

    group: Array
    time: Array


def tabulate(pieces: list[Piece]) -> dict[str, Array]:
    """group, n, mean, median, p75, p90, p95 of all pieces together, by group. The pieces are used up."""
    count = sum(len(piece.time) for piece in pieces)
    if not count:
        return {name: np.zeros(0, np.int64) for name in ("group", *STATISTICS)}
    pieces = [piece for piece in pieces if len(piece.time)]
    groups, renumber = _numbering(pieces)
    longest = max(int(piece.time.max()) for piece in pieces)
    bits = max(1, longest.bit_length())
    if bits + len(groups).bit_length() > 63:
        return _by_two_keys(pieces, groups, renumber)
    key = np.empty(count, np.int64)
    filled = 0
    while pieces:
        piece = pieces.pop()
        part = key[filled : filled + len(piece.time)]
        np.left_shift(renumber(piece.group), bits, out=part, dtype=np.int64)
        part |= piece.time
        filled += len(part)
        del piece
    key.sort()
    bounds = np.searchsorted(key, np.arange(len(groups) + 1, dtype=np.int64) << bits)
    key &= (1 << bits) - 1
    return _read_off(groups, bounds, key, longest)


def _numbering(pieces: list[Piece]) -> tuple[Array, Any]:
    """The groups that occur, sorted, and a function from their numbers to their places."""
    low = min(int(piece.group.min()) for piece in pieces)
    high = max(int(piece.group.max()) for piece in pieces)
    if high - low < _DENSE:
        occurs = np.zeros(high - low + 1, bool)
        for piece in pieces:
            occurs[piece.group - low] = True
        place = np.cumsum(occurs, dtype=np.int32) - 1  # small, so that more of it stays in the cache
        return np.flatnonzero(occurs) + low, lambda group: place[group - low]
    groups = np.unique(np.concatenate([np.unique(piece.group) for piece in pieces]))
    return groups, lambda group: np.searchsorted(groups, group)


def _by_two_keys(pieces: list[Piece], groups: Array, renumber: Any) -> dict[str, Array]:
    """The same where group and time do not fit into one number (times of centuries, or millions of groups)."""
    group = np.concatenate([renumber(piece.group) for piece in pieces])
    time = np.concatenate([piece.time for piece in pieces])
    order = np.lexsort((time, group))
    bounds = np.searchsorted(group[order], np.arange(len(groups) + 1))
    return _read_off(groups, bounds, time[order], int(time.max()))


def _read_off(groups: Array, bounds: Array, time: Array, longest: int) -> dict[str, Array]:
    starts, n = bounds[:-1], np.diff(bounds)
    shown = {"group": groups, "n": n, "mean": _means(time, starts, n, longest)}
    for q, name in zip(QUANTILES, STATISTICS[2:], strict=True):
        place = (n - 1) * q
        low, share = place // 100, place % 100
        below = time[starts + low]
        above = time[starts + np.minimum(low + 1, n - 1)]
        shown[name] = (below * 100 + (above - below) * share + 50 * RESULT) // (100 * RESULT)
    return shown


def _means(time: Array, starts: Array, n: Array, longest: int) -> Array:
    if int(n.max()) * longest < 2**61:
        total = np.add.reduceat(time, starts)
        return (2 * total + n * RESULT) // (2 * n * RESULT)
    # Sums beyond 64 bits: in two halves, put together as Python's own whole numbers.
    high, low = np.add.reduceat(time >> 24, starts).tolist(), np.add.reduceat(time & 0xFFFFFF, starts).tolist()
    return np.array([
        (2 * ((h << 24) + rest) + count * RESULT) // (2 * count * RESULT) for h, rest, count in zip(high, low, n.tolist(), strict=True)
    ])  # fmt: skip
