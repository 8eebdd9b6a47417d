"""Builders for the evaluation tests: small frameworks and cubes in field words."""

from __future__ import annotations

from typing import Any

import numpy as np

from kouan.evaluation.method import Framework, MonthlyCube, framework_from_dict

WORDS = {"zh": "文字", "en": "words"}


def an_indicator(code: str, derive: dict[str, Any], /, **changes: Any) -> dict[str, Any]:
    """One level-1 line under TOP; change any key."""
    line = {
        "code": code,
        "name": {"zh": f"指标{code}", "en": f"indicator {code}"},
        "definition": WORDS,
        "parent": "TOP",
        "level": 1,
        "weight": 1,
        "elements": ["G02-E1"],
        "polarity": "higher",
        "unit": "movements",
        "derive": derive,
        "normalise": "N2",
        "missing": "M2",
        "reference": [10, 1000],
    }
    return line | changes


def framework_data(
    *indicators: dict[str, Any], series: dict[str, list[str]] | None = None, **changes: Any
) -> Any:
    """A framework with one top node over the given indicators, as plain data."""
    data: dict[str, Any] = {
        "code": "small",
        "version": 1,
        "name": WORDS,
        "note": WORDS,
        "weights_origin": WORDS,
        "plan_group": "G02",
        "data": {"largest_estimated_share": 0.1, "look_back": 3, "carried_years": 3},
        "peers": {"rule": WORDS, "smallest": 5},
        "screen": {"smallest_weight": 0.6},
        "treat": {"points": 5, "skew": 2.0, "kurtosis": 3.5},
        "percentiles": [5, 95],
        "decimals": 6,
        "series": {
            code: {"name": WORDS, "unit": "movements", "measures": measures}
            for code, measures in (series or {"cars": ["cars"]}).items()
        },
        "nodes": [
            {
                "code": "TOP",
                "name": WORDS,
                "parent": None,
                "level": 2,
                "weight": 1,
                "elements": ["G02-E1"],
                "aggregate": "arithmetic",
            },
            *(indicators or (an_indicator("A", {"kind": "total", "series": "cars"}),)),
        ],
    }
    return data | changes


def a_framework(*indicators: dict[str, Any], **changes: Any) -> Framework:
    return framework_from_dict(framework_data(*indicators, **changes))


def a_cube(
    values: Any, *, measures: tuple[str, ...] = ("cars",), groups: Any = "g", first_year: int = 2020
) -> MonthlyCube:
    """A cube from (ports, measures, months), or (ports, months) when there is one measure.

    Ports are named p00, p01 …; `groups` is one name for all or a list.
    """
    block = np.asarray(values, dtype=float)
    if block.ndim == 2:
        block = block[:, None, :]
    ports = [f"p{i:02d}" for i in range(block.shape[0])]
    named = dict(zip(ports, [groups] * len(ports) if isinstance(groups, str) else groups, strict=True))
    return MonthlyCube.from_array(
        block, ports=ports, measures=measures, first_year=first_year, groups=named, classes="land"
    )


def steady(*monthly: float, years: int = 1) -> np.ndarray:
    """One port per number, the same figure every month: (ports, months)."""
    return np.repeat(np.array(monthly, dtype=float)[:, None], 12 * years, axis=1)
