"""Every normalisation code and every missing rule, on both sides of its limit, against values worked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.evaluation.scheme.rounds import CODES, SCHEME, YEARS, a_round, cell, changed, joined, scored

from kouan.basis import Refused
from kouan.evaluation.method.peers import Basis
from kouan.evaluation.method.scheme.catalogue import Mark
from kouan.evaluation.method.scheme.formula import Why
from kouan.evaluation.method.scheme.round import Decision, FailedFeed
from kouan.evaluation.method.scheme.scheme import Scheme
from kouan.evaluation.method.scheme.score import RoundResult, score_round

LAST = 2025


def codes_of(result: RoundResult) -> set[str]:
    for finding in result.findings:
        assert finding.message.zh and finding.message.en
    return {finding.code for finding in result.findings}


def points(indicator: str, changes: dict[str, float], *, port: str = "p0") -> float:
    """Points of an indicator in the last year after a change of the port's figures."""
    data = changed(a_round(), {(port, LAST, item): value for item, value in changes.items()})
    return cell(scored(data), port, LAST, indicator)[0]


def test_n1_is_logarithmic_between_the_percentiles_of_the_peers() -> None:
    """Routes 1, 10, 100, 1000, 10000 of five ports: the 5th and 95th percentile by hand are 2.8 and 8200."""
    data = a_round(5)
    data = changed(data, {(f"p{n}", LAST, "intl_routes"): 10.0**n for n in range(5)})
    result = scored(data)
    found = [cell(result, f"p{n}", LAST, "I-0805")[0] for n in range(5)]
    middle = 100 * np.log(100 / 2.8) / np.log(8200 / 2.8)
    assert found[0] == 0 and found[4] == 100
    assert found[2] == pytest.approx(middle, rel=1e-12)


def test_n1_gives_zero_points_for_zero_and_leaves_it_out_of_the_scale() -> None:
    data = changed(a_round(6), {(f"p{n}", LAST, "intl_routes"): 10.0**n for n in range(5)} | {("p5", LAST, "intl_routes"): 0.0})
    result = scored(data)
    assert cell(result, "p5", LAST, "I-0805")[0] == 0
    assert cell(result, "p4", LAST, "I-0805")[0] == 100
    assert result.placed.low[-1, 0, CODES.index("I-0805")] == pytest.approx(2.8)


def test_n2_and_n3_are_linear_and_each_other_turned_round() -> None:
    """Hours 10, 20, 30, 40, 50: percentiles 12 and 48 by hand."""
    data = changed(a_round(5), {(f"p{n}", LAST, "import_time_h"): 10.0 + 10 * n for n in range(5)})
    data = changed(data, {(f"p{n}", LAST, "mach_clean"): 3.0 + 3 * n for n in range(5)})
    result = scored(data)
    hours = [cell(result, f"p{n}", LAST, "I-0501")[0] for n in range(5)]
    assert hours == pytest.approx([100, 100 - 8 / 36 * 100, 50, 100 - 28 / 36 * 100, 0])
    clean = [cell(result, f"p{n}", LAST, "I-0905")[0] for n in range(5)]
    assert clean == pytest.approx(hours[::-1])


@pytest.mark.parametrize(("done", "wanted"), [(0, 0), (15, 50), (30, 100)])
def test_n4_is_the_share_of_the_target(done: float, wanted: float) -> None:
    assert points("I-0402", {"measures_done": done}) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("flow", "wanted"), [(0, 0), (270, 50), (540, 100), (765, 100), (922.5, 50), (1080, 0), (5000, 0)]
)
def test_n5_is_full_within_its_band_and_falls_outside(flow: float, wanted: float) -> None:
    assert points("I-0208", {"peak_day_flow": flow}) == pytest.approx(wanted)


def test_n6_and_n7_stand_as_they_are() -> None:
    assert points("I-0206", {"cargo_in_t": 0, "cargo_out_t": 0, "cargo_transit_t": 20_000, "pax_in": 0, "pax_out": 0, "crew": 0}) == 20
    assert points("I-0706", {"survey_public": 63.5}) == 63.5
    wrong = scored(changed(a_round(), {("p0", LAST, "survey_public"): 100.5}))
    assert cell(wrong, "p0", LAST, "I-0706")[1] is Mark.AWAITED
    assert "figures_contradict" in codes_of(wrong)


