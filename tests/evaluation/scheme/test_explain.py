"""Every score explained down to its figures, and the second method beside the first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from tests.evaluation.scheme.rounds import CODES, PORT, SCHEME, a_round, changed, joined, scored

from kouan.basis import Refused
from kouan.evaluation.method.peers import Basis
from kouan.evaluation.method.scheme.catalogue import Mark
from kouan.evaluation.method.scheme.explain import explain, records, trace
from kouan.evaluation.method.scheme.formula import Cells, compute, parse
from kouan.evaluation.method.scheme.score import RoundResult
from kouan.evaluation.method.scheme.statistical import agreement, statistical, two_methods

LAST = 2025


def spread_out(ports: int, port_class: str, seed: int) -> RoundResult:
    """A round in which a hidden quality moves every figure of a port."""
    stream = np.random.default_rng(seed)
    data = a_round(ports, port_class=port_class, years=(2024, 2025))
    quality = stream.standard_normal(ports)
    worse = {"import_time_h", "export_time_h", "compliance_cost_cny", "incident_score", "segments_over_norm", "energy_tce", "water_m3",
             "pollutant_eq", "public_order_cases", "env_penalties", "cases_reversed", "proc_time_now", "staff_insp", "opex_cny"}
    values = data.values.copy()
    for at, item in enumerate(data.items):
        if "/" in item or item.endswith(".answers") or item == "epid_gap_major" or item.startswith(("threshold", "design")):
            continue
        pull = -0.05 if item in worse else 0.0 if item.endswith(("_total", "_due", "_required", "_req_m2")) else 0.05
        values[:, :, at] *= np.exp(pull * quality + 0.02 * stream.standard_normal((2, ports)))
    return scored(replace(data, values=values))


def test_a_cell_is_traced_to_the_figures_it_rests_on() -> None:
    result = scored(a_round())
    found = trace(result, "p1", LAST, "I-0207")
    assert [(each.item, each.year) for each in found.figures if each.made_of] == [
        ("cpv", 2025), ("cargo_t", 2025), ("persons", 2025), ("cpv", 2022), ("cargo_t", 2022), ("persons", 2022),
    ]
    reported = {each.item for each in found.figures if not each.made_of}
    assert reported == {"cargo_in_t", "cargo_out_t", "cargo_transit_t", "pax_in", "pax_out", "crew", "conv"}
    assert found.raw == pytest.approx(0, abs=1e-9) and found.basis is Basis.GROUP and found.peers == 6


def test_a_trace_can_be_worked_again() -> None:
    """From the figures of each trace alone, the formula gives the value and the weight times the points the contribution."""
    result = scored(joined(a_round(6), a_round(6, port_class="rail")))
    for indicator in SCHEME.indicators:
        found = trace(result, "a.p2", LAST, indicator.code)
        if found.mark is Mark.OUTSIDE or indicator.points:
            continue
        held = {(each.item, LAST - each.year): each.value for each in found.figures}

        def read(code: str, held: dict[tuple[str, int], float | None] = held) -> Cells:
            return Cells.of([[np.nan if (value := held.get((code, back))) is None else value] for back in (3, 2, 1, 0)])

        again = compute(parse(found.formula), read)
        assert again.values[-1, 0] == pytest.approx(found.raw, rel=1e-12), indicator.code
        assert found.contribution == pytest.approx(found.weight * found.points, rel=1e-12)


def test_a_reported_total_that_stood_in_has_nothing_below_it() -> None:
    result = scored(changed(a_round(), {("p0", LAST, "cargo_in_t"): None, ("p0", LAST, "cargo_t"): 150_000.0}))
    (figure,) = trace(result, "p0", LAST, "I-0201").figures
    assert (figure.value, figure.made_of) == (150_000.0, ())


def test_checklists_show_their_points() -> None:
    found = trace(scored(changed(a_round(), {("p0", LAST, "I-0606/5G"): None})), "p0", LAST, "I-0606")
    assert found.code == "M5" and found.raw == pytest.approx(600 / 7)
    assert {each.item.split("/")[1]: each.value for each in found.figures}["5G"] is None


def test_the_explanation_speaks_of_everything_noteworthy_in_both_languages() -> None:
    data = changed(
        a_round(),
        {("p0", LAST, "drills_done"): None, ("p0", LAST, "equip_up_h"): None, ("p0", LAST, "survey_public.answers"): 3.0,
         ("p0", LAST, "epid_gap_major"): 1.0, ("p0", LAST, "alerts_total"): 0.0, ("p0", LAST, "jobs"): None},
        reminders=[("p0", LAST, "jobs")],
    )
    result = scored(data)
    lines = explain(result, "p0", LAST)
    zh, en = "\n".join(line.zh for line in lines), "\n".join(line.en for line in lines)
    for word in ("触及红线", "暂定", "沿用上年得分", "问卷不足", "不适用", "未报", "I-0101"):
        assert word in zh
    for word in ("red line", "provisional", "last year", "too few answers", "not applicable", "unreported", "I-0101"):
        assert word in en
    assert "生成数据" not in zh
    told = explain(scored(data, is_exercise=True), "p0", LAST)[0]
    assert told.zh.startswith("【演练：生成数据】") and told.en.startswith("[exercise: generated figures]")
    with pytest.raises(Refused):
        explain(result, "p0", 2030)


def test_records_are_plain_and_whole() -> None:
    import json

    result = scored(changed(joined(a_round(6), a_round(6, port_class="air_other")), {("a.p0", LAST, "drills_done"): None}))
    lines = [json.loads(json.dumps(line, allow_nan=False)) for line in records(result)]
    assert len(lines) == 12 * 5
    line = next(each for each in lines if each["port"] == "a.p0" and each["year"] == LAST)
    assert "I-0906" not in line["indicators"] and "I-0807" in line["indicators"]
    assert line["indicators"]["I-0403"] == {
        "raw": None, "points": None, "mark": "awaited", "basis": "none", "weight": 0.0, "contribution": 0.0,
    }
    assert line["provisional"] and line["counted_share"] < 1
    assert sum(each["contribution"] for each in line["indicators"].values()) == pytest.approx(line["total"], abs=1e-6)


# ---- the second method ------------------------------------------------------------------------------


def test_the_second_method_finds_the_same_hidden_quality() -> None:
    result = spread_out(40, "road", 1)
    (found,) = two_methods(result, LAST)["class"]
    assert found.ports == 40 and found.spearman > 0.8 and found.kendall > 0.6
    assert "斯皮尔曼" in found.sentence().zh and "Spearman" in found.sentence().en


def test_the_second_method_uses_no_judgement_of_the_scheme() -> None:
    """Other weights, scales and rules for what is missing leave it as it is."""
    result = spread_out(30, "road", 2)
    turned = replace(
        result, points=100 - result.points, weight=result.weight * 0, total=result.total * 0, mark=result.mark * 0 + Mark.UNREPORTED,
    )
    assert statistical(turned, LAST).score.tolist() == statistical(result, LAST).score.tolist()


def test_the_second_method_does_not_hang_on_units_or_outliers_or_order() -> None:
    result = spread_out(30, "road", 3)
    before = statistical(result, LAST).score
    k = CODES.index("I-0805")
    raw = result.raw.copy()
    raw[:, :, k] = raw[:, :, k] * 1000
    raw[-1, np.argmax(raw[-1, :, k]), k] *= 1e6
    assert statistical(replace(result, raw=raw), LAST).score == pytest.approx(before, abs=1e-9)
    order = np.random.default_rng(4).permutation(30)
    data = replace(result.data, ports=tuple(result.data.ports[p] for p in order), values=result.data.values[:, order])
    assert statistical(scored(data), LAST).score == pytest.approx(before[order], abs=1e-6)


def test_the_second_method_needs_enough_ports() -> None:
    few = statistical(spread_out(19, "road", 5), LAST)
    assert np.isnan(few.score).all() and few.findings[0].code == "statistical_too_few"
    assert np.isfinite(statistical(spread_out(20, "road", 5), LAST).score).all()


def test_agreement_is_that_of_scipy_and_names_who_is_furthest() -> None:
    first, second = np.array([90.0, 80, 70, 60, np.nan, 50]), np.array([90.0, 40, 70, 60, 99, np.nan])
    ports = ("a", "b", "c", "d", "e", "f")
    (found,) = agreement(first, second, ("g",) * 6, ports)
    assert found.ports == 4 and found.largest == 2
    assert found.spearman == pytest.approx(stats.spearmanr([1, 2, 3, 4], [1, 4, 2, 3]).statistic)
    assert found.kendall == pytest.approx(stats.kendalltau([1, 2, 3, 4], [1, 4, 2, 3]).statistic)
    assert found.furthest == (("b", 2, 4), ("c", 3, 2), ("d", 4, 3))
    (same,) = agreement(np.ones(4), np.ones(4), ("g",) * 4, ports[:4])
    assert same.spearman is None and "不比较" in same.sentence().zh


def test_a_band_indicator_is_best_within_its_band() -> None:
    from kouan.evaluation.method.scheme.statistical import _turned

    data = changed(a_round(), {(f"p{n}", LAST, "peak_day_flow"): flow for n, flow in enumerate((450.0, 540.0, 765.0, 900.0))})
    turned = _turned(scored(data), 4)[:4, CODES.index("I-0208")]
    assert turned.tolist() == pytest.approx([-10, 0, 0, -15])
    assert PORT["design_peak_day"] == 900
