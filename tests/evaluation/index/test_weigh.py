"""Weights against hand calculations and other ways to the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

from kouan.basis import Refused
from kouan.evaluation.method.index import weigh
from kouan.evaluation.method.index.aggregate import topsis

RNG = np.random.default_rng(11)


def test_ahp_of_a_consistent_matrix_gives_its_weights_back() -> None:
    w = np.array([0.5, 0.3, 0.2])
    judged = weigh.ahp(w[:, None] / w[None, :])
    assert np.allclose(judged.weights, w) and judged.consistency_ratio == pytest.approx(0, abs=1e-9)


def test_ahp_of_an_inconsistent_matrix_by_power_iteration() -> None:
    """Another way to the same vector, and CR by its formula with Saaty's random index for five."""
    upper = np.exp(RNG.normal(size=(5, 5)))
    a = np.triu(upper, 1) + np.triu(1 / upper, 1).T + np.eye(5)
    w = np.ones(5)
    for _ in range(500):
        w = a @ w
        w /= w.sum()
    largest = float((a @ w / w).mean())
    judged = weigh.ahp(a)
    assert (
        np.allclose(judged.weights, w)
        and judged.consistency_ratio == pytest.approx((largest - 5) / 4 / 1.12)
        and judged.consistency_ratio > 0.1
    )


def test_judges_are_joined_by_the_geometric_mean() -> None:
    one, other = np.array([[1, 4], [1 / 4, 1]]), np.array([[1, 1.0], [1.0, 1]])
    assert np.allclose(weigh.ahp([one, other]).weights, [2 / 3, 1 / 3])


def test_budgets_are_the_mean_of_shares() -> None:
    assert np.allclose(weigh.budget(np.array([[50, 50], [10, 30.0]])), [0.375, 0.625])
    with pytest.raises(Refused):
        weigh.budget(np.array([[0, 0.0]]))


def test_entropy_by_hand() -> None:
    x = np.array([[1.0, 2.0], [3.0, 2.0], [0.0, 4.0]])
    p = x / x.sum(axis=0)
    e = [-sum(v * np.log(v) for v in column if v) / np.log(3) for column in p.T]
    d = 1 - np.array(e)
    assert np.allclose(weigh.entropy(x), d / d.sum())


def test_critic_by_hand() -> None:
    x = RNG.normal(size=(12, 4))
    unit = (x - x.min(0)) / np.ptp(x, axis=0)
    c = unit.std(axis=0, ddof=1) * (1 - np.corrcoef(unit.T)).sum(axis=0)
    assert np.allclose(weigh.critic(x), c / c.sum())


def test_pca_refuses_mixed_signs_and_fixes_the_sign() -> None:
    z = RNG.normal(size=50)
    x = np.column_stack([z + 0.3 * RNG.normal(size=50) for _ in range(3)])
    assert (weigh.pca(x) > 0).all() and np.linalg.norm(weigh.pca(x)) == pytest.approx(1)
    x[:, 2] *= -1
    with pytest.raises(Refused) as caught:
        weigh.pca(x)
    assert caught.value.findings[0].code == "pca_mixed_signs"
    assert (weigh.pca(x, mixed_signs="keep") < 0).any()


def test_balanced_weights_are_never_negative_and_balance() -> None:
    z = RNG.normal(size=200)
    x = np.column_stack([z + s * RNG.normal(size=200) for s in (0.2, 0.5, 1.0, 2.0)])
    w = weigh.balanced(x)
    y = x @ w
    with_index = [np.corrcoef(y, column)[0, 1] for column in x.T]
    assert (w >= 0).all() and np.ptp(with_index) < 1e-6
    assert (weigh.balanced(np.column_stack([z, -z + 0.1 * RNG.normal(size=200), z])) >= 0).all()


def test_joined_sets() -> None:
    assert np.allclose(weigh.product(np.array([0.5, 0.5]), np.array([0.9, 0.1])), [0.9, 0.1])
    joined = weigh.game([np.array([0.6, 0.4]), np.array([0.2, 0.8])])
    assert joined.sum() == pytest.approx(1) and (joined >= 0).all()


def test_topsis_by_hand() -> None:
    """Closeness with vector normalisation, written out."""
    x = np.array([[7.0, 9, 9], [8, 7, 8], [9, 6, 8]])
    w = np.array([0.5, 0.3, 0.2])
    v = x / np.sqrt((x**2).sum(0)) * w
    near, far = np.linalg.norm(v - v.max(0), axis=1), np.linalg.norm(v - v.min(0), axis=1)
    assert np.allclose(topsis(x, w, scale=True), far / (near + far))
    assert topsis(np.ones((3, 2)), np.ones(2)).tolist() == [0.5, 0.5, 0.5]
