"""Running a recipe: screen → denominate → impute → treat → normalise → weigh → aggregate → rank.

`run` makes a result, `replay` makes it again from what was kept and refuses to differ. The order is that of the
OECD/JRC handbook; every intermediate table is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from kouan import __version__
from kouan.basis import Finding, Refused
from kouan.evaluation.method.index import prepare, weigh
from kouan.evaluation.method.index.aggregate import aggregate, placed
from kouan.evaluation.method.index.framework import Floats, Framework
from kouan.evaluation.method.index.normalise import Fixed, Normalisation, normalise
from kouan.evaluation.method.index.recipe import Recipe
from kouan.evaluation.method.index.table import Table
from kouan.evaluation.method.index.treat import Treated, Treatment, treat

# Raised whenever the same recipe could give other figures; a replay under another number says so.
METHOD_VERSION = "1"


@dataclass(frozen=True)
class Result:
    """What a run made. ``scores`` and ``places``: (units, aggregates) in the order of ``framework.aggregates``.
    ``given``: the data as they came, before screening, with groups and denominators."""

    framework: Framework
    recipe: Recipe
    data_digest: str
    raw: Table
    denominated: Table
    imputed: Table
    filled: np.ndarray
    treated: Table
    treatment: tuple[Treated, ...]
    normalised: Table
    weights: Mapping[str, float]
    scores: Table
    places: Table
    findings: tuple[Finding, ...] = ()
    software: Mapping[str, str] = field(default_factory=dict)
    given: Table | None = None

    @property
    def index(self) -> Floats:
        """The points of the top (units,)."""
        return self.scores.column(self.framework.top)

    @property
    def digest(self) -> str:
        """SHA-256 of scores and weights, rounded to the recipe's decimals."""
        found = hashlib.sha256("\x1f".join(self.scores.units + self.scores.columns).encode())
        found.update(np.ascontiguousarray(np.round(self.scores.values, self.recipe.decimals) + 0.0).tobytes())
        found.update(repr([(code, round(each, 12)) for code, each in sorted(self.weights.items())]).encode())
        return found.hexdigest()

    def record(self) -> dict[str, Any]:
        """All that `replay` needs besides the data, as plain data."""
        return {
            "recipe": self.recipe.as_dict(),
            "framework": self.framework.as_rows(),
            "data_digest": self.data_digest,
            "result_digest": self.digest,
            "software": dict(self.software),
            "weights": dict(self.weights),
            "groups": [] if self.given is None else list(self.given.groups),
            "denominators": [] if self.given is None else list(self.given.denominators),
        }


def run(framework: Framework, table: Table, recipe: Recipe) -> Result:
    """Score every unit of a table by a recipe. Raises Refused where the data or a step cannot be used, with the reason."""
    chosen = _fitting(framework, table)
    years = tuple(dict.fromkeys(chosen.times))
    if len(years) > 1 and recipe.years == "each":
        return replace(_year_by_year(framework, chosen, recipe, years), given=chosen)
    return replace(_perform(framework, chosen, recipe), given=chosen)


def replay(record: Mapping[str, Any], table: Table) -> Result:
    """Make a result again. Raises Refused if the data are others, or the result differs after rounding."""
    framework = Framework.from_rows(record["framework"])
    recipe = Recipe.from_dict(record["recipe"])
    chosen = _fitting(framework, table)
    if chosen.digest != record["data_digest"]:
        raise Refused.because(
            "recipe_data_differ",
            "数据与当时所用的数据不一致，不能复算。",
            "These are not the data of the run: it cannot be replayed on them.",
            measured=chosen.digest,
            required=record["data_digest"],
        )
    result = run(framework, table, recipe)
    if result.digest != record["result_digest"]:
        raise Refused.because(
            "replay_differs",
            f"复算结果与原结果不一致（原软件：{dict(record['software'])}，现：{software()}）。",
            f"The replay differs from the result (software then: {dict(record['software'])}, now: {software()}).",
            measured=result.digest,
            required=record["result_digest"],
            remedy=("用原来的软件版本复算。", "Replay with the software of the run."),
        )
    return result


def software() -> dict[str, str]:
    """The versions a result depends on."""
    return {"kouan": __version__, "index_method": METHOD_VERSION, "numpy": np.__version__}


def rules_of_columns(framework: Framework, recipe: Recipe) -> list[Normalisation]:
    """The normalisation of each indicator, in order."""
    own = recipe.normalise.indicators
    usual = recipe.normalise.normalisation()
    return [own[code].normalisation() if code in own else usual for code in framework.indicators]


