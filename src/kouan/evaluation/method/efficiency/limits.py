"""Limits on the weights that a unit may choose: what keeps a score from resting on one flattering column.

``Ratio``: an assurance region of type I (Thompson, Langemeier, Lee, Lee and Thrall 1990), low ≤ w_a / w_b ≤ high
for two inputs or two outputs, weights per unit of the columns as they stand in the data.
``Share``: the share of one column in the unit's own weighted sum, low ≤ w_a·z_a / Σ w·z ≤ high over the inputs, or over
the outputs (virtual weight restrictions, Wong and Beasley 1990; pie shares of Cherchye et al. 2007).

In the dual (envelopment) programme each limit c·w ≤ 0 is one more column c with a variable ≥ 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kouan.basis import Finding, Place, Refused, nearest
from kouan.evaluation.method.cube import Floats
from kouan.evaluation.method.efficiency.units import Units


@dataclass(frozen=True)
class Ratio:
    """``low`` ≤ weight of ``name`` ÷ weight of ``other`` ≤ ``high``; None leaves that side open."""

    name: str
    other: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Share:
    """``low`` ≤ share of ``name`` among the inputs (or outputs) of the unit itself ≤ ``high``, from 0 to 1."""

    name: str
    low: float = 0.0
    high: float = 1.0


def require_usable(ratios: Sequence[Ratio], shares: Sequence[Share], units: Units) -> None:
    """Refuse limits that name no column, mix inputs with outputs, or cannot hold together."""
    found: list[Finding] = []
    sides = dict.fromkeys(units.input_names, "input") | dict.fromkeys(units.output_names, "output")
    for name in [n for r in ratios for n in (r.name, r.other)] + [share.name for share in shares]:
        if name not in sides:
            close = nearest(name, list(sides), n=1)
            found.append(Finding.error(
                "efficiency_limit_unknown_column", f"权重限制写了“{name}”，它不是投入或产出列。",
                f"A limit names {name}, which is neither an input nor an output.", where=Place(column=name),
                remedy=(f"是否应为“{close[0]}”？", f"Did you mean {close[0]}?") if close else None,
            ))
    for ratio in ratios:
        if len({sides[name] for name in (ratio.name, ratio.other) if name in sides}) > 1:
            found.append(Finding.error(
                "efficiency_limit_mixes_sides", f"“{ratio.name}”与“{ratio.other}”一为投入一为产出，权重之比只能在同一侧设限。",
                f"{ratio.name} and {ratio.other}: one is an input, one an output; a ratio is limited within one side.",
                where=Place(column=ratio.name),
            ))
        found += _of_pair(ratio.name, ratio.low, ratio.high, None)
        if ratio.name == ratio.other:
            found.append(Finding.error("efficiency_limit_of_itself", f"“{ratio.name}”不能与自身设比。",
                                       f"{ratio.name} cannot be limited against itself.", where=Place(column=ratio.name)))
    for share in shares:
        found += _of_pair(share.name, share.low, share.high, 1.0)
    if not found:
        found = _of_sums(shares, units, sides)
    if found:
        raise Refused(found)


def _of_pair(name: str, low: float | None, high: float | None, most: float | None) -> list[Finding]:
    given = [value for value in (low, high) if value is not None]
    wrong = any(not np.isfinite(value) or value < 0 or (most is not None and value > most) for value in given)
    if wrong or (low is not None and high is not None and low > high) or not given:
        span = "0–1" if most is not None else "≥ 0"
        return [Finding.error(
            "efficiency_limit_unusable", f"“{name}”的限制不能用：下限须不大于上限，且在 {span} 之内。",
            f"The limit of {name} cannot be used: the lower must not exceed the upper, within {span}.",
            where=Place(column=name), measured=f"{low}–{high}", required=span,
        )]
    return []


def _of_sums(shares: Sequence[Share], units: Units, sides: dict[str, str]) -> list[Finding]:
    found = []
    for side, names in (("input", units.input_names), ("output", units.output_names)):
        low = dict.fromkeys(names, 0.0)
        high = dict.fromkeys(names, 1.0)
        for share in shares:
            if sides[share.name] == side:
                low[share.name], high[share.name] = max(low[share.name], share.low), min(high[share.name], share.high)
        if sum(low.values()) > 1 + 1e-12 or sum(high.values()) < 1 - 1e-12 or any(low[n] > high[n] for n in names):
            found.append(Finding.error(
                "efficiency_shares_impossible",
                f"占比限制不能同时成立：下限合计 {sum(low.values()):g}，上限合计 {sum(high.values()):g}，而占比合计为 1。",
                f"The share limits cannot hold together: lower limits add to {sum(low.values()):g}, upper to {sum(high.values()):g}, "
                "and shares to 1.",
                where=Place(column="、".join(names)),
                remedy=("放宽下限或上限。", "Widen the limits."),
            ))
        values = units.inputs if side == "input" else units.outputs
        for column, name in enumerate(names):
            for unit in np.flatnonzero(values[:, column] == 0) if low[name] > 0 else ():
                found.append(Finding.error(
                    "efficiency_share_of_zero", f"{units.codes[unit]}：“{name}”为 0，占比不可能达到下限 {low[name]:g}。",
                    f"{units.codes[unit]}: {name} is 0 and cannot reach a share of {low[name]:g}.",
                    where=Place(column=name, path=units.codes[unit]),
                    remedy=("去掉该下限或该单位，或先把指标换算到大于 0 的区间（如 1–100）。",
                            "Drop the lower limit or the unit, or rescale the indicator above zero first (as 1–100)."),
                ))
    return found


def ratio_columns(ratios: Sequence[Ratio], units: Units, scale: Floats) -> Floats:
    """The extra columns (k, m + s) of ratio limits, for columns divided by ``scale`` (m + s,)."""
    names = list(units.input_names + units.output_names)
    rows = []
    for ratio in ratios:
        a, b = names.index(ratio.name), names.index(ratio.other)
        for limit, sign in ((ratio.low, -1.0), (ratio.high, 1.0)):
            if limit is not None:
                row = np.zeros(len(names))
                row[a], row[b] = sign, -sign * limit * scale[a] / scale[b]
                rows.append(row)
    return np.array(rows).reshape(len(rows), len(names))


def share_columns(shares: Sequence[Share], units: Units, amounts: Floats) -> Floats:
    """The extra columns (k, m + s) of share limits for one unit with ``amounts`` (m + s,)."""
    names = list(units.input_names + units.output_names)
    rows = []
    for share in shares:
        a = names.index(share.name)
        is_input = a < len(units.input_names)
        side = np.arange(len(names)) < len(units.input_names)
        whole = np.where(side == is_input, amounts, 0.0)
        for limit, sign in ((share.low, 1.0), (share.high, -1.0)):
            if 0 < limit < 1 or (sign < 0 and limit == 0) or (sign > 0 and limit == 1):
                row = sign * limit * whole
                row[a] -= sign * amounts[a]
                rows.append(row)
    return np.array(rows).reshape(len(rows), len(names))
