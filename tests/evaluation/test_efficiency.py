"""DEA scores against textbook sums, against SciPy, and against what must hold of any data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evaluation.efficiency_reference import envelopment, multiplier
from kouan.basis import Refused
from kouan.evaluation.method.efficiency import Model, Ratio, Share, Technology, Units, evaluate
from kouan.evaluation.method.efficiency.slacks import SecondPhase

# Cooper, Seiford and Tone (2007), examples 2.2 and 3.2: two inputs, one output of 1. Corners C, D, E; F is weakly efficient.
BRANCHES = Units.of([[4, 3], [7, 3], [8, 1], [4, 2], [2, 4], [10, 1]], [[1]] * 6, codes=list("ABCDEF"),
                    input_names=["staff", "area"], output_names=["sales"])


def a_set(seed: int, units: int = 30, inputs: int = 3, outputs: int = 2) -> Units:
    rng = np.random.default_rng(seed)
    x = np.exp(rng.normal(0, 0.8, (units, inputs)))
    y = x.prod(axis=1, keepdims=True) ** (1 / inputs) * np.exp(rng.normal(0, 0.5, (units, outputs)))
    return Units.of(x, y)


def test_the_textbooks_branches() -> None:
    """θ, peers, intensities and slacks worked by hand: A on the line DE, B on CD, F beside C."""
    found = evaluate(BRANCHES, Model(slacks=True))
    assert found.efficiency == pytest.approx([6 / 7, 12 / 19, 1, 1, 1, 1], abs=1e-12)
    assert [found.peer_codes(i) for i in range(6)] == [["D", "E"], ["D", "C"], ["C"], ["D"], ["E"], ["C"]]
    assert [share for _, share in found.peers[0]] == pytest.approx([5 / 7, 2 / 7])
    assert [share for _, share in found.peers[1]] == pytest.approx([17 / 19, 2 / 19])
    assert found.slacks[5] == pytest.approx([2, 0, 0])
    assert (found.slacks[:5] == 0).all()
    assert found.targets[0] == pytest.approx([4 * 6 / 7, 3 * 6 / 7, 1])
    assert found.is_efficient.tolist() == [False, False, True, True, True, False]
    # The weights of A: v·x = 1 and u·y = θ.
    assert found.multipliers[0] @ [4, 3, 0] == pytest.approx(1)
    assert found.multipliers[0, 2] == pytest.approx(6 / 7)


def test_the_textbooks_super_efficiency() -> None:
    """Worked by hand: each corner against the line of its neighbours."""
    found = evaluate(BRANCHES, Model(superior=True))
    # D = (4, 2) against C (8, 1) and E (2, 4): 8λ + 2(1−λ) = 4θ, λ + 4(1−λ) = 2θ, so θ = 1.25 at λ = 1/2.
    assert found.efficiency[3] == pytest.approx(1.25)
    # C = (8, 1) against D and F (10, 1): 4λ + 10(1−λ) = 8θ, 1 + λ = θ, so θ = 8/7. E = (2, 4): staff of D binds, θ = 2.
    assert found.efficiency[2] == pytest.approx(8 / 7)
    assert found.efficiency[4] == pytest.approx(2)
    assert found.efficiency[:2] == pytest.approx([6 / 7, 12 / 19])


def test_a_unit_that_nobody_else_reaches_has_no_super_efficiency() -> None:
    """Variable returns, inputs: the unit with the largest output. It says so; it is neither 1 nor infinite."""
    units = Units.of([[2], [3], [5]], [[1], [3], [4]], codes=["A", "B", "C"])
    found = evaluate(units, Model(returns="vrs", superior=True))
    assert np.isnan(found.efficiency).tolist() == [False, False, True]
    assert found.efficiency[0] == pytest.approx(1.5) and found.peers[2] == ()
    told = [each for each in found.findings if each.code == "efficiency_infeasible"]
    assert [each.where.path for each in told] == ["C"] and told[0].message.zh and told[0].remedy
    # With constant returns every unit is reached.
    assert np.isfinite(evaluate(units, Model(superior=True)).efficiency).all()


@pytest.mark.parametrize("is_variable", [False, True])
@pytest.mark.parametrize("orientation", ["input", "output", "directional"])
@pytest.mark.parametrize("is_superior", [False, True])
def test_against_scipy(orientation: str, is_variable: bool, is_superior: bool) -> None:
    units = a_set(3)
    found = evaluate(units, Model(returns="vrs" if is_variable else "crs", orientation=orientation, superior=is_superior))
    expected = [envelopment(units.inputs, units.outputs, o, orientation=orientation, is_variable=is_variable, is_superior=is_superior)
                for o in range(30)]
    assert np.isnan(found.step).tolist() == np.isnan(expected).tolist()
    assert found.step == pytest.approx(np.array(expected), abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("orientation", ["input", "output", "directional"])
@pytest.mark.parametrize("returns", ["crs", "vrs"])
def test_side_by_side_and_one_by_one_agree(monkeypatch: pytest.MonkeyPatch, returns: str, orientation: str) -> None:
    """Plain scores are solved together where they can be proved; HiGHS alone gives the same, zeros included."""
    units = a_set(23, units=40)
    units.outputs[::3, 0] = 0
    model = Model(returns=returns, orientation=orientation, slacks=True)
    one = evaluate(units, model)
    monkeypatch.setattr(Technology, "is_plain", False)
    other = evaluate(units, model)
    assert one.step == pytest.approx(other.step, abs=1e-9)
    assert one.slacks.sum(axis=1) == pytest.approx(other.slacks.sum(axis=1), abs=1e-6)


@pytest.mark.parametrize("returns", ["crs", "vrs"])
def test_units_of_very_unequal_size(returns: str) -> None:
    """Eight orders of magnitude between ports: the small ones are as exact as the large ones."""
    rng = np.random.default_rng(8)
    units = a_set(5)
    x, y = units.inputs * 10 ** rng.uniform(-4, 4, (30, 1)), units.outputs * 10 ** rng.uniform(-4, 4, (30, 1))
    found = evaluate(Units.of(x, y), Model(returns=returns))
    expected = [envelopment(x, y, o, is_variable=returns == "vrs") for o in range(30)]
    assert found.efficiency == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("returns", ["crs", "vrs"])
def test_the_slacks_are_the_greatest_there_are(returns: str) -> None:
    """The second phase by SciPy, with the inputs held at θ·x."""
    from scipy.optimize import linprog

    units = a_set(11, units=20)
    found = evaluate(units, Model(returns=returns, slacks=True))
    a = np.vstack([units.inputs.T, -units.outputs.T])
    for o in range(20):
        bound = np.r_[found.efficiency[o] * units.inputs[o], -units.outputs[o]] + 1e-10
        more = {"A_eq": np.ones((1, 20)), "b_eq": [1.0]} if returns == "vrs" else {}
        best = linprog(a.sum(axis=0), A_ub=a, b_ub=bound, method="highs-ds", **more)
        assert found.slacks[o].sum() == pytest.approx(bound.sum() - best.fun, abs=1e-7)


@pytest.mark.parametrize("orientation", ["input", "output", "directional"])
@pytest.mark.parametrize("returns", ["crs", "vrs"])
def test_targets_are_efficient(orientation: str, returns: str) -> None:
    """Each target, taken in as one more unit, is efficient and leaves no slack."""
    units = a_set(7, units=15)
    model = Model(returns=returns, orientation=orientation, slacks=True)
    found = evaluate(units, model)
    targets = np.vstack([units.values, found.targets])
    again = evaluate(Units.of(targets[:, :3], targets[:, 3:]), model)
    assert again.efficiency[15:] == pytest.approx(1, abs=1e-7)
    assert again.slacks[15:] == pytest.approx(0, abs=1e-6)


def test_slacks_of_a_small_unit_among_large_ones() -> None:
    """D is like E in ten-billionths: it uses 0.15 of the second input where C, as large, uses 0.1."""
    units = Units.of([[1e9, 1e9], [2e9, 2e9], [0.1, 0.1], [0.1, 0.15], [1e9, 1.5e9]], [[1e9], [2.5e9], [0.1], [0.1], [1e9]])
    constant, variable = (evaluate(units, Model(returns=returns, slacks=True)) for returns in ("crs", "vrs"))
    assert constant.efficiency == pytest.approx([0.8, 1, 0.8, 0.8, 0.8])
    assert constant.slacks[3] == pytest.approx([0, 0.04, 0], rel=1e-6) and constant.slacks[4] == pytest.approx([0, 0.4e9, 0], rel=1e-6)
    # Variable returns: C is the smallest of all and efficient, D only weakly so; A and E lie on the line from C to B.
    assert variable.efficiency[[1, 2, 3]].tolist() == [1, 1, 1]
    assert variable.slacks[3] == pytest.approx([0, 0.05, 0], rel=1e-6)
    assert variable.efficiency[4] == pytest.approx(0.8) and variable.slacks[4] == pytest.approx([0, 0.4e9, 0], rel=1e-6)
    assert variable.is_efficient.tolist() == [False, True, True, False, False]


def test_an_answer_that_is_not_proved_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Technology, "is_plain", False)
    monkeypatch.setattr(Technology, "_is_sound", lambda *_: False)
    found = evaluate(BRANCHES, Model(slacks=True))
    assert np.isnan(found.efficiency).all() and np.isnan(found.slacks).all() and not found.is_efficient.any()
    told = [each for each in found.findings if each.is_error]
    assert {each.code for each in told} == {"efficiency_unsolved"} and [each.where.path for each in told] == list("ABCDEF")


def test_slacks_that_cannot_be_relied_on_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Technology, "is_plain", False)
    plain = evaluate(BRANCHES, Model())
    monkeypatch.setattr(SecondPhase, "_asked", lambda self, programme, target, width, without: replace(
        programme.solve(None, target, without=without), status="unsolved"))
    found = evaluate(BRANCHES, Model(slacks=True))
    assert found.efficiency == pytest.approx(plain.efficiency, abs=1e-12) and np.isnan(found.slacks).all() and np.isnan(found.targets).all()
    assert [each.where.path for each in found.findings if each.code == "efficiency_no_slacks"] == list("ABCDEF")
    assert found.peers == plain.peers


tables = arrays(np.float64, (8, 4), elements=st.floats(0.1, 100))


@given(table=tables, factors=arrays(np.float64, 4, elements=st.floats(1e-5, 1e5)))
@settings(max_examples=25, deadline=None)
def test_units_of_measurement_do_not_matter(table: np.ndarray, factors: np.ndarray) -> None:
    for returns in ("crs", "vrs"):
        model = Model(returns=returns, slacks=True, slack_weights="mean")
        one, other = (evaluate(Units.of(t[:, :2], t[:, 2:]), model) for t in (table, table * factors))
        assert one.efficiency == pytest.approx(other.efficiency, abs=1e-9)
        assert (one.slacks / table.mean(axis=0)).sum(axis=1) == pytest.approx((other.slacks / (table * factors).mean(axis=0)).sum(axis=1), abs=1e-6)


@given(table=tables)
@settings(max_examples=25, deadline=None)
def test_variable_returns_never_score_lower_and_orientations_agree(table: np.ndarray) -> None:
    units = Units.of(table[:, :2], table[:, 2:])
    constant, variable, output, way = (
        evaluate(units, Model(returns=r, orientation=o)).efficiency
        for r, o in (("crs", "input"), ("vrs", "input"), ("crs", "output"), ("crs", "directional"))
    )
    assert (variable >= constant - 1e-9).all()
    assert (variable <= 1).all() and variable.max() == 1 and constant.max() == 1
    # With constant returns θ = 1/φ, and the move by β in both gives (1 − β)/(1 + β) = θ.
    assert output == pytest.approx(constant, abs=1e-8)
    assert way == pytest.approx(constant, abs=1e-8)


@given(table=tables, worse=st.floats(1.01, 3), chosen=st.integers(0, 7), order=st.permutations(range(8)))
@settings(max_examples=25, deadline=None)
def test_a_dominated_unit_changes_nothing_nor_does_the_order(table: np.ndarray, worse: float, chosen: int, order: list[int]) -> None:
    for returns in ("crs", "vrs"):
        before = evaluate(Units.of(table[:, :2], table[:, 2:]), Model(returns=returns)).efficiency
        more = np.vstack([table, np.r_[table[chosen, :2] * worse, table[chosen, 2:]]])
        after = evaluate(Units.of(more[:, :2], more[:, 2:]), Model(returns=returns)).efficiency
        assert after[:8] == pytest.approx(before, abs=1e-9)
        assert after[8] <= before[chosen] / worse + 1e-9 if returns == "crs" else after[8] <= before[chosen] + 1e-9
        mixed = evaluate(Units.of(table[order, :2], table[order, 2:]), Model(returns=returns)).efficiency
        assert mixed == pytest.approx(before[order], abs=1e-10)


@given(table=tables, low=st.floats(0.1, 1), high=st.floats(1, 10))
@settings(max_examples=20, deadline=None)
def test_limits_on_ratios_by_duality(table: np.ndarray, low: float, high: float) -> None:
    """The limited envelopment form against the limited multiplier form, which SciPy solves from the other side."""
    units = Units.of(table[:, :2], table[:, 2:])
    limits = np.array([[low, -1.0, 0, 0], [-high, 1.0, 0, 0], [0, 0, low, -1.0]])   # low·w1 ≤ w2 ≤ high·w1, and low·u1 ≤ u2
    model = Model(ratios=(Ratio("x2", "x1", low, high), Ratio("y2", "y1", low)))
    found = evaluate(units, model)
    expected = [multiplier(units.inputs, units.outputs, o, limits) for o in range(8)]
    assert found.efficiency == pytest.approx(expected, abs=1e-8)
    assert (found.efficiency <= evaluate(units, Model()).efficiency + 1e-9).all()
    v1, v2 = found.multipliers[:, 0], found.multipliers[:, 1]
    assert (v2 >= low * v1 - 1e-8 * v2.max()).all() and (v2 <= high * v1 + 1e-8 * v2.max()).all()


@pytest.mark.parametrize("returns", ["crs", "vrs"])
def test_limits_on_shares_by_duality(returns: str) -> None:
    """Shares of the unit's own weighted inputs and outputs, the rows of the dual form written out by hand."""
    units = a_set(13, units=20)
    model = Model(returns=returns, shares=(Share("x1", 0.2, 0.6), Share("x2", 0.1), Share("y1", 0.3, 0.8)))
    found = evaluate(units, model)
    for o in range(20):
        x, y = units.inputs[o], units.outputs[o]
        limits = []
        for place, low, high in ((0, 0.2, 0.6), (1, 0.1, 1.0)):
            mine = np.r_[np.where(np.arange(3) == place, x, 0), 0, 0]
            limits += [low * np.r_[x, 0, 0] - mine, mine - high * np.r_[x, 0, 0]]
        mine = np.r_[0, 0, 0, y[0], 0]
        limits += [0.3 * np.r_[0, 0, 0, y] - mine, mine - 0.8 * np.r_[0, 0, 0, y]]
        expected = multiplier(units.inputs, units.outputs, o, np.array(limits), is_variable=returns == "vrs")
        assert found.efficiency[o] == pytest.approx(expected, abs=1e-8)
        weighed = found.multipliers[o, :3] * x
        assert 0.2 - 1e-7 <= weighed[0] / weighed.sum() <= 0.6 + 1e-7 and weighed[1] / weighed.sum() >= 0.1 - 1e-7


