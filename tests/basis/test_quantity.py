"""Quantities: equal whatever the unit, exact in arithmetic, written as bulletins write them."""

import json
import pickle
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kouan.basis import Finding, Place, Quantity, Refused

values = st.decimals(min_value=Decimal("-1e12"), max_value=Decimal("1e12"), allow_nan=False, places=4)
tonnes = st.builds(Quantity.of, values, st.sampled_from(["t", "wan_t", "yi_t", "kg"]))


@given(tonnes, tonnes)
def test_addition_is_exact_and_undone_by_subtraction(a: Quantity, b: Quantity) -> None:
    assert a + b == b + a
    assert (a + b) - b == a
    total = Fraction(a.to("t").value) + Fraction(b.to("t").value)
    assert Fraction((a + b).to("t").value) == total


@given(tonnes, st.sampled_from(["t", "wan_t", "yi_t", "kg"]))
def test_equality_and_hash_do_not_depend_on_the_unit(quantity: Quantity, unit: str) -> None:
    other = quantity.to(unit)
    assert other == quantity
    assert hash(other) == hash(quantity)
    assert not other < quantity
    assert not other > quantity


@given(tonnes, tonnes)
def test_order_agrees_with_the_amounts(a: Quantity, b: Quantity) -> None:
    assert (a < b) == (a.to("kg").value < b.to("kg").value)
    assert (a >= b) == (not a < b)


@given(tonnes)
def test_a_quantity_comes_back_from_text_json_and_pickle(quantity: Quantity) -> None:
    assert Quantity.parse(str(quantity)) == quantity
    assert Quantity.from_dict(json.loads(json.dumps(quantity.as_dict()))) == quantity
    assert pickle.loads(pickle.dumps(quantity)) == quantity
    assert Quantity.parse(quantity.exact("en")) == quantity


def test_a_float_is_not_exact() -> None:
    with pytest.raises(TypeError, match="float"):
        Quantity.of(0.1, "t")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="float"):
        Quantity.of(1, "t") * 0.1  # type: ignore[operator]


def test_different_dimensions_do_not_add_or_compare() -> None:
    for act in (
        lambda: Quantity.of(1, "t") + Quantity.of(1, "人次"),
        lambda: Quantity.of(1, "t") - Quantity.of(1, "元"),
        lambda: Quantity.of(1, "t") < Quantity.of(1, "人次"),
        lambda: Quantity.of(1, "艘次") < Quantity.of(1, "架次"),
    ):
        with pytest.raises(Refused):
            act()
    assert Quantity.of(1, "t") != Quantity.of(1, "人次")
    assert Quantity.of(1, "艘次") != Quantity.of(1, "架次")
    with pytest.raises(TypeError):
        Quantity.of(1, "t") + 1  # type: ignore[operator]


def test_kinds_of_conveyances_add_up_to_movements() -> None:
    total = Quantity.of(3, "艘次") + Quantity.of(2, "架次") + Quantity.of(1, "万辆次")
    assert total == Quantity.of(10005, "movements")
    assert (Quantity.of(3, "艘次") + Quantity.of(2, "艘次")).unit.code == "vessel_movements"


def test_multiplication_ratio_and_sign() -> None:
    assert Quantity.of("1.5", "万吨") * 3 == 3 * Quantity.of("1.5", "万吨") == Quantity.of(45000, "t")
    assert Quantity.of(1, "t").ratio_to(Quantity.of(3, "t")) == Fraction(1, 3)
    assert -Quantity.of(1, "t") == Quantity.of(-1, "t")
    assert abs(Quantity.of(-1, "t")) == Quantity.of(1, "t")
    assert not Quantity.of(0, "t")
    with pytest.raises(ZeroDivisionError):
        Quantity.of(1, "t").ratio_to(Quantity.of(0, "t"))


@pytest.mark.parametrize(
    ("value", "unit", "zh", "en", "exact"),
    [
        ("221.9", "亿吨", "221.9亿吨", "22.19 billion t", "22190000000吨"),
        ("146.37", "万亿元", "146.37万亿元", "146.37 trillion CNY", "146370000000000元"),
        ("26.27", "亿人次", "26.27亿人次", "2.63 billion person-crossings", "2627000000人次"),
        (
            "1.47",
            "亿辆（架、列、艘）次",
            "1.47亿辆（架、列、艘）次",
            "147 million movements",
            "147000000辆（架、列、艘）次",
        ),
        ("933", "10k TEU", "933万标箱", "9.33 million TEU", "9330000标箱"),
        ("999999", "t", "100万吨", "999,999 t", "999999吨"),
        ("9999", "人次", "9999人次", "9,999 person-crossings", "9999人次"),
        ("10000", "人次", "1万人次", "10,000 person-crossings", "10000人次"),
        ("30", "分钟", "30分钟", "30 minutes", "30分钟"),
        ("41.56", "hours", "41.56小时", "41.56 hours", "41.56小时"),
        ("12.345", "%", "12.35%", "12.35%", "12.345%"),
        ("0", "t", "0吨", "0 t", "0吨"),
        # 万亿 is written with money only
        ("30000", "亿吨", "30000亿吨", "3 trillion t", "3000000000000吨"),
    ],
)
def test_quantities_are_written_as_bulletins_write_them(
    value: str, unit: str, zh: str, en: str, exact: str
) -> None:
    quantity = Quantity.of(value, unit)
    assert quantity.display() == zh
    assert quantity.display("en") == en
    assert quantity.exact() == exact


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("12.5万吨", "12.5", "wan_t"),
        ("221.9 亿吨", "221.9", "yi_t"),
        ("933 10k TEU", "933", "wan_teu"),
        ("5 1e8 CNY", "5", "yi_cny"),
        ("１２万人次", "12", "wan_person_crossings"),
        ("-3 t", "-3", "t"),
        ("1,234.5 t", "1234.5", "t"),
        ("5%", "5", "percent"),
        ("12 million t", "12", "bai_wan_t"),
    ],
)
def test_a_number_with_its_unit_is_read(text: str, value: str, unit: str) -> None:
    quantity = Quantity.parse(text)
    assert (str(quantity.value), quantity.unit.code) == (value, unit)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("12", "unit_missing"),
        ("3万", "unit_missing"),
        ("万吨", "number_unreadable"),
        ("3万顿", "unknown_unit"),
        ("1.2.3 t", "number_ambiguous"),
        ("约3万吨", "number_approximate"),
        ("", "number_missing"),
    ],
)
def test_what_is_no_quantity_is_refused(text: str, code: str) -> None:
    finding = Quantity.read(text, where=Place(row=1))
    assert isinstance(finding, Finding)
    assert (finding.code, finding.where.row) == (code, 1)
    with pytest.raises(Refused):
        Quantity.parse(text)


@given(st.text(max_size=16) | st.text("0123456789.,万亿吨 tTEUk", max_size=12))
def test_nothing_typed_makes_the_reader_fall(text: str) -> None:
    assert isinstance(Quantity.read(text), Quantity | Finding)