@pytest.mark.parametrize(("met", "wanted"), [(75, 0), (80, 0), (90, 50), (100, 100)])
def test_n8_is_linear_between_two_fixed_points(met: float, wanted: float) -> None:
    assert points("I-0506", {"fee_items_audited": 100, "fee_items_ok": met}) == pytest.approx(wanted)
    assert points("I-1005", {"env_penalties": 2}) == pytest.approx(60)


@pytest.mark.parametrize(("gaps", "is_red"), [(0, False), (1, True), (3, True)])
def test_n9_caps_its_group_and_forbids_a_rise(gaps: float, is_red: bool) -> None:
    fine = {"incident_score": 0, "hazards_closed_on_time": 12, "alerts_handled_sla": 20, "measures_done": 30, "epid_gap_major": gaps}
    result = scored(changed(a_round(), {("p0", LAST, item): value for item, value in fine.items()}))
    y, p = result.at("p0", LAST)
    group = list(SCHEME.groups).index("G04")
    assert cell(result, "p0", LAST, "I-0407")[0] == (0 if is_red else 100)
    assert bool(result.red[y, p]) is is_red
    assert ("red_line_crossed" in codes_of(result)) is is_red
    # 81.5 without the cap: all others of the group are full.
    assert result.group_points[y, p, group] == pytest.approx(60 if is_red else 100)
    assert result.contribution[y, p].sum() == pytest.approx(result.total[y, p], abs=1e-6)
    assert not result.red[y, p + 1], "the line of one port is no other's"


def test_n9_does_not_lift_a_group_below_the_cap() -> None:
    low = {(f"p{n}", LAST, item): 0.0 for n in range(1) for item in ("measures_done", "hazards_closed_on_time", "alerts_handled_sla", "drills_done")}
    result = scored(changed(a_round(), low | {("p0", LAST, "epid_gap_major"): 1.0}))
    assert result.group_points[-1, 0, 3] < 60


@pytest.mark.parametrize(("ports", "grades", "basis"), [(5, 1, Basis.GROUP), (8, 2, Basis.CLASS), (5, 2, Basis.CLASS), (4, 1, Basis.REFERENCE)])
def test_the_ladder_of_peers(ports: int, grades: int, basis: Basis) -> None:
    """Five of a grade compare with the grade, fewer with the class, fewer still with the scheme's fixed values."""
    data = a_round(ports)
    data = replace(data, grades=tuple(f"g{n % grades}" for n in range(ports)))
    result = scored(data)
    k = CODES.index("I-0501")
    assert set(result.placed.basis[-1, :, k].tolist()) == {basis}
    if basis is Basis.REFERENCE:
        fixed = SCHEME.reference("I-0501", "road")
        assert result.placed.low[-1, 0, k] == fixed.low and result.placed.high[-1, 0, k] == fixed.high
    assert ("peers_by_class" in codes_of(result)) is (basis is Basis.CLASS)
    assert ("peers_by_reference" in codes_of(result)) is (basis is Basis.REFERENCE)


def test_peers_that_differ_by_rounding_alone_are_alike() -> None:
    """Energy in proportion to the passing volume: the quotients differ in their last bits only."""
    result = scored(a_round(7, step=0.037))
    k = CODES.index("I-0901")
    assert set(result.points[-1, :, k].tolist()) == {50.0}
    assert "column_constant" in codes_of(result)
    apart = scored(changed(a_round(7, step=0.037), {("p6", LAST, "energy_tce"): 1.0}))
    assert apart.points[-1, 6, k] == 100


def test_peers_are_counted_by_the_values_they_have() -> None:
    data = changed(joined(a_round(5), a_round(5, grade="hub")), {("a.p4", LAST, "import_time_h"): None})
    k = CODES.index("I-0501")
    result = scored(data)
    assert result.placed.basis[-1, 0, k] == Basis.CLASS and result.placed.peers[-1, 0, k] == 9
    assert result.placed.basis[-2, 0, k] == Basis.GROUP and result.placed.peers[-2, 0, k] == 5


