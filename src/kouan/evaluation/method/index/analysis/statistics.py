"""Statistics of every column, with COINr's names and flags (`get_stats`, COINr 1.1.14), and a finding for what is odd.

Standard deviation with n − 1; skewness and excess kurtosis of type 2 (Joanes and Gill 1998). The flags and their limits are COINr's:
availability under 0.65, non-zero share of all rows under 0.5, distinct values under 0.5 of all rows, and |skew| > 2 together with
kurtosis > 3.5 for outliers. Figures are not rounded (COINr rounds to 3 significant digits unless told not to).

>>> table = Table(("a", "b", "c"), ("x",), np.array([[1.0], [4.0], [np.nan]]))
>>> rows, findings = statistics(table)
>>> rows[0].mean, rows[0].n, rows[0].missing, [each.code for each in findings]
(2.5, 2, 1, ['column_too_short'])
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kouan.basis import Finding
from kouan.evaluation.method.index.framework import Floats, Framework
from kouan.evaluation.method.index.table import Table
from kouan.evaluation.method.index.treat import moments

# What COINr calls the same figures; `code`, `missing` and `constant` it has not.
NAMES = {
    "code": "iCode", "least": "Min", "most": "Max", "mean": "Mean", "median": "Median", "sd": "Std", "skew": "Skew",
    "kurtosis": "Kurt", "n": "N.Avail", "nonzero": "N.NonZero", "unique": "N.Unique", "same": "N.Same",
    "share_available": "Frc.Avail", "share_nonzero": "Frc.NonZero", "share_unique": "Frc.Unique", "share_same": "Frc.Same",
    "flag_available": "Flag.Avail", "flag_nonzero": "Flag.NonZero", "flag_unique": "Flag.Unique",
    "flag_outliers": "Flag.SkewKurt", "missing": "N.Missing", "constant": "Constant",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a flag begins."""

    skew: float = 2.0
    kurtosis: float = 3.5
    available: float = 0.65
    nonzero: float = 0.5
    unique: float = 0.5


@dataclass(frozen=True, slots=True)
class Column:
    """One column: figures in its own unit, counts, shares 0 … 1, flags ("ok", "LOW", "OUT"). ``same``: how often its commonest value stands."""

    code: str
    least: float
    most: float
    mean: float
    median: float
    sd: float
    skew: float
    kurtosis: float
    n: int
    nonzero: int
    unique: int
    same: int
    share_available: float
    share_nonzero: float
    share_unique: float
    share_same: float
    flag_available: str
    flag_nonzero: str
    flag_unique: str
    flag_outliers: str
    missing: int
    constant: bool


def statistics(
    table: Table, framework: Framework | None = None, limits: Limits | None = None
) -> tuple[list[Column], list[Finding]]:
    """Statistics of each column of a table (any step's), and findings in the order of the columns.

    A column without figures has NaN for all figures; one figure has no deviation; skewness needs three figures, kurtosis four,
    and both need figures that differ. Each such case is a finding.
    """
    limit = limits or Limits()
    skews, kurts = moments(table.values)
    rows: list[Column] = []
    findings: list[Finding] = []
    for k, code in enumerate(table.columns):
        row = _column(code, table.values[:, k], float(skews[k]), float(kurts[k]), limit)
        rows.append(row)
        named = framework[code].name if framework is not None and code in framework else code
        findings += _told(row, named)
    return rows, findings


def _column(code: str, column: Floats, skew: float, kurtosis: float, limit: Limits) -> Column:
    known = column[np.isfinite(column)]
    rows, n = len(column), len(known)
    nonzero = int(np.count_nonzero(known))
    counts = np.unique(known, return_counts=True)[1]
    unique, same = len(counts), int(counts.max(initial=0))
    nothing = float("nan")

    def share(count: int, of: int) -> float:
        return count / of if of else nothing

    out = np.isfinite(skew) and np.isfinite(kurtosis) and abs(skew) > limit.skew and kurtosis > limit.kurtosis
    return Column(
        code,
        float(known.min()) if n else nothing,
        float(known.max()) if n else nothing,
        float(known.mean()) if n else nothing,
        float(np.median(known)) if n else nothing,
        float(known.std(ddof=1)) if n > 1 else nothing,
        skew,
        kurtosis,
        n,
        nonzero,
        unique,
        same,
        share(n, rows),
        share(nonzero, n),
        share(unique, n),
        share(same, n),
        _low(share(n, rows), limit.available),
        _low(share(nonzero, rows), limit.nonzero),
        _low(share(unique, rows), limit.unique),
        "OUT" if out else "ok",
        rows - n,
        unique == 1,
    )


def _low(share: float, limit: float) -> str:
    return "ok" if share >= limit else "LOW"


def _told(row: Column, name: str) -> list[Finding]:
    if row.n == 0:
        return [
            Finding.warning(
                "column_empty", f"“{name}”没有任何数据，无统计量。", f"“{name}” has no data: no statistics."
            )
        ]
    if row.constant and row.n > 1:
        return [
            Finding.warning(
                "column_constant",
                f"“{name}”各对象取值相同，无偏度、峰度和相关。",
                f"“{name}” does not vary: it has no skewness, kurtosis or correlation.",
                measured=row.least,
            )
        ]
    if row.n < 3:
        return [
            Finding.warning(
                "column_too_short",
                f"“{name}”只有 {row.n} 个数据，不足以计算偏度和峰度。",
                f"“{name}” has {row.n} figure(s): too few for skewness and kurtosis.",
                measured=row.n,
                required=3,
            )
        ]
    found = []
    if row.flag_outliers == "OUT":
        found.append(
            Finding.info(
                "column_outliers",
                f"“{name}”偏度 {row.skew:.2f}、峰度 {row.kurtosis:.2f}，可能有极端值。",
                f"“{name}” has skewness {row.skew:.2f} and kurtosis {row.kurtosis:.2f}: extreme values are likely.",
            )
        )
    if row.flag_available == "LOW":
        found.append(
            Finding.info(
                "column_gaps",
                f"“{name}”只有 {row.share_available:.0%} 的对象有数据。",
                f"Only {row.share_available:.0%} of the units have “{name}”.",
            )
        )
    return found
