"""The formula language: what it reads, what it refuses, and how reasons travel."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kouan.basis import Refused
from kouan.evaluation import schemes
from kouan.evaluation.method.scheme.formula import (
    Call,
    Cells,
    Item,
    Negative,
    Node,
    Number,
    Operation,
    Why,
    compute,
    is_share,
    parse,
    point,
    walk,
)

NUMBERS = st.floats(0.015625, 4096, width=16).map(Number)
NAMES = st.sampled_from(["cargo_t", "persons", "cpv", "货值", "a1"]).map(Item)


def _grown(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.one_of(
        st.builds(Negative, inner),
        st.builds(Operation, st.sampled_from(["+", "-", "*", "/", "**"]), inner, inner),
        st.builds(Call, st.sampled_from(["min", "max"]), st.tuples(inner, inner)),
        st.builds(Call, st.sampled_from(["prev", "prev3"]), st.tuples(inner)),
    )


TREES = st.recursive(NUMBERS | NAMES, _grown, max_leaves=12)


def one(text: str, zero_divisor: Why = Why.NOT_APPLICABLE, **values: float | None) -> tuple[float, Why]:
    """Compute for a single port and year."""
    cells = {code: Cells.of([[math.nan if value is None else value]]) for code, value in values.items()}
    found = compute(parse(text), cells.__getitem__, zero_divisor=zero_divisor)
    return float(np.ravel(found.values)[0]), Why(int(np.ravel(found.why)[0]))


@given(TREES)
def test_what_is_written_out_is_read_back(tree: Node) -> None:
    assert parse(str(tree)) == tree


@given(TREES, st.lists(st.floats(0.1, 50), min_size=5, max_size=5))
def test_values_are_those_of_arithmetic(tree: Node, values: list[float]) -> None:
    """Against Python's own arithmetic, for trees that do not look back."""
    if any(isinstance(node, Call) and node.name.startswith("prev") for node in walk(tree)):
        return
    known = dict(zip(["cargo_t", "persons", "cpv", "货值", "a1"], values, strict=True))
    try:
        wanted = eval(str(tree), {"__builtins__": {}, "min": min, "max": max}, known)
    except (ZeroDivisionError, OverflowError):
        return
    found, why = one(str(tree), **known)
    if isinstance(wanted, complex) or not math.isfinite(wanted):
        assert why in (Why.IMPOSSIBLE, Why.NOT_APPLICABLE)
    elif why is Why.PRESENT:
        assert found == pytest.approx(wanted, rel=1e-9, abs=1e-300)
    else:
        # Only where a part of the whole is beyond the numbers of a computer.
        assert why in (Why.IMPOSSIBLE, Why.NOT_APPLICABLE)
        assert any(isinstance(node, Operation) and node.sign in ("/", "**") for node in walk(tree))


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("", 1), ("a +", 4), ("a b", 3), ("(a", 3), ("a)", 2), ("min(a)", 7), ("prev(a, b)", 11), ("open(a)", 5),
        ("a; b", 2), ("__import__('os')", 11), ("a.b.c(1)", 6), ("5G", 3), ("a ** ** b", 6), ("checklist()", 11),
        ("checklist(甲,甲)", 13), ("1e5", 4), ("a if b else c", 3), ("a[0]", 2), ("lambda: 1", 7), ("a,b", 2), ("'a'", 1),
    ],
)
def test_what_is_not_in_the_language_is_refused_with_its_place(text: str, at: int) -> None:
    with pytest.raises(Refused) as refusal:
        parse(text)
    finding = refusal.value.findings[0]
    assert finding.code == "formula_unreadable"
    assert f"第 {at} 个字符" in finding.message.zh and f"character {at}:" in finding.message.en


def test_long_and_deep_formulas_are_refused() -> None:
    for text in ("a+" * 251 + "a", "(" * 60 + "a" + ")" * 60, "-" * 60 + "a", "2**" * 60 + "a"):
        with pytest.raises(Refused):
            parse(text)


