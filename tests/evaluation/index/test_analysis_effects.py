"""What each element does: leaving out against weights of zero, influence, redundancy; strengths, comparison, trends by other routes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from tests.evaluation.index.builders import a_framework, a_table
from tests.evaluation.index.test_asem import FRAMEWORK, TABLE, result_of

from kouan.basis import Refused
from kouan.evaluation.method.index import Recipe, Table, run
from kouan.evaluation.method.index.analysis import (
    Points,
    compare,
    influences,
    redundancy,
    removals,
    strengths,
    trends,
    without,
)
from kouan.evaluation.method.index.analysis.influence import correlation_ratio, effective
from kouan.evaluation.method.index.analysis.redundancy import told_by
from kouan.evaluation.method.index.analysis.strengths import all_units
from kouan.evaluation.method.index.analysis.trend import slopes
from kouan.evaluation.method.index.normalise import ranks

NAN = float("nan")
FEW = settings(max_examples=30, deadline=None)
FIGURES = st.floats(-1e3, 1e3, allow_nan=False).map(lambda v: round(v, 2))
P0 = result_of("asem-p0")


def a_recipe(**parts):
    return Recipe.from_dict({"recipe": "test", **parts})


def codes(findings) -> list[str]:
    return [each.code for each in findings]


@pytest.mark.parametrize("name", ["asem-p0", "asem-gmean", "asem-mixed", "asem-copeland", "asem-gaps"])
def test_leaving_out_is_a_weight_of_zero(name) -> None:
    result = result_of(name)
    for code in ("LPI", "TBTs", "P2P", "Sust"):
        again = run(
            FRAMEWORK,
            TABLE,
            result.recipe.model_copy(
                update={"weigh": result.recipe.weigh.model_copy(update={"given": {**result.recipe.weigh.given, code: 0.0}})}
            ),
        )
        if code == "Sust" and name == "asem-copeland":  # one criterion is left: the sum counts the pairs either way
            continue
        assert np.allclose(without(result, code), again.index, atol=1e-9, equal_nan=True), code


def test_the_effects_of_all_elements() -> None:
    rows, places, findings = removals(P0)
    assert [row.level for row in rows] == [1] * 49 + [2] * 8 + [3] * 2 and not findings
    nominal = P0.places.column("Index")
    for row in rows:
        scores = without(P0, row.code)
        expected = stats.rankdata(-np.round(scores, 9), method="min")
        assert (places[row.code] == expected).all()
        shift = nominal - expected
        assert row.mean_shift == pytest.approx(np.abs(shift).mean())
        assert row.largest_shift == np.abs(shift).max() and row.moved == (shift != 0).sum()
        assert row.spearman == pytest.approx(stats.spearmanr(np.round(scores, 9), np.round(P0.index, 9)).statistic, abs=1e-9)
    inner, _, _ = removals(P0, of="Physical")
    assert [row.code for row in inner] == list(FRAMEWORK.children("Physical"))


def test_what_is_all_there_is_cannot_be_left_out() -> None:
    result = run(a_framework(2, groups=1), a_table([[1, 2], [2, 1], [3, 4]]), a_recipe())
    rows, _, findings = removals(result)
    assert [row.code for row in rows] == ["i0", "i1"] and codes(findings) == ["element_is_all"]
    for wrong in ("g0", "top", "nothing"):
        with pytest.raises(Refused):
            without(result, wrong)


def test_an_aggregate_left_empty_leaves_with_its_child() -> None:
    result = run(a_framework(3, groups=2), a_table([[1, 5, 2], [2, 1, 1], [3, 4, 9]]), a_recipe(aggregate={"threshold": 0.9}))
    assert np.allclose(without(result, "i1"), result.scores.column("g0")), "g1 has no other child"


def test_effective_weights_are_those_of_the_framework() -> None:
    rows, _ = influences(P0)
    by_code = {row.code: row for row in rows}
    expected = dict(zip(FRAMEWORK.indicators, FRAMEWORK.effective_weights(P0.weights), strict=True))
    for code, share in expected.items():
        assert by_code[code].effective == pytest.approx(share, abs=1e-15)
    for level in (1, 2, 3):
        assert sum(row.effective for row in rows if row.level == level) == pytest.approx(1)
    for row in rows:
        points = P0.normalised.column(row.code) if row.level == 1 else P0.scores.column(row.code)
        assert row.correlation == pytest.approx(stats.pearsonr(points, P0.index).statistic, abs=1e-12)
    assert sum(row.squared_share for row in rows if row.parent == "Physical") == pytest.approx(1)
    assert effective(FRAMEWORK, dict.fromkeys(P0.weights, 0.0))["LPI"] == 0.0


@given(arrays(float, 24, elements=FIGURES), arrays(float, 24, elements=FIGURES))
@FEW
def test_the_correlation_ratio_hangs_on_order_alone(x, y) -> None:
    found = correlation_ratio(x, y)
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        assert np.isnan(found)
        return
    assert 0 <= found <= 1
    assert correlation_ratio(ranks(x[:, None])[:, 0], 3 * y - 1) == pytest.approx(found, abs=1e-9)


def test_the_correlation_ratio_is_the_one_way_analysis_of_variance() -> None:
    x = np.array([1.0, 2.0, 3.0] * 8)
    y = x**2 + np.tile([0.5, -0.5, 0.1, 0.2], 6)
    f, _ = stats.f_oneway(*(y[x == each] for each in (1, 2, 3)))
    assert correlation_ratio(x, y) == pytest.approx(2 * (f - 1) / (2 * f + 21), abs=1e-12)
    assert np.isnan(correlation_ratio(x[:5], y[:5]))


def test_redundancy_is_the_variance_inflation() -> None:
    points = Points.of(P0)
    block = points.block(FRAMEWORK.children("Physical"))
    inflation = np.diag(np.linalg.inv(np.corrcoef(block, rowvar=False)))
    for k in range(block.shape[1]):
        told = told_by(block[:, k], np.delete(block, k, axis=1))
        assert 1 / (1 - told) == pytest.approx(inflation[k], rel=1e-9)
    values = np.random.default_rng(1).normal(size=(30, 6))
    values[:, 2] = values[:, 0] * 3 + 1
    values[:, 5] = values[:, 1] + values[:, 3] * 0.5
    rows = redundancy(Points.of(run(a_framework(6), a_table(values), a_recipe())))
    assert {row.code for row in rows} == {"i0", "i2", "i1", "i3", "i5"}
    assert next(row for row in rows if row.code == "i2").partner == "i0"
    assert all(np.isnan(row.inflation) or row.inflation > 1e9 for row in rows)


def by_hand(places: list[list[float]], unit: int) -> tuple[list[int], list[int]]:
    """COINr's rule in plain Python: five best and five worst columns of a unit, last places left out."""
    columns = range(len(places[0]))
    last = [max(row[k] for row in places if row[k] == row[k]) for k in columns]
    kept = [k for k in columns if places[unit][k] == places[unit][k] and places[unit][k] != last[k]]
    kept = sorted(sorted(kept, key=lambda k: FRAMEWORK[FRAMEWORK.indicators[k]].parent.lower()), key=lambda k: places[unit][k])
    return kept[:5], kept[-5:]


