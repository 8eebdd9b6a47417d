"""Undesirable outputs, years, the bootstrap and benefit of the doubt."""

from __future__ import annotations

import importlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linprog

from evaluation.efficiency_reference import envelopment, multiplier
from kouan.basis import Refused
from kouan.evaluation.method.efficiency import (
    Model,
    Share,
    Units,
    benefit_of_the_doubt,
    bootstrap,
    evaluate,
    malmquist,
    pie_shares,
)
from kouan.evaluation.method.efficiency.batch import Programmes, Solved, solve
from kouan.evaluation.method.efficiency.bootstrap import bandwidth, drawn


def a_set(seed: int, units: int = 25, spread: float = 0.5) -> Units:
    rng = np.random.default_rng(seed)
    x = np.exp(rng.normal(0, 0.8, (units, 2)))
    y = np.sqrt(x.prod(axis=1, keepdims=True)) * np.exp(-np.abs(rng.normal(0, spread, (units, 2))))
    return Units.of(x, y)


# Undesirable outputs


def test_undesirable_outputs_by_hand() -> None:
    """One input of 1 each. A makes (4, 2 bad), B (3, 3), C (2, 2). With equality on the bad output and free scale:

    C: (1+β)·2 ≤ 4λ_A + 3λ_B + 2λ_C, (1−β)·2 = 2λ_A + 3λ_B + 2λ_C, Σλ ≤ 1. With A alone λ = 1−β and 2+2β = 4(1−β), so
    β = 1/3 and (1−β)/(1+β) = 1/2. B: 3+3β = 4λ_A, 3−3β = 2λ_A gives β = 1/3 at λ_A = 1.
    """
    units = Units.of([[1], [1], [1]], [[4], [3], [2]], [[2], [3], [2]], codes=["A", "B", "C"], undesirable_names=["delay"])
    found = evaluate(units, Model(orientation="directional", slacks=True))
    assert found.step == pytest.approx([0, 1 / 3, 1 / 3], abs=1e-9)
    assert found.efficiency == pytest.approx([1, 0.5, 0.5], abs=1e-9)
    assert found.targets[2] == pytest.approx([2 / 3, 8 / 3, 4 / 3]) and found.targets[1] == pytest.approx([1, 4, 2])
    assert found.peer_codes(1) == ["A"] and found.slacks[:, 2].tolist() == [0, 0, 0]


@pytest.mark.parametrize("returns", ["crs", "vrs"])
def test_weak_disposability_against_scipy(returns: str) -> None:
    """Kuosmanen's (2005) programme written out: each unit's inputs as λ + μ, its outputs as λ."""
    base = a_set(3, units=15)
    bad = np.exp(np.random.default_rng(4).normal(0, 0.5, (15, 1))) * base.outputs[:, :1]
    found = evaluate(Units.of(base.inputs, base.outputs, bad), Model(returns=returns, orientation="directional"))
    for o in range(15):
        idle = np.zeros((15, 15))
        left = np.vstack([
            np.hstack([np.zeros((2, 1)), base.inputs.T, base.inputs.T]),
            np.hstack([base.outputs[o][:, None], -base.outputs.T, idle[:2]]),
        ])
        kept = np.hstack([bad[o], bad[:, 0], idle[0]])
        ones = np.r_[0.0, np.ones(30)]
        equal, bound = (np.vstack([kept, ones]), [bad[o, 0], 1.0]) if returns == "vrs" else (kept[None, :], [bad[o, 0]])
        best = linprog(np.r_[-1.0, np.zeros(30)], A_ub=left, b_ub=np.r_[base.inputs[o], -base.outputs[o]], A_eq=equal, b_eq=bound,
                       bounds=[(None, None)] + [(0, None)] * 30, method="highs-ds")
        assert found.step[o] == pytest.approx(-best.fun, abs=1e-8)


def test_undesirable_outputs_ask_for_a_direction() -> None:
    units = Units.of([[1], [1]], [[4], [3]], [[2], [3]])
    with pytest.raises(Refused) as caught:
        evaluate(units, Model())
    assert [each.code for each in caught.value.findings] == ["efficiency_undesirable_needs_direction"]


# Years


