"""Change of productivity over years: the Malmquist index and what it is made of.

With D_s(t) the efficiency (θ, or 1 / φ) of a unit's year t measured against the frontier of year s, from year 1 to 2:

    index = √( D₁(2)/D₁(1) · D₂(2)/D₂(1) )           above 1: more comes out for what goes in
          = catching up D₂(2)/D₁(1)  ·  shift of the frontier √( D₁(2)/D₂(2) · D₁(1)/D₂(1) )
    catching up = pure catching up (variable returns) · scale

Färe, Grosskopf, Norris and Zhang (1994), the index on constant returns. Ray and Desli (1997) split the shift as
well, with V for variable returns:

    index = pure catching up · pure shift √( V₁(2)/V₂(2) · V₁(1)/V₂(1) ) · scale change

Under variable returns one year may not reach another (a unit grown beyond everybody of the year before): then that
unit has no pure shift, and a finding says which year could not reach which. The index itself stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from kouan.basis import Finding, Place, Refused
from kouan.evaluation.method.cube import Floats
from kouan.evaluation.method.efficiency.scores import NEAR_ONE, as_score
from kouan.evaluation.method.efficiency.technology import Orientation, Returns, Technology
from kouan.evaluation.method.efficiency.units import Units


@dataclass(frozen=True)
class Change:
    """From one year to the next, for the units that stand in both (arrays follow ``codes``); NaN where there is no index.

    ``index`` = ``catching_up`` · ``frontier_shift`` = ``pure`` · ``pure_shift`` · ``scale_change``, and
    ``catching_up`` = ``pure`` · ``scale``.
    """

    start: int
    end: int
    codes: tuple[str, ...]
    index: Floats
    catching_up: Floats
    frontier_shift: Floats
    pure: Floats
    scale: Floats
    pure_shift: Floats
    scale_change: Floats
    findings: tuple[Finding, ...]


def malmquist(years: Mapping[int, Units], orientation: str = "input") -> list[Change]:
    """The change between each year and the next one given, oldest first.

    The frontier of a year rests on all units of that year; an index needs the unit in both. Raises ``Refused`` for
    fewer than two years, columns that differ between years, undesirable outputs, or units that cannot be used.
    """
    if orientation not in (Orientation.INPUT, Orientation.OUTPUT):
        raise Refused.because(
            "efficiency_malmquist_orientation", "生产率指数只按投入或产出导向计算。", "The index is for input or output orientation.",
            measured=orientation, required="input, output",
        )
    if len(years) < 2:
        raise Refused.because(
            "efficiency_one_year", "生产率指数至少要两个年度的数据。", "The index needs the figures of two years at the least.",
            measured=len(years), required="≥ 2",
        )
    ordered = sorted(years)
    for year in ordered:
        if years[year].names != years[ordered[0]].names or years[year].undesirable_names:
            raise Refused.because(
                "efficiency_years_differ", f"{year} 年的列与其他年度不同，或含非期望产出；生产率指数要求各年同列。",
                f"The columns of {year} differ from other years, or hold undesirable outputs; the index needs the same columns.",
            )
    if faults := [fault.at(field=str(year)) for year in ordered for fault in years[year].faults()]:
        raise Refused(faults)
    return [_between(a, years[a], b, years[b], Orientation(orientation)) for a, b in pairwise(ordered)]


def _between(start: int, before: Units, end: int, after: Units, orientation: Orientation) -> Change:
    both = [code for code in before.codes if code in set(after.codes)]
    findings = [
        Finding.info(
            "efficiency_unit_in_one_year", f"{code} 只在{year}年有数据，{start}–{end} 年没有指数。",
            f"{code} has figures in {year} only; it has no index for {start}–{end}.", where=Place(path=code),
        )
        for year, one, other in ((start, before, after), (end, after, before))
        for code in one.codes if code not in set(other.codes)
    ]
    points = {year: units.only([units.codes.index(code) for code in both]) for year, units in ((start, before), (end, after))}
    constant = {year: Technology(units, Returns.CONSTANT, orientation) for year, units in ((start, before), (end, after))}
    variable = {year: Technology(units, Returns.VARIABLE, orientation) for year, units in ((start, before), (end, after))}

    def distance(technologies: dict[int, Technology], frontier: int, year: int) -> Floats:
        ends = technologies[frontier].ends(points[year])
        for code, moved in zip(both, ends, strict=True):
            if moved.status != "optimal":
                kind, said = ("规模报酬可变", "variable returns") if technologies is variable else ("规模报酬不变", "constant returns")
                findings.append(Finding.warning(
                    "efficiency_year_out_of_reach",
                    f"{code}：{kind}时，{frontier} 年的前沿够不到它 {year} 年的数（无可行解），相应的分解项空缺。",
                    f"{code}: under {said} the frontier of {frontier} does not reach its figures of {year} (infeasible); "
                    "what rests on it is left empty.",
                    where=Place(path=code),
                ))
        steps = np.array([moved.step for moved in ends])
        steps[np.abs(steps - 1) <= NEAR_ONE] = 1.0
        return as_score(steps, orientation)

    d = {(s, t): distance(constant, s, t) for s in (start, end) for t in (start, end)}
    v = {(s, t): distance(variable, s, t) for s in (start, end) for t in (start, end)}
    catching_up, pure = d[end, end] / d[start, start], v[end, end] / v[start, start]
    shift, pure_shift = (
        np.sqrt(each[start, end] / each[end, end] * each[start, start] / each[end, start]) for each in (d, v)
    )
    index = catching_up * shift
    return Change(start, end, tuple(both), index, catching_up, shift, pure, catching_up / pure, pure_shift,
                  index / (pure * pure_shift), tuple(findings))
