"""What was noteworthy in a run of a recipe, as findings: gaps filled and left, columns treated, units without a score."""

from __future__ import annotations

import numpy as np

from kouan.basis import Finding
from kouan.evaluation.method.index.framework import Floats, Framework
from kouan.evaluation.method.index.recipe import Recipe
from kouan.evaluation.method.index.table import Table
from kouan.evaluation.method.index.treat import Treated


def of_mixed_signs(name: str, children: list[str], found: Floats) -> Finding:
    """A principal component whose loadings have both signs gives no weights."""
    said = ", ".join(f"{code} {each:.3f}" for code, each in zip(children, found, strict=True))
    return Finding.warning(
        "pca_mixed_signs",
        f"“{name}”的第一主成分系数有正有负，按配方要求仍作权重：负权重会使变好的指标拉低得分，只宜用于比对。",
        f"The first component of “{name}” has coefficients of both signs and is used all the same, as the recipe asks: a negative weight "
        "lowers the score of who does better. For comparison only.",
        measured=said,
    )


def of_filling(table: Table, filled: np.ndarray, recipe: Recipe) -> list[Finding]:
    """How many gaps were filled, and how."""
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


def of_gaps(framework: Framework, table: Table) -> list[Finding]:
    """Indicators without any data, and the gaps that are left."""
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


def of_treatment(framework: Framework, marks: tuple[Treated, ...]) -> list[Finding]:
    """What became of each column that was treated."""
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


def of_unscored(framework: Framework, scores: Table) -> list[Finding]:
    """The units that have no score."""
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
