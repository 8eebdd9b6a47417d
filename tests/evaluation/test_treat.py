"""Winsorising by the skewness-and-kurtosis rule, and the statistics against known values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kouan.evaluation.method.treat import excess_kurtosis, fails_rule, skewness, winsorise

RULE = {"skew": 2.0, "kurtosis": 3.5}
# Figures have six decimals at most (collection refuses finer ones), far from the subnormal numbers that
# lose bits when they are halved.
FIGURES = st.floats(-1e9, 1e9).map(lambda value: round(value, 6))
COLUMNS = arrays(float, st.tuples(st.integers(1, 30), st.integers(1, 3)), elements=FIGURES)


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)[:, None]


def test_statistics_are_those_of_a_spreadsheet() -> None:
    # SKEW and KURT of 3, 4, 5, 2, 3, 4, 5, 6, 4, 7 as the spreadsheet manuals print them.
    sample = column(3, 4, 5, 2, 3, 4, 5, 6, 4, 7)
    assert skewness(sample)[0] == pytest.approx(0.359543071)
    assert excess_kurtosis(sample)[0] == pytest.approx(-0.151799637)


def test_missing_values_do_not_count() -> None:
    assert skewness(column(1, 2, np.nan, 3, 10))[0] == skewness(column(1, 2, 3, 10))[0]


@pytest.mark.parametrize("values", [[], [1], [1, 2], [5, 5, 5, 5, 5], [0.1] * 7])
def test_too_few_values_or_a_constant_never_fail_the_rule(values: list[float]) -> None:
    assert not fails_rule(np.array(values, dtype=float).reshape(-1, 1), **RULE).any()


def test_both_limits_must_be_passed() -> None:
    heavy = column(*range(1, 11), 30, 100)
    assert fails_rule(heavy, **RULE)[0]
    assert not fails_rule(heavy, skew=99, kurtosis=3.5)[0]
    assert not fails_rule(heavy, skew=2, kurtosis=99)[0]


def test_the_low_side_is_treated_when_the_skew_is_low() -> None:
    treated, moved = winsorise(-column(*range(1, 11), 30, 100), points=2, **RULE)
    assert treated[-1, 0] == -30
    assert moved[-1, 0] == -1


def test_no_more_than_the_allowed_points_move() -> None:
    values = column(*([0.0] * 40), 1, 10, 100, 1e3, 1e4, 1e5, 1e6)
    for points in range(6):
        treated, moved = winsorise(values, points=points, **RULE)
        assert np.count_nonzero(moved) <= points
        assert np.count_nonzero(treated != values) <= points


def test_tied_extremes_that_would_pass_the_limit_stay() -> None:
    values = column(*range(30), 5e3, 5e3, 5e3)
    treated, moved = winsorise(values, points=2, **RULE)
    assert (treated == values).all()
    assert not moved.any()
    assert np.count_nonzero(winsorise(values, points=3, **RULE)[1]) == 3


def test_columns_are_treated_each_by_itself() -> None:
    calm, wild = column(*range(12)), column(*range(1, 11), 30, 100)
    together, moved = winsorise(np.hstack([calm, wild]), points=5, **RULE)
    assert (together[:, :1] == calm).all()
    assert (together[:, 1:] == winsorise(wild, points=5, **RULE)[0]).all()
    assert not moved[:, 0].any()


@given(COLUMNS)
def test_treatment_keeps_order_range_and_absence(values: np.ndarray) -> None:
    values[0] = np.nan
    treated, moved = winsorise(values, points=5, **RULE)
    assert (np.isnan(treated) == np.isnan(values)).all()
    for k in range(values.shape[1]):
        before, after = values[1:, k], treated[1:, k]
        order = np.argsort(before, kind="stable")
        assert (np.diff(after[order]) >= 0).all()
        if before.size:
            assert after.min() >= before.min()
            assert after.max() <= before.max()
        assert (moved[1:, k][after == before] <= 1).all()
        assert np.count_nonzero(moved[:, k]) <= 5
        assert (moved[1:, k] != 0)[after != before].all()


@given(COLUMNS, st.sampled_from([2.0**-10, 0.5, 2.0, 1024.0]))
def test_the_unit_does_not_matter(values: np.ndarray, factor: float) -> None:
    # Powers of two are exact in floating point, so nothing but the rule is tested.
    treated, moved = winsorise(values, points=5, **RULE)
    scaled, moved_scaled = winsorise(values * factor, points=5, **RULE)
    assert (scaled == treated * factor).all()
    assert (moved == moved_scaled).all()
