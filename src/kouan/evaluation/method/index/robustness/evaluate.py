"""Running a recipe many times, once for each row of a design, as fast as the arithmetic allows.

What does not change from run to run is done once: runs of the same imputation, treatment, normalisation and cells share
their normalised table; all weight sets of runs that share it are aggregated together, level by level, as matrices
(units, runs). A run that a method refuses is counted with its reason and has no scores; it never vanishes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kouan.basis import Refused
from kouan.evaluation.method.index import prepare
from kouan.evaluation.method.index.aggregate import MEANS, Rules, join, turn, turn_back
from kouan.evaluation.method.index.framework import Floats, Framework
from kouan.evaluation.method.index.normalise import normalise
from kouan.evaluation.method.index.recipe import Recipe
from kouan.evaluation.method.index.robustness.study import REPLICATIONS, Factor, Study
from kouan.evaluation.method.index.run import (
    fixed_of,
    imputed_table,
    rules_of_columns,
    treatments_of_columns,
    weights_of,
)
from kouan.evaluation.method.index.table import Table
from kouan.evaluation.method.index.treat import treat

# Runs aggregated together: (units, runs) matrices then stay in the processor's cache or near it.
_BATCH = 512


@dataclass
class Runs:
    """Scores (units, runs) of the index, one column a row of the design; NaN throughout for a run that failed."""

    design: Floats
    scores: Floats
    failures: dict[int, str] = field(default_factory=dict)

    @property
    def failed(self) -> np.ndarray:
        """Which runs failed."""
        flags = np.zeros(self.scores.shape[1], dtype=bool)
        flags[list(self.failures)] = True
        return flags


class Evaluator:
    """A study on a framework and its data: `at` turns rows of u (runs, factors) into scores."""

    def __init__(self, framework: Framework, table: Table, recipe: Recipe, study: Study) -> None:
        self.framework, self.recipe, self.study = framework, recipe, study
        table = table if table.columns == framework.indicators else table.select(framework.indicators)
        if recipe.screen is not None:
            table, _ = prepare.screen(
                table,
                least_available=recipe.screen.least_available,
                least_nonzero=recipe.screen.least_nonzero,
                force=recipe.screen.force,
            )
        if recipe.denominate:
            table, _ = prepare.denominate(table, framework, None if recipe.denominate is True else recipe.denominate)
        self.table = table
        self.factors = {factor.of: (at, factor) for at, factor in enumerate(study.factors)}
        rng = np.random.default_rng(study.seed)
        self.codes = tuple(node.code for node in framework.nodes)
        self._place = {code: at for at, code in enumerate(self.codes)}
        self._wobble = (
            _wobbles(framework, self.factors["weights"][1], rng, self.codes) if "weights" in self.factors else None
        )
        self._gone = _left_out(framework, self.factors["leave_out"][1]) if "leave_out" in self.factors else []
        self._noise_seed = int(rng.integers(2**31))

    def pick(self, kind: str, design: Floats, count: int) -> np.ndarray:
        """For each run which of ``count`` alternatives its u picks; the first (what the recipe does) where it is no factor."""
        if kind not in self.factors:
            return np.zeros(len(design), dtype=int)
        return np.minimum((design[:, self.factors[kind][0]] * count).astype(int), count - 1)

    def at(self, design: Floats, *, progress: Any = None) -> Runs:
        """Scores for each row of a design (runs, factors), every u in [0, 1)."""
        runs = Runs(design, np.full((len(self.table.units), len(design)), np.nan))
        picks, keys = self._keys(design)
        weights = self.pick("weights", design, REPLICATIONS)
        gone = self.pick("leave_out", design, len(self._gone) + 1)
        done = 0
        for rows in _alike(keys):
            key = keys[rows[0]]
            try:
                points, base = self._prepared(*(int(each) for each in key))
            except Refused as refused:
                runs.failures.update(dict.fromkeys(rows.tolist(), refused.findings[0].code))
                continue
            for choice in np.unique(picks["aggregate"][rows]):
                chosen = rows[picks["aggregate"][rows] == choice]
                rules = self._part("aggregate", int(choice), self.recipe.aggregate).rules()
                for start in range(0, len(chosen), _BATCH):
                    part = chosen[start : start + _BATCH]
                    try:
                        runs.scores[:, part] = self._index(
                            points, self._weights(base, weights[part], gone[part]), rules
                        )
                    except Refused as refused:
                        runs.failures.update(dict.fromkeys(part.tolist(), refused.findings[0].code))
            done += len(rows)
            if progress is not None:
                progress(done, len(design))
        return runs

    def tables(self, design: Floats) -> int:
        """How many normalised tables the runs of a design need: what its time is made of."""
        return len(np.unique(self._keys(design)[1], axis=0))

    def parts(self, design: Floats, count: int) -> list[np.ndarray]:
        """The rows of a design in about so many parts, none of which parts runs that share a table; in each in the order of the design."""
        parts: list[list[np.ndarray]] = [[]]
        for rows in _alike(self._keys(design)[1]):
            if sum(map(len, parts[-1])) >= len(design) / count:
                parts.append([])
            parts[-1].append(rows)
        return [np.sort(np.concatenate(part)) for part in parts]

    def _keys(self, design: Floats) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Which alternative each run picks, and by row what its normalised table depends on."""
        picks = {
            kind: self.pick(kind, design, len(self.factors[kind][1].choices) if kind in self.factors else 1)
            for kind in ("impute", "treat", "normalise", "aggregate")
        }
        cells = self.pick("cells", design, REPLICATIONS)
        return picks, np.column_stack([picks["impute"], picks["treat"], picks["normalise"], cells])

    def describe(self, design: Floats) -> list[list[str]]:
        """Each run in words: one text for each factor."""
        columns = []
        for at, factor in enumerate(self.study.factors):
            u = design[:, at]
            if factor.choices:
                count = len(factor.choices)
                columns.append([factor.label(min(int(each * count), count - 1)) for each in u])
            elif factor.of == "leave_out":
                names = ["", *self._gone]
                columns.append([names[min(int(each * len(names)), len(names) - 1)] for each in u])
            else:
                columns.append([str(min(int(each * REPLICATIONS), REPLICATIONS - 1)) for each in u])
        return [list(row) for row in zip(*columns, strict=True)]

    def _part(self, kind: str, at: int, usual: Any) -> Any:
        if kind not in self.factors:
            return usual
        factor: Factor = self.factors[kind][1]
        return factor.part(factor.choices[at])

    def _recipe(self, impute: int, treatment: int, normalisation: int) -> Recipe:
        return self.recipe.model_copy(
            update={
                "impute": self._part("impute", impute, self.recipe.impute),
                "treat": self._part("treat", treatment, self.recipe.treat),
                "normalise": self._part("normalise", normalisation, self.recipe.normalise),
            }
        )

    def _prepared(self, impute: int, treatment: int, normalisation: int, cell: int) -> tuple[Floats, Floats]:
        """Normalised points (units, indicators), and the weight of every node."""
        recipe, table = self._recipe(impute, treatment, normalisation), self.table
        if "cells" in self.factors:
            table = table.with_values(self._noisy(table.values, cell))
        if recipe.impute is not None:
            table = imputed_table(self.framework, table, recipe)[0]
        values, _ = treat(table.values, treatments_of_columns(self.framework, recipe))
        groups = table.group_codes(recipe.normalise.within)[0] if recipe.normalise.within else None
        points, _ = normalise(
            values,
            self.framework.directions,
            rules_of_columns(self.framework, recipe),
            groups=groups,
            fixed=fixed_of(self.framework),
            codes=self.framework.indicators,
        )
        held = weights_of(self.framework, points, recipe)
        return points, np.array([held[code] for code in self.codes])

    def _noisy(self, values: Floats, cell: int) -> Floats:
        factor: Factor = self.factors["cells"][1]
        rng = np.random.default_rng((self._noise_seed, cell))
        noise = 1.0 + float(factor.noise or 0.0) * rng.uniform(-1.0, 1.0, values.shape)
        if factor.share < 1:
            noise = np.where(rng.uniform(size=values.shape) < factor.share, noise, 1.0)
        return values * noise

    def _weights(self, base: Floats, picked: np.ndarray, gone: np.ndarray) -> Floats:
        """Weights of every node (nodes, runs)."""
        weights = np.repeat(base[:, None], len(picked), axis=1) if self._wobble is None else self._wobble(base, picked)
        for at, code in enumerate(self._gone, start=1):
            out = gone == at
            if out.any():
                weights[self._place[code], out] = 0.0
        return weights

    def _index(self, points: Floats, weights: Floats, rules: Rules) -> Floats:
        """Points of the top for every weight set (units, runs)."""
        framework, place = self.framework, self._place
        number = {code: k for k, code in enumerate(framework.indicators)}
        held: dict[str, Floats] = {}
        for code in framework.aggregates:
            children = framework.children(code)
            w = weights[[place[child] for child in children]]
            rule = rules.at(code, framework[code].level)
            if all(child in number for child in children):
                joined = _of_shared(points[:, [number[child] for child in children]], w, rule, rules.threshold)
            else:
                stack = np.stack(
                    [
                        held[child]
                        if child in held
                        else np.broadcast_to(points[:, [number[child]]], (len(points), w.shape[1]))
                        for child in children
                    ]
                )
                joined = _of_stack(stack, w, rule, rules.threshold)
            held[code] = joined
            for child in children:
                held.pop(child, None)
        return held[framework.top]


