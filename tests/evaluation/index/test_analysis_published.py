"""Against figures that COINr's own documentation shows for its example, the ASEM data (articles “Analysis” and “Results”, reference
pages of `get_cronbach`, `get_str_weak`, `remove_elements`, `get_eff_weights`; facts, read on the project's public pages, version 1.1)."""

from __future__ import annotations

import numpy as np
import pytest
from tests.evaluation.index.test_asem import FRAMEWORK, TABLE, result_of

from kouan.evaluation.method.index.analysis import (
    Points,
    cronbach,
    influences,
    removals,
    statistics,
    strengths,
)
from kouan.evaluation.method.index.analysis.availability import availability, by_size
from kouan.evaluation.method.index.analysis.components import components
from kouan.evaluation.method.index.analysis.correlations import correlate

P0 = result_of("asem-p0")


def raw(code: str) -> np.ndarray:
    """Raw figures of the indicators below an aggregate."""
    return TABLE.select(FRAMEWORK.leaves(code)).values


def significant(value: float) -> float:
    return float(f"{value:.3g}")


def test_statistics() -> None:
    by_code = {row.code: row for row in statistics(TABLE)[0]}
    shown = {
        "LPI": (2.07, 4.23, 3.41, 3.42, 0.538, -0.304, -0.657, 51, 51, 51, 1.0, 1.0, "ok"),
        "Flights": (0.99, 211.0, 38.6, 25.6, 46.7, 2.10, 4.51, 51, 51, 51, 1.0, 1.0, "OUT"),
    }
    for code, expected in shown.items():
        row = by_code[code]
        figures = (row.least, row.most, row.mean, row.median, row.sd, row.skew, row.kurtosis)
        assert tuple(significant(each) for each in figures) == expected[:7]
        assert (row.n, row.nonzero, row.unique, row.share_available, row.share_unique, row.flag_outliers) == expected[7:]
    assert [(by_code[code].unique, significant(by_code[code].share_nonzero), significant(by_code[code].share_unique))
            for code in ("Ship", "Bord", "Elec")] == [(43, 0.824, 0.843), (30, 0.882, 0.588), (46, 0.922, 0.902)]  # fmt: skip
    assert [by_code[code].flag_outliers for code in ("Ship", "Bord", "Elec")] == ["ok", "OUT", "OUT"]


def test_availability() -> None:
    rows, groups, findings = availability(TABLE, FRAMEWORK)
    by_unit = {row.unit: (row.missing, row.zero, row.missing_or_zero, round(row.share_available, 6), round(row.share_nonzero, 7)) for row in rows}
    assert by_unit["AUS"] == (0, 3, 3, 1.0, 0.9387755) and by_unit["AUT"] == by_unit["BEL"] == (0, 2, 2, 1.0, 0.9591837)
    assert by_unit["BGD"] == (6, 1, 7, 0.877551, 0.9767442) and by_unit["BGR"] == (0, 0, 0, 1.0, 1.0)
    at = TABLE.units.index("BGD")
    assert {code: round(groups[code][at], 7) for code in ("ConEcFin", "Instit", "P2P", "Physical")} == {
        "ConEcFin": 1.0, "Instit": 0.8333333, "P2P": 0.75, "Physical": 0.875,
    }  # fmt: skip
    assert not findings


def test_correlations_with_denominators() -> None:
    found = {(row.code, row.denominator): round(row.r, 2) for row in by_size(TABLE, FRAMEWORK) if row.strong}
    assert found == {
        ("CultGood", "Energy"): 0.71, ("CultGood", "GDP"): 0.85, ("FDI", "Energy"): 0.74, ("FDI", "GDP"): 0.85,
        ("Goods", "GDP"): 0.80, ("PRemit", "GDP"): 0.71, ("Research", "GDP"): 0.78, ("Services", "GDP"): 0.77,
        ("StMob", "Energy"): 0.73, ("StMob", "GDP"): 0.84,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second", "shown"), [("MatCon", "CO2", 0.7222051), ("PrimEner", "CO2", 0.3268484), ("Renew", "CO2", -0.5986338)]
)
def test_raw_correlations(first, second, shown) -> None:
    found = correlate(TABLE.column(first), TABLE.column(second))
    assert round(found.r, 7) == shown and found.p < 0.05
    assert correlate(TABLE.column("Forest"), TABLE.column("CO2")).p > 0.05, "shown as NA, being insignificant"