def treatments_of_columns(framework: Framework, recipe: Recipe) -> list[Treatment | None]:
    """The treatment of each indicator, in order; None: left as it is."""
    if recipe.treat is None:
        return [None] * len(framework.indicators)
    found: list[Treatment | None] = []
    usual = recipe.treat.treatment()
    for code in framework.indicators:
        own = recipe.treat.indicators.get(code)
        found.append(usual if own is None else None if own == "none" else own.treatment())
    return found


def fixed_of(framework: Framework) -> Fixed:
    """Targets and goalposts of the indicators, NaN where there are none."""
    nodes = [framework[code] for code in framework.indicators]
    return Fixed(
        np.array([np.nan if node.target is None else node.target for node in nodes]),
        np.array([node.goalposts or (np.nan, np.nan) for node in nodes]).T.reshape(2, len(nodes)),
    )


def _perform(framework: Framework, table: Table, recipe: Recipe) -> Result:
    _known_codes(framework, recipe)
    digest, findings = table.digest, list[Finding]()
    if recipe.screen is not None:
        table, told = prepare.screen(
            table,
            least_available=recipe.screen.least_available,
            least_nonzero=recipe.screen.least_nonzero,
            force=recipe.screen.force,
        )
        findings += told
    denominated = table
    if recipe.denominate:
        chosen = None if recipe.denominate is True else recipe.denominate
        denominated, told = prepare.denominate(table, framework, chosen)
        findings += told
    imputed, filled = denominated, np.zeros(table.values.shape, dtype=bool)
    if recipe.impute is not None:
        imputed, filled = imputed_table(framework, denominated, recipe)
        findings += _told_of_filling(imputed, filled, recipe)
    findings += _told_of_gaps(framework, imputed)
    values, marks = treat(imputed.values, treatments_of_columns(framework, recipe))
    findings += _told_of_treatment(framework, marks)
    treated = imputed.with_values(values)
    groups = treated.group_codes(recipe.normalise.within)[0] if recipe.normalise.within else None
    points, told = normalise(
        treated.values,
        framework.directions,
        rules_of_columns(framework, recipe),
        groups=groups,
        fixed=fixed_of(framework),
        codes=framework.indicators,
    )
    findings += told
    weights = weights_of(framework, points, recipe, findings)
    columns = aggregate(framework, points, weights, recipe.aggregate.rules(), findings=findings)
    values = np.column_stack([columns[code] for code in framework.aggregates])
    scores = replace(treated, columns=framework.aggregates, values=values)
    findings += _told_of_unscored(framework, scores)
    return Result(
        framework,
        recipe,
        digest,
        table,
        denominated,
        imputed,
        filled,
        treated,
        marks,
        treated.with_values(points),
        weights,
        scores,
        _places(scores, recipe.decimals),
        tuple(findings),
        software(),
    )


def weights_of(
    framework: Framework, points: Floats, recipe: Recipe, findings: list[Finding] | None = None
) -> dict[str, float]:
    """The weight of every node by the recipe; data weights from the lowest level up, on the points below them."""
    wanted = recipe.weigh
    weights = {**framework.given, **wanted.given}
    if wanted.method == "equal":
        weights = dict.fromkeys(weights, 1.0)
    for parent, matrices in wanted.ahp.items():
        stack = np.asarray(matrices, dtype=float)
        judged = weigh.ahp(list(stack) if stack.ndim == 3 else stack)
        if judged.consistency_ratio > wanted.largest_consistency_ratio and findings is not None:
            findings.append(
                Finding.warning(
                    "judgement_inconsistent",
                    f"“{parent}”的判断矩阵一致性比率 {judged.consistency_ratio:.3f}，超过 {wanted.largest_consistency_ratio:g}。",
                    f"The judgements on “{parent}” have a consistency ratio of {judged.consistency_ratio:.3f}, above "
                    f"{wanted.largest_consistency_ratio:g}.",
                    measured=f"{judged.consistency_ratio:.4f}",
                    required=wanted.largest_consistency_ratio,
                    remedy=("请评判者复核判断。", "Ask the judges to look at their judgements again."),
                )
            )
        _set_children(framework, weights, parent, judged.weights)
    for parent, budgets in wanted.budget.items():
        _set_children(framework, weights, parent, weigh.budget(np.asarray(budgets, dtype=float)))
    if wanted.method not in weigh.DATA_METHODS:
        return weights
    for level in sorted(wanted.levels):
        columns = aggregate(framework, points, weights, recipe.aggregate.rules(), up_to=level)
        for parent in framework.aggregates:
            children = [code for code in framework.children(parent) if framework[code].level == level]
            if not children or len(children) != len(framework.children(parent)) or len(children) == 1:
                continue
            try:
                found = weigh.of_data(
                    wanted.method,
                    np.column_stack([columns[code] for code in children]),
                    {"mixed_signs": wanted.mixed_signs},
                )
            except Refused as refused:
                raise Refused([each.at(path=framework[parent].name) for each in refused.findings]) from refused
            if (found < 0).any() and findings is not None:
                findings.append(_told_of_mixed_signs(framework[parent].name, children, found))
            held = np.array([weights[code] for code in children])
            if wanted.joined == "product":
                found = weigh.product(held, found)
            elif wanted.joined == "game":
                found = weigh.game([held / held.sum(), found])
            weights.update(zip(children, found.tolist(), strict=True))
    return weights


