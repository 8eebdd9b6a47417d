"""The formula language: what it reads, what it refuses, and how reasons travel."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evaluation.scheme.rounds import BY_HAND, EARLIER, MET, PORT

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
        # 14 ** 269 is a whole number of Python's and no number of a computer's.
        wanted = wanted if isinstance(wanted, complex) else float(wanted)
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
