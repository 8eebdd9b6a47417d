"""Buckets keep their promise of 1 %, merge in any order, and survive JSON."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kouan.monitoring.timing.buckets import RELATIVE_ERROR, Buckets, bucket_of, value_of
from kouan.monitoring.timing.events import HOUR
from kouan.monitoring.timing.statistics import quantile

POSITIVE = st.integers(1, 10**15)
ANY = st.one_of(st.just(0), POSITIVE, POSITIVE.map(lambda us: -us))
LISTS = st.lists(ANY, max_size=40)


@given(POSITIVE)
def test_a_bucket_gives_every_length_within_one_percent(us: int) -> None:
    assert abs(value_of(bucket_of(us)) - us) <= RELATIVE_ERROR * us


@given(LISTS.filter(bool), st.floats(0, 1))
def test_a_quantile_is_within_one_percent(values: list[int], q: float) -> None:
    exact, found = quantile(values, q), Buckets.of(values).quantile(q)
    assert exact is not None and found is not None
    ordered = sorted(values)
    below = int(q * (len(values) - 1))
    largest = max(abs(ordered[below]), abs(ordered[min(below + 1, len(values) - 1)]))
    assert abs(found - exact) <= RELATIVE_ERROR * largest + 1e-6
    if ordered[below] > 0:  # both neighbours have one sign
        assert abs(found - exact) <= RELATIVE_ERROR * exact * (1 + 1e-9)


@given(LISTS, LISTS, LISTS)
def test_merging_is_commutative_and_associative_and_the_same_as_adding(one: list[int], two: list[int], three: list[int]) -> None:
    a, b, c = (Buckets.of(each) for each in (one, two, three))
    assert a.merged(b) == b.merged(a)
    assert a.merged(b).merged(c) == a.merged(b.merged(c)) == Buckets.of(one + two + three)
    assert a == Buckets.of(one) and a.merged(Buckets()) == a
    assert Buckets.from_dict(json.loads(json.dumps(a.as_dict()))) == a


@given(LISTS)
def test_count_sum_least_and_most_are_exact_however_they_are_added(values: list[int]) -> None:
    one_by_one = Buckets()
    for each in values:
        one_by_one.add(each)
    found = Buckets.of(np.array(values, dtype=np.int64))
    assert found == one_by_one and found == Buckets.of(values)
    assert (found.n, found.sum) == (len(values), sum(values))
    assert (found.least, found.most) == ((min(values), max(values)) if values else (None, None))
    ranks = [found.quantile(q) or 0 for q in (0, 0.25, 0.5, 0.9, 1)]
    assert all(low <= high for low, high in pairwise(ranks))


@given(LISTS.filter(bool), st.integers(-(10**12), 10**13))
def test_the_share_within_a_norm_lies_between_its_bounds(values: list[int], norm: int) -> None:
    bounds = Buckets.of(values).share_within(norm)
    assert bounds is not None and bounds[0] <= sum(each <= norm for each in values) / len(values) <= bounds[1]


def test_the_bounds_of_a_share_are_close() -> None:
    values = np.random.default_rng(1).lognormal(25, 1, 20_000).astype(np.int64)
    low, high = Buckets.of(values).share_within(24 * HOUR) or (0, 1)
    assert 0 <= high - low < 0.012 and low <= float((values <= 24 * HOUR).mean()) <= high


def test_a_day_of_lengths_needs_few_buckets_and_says_how_exact_it_is() -> None:
    told = Buckets.of(np.random.default_rng(2).lognormal(25, 1.2, 100_000).astype(np.int64)).as_dict()
    assert len(told["positive"]) < 700 and told["relative_error"] == 0.01 and "1%" in told["stated"]["zh"]


def test_buckets_of_another_scheme_and_of_nothing() -> None:
    with pytest.raises(ValueError):
        Buckets.from_dict({**Buckets().as_dict(), "scheme": "log-0.02"})
    with pytest.raises(ValueError):
        Buckets.of([1]).quantile(1.5)
    empty = Buckets()
    assert (empty.n, empty.mean, empty.quantile(0.5), empty.share_within(5)) == (0, None, None, None)
    assert Buckets.of([HOUR] * 3).quantile(0.5) == HOUR  # the least and the most are exact
