"""Rows of one file that say the same thing twice, or two things about the same. Pure.

The same figures again: the later row is refused, and names the first. Different figures for the same
subject, measure and period: every such row is held, for nobody can tell which is right.

>>> from kouan.collection.interpret import Figures
>>> figures = Figures()
>>> for at, value in enumerate((5, 5, 6)):
...     _ = figures.series.append(0), figures.period.append(0), figures.value.append(value), figures.at.append(at)
>>> find_repeats(figures, 1)
Repeats(doubles={1: 0}, conflicts={0: (2,), 2: (0,)})
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from kouan.collection.interpret import Figures


@dataclass(slots=True)
class Repeats:
    """By place of the row in `Figures.rows`: a double → its first; a row in conflict → the others."""

    doubles: dict[int, int] = field(default_factory=dict)
    conflicts: dict[int, tuple[int, ...]] = field(default_factory=dict)


def keys_of(figures: Figures, periods: int) -> np.ndarray:
    """One integer for series and period together. `periods`: how many there are."""
    series = np.frombuffer(figures.series, dtype=np.int64) if figures.series else np.empty(0, np.int64)
    period = np.frombuffer(figures.period, dtype=np.int64) if figures.period else np.empty(0, np.int64)
    return series * max(periods, 1) + period


def find_repeats(figures: Figures, periods: int) -> Repeats:
    """Find doubles and conflicts. Rows with several figures are compared as a whole."""
    keys = keys_of(figures, periods)
    repeats = Repeats()
    if keys.size < 2:
        return repeats
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    again = np.flatnonzero(ordered[1:] == ordered[:-1])
    if not again.size:
        return repeats
    at = np.frombuffer(figures.at, dtype=np.int64)
    families: dict[int, list[int]] = defaultdict(list)
    for position in again.tolist():
        family = families[int(ordered[position])]
        if not family:
            family.append(int(at[order[position]]))
        family.append(int(at[order[position + 1]]))

    said: dict[int, tuple[tuple[int, object], ...]] = {}

    def saying(row: int) -> tuple[tuple[int, object], ...]:
        if row not in said:
            first, last = np.searchsorted(at, [row, row + 1])
            said[row] = tuple(sorted(
                ((int(keys[i]), figures.value[i]) for i in range(int(first), int(last))), key=lambda pair: pair[0]
            ))
        return said[row]

    for rows in families.values():
        firsts: dict[tuple[tuple[int, object], ...], int] = {}
        for row in sorted(set(rows)):
            first = firsts.setdefault(saying(row), row)
            if first != row:
                repeats.doubles[row] = first
        if len(firsts) > 1:
            for row in firsts.values():
                others = tuple(other for other in firsts.values() if other != row)
                repeats.conflicts[row] = tuple(sorted({*repeats.conflicts.get(row, ()), *others}))
    for row in repeats.conflicts:
        repeats.doubles.pop(row, None)
    return repeats
