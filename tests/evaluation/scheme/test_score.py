"""A round as a whole: weights, contributions, bands, ranks, replay, and what must hold of any round."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evaluation.scheme.rounds import CODES, ITEMS, PORT, SCHEME, YEARS, a_round, changed, joined, scored

from kouan.basis import Refused
from kouan.evaluation.method.scheme.catalogue import COUNTED, Mark
from kouan.evaluation.method.scheme.round import Decision, RoundData
from kouan.evaluation.method.scheme.score import RoundResult, replay, score_round

LAST = 2025


@st.composite
def rounds(draw: st.DrawFn) -> RoundData:
    """Rounds of two classes with figures changed, left out and reminded of at random."""
    seed = draw(st.integers(0, 2**32 - 1))
    gaps = draw(st.sampled_from([0.0, 0.05, 0.4]))
    stream = np.random.default_rng(seed)
    data = joined(a_round(draw(st.integers(1, 7)), years=YEARS[-2:]), a_round(6, port_class="sea", grade="hub", years=YEARS[-2:]))
    values = data.values * np.exp(0.5 * stream.standard_normal(data.values.shape))
    shares = np.array(["/" in item for item in ITEMS])
    values[:, :, shares] = np.round(np.clip(values[:, :, shares], 0, 1))
    gap_at = ITEMS.index("epid_gap_major")
    values[:, :, gap_at] = stream.random(values.shape[:2]) < 0.1
    values[stream.random(values.shape) < gaps] = np.nan
    sent = stream.integers(0, 4, values.shape).astype(np.int8)
    return replace(data, values=values, reminders=sent)


@settings(max_examples=15)
@given(rounds())
def test_whatever_comes_in_the_scores_are_in_range_and_add_up(data: RoundData) -> None:
    result = score_round(SCHEME, data)
    for table in (result.points, result.group_points, result.total, result.five):
        with np.errstate(invalid="ignore"):
            assert not ((table < -1e-9) | (table > 100 + 1e-9)).any()
    assert np.array_equal(np.isfinite(result.points), np.isin(result.mark, COUNTED)), "points stand exactly where a cell counts"
    assert (result.weight >= 0).all() and result.weight.sum(axis=2) == pytest.approx(1.0)
    assert result.contribution.sum(axis=2) == pytest.approx(result.total, abs=1e-6)
    line = list(SCHEME.groups).index("G04")
    assert (result.group_points[:, :, line][result.red] <= 60).all()
    untold = (result.mark == Mark.AWAITED).any() and not any(f.code == "indicator_awaited" for f in result.findings)
    assert not untold


@settings(max_examples=6)
@given(rounds(), st.randoms(use_true_random=False))
def test_the_order_of_ports_and_items_changes_nothing(data: RoundData, random: object) -> None:
    ports, items = list(range(len(data.ports))), list(range(len(data.items)))
    random.shuffle(ports)
    random.shuffle(items)
    turned = RoundData(
        tuple(data.ports[p] for p in ports), tuple(data.classes[p] for p in ports), tuple(data.grades[p] for p in ports),
        data.years, tuple(data.items[i] for i in items), data.values[:, ports][:, :, items], data.reminders[:, ports][:, :, items],
    )
    first, second = score_round(SCHEME, data), score_round(SCHEME, turned)
    assert turned.digest == data.digest and second.digest == first.digest
    assert [str(each) for each in second.findings] == [str(each) for each in first.findings]


@settings(max_examples=6)
@given(rounds(), st.sampled_from([each.code for each in SCHEME.indicators if each.rule.code in ("N4", "N6", "N7", "N8")]))
def test_a_better_value_never_lowers_a_score(data: RoundData, code: str) -> None:
    """Of indicators on fixed scales, and of the port itself: its own better figure, all else the same."""
    indicator = SCHEME.indicator(code)
    better = {
        "I-0106": "I-0106/绿色通道", "I-0401": "I-0401/值守", "I-0606": "I-0606/北斗", "I-0704": "I-0704/裁量基准", "I-0206": "cargo_in_t",
        "I-1005": "env_penalties",
    }.get(code) or min(indicator.formula.items(), key=str(indicator.formula).index)
    at = data.items.index(better)
    values = data.values.copy()
    up = 0.0 if code == "I-1005" else 1.0 if "/" in better else values[:, 0, at] * 1.001
    values[:, 0, at] = np.where(np.isnan(values[:, 0, at]), np.nan, up)
    before, after = score_round(SCHEME, data), score_round(SCHEME, replace(data, values=values))
    k = CODES.index(code)
    still = (before.mark[:, 0, k] == Mark.SCORED) & (after.mark[:, 0, k] == Mark.SCORED)
    assert (after.points[still, 0, k] >= before.points[still, 0, k] - 1e-9).all()
    if code not in ("I-0101", "I-0206"):
        # Nothing else uses the figure (area and cargo are inputs and outputs too), so the total moves the same way.
        assert (after.total[still, 0] >= before.total[still, 0] - 1e-6).all()


def test_equal_ports_tie() -> None:
    result = scored(a_round(7, step=0.0))
    assert len(set(result.total[-1].tolist())) == 1
    assert set(result.rank[-1].tolist()) == {1}


def test_ranks_are_within_class_and_grade_and_ties_share_the_better() -> None:
    data = joined(a_round(5), a_round(5, grade="hub"))
    twin = data.values.copy()
    twin[:, 1] = twin[:, 0]
    result = scored(replace(data, values=twin))
    for members in (range(5), range(5, 10)):
        places = [int(result.rank[-1, p]) for p in members]
        totals = [float(result.total[-1, p]) for p in members]
        assert places == [1 + sum(other > own for other in totals) for own in totals]
    assert result.rank[-1, 0] == result.rank[-1, 1]


def test_a_total_by_hand() -> None:
    """The total of one port added up from its parts by the definitions, with plain loops."""
    result = scored(joined(a_round(6), a_round(6, port_class="rail")))
    for p in (0, 7):
        kind = result.data.types(SCHEME)[p]
        total, in_force = 0.0, 0.0
        for group in SCHEME.groups:
            members = [(k, each) for k, each in enumerate(SCHEME.indicators) if each.group == group and kind in each.ports]
            counted = [(SCHEME.weights[kind][each.code], float(result.points[-1, p, k])) for k, each in members
                       if result.mark[-1, p, k] in COUNTED]
            mean = sum(w * x for w, x in counted) / sum(w for w, _ in counted)
            whole = sum(SCHEME.weights[kind][each.code] for _, each in members)
            total, in_force = total + whole * mean, in_force + whole
        assert result.total[-1, p] == pytest.approx(total / in_force, abs=1e-6)


def test_bands_are_closed_below() -> None:
    for total, code in ((75.0, "excellent"), (74.999999, "good"), (60.0, "good"), (59.999999, "qualified"), (45.0, "qualified"),
                        (44.999999, "unqualified"), (0.0, "unqualified"), (100.0, "excellent")):
        assert SCHEME.band(total).code == code


def test_the_five_types_are_the_means_of_the_groups_that_feed_them() -> None:
    result = scored(a_round())
    codes = list(SCHEME.groups)
    for t, five_type in enumerate(SCHEME.shape.five_types):
        at = [codes.index(code) for code in SCHEME.fed_by(five_type)]
        weights = result.group_weight[-1, 0, at]
        assert result.five[-1, 0, t] == pytest.approx((weights * result.group_points[-1, 0, at]).sum() / weights.sum())


def _recorded() -> tuple[RoundResult, RoundData]:
    data = changed(a_round(), {("p0", LAST, "drills_done"): None})
    return score_round(SCHEME, data), data


def test_a_record_replays_to_the_same_scores_and_to_no_others() -> None:
    result, data = _recorded()
    record = result.record()
    assert replay(record, data).digest == result.digest
    broken = [
        ({**record, "method": "0"}, data, "replay_method_differs"),
        ({**record, "result_digest": "0" * 64}, data, "replay_result_differs"),
        (record, changed(data, {("p0", LAST, "jobs"): PORT["jobs"] + 1.0}), "replay_data_differs"),
        (record, replace(data, decisions=(Decision("I-0605", "scheme", "不适用"),)), "replay_data_differs"),
        ({**record, "scheme": {**record["scheme"], "scheme": {**record["scheme"]["scheme"], "version": 2}}}, data, "replay_scheme_differs"),
    ]
    for altered, figures, code in broken:
        with pytest.raises(Refused) as refusal:
            replay(altered, figures)
        assert refusal.value.findings[0].code == code


def test_a_record_survives_json() -> None:
    import json

    result, data = _recorded()
    assert replay(json.loads(json.dumps(result.record(), ensure_ascii=False)), data).digest == result.digest


def test_who_is_not_in_the_round_has_no_result() -> None:
    with pytest.raises(Refused):
        scored(a_round()).at("elsewhere", LAST)


def test_a_port_without_anything_has_no_total() -> None:
    """A scheme counts unevidenced checklists as 0 and surveys by their peers, so only decisions can leave nothing."""
    decisions = tuple(Decision(code, "national_office", "停止运行", "p0") for code in CODES)
    result = scored(a_round(), decisions=decisions)
    assert np.isnan(result.total[:, 0]).all() and result.bands[-1][0] is None and result.rank[-1, 0] == 0
    assert "port_not_scored" in {finding.code for finding in result.findings}
