"""All analyses of a result as files: one CSV for each, the findings, and a summary as JSON.

>>> from kouan.evaluation.method.index.analysis.examples import ports
>>> found = analyse(ports())
>>> sorted(found.texts)[:4], found.summary["units"]
(['availability.csv', 'availability_groups.csv', 'components.csv', 'correlations.csv'], 4)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from kouan.basis import Finding, Refused
from kouan.evaluation.method.index.analysis.availability import NAMES as AVAILABLE_NAMES
from kouan.evaluation.method.index.analysis.availability import Available, BySize, availability, by_size
from kouan.evaluation.method.index.analysis.components import Group, Loading, groups
from kouan.evaluation.method.index.analysis.correlations import Pair, correlations
from kouan.evaluation.method.index.analysis.influence import Influence, influences
from kouan.evaluation.method.index.analysis.points import Points, of_year, years_of
from kouan.evaluation.method.index.analysis.redundancy import Redundant, redundancy
from kouan.evaluation.method.index.analysis.reliability import Reliability, reliability
from kouan.evaluation.method.index.analysis.removal import Removal, removals
from kouan.evaluation.method.index.analysis.sheet import csv_text, matrix_text, plain
from kouan.evaluation.method.index.analysis.statistics import NAMES, Column, statistics
from kouan.evaluation.method.index.analysis.strengths import all_units
from kouan.evaluation.method.index.analysis.trend import Trend, trends
from kouan.evaluation.method.index.files import write_whole
from kouan.evaluation.method.index.run import Result

Progress = Callable[[int, int | None, str], None]
PARTS = 6


@dataclass(frozen=True)
class Analysis:
    """``texts``: contents by file name; ``summary``: plain data; ``rows``: what the files hold, by their name without ending."""

    texts: Mapping[str, str]
    summary: Mapping[str, Any]
    findings: tuple[Finding, ...] = ()
    rows: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnitStanding:
    """A strength or weakness of a unit; ``order`` 1, 2, … within its list."""

    unit: str
    kind: str
    order: int
    code: str
    name: str
    group: str
    value: float
    points: float
    place: int
    among: int


def analyse(result: Result, *, year: str | None = None, progress: Progress | None = None) -> Analysis:
    """Do all analyses on one year of a result (the latest, if none is named, with a finding), and trends over all of them.
    ``progress`` is told how many of how many parts are done, and which comes next. Raises Refused for a year that is not """
    tell = progress or (lambda done, total, stage: None)
    findings: list[Finding] = []
    years = years_of(result)
    if len(years) > 1 and year is None:
        year = years[-1]
        findings.append(
            Finding.info(
                "year_chosen",
                f"结果含多个年份，分析 {year} 年；趋势用全部年份。",
                f"The result holds several years: {year} is analysed, trends are over all.",
                measured=year,
                required="、".join(years),
            )
        )
    one = of_year(result, year)
    points = Points.of(one)
    framework = one.framework
    tell(0, PARTS, "statistics")
    raw, told = statistics(one.raw, framework)
    findings += told
    treated, _ = statistics(one.treated, framework)
    present, shares, told = availability(one.raw, framework)
    findings += told
    tell(1, PARTS, "correlations")
    pairs, told = correlations(points)
    findings += told
    tell(2, PARTS, "reliability, components")
    alphas, told = reliability(points)
    findings += told
    grouped, loadings, told = groups(points)
    findings += told
    tell(3, PARTS, "effects")
    removed, places, told = removals(one)
    findings += told
    weights, told = influences(one)
    findings += told
    redundant = redundancy(points, {each.code: each for each in removed})
    tell(4, PARTS, "strengths")
    rows: dict[str, Any] = {
        "statistics": raw,
        "statistics_treated": treated,
        "availability": present,
        "denominators": by_size(one.raw, framework),
        "correlations": pairs,
        "reliability": alphas,
        "components": grouped,
        "loadings": loadings,
        "removal": removed,
        "influence": weights,
        "redundancy": redundant,
        "strengths": _standings(one, "own"),
        "strengths_coinr": _standings(one, "coinr"),
    }
    kinds: dict[str, type] = {
        "statistics": Column,
        "statistics_treated": Column,
        "availability": Available,
        "denominators": BySize,
        "correlations": Pair,
        "reliability": Reliability,
        "components": Group,
        "loadings": Loading,
        "removal": Removal,
        "influence": Influence,
        "redundancy": Redundant,
        "strengths": UnitStanding,
        "strengths_coinr": UnitStanding,
    }
    tell(5, PARTS, "trends")
    if len(years) > 1:
        for name, table in (("trends", result.raw), ("trends_scores", result.scores)):
            try:
                rows[name], told = trends(table, framework)
            except Refused as refused:
                findings += refused.findings
                break
            findings += told if name == "trends" else []
            kinds[name] = Trend
    names = {"statistics": NAMES, "statistics_treated": NAMES, "availability": AVAILABLE_NAMES}
    texts = {f"{name}.csv": csv_text(each, kinds[name], names.get(name)) for name, each in rows.items()}
    texts["availability_groups.csv"] = matrix_text("uCode", one.raw.units, shares)
    texts["removal_places.csv"] = matrix_text("uCode", points.units, {"nominal": points.places[framework.top], **places})
    texts["findings.json"] = json.dumps([each.as_dict() for each in findings], ensure_ascii=False, indent=1) + "\n"
    summary = _summary(one, rows, year)
    texts["summary.json"] = json.dumps(plain(summary), ensure_ascii=False, indent=1) + "\n"
    return Analysis(texts, summary, tuple(findings), rows)


def write(analysis: Analysis, folder: Path) -> list[Path]:
    """Write the files; each is replaced whole, never half written."""
    return [write_whole(folder / name, text) for name, text in analysis.texts.items()]


def _standings(result: Result, rule: str) -> list[UnitStanding]:
    held = all_units(result, rule="coinr" if rule == "coinr" else "own")
    return [
        UnitStanding(
            unit, kind, order, each.code, each.name, each.group, each.value, each.points, each.place, each.among
        )
        for unit, lists in held.items()
        for kind, standings in zip(("strength", "weakness"), lists, strict=True)
        for order, each in enumerate(standings, start=1)
    ]


def _summary(result: Result, rows: Mapping[str, Any], year: str | None) -> dict[str, Any]:
    framework = result.framework
    usual = [pair for pair in rows["correlations"] if pair.kind == "pearson"]
    top = next(each for each in rows["reliability"] if each.code == framework.top)
    removed = sorted(
        (each for each in rows["removal"] if each.level == 1 and np.isfinite(each.mean_shift)),
        key=lambda each: -each.mean_shift,
    )
    return {
        "recipe": result.recipe.recipe,
        "result_digest": result.digest,
        "year": year,
        "units": len(result.scores.units),
        "indicators": len(framework.indicators),
        "outliers": [each.code for each in rows["statistics"] if each.flag_outliers == "OUT"],
        "constant": [each.code for each in rows["statistics"] if each.constant],
        "collinear_in_group": sum(pair.scope == "group" and pair.flag == "collinear" for pair in usual),
        "negative_with_parent": [
            {"code": pair.first, "with": pair.second, "r": pair.r} for pair in usual if pair.scope == "parent" and pair.r < 0
        ],
        "alpha_index": top.alpha,
        "alpha_all_indicators": top.alpha_leaves,
        "redundant": [each.code for each in rows["redundancy"]],
        "most_effect": [{"code": each.code, "mean_shift": each.mean_shift} for each in removed[:5]],
        "least_effect": [{"code": each.code, "mean_shift": each.mean_shift} for each in removed[::-1][:5]],
    }
