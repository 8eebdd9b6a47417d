"""Normalisation: every indicator on one scale, more always meaning better.

Values are first turned by their direction, then placed. Within a grouping, every group is placed by itself. The
definitions and their sources stand in docs/index-engine.md; those that have COINr's names follow COINr 1.1.14.

>>> values = np.array([[1.0, 9.0], [3.0, 5.0], [np.nan, 1.0]])
>>> minmax = Normalisation("minmax", {"range": [0, 100]})
>>> normalise(values, np.array([1.0, -1.0]), minmax)[0].tolist()
[[0.0, 0.0], [100.0, 50.0], [nan, 100.0]]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kouan.basis import Finding, Refused
from kouan.evaluation.method.index.framework import Floats

# For what follows: (turned values (n, k), the arguments, goals (k,), goalposts (2, k)) → placed values.
_Placing = Callable[[Floats, Mapping[str, Any], Floats, Floats], Floats]


@dataclass(frozen=True, slots=True)
class Normalisation:
    """A method with its arguments, for all columns or for one."""

    method: str = "minmax"
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fixed:
    """What the framework fixes for each column: targets (k,) and goalposts (2, k), NaN where there are none; not turned yet."""

    targets: Floats
    goalposts: Floats


def normalise(
    values: Floats,
    directions: Floats,
    how: Normalisation | list[Normalisation],
    *,
    groups: np.ndarray | None = None,
    fixed: Fixed | None = None,
    codes: tuple[str, ...] = (),
) -> tuple[Floats, list[Finding]]:
    """Place columns (n, k) turned by ``directions`` (k,). ``groups``: a number for each unit, placed group by group.

    A column that does not vary (in its group) has no scale: its units get the middle of the method's range, and a
    finding says so. Raises Refused for an unknown method, or a target or goalpost that is wanted and missing.
    """
    each = [how] * values.shape[1] if isinstance(how, Normalisation) else how
    turned = values * directions
    placed = np.full(values.shape, np.nan)
    targets, posts = _turned(fixed, directions, values.shape[1])
    names = codes or tuple(str(k + 1) for k in range(values.shape[1]))
    findings: list[Finding] = []
    kinds: list[Normalisation] = []
    for one in each:
        if one not in kinds:
            kinds.append(one)
    for kind in kinds:
        if kind.method not in METHODS:
            raise Refused.because(
                "normalisation_unknown",
                f"不认识标准化方法“{kind.method}”。",
                f"“{kind.method}” is not a known normalisation.",
                required=", ".join(METHODS),
            )
        at = np.array([k for k, one in enumerate(each) if one == kind])
        _need(kind, at, names, targets, posts)
        for number in [None] if groups is None else range(int(groups.max()) + 1):
            rows = np.arange(len(turned)) if groups is None else np.nonzero(groups == number)[0]
            block = turned[np.ix_(rows, at)]
            with np.errstate(divide="ignore", invalid="ignore"):
                found = METHODS[kind.method](block, kind.arguments, targets[at], posts[:, at])
            flat = np.isfinite(block) & ~np.isfinite(found)
            found[flat] = _middle(kind)
            if kind.method not in _ABSOLUTE:
                for k in np.nonzero(np.equal(_least(block), _most(block)))[0]:
                    findings.append(_constant(names[at[k]], float(np.nanmax(found[:, k])), number))
            placed[np.ix_(rows, at)] = found
    return placed, findings


def ranks(values: Floats) -> Floats:
    """Ranks of each column upwards (1 = the least), ties take the least of their ranks, NaN has none.

    >>> ranks(np.array([[3.0], [1.0], [3.0], [np.nan]])).ravel().tolist()
    [2.0, 1.0, 2.0, nan]
    """
    placed = np.empty(values.shape)
    order = np.sort(values, axis=0)  # NaN last
    for k in range(values.shape[1]):
        placed[:, k] = np.searchsorted(order[:, k], values[:, k], side="left") + 1.0
    return np.where(np.isnan(values), np.nan, placed)


def _least(values: Floats) -> Floats:
    return np.where(np.isnan(values), np.inf, values).min(axis=0, initial=np.inf)


def _most(values: Floats) -> Floats:
    return np.where(np.isnan(values), -np.inf, values).max(axis=0, initial=-np.inf)


def _count(values: Floats) -> Floats:
    return np.isfinite(values).sum(axis=0).astype(float)


def _minmax(x: Floats, given: Mapping[str, Any], targets: Floats, posts: Floats) -> Floats:
    low, high = _pair(given, "range", (0.0, 100.0))
    least = _least(x)
    return (x - least) / (_most(x) - least) * (high - low) + low


def _zscore(x: Floats, given: Mapping[str, Any], targets: Floats, posts: Floats) -> Floats:
    mean, deviation = _pair(given, "mean_sd", (0.0, 1.0))
    count = _count(x)
    centred = x - np.nansum(x, axis=0) / np.maximum(count, 1)
    spread = np.sqrt(np.nansum(centred**2, axis=0) / np.maximum(count - 1, 1))
    # Rounding leaves a constant column a spread of the last digit.
    spread[spread <= 1e-14 * np.nan_to_num(np.abs(x)).max(axis=0, initial=0.0)] = 0.0
    return centred / spread * deviation + mean


def _share_of_max(x: Floats, given: Mapping[str, Any], targets: Floats, posts: Floats) -> Floats:
    return x / _most(x)


def _percentile_rank(x: Floats, given: Mapping[str, Any], targets: Floats, posts: Floats) -> Floats:
    return (ranks(x) - 1.0) / (_count(x) - 1.0) * float(given.get("top", 1.0))


def _to_max(x: Floats, given: Mapping[str, Any], targets: Floats, posts: Floats) -> Floats:
    most = _most(x)
    return 1.0 - (most - x) / (most - _least(x))


def _to_target(x: Floats, given: Mapping[str, Any], targets: Floats, posts: Floats) -> Floats:
    placed = 1.0 - (targets - x) / (targets - _least(x))
    return np.minimum(placed, 1.0) if given.get("cap") else placed


def _to_reference(x: Floats, given: Mapping[str, Any], targets: Floats, posts: Floats) -> Floats:
    share = float(given.get("percentile", 90.0))
    reference = np.nanpercentile(x, share, axis=0) if np.isfinite(x).any() else np.full(x.shape[1], np.nan)
    least = _least(x)
    placed = 1.0 - (reference - x) / (reference - least)
    return np.minimum(placed, 1.0) if given.get("cap") else placed


def _goalposts(x: Floats, given: Mapping[str, Any], targets: Floats, posts: Floats) -> Floats:
    low, high = np.minimum(posts[0], posts[1]), np.maximum(posts[0], posts[1])
    placed = (x - low) / (high - low)
    return (np.clip(placed, 0.0, 1.0) if given.get("clip", True) else placed) * float(given.get("top", 100.0))


METHODS: dict[str, _Placing] = {
    "none": lambda x, given, targets, posts: x.copy(),
    "minmax": _minmax,
    "zscore": _zscore,
    "rank": lambda x, given, targets, posts: ranks(x),
    "borda": lambda x, given, targets, posts: ranks(x) - 1.0,
    "percentile_rank": _percentile_rank,
    "dist2max": _to_max,
    "dist2ref": _to_reference,
    "dist2targ": _to_target,
    "share_of_max": _share_of_max,
    "goalposts": _goalposts,
}


# These place a value by itself, whatever the others are.
_ABSOLUTE = ("none", "goalposts", "share_of_max")


def _middle(kind: Normalisation) -> float:
    """What a unit gets in a column that has no scale: the middle of the method's range."""
    if kind.method == "minmax":
        return sum(_pair(kind.arguments, "range", (0.0, 100.0))) / 2
    if kind.method == "zscore":
        return _pair(kind.arguments, "mean_sd", (0.0, 1.0))[0]
    if kind.method == "goalposts":
        return float(kind.arguments.get("top", 100.0)) / 2
    return 0.5


