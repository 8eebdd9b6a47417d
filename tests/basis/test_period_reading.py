"""Periods as people type them: one reading is read, two readings are refused with both."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kouan.basis import Finding, Period, Place, Refused


@pytest.mark.parametrize(
    ("text", "code"),
    [
        # codes and their near relatives
        ("2023", "2023"),
        ("2023年", "2023"),
        ("2023年度", "2023"),
        ("2023 年", "2023"),
        ("2023-03", "2023-03"),
        ("2023-3", "2023-03"),
        ("2023/3", "2023-03"),
        ("2023.03", "2023-03"),
        ("2023.10", "2023-10"),
        ("2023.2", "2023-02"),
        ("202303", "2023-03"),
        ("20230306", "2023-03-06"),
        ("2023-03-06", "2023-03-06"),
        ("2023/3/6", "2023-03-06"),
        ("2023.3.6", "2023-03-06"),
        ("2023-Q1", "2023-Q1"),
        ("2023Q1", "2023-Q1"),
        ("2023q1", "2023-Q1"),
        ("Q1 2023", "2023-Q1"),
        ("2024-02-09/2024-02-17", "2024-02-09/2024-02-17"),
        ("2024-02-09 to 2024-02-17", "2024-02-09/2024-02-17"),
        # Chinese
        ("2023年3月", "2023-03"),
        ("2023年03月", "2023-03"),
        ("2023年3月份", "2023-03"),
        ("2023 年 3 月", "2023-03"),
        ("２０２３年３月", "2023-03"),
        ("2023年3月6日", "2023-03-06"),
        ("2023年3月6号", "2023-03-06"),
        ("二〇二三年三月", "2023-03"),
        ("二○二三年十二月三十一日", "2023-12-31"),
        ("二零二三年十月", "2023-10"),
        ("2023年第1季度", "2023-Q1"),
        ("2023年一季度", "2023-Q1"),
        ("2023年第四季度", "2023-Q4"),
        ("2023年上半年", "2023-01-01/2023-06-30"),
        ("2023年下半年", "2023-07-01/2023-12-31"),
        ("2023年1-8月", "2023-01-01/2023-08-31"),
        ("2023年1—8月", "2023-01-01/2023-08-31"),
        ("2023年1月至3月", "2023-Q1"),
        ("2023年1至12月", "2023"),
        # English
        ("Jan 2023", "2023-01"),
        ("January 2023", "2023-01"),
        ("JAN 2023", "2023-01"),
        ("Sept. 2023", "2023-09"),
        ("Jan-2023", "2023-01"),
        ("2023 Jan", "2023-01"),
        ("6 March 2023", "2023-03-06"),
        ("6-Mar-2023", "2023-03-06"),
        ("March 6, 2023", "2023-03-06"),
        ("March 6th, 2023", "2023-03-06"),
        # what spreadsheets and databases append
        ("2023-03-06 00:00:00", "2023-03-06"),
        ("2023-03-06T00:00:00", "2023-03-06"),
        ("2023/3/6 0:00", "2023-03-06"),
        ("  2023-03  ", "2023-03"),
        ("\ufeff2023-03", "2023-03"),
        # only one order is possible
        ("13/04/2023", "2023-04-13"),
        ("04/13/2023", "2023-04-13"),
        ("05/05/2023", "2023-05-05"),
        ("12/31/2023 12:00:00 AM", "2023-12-31"),
    ],
)
def test_what_has_one_reading_is_read(text: str, code: str) -> None:
    assert Period.parse(text).code == code


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (date(2023, 3, 6), "2023-03-06"),
        (datetime(2023, 3, 6), "2023-03-06"),
        (2023, "2023"),
        (202303, "2023-03"),
        (20230306, "2023-03-06"),
        (2023.0, "2023"),
        (Period.month(2023, 3), "2023-03"),
    ],
)
def test_values_of_a_spreadsheet_are_read(value: object, code: str) -> None:
    assert Period.parse(value).code == code


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", "period_missing"),
        ("   ", "period_missing"),
        (None, "period_missing"),
        ("三月", "unreadable_period"),
        ("2023年13月", "no_such_date"),
        ("2023-02-30", "no_such_date"),
        ("2023-13", "no_such_date"),
        ("32/01/2023", "no_such_date"),
        ("0203-01-01", "no_such_date"),
        ("20231301", "no_such_date"),
        ("2024-02-17/2024-02-09", "no_such_date"),
        ("2023年5—2月", "no_such_date"),
        ("03/04/2023", "date_order_ambiguous"),
        ("3-4-2023", "date_order_ambiguous"),
        ("01/02/2023 12:00:00 AM", "date_order_ambiguous"),
        ("2023.1", "month_ambiguous"),
        ("２０２３．１", "month_ambiguous"),
        ("23-03-06", "year_too_short"),
        ("03/04/23", "year_too_short"),
        ("Jan-23", "year_too_short"),
        ("23-Jan", "year_too_short"),
        ("6-Mar-23", "year_too_short"),
        ("23年3月", "year_too_short"),
        ("45021", "period_is_a_number"),
        (45021, "period_is_a_number"),
        (45021.5, "period_is_a_number"),
        (2023.1, "period_is_a_number"),
        (float("nan"), "period_is_a_number"),
        (float("inf"), "period_is_a_number"),
        (True, "unreadable_period"),
        (-2023, "unreadable_period"),
        ("2023-03-06 13:45:00", "unreadable_period"),
        ("2023-Q5", "unreadable_period"),
        ("2023-03/2023-05-01", "unreadable_period"),
        ("合计", "unreadable_period"),
    ],
)
def test_what_has_none_or_two_readings_is_refused(value: object, code: str) -> None:
    finding = Period.read(value, where=Place(row=7))
    assert isinstance(finding, Finding)
    assert finding.code == code
    assert finding.is_error
    assert finding.where == Place(row=7)
    assert finding.remedy is not None
    with pytest.raises(Refused) as refusal:
        Period.parse(value)
    assert [f.code for f in refusal.value.findings] == [code]


def test_the_two_readings_are_named() -> None:
    finding = Period.read("03/04/2023")
    assert isinstance(finding, Finding)
    assert "2023年3月4日" in finding.message.zh
    assert "2023年4月3日" in finding.message.zh
    assert "4 March 2023" in finding.message.en
    assert "3 April 2023" in finding.message.en
    assert "dayfirst" in finding.remedy.en  # type: ignore[union-attr]


def test_a_declared_order_decides() -> None:
    assert Period.parse("03/04/2023", dayfirst=True).code == "2023-04-03"
    assert Period.parse("03/04/2023", monthfirst=True).code == "2023-03-04"


def test_a_declared_order_is_not_bent_to_fit() -> None:
    for text, order in (("04/13/2023", "dayfirst"), ("13/04/2023", "monthfirst")):
        finding = Period.read(text, **{order: True})
        assert isinstance(finding, Finding)
        assert finding.code == "no_such_date"


def test_a_source_has_one_order() -> None:
    with pytest.raises(ValueError, match="not both"):
        Period.read("03/04/2023", dayfirst=True, monthfirst=True)


@given(st.dates(date(1900, 1, 1), date(2150, 1, 1)))
def test_every_day_is_read_back_in_either_declared_order(day: date) -> None:
    expected = Period.day(day)
    assert Period.parse(day.strftime("%d/%m/%Y"), dayfirst=True) == expected
    assert Period.parse(day.strftime("%m/%d/%Y"), monthfirst=True) == expected
    undeclared = Period.read(day.strftime("%d/%m/%Y"))
    if day.day > 12 or day.day == day.month:
        assert undeclared == expected
    else:
        assert isinstance(undeclared, Finding)


@given(st.text(max_size=24))
def test_nothing_typed_makes_the_reader_fall(text: str) -> None:
    answer = Period.read(text)
    assert isinstance(answer, Period | Finding)
    if isinstance(answer, Finding):
        assert answer.message.zh
        assert answer.message.en


@given(st.integers() | st.floats() | st.booleans() | st.none() | st.binary(max_size=4))
def test_nothing_stored_makes_the_reader_fall(value: object) -> None:
    assert isinstance(Period.read(value), Period | Finding)


@pytest.mark.parametrize("text", ["FY2023", "fy 2023", "ＦＹ２０２３", "2023财年", "二〇二三财年", "2023财政年度", "2023年財年", "Fiscal Year 2023"])
def test_a_fiscal_year_asks_for_its_calendar(text: str) -> None:
    found = Period.read(text)
    assert isinstance(found, Finding) and found.code == "fiscal_calendar_unknown" and found.measured == text
    assert "2023-04-01/2024-03-31" in found.remedy.zh and "fiscal" in found.remedy.en
    assert Period.read(text, fiscal=(4, "start")).code == "2023-04-01/2024-03-31"
    assert Period.read(text, fiscal=(10, "end")).code == "2022-10-01/2023-09-30"


@pytest.mark.parametrize("text", ["2023年度", "Feb 2023", "2023", "2023-03"])
def test_what_is_no_fiscal_year_is_read_as_ever(text: str) -> None:
    assert Period.read(text, fiscal=(4, "start")) == Period.read(text)
