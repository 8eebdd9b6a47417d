"""Rank reversal: does the order of the others change when a unit leaves?

Min-max, z-scores, treatment and TOPSIS look at all units, so that one that leaves can turn two others round. Every unit is
left out in turn, the recipe is run on the rest, and the pairs of the others that turned are counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kouan.basis import Refused
from kouan.evaluation.method.index.framework import Framework
from kouan.evaluation.method.index.recipe import Recipe
from kouan.evaluation.method.index.run import run
from kouan.evaluation.method.index.table import Table


@dataclass(frozen=True)
class Reversal:
    """For the unit that left: how many pairs of the others turned round, of how many; the worst change of place; or why not run."""

    unit: str
    turned: int
    pairs: int
    largest_shift: int
    failed: str = ""


def reversals(framework: Framework, table: Table, recipe: Recipe, *, progress: object = None) -> list[Reversal]:
    """One row for each unit, the worst first. Pairs that tie before or after do not count as turned."""
    whole = run(framework, table, recipe)
    places = dict(zip(whole.scores.units, whole.places.column(framework.top), strict=True))
    found = []
    for at, unit in enumerate(table.units):
        rest = table.rows([i for i in range(len(table.units)) if i != at])
        try:
            after = run(framework, rest, recipe)
        except Refused as refused:
            found.append(Reversal(unit, 0, 0, 0, refused.findings[0].code))
            continue
        before = np.array([places.get(each, np.nan) for each in after.scores.units])
        now = after.places.column(framework.top)
        known = np.isfinite(before) & np.isfinite(now)
        before, now = before[known], now[known]
        signs = np.sign(before[:, None] - before[None, :]) * np.sign(now[:, None] - now[None, :])
        # A place after the one that left moves up by one without any reversal.
        expected = before - (before > places.get(unit, np.inf))
        size = len(before)
        found.append(
            Reversal(
                unit, int((signs < 0).sum() // 2), size * (size - 1) // 2, int(np.abs(now - expected).max(initial=0))
            )
        )
        if callable(progress):
            progress(at + 1, len(table.units))
    return sorted(found, key=lambda each: (-each.turned, -each.largest_shift, each.unit))
