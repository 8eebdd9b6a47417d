"""Numerals: read exactly or refused with the reason; written as officials read them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kouan.basis import Finding, Place, Severity, numbers

decimals = st.decimals(
    min_value=Decimal("-1e14"), max_value=Decimal("1e14"), allow_nan=False, allow_infinity=False, places=4
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", "0"),
        ("007", "7"),
        ("1,234", "1234"),
        ("1,234,567.5", "1234567.5"),
        ("１２３", "123"),
        ("１，２３４．５", "1234.5"),
        ("1 234", "1234"),
        ("1\u00a0234\u00a0567", "1234567"),
        ("1\u202f234", "1234"),
        ("1'234", "1234"),
        (" 12 ", "12"),
        ("-5", "-5"),
        ("－5", "-5"),
        ("−5", "-5"),
        ("+5", "5"),
        (".5", "0.5"),
        ("0.10", "0.1"),
        ("12万", "120000"),
        ("12 万", "120000"),
        ("1.25万", "12500"),
        ("1,234.5万", "12345000"),
        ("3.2亿", "320000000"),
        ("146.37万亿", "146370000000000"),
        ("5百万", "5000000"),
        ("3千", "3000"),
    ],
)
def test_what_clerks_write_is_read_exactly(text: str, value: str) -> None:
    answer = numbers.parse(text)
    assert isinstance(answer, Decimal)
    assert str(answer) == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, "5"),
        (-(10**20), "-100000000000000000000"),
        (0.1, "0.1"),
        (1234.0, "1234"),
        (Decimal("2.50"), "2.5"),
    ],
)
def test_what_spreadsheets_hold_is_read_exactly(value: object, expected: str) -> None:
    assert str(numbers.parse(value)) == expected


@pytest.mark.parametrize(
    "text", ["", " ", None, "-", "—", "——", "–", "/", "N/A", "n/a", "#N/A", "无", "未报送", "NaN", "…", "　"]
)
def test_nothing_reported_is_not_zero(text: str | None) -> None:
    answer = numbers.parse(text, where=Place(cell="C4"))
    assert isinstance(answer, Finding)
    assert (answer.code, answer.severity, answer.where.cell) == ("number_missing", Severity.WARNING, "C4")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("1.234,5", "number_ambiguous"),
        ("1,23", "number_ambiguous"),
        ("12,34,567", "number_ambiguous"),
        ("1.234.567", "number_ambiguous"),
        ("1,234 567", "number_ambiguous"),
        ("1 23", "number_ambiguous"),
        ("1,234,", "number_ambiguous"),
        ("1..5", "number_ambiguous"),
        ("5.", "number_ambiguous"),
        ("约12万", "number_approximate"),
        ("12万余", "number_approximate"),
        ("超过300", "number_approximate"),
        ("300以上", "number_approximate"),
        (">5", "number_approximate"),
        ("1.23E+11", "number_scientific"),
        ("1e5", "number_scientific"),
        ("十二万", "number_unreadable"),
        ("万", "number_unreadable"),
        ("12人次", "number_unreadable"),
        ("(1,234)", "number_unreadable"),
        ("12%", "number_unreadable"),
        ("12①", "number_unreadable"),
        ("12²", "number_unreadable"),
        ("١٢", "number_unreadable"),
        ("=A1+B1", "number_unreadable"),
        ("0x1F", "number_unreadable"),
        ("1_000", "number_unreadable"),
        ("--5", "number_unreadable"),
        (True, "number_unreadable"),
        ([1], "number_unreadable"),
        (float("nan"), "number_not_finite"),
        (float("-inf"), "number_not_finite"),
        (Decimal("NaN"), "number_not_finite"),
        (Decimal("Infinity"), "number_not_finite"),
        ("9" * 27, "number_too_long"),
        (10**27, "number_too_long"),
        (1e300, "number_too_long"),
        (Decimal("1e-30"), "number_too_long"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(value: object, code: str) -> None:
    answer = numbers.parse(value)
    assert isinstance(answer, Finding)
    assert answer.code == code
    assert answer.remedy is not None


def test_scientific_notation_is_read_where_a_source_declares_it() -> None:
    assert numbers.parse("1.5E+3", scientific=True) == Decimal("1500")


@given(decimals)
def test_a_written_number_is_read_back(value: Decimal) -> None:
    assert numbers.parse(numbers.plain(value)) == value
    assert numbers.parse(numbers.plain(value, grouped=True)) == value
    assert numbers.parse(numbers.plain(value).translate({i + 48: i + 0xFF10 for i in range(10)})) == value


@given(st.text(max_size=20) | st.text("0123456789.,- 万亿eE'", max_size=14))
def test_nothing_typed_makes_the_reader_fall(text: str) -> None:
    answer = numbers.parse(text)
    assert isinstance(answer, Decimal | Finding)
    if isinstance(answer, Decimal):
        assert answer.is_finite()
        assert "E" not in str(answer)


@given(st.integers() | st.floats() | st.decimals() | st.booleans() | st.none() | st.binary(max_size=4))
def test_nothing_stored_makes_the_reader_fall(value: object) -> None:
    assert isinstance(numbers.parse(value), Decimal | Finding)


@given(decimals)
def test_tidying_changes_no_number(value: Decimal) -> None:
    assert numbers.tidy(value) == value
    assert "E" not in str(numbers.tidy(value))
    assert not ("." in str(numbers.tidy(value)) and str(numbers.tidy(value)).endswith("0"))


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        ("0", "0", "0"),
        ("12", "12", "12"),
        ("9999", "9999", "9,999"),
        ("9999.994", "9999.99", "9,999.99"),
        ("9999.995", "1万", "10,000"),
        ("10000", "1万", "10,000"),
        ("12345", "1.23万", "12,345"),
        ("99994999", "9999.5万", "99.99 million"),
        ("99999949", "9999.99万", "100 million"),
        ("99999950", "1亿", "100 million"),
        ("22190000000", "221.9亿", "22.19 billion"),
        ("146370000000000", "146.37万亿", "146.37 trillion"),
        ("999999.994", "100万", "999,999.99"),
        ("999999.995", "100万", "1 million"),
        ("-12345", "-1.23万", "-12,345"),
        ("0.005", "0.01", "0.01"),
    ],
)
def test_large_numbers_are_shortened_as_officials_do(value: str, zh: str, en: str) -> None:
    assert numbers.format_zh(Decimal(value)) == zh
    assert numbers.format_en(Decimal(value)) == en


@pytest.mark.parametrize(("places", "expected"), [(0, "1亿"), (1, "1.2亿"), (2, "1.23亿"), (4, "1.2346亿")])
def test_the_number_of_decimals_is_the_callers(places: int, expected: str) -> None:
    assert numbers.format_zh(Decimal("123456789"), places) == expected


@given(decimals)
def test_a_shortened_number_is_near_the_number(value: Decimal) -> None:
    read = numbers.parse(numbers.format_zh(value))
    assert isinstance(read, Decimal)
    assert abs(read - value) <= max(abs(value) * Decimal("0.005"), Decimal("0.005"))


def test_the_largest_scale_can_be_held_down() -> None:
    assert numbers.format_zh(Decimal("2219000000000"), top="亿") == "22190亿"


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        ("2.345", 2, "2.35"),
        ("2.5", 0, "3"),
        ("-2.5", 0, "-3"),
        ("1234", -2, "1.2E+3"),
        ("1250", -2, "1.3E+3"),
    ],
)
def test_ties_go_away_from_zero(value: str, places: int, expected: str) -> None:
    assert numbers.round_half_up(Decimal(value), places) == Decimal(expected)
