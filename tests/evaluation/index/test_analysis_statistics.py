"""Statistics, correlations, reliability and components: against SciPy and NumPy by other routes, and in degenerate columns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from tests.evaluation.index.builders import a_framework, a_table
from tests.evaluation.index.test_asem import FRAMEWORK, TABLE, result_of

from kouan.basis import Refused
from kouan.evaluation.method.index import Recipe, run
from kouan.evaluation.method.index.analysis import Points, cronbach, statistics
from kouan.evaluation.method.index.analysis.components import components, groups
from kouan.evaluation.method.index.analysis.correlations import (
    KINDS,
    above,
    correlate,
    correlations,
    flag_of,
    matrix,
)
from kouan.evaluation.method.index.analysis.reliability import reliability

NAN = float("nan")
FEW = settings(max_examples=40, deadline=None)
FIGURES = st.floats(-1e4, 1e4, allow_nan=False).map(lambda v: round(v, 2))
COLUMN = arrays(float, st.integers(5, 20), elements=st.one_of(FIGURES, st.just(NAN)))


def codes(findings) -> list[str]:
    return [each.code for each in findings]


@given(COLUMN)
@FEW
def test_statistics_are_those_of_scipy(column) -> None:
    (row,), findings = statistics(a_table(column[:, None]))
    known = column[~np.isnan(column)]
    assert (row.n, row.missing) == (len(known), len(column) - len(known))
    if not len(known):
        assert np.isnan(row.mean) and codes(findings) == ["column_empty"]
        return
    assert (row.least, row.most) == (np.min(known), np.max(known))
    assert row.median == pytest.approx(np.percentile(known, 50), abs=1e-9)
    assert row.mean == pytest.approx(np.sum(known) / len(known), abs=1e-9)
    assert (row.nonzero, row.unique) == (sum(known != 0), len(set(known.tolist())))
    assert row.same == max(known.tolist().count(each) for each in known)
    if len(known) > 1:
        assert row.sd == pytest.approx(np.std(known, ddof=1), abs=1e-9)
    if len(known) >= 4 and np.ptp(known) > 0.1:
        assert row.skew == pytest.approx(stats.skew(known, bias=False), rel=1e-7, abs=1e-7)
        assert row.kurtosis == pytest.approx(stats.kurtosis(known, bias=False), rel=1e-7, abs=1e-7)
        assert (row.flag_outliers == "OUT") == (abs(row.skew) > 2 and row.kurtosis > 3.5)


def test_statistics_of_the_asem_data() -> None:
    rows, findings = statistics(TABLE, FRAMEWORK)
    by_code = {row.code: row for row in rows}
    flights = TABLE.column("Flights")
    assert by_code["Flights"].skew == pytest.approx(stats.skew(flights, bias=False), abs=1e-12)
    assert by_code["Flights"].flag_outliers == "OUT" and by_code["LPI"].flag_outliers == "ok"
    assert by_code["Bord"].n == 51 and by_code["Bord"].share_nonzero < 1
    assert codes(findings).count("column_outliers") == sum(row.flag_outliers == "OUT" for row in rows)


def test_columns_without_statistics_say_so() -> None:
    values = np.array([[NAN, 5, 1, 1], [NAN, 5, 2, NAN], [NAN, 5, NAN, NAN]])
    rows, findings = statistics(a_table(values))
    assert codes(findings) == ["column_empty", "column_constant", "column_too_short", "column_too_short"]
    assert rows[1].constant and rows[1].sd == 0 and np.isnan(rows[1].skew) and rows[1].flag_outliers == "ok"
    assert rows[2].sd == pytest.approx(np.sqrt(0.5)) and np.isnan(rows[2].skew) and np.isnan(rows[3].sd)
    assert [row.flag_available for row in rows] == ["LOW", "ok", "ok", "LOW"]


@given(arrays(float, st.tuples(st.integers(4, 15), st.just(2)), elements=st.one_of(FIGURES, st.just(NAN))))
@FEW
def test_correlations_are_those_of_scipy(pair) -> None:
    x, y = pair.T
    both = ~np.isnan(pair).any(axis=1)
    for kind, peer in (("pearson", stats.pearsonr), ("spearman", stats.spearmanr), ("kendall", stats.kendalltau)):
        found = correlate(x, y, kind)
        assert found.n == both.sum()
        if both.sum() < 3 or np.ptp(x[both]) < 0.01 or np.ptp(y[both]) < 0.01:
            continue
        expected = peer(x[both], y[both])
        assert found.r == pytest.approx(expected.statistic, abs=1e-9)
        assert found.p == pytest.approx(expected.pvalue, abs=1e-6)
        turned = correlate(y, -3 * x + 2, kind)
        assert turned.r == pytest.approx(-found.r, abs=1e-9), "turning one column turns the sign, and the order does not matter"


@pytest.mark.parametrize("kind", KINDS)
def test_the_matrix_is_the_pairs(kind) -> None:
    points = Points.of(result_of("asem-gaps"))
    block = points.block(points.framework.indicators[:8])
    assert np.isnan(block).any()
    for held in (block, block[~np.isnan(block).any(axis=1)]):
        found = matrix(held, kind)
        for i in range(8):
            for j in range(i):
                assert found[i, j] == found[j, i] == pytest.approx(correlate(held[:, i], held[:, j], kind).r, abs=1e-12)
    assert np.allclose(matrix(held), np.corrcoef(held, rowvar=False), atol=1e-12)


def test_a_pair_without_a_correlation_has_none() -> None:
    flat, some = np.ones(5), np.arange(5.0)
    assert np.isnan(correlate(flat, some).r) and correlate(flat, some).n == 5
    assert np.isnan(correlate(np.array([1.0, 2.0, NAN]), some[:3]).r)
    assert np.isnan(correlate(some * 1e-18 + 1, some).r), "constant but for rounding"
    assert correlate(some * 1e200, some**2).r == pytest.approx(correlate(some, some**2).r)
    assert np.isnan(matrix(np.column_stack([flat, some]))[0, 1])
    with pytest.raises(Refused):
        correlate(some, some, "cosine")
    assert [flag_of(each) for each in (0.9, 0.89, 0.29, -0.39, -0.4, NAN)] == [
        "collinear", "ok", "weak", "weak", "negative", "none",
    ]  # fmt: skip


def test_pairs_follow_the_framework() -> None:
    points = Points.of(result_of("asem-p0"))
    pairs, findings = correlations(points, kinds=("pearson",))
    count = {scope: sum(pair.scope == scope for pair in pairs) for scope in ("indicators", "group", "parent")}
    assert count["indicators"] == 49 * 48 // 2
    assert count["parent"] == 49 * 3 + 8 * 2 + 2, "each node with every one above it"
    below = [len(FRAMEWORK.children(code)) for code in FRAMEWORK.aggregates]
    assert count["group"] == sum(n * (n - 1) // 2 for n in below)
    assert above(FRAMEWORK, "LPI") == ("Physical", "Conn", "Index")
    one = next(pair for pair in pairs if pair.scope == "parent" and (pair.first, pair.second) == ("TBTs", "Index"))
    assert one.r == pytest.approx(np.corrcoef(points.columns["TBTs"], points.columns["Index"])[0, 1], abs=1e-12)
    assert one.flag == "negative" and "node_against_parent" in codes(findings)


@pytest.mark.parametrize("units", [12, 40])
def test_all_pairs_at_once_are_the_pairs_one_by_one(units) -> None:
    rng = np.random.default_rng(units)
    block = np.column_stack(
        [rng.normal(size=(units, 3)), rng.integers(0, 4, size=units), np.arange(units), np.arange(units)[::-1] ** 3, np.ones(units)]
    )
    block[0, 2] = NAN
    columns = {f"i{k}": block[:, k] for k in range(7)}
    names = tuple(f"u{n}" for n in range(units))
    points = Points(a_framework(7), names, names, columns, columns)
    pairs, _ = correlations(points, scopes=("indicators",))
    assert len(pairs) == 63
    for pair in pairs:
        expected = correlate(columns[pair.first], columns[pair.second], pair.kind)
        assert pair.n == expected.n
        assert (pair.r, pair.p) == pytest.approx((expected.r, expected.p), abs=1e-12, nan_ok=True), pair


def test_alpha_is_one_less_the_share_of_single_variances() -> None:
    points = Points.of(result_of("asem-p0"))
    rows, _ = reliability(points)
    for row in rows:
        for alpha, below in ((row.alpha, FRAMEWORK.children(row.code)), (row.alpha_leaves, FRAMEWORK.leaves(row.code))):
            block = points.block(below)
            k = block.shape[1]
            expected = k / (k - 1) * (1 - block.var(axis=0, ddof=1).sum() / block.sum(axis=1).var(ddof=1))
            assert alpha == pytest.approx(expected, abs=1e-12)


def test_alpha_with_gaps_goes_pair_by_pair() -> None:
    block = np.array([[1.0, 2, NAN], [2, 4, 1], [3, 5, 2], [5, NAN, 5], [4, 4, 4]])
    expected = np.ma.cov(np.ma.masked_invalid(block), rowvar=False, allow_masked=True)
    pairwise = np.empty((3, 3))
    for i in range(3):
        for j in range(3):
            both = ~np.isnan(block[:, [i, j]]).any(axis=1)
            pairwise[i, j] = np.cov(block[both, i], block[both, j])[0, 1]
    assert np.allclose(np.diag(expected), np.diag(pairwise))
    whole = pairwise.sum()
    assert cronbach(block) == pytest.approx(9 * ((whole - np.trace(pairwise)) / 6) / whole, abs=1e-12)


def test_no_alpha_where_nothing_varies_or_is_alone() -> None:
    assert np.isnan(cronbach(np.ones((4, 3)))) and np.isnan(cronbach(np.arange(4.0)[:, None]))
    assert np.isnan(cronbach(np.column_stack([np.arange(4.0), -np.arange(4.0)]))), "the sum does not vary"
    result = run(a_framework(3, groups=2), a_table([[1, 2, 1], [2, 1, 1], [3, 4, 1]]), Recipe(recipe="t"))
    rows, findings = reliability(Points.of(result))
    assert rows[1].children == 1 and np.isnan(rows[1].alpha) and "alpha_one_child" in codes(findings)


@given(arrays(float, (12, 4), elements=FIGURES))
@FEW
def test_components_are_the_eigenvectors_of_the_correlations(block) -> None:
    if np.ptp(block, axis=0).min() < 1:
        return
    found = components(block)
    related = np.corrcoef(block, rowvar=False)
    assert np.allclose(np.sort(np.linalg.eigvalsh(related))[::-1], found.values, atol=1e-8)
    assert found.shares.sum() == pytest.approx(1)
    assert np.allclose(found.coefficients @ np.diag(found.values) @ found.coefficients.T, related, atol=1e-8)
    assert np.allclose(found.loadings @ found.loadings.T, related, atol=1e-8)
    assert (found.coefficients.sum(axis=0) >= -1e-9).all()


def test_components_of_every_group() -> None:
    points = Points.of(result_of("asem-p0"))
    found, rows, findings = groups(points)
    assert [each.code for each in found] == list(FRAMEWORK.aggregates)
    assert sum(row.group == "Physical" for row in rows) == 64
    physical = [row for row in rows if row.group == "Physical" and row.component == 1]
    assert physical[0].loading == pytest.approx(
        correlate(
            points.columns[physical[0].element],
            sum(
                row.coefficient * stats.zscore(points.columns[row.element], ddof=1) for row in physical
            ),
        ).r,
        abs=1e-9,
    ), "a loading is the correlation of element and component"
    assert "component_mixed_signs" in codes(findings) and not all(each.same_way for each in found)


def test_a_group_without_components_says_so() -> None:
    values = [[1, 2, 1, 3], [2, 1, 1, 4], [3, 4, 1, 2], [4, 3, 1, 1]]
    result = run(a_framework(), a_table(values), Recipe(recipe="t"))
    found, rows, findings = groups(Points.of(result))
    assert [each.code for each in found] == ["g1", "top"], "of g0 one element does not vary"
    assert "components_left_out" in codes(findings) and {row.group for row in rows} == {"g1", "top"}
    small = run(a_framework(), a_table(values[:2]), Recipe(recipe="t"))
    found, rows, findings = groups(Points.of(small))
    assert not found and not rows and set(codes(findings)) == {"components_too_few_units"}
    with pytest.raises(ValueError):
        components(np.ones((5, 2)))


def test_points_of_several_years_are_not_mixed() -> None:
    result = result_of("asem-p0")
    doubled = replace(result, scores=replace(result.scores, times=("2018",) * 25 + ("2019",) * 26))
    with pytest.raises(Refused) as caught:
        Points.of(doubled)
    assert codes(caught.value.findings) == ["year_wanted"]