def _alike(keys: np.ndarray) -> Iterator[np.ndarray]:
    """Rows that share a key, group by group."""
    order = np.lexsort(keys.T[::-1])
    ordered = keys[order]
    cuts = np.nonzero((ordered[1:] != ordered[:-1]).any(axis=1))[0] + 1
    yield from np.split(order, cuts)


def _of_shared(x: Floats, w: Floats, rule: Any, threshold: float) -> Floats:
    """Children (units, k) shared by all runs, weights (k, runs): the means as one matrix product."""
    if rule.name not in MEANS:
        return np.column_stack([join(x, w[:, run], rule, threshold=threshold) for run in range(w.shape[1])])
    there = np.isfinite(x)
    with np.errstate(divide="ignore", invalid="ignore"):
        if there.all():
            joined = (turn(x, rule) @ w) / w.sum(axis=0)
        else:
            joined = (np.where(there, turn(x, rule), 0.0) @ w) / (there.astype(float) @ w)
        joined = turn_back(joined, rule)
    joined[~np.isfinite(joined)] = np.nan
    return np.where((there.mean(axis=1) < threshold)[:, None], np.nan, joined) if threshold > 0 else joined


def _of_stack(stack: Floats, w: Floats, rule: Any, threshold: float) -> Floats:
    """Children (k, units, runs) that differ from run to run, weights (k, runs)."""
    if rule.name not in MEANS:
        return np.column_stack(
            [join(stack[:, :, run].T, w[:, run], rule, threshold=threshold) for run in range(w.shape[1])]
        )
    there = np.isfinite(stack)
    with np.errstate(divide="ignore", invalid="ignore"):
        turned = turn(stack, rule)
        if there.all():
            joined = np.einsum("kur,kr->ur", turned, w) / w.sum(axis=0)
        else:
            joined = np.einsum("kur,kr->ur", np.where(there, turned, 0.0), w) / np.einsum(
                "kur,kr->ur", there.astype(float), w
            )
        joined = turn_back(joined, rule)
    joined[~np.isfinite(joined)] = np.nan
    return np.where(there.mean(axis=0) < threshold, np.nan, joined) if threshold > 0 else joined


