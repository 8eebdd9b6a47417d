"""Before treatment: screening units for want of data, dividing by denominators, and filling gaps.

Each step takes a table and answers a new one; nothing is filled or dropped without a finding. The definitions stand
in docs/index-engine.md with their sources (OECD/JRC Handbook on Constructing Composite Indicators 2008, steps 3 and 6;
COINr 1.1.14 for the steps that have its names).

>>> table = Table(("a", "b", "c"), ("x",), np.array([[1.0], [np.nan], [5.0]]))
>>> filled, cells = impute(table, "mean")
>>> filled.column("x").tolist(), cells.ravel().tolist()
([1.0, 3.0, 5.0], [False, True, False])
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from kouan.basis import Finding, Refused
from kouan.evaluation.method.index.framework import Floats, Framework
from kouan.evaluation.method.index.table import Table

Flags = NDArray[np.bool_]
IMPUTATIONS = (
    "mean",
    "median",
    "group_mean",
    "group_median",
    "row_mean",
    "row_median",
    "last_value",
    "linear_in_time",
    "model",
)


def screen(
    table: Table, *, least_available: float = 0.0, least_nonzero: float = 0.0, force: Mapping[str, bool] | None = None
) -> tuple[Table, list[Finding]]:
    """Leave out units with too few figures or too many zeros. ``force``: units kept (True) or left out (False) whatever they have.

    Shares are of the columns, 0 … 1. Raises Refused when nobody is left, or a forced unit is not in the data.
    """
    forced = dict(force or {})
    unknown = sorted(set(forced) - set(table.units))
    if unknown:
        raise Refused.because(
            "unit_unknown",
            f"数据中没有评价对象：{'、'.join(unknown)}。",
            f"No such unit in the data: {', '.join(unknown)}.",
        )
    present = np.isfinite(table.values)
    available = present.mean(axis=1)
    nonzero = np.divide(
        (present & (table.values != 0)).sum(axis=1),
        present.sum(axis=1),
        out=np.zeros(len(table.units)),
        where=present.any(axis=1),
    )
    kept = np.array(
        [
            forced.get(unit, bool(a >= least_available and z >= least_nonzero))
            for unit, a, z in zip(table.units, available, nonzero, strict=True)
        ]
    )
    findings = [
        Finding.warning(
            "unit_screened_out",
            f"评价对象“{unit}”未列入：数据完整率 {a:.1%}，非零率 {z:.1%}。",
            f"The unit “{unit}” is left out: {a:.1%} of its figures are there, {z:.1%} of them not zero.",
            measured=f"{a:.4f}; {z:.4f}",
            required=f"{least_available}; {least_nonzero}",
        )
        for unit, a, z, is_in in zip(table.units, available, nonzero, kept, strict=True)
        if not is_in
    ]
    if not kept.any():
        raise Refused(
            [*findings, Finding.error("no_unit_left", "没有评价对象达到数据要求。", "No unit has enough data.")]
        )
    return (table.rows([int(i) for i in np.nonzero(kept)[0]]) if not kept.all() else table), findings


def denominate(
    table: Table, framework: Framework, chosen: Mapping[str, str] | None = None
) -> tuple[Table, list[Finding]]:
    """Divide each indicator by its denominator (``chosen`` or the framework's). A zero or missing denominator leaves a gap and says so."""
    pairs = (
        {code: framework[code].denominator for code in framework.indicators if framework[code].denominator}
        if chosen is None
        else dict(chosen)
    )
    values, findings = table.values.copy(), []
    for code, name in pairs.items():
        if name not in table.denominators or name is None:
            raise Refused.because(
                "denominator_unknown",
                f"“{code}”的分母“{name}”不在数据中。",
                f"“{name}”, the denominator of “{code}”, is not in the data.",
                required="、".join(table.denominators) or "—",
            )
        if code not in table.columns:
            raise Refused.because(
                "indicator_unknown", f"数据中没有指标“{code}”。", f"No indicator “{code}” in the data."
            )
        by, at = table.denominators[name], table.columns.index(code)
        usable = np.isfinite(by) & (by != 0)
        lost = ~usable & np.isfinite(values[:, at])
        values[:, at] = np.divide(values[:, at], by, out=np.full(len(by), np.nan), where=usable)
        if lost.any():
            units = [table.units[i] for i in np.nonzero(lost)[0]]
            findings.append(
                Finding.warning(
                    "denominator_unusable",
                    f"“{code}”有 {len(units)} 个对象的分母“{name}”为零或缺失，作缺项：{'、'.join(units[:5])}。",
                    f"“{name}”, by which “{code}” is divided, is zero or missing for {len(units)} unit(s), left as gaps: {', '.join(units[:5])}.",
                )
            )
    return table.with_values(values), findings


def impute(
    table: Table, method: str, *, group: str | None = None, factor: float = 1.0, seed: int = 0
) -> tuple[Table, Flags]:
    """Fill the gaps; answer the table and which cells were filled. What a method cannot fill stays a gap.

    ``mean``, ``median``: of the column. ``group_mean``, ``group_median``: of the column within ``group`` (a group with
    nothing stays a gap). ``row_mean``, ``row_median``: of the unit's other figures, which must be on one scale already.
    ``last_value``: the unit's latest earlier figure × ``factor``; ``linear_in_time``: the line between the figures before and
    after (both need ``times`` in the table). ``model``: each column from the others by Bayesian ridge, in turns
    (scikit-learn's IterativeImputer), replayable by ``seed``.
    """
    gaps = np.isnan(table.values)
    if not gaps.any():
        return table, gaps
    values = table.values.copy()
    kind = method.removeprefix("group_").removeprefix("row_")
    if method in ("mean", "median"):
        _fill_columns(values, gaps, kind)
    elif method in ("group_mean", "group_median"):
        codes, _ = table.group_codes(group or "")
        for code in range(int(codes.max()) + 1):
            rows = codes == code
            block = values[rows]
            _fill_columns(block, gaps[rows], kind)
            values[rows] = block
    elif method in ("row_mean", "row_median"):
        turned = values.T.copy()
        _fill_columns(turned, gaps.T, kind)
        values = turned.T.copy()
    elif method in ("last_value", "linear_in_time"):
        _fill_in_time(table, values, factor=factor if method == "last_value" else None)
    elif method == "model":
        values = _fill_by_model(values, seed)
    else:
        raise Refused.because(
            "imputation_unknown",
            f"不认识插补方法“{method}”。",
            f"“{method}” is not a known imputation.",
            required=", ".join(IMPUTATIONS),
        )
    return table.with_values(values), gaps & np.isfinite(values)


def _fill_columns(values: Floats, gaps: Flags, kind: str) -> None:
    """Fill the gaps of each column (n, k) in place by its mean or median; a column of nothing stays empty."""
    at = np.nonzero(gaps.any(axis=0) & ~gaps.all(axis=0))[0]
    if not at.size:
        return
    block, lacking = values[:, at], gaps[:, at]
    count = len(block) - lacking.sum(axis=0)
    if kind == "mean":
        fill = np.where(lacking, 0.0, block).sum(axis=0) / count
    else:
        order = np.sort(block, axis=0)  # NaN last
        columns = np.arange(at.size)
        fill = (order[(count - 1) // 2, columns] + order[count // 2, columns]) / 2
    values[:, at] = np.where(lacking, fill, block)


def _fill_in_time(table: Table, values: Floats, *, factor: float | None) -> None:
    if not table.times:
        raise Refused.because(
            "times_missing",
            "数据没有年份（Time），不能按时间插补。",
            "The data have no Time, which this imputation needs.",
        )
    times = np.array([float(each) for each in table.times])
    for unit in dict.fromkeys(table.units):
        rows = np.array([i for i, each in enumerate(table.units) if each == unit])
        rows = rows[np.argsort(times[rows])]
        for k in range(values.shape[1]):
            known = [i for i in rows if np.isfinite(table.values[i, k])]
            if not known:
                continue
            if factor is None:
                inner = [i for i in rows if times[known[0]] < times[i] < times[known[-1]] and np.isnan(values[i, k])]
                values[inner, k] = np.interp(times[inner], times[known], table.values[known, k])
                continue
            last = np.nan
            for i in rows:
                if np.isfinite(table.values[i, k]):
                    last = table.values[i, k]
                elif np.isfinite(last):
                    values[i, k] = last = last * factor


def _fill_by_model(values: Floats, seed: int) -> Floats:
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401  scikit-learn asks for this import first
    from sklearn.impute import IterativeImputer

    # A column of which nothing is known cannot be modelled; it stays as it is.
    usable = np.isfinite(values).any(axis=0)
    filled = values.copy()
    if usable.any():
        filled[:, usable] = IterativeImputer(random_state=seed, max_iter=25).fit_transform(values[:, usable])
    return filled

