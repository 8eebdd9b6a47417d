"""Uncertainty: many runs on quasi-random choices, and what they say of each unit's score and place.

>>> wins = np.array([[3.0, 3.0, 3.0, 3.0], [2.0, 2.0, 2.0, 0.5], [1.0, 1.0, 1.0, 1.0]])
>>> bands(wins, places(wins), level=0.8)
[1, 2, 2]
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from kouan.basis import Finding, Refused
from kouan.evaluation.method.index.framework import Floats, Framework
from kouan.evaluation.method.index.normalise import ranks
from kouan.evaluation.method.index.recipe import Recipe
from kouan.evaluation.method.index.robustness.evaluate import Evaluator, Runs
from kouan.evaluation.method.index.robustness.processes import evaluated
from kouan.evaluation.method.index.robustness.study import Study
from kouan.evaluation.method.index.run import run
from kouan.evaluation.method.index.table import Table


@dataclass(frozen=True)
class Spread:
    """What the runs say, one value a unit. ``band``: units in one band cannot be told apart at the level of the bands.
    ``cannot_place``: how many units have no score in the nominal run."""

    units: tuple[str, ...]
    nominal_score: Floats
    nominal_place: Floats
    mean_score: Floats
    low_score: Floats
    high_score: Floats
    median_place: Floats
    low_place: Floats
    high_place: Floats
    best_place: Floats
    worst_place: Floats
    band: tuple[int, ...]
    runs: Runs
    level: float
    findings: tuple[Finding, ...] = ()


def quasi_random(runs: int, factors: int, seed: int) -> Floats:
    """The first points (runs, factors) of a scrambled Sobol sequence in [0, 1) (Sobol 1967; Owen 1995)."""
    from scipy.stats import qmc

    with warnings.catch_warnings():
        # SciPy warns where the number of runs is no power of two; the balance lost is far below the spread measured.
        warnings.simplefilter("ignore", UserWarning)
        return np.asarray(qmc.Sobol(factors, scramble=True, rng=seed).random(runs))


def uncertainty(
    framework: Framework, table: Table, recipe: Recipe, study: Study, *, level: float = 0.9, processes: int | None = 1,
    progress: Any = None,
) -> Spread:
    """Run a study. ``level``: the share of runs inside the intervals (0.9: from 5 % to 95 %).

    ``processes``: on how many processors; None: on all where that is worth it (a script that says so guards its ``__main__``).
    Raises Refused where every run fails. Failed runs are counted in a finding for each reason, and left out of the spread.
    """
    evaluator = Evaluator(framework, table, recipe, study)
    runs = evaluated(evaluator, quasi_random(study.runs, len(study.factors), study.seed), processes=processes, progress=progress)
    return spread(framework, evaluator, runs, level=level)


def spread(framework: Framework, evaluator: Evaluator, runs: Runs, *, level: float = 0.9) -> Spread:
    """Intervals, places and bands of runs that have been made."""
    findings = failure_findings(runs)
    good = runs.scores[:, ~runs.failed]
    if not good.shape[1]:
        raise Refused([*findings, Finding.error("every_run_failed", "所有抽样都未能完成。", "Every run failed.")])
    nominal = run(framework, evaluator.table, evaluator.recipe.model_copy(update={"screen": None, "denominate": False}))
    placed = places(good, decimals=evaluator.recipe.decimals)
    low, high = (1 - level) / 2 * 100, (1 + level) / 2 * 100
    silent = np.isnan(good).all(axis=1)
    if silent.any():
        names = [evaluator.table.units[i] for i in np.nonzero(silent)[0]]
        findings.append(
            Finding.warning(
                "unit_never_scored",
                f"{len(names)} 个对象在各次抽样中都没有得分：{'、'.join(names[:8])}。",
                f"{len(names)} unit(s) have no score in any run: {', '.join(names[:8])}.",
            )
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # rows that are silent throughout stay NaN, as told
        scores = _quantiles(good, (low, high))
        of_places = _quantiles(placed, (low, 50.0, high))
        return Spread(
            evaluator.table.units,
            nominal.index,
            nominal.places.column(framework.top),
            np.nanmean(good, axis=1),
            scores[0],
            scores[1],
            of_places[1],
            of_places[0],
            of_places[2],
            np.nanmin(placed, axis=1),
            np.nanmax(placed, axis=1),
            tuple(bands(good, placed, level=level)),
            runs,
            level,
            tuple(findings),
        )


def places(scores: Floats, *, decimals: int = 9) -> Floats:
    """Places (units, runs) in each run, 1 = the best, ties share the better place."""
    return ranks(-np.round(scores, decimals))


def bands(scores: Floats, placed: Floats, *, level: float = 0.9) -> list[int]:
    """Numbers of the bands of units that cannot be told apart, best first.

    From the best median place down: a unit opens a band; the next ones stay in it while the unit that opened it does not
    beat them in at least ``level`` of the runs (ties count half). Units without a score are in the last band.
    """
    median = np.array([np.median(each[np.isfinite(each)]) if np.isfinite(each).any() else np.inf for each in placed])
    mean = np.array([each[np.isfinite(each)].mean() if np.isfinite(each).any() else np.inf for each in placed])
    order = np.lexsort((mean, median))
    found = np.zeros(len(scores), dtype=int)
    head, number = -1, 0
    for unit in order:
        if head < 0 or _beats(scores[head], scores[unit]) >= level:
            head, number = unit, number + 1
        found[unit] = number
    return [int(each) for each in found]


def _beats(one: Floats, other: Floats) -> float:
    both = np.isfinite(one) & np.isfinite(other)
    if not both.any():
        return 1.0 if np.isfinite(one).any() else 0.0
    a, b = one[both], other[both]
    return float((a > b).mean() + (a == b).mean() / 2)


def _quantiles(values: Floats, wanted: tuple[float, ...]) -> Floats:
    if np.isnan(values).any():
        return np.asarray(np.nanpercentile(values, wanted, axis=1))
    return np.asarray(np.percentile(values, wanted, axis=1))


def failure_findings(runs: Runs) -> list[Finding]:
    """One finding for each reason for which runs failed."""
    found = []
    for code in dict.fromkeys(runs.failures.values()):
        count = sum(each == code for each in runs.failures.values())
        found.append(
            Finding.warning(
                "runs_failed",
                f"{runs.scores.shape[1]} 次抽样中有 {count} 次未能完成（{code}），不计入区间。",
                f"{count} of {runs.scores.shape[1]} runs failed ({code}) and are left out of the intervals.",
                measured=count,
            )
        )
    return found
