"""The engine: runs every check over a panel, lets one speak for each cell, weighs and ranks. Pure.

>>> from kouan.basis import Period
>>> months = [Period.month(2018 + n // 12, n % 12 + 1) for n in range(60)]
>>> figures = {month: 9000 + 97 * (n % 12) + n * 31 % 89 for n, month in enumerate(months)}
>>> figures[months[40]] *= 1000
>>> [(found.check, found.first.code) for found in examine(Panel.of({Key("port:a", "cargo_tonnes"): figures}))]
[('unit_slip', '2021-05')]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase

import numpy as np

from kouan.collection.checks import absence, outliers, relations, repetition, sheets
from kouan.collection.checks.declared import CheckSpec, shipped
from kouan.collection.checks.exam import Exam
from kouan.collection.checks.panel import Bools, Key, Panel
from kouan.collection.checks.suspicion import Suspicion

ALARM = 0.5  # from this likelihood on somebody is asked

# The order of work: what is copied or nought must not teach what is usual.
_STEPS: tuple[Callable[[Exam], None] | None, ...] = (
    repetition.placeholders, repetition.stuck, repetition.copied_period, repetition.copies, sheets.sheets, absence.entities, absence.zeros, None,
    outliers.swapped, outliers.standing_out, absence.reopened, absence.missing, None,
    relations.sums, outliers.level_shift, relations.ratios, relations.counterparts, outliers.among_peers,
)


@dataclass(frozen=True)
class Explained:
    """Dates that somebody has explained: a closure, a pandemic. ``subjects`` and ``measures`` as patterns (``port:*``); empty: all."""

    start: date | None
    end: date | None
    subjects: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    reference: str = ""

    def covers(self, key: Key) -> bool:
        """Whether it speaks of a series."""
        return (not self.subjects or any(fnmatchcase(key.subject, pattern) for pattern in self.subjects)) and (
            not self.measures or any(fnmatchcase(key.measure, pattern) for pattern in self.measures))


@dataclass(frozen=True)
class Rulings:
    """What people decided before: (confirmed, false alarms) per check, and per check and series (``check|series``)."""

    tallies: Mapping[str, tuple[int, int]]

    def trust(self, suspicion: Suspicion) -> float:
        """By how much the likelihood is taken: the share of confirmed, two confirmed ones given in advance.

        >>> Rulings({"spike": (0, 6)})._share("spike")
        0.25
        """
        return self._share(suspicion.check) * self._share(f"{suspicion.check}|{suspicion.key.code}")

    def _share(self, name: str) -> float:
        confirmed, false = self.tallies.get(name, (0, 0))
        return (confirmed + 2) / (confirmed + false + 2)


def examine(panel: Panel, *, explained: Iterable[Explained] = (), links: Sequence[tuple[Key, Key]] = (), rulings: Rulings | None = None,
            checks: Mapping[str, CheckSpec] | None = None, least: float = ALARM, kin: Mapping[str, str] | None = None) -> list[Suspicion]:
    """Everything that is hardly right, most pressing first.

    ``links``: series with the other side's count of the same. ``least``: smallest likelihood that is told. ``kin``: of subjects what one of
    them must share with another to be the same under a new name (province and mode of a port).
    """
    if not panel.keys or not panel.width:
        return []
    exam = Exam(panel, checks or shipped(), explained_cells(panel, explained), tuple(links), kin or {})
    for step in _STEPS:
        if step is None:
            exam.learn_again()
        else:
            step(exam)
    found = [_weighed(exam, one) for one in _one_voice(exam)]
    if rulings is not None:
        found = [one.with_likelihood(one.likelihood * rulings.trust(one)) for one in found]
    return sorted((one for one in found if one.likelihood >= least), key=lambda one: (-one.rank, one.code))


def explained_cells(panel: Panel, explained: Iterable[Explained]) -> Bools:
    """Which cells recorded exceptions answer."""
    cells = np.zeros(panel.values.shape, dtype=bool)
    for exception in explained:
        columns = panel.columns_between(exception.start, exception.end)
        rows = [row for row, key in enumerate(panel.keys) if exception.covers(key)]
        cells[rows, columns] = True
    return cells


def _one_voice(exam: Exam) -> list[Suspicion]:
    """Of several checks that see the same cells, the most telling speaks; the others are named and make it likelier."""
    order = {check: spec.order for check, spec in exam.specs.items()}
    kept: list[Suspicion] = []
    taken: dict[int, list[int]] = {}
    for one in sorted(exam.found, key=lambda item: (order[item.check], -item.likelihood)):
        rows = [one.row, *([exam.row_of[one.other]] if one.other is not None and one.check in _BOTH else [])]
        rival = next((at for at in taken.get(one.row, ()) if _same(kept[at], one)), None)
        if rival is None:
            for row in rows:
                taken.setdefault(row, []).append(len(kept))
            kept.append(one)
        elif one.check not in (kept[rival].check, *kept[rival].seen_by) and one.likelihood >= 0.3:
            told = kept[rival]
            kept[rival] = replace(told, seen_by=(*told.seen_by, one.check),
                                  likelihood=min(0.995, 1 - (1 - told.likelihood) * (1 - 0.4 * one.likelihood)))
    return kept


_BOTH = frozenset({"swapped_series", "sum_of_parts", "ratio"})  # both series are spoken of


def _same(told: Suspicion, one: Suspicion) -> bool:
    shared = min(told.stop, one.stop) - max(told.start, one.start)
    if shared <= 0:
        return False
    if one.check in ("level_shift", "unit_slip") and one.count > 24 and told.count <= 24:
        return abs(told.start - one.start) <= 1  # a step that begins with a shorter fault is that fault
    return shared >= 0.5 * min(told.count, one.count)


def _weighed(exam: Exam, one: Suspicion) -> Suspicion:
    total = float(exam.peer_totals[exam.panel.peers[one.row], one.start : one.stop].sum())
    return replace(one, weight=min(1.0, one.weight / total) if total > 0 else 0.0)