def test_equal_units_tie_exactly_and_are_named() -> None:
    table = a_set(17, units=12).values
    table = np.vstack([table, table[[2, 5]]])
    found = evaluate(Units.of(table[:, :3], table[:, 3:]), Model(slacks=True))
    assert found.efficiency[12] == found.efficiency[2] and found.efficiency[13] == found.efficiency[5]
    assert sorted(each.where.path for each in found.findings if each.code == "efficiency_units_alike") == ["u3", "u6"]
    # A twin of an efficient unit still holds the frontier when the unit itself is left out.
    best = int(np.argmax(evaluate(Units.of(table[:12, :3], table[:12, 3:]), Model()).efficiency))
    more = np.vstack([table[:12], table[best]])
    above = evaluate(Units.of(more[:, :3], more[:, 3:]), Model(superior=True)).efficiency
    assert above[best] == above[12] == 1


def refused(units: Units, model: Model | None = None) -> dict[str, tuple[str | None, str | None]]:
    with pytest.raises(Refused) as caught:
        evaluate(units, model or Model())
    for finding in caught.value.findings:
        assert finding.is_error and finding.message.zh != finding.message.en
    return {each.code: (each.where.path, each.where.column) for each in caught.value.findings}


def test_what_cannot_be_compared_is_refused_by_unit_and_column() -> None:
    names = {"codes": ["A", "B"], "input_names": ["berths"], "output_names": ["tonnes"]}
    for inputs, outputs, expected in (
        ([[0], [1]], [[1], [1]], {"efficiency_not_positive": ("A", "berths")}),
        ([[1], [-2]], [[1], [1]], {"efficiency_not_positive": ("B", "berths")}),
        ([[1], [1]], [[1], [-1]], {"efficiency_not_positive": ("B", "tonnes")}),
        ([[1], [np.nan]], [[1], [1]], {"efficiency_missing": ("B", "berths")}),
        ([[1], [np.inf]], [[1], [1]], {"efficiency_not_finite": ("B", "berths")}),
        ([[1], [2]], [[1], [0]], {"efficiency_no_output": ("B", None)}),
        ([[1], [2]], [[0], [0]], {"efficiency_no_output": ("B", None), "efficiency_empty_column": (None, "tonnes")}),
    ):
        assert refused(Units.of(inputs, outputs, **names)) == expected
    assert refused(Units.of([[1], [2]], [[1], [2]], codes=["A", "A"])) == {"efficiency_unit_twice": ("A", None)}
    assert refused(Units.of([[1], [2]], [[1], [2]], input_names=["t"], output_names=["t"])) == {"efficiency_column_twice": (None, "t")}
    assert set(refused(Units.of(np.zeros((2, 0)), [[1], [2]]))) == {"efficiency_no_input_column"}


