"""How the facts of the volume standard are said in a trace, in both languages."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from kouan.basis import Quantity, Text
from kouan.grading.facts import MEASURES
from kouan.grading.verdict import Margin

UNKNOWN = Text("不明", "not known")


def say(measure: str, value: Decimal | None) -> Text:
    """Say a total with every digit: a rounded one could seem to reach its limit."""
    unit, name = MEASURES[measure]
    if value is None:
        return Text(f"{name.zh}缺", f"{name.en} missing")
    quantity = Quantity.of(value, unit)
    return Text(f"{name.zh}{quantity.exact('zh')}", f"{name.en} {quantity.exact('en')}")


def say_months(margin: Margin) -> Text:
    """Say how many months a total covers."""
    name = MEASURES[margin.measure][1]
    if margin.measured is None:
        return Text(f"{name.zh}缺", f"{name.en} missing")
    if margin.months is None:
        return Text(f"{name.zh}已报月数不明", f"{name.en}: months not known")
    return Text(f"{name.zh}已报{margin.months}个月", f"{name.en}: {margin.months} months reported")


def yes_no(claim: bool | None) -> Text:
    """Say 是, 否 or 不明."""
    if claim is None:
        return UNKNOWN
    return Text("是", "yes") if claim else Text("否", "no")


def day_zh(day: date) -> str:
    """Write a day as documents do: 2023年3月6日."""
    return f"{day.year}年{day.month}月{day.day}日"