# ---- missing data -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("sent", "mark"), [(0, Mark.AWAITED), (1, Mark.AWAITED), (2, Mark.UNREPORTED), (3, Mark.UNREPORTED)])
def test_m1_counts_zero_only_after_two_reminders(sent: int, mark: Mark) -> None:
    data = changed(a_round(), {("p0", LAST, "drills_done"): None})
    data.reminders[-1, 0, data.items.index("drills_done")] = sent
    result = scored(data)
    found, said, weight = cell(result, "p0", LAST, "I-0403")
    assert said is mark
    if mark is Mark.UNREPORTED:
        assert found == 0 and weight > 0
        assert "indicator_unreported" in codes_of(result)
    else:
        assert np.isnan(found) and weight == 0 and result.provisional[-1, 0]
        assert "indicator_awaited" in codes_of(result)


def test_m1_a_figure_that_came_in_late_is_no_longer_owed() -> None:
    """Jobs were reported after two reminders; the employed of the county lack, and nobody was reminded of them."""
    data = changed(a_round(), {("p0", LAST, "local_employed"): None}, reminders=[("p0", LAST, "jobs")])
    assert cell(scored(data), "p0", LAST, "I-1002")[1] is Mark.AWAITED
    owed = changed(data, {}, reminders=[("p0", LAST, "local_employed")])
    assert cell(scored(owed), "p0", LAST, "I-1002")[1] is Mark.UNREPORTED


def test_m2_gives_its_weight_to_the_others_of_its_group() -> None:
    whole, without = scored(a_round()), scored(changed(a_round(), {("p0", LAST, "alerts_total"): 0.0, ("p0", LAST, "alerts_handled_sla"): 0.0}))
    assert cell(without, "p0", LAST, "I-0406")[1] is Mark.NOT_APPLICABLE
    assert cell(without, "p0", LAST, "I-0406")[2] == 0
    lost = cell(whole, "p0", LAST, "I-0406")[2]
    group = [code for code in CODES if code.startswith("I-04") and code != "I-0406"]
    for code in group:
        before, after = cell(whole, "p0", LAST, code)[2], cell(without, "p0", LAST, code)[2]
        share = sum(cell(whole, "p0", LAST, each)[2] for each in group)
        assert after == pytest.approx(before * (share + lost) / share)
    assert cell(whole, "p0", LAST, "I-0101")[2] == pytest.approx(cell(without, "p0", LAST, "I-0101")[2])
    assert not without.provisional[-1, 0]


def test_m2_is_for_the_scheme_or_the_national_office_to_say() -> None:
    silent = changed(a_round(), {("p0", LAST, "nii_units_due"): None}, reminders=[("p0", LAST, "nii_units_due")])
    assert cell(scored(silent), "p0", LAST, "I-0605")[1] is Mark.UNREPORTED, "silence does not make it not applicable"
    for code in ("I-0605", "nii_units_due"):
        decided = (Decision(code, "national_office", "不配机检设备", "p0", year=LAST),)
        result = scored(silent, decisions=decided)
        assert cell(result, "p0", LAST, "I-0605")[1] is Mark.NOT_APPLICABLE
        assert cell(result, "p1", LAST, "I-0605")[1] is Mark.SCORED
        assert cell(result, "p0", LAST - 1, "I-0605")[1] is Mark.SCORED
    for by, reason in (("reporter", "不配机检设备"), ("national_office", " ")):
        with pytest.raises(Refused) as refusal:
            scored(silent, decisions=(Decision("I-0605", by, reason, "p0"),))
        assert refusal.value.findings[0].code == "decision_not_theirs"


def test_how_silence_under_m2_is_read_is_a_parameter() -> None:
    source = {**SCHEME.as_dict(), "scheme": {**SCHEME.as_dict()["scheme"]}}
    readings = source["scheme"]["readings"]
    source["scheme"]["readings"] = {**readings, "silence_under_m2": {**readings["silence_under_m2"], "value": "awaited"}}
    silent = changed(a_round(), {("p0", LAST, "nii_units_due"): None}, reminders=[("p0", LAST, "nii_units_due")])
    assert cell(score_round(Scheme.of(source), silent), "p0", LAST, "I-0605")[1] is Mark.AWAITED


