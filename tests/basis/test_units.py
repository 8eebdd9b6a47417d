"""Units: every spelling that our sources use, exact conversion, and no conversion across dimensions."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kouan.basis import Finding, InexactConversion, Place, Refused, UnknownUnit, units

with (Path(__file__).parent / "lists" / "units_met.csv").open(encoding="utf-8", newline="") as _stream:
    MET = [(row["spelling"], row["unit"]) for row in csv.DictReader(_stream)]

ALL = sorted(units.all_units())
values = st.decimals(min_value=Decimal("-1e12"), max_value=Decimal("1e12"), allow_nan=False, places=6)


@pytest.mark.parametrize(("spelling", "code"), MET)
def test_every_spelling_our_sources_use_is_known(spelling: str, code: str) -> None:
    assert units.get(spelling).code == code


@pytest.mark.parametrize("code", ALL)
def test_a_unit_is_found_by_its_code_and_by_both_its_names(code: str) -> None:
    unit = units.get(code)
    assert unit.code == code
    for name, base_name in zip(unit.name, units.get(unit.base_code).name, strict=True):
        if base_name:
            assert units.get(name) is unit
    assert units.get(unit.base_code).base_code == unit.base_code
    assert unit.dimension == units.get(unit.base_code).dimension


def test_chinese_and_english_spellings_meet() -> None:
    assert units.get("10k TEU") is units.get("万标箱") is units.get("万TEU") is units.get("wan_teu")
    assert units.get("1e8 CNY") is units.get("亿元") is units.get("100m CNY") is units.get("yi_cny")
    assert units.get("10K teu") is units.get("１０ｋ TEU")


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        ("221.9", "亿吨", "t", "22190000000"),
        ("146.37", "万亿元人民币", "CNY", "146370000000000"),
        ("26.27", "亿人次", "person_crossings", "2627000000"),
        ("1.47", "亿辆（架、列、艘）次", "movements", "147000000"),
        ("933", "10k TEU", "TEU", "9330000"),
        ("9330000", "TEU", "万标箱", "933"),
        ("1", "吨", "kg", "1000"),
        ("90", "分钟", "小时", "1.5"),
        ("30", "秒", "分钟", "0.5"),
        ("2", "天", "小时", "48"),
        ("50", "%", "ratio", "0.5"),
        ("0.125", "ratio", "percent", "12.5"),
        ("15", "亩", "公顷", "1"),
        ("7", "架次", "movements", "7"),
        ("7", "10k units", "万架次", "7"),
    ],
)
def test_conversion(value: str, source: str, target: str, expected: str) -> None:
    assert str(units.convert(Decimal(value), source, target)) == expected


@given(values, st.sampled_from(ALL), st.sampled_from(ALL))
def test_conversion_is_exact_and_reversible_or_refused(value: Decimal, source: str, target: str) -> None:
    a, b = units.get(source), units.get(target)
    if not a.converts_to(b):
        with pytest.raises(Refused) as refusal:
            units.convert(value, a, b)
        assert refusal.value.findings[0].code == "units_incompatible"
        return
    try:
        there = units.convert(value, a, b)
    except InexactConversion:
        assert (a.factor / b.factor).denominator % 3 == 0  # only thirds have no finite decimal here
        return
    assert units.convert(there, b, a) == value


@given(values, st.sampled_from(["t", "person_crossings", "movements", "teu", "cny", "vessel_movements"]))
def test_myriads_convert_both_ways_without_loss(value: Decimal, base: str) -> None:
    for prefix, zeros in (("qian", 3), ("wan", 4), ("bai_wan", 6), ("yi", 8), ("wan_yi", 12)):
        scaled = units.convert(value, base, f"{prefix}_{base}")
        assert scaled == value.scaleb(-zeros)
        assert units.convert(scaled, f"{prefix}_{base}", base) == value


def test_a_third_of_an_hour_needs_a_number_of_places() -> None:
    with pytest.raises(InexactConversion, match="places"):
        units.convert(Decimal(20), "minutes", "hours")
    assert units.convert(Decimal(20), "minutes", "hours", places=4) == Decimal("0.3333")
    assert units.convert(Decimal(40), "minutes", "hours", places=2) == Decimal("0.67")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("t", "person_crossings"),
        ("人", "人次"),  # a head count is not a count of crossings
        ("标箱", "箱"),
        ("元", "美元"),
        ("艘次", "架次"),
        ("台（套）", "条"),
        ("t", "t/yr"),
        ("工作日", "小时"),
        ("%", "百分点"),
    ],
)
def test_different_things_do_not_convert(one: str, other: str) -> None:
    for source, target in ((one, other), (other, one)):
        with pytest.raises(Refused) as refusal:
            units.convert(Decimal(1), source, target)
        finding = refusal.value.findings[0]
        assert finding.code == "units_incompatible"
        assert "不能换算" in finding.message.zh


def test_an_unknown_unit_is_refused_with_suggestions() -> None:
    with pytest.raises(UnknownUnit) as refusal:
        units.get("万顿")
    finding = refusal.value.findings[0]
    assert finding.code == "unknown_unit"
    assert "万吨" in finding.remedy.zh  # type: ignore[union-attr]
    located = units.find("tonnez", where=Place(cell="D1"))
    assert isinstance(located, Finding)
    assert located.where.cell == "D1"


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_missing_unit_is_said_to_be_missing(blank: str) -> None:
    finding = units.find(blank)
    assert isinstance(finding, Finding)
    assert finding.code == "unit_missing"


@given(st.text(max_size=12))
def test_nothing_typed_makes_the_finder_fall(text: str) -> None:
    assert isinstance(units.find(text), units.Unit | Finding)


@given(values, st.sampled_from(ALL), st.sampled_from(ALL), st.sampled_from(ALL))
def test_conversion_by_way_of_a_third_unit_is_the_same(value: Decimal, a: str, b: str, c: str) -> None:
    ua, ub, uc = units.get(a), units.get(b), units.get(c)
    assume(ua.converts_to(ub) and ub.converts_to(uc) and ua.converts_to(uc))
    try:
        direct = units.convert(value, ua, uc)
        by_way = units.convert(units.convert(value, ua, ub), ub, uc)
    except InexactConversion:
        assume(False)
    assert direct == by_way


@pytest.mark.parametrize(("text", "measure_unit", "hint"), [
    ("公斤x", "t", "公斤"), ("人次数", "person_crossings", "人次"), ("万顿", "t", "万吨"), ("万顿", None, "万吨"),
    ("公斤x", None, "公斤"), ("标箱（个）", "teu", "标箱"), ("blah", "t", "万吨"), ("公斤x", "person_crossings", "万人次"),
])
def test_a_near_miss_is_answered_with_a_unit_that_is_read(text: str, measure_unit: str | None, hint: str) -> None:
    found = units.find(text, fits=units.get(measure_unit) if measure_unit else None)
    assert isinstance(found, Finding) and found.code == "unknown_unit"
    assert hint in found.remedy.zh
    assert isinstance(units.find(hint), units.Unit)


def test_the_units_of_a_measure_are_listed_where_nothing_is_near() -> None:
    found = units.find("???", fits=units.get("person_crossings"))
    assert isinstance(found, Finding)
    assert "该指标可用：人次、万人次、亿人次" in found.remedy.zh and "10,000 person-crossings" in found.remedy.en
