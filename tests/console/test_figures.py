"""How figures, days and periods read in both languages."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils import translation

from kouan.basis import Period
from kouan.console import figures


def test_a_number_is_shortened_and_keeps_its_exact_value():
    html = figures.number(Decimal("15824563"))
    assert "1582.46万" in html
    assert 'title="15,824,563"' in html
    assert 'value="15824563"' in html


def test_a_number_that_needs_no_shortening_has_no_hover():
    assert figures.number(Decimal("9876")) == "9,876"


def test_numbers_in_english():
    with translation.override("en"):
        assert "15.82 million" in figures.number(Decimal("15824563"))
        assert figures.number(Decimal("12345")) == "12,345"


@pytest.mark.parametrize(("value", "shown"), [(None, "—"), (Decimal("0.1234"), "+12.3%"), (Decimal("-0.05"), "-5%"), (Decimal(0), "0%")])
def test_growth(value, shown):
    assert figures.percent(value, signed=True) == shown


def test_a_missing_figure_says_not_reported_and_never_zero():
    missing = figures.Figure(None, "person_crossings")
    assert missing.short("zh") == "未报送"
    assert missing.short("en") == "Not reported"
    assert figures.Figure(0, "person_crossings").short("zh") == "0人次"


def test_a_part_says_how_much_is_there_in_both_languages():
    part = figures.Part(Decimal("550821.000000"), 18, 24)
    shown = figures.Figure(None, "person_crossings", part=part)
    assert shown.short("zh") == "数据不全 18/24，已有 55.08万人次"
    assert shown.exact("en") == "Incomplete 18/24, 550,821 person-crossings so far"
    assert figures.column_number(None, "zh", part) == '<span class="is-missing is-part">数据不全 18/24，已有 550,821</span>'
    assert "未报送" in figures.column_number(None, "zh")
    assert part.as_dict() == {"partial": 550821, "present": 18, "expected": 24}


def test_days_are_those_of_beijing():
    assert figures.day(date(2023, 3, 6)) == "2023年3月6日"
    assert figures.day(datetime(2023, 3, 5, 17, 0, tzinfo=UTC)) == "2023年3月6日"
    assert figures.moment(datetime(2023, 3, 5, 17, 0, tzinfo=UTC)) == "2023年3月6日 01:00"
    with translation.override("en"):
        assert figures.day(date(2023, 3, 6)) == "6 March 2023"


def test_a_period_reads_as_an_official_writes_it():
    assert figures.period(Period.month(2023, 3)) == "2023年3月"
    assert figures.period("2023-Q1") == "2023年第1季度"
    assert figures.period("2020年1月—2025年12月") == "2020年1月—2025年12月"
    assert figures.period(None) == "—"


@pytest.mark.parametrize(("value", "shown"), [
    (31340051, ">3134.01万<"), (31300000, ">3130.00万<"), (99999, ">10.00万<"), (123456789, ">1.23亿<"), (9999, "9,999"), (0, "0"),
])
def test_numbers_of_a_column_align(value, shown):
    assert shown in figures.column_number(Decimal(value), "zh")
