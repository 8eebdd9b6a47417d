"""Every normalisation code at its ends, its middle and beyond."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kouan.evaluation.method.framework import parse_normalisation
from kouan.evaluation.method.normalise import between, on_fixed_scale
from kouan.evaluation.method.peers import counts_in_group, percentiles_in_group

POSITIVE = st.floats(1e-3, 1e12)


def fixed(code: str, *values: float) -> list[float]:
    rule = parse_normalisation(code)
    assert rule is not None
    return on_fixed_scale(np.array(values), rule).tolist()


def place(value: float, low: float, high: float, *, logarithmic: bool = False) -> float:
    return float(between(np.array(value), np.array(low), np.array(high), logarithmic=logarithmic))


def test_n1_and_n2_between_the_ends_and_clipped() -> None:
    assert [place(v, 10, 30) for v in (5, 10, 15, 30, 99)] == [0, 0, 25, 100, 100]
    assert place(100, 10, 1000, logarithmic=True) == pytest.approx(50)
    assert place(0, 10, 1000, logarithmic=True) == 0


def test_when_all_peers_are_alike() -> None:
    for logarithmic in (False, True):
        assert [place(v, 10, 10, logarithmic=logarithmic) for v in (9, 10, 11)] == [0, 50, 100]


def test_absent_stays_absent() -> None:
    assert np.isnan(place(np.nan, 1, 2))
    assert np.isnan(place(np.nan, 1, 2, logarithmic=True))
    assert np.isnan(place(np.nan, 2, 2))


@pytest.mark.parametrize(
    ("code", "values", "points"),
    [
        ("N4(200)", (0, 50, 200, 300), [0, 25, 100, 100]),
        ("N5(60,85;0,120)", (-5, 0, 30, 60, 70, 85, 102.5, 120, 130), [0, 0, 50, 100, 100, 100, 50, 0, 0]),
        ("N6", (0, 40, 100), [0, 40, 100]),
        ("N7", (0, 40, 100), [0, 40, 100]),
        ("N8(2,30)", (1, 2, 16, 30, 31), [100, 100, 50, 0, 0]),
        ("N8(30,2)", (1, 2, 16, 30, 31), [0, 0, 50, 100, 100]),
    ],
)
def test_fixed_scales(code: str, values: tuple[float, ...], points: list[float]) -> None:
    assert fixed(code, *values) == pytest.approx(points)


@pytest.mark.parametrize("code", ["N6", "N7"])
def test_points_outside_their_range_are_refused_not_clipped(code: str) -> None:
    assert np.isnan(fixed(code, -0.1, 100.1)).all()


@given(POSITIVE, POSITIVE, POSITIVE, POSITIVE, st.booleans())
def test_a_better_value_never_gets_fewer_points(
    a: float, b: float, c: float, d: float, logarithmic: bool
) -> None:
    low, high = sorted((a, b))
    worse, better = sorted((c, d))
    points = [place(v, low, high, logarithmic=logarithmic) for v in (worse, better)]
    assert 0 <= points[0] <= points[1] <= 100


@given(POSITIVE, POSITIVE, POSITIVE, st.floats(1e-3, 1e3), st.booleans())
def test_another_unit_gives_the_same_points(
    v: float, a: float, b: float, factor: float, logarithmic: bool
) -> None:
    low, high = sorted((a, b))
    if high < low * 1.001:
        return
    here = place(v, low, high, logarithmic=logarithmic)
    there = place(v * factor, low * factor, high * factor, logarithmic=logarithmic)
    assert there == pytest.approx(here, abs=1e-6)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.floats(0, 100), st.integers(0, 5))
def test_percentiles_are_numpys(values: list[float], percentile: float, gaps: int) -> None:
    padded = np.array([*values, *[np.nan] * gaps]).reshape(1, -1, 1)
    codes = np.zeros(padded.shape[1], dtype=int)
    found = percentiles_in_group(padded, codes, (percentile, 100))
    assert found[0, 0, 0, 0] == pytest.approx(np.percentile(values, percentile), rel=1e-12, abs=1e-9)
    assert found[1, 0, 0, 0] == max(values)


def test_percentiles_and_counts_keep_groups_apart() -> None:
    values = np.array([1.0, 3.0, 100.0, 300.0]).reshape(1, 4, 1)
    codes = np.array([0, 0, 1, 1])
    assert percentiles_in_group(values, codes, (50, 100))[0, 0, :, 0].tolist() == [2, 2, 200, 200]
    assert counts_in_group(values > 1, codes)[0, :, 0].tolist() == [1, 1, 2, 2]


def test_a_group_without_values_has_no_percentile() -> None:
    found = percentiles_in_group(np.full((1, 3, 1), np.nan), np.zeros(3, dtype=int), (5, 95))
    assert np.isnan(found).all()