def _told_of_mixed_signs(name: str, children: list[str], found: Floats) -> Finding:
    said = ", ".join(f"{code} {each:.3f}" for code, each in zip(children, found, strict=True))
    return Finding.warning(
        "pca_mixed_signs",
        f"“{name}”的第一主成分系数有正有负，按配方要求仍作权重：负权重会使变好的指标拉低得分，只宜用于比对。",
        f"The first component of “{name}” has coefficients of both signs and is used all the same, as the recipe asks: a negative weight "
        "lowers the score of who does better. For comparison only.",
        measured=said,
    )


def _set_children(framework: Framework, weights: dict[str, float], parent: str, found: Floats) -> None:
    if parent not in framework or framework[parent].level == 1:
        raise Refused.because(
            "node_unknown", f"指标体系没有汇总项“{parent}”。", f"The framework has no aggregate “{parent}”."
        )
    children = framework.children(parent)
    if len(children) != len(found):
        raise Refused.because(
            "judgement_size",
            f"“{parent}”有 {len(children)} 个下级，判断给出 {len(found)} 个。",
            f"“{parent}” has {len(children)} children; the judgements are on {len(found)}.",
        )
    weights.update(zip(children, found.tolist(), strict=True))


def _fitting(framework: Framework, table: Table) -> Table:
    """The table with the framework's columns in its order. Raises Refused for columns that are not there."""
    lacking = [code for code in framework.indicators if code not in table.columns]
    if lacking:
        raise Refused.because(
            "indicator_without_data",
            f"数据中没有这些指标的列：{'、'.join(lacking[:8])}。",
            f"The data have no column for these indicators: {', '.join(lacking[:8])}.",
            measured=len(lacking),
        )
    return table if table.columns == framework.indicators else table.select(framework.indicators)


def imputed_table(framework: Framework, table: Table, recipe: Recipe) -> tuple[Table, np.ndarray]:
    """The table with its gaps filled by the recipe, and which cells were filled."""
    wanted = recipe.impute
    if wanted is None:
        return table, np.zeros(table.values.shape, dtype=bool)
    if not wanted.method.startswith("row_"):
        return prepare.impute(table, wanted.method, group=wanted.group, factor=wanted.factor, seed=wanted.seed)
    # A unit's other figures are on other scales: place each column on 0–1 by its direction, fill, and come back.
    low = np.where(np.isnan(table.values), np.inf, table.values).min(axis=0)
    high = np.where(np.isnan(table.values), -np.inf, table.values).max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    unit = (table.values - low) / span
    turned = np.where(framework.directions > 0, unit, 1.0 - unit)
    filled, cells = prepare.impute(table.with_values(turned), wanted.method)
    back = np.where(framework.directions > 0, filled.values, 1.0 - filled.values) * span + low
    return table.with_values(np.where(cells, back, table.values)), cells & np.isfinite(back)


def _places(scores: Table, decimals: int) -> Table:
    values: Floats = np.full((len(scores.units), len(scores.columns)), np.nan)
    times = np.array(scores.times or ("",) * len(scores.units))
    for time in dict.fromkeys(times.tolist()):
        rows = times == time
        for k in range(len(scores.columns)):
            values[rows, k] = placed(scores.values[:, k][rows], decimals)
    return scores.with_values(values)


