"""A whole run against hand calculations: scores, peers, screening, explanations and records."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tests.evaluation.factories import a_cube, a_framework, an_indicator, steady

from kouan.basis import NotFound, Refused
from kouan.evaluation.method import Basis, NotScored, Reason, run

NAN = float("nan")
TOTAL = {"kind": "total", "series": "cars"}
PEAK = {"kind": "peak_to_mean", "series": "cars", "months": 6}


def test_a_run_by_hand() -> None:
    """Five ports with 1200 … 6000 cars a year, all of them even through the year.

    The 5th and 95th percentiles of five values lie a fifth of the way in: 1440 and 5760. So 2400 gets
    (2400 - 1440) / 4320 = 22.2 points. All peaks are alike: 50 points. Weights 0.75 and 0.25.
    """
    framework = a_framework(
        an_indicator("A", TOTAL, weight=0.75),
        an_indicator("B", PEAK, weight=0.25, normalise="N3", polarity="lower", reference=[1, 2]),
    )
    result = run(framework, a_cube(steady(100, 200, 300, 400, 500)))
    assert result.low[0, 0, 0] == pytest.approx(1440)
    assert result.high[0, 0, 0] == pytest.approx(5760)
    expected = [0, 22.222222, 50, 77.777778, 100]
    assert result.normalised[0, :, 0].tolist() == pytest.approx(expected, abs=1e-6)
    assert result.normalised[0, :, 1].tolist() == [50] * 5
    assert result.score[0].tolist() == pytest.approx([0.75 * p + 12.5 for p in expected], abs=1e-5)
    assert result.rank[0].tolist() == [5, 4, 3, 2, 1]
    assert (result.rank_of == 5).all()
    assert (result.basis == Basis.GROUP).all()
    assert [f.code for f in result.findings] == ["column_constant"]


def test_n1_and_n3_by_hand() -> None:
    framework = a_framework(an_indicator("A", TOTAL, normalise="N1"))
    result = run(framework, a_cube(steady(1, 10, 100, 1000, 10000)))
    # The percentiles are of the values: 12·(1 + 0.2·9) and 12·(10000 − 0.2·9000).
    low, high = 12 * 2.8, 12 * 8200.0
    assert result.low[0, 0, 0] == pytest.approx(low)
    assert result.high[0, 0, 0] == pytest.approx(high)
    middle = np.log(1200 / low) / np.log(high / low) * 100
    assert result.score[0, 2] == pytest.approx(middle, abs=1e-6)
    turned = a_framework(an_indicator("A", TOTAL, normalise="N3", polarity="lower"))
    assert run(turned, a_cube(steady(100, 200, 300, 400, 500))).score[0, 1] == pytest.approx(77.777778)


def test_zero_gets_no_points_on_a_log_scale_and_does_not_move_it() -> None:
    framework = a_framework(
        an_indicator("A", TOTAL, normalise="N1", missing="M4", weight=0.5),
        an_indicator("B", {"kind": "total", "series": "lorries"}, weight=0.5),
        series={"cars": ["cars"], "lorries": ["lorries"]},
    )
    cars = steady(0, 1, 10, 100, 1000, 10000)
    cube = a_cube(np.stack([cars, steady(*[5] * 6)], axis=1), measures=("cars", "lorries"))
    result = run(framework, cube)
    assert result.normalised[0, 0, 0] == 0
    assert result.low[0, 0, 0] == pytest.approx(12 * 2.8)


def test_small_groups_fall_back_to_the_class_then_to_fixed_values() -> None:
    groups = ["big"] * 5 + ["small"] * 2
    framework = a_framework(an_indicator("A", TOTAL, reference=[0, 12_000]))
    result = run(framework, a_cube(steady(100, 200, 300, 400, 500, 100, 500), groups=groups))
    assert result.basis[0, :, 0].tolist() == [Basis.GROUP] * 5 + [Basis.CLASS] * 2
    assert result.peers[0, :, 0].tolist() == [5] * 5 + [7] * 2
    assert result.rank_of[0].tolist() == [5] * 5 + [7] * 2
    assert result.peer_group("p05", 2020) == "land"
    # Seven values, 5th percentile at 0.3 of the way between the two 1200s: 1200.
    assert result.low[0, 5, 0] == pytest.approx(1200)
    assert "peer_group_small" in {finding.code for finding in result.findings}
    few = run(framework, a_cube(steady(100, 500)))
    assert few.basis[0, :, 0].tolist() == [Basis.REFERENCE] * 2
    assert few.score[0].tolist() == [10, 50]
    assert few.peers[0, 0, 0] == 0


def test_the_ladder_is_climbed_for_each_indicator_and_year() -> None:
    values = np.concatenate([steady(1, 2, 3, 4, 5), steady(1, 2, 3, 4, 5)], axis=1)
    values[0, 12:] = NAN
    result = run(a_framework(), a_cube(values))
    assert (result.basis[0, :, 0] == Basis.GROUP).all()
    assert result.basis[1, :, 0].tolist() == [Basis.NONE] + [Basis.REFERENCE] * 4


def test_screening_says_why_a_port_is_not_scored() -> None:
    values = steady(9, 9, 9, 9, 9, 9, years=2)
    values[0, 12:] = NAN
    values[1, 12:] = 0
    values[2, 12:18] = NAN
    result = run(a_framework(), a_cube(values))
    assert result.not_scored[1].tolist() == [
        NotScored.NOTHING_PUBLISHED,
        NotScored.NO_TRAFFIC,
        NotScored.TOO_LITTLE_DATA,
        *[NotScored.SCORED] * 3,
    ]
    assert np.isnan(result.score[1, :3]).all()
    assert result.rank[1, :3].tolist() == [0, 0, 0]
    assert np.isnan(result.normalised[1, :3]).all()
    # What a screened port had stays visible.
    assert result.reasons[1, 2, 0] == Reason.INCOMPLETE
    assert result.published[1, 2, 0] == 54


def test_screened_ports_do_not_move_the_scale_of_the_others() -> None:
    values = steady(100, 200, 300, 400, 500, 1e6)
    values[5, :6] = 0
    alone = run(a_framework(), a_cube(values[:5]))
    values[5] = 0
    beside = run(a_framework(), a_cube(values))
    assert beside.score[0, :5].tolist() == alone.score[0].tolist()


def test_points_outside_their_range_are_lacking() -> None:
    framework = a_framework(an_indicator("A", TOTAL, normalise="N6", reference=None))
    result = run(framework, a_cube(steady(5, 50, 1, 2, 3)))
    assert result.reasons[0, 1, 0] == Reason.OUT_OF_RANGE
    assert result.not_scored[0, 1] == NotScored.TOO_LITTLE_DATA
    assert result.score[0, 0] == 60
    assert result.basis[0, 0, 0] == Basis.FIXED


def test_winsorised_values_are_shown_beside_the_raw_ones() -> None:
    values = steady(*range(1, 12), 1000)
    result = run(a_framework(), a_cube(values))
    assert result.raw[0, 11, 0] == 12_000
    assert result.treated[0, 11, 0] == 132
    assert result.winsorised[0, 11, 0] == 1
    assert np.count_nonzero(result.winsorised) == 1
    assert any("极端值已调整" in text.zh for text in result.explain("p11", 2020))


def test_contributions_add_up_to_the_score() -> None:
    rng = np.random.default_rng(7)
    values = rng.uniform(50, 150, (8, 60)) * rng.uniform(1, 50, (8, 1))
    framework = a_framework(
        an_indicator("A", TOTAL, weight=0.5, normalise="N1"),
        an_indicator("B", {"kind": "growth", "series": "cars", "years": 3}, weight=0.3),
        an_indicator("C", PEAK, weight=0.2, normalise="N3", polarity="lower", reference=[1, 2]),
    )
    result = run(framework, a_cube(values))
    added = (np.nan_to_num(result.normalised) * result.weights).sum(axis=2)
    assert added == pytest.approx(result.score, abs=1e-6)
    assert result.weights.sum(axis=2) == pytest.approx(np.ones(result.score.shape))
    # In the first three years there is no growth, and its weight is shared by the others.
    assert result.weights[0, 0].tolist() == pytest.approx([0.5 / 0.7, 0, 0.2 / 0.7])


def test_years_choose_the_window_and_earlier_ones_serve_as_history() -> None:
    values = np.concatenate([steady(1, 2, 3, 4, 5), steady(2, 2, 3, 4, 5)], axis=1)
    values[0, 23] = NAN
    whole = run(a_framework(), a_cube(values))
    part = run(a_framework(), a_cube(values), years=(2021, 2021))
    assert part.years == (2021,)
    assert part.score[0].tolist() == whole.score[1].tolist()
    assert part.raw[0, 0, 0] == pytest.approx(24)


@pytest.mark.parametrize("years", [(2019, 2020), (2020, 2021), (2020, 2019)])
def test_years_outside_the_data_are_refused(years: tuple[int, int]) -> None:
    with pytest.raises(Refused) as refusal:
        run(a_framework(), a_cube(steady(1, 2)), years=years)
    assert refusal.value.findings[0].code == "years_outside_data"


def test_an_unknown_way_to_aggregate_is_refused() -> None:
    with pytest.raises(Refused) as refusal:
        run(a_framework(), a_cube(steady(1, 2)), aggregation="median")
    assert refusal.value.findings[0].code == "aggregation_unknown"


def test_the_explanation_speaks_both_languages() -> None:
    values = steady(100, 200, 300, 400, 500, years=2)
    values[1, 14] = NAN
    result = run(a_framework(), a_cube(values))
    head, line = result.explain("p01", 2021)
    assert "列第 4" in head.zh
    assert "rank 4 of 5" in head.en
    assert "2,400, " in line.en
    assert "8.3%" in line.en
    assert "8.3%" in line.zh
    values[1, 12:] = NAN
    refused = run(a_framework(), a_cube(values)).explain("p01", 2021)
    assert len(refused) == 1
    assert "未评分" in refused[0].zh


def test_what_does_not_exist_cannot_be_explained() -> None:
    result = run(a_framework(), a_cube(steady(1, 2)))
    for port, year in (("p09", 2020), ("p00", 1999)):
        with pytest.raises(NotFound):
            result.explain(port, year)


def test_records_are_plain_json_one_line_per_port_and_year() -> None:
    values = steady(100, 200, 300, 400, 500, years=2)
    values[0, 12:] = NAN
    result = run(a_framework(), a_cube(values))
    records = list(result.records())
    assert len(records) == 10
    assert json.loads(json.dumps(records, allow_nan=False)) == records
    silent = next(r for r in records if r["subject_code"] == "p00" and r["year"] == 2021)
    assert (silent["value"], silent["rank"], silent["not_scored"]) == (None, None, "nothing_published")
    best = next(r for r in records if r["subject_code"] == "p04" and r["year"] == 2020)
    assert (best["value"], best["rank"], best["peers"], best["not_scored"]) == (100, 1, 5, "")
    assert best["parts"] == result.parts("p04", 2020)
    line = best["parts"]["indicators"]["A"]
    assert (line["raw"], line["points"], line["basis"], line["reason"]) == (6000, 100, "group", "present")
    assert best["parts"]["aggregates"] == {"TOP": 100}
