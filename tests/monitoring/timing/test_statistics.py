"""The figures of many cases: against NumPy, DuckDB, SciPy and a plain bootstrap."""

from __future__ import annotations

import warnings
from datetime import date
from decimal import Decimal

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kouan.basis import Refused
from kouan.monitoring.timing import parameters
from kouan.monitoring.timing.events import HOUR
from kouan.monitoring.timing.statistics import (
    base_2017,
    bootstrap_medians,
    median_interval,
    quantile,
    summarise,
)
from kouan.monitoring.timing.survival import kaplan_meier

LENGTHS = st.lists(st.integers(-(10**9), 10**13), min_size=1, max_size=60)


@given(LENGTHS, st.floats(0, 1))
def test_a_quantile_is_numpys(values: list[int], q: float) -> None:
    assert quantile(values, q) == pytest.approx(float(np.quantile(np.array(values), q)), rel=1e-12, abs=1e-3)


def test_a_quantile_is_duckdbs() -> None:
    values = [int(each) for each in np.random.default_rng(7).lognormal(25, 1, 999)]
    # A connection of its own: an unfinished result on the common one would stop the tests of others.
    with duckdb.connect() as engine:
        for q in (0.5, 0.75, 0.9, 0.95):
            ((found,),) = engine.execute(f"SELECT quantile_cont(v, {q}) FROM (SELECT unnest(?::BIGINT[]) AS v)", [values]).fetchall()
            assert quantile(values, q) == pytest.approx(found, rel=1e-12)


@pytest.mark.parametrize(("n", "is_shown"), [(29, False), (30, True)])
def test_fewer_than_thirty_cases_show_no_95th_percentile_and_say_why(n: int, is_shown: bool) -> None:
    found = summarise(range(n))
    assert (found.p95_us is not None) is is_shown and (found.p95_reason is None) is is_shown
    if not is_shown:
        assert found.p95_reason is not None and "29" in found.p95_reason.zh and "30" in found.p95_reason.en
    assert found.p90_us is not None


def test_exactly_the_norm_meets_it_and_a_microsecond_more_does_not() -> None:
    found = summarise([5 * HOUR - 1, 5 * HOUR, 5 * HOUR + 1, 9 * HOUR], norm_us=5 * HOUR)
    assert (found.within_norm, found.share_within_norm) == (2, 0.5)


def test_the_cut_from_2017_equals_the_hand_calculation() -> None:
    """R-023: 97.39 hours then; 48.695 now is a cut of one half."""
    base = base_2017("overall_clearance", "inbound", date(2026, 3, 1))
    assert base == Decimal("97.39") and base_2017("overall_clearance", "outbound", date(2026, 3, 1)) == Decimal("12.29")
    found = summarise([round(48.695 * HOUR)] * 3, base_hours=base)
    assert {cut.of: round(cut.ratio, 9) for cut in found.cuts} == {"mean": 0.5, "median": 0.5}
    slower = summarise([round(194.78 * HOUR)], base_hours=base)
    assert slower.cuts[0].ratio == pytest.approx(-1)
    assert base_2017("customs_time", "inbound", date(2026, 3, 1)) is None and base_2017("overall_clearance", "transit", date(2026, 3, 1)) is None


def test_nothing_is_trimmed_silently() -> None:
    values = [1 * HOUR, 2 * HOUR, 3 * HOUR, 900 * HOUR]
    plain, trimmed = summarise(values), summarise(values, trim_us=(None, 720 * HOUR))
    assert plain.n == 4 and plain.trim is None
    assert trimmed.n == 3 and trimmed.trim is not None and trimmed.trim.left_out == 1 and "720" in trimmed.trim.rule.zh
    assert trimmed.as_dict()["trim"]["left_out"] == 1 and plain.as_dict()["quantile"]["en"].startswith("linear")


def test_of_nothing_there_is_no_figure() -> None:
    found = summarise([])
    assert found.n == 0
    assert {found.mean_us, found.median_us, found.p95_us, found.median_interval, found.share_within_norm} == {None}


def test_a_mean_is_exact_where_floats_would_not_be() -> None:
    assert summarise([2**53, 2**53 + 2, 1]).mean_us == (2**54 + 3) / 3
    assert summarise([2**62] * 4).mean_us == 2**62


@pytest.mark.parametrize("n", [9, 10, 101, 250])
def test_the_fast_bootstrap_has_the_distribution_of_the_plain_one(n: int) -> None:
    chance = np.random.default_rng(3)
    values = np.sort(chance.lognormal(2, 1, n) * HOUR).astype(np.int64)
    fast = bootstrap_medians(values, np.random.default_rng(1), 20_000)
    plain = np.median(values[chance.integers(0, n, (20_000, n))], axis=1)
    assert stats.ks_2samp(fast, plain).statistic < 0.02  # 5 % point of two samples of 20,000: 0.0136; medians of n values tie
    for q in (0.025, 0.5, 0.975):
        assert np.quantile(fast, q) == pytest.approx(np.quantile(plain, q), rel=0.08)