@pytest.mark.parametrize("step", ["raw", "normalised"])
def test_strengths_by_the_rule_of_coinr(step) -> None:
    table = getattr(P0, step).values * (FRAMEWORK.directions if step == "raw" else 1)
    places = np.column_stack(
        [
            np.where(np.isnan(column), NAN, [1 + np.nansum(column > each) for each in column])
            for column in np.round(table, 12 if step == "raw" else 9).T
        ]
    )
    for row, unit in enumerate(P0.scores.units):
        best, worst = strengths(P0, unit, rule="coinr", step=step)
        expected = by_hand(places.tolist(), row)
        assert [each.code for each in best] == [FRAMEWORK.indicators[k] for k in expected[0]]
        assert [each.code for each in worst] == [FRAMEWORK.indicators[k] for k in expected[1]]


def test_strengths_by_our_rule() -> None:
    found = all_units(P0)
    assert found["CHN"] == strengths(P0, "CHN")
    for unit, (best, worst) in found.items():
        row = P0.scores.units.index(unit)
        for each in best:
            column = P0.normalised.column(each.code)
            assert (np.delete(column, row) >= column[row] - 1e-9).mean() < 0.5
        for each in worst:
            column = P0.normalised.column(each.code)
            assert (np.delete(column, row) > column[row] + 1e-9).mean() > 0.5
        for each in (*best, *worst):
            assert not P0.filled[row, FRAMEWORK.indicators.index(each.code)], "a filled figure is no merit"
        assert not {each.code for each in best} & {each.code for each in worst}
        order = [(each.place - 1) / (each.among - 1) for each in worst]
        assert order == sorted(order, reverse=True)


def test_ties_and_plain_last_places() -> None:
    values = [[0, 9, 1, 5], [0, 8, 2, 5], [0, 7, 3, 5], [4, 6, 4, 5]]
    result = run(a_framework(), a_table(values), a_recipe())
    best, worst = strengths(result, "u3")
    assert [each.code for each in best] == ["i0", "i2"] and [each.code for each in worst] == ["i1"]
    assert [each.code for each in strengths(result, "u3", rule="coinr")[1]] == []
    assert strengths(result, "u0")[0][0].code == "i1" and [each.code for each in strengths(result, "u0")[1]] == ["i2"], (
        "a zero that three of four have is no weakness"
    )
    assert strengths(result, "u0", top=0, bottom=0) == ([], [])
    middle = run(a_framework(1, groups=1), a_table([[1], [2], [3]]), a_recipe())
    assert strengths(middle, "u1") == ([], []), "one of two stands better: neither"
    for wrong in ({"unit": "u9"}, {"unit": "u0", "step": "cooked"}, {"unit": "u0", "top": -1}):
        with pytest.raises(Refused):
            strengths(result, **wrong)


