"""Before and after: against every pair written out, and SciPy's test of Mann and Whitney."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kouan.basis import Text
from kouan.monitoring.timing.compare import compare, hodges_lehmann
from kouan.monitoring.timing.events import HOUR

FEBRUARY, MARCH, IMPORT = Text("2月", "in February"), Text("3月", "in March"), Text("进口整体通关时间", "overall clearance time of imports")
SIDES = st.lists(st.integers(0, 10**6), min_size=5, max_size=25)


def hours(*given: float) -> list[int]:
    return [round(each * HOUR) for each in given]


@given(SIDES, SIDES)
def test_the_shift_is_the_median_of_all_differences(before: list[int], after: list[int]) -> None:
    found, _ = hodges_lehmann(np.sort(before), np.sort(after))
    assert found == float(np.median(np.subtract.outer(after, before)))


@settings(max_examples=25, deadline=None)
@given(st.sets(st.integers(0, 10**6), min_size=10, max_size=24), st.integers(5, 9), st.randoms(use_true_random=False))
def test_its_interval_holds_just_the_shifts_that_the_exact_test_does_not_refuse(values: set[int], size: int, chance) -> None:
    rows = [each * 1_000 + number for number, each in enumerate(sorted(values))]  # no ties, and room between
    chance.shuffle(rows)
    before, after = np.sort(rows[:size]), np.sort(rows[size:])
    if min(before.size, after.size) < 5:
        return
    _, interval = hodges_lehmann(before, after)

    def p_of(shift: float) -> float:
        return float(stats.mannwhitneyu(after - shift, before, method="exact").pvalue)

    assert p_of(interval.low + 0.5) > 0.05 >= p_of(interval.low - 0.5)
    assert p_of(interval.high - 0.5) > 0.05 >= p_of(interval.high + 0.5)


def test_large_samples_use_the_normal_approximation_and_agree_with_the_exact_one() -> None:
    chance = np.random.default_rng(4)
    before, after = np.sort(chance.lognormal(24, 1, 52).astype(np.int64)), np.sort(chance.lognormal(24, 1, 50).astype(np.int64))
    _, large = hodges_lehmann(before, after)
    _, small = hodges_lehmann(before[1:-1], after)
    assert "normal" in large.rule and "exact" in small.rule
    width = large.high - large.low
    assert abs(large.low - small.low) < width / 8 and abs(large.high - small.high) < width / 8


def test_a_clear_cut_is_said_in_both_languages() -> None:
    found = compare(hours(*(40 + n / 10 for n in range(100))), hours(*(30 + n / 10 for n in range(100))))
    assert found.verdict == "shorter" and found.ratio == pytest.approx(-10 / 44.95)
    said = found.sentence(FEBRUARY, MARCH, IMPORT)
    assert said.zh.startswith("进口整体通关时间中位数：2月 44.95 小时（100 件），3月 34.95 小时（100 件），缩短 10.00 小时（22.2%）")
    assert "变化明确" in said.zh and "the change is clear" in said.en and "10.00 h shorter (22.2%)" in said.en
    assert found.difference_interval is not None and found.difference_interval.high < 0


def test_no_change_is_unclear_and_few_cases_have_no_interval() -> None:
    chance = np.random.default_rng(8)
    same = compare((chance.lognormal(0, 1, 200) * HOUR).astype(np.int64), (chance.lognormal(0, 1, 200) * HOUR).astype(np.int64))
    assert same.verdict == "unclear" and "尚不能确定" in same.sentence(FEBRUARY, MARCH, IMPORT).zh
    few = compare(hours(1, 2, 3, 4), hours(5, 6, 7, 8, 9))
    assert few.verdict == "too_few" and few.difference_interval is None and "少于 5 件" in few.sentence(FEBRUARY, MARCH, IMPORT).zh
    assert compare(hours(1, 2, 3, 4, 5), hours(5, 6, 7, 8, 9)).verdict == "longer"
    none = compare([], hours(1))
    assert "无法比较" in none.sentence(FEBRUARY, MARCH, IMPORT).zh and none.ratio is None


def test_a_difference_that_is_not_there_is_found_as_seldom_as_promised() -> None:
    chance = np.random.default_rng(21)
    clear = sum(
        compare((chance.lognormal(0, 1, 40) * HOUR).astype(np.int64), (chance.lognormal(0, 1, 40) * HOUR).astype(np.int64), resamples=600).verdict
        != "unclear" for _ in range(300)
    )  # fmt: skip
    assert clear / 300 < 0.08


def test_the_same_seed_gives_the_same_answer() -> None:
    before, after = hours(*range(1, 60)), hours(*range(3, 62))
    assert compare(before, after) == compare(list(reversed(before)), after) != compare(before, after, seed=1)