def test_an_interval_of_a_median_is_the_same_each_time_and_holds_it() -> None:
    values = [int(each) for each in np.random.default_rng(5).lognormal(24, 0.8, 400)]
    first, again, other = (median_interval(values, seed=seed) for seed in (1, 1, 2))
    assert first == again != other and first is not None
    assert first.low <= summarise(values).median_us <= first.high and "seed 1" in first.rule  # type: ignore[operator]
    assert median_interval([5]) is None


def test_the_interval_covers_the_true_median_as_often_as_it_says() -> None:
    chance = np.random.default_rng(11)
    held = 0
    for _ in range(400):
        found = median_interval((chance.lognormal(0, 1, 60) * HOUR).astype(np.int64), resamples=800)
        held += found is not None and found.low <= HOUR <= found.high
    assert 0.92 <= held / 400 <= 0.985


CENSORED = st.lists(st.tuples(st.integers(1, 30), st.booleans()), min_size=2, max_size=40)


@given(CENSORED)
def test_kaplan_meier_is_scipys(rows: list[tuple[int, bool]]) -> None:
    ended, running = [t for t, is_ended in rows if is_ended], [t for t, is_ended in rows if not is_ended]
    if not ended:
        assert kaplan_meier([t for t, _ in rows], [False] * len(rows)).quantile(0.5) is None
        return
    ours = kaplan_meier([t for t, _ in rows], [is_ended for _, is_ended in rows])
    theirs = stats.ecdf(stats.CensoredData(uncensored=ended, right=running))
    assert ours.survival == pytest.approx(theirs.sf.evaluate(ours.times), abs=1e-12)
    if len(rows) > 1 and ours.survival[-1] > 1e-9:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SciPy says that the interval is undefined where the curve is one or zero
            interval = theirs.sf.confidence_interval(confidence_level=0.95, method="log-log")
        low, high = ours.interval(0.95)
        assert low == pytest.approx(interval.low.evaluate(ours.times), abs=1e-9)
        assert high == pytest.approx(interval.high.evaluate(ours.times), abs=1e-9)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=40))
def test_without_unfinished_cases_its_median_is_the_ordinary_one(values: list[int]) -> None:
    found = kaplan_meier(values, [True] * len(values))
    assert found.quantile(0.5) == float(np.median(values)) and not found.is_provisional


def test_leaving_out_unfinished_cases_would_make_a_month_look_fast() -> None:
    chance = np.random.default_rng(2)
    true = chance.exponential(100, 4000)
    seen = chance.uniform(0, 150, 4000)  # each case has been watched for so long
    curve = kaplan_meier(np.minimum(true, seen), true <= seen)
    naive = float(np.median(true[true <= seen]))
    median = curve.quantile(0.5)
    assert median is not None and abs(median - 69.3) < 5 and naive < 45
    interval = curve.interval_of_median()
    assert interval is not None and interval.low < 69.3 < interval.high and curve.is_provisional


def test_a_textbook_example() -> None:
    """Greenwood by hand for 6, 6, 6, 6*, 7, 9*, 10 (Freireich's first patients): S(6) = 4/7, variance S²·3/(7·4)."""
    found = kaplan_meier([6, 6, 6, 6, 7, 9, 10], [True, True, True, False, True, False, True])
    assert found.survival.tolist() == pytest.approx([4 / 7, 4 / 7 * 2 / 3, 0])
    assert found.variance()[0] == pytest.approx((4 / 7) ** 2 * 3 / 28)
    assert found.quantile(0.5) == 7


@pytest.mark.parametrize(("lengths", "ended"), [([1, 2], [True]), ([-1], [True]), ([float("nan")], [True])])
def test_lengths_that_are_none_are_refused(lengths: list[float], ended: list[bool]) -> None:
    with pytest.raises(ValueError):
        kaplan_meier(lengths, ended)
    with pytest.raises(ValueError):
        quantile([1], 1.01)


def test_every_parameter_is_dated_and_grounded(tmp_path) -> None:
    for key, values in parameters.shipped().items():
        assert values and values[0].label.zh and values[0].unit.en, key
        assert all(value.citation is not None or value.note is not None for value in values)
    with pytest.raises(KeyError):
        parameters.on("waiting_limit_minutes", date(2020, 12, 31))
    file = tmp_path / "parameters.yaml"
    file.write_text("x:\n  label: {zh: 甲, en: a}\n  unit: {zh: 件, en: cases}\n  values: [{from: 2021-01-01, issued: 2021-01-01, count: 3}]\n",
                    encoding="utf-8")  # fmt: skip
    with pytest.raises(Refused) as refused:
        parameters.load(file)
    assert refused.value.findings[0].code == "no_ground"
