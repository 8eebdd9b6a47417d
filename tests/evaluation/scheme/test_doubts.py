"""How firm places are: within their groups, reproducible, whatever the order of the ports; and what a clear winner looks like."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.evaluation.scheme.rounds import a_round, changed, joined, scored

from kouan.evaluation.method.scheme.doubts import FACTORS, doubts

LAST = 2025
RUNS = 32


def two_groups() -> object:
    data = joined(a_round(6), a_round(5, grade="hub"), a_round(7, port_class="rail"))
    return scored(changed(data, {("b.p4", LAST, item): value for item, value in (("measures_done", 30.0), ("fee_items_ok", 20.0))}))


def test_every_port_has_an_interval_within_its_own_group_around_its_place() -> None:
    result = two_groups()
    found = doubts(result, LAST, runs=RUNS)
    assert [each.port for each in found.ports] == sorted(result.data.ports) and found.failed == 0
    assert {each["group"]: each["ports"] for each in found.groups} == {"road/regional": 6, "road/hub": 5, "rail/regional": 7}
    y = result.data.years.index(LAST)
    for each in found.ports:
        size = next(group["ports"] for group in found.groups if group["group"] == each.peer_group)
        assert 1 <= each.low <= each.median <= each.high <= size
        assert each.place == result.rank[y, result.data.ports.index(each.port)] and 1 <= each.tie <= size
    for group in found.groups:
        ties = sorted({each.tie for each in found.ports if each.peer_group == group["group"]})
        assert ties == list(range(1, len(ties) + 1)), "numbers without gaps"
    best = next(each for each in found.ports if each.peer_group == "road/hub" and each.place == 1)
    assert (best.low, best.tie) == (1.0, 1)


def test_the_same_seed_gives_the_same_study_and_another_seed_another() -> None:
    result = two_groups()
    first = doubts(result, LAST, runs=RUNS)
    assert first.digest == doubts(result, LAST, runs=RUNS).digest
    assert first.digest != doubts(result, LAST, runs=RUNS, seed=2).digest
    assert first.digest != doubts(result, LAST, runs=RUNS * 2).digest


def test_equal_ports_are_tied_and_a_port_without_a_total_has_no_place() -> None:
    data = a_round(6)
    twin, like = data.ports.index("p3"), data.ports.index("p2")
    values = data.values.copy()
    values[:, twin] = values[:, like]
    gone = data.ports.index("p5")
    values[-1, gone] = np.nan
    result = scored(replace(data, values=values))
    found = {each.port: each for each in doubts(result, LAST, runs=RUNS).ports}
    assert found["p2"].place == found["p3"].place and found["p2"].tie == found["p3"].tie
    y = result.data.years.index(LAST)
    assert ("p5" in found) is bool(np.isfinite(result.total[y, gone]))


def test_a_round_too_small_for_the_second_method_says_so_and_large_ones_have_its_places() -> None:
    small = doubts(two_groups(), LAST, runs=RUNS)
    assert all(each.second_place is None and each.second_score is None for each in small.ports)
    assert "statistical_too_few" in {each.code for each in small.findings}
    large = doubts(scored(a_round(24)), LAST, runs=RUNS)
    places = sorted(each.second_place for each in large.ports)
    assert places[0] == 1 and len(places) == 24 and "statistical_too_few" not in {each.code for each in large.findings}
    [agreed] = large.agreement["class"]
    assert agreed["ports"] == 24 and -1 <= agreed["spearman"] <= 1 and set(agreed["furthest"][0]) == {"port", "first", "second"} \
        if agreed["furthest"] else agreed["largest"] == 0


@pytest.mark.parametrize("runs", [2, 64])
def test_progress_is_told_group_by_group(runs: int) -> None:
    told: list[tuple[int, int]] = []
    doubts(two_groups(), LAST, runs=runs, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)] and {each["of"] for each in FACTORS} == {"weights", "aggregate", "leave_out", "cells"}