class _wobbles:
    """Weight sets around a base: noise on every weight of some levels, or Dirichlet draws among siblings."""

    def __init__(self, framework: Framework, factor: Factor, rng: np.random.Generator, codes: tuple[str, ...]) -> None:
        levels = factor.levels or framework.levels[:-1]
        self.moving = np.array([framework[code].level in levels for code in codes])
        self.factor, self.seed = factor, int(rng.integers(2**31))
        self.siblings = [
            np.array([at for at, code in enumerate(codes) if framework[code].parent == parent])
            for parent in framework.aggregates
        ]
        self._factors = None if factor.noise is None else self._noise(len(codes), factor.noise)
        self._drawn: tuple[bytes, Floats] | None = None

    def _noise(self, count: int, noise: float) -> Floats:
        rng = np.random.default_rng(self.seed)
        return np.where(self.moving[:, None], 1.0 + noise * rng.uniform(-1.0, 1.0, (count, REPLICATIONS)), 1.0)

    def __call__(self, base: Floats, picked: np.ndarray) -> Floats:
        if self._factors is not None:
            return base[:, None] * self._factors[:, picked]
        if self._drawn is None or self._drawn[0] != base.tobytes():
            self._drawn = (base.tobytes(), self._dirichlet(base))
        return self._drawn[1][:, picked]

    def _dirichlet(self, base: Floats) -> Floats:
        rng = np.random.default_rng(self.seed)
        drawn = np.repeat(base[:, None], REPLICATIONS, axis=1)
        for at in self.siblings:
            total = base[at].sum()
            if total > 0 and self.moving[at].all():
                shares = base[at] / total * float(self.factor.dirichlet or 1.0) * len(at)
                drawn[at] = rng.gamma(np.maximum(shares, 1e-12)[:, None], size=(len(at), REPLICATIONS))
                drawn[at] /= drawn[at].sum(axis=0)
        return drawn


def _left_out(framework: Framework, factor: Factor) -> list[str]:
    """The elements that are left out in turn: those of the levels that have a sibling."""
    levels = factor.levels or (1,)
    return [
        node.code
        for node in framework.nodes
        if node.level in levels and node.parent is not None and len(framework.children(node.parent)) > 1
    ]