def test_two_indices_beside_each_other() -> None:
    other = result_of("asem-gmean")
    found = compare(P0, other)
    assert found.spearman == pytest.approx(stats.spearmanr(P0.index, other.index).statistic, abs=1e-9)
    assert found.kendall == pytest.approx(stats.kendalltau(P0.index, other.index).statistic, abs=1e-9)
    assert found.ordered_alike == pytest.approx((found.kendall + 1) / 2, abs=1e-9), "without ties, τ is alike less unlike"
    shift = P0.places.column("Index") - other.places.column("Index")
    assert [row.shift for row in found.rows] == shift.tolist()
    assert found.mean_shift == np.abs(shift).mean() and found.n == 51 and found.level_in_one == 0
    back = compare(other, P0)
    assert [row.shift for row in back.rows] == (-shift).tolist() and back.spearman == pytest.approx(found.spearman)
    inner = compare(P0, other, node="Conn")
    assert inner.rows[0].score_first == pytest.approx(P0.scores.column("Conn")[0], abs=1e-9)


def test_indices_of_other_units() -> None:
    one = run(a_framework(), a_table([[1, 2, 3, 4], [2, 3, 4, 5], [3, 5, 5, 6]]), a_recipe())
    fewer = run(
        a_framework(), Table(("u1", "u9"), ("i0", "i1", "i2", "i3"), np.array([[1.0, 2, 3, 4], [2, 3, 4, 5]])), a_recipe()
    )
    found = compare(one, fewer)
    assert found.n == 1 and np.isnan(found.spearman) and np.isnan(found.ordered_alike)
    assert codes(found.findings) == ["unit_in_one_only", "unit_in_one_only", "comparison_too_small"]
    none = run(a_framework(), Table(("x",), ("i0", "i1", "i2", "i3"), np.ones((1, 4))), a_recipe())
    for wrong in (lambda: compare(one, none), lambda: compare(one, fewer, node="g7")):
        with pytest.raises(Refused):
            wrong()


@given(arrays(float, (6, 3), elements=st.one_of(FIGURES, st.just(NAN))))
@FEW
def test_slopes_are_those_of_scipy(values) -> None:
    years = np.array([2016.0, 2017, 2019, 2020, 2021, 2025])
    found = slopes(years, values)
    for k in range(3):
        known = ~np.isnan(values[:, k])
        x, y = years[known], values[known, k]
        assert found.n[k] == known.sum()
        if known.sum() < 2:
            assert np.isnan(found.ordinary[k]) and np.isnan(found.median[k]) and np.isnan(found.growth[k])
            continue
        line = stats.linregress(x, y)
        assert found.ordinary[k] == pytest.approx(line.slope, abs=1e-9)
        assert found.median[k] == pytest.approx(stats.theilslopes(y, x).slope, abs=1e-9)
        if known.sum() >= 3 and np.ptp(y) > 0.1 and line.rvalue**2 < 1 - 1e-9:
            assert found.ordinary_p[k] == pytest.approx(line.pvalue, abs=1e-7)
            assert found.median_p[k] == pytest.approx(stats.kendalltau(x, y).pvalue, abs=1e-9)
        if y[0] * y[-1] > 0:
            assert y[0] * (1 + found.growth[k]) ** (x[-1] - x[0]) == pytest.approx(y[-1], rel=1e-9)
        elif y[0] != y[-1]:
            assert np.isnan(found.growth[k])


def test_trends_of_units_over_years() -> None:
    years = ("2020", "2021", "2022", "2023")
    units = tuple(unit for _ in years for unit in ("a", "b"))
    values = np.array([[1.0, 5, 0], [2, 9, 3], [2, 5, 1], [2, 8, NAN], [4, 5, 2], [2, 7, NAN], [8, 5, 3], [2, 6, 4]])
    table = Table(units, ("i0", "i1", "i2"), values, times=tuple(year for year in years for _ in "ab"))
    rows, findings = trends(table, a_framework(3, directions=(1, -1, 1)))
    by_key = {(row.unit, row.code): row for row in rows}
    assert by_key["a", "i0"].growth == pytest.approx(1.0) and by_key["a", "i0"].improves == 1
    assert by_key["b", "i1"].median == -1 and by_key["b", "i1"].improves == 1, "less is better"
    assert by_key["a", "i1"].growth == 0 and by_key["a", "i1"].improves == 0 and by_key["a", "i1"].median_p == 1
    assert np.isnan(by_key["a", "i2"].growth) and not by_key["b", "i2"].enough
    assert codes(findings) == ["series_too_short", "growth_undefined"]
    for wrong in (Table(("a",), ("i0",), np.ones((1, 1))), Table(("a",), ("i0",), np.ones((1, 1)), times=("spring",))):
        with pytest.raises(Refused):
            trends(wrong)
    assert slopes(np.array([1.0, 2.0]), np.zeros((2, 1))).growth.tolist() == [0.0]
    with pytest.raises(ValueError):
        slopes(np.array([2.0, 1.0]), np.ones((2, 1)))
