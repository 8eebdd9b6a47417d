"""The round in the general engine, and what-if questions."""

from __future__ import annotations

import numpy as np
import pytest
from tests.evaluation.scheme.rounds import SCHEME, a_round, changed, joined, scored

from kouan.basis import Refused
from kouan.evaluation.method.index import Recipe, run
from kouan.evaluation.method.index.robustness import Study, uncertainty
from kouan.evaluation.method.scheme.bridge import TOP, index_of, reweighed

LAST = 2025
PLAIN = Recipe.from_dict({"recipe": "round", "normalise": {"method": "none"}})


def test_the_general_engine_gives_the_totals_of_the_round() -> None:
    data = joined(a_round(6), a_round(7, port_class="rail"))
    data = changed(data, {("a.p0", LAST, "drills_done"): None, ("a.p1", LAST, "alerts_total"): 0.0, ("b.p2", LAST, "equip_up_h"): None})
    result = scored(data)
    for kind, ports in (("road", range(6)), ("rail", range(6, 13))):
        framework, table = index_of(result, LAST, kind)
        index = run(framework, table, PLAIN)
        assert framework.top == TOP and len(table.units) == len(ports)
        assert index.index == pytest.approx(result.total[-1, list(ports)], abs=1e-6)
    with pytest.raises(Refused):
        index_of(result, LAST, "sea")


def test_intervals_of_places_within_a_peer_group() -> None:
    """Weights in doubt by a quarter: the port that is best in everything keeps its place, and every place is within its group."""
    data = joined(a_round(6), a_round(5, grade="hub"))
    data = changed(data, {("b.p4", LAST, item): value for item, value in (("measures_done", 30.0), ("fee_items_ok", 20.0), ("survey_public", 99.0))})
    result = scored(data)
    framework, table = index_of(result, LAST, "road", peer_group="road/hub")
    assert table.units == ("b.p0", "b.p1", "b.p2", "b.p3", "b.p4")
    study = Study.from_dict({"runs": 32, "factors": [{"of": "weights", "noise": 0.25, "levels": [1, 2]}]})
    found = uncertainty(framework, table, PLAIN, study)
    nominal = dict(zip(found.units, found.nominal_place, strict=True))
    assert [nominal[unit] for unit in table.units] == result.rank[-1, 6:].tolist()
    assert all(1 <= low <= high <= 5 for low, high in zip(found.low_place, found.high_place, strict=True))
    with pytest.raises(Refused):
        index_of(result, LAST, "road", peer_group="road/important")


def test_moving_weights_moves_ranks_and_leaves_the_round_alone() -> None:
    data = joined(a_round(6), a_round(6, grade="hub"))
    result = scored(data)
    before = result.digest
    weights = {code: result.group_weight[-1, 0, g] for g, code in enumerate(SCHEME.groups)}
    same = reweighed(result, LAST, {code: 3 * weight for code, weight in weights.items()})
    assert same.total == pytest.approx(result.total[-1], abs=1e-6)
    assert not same.moved.any()
    alone = reweighed(result, LAST, {code: float(code == "G02") for code in SCHEME.groups})
    assert alone.total == pytest.approx(result.group_points[-1, :, 1], abs=1e-6)
    assert np.array_equal(result.rank[-1] - alone.rank, alone.moved)
    assert result.digest == before


@pytest.mark.parametrize("change", [{"G01": -1.0}, {"G11": 1.0}, {"G01": float("nan")}, dict.fromkeys(SCHEME.groups, 0.0), {"G01": float("inf")}])
def test_weights_that_are_none_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(Refused) as refusal:
        reweighed(scored(a_round()), LAST, dict.fromkeys(SCHEME.groups, 1.0) | change)
    assert refusal.value.findings[0].code == "weights_unusable"
    with pytest.raises(Refused):
        reweighed(scored(a_round()), LAST, {"G01": 1.0})