def _year_by_year(framework: Framework, table: Table, recipe: Recipe, years: tuple[str, ...]) -> Result:
    if recipe.impute is not None and recipe.impute.method in ("last_value", "linear_in_time"):
        # Filling in time looks over all years; the rest is done year by year on what it filled.
        filled, cells = prepare.impute(table, recipe.impute.method, factor=recipe.impute.factor)
        rest = recipe.model_copy(update={"impute": None})
        told = _told_of_filling(filled, cells, recipe)
        result = _year_by_year(framework, filled, rest, years)
        return replace(
            result, recipe=recipe, data_digest=table.digest, raw=table, filled=cells, findings=(*told, *result.findings)
        )
    if recipe.weigh.method in weigh.DATA_METHODS:
        raise Refused.because(
            "years_need_one_weighing",
            "多年数据逐年赋权会使各年不可比。",
            "Weights from the data of each year would make the years incomparable.",
            remedy=("years 改为 jointly，或采用给定权重。", "Set years to jointly, or use given weights."),
        )
    parts = [
        _perform(framework, table.rows([i for i, each in enumerate(table.times) if each == year]), recipe)
        for year in years
    ]
    first = parts[0]

    def joined(name: str) -> Table:
        tables: list[Table] = [getattr(part, name) for part in parts]
        return Table(
            sum((each.units for each in tables), ()),
            tables[0].columns,
            np.vstack([each.values for each in tables]),
            sum((each.names for each in tables), ()),
            {key: sum((each.groups[key] for each in tables), ()) for key in tables[0].groups},
            {key: np.concatenate([each.denominators[key] for each in tables]) for key in tables[0].denominators},
            sum((each.times for each in tables), ()),
        )

    findings = tuple(
        each.at(path=f"{each.where.path or ''}{'，' if each.where.path else ''}{year}")
        for year, part in zip(years, parts, strict=True)
        for each in part.findings
    )
    return replace(
        first,
        data_digest=table.digest,
        findings=findings,
        filled=np.vstack([part.filled for part in parts]),
        raw=joined("raw"),
        denominated=joined("denominated"),
        imputed=joined("imputed"),
        treated=joined("treated"),
        normalised=joined("normalised"),
        scores=joined("scores"),
        places=joined("places"),
    )


def _known_codes(framework: Framework, recipe: Recipe) -> None:
    """Refuse a recipe that names what the framework does not have: a misspelt code must not pass in silence."""
    named = {
        "treat.indicators": (set(recipe.treat.indicators) if recipe.treat else set()) - set(framework.indicators),
        "normalise.indicators": set(recipe.normalise.indicators) - set(framework.indicators),
        "aggregate.nodes": set(recipe.aggregate.nodes) - set(framework.aggregates),
        "aggregate.levels": {
            str(each) for each in recipe.aggregate.levels if each not in framework.levels or each == 1
        },
        "weigh.given": {code for code in recipe.weigh.given if code not in framework},
    }
    findings = [
        Finding.error(
            "recipe_code_unknown",
            f"配方“{where}”提到的“{code}”不在指标体系中。",
            f"“{code}”, named under “{where}”, is not in the framework.",
        )
        for where, codes in named.items()
        for code in sorted(codes)
    ]
    if findings:
        raise Refused(findings)


def _told_of_filling(table: Table, filled: np.ndarray, recipe: Recipe) -> list[Finding]:
    count = int(filled.sum())
    if not count or recipe.impute is None:
        return []
    return [
        Finding.info(
            "cells_imputed",
            f"插补 {count} 个缺项（{recipe.impute.method}）。",
            f"{count} gap(s) were filled ({recipe.impute.method}).",
            measured=count,
        )
    ]


def _told_of_gaps(framework: Framework, table: Table) -> list[Finding]:
    gaps = np.isnan(table.values)
    found = [
        Finding.warning(
            "column_empty",
            f"指标“{framework[code].name}”没有任何数据，不参加汇总。",
            f"The indicator “{framework[code].name}” has no data: it does not count.",
        )
        for code in np.array(framework.indicators)[gaps.all(axis=0)].tolist()
    ]
    left = int(gaps.sum())
    if left:
        found.append(
            Finding.info(
                "gaps_left",
                f"仍有 {left} 个缺项，权重由有数据的指标分担。",
                f"{left} gap(s) remain; the weights go to what is there.",
                measured=left,
            )
        )
    return found


def _told_of_treatment(framework: Framework, marks: tuple[Treated, ...]) -> list[Finding]:
    found = []
    for code, mark in zip(framework.indicators, marks, strict=True):
        name = framework[code].name
        if mark.transform:
            found.append(
                Finding.info(
                    "column_transformed",
                    f"“{name}”缩尾后仍偏斜，改用 {mark.transform} 变换。",
                    f"“{name}” was still skewed after winsorising: transformed by {mark.transform}.",
                )
            )
        elif mark.moved:
            found.append(
                Finding.info(
                    "column_winsorised",
                    f"“{name}”缩尾 {mark.moved} 个值。",
                    f"{mark.moved} value(s) of “{name}” were winsorised.",
                    measured=mark.moved,
                )
            )
        if not mark.passes:
            found.append(
                Finding.warning(
                    "treatment_not_enough",
                    f"“{name}”处理后仍有极端值。",
                    f"“{name}” still has extreme values after treatment.",
                )
            )
    return found


def _told_of_unscored(framework: Framework, scores: Table) -> list[Finding]:
    gone = [scores.units[i] for i in np.nonzero(np.isnan(scores.column(framework.top)))[0]]
    if not gone:
        return []
    return [
        Finding.warning(
            "unit_not_scored",
            f"{len(gone)} 个对象因数据不足没有总分：{'、'.join(gone[:8])}。",
            f"{len(gone)} unit(s) have no score for want of data: {', '.join(gone[:8])}.",
            measured=len(gone),
        )
    ]
