"""How far a score may be off: the smoothed bootstrap of Simar and Wilson (1998).

The best of a sample is never better than the best there is, so scores are too high on the average.
The bootstrap draws pseudo-samples whose true frontier is known (the estimated one) and watches how far the
estimate strays from it:

1. scores θ̂ of the units; bandwidth h of their distribution, reflected at 1;
2. for each unit a draw θ* from the smoothed, reflected distribution, its variance set right;
3. pseudo-inputs x* = (θ̂ / θ*) · x, outputs kept (output orientation: pseudo-outputs likewise);
4. the *observed* units are scored against the frontier of the pseudo-units: θ̂*;
5. bias = mean θ̂* − θ̂; corrected score = θ̂ − bias; interval by one of two rules:
   "basic"    θ̂ − (percentiles of θ̂* − θ̂), Simar and Wilson (2000); never above the score itself;
   "shifted"  percentiles of θ̂* − 2 · bias, Simar and Wilson (1998); centred on the corrected score, but its
              upper end may pass the score.

The programmes of one replication are solved side by side (`batch`), each answer with its proof; what is not proved
goes to HiGHS. Every draw comes from one seeded generator before any programme is solved: a run is replayed by its seed.
With output orientation the steps are taken on φ ≥ 1 and the results turned over to 1 / φ at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from kouan.basis import Finding, Place, Refused
from kouan.evaluation.method.cube import Floats
from kouan.evaluation.method.efficiency.batch import solve
from kouan.evaluation.method.efficiency.program import Places
from kouan.evaluation.method.efficiency.scores import Model, as_score, evaluate
from kouan.evaluation.method.efficiency.technology import Orientation, Returns, Technology
from kouan.evaluation.method.efficiency.units import Units

# Fewer replications make the percentiles of an interval a matter of luck.
FEW_REPLICATIONS = 100
INTERVALS = ("basic", "shifted")
_DRAWN_AGAIN = 1000


@dataclass(frozen=True)
class Bootstrapped:
    """``efficiency`` as observed, ``corrected`` for bias, ``bias`` (n,), ``lower`` and ``upper`` (n,) of the interval at
    ``confidence``; ``replications`` of them, of which ``failed`` gave a unit no score and were left out of it (n,)."""

    efficiency: Floats
    corrected: Floats
    bias: Floats
    lower: Floats
    upper: Floats
    failed: Floats
    bandwidth: float
    replications: int
    seed: int
    confidence: float
    interval: str
    findings: tuple[Finding, ...]


def bootstrap(
    units: Units, model: Model, replications: int, *, seed: int = 1, confidence: float = 0.95, interval: str = "basic",
    progress: Callable[[int, int], None] | None = None,
) -> Bootstrapped:
    """Bias-corrected scores with intervals.

    Refuses (``Refused``) a directional or super-efficiency model, limits on weights, and a set in which every unit
    scores the same, which has no distribution to draw from.
    """
    _require_usable(units, model, replications, confidence, interval)
    found = evaluate(units, Model(returns=model.returns, orientation=model.orientation))
    observed = found.step
    is_input = model.orientation == Orientation.INPUT
    width = bandwidth(observed)
    draws = drawn(observed, width, replications, np.random.default_rng(seed), is_below_one=is_input)
    technology = Technology(units, Returns(model.returns), Orientation(model.orientation))
    stars = _replicate(technology, units, observed, draws, is_input, progress)
    failed = np.isnan(stars).sum(axis=0)
    bias = np.nanmean(stars, axis=0) - observed
    tails = [(1 - confidence) / 2 * 100, (1 + confidence) / 2 * 100]
    low, high = np.nanpercentile(stars, tails, axis=0)
    low, high = (2 * observed - high, 2 * observed - low) if interval == "basic" else (low - 2 * bias, high - 2 * bias)
    orientation = Orientation(model.orientation)
    # With inputs as the direction an outlier's bias may exceed its score: an efficiency ends at zero.
    corrected = as_score(np.maximum(observed - bias, 0.0), orientation)
    lower, upper = (as_score(np.maximum(edge, 0.0), orientation) for edge in ((low, high) if is_input else (high, low)))
    efficiency = as_score(observed, orientation)
    findings = list(found.findings)
    if replications < FEW_REPLICATIONS:
        findings.append(Finding.warning(
            "efficiency_few_replications", f"只重复 {replications} 次，区间不稳；正式使用宜 1000 次以上。",
            f"Only {replications} replications: the intervals are unsteady; use 1,000 or more in earnest.",
            measured=replications, required=f"≥ {FEW_REPLICATIONS}",
        ))
    for row in np.flatnonzero(corrected <= 0):
        findings.append(Finding.warning(
            "efficiency_bias_exceeds_score", f"{units.codes[row]}：偏差大于得分本身，修正后记 0；该单位附近几乎没有可比单位。",
            f"{units.codes[row]}: the bias exceeds the score, which is put at 0; hardly any unit resembles it.",
            where=Place(path=units.codes[row]),
        ))
    if failed.any():
        findings.append(Finding.warning(
            "efficiency_replications_failed", f"有 {int(failed.sum())} 次重复没有得出得分，已从统计中去掉。",
            f"{int(failed.sum())} replications gave a unit no score and were left out of its statistics.", measured=int(failed.sum()),
        ))
    return Bootstrapped(efficiency, corrected, efficiency - corrected, lower, upper, failed.astype(float), width,
                        replications, seed, confidence, interval, tuple(findings))


def _require_usable(units: Units, model: Model, replications: int, confidence: float, interval: str) -> None:
    units.require_sound()
    model.require_usable(units)
    if model.orientation == Orientation.DIRECTIONAL or model.superior or model.ratios or model.shares:
        raise Refused.because(
            "efficiency_bootstrap_model", "自助法只用于投入或产出导向、没有权重限制、非超效率的得分。",
            "The bootstrap is for input or output orientation without weight limits and without super-efficiency.",
            remedy=("去掉这些选项后再运行。", "Run it without these options."),
        )
    if interval not in INTERVALS:
        raise Refused.because(
            "efficiency_unknown_choice", f"区间算法不能是“{interval}”。", f"“{interval}” is no rule for intervals.",
            measured=interval, required=", ".join(INTERVALS), remedy=("可用：basic、shifted。", "Use basic or shifted."),
        )
    if replications < 2 or not 0 < confidence < 1:
        raise Refused.because(
            "efficiency_bootstrap_numbers", "重复次数须不少于 2，置信水平须在 0 与 1 之间。",
            "There must be two replications at the least and a confidence between 0 and 1.",
            measured=f"{replications}, {confidence:g}", remedy=("例如 1000 次、0.95。", "Such as 1,000 and 0.95."),
        )


def bandwidth(steps: Floats) -> float:
    """The normal-reference bandwidth of scores reflected at 1, those at 1 left out, for the whole sample.

    Silverman (1986, eq. 3.31), with the correction for sample size and spread of Simar and Wilson (2008).
    """
    inner = steps[steps != 1]
    if len(inner) < 2 or np.ptp(steps) == 0:
        raise Refused.because(
            "efficiency_bootstrap_no_spread", "除前沿单位外不足两个单位，得分没有分布可抽样，不能用自助法。",
            "Fewer than two units lie off the frontier: there is no distribution of scores to draw from.",
            remedy=("减少列数，或增加单位。", "Use fewer columns or more units."),
        )
    mirrored = np.concatenate([inner, 2 - inner])
    spread = float(np.std(mirrored, ddof=1))
    quartiles = np.percentile(mirrored, [25, 75])
    narrow = min(spread, float(quartiles[1] - quartiles[0]) / 1.34)
    width = 0.9 * narrow * len(mirrored) ** -0.2
    return float(width * (len(mirrored) / len(steps)) ** 0.2 * np.std(steps, ddof=1) / spread)


def drawn(steps: Floats, width: float, replications: int, rng: np.random.Generator, *, is_below_one: bool) -> Floats:
    """Draws (replications, n) from the smoothed distribution of ``steps``, reflected at 1.

    >>> rng = np.random.default_rng(1)
    >>> draws = drawn(np.array([0.5, 0.9, 1.0]), 0.1, 400, rng, is_below_one=True)
    >>> draws.shape, bool((draws <= 1).all() and (draws > 0).all())
    ((400, 3), True)
    """
    shape = (replications, len(steps))
    found = _draw(steps, width, shape, rng, is_below_one)
    for _ in range(_DRAWN_AGAIN):
        wrong = (found <= 0) | ((found > 1) if is_below_one else (found < 1))
        if not wrong.any():
            break
        # The correction of the variance may carry a draw over the edge; such draws are made again.
        found = np.where(wrong, _draw(steps, width, shape, rng, is_below_one), found)
    return found


def _draw(steps: Floats, width: float, shape: tuple[int, int], rng: np.random.Generator, is_below_one: bool) -> Floats:
    chosen = steps[rng.integers(0, len(steps), shape)]
    smoothed = chosen + width * rng.standard_normal(shape)
    over = smoothed > 1 if is_below_one else smoothed < 1
    smoothed = np.where(over, 2 - smoothed, smoothed)
    centre = chosen.mean(axis=1, keepdims=True)
    return centre + (smoothed - centre) / np.sqrt(1 + width**2 / np.var(steps))


def _replicate(
    technology: Technology, units: Units, observed: Floats, draws: Floats, is_input: bool,
    progress: Callable[[int, int], None] | None,
) -> Floats:
    """Steps (replications, n) of the observed units against each pseudo-frontier; NaN where there is none."""
    moved = np.arange(len(technology.scale)) < technology.inputs
    if not is_input:
        moved = ~moved
    asked = technology.programmes(technology.values / technology.sizes[:, None], np.arange(len(observed)))
    stars = np.full(draws.shape, np.nan)
    # The arrays are small: threads of the matrix library would spend their time waiting for one another.
    with threadpool_limits(limits=1, user_api="blas"):
        for b, draw in enumerate(draws):
            factors = (observed / draw)[:, None]
            solved = solve(replace(asked, columns=np.where(moved, asked.columns * factors, asked.columns)))
            stars[b] = np.where(solved.is_proved, solved.values, np.nan)
            if not solved.is_proved.all():
                left = np.flatnonzero(~solved.is_proved)
                stars[b, left] = _by_highs(technology, units, factors, left, is_input)
            if progress is not None:
                progress(b + 1, len(draws))
    return stars


def _by_highs(technology: Technology, units: Units, factors: Floats, rows: Places, is_input: bool) -> Floats:
    """The same for the rows that were not proved side by side."""
    moved = replace(units, inputs=units.inputs * factors) if is_input else replace(units, outputs=units.outputs * factors)
    again = Technology(moved, technology.returns, technology.orientation)
    return np.array([end.step for end in again.ends(units.only(rows))])
