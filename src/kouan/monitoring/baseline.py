"""The headline figures of 2016–2020 that the plan itself states (R-001; 规划 一).

>>> by_id = {each.id: each for each in baseline()}
>>> by_id["B-07"].value, by_id["B-07"].unit_zh
('313', '个')
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

# Cargo, trade value, persons, conveyances: 13 五 headline figures of the whole nation.
HEADLINES = ("B-01", "B-02", "B-03", "B-04")
APPROVED_PORTS = "B-07"


@dataclass(frozen=True, slots=True)
class BaselineFigure:
    """One figure as the plan prints it. ``value`` is text: some hold several numbers."""

    id: str
    metric: str
    name_zh: str
    name_en: str
    value: str
    unit_zh: str
    unit_en: str
    value_base: str
    period: str
    section: str
    quote: str


@cache
def baseline() -> tuple[BaselineFigure, ...]:
    """All 33 figures, in the plan's order."""
    with (files("kouan.monitoring") / "data" / "baseline_13fyp.csv").open(encoding="utf-8") as file:
        return tuple(
            BaselineFigure(
                row["id"], row["metric"], row["name_zh"], row["name_en"], row["value"], row["unit_zh"],
                row["unit_en"], row["value_base"], row["period"], row["source_section"], row["source_quote"],
            )
            for row in csv.DictReader(file)
        )


def figure(id: str) -> BaselineFigure:
    """One figure by its number in the plan's table (KeyError if there is none)."""
    for each in baseline():
        if each.id == id:
            return each
    raise KeyError(id)


def headlines() -> tuple[BaselineFigure, ...]:
    """The four sums of 2016–2020."""
    return tuple(figure(id) for id in HEADLINES)
