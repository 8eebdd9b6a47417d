"""What must be true of every index, whatever the data (hypothesis)."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.evaluation.index.builders import a_framework, a_table

from kouan.basis import Refused
from kouan.evaluation.method.index import Recipe, replay, run
from kouan.evaluation.method.index.aggregate import mean, outranking, outranking_sums

FEW = settings(max_examples=30, deadline=None)
FIGURES = st.floats(-1e6, 1e6, allow_nan=False, width=32).map(lambda v: round(float(v), 3))
WHOLE = arrays(float, st.tuples(st.integers(3, 9), st.just(4)), elements=FIGURES)
WITH_GAPS = arrays(float, st.tuples(st.integers(3, 9), st.just(4)), elements=st.one_of(FIGURES, st.just(float("nan"))))
PLAIN = Recipe(recipe="plain")
RANGE = {"minmax": (0, 100), "percentile_rank": (0, 1), "dist2max": (0, 1), "rank": (1, 9), "borda": (0, 8)}
SIGNS = (1, -1, 1, -1)


def a_recipe(**parts):
    return Recipe.from_dict({"recipe": "test", **parts})


@given(WITH_GAPS, st.sampled_from(sorted(RANGE)), st.sampled_from(["arithmetic", "median", "minimum", "topsis"]))
@FEW
def test_scores_lie_in_range_and_none_is_missing_in_silence(values, method, means) -> None:
    result = run(
        a_framework(directions=SIGNS), a_table(values), a_recipe(normalise={"method": method}, aggregate=means)
    )
    low, high = (0, 1) if means == "topsis" else RANGE[method]
    known = result.scores.values[np.isfinite(result.scores.values)]
    assert ((known >= low - 1e-9) & (known <= high + 1e-9)).all()
    if np.isnan(result.index).any():
        assert {"unit_not_scored"} <= {each.code for each in result.findings}
    assert np.array_equal(np.isnan(result.normalised.values), np.isnan(values)), (
        "a figure has no point, or a gap has one"
    )


@given(WHOLE, st.data())
@FEW
def test_the_order_of_ports_and_columns_does_not_matter(values, data) -> None:
    framework = a_framework(directions=SIGNS)
    recipe = a_recipe(treat={}, weigh="critic" if np.ptp(values, axis=0).min() > 1 else "given")
    try:
        before = run(framework, a_table(values), recipe)
    except Refused:  # columns that all say the same have no CRITIC weights
        return
    rows = data.draw(st.permutations(range(len(values))))
    columns = data.draw(st.permutations(range(4)))
    table = a_table(values)
    turned = replace(
        table,
        units=tuple(table.units[i] for i in rows),
        columns=tuple(table.columns[k] for k in columns),
        values=values[rows][:, columns],
    )
    after = run(framework, turned, recipe)
    assert np.allclose(after.index, before.index[list(rows)], rtol=0, atol=1e-12 * 100, equal_nan=True)
    assert np.array_equal(after.places.column("top"), before.places.column("top")[list(rows)], equal_nan=True)


@given(
    WHOLE,
    st.sampled_from(["zscore", "minmax", "rank", "borda"]),
    st.sampled_from(["arithmetic", "copeland", "copeland_net"]),
)
@FEW
def test_equal_ports_tie(values, method, means) -> None:
    twins = np.vstack([values, values[:1]])
    result = run(
        a_framework(directions=SIGNS),
        a_table(twins),
        a_recipe(normalise={"method": method}, aggregate={"usual": "arithmetic", "levels": {3: means}}, treat={}),
    )
    assert result.places.column("top")[0] == result.places.column("top")[-1]
    assert result.index[0] == pytest.approx(result.index[-1], abs=1e-9)


@given(WHOLE, st.integers(0, 3), st.floats(0.001, 1e4))
@FEW
def test_a_better_value_never_lowers_the_score_on_fixed_goalposts(values, column, better) -> None:
    framework = a_framework(directions=SIGNS, Lower=[-1e6] * 4, Upper=[1e6] * 4)
    recipe = a_recipe(normalise={"method": "goalposts"}, aggregate={"usual": "arithmetic"})
    before = run(framework, a_table(values), recipe).index[0]
    improved = values.copy()
    improved[0, column] += better * SIGNS[column]
    assert run(framework, a_table(improved), recipe).index[0] >= before - 1e-9


@given(WHOLE, st.floats(0.01, 1000), st.floats(-1000, 1000))
@FEW
def test_the_unit_of_a_column_does_not_matter(values, factor, shift) -> None:
    values = np.round(values)
    framework, recipe = a_framework(directions=SIGNS), a_recipe(treat={}, normalise={"method": "minmax"})
    other = values.copy()
    other[:, 1] = other[:, 1] * factor + shift
    if np.ptp(values[:, 1]) < 1:
        return
    assert np.allclose(
        run(framework, a_table(values), recipe).index, run(framework, a_table(other), recipe).index, atol=1e-6
    )


@given(WITH_GAPS)
@FEW
def test_a_replay_is_exact_and_notices_any_change(values) -> None:
    framework, table = a_framework(directions=SIGNS), a_table(values)
    result = run(framework, table, a_recipe(impute={"method": "median"}, treat={}))
    assert replay(result.record(), table).digest == result.digest
    other = values.copy()
    other[0, 0] = 1.0 if np.isnan(other[0, 0]) else other[0, 0] + 1.0
    with pytest.raises(Refused) as caught:
        replay(result.record(), a_table(other))
    assert caught.value.findings[0].code == "recipe_data_differ"
    record = result.record()
    record["recipe"] = {
        **record["recipe"],
        "decimals": 2,
        "aggregate": {"usual": {"name": "minimum", "power": 1.0}, "levels": {}, "nodes": {}, "threshold": 0.0},
    }
    if run(framework, table, Recipe.from_dict(record["recipe"])).digest != result.digest:
        with pytest.raises(Refused) as caught:
            replay(record, table)
        assert caught.value.findings[0].code == "replay_differs"


@given(arrays(float, st.tuples(st.integers(2, 7), st.just(3)), elements=st.integers(0, 3).map(float)))
@FEW
def test_copeland_without_the_matrix_is_copeland_with_it(values) -> None:
    w = np.array([0.5, 0.2, 0.3])
    assert np.allclose(outranking_sums(values, w), outranking(values, w).sum(axis=1), atol=1e-12)


@given(arrays(float, (5, 3), elements=st.floats(0.01, 100)), arrays(float, 3, elements=st.floats(0.1, 5)))
@FEW
def test_means_come_in_the_order_of_their_powers(values, w) -> None:
    found = [
        mean(values, w, kind, power=p)
        for kind, p in (("harmonic", -1), ("geometric", 0), ("power", 0.5), ("arithmetic", 1), ("power", 2))
    ]
    for lower, upper in pairwise(found):
        assert (lower <= upper + 1e-9).all()
    assert np.allclose(mean(values, w, "power", power=-1), found[0]) and np.allclose(
        mean(values, w, "power", power=0), found[1]
    )