@pytest.mark.parametrize(
    ("text", "values", "value", "why"),
    [
        ("a/b*100", {"a": 1, "b": 0}, math.nan, Why.NOT_APPLICABLE),
        ("a/b*100", {"a": 0, "b": 0}, math.nan, Why.NOT_APPLICABLE),
        ("a/b*100", {"a": None, "b": 0}, math.nan, Why.NOT_APPLICABLE),
        ("a/b*100", {"a": None, "b": 4}, math.nan, Why.MISSING),
        ("a/b*100", {"a": 1, "b": None}, math.nan, Why.MISSING),
        ("a/b*100", {"a": 0, "b": 4}, 0.0, Why.PRESENT),
        ("min(1, a/b)", {"a": 3, "b": 0}, math.nan, Why.NOT_APPLICABLE),
        ("min(2, max(a/b, c/d))", {"a": 3, "b": 0, "c": 3, "d": 2}, 1.5, Why.PRESENT),
        ("min(2, max(a/b, c/d))", {"a": 3, "b": 0, "c": None, "d": 2}, math.nan, Why.MISSING),
        ("max(a/b, c/d)", {"a": 3, "b": 0, "c": 1, "d": 0}, math.nan, Why.NOT_APPLICABLE),
        ("max(a, c)", {"a": 3, "c": None}, math.nan, Why.MISSING),
        ("(a-b)**(1/2)", {"a": 1, "b": 2}, math.nan, Why.IMPOSSIBLE),
        ("prev(a)", {"a": 1}, math.nan, Why.NO_HISTORY),
    ],
)
def test_reasons_travel(text: str, values: dict[str, float | None], value: float, why: Why) -> None:
    found, said = one(text, **values)
    assert said is why
    assert found == pytest.approx(value, nan_ok=True)


def test_a_zero_input_is_an_error_where_the_group_says_so() -> None:
    for text in ("cpv/a", "max(cpv/a, cpv/b)"):
        assert one(text, Why.IMPOSSIBLE, cpv=2, a=0, b=1)[1] is Why.IMPOSSIBLE


def test_earlier_years_are_read_by_place_and_gaps_there_are_no_debt() -> None:
    cells = {"x": Cells.of([[1.0], [math.nan], [3.0], [6.0], [12.0]])}
    last = compute(parse("x/prev(x)"), cells.__getitem__)
    assert [Why(each) for each in last.why[:, 0]] == [
        Why.NO_HISTORY, Why.MISSING, Why.NO_HISTORY, Why.PRESENT, Why.PRESENT,
    ]
    assert last.values[3:, 0].tolist() == [2.0, 2.0]
    third = compute(parse("prev3(x)"), cells.__getitem__)
    assert third.values[3, 0] == 1.0 and Why(int(third.why[4, 0])) is Why.NO_HISTORY


def test_a_point_without_evidence_is_not_met_and_a_wrong_one_is_an_error() -> None:
    tree = parse("checklist(5G,北斗,甲,乙)")
    held = {"5G": 1.0, "北斗": math.nan, "甲": 0.5, "乙": 0.0}

    def share(**more: float) -> Cells:
        given = {point("I", name): Cells.of([[value]]) for name, value in (held | more).items()}
        return compute(tree, given.__getitem__, indicator="I")

    assert share().values[0, 0] == 37.5
    assert Why(int(share(甲=1.5).why[0, 0])) is Why.IMPOSSIBLE


