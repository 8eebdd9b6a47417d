"""Correlations between the nodes of an index, with flags: who says the same, who says nothing of the whole, who says the contrary.

Each pair is taken over the units that have both figures, as COINr's `get_corr` does. Kinds: ``pearson``; ``spearman`` (Pearson of
the ranks within the pair, ties at their mean rank); ``kendall`` (τ-b). The p-value is two-sided: by Student's t with n − 2 degrees of
freedom for the first two, SciPy's `kendalltau` for the third. Flags have the limits of COINr's `plot_corr`: ``collinear`` from 0.9
(doubt double counting), ``weak`` under 0.3, ``negative`` under −0.4. A pair of which one side does not vary, or with fewer than three
units in common, has no correlation: flag ``none``, and a finding.

>>> x = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 7.0], [np.nan, 9.0]])
>>> one = correlate(x[:, 0], x[:, 1], "pearson")
>>> round(one.r, 6), one.n
(0.993399, 3)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import special, stats

from kouan.basis import Finding, Refused
from kouan.evaluation.method.index.analysis.kendall import MOST_EXACT, taus
from kouan.evaluation.method.index.analysis.points import Points
from kouan.evaluation.method.index.framework import Floats, Framework

KINDS = ("pearson", "spearman", "kendall")
COLLINEAR, WEAK, NEGATIVE = 0.9, 0.3, -0.4
LEAST_UNITS = 3


@dataclass(frozen=True, slots=True)
class Correlation:
    """``r`` −1 … 1, over ``n`` units, two-sided ``p``; NaN where there is none."""

    r: float
    n: int
    p: float


@dataclass(frozen=True, slots=True)
class Pair:
    """Two nodes. ``scope``: "indicators" (any two), "group" (the same parent) or "parent" (a node and one above it);
    ``group``: the parent they share, or the one above; ``flag``: collinear, ok, weak, negative or none."""

    scope: str
    first: str
    second: str
    group: str
    kind: str
    r: float
    n: int
    p: float
    flag: str


def correlate(x: Floats, y: Floats, kind: str = "pearson") -> Correlation:
    """The correlation of two columns (n,) over the rows that have both. Raises Refused for an unknown kind."""
    if kind not in KINDS:
        raise Refused.because(
            "correlation_unknown",
            f"不认识相关系数“{kind}”。",
            f"“{kind}” is not a known correlation.",
            required=", ".join(KINDS),
        )
    both = np.isfinite(x) & np.isfinite(y)
    n = int(both.sum())
    if n < LEAST_UNITS:
        return Correlation(np.nan, n, np.nan)
    x, y = x[both], y[both]
    if not (_varies(x) and _varies(y)):
        return Correlation(np.nan, n, np.nan)
    if kind == "kendall":
        found = stats.kendalltau(x, y)
        return Correlation(float(found.statistic), n, float(found.pvalue))
    if kind == "spearman":
        x, y = stats.rankdata(x), stats.rankdata(y)
    r = float(np.clip(_unit(x) @ _unit(y), -1.0, 1.0))
    return Correlation(r, n, _student(r, n))


def matrix(block: Floats, kind: str = "pearson") -> Floats:
    """Correlations of all columns (units, k) → (k, k), pair by pair; the diagonal is 1, NaN where there is none."""
    width = block.shape[1]
    if kind != "kendall" and width and np.isfinite(block).all() and len(block) >= LEAST_UNITS:
        held = stats.rankdata(block, axis=0) if kind == "spearman" else block
        varies = np.array([_varies(column) for column in held.T])
        unit = np.column_stack([_unit(column) for column in held.T])
        found = np.clip(unit.T @ unit, -1.0, 1.0)
        found[~varies, :] = np.nan
        found[:, ~varies] = np.nan
    else:
        found = np.full((width, width), np.nan)
        for i, j in combinations(range(width), 2):
            found[i, j] = found[j, i] = correlate(block[:, i], block[:, j], kind).r
    np.fill_diagonal(found, 1.0)
    return found


def flag_of(r: float) -> str:
    """What a correlation within an index means."""
    if not np.isfinite(r):
        return "none"
    return "collinear" if r >= COLLINEAR else "negative" if r <= NEGATIVE else "weak" if r < WEAK else "ok"


def correlations(
    points: Points, kinds: Sequence[str] = KINDS, scopes: Sequence[str] = ("indicators", "group", "parent")
) -> tuple[list[Pair], list[Finding]]:
    """Correlations of directed points. ``indicators``: each two; ``group``: each two children of the same node (indicators or
    aggregates); ``parent``: each node with every one above it, up to the index. Findings: collinear siblings, nodes that go
    against the one above them, and pairs without a correlation (counted)."""
    framework = points.framework
    pairs: list[Pair] = []
    met: dict[tuple[str, str, str], Correlation] = {}
    whole = _Whole(points, kinds)
    for scope, first, second, group in _wanted(framework, scopes):
        for kind in kinds:
            found = met.get((first, second, kind)) or whole.pair(first, second, kind)
            met[first, second, kind] = found
            pairs.append(Pair(scope, first, second, group, kind, found.r, found.n, found.p, flag_of(found.r)))
    return pairs, _told(framework, pairs)


def above(framework: Framework, code: str) -> tuple[str, ...]:
    """The nodes above a node, from its parent to the top."""
    found = []
    parent = framework[code].parent
    while parent is not None:
        found.append(parent)
        parent = framework[parent].parent
    return tuple(found)


class _Whole:
    """Pairs of columns that vary and have no gaps by one product each; any other pair as it comes."""

    def __init__(self, points: Points, kinds: Sequence[str]) -> None:
        self.points = points
        self.units = len(points.units)
        codes = [
            code
            for code, column in points.columns.items()
            if self.units >= LEAST_UNITS and np.isfinite(column).all() and _varies(column)
        ]
        self.at = {code: k for k, code in enumerate(codes)}
        block = points.block(tuple(codes))
        self.taus = taus(block) if "kendall" in kinds and self.units > MOST_EXACT and codes else None
        self.unit = {
            (code, kind): _unit(stats.rankdata(column) if kind == "spearman" else column)
            for code, column in zip(codes, block.T, strict=True)
            for kind in ("pearson", "spearman")
        }

    def pair(self, first: str, second: str, kind: str) -> Correlation:
        if first in self.at and second in self.at:
            if kind != "kendall":
                r = float(np.clip(self.unit[first, kind] @ self.unit[second, kind], -1.0, 1.0))
                return Correlation(r, self.units, _student(r, self.units))
            if self.taus is not None:
                tau, p = (float(each[self.at[first], self.at[second]]) for each in self.taus)
                if np.isfinite(p):
                    return Correlation(tau, self.units, p)
        return correlate(self.points.columns[first], self.points.columns[second], kind)


def _wanted(framework: Framework, scopes: Sequence[str]) -> Iterable[tuple[str, str, str, str]]:
    if "indicators" in scopes:
        for first, second in combinations(framework.indicators, 2):
            shared = framework[first].parent
            yield "indicators", first, second, (shared or "") if shared == framework[second].parent else ""
    if "group" in scopes:
        for parent in framework.aggregates:
            for first, second in combinations(framework.children(parent), 2):
                yield "group", first, second, parent
    if "parent" in scopes:
        for node in framework.nodes:
            for code in above(framework, node.code):
                yield "parent", node.code, code, code


def _told(framework: Framework, pairs: Sequence[Pair]) -> list[Finding]:
    usual = pairs[0].kind if pairs else ""
    found = []
    for pair in pairs:
        if pair.kind != usual:
            continue
        one, two = framework[pair.first].name, framework[pair.second].name
        if pair.scope == "group" and pair.flag == "collinear":
            found.append(
                Finding.warning(
                    "pair_collinear",
                    f"“{one}”与“{two}”高度相关（{pair.r:.3f}），同组内可能重复计分。",
                    f"“{one}” and “{two}” are all but the same ({pair.r:.3f}): within one group they may count twice.",
                    measured=f"{pair.r:.4f}",
                    required=f"< {COLLINEAR:g}",
                )
            )
        if pair.scope == "parent" and np.isfinite(pair.r) and pair.r < 0:
            found.append(
                Finding.warning(
                    "node_against_parent",
                    f"“{one}”与上级“{two}”负相关（{pair.r:.3f}），请核对方向。",
                    f"“{one}” goes against “{two}” above it ({pair.r:.3f}): look at its direction.",
                    measured=f"{pair.r:.4f}",
                )
            )
    none = sum(pair.flag == "none" for pair in pairs if pair.kind == usual)
    if none:
        found.append(
            Finding.info(
                "pairs_without_correlation",
                f"{none} 对因取值相同或共有数据不足 {LEAST_UNITS} 个，无相关系数。",
                f"{none} pair(s) have no correlation: one side does not vary, or fewer than {LEAST_UNITS} units have both.",
                measured=none,
            )
        )
    return found


def _varies(x: Floats) -> bool:
    # The same test as that of skewness, so that a column constant to rounding is constant everywhere.
    return bool(np.ptp(x) > 1e-12 * np.abs(x).max())


def _unit(x: Floats) -> Floats:
    """Centred and of length 1; nought where nothing varies. Figures of 1e200 squared would overflow, of 1e-200 vanish."""
    x = x - x.mean()
    most = np.abs(x).max()
    x = x / most if most > 0 else x
    length = np.sqrt(x @ x)
    return np.asarray(x / length if length > 0 else x)


def _student(r: float, n: int) -> float:
    if n <= 2:
        return float("nan")
    if abs(r) >= 1.0:
        return 0.0
    return float(2 * special.stdtr(n - 2, -abs(r) * np.sqrt((n - 2) / (1 - r * r))))
