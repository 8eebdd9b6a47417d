"""Each kind of indicator against figures worked out by hand, and each reason for having none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.evaluation.factories import a_cube, a_framework, an_indicator, steady

from kouan.basis import Refused
from kouan.evaluation.method import Reason, Result, run

NAN = float("nan")
TOTAL = {"kind": "total", "series": "cars"}
PEAK = {"kind": "peak_to_mean", "series": "cars", "months": 6}
SEASON = {"kind": "season_departure", "series": "cars", "years": 3, "months": 6}
GROWTH = {"kind": "growth", "series": "cars", "years": 3}
SHARE = {"kind": "share", "series": "cars"}


def derive(values: Any, derivation: dict[str, Any], *, missing: str = "M2", groups: Any = "g") -> Result:
    """Run one indicator over one measure."""
    framework = a_framework(an_indicator("A", derivation, missing=missing))
    return run(framework, a_cube(values, groups=groups))


def reason(result: Result, port: int = 0, year: int = -1) -> Reason:
    return Reason(int(result.reasons[year, port, 0]))


def two_series(derivation: dict[str, Any], values: Any) -> Result:
    """Run one indicator over the series cars and lorries: values are (ports, 2, months)."""
    framework = a_framework(an_indicator("A", derivation), series={"cars": ["cars"], "lorries": ["lorries"]})
    return run(framework, a_cube(values, measures=("cars", "lorries")))


# -- total --------------------------------------------------------------------------------------------


def test_total_is_the_sum_of_the_year() -> None:
    result = derive(steady(1, 2, 3), TOTAL)
    assert result.raw[0, :, 0].tolist() == [12, 24, 36]


def test_total_of_a_traffic_not_carried_does_not_apply() -> None:
    values = np.stack([np.stack([steady(5)[0], steady(0)[0]]), np.stack([steady(5)[0], steady(2)[0]])])
    result = two_series({"kind": "total", "series": "lorries"}, values)
    assert reason(result) is Reason.NOT_CARRIED
    assert result.raw[0, 1, 0] == 24


def test_without_m2_a_published_zero_stays_a_zero() -> None:
    assert derive(steady(0, 5), TOTAL, missing="M4").raw[0, :, 0].tolist() == [0, 60]


def test_a_year_nobody_publishes_is_suspended_under_m4() -> None:
    values = np.concatenate([steady(3, 4), np.full((2, 12), NAN)], axis=1)
    result = derive(values, TOTAL, missing="M4")
    assert reason(result) is Reason.SUSPENDED
    assert [f.code for f in result.findings if f.code == "indicator_suspended"]


def test_a_silent_year_of_a_live_port_is_lacking() -> None:
    values = steady(3, 4, years=2)
    values[0, 12:] = NAN
    assert reason(derive(values, TOTAL)) is Reason.NOT_PUBLISHED


# -- share --------------------------------------------------------------------------------------------


def test_share_is_of_the_own_group_when_it_has_five() -> None:
    values = steady(10, 20, 30, 40, 100, 7, 7, 7, 7, 7)
    result = derive(values, SHARE, groups=["a"] * 5 + ["b"] * 5)
    assert result.raw[0, :5, 0].tolist() == pytest.approx([5, 10, 15, 20, 50])
    assert result.raw[0, 5:, 0].tolist() == pytest.approx([20] * 5)


def test_share_of_a_small_group_is_of_the_class() -> None:
    result = derive(steady(10, 10, 20, 20, 20, 20), SHARE, groups=["a", "a", "b", "b", "b", "b"])
    assert result.raw[0, :, 0].tolist() == pytest.approx([10, 10, 20, 20, 20, 20])


def test_share_leaves_out_what_the_port_does_not_carry() -> None:
    cars, lorries = steady(10, 10), steady(30, 0)
    result = two_series(
        {"kind": "share", "series": {"cars": 0.4, "lorries": 0.6}}, np.stack([cars, lorries], axis=1)
    )
    assert result.raw[0, :, 0].tolist() == pytest.approx([0.4 * 50 + 0.6 * 100, 50])


# -- growth -------------------------------------------------------------------------------------------


def test_growth_is_the_yearly_average_over_three_years() -> None:
    values = np.concatenate([steady(8, 8), steady(10, 5), steady(20, 5), steady(27, 1)], axis=1)
    assert derive(values, GROWTH).raw[3, :, 0].tolist() == pytest.approx([50, -50])


def test_growth_adds_series_by_the_median_of_the_base_year() -> None:
    # Medians of the base year: cars 100, lorries 10 a month. Port 0: (0.5·300/100 + 0.5·10/10) / 1 = 2.
    cars = np.concatenate([steady(100, 100, 100, years=3), steady(300, 100, 100)], axis=1)
    lorries = steady(10, 10, 10, years=4)
    result = two_series(
        {"kind": "growth", "years": 3, "series": {"cars": 0.5, "lorries": 0.5}},
        np.stack([cars, lorries], axis=1),
    )
    assert result.raw[3, 0, 0] == pytest.approx((2 ** (1 / 3) - 1) * 100)
    assert result.raw[3, 1, 0] == pytest.approx(0)


def test_growth_has_no_base_before_the_data_or_before_the_port() -> None:
    values = steady(5, 5, years=4)
    values[0, :12] = NAN
    result = derive(values, GROWTH)
    assert {reason(result, 1, year) for year in range(3)} == {Reason.NO_BASE_YEAR}
    assert reason(result, 0, 3) is Reason.NO_BASE_YEAR
    assert reason(result, 1, 3) is Reason.PRESENT


def test_growth_from_an_incomplete_or_empty_base() -> None:
    values = steady(5, 5, 5, years=4)
    values[0, :6] = NAN
    values[1, :12] = 0
    result = derive(values, GROWTH)
    assert reason(result, 0, 3) is Reason.BASE_YEAR_INCOMPLETE
    assert reason(result, 1, 3) is Reason.NO_TRAFFIC


def test_growth_in_an_incomplete_year_is_lacking() -> None:
    values = steady(5, 5, years=4)
    values[0, 36:42] = NAN
    assert reason(derive(values, GROWTH), 0, 3) is Reason.INCOMPLETE


# -- departure from the season ------------------------------------------------------------------------


def seasonal(*levels: float) -> np.ndarray:
    """One port whose year always has the same shape, at the given levels."""
    shape = np.array([1, 1, 1, 2, 3, 6, 8, 8, 4, 2, 1, 1.0])
    return np.concatenate([level * shape for level in levels])[None]


def test_a_regular_season_that_grows_does_not_depart() -> None:
    result = derive(seasonal(10, 20, 30, 60), SEASON)
    assert result.raw[3, 0, 0] == pytest.approx(0, abs=1e-9)


def test_departure_is_the_root_mean_square_of_the_profiles() -> None:
    values = steady(100, years=4)
    values[0, 36:42], values[0, 42:] = 150, 50
    assert derive(values, SEASON).raw[3, 0, 0] == pytest.approx(50)


def test_departure_needs_two_earlier_years() -> None:
    result = derive(steady(100, years=4), SEASON)
    assert [reason(result, 0, year) for year in range(4)] == [
        Reason.NO_BASE_YEAR,
        Reason.TOO_FEW_MONTHS,
        Reason.PRESENT,
        Reason.PRESENT,
    ]


def test_winter_closure_counts_neither_as_zero_nor_as_silence() -> None:
    open_months = seasonal(10, 20, 30, 60)
    for closed in (0.0, NAN):
        values = open_months.copy().reshape(4, 12)
        values[:, [0, 1, 2, 11]] = closed
        assert derive(values.reshape(1, 48), SEASON).raw[3, 0, 0] == pytest.approx(0, abs=1e-9)


# -- peak ---------------------------------------------------------------------------------------------


def test_peak_is_the_busiest_month_over_the_mean() -> None:
    values = steady(100)
    values[0, 6] = 220
    assert derive(values, PEAK).raw[0, 0, 0] == pytest.approx(220 / 110)


def test_peak_counts_months_with_traffic_only() -> None:
    for closed in (0.0, NAN):
        values = steady(100)
        values[0, :4] = closed
        values[0, 6] = 200
        assert derive(values, PEAK).raw[0, 0, 0] == pytest.approx(200 / 112.5)


def test_peak_needs_six_months() -> None:
    values = steady(100)
    values[0, :7] = NAN
    assert reason(derive(values, PEAK)) is Reason.TOO_FEW_MONTHS


def test_peak_and_season_do_not_apply_where_the_traffic_is_not_carried() -> None:
    values = np.stack([np.stack([steady(0)[0], steady(9)[0]])])
    for derivation in (PEAK, SEASON):
        assert reason(two_series(derivation, values)) is Reason.NOT_CARRIED


# -- measures -----------------------------------------------------------------------------------------


def test_a_cube_without_the_measure_is_refused_with_the_nearest_name() -> None:
    framework = a_framework(series={"cars": ["personal_vehicles"]})
    with pytest.raises(Refused) as refusal:
        run(framework, a_cube(steady(1), measures=("personal_vehicle",)))
    finding = refusal.value.findings[0]
    assert finding.code == "cube_measure_missing"
    assert finding.remedy is not None
    assert "personal_vehicle" in finding.remedy.en
