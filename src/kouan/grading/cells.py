"""Read the cells of a file of facts: each gives a value, or a finding that says what to do.

>>> read_class("海运口岸"), read_claim("否"), read_total("12.5万吨", "t")
(<TransportClass.SEA: 'sea'>, False, Decimal('125000'))
>>> read_class("seaa").remedy.zh
'是否为“sea”？'
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from kouan.basis import Finding, Period, PeriodKind, Quantity, Refused, names, nearest, numbers
from kouan.grading.facts import CLASS_NAMES, TransportClass

_TRUE = frozenset({"true", "t", "yes", "y", "1", "是", "真"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "否", "假"})
_CLASSES: dict[str, TransportClass] = {
    **{c.value: c for c in TransportClass},
    **{text.zh: c for c, text in CLASS_NAMES.items()},
    "沿海地区航空": TransportClass.AIR_COASTAL,
    "沿边和内陆地区航空": TransportClass.AIR_OTHER,
}


def read_class(value: Any) -> TransportClass | Finding:
    """Read a transport class by its code or its Chinese name, with or without 口岸."""
    word = names.half_width(str(value)).strip()
    plain = word.lower().removesuffix("口岸")
    if found := _CLASSES.get(plain) or _CLASSES.get(plain.replace(" ", "_").replace("-", "_")):
        return found
    hints = nearest(plain, _CLASSES, 2) or [
        c.value for c in TransportClass if plain and plain[:3] == c.value[:3]
    ]
    every = "、".join(f"{c.value}（{CLASS_NAMES[c].zh}）" for c in TransportClass)
    return Finding.error(
        "unknown_transport_class",
        f"没有“{word}”这一运输类别。",
        f"There is no transport class “{word}”.",
        measured=word,
        required=", ".join(TransportClass),
        remedy=(
            f"是否为“{'”或“'.join(hints)}”？" if hints else f"可用：{every}；未确定的请留空。",
            f"Did you mean {' or '.join(hints)}?"
            if hints
            else f"Known: {', '.join(TransportClass)}; leave the cell empty if not determined.",
        ),
    )


def read_classes(value: Any) -> tuple[TransportClass, ...] | Finding:
    """Read several classes: sea|inland_river, 海运、内河."""
    found = []
    for word in (
        names.half_width(str(value)).replace("、", "|").replace(";", "|").replace(",", "|").split("|")
    ):
        if word.strip():
            answer = read_class(word)
            if isinstance(answer, Finding):
                return answer
            found.append(answer)
    return tuple(dict.fromkeys(found))


def read_claim(value: Any) -> bool | Finding:
    """Read 是/否, yes/no, true/false, 1/0."""
    if isinstance(value, bool):
        return value
    word = names.half_width(str(value)).strip().lower().removesuffix(".0")
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    return Finding.error(
        "not_yes_or_no",
        f"“{value}”不是“是”或“否”。",
        f"“{value}” is neither yes nor no.",
        measured=value,
        required="是/否",
        remedy=("请填写“是”或“否”；不明的请留空。", "Enter yes or no; leave it empty if not known."),
    )


def read_day(value: Any) -> date | Finding:
    """Read a day in any form that has one reading."""
    text = names.half_width(str(value)).strip().removesuffix(" 00:00:00").removesuffix("T00:00:00")
    period = Period.read(text)
    if isinstance(period, Finding):
        return period
    if period.kind is PeriodKind.DAY:
        return period.start
    return Finding.error(
        "not_a_day",
        f"“{text}”不是具体的日期。",
        f"“{text}” is not a day.",
        measured=text,
        remedy=("请填写到日，如 2012-05-01。", "Give the day, such as 2012-05-01."),
    )


def read_year(value: Any) -> int | Finding:
    """Read a calendar year: 2023, 2023年, ２０２３."""
    text = names.half_width(str(value)).strip().removesuffix(".0")
    period = Period.read(text)
    if not isinstance(period, Finding) and period.kind is PeriodKind.YEAR:
        return period.start.year
    return Finding.error(
        "not_a_year",
        f"“{text}”不是年度。",
        f"“{text}” is not a year.",
        measured=text,
        remedy=("请填写四位数的公历年度，如 2023。", "Give a calendar year of four digits, such as 2023."),
    )


def read_total(value: Any, unit: str) -> Decimal | Finding | None:
    """Read a total in its base unit; with a unit written out (12.5万吨) it is converted exactly."""
    answer = numbers.parse(value, scientific=True)
    if not isinstance(answer, Finding):
        return answer
    if answer.code == "number_missing":
        word = str(value).strip().lower()
        # A dash says "not reported"; NaN comes from a program that has lost the number.
        if word in {"nan", "#n/a"}:
            return Finding.error(
                "not_a_number",
                f"“{value}”不是数字。",
                f"“{value}” is not a number.",
                measured=value,
                remedy=("请填写数字；没有数据的请留空。", "Enter a number, or leave the cell empty."),
            )
        return None
    if isinstance(value, str) and answer.code == "number_unreadable":
        quantity = Quantity.read(value)
        if not isinstance(quantity, Finding):
            try:
                return quantity.to(unit).value
            except Refused as refusal:
                return refusal.findings[0]
    return answer


def read_months(value: Any) -> int | Finding:
    """Read a whole number of months; whether it can be one of a year's is asked of the facts."""
    text = names.half_width(str(value)).strip().removesuffix("个月").removesuffix("月")
    answer = numbers.parse(text)
    if not isinstance(answer, Finding) and answer == answer.to_integral_value():
        return int(answer)
    return Finding.error(
        "months_out_of_range",
        f"“{value}”不是0至12的整数。",
        f"“{value}” is not a whole number from 0 to 12.",
        measured=value,
        required="0-12",
        remedy=(
            "请填写已报送的月数；不明的请留空。",
            "Enter the months reported; leave it empty if not known.",
        ),
    )
