"""A second, independent score of the same figures, and how far the two agree.

The World Bank's Container Port Performance Index publishes an administrative and a statistical ranking side by side;
this is the statistical one here. It uses no judgement of the scheme: no normalisation code, no scale, no weight, no
missing rule. Only the figures and which way is better are shared.

1. Each indicator is turned so that more is better (a band: the distance to its nearer edge, negative).
2. Within a transport class the values of a year are replaced by normal scores of their ranks (van der Waerden:
   Φ⁻¹(rank/(n+1)), mean ranks for ties). So outliers and units have no say, and classes are comparable.
3. What is missing stands at 0, the middle of its class.
4. Principal components of the correlation matrix over all ports of the year are kept while their eigenvalue is above 1
   (Kaiser), turned by varimax, and signed so that their loadings sum to a positive number. A port's score is the mean of
   its component scores, weighted by the variance each component explains (as CPPI's matrix decomposition does), put on
   a scale of mean 50 and deviation 10.

It is no better judge than the first: a port that both place alike stands on firm ground; where they part, look.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kouan.basis import Finding, Text
from kouan.evaluation.method.scheme.catalogue import applies, peer_groups
from kouan.evaluation.method.scheme.formula import Floats, Why
from kouan.evaluation.method.scheme.score import RoundResult, ranks_within

# Fewer ports than this have no correlations to speak of.
FEWEST = 20
# Share of the ports of a class that must have an indicator for it to be used.
LEAST_SHARE = 0.2


@dataclass(frozen=True)
class Statistical:
    """``score`` (ports,) of one year, NaN where there is none; ``loadings`` (indicators used, components); their names."""

    year: int
    score: Floats
    indicators: tuple[str, ...]
    loadings: Floats
    explained: Floats
    findings: tuple[Finding, ...] = ()


def statistical(result: RoundResult, year: int) -> Statistical:
    """Score the ports of a year from the raw values of a round. With too few ports nothing is scored, with a finding."""
    y = result.data.years.index(year)
    present = (result.why[y] == Why.PRESENT) & applies(result.scheme, result.data)
    turned = np.where(present, _turned(result, y), np.nan)
    usable = present.sum(axis=0) >= max(2, LEAST_SHARE * len(result.data.ports))
    ports = np.nonzero(present.any(axis=1))[0]
    empty = np.full(len(result.data.ports), np.nan)
    if len(ports) < FEWEST or usable.sum() < 2:
        finding = Finding.warning(
            "statistical_too_few", f"{year} 年有数据的口岸不足 {FEWEST} 个，不作统计法评分。",
            f"Fewer than {FEWEST} ports have figures for {year}: no statistical score.", measured=len(ports), required=FEWEST,
        )
        return Statistical(year, empty, (), np.empty((0, 0)), np.empty(0), (finding,))
    scores = _normal_scores(turned, result.data.classes)
    codes = np.array([each.code for each in result.scheme.indicators])
    varies = usable & (np.nan_to_num(scores[ports]).std(axis=0) > 1e-9)
    table = np.nan_to_num(scores[np.ix_(ports, np.nonzero(varies)[0])])
    loadings, explained, standard = _components(table)
    # Regression scores: the standardised values by the inverse of their correlations (pseudo-inverse: some may repeat).
    correlations = standard.T @ standard / (len(standard) - 1)
    components = standard @ np.linalg.pinv(correlations) @ loadings
    held = components @ (explained / explained.sum())
    empty[ports] = np.round(50 + 10 * (held - held.mean()) / held.std(), 9)
    return Statistical(year, empty, tuple(codes[varies].tolist()), loadings, explained)


def _turned(result: RoundResult, y: int) -> Floats:
    """(ports, indicators): values of which more is better."""
    found = result.raw[y].copy()
    for k, each in enumerate(result.scheme.indicators):
        if each.rule.code == "N5":
            low, high = each.rule.arguments[:2]
            found[:, k] = -np.maximum(np.maximum(low - found[:, k], found[:, k] - high), 0.0)
        elif each.rule.polarity == "lower":
            found[:, k] = -found[:, k]
    return found


def _normal_scores(values: Floats, classes: tuple[str, ...]) -> Floats:
    """Normal scores of the ranks within each class; NaN stays.

    >>> _normal_scores(np.array([[1.0], [3.0], [3.0], [np.nan]]), ("a",) * 4).round(3).ravel().tolist()
    [-0.674, 0.319, 0.319, nan]
    """
    # Imported late: it takes half a second, and only the second method needs it.
    from scipy import stats

    found = np.full(values.shape, np.nan)
    for port_class in sorted(set(classes)):
        members = np.nonzero(np.array([each == port_class for each in classes]))[0]
        block = values[members]
        ranks = stats.rankdata(block, axis=0, nan_policy="omit")
        count = np.isfinite(block).sum(axis=0)
        found[members] = stats.norm.ppf(ranks / (count + 1))
    return found


def _components(table: Floats) -> tuple[Floats, Floats, Floats]:
    """Varimax loadings, the variance each component explains, and the standardised table.

    The order of ports must not reach the last digit of a rank: sums are rounded before they are decomposed.
    """
    standard = (table - table.mean(axis=0)) / table.std(axis=0, ddof=1)
    correlations = np.round(standard.T @ standard / (len(standard) - 1), 12)
    values, vectors = np.linalg.eigh(correlations)
    kept = values > 1.0
    kept[-1] = True
    loadings = _varimax(vectors[:, kept] * np.sqrt(values[kept]))
    loadings = loadings * np.where(loadings.sum(axis=0) < 0, -1.0, 1.0)
    explained = (loadings**2).sum(axis=0)
    order = np.argsort(-explained, kind="stable")
    return loadings[:, order], explained[order], standard


def _varimax(loadings: Floats, rounds: int = 200) -> Floats:
    """Varimax rotation (Kaiser 1958) by singular values."""
    count, width = loadings.shape
    rotation, before = np.eye(width), 0.0
    for _ in range(rounds):
        turned = loadings @ rotation
        left, spread, right = np.linalg.svd(loadings.T @ (turned**3 - turned * (turned**2).sum(axis=0) / count))
        rotation = left @ right
        if spread.sum() <= before * (1 + 1e-10):
            break
        before = spread.sum()
    return np.asarray(loadings @ rotation)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two scores agree within one group of ports. ``furthest``: (port, place by the first, place by the second)."""

    group: str
    ports: int
    spearman: float | None
    kendall: float | None
    largest: int
    furthest: tuple[tuple[str, int, int], ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        return {
            "group": self.group, "ports": self.ports, "spearman": self.spearman, "kendall": self.kendall, "largest": self.largest,
            "furthest": [{"port": port, "first": first, "second": second} for port, first, second in self.furthest],
        }

    def sentence(self) -> Text:
        if self.spearman is None or self.kendall is None:
            return Text(f"{self.group}：{self.ports} 个口岸，太少或得分全部相同，不比较。",
                        f"{self.group}: {self.ports} ports, too few or all alike to compare.")
        return Text(
            f"{self.group}：{self.ports} 个口岸，两法名次的斯皮尔曼相关 {self.spearman:.3f}、肯德尔相关 {self.kendall:.3f}，"
            f"名次最多相差 {self.largest}。",
            f"{self.group}: {self.ports} ports, Spearman {self.spearman:.3f}, Kendall {self.kendall:.3f}, places at most "
            f"{self.largest} apart.",
        )


def agreement(first: Floats, second: Floats, groups: tuple[str, ...], ports: tuple[str, ...], *, named: int = 5) -> tuple[Agreement, ...]:
    """Compare two scores (ports,) within each group; ports that lack either are left out.

    Spearman and Kendall (tau-b) by SciPy; None with fewer than three ports or a score that does not vary.
    """
    from scipy import stats

    both = np.isfinite(first) & np.isfinite(second)
    found: list[Agreement] = []
    for group in sorted(set(groups)):
        at = np.array([p for p in sorted(range(len(ports)), key=lambda p: ports[p]) if groups[p] == group and both[p]], dtype=int)
        if not len(at):
            continue
        one, other = (ranks_within(score[None, at], (group,) * len(at))[0] for score in (first, second))
        apart = np.abs(one - other)
        spearman = kendall = None
        if len(at) > 2 and len(set(one.tolist())) > 1 and len(set(other.tolist())) > 1:
            spearman = float(stats.spearmanr(first[at], second[at]).statistic)
            kendall = float(stats.kendalltau(first[at], second[at]).statistic)
        far = sorted(range(len(at)), key=lambda n: (-apart[n], ports[at[n]]))[:named]
        furthest = tuple((ports[at[n]], int(one[n]), int(other[n])) for n in far if apart[n] > 0)
        found.append(Agreement(group, len(at), spearman, kendall, int(apart.max()), furthest))
    return tuple(found)


def two_methods(result: RoundResult, year: int) -> Mapping[str, tuple[Agreement, ...]]:
    """The agreement of the scheme's totals with the statistical score: by class, and by peer group (class and grade)."""
    y = result.data.years.index(year)
    other = statistical(result, year).score
    return {
        "class": agreement(result.total[y], other, result.data.classes, result.data.ports),
        "peer_group": agreement(result.total[y], other, peer_groups(result.data), result.data.ports),
    }