def test_m3_carries_nine_tenths_of_last_years_score_once() -> None:
    gaps = {("p0", year, "equip_up_h"): None for year in (2024, 2025)}
    result = scored(changed(a_round(), gaps, reminders=[("p0", 2025, "equip_up_h")]))
    before = cell(result, "p0", 2023, "I-0104")[0]
    assert before == pytest.approx((95 - 85) / 14 * 100)
    assert cell(result, "p0", 2024, "I-0104")[:2] == (pytest.approx(before * 0.9), Mark.CARRIED)
    assert cell(result, "p0", 2025, "I-0104")[:2] == (0, Mark.UNREPORTED)
    assert "indicator_carried" in codes_of(result)


def test_m3_carries_the_score_and_never_the_value() -> None:
    """A band indicator at 120 % of its capacity would gain if nine tenths of the value were taken."""
    data = changed(a_round(), {("p0", 2024, "peak_day_flow"): 1080.0, ("p0", 2025, "peak_day_flow"): None})
    assert cell(scored(data), "p0", 2025, "I-0208")[0] == 0


def test_m3_has_nothing_to_carry_in_a_first_year() -> None:
    result = scored(changed(a_round(), {("p0", 2021, "equip_up_h"): None}))
    assert cell(result, "p0", 2021, "I-0104")[1] is Mark.AWAITED


def test_m4_suspends_the_whole_class_where_the_source_failed() -> None:
    data = joined(a_round(6), a_round(6, port_class="rail"))
    result = scored(data, failed_feeds=(FailedFeed("import_time_h", LAST, "road"),))
    for port, mark in (("a.p0", Mark.SUSPENDED), ("a.p5", Mark.SUSPENDED), ("b.p0", Mark.SCORED)):
        assert cell(result, port, LAST, "I-0501")[1] is mark
    assert cell(result, "a.p0", LAST - 1, "I-0501")[1] is Mark.SCORED
    assert "indicator_suspended" in codes_of(result)
    assert not result.provisional.any()


def test_m4_a_gap_of_one_port_is_awaited_and_a_gap_of_all_suspends() -> None:
    one = scored(changed(a_round(), {("p0", LAST, "import_time_h"): None}, reminders=[("p0", LAST, "import_time_h")]))
    assert cell(one, "p0", LAST, "I-0501")[1] is Mark.AWAITED, "the port is not to blame"
    assert cell(one, "p1", LAST, "I-0501")[1] is Mark.SCORED
    all_gone = scored(changed(a_round(), {(f"p{n}", LAST, "import_time_h"): None for n in range(6)}))
    assert {cell(all_gone, f"p{n}", LAST, "I-0501")[1] for n in range(6)} == {Mark.SUSPENDED}


def test_m4_of_an_item_reaches_the_indicators_made_of_it() -> None:
    result = scored(a_round(), failed_feeds=(FailedFeed("pax_in", LAST),))
    assert cell(result, "p0", LAST, "I-0202")[1] is Mark.SUSPENDED
    assert cell(result, "p0", LAST, "I-1001")[1] is Mark.SUSPENDED, "persons are a part of the composite volume"
    assert cell(result, "p0", LAST, "I-0201")[1] is Mark.SCORED


def test_m5_a_point_without_evidence_counts_zero() -> None:
    result = scored(changed(a_round(), {("p0", LAST, "I-0106/绿色通道"): None}))
    assert cell(result, "p0", LAST, "I-0106")[:2] == (pytest.approx(80), Mark.NO_EVIDENCE)
    assert "points_without_evidence" in codes_of(result)
    none = scored(changed(a_round(), {("p0", LAST, code): None for code in SCHEME.indicator("I-0106").points}))
    assert cell(none, "p0", LAST, "I-0106")[:2] == (0, Mark.NO_EVIDENCE)


