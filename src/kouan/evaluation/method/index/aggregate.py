"""Aggregation: from the normalised indicators up to the index, a rule for each branch and level.

Means take the children's weights, made to sum to 1 over the children that are there; where fewer than ``threshold`` of
the children are there, the parent is missing too. Copeland and TOPSIS compare the units with each other.

>>> x = np.array([[0.2, 0.8], [0.5, 0.5]])
>>> w = np.array([1.0, 1.0])
>>> mean(x, w, "arithmetic").tolist(), np.round(mean(x, w, "geometric"), 3).tolist()
([0.5, 0.5], [0.4, 0.5])
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from kouan.basis import Finding, Refused
from kouan.evaluation.method.index.framework import Floats, Framework
from kouan.evaluation.method.index.normalise import ranks

MEANS = ("arithmetic", "geometric", "harmonic", "power")
RULES = (*MEANS, "copeland", "copeland_net", "topsis", "median", "minimum")


@dataclass(frozen=True, slots=True)
class Rule:
    """A way to join children. ``power``: the exponent of the power mean."""

    name: str = "arithmetic"
    power: float = 1.0


@dataclass(frozen=True, slots=True)
class Rules:
    """Which rule holds where: by node, else by the level of the node, else ``usual``; ``threshold``: least share of children."""

    usual: Rule = Rule()
    levels: Mapping[int, Rule] = field(default_factory=dict)
    nodes: Mapping[str, Rule] = field(default_factory=dict)
    threshold: float = 0.0

    def at(self, code: str, level: int) -> Rule:
        return self.nodes.get(code) or self.levels.get(level) or self.usual


def aggregate(
    framework: Framework,
    normalised: Floats,
    weights: Mapping[str, float],
    rules: Rules,
    *,
    up_to: int | None = None,
    findings: list[Finding] | None = None,
) -> dict[str, Floats]:
    """Points of every node (units,), indicators included, up to a level. Raises Refused where a rule cannot take the values.

    A node whose children have no weight at all is missing, with a finding.
    """
    columns = {code: normalised[:, k] for k, code in enumerate(framework.indicators)}
    for code in framework.aggregates:
        node = framework[code]
        if up_to is not None and node.level > up_to:
            continue
        children = framework.children(code)
        x = np.column_stack([columns[child] for child in children])
        w = np.array([weights[child] for child in children])
        if abs(w.sum()) <= 1e-12 * np.abs(w).max():
            columns[code] = np.full(len(x), np.nan)
            if findings is not None:
                findings.append(
                    Finding.warning(
                        "weights_all_zero",
                        f"“{node.name}”各下级权重均为零，无法汇总。",
                        f"All children of “{node.name}” weigh nothing: it is missing.",
                    )
                )
            continue
        rule = rules.at(code, node.level)
        try:
            columns[code] = join(x, w, rule, threshold=rules.threshold)
        except Refused as refused:
            raise Refused([each.at(path=node.name) for each in refused.findings]) from refused
    return columns


def join(x: Floats, w: Floats, rule: Rule, *, threshold: float = 0.0) -> Floats:
    """Children (units, k) joined to one column by a rule with weights (k,)."""
    if rule.name in MEANS:
        joined = mean(x, w, rule.name, power=rule.power)
    elif rule.name == "copeland":
        joined = outranking_sums(x, w)
    elif rule.name == "copeland_net":
        joined = copeland_net(x, w)
    elif rule.name == "topsis":
        joined = topsis(x, w)
    elif rule.name in ("median", "minimum"):
        known = np.where(np.isnan(x) | (w == 0), np.nan, x)
        empty = np.isnan(known).all(axis=1)
        known[empty] = 0.0
        joined = np.nanmedian(known, axis=1) if rule.name == "median" else np.nanmin(known, axis=1)
        joined[empty] = np.nan
    else:
        raise Refused.because(
            "aggregation_unknown",
            f"不认识汇总方法“{rule.name}”。",
            f"“{rule.name}” is not a known aggregation.",
            required=", ".join(RULES),
        )
    if threshold > 0:
        joined = np.where(np.isfinite(x).mean(axis=1) < threshold, np.nan, joined)
    return joined


def mean(x: Floats, w: Floats, kind: str, *, power: float = 1.0) -> Floats:
    """Weighted mean of each row over what is there; NaN where nothing is. ``power`` 0 is the geometric mean.

    Raises Refused for a geometric mean of values ≤ 0, a harmonic one of values ≤ 0, a power mean that is not defined.
    """
    rule = Rule(kind, power)
    turned, there = turn(x, rule), np.isfinite(x)
    if there.all():
        joined = turned @ (w / w.sum())
    else:
        weight = there @ w
        with np.errstate(divide="ignore", invalid="ignore"):
            joined = np.where(weight > 0, (np.where(there, turned, 0.0) @ w) / weight, np.nan)
    return turn_back(joined, rule)


def turn(x: Floats, rule: Rule) -> Floats:
    """Values as a mean of this rule adds them up: their logarithm, reciprocal or power. Raises Refused for values it is not defined for."""
    kind = _kind(rule)
    least = np.nanmin(x) if x.size and not np.isnan(x).all() else np.inf
    strictly = kind in ("geometric", "harmonic") or (kind == "power" and rule.power < 0)
    if (strictly and least <= 0) or (kind == "power" and least < 0):
        raise _not_positive(kind, float(least))
    if kind == "geometric":
        return np.log(x)
    if kind == "harmonic":
        return 1.0 / x
    return x**rule.power if kind == "power" else x


def turn_back(x: Floats, rule: Rule) -> Floats:
    """The mean from what `turn` made, once it is averaged."""
    kind = _kind(rule)
    with np.errstate(divide="ignore", invalid="ignore"):
        if kind == "geometric":
            return np.exp(x)
        if kind == "harmonic":
            return 1.0 / x
        return x ** (1.0 / rule.power) if kind == "power" else x


def _kind(rule: Rule) -> str:
    """The name of the mean; some powers are means with a name of their own."""
    return {1.0: "arithmetic", 0.0: "geometric", -1.0: "harmonic"}.get(rule.power, "power") if rule.name == "power" else rule.name


def outranking(x: Floats, w: Floats) -> Floats:
    """The outranking matrix (units, units): the weight of the criteria by which the row beats the column, ties by half.

    Weights sum to 1 over the criteria that both have (Munda and Nardo 2009); a pair without any in common is 0.5.
    """
    units, kinds = x.shape
    whole = not np.isnan(x).any()
    w = w / w.sum()
    wins = np.zeros((units, units))
    shared = np.zeros((units, units))
    for k in range(kinds):
        column = x[:, k]
        wins += w[k] * (column[:, None] > column[None, :])
        wins += (w[k] / 2) * (column[:, None] == column[None, :])
        if not whole:
            there = np.isfinite(column)
            shared += w[k] * (there[:, None] & there[None, :])
    if not whole:
        wins = np.divide(wins, shared, out=np.full(wins.shape, 0.5), where=shared > 0)
    np.fill_diagonal(wins, 0.0)
    return wins


def outranking_sums(x: Floats, w: Floats) -> Floats:
    """Row sums of the outranking matrix: COINr's `a_copeland`. Without gaps they follow from ranks alone, since each criterion
    gives a unit its weight for every unit below and half of it for every other unit level with it."""
    if np.isnan(x).any():
        sums = outranking(x, w).sum(axis=1)
        return np.where(np.isnan(x).all(axis=1), np.nan, sums)
    below = ranks(x) - 1.0
    level = len(x) - (ranks(-x) - 1.0) - below - 1.0
    return (below + level / 2) @ (w / w.sum())


def copeland_net(x: Floats, w: Floats) -> Floats:
    """Copeland's score (1951): how many units a unit beats by weighted majority, less how many beat it."""
    wins = outranking(x, w)
    # A majority must not hang on the last bit of a sum of weights.
    margin = np.round(wins - wins.T, 12)
    net = np.sign(margin).sum(axis=1)
    return np.where(np.isnan(x).all(axis=1), np.nan, net)


