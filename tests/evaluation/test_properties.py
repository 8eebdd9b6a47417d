"""What must hold for any data: range, ties, order, units, monotony."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kouan.evaluation import frameworks
from kouan.evaluation.method import MonthlyCube, NotScored, Result, run
from kouan.evaluation.method.aggregate import weighted_mean
from kouan.evaluation.method.normalise import between

FRAMEWORK = frameworks.get("throughput-benchmark")
YEARS = 5


@st.composite
def blocks(draw: st.DrawFn) -> np.ndarray:
    """Ports × measures × months: sizes over six orders of magnitude, zeros, gaps, dead measures."""
    ports = draw(st.integers(1, 14))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = (ports, len(FRAMEWORK.measures), 12 * YEARS)
    values = np.floor(10 ** rng.uniform(0, 6, (*shape[:2], 1)) * rng.uniform(0.2, 1.8, shape))
    values[rng.random(shape[:2]) < draw(st.sampled_from([0, 0.3]))] = 0
    values[rng.random(shape) < draw(st.sampled_from([0, 0.02, 0.3]))] = np.nan
    values[rng.random(shape) < draw(st.sampled_from([0, 0.05]))] = 0
    return values


def scored(values: np.ndarray, names: list[str] | None = None, split: int = 7, **options: str) -> Result:
    ports = names or [f"p{i:02d}" for i in range(len(values))]
    groups = {port: "north" if int(port[1:3]) < split else "south" for port in ports}
    cube = MonthlyCube.from_array(
        values, ports=ports, measures=FRAMEWORK.measures, first_year=2000, groups=groups, classes="land"
    )
    return run(FRAMEWORK, cube, **options)


@settings(max_examples=60, deadline=None)
@given(blocks(), st.sampled_from(["arithmetic", "geometric"]))
def test_scores_lie_between_0_and_100_and_nothing_is_absent_without_a_reason(
    values: np.ndarray, rule: str
) -> None:
    result = scored(values, aggregation=rule)
    is_scored = result.not_scored == NotScored.SCORED
    assert (np.isfinite(result.score) == is_scored).all()
    assert ((result.score[is_scored] >= 0) & (result.score[is_scored] <= 100)).all()
    assert ((result.rank >= 1) == is_scored).all()
    assert (result.rank <= result.rank_of).all()
    assert (np.isfinite(result.raw) == (result.reasons == 0)).all()
    assert (np.isfinite(result.normalised) == (np.isfinite(result.raw) & is_scored[:, :, None])).all()


@settings(max_examples=30, deadline=None)
@given(blocks(), st.randoms(use_true_random=False))
def test_the_order_of_ports_does_not_matter_to_the_last_bit(values: np.ndarray, random: object) -> None:
    names = [f"p{i:02d}" for i in range(len(values))]
    order = list(range(len(values)))
    random.shuffle(order)  # type: ignore[attr-defined]
    one, other = scored(values, names), scored(values[order], [names[i] for i in order])
    assert one.digest == other.digest
    assert one.recipe.digest == other.recipe.digest


@settings(max_examples=30, deadline=None)
@given(blocks())
def test_equal_ports_tie(values: np.ndarray) -> None:
    twins = np.concatenate([values, values])
    names = [f"p{i:02d}{side}" for side in "ab" for i in range(len(values))]
    result = scored(twins, names)
    # Sorted by name, twins stand side by side.
    assert np.array_equal(result.score[:, 0::2], result.score[:, 1::2], equal_nan=True)
    assert (result.rank[:, 0::2] == result.rank[:, 1::2]).all()


def steady_ports() -> np.ndarray:
    """One port that has always had no traffic: with the five that are added, ports without any season."""
    return np.zeros((1, len(FRAMEWORK.measures), 12 * YEARS))


@settings(max_examples=30, deadline=None)
@given(blocks(), st.sampled_from([1e-3, 0.1, 7.0, 1e4]))
@example(steady_ports(), 1e-3)
def test_counting_in_another_unit_changes_no_score(values: np.ndarray, factor: float) -> None:
    # Where peers are too few the fixed values are in the old unit, so the class must have five ports.
    values = np.concatenate(
        [values, np.abs(np.nan_to_num(values[:1])) + np.arange(1.0, 6.0)[:, None, None] * 9]
    )
    result, scaled = scored(values, split=99), scored(values * factor, split=99)
    compared = (result.basis != 3).all(axis=2) & (scaled.basis != 3).all(axis=2)
    assert np.allclose(result.score[compared], scaled.score[compared], atol=2e-6, equal_nan=True)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.floats(0, 1e9), min_size=2, max_size=8),
    st.data(),
)
def test_a_better_value_never_lowers_the_score_on_a_given_scale(
    values: list[float], data: st.DataObject
) -> None:
    size = len(values)
    which = data.draw(st.integers(0, size - 1))
    better = np.array(values)
    better[which] += data.draw(st.floats(0, 1e9))
    lows = np.array(data.draw(st.lists(st.floats(1, 1e5), min_size=size, max_size=size)))
    weights = np.array(data.draw(st.lists(st.floats(0.01, 1), min_size=size, max_size=size)))
    logarithmic = data.draw(st.booleans())
    rule = data.draw(st.sampled_from(["arithmetic", "geometric"]))

    def score(figures: np.ndarray) -> float:
        points = between(figures, lows, lows * 50, logarithmic=logarithmic)
        return float(weighted_mean(1 + 0.99 * points, weights, rule))

    assert score(better) >= score(np.array(values)) - 1e-9


@settings(max_examples=30, deadline=None)
@given(blocks())
def test_more_traffic_inside_the_scale_never_lowers_the_points_for_volume(values: np.ndarray) -> None:
    """Raise one port's every figure: its volume points do not fall, whatever becomes of its peers' scale."""
    raised = values.copy()
    raised[0] = np.where(raised[0] > 0, raised[0] * 1.3, raised[0])
    before, after = scored(values, split=99), scored(raised, split=99)
    volume = slice(0, 3)
    here, there = before.normalised[:, 0, volume], after.normalised[:, 0, volume]
    both = np.isfinite(here) & np.isfinite(there)
    assert (there[both] >= here[both] - 1e-9).all()


def test_missing_is_not_zero_in_the_score() -> None:
    rng = np.random.default_rng(11)
    values = rng.uniform(900, 1100, (8, len(FRAMEWORK.measures), 12 * YEARS)) * np.arange(1, 9)[:, None, None]
    silent, zero = values.copy(), values.copy()
    silent[3, :, -12] = np.nan
    zero[3, :, -12] = 0
    with_silence, with_zero, full = scored(silent), scored(zero), scored(values)
    volume = with_silence.raw[-1, 3, 0]
    assert with_zero.raw[-1, 3, 0] < volume
    assert abs(volume - full.raw[-1, 3, 0]) < 0.02 * volume
    assert with_silence.estimated_share[-1, 3, 0] > 0
    assert with_zero.estimated_share[-1, 3, 0] == 0


def test_a_stricter_limit_never_scores_more_ports() -> None:
    rng = np.random.default_rng(5)
    values = rng.lognormal(5, 1, (10, len(FRAMEWORK.measures), 12 * YEARS))
    values[rng.random(values.shape) < 0.1] = np.nan
    cube = MonthlyCube.from_array(
        values, ports=[f"p{i}" for i in range(10)], measures=FRAMEWORK.measures, first_year=2000,
        groups={f"p{i}": "g" for i in range(10)},
    )  # fmt: skip
    counts = [
        int((run(replace(FRAMEWORK, largest_estimated_share=limit), cube).not_scored == 0).sum())
        for limit in (0.0, 0.05, 0.1, 0.3)
    ]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]