@pytest.mark.parametrize(("answers", "mark"), [(29, Mark.PEER_MEDIAN), (30, Mark.SCORED), (None, Mark.PEER_MEDIAN)])
def test_m6_a_survey_under_thirty_answers_takes_the_median_of_the_peers(answers: float | None, mark: Mark) -> None:
    data = changed(a_round(6), {(f"p{n}", LAST, "survey_public"): 50.0 + 5 * n for n in range(6)})
    result = scored(changed(data, {("p0", LAST, "survey_public.answers"): answers}))
    found, said, weight = cell(result, "p0", LAST, "I-0706")
    assert said is mark and weight > 0
    assert found == (65 if mark is Mark.PEER_MEDIAN else 50)
    assert ("survey_too_small" in codes_of(result)) is (mark is Mark.PEER_MEDIAN)


def test_m6_small_surveys_make_no_scale_and_no_median() -> None:
    """Costs 700, 735 … of six ports; the dearest by far had 3 answers: it neither stretches the scale nor has points of its own."""
    data = changed(a_round(6), {("p5", LAST, "compliance_cost_cny"): 1e6, ("p5", LAST, "compliance_cost_cny.answers"): 3.0})
    result = scored(data)
    k = CODES.index("I-0505")
    assert result.placed.high[-1, 0, k] < 900
    assert cell(result, "p5", LAST, "I-0505")[0] == pytest.approx(50)


def test_m6_falls_back_on_the_fixed_median_where_peers_are_too_few() -> None:
    result = scored(changed(a_round(4), {("p0", LAST, "survey_public.answers"): 3.0, ("p0", LAST, "compliance_cost_cny"): None}))
    assert cell(result, "p0", LAST, "I-0706")[:2] == (75, Mark.PEER_MEDIAN)
    fixed = SCHEME.reference("I-0505", "road")
    assert cell(result, "p0", LAST, "I-0505")[0] == pytest.approx(100 - 100 * (fixed.median - fixed.low) / (fixed.high - fixed.low))


# ---- what the figures say ---------------------------------------------------------------------------


def test_a_zero_input_of_g03_is_an_error_and_not_a_favour() -> None:
    result = scored(changed(a_round(), {("p0", LAST, "staff_insp"): 0.0}))
    assert cell(result, "p0", LAST, "I-0301")[1] is Mark.AWAITED
    assert "figures_contradict" in codes_of(result)
    owed = scored(changed(a_round(), {("p0", LAST, "staff_insp"): 0.0}, reminders=[("p0", LAST, "staff_insp")]))
    assert cell(owed, "p0", LAST, "I-0301")[:2] == (0, Mark.UNREPORTED)


@pytest.mark.parametrize(("closed", "mark"), [(12, Mark.SCORED), (13, Mark.AWAITED)])
def test_a_part_larger_than_its_whole_is_no_full_mark(closed: float, mark: Mark) -> None:
    result = scored(changed(a_round(), {("p0", LAST, "hazards_closed_on_time"): closed}))
    assert cell(result, "p0", LAST, "I-0405")[1] is mark
    assert ("figures_contradict" in codes_of(result)) is (mark is Mark.AWAITED)


def test_a_negative_figure_is_refused_where_it_is_used() -> None:
    result = scored(changed(a_round(), {("p0", LAST, "jobs"): -5.0}))
    assert cell(result, "p0", LAST, "I-1002")[1] is Mark.AWAITED
    assert {"value_negative", "figures_contradict"} <= codes_of(result)
    total = scored(changed(a_round(), {("p0", LAST, "crew"): None, ("p0", LAST, "persons"): -1.0}))
    assert Why(int(total.why[-1, 0, CODES.index("I-0202")])) is Why.IMPOSSIBLE, "a negative total is not merely missing"


@pytest.mark.parametrize(("total", "is_noted"), [(200_000, False), (200_900, False), (201_100, True)])
def test_the_sum_of_the_parts_counts_and_a_differing_total_is_noted(total: float, is_noted: bool) -> None:
    result = scored(changed(a_round(), {("p0", LAST, "cargo_t"): total}))
    assert result.raw[-1, 0, CODES.index("I-0201")] == 200_000
    assert ("total_contradicts_parts" in codes_of(result)) is is_noted
    alone = scored(changed(a_round(), {("p0", LAST, "cargo_t"): total, ("p0", LAST, "crew"): None, ("p0", LAST, "cargo_in_t"): None}))
    assert alone.raw[-1, 0, CODES.index("I-0201")] == total