def topsis(x: Floats, w: Floats, *, scale: bool = False) -> Floats:
    """Closeness to the ideal, 0 … 1 (Hwang and Yoon 1981): more is better in every column. ``scale``: divide each column by its
    length first, as the method does on raw data. Where nothing varies everybody is 0.5. A row with a gap is missing."""
    v = (x / np.sqrt((x * x).sum(axis=0)) if scale else x) * (w / w.sum())
    gaps = np.isnan(v)
    some = bool(gaps.any())
    best = (np.where(gaps, -np.inf, v) if some else v).max(axis=0)
    worst = (np.where(gaps, np.inf, v) if some else v).min(axis=0)
    to_best, to_worst = v - best, v - worst
    near = np.sqrt(np.einsum("ij,ij->i", to_best, to_best))
    far = np.sqrt(np.einsum("ij,ij->i", to_worst, to_worst))
    whole = near + far
    return np.where(whole > 0, far / np.where(whole > 0, whole, 1.0), np.where(np.isnan(whole), np.nan, 0.5))


def placed(scores: Floats, decimals: int) -> Floats:
    """Places, 1 = the best; equal after rounding to ``decimals`` means the same (the best) place; NaN has none.

    >>> placed(np.array([3.0, 1.0, 3.0, np.nan]), 9).tolist()
    [1.0, 3.0, 1.0, nan]
    """
    return ranks(-np.round(scores, decimals)[:, None])[:, 0]


def _not_positive(kind: str, least: float) -> Refused:
    """The refusal of a mean of values it is not defined for."""
    return Refused.because(
        "mean_undefined",
        f"有不大于零的值（{least:g}），不能求{ {'geometric': '几何', 'harmonic': '调和'}.get(kind, '幂') }平均。",
        f"A value ({least:g}) is not above zero: the {kind} mean is not defined.",
        remedy=(
            "把标准化的下限定为大于零（如 1–100），或改用算术平均。",
            "Normalise to a range above zero (such as 1–100), or use the arithmetic mean.",
        ),
    )

