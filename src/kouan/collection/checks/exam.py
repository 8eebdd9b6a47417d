"""One examination: the panel, what is learned of it, and what has been found so far. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType

import numpy as np

from kouan.collection.checks.declared import CheckSpec
from kouan.collection.checks.panel import Bools, Floats, Ints, Key, Panel, Run
from kouan.collection.checks.seasonal import Seasonal
from kouan.collection.checks.suspicion import Suspicion


class Exam:
    """The desk on which checks work. ``suspect`` cells are judged by their own check and taught to nobody else."""

    def __init__(self, panel: Panel, specs: Mapping[str, CheckSpec], explained: Bools, links: tuple[tuple[Key, Key], ...] = (),
                 kin: Mapping[str, str] = MappingProxyType({})) -> None:
        self.panel, self.specs, self.explained, self.links, self.kin = panel, specs, explained, links, kin
        self.suspect: Bools = np.zeros(panel.values.shape, dtype=bool)
        self.found: list[Suspicion] = []
        self._model: Seasonal | None = None

    @property
    def values(self) -> Floats:
        """The figures."""
        return self.panel.values

    @property
    def model(self) -> Seasonal:
        """The usual behaviour, learned without suspect and explained cells."""
        if self._model is None:
            self._model = Seasonal.fit(self.panel, self.suspect | self.explained)
        return self._model

    def learn_again(self) -> None:
        """Forget what was learned: more cells are suspect now."""
        self._model = None

    @cached_property
    def row_of(self) -> dict[Key, int]:
        """Where each series stands."""
        return {key: row for row, key in enumerate(self.panel.keys)}

    @cached_property
    def codes(self) -> tuple[Ints, Ints]:
        """Per row a number for its subject, and one for its measure with direction and group."""
        subjects: dict[str, int] = {}
        measures: dict[tuple[str, ...], int] = {}
        return (np.array([subjects.setdefault(key.subject, len(subjects)) for key in self.panel.keys], dtype=np.int64),
                np.array([measures.setdefault(key[1:], len(measures)) for key in self.panel.keys], dtype=np.int64))

    @cached_property
    def rows_of_subject(self) -> dict[str, list[int]]:
        """The series of each subject."""
        found: dict[str, list[int]] = {}
        for row, key in enumerate(self.panel.keys):
            found.setdefault(key.subject, []).append(row)
        return found

    @cached_property
    def peer_totals(self) -> Floats:
        """Per set of peers and period, the sum of the usual figures: what weights are shares of."""
        usual = np.nan_to_num(np.where(np.isnan(self.model.expected), self.values, self.model.expected))
        totals = np.zeros((int(self.panel.peers.max(initial=0)) + 1, self.panel.width))
        np.add.at(totals, self.panel.peers, usual)
        return totals

    def spec(self, check: str) -> CheckSpec | None:
        """A check if it is asked for at this cadence."""
        spec = self.specs.get(check)
        return spec if spec is not None and self.panel.cadence in spec.cadences else None

    def is_explained(self, check: str, run: Run) -> bool:
        """Whether recorded exceptions answer every cell of a run for this check."""
        return self.specs[check].explained and bool(self.explained[run.row, run.start : run.stop].all())

    def tell(self, check: str, run: Run, measured: float | None, expected: float | None, likelihood: float, *,
             other: int | None = None, factor: float | None = None, weigh: float | None = None, source: int | None = None) -> None:
        """Keep a suspicion. ``weigh``: how much of the figures would change, where that is not measured − expected.

        ``source``: the column that was copied.
        """
        spec, key = self.specs[check], self.panel.keys[run.row]
        if not spec.applies(self.panel.cadence, key.measure) or self.is_explained(check, run):
            return
        if factor is None and measured is not None and expected:
            factor = measured / expected if measured > 0 else None
        changed = weigh if weigh is not None else abs((measured or 0.0) - (expected or 0.0)) * run.length
        self.found.append(Suspicion(
            check, key, run.row, run.start, run.stop, self.panel.period(run.start), self.panel.period(run.stop - 1),
            _plain(measured), _plain(expected), min(max(likelihood, 0.0), 0.995), changed, None if other is None else self.panel.keys[other],
            _plain(factor), source=None if source is None else self.panel.period(source),
        ))

    def mark(self, run: Run) -> None:
        """Make the cells of a run suspect."""
        self.suspect[run.row, run.start : run.stop] = True

    def usual(self, run: Run) -> float:
        """What is to be expected over a run: the mean of the model, or the typical figure of the row."""
        expected = self.model.expected[run.row, run.start : run.stop]
        known = expected[~np.isnan(expected)]
        if known.size:
            return float(known.mean())
        row = self.values[run.row]
        rest = row[~np.isnan(row)]
        return float(np.median(rest)) if rest.size else 0.0

    def neighbours(self, run: Run, reach: int) -> tuple[Floats, Floats]:
        """Up to ``reach`` reported figures before and after a run, suspect ones left out."""
        row = np.where(self.suspect[run.row], np.nan, self.values[run.row])
        before, after = row[: run.start], row[run.stop :]
        before, after = before[~np.isnan(before)][-reach:], after[~np.isnan(after)][:reach]
        return before, after

    def is_beside_nothing(self, run: Run) -> bool:
        """Whether nothing is reported, or nought, right before or after: the first and last months of service are parts of months."""
        row = self.values[run.row]
        beside = [row[at] for at in (run.start - 1, run.stop) if 0 <= at < self.panel.width]
        return any(np.isnan(value) or value == 0 for value in beside)

    def same_season(self, run: Run, years: int = 4) -> tuple[Floats, int]:
        """Figures of the same seasons in other years, outside the run, and how many were not reported."""
        span, width = self.panel.season, self.panel.width
        columns: set[int] = set()
        for column in range(run.start, min(run.stop, run.start + span)):
            columns |= {column + turn * span for turn in range(-years, years + run.length // span + 1)}
        inside = [column for column in columns if 0 <= column < width and not run.start <= column < run.stop]
        found = self.values[run.row, inside]
        return found[~np.isnan(found)], int(np.isnan(found).sum())

    @cached_property
    def reported(self) -> tuple[Ints, Ints]:
        """Per row the first and last column with a figure (-1: none)."""
        known = ~np.isnan(self.values)
        width = self.panel.width
        first = np.where(known.any(axis=1), known.argmax(axis=1), -1)
        last = np.where(known.any(axis=1), width - 1 - known[:, ::-1].argmax(axis=1), -1)
        return first, last


def _plain(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