def test_the_composite_volume_divides_by_the_medians_of_the_base_year() -> None:
    """Six ports 1, 1.05 … 1.25 times the first: the median is 1.125 times, and so the first has 1/1.125."""
    result = scored(a_round(6))
    assert result.figures.volume_bases == {"road/cargo_t": pytest.approx(225_000), "road/persons": pytest.approx(33_750),
                                           "road/conv": pytest.approx(5_625)}
    assert result.figures.read("cpv").values[0].tolist() == pytest.approx([(1 + 0.05 * n) / 1.125 for n in range(6)])
    few = scored(a_round(4))
    assert few.figures.volume_bases["road/cargo_t"] == SCHEME.reference("cargo_t", "road").median
    assert "volume_base_fixed" in codes_of(few)
    later = scored(a_round(6, years=YEARS[1:]), volume_bases=result.figures.volume_bases)
    assert later.figures.volume_bases == result.figures.volume_bases


def test_honest_reporting_never_costs_and_concealment_does() -> None:
    def intensity(**more: float) -> float:
        changes = {("p0", LAST, f"incident_score{name}"): value for name, value in more.items()}
        return float(scored(changed(a_round(), changes)).raw[-1, 0, CODES.index("I-0404")])

    plain = intensity(**{"": 4.0})
    assert intensity(**{"": 7.0, ".self_reported_closed": 3.0}) == pytest.approx(plain)
    assert intensity(**{"": 2.0, ".self_reported_closed": 9.0}) == 0
    assert intensity(**{"": 4.0, ".concealed": 2.0}) == pytest.approx(1.5 * plain)
    hidden = scored(changed(a_round(), {("p0", LAST, "epid_gap_major"): None, ("p0", LAST, "epid_gap_major.concealed"): 1.0}))
    assert hidden.red[-1, 0], "what an inspection found counts though the port said nothing"


def test_an_indicator_of_another_type_has_no_place() -> None:
    result = scored(joined(a_round(5), a_round(5, port_class="air_other")))
    assert cell(result, "b.p0", LAST, "I-0807")[1] is Mark.OUTSIDE
    assert cell(result, "a.p0", LAST, "I-0906")[1] is Mark.OUTSIDE
    assert np.allclose(result.weight.sum(axis=2), 1.0)


def test_a_group_without_anything_leaves_its_weight_to_the_others() -> None:
    items = {item for each in SCHEME.of_group("G09") for item in each.formula.items()} - {"cpv"}
    result = scored(changed(a_round(), {("p0", year, item): None for item in items for year in YEARS}))
    g = list(SCHEME.groups).index("G09")
    assert np.isnan(result.group_points[-1, 0, g]) and result.group_weight[-1, 0, g] == 0
    others, before = np.delete(result.group_weight[-1, 0], g), np.delete(result.group_weight[-1, 1], g)
    assert others == pytest.approx(before / before.sum())
    assert {"indicator_awaited", "group_empty"} <= codes_of(result)
    nothing = scored(changed(a_round(), {("p0", year, item): None for item in a_round().items for year in YEARS}))
    assert cell(nothing, "p0", LAST, "I-0106")[1] is Mark.NO_EVIDENCE, "a checklist without any evidence still counts, as 0"
    assert nothing.total[-1, 0] < nothing.total[-1, 1]


@pytest.mark.parametrize("years", [(2021, 2023), (2022, 2021)])
def test_years_follow_each_other(years: tuple[int, ...]) -> None:
    with pytest.raises(Refused) as refusal:
        a_round(years=years)
    assert refusal.value.findings[0].code == "years_not_consecutive"


def test_figures_of_another_scheme_are_refused() -> None:
    data = a_round()
    for changes, code in (
        ({"items": ("cargo_to", *data.items[1:])}, "item_unknown"), ({"classes": ("harbour",) * 6}, "class_unknown"),
        ({"failed_feeds": (FailedFeed("I-9999", LAST),)}, "item_unknown"),
        ({"decisions": (Decision("I-0605", "scheme", "不适用", "elsewhere"),)}, "port_unknown"),
    ):
        with pytest.raises(Refused) as refusal:
            score_round(SCHEME, replace(data, **changes))
        assert code in {finding.code for finding in refusal.value.findings}
