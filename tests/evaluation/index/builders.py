"""Small indices in field words, and the oracle: the same definitions written out in plain Python, one number at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kouan.evaluation.method.index import Framework, Table


def a_framework(
    indicators: int = 4, *, groups: int = 2, directions: Sequence[int] | None = None, **cells: Any
) -> Framework:
    """Indicators i0, i1, … spread over groups g0, g1, … under `top`."""
    signs = directions or [1] * indicators
    rows = [
        {
            "iCode": f"i{k}",
            "Level": "1",
            "Direction": str(signs[k]),
            "Weight": "1",
            "Parent": f"g{k % groups}",
            "Type": "Indicator",
            **{name: str(given[k]) for name, given in cells.items()},
        }
        for k in range(indicators)
    ]
    rows += [
        {"iCode": f"g{g}", "Level": "2", "Weight": "1", "Parent": "top", "Type": "Aggregate"} for g in range(groups)
    ]
    return Framework.from_rows([*rows, {"iCode": "top", "Level": "3", "Type": "Aggregate"}])


def a_table(values: Any, **more: Any) -> Table:
    """Units u0, u1, … with columns i0, i1, …"""
    held = np.asarray(values, dtype=float)
    return Table(tuple(f"u{n}" for n in range(len(held))), tuple(f"i{k}" for k in range(held.shape[1])), held, **more)


def plain_moments(values: Sequence[float]) -> tuple[float, float]:
    """Skewness and excess kurtosis of type 2, from their formulas."""
    n = len(values)
    middle = math.fsum(values) / n
    m2, m3, m4 = (math.fsum((v - middle) ** p for v in values) / n for p in (2, 3, 4))
    g1, g2 = m3 / m2**1.5, m4 / m2**2 - 3
    return g1 * math.sqrt(n * (n - 1)) / (n - 2), ((n + 1) * g2 + 6) * (n - 1) / ((n - 2) * (n - 3))


def plain_treat(values: list[float]) -> list[float]:
    """Winsorise at most five, else log(x − min + 0.01·range) of the untreated column."""

    def bad(column: list[float]) -> bool:
        if max(column) == min(column):
            return False
        skew, kurtosis = plain_moments(column)
        return abs(skew) >= 2 and kurtosis >= 3.5

    column, high, low = list(values), 0, 0
    while bad(column) and high + low < 5:
        if plain_moments(column)[0] >= 0:
            edge = max(column)
            high, inner = column.count(edge), max(v for v in column if v < edge)
        else:
            edge = min(column)
            low, inner = column.count(edge), min(v for v in column if v > edge)
        column = [inner if v == edge else v for v in column]
    if bad(column):
        floor, span = min(values), max(values) - min(values)
        return [math.log(v - floor + 0.01 * span) for v in values]
    return column


def plain_mean(values: Sequence[float], weights: Sequence[float]) -> float:
    """Weighted mean over what is there."""
    there = [(v, w) for v, w in zip(values, weights, strict=True) if v == v]
    return math.fsum(v * w for v, w in there) / math.fsum(w for _, w in there) if there else math.nan


def plain_default_run(
    data: list[dict[str, str]], meta: list[dict[str, str]], group: str
) -> dict[str, dict[str, float]]:
    """COINr's default run from the text of the two files: denominate, group means, treat, min-max 0–100, arithmetic means."""
    columns: dict[str, list[float]] = {}
    for row in meta:
        if row["Type"] != "Indicator":
            continue
        raw = [float(each[row["iCode"]] or "nan") for each in data]
        if row["Denominator"]:
            below = [float(each[row["Denominator"]] or "nan") for each in data]
            raw = [v / d if d else math.nan for v, d in zip(raw, below, strict=True)]
        members = [each[group] for each in data]
        means = {
            one: plain_mean([v for v, g in zip(raw, members, strict=True) if g == one], [1.0] * members.count(one))
            for one in set(members)
        }
        filled = plain_treat([means[g] if v != v else v for v, g in zip(raw, members, strict=True)])
        turned = [v * int(row["Direction"]) for v in filled]
        low, high = min(turned), max(turned)
        columns[row["iCode"]] = [(v - low) / (high - low) * 100 for v in turned]
    for row in sorted((row for row in meta if row["Type"] == "Aggregate"), key=lambda each: int(each["Level"])):
        below = [(each["iCode"], float(each["Weight"])) for each in meta if each["Parent"] == row["iCode"]]
        columns[row["iCode"]] = [
            plain_mean([columns[code][n] for code, _ in below], [w for _, w in below]) for n in range(len(data))
        ]
    return {code: {each["uCode"]: column[n] for n, each in enumerate(data)} for code, column in columns.items()}
