"""The plan's own figures in words: as printed in Chinese, as an English reader writes them, and exactly.

The plan prints 亿吨 and 万亿元; "221.9 1e8 t" is nobody's English.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from kouan.basis import Text, numbers
from kouan.monitoring.baseline import BaselineFigure

_SCALED = re.compile(r"1e\d+ (.+)")
_SCALES_ZH = re.compile(r"^(万亿|亿|万)")
SECTIONS = {"一": Text("第一部分", "part 1")}
_PERIODS = {
    "sum_2016_2020": Text("2016—2020年合计", "2016–2020, sum"), "end_2020": Text("2020年底", "end of 2020"),
    "2016_2020": Text("2016—2020年", "2016–2020"), "end_2020 vs 2017": Text("2020年底与2017年相比", "end of 2020 against 2017"),
    "standing": Text("长期", "standing"),
}


def shown(one: BaselineFigure) -> Text:
    """The figure with its unit: 221.9亿吨, 22.19 billion t; 146.37万亿元人民币, CNY 146.37 trillion."""
    if one.unit_en == "ratio":
        return Text(one.unit_zh, f"more than {numbers.plain(Decimal(one.value) * 100)}%")
    if one.unit_en == "rank":
        return Text(f"第{one.value}{one.unit_zh}", f"rank {one.value}")
    if "/" in one.value:
        parts = zip(one.value.split("/"), one.unit_zh.split("/"), strict=True)
        return Text("、".join(number + unit for number, unit in parts), one.value)
    zh, en = one.value.replace(";", "或"), one.value.replace(";", " or ")
    amount, scaled = _amount(one), _SCALED.fullmatch(one.unit_en)
    if amount is None or scaled is None:
        return Text(zh + one.unit_zh, f"{en} {one.unit_en}")
    return Text(zh + one.unit_zh, _with_unit(numbers.format_en(amount, 3), scaled[1]))


def exact(one: BaselineFigure) -> Text:
    """Every digit in the unscaled unit, for hover; as printed where the figure is not one number."""
    amount, scaled = _amount(one), _SCALED.fullmatch(one.unit_en)
    if amount is None or scaled is None:
        return shown(one)
    digits = numbers.plain(amount, grouped=True)
    return Text(digits + _SCALES_ZH.sub("", one.unit_zh), _with_unit(digits, scaled[1]))


def plain(one: BaselineFigure) -> str:
    """The unscaled value for machines; the printed one where it is not one number."""
    amount = _amount(one)
    return one.value if amount is None else numbers.plain(amount, grouped=False)


def section_words(section: str) -> Text:
    """The part of the plan: 一 is 第一部分."""
    return SECTIONS.get(section, Text(section, section))


def period_words(period: str) -> Text:
    """What time a figure of the plan is about."""
    return _PERIODS.get(period, Text(f"{period}年", period))


def _amount(one: BaselineFigure) -> Decimal | None:
    try:
        return Decimal(one.value_base)
    except InvalidOperation:
        return None


def _with_unit(number: str, unit: str) -> str:
    return f"CNY {number}" if unit == "CNY" else f"{number} {unit}"