def test_zero_of_one_output_is_no_fault() -> None:
    """A port without passengers: its other output counts."""
    units = Units.of([[1], [1], [2]], [[4, 0], [2, 2], [4, 1]])
    found = evaluate(units, Model(slacks=True))
    assert found.efficiency == pytest.approx([1, 1, 0.5 + 0.125])
    assert found.efficiency[2] == pytest.approx(envelopment(units.inputs, units.outputs, 2))


def test_models_that_cannot_be_asked_are_refused() -> None:
    for model, code in (
        (Model(returns="drs"), "efficiency_unknown_choice"),
        (Model(orientation="both"), "efficiency_unknown_choice"),
        (Model(slacks=True, ratios=(Ratio("staff", "area", 0.5),)), "efficiency_slacks_with_limits"),
        (Model(ratios=(Ratio("staf", "area", 0.5),)), "efficiency_limit_unknown_column"),
        (Model(ratios=(Ratio("staff", "sales", 0.5),)), "efficiency_limit_mixes_sides"),
        (Model(ratios=(Ratio("staff", "area", 3, 2),)), "efficiency_limit_unusable"),
        (Model(ratios=(Ratio("staff", "staff", 1),)), "efficiency_limit_of_itself"),
        (Model(shares=(Share("staff", 0.6), Share("area", 0.6))), "efficiency_shares_impossible"),
        (Model(shares=(Share("staff", 0, 0.3), Share("area", 0, 0.3))), "efficiency_shares_impossible"),
        (Model(shares=(Share("staff", 0, 1.5),)), "efficiency_limit_unusable"),
        (Model(ratios=(Ratio("staff", "area", 2), Ratio("area", "staff", 2))), "efficiency_limits_contradict"),
    ):
        assert set(refused(BRANCHES, model)) == {code}
    assert set(refused(Units.of([[1], [2]], [[1, 0], [2, 1]]), Model(shares=(Share("y2", 0.1),)))) == {"efficiency_share_of_zero"}


def test_constant_columns_and_few_units_are_said() -> None:
    found = evaluate(BRANCHES, Model())
    assert {each.code: each.where.column for each in found.findings} == {"efficiency_column_constant": "sales", "efficiency_few_units": None}
    alone = evaluate(Units.of([[3]], [[2]]), Model(slacks=True))
    assert alone.efficiency.tolist() == [1] and [each.code for each in alone.findings] == ["efficiency_few_units"]
