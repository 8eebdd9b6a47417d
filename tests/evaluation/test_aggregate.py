"""Weights, their redistribution, means and ranks."""

from __future__ import annotations

import numpy as np
import pytest
from tests.evaluation.factories import a_framework, an_indicator, framework_data

from kouan.evaluation.method import Framework, framework_from_dict
from kouan.evaluation.method.aggregate import (
    aggregate,
    availability,
    ranks,
    weighted_mean,
    weights_in_force,
)

NAN = float("nan")
TOTAL = {"kind": "total", "series": "cars"}


def two_groups() -> Framework:
    """TOP = 0.6 G (A 0.5, B 0.5) + 0.4 H (C 1)."""
    data = framework_data(
        an_indicator("A", TOTAL, parent="G", weight=0.5),
        an_indicator("B", TOTAL, parent="G", weight=0.5),
        an_indicator("C", TOTAL, parent="H", weight=1),
    )
    data["nodes"][0]["level"] = 3
    for code, weight in (("G", 0.6), ("H", 0.4)):
        data["nodes"].append(data["nodes"][0] | {"code": code, "level": 2, "parent": "TOP", "weight": weight})
    return framework_from_dict(data)


ARITHMETIC = {"TOP": "arithmetic", "G": "arithmetic", "H": "arithmetic"}


def one(*points: float) -> np.ndarray:
    """One year, one port."""
    return np.array(points)[None, None, :]


def test_arithmetic_by_hand() -> None:
    found = aggregate(one(80, 40, 10), two_groups(), ARITHMETIC)
    assert found["G"][0, 0] == pytest.approx(60)
    assert found["TOP"][0, 0] == pytest.approx(0.6 * 60 + 0.4 * 10)
    assert list(found)[-1] == "TOP"


def test_an_absent_indicator_leaves_its_weight_to_its_group() -> None:
    found = aggregate(one(80, NAN, 10), two_groups(), ARITHMETIC)
    assert found["TOP"][0, 0] == pytest.approx(0.6 * 80 + 0.4 * 10)
    shares = weights_in_force(np.array([[[True, False, True]]]), two_groups())
    assert shares[0, 0].tolist() == pytest.approx([0.6, 0, 0.4])


def test_an_empty_group_leaves_its_weight_to_the_other_groups() -> None:
    found = aggregate(one(80, 40, NAN), two_groups(), ARITHMETIC)
    assert np.isnan(found["H"][0, 0])
    assert found["TOP"][0, 0] == pytest.approx(60)
    shares = weights_in_force(np.array([[[True, True, False]]]), two_groups())
    assert shares[0, 0].tolist() == pytest.approx([0.5, 0.5, 0])


def test_with_nothing_there_is_no_score_and_no_weight() -> None:
    assert np.isnan(aggregate(one(NAN, NAN, NAN), two_groups(), ARITHMETIC)["TOP"][0, 0])
    assert weights_in_force(np.zeros((1, 1, 3), dtype=bool), two_groups()).sum() == 0


def test_geometric_by_hand() -> None:
    framework = a_framework(an_indicator("A", TOTAL, weight=0.5), an_indicator("B", TOTAL, weight=0.5))
    found = aggregate(one(0, 100), framework, {"TOP": "geometric"})
    assert found["TOP"][0, 0] == pytest.approx(10)  # sqrt(1 · 100) on the scale 1..100
    assert aggregate(one(0, 0), framework, {"TOP": "geometric"})["TOP"][0, 0] == pytest.approx(1)


def test_a_geometric_mean_is_never_above_the_arithmetic_one() -> None:
    points, weights = np.array([20.0, 90.0]), np.array([0.3, 0.7])
    assert weighted_mean(points, weights, "geometric") < weighted_mean(points, weights, "arithmetic")


def test_availability_counts_what_lacks_and_not_what_does_not_apply() -> None:
    framework = two_groups()
    present = np.array([[[True, False, True]]])
    assert availability(present, np.zeros_like(present), framework)[0, 0] == 1
    assert availability(present, ~present, framework)[0, 0] == pytest.approx(0.7)
    assert availability(np.zeros_like(present), np.zeros_like(present), framework)[0, 0] == 0


def test_ranks_stay_within_their_group() -> None:
    scores = np.array([[50.0, 90.0, 70.0, 90.0, NAN]])
    assert ranks(scores, np.array([0, 0, 1, 1, 1])).tolist() == [[2, 1, 2, 1, 0]]