def test_the_index_by_hand() -> None:
    """One input, one output: a frontier is the best ratio y/x, so every part is a quotient of ratios."""
    names = {"codes": ["A", "B"], "input_names": ["berths"], "output_names": ["tonnes"]}
    first, second = Units.of([[2], [4]], [[2], [2]], **names), Units.of([[2], [4]], [[3], [4]], **names)
    # Ratios: A 1 → 1.5 (best in both years), B 0.5 → 1.
    for orientation in ("input", "output"):
        change, = malmquist({2024: second, 2023: first}, orientation)
        assert (change.start, change.end, change.codes) == (2023, 2024, ("A", "B"))
        assert change.index == pytest.approx([1.5, 2.0])
        assert change.catching_up == pytest.approx([1.0, (1 / 1.5) / 0.5])
        assert change.frontier_shift == pytest.approx([1.5, 1.5])
        assert change.pure * change.scale == pytest.approx(change.catching_up)


def test_the_index_against_scipy() -> None:
    first, second = a_set(5), a_set(6)
    change, = malmquist({1: first, 2: second})

    def distance(frontier: Units, point: Units, o: int, is_variable: bool = False) -> float:
        x, y = (np.vstack([p, f]) for p, f in ((point.inputs[o], frontier.inputs), (point.outputs[o], frontier.outputs)))
        return envelopment(x, y, 0, is_variable=is_variable, is_superior=True)

    for o in range(25):
        d11, d12, d21, d22 = (distance(f, p, o) for f, p in ((first, first), (first, second), (second, first), (second, second)))
        assert change.index[o] == pytest.approx(np.sqrt(d12 / d11 * d22 / d21), rel=1e-8)
        assert change.frontier_shift[o] == pytest.approx(np.sqrt(d12 / d22 * d11 / d21), rel=1e-8)
        v11, v12, v21, v22 = (distance(f, p, o, True) for f, p in ((first, first), (first, second), (second, first), (second, second)))
        expected = np.sqrt(v12 / v22 * v11 / v21)
        assert change.pure_shift[o] == pytest.approx(expected, rel=1e-8, nan_ok=True)
        assert change.scale_change[o] == pytest.approx(change.index[o] / (v22 / v11 * expected), rel=1e-8, nan_ok=True)
        assert change.pure[o] == pytest.approx(distance(second, second, o, True) / distance(first, first, o, True), rel=1e-8)


def test_a_year_out_of_reach_is_said_and_a_unit_of_one_year_left_out() -> None:
    """B grows beyond everybody of 2022: with variable returns that year cannot reach it. The index stands."""
    first = Units.of([[2], [4], [3]], [[2], [3], [1]], codes=["A", "B", "G"])
    second = Units.of([[2], [5]], [[2], [6]], codes=["A", "B"])
    change, = malmquist({2022: first, 2023: second})
    assert change.codes == ("A", "B")
    told = {each.code: each.where.path for each in change.findings}
    assert told == {"efficiency_unit_in_one_year": "G", "efficiency_year_out_of_reach": "B"}
    # Ratios: A 1 → 1 against best 1 → 1.2, B 0.75 → 1.2.
    assert change.index == pytest.approx([1.0, 1.6])
    assert np.isnan(change.pure_shift).tolist() == [False, True] == np.isnan(change.scale_change).tolist()
    assert change.pure[0] * change.pure_shift[0] * change.scale_change[0] == pytest.approx(1.0)


def test_a_frontier_that_lacks_an_output_reaches_nobody_who_makes_it() -> None:
    names = {"input_names": ["berths"], "output_names": ["tonnes", "persons"]}
    second = Units.of([[1], [1]], [[2, 1], [1, 1]], codes=["A", "B"], **names)
    with pytest.raises(Refused) as caught:
        malmquist({2022: Units.of([[1], [1]], [[2, 0], [1, 0]], codes=["A", "B"], **names), 2023: second})
    assert {(each.code, each.where.field) for each in caught.value.findings} == {("efficiency_empty_column", "2022")}


def test_what_the_index_refuses() -> None:
    one = a_set(1)
    for years, orientation, code in (
        ({2023: one}, "input", "efficiency_one_year"),
        ({2022: one, 2023: one}, "directional", "efficiency_malmquist_orientation"),
        ({2022: one, 2023: Units.of(one.inputs, one.outputs[:, :1])}, "input", "efficiency_years_differ"),
    ):
        with pytest.raises(Refused) as caught:
            malmquist(years, orientation)
        assert [each.code for each in caught.value.findings] == [code]


# The bootstrap


