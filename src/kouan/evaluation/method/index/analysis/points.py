"""What the analyses look at: the points and places of every node, indicators and aggregates alike, in one year.

A place hangs on the others of the same year, and so do correlations: a result of several years is looked at year by year.

>>> from kouan.evaluation.method.index.analysis.examples import ports
>>> held = Points.of(ports())
>>> held.columns["hours"].tolist(), held.places["hours"].tolist()
([0.0, 50.0, 100.0, 75.0], [4.0, 3.0, 1.0, 2.0])
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from kouan.basis import Refused
from kouan.evaluation.method.index import prepare
from kouan.evaluation.method.index.aggregate import placed
from kouan.evaluation.method.index.framework import Floats, Framework
from kouan.evaluation.method.index.recipe import Recipe
from kouan.evaluation.method.index.run import Result, run
from kouan.evaluation.method.index.table import Table

IN_TIME = ("last_value", "linear_in_time")


@dataclass(frozen=True)
class Points:
    """Points (directed: more is better) and places of every node, (units,) each, in the order of ``units``."""

    framework: Framework
    units: tuple[str, ...]
    names: tuple[str, ...]
    columns: Mapping[str, Floats]
    places: Mapping[str, Floats]

    @classmethod
    def of(cls, result: Result) -> Points:
        """Points of a result of one year. Raises Refused for a result of several (choose one by `of_year`)."""
        years = years_of(result)
        if len(years) > 1:
            raise several_years(years)
        framework = result.framework
        columns = {code: result.normalised.column(code) for code in framework.indicators}
        places = {code: placed(column, result.recipe.decimals) for code, column in columns.items()}
        columns |= {code: result.scores.column(code) for code in framework.aggregates}
        places |= {code: result.places.column(code) for code in framework.aggregates}
        return cls(framework, result.scores.units, result.scores.names or result.scores.units, columns, places)

    def at(self, unit: str) -> int:
        """The row of a unit. Raises Refused where it is not in the result."""
        if unit not in self.units:
            raise unit_unknown(unit, self.units)
        return self.units.index(unit)

    def block(self, codes: tuple[str, ...]) -> Floats:
        """Columns side by side (units, codes)."""
        return np.column_stack([self.columns[code] for code in codes]) if codes else np.empty((len(self.units), 0))

    def places_of(self, codes: tuple[str, ...]) -> Floats:
        """Places side by side (units, codes)."""
        return np.column_stack([self.places[code] for code in codes]) if codes else np.empty((len(self.units), 0))


def years_of(result: Result) -> tuple[str, ...]:
    """The years of a result, in order; empty where its data have none."""
    return tuple(sorted(dict.fromkeys(result.scores.times), key=_as_number))


def of_year(result: Result, year: str | None = None) -> Result:
    """The result in one year. Scored year by year, the year is run again by itself, so that treatment and findings are its own;
    scored jointly, its rows are taken out. ``year`` may be left out where there is only one. Raises Refused for a year that is not there.
    """
    years = years_of(result)
    if not years or (len(years) == 1 and year in (None, years[0])):
        if year is not None and not years:
            raise year_unknown(year, years)
        return result
    if year is None:
        raise several_years(years)
    if year not in years:
        raise year_unknown(year, years)
    if result.recipe.years == "each" and result.given is not None:
        table, recipe = alone(result.given, result.recipe, year)
        found = replace(run(result.framework, table, recipe), recipe=result.recipe)
        given = result.given.rows([i for i, each in enumerate(result.given.times) if each == year])
        found = replace(found, given=given)
        if recipe is result.recipe:
            return found
        raw = given.rows([given.units.index(unit) for unit in found.scores.units])
        return replace(found, raw=raw, filled=np.isnan(raw.values) & np.isfinite(found.imputed.values))
    rows = [i for i, each in enumerate(result.scores.times) if each == year]
    taken = {
        name: getattr(result, name).rows(rows)
        for name in ("raw", "denominated", "imputed", "treated", "normalised", "scores", "places")
    }
    if result.given is not None:
        taken["given"] = result.given.rows([i for i, each in enumerate(result.given.times) if each == year])
    return replace(result, filled=result.filled[rows], **taken)


def alone(table: Table, recipe: Recipe, year: str) -> tuple[Table, Recipe]:
    """The rows of a year and the recipe that scores them as the whole run did: what is filled over the years is filled before."""
    if recipe.impute is not None and recipe.impute.method in IN_TIME:
        table, _ = prepare.impute(table, recipe.impute.method, factor=recipe.impute.factor)
        recipe = recipe.model_copy(update={"impute": None})
    return table.rows([i for i, each in enumerate(table.times) if each == year]), recipe


def unit_unknown(unit: str, units: tuple[str, ...]) -> Refused:
    """The refusal of a unit that has no row."""
    return Refused.because(
        "unit_unknown",
        f"结果中没有评价对象“{unit}”。",
        f"The result has no unit “{unit}”.",
        measured=unit,
        remedy=(f"可用的代码如：{'、'.join(units[:6])}。", f"Known codes are, for example: {', '.join(units[:6])}."),
    )


def year_unknown(year: str, years: tuple[str, ...]) -> Refused:
    """The refusal of a year that has no rows."""
    return Refused.because(
        "year_unknown",
        f"结果中没有年份“{year}”。",
        f"The result has no year “{year}”.",
        required="、".join(years) or "—",
    )


def several_years(years: tuple[str, ...]) -> Refused:
    """The refusal to mix years."""
    return Refused.because(
        "year_wanted",
        f"结果含 {len(years)} 个年份，须指定其中一年。",
        f"The result holds {len(years)} years: one must be chosen.",
        required="、".join(years),
        remedy=("加上 --year。", "Add --year."),
    )


def _as_number(year: str) -> tuple[float, str]:
    try:
        return float(year), year
    except ValueError:
        return np.inf, year
