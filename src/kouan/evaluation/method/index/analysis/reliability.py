"""Cronbach's alpha of every aggregate: do the elements below it measure the same thing?

α = k/(k − 1) · (1 − Σ variances / variance of the sum) = k²·(mean covariance)/(sum of all covariances), with covariances pair by pair
over the units that have both (COINr `get_cronbach`; Cronbach 1951). It is taken of directed, normalised points: on raw data an indicator of
which less is better would count against the others. Two ways: over the direct children, and over all indicators below.

>>> round(cronbach(np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 5.0]])), 4)
0.9474
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from kouan.basis import Finding
from kouan.evaluation.method.index.analysis.points import Points
from kouan.evaluation.method.index.framework import Floats

# Usual readings (Nunnally 1978): from 0.7 the elements hang together; under 0.5 hardly.
ENOUGH, LITTLE = 0.7, 0.5


@dataclass(frozen=True, slots=True)
class Reliability:
    """``alpha``: over the children; ``alpha_leaves``: over all indicators below; NaN for fewer than two. ``n``: units with all children."""

    code: str
    level: int
    children: int
    leaves: int
    n: int
    alpha: float
    alpha_leaves: float


def cronbach(block: Floats) -> float:
    """Alpha of columns (units, k), gaps pair by pair; NaN for fewer than two columns or where nothing varies."""
    width = block.shape[1]
    if width < 2:
        return float("nan")
    covariance = covariances(block)
    whole = float(np.nansum(covariance))
    between = (whole - float(np.nansum(np.diag(covariance)))) / (width * (width - 1))
    # A sum that rounding alone keeps from zero is zero.
    if abs(whole) <= 1e-12 * float(np.nansum(np.abs(covariance))) or not np.isfinite(covariance).any():
        return float("nan")
    return width * width * between / whole


def covariances(block: Floats) -> Floats:
    """Covariances (k, k) with n − 1, each pair over the rows that have both; NaN for fewer than two rows."""
    width = block.shape[1]
    if np.isfinite(block).all() and len(block) > 1:
        centred = block - block.mean(axis=0)
        return np.asarray(centred.T @ centred / (len(block) - 1))
    found = np.full((width, width), np.nan)
    for i, j in [*combinations(range(width), 2), *((k, k) for k in range(width))]:
        both = np.isfinite(block[:, i]) & np.isfinite(block[:, j])
        if both.sum() > 1:
            x, y = block[both, i], block[both, j]
            found[i, j] = found[j, i] = float((x - x.mean()) @ (y - y.mean()) / (both.sum() - 1))
    return found


def reliability(points: Points) -> tuple[list[Reliability], list[Finding]]:
    """Alpha of every aggregate, and a finding for each that has none or where the children hardly hang together."""
    framework = points.framework
    rows, findings = [], []
    for code in framework.aggregates:
        children, leaves = framework.children(code), framework.leaves(code)
        block = points.block(children)
        row = Reliability(
            code,
            framework[code].level,
            len(children),
            len(leaves),
            int(np.isfinite(block).all(axis=1).sum()),
            cronbach(block),
            cronbach(points.block(leaves)),
        )
        rows.append(row)
        name = framework[code].name
        if row.children < 2:
            findings.append(
                Finding.info(
                    "alpha_one_child",
                    f"“{name}”只有一个下级，无信度可言。",
                    f"“{name}” has one child: no reliability to speak of.",
                )
            )
        elif not np.isfinite(row.alpha):
            findings.append(
                Finding.warning(
                    "alpha_undefined",
                    f"“{name}”各下级没有差异或数据不足，无法计算信度。",
                    f"The children of “{name}” do not vary or lack data: no reliability.",
                )
            )
        elif row.alpha < LITTLE:
            findings.append(
                Finding.warning(
                    "alpha_low",
                    f"“{name}”信度系数 {row.alpha:.2f}，各下级所测不一。",
                    f"Cronbach's alpha of “{name}” is {row.alpha:.2f}: its children hardly measure the same thing.",
                    measured=f"{row.alpha:.4f}",
                    required=f"≥ {LITTLE:g}",
                )
            )
    return rows, findings
