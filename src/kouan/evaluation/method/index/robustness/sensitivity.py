"""Sensitivity: how much of the spread each factor makes, alone (S1) and with others (ST).

Sobol indices by Saltelli's design (A, B and one AB for each factor; sampled through SALib). Outputs are centred before
anything is estimated: the estimators lose their digits otherwise. S1 by Saltelli et al. (2010), ST by Jansen (1999). The
bootstrap resamples the rows of the design once for all outputs and factors, so that their errors are joint.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from kouan.basis import Finding, Refused
from kouan.evaluation.method.index.framework import Floats, Framework
from kouan.evaluation.method.index.recipe import Recipe
from kouan.evaluation.method.index.robustness.evaluate import Evaluator, Runs
from kouan.evaluation.method.index.robustness.intervals import failure_findings, places
from kouan.evaluation.method.index.robustness.processes import evaluated
from kouan.evaluation.method.index.robustness.study import Study
from kouan.evaluation.method.index.run import run
from kouan.evaluation.method.index.table import Table


@dataclass(frozen=True)
class Indices:
    """Indices (outputs, factors) with half-widths of their intervals. An output that does not vary has NaN, and says so.

    The first output is the mean absolute change of place against the nominal run; the others are the scores of the units.
    """

    outputs: tuple[str, ...]
    factors: tuple[str, ...]
    first: Floats
    first_half: Floats
    total: Floats
    total_half: Floats
    runs: Runs
    findings: tuple[Finding, ...] = ()


MEAN_SHIFT = "mean_rank_shift"


def saltelli(base: int, factors: int, seed: int) -> Floats:
    """The design (base × (factors + 2), factors): for each base point A, AB_1 … AB_d, B (Saltelli 2010)."""
    from SALib.sample import sobol

    problem = {"num_vars": factors, "names": [str(each) for each in range(factors)], "bounds": [[0.0, 1.0]] * factors}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a base that is no power of two
        drawn = sobol.sample(problem, base, calc_second_order=False, scramble=True, seed=seed)
    return np.minimum(np.asarray(drawn, dtype=float), np.nextafter(1.0, 0.0))


def sensitivity(
    framework: Framework,
    table: Table,
    recipe: Recipe,
    study: Study,
    *,
    base: int = 1024,
    resamples: int = 200,
    level: float = 0.95,
    processes: int | None = 1,
    progress: Any = None,
) -> Indices:
    """Sobol indices of a study's factors with ``base`` points, base × (d + 2) runs, on so many ``processes`` (None: as `uncertainty`).

    Base points of which any run failed are left out together and counted. Raises Refused with fewer than two factors or
    fewer than 16 usable base points.
    """
    count = len(study.factors)
    if count < 2:
        raise Refused.because(
            "study_one_factor", "敏感性分析至少要两个因素。", "Sensitivity needs at least two factors.", measured=count
        )
    evaluator = Evaluator(framework, table, recipe, study)
    runs = evaluated(evaluator, saltelli(base, count, study.seed), processes=processes, progress=progress)
    nominal = run(framework, evaluator.table, recipe.model_copy(update={"screen": None, "denominate": False}))
    shift = np.abs(places(runs.scores, decimals=recipe.decimals) - nominal.places.column(framework.top)[:, None])
    scored = np.isfinite(nominal.index)
    outputs = np.vstack([shift[scored].mean(axis=0), runs.scores])
    names = (MEAN_SHIFT, *evaluator.table.units)
    findings = failure_findings(runs)
    whole = ~runs.failed.reshape(-1, count + 2).any(axis=1)
    if whole.sum() < 16:
        raise Refused(
            [
                *findings,
                Finding.error(
                    "too_few_runs",
                    "可用的基点不足 16 个，不能估计敏感度。",
                    "Fewer than 16 usable base points: no indices.",
                ),
            ]
        )
    if not whole.all():
        findings.append(
            Finding.warning(
                "base_points_left_out",
                f"{int((~whole).sum())} 个基点含未完成的抽样，整组不用。",
                f"{int((~whole).sum())} base point(s) hold a failed run and are left out whole.",
                measured=int((~whole).sum()),
            )
        )
    blocks = outputs.reshape(len(outputs), -1, count + 2)[:, whole]
    estimated = estimate(blocks, resamples=resamples, level=level, seed=study.seed)
    flat = [names[i] for i in np.nonzero(np.isnan(estimated[0]).any(axis=1))[0]]
    if flat:
        findings.append(
            Finding.info(
                "output_constant",
                f"{len(flat)} 项结果在各次抽样中不变，没有敏感度：{'、'.join(flat[:6])}。",
                f"{len(flat)} output(s) do not vary and have no indices: {', '.join(flat[:6])}.",
            )
        )
    return Indices(names, tuple(factor.name for factor in study.factors), *estimated, runs, tuple(findings))


def estimate(blocks: Floats, *, resamples: int, level: float, seed: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Indices of outputs (outputs, base, 2 + d), laid out A, AB_1 … AB_d, B: first, half-width, total, half-width.

    The half-width is z × the standard deviation over the bootstrap, as SALib gives it.
    """
    from scipy.stats import norm

    centred = blocks - blocks.mean(axis=(1, 2), keepdims=True)
    spread = centred.std(axis=(1, 2), keepdims=True)
    centred = centred / np.where(
        spread > 1e-12 * np.maximum(np.abs(blocks).max(axis=(1, 2), keepdims=True), 1e-300), spread, np.nan
    )
    a, ab, b = centred[:, :, :1], centred[:, :, 1:-1], centred[:, :, -1:]
    # The estimators are means over base points of these; a resample is then a reweighing of the base points.
    first_terms, total_terms = b * (ab - a), (a - ab) ** 2 / 2
    pair = np.concatenate([a, b], axis=2)
    rng = np.random.default_rng(seed)
    size = centred.shape[1]
    counts = np.vstack([np.ones(size), rng.multinomial(size, np.full(size, 1 / size), size=resamples)]) / size
    means = np.einsum("rb,obd->rod", counts, pair, optimize=True).mean(axis=2)
    variance = np.einsum("rb,obd->rod", counts, pair**2, optimize=True).mean(axis=2) - means**2
    first = np.einsum("rb,obd->rod", counts, first_terms, optimize=True) / variance[:, :, None]
    total = np.einsum("rb,obd->rod", counts, total_terms, optimize=True) / variance[:, :, None]
    width = norm.ppf(0.5 + level / 2)
    return (first[0], width * first[1:].std(axis=0, ddof=1), total[0], width * total[1:].std(axis=0, ddof=1))
