"""A missing figure is neither zero nor invented: it is expected from history, within a limit, or it is missing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kouan.evaluation.method.coverage import Coverage, cover

NAN = float("nan")


def of(
    *measures: list[list[float]], limit: float = 0.1, look_back: int = 3, carried_years: int = 3
) -> Coverage:
    """Cover one port: each measure is a list of years, each year a list of 12 months."""
    return cover(
        np.array(measures, dtype=float)[None],
        largest_estimated_share=limit,
        look_back=look_back,
        carried_years=carried_years,
    )


def year(figure: float, **months: float) -> list[float]:
    """Twelve equal months, some changed: year(5, m3=nan)."""
    months_of_year = [figure] * 12
    for name, value in months.items():
        months_of_year[int(name[1:]) - 1] = value
    return months_of_year


def test_a_complete_year_is_its_plain_sum() -> None:
    found = of([year(10)], [year(5)])
    assert found.annual[0, 0] == found.published[0, 0] == 180
    assert found.estimated_share[0, 0] == 0
    assert found.monthly[0, 0].tolist() == [15] * 12


def test_a_silent_month_of_a_busy_port_is_estimated_never_lowered() -> None:
    # History says 100 for March; this year runs at double its level, so 200 is expected.
    found = of([year(100), year(200, m3=NAN)])
    assert found.published[0, 1] == 2200
    assert found.annual[0, 1] == pytest.approx(2400)
    assert found.estimated_share[0, 1] == pytest.approx(200 / 2400)
    assert np.isnan(found.monthly[0, 1, 2])


def test_too_much_silence_makes_the_year_missing() -> None:
    found = of([year(100), year(100, m3=NAN, m4=NAN)])
    assert np.isnan(found.annual[0, 1])
    assert found.published[0, 1] == 1000
    assert found.estimated_share[0, 1] == pytest.approx(200 / 1200)


def test_a_published_zero_is_believed_where_silence_is_not() -> None:
    zero = of([year(100), year(100, m3=0, m4=0)])
    assert zero.annual[0, 1] == 1000
    assert zero.estimated_share[0, 1] == 0


def test_silence_in_a_month_that_was_always_zero_costs_nothing() -> None:
    summer = year(50, m1=0, m2=0, m12=0)
    omitted = year(50, m1=NAN, m2=NAN, m12=NAN)
    found = of([summer, omitted])
    assert found.annual[0, 1] == 450
    assert found.estimated_share[0, 1] == 0


def test_the_level_comes_from_the_traffic_published_beside_it() -> None:
    # Coaches were a tenth of the cars in April; cars fell to a fifth, so coaches are expected to as well.
    found = of([year(1000), year(200)], [year(100), year(20, m4=NAN)])
    assert found.estimated_share[0, 1] == pytest.approx(20 / 2640)
    assert found.annual[0, 1] == pytest.approx(2640)


def test_history_is_the_latest_published_years_of_the_month() -> None:
    found = of([year(10), year(20), year(30, m5=NAN), year(40), year(40, m5=NAN)], look_back=2, limit=0.5)
    # Mays published: 10, 20, (none), 40 -> latest two are 20 and 40, mean 30, at the level of the other months.
    others = 40 / np.mean([30, 40])
    assert found.annual[0, 4] - found.published[0, 4] == pytest.approx(30 * others)


def test_without_history_the_year_itself_is_the_measure() -> None:
    found = of([year(10, m1=NAN)])
    assert found.annual[0, 0] == pytest.approx(120)
    assert np.isnan(of([year(10, m1=NAN, m2=NAN)]).annual[0, 0])


def test_a_traffic_never_seen_is_not_expected() -> None:
    found = of([year(10)], [year(NAN)])
    assert found.annual[0, 0] == 120
    assert found.active[0, 0]


def test_a_traffic_unseen_for_the_window_is_no_longer_expected() -> None:
    stopped = [year(90), year(NAN), year(NAN), year(NAN)]
    found = of([year(10)] * 4, stopped, carried_years=3)
    assert np.isnan(found.annual[0, 1])
    assert np.isnan(found.annual[0, 2])
    assert found.annual[0, 3] == 120


def test_a_year_without_any_row_is_missing_and_has_no_share() -> None:
    found = of([year(10), year(NAN)])
    assert np.isnan(found.annual[0, 1])
    assert np.isnan(found.published[0, 1])
    assert np.isnan(found.estimated_share[0, 1])
    assert found.months[0, 1] == 0
    assert found.carried[0, 1]
    assert not found.active[0, 1]


def test_a_year_of_zeros_is_zero() -> None:
    found = of([year(0)])
    assert found.annual[0, 0] == 0
    assert not found.carried[0, 0]


@given(
    figures=st.lists(st.integers(1, 10_000), min_size=24, max_size=24),
    month=st.integers(0, 11),
)
def test_missing_is_never_read_as_zero(figures: list[int], month: int) -> None:
    block = np.array(figures, dtype=float).reshape(1, 1, 2, 12)
    missing, zero = block.copy(), block.copy()
    missing[0, 0, 1, month] = np.nan
    zero[0, 0, 1, month] = 0
    with_gap = cover(missing, largest_estimated_share=0.1, look_back=3)
    with_zero = cover(zero, largest_estimated_share=0.1, look_back=3)
    assert with_zero.annual[0, 1] == with_gap.published[0, 1]
    assert np.isnan(with_gap.annual[0, 1]) or with_gap.annual[0, 1] > with_zero.annual[0, 1]
    assert np.isnan(with_gap.monthly[0, 1, month])
    assert with_zero.monthly[0, 1, month] == 0
