"""Reading the benchmark's stored scores: quarters, medians, runs of years, what a score is made of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from console.benchmarks import BORDER, a_scored_set, parts
from kouan.evaluation.benchmarks import (
    Stretch,
    framework_of,
    medians,
    part_lines,
    peer_parts,
    quartile,
    stretches,
)
from kouan.evaluation.models import Score


@pytest.mark.parametrize(("rank", "peers", "quarter"), [
    (1, 72, 1), (18, 72, 1), (19, 72, 2), (36, 72, 2), (37, 72, 3), (54, 72, 3), (55, 72, 4), (72, 72, 4),
    (1, 1, 1), (3, 3, 3), (None, 72, None), (1, 0, None),
])
def test_quarters_on_both_sides_of_each_bound(rank, peers, quarter):
    assert quartile(rank, peers) == quarter


@given(some.integers(1, 300), some.data())
def test_a_better_rank_never_lies_in_a_later_quarter(peers, data):
    rank = data.draw(some.integers(1, peers))
    other = data.draw(some.integers(rank, peers))
    assert 1 <= quartile(rank, peers) <= quartile(other, peers) <= 4


@pytest.mark.django_db
def test_medians_leave_out_the_unscored():
    run = a_scored_set()
    assert medians(run, BORDER) == pytest.approx({2022: 66.234, 2023: 66.234})
    assert medians(run, "US-Mexico Border") == {}


@pytest.mark.django_db
def test_years_in_the_same_quarter_are_one_stretch():
    run = a_scored_set(years=(2020, 2021, 2022, 2023))
    assert stretches(run.scores.filter(subject_code="X1")) == [Stretch(2020, 2022, 4), Stretch(2023, 2023, 1)]
    assert stretches(run.scores.filter(subject_code="X5")) == [Stretch(2020, 2023, None)]


@pytest.mark.django_db
def test_the_lines_of_a_score_add_up_to_it():
    run = a_scored_set()
    score = Score.objects.get(run=run, subject_code="X2", year=2023)
    lines = part_lines(score, framework_of(run), peer_parts(run, 2023, BORDER))
    indicators = [line for line in lines if line.node.is_indicator]
    assert [line.node.code for line in lines][:4] == ["G02-A", "G02-A1", "G02-A2", "G02-A3"]
    assert sum(line.contribution for line in indicators) == pytest.approx(score.value)
    assert sum(line.weight for line in lines if not line.node.is_indicator) == pytest.approx(1)
    assert {line.quarter for line in lines} == {2}
    assert indicators[0].typical == pytest.approx(66.234)


@pytest.mark.django_db
def test_a_missing_indicator_says_why():
    run = a_scored_set()
    score = Score.objects.get(run=run, subject_code="X5", year=2023)
    lines = [line for line in part_lines(score, framework_of(run), peer_parts(run, 2023, BORDER)) if line.node.is_indicator]
    assert all(line.points is None and line.quarter is None and line.contribution is None for line in lines)
    assert {line.missing.zh for line in lines} == {"该口岸不承载此类运输（不适用）"}
    assert parts(None)["availability"] == 0


@pytest.mark.django_db
def test_a_run_of_an_older_framework_is_read_by_its_own():
    run = a_scored_set()
    run.framework_digest = "0" * 64
    run.recipe["framework"]["name"] = {"zh": "旧版", "en": "older"}
    assert framework_of(run).name.zh == "旧版"
