"""Running a framework over a data cut: derive → screen → peers → treat → normalise → weight → aggregate.

`run` makes a result with its recipe; `replay` makes it again from the recipe and refuses to differ.

The order is that of the OECD/JRC handbook. Every step takes its arguments from the recipe and works on
all years, ports and indicators at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kouan.basis import Refused
from kouan.evaluation.method import aggregate as agg
from kouan.evaluation.method.cube import Floats, MonthlyCube
from kouan.evaluation.method.derive import (
    Context,
    IndicatorTable,
    Reason,
    derive_indicators,
    series_of,
)
from kouan.evaluation.method.framework import RELATIVE_TO_PEERS, Framework, Normalisation
from kouan.evaluation.method.loading import framework_from_dict
from kouan.evaluation.method.normalise import between, on_fixed_scale
from kouan.evaluation.method.notes import Notes
from kouan.evaluation.method.peers import (
    Basis,
    codes_of,
    counts_in_group,
    percentiles_in_group,
    same_group,
)
from kouan.evaluation.method.recipe import Recipe, arguments_of, software, steps_for
from kouan.evaluation.method.result import NotScored, Result
from kouan.evaluation.method.treat import fails_rule, winsorise

Flags = NDArray[np.bool_]
Codes = NDArray[np.intp]


def run(
    framework: Framework,
    cube: MonthlyCube,
    *,
    years: tuple[int, int] | None = None,
    aggregation: str | None = None,
) -> Result:
    """Score every port of the cube for every year from years[0] to years[1] (default: all years of the cube).

    Earlier years of the cube still serve as history. `aggregation` ("arithmetic", "geometric") replaces the
    framework's means; the recipe records it. Raises Refused if the cube lacks a measure or the years.
    """
    span = years or (cube.years[0], cube.years[-1])
    recipe = Recipe(
        framework=framework.as_dict(),
        framework_digest=framework.digest,
        data_digest=cube.digest,
        years=span,
        steps=steps_for(framework, aggregation=aggregation),
        software=software(),
    )
    result = _perform(framework, cube, recipe)
    return replace(result, recipe=replace(recipe, result_digest=result.digest))


def replay(recipe: Recipe, cube: MonthlyCube) -> Result:
    """Make a result again. Raises Refused if the framework was altered, the data are not those of the recipe,
    or the result is not the same to the last bit after rounding."""
    recipe.check_framework()
    if cube.digest != recipe.data_digest:
        raise Refused.because(
            "recipe_data_differ",
            "数据与复算依据记录的数据不一致，不能复算。",
            "These are not the data of the recipe: it cannot be replayed on them.",
            measured=cube.digest,
            required=recipe.data_digest,
            remedy=(
                "按复算依据的数据截止时间重新取数。",
                "Take the data as known at the time of the recipe.",
            ),
        )
    result = _perform(framework_from_dict(recipe.framework), cube, recipe)
    if result.digest != recipe.result_digest:
        raise Refused.because(
            "replay_differs",
            f"复算结果与原结果不一致（原软件版本：{dict(recipe.software)}，现：{software()}）。",
            f"The replay differs from the result (software then: {dict(recipe.software)}, now: {software()}).",
            measured=result.digest,
            required=recipe.result_digest,
            remedy=("用复算依据记录的软件版本复算。", "Replay with the software the recipe names."),
        )
    return result


def _perform(framework: Framework, cube: MonthlyCube, recipe: Recipe) -> Result:
    arguments = arguments_of(recipe.steps, framework)
    first, last = recipe.years
    if not cube.years[0] <= first <= last <= cube.years[-1]:
        raise Refused.because(
            "years_outside_data",
            f"评估年度 {first}–{last} 超出数据范围。",
            f"The years {first}–{last} are not all in the data.",
            required=f"{cube.years[0]}–{cube.years[-1]}",
        )
    framework = replace(framework, **arguments["derive"])
    groups, classes = codes_of(cube.groups), codes_of(cube.classes)
    smallest = int(arguments["peers"]["smallest"])

    series = series_of(cube, framework)
    silent = np.logical_and.reduce([one.months.T == 0 for one in series.values()])
    active = np.logical_or.reduce([one.active.T for one in series.values()])
    enough = counts_in_group(~silent, groups) >= smallest
    peers = np.where(enough[:, :, None], same_group(groups), same_group(classes))
    table = derive_indicators(
        Context(
            framework=framework,
            series=series,
            peers=peers,
            class_peers=np.broadcast_to(same_group(classes), peers.shape),
        )
    )
    window = slice(first - cube.years[0], last - cube.years[0] + 1)
    table = IndicatorTable(*(block[window] for block in vars(table).values()))
    table = _refuse_out_of_range(table, framework)
    silent, active = silent[window], active[window]

    scored, available, why = _screen(table, framework, silent, active, arguments["screen"])
    raw = np.where(scored[:, :, None], table.values, np.nan)
    notes = Notes(framework, tuple(range(first, last + 1)))
    basis, count = _ladder(raw, framework, groups, classes, smallest)
    treated, in_class, moved = _treat(raw, framework, groups, classes, basis, arguments["treat"], notes, cube)
    normalised, low, high = _normalise(
        treated, in_class, framework, groups, classes, basis, arguments["normalise"]
    )
    notes.of_normalising(cube, basis, low, high, table.reasons)

    present = np.isfinite(normalised)
    points = agg.aggregate(normalised, framework, arguments["aggregate"]["rules"])
    decimals = int(arguments["aggregate"]["decimals"])
    score = np.round(points[framework.top.code], decimals)
    members = counts_in_group(scored, groups)
    in_group = members >= smallest
    return Result(
        framework=framework,
        recipe=recipe,
        years=notes.years,
        ports=cube.ports,
        groups=cube.groups,
        classes=cube.classes,
        raw=table.values,
        treated=treated,
        normalised=normalised,
        low=low,
        high=high,
        reasons=table.reasons,
        winsorised=moved,
        basis=basis,
        peers=count,
        weights=agg.weights_in_force(present, framework),
        published=table.published,
        estimated_share=table.estimated_share,
        aggregates=points,
        score=score,
        rank=np.where(in_group, agg.ranks(score, groups), agg.ranks(score, classes)),
        rank_of=np.where(in_group, members, counts_in_group(scored, classes)),
        rank_basis=np.where(in_group, Basis.GROUP, Basis.CLASS).astype(np.int8),
        availability=available,
        not_scored=why,
        findings=notes.findings(),
    )


def _refuse_out_of_range(table: IndicatorTable, framework: Framework) -> IndicatorTable:
    """A score or checklist share outside 0..100 is a fault of the figure: it is lacking, not clipped."""
    values, reasons = table.values.copy(), table.reasons.copy()
    for i, node in enumerate(framework.indicators):
        if node.normalise is not None and node.normalise.code in ("N6", "N7"):
            bad = np.isfinite(values[:, :, i]) & ~np.isfinite(on_fixed_scale(values[:, :, i], node.normalise))
            reasons[:, :, i][bad] = Reason.OUT_OF_RANGE
            values[:, :, i][bad] = np.nan
    return replace(table, values=values, reasons=reasons)


def _screen(
    table: IndicatorTable, framework: Framework, silent: Flags, active: Flags, arguments: Mapping[str, Any]
) -> tuple[Flags, Floats, NDArray[np.int8]]:
    """Which ports are scored (years, ports), the share of the data they have, and why the others are not."""
    present = table.reasons == Reason.PRESENT
    lacking = (table.reasons >= Reason.INCOMPLETE) & (table.reasons <= Reason.OUT_OF_RANGE)
    available = agg.availability(present, lacking, framework)
    why = np.where(available < arguments["smallest_weight"], NotScored.TOO_LITTLE_DATA, NotScored.SCORED)
    why = np.where(~active, NotScored.NO_TRAFFIC, why)
    why = np.where(silent, NotScored.NOTHING_PUBLISHED, why).astype(np.int8)
    return why == NotScored.SCORED, available, why


def _ladder(
    raw: Floats, framework: Framework, groups: Codes, classes: Codes, smallest: int
) -> tuple[NDArray[np.int8], NDArray[np.int_]]:
    """For every value: against whom it is placed (`Basis`), and how many they are."""
    present = np.isfinite(raw)
    in_group, in_class = counts_in_group(present, groups), counts_in_group(present, classes)
    basis = np.where(
        in_group >= smallest, Basis.GROUP, np.where(in_class >= smallest, Basis.CLASS, Basis.REFERENCE)
    )
    relative = np.array([_rule(node.normalise).code in RELATIVE_TO_PEERS for node in framework.indicators])
    basis = np.where(relative, basis, Basis.FIXED)
    basis = np.where(present, basis, Basis.NONE).astype(np.int8)
    count = np.where(basis == Basis.GROUP, in_group, np.where(basis == Basis.CLASS, in_class, 0))
    return basis, count


def _treat(
    raw: Floats,
    framework: Framework,
    groups: Codes,
    classes: Codes,
    basis: NDArray[np.int8],
    arguments: Mapping[str, Any],
    notes: Notes,
    cube: MonthlyCube,
) -> tuple[Floats, Floats, NDArray[np.int8]]:
    """Winsorise the N2 and N3 indicators within the peers of each value. N1's logarithm is its treatment.

    Returns the values treated among the peers of their `basis`, the same treated in the whole class (from which
    the class's percentiles are taken), and which values moved.
    """
    treated, in_class, moved = raw.copy(), raw.copy(), np.zeros(raw.shape, dtype=np.int8)
    chosen = [i for i, node in enumerate(framework.indicators) if _rule(node.normalise).code in ("N2", "N3")]
    if not chosen:
        return treated, in_class, moved
    limits = {"skew": float(arguments["skew"]), "kurtosis": float(arguments["kurtosis"])}
    for codes, names, step in ((groups, cube.groups, Basis.GROUP), (classes, cube.classes, Basis.CLASS)):
        for code in range(int(codes.max()) + 1):
            members = np.nonzero(codes == code)[0]
            block = raw[:, members][:, :, chosen]
            years, ports, kinds = block.shape
            # One column per year and indicator.
            columns = block.transpose(1, 0, 2).reshape(ports, years * kinds)
            after, shift = winsorise(columns, points=int(arguments["points"]), **limits)
            left = fails_rule(after, **limits).reshape(years, kinds)
            here = basis[:, members][:, :, chosen] == step
            for y, k in zip(*np.nonzero(left & here.any(axis=1)), strict=True):
                notes.add("treatment_not_enough", chosen[k], names[members[0]], int(y))
            values = after.reshape(ports, years, kinds).transpose(1, 0, 2)
            shifts = shift.reshape(ports, years, kinds).transpose(1, 0, 2)
            for k, i in enumerate(chosen):
                treated[:, members, i] = np.where(here[:, :, k], values[:, :, k], treated[:, members, i])
                moved[:, members, i] = np.where(here[:, :, k], shifts[:, :, k], moved[:, members, i])
                if step == Basis.CLASS:
                    in_class[:, members, i] = values[:, :, k]
    return treated, in_class, moved


def _normalise(
    treated: Floats,
    in_class: Floats,
    framework: Framework,
    groups: Codes,
    classes: Codes,
    basis: NDArray[np.int8],
    arguments: Mapping[str, Any],
) -> tuple[Floats, Floats, Floats]:
    """Points (years, ports, indicators), and the two ends of the scale each value was placed on."""
    rules = [_rule(node.normalise) for node in framework.indicators]
    percentiles = (float(arguments["percentiles"][0]), float(arguments["percentiles"][1]))
    logarithmic = np.array([rule.code == "N1" for rule in rules])
    # A zero has no logarithm, so N1 takes its percentiles of the values above zero; zero itself gives 0 points.
    no_log = logarithmic & ~(np.nan_to_num(treated) > 0)
    by_group = percentiles_in_group(np.where(no_log, np.nan, treated), groups, percentiles)
    by_class = percentiles_in_group(np.where(no_log, np.nan, in_class), classes, percentiles)
    fixed = np.array([node.reference or (np.nan, np.nan) for node in framework.indicators]).T[
        :, None, None, :
    ]
    ends = np.where(basis == Basis.GROUP, by_group, np.where(basis == Basis.CLASS, by_class, fixed))
    ends = np.where((basis == Basis.NONE) | (basis == Basis.FIXED), np.nan, ends)
    # All peers at zero: no percentile above zero exists, so the fixed values hold.
    ends = np.where(np.isnan(ends) & (basis != Basis.NONE) & (basis != Basis.FIXED), fixed, ends)
    points = np.empty(treated.shape)
    for i, rule in enumerate(rules):
        column = treated[:, :, i]
        if rule.code in RELATIVE_TO_PEERS:
            placed = between(column, ends[0, :, :, i], ends[1, :, :, i], logarithmic=rule.code == "N1")
            points[:, :, i] = 100.0 - placed if rule.code == "N3" else placed
        else:
            points[:, :, i] = on_fixed_scale(column, rule)
    return points, ends[0], ends[1]


def _rule(rule: Normalisation | None) -> Normalisation:
    if rule is None:  # the loader lets no indicator pass without one
        raise ValueError("an indicator without a normalisation code")
    return rule