def _pair(given: Mapping[str, Any], name: str, usual: tuple[float, float]) -> tuple[float, float]:
    first, second = given.get(name, usual)
    return float(first), float(second)


def _turned(fixed: Fixed | None, directions: Floats, width: int) -> tuple[Floats, Floats]:
    if fixed is None:
        return np.full(width, np.nan), np.full((2, width), np.nan)
    return fixed.targets * directions, fixed.goalposts * directions


def _need(kind: Normalisation, at: np.ndarray, names: tuple[str, ...], targets: Floats, posts: Floats) -> None:
    lacking = {"dist2targ": np.isnan(targets[at]), "goalposts": np.isnan(posts[:, at]).any(axis=0)}.get(kind.method)
    if lacking is not None and lacking.any():
        codes = [names[k] for k in at[lacking]]
        zh, en = (
            ("目标值（Target）", "targets (Target)")
            if kind.method == "dist2targ"
            else ("上下界（Lower、Upper）", "goalposts (Lower, Upper)")
        )
        raise Refused.because(
            "normalisation_lacks",
            f"标准化方法“{kind.method}”要用{zh}，下列指标没有：{'、'.join(codes[:8])}。",
            f"The normalisation “{kind.method}” needs {en}; these indicators have none: {', '.join(codes[:8])}.",
        )


def _constant(code: str, given: float, group: int | None) -> Finding:
    zh, en = ("", "") if group is None else (f"（第 {group + 1} 组）", f" in group {group + 1}")
    return Finding.warning(
        "column_constant",
        f"指标“{code}”各对象取值相同{zh}，无从比较，一律记 {given:g}。",
        f"The indicator “{code}” does not vary{en}: all get {given:g}.",
    )