@pytest.mark.parametrize(("returns", "orientation"), [("crs", "input"), ("vrs", "input"), ("vrs", "output")])
def test_the_bootstrap_by_a_plain_reading_of_its_steps(returns: str, orientation: str) -> None:
    """The same draws, the pseudo-units written out, each unit scored against them by SciPy."""
    units = a_set(21, units=12)
    model = Model(returns=returns, orientation=orientation)
    found = bootstrap(units, model, 5, seed=7)
    steps = evaluate(units, model).step
    draws = drawn(steps, found.bandwidth, 5, np.random.default_rng(7), is_below_one=orientation == "input")
    stars = np.empty((5, 12))
    for b in range(5):
        factor = (steps / draws[b])[:, None]
        x, y = (units.inputs * factor, units.outputs) if orientation == "input" else (units.inputs, units.outputs * factor)
        for o in range(12):
            stars[b, o] = envelopment(np.vstack([units.inputs[o], x]), np.vstack([units.outputs[o], y]), 0, orientation=orientation,
                                      is_variable=returns == "vrs", is_superior=True)
    corrected = 2 * steps - stars.mean(axis=0)
    assert found.corrected == pytest.approx(corrected if orientation == "input" else 1 / corrected, abs=1e-8)
    edges = 2 * steps - np.percentile(stars, [97.5, 2.5], axis=0)
    edges = np.maximum(edges, 0) if orientation == "input" else 1 / edges[::-1]
    assert found.lower == pytest.approx(edges[0], abs=1e-8) and found.upper == pytest.approx(edges[1], abs=1e-8)
    shifted = bootstrap(units, model, 5, seed=7, interval="shifted")
    edges = np.percentile(stars - 2 * (stars.mean(axis=0) - steps), [2.5, 97.5], axis=0)
    edges = np.maximum(edges, 0) if orientation == "input" else 1 / edges[::-1]
    assert shifted.lower == pytest.approx(edges[0], abs=1e-8) and shifted.upper == pytest.approx(edges[1], abs=1e-8)


@pytest.mark.parametrize("returns", ["crs", "vrs"])
@pytest.mark.parametrize("orientation", ["input", "output"])
def test_what_is_not_proved_goes_to_highs(monkeypatch: pytest.MonkeyPatch, returns: str, orientation: str) -> None:
    """The two ways give the same figures."""
    module = importlib.import_module("kouan.evaluation.method.efficiency.bootstrap")
    units, model = a_set(31), Model(returns=returns, orientation=orientation)
    one = bootstrap(units, model, 4, seed=2)
    asked = []

    def unproved(programmes: Programmes) -> Solved:
        solved = solve(programmes)
        asked.append(solved.is_proved.all())
        return replace(solved, is_proved=np.zeros_like(solved.is_proved))

    monkeypatch.setattr(module, "solve", unproved)
    other = bootstrap(units, model, 4, seed=2)
    assert asked == [True] * 4
    assert one.corrected == pytest.approx(other.corrected, abs=1e-9) and one.lower == pytest.approx(other.lower, abs=1e-9)


@given(table=arrays(np.float64, (9, 4), elements=st.integers(1, 4)), factors=arrays(np.float64, 9, elements=st.sampled_from([0.5, 1.0, 2.0])))
@settings(max_examples=25, deadline=None)
def test_what_is_proved_is_true_also_where_everything_ties(table: np.ndarray, factors: np.ndarray) -> None:
    """Small whole numbers: corners where many bases meet. A proof may fail to come; it may not be wrong."""
    inputs, outputs = table[:, :2], table[:, 2:]
    columns = np.hstack([-inputs * factors[:, None], outputs])
    steps, bounds = np.hstack([inputs, np.zeros((9, 2))]), np.hstack([np.zeros((9, 2)), outputs])
    for convex in (False, True):
        kept = np.tile([0] if convex else [0, 2], (9, 1))
        solved = solve(Programmes(columns, steps, bounds, np.arange(9), kept, convex=convex))
        assert solved.is_proved.any()
        for o in np.flatnonzero(solved.is_proved):
            x, y = np.vstack([inputs[o], inputs * factors[:, None]]), np.vstack([outputs[o], outputs])
            assert solved.values[o] == pytest.approx(envelopment(x, y, 0, is_variable=convex, is_superior=True), abs=1e-9)


def test_the_bootstrap_replays_and_brings_scores_nearer_the_truth() -> None:
    """A known frontier y = x: true efficiency is drawn, the estimate lies above it, the correction between them."""
    rng = np.random.default_rng(2)
    x = rng.uniform(1, 9, (60, 1))
    truth = np.exp(-np.abs(rng.normal(0, 0.4, 60))) * 0.98
    units = Units.of(x, x * truth[:, None])
    found = bootstrap(units, Model(returns="vrs"), 100, seed=3)
    again, other = (bootstrap(units, Model(returns="vrs"), 100, seed=seed) for seed in (3, 4))
    assert (found.corrected == again.corrected).all() and (found.lower == again.lower).all()
    assert not np.allclose(found.corrected, other.corrected)
    assert (found.lower <= found.corrected).all() and (found.corrected <= found.upper).all() and (found.upper <= found.efficiency + 1e-9).all()
    assert np.abs(found.corrected - truth).mean() < np.abs(found.efficiency - truth).mean()
    assert found.failed.sum() == 0 and not [each for each in found.findings if each.code == "efficiency_few_replications"]


