"""What-if beside a round: unchanged it is the round itself, changed it is what a hand would compute, and the round stays as it was."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from tests.casework.execution_office import refused

from kouan.evaluation import schemes
from kouan.evaluation.method.exercise import exercise_round, invented_ports, national_exercise
from kouan.evaluation.method.scheme import RoundResult, score_round
from kouan.evaluation.method.scheme.statistical import statistical
from kouan.evaluation.method.scheme.what_if import WhatIf, own_weights, what_if

SCHEME = schemes.get("national-first")


@pytest.fixture(scope="module")
def result() -> RoundResult:
    ports = invented_ports({"road": 14, "sea": 11, "rail": 6, "air_coastal": 5, "air_other": 5})
    data = exercise_round(ports, seed=1, scheme=SCHEME)
    values = data.values.copy()
    # A red line in every class, so that the cap is met too.
    values[4, ::7, data.items.index("epid_gap_major")] = 1.0
    return score_round(SCHEME, replace(data, values=values))


@pytest.mark.parametrize("kind", ["road", "sea", "rail", "air"])
def test_with_the_rounds_own_weights_it_is_the_round(result: RoundResult, kind: str) -> None:
    assert result.red[4].any()
    own = own_weights(result, kind)
    for asked in (WhatIf(kind), WhatIf(kind, own), WhatIf(kind, {code: 7 * each for code, each in own.items()})):
        for y, year in enumerate(result.data.years):
            found = what_if(result, year, asked)
            np.testing.assert_allclose(found.total, result.total[y, found.ports], rtol=0, atol=1e-9)
            assert (found.rank == result.rank[y, found.ports]).all() and not found.moved.any()
            assert found.bands == found.stood_bands and abs(sum(found.weights.values()) - 1) < 1e-12
            np.testing.assert_allclose(found.group_points, result.group_points[y, found.ports], rtol=0, atol=1e-9)


def test_all_weight_on_one_group_is_that_group(result: RoundResult) -> None:
    found = what_if(result, 2025, WhatIf("road", {code: float(code == "G02") for code in SCHEME.groups}))
    np.testing.assert_allclose(found.total, np.round(result.group_points[4, found.ports, 1], 6), atol=1e-9)
    assert found.moved.any() and (found.stood == result.total[4, found.ports]).all()


def test_geometric_means_by_level_are_those_of_scipy(result: RoundResult) -> None:
    found = what_if(result, 2025, WhatIf("sea", within="geometric", across="geometric"))
    weights = np.array([SCHEME.weights["sea"].get(each.code, 0.0) for each in SCHEME.indicators])
    for n, p in enumerate(found.ports):
        groups = []
        for code in SCHEME.groups:
            at = [k for k, each in enumerate(SCHEME.indicators) if each.group == code and np.isfinite(result.points[4, p, k])]
            mean = stats.gmean(np.maximum(result.points[4, p, at], 1), weights=weights[at]) if at else np.nan
            groups.append(min(mean, 60.0) if code == "G04" and result.red[4, p] else mean)
        there = np.isfinite(groups)
        own = np.array(list(own_weights(result, "sea").values()))
        assert found.total[n] == pytest.approx(stats.gmean(np.maximum(np.array(groups)[there], 1), weights=own[there]), abs=1e-6)
    plain = what_if(result, 2025, WhatIf("sea", across="geometric"))
    assert (plain.total <= plain.stood + 1e-6).all(), "a geometric mean is never above the arithmetic one"


def test_an_indicator_left_out_leaves_its_weight_to_its_group_and_a_group_left_out_to_the_others(result: RoundResult) -> None:
    found = what_if(result, 2025, WhatIf("road", left_out=frozenset({"I-0201"})))
    weights = SCHEME.weights["road"]
    p, n = int(found.ports[0]), 0
    at = [k for k, each in enumerate(SCHEME.indicators) if each.group == "G02" and each.code != "I-0201" and np.isfinite(result.points[4, p, k])]
    own = np.array([weights[SCHEME.indicators[k].code] for k in at])
    assert found.group_points[n, 1] == pytest.approx(float(own @ result.points[4, p, at] / own.sum()), abs=1e-9)
    without = what_if(result, 2025, WhatIf("road", left_out=frozenset(each.code for each in SCHEME.of_group("G02"))))
    nothing = what_if(result, 2025, WhatIf("road", {code: 0.0 if code == "G02" else each for code, each in own_weights(result, "road").items()}))
    np.testing.assert_allclose(without.total, nothing.total, atol=1e-6)
    assert np.isnan(without.group_points[:, 1]).all()
    with_all_out = what_if(result, 2025, WhatIf("road", left_out=frozenset(each.code for each in SCHEME.indicators)))
    assert np.isnan(with_all_out.total).all() and not with_all_out.rank.any() and set(with_all_out.bands) == {None}


def test_the_second_method_gives_its_own_scores_and_no_bands(result: RoundResult) -> None:
    found = what_if(result, 2025, WhatIf("road", method="statistical"))
    np.testing.assert_allclose(found.total, statistical(result, 2025).score[found.ports])
    assert set(found.bands) == {None} and found.moved.any()
    few = score_round(SCHEME, exercise_round(invented_ports({"road": 6}), seed=1, scheme=SCHEME))
    told = what_if(few, 2025, WhatIf("road", method="statistical"))
    assert [each.code for each in told.findings] == ["statistical_too_few"] and np.isnan(told.total).all() and not told.moved.any()


def test_what_cannot_be_answered_is_refused_with_every_reason(result: RoundResult) -> None:
    before = result.digest
    for code, asked in (
        ("type_not_in_round", WhatIf("boundary_river")), ("weights_unusable", WhatIf("road", {"G01": 1.0})),
        ("weights_unusable", WhatIf("road", dict.fromkeys(SCHEME.groups, 0.0))),
        ("weights_unusable", WhatIf("road", {code: -1.0 if code == "G01" else 1.0 for code in SCHEME.groups})),
        ("weights_unusable", WhatIf("road", dict.fromkeys(SCHEME.groups, float("inf")))),
        ("unknown_indicator", WhatIf("road", left_out=frozenset({"I-9999"}))), ("unknown_choice", WhatIf("road", within="harmonic")),
        ("unknown_choice", WhatIf("road", method="third")),
    ):
        with refused(code):
            what_if(result, 2025, asked)
    assert result.digest == before


def test_the_nation_is_answered_within_the_time_of_a_page() -> None:
    nation = score_round(SCHEME, exercise_round(national_exercise(), seed=1, scheme=SCHEME))
    assert len(nation.data.ports) == 313
    statistical(nation, 2025)
    begun = time.process_time()
    for kind in SCHEME.types:
        what_if(nation, 2025, WhatIf(kind, own_weights(nation, kind), within="geometric", across="geometric"))
    assert time.process_time() - begun < 0.3
