"""A change between two years told apart: what is mixed of one year alone is the round's own score, and the parts add up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kouan.basis import Refused
from kouan.evaluation import schemes
from kouan.evaluation.method.exercise import exercise_round, invented_ports
from kouan.evaluation.method.scheme import RoundData, RoundResult, score_round
from kouan.evaluation.method.scheme.change import change_between, mixed

SCHEME = schemes.get("national-first")


def a_round(seed: int = 1) -> RoundResult:
    return score_round(SCHEME, exercise_round(invented_ports({"road": 14, "sea": 11, "rail": 3}), seed=seed, scheme=SCHEME))


@pytest.fixture(scope="module")
def result() -> RoundResult:
    return a_round()


def test_a_port_among_its_peers_of_the_same_year_has_the_score_of_the_round(result: RoundResult) -> None:
    for y in range(len(result.data.years)):
        for p in range(len(result.data.ports)):
            np.testing.assert_allclose(mixed(result, p, y, y), result.contribution[y, p], rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_parts_add_up_to_the_change_and_the_indicators_to_the_parts(seed: int) -> None:
    result = a_round(seed)
    moved = 0
    for port in result.data.ports:
        found = change_between(result, port, 2024, 2025)
        assert found is not None
        y, p = result.at(port, 2025)
        assert (found.before, found.after) == (result.total[y - 1, p], result.total[y, p])
        assert abs(found.own + found.peers - found.change) < 1e-9
        assert abs(sum(each.own for each in found.indicators) - found.own) < 2e-6
        assert abs(sum(each.peers for each in found.indicators) - found.peers) < 2e-6
        for each in found.indicators:
            assert abs(each.own + each.peers - each.change) < 1e-9
        moved += abs(found.own) > 0.5 and abs(found.peers) > 0.5
    assert moved > 3, "both parts are there to be told"


def steady(result: RoundResult, values: np.ndarray) -> RoundResult:
    """The same ports with these figures; nothing is reminded, decided or broken."""
    data: RoundData = replace(result.data, values=values, reminders=None, decisions=(), failed_feeds=())
    return score_round(SCHEME, data)


def test_what_only_the_port_changed_is_its_own_and_what_only_the_others_changed_is_theirs(result: RoundResult) -> None:
    still = np.repeat(result.data.values[3:4], 5, axis=0)
    own = still.copy()
    own[4, 0] = result.data.values[4, 0]
    port = result.data.ports[0]
    found = change_between(steady(result, own), port, 2024, 2025)
    assert found is not None and abs(found.change) > 0.1 and abs(found.peers) < 1e-9
    others = still.copy()
    others[4, 1:] = result.data.values[4, 1:]
    found = change_between(steady(result, others), port, 2024, 2025)
    assert found is not None and abs(found.change) > 0.1 and abs(found.own) < 1e-9


def test_a_year_without_total_has_no_change_and_an_unknown_port_is_refused(result: RoundResult) -> None:
    total = result.total.copy()
    total[3, 0] = np.nan
    assert change_between(replace(result, total=total), result.data.ports[0], 2024, 2025) is None
    with pytest.raises(Refused):
        change_between(result, "nowhere", 2024, 2025)
