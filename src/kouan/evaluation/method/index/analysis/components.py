"""Principal components of every group: can its elements be told by one figure, and does each pull the same way?

Of the standardised columns (correlation matrix), over the units that have all of them, as COINr's `get_PCA` and the handbook (OECD/JRC
2008, step 4) do. Explained shares are eigenvalues over their sum; coefficients are unit vectors (what COINr calls weights), the sign
fixed so that each sums to a positive number; loadings are coefficients × √eigenvalue: the correlation of element and component.

>>> x = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 5.0], [4.0, 4.0]])
>>> found = components(x)
>>> found.shares.round(3).tolist(), found.coefficients[:, 0].round(4).tolist()
([0.9, 0.1], [0.7071, 0.7071])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kouan.basis import Finding
from kouan.evaluation.method.index.analysis.points import Points
from kouan.evaluation.method.index.framework import Floats, Framework


@dataclass(frozen=True)
class Components:
    """``values`` (k,) eigenvalues downwards, ``shares`` (k,) of the whole variance, ``coefficients`` and ``loadings`` (elements, k)."""

    n: int
    values: Floats
    shares: Floats
    coefficients: Floats
    loadings: Floats


@dataclass(frozen=True, slots=True)
class Group:
    """The components of a node's children. ``first_share``: what the first component explains; ``above_one``: how many eigenvalues
    exceed 1 (Kaiser); ``same_way``: whether all coefficients of the first have one sign."""

    code: str
    elements: int
    n: int
    first_share: float
    second_share: float
    above_one: int
    same_way: bool


@dataclass(frozen=True, slots=True)
class Loading:
    """One element on one component (1, 2, …)."""

    group: str
    element: str
    component: int
    value: float
    share: float
    cumulative: float
    coefficient: float
    loading: float


def components(block: Floats) -> Components:
    """Components of columns (units, k), k ≥ 1, of which each varies; rows with gaps are left out. Raises ValueError where a column
    does not vary or fewer than three rows are whole: `groups` asks before."""
    known = block[np.isfinite(block).all(axis=1)]
    if len(known) < 3 or not _varying(known).all():
        raise ValueError("components need three whole rows and columns that vary")
    centred = known - known.mean(axis=0)
    standard = centred / centred.std(axis=0, ddof=1)
    # The singular values keep digits that the product of the matrix with itself loses.
    _, singular, turned = np.linalg.svd(standard, full_matrices=False)
    width = block.shape[1]
    values = np.zeros(width)
    values[: len(singular)] = singular**2 / (len(known) - 1)
    coefficients = np.zeros((width, width))
    coefficients[:, : len(turned)] = turned.T
    sums = coefficients.sum(axis=0)
    # Where they sum to nothing, the first coefficient that is not zero is made positive.
    first = coefficients[np.argmax(np.abs(coefficients) > 1e-12, axis=0), np.arange(width)]
    coefficients = coefficients * np.where(np.abs(sums) > 1e-9, np.where(sums < 0, -1.0, 1.0), np.where(first < 0, -1.0, 1.0))
    return Components(len(known), values, values / values.sum(), coefficients, coefficients * np.sqrt(values))


def groups(points: Points) -> tuple[list[Group], list[Loading], list[Finding]]:
    """Components of the children of every aggregate that has two or more that vary. Findings: elements left out, groups without
    components, groups that one component does not tell (under half), and elements that pull the other way."""
    framework = points.framework
    found: list[Group] = []
    rows: list[Loading] = []
    findings: list[Finding] = []
    for code in framework.aggregates:
        children = framework.children(code)
        if len(children) < 2:
            continue
        block = points.block(children)
        kept, told = _usable(framework, code, children, block)
        findings += told
        if len(kept) < 2:
            continue
        parts = components(points.block(kept))
        first = parts.coefficients[:, 0]
        same = bool((first > -1e-9).all())
        found.append(
            Group(
                code,
                len(kept),
                parts.n,
                float(parts.shares[0]),
                float(parts.shares[1]),
                int((parts.values > 1.0 + 1e-9).sum()),
                same,
            )
        )
        summed = np.cumsum(parts.shares)
        rows += [
            Loading(
                code,
                child,
                at + 1,
                float(parts.values[at]),
                float(parts.shares[at]),
                float(summed[at]),
                float(parts.coefficients[k, at]),
                float(parts.loadings[k, at]),
            )
            for at in range(len(kept))
            for k, child in enumerate(kept)
        ]
        findings += _told(framework, code, kept, parts, same)
    return found, rows, findings


def _usable(
    framework: Framework, code: str, children: Sequence[str], block: Floats
) -> tuple[tuple[str, ...], list[Finding]]:
    there = np.asarray(np.isfinite(block).any(axis=0))
    kept = [child for child, is_there in zip(children, there.tolist(), strict=True) if is_there]
    whole = block[:, there][np.isfinite(block[:, there]).all(axis=1)]
    name = framework[code].name
    if len(whole) < 3:
        return (), [
            Finding.warning(
                "components_too_few_units",
                f"“{name}”数据齐全的对象只有 {len(whole)} 个，不足以作主成分分析。",
                f"Only {len(whole)} unit(s) have all elements of “{name}”: too few for principal components.",
                measured=len(whole),
                required=3,
            )
        ]
    varies = _varying(whole)
    named = [framework[child].name for child, does in zip(kept, varies.tolist(), strict=True) if not does]
    named += [framework[child].name for child, is_there in zip(children, there.tolist(), strict=True) if not is_there]
    told = []
    if named:
        told.append(
            Finding.warning(
                "components_left_out",
                f"“{name}”的主成分分析未计入取值相同或没有数据的：{'、'.join(named)}。",
                f"The components of “{name}” leave out what does not vary or has no data: {', '.join(named)}.",
            )
        )
    return tuple(child for child, does in zip(kept, varies.tolist(), strict=True) if does), told


def _varying(block: Floats) -> np.ndarray:
    return np.asarray(np.ptp(block, axis=0) > 1e-12 * np.abs(block).max(axis=0, initial=0.0))


def _told(framework: Framework, code: str, kept: Sequence[str], parts: Components, same: bool) -> list[Finding]:
    name = framework[code].name
    found = []
    if parts.shares[0] < 0.5:
        found.append(
            Finding.info(
                "first_component_small",
                f"“{name}”的第一主成分只解释 {parts.shares[0]:.0%}，各要素不止说一件事。",
                f"The first component of “{name}” explains {parts.shares[0]:.0%}: its elements tell more than one thing.",
                measured=f"{parts.shares[0]:.4f}",
            )
        )
    if not same:
        against = [
            framework[child].name for child, each in zip(kept, parts.coefficients[:, 0], strict=True) if each <= -1e-9
        ]
        found.append(
            Finding.warning(
                "component_mixed_signs",
                f"“{name}”的第一主成分中与其他要素相反的：{'、'.join(against)}。",
                f"On the first component of “{name}” these pull the other way: {', '.join(against)}.",
                measured=len(against),
            )
        )
    return found