def test_draws_keep_the_spread_of_the_scores() -> None:
    scores = np.clip(np.random.default_rng(1).beta(5, 2, 400), 0.05, 1)
    scores[:60] = 1
    width = bandwidth(scores)
    draws = drawn(scores, width, 500, np.random.default_rng(2), is_below_one=True)
    assert 0 < width < 0.2 and draws.max() <= 1 and draws.min() > 0
    assert draws.std() == pytest.approx(scores.std(), rel=0.05)
    above = drawn(1 / scores, bandwidth(1 / scores), 500, np.random.default_rng(2), is_below_one=False)
    assert above.min() >= 1


def test_what_the_bootstrap_refuses() -> None:
    units = a_set(1)
    even = Units.of([[1], [2], [3]], [[2], [4], [6]])
    for which, model, options, code in (
        (units, Model(superior=True), {}, "efficiency_bootstrap_model"),
        (units, Model(orientation="directional"), {}, "efficiency_bootstrap_model"),
        (units, Model(shares=(Share("y1", 0.1),)), {}, "efficiency_bootstrap_model"),
        (units, Model(), {"replications": 1}, "efficiency_bootstrap_numbers"),
        (units, Model(), {"confidence": 1.0}, "efficiency_bootstrap_numbers"),
        (units, Model(), {"interval": "bca"}, "efficiency_unknown_choice"),
        (even, Model(), {}, "efficiency_bootstrap_no_spread"),
    ):
        with pytest.raises(Refused) as caught:
            bootstrap(which, model, **{"replications": 10, **options})
        assert [each.code for each in caught.value.findings] == [code]


# Benefit of the doubt


def test_benefit_of_the_doubt_by_hand() -> None:
    """C = (50, 50) against A = (80, 40) and B = (40, 80): equal weights 1/120 are tight at both, so 100/120."""
    table, codes, names = [[80, 40], [40, 80], [50, 50], [0, 60]], ["A", "B", "C", "D"], ["g1", "g2"]
    found = benefit_of_the_doubt(table, codes=codes, names=names)
    assert found.efficiency == pytest.approx([1, 1, 5 / 6, 0.75])
    assert found.multipliers[2, 1:] == pytest.approx([1 / 120, 1 / 120])
    assert pie_shares(found)[2] == pytest.approx([0.5, 0.5]) and pie_shares(found).sum(axis=1) == pytest.approx(1)
    assert [each.code for each in found.findings] == ["efficiency_few_units"]
    # Half and half for everyone: A's weights are 1/2·1/80 and 1/2·1/40 times its score; B would get 0.25 + 1 of it: 4/5.
    even = benefit_of_the_doubt(table[:2], names=names, shares=[Share("g1", 0.5, 0.5)])
    assert even.efficiency == pytest.approx([0.8, 0.8])
    with pytest.raises(Refused) as caught:
        benefit_of_the_doubt(table, codes=codes, names=names, shares=[Share("g1", 0.2)])
    assert [(each.code, each.where.path, each.where.column) for each in caught.value.findings] == [("efficiency_share_of_zero", "D", "g1")]


@given(table=arrays(np.float64, (7, 3), elements=st.floats(1, 100)), low=st.floats(0.05, 0.3), high=st.floats(0.4, 0.9))
@settings(max_examples=20, deadline=None)
def test_benefit_with_shares_by_duality(table: np.ndarray, low: float, high: float) -> None:
    """Shares hold, cost something, and the score is that of the weights' own programme."""
    names = ["g1", "g2", "g3"]
    found = benefit_of_the_doubt(table, names=names, shares=[Share(name, low, high) for name in names])
    free = benefit_of_the_doubt(table, names=names)
    assert (found.efficiency <= free.efficiency + 1e-9).all() and free.efficiency.max() == 1
    parts = pie_shares(found)
    assert parts.min() >= low - 1e-7 and parts.max() <= high + 1e-7
    for o in range(7):
        whole, one = np.r_[0, table[o]], np.diag(np.r_[0, table[o]])[1:]
        limits = np.vstack([low * whole - one, one - high * whole])
        assert found.efficiency[o] == pytest.approx(multiplier(np.ones((7, 1)), table, o, limits), abs=1e-8)
