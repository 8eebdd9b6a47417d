"""Treatment of extreme values: winsorise, and where that does not do, transform the untreated column.

A column is treated while |skewness| ≥ 2 and excess kurtosis ≥ 3.5 (both bias-corrected; OECD/JRC practice). One step sets
every value equal to the extreme on the side of the skew to the next one inwards; steps go on until the rule is met or at
least ``points`` values have been moved (ties move together and can pass the limit, as in COINr). Where the rule is still
failed, the column as it came is transformed instead (``then``).

>>> column = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 30, 1000.0])[:, None]
>>> treated, marks = treat(column, Treatment(points=5))
>>> treated[-2:, 0].tolist(), marks
([30.0, 30.0], (Treated(moved=1, transform='', passes=True),))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kouan.basis import Refused
from kouan.evaluation.method.index.framework import Floats

TRANSFORMS = ("", "log_ct", "log_shift", "log", "boxcox")
# Deviations below this share of the largest absolute value are rounding noise of a constant column.
_NOISE = 1e-12


@dataclass(frozen=True, slots=True)
class Treatment:
    """How to treat a column. ``points`` 0: no winsorising; ``then`` "": no transformation; ``always``: without asking the rule."""

    points: int = 5
    then: str = "log_ct"
    skew: float = 2.0
    kurtosis: float = 3.5
    power: float = 0.0
    always: bool = False


@dataclass(frozen=True, slots=True)
class Treated:
    """What became of a column: how many values were moved, by what it was transformed, whether the rule is met now."""

    moved: int = 0
    transform: str = ""
    passes: bool = True


def treat(columns: Floats, treatments: Treatment | Sequence[Treatment | None]) -> tuple[Floats, tuple[Treated, ...]]:
    """Treat columns (units, k), one treatment for all or one for each (None: leave it). NaN stays NaN.

    Raises Refused where a logarithm is asked of values that have none.
    """
    each: list[Treatment | None] = (
        [treatments] * columns.shape[1] if isinstance(treatments, Treatment) else list(treatments)
    )
    treated = columns.copy()
    marks = [Treated()] * columns.shape[1]
    for kind in dict.fromkeys(one for one in each if one is not None):
        at = np.array([k for k, one in enumerate(each) if one == kind])
        failing = at if kind.always else at[fails(columns[:, at], kind)]
        if not failing.size:
            continue
        after, moved = _winsorise(columns[:, failing], kind)
        bad = fails(after, kind) if not kind.always else np.full(failing.size, kind.points == 0)
        done = failing if not kind.then else failing[~bad]
        treated[:, done] = after if not kind.then else after[:, ~bad]
        for k, count, failed in zip(failing, moved, bad, strict=True):
            marks[k] = Treated(int(count), "", not failed)
        if kind.then and bad.any():
            turned = transform(columns[:, failing[bad]], kind.then, power=kind.power)
            treated[:, failing[bad]] = turned
            for k, failed in zip(failing[bad], fails(turned, kind), strict=True):
                marks[k] = Treated(0, kind.then, not failed)
    return treated, tuple(marks)


def transform(columns: Floats, kind: str, *, power: float = 0.0) -> Floats:
    """Columns (units, k) transformed: ``log_ct`` log(x − min + 0.01·range), ``log_shift`` log(x − min + 1), ``log`` log(x),
    ``boxcox`` ((x − min + 1)^power − 1)/power. All are increasing, so no order changes. A constant column stays as it is under
    log_ct. Raises Refused for log of x ≤ 0."""
    if kind not in TRANSFORMS or not kind:
        raise Refused.because(
            "transform_unknown", f"不认识变换“{kind}”。", f"“{kind}” is not a known transformation.", required=", ".join(filter(None, TRANSFORMS)))
    gaps = np.isnan(columns)
    low = np.where(gaps, np.inf, columns).min(axis=0, initial=np.inf)
    if kind == "log" and (low <= 0).any():
        raise Refused.because(
            "log_not_positive", f"有不大于零的值（{low.min():g}），不能取对数。", f"A value ({low.min():g}) is not above zero: it has no logarithm.",
            remedy=("改用 log_ct 或 log_shift。", "Use log_ct or log_shift."))
    with np.errstate(divide="ignore", invalid="ignore"):
        if kind == "log":
            return np.log(columns)
        above = columns - low
        if kind == "log_ct":
            span = np.where(gaps, -np.inf, above).max(axis=0, initial=-np.inf)
            return np.where(span > 0, np.log(above + 0.01 * span), columns)
        if kind == "log_shift":
            return np.log1p(above)
        return np.log1p(above) if power == 0 else ((above + 1.0) ** power - 1.0) / power


def fails(columns: Floats, kind: Treatment) -> np.ndarray:
    """Whether each column is both too skewed and too heavy-tailed. Fewer than four values, or a constant: no."""
    skews, kurts = moments(columns)
    return (np.abs(skews) >= kind.skew) & (kurts >= kind.kurtosis)


def moments(columns: Floats) -> tuple[Floats, Floats]:
    """Skewness and excess kurtosis, type 2 (Joanes and Gill 1998), of each column (n, k), NaN ignored.

    NaN for a constant column and for fewer than three (four) values.

    >>> skews, kurts = moments(np.array([[1.0], [2.0], [3.0], [10.0]]))
    >>> round(float(skews[0]), 4), round(float(kurts[0]), 4)
    (1.7636, 3.228)
    """
    present = np.isfinite(columns)
    whole = bool(present.all())
    filled = columns if whole else np.where(present, columns, 0.0)
    count = np.full(columns.shape[1], float(columns.shape[0])) if whole else present.sum(axis=0).astype(float)
    mean = filled.sum(axis=0) / np.maximum(count, 1.0)
    centred = filled - mean
    if not whole:
        centred[~present] = 0.0
    # Fourth powers of tonnes overflow no double, but lose digits: divide by the largest deviation first.
    scale = np.abs(centred).max(axis=0, initial=0.0)
    varies = scale > _NOISE * np.abs(filled).max(axis=0, initial=0.0)
    unit = centred / np.where(varies, scale, 1.0)
    square = unit * unit
    second, third = square.sum(axis=0), np.einsum("ij,ij->j", square, unit)
    fourth = np.einsum("ij,ij->j", square, square)
    with np.errstate(divide="ignore", invalid="ignore"):
        skews = np.sqrt(count) * third / second**1.5 * np.sqrt(count * (count - 1)) / (count - 2)
        flat = count * fourth / second**2 - 3
        kurts = ((count + 1) * flat + 6) * (count - 1) / ((count - 2) * (count - 3))
    return np.where(varies & (count >= 3), skews, np.nan), np.where(varies & (count >= 4), kurts, np.nan)


def _winsorise(columns: Floats, kind: Treatment) -> tuple[Floats, np.ndarray]:
    """Winsorise each column; answer the columns and how many values of each were moved."""
    treated = columns.copy()
    at_top = np.zeros(columns.shape[1], dtype=int)
    at_foot = np.zeros(columns.shape[1], dtype=int)
    work = np.arange(columns.shape[1])
    if kind.points <= 0:
        return treated, at_top
    while work.size:
        block = treated[:, work]
        skews, kurts = moments(block)
        going = (np.abs(skews) >= kind.skew) & (kurts >= kind.kurtosis)
        if kind.always:
            going = np.isfinite(skews)
        going &= (at_top + at_foot)[work] < kind.points
        work, block, skews = work[going], block[:, going], skews[going]
        if not work.size:
            break
        # Turn the columns so that the tail to cut is always at the top.
        sign = np.where(skews >= 0, 1.0, -1.0)
        turned = np.where(np.isfinite(block), block * sign, -np.inf)
        extreme = turned == turned.max(axis=0)
        inner = np.where(extreme, -np.inf, turned).max(axis=0)
        treated[:, work] = np.where(extreme, inner * sign, block)
        count = extreme.sum(axis=0)
        high = sign > 0
        at_top[work[high]] = count[high]
        at_foot[work[~high]] = count[~high]
    return treated, at_top + at_foot