def test_correlations_within_groups() -> None:
    points = Points.of(P0).columns
    shown = {("CPI", "FreePress"): 0.761, ("CPI", "NGOs"): 0.768, ("CostImpEx", "TBTs"): -0.697,
             ("RTAs", "TBTs"): -0.752, ("TBTs", "TIRcon"): -0.623}  # fmt: skip
    for (first, second), r in shown.items():
        assert round(correlate(points[first], points[second]).r, 3) == r
    high, low = set(), set()
    for parent in FRAMEWORK.aggregates:
        children = [code for code in FRAMEWORK.children(parent) if FRAMEWORK[code].level == 1]
        for k, first in enumerate(children):
            for second in children[k + 1 :]:
                r = correlate(points[first], points[second]).r
                if r > 0.75:
                    high.add(frozenset((first, second)))
                if r < -0.5:
                    low.add(frozenset((first, second)))
    assert high == {frozenset(pair) for pair, r in shown.items() if r > 0}
    assert low == {frozenset(pair) for pair, r in shown.items() if r < 0}


def test_alpha_of_a_raw_group() -> None:
    assert round(cronbach(raw("P2P")), 8) == 0.05126659


def test_components_of_raw_groups() -> None:
    found = components(raw("Social"))
    assert found.n == 37, "14 countries have a gap"
    deviations = [2.2042, 1.1256, 0.9788, 0.78834, 0.77153, 0.56836, 0.42463, 0.36068, 0.25760]
    assert np.sqrt(found.values) == pytest.approx(deviations, abs=6e-5)
    assert found.shares[:4] == pytest.approx([0.5398, 0.1408, 0.1065, 0.06905], abs=6e-5)
    environ = components(raw("Environ")).coefficients[:, 0]
    shown = np.array([-0.581, 0.214, -0.543, -0.313, 0.473])
    by_code = dict(zip(FRAMEWORK.leaves("Environ"), environ, strict=True))
    first = np.array([by_code[code] for code in ("CO2", "Forest", "MatCon", "PrimEner", "Renew")])
    assert first * np.sign(first @ shown) == pytest.approx(shown, abs=6e-4)


def test_strengths_and_weaknesses_of_spain() -> None:
    best, worst = strengths(P0, "ESP", step="raw", rule="coinr")
    assert [(each.code, each.place, significant(each.value)) for each in best] == [
        ("CostImpEx", 1, 0.0), ("TIRcon", 1, 1.0), ("Tourist", 2, 75.3), ("Flights", 3, 171.0), ("UNVote", 3, 43.1),
    ]  # fmt: skip
    assert [(each.code, each.place, significant(each.value)) for each in worst] == [
        ("NEET", 33, 13.3), ("Lang", 38, 5.16), ("Forest", 40, 6.93), ("TBTs", 40, 1210.0), ("PubDebt", 43, 99.3),
    ]  # fmt: skip


def test_leaving_out_a_sub_index() -> None:
    rows, _, _ = removals(P0, levels=(3,))
    assert {row.code: round(row.mean_shift, 6) for row in rows} == {"Conn": 5.254902, "Sust": 3.843137}


def test_effective_weights() -> None:
    by_code = {row.code: row.effective for row in influences(P0)[0]}
    assert [by_code[code] for code in ("Goods", "Services", "FDI", "PRemit", "ForPort")] == pytest.approx([0.02] * 5)
