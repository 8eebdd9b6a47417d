"""What is there before anything is done: figures of every unit and group, and which indicators go with a denominator.

The first is COINr's `get_data_avail`: for a unit the gaps, the zeros, the share of figures that are there, the share of those that are not
zero; and the share there in every aggregate. The second is `get_denom_corr`: Pearson correlations of raw figures with the denominators; a
strong one (absolute value over 0.7) says that the indicator measures size, and is a reason to divide it.

>>> table = Table(("a", "b"), ("hours", "lanes", "cost"), np.array([[1.0, 0.0, np.nan], [2.0, 3.0, 4.0]]))
>>> from kouan.evaluation.method.index.analysis.examples import FRAMEWORK
>>> rows, groups, _ = availability(table, FRAMEWORK)
>>> round(rows[0].share_available, 3), rows[0].share_nonzero, groups["price"].tolist()
(0.667, 0.5, [0.0, 1.0])
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kouan.basis import Finding
from kouan.evaluation.method.index.analysis.correlations import correlate
from kouan.evaluation.method.index.framework import Floats, Framework
from kouan.evaluation.method.index.table import Table

STRONG = 0.7
# COINr's names for the same.
NAMES = {
    "unit": "uCode", "missing": "N_missing", "zero": "N_zero", "missing_or_zero": "N_miss_or_zero",
    "share_available": "Dat_Avail", "share_nonzero": "Non_Zero",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Available:
    """One unit: counts, and shares 0 … 1 (of all indicators; of the figures there are, NaN where there are none)."""

    unit: str
    missing: int
    zero: int
    missing_or_zero: int
    share_available: float
    share_nonzero: float


@dataclass(frozen=True, slots=True)
class BySize:
    """An indicator and a denominator: Pearson ``r`` over ``n`` units; ``strong``: |r| over 0.7; ``divided``: whether it is its denominator."""

    code: str
    denominator: str
    r: float
    n: int
    p: float
    strong: bool
    divided: bool


def availability(table: Table, framework: Framework) -> tuple[list[Available], dict[str, Floats], list[Finding]]:
    """Availability of the raw figures by unit, and for each aggregate the share that each unit has of it (units,). Finding: units
    without any figure."""
    there = np.isfinite(table.values)
    zero = table.values == 0
    rows = []
    for i, unit in enumerate(table.units):
        count, zeros, width = int(there[i].sum()), int(zero[i].sum()), there.shape[1]
        rows.append(
            Available(
                unit,
                width - count,
                zeros,
                width - count + zeros,
                count / width if width else np.nan,
                (count - zeros) / count if count else np.nan,
            )
        )
    groups = {
        code: there[:, [table.columns.index(leaf) for leaf in framework.leaves(code)]].mean(axis=1)
        for code in framework.aggregates
    }
    empty = [row.unit for row in rows if row.missing == there.shape[1]]
    findings = []
    if empty:
        findings.append(
            Finding.warning(
                "unit_without_data",
                f"{len(empty)} 个对象没有任何数据：{'、'.join(empty[:8])}。",
                f"{len(empty)} unit(s) have no figure at all: {', '.join(empty[:8])}.",
                measured=len(empty),
            )
        )
    return rows, groups, findings


def by_size(table: Table, framework: Framework) -> list[BySize]:
    """Every indicator with every denominator of the table, raw; empty where there is none."""
    return [
        BySize(
            code,
            name,
            found.r,
            found.n,
            found.p,
            bool(abs(found.r) > STRONG),
            framework[code].denominator == name,
        )
        for code in table.columns
        for name, column in table.denominators.items()
        for found in [correlate(table.column(code), column)]
    ]