# One port with figures that can be worked by hand; what each formula gives of them was worked by hand.
PORT = {
    "insp_area_m2": 3000, "insp_area_req_m2": 4000, "rooms_area_m2": 900, "rooms_area_req_m2": 600, "equip_in_place": 18,
    "equip_required": 20, "equip_up_h": 7600, "equip_plan_h": 8000, "lane_capacity_hour": 300, "peak_hour_flow": 400,
    "phc_items_met": 45, "phc_items_total": 50, "cargo_t": 200000, "persons": 30000, "conv": 5000, "value_cny": 6000000,
    "teu": 1200, "threshold_cargo_t": 50000, "threshold_persons": 50000, "cpv": 8, "peak_day_flow": 630,
    "design_peak_day": 900, "staff_insp": 50, "opex_cny": 4000000, "capex_annual_cny": 1000000, "design_cargo_t": 400000,
    "design_persons": 40000, "measures_done": 24, "measures_required": 30, "drills_done": 3, "drills_planned": 2,
    "incident_score": 4, "hazards_closed_on_time": 9, "hazards_due": 12, "alerts_handled_sla": 19, "alerts_total": 20,
    "epid_gap_major": 1, "import_time_h": 20, "export_time_h": 2, "segments_over_norm": 30, "segments_total": 1500,
    "citizen_batches_30": 97, "citizen_batches": 100, "compliance_cost_cny": 700, "fee_items_ok": 18, "fee_items_audited": 20,
    "docs_electronic": 840, "docs_total": 1000, "decl_fast_mode": 330, "decl_total": 600, "survey_enterprise": 81,
    "equip_shared": 7, "equip_sharable": 10, "feeds_live_ok": 11, "feeds_required": 20, "lanes_self": 6, "lanes_total": 16,
    "biz_sw": 950, "biz_total": 1000, "nii_units_ai": 60, "nii_units_due": 80, "proc_time_now": 45, "proc_time_base": 60,
    "bl_electronic": 130, "bl_total": 200, "rules_in_force": 21, "rules_required": 25, "rules_done": 3, "rules_plan": 4,
    "cases_reversed": 1, "cases_reviewed": 8, "complaints_on_time": 22, "complaints_due": 25, "survey_public": 77.5,
    "prov_trade_cny": 48000000, "cargo_other_prov_t": 50000, "zone_value_cny": 1500000, "local_proc_cny": 130000,
    "intl_routes": 9, "sites_active": 3, "sites_approved": 5, "border_residents_in": 360, "border_residents_total": 2400,
    "energy_tce": 1000, "water_m3": 20000, "pollutant_eq": 600, "waste_reused_t": 35, "waste_t": 50, "mach_clean": 12,
    "mach_total": 30, "berth_calls_power": 40, "berth_calls_able": 64, "public_order_cases": 12, "jobs": 500,
    "local_employed": 40000, "survey_resident": 68, "port_land_ha": 16, "env_penalties": 2,
}
EARLIER = {"cpv": {3: 1.0}, "local_proc_cny": {1: 100000.0}}
MET = {"I-0106": 3, "I-0401": 6, "I-0606": 0, "I-0704": 4}
BY_HAND = {
    "I-0101": 75, "I-0102": 100, "I-0103": 90, "I-0104": 95, "I-0105": 75, "I-0106": 60, "I-0107": 90,
    "I-0201": 200000, "I-0202": 30000, "I-0203": 5000, "I-0204": 6000000, "I-0205": 1200, "I-0206": 100, "I-0207": 100,
    "I-0208": 70, "I-0301": 4000, "I-0302": 600, "I-0303": 2, "I-0304": 1.2, "I-0305": 26.666666666666668, "I-0306": 75,
    "I-0401": 100, "I-0402": 80, "I-0403": 100, "I-0404": 0.5, "I-0405": 75, "I-0406": 95, "I-0407": 1, "I-0501": 20,
    "I-0502": 2, "I-0503": 2, "I-0504": 97, "I-0505": 700, "I-0506": 90, "I-0507": 84, "I-0508": 55, "I-0509": 81,
    "I-0601": 70, "I-0602": 55, "I-0603": 37.5, "I-0604": 95, "I-0605": 75, "I-0606": 0, "I-0607": 25, "I-0608": 65,
    "I-0701": 84, "I-0702": 75, "I-0703": 12.5, "I-0704": 80, "I-0705": 88, "I-0706": 77.5, "I-0801": 12.5, "I-0802": 25,
    "I-0803": 25, "I-0804": 30, "I-0805": 9, "I-0806": 60, "I-0807": 15, "I-0901": 125, "I-0902": 2500, "I-0903": 75,
    "I-0904": 70, "I-0905": 40, "I-0906": 62.5, "I-1001": 1.5, "I-1002": 1.25, "I-1003": 68, "I-1004": 0.5, "I-1005": 2,
}


def test_every_formula_of_the_catalogue_gives_what_was_worked_by_hand() -> None:
    scheme = schemes.get("national-first")
    assert {each.code for each in scheme.indicators} == set(BY_HAND)
    for indicator in scheme.indicators:

        def read(code: str) -> Cells:
            if "/" in code:
                place = [point for each in scheme.indicators for point in each.points if each.code == code[:6]].index(code)
                return Cells.of([[1.0 if place < MET[code[:6]] else 0.0]] * 4)
            past = EARLIER.get(code, {})
            return Cells.of([[past.get(back, PORT[code])] for back in (3, 2, 1, 0)])

        found = compute(indicator.formula, read, indicator=indicator.code)
        assert found.values[-1, 0] == pytest.approx(BY_HAND[indicator.code], rel=1e-12), indicator.code
        assert found.why[-1, 0] == Why.PRESENT


def test_shares_are_known_by_their_form() -> None:
    scheme = schemes.get("national-first")
    shares = {each.code for each in scheme.indicators if is_share(each.formula)}
    assert {"I-0104", "I-0405", "I-0801"} <= shares
    assert not {"I-0101", "I-0207", "I-0607", "I-0804", "I-0306"} & shares
